//! Page: `rules/platform/dbutils-not-on-connect.md`.

use crate::rules::chains::{chains, utility};
use crate::rules::context::Context;

/// Utilities that Databricks Connect does not have.
const MISSING: [&str; 3] = ["credentials", "library", "notebook"];

/// What makes a `dbutils` outside the platform.
const MAKERS: [&str; 2] = ["databricks.sdk.WorkspaceClient", "pyspark.dbutils.DBUtils"];

/// Utilities of a workspace client, in code that makes a session with Databricks Connect from outside.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let connects = facts.imports.iter().any(|import| {
        let module = facts.text(import.module);
        import.level == 0
            && !import.optional
            && (module == "databricks.connect" || module.starts_with("databricks.connect."))
    });
    if !connects {
        return;
    }
    let from_outside = facts.calls.iter().any(|call| {
        let path = call.path.map_or("", |path| facts.text(path));
        ["remote", "profile", "clusterId", "serverless", "sdkConfig", "host"]
            .iter()
            .any(|method| path.strip_suffix(method).is_some_and(|rest| rest.ends_with("DatabricksSession.builder.")))
    });
    if !from_outside {
        return;
    }
    let mut clients = facts
        .calls
        .iter()
        .filter(|call| call.path.is_some_and(|path| MAKERS.iter().any(|maker| facts.text(path).ends_with(maker))));
    if clients.next().is_none() {
        return;
    }
    for chain in chains(document) {
        let Some(path) = chain.path() else { continue };
        let Some(rest) = utility(path).filter(|_| !path.contains("databricks.sdk.runtime")) else { continue };
        let name = rest.split('.').next().unwrap_or("");
        if MISSING.contains(&name) {
            let message = format!("Databricks Connect has no `dbutils.{name}`: it brings `fs` and `secrets` only");
            context.report(chain.place(document, name), message);
        }
    }
}
