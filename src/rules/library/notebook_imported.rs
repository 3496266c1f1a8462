//! Page: `rules/library/notebook-imported-as-module.md`.

use crate::project::reference::{ReferenceKind, Resolution};
use crate::rules::context::Context;
use crate::text::Span;

/// The first runtime that refuses to import a notebook.
const REFUSES: (u16, u16) = (16, 0);

/// Imports that lead to a notebook of this repository.
pub(super) fn check(context: &mut Context<'_>) {
    if context.target.dbr.is_some_and(|runtime| runtime < REFUSES) {
        return;
    }
    let document = context.document;
    let mut said: Vec<Span> = Vec::new();
    for reference in context.project.references(&document.path) {
        let (ReferenceKind::Import(index), Resolution::Found(path)) = (reference.kind, &reference.resolution) else {
            continue;
        };
        let import = document.python.imports.get(index as usize);
        if !context.project.is_notebook(path) {
            continue;
        }
        // `from nb import a, b` is two imports of one file.
        if import.is_none_or(|import| import.optional) || said.contains(&reference.command) {
            continue;
        }
        said.push(reference.command);
        let has_magics = context.text_of(path).is_none_or(|text| has_magics(&text));
        let advice = match (has_magics, document.is_notebook()) {
            (false, _) => "delete its first line to make it a module".to_owned(),
            (true, true) => {
                let target = path.relative_to(&document.path.parent());
                let target = target.rsplit_once('.').map_or(target.as_str(), |(stem, _)| stem);
                format!("use `%run {target}`, or move its functions into a plain file")
            }
            (true, false) => "move its functions into a plain file".to_owned(),
        };
        context.report(
            reference.span,
            format!("`{path}` is a notebook, which DBR 16 and newer refuse to import: {advice}"),
        );
    }
}

/// Whether a notebook's text has magics, so that it is no module without its first line either. Asked of the text,
/// because the notebook need not be among the documents.
fn has_magics(text: &str) -> bool {
    text.lines().any(|line| line.starts_with("# MAGIC") || line.starts_with(['%', '!']))
}
