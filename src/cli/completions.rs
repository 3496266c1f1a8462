//! `brickgate completions` and `brickgate man`: what shells and `man` want to know of the command line.

use super::terminal::{Exit, Terminal, to_stdout};
use clap_complete::Shell;
use std::path::PathBuf;

/// Write the completions of a shell to standard output
///
/// bash: brickgate completions bash > ~/.local/share/bash-completion/completions/brickgate
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Write the man pages: that of brickgate to standard output, or all into a folder
#[derive(Clone, Debug, clap::Args)]
pub(super) struct Man {
    /// The folder for brickgate.1, brickgate-check.1 and the others
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
}

/// Writes the completions.
pub(super) fn completions(args: &Completions, command: &mut clap::Command, terminal: Terminal) -> Exit {
    let mut text = Vec::new();
    clap_complete::generate(args.shell, command, "brickgate", &mut text);
    ended(to_stdout(|out| out.write_all(&text)), terminal)
}

/// Writes the man pages.
pub(super) fn man(args: &Man, command: clap::Command, terminal: Terminal) -> Exit {
    let written = match &args.out {
        Some(folder) => std::fs::create_dir_all(folder)
            .and_then(|()| clap_mangen::generate_to(command, folder))
            .map_err(|error| format!("{}: cannot be written: {}", folder.display(), error.kind())),
        None => to_stdout(|out| clap_mangen::Man::new(command).render(out)),
    };
    ended(written, terminal)
}

fn ended(written: Result<(), String>, terminal: Terminal) -> Exit {
    match written {
        Ok(()) => Exit::Clean,
        Err(message) => {
            terminal.error(message);
            Exit::Trouble
        }
    }
}
