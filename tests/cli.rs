//! The real binary on small repositories: exit codes, streams, what is read and what is written.

// Everything here is a test, but only functions that are marked as such are taken for one.

use crate::toy::{Place, finish};
use std::fs;
use std::process::Command;

const HEADER: &str = "# Databricks notebook source\n";

/// A notebook with one error in its second line, without a fix.
fn bad() -> String {
    format!("{HEADER}x = )\n")
}

/// A file with one error in its first line that a safe fix mends: it is meant to be a notebook, but its header is
/// in the wrong case.
fn slip() -> String {
    format!("{}x = 1\n\n# COMMAND ----------\n\ny = 2\n", HEADER.to_lowercase())
}

fn fixable() -> Place {
    Place::new(&[("main.py", &slip()), ("other.py", &format!("{HEADER}x = 1\n"))])
}

#[test]
fn exit_codes_say_how_it_went() {
    let place = Place::new(&[("good.py", "x = 1\n"), ("bad.py", &bad())]);
    place.run(&["check", "good.py"]).expect(0);
    place.run(&["check"]).expect(1).says("syntax-error").says("bad.py");
    place.run(&["check", "--exit-zero"]).expect(0).says("syntax-error");
    place.run(&["check", "bad.py", "none.py"]).expect(2).says("syntax-error").warns("none.py: no such file or folder");
    place.run(&["check", "--exit-zero", "none.py"]).expect(2);
    place.run(&["check", "--no-such-flag"]).expect(2).warns("--no-such-flag");
    place.run(&["check", "--select", "no-such-rule"]).expect(2).warns("no-such-rule");
    place.run(&["--version"]).expect(0).says(env!("CARGO_PKG_VERSION"));
    place.run(&["check", "--help"]).expect(0).says("--force-exclude");
    place.run(&[]).expect(2);
    place.run(&["rule", "secret"]).expect(2).warns("did you mean one of `secret-in-source`");
    place.run(&["help", "check"]).expect(0).says("--force-exclude");
}

#[test]
fn warnings_fail_only_when_strict() {
    let place = Place::new(&[("a.py", &bad())]);
    place.write("brickgate.toml", "[rules]\nsyntax-error = \"warning\"\n");
    place.run(&["check"]).expect(0).says("syntax-error");
    place.run(&["check", "--strict"]).expect(1);
}

#[test]
fn findings_go_to_stdout_and_the_rest_to_stderr() {
    let place = Place::new(&[("bad.py", &bad())]);
    let ran = place.run(&["check", "--output-format", "concise"]).expect(1).warns("1 error in 1 file");
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
    assert!(ran.out.starts_with("bad.py:2:"), "{}", ran.out);
    let ran = place.run(&["check", "--quiet"]).expect(1).says("syntax-error");
    assert_eq!(ran.err, "");
    let ran = place.run(&["check", "--output-format", "json"]).expect(1);
    let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(found[0]["code"], "syntax-error");
    assert_eq!(found[0]["filename"], "bad.py");
    place.run(&["check", "--statistics"]).expect(1).says("1").says("syntax-error");
    place.run(&["check", "-v"]).expect(1).warns("read in");
}

#[test]
fn paths_hold_from_the_working_directory_and_the_whole_repository_is_the_default() {
    let place = Place::new(&[("a/bad.py", &bad()), ("b/worse.py", &bad())]);
    place.run(&["check", "--output-format", "concise"]).expect(1).says("a/bad.py:2:").says("b/worse.py:2:");
    let ran = place.run_in(&place.at("a"), &["check", "--output-format", "concise"]).expect(1);
    let ran = ran.says("../b/worse.py:2:");
    assert!(ran.out.starts_with("bad.py:2:"), "{}", ran.out);
    assert_eq!(ran.out.lines().count(), 2, "{}", ran.out);
    let ran = place.run_in(&place.at("a"), &["check", "--output-format", "concise", "."]).expect(1);
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
}

#[test]
fn only_what_is_asked_for_is_reported_although_more_is_read() {
    let place = Place::new(&[("asked.py", &format!("{HEADER}# MAGIC %run ./lib/other\n")), ("lib/other.py", &bad())]);
    let ran = place.run(&["check", "asked.py"]).expect(0);
    assert!(!ran.out.contains("syntax-error"), "{}", ran.out);
}

