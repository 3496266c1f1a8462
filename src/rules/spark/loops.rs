//! Pages: `rules/spark/with-column-in-loop.md`, `rules/spark/action-per-row.md`.

use super::{methods, name_of};
use crate::flow::kind::Kind;
use crate::python::facts::{Binding, BindingKind, BranchId, BranchKind, Call, Facts, ScopeKind};
use crate::python::nodes::{NodeId, NodeKind};
use crate::python::symbols::Symbol;
use crate::rules::context::Context;
use std::collections::{HashMap, HashSet};

/// What each method does for many columns at once.
const AT_ONCE: &[(&str, &str)] = &[("withColumn", "withColumns"), ("withColumnRenamed", "withColumnsRenamed")];

/// A loop over so few literals adds few steps to the plan.
const FEW: u32 = 4;

/// `for c in columns: df = df.withColumn(c, …)`.
pub(super) fn with_column(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let mut seen: HashSet<(BranchId, &str)> = HashSet::new();
    let loops = Loops::new(facts);
    for call in methods(facts, &["withColumn", "withColumnRenamed"]) {
        let method = name_of(facts, call);
        let Some((_, instead)) = AT_ONCE.iter().find(|row| row.0 == method) else { continue };
        if let Some(lambda) = reduced(facts, call) {
            let message = format!(
                "each step of `reduce` adds to the plan, and planning slows down with every one: build a dictionary and call `.{instead}` once"
            );
            if seen.insert((u32::MAX - u32::try_from(lambda.index()).unwrap_or(0), method)) {
                context.report(call.callee, message);
            }
            continue;
        }
        if context.flow.receiver(call).kind != Kind::Frame {
            continue;
        }
        let Some(around) = loop_of(context, &loops, call).filter(|&around| grows(context, &loops, call, around)) else {
            continue;
        };
        if seen.insert((around, method)) {
            let message = format!(
                "each turn of the loop adds to the plan, and planning slows down with every one: build a dictionary in the loop and call `.{instead}` once"
            );
            context.report(call.callee, message);
        }
    }
}

/// What is bound in loops, by what it is looked up by.
struct Loops<'a> {
    /// By loop, its variable.
    over: HashMap<BranchId, &'a Binding>,
    /// By name, where it gets a value in a loop.
    given: HashMap<Symbol, Vec<&'a Binding>>,
}

impl<'a> Loops<'a> {
    fn new(facts: &'a Facts) -> Self {
        let mut loops = Self { over: HashMap::new(), given: HashMap::new() };
        if !super::speaks_of(facts, &["withColumn", "withColumnRenamed"]) {
            return loops;
        }
        for row in facts.bindings.iter().filter(|row| row.value.is_some() && row.branch != 0) {
            match row.kind {
                BindingKind::Loop => {
                    loops.over.entry(row.branch).or_insert(row);
                }
                BindingKind::Assignment => loops.given.entry(row.name).or_default().push(row),
                _ => {}
            }
        }
        loops
    }
}

/// The innermost loop around a call whose turns are not known to be few.
fn loop_of(context: &Context<'_>, loops: &Loops<'_>, call: &Call) -> Option<BranchId> {
    let facts = &context.document.python;
    let around = context.flow.loop_around(call.branch)?;
    let in_function = call.function.and_then(|id| facts.functions.get(id as usize));
    let branch = facts.branches.get(around as usize)?;
    // A function that is defined in a loop is not called by it.
    if in_function.is_some_and(|function| branch.span.covers(function.span)) {
        return None;
    }
    let few = loops.over.get(&around).is_some_and(|row| match facts.kind(context.flow.definition(row.value)) {
        NodeKind::List(children) | NodeKind::Tuple(children) => children.len <= FEW,
        NodeKind::Call(call) => facts.calls.get(call as usize).is_some_and(|call| {
            let last = facts.arguments(call).first().map(|argument| facts.kind(argument.node));
            name_of(facts, call) == "range" && matches!(last, Some(NodeKind::Int(0..=4))) && call.arguments.len() == 1
        }),
        _ => false,
    });
    (!few).then_some(around)
}

