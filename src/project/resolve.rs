//! From the path behind `%run` to the file that it means.

use super::places::{Named, Places, Similar, child, without_extension};
use super::reference::Resolution;
use crate::snapshot::{EntryKind, RepoPath};
use crate::text::nearest;

/// How many missing targets of one document are compared with what is there. More are the mark of a
/// document that is no real one, and comparing names costs time.
pub const MAX_SEARCHES: u32 = 200;

/// How a path without `./` is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BareName {
    /// As a mistake: `%run`.
    Mistake,
    /// As a name in the same folder: `dbutils.notebook.run`.
    Sibling,
}

/// Resolves the paths of one document.
pub struct Resolver<'a> {
    places: &'a Places,
    folder: RepoPath,
    searches: u32,
}

impl<'a> Resolver<'a> {
    /// A resolver for paths that stand in a document of `folder`.
    pub fn new(places: &'a Places, folder: RepoPath) -> Self {
        Self { places, folder, searches: 0 }
    }

    /// What `path` means.
    pub fn run(&mut self, path: &str, bare: BareName) -> Resolution {
        if path.is_empty() {
            return Resolution::Empty;
        }
        if path.starts_with('/') {
            return Resolution::Absolute(self.absolute(path));
        }
        let dotted = path.split('/').next().is_some_and(|part| part == "." || part == "..");
        if dotted || bare == BareName::Sibling {
            return self.relative(path, bare);
        }
        match self.relative(path, bare) {
            // That it is no notebook is the greater trouble.
            Resolution::File(file) => Resolution::File(file),
            meant => Resolution::Bare(meant.file().cloned()),
        }
    }

    fn relative(&mut self, path: &str, bare: BareName) -> Resolution {
        let Some(target) = self.folder.join(path) else { return Resolution::Outside };
        if matches!(path.trim_end_matches('/').rsplit('/').next(), Some("." | "..")) {
            // A folder, which cannot be run, whatever its name.
            return Resolution::NotFound { other_case: None, nearest: None };
        }
        match self.places.named(&target) {
            Named::One(file) => return Resolution::Found(file),
            Named::Several(files) => return Resolution::Ambiguous(files),
            named @ (Named::File(_) | Named::Nothing) => {
                if let Some(stem) = without_extension(target.as_str())
                    && let Named::One(file) = self.places.named(&RepoPath::new(stem))
                {
                    return Resolution::WithExtension(file);
                }
                if let Named::File(file) = named {
                    return Resolution::File(file);
                }
            }
        }
        if self.places.snapshot().is_elsewhere(&target) {
            return Resolution::Unknown;
        }
        self.searches += 1;
        if self.searches > MAX_SEARCHES {
            return Resolution::NotFound { other_case: None, nearest: None };
        }
        if bare == BareName::Sibling && self.runs_from_above(path) {
            return Resolution::Unknown;
        }
        let stem = without_extension(target.as_str()).map_or_else(|| target.clone(), RepoPath::new);
        let Similar { other_case, nearest } = self.places.similar(&self.folder, &stem, || self.search(&stem));
        Resolution::NotFound { other_case, nearest }
    }

    /// Whether the path leads to a notebook from one of the folders above: `dbutils.notebook.run` counts from the
    /// notebook that is running, which may be one up there that runs this one.
    fn runs_from_above(&self, path: &str) -> bool {
        let mut at = self.folder.clone();
        while !at.as_str().is_empty() {
            at = at.parent();
            if at.join(path).is_some_and(|target| matches!(self.places.named(&target), Named::One(_))) {
                return true;
            }
        }
        false
    }

    /// The notebook of this repository that an absolute workspace path seems to mean: the path with as few
    /// leading folders dropped as possible.
    fn absolute(&self, path: &str) -> Option<RepoPath> {
        let parts: Vec<&str> = path.split('/').filter(|part| !part.is_empty() && *part != ".").collect();
        if parts.contains(&"..") {
            return None;
        }
        (0..parts.len()).find_map(|dropped| {
            let rest = &parts[dropped..];
            // One name alone is too weak a sign, unless it stands right in a user's repository.
            if rest.len() == 1 && !is_checkout(&parts[..dropped]) {
                return None;
            }
            let target = rest.join("/");
            let named = |target: &str| match self.places.named(&RepoPath::new(target)) {
                Named::One(file) => Some(file),
                _ => None,
            };
            named(&target).or_else(|| named(without_extension(&target)?))
        })
    }

    fn search(&self, target: &RepoPath) -> Similar {
        let other_case = self.walk(target, Likeness::OtherCase);
        if other_case.is_some() {
            return Similar { other_case, nearest: None };
        }
        let nearest = self.walk(target, Likeness::Nearest).or_else(|| self.moved(target));
        Similar { other_case: None, nearest }
    }

