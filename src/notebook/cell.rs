//! What one cell is: how its lines are written, what runs in it, and which magics it holds.

use super::magic::{self, Magic, MagicKind};
use super::scan::{Line, Python, lines, unprefixed};
use super::{Form, Language};
use crate::text::Span;

/// What was found out about a cell.
pub(super) struct Shape {
    pub(super) form: Form,
    pub(super) language: Language,
    pub(super) magics: Vec<Magic>,
}

/// Looks at the cell whose code lies under `body`, in a notebook of language `default`. `source`: whether lines
/// may stand behind `# MAGIC`.
pub(super) fn shape(text: &str, body: Span, default: Language, source: bool) -> Shape {
    // Most cells have no such line; asking first is cheaper than looking at each.
    let source = source && memchr::memmem::find(body.of(text).as_bytes(), b"MAGIC").is_some();
    let comment = source.then(|| default.comment());
    let (form, first) = form(text, body, comment);
    let mut shape = Shape { form, language: default, magics: Vec::new() };
    let Some(first) = first else { return shape };
    // Lines in a mixed cell mean what they are: code and comments.
    if form == Form::Mixed {
        shape.magics = mixed(text, body, default);
        return shape;
    }
    let mut rest = lines(text, Span::new(first.next, body.end), comment);
    let Some(mut lead) = lead(text, first, default, &mut rest) else {
        if default == Language::Python {
            let mut all = lines(text, Span::new(first.start, body.end), comment);
            if form == Form::Prefixed || may_hold_magics(body.of(text)) {
                python(text, &mut all, None, &mut shape.magics);
            }
        }
        return shape;
    };
    lead.leads = true;
    lead.prefixed = first.prefixed;
    let after = Span::new(next_line(text, lead.span.end, body.end), body.end);
    shape.language = language(text, &lead, default, after, comment);
    let inner = match lead.kind {
        MagicKind::Run => Inner::Dead,
        MagicKind::Install | MagicKind::Restart | MagicKind::Line | MagicKind::Shell if !lead.whole_cell() => {
            Inner::Python
        }
        _ if shape.language == Language::Python => Inner::Python,
        _ => Inner::Nothing,
    };
    shape.magics.push(lead);
    let mut rest = lines(text, after, comment);
    match inner {
        Inner::Nothing => {}
        Inner::Python => {
            let from = shape.magics.len();
            python(text, &mut rest, None, &mut shape.magics);
            cell_magic_inside(text, &mut shape, from, after, comment);
        }
        // More of them in the cell: they are not obeyed, but worth a word.
        Inner::Dead => dead(text, &mut rest, &mut shape.magics),
    }
    shape
}

/// What to look for after a leading magic.
enum Inner {
    Nothing,
    Python,
    Dead,
}

/// How the lines are written, and the first one that is not blank.
fn form(text: &str, body: Span, comment: Option<&str>) -> (Form, Option<Line>) {
    let mut first = None;
    let (mut prefixed, mut bare) = (false, false);
    for line in lines(text, body, comment) {
        if line.prefixed {
            prefixed = true;
            if first.is_none_or(|first: Line| is_blank(text, first)) {
                first = Some(line);
            }
        } else if !is_blank(text, line) {
            bare = true;
            if first.is_none_or(|first: Line| is_blank(text, first)) {
                first = Some(line);
            }
            if comment.is_none() {
                break;
            }
        }
        if prefixed && bare {
            break;
        }
    }
    let form = match (prefixed, bare) {
        (false, false) => Form::Empty,
        (true, false) => Form::Prefixed,
        (false, true) => Form::Plain,
        (true, true) => Form::Mixed,
    };
    (form, first)
}

fn is_blank(text: &str, line: Line) -> bool {
    line.content.of(text).bytes().all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | 0x0C))
}

/// The magic that the first line with anything on it is, if it is one.
fn lead(text: &str, first: Line, default: Language, rest: &mut dyn Iterator<Item = Line>) -> Option<Magic> {
    let content = first.content.of(text);
    let at = first.content.start + magic::blanks(content);
    match content.trim_start().as_bytes().first()? {
        b'%' => magic::read(text, first, at, rest),
        // Elsewhere `!` is an operator.
        b'!' if default == Language::Python => magic::read(text, first, at, rest),
        b'a'..=b'z' if default == Language::Python => magic::read_automagic(text, first, rest),
        _ => None,
    }
}

