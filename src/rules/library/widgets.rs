//! Page: `rules/library/widget-in-library.md`.

use super::imported::{Uses, by_function, unbound};
use crate::finding::Severity;
use crate::project::document::Kind;
use crate::python::facts::{Call, Facts};
use crate::rules::context::Context;
use std::collections::HashSet;

/// Widgets that imported code reads or makes, with any `dbutils`, and `getArgument`.
pub(super) fn check(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if facts.symbols.get("getArgument").is_some() {
        let called: HashSet<u32> = facts.calls.iter().map(|call| call.callee.start).collect();
        let uses = unbound(context, "getArgument", |name_use| !called.contains(&name_use.span.start));
        report(context, "getArgument", &uses, context.settings.severity);
    }
    if facts.symbols.get("dbutils").is_none() || context.document.kind != Kind::Module {
        return;
    }
    let places: Vec<_> = widget_calls(facts).map(|call| (call.span, call.scope)).collect();
    if places.is_empty() {
        return;
    }
    // Where `dbutils` is not even defined the code fails; where it is passed in it only depends on the notebook.
    let starts: HashSet<u32> = places.iter().map(|(span, _)| span.start).collect();
    let defined = unbound(context, "dbutils", |name_use| !starts.contains(&name_use.span.start)).is_empty();
    let severity = if defined { context.settings.severity.min(Severity::Warning) } else { context.settings.severity };
    let uses = by_function(facts, places.into_iter());
    report(context, "dbutils.widgets", &uses, severity);
}

fn report(context: &mut Context<'_>, name: &str, uses: &[Uses], severity: Severity) {
    for uses in uses {
        let tail = uses.tail();
        let message = format!(
            "`{name}` in code that is imported: read widgets in the notebook and pass their values as parameters{tail}"
        );
        context.report_with(severity, uses.first, message);
    }
}

/// Calls of `dbutils.widgets.*`, however `dbutils` was come by.
pub(super) fn widget_calls(facts: &Facts) -> impl Iterator<Item = &Call> {
    const WIDGETS: &str = "dbutils.widgets.";
    facts.calls.iter().filter(|call| {
        let path = call.path.map_or("", |path| facts.text(path));
        path.find(WIDGETS).is_some_and(|at| at == 0 || path.as_bytes()[at - 1] == b'.')
    })
}
