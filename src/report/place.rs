//! From spans to the places that people and editors count in.

use crate::notebook::Format;
use crate::notebook::ipynb::locate::SourceMap;
use crate::project::Project;
use crate::project::document::Document;
use crate::rules::secrets::redactions;
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
    /// For `.ipynb`: lines of the file, and where each cell's source stands in it.
    files: HashMap<RepoPath, LineIndex>,
    sources: HashMap<(RepoPath, usize), SourceMap>,
    /// The last place in a file that was asked about: findings come in order, so the next one is near.
    last: Option<Counted>,
}

/// What columns of a file are counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Unit {
    /// Unicode scalar values.
    Characters,
    /// Bytes of UTF-8.
    Bytes,
    /// Units of UTF-16.
    Utf16,
}

impl Unit {
    fn count(self, text: &[u8]) -> u32 {
        let count = match self {
            Self::Bytes => text.len(),
            Self::Characters => return characters(text),
            // Each character is one unit, and those of four bytes are two.
            Self::Utf16 => {
                text.iter().filter(|&&byte| (byte & 0xC0) != 0x80).count()
                    + text.iter().filter(|&&byte| byte >= 0xF0).count()
            }
        };
        u32::try_from(count).unwrap_or(u32::MAX - 1)
    }
}

/// How far a line was counted.
struct Counted {
    path: RepoPath,
    unit: Unit,
    line: u32,
    offset: u32,
    column: u32,
}

impl<'a> Places<'a> {
    /// Places in the documents of `project`.
    pub(super) fn new(project: &'a Project) -> Self {
        Self {
            project,
            others: HashMap::new(),
            marks: HashMap::new(),
            files: HashMap::new(),
            sources: HashMap::new(),
            last: None,
        }
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

    /// Where a span starts and ends in the file itself, whatever its format: in an `.ipynb`, in the JSON.
    pub(super) fn in_file(&mut self, path: &RepoPath, span: Span, unit: Unit) -> (Position, Position) {
        let Some(document) = self.document(path) else {
            // Few findings are about a place in a file that is no document, and then in one that was just read.
            let place = self.of(path, span);
            return (place.start, place.end);
        };
        let Some(joined) = &document.joined else {
            return self.counted(path, document.text(), document.lines(), span, unit);
        };
        let span = self.in_json(document, joined, span);
        let lines = self.files.remove(path).unwrap_or_else(|| LineIndex::new(&document.raw));
        let place = self.counted(path, &document.raw, &lines, span, unit);
        self.files.insert(path.clone(), lines);
        place
    }

    /// The bytes of an `.ipynb` that say what stands under `span` in the sources of its cells.
    fn in_json(&mut self, document: &Document, joined: &str, span: Span) -> Span {
        let Some(notebook) = &document.notebook else { return span };
        let cell = notebook.cell_at(span.start.min(u32::try_from(joined.len()).unwrap_or(u32::MAX)));
        let found = cell.and_then(|at| Some((at, notebook.cells.get(at)?, notebook.json.as_ref()?.cells.get(at)?)));
        let Some((at, cell, json)) = found else { return Span::at(0) };
        if json.source.is_empty() {
            return Span::at(json.source.start);
        }
        let map = self
            .sources
            .entry((document.path.clone(), at))
            .or_insert_with(|| SourceMap::new(&document.raw, json.source));
        let within = |offset: u32| offset.clamp(cell.span.start, cell.span.end) - cell.span.start;
        let start = map.offset(&document.raw, within(span.start));
        let end = map.offset(&document.raw, within(span.end));
        Span::new(start, end.max(start))
    }

    fn counted(
        &mut self,
        path: &RepoPath,
        text: &str,
        lines: &LineIndex,
        span: Span,
        unit: Unit,
    ) -> (Position, Position) {
        let bytes = |from: u32, to: u32| text.as_bytes().get(from as usize..to as usize).unwrap_or_default();
        let len = u32::try_from(text.len()).unwrap_or(u32::MAX);
        let (start, end) = (span.start.min(len), span.end.min(len));
        let line = lines.line_of(start);
        let (from, before) = match &self.last {
            Some(last) if last.path == *path && (last.unit, last.line) == (unit, line) && last.offset <= start => {
                (last.offset, last.column)
            }
            _ => (lines.line(line).start, 0),
        };
        let column = before.saturating_add(unit.count(bytes(from, start)));
        self.last = Some(Counted { path: path.clone(), unit, line, offset: start, column });
        let last = lines.line_of(end);
        let end_column = if last == line {
            column.saturating_add(unit.count(bytes(start, end)))
        } else {
            unit.count(bytes(lines.line(last).start, end))
        };
        let position = |line: u32, column: u32| Position { row: line + 1, column: column.saturating_add(1) };
        (position(line, column), position(last, end_column))
    }

    /// The place of `span` in `document`.
    pub(super) fn within(&mut self, document: &'a Document, span: Span) -> Place<'a> {
        let Some((notebook, index)) = document.notebook.as_ref().and_then(|n| Some((n, n.cell_at(span.start)?))) else {
            let start = self.position(document, span.start);
            let end = self.position(document, span.end);
            return Place { start, end, ..Place::NOWHERE };
        };
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        let cell_title =
            notebook.title(document.text(), index).filter(|title| !title.is_empty() && is_harmless(document, title));
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

/// Whether no credential of the document stands in a title. Few titles have a word that is long enough to be one.
fn is_harmless(document: &Document, title: &str) -> bool {
    const SHORTEST: usize = 12;
    let text = document.text();
    title.split_whitespace().all(|word| word.len() < SHORTEST)
        || !redactions(document).iter().any(|secret| title.contains(secret.of(text)))
}

/// How many characters start in `bytes`.
fn characters(bytes: &[u8]) -> u32 {
    let count = bytes.iter().filter(|&&byte| (byte & 0xC0) != 0x80).count();
    u32::try_from(count).unwrap_or(u32::MAX)
}
