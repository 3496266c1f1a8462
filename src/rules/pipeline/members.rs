//! Pages: `rules/pipeline/unknown-pipeline-member.md`, `rules/pipeline/expectation-without-dataset.md`.

use super::source::{Made, makes, member, speaks_of_pipelines};
use crate::python::facts::Facts;
use crate::python::symbols::Symbol;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::nearest::nearest;

/// All that the pipelines' modules have. Sorted.
///
/// Sources: `pyspark/pipelines/__init__.py` of Spark 4.1; Databricks documentation, "Lakeflow Spark Declarative
/// Pipelines Python language reference" and its older versions for `dlt`.
const MEMBERS: &[&str] = &[
    "append_flow",
    "apply_changes",
    "apply_changes_from_snapshot",
    "create_auto_cdc_flow",
    "create_auto_cdc_from_snapshot_flow",
    "create_sink",
    "create_streaming_live_table",
    "create_streaming_table",
    "create_table",
    "create_target_table",
    "create_view",
    "expect",
    "expect_all",
    "expect_all_or_drop",
    "expect_all_or_fail",
    "expect_or_drop",
    "expect_or_fail",
    "foreach_batch_sink",
    "materialized_view",
    "on_event_hook",
    "read",
    "read_stream",
    "readStream",
    "table",
    "temporary_view",
    "update_flow",
    "view",
];

/// Members that neither module has.
pub(super) fn unknown(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of_pipelines(facts) || brings_its_own(facts) {
        return;
    }
    let calls = facts.calls.iter().filter_map(|call| Some((call.path?, call.span.start, call.callee)));
    let mut found: Vec<(Symbol, Span)> =
        calls.map(|(path, start, callee)| (path, Span::new(start, callee.end))).collect();
    found.extend(facts.attributes.iter().filter(|row| !row.stored).map(|row| (row.path, row.span)));
    found.retain(|(path, _)| member(facts, Some(*path)).is_some_and(|name| !name.starts_with('_') && !is_known(name)));
    found.sort_by_key(|(_, span)| *span);
    found.dedup_by_key(|(_, span)| *span);
    for (path, span) in found {
        let Some(name) = member(facts, Some(path)) else { continue };
        let message = match nearest(name, MEMBERS.iter().copied()) {
            Some(meant) => format!("pipelines have no `{name}`: did you mean `{meant}`?"),
            None if name.starts_with("expect") => {
                format!("pipelines have no `{name}`: expectations warn, drop or fail, as in `expect_or_drop`")
            }
            None => format!("pipelines have no `{name}`: the pipeline stops with an `AttributeError`"),
        };
        context.report(span, message);
    }
}

fn is_known(name: &str) -> bool {
    MEMBERS.binary_search_by(|known| order(known).cmp(&order(name)).then_with(|| (*known).cmp(name))).is_ok()
}

/// Upper case does not count first, as people sort.
fn order(name: &str) -> String {
    name.to_ascii_lowercase()
}

/// Whether the module may be another of that name: it is expected to be missing, or part of the repository.
fn brings_its_own(facts: &Facts) -> bool {
    facts
        .imports
        .iter()
        .any(|row| row.optional && matches!(facts.text(row.module), "dlt" | "pyspark.pipelines" | "pyspark"))
}

/// Expectations on functions that define no dataset.
pub(super) fn expectation_alone(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if !speaks_of_pipelines(facts) {
        return;
    }
    for function in &facts.functions {
        let has = |wanted| function.decorators.iter().any(|path| makes(facts, *path) == Some(wanted));
        // Other decorators may stand for those of the pipeline.
        let only_these = function.decorators.iter().all(|path| makes(facts, *path).is_some());
        if !has(Made::Expectation) || has(Made::Dataset) || !only_these {
            continue;
        }
        let name = facts.text(function.name);
        let message = format!(
            "`{name}` has expectations and defines no dataset, so nothing is checked: add `@dp.table` or \
             `@dp.materialized_view` above them"
        );
        context.report(function.name_span, message);
    }
}

#[cfg(test)]
mod tests {
    use super::{MEMBERS, is_known};

    #[test]
    fn members_are_found() {
        assert!(MEMBERS.iter().all(|name| is_known(name)));
        assert!(!is_known("expect_or_quarantine"));
    }
}
