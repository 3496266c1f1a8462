//! `brickgate completions` and `brickgate man`: what shells and `man` want to know of the command line.

use super::terminal::{Exit, Terminal, to_stdout};
use crate::rules::book::Book;
use clap::builder::PossibleValuesParser;
use clap::{Arg, Command};
use clap_complete::Shell;
use std::fmt::Write as _;
use std::path::PathBuf;

/// Options of `brickgate check` that take names of rules, as clap knows them.
const OPTIONS_OF_RULES: [&str; 3] = ["select", "extend_select", "ignore"];

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
pub(super) fn completions(args: &Completions, command: Command, terminal: Terminal) -> Exit {
    let mut command = with_rules(command);
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut command, "brickgate", &mut text);
    if args.shell == Shell::Fish {
        let mut more = String::new();
        fish_words(&command, &[], &mut more);
        text.extend(more.into_bytes());
    }
    ended(to_stdout(|out| out.write_all(&text)), terminal)
}

/// The command line with the names of the built-in rules where rules are named. Only shells are told: whoever writes
/// `brickgate rule` may name a rule of their own pages.
fn with_rules(command: Command) -> Command {
    let all = || PossibleValuesParser::new(std::iter::once("ALL").chain(Book::builtin_names()));
    let names = || PossibleValuesParser::new(Book::builtin_names());
    command
        .mut_subcommand("rule", |rule| rule.mut_arg("name", |arg| arg.value_parser(names())))
        .mut_subcommand("check", |check| {
            OPTIONS_OF_RULES.into_iter().fold(check, |check, id| check.mut_arg(id, |arg| arg.value_parser(all())))
        })
}

/// What fish is to offer where a command takes one of some words: it is told of options alone otherwise.
fn fish_words(command: &Command, above: &[&str], text: &mut String) {
    for arg in command.get_positionals() {
        let words: Vec<String> = words(arg);
        let (Some((first, rest)), false) = (above.split_first(), words.is_empty()) else { continue };
        let seen: String =
            rest.iter().fold(String::new(), |all, name| all + "; and __fish_seen_subcommand_from " + name);
        // Writing to a string does not fail.
        let _ = writeln!(
            text,
            "complete -c brickgate -n \"__fish_brickgate_using_subcommand {first}{seen}\" -f -a \"{}\"",
            words.join(" ")
        );
    }
    for inner in command.get_subcommands().filter(|inner| inner.get_name() != "help") {
        let path: Vec<&str> = above.iter().copied().chain([inner.get_name()]).collect();
        fish_words(inner, &path, text);
    }
}

/// The words that an argument takes, if it takes no others.
fn words(arg: &Arg) -> Vec<String> {
    arg.get_possible_values().iter().map(|value| value.get_name().to_owned()).collect()
}

/// Writes the man pages.
pub(super) fn man(args: &Man, command: Command, terminal: Terminal) -> Exit {
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

#[cfg(test)]
mod tests {
    use super::*;
    use clap::CommandFactory;

    #[test]
    fn the_arguments_that_take_rules_are_there() {
        let command = with_rules(super::super::Cli::command());
        let check = command.find_subcommand("check").unwrap();
        for id in OPTIONS_OF_RULES {
            let arg = check.get_arguments().find(|arg| arg.get_id() == id).unwrap();
            assert!(words(arg).contains(&"run-not-found".to_owned()), "{id}");
        }
    }
}
