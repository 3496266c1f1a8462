//! One settings file: which names it can have, and what stands in it. Knows nothing of rules but their names.

use super::format::Format;
use super::glob::{Globs, Reach};
use super::hook::HookTable;
use super::reader::{At, Reader, Source, Value, did_you_mean, entries, listed, span_of};
use super::settings::{Place, Problem};
use crate::finding::Severity;
use crate::page::OptionValue;
use crate::project::document::Kind;
use crate::rules::context::Compute;
use crate::snapshot::{ReadError, RepoPath, Snapshot};
use crate::text::{MAX_LEN, Span};
use std::io::Read;
use toml::de::{DeTable, DeValue};

/// No settings file that is meant is larger, in bytes.
const MOST: usize = 10_000_000;

/// Names of settings files of our own, the strongest first. [`PYPROJECT`] comes after them.
pub const FILE_NAMES: [&str; 2] = [".brickgate.toml", "brickgate.toml"];

/// The file that holds our settings in `[tool.brickgate]`.
pub const PYPROJECT: &str = "pyproject.toml";

/// Folders that are never entered, unless `exclude` takes one back with `!`. Sorted.
pub const DEFAULT_EXCLUDES: [&str; 34] = [
    ".bundle",
    ".bzr",
    ".cache",
    ".databricks",
    ".direnv",
    ".eggs",
    ".git",
    ".git-rewrite",
    ".hg",
    ".idea",
    ".ipynb_checkpoints",
    ".mypy_cache",
    ".nox",
    ".pants.d",
    ".pyenv",
    ".pytest_cache",
    ".pytype",
    ".ruff_cache",
    ".svn",
    ".terraform",
    ".tox",
    ".venv",
    ".vscode",
    "__pycache__",
    "__pypackages__",
    "_build",
    "buck-out",
    "build",
    "dist",
    "metastore_db",
    "node_modules",
    "site-packages",
    "spark-warehouse",
    "venv",
];

/// Those among them whose names are looked at all the same.
pub(super) const LISTED: [&str; 2] = [".bundle", ".databricks"];

/// All keys of a settings file.
pub(super) const KEYS: [&str; 13] = [
    "baseline",
    "exclude",
    "extend",
    "format",
    "hook",
    "kinds",
    "max-file-size",
    "override",
    "pages",
    "respect-gitignore",
    "rules",
    "target",
    "target-python",
];

/// The words for [`Compute`].
pub(super) const COMPUTES: [(&str, Compute); 3] =
    [("serverless", Compute::Serverless), ("standard", Compute::Standard), ("dedicated", Compute::Dedicated)];

/// The words for [`Level`].
pub(super) const LEVELS: [(&str, Level); 4] = [
    ("off", Level::Off),
    ("info", Level::On(Severity::Info)),
    ("warning", Level::On(Severity::Warning)),
    ("error", Level::On(Severity::Error)),
];

/// The minor versions of Python 3 that code can be written for.
pub(super) const PYTHONS: std::ops::RangeInclusive<u8> = 8..=14;

/// How loud a rule is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Level {
    Off,
    On(Severity),
}

/// What a file says about a rule or a group.
#[derive(Debug)]
pub(super) struct RuleEntry {
    pub name: At<String>,
    pub level: Option<Level>,
    pub options: Vec<(At<String>, At<OptionValue>)>,
}

/// An `[[override]]`.
#[derive(Debug)]
pub(super) struct Override {
    pub files: Globs,
    pub rules: Vec<RuleEntry>,
}

/// All that a file says.
#[derive(Debug, Default)]
pub(super) struct File {
    pub baseline: Option<At<String>>,
    pub extend: Option<At<String>>,
    pub exclude: Option<Globs>,
    pub excluded: Vec<At<String>>,
    pub pages: Vec<At<String>>,
    pub hook: HookTable,
    pub kinds: Vec<(Kind, Globs, At<Vec<String>>)>,
    pub compute: Option<At<Compute>>,
    pub dbr: Option<At<(u16, u16)>>,
    pub target_python: Option<At<(u8, u8)>>,
    pub format: Format,
    pub max_file_size: Option<At<u64>>,
    pub respect_gitignore: Option<At<bool>>,
    pub rules: Vec<RuleEntry>,
    pub overrides: Vec<Override>,
}

