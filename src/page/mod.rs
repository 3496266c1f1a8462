//! The only reader of rule pages: one Markdown file a rule, which is its documentation, its metadata, its
//! options and its tests at once. `rules/README.md` shows the form.

pub mod examples;
pub mod head;
pub mod markdown;
pub mod peer;
pub mod read;
pub mod template;

use crate::finding::Severity;
use crate::project::document::Kind;
use crate::snapshot::RepoPath;
use crate::snapshot::item::ItemKind;
use crate::text::Span;
use crate::text::lines::{LineIndex, Position};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use template::Template;

/// The word in `applies-to` for files as such.
const REPOSITORY: &str = "repository";

/// A page, read as far as a check needs it; [`Page::examples`] reads the rest.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rule's name: the file's name without `.md`.
    pub name: Arc<str>,
    /// Its group: the folder's name.
    pub group: Arc<str>,
    /// Where the page stands, for messages about the page itself.
    pub path: String,
    /// The page's text.
    pub text: Cow<'static, str>,
    /// The first heading, without `# `: the summary.
    pub title: String,
    /// The `toml rule` block.
    pub head: Head,
    /// The `scm query` block, if the page brings its own check.
    pub query: Option<QueryBlock>,
    /// The first paragraph after the rule block.
    pub description: Span,
}

/// The `toml rule` block of a page.
#[derive(Clone, Debug)]
pub struct Head {
    /// Severity unless settings say otherwise.
    pub severity: Severity,
    /// Whether the rule is on unless settings say otherwise (default: true).
    pub enabled: bool,
    /// Kinds of documents it looks at.
    pub applies_to: Vec<Kind>,
    /// Whether it looks at files as such, documents or not.
    pub repository: bool,
    /// If not empty: the rule is skipped where the text holds none of these literals. A query looks at one
    /// cell at a time, and is skipped for every cell that holds none.
    pub needs: Vec<String>,
    /// Version in which the rule came; empty if the page does not say.
    pub since: String,
    /// The rules of other linters whose work it does.
    pub replaces: Vec<peer::Replaced>,
    /// Whether it has a fix, and which.
    pub fix: FixKind,
    /// Options with their defaults, sorted by name.
    pub options: Vec<Declared>,
}

/// Whether a rule offers fixes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum FixKind {
    /// Never.
    #[default]
    None,
    /// Made by `--fix`, but for odd cases.
    Safe,
    /// Some or all are made by `--unsafe-fixes` only; the page's examples are fixed with it.
    Unsafe,
}

impl FixKind {
    /// The word used in pages and lists.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A `scm query` block, with what the rule block says about its findings.
#[derive(Clone, Debug)]
pub struct QueryBlock {
    /// Query in tree-sitter's language; the capture `@here` marks the place of the finding.
    pub source: String,
    /// Its place in the page.
    pub span: Span,
    /// What to say.
    pub message: Template,
    /// How to mend it, if the page says so.
    pub fix: Option<QueryFix>,
}

/// A fix made from a template: what replaces `@replace` if the query captures that, else `@here`.
#[derive(Clone, Debug)]
pub struct QueryFix {
    /// The replacement.
    pub template: Template,
    /// What the fix does, in the imperative.
    pub title: String,
    /// Whether it is safe.
    pub safe: bool,
}

/// An option that a page declares.
#[derive(Clone, Debug)]
pub struct Declared {
    /// Its key in settings, kebab-case.
    pub name: String,
    /// Its default; settings must give the same type.
    pub default: OptionValue,
    /// One sentence.
    pub help: String,
}

impl Head {
    /// What stands in `applies-to`.
    pub fn applies_to_words(&self) -> Vec<&'static str> {
        let kinds = self.applies_to.iter().map(|kind| kind.as_str());
        kinds.chain(self.repository.then_some(REPOSITORY)).collect()
    }
}

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// An integer, not negative.
    Integer(u32),
    /// A switch.
    Boolean(bool),
    /// A text.
    Text(String),
    /// A list of strings.
    List(Vec<String>),
}

impl OptionValue {
    /// The type in words, for messages: "an integer".
    pub const fn type_name(&self) -> &'static str {
        match self {
            Self::Integer(_) => "an integer",
            Self::Boolean(_) => "true or false",
            Self::Text(_) => "a string",
            Self::List(_) => "a list of strings",
        }
    }

    /// As JSON writes it.
    pub fn to_json(&self) -> serde_json::Value {
        match self {
            Self::Integer(value) => (*value).into(),
            Self::Boolean(value) => (*value).into(),
            Self::Text(value) => value.as_str().into(),
            Self::List(values) => values.as_slice().into(),
        }
    }
}

