//! Edits of documents as editors make them.

use super::room::Room;
use super::view::{Location, View};
use crate::notebook::ipynb;
use crate::project::document::Document;
use crate::text::Span;
use crate::text::edit::Edit;
use crate::text::lines::LineIndex;
use serde_json::{Value, json};
use similar::{Algorithm, DiffOp, capture_diff_slices};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Edits of texts, by their names.
#[derive(Debug, Default)]
pub(super) struct TextEdits(BTreeMap<Arc<str>, (Option<i64>, Vec<Value>)>);

impl TextEdits {
    /// Adds the replacement of a place.
    pub(super) fn add(&mut self, place: &Location, text: &str) {
        let entry = self.0.entry(place.uri.clone()).or_insert((place.version, Vec::new()));
        entry.1.push(json!({ "range": place.range.json(), "newText": text }));
    }

    /// Adds edits of a document; `file_edits` are those of the file itself, for what the text of an `.ipynb` does not
    /// show. Nothing, and `None`, if they cannot be made where the editor has the file.
    pub(super) fn extend(
        &mut self,
        view: &View,
        document: &Document,
        edits: &[Edit],
        file_edits: &[Edit],
    ) -> Option<()> {
        let cells = view.open().get(&document.path).is_some_and(|file| file.cells.is_some());
        if document.joined.is_none() || cells {
            if !file_edits.is_empty() {
                return None;
            }
            for edit in edits {
                self.add(&view.location(document, edit.span), &edit.text);
            }
            return Some(());
        }
        let (notebook, joined) = document.notebook.as_ref().zip(document.joined.as_deref())?;
        let new = ipynb::write_all(&document.raw, notebook, joined, edits, file_edits)?;
        let lines = LineIndex::new(&document.raw);
        for edit in difference(&document.raw, &new) {
            let place = view.location_in_file(document, edit.span);
            debug_assert!(lines.count() > place.range.start.line);
            self.add(&place, &edit.text);
        }
        Some(())
    }

    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The edits of one text.
    pub(super) fn of(&self, uri: &str) -> Value {
        Value::Array(self.0.get(uri).map(|(_, edits)| edits.clone()).unwrap_or_default())
    }

    /// As the protocol writes them: with the states of texts, if the editor knows what that means.
    pub(super) fn json(self, document_changes: bool) -> Value {
        if document_changes {
            let changes = self.0.into_iter().map(|(uri, (version, edits))| {
                json!({ "textDocument": { "uri": &*uri, "version": version }, "edits": edits })
            });
            return json!({ "documentChanges": changes.collect::<Vec<_>>() });
        }
        let changes = self.0.into_iter().map(|(uri, (_, edits))| (uri.to_string(), Value::Array(edits)));
        json!({ "changes": changes.collect::<serde_json::Map<_, _>>() })
    }
}

impl Room<'_> {
    /// The edits that make another text of a document, given whole: for `.ipynb` its JSON.
    pub(super) fn rewritten(&self, document: &Document, new: &str) -> Option<TextEdits> {
        let mut edits = TextEdits::default();
        let cells = self.desk.view.open().get(&document.path).is_some_and(|file| file.cells.is_some());
        if cells {
            // Cells must stay what they are: of the rest the editor has no text.
            let (notebook, joined) = ipynb::read(new).ok()?;
            let before = document.notebook.as_ref()?;
            if notebook.cells.len() != before.cells.len() {
                return None;
            }
            for (old, new) in before.cells.iter().zip(&notebook.cells) {
                let (was, is) = (old.span.of(document.text()), new.span.of(&joined));
                for edit in difference(was, is) {
                    let span = Span::new(edit.span.start + old.span.start, edit.span.end + old.span.start);
                    edits.add(&self.desk.view.location(document, span), &edit.text);
                }
            }
            return Some(edits);
        }
        for edit in difference(&document.raw, new) {
            let place = self.desk.view.location_in_file(document, edit.span);
            edits.add(&place, &edit.text);
        }
        Some(edits)
    }
}

/// Lines that differ, so that an editor keeps its marks and folds in the others.
fn difference(old: &str, new: &str) -> Vec<Edit> {
    if old == new {
        return Vec::new();
    }
    let (before, after): (Vec<&str>, Vec<&str>) =
        (old.split_inclusive('\n').collect(), new.split_inclusive('\n').collect());
    let starts = |lines: &[&str]| {
        let mut starts = vec![0_usize];
        for line in lines {
            starts.push(starts.last().copied().unwrap_or(0) + line.len());
        }
        starts
    };
    let (old_starts, new_starts) = (starts(&before), starts(&after));
    let at = |starts: &[usize], line: usize| starts.get(line).copied().unwrap_or_default();
    let mut edits = Vec::new();
    for op in capture_diff_slices(Algorithm::Myers, &before, &after) {
        if matches!(op, DiffOp::Equal { .. }) {
            continue;
        }
        let (from, to) = (op.old_range(), op.new_range());
        let span = Span::from_range(at(&old_starts, from.start)..at(&old_starts, from.end));
        let text = new.get(at(&new_starts, to.start)..at(&new_starts, to.end)).unwrap_or_default();
        edits.push(Edit::replace(span, text));
    }
    edits
}

#[cfg(test)]
mod tests {
    use super::difference;
    use crate::text::edit;

    #[test]
    fn differences_make_the_new_text() {
        let texts = ["", "a", "a\n", "a\nb\nc\n", "a\nx\nc", "b\r\nc\r\n", "\n\n", "é\nb\nc\nd\n"];
        for old in texts {
            for new in texts {
                assert_eq!(edit::apply(old, &difference(old, new)).as_deref(), Some(new), "{old:?} {new:?}");
            }
        }
        assert_eq!(difference("a\nb\nc\n", "a\nx\nc\n").len(), 1);
    }
}
