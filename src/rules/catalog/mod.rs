//! Rules of the group `catalog`: data that stands outside of Unity Catalog.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
