//! What is known of the SQL of a document: statements, tables, paths, placeholders, and where each of them stands.

use brickgate::project::document::{Document, ReadOptions};
use brickgate::project::read::understand;
use brickgate::snapshot::RepoPath;
use brickgate::sql::facts::{Place, PlaceholderKind, Role, SqlFacts, StatementKind};
use proptest::prelude::*;

fn document(path: &str, text: &str) -> Document {
    let document = understand(text.as_bytes().to_vec(), &RepoPath::new(path), true, &ReadOptions::default());
    holds(&document);
    document
}

/// The tables of some SQL in a file, as `role:name`, a `*` behind those that a `WITH` list makes.
fn tables(sql: &str) -> Vec<String> {
    listed(document("a.sql", sql).sql())
}

fn listed(facts: &SqlFacts) -> Vec<String> {
    facts
        .statements
        .iter()
        .flat_map(|statement| &statement.tables)
        .map(|table| format!("{:?}:{}{}", table.role, table.name(), if table.is_cte { "*" } else { "" }))
        .collect()
}

fn kinds(sql: &str) -> Vec<StatementKind> {
    document("a.sql", sql).sql().statements.iter().map(|statement| statement.kind).collect()
}

/// The SQL of the pieces of a file.
fn pieces(document: &Document) -> Vec<&str> {
    document.sql().pieces.iter().map(|piece| &*piece.code).collect()
}

/// What must be true of any document.
fn holds(document: &Document) {
    let text = document.text();
    let facts = document.sql();
    for view in facts.views() {
        let inside = |span: brickgate::text::Span| text.get(span.range()).is_some();
        assert!(inside(view.row.span));
        assert!(view.row.semicolon.is_none_or(inside));
        for (at, token) in view.row.tokens.iter().enumerate() {
            assert!(inside(token.span), "{:?}", view.text(at));
            assert!(view.piece.code.get(token.own.range()).is_some());
            if let Some(pair) = view.pair(at) {
                assert_eq!(view.pair(pair), Some(at));
                assert_eq!(view.depth(pair), view.depth(at));
            }
            // In cells and files, a token of one line is what stands at its place.
            if !matches!(view.piece.place, Place::Literal(_)) && !view.text(at).contains('\n') {
                assert_eq!(token.span.of(text), view.text(at));
            }
        }
        for table in &view.row.tables {
            assert!(inside(table.span) && table.tokens.0 < table.tokens.1 && table.tokens.1 <= view.len());
            assert!(!table.parts.is_empty());
        }
        for path in &view.row.paths {
            assert!(inside(path.span));
        }
        for placeholder in &view.row.placeholders {
            assert!(inside(placeholder.span) && placeholder.token < view.len());
        }
    }
}

#[test]
fn tables_have_their_roles() {
    for (sql, expected) in [
        ("SELECT * FROM a.b.c x JOIN d ON 1=1, e", "Read:a.b.c Read:d"),
        ("SELECT * FROM a, b AS c, (SELECT 1 FROM d) e WHERE x IN (SELECT y FROM f)", "Read:a Read:b Read:d Read:f"),
        ("WITH q AS (SELECT 1 FROM t), r (a) AS (SELECT * FROM q) SELECT * FROM r", "Read:t Read:q* Read:r*"),
        ("INSERT INTO t SELECT * FROM s", "Written:t Read:s"),
        ("INSERT OVERWRITE TABLE `a b`.t PARTITION (d = 1) SELECT 1", "Written:a b.t"),
        ("MERGE INTO t USING s ON t.id = s.id WHEN MATCHED THEN UPDATE SET *", "Written:t Read:s"),
        ("MERGE INTO t USING (SELECT * FROM u) s ON t.id = s.id WHEN MATCHED THEN DELETE", "Written:t Read:u"),
        ("UPDATE t SET x = 1", "Written:t"),
        ("DELETE FROM t WHERE x IN (SELECT y FROM u)", "Written:t Read:u"),
        ("CREATE OR REPLACE TABLE a.b USING delta AS SELECT * FROM c", "Created:a.b Read:c"),
        ("CREATE OR REPLACE TABLE a DEEP CLONE b", "Created:a Read:b"),
        ("CREATE TABLE IF NOT EXISTS ${db}.t (a INT)", "Created:${db}.t"),
        ("CREATE OR REPLACE TEMP VIEW v AS SELECT 1 FROM LIVE.x", "Created:v Read:LIVE.x"),
        ("DROP TABLE IF EXISTS a, b", "Dropped:a Dropped:b"),
        ("DROP SCHEMA s CASCADE", ""),
        ("ALTER TABLE t ADD COLUMN x INT", "Named:t"),
        ("DESCRIBE HISTORY a.b", "Named:a.b"),
        ("DESCRIBE SCHEMA s", ""),
        ("OPTIMIZE t ZORDER BY (x)", "Named:t"),
        ("SHOW TABLES FROM db", ""),
        ("SHOW CREATE TABLE t", "Named:t"),
        ("GRANT SELECT ON TABLE a.b TO `x y`", "Named:a.b"),
        ("GRANT USE SCHEMA ON SCHEMA a TO b", ""),
        ("SELECT extract(YEAR FROM d), trim(BOTH 'x' FROM y) FROM t", "Read:t"),
        ("SELECT a IS NOT DISTINCT FROM b FROM t", "Read:t"),
        ("SELECT * FROM STREAM(a.b)", "Read:a.b"),
        ("SELECT * FROM STREAM a", "Read:a"),
        ("SELECT * FROM range(10), read_files('/x')", ""),
        ("SELECT * FROM IDENTIFIER(:t)", ""),
        ("SELECT * FROM t VERSION AS OF 3 v, u", "Read:t Read:u"),
        ("SELECT * FROM t LATERAL VIEW explode(x) y AS a, b", "Read:t"),
        ("COPY INTO t FROM '/x' FILEFORMAT = CSV", "Written:t"),
        ("FROM t SELECT x", "Read:t"),
        ("SELECT * FROM values (1)", ""),
        ("EXPLAIN SELECT * FROM t", "Read:t"),
        ("nonsense from t", "Read:t"),
    ] {
        assert_eq!(tables(sql).join(" "), expected, "{sql}");
    }
}

