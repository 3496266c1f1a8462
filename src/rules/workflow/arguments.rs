//! Pages: `notebook-run-argument-not-string`, `notebook-run-unknown-argument`, `notebook-run-without-timeout` under
//! `rules/workflow/`.

use super::closure::{declared, reads_unknown};
use super::literal::{Kind, dictionary};
use crate::project::document::Document;
use crate::project::reference::ReferenceKind;
use crate::python::facts::{Facts, Value};
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;
use crate::text::nearest::nearest;
use std::collections::BTreeSet;

const RUN: &str = "dbutils.notebook.run";

/// Values that are no strings, and strings that are not ASCII.
pub(super) fn not_string(context: &mut Context<'_>) {
    let document = context.document;
    let (text, facts) = (document.text(), &document.python);
    for call in calls_to(facts, RUN) {
        let Some(argument) = facts.argument(call, 2, "arguments") else { continue };
        for entry in dictionary(text, facts, argument.span).unwrap_or_default() {
            let code = entry.value_span.of(text);
            match entry.value {
                Kind::NoString(what) => {
                    let message = format!("a notebook is given strings only, not {what}: write it as a string");
                    let finding = context.report(entry.value_span, message);
                    if what == "a number" {
                        finding.fix(
                            "Write the number as a string",
                            vec![Edit::replace(entry.value_span, format!("\"{code}\""))],
                        );
                    }
                }
                Kind::String(value) if !value.is_ascii() => {
                    let message = "a notebook is given ASCII characters only: encode this one, or let the notebook read it \
                                   from a table or file";
                    context.report(entry.value_span, message);
                }
                _ => {}
            }
        }
    }
}

/// `dbutils.notebook.run` without a timeout.
pub(super) fn without_timeout(context: &mut Context<'_>) {
    let facts = &context.document.python;
    for call in calls_to(facts, RUN) {
        let arguments = facts.arguments(call);
        if arguments.iter().any(|it| it.starred) || arguments.is_empty() || has_timeout(facts, arguments) {
            continue;
        }
        let last = arguments.first().filter(|it| it.keyword.is_none() && arguments.len() == 1).map(|it| it.span.end);
        let message = "`dbutils.notebook.run` needs a timeout in seconds as its second argument; 0 waits without end";
        let finding = context.report(Span::new(call.span.start, call.callee.end), message);
        if let Some(end) = last {
            finding.unsafe_fix("Wait without end", vec![Edit::insert(end, ", 0")]);
        }
    }
}

fn has_timeout(facts: &Facts, arguments: &[crate::python::facts::Argument]) -> bool {
    let positional = arguments.iter().filter(|it| it.keyword.is_none()).count();
    positional >= 2
        || arguments.iter().any(|it| facts.is(it.keyword, "timeout_seconds") || facts.is(it.keyword, "timeoutSeconds"))
}

/// Arguments that the notebook which is run does not read.
pub(super) fn unknown(context: &mut Context<'_>) {
    let document = context.document;
    let (text, facts) = (document.text(), &document.python);
    if calls_to(facts, RUN).next().is_none() {
        return;
    }
    for reference in context.project.references(&document.path) {
        if reference.kind != ReferenceKind::NotebookRun {
            continue;
        }
        let Some(target) = reference.resolution.file().and_then(|path| context.project.document(path)) else {
            continue;
        };
        let Some(call) = facts.calls.iter().find(|call| call.span == reference.command) else { continue };
        let Some(argument) = facts.argument(call, 2, "arguments") else { continue };
        let entries = dictionary(text, facts, argument.span).unwrap_or_default();
        if entries.is_empty() {
            continue;
        }
        let Some(known) = known_names(context, target) else { continue };
        for entry in entries {
            let Some(key) = entry.key.filter(|key| !known.contains(*key)) else { continue };
            let meant = nearest(key, known.iter().map(String::as_str));
            let message = match meant {
                Some(meant) => format!("`{}` reads no widget `{key}`: did you mean `{meant}`?", target.path.stem()),
                None => format!("`{}` reads no widget `{key}`: the argument has no effect", target.path.stem()),
            };
            context.report(entry.key_span, message);
        }
    }
}

/// The names of all widgets that a notebook, and what it runs, declares or reads; `None` if that cannot be said.
pub(super) fn known_names(context: &Context<'_>, target: &Document) -> Option<BTreeSet<String>> {
    let project = context.project;
    let id = project.id(&target.path)?;
    let mut found = BTreeSet::new();
    let reached: Vec<u32> = std::iter::once(id).chain(project.runs().reached(id)).take(200).collect();
    for at in reached {
        let document = project.documents().get(at as usize)?;
        let lacks = project
            .references(&document.path)
            .iter()
            .any(|row| row.kind == ReferenceKind::Run && row.resolution.file().is_none());
        let declared = declared(document);
        if document.notebook.is_none()
            || declared.more
            || lacks
            || reads_unknown(document)
            || mentions_in_other_languages(document)
        {
            return None;
        }
        found.extend(declared.widgets.into_iter().map(|widget| widget.name));
        let facts = &document.python;
        for path in ["dbutils.widgets.get", "dbutils.widgets.getArgument", "getArgument"] {
            for call in calls_to(facts, path) {
                if let Some(Value::String(name)) = facts.argument(call, 0, "name").map(|argument| &argument.value) {
                    found.insert(name.to_string());
                }
            }
        }
    }
    Some(found)
}

/// Whether code that is no Python may read widgets: `${x}`, `:x`, `getArgument("x")`, `dbutils.widgets.get("x")`.
fn mentions_in_other_languages(document: &Document) -> bool {
    use crate::notebook::Language;
    let text = document.text();
    let sql_in_python = document.python.strings.iter().any(|row| row.value.contains("${"));
    sql_in_python
        || document.notebook.iter().flat_map(|notebook| &notebook.cells).any(|cell| {
            let code = cell.body.of(text);
            match cell.language {
                Language::Sql => code.contains(['$', ':']) || code.contains("getArgument"),
                Language::Scala | Language::R => code.contains("widgets") || code.contains("getArgument"),
                Language::Shell | Language::Fs => code.contains('$'),
                _ => cell.magics.iter().any(|magic| magic.argument.of(text).contains('$')),
            }
        })
}
