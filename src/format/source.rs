//! The layout of source notebooks: what Databricks itself writes between cells and around them.

use super::cell::{self, Outcome};
use super::{Formatted, Left, Plan, told};
use crate::notebook::magic::{Magic, MagicKind};
use crate::notebook::{Cell, Form, Language, Notebook, source};
use crate::python::format::Ending;
use crate::text::edit::{self, Edit};
use crate::text::lines::LineIndex;
use std::cell::OnceCell;
use std::fmt::Write as _;

/// Formats a source notebook.
pub(super) fn format(text: &str, notebook: &Notebook, plan: &Plan<'_>) -> Formatted {
    let mut left = Vec::new();
    let ending = plan.ending.within(text);
    let index = OnceCell::new();
    let lines = || index.get_or_init(|| LineIndex::new(text));
    let touched = |cell: &Cell| {
        plan.lines.is_none_or(|(first, last)| {
            let (start, end) = (lines().line_of(cell.span.start) + 1, lines().line_of(cell.span.end) + 1);
            start <= last && first <= end
        })
    };
    let mut cells = Vec::with_capacity(notebook.cells.len());
    let mut changes = false;
    for (index, cell) in notebook.cells.iter().enumerate() {
        if !touched(cell) {
            cells.push(None);
            continue;
        }
        // One change is enough to answer; what does not parse is still to be said.
        let outcome = if changes && plan.ask {
            cell::check(notebook, cell, text, plan)
        } else {
            cell::format(notebook, cell, text, plan)
        };
        let body = match outcome {
            Outcome::New(body) => Some(body),
            Outcome::Kept => None,
            Outcome::Refused(place, refused) => {
                let (_, message, fault) = told(&refused);
                let at = lines().position(text, cell.body.start + place.start);
                left.push(Left { cell: Some(index), row: at.row, column: at.column, message, fault });
                None
            }
        };
        if changes && plan.ask {
            continue;
        }
        let new = new_cell(notebook, index, text, body, ending);
        changes |= new != cell.span.of(text);
        cells.push(Some(new));
    }
    if plan.ask && changes {
        return Formatted { changes, text: None, left };
    }
    let new = if plan.lines.is_some() {
        let edits: Vec<Edit> = notebook
            .cells
            .iter()
            .zip(cells)
            .filter_map(|(cell, new)| Some(Edit::replace(cell.span, new?)))
            .filter(|edit| edit.text != edit.span.of(text))
            .collect();
        edit::apply(text, &edits).unwrap_or_else(|| text.to_owned())
    } else {
        let cells: Vec<String> = cells.into_iter().flatten().collect();
        whole(notebook, text, &cells, ending, plan.ending != Ending::Auto)
    };
    if new == text {
        return Formatted::new(None, left);
    }
    if !is_same_notebook(notebook, text, &new) {
        let message = "formatting would change its cells; this is a fault of brickgate, please report it".to_owned();
        left.push(Left { cell: None, row: 1, column: 1, message, fault: true });
        return Formatted::new(None, left);
    }
    Formatted::new(Some(new), left)
}

/// The file, put together again in the platform's form. `everything`: whether the line ends of what is kept as it
/// is change, too.
fn whole(notebook: &Notebook, text: &str, cells: &[String], ending: Ending, everything: bool) -> String {
    let eol = ending.as_str();
    let mut out = String::with_capacity(text.len() + 64);
    out.push_str(notebook.header.of(text));
    out.push_str(eol);
    if let Some(block) = notebook.environment {
        out.push_str(block.of(text));
        if !out.ends_with('\n') {
            out.push_str(eol);
        }
    }
    for (index, cell) in cells.iter().enumerate() {
        if index > 0 {
            for part in [eol, eol, notebook.language.separator(), eol, eol] {
                out.push_str(part);
            }
        }
        out.push_str(cell);
    }
    match (cells, notebook.environment) {
        // A notebook that is one empty cell: the header alone, or with the line of the empty cell.
        ([only], None) if only.is_empty() => {
            if text.matches('\n').count() > 1 {
                out.push_str(eol);
            }
        }
        _ => out.push_str(eol),
    }
    if everything { cell::with_ending(&cell::plain(&out), ending).into_owned() } else { out }
}

/// The text of one cell: its title, and its body without blank lines around it. `new`: the body if it was
/// formatted, with `\n`.
fn new_cell(notebook: &Notebook, index: usize, text: &str, new: Option<String>, ending: Ending) -> String {
    let Some(cell) = notebook.cells.get(index) else { return String::new() };
    let eol = ending.as_str();
    let title = cell.title.map(|title| title.line.of(text));
    let kept = || kept(notebook, cell, text, eol);
    let candidates = [new.map(|body| cell::with_ending(&body, ending).into_owned()), Some(kept())];
    for body in candidates.into_iter().flatten() {
        let whole = match title {
            // An empty cell with a title: whether a line follows is the writer's way.
            Some(title) if body.is_empty() => {
                let line = if cell.span.end > cell.title.map_or(0, |title| title.line.end) { eol } else { "" };
                format!("{title}{line}")
            }
            Some(title) => format!("{title}{eol}{body}"),
            None => body,
        };
        if whole == cell.span.of(text) || is_same_cell(notebook, index, text, &whole) {
            return whole;
        }
    }
    // Without the blank lines around it, it would be something else: a title, an environment.
    cell.span.of(text).to_owned()
}

