//! Comments that silence findings, and those that silence nothing.
//!
//! `# brickgate: ignore[rule, group/*] reason` at the end of a line or alone above it, `ignore-file[…]` before the
//! first code of a file, `ignore-next-cell[…]` as the last line of the cell before. `docs/suppression.md` says it all.

mod add;
mod comments;
mod directive;
#[cfg(test)]
mod tests;
mod unused;

use crate::finding::{Finding, Severity};
use crate::project::document::Document;
use crate::text::{Span, lines::LineIndex};
use comments::SIGN;
use directive::{Directive, Reach};
use std::cell::OnceCell;
use std::collections::HashMap;
use std::sync::OnceLock;

pub use add::{Spot, Way, spot};
pub use directive::{before_ignore, fault_of_note};

/// The rule of findings that say that a comment silences nothing.
pub const UNUSED_IGNORE: &str = "unused-ignore";

/// Rules that no comment and no setting can silence: they say that something could not be checked.
pub const ALWAYS_ON: [&str; 2] = ["internal-error", "unreadable-file"];

/// How many lines of comments may stand between a finding and the comment of ours above it.
const COMMENT_LINES: u32 = 50;

/// What there is to know of the rules of a run.
struct Rules<'a> {
    /// Group by name.
    groups: HashMap<&'a str, &'a str>,
    /// Names of the rules that were run here.
    ran: &'a [&'a str],
    /// All that a comment can name, once it is wanted.
    names: OnceCell<Vec<String>>,
}

/// Takes away the findings that comments of the document silence, and adds those that say that a comment silences
/// nothing, with the severity `unused` (`None`: do not say so).
///
/// `ran` holds the names of the rules that are on for this document: of others nobody can say whether a comment
/// silences them. `known` gives name and group of every rule there is; it is called only if the document holds a
/// comment of ours. Findings come back in the order given, the added ones at the end in order of place.
pub fn apply<'a>(
    document: &Document,
    findings: Vec<Finding>,
    ran: &'a [&'a str],
    known: impl FnOnce() -> Vec<(&'a str, &'a str)>,
    unused: Option<Severity>,
) -> Vec<Finding> {
    static FINDER: OnceLock<memchr::memmem::Finder<'static>> = OnceLock::new();
    let text = document.text();
    let finder = FINDER.get_or_init(|| memchr::memmem::Finder::new(SIGN));
    if finder.find(text.as_bytes()).is_none() {
        return findings;
    }
    let mut silencer = Silencer::new(document);
    if silencer.directives.is_empty() {
        return findings;
    }
    let rules = Rules { groups: known().into_iter().collect(), ran, names: OnceCell::new() };
    let mut left: Vec<Finding> = findings.into_iter().filter(|finding| !silencer.silences(finding, &rules)).collect();
    if let Some(severity) = unused {
        // First what names other rules; then `ignore[unused-ignore]` has its say, and is itself looked at.
        let mut said = silencer.unused(&rules, severity, |name| name != UNUSED_IGNORE);
        if silencer.names_itself(&rules) {
            said.retain(|finding| !silencer.silences(finding, &rules));
        }
        said.extend(silencer.unused(&rules, severity, |name| name == UNUSED_IGNORE));
        said.sort_by_key(|finding| finding.span);
        left.append(&mut said);
    }
    left
}

/// The directives of one document.
struct Silencer<'a> {
    document: &'a Document,
    text: &'a str,
    lines: &'a LineIndex,
    /// In order of place.
    directives: Vec<Directive>,
    /// Indexes of directives that reach lines, by the 0-based line that they stand on.
    by_line: Vec<(u32, usize)>,
    /// Indexes of directives by the cell that they reach.
    by_cell: HashMap<usize, Vec<usize>>,
    for_file: Vec<usize>,
    /// Spans of strings that take more than one line, in order of place.
    long_strings: Vec<Span>,
}

