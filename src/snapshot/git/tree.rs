//! A tree of git as a snapshot, with changes laid over it: a commit is its tree, and the index is the tree of `HEAD`
//! with what is staged on top. So the index is never read as a whole, neither by us nor by libgit2.

use super::changes::Change;
use super::objects::Objects;
use super::oid::{Mode, Node, Oid};
use crate::snapshot::attributes::Beside;
use crate::snapshot::item::{self, ItemKind};
use crate::snapshot::walk::{Found, Remark, is_of_interest};
use crate::snapshot::{Entry, EntryKind, Look, ReadError, RepoPath, Snapshot};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::OsStr;
use std::sync::{Arc, PoisonError, RwLock};

/// More links than this on the way to a file are a loop, as the system has it.
const MOST_LINKS: usize = 40;

/// The target of a link is no longer than this; what is, leads nowhere.
const LONGEST_LINK: u64 = 4096;

/// The files of a tree.
pub struct Tree {
    objects: Arc<Objects>,
    root: Option<Oid>,
    /// By folder, what differs from the tree in it and below it.
    over: HashMap<RepoPath, Over>,
    /// Folders as they are, once they were asked for.
    folders: RwLock<HashMap<RepoPath, Arc<Folder>>>,
}

/// What is laid over one folder.
#[derive(Default)]
struct Over {
    /// What stands at a name now, or nothing.
    names: BTreeMap<Box<str>, Option<Node>>,
    /// Names of folders in which something is laid over.
    folders: BTreeSet<Box<str>>,
    /// Whether something is added here or below, so that the folder cannot be empty.
    adds: bool,
}

/// One folder. Names are sorted.
#[derive(Debug, Default)]
struct Folder {
    /// Where it really stands, if links lead to it.
    real: RepoPath,
    names: Vec<(Box<str>, Item)>,
    /// Names that are no Unicode.
    odd: Vec<(Vec<u8>, Mode)>,
    entries: std::sync::OnceLock<Arc<[Entry]>>,
}

/// What stands at a name.
#[derive(Clone, Copy, Debug)]
enum Item {
    /// In git.
    Node(Node),
    /// A folder that is not in the tree but holds something that is laid over it.
    New,
}

impl Item {
    fn mode(self) -> Mode {
        match self {
            Self::Node(node) => node.mode,
            Self::New => Mode::Folder,
        }
    }
}

impl Tree {
    /// The files of the tree `root` (none: an empty one), with `changes` to it.
    pub(super) fn new(objects: Arc<Objects>, root: Option<Oid>, changes: &[Change]) -> Self {
        let mut over: HashMap<RepoPath, Over> = HashMap::new();
        let mut lay = |path: &RepoPath, node: Option<Node>| {
            let mut folder = path.parent();
            let own = over.entry(folder.clone()).or_default();
            own.names.insert(path.name().into(), node);
            own.adds |= node.is_some();
            while !folder.as_str().is_empty() {
                let parent = over.entry(folder.parent()).or_default();
                let is_known = !parent.folders.insert(folder.name().into());
                if is_known && (parent.adds || node.is_none()) {
                    break;
                }
                parent.adds |= node.is_some();
                folder = folder.parent();
            }
        };
        // What goes first, so that a file can take the place of a folder, and the reverse.
        changes.iter().filter_map(Change::gone).for_each(|path| lay(path, None));
        for change in changes {
            if let Some(node) = change.node {
                lay(&change.path, Some(node));
            }
        }
        Self { objects, root, over, folders: RwLock::default() }
    }

    /// The object at a path, without following a link that stands there.
    pub fn node(&self, path: &RepoPath) -> Option<Node> {
        match self.folder(&path.parent(), MOST_LINKS)?.find(path.name())? {
            Item::Node(node) => Some(node),
            Item::New => None,
        }
    }

    /// Where the objects are.
    pub fn objects(&self) -> &Objects {
        &self.objects
    }

