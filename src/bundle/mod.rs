//! Bundles (`databricks.yml` and what it includes): YAML with spans, and what its jobs and pipelines run.

pub mod compute;
pub mod job;
pub mod names;
pub mod yaml;

use crate::text::Span;
use compute::Runner;
use job::{Job, Pipeline};
use names::Names;
use yaml::{Node, YamlError, parse};

/// What is known of one bundle file.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The `include` globs of a root file, as written.
    pub includes: Vec<(String, Span)>,
    /// Files that its jobs and pipelines name.
    pub tasks: Vec<TaskFile>,
    /// What the files of its tasks run on.
    pub runners: Vec<Runner>,
    /// The keys of jobs and pipelines of which a target changes what they run on.
    pub changed_jobs: Vec<String>,
    /// Its jobs, one row for each place that says something of one.
    pub jobs: Vec<Job>,
    /// Its pipelines.
    pub pipelines: Vec<Pipeline>,
    /// Whether it takes more jobs and pipelines out of Python code.
    pub from_python: bool,
    /// The variables and resources that it declares, and the references to such.
    pub names: Names,
}

/// A file that a job task or pipeline names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFile {
    /// What it is run as.
    pub role: TaskRole,
    /// The path as written; for pipelines it may be a glob.
    pub path: String,
    /// The path's place.
    pub span: Span,
    /// Key of the task or pipeline, for messages.
    pub key: String,
    /// Whether the job takes its files from `git_source`: the path is then relative to the repository's root.
    pub from_git: bool,
}

/// What a file is run as.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TaskRole {
    /// `notebook_task.notebook_path`.
    Notebook,
    /// `spark_python_task.python_file`.
    PythonFile,
    /// `sql_task.file.path`.
    SqlFile,
    /// A pipeline's `libraries[].notebook.path`, `file.path` or `glob.include`.
    PipelineSource,
}

/// Whether a file of this name is the root file of a bundle.
pub fn is_root_name(name: &str) -> bool {
    ROOT_NAMES.contains(&name)
}

/// The names that a bundle's root file may have.
pub const ROOT_NAMES: [&str; 4] = ["databricks.yml", "databricks.yaml", "bundle.yml", "bundle.yaml"];

/// Reads a bundle file: `databricks.yml`, or a file that one includes. A text that is valid YAML but no
/// bundle gives an empty [`Bundle`].
///
/// # Errors
/// If the text is no YAML, or nested or repeated beyond what is read.
pub fn read(text: &str) -> Result<Bundle, YamlError> {
    let mut bundle = Bundle::default();
    let Some(root) = parse(text)? else { return Ok(bundle) };
    if let Some(include) = root.get("include") {
        let globs = include.items().filter_map(|item| Some((item.text()?.to_owned(), item.span)));
        bundle.includes.extend(globs);
    }
    bundle.from_python = root.get("python").is_some() || root.at(&["experimental", "python"]).is_some();
    if let Some(resources) = root.get("resources") {
        add_resources(resources, None, &mut bundle);
    }
    // `environments` is the old name of `targets`.
    for targets in ["targets", "environments"].into_iter().filter_map(|key| root.get(key)) {
        for target in targets.entries() {
            if let Some(resources) = target.value.get("resources") {
                add_resources(resources, Some(target.key), &mut bundle);
            }
        }
    }
    (bundle.runners, bundle.changed_jobs) = compute::read(&root);
    bundle.names = names::read(text, &root);
    bundle.tasks.sort_by_key(|task| task.span);
    // Merge keys and aliases can bring the same value in more than once.
    bundle.tasks.dedup();
    Ok(bundle)
}

fn add_resources(resources: &Node, target: Option<&str>, bundle: &mut Bundle) {
    bundle.jobs.extend(job::jobs(resources, target));
    bundle.pipelines.extend(job::pipelines(resources));
    let tasks = &mut bundle.tasks;
    for job in resources.entries_of("jobs") {
        let from_git = job::is_from_git(job.value);
        tasks.extend(job::tasks(job.value).flat_map(|(task, _)| job::files(task, from_git)));
    }
    for pipeline in resources.entries_of("pipelines") {
        tasks.extend(job::sources(&pipeline));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_files_of_jobs_and_pipelines() {
        let text = r#"
bundle: {name: b}
include:
  - resources/*.yml
  - "x/y.yml"
resources:
  jobs:
    nightly:
      tasks:
        - task_key: load
          notebook_task:
            notebook_path: ../src/load.py
        - task_key: each
          for_each_task:
            inputs: "[1]"
            task:
              task_key: inner
              spark_python_task: {python_file: "../src/inner.py"}
        - task_key: report
          sql_task: {file: {path: ../sql/report.sql}}
    remote:
      git_source: {git_url: u, git_provider: gitHub}
      tasks:
        - task_key: r
          notebook_task: {notebook_path: jobs/r}
  pipelines:
    flow:
      libraries:
        - notebook: {path: ../p/a.py}
        - file: {path: ../p/b.sql}
        - glob: {include: ../p/**}
targets:
  dev:
    resources:
      jobs:
        nightly:
          tasks:
            - task_key: load
              notebook_task: {notebook_path: ../src/dev.py}
"#;
        let bundle = read(text).unwrap();
        let includes: Vec<&str> = bundle.includes.iter().map(|(glob, _)| glob.as_str()).collect();
        assert_eq!(includes, ["resources/*.yml", "x/y.yml"]);
        let tasks: Vec<_> =
            bundle.tasks.iter().map(|task| (task.role, task.path.as_str(), task.key.as_str(), task.from_git)).collect();
        assert_eq!(
            tasks,
            [
                (TaskRole::Notebook, "../src/load.py", "load", false),
                (TaskRole::PythonFile, "../src/inner.py", "inner", false),
                (TaskRole::SqlFile, "../sql/report.sql", "report", false),
                (TaskRole::Notebook, "jobs/r", "r", true),
                (TaskRole::PipelineSource, "../p/a.py", "flow", false),
                (TaskRole::PipelineSource, "../p/b.sql", "flow", false),
                (TaskRole::PipelineSource, "../p/**", "flow", false),
                (TaskRole::Notebook, "../src/dev.py", "load", false),
            ]
        );
        assert!(bundle.tasks.iter().all(|task| task.span.of(text).contains(&task.path)));
    }

    #[test]
    fn other_yaml_is_an_empty_bundle() {
        for text in ["", "- a\n- b\n", "just text", "resources: 3\ninclude: x\n", "resources: {jobs: [1]}"] {
            let bundle = read(text).unwrap();
            assert!(bundle.tasks.is_empty() && bundle.includes.is_empty(), "{text}");
        }
    }
}
