//! Lines above and words behind code, off unless settings ask for them: who runs a notebook, what a `%run` brings.

use super::room::Room;
use crate::project::document::Document;
use crate::text::Span;
use serde_json::{Value, json};

/// So many names are shown behind a `%run`.
const NAMES: usize = 4;

impl Room<'_> {
    /// Who runs a notebook.
    pub(super) fn lenses(&self, document: &Document, cell: Option<usize>) -> Value {
        if !self.desk.settings.code_lens || !document.is_notebook() || cell.is_some_and(|cell| cell > 0) {
            return json!([]);
        }
        let path = &document.path;
        let count = self.with_mentions(path.stem(), path, |names| {
            let runs = names.project.runs();
            let mut from: Vec<u32> = names
                .project
                .id(path)
                .map(|id| runs.callers(id).iter().map(|edge| edge.from).collect())
                .unwrap_or_default();
            from.sort_unstable();
            from.dedup();
            from.len()
        });
        if count == 0 {
            return json!([]);
        }
        let title = if count == 1 { "run by 1 notebook".to_owned() } else { format!("run by {count} notebooks") };
        let range = self.desk.view.location(document, Span::at(0)).range.json();
        json!([{ "range": range, "command": { "title": title, "command": "" } }])
    }

    /// Which names each `%run` brings: first those that are read here.
    pub(super) fn hints(&self, document: &Document, cell: Option<usize>) -> Value {
        let Some(id) = self.project.id(&document.path).filter(|_| self.desk.settings.inlay_hints) else {
            return json!([]);
        };
        let facts = &document.python;
        let mut rows = Vec::new();
        for &edge in self.project.runs().callees(id) {
            let Some((_, reference)) = self.project.edge(edge) else { continue };
            if cell.is_some_and(|cell| reference.cell.is_some_and(|own| own as usize != cell)) {
                continue;
            }
            let scope = self.names.scope(edge.to, u32::MAX);
            let is_read = |name: &&str| {
                facts.symbols.get(name).is_some_and(|symbol| facts.uses.iter().any(|row| row.name == symbol))
            };
            let all = || scope.names.iter().map(|row| row.name).filter(|name| !name.starts_with('_'));
            let read: Vec<&str> = all().filter(is_read).collect();
            let names: Vec<&str> = if read.is_empty() { all().collect() } else { read };
            if names.is_empty() {
                continue;
            }
            let more = if names.len() > NAMES { ", …" } else { "" };
            let label = format!(" brings {}{more}", names.get(..NAMES).unwrap_or(&names).join(", "));
            let place = self.desk.view.location(document, Span::at(reference.command.end)).range.start;
            rows.push(json!({ "position": place.json(), "label": label, "paddingLeft": true }));
        }
        Value::Array(rows)
    }
}
