//! Which names each `%run` brings that somebody reads.

use super::Work;
use super::callers::family;
use crate::names::find::{Finder, Found, Source};
use crate::names::local::From;
use crate::names::scope::Step;
use crate::names::verdict::Verdict;
use crate::project::document::DocumentId;
use crate::project::runs::Edge;
use crate::python::facts::{Facts, ScopeKind};
use crate::python::names::{NONE, Reader};
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

/// For each `%run` of a notebook that becomes a module: the names that must come in its place, with where they are
/// bound.
pub(super) type Needs = HashMap<(DocumentId, u32), BTreeMap<String, Origin>>;

/// What binds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// The document.
    pub(super) document: DocumentId,
    /// The binding; `None` if it comes by a star import from outside.
    pub(super) binding: Option<u32>,
}

/// Finds out what everybody reads.
pub(super) fn needs(work: &Work<'_, '_>) -> Needs {
    let mut members: BTreeSet<DocumentId> = work.helpers.iter().map(|helper| helper.id).collect();
    for helper in &work.helpers {
        members.extend(family(work, helper.id));
    }
    // What the modules will have: only these names matter.
    let mut left: HashSet<&str> = HashSet::new();
    for helper in &work.helpers {
        let scope = work.names.scope(helper.id, u32::MAX);
        left.extend(scope.names.iter().map(|row| row.name));
    }
    let mut search = Search { work, finder: Finder::new(work.names), needs: Needs::new() };
    for member in members {
        search.reads(member, &left);
    }
    search.needs
}

struct Search<'w, 'a, 's> {
    work: &'w Work<'a, 's>,
    finder: Finder<'a, 'a>,
    needs: Needs,
}

impl Search<'_, '_, '_> {
    /// Goes through all that a document reads.
    fn reads(&mut self, id: DocumentId, left: &HashSet<&str>) {
        let names = self.work.names;
        let (Some(document), Some(local)) = (self.work.document(id), names.local(id)) else { return };
        let facts = &document.python;
        for (missing, verdict) in local.names.missing.iter().zip(names.verdicts(id)) {
            let place = match missing.reader {
                Reader::Use(at) => facts.uses.get(at as usize).map(|row| (row.name, row.span.start, row.scope)),
                Reader::Deletion(at) => {
                    facts.bindings.get(at as usize).map(|row| (row.name, row.span.start, row.place))
                }
            };
            let Some((symbol, offset, scope)) = place else { continue };
            let name = facts.text(symbol);
            if !left.contains(name) {
                continue;
            }
            match verdict {
                Verdict::Elsewhere(source) => {
                    self.follow(name, *source);
                    if let Some(start) = body_start(facts, scope, offset) {
                        if let Found::Bound(source) = self.finder.arrived(id, name, start) {
                            self.follow(name, source);
                        }
                        self.later_arrivals(id, name, start);
                    }
                }
                Verdict::Callers | Verdict::SomeCallers(_) => {
                    self.ask_callers(id, name, missing.deferred, &mut HashSet::new());
                }
                _ => {
                    if let Found::Bound(source) = self.finder.arrived(id, name, offset) {
                        self.follow(name, source);
                    }
                }
            }
        }
        // Names that the document binds itself as well: then it depends on what comes last. Between two things that
        // bind the name, all code sees the same.
        let mut done: HashSet<(&str, usize, usize)> = HashSet::new();
        for (row, &read) in facts.uses.iter().zip(&local.names.reads) {
            let of_module = read != NONE && facts.bindings.get(read as usize).is_some_and(|binding| binding.scope == 0);
            let name = facts.text(row.name);
            if !of_module || !left.contains(name) {
                continue;
            }
            let offset = match body_start(facts, row.scope, row.span.start) {
                Some(start) => {
                    self.later_arrivals(id, name, start);
                    start
                }
                None => row.span.start,
            };
            let arrived = local.arrivals.partition_point(|arrival| arrival.offset < offset);
            let own = local.names.module_bindings(facts, row.name).iter();
            let bound = own.filter(|at| facts.bindings.get(**at as usize).is_some_and(|one| one.span.start < offset));
            if !done.insert((name, arrived, bound.count())) {
                continue;
            }
            let scope = names.scope(id, offset);
            let Some(found) = scope.get(name) else { continue };
            for origin in &found.origins {
                self.take_steps(
                    name,
                    &scope.steps(origin.way),
                    Origin { document: origin.document, binding: origin.binding },
                );
            }
            if found.is_conditional() {
                self.ask_callers(id, name, false, &mut HashSet::new());
            }
        }
    }

    /// A body may run at any time after it is defined: then it sees what any later `%run` brings.
    fn later_arrivals(&mut self, id: DocumentId, name: &str, start: u32) {
        let Some(local) = self.work.names.local(id) else { return };
        for arrival in local.arrivals.iter().filter(|arrival| arrival.offset > start) {
            if let From::Run(edge) = arrival.from
                && let Found::Bound(source) = self.finder.at_end(edge.to, name)
            {
                self.follow(name, Source { by: Some(edge), ..source });
            }
        }
    }

    /// The notebooks that run a document have the name by then.
    fn ask_callers(&mut self, id: DocumentId, name: &str, deferred: bool, seen: &mut HashSet<DocumentId>) {
        if !seen.insert(id) {
            return;
        }
        let edges: Vec<Edge> = self.work.project.runs().callers(id).to_vec();
        for edge in edges {
            let Some((_, reference)) = self.work.project.edge(edge) else { continue };
            let before = if deferred { u32::MAX } else { reference.command.start };
            match self.finder.at(edge.from, name, before) {
                Found::Bound(source) => self.follow(name, source),
                _ => self.ask_callers(edge.from, name, deferred, seen),
            }
        }
    }

    /// Goes the way of a name, `%run` by `%run`, to the first notebook that becomes a module.
    fn follow(&mut self, name: &str, source: Source) {
        let mut next = source.by;
        let mut seen = HashSet::new();
        while let Some(edge) = next.filter(|edge| seen.insert((edge.from, edge.reference))) {
            if self.note(edge, name, Origin { document: source.document, binding: source.binding }) {
                return;
            }
            next = match self.finder.at_end(edge.to, name) {
                Found::Bound(source) => source.by,
                _ => None,
            };
        }
    }

    fn take_steps(&mut self, name: &str, steps: &[Step], origin: Origin) {
        for step in steps {
            let Step::Run(edge) = step else { return };
            if self.note(*edge, name, origin) {
                return;
            }
        }
    }

    /// Notes that a `%run` brings a name; whether it is one of a notebook that becomes a module.
    fn note(&mut self, edge: Edge, name: &str, origin: Origin) -> bool {
        if !self.work.is_converted(edge.to) {
            return false;
        }
        self.needs.entry((edge.from, edge.reference)).or_default().insert(name.to_owned(), origin);
        true
    }
}

/// Where the outermost function or lambda around a place of this scope starts, before which its body cannot run;
/// `None` for code that runs where it stands.
fn body_start(facts: &Facts, scope: u32, offset: u32) -> Option<u32> {
    let mut start = None;
    let mut at = Some(scope);
    while let Some(row) = at.and_then(|id| facts.scopes.get(id as usize)) {
        match row.kind {
            ScopeKind::Function => {
                let function = row.function.and_then(|id| facts.functions.get(id as usize));
                start = Some(function.map_or(offset, |function| function.span.start));
            }
            // A lambda hardly starts long before what it reads.
            ScopeKind::Lambda => start = Some(offset),
            _ => {}
        }
        at = row.parent;
    }
    start
}
