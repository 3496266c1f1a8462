//! Page: `rules/pipeline/cdc-flow-incomplete.md`.

use super::source::{member, speaks_of_pipelines};
use crate::python::facts::Value;
use crate::rules::context::Context;
use crate::text::Span;

/// What a flow of changes must be told, in the order of its parameters.
const CHANGES: &[&str] = &["target", "source", "keys", "sequence_by"];
/// The same for snapshots.
const SNAPSHOTS: &[&str] = &["target", "source", "keys"];

/// Flows of changes that lack what they need.
pub(super) fn incomplete(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of_pipelines(facts) {
        return;
    }
    for call in &facts.calls {
        let Some(name) = member(facts, call.path) else { continue };
        let needed = match name {
            "apply_changes" | "create_auto_cdc_flow" => CHANGES,
            "apply_changes_from_snapshot" | "create_auto_cdc_from_snapshot_flow" => SNAPSHOTS,
            _ => continue,
        };
        let arguments = facts.arguments(call);
        if arguments.iter().any(|argument| argument.starred) {
            continue;
        }
        let positional = arguments.iter().filter(|argument| argument.keyword.is_none()).count();
        let has = |(at, word): (usize, &&str)| at < positional || arguments.iter().any(|it| facts.is(it.keyword, word));
        // Older versions call the source of snapshots otherwise.
        let older = arguments.iter().any(|it| facts.is(it.keyword, "snapshot_and_version"));
        let missing = needed.iter().enumerate().find(|(at, word)| !(has((*at, word)) || older && **word == "source"));
        let callee = Span::new(call.span.start, call.callee.end);
        if let Some((_, word)) = missing {
            context.report(callee, format!("`{name}` needs `{word}`: without it the pipeline does not start"));
        }
        let Some(stored) = arguments.iter().find(|it| facts.is(it.keyword, "stored_as_scd_type")) else { continue };
        let is_type = match &stored.value {
            Value::Int(number) => matches!(number, 1 | 2),
            Value::String(text) => matches!(&**text, "1" | "2"),
            Value::Bool(_) | Value::None => false,
            _ => true,
        };
        if !is_type {
            context.report(stored.span, "`stored_as_scd_type` is 1 or 2");
        }
    }
}
