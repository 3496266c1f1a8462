//! The only door to the Python parsers: regions of Python in, flat tables of facts out. Syntax trees
//! never leave this room.

pub mod facts;
pub mod symbols;
pub mod tree;
