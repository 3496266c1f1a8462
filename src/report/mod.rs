//! Findings, written for people and machines. One file an output format.

mod azure;
mod chain;
mod checkstyle;
pub mod concise;
mod github;
mod gitlab;
mod grouped;
mod html;
mod human;
mod json;
mod junit;
mod markdown;
pub mod names;
mod place;
mod plain;
mod rdjson;
mod redact;
mod sarif;
mod source;
pub mod statistics;
pub mod summary;
mod view;
mod xml;

use crate::finding::Severity;
use crate::project::Project;
use crate::snapshot::RepoPath;
use crate::snapshot::root::Vantage;
use crate::text::Span;
use std::io;
pub use view::{Format, Report, Style};

/// Writes all findings, credentials in what they say as stars. Linear in their number, and in the length of the lines
/// that they stand on.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn write(out: &mut dyn io::Write, format: Format, reports: &[Report<'_>], style: &Style) -> io::Result<()> {
    let redacted = redact::Redacted::new(reports);
    let reports = &*redacted.reports();
    match format {
        Format::Human => human::write(out, reports, style),
        Format::Concise => concise::write(out, reports),
        Format::Grouped => grouped::write(out, reports, style),
        Format::Json => json::write(out, reports),
        Format::JsonLines => json::write_lines(out, reports),
        Format::Sarif => sarif::write(out, reports),
        Format::Github => github::write(out, reports, usize::MAX),
        Format::Gitlab => gitlab::write(out, reports),
        Format::Azure => azure::write(out, reports, true),
        Format::Junit => junit::write(out, reports),
        Format::Rdjson => rdjson::write(out, reports),
        Format::Checkstyle => checkstyle::write(out, reports),
        Format::Markdown => markdown::write(out, reports, usize::MAX),
        Format::Html => html::write(out, reports),
    }
}

/// Systems that show annotations beside code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Annotations {
    /// GitHub Actions.
    Github,
    /// Azure Pipelines.
    Azure,
}

impl Annotations {
    /// How many findings are not shown beside the code, because the system takes no more of them.
    pub fn left_out(self, reports: &[Report<'_>]) -> usize {
        let count = |severity| {
            let findings = reports.iter().flat_map(|report| report.findings);
            findings.filter(|finding| finding.severity == severity).count()
        };
        match self {
            Self::Github => [Severity::Error, Severity::Warning, Severity::Info]
                .map(|severity| count(severity).saturating_sub(github::SHOWN))
                .iter()
                .sum(),
            Self::Azure => count(Severity::Info),
        }
    }
}

/// Writes annotations beside other output: no more than the system shows, the worst first.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn annotate(out: &mut dyn io::Write, system: Annotations, reports: &[Report<'_>]) -> io::Result<()> {
    let redacted = redact::Redacted::new(reports);
    let reports = &*redacted.reports();
    match system {
        Annotations::Github => github::write(out, reports, github::SHOWN),
        Annotations::Azure => azure::write(out, reports, false),
    }
}

/// Writes findings as Markdown of at most `most` bytes.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn summarize(out: &mut dyn io::Write, reports: &[Report<'_>], most: usize) -> io::Result<()> {
    markdown::write(out, &redact::Redacted::new(reports).reports(), most)
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

/// The same for people who read the log of a CI system: nothing in it is a command to that system.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn write_to_log(out: &mut dyn io::Write, format: Format, reports: &[Report<'_>], style: &Style) -> io::Result<()> {
    if !matches!(format, Format::Human | Format::Concise | Format::Grouped) {
        return write(out, format, reports, style);
    }
    let mut text = Vec::new();
    write(&mut text, format, reports, style)?;
    out.write_all(plain::without_commands(&String::from_utf8_lossy(&text)).as_bytes())
}

/// Text from files that are not ours on one line, made harmless for terminals.
pub fn harmless(text: &str) -> std::borrow::Cow<'_, str> {
    plain::line(text)
}

#[cfg(test)]
mod tests;
