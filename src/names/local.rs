//! The names of one document, and where other documents come in.

use crate::notebook::magic::{Magic, MagicKind};
use crate::notebook::{Language, Origin};
use crate::project::Project;
use crate::project::document::{Document, DocumentId, Kind};
use crate::project::reference::{ReferenceKind, Resolution};
use crate::project::runs::Edge;
use crate::python::facts::{BranchKind, Facts, SyntaxErrorKind};
use crate::python::names::Names;
use crate::text::Span;
use std::sync::Arc;

/// The names of one document.
#[derive(Debug, Default)]
pub struct Local {
    /// What reads what, within the document.
    pub names: Arc<Names>,
    /// Where names arrive from elsewhere, in order of place.
    pub arrivals: Vec<Arrival>,
    /// Where Python is surely restarted, in order of place.
    pub wipes: Vec<Wipe>,
    /// Why not all of its names can be known, in order of place.
    pub unknowns: Vec<Unknown>,
    /// 0-based cells that do not parse.
    pub broken_cells: Vec<u32>,
}

/// Names of another document or module arrive at the top level.
#[derive(Clone, Copy, Debug)]
pub struct Arrival {
    /// From where on they are there, in bytes of the text.
    pub offset: u32,
    /// What brings them.
    pub from: From,
}

/// What brings names.
#[derive(Clone, Copy, Debug)]
pub enum From {
    /// A `%run`.
    Run(Edge),
    /// `from module import *` of a module of this repository; the index is into the document's imports.
    Star(DocumentId, u32),
    /// The same of a module whose names are known; the index is into the document's imports.
    Known(&'static [&'static str], u32),
}

/// A place where Python is restarted.
#[derive(Clone, Copy, Debug)]
pub struct Wipe {
    /// From where on the names bound before are gone.
    pub offset: u32,
    /// The command that restarts, or the `%run` of a notebook that does.
    pub span: Span,
    /// That `%run`.
    pub run: Option<Edge>,
}

/// Why names cannot be known from some place on.
#[derive(Clone, Copy, Debug)]
pub struct Unknown {
    /// Where.
    pub span: Span,
    /// Why.
    pub kind: UnknownKind,
}

/// Why names cannot be known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnknownKind {
    /// A `%run` that leads nowhere, or outside the repository.
    Run,
    /// `from x import *` of a module that is not in the repository.
    Star,
    /// `exec`, `globals()[…] = …` and the like.
    Dynamic,
    /// Code that is nested too deeply to be read, or a file that could not be read.
    Unread,
    /// A notebook of another platform, with names of its own.
    Elsewhere,
}

impl UnknownKind {
    /// The reason in a user's words, to stand behind "because".
    pub const fn reason(self) -> &'static str {
        match self {
            Self::Run => "a `%run` does nothing or leads to no notebook of this repository",
            Self::Star => "a star import is from outside this repository",
            Self::Dynamic => "names are made by `exec`, `globals()` or a magic",
            Self::Unread => "a file or cell could not be read",
            Self::Elsewhere => "the notebook is another platform's",
        }
    }
}

impl Local {
    /// Whether something is unknown before `offset`.
    pub fn unknown_before(&self, offset: u32) -> Option<&Unknown> {
        self.unknowns.first().filter(|unknown| unknown.span.start < offset)
    }

    /// Stands for a document whose names could not be analysed.
    pub(super) fn failed() -> Self {
        Self { unknowns: vec![Unknown { span: Span::at(0), kind: UnknownKind::Unread }], ..Self::default() }
    }

