//! Pages: `rules/spark/result-unused.md`, `rules/spark/write-without-save.md`, `rules/spark/missing-value-assigned.md`,
//! `rules/spark/pandas-method-on-spark-frame.md`.

use super::{methods, name_of, speaks_of};
use crate::flow::kind::{Kind, Motion};
use crate::project::document::{Document, Kind as Role};
use crate::python::facts::{BindingKind, BranchKind, Call};
use crate::python::nodes::{Bare, NodeKind};
use crate::rules::context::Context;

/// Methods that change nothing and give a new data frame. Those that do something besides (`cache`, `checkpoint`,
/// `observe`, and `transform`, whose function may do anything) are left out.
const PURE: &[&str] = &[
    "alias",
    "coalesce",
    "crossJoin",
    "distinct",
    "drop",
    "dropDuplicates",
    "drop_duplicates",
    "dropna",
    "exceptAll",
    "fillna",
    "filter",
    "hint",
    "intersect",
    "join",
    "limit",
    "orderBy",
    "repartition",
    "replace",
    "select",
    "selectExpr",
    "sort",
    "subtract",
    "toDF",
    "union",
    "unionAll",
    "unionByName",
    "unpivot",
    "where",
    "withColumn",
    "withColumnRenamed",
    "withColumns",
    "withColumnsRenamed",
    "withWatermark",
];

/// Whether the value of a statement is seen by nobody.
fn is_lost(document: &Document, bare: &Bare) -> bool {
    // A notebook shows what its last statement gives; tests may look whether something fails at all.
    document.kind != Role::Test && !(bare.shown && document.is_notebook())
}

/// `df.filter(…)` as a statement.
pub(super) fn result_unused(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if !speaks_of(facts, PURE) {
        return;
    }
    for bare in facts.bare.iter().filter(|bare| is_lost(document, bare)) {
        let Some(call) = facts.call_at(bare.node) else { continue };
        let method = name_of(facts, call);
        if !PURE.contains(&method) || context.flow.receiver(call).kind != Kind::Frame || is_tried(context, call) {
            continue;
        }
        let message = format!("`{method}` changes nothing and gives a new data frame, which is lost here: assign it");
        context.report(call.callee, message);
    }
}

/// Whether the statement only tries whether something fails: the body of a `try`, or of `with pytest.raises(…)`.
fn is_tried(context: &Context<'_>, call: &Call) -> bool {
    let facts = &context.document.python;
    let branch = facts.branches.get(call.branch as usize);
    branch.is_some_and(|branch| matches!(branch.kind, BranchKind::Try | BranchKind::With))
}

/// `df.write.mode("append")` as a statement.
pub(super) fn write_without_save(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if !speaks_of(facts, &["write", "writeStream"]) {
        return;
    }
    for bare in &facts.bare {
        let found = context.flow.type_of(bare.node);
        if found.kind != Kind::Writer {
            continue;
        }
        let message = match found.motion {
            Motion::Stream => "the stream is never started: end the chain in `.toTable(…)` or `.start(…)`",
            _ => "nothing is written: end the chain in `.saveAsTable(…)` or `.save(…)`",
        };
        let place = facts.call_at(bare.node).map_or_else(|| facts.span(bare.node), |call| call.callee);
        context.report(place, message);
    }
}

/// Methods that give nothing.
const NOTHING: &[&str] = &[
    "createGlobalTempView",
    "createOrReplaceGlobalTempView",
    "createOrReplaceTempView",
    "createTempView",
    "explain",
    "foreach",
    "foreachPartition",
    "insertInto",
    "printSchema",
    "save",
    "saveAsTable",
    "show",
];

