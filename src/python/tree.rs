//! Stand-in until the Python room lands.

use std::ops::Range;
use tree_sitter::{Language, Parser, QueryCursor, StreamingIterator};

/// A compiled query.
#[derive(Debug)]
pub struct Query(tree_sitter::Query);

/// Why a query does not compile.
#[derive(Debug)]
pub struct QueryError {
    /// Byte in the query.
    pub offset: usize,
    /// What is wrong.
    pub message: String,
}

/// One match.
pub struct Match {
    /// Captures by name.
    pub captures: Vec<(String, Range<usize>)>,
}

impl Query {
    /// Compiles.
    ///
    /// # Errors
    /// If it does not compile.
    pub fn compile(source: &str) -> Result<Self, QueryError> {
        tree_sitter::Query::new(&Language::from(tree_sitter_python::LANGUAGE), source)
            .map(Self)
            .map_err(|error| QueryError { offset: error.offset, message: error.message })
    }

    /// Matches.
    pub fn matches(&self, code: &str) -> Vec<Match> {
        let mut parser = Parser::new();
        let _ = parser.set_language(&Language::from(tree_sitter_python::LANGUAGE));
        let Some(tree) = parser.parse(code, None) else { return Vec::new() };
        let mut cursor = QueryCursor::new();
        let mut matches = cursor.matches(&self.0, tree.root_node(), code.as_bytes());
        let mut out = Vec::new();
        while let Some(found) = matches.next() {
            let captures = found
                .captures
                .iter()
                .map(|c| (self.0.capture_names()[c.index as usize].to_owned(), c.node.byte_range()))
                .collect();
            out.push(Match { captures });
        }
        out
    }
}
