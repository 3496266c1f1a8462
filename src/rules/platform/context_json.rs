//! Page: `rules/platform/context-to-json.md`.

use super::internal::ways_in;
use super::needs_dedicated;
use crate::rules::context::Context;

/// `getContext().toJson()` of the notebook's context.
pub(super) fn check(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let facts = &context.document.python;
    let Some(to_json) = facts.symbols.get("toJson") else { return };
    let ways = ways_in(context);
    for call in facts.calls.iter().filter(|call| call.method == Some(to_json)) {
        let mut at = call.receiver;
        while let Some(id) = at {
            if ways.contains(&id) {
                let message = format!(
                    "the notebook's context has no `toJson()` {on}: use `safeToJson()`, which gives what code may know"
                );
                context.report_with(severity, call.callee, message);
                break;
            }
            at = facts.calls.get(id as usize).and_then(|call| call.receiver);
        }
    }
}