#[test]
fn text_on_stdin_stands_for_its_file() {
    let place = Place::new(&[("nb/a.py", "x = 1\n"), ("nb/helpers.py", &format!("{HEADER}x = 1\n"))]);
    let concise = ["check", "--output-format", "concise", "--stdin-filename", "nb/a.py", "-"];
    place.stdin(&concise, bad()).expect(1).says("nb/a.py:2:");
    place.stdin(&concise, format!("{HEADER}# MAGIC %run ./helpers\n")).expect(0);
    place.stdin(&concise, format!("{HEADER}# MAGIC %run ./helper\n")).expect(1).says("run-not-found");
    let new = ["check", "--output-format", "concise", "--stdin-filename", "new/folder/b.py", "-"];
    place.stdin(&new, bad()).expect(1).says("new/folder/b.py:2:");
    place.stdin(&["check", "-"], "x").expect(2).warns("--stdin-filename");
    place.stdin(&["check", "--stdin-filename", "a.py", "-", "b.py"], "x").expect(2);
    assert_eq!(place.read("nb/a.py"), "x = 1\n");
}

#[test]
fn fixed_stdin_goes_to_stdout_and_findings_to_stderr() {
    let place = fixable();
    let arguments = ["check", "--fix", "--stdin-filename", "main.py", "-"];
    let text = slip() + "y = )\n";
    let ran = place.stdin(&arguments, &text).expect(1).warns("syntax-error");
    assert_eq!(ran.out, text.replace("# d", "# D"));
    let clean = format!("{HEADER}x = 1\n");
    assert_eq!(place.stdin(&arguments, &clean).expect(0).out, clean);
    let other = ["check", "--fix", "--stdin-filename", "notes.txt", "-"];
    assert_eq!(place.stdin(&other, "any\r\ntext").expect(0).out, "any\r\ntext");
    assert_eq!(place.read("main.py"), slip());
}

#[test]
fn diff_shows_and_changes_nothing() {
    let place = fixable();
    let ran = place.run(&["check", "--diff"]).expect(1).says("--- main.py\n+++ main.py\n");
    let ran = ran.says("-# databricks notebook source\n+# Databricks notebook source\n");
    ran.warns("would fix 1 finding in 1 file");
    assert_eq!(place.read("main.py"), slip());
    place.run(&["check", "--diff", "--exit-zero"]).expect(0);
    assert_eq!(place.run(&["check", "--diff", "other.py"]).expect(0).out, "");
}

