use super::{Baseline, Compared, Entry, Scope};
use crate::finding::{Finding, Severity};
use crate::project::document::ReadOptions;
use crate::project::{Project, Request};
use crate::snapshot::RepoPath;
use crate::snapshot::memory::Memory;
use crate::text::Span;
use std::sync::Arc;

fn entry(path: &str, rule: &str, code: &str, occurrence: u32) -> Entry {
    Entry { path: RepoPath::new(path), rule: Arc::from(rule), code: code.into(), occurrence }
}

fn project(files: &[(&str, &str)]) -> Project {
    let asked: Vec<RepoPath> = files.iter().map(|(path, _)| RepoPath::new(path)).collect();
    let options = |_: &RepoPath| ReadOptions::default();
    let request = Request {
        asked: &asked,
        everything: &Vec::new,
        options: &options,
        progress: &|| {},
        names: false,
        targets: false,
        whole: true,
    };
    Project::load(Arc::new(Memory::of(files)), &request)
}

/// A finding at each place where `word` stands.
fn findings(project: &Project, word: &str) -> Vec<Finding> {
    let of = |path: &RepoPath, at: usize| Finding {
        rule: Arc::from("rule"),
        path: path.clone(),
        span: Span::from_range(at..at + word.len()),
        message: "wrong".to_owned(),
        severity: Severity::Error,
        fix: None,
        notes: Vec::new(),
    };
    let documents = project.documents().iter();
    documents
        .flat_map(|document| {
            document.text().match_indices(word).map(|(at, _)| of(&document.path, at)).collect::<Vec<_>>()
        })
        .collect()
}

fn compare(baseline: &Baseline, files: &[(&str, &str)]) -> Compared {
    let project = project(files);
    let found = findings(&project, "bad");
    let is_gone = |path: &RepoPath| project.document(path).is_none();
    baseline.compare(found, &project, &Scope { judges: &|_| true, is_gone: &is_gone })
}

fn counts(compared: &Compared) -> (usize, usize, usize) {
    (compared.new.len(), compared.known.len(), compared.gone.len())
}

#[test]
fn code_that_moved_is_the_same_and_code_that_changed_is_not() {
    let old = compare(&Baseline::default(), &[("a.py", "x = 1\ncall( bad,\t'one')\n")]).updated;
    assert_eq!(counts(&compare(&old, &[("a.py", "\n\n  call(bad, \"one\")\r\n")])), (0, 1, 0));
    assert_eq!(counts(&compare(&old, &[("a.py", "call(bad, 'two')\n")])), (1, 0, 1));
    let moved = compare(&old, &[("b/c.py", "call(bad, 'one')\n")]);
    assert_eq!(counts(&moved), (0, 1, 0));
    assert_eq!(moved.pruned.entries().next().unwrap().path.as_str(), "b/c.py");
    // Another file with such code is no move while the first one is there.
    assert_eq!(counts(&compare(&old, &[("a.py", ""), ("b.py", "call(bad, 'one')\n")])), (1, 0, 1));
}

#[test]
fn magic_cells_are_the_same_in_both_formats() {
    let source = "# Databricks notebook source\n# MAGIC %sql\n# MAGIC SELECT bad FROM t\n";
    let json = "{\"cells\": [{\"cell_type\": \"code\", \"metadata\": {}, \"outputs\": [], \"execution_count\": 0, \
                \"source\": [\"%sql\\n\", \"SELECT bad FROM t\"]}], \"metadata\": {}, \"nbformat\": 4, \
                \"nbformat_minor\": 0}";
    let old = compare(&Baseline::default(), &[("a.py", source)]).updated;
    assert_eq!(counts(&compare(&old, &[("a.ipynb", json)])), (0, 1, 0));
}

#[test]
fn equal_findings_are_counted() {
    let old = compare(&Baseline::default(), &[("a.py", "bad\nbad\n")]).updated;
    assert_eq!(old.len(), 2);
    assert_eq!(counts(&compare(&old, &[("a.py", "bad\nbad\nbad\n")])), (1, 2, 0));
    let fewer = compare(&old, &[("a.py", "bad\n")]);
    assert_eq!(counts(&fewer), (0, 1, 1));
    assert_eq!(fewer.pruned.entries().map(|entry| entry.occurrence).collect::<Vec<_>>(), [1]);
    // Two files become one: the second takes the first one's numbers on.
    let two = compare(&Baseline::default(), &[("a.py", "bad\n"), ("b.py", "bad\n")]).updated;
    let one = compare(&two, &[("b.py", "bad\nbad\n")]);
    assert_eq!(counts(&one), (0, 2, 0));
    assert_eq!(one.pruned, compare(&Baseline::default(), &[("b.py", "bad\nbad\n")]).updated);
}

