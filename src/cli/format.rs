//! `brickgate format`: every file in its one form.

use super::fixes;
use super::git::{self, Job, Opened};
use super::progress::watched;
use super::repository::{FEW, Picture, Repository, start_threads};
use super::staged;
use super::terminal::{Exit, Terminal, to_stdout};
use crate::config::Overrides;
use crate::fix::Texts;
use crate::format::Left;
use crate::formatter::{Formatter, Options};
use crate::project::read::text;
use crate::snapshot::RepoPath;
use crate::snapshot::git::Git;
use crate::snapshot::git::tree::Tree;
use crate::snapshot::root::{Roots, Vantage, absolute};
use crate::snapshot::walk::{Asked, Named, is_of_interest, repo_path};
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const EXIT_CODES: &str = "Exit codes: 0 done, 1 something would change or does not parse (--check, --diff), 2 something could not be read \
     or written.";

/// Format notebooks, cells and modules in the one form that Databricks itself would write
#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = EXIT_CODES)]
pub struct Args {
    /// Files and folders to format; without any, the whole repository; `-` for text on stdin
    #[arg(value_name = "PATHS")]
    pub paths: Vec<PathBuf>,

    /// Format what is staged, and stage the result; what is not staged stays as it is
    #[arg(long, conflicts_with_all = ["range", "stdin_filename"])]
    pub staged: bool,
    /// Change nothing; say which files would change, and fail if there are any
    #[arg(long)]
    pub check: bool,
    /// Change nothing; show what would change, and fail if anything would
    #[arg(long)]
    pub diff: bool,
    /// Sort imports as well, within each cell, by the settings of ruff's isort rules
    #[arg(long)]
    pub imports: bool,
    /// Format only what these lines touch, counted from 1: whole cells of a notebook, statements of a module
    #[arg(long, value_name = "START:END", value_parser = range)]
    pub range: Option<(u32, u32)>,

    /// Use this brickgate settings file and no other
    #[arg(long, value_name = "FILE", conflicts_with = "isolated", help_heading = "Settings")]
    pub config: Option<PathBuf>,
    /// Use no settings file at all, also none of ruff's or black's
    #[arg(long, help_heading = "Settings")]
    pub isolated: bool,
    /// Leave out what settings exclude even if it is named (for hooks, which name every file)
    #[arg(long, help_heading = "Settings")]
    pub force_exclude: bool,
    /// Format the text of this file from stdin to stdout: --stdin-filename PATH -
    #[arg(long, value_name = "PATH", help_heading = "Settings")]
    pub stdin_filename: Option<PathBuf>,
    /// Number of threads; by default one per processor
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024), help_heading = "Settings")]
    pub threads: Option<u16>,
}

/// Reads `START:END`.
fn range(written: &str) -> Result<(u32, u32), String> {
    let (first, last) = written.split_once([':', '-']).ok_or("write it as START:END, such as 12:20")?;
    let number = |text: &str| text.trim().parse::<u32>().map_err(|_| format!("`{text}` is not the number of a line"));
    let (first, last) = (number(first)?, number(last)?);
    if first == 0 || last < first {
        return Err("lines count from 1, and the first must not come after the last".to_owned());
    }
    Ok((first, last))
}

/// Formats what `args` ask for.
pub fn run(args: &Args, terminal: Terminal) -> Exit {
    let mut run = Run { args, terminal, trouble: false, tally: Tally::default() };
    match run.go() {
        Ok(_) if run.trouble => Exit::Trouble,
        Ok(exit) => exit,
        Err(message) => {
            terminal.error(message);
            Exit::Trouble
        }
    }
}

struct Run<'a> {
    args: &'a Args,
    terminal: Terminal,
    /// Whether something could not be read, formatted or written. All else goes on, but the exit code will be 2.
    trouble: bool,
    tally: Tally,
}

/// What became of all files.
#[derive(Default)]
struct Tally {
    changed: usize,
    unchanged: usize,
    /// Cells that were left as they are.
    cells: usize,
    /// Whether a module, or all of a notebook, was left.
    files: usize,
    /// Files that were not formatted because of a fault.
    failed: usize,
}