    /// Looks for a notebook whose path differs from `target` in case, or in one folder's and its own name.
    fn walk(&self, target: &RepoPath, likeness: Likeness) -> Option<RepoPath> {
        let (folders, name) = match target.as_str().rsplit_once('/') {
            Some((folders, name)) => (folders, name),
            None => ("", target.as_str()),
        };
        let mut at = RepoPath::root();
        let mut renamed = false;
        for part in folders.split('/').filter(|part| !part.is_empty()) {
            let listing = self.places.list(&at);
            if listing.kind(part) == Some(EntryKind::Folder) {
                at = listing.path(part);
                continue;
            }
            // Two renamed folders are a guess too far; upper and lower case may differ everywhere.
            if renamed && likeness == Likeness::Nearest {
                return None;
            }
            renamed = true;
            let found = likeness.best(part, listing.folders())?;
            at = listing.path(found);
        }
        let listing = self.places.list(&at);
        let stems: Vec<(&str, &str)> = listing.notebook_stems().collect();
        let mut ranked = likeness.ranked(name, stems.iter().map(|(stem, _)| *stem));
        if renamed && likeness == Likeness::Nearest {
            // In a renamed folder only the very name is a sign.
            ranked.retain(|stem| same_name(stem, name));
        }
        ranked.into_iter().take(8).find_map(|found| {
            let files = stems.iter().filter(|(stem, _)| *stem == found);
            files.map(|(_, file)| listing.path(file)).find(|file| self.places.is_notebook(file))
        })
    }

    /// Looks for a notebook of the same name close by: in its folder and a few above, and in the folders in each of
    /// them.
    fn moved(&self, target: &RepoPath) -> Option<RepoPath> {
        const MOST: usize = 100;
        const LEVELS: usize = 4;
        let mut looked = 0;
        let mut at = self.folder.clone();
        for _ in 0..LEVELS {
            let listing = self.places.list(&at);
            let folders = listing.folders().filter(|name| !name.starts_with('.'));
            let mut found: Vec<RepoPath> = Vec::new();
            for folder in std::iter::once(at.clone()).chain(folders.map(|name| child(&at, name))) {
                looked += 1;
                if looked > MOST {
                    return None;
                }
                if let Named::One(file) = self.places.named(&child(&folder, target.name())) {
                    found.push(file);
                }
            }
            match found.as_slice() {
                [] => {}
                [one] => return Some(one.clone()),
                // Which of them was meant nobody can tell.
                _ => return None,
            }
            if at.as_str().is_empty() {
                return None;
            }
            at = at.parent();
        }
        None
    }
}

/// Which names count as similar.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Likeness {
    OtherCase,
    Nearest,
}

impl Likeness {
    fn best<'n>(self, name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
        self.ranked(name, names).into_iter().next()
    }

    fn ranked<'n>(self, name: &str, names: impl Iterator<Item = &'n str>) -> Vec<&'n str> {
        if self == Self::OtherCase {
            let lower = name.to_lowercase();
            return names.filter(|other| other.len() == name.len() && other.to_lowercase() == lower).collect();
        }
        let names: Vec<&str> = names.collect();
        let same: Vec<&str> = names.iter().copied().filter(|other| same_name(other, name)).collect();
        if same.is_empty() { nearest::ranked(name, names) } else { same }
    }
}

/// Whether two names are the same but for case, blanks and signs between words, and zeros before numbers:
/// `9.Includes`, `09.Includes`, `09 includes`.
pub fn same_name(a: &str, b: &str) -> bool {
    essence(a).eq(essence(b))
}

fn essence(name: &str) -> impl Iterator<Item = char> {
    let mut in_number = false;
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).filter(move |&c| {
        let leading_zero = c == '0' && !in_number;
        in_number = c.is_ascii_digit() && !leading_zero;
        !leading_zero
    })
}

