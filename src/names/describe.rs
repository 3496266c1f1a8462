//! What a binding stands for, in the words of people: a function with its signature, a constant with its value.

use crate::project::document::Document;
use crate::python::facts::{Binding, BindingKind, Facts, Import};
use crate::text::Span;

/// What a name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Meaning {
    /// What it is.
    pub kind: MeaningKind,
    /// More of it in code, on one line: the signature of a function, the bases of a class, the module of an import,
    /// what is assigned. Empty if there is nothing to say.
    pub detail: String,
    /// Where the detail stands.
    pub span: Span,
}

/// What a name is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MeaningKind {
    /// A `def`.
    Function,
    /// A `class`.
    Class,
    /// `import x`, or `from x import y`.
    Import,
    /// A literal that is assigned.
    Constant,
    /// What a call such as `spark.table(…)` gives.
    DataFrame,
    /// A parameter of a function.
    Parameter,
    /// Any other value.
    Variable,
}

impl MeaningKind {
    /// The word for it, in output for people and machines.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Function => "function",
            Self::Class => "class",
            Self::Import => "import",
            Self::Constant => "constant",
            Self::DataFrame => "dataframe",
            Self::Parameter => "parameter",
            Self::Variable => "variable",
        }
    }
}

/// No more of the text than this is looked at for one detail, in bytes.
const MOST: usize = 2000;

/// Methods of Spark sessions that give a `DataFrame`, with what follows them.
const READERS: [&str; 6] = ["table", "sql", "createDataFrame", "range", "read", "readStream"];

/// Methods at the end of a chain that give something else.
const OTHERS: [&str; 19] = [
    "collect",
    "columns",
    "count",
    "cube",
    "first",
    "foreach",
    "groupBy",
    "groupby",
    "head",
    "isEmpty",
    "rollup",
    "save",
    "saveAsTable",
    "show",
    "start",
    "tail",
    "take",
    "toJSON",
    "toPandas",
];

/// What a binding of `document` stands for.
pub fn describe(document: &Document, binding: &Binding) -> Meaning {
    let facts = &document.python;
    let text = document.text();
    let mut meaning = Meaning { kind: MeaningKind::Variable, detail: String::new(), span: binding.span };
    match binding.kind {
        BindingKind::Function(id) => {
            meaning.kind = MeaningKind::Function;
            if let Some(function) = facts.functions.get(id as usize) {
                (meaning.detail, meaning.span) = code(text, function.name_span.end, Until::Colon);
            }
        }
        BindingKind::Class => {
            meaning.kind = MeaningKind::Class;
            (meaning.detail, meaning.span) = code(text, binding.span.end, Until::Colon);
        }
        BindingKind::Import(id) => {
            meaning.kind = MeaningKind::Import;
            if let Some(import) = facts.imports.get(id as usize) {
                meaning.detail = imported(facts, import);
                meaning.span = import.statement;
            }
        }
        BindingKind::Parameter => meaning.kind = MeaningKind::Parameter,
        BindingKind::Assignment => {
            if let Some(start) = value_start(text, binding.span) {
                (meaning.detail, meaning.span) = code(text, start, Until::LineEnd);
                meaning.kind = if is_literal(&meaning.detail) {
                    MeaningKind::Constant
                } else if is_frame(facts, text, meaning.span) {
                    MeaningKind::DataFrame
                } else {
                    MeaningKind::Variable
                };
            }
        }
        _ => {}
    }
    meaning
}

/// What an import takes, in Python's words without the name that it binds: `pyspark.sql.functions`,
/// `col from pyspark.sql.functions`.
fn imported(facts: &Facts, import: &Import) -> String {
    let module = format!("{}{}", ".".repeat(import.level.min(16) as usize), facts.text(import.module));
    match import.name {
        Some(name) => format!("{} from {module}", facts.text(name)),
        None => module,
    }
}

/// Where the value starts that is assigned to this name alone: behind `=`, `:=` or `: type =`.
fn value_start(text: &str, name: Span) -> Option<u32> {
    let end = name.end;
    let rest = text.get(end as usize..)?;
    let line = rest.get(..memchr::memchr(b'\n', rest.as_bytes()).unwrap_or(rest.len()))?;
    let blanks = line.len() - line.trim_start_matches([' ', '\t']).len();
    let after = line.get(blanks..)?;
    let before = text.get(..name.start as usize)?.trim_end_matches([' ', '\t']);
    // One of several targets gets only a part of the value.
    if before.ends_with([',', '(', '[', '*']) && !after.starts_with(":=") {
        return None;
    }
    let sign = if after.starts_with(":=") {
        blanks + 1
    } else if after.starts_with(':') {
        let (annotation, span) = code(text, end + u32::try_from(blanks).ok()? + 1, Until::Equals);
        let equals = (span.end - end) as usize;
        if annotation.is_empty() || !line.get(equals..)?.starts_with('=') {
            return None;
        }
        equals
    } else {
        blanks
    };
    let value = line.get(sign..)?.strip_prefix('=').filter(|value| !value.starts_with('='))?;
    let start = sign + 1 + (value.len() - value.trim_start_matches([' ', '\t']).len());
    Some(end + u32::try_from(start).ok()?)
}

