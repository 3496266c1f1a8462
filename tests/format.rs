//! `brickgate format`, the real binary on small repositories: what is written, what is said, and what never happens.

use crate::toy::{Place, finish};
use std::fs;
use std::process::{Command, Stdio};

impl Place {
    /// What becomes of `text` in the file `path`, by way of stdin.
    #[track_caller]
    fn formatted(&self, path: &str, text: &str) -> String {
        self.stdin(&["format", "--stdin-filename", path, "-"], text).expect(0).out
    }
}

/// A notebook with these cells, laid out as the platform does.
fn notebook(cells: &[&str]) -> String {
    format!("# Databricks notebook source\n{}\n", cells.join("\n\n# COMMAND ----------\n\n"))
}

#[test]
fn writes_checks_and_shows() {
    let place = Place::new(&[
        ("jobs/daily.py", &notebook(&["x=1;", "# MAGIC %sql\n# MAGIC SELECT  1", "%pip install a\ny = 'b'"])),
        ("lib/helpers.py", "def f( a ):\n    return a\n"),
        ("lib/done.py", "x = 1\n"),
        ("Main.scala", "val x  = 1\n"),
        ("databricks.yml", "bundle:   {name: b}\n"),
    ]);
    let before = place.read("jobs/daily.py");
    place
        .run(&["format", "--check"])
        .expect(1)
        .says("would reformat jobs/daily.py\nwould reformat lib/helpers.py\n")
        .warns("2 files would be reformatted, 1 already formatted");
    let diff = place.run(&["format", "--diff", "lib"]).expect(1);
    assert!(diff.out.contains("-def f( a ):\n+def f(a):\n"), "{}", diff.out);
    assert_eq!(place.read("jobs/daily.py"), before);
    let modified = |path: &str| fs::metadata(place.top.join(path)).unwrap().modified().unwrap();
    let times = (modified("lib/done.py"), modified("Main.scala"));
    place.run(&["format"]).expect(0).warns("2 files reformatted, 1 already formatted");
    assert_eq!(
        place.read("jobs/daily.py"),
        notebook(&["x = 1;", "# MAGIC %sql\n# MAGIC SELECT  1", "%pip install a\ny = \"b\""])
    );
    assert_eq!(times, (modified("lib/done.py"), modified("Main.scala")), "what stays is not touched");
    place.run(&["format", "--check"]).expect(0).warns("3 files already formatted");
    place.run(&["format", "Main.scala"]).expect(0).warns("there is nothing to format here");
    place.run(&["format", "none.py"]).expect(2).warns("none.py: no such file");
}

#[test]
fn the_layout_of_source_notebooks() {
    let place = Place::new(&[]);
    let messy = "# Databricks notebook source\n\n\n# DBTITLE 1,Load,  then show\nx=1\n# COMMAND ----------\n\n\n\n\
                 # MAGIC %md\n# MAGIC text  \n# MAGIC \n# MAGIC more\n\n\n# COMMAND ----------\n# MAGIC %python\n# MAGIC\n\
                 # MAGIC y=[1,\n# MAGIC   2]\n# COMMAND ----------\n";
    // The title stands behind blank lines, so it is none, and must not become one.
    let expected = "# Databricks notebook source\n\n\n# DBTITLE 1,Load,  then show\nx=1\n\n# COMMAND ----------\n\n\
                    # MAGIC %md\n# MAGIC text  \n# MAGIC\n# MAGIC more\n\n# COMMAND ----------\n\n# MAGIC %python\n\
                    # MAGIC y = [1, 2]\n\n# COMMAND ----------\n\n\n";
    assert_eq!(place.formatted("a.py", messy), expected);
    let empty =
        "# Databricks notebook source\n\n\n# COMMAND ----------\n\n# DBTITLE 1,t\n\n\n# COMMAND ----------\n\nx\n";
    assert_eq!(place.formatted("a.py", empty), empty);
    assert_eq!(place.formatted("a.py", "# Databricks notebook source"), "# Databricks notebook source\n");
    assert_eq!(
        place.formatted("a.py", &notebook(&["x=1"]).replace('\n', "\r\n")),
        notebook(&["x = 1"]).replace('\n', "\r\n")
    );
    let block = "# Databricks notebook source\n# /// script\n# [tool.databricks.environment]\n# environment_version = \"5\"\n\
                 # ///\n\n\nx=1\n";
    assert_eq!(place.formatted("a.py", block), block.replace("\n\n\nx=1", "\nx = 1"));
    let sql =
        "-- Databricks notebook source\n\nSELECT  1  \n\n\n-- COMMAND ----------\n-- MAGIC %python\n-- MAGIC x=1\n";
    let expected =
        "-- Databricks notebook source\nSELECT  1  \n\n-- COMMAND ----------\n\n-- MAGIC %python\n-- MAGIC x = 1\n";
    assert_eq!(place.formatted("a.sql", sql), expected);
    let scala = "// Databricks notebook source\nval x  = 1\n// COMMAND ----------\n// MAGIC %md hi\n";
    assert_eq!(place.formatted("a.scala", scala), scala.replace("1\n//", "1\n\n//").replace("-\n//", "-\n\n//"));
}

