//! One state of a repository: its documents parsed, its names resolved. Questions are answered out of it.

use super::desk::{Desk, Rules};
use super::encoding::{Position, Range};
use super::hints::Shown;
use super::{diagnostics, wire};
use crate::engine::{self, Setup};
use crate::finding::Finding;
use crate::names::Namespaces;
use crate::project::Project;
use crate::project::document::{Document, DocumentId};
use crate::project::shelf::Shelf;
use crate::snapshot::RepoPath;
use serde::Deserialize;
use serde_json::{Value, json};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::rc::Rc;
use std::sync::Arc;

/// An answer, or the code and the reason why there is none.
pub(super) type Answer = Result<Value, (i32, String)>;

/// Rules whose findings are about code that does nothing, which editors show pale.
const IDLE: [&str; 6] =
    ["unused-import", "unused-variable", "unused-run", "unused-ignore", "unreachable-code", "redefined-before-use"];

/// One state of a repository.
pub(super) struct Room<'a> {
    pub(super) desk: &'a Desk,
    pub(super) rules: &'a Rules<'a>,
    pub(super) setup: &'a Setup<'a>,
    pub(super) names: &'a Namespaces<'a>,
    pub(super) project: &'a Project,
    pub(super) shelf: &'a Shelf,
    findings: RefCell<HashMap<RepoPath, Rc<Vec<Finding>>>>,
    /// Whether something else is to be said of a file than what the editor has asked for.
    stale: Cell<bool>,
}

/// A place in a text.
#[derive(Deserialize)]
struct AtPosition {
    #[serde(rename = "textDocument")]
    document: TextDocument,
    position: Position,
}

#[derive(Deserialize)]
struct TextDocument {
    uri: String,
}

#[derive(Deserialize)]
struct OfDocument {
    #[serde(rename = "textDocument")]
    document: TextDocument,
}

/// A place in a document.
#[derive(Clone, Copy)]
pub(super) struct At<'a> {
    /// The document.
    pub document: &'a Document,
    /// Its index.
    pub id: DocumentId,
    /// The byte of its text.
    pub offset: u32,
}

impl<'a> Room<'a> {
    pub(super) fn new(
        desk: &'a Desk,
        rules: &'a Rules<'a>,
        setup: &'a Setup<'a>,
        names: &'a Namespaces<'a>,
        shelf: &'a Shelf,
    ) -> Self {
        let (findings, stale) = (RefCell::default(), Cell::new(false));
        Self { desk, rules, setup, names, project: names.project, shelf, findings, stale }
    }

    /// The files whose diagnostics may have changed: first those that changed and all that hangs together with them.
    pub(super) fn to_be_judged(&self) -> VecDeque<RepoPath> {
        self.answer_polls();
        let touched = &self.desk.touched;
        if touched.is_empty() {
            return VecDeque::new();
        }
        let near = self.connected(touched);
        let open = self.desk.view.open().keys();
        // An editor that asks will ask for what it has changed itself.
        let mut all: Vec<&RepoPath> =
            open.filter(|path| !(self.desk.shared.client.pulls && self.desk.edited.contains(*path))).collect();
        all.sort_by_key(|path| (!touched.contains(*path), !near.contains(*path)));
        all.into_iter().cloned().collect()
    }

    /// All documents that run or import each other with one of these at some end.
    fn connected(&self, from: &BTreeSet<RepoPath>) -> BTreeSet<RepoPath> {
        let documents = self.project.documents();
        let mut beside: HashMap<&RepoPath, Vec<&RepoPath>> = HashMap::new();
        for document in documents {
            for target in self.project.references(&document.path).iter().filter_map(|row| row.resolution.file()) {
                beside.entry(&document.path).or_default().push(target);
                beside.entry(target).or_default().push(&document.path);
            }
        }
        let mut near = from.clone();
        let mut waiting: Vec<&RepoPath> = from.iter().collect();
        while let Some(path) = waiting.pop() {
            for next in beside.get(path).into_iter().flatten() {
                if near.insert((*next).clone()) {
                    waiting.push(next);
                }
            }
        }
        near
    }

