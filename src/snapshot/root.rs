//! Which repository a path belongs to.

use super::RepoPath;
use super::walk::repo_path;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};
use std::{fs, io};

/// Files that hold nothing but our settings.
const SETTINGS: [&str; 2] = [".brickgate.toml", "brickgate.toml"];

/// Finds repository roots and remembers them. Git is looked for by name, because that costs next to nothing;
/// libgit2 is asked only when the environment points to a repository elsewhere.
pub struct Roots {
    cwd: PathBuf,
    known: RwLock<HashMap<PathBuf, Option<Arc<Path>>>>,
    from_environment: OnceLock<Option<Arc<Path>>>,
}

impl Roots {
    /// Roots as seen from the working directory `cwd`, an absolute path without links.
    pub fn new(cwd: PathBuf) -> Self {
        Self { cwd, known: RwLock::default(), from_environment: OnceLock::new() }
    }

    /// Roots as seen from where this process is.
    ///
    /// # Errors
    /// One line for users, if it cannot be told where that is.
    pub fn here() -> Result<Self, String> {
        let cwd = std::env::current_dir().and_then(fs::canonicalize);
        cwd.map(Self::new).map_err(|error| format!("cannot tell the working directory: {error}"))
    }

    /// The working directory.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// The root of the git repository (or linked worktree, or submodule) that holds `folder`, an absolute
    /// path; `None` if there is none above it.
    pub fn git(&self, folder: &Path) -> Option<Arc<Path>> {
        let mut asked: Vec<&Path> = Vec::new();
        let mut found = None;
        for ancestor in folder.ancestors() {
            let known = self.known.read().unwrap_or_else(PoisonError::into_inner).get(ancestor).cloned();
            if let Some(known) = known {
                found = known;
                break;
            }
            asked.push(ancestor);
            if is_git(&ancestor.join(".git")) {
                found = Some(Arc::from(ancestor));
                break;
            }
        }
        if !asked.is_empty() {
            let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
            known.extend(asked.into_iter().map(|folder| (folder.to_owned(), found.clone())));
        }
        found
    }

    /// The root of the repository that holds `folder`, an absolute path. Without git that is the nearest
    /// folder upwards with our settings, else the uppermost with a `databricks.yml`, else the working
    /// directory if it holds `folder`, else `folder` itself.
    pub fn of(&self, folder: &Path) -> Arc<Path> {
        if let Some(root) = self.git(folder) {
            return root;
        }
        let from_environment = self.from_environment.get_or_init(from_environment);
        if let Some(root) = from_environment.as_ref().filter(|root| folder.starts_with(root)) {
            return root.clone();
        }
        let mut bundle = None;
        for ancestor in folder.ancestors() {
            if has_settings(ancestor) {
                return Arc::from(ancestor);
            }
            if is_file(&ancestor.join("databricks.yml")) || is_file(&ancestor.join("databricks.yaml")) {
                bundle = Some(ancestor);
            }
        }
        bundle.map_or_else(|| Arc::from(if folder.starts_with(&self.cwd) { &self.cwd } else { folder }), Arc::from)
    }
}

/// Whether this is a repository's `.git`: a folder with a `HEAD`, or the file of a worktree or submodule that
/// says where that folder is.
pub(super) fn is_git(path: &Path) -> bool {
    let Ok(metadata) = fs::metadata(path) else { return false };
    if metadata.is_dir() {
        // `HEAD` may be a dangling link in very old repositories.
        return fs::symlink_metadata(path.join("HEAD")).is_ok();
    }
    metadata.is_file() && metadata.len() < 65_536 && fs::read(path).is_ok_and(|text| text.starts_with(b"gitdir:"))
}

/// The worktree that `GIT_WORK_TREE` names, or that of the repository that `GIT_DIR` names.
fn from_environment() -> Option<Arc<Path>> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let worktree = match set("GIT_WORK_TREE") {
        Some(worktree) => PathBuf::from(worktree),
        None => git2::Repository::open(set("GIT_DIR")?).ok()?.workdir()?.to_owned(),
    };
    fs::canonicalize(worktree).ok().map(Arc::from)
}

fn has_settings(folder: &Path) -> bool {
    if SETTINGS.iter().any(|name| is_file(&folder.join(name))) {
        return true;
    }
    let project = folder.join("pyproject.toml");
    is_file(&project) && fs::read(&project).is_ok_and(|text| memchr::memmem::find(&text, b"[tool.brickgate").is_some())
}

