//! Pages: `rules/spark/schema-inferred.md`, `rules/spark/jdbc-read-unpartitioned.md`.

use super::{methods, name_of, speaks_of};
use crate::flow::Piece;
use crate::flow::kind::{Kind, Motion};
use crate::python::facts::{Argument, Call};
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;

/// `spark.read.option("inferSchema", True).csv(path)`.
pub(super) fn inferred(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["option", "options", "csv", "load", "json", "xml"]) {
        let Some((place, value)) = infer_argument(context, call) else { continue };
        let truth = match facts.kind(value.node) {
            NodeKind::Bool(truth) => truth,
            _ => flow.text(value.node).is_some_and(|text| text.eq_ignore_ascii_case("true")),
        };
        let of = flow.receiver(call);
        if !truth || of.kind != Kind::Reader || of.motion == Motion::Stream || !guesses(context, call) {
            continue;
        }
        let message = "`inferSchema` reads all files once only to guess types, and guesses others when the data change: \
                       give the columns by `.schema(…)`";
        context.report(place.span, message);
    }
}

/// Whether the files are of a format for which the option does something: JSON guesses all the same, and tables know
/// their types.
fn guesses(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let guesses = |format: &str| {
        matches!(
            format.to_ascii_lowercase().as_str(),
            "csv" | "xml" | "com.databricks.spark.csv" | "com.databricks.spark.xml"
        )
    };
    let mut last = call;
    for _ in 0..50 {
        let Some(next) = context.flow.next(last.node) else { break };
        if !matches!(name_of(facts, next), "option" | "options" | "format" | "schema" | "load" | "csv" | "xml" | "json")
        {
            break;
        }
        last = next;
    }
    match name_of(facts, last) {
        "csv" | "xml" => true,
        "json" => false,
        _ => {
            let steps = context.flow.chain(last.node);
            let mut formats = steps.iter().filter_map(|step| step.call).filter(|step| name_of(facts, step) == "format");
            let format = formats.next().and_then(|format| facts.argument(format, 0, "source"));
            let format =
                format.or_else(|| facts.arguments(last).iter().find(|argument| facts.is(argument.keyword, "format")));
            format.and_then(|format| context.flow.text(format.node)).is_some_and(|format| guesses(&format))
        }
    }
}

/// The argument that asks for types to be guessed, and its value.
fn infer_argument<'a>(context: &Context<'a>, call: &Call) -> Option<(&'a Argument, &'a Argument)> {
    let facts = &context.document.python;
    let is_word = |text: &str| text.eq_ignore_ascii_case("inferSchema");
    if name_of(facts, call) == "option" {
        let key = facts
            .argument(call, 0, "key")
            .filter(|key| context.flow.text(key.node).is_some_and(|text| is_word(&text)))?;
        return Some((key, facts.argument(call, 1, "value")?));
    }
    let named =
        facts.arguments(call).iter().find(|argument| argument.keyword.is_some_and(|word| is_word(facts.text(word))))?;
    Some((named, named))
}

/// Options that part a read.
const PARTS: &[&str] = &["lowerbound", "numpartitions", "partitioncolumn", "predicates", "upperbound", "column"];

/// `spark.read.format("jdbc")….load()` in one piece.
pub(super) fn jdbc(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let flow = context.flow;
    let mut calls = methods(facts, &["load", "jdbc"]).peekable();
    if calls.peek().is_none() || !document.text().contains("jdbc") {
        return;
    }
    for call in calls {
        let of = flow.receiver(call);
        if of.kind != Kind::Reader || of.motion == Motion::Stream {
            continue;
        }
        let steps = flow.chain(call.node);
        let reads_jdbc = name_of(facts, call) == "jdbc"
            || steps.iter().filter_map(|step| step.call).any(|step| {
                let format = facts.argument(step, 0, "source").or_else(|| facts.argument(step, 0, "format"));
                name_of(facts, step) == "format" && format.and_then(|it| flow.text(it.node)).as_deref() == Some("jdbc")
            });
        let whole = steps.iter().any(|step| step.name == "read" && step.call.is_none());
        if !reads_jdbc || !whole {
            continue;
        }
        let mut parted = false;
        for step in steps.iter().filter_map(|step| step.call) {
            for argument in facts.arguments(step) {
                // Options that are not in sight may be these.
                parted |= argument.starred;
                parted |= argument.keyword.is_some_and(|word| PARTS.contains(&&*facts.text(word).to_ascii_lowercase()));
            }
            if name_of(facts, step) == "jdbc" {
                let table = facts.argument(step, 1, "table").and_then(|table| flow.pieces(table.node));
                parted |= step.arguments.len() > 3 || !names_table(table.as_deref());
            }
            let Some(key) = facts.argument(step, 0, "key").filter(|_| name_of(facts, step) == "option") else {
                continue;
            };
            let Some(key) = flow.text(key.node) else {
                parted = true;
                continue;
            };
            parted |= PARTS.contains(&&*key.to_ascii_lowercase());
            // A query of one's own may read little; a table that is named is read as a whole.
            parted |= key.eq_ignore_ascii_case("query");
            if key.eq_ignore_ascii_case("dbtable") {
                let table = facts.argument(step, 1, "value").and_then(|value| flow.pieces(value.node));
                parted |= !names_table(table.as_deref());
            }
        }
        if parted || speaks_of(facts, &["numPartitions"]) {
            continue;
        }
        let message = "this reads the table through one connection by one task: give `partitionColumn`, `lowerBound`, \
                       `upperBound` and `numPartitions`";
        context.report(call.callee, message);
    }
}

/// Whether a text is seen to be the name of a table, and no query.
fn names_table(pieces: Option<&[Piece]>) -> bool {
    match pieces.and_then(<[_]>::first) {
        Some(Piece::Known(text)) => !text.trim_start().starts_with('(') && !text.trim().is_empty(),
        _ => false,
    }
}
