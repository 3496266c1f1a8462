//! Which files belong to a bundle, and which files its jobs and pipelines run.

use super::places::Places;
use crate::bundle::{Bundle, ROOT_NAMES, TaskRole, is_root_name};
use crate::snapshot::RepoPath;
use std::collections::{BTreeSet, HashMap, HashSet};

/// The bundles of a snapshot, as far as somebody asked about files near them.
#[derive(Debug, Default)]
pub struct Bundles {
    /// By folder: the root file in it.
    roots: HashMap<RepoPath, Option<RepoPath>>,
    /// Files that a root file includes.
    members: HashSet<RepoPath>,
    /// Files that a job runs with `spark_python_task`.
    scripts: HashSet<RepoPath>,
    /// What pipelines name.
    pipelines: Vec<Pattern>,
}

/// A path with wildcards, from the repository's root.
#[derive(Debug)]
pub(super) struct Pattern(Vec<Box<str>>);

impl Bundles {
    /// The root files of all bundles that files of `folder` can belong to: in it and in those above, the nearest
    /// first.
    pub fn roots_of(&mut self, folder: &RepoPath, places: &Places) -> Vec<RepoPath> {
        let mut found = Vec::new();
        let mut at = folder.clone();
        loop {
            let root = self.roots.entry(at.clone()).or_insert_with(|| root_in(&at, places));
            found.extend(root.clone());
            if at.as_str().is_empty() {
                return found;
            }
            at = at.parent();
        }
    }

    /// Takes in what a bundle file names. `root` is the root file of its bundle. Gives back the files that it
    /// includes, sorted; only root files include.
    pub fn add(&mut self, path: &RepoPath, root: &RepoPath, bundle: &Bundle, places: &Places) -> Vec<RepoPath> {
        for task in &bundle.tasks {
            if !matches!(task.role, TaskRole::PythonFile | TaskRole::PipelineSource) {
                continue;
            }
            let Some(target) = target(&task.path, task.from_git, path, root) else { continue };
            match task.role {
                TaskRole::PythonFile => {
                    self.scripts.insert(target);
                }
                _ => self.pipelines.push(Pattern::new(&target)),
            }
        }
        if path != root {
            return Vec::new();
        }
        let included = members(bundle, root, places);
        self.members.extend(included.iter().cloned());
        included
    }

    /// Whether a YAML file belongs to a bundle: as its root file, or because that includes it.
    pub fn has(&self, path: &RepoPath) -> bool {
        is_root_name(path.name()) || self.members.contains(path)
    }

    /// Whether a job or pipeline runs a Python file.
    pub fn runs(&self, path: &RepoPath) -> bool {
        self.scripts.contains(path) || self.pipelines.iter().any(|pattern| pattern.matches(path))
    }
}

/// The files that a root file includes, sorted.
pub(super) fn members(bundle: &Bundle, root: &RepoPath, places: &Places) -> Vec<RepoPath> {
    let globs = bundle.includes.iter();
    let included: BTreeSet<RepoPath> =
        globs.flat_map(|(glob, _)| expand(glob, &root.parent(), places)).filter(|file| file != root).collect();
    included.into_iter().collect()
}

/// A file that `glob` would name if `**` in it stood for any number of folders, and that `has` does not hold.
pub(super) fn too_deep(
    glob: &str,
    folder: &RepoPath,
    places: &Places,
    has: impl Fn(&RepoPath) -> bool,
) -> Option<RepoPath> {
    let parts: Vec<&str> = glob.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    let plain: Vec<&str> = parts.iter().copied().take_while(|part| is_plain(part) && *part != "..").collect();
    let base = if plain.is_empty() { folder.clone() } else { folder.join(&plain.join("/"))? };
    let pattern = Pattern::new(&folder.join(&parts.join("/"))?);
    let mut open = vec![base];
    let mut looked = 0;
    while let Some(at) = open.pop().filter(|_| looked < MOST_FOLDERS) {
        looked += 1;
        let listing = places.list(&at);
        let is_yaml = |path: &RepoPath| ["yml", "yaml"].iter().any(|extension| path.has_extension(extension));
        let mut files = listing.files().map(|name| listing.path(name)).filter(is_yaml);
        if let Some(missed) = files.find(|path| pattern.matches(path) && !has(path)) {
            return Some(missed);
        }
        open.extend(listing.folders().filter(|name| !name.starts_with('.')).map(|name| listing.path(name)));
    }
    None
}

