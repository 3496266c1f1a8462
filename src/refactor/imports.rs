//! Imports in the place of `%run`s: which lines, and by which path.

use super::needs::{Needs, Origin};
use super::taken::taken;
use super::{Changes, Work, callers, new_path};
use crate::names::local::From;
use crate::notebook::{Cell, Format, Notebook};
use crate::project::bundles::nearest_root;
use crate::project::document::{Document, DocumentId};
use crate::project::places::Places;
use crate::project::roles::is_identifier;
use crate::project::runs::Edge;
use crate::python::facts::{BindingKind, Facts, Import, ScopeKind};
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::edit::Edit;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

/// No line of an import is longer than this, as `black` and `ruff format` have it.
const WIDTH: usize = 88;

/// From this runtime on Python finds modules beside the notebook.
///
/// Source: Databricks documentation, "Work with Python and R modules".
const MODULES_SINCE: (u16, u16) = (11, 3);

/// What is imported in one place.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Lines {
    /// `import x`, as written.
    plain: BTreeSet<String>,
    /// By module, what is taken from it, as written.
    from: BTreeMap<String, BTreeSet<String>>,
    /// By document that becomes a module, the names that are taken from it.
    own: BTreeMap<DocumentId, BTreeSet<String>>,
}

/// Puts imports in the place of the `%run`s that lead to the notebooks which become modules.
pub(super) fn replace_runs(work: &mut Work<'_, '_>, needs: &Needs, changes: &mut Changes) {
    let ids: Vec<DocumentId> = work.helpers.iter().map(|helper| helper.id).collect();
    let edges: Vec<Edge> = ids.iter().flat_map(|&id| work.project.runs().callers(id).to_vec()).collect();
    let edges: Vec<Edge> = edges
        .into_iter()
        .filter(|edge| work.document(edge.from).is_some_and(|document| callers::can_import(document).is_ok()))
        .collect();
    let mut lines: Vec<(Edge, Lines)> = Vec::new();
    for &edge in &edges {
        let needed = needs.get(&(edge.from, edge.reference));
        let mut here = Lines::default();
        for (name, origin) in needed.into_iter().flatten() {
            if let Err(message) = add(work, edge, name, *origin, &mut here)
                && let Some((document, reference)) = work.project.edge(edge)
            {
                work.refuse(edge.to, document, reference.command, message);
            }
        }
        lines.push((edge, here));
    }
    let mut modules: HashMap<DocumentId, String> = HashMap::new();
    for &id in &ids {
        let importers: BTreeSet<DocumentId> =
            lines.iter().filter(|(_, lines)| lines.own.contains_key(&id)).map(|(edge, _)| edge.from).collect();
        if importers.is_empty() {
            continue;
        }
        match module_path(work, id, &importers, &lines) {
            Ok(module) => drop(modules.insert(id, module)),
            Err((place, message)) => {
                if let Some(document) = work.document(place) {
                    work.refuse(id, document, Span::at(0), message);
                }
            }
        }
    }
    for (edge, lines) in lines {
        let Some((document, reference)) = work.project.edge(edge) else { continue };
        let Some((notebook, cell)) = document.notebook.as_ref().zip(reference.cell) else { continue };
        for id in lines.own.keys() {
            if let Some((module, target)) = modules.get(id).zip(new_path(work, *id)) {
                changes.promises.push((edge.from, module.clone(), target));
            }
        }
        let end = line_end(document);
        let text = lines.text(&modules).join(end);
        changes.runs += 1;
        if work.is_converted(edge.from) && work.order.new_module.is_none() {
            changes.cells.insert((edge.from, cell), text);
        } else if let Some(edit) = cell_edit(notebook, cell as usize, document.text(), text) {
            changes.edits.entry(edge.from).or_default().push(edit);
        }
    }
}

/// The line end of a document.
pub(super) fn line_end(document: &Document) -> &'static str {
    let first = document.text().find('\n');
    let before = first.and_then(|at| at.checked_sub(1)).and_then(|at| document.text().as_bytes().get(at));
    if before == Some(&b'\r') { "\r\n" } else { "\n" }
}

/// The edit that puts `text` into a cell; without text, the cell goes.
fn cell_edit(notebook: &Notebook, at: usize, text_of: &str, text: String) -> Option<Edit> {
    let cell: &Cell = notebook.cells.get(at)?;
    let body = cell.body.of(text_of);
    let len = |text: &str| u32::try_from(text.len()).unwrap_or(0);
    let start = cell.body.start + len(body) - len(body.trim_start());
    let body = Span::new(start, start + len(body.trim()));
    if !text.is_empty() || cell.title.is_some() || notebook.format == Format::Ipynb {
        return Some(Edit::replace(body, text));
    }
    let gone = match (notebook.cells.get(at + 1), at.checked_sub(1).and_then(|before| notebook.cells.get(before))) {
        (Some(next), _) => Span::new(cell.span.start, next.span.start),
        (None, Some(before)) => Span::new(before.span.end, cell.span.end),
        (None, None) => cell.span,
    };
    Some(Edit::delete(gone))
}

