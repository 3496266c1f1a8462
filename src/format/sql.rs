//! SQL where it stands: in cells of source notebooks and of `.ipynb`, and in files.

use super::SqlFormatter;
use crate::sql;

/// Formats SQL with what this build has.
#[derive(Clone, Copy, Debug)]
pub struct Sql;

impl SqlFormatter for Sql {
    fn format(&self, sql: &str) -> Option<String> {
        sql::format(sql).text
    }
}

/// The new text of a cell, given without prefixes and with `\n` alone; `None` if it stays as it is. A `%sql` at its
/// start stays; a statement beside it stays there if it is one line.
pub(super) fn cell(code: &str, sql: &dyn SqlFormatter) -> Option<String> {
    let before = code.len() - code.trim_start().len();
    let (blank, rest) = code.split_at_checked(before)?;
    if !rest.starts_with('%') {
        return sql.format(code);
    }
    let name = rest.find(|c: char| c.is_whitespace()).unwrap_or(rest.len());
    let (magic, rest) = rest.split_at_checked(name)?;
    let (beside, below) = rest.split_once('\n').unwrap_or((rest, ""));
    if beside.trim().is_empty() {
        return Some(format!("{blank}{magic}{beside}\n{}", sql.format(below)?));
    }
    let statement = rest.trim_start();
    let (between, _) = rest.split_at_checked(rest.len() - statement.len())?;
    let new = sql.format(statement)?;
    let between = if new.contains('\n') { "\n" } else { between };
    Some(format!("{blank}{magic}{between}{new}"))
}
