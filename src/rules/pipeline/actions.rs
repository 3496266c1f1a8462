//! What must not happen in a function that defines a dataset.

use super::source::datasets;
use crate::python::facts::{BindingKind, Call, Facts, Function, FunctionId};
use crate::python::nodes::{NodeId, NodeKind};
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::{HashMap, HashSet};

/// Methods that compute something, whatever they are called on in such a function.
const ACTIONS: &[&str] = &["collect", "foreachPartition", "insertInto", "saveAsTable", "show", "toPandas", "toTable"];

/// Methods that make groups of a data frame, whose `count` is no action.
const GROUPS: &[&str] = &["groupBy", "groupby", "rollup", "cube", "groupingSets", "pivot", "window"];

/// `collect()`, `count()` and others in a dataset function.
pub(super) fn action(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let modules = modules(facts);
    for (function, call) in calls_in_datasets(facts) {
        let Some(method) = action_of(document.text(), facts, &modules, function, call) else { continue };
        let message = format!(
            "`{method}` computes at once, and the pipeline calls this function several times to plan: return the data \
             frame and let the pipeline compute it"
        );
        context.report(Span::new(call.callee.start, call.span.end), message);
    }
}

/// The name of what is called, if it is an action.
fn action_of<'f>(
    text: &str,
    facts: &'f Facts,
    modules: &HashSet<&str>,
    function: &Function,
    call: &Call,
) -> Option<&'f str> {
    let method = facts.text(call.method?);
    if facts.is(call.path, "display") {
        return Some("display");
    }
    let is_method = call.callee.start > call.span.start;
    let root = call.path.map_or("", |path| facts.text(path)).split('.').next().unwrap_or_default();
    if !is_method || modules.contains(root) {
        return None;
    }
    let chain = Span::new(call.span.start, call.callee.start).of(text);
    let no_arguments = call.arguments.is_empty();
    let sure = match method {
        "show" => chain.contains('(') || root_is_local(facts, function, call, text),
        method if ACTIONS.contains(&method) => true,
        "count" | "first" | "isEmpty" => {
            no_arguments && !groups(text, facts, function, call, chain) && is_frame(facts, function, call, text)
        }
        "save" | "parquet" | "json" | "csv" | "jdbc" => chain.contains(".write"),
        "start" => chain.contains(".writeStream"),
        _ => false,
    };
    sure.then_some(method)
}

/// With what the path of a callee begins that belongs to an imported module: `F.count`, `F.collect_list`. Aliases are
/// resolved, so that may be the module itself.
fn modules(facts: &Facts) -> HashSet<&str> {
    let bound = facts.imports.iter().filter_map(|row| row.bound).map(|name| facts.text(name));
    let own = facts.imports.iter().filter_map(|row| facts.text(row.module).split('.').next());
    bound.chain(own).filter(|name| !name.is_empty()).collect()
}

/// Whether what is called stands on groups: `df.groupBy("x").count()`, or a name that was given such.
fn groups(text: &str, facts: &Facts, function: &Function, call: &Call, chain: &str) -> bool {
    let in_code = |code: &str| GROUPS.iter().any(|word| code.contains(word));
    in_code(chain) || assigned(text, facts, function, call).is_some_and(in_code)
}

/// Whether a chain surely starts at Spark: at `spark`, at the pipelines' readers, or at a name that was given such.
fn is_frame(facts: &Facts, function: &Function, call: &Call, text: &str) -> bool {
    let starts_so = |code: &str| ["spark.", "dlt.read", "dp.read", "("].iter().any(|start| code.starts_with(start));
    let chain = Span::new(call.span.start, call.callee.start).of(text);
    starts_so(chain) || assigned(text, facts, function, call).is_some_and(starts_so)
}

fn root_is_local(facts: &Facts, function: &Function, call: &Call, text: &str) -> bool {
    assigned(text, facts, function, call).is_some()
}

