//! Every example of every built-in page, and the index of rules.
//!
//! `UPDATE=1 cargo test --test outside -- pages schema readme` writes what was found into the pages, and the index anew.

use brickgate::rules::book::Book;
use brickgate::rules::index;
use brickgate::snapshot::RepoPath;
use brickgate::snapshot::memory::Memory;
use brickgate::trial;
use rayon::prelude::*;
use std::path::Path;
use std::{env, fs};

fn updating() -> bool {
    env::var_os("UPDATE").is_some_and(|value| !value.is_empty() && value != "0")
}

#[test]
fn examples_of_all_pages() {
    let book = Book::builtin();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let wrong: Vec<String> = book
        .rules()
        .par_iter()
        .flat_map_iter(|rule| {
            let trial = trial::run(&book, rule);
            let page = &rule.page;
            let mut wrong: Vec<String> = trial.problems.iter().map(ToString::to_string).collect();
            if let Some(updated) = trial.updated.as_ref().filter(|_| updating()) {
                fs::write(root.join(&page.path), updated).unwrap();
            } else {
                wrong.extend(trial.failures.iter().map(ToString::to_string));
            }
            // What only the engine can cause has no example of its own.
            if trial.problems.is_empty() && !rule.is_engine() {
                if !trial.fires {
                    wrong.push(format!("{}: no example finds anything", page.path));
                }
                if !trial.is_silent {
                    wrong.push(format!("{}: no example shows what is right", page.path));
                }
            }
            if page.head.since.is_empty() {
                wrong.push(format!("{}: the rule block has no `since`", page.path));
            }
            wrong
        })
        .collect();
    assert!(
        wrong.is_empty(),
        "\n{}\n\nUPDATE=1 cargo test --test outside -- pages schema readme writes the pages anew\n",
        wrong.join("\n")
    );
}

#[test]
fn the_index_of_rules_is_current() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules.md");
    let index = index::markdown(&Book::builtin());
    if updating() {
        fs::write(&path, &index).unwrap();
    }
    let found = fs::read_to_string(&path).unwrap_or_default().replace("\r\n", "\n");
    assert!(
        found == index,
        "docs/rules.md is not current: UPDATE=1 cargo test --test outside -- pages schema readme writes it"
    );
}

/// The page that docs/your-own-rules.md shows is a page, and its examples hold.
#[test]
fn the_page_in_the_docs_is_right() {
    let docs = include_str!("../docs/your-own-rules.md").replace("\r\n", "\n");
    let (_, rest) = docs.split_once("~~~~markdown\n").unwrap();
    let (page, _) = rest.split_once("~~~~\n").unwrap();
    let snapshot = Memory::of(&[("tools/brickgate/write-to-raw.md", page)]);
    let book = Book::builtin().with_pages(&snapshot, &[RepoPath::new("tools/brickgate")]);
    let book = book.unwrap_or_else(|problems| panic!("{}", problems[0]));
    let trial = trial::run(&book, book.get("write-to-raw").unwrap());
    assert!(trial.passed() && trial.fires && trial.is_silent, "{:#?}", trial.failures);
}
