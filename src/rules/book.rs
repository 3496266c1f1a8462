//! The book of rules: built-in pages and a team's own, each with its check.

use super::clock::Clock;
use super::context::Context;
use super::needs::{Index, Literals, Needs};
use super::query::PageQuery;
use super::survey::{Survey, SurveyCheck};
use super::{CHECKS, Check, ENGINE_RULES, SURVEYS};
use crate::page::{Page, PageProblem};
use crate::project::document::{Document, Kind};
use crate::snapshot::{EntryKind, RepoPath, Snapshot};
use std::sync::OnceLock;

/// `(name, group, path, text)` of every page under `rules/`, sorted by name.
const PAGES: &[(&str, &str, &str, &str)] = include!(concat!(env!("OUT_DIR"), "/pages.rs"));

/// Groups whose rules ask what names mean, be it only through the flow of values.
const ABOUT_NAMES: &[&str] = &["names", "pipeline", "platform", "spark"];

/// Folders below a `pages` folder are looked into this deep; a link to a folder above would never end.
const DEEPEST: usize = 8;

/// All rules, sorted by name: a rule's index is the same for as long as the book lives.
#[derive(Debug)]
pub struct Book {
    rules: Vec<Rule>,
    index: OnceLock<Index>,
    clock: Option<Clock>,
}

/// One rule.
#[derive(Debug)]
pub struct Rule {
    /// All that is said about it.
    pub page: Page,
    /// Whether it comes with brickgate, and not from a team's own pages.
    pub built_in: bool,
    way: Way,
    survey: Option<SurveyCheck>,
    needs: Needs,
    /// The kinds of documents that it is for, a bit each.
    kinds: u8,
}

/// The bit of a kind in [`Rule::kinds`].
const fn bit(kind: Kind) -> u8 {
    1 << kind as u8
}

/// How a rule checks.
#[derive(Debug)]
enum Way {
    /// A function of this crate.
    Function(Check),
    /// The query of its page.
    Query(Box<PageQuery>),
    /// It looks at no document: see [`Rule::survey`].
    Survey,
    /// The engine makes its findings, because it alone knows.
    Engine,
}

impl Rule {
    /// Whether it looks at what names mean across documents, which costs an analysis of its own.
    pub fn is_about_names(&self) -> bool {
        ABOUT_NAMES.contains(&&*self.page.group)
    }

    /// Whether it looks at who runs a notebook, and with what.
    pub fn is_about_callers(&self) -> bool {
        self.is_about_names() || &*self.page.group == "workflow"
    }

    fn new(page: Page, built_in: bool, check: Option<Check>, survey: Option<SurveyCheck>) -> Option<Self> {
        if survey.is_some() != page.head.repository {
            return None;
        }
        let way = match (&page.query, check) {
            (Some(query), None) => Way::Query(Box::new(PageQuery::new(query.clone()))),
            (None, Some(check)) => Way::Function(check),
            (None, None) if survey.is_some() => Way::Survey,
            (None, None) if built_in && ENGINE_RULES.contains(&&*page.name) => Way::Engine,
            _ => return None,
        };
        let needs = Needs::new(&page.head.needs);
        let kinds = page.head.applies_to.iter().fold(0, |kinds, kind| kinds | bit(*kind));
        Some(Self { page, built_in, way, survey, needs, kinds })
    }

    /// Its name.
    pub fn name(&self) -> &str {
        &self.page.name
    }

    /// Whether the engine makes its findings, because it alone knows.
    pub const fn is_engine(&self) -> bool {
        matches!(self.way, Way::Engine)
    }

    /// What a text must hold for it.
    pub(super) const fn needs(&self) -> &Needs {
        &self.needs
    }

    /// Checks the document of `context`, which the rule [concerns](Self::concerns); whether the rule is on there is
    /// the caller's to know. A query that does not compile finds nothing: see [`Book::broken`].
    pub fn run(&self, context: &mut Context<'_>) {
        match &self.way {
            Way::Function(check) => check(context),
            Way::Query(query) => query.run(context, |code| self.needs.are_met_by(code)),
            Way::Survey | Way::Engine => {}
        }
    }

    /// Checks files as such, if the rule does that; whether it is on is for the survey to ask, path by path.
    pub fn survey(&self, survey: &mut Survey<'_, '_>) {
        if let Some(check) = self.survey {
            check(survey);
        }
    }

    /// Whether the rule checks files as such.
    pub const fn surveys(&self) -> bool {
        self.survey.is_some()
    }

    /// What is wrong with its query, compiling it if no run has done so yet; `None` also for functions.
    pub fn problem(&self) -> Option<PageProblem> {
        match &self.way {
            Way::Function(_) | Way::Survey | Way::Engine => None,
            Way::Query(query) => query.problem(&self.page),
        }
    }
}

