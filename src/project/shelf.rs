//! What was read before and still holds: who asks again and again, as an editor does, reads only what changed.

use super::callers;
use super::document::{Document, ProblemKind};
use super::reference::Reference;
use super::words::{each_word, hash};
use crate::python::parts::Parts;
use crate::snapshot::RepoPath;
use std::collections::{BTreeSet, HashMap};

/// So many documents that the last answer did not need are kept for the next.
const SPARE: usize = 128;

/// Documents, and what a glance at other files has shown. Whoever holds it says what changed.
#[derive(Debug, Default)]
pub struct Shelf {
    documents: HashMap<RepoPath, (Document, Option<Vec<Reference>>)>,
    glances: HashMap<RepoPath, Glance>,
    /// By the words of [`Glance::runs`], who says them.
    runs: HashMap<String, Vec<RepoPath>>,
    /// By the hashes of [`Glance::defines`], who may define them.
    defines: HashMap<u64, Vec<RepoPath>>,
    /// Files that no glance was thrown at; nothing, if that is all of them.
    unseen: Option<BTreeSet<RepoPath>>,
    /// What the cells of documents came to that have changed since.
    parts: HashMap<RepoPath, Box<Parts>>,
}

impl Shelf {
    /// A file changed, came or went: what was known of it holds no more. `came_or_went` says that the names of a
    /// folder changed, or whether a file is a notebook, so that paths may lead elsewhere now.
    pub fn forget(&mut self, path: &RepoPath, came_or_went: bool) {
        if let Some((Document { parts: Some(parts), .. }, _)) = self.documents.remove(path) {
            self.parts.insert(path.clone(), parts);
        }
        if let Some(glance) = self.glances.remove(path) {
            for word in &glance.runs {
                self.runs.get_mut(word).into_iter().for_each(|files| files.retain(|file| file != path));
            }
            for hash in &glance.defines {
                self.defines.get_mut(hash).into_iter().for_each(|files| files.retain(|file| file != path));
            }
        }
        if let Some(unseen) = &mut self.unseen {
            unseen.insert(path.clone());
        }
        if came_or_went {
            for (_, references) in self.documents.values_mut() {
                *references = None;
            }
        }
    }

    /// Nothing holds any more.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// What the cells of a document came to before it changed, if that is known.
    pub(super) fn parts(&mut self, path: &RepoPath) -> Option<Box<Parts>> {
        self.parts.remove(path)
    }

    /// What is known of a document.
    pub(super) fn take(&mut self, path: &RepoPath) -> Option<(Document, Option<Vec<Reference>>)> {
        self.documents.remove(path)
    }

    /// Puts documents back that were taken or read.
    pub(super) fn put(&mut self, documents: impl Iterator<Item = (Document, Vec<Reference>)>) {
        self.parts.clear();
        if self.documents.len() > SPARE {
            self.documents.clear();
        }
        // What failed to be read may be better the next time.
        let holds =
            |document: &Document| document.problems.iter().all(|problem| matches!(problem.kind, ProblemKind::TooDeep));
        let kept = documents.filter(|(document, _)| holds(document));
        self.documents.extend(kept.map(|(document, references)| (document.path.clone(), (document, Some(references)))));
    }

    /// What a glance at a file has shown.
    pub fn glance(&self, path: &RepoPath) -> Option<&Glance> {
        self.glances.get(path)
    }

    /// Remembers what glances have shown.
    pub(super) fn remember(&mut self, glances: impl IntoIterator<Item = (RepoPath, Glance)>) {
        for (path, glance) in glances {
            if let Some(unseen) = &mut self.unseen {
                unseen.remove(&path);
            }
            for word in &glance.runs {
                let files = self.runs.entry(word.clone()).or_default();
                if files.last() != Some(&path) {
                    files.push(path.clone());
                }
            }
            for hash in &glance.defines {
                self.defines.entry(*hash).or_default().push(path.clone());
            }
            self.glances.insert(path, glance);
        }
    }