#[test]
fn aliases_and_parts_are_told_apart() {
    let document = document("a.sql", "SELECT * FROM ${c}.`s-1`.t_${x} AS q JOIN u ON q.a = u.a");
    let facts = document.sql();
    let [first, second] = facts.statements[0].tables.as_slice() else { panic!() };
    let parts: Vec<_> = first.parts.iter().map(|part| (&*part.text, part.is_open)).collect();
    assert_eq!(parts, [("${c}", true), ("s-1", false), ("t_${x}", true)]);
    assert_eq!(first.alias.as_deref(), Some("q"));
    assert_eq!(second.alias, None);
    assert!(!first.is_known() && second.is_known());
    assert_eq!(first.span.of(document.text()), "${c}.`s-1`.t_${x}");
}

#[test]
fn paths_are_known_by_what_stands_before_them() {
    for (sql, expected) in [
        ("SELECT * FROM delta.`/mnt/x`", "Table /mnt/x delta"),
        ("SELECT * FROM csv.`s3://b/x`", "Table s3://b/x csv"),
        (
            "CREATE TABLE t (a INT) LOCATION 'abfss://c@a.dfs.core.windows.net/x'",
            "Location abfss://c@a.dfs.core.windows.net/x",
        ),
        ("CREATE TABLE t USING csv OPTIONS (path \"/x\", header 'true')", "Location /x"),
        ("CREATE TABLE t USING csv OPTIONS (path = '/x')", "Location /x"),
        ("SELECT * FROM read_files('/Volumes/a/b/c', format => 'csv')", "Function /Volumes/a/b/c"),
        ("COPY INTO t FROM 'dbfs:/x' FILEFORMAT = CSV", "Source dbfs:/x"),
        ("LOAD DATA INPATH '/x' INTO TABLE t", "Source /x"),
        ("INSERT OVERWRITE DIRECTORY '/x' USING csv SELECT 1", "Directory /x"),
        ("LIST '/Volumes/a'", "Other /Volumes/a"),
        ("SELECT '/mnt/x' AS location FROM t", ""),
    ] {
        let document = document("a.sql", sql);
        let paths: Vec<String> = document
            .sql()
            .statements
            .iter()
            .flat_map(|statement| &statement.paths)
            .map(|path| {
                assert_eq!(path.span.of(document.text()), &*path.text);
                format!("{:?} {} {}", path.role, path.text, path.format.as_deref().unwrap_or("")).trim().to_owned()
            })
            .collect();
        assert_eq!(paths.join(" "), expected, "{sql}");
    }
}

