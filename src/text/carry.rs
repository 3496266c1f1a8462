//! Carries the changes of one text into another that was changed, too, line by line.
//!
//! Unlike a merge this never asks and never marks a conflict: where both changed the same lines, the other text wins
//! and is left as it is. Lines next to each other do not conflict.

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// Two very different texts are not worth more time than this; larger parts then count as changed.
const PATIENCE: Duration = Duration::from_secs(2);

/// What became of changes that were carried over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The other text with the changes in it.
    pub text: Vec<u8>,
    /// How many changes were left out, because the other text reads differently there.
    pub left: usize,
}

/// Makes in `other` the changes that lead from `base` to `changed`, wherever `other` holds the lines of `base`.
/// Everything else in `other` stays as it is, byte by byte. Line ends `\n` and `\r\n` count as the same, and a line
/// that is carried over gets the line end of the line that it replaces.
pub fn carry(base: &[u8], other: &[u8], changed: &[u8]) -> Carried {
    if other == base {
        return Carried { text: changed.to_vec(), left: 0 };
    }
    let (base, other, changed) = (lines(base), lines(other), lines(changed));
    let deadline = Instant::now().checked_add(PATIENCE);
    // Line by line: who rewrites two lines does not touch the one that stays between others.
    let theirs = hunks(&keys(&base), &keys(&other), deadline, |_, _| true);
    let ours = hunks(&base, &changed, deadline, is_line_by_line);
    let all = ours.len();
    let (out, ours): (Vec<Hunk>, Vec<Hunk>) =
        ours.into_iter().partition(|hunk| theirs.iter().any(|other| hunk.overlaps(other)));
    let ours = without_halves(ours, out, &base, &changed);
    let left = all - ours.len();
    let stands = positions(base.len(), &theirs);
    let mut merged: Vec<(Hunk, bool)> = theirs.into_iter().map(|hunk| (hunk, false)).collect();
    merged.extend(ours.into_iter().map(|hunk| (hunk, true)));
    merged.sort_by_key(|(hunk, _)| (hunk.start, hunk.end));
    let mut text = Vec::new();
    let mut at = 0;
    let keep = |from: usize, to: usize, text: &mut Vec<u8>| {
        for position in stands.get(from..to).unwrap_or_default().iter().flatten() {
            text.extend_from_slice(other.get(*position).copied().unwrap_or_default());
        }
    };
    for (hunk, is_ours) in merged {
        keep(at, hunk.start, &mut text);
        at = hunk.end;
        let source = if is_ours { &changed } else { &other };
        let new = source.get(hunk.new_start..hunk.new_end).unwrap_or_default();
        let ends = if is_ours { line_ends(&hunk, &base, &other, &stands) } else { Ends::AsTheyAre };
        for line in new {
            ends.push(line, &mut text);
        }
    }
    keep(at, base.len(), &mut text);
    Carried { text, left }
}

/// Lines `start..end` of one text that became `new_start..new_end` of another. Counted from 0.
#[derive(Clone, Copy, Debug)]
struct Hunk {
    start: usize,
    end: usize,
    new_start: usize,
    new_end: usize,
}

impl Hunk {
    /// Whether both touch the same lines, or insert at the same place.
    const fn overlaps(&self, other: &Self) -> bool {
        if self.start == self.end && other.start == other.end {
            return self.start == other.start;
        }
        self.start < other.end && other.start < self.end
    }
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|&byte| byte == b'\n').collect()
}

/// Lines as they are compared: without `\r` before the line end. The last line may lack that end, which is a
/// difference.
fn keys<'t>(lines: &[&'t [u8]]) -> Vec<(&'t [u8], bool)> {
    let key = |line: &&'t [u8]| {
        let (text, ended) = line.strip_suffix(b"\n").map_or((*line, false), |text| (text, true));
        (if ended { text.strip_suffix(b"\r").unwrap_or(text) } else { text }, ended)
    };
    lines.iter().map(key).collect()
}

