//! `brickgate names` on small repositories: what is in scope, where it comes from, who reads it.

use crate::toy::{Place, Ran};
use serde_json::Value;

impl Place {
    fn names(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["names"], arguments].concat())
    }

    fn json(&self, arguments: &[&str]) -> Value {
        let ran = self.names(&[arguments, &["--output-format", "json"]].concat());
        serde_json::from_str(&ran.out).unwrap()
    }
}

/// A row of the JSON by name.
#[track_caller]
fn row<'v>(value: &'v Value, name: &str) -> &'v Value {
    let rows = value["names"].as_array().unwrap();
    rows.iter().find(|row| row["name"] == name).unwrap_or_else(|| panic!("no `{name}` in {value:#}"))
}

fn listed(value: &Value) -> Vec<&str> {
    value["names"].as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect()
}

/// A notebook of these cells.
fn notebook(cells: &[&str]) -> String {
    format!("# Databricks notebook source\n{}\n", cells.join("\n\n# COMMAND ----------\n\n"))
}

/// `daily` runs `setup`, which runs `config`.
fn chain() -> Place {
    Place::new(&[
        (
            "jobs/daily.py",
            &notebook(&["# MAGIC %run ../setup", "rows = load(catalog)", "def late():\n    return rows, token"]),
        ),
        (
            "setup.py",
            &notebook(&["# MAGIC %run ./config/base", "def load(name, limit=10):\n    return spark.table(name)"]),
        ),
        (
            "config/base.py",
            &notebook(&["catalog = \"main\"", "if catalog:\n    token = 1\nimport pyspark.sql.functions as F"]),
        ),
    ])
}

#[test]
fn each_name_says_where_it_comes_from() {
    let place = chain();
    let ran = place.names(&["jobs/daily.py"]).expect(0);
    let lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(
        lines,
        [
            "F        import    pyspark.sql.functions  config/base.py:8 (cell 2), by `%run ../setup` in cell 1",
            "catalog  constant  \"main\"                 config/base.py:2 (cell 1), by `%run ../setup` in cell 1",
            "late     function  ()                     jobs/daily.py:10 (cell 3)",
            "load     function  (name, limit=10)       setup.py:6 (cell 2), by `%run ../setup` in cell 1",
            "rows     variable  load(catalog)          jobs/daily.py:6 (cell 2)",
            "token    constant  1                      config/base.py:7 (cell 2), by `%run ../setup` in cell 1, only in a branch",
        ]
    );
    assert_eq!(ran.err, "");
}

#[test]
fn json_has_the_whole_chain() {
    let value = chain().json(&["jobs/daily.py"]);
    assert_eq!(value["filename"], "jobs/daily.py");
    assert_eq!(value["at"], Value::Null);
    let catalog = &row(&value, "catalog")["origins"][0];
    assert_eq!((&catalog["kind"], &catalog["detail"]), (&"constant".into(), &"\"main\"".into()));
    assert_eq!((&catalog["filename"], &catalog["location"]["row"]), (&"config/base.py".into(), &2.into()));
    let chain = catalog["chain"].as_array().unwrap();
    let steps: Vec<(&str, u64, &str)> = chain
        .iter()
        .map(|step| {
            let row = step["location"]["row"].as_u64().unwrap();
            (step["filename"].as_str().unwrap(), row, step["text"].as_str().unwrap())
        })
        .collect();
    assert_eq!(steps, [("jobs/daily.py", 2, "%run ../setup"), ("setup.py", 2, "%run ./config/base")]);
    assert_eq!(row(&value, "token")["conditional"], true);
    assert_eq!(row(&value, "catalog")["conditional"], false);
    assert_eq!(value["unknown"], Value::Array(Vec::new()));
}

