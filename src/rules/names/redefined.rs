//! Page: `rules/names/redefined-before-use.md`.

use super::noqa::Noqa;
use super::removal;
use super::unused_import::is_unparsed_module;
use super::usage::{Usage, import_path, is_dummy, is_own, is_reexport};
use crate::names::local::{From, Local};
use crate::project::document::Document;
use crate::python::facts::{Binding, BindingKind, BranchId, BranchKind, Facts, ScopeKind};
use crate::python::names::Replaced;
use crate::python::symbols::Symbol;
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashMap;

/// The code of the same finding elsewhere.
const CODE: &str = "F811";

/// Imports, functions, classes and values that are replaced before anything reads them.
pub(super) fn redefined_before_use(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some((id, local)) = context.names.of(&document.path) else { return };
    if local.names.replaced.is_empty() || is_unparsed_module(document) {
        return;
    }
    let usage = Usage::new(context.names, document, id);
    let noqa = Noqa::new(document);
    let waiting = waiting(facts, local);
    for pair in &local.names.replaced {
        let (Some(earlier), Some(later)) =
            (facts.bindings.get(pair.earlier as usize), facts.bindings.get(pair.later as usize))
        else {
            continue;
        };
        if !redefines(facts, *pair, earlier, later)
            || document.is_notebook() && is_fine_in_notebook(facts, local, &waiting, earlier, later)
            || if earlier.scope == later.scope {
                usage.is_used_before_replaced(pair.earlier)
            } else {
                usage.is_used(pair.earlier)
            }
        {
            continue;
        }
        let import = match later.kind {
            BindingKind::Import(at) => facts.imports.get(at as usize),
            _ => None,
        };
        let span = import.map_or(later.span, |row| row.alias_span);
        if noqa.takes_in(CODE, span.start, import.map_or(later.span, |row| row.statement)) {
            continue;
        }
        let name = facts.text(later.name);
        let again = is_same_import(facts, earlier, later) && earlier.scope == later.scope;
        let place = place(document, earlier);
        let message = if again && statement(facts, earlier) == statement(facts, later) {
            format!("`{name}` is imported twice in this statement")
        } else if again {
            format!("`{name}` is imported again: {place} does so, and nothing has used it in between")
        } else {
            let what = match earlier.kind {
                BindingKind::Import(_) => "import",
                BindingKind::Function(_) => "function",
                BindingKind::Class => "class",
                _ => "value",
            };
            let verb = if earlier.scope == later.scope { "replaces" } else { "hides" };
            format!("`{name}` {verb} the {what} of {place}, which nothing has used by then")
        };
        let fix = match later.kind {
            BindingKind::Import(at) if again => removal::import(document, facts, at),
            _ => None,
        };
        let finding = context.report(span, message);
        finding.note(document.path.clone(), earlier.span, "bound here first");
        if let Some(fix) = fix {
            if fix.keeps_comments {
                finding.fix("Remove the second import", fix.edits);
            } else {
                finding.unsafe_fix("Remove the second import", fix.edits);
            }
        }
    }
}

/// Kinds of bindings as far as replacing goes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sort {
    Value,
    Import,
    /// `import a.b`, which may stand beside `import a.c`.
    Submodule,
    Definition,
    Other,
    /// Never replaces and is never replaced.
    Never,
}

fn sort(facts: &Facts, row: &Binding) -> Sort {
    match row.kind {
        BindingKind::Assignment | BindingKind::Augmented | BindingKind::Unpacked => Sort::Value,
        BindingKind::Loop => match facts.scopes.get(row.scope as usize) {
            Some(scope) if scope.kind == ScopeKind::Comprehension => Sort::Value,
            _ => Sort::Never,
        },
        BindingKind::Import(at) => match facts.imports.get(at as usize) {
            Some(row) if row.level == 0 && facts.text(row.module) == "__future__" => Sort::Never,
            Some(row) if row.name.is_none() && row.bound != Some(row.module) && row.alias_span.end <= row.span.end => {
                Sort::Submodule
            }
            _ => Sort::Import,
        },
        BindingKind::Function(_) | BindingKind::Class => Sort::Definition,
        BindingKind::With | BindingKind::Exception => Sort::Other,
        // Who reads a function sees what its parameters are, and pytest finds fixtures by them.
        BindingKind::Parameter
        | BindingKind::TypeParameter
        | BindingKind::Annotation
        | BindingKind::ExceptionEnd
        | BindingKind::Deletion
        | BindingKind::Magic
        | BindingKind::Recovered => Sort::Never,
    }
}

