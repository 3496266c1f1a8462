//! Runs the examples of rule pages.

use crate::config::{Configs, Lookup, Overrides, PathSettings};
use crate::engine::{self, Setup};
use crate::finding::Finding;
use crate::fix;
use crate::page::{Example, FixKind, PageProblem};
use crate::report::concise;
use crate::rules::book::{Book, Rule};
use crate::rules::survey::Items;
use crate::snapshot::item::{Item, ItemKind};
use crate::snapshot::memory::Memory;
use crate::snapshot::walk::is_of_interest;
use crate::snapshot::{RepoPath, Snapshot};
use crate::text::Span;
use crate::text::edit::{self, Edit};
use similar::{ChangeTag, TextDiff};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt;
use std::sync::Arc;

/// The settings file of an example.
const SETTINGS: &str = "brickgate.toml";

/// What came of one page.
#[derive(Debug, Default)]
pub struct Trial {
    /// How many examples it has.
    pub examples: usize,
    /// Whether an example finds something.
    pub fires: bool,
    /// Whether an example finds nothing.
    pub is_silent: bool,
    /// What is wrong with the page itself; nothing was run then.
    pub problems: Vec<PageProblem>,
    /// Where the page and the rule differ, in order of place.
    pub failures: Vec<Failure>,
    /// The page with the findings and fixed texts that came out, if it says others.
    pub updated: Option<String>,
}

impl Trial {
    /// Whether the page is right.
    pub fn passed(&self) -> bool {
        self.problems.is_empty() && self.failures.is_empty()
    }
}

/// One difference between what a page says and what happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The page.
    pub page: String,
    /// 1-based line in the page.
    pub line: u32,
    /// What differs.
    pub message: String,
    /// What the page says.
    pub expected: String,
    /// What happened.
    pub actual: String,
}

/// The place, what differs, and how: lines that the page says but did not happen with `-`, the others with `+`.
impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}", self.page, self.line, self.message)?;
        if self.expected == self.actual {
            return Ok(());
        }
        for change in TextDiff::from_lines(&self.expected, &self.actual).iter_all_changes() {
            let sign = match change.tag() {
                ChangeTag::Delete => '-',
                ChangeTag::Insert => '+',
                ChangeTag::Equal => ' ',
            };
            let line = change.value();
            // A line end that is missing, or that is no plain one, is a difference that must be seen.
            let (text, end) = match (line.strip_suffix("\r\n"), line.strip_suffix('\n')) {
                (Some(text), _) => (text, "\\r"),
                (None, Some(text)) => (text, ""),
                (None, None) => (line, "\\no newline"),
            };
            write!(f, "\n    {sign} {text}{end}")?;
        }
        Ok(())
    }
}

/// Runs all examples of a rule's page, one after the other.
pub fn run(book: &Book, rule: &Rule) -> Trial {
    let mut trial = Trial { problems: rule.problem().into_iter().collect(), ..Trial::default() };
    let examples = match rule.page.examples() {
        Ok(examples) => examples,
        Err(problems) => {
            trial.problems.extend(problems);
            return trial;
        }
    };
    if !trial.problems.is_empty() {
        return trial;
    }
    trial.examples = examples.len();
    let mut edits = Vec::new();
    for example in &examples {
        try_example(&Stage { book, rule, example }, &mut trial, &mut edits);
    }
    trial.updated = edit::apply(&rule.page.text, &edits).filter(|text| *text != *rule.page.text);
    trial
}

/// One example of one rule.
#[derive(Clone, Copy)]
struct Stage<'a> {
    book: &'a Book,
    rule: &'a Rule,
    example: &'a Example,
}

impl Stage<'_> {
    fn failure(&self, line: u32, message: impl Into<String>) -> Failure {
        let (expected, actual) = (String::new(), String::new());
        Failure { page: self.rule.page.path.clone(), line, message: message.into(), expected, actual }
    }

    /// The files of the example, with its settings file.
    fn files(&self) -> BTreeMap<RepoPath, Vec<u8>> {
        let files = self.example.files.iter().filter(|file| file.kind == ItemKind::File);
        let own = files.map(|file| (file.path.clone(), file.bytes()));
        let settings = self.example.settings.iter().map(|text| (RepoPath::new(SETTINGS), text.clone().into_bytes()));
        own.chain(settings).collect()
    }

    fn is_on(&self, rule: &Rule) -> bool {
        rule.name() == self.rule.name() || self.named().iter().any(|name| name == rule.name())
    }

    /// The rules that the example's settings name.
    fn named(&self) -> Vec<String> {
        let table = self.example.settings.as_ref().and_then(|text| text.parse::<toml::Table>().ok());
        let rules = table.as_ref().and_then(|table| table.get("rules")?.as_table());
        rules.map(|rules| rules.keys().cloned().collect()).unwrap_or_default()
    }

    /// Does something with the files of the example, where the page's rule is on and those that its settings name.
    /// Gives also what is wrong with the settings.
    fn with_setup<T>(&self, work: impl FnOnce(&Setup<'_>) -> T) -> (T, Vec<String>) {
        let files = self.files();
        let matters = |path: &&RepoPath| path.as_str() != SETTINGS && is_of_interest(OsStr::new(path.name()));
        let asked: Vec<RepoPath> = files.keys().filter(matters).cloned().collect();
        let mut items: Vec<Item> =
            self.example.files.iter().map(|file| Item { path: file.path.clone(), kind: file.kind }).collect();
        items.sort_unstable();
        let all_items = || items.as_slice();
        let all: Vec<RepoPath> = files.keys().cloned().collect();
        let snapshot: Arc<dyn Snapshot> = Arc::new(Memory::new(files));
        let overrides = Overrides { extend_select: vec![self.rule.name().to_owned()], ..Overrides::default() };
        let pages = self.book.rules().iter().map(|rule| &rule.page);
        let configs = Configs::new(&*snapshot, pages, &overrides);
        let on = self.book.rules().iter().map(|rule| self.is_on(rule)).collect();
        let done = work(&Setup {
            book: self.book,
            snapshot: Arc::clone(&snapshot),
            settings: &Only { configs: &configs, on },
            asked,
            everything: &|| all.clone(),
            progress: &|| {},
            items: Some(Items { asked: &items, whole: true, all: &all_items }),
            whole: true,
            delta: None,
        });
        let problems = configs.problems().iter().map(ToString::to_string).collect();
        (done, problems)
    }
}

