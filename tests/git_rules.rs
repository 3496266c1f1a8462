//! Rules about files as such, with the real binary in real worktrees: what git would see, and what it would not.

use crate::toy::Place;
use std::fs;
use std::process::Command;

const NOTEBOOK: &str = "# Databricks notebook source\nx = 1\n";

impl Place {
    /// The findings of a run, `path [rule]` each, and the exit code.
    #[track_caller]
    fn finds(&self, arguments: &[&str], expected: &[&str]) {
        let ran = self.run(&[&["check", "--output-format", "json", "--strict"], arguments].concat());
        let said = ran.err;
        let found: serde_json::Value = serde_json::from_str(&ran.out).unwrap_or_default();
        let found = found.as_array().unwrap_or_else(|| panic!("no findings: {said}"));
        let word = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let rows: Vec<String> =
            found.iter().map(|row| format!("{} [{}]", word(&row["filename"]), word(&row["code"]))).collect();
        assert_eq!(rows, expected, "{arguments:?}: {said}");
        assert_eq!(ran.code, Some(i32::from(!expected.is_empty())), "{said}");
    }
}

#[test]
fn what_git_ignores_is_not_looked_at() {
    let files = [
        (".env", "DATABRICKS_TOKEN=x\n"),
        (".databricks/bundle/dev/terraform.tfstate", "{}"),
        (".databricks/.gitignore", "*\n"),
        (".databricks/commit_outputs", "**\n"),
        ("app/.databrickscfg", "[DEFAULT]\nhost = x\n"),
        ("a.py", NOTEBOOK),
    ];
    let place = Place::new(&files);
    // The tool's own `.gitignore` hides all that stands beside it.
    place.finds(&[], &[".env [databricks-state-committed]", "app/.databrickscfg [databricks-state-committed]"]);
    fs::remove_file(place.top.join(".databricks/.gitignore")).unwrap();
    place.finds(
        &[],
        &[
            ".databricks [databricks-state-committed]",
            ".databricks/commit_outputs [outputs-committed]",
            ".env [databricks-state-committed]",
            "app/.databrickscfg [databricks-state-committed]",
        ],
    );
    place.write(".gitignore", ".env\n.databrickscfg\n.databricks/*\n!.databricks/commit_outputs\n");
    place.finds(&[], &[".databricks/commit_outputs [outputs-committed]"]);
}

#[test]
fn a_hook_names_files_of_any_kind() {
    let place = Place::new(&[
        (".env", "DATABRICKS_TOKEN=x\n"),
        ("README.md", "# x\n"),
        (".databricks/commit_outputs", "**\n"),
        (".databricks/project.json", "{}\n"),
        ("node_modules/x/.env", "A=1\n"),
        ("a.py", NOTEBOOK),
    ]);
    let hook = |paths: &[&str], expected: &[&str]| place.finds(&[&["--force-exclude"], paths].concat(), expected);
    hook(&["README.md"], &[]);
    hook(&["a.py", ".env", "README.md"], &[".env [databricks-state-committed]"]);
    hook(
        &[".databricks/commit_outputs", ".databricks/project.json"],
        &[".databricks [databricks-state-committed]", ".databricks/commit_outputs [outputs-committed]"],
    );
    hook(&["node_modules/x/.env"], &[]);
}

#[test]
fn settings_silence_what_has_no_comments() {
    let place = Place::new(&[
        (".env", "A=1\n"),
        ("docs/a: b.md", "x"),
        ("old/c: d.md", "x"),
        (".databricks/state.json", "{}"),
        ("brickgate.toml", "[[override]]\nfiles = [\"old\"]\nrules = { path-not-portable = \"off\" }\n"),
    ]);
    place.finds(
        &[],
        &[
            ".databricks [databricks-state-committed]",
            ".env [databricks-state-committed]",
            "docs/a: b.md [path-not-portable]",
        ],
    );
    place.write("brickgate.toml", "exclude = [\".databricks\", \"docs\", \"old\", \".env\"]\n");
    place.finds(&[], &[]);
}

#[test]
fn comments_silence_what_is_said_about_notebooks() {
    let ignore = "# brickgate: ignore-file[notebook-name-collision] both are needed\n";
    let place =
        Place::new(&[("a.py", &format!("# Databricks notebook source\n{ignore}x = 1\n")), ("a/b.py", "x = 1\n")]);
    place.finds(&[], &[]);
    place.finds(&["a.py"], &[]);
    fs::remove_dir_all(place.top.join("a")).unwrap();
    place.finds(&[], &["a.py [unused-ignore]"]);
}

