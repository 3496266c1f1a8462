//! Snapshots of git, with the real `git`: what is staged, any commit, and what changed.

use super::toy::{Ran, Toy};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

const HEADER: &str = "# Databricks notebook source\n";

/// A notebook that runs another.
fn runs(target: &str) -> String {
    format!("{HEADER}# MAGIC %run {target}\n")
}

/// A notebook with an error in line 2.
fn bad() -> String {
    format!("{HEADER}x = )\n")
}

fn good() -> String {
    format!("{HEADER}x = 1\n")
}

/// The commands of a repository in another folder.
struct View<'a> {
    toy: &'a Toy,
    folder: PathBuf,
}

impl Toy {
    fn at(&self, folder: &Path) -> View<'_> {
        View { toy: self, folder: folder.to_owned() }
    }

    fn check(&self, args: &[&str]) -> Ran {
        self.at(&self.top).check(args)
    }
}

impl View<'_> {
    fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.folder.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn try_git(&self, args: &[&str]) -> Ran {
        self.toy.git_in(&self.folder, args)
    }

    #[track_caller]
    fn git(&self, args: &[&str]) -> String {
        self.try_git(args).expect(0).out.trim().to_owned()
    }

    fn check(&self, args: &[&str]) -> Ran {
        self.toy.brickgate_in(&self.folder, &[&["check", "--output-format", "concise"], args].concat(), "")
    }
}

#[test]
fn a_staged_caller_sees_the_staged_helper() {
    let toy = Toy::new(&[("lib/old.py", &good())]);
    toy.stage("jobs/daily.py", runs("../lib/new"));
    toy.write("lib/new.py", good());
    toy.check(&[]).expect(0);
    toy.check(&["--staged"]).expect(1).says("jobs/daily.py:2:").says("[run-not-found]");
    toy.git(&["add", "lib/new.py"]);
    fs::remove_file(toy.top.join("lib/new.py")).unwrap();
    toy.write("jobs/daily.py", bad());
    toy.check(&["--staged"]).expect(0).warns("2 files checked");
    toy.check(&[]).expect(1).says("[syntax-error]");
    // From a folder inside, paths are as seen from there.
    toy.stage("jobs/daily.py", bad());
    toy.at(&toy.top.join("jobs")).check(&["--staged"]).expect(1).says("daily.py:2:").silent_on("jobs/");
}

#[test]
fn only_staged_files_are_asked() {
    let toy = Toy::new(&[("old.py", &bad()), ("changed.py", &good())]);
    toy.check(&["--staged"]).expect(0).warns("nothing to check");
    toy.write("changed.py", bad());
    toy.check(&["--staged"]).expect(0);
    toy.git(&["add", "."]);
    toy.check(&["--staged"]).expect(1).says("changed.py").silent_on("old.py");
    toy.check(&["--staged", "old.py"]).expect(0);
    toy.check(&["--staged", "changed.py"]).expect(1);
    toy.check(&["--staged", "none.py"]).expect(2).warns("none.py: no such file or folder");
    toy.check(&["--staged", "/tmp"]).expect(2).warns("not in the repository");
    // A file that is only said to come is not part of the commit.
    toy.git(&["reset", "-q"]);
    toy.git(&["checkout", "-q", "changed.py"]);
    toy.write("later.py", bad());
    toy.git(&["add", "-N", "later.py"]);
    toy.check(&["--staged"]).expect(0);
}

#[test]
fn the_first_commit() {
    let toy = Toy::new(&[]);
    toy.check(&["--staged"]).expect(0);
    toy.stage("a/b/c.py", runs("./d"));
    toy.check(&["--staged"]).expect(1).says("a/b/c.py:2:");
    toy.stage("a/b/d.py", good());
    toy.check(&["--staged"]).expect(0).warns("2 files checked");
    toy.check(&["--rev", "HEAD"]).expect(2).warns("no commit");
    toy.check(&["--since", "HEAD"]).expect(2).warns("HEAD");
}

