//! Pages: `widget-declared-twice`, `widget-made-where-removed`, `widget-not-declared` under
//! `rules/workflow/`.

use super::closure::{Given, declared, names, parameters};
use crate::finding::Severity;
use crate::notebook::Origin;
use crate::python::facts::{Call, Facts, Value};
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::nearest::nearest;
use std::collections::{HashMap, HashSet};

/// Widgets that are read and that nobody declares.
pub(super) fn not_declared(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let at_home = document.notebook.as_ref().is_some_and(|notebook| notebook.origin != Origin::Elsewhere);
    if facts.symbols.get("dbutils").is_none() && facts.symbols.get("getArgument").is_none() || !at_home {
        return;
    }
    let reads: Vec<(&Call, &str, Span)> = ["dbutils.widgets.get", "getArgument"]
        .iter()
        .flat_map(|path| calls_to(facts, path))
        .filter(|call| facts.arguments(call).len() == 1 && !is_tried(facts, call))
        .filter_map(|call| {
            let argument = facts.argument(call, 0, "name")?;
            match &argument.value {
                Value::String(name) => Some((call, &**name, argument.span)),
                _ => None,
            }
        })
        .collect();
    if reads.is_empty() {
        return;
    }
    let own = declared(document);
    if own.more || reads.iter().all(|(_, name, _)| own.widgets.iter().any(|widget| widget.name == *name)) {
        return;
    }
    let Given::Names(given) = names(context.project, document) else { return };
    let mut seen = HashSet::new();
    let mut missing: Vec<(&str, Span)> = reads.into_iter().map(|(_, name, span)| (name, span)).collect();
    missing.sort_by_key(|(_, span)| *span);
    missing.retain(|(name, _)| !given.contains(*name) && seen.insert(*name));
    let usages = context.project.tasks_of(&document.path);
    let lacks = |name: &str| usages.iter().find(|usage| !parameters(usage).any(|given| given == name));
    if usages.is_empty() {
        let Some((name, span)) = missing.first() else { return };
        let more = match missing.len() - 1 {
            0 => String::new(),
            1 => " (and one more)".to_owned(),
            more => format!(" (and {more} more)"),
        };
        let message = match nearest(name, own.widgets.iter().map(|widget| &*widget.name)) {
            Some(meant) => format!("no widget `{name}` is declared{more}: did you mean `{meant}`?"),
            None => format!(
                "the widget `{name}`{more} is declared neither here nor by those that run this notebook: unless a job \
                 gives it, this fails; declare it with `dbutils.widgets.text(\"{name}\", \"\")`"
            ),
        };
        let finding = context.report(*span, message);
        for (name, span) in missing.iter().skip(1).take(SHOWN) {
            finding.note(document.path.clone(), *span, format!("`{name}` is not declared either"));
        }
        return;
    }
    for (name, span) in missing {
        let Some(usage) = lacks(name) else { continue };
        let message = format!(
            "there is no widget `{name}`, and the job `{}` does not give it: declare it with \
             `dbutils.widgets.text(\"{name}\", \"\")`",
            usage.job.key.text
        );
        context.report_with(Severity::Error, span, message);
    }
}

/// So many more widgets are shown with a finding.
const SHOWN: usize = 8;

/// Whether a failure of the call is caught: it stands in a `try`.
fn is_tried(facts: &Facts, call: &Call) -> bool {
    use crate::python::facts::BranchKind;
    facts.branches.iter().any(|row| row.kind == BranchKind::Try && row.span.covers(call.span))
}

/// Widgets that are declared twice, with different defaults.
pub(super) fn declared_twice(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("dbutils").is_none() {
        return;
    }
    // What is removed in between is declared anew.
    let removes = ["dbutils.widgets.remove", "dbutils.widgets.removeAll"];
    let gone: Vec<u32> = removes.iter().flat_map(|path| calls_to(facts, path)).map(|call| call.span.start).collect();
    let mut first: HashMap<String, (&str, Span, bool)> = HashMap::new();
    for widget in declared(document).widgets {
        let (Some(default), Some(call)) = (widget.default, widget.call) else { continue };
        let conditional = call.function.is_some() || may_not_run(facts, call);
        let Some((before, place, unsure)) = first.get(&widget.name).copied() else {
            first.insert(widget.name, (default, widget.span, conditional));
            continue;
        };
        let between = gone.iter().any(|at| place.start < *at && *at < call.span.start);
        if before == default || unsure || conditional || between {
            continue;
        }
        let message = format!(
            "the widget `{}` is declared above with the default `{before}`, which stays: `{default}` is never used",
            widget.name
        );
        context.report(widget.span, message).note(document.path.clone(), place, "declared here first");
    }
}

fn may_not_run(facts: &Facts, call: &Call) -> bool {
    facts.branches.iter().skip(1).any(|row| row.span.covers(call.span))
}

/// Widgets that are removed and made again in one cell.
pub(super) fn made_where_removed(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("dbutils").is_none() || document.notebook.is_none() {
        return;
    }
    let all: Vec<&Call> = calls_to(facts, "dbutils.widgets.removeAll").filter(|call| call.function.is_none()).collect();
    let one: Vec<(&Call, &str)> = calls_to(facts, "dbutils.widgets.remove")
        .filter(|call| call.function.is_none())
        .filter_map(|call| match &facts.argument(call, 0, "name")?.value {
            Value::String(name) => Some((call, &**name)),
            _ => None,
        })
        .collect();
    if all.is_empty() && one.is_empty() {
        return;
    }
    let mut said = HashSet::new();
    for widget in declared(document).widgets {
        let Some(call) = widget.call.filter(|call| call.function.is_none()) else { continue };
        let removal = all
            .iter()
            .copied()
            .chain(one.iter().filter(|(_, name)| *name == widget.name).map(|(call, _)| *call))
            .find(|removal| removal.cell == call.cell && removal.span.start < call.span.start);
        let Some(removal) = removal.filter(|removal| said.insert(removal.span)) else { continue };
        let message = format!(
            "a cell that removes a widget cannot make it again: give `{}` a cell of its own",
            removal.callee.of(document.text())
        );
        context.report(Span::new(removal.span.start, removal.callee.end), message);
    }
}
