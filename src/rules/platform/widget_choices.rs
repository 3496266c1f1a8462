//! Page: `rules/platform/widget-default-not-in-choices.md`.

use crate::python::facts::{BindingKind, Facts};
use crate::python::nodes::{NodeId, NodeKind};
use crate::rules::chains::{calls, utility};
use crate::rules::context::Context;

/// A drop-down or multiselect widget whose default is none of its choices.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        let Some("widgets.dropdown" | "widgets.multiselect") = chain.path().and_then(utility) else { continue };
        let (Some(default), Some(choices)) =
            (facts.argument(call, 1, "defaultValue"), facts.argument(call, 2, "choices"))
        else {
            continue;
        };
        let Some(value) = context.flow.text(default.node) else { continue };
        let Some(known) = strings(context, choices.node) else { continue };
        let has = |one: &str| known.iter().any(|choice| choice == one);
        if known.is_empty() || has(&value) || value.split(',').all(has) {
            continue;
        }
        let listed: Vec<String> = known.iter().take(4).map(|choice| format!("`{choice}`")).collect();
        let more = if known.len() > listed.len() { ", …" } else { "" };
        let message = format!(
            "the default `{value}` is none of the choices {}{more}, so the widget cannot be made: take one of them",
            listed.join(", ")
        );
        context.report(default.span, message);
    }
}

/// The strings of a list that is written out, here or where its name is bound; `None` if it is anything else.
fn strings(context: &Context<'_>, node: NodeId) -> Option<Vec<String>> {
    let facts = &context.document.python;
    let list = context.flow.definition(node);
    if list != node && may_change(facts, node) {
        return None;
    }
    let (NodeKind::List(children) | NodeKind::Tuple(children)) = facts.kind(list) else { return None };
    facts.children(children).iter().map(|&child| context.flow.text(child)).collect()
}

/// Whether the list behind a name may hold something else by the time it is read: a method is called on it, or it is
/// bound or handed on under another name.
fn may_change(facts: &Facts, node: NodeId) -> bool {
    let NodeKind::Name(at) = facts.kind(node) else { return true };
    let Some(name) = facts.uses.get(at as usize).map(|row| row.name) else { return true };
    let is_it = |node: NodeId| matches!(facts.kind(node), NodeKind::Name(at) if facts.uses.get(at as usize).is_some_and(|row| row.name == name));
    let on_it = facts.calls.iter().any(|call| is_it(facts.called_on(call)));
    let grown = facts.bindings.iter().any(|row| row.name == name && row.kind == BindingKind::Augmented);
    let shared =
        facts.bindings.iter().any(|row| row.value.is_some() && is_it(row.value) && row.kind == BindingKind::Assignment);
    on_it || grown || shared
}
