//! Pages: `rules/platform/rdd-api.md`, `spark-context.md`, `jvm-access.md`, `spark-log-level.md`, `java-udf.md`,
//! `broadcast-variable.md`, `spark-session-stopped.md`: what Spark Connect does not have. One place has one finding.

use super::needs_dedicated;
use crate::finding::Severity;
use crate::project::document::{Document, Kind};
use crate::rules::chains::{Chain, Given, calls, chains, tried};
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashSet;

/// Methods of a `SparkContext` that make an RDD.
const RDD_MAKERS: [&str; 15] = [
    "binaryFiles",
    "binaryRecords",
    "emptyRDD",
    "hadoopFile",
    "hadoopRDD",
    "makeRDD",
    "newAPIHadoopFile",
    "newAPIHadoopRDD",
    "objectFile",
    "parallelize",
    "pickleFile",
    "range",
    "sequenceFile",
    "textFile",
    "wholeTextFiles",
];

/// Attributes that lead into the Java virtual machine.
const JVM: [&str; 6] = ["_jvm", "_jcol", "_jdf", "_jsc", "_jspark", "_jsparkSession"];

/// What a chain does with the Spark context, for those that have one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Use {
    Rdd,
    Jvm,
    LogLevel,
    Broadcast,
    Stop,
    Context,
}

/// The names of the context that the platform gives, as far as the document does not bind them itself.
struct Contexts {
    /// Where code only tries whether something is there.
    tried: HashSet<u32>,
    sc: Option<Given>,
    sql_context: Option<Given>,
    /// Whether the document has any of the names without which nothing is found here.
    any: bool,
}

/// Names one of which stands in all that is found here, besides `sc`, `sqlContext` and [`JVM`].
const WORDS: [&str; 7] =
    ["sparkContext", "SparkContext", "SQLContext", "HiveContext", "setLogLevel", "log4j", "getOrCreate"];

impl Contexts {
    fn new(context: &Context<'_>) -> Self {
        let facts = &context.document.python;
        let (sc, sql_context) = (Given::new(context, "sc"), Given::new(context, "sqlContext"));
        let mut words = WORDS.iter().chain(&JVM);
        let any = sc.is_some() || sql_context.is_some() || words.any(|word| facts.symbols.get(word).is_some());
        Self { tried: if any { tried(facts) } else { HashSet::new() }, sc, sql_context, any }
    }

    /// The context that a chain starts at or passes.
    fn of<'c>(&self, document: &Document, chain: &'c Chain<'_>) -> Option<&'c str> {
        let facts = &document.python;
        let given = |given: &Option<Given>| given.as_ref().is_some_and(|given| given.is_at(facts, chain.scope));
        match chain.parts().next() {
            Some("sc") if chain.rooted && given(&self.sc) => Some("sc"),
            Some("sqlContext") if chain.rooted && given(&self.sql_context) => Some("sqlContext"),
            // The first name may be a module of that name.
            _ if chain.has("sparkContext") && !chain.path().is_some_and(|path| path.starts_with("pyspark.")) => {
                Some("sparkContext")
            }
            _ => None,
        }
    }

    /// What a chain does with a context.
    fn usage(&self, document: &Document, chain: &Chain<'_>) -> Option<Use> {
        if !self.any || self.tried.contains(&chain.start()) {
            return None;
        }
        if chain.has("org") && chain.has("log4j") || chain.last() == "setLogLevel" {
            return (chain.has("_jvm") || self.of(document, chain).is_some()).then_some(Use::LogLevel);
        }
        if jvm_part(chain).is_some() {
            return Some(Use::Jvm);
        }
        self.of(document, chain)?;
        let is_call = chain.call.is_some();
        let on_context = chain.before_last().is_some_and(|name| matches!(name, "sc" | "sparkContext"));
        Some(match chain.last() {
            name if is_call && on_context && RDD_MAKERS.contains(&name) => Use::Rdd,
            "broadcast" | "accumulator" if is_call && on_context => Use::Broadcast,
            "stop" if is_call && on_context => Use::Stop,
            _ => Use::Context,
        })
    }
}

fn jvm_part<'c>(chain: &'c Chain<'_>) -> Option<&'c str> {
    let own = chain.rooted && matches!(chain.parts().next(), Some("self" | "cls"));
    chain.parts().skip(if own { 2 } else { usize::from(chain.rooted) }).find(|part| JVM.contains(part))
}

/// RDDs: made, or taken out of a data frame.
pub(super) fn rdd_api(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let document = context.document;
    let facts = &document.python;
    let contexts = Contexts::new(context);
    let mut places: Vec<(Span, String)> = Vec::new();
    for chain in chains(document) {
        if chain.has("rdd") {
            if !chain.path().is_some_and(|path| path.starts_with("pyspark."))
                && !contexts.tried.contains(&chain.start())
            {
                places.push((chain.place(document, "rdd"), "`.rdd`".to_owned()));
            }
        } else if contexts.usage(document, &chain) == Some(Use::Rdd) {
            let name = chain.last().to_owned();
            places.push((chain.place(document, &name), format!("`{name}` makes an RDD, which")));
        }
    }
    for import in facts.imports.iter().filter(|import| import.level == 0 && !import.optional) {
        let module = facts.text(import.module);
        if module == "pyspark.mllib" || module.starts_with("pyspark.mllib.") {
            places.push((import.span, "`pyspark.mllib` works on RDDs and".to_owned()));
        }
    }
    places.dedup();
    for (span, what) in places {
        context.report_with(severity, span, format!("{what} does not work {on}: use data frames and their functions"));
    }
}

