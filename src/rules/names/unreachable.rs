//! Page: `rules/names/unreachable-after-exit.md`.

use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, CellType, Form, Language, Notebook, Origin};
use crate::project::document::Document;
use crate::python::facts::{BindingKind, BranchKind, Call, Facts, ScopeKind};
use crate::python::names::NONE;
use crate::rules::context::Context;
use crate::text::Span;

/// Code behind an exit that nothing can skip.
pub(super) fn unreachable_after_exit(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = document.notebook.as_ref().filter(|notebook| notebook.origin == Origin::Databricks) else {
        return;
    };
    let Some(exit) = exit(context) else { return };
    let text = document.text();
    let Some(place) = code_after(document, notebook, exit.span.end) else { return };
    let message = "a job never gets here, because `dbutils.notebook.exit` ends the notebook before: remove this, or put the exit under an `if`";
    let end = place.start
        + text
            .get(place.start as usize..)
            .and_then(|rest| rest.lines().next())
            .map_or(0, |line| u32::try_from(line.trim_end().len()).unwrap_or(0));
    let line = Span::new(place.start, end.clamp(place.start, place.end.max(place.start)));
    let path = document.path.clone();
    context.report(line, message).note(path, exit.span, "the notebook ends here");
}

/// The first call that ends the notebook for sure.
fn exit<'a>(context: &Context<'a>) -> Option<&'a Call> {
    let document = context.document;
    let facts = &document.python;
    let paths = ["dbutils.notebook.exit", "databricks.sdk.runtime.dbutils.notebook.exit"];
    let paths: Vec<_> = paths.iter().filter_map(|path| facts.symbols.get(path)).collect();
    if paths.is_empty() {
        return None;
    }
    let calls = facts.calls.iter().filter(|call| call.path.is_some_and(|path| paths.contains(&path)));
    let mut sure = calls.filter(|call| {
        let scope = facts.scopes.get(call.scope as usize).map(|scope| scope.kind);
        scope == Some(ScopeKind::Module)
            && !may_be_skipped(facts, call.span)
            && is_statement(document.text(), call.span)
            && is_the_platforms(context, call)
    });
    sure.next()
}

/// Whether `dbutils` is what the platform gives, and not an object of the notebook's own.
fn is_the_platforms(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let Some((_, local)) = context.names.of(&context.document.path) else { return false };
    let root = facts.uses.iter().position(|row| row.span.start == call.span.start);
    let read = root.and_then(|at| local.names.reads.get(at)).copied().unwrap_or(NONE);
    let binding = facts.bindings.get(read as usize);
    read == NONE || binding.is_some_and(|row| matches!(row.kind, BindingKind::Import(_)))
}

/// Whether code at `span` stands in a fork and may not run. In a `try`, the exit may be caught.
fn may_be_skipped(facts: &Facts, span: Span) -> bool {
    let runs = |kind| matches!(kind, BranchKind::Always | BranchKind::With | BranchKind::Finally);
    facts.branches.iter().any(|branch| !runs(branch.kind) && branch.span.covers(span))
}

/// Whether nothing stands around the call on its lines that could keep it from running, as in `x or exit()`.
fn is_statement(text: &str, span: Span) -> bool {
    let before = text.get(..span.start as usize).unwrap_or("");
    let line = before.rsplit('\n').next().unwrap_or("");
    let signs = ["# MAGIC", "-- MAGIC", "// MAGIC"];
    let line = signs.iter().find_map(|sign| line.strip_prefix(sign)).unwrap_or(line);
    let opens = line.trim().is_empty() || line.trim_end().ends_with(';');
    let after = text.get(span.end as usize..).unwrap_or("");
    let rest = after.lines().next().unwrap_or("").trim_start();
    let closes = rest.is_empty() || rest.starts_with([';', '#']);
    let above = before.get(..before.len() - before.rsplit('\n').next().unwrap_or("").len()).unwrap_or("").trim_end();
    let continues = above.ends_with(['\\', '(', '[', '{', ',']) || above.ends_with(" and") || above.ends_with(" or");
    opens && closes && !continues
}

/// The first code behind `offset`: in the same cell, or in one after it that would run.
fn code_after(document: &Document, notebook: &Notebook, offset: u32) -> Option<Span> {
    let at = notebook.cell_at(offset.saturating_sub(1))?;
    let own = notebook.cells.get(at)?;
    let here = Span::new(offset.min(own.body.end), own.body.end);
    python_code(document, here).or_else(|| notebook.cells.iter().skip(at + 1).find_map(|cell| code_of(document, cell)))
}

/// The first code of a cell, if anything in it runs.
fn code_of(document: &Document, cell: &Cell) -> Option<Span> {
    if cell.form == Form::Empty || cell.cell_type != CellType::Code {
        return None;
    }
    let lead = cell.leads();
    match (cell.language, lead.map(|magic| magic.kind)) {
        (_, Some(MagicKind::Run | MagicKind::Install | MagicKind::Restart)) => lead.map(|magic| magic.span),
        (Language::Markdown | Language::Text, _) => None,
        (Language::Python, None | Some(MagicKind::Language(Language::Python))) => {
            let start = lead.map_or(cell.body.start, |magic| magic.span.end);
            python_code(document, Span::new(start, cell.body.end.max(start)))
        }
        (_, Some(_)) => lead.map(|magic| magic.span),
        (language, None) => first_line(document.text(), cell.body, language.comment()),
    }
}

/// The first line that is neither blank nor a comment.
fn first_line(text: &str, body: Span, comment: &str) -> Option<Span> {
    let mut at = body.start;
    for line in body.of(text).split_inclusive('\n') {
        let code = line.trim();
        if !code.is_empty() && !code.starts_with(comment) {
            let start = at + u32::try_from(line.len() - line.trim_start().len()).unwrap_or(0);
            return Some(Span::new(start, start + u32::try_from(code.len()).unwrap_or(0)));
        }
        at += u32::try_from(line.len()).unwrap_or(0);
    }
    None
}

/// The first Python in `span` that is no comment and no text that stands alone.
fn python_code(document: &Document, span: Span) -> Option<Span> {
    let text = document.text();
    let cell = document.cell_at(span.start).and_then(|at| document.notebook.as_ref()?.cells.get(at));
    let prefixed = cell.is_some_and(|cell| cell.form == Form::Prefixed);
    let mut at = span.start;
    while at < span.end {
        let rest = Span::new(at, span.end).of(text);
        let code = rest.trim_start_matches([' ', '\t', '\r', '\n', ';', '\u{C}']);
        at += u32::try_from(rest.len() - code.len()).unwrap_or(0);
        if code.is_empty() {
            return None;
        }
        let signs = ["# MAGIC", "-- MAGIC", "// MAGIC"];
        let unprefixed = signs.iter().find_map(|sign| code.strip_prefix(sign)).filter(|_| prefixed);
        if let Some(line) = unprefixed {
            at += u32::try_from(code.len() - line.len()).unwrap_or(0);
        } else if code.starts_with('#') {
            at += u32::try_from(code.find('\n').unwrap_or(code.len())).unwrap_or(0);
        } else if let Some(string) =
            document.python.strings.iter().find(|string| string.statement && string.span.start == at)
        {
            at = string.span.end.max(at + 1);
        } else {
            return Some(Span::new(at, span.end));
        }
    }
    None
}
