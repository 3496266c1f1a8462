//! What is pushed: the tips, and what the other side has already.

use super::super::check;
use super::super::git::{self, said};
use super::super::repository::Checked;
use super::super::terminal::{Exit, Terminal};
use super::Run;
use crate::snapshot::git::{Git, GitError};
use crate::snapshot::root::Roots;
use std::collections::BTreeSet;
use std::io::{self, Read};

/// With more commits at the edge of what is pushed than these, the others are left out. What then counts as changed
/// may have come by a merge.
const MOST_BASES: usize = 6;

/// What is read of what git says is pushed, in bytes.
const MOST_INPUT: u64 = 64 << 20;

/// One line of what git tells a hook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Update {
    /// What it is to be; `None` if it is to go.
    pub new: Option<String>,
    /// What it was on the other side; `None` if it is new.
    pub old: Option<String>,
    /// The name, for people.
    pub name: String,
}

impl Update {
    /// `None` stands for an object that is all zeros.
    pub(super) fn new(old: &str, new: &str, name: &str) -> Self {
        let some = |oid: &str| (!oid.bytes().all(|byte| byte == b'0')).then(|| oid.to_owned());
        Self { new: some(new), old: some(old), name: name.to_owned() }
    }
}

/// A commit that is pushed, with all that is below it.
#[derive(Debug)]
pub(super) struct Tip {
    pub name: String,
    commit: String,
    /// What the other side has, right below what is pushed; empty if it has nothing of it.
    bases: Vec<String>,
}

/// Reads stdin to its end.
pub(super) fn input() -> Result<Vec<u8>, String> {
    let mut input = Vec::new();
    let read = io::stdin().lock().take(MOST_INPUT).read_to_end(&mut input);
    read.map_err(|error| format!("cannot read what is pushed from stdin: {error}"))?;
    Ok(input)
}

/// The tips of what is pushed, each once. Deletions, tags of something else than commits, and what the other side has
/// already are left out. `has` names what it has, as `git rev-list` understands it.
pub(super) fn tips(git: &Git, updates: &[Update], has: &[String]) -> Result<Vec<Tip>, GitError> {
    let mut seen = BTreeSet::new();
    let mut tips = Vec::new();
    let mut known = Vec::new();
    for old in updates.iter().filter_map(|update| update.old.as_deref()) {
        // What somebody else pushed and we never fetched is no help.
        known.extend(git.commit(old)?);
    }
    for update in updates {
        let Some(new) = &update.new else { continue };
        let Some(commit) = git.commit(new)? else { continue };
        if !seen.insert(commit.clone()) {
            continue;
        }
        let mut args: Vec<&str> = vec!["rev-list", "--boundary", &commit, "--not"];
        args.extend(known.iter().map(String::as_str));
        args.extend(has.iter().map(String::as_str));
        let listed = git.runner().run(&args)?;
        let listed = String::from_utf8_lossy(&listed);
        let (edge, pushed): (Vec<&str>, Vec<&str>) = listed.lines().partition(|line| line.starts_with('-'));
        if pushed.is_empty() {
            continue;
        }
        let bases = edge.iter().filter_map(|line| line.strip_prefix('-')).take(MOST_BASES).map(str::to_owned);
        tips.push(Tip { name: update.name.clone(), commit, bases: bases.collect() });
    }
    Ok(tips)
}

/// How a tip was checked.
pub(super) struct Judged {
    /// What was found; `None` if it could not be checked.
    pub checked: Option<Checked>,
    /// Whether something could not be run or read.
    pub trouble: bool,
}

/// Checks a tip: what changed in comparison with all that the other side has. A line that one of those commits has,
/// too, came by a merge and is not what is pushed.
pub(super) fn judge(tip: &Tip, args: &check::Args, roots: &Roots, terminal: Terminal) -> Result<Judged, String> {
    let mut bases = tip.bases.iter();
    let args = |base: Option<&String>| check::Args {
        git: git::Args { rev: Some(tip.commit.clone()), since: base.cloned(), ..git::Args::default() },
        ..args.clone()
    };
    let first = args(bases.next());
    let mut run = check::Run::new(&first, terminal);
    let mut checked = run.check_revision(roots)?;
    let mut trouble = run.had_trouble();
    for base in bases {
        let Some(checked) = checked.as_mut().filter(|checked| !checked.outcome.findings.is_empty()) else { break };
        let next = args(Some(base));
        let mut run = check::Run::new(&next, terminal);
        let Some(other) = run.check_revision(roots)? else { return Ok(Judged { checked: None, trouble: true }) };
        trouble |= run.had_trouble();
        let other: BTreeSet<_> = other
            .outcome
            .findings
            .iter()
            .map(|finding| (finding.path.clone(), finding.span, finding.rule.clone(), finding.message.clone()))
            .collect();
        checked.outcome.findings.retain(|finding| {
            let key = (finding.path.clone(), finding.span, finding.rule.clone(), finding.message.clone());
            other.contains(&key)
        });
    }
    Ok(Judged { checked, trouble })
}

/// Checks what `git push` is about to push.
pub(super) fn pre_push(args: &Run, terminal: Terminal) -> Result<Exit, String> {
    let roots = Roots::here()?;
    let git = Git::open(&roots).map_err(|error| said(&error))?;
    let input = input()?;
    let updates: Vec<Update> = String::from_utf8_lossy(&input).lines().filter_map(line).collect();
    let remote = args.arguments.first().and_then(|name| name.to_str()).unwrap_or_default();
    let url = git.runner().ask(&["config", "--get", &format!("remote.{remote}.url")]).map_err(|error| said(&error))?;
    // Pushed to an address, nobody knows what is there: most of it will be what other remotes have.
    let has = if url.is_some() { format!("--remotes={remote}") } else { "--remotes".to_owned() };
    let options = check::Args { config: args.config.clone(), force_exclude: true, ..check::Args::default() };
    let mut worst = Exit::Clean;
    for tip in tips(&git, &updates, &[has]).map_err(|error| said(&error))? {
        terminal.detail(|| format!("brickgate: checking {}", tip.name));
        let Judged { checked, trouble } = judge(&tip, &options, &roots, terminal)?;
        let exit = match checked {
            Some(checked) => check::Run::new(&options, terminal).report_on(checked)?,
            None => Exit::Trouble,
        };
        if exit == Exit::Findings {
            terminal.error(format_args!("`{}` is not pushed; `git push --no-verify` pushes it all the same", tip.name));
        }
        worst = worst.max(if trouble { Exit::Trouble } else { exit });
    }
    Ok(worst)
}

/// Reads `LOCAL-REF LOCAL-OID REMOTE-REF REMOTE-OID`.
fn line(line: &str) -> Option<Update> {
    // Names of refs hold no blanks, but `git push origin 'HEAD@{1 day ago}:x'` has them in the first.
    let mut words = line.rsplitn(4, ' ');
    let (old, name, new) = (words.next()?, words.next()?, words.next()?);
    Some(Update::new(old, new, name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_read() {
        let (one, zero) = ("1".repeat(40), "0".repeat(40));
        let update = line(&format!("refs/heads/a {one} refs/heads/b {zero}")).unwrap();
        assert_eq!(update, Update { new: Some(one.clone()), old: None, name: "refs/heads/b".to_owned() });
        assert_eq!(line(&format!("(delete) {zero} refs/heads/b {one}")).unwrap().new, None);
        assert!(line(&format!("HEAD@{{1 day ago}} {one} refs/heads/b {zero}")).unwrap().new.is_some());
        assert!(line("").is_none() && line("a b").is_none());
    }
}
