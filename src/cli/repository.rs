//! One repository of a run: its files, its rules, its settings.

use super::baseline::Held;
use crate::config::{self, Configs, Overrides, Place};
use crate::engine::since::Delta;
use crate::engine::{self, Outcome, Setup};
use crate::fix::{self, Fixed, Known, Refused, Rewrite, Texts};
use crate::page::PageProblem;
use crate::project::Project;
use crate::refactor::{self, Order, Plan};
use crate::rules::book::Book;
use crate::rules::survey::Items;
use crate::snapshot::attributes::Attributes;
use crate::snapshot::git::tree::Tree;
use crate::snapshot::item::Item;
use crate::snapshot::overlay::Overlay;
use crate::snapshot::root::{Roots, Vantage, absolute};
use crate::snapshot::walk::{Found, Named, Search, repo_path};
use crate::snapshot::worktree::Worktree;
use crate::snapshot::{RepoPath, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once, OnceLock};

/// Up to this many files are read by one thread: starting more takes longer than reading.
pub(super) const FEW: usize = 8;

/// More threads than this do not walk faster.
const WALKERS: usize = 8;

/// A repository that is about to be checked.
pub(super) struct Repository {
    root: Arc<Path>,
    vantage: Vantage,
    worktree: Arc<Worktree>,
    snapshot: Arc<dyn Snapshot>,
    overrides: Overrides,
    /// `--threads`.
    threads: Option<usize>,
    book: Book,
    /// What git knows of it, if the files come from git or a change is asked about.
    git: Picture,
}

/// What of git is looked at.
#[derive(Default)]
pub(super) struct Picture {
    /// Where files come from, if not from the worktree.
    pub tree: Option<Arc<Tree>>,
    /// What is asked about, if only that which changed is.
    pub changed: Option<Changed>,
    /// The change that is asked about.
    pub delta: Option<Delta>,
}

/// What is changed.
pub(super) enum Mend<'a> {
    Nothing,
    /// What has a fix; unsafe ones only if it says so.
    Fix {
        unsafe_too: bool,
    },
    /// Every finding gets a comment that silences it, with this note, but those that are known.
    Ignore {
        note: String,
        known: &'a dyn Fn(&Outcome) -> Known,
    },
}

/// A repository that was checked.
pub(super) struct Checked {
    /// The view from the working directory on its paths.
    pub vantage: Vantage,
    /// Its files on disk.
    pub worktree: Arc<Worktree>,
    /// The verdict, after fixes.
    pub outcome: Outcome,
    /// How many files were asked about.
    pub asked: usize,
    /// Files that fixes change.
    pub texts: BTreeMap<RepoPath, Texts>,
    /// How many fixes were made, by rule.
    pub counts: BTreeMap<Arc<str>, usize>,
    /// Fixes that were not made.
    pub refused: Vec<Refused>,
    /// Whether fixes came to rest.
    pub settled: bool,
    /// How many files were formatted.
    pub formatted: usize,
    /// How many files were mended.
    pub mended: usize,
    /// Rule pages whose queries turned out to be faulty.
    pub broken: Vec<PageProblem>,
    /// What the baseline let pass.
    pub baseline: Held,
    book: Book,
}

/// What changed and is still there.
#[derive(Default)]
pub(super) struct Changed {
    /// Files whose text matters.
    pub files: Vec<RepoPath>,
    /// Everything, those files among it.
    pub items: Vec<Item>,
}

impl Repository {
    /// The repository at `root`, with text laid over it if there is any. Nothing is read yet.
    pub(super) fn new(
        roots: &Roots,
        root: Arc<Path>,
        (mut overrides, config): (Overrides, Option<PathBuf>),
        threads: Option<usize>,
        laid_over: Option<BTreeMap<RepoPath, Option<Vec<u8>>>>,
    ) -> Self {
        overrides.config = config.map(|file| repo_path(&root, &file).map_or(Place::Outside(file), Place::Inside));
        let worktree = Arc::new(Worktree::new(root.to_path_buf()));
        let snapshot: Arc<dyn Snapshot> = match laid_over {
            Some(files) => Arc::new(Overlay::new(worktree.clone(), files)),
            None => worktree.clone(),
        };
        let vantage = Vantage::new(roots.cwd(), &root);
        Self { root, vantage, worktree, snapshot, overrides, threads, book: Book::builtin(), git: Picture::default() }
    }

