//! What CI systems are given: every format against what its reader asks for, several at once, annotations, limits, exit
//! codes.

use crate::output::validate;
use crate::toy::Toy;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

const HEADER: &str = "# Databricks notebook source\n";
/// A token that no machine has ever given out.
const TOKEN: &str = concat!("da", "pi", "0f1e2d3c4b5a69788796a5b4c3d2e1f0");

/// A repository with findings of every severity, in files of every format, with notes, fixes and a credential.
fn toy() -> Toy {
    let ipynb = concat!(
        r#"{"cells": [{"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": ["x = 1\n", "y = [\n"]}], "#,
        r#""metadata": {"language_info": {"name": "python"}}, "nbformat": 4, "nbformat_minor": 5}"#
    );
    let caller = format!("{HEADER}# MAGIC %run ./mid\n\n# COMMAND ----------\n\nprint(gröẞe)\n");
    let mid =
        format!("{HEADER}# MAGIC %run ./no<&>such\n\n# COMMAND ----------\n\nimport os\nprint(undefined_thing)\n");
    let secret = format!(
        "{HEADER}# MAGIC %md\n# MAGIC `curl -H 'Authorization: Bearer {TOKEN}'`\n\n# COMMAND ----------\n\ntoken = \"{TOKEN}\"\nprint(tokn)\n"
    );
    Toy::new(&[
        ("brickgate.toml", "[rules]\nunused-import = \"warning\"\ncollect-to-driver = \"info\"\n"),
        ("jobs/caller.py", &caller),
        ("jobs/mid.py", &mid),
        (
            "jobs/größe, 1;2.py",
            &format!("{HEADER}df = spark.table(\"a\").toPandas()\nprint(df, nothing_here)\nprint(\"ö\", gröẞe)\n"),
        ),
        ("jobs/secret.py", &secret),
        ("jobs/n.ipynb", ipynb),
        ("jobs/clean.py", &format!("{HEADER}print(1)\n")),
    ])
}

pub(crate) fn json(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_else(|error| panic!("{error}:\n{text}"))
}

#[track_caller]
pub(crate) fn holds(value: &Value, schema: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(schema);
    let schema = json(&fs::read_to_string(path).unwrap());
    let mut wrong = Vec::new();
    validate(value, &schema, &schema, "", &mut wrong);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn check(toy: &Toy, format: &str) -> String {
    toy.brickgate(&["check", "--exit-zero", "--output-format", format]).expect(0).out
}

#[test]
fn sarif_is_what_code_scanning_wants() {
    let log = json(&check(&toy(), "sarif"));
    holds(&log, "sarif.json");
    let run = &log["runs"][0];
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let results = run["results"].as_array().unwrap();
    assert!(results.len() > 5);
    for result in results {
        let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
        assert_eq!(rule["id"], result["ruleId"]);
        let uri = result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].as_str().unwrap();
        assert!(uri.is_ascii() && !uri.starts_with('/') && !uri.contains([' ', ':', '\\']), "{uri}");
    }
    for rule in rules {
        for key in ["shortDescription", "fullDescription"] {
            assert!(rule[key]["text"].as_str().unwrap().chars().count() <= 1024);
        }
        assert!(!rule["help"]["markdown"].as_str().unwrap().contains("```toml rule"));
    }
    // The way to the file, where it matters; fixes; what a message links to.
    assert!(results.iter().any(|result| result["codeFlows"].is_array()));
    assert!(results.iter().any(|result| result["fixes"].is_array()));
    for result in results {
        let text = result["message"]["text"].as_str().unwrap();
        let count = result["relatedLocations"].as_array().map_or(0, Vec::len);
        for id in 1..=5 {
            assert_eq!(text.contains(&format!("]({id})")), id <= count, "{text}");
        }
    }
    let prints: BTreeSet<&str> =
        results.iter().map(|result| result["partialFingerprints"]["brickgate/v1"].as_str().unwrap()).collect();
    assert_eq!(prints.len(), results.len());
    // In an `.ipynb` the place is that of the file.
    let in_json = results.iter().find(|result| result["ruleId"] == "syntax-error").unwrap();
    let region = &in_json["locations"][0]["physicalLocation"]["region"];
    assert_eq!(region["startLine"], 1, "the whole file is one line");
    assert!(region["startColumn"].as_u64().unwrap() > 100);
}

