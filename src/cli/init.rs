//! `brickgate init`: what a repository needs so that the gate is there for everyone. Shows it, then writes it; what is
//! there already stays as it is.

use super::check::{self, Run};
use super::repository::Repository;
use super::surroundings::{PRE_COMMIT, Surroundings, System};
use super::terminal::{Exit, Talk, Terminal, to_stdout};
use super::{baseline, config as settings};
use crate::finding::Severity;
use crate::snapshot::RepoPath;
use crate::snapshot::git::Git;
use crate::snapshot::root::Roots;
use crate::snapshot::walk::Named;
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::fs::{self, OpenOptions};
use std::io::{self, BufRead, IsTerminal, Write};
use std::path::Path;

const GITHUB: &str = include_str!("../../templates/github.yml");
const GITLAB: &str = include_str!("../../templates/gitlab.yml");
const AZURE: &str = include_str!("../../templates/azure-pipelines.yml");
const BITBUCKET: &str = include_str!("../../templates/bitbucket-pipelines.yml");
const JENKINS: &str = include_str!("../../templates/Jenkinsfile");
const BUNDLE: &str = include_str!("../../templates/databricks.yml");
const HOOKS: &str = include_str!("../../templates/pre-commit.yml");
const EDITOR: &str = "{\n  \"recommendations\": [\"brickgate.brickgate\"]\n}\n";

/// Set the gate up in this repository: settings, hooks, CI, editor, baseline; shows what it would write, and asks
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Args {
    /// Write without asking
    #[arg(short, long)]
    yes: bool,
    /// Write nothing
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
    /// Let what is found today fail from the first day on: write no baseline
    #[arg(long)]
    no_baseline: bool,
}

/// One thing that a repository can have.
#[derive(Debug, PartialEq, Eq)]
enum Step {
    /// It is there.
    Done(String),
    /// A new file.
    Write { path: String, what: &'static str, text: String },
    /// A file that is there would have to be changed, which is for its owner to do.
    Advise { path: String, what: String, text: String },
    /// The findings of today.
    Baseline { errors: usize },
}

/// Looks, shows, and writes.
pub(super) fn run(args: &Args, terminal: Terminal) -> Exit {
    set_up(args, terminal).unwrap_or_else(|message| {
        terminal.error(message);
        Exit::Trouble
    })
}

fn set_up(args: &Args, terminal: Terminal) -> Result<Exit, String> {
    let roots = Roots::here()?;
    let root = roots.of(roots.cwd());
    let around = Surroundings::new(&root);
    let origin = Origin::of(&roots);
    let mut steps = steps(&around, &origin);
    let git = Git::open(&roots).ok();
    // What git leaves out would be there for nobody else.
    steps
        .retain(|step| !matches!(step, Step::Write { path, .. } if git.as_ref().is_some_and(|git| ignores(git, path))));
    if !args.no_baseline {
        steps.push(today(&roots, &around)?);
    }
    to_stdout(|out| out.write_all(shown(&steps).as_bytes()))?;
    let count = steps.iter().filter(|step| matches!(step, Step::Write { .. } | Step::Baseline { errors: 1.. })).count();
    if count == 0 {
        terminal.say("there is nothing to write");
        return Ok(Exit::Clean);
    }
    if args.dry_run || !(args.yes || agreed(count)?) {
        terminal.say("nothing was written; `brickgate init --yes` writes it");
        return Ok(Exit::Clean);
    }
    for step in &steps {
        match step {
            Step::Write { path, text, .. } => {
                create(&root.join(path), text)
                    .map_err(|error| format!("{path}: cannot be written: {}", error.kind()))?;
                terminal.say(format_args!("wrote {path}"));
            }
            Step::Baseline { errors: 1.. } if baseline::create(terminal) != Exit::Clean => return Ok(Exit::Trouble),
            Step::Baseline { .. } | Step::Done(_) | Step::Advise { .. } => {}
        }
    }
    Ok(Exit::Clean)
}

/// Asks on the terminal; where nobody can answer, the answer is no.
fn agreed(count: usize) -> Result<bool, String> {
    if !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(false);
    }
    let ask = || -> io::Result<bool> {
        write!(io::stderr().lock(), "Write {}? [y/N] ", if count == 1 { "it" } else { "all of it" })?;
        let mut answer = String::new();
        io::stdin().lock().read_line(&mut answer)?;
        Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
    };
    ask().map_err(|error| format!("cannot ask: {error}"))
}