impl<'a> Silencer<'a> {
    fn new(document: &'a Document) -> Self {
        let text = document.text();
        let lines = document.lines();
        let mut directives = Vec::new();
        for comment in comments::comments(document) {
            directive::directives(text, comment, &mut directives);
        }
        let mut silencer = Self {
            document,
            text,
            lines,
            directives,
            by_line: Vec::new(),
            by_cell: HashMap::new(),
            for_file: Vec::new(),
            long_strings: Vec::new(),
        };
        if !silencer.directives.is_empty() {
            silencer.place();
            let strings = document.python.strings.iter().map(|string| string.span);
            silencer.long_strings =
                strings.filter(|span| memchr::memchr(b'\n', span.of(text).as_bytes()).is_some()).collect();
        }
        silencer
    }

    /// Whether any directive names the rule about directives.
    fn names_itself(&self, rules: &Rules<'_>) -> bool {
        let group = rules.groups.get(UNUSED_IGNORE).copied();
        self.directives.iter().flat_map(|directive| &directive.names).any(|name| {
            let name = name.span.of(self.text);
            name == UNUSED_IGNORE || (group.is_some() && name.strip_suffix("/*") == group)
        })
    }

    /// Finds out what each directive reaches, and which stand where they reach nothing.
    fn place(&mut self) {
        let mut first_code = None;
        for index in 0..self.directives.len() {
            let directive = &self.directives[index];
            let place = directive.span;
            match directive.reach {
                Some(Reach::Line) => self.by_line.push((self.lines.line_of(place.start), index)),
                Some(Reach::File) => {
                    let first = *first_code.get_or_insert_with(|| comments::first_code(self.document));
                    if place.start < first {
                        self.for_file.push(index);
                    } else {
                        self.misplaced(
                            index,
                            "`ignore-file` reaches nothing here: it must stand before the first code",
                        );
                    }
                }
                Some(Reach::NextCell) => match self.next_cell(index) {
                    Ok(cell) => self.by_cell.entry(cell).or_default().push(index),
                    Err(message) => self.misplaced(index, message),
                },
                None => {}
            }
        }
    }

    fn misplaced(&mut self, index: usize, message: &str) {
        let directive = &mut self.directives[index];
        directive.reach = None;
        directive.fault = Some((directive.span, message.to_owned()));
    }

