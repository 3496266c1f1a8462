//! Rules of the group `notebook`: how a notebook's file and cells are written.

mod header;
mod magics;
mod outputs;
mod separator;
mod size;
mod syntax;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("bare-magic", magics::bare),
    ("code-after-magic", magics::code_after),
    ("empty-notebook", size::empty),
    ("header-not-exact", header::not_exact),
    ("magic-mixed-cell", magics::mixed_cell),
    ("notebook-metadata-churn", outputs::metadata),
    ("output-in-notebook", outputs::output),
    ("separator-near-miss", separator::near_miss),
    ("syntax-error", syntax::error),
    ("too-many-cells", size::too_many_cells),
    ("unknown-magic", magics::unknown),
];
