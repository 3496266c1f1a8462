//! How a file comes to be run: the way to it from a notebook that nobody runs.

use crate::project::Project;
use crate::project::document::DocumentId;
use crate::project::runs::Edge;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::{HashMap, VecDeque};

/// Callers beyond so many are not looked at.
const MOST: usize = 1000;

/// One `%run` on the way.
pub(super) struct Step<'a> {
    /// Where it stands.
    pub path: &'a RepoPath,
    /// The whole command there.
    pub span: Span,
    /// What it runs.
    pub to: &'a RepoPath,
}

/// The shortest way to the document at `path`, from the outermost notebook inwards; empty if nobody runs it.
pub(super) fn chain<'a>(project: &'a Project, path: &RepoPath) -> Vec<Step<'a>> {
    let Some(id) = project.id(path) else { return Vec::new() };
    let runs = project.runs();
    // For each notebook that was reached, the `%run` of it that leads on to `path`.
    let mut onward: HashMap<DocumentId, Edge> = HashMap::new();
    let mut waiting = VecDeque::from([id]);
    let mut outermost = None;
    while let Some(at) = waiting.pop_front() {
        let callers = runs.callers(at);
        if callers.is_empty() && at != id {
            outermost = Some(at);
            break;
        }
        for edge in callers {
            if edge.from != id && onward.len() < MOST && !onward.contains_key(&edge.from) {
                onward.insert(edge.from, *edge);
                waiting.push_back(edge.from);
            }
        }
    }
    let mut steps = Vec::new();
    let mut at = outermost;
    while let Some(edge) = at.and_then(|at| onward.get(&at)) {
        let Some((document, reference)) = project.edge(*edge) else { break };
        let Some(to) = project.documents().get(edge.to as usize) else { break };
        steps.push(Step { path: &document.path, span: reference.command, to: &to.path });
        at = Some(edge.to);
    }
    steps
}
