//! Annotations of GitHub Actions: workflow commands on standard output.
//!
//! Source: GitHub documentation, "Workflow commands for GitHub Actions". Of each severity GitHub shows the first ten
//! of a step, and fifty of a job.

use super::place::{Places, Unit};
use super::plain;
use super::view::Report;
use crate::finding::{Finding, Severity};
use std::fmt::Write as _;
use std::io;

/// How many annotations of each severity GitHub shows of one step.
pub(super) const SHOWN: usize = 10;

/// Writes one annotation a finding, the worst first, at most `most` of each severity.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>], most: usize) -> io::Result<()> {
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let mut left = most;
        for report in reports {
            let mut places = Places::new(report.project);
            for finding in report.findings.iter().filter(|finding| finding.severity == severity).take(left) {
                out.write_all(one(finding, report, &mut places).as_bytes())?;
                left -= 1;
            }
        }
    }
    Ok(())
}

fn one(finding: &Finding, report: &Report<'_>, places: &mut Places<'_>) -> String {
    let command = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "notice",
    };
    let (start, end) = places.in_file(&finding.path, finding.span, Unit::Characters);
    let path = property(&report.path(&finding.path));
    let mut place = format!("file={path},line={},endLine={}", start.row, end.row);
    // Columns over several lines are not taken.
    if start.row == end.row {
        // Writing to a string does not fail.
        let _ = write!(place, ",col={},endColumn={}", start.column, end.column.max(start.column));
    }
    let cell = match places.of(&finding.path, finding.span) {
        place if place.cell.is_some() => {
            format!(" (cell {}, line {})", place.cell.unwrap_or_default(), place.start.row)
        }
        _ => String::new(),
    };
    let title = property(&format!("brickgate: {}", finding.rule));
    format!("::{command} {place},title={title}::{}\n", data(&format!("{}{cell}", plain::line(&finding.message))))
}

/// Text behind the `::`.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Text of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(property("a:b,c%\r\n"), "a%3Ab%2Cc%25%0D%0A");
        assert_eq!(data("a: b, 5 %"), "a: b, 5 %25");
    }
}
