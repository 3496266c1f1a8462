//! Pages: `rules/spark/boolean-operator-on-column.md`, `rules/spark/comparison-without-brackets.md`.

use super::speaks_of;
use crate::flow::kind::Kind;
use crate::python::nodes::{BinaryOp, NodeId, NodeKind};
use crate::rules::context::Context;
use std::collections::HashSet;

/// Words without one of which a document has no columns.
const WORDS: &[&str] =
    &["spark", "pyspark.sql.functions", "pyspark.sql", "DataFrame", "withColumn", "select", "filter", "where"];

/// `(F.col("a") == 1) and (F.col("b") == 2)`.
pub(super) fn operator(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of(facts, WORDS) {
        return;
    }
    let flow = context.flow;
    let is_column = |node: NodeId| flow.kind_of(node) == Kind::Column;
    let mut said = HashSet::new();
    for node in &facts.nodes {
        match node.kind {
            NodeKind::Logic(children) => {
                let children = facts.children(children);
                let Some(&column) = children.iter().find(|&&child| is_column(child)) else { continue };
                // The last of an `and` or `or` is only given on.
                if children.last() == Some(&column) {
                    continue;
                }
                said.insert(column);
                let message = "a column is neither true nor false, so `and` and `or` fail on it: combine columns by `&` \
                               and `|`, with brackets around each comparison";
                context.report(node.span, message);
            }
            NodeKind::Not(inner) if is_column(inner) => {
                said.insert(inner);
                context.report(node.span, "a column is neither true nor false, so `not` fails on it: use `~`");
            }
            _ => {}
        }
    }
    for &condition in &facts.conditions {
        let inner = match facts.kind(condition) {
            NodeKind::Not(_) | NodeKind::Logic(_) => continue,
            _ => condition,
        };
        if is_column(inner) && !said.contains(&inner) {
            let message = "a column is neither true nor false, so a condition on it fails: use `F.when`, or compare a \
                           value that was collected";
            context.report(facts.span(inner), message);
        }
    }
}

/// `F.col("a") > 1 & F.col("b") > 2`.
pub(super) fn brackets(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of(facts, WORDS) {
        return;
    }
    let flow = context.flow;
    for node in &facts.nodes {
        let NodeKind::Binary { op, left, right } = node.kind else { continue };
        let sign = match op {
            BinaryOp::And => '&',
            BinaryOp::Or => '|',
            _ => continue,
        };
        let constant = |node: NodeId| {
            matches!(facts.kind(node), NodeKind::Int(_) | NodeKind::Literal | NodeKind::String(_) | NodeKind::Text(_))
        };
        let other = if constant(left) {
            right
        } else if constant(right) {
            left
        } else {
            continue;
        };
        if flow.kind_of(other) != Kind::Column {
            continue;
        }
        let message = format!(
            "`{sign}` binds tighter than a comparison, so this is `{}`: put brackets around each comparison",
            shortened(node.span.of(context.document.text()))
        );
        context.report(node.span, message);
    }
}

/// Code as it is said in a message: one line, not too long.
fn shortened(code: &str) -> String {
    let line: String = code.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= 40 { line } else { line.chars().take(39).chain(['…']).collect() }
}