/// So many folders are looked through for files that are not included.
const MOST_FOLDERS: usize = 500;

/// The nearest folder at or above `folder` that holds a bundle's root file.
pub fn nearest_root(folder: &RepoPath, places: &Places) -> Option<RepoPath> {
    nearest_root_file(folder, places).map(|file| file.parent())
}

/// The root file of the nearest bundle at or above `folder`.
pub(super) fn nearest_root_file(folder: &RepoPath, places: &Places) -> Option<RepoPath> {
    let mut at = folder.clone();
    loop {
        if let Some(file) = root_in(&at, places) {
            return Some(file);
        }
        if at.as_str().is_empty() {
            return None;
        }
        at = at.parent();
    }
}

fn root_in(folder: &RepoPath, places: &Places) -> Option<RepoPath> {
    let listing = places.list(folder);
    ROOT_NAMES.into_iter().find(|name| listing.has_file(name)).map(|name| listing.path(name))
}

/// The file that a task's path means. `None` for absolute paths and for those that variables make up.
pub(super) fn target(written: &str, from_git: bool, file: &RepoPath, root: &RepoPath) -> Option<RepoPath> {
    // Where a bundle's files go when it is deployed.
    for deployed in ["${workspace.file_path}/", "${workspace.root_path}/files/"] {
        if let Some(rest) = written.strip_prefix(deployed) {
            return root.parent().join(rest);
        }
    }
    if written.starts_with('/') || written.contains("${") || written.contains("://") {
        return None;
    }
    let base = if from_git { RepoPath::root() } else { file.parent() };
    base.join(written).filter(|target| !target.as_str().is_empty())
}

/// The YAML and JSON files that an `include` entry names, in the manner of Go's `filepath.Glob`: `*` stays
/// within one name, and `**` is no more than `*`.
fn expand(glob: &str, folder: &RepoPath, places: &Places) -> Vec<RepoPath> {
    let mut found = named(glob, folder, places);
    found.retain(|file| ["yml", "yaml", "json"].iter().any(|extension| file.has_extension(extension)));
    found
}

/// Whether a glob names anything at all.
pub(super) fn finds(glob: &str, folder: &RepoPath, places: &Places) -> bool {
    !named(glob, folder, places).is_empty()
}

/// All that a glob names.
fn named(glob: &str, folder: &RepoPath, places: &Places) -> Vec<RepoPath> {
    let mut found = vec![folder.clone()];
    let parts: Vec<&str> = glob.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
    for (at, part) in parts.iter().enumerate() {
        let last = at + 1 == parts.len();
        let mut next = Vec::new();
        for folder in &found {
            if *part == ".." {
                next.extend(folder.join(".."));
                continue;
            }
            let listing = places.list(folder);
            if !part.contains(['*', '?', '[', '\\']) {
                let there = listing.kind(part).is_some();
                next.extend(there.then(|| listing.path(part)));
            } else if last {
                next.extend(listing.files().filter(|name| matches(part, name)).map(|name| listing.path(name)));
            } else {
                next.extend(listing.folders().filter(|name| matches(part, name)).map(|name| listing.path(name)));
            }
        }
        // `*/../*/..` would come to the same folders over and over.
        next.sort();
        next.dedup();
        found = next;
    }
    found
}

impl Pattern {
    pub(super) fn new(path: &RepoPath) -> Self {
        Self(path.as_str().split('/').map(Into::into).collect())
    }

