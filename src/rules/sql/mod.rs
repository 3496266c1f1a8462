//! Rules of the group `sql`: SQL, wherever it stands: in cells, in files, and in text given to `spark.sql`.

mod broken;
mod clauses;
mod columns;
mod hygiene;
mod joins;
mod maintenance;
mod rows;
mod statements;
mod strings;

use super::Check;
use super::context::Context;
use crate::sql::TokenKind;
use crate::sql::facts::{PlaceholderKind, StatementView};
use crate::text::Span;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("aggregate-in-where", clauses::aggregate_in_where),
    ("cartesian-join", joins::cartesian_join),
    ("clustering-conflict", maintenance::clustering_conflict),
    ("delete-without-where", rows::delete_without_where),
    ("drop-without-if-exists", hygiene::drop_without_if_exists),
    ("duplicate-column", columns::duplicate_column),
    ("empty-statement", statements::empty_statement),
    ("grant-to-everyone", hygiene::grant_to_everyone),
    ("hive-only-command", broken::hive_only_command),
    ("insert-by-position", columns::insert_by_position),
    ("insert-column-mismatch", columns::insert_column_mismatch),
    ("invalid-create", broken::invalid_create),
    ("merge-always-matches", rows::merge_always_matches),
    ("missing-semicolon", statements::missing_semicolon),
    ("not-in-with-null", rows::not_in_with_null),
    ("null-comparison", rows::null_comparison),
    ("repeated-clause", clauses::repeated_clause),
    ("select-star-into-table", columns::select_star_into_table),
    ("several-statements-in-call", statements::several_statements_in_call),
    ("sql-cross-join", joins::sql_cross_join),
    ("sql-empty-clause", clauses::sql_empty_clause),
    ("sql-not-closed", broken::sql_not_closed),
    ("sql-trailing-comma", clauses::sql_trailing_comma),
    ("string-built-sql", strings::string_built_sql),
    ("union-column-mismatch", columns::union_column_mismatch),
    ("unused-cte", clauses::unused_cte),
    ("update-without-where", rows::update_without_where),
    ("useless-order-by", clauses::useless_order_by),
    ("vacuum-check-disabled", maintenance::vacuum_check_disabled),
    ("vacuum-too-short", maintenance::vacuum_too_short),
];

/// Every statement of the document that is SQL of the platform: not what stands among tags of a template language,
/// and not that of files written for another database.
fn statements<'a>(context: &Context<'a>) -> impl Iterator<Item = StatementView<'a>> + use<'a> {
    context.document.sql().views().filter(|view| !view.piece.is_template && !view.piece.is_foreign)
}

/// Whether text of which nothing is known is put in between the words of a statement, where it may be anything: a
/// clause, a list, a condition. Parameters are values, and in the name of a table or in a string a hole is a part of it.
fn has_open_hole(view: StatementView<'_>) -> bool {
    view.row.placeholders.iter().any(|placeholder| {
        let is_text = !matches!(placeholder.kind, PlaceholderKind::Named | PlaceholderKind::Positional);
        let names = |at: usize| view.row.tables.iter().any(|table| table.tokens.0 <= at && at < table.tokens.1);
        is_text && !placeholder.inside && !names(placeholder.token)
    })
}

/// Whether the text in the document under each of some tokens is the token's own, so that an edit may replace it.
fn is_written_out(view: StatementView<'_>, text: &str, tokens: std::ops::Range<usize>) -> bool {
    view.is_exact() && tokens.into_iter().all(|at| view.span(at).is_some_and(|span| span.of(text) == view.text(at)))
}

/// The place right behind a token.
fn behind(view: StatementView<'_>, at: usize) -> Option<Span> {
    view.span(at).map(|span| Span::at(span.end))
}

/// Whether a token is a number or a string, and its text.
fn literal(view: StatementView<'_>, at: usize) -> Option<&str> {
    let kind = view.token(at)?.kind;
    matches!(kind, TokenKind::Number | TokenKind::String).then(|| view.text(at))
}
