//! Rules of the group `names`: what names mean across notebooks.

pub mod bundles;
mod callers;
pub mod collect;
pub mod command;
pub mod dependents;
pub mod document;
pub mod imports;
pub mod load;
pub mod places;
pub mod read;
pub mod reference;
pub mod resolve;
pub mod roles;
pub mod runs;
mod sql;
pub mod target;
mod tests;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[

];