    /// Whether a path matches: `*`, `?` and `[…]` within one name, `**` for any folders in between, and at the
    /// end for all that lies below.
    pub(super) fn matches(&self, path: &RepoPath) -> bool {
        // Most paths lie in another folder altogether.
        let plain = self.0.iter().take_while(|part| is_plain(part));
        if !plain.zip(path.as_str().split('/')).all(|(part, name)| **part == *name) {
            return false;
        }
        let names: Vec<&str> = path.as_str().split('/').collect();
        let parts = &self.0;
        // Which numbers of leading parts can match the names so far.
        let mut reached = vec![false; parts.len() + 1];
        reached[0] = true;
        let spread = |reached: &mut Vec<bool>| {
            for (at, part) in parts.iter().enumerate() {
                if reached[at] && &**part == "**" {
                    reached[at + 1] = true;
                }
            }
        };
        spread(&mut reached);
        for name in names {
            let mut next = vec![false; parts.len() + 1];
            for (at, part) in parts.iter().enumerate().filter(|(at, _)| reached[*at]) {
                if &**part == "**" {
                    next[at] = true;
                    next[at + 1] = true;
                } else if matches(part, name) {
                    next[at + 1] = true;
                }
            }
            reached = next;
            spread(&mut reached);
        }
        reached.last() == Some(&true)
    }
}

/// Whether a part of a glob stands for itself.
fn is_plain(part: &str) -> bool {
    !part.contains(['*', '?', '[', '\\'])
}

/// Whether one name matches one part of a glob, as Go's `filepath.Match` has it.
fn matches(part: &str, name: &str) -> bool {
    if is_plain(part) {
        return part == name;
    }
    let pattern: Vec<Piece> = pieces(part);
    let name: Vec<char> = name.chars().collect();
    let (mut at, mut from) = (0, 0);
    // Where the last star stands, and how much of the name it takes.
    let mut star: Option<(usize, usize)> = None;
    while from < name.len() {
        match pattern.get(at) {
            Some(Piece::Star) => {
                star = Some((at, from));
                at += 1;
            }
            Some(piece) if piece.is(name[from]) => {
                at += 1;
                from += 1;
            }
            _ => {
                let Some((position, taken)) = star else { return false };
                star = Some((position, taken + 1));
                at = position + 1;
                from = taken + 1;
            }
        }
    }
    pattern.iter().skip(at).all(|piece| matches!(piece, Piece::Star))
}

/// One thing that a glob's part asks for.
enum Piece {
    Star,
    Any,
    Char(char),
    /// Whether it is negated, and the ranges.
    Class(bool, Vec<(char, char)>),
}

impl Piece {
    fn is(&self, c: char) -> bool {
        match self {
            Self::Star => false,
            Self::Any => true,
            Self::Char(own) => *own == c,
            Self::Class(negated, ranges) => ranges.iter().any(|&(low, high)| low <= c && c <= high) != *negated,
        }
    }
}

fn pieces(part: &str) -> Vec<Piece> {
    let mut out = Vec::new();
    let mut rest = part;
    while let Some(c) = rest.chars().next() {
        rest = &rest[c.len_utf8()..];
        out.push(match c {
            '*' => Piece::Star,
            '?' => Piece::Any,
            '\\' => {
                let escaped = rest.chars().next().unwrap_or('\\');
                rest = rest.strip_prefix(escaped).unwrap_or(rest);
                Piece::Char(escaped)
            }
            '[' if rest.contains(']') => {
                let (class, after) = rest.split_once(']').unwrap_or((rest, ""));
                rest = after;
                let (negated, class) = class.strip_prefix('^').map_or((false, class), |class| (true, class));
                Piece::Class(negated, ranges(class))
            }
            c => Piece::Char(c),
        });
    }
    out
}

