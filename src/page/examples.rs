//! The examples of a page.

use super::markdown::{Block, Blocks, Fence};
use super::{Example, ExampleFile, Faults, FixKind, Page, PageProblem};
use crate::snapshot::RepoPath;
use crate::snapshot::item::ItemKind;
use crate::text::Span;

/// Words that may stand after an example's file name.
const FLAGS: [&str; 7] = ["fixed", "crlf", "bom", "no-final-newline", "latin-1", "link", "submodule"];

impl Page {
    /// Reads the page's examples, in order.
    ///
    /// # Errors
    /// All that is wrong with them, in order of place.
    pub fn examples(&self) -> Result<Vec<Example>, Vec<PageProblem>> {
        let mut reader = Reader { text: &self.text, fix: self.head.fix, ..Reader::default() };
        for block in Blocks::new(&self.text) {
            match block {
                Block::Fence(fence) => reader.fence(fence),
                Block::Heading { .. } | Block::Text(_) => reader.end(),
            }
        }
        reader.end();
        let Reader { faults, done, .. } = reader;
        if faults.is_empty() { Ok(done) } else { Err(faults.into_problems(&self.path, &self.text)) }
    }
}

/// Whether a fenced block belongs to an example.
pub(super) fn is_example(fence: Fence, text: &str) -> bool {
    matches!(role(fence, text), Role::Settings | Role::Findings | Role::File(_))
}

/// What a fenced block of a page is.
#[derive(Debug, PartialEq, Eq)]
pub enum Role {
    /// A block that only illustrates: it ends an example, as text does.
    Illustration,
    /// The `toml rule` and `scm query` blocks.
    Head,
    /// Settings of the example that follows.
    Settings,
    /// What is found in the example.
    Findings,
    /// A file of the example, before or after `--fix`.
    File(FileInfo),
}

/// What stands after the language of a block that is a file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FileInfo {
    /// The path as written.
    pub path: String,
    /// Whether this is the text after `--fix`.
    pub fixed: bool,
    place: Span,
    crlf: bool,
    bom: bool,
    no_final_newline: bool,
    latin1: bool,
    kind: Option<ItemKind>,
}

/// What a fenced block of a page is, for showing the page: a block with faults only illustrates.
pub fn role(fence: Fence, text: &str) -> Role {
    Role::read(fence, text).unwrap_or(Role::Illustration)
}

/// A word of an info string that is not understood.
struct BadWord {
    span: Span,
    word: String,
    what: &'static str,
    known: &'static [&'static str],
}

impl Role {
    fn read(fence: Fence, text: &str) -> Result<Self, BadWord> {
        let words = words(fence.info, text);
        let mut words = words.into_iter();
        let (Some(language), Some(second)) = (words.next(), words.next()) else { return Ok(Self::Illustration) };
        let role = match (language.text, second.text) {
            _ if second.quoted || second.text.contains(['.', '/']) => {
                let mut file = FileInfo { path: second.text.to_owned(), place: second.span, ..FileInfo::default() };
                for word in words {
                    match word.text {
                        "fixed" => file.fixed = true,
                        "crlf" => file.crlf = true,
                        "bom" => file.bom = true,
                        "no-final-newline" => file.no_final_newline = true,
                        "latin-1" => file.latin1 = true,
                        "link" => file.kind = Some(ItemKind::Link),
                        "submodule" => file.kind = Some(ItemKind::Submodule),
                        _ => return Err(word.bad("word after a file name", &FLAGS)),
                    }
                }
                return Ok(Self::File(file));
            }
            ("toml", "rule") | ("scm", "query") => Self::Head,
            ("toml", "settings") => Self::Settings,
            ("text", "findings") => Self::Findings,
            ("toml", _) => return Err(second.bad("block of toml", &["rule", "settings"])),
            ("text", _) => return Err(second.bad("block of text", &["findings"])),
            ("scm", _) => return Err(second.bad("block of scm", &["query"])),
            _ => return Err(second.bad("file name (a name without `.` and `/` needs quotes)", &[])),
        };
        match words.next() {
            Some(word) => Err(word.bad("word", &[])),
            None => Ok(role),
        }
    }
}

struct Word<'a> {
    text: &'a str,
    span: Span,
    quoted: bool,
}

impl Word<'_> {
    fn bad(&self, what: &'static str, known: &'static [&'static str]) -> BadWord {
        BadWord { span: self.span, word: self.text.to_owned(), what, known }
    }
}

