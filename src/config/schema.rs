//! The JSON schema of `brickgate.toml`, for editors.

use super::file::{COMPUTES, DEFAULT_EXCLUDES, LEVELS, PYTHONS};
use super::format;
use crate::page::{Declared, OptionValue, Page};
use crate::project::document::Kind;
use serde_json::{Map, Value, json};

/// The schema for the rules of a book, as indented JSON that ends in a line end. Further rules are allowed: a
/// repository may bring its own.
pub fn schema<'a>(rules: impl IntoIterator<Item = &'a Page>) -> String {
    let mut rules: Vec<&Page> = rules.into_iter().collect();
    rules.sort_by_key(|page| (page.group.clone(), page.name.clone()));
    let document = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": "Settings of brickgate",
        "description": "brickgate.toml, .brickgate.toml, or [tool.brickgate] in pyproject.toml",
        "type": "object",
        "additionalProperties": false,
        "properties": properties(),
        "definitions": {
            "globs": { "type": "array", "items": { "type": "string" } },
            "severity": { "type": "string", "enum": LEVELS.map(|(word, _)| word) },
            "rule": any_rule(),
            "rules": all_rules(&rules),
        },
    });
    format!("{document:#}\n")
}

fn properties() -> Value {
    let computes = json!({
        "description": "The compute that the code will run on",
        "type": "string",
        "enum": COMPUTES.map(|(word, _)| word),
    });
    let kinds: Map<String, Value> =
        Kind::ALL.iter().map(|(_, word)| ((*word).to_owned(), json!({ "$ref": "#/definitions/globs" }))).collect();
    json!({
        "baseline": {
            "description": "The file with the findings that are let pass, relative to this one; only read at the root",
            "type": "string",
            "default": ".brickgate-baseline.json",
        },
        "extend": {
            "description": "A settings file, relative to this one, that these settings are laid over",
            "type": "string",
        },
        "exclude": {
            "description": format!(
                "Files and folders to leave out, as `.gitignore` writes them; `!` takes a default back. Left out by \
                 default: {}",
                DEFAULT_EXCLUDES.join(", ")
            ),
            "$ref": "#/definitions/globs",
        },
        "format": format(),
        "pages": {
            "description": "Folders with rule pages of your own",
            "type": "array",
            "items": { "type": "string" },
        },
        "kinds": {
            "description": "Globs of files that are to be taken for another kind than they look like",
            "type": "object",
            "additionalProperties": false,
            "properties": kinds,
        },
        "target": {
            "description": "What the code will run on",
            "anyOf": [
                computes,
                {
                    "type": "object",
                    "additionalProperties": false,
                    "properties": {
                        "compute": computes,
                        "dbr": {
                            "description": "The Databricks runtime, such as \"15.4\"",
                            "type": "string",
                            "pattern": "^[0-9]+\\.[0-9]+",
                        },
                    },
                },
            ],
        },
        "target-python": {
            "description": "The oldest Python that must accept the code",
            "type": "string",
            "default": "3.13",
            "enum": PYTHONS.map(|minor| format!("3.{minor}")).collect::<Vec<_>>(),
        },
        "max-file-size": {
            "description": "Files with more bytes are reported, not read: a number, or a string such as \"10MB\"",
            "type": ["integer", "string"],
            "default": "10MB",
        },
        "respect-gitignore": {
            "description": "Whether files that `.gitignore` names are left out",
            "type": "boolean",
            "default": true,
        },
        "rules": {
            "description": "What rules do: \"off\", a severity, or a table of options",
            "$ref": "#/definitions/rules",
        },
        "override": {
            "description": "Rules for some files only; later ones win",
            "type": "array",
            "items": {
                "type": "object",
                "additionalProperties": false,
                "required": ["files", "rules"],
                "properties": {
                    "files": { "$ref": "#/definitions/globs" },
                    "rules": { "$ref": "#/definitions/rules" },
                },
            },
        },
    })
}

