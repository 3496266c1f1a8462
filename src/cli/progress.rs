//! A bar on stderr for runs that take longer than a second.

use super::terminal::{Talk, Terminal, is_recorded};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::io::{self, IsTerminal};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, RecvTimeoutError};
use std::thread;
use std::time::Duration;

/// Nobody needs to be told about a run shorter than this.
const PATIENCE: Duration = Duration::from_secs(1);
const BEAT: Duration = Duration::from_millis(100);

/// Runs `work`, which calls what it is given once a file, and shows a bar on stderr if it takes long, and if
/// stderr is a terminal that somebody watches.
pub(super) fn watched<T>(terminal: Terminal, files: usize, work: impl FnOnce(&(dyn Fn() + Sync)) -> T) -> T {
    if terminal.talk == Talk::Quiet || is_recorded() || !io::stderr().is_terminal() {
        return work(&|| {});
    }
    let done = AtomicU64::new(0);
    let (stop, stopped) = mpsc::channel::<()>();
    thread::scope(|scope| {
        let count = &done;
        let watcher = thread::Builder::new().spawn_scoped(scope, move || show(count, files, &stopped));
        let result = work(&|| {
            done.fetch_add(1, Ordering::Relaxed);
        });
        drop(stop);
        if let Ok(watcher) = watcher {
            // A bar that failed is no reason to fail.
            let _ = watcher.join();
        }
        result
    })
}

fn show(done: &AtomicU64, files: usize, stopped: &mpsc::Receiver<()>) {
    if stopped.recv_timeout(PATIENCE) != Err(RecvTimeoutError::Timeout) {
        return;
    }
    let files = u64::try_from(files).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(files), ProgressDrawTarget::stderr());
    let bar = bar.with_elapsed(PATIENCE);
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} files {elapsed}") {
        bar.set_style(style.progress_chars("=> "));
    }
    while stopped.recv_timeout(BEAT) == Err(RecvTimeoutError::Timeout) {
        let read = done.load(Ordering::Relaxed);
        // Files that others depend on are read as well, and with fixes all are read again.
        bar.set_length(files.max(read));
        bar.set_position(read);
    }
    bar.finish_and_clear();
}
