//! Credentials never leave in a report: not in a message that quotes code, not in what a fix would write, not in a line
//! of source.

use super::view::Report;
use crate::finding::Finding;
use crate::project::Project;
use crate::project::document::Document;
use crate::rules::secrets::redactions;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::HashMap;

/// A credential that is shorter than this may be a word of the message.
const SHORTEST: usize = 6;

/// Findings that may be shown, where they are not those that were given.
pub(super) struct Redacted<'a> {
    reports: &'a [Report<'a>],
    /// For each report: its findings, if one had to be changed.
    changed: Vec<Option<Vec<Finding>>>,
}

impl<'a> Redacted<'a> {
    /// Looks for credentials in all that findings say. One look at each document that a finding is about.
    pub(super) fn new(reports: &'a [Report<'a>]) -> Self {
        let changed = reports.iter().map(|report| Secrets::new(report.project).findings(report.findings)).collect();
        Self { reports, changed }
    }

    /// The reports as they may be shown.
    pub(super) fn reports(&self) -> Vec<Report<'_>> {
        let pairs = self.reports.iter().zip(&self.changed);
        pairs
            .map(|(report, changed)| Report { findings: changed.as_deref().unwrap_or(report.findings), ..*report })
            .collect()
    }
}

struct Secrets<'a> {
    project: &'a Project,
    known: HashMap<&'a RepoPath, Vec<&'a str>>,
}

impl<'a> Secrets<'a> {
    fn new(project: &'a Project) -> Self {
        Self { project, known: HashMap::new() }
    }

    fn of(&mut self, path: &RepoPath) -> &[&'a str] {
        let Some(document) = self.project.document(path) else { return &[] };
        self.known.entry(&document.path).or_insert_with(|| {
            let text = document.text();
            let mut secrets: Vec<&str> = redactions(document).iter().map(|span| span.of(text)).collect();
            secrets.retain(|secret| secret.len() >= SHORTEST);
            secrets.sort_unstable();
            secrets.dedup();
            // The longer one first, where one begins as another does.
            secrets.reverse();
            secrets
        })
    }

    fn findings(&mut self, findings: &[Finding]) -> Option<Vec<Finding>> {
        let mut changed: Option<Vec<Finding>> = None;
        for (at, finding) in findings.iter().enumerate() {
            let Some(harmless) = self.finding(finding) else { continue };
            if let Some(slot) = changed.get_or_insert_with(|| findings.to_vec()).get_mut(at) {
                *slot = harmless;
            }
        }
        changed
    }

    /// The finding without credentials, if it has any.
    fn finding(&mut self, finding: &Finding) -> Option<Finding> {
        let mut secrets = self.of(&finding.path).to_vec();
        for note in &finding.notes {
            if note.path != finding.path {
                secrets.extend_from_slice(self.of(&note.path));
            }
        }
        let has = |text: &str| secrets.iter().any(|secret| text.contains(secret));
        let in_fix = finding
            .fix
            .as_ref()
            .is_some_and(|fix| has(&fix.title) || fix.edits.iter().chain(&fix.file_edits).any(|edit| has(&edit.text)));
        if !in_fix && !has(&finding.message) && !finding.notes.iter().any(|note| has(&note.message)) {
            return None;
        }
        let hide = |text: &mut String| {
            for secret in &secrets {
                if text.contains(secret) {
                    *text = text.replace(secret, &"*".repeat(secret.chars().count()));
                }
            }
        };
        let mut harmless = finding.clone();
        hide(&mut harmless.message);
        harmless.notes.iter_mut().for_each(|note| hide(&mut note.message));
        if in_fix {
            // Half a fix is none.
            harmless.fix = None;
        }
        Some(harmless)
    }
}

/// What must not be shown of a document: sorted, no two overlap.
pub(super) fn hidden(document: &Document) -> Vec<Span> {
    let mut spans = redactions(document).to_vec();
    spans.dedup_by(|next, last| {
        let one = next.overlaps(*last);
        if one {
            *last = last.to(*next);
        }
        one
    });
    spans
}

/// Whether the byte at `at` is one that must not be shown.
pub(super) fn is_hidden(hidden: &[Span], at: usize) -> bool {
    let before = hidden.partition_point(|secret| secret.start as usize <= at);
    before.checked_sub(1).and_then(|last| hidden.get(last)).is_some_and(|last| last.end as usize > at)
}

/// What stands under `span`, credentials as stars.
pub(super) fn shown(document: &Document, hidden: &[Span], span: Span) -> String {
    let text = span.of(document.text());
    if !hidden.iter().any(|secret| secret.overlaps(span)) {
        return text.to_owned();
    }
    text.char_indices()
        .map(|(at, c)| if c != '\n' && is_hidden(hidden, span.start as usize + at) { '*' } else { c })
        .collect()
}