impl Book {
    /// No rules.
    pub const fn empty() -> Self {
        Self { rules: Vec::new(), index: OnceLock::new(), clock: None }
    }

    /// The rules that come with brickgate.
    pub fn builtin() -> Self {
        Self::builtin_with_problems().0
    }

    /// The names of the rules that come with brickgate, sorted.
    pub fn builtin_names() -> impl Iterator<Item = &'static str> {
        PAGES.iter().map(|(name, ..)| *name)
    }

    /// The book with another function for one of its rules.
    #[cfg(test)]
    pub(crate) fn with_check(mut self, name: &str, check: Check) -> Self {
        if let Some(at) = self.position(name) {
            self.rules[at].way = Way::Function(check);
        }
        self
    }

    /// The same, and what is wrong with the built-in pages: those that are faulty are left out of the book.
    pub(crate) fn builtin_with_problems() -> (Self, Vec<PageProblem>) {
        let mut book = Self { rules: Vec::with_capacity(PAGES.len()), index: OnceLock::new(), clock: None };
        let mut problems = Vec::new();
        for &(name, group, path, text) in PAGES {
            let page = match Page::read(name, group, path, text) {
                Ok(page) => page,
                Err(found) => {
                    problems.extend(found);
                    continue;
                }
            };
            let check = function(name);
            let has_query = page.query.is_some();
            match Rule::new(page, true, check, survey_function(name)) {
                Some(rule) => book.rules.push(rule),
                None if has_query => problems.push(PageProblem::of_file(
                    path,
                    format!("`{name}` has both a query and a function"),
                    Some(format!(
                        "take `{name}` out of CHECKS in src/rules/{group}/mod.rs, or the query out of the page"
                    )),
                )),
                None => problems.push(PageProblem::of_file(
                    path,
                    format!("the page `{name}` has no check"),
                    Some(format!(
                        "add `(\"{name}\", …)` to CHECKS in src/rules/{group}/mod.rs, or a query to the page"
                    )),
                )),
            }
        }
        (book, problems)
    }

    /// Adds a team's own pages: every `.md` file in these folders and below but `README.md`; a path may also be
    /// that of one page. A page's group is the folder that holds it (`local` at the root of the repository).
    ///
    /// # Errors
    /// All that is wrong with all of those pages; queries are not compiled here, see [`Book::broken`].
    pub fn with_pages(mut self, snapshot: &dyn Snapshot, paths: &[RepoPath]) -> Result<Self, Vec<PageProblem>> {
        let mut problems = Vec::new();
        let mut found = Vec::new();
        for path in paths {
            match snapshot.kind(path) {
                Some(EntryKind::Folder) => collect(snapshot, path, DEEPEST, &mut found),
                Some(EntryKind::File) => found.push(path.clone()),
                None => problems.push(PageProblem::of_file(path.as_str(), "there is no such rule page", None)),
            }
        }
        found.sort();
        found.dedup();
        for path in found {
            match self.read_own(snapshot, &path) {
                Ok(rule) => {
                    let at = self.rules.partition_point(|other| other.name() < rule.name());
                    self.rules.insert(at, rule);
                }
                Err(faults) => problems.extend(faults),
            }
        }
        self.index = OnceLock::new();
        if problems.is_empty() { Ok(self) } else { Err(problems) }
    }

    fn read_own(&self, snapshot: &dyn Snapshot, path: &RepoPath) -> Result<Rule, Vec<PageProblem>> {
        let file = path.as_str();
        let fault = |message: String, help: Option<String>| vec![PageProblem::of_file(file, message, help)];
        let bytes = snapshot.read(path).map_err(|error| fault(format!("cannot be read: {}", error.message), None))?;
        let text = String::from_utf8(bytes).map_err(|_| fault("is not UTF-8".to_owned(), None))?;
        let folder = path.parent();
        let group = if folder.name().is_empty() { "local" } else { folder.name() };
        let page = Page::read(path.stem(), group, file, text)?;
        if let Some(other) = self.get(path.stem()) {
            let whose = if other.built_in { "built-in" } else { &other.page.path };
            return Err(fault(
                format!("the rule name `{}` is taken ({whose})", path.stem()),
                Some("give the page another file name".to_owned()),
            ));
        }
        Rule::new(page, false, None, None).ok_or_else(|| {
            let help = "see docs/your-own-rules.md".to_owned();
            fault("the page has no `scm query` block, so nothing can be checked".to_owned(), Some(help))
        })
    }

    /// The same book, which takes the time of its rules from now on. Its rules stay the same after that.
    #[must_use]
    pub fn timed(mut self) -> Self {
        self.clock = Some(Clock::new(self.rules.len()));
        self
    }

    /// The time of its rules, if it is taken.
    pub const fn clock(&self) -> Option<&Clock> {
        self.clock.as_ref()
    }

    /// Does work for the rule at `position`, and takes the time of it if that is wanted.
    pub fn time<T>(&self, position: usize, work: impl FnOnce() -> T) -> T {
        match &self.clock {
            Some(clock) => clock.time(position, work),
            None => work(),
        }
    }

    /// All rules, sorted by name.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// What the text of a document holds of the literals that rules need; `many` says that it is one of many.
    pub fn literals<'a>(&'a self, text: &'a str, many: bool) -> Literals<'a> {
        match many.then(|| self.index.get_or_init(|| Index::new(&self.rules))) {
            Some(index) => Literals::at_once(text, index),
            _ => Literals::one_by_one(text),
        }
    }

    /// Whether the rule with that index has anything to look for in a document: it is for that kind, and the text holds
    /// one of the literals that it needs.
    pub fn concerns<'a>(&'a self, at: usize, document: &Document, literals: &mut Literals<'a>) -> bool {
        let is_for = |rule: &&Rule| rule.kinds & bit(document.kind) != 0;
        self.rules.get(at).filter(is_for).is_some_and(|rule| literals.meet(at, &rule.needs))
    }

    /// The rule with that name.
    pub fn get(&self, name: &str) -> Option<&Rule> {
        self.rules.get(self.position(name)?)
    }

    /// The index of the rule with that name.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.rules.binary_search_by(|rule| rule.name().cmp(name)).ok()
    }

    /// The names of all groups, sorted.
    pub fn groups(&self) -> Vec<&str> {
        let mut groups: Vec<&str> = self.rules.iter().map(|rule| &*rule.page.group).collect();
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    /// Queries that were needed and did not compile. Compiling all of them at the start would cost every run;
    /// so this is asked after the check, and whatever it says makes the check worthless.
    pub fn broken(&self) -> Vec<PageProblem> {
        let tried = |rule: &Rule| match &rule.way {
            Way::Query(query) if query.was_tried() => rule.problem(),
            Way::Query(_) | Way::Function(_) | Way::Survey | Way::Engine => None,
        };
        self.rules.iter().filter_map(tried).collect()
    }
}

