//! Formatting, and sorting imports.

use super::edits::TextEdits;
use super::encoding::Range;
use super::room::{Answer, Room};
use super::wire;
use crate::formatter::{Formatter, Options};
use crate::notebook::{Form, Language};
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::text::edit::Edit;
use serde_json::Value;

impl Room<'_> {
    /// Formats a file, or the cells and statements that a range touches.
    pub(super) fn formatting(&self, path: &RepoPath, cell: Option<usize>, range: Option<Range>) -> Answer {
        let Some(document) = self.project.document(path) else { return Ok(Value::Null) };
        let configs = self.rules.configs;
        let lines = match range {
            // Lines of JSON say nothing of cells.
            Some(_) if document.joined.is_some() => None,
            Some(range) => {
                let span = self.desk.view.span(document, cell, range).unwrap_or_default();
                let last = if span.is_empty() { span.end } else { span.end - 1 };
                Some((document.lines().line_of(span.start) + 1, document.lines().line_of(last) + 1))
            }
            None => None,
        };
        let formatter = Formatter::new(&*self.setup.snapshot, configs, Options { lines, ..Options::default() });
        if formatter.is_excluded(path) || configs.excluded_from_top(path, false) {
            return Ok(Value::Null);
        }
        let failed = |message| (wire::code::FAILED, message);
        let Some(done) = formatter.format(path, &document.raw).map_err(failed)? else { return Ok(Value::Null) };
        for left in done.left.iter().filter(|_| done.text.is_none()).take(1) {
            self.desk.shared.log(|| format!("{path}:{}:{}: not formatted: {}", left.row, left.column, left.message));
        }
        let Some(new) = done.text else { return Ok(Value::Array(Vec::new())) };
        let cut = || (wire::code::FAILED, "what changes is not shown by the editor".to_owned());
        let edits = self.rewritten(document, &new).ok_or_else(cut)?;
        let uris = self.desk.view.texts(path);
        let all = uris.iter().flat_map(|(uri, _)| match edits.of(uri) {
            Value::Array(rows) => rows,
            _ => Vec::new(),
        });
        // For a cell only its own edits make sense.
        match cell {
            Some(cell) => Ok(uris.get(cell).map_or(Value::Null, |(uri, _)| edits.of(uri))),
            _ if uris.len() > 1 => Ok(Value::Null),
            _ => Ok(Value::Array(all.collect())),
        }
    }

    /// The edits that sort the imports of a document, cell by cell.
    pub(super) fn organized(&self, document: &Document) -> Option<TextEdits> {
        let formatter = Formatter::new(&*self.setup.snapshot, self.rules.configs, Options::default());
        let path = &document.path;
        let text = document.text();
        let mut edits = Vec::new();
        match &document.notebook {
            Some(notebook) => {
                let plain = notebook.cells.iter().filter(|cell| cell.language == Language::Python);
                for cell in plain.filter(|cell| cell.form == Form::Plain) {
                    let new = formatter.sort_imports(path, cell.body.of(text), true);
                    edits.extend(new.map(|new| Edit::replace(cell.body, new)));
                }
            }
            None if path.has_extension("py") => {
                let whole = crate::text::Span::from_range(0..text.len());
                edits.extend(formatter.sort_imports(path, text, false).map(|new| Edit::replace(whole, new)));
            }
            None => {}
        }
        let mut made = TextEdits::default();
        made.extend(&self.desk.view, document, &edits, &[])?;
        Some(made)
    }
}
