use super::*;
use crate::finding::{Finding, Severity};
use crate::project::Project;
use crate::project::document::ReadOptions;
use crate::project::load::Request;
use crate::rules::book::Book;
use crate::snapshot::RepoPath;
use crate::snapshot::memory::Memory;
use crate::snapshot::root::Vantage;
use crate::text::{Span, edit::Edit};
use std::sync::Arc;

const NOTEBOOK: &str = "# Databricks notebook source\nx = 1\n\n# COMMAND ----------\n\n# DBTITLE 1,Load, then show\n# MAGIC %run ./größe\n";
const IPYNB: &str = concat!(
    r#"{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["a = 1\n", "b"]}, "#,
    r#"{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["c\n", "d = e"]}], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}"#
);

fn project(files: &[(&str, &str)]) -> Project {
    let asked: Vec<RepoPath> = files.iter().map(|(path, _)| RepoPath::new(path)).collect();
    let everything = || asked.clone();
    let options = |_: &RepoPath| ReadOptions::default();
    let request = Request {
        asked: &asked,
        everything: &everything,
        options: &options,
        progress: &|| {},
        names: false,
        targets: false,
        whole: true,
    };
    Project::load(Arc::new(Memory::of(files)), &request)
}

/// A finding at the first place of `needle` in a document.
fn finding(project: &Project, path: &str, needle: &str) -> Finding {
    let path = RepoPath::new(path);
    let start = project.document(&path).map_or(0, |document| document.text().find(needle).unwrap());
    Finding {
        rule: Arc::from("run-not-found"),
        path,
        span: Span::from_range(start..start + needle.len()),
        message: "no `x` here".to_owned(),
        severity: Severity::Error,
        fix: None,
        notes: Vec::new(),
    }
}

