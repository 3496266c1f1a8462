//! What our comments say.

use super::comments::{Comment, SIGN};
use crate::text::Span;
use crate::text::date::Date;
use crate::text::nearest::nearest;

/// How far a comment reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reach {
    /// `ignore[…]`: its line, or the one below if it stands alone.
    Line,
    /// `ignore-file[…]`.
    File,
    /// `ignore-next-cell[…]`.
    NextCell,
}

/// More names than this are no list that anybody wrote by hand.
const MOST_NAMES: usize = 200;

const WORDS: [(&str, Reach); 3] =
    [("ignore", Reach::Line), ("ignore-file", Reach::File), ("ignore-next-cell", Reach::NextCell)];

/// What comments begin with, in any language that we read.
const MARKERS: [&str; 4] = ["<!--", "#", "--", "//"];

/// One `brickgate: …` of a comment.
#[derive(Debug)]
pub(super) struct Directive {
    /// How far it reaches; `None` if it is not understood, and so silences nothing.
    pub reach: Option<Reach>,
    /// From its marker to the next directive or the end of the comment, without blanks at the end.
    pub span: Span,
    /// The whole comment.
    pub comment: Comment,
    /// Between the brackets.
    pub inside: Span,
    /// The names between the brackets.
    pub names: Vec<Name>,
    /// What is wrong with it.
    pub fault: Option<(Span, String)>,
}

/// A rule or a group that a directive names.
#[derive(Debug)]
pub(super) struct Name {
    pub span: Span,
    /// Whether it silenced anything.
    pub used: bool,
}

/// The directives of one comment. What only mentions the sign, in the middle of a sentence, is none.
pub(super) fn directives(text: &str, comment: Comment, found: &mut Vec<Directive>) {
    let whole = comment.span.of(text);
    let signs: Vec<(usize, usize)> = memchr::memmem::find_iter(whole.as_bytes(), SIGN)
        .filter_map(|at| Some((marker_before(whole.get(..at)?, comment.marker)?, at + SIGN.len())))
        .collect();
    let end = whole.strip_suffix("-->").filter(|_| comment.marker == "<!--").unwrap_or(whole).len();
    for (index, &(start, after)) in signs.iter().enumerate() {
        let stop = signs.get(index + 1).map_or(end, |&(next, _)| next);
        found.push(directive(text, comment, start, after, stop));
    }
}

/// Where the marker stands that `before` ends with, blanks aside.
fn marker_before(before: &str, marker: &str) -> Option<usize> {
    let before = before.trim_end_matches([' ', '\t']);
    let start = before.strip_suffix(marker)?;
    // `##`, `---`
    let sign = marker.chars().next()?;
    Some(if marker == "<!--" { start.len() } else { start.trim_end_matches(sign).len() })
}

