//! Rules of the group `notebook`: how a notebook's file and cells are written.

mod commented;
mod copies;
mod environment;
mod header;
mod hygiene;
mod literals;
mod magics;
mod outputs;
mod risks;
mod separator;
mod size;
mod syntax;

use super::Check;
use super::survey::SurveyCheck;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("bare-magic", magics::bare),
    ("cell-too-long", hygiene::long_cell),
    ("code-after-magic", magics::code_after),
    ("commented-out-code", commented::check),
    ("credential-passthrough", literals::passthrough),
    ("empty-cell", hygiene::empty_cell),
    ("empty-notebook", size::empty),
    ("environment-not-closed", environment::not_closed),
    ("header-not-exact", header::not_exact),
    ("magic-mixed-cell", magics::mixed_cell),
    ("notebook-metadata-churn", outputs::metadata),
    ("notebook-without-markdown", hygiene::without_markdown),
    ("output-in-notebook", outputs::output),
    ("personal-path", literals::personal_path),
    ("polling-loop", risks::polling),
    ("root-deleted", risks::root_deleted),
    ("separator-near-miss", separator::near_miss),
    ("swallowed-exception", risks::swallowed),
    ("syntax-error", syntax::error),
    ("too-many-cells", size::too_many_cells),
    ("unknown-magic", magics::unknown),
    ("untitled-notebook", hygiene::untitled),
    ("workspace-url", literals::workspace_url),
];

/// Rules of the group that look at all files at once.
pub const SURVEYS: &[(&str, SurveyCheck)] = &[("copied-function", copies::check)];
