//! Properties that hold for every input: generated notebooks, and mangled ones.

use brickgate::notebook::{Format, Notebook, ipynb, near_header, regions, source};
use brickgate::text::edit::Edit;
use brickgate::text::{Span, region::Region};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Lines that notebooks are made of, and some that only look like it.
const LINES: &[&str] = &[
    "",
    "",
    "x = 1",
    "    return ü",
    "if a:",
    "'''",
    "f(",
    ")",
    "# MAGIC",
    "# MAGIC ",
    "# MAGIC %md",
    "# MAGIC %sql SELECT 1",
    "# MAGIC %python",
    "# MAGIC %pip install x \\",
    "# MAGIC   text 🦆",
    "#MAGIC %run ./x",
    " %sql",
    "%run ./x",
    "%pip install x \\",
    "  %autoreload 2",
    "!ls",
    "x = !ls",
    "pip install x",
    "%%time",
    "%",
    "# DBTITLE 1,A title",
    "# DBTITLE 0,",
    "# COMMAND ----------",
    "# COMMAND ----------",
    "# COMMAND ---------- ",
    " # COMMAND -----------",
    "-- COMMAND ----------",
    "// COMMAND ----------",
    "-- MAGIC %python",
    "// MAGIC %md",
    "# /// script",
    "# ///",
    "# Databricks notebook source",
    "\u{feff}",
    "\0",
    "\u{2028}",
];

const HEADERS: &[(&str, &str)] = &[
    ("py", "# Databricks notebook source"),
    ("sql", "-- Databricks notebook source"),
    ("scala", "// Databricks notebook source"),
    ("R", "# Databricks notebook source"),
];

fn body() -> impl Strategy<Value = String> {
    let line = (proptest::sample::select(LINES), proptest::sample::select(vec!["\n", "\n", "\n", "\r\n", "\r"]));
    (proptest::collection::vec(line, 0..24), any::<bool>()).prop_map(|(lines, newline)| {
        let mut text: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        if !newline {
            text.truncate(text.trim_end_matches(['\r', '\n']).len());
        }
        text
    })
}

fn check_source(text: &str, notebook: &Notebook) {
    assert_eq!(source::print(notebook, text), text);
    let mut at = 0;
    for part in source::parts(notebook, text) {
        assert_eq!(part.span.start, at);
        at = part.span.end;
    }
    assert_eq!(at as usize, text.len());
}

fn check_cells(text: &str, notebook: &Notebook) {
    let fits = |span: Span| assert!(text.get(span.range()).is_some(), "{span:?} in {text:?}");
    fits(notebook.header);
    notebook.environment.into_iter().chain(notebook.near_separators.iter().copied()).for_each(fits);
    let mut end = notebook.environment.map_or(notebook.header.end, |block| block.end);
    for (index, cell) in notebook.cells.iter().enumerate() {
        fits(cell.span);
        assert!(end <= cell.span.start, "cells in order: {text:?}");
        assert!(cell.span.covers(cell.body));
        assert_eq!(notebook.cell_at(cell.span.start), Some(index), "{text:?}");
        end = cell.span.end;
        let mut magic_end = 0;
        for magic in &cell.magics {
            for span in [magic.span, magic.name, magic.argument] {
                fits(span);
            }
            assert!(cell.body.covers(magic.span) && magic.span.covers(magic.name) && magic.span.covers(magic.argument));
            assert!(magic_end <= magic.span.start, "magics in order: {text:?}");
            magic_end = magic.span.end;
        }
        if let Some(title) = cell.title {
            fits(title.line);
            fits(title.text);
            notebook.title(text, index);
        }
    }
    assert!(end as usize <= text.len());
}

fn check_region(text: &str, region: &Region<'_>) {
    for (at, byte) in region.code.bytes().enumerate() {
        let there = region.map.offset(u32::try_from(at).unwrap()) as usize;
        assert_eq!(text.as_bytes().get(there), Some(&byte), "{text:?}");
    }
}

fn check(text: &str, notebook: &Notebook) {
    check_cells(text, notebook);
    for region in regions::python_regions(notebook, text) {
        check_region(text, &region);
    }
}

/// An `.ipynb` of these sources, as arrays of lines or strings.
fn json(sources: &[String], arrays: bool, escaped: bool) -> String {
    let quote = |text: &str| {
        let literal = serde_json::to_string(text).unwrap();
        if !escaped {
            return literal;
        }
        let mut out = String::new();
        for c in literal.chars() {
            if c.is_ascii() {
                out.push(c);
            } else {
                c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| write!(out, "\\u{unit:04x}").unwrap());
            }
        }
        out
    };
    let cells: Vec<String> = sources
        .iter()
        .map(|source| {
            let lines: Vec<String> = source.split_inclusive('\n').map(quote).collect();
            let value = match (arrays, lines.is_empty()) {
                (false, _) => quote(source),
                (true, true) => "[]".to_owned(),
                (true, false) => format!("[\n    {}\n   ]", lines.join(",\n    ")),
            };
            format!("  {{\n   \"cell_type\": \"code\",\n   \"source\": {value},\n   \"outputs\": [] }}")
        })
        .collect();
    format!(
        "{{\n \"cells\": [\n{}\n ],\n \"metadata\": {{}},\n \"nbformat\": 4,\n \"nbformat_minor\": 0\n}}\n",
        cells.join(",\n")
    )
}

