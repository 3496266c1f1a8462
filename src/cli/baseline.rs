//! `brickgate baseline`, and what a baseline does to a check.

use super::check;
use super::repository::Repository;
use super::terminal::{Exit, Terminal, to_stdout};
use crate::baseline::{Baseline, Compared, Entry, FILE_NAME, Scope};
use crate::config::{Configs, Place};
use crate::engine::Outcome;
use crate::fix::Known;
use crate::project::document::ProblemKind;
use crate::report::{self, Format, Report, Style};
use crate::snapshot::root::{Roots, Vantage, absolute};
use crate::snapshot::walk::{Named, repo_path};
use crate::snapshot::worktree::Worktree;
use crate::snapshot::{ReadError, RepoPath, Snapshot};
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// No baseline that is meant is larger, in bytes.
const MOST: u64 = 500_000_000;

/// So many files with gone entries are named one by one.
const MOST_NAMED: usize = 10;

/// Let pass what is found today, so that only new findings fail a check
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    /// Write all findings of the repository to a new baseline
    Create(Options),
    /// Make the baseline hold what is found now: add what is new, take out what is gone
    Update(Options),
    /// Take out of the baseline what is gone; add nothing
    Prune(Options),
    /// Show the findings that the baseline lets pass, where they stand now, and what is gone
    Show(Options),
}

#[derive(Clone, Debug, clap::Args)]
struct Options {
    /// The baseline; by default the file that settings name, or .brickgate-baseline.json at the root
    #[arg(long, value_name = "FILE")]
    baseline: Option<PathBuf>,
    /// Use this settings file and no other
    #[arg(long, value_name = "FILE", conflicts_with = "isolated")]
    config: Option<PathBuf>,
    /// Use no settings file at all
    #[arg(long)]
    isolated: bool,
}

/// A baseline that was read, and the name that it has for people.
pub(super) struct Loaded {
    name: String,
    baseline: Baseline,
}

impl Loaded {
    /// The findings of an outcome that it lets pass.
    pub(super) fn known(&self, outcome: &Outcome) -> Known {
        // Nothing is asked of entries.
        let compared = compare(&self.baseline, outcome.findings.clone(), outcome, false, &|_| true);
        compared.known.into_iter().map(|finding| (finding.path, finding.rule, finding.span)).collect()
    }
}

/// What a baseline did to a check.
#[derive(Debug, Default)]
pub(super) struct Held {
    /// How many findings it let pass.
    pub known: usize,
    /// Entries whose findings are gone, as far as the run can tell.
    pub gone: Vec<Entry>,
    name: String,
}

impl Held {
    /// Whether it had nothing to do.
    pub(super) const fn is_empty(&self) -> bool {
        self.known == 0 && self.gone.is_empty()
    }

    /// Says what is gone, as an error if it `fails` the run.
    pub(super) fn say_gone(&self, fails: bool, terminal: Terminal) {
        if self.gone.is_empty() {
            return;
        }
        let say = |line: String| if fails { terminal.error(line) } else { terminal.note(line) };
        let rows = by_file(&self.gone);
        for row in rows.iter().take(MOST_NAMED) {
            say(format!("gone, but still in {}: {row}", self.name));
        }
        if let Some(more) = rows.len().checked_sub(MOST_NAMED).filter(|more| *more > 0) {
            say(format!("and {more} more"));
        }
        terminal.note("`brickgate baseline prune` takes out what is gone");
    }
}

/// One line for all entries of one rule in one file.
fn by_file(entries: &[Entry]) -> Vec<String> {
    let mut rows: BTreeMap<(&RepoPath, &str), usize> = BTreeMap::new();
    for entry in entries {
        *rows.entry((&entry.path, &entry.rule)).or_default() += 1;
    }
    rows.into_iter()
        .map(|((path, rule), count)| {
            let times = if count == 1 { String::new() } else { format!(" ({count} findings)") };
            format!("{}: {rule}{times}", check::shown(path.as_str()))
        })
        .collect()
}

/// Where the baseline of a repository stands, and whether somebody named it.
fn place(given: Option<&Path>, repository: &Repository, configs: &Configs<'_>) -> Result<(Place, bool), String> {
    if let Some(file) = given {
        let full = absolute(Roots::here()?.cwd(), file).map_err(|error| format!("{}: {error}", file.display()))?;
        return Ok((repo_path(repository.root(), &full).map_or(Place::Outside(full), Place::Inside), true));
    }
    Ok(match configs.baseline() {
        Some(path) => (Place::Inside(path), true),
        None => (Place::Inside(RepoPath::new(FILE_NAME)), false),
    })
}

