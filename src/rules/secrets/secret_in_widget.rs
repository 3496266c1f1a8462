//! Page: `rules/secrets/secret-in-widget.md`.

use crate::python::facts::Value;
use crate::rules::context::Context;

/// How the names of credentials end.
const NAMES: [&str; 9] =
    ["password", "passwd", "pwd", "token", "apikey", "api_key", "access_key", "client_secret", "private_key"];

/// Widgets that ask for a credential.
pub(super) fn check(context: &mut Context<'_>) {
    let facts = &context.document.python;
    if facts.symbols.get("widgets").is_none() && facts.symbols.get("dbutils.widgets.text").is_none() {
        return;
    }
    // Names of secrets come in widgets as well: `dbutils.secrets.get(scope, dbutils.widgets.get("secret"))`.
    let looks_up = facts.calls.iter().any(|call| {
        let path = call.path.map_or("", |path| facts.text(path));
        path.ends_with("dbutils.secrets.get")
            && facts.arguments(call).iter().any(|argument| !matches!(argument.value, Value::String(_)))
    });
    if looks_up {
        return;
    }
    for call in &facts.calls {
        let path = call.path.map_or("", |path| facts.text(path));
        if !path.ends_with("dbutils.widgets.text") {
            continue;
        }
        let Some(name) = facts.argument(call, 0, "name") else { continue };
        let Value::String(text) = &name.value else { continue };
        let lower = text.to_ascii_lowercase();
        let ends = NAMES.iter().any(|known| {
            lower.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with(['_', '-', '.', ' ']))
        });
        // `password (scope/key)`: the name of a secret.
        let labels = facts.arguments(call).iter().filter_map(|argument| match &argument.value {
            Value::String(text) => Some(text.to_ascii_lowercase()),
            _ => None,
        });
        let names_secret = labels.into_iter().skip(1).any(|label| label.contains("scope") || label.contains("name"));
        if !ends || names_secret {
            continue;
        }
        context.report(
            name.span,
            format!("the value of the widget `{text}` is shown to all who see the notebook or its runs: read it from a secret scope"),
        );
    }
}
