//! Pages: `rules/spark/join-without-condition.md`, `rules/spark/cross-join.md`, `rules/spark/unknown-join-type.md`.

use super::methods;
use crate::flow::kind::{Kind, Rows, Type};
use crate::python::facts::{Argument, Call};
use crate::python::nodes::{CompareOp, NodeKind};
use crate::rules::context::Context;
use crate::text::nearest::nearest;

/// Every word for a join, without underscores. Source: `pyspark.sql.DataFrame.join`, and `JoinType` of Spark's catalyst.
const TYPES: &[&str] = &[
    "anti",
    "cross",
    "full",
    "fullouter",
    "inner",
    "left",
    "leftanti",
    "leftouter",
    "leftsemi",
    "outer",
    "right",
    "rightouter",
    "semi",
];

/// As they are usually written.
const WRITTEN: &[&str] = &[
    "inner",
    "left",
    "right",
    "outer",
    "full",
    "cross",
    "left_semi",
    "left_anti",
    "left_outer",
    "right_outer",
    "full_outer",
    "semi",
    "anti",
];

/// `a.join(b)`.
pub(super) fn without_condition(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in methods(facts, &["join"]) {
        let Some((left, right)) = sides(context, call) else { continue };
        if left.is_small() || right.is_small() || is_cross(context, call) || is_filtered(context, call) {
            continue;
        }
        if is_listing(context, call) {
            continue;
        }
        let Some(on) = facts.argument(call, 1, "on") else {
            if facts.arguments(call).iter().all(|argument| !argument.starred) {
                let message = "a join without a condition pairs every row with every row: name the columns in `on`, or \
                               write `crossJoin`";
                context.report(call.callee, message);
            }
            continue;
        };
        if let Some(why) = always(context, on) {
            let message = format!("{why}, so every row is paired with every row: compare a column of each side");
            context.report(on.span, message);
        }
    }
}

/// What makes a condition always true.
fn always(context: &Context<'_>, on: &Argument) -> Option<String> {
    let (facts, text) = (&context.document.python, context.document.text());
    match facts.kind(on.node) {
        NodeKind::Bool(true) => Some("the condition is always true".to_owned()),
        NodeKind::Call(_) => {
            let call = facts.call_at(on.node)?;
            let literal = facts.argument(call, 0, "col").map(|argument| facts.kind(argument.node));
            let is_true = matches!(literal, Some(NodeKind::Bool(true) | NodeKind::Int(1)));
            (is_true && context.flow.sql_function(call).as_deref() == Some("lit"))
                .then(|| "the condition is always true".to_owned())
        }
        NodeKind::Compare { op: CompareOp::Equal, left, right } => {
            let (left, right) = (facts.span(left).of(text), facts.span(right).of(text));
            // `df.id == df.id`: what is compared says which data frame it is of. `col("id") == col("id")` is an error.
            let named = left.contains('.') && !left.contains('(');
            (left == right && named).then(|| format!("`{left}` is compared with itself"))
        }
        _ => None,
    }
}

/// `a.crossJoin(b)`.
pub(super) fn cross(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in methods(facts, &["crossJoin", "join"]) {
        let is_join = super::name_of(facts, call) == "join";
        let Some((left, right)) = sides(context, call) else { continue };
        // How many rows an unknown side has is unknown.
        if right.rows != Rows::Whole || left.is_small() || right.is_small() || is_filtered(context, call) {
            continue;
        }
        if is_join && !is_cross(context, call) || is_listing(context, call) {
            continue;
        }
        let broadcast = facts.arguments(call).first().is_some_and(|argument| {
            let inner = facts.call_at(argument.node);
            inner.is_some_and(|inner| super::name_of(facts, inner) == "broadcast")
        });
        if broadcast {
            continue;
        }
        let message = "a cross join pairs every row with every row: join on a column, or, if one side is small, say so by \
                       `F.broadcast(…)`";
        context.report(call.callee, message);
    }
}

/// The two sides of a join of data frames.
fn sides(context: &Context<'_>, call: &Call) -> Option<(Type, Type)> {
    let left = context.flow.receiver(call);
    let cross = super::name_of(&context.document.python, call) == "crossJoin";
    (left.kind == Kind::Frame || cross && left.kind == Kind::Unknown).then_some(())?;
    let right = context.flow.argument(call, 0, "other");
    matches!(right.kind, Kind::Frame | Kind::Unknown).then_some((left, right))
}

/// Whether a filter stands right behind a join: Spark joins by its condition.
fn is_filtered(context: &Context<'_>, call: &Call) -> bool {
    let next = context.flow.next(call.node);
    next.is_some_and(|next| matches!(super::name_of(&context.document.python, next), "filter" | "where"))
}

/// Whether one side lists values, each once, or is one row: the grid of both is what is wanted.
fn is_listing(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let other = facts.argument(call, 0, "other").map(|other| other.node);
    [Some(facts.called_on(call)), other].into_iter().flatten().any(|side| {
        let steps = context.flow.chain(side);
        steps
            .iter()
            .any(|step| matches!(step.name, "agg" | "distinct" | "dropDuplicates" | "drop_duplicates" | "limit"))
    })
}

fn is_cross(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let how = facts.argument(call, 2, "how").and_then(|how| context.flow.text(how.node));
    how.is_some_and(|how| how.eq_ignore_ascii_case("cross"))
}

/// `a.join(b, "id", "let")`.
pub(super) fn unknown_type(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in methods(facts, &["join"]) {
        let Some(how) = facts.argument(call, 2, "how") else { continue };
        let Some(written) = super::literal(facts, how.node) else { continue };
        let known = written.to_lowercase().replace('_', "");
        if TYPES.binary_search(&known.as_str()).is_ok() || context.flow.receiver(call).kind != Kind::Frame {
            continue;
        }
        let near = nearest(written, WRITTEN.iter().copied());
        let help =
            near.map_or_else(|| format!("use one of {}", WRITTEN.join(", ")), |near| format!("did you mean `{near}`?"));
        let message = format!("there is no join type `{written}`: {help}");
        context.report(how.span, message);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_sorted_as_the_search_needs_them() {
        assert!(TYPES.is_sorted());
        assert!(WRITTEN.iter().all(|word| TYPES.contains(&&*word.replace('_', ""))));
    }
}
