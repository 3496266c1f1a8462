//! Names that a document misses, and what is wrong with each; the rules of this group share them out.

use super::noqa::Noqa;
use crate::names::Namespaces;
use crate::names::find::{Finder, Found, Source};
use crate::names::verdict::Verdict;
use crate::project::document::{Document, DocumentId, Kind};
use crate::python::facts::{BindingKind, BranchKind, Facts, ScopeKind, SyntaxErrorKind};
use crate::python::names::{Missing, Reader, Why};
use crate::python::symbols::Symbol;
use crate::rules::context::Context;
use crate::text::Span;
use std::cell::LazyCell;
use std::collections::{HashMap, HashSet};

/// A name that is read where nobody has bound it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Case {
    /// The name.
    pub(super) name: Symbol,
    /// Where it is read.
    pub(super) span: Span,
    /// Whether it is read when all around is bound.
    pub(super) deferred: bool,
    /// How often it is missing here: 1, or in notebooks the number of times in the cell.
    pub(super) count: usize,
    /// What is wrong.
    pub(super) fault: Fault,
}

/// What is wrong with a name that is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    /// Nobody binds it.
    Unbound,
    /// This binding, a `del` or the end of an `except`, unbound it.
    Unbind(u32),
    /// This document binds it, but only after it is read.
    Later(u32),
    /// It arrives only after it is read.
    ArrivesLater(Source),
    /// It was bound, and gone when Python was restarted: index into the document's wipes.
    Lost(Source, usize),
}

impl Case {
    /// The name as text.
    pub(super) fn text(self, facts: &Facts) -> &str {
        facts.text(self.name)
    }

    /// What to add to a message where there is more than one: ` (3 uses in this cell)`.
    pub(super) fn tail(self) -> String {
        match (self.count, self.deferred) {
            (0 | 1, _) => String::new(),
            (count, true) => format!(" ({count} uses in functions of this cell)"),
            (count, false) => format!(" ({count} uses in this cell)"),
        }
    }
}

/// The document's missing names for which `wanted` holds, in order of place. In a notebook those of one cell count as
/// one, or as two where functions of the cell miss the name as well: hundreds of findings about one lost helper would
/// hide all others.
pub(super) fn cases(context: &Context<'_>, wanted: impl Fn(&Fault) -> bool) -> Vec<Case> {
    let document = context.document;
    let facts = &document.python;
    let Some((id, local)) = context.names.of(&document.path) else { return Vec::new() };
    // What a broken module binds cannot be told; of notebooks only the cell is lost.
    let broken = facts.syntax_errors.iter().any(|error| error.kind == SyntaxErrorKind::Invalid);
    if broken && !document.is_notebook() {
        return Vec::new();
    }
    let noqa = LazyCell::new(|| Noqa::new(document));
    let mut finder = Finder::new(context.names);
    let mut known: HashMap<(Symbol, u32, bool), usize> = HashMap::new();
    let mut callees = None;
    let mut annotations_wait = None;
    let mut found: Vec<Case> = Vec::new();
    for (missing, verdict) in local.names.missing.iter().zip(context.names.verdicts(id)) {
        if *verdict != Verdict::Undefined {
            continue;
        }
        let Some((name, span, cell)) = place(facts, missing) else { continue };
        if noqa.takes("F821", span.start) {
            continue;
        }
        if is_only_read(facts, missing, name, &mut annotations_wait) {
            continue;
        }
        let left_to_others = document.kind == Kind::Module && is_left_to_library(facts, name, span, &mut callees);
        if left_to_others {
            continue;
        }
        let Some(fault) = fault(context.names, &mut finder, id, document, missing, name, span) else { continue };
        if !wanted(&fault) {
            continue;
        }
        if document.is_notebook()
            && let Some(case) = known.get(&(name, cell, missing.deferred)).and_then(|&at| found.get_mut(at))
        {
            case.count += 1;
            continue;
        }
        known.insert((name, cell, missing.deferred), found.len());
        found.push(Case { name, span, deferred: missing.deferred, count: 1, fault });
    }
    found
}

/// The name, where it is missing, and the cell.
pub(super) fn place(facts: &Facts, missing: &Missing) -> Option<(Symbol, Span, u32)> {
    match missing.reader {
        Reader::Use(at) => facts.uses.get(at as usize).map(|row| (row.name, row.span, row.cell)),
        Reader::Deletion(at) => facts.bindings.get(at as usize).map(|row| (row.name, row.span, row.cell)),
    }
}

