//! The file. One entry a line, each line whole in itself: git merges additions and removals by lines, and a line
//! that both sides added does no harm.

use super::{Baseline, Entry};
use crate::snapshot::RepoPath;
use serde::{Deserialize, Serialize};
use std::fmt;
use std::sync::Arc;

/// The version of the form.
const VERSION: u64 = 1;

/// Why a file cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// 1-based line, if there is one to point to.
    pub line: Option<usize>,
    /// One line, lower case, no full stop: what is wrong, and what to do.
    pub message: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// An entry as it is written. Fields in this order.
#[derive(Serialize)]
struct Line<'a> {
    path: &'a str,
    rule: &'a str,
    code: &'a str,
    occurrence: u32,
}

#[derive(Deserialize)]
struct Whole {
    version: u64,
    findings: Vec<Item>,
}

/// An entry as it is read; the last one has nothing in it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Item {
    path: Option<String>,
    rule: Option<String>,
    code: Option<String>,
    occurrence: Option<u32>,
}

/// Enough of a file to tell which version it has, whatever else is in it.
#[derive(Deserialize)]
struct Versioned {
    version: Option<serde_json::Value>,
}

impl Baseline {
    /// Reads a file.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn read(text: &[u8]) -> Result<Self, Fault> {
        let text = std::str::from_utf8(text).map_err(|_| Fault { line: None, message: "is not UTF-8".to_owned() })?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        if let Some(line) = conflict(text) {
            let message = "has a merge conflict in it: keep the lines of both sides and take the marks out".to_owned();
            return Err(Fault { line: Some(line), message });
        }
        let whole: Whole = serde_json::from_str(text).map_err(|error| fault(text, &error))?;
        if whole.version != VERSION {
            return Err(version(&whole.version.to_string()));
        }
        let mut entries = std::collections::BTreeSet::new();
        for (at, item) in whole.findings.into_iter().enumerate() {
            let Item { path, rule, code, occurrence } = item;
            match (path, rule, code, occurrence) {
                (None, None, None, None) => {}
                (Some(path), Some(rule), Some(code), Some(occurrence)) if is_plain(&path) && occurrence > 0 => {
                    let (path, rule) = (RepoPath::new(&path), Arc::from(rule));
                    entries.insert(Entry { path, rule, code: code.into(), occurrence });
                }
                _ => {
                    let message = format!(
                        "entry {} is not one: it needs `path` (from the root, with `/`), `rule`, `code` and \
                         `occurrence` (from 1 on)",
                        at + 1
                    );
                    return Err(Fault { line: None, message });
                }
            }
        }
        Ok(Self { entries })
    }
}

/// Whether a path is one inside a repository, as we write them; the root itself is the empty path.
fn is_plain(path: &str) -> bool {
    path.is_empty() || path.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

fn version(found: &str) -> Fault {
    let message = format!("has version {found}, and this brickgate knows version {VERSION} alone");
    Fault { line: None, message }
}

/// Says what is wrong with text that is not what we expect.
fn fault(text: &str, error: &serde_json::Error) -> Fault {
    let line = Some(error.line()).filter(|line| *line > 0);
    if !error.is_data() {
        let message = error.to_string();
        let message = message.split(" at line ").next().unwrap_or_default();
        return Fault { line, message: format!("is not valid JSON: {message}") };
    }
    let found = serde_json::from_str::<Versioned>(text).ok().map(|versioned| versioned.version);
    match found {
        Some(Some(found)) if found != VERSION => version(&found.to_string()),
        Some(Some(_)) => Fault {
            line,
            message: "is not a baseline: `findings` is a list of `path`, `rule`, `code` and `occurrence`".to_owned(),
        },
        _ => Fault { line: None, message: "is not a baseline: it has no `version`".to_owned() },
    }
}

/// The 1-based line of the first mark of a merge conflict. No line of ours starts so.
fn conflict(text: &str) -> Option<usize> {
    let is_mark = |line: &str| ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark));
    text.lines().position(is_mark).map(|at| at + 1)
}

/// The file as it is to be written.
impl fmt::Display for Baseline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{{\n  \"version\": {VERSION},\n  \"findings\": [")?;
        for Entry { path, rule, code, occurrence } in &self.entries {
            let line = Line { path: path.as_str(), rule, code, occurrence: *occurrence };
            let line = serde_json::to_string(&line).map_err(|_| fmt::Error)?;
            writeln!(f, "    {line},")?;
        }
        // So that every entry ends in a comma, and adding the last one changes no other line.
        writeln!(f, "    {{}}\n  ]\n}}")
    }
}
