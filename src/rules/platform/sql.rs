//! Pages: `rules/platform/hive-variable.md`, `dollar-parameter.md`, `hive-serde.md`, `load-data.md`, `bucketing.md`, and
//! the SQL of `cache-on-serverless.md`, `global-temp-view.md`, `conf-not-on-serverless.md`, `static-conf.md`,
//! `input-file-name.md`, `java-udf.md`.

use super::{needs_dedicated, spark_conf};
use crate::finding::Severity;
use crate::rules::chains::{calls, is_elsewhere};
use crate::rules::context::{Compute, Context};
use crate::sql::TokenKind;
use crate::sql::facts::{Place, Placeholder, PlaceholderKind, Role, StatementKind, StatementView};
use crate::text::Span;
use crate::text::edit::Edit;
use std::collections::HashMap;

/// Every statement that is surely SQL of Databricks: pieces with tags of a template language are left alone, files that
/// are for another database, and notebooks of other platforms.
pub fn statements<'d>(context: &Context<'d>) -> impl Iterator<Item = StatementView<'d>> {
    let here = !is_elsewhere(context.document);
    let views = here.then(|| context.document.sql().views()).into_iter().flatten();
    views.filter(|view| !view.piece.is_template && !view.piece.is_foreign && !view.is_empty())
}

/// Variables of Hive: `${hivevar:x}`, `SET hivevar:x = 1`.
pub(super) fn hive_variable(context: &mut Context<'_>) {
    const SPACES: [&str; 4] = ["env", "hiveconf", "hivevar", "system"];
    let severity = needs_dedicated(context).map_or(context.settings.severity, |(severity, _)| severity);
    let mut found: Vec<Span> = Vec::new();
    for view in statements(context) {
        let is_space =
            |name: &str| name.split_once(':').is_some_and(|(space, _)| SPACES.contains(&&*space.to_ascii_lowercase()));
        let dollars =
            view.row.placeholders.iter().filter(|one| one.kind == PlaceholderKind::Dollar && is_space(&one.name));
        found.extend(dollars.map(|one| one.span));
        if view.row.kind == StatementKind::Set && view.is_any(view.row.verb + 1, &SPACES) {
            found.extend(
                view.stretch(view.row.verb, view.row.verb + 1)
                    .filter(|_| view.text(view.row.verb + 2).starts_with(':')),
            );
        }
    }
    for span in found {
        let message =
            "variables of Hive are not there under Unity Catalog: use a parameter, `:name`, or `DECLARE VARIABLE`";
        context.report_with(severity, span, message);
    }
}

/// `${name}` in an SQL cell.
pub(super) fn dollar_parameter(context: &mut Context<'_>) {
    /// The first runtime whose SQL cells have parameters.
    const FIRST: (u16, u16) = (15, 2);
    if context.target.is_before(FIRST) || context.document.notebook.is_none() || is_pipeline(context) {
        return;
    }
    let is_name = |name: &str| !name.is_empty() && name.chars().all(|c| c == '_' || c.is_ascii_alphanumeric());
    let text = context.document.text();
    let mut found: Vec<Dollar> = Vec::new();
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for view in statements(context) {
        if !matches!(view.piece.place, Place::Cell(_)) {
            continue;
        }
        for one in view.row.placeholders.iter().filter(|one| one.kind == PlaceholderKind::Dollar) {
            if !is_name(&one.name) || !one.span.of(text).starts_with("${") {
                continue;
            }
            let row = *rows.entry(&*one.name).or_insert(found.len());
            if row == found.len() {
                let advice = advice(view, one);
                found.push(Dollar { name: one.name.clone(), span: one.span, advice, count: 0, edits: Vec::new() });
            }
            let Some(row) = found.get_mut(row) else { continue };
            row.count += 1;
            let token = view.span(one.token).filter(|_| is_operand(view, one.token, &one.name));
            row.edits.extend(token.map(|span| Edit::replace(span, format!(":{}", one.name))));
        }
    }
    for Dollar { name, span, advice, count, edits } in found {
        let new = match advice {
            Advice::Name => format!("write `IDENTIFIER(:{name})`"),
            Advice::PartOfName => format!("put the name together with `IDENTIFIER(… || :{name} || …)`"),
            Advice::Value => format!("use the parameter `:{name}`"),
            Advice::Values => {
                format!("use the parameter `:{name}`, taken apart with `split` and compared with `array_contains`")
            }
            Advice::Statement => "put the statement together with `EXECUTE IMMEDIATE`".to_owned(),
        };
        let more = if count > 1 { format!(" ({count} uses)") } else { String::new() };
        let message =
            format!("`${{{name}}}` is deprecated since DBR 15.2, and puts text into the statement: {new}{more}");
        let finding = context.report(span, message);
        if !edits.is_empty() {
            finding.unsafe_fix("use a parameter", edits);
        }
    }
}