/// What became of one file.
enum Done {
    /// It is no file that is formatted.
    Nothing,
    /// The text before and after, if it changes, and what was left as it is.
    Formatted { changes: bool, old: String, new: Option<String>, left: Vec<Left> },
    /// It could not be read, formatted or written.
    Failed(String),
}

impl Run<'_> {
    fn go(&mut self) -> Result<Exit, String> {
        let args = self.args;
        let roots = Roots::here()?;
        if args.stdin_filename.is_some() || args.paths.iter().any(|path| path.as_os_str() == "-") {
            return self.format_stdin(&roots);
        }
        if args.staged {
            return self.format_staged(&roots);
        }
        let mut asked = if args.paths.is_empty() {
            let whole = Named { folders: vec![RepoPath::root()], ..Named::default() };
            Asked { repositories: BTreeMap::from([(roots.of(roots.cwd()), whole)]), ..Asked::default() }
        } else {
            Asked::new(&args.paths, &roots)
        };
        let files = asked.repositories.values().map(|named| named.files.len()).sum::<usize>();
        if args.range.is_some() && (files != 1 || asked.repositories.values().any(|named| !named.folders.is_empty())) {
            return Err("`--range` needs exactly one file".to_owned());
        }
        for problem in &asked.problems {
            self.complain(format_args!("{}: {}", problem.path, problem.message));
        }
        for note in &asked.notes {
            self.terminal.note(format_args!("{}: {}", note.path, note.message));
        }
        // Repositories inside others come after them, by the order of paths.
        while let Some((root, named)) = asked.repositories.pop_first() {
            self.format_repository(&roots, root, &named, &mut asked.repositories)?;
        }
        Ok(self.finish())
    }

    /// Formats what of the repository is staged.
    fn format_staged(&mut self, roots: &Roots) -> Result<Exit, String> {
        let args = self.args;
        let staged = git::Args { staged: true, ..git::Args::default() };
        let opened = Opened::new(&staged, roots)?;
        let root = opened.root.clone();
        let job = opened.job(&staged, &args.paths, roots)?;
        for problem in &job.problems {
            self.complain(format_args!("{}: {}", problem.path, problem.message));
        }
        for note in &job.notes {
            self.terminal.note(format_args!("{}: {}", note.path, note.message));
        }
        let Job { git, picture, named, .. } = job;
        let tree = picture.tree.clone().ok_or("git shows no index here")?;
        let repository = self.pictured(roots, root, None, picture)?;
        self.format_in(&repository, &named, &mut BTreeMap::new(), Some((&git, &tree)))?;
        Ok(self.finish())
    }

    fn repository(
        &self,
        roots: &Roots,
        root: Arc<Path>,
        laid: Option<BTreeMap<RepoPath, Option<Vec<u8>>>>,
    ) -> Result<Repository, String> {
        self.pictured(roots, root, laid, Picture::default())
    }

    /// The repository as git shows it, if it does.
    fn pictured(
        &self,
        roots: &Roots,
        root: Arc<Path>,
        laid: Option<BTreeMap<RepoPath, Option<Vec<u8>>>>,
        picture: Picture,
    ) -> Result<Repository, String> {
        let args = self.args;
        let config = match &args.config {
            Some(file) => Some(absolute(roots.cwd(), file).map_err(|error| format!("{}: {error}", file.display()))?),
            None => None,
        };
        let overrides = Overrides { isolated: args.isolated, ..Overrides::default() };
        let threads = args.threads.map(usize::from);
        let mut repository = Repository::new(roots, root, (overrides, config), threads, laid).pictured(picture);
        repository
            .read_pages()
            .map_err(|problems| problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"))?;
        Ok(repository)
    }

    fn options(&self) -> Options {
        let ask = self.args.check && !self.args.diff;
        Options { imports: self.args.imports, lines: self.args.range, ask, isolated: self.args.isolated }
    }

    fn format_repository(
        &mut self,
        roots: &Roots,
        root: Arc<Path>,
        named: &Named,
        others: &mut BTreeMap<Arc<Path>, Named>,
    ) -> Result<(), String> {
        let repository = self.repository(roots, root, None)?;
        self.format_in(&repository, named, others, None)
    }

    /// Formats these files; `staged` are those of the index, which is then what is written to.
    fn format_in(
        &mut self,
        repository: &Repository,
        named: &Named,
        others: &mut BTreeMap<Arc<Path>, Named>,
        staged: Option<(&Git, &Tree)>,
    ) -> Result<(), String> {
        let args = self.args;
        let configs = repository.configs();
        let mut found = repository.find(&configs, named, args.force_exclude);
        for root in found.inner {
            others.entry(root).or_default().folders.push(RepoPath::root());
        }
        for problem in &found.problems {
            self.complain(format_args!("{}: {}", problem.path, problem.message));
        }
        for note in &found.notes {
            self.terminal.note(format_args!("{}: {}", note.path, note.message));
        }
        let formatter = Formatter::new(repository.snapshot(), &configs, self.options());
        let spared: BTreeSet<&RepoPath> =
            if args.force_exclude { BTreeSet::new() } else { named.files.iter().collect() };
        let keeps = |path: &RepoPath| {
            let spared = spared.contains(path);
            formatter.is_concerned(path) && (spared || !formatter.is_excluded(path))
        };
        found.files.retain(keeps);
        let problems = repository.located(formatter.problems(&found.files));
        if !problems.is_empty() {
            self.trouble = true;
            for problem in &problems {
                self.terminal.fault(problem);
            }
            return Ok(());
        }
        if let Some(missing) = formatter.missing(&found.files) {
            return Err(missing.to_owned());
        }
        let writes = !args.check && !args.diff;
        let one = |path: &RepoPath| {
            let done = one(repository, &configs, &formatter, path, writes && staged.is_none());
            // Only a diff and the index need the texts.
            match done {
                Done::Formatted { changes, left, .. } if !args.diff && (staged.is_none() || !writes) => {
                    Done::Formatted { changes, old: String::new(), new: None, left }
                }
                other => other,
            }
        };
        let all: Vec<Done> = watched(self.terminal, found.files.len(), |progress| {
            let one = |path: &RepoPath| {
                let done = one(path);
                progress();
                done
            };
            if found.files.len() <= FEW && args.threads.is_none() {
                return found.files.iter().map(one).collect();
            }
            start_threads(repository.threads());
            found.files.par_iter().map(one).collect()
        });
        if let Some((git, tree)) = staged.filter(|_| writes) {
            self.restage(repository, git, tree, found.files.iter().zip(&all))?;
        }
        for (path, done) in found.files.iter().zip(all) {
            self.tell(repository.vantage(), path, done)?;
        }
        Ok(())
    }

    /// Stages what was formatted, and carries it into the worktree.
    fn restage<'d>(
        &mut self,
        repository: &Repository,
        git: &Git,
        tree: &Tree,
        all: impl Iterator<Item = (&'d RepoPath, &'d Done)>,
    ) -> Result<(), String> {
        let texts = all
            .filter_map(|(path, done)| match done {
                Done::Formatted { old, new: Some(new), .. } => {
                    Some((path.clone(), Texts { old: old.clone(), new: new.clone() }))
                }
                _ => None,
            })
            .collect();
        let said = staged::write(git, tree, repository.worktree(), &texts)?;
        for (path, message) in said.problems {
            self.complain(format_args!("{}: {message}", repository.vantage().path(&path)));
        }
        for (path, message) in said.notes {
            self.terminal.note(format_args!("{}: {message}", repository.vantage().path(&path)));
        }
        Ok(())
    }

    /// Says what became of one file.
    fn tell(&mut self, vantage: &Vantage, path: &RepoPath, done: Done) -> Result<(), String> {
        let args = self.args;
        let shown = vantage.path(path);
        let (changes, old, new, left) = match done {
            Done::Nothing => return Ok(()),
            Done::Failed(message) => {
                self.tally.failed += 1;
                self.complain(format_args!("{shown}: {message}"));
                return Ok(());
            }
            Done::Formatted { changes, old, new, left } => (changes, old, new, left),
        };
        for left in &left {
            self.tell_left(&shown, left)?;
        }
        if !changes {
            // A module that was left is not formatted already.
            self.tally.unchanged += usize::from(left.iter().all(|left| left.cell.is_some()));
            return Ok(());
        }
        self.tally.changed += 1;
        if args.diff {
            let color = self.terminal.stdout_color();
            let diff = fixes::unified(&shown, &old, new.as_deref().unwrap_or_default(), color);
            to_stdout(|out| out.write_all(diff.as_bytes()))?;
        } else if args.check {
            to_stdout(|out| writeln!(out, "would reformat {shown}"))?;
        } else {
            self.terminal.detail(|| format!("reformatted {shown}"));
        }
        Ok(())
    }

    /// Says what was left as it is, and why.
    fn tell_left(&mut self, shown: &str, left: &Left) -> Result<(), String> {
        let Left { row, column, message, .. } = left;
        let ipynb = shown.len() > 6 && shown.to_ascii_lowercase().ends_with(".ipynb");
        let place = match left.cell.filter(|_| ipynb) {
            Some(cell) => format!("{shown}:cell {}:{row}:{column}", cell + 1),
            None => format!("{shown}:{row}:{column}"),
        };
        let what = if left.cell.is_some() { "cell" } else { "file" };
        if left.cell.is_some() {
            self.tally.cells += 1;
        } else {
            self.tally.files += 1;
        }
        let line = format!("{place}: {message}; this {what} is left as it is");
        if left.fault || (left.cell.is_none() && !self.args.check) {
            self.complain(line);
        } else if self.args.check {
            to_stdout(|out| writeln!(out, "{line}"))?;
        } else {
            self.terminal.note(line);
        }
        Ok(())
    }

    /// Formats the text on stdin as if it stood in its file.
    fn format_stdin(&mut self, roots: &Roots) -> Result<Exit, String> {
        let args = self.args;
        let Some(name) = &args.stdin_filename else {
            return Err("say which file the text on stdin is: `--stdin-filename PATH -`".to_owned());
        };
        if args.paths.iter().any(|path| path.as_os_str() != "-") {
            return Err("with `--stdin-filename`, the only path can be `-`".to_owned());
        }
        let mut bytes = Vec::with_capacity(1 << 16);
        io::stdin().lock().read_to_end(&mut bytes).map_err(|error| format!("cannot read stdin: {error}"))?;
        let result = self.formatted_stdin(roots, name, &bytes);
        // Whatever happens, an editor must get its text back.
        let text = match &result {
            Ok((_, Some(new))) => new.as_bytes(),
            _ => &bytes,
        };
        if !args.check && !args.diff {
            to_stdout(|out| out.write_all(text))?;
        }
        let (changed, _) = result?;
        if self.tally.files > 0 {
            return Ok(if args.check { Exit::Findings } else { Exit::Trouble });
        }
        let fails = (changed && (args.check || args.diff)) || (args.check && self.tally.cells > 0);
        Ok(if fails { Exit::Findings } else { Exit::Clean })
    }

    /// Whether the text changes, and to what.
    fn formatted_stdin(&mut self, roots: &Roots, name: &Path, bytes: &[u8]) -> Result<(bool, Option<String>), String> {
        let args = self.args;
        let shown = name.display().to_string();
        let full = absolute(roots.cwd(), name).map_err(|error| format!("{shown}: {error}"))?;
        let root = roots.of(full.parent().unwrap_or(&full));
        let path = repo_path(&root, &full).ok_or_else(|| format!("{shown}: the name is not Unicode"))?;
        let old = text(bytes.to_vec()).map_err(|message| format!("{shown}: {message}"))?;
        let repository = self.repository(roots, root, Some(BTreeMap::from([(path.clone(), Some(bytes.to_vec()))])))?;
        let configs = repository.configs();
        let formatter = Formatter::new(repository.snapshot(), &configs, self.options());
        let problems = repository.located(formatter.problems(std::slice::from_ref(&path)));
        if !problems.is_empty() {
            for problem in &problems {
                self.terminal.fault(problem);
            }
            return Err(format!("{shown}: not formatted, because its settings are faulty"));
        }
        if let Some(missing) = formatter.missing(std::slice::from_ref(&path)) {
            return Err(missing.to_owned());
        }
        let excluded = || configs.excluded_from_top(&path, false) || formatter.is_excluded(&path);
        if !is_of_interest(full.file_name().unwrap_or_default()) || (args.force_exclude && excluded()) {
            return Ok((false, None));
        }
        let Some(done) = formatter.format(&path, &old).map_err(|message| format!("{shown}: {message}"))? else {
            return Ok((false, None));
        };
        for left in &done.left {
            self.tell_left(&shown, left)?;
        }
        if args.diff
            && let Some(new) = &done.text
        {
            let diff = fixes::unified(&shown, &old, new, self.terminal.stdout_color());
            to_stdout(|out| out.write_all(diff.as_bytes()))?;
        }
        Ok((done.changes, done.text))
    }

    fn complain(&mut self, message: impl std::fmt::Display) {
        self.trouble = true;
        self.terminal.error(message);
    }

    /// The summary and the end.
    fn finish(&self) -> Exit {
        let Tally { changed, unchanged, cells, files, failed } = self.tally;
        let dry = self.args.check || self.args.diff;
        if changed + unchanged + files + failed == 0 {
            if !self.trouble {
                self.terminal.note("there is nothing to format here");
            }
            return Exit::Clean;
        }
        self.terminal.say(summary(&self.tally, dry));
        let fails = dry && (changed > 0 || (self.args.check && cells + files > 0));
        if fails { Exit::Findings } else { Exit::Clean }
    }
}

