//! All that a rule may see and say.

use crate::finding::{Finding, Severity};
use crate::flow::Flow;
use crate::names::Namespaces;
use crate::page::OptionValue;
use crate::project::Project;
use crate::project::document::Document;
pub use crate::project::target::{Compute, Target};
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

/// What settings say about one rule at one path.
#[derive(Clone, Debug, PartialEq)]
pub struct RuleSettings {
    /// How bad its findings are.
    pub severity: Severity,
    /// Every option that the page declares, by name.
    pub options: BTreeMap<String, OptionValue>,
}

impl RuleSettings {
    /// An integer option of the rule. An option that the page does not declare reads as 0.
    pub fn integer(&self, option: &str) -> u32 {
        match self.options.get(option) {
            Some(OptionValue::Integer(value)) => *value,
            _ => 0,
        }
    }

    /// A list option of the rule. An option that the page does not declare reads as empty.
    pub fn list(&self, option: &str) -> &[String] {
        match self.options.get(option) {
            Some(OptionValue::List(values)) => values,
            _ => &[],
        }
    }

    /// A switch of the rule. An option that the page does not declare reads as off.
    pub fn switch(&self, option: &str) -> bool {
        matches!(self.options.get(option), Some(OptionValue::Boolean(true)))
    }
}

/// What one rule sees of one document.
pub struct Context<'a> {
    /// The document that is checked.
    pub document: &'a Document,
    /// All documents that are known.
    pub project: &'a Project,
    /// The rule's settings at this document's path.
    pub settings: &'a RuleSettings,
    /// What the code will run on, as settings say, or else the job that runs it.
    pub target: &'a Target,
    /// What names mean; empty unless some rule that is on [is about names](super::book::Rule::is_about_names).
    pub names: &'a Namespaces<'a>,
    /// What the values of the document are.
    pub flow: &'a Flow<'a>,
    rule: Arc<str>,
    found: Vec<Finding>,
}

impl<'a> Context<'a> {
    /// A context for one rule and one document.
    pub fn new(
        rule: Arc<str>,
        document: &'a Document,
        names: &'a Namespaces<'a>,
        flow: &'a Flow<'a>,
        settings: &'a RuleSettings,
        target: &'a Target,
    ) -> Self {
        Self { document, project: names.project, settings, target, names, flow, rule, found: Vec::new() }
    }

    /// Reports a finding at `span` of the document; fixes and notes can be added to what comes back.
    pub fn report(&mut self, span: Span, message: impl Into<String>) -> &mut Finding {
        self.report_with(self.settings.severity, span, message)
    }

    /// The same with a severity that differs from the rule's (where the platform itself is softer).
    pub fn report_with(&mut self, severity: Severity, span: Span, message: impl Into<String>) -> &mut Finding {
        let at = self.found.len();
        self.found.push(Finding {
            rule: self.rule.clone(),
            path: self.document.path.clone(),
            span,
            message: message.into(),
            severity,
            fix: None,
            notes: Vec::new(),
        });
        &mut self.found[at]
    }

    /// An integer option of the rule. An option that the page does not declare reads as 0.
    pub fn integer(&self, option: &str) -> u32 {
        self.settings.integer(option)
    }

    /// A list option of the rule. An option that the page does not declare reads as empty.
    pub fn list(&self, option: &str) -> &'a [String] {
        self.settings.list(option)
    }

    /// A switch of the rule. An option that the page does not declare reads as off.
    pub fn switch(&self, option: &str) -> bool {
        self.settings.switch(option)
    }

    /// The text of any file of the repository, whether it is among the documents or not; `None` if it cannot be read.
    pub fn text_of(&self, path: &RepoPath) -> Option<Cow<'a, str>> {
        if let Some(document) = self.project.document(path) {
            return Some(Cow::Borrowed(document.text()));
        }
        String::from_utf8(self.project.snapshot.read(path).ok()?).ok().map(Cow::Owned)
    }

    /// What was reported.
    pub fn into_findings(self) -> Vec<Finding> {
        self.found
    }
}
