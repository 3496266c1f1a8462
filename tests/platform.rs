//! What the platform does with notebook files, case by case.

use brickgate::notebook::magic::MagicKind;
use brickgate::notebook::{CellType, Form, HeaderFault, Language, Notebook, near_header, regions, source};

fn read(text: &str, extension: &str) -> Notebook {
    let notebook = source::read(text, extension).expect("a notebook");
    assert_eq!(source::print(&notebook, text), text);
    let parts: String = source::parts(&notebook, text).iter().map(|part| part.span.of(text)).collect();
    assert_eq!(parts, text);
    notebook
}

fn py(text: &str) -> Notebook {
    read(text, "py")
}

/// A Python notebook of one cell.
fn one(cell: &str) -> (Notebook, String) {
    let text = format!("# Databricks notebook source\n{cell}\n");
    let notebook = py(&text);
    assert_eq!(notebook.cells.len(), 1, "{cell}");
    (notebook, text)
}

fn cells<'a>(notebook: &Notebook, text: &'a str) -> Vec<&'a str> {
    notebook.cells.iter().map(|cell| cell.span.of(text)).collect()
}

fn kinds(notebook: &Notebook) -> Vec<MagicKind> {
    notebook.cells.iter().flat_map(|cell| &cell.magics).map(|magic| magic.kind).collect()
}

fn code(notebook: &Notebook, text: &str) -> Vec<String> {
    regions::python_regions(notebook, text).into_iter().map(|region| region.code.into_owned()).collect()
}

#[test]
fn a01_the_form_of_git_folders_and_of_exports() {
    let git = "# Databricks notebook source\n# MAGIC %md\n# MAGIC # Title\n# MAGIC\n# MAGIC text\n\n\
               # COMMAND ----------\n\n# DBTITLE 1,Load, then show\ndf = spark.range(3)\n\n\
               # COMMAND ----------\n\n# DBTITLE 0,hidden title\n# MAGIC %sql\n# MAGIC SELECT 1\n";
    for text in [git, git.trim_end()] {
        let notebook = py(text);
        let [first, second, third] = notebook.cells.as_slice() else { panic!("three cells") };
        assert_eq!((first.language, first.form), (Language::Markdown, Form::Prefixed));
        assert_eq!(second.body.of(text), "df = spark.range(3)");
        assert_eq!((second.language, second.form), (Language::Python, Form::Plain));
        assert_eq!(notebook.title(text, 1), Some("Load, then show"));
        assert!(second.title.unwrap().shown && !third.title.unwrap().shown);
        assert_eq!(third.language, Language::Sql);
        assert_eq!(third.body.of(text), "# MAGIC %sql\n# MAGIC SELECT 1");
        assert_eq!(notebook.title(text, 2), Some("hidden title"));
        assert_eq!(code(&notebook, text), ["df = spark.range(3)"]);
    }
}

#[test]
fn a02_one_for_each_language() {
    for (extension, sign, language) in [
        ("scala", "//", Language::Scala),
        ("sql", "--", Language::Sql),
        ("r", "#", Language::R),
        ("R", "#", Language::R),
    ] {
        let text = format!(
            "{sign} Databricks notebook source\nx\n\n{sign} COMMAND ----------\n\n{sign} DBTITLE 1,t\n\
             {sign} MAGIC %python\n{sign} MAGIC y = 1\n"
        );
        let notebook = read(&text, extension);
        assert_eq!(notebook.language, language);
        assert_eq!(cells(&notebook, &text)[0], "x");
        assert_eq!(notebook.title(&text, 1), Some("t"));
        assert_eq!(notebook.cells[1].language, Language::Python);
        assert_eq!(code(&notebook, &text), ["\ny = 1"]);
    }
    assert!(source::read("# Databricks notebook source\nSELECT 1\n", "sql").is_none());
    assert!(source::read("# Databricks notebook source\n", "txt").is_none());
}

#[test]
fn a03_the_smallest() {
    for text in ["# Databricks notebook source\n", "# Databricks notebook source", "# Databricks notebook source\r\n"] {
        let notebook = py(text);
        assert_eq!(cells(&notebook, text), [""]);
        assert_eq!(notebook.cells[0].form, Form::Empty);
    }
}

#[test]
fn a04_an_empty_last_cell() {
    for end in ["\n\n\n", "\n\n", "\n", ""] {
        let text = format!("# Databricks notebook source\nx = 1\n\n# COMMAND ----------{end}");
        assert_eq!(cells(&py(&text), &text), ["x = 1", ""]);
    }
}

