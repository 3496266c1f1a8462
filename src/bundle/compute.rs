//! What the tasks of a bundle run on, as far as the file says.

use super::yaml::{Entry, Node};
use super::{TaskFile, TaskRole, job};

/// One file that a job or pipeline runs, and on what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Runner {
    /// The path as written; for pipelines it may be a glob.
    pub path: String,
    /// What it is run as.
    pub role: TaskRole,
    /// Whether the path is relative to the repository's root.
    pub from_git: bool,
    /// The key of its job or pipeline.
    pub job: String,
    /// Whether it stands under a target, and not under the bundle's own `resources`.
    pub in_target: bool,
    /// What it runs on.
    pub machine: Machine,
}

/// What a task runs on.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Machine {
    /// The file does not say: a cluster that exists, a variable.
    #[default]
    Unknown,
    /// Serverless: a task that names no cluster, or one with an environment.
    Serverless {
        /// The version of that environment, as written.
        environment: Option<String>,
    },
    /// A cluster that the job makes.
    Cluster {
        /// Its `spark_version`, as written.
        version: Option<String>,
        /// Its `data_security_mode`, as written.
        mode: Option<String>,
    },
}

/// Keys of a task that say what it runs on.
const MACHINE_KEYS: [&str; 5] = ["new_cluster", "existing_cluster_id", "job_cluster_key", "environment_key", "compute"];

/// All that the jobs and pipelines of a bundle file run, in order of place; and the keys of the jobs of which a target
/// changes what they run on.
///
/// Sources: Databricks documentation, "Declarative Automation Bundles resources" and "Run your Databricks job with
/// serverless compute for workflows": a task that names no cluster is serverless.
pub(super) fn read(root: &Node) -> (Vec<Runner>, Vec<String>) {
    let (mut runners, mut changed) = (Vec::new(), Vec::new());
    if let Some(resources) = root.get("resources") {
        add(resources, false, &mut runners);
    }
    for targets in ["targets", "environments"].into_iter().filter_map(|key| root.get(key)) {
        for resources in targets.entries().iter().filter_map(|target| target.value.get("resources")) {
            add(resources, true, &mut runners);
            let jobs = resources.entries_of("jobs");
            changed.extend(jobs.iter().filter(|job| speaks_of_machines(job.value)).map(|job| job.key.to_owned()));
            let pipelines = resources.entries_of("pipelines");
            let says = |pipeline: &&Entry<'_>| pipeline.value.get("serverless").is_some();
            changed.extend(pipelines.iter().filter(says).map(|pipeline| pipeline.key.to_owned()));
        }
    }
    (runners, changed)
}

fn speaks_of_machines(job: &Node) -> bool {
    let has_key = |task: &Node| MACHINE_KEYS.iter().any(|key| task.get(key).is_some());
    job.get("job_clusters").is_some()
        || job.get("environments").is_some()
        || job::tasks(job).any(|(task, _)| has_key(task))
}

fn add(resources: &Node, in_target: bool, runners: &mut Vec<Runner>) {
    let mut add = |file: TaskFile, job: &str, machine: Machine| {
        let TaskFile { path, role, from_git, .. } = file;
        runners.push(Runner { path, role, from_git, job: job.to_owned(), in_target, machine });
    };
    for job in resources.entries_of("jobs") {
        for (task, _) in job::tasks(job.value) {
            // A notebook on a warehouse is SQL and nothing else.
            let on_warehouse = task.at(&["notebook_task", "warehouse_id"]).is_some();
            let machine = if on_warehouse { Machine::Unknown } else { machine(task, job.value) };
            let files = job::files(task, job::is_from_git(job.value));
            for file in files.filter(|file| file.role != TaskRole::SqlFile) {
                add(file, job.key, machine.clone());
            }
        }
    }
    for pipeline in resources.entries_of("pipelines") {
        let serverless = pipeline.value.get("serverless").and_then(Node::text) == Some("true");
        let machine = if serverless { Machine::Serverless { environment: None } } else { Machine::Unknown };
        for file in job::sources(&pipeline) {
            add(file, pipeline.key, machine.clone());
        }
    }
}

