//! Other text laid over a snapshot: what comes through stdin, an editor's unsaved buffers, fixed files that
//! are not written yet.

use super::attributes::Beside;
use super::{Entry, EntryKind, Look, ReadError, RepoPath, Snapshot};
use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, OnceLock};

/// A snapshot in which some files read differently.
pub struct Overlay {
    base: Arc<dyn Snapshot>,
    files: BTreeMap<RepoPath, Option<Vec<u8>>>,
    folders: HashMap<RepoPath, Changed>,
}

/// A folder whose names differ from the base's, or may differ.
#[derive(Default)]
struct Changed {
    /// What stands at a name now; `None` for a file that is gone.
    names: BTreeMap<Box<str>, Option<EntryKind>>,
    /// The list as it is now; made when it is first asked for, because that reads the folder below.
    merged: OnceLock<Arc<[Entry]>>,
}

impl Overlay {
    /// Lays `files` over `base`; `None` stands for a file that is not there any more.
    pub fn new(base: Arc<dyn Snapshot>, files: BTreeMap<RepoPath, Option<Vec<u8>>>) -> Self {
        let mut folders: HashMap<RepoPath, Changed> = HashMap::new();
        for (path, bytes) in &files {
            let kind = bytes.is_some().then_some(EntryKind::File);
            folders.entry(path.parent()).or_default().names.insert(path.name().into(), kind);
            if kind.is_none() {
                continue;
            }
            let mut folder = path.parent();
            while !folder.as_str().is_empty() {
                let names = &mut folders.entry(folder.parent()).or_default().names;
                if names.insert(folder.name().into(), Some(EntryKind::Folder)) == Some(Some(EntryKind::Folder)) {
                    break;
                }
                folder = folder.parent();
            }
        }
        Self { base, files, folders }
    }
}

impl Snapshot for Overlay {
    fn attributes(&self) -> Beside {
        self.base.attributes()
    }

    fn remembered(&self, paths: &[&RepoPath], look: &Look<'_>) -> Option<Vec<Vec<u8>>> {
        let (own, base): (Vec<_>, Vec<_>) = paths.iter().partition(|path| self.files.contains_key(**path));
        let mut seen: HashMap<&RepoPath, Vec<u8>> =
            base.iter().copied().zip(self.base.remembered(&base, look)?).collect();
        for path in own {
            let Some(Some(bytes)) = self.files.get(path) else { continue };
            if u64::try_from(bytes.len()).is_ok_and(|size| size <= (look.most)(path)) {
                seen.insert(path, (look.of)((look.kind)(path), bytes));
            }
        }
        Some(paths.iter().map(|path| seen.remove(path).unwrap_or_default()).collect())
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        match self.files.get(path) {
            Some(Some(bytes)) => Ok(bytes.clone()),
            Some(None) => Err(ReadError::missing()),
            None => self.base.read(path),
        }
    }

    fn head(&self, path: &RepoPath, len: usize) -> Result<Vec<u8>, ReadError> {
        match self.files.get(path) {
            Some(Some(bytes)) => Ok(bytes.get(..len).unwrap_or(bytes).to_vec()),
            Some(None) => Err(ReadError::missing()),
            None => self.base.head(path, len),
        }
    }

    fn size(&self, path: &RepoPath) -> Option<u64> {
        match self.files.get(path) {
            Some(bytes) => bytes.as_ref().and_then(|bytes| u64::try_from(bytes.len()).ok()),
            None => self.base.size(path),
        }
    }

    fn list(&self, folder: &RepoPath) -> Arc<[Entry]> {
        let Some(changed) = self.folders.get(folder) else { return self.base.list(folder) };
        let merge = || {
            let below = self.base.list(folder);
            let kept = below.iter().filter(|entry| !changed.names.contains_key(&entry.name)).cloned();
            let new =
                changed.names.iter().filter_map(|(name, kind)| Some(Entry { name: name.clone(), kind: (*kind)? }));
            let mut all: Vec<Entry> = kept.chain(new).collect();
            all.sort_by(|a, b| a.name.cmp(&b.name));
            all.into()
        };
        changed.merged.get_or_init(merge).clone()
    }

    fn is_elsewhere(&self, path: &RepoPath) -> bool {
        self.base.is_elsewhere(path)
    }

    fn kind(&self, path: &RepoPath) -> Option<EntryKind> {
        let at = path.parent();
        match self.folders.get(&at).and_then(|changed| changed.names.get(path.name())) {
            Some(kind) => *kind,
            None => self.base.kind(path),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::memory::Memory;

    #[test]
    fn lays_files_over_and_takes_files_away() {
        let base = Arc::new(Memory::of(&[("a/one.py", "1"), ("a/two.py", "2"), ("b.py", "3")]));
        let path = RepoPath::new;
        let over = Overlay::new(
            base,
            BTreeMap::from([
                (path("a/one.py"), Some(b"changed".to_vec())),
                (path("a/two.py"), None),
                (path("new/deep/x.py"), Some(Vec::new())),
            ]),
        );
        let names = |folder: &str| {
            over.list(&path(folder)).iter().map(|entry| entry.name.to_string()).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(over.read(&path("a/one.py")).unwrap(), b"changed");
        assert_eq!(over.size(&path("a/one.py")), Some(7));
        assert!(over.read(&path("a/two.py")).unwrap_err().missing);
        assert_eq!(over.size(&path("a/two.py")), None);
        assert_eq!(over.read(&path("b.py")).unwrap(), b"3");
        assert_eq!((names(""), names("a"), names("new")), ("a b.py new".into(), "one.py".into(), "deep".into()));
        assert!(over.is_folder(&path("new/deep")) && over.is_file(&path("new/deep/x.py")));
        assert!(!over.is_file(&path("a/two.py")) && over.is_file(&path("a/one.py")) && over.is_file(&path("b.py")));
        assert_eq!(over.kind(&path("A")), None);
    }
}
