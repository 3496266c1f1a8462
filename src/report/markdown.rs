//! Tables for pull requests and step summaries, the worst first.

use super::place::Places;
use super::plain;
use super::view::Report;
use crate::finding::{Finding, Severity};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

/// What is kept free for the line that says how much is left out.
const REST: usize = 200;

/// Writes a summary and one row a finding, in at most `most` bytes.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>], most: usize) -> io::Result<()> {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = head(&mut text, reports);
    let mut left_out = 0_usize;
    for severity in [Severity::Error, Severity::Warning, Severity::Info] {
        let mut is_first = true;
        for report in reports {
            let mut places = Places::new(report.project);
            for finding in report.findings.iter().filter(|finding| finding.severity == severity) {
                if left_out > 0 {
                    left_out += 1;
                    continue;
                }
                let mut row = String::new();
                if is_first {
                    let _ = write!(row, "\n### {}\n\n| where | what | rule |\n|---|---|---|\n", title(severity));
                }
                row.push_str(&one(finding, report, &mut places));
                if text.len() + row.len() + REST > most {
                    left_out = 1;
                } else {
                    text.push_str(&row);
                    is_first = false;
                }
            }
        }
    }
    if left_out > 0 {
        let _ = writeln!(text, "\n{left_out} more are left out here: the log has them all.");
    }
    out.write_all(text.as_bytes())
}

const fn title(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "Errors",
        Severity::Warning => "Warnings",
        Severity::Info => "Hints",
    }
}

fn head(out: &mut String, reports: &[Report<'_>]) -> std::fmt::Result {
    let mut counts: BTreeMap<&str, [usize; 3]> = BTreeMap::new();
    let mut total = [0_usize; 3];
    for finding in reports.iter().flat_map(|report| report.findings) {
        let at = match finding.severity {
            Severity::Error => 0,
            Severity::Warning => 1,
            Severity::Info => 2,
        };
        if let (Some(all), Some(own)) = (total.get_mut(at), counts.entry(&finding.rule).or_default().get_mut(at)) {
            *all += 1;
            *own += 1;
        }
    }
    writeln!(out, "## brickgate\n")?;
    if counts.is_empty() {
        return writeln!(out, "Nothing found.");
    }
    let [errors, warnings, hints] = total;
    let said: Vec<String> = [(errors, "error"), (warnings, "warning"), (hints, "hint")]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("**{count}** {word}{}", if count == 1 { "" } else { "s" }))
        .collect();
    writeln!(out, "{}\n", said.join(", "))?;
    writeln!(out, "| rule | errors | warnings | hints |\n|---|---:|---:|---:|")?;
    for (rule, [errors, warnings, hints]) in counts {
        let shown = |count: usize| if count == 0 { String::new() } else { count.to_string() };
        writeln!(out, "| `{rule}` | {} | {} | {} |", shown(errors), shown(warnings), shown(hints))?;
    }
    Ok(())
}

fn one(finding: &Finding, report: &Report<'_>, places: &mut Places<'_>) -> String {
    let place = places.of(&finding.path, finding.span);
    let path = report.path(&finding.path);
    let cell = match (place.cell, place.cell_index) {
        (Some(cell), _) => format!(":cell {cell}:{}", place.start.row),
        (None, Some(cell)) => format!(":{} (cell {cell})", place.start.row),
        (None, None) => format!(":{}", place.start.row),
    };
    let fix = if finding.fix.is_some() { " *(fixable)*" } else { "" };
    let path = code(&format!("{path}{cell}"));
    format!("| {path} | {}{fix} | `{}` |\n", prose(&finding.message), finding.rule)
}

/// A path as code in a cell of a table.
fn code(text: &str) -> String {
    let text = plain::line(text).replace('|', "\\|");
    if text.contains('`') { format!("`` {text} ``") } else { format!("`{text}`") }
}

/// A message in a cell of a table: code stays code, and nothing else has a meaning.
fn prose(text: &str) -> String {
    let text = plain::line(text);
    let is_even = text.matches('`').count().is_multiple_of(2);
    let mut out = String::with_capacity(text.len() + 8);
    let mut in_code = false;
    for c in text.chars() {
        match c {
            '`' if is_even => {
                in_code = !in_code;
                out.push('`');
            }
            '|' => out.push_str("\\|"),
            '\\' | '`' | '*' | '_' | '[' | ']' | '<' | '>' | '#' | '~' if !in_code => {
                out.push('\\');
                out.push(c);
            }
            '@' if !in_code => out.push_str("&#64;"),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_in_a_message_has_a_meaning() {
        assert_eq!(prose("use `a_b|c` not <b> or *x* @you"), "use `a_b\\|c` not \\<b\\> or \\*x\\* &#64;you");
        assert_eq!(prose("one ` alone"), "one \\` alone");
        assert_eq!((code("a|b.py"), code("a`b")), ("`a\\|b.py`".to_owned(), "`` a`b ``".to_owned()));
    }
}
