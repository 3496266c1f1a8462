//! Pages: `rules/platform/conf-not-on-serverless.md`, `static-conf.md`.

use super::is_serverless;
use crate::rules::chains::{Chain, calls, tried};
use crate::rules::context::Context;
use crate::text::Span;

/// All that can be set on serverless compute.
///
/// Sources: Databricks documentation, "Set Spark configuration properties on Databricks", section "Configure Spark
/// properties for serverless notebooks and jobs"; the list of six in Databricks' guide to serverless migration
/// (`databricks-agent-skills`, `databricks-serverless-migration`, category "Configuration") is the same.
const ON_SERVERLESS: [&str; 6] = [
    "spark.databricks.execution.timeout",
    "spark.sql.ansi.enabled",
    "spark.sql.files.maxPartitionBytes",
    "spark.sql.legacy.timeParserPolicy",
    "spark.sql.session.timeZone",
    "spark.sql.shuffle.partitions",
];

/// Settings that a session cannot change, because they are read when the cluster starts.
///
/// Sources: Spark, `RuntimeConfig.set`, which refuses static settings of SQL (all of `StaticSQLConf`) and, as long as
/// `spark.sql.legacy.setCommandRejectsSparkCoreConfs` is on, every entry of Spark's core (`internal/config`, of which
/// these are the ones that people set).
const STATIC: [&str; 38] = [
    "spark.cores.max",
    "spark.default.parallelism",
    "spark.driver.cores",
    "spark.driver.extraJavaOptions",
    "spark.driver.maxResultSize",
    "spark.driver.memory",
    "spark.driver.memoryOverhead",
    "spark.dynamicAllocation.enabled",
    "spark.dynamicAllocation.initialExecutors",
    "spark.dynamicAllocation.maxExecutors",
    "spark.dynamicAllocation.minExecutors",
    "spark.eventLog.enabled",
    "spark.executor.cores",
    "spark.executor.extraJavaOptions",
    "spark.executor.heartbeatInterval",
    "spark.executor.instances",
    "spark.executor.memory",
    "spark.executor.memoryOverhead",
    "spark.jars",
    "spark.jars.excludes",
    "spark.jars.packages",
    "spark.jars.repositories",
    "spark.kryoserializer.buffer.max",
    "spark.memory.fraction",
    "spark.memory.offHeap.enabled",
    "spark.memory.offHeap.size",
    "spark.memory.storageFraction",
    "spark.network.timeout",
    "spark.serializer",
    "spark.shuffle.service.enabled",
    "spark.speculation",
    "spark.sql.catalogImplementation",
    "spark.sql.extensions",
    "spark.sql.queryExecutionListeners",
    "spark.sql.streaming.streamingQueryListeners",
    "spark.sql.warehouse.dir",
    "spark.task.cpus",
    "spark.task.maxFailures",
];

/// Whether a setting can be changed on serverless compute.
pub(super) fn is_allowed_on_serverless(key: &str) -> bool {
    ON_SERVERLESS.contains(&key)
}

/// Whether a setting cannot be changed while the cluster runs.
pub(super) fn is_static(key: &str) -> bool {
    STATIC.contains(&key)
}

/// What is said of a setting that serverless compute does not have.
pub(super) fn not_on_serverless_message(key: &str) -> String {
    format!("`{key}` cannot be set on serverless compute: remove it")
}

/// What is said of a setting that cannot be changed.
pub(super) fn static_message(key: &str) -> String {
    format!("`{key}` cannot be changed while the cluster runs: set it in the cluster's Spark configuration")
}

/// Every key that `spark.conf.set` is called with, as far as its text is known, where the code does not only try.
fn keys(context: &Context<'_>) -> Vec<(Span, String)> {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("conf").is_none() && facts.symbols.get("set").is_none() {
        return Vec::new();
    }
    let tried = tried(facts);
    let is_it = |chain: &Chain<'_>| {
        !tried.contains(&chain.start()) && chain.last() == "set" && chain.before_last() == Some("conf")
    };
    let of_session = |chain: &Chain<'_>| match chain.path() {
        Some(path) => {
            path.rsplit('.').nth(2).is_some_and(|name| name.to_ascii_lowercase().contains("spark") && name != "pyspark")
        }
        None => true,
    };
    let mut found = Vec::new();
    for chain in calls(document).filter(|chain| is_it(chain) && of_session(chain)) {
        let Some(argument) = chain.call.and_then(|(_, call)| facts.argument(call, 0, "key")) else { continue };
        let texts = context.flow.texts(argument.node).unwrap_or_default();
        found.extend(texts.into_iter().map(|key| (argument.span, key)));
    }
    found
}

/// Settings that serverless compute does not have.
pub(super) fn not_on_serverless(context: &mut Context<'_>) {
    if !is_serverless(context) {
        return;
    }
    super::sql::conf_not_on_serverless(context);
    let also = context.list("allowed");
    for (span, key) in keys(context) {
        let known = is_allowed_on_serverless(&key) || is_static(&key) || also.contains(&key);
        if key.starts_with("spark.") && !known {
            context.report(span, not_on_serverless_message(&key));
        }
    }
}

/// Settings that only count when a cluster starts.
pub(super) fn fixed(context: &mut Context<'_>) {
    super::sql::static_conf(context);
    for (span, key) in keys(context) {
        if is_static(&key) {
            context.report(span, static_message(&key));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_setting_is_both() {
        assert!(ON_SERVERLESS.is_sorted() && STATIC.is_sorted());
        assert!(ON_SERVERLESS.iter().all(|key| !is_static(key)));
    }
}