#[test]
fn what_is_gone_breaks_its_callers() {
    let caller = runs("./helper");
    let other = format!("{HEADER}# MAGIC %run ./never\n");
    let toy = Toy::new(&[("helper.py", &good()), ("caller.py", &caller), ("other.py", &other), ("far.py", &bad())]);
    toy.git(&["rm", "-q", "helper.py"]);
    for flags in [&["--staged"][..], &["--since", "HEAD"], &["--since", "main", "--staged"]] {
        toy.check(flags).expect(1).says("caller.py:2:").says("[run-not-found]").silent_on("other").silent_on("far");
    }
    // Narrowed to what is not there any more, callers still count.
    toy.check(&["--staged", "helper.py"]).expect(1).says("caller.py:2:");
    toy.check(&["--staged", "far.py"]).expect(0);
    toy.git(&["commit", "-qm", "gone"]);
    toy.check(&["--rev", "HEAD", "--since", "HEAD^"]).expect(1).says("caller.py:2:").silent_on("other.py");
    toy.check(&["--rev", "HEAD"]).expect(1).says("caller.py").says("other.py").says("far.py");
    toy.check(&["--rev", "HEAD^"]).expect(1).silent_on("caller.py").says("other.py");
}

#[test]
fn renames() {
    let long = (0..30).map(|at| format!("x{at} = {at}")).collect::<Vec<_>>().join("\n") + "\n";
    let helper = format!("{HEADER}{long}");
    let toy =
        Toy::new(&[("lib/helper.py", &helper), ("caller.py", &runs("./lib/helper")), ("old.py", &(bad() + &long))]);
    toy.git(&["mv", "lib/helper.py", "lib/tools.py"]);
    toy.check(&["--staged"]).expect(1).says("caller.py:2:").says("[run-not-found]");
    toy.stage("caller.py", runs("./lib/tools"));
    toy.check(&["--staged"]).expect(0);
    // A finding that moved along with its file is not new; for the commit all of the file counts.
    toy.git(&["mv", "old.py", "new.py"]);
    toy.check(&["--staged"]).expect(1).says("new.py:2:");
    toy.check(&["--since", "HEAD"]).expect(0);
    toy.write("new.py", bad() + &long + "\n# COMMAND ----------\n\ny = )\n");
    toy.check(&["--since", "HEAD"]).expect(1).says("new.py:36:").silent_on("new.py:2:");
}

#[test]
fn folders_come_and_go() {
    let toy =
        Toy::new(&[("a/one.py", &good()), ("b.py", &good()), ("calls.py", &runs("./a/one")), ("c/d/e.py", &good())]);
    toy.git(&["rm", "-q", "-r", "a", "b.py", "c"]);
    toy.stage("a", "a file now\n");
    toy.stage("b.py/inner.py", bad());
    toy.stage("c.py", runs("./c/d/e"));
    let ran = toy.check(&["--staged"]).expect(1).says("b.py/inner.py:2:").says("calls.py:2:").says("c.py:2:");
    assert_eq!(ran.out.lines().count(), 3, "{}", ran.out);
}

#[test]
fn a_helper_that_is_no_notebook_any_more() {
    let toy = Toy::new(&[("helper.py", &good()), ("caller.py", &runs("./helper")), ("z.py", &bad())]);
    toy.stage("helper.py", "x = 1\n");
    toy.check(&["--staged"]).expect(1).says("caller.py:2:").silent_on("z.py");
    toy.stage("helper.py", good() + "y = 2\n");
    toy.check(&["--staged"]).expect(0);
}

#[test]
fn a_helper_that_loses_a_function() {
    let helper = format!("{HEADER}def clean(frame):\n    return frame\n\n\ndef other(frame):\n    return frame\n");
    let caller =
        |name: &str| format!("{HEADER}# MAGIC %run ./{name}\n\n# COMMAND ----------\n\nprint(clean(1), unknown)\n");
    let toy = Toy::new(&[
        ("helper.py", &helper),
        ("middle.py", &runs("./helper")),
        ("near.py", &caller("helper")),
        ("far.py", &caller("middle")),
        ("apart.py", &format!("{HEADER}print(missing)\n")),
        ("lib/tools.py", "def mend(x):\n    return x\n"),
        ("imports.py", &format!("{HEADER}from lib.tools import mend\nprint(mend(1))\n")),
    ]);
    toy.check(&[]).expect(1).says("`unknown`").says("apart.py").silent_on("clean").silent_on("mend");
    toy.stage("helper.py", helper.replace("def clean", "def clear"));
    for flags in [&["--staged"][..], &["--since", "HEAD"]] {
        // Both callers break, and what was wrong with them before is not said.
        let ran = toy.check(flags).expect(1).says("near.py:6:7:").says("far.py:6:7:").silent_on("unknown");
        ran.silent_on("apart.py").silent_on("helper.py:");
    }
    // What is only changed inside, or added, breaks nobody.
    toy.stage("helper.py", helper.replace("return frame", "return frame + 1") + "\n\ndef third():\n    return 1\n");
    toy.check(&["--staged"]).expect(0).warns("1 file checked");
    toy.stage("lib/tools.py", "def mended(x):\n    return x\n");
    toy.check(&["--staged"]).expect(1).says("imports.py:2:");
}

