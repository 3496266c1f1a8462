//! Fixing what is staged, with the real `git`: what becomes of the index, of the worktree, and of what is not staged.

use crate::toy::{PAGE, SETTINGS, Toy};
use std::fs;

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
    Case { name: "between two fixes", head: Some("a\nb\n"), staged: "a = old\nb = old\n", worktree: Some("a = old\nmine\nb = old\n"), index: "a = new\nb = new\n", after: Some("a = new\nmine\nb = new\n"), same: true },
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

/// A repository with the rule, and this in its attributes or settings.
fn with(config: &[(&str, &str)], files: &[(&str, &str)]) -> Toy {
    let toy = Toy::new(&[("brickgate.toml", SETTINGS), ("own/old.md", PAGE)]);
    for (key, value) in config {
        toy.git(&["config", key, value]);
    }
    for (path, text) in files {
        toy.commit(path, text);
    }
    toy
}

fn fix(toy: &Toy) -> crate::toy::Ran {
    toy.brickgate(&["check", "--staged", "--fix"])
}

#[test]
fn line_ends_of_the_checkout_stay() {
    let toy = with(&[("core.autocrlf", "true")], &[]);
    toy.stage("a.py", "a = old\r\nb\r\n");
    toy.write("a.py", "a = old\r\nmine\r\n");
    fix(&toy).expect(0);
    assert_eq!((&*toy.staged("a.py"), &*toy.read("a.py")), ("a = new\nb\n", "a = new\r\nmine\r\n"));
    toy.stage("b.py", "a = old\r\n");
    fix(&toy).expect(0);
    assert_eq!((&*toy.staged("b.py"), &*toy.read("b.py")), ("a = new\n", "a = new\r\n"));
    toy.commit(".gitattributes", "*.py text eol=crlf\n");
    toy.stage("c.py", "a = old\r\nb = old\r\n");
    toy.write("c.py", "a = old\r\nb = mine\r\n");
    fix(&toy).expect(0);
    assert_eq!((&*toy.staged("c.py"), &*toy.read("c.py")), ("a = new\nb = new\n", "a = new\r\nb = mine\r\n"));
}

#[test]
fn filters_are_gone_through() {
    // A filter that can be undone: every line has a mark in the worktree.
    let marks = [("filter.marks.clean", "sed 's/#m$//'"), ("filter.marks.smudge", "sed 's/$/#m/'")];
    let toy = with(&marks, &[(".gitattributes", "*.py filter=marks\n")]);
    toy.stage("a.py", "a = old#m\nb#m\n");
    assert_eq!(toy.staged("a.py"), "a = old\nb\n");
    toy.write("a.py", "a = old#m\nmine#m\n");
    fix(&toy).expect(0);
    assert_eq!((&*toy.staged("a.py"), &*toy.read("a.py")), ("a = new\nb\n", "a = new#m\nmine#m\n"));
    // One that takes something away for good: what only the worktree has stays there.
    let strips = [("filter.strips.clean", "grep -v secret"), ("filter.strips.smudge", "cat")];
    let toy = with(&strips, &[(".gitattributes", "*.py filter=strips\n")]);
    toy.stage("a.py", "a = old\nsecret = 1\nb\n");
    assert_eq!(toy.staged("a.py"), "a = old\nb\n");
    fix(&toy).expect(0);
    assert_eq!((&*toy.staged("a.py"), &*toy.read("a.py")), ("a = new\nb\n", "a = new\nsecret = 1\nb\n"));
    // One that fails leaves all as it is.
    toy.stage("b.py", "b = old\n");
    toy.git(&["config", "filter.strips.clean", "false"]);
    toy.git(&["config", "filter.strips.required", "true"]);
    toy.write("b.py", "b = old\nmine\n");
    fix(&toy).expect(2).warns("nothing was fixed");
    assert_eq!((&*toy.staged("b.py"), &*toy.read("b.py")), ("b = old\n", "b = old\nmine\n"));
}

