//! One line a finding: `path:row:col: severity: message [rule]`. Rule pages use it too.

use super::place::Places;
use super::plain;
use super::view::Report;
use crate::finding::Finding;
use crate::project::Project;
use crate::snapshot::root::Vantage;
use std::io;

/// `finding` on one line, without a line end. In an `.ipynb` the row counts within its cell, which is
/// named: `path:cell 3:row:col: …`.
pub fn line(finding: &Finding, project: &Project) -> String {
    one(finding, &mut Places::new(project), &Vantage::default())
}

/// Writes one line a finding.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    for report in reports {
        let mut places = Places::new(report.project);
        for finding in report.findings {
            let mut line = one(finding, &mut places, report.seen_from);
            line.push('\n');
            out.write_all(line.as_bytes())?;
        }
    }
    Ok(())
}

/// The same with what is known of places already, the path as it is seen from somewhere.
pub(super) fn one(finding: &Finding, places: &mut Places<'_>, seen_from: &Vantage) -> String {
    let place = places.of(&finding.path, finding.span);
    let path = seen_from.path(&finding.path);
    let path = plain::line(&path);
    let (row, column) = (place.start.row, place.start.column);
    let severity = finding.severity.as_str();
    let message = plain::line(&finding.message);
    let rule = &finding.rule;
    match place.cell {
        Some(cell) => format!("{path}:cell {cell}:{row}:{column}: {severity}: {message} [{rule}]"),
        None => format!("{path}:{row}:{column}: {severity}: {message} [{rule}]"),
    }
}