#[test]
fn files_that_are_not_read_count_by_name() {
    let toy = Toy::new(&[("a.py", &good())]);
    toy.stage("dir/data:old.csv", "1\n");
    for flags in [&["--staged"][..], &["--since", "HEAD"], &["--rev", "HEAD", "--since", "HEAD^"]] {
        if flags.contains(&"--rev") {
            toy.git(&["commit", "-qm", "data"]);
        }
        toy.check(flags).says("dir/data:old.csv").says("[path-not-portable]");
    }
    toy.check(&["--since", "HEAD"]).silent_on("data:old");
    toy.check(&["--rev", "HEAD"]).says("data:old");
    toy.stage("dir/data:old.csv", "1\n2\n");
    toy.check(&["--since", "HEAD"]).silent_on("data:old");
}

#[test]
fn a_baseline_is_of_the_snapshot() {
    let toy = Toy::new(&[("old.py", &bad()), ("other.py", &bad())]);
    toy.brickgate(&["baseline", "create"]).expect(0);
    toy.check(&["--since", "HEAD"]).expect(0);
    toy.git(&["add", "."]);
    toy.git(&["commit", "-qm", "baseline"]);
    toy.stage("old.py", bad() + "y = 1\n");
    // What is not looked at is not gone.
    toy.check(&["--staged", "--strict-baseline"]).expect(0);
    toy.check(&["--since", "HEAD", "--strict-baseline"]).expect(0);
    toy.check(&["--rev", "HEAD", "--strict-baseline"]).expect(0);
    toy.stage("old.py", good());
    toy.check(&["--staged", "--strict-baseline"]).expect(1);
    toy.check(&["--rev", "HEAD^"]).expect(1);
}

#[test]
fn since_asks_for_lines() {
    let old = format!("{HEADER}a = 1\nb = )\n\n# COMMAND ----------\n\nc = 3\n\n# COMMAND ----------\n\n");
    let toy = Toy::new(&[("nb.py", &old), ("same.py", &bad())]);
    toy.git(&["checkout", "-qb", "work"]);
    toy.check(&["--since", "main"]).expect(0).warns("nothing to check");
    toy.write("nb.py", old.replace("a = 1", "a = 1\na = 2\na = 3"));
    toy.check(&["--since", "main"]).expect(0).warns("1 file checked");
    toy.check(&[]).expect(1).says("nb.py:5:");
    toy.write("nb.py", old.replace("c = 3", "c = ("));
    toy.check(&["--since", "main"]).expect(1).says("nb.py:7:").silent_on("nb.py:3:").silent_on("same.py");
    // What is not added yet counts as well; what is ignored does not.
    toy.write("nb.py", &old);
    toy.write("new.py", bad());
    toy.write("ignored.py", bad());
    toy.write(".gitignore", "ignored.py\n");
    toy.check(&["--since", "main"]).expect(1).says("new.py:2:").silent_on("ignored.py");
    // The other branch has moved on; what it did is not ours.
    toy.git(&["add", "new.py"]);
    toy.git(&["commit", "-qm", "new"]);
    toy.git(&["checkout", "-q", "main"]);
    toy.commit("theirs.py", good());
    toy.git(&["checkout", "-q", "work"]);
    toy.check(&["--since", "main"]).expect(1).says("new.py").silent_on("theirs.py");
    toy.check(&["--since", "main", "--rev", "work"]).expect(1).says("new.py:2:").silent_on("nb.py");
}

#[test]
fn since_fixes_only_what_changed() {
    let slip = |name: &str| format!("{HEADER}# MAGIC %run ./{name}.py\n");
    let toy = Toy::new(&[("helper.py", &good()), ("old.py", &slip("helper"))]);
    toy.write("new.py", slip("helper"));
    toy.check(&["--since", "HEAD", "--fix"]);
    assert_eq!(fs::read_to_string(toy.top.join("new.py")).unwrap(), runs("./helper"));
    assert_eq!(fs::read_to_string(toy.top.join("old.py")).unwrap(), slip("helper"));
    toy.check(&["--rev", "HEAD", "--fix"]).expect(2).warns("cannot be used with");
}

