//! `brickgate check`: from paths to a verdict.

use super::baseline;
use super::fixes;
use super::git::{self, Job, Opened};
use super::output::{self, Place, Stderr, Stdout};
use super::profile;
use super::progress::watched;
use super::repository::{Checked, Mend, Repository};
use super::staged;
use super::terminal::{Exit, Terminal, to_stdout};
use super::watch;
use crate::config::Overrides;
use crate::engine::Outcome;
use crate::fix::Rewrite;
use crate::formatter::{self, Formatter};
use crate::names::local::UnknownKind;
use crate::report::Report;
use crate::report::summary::Summary;
use crate::snapshot::RepoPath;
use crate::snapshot::git::Git;
use crate::snapshot::git::tree::Tree;
use crate::snapshot::root::{Roots, absolute};
use crate::snapshot::walk::{Asked, Named, Remark, is_of_interest, repo_path};
use crate::suppress::fault_of_note;
use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

/// Check files and say what will fail or go wrong on Databricks
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = super::EXIT_CODES)]
pub struct Args {
    /// Files and folders to check; without any, the whole repository; `-` for text on stdin
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// What of git is looked at.
    #[command(flatten)]
    pub git: git::Args,

    /// Mend what can be mended without changing what the code does
    #[arg(long, help_heading = "Fixes")]
    pub fix: bool,
    /// With --fix or --diff: make fixes that may change what the code does, too
    #[arg(long, help_heading = "Fixes")]
    pub unsafe_fixes: bool,
    /// Show what --fix would change, and change nothing
    #[arg(long, help_heading = "Fixes")]
    pub diff: bool,

    /// Write a comment to each finding that silences it, with this reason: --add-ignores="until 2027-01-31 known"
    #[arg(long, value_name = "REASON", num_args = 0..=1, require_equals = true, default_missing_value = "")]
    #[arg(conflicts_with_all = ["fix", "unsafe_fixes", "stdin_filename", "rev"], help_heading = "Fixes")]
    pub add_ignores: Option<String>,

    /// With --fix, --diff or --staged: format the files as well, as `brickgate format` does
    #[arg(long, help_heading = "Fixes")]
    pub format: bool,

    /// Run these rules alone: names, `group/*` or `ALL`
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub select: Vec<String>,
    /// Run these rules as well
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub extend_select: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULES", value_delimiter = ',', help_heading = "Rules")]
    pub ignore: Vec<String>,

    /// Use this settings file and no other
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Use no settings file at all
    #[arg(long, help_heading = "Settings")]
    pub isolated: bool,
    /// Leave out what settings exclude even if it is named (for hooks, which name every file)
    #[arg(long, help_heading = "Settings")]
    pub force_exclude: bool,
    /// Let pass the findings in this file, instead of those in .brickgate-baseline.json
    #[arg(long, value_name = "FILE", conflicts_with = "no_baseline", help_heading = "Baseline")]
    pub baseline: Option<PathBuf>,
    /// Let no findings pass because a baseline holds them
    #[arg(long, help_heading = "Baseline")]
    pub no_baseline: bool,
    /// Fail if findings of the baseline are gone, so that it is kept as small as it can be
    #[arg(long, help_heading = "Baseline")]
    pub strict_baseline: bool,

    /// Read the text of this file from stdin: --stdin-filename PATH -
    #[arg(long, value_name = "PATH", help_heading = "Settings")]
    pub stdin_filename: Option<PathBuf>,
    /// Number of threads; by default one per processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Settings")]
    pub threads: Option<u16>,

    /// Where findings are written, and when they fail the check.
    #[command(flatten)]
    pub output: output::Args,
    /// Check again whenever a file changes, until it is stopped
    #[arg(long, help_heading = "Output")]
    #[arg(conflicts_with_all = ["fix", "add_ignores", "diff", "stdin_filename", "rev", "show_files", "show_settings"])]
    pub watch: bool,
    /// Say how long each rule took
    #[arg(long, help_heading = "Output")]
    pub profile: bool,
    /// List the files that would be checked, and check nothing
    #[arg(long, help_heading = "Output")]
    pub show_files: bool,
    /// Show the settings that hold for the first file, and check nothing
    #[arg(long, conflicts_with = "show_files", help_heading = "Output")]
    pub show_settings: bool,
}