#[test]
fn a05_blank_magic_lines_old_and_new() {
    for blank in ["# MAGIC", "# MAGIC "] {
        let (notebook, text) = one(&format!("# MAGIC %md\n{blank}\n# MAGIC text"));
        let cell = &notebook.cells[0];
        assert_eq!((cell.form, cell.language), (Form::Prefixed, Language::Markdown));
        assert_eq!(cell.leads().unwrap().span.of(&text), "%md");
        // A blank line may stand before the magic.
        let (notebook, _) = one(&format!("{blank}\n# MAGIC %logstop"));
        assert!(notebook.cells[0].leads().is_some());
    }
}

#[test]
fn a06_blank_lines_of_a_cell() {
    let text = "# Databricks notebook source\nx = 1\n\n\n\n# COMMAND ----------\n\n\n\n# COMMAND ----------\ny\n# COMMAND ----------\n\nz\n";
    assert_eq!(cells(&py(text), text), ["x = 1\n\n", "", "y", "z"]);
    let text = "# Databricks notebook source\n\nx\n\n# COMMAND ----------\n\n\ny\n\n\n";
    assert_eq!(cells(&py(text), text), ["\nx", "\ny\n\n"]);
}

#[test]
fn a07_a08_the_environment_block() {
    let block = "# /// script\n# [tool.databricks.environment]\n# environment_version = \"4\"\n# dependencies = [\n\
                 #   \"requests==2.32.3\",\n# ]\n# ///\n";
    let text = format!("# Databricks notebook source\n{block}# A comment that is already cell 1\nx = 1\n");
    let notebook = py(&text);
    assert_eq!(notebook.environment.unwrap().of(&text), block);
    assert_eq!(cells(&notebook, &text), ["# A comment that is already cell 1\nx = 1"]);

    let sql = block.replace("# ", "-- ");
    let text = format!("-- Databricks notebook source\n{sql}SELECT 1");
    assert_eq!(read(&text, "sql").environment.unwrap().of(&text), sql);

    let open = block.replace("# ///\n", "");
    let text = format!("# Databricks notebook source\n{open}\n# COMMAND ----------\n\n# ///\n");
    let notebook = py(&text);
    assert_eq!(notebook.environment, None);
    assert_eq!(notebook.cells.len(), 2);
}

#[test]
fn a09_the_old_environment_cell() {
    let (notebook, _) = one("# MAGIC %environment\n# MAGIC \"client\": \"1\"\n# MAGIC \"base_environment\": \"\"");
    assert_eq!(kinds(&notebook), [MagicKind::Environment]);
    assert_eq!(notebook.cells[0].language, Language::Text);
}

#[test]
fn a10_bare_magics() {
    use MagicKind::{Install, Line, PythonBody, Shell};
    let cases: &[(&str, &[MagicKind])] = &[
        ("import os\n%pip install -q requests\ndbutils.library.restartPython()", &[Install]),
        ("if not ok:\n    %pip install x", &[Install]),
        ("!ls -l", &[Shell]),
        ("files = %sx ls /tmp", &[Shell]),
        ("x = !ls", &[Shell]),
        ("pip install x", &[Install]),
        ("uv pip install x", &[Install]),
        ("conda install -y x", &[Install]),
        ("df?", &[]),
        ("%%time\nwork()", &[PythonBody]),
        ("%load_ext autoreload\n%autoreload 2", &[Line, Line]),
        ("!deepspeed \\\n  --a \\\n  --b\n!ls", &[Shell, Shell]),
        ("# why\n%pip install x", &[Install]),
        ("ls -lh $DATA", &[Line]),
        // Not magics:
        ("s = '''\n%run ./x\n!ls\n'''", &[]),
        ("x = (a\n% b)", &[]),
        ("x = a \\\n% b", &[]),
        ("x = 'a' \\\n  '%s' % b", &[]),
        ("assert a != b and c == d % e", &[]),
        ("f(a=%s)", &[]),
        ("time = 3", &[]),
        ("env in (1, 2)", &[]),
        ("ls - 1\nx", &[]),
        ("x %= 3\ny = a % b", &[]),
        ("pip = 1\npip_install = 2", &[]),
        ("d = {\n  # don't\n  'a': 1 }\n%pip install x", &[Install]),
    ];
    for (cell, expected) in cases {
        let (notebook, text) = one(cell);
        assert_eq!(kinds(&notebook), *expected, "{cell}");
        assert_eq!(notebook.cells[0].language, Language::Python, "{cell}");
        assert!(notebook.cells[0].magics.iter().all(|magic| magic.live && !magic.prefixed), "{cell}");
        let automagic = ["pip install x", "uv pip install x", "conda install -y x", "ls -lh $DATA"].contains(cell);
        // A cell with nothing left in it has no region.
        let expected = if automagic { Vec::new() } else { vec![*cell] };
        assert_eq!(code(&notebook, &text), expected, "{cell}");
    }
}