#[test]
fn cells_of_ipynb_count_by_their_code() {
    let notebook = |count: u8, source: &str| {
        format!(
            "{{\"cells\": [{{\"cell_type\": \"code\", \"metadata\": {{}}, \"execution_count\": {count}, \"outputs\": [], \
             \"source\": [\"x = )\"]}}, {{\"cell_type\": \"code\", \"metadata\": {{}}, \"execution_count\": {count}, \
             \"outputs\": [], \"source\": [\"{source}\"]}}], \"metadata\": {{\"language_info\": {{\"name\": \
             \"python\"}}}}, \"nbformat\": 4, \"nbformat_minor\": 5}}"
        )
    };
    let toy = Toy::new(&[("n.ipynb", &notebook(1, "y = 1"))]);
    toy.write("n.ipynb", notebook(2, "y = 1"));
    toy.check(&["--since", "HEAD"]).expect(0).warns("1 file checked");
    toy.write("n.ipynb", notebook(2, "y = ]"));
    toy.check(&["--since", "HEAD"]).expect(1).says("cell 2").silent_on("cell 1");
}

#[test]
fn settings_come_from_the_snapshot() {
    let toy = Toy::new(&[("brickgate.toml", "exclude = [\"bad.py\"]\n"), ("bad.py", &bad())]);
    toy.stage("bad.py", bad() + "y = 1\n");
    toy.write("brickgate.toml", "[rules]\nsyntax-error = \"error\"\n");
    toy.check(&["--staged"]).expect(0);
    toy.git(&["add", "."]);
    toy.check(&["--staged"]).expect(1);
    toy.check(&["--rev", "HEAD"]).expect(0);
    toy.stage("brickgate.toml", "no-such = 1\n");
    toy.check(&["--staged"]).expect(2).warns("brickgate.toml:1:1");
    toy.check(&["--staged", "--isolated"]).expect(1);
}

#[test]
fn hooks_of_every_kind_of_commit() {
    let toy = Toy::new(&[("a.py", &good()), ("b.py", &good())]);
    toy.write(".git/hooks/pre-commit", "#!/bin/sh\nexec brickgate check --staged\n");
    Command::new("chmod").args(["+x", ".git/hooks/pre-commit"]).current_dir(&toy.top).status().unwrap();
    let commit = |args: &[&str]| toy.try_git(&[&["commit", "-qm", "x"], args].concat()).code == Some(0);
    // `commit PATH` leaves out what is staged beside it, `commit -a` takes what is not.
    toy.stage("a.py", bad());
    toy.write("b.py", good() + "z = 1\n");
    assert!(commit(&["b.py"]) && !commit(&[]));
    toy.stage("a.py", good() + "w = 1\n");
    toy.write("b.py", bad());
    assert!(commit(&[]) && !commit(&["-a"]) && !commit(&["b.py"]) && !commit(&["-o", "b.py"]));
    toy.write("b.py", good());
    assert!(commit(&["--allow-empty"]) && commit(&["-a", "--allow-empty"]));
    toy.stage("a.py", bad());
    assert!(!commit(&["--amend"]));
    // From a folder inside.
    let inside = toy.top.join("deep");
    fs::create_dir(&inside).unwrap();
    toy.at(&inside).try_git(&["commit", "-qm", "x"]).fails();
    // From a linked worktree, where git names the repository in the environment.
    toy.git(&["reset", "-q", "--hard"]);
    let linked = toy.around().join("linked");
    toy.git(&["worktree", "add", "-q", linked.to_str().unwrap(), "-b", "other"]);
    let linked = toy.at(&linked);
    linked.write("c.py", runs("./a"));
    linked.git(&["add", "."]);
    linked.try_git(&["commit", "-qm", "good"]).expect(0);
    linked.write("c.py", bad());
    linked.git(&["add", "."]);
    linked.try_git(&["commit", "-qm", "bad"]).fails();
    linked.check(&["--staged"]).expect(1).says("c.py:2:");
    toy.check(&["--staged"]).expect(0);
}

