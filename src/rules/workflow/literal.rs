//! Literals that the tables of facts do not take apart: dictionaries.

use crate::python::facts::{Facts, StringLiteral};
use crate::text::Span;

/// What is known of a value of a dictionary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind<'f> {
    /// A string without holes.
    String(&'f str),
    /// A number, `True`, `False`, `None`, a list, a dictionary, a tuple: no string for sure.
    NoString(&'static str),
    /// Anything else.
    Unknown,
}

/// One entry of a dictionary.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'f> {
    /// The key, if it is a string.
    pub(super) key: Option<&'f str>,
    /// The key's place.
    pub(super) key_span: Span,
    /// What is known of the value.
    pub(super) value: Kind<'f>,
    /// The value's place.
    pub(super) value_span: Span,
}

/// The entries of the dictionary that is written under `span`. `None` if there is something else, or `**more` in it.
pub(super) fn dictionary<'f>(text: &str, facts: &'f Facts, span: Span) -> Option<Vec<Entry<'f>>> {
    let code = span.of(text);
    if !code.starts_with('{') || !code.ends_with('}') || code.contains("MAGIC") {
        return None;
    }
    let inner = Span::new(span.start + 1, span.end - 1);
    let mut strings: Vec<&StringLiteral> = facts.strings.iter().filter(|row| inner.covers(row.span)).collect();
    strings.sort_by_key(|row| (row.span.start, std::cmp::Reverse(row.span.end)));
    let mut entries = Vec::new();
    for part in parts(text, inner, &strings, b',') {
        let part = trimmed(text, part);
        if part.is_empty() {
            continue;
        }
        let sides = parts(text, part, &strings, b':');
        let (key, value) = match sides.as_slice() {
            [] | [_] => return None,
            [key, rest @ ..] => {
                let value = Span::new(rest.first()?.start, rest.last()?.end);
                (trimmed(text, *key), trimmed(text, value))
            }
        };
        let key_text = match kind(text, &strings, key) {
            Kind::String(text) => Some(text),
            _ => None,
        };
        entries.push(Entry { key: key_text, key_span: key, value: kind(text, &strings, value), value_span: value });
    }
    Some(entries)
}

/// What stands under `span`.
fn kind<'f>(text: &str, strings: &[&'f StringLiteral], span: Span) -> Kind<'f> {
    let at = strings.partition_point(|row| row.span.start < span.start);
    if let Some(row) = strings.get(at).filter(|row| row.span == span) {
        return if row.holes { Kind::Unknown } else { Kind::String(&row.value) };
    }
    let code = span.of(text);
    match code.as_bytes() {
        _ if matches!(code, "True" | "False") => Kind::NoString("a boolean"),
        _ if code == "None" => Kind::NoString("`None`"),
        [b'[', .., b']'] => Kind::NoString("a list"),
        [b'{', .., b'}'] => Kind::NoString("a dictionary or set"),
        [b'-' | b'0'..=b'9', rest @ ..]
            if rest.iter().all(|byte| byte.is_ascii_digit() || matches!(byte, b'.' | b'_' | b'e')) =>
        {
            Kind::NoString("a number")
        }
        _ => Kind::Unknown,
    }
}

/// The parts of `span` between separators that stand in no string, bracket or comment.
fn parts(text: &str, span: Span, strings: &[&StringLiteral], separator: u8) -> Vec<Span> {
    let mut found = Vec::new();
    let (mut start, mut at, mut depth) = (span.start, span.start, 0_u32);
    let mut next = strings.partition_point(|row| row.span.start < span.start);
    while at < span.end {
        while strings.get(next).is_some_and(|row| row.span.start < at) {
            next += 1;
        }
        if let Some(row) = strings.get(next).filter(|row| row.span.start == at) {
            at = row.span.end.max(at + 1);
            continue;
        }
        match text.as_bytes().get(at as usize) {
            Some(b'(' | b'[' | b'{') => depth += 1,
            Some(b')' | b']' | b'}') => depth = depth.saturating_sub(1),
            Some(b'#') => {
                let rest = Span::new(at, span.end).of(text);
                at += u32::try_from(rest.find('\n').unwrap_or(rest.len())).unwrap_or(0);
                continue;
            }
            Some(byte) if *byte == separator && depth == 0 => {
                found.push(Span::new(start, at));
                start = at + 1;
            }
            _ => {}
        }
        at += 1;
    }
    found.push(Span::new(start.min(span.end), span.end));
    found
}

/// A span without the blanks and comments before it, and the blanks after it.
fn trimmed(text: &str, span: Span) -> Span {
    let mut start = span.start;
    loop {
        let rest = Span::new(start, span.end).of(text);
        let blanks = rest.len() - rest.trim_start().len();
        start += u32::try_from(blanks).unwrap_or(0);
        let rest = rest.trim_start();
        if !rest.starts_with('#') {
            let end = start + u32::try_from(rest.trim_end().len()).unwrap_or(0);
            return Span::new(start, end);
        }
        start += u32::try_from(rest.find('\n').unwrap_or(rest.len())).unwrap_or(0);
    }
}
