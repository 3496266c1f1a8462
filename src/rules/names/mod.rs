//! Rules of the group `names`: what names mean across notebooks.

mod undefined;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[("undefined-name", undefined::undefined_name)];
