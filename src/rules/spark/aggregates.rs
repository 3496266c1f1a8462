//! Pages: `rules/spark/window-without-partition.md`, `rules/spark/first-without-order.md`,
//! `rules/spark/collect-then-reduce.md`, `rules/spark/sort-lost.md`.

use super::{calls, methods, name_of};
use crate::flow::kind::{Kind, Motion};
use crate::python::facts::Call;
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// `F.row_number().over(Window.orderBy("x"))`.
pub(super) fn window(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["over"]) {
        let Some(argument) = facts.argument(call, 0, "window") else { continue };
        if flow.kind_of(argument.node) != Kind::Window || flow.receiver(call).kind == Kind::Unknown {
            continue;
        }
        let steps = flow.chain(argument.node);
        let has = |name: &str| steps.iter().any(|step| step.name == name);
        // The whole specification must be in sight, from `Window` on.
        let whole = steps.last().is_some_and(|step| step.call.is_none());
        let constant = steps.iter().find(|step| step.name == "partitionBy").and_then(|step| step.call);
        let constant = constant.is_some_and(|call| partitions_by_constant(context, call));
        if !whole || has("partitionBy") && !constant || !has("orderBy") && !constant || is_small_frame(context, call) {
            continue;
        }
        let message = "nothing divides the rows of this window, so all are moved to one task and sorted there: name \
                       columns in `partitionBy`";
        context.report(argument.span, message);
    }
}

/// Whether a window is parted by a literal, which is the same as not at all.
fn partitions_by_constant(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let arguments = facts.arguments(call);
    !arguments.is_empty()
        && arguments.iter().all(|argument| {
            let lit = facts.call_at(argument.node);
            lit.is_some_and(|lit| context.flow.sql_function(lit).as_deref() == Some("lit"))
        })
}

/// So many calls behind a column are looked at for the data frame that it goes into.
const NEAR: usize = 60;

/// Whether the column goes into a data frame that is small for sure, or that was grouped just before.
fn is_small_frame(context: &Context<'_>, over: &Call) -> bool {
    let facts = &context.document.python;
    let flow = context.flow;
    let id = match facts.kind(over.node) {
        NodeKind::Call(id) => id as usize,
        _ => return false,
    };
    // What stands around is walked right after.
    let after = facts.calls.get(id + 1..).unwrap_or_default().iter().take(NEAR);
    let mut around = after.filter(|call| {
        call.span.covers(over.span) && matches!(name_of(facts, call), "withColumn" | "withColumns" | "select")
    });
    around.any(|call| {
        let of = flow.receiver(call);
        // What groups have become one row each may be few; nobody can say.
        let grouped = flow.chain(facts.called_on(call)).iter().any(|step| {
            matches!(
                step.name,
                "groupBy"
                    | "groupby"
                    | "agg"
                    | "distinct"
                    | "limit"
                    | "dropDuplicates"
                    | "createDataFrame"
                    | "rollup"
                    | "cube"
            )
        });
        of.kind == Kind::Frame && (of.is_small() || grouped) || of.motion == Motion::Stream
    })
}

/// `df.groupBy("k").agg(F.first("x"))`.
pub(super) fn first_without_order(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["agg"]) {
        let of = flow.receiver(call);
        if !matches!(of.kind, Kind::Grouped) {
            continue;
        }
        let chain = flow.chain(facts.called_on(call));
        // After a pivot each cell holds one value, and after duplicates were dropped each group may.
        if chain.iter().any(|step| matches!(step.name, "pivot" | "dropDuplicates" | "drop_duplicates" | "distinct")) {
            continue;
        }
        let keys: Vec<&str> = chain
            .iter()
            .find(|step| matches!(step.name, "groupBy" | "groupby"))
            .and_then(|step| step.call)
            .map(|group| {
                facts.arguments(group).iter().filter_map(|argument| super::literal(facts, argument.node)).collect()
            })
            .unwrap_or_default();
        for inner in flow.calls_in(call).filter(|inner| matches!(name_of(facts, inner), "first" | "last")) {
            let Some(name) = flow.sql_function(inner) else { continue };
            // A key is the same in all rows of its group.
            let column = facts.argument(inner, 0, "col").and_then(|column| super::literal(facts, column.node));
            if column.is_some_and(|column| keys.contains(&column)) || inner.in_loop || !takes_column(context, inner) {
                continue;
            }
            let remedy =
                "use `F.max_by` or `F.min_by` with the column that says which, or `F.any_value` if all are the same";
            context.report(inner.callee, any_row(&name, remedy));
        }
    }
    for call in methods(facts, &["over"]) {
        first_in_window(context, call);
    }
}

