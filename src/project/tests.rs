//! What is read, what it is taken for, and what refers to what, over whole small repositories.

use super::document::{Kind, ReadOptions};
use super::reference::{ReferenceKind, Resolution};
use super::target::Compute;
use super::{Project, Request};
use crate::snapshot::memory::Memory;
use crate::snapshot::{Entry, ReadError, RepoPath, Snapshot};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

const PY: &str = "# Databricks notebook source\n";

/// A snapshot that remembers which files were read in full.
struct Watched {
    files: Memory,
    read: Mutex<BTreeSet<String>>,
}

impl Snapshot for Watched {
    fn read(&self, path: &RepoPath) -> Result<Vec<u8>, ReadError> {
        self.read.lock().unwrap().insert(path.to_string());
        self.files.read(path)
    }

    fn head(&self, path: &RepoPath, len: usize) -> Result<Vec<u8>, ReadError> {
        self.files.head(path, len)
    }

    fn size(&self, path: &RepoPath) -> Option<u64> {
        self.files.size(path)
    }

    fn list(&self, folder: &RepoPath) -> Arc<[Entry]> {
        self.files.list(folder)
    }
}

/// Loads a repository, asked about the files named; gives back as well what was read.
fn load(files: &[(&str, &str)], asked: &[&str]) -> (Project, Vec<String>) {
    let watched = Arc::new(Watched { files: Memory::of(files), read: Mutex::default() });
    let asked: Vec<RepoPath> = asked.iter().map(|path| RepoPath::new(path)).collect();
    let everything: Vec<RepoPath> = files.iter().map(|(path, _)| RepoPath::new(path)).collect();
    let project = Project::load(
        watched.clone(),
        &Request {
            asked: &asked,
            everything: &|| everything.clone(),
            options: &|_| ReadOptions::default(),
            progress: &|| {},
            names: false,
            targets: false,
            whole: false,
        },
    );
    let read = watched.read.lock().unwrap().iter().cloned().collect();
    (project, read)
}

fn kind(project: &Project, path: &str) -> Kind {
    project.document(&RepoPath::new(path)).unwrap().kind
}

/// The files that the imports of a document mean, `-` for none.
fn imports(project: &Project, path: &str) -> Vec<String> {
    let references = project.references(&RepoPath::new(path)).iter();
    let imports = references.filter(|reference| matches!(reference.kind, ReferenceKind::Import(_)));
    imports.map(|import| import.resolution.file().map_or_else(|| "-".to_owned(), ToString::to_string)).collect()
}

#[test]
fn reads_what_run_reaches_and_no_more() {
    let run = |target: &str| format!("{PY}# MAGIC %run {target}\n");
    let (main, a, b) = (run("./a"), run("lib/../../jobs/b"), run("../jobs/a"));
    let plain = format!("{PY}import helpers\ndbutils.notebook.run('other', 60)\n");
    let files = [
        ("jobs/main.py", main.as_str()),
        ("jobs/a.py", &run("../lib/c")),
        ("jobs/b.py", &b),
        ("lib/c.py", &plain),
        ("lib/helpers.py", "x = 1\n"),
        ("lib/other.py", PY),
        ("jobs/unrelated.py", &a),
        ("databricks.yml", "bundle: {name: x}\n"),
    ];
    let (project, read) = load(&files, &["jobs/main.py"]);
    assert_eq!(read, ["jobs/a.py", "jobs/main.py", "lib/c.py"]);
    let asked: Vec<bool> = project.documents().iter().map(|document| document.asked).collect();
    assert_eq!(asked, [false, true, false]);
    let id = project.id(&RepoPath::new("jobs/main.py")).unwrap();
    assert_eq!(project.runs().depth(id), 2);
    let found = project.references(&RepoPath::new("lib/c.py")).iter().map(|reference| reference.resolution.clone());
    let file = |path: &str| Resolution::Found(RepoPath::new(path));
    assert_eq!(found.collect::<Vec<_>>(), [file("lib/helpers.py"), file("lib/other.py")]);
}

#[test]
fn commands_over_several_lines() {
    let text = format!("{PY}# MAGIC %run \"./b\"\n# MAGIC $x=\"1\"\n# MAGIC print(1)\n");
    let (project, _) = load(&[("a.py", &text), ("b.sql", "-- Databricks notebook source\n")], &["a.py"]);
    let [reference] = project.references(&RepoPath::new("a.py")) else { panic!("one reference") };
    assert_eq!(reference.resolution, Resolution::Found(RepoPath::new("b.sql")));
    assert_eq!(reference.arguments, [("x".to_owned(), "1".to_owned())]);
    assert_eq!(reference.span.of(&text), "./b");
    assert_eq!(reference.unexpected.unwrap().of(&text), "print(1)");
    assert_eq!(reference.command.of(&text), "%run \"./b\"");
}

