//! Pages: `rules/spark/cache-in-loop.md`, `rules/spark/cache-unused.md`.

use super::{MOST, methods, name_of};
use crate::flow::kind::Kind;
use crate::python::facts::{BindingKind, Call};
use crate::python::nodes::NodeKind;
use crate::rules::context::Context;

/// `for … : df.cache()` with no `unpersist` in the loop.
pub(super) fn in_loop(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let frees: Vec<&Call> = methods(facts, &["unpersist", "clearCache"]).collect();
    for call in methods(facts, &["cache", "persist"]) {
        let Some(around) = context.flow.loop_around(call.branch) else { continue };
        if context.flow.receiver(call).kind != Kind::Frame {
            continue;
        }
        let Some(branch) = facts.branches.get(around as usize) else { continue };
        let function = call.function.and_then(|id| facts.functions.get(id as usize));
        if function.is_some_and(|function| branch.span.covers(function.span)) {
            continue;
        }
        if frees.iter().take(MOST).any(|free| branch.span.covers(free.span)) {
            continue;
        }
        let method = name_of(facts, call);
        let message = format!(
            "each turn of the loop keeps another data frame in memory: call `.unpersist()` when a turn is done, or `.{method}()` before the loop"
        );
        context.report(call.callee, message);
    }
}

/// `df = spark.table("t").cache()`, and `df` is used once at most.
pub(super) fn unused(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some((id, local)) = context.names.of(&document.path) else { return };
    for call in methods(facts, &["cache", "persist"]).take(MOST) {
        if context.flow.receiver(call).kind != Kind::Frame {
            continue;
        }
        let Some((at, binding)) = context.flow.bound_to(call.node) else { continue };
        // What others may read is used more than is seen here.
        let seen_elsewhere = binding.scope == 0 && (!document.is_notebook() || context.names.is_read_elsewhere(id, at));
        if binding.kind != BindingKind::Assignment || seen_elsewhere || binding.conditional {
            continue;
        }
        let uses: Vec<usize> =
            local.names.reads.iter().enumerate().filter(|(_, read)| **read == at).map(|(row, _)| row).collect();
        let repeated = uses.iter().any(|&row| {
            let row = facts.uses.get(row);
            row.is_some_and(|row| {
                row.scope != binding.scope
                    || context.flow.loop_around(row.branch) != context.flow.loop_around(binding.branch)
            })
        });
        let released = |row: &usize| releases(context, *row);
        let real = uses.iter().filter(|row| !released(row)).count();
        // A use that only counts fills the cache for those who come later by another name.
        if real > 1 || repeated || real == 1 && uses.iter().any(|&row| gives_away(context, row)) {
            continue;
        }
        let name = facts.text(binding.name);
        let method = name_of(facts, call);
        let how = if real == 0 { "never used again" } else { "used only once" };
        let message = format!("`{name}` is {how}, so `.{method}()` fills memory and saves nothing: leave it out");
        context.report(call.callee, message);
    }
}

/// Whether a use only releases the cache.
fn releases(context: &Context<'_>, name_use: usize) -> bool {
    method_on(context, name_use).is_some_and(|call| name_of(&context.document.python, call) == "unpersist")
}

/// Whether a use hands the data frame on under another name, to a view or a function.
fn gives_away(context: &Context<'_>, name_use: usize) -> bool {
    let facts = &context.document.python;
    match method_on(context, name_use) {
        None => true,
        Some(call) => {
            let method = name_of(facts, call);
            // What is made of it may be used many times.
            method.contains("TempView") || matches!(context.flow.type_of(call.node).kind, Kind::Frame | Kind::Grouped)
        }
    }
}

/// The method that is called on a name where it is used.
fn method_on<'a>(context: &Context<'a>, name_use: usize) -> Option<&'a Call> {
    let facts = &context.document.python;
    let place = facts.uses.get(name_use)?.span;
    facts.calls.iter().find(|call| match facts.kind(facts.called_on(call)) {
        NodeKind::Name(at) => at as usize == name_use && call.span.start == place.start,
        _ => false,
    })
}