/// Whether a name stands in an annotation that is not evaluated when the code runs, and the document binds it somewhere:
/// people import for the type checker where the cost of the import falls, inside the function.
fn is_only_read(facts: &Facts, missing: &Missing, name: Symbol, annotations_wait: &mut Option<bool>) -> bool {
    let Reader::Use(at) = missing.reader else { return false };
    let Some(row) = facts.uses.get(at as usize) else { return false };
    let waits = row.quoted
        || row.annotation
            && *annotations_wait.get_or_insert_with(|| {
                facts.imports.iter().any(|import| {
                    import.level == 0
                        && facts.text(import.module) == "__future__"
                        && facts.is(import.name, "annotations")
                })
            });
    waits && facts.bindings.iter().any(|bound| bound.name == name && bound.kind.binds())
}

/// Whether the rules of the group `library` speak of a name in code that is imported.
fn is_left_to_library(facts: &Facts, name: Symbol, span: Span, callees: &mut Option<HashSet<u32>>) -> bool {
    match facts.text(name) {
        "sql" | "table" | "udf" | "display" | "displayHTML" => callees
            .get_or_insert_with(|| facts.calls.iter().map(|call| call.callee.start).collect())
            .contains(&span.start),
        "spark" | "sc" | "sqlContext" | "dbutils" => true,
        _ => false,
    }
}

fn fault(
    names: &Namespaces<'_>,
    finder: &mut Finder<'_, '_>,
    id: DocumentId,
    document: &Document,
    missing: &Missing,
    name: Symbol,
    span: Span,
) -> Option<Fault> {
    let facts = &document.python;
    let local = names.local(id)?;
    let text = facts.text(name);
    match missing.why {
        Why::Deleted(by) => return Some(Fault::Unbind(by)),
        Why::Lost { binding, wipe } => {
            return Some(Fault::Lost(Source { document: id, binding: Some(binding), by: None }, wipe as usize));
        }
        Why::Later(binding) if in_one_loop(facts, span, binding) => return None,
        Why::Later(_) | Why::Unbound => {}
    }
    for (at, wipe) in local.wipes.iter().enumerate().rev().filter(|(_, wipe)| wipe.offset < span.start) {
        if let Found::Bound(source) = finder.at(id, text, wipe.offset) {
            return Some(Fault::Lost(source, at));
        }
    }
    if let Why::Later(binding) = missing.why {
        return Some(Fault::Later(binding));
    }
    if !missing.deferred
        && let Found::Bound(source) = finder.arrived(id, text, u32::MAX)
        && source.by.is_some()
    {
        return Some(Fault::ArrivesLater(source));
    }
    Some(Fault::Unbound)
}

/// Whether a use and a binding further down stand in the same loop, so that the use may well come second.
fn in_one_loop(facts: &Facts, span: Span, binding: u32) -> bool {
    let Some(row) = facts.bindings.get(binding as usize) else { return false };
    let mut at = row.branch;
    while let Some(branch) = facts.branches.get(at as usize).filter(|_| at != 0) {
        if branch.kind == BranchKind::Loop && branch.span.covers(span) {
            return true;
        }
        at = branch.parent;
    }
    false
}

/// The function of the top level in whose body a use stands; `None` if it stands in none, or in a class, of which
/// nobody can say which methods are called.
pub(super) fn top_function(facts: &Facts, scope: u32) -> Option<u32> {
    let mut at = scope;
    loop {
        let row = facts.scopes.get(at as usize)?;
        match (row.parent, row.kind) {
            (Some(0), ScopeKind::Function) => return row.function,
            // The type parameters of a function stand between it and the module.
            (Some(parent), ScopeKind::Function)
                if facts
                    .scopes
                    .get(parent as usize)
                    .is_some_and(|scope| scope.kind == ScopeKind::TypeParameters && scope.parent == Some(0)) =>
            {
                return row.function;
            }
            (Some(parent), _) => at = parent,
            (None, _) => return None,
        }
    }
}

/// How a binding is called in notes: "defined here", "imported here", "bound here".
pub(super) fn bound_here(kind: BindingKind) -> &'static str {
    match kind {
        BindingKind::Function(_) | BindingKind::Class => "defined here",
        BindingKind::Import(_) => "imported here",
        BindingKind::Deletion => "deleted here",
        _ => "bound here",
    }
}
