//! Sorting imports as ruff's isort rule (`I001`) does.
//!
//! A block is a run of imports with nothing between them but comments; what stands between blocks, a magic above
//! all, is never crossed. `# isort: skip`, `off`, `on`, `split` and `skip_file` and `# noqa` are obeyed.

mod arrange;
mod block;
mod key;
mod natural;
mod print;
#[cfg(test)]
mod tests;

use super::parse::{self, Tree};
use crate::text::Span;
use crate::text::edit::{self, Edit};
use ruff_python_ast::token::TokenKind;
use ruff_text_size::{Ranged, TextRange};

/// How imports are sorted. Names and defaults are those of ruff's settings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Order {
    /// Whether something is set that is not understood here; then nothing is sorted.
    pub unknown: bool,
    /// Columns of a line.
    pub line_length: u16,
    /// Columns of a tab.
    pub indent_width: u8,
    /// The minor version of Python 3 whose standard library counts.
    pub target_minor: u8,
    /// `combine-as-imports`.
    pub combine_as_imports: bool,
    /// `force-single-line`.
    pub force_single_line: bool,
    /// `single-line-exclusions`.
    pub single_line_exclusions: Vec<String>,
    /// `force-sort-within-sections`.
    pub force_sort_within_sections: bool,
    /// `case-sensitive`.
    pub case_sensitive: bool,
    /// `force-wrap-aliases`.
    pub force_wrap_aliases: bool,
    /// `force-to-top`.
    pub force_to_top: Vec<String>,
    /// Modules whose section is said: globs, in the order in which they are tried.
    pub known: Vec<(String, Section)>,
    /// `order-by-type`.
    pub order_by_type: bool,
    /// `relative-imports-order` is `closest-to-furthest`.
    pub closest_first: bool,
    /// `split-on-trailing-comma`.
    pub split_on_trailing_comma: bool,
    /// `classes`.
    pub classes: Vec<String>,
    /// `constants`.
    pub constants: Vec<String>,
    /// `variables`.
    pub variables: Vec<String>,
    /// `no-lines-before`.
    pub no_lines_before: Vec<Section>,
    /// `lines-after-imports`; `None` for what fits the code that follows.
    pub lines_after_imports: Option<u8>,
    /// `lines-between-types`.
    pub lines_between_types: u8,
    /// `forced-separate`.
    pub forced_separate: Vec<String>,
    /// `section-order`.
    pub sections: Vec<Section>,
    /// `default-section`.
    pub default_section: Section,
    /// `no-sections`.
    pub no_sections: bool,
    /// `from-first`.
    pub from_first: bool,
    /// `length-sort`.
    pub length_sort: bool,
    /// `length-sort-straight`.
    pub length_sort_straight: bool,
    /// `detect-same-package`.
    pub detect_same_package: bool,
}

impl Default for Order {
    fn default() -> Self {
        Self {
            unknown: false,
            line_length: 88,
            indent_width: 4,
            target_minor: 10,
            combine_as_imports: false,
            force_single_line: false,
            single_line_exclusions: Vec::new(),
            force_sort_within_sections: false,
            case_sensitive: false,
            force_wrap_aliases: false,
            force_to_top: Vec::new(),
            known: Vec::new(),
            order_by_type: true,
            closest_first: false,
            split_on_trailing_comma: true,
            classes: Vec::new(),
            constants: Vec::new(),
            variables: Vec::new(),
            no_lines_before: Vec::new(),
            lines_after_imports: None,
            lines_between_types: 0,
            forced_separate: Vec::new(),
            sections: Section::STANDARD.to_vec(),
            default_section: Section::ThirdParty,
            no_sections: false,
            from_first: false,
            length_sort: false,
            length_sort_straight: false,
            detect_same_package: true,
        }
    }
}

/// A section of imports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Section {
    /// `future`: `__future__`.
    Future,
    /// `standard-library`.
    StandardLibrary,
    /// `third-party`.
    ThirdParty,
    /// `first-party`.
    FirstParty,
    /// `local-folder`: relative imports.
    LocalFolder,
    /// One that settings define.
    Own(String),
}

