//! Who runs a notebook, as far as it must be known for what is said of its names.

use super::document::Document;
use super::places::without_extension;
use super::roles::is_injected;
use crate::python::builtins::is_builtin;
use crate::python::facts::{BindingKind, Call, Facts, Value};
use crate::python::names::{Names, Reader};
use crate::snapshot::RepoPath;
use aho_corasick::AhoCorasick;
use memchr::memmem;
use std::collections::{BTreeSet, HashSet};

/// Whether a file can hold a `%run`, by its name.
pub(super) fn may_run(path: &RepoPath) -> bool {
    without_extension(path.as_str()).is_some()
}

/// Whether a notebook reads a widget that it does not declare in Python: whoever runs it may.
pub(super) fn reads_widgets(document: &Document) -> bool {
    let facts = &document.python;
    let symbol = |path| facts.symbols.get(path);
    let readers = [symbol("dbutils.widgets.get"), symbol("getArgument")];
    if readers == [None, None] {
        return false;
    }
    let names = |wanted: &dyn Fn(&Call) -> bool| {
        let calls = facts.calls.iter().filter(|call| wanted(call));
        calls.filter_map(|call| facts.arguments(call).first()).map(|argument| &argument.value).collect::<Vec<_>>()
    };
    let declares = |call: &Call| {
        call.path.is_some_and(|path| {
            let path = facts.text(path);
            path.strip_prefix("dbutils.widgets.").is_some_and(|kind| WIDGETS.contains(&kind))
        })
    };
    let mut own: HashSet<&str> = HashSet::new();
    own.extend(names(&declares).into_iter().filter_map(literal));
    let mut read = names(&|call| call.path.is_some() && readers.contains(&call.path)).into_iter().filter_map(literal);
    read.any(|name| !own.contains(name))
}

fn literal(value: &Value) -> Option<&str> {
    match value {
        Value::String(text) => Some(text),
        _ => None,
    }
}

/// The kinds of widgets.
const WIDGETS: [&str; 4] = ["text", "dropdown", "combobox", "multiselect"];

/// The last words of the paths behind each `%run` and `notebook.run(` in a file, as far as a glance tells: more words than there are
/// commands, but hardly one too few.
pub(super) fn said(bytes: &[u8]) -> Vec<String> {
    let mut found = Vec::new();
    for at in memmem::find_iter(bytes, b"%run") {
        let rest = bytes.get(at + 4..).unwrap_or_default();
        let line = rest.get(..memchr::memchr(b'\n', rest).unwrap_or(rest.len())).unwrap_or_default();
        let line = String::from_utf8_lossy(line.get(..line.len().min(2000)).unwrap_or_default()).into_owned();
        // In JSON the line ends behind `\n"` or `"`; arguments begin with ` $`.
        let line = line.split(" $").next().unwrap_or("").trim();
        let line = line.trim_start_matches(['\\', '"', '\'', ' ', '\t']);
        let end = line.find(['\\', '"', '\'']).unwrap_or(line.len());
        let name = line.get(..end).unwrap_or("").trim().rsplit('/').next().unwrap_or("");
        let name = without_extension(name).unwrap_or(name);
        if !name.is_empty() {
            found.push(name.to_owned());
        }
    }
    for at in memmem::find_iter(bytes, b"notebook.run(") {
        let rest = bytes.get(at..).unwrap_or_default();
        let rest = String::from_utf8_lossy(rest.get(..rest.len().min(400)).unwrap_or_default()).into_owned();
        // The first string, which JSON escapes.
        let mut parts = rest.split(['"', '\'']).skip(1).map(|part| part.trim_end_matches('\\'));
        let name = parts.find(|part| !part.is_empty()).and_then(|path| path.rsplit('/').next()).unwrap_or("");
        let name = without_extension(name).unwrap_or(name);
        let is_literal = rest.split_once('(').is_some_and(|(_, path)| path.trim_start().starts_with(['"', '\'', '\\']));
        if !name.is_empty() && is_literal {
            found.push(name.to_owned());
        } else {
            found.push(ANY.to_owned());
        }
    }
    found
}

/// Stands for the name in a `notebook.run(` whose path is computed: no notebook is called so.
pub(super) const ANY: &str = "*";

/// Whether a notebook reads names that neither it nor what it runs binds, or binds imports that it does not read.
/// `reached` are the facts of all that it runs or imports, at any depth.
pub(super) fn depends_on_callers(document: &Document, reached: &[&Facts]) -> bool {
    let facts = &document.python;
    let names = document.names(&[]);
    leaves_import(facts, &names) || missing_of(facts, &names, reached).next().is_some()
}

