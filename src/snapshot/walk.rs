//! From what is asked for on the command line to files, each in its repository. The only user of `ignore`.

use super::RepoPath;
use super::root::{Roots, absolute};
use super::worktree::describe;
use ignore::{DirEntry, ParallelVisitor, ParallelVisitorBuilder, WalkBuilder, WalkState};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Extensions of the files that are looked at, in any case.
pub const EXTENSIONS: [&str; 7] = ["py", "sql", "scala", "r", "ipynb", "yml", "yaml"];

/// Says whether settings leave out a path of the repository with that root; the last tells folders apart.
pub type Excluded<'a> = &'a (dyn Fn(&Path, &RepoPath, bool) -> bool + Sync);

/// How to look for files.
pub struct Search<'a> {
    /// Finds repositories.
    pub roots: &'a Roots,
    /// What settings leave out.
    pub excluded: Excluded<'a>,
    /// Whether files and folders that are named outright can be left out, too.
    pub force_exclude: bool,
    /// How many threads may walk.
    pub threads: usize,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Found {
    /// By root, the files of each repository, sorted, each once.
    pub repositories: BTreeMap<Arc<Path>, Vec<RepoPath>>,
    /// What was asked for and cannot be had.
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

impl Search<'_> {
    /// All files that `asked` names or holds. Files that are named outright are taken although `.gitignore`
    /// or (without [`Search::force_exclude`]) settings leave them out.
    pub fn find(&self, asked: &[PathBuf]) -> Found {
        let mut found = Found::default();
        let mut folders: Vec<(PathBuf, Arc<Path>)> = Vec::new();
        for path in asked {
            self.take(path, &mut found, &mut folders);
        }
        self.walk(&folders, &mut found);
        for files in found.repositories.values_mut() {
            files.sort_unstable();
            files.dedup();
        }
        found.problems.sort();
        found.problems.dedup();
        found.notes.sort();
        found.notes.dedup();
        found
    }

    /// All files of the repository at `root`, without those of repositories inside it.
    pub fn everything(&self, root: &Arc<Path>) -> Vec<RepoPath> {
        let mut found = Found::default();
        self.walk(&[(root.to_path_buf(), root.clone())], &mut found);
        let mut files = found.repositories.remove(root).unwrap_or_default();
        files.sort_unstable();
        files
    }

    /// Looks at one thing that was asked for: a file is taken, a folder is kept for the walk.
    fn take(&self, path: &Path, found: &mut Found, folders: &mut Vec<(PathBuf, Arc<Path>)>) {
        let full = match absolute(self.roots.cwd(), path) {
            Ok(full) => full,
            Err(error) => return found.problems.push(Remark::new(path, describe_asked(&error))),
        };
        let is_folder = match fs::metadata(&full) {
            Ok(metadata) => metadata.is_dir(),
            // A link that leads nowhere is taken, so that reading it says what is wrong.
            Err(_) if fs::symlink_metadata(&full).is_ok() => false,
            Err(error) => return found.problems.push(Remark::new(path, describe_asked(&error))),
        };
        // A folder that is a link is walked where it really is.
        let full = if is_folder { fs::canonicalize(&full).unwrap_or(full) } else { full };
        let folder = if is_folder { &full } else { full.parent().unwrap_or(&full) };
        let root = self.roots.of(folder);
        let Some(within) = repo_path(&root, &full) else {
            return found.problems.push(Remark::new(path, "has a name that is not Unicode; rename it"));
        };
        if self.force_exclude && self.is_excluded(&root, &within, is_folder) {
            return;
        }
        if is_folder {
            folders.push((full, root));
        } else if is_of_interest(full.file_name().unwrap_or_default()) {
            found.repositories.entry(root).or_default().push(within);
        } else {
            found.notes.push(Remark::new(path, "skipped: not a kind of file that brickgate reads"));
        }
    }

    /// Whether settings leave out a path or a folder above it.
    fn is_excluded(&self, root: &Path, path: &RepoPath, is_folder: bool) -> bool {
        if path.as_str().is_empty() {
            return false;
        }
        let text = path.as_str();
        let above = memchr::memchr_iter(b'/', text.as_bytes()).filter_map(|slash| text.get(..slash));
        above.map(RepoPath::new).any(|folder| (self.excluded)(root, &folder, true))
            || (self.excluded)(root, path, is_folder)
    }

    fn walk(&self, folders: &[(PathBuf, Arc<Path>)], found: &mut Found) {
        let Some(((first, _), rest)) = folders.split_first() else { return };
        let mut builder = WalkBuilder::new(first);
        for (folder, _) in rest {
            builder.add(folder);
        }
        builder.hidden(false).require_git(false).follow_links(false).threads(self.threads.max(1));
        let shared = Mutex::new(Gathered::default());
        let mut walkers = Walkers { search: self, folders, shared: &shared };
        builder.build_parallel().visit(&mut walkers);
        let gathered = shared.into_inner().unwrap_or_else(PoisonError::into_inner);
        for (root, path) in gathered.files {
            found.repositories.entry(root).or_default().push(path);
        }
        found.problems.extend(gathered.problems);
        found.notes.extend(gathered.notes);
    }
}

