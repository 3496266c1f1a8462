//! What is known of the SQL in one document: every statement with its tokens, its tables, paths and placeholders.
//!
//! Nothing here needs a parser of the whole language, and nothing fails on text that is no SQL: what is not
//! recognised is not there, so a rule that asks for a table it does not find is silent.

use super::token::{TokenKind, Unfinished};
use crate::text::Span;
use crate::text::region::OffsetMap;

/// No token.
pub(super) const NONE: u32 = u32::MAX;

/// The SQL of one document.
#[derive(Clone, Debug, Default)]
pub struct SqlFacts {
    /// Cells, files and literals that hold SQL, in order of place.
    pub pieces: Vec<Piece>,
    /// All statements, piece by piece, in order. The statements inside `BEGIN … END` follow the compound statement.
    pub statements: Vec<SqlStatement>,
}

/// A stretch of SQL: one cell, one file, or one literal given to `spark.sql`.
#[derive(Clone, Debug)]
pub struct Piece {
    /// Where it stands.
    pub place: Place,
    /// The SQL itself, without `MAGIC` prefixes and quotes; `{…}` stands for a hole of a text that is put together.
    pub code: Box<str>,
    /// From offsets in `code` to offsets in the document's text.
    pub map: OffsetMap,
    /// For a literal with escapes, or one that is put together: all of it, which every span then is.
    pub whole: Option<Span>,
    /// Holes of an f-string or of a text that is put together, in bytes of `code`, in order.
    pub holes: Vec<Span>,
    /// Whether it is a file that does not look as if it were written for Databricks.
    pub is_foreign: bool,
    /// Whether it holds tags of a template language, so that the text around them is no SQL.
    pub is_template: bool,
    /// The string, name, comment or body that does not end, and where it starts in the document. The statement it
    /// stands in, and all after it, is not among the statements.
    pub unfinished: Option<(Unfinished, Span)>,
    /// Places of the comments, in the document.
    pub comments: Vec<Span>,
}

impl Piece {
    /// Whether the SQL stands in the document byte for byte, without prefixes of lines or quotes between its parts, so
    /// that more than one token can be cut out of it.
    pub fn place_is_plain(&self) -> bool {
        self.whole.is_none() && self.map.pieces.len() <= 1
    }
}

/// Where a piece of SQL stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Place {
    /// An SQL cell, by its 0-based index.
    Cell(u32),
    /// All of a `.sql` file that is no notebook.
    File,
    /// A literal in Python that a call of `spark.sql` is given; the index is the call's in the Python facts.
    Literal(u32),
}

/// One statement.
#[derive(Clone, Debug)]
pub struct SqlStatement {
    /// Index into [`SqlFacts::pieces`].
    pub piece: u32,
    /// From its first token to its last, in the document's text; without the `;`. Empty where nothing stands before
    /// a `;`.
    pub span: Span,
    /// The `;` that ends it, in the document's text.
    pub semicolon: Option<Span>,
    /// What it does.
    pub kind: StatementKind,
    /// The index of the token that says so: behind `EXPLAIN` and the `WITH` list.
    pub verb: usize,
    /// Whether it stands inside `BEGIN … END`.
    pub inner: bool,
    /// Its tokens without blanks and comments.
    pub tokens: Vec<SqlToken>,
    /// Tables and views it names, in order of place.
    pub tables: Vec<TableReference>,
    /// Literals that are paths, in order of place.
    pub paths: Vec<PathLiteral>,
    /// The names of its `WITH` list, at any depth, unquoted, in lower case.
    pub ctes: Vec<Box<str>>,
    /// What something else puts text in the place of, in order of place.
    pub placeholders: Vec<Placeholder>,
    /// Its query blocks, in order of their `SELECT`.
    pub blocks: Vec<Block>,
}

