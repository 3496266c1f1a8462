//! One cell: its text without prefixes, formatted, and with its prefixes again.

use super::Plan;
use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, Form, Language, Notebook, regions};
use crate::python;
use crate::python::format::{self, Dialect, Ending, Refused, Style};
use crate::python::imports::{self, Imports};
use crate::text::Span;
use std::borrow::Cow;

/// What became of a cell's body.
pub(super) enum Outcome {
    /// Nothing here is formatted, or it is formatted already.
    Kept,
    /// The new text, lines joined by `\n`, without a line end after the last.
    New(String),
    /// It was refused: where in the body, and why.
    Refused(Span, Refused),
}

/// Formats the code of a cell of a source notebook.
pub(super) fn format(notebook: &Notebook, cell: &Cell, text: &str, plan: &Plan<'_>) -> Outcome {
    match (cell.language, plan.style, plan.sql) {
        (Language::Python, Some(style), _) => python(notebook, cell, text, style, plan.imports),
        (Language::Sql, _, Some(sql)) => sql_cell(notebook, cell, text, sql),
        _ => Outcome::Kept,
    }
}

/// The Python of a cell, as the formatter takes it.
struct Prepared<'a> {
    /// All of it, without prefixes.
    code: Cow<'a, str>,
    /// How many bytes of it the line of a `%python` takes, which is no statement that wants blank lines after it.
    head: usize,
    /// Whether the first line is a magic without its sign.
    automagic: bool,
    /// What lines are to be prefixed with, if they are.
    comment: Option<&'static str>,
}

impl<'a> Prepared<'a> {
    /// `None` if lines of the cell are prefixed in a way that is not the platform's.
    fn new(notebook: &Notebook, cell: &Cell, text: &'a str) -> Option<Self> {
        let body = cell.body.of(text);
        let comment = (cell.form == Form::Prefixed).then(|| notebook.language.comment());
        let code = match comment {
            Some(comment) => unprefixed(body, comment)?,
            None => plain(body),
        };
        let lead = cell.leads();
        let automagic = lead.is_some_and(|lead| lead.name.start == lead.span.start);
        let switches = lead.is_some_and(|lead| {
            lead.kind == MagicKind::Language(Language::Python) && !lead.double && lead.argument.is_empty()
        });
        let first_line = || {
            let at = code.find('%')?;
            code.get(at..)?.find('\n').map(|length| at + length + 1)
        };
        let head = if switches { first_line().unwrap_or(code.len()) } else { 0 };
        Some(Self { code, head, automagic, comment })
    }

    fn head(&self) -> &str {
        self.code.get(..self.head).unwrap_or("")
    }

    fn rest(&self) -> &str {
        self.code.get(self.head..).unwrap_or("")
    }

    /// What to say of code that was refused; nothing if the platform takes it all the same.
    fn outcome(&self, notebook: &Notebook, cell: &Cell, text: &str, refused: Refused) -> Outcome {
        let place = match &refused {
            // What IPython takes and the formatter does not is no fault of the cell.
            Refused::Syntax(..) if is_valid(notebook, cell, text) => return Outcome::Kept,
            Refused::Syntax(place, _) => {
                let skipped = u32::try_from(self.head).unwrap_or(0);
                place_in(cell.body.of(text), &self.code, Span::at(place.start + skipped))
            }
            _ => Span::at(0),
        };
        Outcome::Refused(place, refused)
    }
}

fn python(notebook: &Notebook, cell: &Cell, text: &str, style: &Style, how: Option<Imports<'_>>) -> Outcome {
    let Some(prepared) = Prepared::new(notebook, cell, text) else { return Outcome::Kept };
    let new = match formatted(prepared.rest(), prepared.automagic, style, how) {
        Ok(None) => return Outcome::Kept,
        Ok(Some(new)) => format!("{}{new}", prepared.head().trim_start()),
        Err(refused) => return prepared.outcome(notebook, cell, text, refused),
    };
    let new = new.trim_end_matches('\n');
    Outcome::New(match prepared.comment {
        Some(comment) => prefixed(new, comment),
        None => new.to_owned(),
    })
}

/// Says whether a cell can be formatted, without doing it.
pub(super) fn check(notebook: &Notebook, cell: &Cell, text: &str, plan: &Plan<'_>) -> Outcome {
    if cell.language != Language::Python || plan.style.is_none() {
        return Outcome::Kept;
    }
    let Some(prepared) = Prepared::new(notebook, cell, text) else { return Outcome::Kept };
    match format::check(&ready(prepared.rest(), prepared.automagic), Dialect::Cell) {
        Ok(()) => Outcome::Kept,
        Err(refused) => prepared.outcome(notebook, cell, text, refused),
    }
}

/// Code without common indentation and with a sign before a magic that has none, as the parser knows it.
fn ready(code: &str, automagic: bool) -> Cow<'_, str> {
    let mut ready = dedented(code);
    if automagic {
        let at = ready.len() - ready.trim_start().len();
        ready.to_mut().insert(at, '%');
    }
    ready
}

