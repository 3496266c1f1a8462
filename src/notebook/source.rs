//! The source format: reading a file whose first line is the notebook header, and printing it again.

use super::scan::{Python, lines};
use super::{Cell, CellType, Environment, Form, Format, Language, Notebook, Origin, Title, cell};
use crate::text::{MAX_LEN, Span};
use memchr::memmem;

/// Reads a source notebook. `extension` without its dot, in any case. `None` if the first line is not, byte for
/// byte, the header that the extension asks for: then the platform takes the file for a plain one.
pub fn read(text: &str, extension: &str) -> Option<Notebook> {
    let language = Language::of_extension(extension)?;
    if text.len() > MAX_LEN || !is_header(text, language) {
        return None;
    }
    let all = Span::from_range(0..text.len());
    let first = lines(text, all, None).next()?;
    let environment = environment(text, Span::new(first.next, all.end), language);
    let start = environment.map_or(first.next, |block| block.end);
    let found = separators(text, Span::new(start, all.end), language);
    let mut notebook = Notebook {
        format: Format::Source,
        origin: Origin::Databricks,
        language,
        header: first.content,
        environment,
        serverless: environment.map(|block| Environment { version: version(block.of(text)) }),
        cells: Vec::with_capacity(found.exact.len() + 1),
        near_separators: Vec::new(),
        json: None,
    };
    let mut at = start;
    for separator in &found.exact {
        let between = Span::new(at, separator.line.start);
        notebook.cells.push(one_cell(text, content(text, between, true), language));
        at = after_blank_line(text, separator.line.end);
    }
    notebook.cells.push(one_cell(text, content(text, Span::new(at, all.end), false), language));
    notebook.near_separators = found.near;
    if language == Language::Python {
        drop_in_strings(text, &mut notebook.near_separators, &notebook.cells);
    }
    Some(notebook)
}

/// Whether `text` starts with the header line of `language`.
fn is_header(text: &str, language: Language) -> bool {
    text.strip_prefix(language.header())
        .is_some_and(|rest| rest.is_empty() || rest == "\r" || rest.starts_with('\n') || rest.starts_with("\r\n"))
}

/// The environment block at the start of `span`, if there is one and it ends.
fn environment(text: &str, span: Span, language: Language) -> Option<Span> {
    let comment = language.comment();
    let after = |line: Span| line.of(text).strip_prefix(comment);
    let mut block = lines(text, span, None);
    let first = block.next()?;
    if after(first.content) != Some(" /// script") {
        return None;
    }
    for line in block {
        match after(line.content)? {
            " ///" => return Some(Span::new(span.start, line.next)),
            " COMMAND ----------" | " MAGIC" => return None,
            "" => {}
            other if other.starts_with(" MAGIC ") || other.starts_with(" DBTITLE ") => return None,
            other if other.starts_with(' ') => {}
            _ => return None,
        }
    }
    None
}

/// The version that an environment block asks for.
fn version(block: &str) -> Option<u16> {
    let lines = block.lines().map(|line| line.trim_start_matches(['#', '-', '/', ' ']));
    let mut values = lines.filter_map(|line| line.strip_prefix("environment_version")?.trim_start().strip_prefix('='));
    values.next()?.trim().trim_matches(['"', '\'']).parse().ok()
}

/// The first line of an environment block after the header of a notebook that has none, because the block does not
/// end; and the place where its end is missing, behind the last line that can be part of it.
pub fn open_environment(text: &str, notebook: &Notebook) -> Option<(Span, u32)> {
    if notebook.format != Format::Source || notebook.environment.is_some() {
        return None;
    }
    let comment = notebook.language.comment();
    let rest = Span::from_range(notebook.header.end as usize..text.len());
    let mut lines = lines(text, rest, None).skip(1);
    let first = lines.next().filter(|line| line.content.of(text).strip_prefix(comment) == Some(" /// script"))?;
    let is_part = |line: &str| {
        let Some(rest) = line.strip_prefix(comment) else { return false };
        let rest = rest.trim();
        rest.starts_with('[') || rest.starts_with('"') || matches!(rest, "]" | "],") || rest.contains(" = ")
    };
    let mut end = first.next;
    let mut any = false;
    for line in lines.take_while(|line| is_part(line.content.of(text))) {
        end = line.next;
        any = true;
    }
    any.then_some((first.content, end))
}

