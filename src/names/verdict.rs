//! What becomes of a name that its own document does not bind.

use super::find::{Callers, Finder, Found, Source};
use super::local::{UnknownKind, is_given_globals};
use crate::notebook::Origin;
use crate::project::document::{Document, DocumentId};
use crate::project::roles::is_injected;
use crate::project::runs::Edge;
use crate::python::builtins::is_builtin;
use crate::python::facts::{Facts, ScopeKind};
use crate::python::names::{Missing, Reader};
use crate::python::symbols::FastMap;
use std::sync::Arc;

/// What a name turned out to be that its own document does not bind by then.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// Python or Databricks gives it to the code.
    Given,
    /// Another document binds it.
    Elsewhere(Source),
    /// All notebooks that run this one bind it before they do (or, for code that runs later, at all).
    Callers,
    /// Nobody can say, because not everything is known.
    Unknown(DocumentId, UnknownKind),
    /// It says nothing if it is missing: it is only tried, read out of a magic, or stands in a cell that does not
    /// parse.
    Uncertain,
    /// Some notebooks that run this one bind it, and those whose `%run`s are listed, sorted, do not.
    SomeCallers(Arc<[Edge]>),
    /// Nobody binds it by then.
    Undefined,
}

/// A verdict for each name that a document misses.
pub(super) fn verdicts(finder: &mut Finder<'_, '_>, id: DocumentId) -> Vec<Verdict> {
    let names = finder.names;
    let (Some(local), Some(document)) = (names.local(id), names.project.documents().get(id as usize)) else {
        return Vec::new();
    };
    let mut done: FastMap<(u32, bool, u32), Verdict> = FastMap::default();
    let mut out = Vec::with_capacity(local.names.missing.len());
    for missing in &local.names.missing {
        let Some(place) = Place::of(document, missing) else {
            out.push(Verdict::Uncertain);
            continue;
        };
        // Code of one cell sees the same names, as far as they come from elsewhere.
        let arrived = local.arrivals.partition_point(|arrival| arrival.offset < place.offset);
        let wiped = local.wipes.partition_point(|wipe| wipe.offset < place.offset);
        let key = (place.symbol, missing.deferred, u32::try_from(arrived + wiped).unwrap_or(u32::MAX));
        let verdict = if let Some(verdict) = done.get(&key) {
            verdict.clone()
        } else {
            let verdict = judge(finder, id, document, missing.deferred, &place);
            done.insert(key, verdict.clone());
            verdict
        };
        let bad = matches!(verdict, Verdict::Undefined | Verdict::SomeCallers(_));
        let quiet = bad && (place.guarded || local.broken_cells.binary_search(&place.cell).is_ok());
        out.push(if quiet { Verdict::Uncertain } else { verdict });
    }
    out
}

/// Where a name is missed.
struct Place<'d> {
    name: &'d str,
    symbol: u32,
    offset: u32,
    cell: u32,
    guarded: bool,
    in_class: bool,
}

impl<'d> Place<'d> {
    fn of(document: &'d Document, missing: &Missing) -> Option<Self> {
        let facts: &Facts = &document.python;
        let (symbol, offset, cell, guarded, scope) = match missing.reader {
            Reader::Use(at) => {
                let row = facts.uses.get(at as usize)?;
                (row.name, row.span.start, row.cell, row.guarded, row.scope)
            }
            Reader::Deletion(at) => {
                let row = facts.bindings.get(at as usize)?;
                (row.name, row.span.start, row.cell, row.conditional, row.place)
            }
        };
        let guarded = guarded || facts.probed.contains(&symbol);
        let in_class = facts.scopes.get(scope as usize).is_some_and(|scope| scope.kind != ScopeKind::Module);
        let index = u32::try_from(symbol.index()).unwrap_or(u32::MAX);
        Some(Self { name: facts.text(symbol), symbol: index, offset, cell, guarded, in_class })
    }
}

fn judge(
    finder: &mut Finder<'_, '_>,
    id: DocumentId,
    document: &Document,
    deferred: bool,
    place: &Place<'_>,
) -> Verdict {
    let names = finder.names;
    let name = place.name;
    // A body that runs later sees what arrives after it as well.
    let before = if deferred { u32::MAX } else { place.offset };
    let found = finder.arrived(id, name, before);
    if let Found::Bound(source) = found {
        return Verdict::Elsewhere(source);
    }
    let of_class = place.in_class && matches!(name, "__class__" | "__module__" | "__qualname__");
    if of_class
        || is_builtin(name)
        || is_own_submodule(document, name)
        || is_given_globals(document) && is_injected(name)
    {
        return Verdict::Given;
    }
    let jupyter = document.notebook.as_ref().is_some_and(|notebook| notebook.origin == Origin::Jupyter);
    if jupyter && is_injected(name) {
        return Verdict::Given;
    }
    if let Found::Unknown(document, kind) = found {
        return Verdict::Unknown(document, kind);
    }
    let restarted = names.local(id).is_some_and(|local| local.wipes.iter().any(|wipe| wipe.offset < place.offset));
    if restarted {
        return Verdict::Undefined;
    }
    let (sought, name_id) = finder.key(name);
    let said = ask_callers(finder, id, sought, name_id, deferred);
    match said {
        Callers { bound: true, missing, .. } if missing.is_empty() => Verdict::Callers,
        Callers { bound: true, missing, .. } => Verdict::SomeCallers(missing.into()),
        Callers { unknown: Some((document, kind)), .. } => Verdict::Unknown(document, kind),
        _ => Verdict::Undefined,
    }
}

/// Whether a package's `__init__.py` imports from a module of its own, which binds that module's name as well.
fn is_own_submodule(document: &Document, name: &str) -> bool {
    let facts = &document.python;
    document.path.stem() == "__init__"
        && facts.imports.iter().any(|row| {
            let module = facts.text(row.module);
            row.level == 1 && module.split('.').next() == Some(name)
        })
}

/// What the notebooks that run a document know of a name, and those that run them.
fn ask_callers(finder: &mut Finder<'_, '_>, id: DocumentId, name: &str, name_id: u32, deferred: bool) -> Callers {
    if let Some(said) = finder.callers().get(&(id, name_id, deferred)) {
        return said.clone();
    }
    // Notebooks that run each other add nothing the second time round.
    finder.callers().insert((id, name_id, deferred), Callers::default());
    let names = finder.names;
    let project = names.project;
    let mut said = Callers::default();
    if let Some(kind) = names.may_have_other_callers(id) {
        said.unknown = Some((id, kind));
    }
    for &edge in project.runs().callers(id) {
        let Some((_, reference)) = project.edge(edge) else { continue };
        let before = if deferred { u32::MAX } else { reference.command.start };
        match finder.at(edge.from, name, before) {
            Found::Bound(source) => {
                said.bound = true;
                finder.give(source);
            }
            Found::Unknown(document, kind) => said.unknown = said.unknown.or(Some((document, kind))),
            Found::Nothing => {
                let above = stacker::maybe_grow(128 * 1024, 1024 * 1024, || {
                    ask_callers(finder, edge.from, name, name_id, deferred)
                });
                said.bound |= above.bound;
                said.unknown = said.unknown.or(above.unknown);
                if above.missing.is_empty() && !above.bound && above.unknown.is_none() {
                    said.missing.push(edge);
                }
                said.missing.extend(above.missing);
            }
        }
    }
    // Many ways may lead up to the same notebook.
    said.missing.sort_unstable_by_key(|edge| (edge.from, edge.reference));
    said.missing.dedup();
    finder.callers().insert((id, name_id, deferred), said.clone());
    said
}
