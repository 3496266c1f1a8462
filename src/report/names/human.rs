//! For people: one line a name, aligned.

use super::NamesReport;
use super::rows::{Row, Standing, meaning, rows};
use crate::names::describe::MeaningKind;
use crate::names::scope::{Origin, Step};
use crate::project::document::Document;
use crate::report::place::Places;
use crate::report::plain;
use crate::report::view::Style;
use crate::text::Span;
use anstyle::{AnsiColor, Style as Paint};
use std::fmt::Write as _;
use std::io;
use unicode_width::UnicodeWidthStr;

/// Names are not padded beyond this many columns, and details are cut there.
const NAME: usize = 32;
const DETAIL: usize = 44;

/// So many places that read a name are listed.
const USES: usize = 50;

const BOLD: Paint = Paint::new().bold();
const DIM: Paint = Paint::new().dimmed();

struct Page<'a> {
    report: &'a NamesReport<'a>,
    places: Places<'a>,
    style: &'a Style,
}

pub(super) fn write(out: &mut dyn io::Write, report: &NamesReport<'_>, style: &Style) -> io::Result<()> {
    let places = Places::new(report.names.project);
    let mut page = Page { report, places, style };
    let rows = rows(report);
    match report.only {
        Some(name) => page.one(out, name, &rows),
        None => page.all(out, &rows),
    }
}