/// Checks what `args` ask for.
pub fn run(args: &Args, terminal: Terminal) -> Exit {
    if args.watch {
        return watch::watch(args, terminal);
    }
    let mut run = Run::new(args, terminal);
    let result = run.once(&mut Stdout);
    match result {
        Ok(_) if run.trouble => Exit::Trouble,
        Ok(exit) => exit,
        Err(message) => {
            terminal.error(message);
            Exit::Trouble
        }
    }
}

/// Text from stdin, and the file that it stands for.
struct Input {
    root: Arc<Path>,
    path: RepoPath,
    text: Vec<u8>,
}

/// What is to be done.
pub(super) struct Run<'a> {
    args: &'a Args,
    terminal: Terminal,
    /// Whether something could not be run or read. All else goes on, but the exit code will be 2.
    trouble: bool,
    /// Whether faulty settings or rule pages kept a repository from being checked.
    stopped: bool,
    start: Instant,
    summary: Option<Summary>,
}

impl<'a> Run<'a> {
    /// A run that starts now.
    pub(super) fn new(args: &'a Args, terminal: Terminal) -> Self {
        Self { args, terminal, trouble: false, stopped: false, start: Instant::now(), summary: None }
    }

    /// What was found, counted.
    pub(super) const fn summary(&self) -> Option<&Summary> {
        self.summary.as_ref()
    }

    /// Whether something could not be run or read.
    pub(super) const fn had_trouble(&self) -> bool {
        self.trouble
    }

    /// Checks what is asked for, and says what was found in this place.
    pub(super) fn once(&mut self, place: &mut dyn Place) -> Result<Exit, String> {
        let args = self.args;
        args.output.verify()?;
        if let Some(fault) = args.add_ignores.as_deref().and_then(fault_of_note) {
            return Err(format!("--add-ignores: {fault}"));
        }
        let roots = Roots::here()?;
        if args.unsafe_fixes && !args.fix && !args.diff {
            self.terminal.note("`--unsafe-fixes` changes nothing without `--fix` or `--diff`");
        }
        if args.format && !args.fix && !args.diff && !args.git.staged {
            self.terminal.note("`--format` changes nothing without `--fix` or `--diff`");
        }
        if args.stdin_filename.is_some() || args.paths.iter().any(|path| path.as_os_str() == "-") {
            return self.check_stdin(&roots);
        }
        if args.git.is_given() {
            return self.check_git(&roots, place);
        }
        let mut asked = if args.paths.is_empty() {
            let whole = Named { folders: vec![RepoPath::root()], ..Named::default() };
            Asked { repositories: BTreeMap::from([(roots.of(roots.cwd()), whole)]), ..Asked::default() }
        } else {
            Asked::new(&args.paths, &roots)
        };
        // A hook names every file of the commit.
        let notes = if args.force_exclude { &[][..] } else { &asked.notes };
        self.remark(&asked.problems, notes);
        let mut all = Vec::new();
        // Repositories inside others come after them, by the order of paths.
        while let Some((root, named)) = asked.repositories.pop_first() {
            let repository =
                Repository::new(&roots, root, self.overrides(&roots)?, args.threads.map(usize::from), None);
            if let Some(checked) = self.check_repository(repository, &named, &mut asked.repositories)? {
                all.push(checked);
            }
        }
        if args.show_files || args.show_settings {
            return Ok(Exit::Clean);
        }
        if (args.fix || args.add_ignores.is_some()) && !args.diff {
            for checked in &all {
                self.write(checked);
            }
        }
        self.report(&all, place)
    }

