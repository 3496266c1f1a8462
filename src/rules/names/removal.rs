//! Edits that take out a statement or a name of an import and leave the code around valid and tidy.

use crate::notebook::{Form, Format};
use crate::project::document::Document;
use crate::python::facts::Facts;
use crate::text::Span;
use crate::text::edit::Edit;
use std::ops::Range;

/// Edits, and whether they keep every comment that is meant for people.
pub(super) struct Removal {
    pub(super) edits: Vec<Edit>,
    pub(super) keeps_comments: bool,
}

impl Removal {
    fn of(edit: Edit) -> Self {
        Self { edits: vec![edit], keeps_comments: true }
    }
}

/// Comments that tell a tool about the line, and mean nothing without it.
const TOOLS: &[&str] =
    &["noqa", "type:", "pylint:", "pyright:", "mypy:", "isort:", "pragma:", "nosec", "fmt:", "ruff:"];

/// So many lines at the start of a cell are looked at for magics.
const MAGICS: usize = 50;

/// The text of a document by lines, without the prefixes of its cells.
struct Lines<'d> {
    document: &'d Document,
    text: &'d str,
    /// The lines that may change, 0-based.
    region: Range<u32>,
    /// What stands before the code of a line: the comment sign of `# MAGIC`.
    comment: Option<&'static str>,
}

impl<'d> Lines<'d> {
    fn around(document: &'d Document, statement: Span) -> Option<Self> {
        let (text, lines) = (document.text(), document.lines());
        let Some(notebook) = &document.notebook else {
            return Some(Self { document, text, region: 0..lines.count(), comment: None });
        };
        let cell = notebook.cells.get(notebook.cell_at(statement.start)?)?;
        let comment = (cell.form == Form::Prefixed).then(|| notebook.language.comment());
        let last = lines.line_of(cell.body.end.max(cell.body.start + 1) - 1);
        Some(Self { document, text, region: lines.line_of(cell.body.start)..last + 1, comment })
    }

    /// Where the code of a line stands.
    fn code(&self, line: u32) -> Span {
        let content = self.document.lines().line_content(line, self.text);
        let start = self.comment.and_then(|comment| {
            let rest = content.of(self.text).strip_prefix(comment)?;
            let rest = rest.strip_prefix(' ').unwrap_or(rest).strip_prefix("MAGIC")?;
            let rest = rest.strip_prefix([' ', '\t']).unwrap_or(rest);
            Some(content.end - u32::try_from(rest.len()).unwrap_or(0))
        });
        Span::new(start.unwrap_or(content.start), content.end)
    }

    fn is_blank(&self, line: u32) -> bool {
        self.code(line).of(self.text).trim().is_empty()
    }
}

/// Takes out a whole statement. `alone` says whether it is all of a block. `None` if that cannot be done tidily.
pub(super) fn statement(document: &Document, statement: Span, alone: bool) -> Option<Removal> {
    let lines = Lines::around(document, statement)?;
    let text = lines.text;
    let (first, last) = (document.lines().line_of(statement.start), document.lines().line_of(statement.end));
    let before = Span::new(lines.code(first).start.min(statement.start), statement.start).of(text);
    let after = Span::new(statement.end, lines.code(last).end.max(statement.end)).of(text);
    let next = after.trim_start().strip_prefix(';').map(str::trim_start);
    let next = next.filter(|next| !next.is_empty() && !next.starts_with('#'));
    let start = before.trim_end();
    if alone {
        return (start.is_empty() || start.ends_with(':')).then(|| Removal::of(Edit::replace(statement, "pass")));
    }
    if let Some(next) = next.filter(|_| start.is_empty() || start.ends_with([':', ';'])) {
        let length = u32::try_from(after.len() - next.len()).ok()?;
        return Some(Removal::of(Edit::delete(Span::new(statement.start, statement.end + length))));
    }
    if let Some(kept) = start.strip_suffix(';') {
        let length = u32::try_from(before.len() - kept.trim_end().len()).ok()?;
        return Some(Removal::of(Edit::delete(Span::new(statement.start - length, statement.end))));
    }
    if !start.is_empty() {
        return None;
    }
    let comment = after.trim_start_matches([';', ' ', '\t']);
    let mut removal = whole_lines(&lines, first, last)?;
    removal.keeps_comments = !is_for_people(comment) && !has_comment(&lines, statement);
    Some(removal)
}

/// Takes out lines that a statement has for itself, with blank lines that would be left over.
fn whole_lines(lines: &Lines<'_>, first: u32, last: u32) -> Option<Removal> {
    let (text, index) = (lines.text, lines.document.lines());
    let blanks_before = (lines.region.start..first).rev().take_while(|&line| lines.is_blank(line)).count();
    let blanks_after = (last + 1..lines.region.end).take_while(|&line| lines.is_blank(line)).count();
    let (blanks_before, blanks_after) = (u32::try_from(blanks_before).ok()?, u32::try_from(blanks_after).ok()?);
    let starts = first - blanks_before == lines.region.start;
    let ends = last + 1 + blanks_after >= lines.region.end;
    if starts && ends {
        return whole_cell(lines, first, last);
    }
    if lines.document.is_notebook() && only_magics_left(lines, first, last) {
        return None;
    }
    let span = if ends {
        let kept = index.line_content(first - blanks_before - 1, text).end;
        Span::new(kept, index.line_content(last, text).end)
    } else {
        let (mut from, mut to) = (first, last);
        if starts || blanks_before > 0 && blanks_after <= blanks_before {
            to += blanks_after;
        } else if blanks_before > 0 && blanks_after > 0 {
            from -= blanks_before;
        }
        Span::new(index.line(from).start, index.line(to).end)
    };
    Some(Removal::of(Edit::delete(span)))
}