#[test]
fn before_the_first_commit_and_renamed() {
    let toy = Toy::with(&["-b", "main"], &[]);
    for (path, text) in [("brickgate.toml", SETTINGS), ("own/old.md", PAGE), ("a.py", "a = old\nb\n")] {
        toy.stage(path, text);
    }
    toy.write("a.py", "a = old\nmine\n");
    fix(&toy).expect(0);
    assert_eq!((&*toy.staged("a.py"), &*toy.read("a.py")), ("a = new\nb\n", "a = new\nmine\n"));
    toy.git(&["commit", "-qm", "first"]);
    toy.git(&["checkout", "--", "a.py"]);
    let text = "1\n2\n3\n4\n5\n6\na = old\n";
    toy.commit("c.py", text);
    toy.git(&["mv", "c.py", "d.py"]);
    toy.write("d.py", format!("{text}mine\n"));
    fix(&toy).expect(0);
    assert_eq!(toy.staged("d.py"), text.replace("old", "new"));
    assert_eq!(toy.read("d.py"), format!("{}mine\n", text.replace("old", "new")));
    assert_eq!(toy.git(&["ls-files", "c.py"]), "");
}

#[cfg(unix)]
#[test]
fn modes_links_and_what_stands_in_the_place() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let toy = with(&[], &[]);
    for path in ["run.py", "link.py", "folder.py", "locked.py", "lib/deep.py"] {
        toy.write(path, "a = old\n");
    }
    let at = |path: &str| toy.top.join(path);
    fs::set_permissions(at("run.py"), fs::Permissions::from_mode(0o755)).unwrap();
    symlink("run.py", at("alias.py")).unwrap();
    toy.git(&["add", "."]);
    toy.write("coming.py", "a = old\n");
    toy.git(&["add", "-N", "coming.py"]);
    fs::remove_file(at("link.py")).unwrap();
    toy.write("outside.txt", "a = old\n");
    symlink("outside.txt", at("link.py")).unwrap();
    fs::remove_file(at("folder.py")).unwrap();
    fs::create_dir(at("folder.py")).unwrap();
    fs::set_permissions(at("locked.py"), fs::Permissions::from_mode(0o444)).unwrap();
    fs::rename(at("lib"), at("elsewhere")).unwrap();
    symlink("elsewhere", at("lib")).unwrap();
    fix(&toy).expect(0).warns("locked.py: fixed as it is staged, but not in your folder: is read-only");
    for path in ["run.py", "link.py", "folder.py", "locked.py", "lib/deep.py"] {
        assert_eq!(toy.staged(path), "a = new\n", "{path}");
    }
    assert_eq!(toy.staged("alias.py"), "run.py");
    assert!(toy.git(&["ls-files", "-s", "run.py"]).starts_with("100755 "));
    assert_eq!(fs::metadata(at("run.py")).unwrap().permissions().mode() & 0o777, 0o755);
    let read = |path: &str| toy.read(path);
    assert_eq!(read("run.py"), "a = new\n");
    assert_eq!(read("outside.txt"), "a = old\n", "what a link leads to is not the staged file");
    assert_eq!(read("elsewhere/deep.py"), "a = old\n");
    assert_eq!(read("coming.py"), "a = old\n");
    assert_eq!(read("locked.py"), "a = old\n");
    assert!(at("folder.py").is_dir());
    assert!(toy.git(&["status", "--porcelain", "coming.py"]).starts_with(" A"));
}

#[test]
fn from_a_folder_inside_and_by_name() {
    let toy = with(&[], &[]);
    toy.stage("jobs/a.py", "a = old\n");
    toy.stage("b.py", "b = old\n");
    let jobs = toy.top.join("jobs");
    toy.brickgate_in(&jobs, &["check", "--staged", "--fix", "a.py"], "").expect(0);
    assert_eq!((&*toy.staged("jobs/a.py"), &*toy.read("jobs/a.py")), ("a = new\n", "a = new\n"));
    assert_eq!(toy.staged("b.py"), "b = old\n");
    toy.brickgate(&["check", "--staged", "--fix", "--diff"]).expect(1).says("+b = new");
    assert_eq!(toy.staged("b.py"), "b = old\n");
}

#[test]
fn an_index_that_is_locked_or_hidden_stays() {
    let toy = with(&[], &[]);
    toy.stage("a.py", "a = old\n");
    toy.write(".git/index.lock", "");
    fix(&toy).expect(2).warns("nothing was fixed").warns("index.lock");
    fs::remove_file(toy.top.join(".git/index.lock")).unwrap();
    assert_eq!((&*toy.staged("a.py"), &*toy.read("a.py")), ("a = old\n", "a = old\n"));
    toy.git(&["update-index", "--skip-worktree", "a.py"]);
    fix(&toy).expect(2).warns("git was told not to look at it");
    assert!(toy.git(&["ls-files", "-v", "a.py"]).starts_with('S'));
    assert_eq!(toy.staged("a.py"), "a = old\n");
}