#[test]
fn what_is_no_python_stays() {
    let place = Place::new(&[]);
    for cell in [
        "# MAGIC %md\n# MAGIC a  b   \n# MAGIC     code",
        "# MAGIC %sh\n# MAGIC ls   -l   \n# MAGIC   \n# MAGIC  x=1",
        "# MAGIC %skip\n# MAGIC x=1",
        "# MAGIC %%writefile f.py\n# MAGIC x=1",
        "# MAGIC %run ./x $a=\"1\"\n# MAGIC x=1",
        "# MAGIC %fs ls   /tmp",
        "# MAGIC %scala\n# MAGIC val x=1",
        "# MAGIC %environment\n# MAGIC \"client\": \"1\"",
        "%sql\nselect  1",
    ] {
        let text = notebook(&[cell]);
        assert_eq!(place.formatted("a.py", &text), text);
    }
    // These would become a separator, a title and a magic.
    for cell in ["x = 1\n#COMMAND ----------\ny = 2", "#DBTITLE 1,t\nx = 1", "#MAGIC %sql\n#MAGIC select 1"] {
        let text = notebook(&["y = 1", cell]);
        assert_eq!(place.formatted("a.py", &text), text);
    }
    assert_eq!(
        place.formatted("a.py", &notebook(&["# fmt: off\nx=1\n# fmt: on\ny=2", "a  = [\n1]  # fmt: skip"])),
        notebook(&["# fmt: off\nx=1\n# fmt: on\ny = 2", "a  = [\n1]  # fmt: skip"])
    );
    let first =
        place.stdin(&["format", "--stdin-filename", "m.py", "-"], "#Databricks notebook source\nx=1\n").expect(2);
    assert_eq!(first.out, "#Databricks notebook source\nx=1\n");
}

#[test]
fn cells_that_do_not_parse_stay_and_are_named() {
    let place = Place::new(&[("a.py", &notebook(&["x = (1", "y=2"])), ("m.py", "def f(:\n"), ("b.ipynb", BROKEN_JSON)]);
    let text = place.read("a.py");
    place
        .run(&["format", "--check"])
        .expect(1)
        .says("a.py:2:5: not valid Python: `(` is never closed; this cell is left as it is\nwould reformat a.py\n")
        .says("b.ipynb:cell 2:1:5: not valid Python")
        .says("m.py:1:6: not valid Python");
    let ran = place.run(&["format"]).expect(2).warns("m.py:1:6: not valid Python");
    assert!(
        ran.err.contains("1 file reformatted, 1 already formatted, 1 file and 2 cells left as they are"),
        "{}",
        ran.err
    );
    assert_eq!(place.read("a.py"), text.replace("y=2", "y = 2"));
    place.run(&["format", "a.py"]).expect(0).warns("note: a.py:2:5: not valid Python");
    place.run(&["format", "--check", "a.py"]).expect(1);
}