/// `df = df.show()`, `display(df.show())`.
pub(super) fn none_kept(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let flow = context.flow;
    let Some((_, local)) = context.names.of(&context.document.path) else { return };
    for call in methods(facts, NOTHING) {
        let method = name_of(facts, call);
        let kind = flow.receiver(call).kind;
        let gives_nothing = match method {
            "insertInto" | "save" | "saveAsTable" => kind == Kind::Writer,
            _ => kind == Kind::Frame,
        };
        if !gives_nothing {
            continue;
        }
        let used = |at: u32| local.names.used.get(at as usize).copied().unwrap_or(false);
        let bound = flow.bound_to(call.node).filter(|(at, row)| row.kind == BindingKind::Assignment && used(*at));
        if let Some((_, binding)) = bound {
            let name = facts.text(binding.name);
            let message = format!(
                "`{method}` gives nothing, so `{name}` is `None` from here on: keep the data frame and call it on its own line"
            );
            context.report(call.callee, message);
            continue;
        }
        // The call around is walked right after it, if it has no other argument that is a call.
        let around = match facts.kind(call.node) {
            NodeKind::Call(id) => facts.calls.get(id as usize + 1),
            _ => None,
        };
        let shown = around.filter(|outer| {
            matches!(name_of(facts, outer), "display" | "print")
                && !facts.called_on(outer).is_some()
                && facts.arguments(outer).iter().any(|argument| argument.node == call.node)
        });
        let chained = flow.next(call.node);
        if let Some(outer) = shown.filter(|_| !matches!(method, "save" | "saveAsTable" | "insertInto")) {
            let name = name_of(facts, outer);
            context.report(
                call.callee,
                format!("`{method}` shows it already and gives nothing: `{name}` has nothing to show"),
            );
        } else if let Some(next) = chained {
            let next = name_of(facts, next).to_owned();
            context.report(call.callee, format!("`{method}` gives nothing, so `.{next}` fails on it"));
        }
    }
}

/// Methods of pandas, and what does the same in Spark.
const PANDAS: &[(&str, &str)] = &[
    ("append", "use `.unionByName(…)`"),
    ("apply", "use column functions, or `.mapInPandas(…)`"),
    ("applymap", "use column functions"),
    ("astype", "use `.withColumn(name, F.col(name).cast(…))`"),
    ("groupby_apply", "use `.groupBy(…).applyInPandas(…)`"),
    ("isna", "use `F.col(…).isNull()`"),
    ("isnull", "use `F.col(…).isNull()`"),
    ("iteritems", "use `.columns`"),
    ("iterrows", "use `.toLocalIterator()`, or keep the work in Spark"),
    ("itertuples", "use `.toLocalIterator()`, or keep the work in Spark"),
    ("merge", "use `.join(…)`"),
    ("notna", "use `F.col(…).isNotNull()`"),
    ("notnull", "use `F.col(…).isNotNull()`"),
    ("nunique", "use `.select(F.count_distinct(…))`"),
    ("reset_index", "a data frame of Spark has no index"),
    ("set_index", "a data frame of Spark has no index"),
    ("sort_values", "use `.orderBy(…)`"),
    ("to_csv", "use `.write.csv(…)`"),
    ("to_dict", "use `.collect()` and `row.asDict()`"),
    ("to_excel", "use `.toPandas().to_excel(…)`"),
    ("to_json", "use `.write.json(…)`"),
    ("to_parquet", "use `.write.parquet(…)`"),
    ("value_counts", "use `.groupBy(…).count()`"),
];

/// `df.merge(…)` on a data frame of Spark.
pub(super) fn pandas_method(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let names: Vec<&str> = PANDAS.iter().map(|row| row.0).collect();
    for call in methods(facts, &names) {
        if context.flow.receiver(call).kind != Kind::Frame || facts.kind(call.of) == NodeKind::Other {
            continue;
        }
        let method = name_of(facts, call);
        let Some((_, help)) = PANDAS.iter().find(|row| row.0 == method) else { continue };
        let message = format!("a data frame of Spark has no `{method}`, which is pandas: {help}");
        context.report(call.callee, message);
    }
}
