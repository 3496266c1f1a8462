//! Page: `rules/pipeline/widget-in-pipeline.md`.

use super::source::datasets;
use crate::python::facts::Facts;
use crate::rules::chains::{calls, utility};
use crate::rules::context::Context;
use crate::text::Span;

/// Whether the pipelines' interface is imported at the top: a notebook about other things may show a dataset as well.
fn imports_first(facts: &Facts) -> bool {
    const CELLS: u32 = 4;
    facts.imports.iter().any(|row| {
        let module = facts.text(row.module);
        let named = module == "pyspark" && facts.is(row.name, "pipelines");
        row.cell < CELLS && (named || matches!(module, "dlt" | "pyspark.pipelines"))
    })
}

/// Widgets in the source of a pipeline.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("dbutils").is_none() || datasets(facts).is_empty() {
        return;
    }
    let by_bundle = context.project.pipelines_of(&document.path).next().is_some();
    if !by_bundle && !imports_first(facts) {
        return;
    }
    // A notebook may be both the source of a pipeline and a task of a job.
    if !context.project.tasks_of(&document.path).is_empty() {
        return;
    }
    let mut found: Vec<Span> = calls(document)
        .filter(|chain| chain.path().and_then(utility).is_some_and(|path| path.starts_with("widgets.")))
        .map(|chain| chain.span)
        .collect();
    found.sort_unstable();
    let Some(&first) = found.first() else { return };
    let more = if found.len() > 1 { format!(" ({} uses)", found.len()) } else { String::new() };
    let message = format!(
        "pipelines have no widgets: set the value in the pipeline's `configuration` and read it with `spark.conf.get`{more}"
    );
    context.report(first, message);
}
