//! The tables, paths and `WITH` names of one statement.

use super::facts::{Part, PathLiteral, PathRole, Role, SqlToken, StatementKind, StatementView, TableReference, key};
use super::token::TokenKind;
use crate::text::Span;

/// What was found in one statement.
#[derive(Default)]
pub(super) struct Found {
    pub(super) tables: Vec<TableReference>,
    pub(super) paths: Vec<PathLiteral>,
    pub(super) ctes: Vec<Box<str>>,
}

/// Formats that are read by path: ``format.`/path` ``.
const FORMATS: [&str; 10] = ["delta", "parquet", "csv", "json", "text", "orc", "avro", "binaryfile", "iceberg", "xml"];

/// What may follow a table and is no name for it.
const NO_ALIAS: [&str; 54] = [
    "select",
    "from",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "minus",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "semi",
    "anti",
    "outer",
    "lateral",
    "on",
    "using",
    "window",
    "qualify",
    "set",
    "values",
    "when",
    "pivot",
    "unpivot",
    "tablesample",
    "version",
    "timestamp",
    "for",
    "with",
    "cluster",
    "distribute",
    "sort",
    "insert",
    "partition",
    "zorder",
    "retain",
    "dry",
    "replace",
    "by",
    "do",
    "match_recognize",
    "not",
    "options",
    "return",
    "watermark",
    "then",
];

/// Where the list of tables after `FROM` ends.
const ENDS: [&str; 33] = [
    "select",
    "where",
    "group",
    "order",
    "having",
    "limit",
    "offset",
    "union",
    "except",
    "intersect",
    "minus",
    "join",
    "inner",
    "left",
    "right",
    "full",
    "cross",
    "natural",
    "semi",
    "anti",
    "lateral",
    "on",
    "using",
    "window",
    "qualify",
    "set",
    "when",
    "cluster",
    "distribute",
    "sort",
    "insert",
    "return",
    "from",
];

/// Reads a statement whose kind and verb are known.
pub(super) fn find(view: StatementView<'_>) -> Found {
    let mut finder = Finder { view, found: Found::default() };
    finder.ctes();
    finder.paths();
    match view.row.kind {
        StatementKind::Empty | StatementKind::Compound | StatementKind::Set | StatementKind::Use => {}
        StatementKind::Show => finder.shown(),
        StatementKind::Grant => finder.granted(),
        _ => finder.tables(),
    }
    let Finder { mut found, .. } = finder;
    found.tables.sort_by_key(|table| table.tokens);
    found.tables.dedup_by_key(|table| table.tokens);
    for table in &mut found.tables {
        if let [part] = table.parts.as_slice() {
            let name = part.text.to_lowercase();
            table.is_cte = table.role == Role::Read && found.ctes.iter().any(|cte| **cte == *name);
        }
    }
    found.paths.sort_by_key(|path| path.span);
    found
}

/// Whether a token may be one of the words that a table can follow anywhere in a statement, which most are not.
const fn names_table(token: &SqlToken) -> bool {
    const fn word(text: &str) -> u32 {
        key(TokenKind::Word, text)
    }
    const CLONE: u32 = word("clone");
    const FROM: u32 = word("from");
    const INTO: u32 = word("into");
    const JOIN: u32 = word("join");
    const LIKE: u32 = word("like");
    const OVERWRITE: u32 = word("overwrite");
    const USING: u32 = word("using");
    matches!(token.key, CLONE | FROM | INTO | JOIN | LIKE | OVERWRITE | USING)
}

struct Finder<'a> {
    view: StatementView<'a>,
    found: Found,
}