/// What looks like a separator.
struct Separators {
    /// Those that split.
    exact: Vec<Separator>,
    /// Those that do not, without line ends.
    near: Vec<Span>,
}

/// A line that splits.
struct Separator {
    /// The line with its line end.
    line: Span,
}

/// Finds every line of `span` that is a separator or looks like one.
fn separators(text: &str, span: Span, language: Language) -> Separators {
    let bytes = text.as_bytes();
    let mut found = Separators { exact: Vec::new(), near: Vec::new() };
    let dashes = memmem::Finder::new(b"-----");
    let clamp = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut at = span.start as usize;
    while let Some(hit) = bytes.get(at..).and_then(|rest| dashes.find(rest)).map(|hit| at + hit) {
        let start = memchr::memrchr(b'\n', bytes.get(at..hit).unwrap_or_default()).map_or(at, |end| at + end + 1);
        let end = memchr::memchr(b'\n', bytes.get(hit..).unwrap_or_default()).map_or(bytes.len(), |end| hit + end + 1);
        let line = Span::new(clamp(start), clamp(end));
        let content = line.of(text).trim_end_matches('\n');
        let content = content.strip_suffix('\r').unwrap_or(content);
        if content == language.separator() {
            found.exact.push(Separator { line });
        } else if looks_like_separator(content) {
            found.near.push(Span::new(line.start, line.start + clamp(content.len())));
        }
        at = end;
    }
    found
}

/// Whether a line that is no separator was surely meant as one.
fn looks_like_separator(line: &str) -> bool {
    let line = line.trim();
    let Some(rest) = ["#", "//", "--"].iter().find_map(|comment| line.strip_prefix(comment)) else { return false };
    let rest = rest.trim_start();
    let dashes = rest.len() - rest.trim_end_matches('-').len();
    let Some(word) = rest.get(..rest.len() - dashes).map(str::trim_end) else { return false };
    match word {
        "COMMAND" => (5..=20).contains(&dashes),
        word => word.eq_ignore_ascii_case("COMMAND") && (9..=11).contains(&dashes),
    }
}

/// Drops those of `near` that stand inside a Python string, where they are just text.
fn drop_in_strings(text: &str, near: &mut Vec<Span>, cells: &[Cell]) {
    let mut state = Python::default();
    // The cell that `state` is about, and how far it was read.
    let (mut within, mut read) = (usize::MAX, 0);
    near.retain(|near| {
        let at = cells.partition_point(|cell| cell.span.start <= near.start).saturating_sub(1);
        let Some(cell) = cells.get(at).filter(|cell| cell.form != Form::Prefixed) else { return true };
        if at != within {
            (state, within, read) = (Python::default(), at, cell.body.start.min(near.start));
        }
        for line in lines(text, Span::new(read, near.start), None) {
            state.line(line.content.of(text));
        }
        read = near.start;
        !state.in_string()
    });
}

/// The end of the blank line that may follow a separator; `offset` itself if there is none.
fn after_blank_line(text: &str, offset: u32) -> u32 {
    let rest = text.get(offset as usize..).unwrap_or("");
    match rest.as_bytes() {
        [b'\n', ..] => offset + 1,
        [b'\r', b'\n', ..] => offset + 2,
        _ => offset,
    }
}

/// A cell's own text in `between`: without the blank line before the separator (if one follows) and without
/// the last line end.
fn content(text: &str, between: Span, separator_follows: bool) -> Span {
    let mut end = between.end;
    if separator_follows {
        let shorter = without_line_end(text, Span::new(between.start, end));
        // Only a line with nothing on it is the separator's.
        let blank =
            shorter < end && (shorter == between.start || text.as_bytes().get(shorter as usize - 1) == Some(&b'\n'));
        if blank {
            end = shorter;
        }
    }
    Span::new(between.start, without_line_end(text, Span::new(between.start, end)))
}

/// The end of `span` without a `\n` or `\r\n` at its end.
fn without_line_end(text: &str, span: Span) -> u32 {
    let content = span.of(text);
    let content = content.strip_suffix('\n').map_or(content, |rest| rest.strip_suffix('\r').unwrap_or(rest));
    span.start + u32::try_from(content.len()).unwrap_or(0)
}

