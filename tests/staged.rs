//! Fixing what is staged, with the real `git`: what becomes of the index, of the worktree, and of what is not staged.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a helper of a test fails as the test does")]

mod toy;

use std::fs;
use toy::{PAGE, SETTINGS, Toy};

/// One file in a state between commits. Every `old` in code is to become `new`.
struct Case {
    name: &'static str,
    /// In the last commit; `None` if it is new.
    head: Option<&'static str>,
    staged: &'static str,
    /// In the worktree; `None` if it is not there.
    worktree: Option<&'static str>,
    /// In the index, afterwards.
    index: &'static str,
    /// In the worktree, afterwards.
    after: Option<&'static str>,
    /// Whether what is not staged is the same as before.
    same: bool,
}

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case { name: "nothing unstaged", head: Some("a = 1\n"), staged: "a = old\n", worktree: Some("a = old\n"), index: "a = new\n", after: Some("a = new\n"), same: true },
    Case { name: "far below", head: Some("a\nb\nc\nd\n"), staged: "a = old\nb\nc\nd\n", worktree: Some("a = old\nb\nc\nmine\n"), index: "a = new\nb\nc\nd\n", after: Some("a = new\nb\nc\nmine\n"), same: true },
    Case { name: "far above", head: Some("a\nb\nc\nd\n"), staged: "a\nb\nc\nd = old\n", worktree: Some("mine\nb\nc\nd = old\n"), index: "a\nb\nc\nd = new\n", after: Some("mine\nb\nc\nd = new\n"), same: true },
    Case { name: "next line", head: Some("a\nb\nc\n"), staged: "a = old\nb\nc\n", worktree: Some("a = old\nmine\nc\n"), index: "a = new\nb\nc\n", after: Some("a = new\nmine\nc\n"), same: true },
    Case { name: "line before", head: Some("a\nb\nc\n"), staged: "a\nb = old\nc\n", worktree: Some("mine\nb = old\nc\n"), index: "a\nb = new\nc\n", after: Some("mine\nb = new\nc\n"), same: true },
    Case { name: "both neighbours", head: Some("a\nb\nc\n"), staged: "a\nb = old\nc\n", worktree: Some("mine\nb = old\nmine\n"), index: "a\nb = new\nc\n", after: Some("mine\nb = new\nmine\n"), same: true },
    Case { name: "same line", head: Some("a\nb\n"), staged: "a = old\nb\n", worktree: Some("a = old + mine\nb\n"), index: "a = new\nb\n", after: Some("a = old + mine\nb\n"), same: false },
    Case { name: "same line, and another", head: Some("a\nb\nc\n"), staged: "a = old\nb\nc = old\n", worktree: Some("a = old + mine\nb\nc = old\n"), index: "a = new\nb\nc = new\n", after: Some("a = old + mine\nb\nc = new\n"), same: false },
    Case { name: "same line, mended by hand", head: Some("a\n"), staged: "a = old\nb\n", worktree: Some("a = new\nb\n"), index: "a = new\nb\n", after: Some("a = new\nb\n"), same: false },
    Case { name: "inserted before", head: Some("a\n"), staged: "a = old\n", worktree: Some("mine\na = old\n"), index: "a = new\n", after: Some("mine\na = new\n"), same: true },
    Case { name: "inserted after", head: Some("a\nb\n"), staged: "a = old\nb\n", worktree: Some("a = old\nmine\nb\n"), index: "a = new\nb\n", after: Some("a = new\nmine\nb\n"), same: true },
    Case { name: "appended", head: Some("a\n"), staged: "a = old\n", worktree: Some("a = old\nmine\nmore\n"), index: "a = new\n", after: Some("a = new\nmine\nmore\n"), same: true },
    Case { name: "inserted on both sides", head: Some("a\n"), staged: "a = old\n", worktree: Some("mine\na = old\nmine\n"), index: "a = new\n", after: Some("mine\na = new\nmine\n"), same: true },
    Case { name: "between two fixes", head: Some("a\nb\n"), staged: "a = old\nb = old\n", worktree: Some("a = old\nmine\nb = old\n"), index: "a = new\nb = new\n", after: Some("a = old\nmine\nb = old\n"), same: false },
    Case { name: "between two fixes with a line between", head: Some("a\nx\nb\n"), staged: "a = old\nx\nb = old\n", worktree: Some("a = old\nx\nmine\nb = old\n"), index: "a = new\nx\nb = new\n", after: Some("a = new\nx\nmine\nb = new\n"), same: true },
    Case { name: "line deleted", head: Some("a\nb\n"), staged: "a\nb = old\nc\n", worktree: Some("a\nc\n"), index: "a\nb = new\nc\n", after: Some("a\nc\n"), same: false },
    Case { name: "neighbour deleted", head: Some("a\nb\nc\n"), staged: "a\nb = old\nc\n", worktree: Some("b = old\n"), index: "a\nb = new\nc\n", after: Some("b = new\n"), same: true },
    Case { name: "all deleted but the fix", head: Some("a\n"), staged: "a\nb\nc = old\nd\n", worktree: Some("c = old\n"), index: "a\nb\nc = new\nd\n", after: Some("c = new\n"), same: true },
    Case { name: "emptied", head: Some("a\n"), staged: "a = old\n", worktree: Some(""), index: "a = new\n", after: Some(""), same: false },
    Case { name: "gone from the worktree", head: Some("a\n"), staged: "a = old\n", worktree: None, index: "a = new\n", after: None, same: false },
    Case { name: "new file", head: None, staged: "a = old\n", worktree: Some("a = old\n"), index: "a = new\n", after: Some("a = new\n"), same: true },
    Case { name: "new file with unstaged lines", head: None, staged: "a = old\nb\n", worktree: Some("a = old\nb\nmine\n"), index: "a = new\nb\n", after: Some("a = new\nb\nmine\n"), same: true },
    Case { name: "new file, gone", head: None, staged: "a = old\n", worktree: None, index: "a = new\n", after: None, same: false },
    Case { name: "crlf everywhere", head: Some("a\r\n"), staged: "a = old\r\nb\r\n", worktree: Some("a = old\r\nmine\r\n"), index: "a = new\r\nb\r\n", after: Some("a = new\r\nmine\r\n"), same: true },
    Case { name: "crlf in the worktree alone", head: Some("a\n"), staged: "a = old\nb\n", worktree: Some("a = old\r\nmine\r\n"), index: "a = new\nb\n", after: Some("a = new\r\nmine\r\n"), same: false },
    Case { name: "lf in the worktree alone", head: Some("a\r\n"), staged: "a = old\r\nb\r\n", worktree: Some("a = old\nmine\n"), index: "a = new\r\nb\r\n", after: Some("a = new\nmine\n"), same: false },
    Case { name: "mixed line ends", head: Some("a\n"), staged: "a = old\r\nb\nc\r\n", worktree: Some("a = old\r\nb\nmine\r\n"), index: "a = new\r\nb\nc\r\n", after: Some("a = new\r\nb\nmine\r\n"), same: true },
    Case { name: "no line end at the end", head: Some("a"), staged: "a\nb = old", worktree: Some("mine\nb = old"), index: "a\nb = new", after: Some("mine\nb = new"), same: true },
    Case { name: "line end added", head: Some("a"), staged: "a\nb = old", worktree: Some("a\nb = old\n"), index: "a\nb = new", after: Some("a\nb = old\n"), same: false },
    Case { name: "byte order mark", head: Some("a\n"), staged: "\u{feff}a = old\nb\n", worktree: Some("\u{feff}a = old\nmine\n"), index: "\u{feff}a = new\nb\n", after: Some("\u{feff}a = new\nmine\n"), same: true },
    Case { name: "many fixes, many changes", head: Some("a\n"), staged: "a = old\n1\nb = old\n2\nc = old\n3\nd = old\n4\n", worktree: Some("a = old\nmine\nb = old\n2\nc = mine\n3\nd = old\n"), index: "a = new\n1\nb = new\n2\nc = new\n3\nd = new\n4\n", after: Some("a = new\nmine\nb = new\n2\nc = mine\n3\nd = new\n"), same: false },
    Case { name: "the same line twice", head: Some("a\n"), staged: "a = old\na = 1\na = old\n", worktree: Some("a = old\na = 1\na = old\na = old\n"), index: "a = new\na = 1\na = new\n", after: Some("a = new\na = 1\na = new\na = old\n"), same: true },
    Case { name: "moved lines", head: Some("a\n"), staged: "a = old\nb\nc\n", worktree: Some("b\nc\na = old\n"), index: "a = new\nb\nc\n", after: Some("b\nc\na = old\n"), same: false },
    Case { name: "does not parse in the worktree", head: Some("a\n"), staged: "a = old\nb\n", worktree: Some("a = old\ndef (:\n"), index: "a = new\nb\n", after: Some("a = new\ndef (:\n"), same: true },
    Case { name: "not staged at all", head: Some("a = 1\nb = old\n"), staged: "a = 1\nb = old\n", worktree: Some("a = mine\nb = old\n"), index: "a = 1\nb = old\n", after: Some("a = mine\nb = old\n"), same: true },
    Case { name: "nothing to fix", head: Some("a\n"), staged: "b\n", worktree: Some("c = old\n"), index: "b\n", after: Some("c = old\n"), same: true },
    Case { name: "worktree as in the last commit", head: Some("a\nb\n"), staged: "a = old\nb\n", worktree: Some("a\nb\n"), index: "a = new\nb\n", after: Some("a\nb\n"), same: false },
    Case { name: "several in one line", head: Some("a\n"), staged: "a = [old, old]\nb\n", worktree: Some("a = [old, old]\nmine\n"), index: "a = [new, new]\nb\n", after: Some("a = [new, new]\nmine\n"), same: true },
    Case { name: "a notebook", head: None, staged: "# Databricks notebook source\na = old\n\n# COMMAND ----------\n\nb = 1\n", worktree: Some("# Databricks notebook source\na = old\n\n# COMMAND ----------\n\nb = mine\n"), index: "# Databricks notebook source\na = new\n\n# COMMAND ----------\n\nb = 1\n", after: Some("# Databricks notebook source\na = new\n\n# COMMAND ----------\n\nb = mine\n"), same: true },
];

