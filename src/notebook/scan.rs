//! Lines of a cell with and without their `# MAGIC` prefix, and just enough of Python's lexing to know
//! where a logical line begins.

use crate::text::Span;

/// One line of a cell.
#[derive(Clone, Copy, Debug)]
pub(super) struct Line {
    /// First byte of the line.
    pub(super) start: u32,
    /// What stands on it: without its `# MAGIC` prefix and without its line end.
    pub(super) content: Span,
    /// First byte of the next line; the end of the cell for its last line.
    pub(super) next: u32,
    /// Whether a `# MAGIC` prefix was taken off.
    pub(super) prefixed: bool,
}

/// The lines of `span`, in order. With `comment`, lines behind `# MAGIC` lose that prefix.
pub(super) fn lines<'a>(text: &'a str, span: Span, comment: Option<&'a str>) -> impl Iterator<Item = Line> + 'a {
    let bytes = span.of(text).as_bytes();
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut at = 0;
    std::iter::from_fn(move || {
        let rest = bytes.get(at..).filter(|rest| !rest.is_empty())?;
        let length = memchr::memchr(b'\n', rest);
        let next = at + length.map_or(rest.len(), |length| length + 1);
        let mut content = rest.get(..length.unwrap_or(rest.len())).unwrap_or_default();
        if let [before @ .., b'\r'] = content {
            content = before;
        }
        let prefix = comment.and_then(|comment| prefix(content, comment.as_bytes()));
        let start = span.start + clamp(at);
        let line = Line {
            start,
            content: Span::new(start + clamp(prefix.unwrap_or(0)), start + clamp(content.len())),
            next: span.start + clamp(next),
            prefixed: prefix.is_some(),
        };
        at = next;
        Some(line)
    })
}

/// The line without its `# MAGIC` prefix, if it has one.
pub(super) fn unprefixed(text: &str, line: Line, comment: &str) -> Option<Line> {
    let length = prefix(line.content.of(text).as_bytes(), comment.as_bytes())?;
    let start = line.content.start + u32::try_from(length).unwrap_or(0);
    Some(Line { content: Span::new(start, line.content.end), prefixed: true, ..line })
}

/// How many bytes the `# MAGIC` prefix of a line takes, if it has one. One blank after the word belongs to it;
/// blank lines have none. `#MAGIC`, as some sanitised exports have it, counts.
fn prefix(line: &[u8], comment: &[u8]) -> Option<usize> {
    let rest = line.strip_prefix(comment)?;
    let rest = rest.strip_prefix(b" ").unwrap_or(rest).strip_prefix(b"MAGIC")?;
    match rest {
        [] => Some(line.len()),
        [b' ' | b'\t', after @ ..] => Some(line.len() - after.len()),
        _ => None,
    }
}

/// What Python is in the middle of at a line's start.
#[derive(Debug, Default)]
pub(super) struct Python {
    /// Open brackets.
    depth: u32,
    /// The open string: its quote, and whether it has three of them.
    string: Option<(u8, bool)>,
    /// Whether the line before ended in a backslash.
    continued: bool,
}

impl Python {
    /// Whether a line that comes now starts a statement, so that a magic may stand there.
    pub(super) const fn at_statement(&self) -> bool {
        self.depth == 0 && self.string.is_none() && !self.continued
    }

    /// Whether a line that comes now starts inside a string.
    pub(super) const fn in_string(&self) -> bool {
        self.string.is_some()
    }

    /// Reads one line. Where a magic is assigned (`x = !ls`, `x = %sx ls`), gives its place in the line and
    /// reads no further.
    pub(super) fn line(&mut self, line: &str) -> Option<usize> {
        let bytes = line.as_bytes();
        let mut at = 0;
        self.continued = false;
        while let Some(&byte) = bytes.get(at) {
            if let Some((quote, triple)) = self.string {
                let Some(found) = memchr::memchr2(b'\\', quote, bytes.get(at..).unwrap_or_default()) else { break };
                at += found;
                if bytes.get(at) == Some(&b'\\') {
                    at += 2;
                    if at > bytes.len() {
                        self.continued = !triple;
                    }
                } else if !triple {
                    self.string = None;
                    at += 1;
                } else if bytes.get(at..at + 3) == Some(&[quote; 3]) {
                    self.string = None;
                    at += 3;
                } else {
                    at += 1;
                }
                continue;
            }
            match byte {
                b'#' => return None,
                b'\'' | b'"' => {
                    let triple = bytes.get(at..at + 3) == Some(&[byte; 3]);
                    self.string = Some((byte, triple));
                    at += if triple { 3 } else { 1 };
                    continue;
                }
                b'(' | b'[' | b'{' => self.depth += 1,
                b')' | b']' | b'}' => self.depth = self.depth.saturating_sub(1),
                b'\\' if at + 1 == bytes.len() => self.continued = true,
                b'=' if self.depth == 0 => {
                    if let Some(magic) = assigned(bytes, at) {
                        return Some(magic);
                    }
                }
                _ => {}
            }
            at += 1;
        }
        // A plain string ends with its line unless a backslash carries it on.
        if matches!(self.string, Some((_, false))) && !self.continued {
            self.string = None;
        }
        None
    }
}

/// The place of the magic that the `=` at `at` assigns, if it does.
fn assigned(bytes: &[u8], at: usize) -> Option<usize> {
    let before = at.checked_sub(1).and_then(|before| bytes.get(before));
    if before.is_none_or(|byte| b"=!<>:+-*/%&|^@~".contains(byte)) {
        return None;
    }
    let blanks = bytes.get(at + 1..)?.iter().take_while(|byte| matches!(byte, b' ' | b'\t')).count();
    let sign = at + 1 + blanks;
    match (bytes.get(sign)?, bytes.get(sign + 1)) {
        (b'!', Some(next)) if *next != b'=' => Some(sign),
        (b'%', Some(next)) if next.is_ascii_alphabetic() || *next == b'%' => Some(sign),
        _ => None,
    }
}