/// A `SELECT` with its clauses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// The index of its `SELECT`.
    pub select: usize,
    /// The index behind its last token.
    pub end: usize,
    /// Its clauses with the index of the first word of each, in order.
    pub clauses: Vec<(Clause, usize)>,
    /// For what follows `UNION` and the like: the index of that word, and of the block before it.
    pub follows: Option<(usize, usize)>,
}

/// A clause of a query block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Clause {
    /// `FROM`.
    From,
    /// `LATERAL VIEW`.
    Lateral,
    /// `WHERE`.
    Where,
    /// `GROUP BY`.
    Group,
    /// `HAVING`.
    Having,
    /// `QUALIFY`.
    Qualify,
    /// `WINDOW`.
    Window,
    /// `ORDER BY`.
    Order,
    /// `SORT BY`, `CLUSTER BY`, `DISTRIBUTE BY`.
    Sort,
    /// `LIMIT`.
    Limit,
    /// `OFFSET`.
    Offset,
}

impl Clause {
    /// Its words.
    pub const fn name(self) -> &'static str {
        match self {
            Self::From => "FROM",
            Self::Lateral => "LATERAL VIEW",
            Self::Where => "WHERE",
            Self::Group => "GROUP BY",
            Self::Having => "HAVING",
            Self::Qualify => "QUALIFY",
            Self::Window => "WINDOW",
            Self::Order => "ORDER BY",
            Self::Sort => "SORT BY",
            Self::Limit => "LIMIT",
            Self::Offset => "OFFSET",
        }
    }
}

impl Block {
    /// The tokens of a clause, its first word included.
    pub fn clause(&self, clause: Clause) -> Option<std::ops::Range<usize>> {
        let at = self.clauses.iter().position(|(other, _)| *other == clause)?;
        let start = self.clauses.get(at)?.1;
        Some(start..self.clauses.get(at + 1).map_or(self.end, |next| next.1))
    }

    /// The tokens of the list of columns, without `DISTINCT`.
    pub fn columns(&self) -> std::ops::Range<usize> {
        self.select + 1..self.clauses.first().map_or(self.end, |clause| clause.1)
    }
}

/// One token of a statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SqlToken {
    /// What it is.
    pub kind: TokenKind,
    /// In bytes of the piece's `code`.
    pub own: Span,
    /// In bytes of the document's text.
    pub span: Span,
    /// How many parentheses, brackets and braces are open around it.
    pub depth: u32,
    /// For parentheses and brackets: the index of the other one.
    pub(super) pair: u32,
    /// What its text can be, as far as a number says: see [`key`].
    pub(super) key: u32,
}

/// A number that is the same for words that are the same but for their case, and tells most others apart; 0 for what is
/// neither a word nor a symbol. Comparing two words costs one comparison where they differ, as they nearly always do.
#[inline]
pub(super) const fn key(kind: TokenKind, text: &str) -> u32 {
    /// Tells symbols from words.
    const SYMBOL: u8 = 0x80;
    let bytes = text.as_bytes();
    let [length, ..] = (if bytes.len() < 0x7F { bytes.len() } else { 0x7F }).to_le_bytes();
    u32::from_le_bytes(match (kind, bytes) {
        (TokenKind::Word, [first, .., before, last]) => [length, *first | 0x20, *before | 0x20, *last | 0x20],
        (TokenKind::Word, [only]) => [length, *only | 0x20, 0, 0],
        (TokenKind::Symbol, [first, second, third, ..]) => [length | SYMBOL, *first, *second, *third],
        (TokenKind::Symbol, [first, second]) => [length | SYMBOL, *first, *second, 0],
        (TokenKind::Symbol, [only]) => [length | SYMBOL, *only, 0, 0],
        _ => [0; 4],
    })
}

