//! Reading cells out of Jupyter's JSON.

use super::{IpynbError, JsonCell, JsonMap, string};
use crate::notebook::{Cell, CellType, Environment, Form, Format, Language, Notebook, Origin, Title, cell};
use crate::text::{MAX_LEN, Span};
use serde::Deserialize;
use serde_json::value::RawValue;

/// The file; what is not named is skipped, whatever it is.
#[derive(Deserialize)]
#[serde(expecting = "a notebook: an object with `cells`, `metadata` and `nbformat`")]
struct File<'a> {
    #[serde(borrow)]
    cells: Option<Vec<RawCell<'a>>>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    nbformat: Option<&'a RawValue>,
}

#[derive(Deserialize)]
#[serde(expecting = "a cell: an object with `cell_type` and `source`")]
struct RawCell<'a> {
    #[serde(borrow)]
    cell_type: Option<&'a RawValue>,
    #[serde(borrow)]
    source: Option<&'a RawValue>,
    #[serde(borrow)]
    outputs: Option<&'a RawValue>,
    #[serde(borrow)]
    execution_count: Option<&'a RawValue>,
    #[serde(borrow)]
    metadata: Option<&'a RawValue>,
}

/// Metadata of the notebook. Only objects are looked into: a wrong type is somebody else's metadata.
#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, rename = "application/vnd.databricks.v1+notebook")]
    databricks: Option<&'a RawValue>,
    #[serde(borrow)]
    kernelspec: Option<&'a RawValue>,
    #[serde(borrow)]
    language_info: Option<&'a RawValue>,
    #[serde(borrow)]
    microsoft: Option<&'a RawValue>,
    #[serde(borrow)]
    colab: Option<&'a RawValue>,
    #[serde(borrow)]
    kaggle: Option<&'a RawValue>,
    #[serde(borrow)]
    synapse_widget: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct DatabricksNotebook<'a> {
    #[serde(borrow, rename = "environmentMetadata")]
    environment: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct EnvironmentMetadata<'a> {
    #[serde(borrow)]
    base_environment: Option<&'a RawValue>,
    #[serde(borrow)]
    client: Option<&'a RawValue>,
    #[serde(borrow)]
    dependencies: Option<&'a RawValue>,
    #[serde(borrow)]
    environment_version: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Named<'a> {
    #[serde(borrow)]
    language: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct CellMetadata<'a> {
    #[serde(borrow, rename = "application/vnd.databricks.v1+cell")]
    databricks: Option<&'a RawValue>,
    #[serde(borrow)]
    vscode: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Editor<'a> {
    #[serde(borrow, rename = "languageId")]
    language_id: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct DatabricksCell<'a> {
    #[serde(borrow)]
    title: Option<&'a RawValue>,
    #[serde(borrow, rename = "showTitle")]
    shown: Option<&'a RawValue>,
}

/// Reads an `.ipynb`: the notebook, and the text that its spans point into, which is the sources of all cells
/// joined by `\n`.
///
/// # Errors
/// If the file is no JSON (a byte order mark is enough), or no notebook of format 4: then the platform cannot
/// read it either.
pub fn read(raw: &str) -> Result<(Notebook, String), IpynbError> {
    if raw.len() > MAX_LEN {
        return Err(error(0, "the file is too large"));
    }
    if raw.starts_with('\u{feff}') {
        return Err(error(0, "not valid JSON: it starts with a byte order mark; save it as UTF-8 without one"));
    }
    if raw.trim().is_empty() {
        return Err(error(0, "not valid JSON: the file is empty"));
    }
    let file: File<'_> = serde_json::from_str(raw).map_err(|cause| json_error(raw, &cause))?;
    check_version(raw, file.nbformat)?;
    let missing = |what: &str| error(0, &format!("not a notebook: `{what}` is missing"));
    let cells = file.cells.ok_or_else(|| missing("cells"))?;
    let metadata = file.metadata.ok_or_else(|| missing("metadata"))?;
    let language = notebook_language(metadata);

    let mut text = String::with_capacity(raw.len() / 2);
    let mut notebook = Notebook {
        format: Format::Ipynb,
        origin: origin(metadata),
        language,
        header: Span::default(),
        environment: None,
        serverless: serverless(metadata),
        cells: Vec::with_capacity(cells.len()),
        near_separators: Vec::new(),
        json: None,
    };
    let mut json = JsonMap {
        metadata: place(raw, metadata),
        cells: Vec::with_capacity(cells.len()),
        is_python: is_python(metadata),
    };
    let place_of = |value: Option<&RawValue>| value.map(|value| place(raw, value)).unwrap_or_default();
    for (index, found) in cells.iter().enumerate() {
        if index > 0 {
            text.push('\n');
        }
        let start = text.len();
        if let Some(source) = found.source {
            push_source(raw, source, index, &mut text)?;
        }
        let span = Span::from_range(start..text.len());
        let (title, shown) = title(found.metadata);
        notebook.cells.push(one_cell(&text, span, cell_type(found), language, title.is_some().then_some(shown)));
        json.cells.push(JsonCell {
            source: place_of(found.source),
            outputs: place_of(found.outputs),
            execution_count: place_of(found.execution_count),
            metadata: place_of(found.metadata),
            is_foreign: is_foreign(found.metadata),
            title,
        });
    }
    notebook.json = Some(json);
    Ok((notebook, text))
}