/// Whether these folders are where a user's checkout of a repository stands in the workspace.
fn is_checkout(folders: &[&str]) -> bool {
    let folders = folders.strip_prefix(&["Workspace"]).unwrap_or(folders);
    matches!(folders, ["Repos" | "Users", _, _])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::memory::Memory;
    use std::sync::Arc;

    const PY: &str = "# Databricks notebook source\n";

    fn places() -> Places {
        Places::new(Arc::new(Memory::of(&[
            ("jobs/daily/main.py", PY),
            ("jobs/daily/1.load.py", PY),
            ("jobs/daily/Setup.py", PY),
            ("jobs/daily/plain.py", "x = 1\n"),
            ("jobs/daily/data.json", "{}"),
            ("jobs/daily/two.py", PY),
            ("jobs/daily/two.ipynb", "{}"),
            ("jobs/daily/sub/helpers.py", PY),
            ("jobs/shared.scala", "// Databricks notebook source\n"),
            ("jobs/report.sql", "-- Databricks notebook source\n"),
            ("09.Includes/common functions.py", PY),
            ("09.Includes/configuration.r", PY),
            ("top.py", PY),
        ])))
    }

    fn run(path: &str) -> Resolution {
        Resolver::new(&places(), RepoPath::new("jobs/daily")).run(path, BareName::Mistake)
    }

    fn path(path: &str) -> RepoPath {
        RepoPath::new(path)
    }

    #[test]
    fn relative_paths() {
        assert_eq!(run("./main"), Resolution::Found(path("jobs/daily/main.py")));
        assert_eq!(run("./1.load"), Resolution::Found(path("jobs/daily/1.load.py")));
        assert_eq!(run("../shared"), Resolution::Found(path("jobs/shared.scala")));
        assert_eq!(run(".././daily/../report"), Resolution::Found(path("jobs/report.sql")));
        assert_eq!(
            run("../../09.Includes/common functions"),
            Resolution::Found(path("09.Includes/common functions.py"))
        );
        assert_eq!(run("../../../x"), Resolution::Outside);
        assert_eq!(run("./two"), Resolution::Ambiguous(vec![path("jobs/daily/two.py"), path("jobs/daily/two.ipynb")]));
        assert_eq!(run(""), Resolution::Empty);
    }

    #[test]
    fn files_and_extensions() {
        assert_eq!(run("./plain"), Resolution::File(path("jobs/daily/plain.py")));
        assert_eq!(run("./plain.py"), Resolution::File(path("jobs/daily/plain.py")));
        assert_eq!(run("plain.py"), Resolution::File(path("jobs/daily/plain.py")));
        assert_eq!(run("./data.json"), Resolution::File(path("jobs/daily/data.json")));
        assert_eq!(run("./main.py"), Resolution::WithExtension(path("jobs/daily/main.py")));
        assert_eq!(run("../shared.ipynb"), Resolution::WithExtension(path("jobs/shared.scala")));
    }

    #[test]
    fn bare_names() {
        assert_eq!(run("main"), Resolution::Bare(Some(path("jobs/daily/main.py"))));
        assert_eq!(run("sub/helpers"), Resolution::Bare(Some(path("jobs/daily/sub/helpers.py"))));
        assert_eq!(run("main.py"), Resolution::Bare(Some(path("jobs/daily/main.py"))));
        assert_eq!(run("missing"), Resolution::Bare(None));
        let from_above = Resolver::new(&places(), path("jobs/daily/sub")).run("./sub/helpers", BareName::Sibling);
        assert_eq!(from_above, Resolution::Unknown);
        let sibling = Resolver::new(&places(), path("jobs/daily")).run("main", BareName::Sibling);
        assert_eq!(sibling, Resolution::Found(path("jobs/daily/main.py")));
    }

    #[test]
    fn absolute_paths() {
        let main = Resolution::Absolute(Some(path("jobs/daily/main.py")));
        assert_eq!(run("/Repos/me@x.org/shop/jobs/daily/main"), main);
        assert_eq!(run("/Workspace/Users/me/shop/jobs/daily/main"), main);
        assert_eq!(run("/Shared/team/shop/jobs/daily/main"), main);
        assert_eq!(run("/Shared/daily/main.py"), Resolution::Absolute(None));
        assert_eq!(run("/Repos/me/shop/top"), Resolution::Absolute(Some(path("top.py"))));
        assert_eq!(run("/Shared/top"), Resolution::Absolute(None));
        assert_eq!(run("/Users/me/elsewhere/x"), Resolution::Absolute(None));
    }

    #[test]
    fn missing_targets_name_what_was_meant() {
        let missing = |other_case: Option<&str>, nearest: Option<&str>| Resolution::NotFound {
            other_case: other_case.map(path),
            nearest: nearest.map(path),
        };
        assert_eq!(run("./setup"), missing(Some("jobs/daily/Setup.py"), None));
        assert_eq!(run("../../JOBS/daily/setup"), missing(Some("jobs/daily/Setup.py"), None));
        assert_eq!(run("./mian"), missing(None, Some("jobs/daily/main.py")));
        assert_eq!(run("../../9.Includes/configuration"), missing(None, Some("09.Includes/configuration.r")));
        assert_eq!(run("../../9.Includes/common_functions"), missing(None, Some("09.Includes/common functions.py")));
        assert_eq!(run("../helpers"), missing(None, Some("jobs/daily/sub/helpers.py")));
        assert_eq!(run("./nothing_of_the_kind"), missing(None, None));
        for folder in ["..", "../", "./", "../..", "../..//"] {
            assert_eq!(run(folder), missing(None, None), "{folder}");
        }
        assert_eq!(run("./plainer"), missing(None, None), "a plain file is no suggestion");
    }

    #[test]
    fn same_names() {
        assert!(same_name("9.Includes", "09.Includes") && same_name("a_b-C", "A B c"));
        assert!(!same_name("10", "1") && !same_name("x1", "x2"));
    }
}