impl Section {
    /// The sections that need no definition, in their order.
    pub const STANDARD: [Self; 5] =
        [Self::Future, Self::StandardLibrary, Self::ThirdParty, Self::FirstParty, Self::LocalFolder];

    /// The section that settings call `name`.
    pub fn named(name: &str) -> Self {
        match name {
            "future" => Self::Future,
            "standard-library" => Self::StandardLibrary,
            "third-party" => Self::ThirdParty,
            "first-party" => Self::FirstParty,
            "local-folder" => Self::LocalFolder,
            own => Self::Own(own.to_owned()),
        }
    }
}

/// What sorting needs to know of the repository.
#[derive(Clone, Copy)]
pub struct Imports<'a> {
    /// How to sort.
    pub order: &'a Order,
    /// Whether a module, by its full dotted name, stands in the repository's own sources, so that it is first party.
    pub is_ours: &'a dyn Fn(&str) -> bool,
}

/// `code` with its imports sorted; `None` if they are, or if they cannot be sorted safely.
pub fn sort(code: &str, imports: Imports<'_>, ipython: bool) -> Option<String> {
    // Most cells import nothing.
    if imports.order.unknown || !code.contains("import") {
        return None;
    }
    let tree = parse::parse_once(code, ipython, parse::LATEST).filter(Tree::is_valid)?;
    if tree.syntax().is_none_or(super::format::is_too_deep) {
        return None;
    }
    let comments = comments(&tree);
    let directives = Directives::new(code, &comments)?;
    let mut edits = Vec::new();
    for block in block::find(tree.statements(), code, &directives) {
        edits.extend(sorted(code, &tree, &comments, &block, imports));
    }
    // The tree is shallow, so it can be dropped the quick way.
    drop(tree.into_shallow());
    if edits.is_empty() { None } else { edit::apply(code, &edits).filter(|new| new != code) }
}

/// The edit that sorts one block, if it is not sorted.
fn sorted(
    code: &str,
    tree: &Tree,
    comments: &[TextRange],
    block: &block::Block<'_>,
    imports: Imports<'_>,
) -> Option<Edit> {
    let (first, last) = (block.imports.first()?, block.imports.last()?);
    let (start, end) = (first.start().to_usize(), last.end().to_usize());
    let line_start = code.get(..start)?.rfind(['\n', '\r']).map_or(0, |at| at + 1);
    let indent = code.get(line_start..start)?;
    let indent_of_line = indent.trim_start_matches('\u{feff}');
    let before = code.get(..line_start)?.trim_end_matches(['\n', '\r']);
    let line_end = line_end(code, end);
    let rest = code.get(end..line_end)?.trim_start();
    let shares_a_line = !indent_of_line.trim().is_empty()
        || (line_start > 0 && before.ends_with('\\'))
        || !(rest.is_empty() || rest.starts_with('#'));
    if shares_a_line || has_noqa(code, first.end().to_usize()) {
        return None;
    }
    let full_end = full_line_end(code, line_end);
    let until = if block.trailer.is_some() { blank_lines_end(code, full_end) } else { full_end };
    let inside = comments.iter().filter(|comment| comment.start().to_usize() >= start);
    let inside: Vec<TextRange> = inside.take_while(|comment| comment.end().to_usize() <= full_end).copied().collect();
    let ending = if code.get(line_end..full_end) == Some("\r\n") { "\r\n" } else { "\n" };
    let new = arrange::arranged(code, tree, &inside, block, imports, indent_of_line);
    let old = code.get(line_start..until)?.trim_start_matches('\u{feff}');
    let is_same = old.lines().map(str::trim_start).eq(new.lines().map(str::trim_start));
    if is_same {
        return None;
    }
    let mut text = String::with_capacity(new.len() + 16);
    for line in new.split_inclusive('\n') {
        let content = line.trim_end_matches('\n');
        if !content.is_empty() {
            text.push_str(indent_of_line);
        }
        text.push_str(content);
        if line.ends_with('\n') {
            text.push_str(ending);
        }
    }
    if full_end == line_end && !code.get(..until)?.ends_with('\n') {
        // The file ends without a line end, and so does what is written.
        text.truncate(text.trim_end_matches(['\n', '\r']).len());
    }
    let mark = if indent.len() > indent_of_line.len() { indent.len() - indent_of_line.len() } else { 0 };
    Some(Edit::replace(Span::from_range(line_start + mark..until), text))
}

