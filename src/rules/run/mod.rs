//! Rules of the group `run`: `%run` and `dbutils.notebook.run`.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
