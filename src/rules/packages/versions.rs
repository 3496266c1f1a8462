//! Pages: `pip-conflict`, `pip-repeats-environment`, `unpinned-pip` under `rules/packages/`.

use super::command::{commands, package};
use crate::rules::context::Context;
use std::collections::HashMap;

/// The same package in two versions.
pub(super) fn conflict(context: &mut Context<'_>) {
    let document = context.document;
    let commands = commands(document);
    let mut first = HashMap::new();
    for command in commands.iter().filter(|command| command.is_pip("install")) {
        for package in command.requirements() {
            let Some(version) = package.version.strip_prefix("==").map(str::trim) else { continue };
            if version.contains(['*', ',']) {
                continue;
            }
            let (before, place) =
                first.entry(package.name.clone()).or_insert_with(|| (version.to_owned(), package.span));
            if before.as_str() == version {
                continue;
            }
            let message = format!(
                "`{}` is installed as `{before}` above and as `{version}` here: the last one wins, keep one of them",
                package.name
            );
            let place = *place;
            context.report(package.span, message).note(document.path.clone(), place, "the other version");
        }
    }
}

/// `%pip` of what the job's environment brings.
pub(super) fn repeats_environment(context: &mut Context<'_>) {
    let document = context.document;
    let commands = commands(document);
    if !commands.iter().any(|command| command.is_pip("install")) {
        return;
    }
    let mut brought: HashMap<String, String> = HashMap::new();
    for usage in context.project.tasks_of(&document.path) {
        let Some(key) = &usage.task.environment else { continue };
        for environment in usage.job.environments.iter().filter(|row| row.key.text == key.text) {
            let packages = environment.dependencies.iter().filter_map(|row| package(&row.text));
            let whose = format!("the environment `{}` of the job `{}`", key.text, usage.job.key.text);
            brought.extend(packages.map(|(name, _)| (name, whose.clone())));
        }
    }
    for (bundle, key) in context.project.pipelines_of(&document.path) {
        let pipelines = bundle.bundle.iter().flat_map(|bundle| &bundle.pipelines).filter(|row| row.key.text == key);
        for dependency in pipelines.flat_map(|row| &row.dependencies) {
            let whose = || format!("the environment of the pipeline `{key}`");
            brought.extend(package(&dependency.text).map(|(name, _)| (name, whose())));
        }
    }
    for command in commands.iter().filter(|command| command.is_pip("install")) {
        for package in command.requirements() {
            let Some(whose) = brought.get(&package.name) else { continue };
            let message = format!(
                "{whose} brings `{}` already: installing it here costs time and can change its version",
                package.name
            );
            context.report(package.span, message);
        }
    }
}

/// Packages without a version.
pub(super) fn unpinned(context: &mut Context<'_>) {
    let pinned = context.switch("exact");
    let allowed = context.list("allow");
    for command in commands(context.document).iter().filter(|command| command.is_pip("install")) {
        for package in command.requirements() {
            let is_pinned = package.version.starts_with("==") || package.version.starts_with('@');
            let is_free = package.version.is_empty() || (pinned && !is_pinned);
            if !is_free || allowed.contains(&package.name) {
                continue;
            }
            let message =
                format!("`{}` has no fixed version: write `{0}==…`, so that every run gets the same", package.name);
            context.report(package.span, message);
        }
    }
}
