//! Everything that is in scope at a place, and the way on which each name came there.

use super::Namespaces;
use super::local::{From, Unknown, Wipe};
use crate::project::document::DocumentId;
use crate::project::runs::Edge;
use crate::python::facts::{Binding, BindingKind, BranchKind, Facts, FunctionId, ScopeId, ScopeKind};
use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

/// One step on the way of a name into a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// A `%run`.
    Run(Edge),
    /// `from module import *`: the document that imports, the row of its imports, and the module if it is in the
    /// repository.
    Star(DocumentId, u32, Option<DocumentId>),
}

/// Index into the ways of a [`Scope`].
pub type WayId = u32;

/// The last step of a way, and the steps before it.
#[derive(Clone, Copy, Debug)]
struct Way {
    before: Option<WayId>,
    step: Step,
}

/// A place that binds a name, and how the name comes from there.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Origin {
    /// The document that binds it; for star imports from outside the repository, the one that imports.
    pub document: DocumentId,
    /// The binding; `None` if it comes by a star import from outside the repository.
    pub binding: Option<u32>,
    /// How it comes; `None` if the document itself binds it.
    pub way: Option<WayId>,
    /// Whether it may not happen: it stands under an `if`, in a loop, in a handler, or in a function that says
    /// `global`.
    pub conditional: bool,
}

/// A name that is bound.
#[derive(Clone, Debug)]
pub struct InScope<'p> {
    /// The name.
    pub name: &'p str,
    /// What may hold, the last first: conditional ones, and then the first that is sure, if there is one.
    pub origins: Vec<Origin>,
}

impl InScope<'_> {
    /// Whether it may be unbound: nothing binds it surely.
    pub fn is_conditional(&self) -> bool {
        self.origins.last().is_none_or(|origin| origin.conditional)
    }
}

/// A name that was bound, and is gone since Python was restarted.
#[derive(Clone, Copy, Debug)]
pub struct LostName<'p> {
    /// The name.
    pub name: &'p str,
    /// The last place that bound it.
    pub origin: Origin,
    /// The document that restarts Python.
    pub restarted_in: DocumentId,
    /// Where.
    pub wipe: Wipe,
}

/// A name that notebooks have bound when they run this one.
#[derive(Clone, Debug)]
pub struct FromCallers<'p> {
    /// The name.
    pub name: &'p str,
    /// Where the first of them has it from.
    pub origin: Origin,
    /// The `%run`s by which this notebook gets the name, in order of the notebooks that run it. Behind all others
    /// that lead here it is not bound by then, or not surely.
    pub by: Vec<Edge>,
}

/// What is in scope.
#[derive(Debug, Default)]
pub struct Scope<'p> {
    /// Names that are bound, sorted.
    pub names: Vec<InScope<'p>>,
    /// Names that are lost, sorted.
    pub lost: Vec<LostName<'p>>,
    /// Names that only notebooks that run this one bind, sorted. Empty for code after a restart.
    pub callers: Vec<FromCallers<'p>>,
    /// Why there may be more.
    pub unknowns: Vec<(DocumentId, Unknown)>,
    ways: Vec<Way>,
}

impl<'p> Scope<'p> {
    /// The name, if it is bound.
    pub fn get(&self, name: &str) -> Option<&InScope<'p>> {
        let at = self.names.binary_search_by_key(&name, |row| row.name).ok()?;
        self.names.get(at)
    }

    /// The steps of a way, from the document that was asked about to the one that binds the name.
    pub fn steps(&self, way: Option<WayId>) -> Vec<Step> {
        let at = |way: WayId| self.ways.get(way as usize);
        let mut steps: Vec<Step> = Vec::new();
        let mut next = way.and_then(at);
        while let Some(way) = next {
            steps.push(way.step);
            next = way.before.and_then(at);
        }
        steps.reverse();
        steps
    }
}