#[test]
fn collisions_are_with_what_git_sees() {
    let place = Place::new(&[
        (".gitignore", "/report/\n/Lib/\n"),
        ("report.py", NOTEBOOK),
        ("report/out.csv", "1"),
        ("lib/a.py", "x = 1\n"),
        ("Lib/b.py", "x = 1\n"),
        ("jobs/daily.py", NOTEBOOK),
        ("jobs/daily.sql", "-- Databricks notebook source\nSELECT 1\n"),
        ("plain/daily.py", "x = 1\n"),
        ("plain/daily.sql", "SELECT 1\n"),
    ]);
    place.finds(&[], &["jobs/daily.sql [notebook-name-collision]"]);
    // Whichever is asked about hears of it.
    place.finds(&["jobs/daily.py"], &["jobs/daily.py [notebook-name-collision]"]);
    place.finds(&["jobs/daily.sql"], &["jobs/daily.sql [notebook-name-collision]"]);
    place.finds(&["report.py", "lib/a.py", "plain/daily.py"], &[]);
    place.write(".gitignore", "");
    place.finds(&["report.py"], &["report.py [notebook-name-collision]"]);
    place.finds(&["report/out.csv"], &["report.py [notebook-name-collision]"]);
    place.finds(&["lib/a.py"], &["lib [path-not-portable]"]);
}

#[test]
fn sizes_and_counts() {
    let place = Place::new(&[
        ("a.py", NOTEBOOK),
        ("data/x.csv", ""),
        ("brickgate.toml", "[rules]\ntoo-many-files = { max = 2 }\n"),
    ]);
    // Takes no room on disk.
    fs::File::options().write(true).open(place.top.join("data/x.csv")).unwrap().set_len(500_000_001).unwrap();
    place.finds(&[], &[". [too-many-files]", "data/x.csv [file-too-large]"]);
    place.finds(&["data/x.csv"], &["data/x.csv [file-too-large]"]);
    place.finds(&["data"], &["data/x.csv [file-too-large]"]);
    fs::File::options().write(true).open(place.top.join("data/x.csv")).unwrap().set_len(500_000_000).unwrap();
    place.write("brickgate.toml", "");
    place.finds(&[], &[]);
}

#[test]
fn submodules_and_pointers() {
    let modules = "[submodule \"a\"]\n\tpath = libs/a\n[submodule \"gone\"]\n\tpath = libs/gone\n";
    let pointer = format!(
        "version https://git-lfs.github.com/spec/v1\noid sha256:{}\nsize 12345\n",
        "4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393"
    );
    let place = Place::new(&[
        (".gitmodules", modules),
        ("libs/a/.git", "gitdir: ../../.git/modules/a\n"),
        ("libs/a/bad.py", "x = )\n"),
        ("data/m.bin", &pointer),
        ("data/long.bin", &format!("{pointer}{}", "x".repeat(2000))),
        ("lib/x.py", "x = 1\n"),
    ]);
    place.finds(&["lib", "data", ".gitmodules"], &[".gitmodules [submodule]", "data/m.bin [lfs-pointer]"]);
    place.finds(&["lib"], &[]);
}

#[test]
fn findings_about_files_go_into_the_baseline() {
    let place = Place::new(&[
        (".env", "A=1\n"),
        ("a: b.md", ""),
        ("brickgate.toml", "[rules]\ntoo-many-files = { max = 1 }\n"),
    ]);
    let create =
        Command::new(env!("CARGO_BIN_EXE_brickgate")).args(["baseline", "create"]).current_dir(&place.top).status();
    assert!(create.unwrap().success());
    place.finds(&["--strict-baseline"], &[]);
    place.write("c: d.md", "");
    place.finds(&[], &["c: d.md [path-not-portable]"]);
}

#[cfg(unix)]
#[test]
fn links_are_found_and_not_followed() {
    use std::os::unix::fs::symlink;
    let place = Place::new(&[("lib/a.py", "x = 1\n"), ("docs/x.md", "")]);
    symlink("../lib", place.top.join("docs/lib")).unwrap();
    symlink("a.py", place.top.join("lib/b.py")).unwrap();
    symlink("nowhere.md", place.top.join("docs/y.md")).unwrap();
    place.finds(&[], &["docs/lib [symlink]", "docs/y.md [symlink]", "lib/b.py [symlink]"]);
    place.finds(&["docs/y.md"], &["docs/y.md [symlink]"]);
    place.finds(&["lib/a.py"], &[]);
}
