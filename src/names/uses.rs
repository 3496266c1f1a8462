//! Who reads what a place binds.

use super::Namespaces;
use super::find::{Finder, Found};
use super::verdict::Verdict;
use crate::project::document::DocumentId;
use crate::python::names::Reader;
use crate::text::Span;
use std::collections::HashSet;

/// A place that reads a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Use {
    /// The document in which it stands.
    pub document: DocumentId,
    /// Where.
    pub span: Span,
}

impl Namespaces<'_> {
    /// All places that read a binding of a document's module scope, in the documents that are known: in its own, in
    /// notebooks that run it, and in notebooks that are run beside it. Sorted.
    pub fn uses(&self, document: DocumentId, binding: u32) -> Vec<Use> {
        let mut uses: Vec<Use> = Vec::new();
        let Some((row, local)) = self.project.documents().get(document as usize).zip(self.local(document)) else {
            return uses;
        };
        let read = (0_usize..).zip(&local.names.reads).filter(|(_, read)| **read == binding);
        let own = read.filter_map(|(at, _)| row.python.uses.get(at));
        uses.extend(own.map(|place| Use { document, span: place.span }));
        let Some(name) = row.python.bindings.get(binding as usize).map(|binding| row.python.text(binding.name)) else {
            return uses;
        };
        let mut finder = Finder::new(self);
        for (id, other) in (0..).zip(self.project.documents()) {
            let (Some(symbol), Some(local)) = (other.python.symbols.get(name), self.local(id)) else { continue };
            for (missing, verdict) in local.names.missing.iter().zip(self.verdicts(id)) {
                let Reader::Use(at) = missing.reader else { continue };
                let Some(place) = other.python.uses.get(at as usize).filter(|place| place.name == symbol) else {
                    continue;
                };
                let is_ours = match verdict {
                    Verdict::Elsewhere(source) => (source.document, source.binding) == (document, Some(binding)),
                    Verdict::Callers | Verdict::SomeCallers(_) => {
                        let mut seen = HashSet::new();
                        let before = if missing.deferred { Some(u32::MAX) } else { None };
                        self.comes_from_caller(&mut finder, &mut seen, id, name, before, (document, binding))
                    }
                    _ => false,
                };
                if is_ours {
                    uses.push(Use { document: id, span: place.span });
                }
            }
        }
        uses.sort_unstable();
        uses.dedup();
        uses
    }

    /// Whether a notebook that runs `document` gives it the wanted binding of `name`.
    fn comes_from_caller(
        &self,
        finder: &mut Finder<'_, '_>,
        seen: &mut HashSet<DocumentId>,
        document: DocumentId,
        name: &str,
        before: Option<u32>,
        wanted: (DocumentId, u32),
    ) -> bool {
        if !seen.insert(document) {
            return false;
        }
        let mut found = false;
        for &edge in self.project.runs().callers(document) {
            let Some((_, reference)) = self.project.edge(edge) else { continue };
            found |= match finder.at(edge.from, name, before.unwrap_or(reference.command.start)) {
                Found::Bound(source) => (source.document, source.binding) == (wanted.0, Some(wanted.1)),
                _ => stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
                    self.comes_from_caller(finder, seen, edge.from, name, before, wanted)
                }),
            };
        }
        found
    }
}
