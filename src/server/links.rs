//! Paths that can be followed: of `%run`, of notebooks in calls, of tasks in bundles.

use super::room::Room;
use crate::project::document::Document;
use crate::project::places::{Named, Places};
use crate::project::reference::ReferenceKind;
use crate::snapshot::RepoPath;
use crate::text::Span;
use serde_json::{Value, json};

impl Room<'_> {
    /// The links of a document, or of one of its cells.
    pub(super) fn links(&self, document: &Document, cell: Option<usize>) -> Value {
        let references = self.project.references(&document.path).iter();
        let paths = references.filter(|row| !matches!(row.kind, ReferenceKind::Import(_)));
        let mut found: Vec<(Span, RepoPath)> =
            paths.filter_map(|row| Some((row.span, row.resolution.file()?.clone()))).collect();
        for task in document.bundle.iter().flat_map(|bundle| &bundle.tasks) {
            let target = self.task_file(&document.path, &task.path, task.from_git);
            found.extend(target.map(|target| (task.span, target)));
        }
        let here =
            found.into_iter().filter(|(span, _)| cell.is_none_or(|cell| document.cell_at(span.start) == Some(cell)));
        let rows = here.map(|(span, target)| {
            json!({
                "range": self.desk.view.location(document, span).range.json(),
                "target": &*self.desk.view.uri(&target),
                "tooltip": format!("Open {target}"),
            })
        });
        Value::Array(rows.collect())
    }

    /// The file that a task of a bundle names. Paths may go without the extension of a notebook.
    pub(super) fn task_file(&self, from: &RepoPath, written: &str, from_git: bool) -> Option<RepoPath> {
        if written.starts_with('/') || written.contains("${") || written.contains("://") {
            return None;
        }
        let base = if from_git { RepoPath::root() } else { from.parent() };
        let path = base.join(written)?;
        if self.setup.snapshot.is_file(&path) {
            return Some(path);
        }
        match Places::new(self.setup.snapshot.clone()).named(&path) {
            Named::One(path) | Named::File(path) => Some(path),
            Named::Several(paths) => paths.into_iter().next(),
            Named::Nothing => None,
        }
    }
}