/// The cell whose text is under `span`.
fn one_cell(text: &str, span: Span, language: Language) -> Cell {
    let title = title(text, span, language);
    let body = title.map_or(span, |(_, end)| Span::new(end, span.end));
    let shape = cell::shape(text, body, language, true);
    Cell {
        span,
        body,
        title: title.map(|(title, _)| title),
        language: shape.language,
        form: shape.form,
        magics: shape.magics,
        cell_type: CellType::Code,
    }
}

/// The title of the cell under `span`, and where the next line starts.
fn title(text: &str, span: Span, language: Language) -> Option<(Title, u32)> {
    let content = span.of(text);
    let rest = content.strip_prefix(language.comment())?.strip_prefix(" DBTITLE ")?;
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    rest.get(digits..).filter(|rest| digits > 0 && rest.starts_with(','))?;
    let shown = rest.get(..digits).is_some_and(|number| number.bytes().any(|digit| digit != b'0'));
    let line = lines(text, span, None).next()?;
    let before = content.len() - rest.len() + digits + 1;
    let text_start = span.start + u32::try_from(before).unwrap_or(0);
    let title = Title { line: line.content, text: Span::new(text_start, line.content.end.max(text_start)), shown };
    Some((title, line.next))
}

/// One piece of a source notebook's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// What it is.
    pub kind: PartKind,
    /// Where it stands.
    pub span: Span,
}

/// What a piece of a source notebook's text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// The header, without its line end.
    Header,
    /// The environment block, whole lines.
    Environment,
    /// A cell, by its 0-based index. Empty cells have an empty part.
    Cell(usize),
    /// A separator, without its line end.
    Separator,
    /// Line ends and the blank lines that belong to a separator.
    Blank,
}

/// The text of a source notebook, taken apart: the parts follow each other without gaps, from its first byte
/// to its last. Empty for an `.ipynb`.
pub fn parts(notebook: &Notebook, text: &str) -> Vec<Part> {
    let mut parts = Vec::with_capacity(notebook.cells.len() * 4 + 2);
    if notebook.format != Format::Source {
        return parts;
    }
    let mut at = 0;
    let mut push = |kind: PartKind, span: Span, parts: &mut Vec<Part>| {
        if at < span.start {
            parts.push(Part { kind: PartKind::Blank, span: Span::new(at, span.start) });
        }
        parts.push(Part { kind, span });
        at = span.end;
    };
    push(PartKind::Header, notebook.header, &mut parts);
    if let Some(block) = notebook.environment {
        push(PartKind::Environment, block, &mut parts);
    }
    for (index, cell) in notebook.cells.iter().enumerate() {
        push(PartKind::Cell(index), cell.span, &mut parts);
        let Some(next) = notebook.cells.get(index + 1) else { continue };
        let between = Span::new(cell.span.end, next.span.start);
        let separator = notebook.language.separator();
        if let Some(line) = lines(text, between, None).map(|line| line.content).find(|line| line.of(text) == separator)
        {
            push(PartKind::Separator, line, &mut parts);
        }
    }
    let end = u32::try_from(text.len()).unwrap_or(u32::MAX);
    if at < end {
        parts.push(Part { kind: PartKind::Blank, span: Span::new(at, end) });
    }
    parts
}

/// The file, built again from the notebook: its header, environment, cells with their titles, and separators.
/// Equal to `text`, byte for byte, for the text that the notebook was read from.
pub fn print(notebook: &Notebook, text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for part in parts(notebook, text) {
        match part.kind {
            PartKind::Header => out.push_str(notebook.language.header()),
            PartKind::Separator => out.push_str(notebook.language.separator()),
            PartKind::Environment | PartKind::Blank => out.push_str(part.span.of(text)),
            PartKind::Cell(index) => {
                let Some(cell) = notebook.cells.get(index) else { continue };
                if let Some(title) = cell.title {
                    out.push_str(title.line.of(text));
                    out.push_str(Span::new(title.line.end, cell.body.start).of(text));
                }
                out.push_str(cell.body.of(text));
            }
        }
    }
    out
}