/// What `first` and `last` of rows in no order give, and what to do.
fn any_row(name: &str, remedy: &str) -> String {
    format!("rows come in no order here, so `{name}` gives any of them, and another one next time: {remedy}")
}

/// `F.first("x").over(Window.partitionBy("k"))`.
fn first_in_window(context: &mut Context<'_>, over: &Call) {
    let facts = &context.document.python;
    let flow = context.flow;
    let Some(argument) = facts.argument(over, 0, "window") else { return };
    let Some(inner) = facts.call_at(facts.called_on(over)) else { return };
    // With `ignorenulls` the one value of a group that is not null may be meant.
    if !matches!(name_of(facts, inner), "first" | "last") || facts.arguments(inner).len() != 1 {
        return;
    }
    let steps = flow.chain(argument.node);
    let whole = steps.last().is_some_and(|step| step.call.is_none());
    let is_window = whole && flow.kind_of(argument.node) == Kind::Window;
    if !is_window || steps.iter().any(|step| step.name == "orderBy") {
        return;
    }
    let key = facts.argument(inner, 0, "col").and_then(|column| super::literal(facts, column.node));
    let parts = steps.iter().find(|step| step.name == "partitionBy").and_then(|step| step.call);
    let is_key = parts.is_some_and(|parts| {
        let mut keys = facts.arguments(parts).iter().filter_map(|one| super::literal(facts, one.node));
        key.is_some_and(|key| keys.any(|one| one == key))
    });
    if is_key || !takes_column(context, inner) {
        return;
    }
    let Some(name) = flow.sql_function(inner) else { return };
    context.report(inner.callee, any_row(&name, "give the window an `orderBy`"));
}

/// Whether a call takes a column as it is, and no value that all rows share.
fn takes_column(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let Some(column) = facts.argument(call, 0, "col") else { return false };
    match facts.kind(column.node) {
        NodeKind::String(_)
        | NodeKind::Joined(_)
        | NodeKind::Name(_)
        | NodeKind::Attribute { .. }
        | NodeKind::Subscript { .. } => true,
        NodeKind::Call(_) => {
            let inner = facts.call_at(column.node).and_then(|inner| context.flow.sql_function(inner));
            matches!(inner.as_deref(), Some("col" | "column"))
        }
        _ => false,
    }
}

/// What is made of a collected column, what is collected, and what does both at once.
const AT_ONCE: &[(&str, &str, &str)] = &[
    ("array_distinct", "collect_list", "collect_set"),
    ("array_distinct", "collect_set", "collect_set"),
    ("size", "collect_list", "count"),
    ("size", "collect_set", "count_distinct"),
    ("array_max", "collect_list", "max"),
    ("array_max", "collect_set", "max"),
    ("array_min", "collect_list", "min"),
    ("array_min", "collect_set", "min"),
];

