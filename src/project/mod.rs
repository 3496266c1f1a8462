//! Many files: the documents of a snapshot, what refers to what, and who runs whom.

pub mod bundles;
mod callers;
pub mod collect;
pub mod command;
pub mod dependents;
pub mod document;
pub mod imports;
pub mod load;
pub mod places;
pub mod read;
pub mod reference;
pub mod resolve;
pub mod roles;
pub mod runs;
pub mod shelf;
mod sql;
pub mod target;
#[cfg(test)]
mod tests;

use crate::python::facts::Import;
use crate::snapshot::{RepoPath, Snapshot};
use document::{Document, DocumentId};
use imports::Importer;
pub use load::Request;
use places::Places;
use reference::{Reference, ReferenceKind};
use runs::{Edge, Runs};
use shelf::Shelf;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};
use target::{Runners, Target};

/// Documents and what they refer to.
pub struct Project {
    /// Where the bytes came from.
    pub snapshot: Arc<dyn Snapshot>,
    places: Places,
    documents: Vec<Document>,
    by_path: HashMap<RepoPath, DocumentId>,
    references: Vec<Vec<Reference>>,
    runs: Runs,
    runners: Runners,
    importers: OnceLock<HashMap<RepoPath, Vec<Edge>>>,
}

impl Project {
    /// Reads what is asked about and all that the answer depends on: what `%run` reaches, the bundles around, and,
    /// for a plain file whose role only its importers can tell, those.
    pub fn load(snapshot: Arc<dyn Snapshot>, request: &Request<'_>) -> Self {
        Self::load_all(snapshot, request, false, None)
    }

    /// The same, and what the `shelf` holds is not read again. [`Project::put_back`] fills it.
    pub fn reload(snapshot: Arc<dyn Snapshot>, request: &Request<'_>, shelf: &mut Shelf) -> Self {
        Self::load_all(snapshot, request, false, Some(shelf))
    }

    /// Puts all that was read on the shelf for the next time.
    pub fn put_back(self, onto: &mut Shelf) {
        onto.put(self.documents.into_iter().zip(self.references));
    }

    /// The same, and all notebooks that run those asked about, at any distance.
    pub fn load_with_callers(snapshot: Arc<dyn Snapshot>, request: &Request<'_>) -> Self {
        Self::load_all(snapshot, request, true, None)
    }

    fn load_all(snapshot: Arc<dyn Snapshot>, request: &Request<'_>, callers: bool, shelf: Option<&mut Shelf>) -> Self {
        let places = Places::new(Arc::clone(&snapshot));
        let load::Loaded { documents, references, by_path, runners } = load::load(&places, request, callers, shelf);
        let runs = Runs::new(documents.len(), edges(&references, &by_path, |kind| kind == ReferenceKind::Run));
        Self { snapshot, places, documents, by_path, references, runs, runners, importers: OnceLock::new() }
    }

    /// All documents, sorted by path. A [`DocumentId`] is an index into them.
    pub fn documents(&self) -> &[Document] {
        &self.documents
    }

    /// The document at a path, if it is known.
    pub fn document(&self, path: &RepoPath) -> Option<&Document> {
        self.id(path).and_then(|id| self.documents.get(id as usize))
    }

    /// The index of the document at a path, if it is known.
    pub fn id(&self, path: &RepoPath) -> Option<DocumentId> {
        self.by_path.get(path).copied()
    }

    /// What a document refers to, in order of place, resolved.
    pub fn references(&self, path: &RepoPath) -> &[Reference] {
        self.id(path).and_then(|id| self.references.get(id as usize)).map_or(&[], Vec::as_slice)
    }

    /// The document and reference of an edge.
    pub fn edge(&self, edge: Edge) -> Option<(&Document, &Reference)> {
        let document = self.documents.get(edge.from as usize)?;
        let reference = self.references.get(edge.from as usize)?.get(edge.reference as usize)?;
        Some((document, reference))
    }

    /// Who runs whom with `%run`.
    pub const fn runs(&self) -> &Runs {
        &self.runs
    }

    /// The imports of a file, as far as those who import it are known: of a document that is asked about and is
    /// a script or a module according to whether it is imported, all; of others, those in documents that were read.
    pub fn importers(&self, path: &RepoPath) -> impl Iterator<Item = (&Document, &Reference)> {
        let index = self.importers.get_or_init(|| {
            let mut index: HashMap<RepoPath, Vec<Edge>> = HashMap::new();
            let is_import = |kind| matches!(kind, ReferenceKind::Import(_));
            for (from, references) in self.references.iter().enumerate() {
                for (at, reference) in references.iter().enumerate().filter(|(_, reference)| is_import(reference.kind))
                {
                    let Some(file) = reference.resolution.file() else { continue };
                    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                    let edge = Edge { from: clamp(from), to: u32::MAX, reference: clamp(at) };
                    index.entry(file.clone()).or_default().push(edge);
                }
            }
            index
        });
        index.get(path).map_or(&[][..], Vec::as_slice).iter().filter_map(|&edge| self.edge(edge))
    }

    /// The dotted name by which a document can import the Python file `to`; `None` if there is none.
    pub fn module_name(&self, from: &Document, to: &RepoPath) -> Option<String> {
        imports::Importer::new(&self.places, &from.path, &from.python).name_of(to)
    }

    /// All files of this repository that an import of `document` could mean; the first is the one that its
    /// reference resolves to.
    pub fn meanings(&self, document: &Document, import: &Import) -> Vec<RepoPath> {
        Importer::new(&self.places, &document.path, &document.python).meanings(&document.python, import)
    }

    /// What a document runs on, as far as the bundles that were read and its environment block say.
    pub fn target(&self, document: &Document) -> Target {
        self.runners.target(document)
    }

    /// Whether the file at `path` is a notebook. Reads its first bytes if nobody did before.
    pub fn is_notebook(&self, path: &RepoPath) -> bool {
        match self.document(path) {
            Some(document) => document.is_notebook() || path.has_extension("ipynb"),
            None => self.places.is_notebook(path),
        }
    }
}

/// The references of the wanted kind that lead from a known document to another.
fn edges<'a>(
    references: &'a [Vec<Reference>],
    by_path: &'a HashMap<RepoPath, DocumentId>,
    wanted: impl Fn(ReferenceKind) -> bool + Copy + 'a,
) -> impl Iterator<Item = Edge> + 'a {
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    references.iter().enumerate().flat_map(move |(from, references)| {
        references.iter().enumerate().filter(move |(_, reference)| wanted(reference.kind)).filter_map(
            move |(at, reference)| {
                let to = reference.resolution.file().and_then(|file| by_path.get(file)).copied()?;
                Some(Edge { from: clamp(from), to, reference: clamp(at) })
            },
        )
    })
}