impl Finder<'_> {
    /// Names of `WITH` lists: `name AS (`, `name (columns) AS (`, behind `WITH` or a comma after such a one.
    fn ctes(&mut self) {
        let view = self.view;
        for at in 0..view.len() {
            // `WITH (a INT)` and `WITH SCHEMA` are no lists.
            if !view.is(at, "with") {
                continue;
            }
            let mut at = if view.is(at + 1, "recursive") && !view.is(at + 2, "as") { at + 2 } else { at + 1 };
            while view.is_name(at) {
                let name = at;
                at += 1;
                if view.is_symbol(at, "(") {
                    let Some(close) = view.pair(at) else { break };
                    at = close + 1;
                }
                // `WITH RECURSIVE t MAX RECURSION LEVEL 10 AS (…)`
                if view.is(at, "max") {
                    at += 4;
                }
                // `AS` may be left out.
                at += usize::from(view.is(at, "as"));
                if !view.is_symbol(at, "(") || !view.is_any(at + 1, &["select", "with", "values", "from", "table"]) {
                    break;
                }
                self.found.ctes.push(unquoted(view.text(name)).to_lowercase().into());
                let Some(close) = view.pair(at) else { break };
                if !view.is_symbol(close + 1, ",") {
                    break;
                }
                at = close + 2;
            }
        }
    }

    fn paths(&mut self) {
        let view = self.view;
        for at in 0..view.len() {
            if view.token(at).is_none_or(|token| token.kind != TokenKind::String) || at == 0 {
                continue;
            }
            let before = at - 1;
            let assigned = at > 1 && view.is_symbol(before, "=") && view.is_any(at - 2, &["path", "location"]);
            let called = at > 1 && view.is_symbol(before, "(") && view.is_any(at - 2, &["read_files", "cloud_files"]);
            let named = at > 1 && view.is_symbol(before, "=>") && view.is(at - 2, "path");
            let role = if view.is_any(before, &["location", "path"]) || assigned {
                PathRole::Location
            } else if called || named {
                PathRole::Function
            } else if view.are(before.saturating_sub(1), &["local", "inpath"]) {
                // A file of the driver.
                continue;
            } else if view.is(before, "inpath") || (view.row.kind == StatementKind::Copy && view.is(before, "from")) {
                PathRole::Source
            } else if view.is(before, "directory") {
                PathRole::Directory
            } else if view.is_any(before, &["list", "url", "jar", "file", "archive"]) {
                PathRole::Other
            } else {
                continue;
            };
            self.path(at, role, None);
        }
    }

    /// Adds the string or quoted name at `at` as a path.
    fn path(&mut self, at: usize, role: PathRole, format: Option<Box<str>>) {
        let view = self.view;
        let Some(token) = view.token(at) else { return };
        let text = view.text(at);
        let prefix = u32::from(text.starts_with(['r', 'R']));
        let own = Span::new(token.own.start + prefix + 1, (token.own.end - 1).max(token.own.start + prefix + 1));
        let span = view.piece.place_of(own);
        self.found.paths.push(PathLiteral { text: own.of(&view.piece.code).into(), span, role, format });
    }

    /// Every table of a statement that may hold queries.
    fn tables(&mut self) {
        let view = self.view;
        self.named_by_verb();
        let merges = view.row.kind == StatementKind::Merge;
        let source = if merges { view.find_level(view.row.verb, |at| view.is(at, "using")) } else { None };
        for at in (0..view.len()).filter(|&at| view.token(at).is_some_and(names_table)) {
            if view.is(at, "from") {
                if self.is_from_clause(at) {
                    self.list(at + 1, if self.is_delete(at) { Role::Written } else { Role::Read });
                }
            } else if view.is(at, "join") && !view.is_symbol(at + 1, "(") {
                self.item(at + 1, Role::Read);
            } else if view.is(at, "into") && at > 0 {
                let written = view.is_any(at - 1, &["insert", "merge", "copy", "cdc", "changes"]);
                if written {
                    self.item(self.after_table(at + 1), Role::Written);
                }
            } else if view.is(at, "overwrite") && at > 0 && view.is(at - 1, "insert") {
                let next = if view.is(at + 1, "into") { at + 2 } else { at + 1 };
                if !view.is_any(next, &["directory", "local"]) {
                    self.item(self.after_table(next), Role::Written);
                }
            } else if Some(at) == source {
                self.item(at + 1, Role::Read);
            } else if view.is(at, "clone") || (view.is(at, "like") && view.row.kind == StatementKind::CreateTable) {
                let made = matches!(view.row.kind, StatementKind::CreateTable) && view.depth(at) == 0;
                if made && view.is_name(at + 1) {
                    self.item(at + 1, Role::Read);
                }
            }
        }
    }

    fn after_table(&self, at: usize) -> usize {
        let view = self.view;
        // `INSERT INTO TABLE t`; a table may be named `table`, but hardly is.
        if view.is(at, "table") && !view.is_symbol(at + 1, ".") { at + 1 } else { at }
    }

    fn is_delete(&self, from: usize) -> bool {
        self.view.row.kind == StatementKind::Delete && from == self.view.row.verb + 1
    }

    /// Whether a `FROM` names tables: not that of `EXTRACT(YEAR FROM x)`, nor `IS DISTINCT FROM`.
    fn is_from_clause(&self, from: usize) -> bool {
        let view = self.view;
        let Some(before) = from.checked_sub(1) else { return true };
        if view.is(before, "distinct") && before > 0 && view.is_any(before - 1, &["is", "not"]) {
            return false;
        }
        if view.row.kind == StatementKind::Copy && view.depth(from) == 0 {
            return view.is_symbol(from + 1, "(") || self.view.is_name(from + 1);
        }
        // What the parentheses around it start with.
        let depth = view.depth(from);
        if depth == 0 {
            return true;
        }
        let mut at = from;
        while let Some(before) = at.checked_sub(1) {
            at = view.pair(before).filter(|pair| *pair < before).unwrap_or(before);
            if view.depth(at) < depth {
                return at + 1 == from;
            }
            if view.is(at, "select") {
                return true;
            }
        }
        false
    }

    /// Tables that the first words of the statement name.
    fn named_by_verb(&mut self) {
        const OTHERS: [&str; 15] = [
            "function",
            "schema",
            "database",
            "catalog",
            "query",
            "share",
            "recipient",
            "provider",
            "volume",
            "location",
            "credential",
            "external",
            "connection",
            "storage",
            "metric",
        ];
        let view = self.view;
        let verb = view.row.verb;
        let kind = view.row.kind;
        match kind {
            StatementKind::Update => self.item(verb + 1, Role::Written),
            StatementKind::Optimize | StatementKind::Vacuum => self.item(verb + 1, Role::Named),
            StatementKind::Describe => {
                let mut at = verb + 1;
                while view.is_any(at, &["extended", "formatted", "detail", "history", "table"])
                    && !view.is_symbol(at + 1, ".")
                {
                    at += 1;
                }
                if !view.is_any(at, &OTHERS) || view.is_symbol(at + 1, ".") {
                    self.item(at, Role::Named);
                }
            }
            StatementKind::Query if view.is(verb, "table") => self.item(verb + 1, Role::Read),
            _ => self.after_noun(verb, kind),
        }
    }

    /// The table behind the first `TABLE` or `VIEW` of the statement.
    fn after_noun(&mut self, verb: usize, kind: StatementKind) {
        let view = self.view;
        let role = match kind {
            StatementKind::CreateTable | StatementKind::CreateView => Role::Created,
            StatementKind::Drop => Role::Dropped,
            StatementKind::Truncate => Role::Written,
            StatementKind::Alter | StatementKind::Cache | StatementKind::Manage => Role::Named,
            _ => return,
        };
        let noun = (verb + 1..(verb + 9).min(view.len())).find(|&at| view.is_any(at, &["table", "view"]));
        let Some(noun) = noun else { return };
        let mut at = noun + 1;
        for words in [&["if", "not", "exists"][..], &["if", "exists"]] {
            if view.are(at, words) {
                at += words.len();
            }
        }
        let is_view = view.is(noun, "view");
        loop {
            let before = self.found.tables.len();
            self.item(at, role);
            let Some(table) = self.found.tables.get_mut(before) else { return };
            table.is_view = is_view;
            table.alias = None;
            at = table.tokens.1;
            if kind != StatementKind::Drop || !view.is_symbol(at, ",") {
                return;
            }
            at += 1;
        }
    }

    /// `SHOW CREATE TABLE t`, `SHOW COLUMNS IN t`, `SHOW PARTITIONS t`, `SHOW TBLPROPERTIES t`.
    fn shown(&mut self) {
        let view = self.view;
        let at = view.row.verb + 1;
        if view.is(at, "create") && view.is_any(at + 1, &["table", "view"]) {
            self.item(at + 2, Role::Named);
        } else if view.is_any(at, &["partitions", "tblproperties"]) {
            self.item(at + 1, Role::Named);
        } else if view.is(at, "columns") && view.is_any(at + 1, &["in", "from"]) {
            self.item(at + 2, Role::Named);
        }
    }

    /// `GRANT … ON [TABLE] t TO`: without a noun, or with that of a table.
    fn granted(&mut self) {
        const OTHERS: [&str; 18] = [
            "catalog",
            "schema",
            "database",
            "function",
            "metastore",
            "external",
            "storage",
            "volume",
            "share",
            "connection",
            "provider",
            "recipient",
            "any",
            "procedure",
            "model",
            "location",
            "credential",
            "service",
        ];
        let view = self.view;
        let Some(on) = (0..view.len()).find(|&at| view.is(at, "on")) else { return };
        if view.is_any(on + 1, &["table", "view"]) && !view.is_symbol(on + 2, ".") {
            self.item(on + 2, Role::Named);
        } else if !view.is_any(on + 1, &OTHERS) {
            self.item(on + 1, Role::Named);
        }
    }

    /// The tables after `FROM`, divided by commas.
    fn list(&mut self, mut at: usize, role: Role) {
        let view = self.view;
        let depth = view.depth(at);
        loop {
            self.item(at, role);
            let next =
                view.find_level(at, |at| view.is_symbol(at, ",") || view.is_any(at, &ENDS) || view.is_symbol(at, "|>"));
            match next {
                Some(comma) if view.is_symbol(comma, ",") && view.depth(comma) == depth => at = comma + 1,
                _ => return,
            }
        }
    }

    /// The table that is named at `at`, if one is: no query in parentheses, no function.
    fn item(&mut self, mut at: usize, role: Role) {
        let view = self.view;
        if view.is(at, "stream") || view.is(at, "only") || view.is(at, "lateral") {
            if view.is_symbol(at + 1, "(") {
                at += 2;
            } else if view.is_name(at + 1) && !view.is(at + 1, "as") && !view.is_symbol(at + 1, ".") {
                at += 1;
            }
        }
        // `FROM ((a JOIN b))`: the first table in them.
        while view.is_symbol(at, "(") {
            at += 1;
        }
        if view.is_any(at, &["select", "with", "values", "from", "table", "lateral"]) && !view.is_symbol(at + 1, ".") {
            return;
        }
        let Some((parts, end)) = self.name(at) else { return };
        if view.is_symbol(end, "(") && !matches!(role, Role::Created | Role::Written) {
            return;
        }
        let Some(span) = view.stretch(at, end - 1) else { return };
        if let [format, path] = parts.as_slice()
            && FORMATS.contains(&&*format.text.to_ascii_lowercase())
            && (path.text.contains('/') || path.is_open)
            && view.text(end - 1).starts_with('`')
        {
            let format = format.text.to_ascii_lowercase().into();
            self.path(end - 1, PathRole::Table, Some(format));
            return;
        }
        let alias = self.alias(end);
        self.found.tables.push(TableReference {
            parts,
            span,
            tokens: (at, end),
            role,
            is_view: false,
            is_cte: false,
            alias,
        });
    }

    /// The name that a table is given by what follows it.
    fn alias(&self, mut at: usize) -> Option<Box<str>> {
        let view = self.view;
        if view.is_any(at, &["version", "timestamp"]) && view.are(at + 1, &["as", "of"]) {
            at += 4;
        }
        if view.is(at, "as") {
            at += 1;
        }
        let named = view.is_name(at) && !view.is_any(at, &NO_ALIAS);
        named.then(|| unquoted(view.text(at)).into())
    }

    /// A dotted name from `at` on, and the index behind it.
    fn name(&self, mut at: usize) -> Option<(Vec<Part>, usize)> {
        let view = self.view;
        let mut parts = Vec::new();
        loop {
            let (part, next) = self.part(at)?;
            parts.push(part);
            at = next;
            let dotted = view.is_symbol(at, ".") && at + 1 < view.len();
            if !dotted || parts.len() >= 5 {
                return Some((parts, at));
            }
            at += 1;
        }
    }

    /// One part of a name: words, names in backticks and placeholders that touch each other.
    fn part(&self, first: usize) -> Option<(Part, usize)> {
        let view = self.view;
        let mut at = first;
        let mut text = String::new();
        let mut is_open = false;
        while let Some(token) = view.token(at) {
            if at > first && !view.is_glued(at) {
                break;
            }
            match token.kind {
                TokenKind::Word => text.push_str(view.text(at)),
                TokenKind::Number if at > first => text.push_str(view.text(at)),
                TokenKind::Quoted => {
                    let name = unquoted(view.text(at));
                    is_open |= name.contains("${") || name.contains("{{");
                    let placeholders = &view.row.placeholders;
                    let next = placeholders.partition_point(|placeholder| placeholder.token < at);
                    is_open |= placeholders.get(next).is_some_and(|placeholder| placeholder.token == at);
                    text.push_str(name);
                }
                TokenKind::Placeholder => {
                    is_open = true;
                    text.push_str(view.text(at));
                }
                _ => break,
            }
            at += 1;
        }
        let span = view.stretch(first, at.checked_sub(1).filter(|last| *last >= first)?)?;
        Some((Part { text: text.into(), span, is_open }, at))
    }
}

/// A name without its backticks.
fn unquoted(name: &str) -> &str {
    name.strip_prefix('`').and_then(|name| name.strip_suffix('`')).unwrap_or(name)
}
