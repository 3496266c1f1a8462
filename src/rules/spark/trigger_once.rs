//! Page: `rules/spark/trigger-once.md`.

use crate::python::facts::Value;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// `.trigger(once=True)`.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some(trigger) = facts.symbols.get("trigger") else { return };
    for call in facts.calls.iter().filter(|call| call.method == Some(trigger) && call.callee.start > call.span.start) {
        let [argument] = facts.arguments(call) else { continue };
        if !facts.is(argument.keyword, "once") || argument.value != Value::Bool(true) {
            continue;
        }
        let before = Span::new(call.callee.end, argument.span.start.max(call.callee.end));
        let Some(at) = before.of(document.text()).rfind("once") else { continue };
        let place = Span::new(before.start + u32::try_from(at).unwrap_or(0), argument.span.end);
        let message = "`once=True` is deprecated since DBR 11.3 and reads the whole backlog as one batch: use \
                       `availableNow=True`";
        context
            .report(place, message)
            .unsafe_fix("use `availableNow=True`", vec![Edit::replace(place, "availableNow=True")]);
    }
}
