//! Rules of the group `names`: what names mean across notebooks.

mod noqa;
mod redefined;
mod removal;
mod undefined;
mod unused_import;
mod unused_variable;
mod usage;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("redefined-before-use", redefined::redefined_before_use),
    ("undefined-name", undefined::undefined_name),
    ("unused-import", unused_import::unused_import),
    ("unused-variable", unused_variable::unused_variable),
];
