//! Stand-in until the notebook room lands.

use super::{Language, Notebook};
use crate::text::region::{OffsetMap, Region};
use std::borrow::Cow;

/// Regions.
pub fn python_regions<'a>(notebook: &Notebook, text: &'a str) -> Vec<Region<'a>> {
    notebook
        .cells
        .iter()
        .enumerate()
        .filter(|(_, cell)| cell.language == Language::Python)
        .map(|(at, cell)| Region {
            cell: at,
            code: Cow::Borrowed(cell.body.of(text)),
            map: OffsetMap::shift(cell.body.start),
            ipython: true,
        })
        .collect()
}