fn comments(tree: &Tree) -> Vec<TextRange> {
    let tokens = tree.tokens().into_iter().flat_map(|tokens| tokens.iter());
    tokens.filter(|token| token.kind() == TokenKind::Comment).map(Ranged::range).collect()
}

/// The end of the line that holds byte `at`, before its line end.
fn line_end(code: &str, at: usize) -> usize {
    code.get(at..).and_then(|rest| rest.find(['\n', '\r'])).map_or(code.len(), |length| at + length)
}

fn full_line_end(code: &str, line_end: usize) -> usize {
    match code.as_bytes().get(line_end..) {
        Some([b'\r', b'\n', ..]) => line_end + 2,
        Some([_, ..]) => line_end + 1,
        _ => line_end,
    }
}

/// The end of the blank lines that start at `at`.
fn blank_lines_end(code: &str, mut at: usize) -> usize {
    while at < code.len() {
        let end = line_end(code, at);
        if !code.get(at..end).is_some_and(|line| line.trim_matches([' ', '\t', '\u{c}']).is_empty()) {
            break;
        }
        at = full_line_end(code, end);
    }
    at
}

/// Whether the first line of a block says that its order is meant.
fn has_noqa(code: &str, at: usize) -> bool {
    let rest = code.get(at..line_end(code, at)).unwrap_or("");
    let Some(comment) = rest.find('#').and_then(|at| rest.get(at..)) else { return false };
    is_noqa(comment)
}

fn is_noqa(comment: &str) -> bool {
    let lower = comment.to_ascii_lowercase();
    let Some(at) = lower.find("noqa") else { return false };
    let after = comment.get(at + 4..).unwrap_or("");
    match after.trim_start().strip_prefix(':') {
        None => true,
        Some(codes) => codes.split([',', ' ', '\t']).any(|code| code.trim() == "I001"),
    }
}

/// Comments that tell a sorter of imports what to leave.
pub(super) struct Directives {
    /// Where a new block starts, in bytes.
    splits: Vec<usize>,
    /// Where nothing is sorted.
    off: Vec<std::ops::Range<usize>>,
}

impl Directives {
    /// `None` if the whole file is to be left.
    fn new(code: &str, comments: &[TextRange]) -> Option<Self> {
        let mut directives = Self { splits: Vec::new(), off: Vec::new() };
        let mut off = None;
        for range in comments {
            let (start, end) = (range.start().to_usize(), range.end().to_usize());
            let comment = code.get(start..end).unwrap_or("").trim_end();
            let said = comment.strip_prefix("# ruff: ").or_else(|| comment.strip_prefix("# ")).unwrap_or("");
            let alone = code
                .get(..start)
                .is_none_or(|before| before.rsplit(['\n', '\r']).next().is_none_or(|line| line.trim().is_empty()));
            if alone
                && (comment.starts_with("# ruff: noqa") || comment.starts_with("# flake8: noqa"))
                && is_noqa(comment)
            {
                return None;
            }
            match said {
                "isort: split" => directives.splits.push(start),
                "isort: skip_file" | "isort:skip_file" => return None,
                "isort: on" if off.is_some() => directives.off.extend(off.take().map(|from| from..start)),
                _ if off.is_some() => {}
                _ if comment.contains("isort: skip") || comment.contains("isort:skip") => {
                    let from = code.get(..start).and_then(|before| before.rfind(['\n', '\r'])).map_or(0, |at| at + 1);
                    directives.off.push(from..line_end(code, end));
                }
                "isort: off" => off = Some(start),
                _ => {}
            }
        }
        directives.off.extend(off.map(|from| from..code.len()));
        Some(directives)
    }
}
