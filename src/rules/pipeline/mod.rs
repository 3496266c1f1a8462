//! Rules of the group `pipeline`: sources of declarative pipelines.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
