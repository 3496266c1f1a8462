//! What the parser complains about, in words for the people who wrote the code.

use super::facts::SyntaxErrorKind;
use super::parse::Tree;
use ruff_python_ast::token::TokenKind;
use ruff_python_parser::{
    LexicalErrorType, ParseError, ParseErrorType, UnsupportedSyntaxError, UnsupportedSyntaxErrorKind,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// The first error of a tree, with where it is to be shown. The others mostly follow from it.
pub(super) fn first(tree: &Tree, code: &str, ipython: bool) -> Option<(TextRange, String)> {
    let error = tree.errors().iter().min_by_key(|error| (error.start(), error.end()))?;
    let place = Place { code, ipython, range: error.range() };
    if let Some((range, message)) = bracket(tree, error, code) {
        return Some((range, message));
    }
    let message = place.by_the_line().unwrap_or_else(|| place.by_kind(&error.error));
    Some((first_line(error.range(), code), message))
}

/// What to say about syntax that is newer than the target.
pub(super) fn unsupported(error: &UnsupportedSyntaxError) -> (SyntaxErrorKind, String) {
    let message = error.to_string();
    // "Cannot use X on Python 3.9 (syntax was added in Python 3.10)"
    let parts = message.split_once(" on Python ").and_then(|(what, rest)| {
        let (target, rest) = rest.split_once(" (")?;
        let since = rest.split_once("added in Python ")?.1.strip_suffix(')')?;
        Some((what, target, since))
    });
    match (error.kind, parts) {
        // Gone for so long that no target has it.
        (UnsupportedSyntaxErrorKind::ParenthesizedKeywordArgumentName, _) | (_, None) => {
            (SyntaxErrorKind::Invalid, lower(&message))
        }
        (UnsupportedSyntaxErrorKind::UnparenthesizedExceptionTypes, Some((_, target, since))) => (
            SyntaxErrorKind::TooNew,
            format!(
                "several exceptions need parentheses before Python {since}, and a name for them needs `as`; the target is {target}"
            ),
        ),
        (_, Some((what, target, since))) => {
            (SyntaxErrorKind::TooNew, format!("{} before Python {since}; the target is {target}", lower(what)))
        }
    }
}

/// The part of a range on its first line, on code that is there: errors at the end stand behind the last
/// character, not on an empty line after it.
pub(super) fn first_line(range: TextRange, code: &str) -> TextRange {
    let end = code.trim_end().len();
    let start = range.start().to_usize().min(end);
    let source = code.get(start..range.end().to_usize().max(start)).unwrap_or("");
    let len = source.find(['\n', '\r']).unwrap_or(source.len());
    let size = |n: usize| TextSize::try_from(n).unwrap_or_default();
    TextRange::at(size(start), size(len))
}

/// A bracket that is never closed, or is closed by another kind, up to the place of the error: the error is only
/// where the parser noticed.
fn bracket(tree: &Tree, error: &ParseError, code: &str) -> Option<(TextRange, String)> {
    let source = |range: TextRange| code.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("");
    let mut open: Vec<(TokenKind, TextRange)> = Vec::new();
    for token in tree.tokens()? {
        let range = token.range();
        let closes = match token.kind() {
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                open.push((token.kind(), range));
                continue;
            }
            TokenKind::Rpar => TokenKind::Lpar,
            TokenKind::Rsqb => TokenKind::Lsqb,
            TokenKind::Rbrace => TokenKind::Lbrace,
            _ => continue,
        };
        match open.pop() {
            Some((kind, _)) if kind == closes => {}
            Some((_, opening)) if range.start() <= error.start() => {
                return Some((
                    range,
                    format!("`{}` does not close the `{}` before it", source(range), source(opening)),
                ));
            }
            None if range.start() == error.start() => {
                return Some((range, format!("`{}` closes a bracket that was never opened", source(range))));
            }
            _ => return None,
        }
    }
    let (_, range) = open.pop().filter(|(_, range)| range.start() < error.start())?;
    Some((range, format!("`{}` is never closed", source(range))))
}

/// Where an error is.
struct Place<'a> {
    code: &'a str,
    ipython: bool,
    range: TextRange,
}

