//! What other linters report wrongly, and our rules must not: the silent examples of the pages that show it; and laws
//! that hold for every page.
//!
//! The examples themselves are run by `pages.rs`. Here it is held that they are there.

use brickgate::page::Example;
use brickgate::rules::book::{Book, Rule};

/// A false positive of another linter, the rule of ours that looks for the same, and a line of the example in its page
/// in which nothing may be found.
const SILENT: &[(&str, &str, &str)] = &[
    // The plugin of pylint for Databricks.
    ("C8920 on the prose of Markdown cells", "commented-out-code", "# MAGIC x = 1"),
    ("C8920 on SQL cells", "commented-out-code", "# MAGIC SELECT max(day) FROM orders"),
    ("C8920 on prose that reads as a call", "commented-out-code", "# Detroit (AMER)"),
    ("C8915 on `spark` at the top of a notebook", "spark-global-in-library", "orders = spark.table(\"sales.orders\")"),
    ("W8916 on a local `spark`", "spark-global-in-library", "    spark = SparkSession.builder.getOrCreate()"),
    ("W8912 on `spark.catalog`, which works", "catalog-api-on-old-runtime", "spark.catalog.tableExists"),
    ("W8912 on a volume behind `dbfs:`", "dbfs-path", "\"dbfs:/Volumes/main/sales/raw/orders\""),
    (
        "W8912 on text with `applyInPandasWithState`",
        "udf-on-old-runtime",
        "\"Compute sessions with applyInPandasWithState",
    ),
    ("W8912 on text with `_jvm`", "jvm-access", "text = \"spark._jvm\""),
    ("W8912 on text with `hive_metastore.`", "hive-metastore", "table.startswith(\"hive_metastore.\")"),
    ("R8905 on a volume", "mount", "dbutils.fs.ls(\"/Volumes/main/sales/raw\")"),
    ("R8906 in a comment", "mount", "# dbutils.fs.mount(\"a\", \"b\")"),
    (
        "R8907 on service credentials",
        "legacy-credentials",
        "dbutils.credentials.getServiceCredentialsProvider(\"queue\")",
    ),
    ("R8909 on `dosage`", "secret-in-source", "    \"dosage\","),
    ("tokens by prefix and length alone", "secret-in-source", "dapi123456789012345678a9bc01234defg5"),
    ("base64 taken for a secret", "secret-in-source", "CONTENT = \"iVBORw0KGgo"),
    ("R8910 on another `getContext`", "internal-api", "context = app.getContext()"),
    ("C8917 on a figure's `show`", "missing-value-assigned", "figure.show()"),
    // UCX.
    ("sql-parse-error on `DESCRIBE SHARE`", "sql-not-closed", "DESCRIBE SHARE retail;"),
    ("sql-parse-error on sources of pipelines", "sql-not-closed", "CREATE OR REFRESH STREAMING TABLE orders"),
    ("sql-parse-error on a view with `WITH`", "missing-semicolon", "CREATE TEMPORARY VIEW recent"),
    ("direct-filesystem-access on `'/'.join`", "dbfs-path", "\"/\".join([\"a\", \"b\"])"),
    ("direct-filesystem-access on `.replace`", "dbfs-path", "path.replace(\"/Workspace\", \"\")"),
    ("direct-filesystem-access on the end of a path", "dbfs-path", "spark.read.load(f\"{folder}/conda.yaml\")"),
    ("notebook-not-found with `$name=value`", "run-not-found", "$mode=\"full\" $table=$table $reset_all_data=false"),
    ("invalid-run-cell below a title", "run-not-alone", "# DBTITLE 1,Tables first"),
    ("jvm-access for a module's name", "jvm-access", "from pyspark.ml.feature import VectorAssembler"),
    ("rdd of a library called `sc`", "rdd-api", "import scanpy as sc"),
    ("legacy-context of a library called `sc`", "spark-context", "import scanpy as sc"),
    ("python-udf on `spark.udf.register`", "java-udf", "spark.udf.register(\"mask\", mask, \"string\")"),
    ("python-udf on 14.3 and later", "udf-on-old-runtime", "result = df.mapInPandas(forecast, \"shop string\")"),
    ("`%restart_python` taken for a cell in R", "language-not-on-compute", "# MAGIC %restart_python"),
    ("`%fs` taken for an unknown magic", "unknown-magic", "# MAGIC %fs ls /Volumes"),
    ("import-not-found in a `try`", "missing-import-name", "    from settings import OPTIONAL"),
    // sparkgrep.
    ("sg-display on an image", "display-in-library", "    display(Image(filename=path))"),
    ("sg-display in a notebook", "display-in-library", "display(spark.table(\"sales.orders\"))"),
    // cylint.
    ("CY001 on one row", "collect-to-driver", "recipient.collect()[0][\"activation_link\"]"),
    ("CY002 on a function that makes up values", "udf-for-builtin", "udf(lambda: str(uuid.uuid4()))"),
    ("CY002 on a method of another object", "udf-for-builtin", "fake.address().replace"),
    (
        "CY004 on a query that is only shown",
        "select-star-into-table",
        "display(spark.sql(\"SELECT * FROM main.sales.orders\"))",
    ),
    ("CY007 with totals of one row", "cross-join", "stores.crossJoin(total)"),
    ("CY007 with a limited side", "cross-join", "crossJoin(spark.table(\"main.sales.products\").limit(10))"),
    ("CY008 where the number of files is meant", "single-file-write", "df.coalesce(8)"),
    ("CY014 on a limited frame", "collect-to-driver", "spark.table(\"sales\").limit(100).toPandas()"),
    ("CY015 on a range", "join-without-condition", "(orders.day >= customers.start)"),
    ("CY018 on what is not asked for", "schema-inferred", "plain = spark.read.json(path)"),
    ("CY020 on other numbers", "count-to-test-empty", "many = df.count() > 1000"),
    ("CY003 in a function that the loop only defines", "with-column-in-loop", "    def add(part):"),
    ("CY031 without Spark in the loop", "action-per-row", "for row in orders.collect():"),
    // pyspark-antipattern.
    ("L001 on a download", "action-per-row", "for chunk in response.iter_content(1024):"),
    ("L001 on a loop that waits", "polling-loop", "while not w.vector_search_endpoints"),
    ("L002 on a loop over days", "with-column-in-loop", "while current_date <= end_date:"),
    ("S011 on pandas", "join-without-condition", "left.join(history_pd[[\"day\", \"y\"]].set_index(\"day\"))"),
    ("D001 on `current_catalog()`", "collect-to-driver", "spark.sql(\"select current_catalog()\").collect()[0]"),
    ("D001 on another library", "collect-to-driver", "pl.scan_parquet(\"sales.parquet\").collect()"),
    ("D002 on another name", "rdd-api", "total = rdd + rddtools.rdd_like"),
    ("D003 on a figure", "show-in-library", "    plt.show()"),
    ("D008 on another object", "display-in-library", "    figure.display()"),
    ("F002 on pandas", "pandas-method-on-spark-frame", ".drop(columns=[\"year\"])"),
    ("F008 in a script", "print-in-library", "    print(\"done\")"),
    ("L003 on a loop over few names", "with-column-in-loop", "for name in [\"a\", \"b\"]:"),
    ("D006 on a list", "count-to-test-empty", "if words.count(\"a\") == 0:"),
    ("U003 on a function over pandas", "udf-for-builtin", "@pandas_udf(\"string\")"),
    ("S015 with an order", "first-without-order", "F.first(\"amount\").over(window)"),
    ("U004 on a plain function", "udf-calls-udf", "clean_udf = udf(clean, \"string\")"),
    // sparkdoctor.
    ("SDK031 on the head of the loop", "action-per-row", "for row in orders.collect():"),
    ("SDK019 on Auto Loader", "schema-inferred", "format(\"cloudFiles\")"),
    ("SDK019 on a stream", "schema-inferred", "spark.readStream.option(\"inferSchema\", True).csv(path)"),
    ("SDK005 on a model", "udf-for-builtin", "mlflow.pyfunc.spark_udf(spark"),
    ("SDK026 on names in `USE`", "string-built-sql", "USE CATALOG `{catalog}`"),
    ("SDK026 on names in `GRANT`", "string-built-sql", "GRANT SELECT ON TABLE {table}"),
    ("SDK026 on names in `DROP`", "string-built-sql", "DROP SCHEMA IF EXISTS"),
    ("SDK026 on names in `ALTER`", "string-built-sql", "ALTER TABLE {table} SET TBLPROPERTIES"),
    ("SDK026 on paths in `CREATE`", "string-built-sql", "CREATE TABLE t LOCATION '{path}'"),
    ("SDK020 on a folder that is cleaned", "root-deleted", "    dbutils.fs.rm(file.path)"),
    ("SDK016 with totals of one row", "cross-join", "stores.crossJoin(stores.agg(F.count(\"*\")))"),
    ("SDK012 for a library that takes pandas only", "collect-to-driver", "Dataset.from_pandas"),
    ("SDK014 on a value that is not written out", "optimizer-switched-off", "\"spark.sql.adaptive.enabled\", setting"),
    // spark-perf-lint.
    ("D02-004 on the order of a window", "sort-lost", "Window.partitionBy(\"customer\").orderBy(\"day\")"),
    ("D07-006 with `predicates`", "jdbc-read-unpartitioned", "predicates="),
    ("D07-006 on a query", "jdbc-read-unpartitioned", ".option(\"query\""),
    ("D10-001 on a function that filters nothing", "udf-in-filter", "df.withColumn(\"name\", tidy(\"name\"))"),
    ("D10-005 on a sample", "random-in-condition", "a.filter(F.rand() < 0.1)"),
    ("D09-012 in `foreachBatch`", "spark-in-worker", "writeStream.foreachBatch(write)"),
    ("D06-003 with `unpersist`", "cache-in-loop", "    part.unpersist()"),
    ("D06-002 on a frame that others read", "cache-unused", "items.createOrReplaceTempView(\"items\")"),
    ("D06-003 on `functools.cache`", "cache-in-loop", "functools.cache(load)"),
    ("D03-008 on the `join` of a text", "join-without-condition", "\", \".join(orders.columns)"),
    ("D03-008 on the `join` of a path", "join-without-condition", "os.path.join(\"a\", \"b\")"),
    // pipeline-lint, dltlint, databricks-notebook-linter, nborder, ruff.
    (
        "DE002 on a full load",
        "overwrite-all-partitions",
        "df.write.mode(\"overwrite\").saveAsTable(\"main.sales.all\")",
    ),
    ("DE002 with a dynamic mode", "overwrite-all-partitions", "partitionOverwriteMode\", \"dynamic\""),
    ("DE005 on an aggregate", "collect-to-driver", ".agg({\"day\": \"max\"}).collect()"),
    ("actions in datasets: `F.count`", "dataset-action", "F.count(\"*\")"),
    ("actions in datasets: `groupBy().count()`", "dataset-action", "days = by_day.count()"),
    ("streams without checkpoint: sinks in memory", "checkpoint-missing", ".format(\"memory\")"),
    ("windows without partitions: through a name", "window-without-partition", "F.row_number().over(parted)"),
    ("DNL001 in a string", "bare-magic", "query = \"\"\""),
    ("DNL001 on `!=`", "bare-magic", "if rest != 1:"),
    ("NB parse error on a cell in SQL", "bare-magic", "\"source\": [\"%sql\\n\", \"SELECT 1\"]"),
    ("F821 on what Databricks gives", "undefined-name", "print(dbutils.widgets.get(\"day\"), _sqldf, total)"),
    ("F821 on what `%run` brings", "undefined-name", "display(spark.table(table(\"orders\")))"),
    ("F401 on what SQL and shell cells use", "unused-import", "!ls {os.sep}"),
    ("F811 on an import in another branch", "redefined-before-use", "    loads = None"),
    ("E999 on magics", "syntax-error", "    %pip list"),
    ("outputs that are meant to be kept", "output-in-notebook", "\"keep_output\""),
];

