//! From byte offsets to lines and columns, in the units that the outside world counts in.

use super::Span;

/// Where the lines of one text begin. A line ends with `\n`; a `\r` before it belongs to the line end.
#[derive(Clone, Debug, Default)]
pub struct LineIndex {
    starts: Vec<u32>,
    len: u32,
    /// The lines of those for whom a `\r` alone ends one too, if there is such a one.
    finer: Option<Box<Self>>,
}

/// A place that people count: row and column, both 1-based, the column in Unicode scalar values.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// Line, 1-based.
    pub row: u32,
    /// Character within the line, 1-based.
    pub column: u32,
}

impl LineIndex {
    /// Indexes `text`. One pass over its bytes.
    pub fn new(text: &str) -> Self {
        let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let (bytes, len) = (text.as_bytes(), clamp(text.len()));
        let mut starts = Vec::with_capacity(text.len() / 32 + 1);
        starts.push(0);
        starts.extend(memchr::memchr_iter(b'\n', bytes).map(|at| clamp(at + 1)));
        let is_alone = |at: &usize| bytes.get(at + 1) != Some(&b'\n');
        let alone = || memchr::memchr_iter(b'\r', bytes).filter(is_alone).map(|at| clamp(at + 1));
        let finer = alone().next().is_some().then(|| {
            let mut starts: Vec<u32> = starts.iter().copied().chain(alone()).collect();
            starts.sort_unstable();
            Box::new(Self { starts, len, finer: None })
        });
        Self { starts, len, finer }
    }

    /// The lines as editors count them, and the Language Server Protocol does: a `\r` alone ends one as well.
    pub fn of_editors(&self) -> &Self {
        self.finer.as_deref().unwrap_or(self)
    }

    /// How many lines there are; a text that ends in `\n` has an empty last line.
    pub fn count(&self) -> u32 {
        u32::try_from(self.starts.len()).unwrap_or(u32::MAX)
    }

    /// The 0-based line that holds the byte at `offset`; the last line for offsets past the end.
    pub fn line_of(&self, offset: u32) -> u32 {
        let after = self.starts.partition_point(|&start| start <= offset);
        u32::try_from(after.saturating_sub(1)).unwrap_or(u32::MAX)
    }

    /// The span of a 0-based line with its line end; empty at the end of the text if there is no such line.
    pub fn line(&self, line: u32) -> Span {
        let start = self.starts.get(line as usize).copied().unwrap_or(self.len);
        let end = self.starts.get(line as usize + 1).copied().unwrap_or(self.len);
        Span::new(start, end)
    }

    /// The span of a 0-based line without its line end.
    pub fn line_content(&self, line: u32, text: &str) -> Span {
        let span = self.line(line);
        let content = span.of(text);
        let content = content.strip_suffix('\n').unwrap_or(content);
        let content = content.strip_suffix('\r').unwrap_or(content);
        Span::new(span.start, span.start + u32::try_from(content.len()).unwrap_or(0))
    }

    /// Row and column of a byte offset. An offset inside a character counts as its first byte.
    pub fn position(&self, text: &str, offset: u32) -> Position {
        let line = self.line_of(offset);
        let start = self.line(line).start;
        let before = text.as_bytes().get(start as usize..offset.min(self.len) as usize).unwrap_or_default();
        let chars = before.iter().filter(|&&byte| (byte & 0xC0) != 0x80).count();
        Position { row: line + 1, column: u32::try_from(chars).unwrap_or(u32::MAX - 1) + 1 }
    }

    /// The byte offset of a row and column (both 1-based), clamped to the line's content.
    pub fn offset(&self, text: &str, position: Position) -> u32 {
        let content = self.line_content(position.row.saturating_sub(1), text);
        let line = content.of(text);
        let skip = position.column.saturating_sub(1) as usize;
        let within = line.char_indices().nth(skip).map_or(line.len(), |(at, _)| at);
        content.start + u32::try_from(within).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn editors_end_a_line_at_a_lone_carriage_return() {
        let text = "a\rb\r\r\nc\nd\r";
        let all = |lines: &LineIndex| -> Vec<&str> {
            (0..lines.count()).map(|line| lines.line_content(line, text).of(text)).collect()
        };
        let lines = LineIndex::new(text);
        assert_eq!(all(&lines), ["a\rb\r", "c", "d"]);
        assert_eq!(all(lines.of_editors()), ["a", "b", "", "c", "d", ""]);
        let plain = LineIndex::new("a\r\nb");
        assert_eq!(plain.of_editors().count(), plain.count());
    }

    #[test]
    fn counts_characters_not_bytes() {
        let text = "aé\r\nüb\n";
        let lines = LineIndex::new(text);
        assert_eq!(lines.count(), 3);
        assert_eq!(lines.position(text, 3), Position { row: 1, column: 3 });
        assert_eq!(lines.position(text, 7), Position { row: 2, column: 2 });
        assert_eq!(lines.position(text, 99), Position { row: 3, column: 1 });
        assert_eq!(lines.line_content(0, text).of(text), "aé");
        for (offset, _) in text.char_indices().filter(|&(_, c)| c != '\r' && c != '\n') {
            let offset = u32::try_from(offset).unwrap();
            assert_eq!(lines.offset(text, lines.position(text, offset)), offset);
        }
    }
}
