//! What a rule sees that is about files as such: their names, kinds and sizes, whether they are read or not.

use super::context::RuleSettings;
use crate::finding::{Finding, Severity};
use crate::project::Project;
use crate::snapshot::RepoPath;
use crate::snapshot::item::Item;
use crate::text::Span;
use std::collections::HashMap;
use std::sync::Arc;

/// A check of files as such. It is run once, not once a document.
pub type SurveyCheck = fn(&mut Survey<'_, '_>);

/// What is asked about, and where the rest is found.
#[derive(Clone, Copy)]
pub struct Items<'a> {
    /// What is asked about, sorted.
    pub asked: &'a [Item],
    /// Whether that is the whole repository.
    pub whole: bool,
    /// All that git would see in the repository, sorted. Costs a walk, so called only if the answer needs it.
    pub all: &'a (dyn Fn() -> &'a [Item] + Sync),
}

/// What one rule sees of the repository.
pub struct Survey<'a, 's> {
    /// All documents that are known.
    pub project: &'s Project,
    /// What is asked about.
    pub items: Items<'a>,
    rule: Arc<str>,
    settings: &'s dyn Fn(&RepoPath) -> Option<Arc<RuleSettings>>,
    found: Vec<Finding>,
}

impl<'a, 's> Survey<'a, 's> {
    /// A survey for one rule. `settings` says what holds for it at a path; nothing, if it is off there.
    pub fn new(
        rule: Arc<str>,
        project: &'s Project,
        items: Items<'a>,
        settings: &'s dyn Fn(&RepoPath) -> Option<Arc<RuleSettings>>,
    ) -> Self {
        Self { project, items, rule, settings, found: Vec::new() }
    }

    /// What holds for the rule at a path; nothing, if it is off there.
    pub fn settings(&self, path: &RepoPath) -> Option<Arc<RuleSettings>> {
        (self.settings)(path)
    }

    /// Reports a finding about a path, unless the rule is off there.
    pub fn report(&mut self, path: &RepoPath, message: impl Into<String>) -> Option<&mut Finding> {
        self.report_at(path, Span::default(), message)
    }

    /// The same at a place in the file, which need not be a document.
    pub fn report_at(&mut self, path: &RepoPath, span: Span, message: impl Into<String>) -> Option<&mut Finding> {
        let severity = self.settings(path)?.severity;
        self.report_with(severity, path, span, message)
    }

    /// The same with a severity of its own.
    pub fn report_with(
        &mut self,
        severity: Severity,
        path: &RepoPath,
        span: Span,
        message: impl Into<String>,
    ) -> Option<&mut Finding> {
        let (rule, path, message) = (self.rule.clone(), path.clone(), message.into());
        self.found.push(Finding { rule, path, span, message, severity, fix: None, notes: Vec::new() });
        self.found.last_mut()
    }

    /// How many bytes a file has, if that is known.
    pub fn size(&self, path: &RepoPath) -> Option<u64> {
        match self.project.document(path).filter(|document| !document.raw.is_empty()) {
            Some(document) => u64::try_from(document.raw.len()).ok(),
            None => self.project.snapshot.size(path),
        }
    }

    /// The text of a file, if it is no longer than `most` bytes and can be read.
    pub fn text(&self, path: &RepoPath, most: u64) -> Option<String> {
        if let Some(document) = self.project.document(path).filter(|document| !document.raw.is_empty()) {
            return Some(document.raw.clone());
        }
        self.size(path).filter(|&size| size <= most)?;
        String::from_utf8(self.project.snapshot.read(path).ok()?).ok()
    }

    /// What was reported.
    pub fn into_findings(self) -> Vec<Finding> {
        self.found
    }
}

/// Findings by what they are about.
pub type ByPath = HashMap<RepoPath, Vec<Finding>>;
