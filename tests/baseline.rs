//! `brickgate baseline` and what it does to a check: the real binary on small repositories.

use crate::toy::{Place, Ran};
use std::fs;
use std::process::Command;

const BASELINE: &str = ".brickgate-baseline.json";
const HEADER: &str = "# Databricks notebook source\n";
const CELL: &str = "\n# COMMAND ----------\n\n";
const MISSING: &str = "# MAGIC %run ./missing\n";

impl Ran {
    #[track_caller]
    fn finds(self, count: usize) -> Self {
        assert_eq!(self.out.lines().count(), count, "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

impl Place {
    fn baseline(&self) -> String {
        self.read(BASELINE)
    }

    fn check(&self, more: &[&str]) -> Ran {
        self.run(&[&["check", "--output-format", "concise"], more].concat())
    }
}

/// A notebook with two cells that run what is not there, and one that is right.
fn two_bad() -> Place {
    let place = Place::new(&[
        ("jobs/a.py", &format!("{HEADER}{MISSING}{CELL}x = 1\n{CELL}# MAGIC %run ./gone\n")),
        ("jobs/b.py", &format!("{HEADER}x = 1\n")),
    ]);
    place.check(&[]).expect(1).finds(2);
    place.run(&["baseline", "create"]).expect(0).warns("wrote .brickgate-baseline.json: 2 findings");
    place
}

#[test]
fn what_was_there_passes_and_what_is_new_fails() {
    let place = two_bad();
    place.check(&[]).expect(0).finds(0).warns("nothing found (2 in the baseline;");
    place.check(&["jobs/a.py"]).expect(0).finds(0);
    place.check(&["--no-baseline"]).expect(1).finds(2);
    let text = place.baseline();
    assert!(!text.contains("missing"), "code in the clear:\n{text}");
    assert_eq!(text.lines().count(), 2 + 6, "not one line an entry:\n{text}");

    place.write("jobs/b.py", format!("{HEADER}{MISSING}"));
    let ran = place.check(&[]).expect(1).finds(1).warns("1 error in 1 file (2 in the baseline;");
    assert!(ran.out.starts_with("jobs/b.py:2:"), "{}", ran.out);
    place.run(&["baseline", "create"]).expect(2).warns("baseline update");
    place.run(&["baseline", "update"]).expect(0).warns("3 findings, 1 added, 0 taken out");
    place.check(&[]).expect(0).warns("3 in the baseline");
}

#[test]
fn moved_lines_cells_and_files_are_still_known() {
    let place = two_bad();
    place.write("jobs/a.py", format!("{HEADER}# a title\n{CELL}# MAGIC %run ./gone\n{CELL}y = 2\n{CELL}{MISSING}"));
    place.check(&["--strict-baseline"]).expect(0).finds(0);

    fs::create_dir(place.top.join("daily")).unwrap();
    fs::rename(place.top.join("jobs/a.py"), place.top.join("daily/z.py")).unwrap();
    place.check(&["--strict-baseline"]).expect(0).finds(0).warns("2 in the baseline;");
    place.check(&["daily/z.py"]).expect(0).finds(0);
    let before = place.baseline();
    place.run(&["baseline", "prune"]).expect(0).warns("2 findings, 2 added, 2 taken out");
    assert_eq!(place.baseline(), before.replace("jobs/a.py", "daily/z.py"));
    place.check(&["--strict-baseline"]).expect(0).finds(0);
}

#[test]
fn what_is_mended_is_told_and_pruned() {
    let place = two_bad();
    place.write("jobs/a.py", format!("{HEADER}{MISSING}"));
    let gone = "gone, but still in .brickgate-baseline.json: jobs/a.py: run-not-found";
    place.check(&[]).expect(0).warns(gone).warns("1 in the baseline, 1 gone from it");
    place.check(&["--strict-baseline"]).expect(1).warns(gone);
    place.check(&["--strict-baseline", "--quiet"]).expect(1).warns(gone);
    // Nobody looked at it here.
    let ran = place.check(&["--strict-baseline", "jobs/b.py"]).expect(0);
    assert!(!ran.err.contains("gone"), "{}", ran.err);
    let ran = place.check(&["--strict-baseline", "--select", "bare-magic"]).expect(0);
    assert!(!ran.err.contains("gone"), "{}", ran.err);

    let shown = place.run(&["baseline", "show"]).expect(0).finds(2).warns("2 findings, 1 of them gone");
    assert!(
        shown.out.contains("jobs/a.py:2:") && shown.out.contains("gone: jobs/a.py: run-not-found"),
        "{}",
        shown.out
    );
    place.write("jobs/b.py", format!("{HEADER}# MAGIC %run ./new\n"));
    place.run(&["baseline", "prune"]).expect(0).warns("1 finding, 0 added, 1 taken out");
    place.check(&["--strict-baseline"]).expect(1).finds(1).warns("(1 in the baseline;");
    place.run(&["baseline", "prune"]).expect(0).warns("is as it should be: 1 finding");
    fs::remove_file(place.top.join("jobs/a.py")).unwrap();
    place.check(&["--strict-baseline"]).expect(1).warns("1 gone from it");
}

#[test]
fn one_more_of_the_same_is_one_finding() {
    let place = Place::new(&[("a.py", &format!("{HEADER}{MISSING}{CELL}{MISSING}"))]);
    place.run(&["baseline", "create"]).expect(0).warns("2 findings");
    place.write("a.py", format!("{HEADER}{MISSING}{CELL}{MISSING}{CELL}{MISSING}"));
    place.check(&[]).expect(1).finds(1).warns("2 in the baseline");
}

#[test]
fn a_baseline_that_cannot_be_used_stops_the_check() {
    let place = two_bad();
    let text = place.baseline();
    let conflict = text.replace("    {}", "<<<<<<< HEAD\n    {}\n=======\n>>>>>>> other");
    for (text, message) in [
        (text[..text.len() / 2].to_owned(), "is not valid JSON"),
        (text.replace("\"version\": 1", "\"version\": 99"), "has version 99"),
        (text.replace("\"version\": 1,", ""), "it has no `version`"),
        (conflict, ".brickgate-baseline.json:6: has a merge conflict in it"),
        (text.replace("\"occurrence\":1", "\"occurrence\":0"), "entry 1 is not one"),
        ("[]".to_owned(), "is not a baseline"),
    ] {
        place.write(BASELINE, &text);
        place.check(&[]).expect(2).finds(0).warns(message);
        place.check(&["--exit-zero"]).expect(2).warns(message);
        place.run(&["baseline", "update"]).expect(2).warns(message);
        assert_eq!(place.baseline(), text, "a file that was not understood was written");
        place.check(&["--no-baseline"]).expect(1).finds(2);
    }
    fs::remove_file(place.top.join(BASELINE)).unwrap();
    place.write(&format!("{BASELINE}/x"), "");
    place.check(&[]).expect(2).warns("is a folder");
}

#[test]
fn the_file_can_stand_elsewhere() {
    let place = two_bad();
    fs::create_dir(place.top.join("tools")).unwrap();
    fs::rename(place.top.join(BASELINE), place.top.join("tools/known.json")).unwrap();
    place.check(&[]).expect(1).finds(2);
    place.check(&["--baseline", "tools/known.json"]).expect(0);
    place.check(&["--baseline", "tools/none.json"]).expect(2).warns("tools/none.json: there is no such baseline");
    place.write("brickgate.toml", "baseline = \"tools/known.json\"\n");
    place.check(&[]).expect(0).warns("2 in the baseline");
    place.run(&["baseline", "update"]).expect(0).warns("tools/known.json is as it should be");
    place.write("brickgate.toml", "baseline = \"../known.json\"\n");
    place.check(&[]).expect(2).warns("`../known.json` is no file of the repository");
    place.write("brickgate.toml", "");
    place.write("jobs/brickgate.toml", "baseline = \"known.json\"\n");
    place.check(&[]).expect(2).warns("only read at its root");

    let elsewhere = tempfile::tempdir().unwrap();
    let file = elsewhere.path().join("b.json");
    fs::remove_file(place.top.join("jobs/brickgate.toml")).unwrap();
    place.run(&["baseline", "create", "--baseline", file.to_str().unwrap()]).expect(0);
    place.check(&["--baseline", file.to_str().unwrap()]).expect(0).warns("2 in the baseline");
}

#[test]
fn files_that_cannot_be_read_are_never_let_pass_nor_forgotten() {
    let place = two_bad();
    let good = fs::read(place.top.join("jobs/a.py")).unwrap();
    place.write("jobs/a.py", b"x = '\xff'\n");
    let before = place.baseline();
    place.check(&[]).expect(2).finds(1);
    place.run(&["baseline", "update"]).expect(2);
    place.run(&["baseline", "prune"]).expect(2);
    assert_eq!(place.baseline(), before);
    place.write("jobs/a.py", good);
    place.check(&["--strict-baseline"]).expect(0);
}

#[test]
fn the_same_repository_gives_the_same_file_and_branches_merge() {
    let bad = |name: &str| format!("{HEADER}# MAGIC %run ./{name}\n");
    let git = |place: &Place, args: &[&str]| {
        let mut command = Command::new("git");
        command.args(["-c", "user.name=t", "-c", "user.email=t@t", "-c", "commit.gpgsign=false"]).args(args);
        let output = command.current_dir(&place.top).env("GIT_CONFIG_NOSYSTEM", "1").env("HOME", &place.top).output();
        let output = output.unwrap();
        assert!(output.status.success(), "{args:?}: {}", String::from_utf8_lossy(&output.stdout));
    };
    let place = Place::new(&[]);
    fs::remove_dir_all(place.top.join(".git")).unwrap();
    git(&place, &["init", "-q", "-b", "main"]);
    for at in 0..9 {
        place.write(&format!("n{at}.py"), bad(&format!("m{at}")));
    }
    place.run(&["baseline", "create"]).expect(0);
    let first = place.baseline();
    fs::remove_file(place.top.join(BASELINE)).unwrap();
    place.run(&["baseline", "create"]).expect(0);
    assert_eq!(place.baseline(), first);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-qm", "one"]);
    git(&place, &["checkout", "-qb", "other"]);
    // At the end, and the last one: no other line may change for it.
    place.write("z.py", bad("z"));
    place.write("n1.py", "x = 1\n");
    place.run(&["baseline", "update"]).expect(0);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-qm", "two"]);
    git(&place, &["checkout", "-q", "main"]);
    place.write("a.py", bad("a"));
    place.write("n7.py", "x = 1\n");
    place.run(&["baseline", "update"]).expect(0);
    git(&place, &["add", "."]);
    git(&place, &["commit", "-qm", "three"]);
    git(&place, &["merge", "-q", "other"]);
    place.check(&["--strict-baseline"]).expect(0).finds(0).warns("9 in the baseline;");
}

#[test]
fn secrets_stay_out_of_it() {
    let token = format!("dapi{}{}", "3f9c1e7ab2d8406f", "95c3e1a7b8d24f60");
    let place = Place::new(&[("a.py", &format!("token = \"{token}\"\n"))]);
    place.check(&[]).expect(1).finds(1);
    place.run(&["baseline", "create"]).expect(0);
    let text = place.baseline();
    assert!(text.contains("secret-in-source") && !text.contains(&token[4..12]), "{text}");
    place.check(&[]).expect(0).finds(0);
}

#[test]
fn an_unchanged_or_clean_repository_is_not_written_to() {
    let place = Place::new(&[("a.py", "x = 1\n")]);
    place.run(&["baseline", "create"]).expect(0).warns("no baseline is needed");
    assert!(!place.top.join(BASELINE).exists());
    for command in ["update", "prune", "show"] {
        place.run(&["baseline", command]).expect(2).warns("there is no baseline");
    }
    place.check(&["--strict-baseline"]).expect(0);
}

/// A hundred thousand entries that have nothing to do with what is found: a pass over them, no more.
#[test]
fn a_huge_baseline_is_no_matter() {
    let place = two_bad();
    let text = place.baseline();
    let entry = "    {\"path\":\"old/AT.py\",\"rule\":\"run-not-found\",\"code\":\"0000\",\"occurrence\":1},\n";
    let more: Vec<String> = (0..100_000).map(|at| entry.replace("AT", &at.to_string())).collect();
    let more = more.concat();
    place.write(BASELINE, text.replace("    {}", &format!("{more}    {{}}")));
    place.check(&[]).expect(0).warns("2 in the baseline, 100000 gone from it").warns("and 99990 more");
    place.run(&["baseline", "prune"]).expect(0).warns("2 findings, 0 added, 100000 taken out");
    assert_eq!(place.baseline(), text);
}
