//! The index of all built-in rules, `docs/rules.md`.

use super::book::{Book, Rule};
use crate::page::FixKind;
use std::fmt::Write as _;

/// The index as Markdown: one table a group.
pub fn markdown(book: &Book) -> String {
    let mut out = String::from(
        "# Rules\n\n<!-- Written by `UPDATE=1 cargo test --test outside -- pages schema readme` from the pages under rules/. -->\n\n\
         `brickgate rule NAME` shows a page in the terminal, `brickgate rules` this list.\n",
    );
    for group in book.groups() {
        let _ = write!(out, "\n## {group}\n\n| rule | default | fix | what is wrong |\n|---|---|---|---|\n");
        for rule in book.rules().iter().filter(|rule| rule.built_in && *rule.page.group == *group) {
            let _ = writeln!(out, "{}", row(rule));
        }
    }
    out
}

fn row(rule: &Rule) -> String {
    let page = &rule.page;
    let state = if page.head.enabled { page.head.severity.as_str() } else { "off" };
    let fix = if page.head.fix == FixKind::None { "" } else { page.head.fix.as_str() };
    let title = page.title.replace('|', "\\|");
    format!("| [{0}](../{1}) | {state} | {fix} | {title} |", rule.name(), page.path)
}
