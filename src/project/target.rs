//! What code runs on: as settings say, or as the job that runs a file says, or the environment block in it.

use super::bundles::{Pattern, target as target_file};
use super::document::Document;
use crate::bundle::compute::{Machine, Runner};
use crate::bundle::{Bundle, TaskRole};
use crate::snapshot::RepoPath;
use std::collections::{HashMap, HashSet};

/// What the code will run on, as far as it is known.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Target {
    /// The compute.
    pub compute: Option<Compute>,
    /// The Databricks runtime, as (major, minor).
    pub dbr: Option<(u16, u16)>,
    /// On serverless compute: the version of the environment.
    pub environment: Option<u16>,
}

/// Kinds of compute.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Compute {
    /// Serverless.
    Serverless,
    /// Standard access mode (shared).
    Standard,
    /// Dedicated access mode (single user).
    Dedicated,
}

/// Who runs which files on what, in all bundles that were read.
#[derive(Debug, Default)]
pub struct Runners {
    /// By file; for those out of `git_source`, by file without its extension.
    files: HashMap<RepoPath, Vec<Row>>,
    /// Sources of pipelines.
    patterns: Vec<(Pattern, Row)>,
    /// Jobs and pipelines of which a target changes what they run on, with the root of their bundle.
    changed: HashSet<(RepoPath, String)>,
}

#[derive(Clone, Debug)]
struct Row {
    root: RepoPath,
    job: String,
    in_target: bool,
    machine: Machine,
}

impl Runners {
    /// Takes in what a bundle file runs. `root` is the root file of its bundle.
    pub(super) fn add(&mut self, path: &RepoPath, root: &RepoPath, bundle: &Bundle) {
        self.changed.extend(bundle.changed_jobs.iter().map(|job| (root.clone(), job.clone())));
        for runner in &bundle.runners {
            let Some(target) = target_file(&runner.path, runner.from_git, path, root) else { continue };
            let Runner { job, in_target, machine, .. } = runner.clone();
            let row = Row { root: root.clone(), job, in_target, machine };
            if runner.role == TaskRole::PipelineSource {
                self.patterns.push((Pattern::new(&target), row));
            } else {
                self.files.entry(target).or_default().push(row);
            }
        }
    }

    /// What a document runs on, as far as the jobs that run it and its environment block agree. Files that are only run
    /// or imported by others are unknown: nobody else runs them here, but somebody may elsewhere.
    pub(super) fn target(&self, document: &Document) -> Target {
        let path = &document.path;
        let bare = path.parent().join(path.stem());
        let rows = self.files.get(path).into_iter().flatten();
        let rows = rows.chain(bare.as_ref().and_then(|bare| self.files.get(bare)).into_iter().flatten());
        let patterns = self.patterns.iter().filter(|(pattern, _)| pattern.matches(path)).map(|(_, row)| row);
        let mut found: Vec<Target> = rows.chain(patterns).map(|row| self.of(row)).collect();
        if let Some(own) = document.notebook.as_ref().and_then(|notebook| notebook.serverless) {
            // A notebook brings its environment along to the jobs that run it.
            for target in found.iter_mut().filter(|target| target.compute == Some(Compute::Serverless)) {
                target.environment = target.environment.or(own.version);
            }
            found.push(Target { compute: Some(Compute::Serverless), dbr: None, environment: own.version });
        }
        let Some(first) = found.first().cloned() else { return Target::default() };
        Target {
            compute: first.compute.filter(|_| found.iter().all(|one| one.compute == first.compute)),
            dbr: first.dbr.filter(|_| found.iter().all(|one| one.dbr == first.dbr)),
            environment: first.environment.filter(|_| found.iter().all(|one| one.environment == first.environment)),
        }
    }

