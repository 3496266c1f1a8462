//! `brickgate server` as an editor meets it: the real binary, spoken to over its stdin and stdout.

mod client;
mod law;

use client::{Client, applied, place, range_of};
use serde_json::{Value, json};
use std::fs;
use std::process::Command;

const HELPER: &str = "# Databricks notebook source
def clean(df, limit=3):
    \"\"\"Drop what is empty.

    All of it.
    \"\"\"
    return df.dropna().limit(limit)

catalog = \"main\"
";

const MAIN: &str = "# Databricks notebook source
# MAGIC %md
# MAGIC # Load all

# COMMAND ----------

# MAGIC %run ./lib/helpers

# COMMAND ----------

import os
df = clean(spark.table(f\"{catalog}.x.y\"))
display(df)

# COMMAND ----------

display(missing_name)
";

fn repository(files: &[(&str, &str)]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir_all(folder.path().join(".git")).unwrap();
    fs::write(folder.path().join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
    for (path, text) in files {
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    }
    folder
}

fn lab() -> tempfile::TempDir {
    repository(&[("main.py", MAIN), ("lib/helpers.py", HELPER)])
}

/// Rule and 0-based line of each diagnostic.
fn short(diagnostics: &Value) -> Vec<String> {
    let rows = diagnostics.as_array().unwrap().iter();
    rows.map(|row| format!("{}:{}", row["range"]["start"]["line"], row["code"].as_str().unwrap())).collect()
}

#[test]
fn a_conversation_has_a_beginning_and_an_end() {
    let folder = lab();
    let mut client = Client::start(folder.path());
    assert_eq!(client.ask("textDocument/hover", &json!({}))["error"]["code"], -32002);
    client.initialize(&json!({}), &json!({}));
    assert_eq!(client.ask("initialize", &json!({}))["error"]["code"], -32600);
    assert_eq!(client.ask("textDocument/onTypeFormatting", &json!({}))["error"]["code"], -32601);
    assert_eq!(client.ask("textDocument/hover", &json!({}))["error"]["code"], -32602);
    for broken in ["{", "[]", "{\"id\": {}}", "\"x\"", "{\"method\": 3}"] {
        client.raw(broken);
        let code =
            client.wait(|message| message["id"].is_null() && message["error"].is_object())["error"]["code"].clone();
        assert!(code == -32700 || code == -32600, "{broken}: {code}");
    }
    assert_eq!(client.ask("shutdown", &Value::Null)["result"], Value::Null);
    assert_eq!(client.ask("textDocument/hover", &json!({}))["error"]["code"], -32600);
    client.tell("exit", &Value::Null);
    assert_eq!(client.ended(), Some(0));
    let mut client = Client::start(folder.path());
    client.initialize(&json!({}), &json!({}));
    client.open("main.py", MAIN);
    client.hang_up();
    assert_eq!(client.ended(), Some(1), "an editor that dies takes its server with it");
}

#[test]
fn diagnostics_are_those_of_a_check() {
    let folder = lab();
    let unsaved = MAIN.replace("missing_name", "other_name");
    let mut client = Client::initialized(folder.path());
    client.open("main.py", &unsaved);
    let found = client.diagnostics("main.py");
    let check = Command::new(env!("CARGO_BIN_EXE_brickgate"))
        .args(["check", "--output-format", "json", "--stdin-filename", "main.py", "-"])
        .current_dir(folder.path())
        .stdin(
            fs::File::open({
                let file = folder.path().join("unsaved.txt");
                fs::write(&file, &unsaved).unwrap();
                file
            })
            .unwrap(),
        )
        .output()
        .unwrap();
    let rows: Value = serde_json::from_slice(&check.stdout).unwrap();
    let wanted: Vec<(Value, u64)> = rows
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["message"].clone(), row["location"]["row"].as_u64().unwrap() - 1))
        .collect();
    let got: Vec<(Value, u64)> = found
        .as_array()
        .unwrap()
        .iter()
        .map(|row| (row["message"].clone(), row["range"]["start"]["line"].as_u64().unwrap()))
        .collect();
    assert_eq!(got, wanted);
    assert_eq!(short(&found), ["10:unused-import", "16:undefined-name"]);
    assert_eq!(found[0]["tags"], json!([1]));
}

#[test]
fn an_edit_of_a_helper_reaches_its_open_callers() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    client.open("main.py", MAIN);
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "16:undefined-name"]);
    client.open("lib/helpers.py", HELPER);
    assert_eq!(short(&client.diagnostics("lib/helpers.py")), [""; 0]);
    let name = range_of(HELPER, "clean");
    client.change("lib/helpers.py", 2, &[json!({ "range": name, "text": "tidy" })]);
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "11:undefined-name", "16:undefined-name"]);
    client.change("lib/helpers.py", 3, &[json!({ "text": HELPER })]);
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "16:undefined-name"]);
    // What is closed without being saved is as it was on disk.
    client.change("lib/helpers.py", 4, &[json!({ "text": "" })]);
    assert!(short(&client.diagnostics("main.py"))[0].starts_with("6:run-"));
    client.tell("textDocument/didClose", &json!({ "textDocument": { "uri": client.uri("lib/helpers.py") } }));
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "16:undefined-name"]);
}

