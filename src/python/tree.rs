//! Queries over concrete syntax trees: the form of rules that needs no Rust.

use super::{depth, parse};
use ruff_python_parser::Mode;
use std::borrow::Cow;
use std::ops::{ControlFlow, Range};
use tree_sitter::{ParseOptions, Parser, QueryCursor, QueryCursorOptions, StreamingIterator};

/// So many matches may be under way at once; beyond it the oldest are dropped. Real code stays far below.
const MAX_UNFINISHED: u32 = 4096;
/// Code that nests deeper is not looked at: trees of it take more than linear time to build and to search.
const MAX_NESTING: u32 = 1000;
/// Deeper brackets in a query are refused: the query compiler recurses over them.
const MAX_QUERY_DEPTH: usize = 100;

/// Longest source of a query, in bytes: compiling takes time with the square of it.
const MAX_QUERY_LEN: usize = 20_000;

/// A compiled query. Compiling costs milliseconds: keep it.
#[derive(Debug)]
pub struct Query(tree_sitter::Query);

/// What is wrong with a query's source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QueryError {
    /// Where, in bytes of the source.
    pub offset: usize,
    /// One line, lower case, no full stop.
    pub message: String,
}

/// One place where a query matches.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Match {
    /// Name of the capture, without `@`, and its bytes in the code; in the order of the query.
    pub captures: Vec<(String, Range<usize>)>,
}

impl Query {
    /// Compiles a query in tree-sitter's language for its Python grammar. Predicates are `#eq?`, `#match?`,
    /// `#any-of?`, their `not-` forms, and `#any-eq?`, `#any-match?`.
    ///
    /// # Errors
    /// If the source is no query, names a node or field that Python's grammar does not have, or uses an unknown
    /// predicate.
    pub fn compile(source: &str) -> Result<Self, QueryError> {
        if source.len() > MAX_QUERY_LEN {
            return Err(QueryError { offset: 0, message: format!("longer than {MAX_QUERY_LEN} bytes") });
        }
        if let Some(offset) = too_deep(source) {
            return Err(QueryError { offset, message: format!("brackets nest deeper than {MAX_QUERY_DEPTH}") });
        }
        let query = tree_sitter::Query::new(&tree_sitter_python::LANGUAGE.into(), source).map_err(|error| {
            use tree_sitter::QueryErrorKind as Kind;
            let named = error.message.trim_matches('"');
            let message = match error.kind {
                Kind::NodeType => format!("Python's grammar has no node `{named}`"),
                Kind::Field => format!("Python's grammar has no field `{named}`"),
                Kind::Capture => format!("no node is captured as `@{}`", named.trim_start_matches('@')),
                Kind::Predicate => lower(error.message.lines().next().unwrap_or_default()),
                Kind::Structure => "no Python code can have this structure".to_owned(),
                Kind::Syntax => "this is not valid query syntax".to_owned(),
                Kind::Language => "the grammar does not fit the query library".to_owned(),
            };
            // Errors in predicates come with a row only.
            let row = source.split_inclusive('\n').take(error.row).map(str::len).sum::<usize>();
            let offset = if error.offset == 0 { row + error.column } else { error.offset };
            QueryError { offset: offset.min(source.len()), message }
        })?;
        for pattern in 0..query.pattern_count() {
            let unknown = query.general_predicates(pattern).first().map(|unknown| &*unknown.operator);
            let is = query.property_predicates(pattern).first();
            if let Some(unknown) = unknown.or(is.map(|(_, positive)| if *positive { "is?" } else { "is-not?" })) {
                let message = format!("there is no predicate `#{unknown}`");
                return Err(QueryError { offset: query.start_byte_for_pattern(pattern), message });
            }
        }
        Ok(Self(query))
    }

    /// All matches in `code`, in the order in which they are found. Lines of IPython's dialect (`%pip`, `!ls`) are
    /// blank for the query. Nothing is found in code that nests very deeply, and only a part in code that is so
    /// odd that the work would no longer be linear.
    pub fn matches(&self, code: &str) -> Vec<Match> {
        if depth::nests(code, Mode::Ipython, MAX_NESTING, true) {
            return Vec::new();
        }
        let plain = without_magics(code);
        let bytes = plain.as_bytes();
        let mut parser = Parser::new();
        if parser.set_language(&tree_sitter_python::LANGUAGE.into()).is_err() {
            return Vec::new();
        }
        // Both are asked about once in so many steps.
        let mut parse_budget = bytes.len() + 10_000;
        let mut parse_on = |_: &tree_sitter::ParseState| spend(&mut parse_budget);
        let options = ParseOptions::new().progress_callback(&mut parse_on);
        let mut read = |at: usize, _| bytes.get(at..).unwrap_or_default();
        let Some(tree) = parser.parse_with_options(&mut read, None, Some(options)) else { return Vec::new() };
        let mut query_budget = bytes.len() + 10_000;
        let mut query_on = |_: &tree_sitter::QueryCursorState| spend(&mut query_budget);
        let options = QueryCursorOptions::new().progress_callback(&mut query_on);
        let mut cursor = QueryCursor::new();
        cursor.set_match_limit(MAX_UNFINISHED);
        let mut found = cursor.matches_with_options(&self.0, tree.root_node(), bytes, options);
        let names = self.0.capture_names();
        let mut matches = Vec::new();
        while let Some(one) = found.next() {
            let captures = one.captures.iter().filter_map(|capture| {
                let name = names.get(capture.index as usize)?;
                Some(((*name).to_owned(), capture.node.byte_range()))
            });
            matches.push(Match { captures: captures.collect() });
        }
        matches
    }
}

