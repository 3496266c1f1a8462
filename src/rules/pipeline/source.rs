//! What makes a file a pipeline's source, and the datasets that it defines.

use crate::python::facts::{Call, Facts, Function, FunctionId};
use crate::python::symbols::Symbol;

/// The modules of the pipelines' interface, as paths begin once aliases are resolved.
const MODULES: [&str; 2] = ["dlt.", "pyspark.pipelines."];

/// Members that only the data load tool of the same name has (`pip install dlt`).
const OTHER_DLT: &[&str] =
    &["dlt.pipeline", "dlt.resource", "dlt.source", "dlt.destination", "dlt.transformer", "dlt.secrets"];

/// What a decorator makes of a function.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// A table, a view or a sink's flow: the function gives a data frame back.
    Dataset,
    /// An expectation on one.
    Expectation,
}

/// Whether the file speaks of Databricks' pipelines at all: it imports their interface, and not the data load tool.
pub(super) fn speaks_of_pipelines(facts: &Facts) -> bool {
    let imports = facts.symbols.get("dlt").is_some()
        || facts.symbols.get("pyspark.pipelines").is_some()
        || facts.symbols.get("pipelines").is_some();
    imports
        && facts.imports.iter().any(|row| {
            let module = facts.text(row.module);
            row.level == 0
                && (module == "dlt"
                    || module == "pyspark.pipelines"
                    || (module == "pyspark" && facts.is(row.name, "pipelines")))
        })
        && !OTHER_DLT.iter().any(|path| facts.symbols.get(path).is_some())
}

/// The member of the pipelines' module that a path names: `table` of `dlt.table`.
pub(super) fn member(facts: &Facts, path: Option<Symbol>) -> Option<&str> {
    let path = facts.text(path?);
    MODULES.iter().find_map(|module| path.strip_prefix(module)).filter(|rest| !rest.contains('.'))
}

/// What a decorator of that name makes of a function; `None` for others.
pub(super) fn made(member: &str) -> Option<Made> {
    match member {
        "table" | "view" | "materialized_view" | "temporary_view" | "create_table" | "create_view" | "append_flow"
        | "update_flow" => Some(Made::Dataset),
        "expect" | "expect_or_drop" | "expect_or_fail" | "expect_all" | "expect_all_or_drop" | "expect_all_or_fail" => {
            Some(Made::Expectation)
        }
        _ => None,
    }
}

/// The functions that define datasets.
pub(super) fn datasets(facts: &Facts) -> Vec<(FunctionId, &Function)> {
    if !speaks_of_pipelines(facts) {
        return Vec::new();
    }
    let rows = (0..).zip(&facts.functions);
    rows.filter(|(_, row)| row.decorators.iter().any(|path| makes(facts, *path) == Some(Made::Dataset))).collect()
}

/// What a decorator makes of its function.
pub(super) fn makes(facts: &Facts, decorator: Symbol) -> Option<Made> {
    member(facts, Some(decorator)).and_then(made)
}

/// The calls that make datasets, in order of place.
pub(super) fn decorator_calls(facts: &Facts) -> Vec<&Call> {
    let is_it = |call: &&Call| member(facts, call.path).and_then(made) == Some(Made::Dataset);
    let mut found: Vec<&Call> = facts.calls.iter().filter(is_it).collect();
    found.sort_by_key(|call| call.span);
    found
}

/// The decorator call of a function that makes it a dataset, out of all such calls: `@dlt.table(name="x")`. `None`
/// without parentheses.
pub(super) fn decorator_call<'f>(calls: &[&'f Call], function: &Function) -> Option<&'f Call> {
    let at = calls.partition_point(|call| call.span.start < function.span.start);
    calls.get(at).copied().filter(|call| call.span.end <= function.name_span.start)
}
