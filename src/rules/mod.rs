//! The built-in rules: one page under `rules/` and one function here, or a page with a query alone.

pub mod book;
pub mod context;
pub mod file;
pub mod git;
pub mod index;
pub mod library;
pub mod names;
pub mod notebook;
pub mod query;
pub mod run;
pub mod secrets;
pub mod spark;
pub mod survey;

use context::Context;
use survey::SurveyCheck;

/// A rule's check: looks at one document in its project and reports.
pub type Check = fn(&mut Context<'_>);

/// The functions of the built-in rules that are no query pages, by name; one table a group.
pub const CHECKS: &[&[(&str, Check)]] = &[
    file::CHECKS,
    git::CHECKS,
    library::CHECKS,
    names::CHECKS,
    notebook::CHECKS,
    run::CHECKS,
    secrets::CHECKS,
    spark::CHECKS,
];

/// The functions of rules about files as such, by name. A rule may have one here and one above.
pub const SURVEYS: &[&[(&str, SurveyCheck)]] = &[git::SURVEYS];

/// Rules that have a page but no function: the engine itself makes their findings.
pub const ENGINE_RULES: &[&str] = &["internal-error", "unused-ignore"];