/// What one thread, or all of them, saw.
#[derive(Default)]
struct Gathered {
    files: Vec<(Arc<Path>, RepoPath)>,
    problems: Vec<Remark>,
    notes: Vec<Remark>,
}

struct Walkers<'s> {
    search: &'s Search<'s>,
    folders: &'s [(PathBuf, Arc<Path>)],
    shared: &'s Mutex<Gathered>,
}

impl<'s> ParallelVisitorBuilder<'s> for Walkers<'s> {
    fn build(&mut self) -> Box<dyn ParallelVisitor + 's> {
        Box::new(Walker {
            search: self.search,
            folders: self.folders,
            shared: self.shared,
            own: Gathered::default(),
            last: None,
        })
    }
}

struct Walker<'s> {
    search: &'s Search<'s>,
    folders: &'s [(PathBuf, Arc<Path>)],
    shared: &'s Mutex<Gathered>,
    own: Gathered,
    /// The folder that was looked at last, and its repository: most files come folder by folder.
    last: Option<(PathBuf, Arc<Path>)>,
}

impl Drop for Walker<'_> {
    fn drop(&mut self) {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        shared.files.append(&mut self.own.files);
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
            return if entry.depth() == 0 || !self.is_left_out(path) { WalkState::Continue } else { WalkState::Skip };
        }
        if !is_of_interest(entry.file_name()) {
            return WalkState::Continue;
        }
        let root = self.root_of(path.parent().unwrap_or(path));
        let Some(within) = repo_path(&root, path) else {
            self.own.problems.push(Remark::new(path, "has a name that is not Unicode; rename it"));
            return WalkState::Continue;
        };
        if (self.search.excluded)(&root, &within, false) {
            return WalkState::Continue;
        }
        if kind.is_symlink() {
            match fs::canonicalize(path) {
                // What stands in the same repository is found by its own name, and folders are not entered.
                Ok(target) if target.starts_with(&*root) || target.is_dir() => return WalkState::Continue,
                // One that leads nowhere is taken, so that reading it says what is wrong.
                _ => {}
            }
        } else if !kind.is_file() {
            self.own.notes.push(Remark::new(path, "skipped: is a pipe, socket or device"));
            return WalkState::Continue;
        }
        self.own.files.push((root, within));
        WalkState::Continue
    }

    /// Whether a folder is not to be entered.
    fn is_left_out(&mut self, folder: &Path) -> bool {
        if folder.file_name().is_some_and(|name| name == ".git") {
            return true;
        }
        let root = self.root_of(folder);
        match repo_path(&root, folder) {
            Some(within) if !within.as_str().is_empty() => (self.search.excluded)(&root, &within, true),
            _ => false,
        }
    }

    /// The repository that a folder belongs to: the nearest one inside the walked folder, or that of the
    /// walked folder itself.
    fn root_of(&mut self, folder: &Path) -> Arc<Path> {
        if let Some((_, root)) = self.last.as_ref().filter(|(last, _)| last == folder) {
            return root.clone();
        }
        let git = self.search.roots.git(folder);
        let walked = || self.folders.iter().filter(|(top, _)| folder.starts_with(top)).map(|(_, root)| root.clone());
        let root = git.or_else(|| walked().next()).unwrap_or_else(|| self.search.roots.of(folder));
        self.last = Some((folder.to_owned(), root.clone()));
        root
    }

    fn remark(&mut self, error: &ignore::Error) {
        let path = path_of(error).unwrap_or(Path::new(""));
        match error.io_error() {
            Some(io) => self.own.problems.push(Remark::new(path, describe(io).message)),
            // A glob in a `.gitignore` that `ignore` does not understand; git passes over such lines as well.
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

        fn find(&self, asked: &[&str], force_exclude: bool, excluded: &[&str]) -> Found {
            let roots = Roots::new(self.top.clone());
            let excluded = |_: &Path, path: &RepoPath, _: bool| excluded.contains(&path.as_str());
            let search = Search { roots: &roots, excluded: &excluded, force_exclude, threads: 2 };
            search.find(&asked.iter().map(PathBuf::from).collect::<Vec<_>>())
        }

        fn files(&self, found: &Found) -> String {
            let mut lines = Vec::new();
            for (root, files) in &found.repositories {
                let root = root.strip_prefix(&self.top).unwrap().display();
                let files: Vec<&str> = files.iter().map(RepoPath::as_str).collect();
                lines.push(format!("{root}: {}", files.join(" ")));
            }
            lines.join("\n")
        }
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
        let found = place.find(&["."], false, &["vendor"]);
        assert_eq!(place.files(&found), ": .hidden/a.py Upper.SQL b.ipynb x.py/inner.R");
        assert!(found.problems.is_empty() && found.notes.is_empty());
        let found = place.find(&["build/c.py", "vendor/e.py", "b.txt", "b.ipynb", "./b.ipynb"], false, &["vendor"]);
        assert_eq!(place.files(&found), ": b.ipynb build/c.py vendor/e.py");
        assert_eq!(found.notes.len(), 1);
        let found = place.find(&["build/c.py", "vendor/e.py", "vendor"], true, &["vendor"]);
        assert_eq!(place.files(&found), ": build/c.py");
    }

    #[test]
    fn gitignore_counts_without_git_too() {
        let place = Place::new(&[(".gitignore", "a.py"), ("a.py", ""), ("b.py", "")]);
        assert_eq!(place.files(&place.find(&["."], false, &[])), ": b.py");
    }

    #[test]
    fn repositories_inside_are_their_own() {
        let place = Place::new(&[("one/.git/HEAD", ""), ("one/a.py", ""), ("one/sub/b.py", ""), ("two/c.py", "")]);
        assert_eq!(place.files(&place.find(&["."], false, &[])), ": two/c.py\none: a.py sub/b.py");
        let roots = Roots::new(place.top.clone());
        let search = Search { roots: &roots, excluded: &|_, _, _| false, force_exclude: false, threads: 1 };
        assert_eq!(search.everything(&Arc::from(place.top.as_path())), [RepoPath::new("two/c.py")]);
    }

    #[test]
    fn what_is_missing_is_said_and_the_rest_goes_on() {
        let place = Place::new(&[("a.py", "")]);
        let found = place.find(&["a.py", "none.py", "no/such", "a.py/b"], false, &[]);
        assert_eq!(place.files(&found), ": a.py");
        let said: Vec<String> = found.problems.iter().map(|it| format!("{}: {}", it.path, it.message)).collect();
        assert_eq!(said[1..], ["no/such: no such file or folder", "none.py: no such file or folder"]);
        assert!(said[0].starts_with("a.py/b: "));
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
        let found = place.find(&["repo"], false, &[]);
        assert_eq!(place.files(&found), "repo: a/b.py loop.py other.py");
        assert_eq!(found.problems.len(), 1);
        assert!(found.problems[0].message.contains("not Unicode"));
        let found = place.find(&["repo/same.py", "repo/a/up/a/up/a/b.py"], false, &[]);
        assert_eq!(place.files(&found), "repo: a/b.py same.py");
    }
}
