//! Page: `rules/names/run-shadows-name.md`.

use super::is_deferred;
use crate::names::Namespaces;
use crate::names::clash::{Clash, Definition};
use crate::names::verdict::Verdict;
use crate::notebook::Form;
use crate::project::Project;
use crate::project::document::DocumentId;
use crate::project::reference::Reference;
use crate::python::compare::same_definition;
use crate::python::facts::{BindingKind, Facts};
use crate::python::names::{NONE, Reader};
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::HashSet;

/// Most notebooks that are asked whether they use a name.
const MOST_ASKED: usize = 1000;

/// Functions and classes that change their meaning because of a `%run`.
pub(super) fn run_shadows_name(context: &mut Context<'_>) {
    let Some((id, _)) = context.names.of(&context.document.path) else { return };
    let names = context.names;
    let clashes: Vec<&Clash> = names.clashes(id).iter().filter(|clash| is_real(names, clash)).collect();
    // A `%run` that replaces several names is one finding.
    let mut at = 0;
    while let Some(first) = clashes.get(at) {
        let alike = |other: &&&Clash| {
            other.later.by.is_some() && other.later.by == first.later.by && other.earlier.by == first.earlier.by
        };
        let rest = clashes.get(at + 1..).unwrap_or_default();
        let same = rest.iter().take_while(alike).count();
        report(context, first, clashes.get(at..=at + same).unwrap_or_default());
        at += 1 + same;
    }
}

fn report(context: &mut Context<'_>, first: &Clash, all: &[&Clash]) {
    let names: Vec<String> = all.iter().take(3).map(|clash| format!("`{}`", clash.name)).collect();
    let more = all.len().saturating_sub(names.len());
    let tail = if more > 0 { format!(" and {more} more") } else { String::new() };
    let shown = names.join(", ") + &tail;
    let project = context.project;
    let run = |definition: &Definition| command(project, definition);
    let (place, message) = match (run(&first.later), run(&first.earlier)) {
        (None, Some(earlier)) => {
            let Some(span) = name_span(project, &first.later) else { return };
            let whose = target(earlier);
            (
                span,
                format!(
                    "{shown} replaces the one from `%run {whose}` with different code: give one of them another name"
                ),
            )
        }
        (Some(later), None) => {
            let whose = target(later);
            (
                later.command,
                format!(
                    "`%run {whose}` replaces {shown} of this notebook with different code: give one of them another name, or move the `%run` to the top"
                ),
            )
        }
        (Some(later), Some(earlier)) => {
            let (whose, other) = (target(later), target(earlier));
            (
                later.command,
                format!(
                    "`%run {whose}` replaces {shown} from `%run {other}` with different code: give one of them another name"
                ),
            )
        }
        (None, None) => return,
    };
    let mut notes: Vec<(RepoPath, Span, String)> = Vec::new();
    for clash in all.iter().take(3) {
        for (definition, said) in [(&clash.earlier, "replaced"), (&clash.later, "in force from here on")] {
            let own_place = definition.by.is_none() && name_span(project, definition) == Some(place);
            let document = project.documents().get(definition.document as usize);
            if let (Some(document), Some(span), false) = (document, name_span(project, definition), own_place) {
                notes.push((document.path.clone(), span, format!("`{}` {said}", clash.name)));
            }
        }
    }
    if let Some(earlier) = run(&first.earlier) {
        notes.push((context.document.path.clone(), earlier.command, "run from here".to_owned()));
    }
    let finding = context.report(place, message);
    for (path, span, said) in notes {
        finding.note(path, span, said);
    }
}

/// Whether the two definitions differ and somebody uses the name.
fn is_real(names: &Namespaces<'_>, clash: &Clash) -> bool {
    differ(names.project, clash) && !is_wrapped(names, clash) && is_used(names, clash)
}

fn differ(project: &Project, clash: &Clash) -> bool {
    let (Some(one), Some(two)) = (code(project, &clash.earlier), code(project, &clash.later)) else { return false };
    same_definition(one, two) == Some(false)
}

/// The cell (or module) that holds a definition, and where in it the name stands.
fn code<'p>(project: &'p Project, definition: &Definition) -> Option<(&'p str, u32)> {
    let document = project.documents().get(definition.document as usize)?;
    let start = document.python.bindings.get(definition.binding as usize)?.span.start;
    let Some(notebook) = &document.notebook else { return Some((document.text(), start)) };
    let cell = notebook.cells.get(notebook.cell_at(start)?)?;
    // Behind `# MAGIC` it is no text that could be read again.
    (cell.form == Form::Plain).then(|| (cell.body.of(document.text()), start.saturating_sub(cell.body.start)))
}

fn name_span(project: &Project, definition: &Definition) -> Option<Span> {
    let document = project.documents().get(definition.document as usize)?;
    document.python.bindings.get(definition.binding as usize).map(|row| row.span)
}

