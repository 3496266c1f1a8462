//! Pages: `aggregate-in-where.md`, `repeated-clause.md`, `sql-empty-clause.md`, `sql-trailing-comma.md`,
//! `unused-cte.md`, `useless-order-by.md`.

use super::{has_open_hole, is_written_out, statements};
use crate::rules::context::Context;
use crate::sql::TokenKind;
use crate::sql::facts::{Block, Clause, StatementView};
use crate::text::Span;
use crate::text::edit::Edit;
use std::collections::HashMap;

/// `WHERE … WHERE`.
pub(super) fn repeated_clause(context: &mut Context<'_>) {
    for view in statements(context) {
        for block in &view.row.blocks {
            for (at, (clause, start)) in block.clauses.iter().enumerate() {
                let once = !matches!(clause, Clause::Lateral | Clause::Sort | Clause::Window);
                let before = block.clauses.get(..at).unwrap_or_default();
                if !once || !before.iter().any(|(other, _)| other == clause) {
                    continue;
                }
                let Some(span) = view.span(*start) else { continue };
                let name = clause.name();
                let advice = if *clause == Clause::Where { ": join the conditions with `AND`" } else { "" };
                context.report(span, format!("a second `{name}` in one query is a syntax error{advice}"));
            }
        }
    }
}

/// `FROM t WHERE GROUP BY x`: words with nothing behind them.
pub(super) fn sql_empty_clause(context: &mut Context<'_>) {
    for view in statements(context).filter(|view| !view.row.blocks.is_empty() && !has_open_hole(*view)) {
        let mut found: Vec<(usize, usize)> = Vec::new();
        for block in &view.row.blocks {
            for (at, (clause, start)) in block.clauses.iter().enumerate() {
                let words = match clause {
                    Clause::From | Clause::Where | Clause::Having | Clause::Qualify => 1,
                    Clause::Group | Clause::Order | Clause::Sort | Clause::Lateral => 2,
                    Clause::Window | Clause::Limit | Clause::Offset => continue,
                };
                let next = block.clauses.get(at + 1).map_or(block.end, |(_, next)| *next);
                if start + words == next {
                    found.push((*start, next - 1));
                }
            }
            let is_from = block.clauses.first().is_some_and(|(clause, _)| *clause == Clause::From);
            let columns = block.columns();
            let quantified = columns.len() == 1 && view.is_any(columns.start, &["all", "distinct"]);
            if is_from && (columns.is_empty() || quantified) {
                found.push((block.select, columns.end - 1));
            }
        }
        // Words that join two things, at the end of all or of what stands in parentheses.
        found.extend((1..view.len()).filter(|&at| hangs(view, at)).map(|at| (at, at)));
        found.sort_unstable();
        for (first, last) in found {
            let Some(span) = view.stretch(first, last) else { continue };
            let words: Vec<String> = (first..=last).map(|at| view.text(at).to_ascii_uppercase()).collect();
            let next = match view.text(last + 1) {
                "" => "the statement ends".to_owned(),
                next => format!("`{}` follows", next.to_ascii_uppercase()),
            };
            context.report(span, format!("nothing stands behind `{}`: {next}", words.join(" ")));
        }
    }
}

/// Whether a word that joins two things has no second.
fn hangs(view: StatementView<'_>, at: usize) -> bool {
    view.is_any(at, &["and", "or", "join", "on", "union"])
        && (at + 1 == view.len() || view.is_symbol(at + 1, ")"))
        && !(view.is_symbol(at - 1, ".") || view.is_symbol(at - 1, ",") || view.is_symbol(at - 1, "("))
        && !view.is(at - 1, "as")
}

