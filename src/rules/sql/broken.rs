//! Pages: `sql-not-closed.md`, `invalid-create.md`, `hive-only-command.md`.

use super::{has_open_hole, is_written_out, statements};
use crate::rules::context::Context;
use crate::sql::Unfinished;
use crate::sql::facts::{Role, StatementKind, StatementView};
use crate::text::Span;
use crate::text::edit::Edit;

/// Strings, names, comments and parentheses that do not end, and parentheses that do not begin.
pub(super) fn sql_not_closed(context: &mut Context<'_>) {
    let document = context.document;
    for piece in document.sql().pieces.iter().filter(|piece| !piece.is_template && !piece.is_foreign) {
        let Some((what, span)) = piece.unfinished else { continue };
        let message = match what {
            Unfinished::String => {
                "this string is never closed: all that follows is taken for text, so add the closing quote"
            }
            Unfinished::Quoted => "this name is never closed: its second backtick is missing",
            Unfinished::Comment => "this comment is never closed: it swallows all that follows; `*/` is missing",
            Unfinished::Body => "this body is never closed: its second `$$` is missing",
            Unfinished::Text => continue,
        };
        context.report(span, message);
    }
    for view in statements(context) {
        if view.row.inner || has_open_hole(view) {
            continue;
        }
        let single =
            (0..view.len()).find(|&at| view.pair(at).is_none() && (view.is_symbol(at, "(") || view.is_symbol(at, ")")));
        let Some((at, span)) = single.and_then(|at| Some((at, view.span(at)?))) else { continue };
        let message = if view.is_symbol(at, "(") {
            "this parenthesis is never closed: its `)` is missing"
        } else {
            "this parenthesis closes nothing: one too many, or the first is missing"
        };
        context.report(span, message);
    }
}

/// `CREATE` with words that exclude each other.
pub(super) fn invalid_create(context: &mut Context<'_>) {
    for view in statements(context) {
        let verb = view.row.verb;
        let creates =
            matches!(view.row.kind, StatementKind::CreateTable | StatementKind::CreateView | StatementKind::Create);
        if !creates || !view.is(verb, "create") {
            continue;
        }
        let head = verb..(verb + 10).min(view.len());
        let replaces = view.are(verb + 1, &["or", "replace"]);
        let exists = head.clone().find(|&at| view.are(at, &["if", "not", "exists"]));
        if let (true, Some(at)) = (replaces, exists)
            && let Some(span) = view.stretch(at, at + 2)
        {
            context.report(span, "`OR REPLACE` and `IF NOT EXISTS` exclude each other: keep one of them");
        }
        temporary_name(context, view, verb);
    }
}

/// A temporary view belongs to the session, not to a schema.
fn temporary_name(context: &mut Context<'_>, view: StatementView<'_>, verb: usize) {
    let head = verb..(verb + 6).min(view.len());
    let temporary = head.clone().find(|&at| view.is_any(at, &["temp", "temporary"]));
    let Some(temporary) = temporary.filter(|at| view.is(at + 1, "view")) else { return };
    let created = view.row.tables.iter().find(|table| table.role == Role::Created);
    let Some(table) = created.filter(|table| table.parts.len() > 1 && table.is_known()) else { return };
    if view.is(temporary - 1, "global") && table.parts.first().is_some_and(|part| &*part.text == "global_temp") {
        return;
    }
    let name = table.parts.last().map_or("", |part| &part.text);
    let last = table.parts.last().map_or(table.span, |part| part.span);
    let can = is_written_out(view, context.document.text(), table.tokens.0..table.tokens.1);
    let message =
        format!("a temporary view stands in no catalog and no schema, and its name has one part: write `{name}`");
    let finding = context.report(table.span, message);
    if can {
        let before = Span::new(table.span.start, last.start);
        finding.unsafe_fix(format!("name it `{name}`"), vec![Edit::delete(before)]);
    }
}

/// Commands of Hive that Spark knows only to refuse them.
pub(super) fn hive_only_command(context: &mut Context<'_>) {
    const COMMANDS: [&[&str]; 16] = [
        &["lock", "table"],
        &["lock", "database"],
        &["unlock", "table"],
        &["unlock", "database"],
        &["export", "table"],
        &["import", "table"],
        &["show", "locks"],
        &["show", "compactions"],
        &["show", "indexes"],
        &["create", "index"],
        &["drop", "index"],
        &["alter", "index"],
        &["create", "temporary", "macro"],
        &["drop", "temporary", "macro"],
        &["create", "role"],
        &["drop", "role"],
    ];
    for view in statements(context) {
        let verb = view.row.verb;
        let Some(command) = COMMANDS.iter().find(|command| view.are(verb, command)) else { continue };
        let Some(span) = view.stretch(verb, verb + command.len() - 1) else { continue };
        let name = command.join(" ").to_ascii_uppercase();
        context.report(span, format!("`{name}` is a command of Hive that Spark refuses: remove it"));
    }
}