    fn of(&self, row: &Row) -> Target {
        let changed = !row.in_target && self.changed.contains(&(row.root.clone(), row.job.clone()));
        match &row.machine {
            _ if changed => Target::default(),
            Machine::Unknown => Target::default(),
            Machine::Serverless { environment } => {
                let environment = environment.as_deref().and_then(|version| version.parse().ok());
                Target { compute: Some(Compute::Serverless), dbr: None, environment }
            }
            Machine::Cluster { version, mode } => Target {
                compute: mode.as_deref().and_then(compute_of),
                dbr: version.as_deref().and_then(runtime_of),
                environment: None,
            },
        }
    }
}

impl Target {
    /// This target, and where it says nothing what `other` says. What contradicts a compute that is set is no help.
    #[must_use]
    pub fn or(&self, other: &Self) -> Self {
        let agrees = self.compute.is_none() || self.compute == other.compute;
        Self {
            compute: self.compute.or(other.compute),
            dbr: self.dbr.or(other.dbr.filter(|_| agrees)),
            environment: self.environment.or(other.environment.filter(|_| agrees)),
        }
    }

    /// Whether the runtime is known to be older than this one.
    pub fn is_before(&self, dbr: (u16, u16)) -> bool {
        self.dbr.is_some_and(|own| own < dbr)
    }
}

/// The compute that a `data_security_mode` means. Source: Databricks documentation, "Clusters API".
fn compute_of(mode: &str) -> Option<Compute> {
    match mode {
        "USER_ISOLATION" | "DATA_SECURITY_MODE_STANDARD" => Some(Compute::Standard),
        "SINGLE_USER" | "DATA_SECURITY_MODE_DEDICATED" => Some(Compute::Dedicated),
        _ => None,
    }
}

/// The Python that a Databricks runtime brings. Source: release notes of the runtimes.
pub const fn python_of(dbr: u16) -> (u8, u8) {
    match dbr {
        ..=12 => (3, 9),
        13 | 14 => (3, 10),
        15 => (3, 11),
        _ => (3, 12),
    }
}

impl Target {
    /// The Python that it brings, as far as that is known.
    ///
    /// Sources: release notes of the runtimes, and of the versions of the serverless environment.
    pub fn python(&self) -> Option<(u8, u8)> {
        let of_environment = |version| match version {
            1 => (3, 10),
            2 => (3, 11),
            _ => (3, 12),
        };
        self.dbr.map(|(major, _)| python_of(major)).or_else(|| self.environment.map(of_environment))
    }
}

/// The runtime of a `spark_version` such as `15.4.x-cpu-ml-scala2.12`.
fn runtime_of(version: &str) -> Option<(u16, u16)> {
    let mut parts = version.split('.');
    let (major, minor, rest) = (parts.next()?, parts.next()?, parts.next()?);
    Some((major.parse().ok()?, minor.parse().ok()?)).filter(|_| rest.starts_with('x'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read() {
        assert_eq!(runtime_of("15.4.x-scala2.12"), Some((15, 4)));
        assert_eq!(runtime_of("9.1.x-cpu-ml-scala2.12"), Some((9, 1)));
        for other in ["auto:latest-lts", "15.4", "apache-spark-3.5.x", "custom:15.4.x", ""] {
            assert_eq!(runtime_of(other), None, "{other}");
        }
    }

    #[test]
    fn what_is_set_comes_first() {
        let serverless = Target { compute: Some(Compute::Serverless), dbr: None, environment: Some(2) };
        let cluster = Target { compute: Some(Compute::Standard), dbr: Some((13, 3)), environment: None };
        assert_eq!(Target::default().or(&cluster), cluster);
        assert_eq!(serverless.or(&cluster), serverless);
        let set = Target { compute: None, dbr: Some((16, 4)), environment: None };
        assert_eq!(
            set.or(&cluster),
            Target { compute: Some(Compute::Standard), dbr: Some((16, 4)), environment: None }
        );
        assert_eq!(
            (serverless.python(), cluster.python(), Target::default().python()),
            (Some((3, 11)), Some((3, 10)), None)
        );
    }
}
