//! Many files: the documents of a snapshot, what refers to what, and who runs whom.

pub mod bundles;
pub mod command;
pub mod document;
pub mod imports;
pub mod places;
pub mod reference;
pub mod resolve;
pub mod runs;

use crate::snapshot::{RepoPath, Snapshot};
use document::{Document, DocumentId};
use reference::Reference;
use std::collections::HashMap;
use std::sync::Arc;

/// Documents and what they refer to.
pub struct Project {
    /// Where the bytes came from.
    pub snapshot: Arc<dyn Snapshot>,
    documents: Vec<Document>,
    by_path: HashMap<RepoPath, DocumentId>,
    references: Vec<Vec<Reference>>,
    /// Whether every Python file, notebook and bundle file of the snapshot is known, so that a missing
    /// caller is known to be missing.
    complete: bool,
}

impl Project {
    /// All documents, sorted by path.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The document at a path, if it is known.
    pub fn document(&self, path: &RepoPath) -> Option<&Document> {
        self.by_path.get(path).and_then(|&id| self.documents.get(id as usize))
    }

    /// What a document refers to, in order of place, resolved.
    pub fn references(&self, path: &RepoPath) -> &[Reference] {
        self.by_path.get(path).and_then(|&id| self.references.get(id as usize)).map_or(&[], Vec::as_slice)
    }

    /// Whether everything that could refer to a document is known.
    pub const fn is_complete(&self) -> bool {
        self.complete
    }
}
