//! Page: `rules/names/unused-run.md`.

use super::is_deferred;
use crate::names::Namespaces;
use crate::names::find::{Finder, Found};
use crate::names::local::UnknownKind;
use crate::names::verdict::Verdict;
use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, CellType, Form, Language, Origin};
use crate::project::document::{Document, DocumentId};
use crate::project::reference::ReferenceKind;
use crate::project::runs::Edge;
use crate::python::facts::{BindingKind, Facts};
use crate::python::names::{NONE, Reader};
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::{BTreeSet, HashSet};

/// A `%run` that leads to more notebooks is not looked at, so that long chains cost no more than short ones.
const MOST_RUN: usize = 100;
/// Nor is one whose names more notebooks may see.
const MOST_READERS: usize = 2000;

/// Decorators that only make another function.
const PLAIN_DECORATORS: &[&str] = &[
    "abstractmethod",
    "cache",
    "cached_property",
    "classmethod",
    "contextmanager",
    "dataclass",
    "lru_cache",
    "overload",
    "pandas_udf",
    "property",
    "setter",
    "singledispatch",
    "staticmethod",
    "total_ordering",
    "udf",
    "udtf",
    "wraps",
];

/// A `%run` that brings names which nobody uses, and does nothing else.
pub(super) fn unused_run(context: &mut Context<'_>) {
    let document = context.document;
    let names = context.names;
    let Some((id, _)) = names.of(&document.path) else { return };
    let runs = context.project.runs();
    if runs.callees(id).is_empty() || names.may_have_other_callers(id).is_some() {
        return;
    }
    // What is run and only defines things may be there for notebooks that nobody knows.
    if runs.callers(id).is_empty() && is_quiet(context, id) {
        return;
    }
    let mut unused = Vec::new();
    let mut finder = Finder::new(names);
    for &edge in runs.callees(id) {
        let Some((_, reference)) = context.project.edge(edge) else { continue };
        let mut below = vec![edge.to];
        below.extend(runs.reached(edge.to).take(MOST_RUN));
        let plain = reference.arguments.is_empty()
            && below.len() <= MOST_RUN
            && !below.contains(&id)
            && below.iter().all(|&at| is_quiet(context, at));
        if plain && is_unused(context, &mut finder, edge, &below) {
            unused.push((reference, example(names, &below)));
        }
    }
    for (reference, example) in unused {
        let target = reference.target.as_deref().unwrap_or("…");
        let message = format!("nothing that `%run {target}` brings is used, and it does nothing else: remove it");
        let finding = context.report(reference.command, message);
        if let Some((path, span, name)) = example {
            finding.note(path, span, format!("it brings `{name}`, for example"));
        }
    }
}

/// One name that notebooks bring, and where it is bound: rather a definition than an import.
fn example(names: &Namespaces<'_>, below: &[DocumentId]) -> Option<(RepoPath, Span, String)> {
    let bound = below.iter().filter_map(|&id| {
        let document = names.project.documents().get(id as usize)?;
        let facts = &document.python;
        let rows = names.local(id)?.names.module().iter().filter_map(|&at| facts.bindings.get(at as usize));
        let row = rows.min_by_key(|row| (matches!(row.kind, BindingKind::Import(_)), row.span.start))?;
        Some((document.path.clone(), row.span, facts.text(row.name).to_owned()))
    });
    bound.into_iter().next()
}

/// Whether running a document only defines things, as far as can be seen.
fn is_quiet(context: &Context<'_>, id: DocumentId) -> bool {
    let (Some(document), Some(local)) = (context.project.documents().get(id as usize), context.names.local(id)) else {
        return false;
    };
    let facts = &document.python;
    let Some(notebook) = document.notebook.as_ref().filter(|notebook| notebook.origin == Origin::Databricks) else {
        return false;
    };
    notebook.cells.iter().all(is_quiet_cell)
        && document.problems.is_empty()
        && facts.first_effect.is_none()
        && facts.main_guard.is_none()
        && facts.too_deep.is_empty()
        && local.unknowns.is_empty()
        && local.wipes.is_empty()
        && local.broken_cells.is_empty()
        && decorators_are_plain(facts)
        && imports_are_quiet(context, document)
}

fn is_quiet_cell(cell: &Cell) -> bool {
    if cell.form == Form::Empty || cell.cell_type != CellType::Code {
        return true;
    }
    let runs_only = cell.magics.iter().filter(|magic| magic.live).all(|magic| {
        matches!(
            magic.kind,
            MagicKind::Run | MagicKind::Language(Language::Python | Language::Markdown) | MagicKind::Skip
        )
    });
    let text = matches!(cell.language, Language::Markdown)
        || cell.leads().is_some_and(|lead| matches!(lead.kind, MagicKind::Run | MagicKind::Skip));
    runs_only && (text || cell.language == Language::Python)
}

fn decorators_are_plain(facts: &Facts) -> bool {
    facts.functions.iter().flat_map(|function| &function.decorators).all(|&path| {
        let last = facts.text(path).rsplit('.').next().unwrap_or("");
        PLAIN_DECORATORS.contains(&last)
    })
}

/// Whether no imported module of the repository does something when it is loaded.
fn imports_are_quiet(context: &Context<'_>, document: &Document) -> bool {
    let imports = context.project.references(&document.path).iter();
    let files = imports
        .filter(|reference| matches!(reference.kind, ReferenceKind::Import(_)))
        .filter_map(|reference| reference.resolution.file());
    files
        .into_iter()
        .all(|file| context.project.document(file).is_some_and(|module| module.python.first_effect.is_none()))
}

