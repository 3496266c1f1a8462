//! What the path of a `%run` or `dbutils.notebook.run` points to.

use crate::finding::Severity;
use crate::project::document::Document;
use crate::project::places::without_extension;
use crate::project::reference::{Reference, ReferenceKind, Resolution};
use crate::project::resolve::same_name;
use crate::rules::context::Context;
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::edit::Edit;

/// `run-not-found`.
pub(super) fn not_found(context: &mut Context<'_>) {
    for reference in runs(context) {
        let command = command(reference);
        match &reference.resolution {
            _ if reference.unclosed => {
                let message = "the quote is never closed: add the closing quote".to_owned();
                context.report(reference.span, message);
            }
            Resolution::Empty if reference.kind == ReferenceKind::Run => {
                context.report(reference.span, "`%run` names no notebook: add its path, such as `./helpers`");
            }
            Resolution::NotFound { other_case: Some(file), .. } => {
                let (path, edits) = replacement(context.document, reference, file);
                let message =
                    format!("{command} finds no notebook here: upper and lower case differ, the notebook is `{path}`");
                let finding = context.report(reference.span, message);
                if let Some(edits) = edits {
                    finding.fix("Write the name as the notebook has it", edits);
                }
            }
            Resolution::NotFound { nearest: Some(file), .. } => {
                let (path, edits) = replacement(context.document, reference, file);
                let sure = is_same_but_for_spelling(context.document, reference, file);
                let finding =
                    context.report(reference.span, format!("{command} finds no notebook here: did you mean `{path}`?"));
                if let Some(edits) = edits.filter(|_| sure) {
                    finding.unsafe_fix("Use the notebook whose path is almost the same", edits);
                }
            }
            Resolution::NotFound { .. } => {
                context.report(
                    reference.span,
                    format!("{command} finds no notebook here: {}", wanted(context, reference)),
                );
            }
            _ => {}
        }
    }
}

/// `run-is-file`.
pub(super) fn is_file(context: &mut Context<'_>) {
    for reference in runs(context) {
        let Resolution::File(file) = &reference.resolution else { continue };
        let command = command(reference);
        let name = file.name();
        let message = if file.has_extension("py") {
            format!("{command} runs notebooks only, and `{name}` is a plain Python file: import it")
        } else {
            format!("{command} runs notebooks only, and `{name}` is a plain file")
        };
        context.report(reference.span, message);
    }
}

/// `run-bare-path`.
pub(super) fn bare_path(context: &mut Context<'_>) {
    for reference in runs(context) {
        let Resolution::Bare(meant) = &reference.resolution else { continue };
        let written = reference.span.of(context.document.text());
        if let Some(file) = meant {
            let (path, edits) = replacement(context.document, reference, file);
            let message = format!("`%run` takes relative paths with `./` or `../`, or absolute ones: write `{path}`");
            let finding = context.report(reference.span, message);
            if let Some(edits) = edits {
                finding.fix("Write the path with `./`", edits);
            }
        } else {
            let message = format!(
                "`%run` takes relative paths with `./` or `../`, or absolute ones, and `./{written}` is not a notebook"
            );
            context.report(reference.span, message);
        }
    }
}

/// `run-path-has-extension`.
pub(super) fn has_extension(context: &mut Context<'_>) {
    for reference in runs(context) {
        let Resolution::WithExtension(file) = &reference.resolution else { continue };
        let Some(path) = reference.target.as_deref().and_then(without_extension) else { continue };
        let extension = file.extension();
        let message = format!(
            "notebooks go without extension in the workspace, where {} looks: write `{path}`",
            command(reference)
        );
        let edits = literal_edits(context.document, reference, path);
        let finding = context.report(reference.span, message);
        if let Some(edits) = edits {
            finding.fix(format!("Drop `.{extension}`"), edits);
        }
    }
}

