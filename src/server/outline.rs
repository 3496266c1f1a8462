//! The outline of a file: cells by title, heading or magic, and what they define; and what can be folded.

use super::room::Room;
use crate::notebook::{Cell, Form, Language, Notebook};
use crate::project::document::Document;
use crate::python::facts::{BindingKind, BranchKind};
use crate::text::Span;
use crate::text::lines::LineIndex;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// So many symbols of a repository are an answer.
const MOST: usize = 256;

/// Kinds of symbols, as the protocol numbers them.
mod kind {
    pub(super) const MODULE: u32 = 2;
    pub(super) const CLASS: u32 = 5;
    pub(super) const FUNCTION: u32 = 12;
    pub(super) const VARIABLE: u32 = 13;
    pub(super) const TEXT: u32 = 15;
    pub(super) const EVENT: u32 = 24;
}

/// One symbol.
struct Symbol {
    name: String,
    detail: String,
    kind: u32,
    span: Span,
    name_span: Span,
    children: Vec<Symbol>,
}

impl Room<'_> {
    /// The symbols of a document, or of one of its cells.
    pub(super) fn symbols(&self, document: &Document, cell: Option<usize>) -> Value {
        let symbols = match (&document.notebook, cell) {
            (_, Some(cell)) => defined(document, Some(cell)),
            (Some(notebook), None) => cells(document, notebook),
            (None, None) if document.bundle.is_some() => tasks(document),
            (None, None) => defined(document, None),
        };
        let trees = self.desk.shared.client.symbol_trees;
        let mut rows = Vec::new();
        for symbol in &symbols {
            if trees {
                rows.push(self.tree(document, symbol));
            } else {
                self.flat(document, symbol, None, &mut rows);
            }
        }
        Value::Array(rows)
    }

    fn tree(&self, document: &Document, symbol: &Symbol) -> Value {
        let range = |span| self.desk.view.location(document, span).range.json();
        json!({
            "name": symbol.name, "detail": symbol.detail, "kind": symbol.kind,
            "range": range(symbol.span), "selectionRange": range(symbol.name_span),
            "children": symbol.children.iter().map(|child| self.tree(document, child)).collect::<Vec<_>>(),
        })
    }

    fn flat(&self, document: &Document, symbol: &Symbol, container: Option<&str>, rows: &mut Vec<Value>) {
        let location = self.desk.view.location(document, symbol.span).json();
        rows.push(
            json!({ "name": symbol.name, "kind": symbol.kind, "location": location, "containerName": container }),
        );
        for child in &symbol.children {
            self.flat(document, child, Some(&symbol.name), rows);
        }
    }

    /// Functions and classes of the repository whose names hold the letters of `query` in order.
    pub(super) fn workspace_symbols(&self, query: &str) -> Value {
        let wanted = query.to_lowercase();
        let mut rows = Vec::new();
        for path in self.desk.everything(self.rules.configs) {
            if rows.len() >= MOST {
                break;
            }
            if !path.has_extension("py") && !path.has_extension("ipynb") {
                continue;
            }
            if let Some(document) = self.project.document(path) {
                for symbol in flattened(defined(document, None)) {
                    if fits(&symbol.name, &wanted) {
                        let location = self.desk.view.location(document, symbol.name_span).json();
                        let container = path.as_str();
                        rows.push(json!({ "name": symbol.name, "kind": symbol.kind, "location": location, "containerName": container }));
                    }
                }
                continue;
            }
            let Ok(bytes) = self.setup.snapshot.read(path) else { continue };
            let text = String::from_utf8_lossy(&bytes);
            for (line, (name, start, kind)) in definitions(&text).filter(|(_, (name, ..))| fits(name, &wanted)) {
                let column = |units: usize| u32::try_from(units).unwrap_or(0);
                let (from, to) = (column(start), column(start + name.len()));
                let at = |character: u32| json!({ "line": line, "character": character });
                let location =
                    json!({ "uri": &*self.desk.view.uri(path), "range": { "start": at(from), "end": at(to) } });
                rows.push(json!({ "name": name, "kind": kind, "location": location, "containerName": path.as_str() }));
            }
        }
        rows.truncate(MOST);
        Value::Array(rows)
    }

    /// What can be folded: cells, definitions, blocks, and texts of several lines.
    pub(super) fn folds(&self, document: &Document, cell: Option<usize>) -> Value {
        let mut found: BTreeSet<(u32, u32, Option<&str>)> = BTreeSet::new();
        let mut add = |span: Span, kind: Option<&'static str>| {
            if cell.is_some_and(|cell| document.cell_at(span.start) != Some(cell)) {
                return;
            }
            let range = self.desk.view.location(document, trimmed(document.text(), span)).range;
            if range.start.line < range.end.line {
                found.insert((range.start.line, range.end.line, kind));
            }
        };
        if cell.is_none() {
            for cell in document.notebook.iter().flat_map(|notebook| &notebook.cells) {
                add(cell.span, Some("region"));
            }
        }
        let facts = &document.python;
        facts.functions.iter().for_each(|row| add(row.span, None));
        facts.strings.iter().for_each(|row| add(row.span, row.statement.then_some("comment")));
        facts.calls.iter().for_each(|row| add(row.span, None));
        let blocks = facts.branches.iter().filter(|row| row.kind != BranchKind::Always);
        let lines = document.lines();
        for block in blocks {
            // The head of a block stands on the line above its code.
            let first = lines.line_of(block.span.start);
            let starts_line =
                Span::new(lines.line(first).start, block.span.start).of(document.text()).trim().is_empty();
            let head = if starts_line && first > 0 { lines.line(first - 1).start } else { block.span.start };
            add(Span::new(head.min(block.span.start), block.span.end), None);
        }
        let rows = found.into_iter().map(|(start, end, kind)| {
            let mut row = json!({ "startLine": start, "endLine": end });
            if let Some(kind) = kind {
                row["kind"] = json!(kind);
            }
            row
        });
        Value::Array(rows.collect())
    }
}

