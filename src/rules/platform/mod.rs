//! Rules of the group `platform`: what the compute that code runs on does not have.

mod connect;
mod context_json;
mod dbutils;
mod imports;
mod input_file_name;
mod internal;
mod languages;
mod old_runtime;
mod serverless;
mod session;
mod signatures;
mod spark_conf;
pub mod sql;
mod streaming;
mod too_new;
mod widget_choices;

use super::Check;
use super::context::{Compute, Context};
use crate::finding::Severity;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("broadcast-variable", session::broadcast),
    ("bucketing", sql::bucketing),
    ("cache-on-serverless", serverless::cache),
    ("catalog-api-on-old-runtime", old_runtime::catalog_api),
    ("conf-not-on-serverless", spark_conf::not_on_serverless),
    ("context-to-json", context_json::check),
    ("dbutils-not-on-connect", connect::check),
    ("dbutils-wrong-argument", dbutils::wrong_argument),
    ("dollar-parameter", sql::dollar_parameter),
    ("dstream-api", imports::dstream),
    ("global-temp-view", serverless::global_temp_view),
    ("hive-serde", sql::hive_serde),
    ("hive-variable", sql::hive_variable),
    ("horovod", imports::horovod),
    ("input-file-name", input_file_name::check),
    ("internal-api", internal::check),
    ("java-udf", session::java_udf),
    ("jvm-access", session::jvm_access),
    ("language-not-on-compute", languages::check),
    ("legacy-cli", imports::legacy_cli),
    ("legacy-get-argument", dbutils::get_argument),
    ("load-data", sql::load_data),
    ("python-newer-than-runtime", too_new::check),
    ("rdd-api", session::rdd_api),
    ("spark-context", session::spark_context),
    ("spark-log-level", session::log_level),
    ("spark-session-stopped", session::stopped),
    ("static-conf", spark_conf::fixed),
    ("trigger-not-on-serverless", streaming::check),
    ("udf-on-old-runtime", old_runtime::udf),
    ("unknown-dbutils-member", dbutils::unknown_member),
    ("widget-default-not-in-choices", widget_choices::check),
    ("workspace-file-on-serverless", serverless::workspace_file),
];

/// How bad it is to use what only dedicated compute has, and on what it fails; `None` where it works.
pub(super) fn needs_dedicated(context: &Context<'_>) -> Option<(Severity, &'static str)> {
    match context.target.compute {
        Some(Compute::Dedicated) => None,
        Some(Compute::Serverless) => Some((Severity::Error, "on serverless compute")),
        Some(Compute::Standard) => Some((Severity::Error, "on standard compute")),
        None => Some((context.settings.severity, "on serverless and standard compute")),
    }
}

/// Whether the code is known to run on serverless compute.
pub(super) fn is_serverless(context: &Context<'_>) -> bool {
    context.target.compute == Some(Compute::Serverless)
}
