//! YAML as a tree with spans, read by a port of libyaml, as the platform's own command line reads it: stricter
//! readers refuse files that deploy. Anchors, aliases and merge keys are resolved; the tree never grows past a
//! budget and never past a depth, whatever the text says.

use crate::guard;
use crate::text::Span;
use libyaml_safer::{EventData, Mark, Parser, ScalarStyle};
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

    /// The items of the sequence at a key; nothing for anything else.
    pub fn items_of(&self, key: &str) -> impl Iterator<Item = &Self> + use<'_> {
        self.get(key).into_iter().flat_map(Self::items)
    }

    /// The entries of the mapping at a key, as [`Node::entries`] has them.
    pub fn entries_of(&self, key: &str) -> Vec<Entry<'_>> {
        self.get(key).map(Self::entries).unwrap_or_default()
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
    Builder { text, open: Vec::new(), anchors: HashMap::new(), root: None }.run()
}

/// A collection that is still open.
struct Open {
    anchor: Option<String>,
    start: u32,
    value: Value,
    /// The key that waits for its value.
    key: Option<Arc<Node>>,
    nodes: u64,
    height: u32,
}

struct Builder<'a> {
    text: &'a str,
    open: Vec<Open>,
    /// By name; a name that is used again stands for the later value.
    anchors: HashMap<String, Arc<Node>>,
    root: Option<Arc<Node>>,
}

impl Builder<'_> {
    fn run(mut self) -> Result<Option<Arc<Node>>, YamlError> {
        let start_of_text = self.text.len() - self.text.trim_start_matches(BOM).len();
        let length = u32::try_from(self.text.len()).unwrap_or(u32::MAX);
        let offset = |mark: Mark| u32::try_from(start_of_text as u64 + mark.index).map_or(length, |at| at.min(length));
        // The parser panics at a block scalar that ends without a line end.
        let mut closed = std::borrow::Cow::Borrowed(self.text.trim_start_matches(BOM));
        if !closed.ends_with('\n') {
            closed.to_mut().push('\n');
        }
        let mut input = closed.as_bytes();
        let mut parser = Parser::new();
        parser.set_input_string(&mut input);
        let mut last = offset(Mark::default());
        loop {
            let next = guard::caught(|| parser.parse()).map_err(|_| YamlError {
                offset: last,
                message: "not valid YAML: the parser can make no sense of what follows".to_owned(),
            })?;
            let event = next.map_err(|error| YamlError {
                offset: error.problem_mark().map_or(0, offset),
                message: format!("not valid YAML: {}", error.problem()),
            })?;
            let (start, end) = (offset(event.start_mark), offset(event.end_mark));
            last = end;
            match event.data {
                EventData::Scalar { anchor, value, style, .. } => {
                    let span = self.scalar_span(start, end, style);
                    let node = Node { span, value: Value::Scalar(value.into()), nodes: 1, height: 1 };
                    self.add(Arc::new(node), anchor)?;
                }
                EventData::SequenceStart { anchor, .. } => self.begin(anchor, start, Value::Sequence(Vec::new()))?,
                EventData::MappingStart { anchor, .. } => self.begin(anchor, start, Value::Mapping(Vec::new()))?,
                EventData::SequenceEnd | EventData::MappingEnd => self.end(end)?,
                EventData::Alias { anchor } => {
                    let Some(node) = self.anchors.get(&anchor).cloned() else {
                        let message = format!("nothing before this is named `&{anchor}`");
                        return Err(YamlError { offset: start, message });
                    };
                    self.add(node, None)?;
                }
                EventData::DocumentEnd { .. } | EventData::StreamEnd => return Ok(self.root),
                EventData::StreamStart { .. } | EventData::DocumentStart { .. } => {}
            }
        }
    }

    /// Plain scalars may be followed by blanks that the parser counts in; block scalars end with a line end.
    fn scalar_span(&self, start: u32, end: u32, style: ScalarStyle) -> Span {
        let span = Span::new(start, end.max(start));
        if style != ScalarStyle::Plain {
            return span;
        }
        let trimmed = span.of(self.text).trim_end();
        Span::from_range(span.start as usize..span.start as usize + trimmed.len())
    }

    fn begin(&mut self, anchor: Option<String>, start: u32, value: Value) -> Result<(), YamlError> {
        if self.open.len() >= MAX_DEPTH as usize {
            return Err(too_deep(start));
        }
        self.open.push(Open { anchor, start, value, key: None, nodes: 1, height: 1 });
        Ok(())
    }

    fn end(&mut self, end: u32) -> Result<(), YamlError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let span = Span::new(open.start, end.max(open.start));
        let trimmed = span.of(self.text).trim_end().len();
        let span = Span::from_range(span.start as usize..span.start as usize + trimmed);
        let node = Node { span, value: open.value, nodes: open.nodes, height: open.height };
        self.add(Arc::new(node), open.anchor)
    }

    fn add(&mut self, node: Arc<Node>, anchor: Option<String>) -> Result<(), YamlError> {
        if let Some(anchor) = anchor {
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
        let deep = parent.height > MAX_DEPTH;
        match &mut parent.value {
            Value::Sequence(items) => items.push(node),
            Value::Mapping(pairs) => match parent.key.take() {
                None => parent.key = Some(node),
                Some(key) => pairs.push((key, node)),
            },
            Value::Scalar(_) => {}
        }
        if deep { Err(too_deep(parent.start)) } else { Ok(()) }
    }
}

