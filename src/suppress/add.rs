//! Where a comment can be put that silences a finding.

use super::comments::{marker_at, without_prefix};
use crate::notebook::{Cell, CellType, Form, Language, Notebook};
use crate::project::document::Document;
use crate::text::Span;

/// Ways to silence a finding, from the nearest to the widest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Way {
    /// At the end of its line.
    EndOfLine,
    /// Alone on the line above it.
    LineAbove,
    /// As the last line of the cell before its own.
    CellBefore,
    /// Before the first code of the file.
    File,
}

impl Way {
    /// All ways, the nearest first.
    pub const ALL: [Self; 4] = [Self::EndOfLine, Self::LineAbove, Self::CellBefore, Self::File];
}

/// A place for a comment, and what stands around the names of rules in it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Spot {
    /// The byte of the document's text before which it is put.
    pub offset: u32,
    /// From the line end before it, if it gets a line of its own, to the bracket.
    pub open: String,
    /// From the bracket to the line end behind it.
    pub close: String,
}

/// Where a comment can be put that silences what is found at `span`, in this way. `note` is what the comment says for
/// people. Whether it does silence it is for the caller to see: where strings, magics and blocks of text begin and end
/// only the reader of comments knows.
pub fn spot(document: &Document, span: Span, way: Way, note: &str) -> Option<Spot> {
    let spots = Spots { document, text: document.text(), note: note.trim() };
    match way {
        Way::EndOfLine => spots.end_of_line(span),
        Way::LineAbove => spots.line_above(span),
        Way::CellBefore => spots.cell_before(span),
        Way::File => spots.file(),
    }
}

struct Spots<'a> {
    document: &'a Document,
    text: &'a str,
    note: &'a str,
}