/// As TOML writes it.
impl fmt::Display for OptionValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Integer(value) => write!(f, "{value}"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Text(value) => write!(f, "{}", toml::Value::String(value.clone())),
            Self::List(values) => {
                write!(f, "{}", toml::Value::Array(values.iter().cloned().map(toml::Value::String).collect()))
            }
        }
    }
}

/// One example: a small repository, what is found in it, and what `--fix` makes of it.
#[derive(Clone, Debug)]
pub struct Example {
    /// Its files.
    pub files: Vec<ExampleFile>,
    /// What must be found, one finding a line in the concise format; `None` if nothing may be found.
    pub findings: Option<String>,
    /// Where the `text findings` block stands in the page, with its fences.
    pub findings_span: Option<Span>,
    /// Files after `--fix`, only those that the page shows.
    pub fixed: Vec<ExampleFile>,
    /// The `toml settings` block that stands before the files.
    pub settings: Option<String>,
    /// Where the example's last file block ends in the page, for a `text findings` block to be put there.
    pub files_end: u32,
    /// 1-based line of the example in the page.
    pub line: u32,
}

/// One file of an example.
#[derive(Clone, Debug)]
pub struct ExampleFile {
    /// Its path in the small repository.
    pub path: RepoPath,
    /// Its text, line ends and byte order mark as the page asks for.
    pub text: String,
    /// What it is; of what is no file the text only illustrates.
    pub kind: ItemKind,
    /// Whether it is stored as Latin-1 and not as UTF-8.
    pub latin1: bool,
    /// Whether its text is what stands in the page, so that it can be written there: no byte order mark, other line
    /// ends or the like were asked for.
    pub verbatim: bool,
    /// Where the content of the block stands in the page.
    pub span: Span,
    /// 1-based line of the block in the page.
    pub line: u32,
}

impl ExampleFile {
    /// The bytes of the file. Characters that Latin-1 does not have become `?`.
    pub fn bytes(&self) -> Vec<u8> {
        if self.latin1 {
            self.text.chars().map(|c| u8::try_from(u32::from(c)).unwrap_or(b'?')).collect()
        } else {
            self.text.clone().into_bytes()
        }
    }
}

/// What is wrong with a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageProblem {
    /// The page, as its reader was told.
    pub path: String,
    /// The place, in bytes of the page.
    pub span: Span,
    /// The same place as people count it.
    pub position: Position,
    /// What is wrong, one line.
    pub message: String,
    /// What to do, one line, if that is not plain from the message.
    pub help: Option<String>,
}

impl PageProblem {
    /// A problem with a page that has no place in it: it cannot be read, or its name will not do.
    pub fn of_file(path: &str, message: impl Into<String>, help: Option<String>) -> Self {
        let position = Position { row: 1, column: 1 };
        Self { path: path.to_owned(), span: Span::default(), position, message: message.into(), help }
    }
}

/// `path:row:column: error: message (help)`.
impl fmt::Display for PageProblem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { path, position, message, help, .. } = self;
        write!(f, "{path}:{}:{}: error: {message}", position.row, position.column)?;
        match help {
            Some(help) => write!(f, " ({help})"),
            None => Ok(()),
        }
    }
}

/// Collects the problems of one page.
#[derive(Debug, Default)]
pub(crate) struct Faults {
    found: Vec<(Span, String, Option<String>)>,
}

impl Faults {
    /// A fault that explains itself.
    pub(crate) fn add(&mut self, span: Span, message: impl Into<String>) {
        self.found.push((span, message.into(), None));
    }

    /// A fault with a word on what to do.
    pub(crate) fn add_with_help(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.found.push((span, message.into(), Some(help.into())));
    }

    /// A word that is not known; names the nearest one, or all if none is near.
    pub(crate) fn unknown(&mut self, span: Span, what: &str, word: &str, known: &[&str]) {
        let help = crate::text::nearest::nearest(word, known.iter().copied())
            .map_or_else(|| format!("known: {}", known.join(", ")), |near| format!("did you mean `{near}`?"));
        self.add_with_help(span, format!("unknown {what} `{word}`"), help);
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The problems in order of place.
    pub(crate) fn into_problems(mut self, path: &str, text: &str) -> Vec<PageProblem> {
        self.found.sort_by_key(|(span, ..)| *span);
        let lines = LineIndex::new(text);
        self.found
            .into_iter()
            .map(|(span, message, help)| PageProblem {
                path: path.to_owned(),
                span,
                position: lines.position(text, span.start),
                message,
                help,
            })
            .collect()
    }
}
