//! Who uses what a document binds, beyond the document's own Python.

use super::fixture;
use crate::names::Namespaces;
use crate::names::local::UnknownKind;
use crate::notebook::{Language, Origin};
use crate::project::document::{Document, DocumentId};
use crate::project::reference::ReferenceKind;
use crate::python::facts::{BindingKind, Facts, ScopeId, ScopeKind};
use crate::python::symbols::{FastSet, Symbol};
use std::cell::OnceCell;

/// Answers for one document; what costs is found out when somebody asks.
pub(super) struct Usage<'a> {
    names: &'a Namespaces<'a>,
    document: &'a Document,
    id: DocumentId,
    foreign: OnceCell<FastSet<&'a str>>,
    /// The words in strings, if the document runs code that is text, and the scopes in which it does.
    quoted: OnceCell<Option<(FastSet<&'a str>, FastSet<ScopeId>)>>,
    callers: OnceCell<Vec<DocumentId>>,
    /// What those who import the document take from it.
    imported: OnceCell<FastSet<&'a str>>,
    /// What pytest is asked for.
    fixtures: OnceCell<FastSet<&'a str>>,
}

impl<'a> Usage<'a> {
    pub(super) fn new(names: &'a Namespaces<'a>, document: &'a Document, id: DocumentId) -> Self {
        Self {
            names,
            document,
            id,
            foreign: OnceCell::new(),
            quoted: OnceCell::new(),
            callers: OnceCell::new(),
            imported: OnceCell::new(),
            fixtures: OnceCell::new(),
        }
    }

    /// Whether something other than the document's own code uses a binding: notebooks that run it or are run beside
    /// it, cells of other languages, code that is put together as text, and tests that ask for a fixture. Who imports a
    /// notebook counts as well, who imports a module does not: see [`Usage::is_handed_on`].
    pub(super) fn is_used(&self, binding: u32) -> bool {
        let Some(row) = self.document.python.bindings.get(binding as usize) else { return true };
        let name = self.document.python.text(row.name);
        let notebook = self.document.is_notebook();
        self.is_quoted(name, row.scope)
            || row.scope == 0 && self.is_fixture(row.kind, name)
            || notebook
                && row.scope == 0
                && (self.is_of_other_platform()
                    || self.names.is_read_elsewhere(self.id, binding)
                    || self.is_foreign(name)
                    || self.is_mentioned_by_caller(name)
                    || self.is_imported(name))
    }

    /// Whether a binding is an import that pytest has a use for: what `conftest.py` imports is for all tests below it.
    fn is_fixture(&self, kind: BindingKind, name: &str) -> bool {
        let BindingKind::Import(import) = kind else { return false };
        let facts = &self.document.python;
        let may_be = || name.starts_with(|c: char| c == '_' || c.is_lowercase());
        let is_member = || facts.imports.get(import as usize).is_some_and(|import| import.name.is_some());
        self.document.path.stem() == "conftest" && may_be() && is_member()
            || self.fixtures.get_or_init(|| fixture::asked(facts)).contains(name)
            || fixture::is_imported(self.names.project, self.document, import)
    }

    /// Whether nothing is known of who runs the notebook: other platforms find notebooks in other ways.
    fn is_of_other_platform(&self) -> bool {
        self.document.notebook.as_ref().is_some_and(|notebook| notebook.origin == Origin::Elsewhere)
    }

    /// Whether something may have used a binding before another of the same scope took its place.
    pub(super) fn is_used_before_replaced(&self, binding: u32) -> bool {
        let Some(row) = self.document.python.bindings.get(binding as usize) else { return true };
        let name = self.document.python.text(row.name);
        self.is_quoted(name, row.scope)
            || self.document.is_notebook()
                && row.scope == 0
                && (self.names.is_read_elsewhere(self.id, binding) || self.is_foreign(name))
    }

    /// Whether another file of the repository takes what a module binds at its top level, by an import.
    pub(super) fn is_handed_on(&self, binding: u32) -> bool {
        let Some(row) = self.document.python.bindings.get(binding as usize).filter(|row| row.scope == 0) else {
            return false;
        };
        self.names.is_read_elsewhere(self.id, binding) || self.is_imported(self.document.python.text(row.name))
    }

    /// Whether a cell of another language that runs has the word: how it gets at Python's names is its own affair.
    fn is_foreign(&self, name: &str) -> bool {
        let words = self.foreign.get_or_init(|| {
            let cells = self.document.notebook.iter().flat_map(|notebook| &notebook.cells);
            let foreign = cells.filter(|cell| !matches!(cell.language, Language::Python | Language::Markdown));
            foreign.flat_map(|cell| words(cell.body.of(self.document.text()))).collect()
        });
        words.contains(name)
    }

