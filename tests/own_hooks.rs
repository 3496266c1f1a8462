//! Hooks of our own, with the real `git`: put in, taken out, and run by commits and pushes.

use crate::toy::{PAGE, Ran, SETTINGS, Toy};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

const GOOD: &str = "# Databricks notebook source\nx = 1\n";
const BAD: &str = "# Databricks notebook source\nx = )\n";

fn script(path: &Path, text: &str) {
    fs::write(path, text).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
}

#[test]
fn put_in_and_taken_out() {
    let toy = Toy::new(&[("a.py", GOOD)]);
    let hook = toy.top.join(".git/hooks/pre-commit");
    toy.brickgate(&["hook", "status"]).expect(0).says("pre-commit: not installed");
    toy.brickgate(&["hook", "uninstall"]).expect(0).warns("no hook of brickgate");
    toy.brickgate(&["hook", "install"]).expect(0).warns("pre-commit: installed in");
    let first = fs::read(&hook).unwrap();
    toy.brickgate(&["hook", "install"]).expect(0).warns("installed already");
    assert_eq!(fs::read(&hook).unwrap(), first);
    toy.brickgate(&["hook", "status"]).expect(0).says("pre-commit: installed").says("pre-push: not installed");
    toy.stage("a.py", BAD);
    toy.try_git(&["commit", "-qm", "bad"]).fails().warns("syntax-error");
    toy.git(&["commit", "-qnm", "bad"]);
    toy.brickgate(&["hook", "uninstall"]).expect(0).warns("taken out");
    assert!(!hook.exists());
}

#[test]
fn a_hook_that_was_there_runs_first_and_comes_back() {
    let toy = Toy::new(&[("a.py", GOOD)]);
    let hook = toy.top.join(".git/hooks/pre-commit");
    let own = "#!/bin/sh\necho own hook ran >&2\ntest ! -e stop\n";
    script(&hook, own);
    toy.brickgate(&["hook", "install"]).expect(0).warns("runs first");
    toy.brickgate(&["hook", "status"]).expect(0).says("installed, after pre-commit.before-brickgate");
    toy.stage("a.py", BAD);
    toy.try_git(&["commit", "-qm", "bad"]).fails().warns("own hook ran").warns("syntax-error");
    toy.stage("a.py", "# Databricks notebook source\nx = 2\n");
    toy.write("stop", "");
    toy.try_git(&["commit", "-qm", "good"]).fails();
    fs::remove_file(toy.top.join("stop")).unwrap();
    toy.try_git(&["commit", "-qm", "good"]).expect(0).warns("own hook ran");
    toy.brickgate(&["hook", "uninstall", "--type", "pre-commit"]).expect(0).warns("is back");
    assert_eq!(fs::read_to_string(&hook).unwrap(), own);
    toy.brickgate(&["hook", "uninstall", "--type", "pre-commit"]).expect(2).warns("not brickgate's");
}

#[test]
fn hooks_go_where_git_looks_for_them() {
    let toy = Toy::new(&[("a.py", GOOD)]);
    toy.git(&["config", "core.hooksPath", ".githooks"]);
    toy.brickgate(&["hook", "install"]).expect(0);
    assert!(toy.top.join(".githooks/pre-commit").is_file());
    toy.stage("a.py", BAD);
    toy.try_git(&["commit", "-qm", "bad"]).fails().warns("syntax-error");
    toy.git(&["reset", "-q", "--hard"]);
    toy.git(&["config", "--unset", "core.hooksPath"]);
    // A linked worktree shares the hooks of its repository.
    toy.git(&["worktree", "add", "-q", "../linked"]);
    let linked = toy.around().join("linked");
    toy.brickgate_in(&linked, &["hook", "install"], "").expect(0);
    assert!(toy.top.join(".git/hooks/pre-commit").is_file());
    fs::write(linked.join("a.py"), BAD).unwrap();
    toy.git_in(&linked, &["commit", "-qam", "bad"]).fails().warns("syntax-error");
    // Hooks of all repositories are not ours to change.
    fs::write(toy.around().join(".gitconfig"), "[core]\n\thooksPath = /tmp/all-hooks\n").unwrap();
    toy.brickgate(&["hook", "install"]).expect(2).warns("all your repositories");
}