/// A span without the blanks at its end.
fn trimmed(text: &str, span: Span) -> Span {
    let code = span.of(text).trim_end();
    Span::new(span.start, span.start + u32::try_from(code.len()).unwrap_or(0))
}

/// The cells of a notebook that hold anything, with what they define.
fn cells(document: &Document, notebook: &Notebook) -> Vec<Symbol> {
    let all = notebook.cells.iter().enumerate().filter(|(_, cell)| cell.form != Form::Empty || cell.title.is_some());
    let symbol = |(index, cell): (usize, &Cell)| {
        let title = notebook.title(document.text(), index).filter(|title| !title.is_empty()).map(str::to_owned);
        let (name, what) = match (title, cell.language) {
            (Some(title), _) => (title, kind::MODULE),
            (None, Language::Markdown) => {
                (first_line(document, notebook, cell)?.trim_start_matches(['#', ' ']).to_owned(), kind::TEXT)
            }
            (None, _) => (first_line(document, notebook, cell)?, kind::MODULE),
        };
        let name = if name.is_empty() { format!("Cell {}", index + 1) } else { name };
        let span = trimmed(document.text(), cell.span);
        let name_span = Span::new(
            span.start,
            document
                .lines()
                .line_content(document.lines().line_of(span.start), document.text())
                .end
                .clamp(span.start, span.end),
        );
        Some(Symbol {
            name: shortened(&name),
            detail: format!("cell {}, {}", index + 1, cell.language.name().trim_matches('`')),
            kind: what,
            span,
            name_span,
            children: defined(document, Some(index)),
        })
    };
    all.filter_map(symbol).collect()
}

/// The first line of a cell that says something, without `# MAGIC` and without a magic that only names a language.
fn first_line(document: &Document, notebook: &Notebook, cell: &Cell) -> Option<String> {
    let prefix = format!("{} MAGIC", notebook.language.comment());
    let bare = |line: &str| -> String {
        let line = line.strip_prefix(prefix.as_str()).unwrap_or(line).trim();
        let names_language = line.starts_with("%md") || matches!(line, "%python" | "%sql" | "%scala" | "%r" | "%sh");
        let rest = line.split_once(' ').map_or("", |(_, rest)| rest);
        if names_language { rest.trim().to_owned() } else { line.to_owned() }
    };
    cell.body.of(document.text()).lines().map(bare).find(|line| !line.is_empty())
}

/// The first heading of a notebook.
pub(super) fn heading(document: &Document) -> Option<String> {
    let notebook = document.notebook.as_ref()?;
    let first = notebook.cells.iter().find(|cell| cell.language == Language::Markdown)?;
    first_line(document, notebook, first).map(|line| line.trim_start_matches(['#', ' ']).to_owned())
}

fn shortened(name: &str) -> String {
    match name.char_indices().nth(60) {
        Some((at, _)) => format!("{}…", name.get(..at).unwrap_or("")),
        None => name.to_owned(),
    }
}

/// Functions, classes and top-level variables of a document or of one cell, members inside their classes.
fn defined(document: &Document, cell: Option<usize>) -> Vec<Symbol> {
    let facts = &document.python;
    let text = document.text();
    let mut all: Vec<Symbol> = Vec::new();
    let mut named: BTreeSet<&str> = BTreeSet::new();
    for row in facts.bindings.iter().filter(|row| cell.is_none_or(|cell| row.cell as usize == cell)) {
        let name = facts.text(row.name);
        let (what, span) = match row.kind {
            BindingKind::Function(at) => match facts.functions.get(at as usize) {
                Some(function) => (kind::FUNCTION, function.span),
                None => continue,
            },
            BindingKind::Class => (kind::CLASS, class_span(document, row.span)),
            BindingKind::Assignment if row.scope == 0 && named.insert(name) => (kind::VARIABLE, row.span),
            _ => continue,
        };
        let detail = if what == kind::VARIABLE { String::new() } else { super::hover::declaration(document, row) };
        let name_span = if span.covers(row.span) { row.span } else { span };
        all.push(Symbol {
            name: name.to_owned(),
            detail: shortened(&detail),
            kind: what,
            span: trimmed(text, span),
            name_span,
            children: Vec::new(),
        });
    }
    all.sort_by_key(|symbol| (symbol.span.start, std::cmp::Reverse(symbol.span.end)));
    nested(all)
}