#[test]
fn imports_look_where_databricks_looks() {
    let text = format!(
        "{PY}import sys\nsys.path.append('../extra')\nimport beside, atroot.deep, extra_one, installed, pandas\nfrom package import module, name\nfrom package.inner import x\nfrom spaces import part\nfrom . import beside as again\nfrom ..lib import tool\n"
    );
    let files = [
        ("bundle/jobs/main.py", text.as_str()),
        ("bundle/jobs/beside.py", ""),
        ("bundle/databricks.yml", ""),
        ("bundle/src/installed/__init__.py", ""),
        ("bundle/extra/extra_one.py", ""),
        ("bundle/lib/tool.py", ""),
        ("atroot/deep.py", ""),
        ("package/__init__.py", ""),
        ("package/module.py", ""),
        ("package/inner/__init__.py", ""),
        ("spaces/part.py", ""),
    ];
    let (project, read) = load(&files, &["bundle/jobs/main.py"]);
    assert_eq!(
        imports(&project, "bundle/jobs/main.py"),
        [
            "-",
            "bundle/jobs/beside.py",
            "atroot/deep.py",
            "bundle/extra/extra_one.py",
            "bundle/src/installed/__init__.py",
            "-",
            "package/module.py",
            "package/__init__.py",
            "package/inner/__init__.py",
            "spaces/part.py",
            "bundle/jobs/beside.py",
            "bundle/lib/tool.py",
        ]
    );
    assert_eq!(read, ["bundle/jobs/main.py"]);
}

#[test]
fn kinds_follow_from_bundles_and_code() {
    let files = [
        ("databricks.yml", "include: [resources/*.yml]\n"),
        (
            "resources/jobs.yml",
            "resources:\n  jobs:\n    j:\n      tasks:\n        - spark_python_task: {python_file: ../src/run.py}\n",
        ),
        ("resources/deep/other.yml", "a: b\n"),
        ("src/run.py", "print(1)\n"),
        ("src/guarded.py", "if __name__ == '__main__':\n    pass\n"),
        ("src/flow.py", "from pyspark import pipelines as dp\n"),
        ("src/lib.py", "def f():\n    pass\n"),
        ("notes.yml", "a: [\n"),
    ];
    for asked in [
        vec!["src/run.py", "src/guarded.py", "src/flow.py", "src/lib.py", "resources/jobs.yml", "notes.yml"],
        files.iter().map(|(path, _)| *path).collect(),
    ] {
        let (project, _) = load(&files, &asked);
        assert_eq!(kind(&project, "src/run.py"), Kind::Script);
        assert_eq!(kind(&project, "src/guarded.py"), Kind::Script);
        assert_eq!(kind(&project, "src/flow.py"), Kind::Script);
        assert_eq!(kind(&project, "src/lib.py"), Kind::Module);
        assert_eq!(kind(&project, "databricks.yml"), Kind::Bundle);
        assert_eq!(kind(&project, "resources/jobs.yml"), Kind::Bundle);
        assert_eq!(kind(&project, "notes.yml"), Kind::Other);
        assert!(project.document(&RepoPath::new("notes.yml")).unwrap().problems.is_empty());
    }
}

#[test]
fn only_importers_tell_some_scripts_from_modules() {
    let effects = "df = spark.table('t')\ndf.write.saveAsTable('u')\n";
    let user = format!("{PY}from tools import loader\n");
    let files = [
        ("tools/loader.py", effects),
        ("tools/lonely.py", effects),
        ("tools/01-numbered.py", effects),
        ("jobs/main.py", user.as_str()),
        ("jobs/other.py", PY),
        ("package/__init__.py", ""),
        ("package/effects.py", effects),
    ];
    for asked in [
        vec!["tools/loader.py", "tools/lonely.py", "tools/01-numbered.py", "package/effects.py"],
        files.iter().map(|(path, _)| *path).collect(),
    ] {
        let (project, _) = load(&files, &asked);
        assert_eq!(kind(&project, "tools/loader.py"), Kind::Module);
        assert_eq!(kind(&project, "tools/lonely.py"), Kind::Script);
        assert_eq!(kind(&project, "tools/01-numbered.py"), Kind::Script);
        assert_eq!(kind(&project, "package/effects.py"), Kind::Module);
        let loader = RepoPath::new("tools/loader.py");
        let importers: Vec<&str> = project.importers(&loader).map(|(document, _)| document.path.as_str()).collect();
        assert_eq!(importers, ["jobs/main.py"]);
    }
    // Nothing is searched where the file itself says enough.
    let (_, read) = load(&files, &["package/effects.py"]);
    assert_eq!(read, ["package/effects.py"]);
}

