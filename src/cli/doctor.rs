//! `brickgate doctor`: what is set up in a repository, what gets in each other's way there, and how to mend it.

use super::surroundings::{Hook, Surroundings};
use super::terminal::{Exit, Terminal, to_stdout};
use crate::config::style::Styles;
use crate::config::{self, Configs, Overrides};
use crate::rules::book::Book;
use crate::snapshot::RepoPath;
use crate::snapshot::root::Roots;
use std::fmt::Write as _;
use std::fs;
use toml::{Table, Value};

/// What a notebook finds without importing it, as far as ruff would call it undefined.
const INJECTED: [&str; 10] =
    ["dbutils", "display", "displayHTML", "getArgument", "sc", "spark", "sql", "sqlContext", "table", "udf"];

/// Hooks that give Python another form than ours and ruff's, which is the same.
const FORMATTERS: [&str; 5] = ["autopep8", "black", "black-jupyter", "blackbricks", "yapf"];

/// Say what is set up here, what gets in each other's way, and how to mend it
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {}

/// What clashes, and how to mend it.
#[derive(Debug, PartialEq, Eq)]
struct Clash {
    /// Where it is set.
    file: String,
    /// What happens.
    what: String,
    /// What to do.
    mend: String,
}

/// What was found out.
#[derive(Debug, Default)]
struct Report {
    set_up: Vec<String>,
    missing: Vec<String>,
    clashes: Vec<Clash>,
}

/// Looks, and says what there is. The exit code is 1 if something clashes.
pub(super) fn run(_args: &Args, terminal: Terminal) -> Exit {
    let cwd = match std::env::current_dir().and_then(fs::canonicalize) {
        Ok(cwd) => cwd,
        Err(error) => {
            terminal.error(format_args!("cannot tell the working directory: {error}"));
            return Exit::Trouble;
        }
    };
    let roots = Roots::new(cwd);
    let report = examine(&Surroundings::new(&roots.of(roots.cwd())));
    if let Err(message) = to_stdout(|out| out.write_all(shown(&report).as_bytes())) {
        terminal.error(message);
        return Exit::Trouble;
    }
    if report.clashes.is_empty() { Exit::Clean } else { Exit::Findings }
}

fn examine(around: &Surroundings) -> Report {
    let mut report = Report::default();
    settings(around, &mut report);
    let hooks = around.pre_commit();
    match &hooks {
        Some((path, hooks)) if hooks.iter().any(|hook| hook.id.starts_with("brickgate")) => {
            report.set_up.push(format!("hooks: {path}"));
        }
        _ if around.text(".git/hooks/pre-commit").is_some_and(|text| text.contains("brickgate")) => {
            report.set_up.push("hooks: .git/hooks/pre-commit".to_owned());
        }
        _ => report.missing.push("no hook runs brickgate before a commit".to_owned()),
    }
    let pipelines: Vec<String> = around
        .pipelines()
        .into_iter()
        .filter(|pipeline| pipeline.runs_us)
        .map(|pipeline| format!("CI: {} ({})", pipeline.path, pipeline.system.name()))
        .collect();
    if pipelines.is_empty() {
        report.missing.push("no CI runs brickgate".to_owned());
    }
    report.set_up.extend(pipelines);
    if around.has(crate::baseline::FILE_NAME) {
        report.set_up.push(format!("baseline: {}", crate::baseline::FILE_NAME));
    }
    if let Some((path, hooks)) = &hooks {
        formatters(path, hooks, &mut report);
    }
    // What breaks notebooks does no harm where there are none.
    let overrides = Overrides::default();
    let configs = Configs::new(around.worktree(), [], &overrides);
    let notebooks = around.notebooks(&configs);
    if notebooks.iter().any(|path| path.extension() == "py") {
        floating_imports(around, &mut report);
        if let Some((path, hooks)) = &hooks {
            whitespace(path, hooks, &mut report);
        }
    }
    let styles = Styles::new(around.worktree(), &configs, false);
    if let Some(notebook) = notebooks.iter().find(|path| !styles.excluded(path)) {
        ruff(around, hooks.as_ref().map_or(&[], |(_, hooks)| hooks), notebook, &mut report);
    }
    report
}

