//! Page: `string-built-sql.md`.

use super::statements;
use crate::python::facts::Value;
use crate::rules::context::Context;
use crate::sql::TokenKind;
use crate::sql::facts::{Place, PlaceholderKind, StatementKind, StatementView};

/// A value put between quotes of SQL by Python.
pub(super) fn string_built_sql(context: &mut Context<'_>) {
    let mut last = None;
    for view in statements(context) {
        let Place::Literal(call) = view.piece.place else { continue };
        let takes_values = matches!(
            view.row.kind,
            StatementKind::Query
                | StatementKind::Insert
                | StatementKind::Update
                | StatementKind::Delete
                | StatementKind::Merge
        );
        if !takes_values || last == Some(view.row.piece) {
            continue;
        }
        let hole = view.row.placeholders.iter().find(|placeholder| {
            placeholder.kind == PlaceholderKind::Hole && placeholder.inside && is_value(view, placeholder.token)
        });
        let Some(hole) = hole else { continue };
        if hole_is_constant(context, call) {
            continue;
        }
        last = Some(view.row.piece);
        let name = if hole.name.is_empty() { "value".to_owned() } else { hole.name.replace("__", "_") };
        let name = name.trim_matches('_');
        let parameter = name.rsplit('.').next().unwrap_or(name);
        context.report(
            hole.span,
            format!(
                "a quote in this value ends the string and changes the statement: write `:{parameter}` without quotes and \
                 give it as `args={{\"{parameter}\": …}}`"
            ),
        );
    }
}

/// Whether the whole text is known in the end: then nothing foreign can be in it.
fn hole_is_constant(context: &Context<'_>, call: u32) -> bool {
    let facts = &context.document.python;
    let call = facts.calls.get(call as usize);
    call.and_then(|call| facts.arguments(call).first())
        .is_some_and(|argument| matches!(argument.value, Value::String(_)))
}

/// Whether a string is compared or stored: something that a parameter may stand for.
fn is_value(view: StatementView<'_>, at: usize) -> bool {
    if view.token(at).is_none_or(|token| token.kind != TokenKind::String) || at == 0 {
        return false;
    }
    let compared = ["=", "==", "<>", "!=", "<", ">", "<=", ">=", "<=>"].iter().any(|sign| view.is_symbol(at - 1, sign));
    let listed = || {
        // `IN ('{a}', '{b}')`, `VALUES ('{a}', 1)`
        let open =
            (0..at).rev().find(|&open| view.is_symbol(open, "(") && view.pair(open).is_some_and(|close| close > at));
        open.is_some_and(|open| {
            open > 0
                && (view.is_any(open - 1, &["in", "values"])
                    || (view.is_symbol(open - 1, ",") && (0..open).rev().any(|at| view.is(at, "values"))))
        })
    };
    // An option of a function or table is no value of a query.
    let option = view.is_symbol(at - 1, "=") && at > 1 && view.is_any(at - 2, &["path", "format"]);
    (compared && !option) || view.is_any(at - 1, &["like", "ilike", "rlike", "between"]) || listed()
}
