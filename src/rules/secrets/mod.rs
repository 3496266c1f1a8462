//! Rules of the group `secrets`: credentials in text.

mod scanner;
mod secret_in_source;
mod shape;

use super::Check;

pub use secret_in_source::redactions;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[("secret-in-source", secret_in_source::check)];
