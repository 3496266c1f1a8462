//! Putting hooks in, taking them out, and saying what is there.

use super::super::git::said;
use super::super::terminal::{Exit, Terminal, to_stdout};
use super::shim::{self, BEFORE};
use super::{Install, Kind};
use crate::snapshot::git::Git;
use crate::snapshot::root::Roots;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// The hooks of a repository.
struct Hooks {
    git: Git,
    folder: PathBuf,
}

/// What stands in the place of a hook.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Free,
    Ours,
    Foreign,
}

impl Hooks {
    fn open() -> Result<Self, String> {
        let git = Git::open(&Roots::here()?).map_err(|error| said(&error))?;
        let folder = git.runner().ask(&["rev-parse", "--git-path", "hooks"]).map_err(|error| said(&error))?;
        let folder = folder.ok_or("git does not say where its hooks are")?;
        let folder = git.runner().cwd().join(folder);
        Ok(Self { git, folder })
    }

    fn path(&self, kind: Kind) -> PathBuf {
        self.folder.join(kind.as_str())
    }

    fn before(&self, kind: Kind) -> PathBuf {
        self.folder.join(format!("{}{BEFORE}", kind.as_str()))
    }

    fn state(&self, kind: Kind) -> State {
        let path = self.path(kind);
        if fs::symlink_metadata(&path).is_err() {
            return State::Free;
        }
        match fs::read(&path) {
            Ok(text) if shim::is_ours(&text) => State::Ours,
            _ => State::Foreign,
        }
    }

    /// What to do instead, if another tool manages hooks here or they are not this repository's own.
    fn advice(&self, kind: Kind) -> Result<Option<String>, String> {
        let name = kind.as_str();
        let asked = self.git.runner().ask(&["config", "--show-scope", "--get", "core.hooksPath"]);
        let set = asked.map_err(|error| said(&error))?.unwrap_or_default();
        let (scope, path) = set.split_once('\t').unwrap_or_default();
        let run = format!("brickgate hook run {name} -- \"$@\"");
        let mut folders = path.trim_end_matches('/').rsplit('/');
        if folders.by_ref().find(|folder| *folder != "_") == Some(".husky") {
            return Ok(Some(format!("husky manages the hooks here: add the line `{run}` to `.husky/{name}`")));
        }
        if matches!(scope, "global" | "system") {
            let path = self.folder.display();
            return Ok(Some(format!(
                "`core.hooksPath` is set for all your repositories: add `{run}` to `{path}/{name}`, or set \
                 `core.hooksPath` in this repository"
            )));
        }
        if kind.is_on_server() {
            return Ok(None);
        }
        let Some(root) = self.git.root() else { return Ok(None) };
        let has = |names: &[&str]| names.iter().any(|name| root.join(name).is_file());
        let hook = fs::read(self.path(kind)).unwrap_or_default();
        let says = |word: &str| memchr::memmem::find(&hook, word.as_bytes()).is_some();
        let lefthook =
            ["yml", "yaml", "toml", "json"].map(|end| [format!("lefthook.{end}"), format!(".lefthook.{end}")]);
        if lefthook.iter().flatten().any(|name| has(&[name])) || says("lefthook") {
            return Ok(Some(format!(
                "lefthook manages the hooks here: add a command with `run: brickgate hook run {name}` under \
                 `{name}` in `lefthook.yml`"
            )));
        }
        if has(&[".pre-commit-config.yaml", ".pre-commit-config.yml", "prek.toml"]) || says("pre-commit.com") {
            let id = if kind == Kind::PreCommit { "brickgate-check" } else { "brickgate-check` with `stages" };
            return Ok(Some(format!(
                "pre-commit manages the hooks here: add `id: {id}` to its configuration (docs/hooks.md)"
            )));
        }
        Ok(None)
    }
}