/// `run-absolute-path`.
pub(super) fn absolute_path(context: &mut Context<'_>) {
    for reference in runs(context) {
        let Resolution::Absolute(meant) = &reference.resolution else { continue };
        match meant {
            Some(file) => {
                let (path, edits) = replacement(context.document, reference, file);
                let message =
                    format!("the absolute path ties this notebook to one copy of the repository: use `{path}`");
                let finding = context.report(reference.span, message);
                if let Some(edits) = edits {
                    finding.fix("Use the relative path", edits);
                }
            }
            None if reference.kind == ReferenceKind::Run => {
                let message = "the absolute path leads to a notebook that is not in this repository: \
                               what it does cannot be checked, and other workspaces may not have it";
                context.report_with(Severity::Info, reference.span, message);
            }
            None => {}
        }
    }
}

/// `run-outside-repository`.
pub(super) fn outside_repository(context: &mut Context<'_>) {
    for reference in runs(context) {
        if reference.resolution == Resolution::Outside {
            let message = "the path leads out of the repository: what is there cannot be checked, \
                           and other checkouts may not have it";
            context.report(reference.span, message);
        }
    }
}

/// The `%run` and `dbutils.notebook.run` references of the document.
fn runs<'a>(context: &Context<'a>) -> impl Iterator<Item = &'a Reference> + use<'a> {
    let references = context.project.references(&context.document.path).iter();
    references.filter(|reference| matches!(reference.kind, ReferenceKind::Run | ReferenceKind::NotebookRun))
}

/// How the command is called in messages.
const fn command(reference: &Reference) -> &'static str {
    match reference.kind {
        ReferenceKind::NotebookRun => "`dbutils.notebook.run`",
        _ => "`%run`",
    }
}

/// Where the notebook was looked for.
fn wanted(context: &Context<'_>, reference: &Reference) -> String {
    let folder = context.document.path.parent();
    if let Some(target) = reference.target.as_deref()
        && matches!(target.trim_end_matches('/').rsplit('/').next(), Some("." | ".."))
    {
        return format!("`{target}` is a folder, add the name of a notebook in it");
    }
    match reference.target.as_deref().and_then(|target| folder.join(target)) {
        Some(path) => format!("there is no `{path}` in this repository"),
        None => "there is none of that name in this repository".to_owned(),
    }
}

/// The path by which the document should name `file`, and the edits that put it there, if the path stands
/// in the text as it is.
fn replacement(document: &Document, reference: &Reference, file: &RepoPath) -> (String, Option<Vec<Edit>>) {
    let full = file.relative_to(&document.path.parent());
    let mut path = without_extension(&full).unwrap_or(&full);
    // `dbutils.notebook.run` takes bare names.
    if reference.kind == ReferenceKind::NotebookRun
        && reference.target.as_deref().is_some_and(|target| !target.starts_with(['.', '/']))
    {
        path = path.strip_prefix("./").unwrap_or(path);
    }
    (path.to_owned(), literal_edits(document, reference, path))
}

/// The edits that put `path` in the place of the written one. `None` if the path is put together from parts, or
/// would need quotes that cannot be added safely.
fn literal_edits(document: &Document, reference: &Reference, path: &str) -> Option<Vec<Edit>> {
    let text = document.text();
    if reference.target.as_deref() != Some(reference.span.of(text)) || path.contains(['"', '\'', '\\', '\n']) {
        return None;
    }
    let before = Span::new(reference.span.start.saturating_sub(1), reference.span.start).of(text);
    let is_quoted = matches!(before, "\"" | "'");
    if !is_quoted && path.contains(char::is_whitespace) {
        return (reference.kind == ReferenceKind::Run)
            .then(|| vec![Edit::replace(reference.span, format!("\"{path}\""))]);
    }
    Some(vec![Edit::replace(reference.span, path)])
}

/// Whether the written path and that of `file` are the same but for case, blanks and signs, leading zeros, and
/// a slip or two in one long name.
fn is_same_but_for_spelling(document: &Document, reference: &Reference, file: &RepoPath) -> bool {
    let folder = document.path.parent();
    let Some(written) = reference.target.as_deref().and_then(|target| folder.join(target)) else { return false };
    let written = without_extension(written.as_str()).unwrap_or(written.as_str());
    let meant = without_extension(file.as_str()).unwrap_or(file.as_str());
    written.split('/').count() == meant.split('/').count()
        && written.split('/').zip(meant.split('/')).all(|(a, b)| a == b || same_name(a, b))
}
