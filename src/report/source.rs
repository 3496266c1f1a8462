//! One line of source with a mark under the place, cut to fit.

use super::plain;
use unicode_width::UnicodeWidthChar as _;

/// Blanks that a tab is shown as.
const TAB: usize = 4;

/// A line as it is shown, and where the mark goes.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Shown {
    /// The line, or the part of it around the mark; without line end or control characters.
    pub(super) text: String,
    /// Columns before the mark.
    pub(super) indent: usize,
    /// Columns of the mark, at least 1.
    pub(super) mark: usize,
}

/// Shows `line` (without its line end) in at most `width` columns, with a mark under the bytes
/// `start..end` of it. What does not fit is cut around the start of the mark. Costs no more than what
/// is shown, however long the line. Characters at whose byte `is_secret` holds become stars.
pub(super) fn show(
    line: &str,
    (start, end): (usize, usize),
    width: usize,
    unicode: bool,
    is_secret: impl Fn(usize) -> bool,
) -> Shown {
    let dots = if unicode { "…" } else { "..." };
    let dots_width = if unicode { 1 } else { 3 };
    let width = width.max(8 + 2 * dots_width);
    let start = floor(line, start.min(line.len()));
    let end = floor(line, end.min(line.len())).max(start);

    // Most lines are shown as they are.
    let is_plain = line.len() <= width && line.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if is_plain && !(0..line.len()).any(&is_secret) {
        return Shown { text: line.to_owned(), indent: start, mark: (end - start).max(1) };
    }

    // From the line's start, if all of it fits, or the mark's start and a little more.
    let whole = columns(line, width).is_some() || columns(&line[..start], width * 2 / 3).is_some();
    let (from, cut_left) = if whole {
        (0, false)
    } else {
        // What is not needed on the right is shown on the left.
        let right = columns(&line[start..], width * 2 / 3).unwrap_or(width * 2 / 3);
        (back(line, start, width - dots_width - right), true)
    };
    let mut text = String::with_capacity(width + 8);
    let mut used = 0;
    if cut_left {
        text.push_str(dots);
        used = dots_width;
    }
    let (mut indent, mut marked) = (used, 0);
    for (count, (at, c)) in line[from..].char_indices().enumerate() {
        let secret = is_secret(from + at);
        let wide = if secret { 1 } else { show_width(c) };
        // The last columns are the dots', unless the line ends in them.
        let full = used + wide + dots_width > width && columns(&line[from + at..], width - used).is_none();
        if full || count > most_characters(width) {
            if from + at < start {
                indent = used;
            }
            text.push_str(dots);
            break;
        }
        if secret {
            text.push('*');
        } else if c == '\t' {
            text.extend(std::iter::repeat_n(' ', TAB));
        } else {
            plain::push(&mut text, c);
        }
        used += wide;
        if from + at < start {
            indent = used;
        } else if from + at < end {
            marked += wide;
        }
    }
    Shown { text, indent, mark: marked.max(1) }
}

/// Columns that `text` takes, or `None` if more than `limit`. Looks no further than that.
fn columns(text: &str, limit: usize) -> Option<usize> {
    let mut used = 0;
    for (count, c) in text.chars().enumerate() {
        used += show_width(c);
        if used > limit || count > most_characters(limit) {
            return None;
        }
    }
    Some(used)
}

/// How many characters are shown in so many columns: some have no width, but there must be an end.
const fn most_characters(columns: usize) -> usize {
    columns * 4
}

/// The byte to start showing from, so that at most `limit` columns stand before `end`.
fn back(line: &str, end: usize, limit: usize) -> usize {
    let mut used = 0;
    for (count, (at, c)) in line[..end].char_indices().rev().enumerate() {
        used += show_width(c);
        if used > limit || count > most_characters(limit) {
            return at + c.len_utf8();
        }
    }
    0
}

/// Columns that one character takes as it is shown.
fn show_width(c: char) -> usize {
    if c == '\t' {
        TAB
    } else if plain::is_hidden(c) {
        let mut shown = String::new();
        plain::push(&mut shown, c);
        shown.chars().count()
    } else {
        c.width().unwrap_or(1)
    }
}

/// The start of the character that the byte at `at` belongs to.
fn floor(text: &str, at: usize) -> usize {
    (0..=at).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(line: &str, start: usize, end: usize, width: usize) -> String {
        let shown = show(line, (start, end), width, true, |_| false);
        format!("{}\n{}{}", shown.text, " ".repeat(shown.indent), "^".repeat(shown.mark))
    }

    #[test]
    fn marks_stand_under_wide_characters_and_tabs() {
        assert_eq!(drawn("x = spark", 4, 9, 80), "x = spark\n    ^^^^^");
        assert_eq!(drawn("\tif x", 1, 3, 80), "    if x\n    ^^");
        assert_eq!(drawn("\"名前\" + y", 11, 12, 80), "\"名前\" + y\n         ^");
        assert_eq!(drawn("a\u{1b}[0m b", 6, 7, 80), "a␛[0m b\n      ^");
        assert_eq!(drawn("", 0, 0, 80), "\n^");
        assert_eq!(drawn("abc", 3, 3, 80), "abc\n   ^");
    }

    #[test]
    fn long_lines_are_cut_around_the_mark() {
        let line = format!("{}NEEDLE{}", "a".repeat(50_000), "b".repeat(50_000));
        assert_eq!(drawn(&line, 50_000, 50_006, 30), "…aaaaaaaaaNEEDLEbbbbbbbbbbbbb…\n          ^^^^^^");
        let line = format!("{}{}", "a".repeat(20), "b".repeat(20));
        assert_eq!(drawn(&line, 2, 40, 20), "aaaaaaaaaaaaaaaaaaa…\n  ^^^^^^^^^^^^^^^^^");
        assert_eq!(drawn(&line, 39, 40, 40), format!("{line}\n{}^", " ".repeat(39)));
        assert_eq!(drawn(&line, 39, 40, 20), "…bbbbbbbbbbbbbbbbbbb\n                   ^");
        let exact = "a".repeat(20);
        assert_eq!(drawn(&exact, 0, 1, 20), format!("{exact}\n^"));
        for width in 0..60 {
            for start in 0..line.len() {
                let shown = show(&line, (start, start + 3), width, false, |_| false);
                assert!(shown.text.len() <= width.max(14), "{width} {start} {shown:?}");
                assert!(shown.indent + shown.mark <= width.max(14), "{width} {start} {shown:?}");
                assert_eq!(shown.text.get(shown.indent..=shown.indent), line.get(start..=start), "{width} {start}");
            }
        }
    }

    #[test]
    fn secrets_are_stars() {
        let shown = show("token = 'abc'", (9, 12), 80, true, |at| (9..12).contains(&at));
        assert_eq!(shown, Shown { text: "token = '***'".to_owned(), indent: 9, mark: 3 });
    }
}
