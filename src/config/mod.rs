//! Settings: read from files, checked against the book of rules, resolved for one path.

use crate::project::document::ReadOptions;
use crate::rules::context::{RuleSettings, Target};
use crate::snapshot::RepoPath;
use std::sync::Arc;

/// What holds for one path.
#[derive(Clone, Debug, Default)]
pub struct PathSettings {
    /// How its file is read.
    pub read: ReadOptions,
    /// What its code will run on.
    pub target: Target,
    /// By the rule's index in the book: how the rule is to be run, or `None` if it is off here.
    pub rules: Vec<Option<RuleSettings>>,
}

/// Where the engine learns what holds for a path.
pub trait Lookup: Sync {
    /// What holds for the file at `path`. Called once for every file that is read.
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings>;
}
