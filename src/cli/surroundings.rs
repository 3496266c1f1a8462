//! What other tools are set up in a repository: what `brickgate init` and `brickgate doctor` look at.

use crate::bundle::yaml::{self, Node};
use crate::config::Configs;
use crate::notebook::Language;
use crate::snapshot::walk::Search;
use crate::snapshot::worktree::Worktree;
use crate::snapshot::{EntryKind, RepoPath, Snapshot};
use std::path::Path;
use std::sync::Arc;
use toml::{Table, Value};

/// Where pre-commit and prek are told what to do.
pub(super) const PRE_COMMIT: [&str; 2] = [".pre-commit-config.yaml", ".pre-commit-config.yml"];

/// The file that makes a folder a bundle.
const BUNDLES: [&str; 2] = ["databricks.yml", "databricks.yaml"];

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

/// Folders in which pipelines of Azure often stand, and folders in these.
const AZURE_FOLDERS: [&str; 6] =
    [".azuredevops", ".azure_devops", ".azure-pipelines", ".azure/pipelines", "azure-pipelines", ".pipelines"];
const AZURE_INNER: [&str; 3] = ["", "/pipelines", "/workflows"];

/// Keys at the top of a pipeline of Azure.
const AZURE_KEYS: [&str; 4] = ["trigger", "pool", "stages", "steps"];

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
        for path in self.yaml_files(WORKFLOWS) {
            found.push(Pipeline { system: System::Github, runs_us: runs_us(&path), path });
        }
        for folder in AZURE_FOLDERS {
            let files = AZURE_INNER.iter().flat_map(|inner| self.yaml_files(&format!("{folder}{inner}")));
            for path in files.filter(|path| self.is_azure(path)) {
                found.push(Pipeline { system: System::Azure, runs_us: runs_us(&path), path });
            }
        }
        let is_new = |path: &str, found: &[Pipeline]| found.iter().all(|known| known.path != path);
        for (system, path) in PIPELINES.into_iter().filter(|(_, path)| self.has(path)) {
            if !is_new(path, &found) {
                continue;
            }
            found.push(Pipeline { system, runs_us: runs_us(path), path: path.to_owned() });
        }
        found
    }

    /// The files of YAML in a folder.
    fn yaml_files(&self, folder: &str) -> Vec<String> {
        let entries = self.worktree.list(&RepoPath::new(folder));
        let is_yaml = |name: &str| Path::new(name).extension().is_some_and(|end| end == "yml" || end == "yaml");
        entries.iter().filter(|entry| is_yaml(&entry.name)).map(|entry| format!("{folder}/{}", entry.name)).collect()
    }

    /// Whether a file of YAML has the keys of a pipeline of Azure.
    fn is_azure(&self, path: &str) -> bool {
        self.yaml(path).is_some_and(|root| AZURE_KEYS.iter().any(|key| root.get(key).is_some()))
    }

    /// The bundles at the root or in a folder of it.
    pub(super) fn bundles(&self) -> Vec<String> {
        let at = |folder: &str| BUNDLES.map(|name| format!("{folder}{name}")).into_iter().find(|path| self.has(path));
        if let Some(path) = at("") {
            return vec![path];
        }
        let root = self.worktree.list(&RepoPath::root());
        let folders = root.iter().filter(|entry| entry.kind == EntryKind::Folder && !entry.name.starts_with('.'));
        folders.filter_map(|folder| at(&format!("{}/", folder.name))).collect()
    }

    /// Notebooks of Python, in either format, as far as settings do not leave them out.
    pub(super) fn notebooks(&self, configs: &Configs<'_>) -> Vec<RepoPath> {
        let search = Search {
            root: self.worktree.root(),
            excluded: &|path, is_folder| configs.excluded(path, is_folder),
            lists: &|_| false,
            respect_gitignore: configs.respect_gitignore(),
            threads: 1,
        };
        let mut files = search.walk(&[RepoPath::root()]).files;
        files.retain(|path| match &*path.extension().to_ascii_lowercase() {
            "ipynb" => true,
            "py" => self.text(path.as_str()).is_some_and(|text| text.lines().next() == Some(Language::Python.header())),
            _ => false,
        });
        files
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