/// The body of a cell that is not formatted, without blank lines around it and without the trailing blank that old
/// writers left on blank `# MAGIC` lines.
fn kept(notebook: &Notebook, cell: &Cell, text: &str, eol: &str) -> String {
    let body = cell.body.of(text);
    if cell.form == Form::Empty {
        return String::new();
    }
    let is_blank = |line: &str| line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0C));
    let mut lines: Vec<&str> = body.split_inclusive('\n').collect();
    while lines.last().is_some_and(|line| is_blank(line)) {
        lines.pop();
    }
    let first = lines.iter().position(|line| !is_blank(line)).unwrap_or(0);
    let lines = lines.get(first..).unwrap_or_default();
    let mut out = String::with_capacity(body.len());
    for line in lines {
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let magic = (cell.form == Form::Prefixed)
            .then(|| content.strip_prefix(notebook.language.comment())?.strip_prefix(" MAGIC"))
            .flatten();
        let blank_magic = match magic {
            Some(" ") => true,
            Some(rest) => cell.language == Language::Markdown && rest.trim().is_empty(),
            None => false,
        };
        if blank_magic {
            out.push_str(content.trim_end());
        } else if cell.form == Form::Prefixed && magic.is_none() && is_blank(content) {
            // Not a line of the cell: between two of them.
        } else {
            out.push_str(content);
        }
        out.push_str(line.get(content.len()..).unwrap_or(eol));
    }
    out.truncate(out.trim_end_matches(['\n', '\r']).len());
    out
}

/// Whether `new` in the place of a cell's text is read as the same cell.
fn is_same_cell(notebook: &Notebook, index: usize, text: &str, new: &str) -> bool {
    let comment = notebook.language;
    // Writing to a string cannot fail.
    let mut alone = format!("{}\n", comment.header());
    let at = if index == 0 {
        if let Some(block) = notebook.environment {
            alone.push_str(block.of(text));
        }
        0
    } else {
        let _ = write!(alone, "x\n\n{}\n\n", comment.separator());
        1
    };
    alone.push_str(new);
    let _ = write!(alone, "\n\n{}\n", comment.separator());
    let Some(read) = source::read(&alone, extension(notebook.language)) else { return false };
    let (Some(old), Some(other)) = (notebook.cells.get(index), read.cells.get(at)) else { return false };
    read.cells.len() == at + 2
        && read.environment.is_some() == (index == 0 && notebook.environment.is_some())
        && same(old, text, other, &alone)
}

/// Whether two notebooks have the same cells: number, order, language, title, form and magics.
fn is_same_notebook(old: &Notebook, text: &str, new: &str) -> bool {
    let Some(read) = source::read(new, extension(old.language)) else { return false };
    let block =
        |notebook: &Notebook, text: &str| notebook.environment.map(|block| cell::plain(block.of(text)).into_owned());
    read.cells.len() == old.cells.len()
        && block(&read, new).map(|block| block.trim_end().to_owned())
            == block(old, text).map(|block| block.trim_end().to_owned())
        && old.cells.iter().zip(&read.cells).all(|(cell, other)| same(cell, text, other, new))
}

fn same(cell: &Cell, text: &str, other: &Cell, other_text: &str) -> bool {
    let title = |cell: &Cell, text: &str| cell.title.map(|title| (title.text.of(text).to_owned(), title.shown));
    let magics = |cell: &Cell, text: &str| {
        let magics = cell.magics.iter();
        // What stands beside `%sql` is SQL.
        let said = |magic: &Magic| match magic.kind {
            MagicKind::Language(Language::Sql) => magic.name.of(text).to_owned(),
            _ => cell::plain(magic.span.of(text)).into_owned(),
        };
        let facts = magics.map(|magic| (magic.kind, magic.leads, magic.live, said(magic)));
        facts.collect::<Vec<_>>()
    };
    (cell.form, cell.language) == (other.form, other.language)
        && title(cell, text) == title(other, other_text)
        && cell.magics.len() == other.magics.len()
        && (cell.magics.is_empty() || magics(cell, text) == magics(other, other_text))
}

/// A file extension that notebooks of this language have.
fn extension(language: Language) -> &'static str {
    match language {
        Language::Sql => "sql",
        Language::Scala => "scala",
        Language::R => "r",
        _ => "py",
    }
}
