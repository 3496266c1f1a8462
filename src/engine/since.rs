//! What a change is to blame for: findings on lines that it touched, and findings that it brought to others.

use super::Setup;
use crate::config::Lookup;
use crate::finding::Finding;
use crate::project::dependents::{breaks, dependents};
use crate::project::document::Document;
use crate::project::{Project, read};
use crate::rules::survey::Items;
use crate::snapshot::item::Item;
use crate::snapshot::walk::{Found, is_of_interest};
use crate::snapshot::{RepoPath, Snapshot};
use rayon::prelude::*;
use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::ffi::OsStr;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Two very different texts are not worth more time than this; more lines then count as changed.
const PATIENCE: Duration = Duration::from_secs(2);

/// Up to this many files it costs more to wake other threads than to do the work.
const FEW: usize = 8;

/// How the picture that is checked differs from an earlier one.
pub struct Delta {
    /// The earlier picture.
    pub base: Arc<dyn Snapshot>,
    /// Looks for all files of the earlier picture; called only if the answer needs it.
    pub look: Box<dyn Fn() -> Found + Send + Sync>,
    /// What that has found.
    pub found: OnceLock<Found>,
    /// Files that differ and are still there: where each stood before, `None` if it is new.
    pub changed: BTreeMap<RepoPath, Option<RepoPath>>,
    /// Paths at which nothing stands any more.
    pub gone: BTreeSet<RepoPath>,
    /// Whether only changed lines of changed files count. If not, all of a changed file counts.
    pub lines_only: bool,
    /// Files that did not change and may be broken by what did; found when they are first asked for.
    pub dependents: OnceLock<Vec<RepoPath>>,
}

impl Delta {
    /// Files that did not change and that the change can break. `project` holds the changed files.
    pub(super) fn dependents(&self, setup: &Setup<'_>, project: &Project) -> &[RepoPath] {
        self.dependents.get_or_init(|| {
            let asked: HashSet<&RepoPath> = setup.asked.iter().collect();
            let changed: Vec<(&RepoPath, &Option<RepoPath>)> =
                self.changed.iter().filter(|(path, _)| asked.contains(path)).collect();
            let matters = |(path, before): &(&RepoPath, &Option<RepoPath>)| match before {
                Some(before) if before == *path => self.breaks_others(setup, project, path),
                // What stood elsewhere before is gone there, and new here.
                _ => has_namesake(&*setup.snapshot, path),
            };
            let mut causes: BTreeSet<RepoPath> = if changed.len() <= FEW {
                changed.into_iter().filter(matters).map(|(path, _)| path.clone()).collect()
            } else {
                changed.into_par_iter().filter(matters).map(|(path, _)| path.clone()).collect()
            };
            causes.extend(self.gone.iter().filter(|path| can_be_named(path)).cloned());
            if causes.is_empty() {
                return Vec::new();
            }
            let mut found = dependents(&*setup.snapshot, &(setup.everything)(), &causes);
            found.retain(|path| !self.changed.contains_key(path));
            found
        })
    }

    /// Whether a file that changed in place can break others.
    fn breaks_others(&self, setup: &Setup<'_>, project: &Project, path: &RepoPath) -> bool {
        let Some(after) = project.document(path) else { return true };
        if !can_be_named(path) {
            return false;
        }
        let options = setup.settings.for_path(path).read.clone();
        let Ok(before) = self.base.read(path) else { return true };
        if only_adds(&before, after.raw.as_bytes()) {
            return false;
        }
        breaks(&read::understand(before, path, false, &options), after)
    }

    /// Keeps of `findings` those that the change is to blame for.
    pub(super) fn retain(&self, setup: &Setup<'_>, project: &Project, findings: &mut Vec<Finding>) {
        let mut lines = Lines { delta: self, settings: setup.settings, project, known: BTreeMap::new() };
        let mut waiting: BTreeSet<RepoPath> = BTreeSet::new();
        let counts: Vec<bool> = findings
            .iter()
            .map(|finding| {
                let counts = lines.count(finding);
                if !counts {
                    waiting.insert(finding.path.clone());
                }
                counts
            })
            .collect();
        if waiting.is_empty() {
            return;
        }
        let before = self.findings_before(setup, &waiting);
        let mut counts = counts.into_iter();
        findings.retain(|finding| {
            counts.next().unwrap_or(true) || lines.before(finding).is_none_or(|key| !before.contains(&key))
        });
    }

