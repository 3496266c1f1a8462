//! Page: `rules/pipeline/widget-in-pipeline.md`.

use super::source::datasets;
use crate::rules::chains::{calls, utility};
use crate::rules::context::Context;
use crate::text::Span;

/// Widgets in the source of a pipeline.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("dbutils").is_none() || datasets(facts).is_empty() {
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
