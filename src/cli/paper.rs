//! A rule page in the terminal.

use crate::page::Page;
use crate::page::examples::{Role, role};
use crate::page::markdown::{Block, Blocks, Fence};
use crate::report::Style;
use anstyle::{AnsiColor, Style as Paint};
use std::fmt::Write as _;

/// Prose is no wider than this, in characters, however wide the terminal is.
const WIDEST: usize = 100;
/// Nor is it made narrower than this.
const NARROWEST: usize = 30;

/// The body of a page: everything but its heading, rule block and query, for people to read.
pub(super) fn body(page: &Page, style: &Style) -> String {
    let text = &*page.text;
    let mut sheet = Sheet::new(style);
    let mut heading_seen = false;
    for block in Blocks::new(text) {
        match block {
            Block::Heading { level: 1, .. } if !heading_seen => heading_seen = true,
            Block::Heading { text: span, .. } => sheet.heading(span.of(text)),
            Block::Text(span) => sheet.text(span.of(text)),
            Block::Fence(fence) => sheet.fence(fence, text),
        }
    }
    sheet.out
}

/// Lines as they are to be shown.
pub(super) struct Sheet {
    /// What is written so far.
    pub(super) out: String,
    color: bool,
    width: usize,
}

impl Sheet {
    /// An empty sheet. Where the width is not known, because the output is no terminal, it is the widest.
    pub(super) fn new(style: &Style) -> Self {
        let width = style.width.map_or(WIDEST, |width| width.clamp(NARROWEST, WIDEST));
        Self { out: String::new(), color: style.color, width }
    }

    /// `text` in a colour, if colours are wanted.
    pub(super) fn paint(&self, paint: Paint, text: &str) -> String {
        if self.color && !text.is_empty() { format!("{paint}{text}{paint:#}") } else { text.to_owned() }
    }

    fn gap(&mut self) {
        if !self.out.is_empty() {
            self.out.push('\n');
        }
    }

    /// A heading, with a blank line before it.
    pub(super) fn heading(&mut self, text: &str) {
        self.gap();
        let line = self.paint(Paint::new().bold(), &visible(&plain(text)));
        self.out.push_str(&line);
        self.out.push('\n');
    }

    /// Facts in a row, dimmed, broken between them where the terminal is too narrow.
    pub(super) fn facts(&mut self, facts: &[String], separator: &str) {
        let mut lines: Vec<String> = Vec::new();
        for fact in facts {
            match lines.last_mut() {
                Some(line) if line.chars().count() + separator.len() + fact.chars().count() <= self.width => {
                    line.push_str(separator);
                    line.push_str(fact);
                }
                _ => lines.push(fact.clone()),
            }
        }
        for line in lines {
            let line = self.paint(Paint::new().dimmed(), &visible(&line));
            let _ = writeln!(self.out, "{line}");
        }
    }

    /// A paragraph, list or table, with a blank line before it.
    fn text(&mut self, text: &str) {
        self.gap();
        if text.starts_with("    ") || text.starts_with('|') {
            for line in text.lines() {
                self.raw(line);
            }
            return;
        }
        for item in items(text) {
            self.prose(item.lead, &item.text);
        }
    }

    fn raw(&mut self, line: &str) {
        self.out.push_str(visible(line.trim_end()).as_str());
        self.out.push('\n');
    }

    /// Prose that starts with `lead` and hangs below its end.
    pub(super) fn prose(&mut self, lead: &str, text: &str) {
        let indent = lead.chars().count();
        self.out.push_str(lead);
        let mut column = indent;
        for (at, word) in words(text).into_iter().enumerate() {
            let length: usize = word.iter().map(|(_, piece)| piece.chars().count()).sum();
            if at > 0 {
                if column + 1 + length > self.width {
                    let _ = write!(self.out, "\n{:indent$}", "");
                    column = indent;
                } else {
                    self.out.push(' ');
                    column += 1;
                }
            }
            for (paint, piece) in word {
                let piece = self.paint(paint, &visible(&piece));
                self.out.push_str(&piece);
            }
            column += length;
        }
        self.out.push('\n');
    }

