//! Applying fixes until nothing changes. Nothing is written to disk here.

mod ignores;

use crate::engine::{self, Outcome, Setup};
use crate::finding::{Finding, Fix, Safety};
use crate::notebook::ipynb;
use crate::project::document::{Document, ProblemKind};
use crate::project::{Project, Request};
use crate::python::facts::SyntaxErrorKind;
use crate::snapshot::overlay::Overlay;
use crate::snapshot::{RepoPath, Snapshot};
use crate::text::Span;
use crate::text::edit::{self, Edit};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;

pub use ignores::{Known, ignore_all};

/// After so many rounds fixes undo each other, and we stop.
const MOST_ROUNDS: usize = 20;

/// What became of a project.
pub struct Fixed {
    /// Files that changed.
    pub texts: BTreeMap<RepoPath, Texts>,
    /// The verdict on the fixed files.
    pub outcome: Outcome,
    /// How many fixes were made, by rule.
    pub counts: BTreeMap<Arc<str>, usize>,
    /// Fixes that were to be made and were not. Their findings are among those of the outcome.
    pub refused: Vec<Refused>,
    /// Whether it came to rest; if not, fixes kept undoing each other.
    pub settled: bool,
    /// How many files were formatted after that.
    pub formatted: usize,
    /// How many files changed before that.
    pub mended: usize,
}

impl Fixed {
    /// A verdict, and nothing changed yet.
    pub const fn new(outcome: Outcome) -> Self {
        Self {
            texts: BTreeMap::new(),
            outcome,
            counts: BTreeMap::new(),
            refused: Vec::new(),
            settled: true,
            formatted: 0,
            mended: 0,
        }
    }
}

/// A file before and after, whole (for `.ipynb`: its JSON).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts {
    /// As it was read.
    pub old: String,
    /// As it is to be.
    pub new: String,
}

/// A fix that was not made.
#[derive(Clone, Debug)]
pub struct Refused {
    /// What it was to mend.
    pub finding: Finding,
    /// Why not.
    pub reason: &'static str,
}

/// Fixes of one file that are to be made together.
struct Plan {
    path: RepoPath,
    /// The file before, for this round.
    raw: String,
    fixes: Vec<Finding>,
    new: String,
    refused: Vec<Refused>,
}

/// Checks, makes the fixes that can be made together, and checks again, until no fix is left that can be made.
/// A fix that would break the code of a file is dropped. `unsafe_too` makes fixes that may change the meaning, too.
pub fn fix_all(setup: &Setup<'_>, unsafe_too: bool) -> Fixed {
    let mut fixed = Fixed::new(engine::check(setup));
    for _ in 0..MOST_ROUNDS {
        fixed.refused.clear();
        fixed.mended = fixed.texts.len();
        let mut plans = plan(setup, &fixed.outcome, unsafe_too, &mut fixed.refused);
        if plans.is_empty() {
            return fixed;
        }
        let mut next = engine::check(&laid_over(setup, &fixed.texts, &plans));
        let mut broken = false;
        for plan in &mut plans {
            let before = fixed.outcome.project.document(&plan.path);
            let allowed = before.map_or(0, trouble);
            if next.project.document(&plan.path).is_none_or(|after| trouble(after) > allowed) {
                broken = true;
                if let Some(document) = before {
                    mend(setup, &fixed.texts, document, allowed, plan);
                }
            }
        }
        for plan in &mut plans {
            fixed.refused.append(&mut plan.refused);
        }
        plans.retain(|plan| plan.new != plan.raw);
        if plans.is_empty() {
            return fixed;
        }
        if broken {
            next = engine::check(&laid_over(setup, &fixed.texts, &plans));
        }
        for plan in plans {
            for fix in plan.fixes {
                *fixed.counts.entry(fix.rule).or_default() += 1;
            }
            let texts = fixed.texts.entry(plan.path).or_insert(Texts { old: plan.raw, new: String::new() });
            texts.new = plan.new;
        }
        fixed.outcome = next;
    }
    fixed.refused.clear();
    fixed.mended = fixed.texts.len();
    fixed.settled = false;
    fixed
}

/// Gives the new text of a file, if it changes.
pub type Rewrite<'a> = &'a (dyn Fn(&RepoPath, &str) -> Option<String> + Sync);

