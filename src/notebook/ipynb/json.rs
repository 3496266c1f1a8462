//! Where the members of an object and the elements of an array stand. For JSON that was read already, so that it is
//! known to be valid; on anything else the answer is too short, and nothing worse.

use crate::text::Span;

/// One `"key": value` of an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Member {
    /// The key, with its quotes.
    pub(super) key: Span,
    /// The value.
    pub(super) value: Span,
}

impl Member {
    /// Whether the key is `name`, written without escapes, as every writer has it.
    pub(super) fn is(&self, raw: &str, name: &str) -> bool {
        self.key.of(raw).strip_prefix('"').and_then(|key| key.strip_suffix('"')) == Some(name)
    }
}

/// The members of the object under `object`, in order; empty if it is none.
pub(super) fn members(raw: &str, object: Span) -> Vec<Member> {
    let mut found = Vec::new();
    let Some(mut reader) = Reader::open(raw, object, b'{') else { return found };
    while reader.peek() == Some(b'"') {
        let key = reader.value();
        if reader.peek() != Some(b':') {
            break;
        }
        reader.at += 1;
        reader.blanks();
        found.push(Member { key, value: reader.value() });
        if !reader.comma() {
            break;
        }
    }
    found
}

/// The elements of the array under `array`, in order; empty if it is none.
pub(super) fn elements(raw: &str, array: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let Some(mut reader) = Reader::open(raw, array, b'[') else { return found };
    while reader.peek().is_some_and(|byte| byte != b']') {
        found.push(reader.value());
        if !reader.comma() {
            break;
        }
    }
    found
}

/// The value of a member.
pub(super) fn member(raw: &str, object: Span, name: &str) -> Option<Span> {
    members(raw, object).into_iter().find(|member| member.is(raw, name)).map(|member| member.value)
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
    /// What `bytes` starts at.
    base: u32,
}

impl<'a> Reader<'a> {
    /// A reader behind the bracket that `value` starts with.
    fn open(raw: &'a str, value: Span, bracket: u8) -> Option<Self> {
        let bytes = value.of(raw).as_bytes();
        let mut reader = Self { bytes, at: 1, base: value.start };
        (bytes.first() == Some(&bracket)).then(|| {
            reader.blanks();
            reader
        })
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    fn blanks(&mut self) {
        self.at += self.rest().iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    }

    /// Moves behind a comma, if there is one.
    fn comma(&mut self) -> bool {
        let found = self.peek() == Some(b',');
        if found {
            self.at += 1;
            self.blanks();
        }
        found
    }

    /// Moves behind the value that starts here, and the blanks after it.
    fn value(&mut self) -> Span {
        let start = self.at;
        let mut depth = 0_usize;
        while let Some(byte) = self.peek() {
            match byte {
                b'"' => self.string(),
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' | b',' | b':' | b' ' | b'\t' | b'\r' | b'\n' if depth == 0 => break,
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                _ => self.at += 1,
            }
            if depth == 0 && matches!(byte, b'"' | b'}' | b']') {
                break;
            }
        }
        let place = |at: usize| self.base + u32::try_from(at).unwrap_or(0);
        let span = Span::new(place(start), place(self.at));
        self.blanks();
        span
    }

    /// Moves behind the string that starts here.
    fn string(&mut self) {
        self.at += 1;
        while let Some(length) = memchr::memchr2(b'"', b'\\', self.rest()) {
            self.at += length;
            if self.peek() == Some(b'"') {
                self.at += 1;
                return;
            }
            self.at += 2;
        }
        self.at = self.bytes.len();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(raw: &str, spans: &[Span]) -> Vec<String> {
        spans.iter().map(|span| span.of(raw).to_owned()).collect()
    }

    #[test]
    fn finds_members_and_elements() {
        let raw = r#"{ "a" : [1, {"b": "]}"}, "\"" ] ,"c":-1.5e3,"d": { } }"#;
        let all = Span::from_range(0..raw.len());
        let found = members(raw, all);
        let values: Vec<Span> = found.iter().map(|member| member.value).collect();
        assert_eq!(texts(raw, &values), [r#"[1, {"b": "]}"}, "\"" ]"#, "-1.5e3", "{ }"]);
        assert!(found[1].is(raw, "c") && !found[1].is(raw, "a"));
        assert_eq!(texts(raw, &elements(raw, found[0].value)), ["1", r#"{"b": "]}"}"#, r#""\"""#]);
        assert_eq!((elements(raw, all), members(raw, found[0].value)), (Vec::new(), Vec::new()));
        assert_eq!(texts(raw, &[member(raw, all, "d").unwrap()]), ["{ }"]);
    }

    #[test]
    fn what_is_not_valid_is_survived() {
        for raw in ["", "{", "{\"a", "{\"a\"", "{\"a\":", "[1,", "[\"\\", "{]", "[[[", "{\"a\":}", "[}", "[,]", "{,}"] {
            let all = Span::from_range(0..raw.len());
            members(raw, all);
            elements(raw, all);
        }
        let deep = "[".repeat(1_000_000);
        assert_eq!(elements(&deep, Span::from_range(0..deep.len())).len(), 1);
    }
}
