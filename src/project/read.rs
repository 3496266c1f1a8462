//! Reading one file: bytes, text, what it is, and what is known of it.

use super::document::{Document, Kind, Problem, ProblemKind, ReadOptions};
use crate::bundle;
use crate::guard;
use crate::notebook::{Language, ipynb, regions, source};
use crate::python;
use crate::python::facts::Facts;
use crate::python::parts::Parts;
use crate::snapshot::{RepoPath, Snapshot, is_lfs_pointer};
use crate::text::Span;
use crate::text::region::{OffsetMap, Region};
use std::sync::OnceLock;

/// Reads the file at `path` and understands it as far as it can be understood alone: bundle files and
/// the kinds that depend on other files come later.
pub fn read(snapshot: &dyn Snapshot, path: &RepoPath, asked: bool, options: &ReadOptions) -> Document {
    read_again(snapshot, path, asked, options, None)
}

/// The same for a file that was read before and will be again: `parts` is what its cells came to.
pub fn read_again(
    snapshot: &dyn Snapshot,
    path: &RepoPath,
    asked: bool,
    options: &ReadOptions,
    parts: Option<Box<Parts>>,
) -> Document {
    if snapshot.size(path).is_some_and(|size| size > options.max_file_size) {
        return failed(path, asked, options, too_large(options));
    }
    match snapshot.read(path) {
        Ok(bytes) => understand_again(bytes, path, asked, options, parts),
        Err(error) => failed(path, asked, options, (ProblemKind::Unreadable, error.message)),
    }
}

/// The same for bytes that were read already.
pub fn understand(bytes: Vec<u8>, path: &RepoPath, asked: bool, options: &ReadOptions) -> Document {
    understand_again(bytes, path, asked, options, None)
}

fn understand_again(
    bytes: Vec<u8>,
    path: &RepoPath,
    asked: bool,
    options: &ReadOptions,
    parts: Option<Box<Parts>>,
) -> Document {
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) > options.max_file_size.min(crate::text::MAX_LEN as u64) {
        return failed(path, asked, options, too_large(options));
    }
    let raw = match text(bytes) {
        Ok(raw) => raw,
        Err(message) => return failed(path, asked, options, (ProblemKind::Unreadable, message)),
    };
    let mut document = Document { parts, ..blank(path, asked, options, raw) };
    if is_lfs_pointer(document.raw.as_bytes()) {
        document.kind = Kind::Other;
        return document;
    }
    if is_template(path) && options.kind.is_none() {
        return document;
    }
    read_cells(&mut document);
    if document.notebook.is_some() && options.kind.is_none() {
        document.kind = Kind::Notebook;
    }
    // What it runs on was found out after it was read the last time, and is hardly another now. See [`read_for`].
    let before = document.parts.as_ref().and_then(|parts| parts.target()).unwrap_or(options.target_python);
    read_python(&mut document, before);
    if before != options.target_python && !document.problems.is_empty() {
        read_python(&mut document, options.target_python);
    }
    document
}

/// Makes a document that was read before as if it had just been read.
pub fn renew(document: &mut Document, asked: bool, options: &ReadOptions) {
    document.asked = asked;
    document.kind = options
        .kind
        .unwrap_or_else(|| if document.notebook.is_some() { Kind::Notebook } else { kind_by_name(&document.path) });
    if is_lfs_pointer(document.raw.as_bytes()) {
        document.kind = Kind::Other;
    }
    // Of one that is asked about, jobs may say which Python it is for.
    if !asked {
        read_for(document, options.target_python);
    }
}

/// Reads a document as a bundle file, unless its settings say that it is something else.
pub fn read_bundle(document: &mut Document, options: &ReadOptions) {
    if document.raw.is_empty() || options.kind.is_some_and(|kind| kind != Kind::Bundle) {
        return;
    }
    document.kind = Kind::Bundle;
    if document.bundle.is_some() {
        return;
    }
    match guard::caught(|| bundle::read(&document.raw)) {
        Err(reason) => document.problems.push(failure(&reason)),
        Ok(Ok(bundle)) => document.bundle = Some(Box::new(bundle)),
        Ok(Err(error)) => document.problems.push(Problem {
            kind: ProblemKind::InvalidYaml,
            span: Span::at(error.offset),
            message: error.message,
        }),
    }
}