/// Whether nothing but the magic that says what a cell is would be left of it.
fn only_magics_left(lines: &Lines<'_>, first: u32, last: u32) -> bool {
    let others = lines.region.clone().filter(|line| !(first..=last).contains(line)).take(MAGICS);
    let mut others = others.map(|line| lines.code(line).of(lines.text).trim_start()).filter(|code| !code.is_empty());
    others.all(|code| code.starts_with('%'))
}

/// Takes out a cell that holds nothing else, with one separator.
fn whole_cell(lines: &Lines<'_>, first: u32, last: u32) -> Option<Removal> {
    let Some(notebook) = &lines.document.notebook else {
        let index = lines.document.lines();
        return Some(Removal::of(Edit::delete(Span::new(index.line(first).start, index.line(last).end))));
    };
    let at = notebook.cell_at(lines.code(first).start)?;
    let cell = notebook.cells.get(at).filter(|cell| cell.title.is_none() && notebook.format == Format::Source)?;
    let filled = |at: usize| notebook.cells.get(at).filter(|cell| cell.form != Form::Empty);
    let span = match (at.checked_sub(1).and_then(filled), filled(at + 1)) {
        (Some(previous), _) => Span::new(previous.span.end, cell.span.end),
        (None, Some(next)) => Span::new(cell.span.start, next.span.start),
        (None, None) => return None,
    };
    Some(Removal::of(Edit::delete(span)))
}

/// Takes out one import: its name, or the whole statement if that is all it has.
pub(super) fn import(document: &Document, facts: &Facts, import: u32) -> Option<Removal> {
    let row = facts.imports.get(import as usize)?;
    let beside = |at: Option<u32>| {
        let other = facts.imports.get(at? as usize).filter(|other| other.statement == row.statement)?;
        Some((other.alias_span, false))
    };
    let (before, after) = (beside(import.checked_sub(1)), beside(import.checked_add(1)));
    if before.is_none() && after.is_none() {
        return statement(document, row.statement, row.alone);
    }
    let near: Vec<(Span, bool)> = before.into_iter().chain([(row.alias_span, true)]).chain(after).collect();
    names(document, row.statement, &near)
}

/// Takes names out of an import statement. `all` are the places of its names in order, or of some that stand beside
/// each other, and whether each is to go; some must stay.
pub(super) fn names(document: &Document, statement: Span, all: &[(Span, bool)]) -> Option<Removal> {
    let lines = Lines::around(document, statement)?;
    let listed = statement.of(lines.text).ends_with(')');
    let mut removal = Removal { edits: Vec::new(), keeps_comments: true };
    let mut at = 0;
    while let Some(&(span, goes)) = all.get(at) {
        let rest = all.get(at..).unwrap_or_default();
        let run = rest.iter().take_while(|(_, goes)| *goes).count();
        if !goes {
            at += 1;
            continue;
        }
        let last = rest.get(run - 1)?.0;
        let own_lines: Option<Vec<u32>> =
            rest.iter().take(run).map(|(span, _)| own_line(&lines, *span).filter(|_| listed)).collect();
        if let Some(own) = own_lines {
            for line in own {
                removal.keeps_comments &= !is_for_people(comment_of(lines.code(line).of(lines.text)));
                removal.edits.push(Edit::delete(document.lines().line(line)));
            }
        } else {
            let gone = match (rest.get(run), at.checked_sub(1).and_then(|before| all.get(before))) {
                (Some(next), _) => Span::new(span.start, next.0.start),
                (None, Some(before)) => Span::new(before.0.end, last.end),
                (None, None) => return None,
            };
            removal.keeps_comments &= !has_comment(&lines, gone);
            removal.edits.push(Edit::delete(gone));
        }
        at += run;
    }
    Some(removal)
}

/// The line of a name that has one for itself.
fn own_line(lines: &Lines<'_>, name: Span) -> Option<u32> {
    let line = lines.document.lines().line_of(name.start);
    let code = lines.code(line);
    let before = Span::new(code.start.min(name.start), name.start).of(lines.text);
    let after = (name.end <= code.end).then(|| Span::new(name.end, code.end).of(lines.text))?.trim_start();
    let after = after.strip_prefix(',').unwrap_or(after).trim_start();
    (before.trim().is_empty() && (after.is_empty() || after.starts_with('#'))).then_some(line)
}

/// Whether there is a comment for people in code that holds no string.
fn has_comment(lines: &Lines<'_>, span: Span) -> bool {
    let index = lines.document.lines();
    (index.line_of(span.start)..=index.line_of(span.end)).any(|line| {
        let code = lines.code(line);
        let part = Span::new(code.start.max(span.start), code.end.min(span.end).max(code.start.max(span.start)));
        is_for_people(comment_of(part.of(lines.text)))
    })
}

/// The comment that a line of code without strings ends in, or nothing.
fn comment_of(code: &str) -> &str {
    code.find('#').and_then(|at| code.get(at..)).unwrap_or("")
}

fn is_for_people(comment: &str) -> bool {
    let said = comment.trim_start_matches('#').trim_start();
    !said.is_empty() && !TOOLS.iter().any(|tool| said.starts_with(tool))
}
