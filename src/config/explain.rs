//! Which settings hold for a path, and who set them: `brickgate config show`.

use super::file::{COMPUTES, File};
use super::format::{Format, INDENTS, IPYNBS, QUOTES};
use super::hook::{FAILURES, Hook, HookTable};
use super::lookup::Configs;
use super::reader::At;
use super::resolve::{Effective, Origin};
use super::style::FormatSettings;
use crate::page::OptionValue;
use crate::project::document::ReadOptions;
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::lines::LineIndex;

/// One value that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The key as a settings file has it: `target-python`, `rules.run-cycle`, `rules.run-chain.max-depth`.
    pub key: String,
    /// The value as TOML writes it.
    pub value: String,
    /// Who set it: `default`, `jobs/brickgate.toml:3`, `--select`.
    pub origin: String,
}

impl Configs<'_> {
    /// Everything that holds for `path`, in the order of the documentation.
    pub fn explain(&self, path: &RepoPath) -> Vec<Row> {
        let effective = self.effective(path);
        let mut rows = Rows { effective: &effective, rows: Vec::new() };
        // Of these the files at the root alone are asked.
        let mut above = Rows { effective: self.root(), rows: Vec::new() };
        let default = ReadOptions::default();
        let none = "(none)".to_owned();
        rows.lists("exclude", |file| &file.excluded);
        above.lists("pages", |file| &file.pages);
        let baseline = self.root().chain.iter().enumerate().find_map(|(index, checked)| {
            checked.file.baseline.as_ref().map(|(name, span)| (quoted(name), Origin::File(index, *span)))
        });
        above.or_default("baseline", baseline, quoted(crate::baseline::FILE_NAME));
        rows.rows.append(&mut above.rows);
        match effective.kind(path) {
            Some((kind, origin)) => rows.add("kind", quoted(kind.as_str()), origin),
            None => rows.add("kind", "(from the file)".to_owned(), Origin::Default),
        }
        let compute = effective.first(|file| file.compute).map(|(compute, origin)| {
            let word = COMPUTES.iter().find(|(_, other)| *other == compute).map_or("", |(word, _)| word);
            (quoted(word), origin)
        });
        rows.or_default("target.compute", compute, none.clone());
        let dbr = effective.first(|file| file.dbr);
        rows.or_default("target.dbr", dbr.map(|((major, minor), at)| (quoted(&format!("{major}.{minor}")), at)), none);
        let python = effective.target_python();
        let version = |(major, minor): (u8, u8)| quoted(&format!("{major}.{minor}"));
        let python = python.map(|(python, origin)| (version(python), origin));
        rows.or_default("target-python", python, version(default.target_python));
        let size = effective.first(|file| file.max_file_size).map(|(size, origin)| (size.to_string(), origin));
        rows.or_default("max-file-size", size, default.max_file_size.to_string());
        let respect = self.root().first(|file| file.respect_gitignore).map(|(on, origin)| (on.to_string(), origin));
        above.or_default("respect-gitignore", respect, true.to_string());
        above.hook();
        rows.rows.append(&mut above.rows);
        for (state, page) in effective.states_at(path, &self.names, &self.choices).into_iter().zip(&self.names.pages) {
            let key = format!("rules.{}", page.name);
            let level = if state.on { state.severity.as_str() } else { "off" };
            rows.add(&key, quoted(level), state.origin);
            for option in page.head.options.iter().filter(|_| state.on) {
                let set = state.options.iter().find(|(name, ..)| *name == option.name);
                let (value, origin) =
                    set.map_or((&option.default, Origin::Default), |(_, value, origin)| (value, *origin));
                rows.add(&format!("{key}.{}", option.name), value.to_string(), origin);
            }
        }
        rows.rows
    }
}

