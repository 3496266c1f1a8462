//! `brickgate run-to-import` on small repositories: what becomes of notebooks and their callers, and what is refused.

use crate::toy::{Place, Ran};
use std::fs;

impl Place {
    /// Runs the command with these arguments.
    fn convert(&self, arguments: &[&str]) -> Ran {
        self.run(&[&["run-to-import"], arguments].concat())
    }

    /// All files with their text.
    fn all(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        let mut folders = vec![self.top.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    let name = path.strip_prefix(&self.top).unwrap().to_string_lossy().replace('\\', "/");
                    found.push((name, fs::read_to_string(&path).unwrap()));
                }
            }
        }
        found.sort();
        found
    }
}

/// A notebook of these cells.
fn notebook(cells: &[&str]) -> String {
    format!("# Databricks notebook source\n{}\n", cells.join("\n\n# COMMAND ----------\n\n"))
}

const HELPERS: &str = "import json\n\n\ndef load(path):\n    return json.loads(path)";

/// A helper with these cells, and a notebook that runs it and uses `load`.
fn pair(cells: &[&str]) -> Place {
    Place::new(&[
        ("helpers.py", &notebook(cells)),
        ("daily.py", &notebook(&["# MAGIC %run ./helpers", "print(load(\"x\"))"])),
    ])
}

/// The helper is refused for this reason, and nothing is changed.
#[track_caller]
fn refused(place: &Place, arguments: &[&str], reason: &str) {
    let before = place.all();
    place.convert(arguments).expect(1).says(reason).says("cannot become a module").warns("nothing is changed");
    place.convert(&[arguments, &["--write"]].concat()).expect(1).says(reason);
    assert_eq!(place.all(), before);
}

#[test]
fn a_helper_becomes_a_module_and_callers_import_what_they_use() {
    let place = Place::new(&[
        (
            "helpers.py",
            &notebook(&[
                "# MAGIC %md\n# MAGIC # Helpers\n# MAGIC\n# MAGIC For *everybody*.",
                "import json\nimport pyspark.sql.functions as F\nfrom datetime import date, datetime",
                "# DBTITLE 1,Limits\nLIMIT = 10\nUNUSED = 1",
                "def load(path):\n    return json.loads(path), datetime.now(), LIMIT\n\n\nclass Config:\n    pass",
            ]),
        ),
        (
            "daily.py",
            &notebook(&[
                "# MAGIC %run ./helpers",
                "print(load(\"x\"), LIMIT, F.col(\"a\"))\ntoday = date.today()",
                "# MAGIC %run ./report",
            ]),
        ),
        ("report.py", &notebook(&["print(Config(), today)"])),
        ("idle.py", &notebook(&["x = 1", "# MAGIC %run ./helpers", "print(x)"])),
    ]);
    place.run(&["check"]).expect(0);
    let ran = place.convert(&["helpers.py"]).expect(0);
    let ran = ran.says("+from helpers import LIMIT, Config, load\n").says("--- helpers.py\n+++ helpers.py\n");
    ran.warns("would make 1 module and replace 2 `%run`s in 2 notebooks; --write does it");
    assert!(place.read("daily.py").contains("%run ./helpers"));
    place.convert(&["helpers.py", "--write"]).expect(0).warns("made 1 module and replaced 2 `%run`s in 2 notebooks");
    assert_eq!(
        place.read("helpers.py"),
        "# # Helpers\n#\n# For *everybody*.\n\nimport json\nfrom datetime import datetime\n\n# Limits\nLIMIT = 10\nUNUSED = 1\n\n\n\
         def load(path):\n    return json.loads(path), datetime.now(), LIMIT\n\n\nclass Config:\n    pass\n"
    );
    let imports =
        "import pyspark.sql.functions as F\nfrom datetime import date\nfrom helpers import LIMIT, Config, load";
    assert_eq!(
        place.read("daily.py"),
        notebook(&[imports, "print(load(\"x\"), LIMIT, F.col(\"a\"))\ntoday = date.today()", "# MAGIC %run ./report"])
    );
    assert_eq!(place.read("idle.py"), notebook(&["x = 1", "print(x)"]));
    place.run(&["check"]).expect(0);
    let after = place.all();
    place.convert(&["helpers.py", "--write"]).expect(0).warns("helpers.py: is a module already").warns("nothing to do");
    assert_eq!(place.all(), after);
}

