//! From `%run` to `import`: notebooks that only define things become modules, and those that run them import what
//! they use. Nothing is written to disk here.

mod callers;
mod fitness;
mod imports;
mod module;
mod needs;
mod taken;

use crate::engine::{self, Setup};
use crate::fix::Texts;
use crate::names::Namespaces;
use crate::notebook::ipynb;
use crate::project::Project;
use crate::project::document::{Document, DocumentId};
use crate::project::reference::{ReferenceKind, Resolution};
use crate::snapshot::RepoPath;
use crate::snapshot::overlay::Overlay;
use crate::text::Span;
use crate::text::edit::{self, Edit};
use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

/// What is to be done.
#[derive(Clone, Debug)]
pub struct Order {
    /// The notebooks that are to become modules.
    pub notebooks: Vec<RepoPath>,
    /// Where the module is to be made, if the notebook is to stay as it is.
    pub new_module: Option<RepoPath>,
    /// Whether notebooks are run from a Git folder, so that Python finds modules from its root, also where a bundle
    /// is at hand.
    pub git_folder: bool,
}

/// Why something cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// The notebook that was to become a module.
    pub notebook: RepoPath,
    /// Where the reason stands.
    pub path: RepoPath,
    /// Where in it.
    pub span: Span,
    /// One line, lower case, no full stop.
    pub message: String,
}

/// What became of it.
pub struct Plan {
    /// The documents as they are.
    pub project: Project,
    /// By path, each file that changes; a file that is new has an empty old text and is in [`Plan::created`].
    pub texts: BTreeMap<RepoPath, Texts>,
    /// Files that are new.
    pub created: Vec<RepoPath>,
    /// Why nothing is to be done; empty if it can be.
    pub refusals: Vec<Refusal>,
    /// Files that are asked about and are modules already.
    pub done: Vec<RepoPath>,
    /// How many `%run`s become imports or go.
    pub runs: usize,
}

/// A notebook on its way to a module.
struct Helper {
    id: DocumentId,
    /// The file in which the module is to stand.
    target: RepoPath,
}

/// All that the parts of the work share.
struct Work<'a, 's> {
    setup: &'a Setup<'s>,
    order: &'a Order,
    project: &'a Project,
    names: &'a Namespaces<'a>,
    helpers: Vec<Helper>,
    refusals: Vec<Refusal>,
}

impl<'a> Work<'a, '_> {
    fn document(&self, id: DocumentId) -> Option<&'a Document> {
        self.project.documents().get(id as usize)
    }

    fn is_converted(&self, id: DocumentId) -> bool {
        self.helpers.iter().any(|helper| helper.id == id)
    }

    /// Refuses `notebook` for a reason that stands in `place`.
    fn refuse(&mut self, notebook: DocumentId, place: &Document, span: Span, message: impl Into<String>) {
        if let Some(notebook) = self.document(notebook) {
            self.refusals.push(Refusal {
                notebook: notebook.path.clone(),
                path: place.path.clone(),
                span,
                message: message.into(),
            });
        }
    }
}

/// Finds out what is to be changed, tries it in memory, and checks that nothing breaks. `setup` must ask about all
/// files of the repository.
pub fn run_to_import(setup: &Setup<'_>, order: &Order) -> Plan {
    let project = engine::load(setup, false);
    let pip_wipes = |path: &RepoPath| engine::pip_wipes(setup.settings, path);
    let names = Namespaces::new(&project, &pip_wipes);
    let mut work = Work { setup, order, project: &project, names: &names, helpers: Vec::new(), refusals: Vec::new() };
    let done = work.take_helpers();
    let mut changes = Changes::default();
    fitness::look(&mut work);
    callers::look(&mut work);
    if work.refusals.is_empty() {
        let needs = needs::needs(&work);
        imports::replace_runs(&mut work, &needs, &mut changes);
        module::make_modules(&mut work, &mut changes);
    }
    let mut texts = BTreeMap::new();
    if work.refusals.is_empty() {
        texts = changes.apply(&mut work);
    }
    if work.refusals.is_empty() && !texts.is_empty() {
        try_out(&mut work, &texts, &changes);
    }
    let mut refusals = std::mem::take(&mut work.refusals);
    refusals.sort();
    refusals.dedup();
    if !refusals.is_empty() {
        texts.clear();
    }
    let created = changes.created.into_keys().filter(|path| texts.contains_key(path)).collect();
    drop(work);
    drop(names);
    Plan { project, texts, created, refusals, done, runs: changes.runs }
}

/// What is to be changed.
#[derive(Default)]
struct Changes {
    /// Edits by document.
    edits: HashMap<DocumentId, Vec<Edit>>,
    /// Documents that get a new text.
    rewritten: HashMap<DocumentId, String>,
    /// What comes into cells of documents that are made into modules.
    cells: HashMap<(DocumentId, u32), String>,
    /// New files.
    created: BTreeMap<RepoPath, String>,
    /// For each import that is made, the document that imports, the module as it is written, and the file that it
    /// must mean.
    promises: Vec<(DocumentId, String, RepoPath)>,
    /// How many `%run`s are replaced.
    runs: usize,
}

