//! Fixes of what is staged: into the index, and from there into the worktree.
//!
//! First the objects, then the index, then the worktree. Whoever is killed in between has lost nothing: an object that
//! nobody names is no harm, the index is the old or the new one, and so is each file.

use crate::fix::Texts;
use crate::snapshot::RepoPath;
use crate::snapshot::git::oid::Mode;
use crate::snapshot::git::stage::{Restaged, Rewrite};
use crate::snapshot::git::tree::Tree;
use crate::snapshot::git::{Git, GitError};
use crate::snapshot::worktree::Worktree;
use crate::text::carry::{Carried, carry};
use serde::de::IgnoredAny;
use std::collections::BTreeMap;

/// What there is to say, by file.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// What could not be staged.
    pub problems: Vec<(RepoPath, String)>,
    /// What is staged, but not in the worktree.
    pub notes: Vec<(RepoPath, String)>,
}

/// A file of the worktree, before and after.
struct Carry {
    old: Vec<u8>,
    new: Vec<u8>,
    left: usize,
}

/// Stages the new texts, and makes the same changes in the worktree where it holds the staged lines.
///
/// # Errors
/// One line for users if git fails; index and worktree are then what they were.
pub(super) fn write(
    git: &Git,
    tree: &Tree,
    worktree: &Worktree,
    texts: &BTreeMap<RepoPath, Texts>,
) -> Result<Said, String> {
    let mut said = Said::default();
    let mut rewrites = Vec::new();
    for (path, texts) in texts {
        match tree.node(path).filter(|node| matches!(node.mode, Mode::File | Mode::Executable)) {
            Some(old) => rewrites.push(Rewrite { path, old, new: texts.new.as_bytes() }),
            None => said.problems.push((path.clone(), "not fixed: it is no plain file in the index".to_owned())),
        }
    }
    if rewrites.is_empty() {
        return Ok(said);
    }
    let failed = |error: GitError| format!("nothing was fixed: {error}");
    // What is to be carried over is worked out before anything is written: a filter may fail.
    let mut old: BTreeMap<&RepoPath, Vec<u8>> = BTreeMap::new();
    for rewrite in &rewrites {
        if let Some(content) = worktree.read_plain(rewrite.path) {
            old.insert(rewrite.path, content);
        }
    }
    let filtered = git.filtered(&old.keys().copied().collect::<Vec<_>>()).map_err(failed)?;
    let mut carries: BTreeMap<&RepoPath, Carry> = BTreeMap::new();
    for (path, content) in old {
        let Some(texts) = texts.get(path) else { continue };
        let filters = filtered.contains(path).then_some(git);
        let Carried { text, left } = carried(path, texts, &content, filters).map_err(failed)?;
        carries.insert(path, Carry { old: content, new: text, left });
    }
    let states = git.restage(&rewrites).map_err(failed)?;
    for (rewrite, state) in rewrites.iter().zip(states) {
        let mut problem = |message: &str| said.problems.push((rewrite.path.clone(), message.to_owned()));
        match state {
            Restaged::Done => {}
            Restaged::Changed => {
                problem("not fixed: something else was staged while it was checked; run again");
                continue;
            }
            Restaged::Hidden => {
                problem("not fixed: git was told not to look at it in the worktree (`git ls-files -v`)");
                continue;
            }
        }
        let Some(Carry { old, new, left }) = carries.remove(rewrite.path) else { continue };
        let mut note = |message: String| said.notes.push((rewrite.path.clone(), message));
        if left > 0 {
            note("fixed as it is staged; your own changes to the same lines stay as they are".to_owned());
        }
        if new != old
            && let Err(message) = worktree.write_by_way_of(git.folder(), rewrite.path, &old, &new)
        {
            note(format!("fixed as it is staged, but not in your folder: {message}"));
        }
    }
    Ok(said)
}

/// What a file of the worktree that holds `content` is to hold. `filters` are needed if the worktree does not hold
/// what git stores.
fn carried(path: &RepoPath, texts: &Texts, content: &[u8], filters: Option<&Git>) -> Result<Carried, GitError> {
    let (staged, fixed) = (texts.old.as_bytes(), texts.new.as_bytes());
    if let Some(git) = filters {
        let clean = git.clean(path, content)?;
        // A filter that takes something away for good, such as the outputs of a notebook, cannot give it back.
        if git.smudge(path, &clean)? == content {
            let Carried { text, left } = carry(staged, &clean, fixed);
            let text = if text == clean { content.to_vec() } else { git.smudge(path, &text)? };
            return Ok(Carried { text, left });
        }
    }
    let carried = carry(staged, content, fixed);
    let is_json = |text: &[u8]| serde_json::from_slice::<IgnoredAny>(text).is_ok();
    if path.has_extension("ipynb") && is_json(content) && !is_json(&carried.text) {
        return Ok(Carried { text: content.to_vec(), left: 1 });
    }
    Ok(carried)
}
