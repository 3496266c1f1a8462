//! From a piece of SQL to its statements.

use super::blocks::blocks;
use super::dialect::is_ours;
use super::facts::{NONE, Piece, Place, SqlFacts, SqlStatement, SqlToken, StatementKind, StatementView, key};
use super::placeholder::placeholders;
use super::statement::statements;
use super::tables;
use super::token::{Token, TokenKind, scan};
use crate::text::Span;
use crate::text::region::OffsetMap;

/// Pieces with more bytes than this are not looked at: dumps of data, not code.
pub const MOST_BYTES: usize = 2_000_000;

impl SqlFacts {
    /// Reads one more piece. `whole` and `holes` as [`Piece`] has them. Pieces are to be given in order of place.
    pub fn read(&mut self, place: Place, code: &str, map: OffsetMap, whole: Option<Span>, holes: Vec<Span>) {
        if code.len() > MOST_BYTES {
            return;
        }
        let found = scan(code);
        let mut piece = Piece {
            place,
            code: code.into(),
            map,
            whole,
            holes,
            is_foreign: place == Place::File && !is_ours(code),
            is_template: found.tokens.iter().any(|token| token.kind == TokenKind::Template),
            unfinished: None,
            comments: Vec::new(),
        };
        let comments = found.tokens.iter().filter(|token| token.kind.is_comment());
        piece.comments = comments.map(|token| piece.place_of(token.span)).collect();
        piece.unfinished = found.unfinished.map(|(what, at)| (what, piece.place_of(Span::new(at, at + 1))));
        let mut rows = statements(code, &found.tokens);
        if found.unfinished.is_some() {
            // The last one goes on in what could not be read.
            rows.truncate(rows.iter().rposition(|row| row.semicolon.is_some()).map_or(0, |last| last + 1));
        }
        let index = u32::try_from(self.pieces.len()).unwrap_or(NONE);
        for row in rows {
            let own = found.tokens.get(row.tokens.0..row.tokens.1).unwrap_or_default();
            let tokens = matched(code, &piece, own);
            let semicolon = row.semicolon.map(|semicolon| piece.place_of(semicolon));
            let span = if row.span.is_empty() { semicolon.unwrap_or_default() } else { piece.place_of(row.span) };
            let span = if row.span.is_empty() { Span::at(span.start) } else { span };
            let statement = statement(&piece, index, span, semicolon, tokens, false);
            let inner = if statement.kind == StatementKind::Compound || makes_routine(&piece, &statement) {
                inner(&piece, index, &statement)
            } else {
                Vec::new()
            };
            self.statements.push(statement);
            self.statements.extend(inner);
        }
        self.pieces.push(piece);
    }
}

impl Piece {
    /// Where a stretch of `code` stands in the document's text.
    pub fn place_of(&self, own: Span) -> Span {
        self.whole.unwrap_or_else(|| self.map.span(own.start, own.end))
    }
}

/// The tokens that say something, each with its place, its depth and its partner.
fn matched(code: &str, piece: &Piece, tokens: &[Token]) -> Vec<SqlToken> {
    let mut found: Vec<SqlToken> = Vec::with_capacity(tokens.len().div_ceil(2));
    let mut open: Vec<usize> = Vec::new();
    let mut map = piece.map.ascending();
    for token in tokens.iter().filter(|token| token.kind.is_code()) {
        let at = found.len();
        let text = token.span.of(code);
        let sign = if token.kind == TokenKind::Symbol { text } else { "" };
        let mut pair = NONE;
        if matches!(sign, ")" | "]" | "}")
            && let Some(&opener) = open.last()
            && let Some(before) = found.get_mut(opener)
            && closes(before.own.of(code), sign)
        {
            open.pop();
            before.pair = u32::try_from(at).unwrap_or(NONE);
            pair = u32::try_from(opener).unwrap_or(NONE);
        }
        found.push(SqlToken {
            kind: token.kind,
            own: token.span,
            span: piece.whole.unwrap_or_else(|| map.span(token.span.start, token.span.end)),
            depth: u32::try_from(open.len()).unwrap_or(NONE),
            pair,
            key: key(token.kind, text),
        });
        if matches!(sign, "(" | "[" | "{") {
            open.push(at);
        }
    }
    found
}

fn closes(open: &str, close: &str) -> bool {
    matches!((open, close), ("(", ")") | ("[", "]") | ("{", "}"))
}

/// A row with all its tables.
fn statement(
    piece: &Piece,
    index: u32,
    span: Span,
    semicolon: Option<Span>,
    tokens: Vec<SqlToken>,
    inner: bool,
) -> SqlStatement {
    let mut row = SqlStatement {
        piece: index,
        span,
        semicolon,
        kind: StatementKind::Empty,
        verb: 0,
        inner,
        tokens,
        tables: Vec::new(),
        paths: Vec::new(),
        ctes: Vec::new(),
        placeholders: Vec::new(),
        blocks: Vec::new(),
    };
    let view = StatementView { piece, row: &row };
    let (kind, verb) = kind(view);
    let placeholders = placeholders(view);
    row.kind = kind;
    row.verb = verb;
    row.placeholders = placeholders;
    if row.kind != StatementKind::Compound {
        let found = tables::find(StatementView { piece, row: &row });
        row.tables = found.tables;
        row.paths = found.paths;
        row.ctes = found.ctes;
        row.blocks = blocks(StatementView { piece, row: &row });
    }
    row
}

