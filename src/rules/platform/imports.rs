//! Pages: `rules/platform/dstream-api.md`, `horovod.md`, `legacy-cli.md`: libraries and tools of another time.

use super::needs_dedicated;
use crate::finding::Severity;
use crate::notebook::Language;
use crate::notebook::magic::MagicKind;
use crate::project::document::Document;
use crate::python::facts::{Facts, Import};
use crate::rules::chains::is_elsewhere;
use crate::rules::context::Context;
use crate::text::Span;

/// Imports of a module or of what is below it.
fn imports_of<'f>(document: &'f Document, module: &'static str) -> impl Iterator<Item = &'f Import> {
    let facts: &Facts = &document.python;
    let rows = if is_elsewhere(document) { &[][..] } else { facts.imports.as_slice() };
    rows.iter().filter(move |import| {
        let name = facts.text(import.module);
        let rest = name.strip_prefix(module);
        let whole = name == module.rsplit_once('.').map_or("", |(parent, _)| parent)
            && import.name.is_some_and(|name| module.rsplit('.').next() == Some(facts.text(name)));
        import.level == 0 && (whole || rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.')))
    })
}

/// Spark's first streaming API.
pub(super) fn dstream(context: &mut Context<'_>) {
    let severity = needs_dedicated(context).map_or(context.settings.severity, |(severity, _)| severity);
    for import in imports_of(context.document, "pyspark.streaming") {
        let message = "`pyspark.streaming` is Spark's old streaming API, which Spark no longer develops and standard and serverless compute do not have: use `spark.readStream`";
        context.report_with(severity, import.span, message);
    }
}

/// Horovod, which newer runtimes do not bring.
pub(super) fn horovod(context: &mut Context<'_>) {
    /// The first runtime for machine learning without it.
    const GONE: (u16, u16) = (16, 0);
    let target = context.target;
    let severity = match target.dbr {
        Some(dbr) if dbr >= GONE => Severity::Error,
        _ => context.settings.severity,
    };
    let facts = &context.document.python;
    for import in imports_of(context.document, "horovod")
        .chain(imports_of(context.document, "sparkdl"))
        .filter(|import| !import.optional)
    {
        if facts.text(import.module).starts_with("sparkdl") && !facts.is(import.name, "HorovodRunner") {
            continue;
        }
        let message = "Horovod is not in runtimes after 15.4 ML: use `TorchDistributor` or DeepSpeed";
        context.report_with(severity, import.span, message);
    }
}

/// The command line before the Databricks CLI of today, as a package and as a command.
pub(super) fn legacy_cli(context: &mut Context<'_>) {
    let document = context.document;
    for import in imports_of(document, "databricks_cli") {
        let message =
            "`databricks_cli` is the legacy command line, which is no longer developed: use the SDK, `databricks.sdk`";
        context.report(import.span, message);
    }
    for command in commands(document) {
        let text = command.of(document.text());
        for (span, word) in legacy_words(text, command.start) {
            let message = match word {
                Word::Package => "`databricks-cli` is the legacy command line, which is no longer developed: install `databricks-sdk`, or the new CLI".to_owned(),
                Word::Command(command) => {
                    format!("`{command}` is a command of the legacy command line, which the Databricks CLI of today does not have")
                }
            };
            context.report(span, message);
        }
    }
}

/// Lines of a notebook that a shell or pip reads.
fn commands(document: &Document) -> Vec<Span> {
    let Some(notebook) = &document.notebook else { return Vec::new() };
    let mut found = Vec::new();
    for cell in &notebook.cells {
        if cell.language == Language::Shell {
            found.push(cell.body);
        } else {
            let magics = cell.magics.iter().filter(|magic| magic.live);
            let kinds = magics.filter(|magic| matches!(magic.kind, MagicKind::Install | MagicKind::Shell));
            found.extend(kinds.map(|magic| magic.argument.to(magic.name)));
        }
    }
    found
}

/// What of the legacy command line a command names.
enum Word {
    Package,
    Command(String),
}

/// Commands that only the legacy command line has: two or three words.
const COMMANDS: [&[&str]; 8] = [
    &["databricks", "workspace", "import_dir"],
    &["databricks", "workspace", "export_dir"],
    &["databricks", "runs"],
    &["databricks", "stack"],
    &["databricks", "jobs", "configure"],
    &["databricks", "secrets", "put"],
    &["databricks", "secrets", "write"],
    &["databricks", "secrets", "write-acl"],
];

fn legacy_words(text: &str, start: u32) -> Vec<(Span, Word)> {
    let mut found = Vec::new();
    let offset = |word: &str| word.as_ptr() as usize - text.as_ptr() as usize + start as usize;
    for line in text.lines() {
        // `#` starts a comment of the shell, but `# MAGIC` the line.
        let line = line.strip_prefix("# MAGIC").unwrap_or(line);
        let line = line.split(" #").next().unwrap_or("");
        if line.trim_start().starts_with('#') {
            continue;
        }
        let words: Vec<&str> =
            line.split([' ', '\t', ';', '&', '|', '"', '\'', '(', ')', '`']).filter(|word| !word.is_empty()).collect();
        for (at, word) in words.iter().enumerate() {
            let name = word.split(['=', '>', '<', '~', '[']).next().unwrap_or("");
            if name == "databricks-cli" && words.iter().take(at).any(|before| *before == "install") {
                let from = offset(word);
                found.push((Span::from_range(from..from + name.len()), Word::Package));
            }
            let command = COMMANDS.iter().find(|command| words.get(at..).is_some_and(|rest| rest.starts_with(command)));
            if let (Some(command), Some(last)) =
                (command, command.and_then(|command| words.get(at + command.len() - 1)))
            {
                let (from, to) = (offset(word), offset(last) + last.len());
                found.push((Span::from_range(from..to), Word::Command(command.join(" "))));
            }
        }
    }
    found
}
