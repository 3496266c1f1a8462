//! Git: the index, commits, and what changed. The only place that runs `git` and, with [`root`](super::root), the
//! only one that uses libgit2.
//!
//! Lists come from git's plumbing: `git diff-index --cached` walks the index with its cached trees and takes less time
//! than libgit2 needs to read it, and it knows every format of index and references. Contents come from libgit2, in
//! this process, and from `git cat-file` where libgit2 cannot read them ([`objects`]).

pub(super) mod absent;
pub(super) mod beside;
pub mod changes;
pub mod command;
mod looks;
pub mod objects;
pub mod oid;
pub mod stage;
pub mod tree;

use super::root::{Roots, is_git};
use changes::Changes;
use command::{Runner, Running};
use objects::Objects;
use oid::Oid;
use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tree::Tree;

/// Why git could not be asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GitError {
    /// There is no repository.
    NotARepository(PathBuf),
    /// There is no `git`.
    NoGit,
    /// There is no worktree, and one is wanted.
    Bare,
    /// There is no such revision.
    UnknownRevision {
        /// As it was asked for.
        name: String,
        /// Names of branches and tags.
        known: Vec<String>,
    },
    /// `HEAD` has no commit yet, and one is wanted.
    Unborn,
    /// Two revisions have no common ancestor.
    Unrelated {
        /// One of them.
        name: String,
        /// Whether the history was cut off when it was fetched, so that there may be one.
        shallow: bool,
    },
    /// What `git` said.
    Failed(String),
}

impl fmt::Display for GitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotARepository(at) => write!(f, "{} is not in a git repository", at.display()),
            Self::NoGit => f.write_str("`git` is not on PATH, and only git knows what is staged or changed"),
            Self::Bare => f.write_str("this repository has no worktree and no index: name a commit with `--rev`"),
            Self::UnknownRevision { name, .. } => write!(f, "there is no commit, branch or tag `{name}` here"),
            Self::Unborn => f.write_str("there is no commit here yet"),
            Self::Unrelated { name, shallow: false } => write!(f, "`{name}` and this commit have no common ancestor"),
            Self::Unrelated { name, shallow: true } => {
                write!(f, "the history of this clone ends before it meets `{name}`: fetch more of it")
            }
            Self::Failed(message) => f.write_str(message),
        }
    }
}

/// A repository of git.
pub struct Git {
    runner: Runner,
    /// The top of the worktree; `None` in a bare repository.
    root: Option<Arc<Path>>,
    folder: PathBuf,
    objects: Arc<Objects>,
}

/// A look at the index that was started.
pub struct Staging {
    head: Option<Oid>,
    diff: Running,
}

/// What is staged.
pub struct Staged {
    /// The index.
    pub snapshot: Arc<Tree>,
    /// The commit that it is compared with: `HEAD`, or an empty tree before the first commit.
    pub head: Arc<Tree>,
    /// What differs.
    pub changes: Changes,
}

/// What `git` names the tree of a commit that is not there yet.
const NO_COMMIT: &str = "HEAD";

impl Git {
    /// The repository that the working directory belongs to, or that the environment names.
    ///
    /// # Errors
    /// If there is none, or `git` does not want to work in it.
    pub fn open(roots: &Roots) -> Result<Self, GitError> {
        let runner = Runner::new(roots.cwd().to_owned());
        let is_set = |name: &str| env::var_os(name).is_some_and(|value| !value.is_empty());
        let place = if is_set("GIT_DIR") || is_set("GIT_WORK_TREE") || is_set("GIT_COMMON_DIR") {
            Some(Place::ask(&runner)?)
        } else {
            Place::find(roots.cwd())
        };
        let Some(Place { root, folder, common }) = place else {
            return Err(GitError::NotARepository(roots.cwd().to_owned()));
        };
        let objects = Arc::new(Objects::new(runner.clone(), &common));
        Ok(Self { runner, root, folder, objects })
    }

    /// The top of its worktree; `None` if it is bare.
    pub fn root(&self) -> Option<&Arc<Path>> {
        self.root.as_ref()
    }

    /// The folder that holds the index and `HEAD` of this worktree.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Runs `git` in it.
    pub const fn runner(&self) -> &Runner {
        &self.runner
    }

