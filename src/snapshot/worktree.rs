//! Files as they stand on disk.

use super::attributes::Beside;
use super::git::absent::Absent;
use super::git::beside;
use super::{Entry, EntryKind, ReadError, RepoPath, Snapshot};
use std::collections::HashMap;
use std::fs;
use std::hash::{BuildHasher, RandomState};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock, RwLock};

/// A file to be written: its path, what it reads now (`None` for one that is to be made), and what it is to read.
pub type Replacement<'a> = (&'a RepoPath, Option<&'a [u8]>, &'a [u8]);

/// How many locks the cached listings are spread over, so that threads seldom wait for each other.
const SHARDS: usize = 16;

type Listings = RwLock<HashMap<RepoPath, Arc<[Entry]>>>;

/// The files below one folder on disk. Folders are listed once and then remembered; links are followed.
pub struct Worktree {
    root: PathBuf,
    hasher: RandomState,
    listings: [Listings; SHARDS],
    /// What is not shown; found when something is missed.
    absent: OnceLock<Absent>,
}

impl Worktree {
    /// The files below `root`, an absolute path. Nothing is read yet.
    pub fn new(root: PathBuf) -> Self {
        Self { root, hasher: RandomState::new(), listings: Default::default(), absent: OnceLock::new() }
    }

    /// The folder that repository paths are relative to.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Where a file stands on disk.
    pub fn on_disk(&self, path: &RepoPath) -> PathBuf {
        // Joining an empty path would add a slash.
        if path.as_str().is_empty() { self.root.clone() } else { self.root.join(path.as_str()) }
    }

    /// Writes several files, all or none: each is a path, what it reads now (`None` for a file that is to be made)
    /// and what it is to read.
    ///
    /// # Errors
    /// One line for users, with the path, if a file does not read as said or cannot be written. All files are then
    /// as before; if one cannot be put back, the line says so.
    pub fn write_together(&self, files: &[Replacement<'_>]) -> Result<(), String> {
        for (path, old, _) in files {
            let now = fs::read(self.on_disk(path));
            match (now, old) {
                (Ok(now), Some(old)) if now == *old => {}
                (Err(error), None) if error.kind() == io::ErrorKind::NotFound => {}
                (Err(error), _) => return Err(format!("{path}: {}", describe(&error).message)),
                (Ok(_), None) => return Err(format!("{path}: is there already")),
                (Ok(_), Some(_)) => return Err(format!("{path}: changed on disk while it was read; run again")),
            }
        }
        for (done, (path, old, new)) in files.iter().enumerate() {
            let written = match old {
                Some(old) => self.write_atomically(path, old, new),
                None => self.create(path, new),
            };
            let Err(message) = written else { continue };
            let mut said = format!("{path}: {message}; nothing was changed");
            for (path, old, new) in files.iter().take(done).rev() {
                let back = match old {
                    Some(old) => self.write_atomically(path, new, old),
                    None => fs::remove_file(self.on_disk(path)).map_err(|error| describe(&error).message),
                };
                if let Err(message) = back {
                    said = format!("{said}, but {path} could not be put back: {message}");
                }
            }
            return Err(said);
        }
        Ok(())
    }

    /// Makes a new file, and the folders above it.
    fn create(&self, path: &RepoPath, new: &[u8]) -> Result<(), String> {
        let plain = |error: io::Error| describe(&error).message;
        let target = self.on_disk(path);
        let folder = target.parent().ok_or("has no folder")?;
        fs::create_dir_all(folder).map_err(plain)?;
        let mut file = tempfile::NamedTempFile::new_in(folder).map_err(plain)?;
        file.write_all(new).map_err(plain)?;
        file.as_file().sync_all().map_err(plain)?;
        let file = file.persist_noclobber(&target).map_err(|error| plain(error.error))?;
        drop(file);
        // A temporary file is for its owner alone; a new one should be as any other here.
        let like = fs::metadata(self.root.join(".git").join("HEAD")).or_else(|_| fs::metadata(folder));
        if let Ok(like) = like
            && like.is_file()
        {
            fs::set_permissions(&target, like.permissions()).map_err(plain)?;
        }
        Ok(())
    }

    /// Replaces the content of a file, all at once: readers see the old or the new text, never a half.
    /// Links stay (their target is written), and so do permissions and, where the system lets us, the owner.
    ///
    /// # Errors
    /// One line for users if the file does not read `old` any more, is read-only, or cannot be written;
    /// it is then untouched.
    pub fn write_atomically(&self, path: &RepoPath, old: &[u8], new: &[u8]) -> Result<(), String> {
        self.write_by_way_of(&self.root.join(".git"), path, old, new)
    }

    /// The same, with the folder in which the new file is made. If it cannot be made there, that is the folder of the
    /// file itself.
    ///
    /// # Errors
    /// As [`Self::write_atomically`].
    pub fn write_by_way_of(&self, scratch: &Path, path: &RepoPath, old: &[u8], new: &[u8]) -> Result<(), String> {
        let plain = |error: io::Error| describe(&error).message;
        let target = fs::canonicalize(self.on_disk(path)).map_err(plain)?;
        let before = fs::metadata(&target).map_err(plain)?;
        if !before.is_file() {
            return Err("is not a regular file".to_owned());
        }
        if before.permissions().readonly() {
            return Err("is read-only".to_owned());
        }
        if fs::read(&target).map_err(plain)? != old {
            return Err("changed on disk while it was checked; nothing was written, run again".to_owned());
        }
        let folder = target.parent().ok_or("has no folder")?;
        // What a killed run leaves behind must not be committed. Inside `.git` it is not even seen; that may not
        // be a folder, or stand on another file system.
        replace(&target, &before, new, scratch).or_else(|_| replace(&target, &before, new, folder)).map_err(plain)
    }

    /// The content of a regular file that stands where its path says, not behind a link; `None` if there is none, or
    /// it cannot be read.
    pub fn read_plain(&self, path: &RepoPath) -> Option<Vec<u8>> {
        let file = self.on_disk(path);
        let is_plain = fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.is_file());
        let real = |folder: &Path| fs::canonicalize(folder).ok();
        let stands_there = real(file.parent()?)? == real(&self.root)?.join(path.parent().as_str());
        // An empty name would add a slash, which compares as nothing.
        (is_plain && stands_there).then(|| fs::read(&file).ok()).flatten()
    }

