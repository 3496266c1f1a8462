//! What an `.ipynb` holds besides what people wrote: outputs, counts of runs, and metadata that changes without
//! anybody changing the notebook. What holds meaning (titles, widgets, environment, settings of tables and
//! dashboards) is not among it. `docs/platform.md` has the source of the list.

use super::json::{Member, elements, member, members};
use super::{JsonCell, JsonMap};
use crate::notebook::{CellType, Notebook, Origin};
use crate::text::Span;
use crate::text::edit::{self, Edit};
use memchr::memmem;

/// The outputs of one cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outputs {
    /// The 0-based cell.
    pub cell: usize,
    /// Their size in the file, in bytes.
    pub size: u32,
    /// Whether they hold rows of a table.
    pub holds_table: bool,
    /// Whether the cell says that they are to be kept: its tag `keep_output`.
    pub is_kept: bool,
    /// What takes them away, and the count of runs with them. In bytes of the file.
    pub edits: Vec<Edit>,
}

/// Metadata of one cell, or of the notebook, that changes without anybody changing it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Churn {
    /// The 0-based cell; `None` for the notebook's own.
    pub cell: Option<usize>,
    /// Its keys.
    pub keys: Vec<&'static str>,
    /// What takes it away. In bytes of the file.
    pub edits: Vec<Edit>,
}

const NOTEBOOK: &str = "application/vnd.databricks.v1+notebook";
const CELL: &str = "application/vnd.databricks.v1+cell";
const OUTPUT: &str = "application/vnd.databricks.v1+output";
const WIDGET_STATE: &str = "application/vnd.jupyter.widget-state+json";

/// Keys of the Databricks metadata of a cell that say when and how it was run last, or how it was looked at.
const OF_CELL: [&str; 4] = ["startTime", "submitTime", "finishTime", "collapsed"];
/// Keys of a cell's metadata that Jupyter and its extensions write for the same.
const OF_JUPYTER_CELL: [&str; 4] = ["ExecuteTime", "execution", "collapsed", "scrolled"];
/// Keys of the Databricks metadata of a notebook that the platform writes anew with every import.
const OF_NOTEBOOK: [&str; 2] = ["notebookName", "notebookOrigID"];
/// In `notebookMetadata`: the last command that made a data frame.
const LAST_COMMAND: [&str; 1] = ["mostRecentlyExecutedCommandWithImplicitDF"];

/// The outputs of every cell that has some.
pub fn outputs(raw: &str, notebook: &Notebook) -> Vec<Outputs> {
    let Some(json) = &notebook.json else { return Vec::new() };
    let cells = json.cells.iter().enumerate().filter(|(at, parts)| is_code(notebook, *at) && has_outputs(raw, parts));
    cells
        .map(|(cell, parts)| {
            let mut edits = vec![Edit::replace(parts.outputs, "[]")];
            edits.extend(count(raw, notebook, parts));
            Outputs {
                cell,
                size: parts.outputs.len(),
                holds_table: holds_table(raw, parts.outputs),
                is_kept: is_kept(raw, parts.metadata),
                edits,
            }
        })
        .collect()
}

/// Metadata that changes without anybody changing the notebook, the notebook's own first. With `counts`, counts of runs
/// are among it where there is no output that they belong to.
pub fn churn(raw: &str, notebook: &Notebook, counts: bool) -> Vec<Churn> {
    let Some(json) = &notebook.json else { return Vec::new() };
    let of_notebook = notebook_churn(raw, notebook, json);
    let of_cells = json.cells.iter().enumerate().map(|(at, parts)| {
        let mut found = cell_churn(raw, parts);
        found.cell = Some(at);
        let is_counted = counts && is_code(notebook, at) && !has_outputs(raw, parts) && !is_kept(raw, parts.metadata);
        if let Some(edit) = count(raw, notebook, parts).filter(|_| is_counted) {
            found.keys.push("execution_count");
            found.edits.push(edit);
        }
        found
    });
    std::iter::once(of_notebook).chain(of_cells).filter(|found| !found.edits.is_empty()).collect()
}

/// The file without outputs, counts and changing metadata; every byte that does not have to go stays. With
/// `keep_outputs`, and in cells that say so themselves, outputs and counts stay as well.
pub fn strip(raw: &str, notebook: &Notebook, keep_outputs: bool) -> Option<String> {
    let mut edits: Vec<Edit> = churn(raw, notebook, !keep_outputs).into_iter().flat_map(|found| found.edits).collect();
    if !keep_outputs {
        edits.extend(outputs(raw, notebook).into_iter().filter(|found| !found.is_kept).flat_map(|found| found.edits));
    }
    edit::apply(raw, &edits)
}

fn is_code(notebook: &Notebook, cell: usize) -> bool {
    notebook.cells.get(cell).is_some_and(|cell| cell.cell_type == CellType::Code)
}

fn has_outputs(raw: &str, cell: &JsonCell) -> bool {
    let value = cell.outputs.of(raw);
    value.strip_prefix('[').is_some_and(|rest| !rest.trim_start().starts_with(']'))
}

