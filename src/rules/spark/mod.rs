//! Rules of the group `spark`: what Spark does badly, or not at all.

mod actions;
mod aggregates;
mod booleans;
mod caches;
mod columns;
mod conf;
mod dates;
mod emptiness;
mod frames;
mod joins;
mod loops;
mod reads;
mod streams;
mod udf_bodies;
mod udfs;
mod writes;

use super::Check;
use crate::python::facts::{Call, Facts};
use crate::python::nodes::{NodeId, NodeKind};
use crate::python::symbols::Symbol;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("action-per-row", loops::action_per_row),
    ("batch-action-on-stream", streams::batch_action),
    ("boolean-operator-on-column", booleans::operator),
    ("builtin-on-column", columns::builtin),
    ("cache-in-loop", caches::in_loop),
    ("cache-unused", caches::unused),
    ("checkpoint-missing", streams::checkpoint_missing),
    ("collect-then-reduce", aggregates::collect_then_reduce),
    ("collect-to-driver", actions::collect_to_driver),
    ("column-compared-with-none", columns::compared_with_none),
    ("comparison-without-brackets", booleans::brackets),
    ("count-to-test-empty", emptiness::check),
    ("cross-join", joins::cross),
    ("date-pattern", dates::check),
    ("driver-round-trip", actions::round_trip),
    ("first-without-order", aggregates::first_without_order),
    ("jdbc-read-unpartitioned", reads::jdbc),
    ("join-without-condition", joins::without_condition),
    ("missing-value-assigned", frames::none_kept),
    ("optimizer-switched-off", conf::optimizer),
    ("overwrite-all-partitions", writes::overwrite),
    ("pandas-method-on-spark-frame", frames::pandas_method),
    ("partition-by-insert-into", writes::insert_into),
    ("random-in-condition", columns::random),
    ("result-unused", frames::result_unused),
    ("schema-inferred", reads::inferred),
    ("single-file-write", writes::single_file),
    ("sort-lost", aggregates::sort_lost),
    ("spark-in-worker", udf_bodies::spark),
    ("spark-functions-star", columns::star),
    ("stream-state-unbounded", streams::unbounded),
    ("trigger-once", streams::trigger_once),
    ("udf-calls-udf", udf_bodies::udf),
    ("udf-for-builtin", udfs::for_builtin),
    ("udf-in-filter", udfs::in_filter),
    ("unknown-join-type", joins::unknown_type),
    ("unknown-write-mode", writes::unknown_mode),
    ("vacuum-without-retention", conf::vacuum),
    ("window-without-partition", aggregates::window),
    ("with-column-in-loop", loops::with_column),
    ("write-without-save", frames::write_without_save),
];

/// Of what has to be looked for in the whole document each time, so much is looked for.
const MOST: usize = 300;

/// The calls of methods that have one of these names, in order of place; costs nothing where none is spoken of.
fn methods<'a>(facts: &'a Facts, names: &[&str]) -> impl Iterator<Item = &'a Call> + use<'a> {
    let names: Vec<Symbol> = names.iter().filter_map(|name| facts.symbols.get(name)).collect();
    let calls = if names.is_empty() { &[][..] } else { facts.calls.as_slice() };
    let calls = calls.iter().filter(move |call| call.method.is_some_and(|method| names.contains(&method)));
    calls.filter(|call| facts.called_on(call).is_some())
}

/// The calls of anything that has one of these names, be it a method or not.
fn calls<'a>(facts: &'a Facts, names: &[&str]) -> impl Iterator<Item = &'a Call> + use<'a> {
    let names: Vec<Symbol> = names.iter().filter_map(|name| facts.symbols.get(name)).collect();
    let calls = if names.is_empty() { &[][..] } else { facts.calls.as_slice() };
    calls.iter().filter(move |call| call.method.is_some_and(|method| names.contains(&method)))
}

/// Whether a document speaks of any of these names.
fn speaks_of(facts: &Facts, names: &[&str]) -> bool {
    names.iter().any(|name| facts.symbols.get(name).is_some())
}

/// The name of what a call calls.
fn name_of<'a>(facts: &'a Facts, call: &Call) -> &'a str {
    call.method.map_or("", |method| facts.text(method))
}

/// The text of a string that is written out; nothing for others.
fn literal(facts: &Facts, node: NodeId) -> Option<&str> {
    match facts.kind(node) {
        NodeKind::String(at) => facts.strings.get(at as usize).map(|string| &*string.value),
        _ => None,
    }
}