fn read_cells(document: &mut Document) {
    if !document.path.has_extension("ipynb") {
        document.notebook = source::read(&document.raw, document.path.extension());
        return;
    }
    match ipynb::read(&document.raw) {
        Ok((notebook, joined)) => {
            document.notebook = Some(notebook);
            document.joined = Some(joined);
        }
        Err(error) => document.problems.push(Problem {
            kind: ProblemKind::InvalidNotebook,
            span: Span::at(error.offset),
            message: error.message,
        }),
    }
}

fn read_python(document: &mut Document, target: (u8, u8)) {
    let mut parts = document.parts.take();
    let facts = facts(document, target, parts.as_deref_mut());
    document.parts = parts;
    let Some(facts) = facts else { return };
    document.python = facts;
    document.resolved = OnceLock::new();
    document.problems.retain(|problem| problem.kind != ProblemKind::TooDeep);
    document.problems.extend(document.python.too_deep.iter().map(|&span| Problem {
        kind: ProblemKind::TooDeep,
        span,
        message: "nested too deeply to be checked; split it into several statements".to_owned(),
    }));
}

/// What is known of the Python of a document, if it can hold any.
fn facts(document: &Document, target: (u8, u8), parts: Option<&mut Parts>) -> Option<Facts> {
    let regions = match &document.notebook {
        Some(notebook) => regions::python_regions(notebook, document.text()),
        None if is_python(&document.path) && document.kind != Kind::Other && document.kind != Kind::Sql => {
            let code = std::borrow::Cow::Borrowed(document.raw.as_str());
            vec![Region { cell: 0, code, map: OffsetMap::shift(0), ipython: false }]
        }
        None => return None,
    };
    // Of one region nothing would stay the same.
    Some(match parts {
        Some(parts) if regions.len() > 1 => python::read_again(&regions, target, parts),
        _ => python::read(&regions, target),
    })
}

/// Reads the Python of a document again, if it was read for another Python: what is too new for this one is known
/// afterwards.
pub fn read_for(document: &mut Document, target_python: (u8, u8)) {
    let differs = document.python.target != target_python;
    if differs && document.problems.is_empty() && !document.python.scopes.is_empty() {
        read_python(document, target_python);
    }
}

/// Whether a file belongs to a template of cookiecutter, which fills holes in all files. Bundle templates
/// (`{{.project_name}}`) fill them only in `.tmpl` files.
fn is_template(path: &RepoPath) -> bool {
    path.as_str().contains("{{") && path.as_str().contains("cookiecutter.")
}

/// What a file is, as far as its name says.
fn kind_by_name(path: &RepoPath) -> Kind {
    let name = path.name();
    if is_template(path) {
        return Kind::Other;
    }
    if path.has_extension("ipynb") {
        return Kind::Notebook;
    }
    if path.has_extension("sql") {
        return Kind::Sql;
    }
    if !is_python(path) {
        return Kind::Other;
    }
    let in_tests = path.parent().as_str().split('/').any(|folder| folder == "tests" || folder == "test");
    if in_tests || is_named_as_test(path) {
        Kind::Test
    } else if matches!(name, "setup.py" | "noxfile.py" | "__main__.py") {
        Kind::Script
    } else {
        Kind::Module
    }
}

/// Whether a test runner takes a file for a test by its own name, wherever it lies.
pub(super) fn is_named_as_test(path: &RepoPath) -> bool {
    let stem = path.stem();
    stem.starts_with("test_") || stem.ends_with("_test") || stem == "conftest"
}

/// Whether the name is that of Python source.
pub fn is_python(path: &RepoPath) -> bool {
    Language::of_extension(path.extension()) == Some(Language::Python)
}

/// Whether the name is that of a file that a bundle can be written in.
pub fn is_bundle_candidate(path: &RepoPath) -> bool {
    path.has_extension("yml") || path.has_extension("yaml")
}

/// The bytes of a file as text.
///
/// # Errors
/// One line that says why they are none.
pub fn text(bytes: Vec<u8>) -> Result<String, String> {
    if let [0xFF, 0xFE, ..] | [0xFE, 0xFF, ..] = bytes.as_slice() {
        return Err("UTF-16 text, as its first two bytes say; save it as UTF-8".to_owned());
    }
    let text = String::from_utf8(bytes).map_err(|error| {
        let good = error.utf8_error().valid_up_to();
        let bytes = error.as_bytes();
        let byte = bytes.get(good).copied().unwrap_or_default();
        format!("not UTF-8: byte 0x{byte:02X} at line {}; save it as UTF-8", line_of(bytes, good))
    })?;
    match memchr::memchr(0, text.as_bytes()) {
        Some(at) => Err(format!("not a text file: NUL byte at line {}", line_of(text.as_bytes(), at))),
        None => Ok(text),
    }
}

