//! Names across documents: what `%run` and star imports bring, what callers must have bound, and what is missing.

pub mod find;
pub mod local;
mod stars;
pub mod verdict;

use crate::guard;
use crate::project::Project;
use crate::project::document::{Document, DocumentId};
use crate::project::places::without_extension;
use crate::project::reference::ReferenceKind;
use crate::snapshot::RepoPath;
use find::Finder;
use local::{Local, UnknownKind};
use rayon::prelude::*;
use std::collections::HashSet;
use verdict::Verdict;

/// Up to so many documents are looked at on the calling thread: waking others costs more.
const FEW: usize = 8;

/// The names of all documents of a project.
pub struct Namespaces<'p> {
    /// The documents.
    pub project: &'p Project,
    locals: Vec<Local>,
    verdicts: Vec<Vec<Verdict>>,
    /// Bindings of the module's scope that other documents read, by document.
    given: Vec<HashSet<u32>>,
    /// The last words of `%run` paths that lead nowhere.
    lost_runs: HashSet<String>,
}

impl<'p> Namespaces<'p> {
    /// Finds out what every name of the documents that are asked about means. `pip_wipes` says for a path whether
    /// `%pip` restarts Python in the runtime that it is for.
    ///
    /// Starts parallel work of its own, so it must not be called from inside of some.
    pub fn new(project: &'p Project, pip_wipes: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Self {
        let documents = project.documents();
        let restarts = restarts(project, pip_wipes);
        let local = |document: &Document| {
            let pip = document.is_notebook() && pip_wipes(&document.path);
            guard::caught(|| Local::new(project, document, pip, &restarts)).unwrap_or_else(|_| Local::failed())
        };
        let locals: Vec<Local> = if documents.len() <= FEW {
            documents.iter().map(local).collect()
        } else {
            documents.par_iter().map(local).collect()
        };
        let given = vec![HashSet::new(); documents.len()];
        let lost_runs = lost_runs(project);
        let mut names = Self { project, locals, verdicts: Vec::new(), given, lost_runs };
        let mut finder = Finder::new(&names);
        let ids = 0..u32::try_from(documents.len()).unwrap_or(u32::MAX);
        let verdicts = ids.map(|id| verdict::verdicts(&mut finder, id)).collect();
        let given = finder.into_given();
        names.verdicts = verdicts;
        for (document, binding) in given {
            if let Some(bindings) = names.given.get_mut(document as usize) {
                bindings.insert(binding);
            }
        }
        names
    }

    /// Knows nothing of any name.
    pub fn nothing(project: &'p Project) -> Self {
        Self { project, locals: Vec::new(), verdicts: Vec::new(), given: Vec::new(), lost_runs: HashSet::new() }
    }

    /// What is known of a document's own names.
    pub fn local(&self, id: DocumentId) -> Option<&Local> {
        self.locals.get(id as usize)
    }

    /// What is known of the names of the document at `path`.
    pub fn of(&self, path: &RepoPath) -> Option<(DocumentId, &Local)> {
        let id = self.project.id(path)?;
        Some((id, self.local(id)?))
    }

    /// For each row of [`crate::python::names::Names::missing`] what it turned out to be.
    pub fn verdicts(&self, id: DocumentId) -> &[Verdict] {
        self.verdicts.get(id as usize).map_or(&[], Vec::as_slice)
    }

    /// Whether another document reads a binding of the module's scope: one that runs the document, that is run beside
    /// it, or that imports it by star.
    pub fn is_read_elsewhere(&self, id: DocumentId, binding: u32) -> bool {
        self.given.get(id as usize).is_some_and(|bindings| bindings.contains(&binding))
    }

    /// Why a notebook may be run by others than those that are known: a `%run` that leads nowhere ends in its name.
    pub(super) fn may_have_other_callers(&self, id: DocumentId) -> Option<UnknownKind> {
        let document = self.project.documents().get(id as usize)?;
        (document.is_notebook() && self.lost_runs.contains(document.path.stem())).then_some(UnknownKind::Run)
    }

    /// Every binding of `name` at the top level of a known document.
    pub fn bound_in(&self, name: &str) -> impl Iterator<Item = (DocumentId, u32)> {
        let documents = (0_u32..).zip(self.project.documents()).zip(&self.locals);
        documents.filter_map(move |((id, document), local)| {
            let symbol = document.python.symbols.get(name)?;
            let bindings = local.names.module_bindings(&document.python, symbol).iter();
            let binding = bindings
                .rev()
                .copied()
                .find(|&at| document.python.bindings.get(at as usize).is_some_and(|row| row.kind.binds()))?;
            Some((id, binding))
        })
    }
}

/// The last words of `%run` paths that lead to no document.
fn lost_runs(project: &Project) -> HashSet<String> {
    let references = project.documents().iter().flat_map(|document| project.references(&document.path));
    let lost =
        references.filter(|reference| reference.kind == ReferenceKind::Run && reference.resolution.file().is_none());
    let names = lost.filter_map(|reference| reference.target.as_deref()?.rsplit('/').next());
    names.map(|name| without_extension(name).unwrap_or(name).to_owned()).collect()
}

/// For each document whether running it surely restarts Python.
fn restarts(project: &Project, pip_wipes: &(dyn Fn(&RepoPath) -> bool + Sync)) -> Vec<bool> {
    let documents = project.documents();
    let mut restarts = vec![false; documents.len()];
    let mut waiting: Vec<DocumentId> = Vec::new();
    for (id, document) in (0..).zip(documents) {
        if document.is_notebook() && !local::own_wipes(document, pip_wipes(&document.path)).is_empty() {
            waiting.push(id);
        }
    }
    while let Some(id) = waiting.pop() {
        if let Some(known) = restarts.get_mut(id as usize)
            && !std::mem::replace(known, true)
        {
            waiting.extend(project.runs().callers(id).iter().map(|edge| edge.from));
        }
    }
    restarts
}