    /// Checks what of git is asked for: one repository, and none inside it.
    fn check_git(&mut self, roots: &Roots, place: &mut dyn Place) -> Result<Exit, String> {
        let args = self.args;
        let opened = Opened::new(&args.git, roots)?;
        let threads = args.threads.map(usize::from);
        let repository = Repository::new(roots, opened.root.clone(), self.overrides(roots)?, threads, None);
        let job = opened.job(&args.git, &args.paths, roots)?;
        self.check_job_in(repository, job, place)
    }

    /// Checks a revision that `args` name, and says nothing of what was found. `None` if it could not be checked.
    pub(super) fn check_revision(&mut self, roots: &Roots) -> Result<Option<Checked>, String> {
        let args = self.args;
        let opened = Opened::new(&args.git, roots)?;
        let repository = Repository::new(roots, opened.root.clone(), self.overrides(roots)?, None, None);
        let job = opened.job(&args.git, &args.paths, roots)?;
        self.remark(&job.problems, &[]);
        self.check_repository(repository.pictured(job.picture), &job.named, &mut BTreeMap::new())
    }

    /// Says what was found in one repository.
    pub(super) fn report_on(&mut self, checked: Checked) -> Result<Exit, String> {
        self.report(&[checked], &mut Stdout)
    }

    /// Checks what a job asks for, and says what was found on standard output.
    pub(super) fn check_job(&mut self, repository: Repository, job: Job) -> Result<Exit, String> {
        self.check_job_in(repository, job, &mut Stdout)
    }

    fn check_job_in(&mut self, repository: Repository, job: Job, place: &mut dyn Place) -> Result<Exit, String> {
        let args = self.args;
        if let Some(commit) = &job.since {
            self.terminal.detail(|| format!("compared with commit {commit}"));
        }
        self.remark(&job.problems, &job.notes);
        let Job { git, picture, named, .. } = job;
        let tree = picture.tree.clone();
        let repository = repository.pictured(picture);
        let all: Vec<Checked> = self.check_repository(repository, &named, &mut BTreeMap::new())?.into_iter().collect();
        if args.show_files || args.show_settings {
            return Ok(Exit::Clean);
        }
        let ignores = args.add_ignores.is_some();
        if (args.fix || args.format || ignores) && !args.diff {
            for checked in &all {
                match &tree {
                    Some(tree) => self.restage(&git, tree, checked)?,
                    None if args.fix || ignores => self.write(checked),
                    None => {}
                }
            }
        }
        self.report(&all, place)
    }

    /// Stages fixed files, and carries the fixes into the worktree.
    fn restage(&mut self, git: &Git, tree: &Tree, checked: &Checked) -> Result<(), String> {
        let said = staged::write(git, tree, &checked.worktree, &checked.texts)?;
        for (path, message) in said.problems {
            self.complain(format_args!("{}: {message}", checked.vantage.path(&path)));
        }
        for (path, message) in said.notes {
            self.terminal.note(format_args!("{}: {message}", checked.vantage.path(&path)));
        }
        Ok(())
    }

    /// Says what cannot be had, and what was passed over.
    fn remark(&mut self, problems: &[Remark], notes: &[Remark]) {
        for problem in problems {
            self.complain(format_args!("{}: {}", shown(&problem.path), problem.message));
        }
        for note in notes {
            self.terminal.note(format_args!("{}: {}", shown(&note.path), note.message));
        }
    }

