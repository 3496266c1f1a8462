//! Page: `rules/library/magic-in-module.md`.

use super::imported::is_pipeline_source;
use crate::notebook::near_header;
use crate::project::document::Document;
use crate::python::facts::SyntaxError;
use crate::rules::context::Context;
use crate::text::Span;
use memchr::memmem;

/// `# MAGIC` lines, which are comments here, and magics, which are no Python.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    if document.is_notebook() || is_nearly_notebook(document) {
        return;
    }
    if let Some((first, count)) = magic_comments(document) {
        let lines = if count > 1 { format!(" ({count} lines)") } else { String::new() };
        context.report(
            first,
            format!("a `# MAGIC` line is a comment in a plain file: make `# Databricks notebook source` the first line if this is a notebook, or delete it{lines}"),
        );
    }
    for error in &document.python.syntax_errors {
        if !is_bare_magic(document, error) {
            continue;
        }
        let line = document.lines().line_content(document.lines().line_of(error.span.start), document.text());
        let (span, magic) = first_word(document.text(), line);
        // A pipeline installs packages before it reads the rest of the file.
        if is_pipeline_source(&document.python) && matches!(magic, "%pip" | "%uv") {
            continue;
        }
        let advice = match magic {
            "%run" => "import what you need from the other file",
            "%pip" | "%conda" | "%uv" => "declare the package where the job or the notebook gets its libraries",
            "!" => "use `subprocess`",
            _ => "only notebooks have magics",
        };
        context.report(span, format!("`{magic}` is not Python, and this file is not a notebook: {advice}"));
    }
}

/// Whether a syntax error of a plain file is a magic, which `magic-in-module` speaks of.
pub fn is_bare_magic(document: &Document, error: &SyntaxError) -> bool {
    if document.is_notebook() {
        return false;
    }
    let text = document.text();
    let line = document.lines().line_content(document.lines().line_of(error.span.start), text);
    let (_, word) = first_word(text, line);
    word == "!"
        || word
            .strip_prefix('%')
            .is_some_and(|name| name.trim_start_matches('%').starts_with(|c: char| c.is_ascii_alphabetic()))
}

/// The magic that a line starts with, or its first word: `%pip`, `!`.
fn first_word(text: &str, line: Span) -> (Span, &str) {
    let content = line.of(text);
    let trimmed = content.trim_start();
    let length = if trimmed.starts_with('!') { 1 } else { trimmed.find(char::is_whitespace).unwrap_or(trimmed.len()) };
    let start = line.start as usize + content.len() - trimmed.len();
    (Span::from_range(start..start + length), trimmed.get(..length).unwrap_or(""))
}

/// Whether the file starts with a header that is not exact; then that is the trouble, and another rule's.
fn is_nearly_notebook(document: &Document) -> bool {
    near_header(document.text(), document.path.extension()).is_some()
}

/// The first `# MAGIC` line outside strings and how many there are.
fn magic_comments(document: &Document) -> Option<(Span, usize)> {
    let text = document.text();
    memmem::find(text.as_bytes(), b"# MAGIC")?;
    let mut strings: Vec<Span> = document.python.strings.iter().map(|string| string.span).collect();
    strings.sort_unstable();
    let in_string = |offset: u32| {
        let at = strings.partition_point(|span| span.start <= offset);
        at.checked_sub(1).and_then(|at| strings.get(at)).is_some_and(|span| span.contains(offset))
    };
    let mut first = None;
    let mut count = 0;
    for at in memmem::find_iter(text.as_bytes(), b"# MAGIC") {
        let offset = u32::try_from(at).unwrap_or(u32::MAX);
        let line = document.lines().line_content(document.lines().line_of(offset), text);
        let rest = text.get(at + b"# MAGIC".len()..line.end as usize).unwrap_or("");
        if line.start == offset && (rest.is_empty() || rest.starts_with(' ')) && !in_string(offset) {
            first.get_or_insert(line);
            count += 1;
        }
    }
    first.map(|first| (first, count))
}