fn directive(text: &str, comment: Comment, start: usize, after: usize, stop: usize) -> Directive {
    let base = comment.span.start;
    let place = |from: usize, to: usize| {
        let span = Span::from_range(from..to.max(from));
        Span::new(base + span.start, base + span.end)
    };
    let whole = comment.span.of(text);
    let written = whole.get(start..stop).unwrap_or("").trim_end();
    // Another tool's comment behind ours (`# brickgate: ignore[x]  # noqa`) is not ours to remove.
    let foreign = written
        .match_indices(comment.marker)
        .map(|(at, _)| at)
        .find(|&at| start + at > after && written.get(..at).is_some_and(|before| before.ends_with([' ', '\t'])));
    let written = foreign.and_then(|at| written.get(..at)).unwrap_or(written).trim_end();
    let end = start + written.len();
    let span = if comment.marker == "<!--" { comment.span } else { place(start, end) };
    let mut directive =
        Directive { reach: None, span, comment, inside: Span::at(span.end), names: Vec::new(), fault: None };

    let rest = whole.get(after..end).unwrap_or("");
    let blanks = rest.len() - rest.trim_start().len();
    let word_start = after + blanks;
    let rest = rest.trim_start();
    let length = rest.bytes().take_while(|&byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')).count();
    let word = rest.get(..length).unwrap_or("");
    let word_span = place(word_start, word_start + length);
    let tail = rest.get(length..).unwrap_or("");
    let Some(&(_, reach)) = WORDS.iter().find(|(known, _)| *known == word) else {
        let meant = nearest(word, WORDS.map(|(word, _)| word));
        if let Some(meant) = meant.or_else(|| tail.starts_with('[').then_some("ignore")) {
            let message = format!("`{word}` is not understood, so nothing is ignored: did you mean `{meant}`?");
            directive.fault = Some((word_span, message));
        }
        return directive;
    };
    let Some(list) = tail.trim_start().strip_prefix('[') else {
        directive.fault =
            Some((word_span, format!("name the rules that are to be ignored: `brickgate: {word}[rule-name]`")));
        return directive;
    };
    let list_start = end - list.len();
    let Some(close) = list.find(']') else {
        directive.fault = Some((word_span, format!("the `[` after `{word}` is never closed, so nothing is ignored")));
        return directive;
    };
    directive.inside = place(list_start, list_start + close);
    let mut at = list_start;
    for part in list.get(..close).unwrap_or("").split(',') {
        let name = part.trim();
        if !name.is_empty() {
            let start = at + (part.len() - part.trim_start().len());
            directive.names.push(Name { span: place(start, start + name.len()), used: false });
        }
        at += part.len() + 1;
    }
    if directive.names.len() > MOST_NAMES {
        directive.fault = Some((word_span, format!("more than {MOST_NAMES} names: name groups, such as `run/*`")));
    } else if directive.names.is_empty() {
        directive.fault = Some((directive.inside, format!("`{word}[]` names no rule, so nothing is ignored")));
    } else {
        let after = list.get(close + 1..).unwrap_or("");
        let (word, at) = day(after);
        let place = place(list_start + close + 1 + at, list_start + close + 1 + at + word.len());
        match fault_of_day(word) {
            Some(message) => directive.fault = Some((place, message)),
            None => directive.reach = Some(reach),
        }
    }
    directive
}

/// A line without the comment of ours that it ends on. One that is nothing else stays as it is.
pub fn before_ignore(line: &str) -> &str {
    let found = memchr::memmem::find(line.as_bytes(), SIGN).and_then(|at| line.split_at_checked(at));
    let Some((before, rest)) = found else { return line };
    let says_ignore = rest.get(SIGN.len()..).is_some_and(|said| said.trim_start().starts_with("ignore"));
    let start = MARKERS.into_iter().find_map(|marker| marker_before(before, marker)).filter(|_| says_ignore);
    let code = start.and_then(|start| line.get(..start)).map_or("", str::trim_end);
    if code.trim_start().is_empty() { line } else { code }
}

/// What keeps a comment with this note from silencing anything: it ends on a day that is over, or on none.
pub fn fault_of_note(note: &str) -> Option<String> {
    fault_of_day(day(note).0)
}

/// The word that is to be a day in ` until 2027-01-31 reason`, and where it stands; empty if the comment ends on none.
/// `until the migration is over` is a reason like any other.
fn day(after: &str) -> (&str, usize) {
    let rest = after.trim_start();
    let Some(rest) = rest.strip_prefix("until").filter(|rest| rest.starts_with([' ', '\t'])) else { return ("", 0) };
    let rest = rest.trim_start();
    let at = after.len() - rest.len();
    let word = rest.split([' ', '\t']).next().unwrap_or("");
    let word = word.trim_end_matches([',', ';', ':', '.', ')']);
    if word.starts_with(|c: char| c.is_ascii_digit()) { (word, at) } else { ("", 0) }
}

/// What is wrong with the day that a comment ends on: there is none such, or it is over.
fn fault_of_day(word: &str) -> Option<String> {
    if word.is_empty() {
        return None;
    }
    let Some(date) = Date::parse(word) else {
        return Some(format!("`{word}` is no day, so nothing is ignored: write it as in `until 2027-01-31`"));
    };
    (date < Date::today()).then(|| {
        format!("this ended on {date}, so nothing is ignored any more: mend what is found, or name a later day")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, marker: &'static str) -> Vec<(Option<Reach>, String, Vec<String>, bool)> {
        let comment = Comment { span: Span::from_range(0..text.len()), marker, cell: None };
        let mut found = Vec::new();
        directives(text, comment, &mut found);
        let names = |directive: &Directive| directive.names.iter().map(|name| name.span.of(text).to_owned()).collect();
        found.iter().map(|d| (d.reach, d.span.of(text).to_owned(), names(d), d.fault.is_some())).collect()
    }

    #[test]
    fn reads_names_and_reasons() {
        let all = read("# brickgate: ignore[a, b/* ,c] because # of that", "#");
        assert_eq!(all.len(), 1);
        assert_eq!(all[0].0, Some(Reach::Line));
        assert_eq!(all[0].1, "# brickgate: ignore[a, b/* ,c] because");
        assert_eq!(all[0].2, ["a", "b/*", "c"]);
        let all = read("# noqa: F401 ## brickgate:ignore-file[x] why # brickgate: ignore-next-cell[y]", "#");
        assert_eq!(all[0].1, "## brickgate:ignore-file[x] why");
        assert_eq!((all[0].0, all[1].0), (Some(Reach::File), Some(Reach::NextCell)));
        let all = read("<!-- brickgate: ignore[x] shown on purpose -->", "<!--");
        assert_eq!((all[0].2.join(","), all[0].3), ("x".to_owned(), false));
        assert_eq!(read("-- brickgate: ignore[x]", "--")[0].2, ["x"]);
    }

    #[test]
    fn a_day_ends_it() {
        let reach = |text: &str| {
            let read = read(text, "#");
            (read[0].0.is_some(), read[0].3)
        };
        assert_eq!(reach("# brickgate: ignore[a] until 9999-12-31 why"), (true, false));
        assert_eq!(reach("# brickgate: ignore[a] until 9999-12-31: why"), (true, false));
        assert_eq!(reach("# brickgate: ignore[a] until the move is over"), (true, false));
        assert_eq!(reach("# brickgate: ignore[a] until"), (true, false));
        assert_eq!(reach("# brickgate: ignore[a] untold 2000-01-01"), (true, false));
        assert_eq!(reach("# brickgate: ignore[a] until 2000-01-01 why"), (false, true));
        assert_eq!(reach("# brickgate: ignore-file[a] until 2027-02-30"), (false, true));
    }

    #[test]
    fn a_line_without_what_silences_it() {
        assert_eq!(before_ignore("rows = df.collect()  ## brickgate: ignore[a] why"), "rows = df.collect()");
        assert_eq!(before_ignore("# MAGIC SELECT 1 -- brickgate:ignore[a]"), "# MAGIC SELECT 1");
        assert_eq!(before_ignore("x <!-- brickgate: ignore[a] -->"), "x");
        for line in ["  # brickgate: ignore[a]", "x = 1  # brickgate: the linter", "x = 'brickgate: ignore'", "x = 1"] {
            assert_eq!(before_ignore(line), line);
        }
        assert!(fault_of_note("until 2000-01-01 known").is_some() && fault_of_note("until 2027-13-01").is_some());
        assert!(fault_of_note("until 9999-12-31 known").is_none() && fault_of_note("known").is_none());
    }

    #[test]
    fn says_what_it_does_not_understand() {
        for text in ["# brickgate: ignore", "# brickgate: ignore x", "# brickgate: ignore[", "# brickgate: ignore[ , ]"]
        {
            let all = read(text, "#");
            assert!(all[0].0.is_none() && all[0].3, "{text}");
        }
        for text in ["# brickgate: ignroe[x]", "# brickgate: ignore-cell[x]", "# brickgate: noqa[x]"] {
            assert!(read(text, "#")[0].3, "{text}");
        }
        assert!(!read("# brickgate: the linter", "#")[0].3);
        assert!(read("# see brickgate: ignore[x]", "#").is_empty());
        assert!(!read("# brickgate:", "#")[0].3);
    }
}
