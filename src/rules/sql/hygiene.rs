//! Pages: `drop-without-if-exists.md`, `grant-to-everyone.md`.

use super::{behind, is_written_out, statements};
use crate::rules::context::Context;
use crate::sql::TokenKind;
use crate::sql::facts::{StatementKind, StatementView};
use crate::text::edit::Edit;

/// `DROP TABLE t`.
pub(super) fn drop_without_if_exists(context: &mut Context<'_>) {
    let text = context.document.text();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Drop) {
        let verb = view.row.verb;
        let noun = if view.is(verb + 1, "materialized") { verb + 2 } else { verb + 1 };
        if !view.is_any(noun, &["table", "view", "schema", "database", "volume", "function", "catalog"])
            || view.is(noun + 1, "if")
            || may_say_it(view, noun + 1)
        {
            continue;
        }
        let (Some(span), Some(end)) = (view.stretch(verb, noun), behind(view, noun)) else { continue };
        let can = is_written_out(view, text, noun..noun + 1);
        let finding = context.report(span, "fails where there is nothing to drop, as on a second run: add `IF EXISTS`");
        if can {
            finding.unsafe_fix("add `IF EXISTS`", vec![Edit::insert(end.start, " IF EXISTS")]);
        }
    }
}

/// Whether a hole stands where `IF EXISTS` may: behind a blank another name, or another hole, follows it.
fn may_say_it(view: StatementView<'_>, at: usize) -> bool {
    let is_name = |at| {
        view.token(at)
            .is_some_and(|token| matches!(token.kind, TokenKind::Placeholder | TokenKind::Quoted | TokenKind::Word))
    };
    let end = view.token(at).filter(|token| token.kind == TokenKind::Placeholder).map(|token| token.own.end);
    end.is_some_and(|end| view.token(at + 1).is_some_and(|next| next.own.start > end))
        && is_name(at + 1)
        && !view.is_any(at + 1, &["cascade", "restrict"])
}

/// `GRANT ALL PRIVILEGES … TO account users`.
pub(super) fn grant_to_everyone(context: &mut Context<'_>) {
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Grant) {
        if !view.is(view.row.verb, "grant") {
            continue;
        }
        let Some(to) = (0..view.len()).rfind(|&at| view.is(at, "to")) else { continue };
        let who = view.text(to + 1).trim_matches(['`', '\'', '"']);
        let everyone =
            to + 2 == view.len() && ["account users", "users"].iter().any(|name| who.eq_ignore_ascii_case(name));
        let strong = (view.row.verb..to)
            .find(|&at| view.are(at, &["all", "privileges"]) || view.is_any(at, &["manage", "modify", "ownership"]));
        let (Some(strong), Some(span)) = (strong, view.stretch(view.row.verb, view.len() - 1)) else { continue };
        if everyone {
            let right = if view.is(strong, "all") {
                "ALL PRIVILEGES".to_owned()
            } else {
                view.text(strong).to_ascii_uppercase()
            };
            context.report(span, format!("`{who}` is everyone: each of them gets `{right}` here; grant it to a group"));
        }
    }
}