fn settings(around: &Surroundings, report: &mut Report) {
    match config::own_file(around.worktree(), &RepoPath::root()) {
        Some(path) => report.set_up.push(format!("settings: {path}")),
        None => report.missing.push("no settings, so everything is as it is by default".to_owned()),
    }
    let book = Book::builtin();
    let folders = config::pages(around.worktree(), &Overrides::default());
    let book = match book.with_pages(around.worktree(), &folders) {
        Ok(book) => book,
        Err(problems) => {
            report.clashes.extend(problems.iter().map(|problem| Clash {
                file: problem.path.clone(),
                what: problem.message.clone(),
                mend: problem.help.clone().unwrap_or_else(|| "mend the page".to_owned()),
            }));
            Book::builtin()
        }
    };
    let overrides = Overrides::default();
    let configs = Configs::new(around.worktree(), book.rules().iter().map(|rule| &rule.page), &overrides);
    drop(configs.for_path(&RepoPath::new("notebook.py")));
    report.clashes.extend(configs.problems().iter().map(|problem| Clash {
        file: problem.path.clone(),
        what: problem.to_string(),
        mend: "mend it: nothing is checked as long as settings are faulty".to_owned(),
    }));
}

fn floating_imports(around: &Surroundings, report: &mut Report) {
    if let Some(file) = around.floats_imports() {
        report.clashes.push(Clash {
            file,
            what: "isort moves imports to the top (`float_to_top`), above the `%run` that they need in notebooks".to_owned(),
            mend: "take `float_to_top` out, or let isort skip notebooks; `brickgate format --imports` sorts imports within \
                   their cell"
                .to_owned(),
        });
    }
}

fn formatters(path: &str, hooks: &[Hook], report: &mut Report) {
    let has = |id: &str| hooks.iter().any(|hook| hook.id == id);
    let ours = ["brickgate-format", "brickgate-format-system", "ruff-format"].into_iter().filter(|id| has(id));
    let others = FORMATTERS.into_iter().filter(|id| has(id));
    let all: Vec<&str> = ours.chain(others.clone()).collect();
    if others.count() > 0 && all.len() > 1 {
        report.clashes.push(Clash {
            file: path.to_owned(),
            what: format!("{} give one file different forms, each commit anew", all.join(" and ")),
            mend: "keep one of them; `brickgate-format` and `ruff-format` agree, and the former knows cells and magics"
                .to_owned(),
        });
    }
    if has("blackbricks") {
        report.clashes.push(Clash {
            file: path.to_owned(),
            what: "blackbricks stops at the first cell that is not plain Python, and formats nothing behind it"
                .to_owned(),
            mend: "replace it by `brickgate-format`".to_owned(),
        });
    }
}

fn whitespace(path: &str, hooks: &[Hook], report: &mut Report) {
    for hook in hooks.iter().filter(|hook| matches!(&*hook.id, "end-of-file-fixer" | "trailing-whitespace")) {
        if hook.exclude.is_some() {
            continue;
        }
        let what = if hook.id == "end-of-file-fixer" {
            "`end-of-file-fixer` ends notebooks with a line end, and the Databricks workspace takes it away again"
        } else {
            "`trailing-whitespace` makes `# MAGIC ` of empty lines `# MAGIC`, and the Databricks workspace makes it back"
        };
        report.clashes.push(Clash {
            file: path.to_owned(),
            what: what.to_owned(),
            mend: format!(
                "give `{}` an `exclude` for the folders of your notebooks, such as `exclude: ^notebooks/`",
                hook.id
            ),
        });
    }
}

