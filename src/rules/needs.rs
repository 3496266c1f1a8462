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
    /// A bit for each pair of bytes that is remembered.
    pairs: Box<[u64; PAIRS / 64]>,
    /// Remembered pairs with their literals and where in them they stand, sorted.
    marks: Vec<(u16, usize, usize)>,
    /// By 64 pairs, where their marks start.
    starts: Vec<usize>,
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
        let mut marks: Vec<(u16, usize, usize)> = Vec::new();
        for (literal, text) in literals.iter().enumerate().filter(|(_, text)| text.len() >= SHORTEST) {
            let pairs = || text.as_bytes().windows(2).enumerate();
            for parity in 0..2 {
                let rarest = pairs().filter(|(at, _)| at % 2 == parity).min_by_key(|(_, pair)| commonness(pair));
                if let Some((at, &[first, second])) = rarest {
                    marks.push((u16::from_le_bytes([first, second]), literal, at));
                }
            }
        }
        marks.sort_unstable();
        let mut pairs = Box::new([0; PAIRS / 64]);
        for (pair, ..) in &marks {
            if let Some(bits) = pairs.get_mut(usize::from(pair >> 6)) {
                *bits |= 1 << (pair & 63);
            }
        }
        let of_word = |word: usize| marks.partition_point(|(pair, ..)| usize::from(pair >> 6) < word);
        let starts = (0..PAIRS / 64).map(of_word).collect();
        let literals = literals.into_iter().map(|literal| Finder::new(literal).into_owned()).collect();
        Self { by_rule, literals, pairs, marks, starts }
    }

    /// Which of the literals a text holds; of short ones nothing is said.
    fn held_by(&self, text: &str) -> Vec<Held> {
        let known = |literal: &Finder<'_>| if literal.needle().len() < SHORTEST { Held::Unknown } else { Held::No };
        let mut held: Vec<Held> = self.literals.iter().map(known).collect();
        let (pairs, _) = text.as_bytes().as_chunks::<2>();
        for (at, &pair) in pairs.iter().enumerate() {
            let pair = u16::from_le_bytes(pair);
            let bits = self.pairs.get(usize::from(pair >> 6)).copied().unwrap_or_default();
            if bits >> (pair & 63) & 1 == 1 {
                self.look(text.as_bytes(), 2 * at, pair, &mut held);
            }
        }
        held
    }

    /// Notes the literals that stand round a remembered pair at byte `at`.
    fn look(&self, text: &[u8], at: usize, pair: u16, held: &mut [Held]) {
        let start = self.starts.get(usize::from(pair >> 6)).copied().unwrap_or_default();
        let marks = self.marks.get(start..).unwrap_or_default().iter();
        let marks = marks.skip_while(|(other, ..)| *other < pair).take_while(|(other, ..)| *other == pair);
        for &(_, literal, offset) in marks {
            let (Some(held), Some(needle)) = (held.get_mut(literal), self.literals.get(literal)) else { continue };
            if *held == Held::No
                && let Some(rest) = at.checked_sub(offset).and_then(|start| text.get(start..))
                && rest.starts_with(needle.needle())
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
    pair.iter().map(of).product()
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
