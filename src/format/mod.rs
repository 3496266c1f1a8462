//! The one form of a file: Python as ruff formats it, cell by cell, and between the cells the layout that
//! Databricks itself writes.
//!
//! `docs/formatting.md` says what is changed and what never is. Whoever formats another language plugs in through
//! [`Plan`].

mod cell;
mod ipynb;
mod source;
mod sql;
mod strip;

use crate::guard;
use crate::notebook::{ipynb as json, source as databricks};
use crate::python::format::{self, Dialect, Ending, Refused, Style};
use crate::python::imports::{self, Imports};
use crate::text::edit::{self, Edit};
use crate::text::lines::LineIndex;
use crate::text::{MAX_LEN, Span};

/// Formats SQL.
pub trait SqlFormatter: Sync {
    /// The formatted text of one cell (without its `%sql` and `-- MAGIC`) or of a file, lines joined by `\n`,
    /// without a line end after the last; `None` to leave it exactly as it is.
    fn format(&self, sql: &str) -> Option<String>;
}

/// Takes out of the JSON of an `.ipynb` what does not belong in a repository.
pub trait IpynbPolicy: Sync {
    /// The whole file without it; `None` if there is nothing to do. Cells must stay what they are.
    fn apply(&self, raw: &str) -> Option<String>;
}

/// How one file is to be formatted.
#[derive(Clone, Copy, Default)]
pub struct Plan<'a> {
    /// How Python is to look; `None` leaves Python alone.
    pub style: Option<&'a Style>,
    /// The line ends of a source notebook, if something says so; else those of its first line.
    pub ending: Ending,
    /// How imports are sorted, if they are to be.
    pub imports: Option<Imports<'a>>,
    /// Formats SQL cells, `.sql` notebooks and files, if they are to be.
    pub sql: Option<&'a dyn SqlFormatter>,
    /// What becomes of the rest of an `.ipynb`.
    pub ipynb: Option<&'a dyn IpynbPolicy>,
    /// Whether it is enough to know if anything changes, and what cannot be formatted: the text is not made.
    pub ask: bool,
    /// Only what these lines touch, 1-based, both ends included: whole cells of a source notebook, statements of a
    /// module.
    pub lines: Option<(u32, u32)>,
}

pub use sql::Sql;
pub use strip::Strip;

/// What became of a file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Formatted {
    /// Whether anything changes.
    pub changes: bool,
    /// The new text of the whole file; `None` if it is formatted already, or if only that was asked.
    pub text: Option<String>,
    /// What could not be formatted and was left as it is.
    pub left: Vec<Left>,
}

impl Formatted {
    fn new(text: Option<String>, left: Vec<Left>) -> Self {
        Self { changes: text.is_some(), text, left }
    }
}

/// A piece of a file that was left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// The 0-based cell; `None` if the file is no notebook.
    pub cell: Option<usize>,
    /// Where the reason stands: row and column, both 1-based, in the file; in an `.ipynb` in the cell.
    pub row: u32,
    /// The column, in characters.
    pub column: u32,
    /// Why, in one line: lower case, no full stop.
    pub message: String,
    /// Whether it is a fault of ours rather than of the file.
    pub fault: bool,
}

/// Formats the file with this `extension` (without its dot) and text; `None` if it is no file that has a form, such
/// as a plain `.scala`.
///
/// # Errors
/// One line if it is an `.ipynb` that cannot be read, or if what is asked for cannot be done.
pub fn format(text: &str, extension: &str, plan: &Plan<'_>) -> Result<Option<Formatted>, String> {
    let done = guard::caught(|| format_settled(text, extension, plan));
    done.unwrap_or_else(|reason| {
        Err(format!("formatting this file failed ({reason}); this is a fault of brickgate, please report it"))
    })
}

/// So often a file is formatted that may not have settled before.
const ROUNDS: usize = 4;

/// Formats until nothing changes where once may not be enough: cells are formatted alone, and what goes from between
/// them can give the next run something to do. What never settles is left as it is.
fn format_settled(text: &str, extension: &str, plan: &Plan<'_>) -> Result<Option<Formatted>, String> {
    if plan.lines.is_some() || !may_not_settle(text, extension) {
        return format_file(text, extension, plan);
    }
    let plan = Plan { ask: false, ..*plan };
    let Some(mut done) = format_file(text, extension, &plan)? else { return Ok(None) };
    for _ in 0..ROUNDS {
        let Some(new) = &done.text else { return Ok(Some(done)) };
        match format_file(new, extension, &plan)?.and_then(|again| again.text) {
            Some(newer) => done.text = (newer != text).then_some(newer),
            None => return Ok(Some(done)),
        }
    }
    Ok(Some(Formatted::new(None, done.left)))
}

