//! Page: `rules/spark/date-pattern.md`.

use super::{calls, literal};
use crate::rules::context::Context;

/// Functions that take a pattern, with its position and its keyword.
const FUNCTIONS: &[(&str, usize, &str)] = &[
    ("date_format", 1, "format"),
    ("from_unixtime", 1, "format"),
    ("to_date", 1, "format"),
    ("to_timestamp", 1, "format"),
    ("unix_timestamp", 1, "format"),
    ("try_to_timestamp", 1, "format"),
    ("try_to_date", 1, "format"),
];

/// `F.date_format("day", "YYYY-MM-DD")`.
pub(super) fn check(context: &mut Context<'_>) {
    let facts = &context.document.python;
    let names: Vec<&str> = FUNCTIONS.iter().map(|row| row.0).collect();
    for call in calls(facts, &names) {
        let Some(name) = context.flow.sql_function(call) else { continue };
        let Some(&(_, position, keyword)) = FUNCTIONS.iter().find(|row| row.0 == name) else { continue };
        let Some(argument) = facts.argument(call, position, keyword) else { continue };
        let Some(pattern) = literal(facts, argument.node) else { continue };
        if let Some(wrong) = wrong(pattern) {
            context.report(argument.span, wrong);
        }
    }
}

/// What is wrong with a pattern. Source: Spark's "Datetime Patterns for Formatting and Parsing".
fn wrong(pattern: &str) -> Option<String> {
    let runs = runs(pattern);
    let has = |letter: char| runs.iter().any(|&(other, _)| other == letter);
    if has('Y') {
        return Some("`Y` is the year of the week, which Spark refuses since 3.0: write `yyyy`".to_owned());
    }
    if has('D') && (has('M') || has('m')) {
        return Some("`D` is the day of the year: write `dd` for the day of the month".to_owned());
    }
    // `yyyy-mm-dd`: minutes without hours, where a month is missing.
    if has('m') && !has('M') && !has('H') && !has('h') && !has('k') && !has('K') && (has('y') || has('d')) {
        return Some("`mm` are minutes: write `MM` for the month".to_owned());
    }
    // `HH:MM`: the month where minutes are missing.
    let after_hour = runs.windows(2).any(|pair| matches!(pair, [('H' | 'h', _), ('M', _)]));
    if after_hour && pattern.contains(":M") {
        return Some("`MM` is the month: write `mm` for minutes".to_owned());
    }
    if has('h') && !has('a') {
        return Some("`hh` counts hours from 1 to 12, and nothing says which half of the day: write `HH`".to_owned());
    }
    None
}

/// The letters of a pattern with how often each stands in a row; what stands in quotes is text.
fn runs(pattern: &str) -> Vec<(char, usize)> {
    let mut runs: Vec<(char, usize)> = Vec::new();
    let mut quoted = false;
    let mut last = None;
    for c in pattern.chars() {
        if c == '\'' {
            quoted = !quoted;
        } else if !quoted && c.is_ascii_alphabetic() {
            match runs.last_mut().filter(|_| last == Some(c)) {
                Some(run) => run.1 += 1,
                None => runs.push((c, 1)),
            }
        }
        last = Some(c);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::wrong;

    #[test]
    fn patterns_are_told_apart() {
        for right in [
            "yyyy-MM-dd",
            "yyyy-MM-dd HH:mm:ss",
            "hh:mm a",
            "MM",
            "mm:ss",
            "D",
            "yyyyD",
            "dd 'of' MMMM",
            "E",
            "'Year' yyyy",
        ] {
            assert_eq!(wrong(right), None, "{right}");
        }
        for bad in ["YYYY-MM-dd", "yyyy-MM-DD", "yyyy-mm-dd", "yyyy-MM-dd hh:mm:ss", "HH:MM", "dd/mm/yyyy"] {
            assert!(wrong(bad).is_some(), "{bad}");
        }
    }
}