    /// Starts to look at the index, so that something else can be done until [`Git::staged`] wants to know.
    ///
    /// # Errors
    /// If there is no worktree, or `git` cannot be started.
    pub fn start_staged(&self) -> Result<Staging, GitError> {
        if self.root.is_none() {
            return Err(GitError::Bare);
        }
        let diff = self.start_diff_index(NO_COMMIT)?;
        Ok(Staging { head: self.tree_of(NO_COMMIT)?, diff })
    }

    /// The index, and how it differs from `HEAD`.
    ///
    /// # Errors
    /// If `git` fails.
    pub fn staged(&self, started: Staging) -> Result<Staged, GitError> {
        let Staging { head, diff } = started;
        let diff = diff.finish();
        let now = self.tree_of(NO_COMMIT)?;
        // Before the first commit there was nothing to compare with; and should somebody have committed meanwhile, the
        // diff may be to the one tree or the other.
        let diff = if head.is_none() || head != now { self.diff_index(now)? } else { diff? };
        let changes = Changes::parse(&diff);
        let snapshot = Arc::new(Tree::new(Arc::clone(&self.objects), now, &changes.files));
        Ok(Staged { snapshot, head: self.tree(now), changes })
    }

    fn start_diff_index(&self, tree: &str) -> Result<Running, GitError> {
        let args =
            ["diff-index", "--cached", "--raw", "-z", "--no-abbrev", "-M", "--ignore-submodules=none", tree, "--"];
        self.runner.start(&args)
    }

    /// How the index differs from a tree (none: an empty one).
    fn diff_index(&self, tree: Option<Oid>) -> Result<Vec<u8>, GitError> {
        let tree = match tree {
            Some(tree) => tree.to_string(),
            None => self.empty_tree()?,
        };
        self.start_diff_index(&tree)?.finish()
    }

    /// The name of the tree without files, in the repository's own hash. Git knows it without having it.
    fn empty_tree(&self) -> Result<String, GitError> {
        let name = self.runner.run(&["hash-object", "-t", "tree", "--stdin"])?;
        Ok(String::from_utf8_lossy(&name).trim().to_owned())
    }

    /// The files of a tree.
    pub fn tree(&self, oid: Option<Oid>) -> Arc<Tree> {
        Arc::new(Tree::new(Arc::clone(&self.objects), oid, &[]))
    }

    /// The files of a commit or tree.
    ///
    /// # Errors
    /// If there is no such revision.
    pub fn revision(&self, name: &str) -> Result<Arc<Tree>, GitError> {
        match self.tree_of(name)? {
            Some(tree) => Ok(self.tree(Some(tree))),
            None if name == NO_COMMIT => Err(GitError::Unborn),
            None => Err(self.unknown(name)),
        }
    }

    /// The commit that a name means, in full; `None` if there is none.
    ///
    /// # Errors
    /// If `git` cannot be started.
    pub fn commit(&self, name: &str) -> Result<Option<String>, GitError> {
        self.parse(&format!("{name}^{{commit}}"))
    }

    /// The commit in which two revisions last met.
    ///
    /// # Errors
    /// If one of them is unknown, or they have no common ancestor.
    pub fn merge_base(&self, base: &str, head: &str) -> Result<String, GitError> {
        let known = self.commit(base)?.ok_or_else(|| self.unknown(base))?;
        let head = match self.commit(head)? {
            Some(known) => known,
            None if head == NO_COMMIT => return Err(GitError::Unborn),
            None => return Err(self.unknown(head)),
        };
        if let Some(found) = self.runner.ask(&["merge-base", &known, &head])? {
            return Ok(found);
        }
        Err(GitError::Unrelated { name: base.to_owned(), shallow: self.is_shallow()? })
    }

    /// Whether the history was cut off when it was fetched.
    ///
    /// # Errors
    /// If `git` cannot be started.
    pub fn is_shallow(&self) -> Result<bool, GitError> {
        Ok(self.runner.ask(&["rev-parse", "--is-shallow-repository"])?.as_deref() == Some("true"))
    }

    /// How the worktree differs from a commit. Files that git does not know yet, and does not ignore, count as added.
    ///
    /// # Errors
    /// If `git` fails.
    pub fn worktree_since(&self, commit: &str) -> Result<Changes, GitError> {
        if self.root.is_none() {
            return Err(GitError::Bare);
        }
        let diff = ["diff", "--raw", "-z", "--no-abbrev", "-M", "--no-ext-diff", "--no-textconv", "--no-relative"];
        let diff = self.runner.start(&[&diff[..], &["--ignore-submodules=all", commit, "--"]].concat())?;
        let others = ["ls-files", "-z", "--others", "--exclude-standard", "--full-name", ":/"];
        let others = self.runner.start(&others)?;
        let mut changes = Changes::parse(&diff.finish()?);
        changes.add_untracked(&others.finish()?);
        Ok(changes)
    }