/// Adds what brings a name.
fn add(work: &Work<'_, '_>, edge: Edge, name: &str, origin: Origin, lines: &mut Lines) -> Result<(), String> {
    let document = work.document(origin.document).ok_or("it is not known")?;
    let facts = &document.python;
    let binding = origin.binding.and_then(|at| facts.bindings.get(at as usize));
    if !work.is_converted(origin.document) || binding.is_none() {
        let module = star_module(work, edge.to, name)
            .ok_or_else(|| format!("uses `{name}`, and nobody can say by which import it comes"))?;
        lines.from.entry(module).or_default().insert(name.to_owned());
        return Ok(());
    }
    let own = binding.filter(|row| matches!(row.kind, BindingKind::Import(_)) && row.branch == 0);
    if own.is_some() {
        let all = facts.bindings.iter().filter(|row| row.scope == 0 && facts.text(row.name) == name);
        let imports: Vec<&Import> = all
            .filter_map(|row| match row.kind {
                BindingKind::Import(at) => facts.imports.get(at as usize),
                _ => None,
            })
            .collect();
        if let Some(last) = imports.last()
            && imports.iter().all(|row| row.level == 0 && !row.optional)
        {
            // `import a.b` and `import a.c` both bind `a`, and both may be meant.
            let wanted =
                imports.iter().filter(|row| last.name.is_none() && row.name.is_none() || std::ptr::eq(**row, *last));
            wanted.for_each(|row| lines.import(facts, row));
            return Ok(());
        }
    }
    if let Some(changed) = changed_by(facts, name) {
        return Err(format!(
            "uses `{name}`, which `{changed}` changes (`global`): an import would keep the first value"
        ));
    }
    lines.own.entry(origin.document).or_default().insert(name.to_owned());
    Ok(())
}

/// The function that gives a name of the module another value.
fn changed_by<'f>(facts: &'f Facts, name: &str) -> Option<&'f str> {
    let rows = facts.bindings.iter().filter(|row| row.scope == 0 && row.place != 0 && facts.text(row.name) == name);
    rows.filter_map(|row| {
        let mut at = Some(row.place);
        while let Some(scope) = at.and_then(|id| facts.scopes.get(id as usize)) {
            if scope.kind == ScopeKind::Function {
                return scope.function.and_then(|id| facts.functions.get(id as usize)).map(|row| facts.text(row.name));
            }
            at = scope.parent;
        }
        None
    })
    .next()
}

/// The module of the star import by which a notebook that becomes a module, or one that it runs, has a name.
fn star_module(work: &Work<'_, '_>, id: DocumentId, name: &str) -> Option<String> {
    let mut all = vec![id];
    all.extend(work.project.runs().reached(id));
    for id in all.into_iter().filter(|id| work.is_converted(*id)) {
        let (Some(document), Some(local)) = (work.document(id), work.names.local(id)) else { continue };
        for arrival in local.arrivals.iter().rev() {
            let import = match arrival.from {
                From::Star(module, import) if work.names.exports(module, name) => {
                    let scope = work.names.scope(module, u32::MAX);
                    scope.get(name).map(|_| import)
                }
                From::Known(names, import) => names.binary_search(&name).is_ok().then_some(import),
                _ => None,
            };
            let row = import.and_then(|at| document.python.imports.get(at as usize));
            if let Some(row) = row.filter(|row| row.level == 0) {
                return Some(document.python.text(row.module).to_owned());
            }
        }
    }
    None
}

/// The dotted path by which all importers find a module.
fn module_path(
    work: &Work<'_, '_>,
    id: DocumentId,
    importers: &BTreeSet<DocumentId>,
    lines: &[(Edge, Lines)],
) -> Result<String, (DocumentId, String)> {
    let target = new_path(work, id).unwrap_or_default();
    let mains = mains(work, importers, lines);
    for &main in &mains {
        let Some(document) = work.document(main) else { continue };
        if let Some(dbr) = work.setup.settings.for_path(&document.path).target.dbr.filter(|dbr| *dbr < MODULES_SINCE) {
            return Err((
                main,
                format!(
                    "Databricks Runtime {}.{} does not find modules beside notebooks; that came with {}.{}",
                    dbr.0, dbr.1, MODULES_SINCE.0, MODULES_SINCE.1
                ),
            ));
        }
    }
    let folders: BTreeSet<RepoPath> =
        mains.iter().filter_map(|&main| work.document(main)).map(|document| document.path.parent()).collect();
    let one = folders.first().filter(|folder| folders.len() == 1 && target.is_below(folder));
    let base = one.cloned().unwrap_or_else(RepoPath::root);
    let dotted = target.as_str().get(base.as_str().len()..).unwrap_or("").trim_start_matches('/');
    let dotted = dotted.strip_suffix(".py").unwrap_or(dotted);
    let parts: Vec<&str> = dotted.split('/').collect();
    if let Some(part) = parts.iter().find(|part| !is_identifier(part)) {
        let why = if one.is_some() { "" } else { ", because notebooks of several folders need it" };
        return Err((
            id,
            format!(
                "its module would be `{}`{why}, and `{part}` is no name that Python can import: rename it, or make the module elsewhere with `--new-module`",
                parts.join(".")
            ),
        ));
    }
    if let Some(what) = parts.first().and_then(|first| taken(first)) {
        let first = parts.first().copied().unwrap_or_default();
        return Err((id, format!("`{first}` is {what}, and would hide it or be hidden: rename it")));
    }
    if one.is_none() && !work.order.git_folder {
        let places = Places::new(Arc::clone(&work.project.snapshot));
        let in_bundle = folders.iter().find_map(|folder| nearest_root(folder, &places));
        if let Some(bundle) = in_bundle {
            let bundle = if bundle.as_str().is_empty() { "this repository".to_owned() } else { format!("`{bundle}`") };
            return Err((
                id,
                format!(
                    "notebooks of several folders need it, and would import it from the repository's root: Python looks there in a Git folder, but not where a bundle is deployed, and {bundle} is one; `--git-folder` says that it always runs from a Git folder"
                ),
            ));
        }
    }
    Ok(parts.join("."))
}

