//! Magics: `%run`, `%sql`, `%pip`, `!ls` and the rest, wherever they stand in a cell.

use super::scan::Line;
use super::{Language, names};
use crate::text::Span;
use crate::text::nearest::nearest;

/// One magic of a cell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Magic {
    /// What it is.
    pub kind: MagicKind,
    /// From its first character (`%`, `!`, or the word of an automagic line) to the end of its line,
    /// without the line end and without trailing blanks; with continuation lines.
    pub span: Span,
    /// The name as written, without `%`: `run`, `pip`, `md-sandbox`; for `!cmd` the empty span after `!`.
    pub name: Span,
    /// What follows the name on its line (and continuation lines), without surrounding blanks.
    pub argument: Span,
    /// Whether it is the first thing in its cell. If it is a whole-cell magic, it decides what the cell is.
    pub leads: bool,
    /// Whether it is written with two signs (`%%time`, `!!ls`).
    pub double: bool,
    /// Whether it stands behind `# MAGIC`.
    pub prefixed: bool,
    /// Whether the platform obeys it. A `%run` or a language magic that is not the first thing in its cell, a
    /// magic in a `# MAGIC` line of a mixed cell, and any magic in a cell of another language is dead text.
    pub live: bool,
}

/// What a magic does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MagicKind {
    /// `%run`.
    Run,
    /// `%sql`, `%python`, `%py`, `%scala`, `%r`, `%md`, `%md-sandbox`, `%sh`, `%fs`, `%%bash`, `%%sh`, ….
    Language(Language),
    /// `%pip`, `%conda`, `%uv pip`, also as automagic.
    Install,
    /// `%restart_python`.
    Restart,
    /// `%skip`: the cell does not run.
    Skip,
    /// `%environment`: old form of the serverless environment, metadata.
    Environment,
    /// `!cmd`, `%sx cmd`, `%system cmd`, `!!cmd`.
    Shell,
    /// A cell magic whose body is Python: `%%time`, `%%timeit`, `%%capture`, `%%prun`, ….
    PythonBody,
    /// A cell magic whose body is not Python: `%%writefile`, `%%html`, ….
    TextBody,
    /// Any other magic that IPython or Databricks is known to have, on one line.
    Line,
    /// A name nobody is known to have registered.
    Unknown,
}

impl Magic {
    /// Whether it takes the whole cell, so that it must be the first thing in it.
    pub const fn whole_cell(&self) -> bool {
        match self.kind {
            MagicKind::Run
            | MagicKind::Language(_)
            | MagicKind::Skip
            | MagicKind::Environment
            | MagicKind::PythonBody
            | MagicKind::TextBody => true,
            MagicKind::Shell | MagicKind::Unknown => self.double,
            MagicKind::Install | MagicKind::Restart | MagicKind::Line => false,
        }
    }

    /// The known name that an unknown one seems to mean.
    pub fn suggestion(&self, text: &str) -> Option<&'static str> {
        nearest(self.name.of(text), names::known(self.double))
    }
}

/// Reads the magic that starts at byte `at` of `line`, and its continuation lines out of `rest`.
/// `None` if there is none: no sign, or a sign without name or command.
pub(super) fn read(text: &str, line: Line, at: u32, rest: &mut dyn Iterator<Item = Line>) -> Option<Magic> {
    let here = Span::new(at, line.content.end).of(text);
    let bytes = here.as_bytes();
    let (double, after) = match bytes {
        [b'%', b'%', after @ ..] => (true, after),
        [b'%', after @ ..] => (false, after),
        [b'!', b'!', after @ ..] if !after.is_empty() => return Some(shell(text, line, at, 2, rest)),
        [b'!', next, ..] if !matches!(next, b'=') => return Some(shell(text, line, at, 1, rest)),
        _ => return None,
    };
    let length = name_len(after);
    if length == 0 {
        return None;
    }
    let name_start = at + u32::from(double) + 1;
    let name = Span::new(name_start, name_start + length);
    let mut kind = names::kind(name.of(text), double);
    let argument = Span::new(name.end, line.content.end).of(text).trim_start();
    if name.of(text) == "uv" && !argument.starts_with("pip") {
        kind = MagicKind::Line;
    }
    let end = continued(text, line, rest);
    Some(finish(text, kind, at, name, end, double))
}

