//! Attributes that git reads beside `.gitattributes`: those of the repository, of the user and of the system.

use super::{Place, linked};
use crate::snapshot::attributes::Beside;
use git2::{Config, ConfigLevel};
use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

/// Where git looks for the system's, unless it was built otherwise.
const SYSTEM: &str = "/etc/gitattributes";

/// Those of the worktree at `root`.
pub(in crate::snapshot) fn of_worktree(root: &Path) -> Beside {
    let git = root.join(".git");
    let common = match variable("GIT_DIR") {
        // In a hook, or where the repository is not in the worktree.
        Some(folder) => Place::of(None, root.join(folder)).common,
        None => Place::of(None, linked(&git).unwrap_or(git)).common,
    };
    of_repository(&common, root)
}

/// Those of the repository whose worktrees share the folder `common`; `top` is where relative paths begin.
pub(in crate::snapshot) fn of_repository(common: &Path, top: &Path) -> Beside {
    let read = |path: PathBuf| fs::read(path).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).ok();
    let is_on = |value: OsString| !matches!(value.to_str(), Some("0" | "false" | "no" | "off"));
    let system = if variable("GIT_ATTR_NOSYSTEM").is_some_and(is_on) { None } else { read(PathBuf::from(SYSTEM)) };
    let user = of_user(common).and_then(|path| read(top.join(path)));
    Beside {
        below: system.into_iter().chain(user).collect(),
        above: read(common.join("info").join("attributes")).unwrap_or_default(),
    }
}

/// The file that `core.attributesFile` names, or the one that git reads without it.
fn of_user(common: &Path) -> Option<PathBuf> {
    let home = || variable("HOME").map(PathBuf::from);
    let mut config = Config::new().ok()?;
    let mut add = |path: Option<PathBuf>, level: ConfigLevel| {
        // One that is not there, or that cannot be read, says nothing.
        path.is_some_and(|path| path.is_file() && config.add_file(&path, level, false).is_ok())
    };
    if variable("GIT_CONFIG_NOSYSTEM").is_none() {
        add(
            variable("GIT_CONFIG_SYSTEM").map(PathBuf::from).or_else(|| Config::find_system().ok()),
            ConfigLevel::System,
        );
    }
    let folder = variable("XDG_CONFIG_HOME").map(PathBuf::from).or_else(|| Some(home()?.join(".config")));
    let folder = folder.map(|folder| folder.join("git"));
    if let Some(file) = env::var_os("GIT_CONFIG_GLOBAL") {
        add(Some(PathBuf::from(file)), ConfigLevel::Global);
    } else {
        add(folder.as_ref().map(|folder| folder.join("config")), ConfigLevel::XDG);
        add(home().map(|home| home.join(".gitconfig")), ConfigLevel::Global);
    }
    add(Some(common.join("config")), ConfigLevel::Local);
    config.get_path("core.attributesFile").ok().or_else(|| Some(folder?.join("attributes")))
}

fn variable(name: &str) -> Option<OsString> {
    env::var_os(name).filter(|value| !value.is_empty())
}