    /// Checks the text on stdin as if it stood in its file.
    fn check_stdin(&mut self, roots: &Roots) -> Result<Exit, String> {
        let args = self.args;
        let Some(name) = &args.stdin_filename else {
            return Err("say which file the text on stdin is: `--stdin-filename PATH -`".to_owned());
        };
        if args.paths.iter().any(|path| path.as_os_str() != "-") {
            return Err("with `--stdin-filename`, the only path can be `-`".to_owned());
        }
        let mut text = Vec::with_capacity(1 << 16);
        io::stdin().lock().read_to_end(&mut text).map_err(|error| format!("cannot read stdin: {error}"))?;
        let full = absolute(roots.cwd(), name).map_err(|error| format!("{}: {error}", name.display()))?;
        let root = roots.of(full.parent().unwrap_or(&full));
        let path = repo_path(&root, &full).ok_or_else(|| format!("{}: the name is not Unicode", name.display()))?;
        let input = Input { root, path, text };
        let fixes = args.fix && !args.diff;
        if !is_of_interest(full.file_name().unwrap_or_default()) {
            self.terminal.note(format_args!("{}: skipped: not a kind of file that brickgate reads", name.display()));
            return if fixes {
                to_stdout(|out| out.write_all(&input.text)).map(|()| Exit::Clean)
            } else {
                Ok(Exit::Clean)
            };
        }
        let laid = BTreeMap::from([(input.path.clone(), Some(input.text.clone()))]);
        let repository =
            Repository::new(roots, input.root, self.overrides(roots)?, args.threads.map(usize::from), Some(laid));
        let named = Named { files: vec![input.path.clone()], ..Named::default() };
        let checked = self.check_repository(repository, &named, &mut BTreeMap::new())?;
        if args.show_files || args.show_settings {
            return Ok(Exit::Clean);
        }
        let all: Vec<Checked> = checked.into_iter().collect();
        if !fixes {
            return self.report(&all, &mut Stdout);
        }
        // The text is what is wanted on stdout, so all that is said about it goes to stderr.
        let changed = all.first().and_then(|checked| checked.texts.get(&input.path));
        let text = changed.map_or(&*input.text, |texts| texts.new.as_bytes());
        to_stdout(|out| out.write_all(text))?;
        self.report(&all, &mut Stderr)
    }

    pub(super) fn overrides(&self, roots: &Roots) -> Result<(Overrides, Option<PathBuf>), String> {
        let args = self.args;
        let config = match &args.config {
            Some(file) => Some(absolute(roots.cwd(), file).map_err(|error| format!("{}: {error}", file.display()))?),
            None => None,
        };
        let overrides = Overrides {
            select: args.select.clone(),
            extend_select: args.extend_select.clone(),
            ignore: args.ignore.clone(),
            config: None,
            isolated: args.isolated,
        };
        Ok((overrides, config))
    }

