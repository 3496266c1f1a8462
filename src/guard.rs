//! Failures that are caught: what fails on one file must not end the run, and a run must not take more than it may.

use std::any::Any;
use std::cell::Cell;
use std::ffi::OsString;
use std::fs;
use std::io::{self, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::process::{self, Stdio};
use std::sync::Once;
use std::time::{Duration, Instant};

thread_local! {
    /// Whether a panic on this thread will be caught, so that it need not be printed.
    static CAUGHT: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`. If it panics, nothing is printed.
///
/// # Errors
/// What the panic said, in one line.
pub fn caught<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    static HOOK: Once = Once::new();
    HOOK.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !CAUGHT.get() {
                before(info);
            }
        }));
    });
    let outer = CAUGHT.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    CAUGHT.set(outer);
    result.map_err(|cause| reason(&*cause))
}

/// What a process may use.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// From start to end.
    pub time: Duration,
    /// Memory that is really in use, in bytes. Known on Linux alone.
    pub memory: u64,
}

/// How a watched process ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// By itself, with this exit code.
    Exited(i32),
    /// By a signal, such as that of a failed allocation.
    Died,
    /// It took too long, and was killed.
    OutOfTime,
    /// It took too much memory, and was killed.
    OutOfMemory,
}

/// How often a watched process is looked at.
const LOOK: Duration = Duration::from_millis(10);

/// Runs a program within limits. What it writes goes where our own output goes.
///
/// # Errors
/// If it cannot be started.
pub fn watched(program: &Path, args: &[OsString], input: Vec<u8>, limits: Limits) -> io::Result<End> {
    let start = Instant::now();
    let mut child = process::Command::new(program).args(args).stdin(Stdio::piped()).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        // On a thread of its own: who does not read must not keep us from looking. If nobody reads, nothing is lost.
        std::thread::spawn(move || stdin.write_all(&input));
    }
    let end = loop {
        if let Some(status) = child.try_wait()? {
            return Ok(status.code().map_or(End::Died, End::Exited));
        }
        if start.elapsed() > limits.time {
            break End::OutOfTime;
        }
        if memory(child.id()).is_some_and(|used| used > limits.memory) {
            break End::OutOfMemory;
        }
        std::thread::sleep(LOOK);
    };
    // It may have ended in between.
    let _ = child.kill();
    child.wait()?;
    Ok(end)
}

/// The memory of a process in bytes, where the system tells.
fn memory(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    resident.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()?.checked_mul(1024)
}

/// The text of a panic, in one line.
fn reason(cause: &(dyn Any + Send)) -> String {
    let text = cause
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| cause.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no reason given");
    text.lines().next().unwrap_or_default().to_owned()
}

#[cfg(test)]
#[allow(clippy::panic, reason = "panics are what is tested")]
mod tests {
    use super::*;

    #[test]
    fn panics_become_text() {
        assert_eq!(caught(|| 1), Ok(1));
        assert_eq!(caught(|| -> u8 { panic!("a {}\nb", 1) }), Err("a 1".to_owned()));
        assert_eq!(caught(|| caught(|| -> u8 { panic!("inner") })), Ok(Err("inner".to_owned())));
        assert!(!CAUGHT.get());
    }
}
