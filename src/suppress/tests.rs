//! Suppression over whole documents.

use super::*;
use crate::finding::Finding;
use crate::notebook;
use crate::notebook::regions::python_regions;
use crate::project::document::{Document, Kind};
use crate::python;
use crate::snapshot::RepoPath;
use crate::text::edit;
use crate::text::region::{OffsetMap, Region};
use std::sync::Arc;
use std::sync::OnceLock;

const KNOWN: [(&str, &str); 6] = [
    ("run-cycle", "run"),
    ("run-chain", "run"),
    ("secret", "secrets"),
    ("unused-ignore", "suppression"),
    ("unreadable-file", "file"),
    ("internal-error", "file"),
];

const ALL: [&str; 6] = ["run-cycle", "run-chain", "secret", "unused-ignore", "unreadable-file", "internal-error"];

fn document(path: &str, raw: &str) -> Document {
    let path = RepoPath::new(path);
    let (notebook, joined) = if path.has_extension("ipynb") {
        let (notebook, joined) = notebook::ipynb::read(raw).unwrap();
        (Some(notebook), Some(joined))
    } else {
        (notebook::source::read(raw, path.extension()), None)
    };
    let text = joined.as_deref().unwrap_or(raw);
    let regions = match &notebook {
        Some(notebook) => python_regions(notebook, text),
        None if path.has_extension("py") => {
            vec![Region { cell: 0, code: raw.into(), map: OffsetMap::shift(0), ipython: false }]
        }
        None => Vec::new(),
    };
    Document {
        path,
        asked: true,
        kind: if notebook.is_some() { Kind::Notebook } else { Kind::Module },
        line_index: OnceLock::new(),
        resolved: OnceLock::new(),
        sql_facts: OnceLock::new(),
        hidden: OnceLock::new(),
        python: python::read(&regions, (3, 13)),
        parts: None,
        raw: raw.to_owned(),
        joined: joined.clone(),
        notebook,
        bundle: None,
        problems: Vec::new(),
    }
}

fn finding(document: &Document, rule: &str, span: Span) -> Finding {
    Finding {
        rule: Arc::from(rule),
        path: document.path.clone(),
        span,
        message: "bad".to_owned(),
        severity: Severity::Error,
        fix: None,
        notes: Vec::new(),
    }
}

/// A finding of `secret` at every `BAD`.
fn findings(document: &Document) -> Vec<Finding> {
    let text = document.text();
    text.match_indices("BAD")
        .map(|(at, bad)| finding(document, "secret", Span::from_range(at..at + bad.len())))
        .collect()
}

/// Lines (1-based) of the findings that are left, and what is said of the comments.
fn left(path: &str, raw: &str) -> (Vec<u32>, Vec<String>) {
    let document = document(path, raw);
    let found = findings(&document);
    let found = apply(&document, found, &ALL, || KNOWN.to_vec(), Some(Severity::Warning));
    let line = |finding: &Finding| document.lines().line_of(finding.span.start) + 1;
    let (said, bad): (Vec<_>, Vec<_>) = found.into_iter().partition(|finding| &*finding.rule == UNUSED_IGNORE);
    (bad.iter().map(line).collect(), said.iter().map(|said| format!("{}: {}", line(said), said.message)).collect())
}

/// All is silenced, and nothing is said.
fn silent(path: &str, raw: &str) {
    assert_eq!(left(path, raw), (vec![], vec![]), "{raw}");
}

/// Nothing is silenced, whatever is said.
fn loud(path: &str, raw: &str) {
    let bad = raw.lines().enumerate().filter(|(_, line)| line.contains("BAD"));
    assert_eq!(left(path, raw).0, bad.map(|(at, _)| u32::try_from(at).unwrap() + 1).collect::<Vec<_>>(), "{raw}");
}

/// What `--fix` makes of it.
fn fixed(path: &str, raw: &str) -> String {
    let document = document(path, raw);
    let found = apply(&document, findings(&document), &ALL, || KNOWN.to_vec(), Some(Severity::Warning));
    let edits: Vec<_> = found.into_iter().filter_map(|finding| finding.fix).flat_map(|fix| fix.edits).collect();
    edit::apply(document.text(), &edits).unwrap()
}