/// All uses of one `${name}`.
struct Dollar {
    name: Box<str>,
    /// The first.
    span: Span,
    /// What to write there.
    advice: Advice,
    count: usize,
    edits: Vec<Edit>,
}

/// What stands well in the place of a `${name}`.
#[derive(Clone, Copy)]
enum Advice {
    /// It is a name.
    Name,
    /// It is a part of a name.
    PartOfName,
    /// It is a value.
    Value,
    /// It is a list of values, with their commas.
    Values,
    /// It is anything else, or stands in a statement that takes no parameters there.
    Statement,
}

fn advice(view: StatementView<'_>, one: &Placeholder) -> Advice {
    use StatementKind::{CreateTable, Delete, Insert, Merge, Query, Update};
    const NOUNS: [&str; 9] = ["catalog", "database", "exists", "function", "schema", "table", "use", "view", "volume"];
    let at = one.token;
    let is_dotted = view.is_symbol(at + 1, ".") || at > 0 && view.is_symbol(at - 1, ".");
    let of_table = view.row.tables.iter().find(|table| table.span.covers(one.span));
    let quoted = view.token(at).is_some_and(|token| token.kind == TokenKind::Quoted);
    if let Some(table) = of_table {
        let whole = table.span == one.span || quoted && view.text(at).len() == one.name.len() + 5;
        return if whole && !is_dotted { Advice::Name } else { Advice::PartOfName };
    }
    if quoted || is_dotted {
        return Advice::PartOfName;
    }
    let before = |words: &[&str]| at > 0 && view.is_any(at - 1, words);
    if !one.inside && before(&NOUNS) {
        return Advice::Name;
    }
    if !matches!(view.row.kind, Query | Insert | Update | Delete | Merge | CreateTable) {
        return Advice::Statement;
    }
    let opened = at > 1 && view.is_symbol(at - 1, "(") && view.is_any(at - 2, &["in", "array"]);
    if !one.inside && opened && view.is_symbol(at + 1, ")") {
        return Advice::Values;
    }
    Advice::Value
}

/// Whether a token is the string `'${name}'` and nothing more, in the place of a value, in a statement that takes
/// parameters there.
fn is_operand(view: StatementView<'_>, at: usize, name: &str) -> bool {
    use StatementKind::{Delete, Insert, Merge, Query, Update};
    let whole = view.text(at);
    let quoted = whole.strip_prefix(['\'', '"']).and_then(|rest| rest.strip_suffix(['\'', '"']));
    let before = at.checked_sub(1);
    let behind_operator = before.is_some_and(|before| {
        ["=", "==", "<", ">", "<=", ">=", "<>", "!=", "("].iter().any(|symbol| view.is_symbol(before, symbol))
            || view.is_any(before, &["between", "and", "like", "ilike", "then", "else"])
    });
    quoted == Some(&format!("${{{name}}}"))
        && view.is_exact()
        && behind_operator
        && matches!(view.row.kind, Query | Insert | Update | Delete | Merge)
}

/// Whether the notebook is the source of a pipeline, where `${key}` is a setting of the pipeline.
fn is_pipeline(context: &Context<'_>) -> bool {
    statements(context).any(|view| {
        (0..view.len().min(6))
            .any(|at| view.is_any(at, &["streaming", "live", "flow"]) || view.are(at, &["or", "refresh"]))
            || view
                .row
                .tables
                .iter()
                .any(|table| table.parts.first().is_some_and(|part| part.text.eq_ignore_ascii_case("live")))
    })
}

