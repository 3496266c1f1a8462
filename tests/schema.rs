//! `brickgate.schema.json` says what `brickgate.toml` can say, and `docs/settings.md` explains it.
//! `UPDATE=1 cargo test --test outside -- pages schema readme` writes the schema anew.

use brickgate::config::schema::schema;
use brickgate::rules::book::Book;
use std::path::Path;

fn own() -> String {
    let book = Book::builtin();
    schema(book.rules().iter().map(|rule| &rule.page))
}

#[test]
fn the_schema_that_is_checked_in_is_the_newest() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("brickgate.schema.json");
    let newest = own();
    if std::env::var_os("UPDATE").is_some() {
        std::fs::write(&path, &newest).unwrap();
    }
    let written = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        written == newest,
        "brickgate.schema.json is out of date: run `UPDATE=1 cargo test --test outside -- pages schema readme`"
    );
}

#[test]
fn every_key_is_explained() {
    let schema: serde_json::Value = serde_json::from_str(&own()).unwrap();
    let docs = include_str!("../docs/settings.md");
    for key in schema["properties"].as_object().unwrap().keys() {
        assert!(docs.contains(&format!("\n## `{key}`\n")), "docs/settings.md has no heading for `{key}`");
    }
}

#[test]
fn every_rule_can_be_set() {
    let schema: serde_json::Value = serde_json::from_str(&own()).unwrap();
    let rules = schema["definitions"]["rules"]["properties"].as_object().unwrap();
    for rule in Book::builtin().rules() {
        let options = &rules[rule.name()]["anyOf"][1]["properties"];
        for option in &rule.page.head.options {
            assert_eq!(options[&option.name]["description"], option.help.as_str());
        }
        assert!(rules.contains_key(&format!("{}/*", rule.page.group)));
    }
}
