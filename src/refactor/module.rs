//! The text of a notebook as a module: header, separators and magics go, all words of people stay.

use super::imports::{from_lines, line_end};
use super::{Changes, Work};
use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, Form, Language};
use crate::project::document::{Document, DocumentId};
use crate::python::facts::{BindingKind, Import};
use crate::text::Span;
use crate::text::edit::{self, Edit};
use std::collections::BTreeMap;

/// Makes the modules.
pub(super) fn make_modules(work: &mut Work<'_, '_>, changes: &mut Changes) {
    let helpers: Vec<_> = work.helpers.iter().map(|helper| (helper.id, helper.target.clone())).collect();
    for (id, target) in helpers {
        let Some(document) = work.document(id) else { continue };
        let text = module(work, id, document, changes);
        if work.order.new_module.is_some() {
            changes.created.insert(target, text);
        } else {
            changes.rewritten.insert(id, text);
        }
    }
}

fn module(work: &Work<'_, '_>, id: DocumentId, document: &Document, changes: &Changes) -> String {
    let text = document.text();
    let end = line_end(document);
    let gone = foreign_imports(work, id, document);
    let mut out = String::with_capacity(text.len());
    let cells = document.notebook.iter().flat_map(|notebook| &notebook.cells);
    let mut before = String::new();
    for (at, cell) in (0_u32..).zip(cells) {
        let replaced = changes.cells.get(&(id, at)).map(String::as_str);
        let piece = piece(document, cell, &gone, replaced, end);
        if piece.is_empty() {
            continue;
        }
        if !out.is_empty() {
            let blank = if stands_apart(&before, &piece) { 2 } else { 1 };
            out.push_str(&end.repeat(blank + 1));
        }
        out.push_str(&piece);
        before = piece;
    }
    if !out.is_empty() {
        out.push_str(end);
    }
    out
}

/// Whether two blank lines belong between two pieces of code: around functions and classes.
fn stands_apart(before: &str, after: &str) -> bool {
    let defines = |line: &str| ["def ", "async def ", "class ", "@"].iter().any(|word| line.starts_with(word));
    let code = after.lines().find(|line| !line.trim().is_empty() && !line.starts_with('#'));
    before.lines().next_back().is_some_and(|line| line.starts_with([' ', '\t'])) || code.is_some_and(defines)
}

/// What is left of one cell, without line end.
fn piece(document: &Document, cell: &Cell, gone: &[Edit], replaced: Option<&str>, end: &str) -> String {
    let text = document.text();
    let mut lines: Vec<String> = Vec::new();
    if let Some(title) = cell.title.map(|title| title.text.of(text).trim()).filter(|title| !title.is_empty()) {
        lines.push(format!("# {title}"));
    }
    let is_markdown = cell.leads().is_some_and(|lead| lead.kind == MagicKind::Language(Language::Markdown));
    if is_markdown {
        lines.extend(markdown(text, cell));
    } else if let Some(replaced) = replaced {
        lines.extend((!replaced.is_empty()).then(|| replaced.to_owned()));
    } else if cell.form != Form::Empty {
        let own = gone.iter().filter(|edit| cell.body.covers(edit.span));
        let moved = own.map(|edit| {
            let span = Span::new(edit.span.start - cell.body.start, edit.span.end - cell.body.start);
            Edit::replace(span, edit.text.clone())
        });
        let body = cell.body.of(text);
        let body = edit::apply(body, &moved.collect::<Vec<_>>()).unwrap_or_else(|| body.to_owned());
        let body = body.trim_end().trim_start_matches(['\r', '\n']);
        lines.extend((!body.is_empty()).then(|| body.to_owned()));
    }
    lines.join(end)
}

