//! Rules of the group `git`: files as git keeps them and as a Git folder of the workspace takes them.

mod conflict;
mod kinds;
mod names;
mod sizes;
mod state;

use super::Check;
use super::survey::SurveyCheck;

pub use conflict::is_marker;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] =
    &[("merge-conflict-marker", conflict::check), ("notebook-too-large", sizes::notebook_too_large)];

/// The group's rules about files as such; `file-too-large` belongs to the group `file`, which reads files.
pub const SURVEYS: &[(&str, SurveyCheck)] = &[
    ("databricks-state-committed", state::committed),
    ("file-too-large", sizes::file_too_large),
    ("lfs-pointer", kinds::lfs_pointer),
    ("notebook-name-collision", names::collision),
    ("outputs-committed", state::outputs),
    ("path-not-portable", names::not_portable),
    ("submodule", kinds::submodule),
    ("symlink", kinds::symlink),
    ("too-many-files", sizes::too_many_files),
];