fn error(offset: u32, message: &str) -> IpynbError {
    IpynbError { offset, message: message.to_owned() }
}

/// The parser's error at its place, in our words.
fn json_error(raw: &str, cause: &serde_json::Error) -> IpynbError {
    let row = cause.line().saturating_sub(1);
    let mut ends = memchr::memchr_iter(b'\n', raw.as_bytes());
    let start = if row == 0 { 0 } else { ends.nth(row - 1).map_or(raw.len(), |end| end + 1) };
    let mut offset = (start + cause.column().saturating_sub(1)).min(raw.len());
    while !raw.is_char_boundary(offset) {
        offset -= 1;
    }
    let mut message = cause.to_string();
    if let Some(at) = message.rfind(" at line ") {
        message.truncate(at);
    }
    let message = message.replace("EOF while parsing", "the file ends inside");
    let message =
        if cause.is_data() { format!("not a notebook: {message}") } else { format!("not valid JSON: {message}") };
    error(u32::try_from(offset).unwrap_or(0), &message)
}

fn check_version(raw: &str, nbformat: Option<&RawValue>) -> Result<(), IpynbError> {
    let Some(value) = nbformat else { return Err(error(0, "not a notebook: `nbformat` is missing")) };
    let at = place(raw, value).start;
    match value.get().parse::<f64>() {
        Ok(version) if version >= 4.0 => Ok(()),
        Ok(version) => Err(error(
            at,
            &format!("nbformat {version} is not supported: open it in Jupyter and save it as nbformat 4"),
        )),
        Err(_) => Err(error(at, "not a notebook: `nbformat` must be a number")),
    }
}

/// Where a borrowed value stands in `raw`.
fn place(raw: &str, value: &RawValue) -> Span {
    let value = value.get();
    let start = (value.as_ptr() as usize).saturating_sub(raw.as_ptr() as usize);
    Span::from_range(start..start + value.len())
}

/// The text of a value, if it is a string.
fn text_of(value: Option<&RawValue>) -> Option<String> {
    let literal = value?.get();
    if !literal.starts_with('"') {
        return None;
    }
    let mut text = String::new();
    string::decode(literal, &mut text);
    Some(text)
}

/// Reads an object; `None` for anything else.
fn object<'a, T: Deserialize<'a>>(value: Option<&'a RawValue>) -> Option<T> {
    serde_json::from_str(value?.get()).ok()
}

/// Databricks signs its notebooks; other platforms leave metadata or kernels of their own.
fn origin(metadata: &RawValue) -> Origin {
    let Some(metadata) = object::<Metadata<'_>>(Some(metadata)) else { return Origin::Jupyter };
    let kernel = object::<Named<'_>>(metadata.kernelspec).and_then(|kernel| text_of(kernel.name));
    let is_foreign = |kernel: String| kernel.starts_with("synapse") || kernel.ends_with("sparkkernel");
    if metadata.databricks.is_some() {
        Origin::Databricks
    } else if [metadata.microsoft, metadata.colab, metadata.kaggle, metadata.synapse_widget].iter().any(Option::is_some)
        || kernel.is_some_and(is_foreign)
    {
        Origin::Elsewhere
    } else {
        Origin::Jupyter
    }
}

fn notebook_language(metadata: &RawValue) -> Language {
    let Some(metadata) = object::<Metadata<'_>>(Some(metadata)) else { return Language::Python };
    let named = |value: Option<&RawValue>, by_name: bool| {
        let named = object::<Named<'_>>(value)?;
        text_of(if by_name { named.name } else { named.language })
    };
    let language = named(metadata.databricks, false)
        .or_else(|| named(metadata.kernelspec, false))
        .or_else(|| named(metadata.language_info, true));
    match language.as_deref().map(str::to_ascii_lowercase).as_deref() {
        None | Some("python" | "python3" | "ipython" | "pyspark") => Language::Python,
        Some("sql") => Language::Sql,
        Some("scala") => Language::Scala,
        Some("r") => Language::R,
        Some(_) => Language::Text,
    }
}

