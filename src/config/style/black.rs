//! `[tool.black]` of a `pyproject.toml`.

use super::super::reader::{Reader, Source, entries};
use super::super::settings::Problem;
use super::{tool, version};
use crate::python::format::{Quotes, Style};
use toml::de::{DeTable, DeValue};

/// How Python looks, and the oldest Python to write for, if that is said.
pub(super) type Black = (Style, Option<(u8, u8)>);

/// What black is told, in our terms, with the oldest target; `None` if it is told nothing.
pub(super) fn read(source: &Source) -> (Option<Black>, Vec<Problem>) {
    if !source.text.contains("black") {
        return (None, Vec::new());
    }
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    if !errors.is_empty() {
        return (None, Vec::new());
    }
    let mut reader = Reader::new(source);
    let Some(table) = tool(&mut reader, document.get_ref(), "black") else { return (None, reader.problems) };
    let mut style = Style::default();
    let mut target = None;
    for (key, _, value) in entries(table) {
        match key {
            "line-length" | "line_length" => {
                if let Some((columns, _)) = reader.columns(key, value) {
                    style.line_length = columns;
                }
            }
            "skip-string-normalization" | "skip_string_normalization" => {
                if let Some((true, _)) = reader.switch(key, value) {
                    style.quotes = Quotes::Preserve;
                }
            }
            "skip-magic-trailing-comma" | "skip_magic_trailing_comma" => {
                if let Some((skip, _)) = reader.switch(key, value) {
                    style.magic_trailing_comma = !skip;
                }
            }
            "target-version" | "target_version" => {
                let words: Vec<&str> = match value.get_ref() {
                    DeValue::String(word) => vec![word],
                    DeValue::Array(words) => words.iter().filter_map(|word| word.get_ref().as_str()).collect(),
                    _ => Vec::new(),
                };
                target = words.into_iter().filter_map(version::word).min();
            }
            _ => {}
        }
    }
    (Some((style, target)), reader.problems)
}
