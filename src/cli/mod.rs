//! The command line: which commands there are. One file a command.

mod base;
pub mod baseline;
pub mod check;
mod completions;
pub mod config;
mod doctor;
mod fixes;
pub mod format;
pub mod git;
pub mod hook;
mod init;
mod migrate;
pub mod names;
mod output;
mod paper;
mod profile;
mod progress;
mod repository;
pub mod rule;
pub mod rules;
pub mod run_to_import;
pub mod server;
mod staged;
mod surroundings;
pub mod terminal;
pub mod test;
mod watch;

use crate::report::Style;
use crate::rules::book::Book;
use clap::{CommandFactory, Parser, Subcommand};
use std::ffi::OsString;
use std::io::{self, Write};
use terminal::{Color, Exit, Talk, Terminal};

/// Deep code needs deep stacks, and the main thread's stack is not ours to size. Only what is used costs memory.
const STACK: usize = 64 << 20;

const EXIT_CODES: &str = "Exit codes: 0 no errors found, 1 errors found, 2 something could not be run or read.";

/// A gate for Databricks repositories: finds what will fail or silently go wrong in notebooks, %run, imports
/// and bundles, before it reaches a cluster.
#[derive(Debug, Parser)]
#[command(name = "brickgate", bin_name = "brickgate", version, max_term_width = 100)]
#[command(after_help = EXIT_CODES)]
struct Cli {
    #[command(subcommand)]
    command: Command,
    /// When to use colours: auto, always or never
    #[arg(long, global = true, value_name = "WHEN", value_enum, default_value_t, hide_possible_values = true)]
    color: Color,
    /// Say nothing but findings and errors
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    quiet: bool,
    /// Say what is done and how long it takes
    #[arg(short, long, global = true)]
    verbose: bool,
}

#[derive(Debug, Subcommand)]
enum Command {
    Baseline(baseline::Args),
    Check(Box<check::Args>),
    Completions(completions::Completions),
    Config(config::Args),
    Doctor(doctor::Args),
    Format(format::Args),
    Hook(hook::Args),
    Init(init::Args),
    Man(completions::Man),
    Names(names::Args),
    Rule(rule::Args),
    Rules(rules::Args),
    RunToImport(run_to_import::Args),
    Server(server::Args),
    Test(test::Args),
}

/// Runs the command that `arguments` give, program name first, and returns the exit code.
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let cli = match Cli::try_parse_from(arguments) {
        Ok(cli) => cli,
        Err(error) => {
            // Help goes to stdout, faults to stderr; if nobody reads it, the exit code still tells.
            let _ = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(Exit::Trouble.code());
        }
    };
    let talk = match (cli.quiet, cli.verbose) {
        (true, _) => Talk::Quiet,
        (_, true) => Talk::Verbose,
        _ => Talk::Normal,
    };
    let terminal = Terminal { color: cli.color, talk };
    let command = cli.command;
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || dispatch(&command, terminal));
    match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(code)) => code,
        Ok(Err(_)) => {
            terminal.error("brickgate failed; this is a fault of brickgate, please report it");
            Exit::Trouble.code()
        }
        Err(error) => {
            terminal.error(format_args!("cannot start a thread: {error}"));
            Exit::Trouble.code()
        }
    }
}

fn dispatch(command: &Command, terminal: Terminal) -> u8 {
    match command {
        Command::Baseline(args) => baseline::run(args, terminal).code(),
        Command::Check(args) => check::run(args, terminal).code(),
        Command::Format(args) => format::run(args, terminal).code(),
        Command::Completions(args) => completions::completions(args, Cli::command(), terminal).code(),
        Command::Config(args) => config::run(args, terminal).code(),
        Command::Hook(args) => hook::run(args, terminal),
        Command::Doctor(args) => doctor::run(args, terminal).code(),
        Command::Init(args) => init::run(args, terminal).code(),
        Command::Man(args) => completions::man(args, Cli::command(), terminal).code(),
        Command::Names(args) => names::run(args, terminal).code(),
        Command::Rule(args) => with_book(terminal, |book, style, out, err| rule::run(args, book, style, out, err)),
        Command::Rules(args) => with_book(terminal, |book, style, out, _| rules::run(args, book, style, out)),
        Command::RunToImport(args) => run_to_import::run(args, terminal).code(),
        Command::Server(args) => server::run(args, terminal).code(),
        Command::Test(args) => match repository::pages_here(&args.pages) {
            Ok((worktree, vantage, pages)) => {
                written(terminal, |style, out, err| test::run(&worktree, &vantage, &pages, style, out, err))
            }
            Err(message) => {
                terminal.error(message);
                Exit::Trouble.code()
            }
        },
    }
}

/// Runs a command that speaks of rules: the built-in ones and those of the working directory's repository.
fn with_book(
    terminal: Terminal,
    command: impl FnOnce(&Book, &Style, &mut dyn Write, &mut dyn Write) -> io::Result<u8>,
) -> u8 {
    let (book, problems) = repository::book_here();
    for problem in &problems {
        terminal.fault(problem);
    }
    let code = written(terminal, |style, out, err| command(&book, style, out, err));
    if problems.is_empty() { code } else { Exit::Trouble.code() }
}

/// Runs a command that writes to stdout and says its own exit code.
fn written(terminal: Terminal, command: impl FnOnce(&Style, &mut dyn Write, &mut dyn Write) -> io::Result<u8>) -> u8 {
    let mut code = 0;
    let written = terminal::to_stdout(|out| {
        code = command(&terminal.stdout_style(), out, &mut io::stderr().lock())?;
        Ok(())
    });
    match written {
        Ok(()) => code,
        Err(message) => {
            terminal.error(message);
            Exit::Trouble.code()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