#[test]
fn merges_in_progress() {
    let toy = Toy::new(&[("a.py", &good()), ("both.py", &good())]);
    toy.git(&["checkout", "-qb", "theirs"]);
    toy.commit("both.py", good() + "t = 1\n");
    toy.commit("new.py", good());
    toy.git(&["checkout", "-q", "main"]);
    toy.commit("both.py", good() + "o = 1\n");
    toy.try_git(&["merge", "-q", "theirs"]).fails();
    toy.check(&["--staged"]).expect(2).warns("both.py: has conflicts that are not resolved");
    toy.stage("both.py", bad());
    toy.check(&["--staged"]).expect(1).says("both.py:2:");
    toy.stage("both.py", good() + "o = 1\nt = 1\n");
    toy.check(&["--staged"]).expect(0).warns("2 files checked");
    toy.git(&["commit", "-qm", "merged"]);
    for command in ["cherry-pick", "revert"] {
        toy.git(&["checkout", "-q", "main"]);
        toy.commit("both.py", good() + command);
        toy.try_git(&[command, "-n", "theirs^"]).fails();
        toy.check(&["--staged"]).expect(2).warns("both.py");
        toy.stage("both.py", good());
        toy.check(&["--staged"]).expect(0);
        toy.git(&["reset", "-q", "--hard"]);
    }
    toy.git(&["checkout", "-qb", "mine", "main~1"]);
    toy.commit("both.py", good() + "m = 1\n");
    toy.try_git(&["rebase", "-q", "main"]).fails();
    toy.stage("both.py", bad());
    toy.check(&["--staged"]).expect(1).says("both.py:2:");
}

#[test]
fn bare_repositories_have_commits() {
    let toy = Toy::new(&[("jobs/a.py", &runs("../lib/x")), ("lib/x.py", &good()), ("lib/bad.py", &bad())]);
    let bare = toy.around().join("bare.git");
    toy.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let bare = toy.at(&bare);
    bare.check(&["--rev", "main"]).expect(1).says("lib/bad.py:2:").warns("3 files checked");
    bare.check(&["--rev", "main", "jobs"]).expect(0).warns("1 file checked");
    bare.check(&["--rev", "main", "lib/x.py"]).expect(0).warns("1 file checked");
    bare.check(&["--rev", "main", "none"]).expect(2).warns("none: no such file");
    bare.check(&["--rev", "main^{tree}"]).expect(1);
    bare.check(&["--rev", "mian"]).expect(2).warns("`mian`").warns("did you mean `main`?");
    bare.check(&["--rev", "--output=x"]).expect(2);
    bare.check(&["--staged"]).expect(2).warns("no worktree");
    bare.check(&["--since", "main"]).expect(2).warns("no worktree");
    toy.git(&["tag", "-am", "v1", "v1"]);
    toy.check(&["--rev", "v1"]).expect(1).says("lib/bad.py");
}

#[test]
fn every_format_of_repository() {
    for (name, init, then) in [
        ("sha256", &["--object-format=sha256"][..], &[][..]),
        ("reftable", &["--ref-format=reftable"], &[]),
        ("split index", &[], &[&["update-index", "--split-index"][..]]),
        ("index v4", &[], &[&["update-index", "--index-version", "4"]]),
        ("sparse index", &[], &[&["sparse-checkout", "set", "--cone", "--sparse-index", "jobs"]]),
        ("packed", &[], &[&["gc", "-q"]]),
        ("fsmonitor off, untracked cache", &[], &[&["update-index", "--untracked-cache"]]),
    ] {
        let probe = tempfile::tempdir().unwrap();
        let made = Command::new("git").args(["init", "-q"]).args(init).arg(probe.path()).output().unwrap();
        if !made.status.success() {
            // An older git, which cannot have such a repository.
            continue;
        }
        let toy = Toy::with(
            &[&["-b", "main"], init].concat(),
            &[
                ("jobs/a.py", &runs("../lib/x")),
                ("lib/x.py", &good()),
                ("lib/deep/y.py", &good()),
                ("z/old.py", &bad()),
            ],
        );
        for args in then {
            toy.git(args);
        }
        toy.check(&["--staged"]).expect(0);
        toy.stage("jobs/b.py", runs("../lib/x"));
        toy.stage("jobs/c.py", runs("../lib/none"));
        let ran = toy.check(&["--staged"]).expect(1).says("jobs/c.py:2:").silent_on("z/old.py").silent_on("b.py");
        assert!(ran.err.contains("2 files checked"), "{name}: {}", ran.err);
        toy.check(&["--rev", "HEAD"]).expect(1).says("z/old.py:2:").silent_on("jobs/c.py");
        toy.check(&["--since", "main"]).expect(1).says("jobs/c.py").silent_on("z/old.py");
        toy.git(&["rm", "-q", "--cached", "--sparse", "lib/x.py"]);
        toy.check(&["--staged"]).expect(1).says("jobs/a.py:2:").says("jobs/b.py:2:");
    }
}

