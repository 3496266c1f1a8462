//! Findings, written for people and machines. One file an output format.

pub mod concise;
mod human;
mod json;
pub mod names;
mod place;
mod plain;
mod source;
pub mod statistics;
pub mod summary;
mod view;

use crate::project::Project;
use crate::snapshot::RepoPath;
use crate::snapshot::root::Vantage;
use crate::text::Span;
use std::io;
pub use view::{Format, Report, Style};

/// Writes all findings. Linear in their number, and in the length of the lines that they stand on.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn write(out: &mut dyn io::Write, format: Format, reports: &[Report<'_>], style: &Style) -> io::Result<()> {
    match format {
        Format::Human => human::write(out, reports, style),
        Format::Concise => concise::write(out, reports),
        Format::Json => json::write(out, reports),
        Format::JsonLines => json::write_lines(out, reports),
    }
}

/// Where a span stands, for people: `path:row (cell n)`, or for `.ipynb` `path:cell n:row`. The path is as
/// `seen_from` sees it.
pub fn place_of(project: &Project, seen_from: &Vantage, path: &RepoPath, span: Span) -> String {
    let place = place::Places::new(project).of(path, span);
    let path = seen_from.path(path);
    let path = plain::line(&path);
    match (place.cell, place.cell_index) {
        (Some(cell), _) => format!("{path}:cell {cell}:{}", place.start.row),
        (None, Some(cell)) => format!("{path}:{} (cell {cell})", place.start.row),
        (None, None) => format!("{path}:{}", place.start.row),
    }
}

/// Text from files that are not ours on one line, made harmless for terminals.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    plain::line(text)
}

#[cfg(test)]
mod tests;
