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
        let Some(notebook) = context.project.document(path).and_then(|target| target.notebook.as_ref()) else {
            continue;
        };
        // `from nb import a, b` is two imports of one file.
        if import.is_none_or(|import| import.optional) || said.contains(&reference.command) {
            continue;
        }
        said.push(reference.command);
        let has_magics = notebook.cells.iter().any(|cell| !cell.magics.is_empty());
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
