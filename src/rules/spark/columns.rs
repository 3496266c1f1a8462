//! Pages: `rules/spark/builtin-on-column.md`, `rules/spark/column-compared-with-none.md`,
//! `rules/spark/random-in-condition.md`, `rules/spark/spark-functions-star.md`.

use super::{calls, methods, speaks_of};
use crate::flow::kind::Kind;
use crate::python::facts::{BindingKind, Call, Facts};
use crate::python::nodes::{CompareOp, NodeKind};
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// Builtins that fail on a column, or on a data frame where it says so.
const BUILTINS: &[&str] = &["abs", "bool", "float", "int", "len", "max", "min", "pow", "round", "sum"];

/// `round(F.col("x"), 2)` where `round` is Python's own.
pub(super) fn builtin(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in calls(facts, BUILTINS) {
        if facts.called_on(call).is_some() {
            continue;
        }
        let Some(argument) = facts.arguments(call).first().filter(|argument| !argument.starred) else { continue };
        let kind = flow.kind_of(argument.node);
        let name = super::name_of(facts, call);
        let wrong = match kind {
            Kind::Column => true,
            Kind::Frame => name == "len",
            _ => false,
        };
        if !wrong || flow.path(call).as_deref() != Some(name) {
            continue;
        }
        let message = match (kind, name) {
            (Kind::Frame, _) => "a data frame of Spark has no `len`: use `.count()`".to_owned(),
            (_, "len") => "Python's `len` fails on a column: use `F.length` or `F.size`".to_owned(),
            (_, "bool" | "int" | "float") => format!("Python's `{name}` fails on a column: use `.cast(…)`"),
            _ => format!("Python's `{name}` fails on a column: use `F.{name}` of `pyspark.sql.functions`"),
        };
        context.report(call.callee, message);
    }
}

/// `F.col("a") == None`.
pub(super) fn compared_with_none(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of(facts, &["spark", "pyspark.sql.functions", "pyspark.sql", "filter", "where", "withColumn"]) {
        return;
    }
    let text = context.document.text();
    for node in &facts.nodes {
        let NodeKind::Compare { op, left, right } = node.kind else { continue };
        let method = match op {
            CompareOp::Equal => "isNull",
            CompareOp::NotEqual => "isNotNull",
            _ => continue,
        };
        if facts.kind(right) != NodeKind::None || context.flow.kind_of(left) != Kind::Column {
            continue;
        }
        let sign = if method == "isNull" { "==" } else { "!=" };
        let message = format!("`{sign} None` is null for every row, and so never true: use `.{method}()`");
        let finding = context.report(node.span, message);
        let rest = Span::new(facts.span(left).end, node.span.end);
        let simple = matches!(
            facts.kind(left),
            NodeKind::Call(_) | NodeKind::Attribute { .. } | NodeKind::Subscript { .. } | NodeKind::Name(_)
        );
        if simple && rest.of(text).split_whitespace().eq([sign, "None"]) {
            finding.unsafe_fix(format!("use `{method}`"), vec![Edit::replace(rest, format!(".{method}()"))]);
        }
    }
}

/// Functions that give another value each time a row is looked at.
const RANDOM: &[&str] = &["monotonically_increasing_id", "rand", "randn", "shuffle", "uuid"];

/// `df.join(other, F.rand() > 0.5)`.
pub(super) fn random(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !speaks_of(facts, RANDOM) {
        return;
    }
    for join in methods(facts, &["join"]) {
        let Some(on) = facts.argument(join, 1, "on") else { continue };
        let random = |call: &&Call| on.span.covers(call.span) && RANDOM.contains(&super::name_of(facts, call));
        for call in flow.calls_in(join).filter(random) {
            // A seed makes it the same each time, as far as rows come in the same order.
            if !call.arguments.is_empty() || flow.receiver(join).kind != Kind::Frame {
                continue;
            }
            let Some(name) = flow.sql_function(call) else { continue };
            let message = format!(
                "`{name}` gives other values when a task is repeated, so rows of this join can be lost or doubled: put it \
                 into a column and write that down first"
            );
            context.report(call.callee, message);
        }
    }
}

/// Python's functions that Spark's take the place of.
const SHADOWED: &[&str] = &["abs", "filter", "hash", "max", "min", "pow", "round", "slice", "sum"];

/// `from pyspark.sql.functions import *`.
pub(super) fn star(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if facts.symbols.get("pyspark.sql.functions").is_none() {
        return;
    }
    for import in &facts.imports {
        if facts.text(import.module) != "pyspark.sql.functions" || !facts.is(import.name, "*") || import.level > 0 {
            continue;
        }
        let used = shadowed_uses(facts);
        let which = if used.is_empty() { SHADOWED } else { &used };
        let listed: Vec<String> = which.iter().take(3).map(|name| format!("`{name}`")).collect();
        let more = if which.len() > 3 { " and others" } else { "" };
        let message = format!(
            "this replaces Python's own {}{more}: write `from pyspark.sql import functions as F`",
            listed.join(", ")
        );
        context.report(import.statement, message);
    }
}

/// Those that the document calls and does not bind.
fn shadowed_uses(facts: &Facts) -> Vec<&'static str> {
    let called = |name: &&&str| {
        let Some(symbol) = facts.symbols.get(name) else { return false };
        let bound = facts.bindings.iter().any(|row| row.name == symbol && !matches!(row.kind, BindingKind::Deletion));
        !bound && facts.calls.iter().any(|call| call.path == Some(symbol))
    };
    SHADOWED.iter().filter(called).copied().collect()
}
