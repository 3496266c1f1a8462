//! What editors have open: plain texts, and notebooks of which each cell is a text.

use super::encoding::{Change, Encoding};
use serde::Deserialize;
use serde_json::Value;
use std::collections::HashMap;
use std::sync::Arc;

/// A text that is open.
#[derive(Clone, Debug, Deserialize)]
#[expect(clippy::struct_field_names, reason = "the protocol calls it so")]
pub(super) struct Text {
    /// The editor's name for it.
    pub uri: String,
    /// The editor's number for this state of it.
    pub version: Option<i64>,
    /// The editor's word for its language: `python`, `sql`.
    #[serde(default, rename = "languageId")]
    pub language: String,
    /// What it says.
    pub text: String,
}

/// A cell of a notebook that is open.
#[derive(Clone, Debug)]
pub(super) struct CellText {
    /// Whether it is code; else it is Markdown.
    pub is_code: bool,
    /// The editor's metadata of it.
    pub metadata: Value,
    /// Its text.
    pub text: Text,
}

/// What is open at the place of a file.
#[derive(Clone, Debug)]
pub(super) enum Content {
    /// The file's text.
    Plain(Text),
    /// The cells of a notebook, its own name and metadata.
    Cells { uri: String, metadata: Value, cells: Vec<CellText> },
}

impl Content {
    /// The editor's name for the file.
    pub(super) fn uri(&self) -> &str {
        match self {
            Self::Plain(text) => &text.uri,
            Self::Cells { uri, .. } => uri,
        }
    }
}

/// What became of a notification.
#[derive(Debug)]
pub(super) enum Update {
    /// The file reads so now.
    Open(Content),
    /// The editor has closed it.
    Closed(String),
    /// Nothing: it is of no interest, or does not fit what is known.
    Nothing,
}

/// All that is open.
#[derive(Debug, Default)]
pub(super) struct Buffers {
    encoding: Encoding,
    texts: HashMap<String, Text>,
    notebooks: HashMap<String, Open>,
    /// The notebook of each cell.
    cells: HashMap<Arc<str>, String>,
}

#[derive(Debug, Default)]
struct Open {
    metadata: Value,
    cells: Vec<Cell>,
}

#[derive(Clone, Debug, Deserialize)]
struct Cell {
    kind: u8,
    document: String,
    #[serde(default)]
    metadata: Value,
}

#[derive(Deserialize)]
struct DidOpen {
    #[serde(rename = "textDocument")]
    document: Text,
}

#[derive(Deserialize)]
struct Versioned {
    uri: String,
    version: Option<i64>,
}

#[derive(Deserialize)]
struct DidChange {
    #[serde(alias = "textDocument")]
    document: Versioned,
    #[serde(alias = "contentChanges")]
    changes: Vec<Change>,
}

#[derive(Deserialize)]
struct Named {
    uri: String,
}

