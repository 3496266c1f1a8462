//! Pages: `rules/workflow/job-reference-in-code.md`, `rules/workflow/unknown-job-reference.md`.

use crate::rules::context::Context;
use crate::sql::facts::{Place, PlaceholderKind, StatementView};
use crate::text::Span;
use crate::text::nearest::nearest;
use std::collections::BTreeSet;

/// What a time can be written as.
const TIMES: &[&str] = &[
    "iso_weekday",
    "is_weekday",
    "iso_date",
    "iso_datetime",
    "year",
    "month",
    "day",
    "hour",
    "minute",
    "second",
    "timestamp_ms",
];

/// Names of `job`, `task` and `workspace`; `*` stands for a time or a name.
///
/// Source: Databricks documentation, "Dynamic value references".
const KNOWN: &[&str] = &[
    "job.id",
    "job.name",
    "job.run_id",
    "job.repair_count",
    "job.start_time",
    "job.parameters",
    "job.trigger",
    "job.notification",
    "task.name",
    "task.run_id",
    "task.execution_count",
    "task.notebook_path",
    "workspace.id",
    "workspace.url",
];

/// What `tasks.NAME` has.
const OF_TASKS: &[&str] =
    &["run_id", "result_state", "error_code", "execution_count", "notebook_path", "values", "output", "name"];

/// Words of code that writes jobs, where such references are at home.
const WRITES_JOBS: &[&str] = &[
    "notebook_task",
    "NotebookTask",
    "base_parameters",
    "job_parameters",
    "JobParameter",
    "task_key",
    "python_params",
    "notebook_params",
    "sql_task",
    "dbt_task",
    "jinja",
    "Jinja",
];

/// References to the job in a notebook's code.
pub(super) fn in_code(context: &mut Context<'_>) {
    let document = context.document;
    let mut found: Vec<(Span, String)> = Vec::new();
    for string in document.python.strings.iter().filter(|row| !row.statement && row.value.contains("{{")) {
        let value = string.value.trim();
        // Among words it may be told of, as in a description.
        if value.contains(char::is_whitespace) && !(value.starts_with("{{") && value.ends_with("}}")) {
            continue;
        }
        found.extend(reference_in(value).map(|inner| (string.span, inner.to_owned())));
    }
    let in_cells = |view: &StatementView<'_>| matches!(view.piece.place, Place::Cell(_));
    for view in document.sql().views().filter(in_cells) {
        let braces = view.row.placeholders.iter().filter(|one| one.kind == PlaceholderKind::Braces);
        found.extend(braces.filter(|one| is_known(&one.name)).map(|one| (one.span, one.name.to_string())));
    }
    if found.is_empty() || WRITES_JOBS.iter().any(|word| document.text().contains(word)) {
        return;
    }
    found.sort_unstable();
    for (span, inner) in found {
        let message = format!(
            "`{{{{{inner}}}}}` is filled in only in the settings of a job, and stays as it is in code: pass it as a \
             parameter, and read that with `dbutils.widgets.get`"
        );
        context.report(span, message);
    }
}

/// The first of the platform's references in a text.
fn reference_in(text: &str) -> Option<&str> {
    let opened = text.split("{{").skip(1).filter_map(|rest| rest.split_once("}}"));
    opened.map(|(inner, _)| inner.trim()).find(|inner| is_known(inner))
}

/// Whether what stands between braces is one of the platform's references.
fn is_known(inner: &str) -> bool {
    let parts: Vec<&str> = inner.split('.').collect();
    match parts.as_slice() {
        ["job" | "task" | "workspace", ..] | ["tasks", _, ..] => problem(&parts).is_none(),
        _ => false,
    }
}