    /// How the index differs from a commit.
    ///
    /// # Errors
    /// If `git` fails.
    pub fn staged_since(&self, commit: &str) -> Result<Changes, GitError> {
        Ok(Changes::parse(&self.diff_index(self.tree_of(commit)?)?))
    }

    /// How one commit or tree differs from another.
    ///
    /// # Errors
    /// If `git` fails.
    pub fn between(&self, old: &str, new: &str) -> Result<Changes, GitError> {
        let args = ["diff-tree", "-r", "--raw", "-z", "--no-abbrev", "-M", "--ignore-submodules=none", old, new, "--"];
        Ok(Changes::parse(&self.runner.run(&args)?))
    }

    /// The tree of a revision; `None` if there is none. Asks libgit2 for `HEAD`, because that is in this process.
    fn tree_of(&self, name: &str) -> Result<Option<Oid>, GitError> {
        if name == NO_COMMIT
            && let Ok(repository) = git2::Repository::open(&self.folder)
            && let Ok(tree) = repository.head().and_then(|head| head.peel_to_tree())
        {
            return Ok(Oid::from_bytes(tree.id().as_bytes()));
        }
        Ok(self.parse(&format!("{name}^{{tree}}"))?.and_then(|oid| Oid::parse(oid.as_bytes())))
    }

    fn parse(&self, name: &str) -> Result<Option<String>, GitError> {
        self.runner.ask(&["rev-parse", "--quiet", "--verify", "--end-of-options", name])
    }

    fn unknown(&self, name: &str) -> GitError {
        let args = ["for-each-ref", "--format=%(refname:short)", "refs/heads", "refs/tags", "refs/remotes"];
        let known = self.runner.run(&args).unwrap_or_default();
        let known = String::from_utf8_lossy(&known).lines().map(str::to_owned).collect();
        GitError::UnknownRevision { name: name.to_owned(), known }
    }
}

/// Where a repository is.
struct Place {
    root: Option<Arc<Path>>,
    folder: PathBuf,
    common: PathBuf,
}

impl Place {
    /// Looks upwards from `cwd`, as git does.
    fn find(cwd: &Path) -> Option<Self> {
        for ancestor in cwd.ancestors() {
            let git = ancestor.join(".git");
            if is_git(&git) {
                return Some(Self::of(Some(Arc::from(ancestor)), linked(&git).unwrap_or(git)));
            }
            if is_bare(ancestor) {
                return Some(Self::of(None, ancestor.to_owned()));
            }
        }
        None
    }

    fn of(root: Option<Arc<Path>>, folder: PathBuf) -> Self {
        let common = fs::read_to_string(folder.join("commondir")).ok();
        let common = common.map_or_else(|| folder.clone(), |common| folder.join(common.trim_end_matches(['\r', '\n'])));
        Self { root, folder, common }
    }

    /// Asks `git`, which knows what its variables mean together.
    fn ask(runner: &Runner) -> Result<Self, GitError> {
        let not_here = || GitError::NotARepository(runner.cwd().to_owned());
        let folder = runner.ask(&["rev-parse", "--absolute-git-dir"])?.ok_or_else(not_here)?;
        let common = runner.ask(&["rev-parse", "--git-common-dir"])?.ok_or_else(not_here)?;
        let root = runner.ask(&["rev-parse", "--show-toplevel"])?;
        let root = root.and_then(|root| fs::canonicalize(root).ok()).map(Arc::from);
        Ok(Self { root, folder: PathBuf::from(folder), common: runner.cwd().join(common) })
    }
}

/// The folder that the `.git` file of a worktree or submodule names.
fn linked(git: &Path) -> Option<PathBuf> {
    let text = fs::read_to_string(git).ok()?;
    let target = text.strip_prefix("gitdir:")?.trim();
    Some(git.parent()?.join(target))
}

fn is_bare(folder: &Path) -> bool {
    fs::symlink_metadata(folder.join("HEAD")).is_ok_and(|head| !head.is_dir())
        && folder.join("objects").is_dir()
        && folder.join("refs").is_dir()
}
