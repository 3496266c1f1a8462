//! Page: `rules/platform/input-file-name.md`.

use crate::finding::Severity;
use crate::python::facts::BindingKind;
use crate::rules::chains::calls;
use crate::rules::context::{Compute, Context};
use crate::text::edit::Edit;

/// `input_file_name()` of `pyspark.sql.functions`.
pub(super) fn check(context: &mut Context<'_>) {
    super::sql::input_file_name(context);
    let document = context.document;
    let facts = &document.python;
    let severity = match context.target.compute {
        Some(Compute::Serverless | Compute::Standard) => Severity::Error,
        _ => context.settings.severity,
    };
    let imports = |name: &str| {
        facts.bindings.iter().filter(|row| facts.text(row.name) == name).any(|row| match row.kind {
            BindingKind::Import(at) => facts.imports.get(at as usize).is_some_and(|import| {
                facts.text(import.module).starts_with("pyspark.sql") && facts.is(import.name, name)
            }),
            _ => false,
        })
    };
    let star = facts
        .imports
        .iter()
        .any(|import| facts.is(import.name, "*") && facts.text(import.module) == "pyspark.sql.functions");
    let col = star || imports("col");
    for chain in calls(document) {
        let Some((_, call)) = chain.call.filter(|_| chain.last() == "input_file_name") else { continue };
        let path = chain.path().unwrap_or("");
        let plain = path == "input_file_name";
        let is_it = path.starts_with("pyspark.sql.") || plain && star;
        if !is_it || !facts.arguments(call).is_empty() {
            continue;
        }
        let message = "`input_file_name()` does not work under Unity Catalog on standard and serverless compute: select `_metadata.file_path`";
        let written = chain.span.of(document.text());
        let column = match written.strip_suffix("input_file_name") {
            Some("") if col => Some("col(\"_metadata.file_path\")".to_owned()),
            Some(module) if !module.is_empty() => Some(format!("{module}col(\"_metadata.file_path\")")),
            _ => None,
        };
        let finding = context.report_with(severity, chain.span, message);
        if let Some(column) = column {
            finding.unsafe_fix("use `_metadata.file_path`", vec![Edit::replace(call.span, column)]);
        }
    }
}
