//! Rules of the group `workflow`: widgets, notebooks that start others, and the jobs of bundles.

mod arguments;
mod bundle;
mod closure;
mod declared;
mod files;
mod literal;
mod parameters;
mod references;
mod scripts;
mod serverless;
mod values;
mod widgets;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("clusters-in-serverless-pipeline", serverless::clusters),
    ("duplicate-task-key", bundle::duplicate_key),
    ("exit-value-not-string", values::exit_value),
    ("git-path-has-extension", files::git_extension),
    ("include-not-found", declared::include_not_found),
    ("include-not-recursive", declared::include_not_recursive),
    ("job-reference-in-code", references::in_code),
    ("libraries-on-serverless", serverless::libraries),
    ("notebook-run-argument-not-string", arguments::not_string),
    ("notebook-run-unknown-argument", arguments::unknown),
    ("notebook-run-without-timeout", arguments::without_timeout),
    ("parameter-hidden-by-job", parameters::hidden),
    ("run-job-unknown-parameter", declared::run_job_unknown_parameter),
    ("task-dependency-cycle", bundle::cycle),
    ("task-file-missing", files::missing),
    ("task-file-wrong-kind", files::wrong_kind),
    ("task-value-never-set", values::never_set),
    ("task-value-without-debug-value", values::no_debug_value),
    ("unknown-bundle-resource", declared::unknown_resource),
    ("unknown-bundle-variable", declared::unknown_variable),
    ("unknown-environment", bundle::unknown_environment),
    ("unknown-job-cluster", bundle::unknown_cluster),
    ("unknown-job-reference", references::unknown),
    ("unknown-task-dependency", bundle::unknown_dependency),
    ("unread-parameter", parameters::unread),
    ("widget-declared-twice", widgets::declared_twice),
    ("widget-in-script", scripts::widget),
    ("widget-made-where-removed", widgets::made_where_removed),
    ("widget-not-declared", widgets::not_declared),
];