/// Gives every file that was asked about to `format`, and checks again if that changed any.
pub fn format_all(setup: &Setup<'_>, mut fixed: Fixed, format: Rewrite<'_>) -> Fixed {
    let readable = |document: &&Document| {
        document.asked
            && setup.delta.is_none_or(|delta| delta.mends(&document.path))
            && !document.problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable)
    };
    let documents: Vec<&Document> = fixed.outcome.project.documents().iter().filter(readable).collect();
    let changed: Vec<(RepoPath, Texts)> = documents
        .into_par_iter()
        .filter_map(|document| {
            let new = format(&document.path, &document.raw)?;
            Some((document.path.clone(), Texts { old: document.raw.clone(), new }))
        })
        .collect();
    (fixed.formatted, fixed.mended) = (changed.len(), fixed.texts.len());
    if changed.is_empty() {
        return fixed;
    }
    for (path, texts) in changed {
        match fixed.texts.entry(path) {
            Entry::Occupied(mut known) => known.get_mut().new = texts.new,
            Entry::Vacant(place) => drop(place.insert(texts)),
        }
    }
    fixed.texts.retain(|_, texts| texts.old != texts.new);
    fixed.outcome = engine::check(&with_texts(setup, &fixed.texts));
    fixed
}

/// The same setup with the files as they are by now.
fn with_texts<'a>(setup: &Setup<'a>, texts: &BTreeMap<RepoPath, Texts>) -> Setup<'a> {
    laid_over(setup, texts, &[])
}

/// The same setup with the files as they are by now and as the plans make them.
fn laid_over<'a>(setup: &Setup<'a>, texts: &BTreeMap<RepoPath, Texts>, plans: &[Plan]) -> Setup<'a> {
    let mut files: BTreeMap<RepoPath, Option<Vec<u8>>> =
        texts.iter().map(|(path, texts)| (path.clone(), Some(texts.new.clone().into_bytes()))).collect();
    files.extend(plans.iter().map(|plan| (plan.path.clone(), Some(plan.new.clone().into_bytes()))));
    let snapshot = Arc::new(Overlay::new(setup.snapshot.clone(), files));
    Setup { snapshot, asked: setup.asked.clone(), ..*setup }
}

/// For each file, as many of its fixes as do not touch each other.
fn plan(setup: &Setup<'_>, outcome: &Outcome, unsafe_too: bool, refused: &mut Vec<Refused>) -> Vec<Plan> {
    let wanted = |finding: &&Finding| {
        let makes = |fix: &Fix| !fix.edits.is_empty() || !fix.file_edits.is_empty();
        setup.delta.is_none_or(|delta| delta.mends(&finding.path))
            && finding.fix.as_ref().is_some_and(|fix| (unsafe_too || fix.safety == Safety::Safe) && makes(fix))
    };
    let mut by_file: BTreeMap<&RepoPath, Vec<&Finding>> = BTreeMap::new();
    for finding in outcome.findings.iter().filter(wanted) {
        by_file.entry(&finding.path).or_default().push(finding);
    }
    let mut plans = Vec::new();
    for (path, mut findings) in by_file {
        let Some(document) = outcome.project.document(path) else { continue };
        findings.sort_by_key(|finding| edits(finding).iter().map(|edit| edit.span).min());
        let mut taken = Taken::default();
        let mut taken_in_file = Taken::default();
        // What touches a fix that is taken waits for the next round.
        let mut fixes: Vec<&Finding> = findings
            .into_iter()
            .filter(|finding| {
                taken_in_file.has_room(file_edits(finding))
                    && taken.take(edits(finding))
                    && taken_in_file.take(file_edits(finding))
            })
            .collect();
        let mut new = rewrite(document, &fixes);
        if new.is_none() {
            // One alone does not fit. Asking that of each costs a copy of the file each, so only now.
            fixes.retain(|finding| {
                let fits = rewrite(document, &[finding]).is_some();
                if !fits {
                    refused.push(Refused { finding: (*finding).clone(), reason: "its edits do not fit the file" });
                }
                fits
            });
            new = rewrite(document, &fixes);
        }
        let Some(new) = new.filter(|new| *new != document.raw) else { continue };
        let fixes = fixes.into_iter().cloned().collect();
        plans.push(Plan { path: path.clone(), raw: document.raw.clone(), fixes, new, refused: Vec::new() });
    }
    plans
}

fn edits(finding: &Finding) -> &[Edit] {
    finding.fix.as_ref().map_or(&[], |fix| &fix.edits)
}

fn file_edits(finding: &Finding) -> &[Edit] {
    finding.fix.as_ref().map_or(&[], |fix| &fix.file_edits)
}