#[test]
fn a_helper_on_disk_is_watched() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    client.open("main.py", MAIN);
    client.diagnostics("main.py");
    let helper = folder.path().join("lib/helpers.py");
    fs::remove_file(&helper).unwrap();
    client.watched("lib/helpers.py", 3);
    assert_eq!(short(&client.diagnostics("main.py"))[0], "6:run-not-found");
    fs::write(&helper, HELPER.replace("clean", "missing_name")).unwrap();
    client.watched("lib/helpers.py", 1);
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "11:undefined-name"]);
    fs::write(&helper, HELPER).unwrap();
    client.watched("lib/helpers.py", 2);
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "16:undefined-name"]);
}

#[test]
fn settings_count_and_are_read_again() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    client.open("main.py", MAIN);
    assert_eq!(short(&client.diagnostics("main.py")).len(), 2);
    fs::write(folder.path().join("brickgate.toml"), "[rules]\nunused-import = \"off\"\n").unwrap();
    client.watched("brickgate.toml", 1);
    assert_eq!(short(&client.diagnostics("main.py")), ["16:undefined-name"]);
    fs::write(folder.path().join("brickgate.toml"), "[rules]\nunused-imports = \"off\"\n").unwrap();
    client.watched("brickgate.toml", 2);
    let faults = client.diagnostics("brickgate.toml");
    assert!(faults[0]["message"].as_str().unwrap().contains("unused-import"), "{faults}");
    fs::remove_file(folder.path().join("brickgate.toml")).unwrap();
    client.watched("brickgate.toml", 3);
    assert_eq!(client.diagnostics("brickgate.toml"), json!([]));
    let settings = |value: Value| json!({ "settings": { "brickgate": value } });
    client.tell("workspace/didChangeConfiguration", &settings(json!({ "ignore": ["undefined-name"] })));
    assert_eq!(short(&client.last_diagnostics("main.py")), ["10:unused-import"]);
    client.tell("workspace/didChangeConfiguration", &settings(json!({ "enable": false })));
    assert_eq!(short(&client.last_diagnostics("main.py")), [""; 0]);
}

/// Neovim tells of its settings before and after it opens a file.
#[test]
fn what_is_opened_is_judged_whatever_comes_next() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    client.open("main.py", MAIN);
    for _ in 0..200 {
        client.tell("workspace/didChangeConfiguration", &json!({ "settings": { "brickgate": {} } }));
    }
    assert_eq!(short(&client.diagnostics("main.py")).len(), 2);
}