/// Of so many missing names of a document it matters where they are defined.
const MISSING: usize = 100;

/// Names that a document reads and that neither it nor what it runs binds; some, if there are very many.
pub(super) fn missing_names<'d>(document: &'d Document, reached: &[&Facts]) -> BTreeSet<&'d str> {
    missing_of(&document.python, &document.names(&[]), reached).take(MISSING).collect()
}

fn missing_of<'f>(facts: &'f Facts, names: &Names, reached: &[&Facts]) -> impl Iterator<Item = &'f str> {
    let mut seen = HashSet::new();
    names.missing.iter().filter_map(move |missing| {
        let symbol = match missing.reader {
            Reader::Use(at) => facts.uses.get(at as usize).filter(|row| !row.guarded).map(|row| row.name),
            Reader::Deletion(at) => facts.bindings.get(at as usize).map(|row| row.name),
        }?;
        let name = facts.text(symbol);
        let bound = |facts: &&Facts| {
            let symbol = facts.symbols.get(name);
            symbol.is_some_and(|symbol| facts.bindings.iter().any(|row| row.name == symbol && row.scope == 0))
        };
        let new = seen.insert(symbol) && !is_builtin(name) && !is_injected(name);
        (new && !reached.iter().any(bound)).then_some(name)
    })
}

/// Which of the names that `search` looks for a file may define at its top level, as far as a glance tells: `def x`,
/// `class x`, `x = …`, `x: …`. Indexes of its patterns.
pub(super) fn defined(bytes: &[u8], search: &AhoCorasick) -> BTreeSet<usize> {
    let in_word = |byte: u8| byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii();
    let found = search.find_overlapping_iter(bytes).filter(|found| {
        let before = bytes.get(..found.start()).unwrap_or_default();
        let after = bytes.get(found.end()..).unwrap_or_default();
        let in_other = before.last().copied().is_some_and(in_word) || after.first().copied().is_some_and(in_word);
        !in_other && defines(before, after)
    });
    found.map(|found| found.pattern().as_usize()).collect()
}

/// Whether a word between these bytes may be defined there. An assignment counts that begins its line, behind
/// `# MAGIC` or the quote of a JSON string as well: what is indented may not happen.
pub(super) fn defines(before: &[u8], after: &[u8]) -> bool {
    if before.ends_with(b"def ") || before.ends_with(b"class ") {
        return true;
    }
    let begins = before.is_empty()
        || [&b"\n"[..], b"\r", b"# MAGIC ", b"\"", b"; ", b"= "].iter().any(|end| before.ends_with(end));
    let blanks = after.iter().take_while(|byte| **byte == b' ').count();
    begins && matches!(after.get(blanks..), Some([b'=' | b':', ..]))
}

/// Whether a document binds an import at its top level that it does not read.
pub(super) fn has_unread_import(document: &Document) -> bool {
    leaves_import(&document.python, &document.names(&[]))
}

fn leaves_import(facts: &Facts, names: &Names) -> bool {
    let mut rows = facts.bindings.iter().zip(&names.used);
    rows.any(|(row, used)| !used && row.scope == 0 && matches!(row.kind, BindingKind::Import(_)))
}

#[cfg(test)]
mod tests {
    use super::{defined, said};
    use aho_corasick::AhoCorasick;

    #[test]
    fn names_behind_run() {
        let text = "%run ./a\n# MAGIC %run \"../x/b c\" $d=\"e\"\n    \"%run ../f.ipynb\\n\",\n%run\n%run ./g $x=1";
        assert_eq!(said(text.as_bytes()), ["a", "b c", "f", "g"]);
    }

    #[test]
    fn files_that_may_define() {
        let search = AhoCorasick::new(["load", "limit"]).unwrap();
        for text in [
            "def load(x):",
            "class load:",
            "limit = 3",
            "    \"limit: int = 3\\n\"",
            "x = 1\nload=1",
            "# MAGIC limit = 1",
        ] {
            assert_eq!(defined(text.as_bytes(), &search).len(), 1, "{text}");
        }
        for text in ["load(limit)", "reload = 1", "limits = 1", "def load_all():", "from x import load", "f(limit=3)"] {
            assert!(defined(text.as_bytes(), &search).is_empty(), "{text}");
        }
    }
}
