//! The book of rules: built-in pages and a team's own, each with its check.