/// The place as people write it from where they are.
fn name(place: &Place, vantage: &Vantage) -> String {
    match place {
        Place::Inside(path) => vantage.path(path),
        Place::Outside(path) => path.display().to_string(),
    }
}

/// Reads the baseline at a place; `None` if there is none.
fn read(place: &Place, snapshot: &dyn Snapshot, name: &str) -> Result<Option<Baseline>, String> {
    let failed = |message: &str| format!("{name}: {message}");
    let get = |snapshot: &dyn Snapshot, path: &RepoPath| match snapshot.size(path) {
        Some(size) if size > MOST => Err(ReadError { message: "is too large".to_owned(), missing: false }),
        _ => snapshot.read(path),
    };
    let bytes = match place {
        Place::Inside(path) => get(snapshot, path),
        Place::Outside(path) => {
            let (folder, path) = outside(path)?;
            get(&folder, &path)
        }
    };
    let bytes = match bytes {
        Ok(bytes) => bytes,
        Err(error) if error.missing => return Ok(None),
        Err(error) => return Err(failed(&error.message)),
    };
    let located = |fault: crate::baseline::Fault| match fault.line {
        Some(line) => format!("{name}:{line}: {fault}"),
        None => failed(&fault.message),
    };
    Baseline::read(&bytes).map(Some).map_err(located)
}

/// A file outside the repository as one of its folder.
fn outside(path: &Path) -> Result<(Worktree, RepoPath), String> {
    let file = path.file_name().and_then(|name| name.to_str());
    match (path.parent(), file) {
        (Some(folder), Some(file)) => Ok((Worktree::new(folder.to_owned()), RepoPath::new(file))),
        _ => Err(format!("{}: is no name of a file", path.display())),
    }
}

/// The baseline that holds for a check; `None` if there is none.
///
/// # Errors
/// One line for users if it cannot be used, or if one that is named is not there.
pub(super) fn load(
    args: &check::Args,
    repository: &Repository,
    configs: &Configs<'_>,
) -> Result<Option<Loaded>, String> {
    if args.no_baseline {
        return Ok(None);
    }
    let (place, named) = place(args.baseline.as_deref(), repository, configs)?;
    let name = name(&place, repository.vantage());
    match read(&place, repository.snapshot(), &name)? {
        Some(baseline) => Ok(Some(Loaded { name, baseline })),
        None if named => Err(format!("{name}: there is no such baseline; `brickgate baseline create` writes one")),
        None => Ok(None),
    }
}

/// Takes the findings that the baseline lets pass out of the outcome.
pub(super) fn apply(
    args: &check::Args,
    loaded: Option<Loaded>,
    repository: &Repository,
    configs: &Configs<'_>,
    named: &Named,
    outcome: &mut Outcome,
) -> Held {
    let Some(Loaded { name, baseline }) = loaded else { return Held::default() };
    let findings = std::mem::take(&mut outcome.findings);
    let whole = repository.is_whole(named);
    let some_rules = !(args.select.is_empty() && args.extend_select.is_empty() && args.ignore.is_empty());
    let is_on = |entry: &Entry| {
        let settings = configs.for_path(&entry.path);
        repository.position(&entry.rule).and_then(|at| settings.rules.get(at)).is_some_and(Option::is_some)
    };
    let limits = |entry: &Entry| repository.reports_all_of(&entry.path) && (!some_rules || is_on(entry));
    let compared = compare(&baseline, findings, outcome, whole, &limits);
    outcome.findings = compared.new;
    // What a fix that is only shown would mend is still there.
    let gone = if args.diff { Vec::new() } else { compared.gone };
    Held { known: compared.known.len(), gone, name }
}

/// Sorts findings out. `limits` says of which entries the run can say anything at all.
fn compare(
    baseline: &Baseline,
    findings: Vec<crate::finding::Finding>,
    outcome: &Outcome,
    whole: bool,
    limits: &dyn Fn(&Entry) -> bool,
) -> Compared {
    let project = &outcome.project;
    let (mut asked, mut unread) = (HashSet::new(), HashSet::new());
    for document in project.documents().iter().filter(|document| document.asked) {
        let failed = document.problems.iter().any(|problem| problem.kind == ProblemKind::Unreadable);
        if failed {
            unread.insert(&document.path)
        } else {
            asked.insert(&document.path)
        };
    }
    let judges = |entry: &Entry| {
        let looked_at = if whole { !unread.contains(&entry.path) } else { asked.contains(&entry.path) };
        looked_at && limits(entry)
    };
    let is_gone = |path: &RepoPath| project.snapshot.kind(path).is_none();
    baseline.compare(findings, project, &Scope { judges: &judges, is_gone: &is_gone })
}

