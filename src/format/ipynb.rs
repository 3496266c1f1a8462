//! `.ipynb`: only the sources of changed cells are written, in the style of the file.

use super::{Formatted, Left, Plan, cell, told};
use crate::notebook::magic::MagicKind;
use crate::notebook::{Cell, CellType, Language, Notebook, Origin, ipynb};
use crate::python;
use crate::python::format::{self, Dialect, Refused, Style};
use crate::python::imports::{self, Imports};
use crate::text::edit::Edit;
use crate::text::lines::LineIndex;

/// Formats an `.ipynb`, given with what was read from it.
pub(super) fn format(raw: &str, notebook: &Notebook, joined: &str, plan: &Plan<'_>) -> Result<Formatted, String> {
    let mut formatted = Formatted::default();
    let mut edits = Vec::new();
    let style = plan.style.filter(|_| is_python_file(notebook)).map(|style| {
        // The line ends of the first cell with Python hold for all, as ruff has it.
        let cells = notebook.cells.iter().enumerate().filter(|(index, cell)| is_python(notebook, *index, cell, joined));
        let first = cells.map(|(_, cell)| cell.span.of(joined)).find(|code| code.contains(['\n', '\r'])).unwrap_or("");
        Style { line_ending: style.line_ending.within(first), ..style.clone() }
    });
    for (index, cell) in notebook.cells.iter().enumerate() {
        let code = cell.span.of(joined);
        let new = match (&style, plan.sql) {
            (Some(style), _) if is_python(notebook, index, cell, joined) => {
                match python_cell(cell, code, style, plan.imports) {
                    Ok(new) => new,
                    Err(refused) => {
                        let (place, message, fault) = told(&refused);
                        let at = LineIndex::new(code).position(code, place.start);
                        formatted.left.push(Left { cell: Some(index), row: at.row, column: at.column, message, fault });
                        None
                    }
                }
            }
            (_, Some(sql)) if is_sql(notebook, cell, code) => super::sql::cell(code, sql),
            _ => None,
        };
        if let Some(new) = new.filter(|new| new != code) {
            edits.push(Edit::replace(cell.span, new));
        }
    }
    let mut text = None;
    if !edits.is_empty() {
        let written = ipynb::write(raw, notebook, joined, &edits);
        text = Some(written.ok_or("a cell holds half a character, so it cannot be written again")?);
    }
    if let Some(policy) = plan.ipynb
        && let Some(new) = policy.apply(text.as_deref().unwrap_or(raw))
    {
        text = Some(new);
    }
    Ok(Formatted::new(text.filter(|text| text != raw), formatted.left))
}

/// Formats the Python of one cell; the new text has no line end after its last line.
fn python_cell(cell: &Cell, code: &str, style: &Style, how: Option<Imports<'_>>) -> Result<Option<String>, Refused> {
    let mut whole = format!("{code}\n");
    if let Some(sorted) = how.and_then(|how| imports::sort(&whole, how, true)) {
        whole = sorted;
    }
    let new = match format::format(&whole, style, Dialect::Cell) {
        Ok(new) => new.unwrap_or(whole),
        Err(Refused::Syntax(..)) if !code.contains('\r') && python::parses(code, true) => return Ok(None),
        // Indented as a whole, which IPython takes.
        Err(Refused::Syntax(place, message)) => {
            return match cell::formatted(code, false, style, how) {
                Ok(new) => {
                    Ok(new.map(|new| cell::with_ending(new.trim_end_matches('\n'), style.line_ending).into_owned()))
                }
                Err(_) if cell.magics.iter().any(|magic| magic.whole_cell() && !magic.live) => Ok(None),
                Err(_) => Err(Refused::Syntax(place, message)),
            };
        }
        Err(refused) => return Err(refused),
    };
    let new = new.strip_suffix('\n').unwrap_or(&new);
    Ok(Some(new.strip_suffix('\r').unwrap_or(new).to_owned()))
}

/// Whether a cell is SQL as Databricks takes it; elsewhere `%sql` is a magic with options of its own.
fn is_sql(notebook: &Notebook, cell: &Cell, code: &str) -> bool {
    notebook.origin == Origin::Databricks && cell.language == Language::Sql && !code.contains('\r')
}

/// Whether ruff would format the notebook at all.
fn is_python_file(notebook: &Notebook) -> bool {
    notebook.language == Language::Python && notebook.json.as_ref().is_none_or(|json| json.is_python)
}

/// Whether ruff would format the cell: code whose language is Python, and no cell magic or automagic that it
/// passes over.
fn is_python(notebook: &Notebook, index: usize, cell: &Cell, joined: &str) -> bool {
    let json = notebook.json.as_ref().and_then(|json| json.cells.get(index));
    if cell.cell_type != CellType::Code || json.is_some_and(|json| json.is_foreign) {
        return false;
    }
    let runs = cell.leads().is_some_and(|lead| lead.kind == MagicKind::Run && !lead.double);
    if cell.language != Language::Python && !runs {
        return false;
    }
    let code = cell.span.of(joined);
    !is_automagic(code) && !code.lines().any(is_other_cell_magic)
}

/// Whether the first line is taken for a magic without its sign.
fn is_automagic(code: &str) -> bool {
    let mut words = code.lines().next().unwrap_or("").split_whitespace();
    let assigns = |word: &str| ASSIGNMENTS.contains(&word);
    words.next().is_some_and(|word| AUTOMAGICS.binary_search(&word).is_ok()) && !words.next().is_some_and(assigns)
}

/// Whether a line starts a cell magic whose body is no Python of this notebook.
fn is_other_cell_magic(line: &str) -> bool {
    line.split_whitespace()
        .next()
        .and_then(|word| word.strip_prefix("%%"))
        .is_some_and(|name| !PYTHON_BODIES.contains(&name))
}

/// What can follow a name but not a magic.
const ASSIGNMENTS: [&str; 11] = ["=", "+=", "-=", "*=", "/=", "//=", "%=", "**=", "&=", "|=", "^="];

/// Cell magics whose body ruff reads as Python of the notebook.
const PYTHON_BODIES: [&str; 9] = ["capture", "debug", "ipytest", "prun", "pypy", "python", "python3", "time", "timeit"];

/// Words that ruff takes for magics where they stand first in a cell. Sorted.
const AUTOMAGICS: [&str; 77] = [
    "alias",
    "alias_magic",
    "autoawait",
    "autocall",
    "automagic",
    "bookmark",
    "cd",
    "code_wrap",
    "colors",
    "conda",
    "config",
    "debug",
    "dhist",
    "dirs",
    "doctest_mode",
    "edit",
    "env",
    "gui",
    "history",
    "killbgscripts",
    "load",
    "load_ext",
    "loadpy",
    "logoff",
    "logon",
    "logstart",
    "logstate",
    "logstop",
    "lsmagic",
    "macro",
    "magic",
    "mamba",
    "matplotlib",
    "micromamba",
    "notebook",
    "page",
    "pastebin",
    "pdb",
    "pdef",
    "pdoc",
    "pfile",
    "pinfo",
    "pinfo2",
    "pip",
    "popd",
    "pprint",
    "precision",
    "prun",
    "psearch",
    "psource",
    "pushd",
    "pwd",
    "pycat",
    "pylab",
    "quickref",
    "recall",
    "rehashx",
    "reload_ext",
    "rerun",
    "reset",
    "reset_selective",
    "run",
    "save",
    "sc",
    "set_env",
    "sx",
    "system",
    "tb",
    "time",
    "timeit",
    "unalias",
    "unload_ext",
    "who",
    "who_ls",
    "whos",
    "xdel",
    "xmode",
];
