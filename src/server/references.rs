//! Who reads a name, in all files of the repository that may.

use super::room::{At, Room};
use super::target::{Name, Target, name_at};
use super::view::Location;
use crate::engine;
use crate::names::Namespaces;
use crate::project::document::{Document, DocumentId};
use crate::project::reference::ReferenceKind;
use crate::project::shelf::Glance;
use crate::project::{Project, Request};
use crate::python::facts::{Binding, BindingKind};
use crate::snapshot::RepoPath;
use crate::text::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Places of a name by document; the last says whether the name is bound there.
pub(super) type Places = BTreeSet<(DocumentId, Span, bool)>;

impl Room<'_> {
    /// All places of what stands at a place; `own` says whether those that define it count.
    pub(super) fn references(&self, at: At<'_>, own: bool) -> Value {
        let view = &self.desk.view;
        let places: Vec<Location> = match self.target(at) {
            None => return Value::Null,
            Some(Target::Key(key)) => {
                let all = self.key_places(at, &key).into_iter();
                all.filter(|(_, defines)| own || !defines).map(|(place, _)| place).collect()
            }
            Some(Target::File { path, .. }) => self.with_mentions(path.stem(), &path, |names| {
                let project = names.project;
                let all = project.documents().iter().flat_map(|document| {
                    let rows = project.references(&document.path).iter();
                    let rows = rows.filter(|row| row.resolution.file() == Some(&path));
                    rows.map(|row| view.location(document, row.span))
                });
                all.collect()
            }),
            Some(Target::Name(name)) => self.with_mentions(&name.text, &at.document.path, |names| {
                let places = places_of(names, &at.document.path, at.offset);
                let all = places.iter().filter(|(_, _, binds)| own || !binds).filter_map(|&(id, span, _)| {
                    let document = names.project.documents().get(id as usize)?;
                    Some(view.location(document, span))
                });
                all.collect()
            }),
        };
        let places: BTreeSet<Location> = places.into_iter().collect();
        Value::Array(places.iter().map(Location::json).collect())
    }

    /// All places in the same document.
    pub(super) fn highlights(&self, at: At<'_>) -> Value {
        let Some(Target::Name(_)) = self.target(at) else { return Value::Null };
        let places = places_of(self.names, &at.document.path, at.offset);
        let here = places.iter().filter(|(id, ..)| *id == at.id).map(|&(_, span, binds)| {
            let place = self.desk.view.location(at.document, span);
            json!({ "range": place.range.json(), "kind": if binds { 3 } else { 2 } })
        });
        Value::Array(here.collect())
    }

    /// Loads all files in which a word stands, and all that they hang together with, and looks at them.
    pub(super) fn with_mentions<T>(&self, word: &str, path: &RepoPath, look: impl FnOnce(&Namespaces<'_>) -> T) -> T {
        let snapshot = &self.setup.snapshot;
        let everything = self.desk.everything(self.rules.configs);
        let code = |path: &&RepoPath| ["py", "ipynb", "yml", "yaml"].iter().any(|known| path.has_extension(known));
        let holds = |path: &&RepoPath| {
            let open = self.desk.view.open().contains_key(*path);
            match self.shelf.glance(path).filter(|_| !open) {
                Some(glance) => glance.has(word),
                None => snapshot.read(path).is_ok_and(|bytes| Glance::of(&bytes).has(word)),
            }
        };
        let open = self.desk.view.open().keys();
        // A notebook's own name may stand in another's path with blanks in it: then all have to be looked at.
        let is_word = word.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut asked: Vec<RepoPath> =
            everything.iter().chain(open).filter(code).filter(|path| !is_word || holds(path)).cloned().collect();
        asked.push(path.clone());
        asked.sort_unstable();
        asked.dedup();
        let configs = self.rules.configs;
        let options = |path: &RepoPath| configs.for_path(path).read.clone();
        let everything = || everything.to_vec();
        let request = Request {
            asked: &asked,
            everything: &everything,
            options: &options,
            progress: &|| {},
            names: true,
            targets: false,
            whole: false,
        };
        let project = Project::load_with_callers(snapshot.clone(), &request);
        let pip_wipes = |path: &RepoPath| engine::pip_wipes(configs, path);
        look(&Namespaces::new(&project, &pip_wipes))
    }
}

