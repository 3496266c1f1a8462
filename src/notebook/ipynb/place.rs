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
    let within = SourceMap::new(raw, place).within(raw, offset);
    Some((cell.start + within).min(cell.end))
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
