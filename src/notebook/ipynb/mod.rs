//! Jupyter's JSON: reading cells out of it with a map back to its bytes, and writing changed cells into
//! it without touching another byte.

pub mod excess;
mod json;
pub mod kept;
pub mod locate;
pub mod place;
mod read;
mod string;
mod write;

use crate::text::Span;
pub use read::read;
pub use write::{write, write_all};

/// Why a file is no notebook that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IpynbError {
    /// Where, in bytes of the file.
    pub offset: u32,
    /// One line, lower case, no full stop.
    pub message: String,
}

/// Where the parts of a notebook stand in its JSON.
#[derive(Clone, Debug, Default)]
pub struct JsonMap {
    /// The value of the notebook's `metadata`.
    pub metadata: Span,
    /// One entry a cell.
    pub cells: Vec<JsonCell>,
    /// Whether the file says of itself that it is in Python, or says nothing: `language_info`, else `kernelspec`, else
    /// Databricks' metadata.
    pub is_python: bool,
}

/// Where one cell stands in the JSON. Spans are bytes of the file, not of the document's text.
#[derive(Clone, Debug, Default)]
pub struct JsonCell {
    /// The value of `source`: a string or an array of strings; empty if there is none.
    pub source: Span,
    /// The value of `outputs`; empty if there is none.
    pub outputs: Span,
    /// The value of `execution_count`; empty if there is none.
    pub execution_count: Span,
    /// The value of `metadata`; empty if there is none.
    pub metadata: Span,
    /// Whether an editor has noted another language than Python for it (`vscode.languageId`).
    pub is_foreign: bool,
    /// `title` of the Databricks cell metadata.
    pub title: Option<Box<str>>,
}

impl JsonMap {
    /// The title of a cell, from the Databricks metadata.
    pub fn title(&self, cell: usize) -> Option<&str> {
        self.cells.get(cell)?.title.as_deref()
    }
}
