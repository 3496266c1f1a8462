//! Pages: `exit-value-not-string`, `task-value-never-set`, `task-value-without-debug-value` under `rules/workflow/`.

use crate::project::document::Document;
use crate::project::{Project, jobs::Usage};
use crate::python::facts::Value;
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashSet;

/// `dbutils.notebook.exit` with something that is no string.
pub(super) fn exit_value(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    for call in calls_to(facts, "dbutils.notebook.exit") {
        let arguments = facts.arguments(call);
        if arguments.iter().any(|it| it.starred) {
            continue;
        }
        // None at all is said by `dbutils-wrong-argument`.
        let Some(argument) = arguments.first() else { continue };
        let code = argument.span.of(document.text());
        let what = match &argument.value {
            Value::Int(_) => "a number",
            Value::Bool(_) => "a boolean",
            Value::None => "`None`",
            Value::Other if code.starts_with('{') && code.ends_with('}') => "a dictionary or set",
            Value::Other if code.starts_with('[') && code.ends_with(']') => "a list",
            _ => continue,
        };
        let message = format!("a notebook gives back a string, not {what}: use `json.dumps` or `str`");
        context.report(argument.span, message);
    }
}

/// `taskValues.get` without `debugValue`.
pub(super) fn no_debug_value(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in calls_to(facts, "dbutils.jobs.taskValues.get") {
        let arguments = facts.arguments(call);
        let has = arguments.len() > 3 || arguments.iter().any(|it| it.starred || facts.is(it.keyword, "debugValue"));
        if !has && !is_tried(context.document, call.span) {
            let message = "outside of a job this fails: pass `debugValue=` for runs of the notebook by hand";
            context.report(Span::new(call.span.start, call.callee.end), message);
        }
    }
}

fn is_tried(document: &Document, span: Span) -> bool {
    use crate::python::facts::BranchKind;
    document.python.branches.iter().any(|row| row.kind == BranchKind::Try && row.span.covers(span))
}

/// `taskValues.get` of a task or key that no job has.
pub(super) fn never_set(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let project = context.project;
    let calls: Vec<_> = calls_to(facts, "dbutils.jobs.taskValues.get").collect();
    if calls.is_empty() {
        return;
    }
    let usages = project.tasks_of(&document.path);
    if usages.is_empty() || usages.iter().any(|usage| !usage.job.is_whole) {
        return;
    }
    for call in calls {
        let Some(task) = facts.argument(call, 0, "taskKey") else { continue };
        let Value::String(task_key) = &task.value else { continue };
        let parents: Vec<_> = usages
            .iter()
            .filter_map(|usage| Some((usage, usage.job.tasks.iter().find(|row| row.key.text == **task_key)?)))
            .collect();
        if parents.is_empty() {
            // Another file may add tasks to the job.
            if usages.iter().any(|usage| has_more(project, usage)) {
                continue;
            }
            let job = usages.first().map_or("", |usage| usage.job.key.text.as_str());
            context.report(task.span, format!("the job `{job}` has no task `{task_key}`"));
            continue;
        }
        let Some(key) = facts.argument(call, 1, "key") else { continue };
        let Value::String(name) = &key.value else { continue };
        let set = parents.iter().all(|(usage, parent)| sets(project, usage, parent.file.as_ref(), name));
        if !set {
            let message = format!("the task `{task_key}` sets no value `{name}` with `dbutils.jobs.taskValues.set`");
            context.report(key.span, message);
        }
    }
}

/// Whether other places of the bundles say more of a job.
fn has_more(project: &Project, usage: &Usage<'_>) -> bool {
    let bundles = project.bundle_files().filter_map(|document| document.bundle.as_ref());
    bundles.flat_map(|bundle| &bundle.jobs).filter(|job| job.key.text == usage.job.key.text).count() > 1
}

/// Whether a task's notebook sets a value, as far as can be said.
fn sets(project: &Project, usage: &Usage<'_>, file: Option<&crate::bundle::TaskFile>, name: &str) -> bool {
    let Some(file) = file else { return true };
    let Some(path) = project.bundle_path(usage.document, &file.path, file.from_git) else { return true };
    let Some(id) = project.id(&path) else { return true };
    let mut seen = HashSet::new();
    for at in std::iter::once(id).chain(project.runs().reached(id)).take(200) {
        if !seen.insert(at) {
            continue;
        }
        let Some(document) = project.documents().get(at as usize) else { return true };
        let facts = &document.python;
        if document.notebook.is_none()
            || !facts.imports.is_empty()
                && document.text().contains("taskValues")
                && calls_to(facts, SET).next().is_none()
        {
            return true;
        }
        for call in calls_to(facts, SET) {
            match facts.argument(call, 0, "key").map(|argument| &argument.value) {
                Some(Value::String(key)) if **key != *name => {}
                _ => return true,
            }
        }
        let unknown_run = project
            .references(&document.path)
            .iter()
            .any(|row| row.kind == crate::project::reference::ReferenceKind::Run && row.resolution.file().is_none());
        // `dbutils` may be handed to a module that sets the value.
        let handed = facts.symbols.get("dbutils").is_some_and(|dbutils| {
            facts.arguments.iter().any(|argument| matches!(argument.value, Value::Name(name) if name == dbutils))
        });
        if unknown_run || handed || imports_own_code(project, document) {
            return true;
        }
    }
    false
}

const SET: &str = "dbutils.jobs.taskValues.set";

/// Whether a notebook imports a module of this repository, which may set values too.
fn imports_own_code(project: &Project, document: &Document) -> bool {
    use crate::project::reference::ReferenceKind;
    let references = project.references(&document.path).iter();
    references.filter(|row| matches!(row.kind, ReferenceKind::Import(_))).any(|row| row.resolution.file().is_some())
}
