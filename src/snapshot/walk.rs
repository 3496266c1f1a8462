//! From what is asked for on the command line to files, each in its repository. The only user of `ignore`.

use super::RepoPath;
use super::item::{Item, ItemKind};
use super::root::{Roots, absolute, is_git};
use super::worktree::describe;
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Extensions of the files that are looked at, in any case.
pub const EXTENSIONS: [&str; 7] = ["py", "sql", "scala", "r", "ipynb", "yml", "yaml"];

/// What is asked for, sorted out: nothing was walked yet.
#[derive(Debug, Default)]
pub struct Asked {
    /// By root, what is asked for in each repository.
    pub repositories: BTreeMap<Arc<Path>, Named>,
    /// What is asked for and cannot be had.
    pub problems: Vec<Remark>,
    /// What was passed over, and why; no fault.
    pub notes: Vec<Remark>,
}

/// What is asked for in one repository.
#[derive(Debug, Default)]
pub struct Named {
    /// Files that are named outright.
    pub files: Vec<RepoPath>,
    /// Folders, of which everything is wanted.
    pub folders: Vec<RepoPath>,
    /// Everything that is named outright and is no folder, the files among it.
    pub items: Vec<Item>,
}

/// How to look for the files of one repository.
pub struct Search<'a> {
    /// Its root.
    pub root: &'a Path,
    /// Says whether settings leave out one entry of a folder; the last tells folders from files.
    pub excluded: &'a (dyn Fn(&RepoPath, bool) -> bool + Sync),
    /// Says of a folder that is left out whether the names in it are wanted all the same.
    pub lists: &'a (dyn Fn(&RepoPath) -> bool + Sync),
    /// Whether to leave out what `.gitignore` and `.ignore` name.
    pub respect_gitignore: bool,
    /// How many threads may walk.
    pub threads: usize,
}

/// What a walk found.
#[derive(Debug, Default)]
pub struct Found {
    /// Files whose text matters, sorted, each once.
    pub files: Vec<RepoPath>,
    /// All that git would see, those files among it, sorted, each once.
    pub items: Vec<Item>,
    /// Roots of repositories inside this one; they were not entered.
    pub inner: Vec<Arc<Path>>,
    /// What should be looked at and cannot be.
    pub problems: Vec<Remark>,
    /// What was passed over, and why; no fault.
    pub notes: Vec<Remark>,
}

/// Something to say about a path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Remark {
    /// The path, as asked for or absolute; bytes that are no Unicode are shown as `�`.
    pub path: String,
    /// One line, lower case.
    pub message: String,
}

impl Remark {
    fn new(path: &Path, message: impl Into<String>) -> Self {
        Self { path: path.to_string_lossy().into_owned(), message: message.into() }
    }
}

/// Whether the name is that of a file that is looked at.
pub fn is_of_interest(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    let Some(dot) = memchr::memrchr(b'.', bytes) else { return false };
    let extension = &bytes[dot + 1..];
    dot > 0 && EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known.as_bytes()))
}

impl Asked {
    /// Sorts out what `paths` name. Files that are named outright are taken whatever `.gitignore` says.
    pub fn new(paths: &[PathBuf], roots: &Roots) -> Self {
        let mut asked = Self::default();
        for path in paths {
            if let Err(message) = asked.take(path, roots) {
                asked.problems.push(Remark::new(path, message));
            }
        }
        asked
    }

    fn take(&mut self, path: &Path, roots: &Roots) -> Result<(), String> {
        let full = absolute(roots.cwd(), path).map_err(|error| describe_asked(&error))?;
        let own = fs::symlink_metadata(&full).map_err(|error| describe_asked(&error))?;
        let is_link = own.is_symlink();
        // A link that leads nowhere is taken, so that reading it says what is wrong.
        let is_folder = if is_link { fs::metadata(&full).is_ok_and(|target| target.is_dir()) } else { own.is_dir() };
        if is_link && is_folder {
            self.link(&full, roots);
        }
        // A folder that is a link is walked where it really is.
        let full = if is_folder { fs::canonicalize(&full).unwrap_or(full) } else { full };
        let root = roots.of(if is_folder { &full } else { full.parent().unwrap_or(&full) });
        let within = repo_path(&root, &full).ok_or("has a name that is not Unicode; rename it")?;
        let named = self.repositories.entry(root).or_default();
        if is_folder {
            named.folders.push(within);
            return Ok(());
        }
        let kind = if is_link { ItemKind::Link } else { ItemKind::File };
        named.items.push(Item { path: within.clone(), kind });
        if is_of_interest(full.file_name().unwrap_or_default()) {
            named.files.push(within);
        } else {
            self.notes.push(Remark::new(path, "not a kind of file that brickgate reads: only its name and size count"));
        }
        Ok(())
    }

