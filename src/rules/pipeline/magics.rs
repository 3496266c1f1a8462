//! Page: `rules/pipeline/magic-in-pipeline.md`.

use super::source::datasets;
use crate::notebook::Language;
use crate::notebook::magic::MagicKind;
use crate::rules::context::Context;
use crate::text::Span;

/// Magics that a pipeline does not obey.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let magics = || notebook.cells.iter().flat_map(|cell| &cell.magics).filter(|magic| magic.live);
    if !magics().any(|magic| matches!(magic.kind, MagicKind::Run | MagicKind::Language(_))) {
        return;
    }
    let by_bundle = context.project.pipelines_of(&document.path).next().is_some();
    if !by_bundle && datasets(&document.python).is_empty() {
        return;
    }
    let text = document.text();
    for magic in magics() {
        let what = match magic.kind {
            MagicKind::Run => "the pipeline does not run it",
            MagicKind::Language(Language::Sql | Language::Scala | Language::R | Language::Python)
                if magic.kind != MagicKind::Language(notebook.language) =>
            {
                "the pipeline reads only cells of the notebook's own language"
            }
            _ => continue,
        };
        let head = Span::new(magic.span.start, magic.name.end);
        let written = head.of(text);
        let instead =
            if magic.kind == MagicKind::Run { "import a module instead" } else { "move it to a source of its own" };
        context.report(head, format!("`{written}` in a source of a pipeline: {what}; {instead}"));
    }
}