    /// The same repository as git has it, or the change in it that git knows.
    pub(super) fn pictured(mut self, picture: Picture) -> Self {
        if let Some(tree) = &picture.tree {
            self.snapshot = tree.clone();
            // The folder of a bare repository holds none of its files.
            if let Some(Place::Inside(path)) = &self.overrides.config
                && !self.root.join(".git").exists()
            {
                self.overrides.config = Some(Place::Outside(self.worktree.on_disk(path)));
            }
        }
        self.git = picture;
        self
    }

    /// Its root.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// What the command line says about its settings.
    pub(super) const fn overrides(&self) -> &Overrides {
        &self.overrides
    }

    /// Where its bytes come from.
    pub(super) fn snapshot(&self) -> &dyn Snapshot {
        &*self.snapshot
    }

    /// The position of a rule in its book.
    pub(super) fn position(&self, rule: &str) -> Option<usize> {
        self.book.position(rule)
    }

    /// Whether all that is found in a file is reported, and not only what a change is to blame for.
    pub(super) fn reports_all_of(&self, path: &RepoPath) -> bool {
        self.git.delta.as_ref().is_none_or(|delta| !delta.lines_only && delta.changed.contains_key(path))
    }

    /// The view from the working directory on its paths.
    pub(super) fn vantage(&self) -> &Vantage {
        &self.vantage
    }

    /// Its files on disk.
    pub(super) fn worktree(&self) -> &Worktree {
        &self.worktree
    }

    /// Adds the rule pages of its own to the book.
    pub(super) fn read_pages(&mut self) -> Result<(), Vec<PageProblem>> {
        let folders = config::pages(&*self.snapshot, &self.overrides);
        if !folders.is_empty() {
            let read = Book::builtin().with_pages(&*self.snapshot, &folders);
            self.book = read.map_err(|problems| seen(problems, &self.vantage))?;
        }
        Ok(())
    }

    /// Takes the time of each rule from now on.
    pub(super) fn take_time(&mut self) {
        self.book = std::mem::replace(&mut self.book, Book::empty()).timed();
    }