fn format() -> Value {
    fn words<T>(words: &[(&str, T)]) -> Vec<String> {
        words.iter().map(|(word, _)| (*word).to_owned()).collect()
    }
    let columns = |what: &str, default: u16| {
        let most = format::MOST_COLUMNS;
        json!({ "description": what, "type": "integer", "minimum": 1, "maximum": most, "default": default })
    };
    let switch = |what: &str| json!({ "description": what, "type": "boolean", "default": false });
    json!({
        "description": "How `brickgate format` writes, where ruff's or black's settings say nothing",
        "type": "object",
        "additionalProperties": false,
        "properties": {
            "docstring-code-format": switch("Whether examples in docstrings are formatted as well"),
            "docstring-code-line-length": {
                "description": "Columns of such examples, or \"dynamic\" for what is left of the line",
                "anyOf": [
                    { "type": "integer", "minimum": 1, "maximum": format::MOST_COLUMNS },
                    { "type": "string", "enum": ["dynamic"] },
                ],
                "default": "dynamic",
            },
            "exclude": {
                "description": "Files and folders that are checked but not formatted",
                "$ref": "#/definitions/globs",
            },
            "indent-style": { "description": "How to indent", "enum": words(&format::INDENTS), "default": "space" },
            "indent-width": columns("Columns of one level of indentation", 4),
            "ipynb": {
                "description": "What becomes of outputs, execution counts and metadata that changes with every run",
                "enum": words(&format::IPYNBS),
                "default": "keep",
            },
            "line-length": columns("Columns of a line", 88),
            "preview": switch("Whether ruff's preview style holds"),
            "quote-style": { "description": "Quotes of strings", "enum": words(&format::QUOTES), "default": "double" },
            "skip-magic-trailing-comma": switch("Whether a trailing comma may be joined away"),
            "sql": switch("Whether SQL is formatted: `%sql` cells, `.sql` notebooks and files"),
        },
    })
}

/// A rule that the schema knows nothing of.
fn any_rule() -> Value {
    json!({
        "anyOf": [
            { "$ref": "#/definitions/severity" },
            { "type": "object", "properties": { "severity": { "$ref": "#/definitions/severity" } } },
        ],
    })
}

fn all_rules(rules: &[&Page]) -> Value {
    let mut properties = Map::new();
    for page in rules {
        let group = format!("{}/*", page.group);
        properties.entry(group).or_insert_with(|| {
            json!({
                "description": format!("All rules of the group {}", page.group),
                "anyOf": [
                    { "$ref": "#/definitions/severity" },
                    {
                        "type": "object",
                        "additionalProperties": false,
                        "properties": { "severity": { "$ref": "#/definitions/severity" } },
                    },
                ],
            })
        });
        properties.insert(page.name.to_string(), rule(page));
    }
    json!({ "type": "object", "properties": properties, "additionalProperties": { "$ref": "#/definitions/rule" } })
}

fn rule(page: &Page) -> Value {
    let default = if page.head.enabled { page.head.severity.as_str() } else { "off" };
    let mut options = Map::new();
    options.insert("severity".to_owned(), json!({ "$ref": "#/definitions/severity" }));
    for option in &page.head.options {
        options.insert(option.name.clone(), self::option(option));
    }
    json!({
        "description": page.title,
        "default": default,
        "anyOf": [
            { "$ref": "#/definitions/severity" },
            { "type": "object", "additionalProperties": false, "properties": options },
        ],
    })
}

fn option(option: &Declared) -> Value {
    let (mut schema, default) = match &option.default {
        OptionValue::Integer(value) => (json!({ "type": "integer", "minimum": 0 }), json!(value)),
        OptionValue::Boolean(value) => (json!({ "type": "boolean" }), json!(value)),
        OptionValue::Text(value) => (json!({ "type": "string" }), json!(value)),
        OptionValue::List(value) => (json!({ "type": "array", "items": { "type": "string" } }), json!(value)),
    };
    if let Some(schema) = schema.as_object_mut() {
        schema.insert("description".to_owned(), json!(option.help));
        schema.insert("default".to_owned(), default);
    }
    schema
}

#[cfg(test)]
mod tests {
    use super::super::file::KEYS;
    use super::*;

    #[test]
    fn every_key_is_described() {
        let properties = properties();
        let mut keys: Vec<&str> = properties.as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, KEYS);
    }

    #[test]
    fn every_key_of_format_is_described() {
        let format = format();
        let mut keys: Vec<&str> = format["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        keys.sort_unstable();
        assert_eq!(keys, format::KEYS);
    }
}
