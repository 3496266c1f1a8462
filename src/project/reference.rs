//! What one document says about others, and what that turns out to be.

use crate::snapshot::RepoPath;
use crate::text::Span;

/// One mention of another file.
#[derive(Clone, Debug)]
pub struct Reference {
    /// How it is mentioned.
    pub kind: ReferenceKind,
    /// The path or module name where it stands, without quotes. For a `%run` without a path, the magic.
    pub span: Span,
    /// The whole command: the magic, the call, the import statement.
    pub command: Span,
    /// 0-based cell; `None` outside notebooks.
    pub cell: Option<u32>,
    /// The path or module as text; `None` if it is computed when the code runs.
    pub target: Option<String>,
    /// For `%run`: the `$name=value` arguments. Names without `$`.
    pub arguments: Vec<(String, String)>,
    /// For `%run`: what follows the path and is no `$name=value`, if anything does.
    pub unexpected: Option<Span>,
    /// For `%run`: whether a quote is opened and never closed.
    pub unclosed: bool,
    /// What it points to.
    pub resolution: Resolution,
}

/// How a file is mentioned.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ReferenceKind {
    /// `%run ./x`.
    Run,
    /// `dbutils.notebook.run("x", 60)`.
    NotebookRun,
    /// `import x`, `from x import y`; the index is into the import table of the document's facts.
    Import(u32),
}

/// What a reference points to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// Not looked up yet, or computed when the code runs, or an import from outside the repository.
    Unknown,
    /// This file. For `%run`, a notebook; for imports, a module (or a notebook: that is a finding).
    Found(RepoPath),
    /// Several files answer to it.
    Ambiguous(Vec<RepoPath>),
    /// `%run` and `notebook.run`: a plain file stands there, not a notebook.
    File(RepoPath),
    /// Found only after dropping the extension that the path should not have.
    WithExtension(RepoPath),
    /// `%run`: a bare name, neither `./`, `../` nor `/`; with what `./name` would give.
    Bare(Option<RepoPath>),
    /// An absolute workspace path, with the file in this repository that it seems to mean.
    Absolute(Option<RepoPath>),
    /// Leaves the repository.
    Outside,
    /// Nothing there.
    NotFound {
        /// The path that would have worked but for upper and lower case.
        other_case: Option<RepoPath>,
        /// The most similar notebook, if one is similar.
        nearest: Option<RepoPath>,
    },
    /// No path is given at all.
    Empty,
}

impl Resolution {
    /// The file that will be run or imported (or is meant to be), where there is exactly one.
    pub const fn file(&self) -> Option<&RepoPath> {
        match self {
            Self::Found(path) | Self::WithExtension(path) | Self::Bare(Some(path)) | Self::Absolute(Some(path)) => {
                Some(path)
            }
            _ => None,
        }
    }
}