/// A comma with nothing behind it.
pub(super) fn sql_trailing_comma(context: &mut Context<'_>) {
    let text = context.document.text();
    for view in statements(context) {
        let mut found: Vec<usize> = view
            .row
            .blocks
            .iter()
            .flat_map(|block| block.clauses.iter().map(|(_, start)| *start))
            .filter(|start| *start > 0 && view.is_symbol(start - 1, ","))
            .map(|start| start - 1)
            .collect();
        found.extend(
            (1..view.len()).filter(|&at| view.is_symbol(at, ")") && view.is_symbol(at - 1, ",")).map(|at| at - 1),
        );
        found.sort_unstable();
        for at in found {
            let Some(span) = view.span(at) else { continue };
            let next = view.text(at + 1).to_ascii_uppercase();
            let can = is_written_out(view, text, at..at + 1);
            let finding = context.report(span, format!("nothing stands between this comma and `{next}`: remove it"));
            if can {
                finding.fix("remove the comma", vec![Edit::delete(span)]);
            }
        }
    }
}

/// `WHERE sum(x) > 1`.
pub(super) fn aggregate_in_where(context: &mut Context<'_>) {
    const AGGREGATES: [&str; 9] =
        ["count", "sum", "avg", "max", "min", "mean", "collect_list", "collect_set", "count_if"];
    const WINDOWS: [&str; 6] = ["row_number", "rank", "dense_rank", "ntile", "lag", "lead"];
    for view in statements(context) {
        for block in &view.row.blocks {
            let Some(clause) = block.clause(Clause::Where) else { continue };
            let inside = |at: usize| {
                view.row.blocks.iter().any(|other| other.select > clause.start && other.select < at && at < other.end)
            };
            let called = |at: usize| view.is_symbol(at + 1, "(") && !(at > 0 && view.is_symbol(at - 1, "."));
            let mut candidates = clause
                .clone()
                .filter(|&at| called(at) && (view.is_any(at, &AGGREGATES) || view.is_any(at, &WINDOWS)) && !inside(at));
            let Some(at) = candidates.next() else { continue };
            let Some(span) = view.span(at) else { continue };
            let name = view.text(at).to_lowercase();
            let over = view.pair(at + 1).is_some_and(|close| view.is(close + 1, "over"));
            let message = if over || view.is_any(at, &WINDOWS) {
                format!("`WHERE` comes before window functions such as `{name}`: use `QUALIFY`")
            } else {
                format!("`WHERE` comes before aggregates such as `{name}`: use `HAVING`")
            };
            context.report(span, message);
        }
    }
}

/// One entry of a `WITH` list.
struct Entry {
    /// The index of its name.
    name: usize,
    /// The index of the parenthesis that ends it.
    close: usize,
}

/// The entries of the `WITH` list that starts at `with`.
fn entries(view: StatementView<'_>, with: usize) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut at = if view.is(with + 1, "recursive") { with + 2 } else { with + 1 };
    while view.is_name(at) {
        let name = at;
        let open = (at + 1..at + 4).find(|&at| view.is_symbol(at, "("));
        let Some(mut close) = open.and_then(|open| view.pair(open)) else { break };
        if view.is(close + 1, "as") {
            let Some(end) = view.pair(close + 2) else { break };
            close = end;
        }
        entries.push(Entry { name, close });
        if !view.is_symbol(close + 1, ",") {
            break;
        }
        at = close + 2;
    }
    entries
}

/// A query of a `WITH` list that nothing reads.
pub(super) fn unused_cte(context: &mut Context<'_>) {
    let text = context.document.text();
    for view in statements(context) {
        if view.row.ctes.is_empty() || has_open_hole(view) {
            continue;
        }
        let mut words: HashMap<String, usize> = HashMap::new();
        for at in (0..view.len()).filter(|&at| view.is_name(at)) {
            *words.entry(view.text(at).trim_matches('`').to_lowercase()).or_default() += 1;
        }
        for with in (0..view.len()).filter(|&at| view.is(at, "with")) {
            let entries = entries(view, with);
            for (index, entry) in entries.iter().enumerate() {
                let name = view.text(entry.name).trim_matches('`');
                let known = view.row.ctes.iter().any(|cte| **cte == *name.to_lowercase());
                if !known || words.get(&name.to_lowercase()) != Some(&1) {
                    continue;
                }
                let Some(span) = view.span(entry.name) else { continue };
                let removed = removed(view, with, &entries, index);
                let can = is_written_out(view, text, entry.name..entry.name + 1) && view.piece.holes.is_empty();
                let finding = context.report(span, format!("nothing in this statement reads `{name}`: remove it"));
                if let Some(removed) = removed.filter(|_| can && view.piece.place_is_plain()) {
                    finding.unsafe_fix(format!("remove `{name}`"), vec![Edit::delete(removed)]);
                }
            }
        }
    }
}

