//! Rules of the group `file`: files that cannot be read or understood.

mod unreadable;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("file-too-large", unreadable::too_large),
    ("invalid-notebook", unreadable::invalid_notebook),
    ("invalid-yaml", unreadable::invalid_yaml),
    ("too-deeply-nested", unreadable::too_deep),
    ("unreadable-file", unreadable::unreadable),
];
