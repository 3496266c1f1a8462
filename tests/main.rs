//! Every test that looks at the crate, or at the real binary, from the outside: one program, because each program
//! links all dependencies anew, which costs minutes of building and gigabytes of disk.

#![allow(
    clippy::format_collect,
    clippy::format_push_string,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "a helper of a test fails as the test does"
)]

mod baseline;
mod ci;
mod cli;
mod editors;
mod flow;
mod format;
mod format_laws;
mod format_sql;
mod git;
mod git_folder;
mod git_rules;
mod hooks;
mod house;
mod ipynb;
mod laws;
mod mutations;
mod names;
mod output;
#[cfg(unix)]
mod own_hooks;
mod pages;
mod peers;
mod platform;
mod readme;
mod run_to_import;
mod schema;
mod secrets;
mod server;
mod setup;
mod sql;
mod sql_facts;
mod stability;
mod staged;
mod strip;
mod toy;
