//! `used-before-definition` and `name-lost-at-restart`: names that are bound, but not when they are read.

use super::missing::{Case, Fault, bound_here, cases};
use crate::names::find::Source;
use crate::project::document::Document;
use crate::python::facts::{Binding, BindingKind};
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::HashSet;

/// Names that are bound only further down.
pub(super) fn used_before_definition(context: &mut Context<'_>) {
    // A statement that reads what it binds first may do so many times: once said is enough.
    let mut own = HashSet::new();
    for case in cases(context, |fault| matches!(fault, Fault::Later(_) | Fault::ArrivesLater(_))) {
        match case.fault {
            Fault::Later(binding) => {
                let reads_its_own = !own.contains(&binding) && later(context, case, binding);
                own.extend(reads_its_own.then_some(binding));
            }
            Fault::ArrivesLater(source) => arrives_later(context, case, source),
            _ => {}
        }
    }
}

/// Says that a name is bound later; whether that is done by the statement that reads it.
fn later(context: &mut Context<'_>, case: Case, binding: u32) -> bool {
    let (document, facts) = (context.document, &context.document.python);
    let Some(row) = facts.bindings.get(binding as usize) else { return false };
    let name = case.text(facts);
    let verb = match row.kind {
        BindingKind::Function(_) | BindingKind::Class => "defined",
        BindingKind::Import(_) => "imported",
        _ => "assigned",
    };
    let own = row.span.start < case.span.start;
    let cells = (document.cell_at(case.span.start), document.cell_at(row.span.start));
    let message = match cells {
        (Some(here), Some(there)) if here != there => {
            let there = cell(document, there);
            format!("`{name}` is {verb} only in {there}, further down: this works only when cells are run out of order")
        }
        _ if own => format!("`{name}` is read by the statement that assigns it first: assign it above"),
        _ if row.scope != 0 => format!("`{name}` is {verb} only further down in this scope: move that up"),
        _ => format!("`{name}` is {verb} only further down: move that up"),
    };
    let (path, span, note) = (document.path.clone(), row.span, bound_here(row.kind));
    context.report(case.span, format!("{message}{}", case.tail())).note(path, span, note);
    own
}

fn arrives_later(context: &mut Context<'_>, case: Case, source: Source) {
    let Some((_, reference)) = source.by.and_then(|edge| context.project.edge(edge)) else { return };
    let document = context.document;
    let name = case.text(&document.python);
    let target = reference.target.as_deref().unwrap_or("");
    let tail = case.tail();
    let message = format!("`{name}` comes from `{target}`, which is run only further down: move that `%run` up{tail}");
    let origin = origin(context, source);
    let finding = context.report(case.span, message);
    finding.note(document.path.clone(), reference.command, "run only here");
    if let Some((path, span, words)) = origin {
        finding.note(path, span, words);
    }
}

/// Names that a restart of Python has taken away.
pub(super) fn lost_at_restart(context: &mut Context<'_>) {
    for case in cases(context, |fault| matches!(fault, Fault::Lost(..))) {
        let Fault::Lost(source, wipe) = case.fault else { continue };
        let document = context.document;
        let Some((_, local)) = context.names.of(&document.path) else { return };
        let Some(wipe) = local.wipes.get(wipe) else { continue };
        let name = case.text(&document.python);
        let through = wipe.run.and_then(|edge| context.project.edge(edge)).map(|(_, reference)| reference);
        let (restart, note) = match through {
            Some(reference) => {
                let target = reference.target.as_deref().unwrap_or("");
                (format!("`{target}` restarts Python"), "restarted by this `%run`")
            }
            None => ("Python is restarted".to_owned(), "restarted here"),
        };
        let again = match source.by {
            Some(_) => "run its notebook again below",
            None => "define it again below",
        };
        let message = format!("`{name}` is lost: {restart} after it was defined; {again}{}", case.tail());
        let origin = origin(context, source);
        let finding = context.report(case.span, message);
        if let Some((path, span, words)) = origin {
            finding.note(path, span, words);
        }
        finding.note(document.path.clone(), wipe.span, note);
    }
}

/// Where a name comes from: the place, and what to say of it.
fn origin(context: &Context<'_>, source: Source) -> Option<(RepoPath, Span, String)> {
    let document: &Document = context.project.documents().get(source.document as usize)?;
    let row: &Binding = document.python.bindings.get(source.binding? as usize)?;
    Some((document.path.clone(), row.span, bound_here(row.kind).to_owned()))
}

/// A cell as people find it: its number, and its title.
fn cell(document: &Document, at: usize) -> String {
    let title = document.notebook.as_ref().and_then(|notebook| notebook.title(document.text(), at));
    match title.filter(|title| !title.is_empty()) {
        Some(title) => format!("cell {} \"{title}\"", at + 1),
        None => format!("cell {}", at + 1),
    }
}