#[test]
fn diagnostics_can_be_asked_for() {
    let folder = lab();
    let mut client = Client::start(folder.path());
    let able = json!({
        "textDocument": { "diagnostic": {} }, "workspace": { "diagnostics": { "refreshSupport": true } },
    });
    let answer = client.initialize(&able, &json!({ "wholeWorkspace": true }));
    assert_eq!(answer["capabilities"]["diagnosticProvider"]["interFileDependencies"], true);
    client.open("main.py", MAIN);
    client.open("lib/helpers.py", HELPER);
    let ask = |client: &mut Client, before: Value| {
        let document = json!({ "uri": client.uri("main.py") });
        client.ask("textDocument/diagnostic", &json!({ "textDocument": document, "previousResultId": before }))["result"].clone()
    };
    let first = ask(&mut client, Value::Null);
    assert_eq!(short(&first["items"]), ["10:unused-import", "16:undefined-name"]);
    assert_eq!(ask(&mut client, first["resultId"].clone())["kind"], "unchanged");
    client.change("lib/helpers.py", 2, &[json!({ "range": range_of(HELPER, "clean"), "text": "tidy" })]);
    client.wait(|message| message["method"] == "workspace/diagnostic/refresh");
    let second = ask(&mut client, first["resultId"].clone());
    assert_eq!(short(&second["items"]), ["10:unused-import", "11:undefined-name", "16:undefined-name"]);
    assert!(client.seen().iter().all(|message| message["method"] != "textDocument/publishDiagnostics"));
    let whole = client.ask("workspace/diagnostic", &json!({ "previousResultIds": [] }))["result"].clone();
    let uris: Vec<&str> = whole["items"].as_array().unwrap().iter().map(|row| row["uri"].as_str().unwrap()).collect();
    assert_eq!(uris, [client.uri("main.py")]);
    // The next answer waits until there is something new.
    let id = client.start_asking(
        "workspace/diagnostic",
        &json!({ "previousResultIds": [
        { "uri": client.uri("main.py"), "value": whole["items"][0]["resultId"] },
    ] }),
    );
    client.change("lib/helpers.py", 3, &[json!({ "text": HELPER })]);
    let next = client.wait(|message| message["id"] == id && message["method"].is_null());
    assert_eq!(short(&next["result"]["items"][0]["items"]), ["10:unused-import", "16:undefined-name"]);
}

#[test]
fn the_whole_workspace_is_looked_at_if_asked() {
    let folder = lab();
    let mut client = Client::start(folder.path());
    client.initialize(&json!({}), &json!({ "wholeWorkspace": true }));
    assert_eq!(short(&client.diagnostics("main.py")), ["10:unused-import", "16:undefined-name"]);
}

#[test]
fn columns_are_counted_as_agreed() {
    let folder = lab();
    let text = "# Databricks notebook source\ndisplay('é😀', missing_name)\n";
    for (offered, agreed, column) in [
        (json!(["utf-8", "utf-16"]), "utf-8", 18),
        (json!(["utf-32"]), "utf-32", 14),
        (json!(["utf-16"]), "utf-16", 15),
        (Value::Null, "utf-16", 15),
    ] {
        let mut client = Client::start(folder.path());
        let answer = client.initialize(&json!({ "general": { "positionEncodings": offered } }), &json!({}));
        assert_eq!(answer["capabilities"]["positionEncoding"], agreed);
        client.open("new.py", text);
        let found = client.diagnostics("new.py");
        assert_eq!(found[0]["range"]["start"], json!({ "line": 1, "character": column }), "{agreed}");
        // An edit right before the name, counted the same way.
        let at = json!({ "line": 1, "character": column });
        client.change("new.py", 2, &[json!({ "range": { "start": at, "end": at }, "text": "é" })]);
        let found = client.diagnostics("new.py");
        assert!(found[0]["message"].as_str().unwrap().contains("`émissing_name`"), "{found}");
    }
}

