//! Page: `rules/notebook/separator-near-miss.md`.

use crate::rules::context::Context;
use crate::text::edit::Edit;

/// Lines that were meant to end a cell and do not.
pub(super) fn near_miss(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let correct = notebook.language.separator();
    for &span in &notebook.near_separators {
        let line = span.of(document.text());
        let indented = line.starts_with([' ', '\t']);
        let what = if line.trim() == correct {
            "the blanks around it"
        } else if line.trim_start().starts_with(notebook.language.comment()) {
            "its spelling"
        } else {
            "its comment sign"
        };
        let message = format!("this line does not end the cell because of {what}: a separator is exactly `{correct}`");
        let edits = vec![Edit::replace(span, correct)];
        let finding = context.report(span, message);
        // In an indented block there may be code on both sides that belongs together.
        if indented {
            finding.unsafe_fix("Write the separator", edits);
        } else {
            finding.fix("Write the separator", edits);
        }
    }
}
