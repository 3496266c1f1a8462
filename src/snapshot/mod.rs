//! One consistent picture of a repository. Every byte that a check reads comes through here, so that
//! a worktree, git's index, a commit's tree, and an editor's unsaved text are all read the same way.

pub mod attributes;
pub mod fingerprint;
pub mod git;
pub mod item;
pub mod memory;
pub mod overlay;
pub mod root;
pub mod walk;
pub mod worktree;

use attributes::Beside;
use std::fmt;
use std::sync::Arc;

/// A path inside a repository: relative to its root, `/` between parts, no `.` or `..`, exact case.
/// The root itself is the empty path. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RepoPath(Arc<str>);

impl RepoPath {
    /// Takes a path that is already in normal form.
    pub fn new(path: &str) -> Self {
        debug_assert!(!path.starts_with('/') && !path.ends_with('/'), "not a repository path: {path}");
        Self(Arc::from(path))
    }

    /// The root of the repository.
    pub fn root() -> Self {
        Self(Arc::from(""))
    }

    /// The path as text, `/` between parts.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The folder that holds it; the root's parent is the root.
    #[must_use]
    pub fn parent(&self) -> Self {
        last(&self.0, b'/').map_or_else(Self::root, |at| Self::new(&self.0[..at]))
    }

    /// The last part; empty for the root.
    pub fn name(&self) -> &str {
        last(&self.0, b'/').map_or(&*self.0, |at| &self.0[at + 1..])
    }

    /// The last part without its extension (`a.b.py` → `a.b`; `.env` → `.env`).
    pub fn stem(&self) -> &str {
        let name = self.name();
        match last(name, b'.') {
            Some(at) if at > 0 => &name[..at],
            _ => name,
        }
    }

    /// The last word of the name by which Python imports the file: that of its folder for `__init__.py`.
    pub fn module_name(&self) -> &str {
        match self.stem() {
            "__init__" => self.0.rsplit('/').nth(1).unwrap_or(""),
            stem => stem,
        }
    }

    /// The extension without its dot; empty if there is none.
    pub fn extension(&self) -> &str {
        let name = self.name();
        match last(name, b'.') {
            Some(at) if at > 0 => &name[at + 1..],
            _ => "",
        }
    }

    /// Whether the extension is `extension`, in any case (`.R`, `.PY`).
    pub fn has_extension(&self, extension: &str) -> bool {
        self.extension().eq_ignore_ascii_case(extension)
    }

    /// Joins a relative path that may hold `.` and `..`. `None` if it leaves the repository.
    pub fn join(&self, relative: &str) -> Option<Self> {
        let mut parts: Vec<&str> = self.0.split('/').filter(|part| !part.is_empty()).collect();
        for part in relative.split('/') {
            match part {
                "" | "." => {}
                ".." => {
                    parts.pop()?;
                }
                part => parts.push(part),
            }
        }
        Some(Self::new(&parts.join("/")))
    }

    /// Whether this is `folder` or lies below it.
    pub fn is_below(&self, folder: &Self) -> bool {
        folder.0.is_empty()
            || self.0.strip_prefix(&*folder.0).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// The shortest relative path from the folder `from` to this path, starting with `./` or `../`,
    /// as `%run` wants it.
    pub fn relative_to(&self, from: &Self) -> String {
        let own: Vec<&str> = self.0.split('/').collect();
        let base: Vec<&str> = from.0.split('/').filter(|part| !part.is_empty()).collect();
        let shared = own.iter().zip(&base).take_while(|(a, b)| a == b).count();
        let ups = base.len() - shared;
        let mut path = if ups == 0 { "./".to_owned() } else { "../".repeat(ups) };
        path.push_str(&own[shared..].join("/"));
        path
    }
}

/// Where an ASCII sign stands last. Names are short: a search that is made for long texts takes longer.
fn last(text: &str, sign: u8) -> Option<usize> {
    text.bytes().rposition(|byte| byte == sign)
}

impl Default for RepoPath {
    fn default() -> Self {
        Self::root()
    }
}

impl fmt::Display for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for RepoPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A file, or a link to one.
    File,
    /// A folder, or a link to one.
    Folder,
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The name, exact case.
    pub name: Box<str>,
    /// What it is.
    pub kind: EntryKind,
}

/// Why bytes could not be had. The text is for users: "permission denied".
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadError {
    /// One line, lower case, no path in it.
    pub message: String,
    /// Whether nothing is known to be at that path: there is nothing, or nobody can get there.
    pub missing: bool,
}