/// `ROW FORMAT …`, `STORED AS …` and `USING HIVE`.
pub(super) fn hive_serde(context: &mut Context<'_>) {
    let mut found = Vec::new();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::CreateTable && !is_in_hive(*view)) {
        let clause = (view.row.verb..view.len()).find(|&at| {
            view.depth(at) == 0
                && (view.are(at, &["row", "format"])
                    || view.are(at, &["stored", "as"])
                    || view.are(at, &["stored", "by"])
                    || view.are(at, &["using", "hive"]))
        });
        found.extend(clause.and_then(|at| view.stretch(at, at + 1)));
    }
    let severity = needs_dedicated(context).map_or(context.settings.severity, |(severity, _)| severity);
    for span in found {
        let what =
            span.of(context.document.text()).split_whitespace().collect::<Vec<_>>().join(" ").to_ascii_uppercase();
        let message = format!(
            "`{what}` makes a Hive table, which Unity Catalog does not have: say `USING` with a format, or leave it out for Delta"
        );
        context.report_with(severity, span, message);
    }
}

/// Whether the table that a statement makes is in the Hive metastore, by its name.
fn is_in_hive(view: StatementView<'_>) -> bool {
    view.row
        .tables
        .first()
        .is_some_and(|table| table.parts.first().is_some_and(|part| part.text.eq_ignore_ascii_case("hive_metastore")))
}

/// `LOAD DATA`.
pub(super) fn load_data(context: &mut Context<'_>) {
    let severity = needs_dedicated(context).map_or(context.settings.severity, |(severity, _)| severity);
    let loads = statements(context).filter(|view| view.are(view.row.verb, &["load", "data"]));
    let found: Vec<Span> = loads.filter_map(|view| view.stretch(view.row.verb, view.row.verb + 1)).collect();
    for span in found {
        let message = "`LOAD DATA` moves files into a Hive table, which Unity Catalog does not have: use `COPY INTO`";
        context.report_with(severity, span, message);
    }
}

/// Tables in buckets, made by SQL or by a writer.
pub(super) fn bucketing(context: &mut Context<'_>) {
    const MESSAGE: &str = "tables in Unity Catalog have no buckets: cluster the table with `CLUSTER BY` instead";
    let mut found: Vec<Span> = Vec::new();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::CreateTable && !is_in_hive(*view)) {
        let clause = (view.row.verb..view.len()).find(|&at| view.depth(at) == 0 && view.are(at, &["clustered", "by"]));
        let buckets = clause.is_some_and(|from| (from..view.len()).any(|at| view.is(at, "buckets")));
        found.extend(clause.filter(|_| buckets).and_then(|at| view.stretch(at, at + 1)));
    }
    let document = context.document;
    for chain in calls(document).filter(|chain| chain.last() == "bucketBy") {
        let first = chain.call.map(|(_, call)| call.span).unwrap_or_default();
        // What is written stays in the Hive metastore if its name says so.
        let rest = document.text().get(first.end as usize..).unwrap_or("");
        let statement = rest.split("\n\n").next().unwrap_or("");
        if !statement.contains("hive_metastore") {
            found.push(chain.place(document, "bucketBy"));
        }
    }
    for span in found {
        context.report(span, MESSAGE);
    }
}

/// `CACHE TABLE` and its like on serverless compute.
pub(super) fn cache(context: &mut Context<'_>) {
    let mut found = Vec::new();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Cache) {
        let verb = view.row.verb;
        let is_cache = view.is_any(verb, &["cache", "uncache"])
            && (view.is(verb + 1, "table") || view.are(verb + 1, &["lazy", "table"]))
            || view.are(verb, &["clear", "cache"])
            || view.are(verb, &["refresh", "table"]);
        found.extend(view.stretch(verb, verb + 1).filter(|_| is_cache));
    }
    for span in found {
        let what = span.of(context.document.text()).to_ascii_uppercase();
        context.report(span, format!("`{what}` fails on serverless compute, which caches by itself: remove it"));
    }
}

