//! Page: `rules/secrets/secret-in-source.md`.

use super::assigned::assigned;
use super::scanner::{Secret, scan};
use super::shape::{entropy, is_placeholder};
use crate::notebook::Notebook;
use crate::notebook::magic::MagicKind;
use crate::project::document::Document;
use crate::python::facts::{Argument, Call, Facts, Value};
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashMap;

/// More credentials of one kind than this in one cell make one finding that counts them.
const MANY: usize = 5;

/// A file with more literal credentials in calls than this is machine-made; the rest is not looked for.
const MOST_LITERALS: usize = 100;

/// Where a credential was found.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Place {
    /// In the text that people write.
    Text,
    /// In what a cell has shown.
    Output,
    /// In other parts of an `.ipynb`: widget values, attachments.
    Metadata,
}

/// A credential as it will be reported.
struct Found {
    place: Place,
    cell: Option<usize>,
    span: Span,
    what: &'static str,
    /// The first characters of its value.
    start: String,
}

/// Looks for credentials in everything that the file holds.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let mut found = in_text(document, context.list("allow"));
    if let Some(notebook) = &document.notebook {
        beside_sources(document, notebook, context.list("allow"), &mut found);
    }
    let mut counts: HashMap<_, usize> = HashMap::new();
    for one in &found {
        *counts.entry((one.place, one.cell, one.what)).or_default() += 1;
    }
    for one in &found {
        // A count that was told is taken out, so that what it counts is not told again.
        let key = (one.place, one.cell, one.what);
        let Some(&count) = counts.get(&key) else { continue };
        if one.place == Place::Text && count <= MANY {
            context.report(one.span, message(one, 1));
        } else {
            context.report(one.span, message(one, count));
            counts.remove(&key);
        }
    }
}

/// The stretches of the document's text that must never be shown: every credential in it, whatever settings say.
/// Sorted by place. Looked for once a document.
pub fn redactions(document: &Document) -> &[Span] {
    document.hidden.get_or_init(|| hidden(&credentials(document)))
}

fn hidden(secrets: &[Secret]) -> Box<[Span]> {
    let mut spans: Box<[Span]> = secrets.iter().map(|secret| secret.hidden).collect();
    spans.sort_unstable();
    spans
}

/// The same for a file that is no document.
pub(super) fn file_message(what: &str, value: &str) -> String {
    format!("{what} `{}…` in the file: revoke it and keep the new one in a secret scope", start(value))
}

fn message(found: &Found, count: usize) -> String {
    let what = found.what;
    let start = &found.start;
    let (more, it, one) = match count {
        0 | 1 => (String::new(), "it", "one"),
        _ => (format!(" and {} more of its kind", count - 1), "them", "ones"),
    };
    let subject = format!("{what} `{start}…`{more}");
    match found.place {
        Place::Text => format!("{subject} in the file: revoke {it} and keep the new {one} in a secret scope"),
        Place::Output => format!("{subject} in the output of this cell: revoke {it} and clear the output"),
        Place::Metadata => format!("{subject} in the metadata of the notebook: revoke {it} and clear the value"),
    }
}

/// Every credential in the document's text.
fn credentials(document: &Document) -> Vec<Secret> {
    let text = document.text();
    let mut secrets = scan(text);
    let mut more = in_calls(document);
    more.extend(in_installs(document));
    more.extend(assigned(text));
    more.retain(|literal| !secrets.iter().any(|secret| secret.hidden.overlaps(literal.hidden)));
    secrets.extend(more);
    secrets.sort_by_key(|secret| secret.span);
    secrets.dedup_by(|later, earlier| earlier.hidden.overlaps(later.hidden));
    secrets
}

fn in_text(document: &Document, allow: &[String]) -> Vec<Found> {
    let text = document.text();
    let secrets = credentials(document);
    // Whoever reports on the document will ask.
    document.hidden.get_or_init(|| hidden(&secrets));
    secrets
        .into_iter()
        .filter(|secret| !is_allowed(secret.span.of(text), allow))
        .map(|secret| Found {
            place: Place::Text,
            cell: document.cell_at(secret.span.start),
            span: secret.span,
            what: secret.what,
            start: start(secret.span.of(text)),
        })
        .collect()
}

/// What stands in the JSON of an `.ipynb` besides the sources of its cells.
fn beside_sources(document: &Document, notebook: &Notebook, allow: &[String], found: &mut Vec<Found>) {
    let Some(json) = &notebook.json else { return };
    let end = u32::try_from(document.raw.len()).unwrap_or(u32::MAX);
    let sources = json.cells.iter().map(|cell| cell.source).filter(|source| !source.is_empty());
    let mut outputs: Vec<(Span, usize)> = json
        .cells
        .iter()
        .enumerate()
        .map(|(cell, parts)| (parts.outputs, cell))
        .filter(|(span, _)| !span.is_empty())
        .collect();
    outputs.sort_unstable();
    let output_at = |offset: u32| {
        let at = outputs.partition_point(|(span, _)| span.start <= offset).checked_sub(1)?;
        outputs.get(at).filter(|(span, _)| span.contains(offset)).map(|&(_, cell)| cell)
    };
    let mut from = 0;
    for source in sources.chain([Span::at(end)]) {
        if source.start < from {
            continue;
        }
        let part = Span::new(from, source.start).of(&document.raw);
        for secret in scan(part) {
            let value = secret.span.of(part);
            if is_allowed(value, allow) {
                continue;
            }
            let offset = from + secret.span.start;
            let output = output_at(offset);
            // Other keys of a cell stand before its source in what Databricks writes.
            let cell = output.unwrap_or_else(|| {
                let next = json.cells.partition_point(|cell| cell.source.start <= offset);
                next.min(notebook.cells.len().saturating_sub(1))
            });
            let line = notebook.cells.get(cell).map_or(0, |cell| cell.span.start);
            let line = document.lines().line_of(line);
            found.push(Found {
                place: if output.is_some() { Place::Output } else { Place::Metadata },
                cell: Some(cell),
                span: document.lines().line_content(line, document.text()),
                what: secret.what,
                start: start(value),
            });
        }
        from = source.end;
    }
}

