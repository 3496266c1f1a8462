//! Writing: new content for files that are staged, and what filters make of a file.
//!
//! Git's plumbing does it, not libgit2: it takes the lock of the index as every other `git` does, keeps the index in its
//! format (split, sparse, version 4), and writes objects where the environment wants them, with the permissions and
//! the durability that settings ask for.

use super::command::Runner;
use super::oid::{Mode, Node, Oid};
use super::{Git, GitError};
use crate::snapshot::RepoPath;
use rayon::prelude::*;
use std::collections::{BTreeSet, HashMap};
use std::env;
use std::ffi::OsStr;
use std::path::{Path, PathBuf};

/// Up to this many objects it costs more to wake other threads than to do the work.
const FEW: usize = 2;

/// A staged file that is to hold something else.
#[derive(Clone, Copy, Debug)]
pub struct Rewrite<'a> {
    /// Where it stands.
    pub path: &'a RepoPath,
    /// What is staged there, as far as we know.
    pub old: Node,
    /// What is to be staged instead.
    pub new: &'a [u8],
}

/// What became of a [`Rewrite`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restaged {
    /// It is staged.
    Done,
    /// Something else was staged meanwhile.
    Changed,
    /// Git was told not to look at the file in the worktree, and would forget that.
    Hidden,
}

/// An entry of the index.
struct Entry {
    node: Node,
    hidden: bool,
}