#[test]
fn statements_have_their_kinds() {
    use StatementKind as Kind;
    for (sql, expected) in [
        ("SELECT 1; ; VALUES (1);", &[Kind::Query, Kind::Empty, Kind::Query][..]),
        ("WITH a AS (SELECT 1) INSERT INTO t SELECT * FROM a", &[Kind::Insert]),
        ("WITH a AS (SELECT 1) SELECT * FROM a", &[Kind::Query]),
        ("(SELECT 1) UNION (SELECT 2)", &[Kind::Query]),
        ("CREATE TABLE t (a INT)", &[Kind::CreateTable]),
        ("CREATE OR REFRESH STREAMING TABLE t", &[Kind::CreateTable]),
        ("CREATE OR REPLACE MATERIALIZED VIEW v AS SELECT 1", &[Kind::CreateView]),
        ("CREATE CATALOG c", &[Kind::Create]),
        ("BEGIN TRANSACTION; COMMIT", &[Kind::Other, Kind::Other]),
        (
            "BEGIN DECLARE x INT; IF x > 1 THEN DELETE FROM t WHERE a = 1; ELSE INSERT INTO t VALUES (1); END IF; END; SELECT 1",
            &[Kind::Compound, Kind::Delete, Kind::Insert, Kind::Query],
        ),
        (
            "CREATE PROCEDURE p() LANGUAGE SQL AS BEGIN UPDATE t SET a = 1 WHERE b = 2; END",
            &[Kind::Create, Kind::Update],
        ),
        ("-- nothing", &[]),
        ("frobnicate", &[Kind::Other]),
    ] {
        assert_eq!(kinds(sql), expected, "{sql}");
    }
    assert_eq!(tables("BEGIN IF a THEN DELETE FROM t; END IF; END"), ["Written:t"]);
}

#[test]
fn what_does_not_end_is_known_and_what_stood_before_it_too() {
    let document = document("a.sql", "SELECT * FROM a;\nSELECT * FROM b WHERE c = 'x");
    let facts = document.sql();
    assert_eq!(listed(facts), ["Read:a"]);
    let (_, place) = facts.pieces[0].unfinished.unwrap();
    assert_eq!(place.of(document.text()), "'");
}

#[test]
fn cells_are_read_in_every_form() {
    let python = "# Databricks notebook source\n# MAGIC %sql\n# MAGIC SELECT 'a\n# MAGIC b' FROM\n# MAGIC   t;\n\n\
                  # COMMAND ----------\n\n# MAGIC %md\n# MAGIC SELECT * FROM no\n\n# COMMAND ----------\n\n# MAGIC %sql DROP TABLE u\n\n\
                  # COMMAND ----------\n\n %sql\n SELECT * FROM bare\n";
    let python = document("a.py", python);
    assert_eq!(listed(python.sql()), ["Read:t", "Dropped:u", "Read:bare"]);
    assert_eq!(python.sql().statements[0].tables[0].span.of(python.text()), "t");
    let sql = "-- Databricks notebook source\nSELECT * FROM a\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC \
               spark.sql('''SELECT *\n-- MAGIC FROM b''')\n-- MAGIC spark.sql('SELECT * FROM c')\n";
    let sql = document("a.sql", sql);
    assert_eq!(listed(sql.sql()), ["Read:a", "Read:b", "Read:c"]);
    assert_eq!(sql.sql().statements[2].tables[0].span.of(sql.text()), "c");
    let ipynb = r#"{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": 0, "source": ["%sql\n", "SELECT * FROM \"x\", t"]}], "metadata": {"application/vnd.databricks.v1+notebook": {"language": "python"}, "language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 0}"#;
    assert_eq!(listed(document("a.ipynb", ipynb).sql()), ["Read:t"]);
}

#[test]
fn literals_are_read_where_they_are_written() {
    for (python, expected) in [
        ("spark.sql('SELECT * FROM a')", &["SELECT * FROM a"][..]),
        ("spark.sql(\"\"\"SELECT *\nFROM a\"\"\")", &["SELECT *\nFROM a"]),
        ("spark.sql(f'SELECT * FROM {x}.a WHERE d = \\'{y!r}\\'')", &["SELECT * FROM {x}.a WHERE d = '{y}'"]),
        ("spark.sql(f\"SELECT {row['a']}, {{1}}\")", &["SELECT {row__a__}, {1}"]),
        ("spark.sql('SELECT ' 'a ' \"b\")", &["SELECT a b"]),
        ("spark.sql('SELECT ' + x + ' FROM t')", &["SELECT {} FROM t"]),
        ("spark.sql('SELECT {} FROM t'.format(x))", &["SELECT {} FROM t"]),
        ("spark.sql('SELECT %s FROM t' % x)", &["SELECT %s FROM t"]),
        ("spark.sql('a' if x else 'b')", &[]),
        ("spark.sql(query())", &[]),
        ("q = 'SELECT 1'\nspark.sql(q)\nspark.sql(q)", &["SELECT 1"]),
        ("def f(x):\n    q = f'''\n      SELECT {x}'''\n    return spark.sql(q)", &["\n      SELECT {x}"]),
        ("q = 'a'\nq = 'b'\nspark.sql(q)", &[]),
        ("def f(q='x'):\n    spark.sql(q)", &[]),
        ("self.spark.sql('a'); sqlContext.sql('b'); sql('c'); duckdb.sql('d'); df.sql('e')", &["a", "b"]),
        ("SparkSession.builder.getOrCreate().sql('a')", &["a"]),
        ("spark.sql('a\\x41')", &["aA"]),
        ("spark.sql('a\\'b\\n')", &["a'b\n"]),
    ] {
        assert_eq!(pieces(&document("a.py", python)), expected, "{python}");
    }
    assert_eq!(pieces(&document("a.py", "# Databricks notebook source\nsql('c')")), ["c"]);
    assert_eq!(pieces(&document("a.py", "# Databricks notebook source\nfrom x import sql\nsql('c')")), [""; 0]);
}

