//! Documents asked about × rules that apply, in parallel.
//!
//! The verdict does not depend on the number of threads or the order of files: documents are looked at one
//! by one, and findings are sorted at the end.

pub mod since;

use crate::config::Lookup;
use crate::finding::{Finding, Severity};
use crate::flow::Flow;
use crate::guard;
use crate::names::Namespaces;
use crate::names::local::UnknownKind;
use crate::project::document::{Document, ProblemKind};
use crate::project::{Project, Request};
use crate::rules::book::{Book, Rule};
use crate::rules::context::{Context, RuleSettings, Target};
use crate::rules::secrets::redacted;
use crate::rules::survey::{ByPath, Items, Survey};
use crate::snapshot::{RepoPath, Snapshot};
use crate::suppress::{self, UNUSED_IGNORE};
use crate::text::Span;
use rayon::prelude::*;
use since::Delta;
use std::borrow::Cow;
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Up to this many documents are checked on the calling thread: waking other threads costs more.
const FEW: usize = 8;

/// From this runtime on `%pip` leaves the state of Python alone.
///
/// Source: Databricks documentation, "Notebook-scoped Python libraries".
const PIP_KEEPS_STATE: (u16, u16) = (13, 0);

/// The rule of findings that say that a rule of ours failed.
pub const INTERNAL_ERROR: &str = "internal-error";

/// What is to be checked, and how.
pub struct Setup<'a> {
    /// The rules.
    pub book: &'a Book,
    /// Where bytes come from.
    pub snapshot: Arc<dyn Snapshot>,
    /// What holds for each path.
    pub settings: &'a dyn Lookup,
    /// The files asked about.
    pub asked: Vec<RepoPath>,
    /// Lists every file of the snapshot that matters; called only if the answer needs it.
    pub everything: &'a (dyn Fn() -> Vec<RepoPath> + Sync),
    /// Called for each file that is read, from any thread.
    pub progress: &'a (dyn Fn() + Sync),
    /// Files as such, for the rules that look at names and sizes; without, those do not run.
    pub items: Option<Items<'a>>,
    /// Whether every file of the snapshot that matters is asked about.
    pub whole: bool,
    /// If only what a change is to blame for is asked: the change.
    pub delta: Option<&'a Delta>,
}

/// What came out.
pub struct Outcome {
    /// The documents.
    pub project: Project,
    /// Findings, sorted by path and place.
    pub findings: Vec<Finding>,
    /// How many files asked about could not be read; such a run must not end with 0 or 1.
    pub unread: usize,
    /// How many rules failed; such a run must not end with 0 or 1 either.
    pub failures: usize,
    /// How many notebooks asked about are not fully known, and for how many each reason holds.
    pub partly_known: (usize, BTreeMap<UnknownKind, usize>),
    /// How long reading took.
    pub reading: Duration,
    /// How long checking took.
    pub checking: Duration,
}

/// Reads what was asked about and what it depends on, and checks it.
pub fn check(setup: &Setup<'_>) -> Outcome {
    let start = Instant::now();
    let options = |path: &RepoPath| setup.settings.for_path(path).read.clone();
    let wants_names = is_on(setup, Rule::is_about_names);
    let wants_callers = wants_names || is_on(setup, Rule::is_about_callers);
    let load = |asked: &[RepoPath]| {
        let request = Request {
            asked,
            everything: setup.everything,
            options: &options,
            progress: setup.progress,
            names: wants_callers,
            targets: true,
            whole: setup.whole,
        };
        Project::load(setup.snapshot.clone(), &request)
    };
    let mut project = load(&setup.asked);
    if let Some(delta) = setup.delta {
        let dependents = delta.dependents(setup, &project);
        if !dependents.is_empty() {
            project = load(&[&setup.asked, dependents].concat());
        }
    }
    let reading = start.elapsed();
    let pip_wipes = |path: &RepoPath| pip_wipes(setup.settings, path);
    let (names, names_failed) = match guard::caught(|| wants_names.then(|| Namespaces::new(&project, &pip_wipes))) {
        Ok(names) => (names.unwrap_or_else(|| Namespaces::nothing(&project)), None),
        Err(reason) => (Namespaces::nothing(&project), Some(reason)),
    };
    let asked: Vec<&Document> = project.documents().iter().filter(|document| document.asked).collect();
    let mut surveyed = survey(setup, &project);
    let check = |document: &&Document| {
        let own = surveyed.get(&document.path).cloned().unwrap_or_default();
        check_document(setup, &names, document, own, asked.len() > FEW)
    };
    let mut findings: Vec<Finding> = if asked.len() <= FEW {
        asked.iter().flat_map(check).collect()
    } else {
        asked.par_iter().flat_map_iter(check).collect()
    };
    for document in &asked {
        surveyed.remove(&document.path);
    }
    findings.extend(surveyed.into_values().flatten());
    if let (Some(reason), Some(first)) = (&names_failed, asked.first()) {
        findings.push(failure(first, "the analysis of names", reason));
    }
    if let Some(delta) = setup.delta {
        delta.retain(setup, &project, &mut findings);
    }
    sort(&mut findings);
    let wanted: HashSet<&RepoPath> = setup.asked.iter().collect();
    let unread = asked
        .iter()
        .filter(|document| wanted.contains(&document.path))
        .filter(|document| document.problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable))
        .count();
    let failures = findings.iter().filter(|finding| &*finding.rule == INTERNAL_ERROR).count();
    let partly_known = names.partly_known();
    let checking = start.elapsed().saturating_sub(reading);
    Outcome { project, findings, unread, failures, partly_known, reading, checking }
}

