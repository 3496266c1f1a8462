//! A folder that looks like a repository, and how to run the real `brickgate` in it. For tests that need no `git`.

use super::Ran;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder; it goes when this does.
pub struct Place {
    _kept: tempfile::TempDir,
    pub top: PathBuf,
    environment: BTreeMap<&'static str, &'static str>,
}

impl Place {
    pub fn new(files: &[(&str, &str)]) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(kept.path()).unwrap();
        let place = Self { _kept: kept, top, environment: BTreeMap::new() };
        place.write(".git/HEAD", "ref: refs/heads/main\n");
        for (path, text) in files {
            place.write(path, text);
        }
        place
    }

    pub fn at(&self, path: &str) -> PathBuf {
        self.top.join(path)
    }

    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) {
        let path = self.at(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        fs::read_to_string(self.at(path)).unwrap()
    }

    /// The same with a variable of the environment, of which there are no others but `HOME`.
    pub fn with(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.insert(name, value);
        self
    }

    pub fn command(&self, folder: &Path, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_brickgate"));
        command.args(arguments).current_dir(folder).env_clear().env("HOME", &self.top).envs(&self.environment);
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub fn run(&self, arguments: &[&str]) -> Ran {
        self.run_in(&self.top, arguments)
    }

    pub fn run_in(&self, folder: &Path, arguments: &[&str]) -> Ran {
        finish(self.command(folder, arguments), b"")
    }

    /// Runs with text on stdin.
    pub fn stdin(&self, arguments: &[&str], text: impl AsRef<[u8]>) -> Ran {
        finish(self.command(&self.top, arguments), text.as_ref())
    }
}

/// Feeds a command and waits for it, however much it writes meanwhile.
pub fn finish(mut command: Command, text: &[u8]) -> Ran {
    let mut child = command.stdin(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let text = text.to_vec();
    let writer = std::thread::spawn(move || drop(input.write_all(&text)));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    Ran::new(&output)
}