impl<'p> Namespaces<'p> {
    /// All that is in scope for code of a document at `before`, which is all of it for `u32::MAX`. Linear in the
    /// names and arrivals of all documents that are run on the way there, and of those that run this one.
    pub fn scope(&self, document: DocumentId, before: u32) -> Scope<'p> {
        let mut walk = Walk::new(self);
        walk.go(document, before);
        let restarted = walk.wiped.is_some();
        let mut scope = walk.finish();
        if !restarted {
            let mut known = HashMap::new();
            self.caller_names(document, &mut scope.ways, &mut known);
            let found = known.remove(&document).unwrap_or_default();
            let lost: HashSet<&str> = scope.lost.iter().map(|row| row.name).collect();
            let new = found.into_values().filter(|row| scope.get(row.name).is_none() && !lost.contains(row.name));
            let mut new: Vec<FromCallers<'p>> = new.collect();
            new.sort_by_key(|row| row.name);
            scope.callers = new;
        }
        scope
    }

    /// Puts into `known` the names that the notebooks that run a document have bound by then.
    fn caller_names(
        &self,
        document: DocumentId,
        ways: &mut Vec<Way>,
        known: &mut HashMap<DocumentId, HashMap<&'p str, FromCallers<'p>>>,
    ) {
        // Notebooks that run each other add nothing the second time round.
        if known.insert(document, HashMap::new()).is_some() {
            return;
        }
        let mut all: HashMap<&'p str, FromCallers<'p>> = HashMap::new();
        for &edge in self.project.runs().callers(document) {
            let Some((_, reference)) = self.project.edge(edge) else { continue };
            stacker::maybe_grow(128 * 1024, 1024 * 1024, || self.caller_names(edge.from, ways, known));
            let mut walk = Walk::new(self);
            walk.ways = std::mem::take(ways);
            walk.go(edge.from, reference.command.start);
            let restarted = walk.wiped.is_some();
            let found = walk.finish();
            *ways = found.ways;
            let all_of = self.project.runs().callers(edge.from).len();
            let above = known.get(&edge.from).filter(|_| !restarted).into_iter().flat_map(HashMap::values);
            let above = above.map(|row| (row.name, row.origin, row.by.len() == all_of));
            let own = found.names.iter().filter_map(|row| Some((row.name, *row.origins.first()?, true)));
            let mut here: HashMap<&'p str, (Origin, bool)> = HashMap::new();
            for (name, origin, everywhere) in own.chain(above) {
                here.entry(name).or_insert((origin, everywhere));
            }
            for (name, (origin, everywhere)) in here {
                let row = all.entry(name).or_insert_with(|| FromCallers { name, origin, by: Vec::new() });
                row.by.extend(everywhere.then_some(edge));
            }
        }
        all.retain(|_, row| !row.by.is_empty());
        known.insert(document, all);
    }
}

/// What a function adds to the names around it.
#[derive(Clone, Debug)]
pub struct Inside {
    /// The innermost function around the place.
    pub function: FunctionId,
    /// Its own bindings and those of functions around it, the last of each name, innermost first.
    pub bindings: Vec<u32>,
}

/// The functions around a place of a document; `None` at the top level, in class bodies there, and on the line of a
/// `def`.
pub fn inside(facts: &Facts, offset: u32) -> Option<Inside> {
    let around = facts.functions.iter().filter(|row| row.name_span.end < offset && row.span.contains(offset));
    let mut around: Vec<(FunctionId, ScopeId)> = around
        .filter_map(|row| {
            let at = facts.functions.iter().position(|other| other.name_span == row.name_span)?;
            Some((u32::try_from(at).ok()?, row.body_scope))
        })
        .collect();
    around.reverse();
    let &(function, _) = around.first()?;
    let mut seen: HashSet<&str> = HashSet::new();
    let mut bindings = Vec::new();
    for (_, scope) in around {
        let own = (0_u32..).zip(&facts.bindings).filter(|(_, row)| row.scope == scope && row.kind.binds());
        let own: Vec<(u32, &Binding)> = own.collect();
        bindings.extend(own.iter().rev().filter(|(_, row)| seen.insert(facts.text(row.name))).map(|(at, _)| *at));
    }
    Some(Inside { function, bindings })
}

