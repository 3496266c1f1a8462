//! `run-cycle` and `run-chain`: what comes of many `%run`s together.

use crate::project::Project;
use crate::project::document::Document;
use crate::project::places::without_extension;
use crate::project::runs::Edge;
use crate::rules::context::Context;
use std::collections::HashSet;

/// Most notebooks that are named one by one.
const SHOWN: usize = 10;

/// Notebooks that run each other in a circle.
pub(super) fn cycle(context: &mut Context<'_>) {
    let Some(id) = context.project.id(&context.document.path) else { return };
    let cycle = context.project.runs().cycle(id);
    let message = match cycle.len() {
        0 => return,
        1 => "this notebook runs itself without end: remove the `%run`".to_owned(),
        _ => {
            format!("these notebooks run each other without end, {}: remove one `%run`", names(context.project, &cycle))
        }
    };
    report(context, &cycle, message);
}

/// A chain of `%run`s that is deeper than the option allows. It is reported once, at the notebook that makes it too
/// deep: what this says of a notebook must not depend on who else is known to run it.
pub(super) fn chain(context: &mut Context<'_>) {
    let Some(id) = context.project.id(&context.document.path) else { return };
    let limit = context.integer("max-depth");
    let runs = context.project.runs();
    if runs.depth(id) != limit.saturating_add(1) {
        return;
    }
    let chain: Vec<Edge> = runs.chain(id).collect();
    let shown = names(context.project, &chain);
    report(
        context,
        &chain,
        format!(
            "`%run` goes {} notebooks deep, more than {limit}, {shown}: move what they share to a module",
            chain.len()
        ),
    );
}

/// Reports at the first `%run`, with a note at each further one.
fn report(context: &mut Context<'_>, edges: &[Edge], message: String) {
    let project = context.project;
    let mut hops = edges.iter().filter_map(|&edge| project.edge(edge));
    let Some((_, first)) = hops.next() else { return };
    let finding = context.report(first.command, message);
    for (document, reference) in hops.take(SHOWN) {
        let next = reference.resolution.file().map_or("", |file| name(file.as_str()));
        finding.note(document.path.clone(), reference.command, format!("which runs `{next}`"));
    }
}

/// The notebooks along a way, as `a → b → c`.
fn names(project: &Project, edges: &[Edge]) -> String {
    let mut ids: Vec<u32> = edges.iter().map(|edge| edge.from).collect();
    ids.extend(edges.last().map(|edge| edge.to));
    let left_out = ids.len().saturating_sub(SHOWN + 1);
    if left_out > 1 {
        ids.drain(SHOWN..SHOWN + left_out);
    }
    let documents: Vec<&Document> = ids.iter().filter_map(|&id| project.documents().get(id as usize)).collect();
    // File names are enough where they tell the notebooks apart; the notes say where each of them stands.
    let short: HashSet<&str> = documents.iter().map(|document| name(document.path.name())).collect();
    let different: HashSet<&str> = documents.iter().map(|document| document.path.as_str()).collect();
    let is_clear = short.len() == different.len();
    let shown = |document: &&Document| {
        let path = if is_clear { document.path.name() } else { document.path.as_str() };
        format!("`{}`", name(path))
    };
    let mut names: Vec<String> = documents.iter().map(shown).collect();
    if left_out > 1 && names.len() > SHOWN {
        names.insert(SHOWN, format!("… {left_out} more …"));
    }
    names.join(" → ")
}

/// A notebook as people call it: its path without the extension.
fn name(path: &str) -> &str {
    without_extension(path).unwrap_or(path)
}