#[test]
fn nothing_found_is_valid_too() {
    let toy = Toy::new(&[("a.py", "x = 1\n")]);
    holds(&json(&check(&toy, "sarif")), "sarif.json");
    assert_eq!(json(&check(&toy, "gitlab")), json("[]"));
    holds(&json(&check(&toy, "rdjson")), "rdjson.json");
    elements(&check(&toy, "junit"));
    elements(&check(&toy, "checkstyle"));
    assert!(check(&toy, "markdown").contains("Nothing found."));
    assert!(check(&toy, "html").contains("0 findings"));
}

/// What GitLab knows findings by, by rule and path.
fn fingerprints(toy: &Toy) -> BTreeSet<(String, String, String)> {
    let report = json(&check(toy, "gitlab"));
    holds(&report, "gitlab.json");
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let rows = report.as_array().unwrap();
    let all: BTreeSet<_> = rows
        .iter()
        .map(|row| (text(&row["fingerprint"]), text(&row["check_name"]), text(&row["location"]["path"])))
        .collect();
    let own: BTreeSet<&String> = all.iter().map(|(print, ..)| print).collect();
    assert_eq!(own.len(), rows.len(), "each finding has its own");
    all
}

#[test]
fn gitlab_knows_findings_again_when_lines_move() {
    let toy = toy();
    // The same fault twice, on lines that say the same.
    toy.write("jobs/twice.py", format!("{HEADER}spark.table(\"a\").toPandas()\nspark.table(\"a\").toPandas()\n"));
    let before = fingerprints(&toy);
    assert!(before.iter().filter(|(_, _, path)| path == "jobs/twice.py").count() == 2);
    for path in ["jobs/twice.py", "jobs/secret.py"] {
        let moved = toy.read(path).replacen(HEADER, &format!("{HEADER}# one\n# two\n\n# COMMAND ----------\n\n"), 1);
        toy.write(path, moved);
    }
    assert_eq!(fingerprints(&toy), before);
}

#[test]
fn gitlab_knows_findings_again_when_cells_change_places() {
    let cell = |at: u32| format!("spark.table(\"a\").toPandas()\nprint(missing_{at}, other_{at})\n");
    let source = |order: [u32; 3]| {
        let cells: Vec<String> = order.into_iter().map(cell).collect();
        format!("{HEADER}{}", cells.join("\n# COMMAND ----------\n\n"))
    };
    let json_of = |order: [u32; 3]| {
        let cells = order.map(|at| {
            let lines: Vec<String> = cell(at).split_inclusive('\n').map(str::to_owned).collect();
            serde_json::json!({"cell_type": "code", "metadata": {}, "outputs": [], "execution_count": null, "source": lines})
        });
        let metadata = serde_json::json!({"language_info": {"name": "python"}});
        serde_json::json!({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}).to_string()
    };
    let toy = Toy::new(&[("jobs/s.py", &source([1, 2, 3])), ("jobs/j.ipynb", &json_of([1, 2, 3]))]);
    let before = fingerprints(&toy);
    // Each cell: one hint on a line that all cells have, and two names on one line.
    for (path, rule, count) in [
        ("jobs/s.py", "undefined-name", 6),
        ("jobs/s.py", "collect-to-driver", 3),
        ("jobs/j.ipynb", "undefined-name", 6),
        ("jobs/j.ipynb", "collect-to-driver", 3),
    ] {
        let found = before.iter().filter(|(_, name, file)| file == path && name == rule);
        assert_eq!(found.count(), count, "{path} {rule}: {before:?}");
    }
    toy.write("jobs/s.py", source([3, 1, 2]));
    toy.write("jobs/j.ipynb", json_of([2, 3, 1]));
    assert_eq!(fingerprints(&toy), before);
    // A comment of ours makes no other of what is found on its line.
    let silenced = toy.read("jobs/s.py").replace("other_1)\n", "other_1)  # brickgate: ignore[nothing-such]\n");
    toy.write("jobs/s.py", silenced);
    let after = fingerprints(&toy);
    assert!(after.is_superset(&before), "{after:?}");
}