#[test]
fn line_ends_stay() {
    let place = pair(&[HELPERS, "# MAGIC %md A note", "X = 1"]);
    for path in ["helpers.py", "daily.py"] {
        place.write(path, place.read(path).replace('\n', "\r\n"));
    }
    place.convert(&["helpers.py", "--write"]).expect(0);
    for path in ["helpers.py", "daily.py"] {
        let text = place.read(path);
        assert_eq!(text.matches('\n').count(), text.matches("\r\n").count(), "{text:?}");
    }
    assert!(place.read("helpers.py").ends_with("# A note\r\n\r\nX = 1\r\n"));
    assert!(
        place.read("daily.py").starts_with("# Databricks notebook source\r\nfrom helpers import load\r\n\r\n# COMMAND")
    );
}

#[test]
fn blanks_before_a_command_go_with_it() {
    let place = Place::new(&[
        ("helpers.py", &notebook(&[HELPERS])),
        ("daily.py", &notebook(&[" %run ./helpers", "print(load(\"x\"))"])),
    ]);
    place.convert(&["helpers.py", "--write"]).expect(0);
    assert_eq!(place.read("daily.py"), notebook(&["from helpers import load", "print(load(\"x\"))"]));
}

#[test]
fn a_chain_is_made_in_one_call() {
    let place = Place::new(&[
        ("base.py", &notebook(&["ROOT = \"/data\"\nOTHER = 1"])),
        ("helpers.py", &notebook(&["# MAGIC %run ./base", "def load(path):\n    return ROOT + path"])),
        ("daily.py", &notebook(&["# MAGIC %run ./helpers", "print(load(\"x\"), OTHER)"])),
    ]);
    refused(&place, &["helpers.py"], "helpers.py:2 (cell 1): itself runs `%run ./base`: name that notebook as well");
    place.convert(&["helpers.py", "base.py", "--write"]).expect(0);
    assert_eq!(place.read("helpers.py"), "from base import ROOT\n\n\ndef load(path):\n    return ROOT + path\n");
    let imports = "from base import OTHER\nfrom helpers import load";
    assert_eq!(place.read("daily.py"), notebook(&[imports, "print(load(\"x\"), OTHER)"]));
    assert_eq!(place.read("base.py"), "ROOT = \"/data\"\nOTHER = 1\n");
}

#[test]
fn notebooks_in_between_import_what_others_use_through_them() {
    let place = Place::new(&[
        ("helpers.py", &notebook(&["def load(path):\n    return path\n\n\ndef save(path):\n    return path"])),
        ("setup.py", &notebook(&["# MAGIC %run ./helpers", "spark.sql(\"use main\")"])),
        ("daily.py", &notebook(&["# MAGIC %run ./setup", "print(load(\"x\"))"])),
    ]);
    place.convert(&["helpers.py", "--write"]).expect(0);
    assert_eq!(place.read("setup.py"), notebook(&["from helpers import load", "spark.sql(\"use main\")"]));
    assert_eq!(place.read("daily.py"), notebook(&["# MAGIC %run ./setup", "print(load(\"x\"))"]));
}

