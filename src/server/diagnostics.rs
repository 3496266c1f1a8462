//! Findings as editors show them.

use super::room::is_idle;
use super::view::View;
use crate::baseline::{Baseline, Scope};
use crate::finding::{Finding, Severity};
use crate::project::Project;
use serde_json::{Value, json};
use std::sync::Arc;

/// A finding, and the text in which it is shown.
pub(super) fn json(view: &View, project: &Project, finding: &Finding) -> (Arc<str>, Value) {
    let place = match project.document(&finding.path) {
        Some(document) => view.location(document, finding.span),
        None => view.start(&finding.path),
    };
    let severity = match finding.severity {
        Severity::Error => 1,
        Severity::Warning => 2,
        Severity::Info => 3,
    };
    let mut row = json!({
        "range": place.range.json(),
        "severity": severity,
        "code": &*finding.rule,
        "source": "brickgate",
        "message": finding.message,
    });
    if is_idle(&finding.rule) {
        row["tags"] = json!([1]);
    }
    if !finding.notes.is_empty() {
        let notes = finding.notes.iter().map(|note| {
            let place = match project.document(&note.path) {
                Some(document) => view.location(document, note.span),
                None => view.start(&note.path),
            };
            json!({ "location": place.json(), "message": note.message })
        });
        row["relatedInformation"] = notes.collect();
    }
    (place.uri, row)
}

/// Findings without those that a baseline lets pass.
pub(super) fn without_baseline(baseline: Option<&Baseline>, project: &Project, found: Vec<Finding>) -> Vec<Finding> {
    let Some(baseline) = baseline else { return found };
    let scope = Scope { judges: &|_| false, is_gone: &|_| false };
    baseline.compare(found, project, &scope).new
}
