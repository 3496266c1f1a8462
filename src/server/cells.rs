//! Notebooks that are open cell by cell, as they would stand on disk.

use super::buffers::CellText;
use serde_json::{Value, json};

/// The JSON of a notebook with these cells. What an editor does not say of it, its metadata above all, comes from what
/// stands on disk.
pub(super) fn compose(metadata: &Value, cells: &[CellText], on_disk: Option<&[u8]>) -> String {
    let on_disk: Value = on_disk.and_then(|bytes| serde_json::from_slice(bytes).ok()).unwrap_or_default();
    let of_file = [on_disk.get("metadata"), metadata.get("metadata"), Some(metadata)];
    let of_file = of_file.into_iter().flatten().find(|value| value.is_object()).cloned().unwrap_or_else(|| json!({}));
    let language = language(&of_file);
    let cells: Vec<Value> = cells.iter().map(|cell| one(cell, &language)).collect();
    json!({ "cells": cells, "metadata": of_file, "nbformat": 4, "nbformat_minor": 5 }).to_string()
}

/// The language of a notebook as editors call it.
fn language(metadata: &Value) -> String {
    let databricks = metadata.pointer("/application~1vnd.databricks.v1+notebook/language");
    let named = databricks.or_else(|| metadata.pointer("/language_info/name"));
    let named = named.or_else(|| metadata.pointer("/kernelspec/language")).and_then(Value::as_str);
    named.unwrap_or("python").to_ascii_lowercase()
}

fn one(cell: &CellText, default: &str) -> Value {
    let metadata = [cell.metadata.get("metadata"), cell.metadata.pointer("/custom/metadata"), Some(&cell.metadata)];
    let metadata = metadata.into_iter().flatten().find(|value| value.is_object()).cloned().unwrap_or_else(|| json!({}));
    let source = &cell.text.text;
    // What the editor takes for another language is not to be read as the notebook's own, unless a magic says so.
    let own = matches!(cell.text.language.as_str(), "" | "jupyter") || cell.text.language == default;
    let kind = match (cell.is_code, own || source.trim_start().starts_with('%')) {
        (true, true) => "code",
        (true, false) => "raw",
        (false, _) => "markdown",
    };
    if kind == "code" {
        json!({ "cell_type": kind, "execution_count": null, "metadata": metadata, "outputs": [], "source": source })
    } else {
        json!({ "cell_type": kind, "metadata": metadata, "source": source })
    }
}

#[cfg(test)]
mod tests {
    use super::super::buffers::Text;
    use super::*;
    use crate::notebook::{Language, ipynb};

    #[test]
    fn cells_keep_their_languages() {
        let cell = |is_code, language: &str, text: &str| CellText {
            is_code,
            metadata: Value::Null,
            text: Text { uri: String::new(), version: None, language: language.to_owned(), text: text.to_owned() },
        };
        let cells = [
            cell(true, "python", "x = 1"),
            cell(true, "sql", "select 1"),
            cell(true, "sql", "%sql select 1"),
            cell(false, "markdown", "# é"),
            cell(true, "scala", "val x = 1"),
        ];
        let languages = |on_disk: Option<&[u8]>| {
            let (notebook, text) = ipynb::read(&compose(&Value::Null, &cells, on_disk)).unwrap();
            assert_eq!(text, "x = 1\nselect 1\n%sql select 1\n# é\nval x = 1");
            notebook.cells.iter().map(|cell| cell.language).collect::<Vec<_>>()
        };
        let wanted = [Language::Python, Language::Text, Language::Sql, Language::Markdown, Language::Text];
        assert_eq!(languages(None), wanted);
        let sql = br#"{"cells": [], "metadata": {"application/vnd.databricks.v1+notebook": {"language": "sql"}}}"#;
        let wanted = [Language::Text, Language::Sql, Language::Sql, Language::Markdown, Language::Text];
        assert_eq!(languages(Some(sql)), wanted);
    }
}
