//! ruff's settings, as far as they say how code looks. Keys that we do not know are somebody else's, or newer.

use super::super::format::{INDENTS, QUOTES};
use super::super::reader::{At, Reader, Source, Value, entries};
use super::super::settings::Problem;
use super::exclude::Excludes;
use super::{Folder, FormatSettings, isort, tool, version};
use crate::python::format::{Ending, Quotes, Style};
use crate::python::imports::Order;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::sync::Arc;
use toml::de::{DeTable, DeValue};

/// What one file of ruff's says. Globs carry the folder that they are relative to.
#[derive(Debug, Default)]
pub(super) struct Ruff {
    pub extend: Option<At<String>>,
    pub target: Option<(u8, u8)>,
    line_length: Option<u16>,
    indent_width: Option<u8>,
    tabs: Option<bool>,
    quotes: Option<Quotes>,
    same_quotes_inside: Option<bool>,
    skip_magic_trailing_comma: Option<bool>,
    line_ending: Option<Ending>,
    docstring_code: Option<bool>,
    docstring_code_length: Option<DocstringLength>,
    preview: Option<bool>,
    preview_of_format: Option<bool>,
    exclude: Option<Vec<Glob>>,
    extend_exclude: Vec<Glob>,
    format_exclude: Option<Vec<Glob>>,
    targets: Option<Vec<(Glob, (u8, u8))>>,
    order: Option<Order>,
    sources: Option<Vec<RepoPath>>,
}

type Glob = (RepoPath, String);

/// `docstring-code-line-length`.
#[derive(Clone, Copy, Debug)]
enum DocstringLength {
    Dynamic,
    Columns(u16),
}

/// Reads what a file says; `None` if it is a `pyproject.toml` without `[tool.ruff]`.
pub(super) fn read(source: &Source) -> (Option<Ruff>, Vec<Problem>) {
    let pyproject = super::file::is_pyproject(&source.place);
    if pyproject && !source.text.contains("ruff") {
        return (None, Vec::new());
    }
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let mut reader = Reader::new(source);
    if !errors.is_empty() {
        for error in errors {
            let span =
                error.span().map_or(Span::default(), |span| Span::from_range(span.start..span.end.max(span.start)));
            let message = error.message().split_whitespace().collect::<Vec<_>>().join(" ");
            reader.fault(span, format!("this is not valid TOML: {message}"), None);
        }
        return (Some(Ruff::default()), reader.problems);
    }
    let Some(table) = tool(&mut reader, document.get_ref(), "ruff") else { return (None, reader.problems) };
    let ruff = reader.ruff(table);
    (Some(ruff), reader.problems)
}

impl Reader<'_> {
    fn ruff(&mut self, table: &DeTable<'_>) -> Ruff {
        let mut ruff = Ruff::default();
        for (key, _, value) in entries(table) {
            match key {
                "extend" => ruff.extend = self.text(key, value),
                "line-length" => ruff.line_length = self.columns(key, value).map(|(columns, _)| columns),
                "indent-width" => {
                    ruff.indent_width = self.columns(key, value).and_then(|(width, _)| u8::try_from(width).ok());
                }
                "target-version" => {
                    if let Some((word, span)) = self.text(key, value) {
                        ruff.target = version::word(&word);
                        if ruff.target.is_none() {
                            self.fault(span, format!("`{word}` is not a version of Python as ruff writes it"), None);
                        }
                    }
                }
                "preview" => ruff.preview = self.switch(key, value).map(|(on, _)| on),
                "exclude" => ruff.exclude = self.patterns(key, value),
                "extend-exclude" => ruff.extend_exclude = self.patterns(key, value).unwrap_or_default(),
                "per-file-target-version" => ruff.targets = self.targets(key, value),
                "src" => {
                    let folders = self.texts(key, value).unwrap_or_default();
                    let base = self.source.base.clone();
                    ruff.sources = Some(folders.iter().filter_map(|(folder, _)| base.join(folder)).collect());
                }
                "isort" if ruff.order.is_none() => {
                    ruff.order = self.table(key, value).map(|table| isort::read(self, table));
                }
                "lint" => {
                    let isort = self.table(key, value).and_then(|table| table.get("isort"));
                    if let Some(table) = isort.and_then(|value| self.table("isort", value)) {
                        ruff.order = Some(isort::read(self, table));
                    }
                }
                "format" => {
                    if let Some(table) = self.table(key, value) {
                        self.ruff_format(table, &mut ruff);
                    }
                }
                _ => {}
            }
        }
        ruff
    }

    fn ruff_format(&mut self, table: &DeTable<'_>, ruff: &mut Ruff) {
        for (key, _, value) in entries(table) {
            match key {
                "indent-style" => ruff.tabs = first(self.choice(key, value, &INDENTS)),
                "quote-style" => {
                    ruff.quotes = first(self.choice(key, value, &QUOTES));
                }
                "nested-string-quote-style" => {
                    ruff.same_quotes_inside =
                        first(self.choice(key, value, &[("alternating", false), ("preferred", true)]));
                }
                "skip-magic-trailing-comma" => {
                    ruff.skip_magic_trailing_comma = self.switch(key, value).map(|(on, _)| on);
                }
                "line-ending" => {
                    let native = if cfg!(windows) { Ending::CrLf } else { Ending::Lf };
                    let words =
                        [("auto", Ending::Auto), ("lf", Ending::Lf), ("cr-lf", Ending::CrLf), ("native", native)];
                    ruff.line_ending = first(self.choice(key, value, &words));
                }
                "docstring-code-format" => ruff.docstring_code = self.switch(key, value).map(|(on, _)| on),
                "docstring-code-line-length" => {
                    ruff.docstring_code_length = match value.get_ref() {
                        DeValue::String(word) if word == "dynamic" => Some(DocstringLength::Dynamic),
                        _ => self.columns(key, value).map(|(columns, _)| DocstringLength::Columns(columns)),
                    };
                }
                "preview" => ruff.preview_of_format = self.switch(key, value).map(|(on, _)| on),
                "exclude" => ruff.format_exclude = self.patterns(key, value),
                _ => {}
            }
        }
    }

    fn patterns(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<Glob>> {
        let base = self.source.base.clone();
        Some(self.texts(key, value)?.into_iter().map(|(glob, _)| (base.clone(), glob)).collect())
    }

    fn targets(&mut self, key: &str, value: &Value<'_>) -> Option<Vec<(Glob, (u8, u8))>> {
        let table = self.table(key, value)?;
        let mut targets = Vec::new();
        for (glob, _, value) in entries(table) {
            if let Some(target) = self.text(key, value).and_then(|(word, _)| version::word(&word)) {
                targets.push(((self.source.base.clone(), glob.to_owned()), target));
            }
        }
        Some(targets)
    }
}

