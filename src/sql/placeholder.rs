//! What something else puts text in the place of, in code and inside strings.

use super::facts::{Placeholder, PlaceholderKind, StatementView};
use super::token::TokenKind;
use crate::text::Span;

/// The placeholders of a statement, in order of place.
pub(super) fn placeholders(view: StatementView<'_>) -> Vec<Placeholder> {
    let mut found = Vec::new();
    let first = view.token(0).map_or(0, |token| token.own.start);
    let skipped = view.piece.holes.partition_point(|hole| hole.end <= first);
    let mut holes = view.piece.holes.iter().skip(skipped).peekable();
    for at in 0..view.len() {
        let Some(token) = view.token(at) else { break };
        while holes.next_if(|hole| hole.end <= token.own.start).is_some() {}
        match token.kind {
            TokenKind::Placeholder => {
                let text = view.text(at);
                let (kind, name) = written(text);
                let is_hole = holes.peek().is_some_and(|hole| hole.overlaps(token.own));
                let kind = if is_hole { PlaceholderKind::Hole } else { kind };
                found.push(Placeholder { kind, name: name.into(), span: token.span, token: at, inside: false });
            }
            TokenKind::String | TokenKind::Quoted | TokenKind::Word => {
                while let Some(hole) = holes.next_if(|hole| hole.start < token.own.end) {
                    let name = hole.of(&view.piece.code).trim_matches(['{', '}']).trim();
                    let span = view.piece.place_of(*hole);
                    found.push(Placeholder {
                        kind: PlaceholderKind::Hole,
                        name: name.into(),
                        span,
                        token: at,
                        inside: true,
                    });
                }
                if token.kind != TokenKind::Word {
                    dollars(view, at, view.text(at), token.own.start, &mut found);
                }
            }
            _ => {}
        }
    }
    found.sort_by_key(|placeholder| (placeholder.token, placeholder.span));
    found
}

/// `${x}` and `{{x}}` in the text of a string or a quoted name, which starts at byte `base` of the piece.
fn dollars(view: StatementView<'_>, at: usize, text: &str, base: u32, found: &mut Vec<Placeholder>) {
    let mut from = 0;
    let sign = |from: usize| memchr::memchr2(b'$', b'{', text.as_bytes().get(from..)?).map(|start| from + start);
    while let Some(start) = sign(from) {
        let rest = text.get(start..).unwrap_or_default();
        let (kind, open, close) = if rest.starts_with("${") {
            (PlaceholderKind::Dollar, 2, "}")
        } else if rest.starts_with("{{") {
            (PlaceholderKind::Braces, 2, "}}")
        } else {
            from = start + 1;
            continue;
        };
        from = start + open;
        let Some(length) = rest.get(open..).and_then(|rest| rest.find(close)) else { continue };
        let name = rest.get(open..open + length).unwrap_or_default();
        if name.is_empty() || name.len() > 200 || name.contains(['\n', '{', '"', '\'']) {
            continue;
        }
        let end = start + open + length + close.len();
        let own = Span::new(base + clamp(start), base + clamp(end));
        let holes = &view.piece.holes;
        let next = holes.partition_point(|hole| hole.end <= own.start);
        if holes.get(next).is_some_and(|hole| hole.overlaps(own)) {
            continue;
        }
        let span = view.piece.place_of(own);
        found.push(Placeholder { kind, name: name.trim().into(), span, token: at, inside: true });
        from = end;
    }
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

/// How a placeholder that is a token is written, and what it names.
fn written(text: &str) -> (PlaceholderKind, &str) {
    let inner = |open: &str, close: &str| {
        let text = text.strip_prefix(open).unwrap_or(text);
        text.strip_suffix(close).unwrap_or(text).trim()
    };
    if text.starts_with("${") {
        (PlaceholderKind::Dollar, inner("${", "}"))
    } else if text.starts_with('$') {
        (PlaceholderKind::Dollar, inner("$", ""))
    } else if text.starts_with("{{") {
        (PlaceholderKind::Braces, inner("{{", "}}"))
    } else if text.starts_with('{') {
        (PlaceholderKind::Hole, inner("{", "}"))
    } else if text.starts_with(':') {
        (PlaceholderKind::Named, inner(":", ""))
    } else if text == "?" {
        (PlaceholderKind::Positional, "")
    } else {
        (PlaceholderKind::Hole, inner("%(", ")s").trim_start_matches('%'))
    }
}
