//! Values out of TOML, with everything that is wrong collected.

use super::settings::{Place, Problem};
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::nearest::nearest;
use std::sync::Arc;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// One settings file as text.
#[derive(Debug)]
pub(super) struct Source {
    /// Where it stands.
    pub place: Place,
    /// The folder that its globs and folders are relative to.
    pub base: RepoPath,
    /// Its text; empty if it could not be read.
    pub text: Arc<str>,
}

/// A value with its place.
pub(super) type At<T> = (T, Span);

/// A value of a table.
pub(super) type Value<'i> = Spanned<DeValue<'i>>;

/// Reads values and collects what is wrong with them.
pub(super) struct Reader<'a> {
    pub source: &'a Source,
    pub problems: Vec<Problem>,
}

/// The span of anything in the TOML.
pub(super) fn span_of<T>(value: &Spanned<T>) -> Span {
    let span = value.span();
    Span::from_range(span.start..span.end.max(span.start))
}

/// What users call a type.
fn type_word(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a string",
        DeValue::Integer(_) => "a whole number",
        DeValue::Float(_) => "a decimal number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a date",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

impl<'a> Reader<'a> {
    pub(super) fn new(source: &'a Source) -> Self {
        Self { source, problems: Vec::new() }
    }

    /// Notes what is wrong.
    pub(super) fn fault(&mut self, span: Span, message: impl Into<String>, help: Option<String>) {
        self.problems.push(fault(self.source, span, message, help));
    }

    /// Says that `key` has a value of another type, and gives `None`.
    pub(super) fn wrong<T>(&mut self, key: &str, wanted: &str, value: &Value<'_>) -> Option<T> {
        let is = type_word(value.get_ref());
        self.fault(span_of(value), format!("`{key}` must be {wanted}, not {is}"), None);
        None
    }

    /// Says that there is no such key.
    pub(super) fn unknown(&mut self, what: &str, name: &str, span: Span, known: &[&str]) {
        self.fault(span, format!("there is no {what} `{name}`"), help_with(name, known));
    }

    /// Notes a key that a table does not have, and what was probably meant.
    pub(super) fn unknown_key(&mut self, table: &str, key: &str, span: Span, known: &[&str]) {
        self.fault(span, format!("`{table}` has no key `{key}`"), help_with(key, known));
    }

    /// A text.
    pub(super) fn text(&mut self, key: &str, value: &Value<'_>) -> Option<At<String>> {
        match value.get_ref() {
            DeValue::String(text) => Some((text.clone().into_owned(), span_of(value))),
            _ => self.wrong(key, "a string", value),
        }
    }

    /// A list of strings. Entries of another type are noted and left out.
    pub(super) fn texts(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<At<String>>> {
        let DeValue::Array(entries) = value.get_ref() else { return self.wrong(key, "a list of strings", value) };
        let mut texts = Vec::with_capacity(entries.len());
        for entry in &**entries {
            match entry.get_ref() {
                DeValue::String(text) => texts.push((text.clone().into_owned(), span_of(entry))),
                other => {
                    let is = type_word(other);
                    self.fault(span_of(entry), format!("`{key}` must be a list of strings, this entry is {is}"), None);
                }
            }
        }
        Some(texts)
    }

    /// A switch.
    pub(super) fn switch(&mut self, key: &str, value: &Value<'_>) -> Option<At<bool>> {
        match value.get_ref() {
            DeValue::Boolean(on) => Some((*on, span_of(value))),
            _ => self.wrong(key, "`true` or `false`", value),
        }
    }

    /// A table.
    pub(super) fn table<'v, 'i>(&mut self, key: &str, value: &'v Value<'i>) -> Option<&'v DeTable<'i>> {
        match value.get_ref() {
            DeValue::Table(table) => Some(table),
            _ => self.wrong(key, "a table", value),
        }
    }
}

/// A problem of a file.
pub(super) fn fault(source: &Source, span: Span, message: impl Into<String>, help: Option<String>) -> Problem {
    Problem { path: source.place.to_string(), span, message: message.into(), help, text: Arc::clone(&source.text) }
}

/// The entries of a table in the order of the file.
pub(super) fn entries<'v, 'i>(table: &'v DeTable<'i>) -> Vec<(&'v str, Span, &'v Value<'i>)> {
    let mut entries: Vec<_> = table.iter().map(|(key, value)| (key.get_ref().as_ref(), span_of(key), value)).collect();
    entries.sort_by_key(|&(_, span, _)| span);
    entries
}

/// What was probably meant, or all that is known.
fn help_with(name: &str, known: &[&str]) -> Option<String> {
    did_you_mean(name, known.iter().copied()).or_else(|| Some(format!("known are {}", listed(known))))
}

/// `did you mean …?` with the most similar name, if one is similar.
pub(super) fn did_you_mean<'n>(name: &str, known: impl IntoIterator<Item = &'n str>) -> Option<String> {
    nearest(name, known).map(|meant| format!("did you mean `{meant}`?"))
}

/// Names for a message: `a`, `b` and `c`.
pub(super) fn listed(names: &[&str]) -> String {
    let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}
