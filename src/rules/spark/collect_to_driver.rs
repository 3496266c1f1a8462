//! Page: `rules/spark/collect-to-driver.md`.

use crate::project::document::Document;
use crate::python::facts::{Call, Facts, Value};
use crate::rules::context::Context;
use crate::text::Span;

/// Methods, and functions of a `select`, that make rows fewer (or may), and those that leave data frames. A word
/// that starts with one of [`REDUCER_STEMS`] counts, too.
const REDUCERS: &[&str] = &[
    "agg",
    "avg",
    "collect_list",
    "collect_set",
    "count",
    "countDistinct",
    "count_distinct",
    "crosstab",
    "cube",
    "describe",
    "distinct",
    "dropDuplicates",
    "drop_duplicates",
    "dropna",
    "exceptAll",
    "explain",
    "filter",
    "first",
    "freqItems",
    "groupBy",
    "groupby",
    "head",
    "intersect",
    "intersectAll",
    "join",
    "last",
    "limit",
    "max",
    "mean",
    "min",
    "rollup",
    "sample",
    "sampleBy",
    "subtract",
    "sum",
    "summary",
    "tail",
    "take",
    "transform",
    "where",
];

/// See [`REDUCERS`].
const REDUCER_STEMS: &[&str] = &["approx_", "percentile", "reduce"];

/// Parts of names of tables that are small by nature, in lower case, and ways out of data frames.
const SMALL: &[&str] =
    &["information_schema", "config", "control", "lookup", "mapping", "metadata", "param", "setting", ".rdd", ".na."];

/// A chain from a table to `collect()` or `toPandas()` with nothing between that makes rows fewer.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let pulls = [facts.symbols.get("collect"), facts.symbols.get("toPandas")];
    if pulls == [None, None] {
        return;
    }
    for call in &facts.calls {
        let (Some(method), Some(_)) = (call.method, call.receiver) else { continue };
        if !pulls.contains(&Some(method)) || !call.arguments.is_empty() || !is_whole_table(document, facts, call) {
            continue;
        }
        let method = facts.text(method);
        context.report(
            call.span,
            format!(
                "`.{method}()` brings every row of the table to the driver; aggregate or limit it first, or keep the \
                 work in Spark"
            ),
        );
    }
}

/// Whether the chain that ends in `call` starts at a table, or at files that hold one, and keeps all its rows.
fn is_whole_table(document: &Document, facts: &Facts, call: &Call) -> bool {
    let mut first = call;
    while let Some(before) = first.receiver.and_then(|id| facts.calls.get(id as usize)) {
        first = before;
    }
    let is_table = match first.path.map(|path| facts.text(path)) {
        Some("spark.table" | "spark.read.table" | "spark.read.parquet") => true,
        Some("spark.read.format") => facts.argument(first, 0, "source").is_some_and(|format| {
            matches!(&format.value, Value::String(format) if matches!(&**format, "delta" | "parquet" | "iceberg"))
        }),
        _ => false,
    };
    let chain = Span::new(call.span.start, call.callee.start.max(call.span.start)).of(document.text());
    let chain_starts_it = first.span.start == call.span.start;
    is_table && chain_starts_it && !called_words(chain).any(is_reducer) && !names_something_small(chain)
}

fn is_reducer(word: &str) -> bool {
    REDUCERS.binary_search(&word).is_ok() || REDUCER_STEMS.iter().any(|stem| word.starts_with(stem))
}

fn names_something_small(chain: &str) -> bool {
    let chain = chain.to_ascii_lowercase();
    SMALL.iter().any(|part| chain.contains(part))
}

/// Every word of `code` that an opening parenthesis follows.
fn called_words(code: &str) -> impl Iterator<Item = &str> {
    code.match_indices('(').filter_map(move |(at, _)| {
        let before = code.get(..at)?.trim_end();
        let start = before
            .rfind(|c: char| c != '_' && !c.is_alphanumeric())
            .map_or(0, |last| last + before.get(last..).and_then(|rest| rest.chars().next()).map_or(1, char::len_utf8));
        before.get(start..).filter(|word| !word.is_empty())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reducers_are_sorted_as_the_search_needs_them() {
        assert!(REDUCERS.is_sorted());
    }

    #[test]
    fn finds_what_is_called() {
        let words: Vec<&str> = called_words("spark.table(\"é(\").select ( F.max(x)).collect").collect();
        assert_eq!(words, ["table", "é", "select", "max"]);
    }
}