/// Puts symbols into those around them.
fn nested(all: Vec<Symbol>) -> Vec<Symbol> {
    let mut roots: Vec<Symbol> = Vec::new();
    let mut open: Vec<Symbol> = Vec::new();
    let close = |symbol: Symbol, open: &mut Vec<Symbol>, roots: &mut Vec<Symbol>| match open.last_mut() {
        Some(outer) => outer.children.push(symbol),
        None => roots.push(symbol),
    };
    for symbol in all {
        while open.last().is_some_and(|outer| !outer.span.covers(symbol.span) || outer.kind == kind::VARIABLE) {
            if let Some(done) = open.pop() {
                close(done, &mut open, &mut roots);
            }
        }
        open.push(symbol);
    }
    while let Some(done) = open.pop() {
        close(done, &mut open, &mut roots);
    }
    roots
}

/// A class from its name to the last line that is indented deeper.
fn class_span(document: &Document, name: Span) -> Span {
    let (text, lines) = (document.text(), document.lines());
    let first = lines.line_of(name.start);
    let indent = |line: &str| line.len() - line.trim_start().len();
    let bare = |line: u32| {
        let code = lines.line_content(line, text).of(text);
        code.strip_prefix("# MAGIC ").unwrap_or(code)
    };
    let own = indent(bare(first));
    let mut last = first;
    for line in first + 1..lines.count() {
        let code = bare(line);
        if code.trim().is_empty() || code.trim() == "# MAGIC" {
            continue;
        }
        if indent(code) <= own && !code.trim_start().starts_with([')', ']', '}']) {
            break;
        }
        last = line;
    }
    Span::new(lines.line(first).start, lines.line_content(last, text).end)
}

fn flattened(symbols: Vec<Symbol>) -> Vec<Symbol> {
    let mut out = Vec::new();
    let mut waiting: Vec<Symbol> = symbols.into_iter().rev().collect();
    while let Some(mut symbol) = waiting.pop() {
        waiting.extend(std::mem::take(&mut symbol.children).into_iter().rev());
        if symbol.kind != kind::VARIABLE {
            out.push(symbol);
        }
    }
    out
}

/// The tasks of a bundle file.
fn tasks(document: &Document) -> Vec<Symbol> {
    let mentions = super::keys::mentions(document).into_iter().filter(|mention| mention.defines);
    let tasks = mentions.filter(|mention| mention.key.kind == super::keys::KeyKind::Task);
    tasks
        .map(|mention| {
            let super::keys::Key { text, span, .. } = mention.key;
            Symbol {
                name: text,
                detail: "task".to_owned(),
                kind: kind::EVENT,
                span,
                name_span: span,
                children: Vec::new(),
            }
        })
        .collect()
}

/// What a text seems to define, without being parsed: line, name, the byte of the line where it stands, and kind.
fn definitions(text: &str) -> impl Iterator<Item = (u32, (&str, usize, u32))> {
    let lines = LineIndex::new(text);
    (0..lines.of_editors().count()).filter_map(move |line| {
        let code = lines.of_editors().line_content(line, text).of(text);
        let (at, kind) = match (code.find("def "), code.find("class ")) {
            (Some(at), _) => (at + 4, kind::FUNCTION),
            (None, Some(at)) => (at + 6, kind::CLASS),
            (None, None) => return None,
        };
        let before = code.get(..at)?.trim_end_matches("def ").trim_end_matches("class ").trim_end_matches("async ");
        let before = before.trim_start_matches(['"', ' ', '\t']).trim_start_matches("# MAGIC").trim();
        let rest = code.get(at..)?;
        let len = rest.find(|c: char| c != '_' && !c.is_alphanumeric()).unwrap_or(rest.len());
        (before.is_empty() && len > 0).then(|| Some((line, (rest.get(..len)?, at, kind))))?
    })
}

/// Whether the letters of `wanted` (lower case) stand in a name in order.
fn fits(name: &str, wanted: &str) -> bool {
    let mut letters = name.chars().flat_map(char::to_lowercase);
    wanted.chars().all(|wanted| letters.any(|letter| letter == wanted))
}

#[cfg(test)]
mod tests {
    use super::{definitions, fits};

    #[test]
    fn names_are_found_by_their_letters() {
        assert!(
            fits("load_table", "lt") && fits("load_table", "") && fits("LoadTable", "loadt") && !fits("load", "ld_")
        );
    }

    #[test]
    fn definitions_are_found_without_a_parser() {
        let text =
            "def a(x):\n  async def b():\n# MAGIC class C(D):\n    \"def d():\\n\",\n# def e\nx = 'class '\nredef f\n";
        let found: Vec<&str> = definitions(text).map(|(_, (name, ..))| name).collect();
        assert_eq!(found, ["a", "b", "C", "d"]);
    }
}
