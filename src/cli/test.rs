//! `brickgate test [PAGES]…`: runs the examples of a team's own rule pages.

use crate::page::PageProblem;
use crate::report::Style;
use crate::rules::book::{Book, Rule};
use crate::snapshot::root::Vantage;
use crate::snapshot::{RepoPath, Snapshot};
use crate::trial::{self, Trial};
use anstyle::{AnsiColor, Style as Paint};
use rayon::prelude::*;
use std::io::{self, Write};
use std::path::PathBuf;

/// Run the examples of your own rule pages
#[derive(Clone, Debug, clap::Args)]
pub struct Args {
    /// Pages, or folders of pages; without any, the folders that `pages` names in the settings
    #[arg(value_name = "PAGES")]
    pub pages: Vec<PathBuf>,
}

/// Runs the examples of the pages at `pages`: those that were asked for, or those of the settings. Returns the exit
/// code: 0 if all pages are right, 1 if an example turns out otherwise than its page says, 2 if there is no page or
/// one cannot be read. Paths are written as `vantage` sees them.
///
/// # Errors
/// If `out` or `err` cannot be written to.
pub fn run(
    snapshot: &dyn Snapshot,
    vantage: &Vantage,
    pages: &[RepoPath],
    style: &Style,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<u8> {
    let book = match Book::builtin().with_pages(snapshot, pages) {
        Ok(book) => book,
        Err(problems) => {
            faults(problems, vantage, out)?;
            return Ok(2);
        }
    };
    let own: Vec<&Rule> = book.rules().iter().filter(|rule| !rule.built_in).collect();
    if own.is_empty() {
        writeln!(err, "error: there are no rule pages; name some, or set `pages` in brickgate.toml")?;
        return Ok(2);
    }
    let seen = |page: &str| vantage.path(&RepoPath::new(page));
    let mut trials: Vec<Trial> = own.par_iter().map(|rule| trial::run(&book, rule)).collect();
    let paint = |paint: Paint, text: &str| {
        if style.color { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
    };
    for (rule, trial) in own.iter().zip(&mut trials) {
        let verdict = if trial.passed() {
            paint(AnsiColor::Green.on_default(), "ok")
        } else {
            paint(AnsiColor::Red.on_default(), "failed")
        };
        writeln!(out, "{}: {verdict} ({})", seen(&rule.page.path), count(trial.examples, "example"))?;
        faults(trial.problems.clone(), vantage, out)?;
        for failure in &mut trial.failures {
            failure.page = seen(&failure.page);
            writeln!(out, "{failure}")?;
        }
    }
    let failed = trials.iter().filter(|trial| !trial.passed()).count();
    let examples = trials.iter().map(|trial| trial.examples).sum();
    let verdict = if failed == 0 { "ok".to_owned() } else { format!("{} failed", count(failed, "page")) };
    writeln!(out, "{}, {}: {verdict}", count(own.len(), "page"), count(examples, "example"))?;
    let unread = trials.iter().any(|trial| !trial.problems.is_empty());
    Ok(if unread { 2 } else { u8::from(failed > 0) })
}

fn faults(problems: Vec<PageProblem>, vantage: &Vantage, out: &mut dyn Write) -> io::Result<()> {
    problems.into_iter().try_for_each(|mut problem| {
        problem.path = vantage.path(&RepoPath::new(&problem.path));
        writeln!(out, "{problem}")
    })
}

fn count(number: usize, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::memory::Memory;

    const PAGE: &str = "# A print\n\n```toml rule\nseverity = \"error\"\napplies-to = [\"module\"]\n\
                        needs = [\"print\"]\nmessage = \"say it with `log`, not `{name}`\"\n```\n\n\
                        ```scm query\n(call function: (identifier) @name (#eq? @name \"print\")) @here\n```\n\n\
                        Nobody reads it.\n\n```python a.py\nprint(1)\n```\n\n\
                        ```text findings\na.py:1:1: error: say it with `log`, not `print` [no-print]\n```\n\n\
                        Right:\n\n```python a.py\nlog(1)\n```\n";

    fn tried(page: &str) -> (u8, String) {
        let snapshot = Memory::of(&[("tools/brickgate/no-print.md", page), ("tools/brickgate/README.md", "# no page")]);
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let pages = [RepoPath::new("tools/brickgate")];
        let code = run(&snapshot, &Vantage::default(), &pages, &Style::default(), &mut out, &mut err).unwrap();
        (code, String::from_utf8([out, err].concat()).unwrap())
    }

    #[test]
    fn a_right_page_passes() {
        let passed = "tools/brickgate/no-print.md: ok (2 examples)\n1 page, 2 examples: ok\n";
        assert_eq!(tried(PAGE), (0, passed.to_owned()));
    }

    #[test]
    fn a_wrong_page_shows_the_difference() {
        let (code, shown) = tried(&PAGE.replace("a.py:1:1", "a.py:2:1").replace("log(1)", "print(2)"));
        let expected = "tools/brickgate/no-print.md: failed (2 examples)\n\
            tools/brickgate/no-print.md:16: other findings than the page says\n\
            \x20   - a.py:2:1: error: say it with `log`, not `print` [no-print]\n\
            \x20   + a.py:1:1: error: say it with `log`, not `print` [no-print]\n\
            tools/brickgate/no-print.md:26: something is found where the page says nothing\n\
            \x20   + a.py:1:1: error: say it with `log`, not `print` [no-print]\n\
            1 page, 2 examples: 1 page failed\n";
        assert_eq!((code, shown.as_str()), (1, expected));
    }

    #[test]
    fn a_page_that_cannot_be_read_is_said() {
        let (code, shown) = tried(&PAGE.replace("(call function", "(cal function"));
        assert_eq!(code, 2);
        assert!(shown.contains("no-print.md:11:") && shown.contains("the query does not compile"), "{shown}");
        let (code, shown) = tried(&PAGE.replace("severity", "sevrity"));
        assert_eq!(code, 2);
        assert!(shown.contains("did you mean `severity`?"), "{shown}");
        let snapshot = Memory::of(&[("a.py", "")]);
        let mut said = Vec::new();
        let code = run(&snapshot, &Vantage::default(), &[], &Style::default(), &mut Vec::new(), &mut said).unwrap();
        assert_eq!((code, said.is_empty()), (2, false));
    }
}