fn too_deep(offset: u32) -> YamlError {
    YamlError { offset, message: format!("nested deeper than {MAX_DEPTH} levels") }
}

/// A byte order mark, which the parser skips without counting it.
const BOM: char = '\u{feff}';

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
    fn spans_end_where_the_text_does() {
        let root = read("a: |\n  text");
        assert_eq!(root.get("a").unwrap().text(), Some("text\n"));
        assert_eq!(root.get("a").unwrap().span, Span::new(3, 11));
    }

    #[test]
    fn spans_behind_a_byte_order_mark() {
        let text = "\u{feff}a: b\n";
        assert_eq!(read(text).get("a").unwrap().span.of(text), "b");
    }

    /// The YAML standard wants the bracket further right; libyaml and what is built on it do not.
    #[test]
    fn a_closing_bracket_may_stand_under_its_key() {
        let root = read("targets:\n  prod: {\n    # nothing\n  }\nend: z\n");
        assert!(root.at(&["targets", "prod"]).unwrap().entries().is_empty());
        assert_eq!(root.get("end").unwrap().text(), Some("z"));
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
            laughs.extend([format!("a{level}: &a{level} [{}]\n", below.trim_end_matches(", "))]);
        }
        assert!(parse(&laughs).unwrap_err().message.contains("aliases"));
        assert!(parse(&"- ".repeat(50_000)).unwrap_err().message.contains("nested deeper"));
        assert!(parse(&"[".repeat(50_000)).is_err());
        let mut tower = "a0: &a0 [x]\n".to_owned();
        for level in 1..5000 {
            tower.extend([format!("a{level}: &a{level} [*a{}]\n", level - 1)]);
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
    fn the_last_line_needs_no_end() {
        for text in ["a: 1\nb: >\n  long\n  text", "a: 1\nb: |-\n  long\n\n  text", "a: 1\nb: |"] {
            assert_eq!(read(text).get("a").unwrap().text(), Some("1"), "{text}");
            assert!(read(text).get("b").is_some(), "{text}");
        }
        let text = "b: >\n  long\n  text";
        assert!(read(text).get("b").unwrap().span.end as usize <= text.len());
    }

    #[test]
    fn json_is_yaml() {
        let text = "{\"resources\": {\"jobs\": {\"j\": [1, \"x\"]}}}";
        let root = read(text);
        let items: Vec<&str> = root.at(&["resources", "jobs", "j"]).unwrap().items().filter_map(Node::text).collect();
        assert_eq!(items, ["1", "x"]);
    }
}