/// What a statement does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum StatementKind {
    /// Nothing stands there.
    Empty,
    /// A query: `SELECT`, `VALUES`, `FROM …`, `TABLE t`, with or without `WITH`.
    Query,
    /// `INSERT INTO`, `INSERT OVERWRITE`.
    Insert,
    /// `UPDATE`.
    Update,
    /// `DELETE`.
    Delete,
    /// `MERGE INTO`.
    Merge,
    /// `COPY INTO`.
    Copy,
    /// `CREATE [OR REPLACE] TABLE`, `REPLACE TABLE`, with streaming tables.
    CreateTable,
    /// `CREATE VIEW` of any kind.
    CreateView,
    /// Any other `CREATE`.
    Create,
    /// `DROP`.
    Drop,
    /// `ALTER`.
    Alter,
    /// `TRUNCATE`.
    Truncate,
    /// `USE`.
    Use,
    /// `SET`, `RESET`.
    Set,
    /// `DESCRIBE`.
    Describe,
    /// `SHOW`, `LIST`.
    Show,
    /// `GRANT`, `REVOKE`, `DENY`.
    Grant,
    /// `OPTIMIZE`.
    Optimize,
    /// `VACUUM`.
    Vacuum,
    /// `CACHE`, `UNCACHE`, `CLEAR`, `REFRESH`.
    Cache,
    /// `ANALYZE`, `MSCK`, `FSCK`, `COMMENT`, `RESTORE`, `LOAD`: other statements about tables.
    Manage,
    /// `BEGIN … END`; the statements in it are rows of their own.
    Compound,
    /// Anything else.
    Other,
}

/// What a statement does with a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    /// Reads from it.
    Read,
    /// Writes into it: `INSERT`, `UPDATE`, `DELETE`, `MERGE`, `COPY INTO`, `TRUNCATE`.
    Written,
    /// Makes it, or replaces it.
    Created,
    /// Drops it.
    Dropped,
    /// Speaks of it otherwise: `ALTER`, `DESCRIBE`, `OPTIMIZE`, `GRANT … ON`.
    Named,
}

/// A table or view that a statement names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TableReference {
    /// Its name, part by part: one for `t`, three for `catalog.schema.t`.
    pub parts: Vec<Part>,
    /// All of the name, in the document's text.
    pub span: Span,
    /// The indices of its first token and of the one behind its last.
    pub tokens: (usize, usize),
    /// What the statement does with it.
    pub role: Role,
    /// Whether it is a view, as far as the statement says: `CREATE VIEW`, `DROP VIEW`.
    pub is_view: bool,
    /// Whether a `WITH` list of the statement has its name.
    pub is_cte: bool,
    /// The name that it has in the statement, if it is given one.
    pub alias: Option<Box<str>>,
}

/// One part of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// Its text without backticks, as written otherwise; a placeholder stands in it as it is.
    pub text: Box<str>,
    /// Where it stands in the document's text.
    pub span: Span,
    /// Whether a placeholder is in it, so that its text is not known, nor how many parts it makes.
    pub is_open: bool,
}

/// What a path literal is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PathRole {
    /// Data read as a table: ``delta.`/path` ``.
    Table,
    /// `LOCATION '…'`, `MANAGED LOCATION '…'`, `OPTIONS (path '…')`.
    Location,
    /// `read_files('…')`, `cloud_files('…')`.
    Function,
    /// `COPY INTO t FROM '…'`, `LOAD DATA INPATH '…'`.
    Source,
    /// `INSERT OVERWRITE DIRECTORY '…'`.
    Directory,
    /// `LIST '…'`, `ADD JAR '…'`, `USING JAR '…'`, `URL '…'`.
    Other,
}

/// A literal that is a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathLiteral {
    /// The path, without quotes, escapes as they stand.
    pub text: Box<str>,
    /// Where it stands in the document's text, without its quotes.
    pub span: Span,
    /// What it is for.
    pub role: PathRole,
    /// For [`PathRole::Table`]: the format, in lower case.
    pub format: Option<Box<str>>,
}

