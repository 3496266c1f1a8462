//! What a document says about other files: its references, resolved.

use super::command;
use super::document::Document;
use super::imports::Importer;
use super::places::Places;
use super::reference::{Reference, ReferenceKind, Resolution};
use super::resolve::{BareName, Resolver};
use crate::notebook::magic::{Magic, MagicKind};
use crate::notebook::{Cell, Notebook, Origin};
use crate::python::facts::{BindingKind, Call, Value};
use crate::text::Span;
use crate::text::region::OffsetMap;
use std::borrow::Cow;
use std::collections::HashSet;

/// All references of a document, in order of place.
pub fn references(document: &Document, places: &Places) -> Vec<Reference> {
    let mut out = Vec::new();
    if let Some(notebook) = &document.notebook {
        let mut resolver = Resolver::new(places, document.path.parent());
        for (at, cell) in notebook.cells.iter().enumerate() {
            let runs = cell.magics.iter().filter(|magic| magic.kind == MagicKind::Run && magic.live);
            let index = u32::try_from(at).unwrap_or(u32::MAX);
            out.extend(runs.map(|magic| run(document.text(), notebook, cell, index, magic, &mut resolver)));
        }
        notebook_runs(document, &mut resolver, &mut out);
    }
    imports(document, places, &mut out);
    out.sort_by_key(|reference| reference.command.start);
    out
}

fn run(
    text: &str,
    notebook: &Notebook,
    cell: &Cell,
    index: u32,
    magic: &Magic,
    resolver: &mut Resolver<'_>,
) -> Reference {
    let (code, map) = argument(text, notebook, cell, magic);
    let command = command::parse(&code);
    let place = |span: Span| map.span(span.start, span.end);
    let path = command.path.map(|span| span.of(&code).to_owned());
    let resolution = match &path {
        None => Resolution::Empty,
        Some(_) if command.computed => Resolution::Unknown,
        Some(path) => resolver.run(path, BareName::Mistake),
    };
    // `./x` and `../x` mean the same to every kernel; with an extension, or without dots, they name a file from the
    // folder in which the kernel runs.
    let path_is_plain = path.as_deref().is_some_and(|path| {
        let name = path.rsplit('/').next().unwrap_or_default();
        path.starts_with('.') && !name.contains('.')
    });
    let at_home = notebook.origin == Origin::Databricks;
    Reference {
        kind: ReferenceKind::Run,
        span: command.path.map_or(magic.span, place),
        command: magic.span,
        cell: Some(index),
        target: path.filter(|_| !command.computed),
        unclosed: command.unclosed,
        arguments: command.arguments,
        unexpected: command.unexpected.filter(|_| at_home).map(place),
        resolution: if at_home { resolution } else { elsewhere(notebook.origin, resolution, path_is_plain) },
    }
}

/// What can be said of a `%run` in a notebook that Databricks has not written: only what would be wrong in a plain
/// Jupyter as well.
fn elsewhere(origin: Origin, resolution: Resolution, path_is_plain: bool) -> Resolution {
    match resolution {
        found @ Resolution::Found(_) => found,
        Resolution::WithExtension(path) => Resolution::Found(path),
        missing @ Resolution::NotFound { .. } if origin == Origin::Jupyter && path_is_plain => missing,
        _ => Resolution::Unknown,
    }
}

/// What stands behind a `%run`: the rest of its line, and where the magic decides what the cell is, the rest of
/// the cell, without `# MAGIC`.
fn argument<'t>(text: &'t str, notebook: &Notebook, cell: &Cell, magic: &Magic) -> (Cow<'t, str>, OffsetMap) {
    let start = magic.name.end;
    let line_end = |from: u32| {
        let rest = Span::new(from, cell.body.end.max(from)).of(text);
        from + u32::try_from(rest.find('\n').map_or(rest.len(), |at| at + 1)).unwrap_or(0)
    };
    let end = if magic.leads { cell.body.end.max(start) } else { magic.span.end.max(start) };
    let first = line_end(start).min(end);
    if !magic.prefixed || first == end {
        return (Cow::Borrowed(Span::new(start, end).of(text)), OffsetMap::shift(start));
    }
    let mut code = Span::new(start, first).of(text).to_owned();
    let mut pieces = vec![(0, start)];
    let mut at = first;
    while at < end {
        let line = Span::new(at, line_end(at).min(end));
        let content = unprefixed(line.of(text), notebook.language.comment());
        let skipped = line.len() - u32::try_from(content.len()).unwrap_or(0);
        pieces.push((u32::try_from(code.len()).unwrap_or(u32::MAX), at + skipped));
        code.push_str(content);
        at = line.end;
    }
    (Cow::Owned(code), OffsetMap { pieces })
}