    /// Its settings.
    pub(super) fn configs(&self) -> Configs<'_> {
        Configs::new(&*self.snapshot, self.book.rules().iter().map(|rule| &rule.page), &self.overrides)
    }

    /// Faults in settings, with paths that hold from the working directory.
    pub(super) fn located(&self, mut problems: Vec<config::Problem>) -> Vec<config::Problem> {
        for problem in &mut problems {
            if !problem.path.starts_with("--") && !Path::new(&problem.path).is_absolute() {
                problem.path = self.vantage.path(&RepoPath::new(&problem.path));
            }
        }
        problems
    }

    /// The files that are asked about.
    pub(super) fn find(&self, configs: &Configs<'_>, named: &Named, force_exclude: bool) -> Found {
        let keeps = |path: &&RepoPath, is_folder| !force_exclude || !configs.excluded_from_top(path, is_folder);
        let keeps_item = |item: &&Item| keeps(&&item.path, false) || lists_from_top(configs, &item.path);
        let folders: Vec<RepoPath> = named.folders.iter().filter(|path| keeps(path, true)).cloned().collect();
        let mut found = match &self.git.changed {
            Some(changed) => {
                let is_below = |path: &RepoPath| folders.iter().any(|folder| path.is_below(folder));
                let stays = |path: &RepoPath| is_below(path) && !configs.excluded_from_top(path, false);
                let named =
                    |item: &&Item| stays(&item.path) || is_below(&item.path) && lists_from_top(configs, &item.path);
                Found {
                    files: changed.files.iter().filter(|path| stays(path)).cloned().collect(),
                    items: changed.items.iter().filter(named).cloned().collect(),
                    ..Found::default()
                }
            }
            None => self.search(configs, &folders),
        };
        let is_asked = |path: &&RepoPath| self.git.changed.as_ref().is_none_or(|changed| changed.files.contains(path));
        let attributes = Attributes::new(&*self.snapshot);
        let is_code = |path: &RepoPath| {
            let marks = attributes.of(path);
            !marks.generated && !marks.binary
        };
        found.files.retain(is_code);
        let keeps = |path: &&RepoPath, is_folder| keeps(path, is_folder) && (!force_exclude || is_code(path));
        found.files.extend(named.files.iter().filter(is_asked).filter(|path| keeps(path, false)).cloned());
        found.files.sort_unstable();
        found.files.dedup();
        found.items.extend(named.items.iter().filter(keeps_item).cloned());
        found.items.sort_unstable();
        found.items.dedup();
        found
    }

    /// Whether these are all files of the repository.
    pub(super) fn is_whole(&self, named: &Named) -> bool {
        let all = self.git.changed.is_none() && self.git.delta.is_none();
        all && named.folders.iter().any(|folder| folder.as_str().is_empty())
    }

    /// How many threads there are to be. Asking the system costs a dozen calls, so not before it matters.
    pub(super) fn threads(&self) -> usize {
        let all = || std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        self.threads.unwrap_or_else(all)
    }

    fn search(&self, configs: &Configs<'_>, folders: &[RepoPath]) -> Found {
        if folders.is_empty() {
            return Found::default();
        }
        if let Some(tree) = &self.git.tree {
            return tree
                .walk(folders, &|path, is_folder| configs.excluded(path, is_folder), &|folder| configs.lists(folder));
        }
        let search = Search {
            root: &self.root,
            excluded: &|path, is_folder| configs.excluded(path, is_folder),
            lists: &|folder| configs.lists(folder),
            respect_gitignore: configs.respect_gitignore(),
            threads: self.threads().min(WALKERS),
        };
        search.walk(folders)
    }

    /// Checks these files; `whole` says that they are all of the repository's. Changes what `mend` says (nothing is
    /// written); `format` then gives files their form.
    pub(super) fn check(
        &self,
        configs: &Configs<'_>,
        (asked, items): (Vec<RepoPath>, &[Item]),
        whole: bool,
        mend: &Mend<'_>,
        format: Option<Rewrite<'_>>,
        progress: &(dyn Fn() + Sync),
    ) -> Fixed {
        if asked.len() > FEW || self.threads.is_some() {
            start_threads(self.threads());
        }
        let all = OnceLock::new();
        let search = || {
            all.get_or_init(|| {
                start_threads(self.threads());
                self.search(configs, &[RepoPath::root()])
            })
        };
        let everything = || search().files.clone();
        let all_items = || if whole { items } else { &*search().items };
        let setup = Setup {
            book: &self.book,
            snapshot: self.snapshot.clone(),
            settings: configs,
            asked,
            everything: &everything,
            progress,
            items: Some(Items { asked: items, whole, all: &all_items }),
            whole,
            delta: self.git.delta.as_ref(),
        };
        let fixed = match mend {
            Mend::Nothing => Fixed::new(engine::check(&setup)),
            Mend::Fix { unsafe_too } => fix::fix_all(&setup, *unsafe_too),
            Mend::Ignore { note, known } => fix::ignore_all(&setup, note, known),
        };
        match format {
            Some(format) => fix::format_all(&setup, fixed, format),
            None => fixed,
        }
    }

    /// Reads these files and all that what they say of names depends on; with `callers` also every notebook that
    /// runs them.
    pub(super) fn load(&self, configs: &Configs<'_>, asked: Vec<RepoPath>, callers: bool) -> Project {
        let everything = || {
            start_threads(self.threads());
            self.search(configs, &[RepoPath::root()]).files
        };
        let setup = Setup {
            book: &self.book,
            snapshot: self.snapshot.clone(),
            settings: configs,
            asked,
            everything: &everything,
            progress: &|| {},
            items: None,
            whole: false,
            delta: None,
        };
        engine::load(&setup, callers)
    }

    /// Works out how notebooks become modules. Nothing is written.
    pub(super) fn run_to_import(
        &self,
        configs: &Configs<'_>,
        asked: Vec<RepoPath>,
        order: &Order,
        progress: &(dyn Fn() + Sync),
    ) -> Plan {
        if asked.len() > FEW {
            start_threads(self.threads());
        }
        let all = asked.clone();
        let everything = || all.clone();
        let setup = Setup {
            book: &self.book,
            snapshot: self.snapshot.clone(),
            settings: configs,
            asked,
            everything: &everything,
            progress,
            items: None,
            whole: true,
            delta: None,
        };
        refactor::run_to_import(&setup, order)
    }

    /// What is left of it for the report.
    pub(super) fn finish(self, fixed: Fixed) -> Checked {
        let Fixed { texts, outcome, counts, refused, settled, formatted, mended } = fixed;
        let asked = outcome.project.documents().iter().filter(|document| document.asked).count();
        let broken = seen(self.book.broken(), &self.vantage);
        let Self { vantage, worktree, book, .. } = self;
        let baseline = Held::default();
        Checked {
            vantage,
            worktree,
            outcome,
            asked,
            texts,
            counts,
            refused,
            settled,
            formatted,
            mended,
            broken,
            baseline,
            book,
        }
    }
}

