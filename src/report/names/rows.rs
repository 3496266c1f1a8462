//! The rows of a report on names, before they are written.

use super::NamesReport;
use crate::names::describe::{Meaning, MeaningKind, describe};
use crate::names::scope::{LostName, Origin, Step};
use crate::project::document::{Document, DocumentId};
use crate::project::roles::injected;
use crate::project::runs::Edge;
use crate::python::names::Reader;
use crate::rules::secrets::redactions;
use crate::text::Span;
use std::collections::HashSet;

/// Where a name stands.
pub(super) enum Standing<'a> {
    /// It is bound.
    Bound,
    /// It is bound by the functions around.
    Local,
    /// It was bound until Python was restarted.
    Lost(&'a LostName<'a>),
    /// Notebooks that run this one bind it: so many of them by these `%run`s.
    Callers(&'a [Edge]),
    /// The platform gives it.
    Given,
}

/// One name.
pub(super) struct Row<'a> {
    pub(super) name: &'a str,
    pub(super) standing: Standing<'a>,
    /// What may hold, the last first; empty for what the platform gives.
    pub(super) origins: Vec<Origin>,
    pub(super) conditional: bool,
}

/// All that is to be shown, in order.
pub(super) fn rows<'a>(report: &NamesReport<'a>) -> Vec<Row<'a>> {
    let mut rows: Vec<Row<'a>> = Vec::new();
    let Some(document) = report.document() else { return rows };
    let facts = &document.python;
    if let Some(inside) = report.inside {
        let local = inside.bindings.iter().filter_map(|&at| Some((at, facts.bindings.get(at as usize)?)));
        rows.extend(local.map(|(at, row)| {
            let origin = Origin { document: report.document, binding: Some(at), way: None, conditional: false };
            Row { name: facts.text(row.name), standing: Standing::Local, origins: vec![origin], conditional: false }
        }));
        rows.sort_by_key(|row| row.name);
    }
    let hidden: HashSet<&str> = rows.iter().map(|row| row.name).collect();
    rows.extend(report.scope.names.iter().filter(|row| !hidden.contains(row.name)).map(|row| Row {
        name: row.name,
        standing: Standing::Bound,
        origins: row.origins.clone(),
        conditional: row.is_conditional(),
    }));
    rows.extend(report.scope.lost.iter().map(|lost| Row {
        name: lost.name,
        standing: Standing::Lost(lost),
        origins: vec![lost.origin],
        conditional: lost.origin.conditional,
    }));
    let read = read_names(report);
    let callers = report.scope.callers.iter();
    let wanted = callers.filter(|row| report.all || report.only.is_some() || read.contains(row.name));
    let all = report.names.project.runs().callers(report.document).len();
    rows.extend(wanted.map(|row| Row {
        name: row.name,
        standing: Standing::Callers(&row.by),
        origins: vec![row.origin],
        conditional: row.by.len() < all,
    }));
    if report.all || report.only.is_some() {
        let bound: HashSet<&str> = rows.iter().map(|row| row.name).collect();
        let given = report.names.gives_globals(report.document);
        let names = injected().iter().filter(|name| given && !bound.contains(*name));
        let given: Vec<Row<'a>> = names
            .map(|name| Row { name, standing: Standing::Given, origins: Vec::new(), conditional: false })
            .collect();
        rows.extend(given);
    }
    if let Some(only) = report.only {
        rows.retain(|row| row.name == only);
    }
    rows
}

/// The names that the document reads and does not bind by then.
fn read_names<'a>(report: &NamesReport<'a>) -> HashSet<&'a str> {
    let (Some(document), Some(local)) = (report.document(), report.names.local(report.document)) else {
        return HashSet::new();
    };
    let facts = &document.python;
    let missing = local.names.missing.iter().filter_map(|missing| match missing.reader {
        Reader::Use(at) => facts.uses.get(at as usize).map(|row| facts.text(row.name)),
        Reader::Deletion(_) => None,
    });
    missing.collect()
}

impl<'a> NamesReport<'a> {
    /// The document that is asked about.
    pub(super) fn document(&self) -> Option<&'a Document> {
        self.other(self.document)
    }

    /// A document.
    pub(super) fn other(&self, id: DocumentId) -> Option<&'a Document> {
        self.names.project.documents().get(id as usize)
    }

    /// Where an origin binds its name: the name, or the star import that brings it.
    pub(super) fn span(&self, origin: &Origin) -> Span {
        let Some(document) = self.other(origin.document) else { return Span::default() };
        if let Some(row) = origin.binding.and_then(|at| document.python.bindings.get(at as usize)) {
            return row.span;
        }
        match self.scope.steps(origin.way).last() {
            Some(Step::Star(_, import, _)) => {
                document.python.imports.get(*import as usize).map_or_else(Span::default, |row| row.statement)
            }
            _ => Span::default(),
        }
    }

    /// The document of a step, the command or statement there, and its text.
    pub(super) fn step(&self, step: &Step) -> Option<(&'a Document, Span, String)> {
        match *step {
            Step::Run(edge) => {
                let (document, reference) = self.names.project.edge(edge)?;
                let text = reference.command.of(document.text());
                Some((document, reference.command, one_line(text)))
            }
            Step::Star(document, import, _) => {
                let document = self.other(document)?;
                let statement = document.python.imports.get(import as usize)?.statement;
                Some((document, statement, one_line(statement.of(document.text()))))
            }
        }
    }
}

fn one_line(text: &str) -> String {
    text.split_whitespace().filter(|word| *word != "\\").collect::<Vec<_>>().join(" ")
}

/// What an origin binds; the detail is empty where it would show a credential.
pub(super) fn meaning(report: &NamesReport<'_>, origin: &Origin) -> Meaning {
    let nothing = Meaning { kind: MeaningKind::Variable, detail: String::new(), span: Span::default() };
    let Some(document) = report.other(origin.document) else { return nothing };
    let Some(row) = origin.binding.and_then(|at| document.python.bindings.get(at as usize)) else {
        let steps = report.scope.steps(origin.way);
        let Some(Step::Star(_, import, _)) = steps.last() else { return nothing };
        let module = document.python.imports.get(*import as usize).map(|row| document.python.text(row.module));
        let detail = module.map(|module| format!("* from {module}")).unwrap_or_default();
        return Meaning { kind: MeaningKind::Import, detail, ..nothing };
    };
    let mut meaning = describe(document, row);
    if redactions(document).iter().any(|secret| secret.overlaps(meaning.span)) {
        meaning.detail.clear();
    }
    meaning
}
