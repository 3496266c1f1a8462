//! `brickgate run-to-import`: notebooks that only define things become modules, and `%run`s become imports.

use super::fixes;
use super::progress::watched;
use super::repository::Repository;
use super::terminal::{Exit, Terminal, to_stdout};
use crate::config::Overrides;
use crate::refactor::{Order, Plan};
use crate::report::{harmless, place_of};
use crate::snapshot::RepoPath;
use crate::snapshot::root::{Roots, Vantage, absolute};
use crate::snapshot::walk::{Named, repo_path};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Make notebooks that only define things into modules, and each %run of them into an import
#[derive(Clone, Debug, clap::Args)]
#[command(
    after_help = "Exit codes: 0 it can be done (with --write: it is done), 1 it is refused, 2 something could not be run or read."
)]
pub struct Args {
    /// The notebooks; one that runs another of them is fine
    #[arg(value_name = "NOTEBOOK", required = true)]
    notebooks: Vec<PathBuf>,
    /// Make the module here, and leave the notebook as it is
    #[arg(long, value_name = "PATH")]
    new_module: Option<PathBuf>,
    /// All notebooks are run from a Git folder, from whose root Python imports, even if there is a bundle
    #[arg(long)]
    git_folder: bool,
    /// Write the files, all or none; without, only the diff is shown
    #[arg(long)]
    write: bool,
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
    if args.new_module.is_some() && args.notebooks.len() > 1 {
        return Err("`--new-module` makes one module out of one notebook".to_owned());
    }
    let (root, order) = order(args, &roots)?;
    let mut repository = Repository::new(&roots, root, (Overrides::default(), None), None, None);
    if let Err(problems) = repository.read_pages() {
        for problem in &problems {
            terminal.fault(problem);
        }
        return Ok(Exit::Trouble);
    }
    let configs = repository.configs();
    let whole = Named { files: order.notebooks.clone(), folders: vec![RepoPath::root()], items: Vec::new() };
    let found = repository.find(&configs, &whole, false);
    found.files.iter().for_each(|path| drop(configs.for_path(path)));
    let problems = configs.problems();
    if !problems.is_empty() {
        repository.located(problems).iter().for_each(|problem| terminal.fault(problem));
        return Ok(Exit::Trouble);
    }
    let plan = watched(terminal, found.files.len(), |progress| {
        repository.run_to_import(&configs, found.files, &order, progress)
    });
    let vantage = repository.vantage();
    if !plan.refusals.is_empty() {
        refuse(&plan, vantage)?;
        terminal.say("nothing is changed");
        return Ok(Exit::Findings);
    }
    for path in &plan.done {
        match &order.new_module {
            Some(module) => terminal.note(format_args!("{}: is made already", vantage.path(module))),
            None => terminal.note(format_args!("{}: is a module already", vantage.path(path))),
        }
    }
    if args.write {
        let created = |path: &RepoPath| plan.created.contains(path);
        let files: Vec<_> = plan
            .texts
            .iter()
            .map(|(path, texts)| (path, (!created(path)).then_some(texts.old.as_bytes()), texts.new.as_bytes()))
            .collect();
        repository.worktree().write_together(&files)?;
    } else {
        let color = terminal.stdout_color();
        to_stdout(|out| {
            plan.texts.iter().try_for_each(|(path, texts)| {
                out.write_all(fixes::unified(&vantage.path(path), &texts.old, &texts.new, color).as_bytes())
            })
        })?;
    }
    summary(&plan, args, &order, terminal);
    Ok(Exit::Clean)
}

/// What is asked for, and the root of the repository that it is in.
fn order(args: &Args, roots: &Roots) -> Result<(Arc<Path>, Order), String> {
    let full = |path: &PathBuf| absolute(roots.cwd(), path).map_err(|error| format!("{}: {error}", path.display()));
    let first = full(args.notebooks.first().ok_or("name a notebook")?)?;
    let root = roots.of(first.parent().unwrap_or(&first));
    let inside = |path: &PathBuf| {
        let full = full(path)?;
        let same = roots.of(full.parent().unwrap_or(&full)) == root;
        let found = repo_path(&root, &full).filter(|_| same);
        found.ok_or_else(|| format!("{}: not in the repository {}", path.display(), root.display()))
    };
    let mut notebooks = Vec::new();
    for path in &args.notebooks {
        let found = inside(path)?;
        if full(path)?.is_dir() {
            return Err(format!("{}: is a folder; name notebooks", path.display()));
        }
        if !full(path)?.exists() {
            return Err(format!("{}: no such file", path.display()));
        }
        if !notebooks.contains(&found) {
            notebooks.push(found);
        }
    }
    let new_module = args.new_module.as_ref().map(inside).transpose()?;
    Ok((Arc::clone(&root), Order { notebooks, new_module, git_folder: args.git_folder }))
}

/// Says why nothing is done.
fn refuse(plan: &Plan, vantage: &Vantage) -> Result<(), String> {
    to_stdout(|out| {
        let mut last = None;
        for refusal in &plan.refusals {
            if last != Some(&refusal.notebook) {
                let gap = if last.is_some() { "\n" } else { "" };
                writeln!(out, "{gap}{} cannot become a module:", harmless(&vantage.path(&refusal.notebook)))?;
                last = Some(&refusal.notebook);
            }
            let place = place_of(&plan.project, vantage, &refusal.path, refusal.span);
            writeln!(out, "  {place}: {}", harmless(&refusal.message))?;
        }
        Ok(())
    })
}

fn summary(plan: &Plan, args: &Args, order: &Order, terminal: Terminal) {
    let plural = |count: usize, word: &str| format!("{count} {word}{}", if count == 1 { "" } else { "s" });
    if plan.texts.is_empty() {
        terminal.say("nothing to do");
        return;
    }
    let modules = order.notebooks.len() - plan.done.len();
    let (make, replace, hint) =
        if args.write { ("made", "replaced", "") } else { ("would make", "replace", "; --write does it") };
    let others = plan.texts.len() - modules;
    terminal.say(format_args!(
        "{make} {} and {replace} {} in {}{hint}",
        plural(modules, "module"),
        plural(plan.runs, "`%run`"),
        plural(others, "notebook"),
    ));
}