/// How `old` became `new`. As many lines for as many are told apart line by line, if `apart` says so.
fn hunks<T: Eq + std::hash::Hash + Ord>(
    old: &[T],
    new: &[T],
    deadline: Option<Instant>,
    apart: impl Fn(&[T], &[T]) -> bool,
) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    for op in capture_diff_slices_deadline(Algorithm::Myers, old, new, deadline) {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (was, is) = (op.old_range(), op.new_range());
        let hunk = Hunk { start: was.start, end: was.end, new_start: is.start, new_end: is.end };
        match hunks.last_mut() {
            // What was taken away and what was put there instead may come one after the other.
            Some(last) if last.end == hunk.start && last.new_end == hunk.new_start => {
                last.end = hunk.end;
                last.new_end = hunk.new_end;
            }
            _ => hunks.push(hunk),
        }
    }
    let mut parts = Vec::with_capacity(hunks.len());
    for hunk in hunks {
        let was = old.get(hunk.start..hunk.end).unwrap_or_default();
        let is = new.get(hunk.new_start..hunk.new_end).unwrap_or_default();
        if was.len() != is.len() || !apart(was, is) {
            parts.push(hunk);
            continue;
        }
        let changed = was.iter().zip(is).enumerate().filter(|(_, (was, is))| was != is);
        parts.extend(changed.map(|(at, _)| Hunk {
            start: hunk.start + at,
            end: hunk.start + at + 1,
            new_start: hunk.new_start + at,
            new_end: hunk.new_start + at + 1,
        }));
    }
    parts
}

/// Leaves out what is half of a move whose other half is left `out`: a line that was taken away here and put there would
/// be lost, or stand there twice.
fn without_halves(mut kept: Vec<Hunk>, mut out: Vec<Hunk>, base: &[&[u8]], changed: &[&[u8]]) -> Vec<Hunk> {
    let code = |lines: &[&'_ [u8]]| -> Vec<Vec<u8>> {
        lines.iter().map(|line| line.trim_ascii().to_vec()).filter(|line| !line.is_empty()).collect()
    };
    let gone = |hunk: &Hunk| code(base.get(hunk.start..hunk.end).unwrap_or_default());
    let arrives = |hunk: &Hunk| code(changed.get(hunk.new_start..hunk.new_end).unwrap_or_default());
    // Each turn looks at what the last one left out; a chain of moves so long is not worth more.
    for _ in 0..8 {
        if out.is_empty() {
            return kept;
        }
        let lost: HashSet<Vec<u8>> = out.iter().flat_map(gone).collect();
        let missed: HashSet<Vec<u8>> = out.iter().flat_map(arrives).collect();
        (out, kept) = kept.into_iter().partition(|hunk| {
            arrives(hunk).iter().any(|line| lost.contains(line)) || gone(hunk).iter().any(|line| missed.contains(line))
        });
    }
    if out.is_empty() { kept } else { Vec::new() }
}

/// Whether each of these lines can change without the others: all keep their indent and their form, and no word moves
/// from one to another. Of a statement that was laid out anew, or of lines that were sorted, one without the next may be
/// nonsense.
fn is_line_by_line(old: &[&[u8]], new: &[&[u8]]) -> bool {
    let (mut gone, mut arrives) = (HashSet::new(), HashSet::new());
    for (old, new) in old.iter().zip(new) {
        let (was, is) = (Form::of(old), Form::of(new));
        if was.marks != is.marks || (was.indent != is.indent && !was.marks.is_empty()) {
            return false;
        }
        for (was, is) in was.words.into_iter().zip(is.words).filter(|(was, is)| was != is) {
            gone.insert(was);
            arrives.insert(is);
        }
    }
    gone.is_disjoint(&arrives)
}

/// The form of a line.
struct Form<'l> {
    indent: &'l [u8],
    /// What is not blank: `w` for each word, and everything else as it is; one kind of quotes.
    marks: Vec<u8>,
    words: Vec<&'l [u8]>,
}

impl<'l> Form<'l> {
    fn of(line: &'l [u8]) -> Self {
        let is_word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii();
        let indent = line.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
        let (indent, mut rest) = line.split_at_checked(indent).unwrap_or_default();
        let (mut marks, mut words) = (Vec::new(), Vec::new());
        while let Some((&first, after)) = rest.split_first() {
            if is_word(first) {
                let len = rest.iter().take_while(|&&byte| is_word(byte)).count();
                let (word, after) = rest.split_at_checked(len).unwrap_or_default();
                words.push(word);
                marks.push(b'w');
                rest = after;
                continue;
            }
            if !first.is_ascii_whitespace() {
                marks.push(if first == b'\'' { b'"' } else { first });
            }
            rest = after;
        }
        Self { indent, marks, words }
    }
}

