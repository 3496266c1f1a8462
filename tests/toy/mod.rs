//! A small repository, and how to run the real `git` and `brickgate` in it.

#![allow(
    dead_code,
    unreachable_pub,
    clippy::unwrap_used,
    reason = "each test uses what it needs, and fails where it fails"
)]

mod place;

pub use place::{Place, finish};
use std::env;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

/// Settings that name the folder of [`PAGE`].
pub const SETTINGS: &str = "pages = [\"own\"]\n[rules]\nundefined-name = \"off\"\n";

/// A rule that renames `old`, safely.
pub const PAGE: &str = "# Old names\n\n```toml rule\nseverity = \"error\"\n\
    applies-to = [\"module\", \"notebook\", \"script\"]\nsince = \"0.1.0\"\nmessage = \"`old` is out of date\"\n\
    [fix]\ntitle = \"Rename\"\ntemplate = \"new\"\nsafe = true\n```\n\n\
    ```scm query\n((identifier) @here (#eq? @here \"old\"))\n```\n\nWhy.\n";

/// A repository.
pub struct Toy {
    kept: tempfile::TempDir,
    /// Where commands run.
    pub top: PathBuf,
    pub environment: Vec<(&'static str, String)>,
}

/// What a run came to.
#[derive(Debug)]
pub struct Ran {
    pub code: Option<i32>,
    pub out: String,
    pub err: String,
}

impl Ran {
    fn new(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    #[track_caller]
    pub fn expect(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn fails(self) -> Self {
        assert!(self.code.is_none_or(|code| code != 0), "stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn says(self, part: &str) -> Self {
        assert!(self.out.contains(part), "`{part}` is not on stdout:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }

    #[track_caller]
    pub fn warns(self, part: &str) -> Self {
        assert!(self.err.contains(part), "`{part}` is not on stderr:\n{}\nstdout:\n{}", self.err, self.out);
        self
    }

    #[track_caller]
    pub fn silent_on(self, part: &str) -> Self {
        let is_said = self.out.contains(part) || self.err.contains(part);
        assert!(!is_said, "`{part}` is said:\n{}\nstderr:\n{}", self.out, self.err);
        self
    }
}

impl Toy {
    /// A repository of these files, committed; without any, one without a commit.
    pub fn new(files: &[(&str, &str)]) -> Self {
        Self::with(&["-b", "main"], files)
    }

    pub fn with(init: &[&str], files: &[(&str, &str)]) -> Self {
        let kept = tempfile::tempdir().unwrap();
        let top = fs::canonicalize(kept.path()).unwrap().join("r");
        fs::create_dir(&top).unwrap();
        let toy = Self { kept, top, environment: Vec::new() };
        toy.git(&[&["init", "-q"], init].concat());
        for (path, text) in files {
            toy.write(path, text);
        }
        if !files.is_empty() {
            toy.git(&["add", "."]);
            toy.git(&["commit", "-qm", "first"]);
        }
        toy
    }

    /// The folder around the repository.
    pub fn around(&self) -> PathBuf {
        self.top.parent().unwrap().to_owned()
    }

    pub fn write(&self, path: &str, text: impl AsRef<[u8]>) {
        let path = self.top.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub fn read(&self, path: &str) -> String {
        String::from_utf8(fs::read(self.top.join(path)).unwrap()).unwrap()
    }

    pub fn stage(&self, path: &str, text: impl AsRef<[u8]>) {
        self.write(path, text);
        self.git(&["add", path]);
    }

    pub fn commit(&self, path: &str, text: impl AsRef<[u8]>) {
        self.stage(path, text);
        self.git(&["commit", "-qm", path]);
    }

    /// What is staged at a path, every byte.
    #[track_caller]
    pub fn staged(&self, path: &str) -> String {
        self.git(&["show", &format!(":{path}")])
    }

    #[track_caller]
    pub fn git(&self, args: &[&str]) -> String {
        self.git_in(&self.top, args).expect(0).out
    }

    pub fn try_git(&self, args: &[&str]) -> Ran {
        self.git_in(&self.top, args)
    }

    pub fn git_in(&self, folder: &Path, args: &[&str]) -> Ran {
        let mut command = Command::new("git");
        command.args(["-c", "protocol.file.allow=always", "-c", "core.editor=true"]).args(args);
        self.run(folder, &mut command, "")
    }

    pub fn brickgate(&self, args: &[&str]) -> Ran {
        self.brickgate_in(&self.top, args, "")
    }

    pub fn brickgate_in(&self, folder: &Path, args: &[&str], input: &str) -> Ran {
        self.run(folder, Command::new(env!("CARGO_BIN_EXE_brickgate")).args(args), input)
    }

    pub fn run(&self, folder: &Path, command: &mut Command, input: &str) -> Ran {
        let built = Path::new(env!("CARGO_BIN_EXE_brickgate")).parent().unwrap().to_owned();
        let path = env::split_paths(&env::var_os("PATH").unwrap()).collect::<Vec<_>>();
        let path = env::join_paths(std::iter::once(built).chain(path)).unwrap();
        command.current_dir(folder).env_clear().env("PATH", path).env("HOME", self.kept.path());
        for name in ["GIT_AUTHOR_NAME", "GIT_COMMITTER_NAME", "GIT_AUTHOR_EMAIL", "GIT_COMMITTER_EMAIL"] {
            command.env(name, "ana@example.com");
        }
        command.env("GIT_CONFIG_NOSYSTEM", "1").envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A command that does not read its input is none the worse for it.
        let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
        Ran::new(&child.wait_with_output().unwrap())
    }
}
