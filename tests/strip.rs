//! Outputs, counts and changing metadata go out of an `.ipynb`, and no other byte does.

use brickgate::notebook::ipynb::{excess, read};
use proptest::prelude::*;
use serde_json::{Map, Value, json};

fn stripped(raw: &str, keep_outputs: bool) -> String {
    let (notebook, text) = read(raw).expect("a notebook");
    let new = excess::strip(raw, &notebook, keep_outputs).expect("edits that fit");
    let (after, after_text) = read(&new).expect("still a notebook");
    assert_eq!((after.cells.len(), after_text), (notebook.cells.len(), text), "the cells are what they were");
    assert_eq!(excess::strip(&new, &after, keep_outputs).as_deref(), Some(&*new), "a second time changes nothing");
    new
}

/// A notebook with one code cell.
fn file(cell: &str, metadata: &str) -> String {
    format!(
        "{{\"cells\": [{{\"cell_type\": \"code\", \"source\": [\"x\"]{cell}}}], \"metadata\": {metadata}, \"nbformat\": 4}}"
    )
}

const DATABRICKS: &str = "{\"application/vnd.databricks.v1+notebook\": {\"language\": \"python\"}}";

#[test]
fn outputs_and_counts_go() {
    let raw = file(", \"execution_count\": 7, \"outputs\": [ {\"a\": \"]\"} , 2 ]", "{}");
    assert_eq!(stripped(&raw, false), file(", \"execution_count\": null, \"outputs\": []", "{}"));
    assert_eq!(stripped(&raw, true), raw);
    let raw = file(", \"execution_count\": 7, \"outputs\": [{}]", DATABRICKS);
    assert_eq!(stripped(&raw, false), file(", \"execution_count\": 0, \"outputs\": []", DATABRICKS));
    // What says nothing stays as it is written.
    for (cell, metadata) in [
        (", \"execution_count\": null, \"outputs\": [ ]", DATABRICKS),
        (", \"execution_count\": 0, \"outputs\": []", "{}"),
        (", \"outputs\": null", "{}"),
        ("", "[]"),
    ] {
        let raw = file(cell, metadata);
        assert_eq!(stripped(&raw, false), raw);
    }
}

#[test]
fn what_is_to_be_kept_is_kept() {
    for metadata in ["{\"tags\": [\"a\", \"keep_output\"]}", "{\"keep_output\": true}"] {
        let raw = file(&format!(", \"execution_count\": 7, \"outputs\": [{{}}], \"metadata\": {metadata}"), "{}");
        assert_eq!(stripped(&raw, false), raw);
    }
    for metadata in ["{\"tags\": [\"keep_outputs\"]}", "{\"keep_output\": false}", "{\"tags\": \"keep_output\"}"] {
        let cell = |rest: &str| format!("{rest}, \"metadata\": {metadata}");
        let raw = file(&cell(", \"execution_count\": 7, \"outputs\": [{}]"), "{}");
        assert_eq!(stripped(&raw, false), file(&cell(", \"execution_count\": null, \"outputs\": []"), "{}"));
    }
    let titles = "{\"application/vnd.databricks.v1+cell\": {\"title\": \"t\", \"showTitle\": true, \"nuid\": \"n\", \"inputWidgets\": {}, \"tableResultSettingsMap\": {\"0\": {}}}}";
    let notebook = "{\"application/vnd.databricks.v1+notebook\": {\"widgets\": {\"w\": {\"currentValue\": \"v\"}}, \"environmentMetadata\": {\"base_environment\": \"\"}, \"dashboards\": [], \"computePreferences\": null, \"notebookMetadata\": {\"pythonIndentUnit\": 4}}}";
    let raw = file(&format!(", \"metadata\": {titles}"), notebook);
    assert_eq!(stripped(&raw, false), raw);
}

#[test]
fn members_go_with_one_comma() {
    let cell =
        |inner: &str| file(&format!(", \"metadata\": {{\"application/vnd.databricks.v1+cell\": {inner}}}"), "{}");
    for (old, new) in [
        ("{\"startTime\": 1, \"title\": \"t\"}", "{\"title\": \"t\"}"),
        ("{\"title\": \"t\" , \"startTime\": 1 }", "{\"title\": \"t\" }"),
        (
            "{\"a\": 1,\n \"startTime\": 1,\n \"finishTime\": 2,\n \"b\": 2,\n \"submitTime\": 3\n}",
            "{\"a\": 1,\n \"b\": 2\n}",
        ),
        ("{\"startTime\": 1, \"finishTime\": 2, \"b\": 2, \"submitTime\": 3, \"c\": 3}", "{\"b\": 2, \"c\": 3}"),
        ("{ \"startTime\": 1, \"finishTime\": 2 }", "{}"),
        ("{\"cellMetadata\": {\"byteLimit\": 1}, \"collapsed\": true}", "{\"cellMetadata\": {}}"),
        ("{\"cellMetadata\": { }}", "{\"cellMetadata\": { }}"),
        ("{\"cellMetadata\": null, \"a\": {\"startTime\": 1}}", "{\"cellMetadata\": null, \"a\": {\"startTime\": 1}}"),
        ("7", "7"),
    ] {
        assert_eq!(stripped(&cell(old), false), cell(new));
        assert_eq!(stripped(&cell(old), true), cell(new));
    }
}