fn written(format: Format, project: &Project, findings: &[Finding], style: &Style) -> String {
    let book = Book::builtin();
    let report = Report { findings, project, seen_from: &Vantage::default(), book: &book };
    let mut out = Vec::new();
    write(&mut out, format, &[report], style).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn people_see_source_notes_and_fix() {
    let project = project(&[("jobs/daily.py", NOTEBOOK), ("lib/a.py", "import b\n")]);
    let mut one = finding(&project, "jobs/daily.py", "./größe");
    one.note(RepoPath::new("lib/a.py"), Span::new(7, 8), "run from here");
    one.unsafe_fix("Use the relative path", vec![Edit::delete(Span::new(0, 1))]);
    let expected = r#"error[run-not-found]: no `x` here
  --> jobs/daily.py:7:14 (cell 2 "Load, then show")
   |
 7 | # MAGIC %run ./größe
   |              ^^^^^^^
note: run from here
  --> lib/a.py:1:8
   |
 1 | import b
   |        -
fix: use the relative path (--fix --unsafe-fixes)

learn more: brickgate rule run-not-found
"#;
    assert_eq!(written(Format::Human, &project, &[one.clone()], &Style::default()), expected);
    let color = Style { color: true, ..Style::default() };
    let colored = written(Format::Human, &project, &[one], &color);
    assert!(colored.starts_with("\u{1b}[1m\u{1b}[31merror[run-not-found]\u{1b}[0m: no `x` here\n"), "{colored:?}");
}

#[test]
fn narrow_terminals_are_honoured() {
    let text = format!("x = '{}'\n", "long ".repeat(100));
    let project = project(&[("a.py", &text)]);
    let mut one = finding(&project, "a.py", "long");
    one.message = "a message of many words that does not fit on one line of a narrow terminal".to_owned();
    for width in [0, 24, 40, 60] {
        let style = Style { width: Some(width), unicode: true, color: false };
        let text = written(Format::Human, &project, &[one.clone()], &style);
        let longest = text.lines().filter(|line| !line.starts_with("learn")).map(|line| line.chars().count()).max();
        assert!(longest <= Some(width.max(24)), "{width}:\n{text}");
    }
}

#[test]
fn rows_of_ipynb_count_within_the_cell() {
    let project = project(&[("n.ipynb", IPYNB)]);
    let mut one = finding(&project, "n.ipynb", "e");
    let at = one.span;
    one.fix("Mend", vec![Edit::insert(0, "z"), Edit::replace(at, "f")]);
    assert_eq!(concise::line(&one, &project), "n.ipynb:cell 2:2:5: error: no `x` here [run-not-found]");
    let text = written(Format::Human, &project, &[one.clone()], &Style::default());
    assert!(text.contains("  --> n.ipynb:cell 2:2:5\n   |\n 2 | d = e\n   |     ^\nfix: mend (--fix)\n"), "{text}");

    let text = written(Format::Json, &project, &[one], &Style::default());
    let json: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!((&json[0]["cell"], &json[0]["cell_index"], &json[0]["group"]), (&2.into(), &2.into(), &"run".into()));
    let edits = &json[0]["fix"]["edits"];
    assert_eq!(
        edits[0],
        serde_json::json!({"content": "z", "location": {"row": 1, "column": 1}, "end_location": {"row": 1, "column": 1}, "cell": 1})
    );
    assert_eq!(
        edits[1],
        serde_json::json!({"content": "f", "location": {"row": 2, "column": 5}, "end_location": {"row": 2, "column": 6}})
    );
}

#[test]
fn no_finding_no_text() {
    let project = project(&[]);
    assert_eq!(written(Format::Human, &project, &[], &Style::default()), "");
    assert_eq!(written(Format::Json, &project, &[], &Style::default()), "[]\n");
    assert_eq!(written(Format::JsonLines, &project, &[], &Style::default()), "");
}

#[test]
fn places_hold_for_any_span() {
    let long = format!("é{}\nend", "é".repeat(10_000));
    let project = project(&[("a.py", &long), ("n.ipynb", IPYNB), ("broken.ipynb", "{\"cells\": [\n}"), ("e.py", "")]);
    for path in ["a.py", "n.ipynb", "broken.ipynb", "e.py", "unknown.py"] {
        for (start, end) in [(0, 0), (0, 70_000), (4096, 4098), (8192, 8192), (20_002, 20_003), (70_000, 70_001)] {
            let mut one = finding(&project, path, "");
            one.span = Span::new(start, end);
            for (format, _) in Format::ALL {
                assert!(!written(format, &project, &[one.clone()], &Style::default()).is_empty());
            }
        }
    }
    let mut one = finding(&project, "a.py", "end");
    assert_eq!(concise::line(&one, &project), "a.py:2:1: error: no `x` here [run-not-found]");
    one.span = Span::new(20_000, 20_000);
    assert_eq!(concise::line(&one, &project), "a.py:1:10001: error: no `x` here [run-not-found]");
    one.path = RepoPath::new("unknown.py");
    assert_eq!(concise::line(&one, &project), "unknown.py:1:1: error: no `x` here [run-not-found]");
}

#[test]
fn files_cannot_drive_the_terminal() {
    let project = project(&[("a.py", "x = '\u{1b}[2J\u{202e}'\n")]);
    let mut one = finding(&project, "a.py", "x");
    one.message = "no `\u{1b}]0;title\u{7}`\nsecond line".to_owned();
    let style = Style { unicode: true, ..Style::default() };
    for format in [Format::Human, Format::Concise] {
        let text = written(format, &project, &[one.clone()], &style);
        assert!(!text.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{text:?}");
    }
    assert_eq!(written(Format::Concise, &project, &[one], &style).lines().count(), 1);
}

#[test]
fn statistics_count_the_most_frequent_first() {
    let project = project(&[("a.py", "x\ny\n")]);
    let mut fixed = finding(&project, "a.py", "x");
    fixed.rule = Arc::from("unused-run");
    fixed.fix("Mend", Vec::new());
    let findings = [fixed, finding(&project, "a.py", "x"), finding(&project, "a.py", "y")];
    let book = Book::builtin();
    let reports = [Report { findings: &findings, project: &project, seen_from: &Vantage::default(), book: &book }];
    let mut out = Vec::new();
    statistics::write(&mut out, Format::Human, &reports).unwrap();
    assert_eq!(String::from_utf8(out).unwrap(), "2  [ ] run-not-found\n1  [*] unused-run\n[*] has a fix\n");
    let summary = summary::Summary::of(&reports);
    assert_eq!((summary.errors, summary.files, summary.fixable), (3, 1, 1));
}
