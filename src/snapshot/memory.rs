//! A whole repository in memory: for tests, and for the examples of rule pages.

use super::{Entry, EntryKind, ReadError, RepoPath, Snapshot};
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

/// Files that stand nowhere else.
#[derive(Debug, Default)]
pub struct Memory {
    files: BTreeMap<RepoPath, Vec<u8>>,
    folders: HashMap<RepoPath, Arc<[Entry]>>,
}

impl Memory {
    /// A repository of these files; the folders follow from their paths. Where a path is both a file and
    /// a folder, it counts as a folder.
    pub fn new(files: BTreeMap<RepoPath, Vec<u8>>) -> Self {
        let mut folders: HashMap<RepoPath, BTreeMap<Box<str>, EntryKind>> = HashMap::new();
        folders.entry(RepoPath::root()).or_default();
        for path in files.keys() {
            let mut at = path.clone();
            let mut kind = EntryKind::File;
            while !at.as_str().is_empty() {
                let parent = at.parent();
                let known = folders.contains_key(&parent);
                let names = folders.entry(parent.clone()).or_default();
                let entry = names.entry(at.name().into()).or_insert(kind);
                if kind == EntryKind::Folder {
                    *entry = kind;
                    if known {
                        break;
                    }
                }
                at = parent;
                kind = EntryKind::Folder;
            }
        }
        let folders = folders
            .into_iter()
            .map(|(folder, names)| {
                (folder, names.into_iter().map(|(name, kind)| Entry { name, kind }).collect::<Arc<[Entry]>>())
            })
            .collect();
        Self { files, folders }
    }

    /// A repository of text files.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self::new(files.iter().map(|(path, text)| (RepoPath::new(path), text.as_bytes().to_vec())).collect())
    }
}

impl Snapshot for Memory {
    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        match self.files.get(path) {
            Some(bytes) => Ok(bytes.clone()),
            None if self.folders.contains_key(path) => Err(ReadError::folder()),
            None => Err(ReadError::missing()),
        }
    }

    fn size(&self, path: &RepoPath) -> Option<u64> {
        self.files.get(path).and_then(|bytes| u64::try_from(bytes.len()).ok())
    }

    fn list(&self, folder: &RepoPath) -> Arc<[Entry]> {
        self.folders.get(folder).cloned().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folders_follow_from_files() {
        let memory = Memory::of(&[("a/b/c.py", "1"), ("a/b.py", "22"), ("a/b/d/e.py", ""), ("z.sql", "")]);
        let names = |folder: &str| {
            memory.list(&RepoPath::new(folder)).iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(names(""), "a z.sql");
        assert_eq!(names("a"), "b b.py");
        assert_eq!(names("a/b"), "c.py d");
        assert_eq!(names("a/b/c.py"), "");
        assert!(memory.is_folder(&RepoPath::new("a/b/d")) && memory.is_file(&RepoPath::new("a/b.py")));
        assert_eq!(memory.kind(&RepoPath::new("A/b.py")), None);
        assert_eq!(memory.size(&RepoPath::new("a/b.py")), Some(2));
        assert!(memory.read(&RepoPath::new("a/x.py")).unwrap_err().missing);
        assert!(!memory.read(&RepoPath::new("a")).unwrap_err().missing);
    }
}