#[test]
fn submodules_are_not_entered() {
    let toy = Toy::new(&[("jobs/a.py", &good())]);
    let other = Toy::new(&[("inner.py", &bad())]);
    toy.git(&["submodule", "-q", "add", other.top.to_str().unwrap(), "vendor/sub"]);
    toy.check(&["--staged"]).expect(0).silent_on("inner.py");
    // What is in it is not known here, so nothing is said of who runs it.
    toy.stage("jobs/b.py", runs("../vendor/sub/inner"));
    toy.stage("jobs/c.py", runs("../vendor/none"));
    toy.check(&["--staged"]).expect(1).says("jobs/c.py").silent_on("jobs/b.py");
    toy.git(&["commit", "-qm", "sub"]);
    toy.check(&["--rev", "HEAD"]).expect(1).silent_on("inner.py").silent_on("jobs/b.py");
    toy.check(&["--since", "HEAD"]).expect(0);
    // In the worktree it is known where it was fetched, and not missed where it was not.
    toy.check(&["jobs"]).expect(1).silent_on("jobs/b.py");
    let clone = toy.around().join("clone");
    toy.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    toy.at(&clone).check(&[]).expect(1).says("jobs/c.py").silent_on("jobs/b.py");
}

#[cfg(unix)]
#[test]
fn links_lead_within_the_snapshot() {
    use std::os::unix::fs::symlink;
    let toy = Toy::new(&[("lib/x.py", &good()), ("jobs/a.py", &good())]);
    symlink("../lib", toy.top.join("jobs/alias")).unwrap();
    symlink("../lib/x.py", toy.top.join("jobs/same.py")).unwrap();
    symlink("nowhere.py", toy.top.join("jobs/dangling.py")).unwrap();
    symlink("/etc/hosts.py", toy.top.join("jobs/outside.py")).unwrap();
    symlink("round.py", toy.top.join("jobs/round.py")).unwrap();
    toy.write("jobs/b.py", runs("./alias/x"));
    toy.write("jobs/c.py", runs("./same"));
    toy.write("jobs/d.py", runs("./alias/none"));
    toy.git(&["add", "."]);
    // The worktree says something else.
    fs::remove_file(toy.top.join("jobs/alias")).unwrap();
    fs::remove_file(toy.top.join("jobs/same.py")).unwrap();
    let ran = toy.check(&["--staged"]).expect(1).says("jobs/d.py:2:");
    assert_eq!(ran.out.matches(" error: ").count(), 1, "{}", ran.out);
    let ran =
        ran.warns("jobs/dangling.py: skipped: is a link").warns("jobs/outside.py: skipped: is a link that leads out");
    assert!(!ran.err.contains("same.py"), "{}", ran.err);
    toy.git(&["commit", "-qm", "links"]);
    toy.check(&["--rev", "HEAD"]).expect(1).says("jobs/d.py:2:").warns("jobs/round.py: skipped");
}

#[test]
fn lfs_pointers_are_no_content() {
    let pointer = "version https://git-lfs.github.com/spec/v1\n\
                   oid sha256:4d7a214614ab2935c943f9e0ff69d22eadbb8f32b1258daaa5e2ca24d17e2393\nsize 12345\n";
    let toy = Toy::new(&[("a.py", &good())]);
    toy.stage("big.ipynb", pointer);
    toy.stage("big.py", pointer);
    for flags in [&["--staged"][..], &["--since", "HEAD"], &[]] {
        toy.check(flags).silent_on("syntax-error").silent_on("invalid-notebook");
    }
}

#[test]
fn attributes_say_what_is_no_code() {
    let attributes = "gen/** linguist-generated\n*.sql binary\n* -text\n*.py -diff\n";
    let toy = Toy::new(&[("x.py", &good())]);
    toy.stage("gen/a.py", bad());
    toy.stage("own.py", bad());
    toy.check(&["--staged"]).expect(1).says("gen/a.py").says("own.py");
    toy.stage(".gitattributes", attributes);
    for flags in [&["--staged"][..], &[], &["--since", "HEAD"]] {
        // `own.py` is `-text` by one line and `-diff` by another.
        toy.check(flags).expect(0).silent_on("gen/a.py");
    }
    toy.stage(".gitattributes", attributes.replace("*.py -diff", ""));
    toy.check(&["--staged"]).expect(1).says("own.py").silent_on("gen/a.py");
    toy.check(&["--staged", "gen/a.py"]).expect(1).says("gen/a.py");
    toy.check(&["gen/a.py"]).expect(1);
    toy.check(&["gen/a.py", "--force-exclude"]).expect(0);
}