#[test]
fn names_lead_across_run() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    client.open("main.py", MAIN);
    let definition = |client: &mut Client, needle: &str| {
        client.ask("textDocument/definition", &place(client, "main.py", MAIN, needle))["result"][0].clone()
    };
    let helper = client.uri("lib/helpers.py");
    let found = definition(&mut client, "clean(");
    assert_eq!((&found["uri"], &found["range"]), (&json!(helper), &range_of(HELPER, "clean")));
    assert_eq!(definition(&mut client, "catalog}")["range"], range_of(HELPER, "catalog"));
    assert_eq!(definition(&mut client, "./lib/helpers")["uri"], json!(helper));
    let hover = client.ask("textDocument/hover", &place(&client, "main.py", MAIN, "clean("))["result"].clone();
    let text = hover["contents"]["value"].as_str().unwrap();
    for part in
        ["def clean(df, limit=3)", "Drop what is empty.\n\nAll of it.", "lib/helpers.py:2", "`%run ./lib/helpers`"]
    {
        assert!(text.contains(part), "{text}");
    }
    let mut asked = place(&client, "main.py", MAIN, "clean(");
    asked["context"] = json!({ "includeDeclaration": true });
    let found = client.ask("textDocument/references", &asked)["result"].clone();
    let places: Vec<(&Value, &Value)> =
        found.as_array().unwrap().iter().map(|row| (&row["uri"], &row["range"])).collect();
    let (main, here, there) = (json!(client.uri("main.py")), range_of(MAIN, "clean"), range_of(HELPER, "clean"));
    assert_eq!(places, [(&json!(helper), &there), (&main, &here)]);
    let items =
        client.ask("textDocument/completion", &place(&client, "main.py", MAIN, "missing_name"))["result"]["items"]
            .clone();
    let labels: Vec<&str> = items.as_array().unwrap().iter().map(|row| row["label"].as_str().unwrap()).collect();
    for name in ["clean", "catalog", "df", "os", "spark"] {
        assert!(labels.contains(&name), "{labels:?}");
    }
    let symbols = client.ask("workspace/symbol", &json!({ "query": "cl" }))["result"].clone();
    assert_eq!(symbols[0]["location"]["uri"], json!(helper));
    let links = client.ask("textDocument/documentLink", &json!({ "textDocument": { "uri": client.uri("main.py") } }));
    assert_eq!(links["result"][0]["target"], json!(helper));
}

#[test]
fn a_rename_changes_all_that_means_the_same() {
    let module = "import json\n\n\ndef total(rows):\n    return len(rows)\n\n\n__all__ = [\"total\"]\n";
    let user = "# Databricks notebook source\nfrom lib.tools import total\nimport lib.tools as tools\n\n\ndef total_of(rows):\n    return total(rows) + tools.total(rows)\n";
    let other = "# Databricks notebook source\n# MAGIC %run ./user\n\n# COMMAND ----------\n\nprint(total([1]), total_of([2]), 'total')\n";
    let alone = "# Databricks notebook source\ntotal = 3\nprint(total)\n";
    let files = [("lib/tools.py", module), ("user.py", user), ("other.py", other), ("alone.py", alone)];
    let folder = repository(&files);
    let mut client = Client::initialized(folder.path());
    client.open("other.py", other);
    let mut asked = place(&client, "other.py", other, "total(");
    asked["newName"] = json!("count");
    let prepared = client.ask("textDocument/prepareRename", &asked)["result"].clone();
    assert_eq!(prepared["placeholder"], "total");
    let edit = client.ask("textDocument/rename", &asked)["result"].clone();
    let text = |path: &str, before: &str| applied(before, &edit["changes"][client.uri(path)]);
    assert_eq!(text("lib/tools.py", module), module.replace("total", "count"));
    assert_eq!(text("user.py", user), user.replace("total", "count").replace("count_of", "total_of"));
    assert_eq!(text("other.py", other), other.replace("total([1])", "count([1])"));
    assert!(edit["changes"].get(client.uri("alone.py")).is_none());
    for (new, why) in [("1x", "no name"), ("for", "no name"), ("spark", "platform"), ("json", "already")] {
        asked["newName"] = json!(new);
        let error = client.ask("textDocument/rename", &asked)["error"]["message"].clone();
        assert!(error.as_str().is_some_and(|error| error.contains(why)), "{new}: {error}");
    }
}

