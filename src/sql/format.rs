//! Formatting the SQL of one cell or file: each statement alone, and what stands between them. A statement changes
//! only in its blanks and line ends and in the case of keywords, or not at all.

use super::layout::lay_out;
use super::statement::{Statement, statements};
use super::token::{Token, TokenKind, tokens};
use crate::text::Span;

/// Statements with more bytes than this stay as they are: the time it takes to lay one out grows with the square of
/// its length.
const LONGEST_STATEMENT: u32 = 12_000;

/// More blank lines than this in a row become this many.
const MOST_BLANK_LINES: usize = 2;

/// Some editors write it at the start of a file.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// SQL after formatting.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Formatted {
    /// The text; `None` if nothing changes. Without blanks or line ends around it.
    pub text: Option<String>,
    /// The statements that stay as they are because they cannot be read, or laid out without a risk.
    pub left: Vec<Span>,
}

/// Formats the SQL of a cell or a file. Formatting the result again changes nothing.
///
/// Statements that are left as they were keep every byte, and so do the blanks between two such statements. Comments
/// keep their text and their order.
pub fn format(sql: &str) -> Formatted {
    if let Some(rest) = sql.strip_prefix(BYTE_ORDER_MARK) {
        let Formatted { text, mut left } = format(rest);
        let length = u32::try_from(BYTE_ORDER_MARK.len_utf8()).unwrap_or(0);
        for span in &mut left {
            *span = Span::new(span.start + length, span.end + length);
        }
        return Formatted { text: text.map(|text| format!("{BYTE_ORDER_MARK}{text}")), left };
    }
    let unchanged = Formatted { text: None, left: Vec::new() };
    let Some(tokens) = tokens(sql) else {
        return Formatted { left: vec![Span::from_range(0..sql.len())], ..unchanged };
    };
    let statements = statements(sql, &tokens);
    let off = switched_off(sql, &tokens);
    let laid_out: Vec<Option<String>> = statements
        .iter()
        .map(|statement| {
            let own = tokens.get(statement.tokens.0..statement.tokens.1).unwrap_or_default();
            let may = !statement.span.is_empty() && !off.iter().any(|off| off.overlaps(statement.span));
            if may { one_statement(sql, statement.span, own) } else { None }
        })
        .collect();
    let left = statements
        .iter()
        .zip(&laid_out)
        .filter(|(statement, new)| new.is_none() && !statement.span.is_empty())
        .map(|(statement, _)| statement.span)
        .collect();
    if laid_out.iter().all(Option::is_none) {
        return Formatted { text: None, left };
    }
    let text = join(sql, &tokens, &statements, &laid_out);
    // Whatever happens above: what the text says is what it said.
    let same = says_the_same(sql, &tokens, &text);
    Formatted { text: (same && text != sql).then_some(text), left }
}

/// Where `-- fmt: off` holds: up to `-- fmt: on`, or to the end.
fn switched_off(sql: &str, tokens: &[Token]) -> Vec<Span> {
    let mut off = Vec::new();
    let mut from = None;
    for token in tokens.iter().filter(|token| token.kind == TokenKind::LineComment) {
        match token.span.of(sql).trim_start_matches('-').trim() {
            "fmt: off" => {
                from.get_or_insert(token.span.start);
            }
            "fmt: on" => off.extend(from.take().map(|start| Span::new(start, token.span.end))),
            "fmt: skip" => off.push(token.span),
            _ => {}
        }
    }
    let end = u32::try_from(sql.len()).unwrap_or(u32::MAX);
    off.extend(from.map(|start| Span::new(start, end)));
    off
}

/// The statement under `span` laid out; `None` if it has to stay as it is.
fn one_statement(sql: &str, span: Span, tokens: &[Token]) -> Option<String> {
    if span.len() > LONGEST_STATEMENT || !may_be_laid_out(sql, tokens) {
        return None;
    }
    let old = span.of(sql);
    let new = rewritten(old)?;
    // What comes out must be what it makes of that.
    (new == old || rewritten(&new)? == new).then_some(new)
}

/// Whether a statement is of a kind that may be touched at all.
fn may_be_laid_out(sql: &str, tokens: &[Token]) -> bool {
    let mut words = tokens.iter().filter(|token| token.kind.is_code()).map(|token| token.span.of(sql));
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let widget = second.eq_ignore_ascii_case("widget");
    if widget && (first.eq_ignore_ascii_case("create") || first.eq_ignore_ascii_case("remove")) {
        return false;
    }
    tokens.iter().all(|token| match token.kind {
        TokenKind::Template => false,
        kind if kind.is_comment() => is_plain_comment(token.span.of(sql)),
        _ => true,
    })
}

