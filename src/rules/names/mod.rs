//! Rules of the group `names`: what names mean across notebooks.

mod caller;
mod elsewhere;
mod fixture;
mod mend;
mod missing;
mod missing_import;
mod noqa;
mod order;
mod redefined;
mod removal;
mod run_shadows;
mod shadowed_builtin;
mod undefined;
mod unreachable;
mod unused_import;
mod unused_run;
mod unused_variable;
mod usage;

use super::Check;
use crate::python::facts::{Facts, ScopeId, ScopeKind};

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("import-shadows-builtin", shadowed_builtin::import_shadows_builtin),
    ("missing-import-name", missing_import::missing_import_name),
    ("name-lost-at-restart", order::lost_at_restart),
    ("redefined-before-use", redefined::redefined_before_use),
    ("run-shadows-name", run_shadows::run_shadows_name),
    ("undefined-in-caller", caller::undefined_in_caller),
    ("undefined-name", undefined::undefined_name),
    ("unreachable-after-exit", unreachable::unreachable_after_exit),
    ("unused-import", unused_import::unused_import),
    ("unused-run", unused_run::unused_run),
    ("unused-variable", unused_variable::unused_variable),
    ("used-before-definition", order::used_before_definition),
];

/// Whether code in a scope runs when all is bound.
fn is_deferred(facts: &Facts, scope: ScopeId) -> bool {
    let mut at = Some(scope);
    while let Some(row) = at.and_then(|id| facts.scopes.get(id as usize)) {
        if matches!(row.kind, ScopeKind::Function | ScopeKind::Lambda) {
            return true;
        }
        at = row.parent;
    }
    false
}
