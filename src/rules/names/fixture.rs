//! What pytest makes of names: a test asks for a fixture by the name of a parameter, which no code reads.

use crate::project::Project;
use crate::project::document::Document;
use crate::python::facts::{BindingKind, Facts, Function};
use crate::python::symbols::FastSet;

/// The names that pytest looks up for a file: parameters of its tests and fixtures, and strings, if it has
/// `usefixtures`.
pub(super) fn asked(facts: &Facts) -> FastSet<&str> {
    let called: FastSet<u32> = facts
        .functions
        .iter()
        .filter(|row| facts.text(row.name).starts_with("test") || is_fixture(facts, row))
        .map(|row| row.body_scope)
        .collect();
    let parameters = facts.bindings.iter().filter(|row| row.kind == BindingKind::Parameter);
    let mut names: FastSet<&str> =
        parameters.filter(|row| called.contains(&row.scope)).map(|row| facts.text(row.name)).collect();
    if facts.symbols.get("usefixtures").is_some() || facts.symbols.get("pytest.mark.usefixtures").is_some() {
        names.extend(facts.strings.iter().map(|string| &*string.value));
    }
    names
}

/// Whether an import brings a fixture: pytest then knows it in this file, whoever asks for it.
pub(super) fn is_imported(project: &Project, document: &Document, import: u32) -> bool {
    let facts = &document.python;
    let Some(import) = facts.imports.get(import as usize) else { return false };
    let Some(name) = import.name.map(|name| facts.text(name)) else { return false };
    project.meanings(document, import).iter().filter_map(|file| project.document(file)).any(|other| {
        let facts = &other.python;
        facts.functions.iter().any(|row| row.scope == 0 && facts.text(row.name) == name && is_fixture(facts, row))
    })
}

fn is_fixture(facts: &Facts, function: &Function) -> bool {
    function.decorators.iter().any(|&path| facts.text(path).rsplit('.').next() == Some("fixture"))
}
