//! What we write to, and how it may look there.

use crate::report::Style;
use clap::ValueEnum;
use std::ffi::OsString;
use std::fmt::Display;
use std::io::{self, BufWriter, IsTerminal, StdoutLock, Write};

/// `--color`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub enum Color {
    /// Colours on a terminal, unless the environment says otherwise.
    #[default]
    Auto,
    /// Colours everywhere.
    Always,
    /// No colours.
    Never,
}

/// How much is said on stderr.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// Errors alone.
    Quiet,
    /// Notes and the summary too.
    #[default]
    Normal,
    /// What is done and how long it takes as well.
    Verbose,
}

/// What all commands share.
#[derive(Clone, Copy, Debug, Default)]
pub struct Terminal {
    /// `--color`.
    pub color: Color,
    /// `--quiet` and `--verbose`.
    pub talk: Talk,
}

/// A command's end, as the system sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    /// Nothing to complain about: 0.
    Clean,
    /// Findings that count: 1.
    Findings,
    /// It could not run, or could not read something that was asked for: 2.
    Trouble,
}

impl Exit {
    /// The exit code.
    pub const fn code(self) -> u8 {
        match self {
            Self::Clean => 0,
            Self::Findings => 1,
            Self::Trouble => 2,
        }
    }
}

impl Terminal {
    /// Whether stdout takes colours.
    pub fn stdout_color(self) -> bool {
        color(self.color, io::stdout().is_terminal(), |name| std::env::var_os(name))
    }

    /// How output for people is to look on stdout.
    pub fn stdout_style(self) -> Style {
        Style { color: self.stdout_color(), width: width(), unicode: unicode() }
    }

    /// Whether stderr takes colours.
    pub fn stderr_color(self) -> bool {
        color(self.color, io::stderr().is_terminal(), |name| std::env::var_os(name))
    }

    /// Says what went wrong, on stderr.
    pub fn error(self, message: impl Display) {
        self.line("error", "\x1b[1;31m", message);
    }

    /// Says what is wrong with a settings file or rule page: a line on stderr that names the place itself.
    pub fn fault(self, problem: impl Display) {
        whole_line(format_args!("{problem}"));
    }

    /// Says what should be known but does no harm, on stderr.
    pub fn note(self, message: impl Display) {
        if self.talk >= Talk::Normal {
            self.line("note", "\x1b[1;36m", message);
        }
    }

    /// Says what is going on, on stderr, to those who want to know.
    pub fn detail(self, message: impl FnOnce() -> String) {
        if self.talk >= Talk::Verbose {
            self.line("info", "\x1b[2m", message());
        }
    }

    /// A line on stderr as it is.
    pub fn say(self, line: impl Display) {
        if self.talk >= Talk::Normal {
            whole_line(format_args!("{line}"));
        }
    }

    fn line(self, word: &str, code: &str, message: impl Display) {
        let (on, off) = if self.stderr_color() { (code, "\x1b[0m") } else { ("", "") };
        whole_line(format_args!("{on}{word}{off}: {message}"));
    }
}

/// Writes a line to stderr at once: it has no buffer, and others may write to it as well.
fn whole_line(line: std::fmt::Arguments<'_>) {
    // If nobody can read it, nothing is lost.
    let _ = io::stderr().lock().write_all(format!("{line}\n").as_bytes());
}

/// Whether to write colours: `--color`, else `NO_COLOR`, else `FORCE_COLOR` or `CLICOLOR_FORCE`, else whether it
/// is a terminal that can do more than `TERM=dumb`.
fn color(flag: Color, terminal: bool, variable: impl Fn(&str) -> Option<OsString>) -> bool {
    let set = |name: &str| variable(name).is_some_and(|value| !value.is_empty());
    let forced = |name: &str| variable(name).is_some_and(|value| !value.is_empty() && value != "0");
    match flag {
        Color::Always => true,
        Color::Never => false,
        Color::Auto if set("NO_COLOR") => false,
        Color::Auto if forced("FORCE_COLOR") || forced("CLICOLOR_FORCE") => true,
        Color::Auto => terminal && variable("TERM").is_none_or(|term| term != "dumb"),
    }
}

/// Whether nobody watches although stderr may be a terminal: hooks and CI record what is written there.
pub fn is_recorded() -> bool {
    let on = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty() && value != "false");
    on("CI") || on("PRE_COMMIT")
}

/// Columns of the terminal on stdout; `None` if there is none.
pub fn width() -> Option<usize> {
    if !io::stdout().is_terminal() {
        return None;
    }
    let columns = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|&columns| columns > 0);
    columns.or_else(|| terminal_size::terminal_size_of(io::stdout()).map(|(width, _)| usize::from(width.0)))
}

/// Whether what reads stdout shows more than ASCII: a terminal whose locale does not say that it cannot.
pub fn unicode() -> bool {
    let variable = |name| std::env::var(name).ok().filter(|value| !value.is_empty());
    let locale = variable("LC_ALL").or_else(|| variable("LC_CTYPE")).or_else(|| variable("LANG"));
    io::stdout().is_terminal()
        && std::env::var_os("TERM").is_none_or(|term| term != "dumb" && term != "linux")
        && locale.is_none_or(|locale| locale != "C" && locale != "POSIX")
}

/// A buffered stdout.
pub fn stdout() -> BufWriter<StdoutLock<'static>> {
    BufWriter::with_capacity(1 << 16, io::stdout().lock())
}

/// Writes to stdout what `write` writes. That the reader has gone (`| head`) is no error: the rest is not
/// written, and the exit code stays what the findings say.
///
/// # Errors
/// One line for users if stdout cannot be written to for another reason, such as a full disk.
pub fn to_stdout(write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
    let mut out = stdout();
    let result = write(&mut out).and_then(|()| out.flush());
    if result.is_err() {
        // What is still in the buffer would be tried again when it is dropped.
        drop(out.into_parts());
    }
    match result {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(format!("cannot write to stdout: {error}")),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_order_of_colour_switches() {
        let with = |flag, terminal, variables: &[(&str, &str)]| {
            let find = |name: &str| variables.iter().find(|(key, _)| *key == name).map(|(_, value)| value.into());
            color(flag, terminal, find)
        };
        assert!(with(Color::Always, false, &[("NO_COLOR", "1")]));
        assert!(!with(Color::Never, true, &[("FORCE_COLOR", "1")]));
        assert!(!with(Color::Auto, true, &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")]));
        assert!(with(Color::Auto, false, &[("NO_COLOR", ""), ("FORCE_COLOR", "1")]));
        assert!(with(Color::Auto, false, &[("CLICOLOR_FORCE", "1"), ("TERM", "dumb")]));
        assert!(!with(Color::Auto, false, &[("FORCE_COLOR", "0")]));
        assert!(with(Color::Auto, true, &[]) && with(Color::Auto, true, &[("TERM", "xterm")]));
        assert!(!with(Color::Auto, true, &[("TERM", "dumb")]) && !with(Color::Auto, false, &[]));
    }
}