/// Makes a file where there is none.
fn create(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// What git says of a repository.
struct Origin {
    /// Where it was cloned from, in lower case.
    url: Option<String>,
    /// The branch that others branch off.
    branch: String,
}

impl Default for Origin {
    fn default() -> Self {
        Self { url: None, branch: "main".to_owned() }
    }
}

impl Origin {
    fn of(roots: &Roots) -> Self {
        let Ok(git) = Git::open(roots) else { return Self::default() };
        let ask = |args: &[&str]| git.runner().ask(args).ok().flatten();
        let url = ask(&["config", "--get", "remote.origin.url"]).map(|url| url.trim().to_ascii_lowercase());
        let known = |name: &str| ask(&["rev-parse", "--verify", "--quiet", &format!("refs/heads/{name}")]);
        let branch = ask(&["symbolic-ref", "--quiet", "refs/remotes/origin/HEAD"])
            .and_then(|name| Some(name.strip_prefix("refs/remotes/origin/")?.to_owned()))
            .or_else(|| ["main", "master"].into_iter().find(|name| known(name).is_some()).map(str::to_owned))
            .or_else(|| ask(&["symbolic-ref", "--quiet", "--short", "HEAD"]))
            .unwrap_or_else(|| Self::default().branch);
        Self { url: url.filter(|url| !url.is_empty()), branch }
    }

    /// The branch as YAML writes it, also in a list.
    fn in_yaml(&self) -> String {
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
        let starts_well = self.branch.starts_with(|c: char| c.is_ascii_alphabetic());
        if starts_well && self.branch.chars().all(is_plain) {
            return self.branch.clone();
        }
        // Git allows neither `\` nor control characters in the name of a branch.
        format!("\"{}\"", self.branch.replace('"', "\\\""))
    }
}

/// Whether git leaves a path of the repository out.
fn ignores(git: &Git, path: &str) -> bool {
    let Some(root) = git.root() else { return false };
    let full = root.join(path);
    git.runner().ask(&[OsStr::new("check-ignore"), OsStr::new("--"), full.as_os_str()]).is_ok_and(|said| said.is_some())
}

/// The error findings of today, which a baseline would let pass.
fn today(roots: &Roots, around: &Surroundings) -> Result<Step, String> {
    if around.has(crate::baseline::FILE_NAME) {
        return Ok(Step::Done(format!("baseline: {}", crate::baseline::FILE_NAME)));
    }
    let args = check::Args::default();
    let mut run = Run::new(&args, Terminal { talk: Talk::Quiet, ..Terminal::default() });
    let root = roots.of(roots.cwd());
    let repository = Repository::new(roots, root, run.overrides(roots)?, None, None);
    let whole = Named { folders: vec![RepoPath::root()], ..Named::default() };
    let checked = run.check_repository(repository, &whole, &mut BTreeMap::new())?;
    let is_error = |severity: Severity| severity == Severity::Error;
    let errors = checked
        .map_or(0, |checked| checked.outcome.findings.iter().filter(|finding| is_error(finding.severity)).count());
    Ok(Step::Baseline { errors })
}

/// All that a repository can have, but the baseline.
fn steps(around: &Surroundings, origin: &Origin) -> Vec<Step> {
    let mut steps = vec![settings_file(around), hooks(around)];
    steps.extend(pipelines(around, origin));
    steps.extend(bundle(around));
    steps.push(editor(around));
    steps
}

fn settings_file(around: &Surroundings) -> Step {
    match crate::config::own_file(around.worktree(), &RepoPath::root()) {
        Some(path) => Step::Done(format!("settings: {path}")),
        None => Step::Write {
            path: crate::config::FILE_NAMES[1].to_owned(),
            what: "settings, all as they are by default",
            text: settings::TEMPLATE.to_owned(),
        },
    }
}

fn hooks(around: &Surroundings) -> Step {
    let snippet =
        || HOOKS.lines().filter(|line| !line.starts_with('#') && *line != "repos:").collect::<Vec<_>>().join("\n");
    if let Some((path, hooks)) = around.pre_commit() {
        if hooks.iter().any(|hook| hook.id.starts_with("brickgate")) {
            return Step::Done(format!("hooks: {path}"));
        }
        let what = "add this under `repos:`, before hooks that format".to_owned();
        return Step::Advise { path: path.to_owned(), what, text: snippet() };
    }
    if around.text(".git/hooks/pre-commit").is_some_and(|text| text.contains("brickgate")) {
        return Step::Done("hooks: .git/hooks/pre-commit".to_owned());
    }
    for (file, what) in
        [(".husky", "add this line to `.husky/pre-commit`"), ("lefthook.yml", "add this as a command of `pre-commit`")]
    {
        if around.has(file) {
            let text = "brickgate hook run pre-commit".to_owned();
            return Step::Advise { path: file.to_owned(), what: what.to_owned(), text };
        }
    }
    Step::Write {
        path: PRE_COMMIT[0].to_owned(),
        what: "a hook for pre-commit or prek (`brickgate hook install` does without either)",
        text: HOOKS.to_owned(),
    }
}

/// The system that a repository's address speaks of.
fn home(remote: &str) -> Option<System> {
    let known = [
        ("github", System::Github),
        ("gitlab", System::Gitlab),
        ("dev.azure.com", System::Azure),
        ("visualstudio.com", System::Azure),
        ("bitbucket", System::Bitbucket),
    ];
    known.into_iter().find(|(word, _)| remote.contains(word)).map(|(_, system)| system)
}

fn pipelines(around: &Surroundings, origin: &Origin) -> Vec<Step> {
    let known = around.pipelines();
    let ours: Vec<Step> = known
        .iter()
        .filter(|pipeline| pipeline.runs_us)
        .map(|pipeline| Step::Done(format!("CI: {}", pipeline.path)))
        .collect();
    if !ours.is_empty() {
        return ours;
    }
    let mut systems: Vec<System> =
        known.iter().map(|pipeline| pipeline.system).chain(origin.url.as_deref().and_then(home)).collect();
    systems.sort_unstable();
    systems.dedup();
    let steps = systems.into_iter().map(|system| {
        let (path, text) = match system {
            System::Github => (".github/workflows/brickgate.yml", GITHUB),
            System::Gitlab => (".gitlab-ci.yml", GITLAB),
            System::Azure => ("azure-pipelines.yml", AZURE),
            System::Bitbucket => ("bitbucket-pipelines.yml", BITBUCKET),
            System::Jenkins => ("Jenkinsfile", JENKINS),
        };
        let branch = origin.in_yaml();
        let text = text.replace("[main]", &format!("[{branch}]"));
        let text = text.replace("      - main\n", &format!("      - {branch}\n"));
        let theirs = known.iter().find(|pipeline| pipeline.system == system && system != System::Github);
        match theirs {
            Some(pipeline) => Step::Advise {
                path: pipeline.path.clone(),
                what: format!("{}: add what is needed of this", system.name()),
                text,
            },
            None => Step::Write { path: path.to_owned(), what: "a check of every change", text },
        }
    });
    steps.collect()
}

fn bundle(around: &Surroundings) -> Option<Step> {
    let all = around.bundles();
    let runs_us = |path: &&String| around.text(path).is_some_and(|text| text.contains("brickgate check"));
    let without: Vec<&String> = all.iter().filter(|path| !runs_us(path)).collect();
    let Some((first, rest)) = without.split_first() else {
        return all.first().map(|path| Step::Done(format!("bundle: {path}")));
    };
    let path = match rest.len() {
        0 => (*first).clone(),
        1 => format!("{first}, and 1 bundle more,"),
        more => format!("{first}, and {more} bundles more,"),
    };
    let what = "the bundle is checked at every deployment, from any machine, with this".to_owned();
    Some(Step::Advise { path, what, text: BUNDLE.to_owned() })
}

fn editor(around: &Surroundings) -> Step {
    let path = ".vscode/extensions.json".to_owned();
    match around.text(&path) {
        Some(text) if text.contains("brickgate.brickgate") => Step::Done(format!("editor: {path}")),
        Some(_) => Step::Advise {
            path,
            what: "add this to `recommendations`".to_owned(),
            text: "\"brickgate.brickgate\"".to_owned(),
        },
        None => Step::Write {
            path,
            what: "VS Code offers the extension to who opens the repository",
            text: EDITOR.to_owned(),
        },
    }
}

/// The plan, for people.
fn shown(steps: &[Step]) -> String {
    let mut out = String::new();
    let indented = |text: &str| text.trim_end().lines().fold(String::new(), |all, line| format!("{all}    {line}\n"));
    for step in steps {
        // Writing to a string does not fail.
        let _ = match step {
            Step::Done(what) => writeln!(out, "✓ {what}"),
            Step::Write { path, what, text } => {
                // A long file explains itself.
                let long = text.lines().count() > 45;
                let text = if long { format!("    … {} lines\n", text.lines().count()) } else { indented(text) };
                writeln!(out, "+ {path}: {what}\n{text}")
            }
            Step::Advise { path, what, text } => writeln!(out, "→ {path} is yours: {what}\n{}", indented(text)),
            Step::Baseline { errors: 0 } => writeln!(out, "✓ baseline: none is needed, there are no errors"),
            Step::Baseline { errors } => writeln!(
                out,
                "+ {}: lets pass what is found today ({errors} {}), so that only new findings fail",
                crate::baseline::FILE_NAME,
                if *errors == 1 { "error" } else { "errors" }
            ),
        };
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan(files: &[(&str, &str)], url: Option<&str>) -> Vec<Step> {
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in files {
            create(&folder.path().join(path), text).unwrap();
        }
        steps(&Surroundings::new(folder.path()), &Origin { url: url.map(str::to_owned), ..Origin::default() })
    }

    fn written(steps: &[Step]) -> Vec<&str> {
        steps
            .iter()
            .filter_map(|step| if let Step::Write { path, .. } = step { Some(path.as_str()) } else { None })
            .collect()
    }

    #[test]
    fn an_empty_repository_gets_all_and_then_nothing() {
        let steps = plan(&[], Some("git@github.com:team/repo.git"));
        assert_eq!(
            written(&steps),
            ["brickgate.toml", ".pre-commit-config.yaml", ".github/workflows/brickgate.yml", ".vscode/extensions.json"]
        );
        let files: Vec<(&str, &str)> = steps
            .iter()
            .filter_map(|step| if let Step::Write { path, text, .. } = step { Some((&**path, &**text)) } else { None })
            .collect();
        let again = plan(&files, Some("git@github.com:team/repo.git"));
        assert!(again.iter().all(|step| matches!(step, Step::Done(_))), "{again:?}");
    }

    #[test]
    fn pipelines_are_for_the_branch_that_others_branch_off() {
        let origin = Origin { url: None, branch: "say \"1\"".to_owned() };
        assert_eq!(origin.in_yaml(), "\"say \\\"1\\\"\"");
        for (system, line) in [("github.com", "branches: [trunk/1]\n"), ("dev.azure.com", "      - trunk/1\n")] {
            let origin = Origin { url: Some(format!("https://{system}/x")), branch: "trunk/1".to_owned() };
            let folder = tempfile::tempdir().unwrap();
            let steps = pipelines(&Surroundings::new(folder.path()), &origin);
            let [Step::Write { text, .. }] = &*steps else { panic!("{steps:?}") };
            assert!(text.contains(line) && !text.contains("main\n") && !text.contains("main]"), "{text}");
        }
    }

    #[test]
    fn looks_for_what_is_there_where_it_often_is() {
        let found = plan(
            &[
                (".azure_devops/workflows/ci.yml", "pool:\n  vmImage: x\n"),
                (".azure_devops/workflows/other.yml", "name: x\n"),
                ("one/databricks.yml", "bundle:\n  name: x\n"),
                ("two/databricks.yml", "bundle:\n  name: y\n"),
            ],
            None,
        );
        let advised: Vec<&str> = found
            .iter()
            .filter_map(|step| if let Step::Advise { path, .. } = step { Some(path.as_str()) } else { None })
            .collect();
        assert_eq!(advised, [".azure_devops/workflows/ci.yml", "one/databricks.yml, and 1 bundle more,"]);
    }

    #[test]
    fn what_is_there_is_for_its_owner() {
        let steps = plan(
            &[
                ("pyproject.toml", "[tool.brickgate]\n"),
                (".pre-commit-config.yaml", "repos:\n- repo: x\n  hooks:\n  - id: black\n"),
                (".gitlab-ci.yml", "test:\n  script: [pytest]\n"),
                (".vscode/extensions.json", "{}"),
                ("databricks.yml", "bundle:\n  name: x\n"),
            ],
            None,
        );
        assert_eq!(written(&steps), [""; 0]);
        let advised: Vec<&str> = steps
            .iter()
            .filter_map(|step| if let Step::Advise { path, .. } = step { Some(path.as_str()) } else { None })
            .collect();
        assert_eq!(advised, [".pre-commit-config.yaml", ".gitlab-ci.yml", "databricks.yml", ".vscode/extensions.json"]);
        assert_eq!(home("https://dev.azure.com/x/_git/y"), Some(System::Azure));
        assert_eq!(home("https://git.example.com/x"), None);
    }
}