#[test]
fn the_path_fits_all_who_import() {
    let files = |folder: &str| {
        vec![
            (format!("{folder}/helpers.py"), notebook(&[HELPERS])),
            (format!("{folder}/inner.py"), notebook(&["# MAGIC %run ./helpers", "print(load(\"x\"))"])),
            ("daily.py".to_owned(), notebook(&[&format!("# MAGIC %run \"./{folder}/inner\"")])),
        ]
    };
    let made = |files: Vec<(String, String)>| {
        Place::new(&files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect::<Vec<_>>())
    };
    // Python looks in the folder of the notebook that was started, which is not that of `inner`.
    let place = made(files("lib"));
    place.convert(&["lib/helpers.py", "--write"]).expect(0);
    assert!(place.read("lib/inner.py").contains("from lib.helpers import load\n"));
    refused(&made(files("my lib")), &["my lib/helpers.py"], "`my lib` is no name that Python can import");
    refused(&made(files("1_lib")), &["1_lib/helpers.py"], "`1_lib` is no name that Python can import");
    refused(&made(files("email")), &["email/helpers.py"], "`email` is a module of Python's standard library");
    let place = made(files("lib"));
    place.write("databricks.yml", "bundle:\n  name: x\n");
    refused(&place, &["lib/helpers.py"], "`--git-folder` says that it always runs from a Git folder");
    place.convert(&["lib/helpers.py", "--git-folder"]).expect(0);
    // Where all stand in one folder, that is where Python looks.
    let place = Place::new(&[
        ("my lib/helpers.py", &notebook(&[HELPERS])),
        ("my lib/daily.py", &notebook(&["# MAGIC %run ./helpers", "print(load(\"x\"))"])),
        ("databricks.yml", "bundle:\n  name: x\n"),
    ]);
    place.convert(&["my lib/helpers.py", "--write"]).expect(0);
    assert!(place.read("my lib/daily.py").contains("from helpers import load\n"));
}

#[test]
fn a_new_module_leaves_the_notebook() {
    let place = Place::new(&[
        ("01 helpers.py", &notebook(&[HELPERS])),
        ("daily.py", &notebook(&["# MAGIC %run \"./01 helpers\"", "print(load(\"x\"))"])),
        ("query.sql", "-- Databricks notebook source\n-- MAGIC %run \"./01 helpers\"\n"),
    ]);
    refused(
        &place,
        &["01 helpers.py"],
        "`01 helpers` is no name that Python can import: rename it, for instance to `helpers.py`",
    );
    let before = place.read("01 helpers.py");
    place.convert(&["01 helpers.py", "--new-module", "daily.py"]).expect(1).says("`daily.py` is there already");
    place.convert(&["01 helpers.py", "--new-module", "lib/helpers.py", "--write"]).expect(0);
    assert_eq!(place.read("01 helpers.py"), before);
    assert_eq!(place.read("lib/helpers.py"), format!("{HELPERS}\n"));
    assert!(place.read("daily.py").contains("from lib.helpers import load\n"));
    assert!(place.read("query.sql").contains("%run"));
    let after = place.all();
    let again = place.convert(&["01 helpers.py", "--new-module", "lib/helpers.py", "--write"]).expect(0);
    again.warns("lib/helpers.py: is made already").warns("nothing to do");
    assert_eq!(place.all(), after);
}

#[test]
fn cells_of_an_ipynb_are_rewritten_in_place() {
    let json = "{\"cells\": [{\"cell_type\": \"code\",  \"metadata\": {}, \"outputs\": [], \"execution_count\": 7, \"source\": [\"%run ./helpers\"]},\n \
                {\"cell_type\": \"code\", \"metadata\": {}, \"outputs\": [], \"execution_count\": null, \"source\": [\"print(load('x'))\"]}],\n \
                \"metadata\": {\"application/vnd.databricks.v1+notebook\": {\"language\": \"python\"}, \"language_info\": {\"name\": \"python\"}},\n \
                \"nbformat\": 4, \"nbformat_minor\": 0}";
    let place = Place::new(&[("helpers.py", &notebook(&[HELPERS])), ("n.ipynb", json)]);
    place.convert(&["helpers.py", "--write"]).expect(0);
    assert_eq!(place.read("n.ipynb"), json.replace("%run ./helpers", "from helpers import load"));
}

