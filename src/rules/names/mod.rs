//! Rules of the group `names`: what names mean across notebooks.

mod missing_import;
mod run_shadows;
mod shadowed_builtin;
mod undefined;
mod unreachable;
mod unused_run;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("import-shadows-builtin", shadowed_builtin::import_shadows_builtin),
    ("missing-import-name", missing_import::missing_import_name),
    ("run-shadows-name", run_shadows::run_shadows_name),
    ("undefined-name", undefined::undefined_name),
    ("unreachable-after-exit", unreachable::unreachable_after_exit),
    ("unused-run", unused_run::unused_run),
];
