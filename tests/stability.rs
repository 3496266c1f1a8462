//! What must hold whatever the files say: the same verdict for every order and number of threads, fixes that come to
//! rest, and no failure of ours.

use brickgate::config::{Configs, Overrides};
use brickgate::engine::{self, Outcome, Setup};
use brickgate::fix::{Fixed, fix_all};
use brickgate::rules::book::Book;
use brickgate::rules::survey::Items;
use brickgate::snapshot::item::Item;
use brickgate::snapshot::memory::Memory;
use brickgate::snapshot::{RepoPath, Snapshot};
use proptest::prelude::*;
use std::collections::BTreeMap;
use std::sync::Arc;

type Files = BTreeMap<RepoPath, Vec<u8>>;

/// Names that refer to each other.
const NAMES: &[&str] = &[
    "a.py",
    "b.py",
    "lib/c.py",
    "lib/__init__.py",
    "d.ipynb",
    "e.sql",
    "f.scala",
    "databricks.yml",
    "tests/test_g.py",
];

/// Pieces of which files are made: what rules look for, what ends it, and what no parser likes.
const PIECES: &[&str] = &[
    "# Databricks notebook source\n",
    "-- Databricks notebook source\n",
    "#  Databricks notebook source\n",
    "\n# COMMAND ----------\n\n",
    "\n# COMMAND ---------\n",
    "-- COMMAND ----------\n",
    "# MAGIC %run ./b\n",
    "# MAGIC %run ./lib/c.py\n",
    "# MAGIC %run b\n",
    "%run ./d\n",
    "%sql select 1\n",
    "# MAGIC %sql\n# MAGIC select '\n",
    "# MAGIC %python\n# MAGIC x = (\n",
    "# MAGIC %nothing\n",
    "dbutils.notebook.run('./B', 0)\n",
    "def f():\n    return spark.table('t').collect()\n",
    "dbutils.widgets.get('x')\n",
    "display(df)\n",
    "import b, lib.c\nfrom lib import c as d\n",
    "if __name__ == '__main__':\n    f()\n",
    "token = 'dapi0123456789abcdef0123456789abcdef'\n",
    "# brickgate: ignore[run-not-found, syntax-error]\n",
    "# brickgate: ignore[\n",
    "# brickgate: ignore-file[run/*]\n",
    "# brickgate: ignore-next-cell[bare-magic]\n",
    "bundle:\n  name: x\n",
    "include: ['*.yml']\n",
    "a: >\n  b",
    "[)\n;",
    "{\"cells\": [{\"cell_type\": \"code\", \"source\": [\"%run ./b\\n\"], \"metadata\": {}, \"outputs\": []}], ",
    "\"metadata\": {}, \"nbformat\": 4, \"nbformat_minor\": 5}",
    "(((",
    "'''",
    "f\"{x!",
    "x = %timeit\n",
    "?\n",
    "\\\n",
    "\r",
    "\r\n",
    "\t",
    "\u{c}",
    "\0",
    "\u{2028}",
    "\u{feff}",
    "é🦆",
];