    /// All findings of a document that is open; of others, and if nothing is to be said at all, none.
    pub(super) fn findings(&self, path: &RepoPath) -> Rc<Vec<Finding>> {
        if let Some(known) = self.findings.borrow().get(path) {
            return known.clone();
        }
        let found = match self.project.document(path) {
            Some(document) if document.asked && self.desk.settings.enable => {
                let found = engine::check_one(self.setup, self.names, document);
                diagnostics::without_baseline(self.rules.baseline, self.project, found)
            }
            _ => Vec::new(),
        };
        let found = Rc::new(found);
        self.findings.borrow_mut().insert(path.clone(), found.clone());
        found
    }

    /// The diagnostics of all texts of a file, by their names.
    fn diagnostics(&self, path: &RepoPath) -> BTreeMap<Arc<str>, Vec<Value>> {
        let texts = self.desk.view.texts(path).into_iter();
        let mut by_text: BTreeMap<Arc<str>, Vec<Value>> = texts.map(|(uri, _)| (uri, Vec::new())).collect();
        for finding in self.findings(path).iter() {
            let (uri, row) = diagnostics::json(&self.desk.view, self.project, finding);
            by_text.entry(uri).or_default().push(row);
        }
        by_text
    }

    /// Judges one open file and says what is new.
    pub(super) fn judge(&self, path: &RepoPath) {
        let desk = self.desk;
        let touched = desk.touched.contains(path);
        let new: Vec<(Arc<str>, Value)> =
            self.diagnostics(path).into_iter().map(|(uri, rows)| (uri, Value::Array(rows))).collect();
        let mut said = desk.said.borrow_mut();
        let before = said.get(path);
        if desk.shared.client.pulls {
            if before.is_some_and(|before| *before != new) {
                self.stale.set(true);
            }
            said.insert(path.clone(), new);
            return;
        }
        let versions: HashMap<Arc<str>, Option<i64>> = desk.view.texts(path).into_iter().collect();
        let known = |uri: &Arc<str>| before.and_then(|rows| rows.iter().find(|(known, _)| known == uri));
        let empty = json!([]);
        for (uri, rows) in &new {
            let is_same = known(uri).map_or(!touched && *rows == empty, |(_, before)| before == rows);
            // What was typed may have moved what is shown, so of that it is said again.
            if is_same && !touched {
                continue;
            }
            let mut params = json!({ "uri": &**uri, "diagnostics": rows });
            if let Some(version) = versions.get(uri).copied().flatten() {
                params["version"] = json!(version);
            }
            desk.shared.send(wire::notification("textDocument/publishDiagnostics", params));
        }
        for (uri, _) in before.into_iter().flatten().filter(|(uri, _)| new.iter().all(|(known, _)| known != uri)) {
            let params = json!({ "uri": &**uri, "diagnostics": [] });
            desk.shared.send(wire::notification("textDocument/publishDiagnostics", params));
        }
        said.insert(path.clone(), new);
    }

    /// All open files are judged.
    pub(super) fn judged(&self) {
        if self.stale.take() {
            let shared = &self.desk.shared;
            let id = format!("refresh-{}-{}", self.desk.root.display(), self.desk.state);
            shared.send(wire::request(&id, "workspace/diagnostic/refresh", Value::Null));
        }
        self.refresh_shown();
    }

