//! The command line: which commands there are. One file a command.

pub mod check;
pub mod config;
mod fixes;
mod paper;
mod progress;
mod repository;
pub mod rule;
pub mod rules;
pub mod terminal;

use clap::{Parser, Subcommand};
use std::ffi::OsString;
use terminal::{Color, Exit, Talk, Terminal};

/// Deep code needs deep stacks, and the main thread's stack is not ours to size. Only what is used costs memory.
const STACK: usize = 64 << 20;

/// A gate for Databricks repositories: finds what will fail or silently go wrong in notebooks, %run, imports
/// and bundles, before it reaches a cluster.
#[derive(Debug, Parser)]
#[command(name = "brickgate", version, max_term_width = 100, disable_help_subcommand = true)]
#[command(after_help = "Exit codes: 0 nothing found, 1 errors found, 2 something could not be run or read.")]
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
    Check(Box<check::Args>),
    Config(config::Args),
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
    let worker = std::thread::Builder::new().stack_size(STACK).spawn(move || match command {
        Command::Check(args) => check::run(&args, terminal),
        Command::Config(args) => config::run(&args, terminal),
    });
    let exit = match worker.map(std::thread::JoinHandle::join) {
        Ok(Ok(exit)) => exit,
        Ok(Err(_)) => {
            terminal.error("brickgate failed; this is a fault of brickgate, please report it");
            Exit::Trouble
        }
        Err(error) => {
            terminal.error(format_args!("cannot start a thread: {error}"));
            Exit::Trouble
        }
    };
    exit.code()
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_command_line_holds_together() {
        Cli::command().debug_assert();
    }
}
