//! Where statements end.

use super::token::{Token, TokenKind};
use crate::text::Span;

/// One statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Statement {
    /// From its first token to its last, comments inside it included, those around it and the `;` not. Empty where
    /// two `;` follow each other.
    pub span: Span,
    /// Its tokens, as a range of indices.
    pub tokens: (usize, usize),
    /// The `;` that ends it.
    pub semicolon: Option<Span>,
}

/// Splits SQL at the semicolons that end a statement: not those in a compound statement (`BEGIN … END`, as it is
/// written, or as the body of a procedure). Where one does not end, all that follows is one statement.
pub fn statements(sql: &str, tokens: &[Token]) -> Vec<Statement> {
    let mut found = Vec::new();
    let mut open = Open::default();
    for (at, token) in tokens.iter().enumerate().filter(|(_, token)| token.kind.is_code()) {
        if token.kind == TokenKind::Symbol && sql.as_bytes().get(token.span.start as usize) == Some(&b';') {
            if !open.holds(at, token.span) {
                found.push(open.close(token.span.start, Some(token.span)));
            }
            continue;
        }
        open.take(sql, at, token);
    }
    if open.first.is_some() {
        found.push(open.close(0, None));
    }
    found
}

/// A statement that has not ended.
#[derive(Default)]
struct Open {
    /// Index and place of its first and last token.
    first: Option<(usize, Span)>,
    last: Option<(usize, Span)>,
    /// How many words it has so far.
    words: usize,
    /// Whether it makes a procedure or a function, whose body may be a compound statement.
    makes: bool,
    creates: bool,
    /// How many blocks are open: `BEGIN`, and in it `CASE`, `IF`, loops.
    depth: usize,
    /// Whether a statement of a compound statement starts here.
    starts: bool,
    /// Whether the last token was `END` of something inside.
    ended: bool,
}

impl Open {
    fn close(&mut self, at: u32, semicolon: Option<Span>) -> Statement {
        let open = std::mem::take(self);
        match (open.first, open.last) {
            (Some((from, first)), Some((to, last))) => {
                Statement { span: first.to(last), tokens: (from, to + 1), semicolon }
            }
            _ => Statement { span: Span::at(at), tokens: (0, 0), semicolon },
        }
    }

    /// Whether a semicolon belongs to the statement.
    fn holds(&mut self, at: usize, semicolon: Span) -> bool {
        // `BEGIN;` starts a transaction and no block.
        if self.depth == 0 || self.words == 1 {
            return false;
        }
        self.starts = true;
        self.ended = false;
        self.last = Some((at, semicolon));
        true
    }

    fn take(&mut self, sql: &str, at: usize, token: &Token) {
        let is = |word: &str| {
            token.kind == TokenKind::Word
                && token.span.len() as usize == word.len()
                && token.span.of(sql).eq_ignore_ascii_case(word)
        };
        let is_colon = || token.kind == TokenKind::Symbol && token.span.of(sql) == ":";
        let is_first = self.first.is_none();
        self.first.get_or_insert((at, token.span));
        self.last = Some((at, token.span));
        if token.kind == TokenKind::Word {
            self.words += 1;
        }
        if is_first {
            self.creates = is("create");
            self.starts = true;
        }
        self.makes |= self.creates && self.words <= 8 && (is("procedure") || is("function"));
        let starts = std::mem::take(&mut self.starts);
        let ended = std::mem::take(&mut self.ended);
        if self.depth == 0 {
            // A label may stand before it: `name: BEGIN`.
            self.starts = self.words == 1 && is_colon();
            if is("begin") && (starts || self.makes) {
                self.depth = 1;
                self.starts = true;
            }
            return;
        }
        if is("end") {
            self.depth -= 1;
            self.ended = true;
        } else if ended && ["if", "case", "loop", "while", "repeat", "for"].iter().any(|word| is(word)) {
            // `END IF` has been counted.
        } else if is("case")
            || (starts && ["begin", "if", "loop", "while", "repeat", "for"].iter().any(|word| is(word)))
        {
            self.depth += 1;
            self.starts = is("begin") || is("loop") || is("repeat");
        } else if self.depth == 1 && self.words == 2 && ["transaction", "work", "isolation"].iter().any(|word| is(word))
        {
            self.depth = 0;
        } else {
            self.starts = ["then", "else", "do"].iter().any(|word| is(word)) || is_colon();
        }
    }
}