/// All places of the name at an offset of a document, in all documents that are known.
pub(super) fn places_of(names: &Namespaces<'_>, path: &RepoPath, offset: u32) -> Places {
    let mut places = Places::new();
    let (Some(document), Some(id)) = (names.project.document(path), names.project.id(path)) else { return places };
    let Some(name) = name_at(names, At { document, id, offset }) else { return places };
    let mut waiting = name.bindings.clone();
    if waiting.is_empty() {
        unbound(names, document, id, &name, &mut places);
    }
    let mut seen: BTreeSet<(DocumentId, u32)> = BTreeSet::new();
    while let Some((id, binding)) = waiting.pop() {
        if seen.insert((id, binding)) {
            spread(names, id, binding, &mut places, &mut waiting);
        }
    }
    places
}

/// A name that nothing in the repository binds: all places of this document that read it.
fn unbound(names: &Namespaces<'_>, document: &Document, id: DocumentId, name: &Name, places: &mut Places) {
    let facts = &document.python;
    let imports = names.local(id).into_iter().flat_map(|local| {
        let symbol = facts.symbols.get(&name.text);
        symbol.map_or(&[][..], |symbol| local.names.module_bindings(facts, symbol)).iter().copied()
    });
    let imports: Vec<u32> = imports.collect();
    if imports.is_empty() {
        let same = facts.uses.iter().filter(|row| facts.text(row.name) == name.text);
        places.extend(same.map(|row| (id, row.span, false)));
    }
    let mut waiting = Vec::new();
    for binding in imports {
        spread(names, id, binding, places, &mut waiting);
    }
}

/// Adds all places of one binding, and finds others that stand for the same thing.
fn spread(
    names: &Namespaces<'_>,
    id: DocumentId,
    binding: u32,
    places: &mut Places,
    waiting: &mut Vec<(DocumentId, u32)>,
) {
    let project = names.project;
    let Some(document) = project.documents().get(id as usize) else { return };
    let facts = &document.python;
    let Some(row) = facts.bindings.get(binding as usize) else { return };
    places.insert((id, row.span, true));
    places.extend(names.uses(id, binding).into_iter().map(|place| (place.document, place.span, false)));
    // The same name in the same scope is the same variable.
    let is_same = |other: &Binding| other.name == row.name && other.scope == row.scope;
    let same = (0_u32..).zip(&facts.bindings).filter(|(_, other)| is_same(other));
    waiting.extend(same.map(|(at, _)| (id, at)));
    let name = facts.text(row.name);
    declared(document, row, name, |span| {
        places.insert((id, span, true));
    });
    if row.scope != 0 {
        return;
    }
    exported(document, name, |span| {
        places.insert((id, span, false));
    });
    for (other_id, other) in (0_u32..).zip(project.documents()) {
        if other.python.symbols.get(name).is_none() && !mentions_member(other, name) {
            continue;
        }
        importing(names, (other_id, other), &document.path, name, places, waiting);
    }
}