/// All findings of one document of a project, whether it is asked about or not, sorted. Rules about files as such are
/// left out.
pub fn check_one(setup: &Setup<'_>, names: &Namespaces<'_>, document: &Document) -> Vec<Finding> {
    let mut findings = check_document(setup, names, document, Vec::new(), true);
    sort(&mut findings);
    findings
}

/// Whether `%pip` restarts Python in the runtime that a file is for.
pub fn pip_wipes(settings: &dyn Lookup, path: &RepoPath) -> bool {
    settings.for_path(path).target.dbr.is_some_and(|dbr| dbr < PIP_KEEPS_STATE)
}

/// Reads files and all that what they say of names depends on; with `callers` also every notebook that runs them.
pub fn load(setup: &Setup<'_>, callers: bool) -> Project {
    let options = |path: &RepoPath| setup.settings.for_path(path).read.clone();
    let request = Request {
        asked: &setup.asked,
        everything: setup.everything,
        options: &options,
        progress: setup.progress,
        names: true,
        targets: false,
        whole: setup.whole,
    };
    if callers {
        Project::load_with_callers(setup.snapshot.clone(), &request)
    } else {
        Project::load(setup.snapshot.clone(), &request)
    }
}

/// Whether a rule of that kind is on for some file asked about.
fn is_on(setup: &Setup<'_>, is_it: impl Fn(&Rule) -> bool) -> bool {
    let wanted: Vec<usize> = (0..).zip(setup.book.rules()).filter(|(_, rule)| is_it(rule)).map(|(at, _)| at).collect();
    !wanted.is_empty()
        && setup.asked.iter().any(|path| {
            let settings = setup.settings.for_path(path);
            wanted.iter().any(|&at| settings.rules.get(at).is_some_and(Option::is_some))
        })
}

/// Sorts findings by path and place and drops those that are said twice.
pub fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| (&a.path, a.span, &a.rule, &a.message).cmp(&(&b.path, b.span, &b.rule, &b.message)));
    findings.dedup_by(|a, b| (&a.path, a.span, &a.rule, &a.message) == (&b.path, b.span, &b.rule, &b.message));
}

/// Runs the rules that look at files as such.
fn survey(setup: &Setup<'_>, project: &Project) -> ByPath {
    let Some(items) = setup.items else { return ByPath::new() };
    let survey = |(at, rule): (usize, &Rule)| {
        let settings = |path: &RepoPath| setup.settings.for_path(path).rules.get(at).cloned().flatten();
        let mut survey = Survey::new(rule.page.name.clone(), project, items, &settings);
        match guard::caught(|| setup.book.time(at, || rule.survey(&mut survey))) {
            Ok(()) => survey.into_findings(),
            Err(reason) => {
                vec![failure_at(&RepoPath::root(), &format!("the rule `{}`", rule.page.name), &reason)]
            }
        }
    };
    let rules = setup.book.rules();
    let found: Vec<Finding> = if items.asked.len() <= FEW {
        rules.iter().enumerate().filter(|(_, rule)| rule.surveys()).flat_map(survey).collect()
    } else {
        rules.par_iter().enumerate().filter(|(_, rule)| rule.surveys()).flat_map_iter(survey).collect()
    };
    let mut by_path = ByPath::new();
    for finding in found {
        by_path.entry(finding.path.clone()).or_default().push(finding);
    }
    by_path
}

/// All findings of one document, after suppression; `findings` are those that are known already. `many` says that it is
/// one of many.
fn check_document(
    setup: &Setup<'_>,
    names: &Namespaces<'_>,
    document: &Document,
    mut findings: Vec<Finding>,
    many: bool,
) -> Vec<Finding> {
    let settings = setup.settings.for_path(&document.path);
    let mut ran: Vec<&str> = Vec::new();
    let mut literals = setup.book.literals(document.text(), many);
    let flow = Flow::new(names, document);
    let target = settings.target.or(&names.project.target(document));
    for (at, (rule, rule_settings)) in setup.book.rules().iter().zip(&settings.rules).enumerate() {
        let Some(rule_settings) = rule_settings else { continue };
        ran.push(&rule.page.name);
        if setup.book.concerns(at, document, &mut literals) {
            let found = setup.book.time(at, || run(rule, rule_settings, &target, names, &flow, document));
            findings.extend(found);
        }
    }
    let unused = setup.book.position(UNUSED_IGNORE).and_then(|at| settings.rules.get(at)).and_then(Option::as_ref);
    let known = || setup.book.rules().iter().map(|rule| (&*rule.page.name, &*rule.page.group)).collect();
    let severity = unused.map(|settings| settings.severity);
    guard::caught(|| suppress::apply(document, findings, &ran, known, severity))
        .unwrap_or_else(|reason| vec![failure(document, "the reading of `brickgate: ignore` comments", &reason)])
}

