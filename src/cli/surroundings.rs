//! What other tools are set up in a repository: what `brickgate init` and `brickgate doctor` look at.

use crate::bundle::yaml::{self, Node};
use crate::snapshot::worktree::Worktree;
use crate::snapshot::{RepoPath, Snapshot};
use std::path::Path;
use std::sync::Arc;
use toml::{Table, Value};

/// Where pre-commit and prek are told what to do.
pub(super) const PRE_COMMIT: [&str; 2] = [".pre-commit-config.yaml", ".pre-commit-config.yml"];

/// The folder of GitHub's workflows.
const WORKFLOWS: &str = ".github/workflows";

/// Files that tell other systems what to run.
const PIPELINES: [(System, &str); 8] = [
    (System::Gitlab, ".gitlab-ci.yml"),
    (System::Azure, "azure-pipelines.yml"),
    (System::Azure, ".azure-pipelines.yml"),
    (System::Azure, "azure-pipelines.yaml"),
    (System::Azure, ".azuredevops/azure-pipelines.yml"),
    (System::Bitbucket, "bitbucket-pipelines.yml"),
    (System::Jenkins, "Jenkinsfile"),
    (System::Jenkins, "ci/Jenkinsfile"),
];

/// A system that runs checks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum System {
    Github,
    Gitlab,
    Azure,
    Bitbucket,
    Jenkins,
}

impl System {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Github => "GitHub Actions",
            Self::Gitlab => "GitLab CI",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket Pipelines",
            Self::Jenkins => "Jenkins",
        }
    }
}

/// One hook of pre-commit.
pub(super) struct Hook {
    pub(super) id: String,
    pub(super) args: Vec<String>,
    pub(super) exclude: Option<String>,
}

/// A file that tells a system what to run.
pub(super) struct Pipeline {
    pub(super) system: System,
    pub(super) path: String,
    /// Whether it speaks of brickgate.
    pub(super) runs_us: bool,
}

/// A folder at the root of a repository, as other tools see it.
pub(super) struct Surroundings {
    worktree: Worktree,
}

impl Surroundings {
    /// Looks at nothing yet.
    pub(super) fn new(root: &Path) -> Self {
        Self { worktree: Worktree::new(root.to_path_buf()) }
    }

    /// Its files on disk.
    pub(super) const fn worktree(&self) -> &Worktree {
        &self.worktree
    }

    /// The text of a file, if there is one that can be read.
    pub(super) fn text(&self, path: &str) -> Option<String> {
        String::from_utf8(self.worktree.read(&RepoPath::new(path)).ok()?).ok()
    }

    pub(super) fn has(&self, path: &str) -> bool {
        self.worktree.kind(&RepoPath::new(path)).is_some()
    }

    /// A TOML file, if it is one.
    pub(super) fn toml(&self, path: &str) -> Option<Table> {
        self.text(path)?.parse().ok()
    }

    fn yaml(&self, path: &str) -> Option<Arc<Node>> {
        yaml::parse(&self.text(path)?).ok()?
    }

    /// The configuration of pre-commit: its path and its hooks.
    pub(super) fn pre_commit(&self) -> Option<(&'static str, Vec<Hook>)> {
        let path = PRE_COMMIT.into_iter().find(|path| self.has(path))?;
        let mut hooks = Vec::new();
        if let Some(root) = self.yaml(path) {
            let repos = root.items_of("repos");
            for hook in repos.filter_map(|repo| repo.get("hooks")).flat_map(Node::items) {
                let text = |key: &str| hook.get(key).and_then(Node::text).map(str::to_owned);
                let Some(id) = text("id") else { continue };
                let args = hook.items_of("args").filter_map(Node::text);
                hooks.push(Hook { id, args: args.map(str::to_owned).collect(), exclude: text("exclude") });
            }
        }
        Some((path, hooks))
    }

    /// All files that tell a system what to run.
    pub(super) fn pipelines(&self) -> Vec<Pipeline> {
        let mut found = Vec::new();
        let runs_us = |path: &str| self.text(path).is_some_and(|text| text.contains("brickgate"));
        for entry in self.worktree.list(&RepoPath::new(WORKFLOWS)).iter() {
            let path = format!("{WORKFLOWS}/{}", entry.name);
            if Path::new(&path).extension().is_some_and(|end| end == "yml" || end == "yaml") {
                found.push(Pipeline { system: System::Github, runs_us: runs_us(&path), path });
            }
        }
        for (system, path) in PIPELINES.into_iter().filter(|(_, path)| self.has(path)) {
            found.push(Pipeline { system, runs_us: runs_us(path), path: path.to_owned() });
        }
        found
    }

    /// The settings of ruff, and the file that holds them.
    pub(super) fn ruff(&self) -> Option<(&'static str, Table)> {
        for path in [".ruff.toml", "ruff.toml"] {
            if let Some(table) = self.toml(path) {
                return Some((path, table));
            }
        }
        let project = self.toml("pyproject.toml")?;
        let ruff = project.get("tool")?.get("ruff")?.as_table()?.clone();
        Some(("pyproject.toml", ruff))
    }

    /// A table of pyproject.toml below `tool`.
    pub(super) fn tool(&self, name: &str) -> Option<Table> {
        self.toml("pyproject.toml")?.get("tool")?.get(name)?.as_table().cloned()
    }

    /// The file in which isort is told to move imports to the top, if it is.
    pub(super) fn floats_imports(&self) -> Option<String> {
        let is_on = |value: Option<&Value>| value.and_then(Value::as_bool) == Some(true);
        if is_on(self.tool("isort").as_ref().and_then(|isort| isort.get("float_to_top"))) {
            return Some("pyproject.toml".to_owned());
        }
        let set = |path: &&&str| {
            let says = |line: &str| {
                let line: String = line.chars().filter(|c| !c.is_whitespace()).collect();
                line.eq_ignore_ascii_case("float_to_top=true") || line == "float_to_top=1"
            };
            self.text(path).is_some_and(|text| text.lines().any(says))
        };
        if let Some(path) = [".isort.cfg", "setup.cfg", "tox.ini", ".editorconfig"].iter().find(set) {
            return Some((*path).to_owned());
        }
        let (path, hooks) = self.pre_commit()?;
        let floats = |hook: &Hook| {
            hook.id == "isort"
                && hook.args.iter().any(|arg| arg == "--float-to-top" || arg.starts_with("--float-to-top="))
        };
        hooks.iter().any(floats).then(|| path.to_owned())
    }
}