fn list(table: &Table, key: &str) -> Vec<String> {
    let values = table.get(key).and_then(Value::as_array).into_iter().flatten();
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// Whether settings of ruff for single files say something of undefined names, or leave files out of linting alone: then
/// somebody has thought of them.
fn has_exceptions(ruff: &Table, lint: Option<&Table>) -> bool {
    let tables = ["per-file-ignores", "extend-per-file-ignores"]
        .into_iter()
        .flat_map(|key| [ruff.get(key), lint.and_then(|lint| lint.get(key))])
        .flatten();
    let codes = tables.filter_map(Value::as_table).flat_map(Table::values).filter_map(Value::as_array).flatten();
    codes.filter_map(Value::as_str).any(is_about_names) || lint.is_some_and(|lint| lint.contains_key("exclude"))
}

/// Whether a code of ruff, or the beginning of one, stands for undefined names.
fn is_about_names(code: &str) -> bool {
    code == "ALL" || "F821".starts_with(code)
}

fn ruff(around: &Surroundings, hooks: &[Hook], notebook: &RepoPath, report: &mut Report) {
    let hooked = hooks.iter().any(|hook| matches!(&*hook.id, "ruff" | "ruff-check"));
    let Some((file, ruff)) = around.ruff() else {
        if hooked {
            report.clashes.push(without_builtins("pyproject.toml", &INJECTED, notebook));
        }
        return;
    };
    let lint = ruff.get("lint").and_then(Value::as_table);
    let all = |key: &str| {
        let mut found = list(&ruff, key);
        found.extend(lint.map(|lint| list(lint, key)).unwrap_or_default());
        found
    };
    let named = |codes: &[String]| codes.iter().any(|code| is_about_names(code));
    let select = all("select");
    let is_on = (select.is_empty() || named(&select) || named(&all("extend-select")))
        && !all("ignore").iter().chain(&all("extend-ignore")).any(|code| code == "F821");
    let builtins = all("builtins");
    let missing: Vec<&str> = INJECTED.into_iter().filter(|name| !builtins.iter().any(|known| known == name)).collect();
    // Who names the three that every notebook uses has thought of it.
    let knows = ["dbutils", "display", "spark"].iter().all(|name| !missing.contains(name));
    if is_on && !knows && !has_exceptions(&ruff, lint) {
        report.clashes.push(without_builtins(file, &missing, notebook));
    }
    let format = ruff.get("format").and_then(Value::as_table);
    if format.is_some_and(|format| format.get("preview").and_then(Value::as_bool) == Some(true)) {
        report.set_up.push(format!("ruff's form, with `preview`: {file}"));
    }
}

fn without_builtins(file: &str, missing: &[&str], notebook: &RepoPath) -> Clash {
    let names: Vec<String> = missing.iter().map(|name| format!("\"{name}\"")).collect();
    let key = if file == "pyproject.toml" { "under `[tool.ruff]` " } else { "" };
    Clash {
        file: file.to_owned(),
        what: format!("ruff calls `spark`, `dbutils` and `display` undefined (F821) in notebooks such as `{notebook}`"),
        mend: format!(
            "write {key}`builtins = [{}]`, or ignore F821 and leave it to `undefined-name`, which follows `%run`",
            names.join(", ")
        ),
    }
}

fn shown(report: &Report) -> String {
    let mut out = String::new();
    // Writing to a string does not fail.
    for line in &report.set_up {
        let _ = writeln!(out, "✓ {line}");
    }
    for line in &report.missing {
        let _ = writeln!(out, "- {line}");
    }
    if !report.missing.is_empty() {
        out.push_str("  `brickgate init` shows what can be set up\n");
    }
    for Clash { file, what, mend } in &report.clashes {
        let _ = writeln!(out, "✗ {file}: {what}\n  → {mend}");
    }
    if report.clashes.is_empty() {
        out.push_str("nothing gets in the way\n");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTEBOOK: (&str, &str) = ("jobs/daily.py", "# Databricks notebook source\nspark\n");

    /// What is said in a repository with these files and a notebook.
    fn clashes(files: &[(&str, &str)]) -> Vec<String> {
        clashes_in(&[files, &[NOTEBOOK]].concat())
    }

    fn clashes_in(files: &[(&str, &str)]) -> Vec<String> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            fs::create_dir_all(folder.path().join(path).parent().unwrap()).unwrap();
            fs::write(folder.path().join(path), text).unwrap();
        }
        examine(&Surroundings::new(folder.path())).clashes.into_iter().map(|clash| clash.what).collect()
    }

    fn hooks(hooks: &[&str]) -> String {
        let hooks: Vec<String> = hooks.iter().map(|hook| format!("  - id: {hook}\n")).collect();
        format!("repos:\n- repo: x\n  rev: v1\n  hooks:\n{}", hooks.concat())
    }

    #[test]
    fn nothing_clashes_with_nothing() {
        assert_eq!(clashes(&[]), [""; 0]);
        let ruff = "[tool.ruff]\nbuiltins = [\"spark\", \"dbutils\", \"display\"]\n[tool.isort]\nprofile = \"black\"\n";
        assert_eq!(clashes(&[("pyproject.toml", ruff)]), [""; 0]);
        assert_eq!(clashes(&[("ruff.toml", "lint.ignore = [\"F821\"]\n")]), [""; 0]);
        assert_eq!(clashes(&[("ruff.toml", "lint.select = [\"I\", \"E\"]\n")]), [""; 0]);
        let both = hooks(&["brickgate-format", "ruff-format", "brickgate-check"]);
        assert_eq!(clashes(&[(".pre-commit-config.yaml", &both)]), [""; 0]);
    }

    #[test]
    fn without_notebooks_nothing_breaks_them() {
        let space = hooks(&["end-of-file-fixer", "trailing-whitespace", "isort\n    args: [--float-to-top]"]);
        let files = [("ruff.toml", ""), (".pre-commit-config.yaml", &*space), ("src/a.py", "x = 1\n")];
        assert_eq!(clashes_in(&files), [""; 0]);
        assert_eq!(clashes(&files).len(), 4);
        // Nor where ruff does not look at them, or somebody has thought of it.
        for ruff in ["exclude = ['jobs/*']\n", "lint.per-file-ignores = { 'jobs/*' = ['F821'] }\n"] {
            assert_eq!(clashes(&[("ruff.toml", ruff)]), [""; 0], "{ruff}");
        }
    }

    #[test]
    fn says_what_breaks_notebooks() {
        for file in [
            ("pyproject.toml", "[tool.isort]\nfloat_to_top = true\n"),
            (".isort.cfg", "[settings]\nfloat_to_top = True\n"),
            (".pre-commit-config.yaml", "repos:\n- repo: x\n  hooks:\n  - id: isort\n    args: [--float-to-top]\n"),
        ] {
            let found = clashes(&[file]);
            assert!(found.len() == 1 && found[0].contains("float_to_top"), "{found:?}");
        }
        let two = hooks(&["black", "ruff-format"]);
        assert!(clashes(&[(".pre-commit-config.yaml", &two)])[0].contains("ruff-format and black"));
        let space = hooks(&["end-of-file-fixer", "trailing-whitespace"]);
        assert_eq!(clashes(&[(".pre-commit-config.yaml", &space)]).len(), 2);
        let excluded = hooks(&["end-of-file-fixer\n    exclude: ^notebooks/"]);
        assert_eq!(clashes(&[(".pre-commit-config.yaml", &excluded)]), [""; 0]);
        for settings in
            [("ruff.toml", "line-length = 100\n"), ("pyproject.toml", "[tool.ruff.lint]\nselect = [\"ALL\"]\n")]
        {
            assert!(clashes(&[settings])[0].contains("F821"));
        }
        assert!(clashes(&[("brickgate.toml", "nonsense = 1\n")])[0].contains("nonsense"));
    }
}
