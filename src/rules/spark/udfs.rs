//! Pages: `rules/spark/udf-for-builtin.md`, `rules/spark/udf-in-filter.md`.

use super::{MOST, calls, methods, name_of};
use crate::flow::kind::Kind;
use crate::python::facts::{BindingKind, Facts, ScopeId};
use crate::python::nodes::{NodeId, NodeKind};
use crate::rules::context::Context;
use crate::text::Span;

/// Methods of strings without arguments, and Spark's functions that do the same.
const METHODS: &[(&str, &str)] =
    &[("lower", "F.lower"), ("upper", "F.upper"), ("strip", "F.trim"), ("lstrip", "F.ltrim"), ("rstrip", "F.rtrim")];

/// Methods with literal arguments.
const WITH_ARGUMENTS: &[(&str, &str)] =
    &[("split", "F.split"), ("startswith", "F.startswith"), ("endswith", "F.endswith"), ("replace", "F.replace")];

/// Builtins.
const BUILTINS: &[(&str, &str)] = &[
    ("abs", "F.abs"),
    ("len", "F.length` or `F.size"),
    ("str", ".cast(\"string\")"),
    ("int", ".cast(\"int\")"),
    ("float", ".cast(\"double\")"),
];

/// `udf(lambda s: s.upper())`.
pub(super) fn for_builtin(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    for call in calls(facts, &["udf"]).take(MOST) {
        if flow.sql_function(call).is_none() {
            continue;
        }
        let Some(argument) = facts.argument(call, 0, "f") else { continue };
        if let NodeKind::Lambda { scope, body } = facts.kind(flow.definition(argument.node)) {
            judge(context, argument.span, scope, body);
        }
    }
    for (at, how) in flow.worker_functions().into_iter().take(MOST) {
        // Those of pandas get many values at once.
        if how != "udf" {
            continue;
        }
        let Some(function) = facts.functions.get(at as usize) else { continue };
        let mut returns = facts.returns.iter().filter(|row| row.function == at);
        let (Some(only), None) = (returns.next(), returns.next()) else { continue };
        // A body with anything else in it does something else as well.
        let binds =
            facts.bindings.iter().any(|row| row.scope == function.body_scope && row.kind != BindingKind::Parameter);
        let branches = facts.branches.iter().skip(1).any(|branch| function.span.covers(branch.span));
        let does_more = facts.bare.iter().any(|bare| function.span.covers(facts.span(bare.node)));
        if !binds && !branches && !does_more && function.plain {
            judge(context, function.name_span, function.body_scope, only.value);
        }
    }
}

fn judge(context: &mut Context<'_>, place: Span, scope: ScopeId, body: NodeId) {
    let facts = &context.document.python;
    let Some(parameter) = only_parameter(facts, scope) else { return };
    let is_parameter = |node: NodeId| match facts.kind(node) {
        NodeKind::Name(at) => facts.uses.get(at as usize).is_some_and(|row| row.name == parameter),
        _ => false,
    };
    // `x.upper() if x else None`: Spark's functions give null for null by themselves.
    let body = match facts.kind(body) {
        NodeKind::Conditional { then, otherwise } if facts.kind(otherwise) == NodeKind::None => then,
        _ => body,
    };
    let Some(call) = facts.call_at(body) else { return };
    let name = name_of(facts, call);
    let arguments = facts.arguments(call);
    let on = facts.called_on(call);
    let constant = arguments
        .iter()
        .all(|it| matches!(facts.kind(it.node), NodeKind::String(_) | NodeKind::Int(_)) && it.keyword.is_none());
    let instead = if is_parameter(on) {
        let table = if arguments.is_empty() { METHODS } else { WITH_ARGUMENTS };
        let right_count = match name {
            "replace" => arguments.len() == 2,
            _ => arguments.len() <= 1,
        };
        table.iter().find(|row| row.0 == name && constant && right_count)
    } else if !on.is_some() && matches!(arguments, [one] if is_parameter(one.node) && one.keyword.is_none()) {
        BUILTINS.iter().find(|row| row.0 == name).filter(|_| context.flow.path(call).as_deref() == Some(name))
    } else {
        None
    };
    let Some((_, instead)) = instead else { return };
    let message = format!("every row goes to Python and back for what Spark does itself: use `{instead}`");
    context.report(place, message);
}

/// The parameter of a function that has only one.
fn only_parameter(facts: &Facts, scope: ScopeId) -> Option<crate::python::symbols::Symbol> {
    let mut parameters = facts.bindings.iter().filter(|row| row.scope == scope && row.kind == BindingKind::Parameter);
    let first = parameters.next()?;
    parameters.next().is_none().then_some(first.name)
}

/// `df.filter(my_udf("x"))`.
pub(super) fn in_filter(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    if !super::speaks_of(facts, &["udf", "pandas_udf", "pyspark.sql.functions.udf", "pyspark.sql.functions.pandas_udf"])
        && !has_runs(context)
    {
        return;
    }
    for filter in methods(facts, &["filter", "where", "join"]) {
        let method = name_of(facts, filter);
        let argument =
            if method == "join" { facts.argument(filter, 1, "on") } else { facts.argument(filter, 0, "condition") };
        let Some(argument) = argument else { continue };
        let found = flow.calls_in(filter).find(|call| {
            argument.span.covers(call.span) && !facts.called_on(call).is_some() && flow.kind_of(call.of) == Kind::Udf
        });
        let Some(call) = found else { continue };
        if flow.receiver(filter).kind != Kind::Frame {
            continue;
        }
        let name = name_of(facts, call);
        let message = format!(
            "Spark cannot look into the Python function `{name}`, so every row is read and sent to Python to be dropped: filter by column functions first"
        );
        context.report(call.callee, message);
    }
}

/// Whether names may come from elsewhere.
fn has_runs(context: &Context<'_>) -> bool {
    let local = context.names.of(&context.document.path).map(|(_, local)| local);
    local.is_some_and(|local| !local.arrivals.is_empty())
}