/// Reads the text of a file through the snapshot, or from disk if it stands outside the repository.
pub(super) fn load(snapshot: &dyn Snapshot, place: &Place) -> Result<Source, ReadError> {
    let too_large = || ReadError { message: "it is too large".to_owned(), missing: false };
    let (bytes, base) = match place {
        Place::Inside(path) if snapshot.size(path).is_some_and(|size| size > MOST as u64) => return Err(too_large()),
        Place::Inside(path) => (snapshot.read(path)?, path.parent()),
        Place::Outside(path) => {
            let failed = |error: std::io::Error| ReadError {
                message: error.kind().to_string(),
                missing: error.kind() == std::io::ErrorKind::NotFound,
            };
            let mut bytes = Vec::new();
            // It may be a pipe, or a device that never ends.
            let file = std::fs::File::open(path).map_err(failed)?;
            file.take(MOST as u64 + 1).read_to_end(&mut bytes).map_err(failed)?;
            (bytes, RepoPath::root())
        }
    };
    if bytes.len() > MOST {
        return Err(too_large());
    }
    let text =
        String::from_utf8(bytes).map_err(|_| ReadError { message: "it is not UTF-8".to_owned(), missing: false })?;
    Ok(Source { place: place.clone(), base, text: text.into() })
}

/// Whether the place is a `pyproject.toml`, where our table is one among others.
pub(super) fn is_pyproject(place: &Place) -> bool {
    match place {
        Place::Inside(path) => path.name() == PYPROJECT,
        Place::Outside(path) => path.file_name().is_some_and(|name| name == PYPROJECT),
    }
}

/// Reads what a file says. `None` for a `pyproject.toml` without our table.
pub(super) fn parse(source: &Source) -> (Option<File>, Vec<Problem>) {
    let pyproject = is_pyproject(&source.place);
    if pyproject && memchr::memmem::find(source.text.as_bytes(), b"brickgate").is_none() {
        return (None, Vec::new());
    }
    let (document, errors) = DeTable::parse_recoverable(&source.text);
    let document = document.get_ref();
    let table = if pyproject {
        let ours = document.get("tool").and_then(|tool| tool.get_ref().get("brickgate"));
        match ours.map(|ours| (ours, ours.get_ref())) {
            Some((_, DeValue::Table(table))) => table,
            Some((value, _)) => {
                let mut reader = Reader::new(source);
                reader.wrong::<()>("tool.brickgate", "a table", value);
                return (Some(File::default()), reader.problems);
            }
            None if errors.is_empty() || !source.text.contains("[tool.brickgate") => return (None, Vec::new()),
            None => document,
        }
    } else {
        document
    };
    let mut reader = Reader::new(source);
    if !errors.is_empty() {
        // What stands around a syntax error cannot be trusted enough to find more faults in it.
        for error in errors {
            let span =
                error.span().map_or(Span::default(), |span| Span::from_range(span.start..span.end.max(span.start)));
            reader.fault(span, format!("this is not valid TOML: {}", one_line(error.message())), None);
        }
        return (Some(File::default()), reader.problems);
    }
    let file = reader.file(table);
    (Some(file), reader.problems)
}

fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ")
}

