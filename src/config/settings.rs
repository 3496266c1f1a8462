//! What settings turn into, and what can be wrong with them.

use crate::project::document::ReadOptions;
use crate::rules::context::{RuleSettings, Target};
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::lines::LineIndex;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

/// What holds for one path.
#[derive(Clone, Debug, Default)]
pub struct PathSettings {
    /// How its file is read.
    pub read: ReadOptions,
    /// What its code will run on.
    pub target: Target,
    /// By the rule's index in the book: how the rule is to be run, or `None` if it is off here.
    pub rules: Vec<Option<Arc<RuleSettings>>>,
}

/// Where the engine learns what holds for a path.
pub trait Lookup: Sync {
    /// What holds for the file at `path`. Called once for every file that is read.
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings>;
}

/// What the command line says about settings.
#[derive(Clone, Debug, Default)]
pub struct Overrides {
    /// `--select`: if not empty, exactly these rules run. A rule's name, `group/*` or `ALL`.
    pub select: Vec<String>,
    /// `--extend-select`: these run as well, also those that are off by default or by settings.
    pub extend_select: Vec<String>,
    /// `--ignore`: these do not run.
    pub ignore: Vec<String>,
    /// `--config`: this file holds for every path, no other is looked for.
    pub config: Option<Place>,
    /// `--isolated`: no settings file is read at all.
    pub isolated: bool,
}

/// Where a settings file stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Place {
    /// In the repository; read through the snapshot.
    Inside(RepoPath),
    /// Somewhere else; its globs and folders are relative to the repository's root.
    Outside(PathBuf),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Inside(path) => write!(f, "{path}"),
            Self::Outside(path) => write!(f, "{}", path.display()),
        }
    }
}

/// Something wrong with a settings file or with a rule name on the command line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file as people write it, or the option (`--select`).
    pub path: String,
    /// Where, in bytes of `text`.
    pub span: Span,
    /// One line, lower case, no full stop.
    pub message: String,
    /// What to do about it, if more can be said: "did you mean `exclude`?".
    pub help: Option<String>,
    /// The text of the file, or of the option's value; empty if it could not be read.
    pub text: Arc<str>,
}

impl fmt::Display for Problem {
    /// `brickgate.toml:3:5: error: message`, the help on a line of its own.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.path)?;
        if !self.path.starts_with("--") {
            let at = LineIndex::new(&self.text).position(&self.text, self.span.start);
            write!(f, ":{}:{}", at.row, at.column)?;
        }
        write!(f, ": error: {}", self.message)?;
        match &self.help {
            Some(help) => write!(f, "\n  help: {help}"),
            None => Ok(()),
        }
    }
}