/// Any other use of `sc`, `sqlContext` and `spark.sparkContext`.
pub(super) fn spark_context(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let document = context.document;
    let facts = &document.python;
    let contexts = Contexts::new(context);
    if !contexts.any {
        return;
    }
    let mut seen: HashSet<Span> = HashSet::new();
    for chain in chains(document) {
        let made = chain.path().is_some_and(|path| {
            let is_class = || matches!(chain.last(), "SparkContext" | "SQLContext" | "HiveContext");
            path.starts_with("pyspark.")
                && chain.call.is_some()
                && (is_class() || path.ends_with("SparkContext.getOrCreate"))
        });
        let usage = contexts.usage(document, &chain);
        if made {
            report_context(context, severity, chain.span, chain.span.of(document.text()), on);
        } else if usage == Some(Use::Context) {
            let name = contexts.of(document, &chain).unwrap_or("sparkContext");
            let span = if name == "sparkContext" { chain.place(document, name) } else { root(&chain, name) };
            if seen.insert(span) {
                report_context(context, severity, span, name, on);
            }
        }
    }
    // Handed on: `SQLContext(sc)`.
    let given = [&contexts.sc, &contexts.sql_context];
    for one in given.into_iter().flatten() {
        for name in facts.uses.iter().filter(|name| name.name == one.symbol() && !name.guarded && !name.annotation) {
            let chained =
                document.text().get(name.span.end as usize..).is_some_and(|rest| rest.trim_start().starts_with('.'));
            if !chained && one.is_at(facts, name.scope) {
                report_context(context, severity, name.span, facts.text(name.name), on);
            }
        }
    }
}

fn report_context(context: &mut Context<'_>, severity: Severity, span: Span, what: &str, on: &str) {
    context.report_with(severity, span, format!("`{what}` does not work {on}: use the session, `spark`"));
}

/// Where the name stands that a chain starts at.
fn root(chain: &Chain<'_>, name: &str) -> Span {
    Span::new(chain.span.start, (chain.span.start + u32::try_from(name.len()).unwrap_or(0)).min(chain.span.end))
}

/// The Java virtual machine behind Spark.
pub(super) fn jvm_access(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let document = context.document;
    let contexts = Contexts::new(context);
    if !contexts.any {
        return;
    }
    let mut seen: HashSet<u32> = HashSet::new();
    for chain in chains(document) {
        if contexts.usage(document, &chain) != Some(Use::Jvm) {
            continue;
        }
        let Some(name) = jvm_part(&chain) else { continue };
        let span = chain.place(document, name);
        if seen.insert(span.start) {
            let message =
                format!("`{name}` reaches into the Java virtual machine, which does not work {on}: use the Python API");
            context.report_with(severity, span, message);
        }
    }
}

/// `setLogLevel`, and log4j.
pub(super) fn log_level(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let document = context.document;
    let contexts = Contexts::new(context);
    for chain in chains(document) {
        if contexts.usage(document, &chain) == Some(Use::LogLevel) {
            let (name, advice) = if chain.last() == "setLogLevel" {
                ("setLogLevel", "remove it; the cluster's log level is set in its Spark configuration")
            } else {
                ("log4j", "use Python's `logging`")
            };
            let message = format!("`{name}` does not work {on}: {advice}");
            context.report_with(severity, chain.place(document, name), message);
        }
    }
}

/// Functions in Java that are registered from Python or SQL.
pub(super) fn java_udf(context: &mut Context<'_>) {
    super::sql::java_udf(context);
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let document = context.document;
    for chain in calls(document) {
        let name = chain.last();
        if matches!(name, "registerJavaFunction" | "registerJavaUDAF") && chain.parts().count() > 1 {
            let message = format!("`{name}` does not work {on}: write the function in Python or SQL");
            context.report_with(severity, chain.place(document, name), message);
        }
    }
}

/// `sc.broadcast`, `sc.accumulator`.
pub(super) fn broadcast(context: &mut Context<'_>) {
    let Some((severity, on)) = needs_dedicated(context) else { return };
    let document = context.document;
    let contexts = Contexts::new(context);
    for chain in calls(document) {
        if contexts.usage(document, &chain) != Some(Use::Broadcast) {
            continue;
        }
        let name = chain.last();
        let advice = match name {
            "broadcast" => "a function takes the value with it by itself; a large table is joined",
            _ => "count with an aggregate or `observe`",
        };
        let message = format!("`{name}` needs the Spark context, which does not work {on}: {advice}");
        context.report_with(severity, chain.place(document, name), message);
    }
}

/// `spark.stop()` where the session is the platform's.
pub(super) fn stopped(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let spark = Given::new(context, "spark");
    let contexts = Contexts::new(context);
    for chain in calls(document) {
        let is_session = chain.path() == Some("spark.stop")
            && (spark.as_ref().is_some_and(|spark| spark.is_at(facts, chain.scope)) || document.kind == Kind::Notebook);
        if is_session || contexts.usage(document, &chain) == Some(Use::Stop) {
            let whole = chain.span.of(document.text());
            let message = format!("`{whole}()` stops the session that the platform gave and still needs: remove it");
            context.report(chain.span, message);
        }
    }
}