#[test]
fn every_format_of_repository() {
    for (init, config) in [
        (&["--object-format=sha256"][..], &[][..]),
        (&["--ref-format=reftable"][..], &[][..]),
        (&[][..], &["core.splitIndex", "true"][..]),
        (&[][..], &["index.version", "4"][..]),
    ] {
        let toy = Toy::with(init, &[("brickgate.toml", SETTINGS), ("own/old.md", PAGE)]);
        if let [key, value] = config {
            toy.git(&["config", key, value]);
            toy.git(&["update-index", "--force-write-index"]);
        }
        toy.stage("a.py", "a = old\nb\n");
        toy.write("a.py", "a = old\nmine\n");
        fix(&toy).expect(0);
        assert_eq!((&*toy.staged("a.py"), &*toy.read("a.py")), ("a = new\nb\n", "a = new\nmine\n"), "{init:?}");
        toy.git(&["fsck", "--strict"]);
    }
}

#[test]
fn json_stays_json() {
    let toy = with(&[], &[]);
    let notebook = |source: &str, outputs: &str| {
        format!(
            "{{\n \"cells\": [\n  {{\n   \"cell_type\": \"code\",\n   \"execution_count\": 1,\n   \"metadata\": {{}},\n   \
             \"outputs\": {outputs},\n   \"source\": [\n{source}\n   ]\n  }}\n ],\n \"metadata\": {{\n  \"language_info\": \
             {{\n   \"name\": \"python\"\n  }}\n }},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}}\n"
        )
    };
    let (old, new) = ("    \"a = old\\n\",\n    \"b\"", "    \"a = new\\n\",\n    \"b\"");
    toy.stage("n.ipynb", notebook(old, "[]"));
    // Run again since: the outputs are not staged.
    let outputs =
        "[\n    {\n     \"name\": \"stdout\",\n     \"output_type\": \"stream\",\n     \"text\": []\n    }\n   ]";
    toy.write("n.ipynb", notebook(old, outputs));
    fix(&toy).expect(0);
    assert_eq!(toy.staged("n.ipynb"), notebook(new, "[]"));
    assert_eq!(toy.read("n.ipynb"), notebook(new, outputs));
}

#[test]
fn what_is_staged_is_formatted() {
    let toy = with(&[], &[]);
    toy.stage("a.py", "a = 'x'\nb  =  1\nc = [1,2]\n");
    toy.write("a.py", "a = 'x'\nb  =  'mine'\nc = [1,2]\n");
    toy.brickgate(&["format", "--staged", "--check"]).expect(1).says("would reformat a.py");
    assert_eq!(toy.staged("a.py"), "a = 'x'\nb  =  1\nc = [1,2]\n");
    toy.brickgate(&["format", "--staged"]).expect(0).warns("1 file reformatted").warns("your own changes");
    assert_eq!(toy.staged("a.py"), "a = \"x\"\nb = 1\nc = [1, 2]\n");
    assert_eq!(toy.read("a.py"), "a = \"x\"\nb  =  'mine'\nc = [1, 2]\n");
    toy.stage("b.py", "b = old\nc  =  1\n");
    toy.brickgate(&["check", "--staged", "--fix", "--format"]).expect(0);
    assert_eq!((&*toy.staged("b.py"), &*toy.read("b.py")), ("b = new\nc = 1\n", "b = new\nc = 1\n"));
    toy.git(&["commit", "-qm", "formatted"]);
    toy.stage("brickgate.toml", format!("{SETTINGS}[hook]\nformat = true\n"));
    toy.git(&["commit", "-qm", "settings"]);
    toy.brickgate(&["hook", "install"]).expect(0);
    toy.stage("d.py", "d  =  1\n");
    toy.git(&["commit", "-qm", "by the hook"]);
    assert_eq!(toy.git(&["show", "HEAD:d.py"]), "d = 1\n");
    assert_eq!(toy.git(&["status", "--porcelain"]), " M a.py\n");
}