/// Whether a comment means the same wherever it stands on its line: those of the notebook format count only at a
/// line's start, and some speak to sqruff.
fn is_plain_comment(comment: &str) -> bool {
    let text = comment.trim_start_matches(['-', '/', '*', ' ', '\t']);
    !["MAGIC", "COMMAND", "DBTITLE", "Databricks notebook", "sqlfluff:", "sqruff:"]
        .iter()
        .any(|word| text.starts_with(word))
}

/// What the layout makes of a statement, if it keeps every token of it.
fn rewritten(old: &str) -> Option<String> {
    let old_tokens = tokens(old)?;
    let readable = readable(old, &old_tokens)?;
    let new = lay_out(&readable)?;
    let new = new.trim_matches(|c: char| c.is_ascii_whitespace());
    let text = put_back(old, &readable, new)?;
    (says_the_same(old, &old_tokens, &text) && keeps_placeholders_glued(old, &old_tokens, &text)).then_some(text)
}

/// The statement with a name of the same length for each placeholder, or a number where only that can stand, and with
/// a blank for each carriage return, so that every byte that stays is where it was.
fn readable(old: &str, tokens: &[Token]) -> Option<String> {
    let mut text = String::with_capacity(old.len());
    let mut last = "";
    for token in tokens {
        let own = token.span.of(old);
        match token.kind {
            TokenKind::Placeholder => {
                let number = ["limit", "offset", "interval", "of"].iter().any(|word| last.eq_ignore_ascii_case(word));
                text.extend(std::iter::repeat_n(if number { '1' } else { 'q' }, own.len()));
            }
            TokenKind::Blank => text.push_str(&own.replace('\r', " ")),
            _ => text.push_str(own),
        }
        if token.kind.is_code() {
            last = own;
        }
    }
    (text.len() == old.len()).then_some(text)
}

/// `new`, which was made of `readable`, with every token written as `old` has it, but for the case of keywords.
/// `None` if the two do not hold the same tokens.
fn put_back(old: &str, readable: &str, new: &str) -> Option<String> {
    let line_end = if old.contains("\r\n") { "\r\n" } else { "\n" };
    let (before, after) = (tokens(readable)?, tokens(new)?);
    let mut before = before.iter();
    let mut text = String::with_capacity(old.len() + old.len() / 8);
    let mut blank = "";
    let mut keeps_case = false;
    for token in &after {
        let own = token.span.of(new);
        if token.kind == TokenKind::Blank {
            blank = own;
            continue;
        }
        let mut was = before.next()?;
        let mut lines = 0;
        if was.kind == TokenKind::Blank {
            lines = was.span.of(readable).matches('\n').count();
            was = before.next()?;
        }
        if was.kind != token.kind || !is_same(was.kind, was.span.of(readable), own) {
            return None;
        }
        // Blank lines inside a statement are the writer's alone.
        let blank = std::mem::take(&mut blank);
        let blank = if lines < 2 { blank.rfind('\n').and_then(|at| blank.get(at..)).unwrap_or(blank) } else { blank };
        text.push_str(&blank.replace('\n', line_end));
        let as_it_was = was.span.of(old);
        // A word after a dot or a colon is a name, and in a path into JSON its case counts.
        let is_recased = token.kind == TokenKind::Word && was.span.of(readable) == as_it_was && !keeps_case;
        text.push_str(if is_recased { own } else { as_it_was.trim_end_matches(['\r', ' ', '\t']) });
        keeps_case = token.kind == TokenKind::Symbol && matches!(own, "." | ":");
    }
    before.next().is_none().then_some(text)
}

/// Whether two tokens of one kind say the same.
fn is_same(kind: TokenKind, a: &str, b: &str) -> bool {
    match kind {
        TokenKind::Word => a.to_lowercase() == b.to_lowercase(),
        TokenKind::LineComment => a.trim_end() == b.trim_end(),
        _ => a == b,
    }
}

/// Whether a text holds the same tokens as the one that `old_tokens` are of: blanks aside, the case of words aside.
fn says_the_same(old: &str, old_tokens: &[Token], new: &str) -> bool {
    let Some(new_tokens) = tokens(new) else { return false };
    let of = |tokens: &[Token]| -> Vec<Token> {
        tokens.iter().filter(|token| token.kind != TokenKind::Blank).copied().collect()
    };
    let (old_tokens, new_tokens) = (of(old_tokens), of(&new_tokens));
    old_tokens.len() == new_tokens.len()
        && old_tokens
            .iter()
            .zip(&new_tokens)
            .all(|(a, b)| a.kind == b.kind && is_same(a.kind, a.span.of(old), b.span.of(new)))
}

