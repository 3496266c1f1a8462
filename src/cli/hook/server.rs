//! `pre-receive` and `update`, where others push to.
//!
//! Two processes: one checks, the other watches it and has the last word. So whatever happens to the check, even if it
//! runs out of memory, it is settings that decide about the push.

use super::super::check;
use super::super::git::said;
use super::super::repository::{Checked, Picture, Repository};
use super::super::terminal::{Exit, Terminal};
use super::push::{Judged, Update, input, judge, tips};
use super::{Kind, Run};
use crate::config::{self, Hook};
use crate::finding::Severity;
use crate::guard::{self, End, Limits};
use crate::report::concise;
use crate::snapshot::git::Git;
use crate::snapshot::root::Roots;
use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

/// Longer lines do not fit behind `remote: ` on a usual terminal.
const WIDTH: usize = 110;

/// Watches over a check, and decides if it fails.
pub(super) fn watch(args: &Run, terminal: Terminal) -> Result<Exit, String> {
    let hook = settings(args).unwrap_or_else(|_| overridden(args, Hook::default()));
    let why = match attempt(args, &hook) {
        Ok(End::Exited(0)) => return Ok(Exit::Clean),
        Ok(End::Exited(1)) => return Ok(Exit::Findings),
        Ok(End::Exited(_)) => "see above".to_owned(),
        Ok(End::Died) => "the check broke down".to_owned(),
        Ok(End::OutOfTime) => format!("it took more than {} seconds (`time-limit`)", hook.time_limit),
        Ok(End::OutOfMemory) => format!("it took more than {} MB (`memory-limit`)", hook.memory_limit / 1_000_000),
        Err(message) => message,
    };
    if hook.fail_open {
        terminal.error(format_args!("brickgate could not check this push and lets it pass: {why}"));
        return Ok(Exit::Clean);
    }
    Err(format!("brickgate could not check this push, so it is refused (`fail-closed`): {why}"))
}

fn attempt(args: &Run, hook: &Hook) -> Result<End, String> {
    let input = if args.kind.reads_stdin() { input()? } else { Vec::new() };
    let program = std::env::current_exe().map_err(|error| format!("cannot find brickgate: {error}"))?;
    let mut options: Vec<_> = ["hook", "run", args.kind.as_str(), "--watched"].map(Into::into).to_vec();
    if let Some(config) = &args.config {
        options.extend(["--config".into(), config.into()]);
    }
    options.extend(["--max-findings".into(), hook.max_findings.to_string().into(), "--".into()]);
    options.extend(args.arguments.iter().cloned());
    let limits = Limits { time: Duration::from_secs(hook.time_limit.into()), memory: hook.memory_limit };
    guard::watched(&program, &options, input, limits).map_err(|error| format!("cannot start the check: {error}"))
}

/// The settings that hold here: those of `--config`, else of the branch that `HEAD` names, which no push has changed
/// yet.
fn settings(args: &Run) -> Result<Hook, String> {
    let roots = Roots::here()?;
    let options = check::Args { config: args.config.clone(), ..check::Args::default() };
    let git = Git::open(&roots).map_err(|error| said(&error))?;
    // Before the first push there is none.
    let tree = git.revision("HEAD").unwrap_or_else(|_| git.tree(None));
    let overrides = check::Run::new(&options, Terminal::default()).overrides(&roots)?;
    let repository = Repository::new(&roots, Arc::from(roots.cwd()), overrides, None, None);
    let repository = repository.pictured(Picture { tree: Some(tree), ..Picture::default() });
    Ok(overridden(args, config::hook(repository.snapshot(), repository.overrides())))
}

/// What the command line says goes before settings.
fn overridden(args: &Run, hook: Hook) -> Hook {
    Hook {
        fail_open: args.on_failure.unwrap_or(hook.fail_open),
        time_limit: args.time_limit.unwrap_or(hook.time_limit),
        memory_limit: args.memory_limit.map_or(hook.memory_limit, |megabytes| u64::from(megabytes) * 1_000_000),
        max_findings: args.max_findings.unwrap_or(hook.max_findings),
        ..hook
    }
}

