//! One repository at work: a thread that keeps its documents parsed, judges what changed, and answers questions.
//!
//! Three loops stand in each other, because each borrows from the one around it: settings hold until a settings file
//! changes, a project until a document changes, and within one state of the project questions are answered and what is
//! open is judged, one document at a time, with a look at what came in between.

use super::buffers::Content;
use super::hints::Shown;
use super::room::Room;
use super::settings::Settings;
use super::view::{OpenFile, View};
use super::{Shared, wire};
use crate::baseline::{self, Baseline};
use crate::config::{self, Configs, Overrides, Place};
use crate::engine::{self, Setup};
use crate::guard;
use crate::names::Namespaces;
use crate::page::PageProblem;
use crate::project::shelf::Shelf;
use crate::project::{Project, Request as Load};
use crate::rules::book::Book;
use crate::snapshot::overlay::Overlay;
use crate::snapshot::walk::{Search, repo_path};
use crate::snapshot::worktree::Worktree;
use crate::snapshot::{RepoPath, Snapshot};
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::Path;
use std::sync::mpsc::{Receiver, TryRecvError};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Instant;

/// More threads than this do not walk faster.
const WALKERS: usize = 8;

/// Something for a repository to do.
#[derive(Debug)]
pub(super) enum Order {
    /// A file is open and reads so.
    Open(RepoPath, Content),
    /// A file is no longer open.
    Closed(RepoPath),
    /// Files changed on disk; the second says whether one came or went.
    Disk(Vec<(RepoPath, bool)>),
    /// The editor has other settings.
    Settings(Arc<Settings>),
    /// A question.
    Ask(Question),
}

/// A question of an editor.
#[derive(Debug)]
pub(super) struct Question {
    /// The request's identifier.
    pub id: Value,
    /// What is asked.
    pub method: String,
    /// About what.
    pub params: Value,
    /// If several repositories answer together: the others.
    pub gather: Option<Arc<Gather>>,
}

/// An answer to which several repositories add.
#[derive(Debug)]
pub(super) struct Gather {
    /// How many are missing, and what there is.
    state: Mutex<(usize, Vec<Value>)>,
    /// Whether the whole is an object that holds the list.
    is_report: bool,
}

impl Gather {
    /// An answer of `count` parts.
    pub(super) fn new(count: usize, is_report: bool) -> Arc<Self> {
        Arc::new(Self { state: Mutex::new((count, Vec::new())), is_report })
    }

    /// Adds a part; gives the whole if it was the last.
    pub(super) fn add(&self, part: Value) -> Option<Value> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Value::Array(rows) = part {
            state.1.extend(rows);
        }
        state.0 = state.0.saturating_sub(1);
        if state.0 > 0 {
            return None;
        }
        let rows = Value::Array(std::mem::take(&mut state.1));
        Some(if self.is_report { json!({ "items": rows }) } else { rows })
    }
}

/// All files of a repository that matter, once somebody asks.
struct Files {
    root: Arc<Path>,
    list: OnceLock<Vec<RepoPath>>,
}

impl Files {
    fn all(&self, configs: &Configs<'_>) -> &[RepoPath] {
        self.list.get_or_init(|| {
            let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
            let search = Search {
                root: &self.root,
                excluded: &|path, is_folder| configs.excluded(path, is_folder),
                lists: &|folder| configs.lists(folder),
                respect_gitignore: configs.respect_gitignore(),
                threads: threads.min(WALKERS),
            };
            search.walk(&[RepoPath::root()]).files
        })
    }
}

/// What was said of one text: the editor's name for it, and its diagnostics.
pub(super) type Said = (Arc<str>, Value);