#[test]
fn other_tools_keep_their_hooks() {
    for (file, word) in [("lefthook.yml", "lefthook"), (".pre-commit-config.yaml", "brickgate-check")] {
        let toy = Toy::new(&[(file, "")]);
        toy.brickgate(&["hook", "install"]).expect(2).warns(word);
        assert!(!toy.top.join(".git/hooks/pre-commit").exists());
        toy.brickgate(&["hook", "install", "--force"]).expect(0);
    }
    let toy = Toy::new(&[("a.py", GOOD)]);
    toy.git(&["config", "core.hooksPath", ".husky/_"]);
    toy.brickgate(&["hook", "install"]).expect(2).warns(".husky/pre-commit");
}

#[test]
fn a_commit_is_checked_as_it_is_staged() {
    let toy = Toy::new(&[("a.py", GOOD)]);
    toy.brickgate(&["hook", "install", "--type", "pre-commit,commit-msg,pre-merge-commit,pre-applypatch"]).expect(0);
    toy.write("a.py", BAD);
    toy.stage("b.py", GOOD);
    toy.git(&["commit", "-qm", "b alone"]);
    toy.try_git(&["commit", "-qam", "all"]).fails().warns("a.py:2:");
    let mut skipping = toy;
    skipping.environment.push(("SKIP", "other, brickgate".to_owned()));
    skipping.try_git(&["commit", "-qam", "all"]).expect(0).warns("skipped");
}

#[test]
fn settings_let_a_commit_be_mended() {
    let toy = Toy::new(&[("brickgate.toml", &format!("{SETTINGS}[hook]\nfix = true\n")), ("own/old.md", PAGE)]);
    toy.brickgate(&["hook", "install"]).expect(0);
    let commit = |args: &[&str], path: &str, committed: &str, worktree: &str| {
        toy.try_git(&[&["commit", "-qm", "x"], args].concat()).expect(0);
        assert_eq!(toy.git(&["show", &format!("HEAD:{path}")]), committed, "{args:?}");
        assert_eq!(toy.read(path), worktree, "{args:?}");
    };
    toy.stage("a.py", "a = old\nb\n");
    toy.write("a.py", "a = old\nmine\n");
    commit(&[], "a.py", "a = new\nb\n", "a = new\nmine\n");
    toy.write("a.py", "a = old\nall\n");
    commit(&["-a"], "a.py", "a = new\nall\n", "a = new\nall\n");
    assert_eq!(toy.git(&["status", "--porcelain"]), "");
    // A commit of one path leaves what else is staged, and the next commit has nothing to take back.
    toy.stage("b.py", "b = 1\n");
    toy.write("a.py", "a = old\npath\n");
    commit(&["a.py"], "a.py", "a = new\npath\n", "a = new\npath\n");
    assert_eq!(toy.git(&["status", "--porcelain"]), "A  b.py\n");
    toy.stage("c.py", "c = old\n");
    commit(&["--amend"], "c.py", "c = new\n", "c = new\n");
    assert_eq!(toy.git(&["status", "--porcelain"]), "");
    // Conflicts that were resolved: in a merge, a cherry-pick, a rebase.
    toy.git(&["checkout", "-qb", "side", "HEAD~1"]);
    toy.write("a.py", "side\n");
    toy.git(&["commit", "-qanm", "side"]);
    let resolve = |next: &[&str]| {
        toy.write("a.py", "a = old\nresolved\n");
        toy.git(&["add", "a.py"]);
        toy.git(next);
        assert_eq!(toy.git(&["show", "HEAD:a.py"]), "a = new\nresolved\n", "{next:?}");
        assert_eq!(toy.read("a.py"), "a = new\nresolved\n", "{next:?}");
        assert_eq!(toy.git(&["status", "--porcelain"]), "", "{next:?}");
    };
    toy.git(&["checkout", "-q", "main"]);
    toy.write("a.py", "main\n");
    toy.git(&["commit", "-qanm", "main"]);
    toy.try_git(&["merge", "-q", "side"]).fails();
    resolve(&["commit", "-qm", "merged"]);
    toy.git(&["reset", "-q", "--hard", "HEAD~1"]);
    toy.try_git(&["cherry-pick", "side"]).fails();
    resolve(&["commit", "-qm", "picked"]);
    toy.git(&["reset", "-q", "--hard", "HEAD~1"]);
    toy.git(&["checkout", "-q", "side"]);
    toy.try_git(&["rebase", "-q", "main"]).fails();
    toy.write("a.py", "a = old\nresolved\n");
    toy.git(&["add", "a.py"]);
    toy.git(&["commit", "-qm", "rebased"]);
    toy.git(&["rebase", "--continue"]);
    assert_eq!(toy.git(&["show", "HEAD:a.py"]), "a = new\nresolved\n");
    toy.git(&["fsck", "--strict"]);
}

