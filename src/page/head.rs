//! The `toml rule` block.

use super::peer::{self, Replaced};
use super::template::Template;
use super::{Declared, Faults, FixKind, Head, OptionValue, QueryFix, REPOSITORY};
use crate::finding::Severity;
use crate::project::document::Kind;
use crate::text::Span;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

/// Keys of the rule block.
const KEYS: [&str; 9] =
    ["severity", "applies-to", "needs", "since", "enabled", "replaces", "message", "fix", "options"];
/// Keys of `[fix]`.
const FIX_KEYS: [&str; 3] = ["template", "title", "safe"];
/// Keys of `[options.NAME]`.
const OPTION_KEYS: [&str; 2] = ["default", "help"];

/// What the block says: the head itself, and what only pages with a query need.
pub(super) struct RuleBlock {
    pub(super) head: Head,
    /// The message and its place.
    pub(super) message: Option<(Template, Span)>,
    /// The fix of a query and its place.
    pub(super) fix: Option<(QueryFix, Span)>,
    /// The place of `fix = "…"`.
    pub(super) fix_word: Option<Span>,
}

/// Reads the block's content, which starts at byte `base` of the page; what is missing is said at `whole`.
/// Faults are noted; what could not be read has a harmless value, so that all faults are found at once.
pub(super) fn read(content: &str, base: u32, whole: Span, faults: &mut Faults) -> RuleBlock {
    let (table, errors) = DeTable::parse_recoverable(content);
    let mut reader = Reader { base, faults };
    for error in errors {
        let span = error.span().map_or(whole, |range| reader.place(range));
        // The parser's messages may explain over several lines.
        let message = error.message().split('\n').next().unwrap_or_default();
        reader.faults.add(span, format!("the rule block is not valid TOML: {message}"));
    }
    reader.rule(table.get_ref(), whole)
}

type Table<'i> = DeTable<'i>;
type Value<'i> = Spanned<DeValue<'i>>;

struct Reader<'f> {
    base: u32,
    faults: &'f mut Faults,
}

