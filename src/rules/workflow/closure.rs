//! Which widgets a notebook has, with all that runs with it.

use crate::notebook::Language;
use crate::project::document::{Document, DocumentId};
use crate::project::reference::ReferenceKind;
use crate::project::{Project, jobs::Usage};
use crate::python::facts::{Call, Facts, Value};
use crate::rules::calls::calls_to;
use crate::text::Span;
use std::collections::HashSet;

/// The ways to declare a widget.
const KINDS: [&str; 4] =
    ["dbutils.widgets.text", "dbutils.widgets.dropdown", "dbutils.widgets.combobox", "dbutils.widgets.multiselect"];

/// So many notebooks are looked at for one; beyond, nothing is said.
const MOST: usize = 500;

/// A widget that is declared.
#[derive(Clone, Debug)]
pub(super) struct Widget<'d> {
    /// Its name.
    pub(super) name: String,
    /// Its default, if it is known.
    pub(super) default: Option<&'d str>,
    /// The name where it stands.
    pub(super) span: Span,
    /// The call; `None` outside of Python.
    pub(super) call: Option<&'d Call>,
}

/// What a notebook declares.
#[derive(Debug, Default)]
pub(super) struct Declared<'d> {
    /// Widgets whose names are known, in order of place for Python.
    pub(super) widgets: Vec<Widget<'d>>,
    /// Whether there may be more, under names that are not known.
    pub(super) more: bool,
}

/// The widgets that one notebook declares.
pub(super) fn declared(document: &Document) -> Declared<'_> {
    let facts = &document.python;
    let mut found = Declared::default();
    for call in KINDS.iter().flat_map(|path| calls_to(facts, path)) {
        let Some(argument) = facts.argument(call, 0, "name") else {
            found.more = true;
            continue;
        };
        let Value::String(name) = &argument.value else {
            found.more = true;
            continue;
        };
        let default = facts.argument(call, 1, "defaultValue").and_then(|argument| match &argument.value {
            Value::String(text) => Some(&**text),
            _ => None,
        });
        found.widgets.push(Widget { name: name.to_string(), default, span: argument.span, call: Some(call) });
    }
    found.widgets.sort_by_key(|widget| widget.span);
    elsewhere(document, &mut found);
    // Widgets that are passed around, or made by a helper that is no plain call.
    found.more |= facts.attributes.iter().any(|row| {
        matches!(facts.text(row.path), "dbutils.widgets" | "databricks.sdk.runtime.dbutils.widgets")
            || KINDS.contains(&facts.text(row.path))
    });
    found
}

/// Adds the widgets that cells of other languages declare.
fn elsewhere(document: &Document, found: &mut Declared<'_>) {
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    for cell in &notebook.cells {
        let code = cell.body.of(text);
        match cell.language {
            Language::Sql => {
                let upper = code.to_ascii_uppercase();
                for (at, _) in upper.match_indices("CREATE WIDGET") {
                    // CREATE WIDGET TEXT name DEFAULT …
                    let mut words = code.get(at..).unwrap_or_default().split_whitespace().skip(3);
                    if let Some(name) = words.next() {
                        let name = name.trim_matches(['`', '"', '\'']).to_owned();
                        found.widgets.push(Widget { name, default: None, span: cell.body, call: None });
                    }
                }
            }
            Language::Scala | Language::R => {
                for kind in ["text", "dropdown", "combobox", "multiselect"] {
                    for (at, hit) in code.match_indices(&format!("widgets.{kind}(")) {
                        let rest = code.get(at + hit.len()..).unwrap_or_default().trim_start();
                        match rest.strip_prefix(['"', '\'']).and_then(|rest| rest.split(['"', '\'']).next()) {
                            Some(name) => {
                                let name = name.to_owned();
                                found.widgets.push(Widget { name, default: None, span: cell.body, call: None });
                            }
                            None => found.more = true,
                        }
                    }
                }
            }
            _ => {}
        }
    }
}

/// Names that a notebook is given without declaring them.
pub(super) enum Given {
    /// These, and no more as far as is known.
    Names(HashSet<String>),
    /// It cannot be said.
    Unknown,
}