/// The words of an info string; a word in double quotes may hold blanks.
fn words(info: Span, text: &str) -> Vec<Word<'_>> {
    let source = info.of(text);
    let mut words = Vec::new();
    let mut at = 0;
    while let Some(rest) = source.get(at..) {
        at += rest.len() - rest.trim_start().len();
        let rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let quoted = rest.strip_prefix('"').and_then(|inner| inner.find('"').map(|end| (inner, end)));
        let (word, length) = if let Some((inner, end)) = quoted {
            (inner.get(..end).unwrap_or(""), end + 2)
        } else {
            let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
            (rest.get(..end).unwrap_or(""), end)
        };
        let start = info.start as usize + at;
        words.push(Word { text: word, span: Span::from_range(start..start + length), quoted: quoted.is_some() });
        at += length;
    }
    words
}

#[derive(Default)]
struct Reader<'a> {
    text: &'a str,
    fix: FixKind,
    faults: Faults,
    done: Vec<Example>,
    /// The example that is being read, with the place of its first block.
    open: Option<(Example, Span)>,
}

impl Reader<'_> {
    fn fence(&mut self, fence: Fence) {
        let role = match Role::read(fence, self.text) {
            Ok(Role::Illustration | Role::Head) => return self.end(),
            Ok(role) => role,
            Err(bad) => {
                if bad.known.is_empty() {
                    self.faults.add(bad.span, format!("`{}` is not a {}", bad.word, bad.what));
                } else {
                    self.faults.unknown(bad.span, bad.what, &bad.word, bad.known);
                }
                return;
            }
        };
        if fence.indent > 0 {
            self.faults.add(fence.info, "an example is indented; start it at the line's first column");
        }
        if !fence.closed {
            self.faults.add(fence.info, "the block is not closed");
        }
        let starts = match &role {
            Role::File(file) => !file.fixed,
            Role::Settings => true,
            Role::Findings | Role::Head | Role::Illustration => false,
        };
        if starts && self.open.as_ref().is_some_and(|(example, _)| example.is_answered()) {
            self.end();
        }
        let (example, _) = self.open.get_or_insert_with(|| (Example::starting(fence.line), fence.info));
        match role {
            Role::Illustration | Role::Head => {}
            Role::Settings => {
                if !example.files.is_empty() || example.settings.is_some() {
                    self.faults.add(fence.info, "`toml settings` stands once, before the files of its example");
                }
                example.settings = Some(unix(fence.content.of(self.text)));
            }
            Role::Findings => {
                if example.findings.is_some() {
                    self.faults.add(fence.info, "an example has one `text findings` block");
                } else if example.files.is_empty() {
                    self.faults.add(fence.info, "`text findings` follows no file");
                }
                example.findings = Some(unix(fence.content.of(self.text)));
                example.findings_span = Some(fence.span);
            }
            Role::File(info) => file(example, &info, fence, self.text, self.fix, &mut self.faults),
        }
    }

    /// Text, or the end of the page: whatever comes next is another example.
    fn end(&mut self) {
        let Some((example, first)) = self.open.take() else { return };
        if example.files.is_empty() && example.findings.is_none() && example.fixed.is_empty() {
            self.faults.add(first, "`toml settings` is followed by no file");
        }
        self.done.push(example);
    }
}

impl Example {
    /// Whether its files are behind: what comes next, if it is no answer too, is another example.
    fn is_answered(&self) -> bool {
        self.findings.is_some() || !self.fixed.is_empty()
    }

    fn starting(line: u32) -> Self {
        Self {
            files: Vec::new(),
            findings: None,
            findings_span: None,
            fixed: Vec::new(),
            settings: None,
            files_end: 0,
            line,
        }
    }
}

fn file(example: &mut Example, info: &FileInfo, fence: Fence, text: &str, fix: FixKind, faults: &mut Faults) {
    let Some(path) = repo_path(&info.path) else {
        let message = format!("`{}` is not a path inside a repository", info.path);
        faults.add_with_help(info.place, message, "write it from the root, with `/`, without `.` and `..`");
        return;
    };
    let mut content = unix(fence.content.of(text));
    if info.no_final_newline {
        content.truncate(content.strip_suffix('\n').unwrap_or(&content).len());
    }
    if info.crlf {
        content = content.replace('\n', "\r\n");
    }
    if info.bom {
        content.insert(0, '\u{feff}');
    }
    let list = if info.fixed { &mut example.fixed } else { &mut example.files };
    if list.iter().any(|file| file.path == path) {
        faults.add_with_help(
            info.place,
            format!("`{path}` stands twice in one example"),
            "put a line of text between two examples",
        );
    }
    let verbatim = !(info.crlf || info.bom || info.no_final_newline || info.latin1);
    let latin1 = info.latin1;
    let kind = info.kind.unwrap_or(ItemKind::File);
    list.push(ExampleFile { path, text: content, kind, latin1, verbatim, span: fence.content, line: fence.line });
    if info.fixed {
        let added = example.fixed.last().map(|file| &file.path);
        if !example.files.iter().any(|file| Some(&file.path) == added) {
            faults.add(info.place, format!("`{}` is fixed but is not a file of the example", info.path));
        }
        if fix == FixKind::None {
            faults.add(info.place, "the rule block says that there is no fix: write `fix = \"safe\"` or \"unsafe\"");
        }
        return;
    }
    example.files_end = fence.span.end;
}