#[test]
fn whose_dbutils_it_is() {
    let text = format!(
        "{PY}dbutils.notebook.run('b', 1)\n\n# COMMAND ----------\n\ndef f(dbutils):\n    dbutils.notebook.run('b', 1)\n\n# COMMAND ----------\n\nfrom databricks.sdk.runtime import dbutils as d\nd.notebook.run(path='./b')\n\n# COMMAND ----------\n\ndbutils.notebook.run(name, 1)\n"
    );
    let (project, _) = load(&[("a.py", &text), ("b.py", PY)], &["a.py"]);
    let references = project.references(&RepoPath::new("a.py")).iter();
    let runs: Vec<_> = references.filter(|reference| reference.kind == ReferenceKind::NotebookRun).collect();
    let shown: Vec<_> = runs.iter().map(|run| (run.span.of(&text), run.resolution.file().is_some())).collect();
    assert_eq!(shown, [("b", true), ("./b", true), ("name", false)]);
}

#[test]
fn long_chains_and_popular_helpers() {
    let mut files: Vec<(String, String)> =
        (0..1000).map(|at| (format!("c{at}.py"), format!("{PY}# MAGIC %run ./c{}\n", at + 1))).collect();
    files.push(("c1000.py".to_owned(), PY.to_owned()));
    files.extend((0..2000).map(|at| (format!("n{at}.py"), format!("{PY}# MAGIC %run ./c0\n"))));
    let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (path.as_str(), text.as_str())).collect();
    let (project, read) = load(&files, &["c0.py"]);
    assert_eq!(read.len(), 1001);
    assert_eq!(project.runs().depth(project.id(&RepoPath::new("c0.py")).unwrap()), 1000);
    let all: Vec<&str> = files.iter().map(|(path, _)| *path).collect();
    let (project, _) = load(&files, &all);
    let helper = project.id(&RepoPath::new("c0.py")).unwrap();
    assert_eq!(project.runs().callers(helper).len(), 2000);
}

/// What the only notebook of a repository runs on, when nothing but the notebook is asked about.
fn target_of(bundle: &str, notebook: &str) -> (Option<Compute>, Option<(u16, u16)>) {
    let files = [("app/databricks.yml", bundle), ("app/jobs/load.py", notebook)];
    let watched = Arc::new(Watched { files: Memory::of(&files), read: Mutex::default() });
    let asked = [RepoPath::new("app/jobs/load.py")];
    let request = Request {
        asked: &asked,
        everything: &Vec::new,
        options: &|_| ReadOptions::default(),
        progress: &|| {},
        names: false,
        targets: true,
        whole: false,
    };
    let project = Project::load(watched, &request);
    let target = project.target(project.document(&asked[0]).unwrap());
    (target.compute, target.dbr)
}

/// A bundle with one job, whose task is written in one line; `{n}` stands for the notebook.
fn job(more: &str, task: &str) -> String {
    let task = task.replace("{n}", "notebook_task: {notebook_path: jobs/load.py}");
    format!("resources:\n  jobs:\n    nightly:\n{more}      tasks:\n        - {{{task}}}\n")
}

#[test]
fn jobs_say_what_notebooks_run_on() {
    const NOTEBOOK: &str = "# Databricks notebook source\nx = 1\n";
    let serverless = (Some(Compute::Serverless), None);
    let unknown = (None, None);
    let cluster = "new_cluster: {spark_version: 15.4.x-cpu-ml-scala2.12, data_security_mode: SINGLE_USER}";
    let git = "      git_source: {git_url: u, git_provider: gitHub}\n";
    let shared = "      job_clusters:\n        - {job_cluster_key: a, new_cluster: {spark_version: 13.3.x-scala2.12, data_security_mode: USER_ISOLATION}}\n";
    let cases = [
        (job("", "{n}"), serverless),
        (job("", "{n}, environment_key: default"), serverless),
        (job("", "{n}, existing_cluster_id: x"), unknown),
        (job("", &format!("{{n}}, {cluster}")), (Some(Compute::Dedicated), Some((15, 4)))),
        (job(shared, "{n}, job_cluster_key: a"), (Some(Compute::Standard), Some((13, 3)))),
        (job(shared, "{n}, job_cluster_key: b"), unknown),
        (job("", "{n}, new_cluster: {spark_version: \"${var.v}\", data_security_mode: NONE}"), unknown),
        (job(git, "notebook_task: {notebook_path: app/jobs/load}"), serverless),
        (job("", "for_each_task: {task: { {n} }}"), serverless),
        // A job that somebody else runs says nothing.
        (job("", "notebook_task: {notebook_path: jobs/other.py}"), unknown),
        // Two that disagree, about all or about the runtime only.
        (
            format!("{}        - {{notebook_task: {{notebook_path: jobs/load.py}}, {cluster}}}\n", job("", "{n}")),
            unknown,
        ),
        (
            format!(
                "{}        - {{notebook_task: {{notebook_path: jobs/load.py}}, {}}}\n",
                job("", &format!("{{n}}, {cluster}")),
                cluster.replace("15.4", "16.4")
            ),
            (Some(Compute::Dedicated), None),
        ),
        // A target that puts the job elsewhere.
        (
            format!(
                "{}targets:\n  dev:\n    resources:\n      jobs:\n        nightly: {{job_clusters: []}}\n",
                job("", "{n}")
            ),
            unknown,
        ),
    ];
    for (bundle, expected) in &cases {
        assert_eq!(target_of(bundle, NOTEBOOK), *expected, "{bundle}");
    }
}

