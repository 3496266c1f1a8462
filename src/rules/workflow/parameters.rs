//! Pages: `rules/workflow/parameter-hidden-by-job.md`, `rules/workflow/unread-parameter.md`.

use super::arguments::known_names;
use crate::bundle::TaskRole;
use crate::bundle::job::Parameter;
use crate::rules::context::Context;
use crate::text::nearest::nearest;

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
        for task in job.tasks.iter().filter(|task| !task.parameters.is_empty()) {
            let Some(file) = task.file.as_ref().filter(|file| file.role == TaskRole::Notebook && !file.from_git) else {
                continue;
            };
            let Some(path) = context.project.bundle_path(document, &file.path, false) else { continue };
            let Some(target) = context.project.document(&path) else { continue };
            let Some(known) = known_names(context, target) else { continue };
            let keys = task.parameters.iter().map(|one| &one.key);
            for key in keys.filter(|key| !known.contains(&key.text) && !key.is_computed()) {
                let message = match nearest(&key.text, known.iter().map(String::as_str)) {
                    Some(meant) => format!("`{path}` reads no widget `{}`: did you mean `{meant}`?", key.text),
                    None => format!("`{path}` reads no widget `{}`: the parameter has no effect", key.text),
                };
                context.report(key.span, message);
            }
        }
    }
}
