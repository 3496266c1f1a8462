//! Pages: `missing-semicolon.md`, `several-statements-in-call.md`, `empty-statement.md`.

use super::{behind, is_written_out, statements};
use crate::rules::context::Context;
use crate::sql::facts::{Clause, Place, StatementKind, StatementView};
use crate::text::Span;
use crate::text::edit::Edit;

/// Two words that start a statement wherever they start a line.
const STARTS: [(&str, &[&str]); 15] = [
    (
        "create",
        &[
            "table",
            "or",
            "view",
            "schema",
            "database",
            "catalog",
            "function",
            "temp",
            "temporary",
            "external",
            "streaming",
            "materialized",
            "volume",
            "widget",
        ],
    ),
    ("drop", &["table", "view", "schema", "database", "catalog", "volume"]),
    ("alter", &["table", "view", "schema", "database", "catalog"]),
    ("insert", &["into", "overwrite"]),
    ("delete", &["from"]),
    ("merge", &["into"]),
    ("copy", &["into"]),
    ("truncate", &["table"]),
    ("use", &["catalog", "schema", "database"]),
    ("describe", &["extended", "history", "detail", "formatted"]),
    ("show", &["tables", "schemas", "databases", "catalogs", "columns", "grants", "views"]),
    ("analyze", &["table"]),
    ("refresh", &["table"]),
    ("grant", &["select", "usage", "use", "all", "modify", "create", "execute"]),
    ("revoke", &["select", "usage", "use", "all", "modify", "create", "execute"]),
];

/// Words after which what follows still belongs to the statement.
const GOES_ON: [&str; 31] = [
    "as",
    "then",
    "else",
    "begin",
    "do",
    "return",
    "explain",
    "extended",
    "formatted",
    "cost",
    "codegen",
    "union",
    "all",
    "distinct",
    "except",
    "intersect",
    "minus",
    "with",
    "on",
    "grant",
    "revoke",
    "deny",
    "comment",
    "show",
    "describe",
    "and",
    "or",
    "not",
    "is",
    "loop",
    "repeat",
];

/// Where a statement starts in the middle of what is read as one.
fn starts_inside(view: StatementView<'_>) -> Vec<usize> {
    use StatementKind as Kind;
    let row = view.row;
    let routine = row.kind == Kind::Create && (0..8).any(|at| view.is_any(at, &["function", "procedure"]));
    if row.inner || routine || matches!(row.kind, Kind::Compound | Kind::Grant | Kind::Other | Kind::Empty) {
        return Vec::new();
    }
    let mut found = Vec::new();
    for at in row.verb + 1..view.len() {
        if view.depth(at) != 0 || !view.is_word(at) || !view.starts_line(at) {
            continue;
        }
        let pair = STARTS.iter().any(|(first, second)| view.is(at, first) && view.is_any(at + 1, second));
        let multiple_insert = view.is(at, "insert") && view.is(row.verb, "from");
        if !(pair && !multiple_insert || starts_query(view, at)) {
            continue;
        }
        let ends = view.is_name(at - 1) || view.is_symbol(at - 1, ")") || super::literal(view, at - 1).is_some();
        if ends && !view.is_any(at - 1, &GOES_ON) {
            found.push(at);
        }
    }
    found
}

/// Whether a query starts where none can: behind a statement that takes none, or behind a whole query.
fn starts_query(view: StatementView<'_>, at: usize) -> bool {
    use StatementKind as Kind;
    let row = view.row;
    let query = view.is(at, "select") || (view.is(at, "with") && view.is_name(at + 1) && view.is(at + 2, "as"));
    if !query {
        return false;
    }
    if matches!(row.kind, Kind::Drop | Kind::Use | Kind::Truncate | Kind::Optimize | Kind::Vacuum) {
        return true;
    }
    let before = row.blocks.iter().rfind(|block| block.select < at && view.depth(block.select) == 0);
    row.kind == Kind::Query
        && view.is(row.verb, "select")
        && before.is_some_and(|block| block.end >= at && block.clause(Clause::From).is_some())
}

/// Two statements of a cell or file with nothing between them.
pub(super) fn missing_semicolon(context: &mut Context<'_>) {
    for view in statements(context) {
        if matches!(view.piece.place, Place::Literal(_)) {
            continue;
        }
        for at in starts_inside(view) {
            let (Some(span), Some(before)) = (view.span(at), behind(view, at - 1)) else { continue };
            // A file that was a notebook until it lost its first line: its cells are statements of their own.
            if Span::new(before.start, span.start.max(before.start)).of(context.document.text()).contains("COMMAND ---")
            {
                continue;
            }
            let word = view.text(at).to_ascii_uppercase();
            let message = format!(
                "a new statement starts here, but the one before it has no `;`: `{word}` is read as a part of it"
            );
            let can = is_written_out(view, context.document.text(), at - 1..at);
            let finding = context.report(span, message);
            if can {
                finding.fix("end the statement with `;`", vec![Edit::insert(before.start, ";")]);
            }
        }
    }
}

/// More than one statement in the text that `spark.sql` is given.
pub(super) fn several_statements_in_call(context: &mut Context<'_>) {
    let mut first = None;
    for view in statements(context) {
        if !matches!(view.piece.place, Place::Literal(_)) || view.row.inner || view.row.kind == StatementKind::Empty {
            continue;
        }
        let second = first.replace(view.row.piece) == Some(view.row.piece);
        let at = if second { Some(0) } else { starts_inside(view).first().copied() };
        if let Some(span) = at.and_then(|at| view.span(at)) {
            context.report(
                span,
                "`spark.sql` runs one statement, and here a second one starts: give each a call of its own",
            );
        }
    }
}

/// A `;` that ends nothing.
pub(super) fn empty_statement(context: &mut Context<'_>) {
    for view in statements(context) {
        let Some(semicolon) = view.row.semicolon else { continue };
        if view.row.kind != StatementKind::Empty || !view.is_exact() || semicolon.of(context.document.text()) != ";" {
            continue;
        }
        context
            .report(semicolon, "this `;` ends a statement of nothing: remove it")
            .fix("remove the `;`", vec![Edit::delete(semicolon)]);
    }
}
