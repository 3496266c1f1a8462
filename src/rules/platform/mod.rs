//! Rules of the group `platform`: what the compute that code runs on does not have.

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[];
