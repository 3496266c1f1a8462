//! `brickgate names`: what is in scope at a place, and where each name comes from.

use super::repository::Repository;
use super::rules::ListFormat;
use super::terminal::{Exit, Terminal, to_stdout};
use crate::config::Overrides;
use crate::engine;
use crate::names::Namespaces;
use crate::names::scope::{self, Scope};
use crate::names::uses::Use;
use crate::notebook::Format;
use crate::project::document::{Document, DocumentId};
use crate::report::names::{self as report, NamesReport};
use crate::snapshot::RepoPath;
use crate::snapshot::root::{Roots, absolute};
use crate::snapshot::walk::repo_path;
use crate::text::lines::Position;
use std::path::{Path, PathBuf};

/// Show what is in scope in a notebook, and where each name comes from
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "Exit codes: 0 done, 1 the name asked for is not bound, 2 something could not be run or read.")]
pub struct Args {
    /// A notebook or module, and where in it: `FILE:LINE`, or `FILE.ipynb:CELL:LINE`; without, its end
    #[arg(value_name = "FILE[:LINE]")]
    place: String,
    /// Only this name: the whole way on which it comes, and who reads it
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Also what Databricks gives, and all that notebooks that run this one bind
    #[arg(long)]
    all: bool,
    /// How to write it
    #[arg(long, visible_alias = "output", value_enum, value_name = "FORMAT", default_value_t)]
    output_format: ListFormat,
}

/// Runs the command.
pub fn run(args: &Args, terminal: Terminal) -> Exit {
    go(args, terminal).unwrap_or_else(|message| {
        terminal.error(message);
        Exit::Trouble
    })
}

fn go(args: &Args, terminal: Terminal) -> Result<Exit, String> {
    let roots = Roots::here()?;
    let (file, numbers) = place(&args.place)?;
    let full = absolute(roots.cwd(), &file).map_err(|error| format!("{}: {error}", file.display()))?;
    if full.is_dir() {
        return Err(format!("{}: is a folder; name one notebook", file.display()));
    }
    let root = roots.of(full.parent().unwrap_or(&full));
    let path = repo_path(&root, &full).ok_or_else(|| format!("{}: the name is not Unicode", file.display()))?;
    let mut repository = Repository::new(&roots, root, (Overrides::default(), None), None, None);
    if let Err(problems) = repository.read_pages() {
        for problem in &problems {
            terminal.fault(problem);
        }
        return Ok(Exit::Trouble);
    }
    let configs = repository.configs();
    drop(configs.for_path(&path));
    let problems = configs.problems();
    if !problems.is_empty() {
        repository.located(problems).iter().for_each(|problem| terminal.fault(problem));
        return Ok(Exit::Trouble);
    }
    let project = repository.load(&configs, vec![path.clone()], args.all || args.name.is_some());
    let pip_wipes = |path: &RepoPath| engine::pip_wipes(&configs, path);
    let names = Namespaces::new(&project, &pip_wipes);
    let (Some(id), Some(document)) = (project.id(&path), project.document(&path)) else {
        return Err(format!("{}: cannot be read", file.display()));
    };
    if let Some(problem) = document.problems.first() {
        return Err(format!("{}: {}", file.display(), problem.message));
    }
    let at = offset(document, &numbers, &file)?;
    let inside = at.and_then(|at| scope::inside(&document.python, at));
    // A body runs when all of the notebook is bound.
    let before = at.filter(|_| inside.is_none()).unwrap_or(u32::MAX);
    let scope = names.scope(id, before);
    let found = args.name.as_deref().map(|name| bindings(&scope, name, inside.as_ref(), document, id));
    let uses = uses(&names, found.as_deref().unwrap_or_default());
    let report = NamesReport {
        names: &names,
        document: id,
        at,
        scope: &scope,
        inside: inside.as_ref(),
        all: args.all,
        only: args.name.as_deref(),
        uses: &uses,
        seen_from: repository.vantage(),
    };
    to_stdout(|out| match args.output_format {
        ListFormat::Human => report::human(out, &report, &terminal.stdout_style()),
        ListFormat::Json => report::json(out, &report),
    })?;
    Ok(if report.is_empty() && args.name.is_some() { Exit::Findings } else { Exit::Clean })
}