    /// Whether code that is text has the word, in a document that runs such code where it sees the binding's scope.
    fn is_quoted(&self, name: &str, scope: ScopeId) -> bool {
        let quoted = self.quoted.get_or_init(|| {
            let facts = &self.document.python;
            let runners = ["eval", "exec", "globals", "get_ipython"].map(|function| facts.symbols.get(function));
            let mut scopes = FastSet::default();
            if runners.iter().any(Option::is_some) {
                let calls = facts.calls.iter().filter(|call| call.path.is_some() && runners.contains(&call.path));
                scopes.extend(calls.map(|call| call.scope));
            }
            let words = || facts.strings.iter().flat_map(|string| words(&string.value)).collect();
            (!scopes.is_empty()).then(|| (words(), scopes))
        });
        quoted.as_ref().is_some_and(|(words, scopes)| words.contains(name) && (scope == 0 || scopes.contains(&scope)))
    }

    /// All documents that run this one, or run one that does.
    pub(super) fn callers(&self) -> &[DocumentId] {
        self.callers.get_or_init(|| {
            let runs = self.names.project.runs();
            let (mut seen, mut found) = (FastSet::from_iter([self.id]), Vec::new());
            let mut waiting = vec![self.id];
            while let Some(id) = waiting.pop() {
                for edge in runs.callers(id) {
                    if seen.insert(edge.from) {
                        found.push(edge.from);
                        waiting.push(edge.from);
                    }
                }
            }
            found
        })
    }

    /// Whether a notebook that runs this one reads the name, even if it binds it as well: which of the two it means
    /// may depend on the order in which people run cells.
    fn is_mentioned_by_caller(&self, name: &str) -> bool {
        self.callers().iter().any(|&id| {
            let (Some(document), Some(local)) = (self.names.project.documents().get(id as usize), self.names.local(id))
            else {
                return false;
            };
            let symbol = document.python.symbols.get(name);
            symbol.is_some_and(|symbol| local.names.mentioned.get(symbol.index()) == Some(&true))
        })
    }

    /// Whether a file of the repository takes the name from this one by an import.
    fn is_imported(&self, name: &str) -> bool {
        let imported = self.imported.get_or_init(|| {
            let module = self.document.path.module_name();
            let mut imported = FastSet::default();
            for (document, reference) in self.names.project.importers(&self.document.path) {
                let ReferenceKind::Import(at) = reference.kind else { continue };
                let facts = &document.python;
                let Some(row) = facts.imports.get(at as usize) else { continue };
                if let Some(name) = row.name.map(|name| facts.text(name)).filter(|&name| name != module) {
                    imported.insert(name);
                    continue;
                }
                // The module itself is imported: what is taken stands behind its name.
                let calls = facts.calls.iter().filter_map(|row| row.path);
                for path in facts.attributes.iter().map(|row| row.path).chain(calls) {
                    let mut parts = facts.text(path).split('.').skip_while(|&part| part != module).skip(1);
                    imported.extend(parts.next());
                }
            }
            imported
        });
        imported.contains(name)
    }

    /// Whether somebody may use what the document binds of whom nothing is known.
    pub(super) fn may_have_others(&self) -> bool {
        self.names.may_have_other_callers(self.id).is_some()
            || self.names.local(self.id).is_some_and(|local| {
                local.unknowns.iter().any(|unknown| {
                    matches!(unknown.kind, UnknownKind::Run | UnknownKind::Dynamic | UnknownKind::Unread)
                })
            })
    }
}

fn words(text: &str) -> impl Iterator<Item = &str> {
    text.split(|c: char| !c.is_alphanumeric() && c != '_').filter(|word| !word.is_empty())
}

/// Whether a scope's code binds the name for itself, and not for another scope by `global` or `nonlocal`.
pub(super) fn is_own(facts: &Facts, binding: u32) -> bool {
    let Some(row) = facts.bindings.get(binding as usize) else { return false };
    let mut at = row.place;
    while at != row.scope {
        // `:=` leaves comprehensions.
        match facts.scopes.get(at as usize) {
            Some(scope) if scope.kind == ScopeKind::Comprehension => match scope.parent {
                Some(parent) => at = parent,
                None => return false,
            },
            _ => return false,
        }
    }
    true
}

/// Whether people call names so that they do not mean to use: `_`, `_x`.
pub(super) fn is_dummy(name: &str) -> bool {
    name.starts_with('_')
        && (name.bytes().all(|byte| byte == b'_') || name.ends_with(|c: char| c.is_ascii_alphanumeric()))
}

/// What an import stands for: module, level and name.
pub(super) fn import_path(facts: &Facts, import: u32) -> Option<(u32, Symbol, Option<Symbol>)> {
    facts.imports.get(import as usize).map(|row| (row.level, row.module, row.name))
}

/// Whether a binding is `import x as x` or `from m import x as x`, by which modules say that others may take it.
pub(super) fn is_reexport(facts: &Facts, kind: BindingKind) -> bool {
    let BindingKind::Import(at) = kind else { return false };
    facts.imports.get(at as usize).is_some_and(|row| {
        row.bound == Some(row.name.unwrap_or(row.module)) && {
            let written = row.bound.map_or(0, |name| facts.text(name).len());
            row.alias_span.len() as usize > written
        }
    })
}
