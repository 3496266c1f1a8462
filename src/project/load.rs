//! Which files are read: those asked about, and of the others only those that the answer depends on.

use super::bundles::Bundles;
use super::document::{Document, Kind, ReadOptions};
use super::gist::{self, Gist};
use super::places::Places;
use super::read::{
    failure, given_up, is_bundle_candidate, is_python, read_again, read_bundle, read_for, renew, understand,
};
use super::reference::{Reference, ReferenceKind};
use super::shelf::{Glance, Shelf};
use super::target::Runners;
use super::{callers, collect, roles};
use crate::guard;
use crate::python::facts::Facts;
use crate::python::symbols::Symbol;
use crate::snapshot::RepoPath;
use aho_corasick::AhoCorasick;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Mutex, PoisonError};

/// What to load.
#[derive(Clone, Copy)]
pub struct Request<'a> {
    /// The files asked about, in any order.
    pub asked: &'a [RepoPath],
    /// Lists every file of the snapshot that matters; called only if the answer needs it.
    pub everything: &'a (dyn Fn() -> Vec<RepoPath> + Sync),
    /// How to read the file at a path.
    pub options: &'a (dyn Fn(&RepoPath) -> ReadOptions + Sync),
    /// Called for each file that is read, from any thread.
    pub progress: &'a (dyn Fn() + Sync),
    /// Whether somebody will ask what names mean, or who runs a notebook: then modules that are imported and notebooks that run those asked
    /// about are read, where it depends on them.
    pub names: bool,
    /// Whether somebody will ask what files run on: then the bundles around all of them are read.
    pub targets: bool,
    /// Whether every file of the snapshot that matters is asked about.
    pub whole: bool,
}

/// A name that more files than this define says nothing about where it should come from.
const WIDESPREAD: usize = 16;

/// Up to so many files it costs more to wake other threads than to do the work.
const FEW: usize = 8;

/// What was loaded: documents sorted by path, and the references of each.
pub struct Loaded {
    /// The documents.
    pub documents: Vec<Document>,
    /// What each refers to, in order of place.
    pub references: Vec<Vec<Reference>>,
    /// By path, the index of its document.
    pub by_path: HashMap<RepoPath, u32>,
    /// Who runs them on what.
    pub runners: Runners,
}

/// Reads what was asked about and what it depends on; with `callers` also all notebooks that run those asked about,
/// and those that run them. What the `shelf` holds is not read again.
pub fn load(places: &Places, request: &Request<'_>, callers: bool, shelf: Option<&mut Shelf>) -> Loaded {
    let mut loader = Loader {
        places,
        request,
        documents: Vec::new(),
        known: HashMap::new(),
        references: Vec::new(),
        runners: Runners::default(),
        shelf,
        collected: HashMap::new(),
    };
    loader.add(request.asked, true);
    loader.read_bundles();
    loader.follow();
    loader.find_importers();
    loader.find_callers(callers);
    loader.find_definitions();
    loader.finish()
}

struct Loader<'a> {
    places: &'a Places,
    request: &'a Request<'a>,
    documents: Vec<Document>,
    known: HashMap<RepoPath, usize>,
    /// References of the first documents, as far as they were collected.
    references: Vec<Vec<Reference>>,
    runners: Runners,
    /// What was read before.
    shelf: Option<&'a mut Shelf>,
    /// References that are known from before, by the index of their document.
    collected: HashMap<usize, Vec<Reference>>,
}

/// `map` over items, in parallel where that pays.
fn each<T: Sync, R: Send>(items: &[T], map: impl Fn(&T) -> R + Sync + Send) -> Vec<R> {
    if items.len() <= FEW { items.iter().map(map).collect() } else { items.par_iter().map(map).collect() }
}

