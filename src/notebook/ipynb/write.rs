//! Writing changed cells into Jupyter's JSON without touching another byte.

use super::string::{self, Beyond};
use crate::notebook::Notebook;
use crate::text::Span;
use crate::text::edit::{self, Edit};
use serde_json::value::RawValue;

/// The file with `edits` made, and no byte changed beside them: see [`write_all`].
pub fn write(raw: &str, notebook: &Notebook, joined: &str, edits: &[Edit]) -> Option<String> {
    write_all(raw, notebook, joined, edits, &[])
}

/// The file with `edits` and `file_edits` made. `raw` is the file, `joined` the text that the notebook's spans and
/// `edits` point into; `file_edits` point into the file. Only the `source` values of touched cells are written anew,
/// in the style that they had, and in these only the lines that change; every other byte stays.
///
/// `None` if edits overlap, or some of `edits` do not lie in one cell each, touch a cell that has no source, or would
/// have to write what the file cannot hold as text (half a surrogate pair).
pub fn write_all(raw: &str, notebook: &Notebook, joined: &str, edits: &[Edit], file_edits: &[Edit]) -> Option<String> {
    let json = notebook.json.as_ref()?;
    let mut by_cell: Vec<(usize, Vec<Edit>)> = Vec::new();
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    for edit in sorted {
        let index = notebook.cell_at(edit.span.start)?;
        let cell = notebook.cells.get(index)?.span;
        if edit.span.start < cell.start || edit.span.end > cell.end {
            return None;
        }
        let within = Span::new(edit.span.start - cell.start, edit.span.end - cell.start);
        let moved = Edit::replace(within, edit.text.clone());
        match by_cell.last_mut() {
            Some((last, edits)) if *last == index => edits.push(moved),
            _ => by_cell.push((index, vec![moved])),
        }
    }
    let file_style = Beyond::of(raw);
    let mut all = file_edits.to_vec();
    for (index, edits) in by_cell {
        let old = notebook.cells.get(index)?.span.of(joined);
        let new = edit::apply(old, &edits)?;
        if new == old {
            continue;
        }
        let place = json.cells.get(index)?.source;
        let value = Some(place.of(raw)).filter(|value| !value.is_empty())?;
        let beyond = Beyond::of(value).or(file_style).unwrap_or(Beyond::Kept);
        let mut out = String::with_capacity(value.len() + 64);
        if value.starts_with('[') {
            let gaps = Gaps::of(value)
                .or_else(|| json.cells.iter().find_map(|cell| Gaps::of(cell.source.of(raw))))
                .unwrap_or(Gaps { open: "", between: ",", close: "" });
            write_lines(value, &new, beyond, gaps, &mut out)?;
        } else {
            if !value.starts_with('"') || string::is_lossy(value) {
                return None;
            }
            string::encode(&new, beyond, &mut out);
        }
        all.push(Edit::replace(place, out));
    }
    edit::apply(raw, &all)
}

/// What stands around the elements of an array of strings.
#[derive(Clone, Copy)]
struct Gaps<'a> {
    open: &'a str,
    between: &'a str,
    close: &'a str,
}

impl<'a> Gaps<'a> {
    /// The gaps of `value`, if it is an array with an element.
    fn of(value: &'a str) -> Option<Self> {
        let inner = value.strip_prefix('[')?.strip_suffix(']')?;
        let elements: Vec<&RawValue> = serde_json::from_str(value).ok()?;
        let at = |element: &RawValue| (element.get().as_ptr() as usize).saturating_sub(inner.as_ptr() as usize);
        let end = |element: &RawValue| at(element) + element.get().len();
        let (first, last) = (elements.first()?, elements.last()?);
        let open = inner.get(..at(first))?;
        let between = match elements.get(1) {
            Some(second) => inner.get(end(first)..at(second))?,
            None if open.starts_with('\n') => "",
            None => ", ",
        };
        Some(Self { open, between, close: inner.get(end(last)..)? })
    }
}

/// Writes an array of lines that says `new`; elements of `old` that stay the same are copied as they are.
fn write_lines(old: &str, new: &str, beyond: Beyond, gaps: Gaps<'_>, out: &mut String) -> Option<()> {
    let elements: Vec<&RawValue> = serde_json::from_str(old).ok()?;
    let texts: Vec<String> = elements
        .iter()
        .map(|element| {
            let mut text = String::new();
            string::decode(element.get(), &mut text);
            text
        })
        .collect();
    // What both begin with, in whole lines.
    let mut rest = new;
    let mut before = 0;
    while let Some(after) = texts.get(before).and_then(|text| rest.strip_prefix(text.as_str())) {
        if !(after.is_empty() || texts.get(before).is_some_and(|text| text.ends_with('\n'))) {
            break;
        }
        rest = after;
        before += 1;
    }
    // What both end with, as long as what is left before it ends with a line.
    let mut kept = texts.len();
    let mut shorter = (rest, kept);
    while kept > before {
        let Some(left) = texts.get(kept - 1).and_then(|text| shorter.0.strip_suffix(text.as_str())) else { break };
        kept -= 1;
        shorter.0 = left;
        if left.is_empty() || left.ends_with('\n') {
            shorter.1 = kept;
            rest = left;
        }
    }
    let kept = shorter.1;
    if elements.get(before..kept)?.iter().any(|element| string::is_lossy(element.get())) {
        return None;
    }
    let between = if gaps.between.is_empty() { format!(",{}", gaps.open) } else { gaps.between.to_owned() };
    let mut first = true;
    let mut next = |out: &mut String| {
        out.push_str(if std::mem::take(&mut first) { gaps.open } else { &between });
    };
    out.push('[');
    let empty = new.is_empty();
    for element in elements.get(..before)? {
        next(out);
        out.push_str(element.get());
    }
    for line in rest.split_inclusive('\n') {
        next(out);
        string::encode(line, beyond, out);
    }
    for element in elements.get(kept..)? {
        next(out);
        out.push_str(element.get());
    }
    if !empty {
        out.push_str(gaps.close);
    }
    out.push(']');
    Some(())
}
