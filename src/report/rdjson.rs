//! Reviewdog's JSON: one object, columns in bytes.

use super::place::{Places, Unit};
use super::plain;
use super::view::Report;
use crate::finding::{Finding, Severity};
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::lines::Position;
use serde_json::{Value, json};
use std::io;

/// Writes one object, one finding a line.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    let worst = reports.iter().flat_map(|report| report.findings).map(|finding| finding.severity).max();
    let severity = worst.map_or("INFO", severity);
    write!(out, "{{\"source\": {{\"name\": \"brickgate\"}}, \"severity\": \"{severity}\", \"diagnostics\": [")?;
    let mut separator = "\n  ";
    for report in reports {
        let mut places = Places::new(report.project);
        for finding in report.findings {
            out.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut *out, &diagnostic(finding, report, &mut places))?;
            separator = ",\n  ";
        }
    }
    out.write_all(if separator.starts_with(',') { b"\n]}\n" } else { b"]}\n" })
}

const fn severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "ERROR",
        Severity::Warning => "WARNING",
        Severity::Info => "INFO",
    }
}

fn diagnostic<'a>(finding: &'a Finding, report: &Report<'a>, places: &mut Places<'a>) -> Value {
    let mut at = |path: &RepoPath, span: Span| {
        let (start, end) = places.in_file(path, span, Unit::Bytes);
        json!({ "path": report.path(path), "range": range(start, end) })
    };
    let mut value = json!({
        "message": plain::line(&finding.message),
        "location": at(&finding.path, finding.span),
        "severity": severity(finding.severity),
        "code": { "value": &*finding.rule },
    });
    let notes: Vec<Value> = finding
        .notes
        .iter()
        .map(|note| json!({ "message": plain::line(&note.message), "location": at(&note.path, note.span) }))
        .collect();
    // In an `.ipynb` the text of an edit would have to be written as JSON.
    let is_plain = places.document(&finding.path).is_some_and(|document| document.joined.is_none());
    let suggestions: Vec<Value> = finding
        .fix
        .iter()
        .filter(|fix| is_plain && fix.file_edits.is_empty())
        .flat_map(|fix| &fix.edits)
        .map(|edit| {
            let (start, end) = places.in_file(&finding.path, edit.span, Unit::Bytes);
            json!({ "range": range(start, end), "text": edit.text })
        })
        .collect();
    for (key, list) in [("suggestions", suggestions), ("related_locations", notes)] {
        if let (Some(object), false) = (value.as_object_mut(), list.is_empty()) {
            object.insert(key.to_owned(), Value::Array(list));
        }
    }
    value
}

fn range(start: Position, end: Position) -> Value {
    let position = |position: Position| json!({ "line": position.row, "column": position.column });
    json!({ "start": position(start), "end": position(end) })
}