    /// What was found in these files before the change.
    fn findings_before(&self, setup: &Setup<'_>, paths: &BTreeSet<RepoPath>) -> HashSet<Key> {
        let found = || self.found.get_or_init(|| (self.look)());
        let before = paths.iter().filter_map(|path| self.path_before(path).cloned());
        let before: Vec<RepoPath> = before.filter(|path| self.base.is_file(path)).collect();
        let items: Vec<Item> = before.iter().cloned().map(Item::file).collect();
        let is_read = |path: &RepoPath| is_of_interest(OsStr::new(path.name()));
        let asked = before.into_iter().filter(is_read).collect();
        let all = || &*found().items;
        let base = Setup {
            book: setup.book,
            snapshot: Arc::clone(&self.base),
            settings: setup.settings,
            asked,
            everything: &|| found().files.clone(),
            progress: &|| {},
            delta: None,
            items: setup.items.map(|_| Items { asked: &items, whole: false, all: &all }),
            whole: false,
        };
        let outcome = super::check(&base);
        let key = |finding: &Finding| {
            let (line, column) = place(outcome.project.document(&finding.path), finding.span.start);
            Key { rule: Arc::clone(&finding.rule), path: finding.path.clone(), line, column }
        };
        outcome.findings.iter().map(key).collect()
    }

    /// Where a file of the picture stood before; `None` if it is new.
    fn path_before<'p>(&'p self, path: &'p RepoPath) -> Option<&'p RepoPath> {
        match self.changed.get(path) {
            Some(before) => before.as_ref(),
            None => Some(path),
        }
    }
}

/// A finding as it stood before the change.
#[derive(PartialEq, Eq, Hash)]
struct Key {
    rule: Arc<str>,
    path: RepoPath,
    line: u32,
    /// In bytes.
    column: u32,
}

/// 0-based line, and the bytes before it on that line. What is said of a file that is not read has no place in it.
fn place(document: Option<&Document>, offset: u32) -> (u32, u32) {
    let Some(document) = document else { return (0, offset) };
    let line = document.lines().line_of(offset);
    (line, offset.saturating_sub(document.lines().line(line).start))
}

/// Which lines of changed files changed; found when they are first asked for.
struct Lines<'a> {
    delta: &'a Delta,
    settings: &'a dyn Lookup,
    project: &'a Project,
    /// By path, for each line the line that it was before.
    known: BTreeMap<RepoPath, Vec<Option<u32>>>,
}

impl Lines<'_> {
    /// Whether the change touched the place of a finding, or one that its notes rest on.
    fn count(&mut self, finding: &Finding) -> bool {
        if self.delta.changed.contains_key(&finding.path) {
            if !self.delta.lines_only {
                return true;
            }
            if self.touched(&finding.path, finding.span.start, finding.span.end) {
                return true;
            }
        }
        finding.notes.iter().any(|note| self.touched(&note.path, note.span.start, note.span.end))
    }

    /// Whether a line from `start` to `end` changed.
    fn touched(&mut self, path: &RepoPath, start: u32, end: u32) -> bool {
        match self.delta.changed.get(path) {
            None => return false,
            Some(None) => return true,
            Some(Some(_)) => {}
        }
        let Some(document) = self.project.document(path) else { return false };
        let lines = document.lines();
        // A span that ends with a line end does not reach into the next line.
        let (first, last) = (lines.line_of(start), lines.line_of(end.saturating_sub(1).max(start)));
        let map = self.map(path, document);
        let (first, last) = (first as usize, last as usize);
        map.get(first..=last.min(map.len().saturating_sub(1))).is_some_and(|lines| lines.iter().any(Option::is_none))
    }

    /// Where a finding stood before; `None` if its line is new.
    fn before(&mut self, finding: &Finding) -> Option<Key> {
        let document = self.project.document(&finding.path);
        let (line, column) = place(document, finding.span.start);
        let path = self.delta.path_before(&finding.path)?.clone();
        let line = match document.filter(|_| self.delta.changed.contains_key(&finding.path)) {
            Some(document) => (*self.map(&finding.path, document).get(line as usize)?)?,
            None => line,
        };
        Some(Key { rule: Arc::clone(&finding.rule), path, line, column })
    }

    fn map(&mut self, path: &RepoPath, document: &Document) -> &[Option<u32>] {
        if !self.known.contains_key(path) {
            let before = self.delta.path_before(path).map(|before| {
                let options = self.settings.for_path(before).read.clone();
                read::read(&*self.delta.base, before, false, &options)
            });
            // Text of cells is not to be compared with JSON.
            let before = before.filter(|before| before.joined.is_some() == document.joined.is_some());
            let map = line_map(before.as_ref().map_or("", |before| before.text()), document.text());
            self.known.insert(path.clone(), map);
        }
        self.known.get(path).map_or(&[], Vec::as_slice)
    }
}