/// Whether a notebook holds one of the things that were seen to move at the second time: form feeds, continued magics, line
/// ends of several kinds in the cells of an `.ipynb`,
/// comments that switch formatting off.
fn may_not_settle(text: &str, extension: &str) -> bool {
    let has = |signs: &[&str]| signs.iter().any(|sign| text.contains(sign));
    if extension.eq_ignore_ascii_case("ipynb") {
        return has(&["\\f", "\\u000", "\\\\\\n", "\\r", "fmt:", "yapf:"]);
    }
    let is_continued_magic = |line: &str| {
        let code = line.trim_start_matches("# MAGIC").trim_start();
        line.ends_with('\\') && code.starts_with(['%', '!'])
    };
    has(&["\u{c}", "fmt:", "yapf:"]) || has(&["\\\n", "\\\r"]) && text.split(['\n', '\r']).any(is_continued_magic)
}

fn format_file(text: &str, extension: &str, plan: &Plan<'_>) -> Result<Option<Formatted>, String> {
    if text.len() > MAX_LEN {
        return Err("the file is too large".to_owned());
    }
    if extension.eq_ignore_ascii_case("ipynb") {
        if plan.lines.is_some() {
            return Err("lines of an `.ipynb` cannot be formatted alone: format the whole file".to_owned());
        }
        let (notebook, joined) = json::read(text).map_err(|error| error.message)?;
        return ipynb::format(text, &notebook, &joined, plan).map(Some);
    }
    if let Some(notebook) = databricks::read(text, extension) {
        return Ok(Some(source::format(text, &notebook, plan)));
    }
    if extension.eq_ignore_ascii_case("py") {
        return Ok(Some(module(text, plan)));
    }
    if let Some(sql) = plan.sql.filter(|_| extension.eq_ignore_ascii_case("sql") && plan.lines.is_none()) {
        return Ok(Some(Formatted::new(sql_file(text, sql, plan.ending), Vec::new())));
    }
    Ok(None)
}

/// A file of Python that is no notebook.
fn module(text: &str, plan: &Plan<'_>) -> Formatted {
    let Some(style) = plan.style else { return Formatted::default() };
    if let Some((first, last)) = plan.lines {
        let lines = LineIndex::new(text);
        let start = lines.line(first.saturating_sub(1)).start;
        let end = lines.line_content(last.saturating_sub(1), text).end.max(start);
        return match format::format_range(text, Span::new(start, end), style, Dialect::Module) {
            Ok(None) => Formatted::default(),
            Ok(Some((place, new))) => Formatted::new(edit::apply(text, &[Edit::replace(place, new)]), Vec::new()),
            Err(refused) => refused_module(text, &refused),
        };
    }
    let sorted = plan.imports.and_then(|how| imports::sort(text, how, false));
    let code = sorted.as_deref().unwrap_or(text);
    let formatted =
        if plan.ask { format::format_unproven(code, style) } else { format::format(code, style, Dialect::Module) };
    match formatted {
        Ok(new) => {
            let new = new.or(sorted);
            let becomes_notebook = |new: &str| databricks::read(new, "py").is_some();
            if new.as_deref().is_some_and(becomes_notebook) {
                let message = "formatting its first line would make a notebook of it".to_owned();
                return Formatted::new(None, vec![Left { cell: None, row: 1, column: 1, message, fault: false }]);
            }
            Formatted::new(new, Vec::new())
        }
        Err(refused) => refused_module(text, &refused),
    }
}

fn refused_module(text: &str, refused: &Refused) -> Formatted {
    let (place, message, fault) = told(refused);
    let at = LineIndex::new(text).position(text, place.start);
    Formatted::new(None, vec![Left { cell: None, row: at.row, column: at.column, message, fault }])
}

/// Where code was refused, why, and whether that is our fault.
fn told(refused: &Refused) -> (Span, String, bool) {
    match refused {
        Refused::Syntax(place, message) => (*place, format!("not valid Python: {message}"), false),
        Refused::TooDeep => (Span::at(0), "nested too deeply to be formatted".to_owned(), false),
        Refused::Changed => (Span::at(0), "formatting would change what this code means".to_owned(), false),
        Refused::Failed(reason) => {
            (Span::at(0), format!("formatting failed ({reason}); this is a fault of brickgate, please report it"), true)
        }
    }
}

/// A `.sql` file that is no notebook.
fn sql_file(text: &str, sql: &dyn SqlFormatter, ending: Ending) -> Option<String> {
    let ending = ending.within(text);
    let mut new = sql.format(&cell::plain(text))?;
    new.push('\n');
    let new = cell::with_ending(&new, ending).into_owned();
    (new != text).then_some(new)
}
