//! One page for a browser, which needs nothing but itself: what there is, filters, source with carets, how each file
//! comes to be run.

use super::chain::chain;
use super::place::Places;
use super::view::Report;
use super::{redact, source, xml};
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::date::moment;
use std::collections::{BTreeMap, HashMap};
use std::fmt::{self, Write as _};
use std::io;

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Findings beyond so many are counted, not shown: no browser likes them.
const MOST: usize = 10_000;
/// Lines of source before and behind the place.
const AROUND: u32 = 2;
/// Columns of source.
const WIDTH: usize = 160;
/// Other places of one finding.
const NOTES: usize = 12;

/// Writes the page.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    let total: usize = reports.iter().map(|report| report.findings.len()).sum();
    // The worst are shown, if not all can be.
    let shown = |severity: Severity| {
        let worse = |finding: &&Finding| finding.severity > severity;
        let count = reports.iter().flat_map(|report| report.findings).filter(worse).count();
        MOST.saturating_sub(count)
    };
    let mut left: HashMap<Severity, usize> =
        [Severity::Error, Severity::Warning, Severity::Info].into_iter().map(|one| (one, shown(one))).collect();
    let mut head = String::new();
    // Writing to a string does not fail.
    let _ = begin(&mut head, reports, total);
    out.write_all(head.as_bytes())?;
    for report in reports {
        let mut page = Page { places: Places::new(report.project), hidden: HashMap::new(), report };
        for findings in report.findings.chunk_by(|a, b| a.path == b.path) {
            let findings: Vec<&Finding> = findings
                .iter()
                .filter(|finding| {
                    let left = left.entry(finding.severity).or_default();
                    let stays = *left > 0;
                    *left = left.saturating_sub(1);
                    stays
                })
                .collect();
            let mut text = String::new();
            let _ = page.file(&mut text, &findings);
            out.write_all(text.as_bytes())?;
        }
    }
    if total > MOST {
        writeln!(out, "<p>{} more findings are not shown here.</p>", total - MOST)?;
    }
    write!(out, "<p id=\"none\" hidden>Nothing here fits the filters.</p>\n</main>\n<script>{SCRIPT}</script>\n")?;
    out.write_all(b"</body>\n</html>\n")
}

/// Everything above the findings.
fn begin(out: &mut String, reports: &[Report<'_>], total: usize) -> fmt::Result {
    let mut severities =
        [(Severity::Error, "error", 0_usize), (Severity::Warning, "warning", 0), (Severity::Info, "hint", 0)];
    let mut rules: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    let mut files = 0;
    let mut fixable = 0;
    for report in reports {
        files += report.findings.chunk_by(|a, b| a.path == b.path).count();
        for finding in report.findings {
            *rules.entry((report.group(&finding.rule), &finding.rule)).or_default() += 1;
            fixable += usize::from(finding.fix.is_some());
            for (severity, _, count) in &mut severities {
                *count += usize::from(*severity == finding.severity);
            }
        }
    }
    let checked: usize =
        reports.iter().map(|report| report.project.documents().iter().filter(|document| document.asked).count()).sum();
    write!(
        out,
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<title>brickgate: {total} findings</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<header>\n<h1>brickgate</h1>\n<p>{total} findings in {files} files, \
         {fixable} with a fix. {checked} files checked. <time>{} UTC</time></p>\n<form id=\"filters\">\n",
        moment().replace('T', " ")
    )?;
    for (severity, word, count) in severities {
        let key = severity.as_str();
        write!(
            out,
            "<label class=\"chip {key}\"><input type=\"checkbox\" name=\"severity\" value=\"{key}\" checked> {count} \
             {word}{}</label>\n",
            if count == 1 { "" } else { "s" }
        )?;
    }
    write!(out, "<label>Rule <select name=\"rule\"><option value=\"\">all</option>")?;
    for ((group, rule), count) in &rules {
        let (group, rule) = (xml::text(group), xml::text(rule));
        write!(out, "<option value=\"{rule}\">{group}/{rule} ({count})</option>")?;
    }
    write!(
        out,
        "</select></label>\n<label>Text <input type=\"search\" name=\"text\" placeholder=\"path or message\"></label>\n\
         <label class=\"chip\"><input type=\"checkbox\" name=\"fixable\"> with a fix</label>\n\
         <output id=\"count\"></output>\n</form>\n</header>\n<main>\n"
    )
}

struct Page<'a> {
    places: Places<'a>,
    /// By document, what must not be shown.
    hidden: HashMap<RepoPath, Vec<Span>>,
    report: &'a Report<'a>,
}