/// Settings in which only some rules are on.
struct Only<'a> {
    configs: &'a Configs<'a>,
    on: Vec<bool>,
}

impl Lookup for Only<'_> {
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings> {
        let mut settings = PathSettings::clone(&self.configs.for_path(path));
        for (rule, on) in settings.rules.iter_mut().zip(&self.on) {
            if !on {
                *rule = None;
            }
        }
        Arc::new(settings)
    }
}

fn try_example(stage: &Stage<'_>, trial: &mut Trial, edits: &mut Vec<Edit>) {
    let example = stage.example;
    let (outcome, problems) = stage.with_setup(engine::check);
    for problem in problems {
        trial.failures.push(stage.failure(example.line, format!("the settings are wrong: {problem}")));
    }
    let actual: String =
        outcome.findings.iter().map(|finding| concise::line(finding, &outcome.project) + "\n").collect();
    let expected = example.findings.clone().unwrap_or_default();
    if actual.is_empty() {
        trial.is_silent = true;
    } else {
        trial.fires = true;
    }
    if sorted(&actual) != sorted(&expected) {
        let message = match (expected.is_empty(), actual.is_empty()) {
            (true, _) => "something is found where the page says nothing",
            (_, true) => "nothing is found where the page says something",
            _ => "other findings than the page says",
        };
        let failure = stage.failure(example.line, message);
        trial.failures.push(Failure { expected, actual: actual.clone(), ..failure });
        edits.push(findings_edit(stage, &actual));
    }
    trial.failures.extend(outcome.findings.iter().filter_map(|finding| claim(stage, finding)));
    if !example.fixed.is_empty() {
        compare_fixed(stage, trial, edits);
    }
}

/// Lines without trailing blanks, in an order of their own.
fn sorted(lines: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = lines.lines().map(str::trim_end).filter(|line| !line.is_empty()).collect();
    lines.sort_unstable();
    lines
}

/// A rule that has no fix, as its page says, must not come up with one.
fn claim(stage: &Stage<'_>, finding: &Finding) -> Option<Failure> {
    let hidden = stage.rule.page.head.fix == FixKind::None && finding.fix.is_some();
    let message = "a finding has a fix, but the rule block does not say so: write `fix = \"safe\"` or \"unsafe\"";
    (hidden && *finding.rule == *stage.rule.name()).then(|| stage.failure(stage.example.line, message))
}

/// The edit that makes the page say what is found.
fn findings_edit(stage: &Stage<'_>, actual: &str) -> Edit {
    let block = format!("```text findings\n{actual}```");
    match (stage.example.findings_span, actual.is_empty()) {
        (Some(span), false) => Edit::replace(span, block),
        (Some(span), true) => {
            // With the blank line before it.
            let before = stage.rule.page.text.get(..span.start as usize).unwrap_or_default();
            let start = u32::try_from(before.trim_end().len()).unwrap_or(span.start);
            Edit::delete(Span::new(start, span.end))
        }
        (None, _) => Edit::insert(stage.example.files_end, format!("\n\n{block}")),
    }
}

/// What `--fix` makes of the files, against what the page shows; a changed file that it does not show is a failure too.
fn compare_fixed(stage: &Stage<'_>, trial: &mut Trial, edits: &mut Vec<Edit>) {
    let example = stage.example;
    let unsafe_too = stage.rule.page.head.fix == FixKind::Unsafe;
    let (fixed, _) = stage.with_setup(|setup| fix::fix_all(setup, unsafe_too));
    for shown in &example.fixed {
        let untouched = || example.files.iter().find(|file| file.path == shown.path).map(|file| file.text.as_str());
        let made = fixed.texts.get(&shown.path).map(|texts| texts.new.as_str());
        let actual = made.or_else(untouched).unwrap_or_default();
        if actual == shown.text {
            continue;
        }
        let message = match made {
            Some(_) => format!("the fix makes something else of `{}`", shown.path),
            None => format!("the fix leaves `{}` as it is", shown.path),
        };
        let failure = stage.failure(shown.line, message);
        trial.failures.push(Failure { expected: shown.text.clone(), actual: actual.to_owned(), ..failure });
        if shown.verbatim && actual.ends_with('\n') && !actual.contains('\r') {
            edits.push(Edit::replace(shown.span, actual));
        }
    }
    for path in fixed.texts.keys().filter(|path| !example.fixed.iter().any(|shown| shown.path == **path)) {
        let message = format!("the fix changes `{path}`, too, which the page does not show");
        trial.failures.push(stage.failure(example.line, message));
    }
    if !fixed.settled {
        trial.failures.push(stage.failure(example.line, "the fixes undo one another without end"));
    }
}