    /// Makes a file, or replaces its content, all at once, as [`Self::write_atomically`] does. Says whether there was
    /// anything to write.
    ///
    /// # Errors
    /// One line for users if it cannot be written; what was there is then untouched.
    pub fn put(&self, path: &RepoPath, new: &[u8]) -> Result<bool, String> {
        let plain = |error: io::Error| describe(&error).message;
        let target = self.on_disk(path);
        if fs::symlink_metadata(&target).is_ok() {
            let old = self.read(path).map_err(|error| error.message)?;
            return if old == new { Ok(false) } else { self.write_atomically(path, &old, new).map(|()| true) };
        }
        let folder = target.parent().ok_or("has no folder")?;
        create(&target, new, &self.root.join(".git")).or_else(|_| create(&target, new, folder)).map_err(plain)?;
        Ok(true)
    }

    fn shard(&self, folder: &RepoPath) -> Option<&Listings> {
        let at = usize::try_from(self.hasher.hash_one(folder) % SHARDS as u64).unwrap_or(0);
        self.listings.get(at)
    }
}

/// Puts a new file in the place of `target`, made in `folder` first.
fn replace(target: &Path, before: &fs::Metadata, new: &[u8], folder: &Path) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".brickgate-").tempfile_in(folder)?;
    file.write_all(new)?;
    // The owner first: changing it may take away set-id bits, which the permissions then give back.
    keep_owner(file.path(), before);
    fs::set_permissions(file.path(), before.permissions())?;
    file.persist(target)?;
    Ok(())
}

/// Puts a file where there is none, made in `folder` first, with the permissions that new files have.
fn create(target: &Path, new: &[u8], folder: &Path) -> io::Result<()> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".brickgate-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(new)?;
    file.persist_noclobber(target)?;
    Ok(())
}

/// Gives the new file the owner of the old one. Only root can give files away, so failing is no failure.
#[cfg(unix)]
fn keep_owner(path: &Path, before: &fs::Metadata) {
    use std::os::unix::fs::MetadataExt;
    let same = fs::metadata(path).is_ok_and(|now| (now.uid(), now.gid()) == (before.uid(), before.gid()));
    if !same && std::os::unix::fs::chown(path, Some(before.uid()), Some(before.gid())).is_err() {
        // The group alone can often be kept.
        let _ = std::os::unix::fs::chown(path, None, Some(before.gid()));
    }
}

#[cfg(not(unix))]
fn keep_owner(_path: &Path, _before: &fs::Metadata) {}

