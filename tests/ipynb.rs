//! Jupyter's format: what is read, what is refused and why, and that edits touch nothing else.

use brickgate::notebook::ipynb::{read, write};
use brickgate::notebook::{CellType, Form, Language, Notebook};
use brickgate::text::Span;
use brickgate::text::edit::Edit;

fn error(raw: &str) -> (usize, String) {
    let error = read(raw).expect_err("no notebook");
    (error.offset as usize, error.message)
}

/// A notebook with these cells and this metadata.
fn file(cells: &str, metadata: &str) -> String {
    format!("{{\"cells\": [{cells}], \"metadata\": {metadata}, \"nbformat\": 4, \"nbformat_minor\": 0}}")
}

fn code(source: &str) -> String {
    format!("{{\"cell_type\": \"code\", \"metadata\": {{}}, \"outputs\": [{{}}], \"source\": {source}}}")
}

fn languages(notebook: &Notebook) -> Vec<Language> {
    notebook.cells.iter().map(|cell| cell.language).collect()
}

/// The whole file after `from` of its text became `to`.
fn edited(raw: &str, from: &str, to: &str) -> Option<String> {
    let (notebook, text) = read(raw).expect("a notebook");
    let at = text.find(from).expect("in the text");
    write(raw, &notebook, &text, &[Edit::replace(Span::from_range(at..at + from.len()), to)])
}

#[test]
fn what_is_no_notebook_says_where_and_why() {
    assert_eq!(error("{\n \"cells\": [\n  {} 2\n").0, 19);
    assert_eq!(error("{\n \"cells\": [\n  1]}").0, 16);
    assert!(error("{\n \"cells\": [\n").1.starts_with("not valid JSON: the file ends inside a list"));
    assert_eq!(error("").1, "not valid JSON: the file is empty");
    assert!(error("\u{feff}{}").1.contains("byte order mark"));
    assert_eq!(error("{\"metadata\": {}, \"nbformat\": 4}").1, "not a notebook: `cells` is missing");
    assert_eq!(error("{\"cells\": [], \"nbformat\": 4}").1, "not a notebook: `metadata` is missing");
    assert_eq!(error("{\"cells\": [], \"metadata\": {}}").1, "not a notebook: `nbformat` is missing");
    let (offset, message) = error("{\"worksheets\": [], \"metadata\": {}, \"nbformat\": 3}");
    assert_eq!((offset, message.starts_with("nbformat 3 is not supported")), (47, true));
    assert!(error("[1]").1.starts_with("not a notebook: invalid type"));
    let raw = file(&code("[\"x\", 1]"), "{}");
    assert_eq!(
        error(&raw),
        (
            raw.find("1]").unwrap(),
            "not a notebook: `source` of cell 1 is neither a string nor a list of strings".into()
        )
    );
}

#[test]
fn deep_and_odd_values_are_survived() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    let raw = file(&format!("{{\"cell_type\": \"code\", \"source\": \"x\", \"outputs\": {deep}}}"), "{}");
    assert_eq!(read(&raw).unwrap().1, "x");
    assert!(read(&file(&code(&deep), "{}")).is_err());
    let raw = file(&[code("null"), code("\"\""), "{\"cell_type\": 7}".into(), "{}".into()].join(","), "[]");
    let (notebook, text) = read(&raw).unwrap();
    assert_eq!(text, "\n\n\n");
    assert!(notebook.cells.iter().all(|cell| cell.form == Form::Empty));
    assert_eq!(notebook.cells[3].cell_type, CellType::Raw);
    let (notebook, _) = read(&file("", "{}")).unwrap();
    assert_eq!((notebook.cells.len(), notebook.cell_at(0)), (0, None));
}

#[test]
fn languages_of_notebooks_and_cells() {
    use Language::{Markdown, Python, Scala, Shell, Sql, Text};
    let cells = [
        code("\"x = 1\""),
        code("[\"%sql\\n\", \"SELECT 1\"]"),
        code("\"%python\\nx = 1\""),
        code("\"%run ./x\""),
        code("\"# about\\n%pip install x\""),
        code("\"%%bash\\nls\""),
        "{\"cell_type\": \"markdown\", \"source\": \"%sql\"}".to_owned(),
        "{\"cell_type\": \"raw\", \"source\": \"x\"}".to_owned(),
    ]
    .join(",");
    let databricks =
        |language: &str| format!("{{\"application/vnd.databricks.v1+notebook\": {{\"language\": \"{language}\"}}}}");
    for (metadata, default) in [
        ("{}".to_owned(), Python),
        (databricks("sql"), Sql),
        (databricks("scala"), Scala),
        ("{\"kernelspec\": {\"language\": \"scala\"}}".to_owned(), Scala),
        ("{\"language_info\": {\"name\": \"python\"}, \"kernelspec\": 3}".to_owned(), Python),
        ("{\"language_info\": {\"name\": \"julia\"}}".to_owned(), Text),
    ] {
        let (notebook, _) = read(&file(&cells, &metadata)).unwrap();
        assert_eq!(notebook.language, default);
        assert_eq!(languages(&notebook), [default, Sql, Python, Text, default, Shell, Markdown, Text], "{metadata}");
    }
}