const BROKEN_JSON: &str = r#"{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "source": ["x = 1"]},
{"cell_type": "code", "metadata": {}, "outputs": [], "source": "y = ("}], "metadata": {}, "nbformat": 4, "nbformat_minor": 0}"#;

#[test]
fn jupyter_notebooks_keep_every_other_byte() {
    let raw = r#"{
   "nbformat_minor":   5, "nbformat": 4,
 "cells": [
  {"outputs": [{"é": "\u00e9"}], "source": ["%pip install a\n", "x=1 # é\n", "display( x );"], "cell_type": "code", "metadata": {}, "execution_count": 7},
  {"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": "%sql\nselect  1"},
  {"cell_type": "markdown", "metadata": {}, "source": "x=1"}
 ],
	"metadata": {"language_info": {"name": "python"}}}"#;
    let place = Place::new(&[("n.ipynb", raw)]);
    place.run(&["format"]).expect(0).warns("1 file reformatted");
    let expected = raw.replace("\"x=1 # é\\n\"", "\"x = 1  # é\\n\"").replace("display( x );", "display(x);");
    assert_eq!(place.read("n.ipynb"), expected);
    place.run(&["format", "--check"]).expect(0);
    place.write("n.ipynb", "{\"cells\": []}");
    place.run(&["format"]).expect(2).warns("n.ipynb: not a notebook");
}

#[test]
fn settings_come_from_where_they_stand() {
    let text = "x = f('a', b = 'c', d = 'eeeeeeeeeeeeeeeeeeee')\n";
    let lf = "[tool.ruff]\nline-length = 30\n[tool.ruff.format]\nquote-style = 'single'\nnew-in-ruff-99 = 1\n";
    let place = Place::new(&[
        ("one/pyproject.toml", lf),
        ("one/m.py", text),
        ("two/pyproject.toml", "[tool.black]\nline-length = 40\nskip-string-normalization = true\n"),
        ("two/m.py", text),
        ("three/ruff.toml", "extend = '../one/pyproject.toml'\nindent-width = 2\n"),
        ("three/m.py", text),
        ("four/brickgate.toml", "[format]\nline-length = 200\nquote-style = \"preserve\"\n"),
        (
            "four/m.py",
            "x = f('a', b = 'c', d = 'eeeeeeeeeeeeeeeeeeee', e = 'ffffffffffffffffffffffffffffffffffffffffffffff')\n",
        ),
        ("five/.ruff.toml", "exclude = ['gen*']\n[format]\nline-ending = 'cr-lf'\n"),
        ("five/m.py", "x=1\n"),
        ("five/generated.py", "x=1\n"),
    ]);
    place.run(&["format"]).expect(0).warns("5 files reformatted");
    let single = "x = f(\n    'a',\n    b='c',\n    d='eeeeeeeeeeeeeeeeeeee',\n)\n";
    assert_eq!(place.read("one/m.py"), single);
    assert_eq!(
        place.read("two/m.py"),
        "x = f('a', b='c', d='eeeeeeeeeeeeeeeeeeee')\n".replace("f('a', b", "f(\n    'a', b").replace("')\n", "'\n)\n")
    );
    assert_eq!(place.read("three/m.py"), single.replace("    ", "  "));
    assert!(place.read("four/m.py").lines().count() == 1 && place.read("four/m.py").contains("'a', b='c'"));
    assert_eq!(place.read("five/m.py"), "x = 1\r\n");
    assert_eq!(place.read("five/generated.py"), "x=1\n");
    place.run(&["format", "--check", "five/generated.py"]).expect(1);
    place.run(&["format", "--check", "--force-exclude", "five/generated.py"]).expect(0);
    place.run(&["format", "--isolated", "one"]).expect(0);
    assert_eq!(place.read("one/m.py"), "x = f(\n    \"a\",\n    b=\"c\",\n    d=\"eeeeeeeeeeeeeeeeeeee\",\n)\n");
    place.write("one/pyproject.toml", "[tool.ruff]\nline-length = 'wide'\n");
    place
        .run(&["format", "one"])
        .expect(2)
        .warns("one/pyproject.toml:2:15: error: `line-length` must be a whole number from 1 to 320");
}