#[test]
fn rdjson_counts_bytes() {
    let report = json(&check(&toy(), "rdjson"));
    holds(&report, "rdjson.json");
    let rows = report["diagnostics"].as_array().unwrap();
    let wide = rows.iter().find(|row| row["message"].as_str().unwrap().contains("gröẞe")).unwrap();
    let range = &wide["location"]["range"];
    assert_eq!((range["start"]["column"].as_u64(), range["end"]["column"].as_u64()), (Some(13), Some(21)));
    assert!(rows.iter().any(|row| row["suggestions"].is_array()));
}

/// The elements of an XML document that uses no more than we do, each with its attributes and the element around it.
#[track_caller]
fn elements(text: &str) -> Vec<(String, BTreeMap<String, String>, String)> {
    let rest = text.strip_prefix("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n").unwrap();
    let mut found = Vec::new();
    let mut open: Vec<String> = Vec::new();
    for part in rest.split('<').skip(1) {
        let (tag, content) = part.split_once('>').unwrap_or_else(|| panic!("`<{part}` is not closed"));
        assert!(!content.contains('>'), "{content}");
        if let Some(name) = tag.strip_prefix('/') {
            assert_eq!(open.pop().as_deref(), Some(name));
            continue;
        }
        let (tag, alone) = tag.strip_suffix('/').map_or((tag, false), |tag| (tag, true));
        let (name, mut rest) = tag.split_once(' ').unwrap_or((tag, ""));
        let mut attributes = BTreeMap::new();
        while let Some((key, after)) = rest.split_once("=\"") {
            let (value, after) = after.split_once('"').unwrap();
            let is_known =
                |entity: &str| ["amp;", "lt;", "gt;", "quot;", "#39;"].iter().any(|known| entity.starts_with(known));
            assert!(value.split('&').skip(1).all(is_known), "{value}");
            assert!(attributes.insert(key.trim().to_owned(), value.to_owned()).is_none());
            rest = after;
        }
        assert!(rest.trim().is_empty(), "{rest}");
        found.push((name.to_owned(), attributes, open.last().cloned().unwrap_or_default()));
        if !alone {
            open.push(name.to_owned());
        }
    }
    assert!(open.is_empty());
    assert!(!text.chars().any(|c| c.is_control() && c != '\n'));
    found
}

/// What the schema of Jenkins' xunit plugin (`junit-10.xsd`) allows: element, element around it, attributes, and those that must be there.
const JUNIT: [(&str, &str, &[&str], &[&str]); 5] = [
    ("testsuites", "", &["name", "time", "tests", "failures", "errors"], &[]),
    (
        "testsuite",
        "testsuites",
        &[
            "name",
            "tests",
            "failures",
            "errors",
            "group",
            "time",
            "skipped",
            "timestamp",
            "hostname",
            "id",
            "package",
            "file",
            "log",
            "url",
        ],
        &["name", "tests", "failures", "errors"],
    ),
    ("testcase", "testsuite", &["name", "time", "classname", "group"], &["name"]),
    ("failure", "testcase", &["type", "message"], &[]),
    ("system-out", "testcase", &[], &[]),
];

#[test]
fn junit_is_what_jenkins_takes() {
    let toy = toy();
    let all = elements(&check(&toy, "junit"));
    for (name, attributes, parent) in &all {
        let rule = JUNIT.iter().find(|rule| rule.0 == name).unwrap_or_else(|| panic!("<{name}>"));
        assert_eq!(rule.1, parent, "<{name}>");
        assert!(attributes.keys().all(|key| rule.2.contains(&key.as_str())), "<{name}> {attributes:?}");
        assert!(rule.3.iter().all(|key| attributes.contains_key(*key)), "<{name}> {attributes:?}");
    }
    let count = |name: &str| all.iter().filter(|(found, ..)| found == name).count().to_string();
    let whole = &all[0].1;
    assert_eq!((&whole["tests"], &whole["failures"]), (&count("testcase"), &count("failure")));
    // A file without findings is a test that passes.
    assert!(all.iter().any(|(name, attributes, _)| name == "testcase" && attributes["classname"] == "jobs/clean.py"));
    assert!(count("system-out") != "0", "hints fail no test");
}

