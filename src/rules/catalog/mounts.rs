//! Pages: `rules/catalog/mount.md`, `legacy-credentials.md`.

use crate::finding::Severity;
use crate::notebook::Language;
use crate::rules::chains::utilities;
use crate::rules::context::{Compute, Context};
use crate::text::Span;

/// What makes, changes and lists mounts.
const MOUNTS: [&str; 5] = ["mount", "mounts", "refreshMounts", "unmount", "updateMount"];

/// Mounts, made or asked for.
pub(super) fn mount(context: &mut Context<'_>) {
    let document = context.document;
    let severity = match context.target.compute {
        Some(Compute::Serverless) => Severity::Error,
        _ => context.settings.severity,
    };
    let mut found: Vec<(Span, String)> = Vec::new();
    for (chain, _, way) in utilities(document) {
        let Some(name) = way.strip_prefix("fs.") else { continue };
        if MOUNTS.contains(&name) {
            found.push((chain.place(document, name), name.to_owned()));
        }
    }
    let text = document.text();
    for cell in document.notebook.iter().flat_map(|notebook| &notebook.cells) {
        let Some(magic) = cell.leads().filter(|_| cell.language == Language::Fs) else { continue };
        let argument = magic.argument.of(text);
        let word = argument.split_whitespace().next().unwrap_or("");
        if MOUNTS.contains(&word) {
            let start = magic.argument.start;
            found.push((Span::new(start, start + u32::try_from(word.len()).unwrap_or(0)), word.to_owned()));
        }
    }
    for (span, name) in found {
        let message = match &*name {
            "mount" | "updateMount" => "a mount gives its storage to everybody in the workspace, beside Unity Catalog: make an external location and a volume".to_owned(),
            _ => format!("`{name}` is about mounts, which Unity Catalog does not govern: use external locations and volumes"),
        };
        context.report_with(severity, span, message);
    }
}

/// `dbutils.credentials` of passthrough's time.
pub(super) fn legacy_credentials(context: &mut Context<'_>) {
    const OLD: [&str; 4] = ["assumeRole", "getCurrentCredentials", "showCurrentRole", "showRoles"];
    let document = context.document;
    let severity = match context.target.compute {
        Some(Compute::Serverless | Compute::Standard) => Severity::Error,
        _ => context.settings.severity,
    };
    for (chain, _, way) in utilities(document) {
        let Some(name) = way.strip_prefix("credentials.") else { continue };
        if OLD.contains(&name) {
            let message = format!(
                "`dbutils.credentials.{name}` belongs to credential passthrough, which Unity Catalog replaced: use an external location, or a service credential"
            );
            context.report_with(severity, chain.span, message);
        }
    }
}