    /// Takes the link itself that leads to a folder.
    fn link(&mut self, full: &Path, roots: &Roots) {
        let root = roots.of(full.parent().unwrap_or(full));
        if let Some(path) = repo_path(&root, full) {
            self.repositories.entry(root).or_default().items.push(Item { path, kind: ItemKind::Link });
        }
    }
}

impl Search<'_> {
    /// All files of interest below these folders.
    pub fn walk(&self, folders: &[RepoPath]) -> Found {
        let on_disk = |folder: &RepoPath| match folder.as_str() {
            // Joining an empty path would add a slash.
            "" => self.root.to_owned(),
            folder => self.root.join(folder),
        };
        let Some((first, rest)) = folders.split_first() else { return Found::default() };
        let mut builder = WalkBuilder::new(on_disk(first));
        for folder in rest {
            builder.add(on_disk(folder));
        }
        builder.standard_filters(self.respect_gitignore);
        builder.hidden(false).require_git(false).follow_links(false).threads(self.threads.max(1));
        let shared = Mutex::new(Found::default());
        let mut walkers = Walkers { search: self, shared: &shared };
        builder.build_parallel().visit(&mut walkers);
        let mut found = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        found.files.sort_unstable();
        found.files.dedup();
        found.items.sort_unstable();
        found.items.dedup();
        found.inner.sort();
        found.inner.dedup();
        found.problems.sort();
        found.problems.dedup();
        found.notes.sort();
        found.notes.dedup();
        found
    }
}

struct Walkers<'s> {
    search: &'s Search<'s>,
    shared: &'s Mutex<Found>,
}

impl<'s> ParallelVisitorBuilder<'s> for Walkers<'s> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Walker { search: self.search, shared: self.shared, own: Found::default() })
    }
}

/// One thread's walk.
struct Walker<'s> {
    search: &'s Search<'s>,
    shared: &'s Mutex<Found>,
    own: Found,
}

impl Drop for Walker<'_> {
    fn drop(&mut self) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.files.append(&mut self.own.files);
        shared.items.append(&mut self.own.items);
        shared.inner.append(&mut self.own.inner);
        shared.problems.append(&mut self.own.problems);
        shared.notes.append(&mut self.own.notes);
    }
}

impl ParallelVisitor for Walker<'_> {
    fn visit(&mut self, entry: Result<DirEntry, ignore::Error>) -> WalkState {
        match entry {
            Ok(entry) => self.visit_entry(&entry),
            Err(error) => {
                self.remark(&error);
                WalkState::Continue
            }
        }
    }
}

