//! SQL: its tokens, its statements, what they name, and how they are laid out. Tokens, statements and facts are our own
//! and always there; laying out needs the cargo feature `sql`.

mod blocks;
mod dialect;
pub mod facts;
mod format;
mod layout;
mod placeholder;
mod read;
mod statement;
mod tables;
mod token;

pub use format::{Formatted, format};
pub use layout::IS_AVAILABLE;
pub use read::MOST_BYTES;
pub use statement::{Statement, statements};
pub use token::{Scan, Token, TokenKind, Unfinished, scan, tokens};
