//! Pages: `rules/spark/trigger-once.md`, `rules/spark/checkpoint-missing.md`, `rules/spark/batch-action-on-stream.md`,
//! `rules/spark/stream-state-unbounded.md`.

use super::{methods, name_of, speaks_of};
use crate::finding::Severity;
use crate::flow::Step;
use crate::flow::kind::{Kind, Motion};
use crate::python::facts::{Call, Facts, Value};
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// `.trigger(once=True)`.
pub(super) fn trigger_once(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    for call in methods(facts, &["trigger"]) {
        let [argument] = facts.arguments(call) else { continue };
        if !facts.is(argument.keyword, "once") || argument.value != Value::Bool(true) {
            continue;
        }
        // A writer that came from somewhere is unknown; what is surely something else is left alone.
        if !matches!(context.flow.receiver(call).kind, Kind::Writer | Kind::Unknown) {
            continue;
        }
        let before = Span::new(call.callee.end, argument.span.start.max(call.callee.end));
        let Some(at) = before.of(document.text()).rfind("once") else { continue };
        let place = Span::new(before.start + u32::try_from(at).unwrap_or(0), argument.span.end);
        let message = "`once=True` is deprecated since DBR 11.3 and reads the whole backlog as one batch: use \
                       `availableNow=True`";
        context
            .report(place, message)
            .unsafe_fix("use `availableNow=True`", vec![Edit::replace(place, "availableNow=True")]);
    }
}

/// Sinks that need no checkpoint, or make one that goes with the cluster.
const PASSING_SINKS: &[&str] = &["console", "memory", "noop", "rate"];

/// `df.writeStream.toTable("t")` without `checkpointLocation`.
pub(super) fn checkpoint_missing(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !speaks_of(facts, &["writeStream"]) || sets_checkpoint_for_all(context) {
        return;
    }
    for call in methods(facts, &["start", "toTable", "table"]) {
        let of = flow.receiver(call);
        if of.kind != Kind::Writer || of.motion != Motion::Stream {
            continue;
        }
        let steps = flow.chain(call.node);
        // All of the writer must be in sight.
        if !steps.iter().any(|step| step.name == "writeStream" && step.call.is_none()) {
            continue;
        }
        if !steps.iter().take_while(|step| step.name != "writeStream").all(|step| is_open(facts, step)) {
            continue;
        }
        let says = |step: &Step<'_>| step.call.is_some_and(|call| names_checkpoint(context, call));
        if steps.iter().any(says) || goes_nowhere(context, &steps) {
            continue;
        }
        if steps.iter().any(|step| step.name == "foreachBatch") {
            let message = "the stream has no `checkpointLocation`, so it forgets what it has read when it stops: add \
                           `.option(\"checkpointLocation\", …)`";
            context.report_with(Severity::Warning.min(context.settings.severity), call.callee, message);
            continue;
        }
        let message = "the stream has no `checkpointLocation`, without which it does not start, and could not go on where \
                       it stopped: add `.option(\"checkpointLocation\", …)`";
        context.report(call.callee, message);
    }
}

/// Whether a document sets the place of all checkpoints at once.
fn sets_checkpoint_for_all(context: &Context<'_>) -> bool {
    context.document.text().contains("streaming.checkpointLocation")
}

/// Whether a step of a writer says all that it does: no `**options`.
fn is_open(facts: &Facts, step: &Step<'_>) -> bool {
    let Some(call) = step.call else { return true };
    facts.arguments(call).iter().all(|argument| !argument.starred)
}

fn names_checkpoint(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let is_word = |text: &str| text.eq_ignore_ascii_case("checkpointLocation");
    facts.arguments(call).iter().any(|argument| {
        argument.keyword.is_some_and(|keyword| is_word(facts.text(keyword)))
            || match name_of(facts, call) {
                // An option whose name is not known may be this one.
                "option" => {
                    argument.keyword.is_none()
                        && facts.argument(call, 0, "key").is_some_and(|key| key.span == argument.span)
                        && context.flow.text(argument.node).is_none_or(|text| is_word(&text))
                }
                _ => false,
            }
    })
}

/// Whether a stream is only shown, or kept in memory.
fn goes_nowhere(context: &Context<'_>, steps: &[Step<'_>]) -> bool {
    let facts = &context.document.python;
    steps.iter().filter_map(|step| step.call).any(|call| {
        let first = || facts.argument(call, 0, "source").and_then(|argument| context.flow.text(argument.node));
        match name_of(facts, call) {
            "format" => first().is_none_or(|format| PASSING_SINKS.contains(&&*format)),
            // Without a sink the rows go to a function, which works without a checkpoint of its own.
            "foreach" => true,
            _ => facts.argument(call, usize::MAX, "format").is_some_and(|format| {
                context.flow.text(format.node).is_none_or(|format| PASSING_SINKS.contains(&&*format))
            }),
        }
    })
}

/// Actions that a stream does not have.
const BATCH_ONLY: &[&str] = &[
    "collect",
    "count",
    "first",
    "foreachPartition",
    "head",
    "isEmpty",
    "show",
    "tail",
    "take",
    "toLocalIterator",
    "toPandas",
];

/// `spark.readStream.table("t").count()`.
pub(super) fn batch_action(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !speaks_of(facts, &["readStream", "read_stream"]) {
        return;
    }
    for call in methods(facts, BATCH_ONLY) {
        let of = flow.receiver(call);
        if of.kind == Kind::Frame && of.motion == Motion::Stream {
            let method = name_of(facts, call);
            context.report(
                call.callee,
                format!("`{method}` fails on a stream, which has no end: write it by `.writeStream`, or read the source by `spark.read`"),
            );
        }
    }
    for node in &facts.nodes {
        let NodeKind::Attribute { base, name } = node.kind else { continue };
        if facts.text(name) != "write" {
            continue;
        }
        let of = flow.type_of(base);
        if of.kind == Kind::Frame && of.motion == Motion::Stream {
            let end = node.span.end;
            let place = Span::new(end.saturating_sub(5).max(node.span.start), end);
            context.report(place, "`write` fails on a stream, which has no end: use `.writeStream`");
        }
    }
}

/// `stream.dropDuplicates(["id"])` without a watermark.
pub(super) fn unbounded(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !speaks_of(facts, &["readStream", "read_stream"]) {
        return;
    }
    for call in methods(facts, &["dropDuplicates", "drop_duplicates", "distinct"]) {
        let of = flow.receiver(call);
        if of.kind != Kind::Frame || of.motion != Motion::Stream {
            continue;
        }
        let steps = flow.chain(facts.called_on(call));
        let whole = steps.iter().any(|step| matches!(step.name, "readStream" | "read_stream" | "readstream"));
        if !whole || steps.iter().any(|step| step.name == "withWatermark") {
            continue;
        }
        let method = name_of(facts, call);
        let message = format!(
            "without a watermark `{method}` on a stream remembers every row forever: call `.withWatermark(…)` before, with the time column among the columns compared"
        );
        context.report(call.callee, message);
    }
}