#[test]
fn places_in_literals_are_exact() {
    let text = "spark.sql(f'é {a} FROM \\'t\\' x' +\n  \"\"\" JOIN u\"\"\")";
    let document = document("a.py", text);
    let facts = document.sql();
    let row = &facts.statements[0];
    let places: Vec<&str> = row.tokens.iter().map(|token| token.span.of(text)).collect();
    assert_eq!(places, ["é", "{a}", "FROM", "'t\\'", "x", "JOIN", "u"]);
    assert_eq!(row.placeholders[0].kind, PlaceholderKind::Hole);
    assert_eq!(row.tables.last().map(|table| (table.role, table.span.of(text))), Some((Role::Read, "u")));
}

#[test]
fn placeholders_are_found_inside_and_outside_of_strings() {
    for (sql, expected) in [
        ("SELECT ${a}, $b, :c, ?, {{d}}", "Dollar a, Dollar b, Named c, Positional , Braces d"),
        ("SELECT '${a} and {{ b }}', '{c}'", "Dollar a inside, Braces b inside"),
        ("SELECT `${a}`", "Dollar a inside"),
        ("SELECT x:y, '12:30' -- ${no}", ""),
    ] {
        let document = document("a.sql", sql);
        let found: Vec<String> = document.sql().statements[0]
            .placeholders
            .iter()
            .map(|one| format!("{:?} {}{}", one.kind, one.name, if one.inside { " inside" } else { "" }))
            .collect();
        assert_eq!(found.join(", "), expected, "{sql}");
    }
    let document =
        document("a.py", "spark.sql(f\"SELECT '{a}' , '{{b}}' FROM {c}\")\nspark.sql(\"x = '{}' %s\" .format(1))");
    let found: Vec<_> =
        document.sql().statements[0].placeholders.iter().map(|one| (&*one.name, one.kind, one.inside)).collect();
    assert_eq!(found, [("a", PlaceholderKind::Hole, true), ("c", PlaceholderKind::Hole, false)]);
}

const WORDS: &[&str] = &[
    "SELECT ",
    "FROM ",
    "JOIN ",
    "WITH ",
    "AS ",
    "(",
    ")",
    ",",
    ".",
    ";",
    "'",
    "\"",
    "`",
    "--",
    "/*",
    "*/",
    "$$",
    "${a}",
    "{{b}}",
    "{c}",
    ":d",
    "?",
    "t ",
    "BEGIN ",
    "END ",
    "IF ",
    "THEN ",
    "MERGE INTO ",
    "USING ",
    "INSERT INTO ",
    "CREATE TABLE ",
    "DROP VIEW ",
    "\n",
    "\\",
    "é",
    "[",
    "]",
    "{",
    "}",
    "%s",
    "1.5",
    " ",
    "delta.`/x`",
    "+",
    "#",
    "f'",
    "r\"",
    "\"\"\"",
    "=",
];

fn garbage() -> impl Strategy<Value = String> {
    proptest::collection::vec(proptest::sample::select(WORDS), 0..60).prop_map(|words| words.concat())
}

/// Every line behind a prefix.
fn prefixed(text: &str, prefix: &str) -> String {
    text.lines().flat_map(|line| [prefix, line, "\n"]).collect()
}

proptest! {
    #[test]
    fn any_sql_is_survived(sql in garbage()) {
        document("a.sql", &sql);
        document("a.py", &format!("# Databricks notebook source\n# MAGIC %sql\n{}", prefixed(&sql, "# MAGIC ")));
    }

    #[test]
    fn any_literal_is_survived(sql in garbage(), quote in proptest::sample::select(&["'", "\"", "\"\"\"", "f'''", "rf\"", ""][..])) {
        let close = quote.trim_start_matches(['r', 'f']);
        document("a.py", &format!("spark.sql({quote}{sql}{close})\nq = {quote}{sql}{close}\nspark.sql(q)\n"));
        let magic = prefixed(&format!("spark.sql({quote}{sql}{close})"), "-- MAGIC ");
        document("a.sql", &format!("-- Databricks notebook source\n-- MAGIC %python\n{magic}"));
    }
}