impl Reader<'_> {
    fn file(&mut self, table: &DeTable<'_>) -> File {
        let mut file = File::default();
        for (key, span, value) in entries(table) {
            match key {
                "baseline" => file.baseline = self.text(key, value),
                "extend" => file.extend = self.text(key, value),
                "exclude" => {
                    file.excluded = self.texts(key, value).unwrap_or_default();
                    file.exclude = Some(self.globs(&file.excluded, Reach::Entries));
                }
                "format" => file.format = self.format(value),
                "hook" => file.hook = self.hook(value),
                "pages" => file.pages = self.texts(key, value).unwrap_or_default(),
                "kinds" => file.kinds = self.kinds(value),
                "target" => self.target(value, &mut file),
                "target-python" => file.target_python = self.python(value),
                "max-file-size" => file.max_file_size = self.size(value),
                "respect-gitignore" => file.respect_gitignore = self.switch(key, value),
                "rules" => file.rules = self.rules(key, value),
                "override" => file.overrides = self.overrides(value),
                _ => self.unknown("setting", key, span, &KEYS),
            }
        }
        file
    }

    pub(super) fn globs(&mut self, written: &[At<String>], reach: Reach) -> Globs {
        let (globs, faults) = Globs::new(&self.source.base, written.iter().map(|(glob, _)| glob.as_str()), reach);
        for (index, message) in faults {
            let span = written.get(index).map_or(Span::default(), |&(_, span)| span);
            self.fault(span, message, None);
        }
        globs
    }

    fn kinds(&mut self, value: &Value<'_>) -> Vec<(Kind, Globs, At<Vec<String>>)> {
        let Some(table) = self.table("kinds", value) else { return Vec::new() };
        let words = Kind::ALL.map(|(_, word)| word);
        let mut kinds = Vec::new();
        for (word, span, value) in entries(table) {
            let Some(kind) = Kind::parse(word) else {
                self.unknown("kind of file", word, span, &words);
                continue;
            };
            if let Some(written) = self.texts(word, value) {
                let globs = self.globs(&written, Reach::Below);
                kinds.push((kind, globs, (written.into_iter().map(|(glob, _)| glob).collect(), span)));
            }
        }
        kinds
    }

    fn target(&mut self, value: &Value<'_>, file: &mut File) {
        match value.get_ref() {
            DeValue::String(_) => file.compute = self.compute("target", value),
            DeValue::Table(table) => {
                for (key, span, value) in entries(table) {
                    match key {
                        "compute" => file.compute = self.compute(key, value),
                        "dbr" => file.dbr = self.dbr(value),
                        _ => self.unknown_key("target", key, span, &["compute", "dbr"]),
                    }
                }
            }
            _ => {
                self.wrong::<()>("target", "a kind of compute or a table with `compute` and `dbr`", value);
            }
        }
    }

    fn compute(&mut self, key: &str, value: &Value<'_>) -> Option<At<Compute>> {
        let (word, span) = self.text(key, value)?;
        let found = COMPUTES.iter().find(|(name, _)| *name == word);
        if found.is_none() {
            self.unknown("kind of compute", &word, span, &COMPUTES.map(|(name, _)| name));
        }
        found.map(|&(_, compute)| (compute, span))
    }

    /// A runtime as `15.4`, or as the platform writes it: `15.4.x-scala2.12`, `15.4 LTS`.
    fn dbr(&mut self, value: &Value<'_>) -> Option<At<(u16, u16)>> {
        const FORM: &str = "a runtime's version in quotes, such as `\"15.4\"`";
        let DeValue::String(text) = value.get_ref() else { return self.wrong("dbr", FORM, value) };
        let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
        let parsed = text.split_once('.').and_then(|(major, rest)| {
            let minor = digits(rest);
            let tail = rest.get(minor..)?;
            let known = tail.is_empty() || tail.starts_with(".x") || tail.starts_with([' ', '-']);
            Some((major.parse().ok()?, rest.get(..minor)?.parse().ok()?)).filter(|_| known)
        });
        if parsed.is_none() {
            self.fault(
                span_of(value),
                format!("`{text}` is not the version of a runtime"),
                Some(format!("write {FORM}")),
            );
        }
        parsed.map(|version| (version, span_of(value)))
    }

    fn python(&mut self, value: &Value<'_>) -> Option<At<(u8, u8)>> {
        const FORM: &str = "a version of Python in quotes, such as `\"3.11\"`";
        let DeValue::String(text) = value.get_ref() else { return self.wrong("target-python", FORM, value) };
        let minor =
            text.strip_prefix("3.").and_then(|minor| minor.parse().ok()).filter(|minor| PYTHONS.contains(minor));
        if minor.is_none() {
            let help = format!("known are `3.{}` to `3.{}`", PYTHONS.start(), PYTHONS.end());
            self.fault(
                span_of(value),
                format!("`{text}` is not a version of Python that can be checked for"),
                Some(help),
            );
        }
        minor.map(|minor| ((3, minor), span_of(value)))
    }

    fn size(&mut self, value: &Value<'_>) -> Option<At<u64>> {
        const FORM: &str = "a number of bytes, or a string such as `\"10MB\"`";
        let bytes = match value.get_ref() {
            DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
            DeValue::String(text) => parse_size(text),
            _ => return self.wrong("max-file-size", FORM, value),
        };
        let bytes = bytes.filter(|&bytes| bytes > 0 && bytes < MAX_LEN as u64);
        if bytes.is_none() {
            let help = "it must be more than nothing and less than 4 GB".to_owned();
            self.fault(span_of(value), format!("`max-file-size` must be {FORM}"), Some(help));
        }
        bytes.map(|bytes| (bytes, span_of(value)))
    }

    fn rules(&mut self, key: &str, value: &Value<'_>) -> Vec<RuleEntry> {
        let Some(table) = self.table(key, value) else { return Vec::new() };
        let mut rules = Vec::new();
        for (name, span, value) in entries(table) {
            let mut entry = RuleEntry { name: (name.to_owned(), span), level: None, options: Vec::new() };
            match value.get_ref() {
                DeValue::String(_) => entry.level = self.level(name, value),
                DeValue::Table(table) => {
                    for (key, span, value) in entries(table) {
                        if key == "severity" {
                            entry.level = self.level(key, value);
                        } else if let Some(option) = self.option(key, value) {
                            entry.options.push(((key.to_owned(), span), option));
                        }
                    }
                }
                _ => {
                    self.wrong::<()>(name, "`\"off\"`, a severity, or a table of options", value);
                }
            }
            rules.push(entry);
        }
        rules
    }

    fn level(&mut self, key: &str, value: &Value<'_>) -> Option<Level> {
        let words = LEVELS.map(|(word, _)| word);
        let DeValue::String(word) = value.get_ref() else {
            return self.wrong(key, &format!("one of {}", listed(&words)), value);
        };
        let level = LEVELS.iter().find(|(name, _)| *name == word.as_ref()).map(|&(_, level)| level);
        if level.is_none() {
            let help = did_you_mean(word, words).or_else(|| Some(format!("known are {}", listed(&words))));
            self.fault(span_of(value), format!("there is no severity `{word}`"), help);
        }
        level
    }

    fn option(&mut self, key: &str, value: &Value<'_>) -> Option<At<OptionValue>> {
        let option = match value.get_ref() {
            DeValue::String(text) => OptionValue::Text(text.clone().into_owned()),
            DeValue::Boolean(on) => OptionValue::Boolean(*on),
            DeValue::Integer(number) => {
                let Ok(number) = u32::from_str_radix(number.as_str(), number.radix()) else {
                    let message = format!("`{key}` must be a whole number from 0 to {}", u32::MAX);
                    self.fault(span_of(value), message, None);
                    return None;
                };
                OptionValue::Integer(number)
            }
            DeValue::Array(_) => OptionValue::List(self.texts(key, value)?.into_iter().map(|(text, _)| text).collect()),
            _ => return self.wrong(key, "a string, a whole number, `true` or `false`, or a list of strings", value),
        };
        Some((option, span_of(value)))
    }

    fn overrides(&mut self, value: &Value<'_>) -> Vec<Override> {
        let DeValue::Array(list) = value.get_ref() else {
            return self.wrong("override", "a list of tables, each under `[[override]]`", value).unwrap_or_default();
        };
        let mut overrides = Vec::with_capacity(list.len());
        for each in &**list {
            let Some(table) = self.table("override", each) else { continue };
            let (mut files, mut rules) = (None, None);
            for (key, span, value) in entries(table) {
                match key {
                    "files" => files = self.texts(key, value),
                    "rules" => rules = Some(self.rules(key, value)),
                    _ => self.unknown_key("override", key, span, &["files", "rules"]),
                }
            }
            for (key, missing) in [("files", table.get("files").is_none()), ("rules", rules.is_none())] {
                if missing {
                    self.fault(span_of(each), format!("this `override` has no `{key}`, so it changes nothing"), None);
                }
            }
            if let (Some(files), Some(rules)) = (files, rules) {
                overrides.push(Override { files: self.globs(&files, Reach::Below), rules });
            }
        }
        overrides
    }
}

