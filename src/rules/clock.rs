//! How long each rule takes, for `brickgate check --profile`.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Adds up the time of each rule of a book, on all threads.
#[derive(Debug, Default)]
pub struct Clock {
    /// By the rule's position.
    rules: Vec<Spent>,
}

#[derive(Debug, Default)]
struct Spent {
    nanoseconds: AtomicU64,
    runs: AtomicU64,
}

impl Clock {
    pub(super) fn new(rules: usize) -> Self {
        Self { rules: std::iter::repeat_with(Spent::default).take(rules).collect() }
    }

    /// Runs `work`, which is done for the rule at `position`.
    pub fn time<T>(&self, position: usize, work: impl FnOnce() -> T) -> T {
        let start = Instant::now();
        let result = work();
        if let Some(spent) = self.rules.get(position) {
            let elapsed = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
            spent.nanoseconds.fetch_add(elapsed, Ordering::Relaxed);
            spent.runs.fetch_add(1, Ordering::Relaxed);
        }
        result
    }

    /// How long the rule at `position` has taken, and for how many documents it was run.
    pub fn spent(&self, position: usize) -> (Duration, u64) {
        self.rules.get(position).map_or_else(Default::default, |spent| {
            let nanoseconds = spent.nanoseconds.load(Ordering::Relaxed);
            (Duration::from_nanos(nanoseconds), spent.runs.load(Ordering::Relaxed))
        })
    }
}