impl Snapshot for Worktree {
    fn attributes(&self) -> Beside {
        beside::of_worktree(&self.root)
    }

    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        let (mut file, len) = open(&self.on_disk(path))?;
        let mut bytes = Vec::with_capacity(len);
        file.read_to_end(&mut bytes).map_err(|error| describe(&error))?;
        Ok(bytes)
    }

    fn head(&self, path: &RepoPath, len: usize) -> Result<Vec<u8>, ReadError> {
        let (file, _) = open(&self.on_disk(path))?;
        let mut bytes = Vec::with_capacity(len);
        file.take(len as u64).read_to_end(&mut bytes).map_err(|error| describe(&error))?;
        Ok(bytes)
    }

    fn size(&self, path: &RepoPath) -> Option<u64> {
        fs::metadata(self.on_disk(path)).ok().filter(fs::Metadata::is_file).map(|metadata| metadata.len())
    }

    fn is_elsewhere(&self, path: &RepoPath) -> bool {
        self.absent.get_or_init(|| Absent::of(&self.root)).has(path)
    }

    fn list(&self, folder: &RepoPath) -> Arc<[Entry]> {
        let Some(shard) = self.shard(folder) else { return Arc::default() };
        let known = shard.read().unwrap_or_else(std::sync::PoisonError::into_inner).get(folder).cloned();
        if let Some(known) = known {
            return known;
        }
        let list = list(&self.on_disk(folder));
        // Another thread may have been faster: its answer stands, so that all get the same.
        let mut shard = shard.write().unwrap_or_else(std::sync::PoisonError::into_inner);
        shard.entry(folder.clone()).or_insert(list).clone()
    }
}

/// Opens a file and tells how long it is.
fn open(path: &Path) -> Result<(fs::File, usize), ReadError> {
    // Asked before it is opened: opening a pipe waits for its other end, opening a device does things.
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return Err(ReadError::folder());
    }
    if !metadata.is_file() {
        return Err(ReadError { message: "is a pipe, socket or device".to_owned(), missing: false });
    }
    let file = fs::File::open(path).map_err(|error| describe(&error))?;
    // No more than a file that is read can have; what a file system claims may be anything.
    Ok((file, usize::try_from(metadata.len()).unwrap_or(0).min(1 << 24)))
}

/// Reads a folder. Links count as what they lead to; what leads nowhere, is neither file nor folder, or has a
/// name that is no Unicode is left out.
fn list(folder: &Path) -> Arc<[Entry]> {
    let Ok(entries) = fs::read_dir(folder) else { return Arc::default() };
    let kind_of = |entry: &fs::DirEntry| {
        let mut kind = entry.file_type().ok()?;
        if kind.is_symlink() {
            kind = fs::metadata(entry.path()).ok()?.file_type();
        }
        if kind.is_dir() { Some(EntryKind::Folder) } else { kind.is_file().then_some(EntryKind::File) }
    };
    let mut names: Vec<Entry> = entries
        .filter_map(Result::ok)
        .filter_map(|entry| {
            let name = entry.file_name().into_string().ok()?;
            Some(Entry { name: name.into(), kind: kind_of(&entry)? })
        })
        .collect();
    names.sort_unstable_by(|a, b| a.name.cmp(&b.name));
    names.into()
}

/// Why a path cannot be read, told apart from a link that leads nowhere.
fn unreadable(path: &Path, error: &io::Error) -> ReadError {
    let link = error.kind() == io::ErrorKind::NotFound && fs::symlink_metadata(path).is_ok();
    if link {
        return ReadError { message: "is a link to something that does not exist".to_owned(), missing: false };
    }
    // What cannot even be looked at, because of the folders above it, is not known to be there.
    let unreachable = matches!(
        error.kind(),
        io::ErrorKind::PermissionDenied | io::ErrorKind::InvalidFilename | io::ErrorKind::NotADirectory
    );
    let error = describe(error);
    ReadError { missing: error.missing || unreachable, ..error }
}