#[test]
fn environment_blocks_say_what_notebooks_run_on() {
    const BLOCK: &str = "# Databricks notebook source\n# /// script\n# [tool.databricks.environment]\n# environment_version = \"4\"\n# ///\nx = 1\n";
    assert_eq!(target_of("bundle: {name: b}", BLOCK), (Some(Compute::Serverless), None));
    assert_eq!(target_of(&job("", "{n}"), BLOCK), (Some(Compute::Serverless), None));
    let cluster = "{n}, new_cluster: {spark_version: 15.4.x-scala2.12, data_security_mode: SINGLE_USER}";
    assert_eq!(target_of(&job("", cluster), BLOCK).0, None);
}

/// How many syntax errors a notebook has that a bundle may run.
fn errors_of(bundle: &str, notebook: &str) -> usize {
    let files = [("databricks.yml", bundle), ("jobs/load.py", notebook)];
    let asked = [RepoPath::new("jobs/load.py")];
    let request = Request {
        asked: &asked,
        everything: &Vec::new,
        options: &|_| ReadOptions::default(),
        progress: &|| {},
        names: false,
        targets: true,
        whole: false,
    };
    let project = Project::load(Arc::new(Memory::of(&files)), &request);
    project.document(&asked[0]).unwrap().python.syntax_errors.len()
}

#[test]
fn the_runtime_of_a_job_decides_what_is_too_new() {
    const NOTEBOOK: &str = "# Databricks notebook source\ntype A = int\n";
    let old = job("", "{n}, new_cluster: {spark_version: 14.3.x-scala2.12}");
    let new = job("", "{n}, new_cluster: {spark_version: 16.4.x-scala2.12}");
    for (bundle, errors) in [(old.as_str(), 1), (new.as_str(), 0), ("bundle: {name: b}", 0)] {
        assert_eq!(errors_of(bundle, NOTEBOOK), errors, "{bundle}");
    }
}

#[test]
fn the_serverless_environment_decides_what_is_too_new() {
    let block = |version: &str| {
        format!(
            "# Databricks notebook source\n# /// script\n# [tool.databricks.environment]\n# environment_version = \"{version}\"\n# ///\ntype A = int\n"
        )
    };
    let plain = "# Databricks notebook source\ntype A = int\n".to_owned();
    let with = |version: &str| {
        let environments = format!("      environments: [{{environment_key: e, spec: {{client: \"{version}\"}}}}]\n");
        job(&environments, "{n}, environment_key: e")
    };
    let none = "bundle: {name: b}".to_owned();
    for (bundle, notebook, errors) in [
        (&none, block("2"), 1),
        (&none, block("3"), 0),
        (&with("2"), plain.clone(), 1),
        (&with("4"), plain, 0),
        // They do not agree.
        (&with("4"), block("2"), 0),
    ] {
        assert_eq!(errors_of(bundle, &notebook), errors, "{bundle}{notebook}");
    }
}

/// Of the metadata of an `.ipynb`, what somebody has set up counts.
#[test]
fn the_metadata_of_a_notebook_says_what_it_runs_on() {
    for (environment, expected) in [
        ("null", None),
        (r#"{"base_environment": "", "environment_version": "4"}"#, None),
        (r#"{"base_environment": "", "dependencies": ["x"], "environment_version": "4"}"#, Some(Some(4))),
        (r#"{"base_environment": "databricks_ai_v4", "client": "2"}"#, Some(Some(2))),
        (r#"{"dependencies": ["x"]}"#, Some(None)),
        (r#"{"dependencies": 1}"#, None),
    ] {
        let metadata =
            format!(r#"{{"application/vnd.databricks.v1+notebook": {{"environmentMetadata": {environment}}}}}"#);
        let text = format!(r#"{{"cells": [], "metadata": {metadata}, "nbformat": 4, "nbformat_minor": 0}}"#);
        let (notebook, _) = crate::notebook::ipynb::read(&text).unwrap();
        assert_eq!(notebook.serverless.map(|found| found.version), expected, "{environment}");
    }
}
