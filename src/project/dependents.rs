//! Which files that did not change a change can break: those that run, import or name what changed.
//!
//! This looks for text, not for meaning, so it finds too many rather than too few; what they come to is for the rules
//! to say.

use super::document::Document;
use super::gist::{self, Gist};
use crate::notebook::magic::MagicKind;
use crate::python::facts::BindingKind;
use crate::snapshot::{RepoPath, Snapshot};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// Files above this size are not searched: a notebook that large is mostly outputs.
const LARGEST: u64 = 20_000_000;

/// Whether a file that changed in place gives others less, or something else, than it did: a top-level name is gone,
/// it runs or installs something else, or it is a notebook now and was none. Names that are new break nobody.
pub fn breaks(before: &Document, after: &Document) -> bool {
    before.is_notebook() != after.is_notebook()
        || before.problems.is_empty() != after.problems.is_empty()
        || effects(before) != effects(after)
        || !names(before).is_subset(&names(after))
}

/// The names that whoever runs or imports a document gets from it.
fn names(document: &Document) -> BTreeSet<&str> {
    let facts = &document.python;
    let gives = |kind| !matches!(kind, BindingKind::Annotation | BindingKind::Deletion | BindingKind::Exception);
    let bound = facts.bindings.iter().filter(|binding| binding.scope == 0 && gives(binding.kind));
    bound.map(|binding| facts.text(binding.name)).collect()
}

/// What a document does to the Python that it is run in, in order.
fn effects(document: &Document) -> Vec<&str> {
    let text = document.text();
    let magics = document.notebook.iter().flat_map(|notebook| &notebook.cells).flat_map(|cell| &cell.magics);
    let is_effect = |kind| matches!(kind, MagicKind::Run | MagicKind::Install | MagicKind::Restart | MagicKind::Skip);
    let magics = magics.filter(|magic| magic.live && is_effect(magic.kind)).map(|magic| magic.span.of(text));
    let restarts = document.python.calls.iter().filter_map(|call| call.path).filter_map(|path| {
        let path = document.python.text(path);
        (path.ends_with("restartPython") || path.ends_with("notebook.exit")).then_some(path)
    });
    let stars = document
        .python
        .imports
        .iter()
        .filter(|import| import.name.is_some_and(|name| document.python.text(name) == "*"));
    magics.chain(restarts).chain(stars.map(|import| document.python.text(import.module))).collect()
}

/// The files among `everything` that run, import or otherwise name one of `changed`, directly or by running one that
/// does. `changed` itself is not among them.
pub fn dependents(snapshot: &dyn Snapshot, everything: &[RepoPath], changed: &BTreeSet<RepoPath>) -> Vec<RepoPath> {
    let others: Vec<&RepoPath> = everything.iter().filter(|path| !changed.contains(*path)).collect();
    let kept = gist::remembered(snapshot, &others, &|_| LARGEST)
        .unwrap_or_else(|| others.par_iter().map(|path| look(snapshot, path)).collect());
    let gists: Vec<Gist<'_>> = kept.iter().map(|kept| Gist::read(kept)).collect();
    let mut found: BTreeMap<usize, bool> = BTreeMap::new();
    let names: Vec<Vec<u32>> = names_of(changed.iter().map(word));
    for (at, gist) in gists.iter().enumerate() {
        let runs = names.iter().any(|name| gist.may_run(name));
        if runs || names.iter().any(|name| gist.may_name(name)) {
            found.insert(at, runs);
        }
    }
    // Who runs a notebook gets the names of all that it runs.
    let mut next: BTreeSet<&str> =
        found.iter().filter(|(_, runs)| **runs).filter_map(|(&at, _)| stem(&others, at)).collect();
    let mut searched: BTreeSet<&str> = BTreeSet::new();
    while !next.is_empty() {
        searched.extend(&next);
        let names = names_of(next.iter().copied());
        let runs = |gist: &Gist<'_>| names.iter().any(|name| gist.may_run(name));
        let new: Vec<usize> = (0..others.len())
            .filter(|at| found.get(at) != Some(&true))
            .filter(|&at| gists.get(at).is_some_and(runs))
            .collect();
        found.extend(new.iter().map(|&at| (at, true)));
        next = new.iter().filter_map(|&at| stem(&others, at)).filter(|stem| !searched.contains(stem)).collect();
    }
    found.keys().filter_map(|&at| others.get(at)).map(|&path| path.clone()).collect()
}

