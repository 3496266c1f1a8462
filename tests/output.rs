//! What machines read is what `docs/findings.schema.json` says.

use serde_json::{Map, Value};
use std::path::Path;
use std::process::Command;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn check(format: &str) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
    command.current_dir(root()).args(["check", "examples/lakehouse", "--exit-zero", "--output-format", format]);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

fn schema() -> Value {
    serde_json::from_str(&std::fs::read_to_string(root().join("docs/findings.schema.json")).unwrap()).unwrap()
}

#[test]
fn json_follows_its_schema() {
    let schema = schema();
    let findings: Value = serde_json::from_str(&check("json")).unwrap();
    let mut wrong = Vec::new();
    validate(&findings, &schema, &schema, "", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    // The example has all there is to be checked.
    let findings = findings.as_array().unwrap();
    for key in ["cell", "cell_index", "cell_title", "fix"] {
        assert!(findings.iter().any(|finding| !finding[key].is_null()), "no finding with a `{key}`");
        assert!(findings.iter().any(|finding| finding[key].is_null()), "no finding without a `{key}`");
    }
}

#[test]
fn json_lines_are_the_same_findings() {
    let findings: Vec<Value> = serde_json::from_str(&check("json")).unwrap();
    let lines: Vec<Value> = check("json-lines").lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(findings, lines);
}

#[test]
fn concise_and_json_tell_the_same_places() {
    let findings: Vec<Value> = serde_json::from_str(&check("json")).unwrap();
    let expected: Vec<String> = findings
        .iter()
        .map(|f| {
            let cell = f["cell"].as_u64().map_or(String::new(), |cell| format!("cell {cell}:"));
            let text = |key: &str| f[key].as_str().unwrap().to_owned();
            format!(
                "{}:{cell}{}:{}: {}: {} [{}]",
                text("filename"),
                f["location"]["row"],
                f["location"]["column"],
                text("severity"),
                text("message"),
                text("code")
            )
        })
        .collect();
    let concise = check("concise");
    assert_eq!(concise.lines().count(), expected.len());
    for (line, expected) in concise.lines().zip(&expected) {
        assert!(line.ends_with(expected), "{line}\n{expected}");
    }
}

#[test]
fn the_check_can_fail() {
    let schema = schema();
    let mut findings: Value = serde_json::from_str(&check("json")).unwrap();
    let first = findings[0].as_object_mut().unwrap();
    first.insert("extra".to_owned(), Value::Null);
    first.remove("url");
    first.insert("severity".to_owned(), Value::from("fatal"));
    first.insert("location".to_owned(), serde_json::json!({"row": 0, "column": "1"}));
    let mut wrong = Vec::new();
    validate(&findings, &schema, &schema, "", &mut wrong);
    assert_eq!(wrong.len(), 5, "{wrong:#?}");
}

/// The part of JSON Schema that our schema uses; a keyword it does not know is a fault.
pub(crate) fn validate(value: &Value, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    for (keyword, rule) in schema.as_object().unwrap() {
        let holds = match keyword.as_str() {
            "$schema" | "$defs" | "title" | "description" | "required" => true,
            "$ref" => {
                let target = root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap();
                validate(value, target, root, at, wrong);
                true
            }
            "type" => rule
                .as_array()
                .map_or_else(|| has_type(value, rule), |types| types.iter().any(|one| has_type(value, one))),
            "enum" => rule.as_array().unwrap().contains(value),
            "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
            "pattern" => {
                assert_eq!(rule, "^[a-z0-9]+(-[a-z0-9]+)*$", "teach this test the pattern");
                let part =
                    |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
                value.as_str().is_some_and(|text| text.split('-').all(part))
            }
            "items" => {
                for (index, item) in value.as_array().into_iter().flatten().enumerate() {
                    validate(item, rule, root, &format!("{at}/{index}"), wrong);
                }
                true
            }
            "anyOf" => rule.as_array().unwrap().iter().any(|one| {
                let mut faults = Vec::new();
                validate(value, one, root, at, &mut faults);
                faults.is_empty()
            }),
            "properties" => {
                object(value, rule.as_object().unwrap(), schema, root, at, wrong);
                true
            }
            "additionalProperties" => rule == false,
            other => panic!("teach this test the keyword `{other}`"),
        };
        if !holds {
            wrong.push(format!("{at}: {value} breaks `{keyword}`: {rule}"));
        }
    }
}

fn object(value: &Value, known: &Map<String, Value>, schema: &Value, root: &Value, at: &str, wrong: &mut Vec<String>) {
    let Some(object) = value.as_object() else { return };
    for key in schema["required"].as_array().into_iter().flatten() {
        if !object.contains_key(key.as_str().unwrap()) {
            wrong.push(format!("{at}: no {key}"));
        }
    }
    for (key, value) in object {
        match known.get(key) {
            Some(rule) => validate(value, rule, root, &format!("{at}/{key}"), wrong),
            None => wrong.push(format!("{at}: unknown `{key}`")),
        }
    }
}

fn has_type(value: &Value, name: &Value) -> bool {
    match name.as_str().unwrap() {
        "array" => value.is_array(),
        "object" => value.is_object(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "null" => value.is_null(),
        "boolean" => value.is_boolean(),
        other => panic!("teach this test the type `{other}`"),
    }
}