/// How a placeholder is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum PlaceholderKind {
    /// `${x}` or `$x`: text put in before the statement is read.
    Dollar,
    /// `:x`: a parameter.
    Named,
    /// `?`: a parameter.
    Positional,
    /// `{{x}}`.
    Braces,
    /// `{x}`, `%s`, or what else the Python around a literal puts in.
    Hole,
}

/// What something else puts text in the place of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placeholder {
    /// How it is written.
    pub kind: PlaceholderKind,
    /// What stands between its signs, without blanks around it: `x` of `${x}`.
    pub name: Box<str>,
    /// All of it, in the document's text.
    pub span: Span,
    /// The index of the token that it is, or in which it stands.
    pub token: usize,
    /// Whether it stands inside a string, or inside a name in backticks, with other text or alone.
    pub inside: bool,
}

impl PathLiteral {
    /// The scheme of a URL: `s3` of `s3://bucket`, `dbfs` of `dbfs:/x`; empty for plain paths.
    pub fn scheme(&self) -> &str {
        self.text.split_once(":/").map_or("", |(scheme, _)| scheme)
    }
}

impl TableReference {
    /// The name as text, its parts joined by dots.
    pub fn name(&self) -> String {
        self.parts.iter().map(|part| &*part.text).collect::<Vec<_>>().join(".")
    }

    /// Whether all of its name is known.
    pub fn is_known(&self) -> bool {
        self.parts.iter().all(|part| !part.is_open)
    }
}

/// A statement with what is needed to read it.
#[derive(Clone, Copy, Debug)]
pub struct StatementView<'a> {
    /// The piece that it stands in.
    pub piece: &'a Piece,
    /// The statement.
    pub row: &'a SqlStatement,
}

impl SqlFacts {
    /// Every statement with its piece; empty ones, too.
    pub fn views(&self) -> impl Iterator<Item = StatementView<'_>> {
        self.statements
            .iter()
            .filter_map(|row| Some(StatementView { piece: self.pieces.get(row.piece as usize)?, row }))
    }
}

impl<'a> StatementView<'a> {
    /// How many tokens it has.
    pub fn len(self) -> usize {
        self.row.tokens.len()
    }

    /// Whether nothing stands there.
    pub fn is_empty(self) -> bool {
        self.row.tokens.is_empty()
    }

