//! From text to tree, and what the parser has to say about it.

use super::depth;
use crate::guard;
use crate::text::Span;
use crate::text::region::{OffsetMap, Region};
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Mod, PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseError, ParseOptions, Parsed, UnsupportedSyntaxError, parse_unchecked};
use ruff_text_size::Ranged;

/// A tree that is safe to drop however deep it is.
pub(super) struct Tree {
    /// `None` if the parser failed.
    parsed: Option<Parsed<Mod>>,
    shallow: bool,
}

impl Tree {
    /// The top-level statements.
    pub(super) fn statements(&self) -> &[Stmt] {
        match self.parsed.as_ref().map(Parsed::syntax) {
            Some(Mod::Module(module)) => &module.body,
            _ => &[],
        }
    }

    /// Whether the code is valid Python.
    pub(super) fn is_valid(&self) -> bool {
        self.parsed.as_ref().is_some_and(|parsed| parsed.errors().is_empty())
    }

    /// Whether the parser failed, so that nothing is known but that the code is not valid.
    pub(super) const fn is_lost(&self) -> bool {
        self.parsed.is_none()
    }

    /// Syntax errors, in no particular order.
    pub(super) fn errors(&self) -> &[ParseError] {
        self.parsed.as_ref().map_or(&[], |parsed| parsed.errors())
    }

    /// Uses of syntax that is newer than the target.
    pub(super) fn unsupported(&self) -> &[UnsupportedSyntaxError] {
        self.parsed.as_ref().map_or(&[], |parsed| parsed.unsupported_syntax_errors())
    }

    /// The root; `None` if the parser failed.
    pub(super) fn syntax(&self) -> Option<&Mod> {
        self.parsed.as_ref().map(Parsed::syntax)
    }

    /// What the parser gave, to be dropped by recursion: only for trees that were found to be shallow.
    pub(super) fn into_shallow(mut self) -> Option<Parsed<Mod>> {
        self.parsed.take()
    }

    /// All tokens.
    pub(super) fn tokens(&self) -> Option<&Tokens> {
        self.parsed.as_ref().map(Parsed::tokens)
    }

    /// Says that a walk found the tree to be shallow, so that it can be dropped the plain, quick way.
    pub(super) const fn is_shallow(&mut self) {
        self.shallow = true;
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        if let Some(parsed) = self.parsed.take().filter(|_| !self.shallow) {
            depth::fell(parsed.into_syntax());
        }
    }
}

