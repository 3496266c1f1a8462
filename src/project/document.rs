//! One file understood.

use crate::bundle::Bundle;
use crate::notebook::Notebook;
use crate::python::facts::Facts;
use crate::python::names::{self, Names};
use crate::python::parts::Parts;
use crate::snapshot::RepoPath;
use crate::sql::facts::SqlFacts;
use crate::text::{Span, lines::LineIndex};
use std::sync::{Arc, OnceLock};

/// What a file is, as Databricks would take it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// A notebook in either format.
    Notebook,
    /// Python that is imported.
    Module,
    /// Python that is run: a bundle's `python_file`, a pipeline source, a file with a `__main__` guard.
    Script,
    /// A test module: `test_*.py`, `*_test.py`, `conftest.py`.
    Test,
    /// SQL that is no notebook.
    Sql,
    /// A bundle file: `databricks.yml` and what it includes.
    Bundle,
    /// Anything else that is looked at as text only: other YAML, plain Scala and R.
    Other,
}

impl Kind {
    /// All kinds with the word used for each in pages and settings.
    pub const ALL: [(Self, &'static str); 7] = [
        (Self::Notebook, "notebook"),
        (Self::Module, "module"),
        (Self::Script, "script"),
        (Self::Test, "test"),
        (Self::Sql, "sql"),
        (Self::Bundle, "bundle"),
        (Self::Other, "other"),
    ];

    /// The word used in pages and settings.
    pub fn as_str(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("other", |(_, word)| word)
    }

    /// The kind that `word` names.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().find(|(_, name)| *name == word).map(|(kind, _)| *kind)
    }
}

/// Index of a document in its project.
pub type DocumentId = u32;

/// One file understood. Holds text and facts, no syntax tree.
#[derive(Debug)]
pub struct Document {
    /// Where it stands.
    pub path: RepoPath,
    /// Whether it is asked about, or only known because something asked about depends on it.
    pub asked: bool,
    /// What it is.
    pub kind: Kind,
    /// The file as read; empty if it could not be read as UTF-8.
    pub raw: String,
    /// For `.ipynb`: the joined sources of its cells. See [`Document::text`].
    pub joined: Option<String>,
    /// Lines of [`Document::text`], once somebody asks: most documents have nothing to be said of.
    pub line_index: OnceLock<LineIndex>,
    /// What its names read, and the restarts that it holds for. See [`Document::names`].
    pub resolved: OnceLock<(Box<[u32]>, Arc<Names>)>,
    /// What is known of its SQL, once somebody asks. See [`Document::sql`].
    pub sql_facts: OnceLock<SqlFacts>,
    /// The credentials in [`Document::text`], which must not be shown, sorted by place, once somebody has looked for
    /// them.
    pub hidden: OnceLock<Box<[Span]>>,
    /// Cells, if it is a notebook.
    pub notebook: Option<Notebook>,
    /// What is known of its Python; empty tables if it has none.
    pub python: Facts,
    /// What its cells came to, if it is going to be read again with few changes.
    pub parts: Option<Box<Parts>>,
    /// What is known of its YAML, for bundle files.
    pub bundle: Option<Box<Bundle>>,
    /// Why it could not be read or understood in full. A document with an unreadable file has nothing else.
    pub problems: Vec<Problem>,
}

/// Why a file could not be read or understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of trouble.
    pub kind: ProblemKind,
    /// Where, in bytes of [`Document::raw`] (for `.ipynb` JSON errors) or of the text.
    pub span: Span,
    /// One line, lower case, no full stop.
    pub message: String,
}

/// What kept a file from being understood.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// Its bytes could not be had, or are not UTF-8. Makes the exit code 2.
    Unreadable,
    /// Larger than the `max-file-size` setting.
    TooLarge,
    /// An `.ipynb` that is no JSON, or no notebook of format 4.
    InvalidNotebook,
    /// A bundle file that is not valid YAML.
    InvalidYaml,
    /// Nested beyond what is analysed.
    TooDeep,
}

impl Document {
    /// What all spans of this document point into: the file itself, or for `.ipynb` the sources of its cells
    /// joined by `\n`.
    pub fn text(&self) -> &str {
        self.joined.as_deref().unwrap_or(&self.raw)
    }

    /// Lines of [`Document::text`].
    pub fn lines(&self) -> &LineIndex {
        self.line_index.get_or_init(|| LineIndex::new(self.text()))
    }

    /// What is known of its SQL: of cells, of a `.sql` file, and of literals that `spark.sql` is given. Read when it is
    /// asked for the first time; a document without SQL costs nothing.
    pub fn sql(&self) -> &SqlFacts {
        self.sql_facts.get_or_init(|| super::sql::read(self))
    }

    /// What its names read if Python is restarted at these offsets. The first answer is remembered: the same is asked
    /// several times over, and again when nothing but another document has changed.
    pub fn names(&self, wipes: &[u32]) -> Arc<Names> {
        let resolve = || Arc::new(names::resolve(&self.python, wipes));
        let (known, names) = self.resolved.get_or_init(|| (wipes.into(), resolve()));
        if **known == *wipes { names.clone() } else { resolve() }
    }

    /// Whether it is a notebook.
    pub const fn is_notebook(&self) -> bool {
        self.notebook.is_some()
    }

    /// The 0-based cell that holds `offset`; `None` outside notebooks.
    pub fn cell_at(&self, offset: u32) -> Option<usize> {
        self.notebook.as_ref()?.cell_at(offset)
    }
}

/// How to read one file; comes from its settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadOptions {
    /// The kind that settings give it, if they do.
    pub kind: Option<Kind>,
    /// The oldest Python that must accept it, as (major, minor).
    pub target_python: (u8, u8),
    /// Files with more bytes than this are not parsed.
    pub max_file_size: u64,
}

impl Default for ReadOptions {
    fn default() -> Self {
        Self { kind: None, target_python: (3, 13), max_file_size: 10_000_000 }
    }
}
