//! Page: `rules/names/missing-import-name.md`.

use crate::names::Namespaces;
use crate::names::find::{Finder, Found};
use crate::project::document::{Document, DocumentId};
use crate::project::reference::ReferenceKind;
use crate::python::facts::{BindingKind, BranchKind, Facts, Import, SyntaxErrorKind};
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::nearest::nearest;
use std::collections::{BTreeMap, HashMap};

/// Top-level modules of Python and of the runtime that files of a repository are often named like: which of the two
/// is meant depends on how the code is started.
const COMMON: &[&str] = &[
    "abc",
    "argparse",
    "array",
    "ast",
    "asyncio",
    "base64",
    "boto3",
    "bz2",
    "calendar",
    "cmd",
    "code",
    "codecs",
    "collections",
    "configparser",
    "contextlib",
    "copy",
    "csv",
    "dataclasses",
    "datetime",
    "decimal",
    "delta",
    "dlt",
    "email",
    "enum",
    "errno",
    "fractions",
    "functools",
    "glob",
    "graphlib",
    "gzip",
    "hashlib",
    "html",
    "http",
    "inspect",
    "io",
    "ipaddress",
    "itertools",
    "json",
    "keyword",
    "logging",
    "lzma",
    "mailbox",
    "math",
    "mlflow",
    "numbers",
    "numpy",
    "operator",
    "os",
    "pandas",
    "parser",
    "pathlib",
    "pickle",
    "platform",
    "plotly",
    "profile",
    "pydantic",
    "pyspark",
    "pytest",
    "queue",
    "random",
    "re",
    "requests",
    "resource",
    "sched",
    "scipy",
    "secrets",
    "select",
    "selectors",
    "setuptools",
    "shelve",
    "signal",
    "site",
    "sklearn",
    "socket",
    "sqlite3",
    "ssl",
    "stat",
    "statistics",
    "string",
    "struct",
    "subprocess",
    "symbol",
    "sys",
    "sysconfig",
    "tempfile",
    "test",
    "textwrap",
    "threading",
    "time",
    "timeit",
    "token",
    "tokenize",
    "torch",
    "trace",
    "traceback",
    "types",
    "typing",
    "unittest",
    "urllib",
    "uuid",
    "warnings",
    "wave",
    "xml",
    "yaml",
    "zipfile",
    "zoneinfo",
];

/// Modules with one of these words give names in ways that the text does not tell.
const TRICKS: &[&str] = &["__getattr__", "globals", "sys.modules", "__path__"];

/// Names that files of the repository do not have.
pub(super) fn missing_import_name(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.imports.is_empty() || facts.symbols.get("sys.modules").is_some() {
        return;
    }
    let mut finder = Finder::new(context.names);
    // Imported modules, by the import.
    let mut modules: BTreeMap<u32, Module> = BTreeMap::new();
    for reference in context.project.references(&document.path) {
        let ReferenceKind::Import(at) = reference.kind else { continue };
        let Some(import) = facts.imports.get(at as usize) else { continue };
        if reference.resolution.file().is_none() || is_unsure(document, import) {
            continue;
        }
        let Some(files) = files(context, import) else { continue };
        let Some(first) = files.first() else { continue };
        let name = import.name.map(|name| facts.text(name)).filter(|name| *name != "*");
        match name {
            Some(name) if !is_module(first, facts.text(import.module), name) => {
                if files.iter().all(|&(_, id)| lacks(context, &mut finder, id, name)) {
                    report(context, import.alias_span, first.1, name);
                }
            }
            Some(_) | None if facts.is(import.name, "*") => {}
            _ => {
                modules.insert(at, Module { files });
            }
        }
    }
    if !modules.is_empty() {
        attributes(context, &mut finder, &modules);
    }
}

/// A module that a name stands for.
struct Module {
    files: Vec<(RepoPath, DocumentId)>,
}

/// Whether nobody can say what an import gives: it may fail, it stands in a fork, or Python's own module of the name
/// may be meant.
fn is_unsure(document: &Document, import: &Import) -> bool {
    let facts = &document.python;
    let top = facts.text(import.module).split('.').next().unwrap_or("");
    let forks = |kind| !matches!(kind, BranchKind::Always | BranchKind::Finally);
    import.optional
        || import.level == 0 && (COMMON.contains(&top) || path_is_changed(facts))
        || facts.branches.iter().any(|branch| forks(branch.kind) && branch.span.covers(import.statement))
}

/// Whether `sys.path` is changed in a way that the text does not tell.
fn path_is_changed(facts: &Facts) -> bool {
    let known = facts.path_additions.len();
    let changes = facts.calls.iter().filter(|call| {
        call.path.is_some_and(|path| facts.text(path).starts_with("sys.path.") || facts.text(path) == "site.addsitedir")
    });
    changes.count() > known
}

