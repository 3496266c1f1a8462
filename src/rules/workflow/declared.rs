//! Pages: `include-not-found`, `include-not-recursive`, `run-job-unknown-parameter`, `unknown-bundle-resource`,
//! `unknown-bundle-variable` under `rules/workflow/`: what a bundle names and does not have.

use super::arguments::known_names;
use crate::bundle::TaskRole;
use crate::bundle::job::{Job, Key, RunJob};
use crate::bundle::names::Names;
use crate::project::document::Document;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::nearest::nearest;
use std::collections::BTreeSet;

/// The kinds of resources that a bundle can declare.
///
/// Source: the schema of bundles, `databricks bundle schema`, `resources`.
const RESOURCES: [&str; 22] = [
    "alerts",
    "apps",
    "catalogs",
    "clusters",
    "dashboards",
    "database_catalogs",
    "database_instances",
    "experiments",
    "external_locations",
    "genie_spaces",
    "instance_pools",
    "jobs",
    "model_serving_endpoints",
    "models",
    "pipelines",
    "quality_monitors",
    "registered_models",
    "schemas",
    "secret_scopes",
    "sql_warehouses",
    "synced_database_tables",
    "volumes",
];

/// What all files of the document's bundle say of names; `None` if any of that is not known.
fn names<'a>(context: &Context<'a>) -> Option<Vec<&'a Names>> {
    let files = context.project.bundle_of(context.document)?;
    let names = files.into_iter().map(|file| file.bundle.as_ref().map(|bundle| &bundle.names));
    names.map(|names| names.filter(|names| names.is_whole)).collect()
}

/// What a document refers to, behind `prefix`.
fn references<'a>(document: &'a Document, prefix: &'a str) -> impl Iterator<Item = (&'a Key, &'a str)> {
    let rows = document.bundle.as_ref().map_or(&[][..], |bundle| bundle.names.references.as_slice());
    rows.iter().filter_map(move |row| Some((row, row.text.strip_prefix(prefix)?)))
}

/// `${var.x}` that nobody declares, and targets that give such a value.
pub(super) fn unknown_variable(context: &mut Context<'_>) {
    let document = context.document;
    let assigned = document.bundle.as_ref().map_or(&[][..], |bundle| bundle.names.assigned.as_slice());
    if assigned.is_empty() && references(document, "var.").next().is_none() {
        return;
    }
    let Some(files) = names(context) else { return };
    let known: BTreeSet<&str> =
        files.iter().flat_map(|names| &names.variables).map(|variable| variable.text.as_str()).collect();
    let mut found: Vec<(Span, &str)> = assigned.iter().map(|key| (key.span, key.text.as_str())).collect();
    found.extend(
        references(document, "var.").map(|(row, rest)| (row.span, rest.split(['.', '[']).next().unwrap_or(rest))),
    );
    found.retain(|(_, name)| !known.contains(name) && *name != "<<");
    for (span, name) in found {
        let message = match nearest(name, known.iter().copied()) {
            Some(meant) => format!("the bundle declares no variable `{name}`: did you mean `{meant}`?"),
            None => format!("the bundle declares no variable `{name}`: add it under `variables`"),
        };
        context.report(span, message);
    }
}

/// `${resources.jobs.x.id}` of a resource that is not there.
pub(super) fn unknown_resource(context: &mut Context<'_>) {
    let document = context.document;
    if references(document, "resources.").next().is_none() {
        return;
    }
    let Some(files) = names(context) else { return };
    let bundles = context.project.bundle_of(document).unwrap_or_default();
    if bundles.iter().any(|file| file.bundle.as_ref().is_none_or(|bundle| bundle.from_python)) {
        return;
    }
    let known: BTreeSet<&str> = files.iter().flat_map(|names| &names.resources).map(String::as_str).collect();
    for (row, rest) in references(document, "resources.") {
        let mut parts = rest.split('.');
        let (Some(kind), Some(key)) = (parts.next(), parts.next()) else { continue };
        let name = format!("{kind}.{key}");
        if !RESOURCES.contains(&kind) || key.contains('[') || known.contains(name.as_str()) {
            continue;
        }
        let same = known.iter().filter_map(|name| name.strip_prefix(kind)?.strip_prefix('.'));
        let message = match nearest(key, same) {
            Some(meant) => format!("the bundle has no `{key}` under `{kind}`: did you mean `{meant}`?"),
            None => format!("the bundle has no `{key}` under `{kind}`"),
        };
        context.report(row.span, message);
    }
}

