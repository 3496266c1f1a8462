//! Pages: `rules/notebook/too-many-cells.md`, `rules/notebook/empty-notebook.md`.

use crate::notebook::Form;
use crate::rules::context::Context;

/// Notebooks with more cells than the option allows.
pub(super) fn too_many_cells(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let most = context.integer("max");
    let count = notebook.cells.iter().filter(|cell| cell.form != Form::Empty).count();
    if count > most as usize {
        let message = format!(
            "{count} cells in one notebook, more than {most}: move parts of it to notebooks or modules of their own"
        );
        context.report(notebook.header, message);
    }
}

/// Notebooks with nothing in them.
pub(super) fn empty(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    if notebook.cells.iter().all(|cell| cell.form == Form::Empty) {
        context.report(notebook.header, "there is nothing in this notebook: fill it or delete it");
    }
}
