//! What Databricks adds to a file: notebooks, their cells, titles and magics, in both file formats.
//!
//! Facts about the format come from the platform's own reader (the first line decides, byte for byte)
//! and from what its writer was seen to produce; `docs/platform.md` lists them with their sources.

mod cell;
pub mod ipynb;
pub mod magic;
mod names;
mod near;
pub mod regions;
mod scan;
pub mod source;

use crate::text::Span;
use magic::Magic;
pub use near::{HeaderFault, NearHeader, near_header};
pub use source::open_environment;

/// How a notebook is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// A source file whose first line says so: `# Databricks notebook source`.
    Source,
    /// Jupyter's JSON, `.ipynb`.
    Ipynb,
}

/// Whose notebook it is, which decides what `%run` and other magics mean in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Origin {
    /// The source format, or an `.ipynb` with Databricks' metadata.
    Databricks,
    /// An `.ipynb` that Databricks has not written: it may be meant for Databricks or for a plain Jupyter, where
    /// `%run script.py` runs a file and may stand anywhere.
    Jupyter,
    /// An `.ipynb` of another platform with magics of its own (Fabric, Synapse, Colab, Kaggle).
    Elsewhere,
}

/// The language of a notebook or of one cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Language {
    /// Python, in IPython's dialect.
    Python,
    /// SQL.
    Sql,
    /// Scala.
    Scala,
    /// R.
    R,
    /// Markdown (`%md`, `%md-sandbox`, a Jupyter Markdown cell).
    Markdown,
    /// Shell (`%sh`, `%%bash`).
    Shell,
    /// `%fs` commands.
    Fs,
    /// Anything else, and cells that do not run (`%skip`, `%%writefile`, raw cells, `%environment`):
    /// nothing in it is looked at as code.
    Text,
}

impl Language {
    /// The language of a source notebook with this file extension (any case): `py`, `sql`, `scala`, `r`.
    pub fn of_extension(extension: &str) -> Option<Self> {
        match extension.to_ascii_lowercase().as_str() {
            "py" => Some(Self::Python),
            "sql" => Some(Self::Sql),
            "scala" => Some(Self::Scala),
            "r" => Some(Self::R),
            _ => None,
        }
    }

    /// What starts a comment in a source notebook of this language: `#`, `//` or `--`.
    /// Header, separators, titles and `MAGIC` lines all start with it.
    pub const fn comment(self) -> &'static str {
        match self {
            Self::Sql => "--",
            Self::Scala => "//",
            _ => "#",
        }
    }

    /// The first line of a source notebook of this language, without a line end.
    pub const fn header(self) -> &'static str {
        match self {
            Self::Sql => "-- Databricks notebook source",
            Self::Scala => "// Databricks notebook source",
            _ => "# Databricks notebook source",
        }
    }

    /// The line between two cells of a source notebook of this language, without a line end.
    pub const fn separator(self) -> &'static str {
        match self {
            Self::Sql => "-- COMMAND ----------",
            Self::Scala => "// COMMAND ----------",
            _ => "# COMMAND ----------",
        }
    }

    /// The language as people write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Python => "Python",
            Self::Sql => "SQL",
            Self::Scala => "Scala",
            Self::R => "R",
            Self::Markdown => "Markdown",
            Self::Shell => "shell",
            Self::Fs => "`%fs`",
            Self::Text => "text",
        }
    }
}

/// A notebook, read. All spans point into the [text](crate::project::document::Document::text) of its
/// document: the file itself for the source format; for `.ipynb` the sources of all cells, in order,
/// joined by `\n`.
#[derive(Clone, Debug)]
pub struct Notebook {
    /// How it is stored.
    pub format: Format,
    /// Whose notebook it is.
    pub origin: Origin,
    /// The default language of its cells.
    pub language: Language,
    /// The header line without its line end; empty for `.ipynb`.
    pub header: Span,
    /// The serverless environment block after the header (`# /// script` … `# ///`), whole lines with
    /// their line ends; source format only.
    pub environment: Option<Span>,
    /// What is known of the serverless environment, where somebody has set one up: by that block, or for `.ipynb` in
    /// the metadata.
    pub serverless: Option<Environment>,
    /// Cells in order. A notebook has at least one, unless it is an `.ipynb` with none.
    pub cells: Vec<Cell>,
    /// Lines that look like a separator but do not split (source format only), without line ends.
    pub near_separators: Vec<Span>,
    /// For `.ipynb`: where things stand in the JSON.
    pub json: Option<ipynb::JsonMap>,
}

/// The environment in which a notebook runs on serverless compute.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Environment {
    /// Its version: `4` of `environment_version = "4"`.
    pub version: Option<u16>,
}

/// One cell.
#[derive(Clone, Debug)]
pub struct Cell {
    /// The cell's text: from its first byte (a `DBTITLE` line counts) to its last, without the blank
    /// line and separator around it. Empty cells have an empty span. Rows of an `.ipynb` cell count
    /// from its start.
    pub span: Span,
    /// The same without the `DBTITLE` line.
    pub body: Span,
    /// The title, if it has one.
    pub title: Option<Title>,
    /// What runs in it, after its own magic.
    pub language: Language,
    /// How its lines are written.
    pub form: Form,
    /// All magics of the cell in order of place; where [`Cell::leads`] says so, the first decides what the
    /// whole cell is.
    pub magics: Vec<Magic>,
    /// For `.ipynb`: the `cell_type`; `Code` for source notebooks.
    pub cell_type: CellType,
}

/// The `cell_type` of an `.ipynb` cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CellType {
    /// A cell that runs (or that a magic turns into text).
    Code,
    /// Markdown.
    Markdown,
    /// Raw text.
    Raw,
}

/// How the lines of a cell are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Form {
    /// Nothing but blank lines (and perhaps a title).
    Empty,
    /// As code of the notebook's language; magics, if any, are bare.
    Plain,
    /// Every non-blank line stands behind `# MAGIC` (`// MAGIC`, `-- MAGIC`). Source format only.
    Prefixed,
    /// Some lines behind `# MAGIC`, some not: the platform reads the whole cell as code of the default
    /// language, where the `MAGIC` lines are comments (or are lost). Source format only.
    Mixed,
}

/// A cell's title.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Title {
    /// The whole `DBTITLE` line without its line end; for `.ipynb` an empty span at the cell's start.
    pub line: Span,
    /// The text of the title; for `.ipynb` use [`Notebook::title`].
    pub text: Span,
    /// Whether the platform shows it (`DBTITLE 1,`).
    pub shown: bool,
}

impl Cell {
    /// Whether the first thing in the cell is a magic that decides what the cell is.
    pub fn leads(&self) -> Option<&Magic> {
        self.magics.first().filter(|magic| magic.leads)
    }
}

impl Notebook {
    /// The 0-based index of the cell that holds `offset`. Lines between cells (separators) belong to the
    /// cell before them, the header to the first. `None` only if there are no cells.
    pub fn cell_at(&self, offset: u32) -> Option<usize> {
        let after = self.cells.partition_point(|cell| cell.span.start <= offset);
        if self.cells.is_empty() { None } else { Some(after.saturating_sub(1)) }
    }

    /// The title of a cell as people see it.
    pub fn title<'a>(&'a self, text: &'a str, cell: usize) -> Option<&'a str> {
        let title = self.cells.get(cell)?.title?;
        match &self.json {
            Some(json) => json.title(cell),
            None => Some(title.text.of(text).trim()),
        }
    }
}