#[test]
fn actions_mend_and_silence() {
    let text = "# Databricks notebook source\nimport os\nimport sys\n\n# COMMAND ----------\n\ndisplay(missing_name)\n";
    let folder = repository(&[("n.py", text)]);
    let mut client = Client::initialized(folder.path());
    client.open("n.py", text);
    client.diagnostics("n.py");
    let actions = |client: &mut Client, needle: &str, only: Value| {
        let range = range_of(text, needle);
        let params = json!({
            "textDocument": { "uri": client.uri("n.py") }, "range": range,
            "context": { "diagnostics": [], "only": only },
        });
        let all = client.ask("textDocument/codeAction", &params)["result"].clone();
        all.as_array().unwrap().clone()
    };
    let made = |client: &Client, action: &Value| applied(text, &action["edit"]["changes"][client.uri("n.py")]);
    let found = actions(&mut client, "sys", Value::Null);
    let titled =
        |start: &str| found.iter().find(|action| action["title"].as_str().unwrap().starts_with(start)).unwrap();
    assert_eq!(made(&client, titled("Remove")), text.replace("import sys\n", ""));
    assert_eq!(titled("Remove")["isPreferred"], true);
    assert_eq!(
        made(&client, titled("Fix all 2 of `unused-import`")),
        "# Databricks notebook source\ndisplay(missing_name)\n",
        "a cell of which nothing is left goes"
    );
    client.ask("workspace/executeCommand", &titled("Show the page")["command"]);
    let shown = client.wait(|message| message["method"] == "window/showMessage");
    assert!(shown["params"]["message"].as_str().unwrap().starts_with("unused-import: "));
    // Each way of silencing silences.
    for (needle, rule, reaches) in [("sys", "unused-import", 2), ("missing_name", "undefined-name", 3)] {
        let found = actions(&mut client, needle, Value::Null);
        let ways: Vec<&Value> =
            found.iter().filter(|action| action["title"].as_str().unwrap().starts_with("Ignore")).collect();
        assert_eq!(ways.len(), reaches);
        for (at, way) in ways.iter().enumerate() {
            let new = made(&client, way);
            let version = 10 + u64::try_from(at).unwrap();
            client.change("n.py", version, &[json!({ "text": new })]);
            let left = short(&client.diagnostics("n.py"));
            let silenced = left.iter().filter(|row| row.ends_with(rule)).count();
            let before = if rule == "unused-import" { 2 } else { 1 };
            let expected = if way["title"].as_str().unwrap().ends_with("line") { before - 1 } else { 0 };
            assert_eq!(silenced, expected, "{way}\n{new}");
            assert!(left.iter().all(|row| !row.ends_with("unused-ignore")), "{new}");
            client.change("n.py", version + 100, &[json!({ "text": text })]);
            client.diagnostics("n.py");
        }
    }
    let all = actions(&mut client, "sys", json!(["source.fixAll"]));
    assert_eq!(all[0]["kind"], "source.fixAll.brickgate");
    assert!(!made(&client, &all[0]).contains("import"));
    assert!(actions(&mut client, "sys", json!(["refactor"])).is_empty());
}

#[test]
fn formatting_is_that_of_the_command() {
    let text = "# Databricks notebook source\nimport sys, os\nx = 1;  y=2\n\n# COMMAND ----------\n\nz  =  3\n";
    let folder = repository(&[("n.py", text)]);
    let wanted = Command::new(env!("CARGO_BIN_EXE_brickgate"))
        .args(["format", "--stdin-filename", "n.py", "-"])
        .current_dir(folder.path())
        .stdin(fs::File::open(folder.path().join("n.py")).unwrap())
        .output()
        .unwrap();
    let mut client = Client::initialized(folder.path());
    client.open("n.py", text);
    let options = json!({ "tabSize": 4, "insertSpaces": true });
    let mut params = json!({ "textDocument": { "uri": client.uri("n.py") }, "options": options });
    let edits = client.ask("textDocument/formatting", &params)["result"].clone();
    assert_eq!(applied(text, &edits), String::from_utf8(wanted.stdout).unwrap());
    params["range"] = range_of(text, "z");
    let edits = client.ask("textDocument/rangeFormatting", &params)["result"].clone();
    assert_eq!(applied(text, &edits), text.replace("z  =  3", "z = 3"));
    params["context"] = json!({ "diagnostics": [], "only": ["source.organizeImports"] });
    let action = client.ask("textDocument/codeAction", &params)["result"][0].clone();
    let sorted = applied(text, &action["edit"]["changes"][client.uri("n.py")]);
    assert!(sorted.contains("import os\nimport sys\n"), "{sorted}");
}