/// A repository at work.
pub(super) struct Desk {
    pub(super) shared: Arc<Shared>,
    pub(super) root: Arc<Path>,
    pub(super) settings: Arc<Settings>,
    pub(super) view: View,
    inbox: Receiver<Order>,
    /// Orders that were taken out of the inbox too early.
    ahead: RefCell<VecDeque<Order>>,
    /// The files as they stand on disk; made anew when one comes or goes, because it remembers what stands in folders.
    pub(super) worktree: Arc<Worktree>,
    files: Files,
    shelf: Shelf,
    /// What was last said of each file, by the names of its texts.
    pub(super) said: RefCell<BTreeMap<RepoPath, Vec<Said>>>,
    /// Files that changed since what depends on them was judged.
    pub(super) touched: BTreeSet<RepoPath>,
    /// Those of them that changed in the editor, which asks anew for all that it shows of them.
    pub(super) edited: BTreeSet<RepoPath>,
    /// Files that the editor changed last, with which this state came to be.
    pub(super) just_edited: BTreeSet<RepoPath>,
    /// How often files changed on disk.
    pub(super) disk: u64,
    /// What it hangs on who runs whom, when lenses were last looked at.
    pub(super) runs: Cell<u64>,
    /// The lenses and hints that were last given: by the name of the text and what was asked for.
    pub(super) shown: RefCell<BTreeMap<(Arc<str>, Shown), Value>>,
    /// Whether all was judged that depends on those.
    all_judged: Cell<bool>,
    /// What is said of settings files and rule pages.
    faulted: RefCell<BTreeMap<Arc<str>, Vec<Value>>>,
    /// Which state this is; they are counted.
    pub(super) state: u64,
    /// Questions about the whole repository, which are answered when something has changed.
    pub(super) polls: RefCell<Vec<Question>>,
    /// The state that the last answer about the whole repository was given for.
    pub(super) polled: Cell<Option<u64>>,
    /// Whether what was said of the whole repository is out of date, if it is said unasked.
    pub(super) whole_due: Cell<bool>,
    /// What was said of it, by the names of files.
    pub(super) whole_said: Arc<Mutex<BTreeSet<Arc<str>>>>,
    stopped: bool,
}

/// What holds until settings change.
pub(super) struct Rules<'a> {
    pub(super) book: &'a Book,
    pub(super) configs: &'a Configs<'a>,
    pub(super) baseline: Option<&'a Baseline>,
}

impl Desk {
    /// A desk for the repository at `root`.
    pub(super) fn new(shared: Arc<Shared>, root: Arc<Path>, settings: Arc<Settings>, inbox: Receiver<Order>) -> Self {
        let view = View::new(root.clone(), shared.encoding);
        let worktree = Arc::new(Worktree::new(root.to_path_buf()));
        let files = Files { root: root.clone(), list: OnceLock::new() };
        Self {
            shared,
            root,
            settings,
            view,
            inbox,
            ahead: RefCell::default(),
            worktree,
            files,
            shelf: Shelf::default(),
            said: RefCell::default(),
            touched: BTreeSet::new(),
            edited: BTreeSet::new(),
            just_edited: BTreeSet::new(),
            disk: 0,
            runs: Cell::new(0),
            shown: RefCell::default(),
            all_judged: Cell::new(true),
            faulted: RefCell::default(),
            state: 0,
            polls: RefCell::default(),
            polled: Cell::new(None),
            whole_due: Cell::new(true),
            whole_said: Arc::default(),
            stopped: false,
        }
    }

    /// Works until nobody has anything more to do for it.
    pub(super) fn work(mut self) {
        while !self.stopped {
            self.shelf.clear();
            // Settings are read from what is saved: half a line of TOML must not switch rules off.
            let worktree = Arc::new(Worktree::new(self.root.to_path_buf()));
            let overrides = overrides(&self.settings, &self.root);
            let folders = config::pages(&*worktree, &overrides);
            let (book, faults) = match Book::builtin().with_pages(&*worktree, &folders) {
                Ok(book) => (book, Vec::new()),
                Err(faults) => (Book::builtin(), faults),
            };
            let configs = Configs::new(&*worktree, book.rules().iter().map(|rule| &rule.page), &overrides);
            let baseline = self.settings.baseline.then(|| baseline_of(&*worktree, &configs)).flatten();
            let rules = Rules { book: &book, configs: &configs, baseline: baseline.as_ref() };
            self.touched.extend(self.view.open().keys().cloned());
            while !self.stopped && self.one_state(&rules, &faults) {}
        }
    }

