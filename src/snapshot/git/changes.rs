//! What differs between two pictures of a repository, as git's raw diff says it.

use super::oid::{Mode, Node, Oid};
use super::tree::{NOT_UNICODE, is_name_of_interest, item};
use crate::snapshot::RepoPath;
use crate::snapshot::item::Item;
use crate::snapshot::walk::Remark;

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Status {
    /// It was not there before.
    Added,
    /// Its content, its mode or its type changed.
    Modified,
    /// It stood elsewhere before; its content may have changed, too.
    Renamed,
    /// It is not there any more.
    Deleted,
    /// A merge has left it undecided.
    Unmerged,
}

/// One file that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Where it stands; where it stood, if it is gone.
    pub path: RepoPath,
    /// Where it stood before; `None` if it is new.
    pub before: Option<RepoPath>,
    /// How it differs.
    pub status: Status,
    /// What stands there now. `None` if it is gone or undecided. For files of the worktree git often does not know
    /// the object yet; then it is all zeros.
    pub node: Option<Node>,
}

impl Change {
    /// The path at which a file is gone: it was deleted, or stands elsewhere now.
    pub fn gone(&self) -> Option<&RepoPath> {
        match self.status {
            Status::Deleted => Some(&self.path),
            Status::Renamed => self.before.as_ref(),
            _ => None,
        }
    }

    /// What stands there now, as rules about names and kinds see it.
    pub fn item(&self) -> Option<Item> {
        item(&self.path, self.node?.mode)
    }

    /// Whether there is something to look at: a file, neither link nor submodule, that is still there.
    pub fn is_file(&self) -> bool {
        self.node.is_some_and(|node| matches!(node.mode, Mode::File | Mode::Executable))
    }
}

/// All that differs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Changes {
    /// Files, sorted by path.
    pub files: Vec<Change>,
    /// Files that should be looked at and cannot be named.
    pub problems: Vec<Remark>,
}

impl Changes {
    /// Reads the output of `git diff --raw -z --no-abbrev`.
    pub(super) fn parse(raw: &[u8]) -> Self {
        let mut changes = Self::default();
        let mut fields = raw.split(|&byte| byte == 0);
        while let Some(head) = fields.next().and_then(|head| head.strip_prefix(b":")) {
            let mut words = head.split(|&byte| byte == b' ');
            let (Some(_), Some(mode), Some(_), Some(oid), Some(status)) =
                (words.next(), words.next(), words.next(), words.next(), words.next())
            else {
                break;
            };
            let Some(first) = fields.next() else { break };
            let letter = status.first().copied().unwrap_or_default();
            let (old, new) = match letter {
                b'R' | b'C' => {
                    let Some(second) = fields.next() else { break };
                    (Some(first), second)
                }
                b'A' => (None, first),
                _ => (Some(first), first),
            };
            let node = Mode::parse(mode).zip(Oid::parse(oid)).map(|(mode, oid)| Node { mode, oid });
            changes.take(letter, old, new, node);
        }
        changes.sort();
        changes
    }

    /// Adds files of which git knows nothing yet: the output of `git ls-files -z --others`.
    pub(super) fn add_untracked(&mut self, raw: &[u8]) {
        let zero = Oid::from_bytes(&[0; 20]);
        for name in raw.split(|&byte| byte == 0).filter(|name| !name.is_empty() && name.last() != Some(&b'/')) {
            self.take(b'A', None, name, zero.map(|oid| Node { mode: Mode::File, oid }));
        }
        self.sort();
    }

    fn take(&mut self, letter: u8, old: Option<&[u8]>, new: &[u8], node: Option<Node>) {
        let old = old.and_then(|old| std::str::from_utf8(old).ok()).map(RepoPath::new);
        let Ok(path) = std::str::from_utf8(new) else {
            if letter != b'D' && is_name_of_interest(new) {
                let path = String::from_utf8_lossy(new).into_owned();
                self.problems.push(Remark { path, message: NOT_UNICODE.to_owned() });
            }
            // Where it stood before it is gone all the same.
            if let (b'R', Some(old)) = (letter, old) {
                let before = Some(old.clone());
                self.files.push(Change { path: old, before, status: Status::Deleted, node: None });
            }
            return;
        };
        let path = RepoPath::new(path);
        let status = match letter {
            b'A' | b'C' => Status::Added,
            // Renamed from a name that is no Unicode, and so was never looked at.
            b'R' if old.is_none() => Status::Added,
            b'R' => Status::Renamed,
            b'D' => Status::Deleted,
            b'U' => Status::Unmerged,
            _ => Status::Modified,
        };
        let before = if letter == b'C' { None } else { old };
        let node = if matches!(status, Status::Deleted | Status::Unmerged) { None } else { node };
        self.files.push(Change { path, before, status, node });
    }

    fn sort(&mut self) {
        self.files
            .sort_by(|a, b| (&a.path, a.status != Status::Unmerged).cmp(&(&b.path, b.status != Status::Unmerged)));
        // An undecided file is listed twice, the second time as modified.
        self.files.dedup_by(|b, a| a.path == b.path && a.status == Status::Unmerged);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "1111111111111111111111111111111111111111";
    const B: &str = "2222222222222222222222222222222222222222";
    const ZERO: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn reads_what_git_writes() {
        let raw = format!(
            ":100644 100644 {A} {B} M\0m.py\0:000000 100755 {ZERO} {B} A\0a b.py\0:100644 000000 {A} {ZERO} D\0d.py\0\
             :100644 100644 {A} {B} R087\0old.py\0new.py\0:100644 120000 {A} {B} T\0t.py\0\
             :000000 000000 {ZERO} {ZERO} U\0u.py\0:100644 100644 {A} {ZERO} M\0u.py\0"
        );
        let changes = Changes::parse(raw.as_bytes());
        let said: Vec<String> = changes
            .files
            .iter()
            .map(|it| {
                let before = it.before.as_ref().map_or("-", RepoPath::as_str);
                format!("{} {before} {:?} {}", it.path, it.status, it.is_file())
            })
            .collect();
        assert_eq!(
            said,
            [
                "a b.py - Added true",
                "d.py d.py Deleted false",
                "m.py m.py Modified true",
                "new.py old.py Renamed true",
                "t.py t.py Modified false",
                "u.py u.py Unmerged false",
            ]
        );
        assert_eq!(changes.files[3].gone().unwrap().as_str(), "old.py");
    }

    #[test]
    fn names_that_are_no_unicode_are_said() {
        let mut raw = format!(":000000 100644 {ZERO} {B} A\0").into_bytes();
        raw.extend_from_slice(b"x/bad-\xff.py\0");
        raw.extend_from_slice(format!(":100644 100644 {A} {A} R100\0was.py\0").as_bytes());
        raw.extend_from_slice(b"is-\xff.txt\0");
        let changes = Changes::parse(&raw);
        assert_eq!(changes.problems.len(), 1);
        assert_eq!(changes.files.len(), 1);
        assert_eq!((changes.files[0].path.as_str(), changes.files[0].status), ("was.py", Status::Deleted));
        assert!(Changes::parse(b":1 2").files.is_empty() && Changes::parse(b"").files.is_empty());
    }
}
