//! Comments that silence a finding, put where they reach it. `docs/suppression.md` says where that is.

use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, Form, Language, Notebook};
use crate::project::document::{Document, Kind};
use crate::text::Span;
use crate::text::edit::Edit;

/// How far a comment is to reach.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// The line.
    Line,
    /// The cell.
    Cell,
    /// The file.
    File,
}

/// The edit that silences `rule` at a place of a document; `None` if no comment reaches it.
pub(super) fn silence(document: &Document, rule: &str, span: Span, reach: Reach) -> Option<Edit> {
    let text = document.text();
    let eol = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let cell = document.notebook.as_ref().and_then(|notebook| Some((notebook, notebook.cell_at(span.start)?)));
    match (reach, cell) {
        (Reach::Line, None) => above(document, span.start, marker(document, None)?, rule, eol),
        (Reach::Line, Some((notebook, index))) => {
            let cell = notebook.cells.get(index)?;
            let takes_all = cell.leads().is_some_and(|lead| lead.kind == MagicKind::Run);
            // The first line of a cell is its magic: what stands above it would make another cell of it.
            let leads = cell.leads().is_some_and(|lead| lead.whole_cell() && span.start <= lead.span.end);
            if takes_all || leads || cell.form == Form::Mixed {
                return None;
            }
            above(document, span.start, marker(document, Some((notebook, cell)))?, rule, eol)
        }
        (Reach::Cell, None) => None,
        (Reach::Cell, Some((notebook, index))) => {
            let before = index.checked_sub(1).and_then(|before| notebook.cells.get(before))?;
            if before.leads().is_some_and(|lead| lead.kind == MagicKind::Run) || before.form == Form::Mixed {
                return None;
            }
            let Marks { prefix, open, close } = marker(document, Some((notebook, before)))?;
            let comment = format!("{prefix}{open} brickgate: ignore-next-cell[{rule}]{close}");
            let at = before.body.end.max(before.span.start);
            let gap = if before.form == Form::Empty { "" } else { eol };
            Some(Edit::insert(at, format!("{gap}{comment}")))
        }
        (Reach::File, None) => {
            let Marks { open, close, .. } = marker(document, None)?;
            // A line that names the program or the encoding stays first.
            let lines = document.lines();
            let first = lines.line(0);
            let at = if first.of(text).starts_with("#!") || first.of(text).contains("coding") { first.end } else { 0 };
            Some(Edit::insert(at, format!("{open} brickgate: ignore-file[{rule}]{close}{eol}")))
        }
        (Reach::File, Some((notebook, _))) => {
            if document.joined.is_none() {
                let comment = notebook.language.comment();
                let end = notebook.environment.map_or(notebook.header.end, |block| block.end);
                let text = format!("{eol}{comment} brickgate: ignore-file[{rule}]");
                return Some(Edit::insert(
                    end,
                    if notebook.environment.is_some() { format!("{}{eol}", text.trim_start()) } else { text },
                ));
            }
            let first = notebook.cells.first()?;
            let leads = first.leads().is_some_and(super::super::notebook::magic::Magic::whole_cell);
            let Marks { open, close, .. } = marker(document, Some((notebook, first))).filter(|_| !leads)?;
            Some(Edit::insert(first.span.start, format!("{open} brickgate: ignore-file[{rule}]{close}{eol}")))
        }
    }
}

/// How a comment is written.
struct Marks {
    /// What stands before it: `# MAGIC `.
    prefix: String,
    open: &'static str,
    close: &'static str,
}

fn marker(document: &Document, cell: Option<(&Notebook, &Cell)>) -> Option<Marks> {
    let (open, close) = match cell.map(|(_, cell)| cell.language) {
        Some(Language::Python | Language::R | Language::Shell) => ("#", ""),
        Some(Language::Sql) => ("--", ""),
        Some(Language::Scala) => ("//", ""),
        Some(Language::Markdown) => ("<!--", " -->"),
        Some(Language::Fs | Language::Text) => return None,
        None if document.kind == Kind::Sql => ("--", ""),
        None => match document.path.extension() {
            "scala" => ("//", ""),
            "sql" => ("--", ""),
            _ => ("#", ""),
        },
    };
    let prefixed = cell.filter(|(_, cell)| cell.form == Form::Prefixed);
    let prefix = prefixed.map(|(notebook, _)| format!("{} MAGIC ", notebook.language.comment())).unwrap_or_default();
    Some(Marks { prefix, open, close })
}

/// A comment alone on a line above the one that holds `offset`.
fn above(document: &Document, offset: u32, marks: Marks, rule: &str, eol: &str) -> Option<Edit> {
    let (text, lines) = (document.text(), document.lines());
    let mut line = lines.line_of(offset);
    // No comment can stand in a string: the one above it reaches in.
    let strings = &document.python.strings;
    if let Some(string) = strings.iter().find(|string| string.span.start < offset && offset < string.span.end) {
        line = line.min(lines.line_of(string.span.start));
    }
    let above = line.checked_sub(1).map_or("", |above| lines.line_content(above, text).of(text));
    if above.trim_end().ends_with('\\') {
        return None;
    }
    let content = lines.line_content(line, text);
    let code = content.of(text);
    let Marks { prefix, open, close } = marks;
    let code = code.strip_prefix(prefix.as_str()).unwrap_or(code);
    let indent = code.get(..code.len() - code.trim_start_matches([' ', '\t']).len()).unwrap_or("");
    Some(Edit::insert(content.start, format!("{prefix}{indent}{open} brickgate: ignore[{rule}]{close}{eol}")))
}