#[test]
fn notebooks_are_served_cell_by_cell() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    let cell = |name: &str| format!("vscode-notebook-cell:/n.ipynb#{name}");
    let text = |name: &str, language: &str, text: &str| json!({ "uri": cell(name), "languageId": language, "version": 1, "text": text });
    let notebook = client.uri("n.ipynb");
    client.tell("notebookDocument/didOpen", &json!({
        "notebookDocument": { "uri": notebook, "notebookType": "jupyter-notebook", "version": 1,
            "metadata": { "application/vnd.databricks.v1+notebook": { "language": "python" } },
            "cells": [
                { "kind": 2, "document": cell("run") }, { "kind": 2, "document": cell("sql") },
                { "kind": 1, "document": cell("md") }, { "kind": 2, "document": cell("code") },
            ] },
        "cellTextDocuments": [
            text("run", "python", "%run ./lib/helpers"), text("sql", "sql", "select missing from somewhere"),
            text("md", "markdown", "# Head"), text("code", "python", "import os\n\ndef use():\n    return clean(missing_name)\n"),
        ],
    }));
    let found = client.diagnostics_of(&cell("code"));
    assert_eq!(short(&found), ["0:unused-import", "3:undefined-name"]);
    assert_eq!(client.diagnostics_of(&cell("sql")), json!([]));
    let at = json!({ "textDocument": { "uri": cell("code") }, "position": { "line": 3, "character": 12 } });
    assert_eq!(client.ask("textDocument/definition", &at)["result"][0]["uri"], json!(client.uri("lib/helpers.py")));
    let params = json!({
        "textDocument": { "uri": cell("code") }, "range": found[0]["range"], "context": { "diagnostics": [] },
    });
    let action = client.ask("textDocument/codeAction", &params)["result"][0].clone();
    let before = "import os\n\ndef use():\n    return clean(missing_name)\n";
    assert_eq!(
        applied(before, &action["edit"]["changes"][cell("code")]),
        "def use():\n    return clean(missing_name)\n"
    );
    let edits =
        client.ask("textDocument/formatting", &json!({ "textDocument": { "uri": cell("code") } }))["result"].clone();
    assert_eq!(applied(before, &edits), "import os\n\n\ndef use():\n    return clean(missing_name)");
    client.tell(
        "notebookDocument/didChange",
        &json!({
            "notebookDocument": { "uri": notebook, "version": 2 },
            "change": { "cells": { "textContent": [{
                "document": { "uri": cell("run"), "version": 2 }, "changes": [{ "text": "missing_name = 1" }],
            }] } },
        }),
    );
    assert_eq!(short(&client.last_diagnostics_of(&cell("code"))), ["0:unused-import", "3:undefined-name"]);
    assert!(client.last_message(&cell("code")).contains("`clean`"));
}

#[test]
fn a_notebook_that_is_open_as_json_keeps_its_places() {
    let raw = "{\n \"cells\": [\n  {\n   \"cell_type\": \"code\",\n   \"execution_count\": null,\n   \"metadata\": {},\n   \"outputs\": [],\n   \"source\": [\n    \"import os\\n\",\n    \"print('\\\\u00e9', missing_name)\"\n   ]\n  }\n ],\n \"metadata\": {},\n \"nbformat\": 4,\n \"nbformat_minor\": 5\n}\n";
    let folder = repository(&[("n.ipynb", raw)]);
    let mut client = Client::initialized(folder.path());
    client.open("n.ipynb", raw);
    let found = client.diagnostics("n.ipynb");
    assert_eq!(found[0]["range"], range_of(raw, "os"), "{found}");
    assert_eq!(found.as_array().unwrap().last().unwrap()["range"], range_of(raw, "missing_name"));
    let params = json!({
        "textDocument": { "uri": client.uri("n.ipynb") }, "range": range_of(raw, "os"),
        "context": { "diagnostics": [], "only": ["quickfix"] },
    });
    let action = client.ask("textDocument/codeAction", &params)["result"][0].clone();
    let new = applied(raw, &action["edit"]["changes"][client.uri("n.ipynb")]);
    assert_eq!(new, raw.replace("    \"import os\\n\",\n", ""));
}

