//! What the flow of values says of small documents: each `reveal(x, "…")` must be just that.

use brickgate::flow::kind::{Kind, Motion, Rows, Type};
use brickgate::flow::{Flow, Piece};
use brickgate::names::Namespaces;
use brickgate::project::document::ReadOptions;
use brickgate::project::{Project, Request};
use brickgate::snapshot::RepoPath;
use brickgate::snapshot::memory::Memory;
use std::sync::Arc;

/// Looks at every `reveal` of every file; the number of them.
#[track_caller]
fn revealed(files: &[(&str, &str)]) -> usize {
    with_flows(files, |flow, facts, path| {
        let reveal = facts.symbols.get("reveal");
        let calls = facts.calls.iter().filter(|call| call.method == reveal && reveal.is_some());
        calls
            .inspect(|call| {
                let [value, expected] = facts.arguments(call) else { panic!("reveal takes two arguments") };
                let expected = flow.text(expected.node).unwrap();
                let found = said(flow, value.node, &expected);
                assert_eq!(found, expected, "{path}: {:?}", call.span);
            })
            .count()
    })
}

fn said(flow: &Flow<'_>, node: brickgate::python::nodes::NodeId, expected: &str) -> String {
    if expected.starts_with("text ") {
        return flow.pieces(node).map_or("no text".to_owned(), |pieces| {
            let parts: Vec<String> = pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Known(text) => text.clone(),
                    Piece::Hole(_) => "<>".to_owned(),
                })
                .collect();
            format!("text {}", parts.concat())
        });
    }
    if expected.starts_with("texts ") {
        return flow.texts(node).map_or("no texts".to_owned(), |texts| format!("texts {}", texts.join(" ")));
    }
    let Type { kind, rows, motion } = flow.type_of(node);
    let mut words = vec![format!("{kind:?}")];
    if kind == Kind::Frame && rows != Rows::Unknown {
        words.push(format!("{rows:?}"));
    }
    if motion == Motion::Stream {
        words.push("Stream".to_owned());
    }
    words.join(" ")
}