impl Spots<'_> {
    /// The text of a comment up to the names, and behind them.
    fn comment(&self, marker: &str, word: &str) -> (String, String) {
        let mut note = if self.note.is_empty() { String::new() } else { format!(" {}", self.note) };
        let mut end = "";
        if marker == "<!--" {
            // It would end the comment.
            note = note.replace("-->", "→");
            end = " -->";
        }
        (format!("{marker} brickgate: {word}["), format!("]{note}{end}"))
    }

    /// The line end of the document at `offset`.
    fn line_end(&self, offset: u32) -> &'static str {
        let line = self.document.lines().line(self.document.lines().line_of(offset)).of(self.text);
        let crlf = if line.ends_with('\n') { line.ends_with("\r\n") } else { self.text.contains("\r\n") };
        if crlf { "\r\n" } else { "\n" }
    }

    fn end_of_line(&self, span: Span) -> Option<Spot> {
        let lines = self.document.lines();
        let mut line = lines.line_of(span.start);
        // In a string of several lines no comment can stand: it stands behind the string.
        let end = lines.line_content(line, self.text).end;
        let strings = &self.document.python.strings;
        if let Some(string) = strings.iter().find(|string| string.span.start < end && string.span.end > end) {
            line = lines.line_of(string.span.end.saturating_sub(1));
        }
        let content = lines.line_content(line, self.text);
        let marker = marker_at(self.document, content.start)?;
        let shown = content.of(self.text);
        if shown.ends_with('\\') || shown.trim().is_empty() {
            return None;
        }
        let kept = u32::try_from(shown.trim_end().len()).ok()?;
        let (open, close) = self.comment(marker, "ignore");
        let blanks = if marker == "#" { "  " } else { " " };
        Some(Spot { offset: content.start + kept, open: format!("{blanks}{open}"), close })
    }

    fn line_above(&self, span: Span) -> Option<Spot> {
        let lines = self.document.lines();
        let mut line = lines.line_of(span.start);
        let start = lines.line(line).start;
        let strings = &self.document.python.strings;
        if let Some(string) = strings.iter().find(|string| string.span.start < start && string.span.end > start) {
            line = lines.line_of(string.span.start);
        }
        let content = lines.line_content(line, self.text);
        let marker = marker_at(self.document, content.start)?;
        // The first line of a cell may say what the cell is.
        let cell = self.document.cell_at(content.start).and_then(|at| self.document.notebook.as_ref()?.cells.get(at));
        if cell.is_some_and(|cell| {
            content.start < cell.body.start || (cell.leads().is_some() && content.start <= cell.body.start)
        }) {
            return None;
        }
        let shown = content.of(self.text);
        let code = match &self.document.notebook {
            Some(notebook) => without_prefix(shown, notebook.language.comment()),
            None => shown,
        };
        let prefix = shown.get(..shown.len() - code.trim_start().len())?;
        let (open, close) = self.comment(marker, "ignore");
        let line_end = self.line_end(content.start);
        Some(Spot { offset: content.start, open: format!("{prefix}{open}"), close: format!("{close}{line_end}") })
    }

    fn cell_before(&self, span: Span) -> Option<Spot> {
        let notebook = self.document.notebook.as_ref()?;
        let before = self.document.cell_at(span.start)?.checked_sub(1)?;
        let cell = notebook.cells.get(before)?;
        let (prefix, marker) = self.line_of_cell(notebook, cell)?;
        let body = cell.body.of(self.text);
        let kept = u32::try_from(body.trim_end_matches(['\r', '\n', ' ', '\t']).len()).ok()?;
        let offset = cell.body.start + kept;
        let line_end = if kept == 0 { "" } else { self.line_end(cell.body.start) };
        let (open, close) = self.comment(marker, "ignore-next-cell");
        Some(Spot { offset, open: format!("{line_end}{prefix}{open}"), close })
    }

    /// How a line of comment begins in a cell, and what it begins with after that.
    fn line_of_cell(&self, notebook: &Notebook, cell: &Cell) -> Option<(String, &'static str)> {
        let marker = match cell.form {
            // Nothing can be read in a cell of `%run`, and an empty one has no place of its own.
            Form::Empty if cell.body.is_empty() => return None,
            Form::Empty | Form::Plain if cell.cell_type == CellType::Code => marker_of(cell.language)?,
            _ => marker_at(self.document, cell.body.start)?,
        };
        let prefix =
            if cell.form == Form::Prefixed { format!("{} MAGIC ", notebook.language.comment()) } else { String::new() };
        Some((prefix, marker))
    }

    fn file(&self) -> Option<Spot> {
        let line_end = self.line_end(0);
        let mut apart = String::new();
        let (offset, marker) = match &self.document.notebook {
            Some(notebook) if notebook.header.is_empty() => {
                // An `.ipynb`: the first cell, unless its first line says what it is.
                let cell = notebook.cells.first().filter(|cell| cell.leads().is_none())?;
                (cell.body.start, marker_at(self.document, cell.body.start)?)
            }
            Some(notebook) => {
                let marker = notebook.language.comment();
                let is_plain = |cell: &Cell| {
                    matches!(cell.form, Form::Plain | Form::Empty) && cell.leads().is_none() && cell.title.is_none()
                };
                // In a cell of another language, or above its title, the comment would change what the cell is.
                if !notebook.cells.first().is_none_or(is_plain) {
                    apart = format!("{line_end}{marker} COMMAND ----------{line_end}{line_end}");
                }
                let lines = self.document.lines();
                let after = notebook.environment.map_or(notebook.header.end, |block| block.end.saturating_sub(1));
                (lines.line(lines.line_of(after)).end, marker)
            }
            None => {
                let shebang = self.text.strip_prefix('\u{feff}').unwrap_or(self.text).starts_with("#!");
                let first = self.document.lines().line(0);
                let bom = if self.text.starts_with('\u{feff}') { 3 } else { 0 };
                (if shebang { first.end } else { bom }, marker_at(self.document, 0)?)
            }
        };
        let (open, close) = self.comment(marker, "ignore-file");
        Some(Spot { offset, open, close: format!("{close}{line_end}{apart}") })
    }
}

const fn marker_of(language: Language) -> Option<&'static str> {
    match language {
        Language::Python | Language::R | Language::Shell => Some("#"),
        Language::Sql => Some("--"),
        Language::Scala => Some("//"),
        Language::Markdown => Some("<!--"),
        Language::Fs | Language::Text => None,
    }
}
