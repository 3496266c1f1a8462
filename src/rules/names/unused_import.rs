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
    // Each import with its binding.
    let mut unused: Vec<(u32, u32)> = Vec::new();
    let usage = Usage::new(context.names, document, id);
    for (at, row) in (0..).zip(&facts.bindings) {
        if let BindingKind::Import(import) = row.kind
            && is_unread(facts, local, at, import)
            && local.broken_cells.binary_search(&row.cell).is_err()
            && !usage.is_used(at)
        {
            unused.push((import, at));
        }
    }
    if unused.is_empty() {
        return;
    }
    unused.sort_unstable();
    let noqa = Noqa::new(document);
    unused.retain(|&(import, _)| {
        facts.imports.get(import as usize).is_some_and(|row| !noqa.takes_in(CODE, row.alias_span.start, row.statement))
    });
    let is_init = document.path.stem() == "__init__" && !document.is_notebook();
    let others = usage.may_have_others();
    let mut rest = unused.as_slice();
    while let Some(&(first, _)) = rest.first() {
        let of = |import: u32| facts.imports.get(import as usize).map(|row| row.statement);
        let count = rest.iter().take_while(|(import, _)| of(*import) == of(first)).count().max(1);
        let (group, after) = rest.split_at_checked(count).unwrap_or((rest, &[]));
        rest = after;
        let mut gone = Vec::new();
        for &(import, binding) in group {
            let Some(row) = facts.imports.get(import as usize) else { continue };
            let top = row.scope == 0;
            let why = if top && !document.is_notebook() && usage.is_handed_on(binding) {
                Why::HandedOn
            } else if row.optional {
                Why::Tried
            } else if top && is_init {
                Why::Package
            } else {
                Why::Plain { runners: if top { usage.callers().len() } else { 0 } }
            };
            gone.push((import, row, why));
        }
        report(context, facts, &gone, others);
    }
}

/// Why an import is there although nothing uses it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Why {
    /// For no reason; so many notebooks run this one.
    Plain { runners: usize },
    /// To see whether the module is there.
    Tried,
    /// It stands in the `__init__.py` of a package, and may be for others.
    Package,
    /// Other files take it from here.
    HandedOn,
}

/// Reports the imports of one statement.
fn report(context: &mut Context<'_>, facts: &Facts, unused: &[(u32, &Import, Why)], others: bool) {
    let document = context.document;
    let removable = |why: Why| matches!(why, Why::Plain { .. });
    let gone: Vec<u32> = unused.iter().filter(|(_, _, why)| removable(*why)).map(|(import, ..)| *import).collect();
    let mut first = true;
    for &(import, row, why) in unused {
        let fix = removable(why).then(|| {
            // The first takes the others along, or they would go one by one.
            let together = if std::mem::take(&mut first) { gone.as_slice() } else { &[] };
            fix(document, facts, row, import, together)
        });
        let hint = matches!(why, Why::Package | Why::HandedOn);
        let severity = context.settings.severity.min(if hint { Severity::Info } else { Severity::Error });
        let finding = context.report_with(severity, row.alias_span, message(facts, row, why));
        if let Some((title, removal)) = fix.flatten() {
            if removal.keeps_comments && !(row.scope == 0 && others) {
                finding.fix(title, removal.edits);
            } else {
                finding.unsafe_fix(title, removal.edits);
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

/// What is wrong.
fn message(facts: &Facts, row: &Import, why: Why) -> String {
    let module = format!("{}{}", ".".repeat(row.level.min(100) as usize), facts.text(row.module));
    let bound = row.bound.map_or("", |bound| facts.text(bound));
    let what = match row.name {
        Some(name) if facts.text(name) == bound => format!("`{bound}` is imported from `{module}` and never used"),
        Some(name) => format!("`{bound}` (`{}`) is imported from `{module}` and never used", facts.text(name)),
        None if row.alias_span.end > row.span.end => format!("`{bound}` (`{module}`) is imported and never used"),
        None => format!("`{module}` is imported and never used"),
    };
    match why {
        Why::Plain { runners: 0 } => what,
        Why::Plain { runners: 1 } => format!("{what}, neither here nor by the notebook that runs this one"),
        Why::Plain { runners } => format!("{what}, neither here nor by the {runners} notebooks that run this one"),
        Why::Tried => format!("{what}: to see whether a module is there, use `importlib.util.find_spec`"),
        Why::Package => format!("{what}: if it is for others, list it in `__all__`"),
        Why::HandedOn => format!("{what} here, but other files take it from here: say so by listing it in `__all__`"),
    }
}

/// What removes an import: with the others of its statement that go, unless a comment of ours says that some are to
/// stay.
fn fix(document: &Document, facts: &Facts, row: &Import, import: u32, gone: &[u32]) -> Option<(&'static str, Removal)> {
    if gone.len() < 2 || has_directive(document, row.statement) {
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