#[test]
fn what_does_more_than_define_is_refused() {
    for (cell, reason) in [
        ("print(1)", "helpers.py:10 (cell 2): does more than to define things: `print(1)` runs when it is loaded"),
        ("rows = spark.table(\"t\").count()", "does more than to define things: `rows = spark.table(\"t\").count()`"),
        ("dbutils.widgets.text(\"a\", \"b\")", "does more than to define things"),
        ("display(1)", "does more than to define things"),
        ("# MAGIC %sql\n# MAGIC select 1", "has a cell of SQL, which a module cannot have"),
        ("# MAGIC %sh\n# MAGIC ls", "has a cell of shell"),
        ("# MAGIC %pip install x", "has the magic `%pip install x`"),
        ("%matplotlib inline\nx = 1", "has the magic `%matplotlib inline`"),
        (
            "def f():\n    return spark.table(\"t\")",
            "uses `spark`, which only notebooks are given: pass it to `f` as a parameter",
        ),
        ("def f():\n    return dbutils.fs.ls(\"/\")", "uses `dbutils`, which only notebooks are given"),
        ("if __name__ == \"__main__\":\n    load(1)", "has code for `__name__ == \"__main__\"`"),
        ("def f(x):\n    return eval(x)", "uses `eval`, so that its names cannot be told"),
        ("x = )", "has a cell that is not valid Python"),
        ("# MAGIC %python\n# MAGIC x = 1", "writes Python behind `# MAGIC`"),
    ] {
        refused(&pair(&[HELPERS, cell]), &["helpers.py"], reason);
    }
}

#[test]
fn what_depends_on_its_callers_is_refused() {
    let place = Place::new(&[
        ("helpers.py", &notebook(&["def load(path):\n    return root + path"])),
        ("daily.py", &notebook(&["root = \"/\"", "# MAGIC %run ./helpers", "print(load(\"x\"))"])),
    ]);
    refused(&place, &["helpers.py"], "uses `root`, which only the notebooks that run it bind: pass it as a parameter");
    let place = Place::new(&[
        ("helpers.py", &notebook(&["ROOT = \"/\"\n\n\ndef load(path):\n    return ROOT + path"])),
        ("daily.py", &notebook(&["# MAGIC %run ./helpers", "ROOT = \"/other\"\nprint(load(\"x\"))"])),
    ]);
    refused(
        &place,
        &["helpers.py"],
        "daily.py:6 (cell 2): this gives `ROOT` another value, which its functions would not see",
    );
    let place = Place::new(&[
        ("helpers.py", &notebook(&["count = 0\n\n\ndef step():\n    global count\n    count += 1"])),
        ("daily.py", &notebook(&["# MAGIC %run ./helpers", "step()\nprint(count)"])),
    ]);
    refused(&place, &["helpers.py"], "uses `count`, which `step` changes (`global`)");
}

#[test]
fn callers_that_cannot_import_are_named() {
    let with = |path: &str, text: &str| {
        let place = pair(&[HELPERS]);
        place.write(path, text);
        place
    };
    for (path, text, reason) in [
        ("q.sql", "-- Databricks notebook source\n-- MAGIC %run ./helpers\n".to_owned(), "q.sql:2 (cell 1): this is a notebook of SQL"),
        ("a.py", notebook(&["# MAGIC %run ./helpers $x=\"1\""]), "a.py:2 (cell 1): this passes arguments to it"),
        ("a.py", notebook(&["# MAGIC %run /Repos/me/x/helpers"]), "an absolute path"),
        ("a.py", notebook(&["# MAGIC %run ./gone/helpers"]), "this `%run` leads nowhere, and may mean it"),
        ("a.py", notebook(&["dbutils.notebook.run(\"./helpers\", 60)"]), "a.py:2 (cell 1): this runs it as a job of its own"),
        ("a.py", notebook(&["# MAGIC %run ./helpers", "exec(\"load(1)\")"]), "this gets names by `exec`"),
        ("a.py", notebook(&["# MAGIC %run ./helpers", "x = load("]), "this is not valid Python"),
        (
            "databricks.yml",
            "resources:\n  jobs:\n    j:\n      tasks:\n        - task_key: t\n          notebook_task:\n            notebook_path: ./helpers.py\n".to_owned(),
            "databricks.yml:7: `t` runs it, which needs a notebook",
        ),
        ("conf/deploy.yml", "notebook_path: /helpers\nx: 1\n".to_owned(), "conf/deploy.yml:1: this names it as a notebook"),
    ] {
        refused(&with(path, &text), &["helpers.py"], reason);
    }
}

