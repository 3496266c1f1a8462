//! Many files: the documents of a snapshot, what refers to what, and who runs whom.

pub mod bundles;
mod callers;
pub mod collect;
pub mod command;
pub mod dependents;
pub mod document;
mod gist;
pub mod imports;
pub mod jobs;
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
mod words;

use crate::python::facts::Import;
use crate::snapshot::{EntryKind, RepoPath, Snapshot};
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
    starters: OnceLock<Starters>,
    jobs: OnceLock<jobs::Jobs>,
}

/// Who starts notebooks with `dbutils.notebook.run`.
#[derive(Debug, Default)]
struct Starters {
    /// By notebook.
    by_path: HashMap<RepoPath, Vec<Edge>>,
    /// Whether one of the paths is computed when the code runs.
    any_computed: bool,
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
        Self {
            snapshot,
            places,
            documents,
            by_path,
            references,
            runs,
            runners,
            importers: OnceLock::new(),
            starters: OnceLock::new(),
            jobs: OnceLock::new(),
        }
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

    /// Who starts a notebook with `dbutils.notebook.run`, among the documents that were read. `None` if one of them
    /// starts notebooks by paths that are computed, which may lead to any.
    pub fn starters(&self, path: &RepoPath) -> Option<impl Iterator<Item = (&Document, &Reference)>> {
        let index = self.starters.get_or_init(|| {
            let mut index = Starters::default();
            for (from, references) in self.references.iter().enumerate() {
                let starts = references.iter().enumerate().filter(|(_, row)| row.kind == ReferenceKind::NotebookRun);
                for (at, reference) in starts {
                    index.any_computed |= reference.target.is_none();
                    let Some(file) = reference.resolution.file() else { continue };
                    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
                    let edge = Edge { from: clamp(from), to: u32::MAX, reference: clamp(at) };
                    index.by_path.entry(file.clone()).or_default().push(edge);
                }
            }
            index
        });
        let edges = index.by_path.get(path).map_or(&[][..], Vec::as_slice);
        (!index.any_computed).then(|| edges.iter().filter_map(|&edge| self.edge(edge)))
    }

    /// The sources of the pipeline of that key that were read and define functions, sorted by path.
    pub fn sources_of(&self, pipeline: &str) -> impl Iterator<Item = &Document> {
        let rows = self.jobs().sources(pipeline, &self.documents);
        rows.iter().filter_map(|at| self.documents.get(*at))
    }

    /// The tasks of jobs that run a file, as far as its bundles are known: those of the folders above a plain Python
    /// file, or of a notebook that speaks of `dbutils`, pipelines or libraries.
    pub fn tasks_of(&self, path: &RepoPath) -> Vec<jobs::Usage<'_>> {
        self.jobs().of(path, &self.documents)
    }

    /// The pipelines of which a file is a source, as far as its bundles are known: bundle file and resource key.
    pub fn pipelines_of<'p>(&'p self, path: &'p RepoPath) -> impl Iterator<Item = (&'p Document, &'p str)> {
        self.jobs().pipelines_of(path, &self.documents)
    }

    /// The file that a path in a bundle file means, as written; `None` if it is absolute or made up by variables.
    /// `from_git`: whether the job takes its files from git.
    pub fn bundle_path(&self, bundle: &Document, written: &str, from_git: bool) -> Option<RepoPath> {
        jobs::resolve(&self.places, bundle, written, from_git)
    }

    /// What stands at a path; `None` if nothing does.
    pub fn kind_at(&self, path: &RepoPath) -> Option<EntryKind> {
        self.places.list(&path.parent()).kind(path.name())
    }

    /// The names of the files in a folder.
    pub fn files_in(&self, folder: &RepoPath) -> Vec<String> {
        self.places.list(folder).files().map(str::to_owned).collect()
    }

    /// The bundle files that were read.
    pub fn bundle_files(&self) -> impl Iterator<Item = &Document> {
        self.jobs().files().iter().filter_map(|at| self.documents.get(*at))
    }

    /// All files of the bundle to which a file of one belongs, its root file first. `None` if one of them was not read
    /// or is broken, or if the root file does not include the file.
    pub fn bundle_of(&self, document: &Document) -> Option<Vec<&Document>> {
        let root = bundles::nearest_root_file(&document.path.parent(), &self.places)?;
        let root_document = self.document(&root)?;
        let members = bundles::members(root_document.bundle.as_ref()?, &root, &self.places);
        if document.path != root && members.binary_search(&document.path).is_err() {
            return None;
        }
        let rest = members.iter().map(|path| self.document(path).filter(|row| row.bundle.is_some()));
        std::iter::once(Some(root_document)).chain(rest).collect()
    }

    /// Whether an `include` entry of a bundle's root file names anything that is there.
    pub fn includes_something(&self, root: &Document, glob: &str) -> bool {
        bundles::finds(glob, &root.path.parent(), &self.places)
    }

    /// A YAML file that an `include` entry with `**` would name if that went through all folders, and that no entry
    /// of the root file names.
    pub fn include_misses(&self, root: &Document, glob: &str) -> Option<RepoPath> {
        let members = bundles::members(root.bundle.as_ref()?, &root.path, &self.places);
        let has = |path: &RepoPath| *path == root.path || members.binary_search(path).is_ok();
        bundles::too_deep(glob, &root.path.parent(), &self.places, has)
    }

    fn jobs(&self) -> &jobs::Jobs {
        self.jobs.get_or_init(|| jobs::Jobs::new(&self.documents, &self.places))
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
