//! Which jobs and pipelines of the bundles that were read run a file.

use super::bundles::{Pattern, nearest_root, target};
use super::document::Document;
use super::places::{Places, without_extension};
use crate::bundle::TaskRole;
use crate::bundle::job::{Job, Task};
use crate::snapshot::RepoPath;
use std::collections::HashMap;
use std::sync::OnceLock;

/// Who runs what.
#[derive(Debug, Default)]
pub(super) struct Jobs {
    /// By file without extension: document, job and task, as indices.
    tasks: HashMap<String, Vec<(usize, usize, usize)>>,
    /// Documents and paths of pipelines' sources.
    pipelines: Vec<(usize, String, Pattern)>,
    /// The bundle files.
    files: Vec<usize>,
    /// By pipeline: its sources.
    sources: OnceLock<HashMap<String, Vec<usize>>>,
}

/// A task that runs a file.
#[derive(Clone, Copy, Debug)]
pub struct Usage<'p> {
    /// The bundle file.
    pub document: &'p Document,
    /// The job, as that file has it.
    pub job: &'p Job,
    /// The task.
    pub task: &'p Task,
}

impl Jobs {
    /// Reads the bundles among the documents.
    pub(super) fn new(documents: &[Document], places: &Places) -> Self {
        let mut jobs = Self::default();
        for (at, document) in documents.iter().enumerate() {
            let Some(bundle) = &document.bundle else { continue };
            jobs.files.push(at);
            for (job_at, job) in bundle.jobs.iter().enumerate() {
                for (task_at, task) in job.tasks.iter().enumerate() {
                    let Some(file) = &task.file else { continue };
                    let Some(path) = resolve(places, document, &file.path, file.from_git) else { continue };
                    jobs.tasks.entry(key(&path)).or_default().push((at, job_at, task_at));
                }
            }
            for file in bundle.tasks.iter().filter(|file| file.role == TaskRole::PipelineSource) {
                let Some(path) = resolve(places, document, &file.path, file.from_git) else { continue };
                jobs.pipelines.push((at, file.key.clone(), Pattern::new(&path)));
            }
        }
        jobs
    }

    /// The bundle files, as indices.
    pub(super) fn files(&self) -> &[usize] {
        &self.files
    }

    /// The tasks that run a file.
    pub(super) fn of<'p>(&'p self, path: &RepoPath, documents: &'p [Document]) -> Vec<Usage<'p>> {
        let rows = self.tasks.get(&key(path)).map(Vec::as_slice).unwrap_or_default();
        rows.iter()
            .filter_map(|&(at, job, task)| {
                let document = documents.get(at)?;
                let job = document.bundle.as_ref()?.jobs.get(job)?;
                Some(Usage { document, job, task: job.tasks.get(task)? })
            })
            .collect()
    }

    /// The sources of a pipeline that define functions, as indices.
    pub(super) fn sources(&self, pipeline: &str, documents: &[Document]) -> &[usize] {
        let index = self.sources.get_or_init(|| {
            let mut index: HashMap<String, Vec<usize>> = HashMap::new();
            for (at, document) in documents.iter().enumerate().filter(|(_, it)| !it.python.functions.is_empty()) {
                for (_, key) in self.pipelines_of(&document.path, documents) {
                    index.entry(key.to_owned()).or_default().push(at);
                }
            }
            index
        });
        index.get(pipeline).map_or(&[], Vec::as_slice)
    }

    /// The keys of the pipelines of which a file is a source, each with its bundle file.
    pub(super) fn pipelines_of<'p>(
        &'p self,
        path: &'p RepoPath,
        documents: &'p [Document],
    ) -> impl Iterator<Item = (&'p Document, &'p str)> {
        self.pipelines
            .iter()
            .filter(|(_, _, pattern)| pattern.matches(path))
            .filter_map(|(at, key, _)| Some((documents.get(*at)?, key.as_str())))
    }
}

/// The file that a path of a bundle file means, as written.
pub(super) fn resolve(places: &Places, document: &Document, written: &str, from_git: bool) -> Option<RepoPath> {
    let folder = nearest_root(&document.path.parent(), places).unwrap_or_else(|| document.path.parent());
    target(written, from_git, &document.path, &folder.join("databricks.yml")?)
}

/// A path without a notebook's extension: jobs that take their files from git name them so.
fn key(path: &RepoPath) -> String {
    without_extension(path.as_str()).unwrap_or(path.as_str()).to_owned()
}