/// Checks what is pushed here.
pub(super) fn check(args: &Run, terminal: Terminal) -> Result<Exit, String> {
    let roots = Roots::here()?;
    let git = Git::open(&roots).map_err(|error| said(&error))?;
    let tips = tips(&git, &updates(args)?, &["--all".to_owned()]).map_err(|error| said(&error))?;
    let most = args.max_findings.unwrap_or(Hook::default().max_findings);
    let mut worst = Exit::Clean;
    for tip in tips {
        let exit = one(&judge(&tip, &options(args), &roots, terminal)?, &tip.name, most, terminal);
        worst = worst.max(exit);
    }
    Ok(worst)
}

fn options(args: &Run) -> check::Args {
    check::Args { config: args.config.clone(), force_exclude: true, ..check::Args::default() }
}

/// What git says is pushed.
fn updates(args: &Run) -> Result<Vec<Update>, String> {
    if args.kind == Kind::Update {
        let words: Vec<_> = args.arguments.iter().map(|word| word.to_string_lossy()).collect();
        return match &words[..] {
            [name, old, new] => Ok(vec![Update::new(old, new, name)]),
            _ => Err("git passes `REF OLD NEW` to the hook `update`".to_owned()),
        };
    }
    let input = input()?;
    let line = |line: &str| {
        let mut words = line.splitn(3, ' ');
        let (old, new, name) = (words.next()?, words.next()?, words.next()?);
        Some(Update::new(old, new, name))
    };
    Ok(String::from_utf8_lossy(&input).lines().filter_map(line).collect())
}

/// Says what was found in one tip.
fn one(judged: &Judged, name: &str, most: u32, terminal: Terminal) -> Exit {
    let Judged { checked: Some(checked), trouble } = judged else { return Exit::Trouble };
    let lines = lines(checked);
    let errors = lines.len();
    let most = usize::try_from(most).unwrap_or(usize::MAX);
    let shown = name.strip_prefix("refs/heads/").unwrap_or(name);
    let mut text = String::new();
    if errors > 0 {
        let plural = if errors == 1 { "" } else { "s" };
        let _ = writeln!(text, "brickgate refuses `{}`: {errors} error{plural}", check::shown(shown));
        for line in lines.iter().take(most) {
            let _ = writeln!(text, "  {}", short(line));
        }
        if let Some(more) = errors.checked_sub(most).filter(|more| *more > 0) {
            let _ = writeln!(text, "  and {more} more: `brickgate check --since` in your clone shows all");
        }
    }
    if !text.is_empty() {
        terminal.fault(text.trim_end());
    }
    match (trouble, errors) {
        // What is wrong for sure is refused, whatever else could not be read.
        (_, 1..) => Exit::Findings,
        (true, 0) => Exit::Trouble,
        (false, 0) => Exit::Clean,
    }
}

/// One line for each error.
fn lines(checked: &Checked) -> Vec<String> {
    let errors = checked.outcome.findings.iter().filter(|finding| finding.severity == Severity::Error);
    errors.map(|finding| concise::line(finding, &checked.outcome.project).replacen(": error: ", ": ", 1)).collect()
}

/// A line that is cut off where it gets too long; the name of the rule stays.
fn short(line: &str) -> String {
    if line.chars().count() <= WIDTH {
        return line.to_owned();
    }
    let (message, rule) = line.rsplit_once(" [").unwrap_or((line, ""));
    let room = WIDTH.saturating_sub(rule.chars().count() + 5);
    let message: String = message.chars().take(room).collect();
    if rule.is_empty() { format!("{message}...") } else { format!("{message}... [{rule}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_lines_keep_the_rule() {
        assert_eq!(short("a.py:1:1: m [r]"), "a.py:1:1: m [r]");
        let cut = short(&format!("a.py:1:1: {} [some-rule]", "x".repeat(500)));
        assert_eq!(cut.chars().count(), WIDTH);
        assert!(cut.ends_with("x... [some-rule]"), "{cut}");
    }
}
