//! Whether a notebook only defines things, so that it can be a module.

use super::callers::{can_import, family};
use super::{Helper, Refusal, Work};
use crate::names::local::UnknownKind;
use crate::names::verdict::Verdict;
use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, Form, Format, Language, Notebook};
use crate::project::document::{Document, DocumentId};
use crate::project::roles::{is_identifier, is_injected};
use crate::python::facts::{BindingKind, SyntaxErrorKind};
use crate::python::names::Reader;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::HashSet;

/// So many reasons of one kind are given for one notebook.
const MOST: usize = 5;

impl Work<'_, '_> {
    /// Takes the notebooks that are asked for. Gives back those that are modules already.
    pub(super) fn take_helpers(&mut self) -> Vec<RepoPath> {
        let mut done = Vec::new();
        for path in &self.order.notebooks {
            let found = self.project.id(path).zip(self.project.document(path));
            let Some((id, document)) = found else {
                let message = "there is no such notebook, or settings exclude it".to_owned();
                let (notebook, path) = (path.clone(), path.clone());
                self.refusals.push(Refusal { notebook, path, span: Span::at(0), message });
                continue;
            };
            if document.notebook.is_none() {
                if path.has_extension("py") && document.problems.is_empty() {
                    done.push(path.clone());
                } else {
                    let message = document.problems.first().map_or("is not a notebook", |problem| &problem.message);
                    self.refuse(id, document, Span::at(0), message.to_owned());
                }
                continue;
            }
            if self.order.new_module.as_ref().is_some_and(|target| self.is_made(id, target)) {
                done.push(path.clone());
            } else if !self.is_converted(id) {
                let target = self.order.new_module.clone().unwrap_or_else(|| path.clone());
                self.helpers.push(Helper { id, target });
            }
        }
        done
    }

    /// Whether the module stands already and no notebook is left that could import it instead.
    fn is_made(&self, id: DocumentId, target: &RepoPath) -> bool {
        let is_module = self.project.document(target).is_some_and(|document| document.notebook.is_none());
        let runs = self.project.runs().callers(id).iter().filter_map(|edge| self.document(edge.from));
        is_module && runs.into_iter().all(|document| can_import(document).is_err())
    }
}

/// Refuses notebooks that do more than to define things.
pub(super) fn look(work: &mut Work<'_, '_>) {
    let ids: Vec<DocumentId> = work.helpers.iter().map(|helper| helper.id).collect();
    for id in ids {
        let Some(document) = work.document(id) else { continue };
        let Some(notebook) = &document.notebook else { continue };
        if notebook.format == Format::Ipynb || notebook.language != Language::Python {
            let what = if notebook.format == Format::Ipynb { "an `.ipynb`" } else { "no Python notebook" };
            work.refuse(id, document, Span::at(0), format!("is {what}; only `.py` notebooks can become modules"));
            continue;
        }
        file_name(work, id, document);
        if let Some(environment) = notebook.environment {
            work.refuse(id, document, environment, "says which environment it needs, which a module cannot");
        }
        for cell in &notebook.cells {
            if let Some((span, message)) = cell_fault(work, id, document, notebook, cell) {
                work.refuse(id, document, span, message);
            }
        }
        code(work, id, document);
        foreign_names(work, id, document);
    }
}

fn file_name(work: &mut Work<'_, '_>, id: DocumentId, document: &Document) {
    let Some(target) = super::new_path(work, id) else { return };
    let stem = target.stem();
    if !target.has_extension("py") || target.extension() != "py" {
        work.refuse(id, document, Span::at(0), format!("a module ends in `.py`, and `{target}` does not"));
    } else if !is_identifier(stem) || is_keyword(stem) {
        let other = suggestion(stem);
        let message = format!(
            "`{stem}` is no name that Python can import: rename it, for instance to `{other}.py`, or make a new module with `--new-module`"
        );
        work.refuse(id, document, Span::at(0), message);
    } else if work.order.new_module.is_some() && work.setup.snapshot.kind(&target).is_some() {
        work.refuse(id, document, Span::at(0), format!("`{target}` is there already"));
    }
}