/// `code` with escape commands blanked, byte for byte. Where a statement or a value must stay, it is `_`.
fn without_magics(code: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'%', b'!', b'?', code.as_bytes()).is_none() {
        return Cow::Borrowed(code);
    }
    let magics = parse::magics(code);
    if magics.is_empty() {
        return Cow::Borrowed(code);
    }
    let mut bytes = code.as_bytes().to_vec();
    for (range, needed) in magics {
        let first = range.start;
        for (at, byte) in bytes.iter_mut().enumerate().take(range.end).skip(range.start) {
            if !matches!(byte, b'\n' | b'\r') {
                *byte = if needed && at == first { b'_' } else { b' ' };
            }
        }
    }
    String::from_utf8(bytes).map_or(Cow::Borrowed(code), Cow::Owned)
}

const fn spend(budget: &mut usize) -> ControlFlow<()> {
    match budget.checked_sub(1) {
        Some(left) => {
            *budget = left;
            ControlFlow::Continue(())
        }
        None => ControlFlow::Break(()),
    }
}

/// Where brackets get too deep. Strings and comments of the query count too, which does no harm.
fn too_deep(source: &str) -> Option<usize> {
    let mut depth = 0_usize;
    for (offset, byte) in source.bytes().enumerate() {
        match byte {
            b'(' | b'[' => depth += 1,
            b')' | b']' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth > MAX_QUERY_DEPTH {
            return Some(offset);
        }
    }
    None
}

fn lower(message: &str) -> String {
    let mut chars = message.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(query: &str, code: &str) -> Vec<String> {
        let found = Query::compile(query).unwrap().matches(code);
        found.iter().flat_map(|one| &one.captures).map(|(name, at)| format!("{name}={}", &code[at.clone()])).collect()
    }

    #[test]
    fn predicates_are_obeyed() {
        let code = "df.collect()\ndf.count()\nx = 'é'; df.toPandas()\n";
        let query =
            |predicate: &str| format!("(call function: (attribute attribute: (identifier) @method) ({predicate}))");
        assert_eq!(
            texts(&query("#any-of? @method \"collect\" \"toPandas\""), code),
            ["method=collect", "method=toPandas"]
        );
        assert_eq!(texts(&query("#eq? @method \"count\""), code), ["method=count"]);
        assert_eq!(texts(&query("#not-eq? @method \"count\""), code), ["method=collect", "method=toPandas"]);
        assert_eq!(texts(&query("#match? @method \"^to[A-Z]\""), code), ["method=toPandas"]);
    }

    #[test]
    fn magics_are_not_seen() {
        let code = "%pip install é \\\n  b\nif x:\n    !ls\ny = !cat z\ndf?\nf(1 % 2)\n";
        assert_eq!(texts("(call) @call", code), ["call=f(1 % 2)"]);
        assert_eq!(texts("(ERROR) @error", code), [""; 0]);
    }

    #[test]
    fn faults_have_a_place() {
        let fault = |source: &str| Query::compile(source).map(|_| ()).unwrap_err();
        let error = fault("(call) @x\n(cal) @y");
        assert_eq!((error.offset, error.message.as_str()), (11, "Python's grammar has no node `cal`"));
        assert_eq!(fault("(call fun: (identifier))").message, "Python's grammar has no field `fun`");
        assert_eq!(fault("((call) @x (#eq? @y \"a\"))").message, "no node is captured as `@y`");
        assert_eq!(fault("((call) @x (#lua-match? @x \"a\"))").message, "there is no predicate `#lua-match?`");
        assert_eq!(fault("(call").message, "this is not valid query syntax");
        assert_eq!(fault(&format!("[{}] @x", "(call) ".repeat(50_000))).message, "longer than 20000 bytes");
        assert_eq!(fault(&"(".repeat(10_000)).message, "brackets nest deeper than 100");
        let error = fault("(call) @x\n((call) @y (#match? @y \"(\"))");
        assert_eq!((error.offset >= 10, error.message.as_str()), (true, "invalid regex '('"));
    }

    #[test]
    fn hostile_code_ends() {
        let query = Query::compile("(call function: (attribute) @f) @c").unwrap();
        for code in [
            "[".repeat(100_000),
            format!("x{}", ".b()".repeat(30_000)),
            "if x:\n".repeat(20_000),
            "f\"{".repeat(20_000),
            "\0\u{feff}\"\"\"".repeat(10_000),
        ] {
            let _ = query.matches(&code);
        }
    }
}
