//! Rules of the group `workflow`: parameters, jobs and the notebooks that they run.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
