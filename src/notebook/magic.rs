//! Magics: `%run`, `%sql`, `%pip`, `!ls` and the rest, wherever they stand in a cell.

use super::Language;
use crate::text::Span;

/// One magic of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magic {
    /// What it is.
    pub kind: MagicKind,
    /// From its first character (`%`, `!`, or the word of an automagic line) to the end of its line,
    /// without the line end and without trailing blanks; with continuation lines.
    pub span: Span,
    /// The name as written, without `%`: `run`, `pip`, `md-sandbox`; for `!cmd` the empty span after `!`.
    pub name: Span,
    /// What follows the name on its line (and continuation lines), without surrounding blanks.
    pub argument: Span,
    /// Whether it is the first thing in its cell, so that it decides what the cell is.
    pub leads: bool,
    /// Whether it is written with two signs (`%%time`).
    pub double: bool,
    /// Whether it stands behind `# MAGIC`.
    pub prefixed: bool,
    /// Whether the platform obeys it. A `%run` in a `# MAGIC` line of a mixed cell, and any magic in a
    /// cell of another language, is dead text.
    pub live: bool,
}

/// What a magic does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MagicKind {
    /// `%run`.
    Run,
    /// `%sql`, `%python`, `%py`, `%scala`, `%r`, `%md`, `%md-sandbox`, `%sh`, `%fs`, `%%bash`, `%%sh`, ….
    Language(Language),
    /// `%pip`, `%conda`, `%uv pip`, also as automagic.
    Install,
    /// `%restart_python`.
    Restart,
    /// `%skip`: the cell does not run.
    Skip,
    /// `%environment`: old form of the serverless environment, metadata.
    Environment,
    /// `!cmd`, `%sx cmd`, `%system cmd`, `!!cmd`.
    Shell,
    /// A cell magic whose body is Python: `%%time`, `%%timeit`, `%%capture`, `%%prun`, ….
    PythonBody,
    /// A cell magic whose body is not Python: `%%writefile`, `%%html`, ….
    TextBody,
    /// Any other magic that IPython or Databricks is known to have, on one line.
    Line,
    /// A name nobody is known to have registered.
    Unknown,
}
