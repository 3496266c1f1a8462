//! Rules of the group `library`: notebook-only things in code that is imported.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