/// Whether a statement makes a procedure, whose body may hold statements.
fn makes_routine(piece: &Piece, statement: &SqlStatement) -> bool {
    let view = StatementView { piece, row: statement };
    statement.kind == StatementKind::Create && (0..8).any(|at| view.is(at, "procedure"))
}

/// The statements inside a compound one.
fn inner(piece: &Piece, index: u32, outer: &SqlStatement) -> Vec<SqlStatement> {
    /// Words that start a statement and are not read as anything else where one may start.
    const STARTS: [&str; 22] = [
        "select", "with", "insert", "update", "delete", "merge", "create", "drop", "alter", "truncate", "copy", "set",
        "use", "execute", "call", "optimize", "vacuum", "refresh", "grant", "revoke", "analyze", "replace",
    ];
    const BEFORE: [&str; 6] = ["begin", "then", "else", "do", "loop", "repeat"];
    let view = StatementView { piece, row: outer };
    let mut found = Vec::new();
    let mut at = 0;
    while at < view.len() {
        let follows = at > 0 && (view.is_symbol(at - 1, ";") || view.is_any(at - 1, &BEFORE));
        if !follows || !view.is_any(at, &STARTS) {
            at += 1;
            continue;
        }
        let depth = view.depth(at);
        let mut end = at;
        while end < view.len() && !(view.is_symbol(end, ";") && view.depth(end) <= depth) {
            end += 1;
        }
        let own = outer.tokens.get(at..end).unwrap_or_default();
        if let (Some(first), Some(last)) = (own.first(), own.last()) {
            let span = piece.place_of(first.own.to(last.own));
            let base = u32::try_from(at).unwrap_or(0);
            let tokens = own
                .iter()
                .map(|token| SqlToken {
                    pair: if token.pair == NONE { NONE } else { token.pair.checked_sub(base).unwrap_or(NONE) },
                    depth: token.depth.saturating_sub(depth),
                    ..*token
                })
                .collect();
            found.push(statement(piece, index, span, view.span(end), tokens, true));
        }
        at = end.max(at + 1);
    }
    found
}

/// What a statement does, and the index of the word that says so.
fn kind(view: StatementView<'_>) -> (StatementKind, usize) {
    use StatementKind as Kind;
    if view.is_empty() {
        return (Kind::Empty, 0);
    }
    let mut at = 0;
    if view.is(0, "explain") {
        at = 1;
        while view.is_any(at, &["extended", "codegen", "cost", "formatted"]) {
            at += 1;
        }
    }
    let start = at;
    while view.is_symbol(at, "(") {
        at += 1;
    }
    if view.is(at, "with") {
        const VERBS: [&str; 8] = ["select", "insert", "update", "delete", "merge", "from", "values", "table"];
        let verb = view.find_level(at + 1, |at| {
            view.is_any(at, &VERBS) || (view.is_symbol(at, "(") && at > 0 && view.is_symbol(at - 1, ")"))
        });
        match verb {
            Some(verb) => at = verb,
            None => return (Kind::Query, start),
        }
    }
    let word = view.text(at).to_ascii_lowercase();
    let kind = match word.as_str() {
        "select" | "values" | "from" | "table" | "map" | "reduce" | "(" => Kind::Query,
        "insert" => Kind::Insert,
        "update" => Kind::Update,
        "delete" => Kind::Delete,
        "merge" => Kind::Merge,
        "copy" => Kind::Copy,
        "create" | "replace" => created(view, at),
        "drop" => Kind::Drop,
        "alter" => Kind::Alter,
        "truncate" => Kind::Truncate,
        "use" => Kind::Use,
        "set" | "reset" => Kind::Set,
        "describe" | "desc" => Kind::Describe,
        "show" | "list" => Kind::Show,
        "grant" | "revoke" | "deny" => Kind::Grant,
        "optimize" => Kind::Optimize,
        "vacuum" => Kind::Vacuum,
        "cache" | "uncache" | "clear" | "refresh" => Kind::Cache,
        "analyze" | "msck" | "fsck" | "comment" | "restore" | "load" | "convert" | "repair" => Kind::Manage,
        "begin" if !view.is_any(at + 1, &["transaction", "work", "isolation"]) && view.len() > at + 1 => Kind::Compound,
        _ if view.is_symbol(at + 1, ":") && view.is(at + 2, "begin") => Kind::Compound,
        _ => Kind::Other,
    };
    (kind, at)
}

/// What a `CREATE` makes.
fn created(view: StatementView<'_>, at: usize) -> StatementKind {
    let what = (at + 1..at + 10).find(|&at| {
        !view.is_any(
            at,
            &[
                "or",
                "replace",
                "refresh",
                "global",
                "local",
                "temp",
                "temporary",
                "external",
                "streaming",
                "live",
                "materialized",
                "private",
                "recursive",
                "managed",
                "transient",
                "incremental",
                "force",
                "if",
                "not",
                "exists",
            ],
        )
    });
    match what {
        Some(at) if view.is(at, "table") => StatementKind::CreateTable,
        Some(at) if view.is(at, "view") => StatementKind::CreateView,
        _ => StatementKind::Create,
    }
}