#[test]
fn a10_bare_magics_with_odd_indentation_do_not_break_the_code() {
    for (cell, expected) in [
        (" %pip install x\ny = 1", "%pip install x\ny = 1"),
        ("x = 1\n %pip install x\ny = 1", "x = 1\n\ny = 1"),
        ("if a:\n    %pip install x\n", "if a:\n    %pip install x\n"),
        (" x = 1\n y = 2", "x = 1\ny = 2"),
        ("pip install x\ny = 1", "y = 1"),
    ] {
        let (notebook, text) = one(cell);
        assert_eq!(code(&notebook, &text), [expected]);
        for region in regions::python_regions(&notebook, &text) {
            let at = u32::try_from(region.code.find('1').unwrap_or(0)).unwrap();
            let there = region.map.offset(at) as usize;
            assert_eq!(text.as_bytes()[there], region.code.as_bytes()[at as usize], "{cell}");
        }
    }
}

#[test]
fn a11_a_mixed_cell() {
    let (notebook, text) = one("# set-up first\n# MAGIC %run ./setup");
    let cell = &notebook.cells[0];
    assert_eq!((cell.form, cell.language), (Form::Mixed, Language::Python));
    assert!(cell.leads().is_none());
    let [run] = cell.magics.as_slice() else { panic!("one magic") };
    assert_eq!((run.kind, run.live, run.prefixed), (MagicKind::Run, false, true));
    assert_eq!(run.argument.of(&text), "./setup");
    // IPython's own `%run` knows no notebooks.
    let (notebook, _) = one("# set-up first\n%run ./setup");
    assert!(!notebook.cells[0].magics[0].live);
    // A program that writes notebooks.
    let (notebook, _) = one("text = '''\n# MAGIC %run ./setup\n'''");
    assert!(notebook.cells[0].magics.is_empty());
}

#[test]
fn a12_magic_first_code_later() {
    let (notebook, _) = one("# MAGIC %sql SELECT 1\nprint(\"x\")");
    let cell = &notebook.cells[0];
    assert_eq!((cell.form, cell.language), (Form::Mixed, Language::Python));
    assert_eq!(kinds(&notebook), [MagicKind::Language(Language::Sql)]);
    assert!(!cell.magics[0].live);
}

#[test]
fn a13_a_magic_of_the_own_language() {
    let (notebook, text) = one("# MAGIC %python\n# MAGIC x = 1\n# MAGIC\n# MAGIC y = 2");
    let regions = regions::python_regions(&notebook, &text);
    let [region] = regions.as_slice() else { panic!("one region") };
    assert_eq!(region.code, "\nx = 1\n\ny = 2");
    let at = u32::try_from(region.code.find("y = 2").unwrap()).unwrap();
    assert_eq!(region.map.span(at, at + 5).of(&text), "y = 2");
    let (notebook, text) = one("# MAGIC %py print(1)\n# MAGIC print(2)");
    assert_eq!(code(&notebook, &text), ["print(1)\nprint(2)"]);
}

#[test]
fn a14_a_skipped_cell_and_other_bodies() {
    for (cell, language) in [
        ("# MAGIC %skip\n# MAGIC anything ( unbalanced", Language::Text),
        ("# MAGIC %%writefile x.txt\n# MAGIC it's", Language::Text),
        ("# MAGIC %run ./x\n# MAGIC nothing (", Language::Text),
        ("# MAGIC %python\n# MAGIC %%mosaic_kepler\n# MAGIC a b c", Language::Text),
        ("# MAGIC %%mosaic_kepler\n# MAGIC a b c", Language::Text),
        ("# MAGIC %%bash\n# MAGIC ls", Language::Shell),
        ("# MAGIC %sh ls", Language::Shell),
        ("# MAGIC %md-sandbox <b>", Language::Markdown),
        ("# MAGIC %md# Title", Language::Markdown),
        ("# MAGIC %md %md # title", Language::Markdown),
        ("# MAGIC %fs ls", Language::Fs),
        (" %sql\n SELECT 1", Language::Sql),
        ("%sql\nSELECT 1", Language::Sql),
        ("%scala\nval x = 1", Language::Scala),
        ("#MAGIC %md\n#MAGIC text", Language::Markdown),
    ] {
        let (notebook, text) = one(cell);
        assert_eq!(notebook.cells[0].language, language, "{cell}");
        assert_eq!(code(&notebook, &text), Vec::<String>::new(), "{cell}");
    }
}

#[test]
fn a14_python_behind_magic_lines() {
    for (cell, expected) in [
        (
            "# MAGIC %pip install x\n# MAGIC dbutils.library.restartPython()",
            "%pip install x\ndbutils.library.restartPython()",
        ),
        ("# MAGIC #%pip install x", "#%pip install x"),
        ("# MAGIC %%time\n# MAGIC work()", "%%time\nwork()"),
        ("# MAGIC %python\n# MAGIC %%time\n# MAGIC work()", "\n%%time\nwork()"),
        ("# MAGIC !ls \\\n# MAGIC   -l\n# MAGIC x = 1", "!ls \\\n  -l\nx = 1"),
    ] {
        let (notebook, text) = one(cell);
        assert_eq!(code(&notebook, &text), [expected], "{cell}");
    }
    // An indented prefix is a comment.
    let (notebook, _) = one(" # MAGIC %md");
    assert_eq!((notebook.cells[0].form, notebook.cells[0].magics.len()), (Form::Plain, 0));
}

