//! SQL as Databricks lexes it, token by token. Exact where a mistake would change what a statement says: where
//! strings, names, comments and `$$` bodies end. Tells no keyword from a name: which words are keywords depends on
//! the grammar, and nothing here needs to know.

use crate::text::Span;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TokenKind {
    /// Blanks and line ends.
    Blank,
    /// `-- …` without its line end. A backslash at the end of a line continues it, as on the platform.
    LineComment,
    /// `/* … */`, which nest, and hints (`/*+ … */`).
    BlockComment,
    /// `'…'` or `"…"`, with the `r` of a raw string.
    String,
    /// A name in backticks.
    Quoted,
    /// `$$ … $$`: the body of a function, in a language of its own.
    Body,
    /// A number, with its exponent and its suffix.
    Number,
    /// A keyword or a name. Names may start with digits.
    Word,
    /// What something else puts text in the place of before the statement runs: `${x}`, `$x`, `{{x}}`, `{x}`,
    /// `{}`, `:x`, `?`, `%s`, `%(x)s`.
    Placeholder,
    /// A tag of a template language that is no value: `{% … %}`, `{# … #}`. What stands around it is no SQL.
    Template,
    /// An operator or a punctuation mark, the longest that fits.
    Symbol,
}

impl TokenKind {
    /// Whether it is a comment of either form.
    pub const fn is_comment(self) -> bool {
        matches!(self, Self::LineComment | Self::BlockComment)
    }

    /// Whether it says something to the platform: no blank and no comment.
    pub const fn is_code(self) -> bool {
        !matches!(self, Self::Blank | Self::LineComment | Self::BlockComment)
    }
}

/// A piece of SQL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// What it is.
    pub kind: TokenKind,
    /// Where it stands, in bytes.
    pub span: Span,
}

/// Operators of more than one character; the longest first.
const OPERATORS: [&str; 16] =
    [">>>", "<=>", "?::", "|>", "||", "::", "->", "=>", ">>", "<<", "<=", ">=", "<>", "!=", "==", ":="];

/// More than this between braces is no placeholder.
const LONGEST_PLACEHOLDER: usize = 500;

/// Takes SQL apart. The tokens follow each other without gaps, from the first byte to the last. `None` if a string, a
/// name, a comment or a `$$` body does not end, or the text is larger than positions reach.
pub fn tokens(sql: &str) -> Option<Vec<Token>> {
    let Scan { tokens, unfinished } = scan(sql);
    if unfinished.is_none() { Some(tokens) } else { None }
}

/// What [`scan`] makes of a text.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scan {
    /// The tokens that end, from the first byte on, without gaps.
    pub tokens: Vec<Token>,
    /// What does not end, and where it starts; nothing after it is looked at.
    pub unfinished: Option<(Unfinished, u32)>,
}

/// What has a start and no end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Unfinished {
    /// A string.
    String,
    /// A name in backticks.
    Quoted,
    /// `/* …`.
    Comment,
    /// `$$ …`.
    Body,
    /// The text is larger than positions reach.
    Text,
}

/// Takes SQL apart as far as it can be: the same as [`tokens`], also where something does not end.
pub fn scan(sql: &str) -> Scan {
    if u32::try_from(sql.len()).is_err() {
        return Scan { tokens: Vec::new(), unfinished: Some((Unfinished::Text, 0)) };
    }
    let mut lexer = Lexer { bytes: sql.as_bytes(), sql, at: 0, last: Last::Start };
    let mut tokens = Vec::with_capacity(sql.len() / 4);
    while let Some(&byte) = lexer.bytes.get(lexer.at) {
        let start = lexer.at;
        let Some(kind) = lexer.next(byte) else {
            let what = match byte {
                b'/' => Unfinished::Comment,
                b'`' => Unfinished::Quoted,
                b'$' => Unfinished::Body,
                _ => Unfinished::String,
            };
            return Scan { tokens, unfinished: Some((what, u32::try_from(start).unwrap_or(u32::MAX))) };
        };
        if kind.is_code() {
            lexer.last = match kind {
                TokenKind::Symbol if matches!(lexer.bytes.get(lexer.at - 1), Some(b')' | b']')) => Last::Operand,
                TokenKind::Symbol => Last::Operator,
                _ => Last::Operand,
            };
        }
        tokens.push(Token { kind, span: Span::from_range(start..lexer.at) });
    }
    Scan { tokens, unfinished: None }
}

/// What stood before, blanks and comments aside.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Last {
    Start,
    Operand,
    Operator,
}

struct Lexer<'a> {
    bytes: &'a [u8],
    sql: &'a str,
    at: usize,
    last: Last,
}