/// The names of all widgets that there are when a notebook runs: its own, those of what it runs, and those of what
/// runs it, at any depth; and the parameters by which it is started.
pub(super) fn names(project: &Project, document: &Document) -> Given {
    let Some(id) = project.id(&document.path) else { return Given::Unknown };
    let mut found = HashSet::new();
    let mut seen: HashSet<DocumentId> = HashSet::from([id]);
    let mut up = vec![id];
    let mut all = vec![id];
    while let Some(at) = up.pop() {
        for edge in project.runs().callers(at) {
            if seen.insert(edge.from) {
                up.push(edge.from);
                all.push(edge.from);
            }
        }
        if all.len() > MOST {
            return Given::Unknown;
        }
    }
    let callers = all.clone();
    // Jobs that are written in Python are not known.
    let in_python = |row: &Document| {
        let from_python = row.bundle.as_ref().is_some_and(|bundle| bundle.from_python);
        from_python && document.path.is_below(&row.path.parent())
    };
    if project.bundle_files().any(in_python) {
        return Given::Unknown;
    }
    // Whatever a caller runs besides may declare the widget.
    for at in callers.iter().copied() {
        for reached in project.runs().reached(at) {
            if seen.insert(reached) {
                all.push(reached);
            }
            if all.len() > MOST {
                return Given::Unknown;
            }
        }
    }
    for at in &all {
        let Some(other) = project.documents().get(*at as usize) else { continue };
        let declared = declared(other);
        if declared.more || lacks_a_run(project, other) {
            return Given::Unknown;
        }
        found.extend(declared.widgets.into_iter().map(|widget| widget.name));
        // `%run ./x $name="value"` gives a widget to what it runs.
        for reference in project.references(&other.path) {
            found.extend(reference.arguments.iter().map(|(name, _)| name.clone()));
        }
    }
    for at in callers {
        let Some(other) = project.documents().get(at as usize) else { continue };
        for usage in project.tasks_of(&other.path) {
            if !usage.task.is_whole || !usage.job.is_whole {
                return Given::Unknown;
            }
            found.extend(parameters(&usage).map(str::to_owned));
        }
        if !add_started(project, other, &mut found) {
            return Given::Unknown;
        }
    }
    Given::Names(found)
}

/// The parameters that a task gives to its notebook.
pub(super) fn parameters<'p>(usage: &Usage<'p>) -> impl Iterator<Item = &'p str> + use<'p> {
    usage.job.parameters.iter().chain(&usage.task.parameters).map(|one| one.key.text.as_str())
}

/// Adds what `dbutils.notebook.run` gives to a notebook; whether all of that is known.
fn add_started(project: &Project, target: &Document, found: &mut HashSet<String>) -> bool {
    let Some(starters) = project.starters(&target.path) else { return false };
    for (document, reference) in starters {
        let facts = &document.python;
        let call = facts.calls.iter().find(|call| call.span == reference.command);
        let Some(arguments) = call.and_then(|call| facts.argument(call, 2, "arguments")) else { continue };
        let Some(entries) = super::literal::dictionary(document.text(), facts, arguments.span) else { return false };
        for entry in entries {
            let Some(key) = entry.key else { return false };
            found.insert(key.to_owned());
        }
    }
    true
}

/// Whether a notebook runs another that is not known.
fn lacks_a_run(project: &Project, document: &Document) -> bool {
    project
        .references(&document.path)
        .iter()
        .any(|reference| reference.kind == ReferenceKind::Run && reference.resolution.file().is_none())
}

/// Whether a notebook may read widgets whose names are not known.
pub(super) fn reads_unknown(document: &Document) -> bool {
    let facts = &document.python;
    let named = |call: &Call| {
        facts.argument(call, 0, "name").is_some_and(|argument| matches!(argument.value, Value::String(_)))
    };
    calls_to(facts, "dbutils.widgets.getAll").next().is_some()
        || ["dbutils.widgets.get", "dbutils.widgets.getArgument", "getArgument"]
            .iter()
            .flat_map(|path| calls_to(facts, path))
            .any(|call| !named(call))
        || passes_dbutils_on(facts)
}

/// Whether `dbutils` itself, or its widgets, are handed to somebody.
fn passes_dbutils_on(facts: &Facts) -> bool {
    let Some(dbutils) = facts.symbols.get("dbutils") else { return false };
    let handed = |value: &Value| matches!(value, Value::Name(name) if *name == dbutils);
    facts.arguments.iter().any(|argument| handed(&argument.value))
        || facts.attributes.iter().any(|row| {
            matches!(facts.text(row.path), "dbutils.widgets" | "dbutils.widgets.get" | "dbutils.widgets.getArgument")
        })
}
