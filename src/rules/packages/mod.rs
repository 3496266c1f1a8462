//! Rules of the group `packages`: how packages are installed.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
