//! Pages: `credential-passthrough`, `personal-path`, `workspace-url` under `rules/notebook/`.

use crate::project::document::Kind;
use crate::project::reference::ReferenceKind;
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;
use memchr::memmem::Finder;
use std::sync::LazyLock;

/// What every address of a workspace holds.
static PLATFORM: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("databricks"));

/// Paths of one person or one Git folder.
pub(super) fn personal_path(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    // Those have rules of their own.
    let mut elsewhere: Vec<Span> = context
        .project
        .references(&document.path)
        .iter()
        .filter(|reference| reference.kind == ReferenceKind::NotebookRun)
        .map(|reference| reference.command)
        .collect();
    let experiments = ["mlflow.set_experiment", "mlflow.create_experiment"];
    elsewhere.extend(experiments.iter().flat_map(|path| calls_to(facts, path)).map(|call| call.span));
    for string in facts.strings.iter().filter(|row| !row.statement && row.value.len() < 1000) {
        let Some(found) = personal(&string.value) else { continue };
        let in_repos = found == "/Repos";
        if in_repos && elsewhere.iter().any(|span| span.covers(string.span)) {
            continue;
        }
        let message = if in_repos {
            "the path leads into one Git folder under `/Repos`: other copies of the code, and jobs, use that one's files; \
             use a path relative to this file, or a parameter"
        } else {
            "the path leads into one person's folder: it breaks when they leave, and others may not read it; use a volume, \
             a path relative to this file, or a parameter"
        };
        context.report(string.span, message);
    }
}

/// Whose folder a path leads into: `/Users` or `/Repos`.
fn personal(text: &str) -> Option<&'static str> {
    let text = text.trim();
    let text = ["dbfs:", "file:", "/dbfs"].iter().find_map(|start| text.strip_prefix(start)).unwrap_or(text);
    let text = text.strip_prefix("/Workspace").unwrap_or(text);
    if let Some(rest) = text.strip_prefix("/Users/") {
        let name = rest.split('/').next()?;
        let (user, host) = name.split_once('@')?;
        let is_real = !user.is_empty()
            && host.contains('.')
            && !name.contains(['{', '}', '<', '>', '$', ' ', '%', '*', '['])
            && !is_placeholder(user, host);
        return is_real.then_some("/Users");
    }
    let rest = text.strip_prefix("/Repos/")?;
    let (owner, inside) = rest.split_once('/')?;
    let is_real =
        !owner.is_empty() && !inside.is_empty() && !owner.contains(['{', '}', '<', '>', '$', ' ', '%', '*', '[']);
    let placeholder = owner.split_once('@').is_some_and(|(user, host)| is_placeholder(user, host));
    (is_real && !placeholder).then_some("/Repos")
}

/// Whether a mail address only stands for one.
fn is_placeholder(user: &str, host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    let user = user.to_ascii_lowercase();
    host.starts_with("example.")
        || host.contains("your")
        || host.contains("xxx")
        || host.starts_with("company.")
        || host.starts_with("domain.")
        || host.starts_with("email.")
        || host.starts_with("acme.")
        || host.starts_with("my")
        || user.contains("your")
        || matches!(
            user.as_str(),
            "user" | "username" | "name" | "me" | "someone" | "first.last" | "firstname.lastname" | "xxx" | "email"
        )
}

/// The shortest address of a workspace: `e2-x.cloud.databricks.com`.
const SHORTEST_HOST: usize = 25;

/// Addresses of one workspace.
pub(super) fn workspace_url(context: &mut Context<'_>) {
    let document = context.document;
    let lengths = SHORTEST_HOST..4000;
    for string in document.python.strings.iter().filter(|row| lengths.contains(&row.value.len()) && !row.statement) {
        let Some(host) = workspace_host(&string.value) else { continue };
        let message = format!(
            "`{host}` is one workspace: elsewhere this talks to the wrong one; take the host from `WorkspaceClient().config.host`, \
             or from a parameter"
        );
        context.report(string.span, message);
    }
}