/// What runs in a cell that `lead` leads.
fn language(text: &str, lead: &Magic, default: Language, after: Span, comment: Option<&str>) -> Language {
    match lead.kind {
        MagicKind::Language(Language::Python) if lead.argument.is_empty() => {
            // A cell magic may follow: `%python`, then `%%writefile x`.
            match second(text, after, comment) {
                Some(inner) if inner.double => language(text, &inner, Language::Python, Span::at(after.end), None),
                _ => Language::Python,
            }
        }
        MagicKind::Language(language) => language,
        MagicKind::Run | MagicKind::Skip | MagicKind::Environment | MagicKind::TextBody => Language::Text,
        MagicKind::PythonBody => Language::Python,
        MagicKind::Shell if lead.double => Language::Shell,
        MagicKind::Unknown if lead.double => Language::Text,
        MagicKind::Install | MagicKind::Restart | MagicKind::Shell | MagicKind::Line | MagicKind::Unknown => default,
    }
}

/// The `%%` magic that the first line of `after` with anything on it is.
fn second(text: &str, after: Span, comment: Option<&str>) -> Option<Magic> {
    let mut rest = lines(text, after, comment);
    let first = rest.find(|line| !is_blank(text, *line))?;
    let content = first.content.of(text);
    if !content.starts_with("%%") {
        return None;
    }
    magic::read(text, first, first.content.start, &mut rest)
}

/// A `%%` magic right after a leading `%python` rules the rest of the cell.
fn cell_magic_inside(text: &str, shape: &mut Shape, from: usize, after: Span, comment: Option<&str>) {
    if shape.magics.first().is_some_and(|lead| lead.kind == MagicKind::Language(Language::Python))
        && let Some(inner) = second(text, after, comment)
        && let Some(found) = shape.magics.get_mut(from).filter(|found| found.span == inner.span)
    {
        found.live = true;
    }
}

/// Whether a Python cell can hold a magic at all; cheap, so that most cells are not scanned.
fn may_hold_magics(code: &str) -> bool {
    memchr::memchr2_iter(b'%', b'!', code.as_bytes()).any(|at| {
        let before = code.as_bytes().get(..at).unwrap_or_default();
        let last = before.iter().rev().find(|byte| !matches!(byte, b' ' | b'\t'));
        matches!(last, None | Some(b'\n' | b'=' | b'%'))
    })
}

/// Collects the magics of Python code. With `comment`, lines behind `# MAGIC` count as well: nobody obeys them.
fn python(text: &str, rest: &mut dyn Iterator<Item = Line>, comment: Option<&str>, magics: &mut Vec<Magic>) {
    let mut state = Python::default();
    while let Some(line) = rest.next() {
        // In a string, it is the text of a program that writes notebooks.
        let dead = comment.filter(|_| !state.in_string()).and_then(|comment| unprefixed(text, line, comment));
        if let Some(line) = dead {
            magics.extend(dead_magic(text, line, rest));
            continue;
        }
        let content = line.content.of(text);
        let magic = if state.at_statement() && matches!(content.trim_start().as_bytes(), [b'%' | b'!', ..]) {
            magic::read(text, line, line.content.start + magic::blanks(content), rest)
        } else {
            None
        };
        let magic = magic.or_else(|| {
            let at = line.content.start + u32::try_from(state.line(content)?).unwrap_or(0);
            magic::read(text, line, at, rest)
        });
        if let Some(mut magic) = magic {
            magic.prefixed = line.prefixed;
            magic.live = !magic.whole_cell();
            magics.push(magic);
        }
    }
}

/// Collects magics that nobody obeys.
fn dead(text: &str, rest: &mut dyn Iterator<Item = Line>, magics: &mut Vec<Magic>) {
    while let Some(line) = rest.next() {
        magics.extend(dead_magic(text, line, rest));
    }
}

/// The magic that `line` starts with, as one that nobody obeys.
fn dead_magic(text: &str, line: Line, rest: &mut dyn Iterator<Item = Line>) -> Option<Magic> {
    let content = line.content.of(text);
    if !content.trim_start().starts_with('%') {
        return None;
    }
    let magic = magic::read(text, line, line.content.start + magic::blanks(content), rest)?;
    Some(Magic { live: false, prefixed: line.prefixed, ..magic })
}

/// The magics of a mixed cell: the bare ones as ever, those behind `# MAGIC` dead.
fn mixed(text: &str, body: Span, default: Language) -> Vec<Magic> {
    let comment = default.comment();
    let mut magics = Vec::new();
    if default == Language::Python {
        python(text, &mut lines(text, body, None), Some(comment), &mut magics);
    } else {
        dead(text, &mut lines(text, body, Some(comment)).filter(|line| line.prefixed), &mut magics);
    }
    magics
}

/// The start of the line after the one that holds `offset`, at most `end`.
fn next_line(text: &str, offset: u32, end: u32) -> u32 {
    let rest = Span::new(offset.min(end), end).of(text);
    match memchr::memchr(b'\n', rest.as_bytes()) {
        Some(length) => offset + u32::try_from(length).unwrap_or(0) + 1,
        None => end,
    }
}