/// References in a bundle that mean nothing.
pub(super) fn unknown(context: &mut Context<'_>) {
    let document = context.document;
    if document.bundle.as_ref().is_none_or(|bundle| bundle.jobs.is_empty()) {
        return;
    }
    let text = document.text();
    let tasks = text.contains("tasks.").then(|| tasks(context)).flatten();
    let mut from = 0;
    while let Some(start) = text.get(from..).and_then(|rest| rest.find("{{")).map(|at| at + from) {
        let rest = text.get(start + 2..).unwrap_or_default();
        from = start + 2;
        let Some(end) = rest.find("}}").filter(|end| !rest.get(..*end).unwrap_or_default().contains('\n')) else {
            continue;
        };
        let line = text.get(..start).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
        if line.trim_start().starts_with('#') || line.contains(" #") {
            continue;
        }
        let inner = rest.get(..end).unwrap_or_default().trim();
        let parts: Vec<&str> = inner.split('.').collect();
        let Some(why) = problem(&parts).or_else(|| unknown_task(&parts, tasks.as_ref()?)) else { continue };
        let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let span = Span::new(clamp(start), clamp(start + 2 + end + 2));
        context.report(span, why);
    }
}

/// The keys of all tasks of the bundle; `None` if not all of them are known.
fn tasks<'a>(context: &Context<'a>) -> Option<BTreeSet<&'a str>> {
    let files = context.project.bundle_of(context.document)?;
    let mut found = BTreeSet::new();
    for bundle in files.into_iter().map(|file| file.bundle.as_ref()) {
        let bundle = bundle.filter(|bundle| !bundle.from_python && bundle.names.is_whole)?;
        for job in &bundle.jobs {
            let is_known = job.is_whole && job.tasks.iter().all(|task| !task.key.is_computed());
            found.extend(is_known.then_some(&job.tasks)?.iter().map(|task| task.key.text.as_str()));
        }
    }
    Some(found)
}

/// What is wrong with a reference to a task that no job of the bundle has.
fn unknown_task(parts: &[&str], known: &BTreeSet<&str>) -> Option<String> {
    let ["tasks", task, _, ..] = parts else { return None };
    let is_word = task.chars().all(|c| c == '_' || c == '-' || c.is_alphanumeric());
    (is_word && !known.contains(task)).then(|| match nearest(task, known.iter().copied()) {
        Some(meant) => format!("no job of the bundle has a task `{task}`: did you mean `tasks.{meant}`?"),
        None => format!("no job of the bundle has a task `{task}`"),
    })
}

/// What is wrong with a reference; `None` also if it is none of the platform's.
fn problem(parts: &[&str]) -> Option<String> {
    let name = parts.join(".");
    if name.contains('`') {
        return None;
    }
    let is_word = |part: &&str| !part.is_empty() && part.chars().all(|c| c == '_' || c == '-' || c.is_alphanumeric());
    if !parts.iter().all(|part| is_word(&part.split('[').next().unwrap_or_default())) {
        return None;
    }
    match parts {
        ["job", "parameters", _, ..] | ["job", "trigger" | "notification", ..] => None,
        ["job", "start_time", time] => time_problem(&name, time),
        ["job", "start_time"] => {
            Some(format!("`{{{{{name}}}}}` lacks the form of the time: add one, as in `job.start_time.iso_date`"))
        }
        ["job" | "task" | "workspace", rest @ ..] => {
            let known = KNOWN.contains(&name.as_str()) && rest.len() == 1 && !matches!(rest, ["parameters"]);
            (!known).then(|| unknown_name(&name, KNOWN))
        }
        ["tasks", task, member, ..] => {
            if OF_TASKS.contains(member) {
                return None;
            }
            let meant = nearest(member, OF_TASKS.iter().copied());
            Some(match meant {
                Some(meant) => format!("tasks have no `{member}`: did you mean `tasks.{task}.{meant}`?"),
                None => format!("tasks have no `{member}`: runs of the job fail"),
            })
        }
        _ => None,
    }
}

fn time_problem(name: &str, time: &str) -> Option<String> {
    (!TIMES.contains(&time)).then(|| match nearest(time, TIMES.iter().copied()) {
        Some(meant) => format!("`{{{{{name}}}}}` means nothing: did you mean `job.start_time.{meant}`?"),
        None => format!("`{{{{{name}}}}}` means nothing: times are written as `iso_date`, `iso_datetime` and the like"),
    })
}

fn unknown_name(name: &str, known: &[&str]) -> String {
    match nearest(name, known.iter().copied()) {
        Some(meant) => format!("`{{{{{name}}}}}` means nothing: did you mean `{meant}`?"),
        None => format!("`{{{{{name}}}}}` means nothing: runs of the job fail"),
    }
}