    /// Loads what is open, works with it until something changes, and takes the change in. Whether settings still hold.
    fn one_state(&mut self, rules: &Rules<'_>, faults: &[PageProblem]) -> bool {
        let mut known = std::mem::take(&mut self.shelf);
        let orders = guard::caught(|| self.with_project(rules, faults, &mut known)).unwrap_or_else(|reason| {
            self.shared.log(|| format!("a state of {} was given up: {reason}", self.root.display()));
            known = Shelf::default();
            self.wait()
        });
        self.shelf = known;
        // What was changed again before it was judged is still to be judged.
        if self.all_judged.get() {
            self.touched.clear();
            self.edited.clear();
        }
        self.just_edited.clear();
        self.state += 1;
        self.stopped = orders.is_empty();
        let mut holds = true;
        for order in orders {
            holds &= self.take_in(order);
        }
        holds
    }

    fn with_project(&self, rules: &Rules<'_>, faults: &[PageProblem], known: &mut Shelf) -> Vec<Order> {
        let configs = rules.configs;
        let files = &self.files;
        let everything = || files.all(configs).to_vec();
        let asked: Vec<RepoPath> =
            self.view.open().keys().filter(|path| !configs.excluded_from_top(path, false)).cloned().collect();
        let setup = Setup {
            book: rules.book,
            snapshot: self.snapshot(),
            settings: configs,
            asked,
            everything: &everything,
            progress: &|| {},
            items: None,
            whole: false,
            delta: None,
        };
        let options = |path: &RepoPath| configs.for_path(path).read.clone();
        let request = Load {
            asked: &setup.asked,
            everything: &everything,
            options: &options,
            progress: &|| {},
            names: true,
            targets: true,
            whole: false,
        };
        let start = Instant::now();
        let project = Project::reload(setup.snapshot.clone(), &request, known);
        let loaded = start.elapsed();
        let pip_wipes = |path: &RepoPath| engine::pip_wipes(configs, path);
        let names = Namespaces::new(&project, &pip_wipes);
        self.shared.log(|| {
            let (documents, resolved) = (project.documents().len(), start.elapsed().saturating_sub(loaded));
            format!("state {}: {documents} documents in {loaded:.1?}, their names in {resolved:.1?}", self.state)
        });
        self.say_faults(configs, faults);
        let room = Room::new(self, rules, &setup, &names, known);
        let orders = self.until_changed(&room);
        drop(room);
        drop(names);
        project.put_back(known);
        orders
    }

    /// The files as the editor has them.
    pub(super) fn snapshot(&self) -> Arc<dyn Snapshot> {
        let open = self.view.open().iter().map(|(path, file)| (path.clone(), Some(file.bytes.clone())));
        Arc::new(Overlay::new(self.worktree.clone(), open.collect()))
    }

    /// All files of the repository that matter.
    pub(super) fn everything(&self, configs: &Configs<'_>) -> &[RepoPath] {
        self.files.all(configs)
    }