/// Where a piece of code ends, outside of brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Until {
    /// Before the `:` of a compound statement.
    Colon,
    /// Before a `=`.
    Equals,
    /// At the end of the logical line.
    LineEnd,
}

/// The code from `start` on, on one line, without comments and `# MAGIC` prefixes, and its span.
fn code(text: &str, start: u32, until: Until) -> (String, Span) {
    let rest = text.get(start as usize..).unwrap_or("");
    let mut out = String::new();
    let mut depth = 0_u32;
    let mut at = 0;
    let mut end = 0;
    while at < rest.len().min(MOST) {
        let here = rest.get(at..).unwrap_or("");
        let Some(c) = here.chars().next() else { break };
        let mut len = c.len_utf8();
        match c {
            '"' | '\'' => {
                len = string_len(here, c);
                out.push_str(here.get(..len).unwrap_or(""));
            }
            '#' => len = here.find('\n').unwrap_or(here.len()),
            '(' | '[' | '{' => {
                depth += 1;
                out.push(c);
            }
            ')' | ']' | '}' => {
                if depth == 0 {
                    break;
                }
                depth -= 1;
                trim_before(&mut out, c);
                out.push(c);
            }
            ':' if depth == 0 && until == Until::Colon => break,
            '=' if depth == 0 && until == Until::Equals => break,
            ';' | '\n' if depth == 0 => break,
            '\n' => {
                blank(&mut out);
                let next = here.get(1..).unwrap_or("");
                len += next.strip_prefix("# MAGIC").map_or(0, |_| "# MAGIC".len());
            }
            '\\' if here.starts_with("\\\n") || here.starts_with("\\\r\n") => {
                len = here.find('\n').unwrap_or(0) + 1;
                blank(&mut out);
            }
            c if c.is_whitespace() => blank(&mut out),
            c => out.push(c),
        }
        at += len;
        if !c.is_whitespace() && c != '#' {
            end = at;
        }
    }
    let cut = at >= MOST;
    out.truncate(out.trim_end().len());
    if cut {
        out.push('…');
    }
    let end = start + u32::try_from(if until == Until::Equals { at } else { end }).unwrap_or(0);
    (out, Span::new(start, end))
}

fn blank(out: &mut String) {
    if !out.is_empty() && !out.ends_with([' ', '(', '[', '{']) {
        out.push(' ');
    }
}

/// `f(a, b, )` over several lines is `f(a, b)`.
fn trim_before(out: &mut String, bracket: char) {
    if out.ends_with(' ') {
        out.pop();
        if bracket == ')' && out.ends_with(',') {
            out.pop();
        }
    }
}

/// The length of the string literal that `text` starts with, in bytes.
fn string_len(text: &str, quote: char) -> usize {
    let triple = if quote == '"' { "\"\"\"" } else { "'''" };
    let fence = text.get(..3).filter(|start| *start == triple).map_or(1, |_| 3);
    let close = if fence == 3 { triple } else { triple.get(..1).unwrap_or("\"") };
    let mut at = fence;
    while at < text.len().min(MOST) {
        let rest = text.get(at..).unwrap_or("");
        if rest.starts_with(close) {
            return at + fence;
        }
        if fence == 1 && rest.starts_with('\n') {
            return at;
        }
        at += match rest.chars().next() {
            Some('\\') => 1 + rest.chars().nth(1).map_or(0, char::len_utf8),
            Some(c) => c.len_utf8(),
            None => break,
        };
    }
    let mut end = at.min(text.len());
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    end
}

/// Whether code on one line is nothing but literals.
fn is_literal(code: &str) -> bool {
    let mut rest = code;
    let mut any = false;
    while let Some(c) = rest.chars().next() {
        let mut len = c.len_utf8();
        match c {
            '"' | '\'' => {
                len = string_len(rest, c);
                any = true;
            }
            '[' | ']' | '(' | ')' | '{' | '}' => any = true,
            ',' | ':' | '-' | '+' | ' ' | '.' => {}
            c if c.is_ascii_digit() => {
                len = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_' && c != '.').unwrap_or(rest.len());
                any = true;
            }
            c if c.is_alphabetic() => {
                len = rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
                let word = rest.get(..len).unwrap_or("");
                let prefix = rest.get(len..).unwrap_or("").starts_with(['"', '\''])
                    && word.chars().all(|c| matches!(c, 'r' | 'R' | 'b' | 'B' | 'u' | 'U'));
                if !prefix && !matches!(word, "True" | "False" | "None") {
                    return false;
                }
                any = true;
            }
            _ => return false,
        }
        rest = rest.get(len.max(1)..).unwrap_or("");
    }
    // A call of a literal is no literal: `"x".join(…)`, `(…)(…)`.
    any && !code.contains(".join(") && !code.contains(".format(") && !code.contains(".split(")
}

