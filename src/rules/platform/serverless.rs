//! Pages: `rules/platform/cache-on-serverless.md`, `global-temp-view.md`, `workspace-file-on-serverless.md`.

use super::is_serverless;
use crate::finding::Severity;
use crate::flow::kind::Kind;
use crate::project::document::Document;
use crate::python::facts::{Call, Value};
use crate::python::nodes::NodeKind;
use crate::rules::chains::{Chain, calls, utility};
use crate::rules::context::{Compute, Context};
use crate::text::Span;
use crate::text::edit::Edit;

/// Methods of a data frame that keep it in memory or on disk.
///
/// Source: Databricks documentation, "Serverless compute limitations", caching. `localCheckpoint` is not among them.
const CACHES: [&str; 4] = ["cache", "checkpoint", "persist", "unpersist"];
/// The same of `spark.catalog`.
const CATALOG_CACHES: [&str; 3] = ["cacheTable", "clearCache", "uncacheTable"];

/// `df.cache()` and its like, where there is nothing to cache in.
pub(super) fn cache(context: &mut Context<'_>) {
    if !is_serverless(context) {
        return;
    }
    super::sql::cache(context);
    let document = context.document;
    let facts = &document.python;
    if CACHES.iter().chain(&CATALOG_CACHES).all(|name| facts.symbols.get(name).is_none()) {
        return;
    }
    for chain in calls(document) {
        let name = chain.last();
        let of_catalog = chain.before_last() == Some("catalog") && CATALOG_CACHES.contains(&name);
        let of_frame = chain.call.is_some_and(|(_, call)| CACHES.contains(&name) && is_on_frame(context, name, call));
        if !of_catalog && !of_frame {
            continue;
        }
        let span = chain.place(document, name);
        let message = format!(
            "`{name}` fails on serverless compute, which caches by itself: remove it, or write what is used often to a table"
        );
        let edit = removal(document, &chain).filter(|_| of_frame && matches!(name, "cache" | "persist"));
        let finding = context.report(span, message);
        if let Some(edit) = edit {
            finding.unsafe_fix(format!("remove `.{name}()`"), vec![edit]);
        }
    }
}

/// Whether a method that caches is one of a data frame: as far as values are known, or else by a name such as
/// `orders_df`, in code that uses Spark. Data frames of pandas have no such methods.
fn is_on_frame(context: &Context<'_>, name: &str, call: &Call) -> bool {
    let facts = &context.document.python;
    match context.flow.receiver(call).kind {
        Kind::Frame => true,
        Kind::Unknown if name != "checkpoint" => {
            let speaks_of_spark = facts.symbols.get("spark").is_some() || facts.symbols.get("pyspark").is_some();
            let fits = facts.arguments(call).len() <= usize::from(name != "cache");
            let named = |symbol| facts.text(symbol).to_ascii_lowercase().ends_with("df");
            let base = match facts.kind(facts.called_on(call)) {
                NodeKind::Name(at) => facts.uses.get(at as usize).map(|row| row.name),
                _ => context.flow.bound_to(call.node).map(|(_, row)| row.name),
            };
            speaks_of_spark && fits && base.is_some_and(named)
        }
        _ => false,
    }
}

/// What takes `.cache()` out of a chain; `None` where it is all that a statement does.
fn removal(document: &Document, chain: &Chain<'_>) -> Option<Edit> {
    let (_, call) = chain.call?;
    let text = document.text();
    let before = text.get(..call.callee.start as usize)?.trim_end().strip_suffix('.')?.trim_end();
    if before.ends_with('\\') || before.lines().last()?.contains('#') {
        return None;
    }
    let after = text.get(call.span.end as usize..)?;
    let goes_on = after.trim_start().starts_with('.');
    let line = before.lines().last().unwrap_or("");
    let assigned = line.contains(" = ") || line.trim_start().starts_with("return ");
    if !goes_on && !assigned {
        return None;
    }
    let start = u32::try_from(before.len()).ok()?;
    Some(Edit::delete(Span::new(start, call.span.end)))
}

/// Global temporary views, which sessions on serverless compute do not share.
pub(super) fn global_temp_view(context: &mut Context<'_>) {
    if !is_serverless(context) {
        return;
    }
    let mut read = super::sql::global_temp_view(context);
    let document = context.document;
    let facts = &document.python;
    for chain in calls(document) {
        let name = chain.last();
        let Some(local) = (match name {
            "createGlobalTempView" => Some("createTempView"),
            "createOrReplaceGlobalTempView" => Some("createOrReplaceTempView"),
            _ => None,
        }) else {
            let argument =
                chain.call.filter(|_| name == "table").and_then(|(_, call)| facts.argument(call, 0, "tableName"));
            let Some(argument) = argument else { continue };
            if context.flow.text(argument.node).is_some_and(|text| text.starts_with("global_temp.")) {
                read.push(argument.span);
            }
            continue;
        };
        let message =
            format!("`{name}` fails on serverless compute: use `{local}`, or write a table that others can read");
        context.report(chain.place(document, name), message);
    }
    // Who reads one reads many; where they are made is said as well.
    read.sort_unstable();
    let Some(&first) = read.first() else { return };
    let more = if read.len() > 1 { format!(" ({} uses)", read.len()) } else { String::new() };
    let message =
        format!("there are no global temporary views on serverless compute: read a temporary view, or a table{more}");
    context.report(first, message);
}

/// Files of the workspace, read by Spark or `dbutils.fs`.
pub(super) fn workspace_file(context: &mut Context<'_>) {
    if context.target.compute != Some(Compute::Serverless) {
        return;
    }
    let document = context.document;
    let facts = &document.python;
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        let by_utility = chain.path().and_then(utility).is_some_and(|path| path.starts_with("fs."));
        let by_spark = is_reader(&chain);
        if !by_utility && !by_spark {
            continue;
        }
        for argument in facts.arguments(call) {
            let start = match &argument.value {
                Value::String(text) => &**text,
                Value::Partial { prefix, .. } => &**prefix,
                _ => continue,
            };
            if start
                .strip_prefix("file:")
                .map_or(start, |rest| rest.trim_start_matches('/'))
                .trim_start_matches('/')
                .starts_with("Workspace/")
                && (start.starts_with("file:/") || start.starts_with("/Workspace/"))
            {
                let (who, advice) = if by_utility {
                    ("`dbutils.fs`", "use `os` and `shutil`")
                } else {
                    ("Spark", "read it with Python, or put it into a volume")
                };
                let message = format!("{who} cannot reach workspace files on serverless compute: {advice}");
                context.report_with(Severity::Error, argument.span, message);
            }
        }
    }
}

/// Whether a call is one of `spark.read…`, by its name and the chain that it stands in.
fn is_reader(chain: &Chain<'_>) -> bool {
    const METHODS: [&str; 9] = ["avro", "binaryFile", "csv", "json", "load", "orc", "parquet", "text", "xml"];
    METHODS.contains(&chain.last()) && (chain.has("read") || chain.has("readStream"))
}