#[test]
fn entries_that_nobody_looked_at_stay() {
    let old: Baseline = [entry("x.py", "rule", "c0de", 1)].into_iter().collect();
    let project = project(&[("a.py", "bad\n")]);
    let found = findings(&project, "bad");
    let compared = old.compare(found, &project, &Scope { judges: &|_| false, is_gone: &|_| false });
    assert_eq!(counts(&compared), (1, 0, 0));
    assert_eq!(compared.pruned, old);
    assert_eq!(compared.updated.len(), 2);
}

#[test]
fn what_could_not_be_checked_is_never_let_pass() {
    let project = project(&[("a.py", "bad\n")]);
    let mut found = findings(&project, "bad");
    found[0].rule = Arc::from("unreadable-file");
    let compared = Baseline::default().compare(found, &project, &Scope { judges: &|_| true, is_gone: &|_| false });
    assert_eq!(counts(&compared), (1, 0, 0));
    assert!(compared.updated.is_empty());
}

#[test]
fn many_findings_on_one_endless_line_are_told_apart_by_what_is_near() {
    let words: Vec<String> = (0..2000).map(|at| format!("bad{at:06}{}", " ".repeat(150))).collect();
    let line = words.concat();
    let old = compare(&Baseline::default(), &[("a.py", &line)]).updated;
    assert_eq!(counts(&compare(&old, &[("a.py", &line)])), (0, 2000, 0));
    let changed = line.replace("bad001000", "ok_001000");
    let compared = compare(&old, &[("a.py", &changed)]);
    assert_eq!(compared.gone.len(), 1);
    assert!(compared.new.is_empty());
}

#[test]
fn is_written_one_entry_a_line_and_read_back() {
    let one: Baseline = [entry("b \"é\".py", "r", "1", 1), entry("a.py", "z", "2", 2), entry("a.py", "b", "3", 1)]
        .into_iter()
        .collect();
    let text = one.to_string();
    let expected = "{\n  \"version\": 1,\n  \"findings\": [\n    \
        {\"path\":\"a.py\",\"rule\":\"b\",\"code\":\"3\",\"occurrence\":1},\n    \
        {\"path\":\"a.py\",\"rule\":\"z\",\"code\":\"2\",\"occurrence\":2},\n    \
        {\"path\":\"b \\\"é\\\".py\",\"rule\":\"r\",\"code\":\"1\",\"occurrence\":1},\n    {}\n  ]\n}\n";
    assert_eq!(text, expected);
    assert_eq!(Baseline::read(text.as_bytes()), Ok(one.clone()));
    assert_eq!(Baseline::read(text.replace('\n', "\r\n").as_bytes()), Ok(one.clone()));
    // An entry that both sides of a merge added, in another place.
    let (head, tail) = text.split_once("    {\"path\":\"b").unwrap();
    let line = head.lines().nth(3).unwrap();
    assert_eq!(Baseline::read(format!("{head}{line}\n    {{\"path\":\"b{tail}").as_bytes()), Ok(one));
    assert_eq!(Baseline::read(Baseline::default().to_string().as_bytes()), Ok(Baseline::default()));
}

#[test]
fn says_what_is_wrong_with_a_file() {
    let said = |text: &str| {
        let fault = Baseline::read(text.as_bytes()).unwrap_err();
        format!("{}: {fault}", fault.line.unwrap_or(0))
    };
    assert!(said("").starts_with("1: is not valid JSON: "), "{}", said(""));
    assert!(said("{\n\"version\": 1,\n\"findings\": [\n").starts_with("4: is not valid JSON: "));
    assert!(said("{\n<<<<<<< HEAD\n").starts_with("2: has a merge conflict"));
    assert!(said("[]").starts_with("0: is not a baseline"));
    assert!(said("{\"findings\": []}").starts_with("0: is not a baseline: it has no `version`"));
    assert_eq!(said("{\"version\": 2, \"entries\": 3}"), "0: has version 2, and this brickgate knows version 1 alone");
    assert_eq!(
        said("{\"version\": 7, \"findings\": []}"),
        "0: has version 7, and this brickgate knows version 1 alone"
    );
    assert!(said("{\"version\": 1, \"findings\": [3]}").contains("is not a baseline: `findings`"));
    assert!(said("{\"version\": 1, \"findings\": [{\"rule\": \"x\"}]}").contains("entry 1 is not one"));
    for path in ["/a.py", "../a.py", "a//b.py", "a/"] {
        let line = format!("{{\"path\":\"{path}\",\"rule\":\"x\",\"code\":\"1\",\"occurrence\":1}}");
        assert!(said(&format!("{{\"version\": 1, \"findings\": [{line}]}}")).contains("entry 1 is not one"), "{path}");
    }
    assert!(Baseline::read(b"{\"version\": \xff}").unwrap_err().message.contains("UTF-8"));
    let deep = "[".repeat(100_000);
    assert!(said(&format!("{{\"version\": 1, \"findings\": {deep}")).contains("is not"));
}