#[test]
fn checkstyle_has_files_and_errors() {
    let all = elements(&check(&toy(), "checkstyle"));
    let path = all.iter().find(|(name, attributes, _)| name == "file" && attributes["name"].contains("größe")).unwrap();
    assert_eq!(path.1["name"], "jobs/größe, 1;2.py");
    for (_, attributes, parent) in all.iter().filter(|(name, ..)| name == "error") {
        assert_eq!(parent, "file");
        assert!(attributes["source"].starts_with("brickgate."));
        // What `checkstyle-report-1.0.0.xsd` says of an error.
        assert!(["error", "warning", "info"].contains(&&*attributes["severity"]));
        assert!(["line", "column"].iter().all(|key| attributes[*key].parse::<u32>().is_ok_and(|number| number > 0)));
        assert!(attributes.keys().all(|key| ["column", "line", "message", "severity", "source"].contains(&&**key)));
    }
}

#[test]
fn no_format_gives_a_credential_away() {
    let toy = toy();
    for format in [
        "human",
        "concise",
        "grouped",
        "json",
        "json-lines",
        "sarif",
        "github",
        "gitlab",
        "azure",
        "junit",
        "rdjson",
        "checkstyle",
        "markdown",
        "html",
    ] {
        let said = check(&toy, format);
        assert!(said.contains("secret-in-source"), "{format}:\n{said}");
        assert!(!said.contains(TOKEN) && !said.contains(&TOKEN[4..]), "{format}:\n{said}");
    }
}

#[test]
fn annotations_of_github_put_errors_first_and_end_where_github_stops_reading() {
    let toy = toy();
    let said = check(&toy, "github");
    let kinds: Vec<&str> = said.lines().map(|line| line.split(' ').next().unwrap()).collect();
    let mut sorted = kinds.clone();
    sorted.sort_by_key(|kind| ["::error", "::warning", "::notice"].iter().position(|known| known == kind));
    assert_eq!(kinds, sorted);
    assert!(said.contains("file=jobs/größe%2C 1;2.py,line=2,endLine=2,col="), "{said}");
    assert!(said.lines().all(|line| line.matches("::").count() >= 2));

    let many: String = (0..15).map(|at| format!("print(missing_{at})\n")).collect();
    let mut toy = Toy::new(&[("many.py", &format!("{HEADER}{many}"))]);
    let summary = toy.around().join("summary.md");
    fs::write(&summary, "before\n").unwrap();
    toy.environment = vec![("GITHUB_ACTIONS", "true".into()), ("GITHUB_STEP_SUMMARY", summary.display().to_string())];
    let ran = toy.brickgate(&["check"]).expect(1).says("error[undefined-name]").warns("its summary has the others");
    assert_eq!(ran.out.lines().filter(|line| line.starts_with("::error ")).count(), 10);
    let written = fs::read_to_string(&summary).unwrap();
    assert!(written.starts_with("before\n## brickgate\n") && written.matches("missing\\_").count() == 0, "{written}");
    assert_eq!(written.matches("`missing_").count(), 15, "{written}");
    // Whoever asks for the format gets all of it; machine formats and --no-ci get nothing added.
    let ran = toy.brickgate(&["check", "--output-format", "github"]).expect(1);
    assert_eq!(ran.out.lines().count(), 15);
    toy.brickgate(&["check", "--no-ci"]).expect(1).silent_on("::error");
    assert!(json(&toy.brickgate(&["check", "--output-format", "json"]).expect(1).out).is_array());
    toy.brickgate(&["check", "--statistics"]).expect(1).silent_on("::error");
}

#[test]
fn azure_shows_errors_and_warnings() {
    let mut toy = toy();
    let said = check(&toy, "azure");
    assert!(said.contains("sourcepath=jobs/größe, 1%3B2.py;linenumber="), "{said}");
    assert!(said.lines().any(|line| !line.starts_with("##vso[") && line.contains(": info: ")), "{said}");
    toy.environment = vec![("TF_BUILD", "True".into())];
    toy.brickgate(&["check"]).expect(1).says("##vso[task.logissue type=error;").says("error[undefined-name]");
    toy.brickgate(&["check", "--no-ci"]).expect(1).silent_on("##vso");
}