/// Whether one binding takes the place of another in a way that is hardly meant.
fn redefines(facts: &Facts, pair: Replaced, earlier: &Binding, later: &Binding) -> bool {
    let replaces = match (sort(facts, earlier), sort(facts, later)) {
        (Sort::Never | Sort::Other, _) | (_, Sort::Never) | (Sort::Value, Sort::Value) => false,
        (Sort::Submodule, _) | (_, Sort::Submodule) => names_same(facts, earlier, later),
        _ => true,
    };
    if !replaces || !is_own(facts, pair.earlier) || !is_own(facts, pair.later) {
        return false;
    }
    let is_import = matches!(earlier.kind, BindingKind::Import(_));
    let fine = if earlier.scope == later.scope {
        !is_import && is_dummy(facts.text(later.name)) || is_handed_over(facts, earlier)
    } else {
        let scope = facts.scopes.get(later.scope as usize).map(|scope| scope.kind);
        !is_import || scope == Some(ScopeKind::Class) || is_reexport(facts, earlier.kind)
    };
    !fine && forks(facts, earlier.branch).eq(forks(facts, later.branch))
}

/// Whether two imports name the same thing in the same words: `import a.b` twice.
fn names_same(facts: &Facts, earlier: &Binding, later: &Binding) -> bool {
    let (BindingKind::Import(one), BindingKind::Import(two)) = (earlier.kind, later.kind) else { return false };
    let path = |at: u32| {
        let (level, module, name) = import_path(facts, at)?;
        let name = name.map_or(String::new(), |name| format!(".{}", facts.text(name)));
        Some(format!("{}{}{name}", ".".repeat(level.min(100) as usize), facts.text(module)))
    };
    path(one) == path(two)
}

/// Whether a decorator keeps a function, under a name of its own or none: an overload, a dataset of a pipeline, whatever
/// is registered.
fn is_handed_over(facts: &Facts, row: &Binding) -> bool {
    let BindingKind::Function(at) = row.kind else { return false };
    facts.functions.get(at as usize).is_some_and(|function| {
        function.decorators.iter().map(|&path| facts.text(path)).any(|path| {
            let last = path.rsplit('.').next().unwrap_or_default();
            matches!(last, "overload" | "register" | "multimethod" | "dispatch" | "route")
                || matches!(path.split('.').next(), Some("dlt" | "dp" | "app" | "router"))
                || path.starts_with("pyspark.pipelines.")
        })
    })
}

/// The forks that a binding stands in, innermost first; loops run again and are none.
fn forks(facts: &Facts, branch: BranchId) -> impl Iterator<Item = BranchId> + '_ {
    let mut at = branch;
    std::iter::from_fn(move || {
        loop {
            let row = facts.branches.get(at as usize).filter(|_| at != 0)?;
            let id = at;
            at = row.parent;
            if row.kind != BranchKind::Loop {
                return Some(id);
            }
        }
    })
}

/// Where a binding stands, in words.
fn place(document: &Document, row: &Binding) -> String {
    let lines = document.lines();
    match document.notebook.as_ref().filter(|notebook| notebook.json.is_some()).and(document.cell_at(row.span.start)) {
        Some(cell) => format!("cell {}", cell + 1),
        None => format!("line {}", lines.line_of(row.span.start) + 1),
    }
}

/// The statement of an import.
fn statement(facts: &Facts, row: &Binding) -> Option<Span> {
    let BindingKind::Import(at) = row.kind else { return None };
    facts.imports.get(at as usize).map(|row| row.statement)
}

/// For each name of the module that the body of a function reads before its last binding is made, the first such
/// place: somebody may call the function in between.
fn waiting(facts: &Facts, local: &Local) -> HashMap<Symbol, u32> {
    let mut first = HashMap::new();
    for (row, &read) in facts.uses.iter().zip(&local.names.reads) {
        if facts.bindings.get(read as usize).is_some_and(|bound| bound.scope == 0 && bound.span.start > row.span.start)
        {
            let at: &mut u32 = first.entry(row.name).or_insert(row.span.start);
            *at = row.span.start.min(*at);
        }
    }
    first
}

/// Whether people do so on purpose in notebooks: cells that stand alone repeat their imports, cells in between call
/// functions that use the first, and what a `%run` in between uses or brings is not seen here.
fn is_fine_in_notebook(
    facts: &Facts,
    local: &Local,
    waiting: &HashMap<Symbol, u32>,
    earlier: &Binding,
    later: &Binding,
) -> bool {
    let is_broken = |cell: u32| local.broken_cells.binary_search(&cell).is_ok();
    let run_between = local.arrivals.iter().any(|arrival| {
        let between = (earlier.span.start..later.span.start).contains(&arrival.offset);
        between && matches!(arrival.from, From::Run(_))
    });
    earlier.cell != later.cell && is_same_import(facts, earlier, later)
        || earlier.scope == 0 && run_between
        || earlier.scope == 0 && waiting.get(&later.name).is_some_and(|&at| at < later.span.start)
        || is_broken(earlier.cell)
        || is_broken(later.cell)
}

/// Whether both import the same thing.
fn is_same_import(facts: &Facts, earlier: &Binding, later: &Binding) -> bool {
    match (earlier.kind, later.kind) {
        (BindingKind::Import(one), BindingKind::Import(two)) => import_path(facts, one) == import_path(facts, two),
        _ => false,
    }
}
