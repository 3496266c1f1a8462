//! Rules of the group `pipeline`: the sources of Lakeflow declarative pipelines.

mod actions;
mod cdc;
mod legacy;
mod magics;
mod members;
mod names;
mod source;
mod widgets;

use super::Check;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("cdc-flow-incomplete", cdc::incomplete),
    ("dataset-action", actions::action),
    ("dataset-changes-session", actions::session),
    ("dataset-pivot", actions::pivot),
    ("dataset-uses-loop-variable", names::loop_variable),
    ("dataset-without-return", actions::no_return),
    ("duplicate-dataset", names::duplicate),
    ("expectation-without-dataset", members::expectation_alone),
    ("legacy-dlt", legacy::check),
    ("live-prefix", legacy::live),
    ("magic-in-pipeline", magics::check),
    ("unknown-pipeline-member", members::unknown),
    ("widget-in-pipeline", widgets::check),
];