fn line_of(bytes: &[u8], at: usize) -> usize {
    memchr::memchr_iter(b'\n', bytes.get(..at).unwrap_or_default()).count() + 1
}

fn too_large(options: &ReadOptions) -> (ProblemKind, String) {
    let limit = options.max_file_size;
    (ProblemKind::TooLarge, format!("larger than {limit} bytes (setting `max-file-size`), so it is not checked"))
}

/// What is said of a file that we failed to read ourselves.
pub fn failure(reason: &str) -> Problem {
    let message = format!("reading this file failed ({reason}); this is a fault of brickgate, please report it");
    Problem { kind: ProblemKind::Unreadable, span: Span::at(0), message }
}

/// A document that cannot be read because we failed ourselves.
pub fn given_up(path: &RepoPath, asked: bool, options: &ReadOptions, reason: &str) -> Document {
    let Problem { kind, message, .. } = failure(reason);
    failed(path, asked, options, (kind, message))
}

fn failed(path: &RepoPath, asked: bool, options: &ReadOptions, (kind, message): (ProblemKind, String)) -> Document {
    let problems = vec![Problem { kind, span: Span::at(0), message }];
    Document { problems, ..blank(path, asked, options, String::new()) }
}

/// A document of which nothing is known yet but its text.
fn blank(path: &RepoPath, asked: bool, options: &ReadOptions, raw: String) -> Document {
    Document {
        path: path.clone(),
        asked,
        kind: options.kind.unwrap_or_else(|| kind_by_name(path)),
        raw,
        joined: None,
        line_index: OnceLock::new(),
        resolved: OnceLock::new(),
        sql_facts: OnceLock::new(),
        hidden: OnceLock::new(),
        notebook: None,
        python: Facts::default(),
        parts: None,
        bundle: None,
        problems: Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::memory::Memory;
    use std::collections::BTreeMap;

    fn document(path: &str, bytes: &[u8]) -> Document {
        let path = RepoPath::new(path);
        let snapshot = Memory::new(BTreeMap::from([(path.clone(), bytes.to_vec())]));
        let options = ReadOptions { max_file_size: 1000, ..ReadOptions::default() };
        read(&snapshot, &path, true, &options)
    }

    fn problem(path: &str, bytes: &[u8]) -> (ProblemKind, String) {
        let document = document(path, bytes);
        assert!(document.raw.is_empty());
        let problem = document.problems.first().unwrap();
        (problem.kind, problem.message.clone())
    }

    #[test]
    fn unreadable_files_say_why() {
        let (kind, message) = problem("a.py", b"x = 1\n\ny = '\xE9'\n");
        assert_eq!(kind, ProblemKind::Unreadable);
        assert_eq!(message, "not UTF-8: byte 0xE9 at line 3; save it as UTF-8");
        assert!(problem("a.py", b"\xFF\xFEx\0").1.starts_with("UTF-16"));
        assert_eq!(problem("a.sql", b"a\n\0").1, "not a text file: NUL byte at line 2");
        assert_eq!(problem("a.py", &[b' '; 1001]).0, ProblemKind::TooLarge);
        let missing = read(&Memory::default(), &RepoPath::new("a.py"), true, &ReadOptions::default());
        assert_eq!(missing.problems.first().unwrap().message, "no such file");
    }

    #[test]
    fn kinds_by_name_and_header() {
        for (path, text, kind) in [
            ("a.py", "# Databricks notebook source\n", Kind::Notebook),
            ("tests/a.py", "# Databricks notebook source\n", Kind::Notebook),
            ("a.py", "x = 1\n", Kind::Module),
            ("test_a.py", "", Kind::Test),
            ("a_test.py", "", Kind::Test),
            ("x/conftest.py", "", Kind::Test),
            ("x/tests/deep/helpers.py", "", Kind::Test),
            ("contests/helpers.py", "", Kind::Module),
            ("setup.py", "", Kind::Script),
            ("a.sql", "select 1", Kind::Sql),
            ("a.sql", "-- Databricks notebook source\n", Kind::Notebook),
            ("a.scala", "val x = 1", Kind::Other),
            ("a.yml", "a: b", Kind::Other),
        ] {
            assert_eq!(document(path, text.as_bytes()).kind, kind, "{path} {text}");
        }
    }
}
