//! `brickgate check --profile`: where the time went.

use super::repository::Checked;
use crate::rules::book::Book;
use std::fmt::Write as _;
use std::time::Duration;

/// A table of what each rule took, the slowest first; rules that looked at nothing are left out.
pub(super) fn table(all: &[Checked]) -> String {
    let mut out = String::new();
    for checked in all {
        let outcome = &checked.outcome;
        // Writing to a string does not fail.
        let _ = writeln!(out, "{:>10.1?}  reading files and working out what they run and import", outcome.reading);
        let _ = writeln!(out, "{:>10.1?}  checking them", outcome.checking);
        out.push_str(&rules(checked.book()));
    }
    out
}

fn rules(book: &Book) -> String {
    let Some(clock) = book.clock() else { return String::new() };
    let mut rows: Vec<(Duration, u64, &str)> = book
        .rules()
        .iter()
        .enumerate()
        .map(|(at, rule)| {
            let (time, runs) = clock.spent(at);
            (time, runs, rule.name())
        })
        .filter(|(_, runs, _)| *runs > 0)
        .collect();
    rows.sort_by(|a, b| b.cmp(a));
    let total: Duration = rows.iter().map(|(time, ..)| *time).sum();
    let mut out = format!("\n{:>10}  {:>6}  {:>6}  rule (on all threads together)\n", "time", "share", "files");
    for (time, runs, name) in &rows {
        let share = 100.0 * time.as_secs_f64() / total.as_secs_f64().max(f64::MIN_POSITIVE);
        let _ =
            writeln!(out, "{:>10}  {share:>5.1}%  {runs:>6}  {name}", format!("{:.2} ms", time.as_secs_f64() * 1e3));
    }
    let _ = writeln!(out, "{:>10}  100.0%  {:>6}  all rules", format!("{:.2} ms", total.as_secs_f64() * 1e3), "");
    out
}
