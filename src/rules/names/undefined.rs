//! `undefined-name`.

use crate::names::verdict::Verdict;
use crate::python::facts::SyntaxErrorKind;
use crate::python::names::{Missing, Reader, Why};
use crate::rules::context::Context;
use crate::text::Span;

/// Names that nobody binds.
pub(super) fn undefined_name(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some((id, local)) = context.names.of(&document.path) else { return };
    let broken = facts.syntax_errors.iter().any(|error| error.kind == SyntaxErrorKind::Invalid);
    if broken && !document.is_notebook() {
        return;
    }
    for (missing, verdict) in local.names.missing.iter().zip(context.names.verdicts(id)) {
        if *verdict != Verdict::Undefined {
            continue;
        }
        let Some((span, name)) = place(facts, missing) else { continue };
        let message = match missing.why {
            Why::Unbound => format!("`{name}` is not defined"),
            Why::Later(_) => format!("`{name}` is bound only later"),
            Why::Deleted(_) => format!("`{name}` was deleted"),
            Why::Lost { .. } => format!("`{name}` was lost at restart"),
        };
        context.report(span, message);
    }
}

/// Where a name is missing, and which.
fn place<'f>(facts: &'f crate::python::facts::Facts, missing: &Missing) -> Option<(Span, &'f str)> {
    match missing.reader {
        Reader::Use(at) => facts.uses.get(at as usize).map(|row| (row.span, facts.text(row.name))),
        Reader::Deletion(at) => facts.bindings.get(at as usize).map(|row| (row.span, facts.text(row.name))),
    }
}