    /// Which of the files no glance was thrown at.
    pub(super) fn unseen<'f>(&self, files: &'f [RepoPath]) -> Vec<&'f RepoPath> {
        let is_unseen = |path: &&RepoPath| self.unseen.as_ref().is_none_or(|unseen| unseen.contains(*path));
        match &self.unseen {
            Some(unseen) if unseen.is_empty() => Vec::new(),
            _ => files.iter().filter(is_unseen).filter(|path| !self.glances.contains_key(*path)).collect(),
        }
    }

    /// A glance was thrown at all files but these.
    pub(super) fn all_seen_but(&mut self, unseen: impl Iterator<Item = RepoPath>) {
        self.unseen = Some(unseen.collect());
    }

    /// Who says a word behind a `%run`.
    pub(super) fn who_runs(&self, word: &str) -> &[RepoPath] {
        self.runs.get(word).map_or(&[], Vec::as_slice)
    }

    /// Who may define a name.
    pub(super) fn who_defines(&self, name: &str) -> &[RepoPath] {
        self.defines.get(&hash(name.as_bytes())).map_or(&[], Vec::as_slice)
    }
}

/// What the bytes of a file show without being parsed.
#[derive(Clone, Debug, Default)]
pub struct Glance {
    /// The last words of the paths behind each `%run`.
    pub runs: Vec<String>,
    /// Hashes of the words that it may define, sorted.
    defines: Box<[u64]>,
    /// Hashes of all its words, sorted.
    words: Box<[u64]>,
    /// Whether it can hold an import.
    imports: bool,
}

impl Glance {
    /// A glance at the bytes of a file.
    pub fn of(bytes: &[u8]) -> Self {
        let (mut words, mut defines) = (Vec::new(), Vec::new());
        each_word(bytes, |word, before, after| {
            let hash = hash(word);
            words.push(hash);
            if callers::defines(before, after) {
                defines.push(hash);
            }
        });
        let sorted = |mut hashes: Vec<u64>| {
            hashes.sort_unstable();
            hashes.dedup();
            hashes.into_boxed_slice()
        };
        let imports = memchr::memmem::find(bytes, b"import").is_some();
        Self { runs: callers::said(bytes), defines: sorted(defines), words: sorted(words), imports }
    }

    /// Whether a word stands in the file.
    pub fn has(&self, word: &str) -> bool {
        self.words.binary_search(&hash(word.as_bytes())).is_ok()
    }

    /// Whether the file may import a module whose name ends in a word.
    pub fn may_import(&self, word: &str) -> bool {
        self.imports && self.has(word)
    }
}

#[cfg(test)]
mod tests {
    use super::{Glance, Shelf};
    use crate::snapshot::RepoPath;

    #[test]
    fn a_glance_shows_words_and_what_may_be_defined() {
        let text = b"from lib.tools import load\nlimit = 3\ndef run_all(x): return load(x, key=1)\n";
        let json = b"\"%run ./setup\\n\", \"limit = 3\"";
        let (one, two) = (RepoPath::new("one.py"), RepoPath::new("two.ipynb"));
        let mut shelf = Shelf::default();
        let files = [one.clone(), two.clone()];
        assert_eq!(shelf.unseen(&files).len(), 2);
        shelf.remember([(one.clone(), Glance::of(text)), (two.clone(), Glance::of(json))]);
        shelf.all_seen_but(std::iter::empty());
        assert!(shelf.unseen(&files).is_empty());
        assert_eq!(shelf.who_defines("limit"), [one.clone(), two.clone()]);
        assert_eq!(shelf.who_defines("run_all"), std::slice::from_ref(&one));
        assert_eq!(shelf.who_defines("load"), []);
        assert_eq!(shelf.who_runs("setup"), std::slice::from_ref(&two));
        let glance = shelf.glance(&one).unwrap();
        assert!(glance.may_import("tools") && glance.has("load") && !glance.has("run"));
        assert!(!shelf.glance(&two).unwrap().may_import("x"));
        shelf.forget(&two, false);
        assert_eq!((shelf.who_runs("setup").len(), shelf.who_defines("limit").len()), (0, 1));
        assert_eq!(shelf.unseen(&files), [&two]);
    }
}