/// A system error in the words of a message: one line, lower case.
pub(super) fn describe(error: &io::Error) -> ReadError {
    let message = match error.kind() {
        io::ErrorKind::NotFound => return ReadError::missing(),
        io::ErrorKind::IsADirectory => return ReadError::folder(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => {
            let text = error.to_string();
            let text = text.split(" (os error").next().unwrap_or_default();
            let mut chars = text.chars();
            chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
        }
    };
    ReadError { message, missing: false }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn made() -> (tempfile::TempDir, Worktree) {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir_all(folder.path().join("a/x.py")).unwrap();
        fs::write(folder.path().join("a/b.py"), "one").unwrap();
        let worktree = Worktree::new(folder.path().to_owned());
        (folder, worktree)
    }

    #[test]
    fn tells_case_and_folders_apart() {
        let (_folder, worktree) = made();
        assert!(worktree.is_file(&RepoPath::new("a/b.py")) && worktree.is_folder(&RepoPath::new("a/x.py")));
        assert_eq!(worktree.kind(&RepoPath::new("a/B.py")), None);
        assert_eq!(worktree.size(&RepoPath::new("a/b.py")), Some(3));
        assert_eq!(worktree.head(&RepoPath::new("a/b.py"), 2).unwrap(), b"on");
        assert_eq!(worktree.head(&RepoPath::new("a/b.py"), 9).unwrap(), b"one");
        assert_eq!(worktree.read(&RepoPath::new("a/x.py")).unwrap_err().message, "is a folder");
        assert!(worktree.read(&RepoPath::new("a/none.py")).unwrap_err().missing);
        assert!(worktree.list(&RepoPath::new("nowhere")).is_empty());
    }

    #[test]
    fn answers_the_same_for_as_long_as_it_lives() {
        let (folder, worktree) = made();
        let before = worktree.list(&RepoPath::new("a"));
        fs::write(folder.path().join("a/new.py"), "").unwrap();
        assert_eq!(worktree.list(&RepoPath::new("a")), before);
    }

    #[test]
    fn writes_only_over_what_was_read() {
        let (folder, worktree) = made();
        let path = RepoPath::new("a/b.py");
        assert!(worktree.write_atomically(&path, b"other", b"two").unwrap_err().contains("changed on disk"));
        assert_eq!(worktree.read(&path).unwrap(), b"one");
        worktree.write_atomically(&path, b"one", b"two").unwrap();
        assert_eq!(worktree.read(&path).unwrap(), b"two");
        let left: Vec<_> = fs::read_dir(folder.path().join("a")).unwrap().collect();
        assert_eq!(left.len(), 2, "no temporary file is left behind");
    }

    #[test]
    fn puts_files_where_there_were_none() {
        let (folder, worktree) = made();
        let path = RepoPath::new("a/new.json");
        assert_eq!(worktree.put(&path, b"one"), Ok(true));
        assert_eq!(worktree.put(&path, b"one"), Ok(false));
        assert_eq!(worktree.put(&path, b"two"), Ok(true));
        assert_eq!(fs::read(folder.path().join("a/new.json")).unwrap(), b"two");
        assert!(worktree.put(&RepoPath::new("none/new.json"), b"one").is_err());
        assert!(worktree.put(&RepoPath::new("a/x.py"), b"one").is_err());
        assert_eq!(fs::read_dir(folder.path().join("a")).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn new_text_is_made_where_git_does_not_see_it() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, worktree) = made();
        fs::create_dir(folder.path().join(".git")).unwrap();
        let path = RepoPath::new("a/b.py");
        worktree.write_atomically(&path, b"one", b"two").unwrap();
        assert_eq!(worktree.read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(folder.path().join(".git")).unwrap().count(), 0);
        fs::set_permissions(folder.path().join(".git"), fs::Permissions::from_mode(0o555)).unwrap();
        worktree.write_atomically(&path, b"two", b"three").unwrap();
        assert_eq!(worktree.read(&path).unwrap(), b"three");
    }

    #[cfg(unix)]
    #[test]
    fn what_cannot_be_reached_is_not_known_to_be_there() {
        let (_folder, worktree) = made();
        let error = worktree.read(&RepoPath::new(&("d/".repeat(5000) + "x"))).unwrap_err();
        assert!(error.missing && error.message.contains("too long"), "{error:?}");
        assert!(worktree.read(&RepoPath::new("a/b.py/c.toml")).unwrap_err().missing);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_followed_but_lead_nobody_astray() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let (folder, worktree) = made();
        let at = |path: &str| folder.path().join(path);
        symlink("loop.py", at("loop.py")).unwrap();
        symlink("gone.py", at("dangling.py")).unwrap();
        symlink("a", at("alias")).unwrap();
        symlink("a/b.py", at("b.py")).unwrap();
        let names: Vec<_> = worktree.list(&RepoPath::root()).iter().map(|entry| entry.name.to_string()).collect();
        assert_eq!(names, ["a", "alias", "b.py"]);
        assert!(worktree.is_file(&RepoPath::new("alias/b.py")));
        assert!(worktree.read(&RepoPath::new("loop.py")).unwrap_err().message.contains("symbolic link"));
        assert!(worktree.read(&RepoPath::new("dangling.py")).unwrap_err().message.contains("is a link to"));

        fs::set_permissions(at("a/b.py"), fs::Permissions::from_mode(0o751)).unwrap();
        worktree.write_atomically(&RepoPath::new("b.py"), b"one", b"two").unwrap();
        assert!(fs::symlink_metadata(at("b.py")).unwrap().is_symlink());
        assert_eq!(fs::read(at("a/b.py")).unwrap(), b"two");
        assert_eq!(fs::metadata(at("a/b.py")).unwrap().permissions().mode() & 0o777, 0o751);
        fs::set_permissions(at("a/b.py"), fs::Permissions::from_mode(0o444)).unwrap();
        assert_eq!(worktree.write_atomically(&RepoPath::new("b.py"), b"two", b"3").unwrap_err(), "is read-only");
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_never_opened() {
        let (folder, worktree) = made();
        let made = std::process::Command::new("mkfifo").arg(folder.path().join("pipe.py")).status();
        if made.is_ok_and(|status| status.success()) {
            assert_eq!(worktree.kind(&RepoPath::new("pipe.py")), None);
            assert!(worktree.read(&RepoPath::new("pipe.py")).unwrap_err().message.contains("pipe"));
        }
    }
}