#[test]
fn a_place_sees_what_comes_before_it_and_a_body_sees_all() {
    let place = chain();
    assert!(listed(&place.json(&["jobs/daily.py:2"])).is_empty());
    assert_eq!(listed(&place.json(&["jobs/daily.py:6"])), ["F", "catalog", "load", "token"]);
    let value = place.json(&["jobs/daily.py:11"]);
    assert!(listed(&value).contains(&"late") && listed(&value).contains(&"rows"), "{value:#}");
    let value = place.json(&["setup.py:7"]);
    assert_eq!(row(&value, "limit")["standing"], "local");
    assert_eq!(row(&value, "limit")["origins"][0]["kind"], "parameter");
    place.names(&["setup.py:7"]).expect(0).says("In `load`").says("when the function is called");
    place.names(&["jobs/daily.py:99"]).expect(2).warns("there is no line 99");
    place.names(&["jobs/daily.py:0"]).expect(2).warns("count from 1");
    place.names(&["jobs/none.py:1"]).expect(2).warns("jobs/none.py: no such file");
    place.names(&["jobs"]).expect(2).warns("is a folder");
}

#[test]
fn one_name_says_its_way_and_its_readers() {
    let place = chain();
    let ran = place.names(&["jobs/daily.py", "--name", "catalog"]).expect(0);
    assert_eq!(
        ran.out,
        "catalog is bound\n  by `%run ../setup` at jobs/daily.py:2 (cell 1)\n  which has it by `%run ./config/base` at setup.py:2 (cell 1)\n  \
         as constant at config/base.py:2 (cell 1)  \"main\"\n\nread 2 times\n  config/base.py:6 (cell 2)\n  jobs/daily.py:6 (cell 2)\n"
    );
    // Seen from the other end, the readers are the same.
    let value = place.json(&["config/base.py", "--name", "catalog"]);
    let uses: Vec<&str> =
        value["uses"].as_array().unwrap().iter().map(|row| row["filename"].as_str().unwrap()).collect();
    assert_eq!(uses, ["config/base.py", "jobs/daily.py"]);
    place.names(&["jobs/daily.py", "--name", "nothing"]).expect(1).says("nothing is not bound here");
    place.names(&["jobs/daily.py", "--name", "spark"]).expect(0).says("given by Databricks");
}

#[test]
fn the_last_binding_counts_and_deletion_too() {
    let place = Place::new(&[
        (
            "a.py",
            &notebook(&["# MAGIC %run ./one", "# MAGIC %run ./two", "gone = 1\ndel gone\nx = spark.table(\"t\")"]),
        ),
        ("one.py", &notebook(&["x = 1\ny = 1\nz = 1"])),
        ("two.py", &notebook(&["y = 2\nif y:\n    z = 2"])),
    ]);
    let value = place.json(&["a.py"]);
    assert_eq!(listed(&value), ["x", "y", "z"]);
    assert_eq!(row(&value, "x")["origins"][0]["kind"], "dataframe");
    assert_eq!(row(&value, "y")["origins"][0]["filename"], "two.py");
    let z: Vec<&str> =
        row(&value, "z")["origins"].as_array().unwrap().iter().map(|row| row["filename"].as_str().unwrap()).collect();
    assert_eq!(z, ["two.py", "one.py"]);
    assert_eq!(row(&value, "z")["conditional"], false);
    let before = place.json(&["a.py:6", "--name", "x"]);
    assert_eq!(row(&before, "x")["origins"][0]["filename"], "one.py");
}

#[test]
fn a_restart_takes_names_away() {
    let place = Place::new(&[("a.py", &notebook(&["x = 1", "dbutils.library.restartPython()", "y = 2"]))]);
    let value = place.json(&["a.py"]);
    assert_eq!(row(&value, "x")["standing"], "lost");
    assert_eq!(row(&value, "x")["restarted"]["location"]["row"], 6);
    assert_eq!(row(&value, "y")["standing"], "bound");
    place.names(&["a.py"]).expect(0).says("Lost when Python is restarted").says("lost at a.py:6 (cell 2)");
    place.names(&["a.py", "--name", "x"]).expect(0).says("x is lost here");
}

