//! Pages: `rules/git/path-not-portable.md`, `rules/git/notebook-name-collision.md`.

use crate::notebook::Language;
use crate::rules::context::RuleSettings;
use crate::rules::survey::Survey;
use crate::snapshot::RepoPath;
use crate::snapshot::item::{Item, ItemKind};
use crate::text::Span;
use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

/// Names that Windows keeps for devices, whatever extension follows.
/// Source: <https://learn.microsoft.com/windows/win32/fileio/naming-a-file>
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];
const NUMBERED_DEVICES: [&str; 2] = ["com", "lpt"];

/// Endings of `.ipynb` files that are no notebooks in the workspace, or keep their whole name there.
const NO_NOTEBOOKS: [&str; 3] = [".dbquery.ipynb", ".designer.ipynb", ".lvdash.ipynb"];

/// Names that not every system can check out.
pub(super) fn not_portable(survey: &mut Survey<'_, '_>) {
    let mut said: HashSet<&str> = HashSet::new();
    for item in survey.items.asked {
        let path = item.path.as_str();
        let mut start = 0;
        for part in path.split('/') {
            let end = start + part.len();
            start = end + 1;
            if is_plain(part) {
                continue;
            }
            let Some(at) = path.get(..end).filter(|at| !said.contains(at)) else { continue };
            said.insert(at);
            let at = RepoPath::new(at);
            let Some(settings) = survey.settings(&at) else { continue };
            if let Some(message) = fault(part, &settings) {
                survey.report(&at, message);
            }
        }
    }
    case_only(survey);
}

/// Whether nothing can be wrong with a name; most are so.
fn is_plain(name: &str) -> bool {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.');
    name.len() < 60 && name.bytes().all(|byte| plain(&byte)) && !name.ends_with('.') && !may_be_device(name)
}

fn may_be_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or_default();
    matches!(stem.len(), 3 | 4)
}

/// What is wrong with one part of a path.
fn fault(name: &str, settings: &RuleSettings) -> Option<String> {
    let most = settings.integer("max-name-bytes");
    if name.len() > most as usize {
        return Some(format!("a name of {} bytes, and the workspace takes {most} at most: shorten it", name.len()));
    }
    if !settings.switch("windows") {
        return None;
    }
    if let Some(bad) = name.chars().find(|c| c.is_ascii_control() || r#"<>:"|?*\"#.contains(*c)) {
        let bad = if bad.is_control() { format!("U+{:04X}", u32::from(bad)) } else { format!("`{bad}`") };
        return Some(format!("Windows has no names with {bad} in them, so nobody can check this out there: rename it"));
    }
    if name.ends_with(['.', ' ']) {
        return Some("Windows drops the dot or blank at the end of a name: rename it".to_owned());
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end().to_ascii_lowercase();
    let numbered = NUMBERED_DEVICES
        .iter()
        .any(|device| stem.strip_prefix(device).is_some_and(|number| matches!(number.as_bytes(), [b'1'..=b'9'])));
    (numbered || DEVICES.contains(&&*stem))
        .then(|| format!("`{stem}` is a device on Windows, with any extension: rename it"))
}

/// Names in one folder that differ in case alone.
fn case_only(survey: &mut Survey<'_, '_>) {
    let Some(items) = with_siblings(survey, |name| lower(name).into_owned()) else { return };
    let mut seen: HashMap<(&str, Cow<'_, str>), &str> = HashMap::new();
    let mut pairs: Vec<(&str, &str)> = Vec::new();
    for path in entries(items) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        if let Some(first) = seen.get(&(folder, lower(name))) {
            pairs.push((first, path));
        } else {
            seen.insert((folder, lower(name)), path);
        }
    }
    let asked = Asked::new(survey);
    for (first, second) in pairs {
        let (at, other) = if asked.holds(second) { (second, first) } else { (first, second) };
        let at = RepoPath::new(at);
        let is_on = survey.settings(&at).is_some_and(|settings| settings.switch("case"));
        if is_on && asked.holds(at.as_str()) {
            let name = other.rsplit('/').next().unwrap_or(other);
            let message = format!(
                "`{}` and `{name}` in one folder are one and the same on Windows and macOS: rename one of them",
                at.name()
            );
            survey.report(&at, message);
        }
    }
}

/// Notebooks that have the name of something else once their extension is gone.
pub(super) fn collision(survey: &mut Survey<'_, '_>) {
    let Some(items) = with_siblings(survey, |name| stem(name).unwrap_or(name).to_owned()) else { return };
    let mut by_stem: HashMap<&str, Vec<&RepoPath>> = HashMap::new();
    for item in items.iter().filter(|item| item.kind == ItemKind::File) {
        if let Some(stem) = stem(item.path.as_str()) {
            by_stem.entry(stem).or_default().push(&item.path);
        }
    }
    let taken: HashSet<&str> = entries(items).into_iter().filter(|path| by_stem.contains_key(path)).collect();
    let mut stems: Vec<(&str, Vec<&RepoPath>)> =
        by_stem.into_iter().filter(|(stem, files)| files.len() > 1 || taken.contains(stem)).collect();
    stems.sort_unstable();
    let asked = Asked::new(survey);
    let is_file: HashSet<&str> = items.iter().map(|item| item.path.as_str()).collect();
    for (stem, files) in stems {
        let notebooks: Vec<&RepoPath> = files.into_iter().filter(|file| survey.project.is_notebook(file)).collect();
        let Some(first) = notebooks.first() else { continue };
        let at = notebooks.iter().rev().find(|notebook| asked.holds(notebook.as_str()));
        if taken.contains(stem) {
            let what = if is_file.contains(stem) { "file" } else { "folder" };
            let Some(at) = at.copied().or_else(|| asked.holds(stem).then_some(*first)) else { continue };
            let message = format!(
                "notebooks lose their extension in the workspace, where the {what} `{stem}` has the same name: rename \
                 one of them"
            );
            survey.report(at, message);
        } else if notebooks.len() > 1 {
            let Some(at) = at.copied() else { continue };
            let others = notebooks.into_iter().filter(|other| *other != at);
            let names: Vec<String> = others.clone().map(|other| format!("`{}`", other.name())).collect();
            let message = format!(
                "notebooks lose their extension in the workspace, where this and {} are both `{stem}`: rename or \
                 delete one",
                names.join(", ")
            );
            if let Some(finding) = survey.report(at, message) {
                for other in others {
                    finding.note(other.clone(), Span::default(), "has the same name");
                }
            }
        }
    }
}

/// A path or name without the extension that a notebook can have; nothing if it can be none.
fn stem(path: &str) -> Option<&str> {
    if NO_NOTEBOOKS.iter().any(|ending| path.ends_with(ending)) {
        return None;
    }
    let dot = path.rfind('.').filter(|&dot| dot > path.rfind('/').map_or(0, |slash| slash + 1))?;
    let (stem, extension) = (path.get(..dot)?, path.get(dot + 1..)?);
    (extension.eq_ignore_ascii_case("ipynb") || Language::of_extension(extension).is_some()).then_some(stem)
}

fn lower(name: &str) -> Cow<'_, str> {
    if name.bytes().any(|byte| byte.is_ascii_uppercase() || !byte.is_ascii()) {
        Cow::Owned(name.to_lowercase())
    } else {
        Cow::Borrowed(name)
    }
}