/// Something that happens to the names of a document.
#[derive(Clone, Copy)]
enum Event {
    Wipe(Wipe),
    Arrival(From),
    Binding(u32),
}

/// The events of one document that are still to be looked at, the last of them first.
struct Frame {
    document: DocumentId,
    events: std::vec::IntoIter<Event>,
    way: Option<WayId>,
    /// The modules whose star imports all take what is found here.
    stars: Vec<DocumentId>,
}

/// Goes through all that happened, backwards, and keeps of each name what happened last.
struct Walk<'n, 'p> {
    names: &'n Namespaces<'p>,
    found: HashMap<&'p str, InScope<'p>>,
    lost: HashMap<&'p str, LostName<'p>>,
    /// Names of which nothing earlier counts.
    settled: HashSet<&'p str>,
    wiped: Option<(DocumentId, Wipe)>,
    /// Documents that were gone through, with the module through whose star import.
    seen: HashSet<(DocumentId, DocumentId)>,
    unknowns: Vec<(DocumentId, Unknown)>,
    ways: Vec<Way>,
}

/// Stands for "by no star import".
const NO_STAR: DocumentId = DocumentId::MAX;

impl<'n, 'p> Walk<'n, 'p> {
    fn new(names: &'n Namespaces<'p>) -> Self {
        Self {
            names,
            found: HashMap::new(),
            lost: HashMap::new(),
            settled: HashSet::new(),
            wiped: None,
            seen: HashSet::new(),
            unknowns: Vec::new(),
            ways: Vec::new(),
        }
    }