impl Place<'_> {
    fn before(&self) -> &str {
        self.code.get(..self.range.start().to_usize()).unwrap_or("")
    }

    fn after(&self) -> &str {
        self.code.get(self.range.start().to_usize()..).unwrap_or("")
    }

    /// The line up to the error, without indentation.
    fn line_before(&self) -> &str {
        self.before().rsplit('\n').next().unwrap_or("").trim_start()
    }

    /// The whole line, without blanks around.
    fn line(&self) -> &str {
        let start = self.before().rfind('\n').map_or(0, |newline| newline + 1);
        self.code.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("").trim()
    }

    /// The word or sign at the error, for a message.
    fn found(&self) -> String {
        let rest = self.after();
        let Some(first) = rest.chars().next().filter(|first| !matches!(first, '\n' | '\r')) else {
            return if rest.trim().is_empty() { "the end of the code".into() } else { "the end of the line".into() };
        };
        let is_word = |c: char| c.is_alphanumeric() || c == '_';
        let len = if is_word(first) { rest.find(|c: char| !is_word(c)) } else { Some(first.len_utf8()) };
        let word: String = rest.get(..len.unwrap_or(rest.len())).unwrap_or("").chars().take(30).collect();
        if first.is_whitespace() || first.is_control() {
            format!("U+{:04X}", u32::from(first))
        } else {
            format!("`{word}`")
        }
    }

    /// Says what the line is, where it is no Python at all.
    fn by_the_line(&self) -> Option<String> {
        let line = self.line();
        let mut words = line.split_whitespace();
        let (first, second) = (words.next()?, words.next().unwrap_or(""));
        if ["<<<<<<<", "=======", ">>>>>>>"].iter().any(|marker| line.starts_with(marker)) {
            return Some("this is the mark of a merge conflict; resolve it and remove the line".into());
        }
        let word = first.to_ascii_uppercase();
        let starts = |at: &str| self.line_before().trim_end() == at || self.line_before().is_empty();
        if matches!(first, "print" | "exec") && self.line_before().trim_end() == first {
            return Some(format!("`{first}` is a function; put what it gets in parentheses"));
        }
        let sql_comment = self.ipython && line.starts_with("-- ");
        if sql_comment || SQL.contains(&word.as_str()) && !second.starts_with(['=', '(', '.', ',']) && first != "with" {
            let how = if self.ipython {
                "start the cell with `%sql` or use `spark.sql(…)`"
            } else {
                "use `spark.sql(…)`"
            };
            return Some(format!("this looks like SQL, not Python; {how}"));
        }
        if matches!(first, "val" | "var") && starts(first) {
            return Some("this looks like Scala, not Python".into());
        }
        if matches!(first, "pip" | "pip3" | "conda") && starts(first) && matches!(second, "install" | "uninstall") {
            return Some(format!("this is a shell command, not Python; write `%pip {second}` in a notebook"));
        }
        if !self.ipython && line.starts_with(['%', '!']) && self.line_before().is_empty() {
            return Some("magics and shell commands work only in notebooks".into());
        }
        None
    }

    fn by_kind(&self, error: &ParseErrorType) -> String {
        let found = self.found();
        match error {
            ParseErrorType::Lexical(error) => by_character(error),
            ParseErrorType::SimpleStatementsOnSameLine => {
                let quoted = self.before().ends_with(['"', '\'']) && self.after().starts_with(char::is_alphanumeric);
                if quoted {
                    return format!(
                        "the quote before {found} ends the string; escape it or use the other quotes around"
                    );
                }
                format!("{found} is not expected here; a comma, an operator or a line break is missing before it")
            }
            ParseErrorType::ExpectedToken { expected: TokenKind::Colon, .. } if found == "`=`" => {
                "`=` assigns; compare with `==`".into()
            }
            ParseErrorType::ExpectedToken { expected: TokenKind::Colon, .. }
                if found == "`if`" && self.line_before().trim_end() == "else" =>
            {
                "`else if` is written `elif`".into()
            }
            ParseErrorType::ExpectedToken { expected, .. } => match expected {
                TokenKind::Newline => format!("{found} is not expected here; the line should end before it"),
                TokenKind::Name => format!("a name is missing before {found}"),
                TokenKind::Dedent | TokenKind::EndOfFile => "the indentation fits no line above".into(),
                TokenKind::Indent => format!("an indented line is missing before {found}"),
                expected => format!("{expected} is missing before {found}"),
            },
            ParseErrorType::ExpectedExpression => format!("something is missing before {found}"),
            ParseErrorType::UnexpectedIndentation => {
                let continues = self.after().trim_start().starts_with('.');
                if continues {
                    return "a chain of calls over several lines needs parentheses around it, or `\\` at each line's end".into();
                }
                "this line is indented, but nothing above asks for it".into()
            }
            ParseErrorType::InvalidAssignmentTarget => {
                let target = first_line(self.range, self.code);
                let source = self.code.get(target.start().to_usize()..target.end().to_usize()).unwrap_or("");
                let short: String = source.chars().take(30).collect();
                format!("`{short}` cannot be assigned to")
            }
            ParseErrorType::UnparenthesizedTupleExpression if self.line_before().starts_with("raise") => {
                "an exception is raised by a call, as in `raise ValueError(\"…\")`".into()
            }
            ParseErrorType::OtherError(message) => match message.as_str() {
                "Expected a statement" => match found.as_str() {
                    "`else`" | "`elif`" | "`except`" | "`finally`" => {
                        format!("{found} does not follow the block that it belongs to")
                    }
                    _ => format!("{found} is not expected here"),
                },
                "Expected an identifier" | "Expected a parameter name" => format!("a name is missing before {found}"),
                message => lower(message),
            },
            other => lower(&other.to_string()),
        }
    }
}

