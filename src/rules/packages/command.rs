//! `%pip`, `%conda` and `%uv pip` lines, taken apart.

use crate::notebook::Notebook;
use crate::notebook::magic::{Magic, MagicKind};
use crate::project::document::Document;
use crate::text::Span;

/// One word of a command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    /// The word without quotes.
    pub(super) text: String,
    /// Where it stands, with quotes.
    pub(super) span: Span,
}

/// One command line.
#[derive(Clone, Debug)]
pub(super) struct Command<'d> {
    /// The magic.
    pub(super) magic: &'d Magic,
    /// `pip`, `conda` or `uv`.
    pub(super) tool: &'d str,
    /// 0-based cell.
    pub(super) cell: usize,
    /// All words behind the tool's name, for `%uv pip` those behind `pip`.
    pub(super) words: Vec<Word>,
}

/// What a command asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Requirement {
    /// The package's name, in lower case and with `-` for `_` and `.`.
    pub(super) name: String,
    /// What follows name and extras: `==1.2`; empty if nothing does.
    pub(super) version: String,
    /// The whole requirement.
    pub(super) span: Span,
}

/// Options of `pip install` that take the next word.
const WITH_VALUE: &[&str] = &[
    "--abi",
    "--cache-dir",
    "--cert",
    "--config-settings",
    "--constraint",
    "--editable",
    "--extra-index-url",
    "--find-links",
    "--global-option",
    "--implementation",
    "--index-url",
    "--log",
    "--no-binary",
    "--only-binary",
    "--platform",
    "--prefix",
    "--progress-bar",
    "--proxy",
    "--python-version",
    "--report",
    "--requirement",
    "--retries",
    "--root",
    "--src",
    "--target",
    "--timeout",
    "--trusted-host",
    "--upgrade-strategy",
    "-C",
    "-c",
    "-e",
    "-f",
    "-i",
    "-r",
    "-t",
];

/// All command lines of a notebook that the platform obeys, in order of place.
pub(super) fn commands(document: &Document) -> Vec<Command<'_>> {
    let Some(notebook) = &document.notebook else { return Vec::new() };
    let text = document.text();
    let mut found = Vec::new();
    for (cell, row) in notebook.cells.iter().enumerate() {
        let installs = row.magics.iter().filter(|magic| magic.kind == MagicKind::Install && magic.live);
        for magic in installs {
            let mut words = words(text, magic.argument, notebook);
            let tool = magic.name.of(text);
            if tool == "uv" {
                if words.first().is_none_or(|word| word.text != "pip") {
                    continue;
                }
                words.remove(0);
            }
            found.push(Command { magic, tool, cell, words });
        }
    }
    found
}

impl Command<'_> {
    /// The first word that is no option: `install`.
    pub(super) fn verb(&self) -> Option<&Word> {
        self.words.iter().find(|word| !word.text.starts_with('-'))
    }

    /// Whether the command is of `pip` or `uv pip` and does that.
    pub(super) fn is_pip(&self, verb: &str) -> bool {
        self.tool != "conda" && self.verb().is_some_and(|word| word.text == verb)
    }

    /// Whether one of the options is given.
    pub(super) fn has_option(&self, long: &str, short: char) -> bool {
        self.words.iter().any(|word| {
            word.text == long
                || (word.text.starts_with('-') && !word.text.starts_with("--") && word.text.contains(short))
        })
    }

    /// The packages that are asked for by name. Paths, addresses and what variables make up are left out.
    pub(super) fn requirements(&self) -> Vec<Requirement> {
        let mut found: Vec<Requirement> = Vec::new();
        let mut words = self.after_verb().peekable();
        while let Some(word) = words.next() {
            let text = word.text.as_str();
            if WITH_VALUE.contains(&text) {
                words.next();
                continue;
            }
            if text.starts_with('-') {
                continue;
            }
            // `pandas == 2.0`
            if text.starts_with(['=', '<', '>', '~', '!']) {
                if let Some(last) = found.last_mut() {
                    last.version.push_str(text);
                    last.span.end = word.span.end;
                    let open = text.ends_with(['=', '<', '>']);
                    if let Some(next) = words.next_if(|_| open) {
                        last.version.push_str(&next.text);
                        last.span.end = next.span.end;
                    }
                }
                continue;
            }
            found.extend(requirement(word));
        }
        found
    }

    /// The files that options of the given names name, with their places.
    pub(super) fn files(&self, options: &[&str]) -> Vec<&Word> {
        let mut found = Vec::new();
        let mut words = self.words.iter();
        while let Some(word) = words.next() {
            if options.contains(&word.text.as_str()) {
                found.extend(words.next());
            }
        }
        found
    }

    fn after_verb(&self) -> impl Iterator<Item = &Word> {
        let verb = self.words.iter().position(|word| !word.text.starts_with('-')).map_or(self.words.len(), |at| at + 1);
        self.words.iter().skip(verb)
    }
}

