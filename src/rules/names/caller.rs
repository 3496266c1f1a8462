//! `undefined-in-caller`.

use super::missing::{place, top_function};
use crate::names::find::{Finder, Found};
use crate::names::verdict::Verdict;
use crate::project::runs::Edge;
use crate::python::facts::{BindingKind, Facts};
use crate::python::names::{Missing, Reader};
use crate::python::symbols::FastSet;
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::BTreeMap;

/// So many names are listed in one message, each with a note.
const LISTED: usize = 5;

/// One name that a notebook which is run needs.
struct Need {
    name: String,
    /// The notebook that reads it, and where.
    path: RepoPath,
    span: Span,
    deferred: bool,
}

/// What notebooks that are run need of this one, and do not get.
pub(super) fn undefined_in_caller(context: &mut Context<'_>) {
    let Some((id, _)) = context.names.of(&context.document.path) else { return };
    let mut called: Option<FastSet<(u32, u32)>> = None;
    let mut by_run: BTreeMap<u32, (Edge, Vec<Need>)> = BTreeMap::new();
    for lack in context.names.lacks(id) {
        let Some(helper) = context.project.documents().get(lack.helper as usize) else { continue };
        let Some(missing) =
            context.names.local(lack.helper).and_then(|local| local.names.missing.get(lack.row as usize))
        else {
            continue;
        };
        let facts = &helper.python;
        if missing.deferred {
            // Who does not call the function does not need what it needs.
            let called = called.get_or_insert_with(|| called_by(context, id));
            let binding = function_binding(facts, missing);
            if !binding.is_some_and(|binding| called.contains(&(lack.helper, binding))) {
                continue;
            }
        }
        let Some((name, span, _)) = place(facts, missing) else { continue };
        let name = facts.text(name).to_owned();
        let needs = &mut by_run.entry(lack.edge.reference).or_insert_with(|| (lack.edge, Vec::new())).1;
        if needs.iter().all(|need| need.name != name) {
            needs.push(Need { name, path: helper.path.clone(), span, deferred: missing.deferred });
        }
    }
    for (edge, needs) in by_run.into_values() {
        report(context, edge, &needs);
    }
}

fn report(context: &mut Context<'_>, edge: Edge, needs: &[Need]) {
    let Some((document, reference)) = context.project.edge(edge) else { return };
    let target = reference.target.as_deref().unwrap_or("");
    let mut names: Vec<String> = needs.iter().take(LISTED).map(|need| format!("`{}`", need.name)).collect();
    if needs.len() > LISTED {
        names.push(format!("{} more", needs.len() - LISTED));
    }
    let list = match names.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        all => all.concat(),
    };
    let mut finder = Finder::new(context.names);
    let mut bound_later = |need: &Need| match finder.at(edge.from, &need.name, u32::MAX) {
        Found::Bound(source) if source.document == edge.from && !need.deferred => source.binding,
        _ => None,
    };
    let rows: Vec<Span> = needs
        .iter()
        .take(LISTED)
        .filter_map(&mut bound_later)
        .filter_map(|binding| document.python.bindings.get(binding as usize))
        .map(|row| row.span)
        .collect();
    let them = if needs.len() == 1 { "it" } else { "them" };
    let message = if rows.len() == needs.len() {
        format!("`{target}` needs {list}, which this notebook defines only further down: move that above the `%run`")
    } else {
        format!(
            "`{target}` needs {list}, which this notebook does not define, as others that run it do: define {them} above"
        )
    };
    let finding = context.report(reference.command, message);
    for need in needs.iter().take(LISTED) {
        finding.note(need.path.clone(), need.span, format!("`{}` is used here", need.name));
    }
    for span in rows {
        finding.note(document.path.clone(), span, "bound only here");
    }
}

/// The binding of the function at the top level in which a name is missing.
fn function_binding(facts: &Facts, missing: &Missing) -> Option<u32> {
    let Reader::Use(at) = missing.reader else { return None };
    let function = top_function(facts, facts.uses.get(at as usize)?.scope)?;
    let kind = BindingKind::Function(function);
    facts.bindings.iter().position(|row| row.kind == kind).and_then(|at| u32::try_from(at).ok())
}

/// Bindings of other documents that this one calls by name at its top level.
fn called_by(context: &Context<'_>, id: u32) -> FastSet<(u32, u32)> {
    let facts = &context.document.python;
    let callees: FastSet<u32> = facts.calls.iter().map(|call| call.callee.start).collect();
    let Some(local) = context.names.local(id) else { return FastSet::default() };
    let rows = local.names.missing.iter().zip(context.names.verdicts(id));
    rows.filter_map(|(missing, verdict)| match (verdict, missing.reader) {
        (Verdict::Elsewhere(source), Reader::Use(at)) if !missing.deferred => {
            let row = facts.uses.get(at as usize)?;
            callees.contains(&row.span.start).then_some((source.document, source.binding?))
        }
        _ => None,
    })
    .collect()
}