/// What a file shows, where nothing is remembered.
fn look(snapshot: &dyn Snapshot, path: &RepoPath) -> Vec<u8> {
    let is_small = snapshot.size(path).is_none_or(|size| size <= LARGEST);
    let bytes = if is_small { snapshot.read(path).ok() } else { None };
    bytes.map(|bytes| Gist::of(gist::kind(path), &bytes)).unwrap_or_default()
}

/// The words of names, without those that have none: everybody would have all of them.
fn names_of<'n>(names: impl Iterator<Item = &'n str>) -> Vec<Vec<u32>> {
    names.map(gist::words_of).filter(|words| !words.is_empty()).collect()
}

fn stem<'p>(paths: &[&'p RepoPath], at: usize) -> Option<&'p str> {
    paths.get(at).map(|path| path.stem())
}

/// The word by which others name a file.
fn word(path: &RepoPath) -> &str {
    let package = path.as_str().strip_suffix("/__init__.py").map(|folder| folder.rsplit('/').next().unwrap_or(folder));
    package.unwrap_or_else(|| path.stem())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::read::understand;
    use crate::snapshot::memory::Memory;

    const HEADER: &str = "# Databricks notebook source\n";

    fn breaks_others(before: &str, after: &str) -> bool {
        let read = |text: &str| {
            understand(
                text.as_bytes().to_vec(),
                &RepoPath::new("a.py"),
                true,
                &super::super::document::ReadOptions::default(),
            )
        };
        breaks(&read(before), &read(after))
    }

    #[test]
    fn only_what_others_lose_breaks_them() {
        let before = format!("{HEADER}# MAGIC %run ./x\n\n# COMMAND ----------\n\ndef f():\n    return 1\n");
        assert!(!breaks_others(&before, &before.replace("return 1", "y = 2\n    return y")));
        assert!(!breaks_others(&before, &format!("{before}\ndef g(): pass\n")));
        assert!(breaks_others(&before, &before.replace("def f", "def g")));
        assert!(breaks_others(&before, &before.replace("./x", "./y")));
        assert!(breaks_others(&before, before.trim_start_matches(HEADER)));
        assert!(breaks_others(&before, &format!("{before}\n# COMMAND ----------\n\n# MAGIC %pip install x\n")));
        assert!(breaks_others(&before, &format!("{before}\ndbutils.library.restartPython()\n")));
        assert!(breaks_others("from a import *\n", "from b import *\n"));
    }

    #[test]
    fn finds_who_runs_imports_and_names_them() {
        let memory = Memory::of(&[
            ("lib/help me.py", HEADER),
            ("lib/mod.py", "x = 1\n"),
            ("lib/pack/__init__.py", ""),
            ("a.py", "# Databricks notebook source\n# MAGIC %run \"./lib/help me\"\n"),
            ("b.py", "# Databricks notebook source\n# MAGIC %run ./a\n"),
            ("c.ipynb", "{\"source\": [\"%run ./b\\n\", \"x\"]}"),
            ("call.py", "dbutils.notebook.run(\n    \"lib/help me\",\n    60)\n"),
            ("imports.py", "from lib import (\n    other,\n    mod,\n)\n"),
            ("package.py", "import lib.pack\n"),
            ("databricks.yml", "notebook_path: lib/help me.py\n"),
            ("no.py", "# help me with mod, pack and a\nmodel = 1\nimport modern\n"),
        ]);
        let everything: Vec<RepoPath> = [
            "a.py",
            "b.py",
            "c.ipynb",
            "call.py",
            "databricks.yml",
            "imports.py",
            "lib/help me.py",
            "lib/mod.py",
            "lib/pack/__init__.py",
            "no.py",
            "package.py",
        ]
        .map(RepoPath::new)
        .to_vec();
        let of = |changed: &str| {
            let found = dependents(&memory, &everything, &BTreeSet::from([RepoPath::new(changed)]));
            found.iter().map(RepoPath::as_str).collect::<Vec<_>>().join(" ")
        };
        assert_eq!(of("lib/help me.py"), "a.py b.py c.ipynb call.py databricks.yml");
        assert_eq!(of("lib/mod.py"), "imports.py");
        assert_eq!(of("lib/pack/__init__.py"), "package.py");
        assert_eq!(of("no.py"), "");
    }
}
