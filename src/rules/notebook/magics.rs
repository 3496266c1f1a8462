//! Pages: `rules/notebook/bare-magic.md`, `code-after-magic.md`, `magic-mixed-cell.md`, `unknown-magic.md`.

use crate::notebook::magic::{Magic, MagicKind};
use crate::notebook::{Cell, Form, Format, Notebook, Origin};
use crate::project::document::Document;
use crate::rules::context::Context;
use crate::text::{Span, edit::Edit};
use std::collections::HashSet;

/// A magic as it is written: `%sql`, `%%time`, `!`.
fn written<'a>(magic: &Magic, text: &'a str) -> &'a str {
    Span::new(magic.span.start, magic.name.end).of(text)
}

/// The sign and name of a magic.
fn sign_and_name(magic: &Magic) -> Span {
    Span::new(magic.span.start, magic.name.end)
}

/// The lines of a cell's body that are not blank, without line ends; whether each stands behind `# MAGIC`.
fn lines<'a>(document: &'a Document, cell: &Cell, comment: &'static str) -> impl Iterator<Item = (Span, bool)> + 'a {
    let (text, body) = (document.text(), cell.body);
    let (first, last) = (document.lines().line_of(body.start), document.lines().line_of(body.end));
    (first..=last)
        .map(move |line| document.lines().line_content(line, text))
        .filter(move |line| body.covers(*line) && !line.of(text).trim().is_empty())
        .map(move |line| (line, is_magic_line(line.of(text), comment)))
}

fn is_magic_line(line: &str, comment: &str) -> bool {
    line.strip_prefix(comment)
        .map(|rest| rest.strip_prefix(' ').unwrap_or(rest))
        .and_then(|rest| rest.strip_prefix("MAGIC"))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

/// The magic behind `# MAGIC` that a mixed cell starts with.
fn first_of_mixed<'a>(document: &Document, notebook: &Notebook, cell: &'a Cell) -> Option<&'a Magic> {
    let magic = cell.magics.first().filter(|magic| cell.form == Form::Mixed && magic.prefixed)?;
    // A blank line behind `# MAGIC` may stand before it.
    let before = Span::new(cell.body.start, magic.span.start).of(document.text());
    let comment = notebook.language.comment();
    before
        .lines()
        .all(|line| line.trim().is_empty() || (is_magic_line(line, comment) && line.trim_end().ends_with("MAGIC")))
        .then_some(magic)
}

/// Magics that nobody obeys because something else stands before them in the cell.
pub(super) fn mixed_cell(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    for cell in &notebook.cells {
        if cell.form == Form::Mixed {
            if first_of_mixed(document, notebook, cell).is_some() {
                continue;
            }
            let Some(magic) = cell.magics.iter().find(|magic| magic.prefixed) else { continue };
            let name = written(magic, text);
            let comment = notebook.language.comment();
            let message = format!(
                "`{name}` does nothing here: with other lines in the cell, `{comment} MAGIC` lines are only comments; give it a cell of its own"
            );
            context.report(sign_and_name(magic), message);
            continue;
        }
        // `%run` is the business of the rules about `%run`.
        let late =
            |magic: &&Magic| !magic.leads && !magic.live && magic.whole_cell() && !matches!(magic.kind, MagicKind::Run);
        if cell.leads().is_some_and(|lead| lead.kind == MagicKind::Run) {
            continue;
        }
        for magic in cell.magics.iter().filter(late) {
            let name = written(magic, text);
            let message = format!("`{name}` must be the first thing in its cell: give it a cell of its own");
            context.report(sign_and_name(magic), message);
        }
    }
}

/// Cells that start with a magic behind `# MAGIC` and go on with lines that are not.
pub(super) fn code_after(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    let comment = notebook.language.comment();
    for cell in &notebook.cells {
        let Some(magic) = first_of_mixed(document, notebook, cell) else { continue };
        let Some((line, _)) = lines(document, cell, comment).find(|(_, behind)| !behind) else { continue };
        let name = written(magic, text);
        let message = format!(
            "this line is not behind `{comment} MAGIC`, so `{name}` above it is lost as a comment: start a new cell here, or put the line behind `{comment} MAGIC`"
        );
        context.report(line, message).note(document.path.clone(), sign_and_name(magic), "the magic that is lost");
    }
}

/// Cells of another language without their `# MAGIC` prefix.
pub(super) fn bare(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = document.notebook.as_ref().filter(|notebook| notebook.format == Format::Source) else {
        return;
    };
    let text = document.text();
    let comment = notebook.language.comment();
    for cell in notebook.cells.iter().filter(|cell| cell.form == Form::Plain) {
        let Some(magic) = cell.leads() else { continue };
        let is_bare =
            matches!(magic.kind, MagicKind::Run | MagicKind::Language(_) | MagicKind::Skip | MagicKind::Environment);
        if !is_bare {
            continue;
        }
        let name = written(magic, text);
        let message = format!(
            "the cell starts with a bare `{name}`, which other tools read as {}: put its lines behind `{comment} MAGIC`",
            notebook.language.name()
        );
        let edits = prefixed(document, cell, comment, magic);
        context.report(sign_and_name(magic), message).fix(format!("Put the cell behind `{comment} MAGIC`"), edits);
    }
}

/// Edits that put every line of a cell behind `# MAGIC`. Where its first line is indented, as some exporters
/// indent all lines, that much goes.
fn prefixed(document: &Document, cell: &Cell, comment: &str, magic: &Magic) -> Vec<Edit> {
    let text = document.text();
    let first = document.lines().line_of(magic.span.start);
    let last = document.lines().line_of(cell.body.end);
    let indent = Span::new(document.lines().line(first).start, magic.span.start).of(text);
    (first..=last)
        .map(|line| document.lines().line_content(line, text))
        .filter(|line| cell.body.covers(*line))
        .map(|line| {
            let content = line.of(text);
            if content.trim().is_empty() {
                return Edit::replace(line, format!("{comment} MAGIC"));
            }
            let gone = if content.starts_with(indent) { u32::try_from(indent.len()).unwrap_or(0) } else { 0 };
            Edit::replace(Span::new(line.start, line.start + gone), format!("{comment} MAGIC "))
        })
        .collect()
}

/// Magics that neither Databricks nor IPython nor a well-known library brings; each name once a notebook.
pub(super) fn unknown(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    if notebook.origin == Origin::Elsewhere {
        return;
    }
    let text = document.text();
    let mut said = HashSet::new();
    let mut loads = false;
    for magic in notebook.cells.iter().flat_map(|cell| &cell.magics) {
        loads |= matches!(magic.name.of(text), "load_ext" | "reload_ext");
        let name = written(magic, text);
        if magic.kind != MagicKind::Unknown || !said.insert(name) {
            continue;
        }
        let sign = if magic.double { "%%" } else { "%" };
        let message = match magic.suggestion(text) {
            Some(meant) => format!("`{name}` is not a known magic: did you mean `{sign}{meant}`?"),
            // An extension was loaded, which may well bring it.
            None if loads => continue,
            None => {
                format!("`{name}` is not a known magic: make sure that a library registers it before this cell runs")
            }
        };
        context.report(sign_and_name(magic), message);
    }
}
