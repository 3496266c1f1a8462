//! Real comments, as each language has them, told from what only looks like one inside a string.

use crate::notebook::magic::MagicKind;
use crate::notebook::regions::python_regions;
use crate::notebook::{Cell, Form, Language, Notebook};
use crate::project::document::Document;
use crate::python;
use crate::text::Span;
use crate::text::region::Region;

/// What every comment of ours holds.
pub(super) const SIGN: &[u8] = b"brickgate:";

/// A comment, from its marker to its end; without the line end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Comment {
    /// In bytes of the document's text.
    pub span: Span,
    /// What starts it: `#`, `--`, `//`, `<!--`.
    pub marker: &'static str,
    /// 0-based cell; `None` outside notebooks.
    pub cell: Option<usize>,
}

/// How comments and strings are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Syntax {
    Sql,
    Scala,
    R,
    Shell,
    Yaml,
    Markdown,
}

impl Syntax {
    const fn marker(self) -> &'static str {
        match self {
            Self::Sql => "--",
            Self::Scala => "//",
            Self::R | Self::Shell | Self::Yaml => "#",
            Self::Markdown => "<!--",
        }
    }
}

/// How a stretch of text is read.
#[derive(Clone, Copy)]
enum Reading {
    Python,
    Other(Syntax),
    /// Nothing in it is a comment.
    Nothing,
}

fn reading_of_cell(cell: &Cell) -> Reading {
    match cell.language {
        Language::Python => Reading::Python,
        Language::Sql => Reading::Other(Syntax::Sql),
        Language::Scala => Reading::Other(Syntax::Scala),
        Language::R => Reading::Other(Syntax::R),
        Language::Shell => Reading::Other(Syntax::Shell),
        Language::Markdown => Reading::Other(Syntax::Markdown),
        Language::Fs | Language::Text => Reading::Nothing,
    }
}

fn reading_of_file(document: &Document) -> Reading {
    match document.path.extension().to_ascii_lowercase().as_str() {
        "py" => Reading::Python,
        "sql" => Reading::Other(Syntax::Sql),
        "scala" => Reading::Other(Syntax::Scala),
        "r" => Reading::Other(Syntax::R),
        "yml" | "yaml" => Reading::Other(Syntax::Yaml),
        _ => Reading::Nothing,
    }
}

/// What a comment begins with on the line at `offset`; `None` where there are none.
pub(super) fn marker_at(document: &Document, offset: u32) -> Option<&'static str> {
    let reading = match &document.notebook {
        Some(notebook) => reading_of_cell(notebook.cells.get(notebook.cell_at(offset)?)?),
        None => reading_of_file(document),
    };
    match reading {
        Reading::Python => Some("#"),
        Reading::Other(syntax) => Some(syntax.marker()),
        Reading::Nothing => None,
    }
}

/// The comments of those cells (or of the file) that hold [`SIGN`], in order of place.
pub(super) fn comments(document: &Document) -> Vec<Comment> {
    let text = document.text();
    let Some(notebook) = &document.notebook else {
        let whole = Span::from_range(0..text.len());
        return match reading_of_file(document) {
            Reading::Python => {
                let found = python::comments(text, false);
                found.into_iter().map(|span| Comment { span, marker: "#", cell: None }).collect()
            }
            Reading::Other(syntax) => Scan::new(syntax, text).run(Lines::new(text, whole, None), None),
            Reading::Nothing => Vec::new(),
        };
    };
    let mut found = Vec::new();
    // Making the regions of a notebook copies code; only wanted if a cell of Python holds the sign.
    let mut regions: Option<Vec<Region<'_>>> = None;
    for (index, cell) in notebook.cells.iter().enumerate() {
        if memchr::memmem::find(cell.body.of(text).as_bytes(), SIGN).is_none() {
            continue;
        }
        match reading_of_cell(cell) {
            Reading::Python => {
                let regions = regions.get_or_insert_with(|| python_regions(notebook, text));
                if let Ok(at) = regions.binary_search_by_key(&index, |region| region.cell) {
                    found.extend(python_comments(&regions[at]));
                }
            }
            Reading::Other(syntax) => {
                found.extend(Scan::new(syntax, text).run(cell_lines(notebook, cell, text), Some(index)));
            }
            Reading::Nothing => {}
        }
    }
    found
}