/// Page line ends are no line ends of the files.
fn unix(text: &str) -> String {
    text.replace("\r\n", "\n")
}

fn repo_path(path: &str) -> Option<RepoPath> {
    let plain = |part: &str| !matches!(part, "" | "." | "..") && !part.contains(['\\', '\0']);
    path.split('/').all(plain).then(|| RepoPath::new(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str =
        "# x\n\n```toml rule\nseverity = \"info\"\napplies-to = [\"module\"]\nfix = \"safe\"\n```\n\nwhy\n\n";

    fn examples(text: &str) -> Result<Vec<Example>, Vec<String>> {
        let page = Page::read("x", "g", "p.md", format!("{HEAD}{text}")).unwrap();
        page.examples().map_err(|problems| problems.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn blocks_with_nothing_between_are_one_repository() {
        let text = "\
```toml settings
[rules]
```
```python a.py
a  \n```

````sql \"b c.sql\" crlf bom no-final-newline
x
```
y
````

```text findings
a.py:1:1: info: x [x]
```

```python a.py fixed
b
```

```r dir/\u{e9}.R latin-1
\u{e9}
```
";
        for text in [text.to_owned(), text.replace('\n', "\r\n")] {
            let examples = examples(&text).unwrap();
            assert_eq!(examples.len(), 2);
            let first = &examples[0];
            assert_eq!(first.settings.as_deref(), Some("[rules]\n"));
            assert_eq!(first.files[0].text, "a  \n");
            assert_eq!(first.files[1].path.as_str(), "b c.sql");
            assert_eq!(first.files[1].text, "\u{feff}x\r\n```\r\ny");
            assert_eq!(first.findings.as_deref(), Some("a.py:1:1: info: x [x]\n"));
            assert_eq!((first.fixed[0].text.as_str(), first.line), ("b\n", 11));
            assert_eq!(examples[1].files[0].bytes(), b"\xe9\n");
            assert_eq!(examples[1].findings, None);
        }
    }

    #[test]
    fn any_part_of_a_page_can_be_read() {
        let page =
            format!("{HEAD}```toml settings\r\na\n```\n~~~sql \"é b.sql\" bom\n~~\n~~~~\n```text findings\n\0\n```");
        for (from, _) in page.char_indices() {
            for text in [&page[from..], &page[..from]] {
                if let Ok(page) = Page::read("x", "g", "p.md", text.to_owned()) {
                    let _ = page.examples();
                }
            }
        }
    }

    #[test]
    fn names_every_fault_at_once() {
        let text = "\
```text findings
```

-

```toml settings
```

-

```python a.py
```
```python a.py
```
```python b.py fixed
```
```python c.py
```
```toml setings
```
```text findngs
```
```python script
```
```python ../x.py
```
```python d.py crfl
```
 ```python e.py
 ```

```python f.py
";
        assert_eq!(
            examples(text).unwrap_err(),
            [
                "p.md:11:4: error: `text findings` follows no file",
                "p.md:16:4: error: `toml settings` is followed by no file",
                "p.md:23:11: error: `a.py` stands twice in one example (put a line of text between two examples)",
                "p.md:25:11: error: `b.py` is fixed but is not a file of the example",
                "p.md:29:9: error: unknown block of toml `setings` (did you mean `settings`?)",
                "p.md:31:9: error: unknown block of text `findngs` (did you mean `findings`?)",
                "p.md:33:11: error: `script` is not a file name (a name without `.` and `/` needs quotes)",
                "p.md:35:11: error: `../x.py` is not a path inside a repository (write it from the root, with `/`, \
                 without `.` and `..`)",
                "p.md:37:16: error: unknown word after a file name `crfl` (did you mean `crlf`?)",
                "p.md:39:5: error: an example is indented; start it at the line's first column",
                "p.md:42:4: error: the block is not closed",
            ]
        );
    }
}
