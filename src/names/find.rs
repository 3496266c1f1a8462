//! Where a name comes from: own bindings, then what arrived before, last first.

use super::Namespaces;
use super::local::{From, UnknownKind};
use crate::project::document::DocumentId;
use crate::project::runs::Edge;
use crate::python::facts::BindingKind;
use crate::python::symbols::FastMap;

/// Where a name is bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    /// The document in which it is bound.
    pub document: DocumentId,
    /// The binding; `None` if the name comes from a module outside the repository by a star import.
    pub binding: Option<u32>,
    /// The first `%run` on the way there, if it is not the document that was asked about.
    pub by: Option<Edge>,
}

/// What can be said of a name at a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Found {
    /// Bound here.
    Bound(Source),
    /// Not to be found, but not everything is known: in this document, for this reason.
    Unknown(DocumentId, UnknownKind),
    /// Surely not bound.
    Nothing,
}

/// Levels of `%run` after which more stack is taken from the heap.
const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// Looks names up, and remembers what it found.
pub struct Finder<'n, 'p> {
    pub(super) names: &'n Namespaces<'p>,
    known: Known,
    given: Vec<(DocumentId, u32)>,
}

/// What was found.
#[derive(Debug, Default)]
pub(super) struct Known {
    /// Numbers for names.
    ids: FastMap<Box<str>, u32>,
    /// What a document binds in the end, by document and name.
    ends: FastMap<(DocumentId, u32), Found>,
    /// What those who run a document say of a name, by document, name, and whether it is read by code that runs later.
    pub(super) callers: FastMap<(DocumentId, u32, bool), Callers>,
}

/// What those who run a document say of a name.
#[derive(Clone, Debug, Default)]
pub(super) struct Callers {
    /// Whether one of them binds it.
    pub(super) bound: bool,
    /// Why one of them may bind it.
    pub(super) unknown: Option<(DocumentId, UnknownKind)>,
    /// The `%run`s before which nobody binds it.
    pub(super) missing: Vec<Edge>,
}

impl<'n, 'p> Finder<'n, 'p> {
    /// A finder that has looked up nothing.
    pub fn new(names: &'n Namespaces<'p>) -> Self {
        Self { names, known: Known::default(), given: Vec::new() }
    }

    /// All bindings of other documents that were found, and all that is known now.
    pub(super) fn into_parts(self) -> (Vec<(DocumentId, u32)>, Known) {
        (self.given, self.known)
    }

    /// What is remembered of callers.
    pub(super) const fn callers(&mut self) -> &mut FastMap<(DocumentId, u32, bool), Callers> {
        &mut self.known.callers
    }

    /// What `name` is in a document for code at `before`: bound by the document itself or by what arrived before.
    pub fn at(&mut self, document: DocumentId, name: &str, before: u32) -> Found {
        let (name, id) = self.key(name);
        self.search(document, name, id, before, true)
    }

    /// The same without the document's own bindings.
    pub fn arrived(&mut self, document: DocumentId, name: &str, before: u32) -> Found {
        let (name, id) = self.key(name);
        self.search(document, name, id, before, false)
    }

    /// What a document that is run to its end leaves behind for `name`.
    pub fn at_end(&mut self, document: DocumentId, name: &str) -> Found {
        let (name, id) = self.key(name);
        self.end(document, name, id)
    }

    /// Notes that a binding is read from another document.
    pub(super) fn give(&mut self, source: Source) {
        if let Some(binding) = source.binding {
            self.given.push((source.document, binding));
        }
    }

