//! What is reported: where, what, how bad, and perhaps how to mend it.

use crate::snapshot::RepoPath;
use crate::text::{Span, edit::Edit};
use std::sync::Arc;

/// How bad a finding is. Only errors make a run fail, unless `--strict` is given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// A hint; never fails a run.
    Info,
    /// Likely wrong or costly.
    Warning,
    /// Will fail, or silently do the wrong thing, on Databricks.
    Error,
}

impl Severity {
    /// The word used in every output and in settings.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Info => "info",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

/// One thing said about one place of one document.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// Name of the rule, such as `run-not-found`.
    pub rule: Arc<str>,
    /// The document.
    pub path: RepoPath,
    /// The place, in bytes of the document's [text](crate::project::document::Document::text).
    pub span: Span,
    /// One line, lower case, code in backticks, no full stop: what is wrong here and what to do.
    pub message: String,
    /// How bad, after settings.
    pub severity: Severity,
    /// How to mend it, if that can be said.
    pub fix: Option<Fix>,
    /// Other places that explain the finding ("run from here").
    pub notes: Vec<Note>,
}

/// A place, possibly in another document, that explains a finding.
#[derive(Clone, Debug, PartialEq)]
pub struct Note {
    /// The document.
    pub path: RepoPath,
    /// The place, in bytes of that document's text.
    pub span: Span,
    /// What there is to see.
    pub message: String,
}

/// A change that removes a finding. All its edits are made, or none.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    /// What it does, in the imperative: "Use the relative path".
    pub title: String,
    /// Whether it can change what the code does.
    pub safety: Safety,
    /// Edits of the finding's own document, in bytes of its text.
    pub edits: Vec<Edit>,
    /// Edits of the file itself, in its bytes, for what the text of an `.ipynb` does not show: outputs and metadata.
    pub file_edits: Vec<Edit>,
}

/// Whether a fix may be made without asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Safety {
    /// Keeps the meaning; made by `--fix`.
    Safe,
    /// May change the meaning; made only by `--unsafe-fixes`.
    Unsafe,
}

impl Safety {
    /// The word used in JSON, as ruff has it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

impl Finding {
    /// Adds a safe fix and gives the finding back for more.
    pub fn fix(&mut self, title: impl Into<String>, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { title: title.into(), safety: Safety::Safe, edits, file_edits: Vec::new() });
        self
    }

    /// Adds a safe fix of what the text of an `.ipynb` does not show, and gives the finding back for more.
    pub fn file_fix(&mut self, title: impl Into<String>, file_edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { title: title.into(), safety: Safety::Safe, edits: Vec::new(), file_edits });
        self
    }

    /// Adds an unsafe fix and gives the finding back for more.
    pub fn unsafe_fix(&mut self, title: impl Into<String>, edits: Vec<Edit>) -> &mut Self {
        self.fix = Some(Fix { title: title.into(), safety: Safety::Unsafe, edits, file_edits: Vec::new() });
        self
    }

    /// Adds a note about another place and gives the finding back for more.
    pub fn note(&mut self, path: RepoPath, span: Span, message: impl Into<String>) -> &mut Self {
        self.notes.push(Note { path, span, message: message.into() });
        self
    }
}
