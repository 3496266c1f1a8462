//! Pages: `cell-too-long`, `empty-cell`, `notebook-without-markdown`, `untitled-notebook` under
//! `rules/notebook/`.

use crate::notebook::{CellType, Form, Format, Language};
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// Cells with more lines than the option allows.
pub(super) fn long_cell(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let (text, most) = (document.text(), context.integer("max") as usize);
    for cell in &notebook.cells {
        let body = cell.body.of(text);
        // Ends of lines are counted faster than lines.
        let is_short = || memchr::memchr_iter(b'\n', body.as_bytes()).count() < most;
        if matches!(cell.language, Language::Markdown | Language::Text) || is_short() {
            continue;
        }
        let ends = memchr::memchr_iter(b'\n', body.as_bytes()).chain([body.len()]);
        let mut start = 0;
        let lines = ends.map(|end| body.get(std::mem::replace(&mut start, end + 1)..end).unwrap_or_default());
        let lines = lines.filter(|line| !is_blank(line)).count();
        if lines <= most {
            continue;
        }
        let first = document.lines().line_content(document.lines().line_of(cell.body.start), text);
        let message = format!("{lines} lines in one cell, more than {most}: split it, or move functions to a module");
        context.report(first, message);
    }
}

/// Whether nothing but blanks stands in a line.
fn is_blank(line: &str) -> bool {
    match line.bytes().find(|byte| *byte != b' ') {
        Some(byte) if byte.is_ascii_graphic() => false,
        _ => line.trim().is_empty(),
    }
}

/// Notebooks of some length without a word of explanation.
pub(super) fn without_markdown(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let least = context.integer("min-cells") as usize;
    let is_text = |language| matches!(language, Language::Markdown);
    let explains = notebook.cells.iter().any(|cell| is_text(cell.language) || cell.cell_type == CellType::Markdown);
    let code = notebook.cells.iter().filter(|cell| cell.form != Form::Empty).count();
    if !explains && code >= least {
        let message = format!("{code} cells and no Markdown: say at the top what the notebook is for");
        context.report(notebook.header, message);
    }
}

/// Cells with nothing in them, but for the last, which the editor leaves.
pub(super) fn empty_cell(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    if notebook.cells.iter().all(|cell| cell.form == Form::Empty) {
        return;
    }
    let text = document.text();
    let separator = notebook.language.separator();
    for (at, cell) in notebook.cells.iter().enumerate() {
        let next = notebook.cells.get(at + 1);
        let is_plain = cell.form == Form::Empty && cell.title.is_none() && cell.cell_type == CellType::Code;
        let Some(next) = next.filter(|_| is_plain) else { continue };
        let before = at.checked_sub(1).and_then(|at| notebook.cells.get(at));
        let finding = context.report(Span::at(cell.span.start), "there is nothing in this cell: delete it");
        let Some(before) = before.filter(|_| notebook.format == Format::Source) else { continue };
        // From the separator before the cell to the one behind it.
        let gap = Span::new(before.span.end, next.span.start.max(before.span.end));
        let code = gap.of(text);
        let clamp = |at: usize| gap.start + u32::try_from(at).unwrap_or(0);
        if let (Some(first), Some(last)) = (code.find(separator), code.rfind(separator))
            && first < last
        {
            finding.fix("Delete the cell", vec![Edit::delete(Span::new(clamp(first), clamp(last)))]);
        }
    }
}

/// Notebooks that have the name that the editor gave them.
pub(super) fn untitled(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let name = document.path.stem();
    let lower = name.to_lowercase();
    let is_copy = lower.starts_with("copy of ")
        || lower.ends_with(" - copy")
        || lower.rsplit_once("-copy").is_some_and(|(_, number)| number.bytes().all(|byte| byte.is_ascii_digit()))
        || lower.strip_suffix(')').and_then(|rest| rest.rsplit_once(" (")).is_some_and(|(_, number)| {
            (1..3).contains(&number.len()) && number.bytes().all(|byte| byte.is_ascii_digit())
        });
    let is_untitled = lower == "untitled"
        || lower
            .strip_prefix("untitled")
            .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit()))
        || lower.starts_with("untitled notebook")
        || lower.starts_with("new notebook");
    let message = if is_copy {
        format!("`{name}` is the name of a copy: delete the notebook, or call it after what differs")
    } else if is_untitled {
        format!("`{name}` is the name that the editor gave: call the notebook after what it does")
    } else {
        return;
    };
    context.report(notebook.header, message);
}
