//! Keeps a failure in one file from stopping the work on all others.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

thread_local! {
    /// Whether a panic on this thread is expected, and told by whoever waits for it.
    static QUIET: Cell<bool> = const { Cell::new(false) };
}

/// Does `work`. What it was working on must not be used any more if it fails.
///
/// # Errors
/// If it panics: the reason, one line. Nothing is printed.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Result<T, String> {
    quiet_panics();
    let before = QUIET.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    QUIET.set(before);
    result.map_err(|cause| reason(&*cause))
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

/// Keeps the panics that are waited for from being printed as well.
fn quiet_panics() {
    static SET: Once = Once::new();
    SET.call_once(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if !QUIET.get() {
                before(info);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_what_came_of_it() {
        assert_eq!(guarded(|| 1), Ok(1));
        assert_eq!(guarded(|| panic!("one\ntwo")), Err::<(), _>("one".to_owned()));
        assert_eq!(guarded(|| guarded(|| panic!("{}", 1)).is_err()), Ok(true));
        assert!(!QUIET.get());
    }
}
