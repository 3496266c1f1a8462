//! Rules of the group `secrets`: credentials in text.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
