//! From spans to the places that people and editors count in.

use crate::notebook::Format;
use crate::project::Project;
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::lines::{LineIndex, Position};
use std::collections::HashMap;

/// Lines with more bytes than this get marks, so that many findings on one line cost no more than one.
const LONG_LINE: u32 = 4096;

/// A span, as the outside world counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place<'a> {
    /// First character; within its cell for `.ipynb`, else within the file.
    pub(super) start: Position,
    /// One past the last character, counted like `start`.
    pub(super) end: Position,
    /// 1-based cell that rows count from: `.ipynb` only.
    pub(super) cell: Option<u32>,
    /// 1-based cell that holds the place, in either notebook format.
    pub(super) cell_index: Option<u32>,
    /// The title of that cell.
    pub(super) cell_title: Option<&'a str>,
}

impl Place<'_> {
    /// Where a span of an unknown document stands.
    const NOWHERE: Self = Self {
        start: Position { row: 1, column: 1 },
        end: Position { row: 1, column: 1 },
        cell: None,
        cell_index: None,
        cell_title: None,
    };
}

/// Turns spans into places, remembering what is costly to find out.
pub(super) struct Places<'a> {
    project: &'a Project,
    /// Texts of files that are no documents, as far as something is said about a place in one.
    others: HashMap<RepoPath, Option<(String, LineIndex)>>,
    /// For long lines: how many characters stand before each [`LONG_LINE`]th byte.
    marks: HashMap<(RepoPath, u32), Vec<u32>>,
}

impl<'a> Places<'a> {
    /// Places in the documents of `project`.
    pub(super) fn new(project: &'a Project) -> Self {
        Self { project, others: HashMap::new(), marks: HashMap::new() }
    }

    /// The document at `path`.
    pub(super) fn document(&self, path: &RepoPath) -> Option<&'a Document> {
        self.project.document(path)
    }

    /// The place of `span` in the document at `path`: row 1, column 1 if it is unknown.
    pub(super) fn of(&mut self, path: &RepoPath, span: Span) -> Place<'a> {
        match self.document(path) {
            Some(document) => self.within(document, span),
            None if span == Span::default() => Place::NOWHERE,
            None => self.elsewhere(path, span),
        }
    }

    /// The place of `span` in a file that is no document.
    fn elsewhere(&mut self, path: &RepoPath, span: Span) -> Place<'a> {
        let project = self.project;
        let read = || {
            let text = String::from_utf8(project.snapshot.read(path).ok()?).ok()?;
            let lines = LineIndex::new(&text);
            Some((text, lines))
        };
        match self.others.entry(path.clone()).or_insert_with(read) {
            Some((text, lines)) => {
                Place { start: lines.position(text, span.start), end: lines.position(text, span.end), ..Place::NOWHERE }
            }
            None => Place::NOWHERE,
        }
    }

    /// The place of `span` in `document`.
    pub(super) fn within(&mut self, document: &'a Document, span: Span) -> Place<'a> {
        let Some((notebook, index)) = document.notebook.as_ref().and_then(|n| Some((n, n.cell_at(span.start)?))) else {
            let start = self.position(document, span.start);
            let end = self.position(document, span.end);
            return Place { start, end, ..Place::NOWHERE };
        };
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let cell_title = notebook.title(document.text(), index).filter(|title| !title.is_empty());
        let mut place = Place { cell_index: Some(number), cell_title, ..Place::NOWHERE };
        match notebook.cells.get(index) {
            Some(cell) if notebook.format == Format::Ipynb => {
                // The newline that joins two cells is in neither.
                let last = cell.span.end.max(cell.span.start);
                let above = document.lines().line_of(cell.span.start);
                place.cell = Some(number);
                place.start = self.position(document, span.start.min(last));
                place.end = self.position(document, span.end.min(last));
                place.start.row = place.start.row.saturating_sub(above);
                place.end.row = place.end.row.saturating_sub(above);
            }
            _ => {
                place.start = self.position(document, span.start);
                place.end = self.position(document, span.end);
            }
        }
        place
    }

    /// Row and column within the document's text; linear in the line's length only once a line.
    fn position(&mut self, document: &Document, offset: u32) -> Position {
        let text = document.text();
        let line = document.lines().line_of(offset);
        let span = document.lines().line(line);
        if span.len() <= LONG_LINE {
            return document.lines().position(text, offset);
        }
        let marks = self.marks.entry((document.path.clone(), line)).or_insert_with(|| {
            let bytes = text.as_bytes().get(span.range()).unwrap_or_default();
            let mut before = 0;
            let mut marks = Vec::with_capacity(bytes.len() / LONG_LINE as usize + 1);
            for chunk in bytes.chunks(LONG_LINE as usize) {
                marks.push(before);
                before += characters(chunk);
            }
            marks
        });
        let within = offset.clamp(span.start, span.end) - span.start;
        let mark = within / LONG_LINE;
        let from = span.start + mark * LONG_LINE;
        let rest = text.as_bytes().get(from as usize..(span.start + within) as usize).unwrap_or_default();
        // A line of a whole number of marks has none at its very end.
        let before = match marks.get(mark as usize) {
            Some(before) => *before,
            None => return document.lines().position(text, offset),
        };
        Position { row: line + 1, column: before + characters(rest) + 1 }
    }
}

/// How many characters start in `bytes`.
fn characters(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|&&byte| (byte & 0xC0) != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