/// The words of a Markdown cell as comments.
fn markdown(text: &str, cell: &Cell) -> Vec<String> {
    let prefix = if cell.form == Form::Prefixed { "# MAGIC" } else { "" };
    let mut lines: Vec<String> = Vec::new();
    for line in cell.body.of(text).lines() {
        let line = line.strip_prefix(prefix).unwrap_or(line);
        let line = line.strip_prefix(' ').filter(|_| !prefix.is_empty()).unwrap_or(line);
        lines.push(line.trim_end().to_owned());
    }
    let sign = lines.iter().position(|line| !line.trim().is_empty());
    if let Some(first) = sign.and_then(|at| lines.get_mut(at)) {
        let words = first.trim_start().trim_start_matches('%');
        let rest = words.find(char::is_whitespace).and_then(|at| words.get(at..)).unwrap_or("");
        *first = rest.trim_start().to_owned();
    }
    let first = lines.iter().position(|line| !line.trim().is_empty()).unwrap_or(lines.len());
    let last = lines.iter().rposition(|line| !line.trim().is_empty()).map_or(first, |at| at + 1);
    let kept = lines.get(first..last).unwrap_or_default();
    kept.iter().map(|line| if line.is_empty() { "#".to_owned() } else { format!("# {line}") }).collect()
}

/// Edits that take out the imports which only other notebooks used: these import for themselves now.
fn foreign_imports(work: &Work<'_, '_>, id: DocumentId, document: &Document) -> Vec<Edit> {
    let facts = &document.python;
    let text = document.text();
    let Some(local) = work.names.local(id) else { return Vec::new() };
    let mut statements: BTreeMap<Span, Vec<(&Import, bool)>> = BTreeMap::new();
    for row in facts.imports.iter().filter(|row| row.scope == 0) {
        statements.entry(row.statement).or_default().push((row, false));
    }
    for (at, row) in (0_u32..).zip(&facts.bindings) {
        let BindingKind::Import(import) = row.kind else { continue };
        let Some(import) = facts.imports.get(import as usize) else { continue };
        let used = local.names.used.get(at as usize).copied().unwrap_or(true);
        let exported = facts.exports.as_ref().is_some_and(|exports| exports.contains(&row.name));
        let copied = row.scope == 0 && row.branch == 0 && import.level == 0 && !import.optional;
        if copied && !used && !exported && work.names.is_read_elsewhere(id, at) {
            let rows = statements.get_mut(&import.statement).into_iter().flatten();
            rows.filter(|(row, _)| row.alias_span == import.alias_span).for_each(|row| row.1 = true);
        }
    }
    statements.retain(|_, rows| rows.iter().any(|(_, gone)| *gone));
    let mut edits = Vec::new();
    for (span, rows) in statements {
        let (before, after) = around(text, span);
        // Words of people stay, and so does what shares the line.
        if span.of(text).contains('#') || !before.trim().is_empty() || !after.trim().is_empty() {
            continue;
        }
        let kept: Vec<&Import> = rows.iter().filter(|(_, gone)| !gone).map(|(row, _)| *row).collect();
        let len = |text: &str| u32::try_from(text.len()).unwrap_or(0);
        if kept.is_empty() {
            let line = Span::new(span.start - len(before), span.end + len(after));
            let next = text.get(line.end as usize..).unwrap_or("");
            let ending = if next.starts_with("\r\n") { 2 } else { u32::from(next.starts_with('\n')) };
            edits.push(Edit::delete(Span::new(line.start, line.end + ending)));
            continue;
        }
        let aliases = kept.iter().map(|row| row.alias_span.of(text));
        let new = match kept.first().and_then(|row| row.name.map(|_| facts.text(row.module))) {
            Some(module) => from_lines(module, aliases).join(line_end(document)),
            None => format!("import {}", aliases.collect::<Vec<_>>().join(", ")),
        };
        edits.push(Edit::replace(span, new));
    }
    // A deleted line end must not reach out of its cell.
    let cells = document.notebook.iter().flat_map(|notebook| &notebook.cells);
    let ends: Vec<u32> = cells.map(|cell| cell.body.end).collect();
    for edit in &mut edits {
        if let Some(&end) = ends.iter().find(|end| edit.span.start < **end) {
            edit.span.end = edit.span.end.min(end);
        }
    }
    edits
}

/// What stands before and after a span on its first and last line.
fn around(text: &str, span: Span) -> (&str, &str) {
    let before = text.get(..span.start as usize).unwrap_or("");
    let before = before.rsplit('\n').next().unwrap_or("");
    let after = text.get(span.end as usize..).unwrap_or("");
    let after = after.split(['\r', '\n']).next().unwrap_or("");
    (before, after)
}
