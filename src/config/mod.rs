//! Settings: read from files, checked against the book of rules, resolved for one path.

use crate::project::document::ReadOptions;
use crate::rules::context::{RuleSettings, Target};

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