/// The file, and the numbers behind it.
fn place(text: &str) -> Result<(PathBuf, Vec<u32>), String> {
    let mut path = text;
    let mut numbers = Vec::new();
    // A file may be called `a:1`.
    while !Path::new(path).exists()
        && numbers.len() < 3
        && let Some((before, number)) = path.rsplit_once(':')
        && let Ok(number) = number.parse::<u32>()
    {
        if number == 0 {
            return Err(format!("{text}: lines and cells count from 1"));
        }
        numbers.insert(0, number);
        path = before;
    }
    if !Path::new(path).exists() {
        return Err(format!("{path}: no such file"));
    }
    Ok((PathBuf::from(path), numbers))
}

/// The byte that the numbers mean: line and column of a file, or cell, line and column of an `.ipynb`.
fn offset(document: &Document, numbers: &[u32], file: &Path) -> Result<Option<u32>, String> {
    let text = document.text();
    let file = file.display();
    let notebook = document.notebook.as_ref().filter(|notebook| notebook.format == Format::Ipynb);
    let (above, most, line, column) = match (notebook, numbers) {
        (_, []) => return Ok(None),
        (Some(notebook), [cell, rest @ ..]) => {
            let all = notebook.cells.len();
            let row = notebook.cells.get(*cell as usize - 1);
            let row = row.ok_or_else(|| format!("{file}: there is no cell {cell}; the notebook has {all}"))?;
            let above = document.lines().line_of(row.span.start);
            let most = document.lines().line_of(row.span.end.max(row.span.start)) + 1 - above;
            (above, most, rest.first().copied().unwrap_or(1), rest.get(1).copied().unwrap_or(1))
        }
        (None, [line]) => (0, document.lines().count(), *line, 1),
        (None, [line, column]) => (0, document.lines().count(), *line, *column),
        (None, _) => return Err(format!("{file}: only an `.ipynb` counts lines by cell; write FILE:LINE")),
    };
    if line > most {
        return Err(format!("{file}: there is no line {line}; it has {most}"));
    }
    let row = above + line;
    if column > 1 {
        return Ok(Some(document.lines().offset(text, Position { row, column })));
    }
    // The names of a line are those of the code on it.
    let content = document.lines().line_content(row - 1, text);
    let indent = content.of(text).len() - content.of(text).trim_start_matches([' ', '\t']).len();
    Ok(Some(content.start + u32::try_from(indent).unwrap_or(0)))
}

/// The bindings that a name may mean.
fn bindings(
    scope: &Scope<'_>,
    name: &str,
    inside: Option<&scope::Inside>,
    document: &Document,
    id: DocumentId,
) -> Vec<(DocumentId, u32)> {
    let facts = &document.python;
    let is_it = |at: &&u32| facts.bindings.get(**at as usize).is_some_and(|row| facts.text(row.name) == name);
    if let Some(&at) = inside.and_then(|inside| inside.bindings.iter().find(is_it)) {
        return vec![(id, at)];
    }
    let bound = scope.get(name).into_iter().flat_map(|row| row.origins.iter().copied());
    let lost = scope.lost.iter().filter(|row| row.name == name).map(|row| row.origin);
    let callers = scope.callers.iter().filter(|row| row.name == name).map(|row| row.origin);
    bound.chain(lost).chain(callers).filter_map(|origin| Some((origin.document, origin.binding?))).collect()
}

fn uses(names: &Namespaces<'_>, bindings: &[(DocumentId, u32)]) -> Vec<Use> {
    let mut uses: Vec<Use> = bindings.iter().flat_map(|&(document, at)| names.uses(document, at)).collect();
    uses.sort_unstable();
    uses.dedup();
    uses
}