#[test]
fn fixes_keep_line_ends_and_mode() {
    let place = fixable();
    place.write("main.py", slip().replace('\n', "\r\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(place.at("main.py"), fs::Permissions::from_mode(0o750)).unwrap();
    }
    place.run(&["check", "--fix"]).expect(0).warns("fixed 1 finding in 1 file");
    assert_eq!(place.read("main.py"), slip().replace("# d", "# D").replace('\n', "\r\n"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(fs::metadata(place.at("main.py")).unwrap().permissions().mode() & 0o777, 0o750);
    }
    place.run(&["check", "--fix"]).expect(0).warns("nothing to fix");
}

#[test]
fn excludes_and_ignored_files() {
    let place = Place::new(&[
        (".gitignore", "ignored.py\n"),
        ("brickgate.toml", "exclude = [\"vendor\"]\n"),
        ("ignored.py", &bad()),
        ("vendor/x.py", &bad()),
        ("good.py", "x = 1\n"),
    ]);
    place.run(&["check"]).expect(0);
    place.run(&["check", "vendor/x.py"]).expect(1);
    place.run(&["check", "ignored.py"]).expect(1);
    place.run(&["check", "--force-exclude", "vendor/x.py", "vendor"]).expect(0);
    assert_eq!(place.run(&["check", "--show-files"]).expect(0).out, "good.py\n");
    let ran = place.run(&["check", "--force-exclude", "--stdin-filename", "vendor/x.py", "-"]).expect(0);
    assert_eq!(ran.out, "");
    place.run(&["check", ".gitignore", "good.py"]).expect(0).warns(".gitignore: not a kind of file");
}

#[test]
fn faulty_settings_stop_the_check() {
    let place = Place::new(&[("a.py", "x = 1\n"), ("brickgate.toml", "exlude = []\ntarget-python = \"2.7\"\n")]);
    let ran = place.run(&["check"]).expect(2).warns("brickgate.toml:1:1").warns("brickgate.toml:2:");
    assert!(ran.err.contains("`exclude`"), "{}", ran.err);
    for arguments in [&["check"][..], &["check", "--fix"], &["check", "--diff"], &["check", "--output-format", "json"]]
    {
        let ran = place.run(arguments).expect(2);
        assert!(!ran.err.contains("found") && !ran.err.contains("fix") && ran.out.is_empty(), "{}{}", ran.err, ran.out);
    }
    place.run(&["check", "--isolated"]).expect(0);
    place.write("other.toml", "[rules]\n");
    place.run(&["check", "--config", "other.toml"]).expect(0);
    place.run(&["check", "--config", "none.toml"]).expect(2).warns("none.toml");
    place.run(&["check", "--isolated", "--show-settings"]).expect(0).says("target-python").says("default");
}

#[test]
fn colours_come_in_the_right_order() {
    let has_color = |place: &Place, arguments: &[&str]| place.run(arguments).out.contains('\x1b');
    let place = Place::new(&[("bad.py", &bad())]);
    assert!(!has_color(&place, &["check"]) && has_color(&place, &["check", "--color", "always"]));
    let place = place.with("FORCE_COLOR", "1");
    assert!(has_color(&place, &["check"]) && !has_color(&place, &["check", "--color", "never"]));
    let place = place.with("NO_COLOR", "1");
    assert!(!has_color(&place, &["check"]) && has_color(&place, &["check", "--color=always"]));
}

#[cfg(unix)]
#[test]
fn nobody_reading_is_no_error() {
    let place = Place::new(&[]);
    for at in 0..400 {
        place.write(&format!("n{at}.py"), bad());
    }
    let mut child = place.command(&place.top, &["check"]).spawn().unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    let err = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(1), "{err}");
    assert!(!err.contains("panic") && !err.contains("pipe"), "{err}");
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let place = Place::new(&[]);
    for at in 0..50 {
        place.write(&format!("n{at}.py"), if at % 3 == 0 { bad() } else { slip() });
    }
    let one = place.run(&["check", "--threads", "1", "--output-format", "json"]).expect(1);
    let four = place.run(&["check", "--threads", "4", "--output-format", "json"]).expect(1);
    assert_eq!(one.out, four.out);
    place.run(&["check", "--threads", "0"]).expect(2);
}

#[test]
fn repositories_inside_are_checked_as_their_own() {
    let place = Place::new(&[("a.py", &bad()), ("inner/.git/HEAD", ""), ("inner/b.py", &bad())]);
    place.write("inner/brickgate.toml", "[rules]\nsyntax-error = \"off\"\n");
    let ran = place.run(&["check"]).expect(1).says("a.py");
    assert!(!ran.out.contains("b.py"), "{}", ran.out);
    assert!(ran.err.contains("2 files checked"), "{}", ran.err);
    fs::remove_file(place.at("inner/brickgate.toml")).unwrap();
    place.run(&["check", "--output-format", "concise"]).expect(1).says("inner/b.py:2:");
}

#[test]
fn rule_pages_are_named_as_the_working_directory_sees_them() {
    let page = "# A print\n\n```toml rule\nsevrity = \"error\"\n```\n";
    let settings = "pages = [\"tools/brickgate\"]\n";
    let place =
        Place::new(&[("brickgate.toml", settings), ("tools/brickgate/no-print.md", page), ("sub/a.py", "x = 1\n")]);
    let sub = place.at("sub");
    let seen = "../tools/brickgate/no-print.md:4:1: error: unknown key `sevrity`";
    let ran = place.run_in(&sub, &["check"]).expect(2);
    assert!(ran.err.lines().any(|line| line.starts_with(seen)), "{}", ran.err);
    let ran = place.run_in(&sub, &["rules"]).expect(2);
    assert!(ran.err.lines().any(|line| line.starts_with(seen)), "{}", ran.err);
    let ran = place.run_in(&sub, &["test"]).expect(2);
    assert!(ran.out.lines().any(|line| line.starts_with(seen)), "{}", ran.out);
    let page = "# A print\n\n```toml rule\nseverity = \"error\"\napplies-to = [\"module\"]\nmessage = \"no\"\n```\n\nNobody reads it.\n\n\
                ```scm query\n(call) @here\n```\n\n```python a.py\nprint(1)\n```\n\n```python b.py\n```\n";
    place.write("tools/brickgate/no-print.md", page);
    let ran = place.run_in(&sub, &["test", "../tools"]);
    let expect = ["../tools/brickgate/no-print.md: failed", "../tools/brickgate/no-print.md:15: something is found"];
    assert!(expect.iter().all(|start| ran.out.lines().any(|line| line.starts_with(start))), "{}", ran.out);
}

/// Each is said clearly, with an exit code of its own, and all else is still checked.
#[test]
fn broken_files_do_not_stop_the_rest() {
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    let cases: &[(&str, &[u8], i32)] = &[
        ("utf8.py", b"x = '\xff'\n", 2),
        ("utf16.py", b"\xff\xfex\0", 2),
        ("nul.py", b"x = 1\0\0\n", 2),
        ("deep.py", deep.as_bytes(), 1),
        ("cut.ipynb", br#"{"cells": [{"cell_type": "code", "sou"#, 1),
        ("list.ipynb", b"[]", 1),
        ("databricks.yml", b"bundle: [\n", 1),
        ("databricks.yml", b"bundle: \"\\", 1),
    ];
    for (name, bytes, code) in cases {
        let place = Place::new(&[("other.py", &bad())]);
        place.write(name, bytes);
        let ran = place.run(&["check", "--output-format", "concise"]).expect(*code);
        let ran = ran.says("other.py:2:").says(&format!("{name}:"));
        assert!(!ran.err.contains("panick"), "{name}: {}", ran.err);
        place.run(&["check", name]).expect(*code).says(name);
    }
}

#[test]
fn a_bundle_may_end_in_a_block_without_a_line_end() {
    let place = Place::new(&[("databricks.yml", "bundle:\n  name: |\n    x"), ("other.py", &bad())]);
    let ran = place.run(&["check", "--output-format", "concise"]).expect(1).says("other.py:2:");
    assert_eq!(ran.out.lines().count(), 1, "{}", ran.out);
}

#[test]
fn a_huge_line_is_reported_and_not_read() {
    let place = Place::new(&[("other.py", &bad())]);
    place.write("huge.py", "x".repeat(50_000_000));
    place.run(&["check", "--output-format", "concise"]).expect(1).says("other.py:2:").says("huge.py:1:1");
}

#[cfg(unix)]
#[test]
fn odd_things_on_disk() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let place = Place::new(&[("other.py", &bad()), ("folder.py/inner.py", &bad())]);
    symlink("loop.py", place.at("loop.py")).unwrap();
    symlink("..", place.at("folder.py/up")).unwrap();
    let ran = place.run(&["check", "--output-format", "concise"]).expect(2);
    let ran = ran.says("other.py:2:").says("folder.py/inner.py:2:").says("loop.py").says("symbolic link");
    let links = ran.out.lines().filter(|line| line.ends_with("[symlink]")).count();
    assert_eq!((ran.out.lines().count(), links), (5, 2), "{}", ran.out);
    fs::remove_file(place.at("loop.py")).unwrap();

    let locked = place.at("locked.py");
    fs::write(&locked, "x = 1\n").unwrap();
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o0)).unwrap();
    // Root can read it all the same.
    if fs::read(&locked).is_err() {
        place.run(&["check", "--output-format", "concise"]).expect(2).says("locked.py").says("permission denied");
    }
    fs::remove_file(&locked).unwrap();

    let made = Command::new("mkfifo").arg(place.at("pipe.py")).status();
    if made.is_ok_and(|status| status.success()) {
        place.run(&["check"]).expect(1).warns("pipe.py: skipped");
        place.run(&["check", "pipe.py"]).expect(2).says("pipe.py");
    }
}

