//! `--since`: the commit that a change is compared with. Without a name for it, that of the pull request or push that
//! the environment speaks of.

use crate::snapshot::git::{Git, GitError};
use serde_json::Value;
use std::env;

/// The word for "find it yourself".
pub(super) const AUTO: &str = "auto";

/// What `HEAD` is compared with.
pub(super) struct Base {
    /// The commit.
    pub commit: String,
}

/// Where a base may be.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Guess {
    /// A branch of the repository that this one was cloned from.
    Branch(String),
    /// A revision.
    Revision(String),
}

/// The last common commit of `head` and what `since` names.
pub(super) fn find(git: &Git, since: &str, head: &str) -> Result<Base, GitError> {
    if since != AUTO || git.commit(AUTO)?.is_some() {
        return common(git, since, head);
    }
    let variable = |name: &str| env::var(name).ok().filter(|value| !value.is_empty());
    let event = variable("GITHUB_EVENT_PATH").and_then(|path| std::fs::read(path).ok());
    let event: Option<Value> = event.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let system = System::of(&variable);
    if let Some(commit) = merged_into(git, system, &variable)? {
        return Ok(Base { commit });
    }
    let guesses = system.map_or_else(|| at_home(git), |system| Ok(system.guesses(&variable, event.as_ref())))?;
    let mut missing = None;
    for guess in &guesses {
        match guess {
            Guess::Revision(name) => match git.commit(name)? {
                Some(_) => return common(git, name, head).map_err(|error| deepened(error, system, event.as_ref())),
                None => missing = missing.or(Some(name.clone())),
            },
            Guess::Branch(name) => {
                for name in [format!("refs/remotes/origin/{name}"), format!("refs/heads/{name}")] {
                    if git.commit(&name)?.is_some() {
                        return common(git, &name, head).map_err(|error| deepened(error, system, event.as_ref()));
                    }
                }
                missing = missing.or(Some(name.clone()));
            }
        }
    }
    let Some(missing) = missing else {
        let what = system.map_or("", System::name);
        return Err(GitError::Failed(match system {
            Some(_) => format!("{what} does not say what this run is compared with: name it, as in `--since main`"),
            None => "what to compare with? Name it, as in `--since main`".to_owned(),
        }));
    };
    if git.is_shallow()? || system.is_some() {
        let how = how_to_fetch(system, event.as_ref());
        return Err(GitError::Failed(format!("`{missing}`, which this is compared with, was not fetched: {how}")));
    }
    Err(GitError::UnknownRevision { name: missing, known: Vec::new() })
}

fn common(git: &Git, name: &str, head: &str) -> Result<Base, GitError> {
    match git.merge_base(name, head) {
        Ok(commit) => Ok(Base { commit }),
        Err(GitError::Unrelated { name, shallow: true }) => {
            let how = how_to_fetch(None, None);
            Err(GitError::Failed(format!("the history of this clone ends before it meets `{name}`: {how}")))
        }
        Err(error) => Err(error),
    }
}

/// The same error with what the system at hand calls "fetch more".
fn deepened(error: GitError, system: Option<System>, event: Option<&Value>) -> GitError {
    match error {
        GitError::Failed(message) => match message.split_once(": ") {
            Some((what, _)) if message.contains("the history of this clone ends") => {
                GitError::Failed(format!("{what}: {}", how_to_fetch(system, event)))
            }
            _ => GitError::Failed(message),
        },
        error => error,
    }
}

