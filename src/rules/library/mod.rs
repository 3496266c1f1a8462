//! Rules of the group `library`: notebook-only things in code that is imported.

mod globals;
mod imported;
mod magic_in_module;
mod notebook_imported;
mod output;
mod widgets;

use super::Check;

pub use imported::is_pipeline_source;
pub use magic_in_module::is_bare_magic;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("dbutils-in-library", globals::dbutils),
    ("display-in-library", globals::display),
    ("magic-in-module", magic_in_module::check),
    ("notebook-imported-as-module", notebook_imported::check),
    ("print-in-library", output::print),
    ("show-in-library", output::show),
    ("spark-global-in-library", globals::spark),
    ("widget-in-library", widgets::check),
];
