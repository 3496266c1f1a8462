//! Between the bytes of documents and the places of editors.

use super::buffers::Content;
use super::encoding::{Encoding, Position, Range};
use super::uri;
use crate::notebook::ipynb::place;
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::lines::LineIndex;
use serde_json::{Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// A file that an editor has open.
#[derive(Clone, Debug)]
pub(super) struct OpenFile {
    /// The editor's name for it.
    pub uri: Arc<str>,
    /// The editor's number for its state.
    pub version: Option<i64>,
    /// What it says, as it would stand on disk.
    pub bytes: Vec<u8>,
    /// For notebooks that are open cell by cell: the name and the state of each.
    pub cells: Option<Vec<(Arc<str>, Option<i64>)>>,
}

impl OpenFile {
    /// A file with this content; `on_disk` is what stands at its place.
    pub(super) fn new(content: &Content, on_disk: Option<&[u8]>) -> Self {
        match content {
            Content::Plain(text) => Self {
                uri: text.uri.as_str().into(),
                version: text.version,
                bytes: text.text.clone().into_bytes(),
                cells: None,
            },
            Content::Cells { uri, metadata, cells } => Self {
                uri: uri.as_str().into(),
                version: None,
                bytes: super::cells::compose(metadata, cells, on_disk).into_bytes(),
                cells: Some(cells.iter().map(|cell| (cell.text.uri.as_str().into(), cell.text.version)).collect()),
            },
        }
    }
}

/// Some place of some text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Location {
    /// The text.
    pub uri: Arc<str>,
    /// The state of the text, if it is open.
    pub version: Option<i64>,
    /// The place.
    pub range: Range,
}

impl Location {
    /// As the protocol writes it.
    pub(super) fn json(&self) -> Value {
        json!({ "uri": &*self.uri, "range": self.range.json() })
    }
}

/// The files of a repository as an editor sees them.
#[derive(Clone, Debug)]
pub(super) struct View {
    root: Arc<Path>,
    pub(super) encoding: Encoding,
    /// What is open.
    open: BTreeMap<RepoPath, OpenFile>,
    /// By the editor's names, which file it is, and which cell of it.
    names: HashMap<Arc<str>, (RepoPath, Option<usize>)>,
}

impl View {
    /// Nothing is open.
    pub(super) fn new(root: Arc<Path>, encoding: Encoding) -> Self {
        Self { root, encoding, open: BTreeMap::new(), names: HashMap::new() }
    }

    /// What is open.
    pub(super) const fn open(&self) -> &BTreeMap<RepoPath, OpenFile> {
        &self.open
    }

    /// A file is opened, or reads otherwise. Gives back what it was.
    pub(super) fn put(&mut self, path: RepoPath, file: OpenFile) -> Option<OpenFile> {
        let before = self.take(&path);
        self.names.insert(file.uri.clone(), (path.clone(), None));
        for (at, (uri, _)) in file.cells.iter().flatten().enumerate() {
            self.names.insert(uri.clone(), (path.clone(), Some(at)));
        }
        self.open.insert(path, file);
        before
    }

    /// A file is closed.
    pub(super) fn take(&mut self, path: &RepoPath) -> Option<OpenFile> {
        let file = self.open.remove(path)?;
        self.names.remove(&file.uri);
        for (uri, _) in file.cells.iter().flatten() {
            self.names.remove(uri);
        }
        Some(file)
    }

    /// The file that an editor means, and the cell.
    pub(super) fn find(&self, uri: &str) -> Option<(RepoPath, Option<usize>)> {
        if let Some(found) = self.names.get(uri) {
            return Some(found.clone());
        }
        let path = uri::to_path(uri)?;
        Some((crate::snapshot::walk::repo_path(&self.root, &path)?, None))
    }

    /// The name of a file for editors.
    pub(super) fn uri(&self, path: &RepoPath) -> Arc<str> {
        self.open.get(path).map_or_else(|| uri::of_path(&self.root.join(path.as_str())).into(), |file| file.uri.clone())
    }

