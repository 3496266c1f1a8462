//! From the text of an `.ipynb`, which is the sources of its cells, to the bytes of its JSON and back.

use super::locate::SourceMap;
use crate::notebook::Notebook;

/// The byte of the file at which a byte of the text is written; `None` if the cell has no source.
pub fn in_file(raw: &str, notebook: &Notebook, offset: u32) -> Option<u32> {
    let index = notebook.cell_at(offset)?;
    let cell = notebook.cells.get(index)?.span;
    let within = offset.min(cell.end).saturating_sub(cell.start);
    let place = notebook.json.as_ref()?.cells.get(index)?.source;
    (!place.is_empty()).then(|| SourceMap::new(raw, place).offset(raw, within))
}

/// The byte of the text that is written at a byte of the file; `None` if no cell's source stands there.
pub fn in_text(raw: &str, notebook: &Notebook, offset: u32) -> Option<u32> {
    let cells = &notebook.json.as_ref()?.cells;
    let index = cells.iter().position(|cell| cell.source.start <= offset && offset <= cell.source.end)?;
    let (place, cell) = (cells.get(index)?.source, notebook.cells.get(index)?.span);
    let wanted = offset - place.start;
    let mut found = 0;
    walk(place.of(raw), |at, decoded| {
        if at <= wanted {
            found = decoded;
        }
        at < wanted
    });
    Some((cell.start + found).min(cell.end))
}

/// Goes through a JSON string or list of strings: where each character of the text is written, and how many bytes of
/// the text come before it; at the end of each string its closing quote. Stops when `visit` says so.
fn walk(literal: &str, mut visit: impl FnMut(u32, u32) -> bool) {
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let (mut at, mut decoded, mut inside) = (0_usize, 0_usize, false);
    while let Some(c) = literal.get(at..).and_then(|rest| rest.chars().next()) {
        if c == '"' {
            if inside && !visit(clamp(at), clamp(decoded)) {
                return;
            }
            inside = !inside;
            at += 1;
            continue;
        }
        if !inside {
            at += c.len_utf8();
            continue;
        }
        if !visit(clamp(at), clamp(decoded)) {
            return;
        }
        if c != '\\' {
            at += c.len_utf8();
            decoded += c.len_utf8();
            continue;
        }
        let rest = literal.get(at + 1..).unwrap_or("");
        if !rest.starts_with('u') {
            at += 1 + rest.chars().next().map_or(1, char::len_utf8);
            decoded += 1;
            continue;
        }
        let unit = |text: Option<&str>| text.and_then(|digits| u32::from_str_radix(digits, 16).ok()).unwrap_or(0xFFFD);
        let first = unit(rest.get(1..5));
        let second = if rest.get(5..7) == Some("\\u") { unit(rest.get(7..11)) } else { 0 };
        let is_pair = (0xD800..0xDC00).contains(&first) && (0xDC00..0xE000).contains(&second);
        at += if is_pair { 12 } else { 6 };
        decoded += if is_pair { 4 } else { char::from_u32(first).unwrap_or(char::REPLACEMENT_CHARACTER).len_utf8() };
    }
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use super::{in_file, in_text};

    #[test]
    fn every_character_is_found_in_the_file_and_back() {
        let raw = r#"{"cells": [
 {"cell_type": "code", "metadata": {}, "outputs": [], "source": ["a = \"é\"\n", "b\t= '\u00e9\ud83d\ude00'"]},
 {"cell_type": "code", "metadata": {}, "outputs": [], "source": "x\\y"}
], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}"#;
        let (notebook, joined) = read(raw).unwrap();
        let places: Vec<(u32, char)> = joined.char_indices().map(|(at, c)| (u32::try_from(at).unwrap(), c)).collect();
        for (at, c) in places {
            let file = in_file(raw, &notebook, at).unwrap();
            if joined.get(at as usize..).unwrap().starts_with("\nx") {
                continue; // Between two cells.
            }
            assert_eq!(in_text(raw, &notebook, file), Some(at), "{c:?}");
            let written = raw.get(file as usize..).unwrap().chars().next().unwrap();
            assert!(written == c || written == '\\', "{c:?} {written:?}");
        }
        assert_eq!(in_text(raw, &notebook, 0), None);
    }
}
