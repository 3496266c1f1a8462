//! Pages: `rules/pipeline/legacy-dlt.md`, `rules/pipeline/live-prefix.md`.

use super::source::{datasets, speaks_of_pipelines};
use crate::notebook::Language;
use crate::project::document::{Document, Kind};
use crate::python::facts::{Facts, Function, Import, NameUse, Value};
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// What the new module calls what the old one has, where it is no matter of what the function does.
///
/// Source: Databricks documentation, "What happened to Delta Live Tables (DLT)?" and the references of both modules.
const RENAMED: &[(&str, &str)] = &[
    ("append_flow", "dp.append_flow"),
    ("apply_changes", "dp.create_auto_cdc_flow"),
    ("apply_changes_from_snapshot", "dp.create_auto_cdc_from_snapshot_flow"),
    ("create_auto_cdc_flow", "dp.create_auto_cdc_flow"),
    ("create_auto_cdc_from_snapshot_flow", "dp.create_auto_cdc_from_snapshot_flow"),
    ("create_sink", "dp.create_sink"),
    ("create_streaming_live_table", "dp.create_streaming_table"),
    ("create_streaming_table", "dp.create_streaming_table"),
    ("create_target_table", "dp.create_streaming_table"),
    ("expect", "dp.expect"),
    ("expect_all", "dp.expect_all"),
    ("expect_all_or_drop", "dp.expect_all_or_drop"),
    ("expect_all_or_fail", "dp.expect_all_or_fail"),
    ("expect_or_drop", "dp.expect_or_drop"),
    ("expect_or_fail", "dp.expect_or_fail"),
    ("read", "spark.read.table"),
    ("readStream", "spark.readStream.table"),
    ("read_stream", "spark.readStream.table"),
    ("view", "dp.temporary_view"),
];

/// `import dlt`.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("dlt").is_none() || !speaks_of_pipelines(facts) {
        return;
    }
    for import in facts.imports.iter().filter(|row| row.level == 0 && facts.text(row.module) == "dlt") {
        let message = "`dlt` is the old name of the pipelines' module: `from pyspark import pipelines as dp`";
        let edits = replacement(document, facts, import);
        let finding = context.report(import.statement, message);
        if let Some(edits) = edits {
            finding.unsafe_fix("Use `pyspark.pipelines`", edits);
        }
    }
}

/// The edits that put the new module in the place of the old one; `None` if one use of it cannot be translated.
fn replacement(document: &Document, facts: &Facts, import: &Import) -> Option<Vec<Edit>> {
    let text = document.text();
    let dlt = facts.symbols.get("dlt")?;
    let only = import.statement.of(text).split_whitespace().eq(["import", "dlt"])
        && facts.bindings.iter().filter(|row| row.name == dlt).count() == 1
        && facts.symbols.get("dp").is_none();
    if !only {
        return None;
    }
    let sets = datasets(facts);
    let mut edits = vec![Edit::replace(import.statement, "from pyspark import pipelines as dp")];
    for usage in facts.uses.iter().filter(|row| row.name == dlt) {
        let (place, name) = member_at(text, usage)?;
        let function = sets.iter().map(|(_, row)| row).find(|row| is_decorator(row, usage));
        let new = match name {
            "table" | "create_table" => table(text, function?)?,
            "create_view" => "dp.temporary_view",
            name => RENAMED.iter().find(|(old, _)| *old == name).map(|(_, new)| *new)?,
        };
        if new.starts_with("spark.") && !reads_one_name(facts, place) {
            return None;
        }
        edits.push(Edit::replace(place, new));
    }
    Some(edits)
}

/// The whole `dlt.member` at a use of `dlt`, and the member.
fn member_at<'t>(text: &'t str, usage: &NameUse) -> Option<(Span, &'t str)> {
    let rest = text.get(usage.span.end as usize..)?.strip_prefix('.')?;
    let end = rest.find(|c: char| c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
    let name = rest.get(..end)?;
    let end = usage.span.end + 1 + u32::try_from(end).ok()?;
    Some((Span::new(usage.span.start, end), name))
}

fn is_decorator(function: &Function, usage: &NameUse) -> bool {
    function.span.start <= usage.span.start && usage.span.end <= function.name_span.start
}

/// What a table's decorator becomes: that depends on whether the function reads streams.
fn table(text: &str, function: &Function) -> Option<&'static str> {
    let body = Span::new(function.name_span.end, function.span.end).of(text);
    let streams = ["readStream", "read_stream"].iter().any(|word| body.contains(word));
    let reads = ["spark.read.", "spark.table(", "dlt.read("].iter().any(|word| body.contains(word));
    match (streams, reads) {
        // A stream that is joined with a table is a stream.
        (true, _) => Some("dp.table"),
        (false, true) => Some("dp.materialized_view"),
        (false, false) => None,
    }
}

