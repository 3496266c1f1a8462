//! Page: `rules/notebook/copied-function.md`.

use crate::notebook::Origin;
use crate::project::document::Document;
use crate::python::facts::Function;
use crate::python::symbols::FastMap;
use crate::rules::survey::Survey;
use crate::snapshot::RepoPath;
use crate::text::Span;
use std::collections::{BTreeMap, HashSet};

/// So many other places are shown.
const SHOWN: usize = 5;

/// Functions that stand in several notebooks with the same name and body.
pub(super) fn check(survey: &mut Survey<'_, '_>) {
    // What only some files say cannot be compared with the rest.
    if !survey.items.whole {
        return;
    }
    let mut groups: BTreeMap<(String, String), Vec<(RepoPath, Span)>> = BTreeMap::new();
    let documents = survey.project.documents().iter().filter(|document| document.asked && is_ours(document));
    let functions: Vec<(&Document, &Function, &str)> = documents
        .flat_map(|document| {
            let facts = &document.python;
            let plain = facts.functions.iter().filter(|row| row.scope == 0 && row.decorators.is_empty());
            plain.map(move |function| (document, function, facts.text(function.name)))
        })
        .collect();
    let mut counts: FastMap<&str, usize> = FastMap::default();
    for (_, _, name) in &functions {
        *counts.entry(name).or_default() += 1;
    }
    // Most names stand once, and nothing else can have them.
    for (document, function, name) in functions.into_iter().filter(|(_, _, name)| counts.get(name) > Some(&1)) {
        let Some(settings) = survey.settings(&document.path) else { continue };
        let Some(code) = normal(document, function, settings.integer("min-lines") as usize) else { continue };
        groups.entry((name.to_owned(), code)).or_default().push((document.path.clone(), function.name_span));
    }
    for ((name, _), mut places) in groups {
        places.dedup_by(|a, b| a.0 == b.0);
        let Some(((path, span), others)) = places.split_first() else { continue };
        let least = survey.settings(path).map_or(usize::MAX, |settings| settings.integer("min-copies") as usize);
        // Where all of a notebook was copied, its functions are not what is copied.
        let texts = places.iter().filter_map(|(path, _)| survey.project.document(path).map(Document::text));
        if texts.collect::<HashSet<&str>>().len() < least.max(2) {
            continue;
        }
        let message = format!(
            "the same function `{name}` stands in {} notebooks: move it to a module and import it",
            places.len()
        );
        let shown: Vec<_> = others.iter().take(SHOWN).cloned().collect();
        if let Some(finding) = survey.report_at(path, *span, message) {
            for (path, span) in shown {
                finding.note(path, span, "the same function");
            }
        }
    }
}

/// Whether a document is a notebook that may be for Databricks.
fn is_ours(document: &Document) -> bool {
    document.notebook.as_ref().is_some_and(|notebook| notebook.origin != Origin::Elsewhere)
}

/// A function's code without comments, blank lines, and blanks around lines; `None` if it is too short to matter.
fn normal(document: &Document, function: &Function, least: usize) -> Option<String> {
    let code = function.span.of(document.text());
    let lines = code.lines().map(|line| line.strip_prefix("# MAGIC").unwrap_or(line).trim());
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    (lines.len() > least).then(|| lines.join("\n"))
}