/// Faults in single characters and literals.
fn by_character(error: &LexicalErrorType) -> String {
    match error {
        LexicalErrorType::UnrecognizedToken { tok } => match tok {
            '“' | '”' | '„' | '‘' | '’' | '«' | '»' => {
                format!("`{tok}` is a typographic quote; write `\"` or `'`")
            }
            '$' => "`$` has no meaning in Python; quotes are missing, or a template was not filled in".into(),
            _ if tok.is_control() || tok.is_whitespace() || is_invisible(*tok) => {
                format!("there is an invisible character U+{:04X} here; remove it", u32::from(*tok))
            }
            _ => format!("`{tok}` has no meaning in Python here"),
        },
        LexicalErrorType::UnclosedStringError => "the string that begins here is never closed".into(),
        LexicalErrorType::IndentationError => "the indentation fits no line above".into(),
        LexicalErrorType::LineContinuationError => {
            "nothing may follow `\\` at a line's end, not even a blank or a comment".into()
        }
        LexicalErrorType::Eof => "the code ends too early".into(),
        other => lower(&other.to_string()),
    }
}

/// Characters that take no place on the screen.
const fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}' | '\u{feff}')
}

/// Words that begin a statement of SQL and not one of Python.
const SQL: &[&str] = &[
    "SELECT", "CREATE", "INSERT", "UPDATE", "DELETE", "MERGE", "DROP", "ALTER", "USE", "SHOW", "DESCRIBE", "OPTIMIZE",
    "VACUUM", "TRUNCATE", "GRANT", "REVOKE", "REFRESH", "ANALYZE", "WITH",
];

/// The parser's own words, as ours: no capital, no full stop.
fn lower(message: &str) -> String {
    let mut chars = message.trim_end_matches('.').chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::super::read;
    use crate::text::region::{OffsetMap, Region};

    /// The error of a cell, with the code that it points at.
    fn error(code: &str, ipython: bool) -> (String, String) {
        let region = Region { cell: 0, code: code.into(), map: OffsetMap::shift(0), ipython };
        let errors = read(&[region], (3, 13)).syntax_errors;
        let [error] = errors.as_slice() else { panic!("{code}: {errors:?}") };
        (error.span.of(code).to_owned(), error.message.clone())
    }

    #[test]
    fn common_mistakes_are_named() {
        for (code, at, message) in [
            ("df = f(\"t\"\ndf.show()", "(", "`(` is never closed"),
            ("f([1, 2)", ")", "`)` does not close the `[` before it"),
            ("f(1))\ng()", ")", "`)` closes a bracket that was never opened"),
            ("if x = 1:\n  y", "=", "`=` assigns; compare with `==`"),
            ("if x\n  y", "", "`:` is missing before the end of the line"),
            ("if x:\n  y\nelse if z:\n  y", "if", "`else if` is written `elif`"),
            ("print x", "x", "`print` is a function; put what it gets in parentheses"),
            ("a = 'it's'", "s", "the quote before `s` ends the string; escape it or use the other quotes around"),
            ("x = \"\"\"a\nb", "\"\"\"a", "the string that begins here is never closed"),
            ("x = “a”", "“", "`“` is a typographic quote; write `\"` or `'`"),
            ("f(a b)", "b", "`,` is missing before `b`"),
            ("x =\u{200b} 1", "\u{200b}", "there is an invisible character U+200B here; remove it"),
            ("<<<<<<< HEAD\nx", "<<", "this is the mark of a merge conflict; resolve it and remove the line"),
            ("x = 1\n  y = 2", "  ", "this line is indented, but nothing above asks for it"),
            ("else:\n  x", "else", "`else` does not follow the block that it belongs to"),
        ] {
            assert_eq!(error(code, true), (at.into(), message.into()), "{code}");
        }
        let sql = "this looks like SQL, not Python; start the cell with `%sql` or use `spark.sql(…)`";
        assert_eq!(error("SELECT * FROM t", true).1, sql);
        assert_eq!(error("%pip install x", false).1, "magics and shell commands work only in notebooks");
    }
}
