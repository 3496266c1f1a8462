//! The index of all built-in rules, `docs/rules.md`.

use super::book::{Book, Rule};
use crate::page::FixKind;
use crate::page::peer::Replaced;
use std::fmt::Write as _;

/// The index as Markdown: one table a group.
pub fn markdown(book: &Book) -> String {
    let mut out = String::from(
        "# Rules\n\n<!-- Written by `UPDATE=1 cargo test --test outside -- pages schema readme` from the pages under rules/. -->\n\n\
         `brickgate rule NAME` shows a page in the terminal, `brickgate rules` this list. What a rule replaces is the rule of\n\
         another linter that does the same work, or part of it: `brickgate config init --from` reads the settings of some of\n\
         them.\n",
    );
    for group in book.groups() {
        let _ =
            write!(out, "\n## {group}\n\n| rule | default | fix | what is wrong | replaces |\n|---|---|---|---|---|\n");
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
    let replaces = replaced(&page.head.replaces);
    format!("| [{0}](../{1}) | {state} | {fix} | {title} | {replaces} |", rule.name(), page.path)
}

/// `ruff F401, pylint W0611 W8916`: each linter once, in the order of the page.
fn replaced(rules: &[Replaced]) -> String {
    let mut peers: Vec<(&str, Vec<&str>)> = Vec::new();
    for Replaced { peer, id } in rules {
        match peers.iter_mut().find(|(known, _)| known == peer) {
            Some((_, ids)) => ids.push(id),
            None => peers.push((peer, vec![id])),
        }
    }
    let peers: Vec<String> = peers.iter().map(|(peer, ids)| format!("{peer} {}", ids.join(" "))).collect();
    peers.join(", ")
}
