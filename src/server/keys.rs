//! Names in quotes: widgets, which notebooks read and jobs set, and the tasks of jobs.

use super::room::{At, Room};
use super::target::{Target, touches};
use super::view::Location;
use crate::bundle::yaml::{Node, Value as Yaml, parse};
use crate::project::document::Document;
use crate::python::facts::{Argument, Value};
use crate::text::Span;

/// What a key names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyKind {
    /// `dbutils.widgets.get("x")`; `base_parameters: {x: …}`.
    Widget,
    /// `task_key: x`, `depends_on`, `taskValues.get(taskKey = "x")`.
    Task,
}

/// A key under the cursor.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// What it names.
    pub kind: KeyKind,
    /// The key.
    pub text: String,
    /// Where it stands, without quotes.
    pub span: Span,
}

/// One place where a key stands.
#[derive(Clone, Debug)]
pub(super) struct Mention {
    /// The key.
    pub key: Key,
    /// Whether it is made there.
    pub defines: bool,
}

/// Calls of `dbutils.widgets` that make a widget.
const MAKES: [&str; 4] = ["text", "dropdown", "combobox", "multiselect"];

/// All widgets and tasks that a document names.
pub(super) fn mentions(document: &Document) -> Vec<Mention> {
    if document.path.has_extension("yml") || document.path.has_extension("yaml") {
        return in_yaml(document);
    }
    let facts = &document.python;
    let mut found = Vec::new();
    for call in &facts.calls {
        let Some(path) = call.path.map(|path| facts.text(path)) else { continue };
        let (kind, argument, defines) = if let Some((_, method)) = path.split_once("dbutils.widgets.") {
            let argument = facts.argument(call, 0, "name");
            (KeyKind::Widget, argument.filter(|_| method != "removeAll"), MAKES.contains(&method))
        } else if path.ends_with("dbutils.jobs.taskValues.get") {
            (KeyKind::Task, facts.argument(call, 0, "taskKey"), false)
        } else if path == "getArgument" {
            (KeyKind::Widget, facts.argument(call, 0, "name"), false)
        } else {
            continue;
        };
        let key = argument.and_then(|argument| literal(document, argument));
        found.extend(key.map(|(text, span)| Mention { key: Key { kind, text, span }, defines }));
    }
    found
}

/// A plain string and its inside.
fn literal(document: &Document, argument: &Argument) -> Option<(String, Span)> {
    let Value::String(text) = &argument.value else { return None };
    let inner = Span::new(argument.span.start + 1, argument.span.end.saturating_sub(1).max(argument.span.start + 1));
    (inner.of(document.text()) == &**text && !text.is_empty()).then(|| (text.to_string(), inner))
}

fn in_yaml(document: &Document) -> Vec<Mention> {
    let mut found = Vec::new();
    if let Ok(Some(root)) = parse(&document.raw) {
        walk(&root, false, document, &mut found, 0);
    }
    found.sort_by_key(|mention| mention.key.span);
    // An anchor that is used twice brings the same place twice.
    found.dedup_by_key(|mention| mention.key.span);
    found
}

fn walk(node: &Node, depends: bool, document: &Document, found: &mut Vec<Mention>, depth: u32) {
    // A budget of our own: the tree may be as deep as the reader allows.
    if depth > 64 {
        return;
    }
    let mut add = |kind, text: &str, span: Span, defines| {
        if let Some(span) = inside(document, text, span) {
            found.push(Mention { key: Key { kind, text: text.to_owned(), span }, defines });
        }
    };
    match &node.value {
        Yaml::Scalar(_) => {}
        Yaml::Sequence(items) => {
            for item in items {
                walk(item, depends, document, found, depth + 1);
            }
        }
        Yaml::Mapping(_) => {
            for entry in node.entries() {
                match (entry.key, entry.value.text()) {
                    ("task_key", Some(text)) => add(KeyKind::Task, text, entry.value.span, !depends),
                    ("base_parameters", None) => {
                        for parameter in entry.value.entries() {
                            add(KeyKind::Widget, parameter.key, parameter.key_span, true);
                        }
                    }
                    _ => {}
                }
            }
            for entry in node.entries() {
                walk(entry.value, depends || entry.key == "depends_on", document, found, depth + 1);
            }
        }
    }
}

/// The text of a scalar without its quotes, if it is written as it reads.
fn inside(document: &Document, text: &str, span: Span) -> Option<Span> {
    let written = span.of(&document.raw);
    let at = written.find(text).filter(|_| !text.is_empty())?;
    let start = span.start + u32::try_from(at).ok()?;
    Some(Span::new(start, start + u32::try_from(text.len()).ok()?))
}

impl Room<'_> {
    /// The widget or task that is named at a place; the file, where a task names one.
    pub(super) fn key_at(&self, at: At<'_>) -> Option<Target> {
        if let Some(bundle) = &at.document.bundle
            && let Some(task) = bundle.tasks.iter().find(|task| touches(task.span, at.offset))
        {
            let path = self.task_file(&at.document.path, &task.path, task.from_git)?;
            return Some(Target::File { path, span: task.span });
        }
        let mention = mentions(at.document).into_iter().find(|mention| touches(mention.key.span, at.offset))?;
        Some(Target::Key(mention.key))
    }

    /// The documents in which a key means the same: for tasks the bundle's files and all notebooks that are known, for
    /// widgets the notebooks that are run together and the bundle files that set parameters.
    fn sharing<'s>(&'s self, at: At<'s>) -> impl Iterator<Item = &'s Document> {
        let runs = self.project.runs();
        let mut together: Vec<u32> = vec![at.id];
        together.extend(runs.reached(at.id));
        let mut next = 0;
        while let Some(&id) = together.get(next) {
            next += 1;
            for edge in runs.callers(id) {
                if !together.contains(&edge.from) {
                    together.push(edge.from);
                }
            }
        }
        let is_yaml = |document: &Document| document.bundle.is_some();
        let from_yaml = is_yaml(at.document);
        let documents = (0_u32..).zip(self.project.documents());
        documents
            .filter(move |(id, document)| from_yaml || is_yaml(document) || together.contains(id))
            .map(|(_, document)| document)
    }

    /// All places where a key stands, with its definitions marked.
    pub(super) fn key_places(&self, at: At<'_>, key: &Key) -> Vec<(Location, bool)> {
        let mut places: Vec<(Location, bool)> = Vec::new();
        for document in self.sharing(at) {
            let same = mentions(document).into_iter();
            let same = same.filter(|mention| (mention.key.kind, &mention.key.text) == (key.kind, &key.text));
            places.extend(same.map(|mention| (self.desk.view.location(document, mention.key.span), mention.defines)));
        }
        places.sort();
        places.dedup();
        places
    }

    /// Where a key is made.
    pub(super) fn key_definitions(&self, at: At<'_>, key: &Key) -> Vec<Location> {
        let places = self.key_places(at, key).into_iter();
        places.filter(|(_, defines)| *defines).map(|(place, _)| place).collect()
    }
}
