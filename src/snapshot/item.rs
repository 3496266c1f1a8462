//! What git would see in a folder, whatever its name: more than the files whose text matters.

use super::RepoPath;

/// A file, or something that git keeps like one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Item {
    /// Where it stands.
    pub path: RepoPath,
    /// What it is.
    pub kind: ItemKind,
}

/// What stands at a path, as git tells things apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ItemKind {
    /// A file.
    File,
    /// A symbolic link, whatever it leads to.
    Link,
    /// Another repository, of which git keeps the commit alone.
    Submodule,
}

impl Item {
    /// A file.
    pub const fn file(path: RepoPath) -> Self {
        Self { path, kind: ItemKind::File }
    }
}
