//! Giving a thing another name, in all files in which it has one.

use super::edits::TextEdits;
use super::references::places_of;
use super::room::{Answer, At, Room};
use super::target::{Target, name_at};
use super::wire;
use crate::names::Namespaces;
use crate::project::document::DocumentId;
use crate::project::roles::{is_identifier, is_injected};
use crate::python::builtins::is_builtin;
use crate::python::facts::BindingKind;
use crate::text::edit::Edit;
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// Words that are no names in Python.
const KEYWORDS: [&str; 35] = [
    "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
    "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
    "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
];

impl Room<'_> {
    /// The name that would be changed; nothing, if none can.
    pub(super) fn prepare_rename(&self, at: At<'_>) -> Value {
        let (span, text) = match self.target(at) {
            Some(Target::Name(name)) if self.can_be_renamed(&name.bindings) => (name.span, name.text),
            Some(Target::Key(key)) => (key.span, key.text),
            _ => return Value::Null,
        };
        json!({ "range": self.desk.view.location(at.document, span).range.json(), "placeholder": text })
    }

    fn can_be_renamed(&self, bindings: &[(DocumentId, u32)]) -> bool {
        let is_ours = |&(id, binding): &(DocumentId, u32)| {
            let document = self.project.documents().get(id as usize);
            let row = document.and_then(|document| document.python.bindings.get(binding as usize));
            row.is_some_and(|row| !matches!(row.kind, BindingKind::Magic | BindingKind::Recovered))
        };
        !bindings.is_empty() && bindings.iter().all(is_ours)
    }

    /// The edits that give what stands at a place another name.
    pub(super) fn rename(&self, at: At<'_>, new: &str) -> Answer {
        let refuse = |reason: String| Err((wire::code::FAILED, reason));
        match self.target(at) {
            Some(Target::Name(name)) if self.can_be_renamed(&name.bindings) => {
                if !is_identifier(new) || KEYWORDS.contains(&new) {
                    return refuse(format!("`{new}` is no name in Python"));
                }
                if is_builtin(new) || is_injected(new) {
                    return refuse(format!("`{new}` is a name of Python's or of the platform's"));
                }
                self.with_mentions(&name.text, &at.document.path, |names| self.renamed(names, at, &name.text, new))
            }
            Some(Target::Key(key)) => {
                if new.is_empty() || new.contains(['"', '\'', '\\', '\n', '{', '}']) {
                    return refuse(format!("`{new}` cannot stand in quotes as it is"));
                }
                let mut edits = TextEdits::default();
                for (place, _) in self.key_places(at, &key) {
                    edits.add(&place, new);
                }
                Ok(edits.json(self.desk.shared.client.document_changes))
            }
            _ => refuse("this has no name that can be changed here".to_owned()),
        }
    }

    fn renamed(&self, names: &Namespaces<'_>, at: At<'_>, old: &str, new: &str) -> Answer {
        let refuse = |reason: String| Err((wire::code::FAILED, reason));
        let project = names.project;
        let places = places_of(names, &at.document.path, at.offset);
        let mut by_document: BTreeMap<DocumentId, Vec<Edit>> = BTreeMap::new();
        for &(id, span, _) in &places {
            let Some(document) = project.documents().get(id as usize) else { continue };
            if span.of(document.text()) != old {
                return refuse(format!("{}: `{old}` is not written out in one of its places", document.path));
            }
            by_document.entry(id).or_default().push(Edit::replace(span, new));
        }
        if by_document.is_empty() {
            return refuse(format!("`{old}` is bound outside this repository"));
        }
        let path = &at.document.path;
        if let Some((id, document)) = project.id(path).zip(project.document(path))
            && let Some(name) = name_at(names, At { document, id, offset: at.offset })
            && let Some(reason) = parameter(names, &name.bindings, old)
        {
            return refuse(reason);
        }
        // Whoever has the new name already, or may get it, would mean something else from then on.
        let touched: BTreeSet<DocumentId> = by_document.keys().copied().collect();
        for id in touched {
            let Some(document) = project.documents().get(id as usize) else { continue };
            let facts = &document.python;
            let Some(symbol) = facts.symbols.get(new) else { continue };
            let taken =
                facts.bindings.iter().any(|row| row.name == symbol) || facts.uses.iter().any(|row| row.name == symbol);
            if taken {
                return refuse(format!("`{new}` has a meaning in {} already", document.path));
            }
        }
        let mut edits = TextEdits::default();
        for (id, mut rows) in by_document {
            let Some(document) = project.documents().get(id as usize) else { continue };
            rows.sort();
            rows.dedup();
            if edits.extend(&self.desk.view, document, &rows, &[]).is_none() {
                return refuse(format!("{} cannot be changed", document.path));
            }
        }
        Ok(edits.json(self.desk.shared.client.document_changes))
    }
}

/// Why a parameter cannot be renamed: somebody passes it by its name.
fn parameter(names: &Namespaces<'_>, bindings: &[(DocumentId, u32)], old: &str) -> Option<String> {
    let &[(id, binding)] = bindings else { return None };
    let facts = &names.project.documents().get(id as usize)?.python;
    let row = facts.bindings.get(binding as usize).filter(|row| row.kind == BindingKind::Parameter)?;
    let function = facts.scopes.get(row.scope as usize)?.function.and_then(|at| facts.functions.get(at as usize))?;
    let called = facts.text(function.name);
    names.project.documents().iter().find_map(|document| {
        let facts = &document.python;
        let passes = facts.calls.iter().any(|call| {
            facts.is(call.method, called)
                && facts.arguments(call).iter().any(|argument| facts.is(argument.keyword, old))
        });
        passes.then(|| format!("{} passes `{old}` to `{called}` by its name", document.path))
    })
}
