//! YAML as a tree with spans. Anchors, aliases and merge keys are resolved; the tree never grows past a
//! budget and never past a depth, whatever the text says.

use crate::text::Span;
use saphyr_parser::{Event, Parser, ScalarStyle};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Deepest nesting that is read, aliases followed. Deeper trees could overflow the stack when dropped.
const MAX_DEPTH: u32 = 1000;
/// Most nodes that a tree may have once every alias is followed.
const MAX_NODES: u64 = 2_000_000;

/// One value. Cheap to share: an alias is another handle on the anchor's node.
#[derive(Clone, Debug)]
pub struct Node {
    /// Where the value stands; for an alias, where its anchor's value stands.
    pub span: Span,
    /// What it is.
    pub value: Value,
    /// Nodes in it once aliases are followed, itself included.
    nodes: u64,
    /// Levels in it, itself included.
    height: u32,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Value {
    /// Text, number, boolean or null: the text as YAML reads it.
    Scalar(Box<str>),
    /// `- a`, `[a, b]`.
    Sequence(Vec<Arc<Node>>),
    /// `a: b`, `{a: b}`. Keys may be repeated and may be any value.
    Mapping(Vec<(Arc<Node>, Arc<Node>)>),
}

/// Why a text is no YAML that can be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct YamlError {
    /// Byte of the text.
    pub offset: u32,
    /// One line, lower case, no full stop.
    pub message: String,
}

/// One entry of a mapping.
#[derive(Clone, Copy, Debug)]
pub struct Entry<'a> {
    /// The key's text.
    pub key: &'a str,
    /// The key's place.
    pub key_span: Span,
    /// The value.
    pub value: &'a Node,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a sequence; nothing for anything else.
    pub fn items(&self) -> impl Iterator<Item = &Self> {
        let items = match &self.value {
            Value::Sequence(items) => items.as_slice(),
            _ => &[],
        };
        items.iter().map(Arc::as_ref)
    }

    /// The value of a key of a mapping: the last of its own entries with that key, or one that a merge key
    /// (`<<`) brings in.
    pub fn get(&self, key: &str) -> Option<&Self> {
        let Value::Mapping(pairs) = &self.value else { return None };
        let own = pairs.iter().rev().find(|(name, _)| name.text() == Some(key));
        if let Some((_, value)) = own {
            return Some(value);
        }
        self.merged().find_map(|merged| merged.get(key))
    }

    /// The value at a path of keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Self> {
        keys.iter().try_fold(self, |node, key| node.get(key))
    }

    /// All entries of a mapping with scalar keys, each key once, in order of place; entries that merge keys
    /// bring in come last. Nothing for anything else.
    pub fn entries(&self) -> Vec<Entry<'_>> {
        let mut seen = HashSet::new();
        let mut out = Vec::new();
        self.collect(&mut seen, &mut out);
        out
    }

    fn collect<'a>(&'a self, seen: &mut HashSet<&'a str>, out: &mut Vec<Entry<'a>>) {
        let Value::Mapping(pairs) = &self.value else { return };
        let from = out.len();
        // The last of several equal keys wins.
        for (key, value) in pairs.iter().rev() {
            if let Some(text) = key.text()
                && text != MERGE
                && seen.insert(text)
            {
                out.push(Entry { key: text, key_span: key.span, value });
            }
        }
        out[from..].reverse();
        for merged in self.merged() {
            merged.collect(seen, out);
        }
    }

    /// The mappings that merge keys of this mapping name.
    fn merged(&self) -> impl Iterator<Item = &Self> {
        let pairs = match &self.value {
            Value::Mapping(pairs) => pairs.as_slice(),
            _ => &[],
        };
        let merges = pairs.iter().filter(|(key, _)| key.text() == Some(MERGE));
        merges.flat_map(|(_, value)| {
            let single = matches!(value.value, Value::Mapping(_)).then_some(value.as_ref());
            single.into_iter().chain(value.items())
        })
    }
}

/// The merge key of YAML 1.1, which bundles may use.
const MERGE: &str = "<<";

