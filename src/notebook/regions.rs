//! The code of a notebook, cell by cell: Python as a parser of IPython's dialect takes it, and SQL.

use super::magic::{Magic, MagicKind, blanks};
use super::scan::lines;
use super::{Cell, Form, Language, Notebook};
use crate::text::Span;
use crate::text::region::{OffsetMap, Region};
use std::borrow::Cow;

/// One region for each cell that holds Python, in order. Cells that stand as they are lend their slice of the
/// text; a copy is made where `# MAGIC` prefixes, indentation of the whole cell, or lines that no parser takes
/// must go.
pub fn python_regions<'a>(notebook: &Notebook, text: &'a str) -> Vec<Region<'a>> {
    let mut regions = Vec::new();
    for (index, cell) in notebook.cells.iter().enumerate() {
        if cell.language != Language::Python || cell.form == Form::Empty {
            continue;
        }
        if let Some((code, map)) = code(notebook, cell, text) {
            regions.push(Region { cell: index, code, map, ipython: true });
        }
    }
    regions
}

/// One region for each cell that holds SQL, in order, without `MAGIC` prefixes and without the magic that leads it.
pub fn sql_regions<'a>(notebook: &Notebook, text: &'a str) -> Vec<Region<'a>> {
    let mut regions = Vec::new();
    for (index, cell) in notebook.cells.iter().enumerate() {
        if cell.language != Language::Sql || cell.form == Form::Empty {
            continue;
        }
        let span = Span::new(start(cell, text).min(cell.body.end), cell.body.end);
        if cell.form != Form::Prefixed {
            let code = Cow::Borrowed(span.of(text));
            regions.push(Region { cell: index, code, map: OffsetMap::shift(span.start), ipython: false });
            continue;
        }
        let mut code = String::with_capacity(span.len() as usize);
        let mut map = OffsetMap::default();
        for line in lines(text, span, Some(notebook.language.comment())) {
            map.pieces.push((u32::try_from(code.len()).unwrap_or(u32::MAX), line.content.start));
            code.push_str(Span::new(line.content.start, line.next).of(text));
        }
        regions.push(Region { cell: index, code: Cow::Owned(code), map, ipython: false });
    }
    regions
}

/// The Python of one cell.
fn code<'a>(notebook: &Notebook, cell: &Cell, text: &'a str) -> Option<(Cow<'a, str>, OffsetMap)> {
    let start = start(cell, text);
    let span = Span::new(start.min(cell.body.end), cell.body.end);
    let comment = (cell.form == Form::Prefixed).then(|| notebook.language.comment());
    let dedent = lines(text, span, comment)
        .map(|line| line.content.of(text))
        .find(|line| !line.trim().is_empty())
        .map(|line| line.get(..blanks(line) as usize).unwrap_or(""))?;
    let odd = odd_magics(cell, text, span, u32::try_from(dedent.len()).unwrap_or(0));
    if comment.is_none() && dedent.is_empty() && odd.is_empty() {
        return Some((Cow::Borrowed(span.of(text)), OffsetMap::shift(span.start)));
    }
    let mut odd = odd.into_iter().peekable();
    let mut code = String::with_capacity(span.len() as usize);
    let mut map = OffsetMap::default();
    for line in lines(text, span, comment) {
        let from = u32::try_from(code.len()).unwrap_or(u32::MAX);
        let content = line.content.of(text);
        // The rest of a line whose start was cut away has no prefix.
        let cut = content.strip_prefix(dedent).map_or(0, |_| u32::try_from(dedent.len()).unwrap_or(0));
        let start = line.content.start + cut;
        while odd.next_if(|odd| odd.end <= line.start).is_some() {}
        let is_odd = odd.peek().is_some_and(|odd| odd.start < line.next);
        let kept = if is_odd { line.content.end } else { start };
        map.pieces.push((from, kept));
        code.push_str(Span::new(kept, line.next).of(text));
    }
    Some((Cow::Owned(code), map))
}

/// Where the Python of a cell starts: after a leading magic that is no Python, at the code on a `%python` line,
/// or at the body's start. Magics that the parser takes for statements stay.
fn start(cell: &Cell, text: &str) -> u32 {
    let Some(lead) = cell.leads() else { return cell.body.start };
    let automagic = lead.name.start == lead.span.start;
    match lead.kind {
        MagicKind::Language(_) if !lead.argument.is_empty() => lead.argument.start,
        MagicKind::Language(_) => lead.span.end,
        _ if automagic => next_line(text, lead, cell.body.end),
        _ => cell.body.start,
    }
}

fn next_line(text: &str, lead: &Magic, end: u32) -> u32 {
    let rest = Span::new(lead.span.end.min(end), end).of(text);
    memchr::memchr(b'\n', rest.as_bytes()).map_or(end, |length| lead.span.end + u32::try_from(length).unwrap_or(0) + 1)
}

/// Magics of an otherwise plain cell that are indented where no block is open: IPython takes them, a parser of
/// Python does not.
fn odd_magics(cell: &Cell, text: &str, span: Span, dedent: u32) -> Vec<Span> {
    let mut odd = Vec::new();
    let mut magics = cell.magics.iter().filter(|magic| span.covers(magic.span) && !magic.prefixed).peekable();
    // How far a statement may be indented under the code above.
    let mut allowed = dedent;
    let mut done = span.start;
    for line in lines(text, span, None) {
        while magics.next_if(|magic| magic.span.start < line.start).is_some() {}
        let Some(magic) = magics.peek() else { break };
        if line.start < done {
            continue;
        }
        let content = line.content.of(text);
        let indent = blanks(content);
        if magic.span.start == line.content.start + indent {
            if indent > allowed {
                odd.push(magic.span);
            }
            done = magic.span.end;
        } else if !content.trim().is_empty() && !content.trim_start().starts_with('#') {
            // A block may open here: then any indentation may be right.
            allowed = if content.contains(':') { u32::MAX } else { indent };
        }
    }
    odd
}