/// Whether the value under `span` is what Spark gives for a table, a query or a file.
fn is_frame(facts: &Facts, text: &str, span: Span) -> bool {
    if facts.symbols.get("spark").is_none() {
        return false;
    }
    let value = span.of(text);
    let inner = value.trim_start_matches(['(', ' ', '\t', '\r', '\n']);
    let start = span.end - u32::try_from(inner.len()).unwrap_or(0);
    let end = span.start + u32::try_from(value.trim_end_matches([')', ' ', '\t', '\r', '\n']).len()).unwrap_or(0);
    let calls = facts.calls.iter().filter(|call| call.span.start == start && call.span.end <= span.end);
    let Some(last) = calls.max_by_key(|call| call.span.end) else { return false };
    if last.span.end < end || last.method.is_some_and(|method| OTHERS.contains(&facts.text(method))) {
        return false;
    }
    let mut root = last;
    while let Some(receiver) = root.receiver.and_then(|at| facts.calls.get(at as usize)) {
        root = receiver;
    }
    let path = root.path.map(|path| facts.text(path)).unwrap_or_default();
    let first = path.strip_prefix("spark.").and_then(|rest| rest.split('.').next());
    first.is_some_and(|first| READERS.contains(&first))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::{Project, Request, document::ReadOptions};
    use crate::snapshot::RepoPath;
    use crate::snapshot::memory::Memory;
    use std::sync::Arc;

    fn said(text: &str) -> Vec<String> {
        let path = RepoPath::new("n.py");
        let text = format!("# Databricks notebook source\n{text}");
        let project = Project::load(
            Arc::new(Memory::of(&[("n.py", text.as_str())])),
            &Request {
                asked: std::slice::from_ref(&path),
                everything: &Vec::new,
                options: &|_| ReadOptions::default(),
                progress: &|| {},
                names: true,
                targets: false,
                whole: true,
            },
        );
        let document = project.document(&path).unwrap();
        let rows = document.python.bindings.iter().filter(|row| row.scope == 0);
        rows.map(|row| {
            let meaning = describe(document, row);
            let name = document.python.text(row.name);
            format!("{name} {} {}", meaning.kind.as_str(), meaning.detail).trim_end().to_owned()
        })
        .collect()
    }

    #[test]
    fn functions_and_classes() {
        assert_eq!(
            said(
                "def f(a, b: int = 1,  # why\n      *rest,\n) -> dict[str, int]:\n    pass\nclass A(B, metaclass=M):\n    pass\nclass C: pass\n"
            ),
            ["f function (a, b: int = 1, *rest) -> dict[str, int]", "A class (B, metaclass=M)", "C class"]
        );
        assert_eq!(said("# MAGIC %python\n# MAGIC def f(a,\n# MAGIC       b): return a\n"), ["f function (a, b)"]);
    }

    #[test]
    fn values() {
        assert_eq!(said("x = 'a # b'  # c\n"), ["x constant 'a # b'"]);
        assert_eq!(said("x: int = -3\n"), ["x constant -3"]);
        assert_eq!(said("x = [1,\n  2]\n"), ["x constant [1, 2]"]);
        assert_eq!(said("x = dbutils.widgets.get(\"c\")\n"), ["x variable dbutils.widgets.get(\"c\")"]);
        assert_eq!(said("x = f\"{y}\"\n"), ["x variable f\"{y}\""]);
        assert_eq!(said("x = \",\".join([])\n"), ["x variable \",\".join([])"]);
        assert_eq!(said("for x in y: pass\n"), ["x variable"]);
        assert_eq!(said("x, y = 1, 2\n"), ["x variable", "y variable"]);
    }

    #[test]
    fn frames_and_imports() {
        assert_eq!(said("d = spark.table('t').where('x')\n"), ["d dataframe spark.table('t').where('x')"]);
        assert_eq!(said("d = spark.table('t').count()\n"), ["d variable spark.table('t').count()"]);
        assert_eq!(said("d = (spark.read\n  .csv('t'))\n"), ["d dataframe (spark.read .csv('t'))"]);
        assert_eq!(said("import a.b as c\nfrom d import e as f\n"), ["c import a.b", "f import e from d"]);
    }
}