    /// The names of all texts of a file, with their states: of its cells, if it is open cell by cell.
    pub(super) fn texts(&self, path: &RepoPath) -> Vec<(Arc<str>, Option<i64>)> {
        match self.open.get(path) {
            Some(OpenFile { cells: Some(cells), .. }) => cells.clone(),
            Some(file) => vec![(file.uri.clone(), file.version)],
            None => vec![(self.uri(path), None)],
        }
    }

    /// Where a span of a document stands.
    pub(super) fn location(&self, document: &Document, span: Span) -> Location {
        let open = self.open.get(&document.path);
        let text = document.text();
        if let (Some(OpenFile { cells: Some(cells), .. }), Some(notebook)) = (open, &document.notebook)
            && let Some(index) = notebook.cell_at(span.start)
            && let (Some((uri, version)), Some(cell)) = (cells.get(index), notebook.cells.get(index))
        {
            let within = |offset: u32| offset.clamp(cell.span.start, cell.span.end.max(cell.span.start));
            let above = document.lines().of_editors().line_of(cell.span.start);
            let mut range =
                self.encoding.range(text, document.lines(), Span::new(within(span.start), within(span.end)));
            range.start.line -= above.min(range.start.line);
            range.end.line -= above.min(range.end.line);
            return Location { uri: uri.clone(), version: *version, range };
        }
        let (uri, version) = (self.uri(&document.path), open.and_then(|file| file.version));
        let range = match (&document.notebook, document.joined.is_some()) {
            (Some(notebook), true) => {
                let lines = LineIndex::new(&document.raw);
                let place = |offset| {
                    let at = place::in_file(&document.raw, notebook, offset).unwrap_or(0);
                    self.encoding.position(&document.raw, &lines, at)
                };
                Range { start: place(span.start), end: place(span.end) }
            }
            _ => self.encoding.range(text, document.lines(), span),
        };
        Location { uri, version, range }
    }

    /// A place in the file itself, which for `.ipynb` is not its text; its start, if the file is open cell by cell.
    pub(super) fn location_in_file(&self, document: &Document, span: Span) -> Location {
        if document.joined.is_none() || self.open.get(&document.path).is_some_and(|file| file.cells.is_some()) {
            return self.location(document, if document.joined.is_none() { span } else { Span::at(0) });
        }
        let lines = LineIndex::new(&document.raw);
        let version = self.open.get(&document.path).and_then(|file| file.version);
        Location { uri: self.uri(&document.path), version, range: self.encoding.range(&document.raw, &lines, span) }
    }

    /// The start of a file.
    pub(super) fn start(&self, path: &RepoPath) -> Location {
        let (uri, version) = self.texts(path).into_iter().next().unwrap_or_else(|| (self.uri(path), None));
        Location { uri, version, range: Range::default() }
    }

    /// The byte of a document at a place of it, or of one of its cells.
    pub(super) fn offset(&self, document: &Document, cell: Option<usize>, position: Position) -> Option<u32> {
        let text = document.text();
        let Some(index) = cell else {
            return match (&document.notebook, document.joined.is_some()) {
                (Some(notebook), true) => {
                    let at = self.encoding.offset(&document.raw, &LineIndex::new(&document.raw), position);
                    place::in_text(&document.raw, notebook, at)
                }
                _ => Some(self.encoding.offset(text, document.lines(), position)),
            };
        };
        let span = document.notebook.as_ref()?.cells.get(index)?.span;
        let above = document.lines().of_editors().line_of(span.start);
        let position = Position { line: position.line.saturating_add(above), ..position };
        Some(self.encoding.offset(text, document.lines(), position).clamp(span.start, span.end.max(span.start)))
    }

    /// The bytes between two places of a document, or of one of its cells.
    pub(super) fn span(&self, document: &Document, cell: Option<usize>, range: Range) -> Option<Span> {
        let (a, b) = (self.offset(document, cell, range.start)?, self.offset(document, cell, range.end)?);
        Some(Span::new(a.min(b), a.max(b)))
    }
}