fn sources(notebook: &Notebook, text: &str) -> Vec<String> {
    notebook.cells.iter().map(|cell| cell.span.of(text).to_owned()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_source_notebook_prints_as_it_was_read(
        (extension, header) in proptest::sample::select(HEADERS),
        end in proptest::sample::select(vec!["\n", "\r\n"]),
        body in body(),
    ) {
        let text = format!("{header}{end}{body}");
        let notebook = source::read(&text, extension).expect("a notebook");
        check_source(&text, &notebook);
        check(&text, &notebook);
    }

    #[test]
    fn any_text_is_read_or_refused(
        text in prop_oneof![body(), any::<String>()],
        extension in proptest::sample::select(vec!["py", "sql", "scala", "r", "ipynb", ""]),
    ) {
        if let Some(notebook) = source::read(&text, extension) {
            check_source(&text, &notebook);
            check(&text, &notebook);
        } else if let Some(near) = near_header(&text, extension) {
            assert!(text.get(near.span.range()).is_some());
        }
        if let Err(error) = ipynb::read(&text) {
            assert!(text.is_char_boundary(error.offset as usize));
        }
    }

    #[test]
    fn an_ipynb_without_edits_stays_as_it_is(
        cells in proptest::collection::vec(body(), 0..5),
        arrays in any::<bool>(),
        escaped in any::<bool>(),
    ) {
        let raw = json(&cells, arrays, escaped);
        let (notebook, text) = ipynb::read(&raw).expect("a notebook");
        prop_assert_eq!(sources(&notebook, &text), cells);
        check(&text, &notebook);
        let written = ipynb::write(&raw, &notebook, &text, &[]);
        prop_assert_eq!(written.as_deref(), Some(raw.as_str()));
    }

    #[test]
    fn an_edited_ipynb_reads_as_edited(
        cells in proptest::collection::vec(body(), 1..4),
        arrays in any::<bool>(),
        escaped in any::<bool>(),
        which in any::<proptest::sample::Index>(),
        (from, to) in (any::<proptest::sample::Index>(), any::<proptest::sample::Index>()),
        insert in body(),
    ) {
        let raw = json(&cells, arrays, escaped);
        let (notebook, text) = ipynb::read(&raw).expect("a notebook");
        let index = which.index(cells.len());
        let cell = notebook.cells[index].span;
        let places: Vec<usize> = (0..=cell.len() as usize).filter(|at| cell.of(&text).is_char_boundary(*at)).collect();
        let (a, b) = (places[from.index(places.len())], places[to.index(places.len())]);
        let (start, end) = (cell.start + u32::try_from(a.min(b)).unwrap(), cell.start + u32::try_from(a.max(b)).unwrap());
        let edit = Edit::replace(Span::new(start, end), insert.clone());
        let mut expected = cells.clone();
        expected[index].replace_range(a.min(b)..a.max(b), &insert);
        let written = ipynb::write(&raw, &notebook, &text, &[edit]).expect("one cell");
        let (again, text) = ipynb::read(&written).expect("a notebook");
        prop_assert_eq!(sources(&again, &text), expected.clone());
        // The whole file is what a writer of that style would have made, so nothing else was touched.
        // (A file with no letter beyond ASCII, or with no array of lines, does not say how it writes them.)
        let says_style = !escaped || cells.iter().any(|cell| !cell.is_ascii());
        let says_gaps = !arrays || cells.iter().any(|cell| !cell.is_empty());
        if says_style && says_gaps {
            prop_assert_eq!(written, json(&expected, arrays, escaped));
        }
    }

    #[test]
    fn a_mangled_ipynb_is_read_or_refused(
        cells in proptest::collection::vec(body(), 0..3),
        cut in any::<proptest::sample::Index>(),
        insert in proptest::sample::select(vec!["", "{", "]", "\"", "\\ud83d", "null", "🦆", "\0"]),
    ) {
        let raw = json(&cells, true, false);
        let mut at = cut.index(raw.len());
        while !raw.is_char_boundary(at) {
            at -= 1;
        }
        for mangled in [format!("{}{insert}{}", &raw[..at], &raw[at..]), format!("{}{insert}", &raw[..at])] {
            match ipynb::read(&mangled) {
                Ok((notebook, text)) => {
                    check(&text, &notebook);
                    let written = ipynb::write(&mangled, &notebook, &text, &[]);
                    prop_assert_eq!(written, Some(mangled));
                }
                Err(error) => prop_assert!(mangled.is_char_boundary(error.offset as usize)),
            }
        }
    }
}

fn files(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() { files(&path, found) } else { found.push(path) }
    }
}

/// Every notebook below the folder that `BRICKGATE_CORPORA` names.
#[test]
fn real_notebooks_print_as_they_were_read() {
    let Some(folder) = std::env::var_os("BRICKGATE_CORPORA") else {
        println!("skipped: set BRICKGATE_CORPORA to a folder with repositories");
        return;
    };
    let mut paths = Vec::new();
    files(Path::new(&folder), &mut paths);
    let (mut source_count, mut ipynb_count) = (0, 0);
    for path in paths {
        let Ok(raw) = std::fs::read_to_string(&path) else { continue };
        let extension = path.extension().and_then(|extension| extension.to_str()).unwrap_or_default();
        if extension == "ipynb" {
            let (notebook, text) = ipynb::read(&raw).unwrap_or_else(|error| panic!("{}: {error:?}", path.display()));
            check(&text, &notebook);
            let written = ipynb::write(&raw, &notebook, &text, &[]);
            assert!(written.as_ref() == Some(&raw), "{}", path.display());
            ipynb_count += 1;
        } else if let Some(notebook) = source::read(&raw, extension) {
            assert_eq!(notebook.format, Format::Source);
            check_source(&raw, &notebook);
            check(&raw, &notebook);
            source_count += 1;
        }
    }
    println!("{source_count} source notebooks and {ipynb_count} .ipynb files came back byte for byte");
    assert!(source_count + ipynb_count > 0, "no notebooks in that folder");
}
