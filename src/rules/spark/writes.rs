//! Pages: `rules/spark/single-file-write.md`, `rules/spark/overwrite-all-partitions.md`,
//! `rules/spark/partition-by-insert-into.md`, `rules/spark/unknown-write-mode.md`.

use super::{literal, methods, name_of, speaks_of};
use crate::flow::kind::{Kind, Motion};
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;
use crate::text::nearest::nearest;

/// What ends a chain that writes.
const WRITES: &[&str] = &["csv", "insertInto", "jdbc", "json", "orc", "parquet", "save", "saveAsTable", "text", "xml"];

/// Formats that are read by something else than Spark, where one file, or one connection, is often what is asked for.
const SINGLE: &[&str] = &["com.crealytics.spark.excel", "csv", "excel", "jdbc", "json", "text", "xml"];

/// `df.coalesce(1).write.saveAsTable("t")`.
pub(super) fn single_file(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !speaks_of(facts, &["coalesce", "repartition"]) {
        return;
    }
    for call in methods(facts, WRITES) {
        let of = flow.receiver(call);
        let method = name_of(facts, call);
        if of.kind != Kind::Writer || of.motion == Motion::Stream || SINGLE.contains(&method) {
            continue;
        }
        let steps = flow.chain(facts.called_on(call));
        let exported = steps.iter().filter_map(|step| step.call).any(|step| {
            let format = facts.argument(step, 0, "source").and_then(|format| flow.text(format.node));
            name_of(facts, step) == "format" && format.is_none_or(|format| SINGLE.contains(&&*format))
        }) || facts
            .argument(call, usize::MAX, "format")
            .is_some_and(|format| flow.text(format.node).is_none_or(|format| SINGLE.contains(&&*format)));
        let small = steps.iter().any(|step| step.name == "createDataFrame" || flow.type_of(step.node).is_small());
        if exported || small {
            continue;
        }
        // Only what is the last thing done before the write: a step between may make many tasks again.
        let mut after = steps.iter().skip_while(|step| !(step.name == "write" && step.call.is_none())).skip(1);
        let last = after.find(|step| !matches!(step.name, "select" | "withColumn" | "drop" | "alias"));
        let Some(one) =
            last.and_then(|step| step.call).filter(|one| matches!(name_of(facts, one), "coalesce" | "repartition"))
        else {
            continue;
        };
        let [argument] = facts.arguments(one) else { continue };
        if facts.kind(argument.node) != NodeKind::Int(1) {
            continue;
        }
        let name = name_of(facts, one);
        let message = format!(
            "`{name}(1)` lets one task write all rows while the cluster waits: leave it out, and let `OPTIMIZE` or optimized writes make the files large"
        );
        context.report(one.callee, message);
    }
}

/// `df.write.mode("overwrite").partitionBy("day").save(path)`.
pub(super) fn overwrite(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let flow = context.flow;
    if !speaks_of(facts, &["partitionBy"]) || document.text().contains("partitionOverwriteMode") {
        return;
    }
    for call in methods(facts, WRITES) {
        let of = flow.receiver(call);
        if of.kind != Kind::Writer || of.motion == Motion::Stream || name_of(facts, call) == "insertInto" {
            continue;
        }
        let steps = flow.chain(call.node);
        let mut overwrites = false;
        let mut parts = None;
        let mut narrowed = false;
        for step in steps.iter().take_while(|step| step.name != "write").filter_map(|step| step.call) {
            let text = |position, keyword| facts.argument(step, position, keyword).and_then(|it| flow.text(it.node));
            match name_of(facts, step) {
                "mode" => overwrites |= text(0, "saveMode").as_deref() == Some("overwrite"),
                "partitionBy" => parts = Some(step),
                "option" => {
                    let narrows = |key: String| {
                        key.eq_ignore_ascii_case("replaceWhere") || key.eq_ignore_ascii_case("overwriteSchema")
                    };
                    narrowed |= text(0, "key").is_none_or(narrows);
                }
                "options" => narrowed = true,
                _ => {}
            }
        }
        let Some(parts) = parts.filter(|_| overwrites && !narrowed) else { continue };
        let message = "this replaces all partitions, also those of which nothing is written: say which by `replaceWhere`, or \
                       set `partitionOverwriteMode` to `dynamic`";
        context.report(parts.callee, message);
    }
}

/// `df.write.partitionBy("day").insertInto("t")`.
pub(super) fn insert_into(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["insertInto"]) {
        if flow.receiver(call).kind != Kind::Writer {
            continue;
        }
        let steps = flow.chain(facts.called_on(call));
        let mut writer = steps.iter().take_while(|step| step.name != "write");
        if let Some(parts) = writer.find(|step| step.name == "partitionBy").and_then(|step| step.call) {
            let message = "`insertInto` fails with `partitionBy`: leave it out, the table has its partitions already";
            context.report(parts.callee, message);
        }
    }
}

/// Modes of a write. Source: `pyspark.sql.DataFrameWriter.mode`.
const MODES: &[&str] = &["append", "default", "error", "errorifexists", "ignore", "overwrite"];
/// Modes of a stream. Source: `pyspark.sql.streaming.DataStreamWriter.outputMode`.
const OUTPUT_MODES: &[&str] = &["append", "complete", "update"];

/// `df.write.mode("overwirte")`.
pub(super) fn unknown_mode(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in methods(facts, &["mode", "outputMode"]) {
        let method = name_of(facts, call);
        let (known, keyword) = if method == "mode" { (MODES, "saveMode") } else { (OUTPUT_MODES, "outputMode") };
        let Some(argument) = facts.argument(call, 0, keyword) else { continue };
        let Some(mode) = literal(facts, argument.node) else { continue };
        if known.contains(&mode.to_lowercase().as_str()) || context.flow.receiver(call).kind != Kind::Writer {
            continue;
        }
        let near = nearest(mode, known.iter().copied());
        let help =
            near.map_or_else(|| format!("use one of {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        let message = format!("there is no mode `{mode}`: {help}");
        context.report(argument.span, message);
    }
}
