//! What is to be written, and how it is to look.

use crate::finding::Finding;
use crate::project::Project;
use crate::snapshot::root::Vantage;
use std::sync::Arc;

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
    /// The group of a rule, by the rule's name.
    pub group: &'a (dyn Fn(&str) -> Arc<str> + 'a),
}

/// The formats that findings can be written in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// For people: source lines, carets, notes.
    #[default]
    Human,
    /// One line a finding.
    Concise,
    /// One JSON array.
    Json,
    /// One JSON object a line.
    JsonLines,
}

impl Format {
    /// All formats with the word used for each on the command line.
    pub const ALL: [(Self, &'static str); 4] =
        [(Self::Human, "human"), (Self::Concise, "concise"), (Self::Json, "json"), (Self::JsonLines, "json-lines")];
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