/// Whether placeholders still touch what they touched, and nothing else: `${env}-x` may be one name once the text is
/// put in.
fn keeps_placeholders_glued(old: &str, old_tokens: &[Token], new: &str) -> bool {
    let Some(new_tokens) = tokens(new) else { return false };
    glue(old, old_tokens) == glue(new, &new_tokens)
}

/// For each placeholder, whether it touches a token before and after it that could be part of the same name.
fn glue(text: &str, tokens: &[Token]) -> Vec<(bool, bool)> {
    let touches = |other: Option<&Token>| {
        other.is_some_and(|other| match other.kind {
            TokenKind::Blank => false,
            TokenKind::Symbol => {
                !matches!(other.span.of(text), "," | "(" | ")" | ";" | "=" | "<" | ">" | "[" | "]" | "==" | "<=" | ">=")
            }
            _ => true,
        })
    };
    tokens
        .iter()
        .enumerate()
        .filter(|(_, token)| token.kind == TokenKind::Placeholder)
        .map(|(at, _)| (touches(at.checked_sub(1).and_then(|at| tokens.get(at))), touches(tokens.get(at + 1))))
        .collect()
}

/// The statements, as they are now, with what stands between them.
fn join(sql: &str, tokens: &[Token], statements: &[Statement], laid_out: &[Option<String>]) -> String {
    let line_end = if sql.contains("\r\n") { "\r\n" } else { "\n" };
    let mut text = String::with_capacity(sql.len() + sql.len() / 8);
    let mut done = 0_u32;
    let mut known_before = None;
    for (statement, new) in statements.iter().zip(laid_out) {
        let known = new.is_some();
        let gap = Span::new(done, statement.span.start);
        // A statement of nothing but `;` takes what stands before it along.
        if !statement.span.is_empty() && (known || known_before == Some(true)) {
            between(sql, tokens, gap, Sides { first: done == 0, last: false, known }, line_end, &mut text);
        } else {
            text.push_str(gap.of(sql));
        }
        text.push_str(new.as_deref().unwrap_or(statement.span.of(sql)));
        done = statement.span.end;
        if let Some(semicolon) = statement.semicolon {
            let gap = Span::new(done, semicolon.start).of(sql);
            if !(known && gap.trim().is_empty()) {
                text.push_str(gap);
            }
            text.push(';');
            done = semicolon.end;
        }
        known_before = Some(known && !statement.span.is_empty());
    }
    let gap = Span::new(done, u32::try_from(sql.len()).unwrap_or(u32::MAX));
    if known_before == Some(true) {
        between(sql, tokens, gap, Sides { first: false, last: true, known: true }, line_end, &mut text);
    } else {
        text.push_str(gap.of(sql));
    }
    text
}

/// What stands around a gap.
#[derive(Clone, Copy)]
struct Sides {
    /// Nothing stands before it.
    first: bool,
    /// Nothing stands after it.
    last: bool,
    /// What stands after it was laid out.
    known: bool,
}

/// Writes what stands between two statements: comments, each where it was on a line of its own or at the end of one,
/// and no more than a few blank lines.
fn between(sql: &str, tokens: &[Token], gap: Span, sides: Sides, line_end: &str, text: &mut String) {
    let from = tokens.partition_point(|token| token.span.start < gap.start);
    let own = tokens.iter().skip(from).take_while(|token| token.span.end <= gap.end);
    let mut blank = "";
    let mut is_first = sides.first;
    for token in own {
        let token_text = token.span.of(sql);
        if token.kind == TokenKind::Blank {
            blank = token_text;
            continue;
        }
        let is_movable = is_plain_comment(token_text) && !token_text.contains('\n');
        space(blank, is_first, is_movable, line_end, text);
        text.push_str(token_text.trim_end_matches(['\r', ' ', '\t']));
        blank = "";
        is_first = false;
    }
    if sides.last {
        return;
    }
    // Two statements do not share a line.
    let on_one_line = !blank.contains('\n') && !is_first && text.ends_with(';');
    if on_one_line && sides.known {
        text.push_str(line_end);
    } else {
        space(blank, is_first, sides.known, line_end, text);
    }
}

/// Writes the blanks before something that stands between statements. `moves`: whether it may go to its line's start.
fn space(blank: &str, is_first: bool, moves: bool, line_end: &str, text: &mut String) {
    let lines = blank.matches('\n').count();
    if is_first {
        let indent = blank.rsplit('\n').next().unwrap_or_default();
        text.push_str(if moves { "" } else { indent });
        return;
    }
    if lines == 0 {
        text.push_str(blank);
        return;
    }
    for _ in 0..lines.min(MOST_BLANK_LINES + 1) {
        text.push_str(line_end);
    }
    if !moves {
        text.push_str(blank.rsplit('\n').next().unwrap_or_default());
    }
}