/// A repository, a bare one that it pushes to, and its `origin/main`.
fn with_remote() -> (Toy, PathBuf) {
    let toy = Toy::new(&[("old.py", BAD), ("a.py", GOOD)]);
    let bare = toy.around().join("bare.git");
    toy.git(&["init", "-q", "--bare", "-b", "main", "../bare.git"]);
    toy.git(&["remote", "add", "origin", "../bare.git"]);
    toy.git(&["push", "-q", "-u", "origin", "main"]);
    (toy, bare)
}

fn push(toy: &Toy, args: &[&str]) -> Ran {
    toy.try_git(&[&["push", "-q"], args].concat())
}

#[test]
fn what_is_pushed_is_checked_and_nothing_else() {
    let (toy, _) = with_remote();
    toy.brickgate(&["hook", "install", "--type", "pre-push"]).expect(0);
    toy.write("a.py", BAD);
    toy.commit("b.py", GOOD);
    push(&toy, &["origin", "main"]).expect(0).silent_on("old.py").silent_on("a.py");
    // New branches are compared with what they left.
    toy.git(&["checkout", "-qb", "topic"]);
    toy.commit("c.py", GOOD);
    push(&toy, &["origin", "topic"]).expect(0);
    toy.commit("c.py", BAD);
    push(&toy, &["origin", "topic"]).fails().says("c.py").warns("--no-verify").silent_on("old.py");
    push(&toy, &["origin", "HEAD:refs/heads/other"]).fails();
    toy.git(&["tag", "-a", "-m", "v", "v1"]);
    push(&toy, &["origin", "v1"]).fails();
    push(&toy, &["--no-verify", "origin", "topic"]).expect(0);
    // What is there already is not pushed again; what goes is nothing to check.
    push(&toy, &["origin", "topic:refs/heads/copy"]).expect(0);
    push(&toy, &["origin", ":copy"]).expect(0);
    // A branch that was rewritten, and one that took in the bad one by a merge.
    toy.git(&["reset", "-q", "--hard", "HEAD~1"]);
    toy.commit("d.py", GOOD);
    push(&toy, &["-f", "origin", "topic"]).expect(0);
    toy.git(&["checkout", "-q", "main"]);
    toy.git(&["checkout", "--", "."]);
    toy.commit("old.py", "# Databricks notebook source\nx = )\ny = 1\n");
    push(&toy, &["origin", "main"]).expect(0);
    toy.git(&["checkout", "-q", "topic"]);
    toy.git(&["merge", "-q", "-m", "merge", "main"]);
    toy.commit("e.py", GOOD);
    push(&toy, &["origin", "topic"]).expect(0);
    // Several at once.
    toy.git(&["checkout", "-qb", "one"]);
    toy.commit("one.py", BAD);
    toy.git(&["checkout", "-qb", "two", "main"]);
    toy.commit("two.py", GOOD);
    push(&toy, &["origin", "one", "two"]).fails().says("one.py").silent_on("two.py:");
}

/// A server with its hook in place.
fn with_server(kind: &str, options: &[&str]) -> (Toy, PathBuf) {
    let (toy, bare) = with_remote();
    let install = [&["hook", "install", "--type", kind, "--"], options].concat();
    toy.brickgate_in(&bare, &install, "").expect(0);
    (toy, bare)
}

#[test]
fn a_server_refuses_bad_pushes() {
    for kind in ["pre-receive", "update"] {
        let (toy, bare) = with_server(kind, &[]);
        let tip = |name: &str| toy.git_in(&bare, &["rev-parse", "-q", "--verify", name]).out;
        toy.commit("good.py", GOOD);
        push(&toy, &["origin", "main"]).expect(0).silent_on("brickgate");
        let before = tip("main");
        toy.commit("bad.py", BAD);
        let ran = push(&toy, &["origin", "main"]).fails();
        let ran = ran.warns("remote: brickgate refuses `main`: 1 error").warns("remote:   bad.py:2:5: ");
        let said = ran.silent_on("old.py").silent_on("warning:").err;
        assert!(said.lines().filter(|line| line.starts_with("remote:")).all(|line| line.len() < 130), "{said}");
        assert_eq!(tip("main"), before, "{kind}");
        // A new branch, a tag, a rewritten branch, one that goes.
        push(&toy, &["origin", "HEAD:refs/heads/new"]).fails().warns("refuses `new`");
        toy.git(&["tag", "-a", "-m", "v", "v1"]);
        push(&toy, &["origin", "v1"]).fails().warns("refuses `refs/tags/v1`");
        push(&toy, &["origin", "HEAD~1:refs/heads/new"]).expect(0);
        toy.git(&["reset", "-q", "--hard", "HEAD~2"]);
        toy.commit("other.py", GOOD);
        push(&toy, &["-f", "origin", "HEAD:new"]).expect(0);
        toy.commit("other.py", BAD);
        push(&toy, &["-f", "origin", "HEAD:new"]).fails().warns("other.py");
        push(&toy, &["origin", ":new"]).expect(0);
        assert_eq!(tip("new"), "");
        toy.git_in(&bare, &["fsck"]).expect(0);
    }
}