#[test]
fn line_ends_are_gits_affair() {
    let toy = Toy::new(&[]);
    toy.git(&["config", "core.autocrlf", "true"]);
    let text = format!("{HEADER}a = )\n\n# COMMAND ----------\n\nb = 1\n").replace('\n', "\r\n");
    toy.stage("nb.py", &text);
    assert!(!toy.git(&["cat-file", "blob", ":nb.py"]).contains('\r'));
    toy.check(&["--staged"]).expect(1).says("nb.py:2:");
    toy.git(&["commit", "-qm", "crlf"]);
    toy.write("nb.py", text.replace("b = 1", "b = 2"));
    toy.check(&["--since", "HEAD"]).expect(0).warns("1 file checked");
    toy.write("nb.py", text.replace("b = 1", "b = ("));
    toy.check(&["--since", "HEAD"]).expect(1).says("nb.py:6:").silent_on("nb.py:2:");
}

#[test]
fn the_index_holds_what_a_filter_made() {
    let toy = Toy::new(&[("a.py", &good())]);
    toy.git(&["config", "filter.mend.clean", "sed s/BROKEN/1/"]);
    toy.git(&["config", "filter.mend.smudge", "sed s/1/BROKEN/"]);
    toy.write(".gitattributes", "b.py filter=mend\n");
    toy.stage("b.py", format!("{HEADER}x = (BROKEN\n"));
    toy.check(&["--staged"]).expect(1).says("b.py:2:");
    toy.stage("b.py", format!("{HEADER}x = [BROKEN][0] +) BROKEN\n").replace("+) BROKEN", ""));
    toy.check(&["--staged"]).expect(0);
}

#[cfg(target_os = "linux")]
#[test]
fn names_that_are_no_unicode_are_trouble() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let toy = Toy::new(&[("a.py", &good())]);
    let odd = |name: &[u8]| fs::write(toy.top.join(OsStr::from_bytes(name)), good()).unwrap();
    odd(b"data-\xff.bin");
    toy.git(&["add", "."]);
    toy.check(&["--staged"]).expect(0);
    odd(b"bad-\xff.py");
    toy.check(&["--since", "HEAD"]).expect(2).warns("not Unicode");
    toy.git(&["add", "."]);
    toy.check(&["--staged"]).expect(2).warns("bad-\u{fffd}.py: has a name that is not Unicode");
    toy.git(&["commit", "-qm", "odd"]);
    toy.check(&["--rev", "HEAD"]).expect(2).warns("not Unicode");
    toy.git(&["rm", "-q", "bad-*.py"]);
    toy.check(&["--staged"]).expect(0);
    // Names that git would quote are fine.
    toy.stage("ä \"b\"\t.py", bad());
    toy.check(&["--staged"]).expect(1).says("syntax-error");
}

#[test]
fn sparse_and_partial_checkouts() {
    let toy = Toy::new(&[("jobs/a.py", &good()), ("lib/x.py", &good())]);
    toy.git(&["sparse-checkout", "set", "jobs"]);
    assert!(!toy.top.join("lib").exists());
    toy.stage("jobs/b.py", runs("../lib/x"));
    toy.check(&["--staged"]).expect(0);
    toy.check(&[]).expect(0).warns("2 files checked");
    // A clone without blobs gets those that it wants from where it came.
    toy.git(&["commit", "-qm", "b"]);
    toy.git(&["config", "uploadpack.allowFilter", "true"]);
    let clone = toy.around().join("clone");
    let from = format!("file://{}", toy.top.display());
    toy.git(&["clone", "-q", "--filter=blob:none", "--no-checkout", &from, clone.to_str().unwrap()]);
    toy.at(&clone).git(&["config", "protocol.file.allow", "always"]);
    toy.at(&clone).check(&["--rev", "HEAD"]).expect(0).warns("3 files checked");
}

#[test]
fn shallow_clones_say_how_deep_to_fetch() {
    let toy = Toy::new(&[("a.py", &good())]);
    toy.git(&["checkout", "-qb", "work"]);
    for at in 0..3 {
        toy.commit("w.py", format!("{}w = {at}\n", good()));
    }
    toy.git(&["checkout", "-q", "main"]);
    toy.commit("m.py", good());
    let from = format!("file://{}", toy.top.display());
    let clone = toy.around().join("clone");
    toy.git(&["clone", "-q", "--depth=1", "--no-single-branch", "-b", "work", &from, clone.to_str().unwrap()]);
    let clone = toy.at(&clone);
    clone
        .check(&["--since", "origin/main"])
        .expect(2)
        .warns("history of this clone ends")
        .warns("git fetch --unshallow");
    clone.check(&["--staged"]).expect(0);
    clone.check(&["--rev", "HEAD"]).expect(0);
    clone.git(&["fetch", "-q", "--unshallow"]);
    clone.check(&["--since", "origin/main"]).expect(0).warns("1 file checked");
}

