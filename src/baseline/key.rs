//! By what an entry knows its finding again.

use crate::finding::Finding;
use crate::project::Project;
use crate::snapshot::RepoPath;
use crate::snapshot::fingerprint::fingerprint;
use crate::suppress::{UNUSED_IGNORE, before_ignore};
use crate::text::Span;
use crate::text::lines::LineIndex;
use std::sync::Arc;

/// Of code over more lines than this, the first ones say enough.
const MOST_LINES: u32 = 10;
/// Of a line with more bytes than this, only what stands around the finding counts: many findings may stand on one
/// line of many megabytes.
const LONG_LINE: u32 = 400;
/// How many bytes of a long line count on either side.
const AROUND: u32 = 100;

/// What findings have in common that stand for the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) path: RepoPath,
    pub(super) rule: Arc<str>,
    pub(super) code: Box<str>,
}

impl Key {
    /// The key of a finding in one of the project's documents, or in a file that is none.
    pub(super) fn of(finding: &Finding, project: &Project) -> Self {
        let code = match project.document(&finding.path) {
            // What is said at the very start without a place is about the file.
            Some(document) if finding.span != Span::at(0) => code(document.lines(), document.text(), finding),
            None if finding.span != Span::at(0) => elsewhere(finding, project).unwrap_or_default(),
            _ => format!("file:{}", finding.path.name()),
        };
        let code = fingerprint(code.as_bytes()).into();
        Self { path: finding.path.clone(), rule: finding.rule.clone(), code }
    }
}

/// The same for a file that is no document; few findings are about a place in one.
fn elsewhere(finding: &Finding, project: &Project) -> Option<String> {
    let text = String::from_utf8(project.snapshot.read(&finding.path).ok()?).ok()?;
    Some(code(&LineIndex::new(&text), &text, finding))
}

/// The lines that a finding stands on, without what formatters and another notebook format change: blanks, the kind of
/// quotes, and `# MAGIC`; and without our own comments, so that silencing one finding makes no other a new one.
fn code(lines: &LineIndex, text: &str, finding: &Finding) -> String {
    let span = finding.span;
    let is_about_ours = &*finding.rule == UNUSED_IGNORE;
    let first = lines.line_of(span.start);
    let last = lines.line_of(span.end.saturating_sub(1).max(span.start)).min(first.saturating_add(MOST_LINES - 1));
    let mut code = String::new();
    for line in first..=last {
        let content = window(lines.line_content(line, text), span, text).of(text);
        let content = if is_about_ours { content } else { before_ignore(content) };
        for c in without_magic(content.trim_start()).chars().filter(|c| !c.is_whitespace()) {
            code.push(if c == '\'' { '"' } else { c });
        }
        code.push('\n');
    }
    code
}

/// The part of a line that counts for a finding at `span`.
fn window(line: Span, span: Span, text: &str) -> Span {
    if line.len() <= LONG_LINE {
        return line;
    }
    let start = span.start.clamp(line.start, line.end);
    let end = span.end.clamp(start, line.end).min(start.saturating_add(LONG_LINE));
    let from = start.saturating_sub(AROUND).max(line.start);
    let to = end.saturating_add(AROUND).min(line.end);
    Span::from_range(text.floor_char_boundary(from as usize)..text.floor_char_boundary(to as usize))
}

/// A line of a magic cell as it stands in the cell.
fn without_magic(line: &str) -> &str {
    let comment = ["#", "--", "//"].into_iter().find_map(|sign| line.strip_prefix(sign));
    comment.and_then(|rest| rest.trim_start().strip_prefix("MAGIC")).unwrap_or(line)
}