/// Sets the count of runs to what the platform writes for none: 0 on Databricks, `null` elsewhere.
fn count(raw: &str, notebook: &Notebook, cell: &JsonCell) -> Option<Edit> {
    let none = if notebook.origin == Origin::Databricks { "0" } else { "null" };
    let value = cell.execution_count.of(raw);
    let is_none = matches!(value, "" | "0" | "null");
    (!is_none).then(|| Edit::replace(cell.execution_count, none))
}

/// Whether a cell is tagged `keep_output`, or has that key, as `nbstripout` takes it.
fn is_kept(raw: &str, metadata: Span) -> bool {
    let tags = member(raw, metadata, "tags").unwrap_or_default();
    elements(raw, tags).into_iter().any(|tag| tag.of(raw) == "\"keep_output\"")
        || member(raw, metadata, "keep_output").is_some_and(|value| value.of(raw) == "true")
}

fn cell_churn(raw: &str, cell: &JsonCell) -> Churn {
    let mut found = Churn { cell: None, keys: Vec::new(), edits: Vec::new() };
    let own = members(raw, cell.metadata);
    found.take(raw, cell.metadata, &own, &OF_JUPYTER_CELL);
    for databricks in own.iter().filter(|member| member.is(raw, CELL)) {
        let inner = members(raw, databricks.value);
        found.take(raw, databricks.value, &inner, &OF_CELL);
        for settings in inner.iter().filter(|member| member.is(raw, "cellMetadata")) {
            if !members(raw, settings.value).is_empty() {
                found.keys.push("cellMetadata");
                found.edits.push(Edit::replace(settings.value, "{}"));
            }
        }
    }
    found
}

fn notebook_churn(raw: &str, notebook: &Notebook, json: &JsonMap) -> Churn {
    let mut found = Churn { cell: None, keys: Vec::new(), edits: Vec::new() };
    let own = members(raw, json.metadata);
    for databricks in own.iter().filter(|member| member.is(raw, NOTEBOOK)) {
        let inner = members(raw, databricks.value);
        found.take(raw, databricks.value, &inner, &OF_NOTEBOOK);
        for member in &inner {
            if member.is(raw, "computePreferences") && member.value.of(raw) != "null" {
                // What the platform writes where nothing was chosen.
                found.keys.push("computePreferences");
                found.edits.push(Edit::replace(member.value, "null"));
            } else if member.is(raw, "notebookMetadata") {
                found.take(raw, member.value, &members(raw, member.value), &LAST_COMMAND);
            }
        }
    }
    // The state of Jupyter's widgets belongs to outputs that show them.
    let is_shown = json.cells.iter().enumerate().any(|(at, cell)| is_code(notebook, at) && has_outputs(raw, cell));
    for widgets in own.iter().filter(|member| member.is(raw, "widgets") && !is_shown) {
        found.take(raw, widgets.value, &members(raw, widgets.value), &[WIDGET_STATE]);
    }
    found
}

impl Churn {
    /// Takes the members with these keys out of an object.
    fn take(&mut self, raw: &str, object: Span, members: &[Member], keys: &[&'static str]) {
        let key = |member: &Member| keys.iter().find(|key| member.is(raw, key)).copied();
        self.keys.extend(members.iter().filter_map(key));
        self.edits.extend(without(object, members, |member| key(member).is_some()));
    }
}

/// Edits that take members out of an object, each with one comma and the blanks that go with it.
fn without(object: Span, members: &[Member], goes: impl Fn(&Member) -> bool) -> Vec<Edit> {
    if !members.is_empty() && members.iter().all(&goes) {
        // Just the braces are left, as every writer has it.
        return vec![Edit::delete(Span::new(object.start + 1, object.end.saturating_sub(1)))];
    }
    let mut edits = Vec::new();
    // Where the last member that stays ends, and whether others stood after it.
    let mut kept: Option<u32> = None;
    let mut gone: Option<Span> = None;
    for member in members {
        if goes(member) {
            let from = gone.map_or(kept.unwrap_or(member.key.start), |gone| gone.start);
            gone = Some(Span::new(from, member.value.end));
            continue;
        }
        if let Some(gone) = gone.take() {
            // The first ones go with the comma after them, others with the comma before them.
            let end = if kept.is_some() { gone.end } else { member.key.start };
            edits.push(Edit::delete(Span::new(gone.start, end)));
        }
        kept = Some(member.value.end);
    }
    edits.extend(gone.map(Edit::delete));
    edits
}

/// Whether outputs hold rows of a table: the platform's tables, tables in HTML, and what `.show()` prints.
fn holds_table(raw: &str, outputs: Span) -> bool {
    let text = outputs.of(raw).as_bytes();
    let has = |needle: &[u8]| memmem::find(text, needle).is_some();
    if ["<td", "\\u003ctd", "\"+--", "\\n+--"].iter().any(|sign| has(sign.as_bytes())) {
        return true;
    }
    has(OUTPUT.as_bytes()) && elements(raw, outputs).into_iter().any(|output| is_table(raw, output).unwrap_or(false))
}

/// Whether an output is a table of the platform with rows in it.
fn is_table(raw: &str, output: Span) -> Option<bool> {
    let metadata = member(raw, member(raw, output, "metadata")?, OUTPUT)?;
    let rows = elements(raw, member(raw, metadata, "data")?);
    Some(member(raw, metadata, "type")?.of(raw) == "\"table\"" && !rows.is_empty())
}
