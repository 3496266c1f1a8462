//! What GitHub knows a line by: `primaryLocationLineHash`.
//!
//! A hash of the hundred units of UTF-16 that follow the start of the line, blanks and tabs left out and every line end
//! one `\n`, and how often that hash came before. Source: the description of fingerprints in GitHub's documentation of
//! SARIF support, and the values that its own uploader gives.

use std::collections::HashMap;

/// How many units count.
const WINDOW: usize = 100;
const FACTOR: u64 = 37;
/// What stands for the end of the file; behind it come zeros.
const END: u16 = 0xFFFF;
/// Of longer files nobody asks.
const MOST: usize = 50_000_000;

/// The hashes of all lines of a file.
#[derive(Default)]
pub(super) struct LineHashes {
    lines: Vec<(u64, u32)>,
}

impl LineHashes {
    /// Hashes every line. A hundred steps a line.
    pub(super) fn new(text: &str) -> Self {
        if text.len() > MOST {
            return Self::default();
        }
        let mut units: Vec<u16> = Vec::with_capacity(text.len() + 1);
        let mut starts: Vec<usize> = vec![0];
        let mut after_return = false;
        for unit in text.encode_utf16() {
            let is_return = unit == u16::from(b'\r');
            let is_feed = unit == u16::from(b'\n');
            let is_blank = unit == u16::from(b' ') || unit == u16::from(b'\t');
            if is_blank || (is_feed && after_return) {
                after_return = false;
                continue;
            }
            after_return = is_return;
            units.push(if is_return { u16::from(b'\n') } else { unit });
            if is_return || is_feed {
                starts.push(units.len());
            }
        }
        units.push(END);
        let mut counts: HashMap<u64, u32> = HashMap::new();
        let lines = starts
            .into_iter()
            .map(|start| {
                let window = units.get(start..).unwrap_or_default().iter().copied().chain(std::iter::repeat(0));
                let hash =
                    window.take(WINDOW).fold(0_u64, |hash, unit| hash.wrapping_mul(FACTOR).wrapping_add(unit.into()));
                let count = counts.entry(hash).or_default();
                *count += 1;
                (hash, *count)
            })
            .collect();
        Self { lines }
    }

    /// The hash of a line, from 1 on.
    pub(super) fn of(&self, row: u32) -> Option<String> {
        let (hash, count) = self.lines.get(row.checked_sub(1)? as usize)?;
        Some(format!("{hash:x}:{count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hashes(text: &str) -> Vec<String> {
        let hashes = LineHashes::new(text);
        (1..).map_while(|row| hashes.of(row)).collect()
    }

    #[test]
    fn is_what_githubs_uploader_says() {
        assert_eq!(hashes(""), ["c129715d7a2bc9a3:1"]);
        assert_eq!(
            hashes(" a\nb\n  \t\tc\n d"),
            ["271789c17abda88f:1", "54703d4cd895b18:1", "180aee12dab6264:1", "a23a3dc5e078b07b:1"]
        );
    }

    #[test]
    fn line_ends_and_blanks_do_not_matter_but_how_often_does() {
        assert_eq!(hashes("x = 1\r\ny\r\n"), hashes("x=1\ny\n"));
        let long = "x\n".repeat(300);
        assert!(hashes(&long)[1].ends_with(":2"));
    }
}
