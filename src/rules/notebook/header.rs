//! Page: `rules/notebook/header-not-exact.md`.

use crate::finding::Severity;
use crate::notebook::{HeaderFault, Language, near_header};
use crate::rules::context::Context;
use crate::text::{Span, edit::Edit};

/// A first line that was meant as the notebook header and is not it.
pub(super) fn not_exact(context: &mut Context<'_>) {
    let document = context.document;
    // A template of a notebook is none yet.
    if document.is_notebook() || document.path.as_str().contains("cookiecutter.") {
        return;
    }
    let text = document.text();
    let extension = document.path.extension();
    let Some(near) = near_header(text, extension) else { return };
    let correct = near.correct;
    let message = match near.fault {
        HeaderFault::ByteOrderMark => {
            format!(
                "a byte order mark stands before the notebook header, so this is a plain file: save it without one, the first line must be exactly `{correct}`"
            )
        }
        HeaderFault::Blanks => {
            format!(
                "blanks stand around the notebook header, so this is a plain file: the line must be exactly `{correct}`"
            )
        }
        HeaderFault::Case => {
            format!("upper and lower case differ from the notebook header, so this is a plain file: write `{correct}`")
        }
        HeaderFault::Comment => {
            format!("in a `.{extension}` file the notebook header is `{correct}`: as it stands, this is a plain file")
        }
        HeaderFault::NotFirst => {
            "the notebook header is not the first line, so this is a plain file: nothing may stand above it".to_owned()
        }
        HeaderFault::Spelling => {
            format!("this is nearly the notebook header, so the file is a plain one: write exactly `{correct}`")
        }
    };
    let severity = match context.settings.severity {
        // Nothing else says that a notebook was meant.
        Severity::Error if !near.evident => Severity::Warning,
        severity => severity,
    };
    let edits = if near.fault == HeaderFault::NotFirst {
        let line = document.lines().line(document.lines().line_of(near.span.start));
        let end = if text.contains("\r\n") { "\r\n" } else { "\n" };
        // At the end of a file the line takes the line end before it along.
        let gone = if line.of(text).ends_with('\n') { line } else { Span::new(before_line(text, line), line.end) };
        vec![Edit::insert(0, format!("{correct}{end}")), Edit::delete(gone)]
    } else {
        vec![Edit::replace(near.span, correct)]
    };
    let length = u32::try_from(near.span.of(text).trim_end().len()).unwrap_or(0);
    let marked = Span::new(near.span.start, near.span.start + length);
    let title = match Language::of_extension(extension) {
        Some(language) => format!("Make it a {} notebook", language.name()),
        None => "Make it a notebook".to_owned(),
    };
    let finding = context.report_with(severity, marked, message);
    if near.evident {
        finding.fix(title, edits);
    } else {
        finding.unsafe_fix(title, edits);
    }
}

/// The start of the line end before `line`.
fn before_line(text: &str, line: Span) -> u32 {
    let before = Span::new(0, line.start).of(text);
    let before = before.strip_suffix('\n').map_or(before, |rest| rest.strip_suffix('\r').unwrap_or(rest));
    u32::try_from(before.len()).unwrap_or(0)
}
