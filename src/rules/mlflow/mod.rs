//! Rules of the group `mlflow`: experiments, runs and models.

mod experiments;
mod models;

use super::Check;
use super::calls::calls_to;
use crate::python::facts::{Facts, Value};

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("experiment-in-git-folder", experiments::in_git_folder),
    ("experiment-name-relative", experiments::relative),
    ("legacy-feature-store", models::feature_store),
    ("model-name-not-three-levels", models::levels),
    ("model-stage", models::stage),
    ("model-without-signature", models::signature),
    ("run-left-open", experiments::left_open),
];

/// Where models are registered, as far as the code says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Registry {
    /// Unity Catalog: `mlflow.set_registry_uri("databricks-uc")`.
    Catalog,
    /// The code says something else, or what cannot be known.
    Other,
    /// The code does not say.
    Unsaid,
}

/// Where the code registers models.
fn registry(facts: &Facts) -> Registry {
    let mut found = Registry::Unsaid;
    for call in calls_to(facts, "mlflow.set_registry_uri") {
        let uri = facts.argument(call, 0, "uri").map(|argument| &argument.value);
        match uri {
            Some(Value::String(uri)) if uri.starts_with("databricks-uc") && found == Registry::Unsaid => {
                found = Registry::Catalog;
            }
            Some(Value::String(uri)) if uri.starts_with("databricks-uc") => {}
            _ => found = Registry::Other,
        }
    }
    found
}