/// A line without `# MAGIC` and the blank behind it.
fn unprefixed<'t>(line: &'t str, comment: &str) -> &'t str {
    let rest = line.strip_prefix(comment).and_then(|rest| rest.strip_prefix(" MAGIC"));
    rest.map_or(line, |rest| rest.strip_prefix(' ').unwrap_or(rest))
}

/// `dbutils.notebook.run(…)`, where `dbutils` is the platform's own.
fn notebook_runs(document: &Document, resolver: &mut Resolver<'_>, out: &mut Vec<Reference>) {
    let facts = &document.python;
    let path = |name: &str| facts.symbols.get(name);
    let (plain, imported) = (path("dbutils.notebook.run"), path("databricks.sdk.runtime.dbutils.notebook.run"));
    if plain.is_none() && imported.is_none() {
        return;
    }
    // A `dbutils` that is assigned at the top of the notebook is the same thing fetched by hand; one that comes in
    // as a parameter may be anything.
    let name = path("dbutils");
    let mut shadowed = HashSet::new();
    for binding in facts.bindings.iter().filter(|binding| Some(binding.name) == name && binding.scope != 0) {
        if !matches!(binding.kind, BindingKind::Annotation | BindingKind::Deletion | BindingKind::Import(_)) {
            shadowed.insert(binding.scope);
        }
    }
    let is_local = |call: &Call| {
        let mut scope = Some(call.scope);
        while let Some(id) = scope {
            if shadowed.contains(&id) {
                return true;
            }
            scope = facts.scopes.get(id as usize).and_then(|scope| scope.parent);
        }
        false
    };
    for call in &facts.calls {
        let ours = call.path.is_some() && (call.path == plain || call.path == imported);
        if !ours || (call.path == plain && is_local(call)) {
            continue;
        }
        let Some(argument) = facts.argument(call, 0, "path") else { continue };
        let target = match &argument.value {
            Value::String(path) => Some(path.to_string()),
            _ => None,
        };
        let resolution = target.as_deref().map_or(Resolution::Unknown, |path| resolver.run(path, BareName::Sibling));
        out.push(Reference {
            kind: ReferenceKind::NotebookRun,
            span: unquoted(document.text(), argument.span, target.as_deref()),
            command: call.span,
            cell: Some(call.cell),
            target,
            unclosed: false,
            arguments: Vec::new(),
            unexpected: None,
            resolution,
        });
    }
}

/// The inside of a plain string literal; the whole span of anything else.
fn unquoted(text: &str, span: Span, value: Option<&str>) -> Span {
    let inner = Span::new(span.start.saturating_add(1), span.end.saturating_sub(1).max(span.start + 1));
    if span.len() >= 2 && value == Some(inner.of(text)) { inner } else { span }
}

fn imports(document: &Document, places: &Places, out: &mut Vec<Reference>) {
    let facts = &document.python;
    if facts.imports.is_empty() {
        return;
    }
    let importer = Importer::new(places, &document.path, facts);
    let in_notebook = document.is_notebook();
    for (at, import) in facts.imports.iter().enumerate() {
        let dots = ".".repeat(import.level.min(64) as usize);
        out.push(Reference {
            kind: ReferenceKind::Import(u32::try_from(at).unwrap_or(u32::MAX)),
            span: import.span,
            command: import.statement,
            cell: in_notebook.then_some(import.cell),
            target: Some(format!("{dots}{}", facts.text(import.module))),
            unclosed: false,
            arguments: Vec::new(),
            unexpected: None,
            resolution: importer.resolve(facts, import),
        });
    }
}
