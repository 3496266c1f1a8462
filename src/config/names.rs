//! Names of rules and groups, as settings and the command line write them.

use super::reader::did_you_mean;
use super::settings::{Overrides, Problem};
use crate::page::Page;
use crate::suppress::ALWAYS_ON;
use crate::text::Span;
use std::collections::HashMap;

/// All rules of the book by name and group.
pub(super) struct Names<'a> {
    pub pages: Vec<&'a Page>,
    by_name: HashMap<&'a str, usize>,
    by_group: HashMap<&'a str, Vec<usize>>,
    /// By index: whether the rule can be switched off.
    pub always: Vec<bool>,
}

/// What a name stands for.
pub(super) enum Meant {
    /// One rule.
    Rule(usize),
    /// All rules of a group.
    Group(Vec<usize>),
}

impl<'a> Names<'a> {
    pub(super) fn new(pages: impl IntoIterator<Item = &'a Page>) -> Self {
        let pages: Vec<&Page> = pages.into_iter().collect();
        let mut by_group: HashMap<&str, Vec<usize>> = HashMap::new();
        for (index, page) in pages.iter().enumerate() {
            by_group.entry(&page.group).or_default().push(index);
        }
        let by_name = pages.iter().enumerate().map(|(index, page)| (&*page.name, index)).collect();
        let always = pages.iter().map(|page| ALWAYS_ON.contains(&&*page.name)).collect();
        Self { pages, by_name, by_group, always }
    }

    /// What `name` stands for.
    ///
    /// # Errors
    /// What is wrong with it, and what may have been meant.
    pub(super) fn find(&self, name: &str) -> Result<Meant, (String, Option<String>)> {
        if let Some(group) = name.strip_suffix("/*") {
            return match self.by_group.get(group) {
                Some(rules) => Ok(Meant::Group(rules.clone())),
                None => Err((format!("there is no group `{group}`"), self.group_help(group))),
            };
        }
        if let Some(&rule) = self.by_name.get(name) {
            return Ok(Meant::Rule(rule));
        }
        if self.by_group.contains_key(name) {
            return Err((format!("`{name}` is a group, not a rule"), Some(format!("write `{name}/*`"))));
        }
        // `run/run-cycle` is how a page is found, not how a rule is called.
        let bare = name.rsplit('/').next().unwrap_or(name);
        let help = did_you_mean(bare, self.pages.iter().map(|page| &*page.name))
            .or_else(|| Some("`brickgate rules` lists them all".to_owned()));
        Err((format!("there is no rule `{name}`"), help))
    }

    fn group_help(&self, group: &str) -> Option<String> {
        let mut groups: Vec<&str> = self.by_group.keys().copied().collect();
        groups.sort_unstable();
        did_you_mean(
            &format!("{group}/*"),
            groups.iter().map(|group| format!("{group}/*")).collect::<Vec<_>>().iter().map(String::as_str),
        )
        .or_else(|| Some(format!("known are {}", super::reader::listed(&groups))))
    }
}

/// What the command line says about one rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// Nothing: settings decide.
    Settings,
    /// It runs, because of this option.
    On(&'static str),
    /// It does not run, because of this option.
    Off(&'static str),
}

/// The selector that stands for all rules.
const ALL: &str = "ALL";

const SELECT: &str = "--select";
const EXTEND: &str = "--extend-select";
const IGNORE: &str = "--ignore";

/// What the command line says about each rule, by index in the book. Of several selectors that name a rule the
/// narrowest decides (a name before its group, a group before `ALL`); of equal ones `--ignore`.
pub(super) fn choices(names: &Names<'_>, overrides: &Overrides) -> (Vec<Choice>, Vec<Problem>) {
    let mut problems = Vec::new();
    let mut on = vec![(0_u8, SELECT); names.pages.len()];
    let mut off = vec![0_u8; names.pages.len()];
    for (option, selectors) in
        [(SELECT, &overrides.select), (EXTEND, &overrides.extend_select), (IGNORE, &overrides.ignore)]
    {
        for selector in selectors {
            let selector = selector.trim();
            let (rules, narrow) = if selector == ALL {
                ((0..names.pages.len()).collect(), 1)
            } else {
                match names.find(selector) {
                    Ok(Meant::Group(rules)) => (rules, 2),
                    Ok(Meant::Rule(rule)) => {
                        if option == IGNORE && names.always[rule] {
                            problems.push(problem(option, selector, (cannot_be_off(selector), None)));
                            continue;
                        }
                        (vec![rule], 3)
                    }
                    Err((message, help)) => {
                        let all = selector.is_empty() || selector.eq_ignore_ascii_case(ALL) || selector == "*";
                        let help = if all { Some(format!("write `{ALL}` for all rules")) } else { help };
                        problems.push(problem(option, selector, (message, help)));
                        continue;
                    }
                }
            };
            for rule in rules {
                if option == IGNORE {
                    off[rule] = off[rule].max(narrow);
                } else if narrow > on[rule].0 {
                    on[rule] = (narrow, option);
                }
            }
        }
    }
    let exact = !overrides.select.is_empty();
    let choices = on
        .into_iter()
        .zip(off)
        .zip(&names.always)
        .map(|(((on, option), off), &always)| match (on, off) {
            _ if always => Choice::Settings,
            (0, 0) if exact => Choice::Off(SELECT),
            (0, 0) => Choice::Settings,
            (on, off) if off >= on => Choice::Off(IGNORE),
            _ => Choice::On(option),
        })
        .collect();
    (choices, problems)
}

/// What is said to whoever tries.
pub(super) fn cannot_be_off(rule: &str) -> String {
    format!("`{rule}` cannot be switched off: it says that something could not be checked")
}

fn problem(option: &str, selector: &str, (message, help): (String, Option<String>)) -> Problem {
    let span = Span::from_range(0..selector.len());
    Problem { path: option.to_owned(), span, message, help, text: selector.into() }
}