/// The file with these fixes made; `None` if they overlap or do not fit.
fn rewrite(document: &Document, fixes: &[&Finding]) -> Option<String> {
    let edits: Vec<Edit> = fixes.iter().flat_map(|finding| edits(finding)).cloned().collect();
    let file_edits: Vec<Edit> = fixes.iter().flat_map(|finding| file_edits(finding)).cloned().collect();
    with_edits(document, &edits, &file_edits)
}

/// The file with these edits of its text made; `None` if they overlap or do not fit.
fn rewritten(document: &Document, edits: &[Edit]) -> Option<String> {
    with_edits(document, edits, &[])
}

fn with_edits(document: &Document, edits: &[Edit], file_edits: &[Edit]) -> Option<String> {
    match (&document.notebook, &document.joined) {
        (Some(notebook), Some(joined)) => ipynb::write_all(&document.raw, notebook, joined, edits, file_edits),
        _ => edit::apply(&document.raw, edits),
    }
}

/// Places that are spoken for.
#[derive(Default)]
struct Taken(BTreeMap<u32, u32>);

impl Taken {
    /// Whether none of the edits overlaps or touches what is taken already.
    fn has_room(&self, edits: &[Edit]) -> bool {
        let is_free = |span: Span| self.0.range(..=span.end).next_back().is_none_or(|(_, &end)| end < span.start);
        edits.iter().all(|edit| is_free(edit.span))
    }

    /// Takes the places of all edits if there is room for them.
    fn take(&mut self, edits: &[Edit]) -> bool {
        if !self.has_room(edits) {
            return false;
        }
        for Edit { span, .. } in edits {
            let end = self.0.entry(span.start).or_default();
            *end = (*end).max(span.end);
        }
        true
    }
}

/// How much of a document cannot be understood.
fn trouble(document: &Document) -> usize {
    let invalid = document.python.syntax_errors.iter().filter(|error| error.kind == SyntaxErrorKind::Invalid);
    invalid.count() + document.python.too_deep.len() + document.problems.len()
}

