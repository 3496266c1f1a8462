//! Findings that were there when a repository took up the gate, and that are let pass until somebody mends them.
//!
//! An entry knows a finding by its rule, its file and the code that it is about, so that it finds it again when lines
//! and cells have moved. `docs/baseline.md` says it all.

mod compare;
mod file;
mod key;
#[cfg(test)]
mod tests;

use crate::finding::Finding;
use crate::project::Project;
use crate::snapshot::RepoPath;
use crate::snapshot::fingerprint::fingerprint;
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

pub use compare::{Compared, Scope};
pub use file::Fault;

/// By what others can know findings again: different for any two of one repository, and the same when lines and cells
/// move. In the order given, which must be that of path and place.
pub fn fingerprints(findings: &[Finding], project: &Project) -> Vec<String> {
    let mut counts: HashMap<key::Key, u32> = HashMap::new();
    findings
        .iter()
        .map(|finding| {
            let key = key::Key::of(finding, project);
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            let text = format!("{}\0{}\0{}\0{count}", key.path, key.rule, key.code);
            fingerprint(text.as_bytes())
        })
        .collect()
}

/// The name of the file at the root of a repository.
pub const FILE_NAME: &str = ".brickgate-baseline.json";

/// One finding that is let pass.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Entry {
    /// The file that it was found in.
    pub path: RepoPath,
    /// The rule.
    pub rule: Arc<str>,
    /// A [fingerprint](crate::snapshot::fingerprint) of the code that it is about; no code can be told from it.
    pub code: Box<str>,
    /// 1 for the first finding of that rule on such code in that file, 2 for the second, and so on.
    pub occurrence: u32,
}

/// All findings that are let pass, sorted by path, rule, code and occurrence.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeSet<Entry>,
}

impl Baseline {
    /// The entries, sorted.
    pub fn entries(&self) -> impl ExactSizeIterator<Item = &Entry> {
        self.entries.iter()
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether the entry is one of them.
    pub fn contains(&self, entry: &Entry) -> bool {
        self.entries.contains(entry)
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl FromIterator<Entry> for Baseline {
    fn from_iter<I: IntoIterator<Item = Entry>>(entries: I) -> Self {
        Self { entries: entries.into_iter().collect() }
    }
}
