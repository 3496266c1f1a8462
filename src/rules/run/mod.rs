//! Rules of the group `run`: `%run` and `dbutils.notebook.run`.

mod alone;
mod graph;
mod target;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("run-absolute-path", target::absolute_path),
    ("run-bare-path", target::bare_path),
    ("run-chain", graph::chain),
    ("run-cycle", graph::cycle),
    ("run-is-file", target::is_file),
    ("run-not-alone", alone::not_alone),
    ("run-not-found", target::not_found),
    ("run-outside-repository", target::outside_repository),
    ("run-path-has-extension", target::has_extension),
];