#[test]
fn the_environment_can_name_the_worktree() {
    let place =
        Place::new(&[("sub/a.py", &format!("{HEADER}# MAGIC %run ../top\n")), ("top.py", &format!("{HEADER}x = 1\n"))]);
    fs::remove_dir_all(place.at(".git")).unwrap();
    let sub = place.at("sub");
    place.run_in(&sub, &["check"]).says("run-outside-repository");
    let mut command = place.command(&sub, &["check"]);
    command.env("GIT_DIR", "/nowhere").env("GIT_WORK_TREE", "..");
    finish(command, b"").expect(0).warns("nothing found");
}

#[test]
fn what_makes_a_parser_fail_costs_only_its_own_place() {
    let place = Place::new(&[
        ("bad.py", &format!("{HEADER}[)\n;\n\n# COMMAND ----------\n\n# MAGIC %run ./nowhere\n")),
        ("databricks.yml", "bundle:\n  name: x\n  uuid: >\n    a\n    b"),
        ("good.py", "x = (\n"),
    ]);
    let ran = place.run(&["check", "--output-format", "concise"]).expect(1);
    ran.says("bad.py:2:1: error: not valid Python: ").says("no `nowhere`").says("good.py:1:5: error: ");
}

#[cfg(unix)]
#[test]
fn settings_that_never_end_are_refused_and_unreachable_ones_are_none() {
    let place = Place::new(&[("a.py", "x = 1\n")]);
    place.run(&["check", "--config", "/dev/zero"]).expect(2).warns("too large");
    // The folder of this one cannot be entered, so nothing stands in it.
    let deep = "d/".repeat(3000) + "x.py";
    let ran = place.stdin(&["check", "--stdin-filename", &deep, "-"], "x = 1\n");
    assert!(!ran.err.contains("brickgate.toml"), "{}", ran.err);
}
