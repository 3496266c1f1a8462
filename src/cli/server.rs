//! `brickgate server`: the gate in an editor.

use super::terminal::{Exit, Terminal};
use crate::server::{self, End};
use std::fs::File;
use std::io::{self, BufReader, BufWriter};
use std::path::PathBuf;

/// Serve an editor over the Language Server Protocol, on stdin and stdout
#[derive(Clone, Debug, clap::Args)]
#[command(after_help = "docs/editors.md shows how editors start it. Exit codes: 0 the editor said goodbye, \
                        1 it went without a word, 2 the server could not start.")]
pub struct Args {
    /// Write what is asked and answered to this file
    #[arg(long, value_name = "FILE")]
    log_file: Option<PathBuf>,
    /// What many editors say by themselves; nothing else is served
    #[arg(long, hide = true)]
    stdio: bool,
}

/// Runs the command.
pub fn run(args: &Args, terminal: Terminal) -> Exit {
    let log = match args.log_file.as_ref().map(|file| (file, File::create(file))) {
        Some((file, Err(error))) => {
            terminal.error(format_args!("{}: cannot be written: {error}", file.display()));
            return Exit::Trouble;
        }
        Some((_, Ok(log))) => Some(log),
        None => None,
    };
    super::repository::start_threads(std::thread::available_parallelism().map_or(1, std::num::NonZero::get));
    match server::serve(BufReader::new(io::stdin()), BufWriter::new(io::stdout()), log) {
        Ok(End::Proper) => Exit::Clean,
        Ok(End::Sudden) => Exit::Findings,
        Err(error) => {
            terminal.error(format_args!("cannot start a thread: {error}"));
            Exit::Trouble
        }
    }
}