fn python_comments(region: &Region<'_>) -> Vec<Comment> {
    let comment =
        |span: Span| Comment { span: region.map.span(span.start, span.end), marker: "#", cell: Some(region.cell) };
    python::comments(&region.code, region.ipython).into_iter().map(comment).collect()
}

/// Where the first code of the document stands: after header, comments, Markdown and the docstring. Its length if
/// there is none.
pub(super) fn first_code(document: &Document) -> u32 {
    let text = document.text();
    let end = Span::from_range(0..text.len()).end;
    let Some(notebook) = &document.notebook else {
        return match reading_of_file(document) {
            Reading::Python => python_start(document, text, &python::comments(text, false)).unwrap_or(end),
            Reading::Other(syntax) => {
                let mut scan = Scan::new(syntax, text);
                scan.run(Lines::new(text, Span::new(0, end), None), None);
                scan.first.unwrap_or(end)
            }
            Reading::Nothing => 0,
        };
    };
    let regions = python_regions(notebook, text);
    for (index, cell) in notebook.cells.iter().enumerate().filter(|(_, cell)| cell.form != Form::Empty) {
        let first = match reading_of_cell(cell) {
            _ if runs_at_once(cell) => Some(cell.body.start),
            Reading::Python => {
                let region =
                    regions.binary_search_by_key(&index, |region| region.cell).ok().and_then(|at| regions.get(at));
                region.and_then(|region| {
                    let comments = python::comments(&region.code, region.ipython);
                    let first = python_start(document, &region.code, &comments)?;
                    Some(region.map.offset(first))
                })
            }
            Reading::Other(Syntax::Markdown) | Reading::Nothing => None,
            Reading::Other(syntax) => {
                let mut scan = Scan::new(syntax, text);
                scan.run(cell_lines(notebook, cell, text), Some(index));
                scan.first
            }
        };
        if let Some(first) = first {
            return first;
        }
    }
    end
}

/// Whether the cell starts with a magic that does something by itself: `%run`, `%pip`, `%fs ls`.
fn runs_at_once(cell: &Cell) -> bool {
    cell.leads().is_some_and(|lead| match lead.kind {
        MagicKind::Language(language) => language == Language::Fs,
        MagicKind::Skip | MagicKind::Environment => false,
        _ => true,
    })
}

/// Where the code begins after blanks, comments and a docstring.
fn python_start(document: &Document, code: &str, comments: &[Span]) -> Option<u32> {
    let mut comments = comments.iter().peekable();
    let mut at = 0_u32;
    let mut docstring = false;
    loop {
        let rest = code.get(at as usize..)?;
        let blank = rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n', '\u{c}', '\u{feff}', ';']).len();
        at += u32::try_from(blank).unwrap_or(0);
        while comments.next_if(|comment| comment.start < at).is_some() {}
        if let Some(comment) = comments.next_if(|comment| comment.start == at) {
            at = comment.end;
            continue;
        }
        // Only a file that is no notebook has its docstring among the facts at the same offset.
        let string = document.python.strings.iter().find(|string| string.span.start == at);
        match string.filter(|_| !docstring && document.notebook.is_none()) {
            Some(string) => {
                docstring = true;
                at = string.span.end.max(at + 1);
            }
            None if (at as usize) < code.len() => return Some(at),
            None => return None,
        }
    }
}

/// The lines of a cell's body, without `# MAGIC` where the cell is written so.
fn cell_lines<'a>(notebook: &Notebook, cell: &Cell, text: &'a str) -> Lines<'a> {
    let prefix = (cell.form == Form::Prefixed).then(|| notebook.language.comment());
    let mut lines = Lines::new(text, cell.body, prefix);
    if let Some(lead) = cell.leads() {
        lines.code_from = if lead.argument.is_empty() { lead.span.end } else { lead.argument.start };
    }
    lines
}

/// What follows the `# MAGIC` prefix of a line, if it has one.
pub(super) fn without_prefix<'a>(line: &'a str, comment: &str) -> &'a str {
    let rest = line.strip_prefix(comment).map(|rest| rest.strip_prefix(' ').unwrap_or(rest));
    match rest.and_then(|rest| rest.strip_prefix("MAGIC")) {
        Some("") => "",
        Some(rest) if rest.starts_with([' ', '\t']) => rest.get(1..).unwrap_or(""),
        _ => line,
    }
}

/// Lines of a span, as spans without line ends and prefixes.
struct Lines<'a> {
    text: &'a str,
    at: u32,
    end: u32,
    prefix: Option<&'static str>,
    /// What stands before this is a magic, no code.
    code_from: u32,
}

