//! Pages: `rules/library/print-in-library.md`, `show-in-library.md`.

use super::imported::by_function;
use crate::project::document::Kind;
use crate::python::facts::{Call, Facts};
use crate::rules::context::Context;

/// Modules of those who write for a terminal.
const COMMAND_LINES: [&str; 6] = ["argparse", "click", "fire", "rich", "tqdm", "typer"];

/// `print` in code that is imported.
pub(super) fn print(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let Some(print) = facts.symbols.get("print") else { return };
    let for_terminals = facts.imports.iter().any(|import| {
        let module = facts.text(import.module);
        COMMAND_LINES.contains(&module.split('.').next().unwrap_or(module))
    });
    if !is_imported(context) || for_terminals || facts.bindings.iter().any(|row| row.name == print) {
        return;
    }
    let is_print =
        |call: &&Call| call.path == Some(print) && call.method == Some(print) && !goes_elsewhere(facts, call);
    let places: Vec<_> = facts.calls.iter().filter(is_print).map(|call| (call.callee, call.scope)).collect();
    for uses in by_function(facts, places.into_iter()) {
        let tail = uses.tail();
        context.report(
            uses.first,
            format!(
                "`print` in code that is imported: use `logging`, so that the notebook decides what is shown{tail}"
            ),
        );
    }
}

/// Whether the document is a module: a file that does something at its top level is one only if somebody imports it.
fn is_imported(context: &Context<'_>) -> bool {
    let document = context.document;
    let acts = document.python.first_effect.is_some();
    document.kind == Kind::Module && (!acts || context.project.importers(&document.path).next().is_some())
}

/// Whether a `print` says where to: `file=sys.stderr`.
fn goes_elsewhere(facts: &Facts, call: &Call) -> bool {
    facts.arguments(call).iter().any(|argument| argument.starred || facts.is(argument.keyword, "file"))
}

/// `df.show()` and `df.display()` in code that is imported.
pub(super) fn show(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let symbols: Vec<_> = ["show", "display"].iter().filter_map(|name| facts.symbols.get(name)).collect();
    if symbols.is_empty() || !is_imported(context) {
        return;
    }
    for call in facts.calls.iter().filter(|call| call.method.is_some_and(|name| symbols.contains(&name))) {
        if facts.called_on(call).is_some() && context.flow.receiver(call).is_frame() {
            let name = call.method.map_or("show", |name| facts.text(name));
            let message = format!(
                "`.{name}()` in code that is imported runs the whole query to show some rows: return the data frame and let the notebook show it"
            );
            context.report(call.callee, message);
        }
    }
}
