//! Who runs a notebook, as far as it must be known for what is said of its names.

use super::document::Document;
use super::places::without_extension;
use super::roles::is_injected;
use crate::python::builtins::is_builtin;
use crate::python::facts::{BindingKind, Facts};
use crate::python::names::{self, Names, Reader};
use crate::snapshot::RepoPath;
use memchr::memmem;

/// Whether a file can hold a `%run`, by its name.
pub(super) fn may_run(path: &RepoPath) -> bool {
    without_extension(path.as_str()).is_some()
}

/// The last words of the paths behind each `%run` in a file, as far as a glance tells: more words than there are
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
    found
}

/// Whether a notebook reads names that neither it nor what it runs binds, or binds imports that it does not read.
/// `reached` are the facts of all that it runs or imports, at any depth.
pub(super) fn depends_on_callers(document: &Document, reached: &[&Facts]) -> bool {
    let facts = &document.python;
    let names = names::resolve(facts, &[]);
    leaves_import(facts, &names)
        || names.missing.iter().any(|missing| {
            let symbol = match missing.reader {
                Reader::Use(at) => facts.uses.get(at as usize).filter(|row| !row.guarded).map(|row| row.name),
                Reader::Deletion(at) => facts.bindings.get(at as usize).map(|row| row.name),
            };
            let Some(name) = symbol.map(|symbol| facts.text(symbol)) else { return false };
            let bound = |facts: &&Facts| {
                let symbol = facts.symbols.get(name);
                symbol.is_some_and(|symbol| facts.bindings.iter().any(|row| row.name == symbol && row.scope == 0))
            };
            !is_builtin(name) && !is_injected(name) && !reached.iter().any(bound)
        })
}

/// Whether a document binds an import at its top level that it does not read.
pub(super) fn has_unread_import(document: &Document) -> bool {
    leaves_import(&document.python, &names::resolve(&document.python, &[]))
}

fn leaves_import(facts: &Facts, names: &Names) -> bool {
    let mut rows = facts.bindings.iter().zip(&names.used);
    rows.any(|(row, used)| !used && row.scope == 0 && matches!(row.kind, BindingKind::Import(_)))
}

#[cfg(test)]
mod tests {
    use super::said;

    #[test]
    fn names_behind_run() {
        let text = "%run ./a\n# MAGIC %run \"../x/b c\" $d=\"e\"\n    \"%run ../f.ipynb\\n\",\n%run\n%run ./g $x=1";
        assert_eq!(said(text.as_bytes()), ["a", "b c", "f", "g"]);
    }
}