/// For each line of `after` the line of `before` that it was; `None` if it is new or changed. Line ends do not count:
/// a checkout may have others than what is committed.
fn line_map(before: &str, after: &str) -> Vec<Option<u32>> {
    let split =
        |text: &'_ str| -> Vec<Box<str>> { text.split('\n').map(|line| line.trim_end_matches('\r').into()).collect() };
    let (old, new) = (split(before), split(after));
    let mut map = vec![None; new.len()];
    let deadline = Instant::now().checked_add(PATIENCE);
    for op in capture_diff_slices_deadline(Algorithm::Myers, &old, &new, deadline) {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            for at in 0..len {
                if let Some(line) = map.get_mut(new_index + at) {
                    *line = u32::try_from(old_index + at).ok();
                }
            }
        }
    }
    map
}

/// Whether every line of `before` is still there, in order, and no line was added that does more than bind names.
fn only_adds(before: &[u8], after: &[u8]) -> bool {
    let mut new = after.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end);
    let harmless = |line: &[u8]| {
        !line.contains(&b'%')
            && [&b"restartPython"[..], b"import", b"exit", b"COMMAND", b"\"\"\"", b"'''"]
                .iter()
                .all(|word| memchr::memmem::find(line, word).is_none())
    };
    for old in before.split(|&byte| byte == b'\n').map(<[u8]>::trim_ascii_end) {
        loop {
            match new.next() {
                None => return false,
                Some(line) if line == old => break,
                Some(line) if !harmless(line) => return false,
                Some(_) => {}
            }
        }
    }
    new.all(harmless)
}

/// Whether another file of the folder goes by the same name in the workspace.
fn has_namesake(snapshot: &dyn Snapshot, path: &RepoPath) -> bool {
    let stem = path.stem();
    snapshot.list(&path.parent()).iter().any(|entry| {
        *entry.name != *path.name()
            && entry.name.strip_prefix(stem).is_some_and(|rest| rest.is_empty() || rest.rfind('.') == Some(0))
    })
}

/// Whether others can run, import or name a file. Bundles name files; nobody names a bundle's file but a bundle.
fn can_be_named(path: &RepoPath) -> bool {
    !path.has_extension("yml") && !path.has_extension("yaml")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_find_what_they_were() {
        let map = line_map("a\nb\nc\n", "a\r\nnew\nc\nb\n");
        assert_eq!(map, [Some(0), None, Some(2), None, Some(3)]);
        assert_eq!(line_map("", "a\n"), [None, Some(0)]);
        assert_eq!(line_map("x\n", "x\n"), [Some(0), Some(1)]);
    }

    #[test]
    fn additions_alone() {
        assert!(only_adds(b"a = 1\nb = 2\n", b"a = 1\nc = 3\nb = 2\nd = 4\n"));
        assert!(!only_adds(b"a = 1\nb = 2\n", b"a = 1\nb = 3\n"));
        assert!(!only_adds(b"a = 1\n", b"a = 1\n%pip install x\n"));
        assert!(!only_adds(b"b\na\n", b"a\nb\n"));
    }
}
