//! `brickgate check --watch`: the check again whenever a file changes, and the screen only when the answer does.

use super::check::{self, Run};
use super::output::Place;
use super::repository::Repository;
use super::terminal::{Exit, Talk, Terminal, to_stdout};
use crate::report::Style;
use crate::report::summary::Summary;
use crate::snapshot::RepoPath;
use crate::snapshot::git::Git;
use crate::snapshot::root::{Roots, absolute};
use crate::snapshot::walk::Named;
use std::collections::BTreeSet;
use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};
use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

/// How often we look at least.
const BEAT: Duration = Duration::from_millis(300);
/// Looking takes no more than this part of the time.
const REST: u32 = 10;
/// Clears the screen, and what was scrolled out of it.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J\x1b[3J";

/// What git changes when something is staged, committed or fetched, in the folder of the worktree.
const GIT_FILES: [&str; 5] = ["index", "HEAD", "logs/HEAD", "FETCH_HEAD", "packed-refs"];

/// What a check says, kept until it is known whether it is new.
struct Screen {
    text: Vec<u8>,
}

impl Place for Screen {
    fn write(&mut self, write: &mut dyn FnMut(&mut dyn Write) -> io::Result<()>) -> Result<(), String> {
        write(&mut self.text).map_err(|error| error.to_string())
    }

    fn style(&self, terminal: Terminal) -> Style {
        terminal.stdout_style()
    }
}

/// Checks until somebody stops it, or standard output is gone.
pub(super) fn watch(args: &check::Args, terminal: Terminal) -> Exit {
    let quiet = Terminal { talk: Talk::Quiet, ..terminal };
    let clears = io::stdout().is_terminal();
    let mut shown: Option<Vec<u8>> = None;
    loop {
        let before = picture(args);
        let mut screen = Screen { text: Vec::new() };
        let mut run = Run::new(args, quiet);
        match run.once(&mut screen) {
            Ok(_) => {}
            Err(message) => {
                terminal.error(message);
                return Exit::Trouble;
            }
        }
        // How long it took is no news.
        let summary = run.summary().map_or_else(|| "nothing was checked".to_owned(), Summary::counts);
        screen.text.extend(format!("{summary}; waiting for changes\n").into_bytes());
        if shown.as_ref() != Some(&screen.text) {
            let written = to_stdout(|out| {
                // What was said on stderr about settings would be gone.
                if clears && !run.had_trouble() {
                    out.write_all(CLEAR)?;
                }
                out.write_all(&screen.text)
            });
            if let Err(message) = written {
                terminal.error(message);
                return Exit::Trouble;
            }
            shown = Some(screen.text);
        }
        let mut pause = BEAT;
        loop {
            std::thread::sleep(pause);
            let start = Instant::now();
            if picture(args) != before {
                break;
            }
            pause = BEAT.max(start.elapsed() * REST);
        }
    }
}

/// A number that is another one as soon as a file is: made of names, sizes and times of all files of the repositories.
fn picture(args: &check::Args) -> u64 {
    let mut hasher = DefaultHasher::new();
    let Ok(cwd) = std::env::current_dir().and_then(std::fs::canonicalize) else { return 0 };
    let roots = Roots::new(cwd);
    let mut all: BTreeSet<Arc<Path>> = BTreeSet::from([roots.of(roots.cwd())]);
    for path in &args.paths {
        if let Ok(full) = absolute(roots.cwd(), path) {
            all.insert(roots.of(if full.is_dir() { &full } else { full.parent().unwrap_or(&full) }));
        }
    }
    if args.git.is_given()
        && let Ok(git) = Git::open(&roots)
    {
        for name in GIT_FILES {
            stamp(&git.folder().join(name)).hash(&mut hasher);
        }
    }
    for root in all {
        let run = Run::new(args, Terminal::default());
        let Ok(overrides) = run.overrides(&roots) else { continue };
        let mut repository = Repository::new(&roots, Arc::clone(&root), overrides, None, None);
        if repository.read_pages().is_err() {
            true.hash(&mut hasher);
        }
        let configs = repository.configs();
        let whole = Named { folders: vec![RepoPath::root()], ..Named::default() };
        let found = repository.find(&configs, &whole, false);
        let paths: BTreeSet<&RepoPath> = found.files.iter().chain(found.items.iter().map(|item| &item.path)).collect();
        for path in paths {
            path.as_str().hash(&mut hasher);
            stamp(&root.join(path.as_str())).hash(&mut hasher);
        }
    }
    hasher.finish()
}

/// Size and time of a file; `None` if there is none.
fn stamp(path: &Path) -> Option<(u64, Option<SystemTime>)> {
    let metadata = std::fs::metadata(path).ok()?;
    Some((metadata.len(), metadata.modified().ok()))
}
