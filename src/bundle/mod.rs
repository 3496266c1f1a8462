//! Bundles (`databricks.yml` and what it includes): YAML with spans, and what its jobs and pipelines run.

use crate::text::Span;

/// What is known of one bundle file.
#[derive(Clone, Debug, Default)]
pub struct Bundle {
    /// The `include` globs of a root file, as written.
    pub includes: Vec<(String, Span)>,
    /// Files that its jobs and pipelines name.
    pub tasks: Vec<TaskFile>,
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