#[test]
fn pull_requests_know_their_base() {
    let mut toy = Toy::new(&[("a.py", &good()), ("old.py", &bad())]);
    toy.git(&["checkout", "-qb", "work"]);
    toy.commit("w.py", bad());
    let from = format!("file://{}", toy.top.display());
    let clone = toy.around().join("clone");
    toy.git(&["clone", "-q", "-b", "work", &from, clone.to_str().unwrap()]);
    // At home it is the branch that everybody starts from.
    toy.git(&["remote", "add", "origin", &from]);
    toy.check(&["--since"]).expect(1).says("w.py:2:").silent_on("old.py");
    let event = toy.around().join("event.json");
    fs::write(&event, "{\"pull_request\": {\"commits\": 1}}").unwrap();
    toy.environment = vec![
        ("GITHUB_ACTIONS", "true".into()),
        ("GITHUB_BASE_REF", "main".into()),
        ("GITHUB_EVENT_PATH", event.to_str().unwrap().into()),
    ];
    toy.at(&clone).check(&["--since", "auto"]).expect(1).says("w.py:2:").silent_on("old.py");
    // The merge that GitHub checks out, as shallow as it goes.
    toy.git(&["checkout", "-q", "main"]);
    toy.commit("m.py", good());
    toy.git(&["merge", "-q", "-m", "merged", "work"]);
    let merge = toy.around().join("merge");
    toy.git(&["clone", "-q", "--depth=2", "-b", "main", &from, merge.to_str().unwrap()]);
    toy.at(&merge).git(&["update-ref", "-d", "refs/remotes/origin/main"]);
    toy.environment.push(("GITHUB_REF", "refs/pull/7/merge".into()));
    toy.at(&merge).check(&["--since"]).expect(1).says("w.py:2:").silent_on("old.py").silent_on("m.py");
    // With one commit alone there is nothing to compare with.
    let tip = toy.around().join("tip");
    toy.git(&["clone", "-q", "--depth=1", "-b", "work", &from, tip.to_str().unwrap()]);
    toy.at(&tip).check(&["--since"]).expect(2).warns("`main`").warns("fetch-depth: 3");
    toy.environment = vec![("GITLAB_CI", "true".into())];
    toy.at(&tip).check(&["--since"]).expect(2).warns("GitLab does not say");
    toy.environment.push(("CI_MERGE_REQUEST_TARGET_BRANCH_NAME", "main".into()));
    toy.at(&tip).check(&["--since"]).expect(2).warns("GIT_DEPTH: 0");
}

#[test]
fn what_cannot_be_done_is_said() {
    let toy = Toy::new(&[("a.py", &good())]);
    let nowhere = toy.around().join("nowhere");
    fs::create_dir(&nowhere).unwrap();
    for flags in [&["--staged"][..], &["--rev", "HEAD"], &["--since", "main"]] {
        toy.at(&nowhere).check(flags).expect(2).warns("is not in a git repository");
    }
    toy.check(&["--since", "maim"]).expect(2).warns("`maim`").warns("did you mean `main`?");
    toy.check(&["--since", "a.py"]).expect(2).warns("is a path").warns("--since=auto a.py");
    toy.check(&["--rev", "HEAD:a.py"]).expect(2);
    toy.check(&["--staged", "--rev", "HEAD"]).expect(2);
    toy.git(&["checkout", "-q", "--orphan", "other"]);
    toy.git(&["commit", "-qm", "unrelated"]);
    toy.check(&["--since", "main"]).expect(2).warns("no common ancestor");
    // A damaged object is trouble, not silence.
    toy.commit("b.py", format!("{HEADER}print('only here')\n"));
    let oid = toy.git(&["rev-parse", "HEAD:b.py"]).trim().to_owned();
    let (folder, file) = oid.split_at(2);
    let object = toy.top.join(".git/objects").join(folder).join(file);
    fs::remove_file(&object).unwrap();
    toy.check(&["--rev", "HEAD"]).expect(2).says("b.py").says("[unreadable-file]");
}
