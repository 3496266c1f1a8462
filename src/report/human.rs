//! For people: source lines with marks, notes at other places, what a fix would do, where to read on.

use super::place::{Place, Places};
use super::view::{Report, Style};
use super::{plain, redact, source};
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::text::Span;
use anstyle::{AnsiColor, Style as Paint};
use std::collections::HashMap;
use std::fmt::{self, Write as _};
use std::io;

/// Columns where the output is no terminal: source lines longer than this are cut.
const WIDTH: usize = 140;
/// Below this many columns nothing useful can be shown.
const NARROWEST: usize = 24;
/// More notes than this are counted, not shown.
const NOTES: usize = 12;

const BOLD: Paint = Paint::new().bold();
const FRAME: Paint = AnsiColor::Blue.on_default().bold();
const HELP: Paint = AnsiColor::Green.on_default().bold();

/// Writes all findings, each with its source, and at the end how to learn more.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>], style: &Style) -> io::Result<()> {
    let mut example = None;
    for report in reports {
        let places = Places::new(report.project);
        let mut page = Page { text: String::new(), places, secrets: HashMap::new(), report, style };
        for finding in report.findings {
            page.text.clear();
            // Writing to a string does not fail.
            let _ = page.finding(finding);
            out.write_all(page.text.as_bytes())?;
            example.get_or_insert(&finding.rule);
        }
    }
    if let Some(rule) = example {
        let help = Painted(style, HELP, "learn more");
        writeln!(out, "{help}: brickgate rule {rule}")?;
    }
    Ok(())
}

/// One finding on its way out.
struct Page<'a> {
    text: String,
    places: Places<'a>,
    /// By document, what must not be shown: sorted, no two overlap.
    secrets: HashMap<&'a RepoPath, Vec<Span>>,
    report: &'a Report<'a>,
    style: &'a Style,
}

impl<'a> Page<'a> {
    fn finding(&mut self, finding: &'a Finding) -> fmt::Result {
        let paint = severity(finding.severity);
        let label = format!("{}[{}]", finding.severity.as_str(), finding.rule);
        self.heading(&label, paint, &finding.message)?;
        self.source(&finding.path, finding.span, '^', paint)?;
        for note in finding.notes.iter().take(NOTES) {
            self.heading("note", BOLD, &note.message)?;
            // A note at the very place of its finding only adds words.
            if note.path != finding.path || note.span != finding.span {
                self.source(&note.path, note.span, '-', FRAME)?;
            }
        }
        if let Some(more) = finding.notes.len().checked_sub(NOTES + 1) {
            self.heading("note", BOLD, &format!("and {} more places", more + 1))?;
        }
        if let Some(fix) = &finding.fix {
            self.heading("fix", HELP, &fix_line(fix))?;
        }
        self.text.push('\n');
        Ok(())
    }

    /// `label: message`, broken between words where the terminal is too narrow.
    fn heading(&mut self, label: &str, paint: Paint, message: &str) -> fmt::Result {
        write!(self.text, "{}: ", Painted(self.style, paint, label))?;
        let message = plain::line(message);
        let Some(width) = self.style.width.map(|width| width.max(NARROWEST)) else {
            self.text.push_str(&message);
            self.text.push('\n');
            return Ok(());
        };
        let mut used = label.chars().count() + 2;
        for (at, word) in message.split(' ').enumerate() {
            let length = unicode_width::UnicodeWidthStr::width(word);
            if at > 0 {
                if used + 1 + length > width {
                    self.text.push_str("\n    ");
                    used = 4;
                } else {
                    self.text.push(' ');
                    used += 1;
                }
            }
            self.text.push_str(word);
            used += length;
        }
        self.text.push('\n');
        Ok(())
    }