/// Runs the command.
pub fn run(args: &Args, terminal: Terminal) -> Exit {
    work(&args.command, terminal).unwrap_or_else(|message| {
        terminal.error(message);
        Exit::Trouble
    })
}

fn work(command: &Command, terminal: Terminal) -> Result<Exit, String> {
    let (Command::Create(options) | Command::Update(options) | Command::Prune(options) | Command::Show(options)) =
        command;
    let args = check::Args {
        no_baseline: true,
        config: options.config.clone(),
        isolated: options.isolated,
        ..check::Args::default()
    };
    let roots = Roots::here()?;
    let mut run = check::Run::new(&args, terminal);
    let root = roots.of(roots.cwd());
    let repository = Repository::new(&roots, root, run.overrides(&roots)?, None, None);
    // Before the check, so that a baseline that cannot be used is told at once.
    let (place, name, old) = {
        let configs = repository.configs();
        let (place, _) = self::place(options.baseline.as_deref(), &repository, &configs)?;
        let name = name(&place, repository.vantage());
        let old = read(&place, repository.snapshot(), &name)?;
        (place, name, old)
    };
    let old = match (command, old) {
        (Command::Create(_), Some(_)) => {
            return Err(format!(
                "{name}: there is a baseline already; `brickgate baseline update` brings it up to date"
            ));
        }
        (Command::Create(_), None) => Baseline::default(),
        (_, Some(old)) => old,
        (_, None) => return Err(format!("{name}: there is no baseline; `brickgate baseline create` writes one")),
    };
    let whole = Named { folders: vec![RepoPath::root()], ..Named::default() };
    let Some(mut checked) = run.check_repository(repository, &whole, &mut BTreeMap::new())? else {
        return Ok(Exit::Trouble);
    };
    let findings = std::mem::take(&mut checked.outcome.findings);
    let compared = compare(&old, findings, &checked.outcome, true, &|_| true);
    let new = match command {
        Command::Show(_) => {
            let report = Report {
                findings: &compared.known,
                project: &checked.outcome.project,
                seen_from: &checked.vantage,
                book: checked.book(),
            };
            to_stdout(|out| {
                report::write(out, Format::Concise, &[report], &Style::default())?;
                by_file(&compared.gone).iter().try_for_each(|row| writeln!(out, "gone: {row}"))
            })?;
            terminal.say(format_args!(
                "{}, {} of them gone, in {name}",
                counted(old.len(), "finding"),
                compared.gone.len()
            ));
            return Ok(exit(&run));
        }
        Command::Prune(_) => compared.pruned,
        Command::Create(_) | Command::Update(_) => compared.updated,
    };
    if matches!(command, Command::Create(_)) && new.is_empty() {
        terminal.say("nothing found, so no baseline is needed");
        return Ok(exit(&run));
    }
    let text = new.to_string();
    match &place {
        Place::Inside(path) => checked.worktree.put(path, text.as_bytes()),
        Place::Outside(path) => {
            let (folder, path) = outside(path)?;
            folder.put(&path, text.as_bytes())
        }
    }
    .map_err(|message| format!("{name}: not written: {message}"))?;
    let added = new.entries().filter(|entry| !old.contains(entry)).count();
    let removed = old.entries().filter(|entry| !new.contains(entry)).count();
    let total = counted(new.len(), "finding");
    terminal.say(match command {
        Command::Create(_) => format!("wrote {name}: {total}"),
        _ if added + removed == 0 => format!("{name} is as it should be: {total}"),
        _ => format!("wrote {name}: {total}, {added} added, {removed} taken out"),
    });
    Ok(exit(&run))
}

/// Writes all findings of the repository to a new baseline, where settings say.
pub(super) fn create(terminal: Terminal) -> Exit {
    let options = Options { baseline: None, config: None, isolated: false };
    run(&Args { command: Command::Create(options) }, terminal)
}

/// A file that could not be read has no place in a baseline, and is not forgotten either.
const fn exit(run: &check::Run<'_>) -> Exit {
    if run.had_trouble() { Exit::Trouble } else { Exit::Clean }
}

fn counted(count: usize, word: &str) -> String {
    format!("{count} {word}{}", if count == 1 { "" } else { "s" })
}