/// The files that an import can mean, all of them read; `None` if one was not, or is no plain Python.
fn files(context: &Context<'_>, import: &Import) -> Option<Vec<(RepoPath, DocumentId)>> {
    let files = context.project.meanings(context.document, import);
    let known = files.into_iter().map(|file| {
        let id = context.project.id(&file)?;
        Some((file, id))
    });
    known.collect::<Option<Vec<_>>>().filter(|files| !files.is_empty())
}

/// Whether `from MODULE import NAME` was resolved to a module NAME inside of a package.
fn is_module((file, _): &(RepoPath, DocumentId), module: &str, name: &str) -> bool {
    let path = file.as_str();
    let path = path.strip_suffix("/__init__.py").or_else(|| path.strip_suffix(".py")).unwrap_or(path);
    let mut wanted = module.split('.').filter(|part| !part.is_empty()).chain([name]).rev();
    let mut parts = path.rsplit('/');
    wanted.all(|part| parts.next() == Some(part))
}

/// Whether a file surely has no name like that when it is imported.
fn lacks(context: &Context<'_>, finder: &mut Finder<'_, '_>, id: DocumentId, name: &str) -> bool {
    let names = context.names;
    let (Some(module), Some(local)) = (context.project.documents().get(id as usize), names.local(id)) else {
        return false;
    };
    let facts = &module.python;
    let is_dunder = name.starts_with("__") && name.ends_with("__");
    let is_generated = matches!(name, "_version" | "version") || name.ends_with("_pb2") || name.ends_with("_pb2_grpc");
    let is_package = module.path.name() == "__init__.py";
    let unsure = is_dunder
        || is_generated
        || module.is_notebook()
        || !module.path.has_extension("py")
        || !module.problems.is_empty()
        || !local.unknowns.is_empty()
        || facts.syntax_errors.iter().any(|error| error.kind == SyntaxErrorKind::Invalid)
        || TRICKS.iter().any(|word| facts.symbols.get(word).is_some())
        || is_package && ["importlib", "pkgutil"].iter().any(|word| facts.symbols.get(word).is_some())
        || is_package && has_inside(context, &module.path.parent(), name)
        || sets_attributes(facts);
    if unsure || finder.at_end(id, name) != Found::Nothing {
        return false;
    }
    // Deleted again, or only annotated: somebody thought of it.
    let symbol = facts.symbols.get(name);
    symbol.is_none_or(|symbol| local.names.module_bindings(facts, symbol).is_empty()) && !is_given(context, name)
}

