//! The one place that runs `git`.

use super::GitError;
use std::ffi::OsStr;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};

/// Runs `git` from one folder, with the environment that it was given: inside a hook that names the index and the
/// objects of a commit that is not made yet.
#[derive(Clone, Debug)]
pub struct Runner {
    cwd: PathBuf,
}

impl Runner {
    /// A runner for commands that start in `cwd`.
    pub fn new(cwd: PathBuf) -> Self {
        Self { cwd }
    }

    /// Where commands start.
    pub fn cwd(&self) -> &Path {
        &self.cwd
    }

    /// A command that is not started yet: no stdin, stdout and stderr piped, never a question to the user, and no
    /// lock taken only to note what was looked up.
    pub fn command<S: AsRef<OsStr>>(&self, args: &[S]) -> Command {
        let mut command = Command::new("git");
        command.args(args).current_dir(&self.cwd);
        command.env("GIT_OPTIONAL_LOCKS", "0").env("GIT_TERMINAL_PROMPT", "0").env("LC_ALL", "C");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Starts a command whose output is wanted later.
    ///
    /// # Errors
    /// If `git` cannot be started.
    pub fn start<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Running, GitError> {
        let child = self.command(args).spawn().map_err(|error| not_started(&error))?;
        let shown = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" ");
        Ok(Running { child, shown })
    }

    /// What a command writes to stdout.
    ///
    /// # Errors
    /// If `git` cannot be started, or fails; then with what it said.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Vec<u8>, GitError> {
        self.start(args)?.finish()
    }

    /// The same for a command that reads `input`.
    ///
    /// # Errors
    /// As [`Runner::run`].
    pub fn run_with<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<Vec<u8>, GitError> {
        let mut command = self.command(args);
        let mut child = command.stdin(Stdio::piped()).spawn().map_err(|error| not_started(&error))?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            scope.spawn(move || {
                // A command that reads no further says itself why.
                stdin.map(|mut stdin| stdin.write_all(input))
            });
            child.wait_with_output()
        });
        let shown = args.iter().map(|arg| arg.as_ref().to_string_lossy()).collect::<Vec<_>>().join(" ");
        checked(output, &shown)
    }

    /// One line of a command's output; `None` if it fails or says nothing. For questions whose answer may be no.
    ///
    /// # Errors
    /// If `git` cannot be started.
    pub fn ask<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Option<String>, GitError> {
        let output = self.command(args).output().map_err(|error| not_started(&error))?;
        let line = String::from_utf8_lossy(&output.stdout).lines().next().unwrap_or_default().to_owned();
        Ok((output.status.success() && !line.is_empty()).then_some(line))
    }
}

/// A command that was started.
pub struct Running {
    child: Child,
    shown: String,
}

impl Running {
    /// Waits for its end and gives its output.
    ///
    /// # Errors
    /// If it failed; with what it said.
    pub fn finish(self) -> Result<Vec<u8>, GitError> {
        checked(self.child.wait_with_output(), &self.shown)
    }
}

fn checked(output: io::Result<Output>, shown: &str) -> Result<Vec<u8>, GitError> {
    let output = output.map_err(|error| GitError::Failed(format!("`git {shown}`: {error}")))?;
    if output.status.success() {
        return Ok(output.stdout);
    }
    Err(GitError::Failed(said(&output.stderr, shown)))
}

/// What `git` complained about, in one line.
pub(super) fn said(stderr: &[u8], shown: &str) -> String {
    let text = String::from_utf8_lossy(stderr);
    if text.contains("dubious ownership") {
        return "git does not trust this repository because somebody else owns it: \
                `git config --global --add safe.directory PATH` says that you do"
            .to_owned();
    }
    let line = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or("failed");
    let line = line.strip_prefix("fatal: ").or_else(|| line.strip_prefix("error: ")).unwrap_or(line);
    format!("`git {shown}`: {line}")
}

fn not_started(error: &io::Error) -> GitError {
    if error.kind() == io::ErrorKind::NotFound {
        GitError::NoGit
    } else {
        GitError::Failed(format!("`git` cannot be started: {error}"))
    }
}

/// `git cat-file --batch` or `--batch-check`, which stays until it is dropped.
pub(super) struct Batch {
    child: Child,
    input: Option<std::process::ChildStdin>,
    output: io::BufReader<std::process::ChildStdout>,
}

impl Batch {
    pub(super) fn start(runner: &Runner, mode: &str) -> Result<Self, GitError> {
        let mut command = runner.command(&["cat-file", mode]);
        command.stdin(Stdio::piped()).stderr(Stdio::null());
        let mut child = command.spawn().map_err(|error| not_started(&error))?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err(GitError::Failed("`git cat-file` has no pipes".to_owned()));
        };
        Ok(Self { child, input: Some(input), output: io::BufReader::new(output) })
    }

    /// The kind and size of an object; `None` if there is none.
    pub(super) fn ask(&mut self, name: &str) -> io::Result<Option<(String, u64)>> {
        use io::BufRead;
        let input = self.input.as_mut().ok_or(io::ErrorKind::BrokenPipe)?;
        writeln!(input, "{name}")?;
        input.flush()?;
        let mut line = String::new();
        if self.output.read_line(&mut line)? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let mut words = line.split_whitespace().skip(1);
        let (Some(kind), Some(size)) = (words.next(), words.next().and_then(|size| size.parse().ok())) else {
            return Ok(None);
        };
        Ok(Some((kind.to_owned(), size)))
    }

    /// The bytes of the object that was just asked for, in `--batch` mode.
    pub(super) fn content(&mut self, size: u64) -> io::Result<Vec<u8>> {
        use io::Read;
        // No more than what is there: the size is git's own word, but memory is ours.
        let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0).min(1 << 24));
        (&mut self.output).take(size).read_to_end(&mut bytes)?;
        if bytes.len() as u64 != size {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.output.read_exact(&mut [0])?;
        Ok(bytes)
    }
}

impl Drop for Batch {
    fn drop(&mut self) {
        // It ends when nobody asks any more.
        drop(self.input.take());
        let _ = self.child.wait();
    }
}