impl<'a> Page<'a> {
    fn file(&mut self, out: &mut String, findings: &[&'a Finding]) -> fmt::Result {
        let Some(first) = findings.first() else { return Ok(()) };
        let path = xml::text(&self.report.seen_from.path(&first.path));
        write!(out, "<details class=\"file\" open>\n<summary>{path} <span>{}</span></summary>\n", findings.len())?;
        self.chain(out, &first.path)?;
        for finding in findings {
            self.finding(out, finding)?;
        }
        writeln!(out, "</details>")
    }

    /// How the file comes to be run.
    fn chain(&mut self, out: &mut String, path: &RepoPath) -> fmt::Result {
        let steps = chain(self.report.project, path);
        if steps.is_empty() {
            return Ok(());
        }
        write!(out, "<p class=\"chain\">run by ")?;
        for step in steps {
            let row = self.places.of(step.path, step.span).start.row;
            let path = xml::text(&self.report.seen_from.path(step.path));
            write!(out, "<span>{path}:{row}</span> → ")?;
        }
        let path = xml::text(&self.report.seen_from.path(path));
        writeln!(out, "<span>{path}</span></p>")
    }

    fn finding(&mut self, out: &mut String, finding: &'a Finding) -> fmt::Result {
        let severity = finding.severity.as_str();
        let rule = xml::text(&finding.rule);
        let title = self.report.book.get(&finding.rule).map(|rule| xml::text(&rule.page.title)).unwrap_or_default();
        let fixable = if finding.fix.is_some() { " data-fixable" } else { "" };
        write!(
            out,
            "<article class=\"{severity}\" data-severity=\"{severity}\" data-rule=\"{rule}\"{fixable}>\n\
             <h2><b>{severity}</b> {} <a title=\"{title}\">{rule}</a></h2>\n",
            xml::message(&finding.message)
        )?;
        self.source(out, &finding.path, finding.span)?;
        for note in finding.notes.iter().take(NOTES) {
            writeln!(out, "<h3>{}</h3>", xml::message(&note.message))?;
            if note.path != finding.path || note.span != finding.span {
                self.source(out, &note.path, note.span)?;
            }
        }
        if let Some(more) = finding.notes.len().checked_sub(NOTES + 1) {
            writeln!(out, "<h3>and {} more places</h3>", more + 1)?;
        }
        if let Some(fix) = &finding.fix {
            writeln!(out, "<p class=\"fix\">{}</p>", xml::message(&fix_line(fix)))?;
        }
        writeln!(out, "</article>")
    }

    /// The place, and the lines around it with a caret under the span.
    fn source(&mut self, out: &mut String, path: &'a RepoPath, span: Span) -> fmt::Result {
        let place = self.places.of(path, span);
        let shown = xml::text(&self.report.seen_from.path(path));
        let (row, column) = (place.start.row, place.start.column);
        write!(out, "<p class=\"place\">{shown}:")?;
        match (place.cell, place.cell_index) {
            (Some(cell), _) => write!(out, "cell {cell}:{row}:{column}")?,
            (None, Some(cell)) => write!(out, "{row}:{column} (cell {cell})")?,
            (None, None) => write!(out, "{row}:{column}")?,
        }
        if let Some(title) = place.cell_title {
            write!(out, " “{}”", xml::text(title))?;
        }
        writeln!(out, "</p>")?;
        let Some(document) = self.places.document(path).filter(|document| !document.text().is_empty()) else {
            return Ok(());
        };
        let hidden = self.hidden.entry(path.clone()).or_insert_with(|| redact::hidden(document));
        lines(out, document, span, row, hidden)
    }
}

/// Numbered lines of source.
fn lines(out: &mut String, document: &Document, span: Span, row: u32, hidden: &[Span]) -> fmt::Result {
    let text = document.text();
    let index = document.lines();
    let own = index.line_of(span.start);
    let body = document
        .cell_at(span.start)
        .and_then(|cell| document.notebook.as_ref()?.cells.get(cell))
        .map_or(Span::from_range(0..text.len()), |cell| cell.span);
    let (top, bottom) = (index.line_of(body.start), index.line_of(body.end.saturating_sub(1).max(body.start)));
    let last = own.saturating_add(AROUND).min(bottom).max(own);
    write!(out, "<pre>")?;
    for line in own.saturating_sub(AROUND).max(top).min(own)..=last {
        let content = index.line_content(line, text);
        let is_secret = |at: usize| redact::is_hidden(hidden, content.start as usize + at);
        let within = |offset: u32| (offset.clamp(content.start, content.end) - content.start) as usize;
        let mark = if line == own { (within(span.start), within(span.end)) } else { (0, 0) };
        let drawn = source::show(content.of(text), mark, WIDTH, true, is_secret);
        // Rows count within the cell in an `.ipynb`.
        let number = i64::from(row) + i64::from(line) - i64::from(own);
        let class = if line == own { " class=\"own\"" } else { "" };
        writeln!(out, "<span{class}><i>{number:>5}</i> {}</span>", xml::text(&drawn.text))?;
        if line == own {
            let blanks = " ".repeat(drawn.indent);
            writeln!(out, "<span class=\"caret\"><i>     </i> {blanks}{}</span>", "^".repeat(drawn.mark))?;
        }
    }
    writeln!(out, "</pre>")
}

fn fix_line(fix: &Fix) -> String {
    let flag = match fix.safety {
        Safety::Safe => "--fix",
        Safety::Unsafe => "--fix --unsafe-fixes",
    };
    format!("{} ({flag})", fix.title)
}