/// Whether nobody uses what `edge` brings; `below` are the notebooks that it leads to.
fn is_unused(context: &Context<'_>, finder: &mut Finder<'_, '_>, edge: Edge, below: &[DocumentId]) -> bool {
    let Some(readers) = readers(context, edge.from, below) else { return false };
    if readers.iter().any(|&id| is_opaque(context, id)) {
        return false;
    }
    !uses_itself(context, finder, edge, below)
        && !readers.iter().any(|&id| id != edge.from && reads(context.names, finder, id, edge, below))
}

/// All documents that may see the names which a notebook has: itself, those that run it, and what these run.
fn readers(context: &Context<'_>, id: DocumentId, below: &[DocumentId]) -> Option<BTreeSet<DocumentId>> {
    let runs = context.project.runs();
    let mut found = BTreeSet::from([id]);
    let mut waiting = vec![id];
    let mut above = Vec::new();
    while let Some(at) = waiting.pop() {
        context.names.may_have_other_callers(at).is_none().then_some(())?;
        above.push(at);
        waiting.extend(runs.callers(at).iter().map(|edge| edge.from).filter(|&caller| found.insert(caller)));
        (found.len() < MOST_READERS).then_some(())?;
    }
    let mut waiting = above;
    while let Some(at) = waiting.pop() {
        let callees = runs.callees(at).iter().map(|edge| edge.to);
        waiting.extend(callees.filter(|callee| !below.contains(callee) && found.insert(*callee)));
        (found.len() < MOST_READERS).then_some(())?;
    }
    Some(found)
}

/// Whether a document may use names that cannot be seen.
fn is_opaque(context: &Context<'_>, id: DocumentId) -> bool {
    let (Some(document), Some(local)) = (context.project.documents().get(id as usize), context.names.local(id)) else {
        return true;
    };
    let facts = &document.python;
    let unknown = |kind| kind != UnknownKind::Star;
    local.unknowns.iter().any(|unknown_place| unknown(unknown_place.kind))
        || !local.broken_cells.is_empty()
        || !facts.too_deep.is_empty()
        || ["eval", "exec", "globals", "locals", "vars", "dir"].iter().any(|word| facts.symbols.get(word).is_some())
}

/// Whether the notebook that runs another uses what that brings.
fn uses_itself(context: &Context<'_>, finder: &mut Finder<'_, '_>, edge: Edge, below: &[DocumentId]) -> bool {
    let names = context.names;
    let (Some(document), Some(local)) = (names.project.documents().get(edge.from as usize), names.local(edge.from))
    else {
        return true;
    };
    let Some((_, reference)) = names.project.edge(edge) else { return true };
    let facts = &document.python;
    for (missing, verdict) in local.names.missing.iter().zip(names.verdicts(edge.from)) {
        let used = match verdict {
            // Another `%run` of the same notebook may bring it again: one of the two is enough, but it is used.
            Verdict::Elsewhere(source) if source.by == Some(edge) || below.contains(&source.document) => true,
            Verdict::Elsewhere(_) if !missing.deferred => false,
            _ => reader_name(facts, missing.reader).is_none_or(|name| finder.at_end(edge.to, name) != Found::Nothing),
        };
        if used {
            return true;
        }
    }
    // What the notebook bound before is replaced by what the `%run` brings.
    let place = reference.command.start;
    let mut asked: HashSet<u32> = HashSet::new();
    for (row, &read) in facts.uses.iter().zip(&local.names.reads) {
        let Some(binding) = facts.bindings.get(read as usize).filter(|binding| read != NONE && binding.scope == 0)
        else {
            continue;
        };
        let replaced = binding.span.start < place && (row.span.start > place || is_deferred(facts, row.scope));
        if replaced && asked.insert(read) {
            match finder.at_end(edge.to, facts.text(row.name)) {
                Found::Nothing => {}
                Found::Bound(source)
                    if source
                        .binding
                        .is_some_and(|other| is_same_import(context, (edge.from, read), (source.document, other))) => {}
                _ => return true,
            }
        }
    }
    false
}

/// Whether two bindings import the same thing.
fn is_same_import(context: &Context<'_>, one: (DocumentId, u32), two: (DocumentId, u32)) -> bool {
    let import = |(document, binding): (DocumentId, u32)| {
        let facts = &context.project.documents().get(document as usize)?.python;
        let BindingKind::Import(import) = facts.bindings.get(binding as usize)?.kind else { return None };
        let row = facts.imports.get(import as usize)?;
        (row.level == 0).then(|| (facts.text(row.module), row.name.map(|name| facts.text(name))))
    };
    import(one).is_some_and(|row| import(two) == Some(row))
}

fn reader_name(facts: &Facts, reader: Reader) -> Option<&str> {
    let symbol = match reader {
        Reader::Use(at) => facts.uses.get(at as usize)?.name,
        Reader::Deletion(at) => facts.bindings.get(at as usize)?.name,
    };
    Some(facts.text(symbol))
}

/// Whether another document reads what `edge` brings.
fn reads(
    names: &Namespaces<'_>,
    finder: &mut Finder<'_, '_>,
    id: DocumentId,
    edge: Edge,
    below: &[DocumentId],
) -> bool {
    let (Some(document), Some(local)) = (names.project.documents().get(id as usize), names.local(id)) else {
        return true;
    };
    local.names.missing.iter().zip(names.verdicts(id)).any(|(missing, verdict)| {
        let elsewhere = matches!(verdict, Verdict::Elsewhere(source) if !below.contains(&source.document));
        if elsewhere && !missing.deferred {
            return false;
        }
        reader_name(&document.python, missing.reader).is_none_or(|name| finder.at_end(edge.to, name) != Found::Nothing)
    })
}