#[derive(Deserialize)]
struct DidClose {
    #[serde(rename = "textDocument")]
    document: Named,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotebookOpened {
    notebook_document: NotebookDocument,
    cell_text_documents: Vec<Text>,
}

#[derive(Deserialize)]
struct NotebookDocument {
    uri: String,
    #[serde(default)]
    metadata: Value,
    cells: Vec<Cell>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotebookChanged {
    notebook_document: Named,
    change: NotebookChange,
}

#[derive(Deserialize)]
struct NotebookChange {
    metadata: Option<Value>,
    cells: Option<CellsChange>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CellsChange {
    structure: Option<Structure>,
    data: Option<Vec<Cell>>,
    text_content: Option<Vec<DidChange>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Structure {
    array: Splice,
    did_open: Option<Vec<Text>>,
    did_close: Option<Vec<Named>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Splice {
    start: usize,
    delete_count: usize,
    cells: Option<Vec<Cell>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct NotebookClosed {
    notebook_document: Named,
}

impl Buffers {
    /// Nothing is open; places are counted in these units.
    pub(super) fn new(encoding: Encoding) -> Self {
        Self { encoding, ..Self::default() }
    }

    /// The notebook to which a cell belongs.
    pub(super) fn notebook_of(&self, cell: &str) -> Option<&str> {
        self.cells.get(cell).map(String::as_str)
    }

    /// Takes in a notification about what is open; `None` if it is about something else.
    ///
    /// # Errors
    /// If its parameters are none that are understood.
    pub(super) fn update(&mut self, method: &str, params: Value) -> Option<Result<Update, serde_json::Error>> {
        Some(match method {
            "textDocument/didOpen" => serde_json::from_value(params).map(|DidOpen { document }| self.open(document)),
            "textDocument/didChange" => serde_json::from_value(params).map(|change| self.change(change)),
            "textDocument/didClose" => {
                serde_json::from_value(params).map(|DidClose { document }| match self.texts.remove(&document.uri) {
                    Some(_) if !self.cells.contains_key(&*document.uri) => Update::Closed(document.uri),
                    _ => Update::Nothing,
                })
            }
            "notebookDocument/didOpen" => serde_json::from_value(params).map(|opened| self.open_notebook(opened)),
            "notebookDocument/didChange" => serde_json::from_value(params).map(|change| self.change_notebook(change)),
            "notebookDocument/didClose" => {
                serde_json::from_value(params).map(|closed: NotebookClosed| self.close_notebook(closed))
            }
            _ => return None,
        })
    }

    fn open(&mut self, text: Text) -> Update {
        self.texts.insert(text.uri.clone(), text.clone());
        match self.notebook_of(&text.uri).map(str::to_owned) {
            Some(notebook) => self.notebook(notebook),
            None => Update::Open(Content::Plain(text)),
        }
    }

    fn change(&mut self, change: DidChange) -> Update {
        let encoding = self.encoding;
        let Some(text) = self.texts.get_mut(&change.document.uri) else { return Update::Nothing };
        encoding.apply(&mut text.text, change.changes);
        text.version = change.document.version;
        let text = text.clone();
        match self.notebook_of(&text.uri).map(str::to_owned) {
            Some(notebook) => self.notebook(notebook),
            None => Update::Open(Content::Plain(text)),
        }
    }

    fn open_notebook(&mut self, opened: NotebookOpened) -> Update {
        let NotebookDocument { uri, metadata, cells } = opened.notebook_document;
        self.texts.extend(opened.cell_text_documents.into_iter().map(|text| (text.uri.clone(), text)));
        self.cells.extend(cells.iter().map(|cell| (Arc::from(cell.document.as_str()), uri.clone())));
        self.notebooks.insert(uri.clone(), Open { metadata, cells });
        self.notebook(uri)
    }

    fn change_notebook(&mut self, changed: NotebookChanged) -> Update {
        let uri = changed.notebook_document.uri;
        let encoding = self.encoding;
        let Some(open) = self.notebooks.get_mut(&uri) else { return Update::Nothing };
        if let Some(metadata) = changed.change.metadata {
            open.metadata = metadata;
        }
        let Some(cells) = changed.change.cells else { return self.notebook(uri) };
        if let Some(Structure { array, did_open, did_close }) = cells.structure {
            let start = array.start.min(open.cells.len());
            let end = start.saturating_add(array.delete_count).min(open.cells.len());
            let new = array.cells.unwrap_or_default();
            self.cells.extend(new.iter().map(|cell| (Arc::from(cell.document.as_str()), uri.clone())));
            drop(open.cells.splice(start..end, new));
            for closed in did_close.unwrap_or_default() {
                self.texts.remove(&closed.uri);
                self.cells.remove(&*closed.uri);
            }
            self.texts.extend(did_open.unwrap_or_default().into_iter().map(|text| (text.uri.clone(), text)));
        }
        for cell in cells.data.unwrap_or_default() {
            if let Some(known) = open.cells.iter_mut().find(|known| known.document == cell.document) {
                *known = cell;
            }
        }
        for change in cells.text_content.unwrap_or_default() {
            if let Some(text) = self.texts.get_mut(&change.document.uri) {
                encoding.apply(&mut text.text, change.changes);
                text.version = change.document.version;
            }
        }
        self.notebook(uri)
    }

    fn close_notebook(&mut self, closed: NotebookClosed) -> Update {
        let uri = closed.notebook_document.uri;
        let Some(open) = self.notebooks.remove(&uri) else { return Update::Nothing };
        for cell in &open.cells {
            self.texts.remove(&cell.document);
            self.cells.remove(&*cell.document);
        }
        Update::Closed(uri)
    }

    /// A notebook as it reads now.
    fn notebook(&self, uri: String) -> Update {
        let Some(open) = self.notebooks.get(&uri) else { return Update::Nothing };
        let cell = |cell: &Cell| {
            let text = self.texts.get(&cell.document).cloned().unwrap_or_else(|| Text {
                uri: cell.document.clone(),
                version: None,
                language: String::new(),
                text: String::new(),
            });
            CellText { is_code: cell.kind != 1, metadata: cell.metadata.clone(), text }
        };
        let cells = open.cells.iter().map(cell).collect();
        Update::Open(Content::Cells { uri, metadata: open.metadata.clone(), cells })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn sources(update: Option<Result<Update, serde_json::Error>>) -> Vec<String> {
        match update.unwrap().unwrap() {
            Update::Open(Content::Plain(text)) => vec![text.text],
            Update::Open(Content::Cells { cells, .. }) => cells.into_iter().map(|cell| cell.text.text).collect(),
            Update::Closed(uri) => vec![format!("closed {uri}")],
            Update::Nothing => Vec::new(),
        }
    }

    #[test]
    fn notebooks_change_cell_by_cell() {
        let mut buffers = Buffers::new(Encoding::Utf16);
        let cell = |uri: &str| json!({ "kind": 2, "document": uri });
        let text = |uri: &str, text: &str| json!({ "uri": uri, "languageId": "python", "version": 1, "text": text });
        let opened = json!({
            "notebookDocument": { "uri": "n", "notebookType": "jupyter-notebook", "version": 1, "cells": [cell("a"), cell("b")] },
            "cellTextDocuments": [text("a", "1"), text("b", "2")],
        });
        assert_eq!(sources(buffers.update("notebookDocument/didOpen", opened)), ["1", "2"]);
        let changed = json!({
            "notebookDocument": { "uri": "n", "version": 2 },
            "change": { "cells": {
                "structure": {
                    "array": { "start": 0, "deleteCount": 1, "cells": [cell("c"), cell("d")] },
                    "didOpen": [text("c", "3"), text("d", "4")], "didClose": [{ "uri": "a" }],
                },
                "textContent": [{
                    "document": { "uri": "b", "version": 2 },
                    "changes": [{ "range": { "start": { "line": 0, "character": 1 }, "end": { "line": 0, "character": 1 } }, "text": "!" }],
                }],
            } },
        });
        assert_eq!(sources(buffers.update("notebookDocument/didChange", changed)), ["3", "4", "2!"]);
        assert_eq!(buffers.notebook_of("d"), Some("n"));
        assert_eq!(buffers.notebook_of("a"), None);
        let closed = json!({ "notebookDocument": { "uri": "n" }, "cellTextDocuments": [] });
        assert_eq!(sources(buffers.update("notebookDocument/didClose", closed)), ["closed n"]);
        assert!(
            sources(buffers.update(
                "textDocument/didChange",
                json!({ "textDocument": { "uri": "a", "version": 3 }, "contentChanges": [] })
            ))
            .is_empty()
        );
        assert!(buffers.update("textDocument/didOpen", json!({})).unwrap().is_err());
        assert!(buffers.update("textDocument/hover", json!({})).is_none());
    }
}
