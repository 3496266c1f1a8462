//! Where the repository binds a name that a document lacks.

use crate::names::find::{Finder, Found};
use crate::project::document::{Document, DocumentId, Kind};
use crate::python::facts::{Binding, BindingKind};
use crate::rules::context::Context;
use crate::text::Span;

/// More places than this say nothing: such a name is everybody's.
const MOST: usize = 3;

/// A document that defines a name at its top level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Elsewhere {
    /// The document.
    pub(super) document: DocumentId,
}

/// The documents that define `name` and that a document could run or import; empty if there are many.
pub(super) fn search(context: &Context<'_>, id: DocumentId, name: &str) -> Vec<Elsewhere> {
    if name.len() < 3 {
        return Vec::new();
    }
    let mut finder = Finder::new(context.names);
    let mut found = Vec::new();
    for (other, binding) in context.names.bound_in(name) {
        let Some(document) = context.project.documents().get(other as usize) else { continue };
        let Some(row) = document.python.bindings.get(binding as usize) else { continue };
        let mut is_bound = || matches!(finder.at_end(other, name), Found::Bound(source) if source.document == other);
        if other == id || !can_bring(context.document, document) || !defines(document, row) || !is_bound() {
            continue;
        }
        found.push(Elsewhere { document: other });
        if found.len() > MOST {
            return Vec::new();
        }
    }
    found
}

/// Whether one document can get names from another at all.
fn can_bring(document: &Document, other: &Document) -> bool {
    let is_module = matches!(other.kind, Kind::Module | Kind::Script);
    if document.is_notebook() { other.is_notebook() || is_module } else { is_module }
}

/// Whether a binding gives the name a meaning that others may want: a function, a class, a plain assignment that
/// always happens. (The search for files with such bindings, when only some are asked about, knows these forms.)
fn defines(document: &Document, row: &Binding) -> bool {
    let text = document.text();
    let before = Span::new(row.span.start.saturating_sub(6), row.span.start).of(text);
    let after = text.get(row.span.end as usize..).unwrap_or("").trim_start_matches(' ');
    row.place == 0
        && match row.kind {
            BindingKind::Function(_) => before.ends_with("def "),
            BindingKind::Class => before.ends_with("class "),
            BindingKind::Assignment => {
                !row.conditional && after.starts_with(['=', ':']) && is_telling(row.span.of(text))
            }
            _ => false,
        }
}

/// Whether a variable's name says what it is: not one of the plain words (`data`, `params`) that every notebook uses
/// for something of its own.
fn is_telling(name: &str) -> bool {
    name.len() > 3 && name.trim_matches('_').contains(|c: char| c == '_' || c.is_uppercase())
}

/// What to say of the places: `: it is defined in …`.
pub(super) fn words(context: &Context<'_>, found: &[Elsewhere]) -> String {
    let documents = found.iter().filter_map(|one| context.project.documents().get(one.document as usize));
    let (notebooks, modules): (Vec<&Document>, Vec<&Document>) = documents.partition(|one| one.is_notebook());
    let list = |documents: &[&Document]| {
        let paths: Vec<String> = documents.iter().map(|one| format!("`{}`", one.path)).collect();
        match paths.as_slice() {
            [one, other] => format!("{one} and {other}"),
            // Paths are long, and one of them is enough to find out which is meant.
            [one, others @ ..] if !others.is_empty() => format!("{one} and {} more files", others.len()),
            all => all.concat(),
        }
    };
    match (notebooks.as_slice(), modules.as_slice()) {
        ([], []) => String::new(),
        (runs, []) => format!(": it is defined in {}, which this notebook does not run", list(runs)),
        ([], imports) => format!(": it is defined in {}, and not imported here", list(imports)),
        (runs, imports) => {
            format!(": it is defined in {} and {}, and neither run nor imported here", list(runs), list(imports))
        }
    }
}
