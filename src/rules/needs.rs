//! Which rules have anything to look for in a text, by the literals that their pages need.

use super::book::Rule;
use aho_corasick::{AhoCorasick, AhoCorasickKind};
use memchr::memmem::Finder;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Literals of which a text must hold one.
#[derive(Debug)]
pub(super) struct Needs {
    literals: Vec<String>,
    finders: OnceLock<Vec<Finder<'static>>>,
}

impl Needs {
    /// Any of these; none stands for any text.
    pub(super) fn new(literals: &[String]) -> Self {
        Self { literals: literals.to_owned(), finders: OnceLock::new() }
    }

    fn finders(&self) -> impl Iterator<Item = (&String, &Finder<'static>)> {
        let make = || self.literals.iter().map(|literal| Finder::new(literal).into_owned()).collect();
        self.literals.iter().zip(self.finders.get_or_init(make))
    }

    /// Whether the text holds one of the literals, or none is needed.
    pub(super) fn are_met_by(&self, text: &str) -> bool {
        self.literals.is_empty() || self.finders().any(|(_, finder)| finder.find(text.as_bytes()).is_some())
    }
}

/// The literals of all rules, looked for at once. Costs about a millisecond to make, so it pays from a handful of
/// documents on.
#[derive(Debug)]
pub(super) struct Index {
    search: AhoCorasick,
    /// By rule, the literals that it needs.
    by_rule: Vec<Vec<usize>>,
    literals: usize,
}

impl Index {
    /// For these rules; `None` if there are too many literals to look for.
    pub(super) fn new(rules: &[Rule]) -> Option<Self> {
        let mut places: HashMap<&str, usize> = HashMap::new();
        let mut literals: Vec<&str> = Vec::new();
        let mut by_rule = Vec::with_capacity(rules.len());
        for rule in rules {
            let of = |literal| {
                *places.entry(literal).or_insert_with(|| {
                    literals.push(literal);
                    literals.len() - 1
                })
            };
            by_rule.push(rule.needs().literals.iter().map(String::as_str).map(of).collect());
        }
        let search = AhoCorasick::builder().kind(Some(AhoCorasickKind::DFA)).build(&literals).ok()?;
        Some(Self { search, by_rule, literals: literals.len() })
    }
}

/// Which literals one text holds.
#[derive(Debug)]
pub struct Literals<'a>(Known<'a>);

#[derive(Debug)]
enum Known<'a> {
    /// As far as a rule has asked: rules of one group need the same ones.
    Asked { text: &'a str, known: Vec<(&'a str, bool)> },
    /// All of them.
    All { index: &'a Index, held: Vec<bool> },
}

impl<'a> Literals<'a> {
    /// Looks for each literal when a rule asks.
    pub(super) const fn one_by_one(text: &'a str) -> Self {
        Self(Known::Asked { text, known: Vec::new() })
    }

    /// Looks for all of them in one pass.
    pub(super) fn at_once(text: &str, index: &'a Index) -> Self {
        let mut held = vec![false; index.literals];
        for found in index.search.find_overlapping_iter(text) {
            if let Some(held) = held.get_mut(found.pattern().as_usize()) {
                *held = true;
            }
        }
        Self(Known::All { index, held })
    }

    /// Whether the text holds one of the literals that the rule with that index needs, or it needs none.
    pub(super) fn meet(&mut self, at: usize, needs: &'a Needs) -> bool {
        if needs.literals.is_empty() {
            return true;
        }
        match &mut self.0 {
            Known::All { index, held } => {
                let wanted = index.by_rule.get(at).map(Vec::as_slice).unwrap_or_default();
                wanted.iter().any(|&literal| held.get(literal).copied().unwrap_or(true))
            }
            Known::Asked { text, known } => needs.finders().any(|(literal, finder)| {
                if let Some((_, held)) = known.iter().find(|(known, _)| *known == literal) {
                    return *held;
                }
                let held = finder.find(text.as_bytes()).is_some();
                known.push((literal, held));
                held
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::book::Book;
    use super::{Index, Literals};

    #[test]
    fn both_ways_say_the_same() {
        let book = Book::builtin();
        let index = Index::new(book.rules()).unwrap();
        for text in
            ["", "# MAGIC %run ./a\ndf.collect()", "spark.conf.set('x', 1)\nsc.parallelize([1]).rdd", "SELECT 1"]
        {
            let (mut each, mut all) = (Literals::one_by_one(text), Literals::at_once(text, &index));
            for (at, rule) in book.rules().iter().enumerate() {
                let met = each.meet(at, rule.needs());
                assert_eq!(met, all.meet(at, rule.needs()), "{} in {text:?}", rule.name());
                assert_eq!(met, rule.needs().are_met_by(text), "{} in {text:?}", rule.name());
            }
        }
    }
}