    fn finish(self) -> Scope<'p> {
        let mut names: Vec<InScope<'p>> = self.found.into_values().collect();
        names.sort_by_key(|row| row.name);
        let mut lost: Vec<LostName<'p>> = self.lost.into_values().collect();
        lost.sort_by_key(|row| row.name);
        Scope { names, lost, callers: Vec::new(), unknowns: self.unknowns, ways: self.ways }
    }

    fn go(&mut self, document: DocumentId, before: u32) {
        let mut frames: Vec<Frame> = self.frame(document, before, None, Vec::new()).into_iter().collect();
        while let Some(frame) = frames.last_mut() {
            let Some(event) = frame.events.next() else {
                frames.pop();
                continue;
            };
            let (document, way) = (frame.document, frame.way);
            match event {
                Event::Wipe(wipe) => {
                    // A notebook that restarts Python has said so itself.
                    if wipe.run.is_none() || self.wiped.is_none() {
                        self.wiped = Some((document, wipe));
                    }
                }
                Event::Binding(at) => {
                    let stars = std::mem::take(&mut frame.stars);
                    self.bind(document, at, way, &stars);
                    frame.stars = stars;
                }
                Event::Arrival(From::Known(names, import)) => {
                    let stars = frame.stars.clone();
                    let way = self.way(way, Step::Star(document, import, None));
                    let exporter = self.names;
                    for name in names.iter().filter(|name| takes(exporter, &stars, name)) {
                        self.add(name, Origin { document, binding: None, way, conditional: false });
                    }
                }
                Event::Arrival(From::Run(edge)) => {
                    let way = self.way(way, Step::Run(edge));
                    let frame = self.frame(edge.to, u32::MAX, way, Vec::new());
                    frames.extend(frame);
                }
                Event::Arrival(From::Star(module, import)) => {
                    let mut stars = frame.stars.clone();
                    stars.push(module);
                    let way = self.way(way, Step::Star(document, import, Some(module)));
                    let frame = self.frame(module, u32::MAX, way, stars);
                    frames.extend(frame);
                }
            }
        }
    }

    fn way(&mut self, before: Option<WayId>, step: Step) -> Option<WayId> {
        self.ways.push(Way { before, step });
        u32::try_from(self.ways.len() - 1).ok()
    }

    /// What happens in a document before an offset; `None` if it was gone through already.
    fn frame(
        &mut self,
        document: DocumentId,
        before: u32,
        way: Option<WayId>,
        stars: Vec<DocumentId>,
    ) -> Option<Frame> {
        let local = self.names.local(document)?;
        let facts = &self.names.project.documents().get(document as usize)?.python;
        if !self.seen.insert((document, stars.first().copied().unwrap_or(NO_STAR))) {
            return None;
        }
        let unknowns = local.unknowns.iter().filter(|unknown| unknown.span.start < before);
        self.unknowns.extend(unknowns.map(|&unknown| (document, unknown)));
        let wipes = local.wipes.iter().map(|&wipe| (wipe.offset, 0, Event::Wipe(wipe)));
        let arrivals = local.arrivals.iter().map(|row| (row.offset, 1, Event::Arrival(row.from)));
        let bindings = local.names.module().iter().filter_map(|&at| {
            let row = facts.bindings.get(at as usize)?;
            Some((row.span.start, 1, Event::Binding(at)))
        });
        let all = wipes.chain(arrivals).chain(bindings).filter(|(offset, ..)| *offset < before);
        let mut all: Vec<(u32, u8, Event)> = all.collect();
        all.sort_by_key(|&(offset, rank, _)| Reverse((offset, rank)));
        let events: Vec<Event> = all.into_iter().map(|(.., event)| event).collect();
        Some(Frame { document, events: events.into_iter(), way, stars })
    }

    fn bind(&mut self, document: DocumentId, at: u32, way: Option<WayId>, stars: &[DocumentId]) {
        let project = self.names.project;
        let Some(facts) = project.documents().get(document as usize).map(|row| &row.python) else { return };
        let Some(row) = facts.bindings.get(at as usize) else { return };
        let name = facts.text(row.name);
        let conditional = is_conditional(facts, row);
        match row.kind {
            BindingKind::Deletion if !conditional => {
                self.settled.insert(name);
            }
            // Its end unbinds it.
            BindingKind::Exception => {}
            kind if kind.binds() && takes(self.names, stars, name) => {
                self.add(name, Origin { document, binding: Some(at), way, conditional });
            }
            _ => {}
        }
    }

    fn add(&mut self, name: &'p str, origin: Origin) {
        if self.settled.contains(name) {
            return;
        }
        if !origin.conditional {
            self.settled.insert(name);
        }
        if let Some((restarted_in, wipe)) = self.wiped {
            if !self.found.contains_key(name) {
                self.lost.entry(name).or_insert(LostName { name, origin, restarted_in, wipe });
            }
            return;
        }
        self.found.entry(name).or_insert_with(|| InScope { name, origins: Vec::new() }).origins.push(origin);
    }
}

/// Whether the star imports of all these modules take a name.
fn takes(names: &Namespaces<'_>, stars: &[DocumentId], name: &str) -> bool {
    stars.iter().all(|&module| names.exports(module, name))
}

/// Whether a binding may not happen.
fn is_conditional(facts: &Facts, row: &Binding) -> bool {
    let mut branch = row.branch;
    while let Some(arm) = facts.branches.get(branch as usize).filter(|_| branch != 0) {
        if !matches!(arm.kind, BranchKind::With | BranchKind::Finally | BranchKind::Try) {
            return true;
        }
        branch = arm.parent;
    }
    // What a function gives to the module is there once it is called.
    let scope = |id: u32| facts.scopes.get(id as usize);
    let mut place = (row.place != row.scope).then_some(row.place);
    while let Some(inner) = place.and_then(scope) {
        if matches!(inner.kind, ScopeKind::Function | ScopeKind::Lambda) {
            return true;
        }
        place = inner.parent;
    }
    false
}
