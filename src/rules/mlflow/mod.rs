//! Rules of the group `mlflow`: experiments and models.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
