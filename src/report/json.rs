//! For machines: ruff's field names and our own. `docs/output.md` and `docs/findings.schema.json` describe it.

use super::place::{Place, Places};
use super::view::Report;
use crate::finding::{Finding, Fix};
use crate::project::document::Document;
use crate::rules::secrets::redacted;
use crate::text::lines::Position;
use serde::Serialize;
use std::borrow::Cow;
use std::io;

#[derive(Serialize)]
struct Row<'a> {
    code: &'a str,
    group: &'a str,
    severity: &'a str,
    message: &'a str,
    filename: &'a str,
    cell: Option<u32>,
    location: Location,
    end_location: Location,
    cell_index: Option<u32>,
    cell_title: Option<&'a str>,
    notes: Vec<NoteRow<'a>>,
    fix: Option<FixRow<'a>>,
    url: Option<&'a str>,
}

#[derive(Serialize)]
struct NoteRow<'a> {
    message: &'a str,
    filename: &'a str,
    cell: Option<u32>,
    location: Location,
    end_location: Location,
}

#[derive(Serialize)]
struct FixRow<'a> {
    applicability: &'a str,
    message: &'a str,
    edits: Vec<EditRow<'a>>,
}

#[derive(Serialize)]
struct EditRow<'a> {
    content: &'a str,
    location: Location,
    end_location: Location,
    /// Only where it is not the finding's cell, which is what readers of ruff's format assume.
    #[serde(skip_serializing_if = "Option::is_none")]
    cell: Option<u32>,
}

#[derive(Serialize)]
struct Location {
    row: u32,
    column: u32,
}

impl From<Position> for Location {
    fn from(position: Position) -> Self {
        Self { row: position.row, column: position.column }
    }
}

/// One array, one finding a line.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    let mut first = true;
    out.write_all(b"[")?;
    each(reports, |line| {
        out.write_all(if std::mem::take(&mut first) { b"\n  " } else { b",\n  " })?;
        out.write_all(line)
    })?;
    out.write_all(if first { b"]\n" } else { b"\n]\n" })
}

/// One object a line.
pub(super) fn write_lines(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    each(reports, |line| {
        out.write_all(line)?;
        out.write_all(b"\n")
    })
}

fn each(reports: &[Report<'_>], mut write: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
    let mut buffer = Vec::new();
    for report in reports {
        let mut places = Places::new(report.project);
        for finding in report.findings {
            buffer.clear();
            serde_json::to_writer(&mut buffer, &row(finding, report, &mut places))?;
            write(&buffer)?;
        }
    }
    Ok(())
}

fn row<'a>(finding: &'a Finding, report: &Report<'a>, places: &mut Places<'a>) -> Row<'a> {
    let place = places.of(&finding.path, finding.span);
    let notes = finding.notes.iter().map(|note| {
        let place = places.of(&note.path, note.span);
        NoteRow {
            message: &note.message,
            filename: note.path.as_str(),
            cell: place.cell,
            location: place.start.into(),
            end_location: place.end.into(),
        }
    });
    let notes = notes.collect();
    let document = places.document(&finding.path);
    Row {
        code: &finding.rule,
        group: report.group(&finding.rule),
        severity: finding.severity.as_str(),
        message: &finding.message,
        filename: match finding.path.as_str() {
            "" => ".",
            path => path,
        },
        cell: place.cell,
        location: place.start.into(),
        end_location: place.end.into(),
        cell_index: place.cell_index,
        cell_title: place.cell_title,
        notes,
        fix: finding
            .fix
            .as_ref()
            .filter(|fix| !tells(fix))
            .zip(document)
            .map(|(fix, document)| fix_row(fix, document, &place, places)),
        url: None,
    }
}

/// Whether a fix writes a credential anew; then it is not told, and the finding is.
fn tells(fix: &Fix) -> bool {
    fix.edits.iter().any(|edit| matches!(redacted(&edit.text), Cow::Owned(_)))
}

fn fix_row<'a>(fix: &'a Fix, document: &'a Document, of: &Place<'_>, places: &mut Places<'a>) -> FixRow<'a> {
    let edits = fix.edits.iter().map(|edit| {
        let place = places.within(document, edit.span);
        EditRow {
            content: &edit.text,
            location: place.start.into(),
            end_location: place.end.into(),
            cell: place.cell.filter(|_| place.cell != of.cell),
        }
    });
    FixRow { applicability: fix.safety.as_str(), message: &fix.title, edits: edits.collect() }
}
