//! One line a finding below the name of its file, in columns.

use super::place::Places;
use super::plain;
use super::view::{Report, Style};
use crate::finding::{Finding, Severity};
use anstyle::{AnsiColor, Style as Paint};
use std::fmt::Write as _;
use std::io;

/// Writes all findings, file by file.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>], style: &Style) -> io::Result<()> {
    for report in reports {
        let mut places = Places::new(report.project);
        for findings in report.findings.chunk_by(|a, b| a.path == b.path) {
            out.write_all(file(findings, report, &mut places, style).as_bytes())?;
        }
    }
    Ok(())
}

fn file(findings: &[Finding], report: &Report<'_>, places: &mut Places<'_>, style: &Style) -> String {
    let painted =
        |paint: Paint, text: &str| if style.color { format!("{paint}{text}{paint:#}") } else { text.to_owned() };
    let mut text = String::new();
    if let Some(first) = findings.first() {
        let path = report.seen_from.path(&first.path);
        // Writing to a string does not fail.
        let _ = writeln!(text, "{}:", painted(Paint::new().bold(), &plain::line(&path)));
    }
    let rows: Vec<(String, &Finding)> = findings
        .iter()
        .map(|finding| {
            let place = places.of(&finding.path, finding.span);
            let (row, column) = (place.start.row, place.start.column);
            let cell = place.cell.map(|cell| format!("cell {cell}:")).unwrap_or_default();
            (format!("{cell}{row}:{column}"), finding)
        })
        .collect();
    let width = rows.iter().map(|(place, _)| place.len()).max().unwrap_or(0);
    for (place, finding) in &rows {
        let (word, paint) = match finding.severity {
            Severity::Error => ("error  ", AnsiColor::Red),
            Severity::Warning => ("warning", AnsiColor::Yellow),
            Severity::Info => ("info   ", AnsiColor::Cyan),
        };
        let fix = if finding.fix.is_some() { "[*] " } else { "" };
        let message = plain::line(&finding.message);
        let rule = painted(Paint::new().dimmed(), &format!("[{}]", finding.rule));
        let _ = writeln!(text, "  {place:<width$}  {}  {fix}{message} {rule}", painted(paint.on_default(), word));
    }
    text.push('\n');
    text
}
