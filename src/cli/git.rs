//! `--staged`, `--rev` and `--since`: what of git is looked at.

use super::base;
use super::repository::{Changed, Picture};
use crate::engine::since::Delta;
use crate::snapshot::git::changes::{Changes, Status};
use crate::snapshot::git::tree::Tree;
use crate::snapshot::git::{Git, GitError, Staging};
use crate::snapshot::item::Item;
use crate::snapshot::root::{Roots, absolute};
use crate::snapshot::walk::{Named, Remark, is_of_interest, repo_path};
use crate::snapshot::{EntryKind, RepoPath, Snapshot};
use crate::text::nearest::nearest;
use std::ffi::OsStr;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// What of git is looked at.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(skip)]
pub struct Args {
    /// Check what is staged, as `git commit` would take it, and nothing else
    #[arg(long, conflicts_with_all = ["rev", "fix", "stdin_filename"], help_heading = "Git")]
    pub staged: bool,
    /// Check this commit, branch, tag or tree as it is in git
    #[arg(long, value_name = "REV", conflicts_with_all = ["fix", "stdin_filename"], help_heading = "Git")]
    pub rev: Option<String>,
    /// Say only what changed since the last common commit with REF; without REF, that of the pull request or push
    #[arg(long, value_name = "REF", num_args = 0..=1, default_missing_value = base::AUTO)]
    #[arg(conflicts_with = "stdin_filename", help_heading = "Git")]
    pub since: Option<String>,
}

impl Args {
    /// Whether anything of git is asked for.
    pub const fn is_given(&self) -> bool {
        self.staged || self.rev.is_some() || self.since.is_some()
    }
}

/// What is to be checked.
pub(super) struct Job {
    root: Arc<Path>,
    /// Where files come from, and the change.
    pub picture: Picture,
    /// What is named on the command line; all, if nothing is.
    pub named: Named,
    /// What is asked for and cannot be had.
    pub problems: Vec<Remark>,
    /// What was passed over, and why.
    pub notes: Vec<Remark>,
    /// What `--since` turned out to mean, for those who want to know.
    pub since: Option<String>,
}

/// A repository in which git may be at work already.
pub(super) struct Opened {
    git: Git,
    /// The root of the worktree; in a bare repository, where we are.
    pub root: Arc<Path>,
    staging: Option<Staging>,
}

impl Opened {
    /// Finds the repository, and asks git for what is staged without waiting for the answer.
    ///
    /// # Errors
    /// One line for users, if there is no repository or git cannot be asked.
    pub(super) fn new(args: &Args, roots: &Roots) -> Result<Self, String> {
        let git = Git::open(roots).map_err(|error| said(&error))?;
        let root = git.root().cloned().unwrap_or_else(|| Arc::from(roots.cwd()));
        let staging = if args.staged { Some(git.start_staged().map_err(|error| said(&error))?) } else { None };
        Ok(Self { git, root, staging })
    }

    /// What `args` ask for of the files that `paths` name.
    ///
    /// # Errors
    /// One line for users, if git fails or does not know the revision.
    pub(super) fn job(self, args: &Args, paths: &[PathBuf], roots: &Roots) -> Result<Job, String> {
        let mut job = Job {
            root: self.root,
            picture: Picture::default(),
            named: Named::default(),
            problems: Vec::new(),
            notes: Vec::new(),
            since: None,
        };
        job.look(args, &self.git, self.staging)?;
        job.name(paths, self.git.root().is_some(), roots)?;
        Ok(job)
    }
}

impl Job {
    /// Finds the picture, the earlier one, and how they differ.
    fn look(&mut self, args: &Args, git: &Git, staging: Option<Staging>) -> Result<(), String> {
        let base = match &args.since {
            Some(since) => {
                let base = base::find(git, since, args.rev.as_deref().unwrap_or("HEAD")).map_err(|error| {
                    let path = Path::new(since);
                    let is_path = path.exists() && matches!(error, GitError::UnknownRevision { .. });
                    if is_path {
                        let path = path.display();
                        format!(
                            "`--since {path}`: that is a path, not a revision; write `--since={} {path}`",
                            base::AUTO
                        )
                    } else {
                        said(&error)
                    }
                })?;
                self.since = Some(base.commit.clone());
                Some(base.commit)
            }
            None => None,
        };
        let before = match &base {
            Some(commit) => Some(git.revision(commit).map_err(|error| said(&error))?),
            None => None,
        };
        let changes = if let Some(staging) = staging {
            let staged = git.staged(staging).map_err(|error| said(&error))?;
            self.picture.tree = Some(Arc::clone(&staged.snapshot));
            match (base, before) {
                (Some(commit), Some(before)) => {
                    Some((git.staged_since(&commit).map_err(|error| said(&error))?, before))
                }
                _ => Some((staged.changes, staged.head)),
            }
        } else if let Some(rev) = &args.rev {
            self.picture.tree = Some(git.revision(rev).map_err(|error| said(&error))?);
            match (base, before) {
                (Some(commit), Some(before)) => {
                    Some((git.between(&commit, rev).map_err(|error| said(&error))?, before))
                }
                _ => None,
            }
        } else {
            match (base, before) {
                (Some(commit), Some(before)) => {
                    Some((git.worktree_since(&commit).map_err(|error| said(&error))?, before))
                }
                _ => None,
            }
        };
        if let Some((changes, before)) = changes {
            self.take(changes, before, args.since.is_some());
        }
        Ok(())
    }

