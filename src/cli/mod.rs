//! The command line.

mod paper;
pub mod rule;
pub mod rules;