const NB: &str = "# Databricks notebook source\n";
const SEP: &str = "\n\n# COMMAND ----------\n\n";

#[test]
fn a_line_and_the_line_above_it() {
    silent("a.py", "x = BAD  # brickgate: ignore[secret] it is a test\n");
    silent("a.py", "# brickgate: ignore[secret]\nx = BAD\n");
    silent(
        "a.py",
        "# brickgate: ignore[secret]\n# because of reasons\n# brickgate: ignore[run-x]\nx = BAD\n"
            .replace("# brickgate: ignore[run-x]\n", "")
            .as_str(),
    );
    silent("a.py", "x = BAD  # noqa: S105  # brickgate: ignore[secrets/*]\n");
    silent("a.py", "x = BAD  # brickgate: ignore[secret]  # noqa\r\n");
    silent("a.py", "if x:\n    # brickgate: ignore[secret]\n    y = BAD");
    loud("a.py", "x = BAD  # brickgate: ignore[run-cycle]\n");
    loud("a.py", "# brickgate: ignore[secret]\n\nx = BAD\n");
    loud("a.py", "y = 1  # brickgate: ignore[secret]\nx = BAD\n");
    loud("a.py", "x = BAD\n# brickgate: ignore[secret]\n");
    assert_eq!(left("a.py", "x = BAD  # brickgate: ignore[secret]\ny = BAD\n").0, [2]);
}

#[test]
fn a_finding_of_several_lines() {
    let text = "f(\n    1,  # brickgate: ignore[secret]\n    2,\n)\n";
    let document = document("a.py", text);
    let found = vec![finding(&document, "secret", Span::from_range(0..text.len() - 1))];
    assert_eq!(apply(&document, found, &ALL, || KNOWN.to_vec(), Some(Severity::Warning)), []);
    silent("a.py", "x = '''\nBAD\n'''  # brickgate: ignore[secret]\n");
    silent("a.py", "# brickgate: ignore[secret]\nspark.sql('''\nselect BAD\n''')\n");
    loud("a.py", "x = '''\nBAD  # brickgate: ignore[secret]\n'''\n");
}

#[test]
fn what_only_looks_like_a_comment() {
    loud("a.py", "x = 'BAD # brickgate: ignore[secret]'\n");
    loud("a.py", "x = f'BAD # brickgate: ignore[secret]'\n");
    loud("a.py", "x = BAD  # see brickgate: ignore[secret]\n");
    loud("a.sql", "select 'BAD -- brickgate: ignore[secret]'\n");
    loud("a.sql", "select /* BAD\n-- BAD brickgate: ignore[secret]\n*/ 1\n");
    loud("a.scala", "val x = \"BAD // brickgate: ignore[secret]\"\n");
    loud("a.scala", "val x = \"\"\"\nBAD // brickgate: ignore[secret]\n\"\"\"\n");
    loud("a.r", "x <- 'BAD # brickgate: ignore[secret]'\n");
    loud("a.yml", "x: \"BAD # brickgate: ignore[secret]\"\n");
    loud("a.yml", "x: BAD# brickgate: ignore[secret]\n");
    loud("a.yml", "x: |\n  BAD # brickgate: ignore[secret]\n\n  BAD # brickgate: ignore[secret]\n");
    loud("a.yml", "- x: >-\n    BAD # brickgate: ignore[secret]\n");
    loud("a.txt", "BAD # brickgate: ignore[secret]\n");
    let md = |text: &str| format!("{NB}# MAGIC %md\n{text}");
    loud("a.py", &md("# MAGIC `BAD <!-- brickgate: ignore[secret] -->`\n"));
    loud("a.py", &md("# MAGIC ```\n# MAGIC BAD <!-- brickgate: ignore[secret] -->\n# MAGIC ```\n"));
    loud("a.py", &format!("{NB}# MAGIC %run ./BAD # brickgate: ignore[secret]\n"));
    loud("a.py", &format!("{NB}# DBTITLE 1,BAD # brickgate: ignore[secret]\nx = 1\n"));
}