fn with_flows<R: std::iter::Sum>(
    files: &[(&str, &str)],
    mut work: impl FnMut(&Flow<'_>, &brickgate::python::facts::Facts, &str) -> R,
) -> R {
    let asked: Vec<RepoPath> = files.iter().map(|(path, _)| RepoPath::new(path)).collect();
    let everything = asked.clone();
    let request = Request {
        asked: &asked,
        everything: &|| everything.clone(),
        options: &|_| ReadOptions::default(),
        progress: &|| {},
        names: true,
        targets: false,
        whole: true,
    };
    let project = Project::load(Arc::new(Memory::of(files)), &request);
    let names = Namespaces::new(&project, &|_| false);
    project
        .documents()
        .iter()
        .map(|document| work(&Flow::new(&names, document), &document.python, document.path.as_str()))
        .sum()
}

#[test]
fn sources_and_methods() {
    let code = r#"
import pandas as pd
from pyspark.sql import functions as F, SparkSession, Window
from delta.tables import DeltaTable

reveal(spark, "Session")
reveal(SparkSession.builder.appName("x").getOrCreate(), "Session")
reveal(spark.table("t"), "Frame Whole")
reveal(spark.read.format("delta").load("x"), "Frame Whole")
reveal(spark.readStream.table("t"), "Frame Whole Stream")
reveal(spark.sql("select * from a.b"), "Frame Whole")
reveal(spark.sql(f"select * from {t} where x = 1"), "Frame")
reveal(spark.sql("show tables"), "Frame Few")
reveal(spark.sql("select current_user()"), "Frame One")
df = spark.table("t").withColumn("a", F.lit(1))
reveal(df, "Frame Whole")
reveal(df.filter("a"), "Frame")
reveal(df.limit(1), "Frame One")
reveal(df.limit(7), "Frame Few")
reveal(df.agg(F.max("a")), "Frame One")
reveal(df.select(F.max("a").alias("b"), F.count("*")), "Frame One")
reveal(df.select("a", F.max("a")), "Frame Whole")
reveal(df.groupBy("a"), "Grouped")
reveal(df.groupBy("a").count(), "Frame")
reveal(df.count(), "Number")
reveal(df.first(), "Row")
reveal(df.collect(), "RowList")
reveal(df.collect()[0], "Row")
reveal(df.toPandas(), "Pandas")
reveal(df.rdd.map(f), "Rdd")
reveal(df.a, "Column")
reveal(df["a"] + 1, "Column")
reveal(df[["a"]], "Frame Whole")
reveal(df.a == 1, "Column")
reveal(df.a is None, "Bool")
reveal(~F.col("a").isNull() & df.b, "Column")
reveal(df.columns, "Other")
reveal(df.write.mode("append"), "Writer")
reveal(df.writeStream.outputMode("append"), "Writer Stream")
reveal(df.writeStream.start(), "Query")
reveal(Window.partitionBy("a").orderBy("b"), "Window")
reveal(DeltaTable.forName(spark, "t").toDF(), "Frame Whole")
reveal(pd.read_csv("x").dropna(), "Pandas")
reveal(F.broadcast(df.limit(2)), "Frame Few")
reveal(F.udf(lambda x: x), "Udf")
train, test = df.randomSplit([0.8, 0.2])
reveal(train, "Frame")
reveal(unknown, "Unknown")
reveal(unknown.filter("a"), "Unknown")
reveal(unknown.withColumn("a", b).filter("a"), "Frame")
reveal(spark.createDataFrame([(1,)], "a int"), "Frame Few")
reveal(spark.createDataFrame(rows), "Frame Few")
reveal(spark.createDataFrame(sc.textFile("x")), "Frame")
reveal(spark.read.csv("x"), "Frame")
reveal(df.FILL_IN, "Unknown")
reveal(df.a.count(), "Unknown")
reveal(dbldatagen.DataGenerator(spark).withColumn("a"), "Maker")
reveal("a" "b", "Text")
reveal(len([1]), "Number")
"#;
    assert_eq!(revealed(&[("a.py", &format!("# Databricks notebook source\n{code}"))]), 52);
}

#[test]
fn branches_and_loops() {
    let code = r#"
import pandas as pd

if small:
    a = spark.table("t").limit(3)
else:
    a = spark.table("t")
reveal(a, "Frame")
b = spark.table("t")
if other:
    b = pd.read_csv("x")
    reveal(b, "Pandas")
reveal(b, "Unknown")
c = spark.table("t")
for name in names:
    reveal(c, "Frame")
    c = c.filter(name)
reveal(c, "Frame")
d = spark.table("t")
while d:
    reveal(d, "Unknown")
    d = d.toPandas()
with timer():
    e = spark.table("t")
reveal(e, "Frame Whole")
try:
    g = spark.table("t")
except Exception:
    g = None
reveal(g, "Unknown")
h = spark.table("t")
reveal(h, "Frame Whole")
h = h.toPandas()
reveal(h, "Pandas")
del h
reveal(h, "Unknown")
for part in [spark.table("a"), spark.table("b")]:
    reveal(part, "Frame Whole")
for row in spark.table("t").collect():
    reveal(row, "Row")
i = spark.table("t") if x else spark.table("u").limit(2)
reveal(i, "Frame")
"#;
    assert_eq!(revealed(&[("a.py", &format!("# Databricks notebook source\n{code}"))]), 14);
}

#[test]
fn functions_parameters_and_names_from_elsewhere() {
    let helpers = r#"# Databricks notebook source
from pyspark.sql.functions import *

catalog = "main"

def orders():
    return spark.table("orders")

@udf("string")
def tidy(text):
    reveal(text, "Unknown")
    return text

shared = orders().limit(3)
"#;
    let job = r#"# Databricks notebook source
# MAGIC %run ./helpers

# COMMAND ----------

reveal(orders(), "Frame Whole")
reveal(shared, "Frame Few")
reveal(tidy("a"), "Column")
reveal(col("a"), "Column")
reveal(f"{catalog}.sales.{table}", "text main.sales.<>")
"#;
    let module = r#"
import pandas as pd
from pyspark.sql import DataFrame


def clean(df: DataFrame) -> DataFrame:
    reveal(df, "Frame")
    return df.dropna()


def frame(df: pd.DataFrame):
    reveal(df, "Pandas")


def used(df, other):
    reveal(df, "Frame")
    reveal(other, "Unknown")
    return df.withColumn("a", other)


def batch(rows, number):
    reveal(rows, "Frame")


def generates(df):
    yield df


def pandas_first(df):
    reveal(df, "Unknown")
    df = spark.createDataFrame(df)
    reveal(df.withColumn("a", b), "Frame Few")
    df = df.toPandas()
    df = df[df["a"] == 1].drop(columns=["a"])
    reveal(df, "Unknown")


def start(spark):
    reveal(spark, "Session")
    spark.readStream.table("t").writeStream.foreachBatch(batch).start()


NAME = "x"
"#;
    let user = r#"
import module
from module import clean, NAME, generates

reveal(clean(x), "Frame")
reveal(module.used(a, b), "Frame")
reveal(NAME + ".y", "text x.y")
reveal(generates(x), "Unknown")
"#;
    let files = [("helpers.py", helpers), ("job.py", job), ("module.py", module), ("user.py", user)];
    assert_eq!(revealed(&files), 19);
}

#[test]
fn texts() {
    let code = r#"
a = "one"
b = a + "." + "two"
reveal(b, "text one.two")
reveal(f"{b}.{c}!", "text one.two.<>!")
reveal("{}-{x}".format(a, x=c), "text one-<>")
reveal("%s %d %%" % (a, 3), "text one 3 %")
reveal(f"{a!r}", "text <>")
reveal(f"{a:>10}", "text <>")
for name in ["x", "y"]:
    reveal(name, "texts x y")
    reveal(f"{a}.{name}", "texts one.x one.y")
    reveal(name + "/" + name, "texts x/x y/y")
def inside():
    table = "t"
    query = f"select * from {table}"
    reveal(query, "text select * from t")
reveal(c, "text ")
"#
    .replace("reveal(c, \"text \")\n", "");
    assert_eq!(revealed(&[("a.py", &code)]), 10);
}

#[test]
fn elements_of_lists_that_are_written_out() {
    let code = r#"
listed = [spark.table("t"), spark.table("u").limit(1)]
named = {"t": spark.table("t")}
mixed = [spark.table("t"), 1]
reveal(listed[0], "Frame")
reveal(named["t"], "Frame")
reveal(mixed[0], "Unknown")
for frame in listed:
    reveal(frame, "Frame")
for key in named:
    reveal(key, "Unknown")
"#;
    assert_eq!(revealed(&[("a.py", code)]), 5);
}

#[test]
fn what_hangs_on_itself_ends() {
    let mut code = String::from("x0 = y\n");
    for n in 1..400 {
        code.push_str(&format!("for _ in z:\n    x{n} = x{} or x{n}\n    x{} = x{n}.select('a')\n", n - 1, n - 1));
    }
    code.push_str(
        "def f():\n    return g()\ndef g():\n    return f()\nreveal(f(), \"Unknown\")\nreveal(x399, \"Unknown\")\n",
    );
    let chain = format!("reveal(spark.table('t'){}, 'Frame Whole')\n", ".cache()".repeat(300));
    assert_eq!(revealed(&[("a.py", &code), ("b.py", &chain)]), 3);
}
