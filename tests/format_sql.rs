//! SQL where it stands, and `.ipynb` without what people have not written: the real binary on small repositories.

use super::toy::Place;
use brickgate::sql::IS_AVAILABLE;

/// A folder with these settings and files.
fn made(settings: &str, files: &[(&str, &str)]) -> Place {
    let place = Place::new(files);
    place.write("brickgate.toml", settings);
    place
}

/// Formats everything, and holds that a second time changes nothing.
#[track_caller]
fn format(place: &Place) {
    place.run(&["format"]).expect(0);
    place.run(&["format", "--check"]).expect(0);
}

const SQL: &str = "[format]\nsql = true\n";

#[test]
fn sql_stays_unless_it_is_asked_for() {
    let text = "-- Databricks notebook source\nselect   1\n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC x=1\n";
    let place = made("", &[("a.sql", text), ("b.sql", "select   1\n")]);
    format(&place);
    assert_eq!(place.read("a.sql"), text.replace("x=1", "x = 1"));
    assert_eq!(place.read("b.sql"), "select   1\n");
}

#[test]
fn a_build_without_the_formatter_says_so_and_ends() {
    if IS_AVAILABLE {
        return;
    }
    let place = made(SQL, &[("a.py", "x=1\n"), ("b.sql", "select   1\n")]);
    for arguments in [&["format"][..], &["format", "--check"], &["check", "--fix", "--format"]] {
        let ran = place.run(arguments).expect(2).warns("--features sql");
        assert_eq!(ran.err.matches("no SQL formatter").count(), 1, "{}", ran.err);
    }
    let ran = place.stdin(&["format", "--stdin-filename", "b.sql", "-"], "select   1\n").expect(2);
    assert_eq!(ran.out, "select   1\n");
    assert_eq!((place.read("a.py"), place.read("b.sql")), ("x=1\n".to_owned(), "select   1\n".to_owned()));
    let place = made("[format]\nsql = false\n", &[("a.py", "x=1\n")]);
    format(&place);
    assert_eq!(place.read("a.py"), "x = 1\n");
}

#[test]
fn sql_in_its_places() {
    if !IS_AVAILABLE {
        return;
    }
    let python = "# Databricks notebook source\n# DBTITLE 1,Look\n# MAGIC %sql\n# MAGIC select a,b\n# MAGIC\n# MAGIC from t where x = '${y}' -- why\n\n# COMMAND ----------\n\n# MAGIC %sql select  1\n\n# COMMAND ----------\n\n# MAGIC %sql select a,b from t\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC frobnicate   x\n\n# COMMAND ----------\n\n# MAGIC %md select   1\n";
    let notebook = "-- Databricks notebook source\nselect   1;\ncreate  widget text x default '1';\n\n-- COMMAND ----------\n\n-- MAGIC %sql\n-- MAGIC select   2\n\n-- COMMAND ----------\n\n -- COMMAND ----------\nselect   3\n";
    let file = "\u{feff}select   1 ;\r\nselect a\r\n  ,b from t\r\n";
    let cell = |source: &str| {
        format!("{{\"cell_type\": \"code\", \"metadata\": {{}}, \"outputs\": [], \"source\": {source}}}")
    };
    let ipynb = |cells: &[&str], metadata: &str| {
        let cells: Vec<String> = cells.iter().map(|source| cell(source)).collect();
        format!("{{\"cells\": [{}], \"metadata\": {metadata}, \"nbformat\": 4}}", cells.join(",\n"))
    };
    let ours = "{\"application/vnd.databricks.v1+notebook\": {\"language\": \"python\"}}";
    let old = ["[\"%sql\\n\", \"select   1\"]", "\"x = 1\""];
    let files = [
        ("a.py", python),
        ("b.sql", notebook),
        ("c.sql", file),
        ("d.ipynb", &*ipynb(&old, ours)),
        ("e.ipynb", &*ipynb(&old, "{}")),
    ];
    let place = made(SQL, &files);
    format(&place);
    assert_eq!(
        place.read("a.py"),
        "# Databricks notebook source\n# DBTITLE 1,Look\n# MAGIC %sql\n# MAGIC SELECT\n# MAGIC   a,\n# MAGIC   b\n# MAGIC\n# MAGIC FROM t\n# MAGIC WHERE x = '${y}' -- why\n\n# COMMAND ----------\n\n# MAGIC %sql SELECT 1\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC SELECT\n# MAGIC   a,\n# MAGIC   b\n# MAGIC FROM t\n\n# COMMAND ----------\n\n# MAGIC %sql\n# MAGIC frobnicate   x\n\n# COMMAND ----------\n\n# MAGIC %md select   1\n"
    );
    assert_eq!(
        place.read("b.sql"),
        "-- Databricks notebook source\nSELECT 1;\ncreate  widget text x default '1';\n\n-- COMMAND ----------\n\n-- MAGIC %sql\n-- MAGIC SELECT 2\n\n-- COMMAND ----------\n\n -- COMMAND ----------\nSELECT 3\n"
    );
    assert_eq!(place.read("c.sql"), "\u{feff}SELECT 1;\r\nSELECT\r\n  a,\r\n  b\r\nFROM t\r\n");
    assert_eq!(place.read("d.ipynb"), ipynb(&["[\"%sql\\n\", \"SELECT 1\"]", "\"x = 1\""], ours));
    assert_eq!(place.read("e.ipynb"), ipynb(&old, "{}"));
}

#[test]
fn ipynb_is_stripped_only_where_settings_say_so() {
    let raw = |count: &str, outputs: &str| {
        format!(
            "{{\n \"cells\": [\n  {{\"cell_type\": \"code\", \"execution_count\": {count}, \"metadata\": {{}}, \"outputs\": {outputs}, \"source\": [\"x = 1\"]}}\n ],\n \"metadata\": {{}},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}}\n"
        )
    };
    let (old, new) = (raw("3", "[{\"output_type\": \"stream\"}]"), raw("null", "[]"));
    let files = [("a.ipynb", &*old), ("kept/b.ipynb", &*old), (".databricks/commit_outputs", "kept/**\n")];
    let place = made("", &files);
    format(&place);
    assert_eq!(place.read("a.ipynb"), old);
    let place = made("[format]\nipynb = \"strip\"\n", &files);
    assert_eq!(place.run(&["format", "--check"]).expect(1).out, "would reformat a.ipynb\n");
    format(&place);
    assert_eq!((place.read("a.ipynb"), place.read("kept/b.ipynb")), (new.clone(), old.clone()));
    assert_eq!(place.stdin(&["format", "--stdin-filename", "c.ipynb", "-"], &old).expect(0).out, new);
}
