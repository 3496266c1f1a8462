//! Bringing a name in from the one place that defines it: a `%run` cell, or an import.

use super::elsewhere::Elsewhere;
use super::missing::Case;
use crate::notebook::{Form, Format, Origin};
use crate::project::document::Document;
use crate::project::places::without_extension;
use crate::python::facts::Facts;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// The title and edits of a change that brings a name in.
pub(super) fn bring(context: &Context<'_>, case: Case, from: Elsewhere) -> Option<(String, Vec<Edit>)> {
    let other = context.project.documents().get(from.document as usize)?;
    if other.is_notebook() {
        let own = context.project.id(&context.document.path)?;
        // One that runs this notebook cannot be run by it.
        let comes_back =
            other.path == context.document.path || context.project.runs().reached(from.document).any(|at| at == own);
        if comes_back { None } else { run(context.document, case, other) }
    } else {
        import(context, case, other)
    }
}

/// A cell with a `%run` before the cell of the first use.
fn run(document: &Document, case: Case, other: &Document) -> Option<(String, Vec<Edit>)> {
    let notebook = document.notebook.as_ref()?;
    if notebook.format != Format::Source || notebook.origin != Origin::Databricks {
        return None;
    }
    let cell = notebook.cells.get(notebook.cell_at(case.span.start)?)?;
    let full = other.path.relative_to(&document.path.parent());
    let path = without_extension(&full)?;
    if path.contains(['"', '\'', '\\', '\n', '$']) {
        return None;
    }
    let quotes = if path.contains(char::is_whitespace) { "\"" } else { "" };
    let (comment, separator, end) = (notebook.language.comment(), notebook.language.separator(), line_end(document));
    let text = format!("{comment} MAGIC %run {quotes}{path}{quotes}{end}{end}{separator}{end}{end}");
    Some((format!("Run `{path}` before this cell"), vec![Edit::insert(cell.span.start, text)]))
}

/// A `from … import …` line: in a module below its last import at the top, in a notebook at the start of the cell.
fn import(context: &Context<'_>, case: Case, other: &Document) -> Option<(String, Vec<Edit>)> {
    let document = context.document;
    let module = context.project.module_name(document, &other.path)?;
    let name = case.text(&document.python);
    let end = line_end(document);
    let (offset, before) = match &document.notebook {
        Some(notebook) => {
            let cell = notebook.cells.get(notebook.cell_at(case.span.start)?)?;
            let plain = cell.form == Form::Plain && cell.magics.is_empty();
            plain.then_some((cell.body.start, ""))?
        }
        None => below_imports(document.text(), &document.python, end),
    };
    let line = format!("{before}from {module} import {name}{end}");
    Some((format!("Import it from `{module}`"), vec![Edit::insert(offset, line)]))
}

/// The start of the line below the first block of imports; without any, the start of the first line of code. Also what
/// is to stand between.
fn below_imports<'e>(text: &str, facts: &Facts, line_end: &'e str) -> (u32, &'e str) {
    let next_line = |offset: u32| {
        let rest = text.get(offset as usize..).unwrap_or("");
        let length = memchr::memchr(b'\n', rest.as_bytes()).map_or(rest.len(), |at| at + 1);
        offset + u32::try_from(length).unwrap_or(0)
    };
    let first_other = facts.functions.iter().map(|row| row.span.start).min().unwrap_or(u32::MAX);
    let top = |span: Span| span.start < first_other;
    let imports = facts.imports.iter().filter(|row| row.scope == 0 && !row.optional && top(row.statement));
    if let Some(end) = imports.map(|row| row.statement.end).max() {
        return (next_line(end), "");
    }
    // A docstring goes first.
    let blank = |text: &str| text.lines().all(|line| line.trim().is_empty() || line.starts_with('#'));
    let docstring = facts
        .strings
        .first()
        .filter(|string| string.statement && blank(text.get(..string.span.start as usize).unwrap_or("x")));
    if let Some(docstring) = docstring {
        return (next_line(docstring.span.end), line_end);
    }
    let comments: usize = text.split_inclusive('\n').take_while(|line| line.starts_with('#')).map(str::len).sum();
    (u32::try_from(comments).unwrap_or(0), "")
}

fn line_end(document: &Document) -> &'static str {
    let text = document.text();
    let first = memchr::memchr(b'\n', text.as_bytes()).and_then(|at| text.get(..at));
    if first.is_some_and(|line| line.ends_with('\r')) { "\r\n" } else { "\n" }
}
