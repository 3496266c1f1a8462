//! Names across documents: what `%run` and star imports bring, what callers must have bound, and what is missing.

pub mod clash;
pub mod describe;
pub mod find;
pub mod local;
pub mod scope;
mod stars;
pub mod uses;
pub mod verdict;

use crate::guard;
use crate::project::document::{Document, DocumentId};
use crate::project::places::without_extension;
use crate::project::reference::ReferenceKind;
use crate::project::runs::Edge;
use crate::project::{Project, command};
use crate::python::names::Reader;
use crate::python::symbols::FastSet;
use crate::snapshot::RepoPath;
use clash::Clash;
use find::{Finder, Known};
use local::{Local, UnknownKind};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::OnceLock;
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
    given: Vec<FastSet<u32>>,
    /// What the notebooks that it runs need of a document and do not get.
    lacks: HashMap<DocumentId, Vec<Lack>>,
    /// The last words of `%run` paths that lead nowhere.
    lost_runs: HashSet<String>,
    /// Found when somebody asks.
    clashes: OnceLock<Vec<Clash>>,
    /// All names that any document binds at its top level, or takes by a star import.
    bound: FastSet<&'p str>,
    /// What was looked up for the verdicts.
    known: Known,
}

/// A notebook needs a name that one of those that run it has not bound.
#[derive(Clone, Copy, Debug)]
pub struct Lack {
    /// The `%run` before which the name is not bound.
    pub edge: Edge,
    /// The notebook that needs it.
    pub helper: DocumentId,
    /// The row of its [`crate::python::names::Names::missing`].
    pub row: u32,
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
        let is_new = |document: &&Document| document.resolved.get().is_none();
        let locals: Vec<Local> = if documents.iter().filter(is_new).count() <= FEW {
            documents.iter().map(local).collect()
        } else {
            documents.par_iter().map(local).collect()
        };
        let given = vec![FastSet::default(); documents.len()];
        let lost_runs = lost_runs(project);
        let (lacks, clashes, bound) = (HashMap::new(), OnceLock::new(), bound(project, &locals));
        let mut names = Self {
            project,
            locals,
            verdicts: Vec::new(),
            given,
            lacks,
            lost_runs,
            clashes,
            bound,
            known: Known::default(),
        };
        let mut finder = Finder::new(&names);
        let ids = 0..u32::try_from(documents.len()).unwrap_or(u32::MAX);
        let verdicts = ids.map(|id| verdict::verdicts(&mut finder, id)).collect();
        let (given, known) = finder.into_parts();
        names.verdicts = verdicts;
        names.known = known;
        names.lacks = names.find_lacks();
        for (document, binding) in given {
            if let Some(bindings) = names.given.get_mut(document as usize) {
                bindings.insert(binding);
            }
        }
        names
    }

    /// Knows nothing of any name.
    pub fn nothing(project: &'p Project) -> Self {
        Self {
            project,
            locals: Vec::new(),
            verdicts: Vec::new(),
            given: Vec::new(),
            lacks: HashMap::new(),
            lost_runs: HashSet::new(),
            clashes: OnceLock::new(),
            bound: FastSet::default(),
            known: Known::default(),
        }
    }

    /// What is known of a document's own names.
    pub fn local(&self, id: DocumentId) -> Option<&Local> {
        self.locals.get(id as usize)
    }

    /// Whether the platform gives a document `spark`, `dbutils` and the like.
    pub fn gives_globals(&self, id: DocumentId) -> bool {
        self.project.documents().get(id as usize).is_some_and(local::is_given_globals)
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

    /// What the notebooks that a document runs need of it and do not get.
    pub fn lacks(&self, id: DocumentId) -> &[Lack] {
        self.lacks.get(&id).map_or(&[], Vec::as_slice)
    }

    /// How many of the notebooks asked about are not fully known, and for how many of them each reason holds.
    pub fn partly_known(&self) -> (usize, BTreeMap<UnknownKind, usize>) {
        let mut reasons = BTreeMap::new();
        let mut count = 0;
        for ((document, local), verdicts) in self.project.documents().iter().zip(&self.locals).zip(&self.verdicts) {
            if !document.asked || !document.is_notebook() {
                continue;
            }
            let own = local.unknowns.iter().map(|unknown| unknown.kind);
            let others = verdicts.iter().filter_map(|verdict| match verdict {
                Verdict::Unknown(_, kind) => Some(*kind),
                _ => None,
            });
            let kinds: BTreeSet<UnknownKind> = own.chain(others).collect();
            count += usize::from(!kinds.is_empty());
            for kind in kinds {
                *reasons.entry(kind).or_default() += 1;
            }
        }
        (count, reasons)
    }

    /// By document that runs others, what these lack; each name once for the top level and once for each function.
    fn find_lacks(&self) -> HashMap<DocumentId, Vec<Lack>> {
        let mut lacks: HashMap<DocumentId, Vec<Lack>> = HashMap::new();
        for (helper, verdicts) in (0_u32..).zip(&self.verdicts) {
            let Some(local) = self.local(helper) else { continue };
            let Some(document) = self.project.documents().get(helper as usize) else { continue };
            let mut seen = HashSet::new();
            for (row, (missing, verdict)) in (0_u32..).zip(local.names.missing.iter().zip(verdicts)) {
                let (Verdict::SomeCallers(edges), Reader::Use(at)) = (verdict, missing.reader) else { continue };
                let Some(name_use) = document.python.uses.get(at as usize) else { continue };
                if seen.insert((name_use.name, missing.deferred.then_some(name_use.scope))) {
                    for &edge in edges.iter() {
                        lacks.entry(edge.from).or_default().push(Lack { edge, helper, row });
                    }
                }
            }
        }
        lacks
    }

    /// Whether another document reads a binding of the module's scope: one that runs the document, that is run beside
    /// it, or that imports it by star.
    pub fn is_read_elsewhere(&self, id: DocumentId, binding: u32) -> bool {
        self.given.get(id as usize).is_some_and(|bindings| bindings.contains(&binding))
    }

    /// Where a definition takes the place of another in a document, in order of place.
    pub fn clashes(&self, id: DocumentId) -> &[Clash] {
        let all = self.clashes.get_or_init(|| clash::clashes(self));
        let start = all.partition_point(|clash| clash.document < id);
        let rest = all.get(start..).unwrap_or_default();
        rest.get(..rest.partition_point(|clash| clash.document == id)).unwrap_or_default()
    }

    /// Why a notebook may be run by others than those that are known: a `%run` that leads nowhere ends in its name.
    pub fn may_have_other_callers(&self, id: DocumentId) -> Option<UnknownKind> {
        let document = self.project.documents().get(id as usize)?;
        (document.is_notebook() && self.lost_runs.contains(document.path.stem())).then_some(UnknownKind::Run)
    }

    /// Whether any document binds a name at its top level, or takes it by a star import of a well-known module.
    pub(super) fn is_bound(&self, name: &str) -> bool {
        self.bound.contains(name)
    }

    /// Every binding of `name` at the top level of a known document.
    pub fn bound_in(&self, name: &str) -> impl Iterator<Item = (DocumentId, u32)> {
        let documents = if self.is_bound(name) { self.project.documents() } else { &[] };
        let documents = (0_u32..).zip(documents).zip(&self.locals);
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

/// All names that any document binds at its top level, or takes by a star import of a well-known module.
fn bound<'p>(project: &'p Project, locals: &[Local]) -> FastSet<&'p str> {
    let mut bound: FastSet<&'p str> = FastSet::default();
    let mut modules = HashSet::new();
    for (document, local) in project.documents().iter().zip(locals) {
        let facts = &document.python;
        let rows = local.names.module().iter().filter_map(|&at| facts.bindings.get(at as usize));
        bound.extend(rows.map(|row| facts.text(row.name)));
        for arrival in &local.arrivals {
            if let local::From::Known(names, _) = arrival.from
                && modules.insert(names.as_ptr())
            {
                bound.extend(names);
            }
        }
    }
    bound
}

/// The last words of `%run` paths that lead to no document.
fn lost_runs(project: &Project) -> HashSet<String> {
    let references = project.documents().iter().flat_map(|document| project.references(&document.path));
    let lost =
        references.filter(|reference| reference.kind == ReferenceKind::Run && reference.resolution.file().is_none());
    let lost = lost.filter_map(|reference| reference.target.as_deref());
    let dead = project.documents().iter().flat_map(|document| {
        local::dead_runs(document).filter_map(|magic| {
            let argument = magic.argument.of(document.text());
            command::parse(argument).path.map(|path| path.of(argument))
        })
    });
    let names = lost.chain(dead).filter_map(|path| path.rsplit('/').next());
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
