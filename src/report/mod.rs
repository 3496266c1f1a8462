//! Findings, written for people and machines. One file an output format.

pub mod concise;
mod place;
mod plain;
mod view;

use std::io;
pub use view::{Format, Report, Style};

/// Writes all findings.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(out: &mut dyn io::Write, format: Format, reports: &[Report<'_>], style: &Style) -> io::Result<()> {
    let _ = style;
    match format {
        Format::Human | Format::Concise | Format::Json | Format::JsonLines => concise::write(out, reports),
    }
}