impl Git {
    /// Puts new content in the place of staged files: first all objects, then the index, in one step. Says what
    /// became of each. During `git commit PATH`, which commits an index of its own, the usual index gets the same.
    ///
    /// # Errors
    /// If `git` fails; the index is then what it was.
    pub fn restage(&self, files: &[Rewrite<'_>]) -> Result<Vec<Restaged>, GitError> {
        let runner = self.top()?;
        let entries = entries(&runner)?;
        let state = |file: &Rewrite<'_>| match entries.get(file.path.as_str()) {
            Some(entry) if entry.node != file.old => Restaged::Changed,
            Some(entry) if entry.hidden => Restaged::Hidden,
            Some(_) => Restaged::Done,
            None => Restaged::Changed,
        };
        let states: Vec<Restaged> = files.iter().map(state).collect();
        let wanted: Vec<&Rewrite<'_>> =
            files.iter().zip(&states).filter(|(_, state)| **state == Restaged::Done).map(|(file, _)| file).collect();
        if wanted.is_empty() {
            return Ok(states);
        }
        let write = |file: &&Rewrite<'_>| write(&runner, file.new);
        let oids: Vec<Oid> = if wanted.len() <= FEW {
            wanted.iter().map(write).collect::<Result<_, _>>()?
        } else {
            wanted.par_iter().map(write).collect::<Result<_, _>>()?
        };
        let new: Vec<(&Rewrite<'_>, Oid)> = wanted.into_iter().zip(oids).collect();
        put(&runner, &new)?;
        if let Some(index) = self.index_behind() {
            let runner = runner.with("GIT_INDEX_FILE", &index);
            let entries = self::entries(&runner)?;
            let same = |(file, _): &(&Rewrite<'_>, Oid)| {
                entries.get(file.path.as_str()).is_some_and(|entry| entry.node == file.old && !entry.hidden)
            };
            let new: Vec<_> = new.into_iter().filter(same).collect();
            put(&runner, &new)?;
        }
        Ok(states)
    }

    /// Those of these files whose content in the worktree is not what git stores, whatever line ends are.
    ///
    /// # Errors
    /// If `git` fails.
    pub fn filtered(&self, paths: &[&RepoPath]) -> Result<BTreeSet<RepoPath>, GitError> {
        if paths.is_empty() {
            return Ok(BTreeSet::new());
        }
        let mut input = Vec::new();
        for path in paths {
            input.extend_from_slice(path.as_str().as_bytes());
            input.push(0);
        }
        let args = ["check-attr", "-z", "--stdin", "filter", "ident", "working-tree-encoding"];
        let said = self.top()?.run_with(&args, &input)?;
        let mut fields = said.split(|&byte| byte == 0);
        let mut filtered = BTreeSet::new();
        while let (Some(path), Some(_), Some(value)) = (fields.next(), fields.next(), fields.next()) {
            if !matches!(value, b"unspecified" | b"unset")
                && let Ok(path) = std::str::from_utf8(path)
            {
                filtered.insert(RepoPath::new(path));
            }
        }
        Ok(filtered)
    }

    /// What git would store for a file of the worktree that holds `content`.
    ///
    /// # Errors
    /// If `git` or a filter fails.
    pub fn clean(&self, path: &RepoPath, content: &[u8]) -> Result<Vec<u8>, GitError> {
        let runner = self.top()?;
        let name = runner.run_with(&["hash-object", "-w", "--path", path.as_str(), "--stdin"], content)?;
        let name = String::from_utf8_lossy(&name).trim().to_owned();
        runner.run(&["cat-file", "blob", &name])
    }

    /// What git would write into the worktree for a file that it stores as `content`.
    ///
    /// # Errors
    /// If `git` or a filter fails.
    pub fn smudge(&self, path: &RepoPath, content: &[u8]) -> Result<Vec<u8>, GitError> {
        let runner = self.top()?;
        let oid = write(&runner, content)?.to_string();
        runner.run(&["cat-file", "--filters", &format!("--path={path}"), &oid])
    }

    /// Runs `git` from the top of the worktree: the paths of some commands are seen from where they run.
    fn top(&self) -> Result<Runner, GitError> {
        let Some(root) = &self.root else { return Err(GitError::Bare) };
        if self.runner.cwd() == &**root {
            return Ok(self.runner.clone());
        }
        let mut runner = Runner::new(root.to_path_buf());
        let given = |name: &str| env::var_os(name).filter(|value| !value.is_empty());
        if given("GIT_DIR").is_some() {
            runner = runner.with("GIT_DIR", &self.folder);
        }
        for name in ["GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY"] {
            if let Some(value) = given(name) {
                runner = runner.with(name, self.runner.cwd().join(value));
            }
        }
        Ok(runner)
    }

    /// The index that comes after the one that is committed: `git commit PATH` commits `next-index-*.lock`, while
    /// `index.lock` holds what is to be staged then.
    fn index_behind(&self) -> Option<PathBuf> {
        let index = PathBuf::from(env::var_os("GIT_INDEX_FILE")?);
        let name = index.file_name().and_then(OsStr::to_str)?;
        let lock = self.folder.join("index.lock");
        (name.starts_with("next-index-") && is_file(&lock)).then_some(lock)
    }
}

fn is_file(path: &Path) -> bool {
    path.metadata().is_ok_and(|metadata| metadata.is_file())
}

/// All entries of the index that are not in conflict.
fn entries(runner: &Runner) -> Result<HashMap<String, Entry>, GitError> {
    let listed = runner.run(&["ls-files", "-z", "-s", "-v", "--full-name", ":/"])?;
    Ok(listed.split(|&byte| byte == 0).filter_map(entry).collect())
}

/// Reads `H 100644 OID 0<TAB>PATH`.
fn entry(line: &[u8]) -> Option<(String, Entry)> {
    let (head, path) = line.split_at_checked(memchr::memchr(b'\t', line)?)?;
    let mut words = head.split(|&byte| byte == b' ');
    let (tag, mode, oid, stage) = (words.next()?, words.next()?, words.next()?, words.next()?);
    let node = Node { mode: Mode::parse(mode)?, oid: Oid::parse(oid)? };
    let path = String::from_utf8(path.get(1..)?.to_vec()).ok()?;
    (stage == b"0").then_some((path, Entry { node, hidden: tag != b"H" }))
}

/// Stores a file's content as it is.
fn write(runner: &Runner, content: &[u8]) -> Result<Oid, GitError> {
    let name = runner.run_with(&["hash-object", "-w", "--no-filters", "--stdin"], content)?;
    Oid::parse(name.trim_ascii()).ok_or_else(|| GitError::Failed("`git hash-object` named no object".to_owned()))
}

/// Writes entries into the index, all at once.
fn put(runner: &Runner, new: &[(&Rewrite<'_>, Oid)]) -> Result<(), GitError> {
    let mut input = Vec::new();
    for (file, oid) in new {
        input.extend_from_slice(format!("{} {oid}\t{}\0", file.old.mode.as_str(), file.path).as_bytes());
    }
    runner.run_with(&["update-index", "-z", "--index-info"], &input).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_read() {
        let oid = "1".repeat(40);
        let read = |line: String| entry(line.as_bytes()).map(|(path, entry)| (path, entry.node.mode, entry.hidden));
        assert_eq!(read(format!("H 100755 {oid} 0\ta b\tc")), Some(("a b\tc".to_owned(), Mode::Executable, false)));
        assert_eq!(read(format!("S 100644 {oid} 0\tx")), Some(("x".to_owned(), Mode::File, true)));
        assert_eq!(read(format!("h 100644 {oid} 0\tx")), Some(("x".to_owned(), Mode::File, true)));
        assert_eq!(read(format!("M 100644 {oid} 2\tx")), None);
        assert_eq!(read(String::new()), None);
    }
}
