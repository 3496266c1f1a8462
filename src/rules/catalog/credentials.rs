//! Page: `rules/catalog/storage-credential-in-conf.md`.

use crate::project::document::Kind;
use crate::python::facts::Value;
use crate::rules::chains::calls;
use crate::rules::context::Context;
use crate::rules::platform::sql::set_keys;
use crate::text::Span;

/// Starts of keys, behind `spark.hadoop.`, that say how to get into storage.
const KEYS: [&str; 12] = [
    "fs.adl.oauth2.",
    "fs.azure.account.auth.type",
    "fs.azure.account.key",
    "fs.azure.account.oauth",
    "fs.azure.sas.",
    "fs.gs.auth.",
    "fs.s3.access.key",
    "fs.s3.secret.key",
    "fs.s3a.access.key",
    "fs.s3a.aws.credentials.provider",
    "fs.s3a.secret.key",
    "fs.s3a.session.token",
];

fn is_credential(key: &str) -> bool {
    let bare = key.strip_prefix("spark.hadoop.").unwrap_or(key);
    KEYS.iter().any(|start| bare.starts_with(start))
        || matches!(bare, "fs.s3n.awsAccessKeyId" | "fs.s3n.awsSecretAccessKey")
}

/// Keys of storage in the Spark configuration: one finding a cell, at the first.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let mut found: Vec<(Span, usize)> = Vec::new();
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        let is_setter = match chain.last() {
            "set" => {
                let configuration =
                    call.receiver.and_then(|id| facts.calls.get(id as usize)).and_then(|call| call.method);
                chain.before_last() == Some("conf")
                    || chain.parts().next() == Some("hadoop_conf")
                    || facts.is(configuration, "hadoopConfiguration")
            }
            "config" | "option" => true,
            _ => false,
        };
        let Some(argument) = facts.argument(call, 0, "key").filter(|_| is_setter) else { continue };
        let key = match &argument.value {
            Value::String(key) => key,
            Value::Partial { prefix, .. } => prefix,
            _ => continue,
        };
        let anonymous = facts
            .argument(call, 1, "value")
            .is_some_and(|value| matches!(&value.value, Value::String(name) if name.contains("Anonymous")));
        if is_credential(key) && !anonymous {
            found.push((argument.span, document.cell_at(argument.span.start).unwrap_or(0)));
        }
    }
    let keys = set_keys(context).into_iter().filter(|(_, key)| is_credential(key));
    found.extend(keys.map(|(span, _)| (span, document.cell_at(span.start).unwrap_or(0))));
    if document.kind == Kind::Bundle {
        found.extend(in_yaml(document.text()).into_iter().map(|span| (span, 0)));
    }
    found.sort_unstable();
    let mut groups: Vec<(Span, usize, usize)> = Vec::new();
    for (span, cell) in found {
        match groups.last_mut() {
            Some((_, last, count)) if *last == cell => *count += 1,
            _ => groups.push((span, cell, 1)),
        }
    }
    for (span, _, count) in groups {
        let more = if count > 1 { format!(" ({count} settings)") } else { String::new() };
        let message = format!(
            "access to storage is set in the Spark configuration, past Unity Catalog: make a storage credential and an external location{more}"
        );
        context.report(span, message);
    }
}

/// Keys of `spark_conf` in a bundle, by their lines: a mapping from such a key to anything means nothing else.
fn in_yaml(text: &str) -> Vec<Span> {
    let mut found = Vec::new();
    for line in text.lines() {
        let key = line.trim_start().trim_start_matches(['"', '\'']);
        if is_credential(key) && line.contains(':') {
            let start = key.as_ptr() as usize - text.as_ptr() as usize;
            let length = key.find([':', '"', '\'']).unwrap_or(key.len());
            found.push(Span::from_range(start..start + length));
        }
    }
    found
}
