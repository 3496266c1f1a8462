//! Findings, written for people and machines.

use crate::finding::Finding;
use crate::project::Project;

/// What is reported about one repository.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// Sorted findings.
    pub findings: &'a [Finding],
    /// The documents that they speak of.
    pub project: &'a Project,
    /// What to put before repository paths so that they hold from the working directory: empty, or a
    /// path that ends in `/`. For people only; machines get repository paths.
    pub prefix: &'a str,
}
