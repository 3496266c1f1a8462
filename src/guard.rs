//! Panics that are caught: what fails on one file must not end the run.

use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Once;

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
