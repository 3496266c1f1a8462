//! Files that a repository has and a worktree does not show: those of submodules that were not fetched, and those
//! that a sparse checkout leaves out.

use super::command::Runner;
use super::{Place, linked};
use crate::snapshot::RepoPath;
use std::fs;
use std::path::Path;

/// What is not there, and would not be missed.
#[derive(Debug, Default)]
pub(in crate::snapshot) struct Absent {
    /// Folders of submodules in which there is nothing.
    submodules: Vec<RepoPath>,
    /// Files that a sparse checkout leaves out, sorted.
    skipped: Vec<String>,
}

impl Absent {
    /// What the worktree at `root` does not show.
    pub(in crate::snapshot) fn of(root: &Path) -> Self {
        let submodules = fs::read_to_string(root.join(".gitmodules")).unwrap_or_default();
        let is_empty = |path: &RepoPath| {
            fs::read_dir(root.join(path.as_str())).map_or(true, |mut entries| entries.next().is_none())
        };
        let submodules = paths(&submodules).filter(is_empty).collect();
        Self { submodules, skipped: skipped(root) }
    }

    /// Whether something stands at `path` that is not shown: a file, one with any extension, or a folder.
    pub(in crate::snapshot) fn has(&self, path: &RepoPath) -> bool {
        if self.submodules.iter().any(|submodule| path.is_below(submodule)) {
            return true;
        }
        let wanted = path.as_str();
        let from = self.skipped.partition_point(|skipped| skipped.as_str() < wanted);
        let named = self.skipped.iter().skip(from).take_while(|skipped| skipped.starts_with(wanted));
        named.map(|skipped| skipped.get(wanted.len()..).unwrap_or_default()).any(|rest| {
            rest.is_empty() || rest.starts_with('/') || rest.strip_prefix('.').is_some_and(|rest| !rest.contains('/'))
        })
    }
}

/// The folders that a `.gitmodules` names.
fn paths(text: &str) -> impl Iterator<Item = RepoPath> {
    text.lines().filter_map(|line| {
        let (key, value) = line.split_once('=')?;
        let path = value.trim().trim_matches('"').trim_end_matches('/');
        (key.trim() == "path" && !path.is_empty() && !path.starts_with('/')).then(|| RepoPath::new(path))
    })
}

fn skipped(root: &Path) -> Vec<String> {
    let git = root.join(".git");
    let Place { folder, common, .. } = Place::of(None, linked(&git).unwrap_or(git));
    // Only a repository that was ever sparse has this file; others need not be asked.
    if [folder, common].iter().all(|folder| !folder.join("info/sparse-checkout").exists()) {
        return Vec::new();
    }
    let listed = Runner::new(root.to_owned()).run(&["ls-files", "-z", "-t"]).unwrap_or_default();
    let listed = listed.split(|&byte| byte == 0).filter_map(|line| line.strip_prefix(b"S "));
    let mut skipped: Vec<String> = listed.filter_map(|path| String::from_utf8(path.to_vec()).ok()).collect();
    skipped.sort_unstable();
    skipped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_shown_is_not_missed() {
        let absent = Absent {
            submodules: paths("[submodule \"x\"]\n\tpath = vendor/x\n\turl = ../x\n").collect(),
            skipped: vec!["lib/a.py".to_owned(), "lib/ab.py".to_owned(), "lib/deep/c.d.py".to_owned()],
        };
        let has = |path: &str| absent.has(&RepoPath::new(path));
        assert!(has("vendor/x/any") && has("lib/a") && has("lib/a.py") && has("lib/deep") && has("lib/deep/c.d"));
        assert!(!has("vendor/y") && !has("li") && !has("lib/abc") && !has("lib/b"));
    }
}