/// Installs hooks.
pub(super) fn install(args: &Install, terminal: Terminal) -> Result<Exit, String> {
    let hooks = Hooks::open()?;
    let bare = hooks.git.root().is_none();
    let usual = [if bare { Kind::PreReceive } else { Kind::PreCommit }];
    let kinds = if args.kinds.is_empty() { &usual[..] } else { &args.kinds };
    if !args.force {
        for kind in kinds {
            if let Some(advice) = hooks.advice(*kind)? {
                return Err(format!("{advice}; `--force` installs it all the same"));
            }
        }
    }
    if let Some(kind) = kinds.iter().find(|kind| bare && !kind.is_on_server()) {
        return Err(format!("nobody commits in a bare repository, so `{}` would never run", kind.as_str()));
    }
    let program = std::env::current_exe().map_err(|error| format!("cannot find brickgate: {error}"))?;
    let failed = |path: &Path, error: &io::Error| format!("{}: cannot be written: {}", path.display(), error.kind());
    fs::create_dir_all(&hooks.folder).map_err(|error| failed(&hooks.folder, &error))?;
    for &kind in kinds {
        let (path, name) = (hooks.path(kind), kind.as_str());
        let text = shim::text(kind, &program, &args.options);
        let state = hooks.state(kind);
        if state == State::Ours && fs::read(&path).is_ok_and(|old| old == text.as_bytes()) {
            terminal.say(format_args!("{name}: installed already"));
            continue;
        }
        let before = hooks.before(kind);
        if state == State::Foreign {
            if fs::symlink_metadata(&before).is_ok() {
                return Err(format!("{}: stands in the way; move it, then install again", before.display()));
            }
            fs::rename(&path, &before).map_err(|error| failed(&before, &error))?;
        }
        if let Err(error) = put(&path, text.as_bytes()) {
            if state == State::Foreign {
                // Better no hook of ours than none at all; if that fails, too, the message says where it is.
                let _ = fs::rename(&before, &path);
            }
            return Err(failed(&path, &error));
        }
        terminal.say(match state {
            State::Free => format!("{name}: installed in {}", path.display()),
            State::Ours => format!("{name}: brought up to date in {}", path.display()),
            State::Foreign => format!("{name}: installed; the hook that was there runs first, as {}", before.display()),
        });
    }
    Ok(Exit::Clean)
}

/// Writes a script in one step.
fn put(path: &Path, text: &[u8]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(path);
    let mut builder = tempfile::Builder::new();
    builder.prefix(".brickgate-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o777));
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(text)?;
    file.persist(path)?;
    Ok(())
}

/// Takes hooks out.
pub(super) fn uninstall(kinds: &[Kind], terminal: Terminal) -> Result<Exit, String> {
    let hooks = Hooks::open()?;
    let mut found = false;
    for kind in Kind::ALL {
        if !kinds.is_empty() && !kinds.contains(&kind) {
            continue;
        }
        let (path, name) = (hooks.path(kind), kind.as_str());
        match hooks.state(kind) {
            State::Ours => {}
            State::Foreign if kinds.contains(&kind) => {
                return Err(format!("{}: is not brickgate's, so it stays", path.display()));
            }
            _ => continue,
        }
        found = true;
        let before = hooks.before(kind);
        let failed = |error: io::Error| format!("{}: cannot be taken out: {}", path.display(), error.kind());
        if fs::symlink_metadata(&before).is_ok() {
            fs::rename(&before, &path).map_err(failed)?;
            terminal.say(format_args!("{name}: taken out; what was there before is back"));
        } else {
            fs::remove_file(&path).map_err(failed)?;
            terminal.say(format_args!("{name}: taken out"));
        }
    }
    if !found {
        terminal.say("there is no hook of brickgate here");
    }
    Ok(Exit::Clean)
}

/// Says what is installed.
pub(super) fn status() -> Result<Exit, String> {
    let hooks = Hooks::open()?;
    let mut lines = Vec::new();
    for kind in Kind::ALL {
        let path = hooks.path(kind);
        let mut line = match hooks.state(kind) {
            State::Free => "not installed".to_owned(),
            State::Foreign => "a hook that is not brickgate's".to_owned(),
            State::Ours => {
                let text = fs::read_to_string(&path).unwrap_or_default();
                let gone = shim::program(&text).is_some_and(|program| !Path::new(program).is_file());
                let mut line = "installed".to_owned();
                if gone {
                    line.push_str(", but brickgate is not where it was; install again");
                }
                line
            }
        };
        if fs::symlink_metadata(hooks.before(kind)).is_ok() {
            line.extend([", after ", kind.as_str(), BEFORE]);
        }
        lines.push(format!("{}: {line}", kind.as_str()));
    }
    to_stdout(|out| {
        writeln!(out, "{}", hooks.folder.display())?;
        lines.iter().try_for_each(|line| writeln!(out, "  {line}"))
    })?;
    Ok(Exit::Clean)
}
