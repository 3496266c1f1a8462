//! A stretch of code inside a text, read alone, and the way back from its offsets to the text's.

use super::Span;
use std::borrow::Cow;

/// Code to be read alone: one cell of a notebook, or a whole module.
#[derive(Clone, Debug)]
pub struct Region<'a> {
    /// 0-based cell, or 0 for a file that is no notebook.
    pub cell: usize,
    /// The code: a slice of the text, or a copy where `# MAGIC` prefixes or magic lines had to go.
    pub code: Cow<'a, str>,
    /// From offsets in `code` to offsets in the text.
    pub map: OffsetMap,
    /// Whether IPython's dialect holds (bare magics, `!cmd`, `name?`, top-level `await`).
    pub ipython: bool,
}

/// A piecewise shift from offsets in a region's code to offsets in the document's text.
#[derive(Clone, Debug, Default)]
pub struct OffsetMap {
    /// `(from, to)`: code offsets at and after `from` lie at `to + (offset - from)`. Sorted by `from`,
    /// the first is 0. One entry for a plain slice; one a line for code behind `# MAGIC`.
    pub pieces: Vec<(u32, u32)>,
}

impl Region<'_> {
    /// The part of the code under `span` of the document's text, as a region of its own; `None` unless that starts at
    /// the first column of a line.
    pub fn part(&self, span: Span) -> Option<Region<'_>> {
        let (start, end) = (self.map.back(span.start)?, self.map.back(span.end.checked_sub(1)?)? + 1);
        let before = self.code.as_bytes().get(..start as usize)?;
        if before.last().is_some_and(|byte| *byte != b'\n') {
            return None;
        }
        let code = self.code.get(start as usize..end as usize)?;
        let inside = self.map.pieces.iter().filter(|(from, _)| start < *from && *from < end);
        let pieces = std::iter::once((0, span.start)).chain(inside.map(|&(from, to)| (from - start, to))).collect();
        let map = OffsetMap { pieces };
        Some(Region { cell: self.cell, code: Cow::Borrowed(code), map, ipython: self.ipython })
    }
}

impl OffsetMap {
    /// The offset in the code of an offset in the text; `None` before the first one that there is.
    fn back(&self, offset: u32) -> Option<u32> {
        let at = self.pieces.partition_point(|&(_, to)| to <= offset).checked_sub(1)?;
        self.pieces.get(at).map(|&(from, to)| from + (offset - to))
    }

    /// The map of a slice that starts at byte `base` of the text.
    pub fn shift(base: u32) -> Self {
        Self { pieces: vec![(0, base)] }
    }

    /// The offset in the text of an offset in the code.
    pub fn offset(&self, offset: u32) -> u32 {
        let at = self.pieces.partition_point(|&(from, _)| from <= offset).saturating_sub(1);
        self.pieces.get(at).map_or(offset, |&(from, to)| to + (offset - from))
    }

    /// The same map for spans that come in order of place, which costs less a span.
    pub const fn ascending(&self) -> Ascending<'_> {
        Ascending { map: self, at: None }
    }

    /// The span in the text of a span in the code. The end is mapped from the last byte, so that a span
    /// that ends at a line's end does not run into the next line's prefix.
    pub fn span(&self, start: u32, end: u32) -> Span {
        let from = self.offset(start);
        if end <= start {
            return Span::at(from);
        }
        Span::new(from, self.offset(end - 1) + 1)
    }
}

/// See [`OffsetMap::ascending`].
#[derive(Clone, Debug)]
pub struct Ascending<'a> {
    map: &'a OffsetMap,
    /// The piece of the last offset.
    at: Option<usize>,
}

impl Ascending<'_> {
    /// The span in the text of a span in the code, which starts no earlier than the last one asked for ends.
    pub fn span(&mut self, start: u32, end: u32) -> Span {
        let from = self.offset(start);
        if end <= start {
            return Span::at(from);
        }
        Span::new(from, self.offset(end - 1) + 1)
    }

    fn offset(&mut self, offset: u32) -> u32 {
        let pieces = &self.map.pieces;
        let mut at = self.at.unwrap_or_else(|| pieces.partition_point(|&(from, _)| from <= offset).saturating_sub(1));
        while pieces.get(at + 1).is_some_and(|&(from, _)| from <= offset) {
            at += 1;
        }
        self.at = Some(at);
        pieces.get(at).map_or(offset, |&(from, to)| to + (offset - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `# MAGIC ` before each line, as in a notebook of another language.
    fn prefixed() -> (&'static str, Region<'static>) {
        let text = "# MAGIC x = 1\n# MAGIC def f():\n# MAGIC     y = 2\n# MAGIC z = 3\n";
        let code = "x = 1\ndef f():\n    y = 2\nz = 3\n";
        let map = OffsetMap { pieces: vec![(0, 8), (6, 22), (15, 39), (25, 57)] };
        (text, Region { cell: 1, code: Cow::Borrowed(code), map, ipython: false })
    }

    #[test]
    fn spans_in_order_are_mapped_as_any_others() {
        let (text, region) = prefixed();
        let mut ascending = region.map.ascending();
        for (start, end) in [(0, 1), (4, 5), (6, 9), (10, 11), (19, 20), (25, 26), (29, 30), (30, 30)] {
            let span = region.map.span(start, end);
            assert_eq!(ascending.span(start, end), span);
            assert_eq!(span.of(text), &region.code[start as usize..end as usize]);
        }
    }

    #[test]
    fn a_part_is_a_region_of_its_own() {
        let (text, region) = prefixed();
        let at = |word: &str| u32::try_from(text.find(word).unwrap()).unwrap();
        let function = Span::new(at("def"), at("2") + 1);
        let part = region.part(function).unwrap();
        assert_eq!(part.code, "def f():\n    y = 2");
        assert_eq!(part.map.span(13, 14).of(text), "y");
        assert_eq!(part.map.span(0, 18), function);
        assert!(region.part(Span::new(at("y"), at("2") + 1)).is_none(), "not at the first column");
        assert!(region.part(Span::new(0, 5)).is_none(), "before the code");
    }
}