#[test]
fn the_notebook_s_own_metadata() {
    let notebook =
        |inner: &str| file("", &format!("{{\"application/vnd.databricks.v1+notebook\": {inner}, \"z\": 1}}"));
    for (old, new) in [
        ("{\"notebookName\": \"x\", \"language\": \"sql\", \"notebookOrigID\": 5}", "{\"language\": \"sql\"}"),
        ("{\"computePreferences\": {\"hardware\": {}}}", "{\"computePreferences\": null}"),
        (
            "{\"notebookMetadata\": {\"mostRecentlyExecutedCommandWithImplicitDF\": {\"commandId\": 1}, \"pythonIndentUnit\": 4}}",
            "{\"notebookMetadata\": {\"pythonIndentUnit\": 4}}",
        ),
    ] {
        assert_eq!(stripped(&notebook(old), false), notebook(new));
    }
    // The state of widgets stays as long as an output shows them.
    let state = "{\"widgets\": {\"application/vnd.jupyter.widget-state+json\": {\"state\": {}}}}";
    let shown = file(", \"outputs\": [{}]", state);
    assert_eq!(stripped(&shown, true), shown);
    assert_eq!(stripped(&file("", state), false), file("", "{\"widgets\": {}}"));
}

#[test]
fn tables_are_seen() {
    let holds = |outputs: &str| {
        let raw = file(&format!(", \"outputs\": {outputs}"), "{}");
        let (notebook, _) = read(&raw).unwrap();
        excess::outputs(&raw, &notebook)[0].holds_table
    };
    assert!(holds(
        "[{\"metadata\": {\"application/vnd.databricks.v1+output\": {\"type\": \"table\", \"data\": [[1]]}}}]"
    ));
    assert!(holds("[{\"data\": {\"text/html\": [\"<style>\", \"<table border=1><td>\"]}}]"));
    assert!(holds("[{\"text\": [\"+---+\\n\", \"| a |\\n\"]}]"));
    // The answer to a statement that returns nothing is a table, too.
    assert!(!holds(
        "[{\"metadata\": {\"application/vnd.databricks.v1+output\": {\"type\": \"table\", \"data\": []}}}]"
    ));
    assert!(!holds("[{\"data\": {\"text/html\": [\"<table><thead><tr></tr></thead></table>\"]}}]"));
    assert!(!holds("[{\"metadata\": {\"application/vnd.databricks.v1+output\": {\"type\": \"html\"}}}]"));
    assert!(!holds("[{\"text\": [\"a +--- b | table\\n\"]}]"));
}

/// Any JSON, with the keys that count among its keys.
fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        (0..9_i64).prop_map(Value::from),
        "[a\"\\\\,:{}\\[\\]é\n]{0,6}".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        let key = prop_oneof![
            Just("startTime".to_owned()),
            Just("collapsed".to_owned()),
            Just("cellMetadata".to_owned()),
            Just("notebookName".to_owned()),
            Just("computePreferences".to_owned()),
            Just("notebookMetadata".to_owned()),
            Just("mostRecentlyExecutedCommandWithImplicitDF".to_owned()),
            Just("tags".to_owned()),
            "[a-c\"\\\\]{1,2}",
        ];
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            prop::collection::vec((key, inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect::<Map<_, _>>())),
        ]
    })
}

/// What has to go, taken out of a tree: the same law, said in another way.
fn expected(mut file: Value) -> Value {
    let own = &mut file["metadata"]["application/vnd.databricks.v1+notebook"];
    if let Some(own) = own.as_object_mut() {
        own.retain(|key, _| key != "notebookName" && key != "notebookOrigID");
        if let Some(compute) = own.get_mut("computePreferences") {
            *compute = Value::Null;
        }
        if let Some(inner) = own.get_mut("notebookMetadata").and_then(Value::as_object_mut) {
            inner.retain(|key, _| key != "mostRecentlyExecutedCommandWithImplicitDF");
        }
    }
    for cell in file["cells"].as_array_mut().unwrap() {
        let tags = cell["metadata"]["tags"].as_array().cloned().unwrap_or_default();
        let kept = tags.contains(&json!("keep_output"));
        if !kept && cell["outputs"].is_array() {
            cell["outputs"] = json!([]);
        }
        if !kept && !cell["execution_count"].is_null() {
            cell["execution_count"] = json!(0);
        }
        if let Some(metadata) = cell["metadata"].as_object_mut() {
            metadata.retain(|key, _| !["ExecuteTime", "execution", "collapsed", "scrolled"].contains(&&**key));
        }
        if let Some(own) = cell["metadata"]["application/vnd.databricks.v1+cell"].as_object_mut() {
            own.retain(|key, _| !["startTime", "submitTime", "finishTime", "collapsed"].contains(&&**key));
            if let Some(settings) = own.get_mut("cellMetadata").and_then(Value::as_object_mut) {
                settings.clear();
            }
        }
    }
    file
}

proptest! {
    /// The file after is the tree without what has to go, in the same order, and written as it was.
    #[test]
    fn any_notebook_loses_what_has_to_go_and_no_more(
        cells in prop::collection::vec((value(), value(), value(), 0..3_i64), 1..4),
        own in value(),
        pretty in any::<bool>(),
    ) {
        let object = |value: Value| if value.is_object() { value } else { json!({}) };
        let cells: Vec<Value> = cells.into_iter().map(|(metadata, databricks, outputs, count)| {
            let mut metadata = object(metadata);
            metadata["application/vnd.databricks.v1+cell"] = databricks;
            json!({"cell_type": "code", "execution_count": count, "metadata": metadata, "outputs": [outputs], "source": ["x = 1"]})
        }).collect();
        let file = json!({
            "cells": cells,
            "metadata": {"application/vnd.databricks.v1+notebook": object(own)},
            "nbformat": 4,
            "nbformat_minor": 0,
        });
        let write = |value: &Value| if pretty { serde_json::to_string_pretty(value) } else { serde_json::to_string(value) }.unwrap();
        let new = stripped(&write(&file), false);
        prop_assert_eq!(new, write(&expected(file)));
    }
}
