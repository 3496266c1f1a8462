//! What stands under the cursor, and where it leads.

use super::keys::Key;
use super::room::{At, Room};
use crate::names::Namespaces;
use crate::names::find::{Finder, Found};
use crate::names::verdict::Verdict;
use crate::project::Project;
use crate::project::document::{Document, DocumentId};
use crate::project::read;
use crate::project::reference::ReferenceKind;
use crate::python::facts::{Binding, BindingKind, Facts};
use crate::python::names::{NONE, Reader};
use crate::snapshot::RepoPath;
use crate::text::Span;
use serde_json::Value;

/// So many imports of imports are followed.
const HOPS: usize = 8;

/// What stands under the cursor.
#[derive(Clone, Debug)]
pub(super) enum Target {
    /// A name.
    Name(Name),
    /// A path of `%run`, `dbutils.notebook.run` or a task, or a module.
    File { path: RepoPath, span: Span },
    /// A widget, a task.
    Key(Key),
}

/// A name under the cursor.
#[derive(Clone, Debug)]
pub(super) struct Name {
    /// The name.
    pub text: String,
    /// Where it stands.
    pub span: Span,
    /// What it is bound by: the document and the row of its bindings; nothing, if that is not known.
    pub bindings: Vec<(DocumentId, u32)>,
    /// The file of this repository from which the name is imported, or which it stands for, where no more is known.
    pub module: Option<RepoPath>,
}

/// Whether the cursor at `offset` touches a span.
pub(super) const fn touches(span: Span, offset: u32) -> bool {
    span.start <= offset && offset <= span.end
}

impl Room<'_> {
    /// What stands at a place.
    pub(super) fn target(&self, at: At<'_>) -> Option<Target> {
        let references = self.project.references(&at.document.path);
        let path = references
            .iter()
            .filter(|row| !matches!(row.kind, ReferenceKind::Import(_)) && touches(row.span, at.offset))
            .find_map(|row| Some(Target::File { path: row.resolution.file()?.clone(), span: row.span }));
        path.or_else(|| self.key_at(at)).or_else(|| name_at(self.names, at).map(Target::Name)).or_else(|| {
            let module = references.iter().find(|row| touches(row.span, at.offset))?;
            Some(Target::File { path: module.resolution.file()?.clone(), span: module.span })
        })
    }

    /// Where what stands at a place is defined.
    pub(super) fn definition(&self, at: At<'_>) -> Value {
        let view = &self.desk.view;
        let places: Vec<Value> = match self.target(at) {
            None => return Value::Null,
            Some(Target::File { path, .. }) => vec![self.start_of(&path).json()],
            Some(Target::Key(key)) => self.key_definitions(at, &key).iter().map(super::view::Location::json).collect(),
            Some(Target::Name(name)) => {
                let bound = name.bindings.iter().filter_map(|&(id, binding)| {
                    let document = self.project.documents().get(id as usize)?;
                    let row = document.python.bindings.get(binding as usize)?;
                    Some(view.location(document, row.span).json())
                });
                let bound: Vec<Value> = bound.collect();
                match &name.module {
                    Some(path) => vec![self.in_module(path, &name.text).unwrap_or_else(|| self.start_of(path)).json()],
                    None => bound,
                }
            }
        };
        if places.is_empty() { Value::Null } else { Value::Array(places) }
    }

    /// Where a file that is not read for other reasons binds a name at its top level.
    fn in_module(&self, path: &RepoPath, name: &str) -> Option<super::view::Location> {
        let options = &self.rules.configs.for_path(path).read;
        let document = read::read(&*self.setup.snapshot, path, false, options);
        let facts = &document.python;
        let is_it = |row: &&Binding| row.scope == 0 && row.kind.binds() && facts.text(row.name) == name;
        let row = facts.bindings.iter().rev().find(is_it)?;
        Some(self.desk.view.location(&document, row.span))
    }

    /// The start of a file: of its first cell, if it is open cell by cell.
    pub(super) fn start_of(&self, path: &RepoPath) -> super::view::Location {
        self.desk.view.start(path)
    }
}

