//! Page: `rules/platform/language-not-on-compute.md`.

use crate::notebook::Language;
use crate::rules::context::{Compute, Context};
use crate::text::Span;

/// Scala and R where the compute does not run them.
pub(super) fn check(context: &mut Context<'_>) {
    let Some(notebook) = &context.document.notebook else { return };
    let refuses = |language: Language| match context.target.compute {
        Some(Compute::Serverless) => matches!(language, Language::Scala | Language::R),
        Some(Compute::Standard) => language == Language::R,
        _ => false,
    };
    let compute = if context.target.compute == Some(Compute::Serverless) { "serverless" } else { "standard" };
    let advice = |language: Language| match language {
        Language::Scala => "write it in Python or SQL, or build a JAR",
        _ => "use dedicated compute, or write it in Python or SQL",
    };
    let say = |language: Language, what: &str| {
        format!("{what} in {} cannot run on {compute} compute: {}", language.name(), advice(language))
    };
    let mut found: Vec<(Span, String)> = Vec::new();
    if refuses(notebook.language) {
        found.push((notebook.header, say(notebook.language, "a notebook")));
    }
    for cell in &notebook.cells {
        let Some(magic) = cell.leads() else { continue };
        if refuses(cell.language) && (cell.language != notebook.language || found.is_empty()) {
            found.push((
                Span::new(magic.span.start, magic.name.end.max(magic.span.start)),
                say(cell.language, "a cell"),
            ));
        }
    }
    for (span, message) in found {
        context.report(span, message);
    }
}