/// Lines that `git diff` adds and takes away, without places.
fn unstaged(toy: &Toy, path: &str) -> Vec<String> {
    let diff = toy.git(&["diff", "-U0", "--", path]);
    let is_line = |line: &&str| line.starts_with(['+', '-']) && !line.starts_with("+++") && !line.starts_with("---");
    diff.lines().filter(is_line).map(str::to_owned).collect()
}

#[test]
fn what_is_not_staged_stays_byte_by_byte() {
    let names: Vec<String> = (0..CASES.len()).map(|at| format!("src/case_{at}.py")).collect();
    let toy = Toy::new(&[("brickgate.toml", SETTINGS), ("own/old.md", PAGE)]);
    for (case, path) in CASES.iter().zip(&names) {
        if let Some(head) = case.head {
            toy.stage(path, head);
        }
    }
    toy.git(&["commit", "-qm", "cases"]);
    for (case, path) in CASES.iter().zip(&names) {
        toy.stage(path, case.staged);
        match case.worktree {
            Some(text) => toy.write(path, text),
            None => fs::remove_file(toy.top.join(path)).unwrap(),
        }
    }
    let before: Vec<Vec<String>> = names.iter().map(|path| unstaged(&toy, path)).collect();
    toy.brickgate(&["check", "--staged", "--fix"]).expect(0).warns("in 37 files").warns("your own changes");
    for ((case, path), before) in CASES.iter().zip(&names).zip(before) {
        let Case { name, index, after, same, .. } = case;
        assert_eq!(toy.staged(path), *index, "{name}: index");
        let worktree = fs::read(toy.top.join(path)).ok().map(|bytes| String::from_utf8(bytes).unwrap());
        assert_eq!(worktree.as_deref(), *after, "{name}: worktree");
        if *same {
            assert_eq!(unstaged(&toy, path), before, "{name}: what is not staged");
        }
    }
    toy.git(&["fsck", "--strict"]);
    toy.brickgate(&["check", "--staged", "--fix"]).expect(0).warns("nothing to fix");
}