/// What goes away with an entry: up to the next one, from the end of the one before, or with its `WITH`.
fn removed(view: StatementView<'_>, with: usize, entries: &[Entry], index: usize) -> Option<Span> {
    let entry = entries.get(index)?;
    let (from, to) = match (index.checked_sub(1).and_then(|before| entries.get(before)), entries.get(index + 1)) {
        (_, Some(next)) => (view.span(entry.name)?.start, view.span(next.name)?.start),
        (Some(before), None) => (view.span(before.close)?.end, view.span(entry.close)?.end),
        (None, None) => (view.span(with)?.start, view.span(entry.close + 1)?.start),
    };
    (from <= to).then(|| Span::new(from, to))
}

/// `ORDER BY` whose order is lost at once.
pub(super) fn useless_order_by(context: &mut Context<'_>) {
    for view in statements(context) {
        let blocks = &view.row.blocks;
        for block in blocks.iter().filter(|block| view.depth(block.select) > 0) {
            let Some(order) = block.clause(Clause::Order) else { continue };
            if block.clause(Clause::Limit).is_some() || block.clause(Clause::Offset).is_some() || has_open_hole(view) {
                continue;
            }
            let Some(outer) = around(view, blocks, block) else { continue };
            let sorts = outer.clause(Clause::Order).is_some();
            let groups = outer.clause(Clause::Group).is_some();
            if (sorts || groups) && !depends_on_order(view, outer) {
                let Some(span) = view.stretch(order.start, order.start + 1) else { continue };
                let then = if sorts { "sorts its rows anew" } else { "groups its rows" };
                let cut = order.start.checked_sub(1).and_then(|before| view.span(before)).zip(view.span(order.end - 1));
                let can = view.piece.place_is_plain() && view.piece.holes.is_empty();
                let message = format!("this order is lost: the query around it {then}; remove the `ORDER BY`");
                let finding = context.report(span, message);
                if let Some((before, last)) = cut.filter(|_| can) {
                    finding.unsafe_fix("remove the `ORDER BY`", vec![Edit::delete(Span::new(before.end, last.end))]);
                }
            }
        }
    }
}

/// The block that reads another one as the only thing after its `FROM`.
fn around<'a>(view: StatementView<'_>, blocks: &'a [Block], inner: &Block) -> Option<&'a Block> {
    let open = inner.select.checked_sub(1).filter(|&open| view.is_symbol(open, "("))?;
    // A chain of `UNION`s is ordered as a whole, and its parts are not.
    let close = view.pair(open).filter(|close| *close == inner.end)?;
    blocks.iter().find(|outer| {
        let from = outer.clause(Clause::From);
        from.is_some_and(|from| from.start + 1 == open && close < from.end)
    })
}

/// Whether a query uses functions whose result hangs on the order of rows, or limits them.
fn depends_on_order(view: StatementView<'_>, block: &Block) -> bool {
    const ORDERED: [&str; 14] = [
        "collect_list",
        "collect_set",
        "array_agg",
        "first",
        "first_value",
        "last",
        "last_value",
        "any_value",
        "listagg",
        "string_agg",
        "row_number",
        "monotonically_increasing_id",
        "lag",
        "lead",
    ];
    (block.select..block.end)
        .any(|at| view.is_any(at, &ORDERED) || view.token(at).is_some_and(|token| token.kind == TokenKind::Placeholder))
}
