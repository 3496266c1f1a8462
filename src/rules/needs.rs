//! Which rules have anything to look for in a text, by the literals that their pages need.

use super::book::Rule;
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

/// The literals of all rules, looked for at once.
///
/// Every second pair of bytes of the text is looked at. Whatever holds a literal of three bytes or more holds two of its
/// pairs that lie so, one if it starts at an even place and one if it starts at an odd one; of each sort the rarest is
/// remembered. Most texts have few of these pairs, so that hardly more is done than to go through half of the text.
#[derive(Debug)]
pub(super) struct Index {
    /// By rule, the literals that it needs.
    by_rule: Vec<Vec<usize>>,
    /// All literals, each once.
    literals: Vec<Finder<'static>>,
    /// By pair of bytes, the number of its marks in `marks`, plus one; 0 for pairs that are not remembered.
    pairs: Box<[u16]>,
    marks: Vec<Vec<Mark>>,
}

/// A remembered pair in a literal.
#[derive(Debug)]
struct Mark {
    literal: usize,
    /// Where in the literal the pair stands.
    offset: usize,
    /// Another byte of the literal, and where it stands: mostly it is not there, and the rest need not be compared.
    beside: (usize, u8),
}

/// How many pairs of bytes there are.
const PAIRS: usize = 1 << 16;

/// The shortest literal that has a pair at an even and one at an odd place.
const SHORTEST: usize = 3;

impl Index {
    /// For these rules.
    pub(super) fn new(rules: &[Rule]) -> Self {
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
        let (mut pairs, mut marks) = (vec![0_u16; PAIRS].into_boxed_slice(), Vec::<Vec<Mark>>::new());
        for (literal, text) in literals.iter().enumerate().filter(|(_, text)| text.len() >= SHORTEST) {
            let text = text.as_bytes();
            for parity in 0..2 {
                let places = text.windows(2).enumerate().skip(parity).step_by(2);
                let Some((offset, &[first, second])) = places.min_by_key(|(_, pair)| commonness(pair)) else {
                    continue;
                };
                let Some(slot) = pairs.get_mut(usize::from(u16::from_le_bytes([first, second]))) else { continue };
                if *slot == 0 {
                    marks.push(Vec::new());
                    *slot = u16::try_from(marks.len()).unwrap_or(u16::MAX);
                }
                let beside = if offset + 2 < text.len() { offset + 2 } else { offset.saturating_sub(1) };
                let beside = (beside, text.get(beside).copied().unwrap_or(first));
                if let Some(own) = marks.get_mut(usize::from(*slot) - 1) {
                    own.push(Mark { literal, offset, beside });
                }
            }
        }
        let literals = literals.into_iter().map(|literal| Finder::new(literal).into_owned()).collect();
        Self { by_rule, literals, pairs, marks }
    }

    /// Which of the literals a text holds; of short ones nothing is said.
    fn held_by(&self, text: &str) -> Vec<Held> {
        let known = |literal: &Finder<'_>| if literal.needle().len() < SHORTEST { Held::Unknown } else { Held::No };
        let mut held: Vec<Held> = self.literals.iter().map(known).collect();
        let (pairs, _) = text.as_bytes().as_chunks::<2>();
        for (at, &pair) in pairs.iter().enumerate() {
            let known = self.pairs.get(usize::from(u16::from_le_bytes(pair))).copied().unwrap_or_default();
            if known != 0 {
                self.look(text.as_bytes(), 2 * at, usize::from(known) - 1, &mut held);
            }
        }
        held
    }

    /// Notes the literals that stand round a remembered pair at byte `at`.
    fn look(&self, text: &[u8], at: usize, marks: usize, held: &mut [Held]) {
        for mark in self.marks.get(marks).map(Vec::as_slice).unwrap_or_default() {
            let Some(start) = at.checked_sub(mark.offset) else { continue };
            if text.get(start + mark.beside.0) != Some(&mark.beside.1) {
                continue;
            }
            if let (Some(held), Some(needle)) = (held.get_mut(mark.literal), self.literals.get(mark.literal))
                && *held == Held::No
                && text.get(start..).is_some_and(|rest| rest.starts_with(needle.needle()))
            {
                *held = Held::Yes;
            }
        }
    }
}