/// All paths of files and folders, sorted, each once.
fn entries(items: &[Item]) -> BTreeSet<&str> {
    let mut all = BTreeSet::new();
    for item in items {
        let mut path = item.path.as_str();
        while all.insert(path) {
            let Some((folder, _)) = path.rsplit_once('/') else { break };
            path = folder;
        }
    }
    all
}

/// All items, if among what stands beside those that are asked about some have the same key. A folder may hold what
/// git ignores, so only all items can tell; but only then is it worth finding them.
fn with_siblings<'a>(survey: &Survey<'a, '_>, key: impl Fn(&str) -> String) -> Option<&'a [Item]> {
    let items = survey.items;
    if items.whole {
        return Some(items.asked);
    }
    let mut folders: HashMap<RepoPath, HashMap<String, u32>> = HashMap::new();
    let mut seen: HashSet<RepoPath> = HashSet::new();
    for item in items.asked {
        let mut path = item.path.clone();
        while !path.as_str().is_empty() && seen.insert(path.clone()) {
            let folder = path.parent();
            let counts = folders.entry(folder.clone()).or_insert_with(|| {
                let mut counts = HashMap::new();
                for entry in survey.project.snapshot.list(&folder).iter() {
                    *counts.entry(key(&entry.name)).or_default() += 1;
                }
                counts
            });
            if counts.get(&key(path.name())).is_some_and(|count| *count > 1) {
                return Some((items.all)());
            }
            path = folder;
        }
    }
    None
}

/// Paths that are asked about, and the folders that hold them.
struct Asked<'a> {
    paths: Option<BTreeSet<&'a str>>,
}

impl<'a> Asked<'a> {
    fn new(survey: &Survey<'a, '_>) -> Self {
        let items = survey.items;
        Self { paths: (!items.whole).then(|| entries(items.asked)) }
    }

    fn holds(&self, path: &str) -> bool {
        self.paths.as_ref().is_none_or(|paths| paths.contains(path))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::page::OptionValue;

    #[test]
    fn names_that_windows_does_not_have() {
        let options = [
            ("max-name-bytes".to_owned(), OptionValue::Integer(255)),
            ("windows".to_owned(), OptionValue::Boolean(true)),
        ];
        let settings = RuleSettings { severity: Severity::Warning, options: options.into_iter().collect() };
        let is_bad = |name: &str| {
            let bad = fault(name, &settings).is_some();
            assert!(!bad || !is_plain(name), "{name} is passed over");
            bad
        };
        let long = "é".repeat(128);
        for name in ["a:b", "a|b", "a\"b", "a*", "a?", "a<", "a>", "a\\b", "a\tb", "x.", "x ", &long] {
            assert!(is_bad(name), "{name}");
        }
        for name in ["CON", "con.py", "aux.tar.gz", "Nul", "COM1", "lpt9.txt", "prn .py"] {
            assert!(is_bad(name), "{name}");
        }
        for name in ["console.py", "com0", "com10.py", "common.py", "lpt.py", ".con", "x.con", "ä b (1).py", "auxx"] {
            assert!(!is_bad(name), "{name}");
        }
    }

    #[test]
    fn what_can_be_a_notebook() {
        assert_eq!(stem("a.b/c.d.py"), Some("a.b/c.d"));
        assert_eq!(stem("a/x.IPYNB"), Some("a/x"));
        assert_eq!(stem("a/x.R"), Some("a/x"));
        for none in ["a/x.md", "a/x", ".py", "a/.py", "q.dbquery.ipynb", "d.designer.ipynb"] {
            assert_eq!(stem(none), None, "{none}");
        }
    }
}