    /// All files of interest below these folders. Links are not followed, submodules not entered.
    /// `excluded` says what settings leave out, `lists` of which folders the names are wanted all the same.
    pub fn walk(
        &self,
        folders: &[RepoPath],
        excluded: &dyn Fn(&RepoPath, bool) -> bool,
        lists: &dyn Fn(&RepoPath) -> bool,
    ) -> Found {
        let mut found = Found::default();
        // Of a folder that is left out, and of those in it, only the names may be wanted.
        let mut waiting: Vec<(RepoPath, bool)> = folders.iter().map(|folder| (folder.clone(), false)).collect();
        while let Some((at, names_only)) = waiting.pop() {
            let Some(folder) = self.folder(&at, MOST_LINKS) else { continue };
            for (name, mode) in &folder.odd {
                if *mode == Mode::Folder || is_name_of_interest(name) {
                    found.problems.push(odd(&at, name));
                }
            }
            for (name, entry) in &folder.names {
                let (path, mode) = (child(&at, name), entry.mode());
                let is_excluded = excluded(&path, mode == Mode::Folder);
                if mode == Mode::Folder {
                    if !is_excluded || lists(&path) {
                        let names_only = names_only || lists(&path);
                        waiting.push((path, names_only));
                    }
                    continue;
                }
                if is_excluded {
                    continue;
                }
                found.items.extend(item(&path, mode));
                if names_only || mode == Mode::Submodule || !is_of_interest(OsStr::new(&**name)) {
                    continue;
                }
                if mode == Mode::Link {
                    found.notes.extend(self.remark_on(&path));
                } else {
                    found.files.push(path);
                }
            }
        }
        found.items.sort_unstable();
        found.items.dedup();
        found.files.sort_unstable();
        found.files.dedup();
        found
    }

    /// What is to be said of a link: nothing if it leads to something of this snapshot, which has a name of its own.
    fn remark_on(&self, path: &RepoPath) -> Option<Remark> {
        let message = match self.follow(path, MOST_LINKS) {
            Ok(_) => return None,
            Err(error) => format!("skipped: {}", error.message),
        };
        Some(Remark { path: path.as_str().to_owned(), message })
    }

    /// The same for a link that changed.
    pub fn remark_on_link(&self, change: &Change) -> Option<Remark> {
        change.node.filter(|node| node.mode == Mode::Link).and_then(|_| self.remark_on(&change.path))
    }

    /// The folder at a path, links followed; `None` if there is none.
    fn folder(&self, path: &RepoPath, links: usize) -> Option<Arc<Folder>> {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(path).cloned();
        if known.is_some() {
            return known;
        }
        let folder = if path.as_str().is_empty() {
            Arc::new(self.read_folder(path, self.root))
        } else {
            let parent = self.folder(&path.parent(), links)?;
            // Below a link to a folder, what is laid over is found under the real name.
            let real = child(&parent.real, path.name());
            match parent.find(path.name())? {
                Item::Node(Node { mode: Mode::Folder, oid }) => Arc::new(self.read_folder(&real, Some(oid))),
                Item::New => Arc::new(self.read_folder(&real, None)),
                Item::Node(node) if node.mode == Mode::Link => {
                    let target = self.target(&real, node.oid).ok()?;
                    self.folder(&target, links.checked_sub(1)?)?
                }
                Item::Node(_) => return None,
            }
        };
        // Another thread may have been faster: its answer stands, so that all get the same.
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        Some(folders.entry(path.clone()).or_insert(folder).clone())
    }

