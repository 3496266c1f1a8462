//! Page: `rules/spark/count-to-test-empty.md`.

use super::{name_of, speaks_of};
use crate::flow::kind::{Kind, Motion};
use crate::python::facts::Call;
use crate::python::nodes::{CompareOp, NodeId, NodeKind};
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// Spark 3.3 brought `isEmpty` to Python.
const FIRST_RUNTIME: (u16, u16) = (11, 0);

/// `df.count() == 0`.
pub(super) fn check(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of(facts, &["count"]) || context.target.dbr.is_some_and(|dbr| dbr < FIRST_RUNTIME) {
        return;
    }
    for node in &facts.nodes {
        let NodeKind::Compare { op, left, right } = node.kind else { continue };
        let (call, number, op, mirrored) = match (facts.call_at(left), facts.kind(right)) {
            (Some(call), NodeKind::Int(number)) => (call, number, op, false),
            _ => match (facts.kind(left), facts.call_at(right)) {
                (NodeKind::Int(number), Some(call)) => (call, number, turned(op), true),
                _ => continue,
            },
        };
        let empty = match (op, number) {
            (CompareOp::Equal | CompareOp::LessOrEqual, 0) | (CompareOp::Less, 1) => true,
            (CompareOp::NotEqual | CompareOp::Greater, 0) | (CompareOp::GreaterOrEqual, 1) => false,
            _ => continue,
        };
        if !counts(context, call) {
            continue;
        }
        let rest = if mirrored {
            Span::new(node.span.start, call.span.start)
        } else {
            Span::new(call.span.end, node.span.end)
        };
        report(context, call, empty, Some((node.span, rest)));
    }
    for &condition in &facts.conditions {
        let (node, negated) = match facts.kind(condition) {
            NodeKind::Not(inner) => (inner, true),
            _ => (condition, false),
        };
        if let Some(call) = facts.call_at(node).filter(|call| counts(context, call)) {
            // `not df.count()` keeps its `not`: only the method changes, and what stands before it.
            let whole = facts.span(condition);
            let rest = negated.then(|| (whole, Span::new(whole.start, call.span.start)));
            report(context, call, negated, rest.or(Some((whole, Span::at(call.span.end)))));
        }
    }
}

/// Whether a call counts the rows of a data frame, for that alone.
fn counts(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let flow = context.flow;
    if name_of(facts, call) != "count" || !call.arguments.is_empty() {
        return false;
    }
    let of = flow.receiver(call);
    // Counting also fills a cache, and that may be what it is for.
    let cached = |at: NodeId| flow.chain(at).iter().any(|step| matches!(step.name, "cache" | "persist"));
    of.kind == Kind::Frame
        && of.motion != Motion::Stream
        && !of.is_small()
        && !cached(facts.called_on(call))
        && !is_cached(context, call)
}

/// Whether the name that is counted is cached by a statement of its own: `df.cache()`.
fn is_cached(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let text = context.document.text();
    let counted = facts.span(facts.called_on(call)).of(text);
    super::methods(facts, &["cache", "persist"])
        .take(super::MOST)
        .any(|cache| facts.span(facts.called_on(cache)).of(text) == counted)
}

fn report(context: &mut Context<'_>, call: &Call, empty: bool, whole: Option<(Span, Span)>) {
    let text = context.document.text();
    let instead = if empty { "isEmpty()" } else { "not …isEmpty()" };
    let message = format!("`count()` goes through every row to tell whether there is any: use `{instead}`");
    let finding = context.report(call.callee, message);
    let Some((node, rest)) = whole else { return };
    // Only what is just an operator and a number is taken away.
    let plain = rest.of(text).chars().all(|c| c.is_ascii_digit() || matches!(c, ' ' | '=' | '!' | '<' | '>'))
        || rest.of(text) == "not ";
    let called = Span::new(call.callee.end, call.span.end).of(text);
    if !plain || called != "()" {
        return;
    }
    let mut edits = vec![Edit::replace(call.callee, "isEmpty")];
    if !rest.is_empty() {
        edits.push(Edit::delete(rest));
    }
    if !empty {
        edits.push(Edit::insert(node.start, "not "));
    }
    finding.fix("use `isEmpty`", edits);
}

/// The operator seen from the other side.
const fn turned(op: CompareOp) -> CompareOp {
    match op {
        CompareOp::Less => CompareOp::Greater,
        CompareOp::Greater => CompareOp::Less,
        CompareOp::LessOrEqual => CompareOp::GreaterOrEqual,
        CompareOp::GreaterOrEqual => CompareOp::LessOrEqual,
        other => other,
    }
}