/// `F.size(F.collect_set("x"))`.
pub(super) fn collect_then_reduce(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !super::speaks_of(facts, &["collect_list", "collect_set"])
        && facts.symbols.get("pyspark.sql.functions").is_none()
    {
        return;
    }
    for call in calls(facts, &["array_distinct", "size", "array_max", "array_min"]) {
        let Some(argument) = facts.arguments(call).first().filter(|_| call.arguments.len() == 1) else { continue };
        let Some(inner) = facts.call_at(argument.node) else { continue };
        let (Some(outer_name), Some(inner_name)) = (flow.sql_function(call), flow.sql_function(inner)) else {
            continue;
        };
        let row = AT_ONCE.iter().find(|row| row.0 == outer_name && row.1 == inner_name);
        let Some(&(_, _, instead)) = row else { continue };
        let message =
            format!("`{inner_name}` gathers every value of a group in memory only for `{outer_name}`: use `{instead}`");
        let text = context.document.text();
        let written = call.callee.of(text);
        let finding = context.report(call.span, message);
        // The new name takes the place of both where they are written the same way.
        let root = Span::new(call.span.start, call.callee.start.max(call.span.start)).of(text);
        let inner_root = Span::new(inner.span.start, inner.callee.start.max(inner.span.start)).of(text);
        if root == inner_root && !root.is_empty() && written == outer_name {
            finding.unsafe_fix(
                format!("use `{instead}`"),
                vec![
                    Edit::replace(Span::new(call.callee.start, inner.callee.end), instead),
                    Edit::delete(Span::new(inner.span.end, call.span.end)),
                ],
            );
        }
    }
}

/// Methods that give rows in an order of their own, or none.
const FORGETS: &[&str] = &[
    "agg",
    "count",
    "crossJoin",
    "distinct",
    "dropDuplicates",
    "drop_duplicates",
    "exceptAll",
    "groupBy",
    "groupby",
    "intersect",
    "join",
    "orderBy",
    "repartition",
    "sort",
    "subtract",
    "union",
    "unionAll",
    "unionByName",
    "isEmpty",
];

/// Methods that keep the order.
const KEEPS: &[&str] =
    &["alias", "drop", "filter", "select", "selectExpr", "where", "withColumn", "withColumnRenamed", "withColumns"];

/// `df.orderBy("x").groupBy("y")`.
pub(super) fn sort_lost(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in methods(facts, &["orderBy", "sort"]) {
        if flow.receiver(call).kind != Kind::Frame {
            continue;
        }
        let mut at: &Call = call;
        let mut steps = 0;
        let lost = loop {
            let Some(next) = flow.next(at.node) else { break None };
            let name = name_of(facts, next);
            if FORGETS.contains(&name) {
                break Some((name, next));
            }
            if !KEEPS.contains(&name) || steps > 10 || uses_order(context, next) {
                break None;
            }
            steps += 1;
            at = next;
        };
        let Some((by, next)) = lost else { continue };
        // A union that is limited or written in order is a matter of its own; sorting both sides is often meant.
        if matches!(by, "union" | "unionAll" | "unionByName") && flow.next(next.node).is_none() {
            continue;
        }
        let method = name_of(facts, call);
        let message = match by {
            "orderBy" | "sort" => {
                format!("the `{by}` that follows sorts anew, so this `{method}` is work for nothing: leave it out")
            }
            "count" | "isEmpty" | "agg" => {
                format!("`{by}` does not look at the order, so this `{method}` is work for nothing: leave it out")
            }
            "dropDuplicates" | "drop_duplicates" if !next.arguments.is_empty() => format!(
                "`{by}` keeps any row of each key, whatever this `{method}` says: number the rows with `row_number` over an ordered window, and keep the first"
            ),
            _ => format!("`{by}` does not keep the order, so this `{method}` is work for nothing: sort at the end"),
        };
        context.report(call.callee, message);
    }
}

/// Whether a step makes columns that hang on the order of rows.
fn uses_order<'a>(context: &Context<'a>, step: &'a Call) -> bool {
    let facts = &context.document.python;
    let names = |call: &Call| matches!(name_of(facts, call), "monotonically_increasing_id" | "first" | "last" | "over");
    context.flow.calls_in(step).any(names)
}