/// Reads an automagic line, the first of its cell: `pip install x`; `ls -l /tmp` where it is the only one, as in
/// IPython.
pub(super) fn read_automagic(text: &str, line: Line, rest: &mut dyn Iterator<Item = Line>) -> Option<Magic> {
    let content = line.content.of(text);
    let (first, after) = content.trim_start().split_once([' ', '\t'])?;
    let after = after.trim_start();
    let word = |text: &str| text.split_ascii_whitespace().next().unwrap_or("").to_owned();
    let kind = match first {
        "pip" | "conda" => {
            let known = ["install", "uninstall", "list", "show", "freeze", "update", "remove"];
            known.contains(&word(after).as_str()).then_some(MagicKind::Install)
        }
        "uv" => (word(after) == "pip").then_some(MagicKind::Install),
        name => Some(names::kind(name, false)).filter(|kind| *kind == MagicKind::Line),
    }?;
    let at = line.content.start + blanks(content);
    let name = Span::new(at, at + u32::try_from(first.len()).unwrap_or(0));
    if kind == MagicKind::Line {
        // What follows makes it an expression: then it is one.
        let operator = after.is_empty() || after.starts_with(|c| "!=()<>,+*/%^&|.:;[]?#".contains(c));
        let keyword = ["is", "in", "and", "or", "not", "if", "for"].contains(&word(after).as_str());
        if operator
            || keyword
            || std::iter::from_fn(|| rest.next()).any(|line| !line.content.of(text).trim().is_empty())
        {
            return None;
        }
        return Some(finish(text, kind, at, name, line.content.end, false));
    }
    let end = continued(text, line, rest);
    Some(finish(text, kind, at, name, end, false))
}

/// `!cmd` or `!!cmd`.
fn shell(text: &str, line: Line, at: u32, signs: u32, rest: &mut dyn Iterator<Item = Line>) -> Magic {
    let end = continued(text, line, rest);
    finish(text, MagicKind::Shell, at, Span::at(at + signs), end, signs == 2)
}

fn finish(text: &str, kind: MagicKind, at: u32, name: Span, end: u32, double: bool) -> Magic {
    let whole = Span::new(at, end).of(text).trim_end();
    let end = (at + u32::try_from(whole.len()).unwrap_or(0)).max(name.end);
    let after = Span::new(name.end, end).of(text);
    let start = end - u32::try_from(after.trim_start().len()).unwrap_or(0);
    let argument = Span::new(start.min(end), end);
    Magic { kind, span: Span::new(at, end), name, argument, leads: false, double, prefixed: false, live: true }
}

/// The end of the last line that backslashes join to `line`.
fn continued(text: &str, line: Line, rest: &mut dyn Iterator<Item = Line>) -> u32 {
    let mut last = line;
    while last.content.of(text).ends_with('\\') {
        let Some(next) = rest.next() else { break };
        last = next;
    }
    last.content.end
}

/// The length of the magic's name at the start of `bytes`; 0 if there is none.
fn name_len(bytes: &[u8]) -> u32 {
    if !bytes.first().is_some_and(|byte| byte.is_ascii_alphabetic() || *byte == b'_') {
        return 0;
    }
    let mut length = bytes.iter().take_while(|byte| byte.is_ascii_alphanumeric() || **byte == b'_').count();
    if bytes.starts_with(b"md-sandbox") {
        length = "md-sandbox".len();
    }
    u32::try_from(length).unwrap_or(0)
}

/// How many bytes of blanks `line` starts with.
pub(super) fn blanks(line: &str) -> u32 {
    u32::try_from(line.len() - line.trim_start().len()).unwrap_or(0)
}
