//! The built-in rules: one page under `rules/` and one function here, or a page with a query alone.

pub mod book;
mod calls;
pub mod catalog;
pub mod chains;
pub mod clock;
pub mod context;
pub mod file;
pub mod git;
pub mod index;
pub mod library;
pub mod mlflow;
pub mod names;
pub mod needs;
pub mod notebook;
pub mod packages;
pub mod pipeline;
pub mod platform;
pub mod query;
pub mod run;
pub mod secrets;
pub mod spark;
pub mod sql;
pub mod survey;
pub mod workflow;

use context::Context;
use survey::SurveyCheck;

/// A rule's check: looks at one document in its project and reports.
pub type Check = fn(&mut Context<'_>);

/// The functions of the built-in rules that are no query pages, by name; one table a group.
pub const CHECKS: &[&[(&str, Check)]] = &[
    catalog::CHECKS,
    file::CHECKS,
    git::CHECKS,
    library::CHECKS,
    mlflow::CHECKS,
    names::CHECKS,
    notebook::CHECKS,
    packages::CHECKS,
    pipeline::CHECKS,
    platform::CHECKS,
    run::CHECKS,
    secrets::CHECKS,
    spark::CHECKS,
    sql::CHECKS,
    workflow::CHECKS,
];

/// The functions of rules about files as such, by name. A rule may have one here and one above.
pub const SURVEYS: &[&[(&str, SurveyCheck)]] = &[git::SURVEYS, notebook::SURVEYS, secrets::SURVEYS];

/// Rules that have a page but no function: the engine itself makes their findings.
pub const ENGINE_RULES: &[&str] = &["internal-error", "unused-ignore"];