/// A name like `stem` that can be imported.
fn suggestion(stem: &str) -> String {
    let mut name: String =
        stem.chars().map(|c| if c.is_alphanumeric() { c.to_ascii_lowercase() } else { '_' }).collect();
    let start = name.find(|c: char| c.is_alphabetic()).unwrap_or(0);
    name.drain(..start);
    while name.contains("__") {
        name = name.replace("__", "_");
    }
    let name = name.trim_matches('_');
    if name.is_empty() || is_keyword(name) || !name.starts_with(char::is_alphabetic) {
        "helpers".to_owned()
    } else {
        name.to_owned()
    }
}

fn is_keyword(name: &str) -> bool {
    const KEYWORDS: [&str; 35] = [
        "False", "None", "True", "and", "as", "assert", "async", "await", "break", "class", "continue", "def", "del",
        "elif", "else", "except", "finally", "for", "from", "global", "if", "import", "in", "is", "lambda", "nonlocal",
        "not", "or", "pass", "raise", "return", "try", "while", "with", "yield",
    ];
    KEYWORDS.contains(&name)
}

/// Why a cell cannot be part of a module.
fn cell_fault(
    work: &Work<'_, '_>,
    id: DocumentId,
    document: &Document,
    notebook: &Notebook,
    cell: &Cell,
) -> Option<(Span, String)> {
    let text = document.text();
    let shown = |span: Span| span.of(text).lines().next().unwrap_or("").trim().to_owned();
    if cell.form == Form::Mixed {
        return Some((cell.body, "mixes code and `# MAGIC` lines in one cell".to_owned()));
    }
    if cell.form == Form::Empty {
        return None;
    }
    if let Some(lead) = cell.leads() {
        let span = lead.span;
        return match lead.kind {
            MagicKind::Language(Language::Markdown) => None,
            MagicKind::Run => {
                let converted = work.project.runs().callees(id).iter().any(|edge| {
                    let ours = work.project.edge(*edge).is_some_and(|(_, reference)| reference.command == span);
                    ours && work.is_converted(edge.to)
                });
                let message =
                    format!("itself runs `{}`: name that notebook as well, to make it a module first", shown(span));
                (!converted || work.order.new_module.is_some()).then_some((span, message))
            }
            MagicKind::Language(Language::Python) => {
                Some((span, "writes Python behind `# MAGIC`: make it a plain cell first".to_owned()))
            }
            MagicKind::Language(language) => {
                Some((span, format!("has a cell of {}, which a module cannot have", language.name())))
            }
            _ => Some((span, format!("has the magic `{}`, which a module cannot have", shown(span)))),
        };
    }
    if cell.language != notebook.language {
        return Some((cell.body, format!("has a cell of {}, which a module cannot have", cell.language.name())));
    }
    let magic = cell.magics.first()?;
    Some((magic.span, format!("has the magic `{}`, which a module cannot have", shown(magic.span))))
}

