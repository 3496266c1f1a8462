//! Page: `rules/names/import-shadows-builtin.md`.

use crate::names::Namespaces;
use crate::names::local::From;
use crate::names::verdict::Verdict;
use crate::project::document::{Document, DocumentId};
use crate::project::runs::Edge;
use crate::python::compare::{Shape, shape};
use crate::python::facts::{Argument, BindingKind, Call, Facts};
use crate::python::names::{NONE, Reader};
use crate::python::symbols::{FastMap, Symbol};
use crate::rules::context::Context;
use crate::text::Span;

/// The module whose functions are named like Python's own.
const MODULE: &str = "pyspark.sql.functions";

/// Its functions that have a builtin's name. Source: `pyspark/sql/functions` of 3.3 to 4.2.
const SHADOWED: &[&str] =
    &["abs", "ascii", "bin", "filter", "hash", "hex", "max", "min", "pow", "round", "slice", "sum"];

/// Calls of builtins that an import has replaced, with arguments that only the builtin can take.
pub(super) fn import_shadows_builtin(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let shadowed: Vec<Symbol> = SHADOWED.iter().filter_map(|name| facts.symbols.get(name)).collect();
    if shadowed.is_empty() {
        return;
    }
    let Some((id, local)) = context.names.of(&document.path) else { return };
    let mut calls: FastMap<u32, &Call> = FastMap::default();
    for call in &facts.calls {
        let plain = call.method.is_some_and(|name| shadowed.contains(&name));
        if plain && call.callee.start == call.span.start {
            calls.insert(call.callee.start, call);
        }
    }
    if calls.is_empty() {
        return;
    }
    let mut missing: FastMap<u32, (bool, &Verdict)> = FastMap::default();
    for (row, verdict) in local.names.missing.iter().zip(context.names.verdicts(id)) {
        if let Reader::Use(at) = row.reader {
            missing.insert(at, (row.deferred, verdict));
        }
    }
    for (at, row) in (0_u32..).zip(&facts.uses) {
        if !shadowed.contains(&row.name) {
            continue;
        }
        let Some(call) = calls.get(&row.span.start) else { continue };
        let name = facts.text(row.name);
        let Some(misuse) = misuse(document, name, call) else { continue };
        let read = local.names.reads.get(at as usize).copied().unwrap_or(NONE);
        let source = if read == NONE {
            missing
                .get(&at)
                .and_then(|&(deferred, verdict)| arrived(context.names, id, row.span, name, deferred, verdict))
        } else {
            imported(document, read, name).map(|statement| (id, statement, None))
        };
        if let Some(source) = source {
            report(context, call, name, &misuse, source);
        }
    }
}

/// A document, the import in it, and the `%run` that brings what it imports.
type Import = (DocumentId, Span, Option<Edge>);

fn report(context: &mut Context<'_>, call: &Call, name: &str, misuse: &Misuse, (from, statement, by): Import) {
    let project = context.project;
    let Some(source) = project.documents().get(from as usize) else { return };
    let why = match misuse {
        Misuse::Shape(shape) => format!("takes a column, not {}", shape.words()),
        Misuse::Keyword(keyword) => format!("has no argument `{keyword}`"),
        Misuse::Count(1) => "takes one column".to_owned(),
        Misuse::Count(most) => format!("takes {most} columns"),
    };
    let message = format!(
        "`{name}` is Spark's function here, which {why}: call `builtins.{name}`, or import Spark's functions as `F`"
    );
    let finding = context.report(call.callee, message);
    finding.note(source.path.clone(), statement, "imported here");
    if let Some((document, reference)) = by.and_then(|edge| project.edge(edge)) {
        finding.note(document.path.clone(), reference.command, "run from here");
    }
}