/// Whether a call adds to what an earlier turn of the loop made, and that for a column of its own:
/// `df = df.withColumn(name, …)`.
fn grows<'a>(context: &Context<'a>, loops: &Loops<'_>, call: &'a Call, around: BranchId) -> bool {
    let facts = &context.document.python;
    let flow = context.flow;
    let name = facts.argument(call, 0, "colName").or_else(|| facts.argument(call, 0, "existing"));
    let one_column = name.is_none_or(|name| matches!(facts.kind(name.node), NodeKind::String(_)));
    let explodes = flow.calls_in(call).any(|inner| name_of(facts, inner).contains("explode"));
    let Some(root) = root_of(facts, call.node).filter(|_| !one_column && !explodes) else { return false };
    let Some(row) = facts.uses.get(root as usize) else { return false };
    let given = loops.given.get(&row.name).map_or(&[][..], Vec::as_slice);
    let again = given
        .iter()
        .take(super::MOST)
        .any(|row| facts.span(row.value).covers(call.span) && flow.is_inside(row.branch, around));
    again && is_carried(context, root, around, 0)
}

/// The name with which a chain starts, as a row of [`Facts::uses`].
fn root_of(facts: &Facts, node: NodeId) -> Option<u32> {
    let mut at = node;
    loop {
        match facts.kind(at) {
            NodeKind::Call(inner) => at = facts.called_on(facts.calls.get(inner as usize)?),
            NodeKind::Attribute { base, .. } => at = base,
            NodeKind::Name(root) => return Some(root),
            _ => return None,
        }
    }
}

/// Whether a name may have been given its value by an earlier turn of a loop.
fn is_carried(context: &Context<'_>, name_use: u32, around: BranchId, level: u32) -> bool {
    let facts = &context.document.python;
    let rows = context.flow.bindings_read(name_use).into_iter().filter_map(|at| facts.bindings.get(at as usize));
    level < MAX_STEPS
        && rows.filter(|row| context.flow.is_inside(row.branch, around)).any(|row| {
            let earlier = || root_of(facts, row.value);
            row.after > name_use || earlier().is_some_and(|root| is_carried(context, root, around, level + 1))
        })
}

/// A value is followed back through so many names.
const MAX_STEPS: u32 = 12;

/// The lambda of a `reduce` in which a call stands.
fn reduced(facts: &Facts, call: &Call) -> Option<NodeId> {
    let kind = facts.scopes.get(call.scope as usize)?.kind;
    if kind != ScopeKind::Lambda {
        return None;
    }
    let mut reduces = super::calls(facts, &["reduce"]).filter_map(|reduce| facts.arguments(reduce).first());
    reduces.find_map(|argument| match facts.kind(argument.node) {
        NodeKind::Lambda { body, .. } if facts.span(body).covers(call.span) => Some(argument.node),
        _ => None,
    })
}

/// Statements of SQL that read or change data.
const QUERIES: &[&str] = &["select", "insert", "update", "delete", "merge", "with"];

/// `for row in df.collect(): spark.sql(f"select … {row.id}")`.
pub(super) fn action_per_row(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !super::speaks_of(facts, &["collect", "toLocalIterator", "iterrows", "itertuples"]) {
        return;
    }
    let loops = facts.bindings.iter().filter(|row| row.kind == BindingKind::Loop && row.value.is_some());
    let mut looked = 0;
    for row in loops {
        if looked > super::MOST
            || facts.branches.get(row.branch as usize).is_none_or(|branch| branch.kind != BranchKind::Loop)
        {
            continue;
        }
        let Some(pull) = facts.call_at(flow.definition(row.value)) else { continue };
        let source = match name_of(facts, pull) {
            "collect" | "toLocalIterator" => facts.called_on(pull),
            "iterrows" | "itertuples" => {
                let Some(pandas) = facts.call_at(flow.definition(facts.called_on(pull))) else { continue };
                if name_of(facts, pandas) != "toPandas" {
                    continue;
                }
                facts.called_on(pandas)
            }
            _ => continue,
        };
        let of = flow.type_of(source);
        if of.kind != Kind::Frame || of.is_small() || reads_catalog(context, source) {
            continue;
        }
        looked += 1;
        let Some(branch) = facts.branches.get(row.branch as usize) else { continue };
        let body = branch.span;
        let action = facts.calls.iter().find(|call| {
            body.covers(call.span)
                && call.span.start > facts.span(row.value).end
                && call.function == pull.function
                && is_query(context, call)
                && !names_table_of_turn(context, call, row)
        });
        if let Some(action) = action {
            let method = name_of(facts, action);
            let message = format!(
                "`{method}` runs a job of Spark for every row of this loop: join the rows instead, or write them at once"
            );
            context.report(action.callee, message);
        }
    }
}