/// The name that stands at a place, and what binds it.
pub(super) fn name_at(names: &Namespaces<'_>, at: At<'_>) -> Option<Name> {
    let facts = &at.document.python;
    if let Some((row, name_use)) = (0_u32..).zip(&facts.uses).find(|(_, row)| touches(row.span, at.offset)) {
        let text = facts.text(name_use.name).to_owned();
        let bindings = read_by(names, at.id, row);
        return Some(followed(names, Name { text, span: name_use.span, bindings, module: None }));
    }
    if let Some((row, binding)) = (0_u32..).zip(&facts.bindings).find(|(_, row)| touches(row.span, at.offset)) {
        let text = facts.text(binding.name).to_owned();
        return Some(followed(names, Name { text, span: binding.span, bindings: vec![(at.id, row)], module: None }));
    }
    // The name that `from m import NAME as x` takes.
    if let Some(import) = (0_u32..).zip(&facts.imports).find(|(_, row)| touches(row.alias_span, at.offset))
        && let Some(name) = import.1.name.filter(|name| facts.text(*name) != "*")
    {
        let text = facts.text(name).to_owned();
        let len = u32::try_from(text.len()).unwrap_or(0);
        let span = Span::new(import.1.alias_span.start, import.1.alias_span.start + len);
        let (bindings, module) = imported(names, at.document, import.0);
        return touches(span, at.offset).then_some(Name { text, span, bindings, module });
    }
    member_at(names, at)
}

/// A member of a module: the `clean` of `helpers.clean`.
fn member_at(names: &Namespaces<'_>, at: At<'_>) -> Option<Name> {
    let facts = &at.document.python;
    let calls = facts.calls.iter().filter(|call| touches(call.callee, at.offset));
    let called = calls.filter_map(|call| Some((call.path?, call.callee)));
    let read = facts.attributes.iter().filter(|row| touches(row.span, at.offset)).map(|row| (row.path, row.span));
    called.chain(read).find_map(|(path, span)| {
        let (module, member) = facts.text(path).rsplit_once('.')?;
        let len = u32::try_from(member.len()).ok()?;
        let span = Span::new(span.end.saturating_sub(len).max(span.start), span.end);
        if !touches(span, at.offset) || span.of(at.document.text()) != member {
            return None;
        }
        let file = module_file(names.project, at.document, module)?;
        let bindings = top_level(names, &file, member).into_iter().collect();
        let name = Name { text: member.to_owned(), span, bindings, module: None };
        Some(followed(names, name)).filter(|name| !name.bindings.is_empty())
    })
}

/// The file of a module that a document imports under this dotted name.
pub(super) fn module_file(project: &Project, document: &Document, module: &str) -> Option<RepoPath> {
    let facts = &document.python;
    project.references(&document.path).iter().find_map(|reference| {
        let ReferenceKind::Import(at) = reference.kind else { return None };
        let import = facts.imports.get(at as usize)?;
        let from = facts.text(import.module);
        let is_it = match import.name {
            None => from == module,
            Some(name) if from.is_empty() => facts.text(name) == module,
            Some(name) => module.strip_prefix(from).and_then(|rest| rest.strip_prefix('.')) == Some(facts.text(name)),
        };
        reference.resolution.file().filter(|_| is_it).cloned()
    })
}

/// The last binding of a name at the top level of a file.
pub(super) fn top_level(names: &Namespaces<'_>, path: &RepoPath, name: &str) -> Option<(DocumentId, u32)> {
    let (id, local) = names.of(path)?;
    let facts = &names.project.documents().get(id as usize)?.python;
    let bindings = local.names.module_bindings(facts, facts.symbols.get(name)?);
    let binds = |at: &&u32| facts.bindings.get(**at as usize).is_some_and(|row| row.kind.binds());
    Some((id, *bindings.iter().rev().find(binds)?))
}