    fn fence(&mut self, fence: Fence, text: &str) {
        let caption = match role(fence, text) {
            Role::Head => return,
            Role::Settings => "brickgate.toml".to_owned(),
            Role::Findings => "finds".to_owned(),
            Role::File(file) if file.fixed => format!("{} after --fix", file.path),
            Role::File(file) => file.path,
            Role::Illustration => String::new(),
        };
        self.gap();
        if !caption.is_empty() {
            let line = self.paint(AnsiColor::Cyan.on_default(), &visible(&caption));
            let _ = writeln!(self.out, "  {line}");
        }
        for line in fence.content.of(text).lines() {
            if line.trim().is_empty() {
                self.out.push('\n');
            } else {
                self.raw(&format!("    {line}"));
            }
        }
    }
}

/// Without characters that would steer the terminal.
fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\t' { '\u{fffd}' } else { c }).collect()
}

/// A paragraph or one item of a list.
struct Item {
    lead: &'static str,
    text: String,
}

/// Splits a block of text into its paragraph and the items of its list.
fn items(text: &str) -> Vec<Item> {
    let mut items: Vec<Item> = Vec::new();
    for line in text.lines() {
        let deep = line.starts_with("  ");
        let line = line.trim();
        let rest = ["- ", "* ", "+ "].iter().find_map(|sign| line.strip_prefix(sign));
        match (rest, items.last_mut()) {
            (Some(rest), _) => items.push(Item { lead: if deep { "    - " } else { "  - " }, text: rest.to_owned() }),
            (None, _) if is_numbered(line) => items.push(Item { lead: "  ", text: line.to_owned() }),
            (None, Some(item)) => {
                item.text.push(' ');
                item.text.push_str(line);
            }
            (None, None) => items.push(Item { lead: "", text: line.to_owned() }),
        }
    }
    items
}

fn is_numbered(line: &str) -> bool {
    let digits = line.bytes().take_while(u8::is_ascii_digit).count();
    (1..=3).contains(&digits) && line.get(digits..).is_some_and(|rest| rest.starts_with(". "))
}

/// A word: pieces with nothing blank between them.
type Word = Vec<(Paint, String)>;

/// The words of prose with their looks. Code keeps its backticks, so that it reads the same without colours.
fn words(text: &str) -> Vec<Word> {
    let mut words: Vec<Word> = Vec::new();
    let mut glued = false;
    for (paint, run) in runs(text) {
        for (at, part) in run.split(char::is_whitespace).enumerate() {
            glued &= at == 0;
            if part.is_empty() {
                continue;
            }
            match words.last_mut() {
                Some(word) if glued => word.push((paint, part.to_owned())),
                _ => words.push(vec![(paint, part.to_owned())]),
            }
            glued = true;
        }
    }
    words
}

/// Text without its marks.
fn plain(text: &str) -> String {
    runs(text).into_iter().map(|(_, run)| run).collect()
}

