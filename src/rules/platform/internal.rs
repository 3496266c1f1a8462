//! Page: `rules/platform/internal-api.md`.

use crate::python::facts::{CallId, Facts};
use crate::rules::chains::{Chain, calls, chains, utility};
use crate::rules::context::Context;
use std::collections::HashSet;

/// What is asked of the notebook's context, and where else it can be had.
const INSTEAD: [(&str, &str); 8] = [
    ("apiToken", "let the SDK's `WorkspaceClient()` find its own credentials"),
    ("apiUrl", "let the SDK's `WorkspaceClient()` find the workspace"),
    ("browserHostName", "read `spark.conf.get(\"spark.databricks.workspaceUrl\")`"),
    ("notebookPath", "pass `{{task.notebook_path}}` as a parameter"),
    ("currentRunId", "pass `{{job.run_id}}` as a parameter"),
    ("jobId", "pass `{{job.id}}` as a parameter"),
    ("userName", "ask `SELECT current_user()`"),
    ("workspaceId", "ask the SDK: `WorkspaceClient().get_workspace_id()`"),
];

/// `dbutils.notebook.entry_point`, `getContext()` and the package `dbruntime`.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let json: HashSet<CallId> = to_json_roots(facts);
    for chain in chains(document) {
        if !is_way_in(&chain) || chain.call.is_some_and(|(id, _)| json.contains(&id)) {
            continue;
        }
        let instead = asked_for(facts, &chain);
        let name = if chain.has("entry_point") { "entry_point" } else { "getContext" };
        let advice = instead.unwrap_or("nothing promises that it is there tomorrow, or on other compute");
        context.report(chain.place(document, name), format!("`{name}` is internal to Databricks: {advice}"));
    }
    for import in facts.imports.iter().filter(|import| import.level == 0 && !import.optional) {
        let module = facts.text(import.module);
        if module == "dbruntime" || module.starts_with("dbruntime.") {
            let advice = if facts.is(import.name, "display") || facts.is(import.name, "displayHTML") {
                "import it from `databricks.sdk.runtime`"
            } else {
                "nothing promises that it is there tomorrow, or on other compute"
            };
            context.report(import.span, format!("`dbruntime` is internal to Databricks: {advice}"));
        }
    }
}

/// Whether a chain starts on the way into the notebook's context.
pub(super) fn is_way_in(chain: &Chain<'_>) -> bool {
    let Some(path) = chain.path().and_then(utility) else { return false };
    path.starts_with("notebook.entry_point") || path == "notebook.getContext"
}

/// The first calls of the chains that end in `toJson()`: those have a rule of their own.
pub(super) fn to_json_roots(facts: &Facts) -> HashSet<CallId> {
    let Some(to_json) = facts.symbols.get("toJson") else { return HashSet::new() };
    let ends = facts.calls.iter().filter(|call| call.method == Some(to_json));
    ends.filter_map(|call| root(facts, call.receiver?)).collect()
}

/// The first call of the chain that a call belongs to.
fn root(facts: &Facts, mut id: CallId) -> Option<CallId> {
    while let Some(before) = facts.calls.get(id as usize)?.receiver {
        id = before;
    }
    Some(id)
}

/// What to use instead, by what the chain asks for in the end.
fn asked_for(facts: &Facts, chain: &Chain<'_>) -> Option<&'static str> {
    let (first, call) = chain.call?;
    let names: HashSet<&str> = facts
        .calls
        .iter()
        .skip(first as usize)
        .take_while(|other| other.span.start <= call.span.start || other.span.start < call.span.end)
        .filter(|other| other.span.start == call.span.start)
        .filter_map(|other| Some(facts.text(other.method?)))
        .collect();
    INSTEAD.iter().find(|(name, _)| names.contains(name)).map(|(_, advice)| *advice)
}

/// All chains that end in a call and start on the way in, for the rule about `toJson`.
pub(super) fn ways_in(context: &Context<'_>) -> HashSet<CallId> {
    calls(context.document).filter(is_way_in).filter_map(|chain| Some(chain.call?.0)).collect()
}
