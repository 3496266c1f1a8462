//! What stands where in a snapshot, as the workspace sees it: notebooks go without their extension.

use crate::notebook::Language;
use crate::snapshot::{Entry, EntryKind, RepoPath, Snapshot};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, RwLock};

/// Extensions that a notebook can have, in the order in which they are looked for.
const EXTENSIONS: [&str; 5] = ["py", "sql", "scala", "r", "ipynb"];

/// Bytes of a file that tell whether it is a notebook: the longest header with `\r\n`.
const HEADER_LEN: usize = 32;

/// Looks into a snapshot and remembers which files are notebooks.
pub struct Places {
    snapshot: Arc<dyn Snapshot>,
    notebooks: RwLock<HashMap<RepoPath, bool>>,
    /// What looking for similar names has shown, by the folder that looked and the path that is missing.
    searches: Mutex<HashMap<(RepoPath, RepoPath), Similar>>,
}

/// Notebooks that may have been meant by a path that leads nowhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Similar {
    /// The path that would have worked but for upper and lower case.
    pub other_case: Option<RepoPath>,
    /// The most similar notebook, if one is similar.
    pub nearest: Option<RepoPath>,
}

/// The names of one folder, with the folder.
#[derive(Clone)]
pub struct Listing {
    /// The folder.
    pub folder: RepoPath,
    entries: Arc<[Entry]>,
}

/// What answers to the name of a notebook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Named {
    /// One notebook.
    One(RepoPath),
    /// Several notebooks, which the workspace could not tell apart.
    Several(Vec<RepoPath>),
    /// A file that would be one if it had the header.
    File(RepoPath),
    /// Nothing.
    Nothing,
}

impl Places {
    /// Looks into `snapshot`.
    pub fn new(snapshot: Arc<dyn Snapshot>) -> Self {
        Self { snapshot, notebooks: RwLock::default(), searches: Mutex::default() }
    }

    /// The snapshot itself.
    pub fn snapshot(&self) -> &Arc<dyn Snapshot> {
        &self.snapshot
    }

    /// The names of a folder.
    pub fn list(&self, folder: &RepoPath) -> Listing {
        Listing { folder: folder.clone(), entries: self.snapshot.list(folder) }
    }

    /// Whether the file at `path` is a notebook: any `.ipynb`, or a source file with the exact header. Reads the
    /// file's first bytes at most once.
    pub fn is_notebook(&self, path: &RepoPath) -> bool {
        let Some(kind) = NotebookFile::of(path) else { return false };
        let known = self.notebooks.read().unwrap_or_else(PoisonError::into_inner).get(path).copied();
        known.unwrap_or_else(|| {
            let is = match kind {
                NotebookFile::Ipynb => self.snapshot.is_file(path),
                NotebookFile::Source(header) => {
                    self.snapshot.head(path, HEADER_LEN).is_ok_and(|head| has_header(&head, header))
                }
            };
            self.remember([(path, is)]);
            is
        })
    }

    /// Remembers what reading whole files has shown.
    pub fn remember<'a>(&self, files: impl IntoIterator<Item = (&'a RepoPath, bool)>) {
        let mut notebooks = self.notebooks.write().unwrap_or_else(PoisonError::into_inner);
        notebooks.extend(files.into_iter().map(|(path, is)| (path.clone(), is)));
    }

    /// What was found when documents of `folder` looked for `target` in vain; `search` is asked the first time.
    /// A folder of notebooks that all run the same missing one is common enough.
    pub fn similar(&self, folder: &RepoPath, target: &RepoPath, search: impl FnOnce() -> Similar) -> Similar {
        let key = (folder.clone(), target.clone());
        let known = self.searches.lock().unwrap_or_else(PoisonError::into_inner).get(&key).cloned();
        known.unwrap_or_else(|| {
            let found = search();
            self.searches.lock().unwrap_or_else(PoisonError::into_inner).insert(key, found.clone());
            found
        })
    }

    /// What answers to the notebook name `path` (without extension).
    pub fn named(&self, path: &RepoPath) -> Named {
        let name = path.name();
        if name.is_empty() {
            return Named::Nothing;
        }
        let listing = self.list(&path.parent());
        let mut files = listing.notebook_files(name);
        files.sort_by_key(rank);
        let (notebooks, plain): (Vec<_>, Vec<_>) = files.into_iter().partition(|file| self.is_notebook(file));
        match (notebooks.as_slice(), plain.as_slice()) {
            ([one], _) => Named::One(one.clone()),
            ([], []) if listing.kind(name) == Some(EntryKind::File) => Named::File(path.clone()),
            ([], []) => Named::Nothing,
            // Whatever cannot be read may be a notebook; that it cannot be read is said of the file itself.
            ([], [file, ..]) if self.snapshot.head(file, 1).is_err() => Named::One(file.clone()),
            ([], [file, ..]) => Named::File(file.clone()),
            _ => Named::Several(notebooks),
        }
    }
}

impl Listing {
    /// What stands under a name.
    pub fn kind(&self, name: &str) -> Option<EntryKind> {
        let at = self.entries.binary_search_by(|entry| (*entry.name).cmp(name)).ok()?;
        self.entries.get(at).map(|entry| entry.kind)
    }

    /// Whether a file stands under a name.
    pub fn has_file(&self, name: &str) -> bool {
        self.kind(name) == Some(EntryKind::File)
    }

