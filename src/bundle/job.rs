//! The jobs and pipelines of a bundle: what their parts are called, and what they name.

use super::yaml::{Entry, Node, Value};
use super::{TaskFile, TaskRole};
use crate::text::Span;

/// A word of a bundle file, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Key {
    /// The word as YAML reads it.
    pub text: String,
    /// Its place.
    pub span: Span,
}

impl Key {
    fn of(node: &Node) -> Option<Self> {
        node.text().map(|text| Self { text: text.to_owned(), span: node.span })
    }

    /// Whether it is made up when the bundle is deployed: it holds `${…}`.
    pub fn is_computed(&self) -> bool {
        self.text.contains("${")
    }
}

/// A parameter of a job or of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parameter {
    /// Its name.
    pub key: Key,
    /// What it is given, or its default, as written; `None` if that is no text, or nothing.
    pub value: Option<String>,
}

/// One job, as one place of a bundle file has it: other places may say more of it.
#[derive(Clone, Debug)]
pub struct Job {
    /// The resource's key.
    pub key: Key,
    /// The target in which it stands; `None` for all targets.
    pub target: Option<String>,
    /// Whether it takes its files from `git_source`.
    pub from_git: bool,
    /// Its parameters.
    pub parameters: Vec<Parameter>,
    /// Keys of its `job_clusters`.
    pub clusters: Vec<Key>,
    /// Its `environments`.
    pub environments: Vec<Environment>,
    /// Its tasks, those inside `for_each_task` too.
    pub tasks: Vec<Task>,
    /// Whether all of it is written out, and nothing stands behind a variable.
    pub is_whole: bool,
}

/// One environment of a job.
#[derive(Clone, Debug)]
pub struct Environment {
    /// Its `environment_key`.
    pub key: Key,
    /// What it installs, as written.
    pub dependencies: Vec<Key>,
}

/// One task.
#[derive(Clone, Debug)]
pub struct Task {
    /// Its `task_key`.
    pub key: Key,
    /// Whether it stands inside a `for_each_task`.
    pub is_inner: bool,
    /// The keys of the tasks that it waits for.
    pub depends_on: Vec<Key>,
    /// The key of the job cluster that it runs on.
    pub cluster: Option<Key>,
    /// The key of its environment.
    pub environment: Option<Key>,
    /// The file that it runs.
    pub file: Option<TaskFile>,
    /// The parameters that it gives to a notebook.
    pub parameters: Vec<Parameter>,
    /// Whether those are all: none stands behind a variable.
    pub is_whole: bool,
    /// The job that it starts.
    pub run_job: Option<RunJob>,
    /// What kind of work it does: `notebook_task`, where it says so.
    pub work: Option<Key>,
    /// Whether it says what it runs on, an environment left out.
    pub has_cluster: bool,
    /// The word `libraries`, where it brings its own.
    pub libraries: Option<Span>,
}

/// Another job that a task starts.
#[derive(Clone, Debug)]
pub struct RunJob {
    /// Its identifier, as written: `${resources.jobs.load.id}`.
    pub job: Key,
    /// Names of the parameters that it is given.
    pub parameters: Vec<Key>,
}

/// One pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// The resource's key.
    pub key: Key,
    /// What its environment installs, as written.
    pub dependencies: Vec<Key>,
    /// For a serverless pipeline: the word `clusters`, where it describes some.
    pub clusters: Option<Span>,
}

/// The jobs of a `resources` mapping.
pub(super) fn jobs(resources: &Node, target: Option<&str>) -> Vec<Job> {
    resources
        .entries_of("jobs")
        .into_iter()
        .map(|entry| {
            let node = entry.value;
            let from_git = is_from_git(node);
            Job {
                key: Key { text: entry.key.to_owned(), span: entry.key_span },
                target: target.map(str::to_owned),
                from_git,
                parameters: node.items_of("parameters").filter_map(parameter).collect(),
                clusters: names(node, "job_clusters", "job_cluster_key"),
                environments: node.items_of("environments").filter_map(environment).collect(),
                tasks: tasks(node).filter_map(|(task, is_inner)| self::task(task, from_git, is_inner)).collect(),
                is_whole: ["parameters", "job_clusters", "environments", "tasks"].iter().all(|key| is_list(node, key)),
            }
        })
        .collect()
}

/// The pipelines of a `resources` mapping.
pub(super) fn pipelines(resources: &Node) -> impl Iterator<Item = Pipeline> {
    resources.entries_of("pipelines").into_iter().map(|entry| {
        let serverless = entry.value.get("serverless").and_then(Node::text) == Some("true");
        let own = || {
            entry.value.entries().into_iter().find(|row| row.key == "clusters" && row.value.items().next().is_some())
        };
        Pipeline {
            key: Key { text: entry.key.to_owned(), span: entry.key_span },
            dependencies: entry.value.at(&["environment", "dependencies"]).map(words).unwrap_or_default(),
            clusters: own().filter(|_| serverless).map(|row| row.key_span),
        }
    })
}