#[test]
fn names_of_callers() {
    let place = Place::new(&[
        ("lib.py", &notebook(&["print(env, extra)"])),
        ("a.py", &notebook(&["env = \"dev\"\nextra = 1\nother = 2", "# MAGIC %run ./lib"])),
        ("b.py", &notebook(&["env = \"prod\"", "# MAGIC %run ./lib"])),
    ]);
    let value = place.json(&["lib.py"]);
    assert_eq!(listed(&value), ["env", "extra"]);
    assert_eq!(row(&value, "env")["standing"], "callers");
    assert_eq!(row(&value, "env")["conditional"], false);
    assert_eq!(row(&value, "extra")["conditional"], true);
    assert_eq!(row(&value, "extra")["not_bound_by"][0]["filename"], "b.py");
    let ran = place.names(&["lib.py"]).expect(0);
    ran.says("1 of 2 notebooks that run this one").says("1 more name of notebooks that run this one");
    let value = place.json(&["lib.py", "--all"]);
    assert!(listed(&value).contains(&"other") && listed(&value).contains(&"spark"), "{value:#}");
    assert_eq!(row(&value, "spark")["standing"], "platform");
}

#[test]
fn star_imports_and_what_is_unknown() {
    let place = Place::new(&[
        ("a.py", &notebook(&["from util import *\nfrom elsewhere import *", "# MAGIC %run /Shared/none"])),
        ("util.py", "from deep import *\n\ndef f(): pass\n_hidden = 1\n"),
        ("deep.py", "__all__ = [\"g\"]\ng = h = 1\n"),
    ]);
    let value = place.json(&["a.py"]);
    assert_eq!(listed(&value), ["f", "g"]);
    assert_eq!(row(&value, "g")["origins"][0]["chain"][1]["text"], "from deep import *");
    let reasons: Vec<u64> =
        value["unknown"].as_array().unwrap().iter().map(|row| row["location"]["row"].as_u64().unwrap()).collect();
    assert_eq!(reasons, [3, 7]);
    place.names(&["a.py"]).expect(0).says("There may be more, because");
}

#[test]
fn cells_of_an_ipynb_count_their_own_lines() {
    let json = r#"{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": ["%run ./lib"]},
        {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": ["x = 1\n", "y = x"]}],
        "metadata": {"application/vnd.databricks.v1+notebook": {"language": "python"}, "language_info": {"name": "python"}},
        "nbformat": 4, "nbformat_minor": 0}"#;
    let place = Place::new(&[("n.ipynb", json), ("lib.py", &notebook(&["z = 1"]))]);
    assert_eq!(listed(&place.json(&["n.ipynb"])), ["x", "y", "z"]);
    assert_eq!(listed(&place.json(&["n.ipynb:2"])), ["z"]);
    let value = place.json(&["n.ipynb:2:2"]);
    assert_eq!(listed(&value), ["x", "z"]);
    assert_eq!((&value["at"]["cell"], &value["at"]["location"]["row"]), (&2.into(), &2.into()));
    place.names(&["n.ipynb:2:2"]).expect(0).says("n.ipynb:cell 2:1");
    place.names(&["n.ipynb:9"]).expect(2).warns("there is no cell 9");
    place.names(&["n.ipynb:2:9"]).expect(2).warns("there is no line 9");
}

#[test]
fn credentials_are_not_shown() {
    let token = ["dapi8f3a1c9e", "0b7d4f62a5e81c3d9b07f46e"].concat();
    let place = Place::new(&[("a.py", &notebook(&[&format!("token = \"{token}\"")]))]);
    for arguments in [&["a.py"][..], &["a.py", "--name", "token"], &["a.py", "--output-format", "json"]] {
        let ran = place.names(arguments).expect(0).says("token");
        assert!(!ran.out.contains(&token), "{}", ran.out);
    }
}

/// Notebooks that run each other, and a notebook that many run beside each other, come to an end.
#[test]
fn knots_and_diamonds() {
    let place = Place::new(&[
        ("a.py", &notebook(&["# MAGIC %run ./b", "x = 1"])),
        ("b.py", &notebook(&["# MAGIC %run ./a", "y = 1"])),
    ]);
    assert_eq!(listed(&place.json(&["a.py"])), ["x", "y"]);
    for at in 0..40 {
        let next = format!("# MAGIC %run ./d{}", at + 1);
        place.write(&format!("d{at}.py"), notebook(&[&next, &next, &format!("n{at} = 1")]));
    }
    assert_eq!(listed(&place.json(&["d0.py"])).len(), 40);
}