impl Reader<'_> {
    fn place(&self, range: Range<usize>) -> Span {
        let base = self.base as usize;
        Span::from_range(base + range.start..base + range.end.max(range.start))
    }

    fn keys(&mut self, table: &Table<'_>, known: &[&str]) {
        for key in table.keys() {
            if !known.contains(&key.get_ref().as_ref()) {
                let span = self.place(key.span());
                self.faults.unknown(span, "key", key.get_ref(), known);
            }
        }
    }

    fn rule(&mut self, table: &Table<'_>, whole: Span) -> RuleBlock {
        self.keys(table, &KEYS);
        let severity = self.severity(get(table, "severity"), whole);
        let (applies_to, repository) = self.kinds(get(table, "applies-to"), whole);
        let needs = self.needs(get(table, "needs"));
        let since = self.since(get(table, "since"));
        let enabled = self.boolean(get(table, "enabled"), "enabled").unwrap_or(true);
        let replaces = self.replaces(get(table, "replaces"));
        let message = get(table, "message").and_then(|value| {
            let text = self.text(value, "message")?;
            self.template(&text, value)
        });
        let (mut kind, mut fix, mut fix_word) = (FixKind::None, None, None);
        if let Some(value) = get(table, "fix") {
            let span = self.place(value.span());
            if let Some(table) = value.get_ref().as_table() {
                fix = self.query_fix(table, span).map(|fix| (fix, span));
                kind = match &fix {
                    Some((fix, _)) if fix.safe => FixKind::Safe,
                    _ => FixKind::Unsafe,
                };
            } else {
                kind = self.fix_word(value);
                fix_word = Some(span);
            }
        }
        let options = get(table, "options").map(|value| self.options(value)).unwrap_or_default();
        let head = Head { severity, enabled, applies_to, repository, needs, since, replaces, fix: kind, options };
        RuleBlock { head, message, fix, fix_word }
    }

    fn severity(&mut self, value: Option<&Value<'_>>, whole: Span) -> Severity {
        const WORDS: [&str; 3] = ["error", "warning", "info"];
        let Some(value) = value else {
            self.faults.add_with_help(whole, "`severity` is missing", "write \"error\", \"warning\" or \"info\"");
            return Severity::Warning;
        };
        match self.text(value, "severity").as_deref() {
            Some("error") => Severity::Error,
            Some("warning") | None => Severity::Warning,
            Some("info") => Severity::Info,
            Some(word) => {
                let span = self.place(value.span());
                self.faults.unknown(span, "severity", word, &WORDS);
                Severity::Warning
            }
        }
    }

    fn kinds(&mut self, value: Option<&Value<'_>>, whole: Span) -> (Vec<Kind>, bool) {
        let words: Vec<&str> = Kind::ALL.iter().map(|(_, word)| *word).chain([REPOSITORY]).collect();
        let Some(value) = value else {
            self.faults.add_with_help(whole, "`applies-to` is missing", format!("list some of: {}", words.join(", ")));
            return (Vec::new(), false);
        };
        let mut kinds = Vec::new();
        let mut repository = false;
        for (word, span) in self.texts(value, "applies-to") {
            match Kind::parse(&word) {
                _ if word == REPOSITORY => repository = true,
                Some(kind) => kinds.push(kind),
                None => self.faults.unknown(span, "kind", &word, &words),
            }
        }
        if value.get_ref().as_array().is_some_and(|list| list.is_empty()) {
            let span = self.place(value.span());
            self.faults.add(span, "`applies-to` is empty: the rule would look at nothing");
        }
        (kinds, repository)
    }

    fn needs(&mut self, value: Option<&Value<'_>>) -> Vec<String> {
        let Some(value) = value else { return Vec::new() };
        let mut needs = Vec::new();
        for (literal, span) in self.texts(value, "needs") {
            if literal.is_empty() {
                self.faults.add(span, "an empty string is in every file: `needs` would skip nothing");
            } else {
                needs.push(literal);
            }
        }
        needs
    }

    fn replaces(&mut self, value: Option<&Value<'_>>) -> Vec<Replaced> {
        let Some(value) = value else { return Vec::new() };
        let mut replaces: Vec<Replaced> = Vec::new();
        for (text, span) in self.texts(value, "replaces") {
            match peer::parse(&text) {
                Ok(rule) if replaces.contains(&rule) => self.faults.add(span, format!("`{text}` is there twice")),
                Ok(rule) => replaces.push(rule),
                Err((message, help)) => self.faults.add_with_help(span, message, help),
            }
        }
        replaces
    }

    fn since(&mut self, value: Option<&Value<'_>>) -> String {
        let Some(value) = value else { return String::new() };
        let since = self.text(value, "since").unwrap_or_default();
        let parts: Vec<&str> = since.split('.').collect();
        let digits = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        if !since.is_empty() && (parts.len() != 3 || !parts.iter().all(digits)) {
            let span = self.place(value.span());
            self.faults.add(span, format!("`since` is a version such as \"0.1.0\", not \"{since}\""));
        }
        since
    }

    fn fix_word(&mut self, value: &Value<'_>) -> FixKind {
        const KINDS: [FixKind; 3] = [FixKind::None, FixKind::Safe, FixKind::Unsafe];
        let Some(word) = self.text(value, "fix") else { return FixKind::None };
        KINDS.into_iter().find(|kind| kind.as_str() == word).unwrap_or_else(|| {
            let span = self.place(value.span());
            self.faults.unknown(span, "kind of fix", &word, &KINDS.map(FixKind::as_str));
            FixKind::None
        })
    }

    fn query_fix(&mut self, table: &Table<'_>, whole: Span) -> Option<QueryFix> {
        self.keys(table, &FIX_KEYS);
        let template = if let Some(value) = get(table, "template") {
            let text = self.text(value, "template");
            text.and_then(|text| self.template(&text, value)).map(|(template, _)| template)
        } else {
            self.faults.add(whole, "`template` is missing: what is to stand there instead");
            None
        };
        let title = if let Some(value) = get(table, "title") {
            self.text(value, "title")
        } else {
            self.faults.add(whole, "`title` is missing: what the fix does, such as \"Use `limit`\"");
            None
        };
        let safe = self.boolean(get(table, "safe"), "safe").unwrap_or(false);
        Some(QueryFix { template: template?, title: title?, safe })
    }

    fn options(&mut self, value: &Value<'_>) -> Vec<Declared> {
        let span = self.place(value.span());
        let Some(table) = value.get_ref().as_table() else {
            self.faults.add(span, "`options` is a table: write `[options.NAME]`");
            return Vec::new();
        };
        table.iter().filter_map(|(name, value)| self.option(name, value)).collect()
    }

    fn option(&mut self, name: &Spanned<DeString<'_>>, value: &Value<'_>) -> Option<Declared> {
        let place = self.place(name.span());
        let name = name.get_ref();
        if !super::read::is_kebab(name) {
            self.faults.add(place, format!("option `{name}` is not in kebab-case, such as `max-depth`"));
        } else if name == "severity" {
            self.faults.add(place, "an option cannot be called `severity`: settings use that key themselves");
        }
        let Some(table) = value.get_ref().as_table() else {
            self.faults.add(place, format!("option `{name}` is a table: write `[options.{name}]`"));
            return None;
        };
        self.keys(table, &OPTION_KEYS);
        let help = if let Some(value) = get(table, "help") {
            self.text(value, "help").unwrap_or_default()
        } else {
            self.faults.add(place, format!("option `{name}` has no `help`: say in one sentence what it does"));
            String::new()
        };
        let Some(default) = get(table, "default") else {
            self.faults.add(place, format!("option `{name}` has no `default`"));
            return None;
        };
        let default = self.default(name, default)?;
        Some(Declared { name: name.to_string(), default, help })
    }

    fn default(&mut self, name: &str, value: &Value<'_>) -> Option<OptionValue> {
        let known = match value.get_ref() {
            DeValue::Integer(integer) => {
                u32::from_str_radix(integer.as_str(), integer.radix()).ok().map(OptionValue::Integer)
            }
            DeValue::Boolean(value) => Some(OptionValue::Boolean(*value)),
            DeValue::String(text) => Some(OptionValue::Text(text.to_string())),
            DeValue::Array(values) => {
                let texts: Option<Vec<String>> =
                    values.iter().map(|value| value.get_ref().as_str().map(str::to_owned)).collect();
                texts.map(OptionValue::List)
            }
            _ => None,
        };
        if known.is_none() {
            let span = self.place(value.span());
            self.faults.add(
                span,
                format!(
                    "the default of `{name}` is neither a whole number from 0 on, `true` or `false`, a string nor a list of strings"
                ),
            );
        }
        known
    }

    fn text(&mut self, value: &Value<'_>, key: &str) -> Option<String> {
        let text = value.get_ref().as_str();
        if text.is_none() {
            let span = self.place(value.span());
            self.faults.add(span, format!("`{key}` is a string, not {}", value.get_ref().type_str()));
        }
        text.map(str::to_owned)
    }

    fn boolean(&mut self, value: Option<&Value<'_>>, key: &str) -> Option<bool> {
        let value = value?;
        let boolean = value.get_ref().as_bool();
        if boolean.is_none() {
            let span = self.place(value.span());
            self.faults.add(span, format!("`{key}` is true or false, not {}", value.get_ref().type_str()));
        }
        boolean
    }

    fn texts(&mut self, value: &Value<'_>, key: &str) -> Vec<(String, Span)> {
        let Some(list) = value.get_ref().as_array() else {
            let span = self.place(value.span());
            self.faults.add(span, format!("`{key}` is a list of strings, not {}", value.get_ref().type_str()));
            return Vec::new();
        };
        let mut texts = Vec::new();
        for value in list {
            let span = self.place(value.span());
            if let Some(text) = value.get_ref().as_str() {
                texts.push((text.to_owned(), span));
            } else {
                let found = value.get_ref().type_str();
                self.faults.add(span, format!("`{key}` is a list of strings, not of {found}"));
            }
        }
        texts
    }

    fn template(&mut self, text: &str, value: &Value<'_>) -> Option<(Template, Span)> {
        let span = self.place(value.span());
        match Template::parse(text) {
            Ok(template) => Some((template, span)),
            Err(message) => {
                self.faults.add(span, message);
                None
            }
        }
    }
}

fn get<'t, 'i>(table: &'t Table<'i>, key: &str) -> Option<&'t Value<'i>> {
    table.get(key)
}