/// Whether what a loop goes through are names of tables and the like.
fn reads_catalog(context: &Context<'_>, source: NodeId) -> bool {
    let facts = &context.document.python;
    context.flow.chain(source).iter().filter_map(|step| step.call).any(|call| {
        let argument = facts.arguments(call).first();
        let text = argument.map(|argument| {
            let pieces = context.flow.pieces(argument.node).unwrap_or_default();
            let known = pieces.iter().filter_map(|piece| match piece {
                crate::flow::Piece::Known(text) => Some(text.to_ascii_lowercase()),
                crate::flow::Piece::Hole(_) => None,
            });
            known.collect::<String>()
        });
        text.is_some_and(|text| text.contains("information_schema") || text.contains("system."))
    })
}

/// Whether the SQL of a call names a table that is another one in each turn of the loop of `row`: then there is nothing
/// to join.
fn names_table_of_turn(context: &Context<'_>, call: &Call, row: &Binding) -> bool {
    let facts = &context.document.python;
    let pieces = facts.arguments(call).first().and_then(|argument| context.flow.pieces(argument.node));
    let mut in_name = false;
    pieces.unwrap_or_default().iter().any(|piece| match piece {
        crate::flow::Piece::Known(text) => {
            let text = text.trim_end_matches(['`', '"', '\'']);
            let last = text.rsplit(|c: char| c.is_whitespace()).find(|word| !word.is_empty()).unwrap_or_default();
            let opens = matches!(last.to_ascii_lowercase().as_str(), "from" | "into" | "join" | "table" | "update");
            // `FROM {catalog}.{schema}.{table}`, `FROM main.{table}`.
            in_name = opens || text.ends_with('.') && (in_name || last.len() > 1);
            false
        }
        crate::flow::Piece::Hole(node) => in_name && changes_with(context, *node, row),
    })
}

/// Whether an expression is made of the variable of a loop, or of a name that its body gives a value.
fn changes_with(context: &Context<'_>, node: NodeId, row: &Binding) -> bool {
    let facts = &context.document.python;
    let span = facts.span(node);
    let within = |one: &Binding| one.name == row.name || context.flow.is_inside(one.branch, row.branch);
    facts
        .uses
        .iter()
        .filter(|one| span.covers(one.span))
        .any(|one| one.name == row.name || facts.bindings.iter().any(|bound| bound.name == one.name && within(bound)))
}

/// Whether a call runs a query, or an action of a data frame, on its own.
fn is_query(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let flow = context.flow;
    match name_of(facts, call) {
        "sql" if flow.receiver(call).kind == Kind::Session => {
            let pieces = facts.arguments(call).first().and_then(|argument| flow.pieces(argument.node));
            let Some(Some(crate::flow::Piece::Known(start))) = pieces.as_ref().map(|pieces| pieces.first()) else {
                return false;
            };
            let word = start.split_whitespace().next().unwrap_or("").to_ascii_lowercase();
            QUERIES.contains(&word.as_str())
        }
        "count" | "collect" | "toPandas" | "first" | "head" | "isEmpty" => {
            let of = flow.receiver(call);
            of.kind == Kind::Frame && !of.is_small()
        }
        "save" | "saveAsTable" | "insertInto" => flow.receiver(call).kind == Kind::Writer,
        _ => false,
    }
}
