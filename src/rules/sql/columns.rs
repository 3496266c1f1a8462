//! Pages: `duplicate-column.md`, `insert-column-mismatch.md`, `union-column-mismatch.md`, `insert-by-position.md`,
//! `select-star-into-table.md`.

use super::{is_written_out, statements};
use crate::rules::context::Context;
use crate::sql::TokenKind;
use crate::sql::facts::{Block, Role, StatementKind, StatementView};
use crate::text::Span;
use crate::text::edit::Edit;
use std::collections::HashSet;
use std::ops::Range;

/// How many columns a list of expressions makes; `None` if one of them may make any number.
fn width(view: StatementView<'_>, list: Range<usize>) -> Option<usize> {
    const MANY: [&str; 9] = [
        "explode",
        "explode_outer",
        "posexplode",
        "posexplode_outer",
        "inline",
        "inline_outer",
        "stack",
        "json_tuple",
        "variant_explode",
    ];
    let list = if view.is_any(list.start, &["distinct", "all"]) { list.start + 1..list.end } else { list };
    let items = view.items(list);
    for item in &items {
        let end = item.end.checked_sub(1).filter(|end| *end >= item.start)?;
        let hole = |at: usize| view.token(at).is_some_and(|token| token.kind == TokenKind::Placeholder);
        // A star that is no product: `*`, `t.*`, `* EXCEPT (…)`.
        let star = item.clone().any(|at| {
            view.is_symbol(at, "*")
                && (at == item.start || view.is_symbol(at - 1, "."))
                && view.depth(at) == view.depth(item.start)
        });
        if star || item.clone().any(hole) || (view.is_any(item.start, &MANY) && view.is_symbol(item.start + 1, "(")) {
            return None;
        }
        // `TRANSFORM (…) USING`, `FROM_JSON(…).*`
        if view.is(item.start, "transform") || view.is_symbol(end, "*") {
            return None;
        }
    }
    Some(items.len())
}

/// Two queries of a `UNION` with different numbers of columns.
pub(super) fn union_column_mismatch(context: &mut Context<'_>) {
    for view in statements(context) {
        for block in &view.row.blocks {
            let Some((word, before)) = block.follows else { continue };
            let Some(before) = view.row.blocks.get(before) else { continue };
            let (Some(first), Some(second)) = (width(view, before.columns()), width(view, block.columns())) else {
                continue;
            };
            if first != second
                && let Some(span) = view.span(word)
            {
                let word = view.text(word).to_ascii_uppercase();
                let message =
                    format!("`{word}` needs as many columns on both sides: {first} before it, {second} behind it");
                context.report(span, message);
            }
        }
    }
}

/// A list of columns and of values that differ in length.
pub(super) fn insert_column_mismatch(context: &mut Context<'_>) {
    for view in statements(context) {
        match view.row.kind {
            StatementKind::Insert => insert(context, view),
            StatementKind::Merge => {
                for at in (1..view.len()).filter(|&at| view.is(at, "insert") && view.is(at - 1, "then")) {
                    compare(context, view, at + 1);
                }
            }
            _ => {}
        }
    }
}

fn insert(context: &mut Context<'_>, view: StatementView<'_>) {
    let Some(table) = view.row.tables.iter().find(|table| table.role == Role::Written) else { return };
    let mut at = table.tokens.1;
    if view.is(at, "partition") {
        // Partition columns may stand in both places.
        return;
    }
    if view.are(at, &["if", "not", "exists"]) {
        at += 3;
    }
    compare(context, view, at);
}

/// Compares the columns in the parentheses at `open` with each row behind them.
fn compare(context: &mut Context<'_>, view: StatementView<'_>, open: usize) {
    let Some(close) = view.pair(open).filter(|_| view.is_symbol(open, "(")) else { return };
    if view.is_any(open + 1, &["select", "with", "from", "values"]) {
        return;
    }
    let Some(columns) = width(view, open + 1..close) else { return };
    let mut seen = HashSet::new();
    for item in view.items(open + 1..close) {
        let name = view.text(item.start).trim_matches('`').to_lowercase();
        if item.len() == 1 && !seen.insert(name) {
            let Some(span) = view.span(item.start) else { continue };
            context.report(span, format!("the column `{}` is named twice: remove one", view.text(item.start)));
            return;
        }
    }
    let mut report = |span: Option<Span>, values: usize| {
        let Some(span) = span else { return };
        let s = |n: usize| if n == 1 { "" } else { "s" };
        let (a, b) = (s(columns), s(values));
        context.report(span, format!("{columns} column{a} named, {values} value{b} given"));
    };
    if view.is(close + 1, "values") {
        let mut at = close + 2;
        while let Some(end) = view.pair(at).filter(|_| view.is_symbol(at, "(")) {
            let values = width(view, at + 1..end);
            if let Some(values) = values.filter(|values| *values != columns) {
                report(view.stretch(at, end), values);
                return;
            }
            if !view.is_symbol(end + 1, ",") {
                return;
            }
            at = end + 2;
        }
    } else if view.is(close + 1, "select")
        && let Some(block) = view.row.blocks.iter().find(|block| block.select == close + 1)
        && let Some(values) = width(view, block.columns()).filter(|values| *values != columns)
    {
        report(view.span(close + 1), values);
    }
}

