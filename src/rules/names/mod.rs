//! Rules of the group `names`: what names mean across notebooks.

mod caller;
mod elsewhere;
mod mend;
mod missing;
mod order;
mod undefined;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("name-lost-at-restart", order::lost_at_restart),
    ("undefined-in-caller", caller::undefined_in_caller),
    ("undefined-name", undefined::undefined_name),
    ("used-before-definition", order::used_before_definition),
];
