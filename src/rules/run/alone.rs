//! `run-not-alone`.

use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, Form, Language, Origin};
use crate::project::reference::{Reference, ReferenceKind};
use crate::rules::context::Context;
use crate::text::Span;

/// A `%run` takes its whole cell; whatever else stands there breaks it.
pub(super) fn not_alone(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    for reference in context.project.references(&document.path) {
        if reference.kind == ReferenceKind::Run
            && let Some(unexpected) = reference.unexpected
        {
            let place = first_line(unexpected, text);
            context.report(place, behind(reference, unexpected, text));
        }
    }
    if notebook.origin != Origin::Databricks {
        return;
    }
    for cell in &notebook.cells {
        if let Some(place) = late_run(cell) {
            let message = "`%run` must be the first and only thing in its cell: give it a cell of its own";
            context.report(place, message);
        }
    }
}

/// What to say of text behind the path and its arguments.
fn behind(reference: &Reference, unexpected: Span, text: &str) -> String {
    let shown = first_line(unexpected, text).of(text);
    let between = Span::new(reference.span.end.min(unexpected.start), unexpected.start).of(text);
    if shown.starts_with("%run") {
        return "one cell takes one `%run`: give this one a cell of its own".to_owned();
    }
    if between.contains('\n') {
        return "`%run` takes its whole cell, and this is read as part of its command: move it to a cell of its own"
            .to_owned();
    }
    if shown.starts_with(['#', '-', '/']) {
        return "`%run` takes no comment behind the path: move it to the cell before".to_owned();
    }
    if shown.starts_with('$') {
        return "`%run` takes arguments in the form `$name=\"value\"`".to_owned();
    }
    "`%run` takes only `$name=\"value\"` behind the path: put a path with blanks in quotes, move code to a cell of its own"
        .to_owned()
}

/// The first `%run` that stands below other lines of Python. Where only some lines stand behind `# MAGIC` the same
/// is the business of other rules.
fn late_run(cell: &Cell) -> Option<Span> {
    // Below a `%run`, a second one was reported as text behind the path.
    let leads = cell.leads().is_some_and(|lead| lead.kind == MagicKind::Run);
    if leads || cell.language != Language::Python || cell.form == Form::Mixed {
        return None;
    }
    let late = cell.magics.iter().find(|magic| magic.kind == MagicKind::Run && !magic.leads && !magic.double);
    late.map(|magic| magic.span)
}

/// The first line of a span, without blanks at its end.
fn first_line(span: Span, text: &str) -> Span {
    let line = span.of(text).lines().next().unwrap_or_default().trim_end();
    Span::new(span.start, span.start + u32::try_from(line.len()).unwrap_or(0))
}
