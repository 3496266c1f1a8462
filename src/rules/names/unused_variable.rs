//! Page: `rules/names/unused-variable.md`.

use super::noqa::Noqa;
use super::removal;
use super::unused_import::is_unparsed_module;
use super::usage::{Usage, is_dummy, is_own};
use crate::names::local::Local;
use crate::notebook::regions;
use crate::project::document::Document;
use crate::python::facts::{Binding, BindingKind, Facts, ScopeId, ScopeKind};
use crate::python::removal::{Removable, removable};
use crate::python::symbols::Symbol;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;
use crate::text::region::{OffsetMap, Region};
use std::borrow::Cow;
use std::collections::HashSet;

/// The code of the same finding elsewhere.
const CODE: &str = "F841";

/// Names that other tools read out of the frames of a traceback.
const FOR_TOOLS: &[&str] = &["__tracebackhide__", "__traceback_info__", "__traceback_supplement__", "__debuggerskip__"];

/// Variables of functions that nothing reads.
pub(super) fn unused_variable(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some((id, local)) = context.names.of(&document.path) else { return };
    if is_unparsed_module(document) {
        return;
    }
    let elsewhere = Elsewhere::new(facts);
    let usage = Usage::new(context.names, document, id);
    let unused: Vec<&Binding> = (0..)
        .zip(&facts.bindings)
        .filter(|&(at, row)| is_unused(facts, local, &elsewhere, at, row) && !usage.is_used(at))
        .map(|(_, row)| row)
        .collect();
    if unused.is_empty() {
        return;
    }
    let noqa = Noqa::new(document);
    let unused: Vec<&Binding> = unused.into_iter().filter(|row| !noqa.takes(CODE, row.span.start)).collect();
    let fixes = fixes(document, &unused);
    for (row, edits) in unused.into_iter().zip(fixes) {
        let name = facts.text(row.name);
        let (message, title) = match row.kind {
            BindingKind::Exception => {
                (format!("`{name}` holds the exception and is never used: leave `as {name}` out"), "Remove the name")
            }
            BindingKind::With => (format!("`{name}` is bound by `with` and never used"), "Remove the name"),
            _ => (format!("`{name}` is assigned and never used"), "Remove the assignment"),
        };
        let finding = context.report(row.span, message);
        if let Some(edits) = edits {
            finding.unsafe_fix(title, edits);
        }
    }
}

fn is_unused(facts: &Facts, local: &Local, elsewhere: &Elsewhere, at: u32, row: &Binding) -> bool {
    let is = |flags: &[bool]| flags.get(at as usize).copied().unwrap_or(false);
    if is(&local.names.used) || local.broken_cells.binary_search(&row.cell).is_ok() {
        return false;
    }
    let name = facts.text(row.name);
    let in_function = || {
        let kind = facts.scopes.get(row.scope as usize).map(|scope| scope.kind);
        matches!(kind, Some(ScopeKind::Function | ScopeKind::Lambda))
    };
    match row.kind {
        BindingKind::Exception => !is_dummy(name),
        BindingKind::Assignment | BindingKind::Augmented | BindingKind::With => {
            is(&local.names.last)
                && in_function()
                && is_own(facts, at)
                && !is_dummy(name)
                && !FOR_TOOLS.contains(&name)
                && !elsewhere.all_of.contains(&row.scope)
                && !elsewhere.inner.contains(&(row.name, row.scope))
        }
        _ => false,
    }
}

/// What is used by other means than by name.
struct Elsewhere {
    /// Functions that ask for `locals()`.
    all_of: HashSet<ScopeId>,
    /// Names of functions that a function inside declares `nonlocal`.
    inner: HashSet<(Symbol, ScopeId)>,
}

impl Elsewhere {
    fn new(facts: &Facts) -> Self {
        let locals = facts.symbols.get("locals");
        let calls = facts.calls.iter().filter(|call| locals.is_some() && call.path == locals);
        let all_of = calls.map(|call| call.scope).collect();
        let mut inner = HashSet::new();
        for scope in &facts.scopes {
            for &name in &scope.nonlocals {
                let mut around = scope.parent;
                while let Some(id) = around {
                    if !inner.insert((name, id)) {
                        break;
                    }
                    around = facts.scopes.get(id as usize).and_then(|scope| scope.parent);
                }
            }
        }
        Self { all_of, inner }
    }
}

/// What takes each assignment out.
fn fixes(document: &Document, unused: &[&Binding]) -> Vec<Option<Vec<Edit>>> {
    let regions = match &document.notebook {
        Some(notebook) => regions::python_regions(notebook, document.text()),
        None => {
            vec![Region { cell: 0, code: Cow::Borrowed(document.text()), map: OffsetMap::shift(0), ipython: false }]
        }
    };
    let facts = &document.python;
    let mut out = Vec::with_capacity(unused.len());
    // Rows stand in the order of their cells.
    for group in unused.chunk_by(|one, two| one.cell == two.cell) {
        let cell = group.first().map_or(0, |row| row.cell as usize);
        let region = regions.iter().find(|region| region.cell == cell);
        for group in group.chunk_by(|one, two| around(facts, one) == around(facts, two)) {
            let offsets: Vec<u32> = group.iter().map(|row| row.span.start).collect();
            // Parsing the function alone costs less.
            let function = group.first().and_then(|row| region?.part(around(facts, row)?));
            let found =
                function.as_ref().or(region).map_or_else(|| vec![None; group.len()], |it| removable(it, &offsets));
            out.extend(found.into_iter().map(|what| edits(document, what?)));
        }
    }
    out
}

/// The outermost function around a binding.
fn around(facts: &Facts, row: &Binding) -> Option<Span> {
    let spans = facts.functions.iter().map(|function| function.span);
    spans.filter(|span| span.covers(row.span)).max_by_key(|span| span.len())
}

fn edits(document: &Document, what: Removable) -> Option<Vec<Edit>> {
    match what {
        Removable::Statement { span, alone } => removal::statement(document, span, alone).map(|removal| removal.edits),
        Removable::Part(span) => is_one_line(document, span).then(|| vec![Edit::delete(span)]),
    }
}

/// Whether a span stands on one line, so that no prefix is inside it.
fn is_one_line(document: &Document, span: Span) -> bool {
    !span.of(document.text()).contains('\n')
}