/// Stretches of prose that look the same: code, strong, emphasis, links with their address.
fn runs(text: &str) -> Vec<(Paint, String)> {
    let (strong, emphasis) = (Paint::new().bold(), Paint::new().italic());
    let code = AnsiColor::Green.on_default();
    let mut runs = Vec::new();
    let mut quiet = String::new();
    let mut rest = text;
    let mut before = ' ';
    while let Some(sign) = rest.chars().next() {
        let opens = !before.is_alphanumeric();
        let found = match sign {
            '`' => code_span(rest).map(|(span, after)| (code, span.to_owned(), after)),
            '*' if rest.starts_with("**") => {
                enclosed(rest, "**").map(|(inner, after)| (strong, inner.replace('`', ""), after))
            }
            '*' | '_' if opens => enclosed(rest, if sign == '*' { "*" } else { "_" })
                .filter(|(_, after)| !after.starts_with(char::is_alphanumeric))
                .map(|(inner, after)| (emphasis, inner.replace('`', ""), after)),
            '[' => link(rest).map(|(shown, after)| (Paint::new(), shown, after)),
            _ => None,
        };
        if let Some((paint, run, after)) = found {
            if !quiet.is_empty() {
                runs.push((Paint::new(), std::mem::take(&mut quiet)));
            }
            runs.push((paint, run));
            rest = after;
            before = '.';
        } else {
            quiet.push(sign);
            before = sign;
            rest = rest.get(sign.len_utf8()..).unwrap_or("");
        }
    }
    if !quiet.is_empty() {
        runs.push((Paint::new(), quiet));
    }
    runs
}

/// A code span with its backticks, and what follows. Blanks just inside double backticks are the writer's need only.
fn code_span(text: &str) -> Option<(&str, &str)> {
    let ticks = text.len() - text.trim_start_matches('`').len();
    let (fence, inner) = text.split_at_checked(ticks)?;
    let end = inner.find(fence)?;
    text.split_at_checked(ticks + end + ticks)
}

fn enclosed<'a>(text: &'a str, sign: &str) -> Option<(&'a str, &'a str)> {
    let inner = text.strip_prefix(sign)?;
    let (inner, after) = inner.split_at_checked(inner.find(sign)?)?;
    let tight = !inner.is_empty() && inner.trim() == inner;
    tight.then_some((inner, after.strip_prefix(sign)?))
}

/// `[text](address)` as `text (address)`; only the text where it is the address, or where the address leads nowhere
/// from a terminal: into the page, or to a file beside it.
fn link(text: &str) -> Option<(String, &str)> {
    let (shown, rest) = text.strip_prefix('[')?.split_once(']')?;
    let (address, after) = rest.strip_prefix('(')?.split_once(')')?;
    let shown = shown.replace(['*'], "");
    let tells_more = address.contains("://") && shown != address;
    Some((if tells_more { format!("{shown} ({address})") } else { shown }, after))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str, color: bool, width: usize) -> String {
        let mut sheet = Sheet::new(&Style { color, width: Some(width), ..Style::default() });
        sheet.text(text);
        sheet.out
    }

    #[test]
    fn prose_is_wrapped_and_its_marks_go() {
        let text = "A **bold** word, `some code` and\n*more* of [it](https://x.y): 2 * 3 * 4, snake_case_name.";
        assert_eq!(
            shown(text, false, 36),
            "A bold word, `some code` and more of\nit (https://x.y): 2 * 3 * 4,\nsnake_case_name.\n"
        );
        assert_eq!(shown("é`x`.", true, 80), "é\u{1b}[32m`x`\u{1b}[0m.\n");
        assert_eq!(shown("``a ` b``", false, 80), "``a ` b``\n");
        assert_eq!(shown("a \u{1b}[31m b", false, 80), "a \u{fffd}[31m b\n");
    }

    #[test]
    fn links_to_files_are_their_text_alone() {
        assert_eq!(shown("[docs/x.md](../../docs/x.md), [b](#b)", false, 80), "docs/x.md, b\n");
    }

    #[test]
    fn facts_stay_whole() {
        let mut sheet = Sheet::new(&Style { width: Some(30), ..Style::default() });
        sheet.facts(&["group notebook".into(), "error".into(), "looks at: every file".into()], " | ");
        assert_eq!(sheet.out, "group notebook | error\nlooks at: every file\n");
    }

    #[test]
    fn lists_hang_and_open_marks_stay() {
        assert_eq!(
            shown("Two:\n- one that is rather long\n  goes on\n- *two\n1. `three", false, 30),
            "Two:\n  - one that is rather long\n    goes on\n  - *two\n  1. `three\n"
        );
    }
}
