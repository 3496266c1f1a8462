//! Page: `rules/names/unused-import.md`.

use super::noqa::Noqa;
use super::removal::{self, Removal};
use super::usage::{Usage, is_own, is_reexport};
use crate::finding::Severity;
use crate::names::local::Local;
use crate::project::document::Document;
use crate::python::facts::{BindingKind, Facts, Import, ScopeKind, SyntaxErrorKind};
use crate::rules::context::Context;
use crate::text::Span;

/// The code of the same finding elsewhere.
const CODE: &str = "F401";

/// Imports that nobody uses.
pub(super) fn unused_import(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some((id, local)) = context.names.of(&document.path) else { return };
    if facts.imports.is_empty() || is_unparsed_module(document) {
        return;
    }
    let mut unused: Vec<u32> = Vec::new();
    let usage = Usage::new(context.names, document, id);
    for (at, row) in (0..).zip(&facts.bindings) {
        if let BindingKind::Import(import) = row.kind
            && is_unread(facts, local, at, import)
            && local.broken_cells.binary_search(&row.cell).is_err()
            && !usage.is_used(at)
        {
            unused.push(import);
        }
    }
    if unused.is_empty() {
        return;
    }
    unused.sort_unstable();
    let noqa = Noqa::new(document);
    unused.retain(|&import| {
        facts.imports.get(import as usize).is_some_and(|row| !noqa.takes_in(CODE, row.alias_span.start, row.statement))
    });
    let is_init = document.path.as_str().rsplit('/').next() == Some("__init__.py");
    let others = usage.may_have_others();
    let mut done = 0;
    while let Some(rest) = unused.get(done..).filter(|rest| !rest.is_empty()) {
        let of = |import: u32| facts.imports.get(import as usize).map(|row| row.statement);
        let statement = rest.first().and_then(|&import| of(import));
        let count = rest.iter().take_while(|&&import| of(import) == statement).count().max(1);
        let group = rest.get(..count).unwrap_or_default();
        done += count;
        for (at, &import) in group.iter().enumerate() {
            let Some(row) = facts.imports.get(import as usize) else { continue };
            let top = row.scope == 0;
            let from_init = is_init && top;
            let message = message(facts, row, from_init, if top { usage.callers().len() } else { 0 });
            let fixable = !row.optional && !from_init;
            // The first of a statement takes the others along, or they would go one by one.
            let together = if at == 0 { group } else { std::slice::from_ref(&import) };
            let fix = fixable.then(|| fix(document, facts, row, import, together)).flatten();
            let most = if from_init { Severity::Info } else { Severity::Error };
            let finding = context.report_with(context.settings.severity.min(most), row.alias_span, message);
            if let Some((title, removal)) = fix {
                if removal.keeps_comments && !(top && others) {
                    finding.fix(title, removal.edits);
                } else {
                    finding.unsafe_fix(title, removal.edits);
                }
            }
        }
    }
}

/// Whether a document is no notebook and does not parse: then nothing is sure.
pub(super) fn is_unparsed_module(document: &Document) -> bool {
    let mut errors = document.python.syntax_errors.iter();
    !document.is_notebook()
        && (errors.any(|error| error.kind == SyntaxErrorKind::Invalid) || !document.python.too_deep.is_empty())
}

/// Whether the document's own Python has no use for an import.
fn is_unread(facts: &Facts, local: &Local, binding: u32, import: u32) -> bool {
    let (Some(row), Some(what)) = (facts.bindings.get(binding as usize), facts.imports.get(import as usize)) else {
        return false;
    };
    let is = |flags: &[bool]| flags.get(binding as usize).copied().unwrap_or(false);
    let scope = facts.scopes.get(row.scope as usize).map(|scope| scope.kind);
    !is(&local.names.used)
        && is(&local.names.last)
        && matches!(scope, Some(ScopeKind::Module | ScopeKind::Function))
        && is_own(facts, binding)
        && !is_reexport(facts, row.kind)
        && !(what.level == 0 && facts.text(what.module) == "__future__")
        && !(row.scope == 0 && facts.exports.as_ref().is_some_and(|exports| exports.contains(&row.name)))
}

/// What is wrong; `runners` is how many notebooks run the document.
fn message(facts: &Facts, row: &Import, from_init: bool, runners: usize) -> String {
    let module = format!("{}{}", ".".repeat(row.level.min(100) as usize), facts.text(row.module));
    let bound = row.bound.map_or("", |bound| facts.text(bound));
    let what = match row.name {
        Some(name) if facts.text(name) == bound => format!("`{bound}` is imported from `{module}` and never used"),
        Some(name) => format!("`{bound}` (`{}`) is imported from `{module}` and never used", facts.text(name)),
        None if row.alias_span.end > row.span.end => format!("`{bound}` (`{module}`) is imported and never used"),
        None => format!("`{module}` is imported and never used"),
    };
    if row.optional {
        format!("{what}: to see whether a module is there, use `importlib.util.find_spec`")
    } else if from_init {
        format!("{what}: if it is for others, list it in `__all__`")
    } else {
        match runners {
            0 => what,
            1 => format!("{what}, neither here nor by the notebook that runs this one"),
            n => format!("{what}, neither here nor by the {n} notebooks that run this one"),
        }
    }
}

/// What removes an import: with the others of its statement that go, unless a comment of ours says that some are to
/// stay.
fn fix(document: &Document, facts: &Facts, row: &Import, import: u32, gone: &[u32]) -> Option<(&'static str, Removal)> {
    if gone.len() == 1 || has_directive(document, row.statement) {
        return removal::import(document, facts, import).map(|removal| ("Remove the import", removal));
    }
    let title = "Remove the unused imports of this statement";
    let of = |at: &u32| facts.imports.get(*at as usize).filter(|other| other.statement == row.statement);
    let before = (0..import).rev().take_while(|at| of(at).is_some()).last().unwrap_or(import);
    let mut gone = gone.iter().peekable();
    let rest = (before..u32::MAX).map_while(|at| of(&at).map(|row| (row.alias_span, at)));
    let all: Vec<(Span, bool)> = rest.map(|(span, at)| (span, gone.next_if_eq(&&at).is_some())).collect();
    if all.iter().all(|(_, goes)| *goes) {
        return removal::statement(document, row.statement, row.alone).map(|removal| (title, removal));
    }
    removal::names(document, row.statement, &all).map(|removal| (title, removal))
}

/// Whether a comment of ours stands in a statement, on its last line, or right above it.
fn has_directive(document: &Document, statement: Span) -> bool {
    let (text, lines) = (document.text(), document.lines());
    let first = lines.line_of(statement.start);
    let start = lines.line(first.saturating_sub(1)).start;
    let end = lines.line(lines.line_of(statement.end)).end;
    Span::new(start, end).of(text).contains("brickgate:")
}