#[test]
fn a15_not_notebooks() {
    let cases = [
        ("\u{feff}# Databricks notebook source\n", HeaderFault::ByteOrderMark),
        (" # Databricks notebook source\n", HeaderFault::Blanks),
        ("# Databricks notebook source \n", HeaderFault::Blanks),
        ("#!/usr/bin/env python\n# Databricks notebook source\n", HeaderFault::NotFirst),
        ("# Copyright\n#\n# Databricks notebook source\nx = 1\n", HeaderFault::NotFirst),
        ("\n# Databricks notebook source\n", HeaderFault::NotFirst),
        ("# databricks notebook source\n", HeaderFault::Case),
        ("# # Databricks notebook source\n", HeaderFault::Spelling),
        ("#Databricks notebook source\n", HeaderFault::Spelling),
        ("-- Databricks notebook source\n", HeaderFault::Comment),
    ];
    for (text, fault) in cases {
        assert!(source::read(text, "py").is_none(), "{text:?}");
        let near = near_header(text, "py").unwrap_or_else(|| panic!("{text:?}"));
        assert_eq!(near.fault, fault, "{text:?}");
        assert_eq!(near.correct, "# Databricks notebook source");
        assert!(near.span.of(text).to_lowercase().contains("databricks"));
        assert!(!near.evident);
    }
    assert!(near_header("# databricks notebook source\n\n# COMMAND ----------\n", "py").unwrap().evident);
    for text in [
        "",
        "x = 1\n# Databricks notebook source\n",
        "# Every Databricks notebook source file starts with a header\n",
        "\"\"\"\n# Databricks notebook source\n\"\"\"\n",
        "HEADER = '# Databricks notebook source'\n",
    ] {
        assert_eq!(near_header(text, "py"), None, "{text:?}");
    }
}

#[test]
fn a16_windows_line_ends() {
    let text = "# Databricks notebook source\r\n# MAGIC %md\r\n# MAGIC\r\n\r\n# COMMAND ----------\r\n\r\nx = 1\r\n\r\n\
                # COMMAND ----------\r\n\r\n# DBTITLE 1,t\r\n# MAGIC %python\r\n# MAGIC y = 1\r\n";
    let notebook = py(text);
    assert_eq!(cells(&notebook, text)[1], "x = 1");
    assert_eq!(notebook.title(text, 2), Some("t"));
    assert_eq!(notebook.cells[0].leads().unwrap().name.of(text), "md");
    assert_eq!(code(&notebook, text), ["x = 1", "\r\ny = 1"]);
}

#[test]
fn a17_near_separators_do_not_split() {
    for near in [
        "# COMMAND ---------",
        "# COMMAND -----------",
        "#COMMAND ----------",
        "  # COMMAND ----------",
        "// COMMAND ----------",
        "# COMMAND  ----------",
        "# COMMAND ---------- ",
        "# Command ----------",
    ] {
        let (notebook, text) = one(&format!("x = 1\n\n{near}\n\ny = 2"));
        assert_eq!(notebook.near_separators.iter().map(|span| span.of(&text)).collect::<Vec<_>>(), [near]);
    }
    for other in [
        "# -----------",
        "# COMMAND line options ----------",
        "x = '# COMMAND ---------'",
        "t = '''\n  # COMMAND ----------\n'''",
    ] {
        assert!(one(other).0.near_separators.is_empty(), "{other}");
    }
}

#[test]
fn a18_a_separator_behind_magic_does_not_split() {
    let (notebook, _) = one("# MAGIC %%writefile x.py\n# MAGIC # COMMAND ----------\n# MAGIC x = 1");
    assert!(notebook.near_separators.is_empty());
}

#[test]
fn a19_a_separator_splits_wherever_it_stands() {
    let text = "# Databricks notebook source\nx = '''\n# COMMAND ----------\n'''\n";
    assert_eq!(cells(&py(text), text), ["x = '''", "'''"]);
}

#[test]
fn a20_ends_of_cells_stay_as_they_are() {
    let (notebook, text) = one("await f()\ndisplay(df);");
    assert_eq!(code(&notebook, &text), ["await f()\ndisplay(df);"]);
    assert!(regions::python_regions(&notebook, &text).iter().all(|region| region.ipython));
    assert_eq!(notebook.cells[0].cell_type, CellType::Code);
}
