//! The last line of a run.

use super::view::Report;
use crate::finding::{Safety, Severity};
use std::time::Duration;

/// What a run found, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Findings of severity error.
    pub errors: usize,
    /// Findings of severity warning.
    pub warnings: usize,
    /// Hints.
    pub infos: usize,
    /// Files that have findings.
    pub files: usize,
    /// Findings that `--fix` mends.
    pub fixable: usize,
    /// Findings that only `--fix --unsafe-fixes` mends.
    pub unsafe_fixable: usize,
    /// Findings that the baseline lets pass; not among the others.
    pub baselined: usize,
    /// Entries of the baseline whose findings are gone.
    pub gone: usize,
}

impl Summary {
    /// Counts the findings of all reports.
    pub fn of(reports: &[Report<'_>]) -> Self {
        let mut summary = Self::default();
        for report in reports {
            let mut last = None;
            for finding in report.findings {
                match finding.severity {
                    Severity::Error => summary.errors += 1,
                    Severity::Warning => summary.warnings += 1,
                    Severity::Info => summary.infos += 1,
                }
                match finding.fix.as_ref().map(|fix| fix.safety) {
                    Some(Safety::Safe) => summary.fixable += 1,
                    Some(Safety::Unsafe) => summary.unsafe_fixable += 1,
                    None => {}
                }
                // Findings are sorted by path.
                if last != Some(&finding.path) {
                    summary.files += 1;
                    last = Some(&finding.path);
                }
            }
        }
        summary
    }

    /// What was found, without how long it took: `12 errors, 3 warnings in 4 files`.
    pub fn counts(&self) -> String {
        let counts = [(self.errors, "error"), (self.warnings, "warning"), (self.infos, "hint")];
        let found: Vec<String> =
            counts.iter().filter(|(count, _)| *count > 0).map(|(count, word)| plural(*count, word)).collect();
        if found.is_empty() {
            "nothing found".to_owned()
        } else {
            format!("{} in {}", found.join(", "), plural(self.files, "file"))
        }
    }

    /// One line: `12 errors, 3 warnings in 4 files (5 fixable with --fix; 120 files checked in 45 ms)`.
    pub fn line(&self, checked: usize, elapsed: Duration) -> String {
        let found = self.counts();
        let fixes = match (self.fixable, self.unsafe_fixable) {
            (0, 0) => String::new(),
            (safe, 0) => format!("{safe} fixable with --fix; "),
            (0, more) => format!("{more} fixable with --fix --unsafe-fixes; "),
            (safe, more) => format!("{safe} fixable with --fix, {more} more with --fix --unsafe-fixes; "),
        };
        let baseline = match (self.baselined, self.gone) {
            (0, 0) => String::new(),
            (known, 0) => format!("{known} in the baseline; "),
            (known, gone) => format!("{known} in the baseline, {gone} gone from it; "),
        };
        format!("{found} ({fixes}{baseline}{} checked in {})", plural(checked, "file"), duration(elapsed))
    }
}

fn plural(count: usize, word: &str) -> String {
    if count == 1 { format!("1 {word}") } else { format!("{count} {word}s") }
}

fn duration(elapsed: Duration) -> String {
    match elapsed.as_millis() {
        millis @ 0..10_000 => format!("{millis} ms"),
        _ => format!("{:.1} s", elapsed.as_secs_f64()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_only_what_there_is() {
        let some = Summary { errors: 12, warnings: 1, infos: 0, files: 4, fixable: 5, ..Summary::default() };
        let line = some.line(120, Duration::from_millis(45));
        assert_eq!(line, "12 errors, 1 warning in 4 files (5 fixable with --fix; 120 files checked in 45 ms)");
        let both = Summary { infos: 2, files: 1, fixable: 1, unsafe_fixable: 1, ..Summary::default() };
        let line = both.line(1, Duration::from_millis(12_345));
        assert_eq!(
            line,
            "2 hints in 1 file (1 fixable with --fix, 1 more with --fix --unsafe-fixes; 1 file checked in 12.3 s)"
        );
        let held = Summary { baselined: 12, gone: 2, ..Summary::default() };
        let line = held.line(1, Duration::ZERO);
        assert_eq!(line, "nothing found (12 in the baseline, 2 gone from it; 1 file checked in 0 ms)");
        assert_eq!(Summary::default().line(3, Duration::ZERO), "nothing found (3 files checked in 0 ms)");
    }
}
