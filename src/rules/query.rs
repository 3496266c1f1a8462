//! Rules that are a tree-sitter query in their page.

use super::context::Context;
use crate::finding::{Fix, Safety};
use crate::notebook::regions::python_regions;
use crate::page::{Page, PageProblem, QueryBlock};
use crate::python::tree::{Match, Query, QueryError};
use crate::text::edit::Edit;
use crate::text::region::{OffsetMap, Region};
use crate::text::{Span, lines::LineIndex};
use std::borrow::Cow;
use std::collections::HashSet;
use std::ops::Range;
use std::sync::OnceLock;

/// Captured text in a message is cut after this many characters: a message is one line.
const LONGEST: usize = 60;

/// The query of a page, compiled when it is first needed: compiling costs milliseconds.
#[derive(Debug)]
pub(super) struct PageQuery {
    block: QueryBlock,
    compiled: OnceLock<Result<Query, QueryError>>,
}

impl PageQuery {
    pub(super) const fn new(block: QueryBlock) -> Self {
        Self { block, compiled: OnceLock::new() }
    }

    fn compiled(&self) -> &Result<Query, QueryError> {
        self.compiled.get_or_init(|| Query::compile(&self.block.source))
    }

    /// Whether anything has asked for the compiled query yet.
    pub(super) fn was_tried(&self) -> bool {
        self.compiled.get().is_some()
    }

    /// Why the query does not compile, if so.
    pub(super) fn problem(&self, page: &Page) -> Option<PageProblem> {
        let error = self.compiled().as_ref().err()?;
        let offset = u32::try_from(error.offset).unwrap_or(u32::MAX);
        let span = Span::at(self.block.span.start.saturating_add(offset).min(self.block.span.end));
        Some(PageProblem {
            path: page.path.clone(),
            span,
            position: LineIndex::new(&page.text).position(&page.text, span.start),
            message: format!("the query does not compile: {}", error.message),
            help: None,
        })
    }

    /// Reports every match in every region of Python that is `worth` it: making a tree is what costs.
    pub(super) fn run(&self, context: &mut Context<'_>, worth: impl Fn(&str) -> bool) {
        let document = context.document;
        let text = document.text();
        let regions = match &document.notebook {
            Some(notebook) => python_regions(notebook, text),
            None if document.path.has_extension("py") => {
                vec![Region { cell: 0, code: Cow::Borrowed(text), map: OffsetMap::shift(0), ipython: false }]
            }
            None => return,
        };
        // One place may match in several ways; it is said once.
        let mut said = HashSet::new();
        for region in regions.iter().filter(|region| worth(&region.code)) {
            let Ok(query) = self.compiled() else { return };
            for found in query.matches(&region.code) {
                self.report(context, region, &found, &mut said);
            }
        }
    }

    fn report(
        &self,
        context: &mut Context<'_>,
        region: &Region<'_>,
        found: &Match,
        said: &mut HashSet<(Span, String)>,
    ) {
        let place = |name: &str| {
            let mut all = found.captures.iter().filter(|(capture, _)| &**capture == name).map(|(_, range)| range);
            let first = all.next()?;
            Some(all.fold(first.clone(), |whole, range| whole.start.min(range.start)..whole.end.max(range.end)))
        };
        let code = |name: &str| place(name).and_then(|range| region.code.get(range)).unwrap_or_default();
        let Some(span) = place("here").map(|here| span_of(&here, region)) else { return };
        let message = self.block.message.render(|name| one_line(code(name)));
        if !said.insert((span, message.clone())) {
            return;
        }
        let fix = self.block.fix.as_ref().map(|fix| Fix {
            title: fix.title.clone(),
            safety: if fix.safe { Safety::Safe } else { Safety::Unsafe },
            edits: vec![Edit::replace(
                place("replace").map_or(span, |range| span_of(&range, region)),
                fix.template.render(|name| code(name).to_owned()),
            )],
            file_edits: Vec::new(),
        });
        // Behind `# MAGIC` a span over several lines has prefixes in it that the code has not: no edit can be
        // made there that is sure to keep them.
        let fix = fix.filter(|fix| fix.edits.iter().all(|edit| is_whole(edit, region)));
        context.report(span, message).fix = fix;
    }
}

fn span_of(range: &Range<usize>, region: &Region<'_>) -> Span {
    let span = Span::from_range(range.clone());
    region.map.span(span.start, span.end)
}

/// Whether the edit lies within one piece of the region's map, and brings no new line into another form of line.
fn is_whole(edit: &Edit, region: &Region<'_>) -> bool {
    let pieces = &region.map.pieces;
    pieces.len() <= 1 || {
        let inside = pieces.iter().any(|&(_, to)| edit.span.start < to && to < edit.span.end);
        !inside && !edit.text.contains('\n')
    }
}

/// Captured text as it can stand in a message.
fn one_line(code: &str) -> String {
    let mut words = code.split_whitespace();
    let mut line = words.next().unwrap_or_default().to_owned();
    for word in words {
        if line.len() > LONGEST * 4 {
            break;
        }
        line.push(' ');
        line.push_str(word);
    }
    if let Some((cut, _)) = line.char_indices().nth(LONGEST) {
        line.truncate(cut);
        line.push('…');
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn captured_text_becomes_one_short_line() {
        assert_eq!(one_line("spark\n  .table(\"t\")\n"), "spark .table(\"t\")");
        let long = one_line(&"é".repeat(500));
        assert_eq!(long.chars().count(), LONGEST + 1);
        assert!(long.ends_with('…'));
    }
}