    /// Whether a file `stem.py` stands in it.
    pub fn has_module(&self, stem: &str) -> bool {
        let wanted = || stem.bytes().chain(*b".py");
        let found = self.entries.binary_search_by(|entry| entry.name.bytes().cmp(wanted()));
        found.ok().and_then(|at| self.entries.get(at)).is_some_and(|entry| entry.kind == EntryKind::File)
    }

    /// The names of the folders in it, sorted.
    pub fn folders(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.kind == EntryKind::Folder).map(|entry| &*entry.name)
    }

    /// The names of the files in it, sorted.
    pub fn files(&self) -> impl Iterator<Item = &str> {
        self.entries.iter().filter(|entry| entry.kind == EntryKind::File).map(|entry| &*entry.name)
    }

    /// The path of a name in it.
    pub fn path(&self, name: &str) -> RepoPath {
        child(&self.folder, name)
    }

    /// The files whose extension a notebook can have, as (name without extension, name).
    pub fn notebook_stems(&self) -> impl Iterator<Item = (&str, &str)> {
        self.files().filter_map(|name| {
            let (stem, extension) = name.rsplit_once('.')?;
            (!stem.is_empty() && is_extension(extension)).then_some((stem, name))
        })
    }

    /// The files `name.EXTENSION` with an extension that a notebook can have.
    fn notebook_files(&self, name: &str) -> Vec<RepoPath> {
        let from = self.entries.partition_point(|entry| *entry.name < *name);
        let named = self.entries.iter().skip(from).take_while(|entry| entry.name.starts_with(name));
        let files = named.filter(|entry| entry.kind == EntryKind::File).filter(|entry| {
            let rest = entry.name.get(name.len()..).and_then(|rest| rest.strip_prefix('.'));
            rest.is_some_and(is_extension)
        });
        files.map(|entry| self.path(&entry.name)).collect()
    }
}

/// The path of a name in a folder.
pub fn child(folder: &RepoPath, name: &str) -> RepoPath {
    if folder.as_str().is_empty() { RepoPath::new(name) } else { RepoPath::new(&format!("{folder}/{name}")) }
}

/// A path without the extension that a notebook can have, if it has one.
pub fn without_extension(path: &str) -> Option<&str> {
    let (stem, extension) = path.rsplit_once('.')?;
    (is_extension(extension) && !stem.is_empty() && !stem.ends_with('/')).then_some(stem)
}

fn is_extension(extension: &str) -> bool {
    EXTENSIONS.iter().any(|known| extension.eq_ignore_ascii_case(known))
}

fn rank(path: &RepoPath) -> usize {
    EXTENSIONS.iter().position(|known| path.has_extension(known)).unwrap_or(EXTENSIONS.len())
}

/// How a file could be a notebook, by its name.
enum NotebookFile {
    Ipynb,
    /// If this is its first line.
    Source(&'static str),
}

impl NotebookFile {
    fn of(path: &RepoPath) -> Option<Self> {
        if path.has_extension("ipynb") {
            return Some(Self::Ipynb);
        }
        Language::of_extension(path.extension()).map(|language| Self::Source(language.header()))
    }
}

/// Whether a file that starts with `head` has `header` for its first line.
fn has_header(head: &[u8], header: &str) -> bool {
    let line = head.split(|&byte| byte == b'\n').next().unwrap_or_default();
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    line == header.as_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::memory::Memory;

    #[test]
    fn headers() {
        for (path, text, is) in [
            ("a.py", "# Databricks notebook source", true),
            ("a.py", "# Databricks notebook source\r\nx", true),
            ("a.py", "# Databricks notebook source \n", false),
            ("a.py", "\u{feff}# Databricks notebook source\n", false),
            ("a.R", "# Databricks notebook source\n", true),
            ("a.sql", "-- Databricks notebook source\n", true),
            ("a.scala", "// Databricks notebook source\n", true),
            ("a.scala", "# Databricks notebook source\n", false),
            ("a.ipynb", "{}", true),
            ("a.txt", "# Databricks notebook source\n", false),
        ] {
            let places = Places::new(Arc::new(Memory::of(&[(path, text)])));
            assert_eq!(places.is_notebook(&RepoPath::new(path)), is, "{path} {text:?}");
        }
    }

    #[test]
    fn names_go_without_extension() {
        let header = "# Databricks notebook source\n";
        let places = Places::new(Arc::new(Memory::of(&[
            ("d/x.py", header),
            ("d/x.py.bak", ""),
            ("d/x.y.py", header),
            ("d/two.py", header),
            ("d/two.ipynb", "{}"),
            ("d/mixed.py", header),
            ("d/mixed.sql", "select 1"),
            ("d/plain.py", ""),
            ("d/data.json", ""),
            ("d/folder/z.py", header),
        ])));
        let named = |path: &str| places.named(&RepoPath::new(path));
        assert_eq!(named("d/x"), Named::One(RepoPath::new("d/x.py")));
        assert_eq!(named("d/x.y"), Named::One(RepoPath::new("d/x.y.py")));
        assert_eq!(named("d/two"), Named::Several(vec![RepoPath::new("d/two.py"), RepoPath::new("d/two.ipynb")]));
        assert_eq!(named("d/mixed"), Named::One(RepoPath::new("d/mixed.py")));
        assert_eq!(named("d/plain"), Named::File(RepoPath::new("d/plain.py")));
        assert_eq!(named("d/data.json"), Named::File(RepoPath::new("d/data.json")));
        assert_eq!(named("d/folder"), Named::Nothing);
        assert_eq!(named(""), Named::Nothing);
    }
}
