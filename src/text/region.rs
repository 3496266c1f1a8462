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

impl OffsetMap {
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