#[test]
fn several_formats_at_once() {
    let toy = toy();
    let args =
        ["check", "--exit-zero", "--output", "sarif=out/a.sarif", "--output", "junit=b.xml", "--output", "github"];
    let ran = toy.brickgate(&args).expect(0).says("::error ");
    assert!(!ran.out.contains("error["), "what is asked for alone is on stdout");
    holds(&json(&toy.read("out/a.sarif")), "sarif.json");
    elements(&toy.read("b.xml"));
    toy.brickgate(&["check", "--output", "json", "--output-format", "human"]).expect(2).warns("--output json=FILE");
    toy.brickgate(&["check", "--output", "srif=x"]).expect(2).warns("did you mean `sarif`?");
    toy.brickgate(&["check", "--output", "json=brickgate.toml/x"]).expect(2).warns("cannot be written");
}

#[test]
fn what_fails_a_run() {
    let toy = Toy::new(&[("lib/a.py", "import os\nimport sys\n\nx = 1\n")]);
    toy.brickgate(&["check"]).expect(0);
    for (args, code) in [
        (&["--fail-on", "error"][..], 0),
        (&["--fail-on", "warning"], 1),
        (&["--fail-on", "info"], 1),
        (&["--strict"], 1),
        (&["--max-warnings", "2"], 0),
        (&["--max-warnings", "1"], 1),
        (&["--max-warnings", "1", "--exit-zero"], 0),
        (&["--fail-on", "warning", "--strict"], 2),
        (&["--fail-on", "fatal"], 2),
    ] {
        toy.brickgate(&[&["check"][..], args].concat()).expect(code);
    }
    toy.brickgate(&["check", "--max-warnings", "1"]).expect(1).warns("more warnings than `--max-warnings 1` lets pass");
    toy.brickgate(&["check", "--fix", "--exit-non-zero-on-fix"]).expect(1).warns("fixed 2 findings");
    toy.brickgate(&["check", "--fix", "--exit-non-zero-on-fix"]).expect(0);
}

#[test]
fn ignores_are_written_where_they_reach_least() {
    let toy = toy();
    toy.write("lib/m.py", "def f():\n    return missing_one + (\n        missing_two\n    )\n");
    toy.write(
        "jobs/sql.py",
        format!("{HEADER}# MAGIC %sql\n# MAGIC -- a\n# MAGIC SELECT '{TOKEN}'\n\n# COMMAND ----------\n\nx = \"\"\"\n{TOKEN}\n\"\"\"\n"),
    );
    let before = toy.read("jobs/clean.py");
    toy.brickgate(&["check"]).expect(1);
    toy.brickgate(&["check", "--add-ignores=until 9999-12-31 known"]).expect(0).warns("silenced");
    let module = toy.read("lib/m.py");
    assert_eq!(
        module,
        "def f():\n    return missing_one + (  # brickgate: ignore[undefined-name] until 9999-12-31 known\n        missing_two  \
         # brickgate: ignore[undefined-name] until 9999-12-31 known\n    )\n"
    );
    let sql = toy.read("jobs/sql.py");
    assert!(sql.contains(&format!("# MAGIC SELECT '{TOKEN}' -- brickgate: ignore[secret-in-source] until")), "{sql}");
    assert!(sql.contains("\"\"\"  # brickgate: ignore[secret-in-source] until"), "{sql}");
    let mid = toy.read("jobs/mid.py");
    assert!(mid.contains("# brickgate: ignore"), "{mid}");
    assert_eq!(toy.read("jobs/clean.py"), before);
    // Nothing is left, and no comment is in vain.
    let left = toy.brickgate(&["check", "--output-format", "concise", "--fail-on", "info"]).expect(0);
    assert_eq!(left.out, "");
    let all =
        || ["lib/m.py", "jobs/sql.py", "jobs/mid.py", "jobs/caller.py", "jobs/secret.py"].map(|path| toy.read(path));
    let once = all();
    toy.brickgate(&["check", "--add-ignores=until 9999-12-31 known"]);
    assert_eq!(all(), once);
}

