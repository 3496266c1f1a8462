//! `brickgate rules`: all rules in a table.

use super::rule::summary_json;
use crate::page::FixKind;
use crate::report::Style;
use crate::rules::book::{Book, Rule};
use anstyle::{AnsiColor, Style as Paint};
use serde_json::Value;
use std::io::{self, Write};

/// List all rules
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// How to write the list
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    pub output_format: ListFormat,
}

/// How lists and pages are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum ListFormat {
    /// For people
    #[default]
    Human,
    /// For machines
    Json,
}

/// Lists the rules of the book, by group. Returns the exit code, 0.
///
/// # Errors
/// If `out` cannot be written to.
pub fn run(args: &Args, book: &Book, style: &Style, out: &mut dyn Write) -> io::Result<u8> {
    let mut rules: Vec<&Rule> = book.rules().iter().collect();
    rules.sort_by_key(|rule| (rule.page.group.clone(), rule.page.name.clone()));
    match args.output_format {
        ListFormat::Human => table(&rules, style, out)?,
        ListFormat::Json => {
            let list = rules.iter().map(|rule| Value::Object(summary_json(rule))).collect();
            writeln!(out, "{:#}", Value::Array(list))?;
        }
    }
    Ok(0)
}

/// The severity a rule has unless settings say otherwise, or `off`.
pub(super) fn state(rule: &Rule) -> &'static str {
    if rule.page.head.enabled { rule.page.head.severity.as_str() } else { "off" }
}

fn table(rules: &[&Rule], style: &Style, out: &mut dyn Write) -> io::Result<()> {
    const HEAD: [&str; 5] = ["NAME", "GROUP", "DEFAULT", "FIX", "SUMMARY"];
    let rows: Vec<[&str; 5]> = rules
        .iter()
        .map(|rule| {
            let fix = if rule.page.head.fix == FixKind::None { "" } else { rule.page.head.fix.as_str() };
            [rule.name(), &rule.page.group, state(rule), fix, &rule.page.title]
        })
        .collect();
    let width = |column: usize| {
        rows.iter().chain([&HEAD]).map(|row| row.get(column).map_or(0, |cell| cell.len())).max().unwrap_or(0)
    };
    let widths: Vec<usize> = (0..4).map(width).collect();
    let left: usize = widths.iter().map(|width| width + 2).sum();
    let room = style.width.map_or(usize::MAX, |width| width.saturating_sub(left).max(20));
    for (at, row) in [HEAD].iter().chain(&rows).enumerate() {
        let mut line = String::new();
        for (column, (cell, width)) in row.iter().zip(&widths).enumerate() {
            let blanks = width.saturating_sub(cell.chars().count()) + 2;
            line.push_str(&painted(cell, at, column, style));
            line.push_str(&" ".repeat(blanks));
        }
        line.push_str(&painted(&cut(row.last().copied().unwrap_or_default(), room, style), at, 4, style));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn painted(cell: &str, row: usize, column: usize, style: &Style) -> String {
    let paint = match (row, column, cell) {
        (0, ..) | (_, 2, "off") => Paint::new().dimmed(),
        (_, 0, _) => Paint::new().bold(),
        (_, 2, "error") => AnsiColor::Red.on_default(),
        (_, 2, "warning") => AnsiColor::Yellow.on_default(),
        _ => return cell.to_owned(),
    };
    if style.color && !cell.is_empty() { format!("{paint}{cell}{paint:#}") } else { cell.to_owned() }
}

/// `text` in no more than `room` characters.
fn cut(text: &str, room: usize, style: &Style) -> String {
    if text.chars().count() <= room {
        return text.to_owned();
    }
    let end = if style.unicode { "…" } else { "..." };
    let kept: String = text.chars().take(room.saturating_sub(end.chars().count())).collect();
    kept.trim_end().to_owned() + end
}