/// The function of a built-in rule.
fn function(name: &str) -> Option<Check> {
    CHECKS.iter().copied().flatten().find(|(other, _)| *other == name).map(|&(_, check)| check)
}

/// The function of a built-in rule for files as such.
fn survey_function(name: &str) -> Option<SurveyCheck> {
    SURVEYS.iter().copied().flatten().find(|(other, _)| *other == name).map(|&(_, check)| check)
}

fn collect(snapshot: &dyn Snapshot, folder: &RepoPath, depth: usize, found: &mut Vec<RepoPath>) {
    for entry in snapshot.list(folder).iter() {
        let Some(path) = folder.join(&entry.name) else { continue };
        match entry.kind {
            EntryKind::Folder if depth > 0 => collect(snapshot, &path, depth - 1, found),
            EntryKind::File if path.has_extension("md") && !path.stem().eq_ignore_ascii_case("readme") => {
                found.push(path);
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands under `rules/` and what stands in the tables of functions must fit.
    #[test]
    fn every_page_has_its_check_and_every_check_its_page() {
        let (book, problems) = Book::builtin_with_problems();
        let mut wrong: Vec<String> = problems.iter().map(ToString::to_string).collect();
        wrong.extend(book.rules().iter().filter_map(Rule::problem).map(|problem| problem.to_string()));
        let surveys = SURVEYS.iter().copied().flatten().map(|(name, _)| name);
        for name in CHECKS.iter().copied().flatten().map(|(name, _)| name).chain(surveys) {
            if !PAGES.iter().any(|(page, ..)| page == name) {
                wrong.push(format!("the check `{name}` has no page: add rules/GROUP/{name}.md"));
            }
        }
        for name in ENGINE_RULES {
            if !PAGES.iter().any(|(page, ..)| page == name) {
                wrong.push(format!("the engine's rule `{name}` has no page: add rules/file/{name}.md"));
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    }

    #[test]
    fn names_are_sorted_and_found() {
        assert!(PAGES.windows(2).all(|pair| pair[0].0 < pair[1].0), "two pages have one name");
        let book = Book::builtin();
        for (index, rule) in book.rules().iter().enumerate() {
            assert_eq!(book.position(rule.name()), Some(index));
        }
        assert!(book.get("no-such-rule").is_none());
    }
}
