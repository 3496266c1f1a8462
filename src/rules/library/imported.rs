//! What the rules of this group share: whether a file is imported for sure, and where it uses a name that
//! the platform gives to notebooks alone.

use crate::project::document::{Document, Kind, ReadOptions};
use crate::project::read::read;
use crate::project::reference::{ReferenceKind, Resolution};
use crate::python::facts::{BindingKind, Facts, NameUse, ScopeId};
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashMap;

/// Uses of one name in one function.
pub(super) struct Uses {
    /// The first of them.
    pub(super) first: Span,
    /// How many.
    pub(super) count: usize,
    /// The function's name; `None` at the top level.
    pub(super) function: Option<String>,
}

impl Uses {
    /// What to add to a message where there is more than one: " (3 uses in `load`)".
    pub(super) fn tail(&self) -> String {
        match (&self.function, self.count) {
            (_, 0 | 1) => String::new(),
            (Some(function), count) => format!(" ({count} uses in `{function}`)"),
            (None, count) => format!(" ({count} uses at the top level)"),
        }
    }
}

/// Whether the code imports the API that only pipelines have.
pub fn is_pipeline_source(facts: &Facts) -> bool {
    facts.imports.iter().any(|import| {
        let module = facts.text(import.module);
        let within =
            |root: &str| module.strip_prefix(root).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'));
        within("dlt") || within("pyspark.pipelines") || (module == "pyspark" && facts.is(import.name, "pipelines"))
    })
}

/// Where imported code (the project has sorted out what is run by jobs and pipelines) uses the global `name` although nothing binds it, one entry a function, in order of place.
/// Uses for which `skip` holds do not count.
pub(super) fn unbound(context: &Context<'_>, name: &str, skip: impl Fn(&NameUse) -> bool) -> Vec<Uses> {
    let facts = &context.document.python;
    if facts.symbols.get(name).is_none() || context.document.kind != Kind::Module {
        return Vec::new();
    }
    let free: Vec<&NameUse> = facts
        .free_uses(name)
        .into_iter()
        .filter(|name_use| !name_use.annotation && !name_use.guarded && !skip(name_use))
        .collect();
    if free.is_empty() || is_guarded(context.document, name) || may_come_by_star(context, name) {
        return Vec::new();
    }
    by_function(facts, free.into_iter().map(|name_use| (name_use.span, name_use.scope)))
}

/// Gathers places by the innermost function around them, in order of place.
pub(super) fn by_function(facts: &Facts, places: impl Iterator<Item = (Span, ScopeId)>) -> Vec<Uses> {
    let mut places: Vec<(Span, Option<u32>)> = places.map(|(span, scope)| (span, function_of(facts, scope))).collect();
    places.sort_unstable();
    let mut known: HashMap<Option<u32>, usize> = HashMap::new();
    let mut uses: Vec<Uses> = Vec::new();
    for (span, function) in places {
        let at = *known.entry(function).or_insert_with(|| {
            let name = function.and_then(|id| facts.functions.get(id as usize));
            let function = name.map(|function| facts.text(function.name).to_owned());
            uses.push(Uses { first: span, count: 0, function });
            uses.len() - 1
        });
        uses[at].count += 1;
    }
    uses
}

/// The innermost `def` around a scope, lambdas and comprehensions looked through.
fn function_of(facts: &Facts, scope: ScopeId) -> Option<u32> {
    let mut at = Some(scope);
    while let Some(scope) = at.and_then(|id| facts.scopes.get(id as usize)) {
        if scope.function.is_some() {
            return scope.function;
        }
        at = scope.parent;
    }
    None
}

/// Whether the code knows that the name may be missing: it handles `NameError`, or looks the name up by its text
/// (`"dbutils" in globals()`, `hasattr(builtins, "dbutils")`, `get_ipython().user_ns["dbutils"]`).
fn is_guarded(document: &Document, name: &str) -> bool {
    const LOOK_UPS: [&str; 10] = [
        "globals",
        "locals",
        "vars",
        "hasattr",
        "getattr",
        "setattr",
        "builtins",
        "__builtins__",
        "get_ipython",
        "exec",
    ];
    let facts = &document.python;
    facts.symbols.get("NameError").is_some()
        || (LOOK_UPS.iter().any(|word| facts.symbols.get(word).is_some())
            && facts.strings.iter().any(|string| *string.value == *name))
        || facts.symbols.get(&format!("builtins.{name}")).is_some()
}

/// Whether a star import may bring the name: one of a module that is not known to lack it.
fn may_come_by_star(context: &Context<'_>, name: &str) -> bool {
    let facts = &context.document.python;
    let mut stars = facts.imports.iter().enumerate().filter(|(_, import)| facts.is(import.name, "*"));
    stars.any(|(index, import)| {
        let module = facts.text(import.module);
        let lacks = (import.level == 0 && lacks(module, name)) || repository_module_lacks(context, index, name);
        !lacks
    })
}

/// Whether a well-known module is known not to have any of the injected names but those of its own API.
fn lacks(module: &str, name: &str) -> bool {
    const FUNCTIONS: [&str; 2] = ["pyspark.sql.functions", "pyspark.sql.connect.functions"];
    const MODULES: [&str; 27] = [
        "abc",
        "collections",
        "contextlib",
        "dataclasses",
        "datetime",
        "decimal",
        "delta",
        "delta.tables",
        "enum",
        "functools",
        "itertools",
        "json",
        "logging",
        "math",
        "numpy",
        "os",
        "os.path",
        "pandas",
        "pathlib",
        "pyspark.sql",
        "pyspark.sql.types",
        "pyspark.sql.window",
        "random",
        "re",
        "time",
        "typing",
        "unittest.mock",
    ];
    MODULES.contains(&module) || (FUNCTIONS.contains(&module) && name != "udf")
}

/// Whether the star import at `index` is of a module of this repository that does not bind the name.
fn repository_module_lacks(context: &Context<'_>, index: usize, name: &str) -> bool {
    let is_it = |kind: ReferenceKind| matches!(kind, ReferenceKind::Import(at) if at as usize == index);
    let Some(reference) = context.project.references(&context.document.path).iter().find(|one| is_it(one.kind)) else {
        return false;
    };
    let Resolution::Found(path) = &reference.resolution else { return false };
    if let Some(module) = context.project.document(path) {
        return never_binds(&module.python, name);
    }
    // Where only some files are asked about the module was not read yet; the answer must be the same.
    never_binds(&read(&*context.project.snapshot, path, false, &ReadOptions::default()).python, name)
}

/// Whether a module is fully known and nothing at its top level binds the name.
fn never_binds(facts: &Facts, name: &str) -> bool {
    let bound = facts.symbols.get(name).is_some_and(|symbol| {
        let binds = |kind: BindingKind| !matches!(kind, BindingKind::Annotation | BindingKind::Deletion);
        facts.bindings.iter().any(|binding| binding.scope == 0 && binding.name == symbol && binds(binding.kind))
    });
    let known = !facts.scopes.is_empty() && facts.syntax_errors.is_empty() && facts.too_deep.is_empty();
    known && !bound && !facts.imports.iter().any(|import| facts.is(import.name, "*"))
}