/// Whether a folder holds something that could be the module `name`.
fn has_inside(context: &Context<'_>, folder: &RepoPath, name: &str) -> bool {
    let entries = context.project.snapshot.list(folder);
    entries
        .iter()
        .any(|entry| entry.name.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
}

/// Whether `setattr` is called at the top level.
fn sets_attributes(facts: &Facts) -> bool {
    let Some(setattr) = facts.symbols.get("setattr") else { return false };
    facts.calls.iter().any(|call| call.path == Some(setattr) && call.function.is_none())
}

/// Whether some code gives a module an attribute of that name: `module.x = …`.
fn is_given(context: &Context<'_>, name: &str) -> bool {
    context.project.documents().iter().any(|document| {
        let facts = &document.python;
        let last = |path: &str| path.rsplit('.').next() == Some(name);
        facts.attributes.iter().any(|row| row.stored && last(facts.text(row.path)))
    })
}

/// `module.missing`.
fn attributes(context: &mut Context<'_>, finder: &mut Finder<'_, '_>, modules: &BTreeMap<u32, Module>) {
    let document = context.document;
    let facts = &document.python;
    let Some((_, local)) = context.names.of(&document.path) else { return };
    // The uses that read such a module, by place.
    let mut roots: HashMap<u32, u32> = HashMap::new();
    for (row, &read) in facts.uses.iter().zip(&local.names.reads) {
        if let Some(BindingKind::Import(import)) = facts.bindings.get(read as usize).map(|row| row.kind)
            && modules.contains_key(&import)
            && is_bound_once(facts, read)
        {
            roots.insert(row.span.start, import);
        }
    }
    let chains = facts.attributes.iter().filter(|row| !row.stored).map(|row| row.span);
    let calls = facts.calls.iter().filter(|call| call.path.is_some());
    let calls = calls.map(|call| Span::new(call.span.start, call.callee.end.max(call.span.start)));
    let mut places: Vec<(Span, u32)> =
        chains.chain(calls).filter_map(|span| Some((span, *roots.get(&span.start)?))).collect();
    places.sort_unstable();
    places.dedup();
    let mut said: Vec<(u32, String)> = Vec::new();
    for (span, at) in places {
        let (Some(import), Some(module)) = (facts.imports.get(at as usize), modules.get(&at)) else { continue };
        let Some((place, name)) = attribute(document, import, span) else { continue };
        let tried = facts.branches.iter().any(|branch| branch.kind == BranchKind::Try && branch.span.covers(span));
        let asked = facts.strings.iter().any(|string| &*string.value == name);
        let known = |said: &[(u32, String)]| said.iter().any(|(import, known)| *import == at && known == name);
        if tried || asked || known(&said) || hidden_by_package(context, import, module) {
            continue;
        }
        let Some(&(_, first)) = module.files.first() else { continue };
        if module.files.iter().all(|&(_, id)| lacks(context, finder, id, name)) {
            said.push((at, name.to_owned()));
            report(context, place, first, name);
        }
    }
}

/// Whether nothing else binds the name in that scope, other imports of the same package aside.
fn is_bound_once(facts: &Facts, binding: u32) -> bool {
    let Some(row) = facts.bindings.get(binding as usize) else { return false };
    let BindingKind::Import(import) = row.kind else { return false };
    let module = |import: u32| facts.imports.get(import as usize).map(|row| (row.module, row.name, row.level));
    let same = |other: &BindingKind| matches!(other, BindingKind::Import(other) if module(*other) == module(import));
    facts
        .bindings
        .iter()
        .filter(|other| other.name == row.name && other.scope == row.scope)
        .all(|other| same(&other.kind))
}

/// The name that a chain takes out of the module that `import` binds, and where it stands.
fn attribute<'d>(document: &'d Document, import: &Import, chain: Span) -> Option<(Span, &'d str)> {
    let facts = &document.python;
    let text = chain.of(document.text());
    let bound = facts.text(import.bound?);
    let module = facts.text(import.module);
    let plain = import.name.is_none() && import.alias_span.end <= import.span.end;
    let root = if plain { module } else { bound };
    let rest = text.strip_prefix(root)?.strip_prefix('.')?;
    let name = rest.split('.').next()?;
    let is_name = !name.is_empty() && name.chars().all(|c| c.is_alphanumeric() || c == '_');
    let start = chain.start + u32::try_from(text.len() - rest.len()).ok()?;
    is_name.then(|| (Span::new(start, start + u32::try_from(name.len()).unwrap_or(0)), name))
}

/// Whether the package around a module says something of its name, and so may mean another thing by it:
/// `from .load import load`.
fn hidden_by_package(context: &Context<'_>, import: &Import, module: &Module) -> bool {
    let Some((file, _)) = module.files.first() else { return true };
    let folder = file.parent();
    let (folder, name) =
        if file.name() == "__init__.py" { (folder.parent(), folder.name()) } else { (folder, file.stem()) };
    if context.document.python.text(import.module) == name && import.name.is_none() {
        return false;
    }
    let Some(init) = folder.join("__init__.py") else { return true };
    let text = context.text_of(&init).unwrap_or_default();
    text.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == name)
}

fn report(context: &mut Context<'_>, place: Span, id: DocumentId, name: &str) {
    let names: &Namespaces<'_> = context.names;
    let (Some(module), Some(local)) = (context.project.documents().get(id as usize), names.local(id)) else { return };
    let facts = &module.python;
    let bound: Vec<_> = local.names.module().iter().filter_map(|&at| facts.bindings.get(at as usize)).collect();
    let near = nearest(name, bound.iter().filter(|row| row.kind.binds()).map(|row| facts.text(row.name)));
    let advice = near.map_or(String::new(), |near| format!(": did you mean `{near}`?"));
    let near = near.and_then(|near| bound.iter().find(|row| facts.text(row.name) == near));
    let elsewhere = names.bound_in(name).filter_map(|(other, binding)| {
        let document = context.project.documents().get(other as usize)?;
        let row = document.python.bindings.get(binding as usize)?;
        let defined = matches!(row.kind, BindingKind::Function(_) | BindingKind::Class | BindingKind::Assignment);
        (defined && !document.is_notebook() && document.path != context.document.path).then_some((document, row.span))
    });
    let elsewhere: Vec<_> = elsewhere.take(3).collect();
    let path = &module.path;
    let near = near.map(|row| (path.clone(), row.span));
    let finding = context.report(place, format!("`{path}` does not define `{name}`{advice}"));
    if let Some((path, span)) = near {
        finding.note(path, span, "the most similar name");
    }
    for (document, span) in elsewhere {
        finding.note(document.path.clone(), span, format!("a `{name}` is defined here"));
    }
}
