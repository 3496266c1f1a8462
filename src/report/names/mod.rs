//! Where names come from, written for people and machines. `docs/names.md` describes it.

mod human;
mod json;
mod rows;

use super::view::Style;
use crate::names::Namespaces;
use crate::names::scope::{Inside, Scope};
use crate::names::uses::Use;
use crate::project::document::DocumentId;
use crate::snapshot::root::Vantage;
use std::io;

/// What is to be shown of the names of one document.
#[derive(Clone, Copy)]
pub struct NamesReport<'a> {
    /// All names.
    pub names: &'a Namespaces<'a>,
    /// The document that is asked about.
    pub document: DocumentId,
    /// Where in it, in bytes of its text; `None` for its end.
    pub at: Option<u32>,
    /// What is in scope there.
    pub scope: &'a Scope<'a>,
    /// What the functions around add.
    pub inside: Option<&'a Inside>,
    /// Whether to show what the platform gives, and what callers bind that is not read.
    pub all: bool,
    /// The one name that is asked about.
    pub only: Option<&'a str>,
    /// Who reads it.
    pub uses: &'a [Use],
    /// Where paths are looked at from; for people only.
    pub seen_from: &'a Vantage,
}

/// Writes it for people.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn human(out: &mut dyn io::Write, report: &NamesReport<'_>, style: &Style) -> io::Result<()> {
    human::write(out, report, style)
}

/// Writes it for machines.
///
/// # Errors
/// If `out` cannot be written to. It is not flushed.
pub fn json(out: &mut dyn io::Write, report: &NamesReport<'_>) -> io::Result<()> {
    json::write(out, report)
}

impl NamesReport<'_> {
    /// Whether there is no name to be shown.
    pub fn is_empty(&self) -> bool {
        rows::rows(self).is_empty()
    }
}
