//! Lines above and words behind code, off unless settings ask for them: who runs a notebook, what a `%run` brings.

use super::room::{Answer, Room};
use super::wire;
use crate::project::document::Document;
use crate::project::reference::ReferenceKind;
use crate::text::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::hash::{DefaultHasher, Hash, Hasher};

/// So many names are shown behind a `%run`.
const NAMES: usize = 4;

/// What stands beside code and may change when other files do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Shown {
    /// Code lenses.
    Lenses,
    /// Inlay hints.
    Hints,
}

impl Shown {
    /// The request that tells an editor to ask for them again.
    const fn refresh(self) -> &'static str {
        match self {
            Self::Lenses => "workspace/codeLens/refresh",
            Self::Hints => "workspace/inlayHint/refresh",
        }
    }
}

impl Room<'_> {
    /// Answers a request for lenses or hints, and remembers what was said.
    pub(super) fn shown(&self, what: Shown, params: &Value) -> Answer {
        let found = self.with(params, |document, cell| self.beside(what, document, cell))?;
        let client = &self.desk.shared.client;
        let refreshes = match what {
            Shown::Lenses => client.refreshes_lenses,
            Shown::Hints => client.refreshes_hints,
        };
        if let Some(uri) = params["textDocument"]["uri"].as_str().filter(|_| refreshes) {
            self.desk.shown.borrow_mut().insert((uri.into(), what), found.clone());
        }
        Ok(found)
    }

    fn beside(&self, what: Shown, document: &Document, cell: Option<usize>) -> Value {
        match what {
            Shown::Lenses => self.lenses(document, cell),
            Shown::Hints => self.hints(document, cell),
        }
    }

    /// Has the editor ask again where something else is to be shown now than it was told. For what it has just edited
    /// it asks by itself.
    pub(super) fn refresh_shown(&self) {
        let desk = self.desk;
        if desk.shown.borrow().is_empty() {
            return;
        }
        // Who runs a notebook is looked for in all of the repository: not for every letter that is typed.
        let runs = self.runs_now();
        let same_runs = desk.runs.replace(runs) == runs;
        let mut stale = BTreeSet::new();
        desk.shown.borrow_mut().retain(|(uri, what), before| {
            let Some((path, cell)) = desk.view.find(uri) else { return false };
            let Some(document) = self.project.document(&path).filter(|_| desk.view.open().contains_key(&path)) else {
                return false;
            };
            let is_known = desk.just_edited.contains(&path) || same_runs && *what == Shown::Lenses;
            if !is_known && self.beside(*what, document, cell) != *before {
                stale.insert(*what);
                // It is told once.
                return false;
            }
            true
        });
        for what in stale {
            let method = what.refresh();
            let id = format!("{method}-{}-{}", desk.root.display(), desk.state);
            desk.shared.send(wire::request(&id, method, Value::Null));
        }
    }

    /// A number that changes when it may have changed who runs whom.
    fn runs_now(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (self.desk.disk, self.desk.settings.code_lens).hash(&mut hasher);
        for document in self.project.documents() {
            let references = self.project.references(&document.path).iter();
            for reference in references.filter(|reference| reference.kind == ReferenceKind::Run) {
                (&document.path, reference.resolution.file()).hash(&mut hasher);
            }
        }
        hasher.finish()
    }

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
