//! Pages: `rules/file/*.md`. What kept a file from being understood was found when it was read; here it is
//! only said.

use crate::project::document::ProblemKind;
use crate::rules::context::Context;
use crate::text::Span;

/// Bytes that could not be had or are not UTF-8.
pub(super) fn unreadable(context: &mut Context<'_>) {
    problems(context, ProblemKind::Unreadable);
}

/// Files above the size setting.
pub(super) fn too_large(context: &mut Context<'_>) {
    problems(context, ProblemKind::TooLarge);
}

/// `.ipynb` files that the platform refuses.
pub(super) fn invalid_notebook(context: &mut Context<'_>) {
    problems(context, ProblemKind::InvalidNotebook);
}

/// Bundle files that are no YAML.
pub(super) fn invalid_yaml(context: &mut Context<'_>) {
    problems(context, ProblemKind::InvalidYaml);
}

/// Files and cells that are nested beyond what is analysed.
pub(super) fn too_deep(context: &mut Context<'_>) {
    problems(context, ProblemKind::TooDeep);
    let document = context.document;
    let said = |span| {
        document.problems.iter().any(|problem| problem.kind == ProblemKind::TooDeep && problem.span.overlaps(span))
    };
    for &span in document.python.too_deep.iter().filter(|&&span| !said(span)) {
        // The region's first line says where it is; a finding over a whole file says nothing more.
        let line = document.lines().line_content(document.lines().line_of(span.start), document.text());
        context.report(line, "the code here is nested too deeply to be checked: split it up");
    }
}

fn problems(context: &mut Context<'_>, kind: ProblemKind) {
    let document = context.document;
    // A fault in the JSON points into the file; where cells were read all the same, there is no place for it.
    let elsewhere = kind == ProblemKind::InvalidNotebook && document.joined.is_some();
    for problem in document.problems.iter().filter(|problem| problem.kind == kind) {
        let span = if elsewhere { Span::default() } else { problem.span };
        context.report(span, problem.message.clone());
    }
}