impl<'a> Page<'a> {
    fn all(&mut self, out: &mut dyn io::Write, rows: &[Row<'a>]) -> io::Result<()> {
        let of = |wanted: fn(&Standing<'_>) -> bool| rows.iter().filter(move |row| wanted(&row.standing));
        let local: Vec<&Row<'a>> = of(|standing| matches!(standing, Standing::Local)).collect();
        let bound: Vec<&Row<'a>> = of(|standing| matches!(standing, Standing::Bound)).collect();
        let lost: Vec<&Row<'a>> = of(|standing| matches!(standing, Standing::Lost(_))).collect();
        let callers: Vec<&Row<'a>> = of(|standing| matches!(standing, Standing::Callers(_))).collect();
        let given: Vec<&str> = of(|standing| matches!(standing, Standing::Given)).map(|row| row.name).collect();
        if !local.is_empty() {
            let name = self.function_name();
            self.heading(out, &format!("In `{name}`"))?;
            self.table(out, &local)?;
            self.heading(out, "In the notebook, when the function is called")?;
        }
        if bound.is_empty() && local.is_empty() {
            writeln!(out, "no name is bound here")?;
        }
        self.table(out, &bound)?;
        if !lost.is_empty() {
            self.heading(out, "Lost when Python is restarted")?;
            self.table(out, &lost)?;
        }
        if !callers.is_empty() {
            self.heading(out, "Bound by notebooks that run this one")?;
            self.table(out, &callers)?;
        }
        let more = self.report.scope.callers.len() - callers.len();
        if more > 0 {
            let names = if more == 1 { "name" } else { "names" };
            let also = if callers.is_empty() { "" } else { "more " };
            self.heading(
                out,
                &format!("{more} {also}{names} of notebooks that run this one are not read here (--all)"),
            )?;
        }
        if !given.is_empty() {
            self.heading(out, "Given by Databricks")?;
            writeln!(out, "{}", given.join(", "))?;
        }
        self.unknowns(out)
    }

    /// Why there may be more.
    fn unknowns(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let unknowns = &self.report.scope.unknowns;
        if unknowns.is_empty() {
            return Ok(());
        }
        self.heading(out, "There may be more, because")?;
        for (id, unknown) in unknowns {
            let Some(document) = self.report.other(*id) else { continue };
            let place = self.place(document, unknown.span);
            writeln!(out, "{} ({place})", unknown.kind.reason())?;
        }
        Ok(())
    }

    fn function_name(&self) -> String {
        let inside = self.report.inside.and_then(|inside| {
            let document = self.report.document()?;
            let function = document.python.functions.get(inside.function as usize)?;
            Some(document.python.text(function.name).to_owned())
        });
        inside.unwrap_or_default()
    }

    fn heading(&self, out: &mut dyn io::Write, text: &str) -> io::Result<()> {
        writeln!(out, "\n{}", self.paint(DIM, text))
    }

    fn paint(&self, paint: Paint, text: &str) -> String {
        if self.style.color && !text.is_empty() { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
    }

    fn table(&mut self, out: &mut dyn io::Write, rows: &[&Row<'a>]) -> io::Result<()> {
        let mut lines: Vec<[String; 4]> = Vec::with_capacity(rows.len());
        let mut star: Option<Vec<Step>> = None;
        for row in rows {
            // A star import of a large module is one line.
            let steps = row.origins.first().filter(|origin| origin.binding.is_none());
            let steps = steps.map(|origin| self.report.scope.steps(origin.way));
            if steps.is_some() && steps == star {
                continue;
            }
            let name = if steps.is_some() { "*".to_owned() } else { plain::line(row.name).into_owned() };
            star = steps;
            lines.push(self.cells(name, row));
        }
        let width = |column: usize, most: usize| {
            let widths = lines.iter().filter_map(|line| line.get(column)).map(|cell| cell.width());
            widths.filter(|width| *width <= most).max().unwrap_or(0)
        };
        let widths = [width(0, NAME), width(1, NAME), width(2, DETAIL + 1)];
        for [name, kind, detail, from] in &lines {
            let pad = |text: &str, width: usize| " ".repeat(width.saturating_sub(text.width()) + 2);
            let mut line = self.paint(BOLD, name) + &pad(name, widths[0]);
            line.push_str(&self.paint(color(kind), kind));
            line.push_str(&pad(kind, widths[1]));
            line.push_str(detail);
            if widths[2] > 0 {
                line.push_str(&pad(detail, widths[2]));
            }
            line.push_str(from);
            writeln!(out, "{}", line.trim_end())?;
        }
        Ok(())
    }

    fn cells(&mut self, name: String, row: &Row<'a>) -> [String; 4] {
        let Some(origin) = row.origins.first() else { return [name, String::new(), String::new(), String::new()] };
        let meaning = meaning(self.report, origin);
        let kind = if meaning.kind == MeaningKind::DataFrame { "DataFrame" } else { meaning.kind.as_str() };
        let detail = cut(&plain::line(&meaning.detail), DETAIL, self.style.unicode);
        let mut from = self.origin(origin);
        if let Some(step) = self.report.scope.steps(origin.way).first()
            && let Some((document, span, text)) = self.report.step(step)
        {
            let by = format!(", by `{}`", plain::line(&text));
            from.push_str(&by);
            let own = Some(&document.path) == self.report.document().map(|document| &document.path);
            match self.cell(document, span).filter(|_| own) {
                Some(cell) => {
                    let _ = write!(from, " in cell {cell}");
                }
                None if own => {
                    let _ = write!(from, " in line {}", self.row(document, span));
                }
                None => {
                    let _ = write!(from, " in {}", self.place(document, span));
                }
            }
        }
        match &row.standing {
            Standing::Lost(lost) => {
                if let Some(document) = self.report.other(lost.restarted_in) {
                    let place = self.place(document, lost.wipe.span);
                    {
                        let _ = write!(from, ", lost at {place}");
                    }
                }
            }
            Standing::Callers(by) => {
                let all = self.report.names.project.runs().callers(self.report.document).len();
                let notebooks = if all == 1 {
                    "the notebook that runs this one".to_owned()
                } else {
                    format!("{} of {all} notebooks that run this one", by.len())
                };
                {
                    let _ = write!(from, ", in {notebooks}");
                }
            }
            _ if row.conditional => from.push_str(", only in a branch"),
            _ => {}
        }
        [name, kind.to_owned(), detail, from]
    }

    fn origin(&mut self, origin: &Origin) -> String {
        let span = self.report.span(origin);
        self.report.other(origin.document).map(|document| self.place(document, span)).unwrap_or_default()
    }

    fn cell(&mut self, document: &'a Document, span: Span) -> Option<u32> {
        self.places.within(document, span).cell_index
    }

    fn row(&mut self, document: &'a Document, span: Span) -> u32 {
        self.places.within(document, span).start.row
    }

    /// `path:row (cell n)`, or for `.ipynb` `path:cell n:row`.
    fn place(&mut self, document: &'a Document, span: Span) -> String {
        let place = self.places.within(document, span);
        let path = self.report.seen_from.path(&document.path);
        let path = plain::line(&path);
        match (place.cell, place.cell_index) {
            (Some(cell), _) => format!("{path}:cell {cell}:{}", place.start.row),
            (None, Some(cell)) => format!("{path}:{} (cell {cell})", place.start.row),
            (None, None) => format!("{path}:{}", place.start.row),
        }
    }

    /// Everything about one name.
    fn one(&mut self, out: &mut dyn io::Write, name: &str, rows: &[Row<'a>]) -> io::Result<()> {
        let shown = self.paint(BOLD, &plain::line(name));
        let Some(row) = rows.first() else {
            writeln!(out, "{shown} is not bound here")?;
            return self.unknowns(out);
        };
        match &row.standing {
            Standing::Given => return writeln!(out, "{shown} is given by Databricks"),
            Standing::Lost(lost) => {
                if let Some(document) = self.report.other(lost.restarted_in) {
                    let place = self.place(document, lost.wipe.span);
                    writeln!(out, "{shown} is lost here: Python is restarted at {place}")?;
                }
            }
            Standing::Callers(by) => {
                let all = self.report.names.project.runs().callers(self.report.document).len();
                writeln!(out, "{shown} is bound by {} of {all} notebooks that run this one, for instance", by.len())?;
            }
            Standing::Local => {
                let function = self.function_name();
                writeln!(out, "{shown} is a name of `{function}`")?;
            }
            Standing::Bound if row.conditional => writeln!(out, "{shown} is bound only in a branch")?,
            Standing::Bound => writeln!(out, "{shown} is bound")?,
        }
        for (at, origin) in row.origins.iter().enumerate() {
            let meaning = meaning(self.report, origin);
            if at > 0 {
                self.heading(out, "if not there, then")?;
            }
            for (number, step) in self.report.scope.steps(origin.way).iter().enumerate() {
                if let Some((document, span, text)) = self.report.step(step) {
                    let place = self.place(document, span);
                    let then = if number == 0 { "by" } else { "which has it by" };
                    writeln!(out, "  {then} `{}` at {place}", plain::line(&text))?;
                }
            }
            let place = self.origin(origin);
            let detail = cut(&plain::line(&meaning.detail), 2 * DETAIL, self.style.unicode);
            let kind = if meaning.kind == MeaningKind::DataFrame { "DataFrame" } else { meaning.kind.as_str() };
            let kind = self.paint(color(kind), kind);
            writeln!(out, "  {}", format!("as {kind} at {place}  {detail}").trim_end())?;
        }
        self.uses(out)
    }

    fn uses(&mut self, out: &mut dyn io::Write) -> io::Result<()> {
        let uses = self.report.uses;
        if uses.is_empty() {
            return self.heading(out, "nobody reads it");
        }
        self.heading(out, &format!("read {} {}", uses.len(), if uses.len() == 1 { "time" } else { "times" }))?;
        for place in uses.iter().take(USES) {
            let Some(document) = self.report.other(place.document) else { continue };
            writeln!(out, "  {}", self.place(document, place.span))?;
        }
        match uses.len().checked_sub(USES + 1) {
            Some(more) => writeln!(out, "  and {} more (--output-format json lists all)", more + 1),
            None => Ok(()),
        }
    }
}

fn color(kind: &str) -> Paint {
    match kind {
        "function" | "class" => AnsiColor::Cyan.on_default(),
        "import" => AnsiColor::Magenta.on_default(),
        "constant" => AnsiColor::Green.on_default(),
        "DataFrame" => AnsiColor::Yellow.on_default(),
        _ => Paint::new(),
    }
}

/// `text` in no more than `most` columns.
fn cut(text: &str, most: usize, unicode: bool) -> String {
    if text.width() <= most {
        return text.to_owned();
    }
    let end = if unicode { "…" } else { "..." };
    let mut kept = String::new();
    for c in text.chars() {
        if kept.width() + 1 + end.len() > most {
            break;
        }
        kept.push(c);
    }
    kept.trim_end().to_owned() + end
}
