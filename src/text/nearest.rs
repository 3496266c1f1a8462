//! "Did you mean …?": the most similar of some names.

/// Names longer than this, in characters, are never compared: nobody mistypes them, and the cost grows with
/// the product of two lengths.
const MAX_CHARS: usize = 128;

/// The candidate most similar to `name`, if one is similar enough to be what was meant: at most one slip in
/// three characters, where a slip is a character too much, too few, wrong, or swapped with its neighbour.
/// Upper and lower case count as the same. Of equally similar candidates the first wins.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let name = folded(name)?;
    let mut best: Option<(usize, &'a str)> = None;
    let mut rows = Rows::default();
    for candidate in candidates {
        let Some(other) = folded(candidate) else { continue };
        let allowed = (name.len().max(other.len()) / 3).max(1);
        let limit = best.map_or(allowed, |(slips, _)| allowed.min(slips.saturating_sub(1)));
        if best.is_some_and(|(slips, _)| slips == 0) {
            break;
        }
        if name.len().abs_diff(other.len()) > limit {
            continue;
        }
        let slips = rows.slips(&name, &other);
        // A name of one or two characters is like any other of that length; only its case may differ.
        if slips <= limit && slips < name.len().min(other.len()).max(1) {
            best = Some((slips, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

fn folded(name: &str) -> Option<Vec<char>> {
    let chars: Vec<char> = name.chars().take(MAX_CHARS + 1).flat_map(char::to_lowercase).collect();
    (!chars.is_empty() && chars.len() <= MAX_CHARS).then_some(chars)
}

/// Three rows of the table of distances, kept from one candidate to the next.
#[derive(Default)]
struct Rows {
    before: Vec<usize>,
    last: Vec<usize>,
    this: Vec<usize>,
}

impl Rows {
    /// The optimal string alignment distance.
    fn slips(&mut self, a: &[char], b: &[char]) -> usize {
        self.before.clear();
        self.before.resize(b.len() + 1, 0);
        self.last.clear();
        self.last.extend(0..=b.len());
        self.this.clear();
        self.this.resize(b.len() + 1, 0);
        for i in 0..a.len() {
            self.this[0] = i + 1;
            for j in 0..b.len() {
                let wrong = usize::from(a[i] != b[j]);
                let mut slips = (self.last[j] + wrong).min(self.last[j + 1] + 1).min(self.this[j] + 1);
                if i > 0 && j > 0 && a[i] == b[j - 1] && a[i - 1] == b[j] {
                    slips = slips.min(self.before[j - 1] + 1);
                }
                self.this[j + 1] = slips;
            }
            std::mem::swap(&mut self.before, &mut self.last);
            std::mem::swap(&mut self.last, &mut self.this);
        }
        self.last[b.len()]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        let names = ["run-not-found", "run-cycle", "run-chain", "header-not-exact"];
        assert_eq!(nearest("run-not-fuond", names), Some("run-not-found"));
        assert_eq!(nearest("RUN_CYCLE", names), Some("run-cycle"));
        assert_eq!(nearest("run-cain", names), Some("run-chain"));
        assert_eq!(nearest("headernotexact", names), Some("header-not-exact"));
        assert_eq!(nearest("secret", names), None);
        assert_eq!(nearest("", names), None);
        assert_eq!(nearest("b", ["a"]), None);
        assert_eq!(nearest("A", ["b", "a"]), Some("a"));
        assert_eq!(nearest("ab", ["ac", "ba"]), Some("ac"));
        assert_eq!(nearest("Übersicht", ["ubersicht"]), Some("ubersicht"));
    }

    #[test]
    fn long_names_cost_nothing() {
        let long = "x".repeat(1_000_000);
        assert_eq!(nearest(&long, [long.as_str()]), None);
    }
}
