//! From text to tree, and what the parser has to say about it.

use super::depth;
use crate::text::Span;
use ruff_python_ast::token::{TokenKind, Tokens};
use ruff_python_ast::{Mod, PythonVersion, Stmt};
use ruff_python_parser::{Mode, ParseError, ParseOptions, Parsed, UnsupportedSyntaxError, parse_unchecked};
use ruff_text_size::Ranged;

/// A tree that is safe to drop however deep it is.
pub(super) struct Tree {
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

    /// Syntax errors, in no particular order.
    pub(super) fn errors(&self) -> &[ParseError] {
        self.parsed.as_ref().map_or(&[], |parsed| parsed.errors())
    }

    /// Uses of syntax that is newer than the target.
    pub(super) fn unsupported(&self) -> &[UnsupportedSyntaxError] {
        self.parsed.as_ref().map_or(&[], |parsed| parsed.unsupported_syntax_errors())
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

fn parse_once(code: &str, ipython: bool, target: (u8, u8)) -> Option<Tree> {
    let mode = mode(ipython);
    if depth::too_deep_to_parse(code, mode) {
        return None;
    }
    let target = PythonVersion { major: target.0, minor: target.1 };
    let parsed = parse_unchecked(code, ParseOptions::from(mode).with_target_version(target));
    Some(Tree { parsed: Some(parsed), shallow: false })
}

const fn mode(ipython: bool) -> Mode {
    if ipython { Mode::Ipython } else { Mode::Module }
}

/// `code` with every line blanked that has an error and ends in `?` behind something that IPython could look up;
/// `None` if there is no such line. IPython itself decides by the end of the line alone.
fn without_help(code: &str, errors: &[ParseError]) -> Option<String> {
    let mut out: Option<Vec<u8>> = None;
    for error in errors {
        let at = error.location.start().to_usize().min(code.len());
        let start = code.get(..at).and_then(|before| before.rfind('\n')).map_or(0, |newline| newline + 1);
        let end = code.get(start..).and_then(|rest| rest.find('\n')).map_or(code.len(), |len| start + len);
        let line = code.get(start..end).unwrap_or("").trim_end();
        let Some(asked) = line.strip_suffix("??").or_else(|| line.strip_suffix('?')) else { continue };
        let looks_up = |c: char| c.is_alphanumeric() || matches!(c, '_' | '*' | ']' | '.');
        if !line.contains('#') && asked.ends_with(looks_up) {
            let bytes = out.get_or_insert_with(|| code.as_bytes().to_vec());
            let keep = line.len() - line.trim_start().len();
            let blanked = bytes.iter_mut().take(start + line.len()).skip(start + keep);
            // A statement must stay, or the `if` above would lose its body.
            blanked.zip(0..).for_each(|(byte, n)| *byte = if n == 0 { b'_' } else { b' ' });
        }
    }
    out.and_then(|bytes| String::from_utf8(bytes).ok())
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
    parse(code, ipython, LATEST).is_some_and(|tree| tree.errors().is_empty())
}

/// Where only the tree counts, every syntax is accepted.
const LATEST: (u8, u8) = (3, u8::MAX);

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
    }
}