/// The first characters of a value, to tell which one is meant without giving it away.
fn start(value: &str) -> String {
    value.chars().take(4).collect()
}

pub(super) fn is_allowed(value: &str, allow: &[String]) -> bool {
    allow.iter().any(|known| !known.is_empty() && value.starts_with(known.as_str()))
}

/// Literals where a client takes its credential, or a credential's setting its value.
fn in_calls(document: &Document) -> Vec<Secret> {
    let facts = &document.python;
    let text = document.text();
    let mut secrets = Vec::new();
    for call in &facts.calls {
        if secrets.len() >= MOST_LITERALS {
            break;
        }
        for argument in credential_arguments(facts, call) {
            let Value::String(value) = &argument.value else { continue };
            if value.len() < 16
                || !value.bytes().all(|byte| byte.is_ascii_graphic())
                || entropy(value.as_bytes()) < 3.0
                || is_placeholder(value.as_bytes())
            {
                continue;
            }
            if let Some(span) = literal(facts, text, argument, value) {
                secrets.push(Secret { span, hidden: span, what: "credential" });
            }
        }
    }
    secrets
}

/// The arguments of a call that are credentials, if they are literals.
fn credential_arguments<'a>(facts: &'a Facts, call: &'a Call) -> Vec<&'a Argument> {
    const KEYWORDS: [&str; 5] = ["token", "access_token", "client_secret", "azure_client_secret", "password"];
    const SETTINGS: [&str; 4] = [
        "fs.s3a.secret.key",
        "fs.azure.account.key",
        "fs.azure.account.oauth2.client.secret",
        "fs.azure.sas.fixed.token",
    ];
    /// Options of readers and writers that are credentials.
    const PASSWORDS: [&str; 4] = ["password", "sfpassword", "pem_private_key", "sas_token"];
    let Some(method) = call.method.map(|method| facts.text(method)) else { return Vec::new() };
    let databricks = || call.path.is_some_and(|path| facts.text(path).starts_with("databricks."));
    match method {
        "WorkspaceClient" | "AccountClient" => {}
        "connect" | "remote" | "Config" if databricks() => {}
        "set" => {
            let [key, value] = facts.arguments(call) else { return Vec::new() };
            let credential = |name: &str| SETTINGS.iter().any(|setting| name.contains(setting));
            let is_key = match &key.value {
                Value::String(name) => credential(name),
                Value::Partial { prefix, .. } => credential(prefix),
                _ => false,
            };
            return if is_key { vec![value] } else { Vec::new() };
        }
        "option" => {
            let [key, value] = facts.arguments(call) else { return Vec::new() };
            let is_password =
                matches!(&key.value, Value::String(name) if PASSWORDS.contains(&&*name.to_ascii_lowercase()));
            return if is_password { vec![value] } else { Vec::new() };
        }
        _ => return Vec::new(),
    }
    let named = |argument: &&Argument| argument.keyword.is_some_and(|keyword| KEYWORDS.contains(&facts.text(keyword)));
    facts.arguments(call).iter().filter(named).collect()
}

/// Where the literal stands whose value the argument has: in the call, or where its name is assigned.
fn literal(facts: &Facts, text: &str, argument: &Argument, value: &str) -> Option<Span> {
    let whole = if argument.span.of(text).contains(value) {
        argument.span
    } else {
        facts.strings.iter().find(|string| *string.value == *value)?.span
    };
    let within = whole.of(text).find(value)?;
    let start = whole.start + u32::try_from(within).ok()?;
    Some(Span::new(start, start + u32::try_from(value.len()).ok()?))
}

/// Passwords in the URLs of `%pip install`.
fn in_installs(document: &Document) -> Vec<Secret> {
    let text = document.text();
    let magics = document.notebook.iter().flat_map(|notebook| &notebook.cells).flat_map(|cell| &cell.magics);
    let mut secrets = Vec::new();
    for magic in magics.filter(|magic| magic.kind == MagicKind::Install) {
        let line = magic.argument.of(text);
        let mut from = 0;
        while let Some(at) = line.get(from..).and_then(|rest| rest.find("://")).map(|at| from + at + 3) {
            from = at;
            let rest = line.get(at..).unwrap_or_default();
            let host =
                rest.find(|c: char| c == '/' || c == '"' || c == '\'' || c.is_whitespace()).unwrap_or(rest.len());
            let Some((user, _)) = rest.get(..host).and_then(|part| part.rsplit_once('@')) else { continue };
            let value = user.split_once(':').map_or(user, |(_, password)| password);
            if value.len() < 12 || entropy(value.as_bytes()) < 3.0 || is_placeholder(value.as_bytes()) {
                continue;
            }
            let start = magic.argument.start + u32::try_from(at + user.len() - value.len()).unwrap_or(0);
            let span = Span::new(start, start + u32::try_from(value.len()).unwrap_or(0));
            secrets.push(Secret { span, hidden: span, what: "password" });
        }
    }
    secrets
}
