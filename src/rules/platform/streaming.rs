//! Page: `rules/platform/trigger-not-on-serverless.md`.

use super::is_serverless;
use crate::project::document::Document;
use crate::python::facts::{Call, Facts, Value};
use crate::rules::chains::calls;
use crate::rules::context::Context;
use crate::rules::library::is_pipeline_source;
use crate::text::Span;
use crate::text::edit::Edit;

/// What to do instead.
const ADVICE: &str = "use `.trigger(availableNow=True)` and let a schedule start it again";

/// Streams that never end, where only those that end are allowed.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if !is_serverless(context) || is_pipeline_source(facts) {
        return;
    }
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        match chain.last() {
            "trigger" => {
                let Some(argument) = facts.arguments(call).iter().find(|argument| {
                    facts.is(argument.keyword, "processingTime") || facts.is(argument.keyword, "continuous")
                }) else {
                    continue;
                };
                // A variable may as well be `None`, which leaves the word to `availableNow`.
                if !matches!(argument.value, Value::String(_) | Value::Partial { .. }) {
                    continue;
                }
                let keyword = argument.keyword.map_or("", |keyword| facts.text(keyword)).to_owned();
                let before = Span::new(call.callee.end, argument.span.start.max(call.callee.end));
                let start = before.of(document.text()).rfind(&*keyword).and_then(|at| u32::try_from(at).ok());
                let place = Span::new(start.map_or(argument.span.start, |at| before.start + at), argument.span.end);
                let alone = facts.arguments(call).len() == 1 && start.is_some();
                let finding = context.report(
                    place,
                    format!("a stream with `{keyword}` never ends, which serverless compute refuses: {ADVICE}"),
                );
                if alone {
                    finding.unsafe_fix("use `availableNow=True`", vec![Edit::replace(place, "availableNow=True")]);
                }
            }
            "start" | "toTable" if is_whole_stream(document, facts, call) => {
                let message =
                    format!("a stream without a trigger never ends, which serverless compute refuses: {ADVICE}");
                context.report(call.callee, message);
            }
            _ => {}
        }
    }
}

/// Whether the chain that `call` ends holds all of a stream from `writeStream` on, and no trigger.
fn is_whole_stream(document: &Document, facts: &Facts, call: &Call) -> bool {
    let trigger = facts.symbols.get("trigger");
    let mut at = call;
    loop {
        if at.method.is_some() && at.method == trigger {
            return false;
        }
        let before = at.receiver.and_then(|id| facts.calls.get(id as usize));
        let start = before.map_or(at.span.start, |before| before.span.end).min(at.callee.start);
        if Span::new(start, at.callee.start).of(document.text()).contains(".writeStream") {
            return true;
        }
        let Some(before) = before else { return false };
        at = before;
    }
}