/// What the code does besides defining.
fn code(work: &mut Work<'_, '_>, id: DocumentId, document: &Document) {
    let facts = &document.python;
    let text = document.text();
    for error in facts.syntax_errors.iter().filter(|error| error.kind == SyntaxErrorKind::Invalid).take(MOST) {
        work.refuse(id, document, error.span, format!("has a cell that is not valid Python: {}", error.message));
    }
    if let Some(&span) = facts.too_deep.first() {
        work.refuse(id, document, span, "has code that is nested too deeply to be read");
    }
    // Magics have been named already.
    if let Some(span) = facts.first_effect.filter(|span| !span.of(text).starts_with(['%', '!'])) {
        let line = span.of(text).lines().next().unwrap_or("").trim();
        let shown: String = line.chars().take(60).collect();
        let dots = if shown.len() < line.len() || span.of(text).trim_end().contains('\n') { " …" } else { "" };
        let message = format!(
            "does more than to define things: `{shown}{dots}` runs when it is loaded; move it into a function, or to the notebooks that need it"
        );
        work.refuse(id, document, span, message);
    }
    if let Some(span) = facts.main_guard {
        work.refuse(
            id,
            document,
            span,
            "has code for `__name__ == \"__main__\"`: `%run` runs it, and an import does not",
        );
    }
    if let Some(&span) = facts.unnamed_bindings.first() {
        work.refuse(id, document, span, "makes names that the text does not say");
    }
    let registers = facts.functions.iter().find(|function| {
        function.decorators.iter().any(|path| {
            let path = facts.text(*path);
            ["dlt.", "dp.", "pyspark.pipelines."].iter().any(|prefix| path.starts_with(prefix))
        })
    });
    if let Some(function) = registers {
        work.refuse(id, document, function.name_span, "defines tables of a pipeline, which is more than a function");
    }
    let dynamic = facts.calls.iter().find(|call| {
        call.path.is_some_and(|path| matches!(facts.text(path), "exec" | "eval" | "globals" | "get_ipython"))
    });
    if let Some(call) = dynamic {
        work.refuse(
            id,
            document,
            call.span,
            format!("uses `{}`, so that its names cannot be told from its text", call.callee.of(text)),
        );
    }
    let future = facts.imports.iter().filter(|row| row.level == 0 && facts.text(row.module) == "__future__");
    let is_late = |start: u32| {
        facts.bindings.iter().any(|row| {
            row.span.start < start
                && !matches!(row.kind, BindingKind::Import(at)
                    if facts.imports.get(at as usize).is_some_and(|row| facts.text(row.module) == "__future__"))
        })
    };
    if let Some(row) = future.into_iter().find(|row| is_late(row.statement.start)) {
        work.refuse(
            id,
            document,
            row.statement,
            "imports from `__future__` after other code, which a module cannot do",
        );
    }
}

/// Names that only notebooks have, or only those that run this one.
fn foreign_names(work: &mut Work<'_, '_>, id: DocumentId, document: &Document) {
    let facts = &document.python;
    let Some(local) = work.names.local(id) else { return };
    let mut said: HashSet<&str> = HashSet::new();
    for (missing, verdict) in local.names.missing.iter().zip(work.names.verdicts(id)) {
        let found = match missing.reader {
            Reader::Use(at) => facts.uses.get(at as usize).map(|row| (row.name, row.span, row.scope)),
            Reader::Deletion(at) => facts.bindings.get(at as usize).map(|row| (row.name, row.span, row.place)),
        };
        let Some((symbol, span, scope)) = found else { continue };
        let name = facts.text(symbol);
        let message = match verdict {
            Verdict::Given | Verdict::Uncertain if is_injected(name) => {
                let inside = function_of(document, scope);
                let how = match inside {
                    Some(function) => format!("pass it to `{function}` as a parameter"),
                    None => "pass it to the functions that need it".to_owned(),
                };
                format!("uses `{name}`, which only notebooks are given: {how}")
            }
            Verdict::Callers | Verdict::SomeCallers(_) => {
                format!("uses `{name}`, which only the notebooks that run it bind: pass it as a parameter")
            }
            // A star import goes with the module, and brings what nobody else in sight could.
            Verdict::Unknown(source, UnknownKind::Star) if *source == id && !family_binds(work, id, name) => continue,
            Verdict::Unknown(_, kind) => {
                format!("uses `{name}`, and nobody can say where that comes from, because {}", kind.reason())
            }
            _ => continue,
        };
        if said.insert(name) {
            work.refuse(id, document, span, message);
        }
    }
}

/// Whether a notebook that shares names with this one binds a name.
fn family_binds(work: &Work<'_, '_>, id: DocumentId, name: &str) -> bool {
    let family = family(work, id);
    work.names.bound_in(name).any(|(document, _)| family.contains(&document))
}

/// The function that code of a scope belongs to.
fn function_of(document: &Document, scope: u32) -> Option<&str> {
    let facts = &document.python;
    let mut at = Some(scope);
    while let Some(row) = at.and_then(|id| facts.scopes.get(id as usize)) {
        if let Some(function) = row.function.and_then(|id| facts.functions.get(id as usize)) {
            return Some(facts.text(function.name));
        }
        at = row.parent;
    }
    None
}