    /// A name with a number for it. All names that no document binds are one, the empty name: what is said of it is
    /// said of them, and long chains of notebooks are gone through once for all of them.
    pub(super) fn key<'a>(&mut self, name: &'a str) -> (&'a str, u32) {
        let name = if self.names.is_bound(name) { name } else { "" };
        let before = &self.names.known.ids;
        if let Some(&id) = before.get(name).or_else(|| self.known.ids.get(name)) {
            return (name, id);
        }
        let id = u32::try_from(before.len() + self.known.ids.len()).unwrap_or(u32::MAX);
        self.known.ids.insert(name.into(), id);
        (name, id)
    }

    fn end(&mut self, document: DocumentId, name: &str, id: u32) -> Found {
        let key = (document, id);
        if let Some(&found) = self.names.known.ends.get(&key).or_else(|| self.known.ends.get(&key)) {
            return found;
        }
        // Documents that run each other bring nothing new the second time round.
        self.known.ends.insert(key, Found::Nothing);
        let found = stacker::maybe_grow(RED_ZONE, SEGMENT, || self.search(document, name, id, u32::MAX, true));
        if let Found::Bound(Source { document, binding: Some(binding), .. }) = found {
            self.given.push((document, binding));
        }
        self.known.ends.insert(key, found);
        found
    }

    fn search(&mut self, document: DocumentId, name: &str, id: u32, before: u32, own: bool) -> Found {
        let names = self.names;
        let (Some(local), Some(row)) = (names.local(document), names.project.documents().get(document as usize)) else {
            return Found::Nothing;
        };
        let facts = &row.python;
        // What was there before the last restart is gone.
        let since = local.wipes.iter().rev().find(|wipe| wipe.offset < before).map_or(0, |wipe| wipe.offset);
        let symbol = facts.symbols.get(name).filter(|_| own);
        let bindings = symbol.map_or(&[][..], |symbol| local.names.module_bindings(facts, symbol));
        let mut bindings = bindings
            .iter()
            .rev()
            .filter_map(|&at| Some((at, facts.bindings.get(at as usize)?)))
            .filter(|(_, row)| row.span.start < before && row.span.start >= since)
            .peekable();
        let in_time = local.arrivals.partition_point(|arrival| arrival.offset < before);
        let arrivals = local.arrivals.get(..in_time).unwrap_or_default().iter().rev();
        let mut arrivals = arrivals.take_while(|arrival| arrival.offset >= since).peekable();
        let mut unknown = local.unknown_before(before).map(|unknown| (document, unknown.kind));
        loop {
            let next = bindings.peek().map(|(_, row)| row.span.start);
            if let Some(arrival) = arrivals.next_if(|arrival| next.is_none_or(|next| arrival.offset > next)) {
                match self.bring(document, arrival.from, name, id) {
                    Found::Nothing => {}
                    Found::Unknown(document, kind) => unknown = unknown.or(Some((document, kind))),
                    bound @ Found::Bound(_) => return bound,
                }
                continue;
            }
            let Some((at, row)) = bindings.next() else { break };
            match row.kind {
                BindingKind::Deletion if row.conditional => {}
                BindingKind::Deletion => break,
                kind if kind.binds() => {
                    return Found::Bound(Source { document, binding: Some(at), by: None });
                }
                _ => {}
            }
        }
        unknown.map_or(Found::Nothing, |(document, kind)| Found::Unknown(document, kind))
    }

    /// Whether an arrival brings a name.
    fn bring(&mut self, document: DocumentId, from: From, name: &str, id: u32) -> Found {
        match from {
            From::Run(edge) => match self.end(edge.to, name, id) {
                Found::Bound(source) => Found::Bound(Source { by: Some(edge), ..source }),
                other => other,
            },
            From::Star(module, _) => {
                let more =
                    || self.names.project.documents().get(module as usize).is_some_and(|row| row.python.exports_more);
                if self.names.exports(module, name) {
                    self.end(module, name, id)
                } else if more() {
                    Found::Unknown(module, UnknownKind::Star)
                } else {
                    Found::Nothing
                }
            }
            From::Known(names, _) if names.binary_search(&name).is_ok() => {
                Found::Bound(Source { document, binding: None, by: None })
            }
            From::Known(..) => Found::Nothing,
        }
    }
}

impl Namespaces<'_> {
    /// Whether a star import of a document takes a name: what `__all__` lists, or else all that does not start with
    /// an underscore.
    pub fn exports(&self, document: DocumentId, name: &str) -> bool {
        let Some(row) = self.project.documents().get(document as usize) else { return false };
        match &row.python.exports {
            Some(exports) => exports.iter().any(|&symbol| row.python.text(symbol) == name),
            None => !name.starts_with('_'),
        }
    }
}
