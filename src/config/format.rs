//! `[format]` of our own settings: what ruff's or black's settings leave open.

use super::file::File;
use super::glob::{Globs, Reach};
use super::lookup::Configs;
use super::reader::{At, Reader, Value, entries, span_of};
use super::resolve::Effective;
use super::style::{FormatSettings, Ipynb};
use crate::python::format::Quotes;
use crate::snapshot::RepoPath;
use toml::de::DeValue;

/// All keys of the table.
pub(super) const KEYS: [&str; 11] = [
    "docstring-code-format",
    "docstring-code-line-length",
    "exclude",
    "indent-style",
    "indent-width",
    "ipynb",
    "line-length",
    "preview",
    "quote-style",
    "skip-magic-trailing-comma",
    "sql",
];

/// The words for [`Quotes`].
pub(super) const QUOTES: [(&str, Quotes); 3] =
    [("double", Quotes::Double), ("single", Quotes::Single), ("preserve", Quotes::Preserve)];
/// The words for indentation: whether it is by tabs.
pub(super) const INDENTS: [(&str, bool); 2] = [("space", false), ("tab", true)];
/// The words for [`Ipynb`].
pub(super) const IPYNBS: [(&str, Ipynb); 2] = [("keep", Ipynb::Keep), ("strip", Ipynb::Strip)];

/// The longest line that can be asked for, as ruff has it.
pub(super) const MOST_COLUMNS: u16 = 320;

/// What the table of one file says.
#[derive(Debug, Default)]
pub(super) struct Format {
    pub line_length: Option<At<u16>>,
    pub indent_width: Option<At<u16>>,
    pub tabs: Option<At<bool>>,
    pub quotes: Option<At<Quotes>>,
    pub skip_magic_trailing_comma: Option<At<bool>>,
    pub docstring_code: Option<At<bool>>,
    /// `None` inside for `"dynamic"`.
    pub docstring_code_length: Option<At<Option<u16>>>,
    pub preview: Option<At<bool>>,
    pub exclude: Option<Globs>,
    pub excluded: Vec<At<String>>,
    pub sql: Option<At<bool>>,
    pub ipynb: Option<At<Ipynb>>,
}

impl Reader<'_> {
    /// Reads the table.
    pub(super) fn format(&mut self, value: &Value<'_>) -> Format {
        let mut format = Format::default();
        let Some(table) = self.table("format", value) else { return format };
        for (key, span, value) in entries(table) {
            match key {
                "line-length" => format.line_length = self.columns(key, value),
                "indent-width" => format.indent_width = self.columns(key, value).filter(|&(width, _)| width < 256),
                "indent-style" => format.tabs = self.choice(key, value, &INDENTS),
                "quote-style" => format.quotes = self.choice(key, value, &QUOTES),
                "skip-magic-trailing-comma" => format.skip_magic_trailing_comma = self.switch(key, value),
                "docstring-code-format" => format.docstring_code = self.switch(key, value),
                "docstring-code-line-length" => {
                    format.docstring_code_length = match value.get_ref() {
                        DeValue::String(word) if word == "dynamic" => Some((None, span_of(value))),
                        _ => self.columns(key, value).map(|(columns, span)| (Some(columns), span)),
                    };
                }
                "preview" => format.preview = self.switch(key, value),
                "exclude" => {
                    format.excluded = self.texts(key, value).unwrap_or_default();
                    format.exclude = Some(self.globs(&format.excluded, Reach::Below));
                }
                "sql" => format.sql = self.switch(key, value),
                "ipynb" => format.ipynb = self.choice(key, value, &IPYNBS),
                _ => self.unknown_key("format", key, span, &KEYS),
            }
        }
        format
    }

    /// A whole number of columns.
    pub(super) fn columns(&mut self, key: &str, value: &Value<'_>) -> Option<At<u16>> {
        let number = match value.get_ref() {
            DeValue::Integer(number) => u16::from_str_radix(number.as_str(), number.radix()).ok(),
            _ => None,
        };
        let number = number.filter(|number| (1..=MOST_COLUMNS).contains(number));
        if number.is_none() {
            self.fault(span_of(value), format!("`{key}` must be a whole number from 1 to {MOST_COLUMNS}"), None);
        }
        number.map(|number| (number, span_of(value)))
    }

    /// One of a few words.
    pub(super) fn choice<T: Copy>(&mut self, key: &str, value: &Value<'_>, words: &[(&str, T)]) -> Option<At<T>> {
        let (word, span) = self.text(key, value)?;
        let found = words.iter().find(|(known, _)| *known == word).map(|&(_, meant)| (meant, span));
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|&(known, _)| known).collect();
            self.unknown(&format!("`{key}`"), &word, span, &known);
        }
        found
    }
}

impl Effective {
    /// Lays our own settings for formatting over `settings`. `python_is_settled`: how Python looks was said
    /// elsewhere.
    fn format(&self, settings: &mut FormatSettings, python_is_settled: bool) {
        settings.sql = self.format_value(|format| format.sql).unwrap_or_default();
        settings.ipynb = self.format_value(|format| format.ipynb).unwrap_or_default();
        if python_is_settled {
            return;
        }
        let style = &mut settings.style;
        if let Some(columns) = self.format_value(|format| format.line_length) {
            style.line_length = columns;
        }
        if let Some(width) = self.format_value(|format| format.indent_width) {
            style.indent_width = u8::try_from(width).unwrap_or(u8::MAX);
        }
        if let Some(tabs) = self.format_value(|format| format.tabs) {
            style.tabs = tabs;
        }
        if let Some(quotes) = self.format_value(|format| format.quotes) {
            style.quotes = quotes;
        }
        if let Some(skip) = self.format_value(|format| format.skip_magic_trailing_comma) {
            style.magic_trailing_comma = !skip;
        }
        if let Some(on) = self.format_value(|format| format.docstring_code) {
            style.docstring_code = on;
        }
        if let Some(columns) = self.format_value(|format| format.docstring_code_length) {
            style.docstring_code_length = columns;
        }
        if let Some(on) = self.format_value(|format| format.preview) {
            style.preview = on;
        }
        if let Some((target, _)) = self.target_python() {
            style.target = target;
        }
    }

    fn format_value<T: Copy>(&self, get: impl Fn(&Format) -> Option<At<T>>) -> Option<T> {
        self.first(|file: &File| get(&file.format)).map(|(value, _)| value)
    }

    fn format_excluded(&self, path: &RepoPath) -> bool {
        let decided = self.chain.iter().find_map(|checked| checked.file.format.exclude.as_ref()?.decide(path, false));
        decided == Some(true)
    }
}

impl Configs<'_> {
    /// Lays our own settings for formatting over `settings`.
    pub(super) fn format(&self, path: &RepoPath, settings: &mut FormatSettings, python_is_settled: bool) {
        self.effective(path).format(settings, python_is_settled);
    }

    /// Whether our own settings leave a file out of formatting.
    pub(super) fn format_excluded(&self, path: &RepoPath) -> bool {
        self.effective(path).format_excluded(path)
    }
}