/// The serverless environment that somebody has set up for the notebook. The version alone stands in the metadata of
/// notebooks of classic compute as well, so it takes packages or a base environment.
fn serverless(metadata: &RawValue) -> Option<Environment> {
    let databricks = object::<Metadata<'_>>(Some(metadata))?.databricks;
    let found = object::<EnvironmentMetadata<'_>>(object::<DatabricksNotebook<'_>>(databricks)?.environment)?;
    let packages: Vec<String> =
        found.dependencies.and_then(|list| serde_json::from_str(list.get()).ok()).unwrap_or_default();
    let base = text_of(found.base_environment).unwrap_or_default();
    let version = || text_of(found.environment_version).or_else(|| text_of(found.client))?.parse().ok();
    (!packages.is_empty() || !base.is_empty()).then(|| Environment { version: version() })
}

/// Whether tools that take Jupyter's word take the file for Python.
fn is_python(metadata: &RawValue) -> bool {
    let Some(metadata) = object::<Metadata<'_>>(Some(metadata)) else { return true };
    let language = |value| object::<Named<'_>>(value).and_then(|named| text_of(named.language));
    if metadata.databricks.is_some() {
        return language(metadata.databricks).is_none_or(|language| language.eq_ignore_ascii_case("python"));
    }
    if metadata.language_info.is_some() {
        let name = object::<Named<'_>>(metadata.language_info).and_then(|named| text_of(named.name));
        return name.as_deref() == Some("python");
    }
    metadata.kernelspec.is_none() || language(metadata.kernelspec).as_deref() == Some("python")
}

/// Whether an editor has noted another language than Python for a cell.
fn is_foreign(metadata: Option<&RawValue>) -> bool {
    let editor = object::<CellMetadata<'_>>(metadata).and_then(|found| object::<Editor<'_>>(found.vscode));
    editor.and_then(|editor| text_of(editor.language_id)).is_some_and(|language| language != "python")
}

fn cell_type(cell: &RawCell<'_>) -> CellType {
    match cell.cell_type.map(RawValue::get) {
        Some(r#""code""#) => CellType::Code,
        Some(r#""markdown""#) => CellType::Markdown,
        _ => CellType::Raw,
    }
}

/// The title of a cell, and whether it is shown.
fn title(metadata: Option<&RawValue>) -> (Option<Box<str>>, bool) {
    let Some(found) =
        object::<CellMetadata<'_>>(metadata).and_then(|found| object::<DatabricksCell<'_>>(found.databricks))
    else {
        return (None, false);
    };
    let title = text_of(found.title).filter(|title| !title.trim().is_empty());
    (title.map(String::into_boxed_str), found.shown.is_some_and(|shown| shown.get() == "true"))
}

/// Appends a cell's source to `text`.
fn push_source(raw: &str, source: &RawValue, index: usize, text: &mut String) -> Result<(), IpynbError> {
    let literal = source.get();
    let wrong = |at: Span| {
        error(
            at.start,
            &format!("not a notebook: `source` of cell {} is neither a string nor a list of strings", index + 1),
        )
    };
    if literal.starts_with('"') {
        string::decode(literal, text);
        return Ok(());
    }
    let lines: Vec<&RawValue> = match serde_json::from_str(literal) {
        Ok(lines) => lines,
        Err(_) if literal == "null" => return Ok(()),
        Err(_) => return Err(wrong(place(raw, source))),
    };
    for line in lines {
        if !line.get().starts_with('"') {
            return Err(wrong(place(raw, line)));
        }
        string::decode(line.get(), text);
    }
    Ok(())
}

/// A cell; `title`: whether it is shown, if there is one.
fn one_cell(text: &str, span: Span, cell_type: CellType, language: Language, title: Option<bool>) -> Cell {
    let title = title.map(|shown| Title { line: Span::at(span.start), text: Span::at(span.start), shown });
    let empty = || if span.of(text).trim().is_empty() { Form::Empty } else { Form::Plain };
    let (language, form, magics) = match cell_type {
        CellType::Code => {
            let shape = cell::shape(text, span, language, false);
            (shape.language, shape.form, shape.magics)
        }
        CellType::Markdown => (Language::Markdown, empty(), Vec::new()),
        CellType::Raw => (Language::Text, empty(), Vec::new()),
    };
    Cell { span, body: span, title, language, form, magics, cell_type }
}
