//! Pages: `rules/spark/collect-to-driver.md`, `rules/spark/driver-round-trip.md`.

use super::{methods, name_of};
use crate::flow::Step;
use crate::flow::kind::{Kind, Motion, Rows};
use crate::python::facts::Call;
use crate::python::nodes::NodeKind;
use crate::python::symbols::Symbol;
use crate::rules::context::Context;

/// Parts of names of tables that are small by nature, in lower case.
const SMALL: &[&str] =
    &["config", "control", "information_schema", "lookup", "mapping", "metadata", "param", "setting"];

/// `spark.table("t").collect()`, with nothing between that makes rows fewer.
pub(super) fn collect_to_driver(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["collect", "toPandas"]) {
        let of = flow.receiver(call);
        if !call.arguments.is_empty() || of.kind != Kind::Frame || of.rows != Rows::Whole || of.motion == Motion::Stream
        {
            continue;
        }
        let steps = flow.chain(facts.called_on(call));
        if !is_large_table(context, &steps) || is_wanted(context, call) {
            continue;
        }
        let method = name_of(facts, call);
        context.report(
            call.span,
            format!(
                "`.{method}()` brings every row of the table to the driver; aggregate or limit it first, or keep the \
                 work in Spark"
            ),
        );
    }
}

/// Whether a library takes its data as a frame of pandas only: `Dataset.from_pandas(df.toPandas())`.
fn is_wanted(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let around = match facts.kind(call.node) {
        NodeKind::Call(id) => facts.calls.get(id as usize + 1),
        _ => None,
    };
    around.is_some_and(|outer| {
        name_of(facts, outer) == "from_pandas" && facts.arguments(outer).iter().any(|it| it.node == call.node)
    })
}

/// Whether nothing in a chain says that the table is small: its name, or that of a function that gives it.
fn is_large_table(context: &Context<'_>, steps: &[Step<'_>]) -> bool {
    let (document, flow) = (context.document, context.flow);
    let facts = &document.python;
    let is_small = |text: &str| {
        let text = text.to_ascii_lowercase();
        SMALL.iter().any(|part| text.contains(part))
    };
    let named_small = |call: &Call| {
        let source = matches!(name_of(facts, call), "table" | "sql" | "parquet" | "load" | "delta" | "orc");
        let first = facts.arguments(call).first().filter(|_| source);
        first.is_some_and(|argument| {
            is_small(argument.span.of(document.text())) || flow.text(argument.node).is_some_and(|text| is_small(&text))
        })
    };
    !steps.iter().any(|step| is_small(step.name) || step.call.is_some_and(named_small))
}

/// `spark.createDataFrame(df.toPandas())`.
pub(super) fn round_trip(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["createDataFrame"]) {
        let Some(argument) = facts.argument(call, 0, "data") else { continue };
        let Some(pull) = facts.call_at(argument.node) else { continue };
        let method = name_of(facts, pull);
        let of = flow.receiver(pull);
        if !matches!(method, "collect" | "toPandas") || of.kind != Kind::Frame || of.is_small() {
            continue;
        }
        // `df = spark.createDataFrame(df.toPandas())` keeps a result, as `cache` would.
        let same = flow.bound_to(call.node).is_some_and(|(_, row)| is_named(context, pull, row.name));
        if same || flow.receiver(call).kind != Kind::Session {
            continue;
        }
        let message = format!(
            "the rows go to the driver by `.{method}()` and back by `createDataFrame`; keep the data frame that they \
             come from"
        );
        context.report(pull.callee, message);
    }
}

/// Whether a method is called on a plain name.
fn is_named(context: &Context<'_>, call: &Call, name: Symbol) -> bool {
    let facts = &context.document.python;
    match facts.kind(facts.called_on(call)) {
        NodeKind::Name(at) => facts.uses.get(at as usize).is_some_and(|row| row.name == name),
        _ => false,
    }
}
