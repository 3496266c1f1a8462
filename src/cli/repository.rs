//! One repository of a run: its files, its rules, its settings.

use crate::config::{self, Configs, Overrides, Place};
use crate::engine::{self, Outcome, Setup};
use crate::fix::{self, Fixed, Refused, Texts};
use crate::page::PageProblem;
use crate::rules::book::Book;
use crate::snapshot::overlay::Overlay;
use crate::snapshot::root::{Roots, Vantage, absolute};
use crate::snapshot::walk::{Found, Named, Search, repo_path};
use crate::snapshot::worktree::Worktree;
use crate::snapshot::{RepoPath, Snapshot};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Once};

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
    book: Book,
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
        Self { root, vantage, worktree, snapshot, overrides, threads, book: Book::builtin() }
    }

    /// Its root.
    pub(super) fn root(&self) -> &Path {
        &self.root
    }

    /// The view from the working directory on its paths.
    pub(super) fn vantage(&self) -> &Vantage {
        &self.vantage
    }

    /// Its files, with what is laid over them.
    pub(super) fn snapshot(&self) -> &dyn Snapshot {
        &*self.snapshot
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
        let folders: Vec<RepoPath> = named.folders.iter().filter(|path| keeps(path, true)).cloned().collect();
        let mut found = self.search(configs, &folders);
        found.files.extend(named.files.iter().filter(|path| keeps(path, false)).cloned());
        found.files.sort_unstable();
        found.files.dedup();
        found
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
        let search = Search {
            root: &self.root,
            excluded: &|path, is_folder| configs.excluded(path, is_folder),
            respect_gitignore: configs.respect_gitignore(),
            threads: self.threads().min(WALKERS),
        };
        search.walk(folders)
    }

    /// Checks these files. With `fix`, makes fixes (nothing is written), unsafe ones if it says so; `format` then gives
    /// files their form.
    pub(super) fn check(
        &self,
        configs: &Configs<'_>,
        asked: Vec<RepoPath>,
        fix: Option<bool>,
        format: Option<&(dyn Fn(&RepoPath, &str) -> Option<String> + Sync)>,
        progress: &(dyn Fn() + Sync),
    ) -> Fixed {
        if asked.len() > FEW || self.threads.is_some() {
            start_threads(self.threads());
        }
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
            progress,
        };
        let fixed = match fix {
            Some(unsafe_too) => fix::fix_all(&setup, unsafe_too),
            None => Fixed {
                texts: BTreeMap::new(),
                outcome: engine::check(&setup),
                counts: BTreeMap::new(),
                refused: Vec::new(),
                settled: true,
                formatted: 0,
                mended: 0,
            },
        };
        match format {
            Some(format) => fix::format_all(&setup, fixed, format),
            None => fixed,
        }
    }

    /// What is left of it for the report.
    pub(super) fn finish(self, fixed: Fixed) -> Checked {
        let Fixed { texts, outcome, counts, refused, settled, formatted, mended } = fixed;
        let asked = outcome.project.documents().iter().filter(|document| document.asked).count();
        let broken = seen(self.book.broken(), &self.vantage);
        let Self { vantage, worktree, book, .. } = self;
        Checked { vantage, worktree, outcome, asked, texts, counts, refused, settled, formatted, mended, broken, book }
    }
}

impl Checked {
    /// The group of a rule.
    pub(super) fn group(&self, rule: &str) -> Arc<str> {
        self.book.get(rule).map_or_else(|| Arc::from(""), |rule| rule.page.group.clone())
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

/// Faults in rule pages, with paths that hold from the working directory.
fn seen(mut problems: Vec<PageProblem>, vantage: &Vantage) -> Vec<PageProblem> {
    for problem in &mut problems {
        problem.path = vantage.path(&RepoPath::new(&problem.path));
    }
    problems
}

/// The rule pages that are named, or else those of the settings, the repository that holds them, and the view on it.
pub(super) fn pages_here(named: &[PathBuf]) -> Result<(Worktree, Vantage, Vec<RepoPath>), String> {
    let cwd = std::env::current_dir()
        .and_then(std::fs::canonicalize)
        .map_err(|error| format!("cannot tell the working directory: {error}"))?;
    let roots = Roots::new(cwd);
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