fn machine(task: &Node, job: &Node) -> Machine {
    if let Some(key) = task.get("environment_key") {
        let environments = job.get("environments").into_iter().flat_map(Node::items);
        let mut named = environments.filter(|one| one.get("environment_key").and_then(Node::text) == key.text());
        let spec = named.next().and_then(|one| one.get("spec"));
        // `client` is its older name.
        let version = spec.and_then(|spec| spec.get("environment_version").or_else(|| spec.get("client")));
        return Machine::Serverless { environment: version.and_then(Node::text).map(str::to_owned) };
    }
    if let Some(cluster) = task.get("new_cluster") {
        return self::cluster(cluster);
    }
    if let Some(key) = task.get("job_cluster_key") {
        let clusters = job.items_of("job_clusters");
        let mut named = clusters.filter(|one| one.get("job_cluster_key").and_then(Node::text) == key.text());
        return named.find_map(|one| one.get("new_cluster")).map_or(Machine::Unknown, self::cluster);
    }
    if MACHINE_KEYS.iter().any(|key| task.get(key).is_some()) {
        return Machine::Unknown;
    }
    Machine::Serverless { environment: None }
}

fn cluster(cluster: &Node) -> Machine {
    let text = |key: &str| cluster.get(key).and_then(Node::text).filter(|text| !text.contains("${")).map(str::to_owned);
    // A policy may set either.
    Machine::Cluster { version: text("spark_version"), mode: text("data_security_mode") }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bundle::yaml::parse;

    fn machines(text: &str) -> Vec<(String, Machine)> {
        let root = parse(text).unwrap().unwrap();
        read(&root).0.into_iter().map(|runner| (runner.path, runner.machine)).collect()
    }

    fn cluster(version: &str, mode: Option<&str>) -> Machine {
        Machine::Cluster { version: Some(version.to_owned()), mode: mode.map(str::to_owned) }
    }

    fn serverless(version: Option<&str>) -> Machine {
        Machine::Serverless { environment: version.map(str::to_owned) }
    }

    #[test]
    fn tasks_say_what_they_run_on() {
        let found = machines(
            "resources:
  jobs:
    j:
      environments:
        - {environment_key: default, spec: {environment_version: 2}}
      job_clusters:
        - job_cluster_key: main
          new_cluster: {spark_version: 15.4.x-scala2.12, data_security_mode: USER_ISOLATION}
      tasks:
        - notebook_task: {notebook_path: a.py}
        - notebook_task: {notebook_path: b.py}
          job_cluster_key: main
        - notebook_task: {notebook_path: c.py}
          job_cluster_key: other
        - spark_python_task: {python_file: d.py}
          environment_key: default
        - notebook_task: {notebook_path: e.py}
          new_cluster: {spark_version: \"${var.version}\"}
        - notebook_task: {notebook_path: f.py}
          existing_cluster_id: 0101-1
        - notebook_task: {notebook_path: g.py, warehouse_id: w}
        - for_each_task: {task: {notebook_task: {notebook_path: h.py}, job_cluster_key: main}}
  pipelines:
    p: {serverless: true, libraries: [{notebook: {path: p.py}}]}
    q: {libraries: [{file: {path: q.py}}]}
",
        );
        let main = cluster("15.4.x-scala2.12", Some("USER_ISOLATION"));
        let expected = [
            ("a.py", serverless(None)),
            ("b.py", main.clone()),
            ("c.py", Machine::Unknown),
            ("d.py", serverless(Some("2"))),
            ("e.py", Machine::Cluster { version: None, mode: None }),
            ("f.py", Machine::Unknown),
            ("g.py", Machine::Unknown),
            ("h.py", main),
            ("p.py", serverless(None)),
            ("q.py", Machine::Unknown),
        ];
        assert_eq!(found, expected.map(|(path, machine)| (path.to_owned(), machine)));
    }

    #[test]
    fn targets_change_jobs() {
        let text = "resources: {jobs: {a: {}, b: {}}}
targets:
  dev:
    resources:
      jobs:
        a: {job_clusters: []}
        b: {name: x}
        c: {tasks: [{new_cluster: {}}]}
";
        assert_eq!(read(&parse(text).unwrap().unwrap()).1, ["a", "c"]);
    }
}
