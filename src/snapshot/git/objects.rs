//! Objects of a repository: by libgit2 where it can, else by `git cat-file`.

use super::GitError;
use super::beside;
use super::command::{Batch, Runner};
use super::looks::Looks;
use super::oid::Oid;
use crate::snapshot::attributes::Beside;
use crate::snapshot::{Look, ReadError};
use std::env;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

/// Reads objects, from any thread.
///
/// libgit2 opens only the folder of objects, not the repository: that folder looks the same whatever the formats of
/// the index and the references are. What it cannot read (SHA-256, objects that are fetched when they are wanted) is
/// read through `git cat-file`, one process for all of it.
///
/// libgit2 checks that each object hashes to its name. That stays on, though it costs a fifth of the reading: a
/// gate must not pass judgement on bytes that are not what is committed.
pub struct Objects {
    runner: Runner,
    odb: Option<git2::Odb<'static>>,
    contents: Mutex<Option<Batch>>,
    sizes: Mutex<Option<Batch>>,
    looks: Looks,
    /// The folder that all worktrees share.
    common: PathBuf,
}

impl Objects {
    /// Objects in the folder `common`, the one that all worktrees of a repository share.
    pub(super) fn new(runner: Runner, common: &Path) -> Self {
        let odb = open(runner.cwd(), common).ok();
        let looks = Looks::new(common);
        Self { runner, odb, contents: Mutex::default(), sizes: Mutex::default(), looks, common: common.to_owned() }
    }

    /// The bytes of a blob, or of a tree.
    ///
    /// # Errors
    /// If the object is not there, or is damaged.
    pub fn read(&self, oid: Oid) -> Result<Vec<u8>, ReadError> {
        if let (Some(odb), Some(known)) = (&self.odb, known(oid))
            && let Ok(object) = odb.read(known)
        {
            return Ok(object.data().to_vec());
        }
        self.read_by_git(oid)
    }

    /// How many bytes an object has.
    pub fn size(&self, oid: Oid) -> Option<u64> {
        if let (Some(odb), Some(known)) = (&self.odb, known(oid))
            && let Ok((size, _)) = odb.read_header(known)
        {
            return u64::try_from(size).ok();
        }
        let mut batch = self.sizes.lock().unwrap_or_else(PoisonError::into_inner);
        let sizes = started(&mut batch, &self.runner, "--batch-check").ok()?;
        sizes.ask(&oid.to_string()).ok()?.map(|(_, size)| size)
    }

    /// What `look` makes of blobs, each with the way to look and the size above which it is not looked at; nothing of
    /// what is no blob, is too large or cannot be read. What was seen once is remembered.
    pub(super) fn looked_at(&self, blobs: &[Option<(Oid, u8, u64)>], look: &Look<'_>) -> Vec<Vec<u8>> {
        self.looks.of(self, blobs, look)
    }

    /// Attributes that are not among the files of a commit.
    pub(super) fn attributes(&self) -> Beside {
        beside::of_repository(&self.common, self.runner.cwd())
    }

    fn read_by_git(&self, oid: Oid) -> Result<Vec<u8>, ReadError> {
        let failed = |why: String| ReadError { message: format!("cannot be read from git: {why}"), missing: false };
        let mut batch = self.contents.lock().unwrap_or_else(PoisonError::into_inner);
        let contents = started(&mut batch, &self.runner, "--batch").map_err(|error| failed(error.to_string()))?;
        let read = match contents.ask(&oid.to_string()) {
            Ok(Some((_, size))) => contents.content(size),
            Ok(None) => return Err(failed(format!("object {oid} is not in this repository"))),
            Err(error) => Err(error),
        };
        read.map_err(|error| {
            // What comes next on the pipe is anybody's guess.
            *batch = None;
            failed(error.to_string())
        })
    }
}

fn started<'b>(batch: &'b mut Option<Batch>, runner: &Runner, mode: &str) -> Result<&'b mut Batch, GitError> {
    match batch {
        Some(batch) => Ok(batch),
        None => Ok(batch.insert(Batch::start(runner, mode)?)),
    }
}

/// The name as libgit2 knows it.
fn known(oid: Oid) -> Option<git2::Oid> {
    (oid.as_bytes().len() == 20).then(|| git2::Oid::from_bytes(oid.as_bytes()).ok()).flatten()
}

fn open(cwd: &Path, common: &Path) -> Result<git2::Odb<'static>, git2::Error> {
    let odb = git2::Odb::new()?;
    let own = env::var_os("GIT_OBJECT_DIRECTORY").filter(|value| !value.is_empty());
    let own = own.map_or_else(|| common.join("objects"), |folder| cwd.join(folder));
    let others = env::var_os("GIT_ALTERNATE_OBJECT_DIRECTORIES").unwrap_or_default();
    let folders = std::iter::once(own).chain(env::split_paths(&others).filter(|path| !path.as_os_str().is_empty()));
    for folder in folders {
        let folder: PathBuf = cwd.join(folder);
        if let Some(folder) = folder.to_str() {
            odb.add_disk_alternate(folder)?;
        }
    }
    Ok(odb)
}
