//! Pages: `delete-without-where.md`, `update-without-where.md`, `merge-always-matches.md`, `null-comparison.md`,
//! `not-in-with-null.md`.

use super::{has_open_hole, is_written_out, statements};
use crate::rules::context::Context;
use crate::sql::facts::{Clause, StatementKind, StatementView};
use crate::text::edit::Edit;

/// `DELETE FROM t`.
pub(super) fn delete_without_where(context: &mut Context<'_>) {
    without_where(context, StatementKind::Delete, |table| {
        format!("without `WHERE` this deletes every row of `{table}`; if that is meant, `TRUNCATE TABLE` says so")
    });
}

/// `UPDATE t SET x = 1`.
pub(super) fn update_without_where(context: &mut Context<'_>) {
    without_where(context, StatementKind::Update, |table| {
        format!(
            "without `WHERE` this changes every row of `{table}`, and writes all of its files anew: say which rows, if not all are meant"
        )
    });
}

fn without_where(context: &mut Context<'_>, kind: StatementKind, message: impl Fn(&str) -> String) {
    for view in statements(context).filter(|view| view.row.kind == kind) {
        let verb = view.row.verb;
        let Some(table) = view.row.tables.first().filter(|table| table.tokens.0 <= verb + 2) else { continue };
        if has_open_hole(view) || view.find_level(verb, |at| view.is(at, "where")).is_some() {
            continue;
        }
        let last = if kind == StatementKind::Delete { verb + 1 } else { verb };
        // What follows must be what may follow, or it is no such statement.
        let ends = table.tokens.1 >= view.len();
        let sets = view.find_level(verb, |at| view.is(at, "set")).is_some();
        let alias = table.tokens.1 + 2 >= view.len();
        if (kind == StatementKind::Delete && (ends || alias)) || (kind == StatementKind::Update && sets) {
            let Some(span) = view.stretch(verb, last) else { continue };
            context.report(span, message(&table.name()));
        }
    }
}

/// `MERGE … ON true`.
pub(super) fn merge_always_matches(context: &mut Context<'_>) {
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Merge) {
        let Some(on) = view.find_level(view.row.verb, |at| view.is(at, "on")) else { continue };
        let Some(when) = view.find_level(on, |at| view.is(at, "when")) else { continue };
        let truth = |from: usize, to: usize| match to - from {
            1 => view.is(from, "true"),
            3 => {
                (view.is_symbol(from + 1, "=") || view.is_symbol(from + 1, "=="))
                    && view.text(from) == view.text(from + 2)
                    && super::literal(view, from).is_some()
            }
            _ => false,
        };
        let always = truth(on + 1, when)
            || (view.is_symbol(on + 1, "(") && view.pair(on + 1) == Some(when - 1) && truth(on + 2, when - 1));
        let matched = (when..view.len()).any(|at| view.are(at, &["when", "matched"]));
        if always
            && matched
            && let Some(span) = view.stretch(on, when - 1)
        {
            context.report(
                span,
                "every row of the source matches every row of the target, and `MERGE` fails where two match one: join by the key",
            );
        }
    }
}

/// `x = NULL`.
pub(super) fn null_comparison(context: &mut Context<'_>) {
    let text = context.document.text();
    for view in statements(context) {
        if view.row.kind == StatementKind::Set {
            continue;
        }
        for at in 1..view.len() {
            let equal = view.is_symbol(at, "=") || view.is_symbol(at, "==");
            let differs = view.is_symbol(at, "<>") || view.is_symbol(at, "!=");
            if !(equal || differs) || !view.is(at + 1, "null") || !is_condition(view, at) {
                continue;
            }
            let Some(span) = view.stretch(at, at + 1) else { continue };
            let sign = view.text(at);
            let right = if equal { "IS NULL" } else { "IS NOT NULL" };
            let one_line = !span.of(text).contains('\n');
            let can = one_line && is_written_out(view, text, at..at + 2);
            let finding = context
                .report(span, format!("`{sign} NULL` is never true, whatever stands before it: write `{right}`"));
            if can {
                let glued = if view.is_glued(at) { " " } else { "" };
                finding.unsafe_fix(format!("write `{right}`"), vec![Edit::replace(span, format!("{glued}{right}"))]);
            }
        }
    }
}

/// Whether the comparison at `at` decides something, and is no assignment or property.
fn is_condition(view: StatementView<'_>, mut at: usize) -> bool {
    let mut level = view.depth(at);
    while let Some(before) = at.checked_sub(1) {
        at = view.pair(before).filter(|pair| *pair < before).unwrap_or(before);
        if view.depth(at) < level {
            // The parenthesis around it: a group of conditions, if no function or list stands before it.
            let grouped = at == 0
                || view.is_any(at - 1, &["where", "having", "on", "qualify", "when", "and", "or", "not", "if"])
                || view.is_symbol(at - 1, "(");
            if !grouped {
                return false;
            }
            level = view.depth(at);
            continue;
        }
        if view.is_any(at, &["where", "having", "on", "qualify", "when", "and", "or"]) {
            return true;
        }
        if view.is_symbol(at, ",")
            || view.is_any(at, &["set", "then", "else", "select", "values", "options", "tblproperties", "default"])
        {
            return false;
        }
    }
    false
}

/// `x NOT IN (SELECT y …)`.
pub(super) fn not_in_with_null(context: &mut Context<'_>) {
    for view in statements(context) {
        for at in 0..view.len() {
            if !view.are(at, &["not", "in"]) || !view.is_symbol(at + 2, "(") {
                continue;
            }
            let Some(block) = view.row.blocks.iter().find(|block| block.select == at + 3) else { continue };
            let excluded = block
                .clause(Clause::Where)
                .is_some_and(|mut clause| clause.any(|at| view.are(at, &["is", "not", "null"])));
            if !excluded && let Some(span) = view.stretch(at, at + 1) {
                context.report(
                    span,
                    "if the query gives a single NULL, `NOT IN` is true for no row at all: use `NOT EXISTS`, or leave NULL out",
                );
            }
        }
    }
}
