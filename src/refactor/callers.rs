//! Who runs a notebook, and whether all of them can import it instead.

use super::Work;
use crate::bundle::{TaskFile, TaskRole};
use crate::names::verdict::Verdict;
use crate::notebook::{Format, Language, Origin};
use crate::project::document::{Document, DocumentId};
use crate::project::places::without_extension;
use crate::project::reference::{Reference, ReferenceKind, Resolution};
use crate::project::runs::Edge;
use crate::python::facts::{BindingKind, Facts, ScopeKind};
use crate::python::names::Reader;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::{BTreeSet, HashSet};

/// Refuses notebooks that somebody needs as notebooks, or whose users cannot import.
pub(super) fn look(work: &mut Work<'_, '_>) {
    let ids: Vec<DocumentId> = work.helpers.iter().map(|helper| helper.id).collect();
    for &id in &ids {
        let edges: Vec<Edge> = work.project.runs().callers(id).to_vec();
        for edge in edges {
            look_at_run(work, edge);
        }
        if work.order.new_module.is_none() {
            look_for_others(work, id);
        }
        let family = family(work, id);
        for &member in &family {
            if !work.is_converted(member) {
                look_at_member(work, id, member);
            }
            look_for_unknown(work, id, member);
        }
        look_for_rebinding(work, id);
    }
}

/// All notebooks that share names with one: those that run it, and all that these run. Without itself.
pub(super) fn family(work: &Work<'_, '_>, id: DocumentId) -> BTreeSet<DocumentId> {
    let runs = work.project.runs();
    let mut family: BTreeSet<DocumentId> = ancestors(work, id).into_iter().collect();
    for above in family.clone() {
        family.extend(runs.reached(above));
    }
    family.remove(&id);
    family
}

/// All notebooks that run one, at any distance.
fn ancestors(work: &Work<'_, '_>, id: DocumentId) -> Vec<DocumentId> {
    let mut seen: HashSet<DocumentId> = HashSet::from([id]);
    let mut waiting = vec![id];
    let mut found = Vec::new();
    while let Some(at) = waiting.pop() {
        for edge in work.project.runs().callers(at) {
            if seen.insert(edge.from) {
                waiting.push(edge.from);
                found.push(edge.from);
            }
        }
    }
    found.sort_unstable();
    found
}

/// Whether the notebook that runs another can import it, as far as its file and cell tell.
pub(super) fn can_import(document: &Document) -> Result<(), String> {
    let Some(notebook) = &document.notebook else { return Err("is no notebook".to_owned()) };
    if notebook.language != Language::Python {
        return Err(format!("is a notebook of {}, which cannot import Python", notebook.language.name()));
    }
    if notebook.format == Format::Ipynb && notebook.origin != Origin::Databricks {
        return Err("is not a notebook of Databricks".to_owned());
    }
    Ok(())
}

fn look_at_run(work: &mut Work<'_, '_>, edge: Edge) {
    let project = work.project;
    let Some((document, reference)) = project.edge(edge) else { return };
    let id = edge.to;
    if let Err(reason) = can_import(document) {
        // With a module beside the notebook such callers go on as before.
        if work.order.new_module.is_none() {
            work.refuse(id, document, reference.command, format!("this {reason}, and runs it"));
        }
        return;
    }
    let said = match &reference.resolution {
        Resolution::Found(_) => None,
        Resolution::Absolute(_) => {
            Some("this runs it by an absolute path, which may mean another copy: make the path relative")
        }
        Resolution::Bare(_) => Some("this `%run` does not work as it is: its path must start with `./` or `../`"),
        _ => Some("this `%run` names it with its extension: drop that first"),
    };
    if let Some(said) = said {
        work.refuse(id, document, reference.command, said);
    }
    if !reference.arguments.is_empty() {
        work.refuse(id, document, reference.command, "this passes arguments to it, which an import cannot");
    }
    if !is_alone(document, reference) {
        work.refuse(id, document, reference.command, "this `%run` is not alone in its cell: give it one of its own");
    }
}

/// Whether a cell holds a `%run` and nothing else.
fn is_alone(document: &Document, reference: &Reference) -> bool {
    let cell =
        document.notebook.as_ref().zip(reference.cell).and_then(|(notebook, at)| notebook.cells.get(at as usize));
    let Some(cell) = cell else { return false };
    let text = document.text();
    let before = Span::new(cell.body.start, reference.command.start.max(cell.body.start)).of(text).trim();
    let after = Span::new(reference.command.end, cell.body.end.max(reference.command.end)).of(text).trim();
    (before.is_empty() || before == "# MAGIC") && after.is_empty() && reference.unexpected.is_none()
}

