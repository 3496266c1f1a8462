//! Pages: `rules/packages/late-pip.md`, `rules/packages/pip-after-import.md`.

use super::command::commands;
use crate::notebook::magic::MagicKind;
use crate::notebook::{Form, Language};
use crate::project::document::Document;
use crate::python::facts::Import;
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashSet;

/// Packages whose module has another name. Sorted.
const MODULES: &[(&str, &str)] = &[
    ("beautifulsoup4", "bs4"),
    ("databricks-feature-engineering", "databricks.feature_engineering"),
    ("databricks-feature-store", "databricks.feature_store"),
    ("databricks-sdk", "databricks.sdk"),
    ("mlflow-skinny", "mlflow"),
    ("opencv-python", "cv2"),
    ("pillow", "PIL"),
    ("python-dateutil", "dateutil"),
    ("pyyaml", "yaml"),
    ("scikit-learn", "sklearn"),
];

/// `%pip` below code.
pub(super) fn late(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let commands = commands(document);
    if !commands.iter().any(|command| command.is_pip("install")) {
        return;
    }
    let restarts = restarts(document);
    let facts = &document.python;
    let mut runs = vec![false; notebook.cells.len()];
    let calls = facts.calls.iter().map(|row| row.cell);
    for cell in calls.chain(facts.bindings.iter().map(|row| row.cell)).chain(facts.uses.iter().map(|row| row.cell)) {
        if let Some(runs) = runs.get_mut(cell as usize) {
            *runs = true;
        }
    }
    // What to install may hang on what code says.
    let of_code: HashSet<usize> = commands
        .iter()
        .filter(|command| {
            let line = document.lines().line_of(command.magic.span.start);
            let start = document.lines().line(line).start;
            let before = Span::new(start, command.magic.span.start).of(document.text());
            let is_inner = !before.is_empty() && before.chars().all(char::is_whitespace);
            is_inner || command.words.iter().any(|word| word.text.contains(['$', '{']))
        })
        .map(|command| command.cell)
        .collect();
    for command in commands.iter().filter(|command| command.is_pip("install") && !of_code.contains(&command.cell)) {
        let starts = restarts.iter().filter(|span| span.start < command.magic.span.start).map(|span| span.start).max();
        let code = runs.iter().zip(&notebook.cells).take(command.cell).find(|(runs, cell)| {
            let is_code = (cell.language != Language::Python || **runs)
                && matches!(cell.language, Language::Python | Language::Sql | Language::Scala | Language::R);
            let only_magics = cell.leads().is_some_and(|lead| {
                matches!(lead.kind, MagicKind::Install | MagicKind::Restart | MagicKind::Line | MagicKind::Shell)
            });
            is_code && !only_magics && cell.form != Form::Empty && Some(cell.span.start) > starts
        });
        if code.is_some() {
            let head = Span::new(command.magic.span.start, command.magic.name.end);
            context.report(head, "install packages in the first cells, before any other code runs");
        }
    }
}

/// `%pip` of a package that is imported above, without a restart below.
pub(super) fn after_import(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.imports.is_empty() {
        return;
    }
    let commands = commands(document);
    let installs: Vec<_> = commands.iter().filter(|command| command.is_pip("install")).collect();
    let Some(first) = installs.first() else { return };
    let last_restart = restarts(document).iter().map(|span| span.start).max().unwrap_or(0);
    // What another notebook does is not looked at: it may restart.
    let last_run = context.project.references(&document.path).iter().filter(|row| row.cell.is_some());
    let last_run = last_run
        .filter(|row| row.kind == crate::project::reference::ReferenceKind::Run)
        .map(|row| row.command.start)
        .max()
        .unwrap_or(0);
    let start = last_before(document, first.magic.span.start);
    let is_early = |row: &&Import| row.level == 0 && row.scope == 0 && !row.optional && row.span.start > start;
    let early: Vec<_> = facts.imports.iter().filter(is_early).collect();
    let mut said = HashSet::new();
    for command in installs {
        let at = command.magic.span.start;
        if at < last_restart || at < last_run {
            continue;
        }
        let upgrades = command.has_option("--upgrade", 'U') || command.has_option("--force-reinstall", 'I');
        for package in command.requirements() {
            if package.version.is_empty() && !upgrades {
                continue;
            }
            let module = module_of(&package.name);
            let within = |name: &str| {
                name.strip_prefix(module.as_str()).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
            };
            let import = early.iter().find(|row| row.span.start < at && within(facts.text(row.module)));
            let Some(import) = import.filter(|_| said.insert(package.name.clone())) else { continue };
            let message = format!(
                "`{module}` is imported above and stays at its old version: install before the import, or restart \
                 Python below with `%restart_python`"
            );
            context.report(package.span, message).note(document.path.clone(), import.statement, "imported here");
        }
    }
}

/// The last restart before `offset`: what was imported above it is gone.
fn last_before(document: &Document, offset: u32) -> u32 {
    restarts(document).iter().map(|span| span.start).filter(|start| *start < offset).max().unwrap_or(0)
}

fn module_of(package: &str) -> String {
    match MODULES.binary_search_by_key(&package, |(name, _)| name) {
        Ok(at) => MODULES.get(at).map_or("", |(_, module)| module).to_owned(),
        Err(_) => package.replace('-', "_"),
    }
}

/// Where Python is restarted, for sure or perhaps.
fn restarts(document: &Document) -> Vec<Span> {
    let magics = document.notebook.iter().flat_map(|notebook| &notebook.cells).flat_map(|cell| &cell.magics);
    let magics = magics.filter(|magic| magic.kind == MagicKind::Restart && magic.live).map(|magic| magic.span);
    magics.chain(calls_to(&document.python, "dbutils.library.restartPython").map(|call| call.span)).collect()
}

#[cfg(test)]
mod tests {
    use super::MODULES;

    #[test]
    fn modules_are_sorted_as_the_search_needs_them() {
        assert!(MODULES.is_sorted());
    }
}
