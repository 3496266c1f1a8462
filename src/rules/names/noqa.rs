//! `# noqa`, where it says that a finding is wanted which another linter knows by a code.
//!
//! The rules that say the same as a code of pyflakes honour the comment, so that a team need not say it twice.

use crate::project::document::Document;
use crate::text::Span;
use std::cell::{OnceCell, RefCell};
use std::collections::HashMap;

/// The comments of one document.
pub(super) struct Noqa<'d> {
    document: &'d Document,
    /// Whether the text has such comments at all.
    any: bool,
    /// What was found on the lines that were asked for.
    lines: RefCell<HashMap<u32, Option<Vec<&'d str>>>>,
    /// What the whole file is free of: the codes of `# ruff: noqa: F401`; an empty list stands for all.
    file: OnceCell<Vec<Vec<&'d str>>>,
}

impl<'d> Noqa<'d> {
    pub(super) fn new(document: &'d Document) -> Self {
        let bytes = document.text().as_bytes();
        let mut at = memchr::memchr2_iter(b'q', b'Q', bytes);
        let any = at.any(|at| {
            let word = at.checked_sub(2).and_then(|start| bytes.get(start..at + 2));
            word.is_some_and(|word| word.eq_ignore_ascii_case(b"noqa"))
        });
        Self { document, any, lines: RefCell::default(), file: OnceCell::new() }
    }

    /// Whether a comment on the line of `offset`, or one for the whole file, takes `code` away.
    pub(super) fn takes(&self, code: &str, offset: u32) -> bool {
        if !self.any {
            return false;
        }
        let (text, lines) = (self.document.text(), self.document.lines());
        let listed =
            |codes: &Vec<&str>| codes.is_empty() || codes.iter().any(|listed| listed.eq_ignore_ascii_case(code));
        let line = lines.line_of(offset);
        let mut known = self.lines.borrow_mut();
        let codes = known.entry(line).or_insert_with(|| comment(lines.line_content(line, text).of(text), false));
        codes.as_ref().is_some_and(listed) || self.file.get_or_init(|| whole_file(text)).iter().any(listed)
    }

    /// The same for a finding inside a statement, whose first line counts as well.
    pub(super) fn takes_in(&self, code: &str, offset: u32, statement: Span) -> bool {
        self.takes(code, offset) || self.takes(code, statement.start)
    }
}

/// What comments for the whole file take away.
fn whole_file(text: &str) -> Vec<Vec<&str>> {
    text.lines().filter(|line| line.trim_start().starts_with('#')).filter_map(|line| comment(line, true)).collect()
}

/// The codes of the `# noqa` on a line: `# noqa: F401, E501`. Without codes it stands for all. With `file`, only
/// `# ruff: noqa` and `# flake8: noqa` count, else only others.
fn comment(line: &str, file: bool) -> Option<Vec<&str>> {
    let mut rest = line;
    while let Some(at) = rest.find('#') {
        rest = rest.get(at + 1..)?.trim_start();
        let of_tool = ["ruff:", "flake8:"].iter().find_map(|tool| rest.strip_prefix(tool));
        let said = if file { of_tool.map(str::trim_start) } else { Some(rest) };
        if let Some(after) = said.and_then(without_word) {
            return codes(after);
        }
    }
    None
}

fn without_word(text: &str) -> Option<&str> {
    let (word, after) = text.split_at_checked(4)?;
    (word.eq_ignore_ascii_case("noqa") && !after.starts_with(|c: char| c.is_alphanumeric() || c == '_'))
        .then_some(after)
}

/// The codes behind the word; `None` if there should be some and are not.
fn codes(after: &str) -> Option<Vec<&str>> {
    let Some(list) = after.trim_start().strip_prefix(':') else { return Some(Vec::new()) };
    let words = list.split([',', ' ', '\t']).map(str::trim).filter(|word| !word.is_empty());
    let codes: Vec<&str> = words.take_while(|word| is_code(word)).collect();
    (!codes.is_empty()).then_some(codes)
}

/// `F401`: letters, then digits.
fn is_code(word: &str) -> bool {
    let digits = word.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    digits.len() < word.len() && !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::comment;

    #[test]
    fn comments_are_read_as_other_tools_read_them() {
        let line = |text| comment(text, false);
        assert_eq!(line("import a  # noqa"), Some(vec![]));
        assert_eq!(line("import a  #NOQA because"), Some(vec![]));
        assert_eq!(line("import a  # noqa: F401"), Some(vec!["F401"]));
        assert_eq!(line("import a  # type: ignore # noqa:F401,E402 why"), Some(vec!["F401", "E402"]));
        for none in ["import noqa", "import a  # noqaed", "import a  # noqa: because", "import a  # ruff: noqa"] {
            assert_eq!(line(none), None, "{none}");
        }
        assert_eq!(comment("# ruff: noqa: F401", true), Some(vec!["F401"]));
        assert_eq!(comment("# flake8: noqa", true), Some(vec![]));
        assert_eq!(comment("# noqa: F401", true), None);
    }
}