/// The package that a word asks for by name, if it does.
pub(super) fn requirement(word: &Word) -> Option<Requirement> {
    let (name, version) = package(&word.text)?;
    Some(Requirement { name, version, span: word.span })
}

/// Name and version of a requirement; `None` for paths, addresses and what variables make up.
pub(super) fn package(text: &str) -> Option<(String, String)> {
    let text = text.split(';').next().unwrap_or_default().trim();
    let end = text.find(|c: char| !c.is_ascii_alphanumeric() && !matches!(c, '-' | '_' | '.')).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(end)?;
    let is_name = name.starts_with(|c: char| c.is_ascii_alphanumeric()) && !name.ends_with(['.', '-', '_']);
    let is_file = [".whl", ".gz", ".zip", ".egg", ".txt", ".tar"].iter().any(|end| name.ends_with(end));
    if !is_name || is_file {
        return None;
    }
    let rest = match rest.strip_prefix('[') {
        Some(extras) => extras.split_once(']')?.1,
        None => rest,
    };
    let version = rest.trim();
    let is_version = version.is_empty() || version.starts_with(['=', '<', '>', '~', '!', '(', '@']);
    (is_version && !version.contains(['{', '$'])).then(|| {
        let name = name.to_ascii_lowercase().replace(['_', '.'], "-");
        (name, version.to_owned())
    })
}

/// The words under `span`, which may go over several lines, each behind `# MAGIC`. A comment ends them.
pub(super) fn words(text: &str, span: Span, notebook: &Notebook) -> Vec<Word> {
    let code = span.of(text);
    let prefix = format!("{} MAGIC", notebook.language.comment());
    let mut found = Vec::new();
    let mut at = 0;
    let bytes = code.as_bytes();
    while let Some(&byte) = bytes.get(at) {
        let rest = code.get(at..).unwrap_or_default();
        if byte == b'\\' && rest.trim_start_matches('\\').starts_with(['\n', '\r']) {
            // A continued line: the next one may stand behind `# MAGIC`.
            at += rest.find('\n').map_or(rest.len(), |end| end + 1);
            let next = code.get(at..).unwrap_or_default();
            at += if next.starts_with(&prefix) { prefix.len() } else { 0 };
            continue;
        }
        if byte.is_ascii_whitespace() {
            at += 1;
            continue;
        }
        if byte == b'#' {
            break;
        }
        let (word, length) = word(rest);
        let start = span.start + u32::try_from(at).unwrap_or(0);
        let length = length.max(1);
        found.push(Word { text: word, span: Span::new(start, start + u32::try_from(length).unwrap_or(0)) });
        at += length;
    }
    found
}

/// The first word of `code`, without its quotes, and how many bytes it takes.
fn word(code: &str) -> (String, usize) {
    // Most words are plain.
    let special = |byte: &u8| byte.is_ascii_whitespace() || !byte.is_ascii_graphic() || b"\"'\\".contains(byte);
    let end = code.bytes().position(|byte| special(&byte)).unwrap_or(code.len());
    if code.as_bytes().get(end).is_none_or(|byte| matches!(byte, b' ' | b'\n')) {
        return (code.get(..end).unwrap_or_default().to_owned(), end);
    }
    let mut out = String::new();
    let mut quote = None;
    for (at, c) in code.char_indices() {
        match quote {
            Some(open) if c == open => quote = None,
            None if matches!(c, '"' | '\'') => quote = Some(c),
            None if c.is_whitespace() => return (out, at),
            None if c == '\\' && code.get(at + 1..).is_some_and(|rest| rest.starts_with(['\n', '\r'])) => {
                return (out, at);
            }
            _ => out.push(c),
        }
    }
    (out, code.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packages_by_name() {
        let read = |text: &str| package(text).map(|(name, version)| format!("{name}|{version}"));
        assert_eq!(read("Scikit_Learn==1.2").as_deref(), Some("scikit-learn|==1.2"));
        assert_eq!(read("mlflow[databricks]>=2,<3; python_version > '3'").as_deref(), Some("mlflow|>=2,<3"));
        assert_eq!(read("pandas").as_deref(), Some("pandas|"));
        assert_eq!(read("torch @ https://x/y.whl").as_deref(), Some("torch|@ https://x/y.whl"));
        for text in ["./dist/a.whl", "a-1.0.whl", "git+https://x", "{name}", "$name", "a=={v}", "/Volumes/x", "", "-r"]
        {
            assert_eq!(read(text), None, "{text}");
        }
    }
}