#[test]
fn what_a_baseline_holds_gets_no_ignore() {
    let old = format!("{HEADER}print(old_one)\nprint(old_two, 1)\n");
    let toy = Toy::new(&[("jobs/a.py", &old), ("jobs/b.py", &old)]);
    toy.brickgate(&["baseline", "create"]).expect(0).warns("4 findings");
    let new = format!("{HEADER}print(new_one)\nprint(old_one)\nimport os; print(old_two, 1)\n");
    toy.write("jobs/a.py", &new);
    toy.brickgate(&["check", "--add-ignores=known"]).expect(0).warns("silenced 3 findings in 1 file");
    assert_eq!(
        toy.read("jobs/a.py"),
        format!(
            "{HEADER}print(new_one)  # brickgate: ignore[undefined-name] known\nprint(old_one)\n\
             import os; print(old_two, 1)  # brickgate: ignore[undefined-name, unused-import] known\n"
        )
    );
    assert_eq!(toy.read("jobs/b.py"), old);
    toy.brickgate(&["check", "--add-ignores"]).expect(0).warns("nothing to silence");
    toy.brickgate(&["check", "--add-ignores", "--no-baseline"]).expect(0).warns("silenced 3 findings in 2 files");
    // What is known stays known where a comment for another finding comes to stand on its line.
    let both = format!("{HEADER}import os; print(old)\n");
    let toy = Toy::new(&[("brickgate.toml", "[rules]\nunused-import = \"off\"\n"), ("jobs/a.py", &both)]);
    toy.brickgate(&["baseline", "create"]).expect(0).warns("1 finding");
    toy.write("brickgate.toml", "");
    toy.brickgate(&["check", "--add-ignores"]).expect(0).warns("silenced 1 finding in 1 file");
    let silenced = format!("{HEADER}import os; print(old)  # brickgate: ignore[unused-import]\n");
    assert_eq!(toy.read("jobs/a.py"), silenced);
    toy.brickgate(&["check", "--strict-baseline", "--fail-on", "info"]).expect(0).warns("1 in the baseline");
}

#[test]
fn an_ignore_that_ends_before_it_begins_is_not_written() {
    let toy = Toy::new(&[("a.py", &format!("{HEADER}print(missing)\n# COMMAND ----------\n"))]);
    let before = toy.read("a.py");
    toy.brickgate(&["check", "--add-ignores=until 2020-01-31 known"]).expect(2).warns("this ended on 2020-01-31");
    toy.brickgate(&["check", "--add-ignores=until 2027-02-31"]).expect(2).warns("`2027-02-31` is no day");
    assert_eq!(toy.read("a.py"), before);
    let text = format!("{HEADER}# MAGIC %md\n# MAGIC key {TOKEN}\n");
    toy.write("a.py", &text);
    toy.brickgate(&["check", "--add-ignores=see --> there"]).expect(0);
    let line = format!("key {TOKEN} <!-- brickgate: ignore[secret-in-source] see → there -->");
    assert!(toy.read("a.py").contains(&line), "{}", toy.read("a.py"));
}

#[test]
fn code_gives_no_commands_to_the_system_that_runs_the_check() {
    let line = "print(missing)  # ##vso[task.setvariable variable=A]b ##[stop-commands]c\n";
    let mut toy = Toy::new(&[("a.py", &format!("{HEADER}{line}")), ("::set-output name=x::.py", HEADER)]);
    toy.write("::set-output name=x::.py", format!("{HEADER}print(other)\n"));
    toy.brickgate(&["check"]).expect(1).says("##vso[task.setvariable");
    for variable in ["GITHUB_ACTIONS", "TF_BUILD"] {
        toy.environment = vec![(variable, "true".to_owned())];
        for format in ["human", "concise", "grouped"] {
            let ran = toy.brickgate(&["check", "--no-ci", "--output-format", format]).expect(1);
            let said = ran.says("missing").silent_on("##vso[").silent_on("##[");
            assert!(!said.out.lines().any(|line| line.trim_start().starts_with("::")), "{}", said.out);
        }
    }
}

#[test]
fn the_time_of_rules() {
    let toy = toy();
    toy.brickgate(&["check", "--profile", "--exit-zero"]).expect(0).warns("all rules").warns("undefined-name");
    toy.brickgate(&["check", "--exit-zero"]).expect(0).silent_on("all rules");
}

#[test]
fn the_page_for_browsers_needs_nothing_else() {
    let page = check(&toy(), "html");
    assert!(!page.contains("http://") && !page.contains("https://") && !page.contains("src="), "it loads nothing");
    assert!(page.contains("run by <span>jobs/caller.py:2</span> → <span>jobs/mid.py</span>"), "{page}");
    assert!(page.contains("./no&lt;&amp;&gt;such") && !page.contains("no<&>such"));
    assert!(page.contains("^^^"));
}

