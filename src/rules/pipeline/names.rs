//! Pages: `rules/pipeline/duplicate-dataset.md`, `rules/pipeline/dataset-uses-loop-variable.md`.

use super::source::{datasets, decorator_call, decorator_calls};
use crate::project::document::Document;
use crate::python::facts::{BindingKind, BranchKind, Facts, Function, Value};
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::HashMap;

/// So many other sources of a pipeline are compared with one.
const MOST: usize = 300;

/// The same dataset twice in one pipeline.
pub(super) fn duplicate(context: &mut Context<'_>) {
    let document = context.document;
    let own = defined(document);
    if own.is_empty() {
        return;
    }
    let mut first: HashMap<String, (RepoPath, Span)> = HashMap::new();
    // Sources of the same pipeline that come before this one; without a bundle, this file alone.
    let project = context.project;
    let pipelines: Vec<&str> = project.pipelines_of(&document.path).map(|(_, key)| key).collect();
    if let [pipeline] = pipelines.as_slice() {
        for other in project.sources_of(pipeline).take_while(|other| other.path < document.path).take(MOST) {
            for (name, span) in defined(other) {
                first.entry(name).or_insert_with(|| (other.path.clone(), span));
            }
        }
    }
    for (name, span) in own {
        let Some((path, place)) = first.get(&name).cloned() else {
            first.insert(name, (document.path.clone(), span));
            continue;
        };
        let message = format!(
            "the dataset `{name}` is defined twice, and a pipeline can define it only once: rename or remove one"
        );
        context.report(span, message).note(path, place, "defined here first");
    }
}

/// Names of the datasets that a file defines for sure, with the places where they are said.
fn defined(document: &Document) -> Vec<(String, Span)> {
    let facts = &document.python;
    let mut found = Vec::new();
    let calls = decorator_calls(facts);
    for (_, function) in datasets(facts) {
        // In functions and branches it may happen once, never, or many times.
        if function.scope != 0 || is_conditional(facts, function) || is_flow(facts, function) {
            continue;
        }
        let named = decorator_call(&calls, function).map(|call| {
            let arguments = facts.arguments(call);
            let starred = arguments.iter().any(|argument| argument.starred);
            (starred, facts.argument(call, 0, "name"))
        });
        match named {
            Some((true, _)) => {}
            Some((_, Some(argument))) => {
                if let Value::String(name) = &argument.value {
                    found.push((name.to_string(), argument.span));
                }
            }
            _ => found.push((facts.text(function.name).to_owned(), function.name_span)),
        }
    }
    found
}

/// Whether a function only adds to a dataset.
fn is_flow(facts: &Facts, function: &Function) -> bool {
    function.decorators.iter().any(|path| facts.text(*path).ends_with("_flow"))
}

fn is_conditional(facts: &Facts, function: &Function) -> bool {
    facts.bindings.iter().any(|row| row.span == function.name_span && row.conditional)
}

/// Dataset functions in a loop that read the loop's variable.
pub(super) fn loop_variable(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    for (_, function) in datasets(facts) {
        let Some(own) = facts.bindings.iter().find(|row| row.span == function.name_span) else { continue };
        if !in_loop(facts, own.branch) {
            continue;
        }
        let body = Span::new(function.name_span.end, function.span.end);
        let header_end = body.start + u32::try_from(body.of(document.text()).find(":\n").unwrap_or(0)).unwrap_or(0);
        let variable =
            facts.uses.iter().filter(|row| body.covers(row.span) && row.span.start > header_end).find(|row| {
                let bound =
                    |scope| facts.bindings.iter().any(|it| it.name == row.name && it.scope == scope && it.kind.binds());
                let is_loops = |it: &&crate::python::facts::Binding| {
                    it.name == row.name
                        && it.kind == BindingKind::Loop
                        && it.scope == function.scope
                        && encloses(facts, it.branch, own.branch)
                };
                !bound(function.body_scope)
                    && row.scope == function.body_scope
                    && facts.bindings.iter().find(is_loops).is_some()
            });
        let Some(variable) = variable else { continue };
        let name = facts.text(variable.name);
        let message = format!(
            "the pipeline calls this function after the loop, when `{name}` has its last value for all of them: define \
             the dataset in a function that takes `{name}`"
        );
        context.report(variable.span, message).note(document.path.clone(), function.name_span, "the dataset");
    }
}

fn in_loop(facts: &Facts, branch: u32) -> bool {
    chain(facts, branch).any(|id| facts.branches.get(id as usize).is_some_and(|row| row.kind == BranchKind::Loop))
}

/// Whether `inner` is `outer` or stands within it.
fn encloses(facts: &Facts, outer: u32, inner: u32) -> bool {
    chain(facts, inner).any(|id| id == outer)
}

/// A branch and those around it, without the one that always runs.
fn chain(facts: &Facts, branch: u32) -> impl Iterator<Item = u32> {
    let up = |id: &u32| facts.branches.get(*id as usize).map(|row| row.parent).filter(|parent| parent != id);
    std::iter::successors(Some(branch), up).filter(|id| *id != 0)
}