impl Walker<'_> {
    fn visit_entry(&mut self, entry: &DirEntry) -> WalkState {
        let Some(kind) = entry.file_type() else { return WalkState::Continue };
        let path = entry.path();
        if kind.is_dir() {
            return if entry.depth() == 0 || self.enters(path) { WalkState::Continue } else { WalkState::Skip };
        }
        let matters = is_of_interest(entry.file_name());
        let Some(within) = repo_path(self.search.root, path) else {
            if matters {
                self.own.problems.push(Remark::new(path, "has a name that is not Unicode; rename it"));
            }
            return WalkState::Continue;
        };
        if (self.search.excluded)(&within, false) {
            return WalkState::Continue;
        }
        if kind.is_symlink() {
            self.own.items.push(Item { path: within.clone(), kind: ItemKind::Link });
        } else if kind.is_file() {
            self.own.items.push(Item::file(within.clone()));
        }
        if !matters || self.is_listed_only(&within) {
            return WalkState::Continue;
        }
        if kind.is_symlink() {
            match fs::canonicalize(path) {
                // What stands in the same repository is found by its own name, and folders are not entered.
                Ok(target) if target.starts_with(self.search.root) || target.is_dir() => return WalkState::Continue,
                // One that leads nowhere is taken, so that reading it says what is wrong.
                _ => {}
            }
        } else if !kind.is_file() {
            self.own.notes.push(Remark::new(path, "skipped: is a pipe, socket or device"));
            return WalkState::Continue;
        }
        self.own.files.push(within);
        WalkState::Continue
    }

    /// Whether to enter a folder.
    fn enters(&mut self, folder: &Path) -> bool {
        if folder.file_name().is_some_and(|name| name == ".git") {
            return false;
        }
        // A name that is no Unicode is complained about for the files that it concerns.
        let left_out = |within: &RepoPath| (self.search.excluded)(within, true) && !(self.search.lists)(within);
        if repo_path(self.search.root, folder).is_some_and(|within| left_out(&within)) {
            return false;
        }
        let is_inner = is_git(&folder.join(".git"));
        if is_inner {
            self.own.inner.push(Arc::from(folder));
        }
        !is_inner
    }

    /// Whether a file lies in a folder of which only the names are wanted.
    fn is_listed_only(&self, path: &RepoPath) -> bool {
        let text = path.as_str();
        let folders = memchr::memchr_iter(b'/', text.as_bytes()).filter_map(|at| text.get(..at));
        folders.map(RepoPath::new).any(|folder| (self.search.lists)(&folder))
    }

    fn remark(&mut self, error: &ignore::Error) {
        let path = path_of(error).unwrap_or(Path::new(""));
        match error.io_error() {
            Some(io) => self.own.problems.push(Remark::new(path, describe(io).message)),
            // A line of a `.gitignore` that is no glob; git passes over such lines as well.
            None => self.own.notes.push(Remark::new(path, error.to_string())),
        }
    }
}

fn path_of(error: &ignore::Error) -> Option<&Path> {
    match error {
        ignore::Error::WithPath { path, .. } => Some(path),
        ignore::Error::WithDepth { err, .. } | ignore::Error::WithLineNumber { err, .. } => path_of(err),
        ignore::Error::Loop { child, .. } => Some(child),
        ignore::Error::Partial(errors) => errors.first().and_then(path_of),
        _ => None,
    }
}

/// `full` as seen from the root of its repository; `None` if it lies elsewhere or is no Unicode.
pub fn repo_path(root: &Path, full: &Path) -> Option<RepoPath> {
    let within = full.strip_prefix(root).ok()?;
    if std::path::MAIN_SEPARATOR == '/' {
        return within.to_str().map(RepoPath::new);
    }
    let mut text = String::new();
    for part in within.components() {
        let Component::Normal(part) = part else { return None };
        if !text.is_empty() {
            text.push('/');
        }
        text.push_str(part.to_str()?);
    }
    Some(RepoPath::new(&text))
}

