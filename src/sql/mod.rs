//! SQL: its tokens, its statements, and how they are laid out. Tokens and statements are our own and always there;
//! laying out needs the cargo feature `sql`.

mod format;
mod layout;
mod statement;
mod token;

pub use format::{Formatted, format};
pub use layout::IS_AVAILABLE;
pub use statement::{Statement, statements};
pub use token::{Token, TokenKind, tokens};
