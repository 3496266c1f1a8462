//! The laws of formatting, over generated and mangled notebooks and modules.

use brickgate::format::{Formatted, Plan, format};
use brickgate::notebook::{Cell, Form, Language, Notebook, ipynb, source};
use brickgate::python::format::{Quotes, Style};
use brickgate::python::imports::{Imports, Order};
use proptest::prelude::*;

/// Pieces of notebooks: code in many shapes, magics, and what only looks like either.
const LINES: &[&str] = &[
    "",
    "",
    "   ",
    "x=1",
    "x = 1;",
    "import os, sys",
    "from b import z, A",
    "import a  # why",
    "def f( a,b=2 ):",
    "    return {'a':1,'b' : [1,2,3,],}",
    "  y=f( 1 )",
    "class C( ): pass",
    "if a :",
    "\tb( )",
    "'''",
    "\"\"\"Doc  ",
    "f(",
    ")",
    "very_long_name_of_a_function(argument_number_one, argument_number_two, argument_number_three, four)",
    "# fmt: off",
    "# fmt: on",
    "x  = 1  # fmt: skip",
    "#comment",
    "s = 'ü' \"é\"",
    "await f( )",
    "df.select('a').where( col('b')>1 ).show?",
    "df.to_*?",
    "%pip install x \\",
    "%pip install   y",
    "  %autoreload 2",
    "!ls  -l",
    "z=!ls",
    "z = %sx ls",
    "pip install q",
    "%%time",
    "%sql",
    "%run ./x",
    "# MAGIC",
    "# MAGIC ",
    "# MAGIC    ",
    "# MAGIC %md",
    "# MAGIC %sql SELECT  1",
    "# MAGIC %python",
    "# MAGIC %python x=1",
    "# MAGIC %pip install x",
    "# MAGIC %skip",
    "# MAGIC def g( ):",
    "# MAGIC   return  1",
    "# MAGIC text 🦆  ",
    "#MAGIC %run ./x",
    "#COMMAND ----------",
    "#DBTITLE 1,no",
    "# DBTITLE 1,A title",
    "# DBTITLE 0,",
    "# COMMAND ----------",
    "# COMMAND ----------",
    "# COMMAND ----------",
    "# COMMAND ---------- ",
    "# /// script",
    "# ///",
    "#Databricks notebook source",
    "-- MAGIC %python",
    "-- MAGIC x=1",
    "-- COMMAND ----------",
    "SELECT  *   FROM t",
    "\u{c}",
    "\u{2028}",
];

fn lines() -> impl Strategy<Value = String> {
    let line = (proptest::sample::select(LINES), proptest::sample::select(vec!["\n", "\n", "\n", "\n", "\r\n"]));
    (proptest::collection::vec(line, 0..28), 0_usize..3).prop_map(|(lines, ending)| {
        let mut text: String = lines.iter().flat_map(|(line, end)| [*line, *end]).collect();
        match ending {
            0 => text = text.replace("\r\n", "\n"),
            1 => text = text.replace("\r\n", "\n").replace('\n', "\r\n"),
            _ => text.truncate(text.trim_end_matches(['\r', '\n']).len()),
        }
        text
    })
}

fn styles() -> impl Strategy<Value = Style> {
    (any::<bool>(), any::<bool>(), 20_u16..120).prop_map(|(single, tabs, line_length)| Style {
        quotes: if single { Quotes::Single } else { Quotes::Double },
        tabs,
        line_length,
        ..Style::default()
    })
}

fn formatted(text: &str, extension: &str, plan: &Plan<'_>) -> Formatted {
    let done = format(text, extension, plan).unwrap().unwrap_or_default();
    assert!(!done.left.iter().any(|left| left.fault), "{:?} in {text:?}", done.left);
    done
}

/// A line without the blank that old writers left on blank `MAGIC` lines, and without whitespace that is all of it.
fn bare(line: &str) -> &str {
    let line = line.trim_end_matches('\r');
    if line.bytes().all(|byte| matches!(byte, b' ' | b'\t' | 0x0C)) {
        return "";
    }
    if ["# MAGIC", "-- MAGIC", "// MAGIC"].contains(&line.trim_end()) { line.trim_end() } else { line }
}