#[test]
fn in_the_comments_of_every_language() {
    silent("a.sql", "select 'it''s -- no', BAD -- brickgate: ignore[secret]\n");
    silent("a.sql", "-- brickgate: ignore[secret]\nselect BAD\n");
    silent("a.scala", "val c = '\"'; val s = 'a; BAD // brickgate: ignore[secret]\n");
    silent("a.R", "x <- \"#\"; BAD # brickgate: ignore[secret]\n");
    silent("a.yml", "# brickgate: ignore[secret]\nx: it's BAD\ny: BAD # brickgate: ignore[secret] why\n");
    silent("a.yaml", "- run: |\n    echo '\n  name: BAD # brickgate: ignore[secret]\n");
    silent("a.yaml", "- |\n  text\n- BAD # brickgate: ignore[secret]\n");
    for (magic, comment) in [("sql", "-- "), ("scala", "// "), ("r", "# "), ("sh", "# "), ("python", "# ")] {
        silent("a.py", &format!("{NB}# MAGIC %{magic}\n# MAGIC x = BAD {comment}brickgate: ignore[secret]\n"));
        silent("a.py", &format!("{NB}# MAGIC %{magic}\n# MAGIC {comment}brickgate: ignore[secret]\n# MAGIC x = BAD\n"));
    }
    silent("a.py", &format!("{NB}# MAGIC %sql select BAD -- brickgate: ignore[secret]\n"));
    silent("a.py", &format!("{NB}# MAGIC %md\n# MAGIC <!-- brickgate: ignore[secret] -->\n# MAGIC BAD\n"));
    silent("a.py", &format!("{NB}# MAGIC %md BAD <!-- brickgate: ignore[secret] so -->\n"));
    silent("a.sql", "-- Databricks notebook source\n-- MAGIC %python\n-- MAGIC x = BAD # brickgate: ignore[secret]\n");
    silent("a.sql", "-- Databricks notebook source\nselect BAD -- brickgate: ignore[secret]\n");
    silent("a.scala", "// Databricks notebook source\nval x = BAD // brickgate: ignore[secret]\n");
    silent("a.r", "# Databricks notebook source\nx <- BAD # brickgate: ignore[secret]\n");
    silent("a.py", &format!("{NB}x = BAD # brickgate: ignore[secret]\n!ls\n{SEP}y = 1\n"));
}