/// Reads the first document of a YAML (or JSON) text. `None` if it holds no document at all.
///
/// # Errors
/// If the text is no YAML, is nested too deeply, or grows too large when its aliases are followed.
pub fn parse(text: &str) -> Result<Option<Arc<Node>>, YamlError> {
    let error = match build(text) {
        Err(error) if error.message.ends_with("invalid indentation") => error,
        result => return result,
    };
    // The platform's reader takes a closing bracket in any column, which the specification does not allow.
    brackets_pulled_up(text).map_or(Err(error), |text| build(&text))
}

fn build(text: &str) -> Result<Option<Arc<Node>>, YamlError> {
    Builder { text, bytes: Bytes::new(text), open: Vec::new(), anchors: HashMap::new(), root: None }.run()
}

/// The text with every line that starts with a closing bracket joined to the last line before it that is more than a
/// comment, by blanks, so that all offsets stay. `None` if there is no such line.
fn brackets_pulled_up(text: &str) -> Option<String> {
    let mut out = String::with_capacity(text.len());
    // Where the lines of blanks and comments start that follow the last other line, its line end included.
    let mut gap = 0;
    let mut changed = false;
    for line in text.split_inclusive('\n') {
        let content = line.trim_start();
        if content.starts_with(['}', ']']) && gap < out.len() {
            let blanks = " ".repeat(out.len() - gap);
            out.truncate(gap);
            out.push_str(&blanks);
            changed = true;
        }
        out.push_str(line);
        if !content.is_empty() && !content.starts_with('#') {
            gap = out.trim_end_matches(['\n', '\r']).len();
            // What follows ` #` is a comment, which would hide the bracket; unless it stands in quotes.
            let start = out.len() - line.len();
            if let Some(comment) = line.find(" #").filter(|&at| !line.get(..at).unwrap_or(line).contains(['"', '\''])) {
                gap = start + comment;
            }
        }
    }
    changed.then_some(out)
}

/// A collection that is still open.
struct Open {
    anchor: usize,
    start: usize,
    value: Value,
    /// The key that waits for its value.
    key: Option<Arc<Node>>,
    nodes: u64,
    height: u32,
}

struct Builder<'a> {
    text: &'a str,
    bytes: Bytes<'a>,
    open: Vec<Open>,
    anchors: HashMap<usize, Arc<Node>>,
    root: Option<Arc<Node>>,
}

