//! The word that was probably meant.

/// Words longer than this, in characters, are not compared: nobody mistypes them by a letter or two.
const LONGEST: usize = 80;

/// The candidate most similar to `word`, if one is similar enough to be what was meant: at most one slip for
/// every three characters. Upper and lower case count as the same. Among equals the first wins.
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    ranked(word, candidates).into_iter().next()
}

/// All candidates similar enough to be what was meant, the most similar first.
pub fn ranked<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let word: Vec<char> = word.to_lowercase().chars().take(LONGEST + 1).collect();
    if word.is_empty() || word.len() > LONGEST {
        return Vec::new();
    }
    let mut rows = Rows::default();
    let mut other: Vec<char> = Vec::new();
    let own = letters(word.iter().map(|c| u32::from(*c)));
    let mut similar: Vec<(usize, &str)> = candidates
        .into_iter()
        .filter_map(|candidate| {
            if candidate.is_ascii() {
                // Each slip brings one letter that was not there, at most, and takes one away.
                let others = letters(candidate.bytes().map(|byte| u32::from(byte.to_ascii_lowercase())));
                let allowed = (word.len().max(candidate.len()) / 3).max(1);
                let strange = (own & !others).count_ones().max((others & !own).count_ones());
                if word.len().abs_diff(candidate.len()) > allowed || strange as usize > allowed {
                    return None;
                }
                other.clear();
                other.extend(candidate.bytes().map(|byte| char::from(byte.to_ascii_lowercase())).take(LONGEST + 1));
            } else {
                other.clear();
                other.extend(candidate.to_lowercase().chars().take(LONGEST + 1));
            }
            let allowed = (word.len().max(other.len()) / 3).max(1);
            if other.len() > LONGEST || word.len().abs_diff(other.len()) > allowed {
                return None;
            }
            let slips = rows.slips(&word, &other);
            (slips <= allowed && slips < other.len()).then_some((slips, candidate))
        })
        .collect();
    similar.sort_by_key(|&(slips, _)| slips);
    similar.into_iter().map(|(_, candidate)| candidate).collect()
}

/// A bit for each letter, which some share.
fn letters(codes: impl Iterator<Item = u32>) -> u64 {
    codes.fold(0, |letters, code| letters | 1 << (code & 63))
}

/// How many letters must be inserted, removed, replaced, or swapped with their neighbour to turn one word into the
/// other. Upper and lower case count as the same. Of long words only the first letters are looked at.
pub fn slips(word: &str, other: &str) -> usize {
    let letters = |text: &str| text.to_lowercase().chars().take(LONGEST).collect::<Vec<char>>();
    Rows::default().slips(&letters(word), &letters(other))
}

/// Three rows of the edit-distance table, kept between words.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    last: Vec<usize>,
    now: Vec<usize>,
}

impl Rows {
    /// Letters inserted, removed, replaced, or swapped with their neighbour.
    fn slips(&mut self, a: &[char], b: &[char]) -> usize {
        self.last.clear();
        self.last.extend(0..=b.len());
        for (i, &from) in a.iter().enumerate() {
            self.now.clear();
            self.now.push(i + 1);
            for (j, &to) in b.iter().enumerate() {
                let mut best = (self.last[j] + usize::from(from != to)).min(self.last[j + 1] + 1).min(self.now[j] + 1);
                if i > 0 && j > 0 && a[i - 1] == to && b[j - 1] == from {
                    best = best.min(self.before[j - 1] + 1);
                }
                self.now.push(best);
            }
            std::mem::swap(&mut self.before, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.now);
        }
        self.last[b.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_slips_and_refuses_strangers() {
        let names = ["severity", "applies-to", "needs", "since", "enabled", "fix"];
        assert_eq!(nearest("sevreity", names), Some("severity"));
        assert_eq!(nearest("aplies-to", names), Some("applies-to"));
        assert_eq!(nearest("Enabled", names), Some("enabled"));
        assert_eq!(nearest("need", names), Some("needs"));
        assert_eq!(nearest("author", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest(&"x".repeat(10_000), names), None);
        assert_eq!(ranked("helper", ["helpers", "helper2", "other"]), ["helpers", "helper2"]);
    }
}