#[test]
fn in_jupyter_cells() {
    let nb = |cells: &[(&str, &str)]| {
        let cells: Vec<_> = cells
            .iter()
            .map(|(kind, source)| {
                let mut cell = serde_json::json!({ "cell_type": kind, "metadata": {}, "source": source });
                if *kind == "code" {
                    cell["outputs"] = serde_json::json!([]);
                    cell["execution_count"] = serde_json::Value::Null;
                }
                cell
            })
            .collect();
        let metadata = serde_json::json!({ "language_info": { "name": "python" } });
        serde_json::json!({ "cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5 }).to_string()
    };
    let left = |cells: &[(&str, &str)]| left("a.ipynb", &nb(cells));
    assert_eq!(left(&[("code", "x = BAD  # brickgate: ignore[secret]")]), (vec![], vec![]));
    assert_eq!(left(&[("code", "%sql\nselect BAD -- brickgate: ignore[secret]")]), (vec![], vec![]));
    assert_eq!(left(&[("markdown", "BAD <!-- brickgate: ignore[secret] -->")]), (vec![], vec![]));
    assert_eq!(left(&[("code", "1\n# brickgate: ignore-next-cell[secret]"), ("code", "BAD\nBAD")]), (vec![], vec![]));
    // The last line of a cell is not above the first of the next.
    let (bad, said) = left(&[("code", "1\n# brickgate: ignore[secret]"), ("code", "BAD")]);
    assert_eq!((bad, said.len()), (vec![3], 1));
    assert_eq!(fixed("a.ipynb", &nb(&[("code", "1\n# brickgate: ignore[secret]"), ("code", "2")])), "1\n2");
    assert_eq!(fixed("a.ipynb", &nb(&[("code", "# brickgate: ignore[secret]"), ("code", "2")])), "\n2");
}

#[test]
fn the_next_cell() {
    let next = "# brickgate: ignore-next-cell[secret]";
    silent("a.py", &format!("{NB}x = 1\n{next}{SEP}# MAGIC %run ./BAD"));
    silent("a.py", &format!("{NB}{next}{SEP}x = BAD\ny = BAD\n"));
    silent(
        "a.py",
        &format!("{NB}# MAGIC %md\n# MAGIC hello\n# MAGIC <!-- brickgate: ignore-next-cell[secret] -->{SEP}BAD"),
    );
    assert_eq!(left("a.py", &format!("{NB}{next}{SEP}x = BAD{SEP}y = BAD")).0, [10]);
    let said = |raw: &str| left("a.py", raw).1.join("; ");
    assert!(said(&format!("{NB}{next}\nx = 1{SEP}BAD")).contains("last line"));
    assert!(said(&format!("{NB}x = 1 {next}{SEP}BAD")).contains("alone"));
    assert!(said(&format!("{NB}{next}")).contains("no cell follows"));
    assert!(said(next).contains("only notebooks"));
}

#[test]
fn the_whole_file() {
    let file = "# brickgate: ignore-file[secret]\n";
    silent("a.py", &format!("{file}x = BAD\ny = BAD\n"));
    silent("a.py", &format!("#!/usr/bin/env python\n'''Doc.'''\n\n# Licence\n{file}import x\nBAD\n"));
    silent("a.py", &format!("{NB}# MAGIC %md\n# MAGIC # Title{SEP}# about\n{file}\nx = 1{SEP}BAD"));
    silent("a.py", &format!("{NB}# MAGIC %md\n# MAGIC <!-- brickgate: ignore-file[secret] -->{SEP}BAD"));
    silent("a.sql", "-- brickgate: ignore-file[secret]\nselect BAD;\nselect BAD");
    silent("a.yml", "---\n# brickgate: ignore-file[secret]\nx: BAD\n");
    for late in [
        format!("import x\n{file}BAD\n"),
        format!("{NB}# MAGIC %run ./x{SEP}{file}BAD\n"),
        format!("{NB}1{SEP}{file}BAD\n"),
    ] {
        let (bad, said) = left("a.py", &late);
        assert_eq!((bad.len(), said.len()), (1, 1), "{late}");
        assert!(said[0].contains("before the first code"));
    }
}

#[test]
fn some_findings_stand() {
    let text = "# brickgate: ignore-file[unreadable-file, internal-error, file/*]\nx = 1\n";
    let document = document("a.py", text);
    let found: Vec<_> =
        ["unreadable-file", "internal-error"].map(|rule| finding(&document, rule, Span::at(0))).into_iter().collect();
    assert_eq!(apply(&document, found.clone(), &ALL, || KNOWN.to_vec(), None), found);
}

#[test]
fn unused_is_said_only_of_rules_that_ran() {
    let text = "x = 1  # brickgate: ignore[run-cycle, secret, run/*]\n";
    let document = document("a.py", text);
    let said = |ran: &[&str]| {
        let found = apply(&document, Vec::new(), ran, || KNOWN.to_vec(), Some(Severity::Warning));
        found.into_iter().map(|finding| finding.message).collect::<Vec<_>>().join("; ")
    };
    assert_eq!(said(&[]), "");
    assert_eq!(said(&["secret"]), "nothing is ignored here: there is no `secret` to ignore, so remove the name");
    assert!(said(&["run-cycle"]).contains("`run-cycle`") && !said(&["run-cycle"]).contains("run/*"));
    assert!(said(&ALL).contains("`run-cycle`, `secret` or `run/*` to ignore, so remove the comment"));
    assert_eq!(apply(&document, Vec::new(), &ALL, || KNOWN.to_vec(), None), []);
}

#[test]
fn the_nearest_comment_is_the_one_that_is_used() {
    let (bad, said) = left("a.py", "# brickgate: ignore-file[secret]\nx = BAD  # brickgate: ignore[secret]\n");
    assert_eq!((bad.len(), said.len()), (0, 1));
    assert!(said[0].starts_with("1: nothing is ignored here"), "{said:?}");
}

#[test]
fn unknown_names_and_what_was_meant() {
    let said = |comment: &str| left("a.py", &format!("x = 1  # brickgate: {comment}\n")).1.join("; ");
    assert!(said("ignore[run-cylce]").contains("did you mean `run-cycle`?"));
    assert!(said("ignore[run]").contains("did you mean `run/*`?"));
    assert!(said("ignore[run/run-cycle]").contains("did you mean `run-cycle`?"));
    assert!(said("ignore[rum/*]").contains("did you mean `run/*`?"));
    assert!(said("ignore[whatever]").contains("`brickgate rules` lists them all"));
    assert!(said("ignore").contains("name the rules"));
    assert_eq!(said("is a linter"), "");
}

#[test]
fn ignoring_the_rule_itself() {
    assert_eq!(left("a.py", "x = 1  # brickgate: ignore[secret, unused-ignore]\n").1, [""; 0]);
    let (_, said) = left("a.py", "x = BAD  # brickgate: ignore[secret, unused-ignore]\n");
    assert_eq!(said, ["1: nothing is ignored here: there is no `unused-ignore` to ignore, so remove the name"]);
    assert_eq!(
        left("a.py", "# brickgate: ignore-file[unused-ignore]\nx = 1  # brickgate: ignore[secret]\n").1,
        [""; 0]
    );
}

#[test]
fn fixes_leave_no_trace() {
    assert_eq!(fixed("a.py", "x = 1  # brickgate: ignore[secret] why\ny = 2\n"), "x = 1\ny = 2\n");
    assert_eq!(fixed("a.py", "x = 1\n# brickgate: ignore[secret]\r\ny = 2\n"), "x = 1\ny = 2\n");
    assert_eq!(fixed("a.py", "x = 1  # brickgate: ignore[secret]  # noqa\n"), "x = 1  # noqa\n");
    assert_eq!(fixed("a.py", "x = 1  # noqa # brickgate: ignore[secret]\n"), "x = 1  # noqa\n");
    assert_eq!(
        fixed("a.py", "BAD  # brickgate: ignore[run-cycle,  secret, run-chain] why\n"),
        "BAD  # brickgate: ignore[secret] why\n"
    );
    assert_eq!(fixed("a.py", "x = 1\n# brickgate: ignore[secret]"), "x = 1");
    assert_eq!(fixed("a.py", "# brickgate: ignore[secret]"), "");
    assert_eq!(fixed("a.py", "x = 1  # brickgate: ignore[run-cylce]\n"), "x = 1  # brickgate: ignore[run-cycle]\n");
    assert_eq!(fixed("a.py", "x = 1  # brickgate: ignore[whatever]\n"), "x = 1\n");
    let magic = format!(
        "{NB}# MAGIC %sql\n# MAGIC -- brickgate: ignore[secret]\n# MAGIC select 1 -- brickgate: ignore[secret]\n"
    );
    assert_eq!(fixed("a.py", &magic), format!("{NB}# MAGIC %sql\n# MAGIC select 1\n"));
    let cell = format!("{NB}x = 1\n# brickgate: ignore[secret]{SEP}y = 2\n");
    assert_eq!(fixed("a.py", &cell), format!("{NB}x = 1{SEP}y = 2\n"));
    assert_eq!(fixed("a.yml", "x: 1\n# brickgate: ignore[secret] <!-- -->\n"), "x: 1\n");
    let md = format!(
        "{NB}# MAGIC %md\n# MAGIC <!-- brickgate: ignore[secret] -->\n# MAGIC text <!-- brickgate: ignore[secret] -->\n"
    );
    assert_eq!(fixed("a.py", &md), format!("{NB}# MAGIC %md\n# MAGIC text\n"));
}

#[test]
fn hostile_comments_cost_little() {
    let many = "# brickgate: ignore[secret]\n".repeat(20_000) + "BAD\n";
    let (bad, said) = left("a.py", &many);
    assert_eq!((bad.len(), said.len()), (0, 19_999));
    left("a.py", &format!("x = 1 {}", "# brickgate: ignore[a,".repeat(20_000)));
    left("a.sql", &format!("select {}", "-- brickgate: ignore[[".repeat(20_000)));
    for end in ["", "]"] {
        left("a.py", &format!("x = BAD # brickgate: ignore[{}{end}", "a,".repeat(100_000)));
    }
    left("a.py", &format!("{}BAD\n", "x = 1 # brickgate: ignore[a, b, c, d]\n".repeat(5_000)));
}