    /// Checks one repository, or shows what would be checked. `None` if it could not be checked.
    pub(super) fn check_repository(
        &mut self,
        mut repository: Repository,
        named: &Named,
        others: &mut BTreeMap<Arc<Path>, Named>,
    ) -> Result<Option<Checked>, String> {
        let args = self.args;
        self.terminal.detail(|| format!("repository {}", repository.root().display()));
        if let Err(problems) = repository.read_pages() {
            self.fault(&problems);
            self.stopped = true;
            return Ok(None);
        }
        if args.profile {
            repository.take_time();
        }
        let configs = repository.configs();
        let found = repository.find(&configs, named, args.force_exclude);
        for root in found.inner {
            others.entry(root).or_default().folders.push(RepoPath::root());
        }
        self.remark(&found.problems, &found.notes);
        // Reads the settings files that hold for them.
        found.files.iter().for_each(|path| drop(configs.for_path(path)));
        let fixes = args.fix || args.diff;
        // A hook may be told to format and mend nothing.
        let formats = args.format && (fixes || args.git.staged);
        let options = formatter::Options { isolated: args.isolated, ..formatter::Options::default() };
        let formatter = formats.then(|| Formatter::new(repository.snapshot(), &configs, options));
        let problems = match &formatter {
            Some(formatter) => formatter.problems(&found.files),
            None => configs.problems(),
        };
        if !problems.is_empty() {
            self.fault(&repository.located(problems));
            self.stopped = true;
            return Ok(None);
        }
        if let Some(missing) = formatter.as_ref().and_then(|formatter| formatter.missing(&found.files)) {
            return Err(missing.to_owned());
        }
        if args.show_files {
            let vantage = repository.vantage();
            to_stdout(|out| found.files.iter().try_for_each(|path| writeln!(out, "{}", vantage.path(path))))?;
            return Ok(None);
        }
        if args.show_settings {
            let rows = found.files.first().map(|path| (path, configs.explain(path)));
            let vantage = repository.vantage();
            to_stdout(|out| {
                let Some((path, rows)) = &rows else { return Ok(()) };
                writeln!(out, "# {}", vantage.path(path))?;
                rows.iter().try_for_each(|row| writeln!(out, "{} = {}  # {}", row.key, row.value, row.origin))
            })?;
            return Ok(None);
        }
        let baseline = match baseline::load(args, &repository, &configs) {
            Ok(baseline) => baseline,
            Err(message) => {
                self.complain(message);
                self.stopped = true;
                return Ok(None);
            }
        };
        let known = |outcome: &Outcome| baseline.as_ref().map(|loaded| loaded.known(outcome)).unwrap_or_default();
        let mend = match &args.add_ignores {
            Some(note) => Mend::Ignore { note: note.split_whitespace().collect::<Vec<_>>().join(" "), known: &known },
            None if fixes => Mend::Fix { unsafe_too: args.unsafe_fixes },
            None => Mend::Nothing,
        };
        let whole = repository.is_whole(named);
        let format = |path: &RepoPath, text: &str| {
            let formatter = formatter.as_ref().filter(|formatter| !formatter.is_excluded(path))?;
            // What cannot be formatted is said by rules, and by `brickgate format`.
            formatter.format(path, text).ok()??.text
        };
        let mut checked = watched(self.terminal, found.files.len(), |progress| {
            let format: Option<Rewrite<'_>> = if formatter.is_some() { Some(&format) } else { None };
            repository.check(&configs, (found.files, &found.items), whole, &mend, format, progress)
        });
        let held = baseline::apply(args, baseline, &repository, &configs, named, &mut checked.outcome);
        // Files that were read because others depend on them have settings, too.
        let problems = configs.problems();
        drop(formatter);
        drop(configs);
        self.fault(&repository.located(problems));
        let mut checked = repository.finish(checked);
        checked.baseline = held;
        self.fault(&checked.broken);
        self.trouble |= checked.outcome.unread > 0 || checked.outcome.failures > 0;
        self.terminal.detail(|| {
            let (known, outcome) = (checked.outcome.project.documents().len(), &checked.outcome);
            let plural = if known == 1 { "" } else { "s" };
            format!("{known} file{plural} read in {:.1?}, checked in {:.1?}", outcome.reading, outcome.checking)
        });
        let (count, reasons) = &checked.outcome.partly_known;
        if *count > 0 {
            self.terminal.detail(|| partly_known(*count, reasons));
        }
        Ok(Some(checked))
    }

    /// Writes fixed files.
    fn write(&mut self, checked: &Checked) {
        for (path, texts) in &checked.texts {
            if let Err(message) = checked.worktree.write_atomically(path, texts.old.as_bytes(), texts.new.as_bytes()) {
                self.complain(format_args!("{}: not fixed: {message}", checked.vantage.path(path)));
            }
        }
    }

    /// Says what is wrong with settings or rule pages.
    fn fault(&mut self, problems: &[impl std::fmt::Display]) {
        self.trouble |= !problems.is_empty();
        for problem in problems {
            self.terminal.fault(problem);
        }
    }

    fn complain(&mut self, message: impl std::fmt::Display) {
        self.trouble = true;
        self.terminal.error(message);
    }