#[test]
fn line_ends_follow_gitattributes() {
    let place =
        Place::new(&[(".gitattributes", "* text=auto\n*.py text eol=lf\nwin/*.py eol=crlf\n"), ("brickgate.toml", "")]);
    let text = notebook(&["# MAGIC %md\n# MAGIC hi", "x = 1"]);
    assert_eq!(place.formatted("a.py", &text.replace('\n', "\r\n")), text);
    assert_eq!(place.formatted("win/a.py", &text), text.replace('\n', "\r\n"));
}

#[test]
fn editors_get_their_text_back() {
    let place = Place::new(&[]);
    let format = |name: &str, text: &str| place.stdin(&["format", "--stdin-filename", name, "-"], text);
    assert_eq!(format("a.py", "x=1\n").expect(0).out, "x = 1\n");
    assert_eq!(format("a.py", "x=(\n").expect(2).warns("a.py:1:3: not valid Python").out, "x=(\n");
    assert_eq!(format("a.ipynb", "{").expect(2).out, "{");
    assert_eq!(format("notes.txt", "x=1").expect(0).out, "x=1");
    let arguments = ["format", "--stdin-filename", "a.py", "-"];
    place.stdin(&arguments, b"x = 1\n\0").expect(2).warns("a.py: not a text file");
    place.stdin(&["format", "-"], "x=1").expect(2).warns("--stdin-filename PATH -");
    place.stdin(&["format", "--check", "--stdin-filename", "a.py", "-"], "x=1\n").expect(1);
    let diff = place.stdin(&["format", "--diff", "--stdin-filename", "a.py", "-"], "x=1\n").expect(1);
    assert!(diff.out.contains("+x = 1\n"), "{}", diff.out);
}

#[test]
fn a_selection_formats_what_it_touches() {
    let place = Place::new(&[("a.py", &notebook(&["x=1", "y=2", "z=3"])), ("m.py", "x=1\ny=2\nz=3\n")]);
    place.run(&["format", "--range", "6:6", "a.py"]).expect(0);
    assert_eq!(place.read("a.py"), notebook(&["x=1", "y = 2", "z=3"]));
    place.run(&["format", "--range", "2:3", "m.py"]).expect(0);
    assert_eq!(place.read("m.py"), "x=1\ny = 2\nz = 3\n");
    let part = place.stdin(&["format", "--range", "1:1", "--stdin-filename", "m.py", "-"], "x=1\ny=2\n").expect(0);
    assert_eq!(part.out, "x = 1\ny=2\n");
    place.run(&["format", "--range", "1:2"]).expect(2).warns("`--range` needs exactly one file");
    place.run(&["format", "--range", "0:2", "m.py"]).expect(2);
}

#[test]
fn imports_are_sorted_within_their_cell() {
    let place = Place::new(&[
        ("ruff.toml", "[lint.isort]\nknown-first-party = ['mine']\n"),
        ("a.py", &notebook(&["import mine\nimport os\nx = 1", "%pip install z\nimport q\nimport p", "import z"])),
        ("src/here.py", ""),
        ("m.py", "import here\nimport requests\nimport sys\n"),
    ]);
    place.run(&["format", "--imports"]).expect(0);
    assert_eq!(
        place.read("a.py"),
        notebook(&["import os\n\nimport mine\n\nx = 1", "%pip install z\nimport p\nimport q", "import z"])
    );
    assert_eq!(place.read("m.py"), "import sys\n\nimport requests\n\nimport here\n");
    place.run(&["format", "--imports", "--check"]).expect(0);
    // A setting that is not understood: then nothing is sorted.
    place.write("ruff.toml", "[lint.isort]\nfrom-the-future = true\n");
    place.write("m.py", "import b\nimport a\n");
    place.run(&["format", "--imports", "m.py"]).expect(0);
    assert_eq!(place.read("m.py"), "import b\nimport a\n");
}