fn facts(notebook: &Notebook, cell: &Cell, text: &str) -> (Form, Language, Option<(String, bool)>, Vec<String>) {
    let title = cell.title.map(|title| (title.text.of(text).to_owned(), title.shown));
    let magics = cell.magics.iter().map(|magic| magic.span.of(text).replace("\r\n", "\n"));
    let _ = notebook;
    (cell.form, cell.language, title, magics.collect())
}

fn check_source(text: &str, extension: &str, plan: &Plan<'_>) {
    let Some(before) = source::read(text, extension) else { return };
    let done = formatted(text, extension, plan);
    let Some(new) = done.text else { return };
    let after = source::read(&new, extension).unwrap();
    assert_eq!(before.cells.len(), after.cells.len(), "{text:?}\n{new:?}");
    for (old, cell) in before.cells.iter().zip(&after.cells) {
        assert_eq!(facts(&before, old, text), facts(&after, cell, &new), "{text:?}\n{new:?}");
        if old.language != Language::Python && old.form == Form::Prefixed {
            let lines = |body: &str| body.trim().lines().map(|line| bare(line).to_owned()).collect::<Vec<_>>();
            assert_eq!(lines(old.body.of(text)), lines(cell.body.of(&new)), "{text:?}");
        }
    }
    let again = formatted(&new, extension, plan);
    assert_eq!(again.text, None, "not settled: {text:?}\nfirst {new:?}");
    assert!(new.ends_with('\n'));
}

/// The JSON of a notebook with these cells.
fn json(cells: &[String], indent: usize) -> String {
    let pad = " ".repeat(indent);
    let cells: Vec<String> = cells
        .iter()
        .map(|cell| {
            let lines: Vec<String> =
                cell.split_inclusive('\n').map(|line| serde_json::to_string(line).unwrap()).collect();
            format!(
                "{pad}{{\"cell_type\": \"code\", \"metadata\": {{\"é\": 1}},\n{pad}\"outputs\": [], \"source\": [{}]}}",
                lines.join(",\n")
            )
        })
        .collect();
    format!(
        "{{\n\"cells\": [\n{}\n],\n\"metadata\": {{}}, \"nbformat\": 4, \"nbformat_minor\": 0}}\n",
        cells.join(",\n")
    )
}

