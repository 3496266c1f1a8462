//! Pages: `clusters-in-serverless-pipeline`, `libraries-on-serverless` under `rules/workflow/`: what serverless compute
//! does not take from a bundle.

use super::bundle::{all_of, jobs};
use crate::bundle::job::Task;
use crate::rules::context::Context;

/// Kinds of tasks that run on a cluster or on serverless compute.
const ON_COMPUTE: [&str; 4] = ["spark_python_task", "python_wheel_task", "dbt_task", "notebook_task"];

/// The tasks of the bundle file that is checked which run on serverless compute: nothing
/// that the bundle says of them names a cluster.
fn tasks<'a>(context: &Context<'a>) -> Vec<(&'a Task, &'a str)> {
    let mut found = Vec::new();
    for job in jobs(context) {
        let Some(rows) = all_of(context.project, job) else { continue };
        for task in &job.tasks {
            let Some(work) = task.work.as_ref().filter(|work| ON_COMPUTE.contains(&work.text.as_str())) else {
                continue;
            };
            let same = rows.iter().flat_map(|row| &row.tasks).filter(|other| other.key.text == task.key.text);
            let has_cluster = same.into_iter().any(|other| other.has_cluster);
            if !has_cluster && !task.key.is_computed() {
                found.push((task, work.text.as_str()));
            }
        }
    }
    found
}

/// Libraries of a task on serverless compute.
pub(super) fn libraries(context: &mut Context<'_>) {
    for (task, work) in tasks(context) {
        let Some(span) = task.libraries else { continue };
        let advice = if work == "notebook_task" {
            "install them in the notebook with `%pip`, or in an environment"
        } else {
            "list them as `dependencies` of its environment"
        };
        let message = format!(
            "the task `{}` names no cluster, and serverless compute takes no `libraries`: {advice}",
            task.key.text
        );
        context.report(span, message);
    }
}

/// Clusters of a serverless pipeline.
pub(super) fn clusters(context: &mut Context<'_>) {
    let pipelines = context.document.bundle.as_ref().map_or(&[][..], |bundle| bundle.pipelines.as_slice());
    for pipeline in pipelines {
        let Some(span) = pipeline.clusters else { continue };
        let message = format!(
            "the pipeline `{}` is serverless and cannot have clusters: remove them, or `serverless: true`",
            pipeline.key.text
        );
        context.report(span, message);
    }
}