#[test]
fn one_run_mends_and_formats() {
    let place = Place::new(&[
        ("lib/helpers.py", &notebook(&["rate=0.19"])),
        ("jobs/daily.py", &notebook(&["# MAGIC %run ../lib/helpers.py", "x=rate"])),
    ]);
    place
        .run(&["check", "--fix", "--format"])
        .expect(0)
        .warns("fixed 1 finding in 1 file")
        .warns("2 files reformatted");
    assert_eq!(place.read("jobs/daily.py"), notebook(&["# MAGIC %run ../lib/helpers", "x = rate"]));
    assert_eq!(place.read("lib/helpers.py"), notebook(&["rate = 0.19"]));
    place.run(&["check", "--fix", "--format"]).expect(0).warns("nothing to fix");
    place.write("lib/helpers.py", notebook(&["rate=0.19"]));
    let diff = place.run(&["check", "--diff", "--format"]).expect(1);
    assert!(diff.out.contains("+rate = 0.19"), "{}", diff.out);
    assert_eq!(place.read("lib/helpers.py"), notebook(&["rate=0.19"]));
}

#[test]
fn deep_code_is_refused_not_fatal() {
    let deep = format!("x = {}1{}\n", "[".repeat(9_000), "]".repeat(9_000));
    let place = Place::new(&[("deep.py", &deep), ("nb.py", &notebook(&[deep.trim_end(), "y=1"]))]);
    let ran = place.run(&["format"]).expect(2).warns("deep.py:1:1: nested too deeply to be formatted");
    assert!(ran.err.contains("nb.py:2:1: nested too deeply"), "{}", ran.err);
    assert_eq!(place.read("deep.py"), deep);
    assert_eq!(place.read("nb.py"), notebook(&[deep.trim_end(), "y = 1"]));
}

#[cfg(unix)]
mod disk {
    use super::*;
    use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};

    #[test]
    fn mode_and_link_stay_and_read_only_files_are_left() {
        let place = Place::new(&[("real/a.py", "x=1\n"), ("b.py", "x=1\n"), ("done.py", "x = 1\n")]);
        symlink("real/a.py", place.top.join("link.py")).unwrap();
        let mode = |path: &str, mode: u32| {
            fs::set_permissions(place.top.join(path), fs::Permissions::from_mode(mode)).unwrap();
        };
        mode("real/a.py", 0o751);
        mode("b.py", 0o444);
        mode("done.py", 0o444);
        place.run(&["format", "link.py"]).expect(0);
        assert!(fs::symlink_metadata(place.top.join("link.py")).unwrap().is_symlink());
        assert_eq!(place.read("real/a.py"), "x = 1\n");
        assert_eq!(fs::metadata(place.top.join("real/a.py")).unwrap().mode() & 0o777, 0o751);
        place.run(&["format"]).expect(2).warns("b.py: not reformatted: is read-only").warns("1 file not formatted");
        assert_eq!(place.read("b.py"), "x=1\n");
    }

    /// No file may grow beyond a few kilobytes: what cannot be written whole is not written at all.
    #[test]
    fn a_full_disk_leaves_the_old_text() {
        let large = "x=1\n".repeat(4_000);
        let place = Place::new(&[("large.py", &large), ("small.py", "x=1\n")]);
        let script = "trap '' XFSZ; ulimit -f 8; exec \"$0\" format";
        let mut shell = Command::new("sh");
        shell.args(["-c", script, env!("CARGO_BIN_EXE_brickgate")]).current_dir(&place.top);
        shell.stdout(Stdio::piped()).stderr(Stdio::piped());
        let ran = finish(shell, b"");
        let ran = ran.expect(2).warns("large.py: not reformatted:");
        assert!(ran.err.contains("1 file reformatted"), "{}", ran.err);
        assert!(place.read("large.py") == large && place.read("small.py") == "x = 1\n");
        let left = fs::read_dir(&place.top).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        assert_eq!(left.filter(|name| name.contains("brickgate")).count(), 0, "half a file is left behind");
    }
}