/// Where each line of the base stands in the other text; `None` if it changed there.
fn positions(len: usize, hunks: &[Hunk]) -> Vec<Option<usize>> {
    let mut positions = Vec::with_capacity(len);
    let mut new = 0;
    for hunk in hunks {
        while positions.len() < hunk.start {
            positions.push(Some(new));
            new += 1;
        }
        positions.resize(hunk.end, None);
        new = hunk.new_end;
    }
    while positions.len() < len {
        positions.push(Some(new));
        new += 1;
    }
    positions
}

/// What a line that is carried over ends in.
#[derive(Clone, Copy, Debug)]
enum Ends {
    AsTheyAre,
    CrLf,
    Lf,
}

impl Ends {
    fn push(self, line: &[u8], text: &mut Vec<u8>) {
        let (content, end): (&[u8], &[u8]) = match (self, line.strip_suffix(b"\n")) {
            (Self::AsTheyAre, _) | (_, None) => (line, b""),
            (Self::CrLf, Some(content)) => (content.strip_suffix(b"\r").unwrap_or(content), b"\r\n"),
            (Self::Lf, Some(content)) => (content.strip_suffix(b"\r").unwrap_or(content), b"\n"),
        };
        text.extend_from_slice(content);
        text.extend_from_slice(end);
    }
}

