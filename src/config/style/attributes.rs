//! Line ends that `.gitattributes` asks for.

use super::super::glob::{Globs, Reach};
use super::upwards;
use crate::python::format::Ending;
use crate::snapshot::{RepoPath, Snapshot};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The `.gitattributes` files of a repository, each read when it is first needed.
pub(super) struct Attributes<'a> {
    snapshot: &'a dyn Snapshot,
    files: RwLock<HashMap<RepoPath, Arc<[Line]>>>,
}

/// One line that says something about line ends.
struct Line {
    files: Globs,
    says: Says,
}

#[derive(Clone, Copy)]
enum Says {
    /// `eol=lf` or `eol=crlf`.
    Ending(Ending),
    /// `-text`, `binary`, `!eol`: nothing is asked for.
    Nothing,
}

impl<'a> Attributes<'a> {
    pub(super) fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self { snapshot, files: RwLock::default() }
    }

    /// The line ends that the file at `path` is to have; [`Ending::Auto`] if nothing is said.
    pub(super) fn ending(&self, path: &RepoPath) -> Ending {
        // The nearest file wins, and in one file the last line.
        for folder in upwards(&path.parent()) {
            let lines = self.lines(&folder);
            if let Some(line) = lines.iter().rev().find(|line| line.files.matches(path)) {
                return match line.says {
                    Says::Ending(ending) => ending,
                    Says::Nothing => Ending::Auto,
                };
            }
        }
        Ending::Auto
    }

    fn lines(&self, folder: &RepoPath) -> Arc<[Line]> {
        if let Some(known) = self.files.read().unwrap_or_else(PoisonError::into_inner).get(folder) {
            return Arc::clone(known);
        }
        let file = folder.join(".gitattributes").filter(|file| self.snapshot.is_file(file));
        let text = file.and_then(|file| self.snapshot.read(&file).ok()).unwrap_or_default();
        let text = String::from_utf8_lossy(&text);
        let lines: Arc<[Line]> = text.lines().filter_map(|line| parse(folder, line)).collect();
        let mut files = self.files.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(files.entry(folder.clone()).or_insert(lines))
    }
}

fn parse(folder: &RepoPath, line: &str) -> Option<Line> {
    let line = line.trim();
    if line.is_empty() || line.starts_with(['#', '[']) {
        return None;
    }
    let (pattern, attributes) = match line.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => line.split_once([' ', '\t'])?,
    };
    let says = attributes.split_whitespace().rev().find_map(|attribute| match attribute {
        "eol=lf" => Some(Says::Ending(Ending::Lf)),
        "eol=crlf" => Some(Says::Ending(Ending::CrLf)),
        "-text" | "binary" | "-eol" | "!eol" => Some(Says::Nothing),
        _ => None,
    })?;
    // Git has no negative patterns here.
    let pattern = pattern.trim_start_matches('!');
    Some(Line { files: Globs::new(folder, [pattern], Reach::Entries).0, says })
}