fn ranges(class: &str) -> Vec<(char, char)> {
    let mut out = Vec::new();
    let mut chars = class.chars().peekable();
    while let Some(low) = chars.next() {
        let mut high = low;
        let mut ahead = chars.clone();
        if ahead.next() == Some('-')
            && let Some(end) = ahead.next()
        {
            high = end;
            chars = ahead;
        }
        out.push((low, high));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle;
    use crate::snapshot::memory::Memory;
    use std::sync::Arc;

    #[test]
    fn names() {
        for (part, name, is) in [
            ("*.yml", "a.yml", true),
            ("*.yml", "a.yaml", false),
            ("*", "", true),
            ("a*b*c", "axxbyyc", true),
            ("a*b*c", "axxbyy", false),
            ("**.yml", "x.yml", true),
            ("?.yml", "ä.yml", true),
            ("[a-c]x", "bx", true),
            ("[^a-c]x", "bx", false),
            ("\\*", "*", true),
            ("[", "[", true),
        ] {
            assert_eq!(matches(part, name), is, "{part} {name}");
        }
        // No time is lost on stars that cannot match.
        assert!(!matches(&"a*".repeat(60), &"a".repeat(59)));
    }

    #[test]
    fn includes_go_one_level_for_two_stars() {
        let places = Places::new(Arc::new(Memory::of(&[
            ("b/databricks.yml", ""),
            ("b/resources/a.yml", ""),
            ("b/resources/deep/c.yml", ""),
            ("b/resources/deep/er/d.yml", ""),
            ("b/resources/notes.md", ""),
            ("b/extra.yaml", ""),
            ("shared/x.yml", ""),
        ])));
        let expand = |glob: &str| -> Vec<String> {
            expand(glob, &RepoPath::new("b"), &places).iter().map(ToString::to_string).collect()
        };
        assert_eq!(expand("resources/*.yml"), ["b/resources/a.yml"]);
        assert_eq!(expand("./resources/**/*.yml"), ["b/resources/deep/c.yml"]);
        assert_eq!(expand("resources/*"), ["b/resources/a.yml"]);
        assert_eq!(expand("extra.yaml"), ["b/extra.yaml"]);
        assert_eq!(expand("../shared/*.yml"), ["shared/x.yml"]);
        assert!(expand("../../*.yml").is_empty() && expand("nothing.yml").is_empty() && expand("").is_empty());
    }

    #[test]
    fn what_jobs_and_pipelines_run() {
        let root_text = "include: [resources/*.yml]\nresources: {pipelines: {p: {libraries: [{glob: {include: flow/**}}, {file: {path: a/*_b.py}}]}}}";
        let job_text = "resources: {jobs: {j: {tasks: [{task_key: t, spark_python_task: {python_file: ../src/main.py}}, {task_key: u, spark_python_task: {python_file: '${workspace.file_path}/src/other.py'}}]}}}";
        let places =
            Places::new(Arc::new(Memory::of(&[("b/databricks.yml", root_text), ("b/resources/j.yml", job_text)])));
        let (root, job) = (RepoPath::new("b/databricks.yml"), RepoPath::new("b/resources/j.yml"));
        let mut bundles = Bundles::default();
        assert_eq!(bundles.roots_of(&RepoPath::new("b/src"), &places), vec![root.clone()]);
        assert!(bundles.roots_of(&RepoPath::new("c"), &places).is_empty());
        assert_eq!(bundles.add(&root, &root, &bundle::read(root_text).unwrap(), &places), vec![job.clone()]);
        assert!(bundles.add(&job, &root, &bundle::read(job_text).unwrap(), &places).is_empty());
        assert!(bundles.has(&root) && bundles.has(&job) && !bundles.has(&RepoPath::new("b/other.yml")));
        let runs = |path: &str| bundles.runs(&RepoPath::new(path));
        assert!(runs("b/src/main.py") && runs("b/src/other.py") && !runs("b/src/third.py"));
        assert!(runs("b/flow/x.py") && runs("b/flow/deep/x.py") && !runs("b/flows/x.py"));
        assert!(runs("b/a/x_b.py") && !runs("b/a/deep/x_b.py"));
    }
}