    /// Puts together what is known of a document. `restarts` says whether running a notebook restarts Python.
    pub(super) fn new(project: &Project, document: &Document, pip_wipes: bool, restarts: &[bool]) -> Self {
        let mut local = Self::default();
        local.note_references(project, document);
        local.note_unknowns(document);
        local.wipes = own_wipes(document, pip_wipes);
        for arrival in &local.arrivals {
            if let From::Run(edge) = arrival.from
                && restarts.get(edge.to as usize).copied().unwrap_or(false)
            {
                // The names of the notebook arrive, those from before go.
                let offset = arrival.offset.saturating_sub(1);
                let span = project.edge(edge).map_or_else(Span::default, |(_, reference)| reference.command);
                local.wipes.push(Wipe { offset, span, run: Some(edge) });
            }
        }
        local.wipes.sort_by_key(|wipe| wipe.offset);
        let wipes: Vec<u32> = local.wipes.iter().map(|wipe| wipe.offset).collect();
        local.names = document.names(&wipes);
        let errors = document.python.syntax_errors.iter().filter(|error| error.kind == SyntaxErrorKind::Invalid);
        local.broken_cells = errors.map(|error| error.cell).collect();
        local.broken_cells.sort_unstable();
        local
    }

    fn note_references(&mut self, project: &Project, document: &Document) {
        let Some(id) = project.id(&document.path) else { return };
        let mut runs = project.runs().callees(id).iter().peekable();
        for (at, reference) in (0_u32..).zip(project.references(&document.path)) {
            match reference.kind {
                ReferenceKind::Run => match runs.next_if(|edge| edge.reference == at) {
                    Some(&edge) => {
                        let arrival = Arrival { offset: reference.command.start + 1, from: From::Run(edge) };
                        self.arrivals.push(arrival);
                    }
                    // A `%run` without a path brings nothing, wherever it stands.
                    None if reference.resolution == Resolution::Empty => {}
                    None => self.unknowns.push(Unknown { span: reference.command, kind: UnknownKind::Run }),
                },
                ReferenceKind::Import(import) => {
                    self.note_star(project, document, import, &reference.resolution);
                }
                ReferenceKind::NotebookRun => {}
            }
        }
        self.arrivals.sort_by_key(|arrival| arrival.offset);
    }

    fn note_star(&mut self, project: &Project, document: &Document, import: u32, resolution: &Resolution) {
        let facts = &document.python;
        let Some(row) = facts.imports.get(import as usize).filter(|row| facts.is(row.name, "*")) else { return };
        let offset = row.statement.end;
        let found = resolution.file().and_then(|file| project.id(file));
        let known = super::stars::names(facts.text(row.module)).filter(|_| row.level == 0);
        match (found, known) {
            (Some(id), _) => self.arrivals.push(Arrival { offset, from: From::Star(id, import) }),
            (None, Some(names)) => self.arrivals.push(Arrival { offset, from: From::Known(names, import) }),
            (None, None) => self.unknowns.push(Unknown { span: row.statement, kind: UnknownKind::Star }),
        }
    }

    fn note_unknowns(&mut self, document: &Document) {
        let facts = &document.python;
        let dynamic = dynamic_calls(facts).chain(facts.unnamed_bindings.iter().copied());
        self.unknowns.extend(dynamic.map(|span| Unknown { span, kind: UnknownKind::Dynamic }));
        self.unknowns.extend(facts.too_deep.iter().map(|&span| Unknown { span, kind: UnknownKind::Unread }));
        self.unknowns.extend(dead_runs(document).map(|magic| Unknown { span: magic.span, kind: UnknownKind::Run }));
        if document.raw.is_empty() && !document.problems.is_empty() {
            self.unknowns.push(Unknown { span: Span::at(0), kind: UnknownKind::Unread });
        }
        if let Some(notebook) = &document.notebook {
            // Another rule says that such a `%run` does nothing; its author means the names to be there.
            let dead = |magic: &&Magic| magic.kind == MagicKind::Run && !magic.live;
            let magics = notebook.cells.iter().filter(|cell| cell.language == Language::Python);
            let dead = magics.flat_map(|cell| &cell.magics).filter(dead);
            self.unknowns.extend(dead.map(|magic| Unknown { span: magic.span, kind: UnknownKind::Run }));
        }
        if document.notebook.as_ref().is_some_and(|notebook| notebook.origin == Origin::Elsewhere) {
            self.unknowns.push(Unknown { span: Span::at(0), kind: UnknownKind::Elsewhere });
        }
        self.unknowns.sort_by_key(|unknown| unknown.span.start);
    }
}

