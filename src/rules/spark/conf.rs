//! Pages: `rules/spark/optimizer-switched-off.md`, `rules/spark/vacuum-without-retention.md`.

use super::{methods, name_of};
use crate::flow::kind::Kind;
use crate::python::facts::{Argument, Call};
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;

/// Settings that switch a part of the optimizer off, the value that does it, and what is lost.
const SWITCHES: &[(&str, &str, &str)] = &[
    ("spark.sql.adaptive.enabled", "false", "Spark no longer adapts a query to the sizes that it meets"),
    (
        "spark.databricks.optimizer.adaptive.enabled",
        "false",
        "Spark no longer adapts a query to the sizes that it meets",
    ),
    ("spark.sql.adaptive.skewJoin.enabled", "false", "large partitions of a join are no longer split"),
    (
        "spark.sql.autoBroadcastJoinThreshold",
        "-1",
        "small tables are no longer sent to all workers, and every join moves all rows",
    ),
    ("spark.sql.cbo.enabled", "false", "statistics of tables are no longer looked at"),
    ("spark.databricks.optimizer.dynamicFilePruning", "false", "files that a join does not need are read all the same"),
    (
        "spark.databricks.optimizer.dynamicPartitionPruning",
        "false",
        "partitions that a join does not need are read all the same",
    ),
];

/// The switch that stops VACUUM from deleting files that are still read.
const RETENTION: &str = "spark.databricks.delta.retentionDurationCheck.enabled";

/// `spark.conf.set("spark.sql.adaptive.enabled", False)`.
pub(super) fn optimizer(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in methods(facts, &["set", "config"]) {
        let Some((key, value)) = setting(context, call) else { continue };
        let Some(written) = text_of(context, value) else { continue };
        let Some(key_text) = text_of(context, key) else { continue };
        let Some((_, _, lost)) = SWITCHES.iter().find(|row| row.0 == key_text && row.1.eq_ignore_ascii_case(&written))
        else {
            continue;
        };
        let message = format!("{lost}: leave `{key_text}` as it is");
        context.report(key.span, message);
    }
}

/// The key and the value of a call that changes a setting of Spark.
fn setting<'a>(context: &Context<'a>, call: &Call) -> Option<(&'a Argument, &'a Argument)> {
    let facts = &context.document.python;
    let wanted = if name_of(facts, call) == "set" { Kind::Conf } else { Kind::SessionBuilder };
    (context.flow.receiver(call).kind == wanted).then_some(())?;
    Some((facts.argument(call, 0, "key")?, facts.argument(call, 1, "value")?))
}

/// A value as Spark reads it.
fn text_of(context: &Context<'_>, argument: &Argument) -> Option<String> {
    let facts = &context.document.python;
    match facts.kind(argument.node) {
        NodeKind::Bool(truth) => Some(truth.to_string()),
        NodeKind::Int(number) => Some(number.to_string()),
        NodeKind::Signed(inner) => match facts.kind(inner) {
            NodeKind::Int(number) => Some(format!("-{number}")),
            _ => None,
        },
        _ => context.flow.text(argument.node),
    }
}

/// `deltaTable.vacuum(0)`, and the switch that allows it.
pub(super) fn vacuum(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in methods(facts, &["set", "config"]) {
        let Some((key, value)) = setting(context, call) else { continue };
        if text_of(context, key).as_deref() == Some(RETENTION)
            && text_of(context, value).is_some_and(|value| value.eq_ignore_ascii_case("false"))
        {
            let message = "without this check `VACUUM` deletes files that running queries still read, and all history: \
                           leave it on, and keep at least seven days";
            context.report(key.span, message);
        }
    }
    for call in methods(facts, &["vacuum"]) {
        let Some(hours) = facts.argument(call, 0, "retentionHours") else { continue };
        if facts.kind(hours.node) == NodeKind::Int(0) && context.flow.receiver(call).kind == Kind::DeltaTable {
            let message = "this deletes files that running queries still read, and all history: keep at least seven days \
                           (168 hours)";
            context.report(hours.span, message);
        }
    }
}