fn first<T>(value: Option<At<T>>) -> Option<T> {
    value.map(|(value, _)| value)
}

impl Ruff {
    /// This file laid over one that it extends.
    pub(super) fn over(self, base: Self) -> Self {
        let mut extend_exclude = self.extend_exclude;
        extend_exclude.extend(base.extend_exclude);
        Self {
            extend: None,
            target: self.target.or(base.target),
            line_length: self.line_length.or(base.line_length),
            indent_width: self.indent_width.or(base.indent_width),
            tabs: self.tabs.or(base.tabs),
            quotes: self.quotes.or(base.quotes),
            same_quotes_inside: self.same_quotes_inside.or(base.same_quotes_inside),
            skip_magic_trailing_comma: self.skip_magic_trailing_comma.or(base.skip_magic_trailing_comma),
            line_ending: self.line_ending.or(base.line_ending),
            docstring_code: self.docstring_code.or(base.docstring_code),
            docstring_code_length: self.docstring_code_length.or(base.docstring_code_length),
            preview: self.preview.or(base.preview),
            preview_of_format: self.preview_of_format.or(base.preview_of_format),
            exclude: self.exclude.or(base.exclude),
            extend_exclude,
            format_exclude: self.format_exclude.or(base.format_exclude),
            targets: self.targets.or(base.targets),
            order: self.order.or(base.order),
            sources: self.sources.or(base.sources),
        }
    }

    /// What holds in a folder with these settings, which stand in `base`. `requires`: the oldest Python that the project allows.
    pub(super) fn folder(self, base: &RepoPath, requires: Option<(u8, u8)>) -> Folder {
        let default = Style::default();
        let style = Style {
            line_length: self.line_length.unwrap_or(default.line_length),
            indent_width: self.indent_width.unwrap_or(default.indent_width),
            tabs: self.tabs.unwrap_or(default.tabs),
            quotes: self.quotes.unwrap_or(default.quotes),
            same_quotes_inside: self.same_quotes_inside.unwrap_or(default.same_quotes_inside),
            magic_trailing_comma: !self.skip_magic_trailing_comma.unwrap_or(!default.magic_trailing_comma),
            line_ending: self.line_ending.unwrap_or(default.line_ending),
            docstring_code: self.docstring_code.unwrap_or(default.docstring_code),
            docstring_code_length: match self.docstring_code_length {
                Some(DocstringLength::Columns(columns)) => Some(columns),
                Some(DocstringLength::Dynamic) | None => default.docstring_code_length,
            },
            preview: self.preview_of_format.or(self.preview).unwrap_or(default.preview),
            target: self.target.or(requires).unwrap_or(default.target),
        };
        let all = self.exclude.iter().flatten().chain(&self.extend_exclude).chain(self.format_exclude.iter().flatten());
        let (exclude, _) = Excludes::new(all.map(|(base, glob)| (base, glob.as_str())));
        let targets = self.targets.unwrap_or_default().into_iter();
        let targets = targets.map(|((base, glob), target)| (Excludes::new([(&base, glob.as_str())]).0, target));
        let mut order = self.order.unwrap_or_default();
        order.line_length = style.line_length;
        order.indent_width = style.indent_width;
        order.target_minor = style.target.1;
        let sources =
            self.sources.unwrap_or_else(|| [Some(base.clone()), base.join("src")].into_iter().flatten().collect());
        Folder {
            settings: FormatSettings { style, order: Arc::new(order), ..FormatSettings::default() },
            sources,
            foreign: None,
            exclude,
            targets: targets.collect(),
        }
    }
}
