//! From the text of a cell to the bytes of the file, and back.

use super::string;
use crate::text::Span;
use serde_json::value::RawValue;

/// Within one line of source no more bytes of the file than this are walked; what is further right is said to be there.
const LONG_LINE: usize = 1 << 16;

/// Where the lines of one cell's source stand in the JSON.
#[derive(Clone, Debug, Default)]
pub struct SourceMap {
    /// For each line, and each string of an array: its first byte in the cell's text, and in the file.
    lines: Vec<(u32, u32)>,
}

impl SourceMap {
    /// Reads the value of `source`, which stands at `source` in the file. One pass over it.
    pub fn new(raw: &str, source: Span) -> Self {
        let mut map = Self::default();
        let value = source.of(raw);
        let mut text = 0;
        if value.starts_with('[') {
            let elements: Vec<&RawValue> = serde_json::from_str(value).unwrap_or_default();
            for element in elements {
                let literal = element.get();
                let within = (literal.as_ptr() as usize).saturating_sub(value.as_ptr() as usize);
                map.add(literal, source.start as usize + within, &mut text);
            }
        } else {
            map.add(value, source.start as usize, &mut text);
        }
        map
    }

    fn add(&mut self, literal: &str, at: usize, text: &mut usize) {
        let Some(inner) = literal.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else { return };
        let mut place = at + 1;
        self.note(*text, place);
        let mut rest = inner;
        while let Some((c, length)) = string::next(rest) {
            rest = rest.get(length..).unwrap_or("");
            place += length;
            *text += c.len_utf8();
            if c == '\n' {
                self.note(*text, place);
            }
        }
    }

    fn note(&mut self, text: usize, place: usize) {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        match self.lines.last_mut() {
            // A string that ends with its line: the next line stands in the next string.
            Some(last) if last.0 == clamp(text) => last.1 = clamp(place),
            _ => self.lines.push((clamp(text), clamp(place))),
        }
    }

    /// The byte of the file that says the byte `within` of the cell's text.
    pub fn offset(&self, raw: &str, within: u32) -> u32 {
        let line = self.lines.partition_point(|&(text, _)| text <= within);
        let Some(&(text, place)) = line.checked_sub(1).and_then(|line| self.lines.get(line)) else { return 0 };
        let mut left = (within - text) as usize;
        let mut walked = 0;
        while left > 0 && walked < LONG_LINE {
            let rest = raw.get(place as usize + walked..).unwrap_or("");
            let Some((c, length)) = string::next(rest) else { break };
            left = left.saturating_sub(c.len_utf8());
            walked += length;
        }
        place + u32::try_from(walked).unwrap_or(0)
    }

    /// The byte of the cell's text that the byte `place` of the file says, or the last one before it.
    pub fn within(&self, raw: &str, place: u32) -> u32 {
        let line = self.lines.partition_point(|&(_, start)| start <= place);
        let Some(&(text, start)) = line.checked_sub(1).and_then(|line| self.lines.get(line)) else { return 0 };
        let wanted = (place - start) as usize;
        let (mut walked, mut passed) = (0, 0);
        while walked < wanted.min(LONG_LINE) {
            let rest = raw.get(start as usize + walked..).unwrap_or("");
            let Some((c, length)) = string::next(rest).filter(|(_, length)| walked + length <= wanted) else { break };
            walked += length;
            passed += c.len_utf8();
        }
        text + u32::try_from(passed).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_each_byte_again() {
        for (raw, expected) in [
            (r#"{"source": ["a = 1\n", "b\t= \"é\"\n", "c"]}"#, [("a", 13), ("b", 24), ("\"", 29), ("c", 41)]),
            (r#"{"source": "a = 1\nb\t= \"\u00e9\"\nc"}"#, [("a", 12), ("b", 19), ("\"", 24), ("c", 36)]),
        ] {
            let start = raw.find(": ").unwrap() + 2;
            let map = SourceMap::new(raw, Span::from_range(start..raw.len() - 1));
            let text = "a = 1\nb\t= \"é\"\nc";
            for (needle, place) in expected {
                let at = u32::try_from(text.find(needle).unwrap()).unwrap();
                assert_eq!(map.offset(raw, at), place, "{needle} in {raw}");
                assert_eq!(map.within(raw, place), at, "{needle} in {raw}");
            }
            assert!(map.offset(raw, 99) as usize <= raw.len());
        }
        assert_eq!(SourceMap::new("null", Span::new(0, 4)).offset("null", 3), 0);
    }
}