    /// The files that changed.
    fn take(&mut self, changes: Changes, base: Arc<Tree>, lines_only: bool) {
        self.problems.extend(changes.problems);
        let files = Arc::clone(&base);
        let mut delta = Delta {
            base,
            look: Box::new(move || files.walk(&[RepoPath::root()], &|_, _| false, &|_| false)),
            found: OnceLock::new(),
            changed: std::collections::BTreeMap::new(),
            gone: std::collections::BTreeSet::new(),
            lines_only,
            dependents: OnceLock::new(),
        };
        let mut asked = Changed::default();
        let tree = self.picture.tree.as_ref();
        for change in changes.files {
            delta.gone.extend(change.gone().cloned());
            let matters = is_of_interest(OsStr::new(change.path.name()));
            if change.status == Status::Unmerged && matters {
                let message = "has conflicts that are not resolved; `git add` it when they are";
                self.problems.push(Remark { path: change.path.as_str().to_owned(), message: message.to_owned() });
            }
            let Some(item) = change.item() else { continue };
            asked.items.push(item);
            delta.changed.insert(change.path.clone(), change.before.clone());
            if matters && change.is_file() {
                asked.files.push(change.path);
            } else if matters {
                self.notes.extend(tree.and_then(|tree| tree.remark_on_link(&change)));
            }
        }
        // What stands again where something was is not gone.
        delta.gone.retain(|path| !delta.changed.contains_key(path));
        self.picture.changed = Some(asked);
        self.picture.delta = Some(delta);
    }

    /// What is named on the command line.
    fn name(&mut self, paths: &[PathBuf], has_worktree: bool, roots: &Roots) -> Result<(), String> {
        let mut gone = Vec::new();
        if paths.is_empty() {
            self.named.folders.push(RepoPath::root());
        }
        for path in paths {
            let within = if has_worktree {
                let full = absolute(roots.cwd(), path).map_err(|error| format!("{}: {error}", path.display()))?;
                repo_path(&self.root, &full)
            } else {
                plain(path)
            };
            let Some(within) = within else {
                let message = "is not in the repository of the working directory; run brickgate there".to_owned();
                self.problems.push(Remark { path: path.to_string_lossy().into_owned(), message });
                continue;
            };
            match self.kind(&within) {
                Some(EntryKind::Folder) => self.named.folders.push(within),
                Some(EntryKind::File) => {
                    let changed = self.picture.changed.as_ref();
                    let item = match changed {
                        Some(changed) => changed.items.iter().find(|item| item.path == within).cloned(),
                        None => Some(Item::file(within.clone())),
                    };
                    self.named.items.extend(item);
                    if is_of_interest(OsStr::new(within.name())) {
                        self.named.files.push(within);
                    }
                }
                // A file that the change took away is no mistake.
                None if self
                    .picture
                    .delta
                    .as_ref()
                    .is_some_and(|delta| delta.gone.iter().any(|path| path.is_below(&within))) =>
                {
                    gone.push(within);
                }
                None => self.problems.push(Remark {
                    path: path.to_string_lossy().into_owned(),
                    message: "no such file or folder there".to_owned(),
                }),
            }
        }
        // Of what is gone, only what was asked about is to blame for anything.
        let asked: Vec<RepoPath> = self.named.folders.iter().chain(&gone).cloned().collect();
        if let Some(delta) = &mut self.picture.delta {
            delta.gone.retain(|path| asked.iter().any(|asked| path.is_below(asked)));
        }
        Ok(())
    }

    /// What stands at a path in the picture.
    fn kind(&self, path: &RepoPath) -> Option<EntryKind> {
        if let Some(tree) = &self.picture.tree {
            return tree.kind(path);
        }
        let metadata = std::fs::metadata(self.root.join(path.as_str())).ok()?;
        Some(if metadata.is_dir() { EntryKind::Folder } else { EntryKind::File })
    }
}

/// A path in a repository without a worktree, seen from its root.
fn plain(path: &Path) -> Option<RepoPath> {
    let mut text = String::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::Normal(part) => {
                if !text.is_empty() {
                    text.push('/');
                }
                text.push_str(part.to_str()?);
            }
            _ => return None,
        }
    }
    Some(RepoPath::new(&text))
}

/// What went wrong with git, with the name that was probably meant.
fn said(error: &GitError) -> String {
    let message = error.to_string();
    match error {
        GitError::UnknownRevision { name, known } => match nearest(name, known.iter().map(String::as_str)) {
            Some(meant) => format!("{message}: did you mean `{meant}`?"),
            None => message,
        },
        _ => message,
    }
}