/// What to write where, so that enough is fetched.
fn how_to_fetch(system: Option<System>, event: Option<&Value>) -> String {
    let commits = event.and_then(|event| event.pointer("/pull_request/commits")).and_then(Value::as_u64);
    match system {
        Some(System::GitHub) => match commits {
            Some(commits) => {
                let depth = commits.saturating_add(2);
                format!("give `actions/checkout` `fetch-depth: {depth}` (or 0, for all), or check out the merge commit")
            }
            None => "give `actions/checkout` `fetch-depth: 0`".to_owned(),
        },
        Some(System::GitLab) => "set `GIT_DEPTH: 0` for the job".to_owned(),
        Some(System::Azure) => "write `fetchDepth: 0` at the `checkout` step".to_owned(),
        Some(System::Bitbucket) => "write `clone: { depth: full }` in bitbucket-pipelines.yml".to_owned(),
        Some(System::Jenkins) => {
            "let the checkout fetch the target branch, and without `shallow` or with more `depth`".to_owned()
        }
        None => "`git fetch --unshallow`, or `git fetch --deepen=100` until it does".to_owned(),
    }
}

/// Systems that run checks and say for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum System {
    GitHub,
    GitLab,
    Azure,
    Bitbucket,
    Jenkins,
}

impl System {
    fn of(variable: &dyn Fn(&str) -> Option<String>) -> Option<Self> {
        let known = [
            ("GITHUB_ACTIONS", Self::GitHub),
            ("GITLAB_CI", Self::GitLab),
            ("TF_BUILD", Self::Azure),
            ("BITBUCKET_BUILD_NUMBER", Self::Bitbucket),
            ("JENKINS_URL", Self::Jenkins),
        ];
        known.into_iter().find(|(name, _)| variable(name).is_some()).map(|(_, system)| system)
    }

    const fn name(self) -> &'static str {
        match self {
            Self::GitHub => "GitHub Actions",
            Self::GitLab => "GitLab",
            Self::Azure => "Azure Pipelines",
            Self::Bitbucket => "Bitbucket",
            Self::Jenkins => "Jenkins",
        }
    }

    /// Where the base may be, the best guess first.
    fn guesses(self, variable: &dyn Fn(&str) -> Option<String>, event: Option<&Value>) -> Vec<Guess> {
        // A push that makes a branch comes from a commit that is all zeros.
        let commit =
            |name: Option<String>| name.filter(|name| name.bytes().any(|byte| byte != b'0')).map(Guess::Revision);
        let branch = |name: Option<String>| {
            name.map(|name| Guess::Branch(name.strip_prefix("refs/heads/").map_or(name.clone(), str::to_owned)))
        };
        let said = |at: &str| event.and_then(|event| event.pointer(at)).and_then(Value::as_str).map(str::to_owned);
        let guesses = match self {
            Self::GitHub => vec![
                branch(variable("GITHUB_BASE_REF")),
                commit(said("/pull_request/base/sha")),
                commit(said("/merge_group/base_sha")),
                commit(said("/before")),
                branch(said("/repository/default_branch")),
            ],
            Self::GitLab => vec![
                commit(variable("CI_MERGE_REQUEST_DIFF_BASE_SHA")),
                branch(variable("CI_MERGE_REQUEST_TARGET_BRANCH_NAME")),
                commit(variable("CI_COMMIT_BEFORE_SHA")),
                branch(variable("CI_DEFAULT_BRANCH")),
            ],
            Self::Azure => {
                vec![branch(variable("SYSTEM_PULLREQUEST_TARGETBRANCH")), Some(Guess::Revision("HEAD^".to_owned()))]
            }
            Self::Bitbucket => vec![
                branch(variable("BITBUCKET_PR_DESTINATION_BRANCH")),
                commit(variable("BITBUCKET_PR_DESTINATION_COMMIT")),
                Some(Guess::Revision("HEAD^".to_owned())),
            ],
            Self::Jenkins => vec![
                branch(variable("CHANGE_TARGET")),
                commit(variable("GIT_PREVIOUS_SUCCESSFUL_COMMIT")),
                commit(variable("GIT_PREVIOUS_COMMIT")),
            ],
        };
        guesses.into_iter().flatten().collect()
    }
}