/// The notebooks in whose folder Python may look when these import something: themselves, and those that run them.
/// A module that imports is looked up from where it is imported itself.
fn mains(work: &Work<'_, '_>, importers: &BTreeSet<DocumentId>, lines: &[(Edge, Lines)]) -> BTreeSet<DocumentId> {
    let mut seen: HashSet<DocumentId> = HashSet::new();
    let mut waiting: Vec<DocumentId> = importers.iter().copied().collect();
    let mut mains = BTreeSet::new();
    while let Some(at) = waiting.pop() {
        if !seen.insert(at) {
            continue;
        }
        if work.is_converted(at) {
            waiting.extend(lines.iter().filter(|(_, lines)| lines.own.contains_key(&at)).map(|(edge, _)| edge.from));
            continue;
        }
        mains.insert(at);
        waiting.extend(work.project.runs().callers(at).iter().map(|edge| edge.from));
    }
    mains
}

impl Lines {
    fn import(&mut self, facts: &Facts, row: &Import) {
        let module = facts.text(row.module);
        let bound = row.bound.map(|bound| facts.text(bound)).unwrap_or_default();
        match row.name {
            None => {
                let plain = module.split('.').next() == Some(bound);
                let alias = if plain { String::new() } else { format!(" as {bound}") };
                self.plain.insert(format!("import {module}{alias}"));
            }
            Some(name) => {
                let name = facts.text(name);
                let alias = if name == bound { String::new() } else { format!(" as {bound}") };
                self.from.entry(module.to_owned()).or_default().insert(format!("{name}{alias}"));
            }
        }
    }

    /// The statements, a line each entry.
    fn text(&self, modules: &HashMap<DocumentId, String>) -> Vec<String> {
        let mut lines: Vec<String> = self.plain.iter().cloned().collect();
        for (module, names) in &self.from {
            lines.extend(from_lines(module, names.iter().map(String::as_str)));
        }
        let mut own: Vec<(&String, &BTreeSet<String>)> =
            self.own.iter().filter_map(|(id, names)| Some((modules.get(id)?, names))).collect();
        own.sort();
        for (module, names) in own {
            lines.extend(from_lines(module, names.iter().map(String::as_str)));
        }
        lines
    }
}

/// `from module import a, b`, over several lines where one would be too long. Constants first, then classes, then the
/// rest, as `isort` sorts them.
pub(super) fn from_lines<'n>(module: &str, names: impl Iterator<Item = &'n str>) -> Vec<String> {
    let mut names: Vec<&str> = names.collect();
    names.sort_by_key(|name| (rank(name), *name));
    let whole = format!("from {module} import {}", names.join(", "));
    if whole.chars().count() <= WIDTH {
        return vec![whole];
    }
    let mut lines = vec![format!("from {module} import (")];
    lines.extend(names.iter().map(|name| format!("    {name},")));
    lines.push(")".to_owned());
    lines
}

fn rank(name: &str) -> u8 {
    let name = name.split(' ').next().unwrap_or(name);
    let letters = name.chars().filter(|c| c.is_alphabetic());
    if name.chars().count() > 1 && letters.clone().count() > 0 && letters.clone().all(char::is_uppercase) {
        0
    } else if name.starts_with(char::is_uppercase) {
        1
    } else {
        2
    }
}

#[cfg(test)]
mod tests {
    use super::from_lines;

    #[test]
    fn long_lines_are_wrapped_as_black_does() {
        assert_eq!(from_lines("m", ["b", "A", "LIMIT", "a"].into_iter()), ["from m import LIMIT, A, a, b"]);
        let long: Vec<String> = (0..12).map(|at| format!("function_{at:02}")).collect();
        let lines = from_lines("m", long.iter().map(String::as_str));
        assert_eq!(lines.len(), 14);
        assert_eq!(
            (lines[0].as_str(), lines[1].as_str(), lines[13].as_str()),
            ("from m import (", "    function_00,", ")")
        );
        let just = format!("from m import {}", "x".repeat(88 - 14));
        assert_eq!(from_lines("m", [just.get(14..).unwrap()].into_iter()), [just]);
    }
}
