//! Page: `rules/workflow/widget-in-script.md`.

use super::closure::declared;
use crate::bundle::TaskRole;
use crate::finding::Severity;
use crate::python::facts::Value;
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;

/// Widgets in plain Python files that only jobs run, as files.
pub(super) fn widget(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("dbutils.widgets.get").is_none()
        && facts.symbols.get("databricks.sdk.runtime.dbutils.widgets.get").is_none()
    {
        return;
    }
    let usages = context.project.tasks_of(&document.path);
    let as_file = |role: Option<TaskRole>| role == Some(TaskRole::PythonFile);
    if usages.is_empty() || !usages.iter().all(|usage| as_file(usage.task.file.as_ref().map(|file| file.role))) {
        return;
    }
    let own = declared(document);
    let mut found: Vec<(Span, String, bool)> = Vec::new();
    for call in calls_to(facts, "dbutils.widgets.get") {
        let Some(argument) = facts.argument(call, 0, "name") else { continue };
        let Value::String(name) = &argument.value else { continue };
        let made = own.more || own.widgets.iter().any(|widget| widget.name == **name);
        let tried = facts
            .branches
            .iter()
            .any(|row| row.kind == crate::python::facts::BranchKind::Try && row.span.covers(call.span));
        if !tried {
            found.push((Span::new(call.span.start, call.callee.end), name.to_string(), made));
        }
    }
    found.sort_unstable();
    for (span, name, made) in found {
        let advice = "a Python file is given its parameters as arguments: read them from `sys.argv`, with `argparse`";
        if made {
            let message = format!("the widget `{name}` always has its default here: {advice}");
            context.report_with(context.settings.severity.min(Severity::Warning), span, message);
        } else {
            context.report(span, format!("there is no widget `{name}`: {advice}"));
        }
    }
}