/// Drops from a plan the fixes that break the file, and only these.
fn mend(setup: &Setup<'_>, texts: &BTreeMap<RepoPath, Texts>, document: &Document, allowed: usize, plan: &mut Plan) {
    let reads_well = |fixes: &[&Finding]| {
        let Some(new) = rewrite(document, fixes) else { return false };
        let files = texts.iter().map(|(path, texts)| (path.clone(), Some(texts.new.clone().into_bytes())));
        let own = (document.path.clone(), Some(new.into_bytes()));
        let snapshot: Arc<dyn Snapshot> =
            Arc::new(Overlay::new(setup.snapshot.clone(), files.chain(std::iter::once(own)).collect()));
        let options = |path: &RepoPath| setup.settings.for_path(path).read.clone();
        let request = Request {
            asked: std::slice::from_ref(&document.path),
            everything: &Vec::new,
            options: &options,
            progress: &|| {},
            names: false,
            targets: false,
            whole: false,
        };
        Project::load(snapshot, &request).document(&document.path).is_some_and(|after| trouble(after) <= allowed)
    };
    let fixes = std::mem::take(&mut plan.fixes);
    let mut kept: Vec<&Finding> = Vec::new();
    let mut dropped: Vec<&Finding> = Vec::new();
    // Halves that read well are kept whole, so that one bad fix among many costs few readings.
    let all: Vec<&Finding> = fixes.iter().collect();
    let mut waiting: Vec<&[&Finding]> = vec![&all];
    while let Some(part) = waiting.pop() {
        let with: Vec<&Finding> = kept.iter().chain(part).copied().collect();
        if part.is_empty() || reads_well(&with) {
            kept = with;
        } else if let [culprit] = part {
            dropped.push(culprit);
        } else {
            let (first, second) = part.split_at(part.len() / 2);
            waiting.push(second);
            waiting.push(first);
        }
    }
    plan.new = rewrite(document, &kept).unwrap_or_else(|| plan.raw.clone());
    let reason = "the code would not parse any more";
    plan.refused.extend(dropped.iter().map(|&finding| Refused { finding: finding.clone(), reason }));
    plan.fixes = kept.into_iter().cloned().collect();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Configs, Overrides};
    use crate::rules::book::Book;
    use crate::snapshot::memory::Memory;

    /// A page whose fix puts `template` where `query` finds something.
    fn page(query: &str, template: &str, safe: bool) -> String {
        format!(
            "# A rule\n\n```toml rule\nseverity = \"error\"\napplies-to = [\"module\", \"notebook\"]\n\
             since = \"0.1.0\"\nmessage = \"wrong\"\n[fix]\ntitle = \"Mend\"\ntemplate = \"{template}\"\n\
             safe = {safe}\n```\n\n```scm query\n{query}\n```\n\nWhy.\n"
        )
    }

    fn rename(from: &str, to: &str) -> String {
        page(&format!("((identifier) @here (#eq? @here \"{from}\"))"), to, true)
    }

    /// What becomes of `text` in the file `path` with rules of these names and pages.
    fn fixed(path: &str, text: &str, rules: &[(&str, String)], unsafe_too: bool) -> (String, Fixed) {
        let mut files: BTreeMap<RepoPath, Vec<u8>> =
            rules.iter().map(|(name, page)| (RepoPath::new(&format!("own/{name}.md")), page.clone().into())).collect();
        files.insert(RepoPath::new(path), text.into());
        let snapshot: Arc<dyn Snapshot> = Arc::new(Memory::new(files));
        let book = Book::builtin().with_pages(&*snapshot, &[RepoPath::new("own")]).unwrap();
        let overrides = Overrides { select: vec!["own/*".to_owned()], isolated: true, ..Overrides::default() };
        let configs = Configs::new(&*snapshot, book.rules().iter().map(|rule| &rule.page), &overrides);
        let setup = Setup {
            book: &book,
            snapshot: snapshot.clone(),
            settings: &configs,
            asked: vec![RepoPath::new(path)],
            everything: &|| vec![RepoPath::new(path)],
            progress: &|| {},
            items: None,
            whole: true,
            delta: None,
        };
        let fixed = fix_all(&setup, unsafe_too);
        assert!(book.broken().is_empty(), "{:?}", book.broken());
        let new = fixed.texts.get(&RepoPath::new(path)).map_or(text, |texts| &texts.new).to_owned();
        (new, fixed)
    }

    #[test]
    fn a_fix_that_breaks_the_code_is_dropped_alone() {
        let rules = [("old", rename("old", "new")), ("breaks", rename("bad", "bad("))];
        let (new, fixed) = fixed("m.py", "old = bad\nx = [old, old]\n", &rules, false);
        assert_eq!(new, "new = bad\nx = [new, new]\n");
        assert_eq!(fixed.counts.iter().map(|(rule, count)| (&**rule, *count)).collect::<Vec<_>>(), [("old", 3)]);
        assert_eq!(fixed.refused.iter().map(|refused| &*refused.finding.rule).collect::<Vec<_>>(), ["breaks"]);
        assert_eq!(fixed.outcome.findings.len(), 1);
        assert!(fixed.settled);
    }

    #[test]
    fn code_that_did_not_parse_before_can_be_fixed_all_the_same() {
        let (new, fixed) = fixed("m.py", "old = 1\nx = )\n", &[("old", rename("old", "new"))], false);
        assert_eq!(new, "new = 1\nx = )\n");
        assert!(fixed.refused.is_empty());
    }

    #[test]
    fn fixes_that_overlap_wait_for_each_other() {
        let query = "(parenthesized_expression (parenthesized_expression) @inner) @here";
        let (new, fixed) = fixed("m.py", "x = ((((1))))\n", &[("parens", page(query, "{inner}", true))], false);
        assert_eq!(new, "x = (1)\n");
        assert_eq!(fixed.counts.values().sum::<usize>(), 3);
    }

    #[test]
    fn unsafe_fixes_are_made_on_demand() {
        let rules = [("old", page("((identifier) @here (#eq? @here \"old\"))", "new", false))];
        assert_eq!(fixed("m.py", "old\n", &rules, false).0, "old\n");
        assert_eq!(fixed("m.py", "old\n", &rules, true).0, "new\n");
    }

    #[test]
    fn fixes_that_undo_each_other_come_to_an_end() {
        let rules = [("ping", rename("ping", "pong")), ("pong", rename("pong", "ping"))];
        let (_, fixed) = fixed("m.py", "ping\n", &rules, false);
        assert!(!fixed.settled);
    }

    #[test]
    fn notebooks_in_json_keep_every_other_byte() {
        let raw = "{\"cells\": [{\"cell_type\": \"code\",  \"metadata\": {}, \"outputs\": [],\n \"execution_count\": 3,\n \
                   \"source\": [\"old = 1\\n\", \"y = 2\"]}],\n\"metadata\": {\"language_info\": {\"name\": \"python\"}}, \
                   \"nbformat\": 4, \"nbformat_minor\": 5}";
        let (new, _) = fixed("n.ipynb", raw, &[("old", rename("old", "new"))], false);
        assert_eq!(new, raw.replace("old = 1", "new = 1"));
    }
}