fn command<'p>(project: &'p Project, definition: &Definition) -> Option<&'p Reference> {
    project.edge(definition.by?).map(|(_, reference)| reference)
}

fn target(reference: &Reference) -> &str {
    reference.target.as_deref().unwrap_or("…")
}

/// Whether the document takes hold of the first definition before the second replaces it, as a wrapper does:
/// `original = f`.
fn is_wrapped(names: &Namespaces<'_>, clash: &Clash) -> bool {
    let Some(document) = names.project.documents().get(clash.document as usize) else { return false };
    let facts = &document.python;
    let Some(symbol) = facts.symbols.get(&clash.name) else { return false };
    let between = |at: u32| at > clash.earlier.offset && at < clash.later.offset;
    let reads = facts.uses.iter().filter(|row| row.name == symbol && between(row.span.start));
    reads.into_iter().any(|row| !facts.calls.iter().any(|call| call.callee.start == row.span.start))
}

/// Whether the name is used where both definitions are known: in the document itself, by the code that was written
/// for the first of them, in what is run later, or by notebooks that run the document.
fn is_used(names: &Namespaces<'_>, clash: &Clash) -> bool {
    uses_itself(names, clash) || earlier_code_uses(names, clash) || others_use(names, clash)
}

fn uses_itself(names: &Namespaces<'_>, clash: &Clash) -> bool {
    let (Some(document), Some(local)) =
        (names.project.documents().get(clash.document as usize), names.local(clash.document))
    else {
        return false;
    };
    let facts = &document.python;
    let Some(symbol) = facts.symbols.get(&clash.name) else { return false };
    let own = body(facts, &clash.later, clash.document);
    (0_u32..).zip(&facts.uses).filter(|(_, row)| row.name == symbol).any(|(at, row)| {
        let read = local.names.reads.get(at as usize).copied().unwrap_or(NONE);
        let of_module = facts.bindings.get(read as usize).is_none_or(|binding| binding.scope == 0);
        let later = row.span.start > clash.later.offset || is_deferred(facts, row.scope);
        of_module && later && !own.is_some_and(|own| own.covers(row.span))
    })
}

/// Functions that were written for the first definition and call the second now.
fn earlier_code_uses(names: &Namespaces<'_>, clash: &Clash) -> bool {
    let id = clash.earlier.document;
    let (Some(document), Some(local)) = (names.project.documents().get(id as usize), names.local(id)) else {
        return false;
    };
    let facts = &document.python;
    let own = body(facts, &clash.earlier, id);
    (0_u32..).zip(&facts.uses).any(|(at, row)| {
        local.names.reads.get(at as usize) == Some(&clash.earlier.binding)
            && is_deferred(facts, row.scope)
            && !own.is_some_and(|own| own.covers(row.span))
    })
}

fn others_use(names: &Namespaces<'_>, clash: &Clash) -> bool {
    let project = names.project;
    let runs = project.runs();
    let mut seen: HashSet<DocumentId> = HashSet::from([clash.document]);
    let mut waiting: Vec<DocumentId> = runs.callers(clash.document).iter().map(|edge| edge.from).collect();
    let after = runs
        .callees(clash.document)
        .iter()
        .filter(|edge| project.edge(**edge).is_some_and(|(_, reference)| reference.command.start > clash.later.offset));
    let after: Vec<DocumentId> = after.map(|edge| edge.to).collect();
    for &id in &after {
        if seen.insert(id) && reads(names, id, clash) {
            return true;
        }
    }
    while let Some(id) = waiting.pop() {
        if seen.len() > MOST_ASKED || !seen.insert(id) {
            continue;
        }
        if reads(names, id, clash) {
            return true;
        }
        waiting.extend(runs.callers(id).iter().map(|edge| edge.from));
    }
    false
}

/// Whether a document reads the second definition of a clash.
fn reads(names: &Namespaces<'_>, id: DocumentId, clash: &Clash) -> bool {
    let (Some(document), Some(local)) = (names.project.documents().get(id as usize), names.local(id)) else {
        return false;
    };
    let facts = &document.python;
    let Some(symbol) = facts.symbols.get(&clash.name) else { return false };
    local.names.missing.iter().zip(names.verdicts(id)).any(|(missing, verdict)| {
        let Reader::Use(at) = missing.reader else { return false };
        let same = facts.uses.get(at as usize).is_some_and(|row| row.name == symbol);
        same && match verdict {
            Verdict::Elsewhere(source) => {
                source.document == clash.later.document && source.binding == Some(clash.later.binding)
            }
            Verdict::Callers => true,
            _ => false,
        }
    })
}

/// The body of a function of this document, in which its own name says nothing.
fn body(facts: &Facts, definition: &Definition, id: DocumentId) -> Option<Span> {
    if definition.document != id {
        return None;
    }
    match facts.bindings.get(definition.binding as usize)?.kind {
        BindingKind::Function(function) => facts.functions.get(function as usize).map(|row| row.span),
        _ => None,
    }
}
