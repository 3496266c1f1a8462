//! Pages: `experiment-in-git-folder`, `experiment-name-relative`, `run-left-open` under `rules/mlflow/`.

use crate::notebook::Origin;
use crate::python::facts::{BranchId, BranchKind, Facts, Value};
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;

/// The literal start of each experiment's name, with its place and the branch that names it.
fn names(facts: &Facts) -> impl Iterator<Item = (&str, Span, BranchId)> {
    calls_to(facts, "mlflow.set_experiment").chain(calls_to(facts, "mlflow.create_experiment")).filter_map(|call| {
        let word = if facts.is(call.method, "create_experiment") { "name" } else { "experiment_name" };
        let argument = facts.argument(call, 0, word)?;
        match &argument.value {
            Value::String(name) => Some((&**name, argument.span, call.branch)),
            Value::Partial { prefix, .. } if !prefix.is_empty() => Some((&**prefix, argument.span, call.branch)),
            _ => None,
        }
    })
}

/// Whether the code may log to a server that is not Databricks'.
fn logs_elsewhere(facts: &Facts) -> bool {
    let uris = calls_to(facts, "mlflow.set_tracking_uri").map(|call| facts.argument(call, 0, "uri"));
    let elsewhere = |value: &Value| !matches!(value, Value::String(uri) if uri.starts_with("databricks"));
    uris.into_iter().any(|uri| uri.is_none_or(|argument| elsewhere(&argument.value)))
}

/// Names that are no absolute workspace paths.
pub(super) fn relative(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    // A script, or a notebook of another kind, may be for a laptop, where such names are fine.
    let at_home = document.notebook.as_ref().is_some_and(|notebook| notebook.origin == Origin::Databricks);
    if facts.symbols.get("mlflow").is_none() || !at_home || logs_elsewhere(facts) {
        return;
    }
    for (name, span, branch) in names(facts) {
        // One of several ways may be the way for another tracking server.
        let chosen = facts.branches.get(branch as usize).is_some_and(|row| {
            matches!(row.kind, BranchKind::If | BranchKind::Case | BranchKind::Handler | BranchKind::Try)
        });
        if name.starts_with('/') || name.is_empty() || chosen {
            continue;
        }
        let message =
            "an experiment's name is an absolute path in the workspace: begin it with `/Users/…` or `/Shared/…`";
        context.report(span, message);
    }
}

/// Experiments in `/Repos`.
pub(super) fn in_git_folder(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if facts.symbols.get("mlflow").is_none() {
        return;
    }
    for (name, span, _) in names(facts) {
        if name.starts_with("/Repos/") || name.starts_with("/Workspace/Repos/") {
            context.report(
                span,
                "an experiment cannot be made in a Git folder: use a path under `/Users/…` or `/Shared/…`",
            );
        }
    }
}

/// Runs that are started and never ended.
pub(super) fn left_open(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let text = document.text();
    if calls_to(facts, "mlflow.end_run").next().is_some() || text.contains("end_run") {
        return;
    }
    let nested = |call| facts.argument(call, 3, "nested").is_some_and(|it| it.value == Value::Bool(true));
    for call in calls_to(facts, "mlflow.start_run") {
        let start = document.lines().line_of(call.span.start);
        let before = Span::new(document.lines().line(start).start, call.span.start).of(text);
        let before = before.trim_start_matches("# MAGIC").trim();
        let name = before.strip_suffix('=').map(str::trim).filter(|name| !name.is_empty());
        let is_managed = name.is_some_and(|name| text.contains(&format!("with {name}")));
        let is_statement =
            before.is_empty() || name.is_some_and(|name| name.chars().all(|c| c == '_' || c.is_alphanumeric()));
        // What it is handed to, or returned to, may end it.
        if !is_statement || is_managed || call.function.is_some() || nested(call) {
            continue;
        }
        // A bare call that is the only one on its line, perhaps over several.
        if before.is_empty() && !stands_alone(text, call.span) {
            continue;
        }
        let message = "the run stays active after this cell, and starting another one fails: write `with mlflow.start_run():`, \
                       or end it with `mlflow.end_run()`";
        context.report(Span::new(call.span.start, call.callee.end), message);
    }
}

/// Whether nothing but a comment follows a call on its last line, and no bracket is open before it.
fn stands_alone(text: &str, span: Span) -> bool {
    let after = text.get(span.end as usize..).unwrap_or_default();
    let line = after.split('\n').next().unwrap_or_default().trim();
    let before = text.get(..span.start as usize).unwrap_or_default().trim_end();
    (line.is_empty() || line.starts_with('#')) && !before.ends_with(['(', ',', '[', '\\', '='])
}
