//! `brickgate config`: settings written, shown and described.

use super::migrate::{self, Linter};
use super::repository::Repository;
use super::terminal::{Exit, Terminal, to_stdout};
use crate::config::style::Styles;
use crate::config::{self, FILE_NAMES, Overrides, Place, Row};
use crate::rules::book::Book;
use crate::snapshot::RepoPath;
use crate::snapshot::root::{Roots, absolute};
use crate::snapshot::walk::repo_path;
use crate::snapshot::worktree::Worktree;
use anstyle::{AnsiColor, Style as Paint};
use serde_json::json;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// What `config init` writes.
pub(super) const TEMPLATE: &str = include_str!("brickgate.toml");

/// Write, show or describe settings
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Clone, Debug, clap::Subcommand)]
enum Command {
    /// Write a brickgate.toml that explains itself; never overwrites one
    Init(InitArgs),
    /// Show which settings hold for a path, and which file sets them
    Show(ShowArgs),
    /// Print the JSON schema of brickgate.toml, for editors
    Schema,
}

#[derive(Clone, Debug, clap::Args)]
struct InitArgs {
    /// Where to write it
    #[arg(value_name = "FOLDER", default_value = ".")]
    folder: PathBuf,
    /// Take over what the settings of another linter there say: pylint, ucx or ruff
    #[arg(long, value_name = "LINTER", value_enum, hide_possible_values = true)]
    from: Option<Linter>,
}

#[derive(Clone, Debug, clap::Args)]
struct ShowArgs {
    /// A file, or a folder for a file in it that no glob names
    #[arg(value_name = "PATH", default_value = ".")]
    path: PathBuf,
    /// Take these settings, and look for no others
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take no settings file at all
    #[arg(long, conflicts_with = "config")]
    isolated: bool,
    /// Leave out defaults: show only what a file sets, and which line of it
    #[arg(long)]
    origin: bool,
    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t)]
    output_format: super::rules::ListFormat,
}

/// Runs the command.
pub fn run(args: &Args, terminal: Terminal) -> Exit {
    let done = match &args.command {
        Command::Init(args) => init(&args.folder, args.from, terminal),
        Command::Show(args) => show(args, terminal),
        Command::Schema => schema(),
    };
    done.unwrap_or_else(|message| {
        terminal.error(message);
        Exit::Trouble
    })
}

fn init(folder: &Path, from: Option<Linter>, terminal: Terminal) -> Result<Exit, String> {
    let shown = |name: &str| folder.strip_prefix(".").unwrap_or(folder).join(name).display().to_string();
    let real = std::fs::canonicalize(folder).map_err(|error| format!("{}: {}", folder.display(), error.kind()))?;
    if let Some(own) = config::own_file(&Worktree::new(real.clone()), &RepoPath::root()) {
        return Err(format!("{}: this folder has settings already, which stay as they are", shown(own.as_str())));
    }
    let text = match from {
        Some(linter) => {
            let migrated = migrate::migrate(linter, &Worktree::new(real.clone()), &Book::builtin())?;
            migrated.notes.iter().for_each(|note| terminal.note(note));
            migrated.text
        }
        None => TEMPLATE.to_owned(),
    };
    let name = FILE_NAMES[1];
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new().write(true).create_new(true).open(real.join(name))?;
        file.write_all(text.as_bytes())
    };
    write().map_err(|error| format!("{}: cannot be written: {}", shown(name), error.kind()))?;
    terminal.say(format_args!("wrote {}", shown(name)));
    Ok(Exit::Clean)
}

fn show(args: &ShowArgs, terminal: Terminal) -> Result<Exit, String> {
    let at = |path: &Path, error: io::Error| format!("{}: {}", path.display(), error.kind());
    let cwd = std::env::current_dir().and_then(std::fs::canonicalize).map_err(|error| at(Path::new("."), error))?;
    let roots = Roots::new(cwd);
    let full = absolute(roots.cwd(), &args.path).map_err(|error| at(&args.path, error))?;
    let is_folder = full.is_dir();
    let root = roots.of(if is_folder { &full } else { full.parent().unwrap_or(&full) });
    let path =
        repo_path(&root, &full).ok_or_else(|| format!("{}: its name is not valid Unicode", args.path.display()))?;
    let given = match &args.config {
        Some(file) => Some(absolute(roots.cwd(), file).map_err(|error| at(file, error))?),
        None => None,
    };
    let overrides = Overrides { isolated: args.isolated, ..Overrides::default() };
    let mut repository = Repository::new(&roots, root, (overrides, given), None, None);
    if let Err(problems) = repository.read_pages() {
        for problem in &problems {
            terminal.fault(problem);
        }
        return Ok(Exit::Trouble);
    }
    let configs = repository.configs();
    // What holds for a folder's files, unless a glob names them.
    let file = if is_folder { path.join("*").unwrap_or_else(|| path.clone()) } else { path.clone() };
    let styles = Styles::new(repository.snapshot(), &configs, args.isolated);
    let mut rows = configs.explain(&file);
    rows.extend(styles.explain(&file));
    if args.origin {
        rows.retain(|row| row.origin != "default");
    }
    let files = configs.files(&file);
    let excluded = configs.excluded_from_top(&path, is_folder);
    let mut problems = configs.problems();
    problems.extend(styles.problems());
    let faulty = !problems.is_empty();
    for problem in repository.located(problems) {
        terminal.fault(problem);
    }
    let shown = match path.as_str() {
        "" => ".",
        path => path,
    };
    to_stdout(|out| match args.output_format {
        super::rules::ListFormat::Human => human(out, shown, excluded, &files, &rows, terminal.stdout_color()),
        super::rules::ListFormat::Json => {
            let settings: Vec<_> =
                rows.iter().map(|row| json!({ "key": row.key, "value": row.value, "origin": row.origin })).collect();
            let files: Vec<String> = files.iter().map(ToString::to_string).collect();
            let all = json!({ "path": shown, "excluded": excluded, "files": files, "settings": settings });
            writeln!(out, "{all:#}")
        }
    })?;
    Ok(if faulty { Exit::Trouble } else { Exit::Clean })
}

