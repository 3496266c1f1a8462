//! Rules of the group `spark`: work that Spark does badly.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
