//! Positions as editors count them, and edits that arrive piece by piece.

use crate::text::Span;
use crate::text::lines::LineIndex;
use serde::Deserialize;
use serde_json::{Value, json};

/// In which units an editor counts the characters of a line.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// 16-bit units: what holds if nothing else is agreed upon.
    #[default]
    Utf16,
    /// Unicode scalar values.
    Utf32,
}

/// A place in a text, both 0-based.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Position {
    /// Line.
    pub line: u32,
    /// Units within the line.
    pub character: u32,
}

/// From a place to another.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
pub(super) struct Range {
    /// First unit.
    pub start: Position,
    /// One past the last.
    pub end: Position,
}

/// A change of a text: of a part of it, or all of it.
#[derive(Debug, Deserialize)]
pub(super) struct Change {
    /// What is replaced; all, if it is not said.
    range: Option<Range>,
    /// By what.
    text: String,
}

impl Position {
    /// As the protocol writes it.
    pub(super) fn json(self) -> Value {
        json!({ "line": self.line, "character": self.character })
    }
}

impl Range {
    /// As the protocol writes it.
    pub(super) fn json(self) -> Value {
        json!({ "start": self.start.json(), "end": self.end.json() })
    }
}

impl Encoding {
    /// Of those that a client offers the one that costs least; UTF-16 if it offers none that is known.
    pub(super) fn choose(offered: &Value) -> Self {
        let has = |name: &str| offered.as_array().is_some_and(|all| all.iter().any(|one| one == name));
        if has("utf-8") {
            Self::Utf8
        } else if has("utf-32") && !has("utf-16") {
            Self::Utf32
        } else {
            Self::Utf16
        }
    }

    /// Its name in the protocol.
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Utf8 => "utf-8",
            Self::Utf16 => "utf-16",
            Self::Utf32 => "utf-32",
        }
    }

    /// How many units a piece of a line has.
    fn units(self, text: &str) -> u32 {
        let count = match self {
            Self::Utf8 => text.len(),
            _ if text.is_ascii() => text.len(),
            Self::Utf16 => text.chars().map(char::len_utf16).sum(),
            Self::Utf32 => text.chars().count(),
        };
        u32::try_from(count).unwrap_or(u32::MAX)
    }

    /// How many bytes the first `units` of a line have; all of them, if it has fewer.
    fn bytes(self, line: &str, units: u32) -> u32 {
        let wanted = units as usize;
        let mut counted = 0;
        for (at, c) in line.char_indices() {
            if counted >= wanted {
                return u32::try_from(at).unwrap_or(u32::MAX);
            }
            counted += match self {
                Self::Utf8 => c.len_utf8(),
                Self::Utf16 => c.len_utf16(),
                Self::Utf32 => 1,
            };
        }
        u32::try_from(line.len()).unwrap_or(u32::MAX)
    }

    /// The place of a byte.
    pub(super) fn position(self, text: &str, lines: &LineIndex, offset: u32) -> Position {
        let lines = lines.of_editors();
        let line = lines.line_of(offset);
        let start = lines.line(line).start;
        let mut end = (offset as usize).min(text.len());
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        let before = text.get(start as usize..end).unwrap_or("");
        Position { line, character: self.units(before) }
    }

    /// The places of both ends of a span.
    pub(super) fn range(self, text: &str, lines: &LineIndex, span: Span) -> Range {
        Range { start: self.position(text, lines, span.start), end: self.position(text, lines, span.end) }
    }

    /// The byte at a place; the end of its line or of the text if there is no such place.
    pub(super) fn offset(self, text: &str, lines: &LineIndex, position: Position) -> u32 {
        let lines = lines.of_editors();
        if position.line >= lines.count() {
            return u32::try_from(text.len()).unwrap_or(u32::MAX);
        }
        let content = lines.line_content(position.line, text);
        content.start + self.bytes(content.of(text), position.character)
    }

    /// Makes changes, one after the other.
    pub(super) fn apply(self, text: &mut String, changes: Vec<Change>) {
        for change in changes {
            let Some(range) = change.range else {
                *text = change.text;
                continue;
            };
            let (from, to) = (self.find(text, range.start), self.find(text, range.end));
            text.replace_range(from.min(to)..from.max(to), &change.text);
        }
    }

    /// The byte at a place, without an index of all lines.
    fn find(self, text: &str, position: Position) -> usize {
        let mut rest = text;
        for _ in 0..position.line {
            let Some(end) = line_end(rest) else { return text.len() };
            let ends = if rest.get(end..).is_some_and(|end| end.starts_with("\r\n")) { 2 } else { 1 };
            rest = rest.get(end + ends..).unwrap_or("");
        }
        let line = rest.get(..line_end(rest).unwrap_or(rest.len())).unwrap_or("");
        text.len() - rest.len() + self.bytes(line, position.character) as usize
    }
}

/// Where the first line of a text ends, if it is not the last.
fn line_end(text: &str) -> Option<usize> {
    memchr::memchr2(b'\n', b'\r', text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_comes_back() {
        let text = "a é 😀\r\n\n😀x\ry\r\r\n";
        let lines = LineIndex::new(text);
        assert_eq!(Encoding::Utf16.position(text, &lines, 19), Position { line: 3, character: 1 });
        for encoding in [Encoding::Utf8, Encoding::Utf16, Encoding::Utf32] {
            for (at, c) in text.char_indices().filter(|(_, c)| *c != '\n') {
                let at = u32::try_from(at).unwrap();
                let place = encoding.position(text, &lines, at);
                if c != '\r' {
                    assert_eq!(encoding.offset(text, &lines, place), at, "{encoding:?} {at}");
                }
                assert_eq!(encoding.find(text, place), encoding.offset(text, &lines, place) as usize);
            }
            let beyond = Position { line: 99, character: 99 };
            assert_eq!(encoding.find(text, beyond), text.len());
        }
        let end = |encoding: Encoding| encoding.position(text, &lines, 9).character;
        assert_eq!((end(Encoding::Utf8), end(Encoding::Utf16), end(Encoding::Utf32)), (9, 6, 5));
    }

    #[test]
    fn changes_are_made_in_order() {
        let mut text = "one\ntwo\n".to_owned();
        let change = |from: (u32, u32), to: (u32, u32), text: &str| Change {
            range: Some(Range {
                start: Position { line: from.0, character: from.1 },
                end: Position { line: to.0, character: to.1 },
            }),
            text: text.to_owned(),
        };
        Encoding::Utf16.apply(
            &mut text,
            vec![change((0, 3), (1, 0), " "), change((0, 0), (0, 3), "😀"), change((0, 2), (0, 3), "-")],
        );
        assert_eq!(text, "😀-two\n");
        Encoding::Utf16
            .apply(&mut text, vec![change((7, 7), (9, 9), "end"), Change { range: None, text: "x".to_owned() }]);
        assert_eq!(text, "x");
    }

    #[test]
    fn the_cheapest_encoding_is_chosen() {
        assert_eq!(Encoding::choose(&json!(["utf-16", "utf-8"])), Encoding::Utf8);
        assert_eq!(Encoding::choose(&json!(["utf-32"])), Encoding::Utf32);
        assert_eq!(Encoding::choose(&Value::Null), Encoding::Utf16);
    }
}