#[test]
fn widgets_and_tasks_are_names_too() {
    let notebook =
        "# Databricks notebook source\ndbutils.widgets.text(\"env\", \"dev\")\nprint(dbutils.widgets.get(\"env\"))\n";
    let bundle = "bundle:\n  name: b\nresources:\n  jobs:\n    nightly:\n      tasks:\n        - task_key: load\n          notebook_task:\n            notebook_path: ./src/load.py\n            base_parameters:\n              env: prod\n        - task_key: after\n          depends_on:\n            - task_key: load\n          notebook_task:\n            notebook_path: ./src/load.py\n";
    let folder = repository(&[("databricks.yml", bundle), ("src/load.py", notebook)]);
    let mut client = Client::initialized(folder.path());
    client.open("databricks.yml", bundle);
    client.open("src/load.py", notebook);
    let found =
        client.ask("textDocument/definition", &place(&client, "databricks.yml", bundle, "./src/load.py"))["result"]
            .clone();
    assert_eq!(found[0]["uri"], json!(client.uri("src/load.py")));
    let second = bundle.rfind("task_key: load").unwrap() + "task_key: ".len();
    let at = client::position(bundle, second);
    let at = json!({ "textDocument": { "uri": client.uri("databricks.yml") }, "position": at, "newName": "fetch" });
    let found = client.ask("textDocument/definition", &at)["result"].clone();
    assert_eq!(found[0]["range"], range_of(bundle, "load\n").clone().as_object().map(|range| {
        json!({ "start": range["start"], "end": { "line": range["start"]["line"], "character": range["start"]["character"].as_u64().unwrap() + 4 } })
    }).unwrap());
    let edit = client.ask("textDocument/rename", &at)["result"]["changes"][client.uri("databricks.yml")].clone();
    assert_eq!(applied(bundle, &edit), bundle.replace("task_key: load", "task_key: fetch"));
    let mut asked = place(&client, "src/load.py", notebook, "env\"))");
    let found = client.ask("textDocument/definition", &asked)["result"].clone();
    assert!(found.as_array().unwrap().iter().any(|row| row["range"] == range_of(notebook, "env")), "{found}");
    asked["context"] = json!({ "includeDeclaration": true });
    let found = client.ask("textDocument/references", &asked)["result"].clone();
    assert_eq!(found.as_array().unwrap().len(), 3, "{found}");
}

#[test]
fn outlines_follow_cells() {
    let folder = lab();
    let mut client = Client::start(folder.path());
    client.initialize(
        &json!({ "textDocument": { "documentSymbol": { "hierarchicalDocumentSymbolSupport": true } } }),
        &json!({}),
    );
    client.open("main.py", MAIN);
    let document = json!({ "textDocument": { "uri": client.uri("main.py") } });
    let symbols = client.ask("textDocument/documentSymbol", &document)["result"].clone();
    let names: Vec<&str> = symbols.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["Load all", "%run ./lib/helpers", "import os", "display(missing_name)"]);
    assert_eq!(symbols[2]["children"][0]["name"], "df");
    let folds = client.ask("textDocument/foldingRange", &document)["result"].clone();
    let cells: Vec<(u64, u64)> = folds
        .as_array()
        .unwrap()
        .iter()
        .filter(|row| row["kind"] == "region")
        .map(|row| (row["startLine"].as_u64().unwrap(), row["endLine"].as_u64().unwrap()))
        .collect();
    assert_eq!(cells, [(1, 2), (10, 12)]);
}

#[test]
fn hints_are_given_if_asked_for() {
    let folder = lab();
    let mut client = Client::start(folder.path());
    client.initialize(&json!({}), &json!({ "codeLens": true, "inlayHints": true }));
    client.open("main.py", MAIN);
    client.open("lib/helpers.py", HELPER);
    let range = range_of(MAIN, MAIN);
    let hints = client
        .ask("textDocument/inlayHint", &json!({ "textDocument": { "uri": client.uri("main.py") }, "range": range }));
    assert_eq!(hints["result"][0]["label"], " brings catalog, clean");
    let lenses =
        client.ask("textDocument/codeLens", &json!({ "textDocument": { "uri": client.uri("lib/helpers.py") } }));
    assert_eq!(lenses["result"][0]["command"]["title"], "run by 1 notebook");
}