    /// Answers one question.
    pub(super) fn answer(&self, method: &str, params: &Value) -> Answer {
        match method {
            "textDocument/diagnostic" => self.pull(params),
            "textDocument/codeAction" => self.code_actions(params),
            "codeAction/resolve" => Ok(self.resolve_action(params)),
            "workspace/executeCommand" => self.command(params),
            "textDocument/formatting" => {
                let (path, cell) = self.file(params)?;
                self.formatting(&path, cell, None)
            }
            "textDocument/rangeFormatting" => {
                let (path, cell) = self.file(params)?;
                let range: Range = read(&params["range"])?;
                self.formatting(&path, cell, Some(range))
            }
            "textDocument/documentSymbol" => Ok(self.with(params, |document, cell| self.symbols(document, cell))?),
            "workspace/symbol" => Ok(self.workspace_symbols(params["query"].as_str().unwrap_or(""))),
            "textDocument/foldingRange" => Ok(self.with(params, |document, cell| self.folds(document, cell))?),
            "textDocument/documentLink" => Ok(self.with(params, |document, cell| self.links(document, cell))?),
            "textDocument/codeLens" => self.shown(Shown::Lenses, params),
            "textDocument/inlayHint" => self.shown(Shown::Hints, params),
            "textDocument/definition" => Ok(self.at(params)?.map_or(Value::Null, |at| self.definition(at))),
            "textDocument/hover" => Ok(self.at(params)?.map_or(Value::Null, |at| self.hover(at))),
            "textDocument/completion" => Ok(self.at(params)?.map_or(Value::Null, |at| self.complete(at))),
            "textDocument/references" => {
                let own = params["context"]["includeDeclaration"].as_bool().unwrap_or(true);
                Ok(self.at(params)?.map_or(Value::Null, |at| self.references(at, own)))
            }
            "textDocument/documentHighlight" => Ok(self.at(params)?.map_or(Value::Null, |at| self.highlights(at))),
            "textDocument/prepareRename" => Ok(self.at(params)?.map_or(Value::Null, |at| self.prepare_rename(at))),
            "textDocument/rename" => {
                let new = params["newName"].as_str().unwrap_or("");
                self.at(params)?.map_or(Ok(Value::Null), |at| self.rename(at, new))
            }
            _ => Err((wire::code::UNKNOWN_METHOD, format!("`{method}` is none of this server's"))),
        }
    }

    /// The file that a request is about, and the cell.
    pub(super) fn file(&self, params: &Value) -> Result<(RepoPath, Option<usize>), (i32, String)> {
        let OfDocument { document } = read(params)?;
        let unknown = || (wire::code::INVALID_PARAMS, format!("`{}` is not open", document.uri));
        self.desk.view.find(&document.uri).ok_or_else(unknown)
    }

    /// What a question about a document comes to; nothing, if it is not known.
    pub(super) fn with(
        &self,
        params: &Value,
        find: impl FnOnce(&'a Document, Option<usize>) -> Value,
    ) -> Result<Value, (i32, String)> {
        let (path, cell) = self.file(params)?;
        Ok(self.project.document(&path).map_or(Value::Null, |document| find(document, cell)))
    }

    /// The place that a request is about.
    fn at(&self, params: &Value) -> Result<Option<At<'a>>, (i32, String)> {
        let AtPosition { document, position } = read(params)?;
        let Some((path, cell)) = self.desk.view.find(&document.uri) else { return Ok(None) };
        let (Some(document), Some(id)) = (self.project.document(&path), self.project.id(&path)) else {
            return Ok(None);
        };
        Ok(self.desk.view.offset(document, cell, position).map(|offset| At { document, id, offset }))
    }

    /// The diagnostics of one text, unless the editor has them already.
    fn pull(&self, params: &Value) -> Answer {
        let OfDocument { document } = read(params)?;
        let rows = match self.desk.view.find(&document.uri) {
            Some((path, _)) => {
                let by_text = self.diagnostics(&path);
                let rows = by_text.get(&*document.uri).cloned().unwrap_or_default();
                let said = by_text.into_iter().map(|(uri, rows)| (uri, Value::Array(rows))).collect();
                self.desk.said.borrow_mut().insert(path, said);
                rows
            }
            None => Vec::new(),
        };
        let rows = Value::Array(rows);
        let id = result_id(&rows);
        if params["previousResultId"].as_str() == Some(&id) {
            return Ok(json!({ "kind": "unchanged", "resultId": id }));
        }
        Ok(json!({ "kind": "full", "resultId": id, "items": rows }))
    }
}

/// Reads parameters.
pub(super) fn read<T: for<'d> Deserialize<'d>>(value: &Value) -> Result<T, (i32, String)> {
    T::deserialize(value).map_err(|error| (wire::code::INVALID_PARAMS, error.to_string()))
}

/// A name for what was said: it changes when that changes.
pub(super) fn result_id(rows: &Value) -> String {
    let mut hasher = DefaultHasher::new();
    rows.to_string().hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Whether a rule is about code that does nothing.
pub(super) fn is_idle(rule: &str) -> bool {
    IDLE.contains(&rule)
}
