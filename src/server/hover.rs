//! What a name is: its signature, its docstring, and the way on which it came here.

use super::room::{At, Room};
use super::target::{Name, Target};
use super::view::Location;
use crate::names::describe::{self, MeaningKind};
use crate::names::scope::{self, Origin, Scope, Step};
use crate::project::document::{Document, DocumentId};
use crate::project::roles::is_injected;
use crate::python::facts::{Binding, BindingKind};
use crate::text::Span;
use serde_json::{Value, json};
use std::fmt::Write as _;

/// So many lines of a docstring are shown.
const LINES: usize = 40;

impl Room<'_> {
    /// What stands at a place, in Markdown.
    pub(super) fn hover(&self, at: At<'_>) -> Value {
        let (span, text) = match self.target(at) {
            None => return Value::Null,
            Some(Target::File { path, span }) => (span, self.about_file(&path)),
            Some(Target::Key(key)) => {
                let places = self.key_places(at, &key);
                let made = places.iter().filter(|(_, defines)| *defines).count();
                let what = match key.kind {
                    super::keys::KeyKind::Widget => "widget",
                    super::keys::KeyKind::Task => "task",
                };
                (key.span, format!("{what} `{}`: made in {made}, named in {} places", key.text, places.len()))
            }
            Some(Target::Name(name)) => {
                let Some(text) = self.about(at, &name) else { return Value::Null };
                (name.span, text)
            }
        };
        let range = self.desk.view.location(at.document, span).range.json();
        json!({ "contents": { "kind": "markdown", "value": text }, "range": range })
    }

    fn about_file(&self, path: &crate::snapshot::RepoPath) -> String {
        let Some(document) = self.project.document(path) else { return format!("`{path}`") };
        let mut text = format!("{} `{path}`", document.kind.as_str());
        if let Some(heading) = document.notebook.as_ref().and_then(|_| super::outline::heading(document)) {
            let _ = write!(text, "\n\n{heading}");
        }
        text
    }

    fn about(&self, at: At<'_>, name: &Name) -> Option<String> {
        let Some(&(id, binding)) = name.bindings.last() else {
            let given = is_injected(&name.text) && self.names.gives_globals(at.id);
            return given.then(|| format!("`{}` is given by Databricks", name.text));
        };
        let document = self.project.documents().get(id as usize)?;
        let row = document.python.bindings.get(binding as usize)?;
        let mut text = format!("```python\n{}\n```", declaration(document, row));
        if let Some(words) = docstring(document, row) {
            let _ = write!(text, "\n\n{words}");
        }
        let place = self.place(document, row.span);
        if id == at.id {
            if row.scope == 0 && name.span != row.span {
                let _ = write!(text, "\n\nbound in {place}");
            }
        } else {
            let _ = write!(text, "\n\nfrom {place}");
            let inside = scope::inside(&at.document.python, at.offset);
            let before = if inside.is_some() { u32::MAX } else { at.offset };
            if let Some(way) = self.way(at.id, before, &name.text) {
                let _ = write!(text, ", by {way}");
            }
        }
        if let Some(module) = &name.module {
            let _ = write!(text, "\n\n{}", self.about_file(module));
        }
        if name.bindings.len() > 1 {
            let _ = write!(text, "\n\n{} more notebooks bind it", name.bindings.len() - 1);
        }
        Some(text)
    }

    /// A place as a link.
    fn place(&self, document: &Document, span: Span) -> String {
        let Location { uri, range, .. } = self.desk.view.location(document, span);
        format!("[{}:{}]({uri}#L{})", document.path, range.start.line + 1, range.start.line + 1)
    }

    /// The commands by which a name comes into a document.
    fn way(&self, id: DocumentId, before: u32, name: &str) -> Option<String> {
        let scope: Scope<'_> = self.names.scope(id, before);
        let origin: Origin = match scope.get(name) {
            Some(row) => *row.origins.first()?,
            None => scope.callers.iter().find(|row| row.name == name)?.origin,
        };
        let steps: Vec<String> = scope
            .steps(origin.way)
            .iter()
            .filter_map(|step| match *step {
                Step::Run(edge) => {
                    let (document, reference) = self.project.edge(edge)?;
                    Some(format!("`%run {}`", reference.span.of(document.text())))
                }
                Step::Star(id, import, _) => {
                    let document = self.project.documents().get(id as usize)?;
                    let row = document.python.imports.get(import as usize)?;
                    Some(format!("`{}`", row.statement.of(document.text())))
                }
            })
            .collect();
        if scope.get(name).is_none() {
            let by = scope.callers.iter().find(|row| row.name == name)?.by.len();
            return Some(format!("{by} `%run` of this notebook"));
        }
        (!steps.is_empty()).then(|| steps.join(" → "))
    }
}

/// A binding as it would be written, on one line.
pub(super) fn declaration(document: &Document, row: &Binding) -> String {
    let meaning = describe::describe(document, row);
    let name = document.python.text(row.name);
    let detail = meaning.detail;
    match meaning.kind {
        MeaningKind::Function => {
            let function = match row.kind {
                BindingKind::Function(at) => document.python.functions.get(at as usize),
                _ => None,
            };
            let is_async = function.is_some_and(|function| {
                let before = Span::new(function.span.start, function.name_span.start).of(document.text());
                before.trim_end().trim_end_matches("def").trim_end().ends_with("async")
            });
            format!("{}def {name}{detail}", if is_async { "async " } else { "" })
        }
        MeaningKind::Class => format!("class {name}{detail}"),
        MeaningKind::Import => match detail.split_once(" from ") {
            Some((taken, module)) if taken == name => format!("from {module} import {name}"),
            Some((taken, module)) => format!("from {module} import {taken} as {name}"),
            None if detail == name || detail.split('.').next() == Some(name) => format!("import {detail}"),
            None => format!("import {detail} as {name}"),
        },
        MeaningKind::Parameter => format!("{name}  # parameter"),
        _ if detail.is_empty() => name.to_owned(),
        _ => format!("{name} = {detail}"),
    }
}

/// The docstring of a function or class, without the indentation of the code.
fn docstring(document: &Document, row: &Binding) -> Option<String> {
    if !matches!(row.kind, BindingKind::Function(_) | BindingKind::Class) {
        return None;
    }
    let head = describe::describe(document, row).span.end.max(row.span.end);
    let strings = &document.python.strings;
    let string = strings.iter().find(|string| string.statement && string.span.start > head)?;
    let between = Span::new(head, string.span.start).of(document.text());
    let is_first = between.trim_start().strip_prefix(':').is_some_and(|rest| {
        rest.lines().all(|line| {
            let line = line.trim_start().strip_prefix("# MAGIC").unwrap_or(line).trim();
            line.is_empty() || line.starts_with('#')
        })
    });
    if !is_first {
        return None;
    }
    let lines: Vec<&str> = string.value.trim().lines().collect();
    let code = |line: &str| line.strip_prefix("# MAGIC ").unwrap_or(line).to_owned();
    let rest = lines.iter().skip(1).filter(|line| !line.trim().is_empty());
    let indent = rest.map(|line| code(line).len() - code(line).trim_start().len()).min().unwrap_or(0);
    let shown = lines.iter().enumerate().take(LINES).map(|(at, line)| {
        let line = code(line);
        if at == 0 { line } else { line.get(indent..).unwrap_or("").to_owned() }
    });
    Some(shown.collect::<Vec<_>>().join("\n"))
}