/// Files that are included and not there.
pub(super) fn include_not_found(context: &mut Context<'_>) {
    for (glob, span) in includes(context) {
        let inside = context.document.path.parent().join(glob).is_some();
        let is_plain = !glob.contains(['*', '?', '[', '\\', '$', '{']) && !glob.starts_with('/');
        if inside && is_plain && !context.project.includes_something(context.document, glob) {
            context.report(span, format!("there is no `{glob}` to include: the bundle cannot be deployed"));
        }
    }
}

/// `**` in `include`, where files lie deeper than it goes.
pub(super) fn include_not_recursive(context: &mut Context<'_>) {
    for (glob, span) in includes(context) {
        if !glob.contains("**") || glob.contains("..") {
            continue;
        }
        let Some(missed) = context.project.include_misses(context.document, glob) else { continue };
        let message =
            format!("`**` stands for exactly one folder here, so that `{missed}` is not included: add an entry for it");
        context.report(span, message);
    }
}

/// The `include` entries of a root file.
fn includes<'a>(context: &Context<'a>) -> Vec<(&'a str, Span)> {
    let document = context.document;
    let is_root = crate::bundle::is_root_name(document.path.name());
    let Some(bundle) = document.bundle.as_ref().filter(|bundle| is_root && bundle.names.is_whole) else {
        return Vec::new();
    };
    bundle.includes.iter().map(|(glob, span)| (glob.as_str(), *span)).collect()
}

/// Parameters of a job that is started which it does not have.
pub(super) fn run_job_unknown_parameter(context: &mut Context<'_>) {
    let document = context.document;
    let starts: Vec<&RunJob> = document
        .bundle
        .iter()
        .flat_map(|bundle| &bundle.jobs)
        .flat_map(|job| &job.tasks)
        .filter_map(|task| task.run_job.as_ref())
        .filter(|start| !start.parameters.is_empty())
        .collect();
    if starts.is_empty() {
        return;
    }
    let Some(files) = context.project.bundle_of(document) else { return };
    for start in starts {
        let id = start.job.text.strip_prefix("${resources.jobs.").and_then(|rest| rest.strip_suffix(".id}"));
        let Some(id) = id.filter(|id| !id.contains(['.', '$'])) else { continue };
        let rows = || files.iter().filter_map(|file| Some((*file, file.bundle.as_ref()?)));
        let jobs: Vec<(&Document, &Job)> = rows()
            .flat_map(|(file, bundle)| bundle.jobs.iter().map(move |job| (file, job)))
            .filter(|(_, job)| job.key.text == id)
            .collect();
        let known: BTreeSet<&str> =
            jobs.iter().flat_map(|(_, job)| &job.parameters).map(|one| one.key.text.as_str()).collect();
        if known.is_empty() || jobs.iter().any(|(_, job)| !job.is_whole) {
            continue;
        }
        let read = read_by(context, &jobs);
        for key in start.parameters.iter().filter(|key| !key.is_computed() && !known.contains(key.text.as_str())) {
            let meant = nearest(&key.text, known.iter().copied());
            let unread = read.as_ref().is_some_and(|read| !read.contains(&key.text));
            let message = match meant {
                _ if !unread => continue,
                Some(meant) => format!("the job `{id}` has no parameter `{}`: did you mean `{meant}`?", key.text),
                None => format!("the job `{id}` has no parameter `{}`, and nothing in it reads one", key.text),
            };
            context.report(key.span, message);
        }
    }
}

/// The names of all widgets that the notebooks of some jobs read; `None` if that cannot be said, or if other tasks may
/// read parameters.
fn read_by(context: &Context<'_>, jobs: &[(&Document, &Job)]) -> Option<BTreeSet<String>> {
    let mut found = BTreeSet::new();
    for (file, job) in jobs {
        for task in &job.tasks {
            let code = task.file.as_ref().filter(|code| code.role == TaskRole::Notebook && !code.from_git)?;
            let path = context.project.bundle_path(file, &code.path, false)?;
            found.extend(known_names(context, context.project.document(&path)?)?);
        }
    }
    Some(found)
}