/// Runs one rule on one document. If the rule fails, the finding says so, and all else goes on.
fn run<'a>(
    rule: &Rule,
    rule_settings: &'a RuleSettings,
    target: &'a Target,
    names: &'a Namespaces<'a>,
    flow: &'a Flow<'a>,
    document: &'a Document,
) -> Vec<Finding> {
    let mut context = Context::new(rule.page.name.clone(), document, names, flow, rule_settings, target);
    match guard::caught(|| rule.run(&mut context)) {
        Ok(()) => {
            let mut findings = context.into_findings();
            // Messages quote what stands in the code; a credential must not come along.
            for finding in &mut findings {
                if let Cow::Owned(message) = redacted(&finding.message) {
                    finding.message = message;
                }
            }
            findings
        }
        Err(reason) => vec![failure(document, &format!("the rule `{}`", rule.page.name), &reason)],
    }
}

/// The finding that says that something of ours failed.
fn failure(document: &Document, what: &str, reason: &str) -> Finding {
    failure_at(&document.path, what, reason)
}

fn failure_at(path: &RepoPath, what: &str, reason: &str) -> Finding {
    Finding {
        rule: Arc::from(INTERNAL_ERROR),
        path: path.clone(),
        span: Span::at(0),
        message: format!("{what} failed on this file ({reason}); this is a fault of brickgate, please report it"),
        severity: Severity::Error,
        fix: None,
        notes: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Configs, Overrides};
    use crate::snapshot::memory::Memory;

    fn check_with(book: &Book, files: &[(&str, &str)]) -> Vec<String> {
        let snapshot: Arc<dyn Snapshot> = Arc::new(Memory::of(files));
        let settings = Configs::new(&*snapshot, book.rules().iter().map(|rule| &rule.page), &Overrides::default());
        let asked = files.iter().map(|(path, _)| RepoPath::new(path)).collect();
        let outcome = check(&Setup {
            book,
            snapshot: Arc::clone(&snapshot),
            settings: &settings,
            asked,
            everything: &Vec::new,
            progress: &|| {},
            items: None,
            whole: true,
            delta: None,
        });
        assert_eq!(outcome.failures, outcome.findings.iter().filter(|found| &*found.rule == INTERNAL_ERROR).count());
        outcome.findings.iter().map(|found| format!("{}: {}", found.path, found.rule)).collect()
    }

    /// Fails on files that say so.
    fn fails(context: &mut Context<'_>) {
        assert!(!context.document.text().contains("fail here"), "no luck");
        context.report(Span::at(0), "looked at");
    }

    #[test]
    fn a_rule_that_fails_costs_one_file_one_finding() {
        let book = Book::builtin().with_check("empty-notebook", fails);
        let bad = "# Databricks notebook source\n# fail here\n%run x";
        let good = "# Databricks notebook source\n%run x";
        let files = [("a.py", good), ("b.py", bad), ("c.py", good)];
        let with = |path: &str, rules: &[&str]| rules.iter().map(|rule| format!("{path}: {rule}")).collect::<Vec<_>>();
        let expected: Vec<String> = [
            with("a.py", &["bare-magic", "empty-notebook", "run-bare-path"]),
            with("b.py", &["internal-error", "run-not-alone"]),
            with("c.py", &["bare-magic", "empty-notebook", "run-bare-path"]),
        ]
        .concat();
        let mut found = check_with(&book, &files);
        found.sort();
        assert_eq!(found, expected);
    }

    #[test]
    fn what_is_said_twice_is_said_once() {
        let finding = |path: &str, at: u32, message: &str| Finding {
            rule: Arc::from("r"),
            path: RepoPath::new(path),
            span: Span::at(at),
            message: message.to_owned(),
            severity: Severity::Error,
            fix: None,
            notes: Vec::new(),
        };
        let mut findings = vec![finding("b", 1, "x"), finding("a", 9, "x"), finding("b", 1, "x"), finding("a", 2, "y")];
        sort(&mut findings);
        let order: Vec<_> = findings.iter().map(|found| (found.path.as_str(), found.span.start)).collect();
        assert_eq!(order, [("a", 2), ("a", 9), ("b", 1)]);
    }
}