fn text() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop::sample::select(PIECES);
    (prop::collection::vec(piece, 0..10), prop::option::of(any::<prop::sample::Index>())).prop_map(|(pieces, cut)| {
        let mut bytes = pieces.concat().into_bytes();
        if let Some(cut) = cut.filter(|_| !bytes.is_empty()) {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

fn files() -> impl Strategy<Value = Files> {
    prop::collection::btree_map(prop::sample::select(NAMES).prop_map(RepoPath::new), text(), 1..6)
}

/// Does something with the setup that checks `asked` of `files` with all rules.
fn with_setup<T>(files: &Files, asked: Vec<RepoPath>, work: impl FnOnce(&Setup<'_>) -> T) -> T {
    let snapshot: Arc<dyn Snapshot> = Arc::new(Memory::new(files.clone()));
    let book = Book::builtin();
    let overrides = Overrides { select: vec!["ALL".to_owned()], isolated: true, ..Overrides::default() };
    let configs = Configs::new(&*snapshot, book.rules().iter().map(|rule| &rule.page), &overrides);
    let everything = || files.keys().cloned().collect();
    let items_of = |paths: &[RepoPath]| paths.iter().cloned().map(Item::file).collect::<Vec<_>>();
    let (items, every) = (items_of(&asked), files.keys().cloned().map(Item::file).collect::<Vec<_>>());
    let whole = items == every;
    let all = || every.as_slice();
    work(&Setup {
        book: &book,
        snapshot: snapshot.clone(),
        settings: &configs,
        asked,
        everything: &everything,
        progress: &|| {},
        whole,
        items: Some(Items { asked: &items, whole, all: &all }),
        delta: None,
    })
}

fn check(files: &Files, asked: Vec<RepoPath>) -> Outcome {
    with_setup(files, asked, engine::check)
}

fn fix(files: &Files) -> Fixed {
    with_setup(files, files.keys().cloned().collect(), |setup| fix_all(setup, true))
}

/// The findings in one text, to be compared; only those of `path` if there is one.
fn said(outcome: &Outcome, path: Option<&RepoPath>) -> String {
    let wanted = outcome.findings.iter().filter(|finding| path.is_none_or(|path| finding.path == *path));
    wanted.map(|finding| format!("{finding:?}")).collect::<Vec<_>>().join("\n")
}

fn assert_sound(outcome: &Outcome) {
    assert_eq!(outcome.failures, 0, "{}", said(outcome, None));
    assert!(!said(outcome, None).contains("fault of brickgate"), "{}", said(outcome, None));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 50, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_verdict_depends_on_the_files_alone(files in files()) {
        let asked: Vec<RepoPath> = files.keys().cloned().collect();
        let whole = check(&files, asked.clone());
        assert_sound(&whole);
        let threads = rayon::ThreadPoolBuilder::new().num_threads(3).build().unwrap();
        let backwards = threads.install(|| check(&files, asked.iter().rev().cloned().collect()));
        prop_assert_eq!(said(&whole, None), said(&backwards, None));
        for path in &asked {
            let alone = check(&files, vec![path.clone()]);
            prop_assert_eq!(said(&whole, Some(path)), said(&alone, None));
        }
    }

    #[test]
    fn fixing_twice_is_fixing_once(mut files in files()) {
        let fixed = fix(&files);
        assert_sound(&fixed.outcome);
        prop_assert!(fixed.settled);
        for (path, texts) in &fixed.texts {
            prop_assert!(texts.old != texts.new);
            files.insert(path.clone(), texts.new.clone().into_bytes());
        }
        let again = fix(&files);
        prop_assert!(again.texts.is_empty(), "{:?}", again.texts);
        prop_assert_eq!(said(&fixed.outcome, None), said(&again.outcome, None));
    }

    #[test]
    fn an_ignore_takes_away_what_it_names_and_no_more(body in text(), name in prop::sample::select(
        &["syntax-error", "run-not-found", "bare-magic", "secret-in-source", "run/*"][..],
    )) {
        let path = RepoPath::new("a.py");
        let with = |head: String| {
            let bytes = [b"# Databricks notebook source\n".as_slice(), head.as_bytes(), &body].concat();
            check(&Files::from([(path.clone(), bytes)]), vec![path.clone()])
        };
        let comment = format!("# brickgate: ignore-file[{name}]\n");
        let plain = with(format!("{}\n", "#".repeat(comment.len() - 1)));
        let ignoring = with(comment);
        let book = Book::builtin();
        let is_named = |rule: &str| match name.strip_suffix("/*") {
            Some(group) => book.get(rule).is_some_and(|rule| &*rule.page.group == group),
            None => rule == name,
        };
        let counted = |outcome: &Outcome| -> Vec<String> {
            let others = outcome.findings.iter().filter(|finding| !is_named(&finding.rule));
            let others = others.filter(|finding| &*finding.rule != "unused-ignore");
            others.map(|finding| format!("{} {:?}", finding.rule, finding.span)).collect()
        };
        prop_assert_eq!(counted(&plain), counted(&ignoring));
    }
}
