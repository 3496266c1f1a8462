//! Test results: a suite a file, a failed case a finding, a passed case a file without any.
//!
//! Holds to what the xunit plugin of Jenkins takes, which knows neither lines nor columns: these stand in the text.

use super::place::Places;
use super::view::Report;
use super::xml;
use crate::finding::{Finding, Severity};
use crate::snapshot::RepoPath;
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

/// Writes one document.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    let (mut tests, mut failures) = (0, 0);
    let mut suites = String::new();
    for report in reports {
        let mut places = Places::new(report.project);
        let clean = report.project.documents().iter().filter(|document| document.asked);
        let mut files: BTreeMap<&RepoPath, &[Finding]> = clean.map(|document| (&document.path, &[][..])).collect();
        for findings in report.findings.chunk_by(|a, b| a.path == b.path) {
            if let Some(first) = findings.first() {
                files.insert(&first.path, findings);
            }
        }
        for (path, findings) in files {
            let failed = findings.iter().filter(|finding| is_failure(finding)).count();
            tests += findings.len().max(1);
            failures += failed;
            // Writing to a string does not fail.
            let _ = suite(&mut suites, &report.path(path), findings, failed, &mut places);
        }
    }
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(out, "<testsuites name=\"brickgate\" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" time=\"0\">")?;
    out.write_all(suites.as_bytes())?;
    writeln!(out, "</testsuites>")
}

/// Hints fail no run, so they fail no test.
const fn is_failure(finding: &Finding) -> bool {
    !matches!(finding.severity, Severity::Info)
}

fn suite(
    out: &mut String,
    path: &str,
    findings: &[Finding],
    failed: usize,
    places: &mut Places<'_>,
) -> std::fmt::Result {
    let name = xml::text(path);
    let count = findings.len().max(1);
    writeln!(
        out,
        "  <testsuite name=\"{name}\" tests=\"{count}\" failures=\"{failed}\" errors=\"0\" skipped=\"0\" time=\"0\" \
         package=\"brickgate\">"
    )?;
    if findings.is_empty() {
        writeln!(out, "    <testcase name=\"nothing found\" classname=\"{name}\" time=\"0\"/>")?;
    }
    for finding in findings {
        let at = places.of(&finding.path, finding.span);
        let cell = at.cell.map(|cell| format!("cell {cell}:")).unwrap_or_default();
        let place = format!("{cell}{}:{}", at.start.row, at.start.column);
        let (rule, message) = (xml::text(&finding.rule), xml::text(&finding.message));
        writeln!(out, "    <testcase name=\"{rule} ({place})\" classname=\"{name}\" time=\"0\">")?;
        let severity = finding.severity.as_str();
        let line = format!("{name}:{place}: {severity}: {message} [{rule}]");
        if is_failure(finding) {
            writeln!(out, "      <failure type=\"{severity}\" message=\"{message}\">{line}</failure>")?;
        } else {
            writeln!(out, "      <system-out>{line}</system-out>")?;
        }
        writeln!(out, "    </testcase>")?;
    }
    writeln!(out, "  </testsuite>")
}
