//! The only reader of rule pages: one Markdown file a rule, which is its documentation, its metadata, its
//! options and its tests at once.

use crate::finding::Severity;
use crate::project::document::Kind;
use crate::text::Span;
use std::sync::Arc;

/// A page, read.
#[derive(Clone, Debug)]
pub struct Page {
    /// The rule's name: the file's name without `.md`.
    pub name: Arc<str>,
    /// Its group: the folder's name.
    pub group: Arc<str>,
    /// Where the page stands, for messages about the page itself.
    pub path: String,
    /// The page's text.
    pub text: String,
    /// The first heading, without `# `: the summary.
    pub title: String,
    /// The `toml rule` block.
    pub head: Head,
    /// The `scm query` block, if the page brings its own check.
    pub query: Option<QueryBlock>,
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
    /// If not empty: the rule is skipped for documents whose text holds none of these literals.
    pub needs: Vec<String>,
    /// Version in which the rule came.
    pub since: String,
    /// For query pages: message template, `{capture}` is replaced by the captured text.
    pub message: Option<String>,
    /// Options with their defaults.
    pub options: Vec<Declared>,
    /// Whether it has a fix, and which: the word in lists (`none`, `safe`, `unsafe`, `sometimes`).
    pub fix: FixKind,
}

/// Whether a rule offers fixes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum FixKind {
    /// Never.
    None,
    /// Made by `--fix`.
    Safe,
    /// Made by `--unsafe-fixes` only.
    Unsafe,
}

/// A `scm query` block.
#[derive(Clone, Debug)]
pub struct QueryBlock {
    /// Query in tree-sitter's language; the capture `@here` marks the place of the finding.
    pub source: String,
    /// Its place in the page.
    pub span: Span,
    /// Fix template: the text that replaces `@here` (or `@replace`, if captured).
    pub fix: Option<QueryFix>,
}

/// A fix made from a template.
#[derive(Clone, Debug)]
pub struct QueryFix {
    /// The replacement, `{capture}` is replaced by the captured text.
    pub template: String,
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

/// The value of an option.
#[derive(Clone, Debug, PartialEq)]
pub enum OptionValue {
    /// An integer, not negative.
    Integer(u32),
    /// A switch.
    Boolean(bool),
    /// A text.
    Text(String),
    /// A list of texts.
    List(Vec<String>),
}

/// One example: a small repository, what is found in it, and what `--fix` makes of it.
#[derive(Clone, Debug)]
pub struct Example {
    /// Files by path.
    pub files: Vec<ExampleFile>,
    /// The expected findings, one a line in the concise format; `None` if it must be silent.
    pub findings: Option<String>,
    /// The `text findings` block's content in the page; for rewriting.
    pub findings_span: Option<Span>,
    /// Files after `--fix`, only those that the page shows.
    pub fixed: Vec<ExampleFile>,
    /// `toml settings` block that stands before the files.
    pub settings: Option<String>,
    /// 1-based line of the example in the page.
    pub line: u32,
}

/// One file of an example.
#[derive(Clone, Debug)]
pub struct ExampleFile {
    /// Its path in the small repository.
    pub path: String,
    /// Its text.
    pub text: String,
    /// Where the content of the block stands in the page.
    pub span: Span,
}
