//! What a plain Python file is for, as far as it says itself.

use super::document::{Document, Kind};
use super::read::is_named_as_test;

/// Names that Databricks gives to notebooks and to the scripts of jobs and pipelines, and modules do not have.
///
/// Source: `databricks-sdk-py`, `databricks/sdk/runtime/__init__.py`.
const INJECTED: [&str; 10] =
    ["dbutils", "display", "displayHTML", "getArgument", "sc", "spark", "sql", "sqlContext", "table", "udf"];

/// Names that the platform gives to notebooks and scripts, sorted; without those that IPython keeps.
pub const fn injected() -> &'static [&'static str] {
    &INJECTED
}

/// Names that IPython keeps, and `_sqldf`, the result of the last `%sql` cell.
const INTERACTIVE: [&str; 15] =
    ["In", "Out", "_", "__", "___", "_dh", "_i", "_ih", "_ii", "_iii", "_oh", "_sqldf", "exit", "get_ipython", "quit"];

/// Whether a notebook or script has the name from the platform.
pub fn is_injected(name: &str) -> bool {
    let numbered = || {
        let number = name.strip_prefix("_i").or_else(|| name.strip_prefix('_')).unwrap_or("");
        !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit())
    };
    INJECTED.contains(&name) || INTERACTIVE.contains(&name) || numbered()
}

/// Modules that only the source of a pipeline imports.
const PIPELINE_MODULES: [&str; 2] = ["dlt", "pyspark.pipelines"];

/// The kind of a plain Python file. `run_by_bundle`: whether a job or pipeline of a bundle runs it.
pub fn kind(document: &Document, run_by_bundle: bool) -> Kind {
    if run_by_bundle {
        return Kind::Script;
    }
    let is_script = match document.kind {
        Kind::Module => document.python.main_guard.is_some() || is_pipeline_source(document),
        // A pipeline can have sources that check the others, in a folder of that name.
        Kind::Test => !is_named_as_test(&document.path) && is_pipeline_source(document),
        _ => false,
    };
    if is_script { Kind::Script } else { document.kind }
}

/// Whether a module may as well be a script: it does something when it is run, and uses names that only scripts
/// and notebooks are given.
pub fn may_be_script(document: &Document) -> bool {
    let facts = &document.python;
    facts.first_effect.is_some() && INJECTED.iter().any(|name| !facts.free_uses(name).is_empty())
}

/// Whether a name can be imported.
pub fn is_identifier(name: &str) -> bool {
    let mut chars = name.chars();
    chars.next().is_some_and(|first| first.is_alphabetic() || first == '_')
        && chars.all(|c| c.is_alphanumeric() || c == '_')
}

fn is_pipeline_source(document: &Document) -> bool {
    let facts = &document.python;
    facts.imports.iter().filter(|import| import.level == 0).any(|import| {
        let module = facts.text(import.module);
        let whole = import.name.map(|name| format!("{module}.{}", facts.text(name)));
        PIPELINE_MODULES.iter().any(|known| {
            module == *known
                || whole.as_deref() == Some(known)
                || module.strip_prefix(known).is_some_and(|rest| rest.starts_with('.'))
        })
    })
}
