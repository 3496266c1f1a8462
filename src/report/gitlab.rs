//! Code Quality of GitLab: a JSON array in the form of Code Climate.
//!
//! Source: GitLab documentation, "Code Quality", "Code Quality report format". Findings are known by their
//! fingerprints, so each must have its own, and keep it when lines move.

use super::place::{Places, Unit};
use super::plain;
use super::view::Report;
use crate::baseline::fingerprints;
use crate::finding::{Finding, Severity};
use crate::snapshot::fingerprint::fingerprint;
use serde_json::json;
use std::io;

/// Writes one array, one finding a line.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    let mut separator = "\n  ";
    out.write_all(b"[")?;
    for report in reports {
        let mut places = Places::new(report.project);
        let prints = fingerprints(report.findings, report.project);
        for (finding, print) in report.findings.iter().zip(prints) {
            let (start, end) = places.in_file(&finding.path, finding.span, Unit::Characters);
            let path = report.path(&finding.path);
            let row = json!({
                "description": plain::line(&finding.message),
                "check_name": &*finding.rule,
                // Two repositories in one run may have files of the same name.
                "fingerprint": format!("{}{print}", fingerprint(path.as_bytes())),
                "severity": severity(finding, report),
                "location": { "path": path, "lines": { "begin": start.row, "end": end.row } },
            });
            out.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut *out, &row)?;
            separator = ",\n  ";
        }
    }
    out.write_all(if separator.starts_with(',') { b"\n]\n" } else { b"]\n" })
}

fn severity(finding: &Finding, report: &Report<'_>) -> &'static str {
    match finding.severity {
        Severity::Error if report.group(&finding.rule) == "secrets" => "critical",
        Severity::Error => "major",
        Severity::Warning => "minor",
        Severity::Info => "info",
    }
}
