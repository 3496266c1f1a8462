//! What stands in git's own folder and in a user's home: attributes beside the files, and what is remembered of blobs
//! from one run to the next.

use super::toy::{Ran, Toy};
use std::fs;

const HEADER: &str = "# Databricks notebook source\n";

fn check(toy: &Toy, args: &[&str]) -> Ran {
    toy.brickgate(&[&["check", "--output-format", "concise"], args].concat())
}

/// A helper that reads a name which its many callers bind, and one that nobody binds.
fn with_callers() -> Toy {
    let helper = format!("{HEADER}def net(x):\n    return x * rate + nobody\n");
    let callers: Vec<(String, String)> = (0..45)
        .map(|at| {
            let text = format!("{HEADER}rate = {at}\n\n# COMMAND ----------\n\n# MAGIC %run ../lib/helper\n\n# COMMAND ----------\n\nprint(net({at}))\n");
            (format!("jobs/nb{at}.py"), text)
        })
        .collect();
    let mut files = vec![("lib/helper.py", &*helper), ("lib/other.py", "nobody_else = 1\n"), ("a.yml", "x: 1\n")];
    files.extend(callers.iter().map(|(path, text)| (&**path, &**text)));
    Toy::new(&files)
}

#[test]
fn what_is_remembered_changes_no_answer() {
    let toy = with_callers();
    let kept = toy.top.join(".git/brickgate/looks");
    let same = |what: &str| {
        let _ = fs::remove_file(&kept);
        let fresh = check(&toy, &["--staged"]);
        assert!(kept.exists(), "{what}: nothing is remembered");
        let again = check(&toy, &["--staged"]);
        assert_eq!((fresh.code, &fresh.out), (again.code, &again.out), "{what}");
        again
    };
    toy.stage("lib/helper.py", format!("{HEADER}def net(x):\n    return x * rate + nobody  # why\n"));
    same("callers bind").expect(1).says("`nobody`").silent_on("`rate`");
    // Blobs that are new since then are looked at.
    let remembered = fs::read(&kept).unwrap();
    toy.stage("jobs/nb7.py", format!("{HEADER}rat = 1\n\n# COMMAND ----------\n\n# MAGIC %run ../lib/helper\n\n# COMMAND ----------\n\nprint(net(7))\n"));
    let now = check(&toy, &["--staged"]).says("`rate`");
    assert_eq!(now.out, same("one does not").out);
    // So are files that lost a name, and those who used it.
    toy.stage("lib/helper.py", format!("{HEADER}def gross(x):\n    return x\n"));
    let now = check(&toy, &["--staged"]).says("jobs/nb3.py").says("`net`");
    assert_eq!(now.out, same("a name is gone").out);
    // What is damaged counts for nothing.
    for damaged in [&b"nonsense"[..], &remembered[..remembered.len() - 1], &[]] {
        fs::write(&kept, damaged).unwrap();
        assert_eq!(check(&toy, &["--staged"]).out, now.out);
    }
    // It is no part of the worktree, and all worktrees share it.
    toy.git(&["commit", "-qnm", "done"]);
    assert_eq!(toy.git(&["status", "--porcelain"]), "");
    let linked = toy.around().join("linked");
    toy.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    fs::write(linked.join("lib/helper.py"), format!("{HEADER}def tare(x):\n    return x\n")).unwrap();
    toy.git_in(&linked, &["add", "."]).expect(0);
    fs::remove_file(&kept).unwrap();
    toy.brickgate_in(&linked, &["check", "--staged"], "").expect(0).says("`tare`");
    assert!(kept.exists() && !toy.top.join(".git/worktrees/linked/brickgate").exists());
}

#[test]
fn attributes_beside_the_files_count_as_in_git() {
    let bad = format!("{HEADER}x = )\n");
    let names = ["info.py", "user.py", "mine.py", "shared.py", "plain.py"];
    let mut files: Vec<(&str, &str)> = names.iter().map(|name| (*name, &*bad)).collect();
    files.push((".gitattributes", "shared.py linguist-generated\nmine.py -linguist-generated\n"));
    let toy = Toy::new(&files);
    let said = |args: &[&str]| {
        let out = check(&toy, args).out;
        names.into_iter().filter(|name| out.contains(name)).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(said(&[]), "info.py user.py mine.py plain.py");
    toy.write(".git/info/attributes", "info.py linguist-generated\nshared.py !linguist-generated\n");
    // Without a setting, git reads this one.
    let home = toy.around().join(".config/git");
    fs::create_dir_all(&home).unwrap();
    fs::write(home.join("attributes"), "user.py binary\nmine.py binary linguist-generated\n").unwrap();
    for args in [&[][..], &["--rev", "HEAD"]] {
        assert_eq!(said(args), "shared.py plain.py", "{args:?}");
    }
    toy.git(&["config", "core.attributesFile", "~/own"]);
    fs::write(toy.around().join("own"), "plain.py linguist-generated\nmine.py linguist-generated\n").unwrap();
    for args in [&[][..], &["--rev", "HEAD"]] {
        assert_eq!(said(args), "user.py mine.py shared.py", "{args:?}");
    }
}

#[test]
fn line_ends_of_all_attributes_count_for_formatting() {
    let toy =
        Toy::new(&[("a.py", "# Databricks notebook source\nx=1\n"), ("b.py", "# Databricks notebook source\nx=1\n")]);
    toy.write(".git/info/attributes", "a.py eol=crlf\n");
    toy.brickgate(&["format"]).expect(0);
    assert_eq!(toy.read("a.py"), "# Databricks notebook source\r\nx = 1\r\n");
    assert_eq!(toy.read("b.py"), "# Databricks notebook source\nx = 1\n");
}