/// Looks for jobs, bundles and paths that may need the notebook as one.
fn look_for_others(work: &mut Work<'_, '_>, id: DocumentId) {
    let project = work.project;
    let Some(own) = work.document(id) else { return };
    let stem = own.path.stem();
    for document in project.documents() {
        for reference in project.references(&document.path) {
            let is_it = reference.resolution.file() == Some(&own.path);
            let named_so = || {
                let last =
                    reference.target.as_deref().and_then(|target| target.trim_end_matches('/').rsplit('/').next());
                last.is_some_and(|last| without_extension(last).unwrap_or(last) == stem)
            };
            let lost = reference.resolution.file().is_none() && named_so();
            match reference.kind {
                ReferenceKind::NotebookRun if is_it => {
                    work.refuse(
                        id,
                        document,
                        reference.command,
                        "this runs it as a job of its own, which needs a notebook",
                    );
                }
                ReferenceKind::NotebookRun if lost => {
                    work.refuse(
                        id,
                        document,
                        reference.command,
                        "this may run it as a job of its own: its path leads nowhere here",
                    );
                }
                ReferenceKind::Run if lost => {
                    work.refuse(id, document, reference.command, "this `%run` leads nowhere, and may mean it");
                }
                _ => {}
            }
        }
        if let Some(bundle) = &document.bundle {
            let tasks = bundle.tasks.iter().filter(|task| runs(task, &document.path, &own.path));
            for task in tasks.cloned().collect::<Vec<_>>() {
                work.refuse(id, document, task.span, format!("`{}` runs it, which needs a notebook", task.key));
            }
        } else if !document.is_notebook()
            && let Some(span) = mention(document, &own.path)
        {
            work.refuse(id, document, span, "this names it as a notebook");
        }
    }
}

/// Whether a task of the bundle file at `file` runs the notebook at `path`.
fn runs(task: &TaskFile, file: &RepoPath, path: &RepoPath) -> bool {
    if !matches!(task.role, TaskRole::Notebook | TaskRole::PipelineSource) {
        return false;
    }
    let mut base = if task.from_git { RepoPath::root() } else { file.parent() };
    let mut written = task.path.as_str();
    for deployed in ["${workspace.file_path}/", "${workspace.root_path}/files/"] {
        if let Some(rest) = written.strip_prefix(deployed) {
            written = rest;
            // The bundle's root is where its root file stands: one of the folders above.
            while !base.as_str().is_empty() && !path.is_below(&base) {
                base = base.parent();
            }
        }
    }
    let own = without_extension(path.as_str()).unwrap_or(path.as_str());
    if let Some((before, _)) = written.split_once('*') {
        let folder = before.rsplit_once('/').map_or("", |(folder, _)| folder);
        return base.join(folder).is_some_and(|folder| path.is_below(&folder));
    }
    if written.starts_with('/') || written.contains("${") {
        // Where that leads nobody can say here; that it ends in the same name is sign enough.
        let last = written.rsplit('/').next().unwrap_or("");
        return without_extension(last).unwrap_or(last) == path.stem();
    }
    let meant = base.join(written);
    meant.is_some_and(|meant| without_extension(meant.as_str()).unwrap_or(meant.as_str()) == own)
}

/// A line of a settings file that speaks of a notebook and holds the path.
fn mention(document: &Document, path: &RepoPath) -> Option<Span> {
    let yaml = document.path.has_extension("yml")
        || document.path.has_extension("yaml")
        || document.path.has_extension("json");
    let own = without_extension(path.as_str()).unwrap_or(path.as_str());
    if !yaml || !document.raw.contains(own) {
        return None;
    }
    let mut start = 0_usize;
    for line in document.raw.split_inclusive('\n') {
        if let Some(at) = line.find(own)
            && line.contains("notebook")
            && !line
                .get(at + own.len()..)
                .unwrap_or("")
                .starts_with(|c: char| c.is_alphanumeric() || c == '_' || c == '/')
        {
            return Some(Span::from_range(start + at..start + at + own.len()));
        }
        start += line.len();
    }
    None
}

/// Whether all that a notebook of the family reads can be told from its text.
fn look_at_member(work: &mut Work<'_, '_>, id: DocumentId, member: DocumentId) {
    let Some(document) = work.document(member) else { return };
    let facts = &document.python;
    let dynamic = facts.calls.iter().find(|call| {
        call.path.is_some_and(|path| match facts.text(path) {
            "exec" | "eval" | "globals" => true,
            "locals" | "vars" => call.scope == 0 && facts.arguments(call).is_empty(),
            _ => false,
        })
    });
    if let Some(call) = dynamic {
        let what = call.callee.of(document.text());
        work.refuse(
            id,
            document,
            call.span,
            format!("this gets names by `{what}`, so that nobody can say which it uses"),
        );
    }
    if let Some(error) = facts
        .syntax_errors
        .iter()
        .find(|error| work.names.local(member).is_some_and(|local| local.broken_cells.contains(&error.cell)))
    {
        work.refuse(id, document, error.span, "this is not valid Python, so that nobody can say which names it uses");
    }
    if let Some(&span) = facts.too_deep.first() {
        work.refuse(id, document, span, "this is nested too deeply to be read");
    }
}