/// `CREATE GLOBAL TEMPORARY VIEW` on serverless compute. Gives back where such views are read.
pub(super) fn global_temp_view(context: &mut Context<'_>) -> Vec<Span> {
    let mut found = Vec::new();
    let mut read = Vec::new();
    for table in statements(context).flat_map(|view| &view.row.tables) {
        let schema = table.parts.first().filter(|_| table.parts.len() == 2);
        let is_global = schema.is_some_and(|part| part.text.eq_ignore_ascii_case("global_temp"));
        if is_global && matches!(table.role, Role::Read) {
            read.push(table.span);
        }
    }
    for view in statements(context).filter(|view| view.row.kind == StatementKind::CreateView) {
        let at = (view.row.verb..view.len().min(view.row.verb + 5)).find(|&at| view.is(at, "global"));
        found.extend(
            at.filter(|at| view.is_any(at + 1, &["temp", "temporary"])).and_then(|at| view.stretch(at, at + 1)),
        );
    }
    for span in found {
        let message = "a global temporary view cannot be made on serverless compute: use `TEMPORARY`, or write a table that others can read";
        context.report(span, message);
    }
    read
}

/// The settings that `SET` statements change, with their places.
pub fn set_keys(context: &Context<'_>) -> Vec<(Span, String)> {
    let mut found = Vec::new();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Set && view.is(view.row.verb, "set"))
    {
        let start = view.row.verb + 1;
        let equals = (start..view.len()).find(|&at| view.is_symbol(at, "="));
        let Some(last) = equals.and_then(|at| at.checked_sub(1)).filter(|last| *last >= start) else { continue };
        // A name that starts with a word of another statement has no dot.
        let (Some(first), Some(end)) = (view.token(start), view.token(last)) else { continue };
        let key = Span::new(first.own.start, end.own.end).of(&view.piece.code).trim_matches('`').to_owned();
        if let Some(span) = view.stretch(start, last).filter(|_| key.contains('.')) {
            found.push((span, key));
        }
    }
    found
}

/// Settings that serverless compute does not have.
pub(super) fn conf_not_on_serverless(context: &mut Context<'_>) {
    let also = context.list("allowed");
    for (span, key) in set_keys(context) {
        let known = spark_conf::is_allowed_on_serverless(&key) || spark_conf::is_static(&key) || also.contains(&key);
        if key.starts_with("spark.") && !known {
            context.report(span, spark_conf::not_on_serverless_message(&key));
        }
    }
}

/// Settings that only count when a cluster starts.
pub(super) fn static_conf(context: &mut Context<'_>) {
    for (span, key) in set_keys(context) {
        if spark_conf::is_static(&key) {
            context.report(span, spark_conf::static_message(&key));
        }
    }
}

/// `input_file_name()`.
pub(super) fn input_file_name(context: &mut Context<'_>) {
    let severity = match context.target.compute {
        Some(Compute::Serverless | Compute::Standard) => Severity::Error,
        _ => context.settings.severity,
    };
    let mut found = Vec::new();
    for view in statements(context) {
        for at in (0..view.len()).filter(|&at| view.is(at, "input_file_name")) {
            if view.is_symbol(at + 1, "(") && view.is_symbol(at + 2, ")") {
                let span = view.stretch(at, at + 2);
                found.extend(span.map(|span| (span, view.is_exact())));
            }
        }
    }
    for (span, exact) in found {
        let message = "`input_file_name()` does not work under Unity Catalog on standard and serverless compute: select `_metadata.file_path`";
        let finding = context.report_with(severity, span, message);
        if exact {
            finding.unsafe_fix("use `_metadata.file_path`", vec![Edit::replace(span, "_metadata.file_path")]);
        }
    }
}

/// `CREATE FUNCTION … AS 'a.Class'`.
pub(super) fn java_udf(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let mut found = Vec::new();
    for view in statements(context).filter(|view| view.row.kind == StatementKind::Create) {
        let Some(function) = (view.row.verb..view.len().min(view.row.verb + 5)).find(|&at| view.is(at, "function"))
        else {
            continue;
        };
        let class = (function..view.len()).find(|&at| view.is(at, "as") && view.depth(at) == 0).map(|at| at + 1);
        let is_class = class.is_some_and(|at| {
            view.token(at).is_some_and(|token| token.kind == TokenKind::String)
                && (at + 1 == view.len() || view.is(at + 1, "using"))
                && !(function..at).any(|at| view.is_any(at, &["language", "returns"]))
        });
        found.extend(class.filter(|_| is_class).and_then(|at| view.span(at)));
    }
    for span in found {
        let message = format!("a function in a Java class does not work {on}: write the function in Python or SQL");
        context.report_with(severity, span, message);
    }
}
