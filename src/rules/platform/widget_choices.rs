//! Page: `rules/platform/widget-default-not-in-choices.md`.

use crate::python::facts::{Facts, Value};
use crate::rules::chains::{calls, utility};
use crate::rules::context::Context;
use crate::text::Span;

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
        let Value::String(value) = &default.value else { continue };
        let Some(known) = strings(facts, document.text(), choices.span) else { continue };
        if known.is_empty() || known.contains(&&**value) || value.split(',').all(|one| known.contains(&one)) {
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

/// The strings of a list that is written out; `None` if it is anything else.
fn strings<'f>(facts: &'f Facts, text: &str, list: Span) -> Option<Vec<&'f str>> {
    let written = list.of(text);
    written
        .strip_prefix('[')
        .filter(|rest| rest.ends_with(']'))
        .or_else(|| written.strip_prefix('(').filter(|rest| rest.ends_with(')')))?;
    let from = facts.strings.partition_point(|string| string.span.start < list.start);
    let mut found = Vec::new();
    let mut at = list.start + 1;
    // Strings are in the order of the text, but those of cells that are read late.
    let inside = facts.strings.get(from..).unwrap_or_default().iter().take_while(|string| string.span.end < list.end);
    for string in inside {
        if string.holes || string.span.start < at || !Span::new(at, string.span.start).of(text).chars().all(is_between)
        {
            return None;
        }
        found.push(&*string.value);
        at = string.span.end;
    }
    Span::new(at, list.end.max(at + 1) - 1).of(text).chars().all(is_between).then_some(found)
}

fn is_between(c: char) -> bool {
    c == ',' || c.is_whitespace()
}
