//! `brickgate hook`: git hooks of our own.

mod install;
mod push;
mod server;
mod shim;

use super::check;
use super::git::{self, Opened};
use super::repository::Repository;
use super::terminal::{Exit, Terminal};
use crate::config::{self, FAILURES};
use crate::snapshot::root::Roots;
use std::ffi::OsString;
use std::path::PathBuf;

/// Install git hooks that run brickgate, and run them
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    /// Install hooks in this repository; a hook that is there already runs first
    Install(Install),
    /// Take brickgate's hooks out again, and put back what was there before
    Uninstall(Uninstall),
    /// Say which hooks are installed, and where
    Status,
    /// What an installed hook does
    Run(Run),
}

#[derive(Clone, Debug, clap::Args)]
struct Install {
    /// Which hooks: pre-commit, pre-merge-commit, commit-msg, pre-applypatch, pre-push, pre-receive or update; by
    /// default pre-commit, in a bare repository pre-receive
    #[arg(long = "type", value_name = "TYPE", value_enum, value_delimiter = ',', hide_possible_values = true)]
    kinds: Vec<Kind>,
    /// Install even if another tool manages the hooks of this repository
    #[arg(long)]
    force: bool,
    /// Options that the hook passes to `brickgate hook run`, such as `-- --on-failure fail-closed`
    #[arg(last = true, value_name = "OPTIONS")]
    options: Vec<String>,
}

#[derive(Clone, Debug, clap::Args)]
struct Uninstall {
    /// Which hooks; by default all of brickgate's
    #[arg(long = "type", value_name = "TYPE", value_enum, value_delimiter = ',', hide_possible_values = true)]
    kinds: Vec<Kind>,
}

/// What a hook is asked.
#[derive(Clone, Debug, clap::Args)]
struct Run {
    /// The hook
    #[arg(value_name = "TYPE", value_enum, hide_possible_values = true)]
    kind: Kind,
    /// Use this settings file and no other; on a server, so that no push can turn the gate off
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// On a server, if a push cannot be checked: fail-open lets it pass, fail-closed refuses it
    #[arg(long, value_name = "WORD", value_parser = failure)]
    on_failure: Option<bool>,
    /// On a server: the seconds that a check may take
    #[arg(long, value_name = "SECONDS", value_parser = clap::value_parser!(u32).range(1..))]
    time_limit: Option<u32>,
    /// On a server: the megabytes of memory that a check may take
    #[arg(long, value_name = "MB", value_parser = clap::value_parser!(u32).range(1..))]
    memory_limit: Option<u32>,
    /// On a server: how many findings are shown
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    max_findings: Option<u32>,
    /// The check itself, which another process watches
    #[arg(long, hide = true)]
    watched: bool,
    /// What git passes to the hook
    #[arg(last = true, value_name = "ARGUMENTS")]
    arguments: Vec<OsString>,
}

/// Reads `fail-open` or `fail-closed`.
fn failure(word: &str) -> Result<bool, String> {
    let known = FAILURES.iter().find(|(known, _)| *known == word);
    known.map(|&(_, open)| open).ok_or_else(|| "write `fail-open` or `fail-closed`".to_owned())
}

/// The hooks of git that can be served.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum Kind {
    PreCommit,
    PreMergeCommit,
    CommitMsg,
    PreApplypatch,
    PrePush,
    PreReceive,
    Update,
}

impl Kind {
    const ALL: [Self; 7] = [
        Self::PreCommit,
        Self::PreMergeCommit,
        Self::CommitMsg,
        Self::PreApplypatch,
        Self::PrePush,
        Self::PreReceive,
        Self::Update,
    ];

    /// The name of the file.
    const fn as_str(self) -> &'static str {
        match self {
            Self::PreCommit => "pre-commit",
            Self::PreMergeCommit => "pre-merge-commit",
            Self::CommitMsg => "commit-msg",
            Self::PreApplypatch => "pre-applypatch",
            Self::PrePush => "pre-push",
            Self::PreReceive => "pre-receive",
            Self::Update => "update",
        }
    }

    /// Whether it runs where others push to.
    const fn is_on_server(self) -> bool {
        matches!(self, Self::PreReceive | Self::Update)
    }

    /// Whether git tells it on stdin what is pushed.
    const fn reads_stdin(self) -> bool {
        matches!(self, Self::PrePush | Self::PreReceive)
    }
}

/// Runs the command and gives the exit code.
pub(super) fn run(args: &Args, terminal: Terminal) -> u8 {
    let done = match &args.command {
        Command::Install(args) => install::install(args, terminal),
        Command::Uninstall(args) => install::uninstall(&args.kinds, terminal),
        Command::Status => install::status(),
        Command::Run(args) => hook(args, terminal),
    };
    let exit = done.unwrap_or_else(|message| {
        terminal.error(message);
        Exit::Trouble
    });
    exit.code()
}

fn hook(args: &Run, terminal: Terminal) -> Result<Exit, String> {
    if args.kind.is_on_server() {
        return if args.watched { server::check(args, terminal) } else { server::watch(args, terminal) };
    }
    if is_skipped(args.kind) {
        terminal.say(format_args!("brickgate: `{}` is skipped, because SKIP says so", args.kind.as_str()));
        return Ok(Exit::Clean);
    }
    match args.kind {
        Kind::PrePush => push::pre_push(args, terminal),
        kind => staged(args, kind == Kind::PreCommit, terminal),
    }
}

/// Whether `SKIP` names us, as pre-commit reads it: `SKIP=brickgate,other git commit`.
fn is_skipped(kind: Kind) -> bool {
    let Ok(names) = std::env::var("SKIP") else { return false };
    names
        .split(',')
        .map(str::trim)
        .any(|name| name == "brickgate" || name.strip_prefix("brickgate-") == Some(kind.as_str()))
}

/// Checks what is staged, and mends it first if settings say so and git takes what is staged from now on.
fn staged(args: &Run, may_fix: bool, terminal: Terminal) -> Result<Exit, String> {
    let roots = Roots::here()?;
    let mut check = check::Args {
        git: git::Args { staged: true, ..git::Args::default() },
        config: args.config.clone(),
        force_exclude: true,
        ..check::Args::default()
    };
    let opened = Opened::new(&check.git, &roots)?;
    let root = opened.root.clone();
    let job = opened.job(&check.git, &[], &roots)?;
    let overrides = check::Run::new(&check, terminal).overrides(&roots)?;
    let repository = Repository::new(&roots, root, overrides.clone(), None, None);
    if let (true, Some(tree)) = (may_fix, &job.picture.tree) {
        let hook = config::hook(&**tree, repository.overrides());
        check.fix = hook.fix;
        check.format = hook.format;
    }
    let mut run = check::Run::new(&check, terminal);
    let exit = run.check_job(repository, job)?;
    Ok(if run.had_trouble() { Exit::Trouble } else { exit })
}