/// The line ends that the other text has where the base has others: at the lines that go, or at their neighbours.
fn line_ends(hunk: &Hunk, base: &[&[u8]], other: &[&[u8]], stands: &[Option<usize>]) -> Ends {
    let near = (hunk.start..hunk.end).chain(hunk.start.checked_sub(1)).chain(std::iter::once(hunk.end));
    for line in near {
        let (Some(was), Some(Some(position))) = (base.get(line), stands.get(line)) else { continue };
        let Some(is) = other.get(*position) else { continue };
        match (was.ends_with(b"\r\n"), is.ends_with(b"\r\n")) {
            (false, true) => return Ends::CrLf,
            (true, false) if is.ends_with(b"\n") => return Ends::Lf,
            _ => return Ends::AsTheyAre,
        }
    }
    Ends::AsTheyAre
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn carried(base: &str, other: &str, changed: &str) -> (String, usize) {
        let Carried { text, left } = carry(base.as_bytes(), other.as_bytes(), changed.as_bytes());
        (String::from_utf8(text).unwrap(), left)
    }

    #[test]
    fn changes_meet_only_on_the_same_line() {
        let base = "a\nb \nc\nd\n";
        for (other, expected, left) in [
            ("a\nb \nc\nD\n", "a\nb\nc\nD\n", 0),
            ("a\nb \nC\nd\n", "a\nb\nC\nd\n", 0),
            ("A\nb \nC\nd\n", "A\nb\nC\nd\n", 0),
            ("a\nb!\nc\nd\n", "a\nb!\nc\nd\n", 1),
            ("a\nx\nb \ny\nc\nd\n", "a\nx\nb\ny\nc\nd\n", 0),
            ("a\nc\nd\n", "a\nc\nd\n", 1),
            ("b \nd", "b\nd", 0),
            ("", "", 1),
        ] {
            assert_eq!(carried(base, other, "a\nb\nc\nd\n"), (expected.to_owned(), left), "{other:?}");
        }
    }

    #[test]
    fn lines_come_and_go() {
        assert_eq!(carried("a\nb\nc\n", "a\nb\nC\n", "a\nnew\nb\nc\n"), ("a\nnew\nb\nC\n".to_owned(), 0));
        assert_eq!(carried("a\nb\nc\n", "a\nmine\nb\nc\n", "a\nours\nb\nc\n"), ("a\nmine\nb\nc\n".to_owned(), 1));
        assert_eq!(carried("a\nb\nc\nd\n", "a\nb\nc\nD\n", "a\nd\n"), ("a\nD\n".to_owned(), 0));
        assert_eq!(carried("a\nb\nc\nd\n", "a\nb\nC\nd\n", "a\nd\n"), ("a\nb\nC\nd\n".to_owned(), 1));
        assert_eq!(carried("a\nb\nc\nd\n", "A\nb\nc\nd\n", "a\nd\n"), ("A\nd\n".to_owned(), 0));
        assert_eq!(carried("a", "a\nmore\n", "a\n"), ("a\nmore\n".to_owned(), 1));
        assert_eq!(carried("a\nb", "A\nb", "a\nb\n"), ("A\nb\n".to_owned(), 0));
    }

    #[test]
    fn what_was_laid_out_anew_goes_as_a_whole() {
        let (base, changed) = ("f(a,\n  b)\nx = 'y' \nz = 'y' \n", "f(\n  a, b)\nx = \"y\"\nz = \"y\"\n");
        assert_eq!(carried(base, &base.replace("b)", "B)"), changed).0, base.replace("b)", "B)"));
        let (base, changed) = ("import b\nimport a\n", "import a\nimport b\n");
        assert_eq!(carried(base, "import b\nimport a as x\n", changed).0, "import b\nimport a as x\n");
        let (base, changed) = ("x = old\ny = old\n", "x = new\ny = new\n");
        assert_eq!(carried(base, "x = old\ny = mine\n", changed), ("x = new\ny = mine\n".to_owned(), 1));
        let (base, changed) = ("x = 'y' \nz = 'y' \n", "x = \"y\"\nz = \"y\"\n");
        assert_eq!(carried(base, "x = 'y' \nz = 'Z' \n", changed), ("x = \"y\"\nz = 'Z' \n".to_owned(), 1));
    }

    #[test]
    fn line_ends_stay() {
        assert_eq!(carried("a \nb\n", "a \r\nB\r\n", "a\nb\n"), ("a\r\nB\r\n".to_owned(), 0));
        assert_eq!(carried("a \r\nb\r\n", "a \nB\n", "a\r\nb\r\n"), ("a\nB\n".to_owned(), 0));
        assert_eq!(carried("a \nb\n", "a \r\nb\n", "a\nb\n"), ("a\r\nb\n".to_owned(), 0));
        assert_eq!(carried("a\nb\n", "a\r\nB\r\n", "a\nnew\nb\n"), ("a\r\nnew\r\nB\r\n".to_owned(), 0));
    }

    proptest! {
        #[test]
        fn what_the_other_changed_is_never_lost(
            lines in prop::collection::vec((0..6_u8, 0..6_u8), 0..30),
            crlf in any::<bool>(),
        ) {
            // Per line: what ours does to it, what the other does; at most one of them anything.
            let text = |pick: &dyn Fn(usize, (u8, u8)) -> String| -> String {
                lines.iter().enumerate().map(|(at, &what)| pick(at, what)).collect()
            };
            let line = |at: usize, what: u8| match what {
                0 => format!("changed {at}\n"),
                1 => String::new(),
                2 => format!("{at}\nafter {at}\n"),
                _ => format!("{at}\n"),
            };
            let base = text(&|at, _| line(at, 9));
            let changed = text(&|at, (ours, _)| line(at, if ours == 0 { 0 } else { 9 }));
            let mut other = text(&|at, (ours, theirs)| line(at, if ours == 0 { 9 } else { theirs }));
            let mut both = text(&|at, (ours, theirs)| line(at, if ours == 0 { 0 } else { theirs }));
            if crlf {
                other = other.replace('\n', "\r\n");
                both = both.replace('\n', "\r\n");
            }
            let carried = carry(base.as_bytes(), other.as_bytes(), changed.as_bytes());
            if carried.left == 0 {
                prop_assert_eq!(String::from_utf8(carried.text).unwrap(), both);
            } else {
                // A run of changed lines may go as a whole, but nothing of the other's goes with it.
                let kept = String::from_utf8(carried.text).unwrap();
                for line in other.lines().filter(|line| line.contains(' ')) {
                    prop_assert!(kept.contains(line));
                }
            }
            prop_assert_eq!(carry(base.as_bytes(), other.as_bytes(), base.as_bytes()).text, other.as_bytes());
        }
    }
}
