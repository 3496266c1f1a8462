//! Pages: `duplicate-task-key`, `task-dependency-cycle`, `unknown-environment`, `unknown-job-cluster`,
//! `unknown-task-dependency` under `rules/workflow/`.

use crate::bundle::job::{Job, Key, Task};
use crate::project::Project;
use crate::rules::context::Context;
use crate::text::nearest::nearest;
use std::collections::{BTreeSet, HashMap};

/// The jobs of the bundle file that is checked.
pub(super) fn jobs<'a>(context: &Context<'a>) -> &'a [Job] {
    context.document.bundle.as_ref().map_or(&[], |bundle| bundle.jobs.as_slice())
}

/// All that the bundles say of the job of that key; `None` if a part of it stands behind a variable.
pub(super) fn all_of<'p>(project: &'p Project, job: &Job) -> Option<Vec<&'p Job>> {
    let bundles = project.bundle_files().filter_map(|document| document.bundle.as_ref());
    let rows: Vec<&Job> = bundles.flat_map(|bundle| &bundle.jobs).filter(|row| row.key.text == job.key.text).collect();
    rows.iter().all(|row| row.is_whole).then_some(rows)
}

/// Two tasks of one key.
pub(super) fn duplicate_key(context: &mut Context<'_>) {
    let document = context.document;
    for job in jobs(context) {
        let mut first: HashMap<&str, &Key> = HashMap::new();
        for key in job.tasks.iter().map(|task| &task.key).filter(|key| !key.is_computed()) {
            let Some(before) = first.insert(&key.text, key) else { continue };
            // An alias brings the same place in twice.
            if before.span == key.span {
                continue;
            }
            let message = format!(
                "the job `{}` has two tasks `{}`, which are merged into one when it is deployed: give one of them another key",
                job.key.text, key.text
            );
            context.report(key.span, message).note(document.path.clone(), before.span, "the other task");
        }
    }
}

/// `depends_on` of a task that is not there.
pub(super) fn unknown_dependency(context: &mut Context<'_>) {
    for job in jobs(context) {
        let Some(rows) = all_of(context.project, job) else { continue };
        let tasks = rows.iter().flat_map(|row| &row.tasks).filter(|task| !task.is_inner);
        let known: BTreeSet<&str> = tasks.map(|task| task.key.text.as_str()).collect();
        if known.iter().any(|key| key.contains("${")) {
            continue;
        }
        let wanted = job.tasks.iter().flat_map(|task| &task.depends_on);
        missing(context, job, wanted, &known, "task");
    }
}

/// `job_cluster_key` of a cluster that is not there.
pub(super) fn unknown_cluster(context: &mut Context<'_>) {
    for job in jobs(context) {
        let Some(rows) = all_of(context.project, job) else { continue };
        let known: BTreeSet<&str> = rows.iter().flat_map(|row| &row.clusters).map(|key| key.text.as_str()).collect();
        if known.iter().any(|key| key.contains("${")) {
            continue;
        }
        let wanted = job.tasks.iter().filter_map(|task| task.cluster.as_ref());
        missing(context, job, wanted, &known, "job cluster");
    }
}

/// `environment_key` of an environment that is not there.
pub(super) fn unknown_environment(context: &mut Context<'_>) {
    for job in jobs(context) {
        let Some(rows) = all_of(context.project, job) else { continue };
        let known: BTreeSet<&str> =
            rows.iter().flat_map(|row| &row.environments).map(|row| row.key.text.as_str()).collect();
        if known.iter().any(|key| key.contains("${")) {
            continue;
        }
        let wanted = job.tasks.iter().filter_map(|task| task.environment.as_ref());
        missing(context, job, wanted, &known, "environment");
    }
}

fn missing<'k>(
    context: &mut Context<'_>,
    job: &Job,
    wanted: impl Iterator<Item = &'k Key>,
    known: &BTreeSet<&str>,
    what: &str,
) {
    for key in wanted.filter(|key| !key.is_computed() && !known.contains(key.text.as_str())) {
        let message = match nearest(&key.text, known.iter().copied()) {
            Some(meant) => format!("the job `{}` has no {what} `{}`: did you mean `{meant}`?", job.key.text, key.text),
            None => format!("the job `{}` has no {what} `{}`", job.key.text, key.text),
        };
        context.report(key.span, message);
    }
}

/// Tasks that wait for each other.
pub(super) fn cycle(context: &mut Context<'_>) {
    for job in jobs(context) {
        let tasks: Vec<&Task> = job.tasks.iter().filter(|task| !task.is_inner).collect();
        let at: HashMap<&str, usize> =
            tasks.iter().enumerate().map(|(at, task)| (task.key.text.as_str(), at)).collect();
        let Some(way) = find_cycle(&tasks, &at) else { continue };
        let names: Vec<String> = way.iter().map(|at| format!("`{}`", key_of(&tasks, *at))).collect();
        let message = if way.len() < 3 {
            format!(
                "the task {} waits for itself: remove it from its `depends_on`",
                names.first().map_or("", String::as_str)
            )
        } else {
            format!("the tasks wait for each other, {}: remove one `depends_on`", names.join(" → "))
        };
        let Some(task) = way.first().and_then(|at| tasks.get(*at)) else { continue };
        context.report(task.key.span, message);
    }
}

fn key_of<'t>(tasks: &[&'t Task], at: usize) -> &'t str {
    tasks.get(at).map_or("", |task| task.key.text.as_str())
}

/// The first cycle: each task waits for the next, and the last is the first again.
fn find_cycle(tasks: &[&Task], at: &HashMap<&str, usize>) -> Option<Vec<usize>> {
    let waits = |task: usize| {
        let keys = tasks.get(task).map(|task| task.depends_on.as_slice()).unwrap_or_default();
        keys.iter().filter_map(|key| at.get(key.text.as_str()).copied())
    };
    // Take away, again and again, tasks that wait for nobody who is left.
    let mut open: Vec<usize> = (0..tasks.len()).map(|task| waits(task).count()).collect();
    let mut waited: Vec<Vec<usize>> = vec![Vec::new(); tasks.len()];
    for task in 0..tasks.len() {
        for other in waits(task) {
            waited.get_mut(other)?.push(task);
        }
    }
    let mut free: Vec<usize> = (0..tasks.len()).filter(|task| open.get(*task) == Some(&0)).collect();
    let mut left: Vec<bool> = vec![true; tasks.len()];
    while let Some(task) = free.pop() {
        *left.get_mut(task)? = false;
        for other in waited.get(task)? {
            let count = open.get_mut(*other)?;
            *count -= 1;
            if *count == 0 {
                free.push(*other);
            }
        }
    }
    // Whoever is left waits for somebody who is left, so walking on comes back to where it was.
    let mut way: Vec<usize> = Vec::new();
    let mut next = left.iter().position(|left| *left)?;
    loop {
        if let Some(start) = way.iter().position(|task| *task == next) {
            let mut cycle: Vec<usize> = way.split_off(start);
            let first = cycle.iter().enumerate().min_by_key(|(_, task)| **task).map_or(0, |(at, _)| at);
            cycle.rotate_left(first);
            cycle.push(*cycle.first()?);
            return Some(cycle);
        }
        way.push(next);
        next = waits(next).find(|task| left.get(*task) == Some(&true))?;
    }
}
