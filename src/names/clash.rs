//! Where one function or class takes the place of another, because of a `%run`.

use super::Namespaces;
use super::find::{Finder, Found, Source};
use super::local::From;
use crate::project::document::DocumentId;
use crate::project::runs::Edge;
use crate::python::facts::BindingKind;
use std::collections::{HashMap, HashSet};

/// A definition that takes the place of another of the same name.
#[derive(Clone, Debug)]
pub struct Clash {
    /// The document in which it happens.
    pub document: DocumentId,
    /// The name.
    pub name: Box<str>,
    /// The definition that goes.
    pub earlier: Definition,
    /// The one that comes.
    pub later: Definition,
}

/// A `def` or `class`, and how it came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Definition {
    /// The document that holds it.
    pub document: DocumentId,
    /// The binding there.
    pub binding: u32,
    /// The `%run` that brought it; `None` if it stands in the document itself.
    pub by: Option<Edge>,
    /// From where on it is there, in bytes of the document in which it arrives.
    pub offset: u32,
}

/// All clashes of a project, by document. Costs time linear in the `%run`s, for each name that several notebooks
/// define.
pub(super) fn clashes(names: &Namespaces<'_>) -> Vec<Clash> {
    let mut finder = Finder::new(names);
    let mut found = Vec::new();
    let mut by_name: Vec<(&str, Vec<DocumentId>)> =
        definers(names).into_iter().filter(|(_, at)| at.len() > 1).collect();
    by_name.sort_unstable();
    for (name, documents) in by_name {
        let mut seen: HashSet<DocumentId> = documents.iter().copied().collect();
        let mut waiting = documents;
        while let Some(id) = waiting.pop() {
            look(&mut finder, id, name, &mut found);
            let callers = names.project.runs().callers(id).iter().map(|edge| edge.from);
            waiting.extend(callers.filter(|&caller| seen.insert(caller)));
        }
    }
    found.sort_by_key(|clash| (clash.document, clash.later.offset));
    found
}

/// For each name, the notebooks that run others or are run and define it at their top level.
fn definers<'p>(names: &Namespaces<'p>) -> HashMap<&'p str, Vec<DocumentId>> {
    let project = names.project;
    let mut definers: HashMap<&str, Vec<DocumentId>> = HashMap::new();
    for ((id, document), local) in (0..).zip(project.documents()).zip(&names.locals) {
        if project.runs().callees(id).is_empty() && project.runs().callers(id).is_empty() {
            continue;
        }
        let facts = &document.python;
        let mut last = None;
        for row in local.names.module().iter().filter_map(|&at| facts.bindings.get(at as usize)) {
            if is_definition(row.kind) && last != Some(row.name) {
                definers.entry(facts.text(row.name)).or_default().push(id);
                last = Some(row.name);
            }
        }
    }
    definers
}

const fn is_definition(kind: BindingKind) -> bool {
    matches!(kind, BindingKind::Function(_) | BindingKind::Class)
}

/// What happens to a name in one document.
enum Event {
    Defined(Definition),
    /// Bound to something else, deleted, lost, or nobody knows.
    Other,
}

/// Finds the clashes over `name` in one document.
fn look(finder: &mut Finder<'_, '_>, id: DocumentId, name: &str, found: &mut Vec<Clash>) {
    let names = finder.names;
    let (Some(local), Some(document)) = (names.local(id), names.project.documents().get(id as usize)) else { return };
    let facts = &document.python;
    let mut events: Vec<(u32, Event)> = local.wipes.iter().map(|wipe| (wipe.offset, Event::Other)).collect();
    let symbol = facts.symbols.get(name);
    for &at in symbol.map_or(&[][..], |symbol| local.names.module_bindings(facts, symbol)) {
        let Some(row) = facts.bindings.get(at as usize) else { continue };
        let offset = row.span.start;
        let own = Definition { document: id, binding: at, by: None, offset };
        let sure = is_definition(row.kind) && !row.conditional && row.place == 0;
        events.push((offset, if sure { Event::Defined(own) } else { Event::Other }));
    }
    for arrival in &local.arrivals {
        let event = match arrival.from {
            From::Run(edge) => match finder.at_end(edge.to, name) {
                Found::Bound(source) => {
                    brought(names, source, edge, arrival.offset).map_or(Event::Other, Event::Defined)
                }
                Found::Unknown(..) => Event::Other,
                Found::Nothing => continue,
            },
            From::Star(module, _) if finder.at_end(module, name) == Found::Nothing => continue,
            From::Known(names, _) if names.binary_search(&name).is_err() => continue,
            From::Star(..) | From::Known(..) => Event::Other,
        };
        events.push((arrival.offset, event));
    }
    events.sort_by_key(|(offset, _)| *offset);
    let mut now: Option<Definition> = None;
    for (_, event) in events {
        let Event::Defined(later) = event else {
            now = None;
            continue;
        };
        if let Some(earlier) = now
            && (earlier.document, earlier.binding) != (later.document, later.binding)
            && (earlier.by.is_some() || later.by.is_some())
        {
            found.push(Clash { document: id, name: name.into(), earlier, later });
        }
        now = Some(later);
    }
}

/// The definition that a `%run` brings, if it surely is one.
fn brought(names: &Namespaces<'_>, source: Source, by: Edge, offset: u32) -> Option<Definition> {
    let binding = source.binding?;
    let row = names.project.documents().get(source.document as usize)?.python.bindings.get(binding as usize)?;
    let sure = is_definition(row.kind) && !row.conditional && row.place == 0;
    sure.then_some(Definition { document: source.document, binding, by: Some(by), offset })
}
