//! brickgate: a gate for Databricks repositories.
//!
//! The house, from the ground up; a room uses only rooms on lower floors:
//!
//! 1. [`text`], [`snapshot`], [`guard`]: positions, edits, bytes, failures; nothing of Databricks
//! 2. [`finding`], [`notebook`], [`python`], [`sql`], [`bundle`]: one file
//! 3. [`project`]: many files; [`format`](mod@format): one file's one form
//! 4. [`page`], [`names`]: the reader of rule pages; what names mean across documents
//! 5. [`flow`]: what values are
//! 6. [`rules`], [`suppress`]: what is wrong
//! 7. [`baseline`]: what was wrong before
//! 8. [`config`], [`report`]: users
//! 9. [`engine`] and [`formatter`] for documents × rules; files × styles
//! 10. [`fix`]
//! 11. [`trial`], [`refactor`]
//! 12. [`server`] for editors
//! 13. [`cli`]
//!
//! `docs/house.md` says why, and a test holds it.

pub mod baseline;
pub mod bundle;
pub mod cli;
pub mod config;
pub mod engine;
pub mod finding;
pub mod fix;
pub mod flow;
pub mod format;
pub mod formatter;
pub mod guard;
pub mod names;
pub mod notebook;
pub mod page;
pub mod project;
pub mod python;
pub mod refactor;
pub mod report;
pub mod rules;
pub mod server;
pub mod snapshot;
pub mod sql;
pub mod suppress;
pub mod text;
pub mod trial;