/// How often a pair of bytes is seen in code, as far as its bytes say. Only an order.
fn commonness(pair: &[u8]) -> u32 {
    /// Letters, the most common first.
    const LETTERS: &[u8] = b"eatrnosilcdpmufgbhyk_wvxjqz";
    let of = |byte: &u8| match byte {
        b' ' => 200,
        b'a'..=b'z' | b'_' => {
            (20..).step_by(3).zip(LETTERS.iter().rev()).find(|(_, letter)| *letter == byte).map_or(1, |it| it.0)
        }
        b'.' | b'(' | b')' | b'"' | b'\'' | b',' | b'=' | b'#' | b'-' => 30,
        _ => 10,
    };
    // Lines are drawn with signs.
    let is_line = matches!(pair, [first, second] if first == second && first.is_ascii_punctuation());
    pair.iter().map(of).product::<u32>() * if is_line { 10 } else { 1 }
}

/// Whether a text holds a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Held {
    Unknown,
    Yes,
    No,
}

/// Which literals one text holds.
#[derive(Debug)]
pub struct Literals<'a>(Known<'a>);

#[derive(Debug)]
enum Known<'a> {
    /// As far as a rule has asked: rules of one group need the same ones.
    Asked { text: &'a str, known: Vec<(&'a str, bool)> },
    /// All of them but the shortest, which are looked for when a rule asks.
    All { text: &'a str, index: &'a Index, held: Vec<Held> },
}

impl<'a> Literals<'a> {
    /// Looks for each literal when a rule asks.
    pub(super) const fn one_by_one(text: &'a str) -> Self {
        Self(Known::Asked { text, known: Vec::new() })
    }

    /// Looks for all of them in one pass.
    pub(super) fn at_once(text: &'a str, index: &'a Index) -> Self {
        Self(Known::All { text, index, held: index.held_by(text) })
    }

    /// Whether the text holds one of the literals that the rule with that index needs, or it needs none.
    pub(super) fn meet(&mut self, at: usize, needs: &'a Needs) -> bool {
        if needs.literals.is_empty() {
            return true;
        }
        match &mut self.0 {
            Known::All { text, index, held } => {
                let wanted = index.by_rule.get(at).map(Vec::as_slice).unwrap_or_default();
                wanted.iter().any(|&literal| {
                    let (Some(held), Some(finder)) = (held.get_mut(literal), index.literals.get(literal)) else {
                        return true;
                    };
                    if *held == Held::Unknown {
                        let found = finder.find(text.as_bytes()).is_some();
                        *held = if found { Held::Yes } else { Held::No };
                    }
                    *held == Held::Yes
                })
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
        let index = Index::new(book.rules());
        let texts =
            ["", "# MAGIC %run ./a\ndf.collect()", "spark.conf.set('x', 1)\nsc.parallelize([1]).rdd", "SELECT 1"];
        // Each literal alone, at an even and at an odd place.
        let literals = book.rules().iter().flat_map(|rule| &rule.needs().literals);
        let alone = literals.flat_map(|literal| [literal.clone(), format!("é{literal}"), format!(" {literal}é")]);
        for text in texts.map(str::to_owned).into_iter().chain(alone) {
            let text = text.as_str();
            let (mut each, mut all) = (Literals::one_by_one(text), Literals::at_once(text, &index));
            for (at, rule) in book.rules().iter().enumerate() {
                let met = each.meet(at, rule.needs());
                assert_eq!(met, all.meet(at, rule.needs()), "{} in {text:?}", rule.name());
                assert_eq!(met, rule.needs().are_met_by(text), "{} in {text:?}", rule.name());
            }
        }
    }
}