impl Loader<'_> {
    /// Reads those files that are not known yet.
    fn add(&mut self, paths: &[RepoPath], asked: bool) {
        let mut seen = BTreeSet::new();
        let mut new: Vec<&RepoPath> =
            paths.iter().filter(|path| !self.known.contains_key(*path) && seen.insert(*path)).collect();
        self.take_known(&mut new, asked);
        let snapshot = self.places.snapshot().as_ref();
        let keeps = asked && self.request.targets;
        let mut parts =
            |path: &RepoPath| self.shelf.as_mut().filter(|_| keeps).map(|shelf| shelf.parts(path).unwrap_or_default());
        let new: Vec<_> = new.into_iter().map(|path| (path, Mutex::new(parts(path)))).collect();
        let documents = each(&new, |(path, parts)| {
            let options = (self.request.options)(path);
            let parts = parts.lock().unwrap_or_else(PoisonError::into_inner).take();
            let document = guard::caught(|| read_again(snapshot, path, asked, &options, parts))
                .unwrap_or_else(|reason| given_up(path, asked, &options, &reason));
            (self.request.progress)();
            document
        });
        self.take(documents);
    }

    /// Takes off the shelf what is there already.
    fn take_known(&mut self, paths: &mut Vec<&RepoPath>, asked: bool) {
        let Some(known) = &mut self.shelf else { return };
        let mut documents = Vec::new();
        paths.retain(|path| {
            let Some((mut document, references)) = known.take(path) else { return true };
            renew(&mut document, asked, &(self.request.options)(path));
            if let Some(references) = references {
                self.collected.insert(self.documents.len() + documents.len(), references);
            }
            documents.push(document);
            false
        });
        self.take(documents);
    }

    fn take(&mut self, documents: Vec<Document>) {
        self.places.remember(
            documents.iter().filter(|document| document.notebook.is_some()).map(|document| (&document.path, true)),
        );
        for document in documents {
            self.known.insert(document.path.clone(), self.documents.len());
            self.documents.push(document);
        }
    }

    /// Reads the bundles that hold plain Python and YAML files which are asked about, and says which files belong to
    /// them and which are run by them.
    fn read_bundles(&mut self) {
        let mut bundles = Bundles::default();
        let mut roots = BTreeSet::new();
        let near = self.documents.iter().filter(|document| {
            let runs = self.request.targets && document.is_notebook();
            runs || is_bundle_candidate(&document.path) || is_plain_python(document)
        });
        let folders: BTreeSet<RepoPath> = near.map(|document| document.path.parent()).collect();
        for folder in &folders {
            roots.extend(bundles.roots_of(folder, self.places));
        }
        self.add(&roots.iter().cloned().collect::<Vec<_>>(), false);
        for root in &roots {
            let included = self.read_bundle(root, root, &mut bundles);
            self.add(&included, false);
            for file in &included {
                self.read_bundle(file, root, &mut bundles);
            }
        }
        for document in &mut self.documents {
            read_for_runtime(document, &self.runners, self.request);
            if is_plain_python(document) {
                if (self.request.options)(&document.path).kind.is_none() {
                    document.kind = roles::kind(document, bundles.runs(&document.path));
                }
                continue;
            }
            let unread = document.problems.is_empty();
            let named_so = document.kind == Kind::Bundle;
            if unread && (named_so || is_bundle_candidate(&document.path) && bundles.has(&document.path)) {
                read_bundle(document, &(self.request.options)(&document.path));
            }
        }
    }

    /// Reads one file of a bundle. Gives back what it includes.
    fn read_bundle(&mut self, path: &RepoPath, root: &RepoPath, bundles: &mut Bundles) -> Vec<RepoPath> {
        let Some(document) = self.known.get(path).and_then(|&at| self.documents.get_mut(at)) else {
            return Vec::new();
        };
        if document.problems.is_empty() {
            read_bundle(document, &(self.request.options)(path));
        }
        let Some(bundle) = &document.bundle else { return Vec::new() };
        self.runners.add(path, root, bundle);
        bundles.add(path, root, bundle, self.places)
    }

    /// Collects references, and reads what they reach as far as it matters, until nothing new turns up: notebooks
    /// behind `%run`; if names matter, also modules behind star imports, and behind every import of a document that is
    /// asked about; and what such a document starts with `dbutils.notebook.run`.
    fn follow(&mut self) {
        while self.references.len() < self.documents.len() {
            let from = self.references.len();
            let found = self.collect();
            let mut targets: BTreeSet<RepoPath> = BTreeSet::new();
            for (references, document) in found.iter().zip(self.documents.iter().skip(from)) {
                let wanted = references.iter().filter(|reference| match reference.kind {
                    ReferenceKind::Run => true,
                    ReferenceKind::NotebookRun => document.asked,
                    ReferenceKind::Import(at) => self.request.names && (document.asked || is_star(document, at)),
                });
                targets.extend(wanted.filter_map(|reference| reference.resolution.file().cloned()));
            }
            self.references.extend(found);
            self.add(&targets.into_iter().collect::<Vec<_>>(), false);
        }
    }

    /// Reads the notebooks that run those asked about, and those that run them, where one asked about uses names
    /// that it does not bind, or imports what it does not use; `always` says that it matters in any case.
    fn find_callers(&mut self, always: bool) {
        if !self.request.names || self.request.whole {
            return;
        }
        let open: Vec<usize> = (0..self.documents.len()).filter(|&at| self.is_open(at, always)).collect();
        if open.is_empty() {
            return;
        }
        let everything = (self.request.everything)();
        let mut by_name: HashMap<String, Vec<RepoPath>> = HashMap::new();
        for (path, names) in self.said(&everything) {
            for name in names {
                by_name.entry(name).or_default().push(path.clone());
            }
        }
        let mut waiting: Vec<String> = open
            .iter()
            .filter_map(|&at| self.documents.get(at))
            .map(|document| document.path.stem().to_owned())
            .chain([callers::ANY.to_owned()])
            .collect();
        let mut found: BTreeSet<RepoPath> = BTreeSet::new();
        while let Some(name) = waiting.pop() {
            let known = self.shelf.as_ref().map_or(&[][..], |known| known.who_runs(&name));
            for path in by_name.remove(&name).iter().flatten().chain(known) {
                if found.insert(path.clone()) {
                    waiting.push(path.stem().to_owned());
                }
            }
        }
        self.add(&found.into_iter().collect::<Vec<_>>(), false);
        self.follow();
    }

    /// The bytes of a file that is not too large to be read.
    fn small(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let options = (self.request.options)(path);
        let snapshot = self.places.snapshot();
        let small = snapshot.size(path).is_none_or(|size| size <= options.max_file_size);
        if small { snapshot.read(path).ok() } else { None }
    }

    /// What these files show without being parsed, if the snapshot remembers such things.
    fn remembered(&self, paths: &[&RepoPath]) -> Option<Vec<Vec<u8>>> {
        let most = |path: &RepoPath| (self.request.options)(path).max_file_size;
        gist::remembered(self.places.snapshot().as_ref(), paths, &most)
    }

    /// What files say behind `%run`, without those that the shelf knows.
    fn said(&mut self, files: &[RepoPath]) -> Vec<(RepoPath, Vec<String>)> {
        self.see_all(files);
        let candidates: Vec<&RepoPath> = match &self.shelf {
            Some(known) => known.unseen(files),
            None => files.iter().collect(),
        };
        let candidates: Vec<&RepoPath> = candidates.into_iter().filter(|path| callers::may_run(path)).collect();
        if self.shelf.is_none()
            && let Some(kept) = self.remembered(&candidates)
        {
            let runs = kept.iter().map(|kept| Gist::read(kept).runs());
            return candidates.into_iter().cloned().zip(runs).collect();
        }
        let said = |path: &&RepoPath| {
            let known = self.known.get(*path).and_then(|&at| self.documents.get(at));
            let names = match known.filter(|document| !document.raw.is_empty()) {
                Some(document) => callers::said(document.raw.as_bytes()),
                None => self.small(path).map(|bytes| callers::said(&bytes)).unwrap_or_default(),
            };
            ((*path).clone(), names)
        };
        each(&candidates, said)
    }

    /// Throws a glance at all files that may run others, if there is a shelf, but at those that are asked about: they
    /// are read anew each time that they change.
    fn see_all(&mut self, files: &[RepoPath]) {
        let Some(known) = &self.shelf else { return };
        let unseen = known.unseen(files).into_iter().filter(|path| callers::may_run(path));
        let is_asked = |path: &&RepoPath| self.request.asked.contains(*path);
        let (asked, new): (Vec<&RepoPath>, Vec<&RepoPath>) = unseen.partition(is_asked);
        self.glance_at(&new);
        if let Some(known) = &mut self.shelf {
            known.all_seen_but(asked.into_iter().cloned());
        }
    }

    /// Puts on the shelf what a glance at these files shows, if there is one.
    fn glance_at(&mut self, paths: &[&RepoPath]) {
        let Some(known) = &self.shelf else { return };
        let new: Vec<&RepoPath> = paths.iter().copied().filter(|path| known.glance(path).is_none()).collect();
        let glances = each(&new, |path| self.small(path).map(|bytes| Glance::of(&bytes)).unwrap_or_default());
        if let Some(known) = &mut self.shelf {
            known.remember(new.into_iter().cloned().zip(glances));
        }
    }

    /// Whether what is said of a notebook's names depends on who runs it.
    fn is_open(&self, at: usize, always: bool) -> bool {
        let Some(document) = self.documents.get(at).filter(|document| document.asked && document.is_notebook()) else {
            return false;
        };
        if always {
            return true;
        }
        callers::reads_widgets(document)
            || callers::depends_on_callers(document, &self.reached(at))
            || self.runs_in_vain(at, document)
    }

    /// The facts of all that a document runs or imports, at any depth.
    fn reached(&self, at: usize) -> Vec<&Facts> {
        let mut seen: HashSet<usize> = HashSet::new();
        let mut waiting = vec![at];
        while let Some(at) = waiting.pop() {
            let runs = self.references.get(at).into_iter().flatten();
            let targets = runs.filter_map(|reference| reference.resolution.file());
            waiting.extend(targets.filter_map(|path| self.known.get(path)).copied().filter(|&at| seen.insert(at)));
        }
        seen.into_iter().filter_map(|at| self.documents.get(at)).map(|document| &document.python).collect()
    }

    /// Whether a notebook runs another without surely using a name of what that leads to.
    fn runs_in_vain(&self, at: usize, document: &Document) -> bool {
        let targets = |at: usize| {
            let runs = self.references.get(at).into_iter().flatten().filter(|row| row.kind == ReferenceKind::Run);
            runs.filter_map(|row| self.known.get(row.resolution.file()?)).copied()
        };
        let facts = &document.python;
        let own: HashSet<Symbol> = facts.bindings.iter().filter(|row| row.scope == 0).map(|row| row.name).collect();
        let wanted: HashSet<Symbol> =
            facts.uses.iter().map(|row| row.name).filter(|name| !own.contains(name)).collect();
        targets(at).any(|target| {
            let mut seen = HashSet::from([target]);
            let mut waiting = vec![target];
            while let Some(at) = waiting.pop() {
                let Some(found) = self.documents.get(at).map(|document| &document.python) else { continue };
                let bound = found.bindings.iter().filter(|row| row.scope == 0 && row.kind.binds());
                let mut names = bound.filter_map(|row| facts.symbols.get(found.text(row.name)));
                if names.any(|name| wanted.contains(&name)) {
                    return false;
                }
                waiting.extend(targets(at).filter(|&next| seen.insert(next)));
            }
            true
        })
    }

    /// Reads the files that may define names which a document asked about misses, so that it can be said where
    /// they are.
    fn find_definitions(&mut self) {
        if !self.request.names || self.request.whole {
            return;
        }
        let asked = self.documents.iter().enumerate().filter(|(_, document)| document.asked);
        let missing: BTreeSet<&str> =
            asked.flat_map(|(at, document)| callers::missing_names(document, &self.reached(at))).collect();
        if missing.is_empty() {
            return;
        }
        let missing: Vec<String> = missing.into_iter().map(str::to_owned).collect();
        let everything = (self.request.everything)();
        self.see_all(&everything);
        let defined: Vec<(RepoPath, BTreeSet<usize>)> = if let Some(known) = &self.shelf {
            let mut defined: BTreeMap<&RepoPath, BTreeSet<usize>> = BTreeMap::new();
            for (at, name) in missing.iter().enumerate() {
                for path in known.who_defines(name).iter().filter(|path| !self.known.contains_key(*path)) {
                    defined.entry(path).or_default().insert(at);
                }
            }
            defined.into_iter().map(|(path, names)| (path.clone(), names)).collect()
        } else {
            let files = everything.iter().filter(|path| callers::may_run(path) && !self.known.contains_key(*path));
            let candidates: Vec<&RepoPath> = files.collect();
            let defined: Vec<BTreeSet<usize>> = if let Some(kept) = self.remembered(&candidates) {
                let names = |gist: Gist<'_>| {
                    (0..).zip(&missing).filter(|(_, name)| gist.may_define(name)).map(|(at, _)| at).collect()
                };
                kept.iter().map(|kept| names(Gist::read(kept))).collect()
            } else {
                let Ok(search) = AhoCorasick::new(&missing) else { return };
                let defined = |bytes: Vec<u8>| callers::defined(&bytes, &search);
                each(&candidates, |path| self.small(path).map(defined).unwrap_or_default())
            };
            candidates.into_iter().cloned().zip(defined).collect()
        };
        let mut counts = vec![0_usize; missing.len()];
        for &at in defined.iter().flat_map(|(_, names)| names) {
            if let Some(count) = counts.get_mut(at) {
                *count += 1;
            }
        }
        // What everybody defines for himself is nobody's to bring.
        let is_rare = |at: &usize| counts.get(*at).is_some_and(|count| *count <= WIDESPREAD);
        let found = defined.into_iter().filter(|(_, names)| names.iter().any(is_rare)).map(|(path, _)| path);
        self.add(&found.collect::<Vec<_>>(), false);
        self.follow();
    }

    /// A plain file that does something when it is run and uses what only notebooks and jobs are given is a
    /// script, unless somebody imports it. What a module imports and does not use may be there for those who import
    /// it. Only for such files all others are searched for imports.
    fn find_importers(&mut self) {
        let unclear: Vec<usize> = (0..self.documents.len()).filter(|&at| self.is_unclear(at)).collect();
        let stems: BTreeSet<String> = (0..self.documents.len())
            .filter(|&at| unclear.binary_search(&at).is_ok() || self.may_hand_on(at))
            .filter_map(|at| self.documents.get(at))
            .map(|document| document.path.module_name())
            .filter(|stem| roles::is_identifier(stem))
            .map(str::to_owned)
            .collect();
        if let Ok(search) = AhoCorasick::new(&stems)
            && !stems.is_empty()
        {
            self.read_mentions(&stems, &search);
        }
        let imported: BTreeSet<&RepoPath> = self
            .references
            .iter()
            .flatten()
            .filter(|reference| matches!(reference.kind, ReferenceKind::Import(_)))
            .filter_map(|reference| reference.resolution.file())
            .collect();
        let is_imported = |at: usize| self.documents.get(at).is_some_and(|document| imported.contains(&document.path));
        let scripts: Vec<usize> = unclear.into_iter().filter(|&at| !is_imported(at)).collect();
        for at in scripts {
            if let Some(document) = self.documents.get_mut(at) {
                document.kind = Kind::Script;
            }
        }
    }

    /// Whether somebody wants to know who takes the imports of a plain file from it.
    fn may_hand_on(&self, at: usize) -> bool {
        let wanted = self.request.names && !self.request.whole;
        self.documents.get(at).is_some_and(|document| {
            wanted && document.asked && is_plain_python(document) && callers::has_unread_import(document)
        })
    }

    /// Reads all Python and notebooks in which one of the words stands that `search` looks for.
    fn read_mentions(&mut self, words: &BTreeSet<String>, search: &AhoCorasick) {
        let everything = (self.request.everything)();
        let mut new: Vec<&RepoPath> = everything
            .iter()
            .filter(|path| is_python(path) || path.has_extension("ipynb"))
            .filter(|path| !self.known.contains_key(*path))
            .collect();
        self.glance_at(&new);
        if let Some(known) = &self.shelf {
            let glance = |path: &RepoPath| known.glance(path);
            new.retain(|path| glance(path).is_some_and(|glance| words.iter().any(|word| glance.may_import(word))));
            self.take_known(&mut new, false);
        }
        let found = each(&new, |path| {
            let options = (self.request.options)(path);
            let bytes = self.small(path)?;
            let mentions = search.is_match(&bytes) && memchr::memmem::find(&bytes, b"import").is_some();
            // Nothing is said of such files, so one that cannot be read is none that imports something.
            mentions.then(|| guard::caught(|| understand(bytes, path, false, &options)).ok()).flatten()
        });
        self.take(found.into_iter().flatten().collect());
        let references = self.collect();
        self.references.extend(references);
    }

    /// What those documents refer to whose references were not collected yet.
    fn collect(&mut self) -> Vec<Vec<Reference>> {
        let from = self.references.len();
        let collected = &self.collected;
        let new: Vec<(usize, &Document)> = (from..).zip(self.documents.iter().skip(from)).collect();
        let find = |(at, document): &(usize, &Document)| match collected.get(at) {
            Some(references) => Ok(references.clone()),
            None => guard::caught(|| collect::references(document, self.places)),
        };
        let unknown = new.iter().filter(|(at, _)| !collected.contains_key(at)).count();
        let found: Vec<_> = if unknown <= FEW { new.iter().map(find).collect() } else { each(&new, find) };
        let documents = self.documents.iter_mut().skip(from);
        let said = documents.zip(found).map(|(document, found)| {
            found.unwrap_or_else(|reason| {
                document.problems.push(failure(&reason));
                Vec::new()
            })
        });
        said.collect()
    }

    fn is_unclear(&self, at: usize) -> bool {
        let Some(document) = self.documents.get(at) else { return false };
        document.asked
            && document.kind == Kind::Module
            && roles::may_be_script(document)
            && (self.request.options)(&document.path).kind.is_none()
            && !self.places.list(&document.path.parent()).has_file("__init__.py")
    }

    fn finish(mut self) -> Loaded {
        self.references.resize_with(self.documents.len(), Vec::new);
        let mut both: Vec<(Document, Vec<Reference>)> = self.documents.into_iter().zip(self.references).collect();
        both.sort_by(|a, b| a.0.path.cmp(&b.0.path));
        let (documents, references): (Vec<_>, Vec<_>) = both.into_iter().unzip();
        let by_path = documents
            .iter()
            .enumerate()
            .map(|(at, document)| (document.path.clone(), u32::try_from(at).unwrap_or(u32::MAX)))
            .collect();
        Loaded { documents, references, by_path, runners: self.runners }
    }
}

/// Reads a document for the Python of the runtime that a job runs it on, where settings do not say for which.
fn read_for_runtime(document: &mut Document, runners: &Runners, request: &Request<'_>) {
    if !request.targets || !document.asked {
        return;
    }
    let options = (request.options)(&document.path);
    let of_runtime = || runners.target(document).python();
    let is_default = options.target_python == ReadOptions::default().target_python;
    let python = of_runtime().filter(|python| is_default && *python < options.target_python);
    read_for(document, python.unwrap_or(options.target_python));
}

/// Whether an import takes all that a module has.
fn is_star(document: &Document, import: u32) -> bool {
    let facts = &document.python;
    facts.imports.get(import as usize).is_some_and(|row| facts.is(row.name, "*"))
}

/// Whether a document is Python that is no notebook, and was read.
fn is_plain_python(document: &Document) -> bool {
    is_python(&document.path) && !document.is_notebook() && !document.raw.is_empty()
}