/// Imports of a name of a module, and reads of it as the module's member.
fn importing(
    names: &Namespaces<'_>,
    (id, document): (DocumentId, &Document),
    module: &RepoPath,
    name: &str,
    places: &mut Places,
    waiting: &mut Vec<(DocumentId, u32)>,
) {
    let facts = &document.python;
    let mut dotted: Vec<String> = Vec::new();
    for reference in names.project.references(&document.path) {
        let ReferenceKind::Import(at) = reference.kind else { continue };
        let Some(import) = facts.imports.get(at as usize) else { continue };
        if reference.resolution.file() != Some(module) {
            continue;
        }
        let from = facts.text(import.module);
        match import.name.map(|taken| facts.text(taken)) {
            Some(taken) if taken == name => {
                let len = u32::try_from(name.len()).unwrap_or(0);
                let start = import.alias_span.start;
                places.insert((id, Span::new(start, start + len), true));
                // Under another name it goes on as another name.
                if import.bound.is_some_and(|bound| facts.text(bound) == name) {
                    let is_it = |row: &Binding| row.kind == BindingKind::Import(at);
                    let bound = (0_u32..).zip(&facts.bindings).filter(|(_, row)| is_it(row));
                    waiting.extend(bound.map(|(at, _)| (id, at)));
                }
            }
            Some(submodule) => {
                dotted.push(if from.is_empty() { submodule.to_owned() } else { format!("{from}.{submodule}") });
            }
            None => dotted.push(from.to_owned()),
        }
    }
    let is_member = |path: &str| {
        path.rsplit_once('.')
            .is_some_and(|(before, member)| member == name && dotted.iter().any(|known| known == before))
    };
    let len = u32::try_from(name.len()).unwrap_or(0);
    let called = facts.calls.iter().filter_map(|call| Some((call.path?, call.callee)));
    let read = facts.attributes.iter().map(|row| (row.path, row.span));
    for (_, span) in called.chain(read).filter(|(path, _)| is_member(facts.text(*path))) {
        let span = Span::new(span.end.saturating_sub(len).max(span.start), span.end);
        if span.of(document.text()) == name {
            places.insert((id, span, false));
        }
    }
}

fn mentions_member(document: &Document, name: &str) -> bool {
    document.text().contains(name)
}

/// `global x` and `nonlocal x`, which name a variable without reading it.
fn declared(document: &Document, row: &Binding, name: &str, mut found: impl FnMut(Span)) {
    let facts = &document.python;
    let text = document.text();
    for scope in &facts.scopes {
        let says = if row.scope == 0 { scope.globals.contains(&row.name) } else { scope.nonlocals.contains(&row.name) };
        let Some(function) = scope.function.filter(|_| says).and_then(|at| facts.functions.get(at as usize)) else {
            continue;
        };
        let word = if row.scope == 0 { "global" } else { "nonlocal" };
        let lines = document.lines();
        for line in lines.line_of(function.span.start)..=lines.line_of(function.span.end) {
            let content = lines.line_content(line, text);
            let code = content.of(text);
            let Some(at) = code.find(word).filter(|at| code.get(..*at).is_some_and(|before| !before.contains('#')))
            else {
                continue;
            };
            for span in words(code, name).filter(|span| span.start as usize > at) {
                found(Span::new(content.start + span.start, content.start + span.end));
            }
        }
    }
}

/// The name in the list of `__all__`.
fn exported(document: &Document, name: &str, mut found: impl FnMut(Span)) {
    let facts = &document.python;
    let is_listed = facts.exports.iter().flatten().any(|symbol| facts.text(*symbol) == name);
    let Some(all) = facts.symbols.get("__all__").filter(|_| is_listed) else { return };
    let text = document.text();
    for list in facts.bindings.iter().filter(|row| row.name == all) {
        let rest = text.get(list.span.end as usize..).unwrap_or("");
        let end = rest.find([']', ')']).map_or(list.span.end, |at| list.span.end + u32::try_from(at).unwrap_or(0));
        for string in facts.strings.iter().filter(|row| &*row.value == name) {
            if list.span.end <= string.span.start && string.span.end <= end {
                found(Span::new(string.span.start + 1, string.span.end.saturating_sub(1)));
            }
        }
    }
}

/// Whole words of a line.
fn words<'t>(line: &'t str, word: &'t str) -> impl Iterator<Item = Span> + 't {
    let in_word = |c: char| c == '_' || c.is_alphanumeric();
    line.match_indices(word).filter_map(move |(at, _)| {
        let before = line.get(..at)?.chars().next_back();
        let after = line.get(at + word.len()..)?.chars().next();
        let whole = !before.is_some_and(in_word) && !after.is_some_and(in_word);
        whole.then(|| Span::from_range(at..at + word.len()))
    })
}
