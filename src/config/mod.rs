//! Settings: read from files, checked against the book of rules, resolved for one path.
//!
//! Files in one folder: `.brickgate.toml`, else `brickgate.toml`, else `[tool.brickgate]` in `pyproject.toml`. The
//! nearest folder upwards that has one decides alone; `extend` lays a file over another on purpose.

pub mod explain;
mod file;
mod glob;
mod lookup;
mod names;
mod reader;
mod resolve;
pub mod schema;
mod settings;
#[cfg(test)]
mod tests;

pub use file::{DEFAULT_EXCLUDES, FILE_NAMES, PYPROJECT};
pub use lookup::{Configs, pages};
pub use names::ALWAYS_ON;
pub use settings::{Overrides, PathSettings, Place, Problem};

use crate::snapshot::RepoPath;
use std::sync::Arc;

/// Where the engine learns what holds for a path.
pub trait Lookup: Sync {
    /// What holds for the file at `path`. Called once for every file that is read.
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings>;
}

impl Lookup for Configs<'_> {
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings> {
        Self::for_path(self, path)
    }
}