/// What a use of a name reads.
pub(super) fn read_by(names: &Namespaces<'_>, id: DocumentId, row: u32) -> Vec<(DocumentId, u32)> {
    let Some(local) = names.local(id) else { return Vec::new() };
    if let Some(&binding) = local.names.reads.get(row as usize).filter(|binding| **binding != NONE) {
        return vec![(id, binding)];
    }
    let missing = local.names.missing.iter().zip(names.verdicts(id));
    let Some((missing, verdict)) = missing.into_iter().find(|(missing, _)| missing.reader == Reader::Use(row)) else {
        return Vec::new();
    };
    let facts = |id: DocumentId| names.project.documents().get(id as usize).map(|document| &document.python);
    let Some(name_use) = facts(id).and_then(|facts| facts.uses.get(row as usize)) else { return Vec::new() };
    let name = facts(id).map_or("", |facts| facts.text(name_use.name));
    match verdict {
        Verdict::Elsewhere(source) => source.binding.map(|binding| (source.document, binding)).into_iter().collect(),
        Verdict::Callers | Verdict::SomeCallers(_) => from_callers(names, id, name, missing.deferred),
        // It is not bound by then, but it may be meant.
        _ => {
            let own = |facts: &Facts| {
                let symbol = facts.symbols.get(name)?;
                local.names.module_bindings(facts, symbol).first().map(|&binding| (id, binding))
            };
            facts(id).and_then(own).into_iter().collect()
        }
    }
}

/// What the notebooks that run a document have bound to a name.
fn from_callers(names: &Namespaces<'_>, id: DocumentId, name: &str, deferred: bool) -> Vec<(DocumentId, u32)> {
    let mut finder = Finder::new(names);
    let mut found = Vec::new();
    let mut seen = vec![id];
    let mut next = 0;
    while let Some(&at) = seen.get(next) {
        next += 1;
        for &edge in names.project.runs().callers(at) {
            let Some((_, reference)) = names.project.edge(edge) else { continue };
            let before = if deferred { u32::MAX } else { reference.command.start };
            match finder.at(edge.from, name, before) {
                Found::Bound(source) => found.extend(source.binding.map(|binding| (source.document, binding))),
                _ if seen.contains(&edge.from) => {}
                _ => seen.push(edge.from),
            }
        }
    }
    found.sort_unstable();
    found.dedup();
    found
}

/// What an import of a document takes: a binding of a module of this repository, or the module.
fn imported(names: &Namespaces<'_>, document: &Document, import: u32) -> (Vec<(DocumentId, u32)>, Option<RepoPath>) {
    let references = names.project.references(&document.path).iter();
    let mut reference = references.filter(|row| row.kind == ReferenceKind::Import(import));
    let Some(file) = reference.next().and_then(|row| row.resolution.file()) else { return (Vec::new(), None) };
    let facts = &document.python;
    let name = facts.imports.get(import as usize).and_then(|row| row.name).map(|name| facts.text(name));
    let binding = name.and_then(|name| top_level(names, file, name));
    (binding.into_iter().collect(), Some(file.clone()))
}

/// A name whose imports are followed to where the thing itself is defined.
fn followed(names: &Namespaces<'_>, mut name: Name) -> Name {
    for _ in 0..HOPS {
        let [(id, binding)] = name.bindings.as_slice() else { break };
        let Some(document) = names.project.documents().get(*id as usize) else { break };
        let Some(row) = document.python.bindings.get(*binding as usize) else { break };
        let BindingKind::Import(import) = row.kind else { break };
        let (bindings, module) = imported(names, document, import);
        if bindings.is_empty() {
            // The import itself is all that is known of what stands outside the repository, or is not read.
            name.module = module;
            break;
        }
        name.bindings = bindings;
    }
    name
}