impl ReadError {
    /// There is nothing at the path.
    pub fn missing() -> Self {
        Self { message: "no such file".to_owned(), missing: true }
    }

    /// A folder stands where a file is wanted.
    pub fn folder() -> Self {
        Self { message: "is a folder".to_owned(), missing: false }
    }
}

/// Whether these bytes are not a file but what Git LFS stores in its place.
pub fn is_lfs_pointer(bytes: &[u8]) -> bool {
    // Git LFS takes nothing larger for a pointer.
    bytes.len() < 1024 && bytes.starts_with(b"version https://git-lfs.github.com/spec/")
}

/// A way to look at files that sees nothing but their bytes, so that what it made of some once holds for ever.
pub struct Look<'a> {
    /// Another number for each change of what `of` does.
    pub version: u32,
    /// How the file at a path is looked at.
    pub kind: fn(&RepoPath) -> u8,
    /// Files above so many bytes are not looked at.
    pub most: &'a (dyn Fn(&RepoPath) -> u64 + Sync),
    /// What the bytes of a file of this kind come to.
    pub of: fn(u8, &[u8]) -> Vec<u8>,
}

/// The door to a repository's bytes. Implementations are shared between threads and must answer
/// the same for as long as they live.
pub trait Snapshot: Send + Sync {
    /// The bytes of a file.
    ///
    /// # Errors
    /// If there is none, or it cannot be read.
    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError>;

    /// The first `len` bytes of a file, or all if it has fewer. For a look at what a file is.
    ///
    /// # Errors
    /// As [`Snapshot::read`].
    fn head(&self, path: &RepoPath, len: usize) -> Result<Vec<u8>, ReadError> {
        let mut bytes = self.read(path)?;
        bytes.truncate(len);
        Ok(bytes)
    }

    /// The size of a file in bytes without reading it, if it is known.
    fn size(&self, path: &RepoPath) -> Option<u64>;

    /// The names in a folder, sorted; empty if it is no folder or cannot be read.
    fn list(&self, folder: &RepoPath) -> Arc<[Entry]>;

    /// Files with attributes of git that are not among the files themselves.
    fn attributes(&self) -> Beside {
        Beside::default()
    }

    /// What `look` makes of each of these files, if this snapshot remembers such things from one run to the next;
    /// nothing of a file that cannot be read or is too large. Files are read only where nothing is remembered.
    fn remembered(&self, _paths: &[&RepoPath], _look: &Look<'_>) -> Option<Vec<Vec<u8>>> {
        None
    }

    /// Whether something may stand at `path` of which nothing is known here: in a submodule, or left out of a sparse
    /// checkout. For paths at which nothing is found.
    fn is_elsewhere(&self, _path: &RepoPath) -> bool {
        false
    }

    /// What stands at `path`, judged by exact case on every system (the workspace tells case apart).
    fn kind(&self, path: &RepoPath) -> Option<EntryKind> {
        if path.as_str().is_empty() {
            return Some(EntryKind::Folder);
        }
        let entries = self.list(&path.parent());
        let at = entries.binary_search_by(|entry| (*entry.name).cmp(path.name())).ok()?;
        Some(entries[at].kind)
    }

    /// Whether a file stands at `path`, exact case.
    fn is_file(&self, path: &RepoPath) -> bool {
        self.kind(path) == Some(EntryKind::File)
    }

    /// Whether a folder stands at `path`, exact case.
    fn is_folder(&self, path: &RepoPath) -> bool {
        self.kind(path) == Some(EntryKind::Folder)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joins_and_leaves() {
        let folder = RepoPath::new("jobs/daily");
        assert_eq!(folder.join("./x").unwrap().as_str(), "jobs/daily/x");
        assert_eq!(folder.join("../../x y").unwrap().as_str(), "x y");
        assert_eq!(folder.join("../../../x"), None);
        assert_eq!(RepoPath::new("lib/a/b").relative_to(&folder), "../../lib/a/b");
        assert_eq!(RepoPath::new("jobs/daily/b").relative_to(&folder), "./b");
        assert_eq!(RepoPath::new("b").relative_to(&RepoPath::root()), "./b");
        assert_eq!(RepoPath::new("a.b/x.tar.gz").stem(), "x.tar");
        assert_eq!(RepoPath::new("x/.env").extension(), "");
        assert!(folder.is_below(&RepoPath::new("jobs")) && !folder.is_below(&RepoPath::new("job")));
    }
}
