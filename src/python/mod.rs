//! The only door to the Python parsers: regions of Python in, flat tables of facts out. Syntax trees
//! never leave this room.

pub mod builtins;
mod calls;
pub mod compare;
mod depth;
mod effects;
mod errors;
mod expressions;
pub mod facts;
mod fold;
mod folders;
pub mod format;
mod import_statements;
pub mod imports;
pub mod literal;
pub mod names;
#[cfg(test)]
mod names_laws;
mod namespace;
pub mod nodes;
mod parse;
pub mod parts;
#[cfg(test)]
mod parts_laws;
pub mod removal;
mod scopes;
mod slots;
mod state;
mod statements;
mod strings;
pub mod symbols;
#[cfg(test)]
mod tests;
pub mod tree;
mod typed;

use crate::text::{Span, region::Region};
use facts::Facts;

/// Reads the Python of one document. All regions share the module's scope, in order; each is parsed alone, so
/// that a syntax error stops at its region. `target` is the oldest Python that must accept the code, as
/// (major, minor): newer syntax is a [`facts::SyntaxErrorKind::TooNew`].
///
/// Never fails: what cannot be parsed is in [`Facts::syntax_errors`], with whatever the parser could make of the
/// rest, and what is nested too deeply is in [`Facts::too_deep`].
pub fn read(regions: &[Region<'_>], target: (u8, u8)) -> Facts {
    let dedented: Vec<_> = regions.iter().map(parse::dedented).collect();
    let mut walker = state::Walker::default();
    for (region, dedented) in regions.iter().zip(&dedented) {
        statements::read(&mut walker, dedented.as_ref().unwrap_or(region), target);
    }
    Facts { target, ..scopes::finish(walker) }
}

/// The same, for who reads nearly the same code again and again: `parts` holds what the regions came to the last time.
pub fn read_again(regions: &[Region<'_>], target: (u8, u8), parts: &mut parts::Parts) -> Facts {
    parts::read(regions, target, parts)
}

/// The comments of `code`, `#` included, without line ends, in order. Empty for code that is nested too deeply
/// to be parsed. Costs a parse.
pub fn comments(code: &str, ipython: bool) -> Vec<Span> {
    parse::comments(code, ipython)
}

/// Whether `code` has no syntax error at all, for any Python. Code that is nested too
/// deeply to be parsed counts as broken.
pub fn parses(code: &str, ipython: bool) -> bool {
    parse::parses(code, ipython)
}
