//! Rules of the group `notebook`: how a notebook's file and cells are written.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
