//! Calls by their full path, and what `dbutils` is called by.

use crate::python::facts::{Call, Facts};

/// Where `dbutils` comes from if it is imported.
const RUNTIME: &str = "databricks.sdk.runtime.";

/// The calls of what is at `path`, in order of the table. Looks at no call if the document does not have the path at
/// all. For paths that begin with `dbutils`, `spark` and the like, those imported from the SDK's runtime count too.
pub(super) fn calls_to<'f>(facts: &'f Facts, path: &str) -> impl Iterator<Item = &'f Call> {
    let plain = facts.symbols.get(path);
    let imports_it = facts.symbols.get("databricks.sdk.runtime").is_some();
    let imported = imports_it.then(|| facts.symbols.get(&format!("{RUNTIME}{path}"))).flatten();
    let calls = if plain.is_none() && imported.is_none() { &[][..] } else { facts.calls.as_slice() };
    calls.iter().filter(move |call| call.path.is_some() && (call.path == plain || call.path == imported))
}
