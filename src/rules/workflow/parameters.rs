//! Pages: `rules/workflow/parameter-hidden-by-job.md`, `rules/workflow/unread-parameter.md`.

use super::arguments::known_names;
use crate::bundle::TaskRole;
use crate::bundle::job::{Parameter, Task};
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::nearest::nearest;
use std::collections::BTreeSet;

/// Parameters of tasks that the job's own replace.
pub(super) fn hidden(context: &mut Context<'_>) {
    let document = context.document;
    let Some(bundle) = &document.bundle else { return };
    for job in &bundle.jobs {
        for given in job.tasks.iter().flat_map(|task| &task.parameters) {
            let key = &given.key;
            let Some(own) = job.parameters.iter().find(|own| own.key.text == key.text) else { continue };
            if is_same(given, own) {
                continue;
            }
            let message = format!(
                "the job has a parameter `{}` too, whose value replaces this one: remove one of them",
                key.text
            );
            context.report(key.span, message).note(document.path.clone(), own.key.span, "the job's parameter");
        }
    }
}

/// Whether it makes no difference which of the two is taken: the task passes the job's on, or both say the same.
fn is_same(given: &Parameter, own: &Parameter) -> bool {
    let Some(value) = given.value.as_deref() else { return given.value == own.value };
    let reference: String = value.chars().filter(|c| !c.is_whitespace()).collect();
    own.value.as_deref() == Some(value) || reference == format!("{{{{job.parameters.{}}}}}", own.key.text)
}

/// Parameters that the notebook does not read.
pub(super) fn unread(context: &mut Context<'_>) {
    let document = context.document;
    let Some(bundle) = &document.bundle else { return };
    for job in &bundle.jobs {
        let mut read = Vec::new();
        // One set of parameters is often handed to every task of a job: then each reads what it needs of it.
        let mut used = BTreeSet::new();
        for task in job.tasks.iter().filter(|task| !task.parameters.is_empty()) {
            let Some((path, known)) = notebook_of(context, task) else {
                used.extend(given(task));
                continue;
            };
            used.extend(given(task).filter(|name| known.contains(*name)));
            read.push((task, path, known));
        }
        for (task, path, known) in &read {
            let keys = task.parameters.iter().map(|one| &one.key);
            let idle = keys.filter(|key| !known.contains(&key.text) && !used.contains(key.text.as_str()));
            for key in idle.filter(|key| !key.is_computed()) {
                let missing = known.iter().map(String::as_str).filter(|name| given(task).all(|other| other != *name));
                let message = match nearest(&key.text, missing) {
                    Some(meant) => format!("`{path}` reads no widget `{}`: did you mean `{meant}`?", key.text),
                    None => format!("`{path}` reads no widget `{}`: the parameter has no effect", key.text),
                };
                context.report(key.span, message);
            }
        }
    }
}

/// The names of the parameters that a task gives.
fn given(task: &Task) -> impl Iterator<Item = &str> {
    task.parameters.iter().map(|one| one.key.text.as_str())
}

/// The notebook that a task runs, and all names under which it may read widgets, if they are known.
fn notebook_of(context: &Context<'_>, task: &Task) -> Option<(RepoPath, BTreeSet<String>)> {
    let file = task.file.as_ref().filter(|file| file.role == TaskRole::Notebook && !file.from_git)?;
    let path = context.project.bundle_path(context.document, &file.path, false)?;
    let known = known_names(context, context.project.document(&path)?)?;
    Some((path, known))
}