fn human(
    out: &mut dyn Write,
    path: &str,
    excluded: bool,
    files: &[Place],
    rows: &[Row],
    color: bool,
) -> io::Result<()> {
    let paint = |paint: Paint, text: &str| if color { format!("{paint}{text}{paint:#}") } else { text.to_owned() };
    let chain: Vec<String> = files.iter().map(ToString::to_string).collect();
    let chain = if chain.is_empty() { "no settings file".to_owned() } else { chain.join(", which extends ") };
    writeln!(out, "# {path}: {chain}")?;
    if excluded {
        writeln!(out, "# It is left out, unless it is named without --force-exclude.")?;
    }
    let settings: Vec<String> = rows.iter().map(|row| format!("{} = {}", row.key, row.value)).collect();
    // A long list is no reason to move all origins out of sight.
    let width = settings.iter().map(|setting| setting.chars().count()).filter(|&width| width <= 60).max().unwrap_or(0);
    for (row, setting) in rows.iter().zip(&settings) {
        let blanks = " ".repeat(width.saturating_sub(setting.chars().count()));
        let own = row.origin != "default";
        let setting = if own { paint(Paint::new().bold(), setting) } else { setting.clone() };
        let origin = paint(AnsiColor::BrightBlack.on_default(), &format!("# {}", row.origin));
        writeln!(out, "{setting}{blanks}  {origin}")?;
    }
    Ok(())
}

fn schema() -> Result<Exit, String> {
    let book = Book::builtin();
    let schema = config::schema::schema(book.rules().iter().map(|rule| &rule.page));
    to_stdout(|out| out.write_all(schema.as_bytes()))?;
    Ok(Exit::Clean)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Configs;
    use crate::snapshot::memory::Memory;

    /// The template with its examples made real.
    fn uncommented() -> String {
        let line = |line: &str| match line.strip_prefix('#') {
            Some(rest) if !rest.starts_with(' ') && !rest.is_empty() => rest.to_owned(),
            _ => line.to_owned(),
        };
        TEMPLATE.lines().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn the_template_is_right_as_it_is_and_with_its_examples() {
        let book = Book::builtin();
        for text in [TEMPLATE.to_owned(), uncommented()] {
            let files = Memory::of(&[
                ("sub/brickgate.toml", text.as_str()),
                ("brickgate.toml", ""),
                ("tools/brickgate/x.md", ""),
            ]);
            let given = Some(Place::Inside(RepoPath::new("sub/brickgate.toml")));
            let overrides = Overrides { config: given, ..Overrides::default() };
            let pages = book.rules().iter().map(|rule| &rule.page);
            let configs = Configs::new(&files, pages, &overrides);
            let said: Vec<String> = configs.problems().iter().map(ToString::to_string).collect();
            // `pages` is seen from the folder of the file.
            assert!(said.iter().all(|said| said.contains("there is no folder `sub/tools/brickgate`")), "{said:?}");
        }
        assert!(!uncommented().contains("\n#["));
    }

    #[test]
    fn init_writes_once() {
        let folder = tempfile::tempdir().unwrap();
        let terminal = Terminal { talk: super::super::terminal::Talk::Quiet, ..Terminal::default() };
        assert_eq!(init(folder.path(), None, terminal), Ok(Exit::Clean));
        let file = folder.path().join("brickgate.toml");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), TEMPLATE);
        assert!(init(folder.path(), None, terminal).unwrap_err().contains("has settings already"));
        std::fs::rename(&file, folder.path().join(".brickgate.toml")).unwrap();
        assert!(init(folder.path(), None, terminal).unwrap_err().contains(".brickgate.toml"));
        assert!(init(&folder.path().join("none"), None, terminal).is_err());
    }
}
