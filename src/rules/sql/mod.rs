//! Rules of the group `sql`: SQL, wherever it stands.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