    /// Answers questions and judges what is open until something changes. Gives all that changed up to the next
    /// question: of many edits only the last is worth a look.
    fn until_changed(&self, room: &Room<'_>) -> Vec<Order> {
        let mut waiting = room.to_be_judged();
        self.all_judged.set(waiting.is_empty());
        loop {
            let order = match self.ahead.borrow_mut().pop_front() {
                Some(order) => Some(order),
                None if waiting.is_empty() => match self.inbox.recv() {
                    Ok(order) => Some(order),
                    Err(_) => return Vec::new(),
                },
                None => match self.inbox.try_recv() {
                    Ok(order) => Some(order),
                    Err(TryRecvError::Empty) => None,
                    Err(TryRecvError::Disconnected) => return Vec::new(),
                },
            };
            match order {
                Some(Order::Ask(question)) if question.method == "workspace/diagnostic" => {
                    self.polls.borrow_mut().push(question);
                    room.answer_polls();
                }
                Some(Order::Ask(question)) => {
                    self.answer(&question, || room.answer(&question.method, &question.params));
                }
                Some(change) => {
                    let mut changes = vec![change];
                    while let Ok(next) = self.inbox.try_recv() {
                        if matches!(next, Order::Ask(_)) {
                            self.ahead.borrow_mut().push_back(next);
                            break;
                        }
                        changes.push(next);
                    }
                    return changes;
                }
                None => {
                    if let Some(path) = waiting.pop_front() {
                        let start = Instant::now();
                        room.judge(&path);
                        self.shared.log(|| format!("{path}: judged in {:.1?}", start.elapsed()));
                    }
                    if waiting.is_empty() {
                        self.all_judged.set(true);
                        room.judged();
                    }
                }
            }
        }
    }

    /// Waits for a change without a project to answer questions with.
    fn wait(&self) -> Vec<Order> {
        loop {
            let ahead = self.ahead.borrow_mut().pop_front();
            match ahead.map_or_else(|| self.inbox.recv().ok(), Some) {
                Some(Order::Ask(question)) => {
                    self.answer(&question, || {
                        Err((wire::code::INTERNAL, "this state of the repository failed".to_owned()))
                    });
                }
                Some(change) => return vec![change],
                None => return Vec::new(),
            }
        }
    }

    fn answer(&self, question: &Question, find: impl FnOnce() -> Result<Value, (i32, String)>) {
        let found = if self.shared.is_cancelled(&question.id) {
            Err((wire::code::CANCELLED, "cancelled".to_owned()))
        } else {
            let internal = |reason| Err((wire::code::INTERNAL, format!("this failed: {reason}")));
            guard::caught(find).unwrap_or_else(internal)
        };
        let found = match (&question.gather, found) {
            (None, found) => found,
            (Some(gather), found) => match gather.add(found.unwrap_or_default()) {
                Some(all) => Ok(all),
                None => return,
            },
        };
        self.shared.forget(&question.id);
        self.shared.send(match found {
            Ok(result) => wire::answer(question.id.clone(), result),
            Err((code, message)) => wire::refusal(question.id.clone(), code, &message),
        });
    }

    /// Takes one change in. Whether settings still hold.
    fn take_in(&mut self, order: Order) -> bool {
        match order {
            Order::Open(path, content) => {
                let on_disk = || self.worktree.read(&path).ok();
                let on_disk = matches!(content, Content::Cells { .. }).then(on_disk).flatten();
                let file = OpenFile::new(&content, on_disk.as_deref());
                let header = |bytes: &[u8]| bytes.get(..32.min(bytes.len())).map(<[u8]>::to_vec);
                let new = header(&file.bytes);
                let before = self.view.put(path.clone(), file);
                // What the first line says decides whether it is a notebook, and with that where paths lead.
                let is_same = before.is_some_and(|before| header(&before.bytes) == new);
                self.shelf.forget(&path, !is_same);
                self.edited.insert(path.clone());
                self.just_edited.insert(path.clone());
                self.touched.insert(path);
                true
            }
            Order::Closed(path) => {
                self.view.take(&path);
                self.shelf.forget(&path, true);
                self.unsay(&path);
                self.touched.insert(path);
                true
            }
            Order::Disk(files) => {
                // An editor that watches nothing says at least what it saves: what else has changed is looked up then.
                self.disk += 1;
                let mut holds = self.shared.client.watches;
                if !holds {
                    self.worktree = Arc::new(Worktree::new(self.root.to_path_buf()));
                    self.files.list = OnceLock::new();
                }
                self.whole_due.set(true);
                for (path, came_or_went) in files {
                    holds &= !decides(&path);
                    if came_or_went {
                        self.worktree = Arc::new(Worktree::new(self.root.to_path_buf()));
                        self.files.list = OnceLock::new();
                    }
                    self.shelf.forget(&path, came_or_went);
                    self.touched.insert(path);
                }
                holds
            }
            Order::Settings(settings) => {
                let is_same = self.settings == settings;
                self.whole_due.set(true);
                // What was asked for behind an edit may have been answered under the old ones.
                self.edited.clear();
                self.settings = settings;
                is_same
            }
            Order::Ask(_) => true,
        }
    }

