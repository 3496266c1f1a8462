//! First lines that were meant as the notebook header but are not it, byte for byte.

use super::Language;
use crate::text::{MAX_LEN, Span};
use memchr::memmem;

/// A line that was meant as the notebook header. The platform takes the file for a plain one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NearHeader {
    /// The faulty line without its line end; with the byte order mark, if it has one.
    pub span: Span,
    /// What is wrong with it.
    pub fault: HeaderFault,
    /// What the first line of the file must be.
    pub correct: &'static str,
    /// Whether the file also has separators or `MAGIC` lines, and so was surely written as a notebook.
    pub evident: bool,
}

/// What is wrong with a header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum HeaderFault {
    /// A byte order mark stands before it.
    ByteOrderMark,
    /// Blanks before or after it.
    Blanks,
    /// Upper and lower case.
    Case,
    /// The comment sign of another language.
    Comment,
    /// It is not the first line.
    NotFirst,
    /// Anything else: `# # Databricks notebook source`, no blank after the sign, a full stop.
    Spelling,
}

/// How many lines into a file a header may be misplaced.
const LINES: usize = 30;

/// Looks for a line that was meant as the header of a notebook with this `extension` (without its dot). Ask only
/// for files that are no notebooks. Looks no further than the comments and blank lines that the file starts with.
pub fn near_header(text: &str, extension: &str) -> Option<NearHeader> {
    let language = Language::of_extension(extension)?;
    if text.len() > MAX_LEN {
        return None;
    }
    let correct = language.header();
    let mark = '\u{feff}';
    let mut at = 0;
    for (index, whole) in text.split_inclusive('\n').take(LINES).enumerate() {
        let line = whole.strip_suffix('\n').unwrap_or(whole);
        let line = line.strip_suffix('\r').unwrap_or(line);
        let comment = comment(line.trim_start_matches(mark).trim_start());
        if comment.is_some_and(says_header) {
            let fault = if index > 0 { HeaderFault::NotFirst } else { fault(line, language) };
            let span = Span::from_range(at..at + line.len());
            return Some(NearHeader { span, fault, correct, evident: evident(text, language) });
        }
        if comment.is_none() && !line.trim().is_empty() {
            return None;
        }
        at += whole.len();
    }
    None
}

/// The text of a comment line, whatever language its sign is from; `None` if the line is no comment.
fn comment(line: &str) -> Option<&str> {
    let mut rest = line;
    while let Some(after) = ["#", "//", "--"].iter().find_map(|sign| rest.strip_prefix(sign)) {
        rest = after.trim_start();
    }
    (rest.len() < line.len()).then_some(rest)
}

/// Whether a comment says nothing but the words of the header.
fn says_header(comment: &str) -> bool {
    let comment = comment.trim_matches(|c: char| !c.is_alphanumeric());
    // Longer lines cannot be it; prose is not taken apart.
    comment.len() <= 60
        && comment
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| !word.is_empty())
            .map(str::to_ascii_lowercase)
            .eq(["databricks", "notebook", "source"])
}

/// What is wrong with a first line that says the header.
fn fault(line: &str, language: Language) -> HeaderFault {
    let correct = language.header();
    let bare = line.trim_start_matches('\u{feff}');
    let trimmed = bare.trim();
    if trimmed == correct {
        return if bare.len() < line.len() { HeaderFault::ByteOrderMark } else { HeaderFault::Blanks };
    }
    if trimmed.eq_ignore_ascii_case(correct) {
        return HeaderFault::Case;
    }
    let other = [Language::Python, Language::Sql, Language::Scala]
        .iter()
        .any(|other| other.comment() != language.comment() && trimmed.starts_with(other.comment()));
    if other { HeaderFault::Comment } else { HeaderFault::Spelling }
}

/// Whether the file has lines that only notebooks have.
fn evident(text: &str, language: Language) -> bool {
    let at_line_start = |needle: &str| {
        memmem::find_iter(text.as_bytes(), needle.as_bytes())
            .any(|at| at == 0 || text.as_bytes().get(at - 1) == Some(&b'\n'))
    };
    at_line_start(language.separator())
        || match language {
            Language::Sql => at_line_start("-- MAGIC"),
            Language::Scala => at_line_start("// MAGIC"),
            _ => at_line_start("# MAGIC"),
        }
}