fn is_silent(example: &Example) -> bool {
    example.findings.as_ref().is_none_or(|found| found.trim().is_empty())
}

/// Examples of a page, without those in which something is found.
fn silent(rule: &Rule) -> Vec<Example> {
    let mut examples = rule.page.examples().unwrap_or_else(|problems| panic!("{}", problems[0]));
    examples.retain(is_silent);
    examples
}

#[test]
fn what_others_report_wrongly_is_shown_to_be_silent() {
    let book = Book::builtin();
    let missing: Vec<String> = SILENT
        .iter()
        .filter(|(_, name, line)| {
            let rule = book.get(name).unwrap_or_else(|| panic!("there is no rule {name}"));
            !silent(rule).iter().flat_map(|example| &example.files).any(|file| file.text.contains(line))
        })
        .map(|(what, name, line)| format!("{name}: no silent example holds `{line}` ({what})"))
        .collect();
    assert!(missing.is_empty(), "\n{}\n", missing.join("\n"));
}

/// How many places of a page's examples must stay silent: lines of code, not the frame of a notebook; a file without
/// any is one.
fn silent_places(rule: &Rule) -> usize {
    let is_frame = |line: &str| {
        let line = line.trim_start_matches(['#', '-', '/']).trim();
        line.is_empty() || line == "Databricks notebook source" || line == "COMMAND ----------"
    };
    let places = |text: &str| text.lines().filter(|line| !is_frame(line)).count().max(1);
    silent(rule).iter().flat_map(|example| &example.files).map(|file| places(&file.text)).sum()
}