impl Lexer<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// The bytes from here on.
    fn rest(&self) -> &[u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// Moves behind the next token, which starts with `byte`.
    fn next(&mut self, byte: u8) -> Option<TokenKind> {
        Some(match byte {
            b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C => {
                self.at += self.rest().iter().take_while(|byte| is_blank(**byte)).count();
                TokenKind::Blank
            }
            b'-' if self.peek(1) == b'-' => self.line_comment(),
            b'/' if self.peek(1) == b'*' => self.block_comment()?,
            b'\'' | b'"' => self.string(byte, false)?,
            b'r' | b'R' if matches!(self.peek(1), b'\'' | b'"') => {
                self.at += 1;
                self.string(self.peek(0), true)?
            }
            b'`' => self.quoted()?,
            b'$' => self.dollar()?,
            b'{' => self.brace(),
            b':' if self.is_parameter() => {
                self.at += 1;
                self.word()
            }
            b'?' if self.peek(1) != b':' => {
                self.at += 1;
                TokenKind::Placeholder
            }
            b'%' if self.last != Last::Operand || self.peek(1) == b'(' => self.percent(),
            b'0'..=b'9' => self.number(),
            b'.' if self.peek(1).is_ascii_digit() && !(self.is_glued() && self.last == Last::Operand) => self.number(),
            byte if is_word(byte) => self.word_token(),
            _ => self.symbol(),
        })
        .map(|kind| if kind == TokenKind::Word && byte == b':' { TokenKind::Placeholder } else { kind })
    }

    /// Whether something other than a blank stands right before.
    fn is_glued(&self) -> bool {
        self.at.checked_sub(1).and_then(|before| self.bytes.get(before)).is_some_and(|byte| !is_blank(*byte))
    }

    /// Whether a colon starts a named parameter, and not a path into JSON (`column:field`) or a cast.
    fn is_parameter(&self) -> bool {
        let before = self.at.checked_sub(1).and_then(|before| self.bytes.get(before)).copied().unwrap_or(b' ');
        let stands_alone = !is_word(before) && !matches!(before, b')' | b']' | b':' | b'`' | b'\'' | b'"' | b'}');
        stands_alone && (self.peek(1).is_ascii_alphabetic() || self.peek(1) == b'_')
    }

    fn line_comment(&mut self) -> TokenKind {
        while let Some(length) = memchr::memchr(b'\n', self.rest()) {
            let line = self.rest().get(..length).unwrap_or_default();
            let end = line.strip_suffix(b"\r").unwrap_or(line);
            if line.ends_with(b"\\") {
                self.at += length + 1;
                continue;
            }
            self.at += end.len();
            return TokenKind::LineComment;
        }
        self.at = self.bytes.len();
        TokenKind::LineComment
    }

    fn block_comment(&mut self) -> Option<TokenKind> {
        // Hints do not nest.
        let nests = self.peek(2) != b'+';
        let mut depth = 0_usize;
        while self.at < self.bytes.len() {
            match (self.peek(0), self.peek(1)) {
                (b'/', b'*') if nests || depth == 0 => {
                    depth += 1;
                    self.at += 2;
                }
                (b'*', b'/') => {
                    depth -= 1;
                    self.at += 2;
                    if depth == 0 {
                        return Some(TokenKind::BlockComment);
                    }
                }
                _ => self.at += 1,
            }
        }
        None
    }

    /// A string whose quote stands here. In a raw string a backslash means nothing.
    fn string(&mut self, quote: u8, raw: bool) -> Option<TokenKind> {
        self.at += 1;
        while let Some(&byte) = self.bytes.get(self.at) {
            self.at += 1;
            if byte == b'\\' && !raw {
                self.at += 1;
            } else if byte == quote {
                // Two quotes are one in the string; in a raw string they end it and start another.
                if raw || self.peek(0) != quote {
                    return Some(TokenKind::String);
                }
                self.at += 1;
            }
        }
        None
    }

    fn quoted(&mut self) -> Option<TokenKind> {
        self.at += 1;
        loop {
            self.at += memchr::memchr(b'`', self.rest())? + 1;
            if self.peek(0) != b'`' {
                return Some(TokenKind::Quoted);
            }
            self.at += 1;
        }
    }

    fn dollar(&mut self) -> Option<TokenKind> {
        match self.peek(1) {
            b'$' => {
                let body = self.bytes.get(self.at + 2..).unwrap_or_default();
                let length = memchr::memmem::find(body, b"$$")?;
                self.at += length + 4;
                return Some(TokenKind::Body);
            }
            b'{' => {
                if let Some(length) = self.braces(1) {
                    self.at += 1 + length;
                    return Some(TokenKind::Placeholder);
                }
            }
            byte if is_word(byte) => {
                self.at += 1;
                self.word();
                return Some(TokenKind::Placeholder);
            }
            _ => {}
        }
        self.at += 1;
        Some(TokenKind::Symbol)
    }

    fn brace(&mut self) -> TokenKind {
        let end: &[u8] = match self.peek(1) {
            b'%' => b"%}",
            b'#' => b"#}",
            _ => b"",
        };
        if !end.is_empty() {
            let length = memchr::memmem::find(self.rest(), end).map_or(self.rest().len(), |length| length + 2);
            self.at += length;
            return TokenKind::Template;
        }
        match self.braces(0) {
            Some(length) => {
                self.at += length;
                TokenKind::Placeholder
            }
            None => self.symbol(),
        }
    }

    /// The length of a pair of braces that opens `ahead` and ends on the same line.
    fn braces(&self, ahead: usize) -> Option<usize> {
        let mut depth = 0_usize;
        for (length, byte) in self.rest().iter().skip(ahead).take(LONGEST_PLACEHOLDER).enumerate() {
            match byte {
                b'{' => depth += 1,
                b'}' if depth == 1 => return Some(length + 1),
                b'}' => depth -= 1,
                b'\n' | b'\r' => return None,
                _ => {}
            }
        }
        None
    }

    /// `%s` and `%(name)s`, as database drivers for Python have them; else an operator.
    fn percent(&mut self) -> TokenKind {
        let length = if self.peek(1) == b'(' {
            let name = self.bytes.get(self.at + 2..).unwrap_or_default();
            let letters = name.iter().take_while(|byte| is_word(**byte)).count();
            if letters > 0 && name.get(letters) == Some(&b')') { letters + 3 } else { 0 }
        } else {
            1
        };
        let is_end = length > 0 && self.peek(length) == b's' && !is_word(self.peek(length + 1));
        self.at += if is_end { length + 1 } else { 1 };
        if is_end { TokenKind::Placeholder } else { TokenKind::Symbol }
    }

    /// A number, or a name that starts with digits.
    fn number(&mut self) -> TokenKind {
        let start = self.at;
        self.digits();
        let whole = self.at > start;
        if self.peek(0) == b'.' && (self.peek(1).is_ascii_digit() || (whole && !is_word(self.peek(1)))) {
            self.at += 1;
            self.digits();
        }
        if matches!(self.peek(0), b'e' | b'E') {
            let sign = usize::from(matches!(self.peek(1), b'+' | b'-'));
            if self.peek(1 + sign).is_ascii_digit() {
                self.at += 1 + sign;
                self.digits();
            }
        }
        if is_word(self.peek(0)) {
            let after = self.at;
            self.word();
            let suffix = self.bytes.get(after..self.at).unwrap_or_default();
            let is_suffix =
                [&b"L"[..], b"S", b"Y", b"D", b"F", b"BD"].iter().any(|known| known.eq_ignore_ascii_case(suffix));
            return if is_suffix { TokenKind::Number } else { TokenKind::Word };
        }
        TokenKind::Number
    }

    fn digits(&mut self) {
        self.at += self.rest().iter().take_while(|byte| byte.is_ascii_digit()).count();
    }

    fn word(&mut self) -> TokenKind {
        self.at += self.rest().iter().take_while(|byte| is_word(**byte)).count();
        TokenKind::Word
    }

    /// A word, or blanks that are not ASCII, which some editors paste.
    fn word_token(&mut self) -> TokenKind {
        let letters = self.rest().iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
        if letters > 0 && self.rest().get(letters).is_none_or(u8::is_ascii) {
            self.at += letters;
            return TokenKind::Word;
        }
        let rest = self.sql.get(self.at..).unwrap_or_default();
        let blank: usize = rest.chars().take_while(|c| c.is_whitespace() || *c == '\u{feff}').map(char::len_utf8).sum();
        if blank > 0 {
            self.at += blank;
            // The platform does not take them for blanks everywhere, so they are kept as something that says something.
            return TokenKind::Symbol;
        }
        let length: usize = rest
            .chars()
            .take_while(|c| {
                c.is_alphanumeric() || *c == '_' || (!c.is_ascii() && !c.is_whitespace() && *c != '\u{feff}')
            })
            .map(char::len_utf8)
            .sum();
        self.at += length.max(1);
        TokenKind::Word
    }

    fn symbol(&mut self) -> TokenKind {
        let rest = self.rest();
        let may_go_on = matches!(rest, [_, b'>' | b'=' | b':' | b'|' | b'<', ..]);
        let mut operators = OPERATORS.iter().filter(|_| may_go_on);
        let length = operators.find(|operator| rest.starts_with(operator.as_bytes())).map_or(1, |found| found.len());
        self.at += length;
        TokenKind::Symbol
    }
}

const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | 0x0B | 0x0C)
}

/// Whether a byte can be part of a name; all bytes beyond ASCII can.
const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || !byte.is_ascii()
}