    /// Reads a folder that stands at `path` without links.
    fn read_folder(&self, path: &RepoPath, oid: Option<Oid>) -> Folder {
        let mut folder = Folder { real: path.clone(), ..Folder::default() };
        let raw = oid.and_then(|oid| self.objects.read(oid).ok()).unwrap_or_default();
        let oid_len = oid.map_or(20, |oid| oid.as_bytes().len());
        let mut names: BTreeMap<Box<str>, Item> = BTreeMap::new();
        let mut plain = Vec::new();
        for (name, node) in (Entries { rest: &raw, oid_len }) {
            match std::str::from_utf8(name) {
                Ok(name) if !name.is_empty() => plain.push((Box::from(name), Item::Node(node))),
                _ => folder.odd.push((name.to_vec(), node.mode)),
            }
        }
        let Some(over) = self.over.get(path) else {
            // Git sorts folders as if they ended in `/`.
            plain.sort_unstable_by(|a: &(Box<str>, Item), b| a.0.cmp(&b.0));
            folder.names = plain;
            return folder;
        };
        names.extend(plain);
        for (name, node) in &over.names {
            match node {
                Some(node) => names.insert(name.clone(), Item::Node(*node)),
                // A folder may have come in its place; that is seen below.
                None => names.remove(name),
            };
        }
        // Folders appear with their first file and go with their last.
        for name in &over.folders {
            let below = child(path, name);
            let adds = self.over.get(&below).is_some_and(|over| over.adds);
            match names.get(name) {
                None if adds => {
                    names.insert(name.clone(), Item::New);
                }
                Some(Item::Node(Node { mode: Mode::Folder, oid })) if !adds => {
                    let inside = self.read_folder(&below, Some(*oid));
                    if inside.names.is_empty() && inside.odd.is_empty() {
                        names.remove(name);
                    }
                }
                _ => {}
            }
        }
        folder.names = names.into_iter().collect();
        folder
    }

    /// Where the link at `path`, whose folder is no link, leads within the snapshot.
    fn target(&self, path: &RepoPath, oid: Oid) -> Result<RepoPath, ReadError> {
        let outside = || ReadError { message: "is a link that leads out of the repository".to_owned(), missing: false };
        if self.objects.size(oid).is_some_and(|size| size > LONGEST_LINK) {
            return Err(dangling());
        }
        let target = String::from_utf8(self.objects.read(oid)?).map_err(|_| dangling())?;
        if target.starts_with('/') {
            return Err(outside());
        }
        path.parent().join(&target).ok_or_else(outside)
    }

    /// The object at a path, links followed, and where it really stands.
    fn follow(&self, path: &RepoPath, links: usize) -> Result<Item, ReadError> {
        if path.as_str().is_empty() {
            return Ok(Item::New);
        }
        let parent = self.folder(&path.parent(), links).ok_or_else(ReadError::missing)?;
        match parent.find(path.name()).ok_or_else(ReadError::missing)? {
            Item::Node(Node { mode: Mode::Link, oid }) => {
                let links = links.checked_sub(1).ok_or_else(|| ReadError {
                    message: "is a link that leads back to itself".to_owned(),
                    missing: false,
                })?;
                let target = self.target(&child(&parent.real, path.name()), oid)?;
                self.follow(&target, links).map_err(|error| if error.missing { dangling() } else { error })
            }
            item => Ok(item),
        }
    }

    fn blob(&self, path: &RepoPath) -> Result<Oid, ReadError> {
        match self.follow(path, MOST_LINKS)? {
            Item::Node(Node { mode: Mode::File | Mode::Executable | Mode::Link, oid }) => Ok(oid),
            Item::Node(Node { mode: Mode::Submodule, .. }) => {
                Err(ReadError { message: "is a submodule".to_owned(), missing: false })
            }
            _ => Err(ReadError::folder()),
        }
    }
}

impl Folder {
    fn find(&self, name: &str) -> Option<Item> {
        let at = self.names.binary_search_by(|(other, _)| (**other).cmp(name)).ok()?;
        self.names.get(at).map(|(_, item)| *item)
    }
}