#[test]
fn every_page_shows_as_much_that_is_right_as_that_is_wrong() {
    let mut wrong = Vec::new();
    for rule in Book::builtin().rules() {
        let examples = rule.page.examples().unwrap_or_else(|problems| panic!("{}", problems[0]));
        let found: usize =
            examples.iter().filter_map(|example| example.findings.as_ref()).map(|lines| lines.lines().count()).sum();
        let places = silent_places(rule);
        if places < found {
            wrong.push(format!("{}: {found} findings, and only {places} places without", rule.page.path));
        }
        if silent(rule).is_empty() {
            wrong.push(format!("{}: every example finds something", rule.page.path));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}

#[test]
fn every_page_names_its_source_and_shows_what_is_right() {
    let mut wrong = Vec::new();
    for rule in Book::builtin().rules() {
        let (path, text) = (&rule.page.path, &*rule.page.text);
        if !text.contains("\n## What is right\n") {
            wrong.push(format!("{path}: no section `## What is right`"));
        }
        // What the engine alone can find is about brickgate, not about the platform.
        if !(text.contains("](https://") || rule.is_engine() && text.contains("](../../docs/")) {
            wrong.push(format!("{path}: no page of documentation, by name and address"));
        }
    }
    assert!(wrong.is_empty(), "\n{}\n", wrong.join("\n"));
}