impl Configs<'_> {
    /// How the file at `path` is formatted. `from`: the file of ruff or black that says how Python looks, if there is
    /// one.
    pub(super) fn explain_format(&self, path: &RepoPath, settings: &FormatSettings, from: Option<&str>) -> Vec<Row> {
        let effective = self.effective(path);
        let mut rows = Rows { effective: &effective, rows: Vec::new() };
        let style = &settings.style;
        let at =
            |get: &dyn Fn(&Format) -> Option<Span>| effective.first(|file| get(&file.format).map(|span| ((), span)));
        let word = |words: &[(&str, bool)], on| {
            quoted(words.iter().find(|(_, other)| *other == on).map_or("", |(word, _)| word))
        };
        let quotes = QUOTES.iter().find(|(_, other)| *other == style.quotes).map_or("", |(word, _)| word);
        let docstring = style.docstring_code_length.map_or_else(|| quoted("dynamic"), |columns| columns.to_string());
        let (major, minor) = style.target;
        let python: [(&str, String, Get<'_>); 8] = [
            ("line-length", style.line_length.to_string(), &|format| format.line_length.map(|(_, span)| span)),
            ("indent-width", style.indent_width.to_string(), &|format| format.indent_width.map(|(_, span)| span)),
            ("indent-style", word(&INDENTS, style.tabs), &|format| format.tabs.map(|(_, span)| span)),
            ("quote-style", quoted(quotes), &|format| format.quotes.map(|(_, span)| span)),
            ("skip-magic-trailing-comma", (!style.magic_trailing_comma).to_string(), &|format| {
                format.skip_magic_trailing_comma.map(|(_, span)| span)
            }),
            ("docstring-code-format", style.docstring_code.to_string(), &|format| {
                format.docstring_code.map(|(_, span)| span)
            }),
            ("docstring-code-line-length", docstring, &|format| format.docstring_code_length.map(|(_, span)| span)),
            ("preview", style.preview.to_string(), &|format| format.preview.map(|(_, span)| span)),
        ];
        for (key, value, get) in python {
            let key = format!("format.{key}");
            match from {
                Some(from) => rows.rows.push(Row { key, value, origin: from.to_owned() }),
                None => rows.add(&key, value, at(get).map_or(Origin::Default, |((), origin)| origin)),
            }
        }
        let target = quoted(&format!("{major}.{minor}"));
        let key = "format.target-python".to_owned();
        match (from, effective.target_python()) {
            (Some(from), _) => rows.rows.push(Row { key, value: target, origin: from.to_owned() }),
            (None, python) => rows.add(&key, target, python.map_or(Origin::Default, |(_, origin)| origin)),
        }
        rows.lists("format.exclude", |file| &file.format.excluded);
        let sql = at(&|format| format.sql.map(|(_, span)| span));
        rows.add("format.sql", settings.sql.to_string(), sql.map_or(Origin::Default, |((), origin)| origin));
        let ipynb = IPYNBS.iter().find(|(_, other)| *other == settings.ipynb).map_or("", |(word, _)| word);
        let at = at(&|format| format.ipynb.map(|(_, span)| span));
        rows.add("format.ipynb", quoted(ipynb), at.map_or(Origin::Default, |((), origin)| origin));
        rows.rows
    }
}

/// Where our own table says something.
type Get<'g> = &'g dyn Fn(&Format) -> Option<Span>;

struct Rows<'e> {
    effective: &'e Effective,
    rows: Vec<Row>,
}

impl Rows<'_> {
    fn add(&mut self, key: &str, value: String, origin: Origin) {
        let origin = self.origin(origin);
        self.rows.push(Row { key: key.to_owned(), value, origin });
    }

    fn or_default(&mut self, key: &str, value: Option<(String, Origin)>, default: String) {
        let (value, origin) = value.unwrap_or((default, Origin::Default));
        self.add(key, value, origin);
    }

    /// What hooks do.
    fn hook(&mut self) {
        let default = Hook::default();
        let effective = self.effective;
        let words = |open| FAILURES.iter().find(|(_, other)| *other == open).map_or("", |(word, _)| word);
        let mut add = |key: &str, set: Option<(String, Origin)>, default: String| {
            self.or_default(&format!("hook.{key}"), set, default);
        };
        let switch = |get: fn(&HookTable) -> Option<At<bool>>| {
            effective.first(|file| get(&file.hook)).map(|(on, origin)| (on.to_string(), origin))
        };
        let count = |get: fn(&HookTable) -> Option<At<u32>>| {
            effective.first(|file| get(&file.hook)).map(|(count, origin)| (count.to_string(), origin))
        };
        add("fix", switch(|table| table.fix), default.fix.to_string());
        add("format", switch(|table| table.format), default.format.to_string());
        let failure = effective.first(|file| file.hook.fail_open);
        add(
            "on-failure",
            failure.map(|(open, origin)| (quoted(words(open)), origin)),
            quoted(words(default.fail_open)),
        );
        add("time-limit", count(|table| table.time_limit), default.time_limit.to_string());
        let memory = effective.first(|file| file.hook.memory_limit);
        add("memory-limit", memory.map(|(bytes, at)| (bytes.to_string(), at)), default.memory_limit.to_string());
        add("max-findings", count(|table| table.max_findings), default.max_findings.to_string());
    }

    /// A list that every file of the chain adds to.
    fn lists(&mut self, key: &str, get: impl Fn(&File) -> &Vec<At<String>>) {
        let before = self.rows.len();
        for (index, checked) in self.effective.chain.iter().enumerate() {
            let list = get(&checked.file);
            if let Some(&(_, span)) = list.first() {
                let list = OptionValue::List(list.iter().map(|(text, _)| text.clone()).collect());
                self.add(key, list.to_string(), Origin::File(index, span));
            }
        }
        if self.rows.len() == before {
            self.add(key, "[]".to_owned(), Origin::Default);
        }
    }

    fn origin(&self, origin: Origin) -> String {
        match origin {
            Origin::Default => "default".to_owned(),
            Origin::Option(option) => option.to_owned(),
            Origin::File(index, span) => self.effective.chain.get(index).map_or_else(String::new, |checked| {
                let text = &checked.source.text;
                format!("{}:{}", checked.source.place, LineIndex::new(text).position(text, span.start).row)
            }),
        }
    }
}

/// A text as TOML writes it.
fn quoted(text: &str) -> String {
    OptionValue::Text(text.to_owned()).to_string()
}
