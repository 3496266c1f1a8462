//! The jobs and pipelines of a bundle: what their parts are called, and what they name.

use super::yaml::{Node, Value};
use super::{TaskFile, add_task};
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
}

/// One pipeline.
#[derive(Clone, Debug)]
pub struct Pipeline {
    /// The resource's key.
    pub key: Key,
    /// What its environment installs, as written.
    pub dependencies: Vec<Key>,
}

/// The jobs of a `resources` mapping.
pub(super) fn jobs(resources: &Node, target: Option<&str>) -> Vec<Job> {
    let entries = resources.get("jobs").map(Node::entries).unwrap_or_default();
    entries
        .into_iter()
        .map(|entry| {
            let node = entry.value;
            let from_git = node.get("git_source").is_some();
            let mut job = Job {
                key: Key { text: entry.key.to_owned(), span: entry.key_span },
                target: target.map(str::to_owned),
                from_git,
                parameters: items(node, "parameters").filter_map(parameter).collect(),
                clusters: names(node, "job_clusters", "job_cluster_key"),
                environments: items(node, "environments").filter_map(environment).collect(),
                tasks: Vec::new(),
                is_whole: ["parameters", "job_clusters", "environments", "tasks"].iter().all(|key| is_list(node, key)),
            };
            for task in items(node, "tasks") {
                job.tasks.extend(self::task(task, from_git, false));
                if let Some(inner) = task.at(&["for_each_task", "task"]) {
                    job.tasks.extend(self::task(inner, from_git, true));
                }
            }
            job
        })
        .collect()
}

/// The pipelines of a `resources` mapping.
pub(super) fn pipelines(resources: &Node) -> impl Iterator<Item = Pipeline> {
    resources.get("pipelines").map(Node::entries).unwrap_or_default().into_iter().map(|entry| Pipeline {
        key: Key { text: entry.key.to_owned(), span: entry.key_span },
        dependencies: entry.value.at(&["environment", "dependencies"]).map(words).unwrap_or_default(),
    })
}

fn task(node: &Node, from_git: bool, is_inner: bool) -> Option<Task> {
    let key = node.get("task_key").and_then(Key::of)?;
    let mut files = Vec::new();
    add_task(node, from_git, &mut files);
    let given = node.at(&["notebook_task", "base_parameters"]);
    let parameters = given.map(Node::entries).unwrap_or_default();
    Some(Task {
        key,
        is_inner,
        depends_on: names(node, "depends_on", "task_key"),
        cluster: node.get("job_cluster_key").and_then(Key::of),
        environment: node.get("environment_key").and_then(Key::of),
        file: files.into_iter().next(),
        parameters: parameters
            .into_iter()
            .map(|entry| Parameter {
                key: Key { text: entry.key.to_owned(), span: entry.key_span },
                value: entry.value.text().map(str::to_owned),
            })
            .collect(),
        is_whole: given.is_none_or(|node| matches!(node.value, Value::Mapping(_))),
    })
}

fn environment(node: &Node) -> Option<Environment> {
    let key = node.get("environment_key").and_then(Key::of)?;
    Some(Environment { key, dependencies: node.at(&["spec", "dependencies"]).map(words).unwrap_or_default() })
}

fn words(list: &Node) -> Vec<Key> {
    list.items().filter_map(Key::of).collect()
}

fn items<'n>(node: &'n Node, key: &str) -> impl Iterator<Item = &'n Node> {
    node.get(key).into_iter().flat_map(Node::items)
}

/// What the items of a list say under `name`.
fn parameter(node: &Node) -> Option<Parameter> {
    let key = node.get("name").and_then(Key::of)?;
    Some(Parameter { key, value: node.get("default").and_then(Node::text).map(str::to_owned) })
}

fn names(node: &Node, key: &str, name: &str) -> Vec<Key> {
    items(node, key).filter_map(|item| item.get(name)).filter_map(Key::of).collect()
}

/// Whether the value of `key`, if there is one, is a list of mappings: no variable stands for it or in it.
fn is_list(node: &Node, key: &str) -> bool {
    node.get(key).is_none_or(|list| match &list.value {
        Value::Sequence(_) => list.items().all(|item| matches!(item.value, Value::Mapping(_))),
        Value::Scalar(text) => text.is_empty(),
        Value::Mapping(_) => false,
    })
}