/// Calls that may bind any name of the module.
fn dynamic_calls(facts: &Facts) -> impl Iterator<Item = Span> {
    let symbol = |name| facts.symbols.get(name);
    let exec = symbol("exec");
    let magics = ["run_line_magic", "run_cell_magic", "run_cell", "magic", "ex", "push", "safe_execfile"].map(symbol);
    let shell = symbol("get_ipython");
    let any = exec.is_some() || shell.is_some();
    facts.calls.iter().filter(move |_| any).filter_map(move |call| {
        let from_shell = || {
            call.receiver
                .and_then(|at| facts.calls.get(at as usize))
                .is_some_and(|receiver| receiver.method.is_some() && receiver.method == shell)
        };
        let is_exec = call.path.is_some() && call.path == exec && {
            // With a namespace of its own it leaves the module's alone.
            let arguments = facts.arguments(call);
            arguments.len() < 2
                || arguments.get(1).is_some_and(|argument| argument.value == crate::python::facts::Value::Other)
        };
        let is_magic = call.method.is_some() && magics.contains(&call.method) && from_shell();
        (is_exec || is_magic).then_some(call.span)
    })
}

/// `%run`s that the platform does not obey, because something else stands before them. What they were to bring is not
/// held against the rest of the notebook: that they do nothing is said of themselves. In a plain Jupyter they work.
pub(super) fn dead_runs(document: &Document) -> impl Iterator<Item = &Magic> {
    let cells = document.notebook.iter().flat_map(|notebook| &notebook.cells);
    cells.flat_map(|cell| &cell.magics).filter(|magic| magic.kind == MagicKind::Run && !magic.live)
}

/// Where the document itself surely restarts Python: `dbutils.library.restartPython()`, `%restart_python`, and where
/// `pip_wipes` says that the runtime does so, `%pip`.
///
/// Source: Databricks documentation, "Notebook-scoped Python libraries": up to Databricks Runtime 12.2 `%pip` itself
/// resets the state of the notebook.
pub(super) fn own_wipes(document: &Document, pip_wipes: bool) -> Vec<Wipe> {
    let facts = &document.python;
    let mut wipes = Vec::new();
    if let Some(restart) = facts.symbols.get("dbutils.library.restartPython") {
        for call in facts.calls.iter().filter(|call| call.path == Some(restart) && call.scope == 0) {
            if !may_be_skipped(facts, call.span) {
                wipes.push(Wipe { offset: call.span.start, span: call.span, run: None });
            }
        }
    }
    if let Some(notebook) = &document.notebook {
        for cell in notebook.cells.iter().filter(|cell| cell.language == Language::Python) {
            for magic in cell.magics.iter().filter(|magic| magic.live) {
                let restarts = match magic.kind {
                    MagicKind::Restart => true,
                    MagicKind::Install => pip_wipes,
                    _ => false,
                };
                if restarts && !may_be_skipped(facts, magic.span) {
                    wipes.push(Wipe { offset: magic.span.start, span: magic.span, run: None });
                }
            }
        }
    }
    wipes.sort_by_key(|wipe| wipe.offset);
    wipes.dedup_by_key(|wipe| wipe.offset);
    wipes
}

/// Whether code at `span` stands in a fork and may not run.
fn may_be_skipped(facts: &Facts, span: Span) -> bool {
    let skips = |kind| !matches!(kind, BranchKind::Always | BranchKind::With | BranchKind::Finally);
    facts.branches.iter().any(|branch| skips(branch.kind) && branch.span.covers(span))
        || facts.functions.iter().any(|function| function.span.covers(span))
}

/// Whether the code of a document is given `spark`, `dbutils` and the rest by the platform.
pub(super) fn is_given_globals(document: &Document) -> bool {
    document.is_notebook() || document.kind == Kind::Script
}