/// What the laws have found: texts that the formatter or the layout would change a second time.
#[test]
fn what_settles_late() {
    let narrow = Style { line_length: 20, ..Style::default() };
    let plan = Plan { style: Some(&narrow), ..Plan::default() };
    let header = "# Databricks notebook source\n";
    for body in [
        "%pip install x \\\n%pip install x \\\n",
        "\n%pip install x \\\n\u{c}\n# COMMAND ----------\n",
        "# MAGIC\n\u{c}\n#MAGIC %run ./x\n",
        "%pip install x \\\r\n    return {'a':1,'b' : [1,2,3,],}\n# MAGIC text\n",
        "# fmt: off\ndef f( ):\n  x\n# fmt: on\n\u{c}\ny  = 1\n",
    ] {
        check_source(&format!("{header}{body}"), "py", &plan);
    }
    for cells in [
        ["'''\r\n", "    return {'a':1,'b' : [1,2,3,],}\n", ""],
        ["\r\n", "%pip install x \\\n   \n# MAGIC\n", ""],
        ["s = 'ü' \"é\"\r\n", "\ndef f( a,b=2 ):\n", "class C( ): pass\n"],
        ["%pip install x \\\r\n", "", ""],
    ] {
        let raw = json(&cells.map(str::to_owned), 0);
        if let Some(new) = formatted(&raw, "ipynb", &plan).text {
            assert_eq!(formatted(&new, "ipynb", &plan).text, None, "not settled: {new}");
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn source_notebooks(body in lines(), style in styles(), sorts in any::<bool>(), only in any::<bool>()) {
        let order = Order::default();
        let imports = sorts.then_some(Imports { order: &order, is_ours: &|_| false });
        for (extension, header) in [("py", "# Databricks notebook source"), ("sql", "-- Databricks notebook source")] {
            for end in ["\n", "\r\n"] {
                let text = format!("{header}{end}{body}");
                check_source(&text, extension, &Plan { style: Some(&style), imports, ..Plan::default() });
                if only {
                    let plan = Plan { style: Some(&style), lines: Some((3, 5)), ..Plan::default() };
                    formatted(&text, extension, &plan);
                }
            }
        }
        check_source("# Databricks notebook source", "py", &Plan { style: Some(&style), ..Plan::default() });
    }

    #[test]
    fn modules(body in lines(), style in styles(), sorts in any::<bool>()) {
        let order = Order::default();
        let imports = sorts.then_some(Imports { order: &order, is_ours: &|_| false });
        let plan = Plan { style: Some(&style), imports, ..Plan::default() };
        let done = formatted(&body, "py", &plan);
        if let Some(new) = done.text {
            prop_assert!(source::read(&new, "py").is_none(), "{body:?} became a notebook");
            prop_assert_eq!(formatted(&new, "py", &plan).text, None, "not settled: {:?}\n{:?}", body, new);
        }
    }

    #[test]
    fn jupyter(cells in proptest::collection::vec(lines(), 0..4), indent in 0_usize..3, style in styles()) {
        let raw = json(&cells, indent);
        let plan = Plan { style: Some(&style), ..Plan::default() };
        let done = formatted(&raw, "ipynb", &plan);
        if let Some(new) = done.text {
            let (before, old) = ipynb::read(&raw).unwrap();
            let (after, joined) = ipynb::read(&new).unwrap();
            prop_assert_eq!(before.cells.len(), after.cells.len());
            for (cell, other) in before.cells.iter().zip(&after.cells) {
                if cell.language != Language::Python && cell.leads().is_none_or(|lead| lead.name.of(&old) != "run") {
                    prop_assert_eq!(cell.span.of(&old), other.span.of(&joined));
                }
            }
            // What stands around the sources is the same.
            let around = |raw: &str, notebook: &Notebook| {
                let mut at = 0;
                let mut out = String::new();
                for cell in &notebook.json.as_ref().unwrap().cells {
                    out.push_str(raw.get(at..cell.source.start as usize).unwrap());
                    at = cell.source.end as usize;
                }
                out + raw.get(at..).unwrap()
            };
            prop_assert_eq!(around(&raw, &before), around(&new, &after));
            prop_assert_eq!(formatted(&new, "ipynb", &plan).text, None, "not settled: {:?}", new);
        }
    }

    /// A notebook as the platform writes it, whose code is formatted, is the platform's and stays as it is.
    #[test]
    fn the_platforms_own_form(
        cells in proptest::collection::vec(proptest::sample::select(vec![
            "", "x = 1", "# DBTITLE 1,Load, then show\ndf = spark.range(3)", "# DBTITLE 0,hidden\n# MAGIC %sql\n# MAGIC SELECT  1",
            "# MAGIC %md\n# MAGIC # Title  \n# MAGIC\n# MAGIC text", "# MAGIC %run ./x $a=\"1\"", "%pip install x\nimport y",
            "if a:\n    %pip install a", "# MAGIC %python\n# MAGIC def f():\n# MAGIC     return 1", "files = !ls\ndisplay(1);",
            "# MAGIC %sh\n# MAGIC ls   \n# MAGIC  pwd", "# MAGIC %%writefile f\n# MAGIC x=1", "def f():\n    pass\n\n\nf()",
            "# MAGIC %skip\n# MAGIC any  thing(", "# just a comment", "broken(\n  as it is",
        ]), 1..12),
        block in any::<bool>(),
    ) {
        let block = if block { "# /// script\n# [tool.databricks.environment]\n# environment_version = \"5\"\n# ///\n" } else { "" };
        let text = format!("# Databricks notebook source\n{block}{}\n", cells.join("\n\n# COMMAND ----------\n\n"));
        let done = formatted(&text, "py", &Plan { style: Some(&Style::default()), ..Plan::default() });
        prop_assert_eq!(done.text, None, "{}", text);
        let broken = cells.iter().filter(|cell| cell.starts_with("broken")).count();
        prop_assert_eq!(done.left.len(), broken);
    }
}
