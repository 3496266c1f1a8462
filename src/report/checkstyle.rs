//! Checkstyle's XML, which nearly everything reads.

use super::place::{Places, Unit};
use super::view::Report;
use super::xml;
use std::io;

/// Writes one document.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<checkstyle version=\"4.3\">")?;
    for report in reports {
        let mut places = Places::new(report.project);
        for findings in report.findings.chunk_by(|a, b| a.path == b.path) {
            let Some(first) = findings.first() else { continue };
            writeln!(out, "  <file name=\"{}\">", xml::text(&report.path(&first.path)))?;
            for finding in findings {
                let (start, _) = places.in_file(&finding.path, finding.span, Unit::Characters);
                writeln!(
                    out,
                    "    <error line=\"{}\" column=\"{}\" severity=\"{}\" message=\"{}\" source=\"brickgate.{}\"/>",
                    start.row,
                    start.column,
                    finding.severity.as_str(),
                    xml::text(&finding.message),
                    xml::text(&finding.rule)
                )?;
            }
            writeln!(out, "  </file>")?;
        }
    }
    writeln!(out, "</checkstyle>")
}