impl Changes {
    /// The files as they are and as they will be.
    fn apply(&self, work: &mut Work<'_, '_>) -> BTreeMap<RepoPath, Texts> {
        let mut texts = BTreeMap::new();
        let ids: HashSet<DocumentId> = self.edits.keys().chain(self.rewritten.keys()).copied().collect();
        for id in ids {
            let Some(document) = work.document(id) else { continue };
            let new = match (self.rewritten.get(&id), self.edits.get(&id)) {
                (Some(new), _) => Some(new.clone()),
                (None, edits) => rewritten(document, edits.map(Vec::as_slice).unwrap_or_default()),
            };
            match new {
                Some(new) if new != document.raw => {
                    texts.insert(document.path.clone(), Texts { old: document.raw.clone(), new });
                }
                Some(_) => {}
                None => {
                    work.refuse(id, document, Span::at(0), "this file cannot be written: its cells do not lie apart");
                }
            }
        }
        for (path, text) in &self.created {
            texts.insert(path.clone(), Texts { old: String::new(), new: text.clone() });
        }
        texts
    }
}

/// A document with edits made.
fn rewritten(document: &Document, edits: &[Edit]) -> Option<String> {
    match (&document.notebook, &document.joined) {
        (Some(notebook), Some(joined)) => ipynb::write(&document.raw, notebook, joined, edits),
        _ => edit::apply(&document.raw, edits),
    }
}

/// Checks the repository as it will be: nothing new may be found, and each import must mean its module.
fn try_out(work: &mut Work<'_, '_>, texts: &BTreeMap<RepoPath, Texts>, changes: &Changes) {
    let before = engine::check(work.setup).findings;
    let files = texts.iter().map(|(path, texts)| (path.clone(), Some(texts.new.clone().into_bytes()))).collect();
    let snapshot = Arc::new(Overlay::new(work.setup.snapshot.clone(), files));
    let mut asked = work.setup.asked.clone();
    asked.extend(changes.created.keys().cloned());
    let after = engine::check(&Setup { snapshot, asked, ..*work.setup });
    let Some(first) = work.helpers.first().map(|helper| helper.id) else { return };
    // Lines move, so a finding is the same if it says the same in the same file; messages may name lines as well.
    let mut known: HashMap<(&str, &RepoPath, String), usize> = HashMap::new();
    for finding in &before {
        *known.entry((&finding.rule, &finding.path, words(&finding.message))).or_default() += 1;
    }
    for finding in &after.findings {
        match known.get_mut(&(&*finding.rule, &finding.path, words(&finding.message))) {
            Some(count) if *count > 0 => *count -= 1,
            _ => {
                let row = after
                    .project
                    .document(&finding.path)
                    .map_or(1, |document| document.lines().position(document.text(), finding.span.start).row);
                let message = format!(
                    "`check` would find something new in `{}`, line {row} of the new text: {} [{}]",
                    finding.path, finding.message, finding.rule
                );
                let place = work.project.document(&finding.path);
                if let Some(place) = place.or_else(|| work.document(first)) {
                    work.refuse(first, place, Span::at(0), message);
                }
            }
        }
    }
    for (id, module, target) in &changes.promises {
        let Some(document) = work.document(*id) else { continue };
        let path = new_path(work, *id).unwrap_or_else(|| document.path.clone());
        let Some(new) = after.project.document(&path) else { continue };
        let facts = &new.python;
        let means = after.project.references(&path).iter().find_map(|reference| {
            let ReferenceKind::Import(at) = reference.kind else { return None };
            let row = facts.imports.get(at as usize)?;
            (row.level == 0 && facts.text(row.module) == module).then_some(&reference.resolution)
        });
        if means != Some(&Resolution::Found(target.clone())) {
            let message = match means.and_then(Resolution::file) {
                Some(other) => format!("`{module}` would mean `{other}` here, not `{target}`: rename one of them"),
                None => format!("`{module}` would not mean `{target}` here"),
            };
            work.refuse(first, document, Span::at(0), message);
        }
    }
}

/// A message without the numbers of the lines that it names.
fn words(message: &str) -> String {
    let mut parts = message.split("line ");
    let mut words = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        words.push_str("line ");
        words.push_str(part.trim_start_matches(|c: char| c.is_ascii_digit()));
    }
    words
}

/// Where a document will stand.
fn new_path(work: &Work<'_, '_>, id: DocumentId) -> Option<RepoPath> {
    work.helpers.iter().find(|helper| helper.id == id).map(|helper| helper.target.clone())
}
