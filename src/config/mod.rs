//! Settings: read from files, checked against the book of rules, resolved for one path.
//!
//! Files in one folder: `.brickgate.toml`, else `brickgate.toml`, else `[tool.brickgate]` in `pyproject.toml`. The
//! nearest folder upwards that has one decides alone; `extend` lays a file over another on purpose.

mod explain;
mod file;
mod format;
mod glob;
mod lookup;
mod names;
mod reader;
mod resolve;
pub mod schema;
mod settings;
pub mod style;
#[cfg(test)]
mod tests;

pub use explain::Row;
pub use file::{DEFAULT_EXCLUDES, FILE_NAMES, PYPROJECT};
pub use lookup::{Configs, own_file, pages};
pub use settings::{Lookup, Overrides, PathSettings, Place, Problem};