/// Whether the call whose callee is at `place` has one positional argument: the readers' others have no counterpart.
fn reads_one_name(facts: &Facts, place: Span) -> bool {
    facts
        .calls
        .iter()
        .filter(|call| call.span.start == place.start && call.callee.end == place.end)
        .any(|call| matches!(facts.arguments(call), [argument] if argument.keyword.is_none() && !argument.starred))
}

/// `LIVE.x`.
pub(super) fn live(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if speaks_of_pipelines(facts) {
        python(context, facts);
    }
    let text = document.text();
    let says_so = |code: &str| {
        let code = code.to_ascii_uppercase();
        code.contains("STREAMING TABLE")
            || code.contains("MATERIALIZED VIEW")
            || code.contains("LIVE TABLE")
            || code.contains("LIVE VIEW")
    };
    match &document.notebook {
        Some(notebook) => {
            for cell in notebook.cells.iter().filter(|cell| cell.language == Language::Sql) {
                if says_so(text) {
                    sql(context, cell.body);
                }
            }
        }
        None if document.kind == Kind::Sql && says_so(text) => {
            sql(context, Span::new(0, u32::try_from(text.len()).unwrap_or(u32::MAX)));
        }
        None => {}
    }
}

const MESSAGE: &str =
    "the schema `LIVE` is of the old way to publish and is ignored since: name the dataset without it";

fn python(context: &mut Context<'_>, facts: &Facts) {
    const READERS: &[&str] =
        &["spark.table", "spark.read.table", "spark.readStream.table", "dlt.read", "dlt.read_stream", "dlt.readStream"];
    let text = context.document.text();
    let mut places = Vec::new();
    for call in &facts.calls {
        let path = call.path.map_or("", |path| facts.text(path));
        let Some(argument) = facts.arguments(call).first() else { continue };
        // Behind an option the reader is a chain that begins with `spark`.
        let is_reader =
            READERS.contains(&path) || (facts.is(call.method, "table") && call.span.of(text).starts_with("spark.read"));
        if is_reader && matches!(&argument.value, Value::String(_) | Value::Partial { .. }) {
            let code = argument.span.of(text);
            let quote = code.find(['"', '\'']).map_or(0, |at| at + 1);
            let inner = code.get(quote..).unwrap_or_default();
            if inner.get(..5).is_some_and(|start| start.eq_ignore_ascii_case("live.")) {
                let start = argument.span.start + u32::try_from(quote).unwrap_or(0);
                places.push(Span::new(start, start + 5));
            }
        } else if path == "spark.sql" {
            places.extend(in_sql(text, argument.span));
        }
    }
    for place in places {
        context.report(place, MESSAGE).unsafe_fix("Name the dataset without `LIVE`", vec![Edit::delete(place)]);
    }
}

fn sql(context: &mut Context<'_>, span: Span) {
    for place in in_sql(context.document.text(), span) {
        context.report(place, MESSAGE).unsafe_fix("Name the dataset without `LIVE`", vec![Edit::delete(place)]);
    }
}

/// The places of `LIVE.` where SQL expects a table, outside of comments.
fn in_sql(text: &str, span: Span) -> Vec<Span> {
    let mut found = Vec::new();
    let mut at = span.start;
    let mut before = String::new();
    for line in span.of(text).split_inclusive('\n') {
        let skipped = ["-- MAGIC", "# MAGIC", "// MAGIC"]
            .iter()
            .find(|prefix| line.starts_with(**prefix))
            .map_or(0, |prefix| prefix.len());
        let content = line.get(skipped..).unwrap_or_default();
        let code = content.split("--").next().unwrap_or_default();
        let upper = code.to_ascii_uppercase();
        for (hit, _) in upper.match_indices("LIVE.") {
            let head = upper.get(..hit).unwrap_or_default();
            let ahead = if head.trim().is_empty() { before.as_str() } else { head };
            let ahead = ahead.trim_end().trim_end_matches('(').trim_end();
            let is_table = ["FROM", "JOIN", "STREAM", "USING", "INTO"].iter().any(|word| {
                ahead.strip_suffix(word).is_some_and(|rest| !rest.ends_with(|c: char| c == '_' || c.is_alphanumeric()))
            });
            if is_table && !head.ends_with(|c: char| c == '_' || c == '.' || c == '`' || c.is_alphanumeric()) {
                let start = at + u32::try_from(skipped + hit).unwrap_or(0);
                found.push(Span::new(start, start + 5));
            }
        }
        if !code.trim().is_empty() {
            before = upper;
        }
        at += u32::try_from(line.len()).unwrap_or(0);
    }
    found
}