/// One name twice among the columns of a table or view.
pub(super) fn duplicate_column(context: &mut Context<'_>) {
    for view in statements(context) {
        let creates = matches!(view.row.kind, StatementKind::CreateTable | StatementKind::CreateView);
        let Some(table) = view.row.tables.iter().find(|table| creates && table.role == Role::Created) else { continue };
        if (view.row.verb..table.tokens.0).any(|at| view.is_any(at, &["temp", "temporary"])) {
            continue;
        }
        let after = table.tokens.1;
        let columns = match view.pair(after).filter(|_| view.is_symbol(after, "(")) {
            Some(close) => defined(view, after + 1..close),
            None => view
                .row
                .blocks
                .iter()
                .find(|block| view.depth(block.select) == 0 && view.is(block.select.wrapping_sub(1), "as"))
                .map_or(Vec::new(), |block| selected(view, block)),
        };
        let mut seen = HashSet::new();
        for at in columns {
            let name = view.text(at).trim_matches('`');
            if !seen.insert(name.to_lowercase())
                && let Some(span) = view.span(at)
            {
                context.report(
                    span,
                    format!("the column `{name}` is there already, and case makes no difference: rename or remove one"),
                );
            }
        }
    }
}

/// The names of the columns in a list of definitions. Commas between `<` and `>` belong to a type.
fn defined(view: StatementView<'_>, list: Range<usize>) -> Vec<usize> {
    const NO_COLUMN: [&str; 6] = ["constraint", "primary", "foreign", "check", "unique", "expect"];
    let mut names = Vec::new();
    let mut angles = 0_usize;
    let mut starts = true;
    let mut at = list.start;
    while at < list.end {
        if starts
            && view.is_name(at)
            && !view.is_any(at, &NO_COLUMN)
            && at + 1 < list.end
            && !view.is_symbol(at + 1, ",")
        {
            names.push(at);
        }
        starts = angles == 0 && view.is_symbol(at, ",");
        match view.text(at) {
            "<" => angles += 1,
            ">" | ">>" | ">>>" => angles = angles.saturating_sub(view.text(at).len()),
            _ => {}
        }
        at = view.pair(at).filter(|pair| *pair > at).unwrap_or(at) + 1;
    }
    names
}

/// The names that the columns of a query have, as far as they are written.
fn selected(view: StatementView<'_>, block: &Block) -> Vec<usize> {
    let list = block.columns();
    let list = if view.is_any(list.start, &["distinct", "all"]) { list.start + 1..list.end } else { list };
    let plain = |item: &Range<usize>| {
        (item.start..item.end).all(|at| view.is_name(at) || view.is_symbol(at, "."))
            && (item.len() == 1 || view.is_symbol(item.end - 2, "."))
    };
    view.items(list)
        .into_iter()
        .filter(|item| !item.is_empty() && view.is_name(item.end - 1))
        .filter(|item| {
            plain(item)
                || (item.len() > 2 && view.is(item.end - 2, "as") && view.depth(item.end - 2) == view.depth(item.start))
        })
        .map(|item| item.end - 1)
        .collect()
}

/// The block that an `INSERT` or a `CREATE … AS` takes its rows from, if it takes all columns as they come.
fn starred(view: StatementView<'_>) -> Option<(&Block, usize)> {
    let block = view.row.blocks.iter().find(|block| view.depth(block.select) == 0)?;
    let star = view.items(block.columns()).into_iter().find_map(|item| {
        let last = item.end.checked_sub(1)?;
        let star = view.is_symbol(last, "*") && (item.len() == 1 || view.is_symbol(last - 1, "."));
        star.then_some(last)
    })?;
    Some((block, star))
}

/// `INSERT INTO t SELECT *`.
pub(super) fn insert_by_position(context: &mut Context<'_>) {
    let text = context.document.text();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Insert) {
        let Some(table) = view.row.tables.iter().find(|table| table.role == Role::Written) else { continue };
        let after = table.tokens.1;
        let Some((_, star)) = starred(view).filter(|_| view.is(after, "select")) else { continue };
        let (Some(span), Some(end)) = (view.span(star), super::behind(view, after - 1)) else { continue };
        let can = is_written_out(view, text, table.tokens.0..after);
        let message = "columns are matched by position: a new or moved column of the source lands in the wrong one; \
                       insert `BY NAME`";
        let finding = context.report(span, message);
        if can {
            finding.unsafe_fix("insert `BY NAME`", vec![Edit::insert(end.start, " BY NAME")]);
        }
    }
}

/// `CREATE TABLE … AS SELECT *`.
pub(super) fn select_star_into_table(context: &mut Context<'_>) {
    for view in statements(context) {
        let creates = matches!(view.row.kind, StatementKind::CreateTable | StatementKind::CreateView);
        let temporary = (view.row.verb..view.row.verb + 5).any(|at| view.is_any(at, &["temp", "temporary"]));
        if !creates || temporary {
            continue;
        }
        if let Some(span) = starred(view).and_then(|(_, star)| view.span(star)) {
            context.report(span, "whatever columns the source gains land here too: name the columns");
        }
    }
}