/// The host of a workspace in a text.
fn workspace_host(text: &str) -> Option<&str> {
    PLATFORM.find_iter(text.as_bytes()).find_map(|at| {
        let start = text.get(..at)?.rfind(|c: char| !is_host(c)).map_or(0, |before| before + 1);
        let rest = text.get(start..)?;
        let host = rest.get(..rest.find(|c: char| !is_host(c)).unwrap_or(rest.len()))?.trim_end_matches('.');
        is_workspace(host).then_some(host)
    })
}

const fn is_host(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '.')
}

fn is_workspace(host: &str) -> bool {
    let is_example =
        |id: &str| id.contains("12345") || id.contains("00000") || id.contains("xxx") || id.contains("11111");
    if let Some(id) = host.strip_prefix("adb-").and_then(|rest| rest.strip_suffix(".azuredatabricks.net")) {
        return id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && id.len() > 12 && !is_example(id);
    }
    if let Some(id) = host.strip_suffix(".gcp.databricks.com") {
        return id.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') && id.len() > 12 && !is_example(id);
    }
    let Some(name) = host.strip_suffix(".cloud.databricks.com") else { return false };
    let id = name.strip_prefix("dbc-");
    let is_id = id.is_some_and(|id| {
        id.len() == 13 && id.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-') && !is_example(id)
    });
    let is_own = name.starts_with("e2-") && name.len() > 3;
    !name.contains('.') && (is_id || is_own)
}

/// What is left of passing the credentials of the user to storage.
pub(super) fn passthrough(context: &mut Context<'_>) {
    const KEY: &str = "spark.databricks.passthrough.";
    const MESSAGE: &str = "credential passthrough is deprecated since DBR 15.0 and does not go with Unity Catalog: use an \
                           external location or a volume";
    let document = context.document;
    if document.kind == Kind::Bundle {
        let text = document.text();
        for (at, _) in text.match_indices(KEY) {
            let line = text.get(..at).unwrap_or_default().rsplit('\n').next().unwrap_or_default();
            if !line.contains('#') {
                let rest = text.get(at..).unwrap_or_default();
                let end = rest.find(|c: char| c != '.' && c != '_' && !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
                let clamp = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
                context.report(Span::new(clamp(at), clamp(at + end)), MESSAGE);
            }
        }
        return;
    }
    for string in document.python.strings.iter().filter(|row| !row.statement && row.value.trim().starts_with(KEY)) {
        context.report(string.span, MESSAGE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_of_workspaces() {
        for (text, host) in [
            (
                "https://adb-7405613453458823.3.azuredatabricks.net/?o=1",
                Some("adb-7405613453458823.3.azuredatabricks.net"),
            ),
            ("dbc-a1b2c3d4-e5f6.cloud.databricks.com", Some("dbc-a1b2c3d4-e5f6.cloud.databricks.com")),
            ("https://adb-1234567890123456.7.azuredatabricks.net", None),
            ("https://docs.databricks.com/x", None),
            ("https://accounts.cloud.databricks.com", None),
            ("https://{}.cloud.databricks.com", None),
        ] {
            assert_eq!(workspace_host(text), host, "{text}");
        }
    }

    #[test]
    fn folders_of_people() {
        for (text, whose) in [
            ("/Users/jane.doe@acme-bank.de/x", Some("/Users")),
            ("/Workspace/Users/jane.doe@acme-bank.de", Some("/Users")),
            ("dbfs:/Users/jane.doe@acme-bank.de/x", Some("/Users")),
            ("/Repos/prod/etl/config.json", Some("/Repos")),
            ("/Users/{}/x", None),
            ("/Users/first.last@example.com/x", None),
            ("/Users/Shared", None),
            ("/Repos", None),
            ("/Repos/{}/x", None),
            ("/api/2.0/Users/a@b.de", None),
        ] {
            assert_eq!(personal(text), whose, "{text}");
        }
    }
}