#[test]
fn shells_and_man_know_the_commands() {
    let toy = Toy::new(&[]);
    for shell in ["bash", "zsh", "fish", "powershell"] {
        toy.brickgate(&["completions", shell]).expect(0).says("baseline").says("fail-on");
    }
    toy.write("c.bash", toy.brickgate(&["completions", "bash"]).out);
    // What bash offers behind the words.
    let offered = |words: &str| {
        let script = format!(
            "source ./c.bash; COMP_WORDS=({words}); COMP_CWORD=$(( ${{#COMP_WORDS[@]}} - 1 )); \
             _brickgate brickgate \"${{COMP_WORDS[COMP_CWORD]}}\" \"${{COMP_WORDS[COMP_CWORD-1]}}\"; echo \"${{COMPREPLY[@]}}\""
        );
        let ran = toy.run(&toy.top, Command::new("bash").args(["-c", &script]), "").expect(0);
        let mut words: Vec<&str> = ran.out.split_whitespace().collect();
        words.sort_unstable();
        words.join(" ")
    };
    assert_eq!(offered("brickgate ru"), "rule rules run-to-import");
    assert_eq!(offered("brickgate rule undefined-n"), "undefined-name");
    assert_eq!(offered("brickgate check --select run-not-f"), "run-not-found");
    assert_eq!(offered("brickgate check --output-format sa"), "sarif");
    assert_eq!(offered("brickgate check --max-w"), "--max-warnings");
    let fish = toy.brickgate(&["completions", "fish"]).out;
    let rules = fish.lines().find(|line| line.contains("__fish_brickgate_using_subcommand rule\"")).unwrap();
    assert!(
        fish.lines().any(|line| line.contains("using_subcommand rule\" -f -a") && line.contains(" undefined-name ")),
        "{rules}"
    );
    assert!(fish.contains("using_subcommand completions\" -f -a \"bash elvish fish powershell zsh\""));
    toy.brickgate(&["man"]).expect(0).says(".TH brickgate 1");
    toy.brickgate(&["man", "--out", "man"]).expect(0);
    assert!(toy.read("man/brickgate-check.1").contains("fail\\-on"));
}

#[test]
fn origins_are_what_files_set() {
    let toy = Toy::new(&[("brickgate.toml", "exclude = [\"legacy\"]\n\n[rules]\nunused-import = \"error\"\n")]);
    let ran = toy.brickgate(&["config", "show", "--origin"]).expect(0);
    let lines: Vec<&str> = ran.out.lines().filter(|line| !line.starts_with('#')).collect();
    assert_eq!(lines.len(), 2, "{}", ran.out);
    assert!(lines[0].contains("brickgate.toml:1") && lines[1].contains("brickgate.toml:4"), "{}", ran.out);
    toy.write("brickgate.toml", "[hook]\nfix = true\n");
    toy.brickgate(&["config", "show", "--origin"]).expect(0).says("hook.fix = true  # brickgate.toml:2\n");
    toy.write("brickgate.toml", "[hook]\nformats = true\n");
    toy.brickgate(&["config", "show"]).expect(2).warns("`hook` has no key `formats`").warns("did you mean `format`?");
}

#[test]
fn watching_says_what_changed() {
    let toy = Toy::new(&[("a.py", &format!("{HEADER}print(missing)\n"))]);
    let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
    command.args(["check", "--watch", "--output-format", "concise"]).current_dir(&toy.top).stdout(Stdio::piped());
    let mut child = command.stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("`missing` is not defined"));
    assert_eq!(lines.next().unwrap(), "1 error in 1 file; waiting for changes");
    toy.write("a.py", format!("{HEADER}print(1)\n"));
    assert_eq!(lines.next().unwrap(), "nothing found; waiting for changes");
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn watching_sees_what_is_staged() {
    let toy = Toy::new(&[("a.py", &format!("{HEADER}print(1)\n"))]);
    toy.write("a.py", format!("{HEADER}print(missing)\n"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
    command.args(["check", "--watch", "--staged", "--output-format", "concise"]).current_dir(&toy.top);
    let mut child = command.stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    assert_eq!(lines.next().unwrap(), "nothing was checked; waiting for changes");
    toy.git(&["add", "a.py"]);
    assert!(lines.next().unwrap().contains("`missing` is not defined"));
    child.kill().unwrap();
    child.wait().unwrap();
}
