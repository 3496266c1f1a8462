//! JSON strings, by hand: notebooks hold lone surrogates, which no `String` can, and a changed string must be
//! written the way it was.

use std::fmt::Write as _;

/// The text of a JSON string literal with its quotes. The literal must be valid JSON; surrogates without their
/// partner become U+FFFD.
pub(super) fn decode(literal: &str, out: &mut String) {
    let inner = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')).unwrap_or("");
    let mut rest = inner;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(rest.get(..at).unwrap_or(""));
        rest = rest.get(at + 1..).unwrap_or("");
        let Some(escape) = rest.bytes().next() else { break };
        if escape != b'u' {
            out.push(match escape {
                b'n' => '\n',
                b't' => '\t',
                b'r' => '\r',
                b'b' => '\u{8}',
                b'f' => '\u{c}',
                other => char::from(other),
            });
            rest = rest.get(1..).unwrap_or("");
            continue;
        }
        let first = hex(rest.get(1..5));
        rest = rest.get(5..).unwrap_or("");
        let second = if (0xD800..0xDC00).contains(&first) && rest.starts_with("\\u") { hex(rest.get(2..6)) } else { 0 };
        if (0xDC00..0xE000).contains(&second) {
            let pair = 0x1_0000 + ((first - 0xD800) << 10) + (second - 0xDC00);
            out.push(char::from_u32(pair).unwrap_or(char::REPLACEMENT_CHARACTER));
            rest = rest.get(6..).unwrap_or("");
        } else {
            out.push(char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER));
        }
    }
    out.push_str(rest);
}

/// The first character of what stands between the quotes of a literal, as [`decode`] reads it, and how many bytes it
/// takes there. `None` at the end, quotes included.
pub(super) fn next(rest: &str) -> Option<(char, usize)> {
    let first = rest.chars().next().filter(|&c| c != '"')?;
    if first != '\\' {
        return Some((first, first.len_utf8()));
    }
    let length = match rest.as_bytes().get(1)? {
        b'u' => {
            let first = hex(rest.get(2..6));
            let pair = (0xD800..0xDC00).contains(&first)
                && rest.get(6..8) == Some("\\u")
                && (0xDC00..0xE000).contains(&hex(rest.get(8..12)));
            if pair { 12 } else { 6 }
        }
        _ => 2,
    };
    let mut text = String::new();
    decode(&format!("\"{}\"", rest.get(..length)?), &mut text);
    Some((text.chars().next()?, length))
}

fn hex(digits: Option<&str>) -> u32 {
    digits.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xFFFD)
}

/// Whether a literal holds something that [`decode`] cannot give back: half of a surrogate pair.
pub(super) fn is_lossy(literal: &str) -> bool {
    if !literal.contains("\\u") {
        return false;
    }
    let mut text = String::with_capacity(literal.len());
    decode(literal, &mut text);
    let written = literal.matches('\u{FFFD}').count() + literal.to_ascii_lowercase().matches("\\ufffd").count();
    text.matches('\u{FFFD}').count() > written
}

/// How characters beyond ASCII are written in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beyond {
    /// As they are.
    Kept,
    /// As `\uXXXX`.
    Escaped,
}

impl Beyond {
    /// How `json` writes them; `None` if it has none.
    pub(super) fn of(json: &str) -> Option<Self> {
        if !json.is_ascii() {
            return Some(Self::Kept);
        }
        let mut hits = memchr::memmem::find_iter(json.as_bytes(), b"\\u");
        let escaped = hits.any(|at| json.get(at + 2..at + 6).is_some_and(|digits| !digits.starts_with("00")))
            || memchr::memmem::find_iter(json.as_bytes(), b"\\u00")
                .any(|at| json.as_bytes().get(at + 4).is_some_and(|digit| !matches!(digit, b'0'..=b'7')));
        escaped.then_some(Self::Escaped)
    }
}

/// Writes `text` as a JSON string literal.
pub(super) fn encode(text: &str, beyond: Beyond, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            c if c < ' ' || (beyond == Beyond::Escaped && !c.is_ascii()) => {
                for unit in c.encode_utf16(&mut [0; 2]) {
                    // Writing to a string cannot fail.
                    let _ = write!(out, "\\u{unit:04x}");
                }
            }
            c => out.push(c),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(literal: &str) -> String {
        let mut out = String::new();
        decode(literal, &mut out);
        out
    }

    #[test]
    fn decodes_every_escape_and_survives_halves() {
        assert_eq!(decoded(r#""a\n\t\"\\\/\u00e9\ud83d\ude00""#), "a\n\t\"\\/é😀");
        assert_eq!(decoded(r#""\ud83d x \ude00\ud83d\u0041""#), "\u{FFFD} x \u{FFFD}\u{FFFD}A");
        assert!(is_lossy(r#""\ud83d""#) && !is_lossy(r#""\ud83d\ude00 \ufffd""#));
    }

    #[test]
    fn encodes_what_it_decodes() {
        for text in ["", "é😀\n\"\\\u{1}\u{7f}", "a\tb\r\n"] {
            for beyond in [Beyond::Kept, Beyond::Escaped] {
                let mut literal = String::new();
                encode(text, beyond, &mut literal);
                assert_eq!(decoded(&literal), text);
                assert_eq!(serde_json::from_str::<String>(&literal).unwrap(), text);
                assert!(beyond == Beyond::Kept || literal.is_ascii());
            }
        }
    }

    #[test]
    fn sees_how_a_file_writes_letters() {
        assert_eq!(Beyond::of(r#"{"a": "é"}"#), Some(Beyond::Kept));
        assert_eq!(Beyond::of(r#"{"a": "\u00e9"}"#), Some(Beyond::Escaped));
        assert_eq!(Beyond::of(r#"{"a": "\u001b[0m"}"#), None);
    }
}