#[test]
fn hints_are_asked_for_again_when_another_file_changes_them() {
    let folder = lab();
    let mut client = Client::start(folder.path());
    let refreshes = json!({ "refreshSupport": true });
    client.initialize(
        &json!({ "workspace": { "codeLens": refreshes, "inlayHint": refreshes } }),
        &json!({ "codeLens": true, "inlayHints": true }),
    );
    client.open("main.py", MAIN);
    client.open("lib/helpers.py", HELPER);
    let about = |client: &Client, path: &str| json!({ "textDocument": { "uri": client.uri(path) }, "range": range_of(MAIN, MAIN) });
    let (main, helper) = (about(&client, "main.py"), about(&client, "lib/helpers.py"));
    client.ask("textDocument/inlayHint", &main);
    client.ask("textDocument/codeLens", &helper);
    // A comment changes nothing that is shown elsewhere; another name of the helper does.
    client.change("lib/helpers.py", 2, &[json!({ "text": format!("{HELPER}# more\n") })]);
    client.change("lib/helpers.py", 3, &[json!({ "text": HELPER.replace("catalog", "schema") })]);
    let asked = client.wait(|message| message["method"].as_str().is_some_and(|method| method.ends_with("/refresh")));
    assert_eq!(asked["method"], "workspace/inlayHint/refresh");
    let hints = client.ask("textDocument/inlayHint", &main);
    assert!(!hints["result"].to_string().contains("catalog"), "{hints}");
    // Nobody runs the helper any more.
    client.change("main.py", 2, &[json!({ "text": "# Databricks notebook source\nprint(1)\n" })]);
    client.wait(|message| message["method"] == "workspace/codeLens/refresh");
    assert_eq!(client.ask("textDocument/codeLens", &helper)["result"], json!([]));
}

#[test]
fn a_carriage_return_alone_ends_a_line() {
    let folder = lab();
    let text = "# Databricks notebook source\r\nx = 1\rdisplay(missing_name)\r\ry = 2\n";
    let mut client = Client::initialized(folder.path());
    client.open("new.py", text);
    let found = client.diagnostics("new.py");
    assert_eq!(found[0]["range"], range_of(text, "missing_name"));
    assert_eq!(found[0]["range"]["start"], json!({ "line": 2, "character": 8 }));
    let at = json!({ "line": 4, "character": 0 });
    client.change("new.py", 2, &[json!({ "range": { "start": at, "end": at }, "text": "display(other_name)\n" })]);
    let found = client.diagnostics("new.py");
    assert_eq!(found[1]["range"]["start"], json!({ "line": 4, "character": 8 }), "{found}");
}

#[test]
fn several_repositories_are_served_at_once() {
    let (one, two) =
        (lab(), repository(&[("other.py", "# Databricks notebook source\ndef clear(): pass\nprint(gone)\n")]));
    let mut client = Client::initialized(one.path());
    client.open("main.py", MAIN);
    let other = two.path().join("other.py");
    let text = fs::read_to_string(&other).unwrap();
    client.open(other.to_str().unwrap(), &text);
    assert_eq!(short(&client.diagnostics(other.to_str().unwrap())), ["2:undefined-name"]);
    assert_eq!(short(&client.diagnostics("main.py")).len(), 2);
    let symbols = client.ask("workspace/symbol", &json!({ "query": "cle" }))["result"].clone();
    let mut names: Vec<&str> = symbols.as_array().unwrap().iter().map(|row| row["name"].as_str().unwrap()).collect();
    names.sort_unstable();
    assert_eq!(names, ["clean", "clear"]);
}

#[test]
fn what_is_taken_back_is_not_worked_on() {
    let folder = lab();
    let mut client = Client::initialized(folder.path());
    client.open("main.py", MAIN);
    let ids: Vec<Value> = (0..20)
        .map(|_| {
            let place = place(&client, "main.py", MAIN, "clean(");
            let id = client.start_asking("textDocument/references", &place);
            client.tell("$/cancelRequest", &json!({ "id": id }));
            id
        })
        .collect();
    let mut cancelled = 0;
    for id in ids {
        let answer = client.wait(|message| message["id"] == id && message["method"].is_null());
        assert!(answer["result"].is_array() || answer["error"]["code"] == -32800, "{answer}");
        cancelled += usize::from(answer["error"]["code"] == -32800);
    }
    assert!(cancelled > 0, "twenty questions were answered before the first of them could be taken back");
}

#[test]
fn a_log_says_what_was_asked() {
    let folder = lab();
    let log = folder.path().join("server.log");
    let mut client = Client::start_with(folder.path(), &["--log-file", log.to_str().unwrap()]);
    client.initialize(&json!({}), &json!({}));
    client.raw("{");
    client.ask("shutdown", &Value::Null);
    client.tell("exit", &Value::Null);
    assert_eq!(client.ended(), Some(0));
    let text = fs::read_to_string(log).unwrap();
    for part in ["<- initialize 1", "-> {\"jsonrpc\"", "<- malformed: not valid JSON", "<- exit"] {
        assert!(text.contains(part), "{text}");
    }
}
