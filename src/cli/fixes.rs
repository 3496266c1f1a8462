//! What becomes of fixed text: a diff, or files on disk.

use crate::rules::secrets::redacted;
use similar::TextDiff;
use std::fmt::Write as _;
use std::time::Duration;

/// Two very different texts are not worth more time than this; the diff is then longer, but true.
const PATIENCE: Duration = Duration::from_secs(5);

/// The unified diff of a file, empty if nothing changed. Credentials are starred out: a diff ends up in logs.
pub(super) fn unified(path: &str, old: &str, new: &str, color: bool) -> String {
    let (old, new) = (redacted(old), redacted(new));
    let diff = TextDiff::configure().timeout(PATIENCE).diff_lines(&*old, &*new);
    // As git does, so that `patch` takes the whole name where it holds blanks.
    let name = if path.contains(char::is_whitespace) { format!("{path}\t") } else { path.to_owned() };
    let plain = diff.unified_diff().header(&name, &name).to_string();
    if !color {
        return plain;
    }
    let mut painted = String::with_capacity(plain.len() * 2);
    for line in plain.split_inclusive('\n') {
        let code = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => "1",
            [b'-', ..] => "31",
            [b'+', ..] => "32",
            [b'@', b'@', ..] => "36",
            _ => {
                painted.push_str(line);
                continue;
            }
        };
        let content = line.trim_end_matches(['\r', '\n']);
        let end = line.get(content.len()..).unwrap_or_default();
        let _ = write!(painted, "\x1b[{code}m{content}\x1b[0m{end}");
    }
    painted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_what_changes_and_keeps_line_ends() {
        let diff = unified("a.py", "one\r\ntwo\r\nthree", "one\r\n2\r\nthree", false);
        assert!(diff.starts_with("--- a.py\n+++ a.py\n@@ -1,3 +1,3 @@\n"), "{diff}");
        assert!(diff.contains("-two\r\n+2\r\n three\n\\ No newline at end of file"), "{diff}");
        assert!(unified("a b.py", "x\n", "y\n", false).starts_with("--- a b.py\t\n+++ a b.py\t\n"));
        assert!(unified("a.py", "same\n", "same\n", false).is_empty());
        let painted = unified("a.py", "two\r\n", "2\r\n", true);
        assert!(painted.contains("\x1b[32m+2\x1b[0m\r\n"), "{painted:?}");
    }
}
