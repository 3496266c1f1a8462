//! Rules of the group `spark`: work that Spark does badly.

mod collect_to_driver;
mod trigger_once;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] =
    &[("collect-to-driver", collect_to_driver::check), ("trigger-once", trigger_once::check)];
