//! Just enough Markdown for pages: headings, fenced blocks, and everything between them.

use crate::text::Span;

/// One block of a page. Spans point into the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Block {
    /// `# text`.
    Heading {
        /// 1 to 6.
        level: u8,
        /// The text without signs and blanks around it.
        text: Span,
    },
    /// A fenced block.
    Fence(Fence),
    /// Lines with no blank line, heading or fence between them: a paragraph, a list, a table, …; without the
    /// last line end.
    Text(Span),
}

/// A fenced block of a page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fence {
    /// What follows the opening fence on its line, without blanks around it.
    pub info: Span,
    /// The lines between the fences, with their line ends.
    pub content: Span,
    /// From the opening fence to the end of the closing one, without the line end.
    pub span: Span,
    /// How many blanks stand before the opening fence.
    pub indent: u32,
    /// Whether there is a closing fence; without one the block runs to the end of the page.
    pub closed: bool,
    /// 1-based line of the opening fence.
    pub line: u32,
}

/// The blocks of a page, in order.
#[derive(Clone, Debug)]
pub struct Blocks<'a> {
    text: &'a str,
    at: usize,
    /// 0-based number of the line at `at`.
    line: u32,
}

impl<'a> Blocks<'a> {
    /// Reads `text` block by block.
    pub fn new(text: &'a str) -> Self {
        // A byte order mark is no part of the first line.
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self { text, at, line: 0 }
    }

    /// The line at `self.at` without its line end, and where the next one starts; `None` at the end.
    fn peek(&self) -> Option<(&'a str, usize)> {
        let rest = self.text.get(self.at..)?;
        if rest.is_empty() {
            return None;
        }
        let end = memchr::memchr(b'\n', rest.as_bytes());
        let line = rest.get(..end.unwrap_or(rest.len())).unwrap_or(rest);
        let next = self.at + end.map_or(rest.len(), |end| end + 1);
        Some((line.strip_suffix('\r').unwrap_or(line), next))
    }

    fn step(&mut self, next: usize) {
        self.at = next;
        self.line += 1;
    }

    fn fence(&mut self, opening: Opening, first: &str, next: usize) -> Fence {
        let line = self.line + 1;
        let start = self.at;
        let info = first.get(opening.indent + opening.length..).unwrap_or("");
        let info_start = start + opening.indent + opening.length + (info.len() - info.trim_start().len());
        let info = Span::from_range(info_start..info_start + info.trim().len());
        self.step(next);
        let content_start = self.at;
        let (mut content_end, mut end, mut closed) = (self.at, start + first.len(), false);
        while let Some((line, next)) = self.peek() {
            let here = self.at;
            self.step(next);
            if opening.is_closed_by(line) {
                (content_end, end, closed) = (here, here + line.len(), true);
                break;
            }
            (content_end, end) = (next, here + line.len());
        }
        Fence {
            info,
            content: Span::from_range(content_start..content_end),
            span: Span::from_range(start + opening.indent..end),
            indent: u32::try_from(opening.indent).unwrap_or(0),
            closed,
            line,
        }
    }
}

impl Iterator for Blocks<'_> {
    type Item = Block;

    fn next(&mut self) -> Option<Block> {
        loop {
            let (line, next) = self.peek()?;
            if line.trim().is_empty() {
                self.step(next);
                continue;
            }
            if let Some(opening) = Opening::read(line) {
                return Some(Block::Fence(self.fence(opening, line, next)));
            }
            if let Some((level, text)) = heading(line) {
                let start = self.at + text.start;
                let text = Span::from_range(start..start + text.len());
                self.step(next);
                return Some(Block::Heading { level, text });
            }
            let start = self.at;
            let mut end = start;
            while let Some((line, next)) = self.peek() {
                if line.trim().is_empty() || Opening::read(line).is_some() || heading(line).is_some() {
                    break;
                }
                end = self.at + line.len();
                self.step(next);
            }
            return Some(Block::Text(Span::from_range(start..end)));
        }
    }
}

/// The line that opens a fenced block.
#[derive(Clone, Copy)]
struct Opening {
    indent: usize,
    sign: char,
    length: usize,
}

impl Opening {
    fn read(line: &str) -> Option<Self> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let rest = line.get(indent..)?;
        let sign = rest.chars().next().filter(|sign| matches!(sign, '`' | '~'))?;
        let length = rest.len() - rest.trim_start_matches(sign).len();
        let info = rest.get(length..)?;
        // As in CommonMark: four blanks make it code, and backticks in the info make it inline code.
        (indent <= 3 && length >= 3 && (sign == '~' || !info.contains('`'))).then_some(Self { indent, sign, length })
    }

    fn is_closed_by(self, line: &str) -> bool {
        let indent = line.len() - line.trim_start_matches(' ').len();
        let rest = line.trim_start_matches(' ').trim_end();
        indent <= 3 && rest.len() >= self.length && rest.chars().all(|c| c == self.sign)
    }
}

/// Level and text of a heading line; the range counts within the line.
fn heading(line: &str) -> Option<(u8, std::ops::Range<usize>)> {
    let text = line.trim_start_matches('#');
    let level = u8::try_from(line.len() - text.len()).ok().filter(|level| (1..=6).contains(level))?;
    if !text.is_empty() && !text.starts_with([' ', '\t']) {
        return None;
    }
    let trimmed = text.trim_start();
    let start = line.len() - trimmed.len();
    Some((level, start..start + trimmed.trim_end().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(text: &str) -> Vec<String> {
        Blocks::new(text)
            .map(|block| match block {
                Block::Heading { level, text: span } => format!("h{level} {}", span.of(text)),
                Block::Fence(fence) => format!(
                    "{}{} [{}] {:?}",
                    fence.line,
                    if fence.closed { "" } else { " open" },
                    fence.info.of(text),
                    fence.content.of(text)
                ),
                Block::Text(span) => format!("{:?}", span.of(text)),
            })
            .collect()
    }

    #[test]
    fn reads_blocks_whatever_the_line_ends() {
        let text = "\u{feff}# A\n\npara\nmore\n```x y\ncode ```\n\n```\n#no heading\n## B\n~~~~ z\n~~~\n~~~~~\n";
        let expected =
            ["h1 A", "\"para\\nmore\"", "5 [x y] \"code ```\\n\\n\"", "\"#no heading\"", "h2 B", "11 [z] \"~~~\\n\""];
        assert_eq!(shown(text), expected);
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(shown(&crlf).iter().map(|line| line.replace("\\r\\n", "\\n")).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn keeps_hold_at_the_edges() {
        assert_eq!(shown("```a\nb"), ["1 open [a] \"b\""]);
        assert_eq!(shown("```a"), ["1 open [a] \"\""]);
        assert_eq!(shown("```a\n```"), ["1 [a] \"\""]);
        assert_eq!(shown("    ```\nx"), ["\"    ```\\nx\""]);
        assert_eq!(shown("``` `x` ```"), ["\"``` `x` ```\""]);
        assert_eq!(shown(""), [""; 0]);
    }
}