/// `3 files reformatted, 212 already formatted`, and what was left as it is.
fn summary(tally: &Tally, dry: bool) -> String {
    let counted = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    let mut parts = Vec::new();
    if tally.changed > 0 {
        let done = if dry { "would be reformatted" } else { "reformatted" };
        parts.push(format!("{} {done}", counted(tally.changed, "file")));
    }
    if tally.unchanged > 0 {
        let what = if parts.is_empty() { counted(tally.unchanged, "file") } else { tally.unchanged.to_string() };
        parts.push(format!("{what} already formatted"));
    }
    let left = [(tally.files, "file"), (tally.cells, "cell")];
    let left: Vec<String> =
        left.into_iter().filter(|(count, _)| *count > 0).map(|(count, word)| counted(count, word)).collect();
    if !left.is_empty() {
        let verb = if tally.files + tally.cells == 1 { "left as it is" } else { "left as they are" };
        parts.push(format!("{} {verb}", left.join(" and ")));
    }
    if tally.failed > 0 {
        parts.push(format!("{} not formatted", counted(tally.failed, "file")));
    }
    parts.join(", ")
}

/// Formats one file, and writes it if `writes` says so.
fn one(
    repository: &Repository,
    configs: &crate::config::Configs<'_>,
    formatter: &Formatter<'_>,
    path: &RepoPath,
    writes: bool,
) -> Done {
    let limit = configs.for_path(path).read.max_file_size;
    let snapshot = repository.snapshot();
    if snapshot.size(path).is_some_and(|size| size > limit) {
        return Done::Failed(format!("larger than {limit} bytes (setting `max-file-size`), so it is not formatted"));
    }
    let old = match snapshot.read(path).map_err(|error| error.message).and_then(text) {
        Ok(old) => old,
        Err(message) => return Done::Failed(message),
    };
    match formatter.format(path, &old) {
        Err(message) => Done::Failed(message),
        Ok(None) => Done::Nothing,
        Ok(Some(done)) => {
            if let Some(new) = done.text.as_ref().filter(|_| writes)
                && let Err(message) = repository.worktree().write_atomically(path, old.as_bytes(), new.as_bytes())
            {
                return Done::Failed(format!("not reformatted: {message}"));
            }
            Done::Formatted { changes: done.changes, old, new: done.text, left: done.left }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read() {
        assert_eq!(range("3:7"), Ok((3, 7)));
        assert_eq!(range("3-3"), Ok((3, 3)));
        for wrong in ["3", "0:1", "7:3", "a:b", ":"] {
            assert!(range(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn the_summary_counts() {
        let tally = |changed, unchanged, cells, files, failed| Tally { changed, unchanged, cells, files, failed };
        assert_eq!(summary(&tally(3, 212, 0, 0, 0), false), "3 files reformatted, 212 already formatted");
        assert_eq!(summary(&tally(1, 1, 0, 0, 0), true), "1 file would be reformatted, 1 already formatted");
        assert_eq!(summary(&tally(0, 1, 1, 0, 0), false), "1 file already formatted, 1 cell left as it is");
        assert_eq!(
            summary(&tally(2, 0, 2, 1, 1), false),
            "2 files reformatted, 1 file and 2 cells left as they are, 1 file not formatted"
        );
    }
}
