//! Page: `rules/git/merge-conflict-marker.md`.

use crate::notebook::{Format, Language};
use crate::project::document::Document;
use crate::rules::context::Context;
use crate::text::Span;

/// What git writes at the start of a line where two sides differ.
const OPENS: &str = "<<<<<<<";
const CLOSES: &str = ">>>>>>>";

/// So many strings are looked at to find the one that holds a line.
const NESTED: usize = 16;

/// A conflict opens at most so many bytes before its other marks; further up nobody looks.
const LONGEST: usize = 1 << 14;

/// Conflicts that nobody resolved.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let mut open = false;
    for (mark, line) in marks(document) {
        match mark {
            Mark::Opens => {
                open = true;
                let side = side(line.of(document.text()));
                let message =
                    format!("an unresolved merge conflict{side}: keep one of the two sides and delete the marks");
                context.report(line, message);
            }
            // Said where it opens.
            Mark::Closes if open => open = false,
            Mark::Closes => {
                let message = "the end of a merge conflict whose other marks are gone: delete this line, and look at \
                               what stands above it";
                context.report(line, message);
            }
        }
    }
}

#[derive(Clone, Copy)]
enum Mark {
    Opens,
    Closes,
}

/// The lines of a document that open or close a conflict, in order of place.
fn marks(document: &Document) -> impl Iterator<Item = (Mark, Span)> {
    let text = document.text();
    let mut found = Vec::new();
    for (sign, mark) in [(OPENS, Mark::Opens), (CLOSES, Mark::Closes)] {
        for at in memchr::memmem::find_iter(text.as_bytes(), sign.as_bytes()) {
            let starts = at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n');
            let after = text.as_bytes().get(at + sign.len());
            if starts && matches!(after, None | Some(b' ' | b'\n' | b'\r')) {
                let span = Span::from_range(at..at + sign.len());
                let line = document.lines().line_content(document.lines().line_of(span.start), text);
                if is_code(document, line) {
                    found.push((mark, line));
                }
            }
        }
    }
    found.sort_unstable_by_key(|(_, line)| *line);
    found.into_iter()
}

/// Whether a line that looks like a mark is none of a text's own: no string of Python holds it, and no cell of an
/// `.ipynb` that is prose. In source notebooks the lines of prose stand behind `# MAGIC`.
fn is_code(document: &Document, line: Span) -> bool {
    let strings = &document.python.strings;
    let before = strings.partition_point(|string| string.span.start <= line.start);
    // An f-string may hold others, which come after it.
    let near = strings.get(before.saturating_sub(NESTED)..before).unwrap_or_default();
    let in_string = near.iter().any(|string| string.span.contains(line.start));
    let in_prose = document.notebook.as_ref().is_some_and(|notebook| {
        let cell = notebook.cell_at(line.start).and_then(|at| notebook.cells.get(at));
        notebook.format == Format::Ipynb
            && cell.is_some_and(|cell| matches!(cell.language, Language::Markdown | Language::Text | Language::Shell))
    });
    !in_string && !in_prose
}

/// Whether the line at an offset is a mark of a conflict: what else is wrong there needs no word of its own.
pub fn is_marker(document: &Document, offset: u32) -> bool {
    let text = document.text();
    let line = document.lines().line_content(document.lines().line_of(offset), text);
    let content = line.of(text);
    if ![OPENS, "=======", "|||||||", CLOSES].iter().any(|mark| content.starts_with(mark)) {
        return false;
    }
    let end = line.end as usize;
    let above = text.as_bytes().get(end.saturating_sub(LONGEST)..end).unwrap_or_default();
    memchr::memmem::find(above, OPENS.as_bytes()).is_some() && is_code(document, line)
}

/// Which side stands first, as the mark itself says.
fn side(line: &str) -> String {
    let name: String = line.trim_start_matches('<').trim().chars().take(40).collect();
    if name.is_empty() { String::new() } else { format!(" with `{name}`") }
}
