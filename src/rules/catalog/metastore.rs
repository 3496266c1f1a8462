//! Pages: `rules/catalog/hive-metastore.md`, `two-level-name.md`.

use crate::project::document::Document;
use crate::python::facts::{Facts, Value};
use crate::rules::chains::{Chain, calls};
use crate::rules::context::Context;
use crate::rules::platform::sql::statements;
use crate::sql::facts::StatementKind;
use crate::text::Span;
use std::collections::HashSet;

/// The catalog of the old metastore.
const HIVE: &str = "hive_metastore";

/// A table that Python names.
struct Named<'f> {
    /// Its name, or as much of its start as is known.
    name: &'f str,
    whole: bool,
    span: Span,
}

/// Names of tables that readers, writers and the catalog are given.
fn named(document: &Document) -> Vec<Named<'_>> {
    let facts: &Facts = &document.python;
    let argument = |chain: &Chain<'_>| -> Option<(usize, &'static str)> {
        Some(match chain.last() {
            "table" | "saveAsTable" | "insertInto" | "writeTo" | "toTable" => (0, "tableName"),
            "tableExists" | "getTable" | "refreshTable" | "listColumns" | "recoverPartitions"
                if chain.before_last() == Some("catalog") =>
            {
                (0, "tableName")
            }
            "listTables" | "setCurrentDatabase" | "databaseExists" if chain.before_last() == Some("catalog") => {
                (0, "dbName")
            }
            "setCurrentCatalog" if chain.before_last() == Some("catalog") => (0, "catalogName"),
            "forName" if chain.before_last() == Some("DeltaTable") => (1, "tableOrViewName"),
            _ => return None,
        })
    };
    let mut found = Vec::new();
    for chain in calls(document) {
        let (Some((_, call)), Some((position, keyword))) = (chain.call, argument(&chain)) else { continue };
        let Some(value) = facts.argument(call, position, keyword) else { continue };
        match &value.value {
            Value::String(name) => found.push(Named { name, whole: true, span: value.span }),
            Value::Partial { prefix, .. } => found.push(Named { name: prefix, whole: false, span: value.span }),
            _ => {}
        }
    }
    found
}

/// `hive_metastore`.
pub(super) fn hive(context: &mut Context<'_>) {
    let document = context.document;
    let mut found: Vec<(Span, String)> = Vec::new();
    for view in statements(context) {
        for table in &view.row.tables {
            let Some(first) =
                table.parts.first().filter(|_| table.parts.len() > 1 || view.row.kind == StatementKind::Use)
            else {
                continue;
            };
            if first.text.eq_ignore_ascii_case(HIVE) && !first.is_open {
                found.push((first.span, table.name()));
            }
        }
        if view.row.kind == StatementKind::Use {
            let at = view.row.verb + 1 + usize::from(view.is(view.row.verb + 1, "catalog"));
            let word = view.text(at).trim_matches('`');
            if word.eq_ignore_ascii_case(HIVE) {
                found.extend(view.span(at).map(|span| (span, String::new())));
            }
        }
    }
    for one in named(document) {
        let starts =
            one.name.strip_prefix(HIVE).is_some_and(|rest| rest.starts_with('.') || rest.is_empty() && one.whole);
        if starts {
            found.push((one.span, one.name.to_owned()));
        }
    }
    found.sort();
    // Each table once, where it is first named.
    let mut seen = HashSet::new();
    found.retain(|(span, name)| seen.insert((name.clone(), if name.is_empty() { *span } else { Span::default() })));
    for (span, _) in found {
        context.report(
            span,
            "the Hive metastore is deprecated, and new workspaces have none: use a catalog of Unity Catalog",
        );
    }
}

/// `schema.table` where nothing says which catalog is meant.
pub(super) fn two_level(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let chosen = statements(context).any(|view| view.row.kind == StatementKind::Use)
        || facts.symbols.get("setCurrentCatalog").is_some()
        || facts.symbols.get("spark.catalog.setCurrentCatalog").is_some();
    if chosen {
        return;
    }
    let no_schema = |first: &str| {
        let formats = ["delta", "parquet", "csv", "json", "text", "orc", "avro", "iceberg", "binaryfile", "xml"];
        let others = ["global_temp", "live", "information_schema", "session", "system"];
        let first = first.to_ascii_lowercase();
        formats.contains(&&*first) || others.contains(&&*first)
    };
    let mut found: Vec<(Span, String)> = Vec::new();
    for view in statements(context) {
        for table in view.row.tables.iter().filter(|table| !table.is_cte && table.is_known()) {
            let [schema, name] = table.parts.as_slice() else { continue };
            if !no_schema(&schema.text) {
                found.push((table.span, format!("{}.{}", schema.text, name.text)));
            }
        }
    }
    for one in named(document).into_iter().filter(|one| one.whole) {
        let mut parts = one.name.split('.');
        if let (Some(schema), Some(table), None) = (parts.next(), parts.next(), parts.next())
            && !schema.is_empty()
            && !table.is_empty()
            && !no_schema(schema)
            && !one.name.contains(['/', '`', ' '])
        {
            found.push((one.span, one.name.to_owned()));
        }
    }
    found.sort();
    let mut seen = HashSet::new();
    found.retain(|(_, name)| seen.insert(name.clone()));
    for (span, name) in found {
        let message =
            format!("`{name}` is a table of whatever catalog is the default where it runs: name the catalog, too");
        context.report(span, message);
    }
}
