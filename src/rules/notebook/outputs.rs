//! Pages: `rules/notebook/output-in-notebook.md`, `notebook-metadata-churn.md`.

use crate::notebook::ipynb::excess;
use crate::notebook::ipynb::kept::{self, Kept};
use crate::project::document::Document;
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::BTreeMap;

/// Outputs that are committed with the notebook.
pub(super) fn output(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = document.notebook.as_ref().filter(|notebook| notebook.json.is_some()) else { return };
    let found = excess::outputs(&document.raw, notebook);
    let limit = u64::from(context.integer("max-kilobytes")) * 1000;
    let all = context.switch("all");
    let counts = |outputs: &excess::Outputs| all || outputs.holds_table || u64::from(outputs.size) > limit;
    let found: Vec<_> = found.into_iter().filter(|outputs| !outputs.is_kept && counts(outputs)).collect();
    if found.is_empty() || are_kept(context) {
        return;
    }
    for outputs in found {
        let what = if outputs.holds_table { " with rows of a table" } else { "" };
        let message = format!("{} of output{what} in the file: clear it before it is committed", size(outputs.size));
        context.report(first_line(document, outputs.cell), message).file_fix("Clear the output", outputs.edits);
    }
}

/// Metadata that changes without anybody changing the notebook.
pub(super) fn metadata(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = document.notebook.as_ref().filter(|notebook| notebook.json.is_some()) else { return };
    let mut found = excess::churn(&document.raw, notebook, true);
    if found.is_empty() {
        return;
    }
    if are_kept(context) {
        found = excess::churn(&document.raw, notebook, false);
    }
    let mut keys: BTreeMap<&str, usize> = BTreeMap::new();
    for key in found.iter().flat_map(|found| &found.keys) {
        *keys.entry(key).or_default() += 1;
    }
    let named: Vec<String> = keys
        .iter()
        .map(|(key, count)| if *count > 1 { format!("`{key}` ({count} times)") } else { format!("`{key}`") })
        .collect();
    let Some(first) = found.iter().find_map(|found| found.cell) else {
        report(context, Span::default(), &named, found);
        return;
    };
    // The notebook's own metadata stands in no cell.
    let at = if found.iter().any(|found| found.cell.is_none()) { 0 } else { first };
    report(context, first_line(document, at), &named, found);
}

fn report(context: &mut Context<'_>, place: Span, named: &[String], found: Vec<excess::Churn>) {
    let Some((last, rest)) = named.split_last() else { return };
    let keys = if rest.is_empty() { last.clone() } else { format!("{} and {last}", rest.join(", ")) };
    let message = format!("metadata that changes whenever somebody opens or runs the notebook: drop {keys}");
    let edits = found.into_iter().flat_map(|found| found.edits).collect();
    context.report(place, message).file_fix("Drop the metadata", edits);
}

/// Whether the repository says that the outputs of this notebook are committed on purpose.
fn are_kept(context: &Context<'_>) -> bool {
    let file = context.text_of(&RepoPath::new(kept::PATH));
    file.is_some_and(|text| Kept::read(&text).holds(context.document.path.as_str()))
}

/// The first line of a cell: where what no text shows is reported.
fn first_line(document: &Document, cell: usize) -> Span {
    let start =
        document.notebook.as_ref().and_then(|notebook| notebook.cells.get(cell)).map_or(0, |cell| cell.span.start);
    document.lines().line_content(document.lines().line_of(start), document.text())
}

/// A size as people say it.
fn size(bytes: u32) -> String {
    match bytes {
        0..1000 => format!("{bytes} bytes"),
        1000..1_000_000 => format!("{} kB", bytes / 1000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}