impl Checked {
    /// The rules that it was checked with.
    pub(super) const fn book(&self) -> &Book {
        &self.book
    }
}

/// The rules of the working directory's repository, and what is wrong with its rule pages (then it is the built-in
/// rules alone).
pub(super) fn book_here() -> (Book, Vec<PageProblem>) {
    let Ok(cwd) = std::env::current_dir().and_then(std::fs::canonicalize) else { return (Book::builtin(), Vec::new()) };
    let roots = Roots::new(cwd);
    let worktree = Worktree::new(roots.of(roots.cwd()).to_path_buf());
    let folders = config::pages(&worktree, &Overrides::default());
    match Book::builtin().with_pages(&worktree, &folders) {
        Ok(book) => (book, Vec::new()),
        Err(problems) => {
            let vantage = Vantage::new(roots.cwd(), worktree.root());
            (Book::builtin(), seen(problems, &vantage))
        }
    }
}

/// Whether a path lies in a folder of which only the names are looked at.
fn lists_from_top(configs: &Configs<'_>, path: &RepoPath) -> bool {
    let text = path.as_str();
    let mut folders = memchr::memchr_iter(b'/', text.as_bytes()).filter_map(|at| text.get(..at)).map(RepoPath::new);
    folders.any(|folder| configs.lists(&folder))
}

/// Faults in rule pages, with paths that hold from the working directory.
fn seen(mut problems: Vec<PageProblem>, vantage: &Vantage) -> Vec<PageProblem> {
    for problem in &mut problems {
        problem.path = vantage.path(&RepoPath::new(&problem.path));
    }
    problems
}

/// The rule pages that are named, or else those of the settings, the repository that holds them, and the view on it.
pub(super) fn pages_here(named: &[PathBuf]) -> Result<(Worktree, Vantage, Vec<RepoPath>), String> {
    let roots = Roots::here()?;
    let mut full = Vec::new();
    for path in named {
        let absolute = absolute(roots.cwd(), path).map_err(|error| format!("{}: {error}", path.display()))?;
        full.push((path, absolute));
    }
    let first = full.first().map_or(roots.cwd(), |(_, full)| if full.is_dir() { full } else { folder(full) });
    let root = roots.of(first);
    let worktree = Worktree::new(root.to_path_buf());
    let vantage = Vantage::new(roots.cwd(), &root);
    if full.is_empty() {
        let pages = config::pages(&worktree, &Overrides::default());
        return Ok((worktree, vantage, pages));
    }
    let inside = |(path, full): &(&PathBuf, PathBuf)| {
        repo_path(&root, full).ok_or_else(|| format!("{}: not in the repository {}", path.display(), root.display()))
    };
    let pages = full.iter().map(inside).collect::<Result<_, _>>()?;
    Ok((worktree, vantage, pages))
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(file)
}

/// Starts the threads that rayon shares out work to: with stacks for deep code, and only when there is enough to do.
pub(super) fn start_threads(threads: usize) {
    static STARTED: Once = Once::new();
    STARTED.call_once(|| {
        // It can only fail if they run already, or if the system gives us none; rayon then makes do.
        let _ = rayon::ThreadPoolBuilder::new().num_threads(threads).stack_size(super::STACK).build_global();
    });
}
