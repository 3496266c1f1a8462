//! Page: `rules/notebook/syntax-error.md`.

use crate::notebook::magic::MagicKind;
use crate::project::document::Document;
use crate::python::facts::{SyntaxError, SyntaxErrorKind};
use crate::rules::context::Context;
use crate::rules::{git, library};

/// Python that does not parse.
pub(super) fn error(context: &mut Context<'_>) {
    let document = context.document;
    for error in &document.python.syntax_errors {
        // A rule of its own says more about those.
        if error.kind == SyntaxErrorKind::TooNew
            || library::is_bare_magic(document, error)
            || is_below_late_magic(document, error)
            || git::is_marker(document, error.span.start)
        {
            continue;
        }
        let message = format!("not valid Python: {}", error.message);
        context.report(error.span, message);
    }
}

/// Whether the error stands below a `%sql` or the like that is not first in its cell: that is what is wrong, and
/// `magic-mixed-cell` says so.
fn is_below_late_magic(document: &Document, error: &SyntaxError) -> bool {
    let cell = document.notebook.as_ref().and_then(|notebook| notebook.cells.get(error.cell as usize));
    cell.is_some_and(|cell| {
        cell.magics.iter().any(|magic| {
            let other = matches!(magic.kind, MagicKind::Language(_) | MagicKind::TextBody);
            other && !magic.live && !magic.prefixed && magic.span.start < error.span.start
        })
    })
}