/// Whether a job takes its files from a repository of git, and not from where the bundle is deployed.
pub(super) fn is_from_git(job: &Node) -> bool {
    job.get("git_source").is_some()
}

/// The tasks of a job, each with whether it stands inside a `for_each_task`; such a one comes behind its outer task.
pub(super) fn tasks(job: &Node) -> impl Iterator<Item = (&Node, bool)> {
    job.items_of("tasks").flat_map(|task| {
        let inner = task.at(&["for_each_task", "task"]);
        std::iter::once((task, false)).chain(inner.map(|inner| (inner, true)))
    })
}

/// The files that a task runs: one, where it is valid.
pub(super) fn files(task: &Node, from_git: bool) -> impl Iterator<Item = TaskFile> {
    let key = task.get("task_key").and_then(Node::text).unwrap_or_default();
    let named: [(&[&str], TaskRole); 3] = [
        (&["notebook_task", "notebook_path"], TaskRole::Notebook),
        (&["spark_python_task", "python_file"], TaskRole::PythonFile),
        (&["sql_task", "file", "path"], TaskRole::SqlFile),
    ];
    named.into_iter().filter_map(move |(keys, role)| file(task.at(keys)?, role, key, from_git))
}

/// The files that a pipeline is made of.
pub(super) fn sources(pipeline: &Entry<'_>) -> impl Iterator<Item = TaskFile> {
    let key = pipeline.key;
    let paths = pipeline.value.items_of("libraries").flat_map(|library| {
        [["notebook", "path"], ["file", "path"], ["glob", "include"]].into_iter().filter_map(|keys| library.at(&keys))
    });
    paths.filter_map(move |path| file(path, TaskRole::PipelineSource, key, false))
}

fn file(path: &Node, role: TaskRole, key: &str, from_git: bool) -> Option<TaskFile> {
    let text = path.text().filter(|text| !text.is_empty())?;
    Some(TaskFile { role, path: text.to_owned(), span: path.span, key: key.to_owned(), from_git })
}

/// Keys of a task that name a cluster or other compute.
const CLUSTER_KEYS: [&str; 4] = ["new_cluster", "existing_cluster_id", "job_cluster_key", "compute"];

fn task(node: &Node, from_git: bool, is_inner: bool) -> Option<Task> {
    let key = node.get("task_key").and_then(Key::of)?;
    let given = node.at(&["notebook_task", "base_parameters"]);
    let parameters = given.map(Node::entries).unwrap_or_default();
    Some(Task {
        key,
        is_inner,
        depends_on: names(node, "depends_on", "task_key"),
        cluster: node.get("job_cluster_key").and_then(Key::of),
        environment: node.get("environment_key").and_then(Key::of),
        file: files(node, from_git).next(),
        parameters: parameters
            .into_iter()
            .map(|entry| Parameter {
                key: Key { text: entry.key.to_owned(), span: entry.key_span },
                value: entry.value.text().map(str::to_owned),
            })
            .collect(),
        is_whole: given.is_none_or(|node| matches!(node.value, Value::Mapping(_))),
        run_job: node.get("run_job_task").and_then(run_job),
        work: node
            .entries()
            .into_iter()
            .find(|entry| entry.key.ends_with("_task"))
            .map(|entry| Key { text: entry.key.to_owned(), span: entry.key_span }),
        has_cluster: CLUSTER_KEYS.iter().any(|key| node.get(key).is_some()),
        libraries: node.entries().into_iter().find(|entry| entry.key == "libraries").map(|entry| entry.key_span),
    })
}

fn run_job(node: &Node) -> Option<RunJob> {
    let parameters = node.get("job_parameters").map(Node::entries).unwrap_or_default().into_iter();
    Some(RunJob {
        job: node.get("job_id").and_then(Key::of)?,
        parameters: parameters.map(|entry| Key { text: entry.key.to_owned(), span: entry.key_span }).collect(),
    })
}

fn environment(node: &Node) -> Option<Environment> {
    let key = node.get("environment_key").and_then(Key::of)?;
    Some(Environment { key, dependencies: node.at(&["spec", "dependencies"]).map(words).unwrap_or_default() })
}

fn words(list: &Node) -> Vec<Key> {
    list.items().filter_map(Key::of).collect()
}

/// What the items of a list say under `name`.
fn parameter(node: &Node) -> Option<Parameter> {
    let key = node.get("name").and_then(Key::of)?;
    Some(Parameter { key, value: node.get("default").and_then(Node::text).map(str::to_owned) })
}

fn names(node: &Node, key: &str, name: &str) -> Vec<Key> {
    node.items_of(key).filter_map(|item| item.get(name)).filter_map(Key::of).collect()
}

/// Whether the value of `key`, if there is one, is a list of mappings: no variable stands for it or in it.
fn is_list(node: &Node, key: &str) -> bool {
    node.get(key).is_none_or(|list| match &list.value {
        Value::Sequence(_) => list.items().all(|item| matches!(item.value, Value::Mapping(_))),
        Value::Scalar(text) => text.is_empty(),
        Value::Mapping(_) => false,
    })
}