    /// `--> path:row:column`, and the line there with a mark under the place.
    fn source(&mut self, path: &'a RepoPath, span: Span, mark: char, paint: Paint) -> fmt::Result {
        let place = self.places.of(path, span);
        let row = place.start.row.to_string();
        let gutter = " ".repeat(row.len().max(2));
        let style = self.style;
        let shown = self.report.seen_from.path(path);
        let shown = plain::line(&shown);
        write!(self.text, "{gutter}{} {shown}:", Painted(style, FRAME, "-->"))?;
        if let Some(cell) = place.cell {
            write!(self.text, "cell {cell}:")?;
        }
        write!(self.text, "{row}:{}", place.start.column)?;
        self.cell(&place)?;
        self.text.push('\n');

        let Some(document) = self.places.document(path) else { return Ok(()) };
        let Some((line, base, within)) = line_at(document, span) else { return Ok(()) };
        let width = style.width.unwrap_or(WIDTH).max(NARROWEST) - gutter.len() - 3;
        let secrets = self.secrets.entry(path).or_insert_with(|| redact::hidden(document));
        let is_secret = |at: usize| redact::is_hidden(secrets, base + at);
        let cut = source::show(line, (within.start as usize, within.end as usize), width, style.unicode, is_secret);
        let bar = Painted(style, FRAME, "|");
        writeln!(self.text, "{gutter} {bar}")?;
        let number = format!("{row:>width$}", width = gutter.len());
        writeln!(self.text, "{} {bar} {}", Painted(style, FRAME, &number), cut.text)?;
        let marks = mark.to_string().repeat(cut.mark);
        writeln!(self.text, "{gutter} {bar} {}{}", " ".repeat(cut.indent), Painted(style, paint, &marks))?;
        Ok(())
    }

    /// ` (cell 3 "Load, then show")`; where the path already names the cell, the title alone.
    fn cell(&mut self, place: &Place<'_>) -> fmt::Result {
        let title = place.cell_title.map(plain::line);
        match (place.cell, place.cell_index, title) {
            (None, Some(cell), Some(title)) => write!(self.text, " (cell {cell} \"{title}\")"),
            (None, Some(cell), None) => write!(self.text, " (cell {cell})"),
            (Some(_), _, Some(title)) => write!(self.text, " (\"{title}\")"),
            _ => Ok(()),
        }
    }
}

/// The line where `span` starts, its place in the text, and the part of the span that is on it. `None` where
/// there is nothing to show: an unreadable or empty file.
fn line_at(document: &Document, span: Span) -> Option<(&str, usize, Span)> {
    let text = document.text();
    if text.is_empty() {
        return None;
    }
    let content = document.lines().line_content(document.lines().line_of(span.start), text);
    let mut start = span.start.clamp(content.start, content.end) - content.start;
    let end = span.end.clamp(content.start, content.end) - content.start;
    let line = content.of(text);
    // A span over several lines may begin with blanks; the mark should not.
    if span.end > content.end && end > start {
        let marked = Span::new(start, end).of(line);
        start += u32::try_from(marked.len() - marked.trim_start().len()).unwrap_or(0);
    }
    Some((line, content.start as usize, Span::new(start, end.max(start))))
}

/// What the fix does, and which flag makes it.
fn fix_line(fix: &Fix) -> String {
    let flag = match fix.safety {
        Safety::Safe => "--fix",
        Safety::Unsafe => "--fix --unsafe-fixes",
    };
    let mut title = fix.title.clone();
    // Titles are written as sentences of their own; here they follow a colon.
    if title.chars().nth(1).is_some_and(char::is_lowercase)
        && let Some(first) = title.get_mut(..1)
    {
        first.make_ascii_lowercase();
    }
    format!("{title} ({flag})")
}

const fn severity(severity: Severity) -> Paint {
    match severity {
        Severity::Error => AnsiColor::Red.on_default().bold(),
        Severity::Warning => AnsiColor::Yellow.on_default().bold(),
        Severity::Info => AnsiColor::Cyan.on_default().bold(),
    }
}

/// Text in a colour, if colours are wanted.
struct Painted<'a>(&'a Style, Paint, &'a str);

impl fmt::Display for Painted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(style, paint, text) = self;
        if style.color { write!(f, "{paint}{text}{paint:#}") } else { f.write_str(text) }
    }
}