fn describe_asked(error: &std::io::Error) -> String {
    let error = describe(error);
    if error.missing { "no such file or folder".to_owned() } else { error.message }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Place {
        _kept: tempfile::TempDir,
        top: PathBuf,
    }

    impl Place {
        fn new(files: &[(&str, &str)]) -> Self {
            let kept = tempfile::tempdir().unwrap();
            let top = fs::canonicalize(kept.path()).unwrap();
            for (path, text) in files {
                let path = top.join(path);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, text).unwrap();
            }
            Self { _kept: kept, top }
        }

        fn asked(&self, paths: &[&str]) -> Asked {
            Asked::new(&paths.iter().map(PathBuf::from).collect::<Vec<_>>(), &Roots::new(self.top.clone()))
        }

        fn walk(&self, root: &str, excluded: &[&str]) -> Found {
            let excluded = |path: &RepoPath, _: bool| excluded.contains(&path.as_str());
            let root = if root.is_empty() { self.top.clone() } else { self.top.join(root) };
            let lists = |path: &RepoPath| path.name() == "listed";
            Search { root: &root, excluded: &excluded, lists: &lists, respect_gitignore: true, threads: 2 }
                .walk(&[RepoPath::root()])
        }
    }

    fn join(files: &[RepoPath]) -> String {
        files.iter().map(RepoPath::as_str).collect::<Vec<_>>().join(" ")
    }

    fn said(remarks: &[Remark]) -> Vec<String> {
        remarks.iter().map(|it| format!("{}: {}", it.path, it.message)).collect()
    }

    #[test]
    fn walks_what_matters_and_nothing_that_is_ignored() {
        let place = Place::new(&[
            (".gitignore", "build/\n*.tmp.py\n"),
            (".git/HEAD", ""),
            (".git/hooks/x.py", ""),
            (".hidden/a.py", ""),
            ("b.ipynb", ""),
            ("b.txt", ""),
            ("build/c.py", ""),
            ("d.tmp.py", ""),
            ("Upper.SQL", ""),
            (".py", ""),
            ("x.py/inner.R", ""),
            ("vendor/e.py", ""),
        ]);
        let found = place.walk("", &["vendor"]);
        assert_eq!(join(&found.files), ".hidden/a.py Upper.SQL b.ipynb x.py/inner.R");
        assert!(found.problems.is_empty() && found.notes.is_empty() && found.inner.is_empty());

        let asked = place.asked(&["build/c.py", "b.txt", "x.py", "./vendor/../b.ipynb"]);
        let named = asked.repositories.get(&*place.top).unwrap();
        assert_eq!((join(&named.files), join(&named.folders)), ("build/c.py b.ipynb".into(), "x.py".into()));
        assert_eq!(
            said(&asked.notes),
            ["b.txt: not a kind of file that brickgate reads: only its name and size count"]
        );
        assert!(asked.problems.is_empty());
    }

    #[test]
    fn gitignore_counts_without_git_too_unless_it_must_not() {
        let place = Place::new(&[(".gitignore", "a.py"), ("a.py", ""), ("b.py", "")]);
        assert_eq!(join(&place.walk("", &[]).files), "b.py");
        let search = Search {
            root: &place.top,
            excluded: &|_, _| false,
            lists: &|_| false,
            respect_gitignore: false,
            threads: 1,
        };
        assert_eq!(join(&search.walk(&[RepoPath::root()]).files), "a.py b.py");
    }

    #[test]
    fn repositories_inside_are_their_own() {
        let place = Place::new(&[("one/.git/HEAD", ""), ("one/a.py", ""), ("one/sub/b.py", ""), ("two/c.py", "")]);
        let found = place.walk("", &[]);
        assert_eq!(join(&found.files), "two/c.py");
        assert_eq!(found.inner, [Arc::from(place.top.join("one"))]);
        assert!(place.walk("", &["one"]).inner.is_empty());
        let asked = place.asked(&["one/sub", "two/c.py"]);
        assert_eq!(asked.repositories.len(), 2);
    }

    #[test]
    fn what_is_missing_is_said_and_the_rest_goes_on() {
        let place = Place::new(&[("a.py", "")]);
        let asked = place.asked(&["a.py", "none.py", "no/such", "a.py/b"]);
        assert_eq!(join(&asked.repositories.get(&*place.top).unwrap().files), "a.py");
        let said = said(&asked.problems);
        assert_eq!(said[..2], ["none.py: no such file or folder", "no/such: no such file or folder"]);
        assert!(said[2].starts_with("a.py/b: "));
    }

    #[cfg(unix)]
    #[test]
    fn links_neither_loop_nor_say_things_twice() {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;
        let place = Place::new(&[("repo/.git/HEAD", ""), ("repo/a/b.py", ""), ("outside/o.py", "")]);
        let at = |path: &str| place.top.join(path);
        symlink("..", at("repo/a/up")).unwrap();
        symlink("a/b.py", at("repo/same.py")).unwrap();
        symlink("../outside/o.py", at("repo/other.py")).unwrap();
        symlink("loop.py", at("repo/loop.py")).unwrap();
        symlink("../outside", at("repo/folder.py")).unwrap();
        fs::write(place.top.join(OsStr::from_bytes(b"repo/bad-\xff.py")), "").unwrap();
        let found = place.walk("repo", &[]);
        assert_eq!(join(&found.files), "a/b.py loop.py other.py");
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].message.contains("not Unicode"));
        let asked = place.asked(&["repo/same.py", "repo/a/up/a/up/a/b.py"]);
        assert_eq!(join(&asked.repositories.values().next().unwrap().files), "same.py a/b.py");
    }
}