/// On GitHub and Azure the checkout of a pull request is its merge into the target, whose first parent is what to
/// compare with: two commits are enough, and the target branch need not be fetched.
fn merged_into(
    git: &Git,
    system: Option<System>,
    variable: &dyn Fn(&str) -> Option<String>,
) -> Result<Option<String>, GitError> {
    let reference = match system {
        Some(System::GitHub) => variable("GITHUB_REF"),
        Some(System::Azure) => variable("BUILD_SOURCEBRANCH"),
        _ => None,
    };
    if !reference.is_some_and(|name| name.starts_with("refs/pull/") && name.ends_with("/merge")) {
        return Ok(None);
    }
    if git.commit("HEAD^2")?.is_none() {
        return Ok(None);
    }
    git.commit("HEAD^1")
}

/// Outside of any such system: the branch that everybody starts from.
fn at_home(git: &Git) -> Result<Vec<Guess>, GitError> {
    let mut found = Vec::new();
    for name in [
        "refs/remotes/origin/HEAD",
        "refs/remotes/origin/main",
        "refs/remotes/origin/master",
        "refs/heads/main",
        "refs/heads/master",
    ] {
        if git.commit(name)?.is_some() {
            found.push(Guess::Revision(name.to_owned()));
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn guessed(variables: &[(&str, &str)], event: &str) -> Vec<String> {
        let variable =
            |wanted: &str| variables.iter().find(|(name, _)| *name == wanted).map(|(_, value)| (*value).to_owned());
        let event: Option<Value> = serde_json::from_str(event).ok();
        let system = System::of(&variable).unwrap();
        let guesses = system.guesses(&variable, event.as_ref()).into_iter();
        guesses
            .map(|guess| match guess {
                Guess::Branch(name) => format!("branch {name}"),
                Guess::Revision(name) => name,
            })
            .collect()
    }

    const ZERO: &str = "0000000000000000000000000000000000000000";

    #[test]
    fn every_system_says_it_in_its_own_way() {
        let github = ("GITHUB_ACTIONS", "true");
        assert_eq!(guessed(&[github, ("GITHUB_BASE_REF", "release/1")], ""), ["branch release/1"]);
        let push = "{\"before\": \"abc\", \"repository\": {\"default_branch\": \"trunk\"}}";
        assert_eq!(guessed(&[github], push), ["abc", "branch trunk"]);
        assert_eq!(guessed(&[github], &push.replace("abc", ZERO)), ["branch trunk"]);
        assert_eq!(guessed(&[github], "{\"merge_group\": {\"base_sha\": \"b\"}}"), ["b"]);
        let gitlab = ("GITLAB_CI", "true");
        assert_eq!(
            guessed(&[gitlab, ("CI_MERGE_REQUEST_DIFF_BASE_SHA", "b"), ("CI_DEFAULT_BRANCH", "main")], ""),
            ["b", "branch main"]
        );
        assert_eq!(
            guessed(&[gitlab, ("CI_COMMIT_BEFORE_SHA", ZERO), ("CI_DEFAULT_BRANCH", "main")], ""),
            ["branch main"]
        );
        let azure = [("TF_BUILD", "True"), ("SYSTEM_PULLREQUEST_TARGETBRANCH", "refs/heads/main")];
        assert_eq!(guessed(&azure, ""), ["branch main", "HEAD^"]);
        let bitbucket = [("BITBUCKET_BUILD_NUMBER", "7"), ("BITBUCKET_PR_DESTINATION_BRANCH", "main")];
        assert_eq!(guessed(&bitbucket, ""), ["branch main", "HEAD^"]);
        let jenkins = [("JENKINS_URL", "http://x/"), ("CHANGE_TARGET", "main"), ("GIT_PREVIOUS_COMMIT", "p")];
        assert_eq!(guessed(&jenkins, ""), ["branch main", "p"]);
    }

    #[test]
    fn says_how_deep() {
        let event: Value = serde_json::from_str("{\"pull_request\": {\"commits\": 7}}").unwrap();
        assert!(how_to_fetch(Some(System::GitHub), Some(&event)).contains("fetch-depth: 9"));
        assert!(how_to_fetch(Some(System::GitHub), None).contains("fetch-depth: 0"));
    }
}
