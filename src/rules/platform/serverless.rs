//! Pages: `rules/platform/cache-on-serverless.md`, `global-temp-view.md`, `workspace-file-on-serverless.md`.

use super::is_serverless;
use crate::finding::Severity;
use crate::project::document::Document;
use crate::python::facts::{BindingKind, Facts, Value};
use crate::rules::chains::{Chain, calls, utility};
use crate::rules::context::{Compute, Context};
use crate::text::Span;
use crate::text::edit::Edit;
use std::collections::HashSet;

/// Methods of a data frame that keep it in memory or on disk.
const CACHES: [&str; 3] = ["cache", "persist", "unpersist"];
/// The same of `spark.catalog`.
const CATALOG_CACHES: [&str; 4] = ["cacheTable", "clearCache", "isCached", "uncacheTable"];

/// `df.cache()` and its like, where there is nothing to cache in.
pub(super) fn cache(context: &mut Context<'_>) {
    if !is_serverless(context) {
        return;
    }
    super::sql::cache(context);
    let document = context.document;
    let facts = &document.python;
    let other = facts
        .bindings
        .iter()
        .filter(|row| matches!(row.kind, BindingKind::Import(_) | BindingKind::Class))
        .map(|row| facts.text(row.name))
        .collect();
    let speaks_of_spark = facts.symbols.get("spark").is_some() || facts.symbols.get("pyspark").is_some();
    for chain in calls(document) {
        let name = chain.last();
        let of_catalog = chain.before_last() == Some("catalog") && CATALOG_CACHES.contains(&name);
        let of_frame = speaks_of_spark && CACHES.contains(&name) && is_of_frame(facts, &chain, &other);
        if !of_catalog && !of_frame {
            continue;
        }
        let span = chain.place(document, name);
        let message = format!(
            "`{name}` fails on serverless compute, which caches by itself: remove it, or write what is used often to a table"
        );
        let edit = removal(document, &chain).filter(|_| of_frame && matches!(name, "cache" | "persist"));
        let finding = context.report(span, message);
        if let Some(edit) = edit {
            finding.unsafe_fix(format!("remove `.{name}()`"), vec![edit]);
        }
    }
}

/// Whether the call may be one on a data frame: of another call's result or of a variable, with the arguments that
/// such a method takes. `other` are modules and classes.
fn is_of_frame(facts: &Facts, chain: &Chain<'_>, other: &HashSet<&str>) -> bool {
    let Some((_, call)) = chain.call else { return false };
    let arguments = facts.arguments(call);
    let fits = match chain.last() {
        "cache" => arguments.is_empty(),
        _ => arguments.len() <= 1,
    };
    let Some(path) = chain.path() else { return fits && call.receiver.is_some() };
    let Some((name, "cache" | "persist" | "unpersist")) = path.rsplit_once('.') else {
        return false;
    };
    fits && !matches!(name, "self" | "cls") && !name.contains('.') && !other.contains(name)
}

/// What takes `.cache()` out of a chain; `None` where it is all that a statement does.
fn removal(document: &Document, chain: &Chain<'_>) -> Option<Edit> {
    let (_, call) = chain.call?;
    let text = document.text();
    let before = text.get(..call.callee.start as usize)?.trim_end().strip_suffix('.')?.trim_end();
    if before.ends_with('\\') || before.lines().last()?.contains('#') {
        return None;
    }
    let after = text.get(call.span.end as usize..)?;
    let goes_on = after.trim_start().starts_with('.');
    let line = before.lines().last().unwrap_or("");
    let assigned = line.contains(" = ") || line.trim_start().starts_with("return ");
    if !goes_on && !assigned {
        return None;
    }
    let start = u32::try_from(before.len()).ok()?;
    Some(Edit::delete(Span::new(start, call.span.end)))
}

/// Global temporary views, which sessions on serverless compute do not share.
pub(super) fn global_temp_view(context: &mut Context<'_>) {
    if !is_serverless(context) {
        return;
    }
    super::sql::global_temp_view(context);
    let document = context.document;
    for chain in calls(document) {
        let name = chain.last();
        let Some(local) = (match name {
            "createGlobalTempView" => Some("createTempView"),
            "createOrReplaceGlobalTempView" => Some("createOrReplaceTempView"),
            _ => None,
        }) else {
            continue;
        };
        let message =
            format!("`{name}` fails on serverless compute: use `{local}`, or write a table that others can read");
        context.report(chain.place(document, name), message);
    }
}

/// Files of the workspace, read by Spark or `dbutils.fs`.
pub(super) fn workspace_file(context: &mut Context<'_>) {
    if context.target.compute != Some(Compute::Serverless) {
        return;
    }
    let document = context.document;
    let facts = &document.python;
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        let by_utility = chain.path().and_then(utility).is_some_and(|path| path.starts_with("fs."));
        let by_spark = is_reader(&chain);
        if !by_utility && !by_spark {
            continue;
        }
        for argument in facts.arguments(call) {
            let start = match &argument.value {
                Value::String(text) => &**text,
                Value::Partial { prefix, .. } => &**prefix,
                _ => continue,
            };
            if start
                .strip_prefix("file:")
                .map_or(start, |rest| rest.trim_start_matches('/'))
                .trim_start_matches('/')
                .starts_with("Workspace/")
                && (start.starts_with("file:/") || start.starts_with("/Workspace/"))
            {
                let (who, advice) = if by_utility {
                    ("`dbutils.fs`", "use `os` and `shutil`")
                } else {
                    ("Spark", "read it with Python, or put it into a volume")
                };
                let message = format!("{who} cannot reach workspace files on serverless compute: {advice}");
                context.report_with(Severity::Error, argument.span, message);
            }
        }
    }
}

/// Whether a call is one of `spark.read…`, by its name and the chain that it stands in.
fn is_reader(chain: &Chain<'_>) -> bool {
    const METHODS: [&str; 9] = ["avro", "binaryFile", "csv", "json", "load", "orc", "parquet", "text", "xml"];
    METHODS.contains(&chain.last()) && (chain.has("read") || chain.has("readStream"))
}
