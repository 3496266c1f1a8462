//! How often each rule fired.

use super::view::{Format, Report};
use serde::Serialize;
use std::collections::BTreeMap;
use std::io;

#[derive(Serialize)]
struct Row<'a> {
    code: &'a str,
    group: &'a str,
    count: usize,
    /// Whether any of them has a fix, safe or unsafe.
    fixable: bool,
    fixable_count: usize,
}

/// Writes one row a rule, the most frequent first: a table for people (`[*]` marks rules that have a
/// fix here), or JSON.
///
/// # Errors
/// If `out` cannot be written to.
pub fn write(out: &mut dyn io::Write, format: Format, reports: &[Report<'_>]) -> io::Result<()> {
    let mut counts: BTreeMap<&str, Row<'_>> = BTreeMap::new();
    for report in reports {
        for finding in report.findings {
            let new = || {
                let group = report.group(&finding.rule);
                Row { code: &finding.rule, group, count: 0, fixable: false, fixable_count: 0 }
            };
            let entry = counts.entry(&finding.rule).or_insert_with(new);
            entry.count += 1;
            entry.fixable_count += usize::from(finding.fix.is_some());
            entry.fixable = entry.fixable_count > 0;
        }
    }
    let mut rows: Vec<_> = counts.into_values().collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.count));
    match format {
        Format::Json => {
            serde_json::to_writer_pretty(&mut *out, &rows)?;
            out.write_all(b"\n")
        }
        Format::JsonLines => rows.iter().try_for_each(|row| {
            serde_json::to_writer(&mut *out, row)?;
            out.write_all(b"\n")
        }),
        _ => {
            let digits = rows.first().map_or(1, |row| row.count.to_string().len());
            let any = rows.iter().any(|row| row.fixable);
            rows.iter().try_for_each(|row| {
                let marker = match (any, row.fixable) {
                    (false, _) => "",
                    (true, true) => "[*] ",
                    (true, false) => "[ ] ",
                };
                writeln!(out, "{:>digits$}  {marker}{}", row.count, row.code)
            })?;
            if any { writeln!(out, "[*] has a fix") } else { Ok(()) }
        }
    }
}