/// Formats the Python of a cell, given with `\n` alone; `None` if it is formatted already.
pub(super) fn formatted(
    code: &str,
    automagic: bool,
    style: &Style,
    how: Option<Imports<'_>>,
) -> Result<Option<String>, Refused> {
    let style = Style { line_ending: Ending::Lf, ..style.clone() };
    let ready = ready(code, automagic);
    let sorted = how.and_then(|how| imports::sort(&ready, how, true));
    let ready = sorted.map_or(ready, Cow::Owned);
    let mut new = format::format(&ready, &style, Dialect::Cell)?.unwrap_or_else(|| ready.into_owned());
    if automagic && new.starts_with('%') {
        new.remove(0);
    }
    Ok((new.trim_end_matches('\n') != code).then_some(new))
}

/// Whether the platform takes the cell although the formatter does not.
fn is_valid(notebook: &Notebook, cell: &Cell, text: &str) -> bool {
    let alone = Notebook { cells: vec![cell.clone()], near_separators: Vec::new(), json: None, ..notebook.clone() };
    regions::python_regions(&alone, text).iter().all(|region| python::parses(&region.code, true))
}

fn sql_cell(notebook: &Notebook, cell: &Cell, text: &str, sql: &dyn super::SqlFormatter) -> Outcome {
    let body = cell.body.of(text);
    let comment = match cell.form {
        Form::Prefixed => Some(notebook.language.comment()),
        Form::Plain => None,
        Form::Empty | Form::Mixed => return Outcome::Kept,
    };
    let Some(code) = (match comment {
        Some(comment) => unprefixed(body, comment),
        None => Some(plain(body)),
    }) else {
        return Outcome::Kept;
    };
    let Some(new) = super::sql::cell(&code, sql) else { return Outcome::Kept };
    if new == code.trim_end_matches('\n') {
        return Outcome::Kept;
    }
    Outcome::New(match comment {
        Some(comment) => prefixed(&new, comment),
        None => new,
    })
}

/// Where a place in a cell's code stands in its body: the same line, behind the prefix.
fn place_in(body: &str, code: &str, place: Span) -> Span {
    let before = code.get(..place.start as usize).unwrap_or("");
    let row = before.matches('\n').count();
    let column = before.len() - before.rfind('\n').map_or(0, |at| at + 1);
    let start: usize = body.split_inclusive('\n').take(row).map(str::len).sum();
    let line = body.get(start..).and_then(|rest| rest.lines().next()).unwrap_or("");
    let in_code = code.lines().nth(row).map_or(0, str::len);
    let at = (start + line.len().saturating_sub(in_code) + column).min(body.len());
    Span::at(u32::try_from(at).unwrap_or(0))
}

/// `text` with `\n` for every line end.
pub(super) fn plain(text: &str) -> Cow<'_, str> {
    if text.contains('\r') { Cow::Owned(text.replace("\r\n", "\n")) } else { Cow::Borrowed(text) }
}

/// `text`, whose lines end in `\n`, with other line ends.
pub(super) fn with_ending(text: &str, ending: Ending) -> Cow<'_, str> {
    match ending {
        Ending::CrLf => Cow::Owned(text.replace('\n', "\r\n")),
        _ => Cow::Borrowed(text),
    }
}

/// The lines of a prefixed cell without their prefix; `None` if one has it in another spelling than the
/// platform's, which makes it something else.
pub(super) fn unprefixed(body: &str, comment: &str) -> Option<Cow<'static, str>> {
    let mut code = String::with_capacity(body.len());
    for line in body.lines() {
        let rest = match line.strip_prefix(comment).and_then(|rest| rest.strip_prefix(" MAGIC")) {
            Some("") => "",
            Some(rest) => rest.strip_prefix(' ')?,
            None if line.trim().is_empty() => "",
            None => return None,
        };
        code.push_str(rest);
        code.push('\n');
    }
    Some(Cow::Owned(code))
}

/// The opposite: every line behind the prefix, blank ones bare.
fn prefixed(code: &str, comment: &str) -> String {
    let mut body = String::with_capacity(code.len() + code.len() / 4);
    for line in code.split('\n') {
        if !body.is_empty() {
            body.push('\n');
        }
        body.push_str(comment);
        body.push_str(" MAGIC");
        if !line.is_empty() {
            body.push(' ');
            body.push_str(line);
        }
    }
    body
}

/// Code without the indentation of its first line, which IPython takes from every line that has it.
fn dedented(code: &str) -> Cow<'_, str> {
    let Some(first) = code.lines().find(|line| !line.trim().is_empty()) else { return Cow::Borrowed(code) };
    let indent = first.get(..first.len() - first.trim_start_matches([' ', '\t']).len()).unwrap_or("");
    if indent.is_empty() {
        return Cow::Borrowed(code);
    }
    let mut out = String::with_capacity(code.len());
    for line in code.split_inclusive('\n') {
        out.push_str(line.strip_prefix(indent).unwrap_or(line));
    }
    Cow::Owned(out)
}