    /// Says what was found, and how the run ends.
    fn report(&mut self, all: &[Checked], place: &mut dyn Place) -> Result<Exit, String> {
        let args = self.args;
        if self.stopped && all.is_empty() {
            // An empty list would look like a clean bill.
            return Ok(Exit::Clean);
        }
        let reports: Vec<Report<'_>> = all
            .iter()
            .map(|checked| Report {
                findings: &checked.outcome.findings,
                project: &checked.outcome.project,
                seen_from: &checked.vantage,
                book: checked.book(),
            })
            .collect();
        if args.diff {
            let color = self.terminal.stdout_color();
            place.write(&mut |out| {
                let files =
                    all.iter().flat_map(|checked| checked.texts.iter().map(move |file| (&checked.vantage, file)));
                files.into_iter().try_for_each(|(vantage, (path, texts))| {
                    out.write_all(fixes::unified(&vantage.path(path), &texts.old, &texts.new, color).as_bytes())
                })
            })?;
        } else {
            args.output.write(&reports, place, self.terminal)?;
            args.output.annotate(&reports, place, self.terminal)?;
        }
        self.say_fixes(all);
        let asked: usize = all.iter().map(|checked| checked.asked).sum();
        let is_quiet = reports.iter().all(|report| report.findings.is_empty())
            && all.iter().all(|checked| checked.baseline.is_empty());
        if asked == 0 && is_quiet {
            // A hook may name files of which only the names count.
            if !self.trouble && !args.force_exclude {
                self.terminal.note("there is nothing to check here");
            }
        } else if !args.diff {
            let mut summary = Summary::of(&reports);
            for checked in all {
                checked.baseline.say_gone(args.strict_baseline, self.terminal);
                summary.baselined += checked.baseline.known;
                summary.gone += checked.baseline.gone.len();
            }
            self.terminal.say(summary.line(asked, self.start.elapsed()));
            if let Some(most) = args.output.too_many_warnings(all) {
                self.terminal.note(format_args!("more warnings than `--max-warnings {most}` lets pass"));
            }
            self.summary = Some(summary);
            if args.profile {
                self.terminal.say(profile::table(all).trim_end());
            }
        }
        let is_stale = args.strict_baseline && all.iter().any(|checked| !checked.baseline.gone.is_empty());
        let fails = if args.diff {
            all.iter().any(|checked| !checked.texts.is_empty())
        } else {
            is_stale || args.output.fails(all)
        };
        Ok(if fails && !args.output.exit_zero { Exit::Findings } else { Exit::Clean })
    }

    /// Says what fixes were made, and which were not.
    fn say_fixes(&self, all: &[Checked]) {
        for checked in all {
            for refused in &checked.refused {
                let finding = &refused.finding;
                let row = checked
                    .outcome
                    .project
                    .document(&finding.path)
                    .map_or(1, |document| document.lines().position(document.text(), finding.span.start).row);
                self.terminal.note(format_args!(
                    "{}:{row}: the fix of `{}` was not made: {}",
                    checked.vantage.path(&finding.path),
                    finding.rule,
                    refused.reason
                ));
            }
            if !checked.settled {
                self.terminal.note("fixes kept undoing each other; the last state was taken");
            }
        }
        let fixed: usize = all.iter().flat_map(|checked| checked.counts.values()).sum();
        let files: usize = all.iter().map(|checked| checked.mended).sum();
        let formatted: usize = all.iter().map(|checked| checked.formatted).sum();
        let ignores = self.args.add_ignores.is_some();
        if self.args.fix || self.args.diff || ignores || formatted > 0 {
            let would = match (ignores, self.args.diff) {
                (false, false) => "fixed",
                (false, true) => "would fix",
                (true, false) => "silenced",
                (true, true) => "would silence",
            };
            let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
            if files == 0 && formatted == 0 {
                self.terminal.say(if ignores { "nothing to silence" } else { "nothing to fix" });
            }
            if files > 0 {
                self.terminal.say(format_args!("{would} {} in {}", plural(fixed, "finding"), plural(files, "file")));
            }
            if formatted > 0 {
                let would = if self.args.diff { "would be reformatted" } else { "reformatted" };
                self.terminal.say(format_args!("{} {would}", plural(formatted, "file")));
            }
        }
    }
}

/// How many notebooks are not fully known, and why.
fn partly_known(count: usize, reasons: &BTreeMap<UnknownKind, usize>) -> String {
    let plural = if count == 1 { "" } else { "s" };
    let known = format!("{count} notebook{plural} not fully known, so that names may be missing there unsaid");
    let reasons: Vec<String> =
        reasons.iter().map(|(kind, count)| format!("{count} because {}", kind.reason())).collect();
    format!("{known}: {}", reasons.join(", "))
}

/// A path for people: nothing in it can move the cursor.
pub(super) fn shown(path: &str) -> String {
    path.chars().map(|c| if c.is_control() { '\u{FFFD}' } else { c }).collect()
}
