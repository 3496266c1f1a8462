//! Comments that silence what is found today, written where each reaches least.

use super::{Fixed, Texts, rewritten, trouble, with_texts};
use crate::engine::{self, Outcome, Setup};
use crate::finding::Finding;
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::suppress::{ALWAYS_ON, Spot, UNUSED_IGNORE, Way, spot};
use crate::text::Span;
use crate::text::edit::Edit;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

/// Findings by path, rule and place.
pub type Known = HashSet<(RepoPath, Arc<str>, Span)>;

/// A comment that is to be put somewhere, and the findings that it is for.
type Planned<'a> = BTreeMap<Spot, Vec<&'a Finding>>;

/// Checks, and puts a comment to each finding: at the end of its line, else above it, else before its cell, else at the
/// top of the file. A comment that does not silence its finding is taken out again. `note` is what each comment says for
/// people. What is `known` of an outcome passes anyway, and gets none. Nothing is written.
pub fn ignore_all(setup: &Setup<'_>, note: &str, known: &dyn Fn(&Outcome) -> Known) -> Fixed {
    let mut fixed = Fixed::new(engine::check(setup));
    for way in Way::ALL {
        let planned = plan(setup, &fixed.outcome, &known(&fixed.outcome), (way, note));
        if planned.is_empty() {
            continue;
        }
        let tried = with_comments(&fixed, &planned);
        let next = engine::check(&with_texts(setup, &tried));
        let mut kept: BTreeMap<RepoPath, Planned<'_>> = BTreeMap::new();
        let mut is_whole = true;
        for (path, spots) in planned {
            let (Some(before), Some(after)) = (fixed.outcome.project.document(&path), next.project.document(&path))
            else {
                continue;
            };
            let wanted = spots.len();
            let spots = silenced((before, &fixed.outcome), (after, &next), spots);
            is_whole &= spots.len() == wanted;
            if !spots.is_empty() {
                kept.insert(path, spots);
            }
        }
        if kept.is_empty() {
            continue;
        }
        for finding in kept.values().flat_map(BTreeMap::values).flatten() {
            *fixed.counts.entry(Arc::clone(&finding.rule)).or_default() += 1;
        }
        let (texts, outcome) = if is_whole {
            (tried, next)
        } else {
            let texts = with_comments(&fixed, &kept);
            let outcome = engine::check(&with_texts(setup, &texts));
            (texts, outcome)
        };
        drop(kept);
        fixed.texts = texts;
        fixed.outcome = outcome;
    }
    fixed.mended = fixed.texts.len();
    fixed
}

/// For each file, where comments are to be put. One place may be for several findings.
fn plan<'a>(
    setup: &Setup<'_>,
    outcome: &'a Outcome,
    known: &Known,
    (way, note): (Way, &str),
) -> BTreeMap<RepoPath, Planned<'a>> {
    let mut planned: BTreeMap<RepoPath, Planned<'a>> = BTreeMap::new();
    for finding in &outcome.findings {
        let is_ours = ALWAYS_ON.contains(&&*finding.rule) || &*finding.rule == UNUSED_IGNORE;
        let passes = known.contains(&(finding.path.clone(), Arc::clone(&finding.rule), finding.span));
        if is_ours || passes || !setup.delta.is_none_or(|delta| delta.mends(&finding.path)) {
            continue;
        }
        let place =
            outcome.project.document(&finding.path).and_then(|document| spot(document, finding.span, way, note));
        if let Some(place) = place {
            planned.entry(finding.path.clone()).or_default().entry(place).or_default().push(finding);
        }
    }
    planned
}

/// The edits that write these comments.
fn edits(spots: &Planned<'_>) -> Vec<Edit> {
    spots
        .iter()
        .map(|(spot, findings)| {
            let mut names: Vec<&str> = findings.iter().map(|finding| &*finding.rule).collect();
            names.sort_unstable();
            names.dedup();
            Edit::insert(spot.offset, format!("{}{}{}", spot.open, names.join(", "), spot.close))
        })
        .collect()
}

/// All files that changed so far, and these comments in them.
fn with_comments(fixed: &Fixed, planned: &BTreeMap<RepoPath, Planned<'_>>) -> BTreeMap<RepoPath, Texts> {
    let mut texts = fixed.texts.clone();
    for (path, spots) in planned {
        let Some(document) = fixed.outcome.project.document(path) else { continue };
        let Some(new) = rewritten(document, &edits(spots)) else { continue };
        let old = || Texts { old: document.raw.clone(), new: String::new() };
        texts.entry(path.clone()).or_insert_with(old).new = new;
    }
    texts
}

/// The comments that silence all that they are for, and break nothing.
fn silenced<'a>(
    (before, outcome): (&Document, &Outcome),
    (after, next): (&Document, &Outcome),
    spots: Planned<'a>,
) -> Planned<'a> {
    if trouble(after) > trouble(before) {
        return Planned::new();
    }
    let written = edits(&spots);
    // Where what stood at a place stands now.
    let moved = |offset: u32| {
        let before = written.iter().filter(|edit| edit.span.start <= offset);
        offset + before.map(|edit| u32::try_from(edit.text.len()).unwrap_or(0)).sum::<u32>()
    };
    let of_file = |finding: &&Finding| finding.path == before.path;
    let left: HashSet<(&str, u32)> =
        next.findings.iter().filter(of_file).map(|finding| (&*finding.rule, finding.span.start)).collect();
    // A finding about the whole file stands at its very start, whatever is put there.
    let places = |finding: &Finding| {
        let start = finding.span.start;
        [Some(moved(start)), (finding.span == Span::at(0)).then_some(0)]
    };
    let known: HashSet<(&str, u32)> = outcome
        .findings
        .iter()
        .filter(of_file)
        .flat_map(|finding| places(finding).into_iter().flatten().map(|start| (&*finding.rule, start)))
        .collect();
    if left.iter().any(|found| found.0 != UNUSED_IGNORE && !known.contains(found)) {
        // The comments have changed what the code is.
        return Planned::new();
    }
    let is_left =
        |finding: &Finding| places(finding).into_iter().flatten().any(|start| left.contains(&(&*finding.rule, start)));
    spots.into_iter().filter(|(_, findings)| !findings.iter().any(|finding| is_left(finding))).collect()
}
