//! Pages: `cartesian-join.md`, `sql-cross-join.md`.

use super::{has_open_hole, statements};
use crate::rules::context::Context;
use crate::sql::facts::{Block, Clause, StatementView};
use std::ops::Range;

/// Words that end what a `JOIN` may say about its condition.
const NEXT: [&str; 10] = ["join", "inner", "left", "right", "full", "cross", "natural", "semi", "anti", "lateral"];

/// Every row of one table with every row of another.
pub(super) fn cartesian_join(context: &mut Context<'_>) {
    for view in statements(context) {
        if has_open_hole(view) {
            continue;
        }
        for block in &view.row.blocks {
            let Some(from) = block.clause(Clause::From) else { continue };
            // Conditions may link the tables there as well.
            let linked = [Clause::Where, Clause::Having, Clause::Qualify, Clause::Lateral];
            if linked.iter().any(|clause| block.clause(*clause).is_some()) || joins_one_row(view, block) {
                continue;
            }
            commas(context, view, from.clone());
            joins(context, view, from);
        }
    }
}

/// Whether the query only puts single values side by side: `SELECT … FROM a, b LIMIT 1`.
fn joins_one_row(view: StatementView<'_>, block: &Block) -> bool {
    block.clause(Clause::Limit).is_some_and(|limit| view.text(limit.start + 1) == "1")
}

/// Whether a table stands at `at` under its own name: no query, no function, nothing of a `WITH` list, whose rows may
/// be few.
fn is_table(view: StatementView<'_>, at: usize) -> bool {
    let known = view.row.tables.iter().find(|table| table.tokens.0 == at);
    known.is_some_and(|table| !table.is_cte && !view.is_symbol(table.tokens.1, "("))
}

/// `FROM a, b` without a condition.
fn commas(context: &mut Context<'_>, view: StatementView<'_>, from: Range<usize>) {
    let items = view.items(from.start + 1..from.end);
    let conditions = (from.clone()).any(|at| view.is_any(at, &["on", "using"]));
    if items.len() < 2 || conditions || !items.iter().all(|item| is_table(view, item.start)) {
        return;
    }
    let Some(second) = items.get(1) else { return };
    if let Some(span) = view.span(second.start - 1) {
        context.report(
            span,
            "every row of one table is joined with every row of the other: say which belong together, or write `CROSS JOIN`",
        );
    }
}

/// `JOIN` without `ON` or `USING`.
fn joins(context: &mut Context<'_>, view: StatementView<'_>, from: Range<usize>) {
    let depth = view.depth(from.start);
    for at in from.clone().filter(|&at| view.is(at, "join") && view.depth(at) == depth) {
        let before = at.saturating_sub(4)..at;
        let kind = before.rev().take_while(|&at| {
            view.is_any(at, &["inner", "left", "right", "full", "outer", "semi", "anti", "cross", "natural"])
        });
        let exempt = kind.into_iter().any(|at| view.is_any(at, &["cross", "natural"]));
        if exempt || !is_table(view, at + 1) || !is_table(view, from.start + 1) {
            continue;
        }
        let next = view.find_level(at + 1, |next| {
            next >= from.end
                || view.is_any(next, &["on", "using"])
                || view.is_any(next, &NEXT)
                || view.is_symbol(next, ",")
        });
        if next.is_some_and(|next| next < from.end && view.is_any(next, &["on", "using"])) {
            continue;
        }
        if let Some(span) = view.stretch(at, at + 1) {
            context.report(
                span,
                "without `ON` or `USING` every row is joined with every row: say which belong together, or write `CROSS JOIN`",
            );
        }
    }
}

/// `CROSS JOIN`, said aloud.
pub(super) fn sql_cross_join(context: &mut Context<'_>) {
    for view in statements(context) {
        for at in 0..view.len() {
            if view.are(at, &["cross", "join"])
                && is_table(view, at + 2)
                && let Some(span) = view.stretch(at, at + 1)
            {
                context
                    .report(span, "`CROSS JOIN` pairs every row with every row: join on a column if that is not meant");
            }
        }
    }
}