impl Builder<'_> {
    fn run(mut self) -> Result<Option<Arc<Node>>, YamlError> {
        let mut parser = Parser::new_from_str(self.text.strip_prefix(BOM).unwrap_or(self.text));
        while let Some(event) = parser.next_event() {
            let (event, span) = event.map_err(|error| YamlError {
                offset: self.bytes.offset(error.marker().index()),
                message: format!("not valid YAML: {}", plain_words(error.info())),
            })?;
            match event {
                Event::Scalar(value, style, anchor, _) => {
                    let node = Node {
                        span: self.scalar_span(span.start.index(), span.end.index(), style),
                        value: Value::Scalar(value.as_ref().into()),
                        nodes: 1,
                        height: 1,
                    };
                    self.add(Arc::new(node), anchor)?;
                }
                Event::SequenceStart(anchor, _) => {
                    self.begin(anchor, span.start.index(), Value::Sequence(Vec::new()))?
                }
                Event::MappingStart(anchor, _) => self.begin(anchor, span.start.index(), Value::Mapping(Vec::new()))?,
                Event::SequenceEnd | Event::MappingEnd => self.end(span.end.index())?,
                Event::Alias(id) => {
                    let offset = self.bytes.offset(span.start.index());
                    let Some(node) = self.anchors.get(&id).cloned() else {
                        let message = "an alias stands inside its own anchor".to_owned();
                        return Err(YamlError { offset, message });
                    };
                    self.add(node, 0)?;
                }
                Event::DocumentEnd => break,
                Event::StreamStart | Event::StreamEnd | Event::DocumentStart(_) | Event::Nothing => {}
            }
        }
        Ok(self.root)
    }

    /// Plain scalars may be followed by blanks that the parser counts in; block scalars end with a line end.
    fn scalar_span(&self, start: usize, end: usize, style: ScalarStyle) -> Span {
        let span = self.span(start, end);
        if style != ScalarStyle::Plain {
            return span;
        }
        let trimmed = span.of(self.text).trim_end();
        Span::from_range(span.start as usize..span.start as usize + trimmed.len())
    }

    fn span(&self, start: usize, end: usize) -> Span {
        let (start, end) = (self.bytes.offset(start), self.bytes.offset(end));
        Span::new(start, end.max(start))
    }

    fn begin(&mut self, anchor: usize, start: usize, value: Value) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(self.too_deep(start));
        }
        self.open.push(Open { anchor, start, value, key: None, nodes: 1, height: 1 });
        Ok(())
    }

    fn end(&mut self, end: usize) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = self.span(open.start, end);
        let trimmed = span.of(self.text).trim_end().len();
        let span = Span::from_range(span.start as usize..span.start as usize + trimmed);
        let node = Node { span, value: open.value, nodes: open.nodes, height: open.height };
        self.add(Arc::new(node), open.anchor)
    }

    fn add(&mut self, node: Arc<Node>, anchor: usize) -> Result<(), YamlError> {
        if anchor != 0 {
            self.anchors.insert(anchor, Arc::clone(&node));
        }
        let Some(parent) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        parent.nodes = parent.nodes.saturating_add(node.nodes);
        parent.height = parent.height.max(node.height.saturating_add(1));
        if parent.nodes > MAX_NODES {
            let message = "too many values once its aliases are followed".to_owned();
            return Err(YamlError { offset: node.span.start, message });
        }
        let too_deep = parent.height > MAX_DEPTH;
        match &mut parent.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(pairs) => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
            Value::Scalar(_) => {}
        }
        if too_deep {
            let start = parent.start;
            return Err(self.too_deep(start));
        }
        Ok(())
    }

    fn too_deep(&self, start: usize) -> YamlError {
        YamlError { offset: self.bytes.offset(start), message: format!("nested deeper than {MAX_DEPTH} levels") }
    }
}

/// The parser's words without the full stop and capital that do not belong into our messages.
fn plain_words(info: &str) -> String {
    let info = info.trim().trim_end_matches('.');
    let mut chars = info.chars();
    chars.next().map_or_else(String::new, |first| first.to_lowercase().chain(chars).collect())
}

/// From characters, which the parser counts in, to bytes.
struct Bytes<'a> {
    /// The text behind its byte order mark.
    text: &'a str,
    /// Bytes of the byte order mark.
    base: usize,
    /// Byte offset of every [`STRIDE`]th character; empty if all characters are single bytes.
    marks: Vec<u32>,
}

/// The parser does not expect a byte order mark.
const BOM: char = '\u{feff}';

/// Characters between two marks: a lookup walks over at most so many.
const STRIDE: usize = 128;

impl<'a> Bytes<'a> {
    fn new(whole: &'a str) -> Self {
        let text = whole.strip_prefix(BOM).unwrap_or(whole);
        let base = whole.len() - text.len();
        if text.is_ascii() {
            return Self { text, base, marks: Vec::new() };
        }
        let every = text.char_indices().step_by(STRIDE);
        Self { text, base, marks: every.map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect() }
    }

    /// The byte of the whole text at which a character starts.
    fn offset(&self, chars: usize) -> u32 {
        let within = if self.marks.is_empty() { chars.min(self.text.len()) } else { self.within(chars) };
        u32::try_from(self.base + within).unwrap_or(u32::MAX)
    }