/// The line of code that the name at the root of a call was given in the function, if it was given once or more: the
/// last before the call.
fn assigned<'t>(text: &'t str, facts: &Facts, function: &Function, call: &Call) -> Option<&'t str> {
    let chain = Span::new(call.span.start, call.callee.start).of(text);
    let root = chain.split(['.', '(', '[', ' ']).next()?;
    let name = facts.symbols.get(root)?;
    let binding = facts
        .bindings
        .iter()
        .filter(|row| row.name == name && row.scope == function.body_scope && row.span.end <= call.span.start)
        .filter(|row| row.kind == BindingKind::Assignment)
        .max_by_key(|row| row.span)?;
    let after = text.get(binding.span.end as usize..function.span.end as usize)?;
    let value = after.trim_start().strip_prefix('=')?.trim_start();
    // A statement goes on while brackets are open; what is asked for stands in its first lines.
    let end = value.find("\n\n").unwrap_or(value.len());
    let mut open = 0_i32;
    let line_end = value.char_indices().find(|&(_, c)| {
        open += match c {
            '(' | '[' | '{' => 1,
            ')' | ']' | '}' => -1,
            _ => 0,
        };
        c == '\n' && open <= 0
    });
    value.get(..line_end.map_or(end, |(at, _)| at).min(value.len()))
}

/// The calls in the own bodies of functions that define datasets.
fn calls_in_datasets(facts: &Facts) -> impl Iterator<Item = (&Function, &Call)> {
    let sets: HashMap<FunctionId, &Function> = datasets(facts).into_iter().collect();
    let calls = if sets.is_empty() { &[][..] } else { facts.calls.as_slice() };
    calls.iter().filter_map(move |call| Some((*sets.get(&call.function?)?, call)))
}

/// Functions that define a dataset and give nothing back.
pub(super) fn no_return(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let gives = |id: FunctionId| {
        let gives = |value| value != NodeId::NONE && facts.kind(value) != NodeKind::None;
        facts.returns.iter().any(|row| row.function == id && gives(row.value))
    };
    for (id, function) in datasets(facts) {
        let body = Span::new(function.name_span.end, function.span.end).of(document.text());
        // Some are only signatures, and some stop on purpose.
        let stops = body.contains("raise ") || body.trim_end().ends_with("...");
        if gives(id) || !function.plain || stops {
            continue;
        }
        let name = facts.text(function.name);
        let message = format!("`{name}` defines a dataset and returns nothing: return a data frame");
        context.report(function.name_span, message);
    }
}

/// Changes of the session in a dataset function.
pub(super) fn session(context: &mut Context<'_>) {
    const PATHS: &[&str] = &[
        "spark.conf.set",
        "spark.conf.unset",
        "spark.catalog.setCurrentCatalog",
        "spark.catalog.setCurrentDatabase",
        "spark.catalog.dropTempView",
        "spark.catalog.dropGlobalTempView",
        "spark.udf.register",
        "spark.udf.registerJavaFunction",
    ];
    const METHODS: &[&str] =
        &["createOrReplaceTempView", "createTempView", "createOrReplaceGlobalTempView", "createGlobalTempView"];
    let facts = &context.document.python;
    for (_, call) in calls_in_datasets(facts) {
        let path = call.path.map_or("", |path| facts.text(path));
        let method = call.method.map_or("", |method| facts.text(method));
        if !PATHS.contains(&path) && !METHODS.contains(&method) {
            continue;
        }
        let what = if PATHS.contains(&path) { path } else { method };
        let message = format!(
            "`{what}` changes the session each time the pipeline calls this function: do it at the top of the file, or \
             in the pipeline's settings"
        );
        context.report(call.span, message);
    }
}

/// `pivot` in a dataset function.
pub(super) fn pivot(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("pivot").is_none() {
        return;
    }
    for (_, call) in calls_in_datasets(facts) {
        let chain = Span::new(call.span.start, call.callee.start.max(call.span.start)).of(document.text());
        let on_groups = chain.contains("groupBy") || chain.contains("groupby");
        if facts.is(call.method, "pivot") && on_groups && facts.arguments(call).len() == 1 {
            let message = "pipelines do not support `pivot`, which needs the data to know its columns: write the columns \
                           as aggregates with `filter`";
            context.report(Span::new(call.callee.start, call.span.end), message);
        }
    }
}