impl<'a> Lines<'a> {
    fn new(text: &'a str, span: Span, prefix: Option<&'static str>) -> Self {
        Self { text, at: span.start, end: span.end, prefix, code_from: span.start }
    }
}

impl Iterator for Lines<'_> {
    type Item = Span;

    fn next(&mut self) -> Option<Span> {
        if self.at >= self.end {
            return None;
        }
        let rest = Span::new(self.at, self.end).of(self.text);
        if rest.is_empty() {
            return None;
        }
        let length = memchr::memchr(b'\n', rest.as_bytes());
        let line = rest.get(..length.unwrap_or(rest.len())).unwrap_or("");
        let content = line.strip_suffix('\r').unwrap_or(line);
        let kept = self.prefix.map_or(content, |prefix| without_prefix(content, prefix));
        let small = |n: usize| u32::try_from(n).unwrap_or(0);
        let end = self.at + small(content.len());
        let start = (end - small(kept.len())).max(self.code_from.min(end));
        self.at += small(length.map_or(rest.len(), |length| length + 1));
        Some(Span::new(start, end))
    }
}

/// What a line begins in the middle of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Code,
    /// `/* … */`, which nest in SQL and Scala.
    Block(u32),
    /// A string, with its quote and whether it has three.
    Text(u8, bool),
    /// Lines of a YAML block scalar: all that are indented deeper than this.
    Scalar(usize),
    /// A fenced block in Markdown, with the length of its fence.
    Fence(u8, usize),
}

/// Finds comments line by line.
struct Scan<'a> {
    syntax: Syntax,
    text: &'a str,
    state: State,
    /// The first byte that is neither blank nor comment.
    first: Option<u32>,
}

impl<'a> Scan<'a> {
    fn new(syntax: Syntax, text: &'a str) -> Self {
        Self { syntax, text, state: State::Code, first: None }
    }

    fn run(&mut self, lines: Lines<'_>, cell: Option<usize>) -> Vec<Comment> {
        let mut found = Vec::new();
        let marker = self.syntax.marker();
        for line in lines {
            let content = line.of(self.text);
            let comment = match self.syntax {
                Syntax::Markdown => self.markdown(content),
                Syntax::Yaml => self.yaml(content),
                _ => self.code(content),
            };
            let code = content.get(..comment.map_or(content.len(), |(start, _)| start)).unwrap_or("");
            if self.first.is_none() && !code.trim().is_empty() && !(self.syntax == Syntax::Yaml && code.trim() == "---")
            {
                let blanks = code.len() - code.trim_start().len();
                self.first = Some(line.start + u32::try_from(blanks).unwrap_or(0));
            }
            if let Some((start, end)) = comment {
                let small = |n: usize| u32::try_from(n).unwrap_or(0);
                let span = Span::new(line.start + small(start), line.start + small(end));
                found.push(Comment { span, marker, cell });
            }
        }
        found
    }

    /// A line of SQL, Scala, R or shell: the comment that ends it.
    fn code(&mut self, line: &str) -> Option<(usize, usize)> {
        let bytes = line.as_bytes();
        let marker = self.syntax.marker().as_bytes();
        let blocks = matches!(self.syntax, Syntax::Sql | Syntax::Scala);
        let mut at = 0;
        while let Some(&byte) = bytes.get(at) {
            let rest = &bytes[at..];
            match self.state {
                State::Block(depth) => {
                    if rest.starts_with(b"*/") {
                        self.state = if depth > 1 { State::Block(depth - 1) } else { State::Code };
                        at += 2;
                    } else if rest.starts_with(b"/*") {
                        self.state = State::Block(depth.saturating_add(1));
                        at += 2;
                    } else {
                        at += 1;
                    }
                }
                State::Text(quote, triple) => {
                    if byte == b'\\' && !triple && !(self.syntax == Syntax::Shell && quote == b'\'') && quote != b'`' {
                        at += 2;
                    } else if byte == quote && (!triple || rest.starts_with(b"\"\"\"")) {
                        at += if triple { 3 } else { 1 };
                        self.state = State::Code;
                    } else {
                        at += 1;
                    }
                }
                _ => {
                    let blank_before = at == 0 || bytes[at - 1].is_ascii_whitespace();
                    if rest.starts_with(marker) && (self.syntax != Syntax::Shell || blank_before) {
                        return Some((at, bytes.len()));
                    }
                    if blocks && rest.starts_with(b"/*") {
                        self.state = State::Block(1);
                        at += 2;
                    } else if self.syntax == Syntax::Scala && rest.starts_with(b"\"\"\"") {
                        self.state = State::Text(b'"', true);
                        at += 3;
                    } else if self.syntax == Syntax::Scala && byte == b'\'' {
                        // `'"'` is a character, `'name` a symbol.
                        at += match rest {
                            [_, b'\\', _, b'\'', ..] => 4,
                            [_, _, b'\'', ..] => 3,
                            _ => 1,
                        };
                    } else if self.syntax == Syntax::Shell && byte == b'\\' {
                        at += 2;
                    } else {
                        if matches!(byte, b'"' | b'\'' | b'`') {
                            self.state = State::Text(byte, false);
                        }
                        at += 1;
                    }
                }
            }
        }
        if self.syntax == Syntax::Scala && matches!(self.state, State::Text(_, false)) {
            self.state = State::Code;
        }
        None
    }