    fn within(&self, chars: usize) -> usize {
        let Some(&mark) = self.marks.get(chars / STRIDE) else { return self.text.len() };
        let rest = self.text.get(mark as usize..).unwrap_or_default();
        mark as usize + rest.char_indices().nth(chars % STRIDE).map_or(rest.len(), |(at, _)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Arc<Node> {
        parse(text).unwrap().unwrap()
    }

    #[test]
    fn spans_are_bytes() {
        let text = "# über\nnäme: 'ö x'\nlist:\n  - plain  # why\n  - \"q\"\nend: z\n";
        let root = read(text);
        assert_eq!(root.get("näme").unwrap().text(), Some("ö x"));
        assert_eq!(root.get("näme").unwrap().span.of(text), "'ö x'");
        let items: Vec<&str> = root.get("list").unwrap().items().map(|item| item.span.of(text)).collect();
        assert_eq!(items, ["plain", "\"q\""]);
        assert_eq!(root.get("end").unwrap().span.of(text), "z");
        let keys: Vec<&str> = root.entries().iter().map(|entry| entry.key_span.of(text)).collect();
        assert_eq!(keys, ["näme", "list", "end"]);
        let long = format!("{}: x\nb: {}\n", "ä".repeat(300), "y");
        assert_eq!(read(&long).get("b").unwrap().span.of(&long), "y");
    }

    #[test]
    fn spans_behind_a_byte_order_mark() {
        let text = "\u{feff}a: b\n";
        assert_eq!(read(text).get("a").unwrap().span.of(text), "b");
    }

    #[test]
    fn aliases_and_merge_keys() {
        let root = read("base: &base {a: 1, b: 2}\nuse:\n  <<: *base\n  b: 3\nmany:\n  <<: [*base, {c: 4}]\n");
        assert_eq!(root.at(&["use", "a"]).unwrap().text(), Some("1"));
        assert_eq!(root.at(&["use", "b"]).unwrap().text(), Some("3"));
        let entries: Vec<_> =
            root.get("many").unwrap().entries().iter().map(|entry| (entry.key, entry.value.text())).collect();
        assert_eq!(entries, [("a", Some("1")), ("b", Some("2")), ("c", Some("4"))]);
    }

    #[test]
    fn the_last_of_equal_keys_wins() {
        let root = read("a: 1\nb: 2\na: 3\n");
        assert_eq!(root.get("a").unwrap().text(), Some("3"));
        let entries: Vec<_> = root.entries().iter().map(|entry| (entry.key, entry.value.text())).collect();
        assert_eq!(entries, [("b", Some("2")), ("a", Some("3"))]);
    }

    #[test]
    fn bombs_are_refused() {
        let mut laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let below = format!("*a{}, ", level - 1).repeat(10);
            laughs.push_str(&format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", ")));
        }
        assert!(parse(&laughs).unwrap_err().message.contains("aliases"));
        assert!(parse(&"- ".repeat(50_000)).unwrap_err().message.contains("nested deeper"));
        assert!(parse(&"[".repeat(50_000)).is_err());
        let mut tower = "a0: &a0 [x]\n".to_owned();
        for level in 1..5000 {
            tower.push_str(&format!("a{level}: &a{level} [*a{}]\n", level - 1));
        }
        assert!(parse(&tower).unwrap_err().message.contains("nested deeper"));
        assert!(parse("a: &a [*a]\n").is_err());
    }

    #[test]
    fn errors_say_where() {
        let error = parse("a: [1, 2\nb: 3\n").unwrap_err();
        assert!(error.offset > 0 && error.message.starts_with("not valid YAML: "), "{error:?}");
        assert!(parse("").unwrap().is_none());
    }

    #[test]
    fn closing_brackets_may_stand_in_any_column() {
        let text = "a:\n  b: { # é\n    # none, ü\n\n  }\n  c: [\n    1,\r\n]\n  d: x\n";
        assert!(build(text).is_err());
        let root = read(text);
        assert_eq!(root.at(&["a", "d"]).unwrap().span.of(text), "x");
        assert_eq!(root.at(&["a", "c"]).unwrap().items().next().unwrap().text(), Some("1"));
        // Any other fault is told where it is.
        assert!(parse("a:\n  b: {\n  }\n c: 1\n").unwrap_err().offset >= 14);
    }

    #[test]
    fn json_is_yaml() {
        let text = "{\"resources\": {\"jobs\": {\"j\": [1, \"x\"]}}}";
        let root = read(text);
        let items: Vec<&str> = root.at(&["resources", "jobs", "j"]).unwrap().items().filter_map(Node::text).collect();
        assert_eq!(items, ["1", "x"]);
    }
}
