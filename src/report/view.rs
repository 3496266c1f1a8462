//! What is to be written, and how it is to look.

use crate::finding::Finding;
use crate::project::Project;
use crate::rules::book::Book;
use crate::snapshot::RepoPath;
use crate::snapshot::root::Vantage;

/// What is reported about one repository.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// Sorted findings.
    pub findings: &'a [Finding],
    /// The documents that they speak of.
    pub project: &'a Project,
    /// Where paths are looked at from, so that people can open them. For people only; machines get repository
    /// paths.
    pub seen_from: &'a Vantage,
    /// The rules: their groups, summaries and pages.
    pub book: &'a Book,
}

impl<'a> Report<'a> {
    /// The group of a rule; empty if the book does not have it.
    pub fn group(&self, rule: &str) -> &'a str {
        self.book.get(rule).map_or("", |rule| &*rule.page.group)
    }

    /// A path as systems that run checks want it: from the top of what was checked out.
    pub(super) fn path(&self, path: &RepoPath) -> String {
        match self.seen_from.below(path) {
            path if path.is_empty() => ".".to_owned(),
            path => path,
        }
    }
}

/// The formats that findings can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: source lines, carets, notes.
    #[default]
    Human,
    /// One line a finding.
    Concise,
    /// One line a finding, below the name of its file.
    Grouped,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    JsonLines,
    /// SARIF 2.1.0: code scanning of GitHub, Azure DevOps and others.
    Sarif,
    /// Annotations of GitHub Actions.
    Github,
    /// Code Quality of GitLab.
    Gitlab,
    /// Annotations of Azure Pipelines.
    Azure,
    /// Test results.
    Junit,
    /// Reviewdog's JSON.
    Rdjson,
    /// Checkstyle's XML.
    Checkstyle,
    /// Tables for pull requests and step summaries.
    Markdown,
    /// One page for a browser.
    Html,
}

impl Format {
    /// All formats with the word used for each on the command line.
    pub const ALL: [(Self, &'static str); 14] = [
        (Self::Human, "human"),
        (Self::Concise, "concise"),
        (Self::Grouped, "grouped"),
        (Self::Json, "json"),
        (Self::JsonLines, "json-lines"),
        (Self::Sarif, "sarif"),
        (Self::Github, "github"),
        (Self::Gitlab, "gitlab"),
        (Self::Azure, "azure"),
        (Self::Junit, "junit"),
        (Self::Rdjson, "rdjson"),
        (Self::Checkstyle, "checkstyle"),
        (Self::Markdown, "markdown"),
        (Self::Html, "html"),
    ];

    /// The format that a word means.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word).map(|(format, _)| *format)
    }

    /// Whether lines of other formats can stand between its own: it is read line by line, by people or by what runs
    /// checks.
    pub const fn takes_company(self) -> bool {
        matches!(self, Self::Human | Self::Concise | Self::Grouped | Self::Github | Self::Azure)
    }
}

/// How the output for people is to look. Machine formats ignore it.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// Whether to write ANSI colours.
    pub color: bool,
    /// Columns of the terminal; `None` if the output goes elsewhere.
    pub width: Option<usize>,
    /// Whether the terminal shows more than ASCII.
    pub unicode: bool,
}
