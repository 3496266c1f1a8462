//! Rules of the group `names`: what names mean across notebooks.

mod caller;
mod elsewhere;
mod mend;
mod missing;
mod noqa;
mod order;
mod redefined;
mod removal;
mod undefined;
mod unused_import;
mod unused_variable;
mod usage;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("name-lost-at-restart", order::lost_at_restart),
    ("redefined-before-use", redefined::redefined_before_use),
    ("undefined-in-caller", caller::undefined_in_caller),
    ("undefined-name", undefined::undefined_name),
    ("unused-import", unused_import::unused_import),
    ("unused-variable", unused_variable::unused_variable),
    ("used-before-definition", order::used_before_definition),
];
