//! What is found now against what was found then.

use super::key::Key;
use super::{Baseline, Entry};
use crate::finding::Finding;
use crate::project::Project;
use crate::snapshot::RepoPath;
use crate::suppress::ALWAYS_ON;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// What a run can say of entries.
pub struct Scope<'a> {
    /// Whether the run would have found what an entry stands for, were it still there.
    pub judges: &'a dyn Fn(&Entry) -> bool,
    /// Whether there is no such file any more.
    pub is_gone: &'a dyn Fn(&RepoPath) -> bool,
}

/// Findings, sorted out.
#[derive(Debug, Default)]
pub struct Compared {
    /// Findings that are not in the baseline, in the order given.
    pub new: Vec<Finding>,
    /// Findings that are, in the order given.
    pub known: Vec<Finding>,
    /// Entries whose findings are gone, sorted.
    pub gone: Vec<Entry>,
    /// The baseline without those, and with files by their new names.
    pub pruned: Baseline,
    /// The baseline that lets all findings pass that can be in one.
    pub updated: Baseline,
}

/// Entries of files that are not there any more, as far as no finding has taken them.
#[derive(Default)]
struct Moved<'a> {
    /// By rule and code.
    by_code: HashMap<&'a str, HashMap<&'a str, Vec<&'a Entry>>>,
    gone_files: HashMap<&'a RepoPath, bool>,
}

impl Baseline {
    /// Sorts findings out. They must be in order of path and place. An entry is for the finding with the same rule,
    /// path, code and occurrence; where a file is not there any more, for one in another file with the same rule and
    /// code. Findings that say that something could not be checked are always new. Linear in both.
    pub fn compare(&self, findings: Vec<Finding>, project: &Project, scope: &Scope<'_>) -> Compared {
        let mut compared = Compared::default();
        let mut counts: HashMap<Key, u32> = HashMap::new();
        let mut taken: HashSet<&Entry> = HashSet::new();
        let (mut pruned, mut updated) = (BTreeSet::new(), BTreeSet::new());
        // First those in their own files, so that they are not given away.
        let mut open: Vec<(Finding, Option<Entry>)> = Vec::with_capacity(findings.len());
        let mut is_known: Vec<bool> = Vec::with_capacity(findings.len());
        for finding in findings {
            if ALWAYS_ON.contains(&&*finding.rule) {
                is_known.push(false);
                open.push((finding, None));
                continue;
            }
            let key = Key::of(&finding, project);
            let count = counts.entry(key.clone()).or_default();
            *count += 1;
            let Key { path, rule, code } = key;
            let entry = Entry { path, rule, code, occurrence: *count };
            let known = self.entries.get(&entry);
            taken.extend(known);
            is_known.push(known.is_some());
            updated.insert(entry.clone());
            open.push((finding, Some(entry)));
        }
        let wanted: HashSet<(&str, &str)> = open
            .iter()
            .zip(&is_known)
            .filter(|(_, known)| !**known)
            .filter_map(|((_, entry), _)| entry.as_ref().map(|entry| (&*entry.rule, &*entry.code)))
            .collect();
        let mut moved = self.moved(&taken, scope, &wanted);
        for ((finding, entry), mut known) in open.into_iter().zip(is_known) {
            if let Some(entry) = entry {
                if !known && let Some(old) = moved.take(&entry) {
                    taken.insert(old);
                    known = true;
                }
                if known {
                    pruned.insert(entry);
                }
            }
            if known { compared.known.push(finding) } else { compared.new.push(finding) }
        }
        for entry in self.entries.iter().filter(|entry| !taken.contains(entry)) {
            if (scope.judges)(entry) {
                compared.gone.push(entry.clone());
            } else {
                pruned.insert(entry.clone());
                updated.insert(entry.clone());
            }
        }
        compared.pruned = Baseline { entries: renumbered(pruned) };
        compared.updated = Baseline { entries: updated };
        compared
    }

    /// The entries that can be for a finding in another file.
    fn moved<'a>(&'a self, taken: &HashSet<&'a Entry>, scope: &Scope<'_>, wanted: &HashSet<(&str, &str)>) -> Moved<'a> {
        let mut moved = Moved::default();
        if wanted.is_empty() {
            return moved;
        }
        let could = |entry: &&Entry| !taken.contains(entry) && wanted.contains(&(&*entry.rule, &*entry.code));
        for entry in self.entries.iter().rev().filter(could) {
            let is_gone = *moved.gone_files.entry(&entry.path).or_insert_with(|| (scope.is_gone)(&entry.path));
            if is_gone {
                moved.by_code.entry(&entry.rule).or_default().entry(&entry.code).or_default().push(entry);
            }
        }
        moved
    }
}

impl<'a> Moved<'a> {
    fn take(&mut self, wanted: &Entry) -> Option<&'a Entry> {
        self.by_code.get_mut(&*wanted.rule)?.get_mut(&*wanted.code)?.pop()
    }
}

/// Occurrences from 1 on: where a file has taken the name of another, numbers may be missing or stand twice.
fn renumbered(entries: BTreeSet<Entry>) -> BTreeSet<Entry> {
    let mut counts: BTreeMap<(RepoPath, Arc<str>, Box<str>), u32> = BTreeMap::new();
    entries
        .into_iter()
        .map(|entry| {
            let count = counts.entry((entry.path.clone(), entry.rule.clone(), entry.code.clone())).or_default();
            *count += 1;
            Entry { occurrence: *count, ..entry }
        })
        .collect()
}