    /// A line of YAML.
    fn yaml(&mut self, line: &str) -> Option<(usize, usize)> {
        let indent = line.len() - line.trim_start_matches(' ').len();
        if let State::Scalar(parent) = self.state {
            if line.trim().is_empty() || indent > parent {
                return None;
            }
            self.state = State::Code;
        }
        let bytes = line.as_bytes();
        let mut at = 0;
        let mut comment = None;
        while let Some(&byte) = bytes.get(at) {
            let before = at.checked_sub(1).map(|before| bytes[before]);
            match self.state {
                State::Text(quote, _) => {
                    if byte == b'\\' && quote == b'"' {
                        at += 1;
                    } else if byte == quote {
                        self.state = State::Code;
                    }
                }
                _ if byte == b'#' && before.is_none_or(|before| before.is_ascii_whitespace()) => {
                    comment = Some((at, bytes.len()));
                    break;
                }
                // In the middle of a word (`it's`) a quote is a character like any other.
                _ if matches!(byte, b'"' | b'\'')
                    && before.is_none_or(|before| before.is_ascii_whitespace() || b"[{,".contains(&before)) =>
                {
                    self.state = State::Text(byte, false);
                }
                _ => {}
            }
            at += 1;
        }
        if self.state == State::Code {
            let code = line.get(..comment.map_or(line.len(), |(start, _)| start)).unwrap_or("").trim_end();
            let head = code.trim_end_matches(|c: char| c.is_ascii_digit() || c == '+' || c == '-');
            let opens = head.strip_suffix(['|', '>']).filter(|head| head.is_empty() || head.ends_with([' ', '\t']));
            if let Some(head) = opens {
                self.state = State::Scalar(parent_indent(head));
            }
        }
        comment
    }

    /// A line of Markdown: its first HTML comment, which must end on the line.
    fn markdown(&mut self, line: &str) -> Option<(usize, usize)> {
        let trimmed = line.trim_start();
        let sign = trimmed.bytes().next().filter(|byte| matches!(byte, b'`' | b'~'));
        let length = sign.map_or(0, |sign| trimmed.bytes().take_while(|&byte| byte == sign).count());
        if let State::Fence(open, least) = self.state {
            if sign == Some(open) && length >= least && trimmed.trim_end().len() == length {
                self.state = State::Code;
            }
            return None;
        }
        if let Some(sign) = sign.filter(|_| length >= 3) {
            self.state = State::Fence(sign, length);
            return None;
        }
        let start = line.find("<!--")?;
        let end = start + line.get(start..)?.find("-->")? + 3;
        // An odd number of backticks before it: the comment is shown as code.
        let ticks = line.get(..start)?.bytes().filter(|&byte| byte == b'`').count();
        (ticks % 2 == 0).then_some((start, end))
    }
}

/// How deep a block scalar's parent is indented, whose first line starts with `head`: the text of `key: |` is
/// indented deeper than the key, that of `- |` deeper than the dash.
fn parent_indent(head: &str) -> usize {
    let mut rest = head.trim_start_matches(' ');
    loop {
        let indent = head.len() - rest.len();
        match rest.strip_prefix('-').filter(|after| after.starts_with(' ')).map(|after| after.trim_start_matches(' ')) {
            Some(after) if !after.is_empty() => rest = after,
            _ => return indent,
        }
    }
}
