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

#[cfg(test)]
mod tests;
