//! Pages: `polling-loop`, `root-deleted`, `swallowed-exception` under `rules/notebook/`.

use crate::notebook::Language;
use crate::python::facts::{BranchKind, Value};
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;

/// Folders that everybody shares, without `dbfs:` and slashes around.
const ROOTS: &[&str] = &[
    "",
    "FileStore",
    "FileStore/tables",
    "Users",
    "Volumes",
    "Workspace",
    "Workspace/Users",
    "databricks",
    "databricks-datasets",
    "mnt",
    "tmp",
    "user",
    "user/hive",
    "user/hive/warehouse",
];

/// Whether a path is one of those.
fn is_root(path: &str) -> bool {
    let inside = path.trim();
    let inside = ["dbfs:", "/dbfs"].iter().find_map(|start| inside.strip_prefix(start)).unwrap_or(inside);
    // Relative paths are something else, and so are those of other systems.
    let is_absolute = path.trim_start().starts_with('/') || path.trim_start().starts_with("dbfs:");
    is_absolute && ROOTS.contains(&inside.trim_matches('/'))
}

/// `dbutils.fs.rm("/mnt", True)`, `%fs rm -r /`.
pub(super) fn root_deleted(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let message = |path: &str| {
        format!("`{path}` and all below it is deleted, for everybody in the workspace: name the folder that you mean")
    };
    for call in calls_to(facts, "dbutils.fs.rm") {
        let Some(path) = facts.argument(call, 0, "dir") else { continue };
        let recurse = facts.argument(call, 1, "recurse").is_some_and(|it| it.value == Value::Bool(true));
        if let Value::String(text) = &path.value
            && recurse
            && is_root(text)
        {
            context.report(path.span, message(text));
        }
    }
    let text = document.text();
    for cell in
        document.notebook.iter().flat_map(|notebook| &notebook.cells).filter(|cell| cell.language == Language::Fs)
    {
        let Some(magic) = cell.leads() else { continue };
        let words: Vec<&str> = magic.argument.of(text).split_whitespace().collect();
        if let ["rm", rest @ ..] = words.as_slice() {
            let recurse = rest.iter().any(|word| matches!(*word, "-r" | "-R" | "--recurse" | "true" | "True"));
            let root = rest.iter().find(|word| is_root(word.trim_matches(['"', '\''])));
            if let Some(root) = root.filter(|_| recurse) {
                context.report(magic.span, message(root.trim_matches(['"', '\''])));
            }
        }
    }
}

/// Loops that wait for a job.
pub(super) fn polling(context: &mut Context<'_>) {
    const ASKS: &[&str] = &["runs/get?", "runs/get\"", "runs/get'", ".get_run(", "jobs/runs/get"];
    let document = context.document;
    let facts = &document.python;
    let sleeps: Vec<_> = calls_to(facts, "time.sleep").filter(|call| call.in_loop).collect();
    if sleeps.is_empty() {
        return;
    }
    let text = document.text();
    for call in sleeps {
        let loops = facts.branches.iter().filter(|row| row.kind == BranchKind::Loop && row.span.covers(call.span));
        let Some(inner) = loops.min_by_key(|row| row.span.len()) else { continue };
        let code = inner.span.of(text);
        if code.contains("mlflow") || code.contains("MlflowClient") || !ASKS.iter().any(|word| code.contains(word)) {
            continue;
        }
        let message = "the loop keeps a cluster busy while a job runs: make both tasks of one job, or wait with \
                       `run_now_and_wait` of the Databricks SDK";
        context.report(Span::new(call.span.start, call.callee.end), message);
    }
}

/// `except: pass` around work of Spark.
pub(super) fn swallowed(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let text = document.text();
    for handler in facts.branches.iter().filter(|row| row.kind == BranchKind::Handler) {
        let code = handler.span.of(text);
        let Some((head, body)) = code.split_once(':') else { continue };
        let catches = head.strip_prefix("except").unwrap_or("-").split(" as ").next().unwrap_or_default().trim();
        if !matches!(catches, "" | "Exception" | "BaseException") || !is_only_pass(body) {
            continue;
        }
        let work = facts.branches.iter().filter(|row| row.kind == BranchKind::Try && row.span.covers(handler.span));
        let Some(work) = work.min_by_key(|row| row.span.len()) else { continue };
        let tried = Span::new(work.span.start, handler.span.start).of(text);
        if ["spark.", ".write", "dbutils."].iter().any(|word| tried.contains(word)) && !is_only_best_effort(tried) {
            let head = Span::new(handler.span.start, handler.span.start + u32::try_from(head.len()).unwrap_or(0));
            let upper = tried.to_ascii_uppercase();
            let message = if [".WRITE", "INSERT ", "MERGE ", "CREATE ", "UPDATE "]
                .iter()
                .any(|word| upper.contains(word))
            {
                "every failure is swallowed here, also that a table was not written: catch what you expect, or log it and \
                 raise"
            } else {
                "every failure is swallowed here, whatever its reason: catch what you expect, or log it"
            };
            context.report(head, message);
        }
    }
}

/// Whether a block only clears up, or hands something on where that is possible: calls of which each may fail without
/// harm.
fn is_only_best_effort(tried: &str) -> bool {
    const CALLS: [&str; 11] = [
        ".conf.set(",
        ".dropGlobalTempView(",
        ".dropTempView(",
        ".stop(",
        ".unpersist(",
        "DROP ",
        "dbutils.fs.mkdirs(",
        "dbutils.fs.rm(",
        "dbutils.fs.unmount(",
        "dbutils.widgets.remove",
        "taskValues.set(",
    ];
    let lines = tried.lines().skip(1).map(|line| line.trim().trim_start_matches("# MAGIC").trim());
    let mut code = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).peekable();
    code.peek().is_some() && code.all(|line| CALLS.iter().any(|call| line.contains(call)))
}

/// Whether nothing but `pass`, `...` and comments stand in a block.
fn is_only_pass(body: &str) -> bool {
    let lines = body.lines().map(|line| line.trim().trim_start_matches("# MAGIC").trim());
    let code: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    matches!(code.as_slice(), [one] if matches!(one.split('#').next().map(str::trim), Some("pass" | "..." | "continue")))
}

#[cfg(test)]
mod tests {
    use super::is_root;

    #[test]
    fn roots() {
        for path in ["/", "dbfs:/", "/mnt", "dbfs:/mnt/", "/FileStore/", "dbfs:/user/hive/warehouse", "/tmp"] {
            assert!(is_root(path), "{path}");
        }
        for path in ["/mnt/raw", "/tmp/job", "mnt", "s3://bucket/", "/Volumes/a/b/c", "file:/tmp", ""] {
            assert!(!is_root(path), "{path}");
        }
    }
}