    /// A token.
    pub fn token(self, at: usize) -> Option<&'a SqlToken> {
        self.row.tokens.get(at)
    }

    /// The text of a token; empty if there is none.
    pub fn text(self, at: usize) -> &'a str {
        self.token(at).map_or("", |token| token.own.of(&self.piece.code))
    }

    /// The place of a token in the document's text.
    pub fn span(self, at: usize) -> Option<Span> {
        self.token(at).map(|token| token.span)
    }

    /// Whether a token is the word `word`, in any case and not in backticks.
    #[inline]
    pub fn is(self, at: usize, word: &str) -> bool {
        self.token(at).is_some_and(|token| token.key == key(TokenKind::Word, word))
            && self.text(at).eq_ignore_ascii_case(word)
    }

    /// Whether a token is one of some words.
    #[inline]
    pub fn is_any(self, at: usize, words: &[&str]) -> bool {
        let Some(token) = self.token(at).filter(|token| token.kind == TokenKind::Word) else { return false };
        let is = |word: &&str| {
            token.key == key(TokenKind::Word, word) && token.own.of(&self.piece.code).eq_ignore_ascii_case(word)
        };
        words.iter().any(is)
    }

    /// Whether tokens from `at` on are these words, one after the other.
    #[inline]
    pub fn are(self, at: usize, words: &[&str]) -> bool {
        words.iter().enumerate().all(|(ahead, word)| self.is(at + ahead, word))
    }

    /// Whether a token is this operator or punctuation mark.
    #[inline]
    pub fn is_symbol(self, at: usize, symbol: &str) -> bool {
        // The key of a short symbol is all of it.
        self.token(at).is_some_and(|token| token.key == key(TokenKind::Symbol, symbol))
            && (symbol.len() <= 3 || self.text(at) == symbol)
    }

    /// Whether a token is a word, in whatever case, and not in backticks.
    #[inline]
    pub fn is_word(self, at: usize) -> bool {
        self.token(at).is_some_and(|token| token.kind == TokenKind::Word)
    }

    /// Whether a token is a name: a word or a name in backticks, whether some grammar takes it for a keyword or not.
    pub fn is_name(self, at: usize) -> bool {
        self.token(at).is_some_and(|token| matches!(token.kind, TokenKind::Word | TokenKind::Quoted))
    }

    /// How many parentheses are open around a token.
    pub fn depth(self, at: usize) -> u32 {
        self.token(at).map_or(0, |token| token.depth)
    }

    /// For a parenthesis: the index of the other one.
    pub fn pair(self, at: usize) -> Option<usize> {
        self.token(at).map(|token| token.pair).filter(|pair| *pair != NONE).map(|pair| pair as usize)
    }

    /// The first token at or after `from`, on the level of parentheses of `from`, for which `wanted` holds; looks no
    /// further than the parentheses around `from` reach.
    pub fn find_level(self, from: usize, mut wanted: impl FnMut(usize) -> bool) -> Option<usize> {
        let depth = self.token(from)?.depth;
        let mut at = from;
        while let Some(token) = self.token(at) {
            if token.depth < depth {
                return None;
            }
            if token.depth == depth && wanted(at) {
                return Some(at);
            }
            at = self.pair(at).filter(|pair| *pair > at).unwrap_or(at + 1);
        }
        None
    }

    /// The last index behind `from` that stands on its level of parentheses without leaving them, plus one.
    pub fn level_end(self, from: usize) -> usize {
        let Some(depth) = self.token(from).map(|token| token.depth) else { return from };
        let mut at = from;
        while let Some(token) = self.token(at) {
            if token.depth < depth || (token.depth == depth && self.is_closer(at)) {
                return at;
            }
            at = self.pair(at).filter(|pair| *pair > at).unwrap_or(at) + 1;
        }
        at
    }

    /// Whether a token closes a parenthesis, a bracket or a brace.
    fn is_closer(self, at: usize) -> bool {
        [")", "]", "}"].iter().any(|symbol| self.is_symbol(at, symbol))
    }

    /// Whether a line end stands between a token and the one before it; true for the first.
    pub fn starts_line(self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.token(before)) else { return true };
        let Some(token) = self.token(at) else { return false };
        Span::new(before.own.end, token.own.start.max(before.own.end)).of(&self.piece.code).contains('\n')
    }

    /// Whether a token follows the one before it without a blank or comment.
    pub fn is_glued(self, at: usize) -> bool {
        let Some(before) = at.checked_sub(1).and_then(|before| self.token(before)) else { return false };
        self.token(at).is_some_and(|token| token.own.start == before.own.end)
    }

    /// A stretch of tokens as one place in the document's text: from the first to the last, both included.
    pub fn stretch(self, first: usize, last: usize) -> Option<Span> {
        Some(self.span(first)?.to(self.span(last)?))
    }

    /// The parts of a stretch of tokens between commas on its own level of parentheses.
    pub fn items(self, stretch: std::ops::Range<usize>) -> Vec<std::ops::Range<usize>> {
        let mut items = Vec::new();
        let (mut from, mut at) = (stretch.start, stretch.start);
        while at < stretch.end {
            if self.is_symbol(at, ",") {
                items.push(from..at);
                from = at + 1;
            }
            at = self.pair(at).filter(|pair| *pair > at).unwrap_or(at) + 1;
        }
        if from < stretch.end || from > stretch.start {
            items.push(from..stretch.end);
        }
        items
    }

    /// Whether every span of the piece is exact, so that edits can be made.
    pub fn is_exact(self) -> bool {
        self.piece.whole.is_none()
    }
}