#[test]
fn names_that_are_taken_are_refused() {
    let place = Place::new(&[
        ("logging.py", &notebook(&[HELPERS])),
        ("daily.py", &notebook(&["# MAGIC %run ./logging", "print(load(\"x\"))"])),
    ]);
    refused(
        &place,
        &["logging.py"],
        "`logging` is a module of Python's standard library, and would hide it or be hidden",
    );
    // A package of the same name goes before a module.
    let place = pair(&[HELPERS]);
    place.write("helpers/__init__.py", "");
    refused(&place, &["helpers.py"], "`helpers` would mean `helpers/__init__.py` here, not `helpers.py`");
}

#[test]
fn all_or_nothing() {
    use std::os::unix::fs::PermissionsExt;
    let place = pair(&[HELPERS]);
    place.write("other.py", notebook(&["# MAGIC %run ./helpers", "print(load(\"y\"))"]));
    let before = place.all();
    let locked = place.top.join("other.py");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o444)).unwrap();
    place.convert(&["helpers.py", "--write"]).expect(2).warns("other.py: is read-only; nothing was changed");
    assert_eq!(place.all(), before);
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o644)).unwrap();
    place.convert(&["helpers.py", "--write"]).expect(0);
    assert_eq!(place.read("other.py"), notebook(&["from helpers import load", "print(load(\"y\"))"]));
}

#[test]
fn what_cannot_be_asked_for() {
    let place = pair(&[HELPERS]);
    place.convert(&["none.py"]).expect(2).warns("none.py: no such file");
    place.convert(&["."]).expect(2).warns("is a folder");
    place.convert(&[]).expect(2);
    place
        .convert(&["helpers.py", "daily.py", "--new-module", "x.py"])
        .expect(2)
        .warns("one module out of one notebook");
}

/// A name that a notebook binds as well counts by what comes last.
#[test]
fn names_that_are_bound_twice() {
    let place = Place::new(&[
        (
            "helpers.py",
            &notebook(&[
                "def load(path):\n    return path\n\n\ndef save(path):\n    return path\n\n\ndef drop(path):\n    return path",
            ]),
        ),
        (
            "daily.py",
            &notebook(&[
                "def load():\n    return 1\n\n\nload()",
                "# MAGIC %run ./helpers",
                "print(load(1))\n\n\ndef save(x):\n    return x",
                "print(save(2))\nif save(3):\n    drop = print\ndrop(4)",
            ]),
        ),
    ]);
    place.convert(&["helpers.py", "--write"]).expect(0);
    assert!(place.read("daily.py").contains("\nfrom helpers import drop, load\n"), "{}", place.read("daily.py"));
}

/// What a notebook imports itself, right after the `%run`, it does not need from there.
#[test]
fn imports_of_the_notebook_itself_stay_alone() {
    let own = "import pyspark.sql.functions as F\n\n\ndef a(df):\n    return load(df.where(F.col(\"a\")))\n\n\nprint(a(F.lit(1)))";
    let place = Place::new(&[
        (
            "helpers.py",
            &notebook(&[
                "from pyspark.sql import functions as F\n\n\ndef load(df):\n    return df.where(F.col(\"b\"))",
            ]),
        ),
        ("daily.py", &notebook(&["# MAGIC %run ./helpers", own])),
        ("other.py", &notebook(&["def early():\n    return load(1)", "# MAGIC %run ./helpers", "early()"])),
    ]);
    place.convert(&["helpers.py", "--write"]).expect(0);
    assert_eq!(place.read("daily.py"), notebook(&["from helpers import load", own]));
    assert!(place.read("other.py").contains("\nfrom helpers import load\n"));
    place.run(&["check"]).expect(0);
}
