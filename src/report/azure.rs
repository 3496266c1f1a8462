//! Annotations of Azure Pipelines: logging commands on standard output.
//!
//! Source: Azure DevOps documentation, "Logging commands". There are errors and warnings; hints are lines of the log.

use super::place::{Places, Unit};
use super::view::Report;
use super::{concise, plain};
use crate::finding::{Finding, Severity};
use std::io;

/// Writes one command a finding, the worst first; hints only if they are wanted.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>], hints: bool) -> io::Result<()> {
    let severities = [Severity::Error, Severity::Warning, Severity::Info];
    for severity in severities.into_iter().filter(|severity| hints || *severity != Severity::Info) {
        for report in reports {
            let mut places = Places::new(report.project);
            for finding in report.findings.iter().filter(|finding| finding.severity == severity) {
                out.write_all(one(finding, report, &mut places).as_bytes())?;
            }
        }
    }
    Ok(())
}

fn one(finding: &Finding, report: &Report<'_>, places: &mut Places<'_>) -> String {
    let kind = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => {
            let line = concise::one(finding, places, report.seen_from);
            return plain::without_commands(&format!("{line}\n"));
        }
    };
    let (start, _) = places.in_file(&finding.path, finding.span, Unit::Characters);
    let path = property(&report.path(&finding.path));
    let (row, column, code) = (start.row, start.column, property(&finding.rule));
    let message = data(&plain::line(&finding.message));
    format!(
        "##vso[task.logissue type={kind};sourcepath={path};linenumber={row};columnnumber={column};code={code};]{message}\n"
    )
}

fn data(text: &str) -> String {
    text.replace('%', "%AZP25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(';', "%3B").replace(']', "%5D")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_ends_a_command_early() {
        assert_eq!(property("a;b]c%\r\n"), "a%3Bb%5Dc%AZP25%0D%0A");
        assert_eq!(data("a; b]"), "a; b]");
    }
}