/// Where the import stands that gives `name` to code which does not bind it.
fn arrived(
    names: &Namespaces<'_>,
    id: DocumentId,
    place: Span,
    name: &str,
    deferred: bool,
    verdict: &Verdict,
) -> Option<Import> {
    let Verdict::Elsewhere(source) = verdict else { return None };
    let document = names.project.documents().get(source.document as usize)?;
    if deferred {
        // A body that runs before the import has the builtin: only what came before it counts.
        let local = names.local(id)?;
        let came = local.arrivals.iter().any(|arrival| match (arrival.from, source.by) {
            (From::Run(edge), Some(by)) => edge == by && arrival.offset < place.start,
            (From::Known(..), None) => source.document == id && arrival.offset < place.start,
            (From::Star(module, _), None) => module == source.document && arrival.offset < place.start,
            _ => false,
        });
        if !came {
            return None;
        }
    }
    if let Some(binding) = source.binding {
        return imported(document, binding, name).map(|statement| (source.document, statement, source.by));
    }
    let arrivals = names.local(source.document)?.arrivals.iter().rev();
    let mut known = arrivals.filter_map(|arrival| match arrival.from {
        From::Known(names, import) if names.binary_search(&name).is_ok() => {
            document.python.imports.get(import as usize)
        }
        _ => None,
    });
    let import = known.next().filter(|import| document.python.text(import.module) == MODULE)?;
    Some((source.document, import.statement, source.by))
}

/// The statement of a binding that takes `name` out of Spark's functions.
fn imported(document: &Document, binding: u32, name: &str) -> Option<Span> {
    let facts = &document.python;
    let BindingKind::Import(import) = facts.bindings.get(binding as usize)?.kind else { return None };
    let import = facts.imports.get(import as usize)?;
    (facts.text(import.module) == MODULE && facts.is(import.name, name)).then_some(import.statement)
}

/// What shows that a call means the builtin.
enum Misuse {
    /// An argument is no column.
    Shape(Shape),
    /// A keyword that Spark's function does not have.
    Keyword(String),
    /// More arguments than Spark's function takes, which are so many.
    Count(usize),
}

fn misuse(document: &Document, name: &str, call: &Call) -> Option<Misuse> {
    let facts = &document.python;
    let arguments = facts.arguments(call);
    if arguments.iter().any(|argument| argument.starred) {
        return None;
    }
    let keyword = |words: &[&str]| {
        let found = arguments.iter().filter_map(|argument| argument.keyword).map(|keyword| facts.text(keyword));
        found.into_iter().find(|keyword| words.contains(keyword)).map(|keyword| Misuse::Keyword(keyword.to_owned()))
    };
    let positional: Vec<&Argument> = arguments.iter().filter(|argument| argument.keyword.is_none()).collect();
    let first = || positional.first().map_or(Shape::Other, |argument| shape_of(document, argument));
    let no_column = |shape: Shape| (shape != Shape::Other).then_some(Misuse::Shape(shape));
    match name {
        "max" | "min" => keyword(&["key", "default"])
            .or_else(|| (positional.len() > 1).then_some(Misuse::Count(1)))
            .or_else(|| no_column(first())),
        "sum" => keyword(&["start"])
            .or_else(|| (positional.len() > 1).then_some(Misuse::Count(1)))
            .or_else(|| no_column(first())),
        "round" => keyword(&["number", "ndigits"]).or_else(|| no_column(first())),
        "abs" | "bin" | "hex" | "hash" | "ascii" => no_column(first()),
        "pow" => (arguments.len() > 2).then_some(Misuse::Count(2)),
        "filter" => no_column(Some(first()).filter(|shape| matches!(shape, Shape::Lambda | Shape::Constant))?),
        "slice" => no_column(Some(first()).filter(|shape| matches!(shape, Shape::Number | Shape::Constant))?),
        _ => None,
    }
}

fn shape_of(document: &Document, argument: &Argument) -> Shape {
    let facts: &Facts = &document.python;
    let is_builtin = |name: &str| {
        let symbol = facts.symbols.get(name);
        symbol.is_none_or(|symbol| facts.bindings.iter().all(|binding| binding.name != symbol))
    };
    shape(argument.span.of(document.text()), &is_builtin)
}