/// A region of IPython's dialect whose first line is indented, without that indentation: IPython takes it from
/// every line that begins with it. `None` if there is nothing to do.
pub(super) fn dedented(region: &Region<'_>) -> Option<Region<'static>> {
    let code = &*region.code;
    let first = region.ipython.then(|| code.split_inclusive('\n').find(|line| !line.trim().is_empty()))??;
    let indent = first.get(..first.len() - first.trim_start_matches([' ', '\t']).len()).filter(|it| !it.is_empty())?;
    let mut out = String::with_capacity(code.len());
    let mut pieces = Vec::new();
    let offset = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
    let mut at = 0;
    for line in code.split_inclusive('\n') {
        let rest = line.strip_prefix(indent).unwrap_or(line);
        let start = offset(at + line.len() - rest.len());
        let end = start + offset(rest.len());
        // Pieces of the old map that begin inside the line begin anew.
        let first = region.map.pieces.partition_point(|&(from, _)| from <= start);
        pieces.push((offset(out.len()), region.map.offset(start)));
        for &(from, to) in region.map.pieces.iter().skip(first).take_while(|&&(from, _)| from < end) {
            pieces.push((offset(out.len()) + (from - start), to));
        }
        out.push_str(rest);
        at += line.len();
    }
    Some(Region { cell: region.cell, code: out.into(), map: OffsetMap { pieces }, ipython: true })
}

/// Parses code; `None` if it nests so deeply that it is refused unparsed.
///
/// In IPython's dialect, help that the parser does not know (`df.to_*?`, `x = df?`) is taken for what it is.
pub(super) fn parse(code: &str, ipython: bool, target: (u8, u8)) -> Option<Tree> {
    let tree = parse_once(code, ipython, target)?;
    if !ipython || tree.errors().is_empty() {
        return Some(tree);
    }
    let Some(without_help) = without_help(code, tree.errors()) else { return Some(tree) };
    let again = parse_once(&without_help, ipython, target)?;
    Some(if again.errors().len() < tree.errors().len() { again } else { tree })
}

pub(super) fn parse_once(code: &str, ipython: bool, target: (u8, u8)) -> Option<Tree> {
    let mode = mode(ipython);
    if depth::too_deep_to_parse(code, mode) {
        return None;
    }
    let target = PythonVersion { major: target.0, minor: target.1 };
    // The parser panics on some code that is not valid.
    let parsed = guard::caught(|| parse_unchecked(code, ParseOptions::from(mode).with_target_version(target)));
    Some(Tree { parsed: parsed.ok(), shallow: false })
}

const fn mode(ipython: bool) -> Mode {
    if ipython { Mode::Ipython } else { Mode::Module }
}

/// `code` with every line of help blanked; `None` if there is no such line.
fn without_help(code: &str, errors: &[ParseError]) -> Option<String> {
    let lines = help_lines(code, errors);
    if lines.is_empty() {
        return None;
    }
    let mut bytes = code.as_bytes().to_vec();
    for line in lines {
        // Some statement must stay, or an `if` above would lose its body.
        let blanked = bytes.iter_mut().take(line.end).skip(line.start);
        blanked.zip(0..).for_each(|(byte, n)| *byte = if n == 0 { b'0' } else { b' ' });
    }
    String::from_utf8(bytes).ok()
}

/// Every line, without the blanks around it, that has an error and ends in `?` behind something that IPython could
/// look up, in order. IPython itself decides by the end of the line alone.
pub(super) fn help_lines(code: &str, errors: &[ParseError]) -> Vec<std::ops::Range<usize>> {
    let mut found: Vec<std::ops::Range<usize>> = Vec::new();
    let mut seen = 0..0;
    for error in errors {
        let at = error.location.start().to_usize().min(code.len());
        // A long line may have many errors.
        if seen.contains(&at) {
            continue;
        }
        let start = code.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let end = code.get(start..).and_then(|rest| rest.find('\n')).map_or(code.len(), |len| start + len);
        seen = start..end + 1;
        let line = code.get(start..end).unwrap_or("").trim_end();
        let Some(asked) = line.strip_suffix("??").or_else(|| line.strip_suffix('?')) else { continue };
        let word = asked.trim_end_matches(|c: char| c.is_alphanumeric() || matches!(c, '_' | '*'));
        let word = asked.get(word.len()..).unwrap_or("");
        let looks_up = asked.ends_with(']') || word.starts_with(|c: char| !c.is_ascii_digit());
        if looks_up && !line.contains('#') {
            let indent = line.len() - line.trim_start().len();
            found.push(start + indent..start + line.len());
        }
    }
    found.sort_unstable_by_key(|line| line.start);
    found.dedup();
    found
}

/// See [`super::comments`].
pub(super) fn comments(code: &str, ipython: bool) -> Vec<Span> {
    if !code.contains('#') {
        return Vec::new();
    }
    let Some(tree) = parse_once(code, ipython, LATEST) else { return Vec::new() };
    let Some(tokens) = tree.tokens() else { return Vec::new() };
    let comments = tokens.iter().filter(|token| token.kind() == TokenKind::Comment);
    comments.map(|token| Span::from_range(token.start().to_usize()..token.end().to_usize())).collect()
}

/// Escape commands and the `?` of help, as byte ranges, in order. The flag says whether something must stay in the
/// place for the code around to be valid: it is a value, or it may be all of a block.
pub(super) fn magics(code: &str) -> Vec<(std::ops::Range<usize>, bool)> {
    let Some(tree) = parse_once(code, true, LATEST) else { return Vec::new() };
    let Some(tokens) = tree.tokens() else { return Vec::new() };
    let mut found = Vec::new();
    let mut line_start = true;
    for token in tokens {
        let range = token.start().to_usize()..token.end().to_usize();
        match token.kind() {
            TokenKind::IpyEscapeCommand => {
                let indented = code.get(..range.start).is_some_and(|before| before.ends_with([' ', '\t']));
                found.push((range, indented || !line_start));
            }
            TokenKind::Question => found.push((range, false)),
            _ => {}
        }
        line_start = matches!(
            token.kind(),
            TokenKind::Newline | TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent | TokenKind::Semi
        );
    }
    found
}

/// See [`super::parses`].
pub(super) fn parses(code: &str, ipython: bool) -> bool {
    parse(code, ipython, LATEST).is_some_and(|tree| tree.is_valid())
}

/// Where only the tree counts, every syntax is accepted.
pub(super) const LATEST: (u8, u8) = (3, u8::MAX);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_told_from_strings() {
        let code = "x = '# no'  # yes\n# too\n\"\"\"\n# no\n\"\"\"\ny = f\"{x}#\"\n!ls # no\n";
        let found = comments(code, true);
        assert_eq!(found.iter().map(|span| span.of(code)).collect::<Vec<_>>(), ["# yes", "# too"]);
        assert_eq!(comments("foo(\n # open\n", false).len(), 1);
    }

    #[test]
    fn ipython_is_no_error() {
        for code in [
            "df?",
            "df??",
            "?df",
            "df.show?",
            "x[0].y?",
            "df.to_*?",
            "*int*?",
            "x = df?",
            "!ls",
            "x = !ls",
            "x = %timeit -o f()",
            "%pip install a \\\n  b",
            "if x:\n    %pip install a\nelse:\n    !ls\n",
            "for f in g:\n    y = !cat {f}\n",
            "%%time\nx = 1",
            "await f()",
            "async with a as b:\n  pass",
            "x = [await f() for f in g]",
            "%timeit df?\n",
            "if x:\n    a.b*?\ny = 1",
            "display(1);",
            "!!ls",
            "/f 1 2",
            ",f a b",
            ";f a b",
        ] {
            assert!(parses(code, true), "{code}");
        }
        for code in ["df?", "!ls", "%pip install a", "x = !ls"] {
            assert!(!parses(code, false), "{code}");
        }
        for code in ["x = (1", "print 1", "x = 'a' 1?"] {
            assert!(!parses(code, true), "{code}");
        }
        // Here the parser itself panics.
        assert!(!parses("[)\n;", true));
    }
}