    /// Takes back all that was said of a file.
    fn unsay(&self, path: &RepoPath) {
        for (uri, _) in self.said.borrow_mut().remove(path).unwrap_or_default() {
            if !self.shared.client.pulls {
                self.shared.send(wire::notification(
                    "textDocument/publishDiagnostics",
                    json!({ "uri": &*uri, "diagnostics": [] }),
                ));
            }
        }
    }

    /// Says what is wrong with settings and rule pages, at their places.
    fn say_faults(&self, configs: &Configs<'_>, pages: &[PageProblem]) {
        let mut by_file: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        for problem in configs.problems() {
            let lines = crate::text::lines::LineIndex::new(&problem.text);
            let range = self.shared.encoding.range(&problem.text, &lines, problem.span);
            let uri = self.view.uri(&RepoPath::new(problem.path.trim_matches('/')));
            let help = problem.help.map(|help| format!("\n{help}")).unwrap_or_default();
            by_file.entry(uri).or_default().push(json!({
                "range": range.json(), "severity": 1, "source": "brickgate", "code": "settings",
                "message": format!("{}{help}", problem.message),
            }));
        }
        for problem in pages {
            let uri = self.view.uri(&RepoPath::new(problem.path.trim_matches('/')));
            by_file.entry(uri).or_default().push(json!({
                "range": super::encoding::Range::default().json(), "severity": 1, "source": "brickgate",
                "code": "rule-page", "message": problem.to_string(),
            }));
        }
        let mut before = self.faulted.borrow_mut();
        if *before == by_file {
            return;
        }
        let gone: Vec<Arc<str>> = before.keys().filter(|uri| !by_file.contains_key(*uri)).cloned().collect();
        for (uri, rows) in
            by_file.iter().map(|(uri, rows)| (uri, rows.clone())).chain(gone.iter().map(|uri| (uri, Vec::new())))
        {
            let params = json!({ "uri": &**uri, "diagnostics": rows });
            self.shared.send(wire::notification("textDocument/publishDiagnostics", params));
        }
        *before = by_file;
    }
}

/// What an editor's settings say that a repository's do not.
pub(super) fn overrides(settings: &Settings, root: &Path) -> Overrides {
    let config = settings.configuration.as_ref().map(|file| {
        let full = root.join(file);
        repo_path(root, &full).map_or(Place::Outside(full), Place::Inside)
    });
    Overrides {
        select: settings.select.clone(),
        extend_select: settings.extend_select.clone(),
        ignore: settings.ignore.clone(),
        config,
        isolated: false,
    }
}

/// Whether what stands in a file decides how others are judged.
fn decides(path: &RepoPath) -> bool {
    let name = path.name();
    config::FILE_NAMES.contains(&name)
        || matches!(name, config::PYPROJECT | "ruff.toml" | ".ruff.toml" | ".editorconfig" | ".gitattributes")
        || name == baseline::FILE_NAME
        || path.has_extension("md")
}

/// The baseline of a repository, if it has one that can be read.
fn baseline_of(snapshot: &dyn Snapshot, configs: &Configs<'_>) -> Option<Baseline> {
    let path = configs.baseline().unwrap_or_else(|| RepoPath::new(baseline::FILE_NAME));
    Baseline::read(&snapshot.read(&path).ok()?).ok()
}