/// `10MB`, `512 KiB`, `100`: bytes. Decimal units by thousands, binary ones by 1,024.
pub(super) fn parse_size(text: &str) -> Option<u64> {
    let text = text.trim();
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let number: u64 = text.get(..digits)?.parse().ok()?;
    let unit = match text.get(digits..)?.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        _ => return None,
    };
    number.checked_mul(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(name: &str, text: &str) -> (Option<File>, Vec<String>) {
        let place = Place::Inside(RepoPath::new(name));
        let (file, problems) = parse(&Source { place, base: RepoPath::root(), text: text.into() });
        (file, problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn reads_every_key() {
        let text = r#"
extend = "../brickgate.toml"
exclude = ["old", "!build"]
pages = ["tools/brickgate"]
target = { compute = "standard", dbr = "15.4.x-scala2.12" }
target-python = "3.11"
max-file-size = "2 MiB"
respect-gitignore = false
[kinds]
script = ["entry/*.py"]
[rules]
run-cycle = "off"
"run/*" = "error"
run-chain = { severity = "info", max-depth = 3, names = ["a"], on = true, word = "x" }
[[override]]
files = ["tests"]
rules = { run-cycle = "warning" }
"#;
        let (file, problems) = read("brickgate.toml", text);
        assert_eq!(problems, [""; 0]);
        let file = file.unwrap();
        assert_eq!(file.extend.unwrap().0, "../brickgate.toml");
        assert_eq!(file.dbr.unwrap().0, (15, 4));
        assert_eq!(file.compute.unwrap().0, Compute::Standard);
        assert_eq!(file.target_python.unwrap().0, (3, 11));
        assert_eq!(file.max_file_size.unwrap().0, 2 << 20);
        assert!(!file.respect_gitignore.unwrap().0);
        assert_eq!(file.kinds[0].0, Kind::Script);
        assert_eq!(file.overrides.len(), 1);
        let chain = file.rules.iter().find(|rule| rule.name.0 == "run-chain").unwrap();
        assert_eq!(chain.level, Some(Level::On(Severity::Info)));
        assert_eq!(chain.options.len(), 4);
        assert_eq!(file.rules.len(), 3);
    }

    #[test]
    fn says_all_faults_at_once_where_they_are() {
        let text = r#"exlude = []
exclude = ["a[", 3]
target = "serverles"
target-python = 3.11
max-file-size = "10 parsecs"
kinds = { notbook = [] }
[rules]
a = "warn"
b = 5
c = { severity = 1, x = 1.5, y = -1 }
[[override]]
file = ["x"]
"#;
        let (_, problems) = read("brickgate.toml", text);
        let expected = [
            "brickgate.toml:1:1: error: there is no setting `exlude`\n  help: did you mean `exclude`?",
            "brickgate.toml:2:18: error: `exclude` must be a list of strings, this entry is a whole number",
            "brickgate.toml:2:12: error: `a[` is not a valid glob: unclosed character class; missing ']'",
            "brickgate.toml:3:10: error: there is no kind of compute `serverles`\n  help: did you mean `serverless`?",
            "brickgate.toml:4:17: error: `target-python` must be a version of Python in quotes, such as `\"3.11\"`, not a decimal number",
            "brickgate.toml:5:17: error: `max-file-size` must be a number of bytes, or a string such as `\"10MB\"`\n  help: it must be more than nothing and less than 4 GB",
            "brickgate.toml:6:11: error: there is no kind of file `notbook`\n  help: did you mean `notebook`?",
            "brickgate.toml:8:5: error: there is no severity `warn`\n  help: known are `off`, `info`, `warning` and `error`",
            "brickgate.toml:9:5: error: `b` must be `\"off\"`, a severity, or a table of options, not a whole number",
            "brickgate.toml:10:18: error: `severity` must be one of `off`, `info`, `warning` and `error`, not a whole number",
            "brickgate.toml:10:25: error: `x` must be a string, a whole number, `true` or `false`, or a list of strings, not a decimal number",
            "brickgate.toml:10:34: error: `y` must be a whole number from 0 to 4294967295",
            "brickgate.toml:12:1: error: `override` has no key `file`\n  help: did you mean `files`?",
            "brickgate.toml:11:1: error: this `override` has no `files`, so it changes nothing",
            "brickgate.toml:11:1: error: this `override` has no `rules`, so it changes nothing",
        ];
        assert_eq!(problems, expected);
    }

    #[test]
    fn says_what_is_no_toml() {
        let (_, problems) = read("brickgate.toml", "exclude = [\"a\"\npages = = 3\n");
        assert!(
            !problems.is_empty() && problems.iter().all(|line| line.contains("not valid TOML") && !line.contains('\n'))
        );
        let (file, problems) = read("brickgate.toml", &format!("exclude = {}", "[".repeat(100_000)));
        assert!(file.is_some() && !problems.is_empty());
    }

    #[test]
    fn a_pyproject_counts_only_with_our_table() {
        assert!(read("pyproject.toml", "[tool.ruff]\nx = 1\n").0.is_none());
        assert!(read("pyproject.toml", "[project]\nname = \"brickgate-user\"\n").0.is_none());
        assert!(read("pyproject.toml", "# brickgate\n[tool.ruff\n").0.is_none());
        let (file, problems) = read("pyproject.toml", "[tool.brickgate]\npages = [\"p\"]\nfoo = 1\n");
        assert_eq!(file.unwrap().pages[0].0, "p");
        assert!(problems[0].starts_with("pyproject.toml:3:1: error: there is no setting `foo`"), "{problems:?}");
        assert_eq!(read("pyproject.toml", "[tool]\nbrickgate = 1\n").1.len(), 1);
        assert_eq!(read("pyproject.toml", "[tool.brickgate]\nx = \n").1.len(), 1);
    }

    #[test]
    fn sizes() {
        assert_eq!(parse_size("10MB"), Some(10_000_000));
        assert_eq!(parse_size("1 kib"), Some(1024));
        assert_eq!(parse_size("7"), Some(7));
        assert_eq!(parse_size("MB"), None);
        assert_eq!(parse_size("99999999999999999999"), None);
        assert_eq!(parse_size("9999999999999 GB"), None);
    }
}
