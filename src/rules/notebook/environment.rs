//! Page: `rules/notebook/environment-not-closed.md`.

use crate::notebook::{open_environment, source};
use crate::rules::context::Context;
use crate::text::edit::Edit;

/// An environment block without its last line.
pub(super) fn not_closed(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    let Some((first, end)) = open_environment(text, notebook) else { return };
    let comment = notebook.language.comment();
    let line_end = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let ends_line = text.get(..end as usize).is_some_and(|before| before.ends_with('\n'));
    let line = if ends_line { format!("{comment} ///{line_end}") } else { format!("{line_end}{comment} ///") };
    let message = format!(
        "the environment block is never closed, so the notebook runs without these packages and this version: end it with `{comment} ///`"
    );
    let closes = source::read(&closed(text, end, &line), document.path.extension());
    let can = closes.is_some_and(|notebook| notebook.environment.is_some());
    let finding = context.report(first, message);
    if can {
        finding.unsafe_fix("close the block", vec![Edit::insert(end, line)]);
    }
}

/// The text with a line put in.
fn closed(text: &str, at: u32, line: &str) -> String {
    let (before, after) = text.split_at_checked(at as usize).unwrap_or((text, ""));
    format!("{before}{line}{after}")
}
