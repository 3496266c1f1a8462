//! Pages: `rules/spark/spark-in-worker.md`, `rules/spark/udf-calls-udf.md`.

use super::name_of;
use crate::flow::kind::Kind;
use crate::python::facts::{Call, Function};
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;

/// A function that workers run, and the calls in it.
fn bodies<'a>(context: &Context<'a>) -> Vec<(&'a Function, &'a str, Vec<&'a Call>)> {
    let facts = &context.document.python;
    if !super::speaks_of(facts, WORDS) {
        return Vec::new();
    }
    let functions = context.flow.worker_functions();
    let rows =
        functions.into_iter().take(super::MOST).filter_map(|(at, how)| Some((facts.functions.get(at as usize)?, how)));
    rows.map(|(function, how)| {
        let body = |call: &&Call| {
            function.span.covers(call.span) && call.span.start > function.name_span.end && call.scope != function.scope
        };
        (function, how, facts.calls.iter().filter(body).collect())
    })
    .collect()
}

/// What makes a function one that workers run.
const WORDS: &[&str] = &[
    "udf",
    "pandas_udf",
    "arrow_udf",
    "pyspark.sql.functions.udf",
    "pyspark.sql.functions.pandas_udf",
    "mapInPandas",
    "mapInArrow",
    "applyInPandas",
    "applyInPandasWithState",
    "foreachPartition",
    "register",
];

/// `spark` or `dbutils` in a function that runs on workers.
pub(super) fn spark(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for (function, _, calls) in bodies(context) {
        for call in calls {
            // `dbutils` is looked at by its name: it is no value of Spark.
            let path = call.path.map_or("", |path| facts.text(path));
            let root = path.split('.').next().unwrap_or("");
            let kind = context.flow.receiver(call).kind;
            let what = match kind {
                Kind::Session | Kind::Reader | Kind::Catalog | Kind::Context | Kind::Conf => "spark",
                _ if root == "dbutils" && is_free(context, call) => "dbutils",
                _ => continue,
            };
            let name = facts.text(function.name);
            let message =
                format!("`{name}` runs on workers, where there is no `{what}`: read before, and give the values to it");
            context.report(call.callee, message);
            break;
        }
    }
}

/// Whether the first name of a path is not bound by the function itself.
fn is_free(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let mut at = call.of;
    while let NodeKind::Attribute { base, .. } = facts.kind(at) {
        at = base;
    }
    let NodeKind::Name(row) = facts.kind(at) else { return false };
    let Some(row) = facts.uses.get(row as usize) else { return false };
    let bound = |scope: u32| facts.bindings.iter().any(|binding| binding.scope == scope && binding.name == row.name);
    facts.owner(row.name, row.scope, bound).is_none_or(|scope| scope == 0)
}

/// A function for columns that calls another one.
pub(super) fn udf(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for (function, how, calls) in bodies(context) {
        for call in calls {
            if facts.called_on(call).is_some() || context.flow.kind_of(call.of) != Kind::Udf {
                continue;
            }
            let (name, outer) = (name_of(facts, call), facts.text(function.name));
            if how == "foreachPartition" {
                continue;
            }
            let message = format!(
                "`{name}` makes a column and gives no value, so `{outer}` fails where it calls it: call the plain function that it was made of"
            );
            context.report(call.callee, message);
        }
    }
}
