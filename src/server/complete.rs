//! Completion: names that are in scope, notebooks behind `%run`, widgets.

use super::keys::{KeyKind, mentions};
use super::room::{At, Room};
use crate::names::describe::{self, MeaningKind};
use crate::names::scope;
use crate::project::document::{Document, DocumentId};
use crate::project::places::Places;
use crate::project::roles::injected;
use crate::python::facts::Binding;
use crate::snapshot::RepoPath;
use crate::text::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Kinds of completion items, as the protocol numbers them.
mod kind {
    pub(super) const FUNCTION: u32 = 3;
    pub(super) const VARIABLE: u32 = 6;
    pub(super) const CLASS: u32 = 7;
    pub(super) const MODULE: u32 = 9;
    pub(super) const VALUE: u32 = 12;
    pub(super) const FILE: u32 = 17;
    pub(super) const FOLDER: u32 = 19;
    pub(super) const CONSTANT: u32 = 21;
}

impl Room<'_> {
    /// What can stand at a place.
    pub(super) fn complete(&self, at: At<'_>) -> Value {
        let text = at.document.text();
        let lines = at.document.lines();
        let start = lines.line(lines.line_of(at.offset)).start;
        let before = Span::new(start, at.offset).of(text);
        if let Some(path) = run_path(before) {
            return self.notebooks(at.document, path);
        }
        if let Some(open) = before.rfind(['"', '\'']).and_then(|quote| before.get(..quote))
            && open.trim_end().ends_with("dbutils.widgets.get(")
        {
            return self.widgets(at);
        }
        let word = before.len() - before.trim_end_matches(|c: char| c == '_' || c.is_alphanumeric()).len();
        let head = before.get(..before.len() - word).unwrap_or("");
        let in_string = at
            .document
            .python
            .strings
            .iter()
            .any(|string| string.span.start < at.offset && at.offset < string.span.end && !string.holes);
        let in_comment = head.trim_start().starts_with('#') && !head.trim_start().starts_with("# MAGIC");
        let is_python = at.document.cell_at(at.offset).is_none_or(|cell| {
            let cells = at.document.notebook.as_ref().map(|notebook| &notebook.cells);
            cells
                .and_then(|cells| cells.get(cell))
                .is_some_and(|cell| cell.language == crate::notebook::Language::Python)
        });
        if head.ends_with('.') || in_string || in_comment || !is_python || at.document.python.scopes.is_empty() {
            return Value::Null;
        }
        self.scope_names(at)
    }

    fn scope_names(&self, at: At<'_>) -> Value {
        let facts = &at.document.python;
        let inside = scope::inside(facts, at.offset);
        let before = if inside.is_some() { u32::MAX } else { at.offset };
        let scope = self.names.scope(at.id, before);
        let mut seen: BTreeSet<&str> = BTreeSet::new();
        let mut items = Vec::new();
        for binding in inside.iter().flat_map(|inside| &inside.bindings) {
            let Some(row) = facts.bindings.get(*binding as usize) else { continue };
            if seen.insert(facts.text(row.name)) {
                items.push(self.item(at.id, facts.text(row.name), Some((at.id, *binding)), "0"));
            }
        }
        let bound = scope.names.iter().filter_map(|row| Some((row.name, row.origins.first()?)));
        let callers = scope.callers.iter().map(|row| (row.name, &row.origin));
        for (name, origin) in bound.chain(callers) {
            if seen.insert(name) {
                let own = if origin.document == at.id { "1" } else { "2" };
                items.push(self.item(at.id, name, origin.binding.map(|binding| (origin.document, binding)), own));
            }
        }
        if self.names.gives_globals(at.id) {
            let given = injected().iter().filter(|name| !seen.contains(**name));
            items.extend(given.map(|name| {
                json!({ "label": name, "kind": kind::VARIABLE, "detail": "given by Databricks", "sortText": format!("3{name}") })
            }));
        }
        json!({ "isIncomplete": false, "items": items })
    }

    fn item(&self, id: DocumentId, name: &str, binding: Option<(DocumentId, u32)>, rank: &str) -> Value {
        let found = binding.and_then(|(document, binding)| {
            let document = self.project.documents().get(document as usize)?;
            Some((document, document.python.bindings.get(binding as usize)?))
        });
        let found: Option<(&Document, &Binding)> = found;
        let Some((document, row)) = found else {
            return json!({ "label": name, "kind": kind::VARIABLE, "sortText": format!("{rank}{name}") });
        };
        let meaning = describe::describe(document, row);
        let kind = match meaning.kind {
            MeaningKind::Function => kind::FUNCTION,
            MeaningKind::Class => kind::CLASS,
            MeaningKind::Import => kind::MODULE,
            MeaningKind::Constant => kind::CONSTANT,
            MeaningKind::DataFrame | MeaningKind::Parameter | MeaningKind::Variable => kind::VARIABLE,
        };
        let mut item = json!({
            "label": name, "kind": kind, "sortText": format!("{rank}{name}"),
            "detail": super::hover::declaration(document, row),
        });
        if self.project.id(&document.path) != Some(id) {
            item["labelDetails"] = json!({ "description": document.path.as_str() });
        }
        item
    }

    /// Folders and notebooks of the folder that a path has got to.
    fn notebooks(&self, document: &Document, written: &str) -> Value {
        let folder = written.rfind('/').and_then(|at| written.get(..at)).unwrap_or(".");
        let Some(folder) = document.path.parent().join(folder).filter(|_| !written.starts_with('/')) else {
            return Value::Null;
        };
        let places = Places::new(self.setup.snapshot.clone());
        let listing = places.list(&folder);
        let mut items = Vec::new();
        if !written.contains('/') {
            items.extend(["./", "../"].map(|start| json!({ "label": start, "kind": kind::FOLDER })));
        }
        let folders = listing.folders().filter(|name| !name.starts_with('.'));
        items
            .extend(folders.map(|name| json!({ "label": name, "kind": kind::FOLDER, "sortText": format!("1{name}") })));
        let is_notebook = |path: &RepoPath| *path != document.path && places.is_notebook(path);
        let notebooks = listing.notebook_stems().filter(|(_, name)| is_notebook(&listing.path(name)));
        items.extend(notebooks.map(|(stem, name)| {
            let dots = if written.contains('/') { "" } else { "./" };
            json!({ "label": format!("{dots}{stem}"), "kind": kind::FILE, "detail": name, "sortText": format!("0{stem}") })
        }));
        json!({ "isIncomplete": true, "items": items })
    }

    fn widgets(&self, at: At<'_>) -> Value {
        let documents = self.project.documents().iter().filter(|other| other.is_notebook() || other.bundle.is_some());
        let names: BTreeSet<String> = documents
            .flat_map(mentions)
            .filter(|mention| mention.key.kind == KeyKind::Widget && mention.defines)
            .map(|mention| mention.key.text)
            .collect();
        let _ = at;
        Value::Array(names.iter().map(|name| json!({ "label": name, "kind": kind::VALUE })).collect())
    }
}

/// The path behind a `%run` as far as it is written; `None` if the line is none.
fn run_path(before: &str) -> Option<&str> {
    let line = before.trim_start();
    let line = ["# MAGIC", "-- MAGIC", "// MAGIC"].iter().find_map(|prefix| line.strip_prefix(prefix)).unwrap_or(line);
    let path = line.trim_start().strip_prefix("%run")?;
    path.starts_with([' ', '\t']).then(|| path.trim_start().trim_start_matches(['"', '\'']))
}

#[cfg(test)]
mod tests {
    use super::run_path;

    #[test]
    fn paths_behind_run() {
        for (line, path) in [
            ("# MAGIC %run ./a", Some("./a")),
            ("%run ", Some("")),
            ("-- MAGIC %run \"../b/", Some("../b/")),
            ("%runs ./a", None),
            ("x = 1 % run", None),
        ] {
            assert_eq!(run_path(line), path, "{line}");
        }
    }
}