/// Whether a notebook of the family reads names that may come from this one, or not.
fn look_for_unknown(work: &mut Work<'_, '_>, id: DocumentId, member: DocumentId) {
    let (Some(document), Some(local)) = (work.document(member), work.names.local(member)) else { return };
    let rows = local.names.missing.iter().zip(work.names.verdicts(member));
    let mut said: HashSet<&str> = HashSet::new();
    for (missing, verdict) in rows {
        let Verdict::Unknown(source, kind) = verdict else { continue };
        let Reader::Use(at) = missing.reader else { continue };
        let Some(row) = document.python.uses.get(at as usize).filter(|_| *source == id) else { continue };
        let name = document.python.text(row.name);
        if said.insert(name) {
            let message = format!("this uses `{name}`, which may come from it: {}", kind.reason());
            work.refuse(id, document, row.span, message);
        }
    }
}

/// Whether a notebook that runs this one gives another value to a name that its functions read: they would go on
/// with their own.
fn look_for_rebinding(work: &mut Work<'_, '_>, id: DocumentId) {
    let Some(own) = work.document(id) else { return };
    let read = names_in_bodies(work, id);
    if read.is_empty() {
        return;
    }
    let mut said: HashSet<(DocumentId, u32)> = HashSet::new();
    for above in ancestors(work, id) {
        let scope = work.names.scope(above, u32::MAX);
        for name in &read {
            let Some(row) = scope.get(name) else { continue };
            for origin in &row.origins {
                let Some(other) = work.document(origin.document).filter(|_| origin.document != id) else { continue };
                let Some(at) = origin.binding else { continue };
                let Some(binding) = other.python.bindings.get(at as usize) else { continue };
                if is_same(work, own, name, other, at) || !said.insert((origin.document, at)) {
                    continue;
                }
                let message = format!("this gives `{name}` another value, which its functions would not see any more");
                work.refuse(id, other, binding.span, message);
            }
        }
    }
}

/// Names of the module's scope that functions of a notebook read.
fn names_in_bodies<'a>(work: &Work<'a, '_>, id: DocumentId) -> BTreeSet<&'a str> {
    let (Some(document), Some(local)) = (work.document(id), work.names.local(id)) else { return BTreeSet::new() };
    let facts: &'a Facts = &document.python;
    let is_body = |mut scope: u32| {
        while let Some(row) = facts.scopes.get(scope as usize) {
            if matches!(row.kind, ScopeKind::Function | ScopeKind::Lambda) {
                return true;
            }
            let Some(parent) = row.parent else { return false };
            scope = parent;
        }
        false
    };
    let own = facts.uses.iter().zip(&local.names.reads).filter(|(row, read)| {
        let of_module = facts.bindings.get(**read as usize).is_some_and(|binding| binding.scope == 0);
        of_module && is_body(row.scope)
    });
    let mut found: BTreeSet<&str> = own.map(|(row, _)| facts.text(row.name)).collect();
    let foreign = local.names.missing.iter().zip(work.names.verdicts(id)).filter_map(|(missing, verdict)| {
        let Reader::Use(at) = missing.reader else { return None };
        let row = facts.uses.get(at as usize)?;
        (matches!(verdict, Verdict::Elsewhere(_)) && is_body(row.scope)).then(|| facts.text(row.name))
    });
    found.extend(foreign);
    found
}

/// Whether another document binds a name to just what this one binds it to: the same import, or the same function.
fn is_same(work: &Work<'_, '_>, own: &Document, name: &str, other: &Document, binding: u32) -> bool {
    let Some(theirs) = other.python.bindings.get(binding as usize) else { return false };
    let mine = own.python.symbols.get(name);
    let mut ours: Vec<(&Document, BindingKind)> = Vec::new();
    ours.extend(
        own.python.bindings.iter().filter(|row| row.scope == 0 && Some(row.name) == mine).map(|row| (own, row.kind)),
    );
    if ours.is_empty() {
        // It comes from a notebook that this one runs.
        let Some(id) = work.project.id(&own.path) else { return false };
        let scope = work.names.scope(id, u32::MAX);
        let origins = scope.get(name).map(|row| row.origins.clone()).unwrap_or_default();
        return origins
            .iter()
            .any(|origin| work.document(origin.document).is_some_and(|document| document.path == other.path));
    }
    ours.iter().any(|(document, kind)| match (kind, theirs.kind) {
        (BindingKind::Import(one), BindingKind::Import(two)) => {
            // `import a.b as c` and `from a import b as c` are the same.
            let text = |document: &Document, at: u32| {
                let facts = &document.python;
                let row = facts.imports.get(at as usize)?;
                let module = facts.text(row.module);
                let bound = row.bound.map(|bound| facts.text(bound)).unwrap_or_default();
                let whole = match row.name {
                    Some(name) => format!("{module}.{}", facts.text(name)),
                    None if module.split('.').next() == Some(bound) => bound.to_owned(),
                    None => module.to_owned(),
                };
                Some((whole, row.level))
            };
            text(document, *one) == text(other, two)
        }
        (BindingKind::Function(one), BindingKind::Function(two)) => {
            let text = |document: &Document, at: u32| {
                document.python.functions.get(at as usize).map(|row| row.span.of(document.text()).to_owned())
            };
            text(document, *one) == text(other, two)
        }
        _ => false,
    })
}