fn is_file(path: &Path) -> bool {
    fs::metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// `path` as an absolute path whose folders are no links, seen from `cwd`. The last part is left as it is,
/// so that a link to a file keeps its own name. What does not exist yet is added to what does.
///
/// # Errors
/// If a folder on the way cannot be looked into.
pub fn absolute(cwd: &Path, path: &Path) -> io::Result<PathBuf> {
    let joined = cwd.join(path);
    if !matches!(joined.components().next_back(), Some(Component::Normal(_))) || ends_in_separator(path) {
        return fs::canonicalize(&joined);
    }
    let mut missing: Vec<&OsStr> = joined.file_name().into_iter().collect();
    let mut folder = joined.parent().unwrap_or(cwd);
    loop {
        match fs::canonicalize(folder) {
            Ok(mut real) => {
                real.extend(missing.iter().rev());
                return Ok(real);
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let (Some(name), Some(parent)) = (folder.file_name(), folder.parent()) else { return Err(error) };
                missing.push(name);
                folder = parent;
            }
            Err(error) => return Err(error),
        }
    }
}

fn ends_in_separator(path: &Path) -> bool {
    path.as_os_str().as_encoded_bytes().last().is_some_and(|&last| std::path::is_separator(char::from(last)))
}

/// Where somebody stands who looks at the paths of a repository. The default stands at its root.
#[derive(Clone, Debug, Default)]
pub struct Vantage {
    /// From outside the repository: the way to its root, empty or ending in `/`.
    way: String,
    /// From inside: the folder.
    folder: RepoPath,
}

impl Vantage {
    /// The view from the folder `cwd` on the repository at `root`, both absolute and without links.
    pub fn new(cwd: &Path, root: &Path) -> Self {
        if let Some(folder) = repo_path(root, cwd) {
            return Self { way: String::new(), folder };
        }
        let own: Vec<_> = root.components().collect();
        let base: Vec<_> = cwd.components().collect();
        let shared = own.iter().zip(&base).take_while(|(a, b)| a == b).count();
        let mut way = "../".repeat(base.len() - shared);
        for part in &own[shared..] {
            way.push_str(&part.as_os_str().to_string_lossy());
            way.push('/');
        }
        Self { way, folder: RepoPath::root() }
    }

    /// A path of the repository as it is written from the top of what was checked out: of a repository below the
    /// working directory (a submodule) with the way to it, else from the repository's own root.
    pub fn below(&self, path: &RepoPath) -> String {
        if self.way.is_empty() || self.way.starts_with("../") {
            return path.as_str().to_owned();
        }
        format!("{}{}", self.way, path.as_str())
    }

    /// A path of the repository as it is written from here: `x.py`, `../lib/x.py`.
    pub fn path(&self, path: &RepoPath) -> String {
        if self.folder.as_str().is_empty() {
            return match (&*self.way, path.as_str()) {
                ("", "") => ".".to_owned(),
                (way, path) => format!("{way}{path}"),
            };
        }
        let seen = path.relative_to(&self.folder);
        seen.strip_prefix("./").map(str::to_owned).unwrap_or(seen)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder() -> (tempfile::TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let real = fs::canonicalize(folder.path()).unwrap();
        (folder, real)
    }

    #[test]
    fn git_wins_and_nested_repositories_are_their_own() {
        let (_kept, top) = folder();
        for path in [".git", "sub/module/deep", "sub/.git", "other/deep"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        fs::write(top.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        fs::write(top.join("sub/module/.git"), "gitdir: ../../.git/modules/module\n").unwrap();
        fs::write(top.join("other/brickgate.toml"), "").unwrap();
        let roots = Roots::new(top.clone());
        assert_eq!(&*roots.of(&top), top);
        assert_eq!(&*roots.of(&top.join("sub")), top, "a `.git` without `HEAD` is none");
        assert_eq!(&*roots.of(&top.join("sub/module/deep")), top.join("sub/module"));
        assert_eq!(&*roots.of(&top.join("other/deep")), top);
    }

    #[test]
    fn without_git_settings_then_bundle_then_working_directory() {
        let (_kept, top) = folder();
        for path in ["bundle/nested/src", "set/bundle", "plain/x", "elsewhere"] {
            fs::create_dir_all(top.join(path)).unwrap();
        }
        for path in ["bundle/databricks.yml", "bundle/nested/databricks.yml", "set/bundle/databricks.yml"] {
            fs::write(top.join(path), "").unwrap();
        }
        fs::write(top.join("set/pyproject.toml"), "[tool.brickgate]\n").unwrap();
        let roots = Roots::new(top.join("plain"));
        assert_eq!(&*roots.of(&top.join("bundle/nested/src")), top.join("bundle"));
        assert_eq!(&*roots.of(&top.join("set/bundle")), top.join("set"));
        assert_eq!(&*roots.of(&top.join("plain/x")), top.join("plain"));
        assert_eq!(&*roots.of(&top.join("elsewhere")), top.join("elsewhere"));
    }

    #[test]
    fn absolute_paths_and_the_way_between_them() {
        let (_kept, top) = folder();
        fs::create_dir_all(top.join("a/b")).unwrap();
        assert_eq!(absolute(&top, Path::new("a/../a/new.py")).unwrap(), top.join("a/new.py"));
        assert_eq!(absolute(&top, Path::new("a/no/such.py")).unwrap(), top.join("a/no/such.py"));
        assert_eq!(absolute(&top.join("a"), Path::new(".")).unwrap(), top.join("a"));
        assert_eq!(absolute(&top.join("a"), Path::new("..")).unwrap(), top);
        let seen = |cwd: &str, root: &str, path: &str| {
            Vantage::new(&top.join(cwd), &top.join(root)).path(&RepoPath::new(path))
        };
        assert_eq!(seen("a", "a", "b/x.py"), "b/x.py");
        assert_eq!(seen("a/b", "a", "b/x.py"), "x.py");
        assert_eq!(seen("a/b", "a", "c/x.py"), "../c/x.py");
        assert_eq!(seen("a", "a/b", "x.py"), "b/x.py");
        assert_eq!(seen("a/b", "c", "x.py"), "../../c/x.py");
        assert_eq!(seen("a", "a", ""), ".");
        let below = |cwd: &str, root: &str| Vantage::new(&top.join(cwd), &top.join(root)).below(&RepoPath::new("x.py"));
        assert_eq!(
            (below("a", "a/b"), below("a/b", "a"), below("c", "a")),
            ("b/x.py".into(), "x.py".into(), "x.py".into())
        );
    }
}