#[test]
fn one_bad_branch_refuses_a_push_of_two() {
    let (toy, bare) = with_server("pre-receive", &["--max-findings", "2"]);
    toy.git(&["checkout", "-qb", "fine"]);
    toy.commit("fine.py", GOOD);
    toy.git(&["checkout", "-qb", "worse", "main"]);
    for name in ["a1.py", "a2.py", "a3.py"] {
        toy.commit(name, BAD);
    }
    push(&toy, &["origin", "fine", "worse"]).fails().warns("refuses `worse`: 3 errors").warns("and 1 more");
    toy.git_in(&bare, &["rev-parse", "-q", "--verify", "fine"]).fails();
    push(&toy, &["origin", "fine"]).expect(0);
}

#[test]
fn a_server_that_cannot_check_does_as_it_is_told() {
    for (options, passes) in [(&[][..], true), (&["--on-failure", "fail-closed"][..], false)] {
        let (toy, _) = with_server("pre-receive", options);
        // Settings that cannot be read keep every file from being checked.
        toy.commit("brickgate.toml", "rules = 3\n");
        let ran = push(&toy, &["origin", "main"]);
        if passes {
            ran.expect(0).warns("lets it pass");
        } else {
            ran.fails().warns("fail-closed");
        }
    }
    // A check that takes more than it may.
    let (toy, bare) = with_server("pre-receive", &["--memory-limit", "1", "--on-failure", "fail-closed"]);
    let many = (0..3000).map(|at| format!("x{at} = [{at}, {at}]\n")).collect::<Vec<_>>().concat();
    for at in 0..30 {
        toy.stage(&format!("m{at}.py"), &many);
    }
    toy.git(&["commit", "-qm", "many"]);
    push(&toy, &["origin", "main"]).fails().warns("memory-limit");
    // The server's settings say so, too: those of the branch that is there already.
    toy.brickgate_in(&bare, &["hook", "install", "--type", "pre-receive"], "").expect(0);
    toy.git(&["reset", "-q", "--hard", "origin/main"]);
    toy.commit("brickgate.toml", "[hook]\non-failure = \"fail-closed\"\n");
    push(&toy, &["origin", "main"]).expect(0);
    toy.commit("brickgate.toml", "rules = 3\n");
    push(&toy, &["origin", "main"]).fails().warns("fail-closed");
    // Without brickgate, too.
    let hook = bare.join("hooks/pre-receive");
    let text = fs::read_to_string(&hook).unwrap().replace("brickgate='/", "brickgate='/none/");
    script(&hook, &text.replace("command -v brickgate", "command -v no-such-program"));
    push(&toy, &["origin", "main"]).expect(0).warns("neither where it was installed");
}

#[test]
fn settings_on_the_server_cannot_be_pushed_away() {
    let (toy, bare) = with_server("pre-receive", &[]);
    fs::write(bare.join("gate.toml"), "[rules]\nundefined-name = \"off\"\n").unwrap();
    let config = bare.join("gate.toml");
    let install = ["hook", "install", "--type", "pre-receive", "--", "--config", config.to_str().unwrap()];
    toy.brickgate_in(&bare, &install, "").expect(0);
    toy.stage("brickgate.toml", "exclude = [\"*.py\"]\n");
    toy.commit("bad.py", BAD);
    push(&toy, &["origin", "main"]).fails().warns("bad.py");
}

#[test]
fn hooks_on_a_server_run_after_those_that_were_there() {
    let (toy, bare) = with_remote();
    let seen = toy.around().join("seen");
    script(&bare.join("hooks/pre-receive"), &format!("#!/bin/sh\ncat > '{}'\n", seen.display()));
    toy.brickgate_in(&bare, &["hook", "install"], "").expect(0).warns("runs first");
    toy.commit("bad.py", BAD);
    push(&toy, &["origin", "main"]).fails().warns("bad.py");
    let line = fs::read_to_string(&seen).unwrap();
    assert!(line.ends_with(" refs/heads/main\n") && line.lines().count() == 1, "{line}");
    toy.brickgate_in(&bare, &["hook", "install", "--type", "pre-commit"], "").expect(2).warns("never run");
}