    /// The cell that an `ignore-next-cell` reaches.
    fn next_cell(&self, index: usize) -> Result<usize, &'static str> {
        let directive = &self.directives[index];
        let cells = self.document.notebook.as_ref().map_or(&[][..], |notebook| &notebook.cells);
        let Some((at, cell)) = directive.comment.cell.and_then(|at| Some((at, cells.get(at)?))) else {
            return Err("`ignore-next-cell` reaches nothing here: only notebooks have cells");
        };
        let end = directive.comment.span.end;
        let after = Span::new(end, cell.body.end.max(end)).of(self.text);
        if !after.trim().is_empty() || !self.is_alone(directive) {
            return Err("`ignore-next-cell` reaches nothing here: it must stand alone on the last line of its cell");
        }
        if at + 1 < cells.len() { Ok(at + 1) } else { Err("`ignore-next-cell` reaches nothing here: no cell follows") }
    }

    /// Whether nothing but blanks (and `# MAGIC`) stands before the directive's comment on its line.
    fn is_alone(&self, directive: &Directive) -> bool {
        self.content_before(directive.comment.span.start).is_empty()
    }

    /// What stands before `offset` on its line, without `# MAGIC` and blanks around it.
    fn content_before(&self, offset: u32) -> &'a str {
        let start = self.lines.line(self.lines.line_of(offset)).start;
        self.content(Span::new(start, offset))
    }

    /// What stands under the span of a line or of its start, without `# MAGIC` and blanks around it.
    fn content(&self, span: Span) -> &'a str {
        let line = span.of(self.text);
        match &self.document.notebook {
            Some(notebook) => comments::without_prefix(line, notebook.language.comment()).trim(),
            None => line.trim(),
        }
    }

    /// Whether a directive silences the finding. The nearest one that does so counts as used.
    fn silences(&mut self, finding: &Finding, rules: &Rules<'_>) -> bool {
        if ALWAYS_ON.contains(&&*finding.rule) {
            return false;
        }
        let group = rules.groups.get(&*finding.rule).copied();
        self.by_lines(finding, group) || self.by_wider_reach(finding, group)
    }

    fn by_lines(&mut self, finding: &Finding, group: Option<&str>) -> bool {
        if self.by_line.is_empty() {
            return false;
        }
        let cell = self.document.cell_at(finding.span.start);
        let (mut first, mut last) = self.lines_of(finding.span);
        // In a string of several lines no comment can stand: it may stand around the string.
        let strings = self.long_strings.partition_point(|span| span.start <= finding.span.start);
        if let Some(string) = strings.checked_sub(1).and_then(|at| self.long_strings.get(at))
            && string.covers(finding.span)
        {
            let (start, end) = self.lines_of(*string);
            (first, last) = (first.min(start), last.max(end));
        }
        let from = self.by_line.partition_point(|&(line, _)| line < first);
        let to = self.by_line.partition_point(|&(line, _)| line <= last);
        for at in from..to {
            let index = self.by_line[at].1;
            if self.directives[index].comment.cell == cell && self.uses(index, &finding.rule, group) {
                return true;
            }
        }
        self.by_line_above(first, cell, finding, group)
    }

    /// Looks at the comments that stand alone right above a line.
    fn by_line_above(&mut self, first: u32, cell: Option<usize>, finding: &Finding, group: Option<&str>) -> bool {
        let mut at = self.by_line.partition_point(|&(line, _)| line < first);
        for line in (first.saturating_sub(COMMENT_LINES)..first).rev() {
            let Some(&(nearest, _)) = at.checked_sub(1).and_then(|at| self.by_line.get(at)) else { return false };
            if nearest == line {
                let (_, index) = self.by_line[at - 1];
                let directive = &self.directives[index];
                if directive.comment.cell != cell || !self.is_alone(directive) {
                    return false;
                }
                while let Some(&(_, index)) =
                    at.checked_sub(1).and_then(|at| self.by_line.get(at)).filter(|of| of.0 == line)
                {
                    if self.uses(index, &finding.rule, group) {
                        return true;
                    }
                    at -= 1;
                }
            } else {
                // Further comments may stand between, but no code and no blank line.
                let (_, index) = self.by_line[at - 1];
                let marker = self.directives[index].comment.marker;
                if marker == "<!--" || !self.content(self.lines.line(line)).starts_with(marker) {
                    return false;
                }
            }
        }
        false
    }

    fn by_wider_reach(&mut self, finding: &Finding, group: Option<&str>) -> bool {
        let cell = self.document.cell_at(finding.span.start);
        let for_cell = cell.and_then(|cell| self.by_cell.get(&cell)).cloned().unwrap_or_default();
        let for_file = std::mem::take(&mut self.for_file);
        let silenced = for_cell.iter().chain(&for_file).any(|&index| self.uses(index, &finding.rule, group));
        self.for_file = for_file;
        silenced
    }

    /// Whether the directive names the rule or its group; if so it counts as used.
    fn uses(&mut self, index: usize, rule: &str, group: Option<&str>) -> bool {
        let text = self.text;
        let Some(directive) = self.directives.get_mut(index) else { return false };
        let named = directive.names.iter_mut().find(|name| {
            let name = name.span.of(text);
            name == rule || (group.is_some() && name.strip_suffix("/*") == group)
        });
        named.map(|name| name.used = true).is_some()
    }

    /// First and last line, 0-based, of a span.
    fn lines_of(&self, span: Span) -> (u32, u32) {
        let first = self.lines.line_of(span.start);
        (first, self.lines.line_of(span.end.saturating_sub(1).max(span.start)))
    }
}