#[test]
fn titles_come_from_the_metadata() {
    let cell = |metadata: &str| {
        format!(
            "{{\"cell_type\": \"code\", \"source\": \"x\", \"metadata\": {{\"application/vnd.databricks.v1+cell\": {metadata}}}}}"
        )
    };
    let cells =
        [cell("{\"title\": \"Lo\\u0061d\", \"showTitle\": true}"), cell("{\"title\": \"\"}"), cell("7")].join(",");
    let (notebook, text) = read(&file(&cells, "{}")).unwrap();
    assert_eq!(notebook.title(&text, 0), Some("Load"));
    assert!(notebook.cells[0].title.unwrap().shown);
    assert_eq!((notebook.title(&text, 1), notebook.title(&text, 2)), (None, None));
}

#[test]
fn spans_point_into_the_joined_text_and_the_json() {
    let raw = file(&[code("[\"a\\n\", \"é\"]"), code("\"b\"")].join(", "), "{}");
    let (notebook, text) = read(&raw).unwrap();
    assert_eq!(text, "a\né\nb");
    assert_eq!(notebook.cells[1].span.of(&text), "b");
    let json = notebook.json.as_ref().unwrap();
    assert_eq!(json.cells[0].source.of(&raw), "[\"a\\n\", \"é\"]");
    assert_eq!(json.cells[0].outputs.of(&raw), "[{}]");
}

#[test]
fn an_edit_touches_its_lines_alone() {
    // The odd escapes of the lines around it stay.
    let raw = file(&code("[\n  \"\\u0061\\n\",\n  \"b\\n\",\n  \"\\/ c\"\n ]"), "{ }");
    assert_eq!(edited(&raw, "b", "é\nx").unwrap(), raw.replace("\"b\\n\"", "\"é\\n\",\n  \"x\\n\""));
    assert_eq!(edited(&raw, "b\n", "").unwrap(), raw.replace("\n  \"b\\n\",", ""));
    assert_eq!(edited(&raw, "/ c", "d\n").unwrap(), raw.replace("\\/ c", "d\\n"));
    // One line gives no example of what stands between two.
    let raw = file(&code("[\n  \"a\"\n ]"), "{}");
    assert_eq!(edited(&raw, "a", "a\nb").unwrap(), raw.replace("\"a\"", "\"a\\n\",\n  \"b\""));
    assert_eq!(edited(&raw, "a", "").unwrap(), raw.replace("[\n  \"a\"\n ]", "[]"));
    // Letters are written as the value, or else the file, has them.
    let raw = file(&[code("\"\\u00e9 a\""), code("\"b\"")].join(","), "{}");
    assert_eq!(edited(&raw, "a", "ü🦆").unwrap(), raw.replace(" a", " \\u00fc\\ud83e\\udd86"));
    assert_eq!(edited(&raw, "b", "ü").unwrap(), raw.replace("\"b\"", "\"\\u00fc\""));
}

#[test]
fn what_cannot_be_written_is_refused() {
    let raw = file(&[code("\"a\""), code("\"b\""), "{\"cell_type\": \"code\"}".into()].join(","), "{}");
    assert_eq!(edited(&raw, "a\nb", "x"), None);
    let (notebook, text) = read(&raw).unwrap();
    assert_eq!(write(&raw, &notebook, &text, &[Edit::insert(4, "x")]), None);
    let overlapping = [Edit::delete(Span::new(0, 1)), Edit::replace(Span::new(0, 1), "x")];
    assert_eq!(write(&raw, &notebook, &text, &overlapping), None);
    // Half a surrogate pair stays as it is, but not in a line that changes.
    let raw = file(&code("[\"\\ud83d a\\n\", \"b\"]"), "{}");
    assert_eq!(edited(&raw, "a", "c"), None);
    assert_eq!(edited(&raw, "b", "c").unwrap(), raw.replace("\"b\"", "\"c\""));
}
