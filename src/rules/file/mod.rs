//! Rules of the group `file`: files that cannot be read or understood.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