impl Snapshot for Tree {
    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        self.objects.read(self.blob(path)?)
    }

    fn size(&self, path: &RepoPath) -> Option<u64> {
        self.objects.size(self.blob(path).ok()?)
    }

    fn attributes(&self) -> Beside {
        self.objects.attributes()
    }

    fn remembered(&self, paths: &[&RepoPath], look: &Look<'_>) -> Option<Vec<Vec<u8>>> {
        let blob = |path: &&RepoPath| Some((self.blob(path).ok()?, (look.kind)(path), (look.most)(path)));
        let blobs: Vec<_> = paths.iter().map(blob).collect();
        Some(self.objects.looked_at(&blobs, look))
    }

    fn is_elsewhere(&self, path: &RepoPath) -> bool {
        let mut at = path.clone();
        while !at.as_str().is_empty() {
            if self.follow(&at, MOST_LINKS).is_ok_and(|item| item.mode() == Mode::Submodule) {
                return true;
            }
            at = at.parent();
        }
        false
    }

    fn list(&self, folder: &RepoPath) -> Arc<[Entry]> {
        let Some(found) = self.folder(folder, MOST_LINKS) else { return Arc::default() };
        let entry = |(name, item): &(Box<str>, Item)| {
            let mode = match item.mode() {
                Mode::Link => self.follow(&child(&found.real, name), MOST_LINKS).ok()?.mode(),
                mode => mode,
            };
            let kind = match mode {
                Mode::Folder | Mode::Submodule => EntryKind::Folder,
                _ => EntryKind::File,
            };
            Some(Entry { name: name.clone(), kind })
        };
        found.entries.get_or_init(|| found.names.iter().filter_map(entry).collect()).clone()
    }
}

/// The entries of a raw tree. Ends where the bytes make no sense.
struct Entries<'a> {
    rest: &'a [u8],
    oid_len: usize,
}

impl<'a> Iterator for Entries<'a> {
    type Item = (&'a [u8], Node);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            let space = memchr::memchr(b' ', self.rest)?;
            let (mode, rest) = self.rest.split_at_checked(space)?;
            let rest = rest.get(1..)?;
            let (name, rest) = rest.split_at_checked(memchr::memchr(0, rest)?)?;
            let (oid, rest) = rest.get(1..)?.split_at_checked(self.oid_len)?;
            self.rest = rest;
            if let (Some(mode), Some(oid)) = (Mode::parse(mode), Oid::from_bytes(oid)) {
                return Some((name, Node { mode, oid }));
            }
        }
    }
}

/// What git keeps at a path, as rules about names and kinds see it.
pub(super) fn item(path: &RepoPath, mode: Mode) -> Option<item::Item> {
    let kind = match mode {
        Mode::File | Mode::Executable => ItemKind::File,
        Mode::Link => ItemKind::Link,
        Mode::Submodule => ItemKind::Submodule,
        Mode::Folder => return None,
    };
    Some(item::Item { path: path.clone(), kind })
}

fn dangling() -> ReadError {
    ReadError { message: "is a link to something that does not exist".to_owned(), missing: false }
}

fn child(folder: &RepoPath, name: &str) -> RepoPath {
    if folder.as_str().is_empty() { RepoPath::new(name) } else { RepoPath::new(&format!("{folder}/{name}")) }
}

/// Whether a name that is no Unicode is that of a file that is looked at.
pub(super) fn is_name_of_interest(name: &[u8]) -> bool {
    let last = name.rsplit(|&byte| byte == b'/').next().unwrap_or_default();
    is_of_interest(OsStr::new(&*String::from_utf8_lossy(last)))
}

fn odd(folder: &RepoPath, name: &[u8]) -> Remark {
    let name = String::from_utf8_lossy(name);
    let path = if folder.as_str().is_empty() { name.into_owned() } else { format!("{folder}/{name}") };
    Remark { path, message: NOT_UNICODE.to_owned() }
}

/// What is said of a name that is no Unicode.
pub(super) const NOT_UNICODE: &str = "has a name that is not Unicode; rename it";
