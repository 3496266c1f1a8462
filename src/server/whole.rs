//! A look at a whole repository, on a thread of its own: typing does not wait for it.

use super::desk::{Question, overrides};
use super::room::{Room, result_id};
use super::settings::Settings;
use super::view::View;
use super::{Shared, diagnostics, wire};
use crate::baseline::Baseline;
use crate::config::{self, Configs};
use crate::engine::{self, Setup};
use crate::guard;
use crate::rules::book::Book;
use crate::snapshot::{RepoPath, Snapshot};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// All that the look needs.
struct Look {
    shared: Arc<Shared>,
    settings: Arc<Settings>,
    root: Arc<Path>,
    view: View,
    snapshot: Arc<dyn Snapshot>,
    files: Vec<RepoPath>,
    baseline: Option<Baseline>,
}

/// What to do with what it shows.
enum Then {
    /// Answer these.
    Answer(Vec<Question>),
    /// Say it unasked. The names of files of which something was said before.
    Say(Arc<Mutex<BTreeSet<Arc<str>>>>),
}

impl Room<'_> {
    /// Answers questions about the whole repository, or says unasked what there is to say, if something has changed.
    pub(super) fn answer_polls(&self) {
        let desk = self.desk;
        if !desk.polls.borrow().is_empty() && desk.polled.get() != Some(desk.state) {
            desk.polled.set(Some(desk.state));
            self.look(Then::Answer(desk.polls.take()));
        }
        if desk.settings.whole_workspace && !desk.shared.client.pulls && desk.whole_due.replace(false) {
            self.look(Then::Say(desk.whole_said.clone()));
        }
    }

    fn look(&self, then: Then) {
        let desk = self.desk;
        let look = Look {
            shared: desk.shared.clone(),
            settings: desk.settings.clone(),
            root: desk.root.clone(),
            view: desk.view.clone(),
            snapshot: desk.snapshot(),
            files: desk.everything(self.rules.configs).to_vec(),
            baseline: self.rules.baseline.cloned(),
        };
        let started = std::thread::Builder::new().stack_size(super::STACK).spawn(move || look.run(then));
        if let Err(error) = started {
            desk.shared.log(|| format!("cannot start a thread: {error}"));
        }
    }
}

impl Look {
    fn run(self, then: Then) {
        let found = guard::caught(|| self.found()).unwrap_or_else(|reason| {
            self.shared.log(|| format!("a look at {} failed: {reason}", self.root.display()));
            BTreeMap::new()
        });
        match then {
            Then::Answer(questions) => {
                for question in questions {
                    self.answer(&question, &found);
                }
            }
            Then::Say(said) => self.say(&said, found),
        }
    }

    /// The diagnostics of all files, by the names of their texts.
    fn found(&self) -> BTreeMap<Arc<str>, Vec<Value>> {
        let overrides = overrides(&self.settings, &self.root);
        let folders = config::pages(&*self.snapshot, &overrides);
        let book = Book::builtin().with_pages(&*self.snapshot, &folders).unwrap_or_else(|_| Book::builtin());
        let configs = Configs::new(&*self.snapshot, book.rules().iter().map(|rule| &rule.page), &overrides);
        let everything = || self.files.clone();
        let outcome = engine::check(&Setup {
            book: &book,
            snapshot: self.snapshot.clone(),
            settings: &configs,
            asked: self.files.clone(),
            everything: &everything,
            progress: &|| {},
            items: None,
            whole: true,
            delta: None,
        });
        let all = if self.settings.enable { outcome.findings } else { Vec::new() };
        let all = diagnostics::without_baseline(self.baseline.as_ref(), &outcome.project, all);
        let mut by_text: BTreeMap<Arc<str>, Vec<Value>> = BTreeMap::new();
        for finding in &all {
            let (uri, row) = diagnostics::json(&self.view, &outcome.project, finding);
            by_text.entry(uri).or_default().push(row);
        }
        by_text
    }

    fn answer(&self, question: &Question, found: &BTreeMap<Arc<str>, Vec<Value>>) {
        let known = question.params["previousResultIds"].as_array();
        let known: BTreeMap<&str, &str> = known
            .into_iter()
            .flatten()
            .filter_map(|row| Some((row["uri"].as_str()?, row["value"].as_str()?)))
            .collect();
        let gone = known.keys().filter(|uri| !found.contains_key(**uri)).map(|uri| (Arc::from(*uri), Vec::new()));
        let all = found.iter().map(|(uri, rows)| (uri.clone(), rows.clone())).chain(gone);
        let report = |(uri, rows): (Arc<str>, Vec<Value>)| {
            let rows = Value::Array(rows);
            let id = result_id(&rows);
            if known.get(&*uri) == Some(&&*id) {
                return json!({ "kind": "unchanged", "uri": &*uri, "version": null, "resultId": id });
            }
            json!({ "kind": "full", "uri": &*uri, "version": null, "resultId": id, "items": rows })
        };
        let part = Value::Array(all.map(report).collect());
        let whole = match &question.gather {
            Some(gather) => gather.add(part),
            None => Some(json!({ "items": part })),
        };
        if let Some(whole) = whole {
            self.shared.forget(&question.id);
            self.shared.send(wire::answer(question.id.clone(), whole));
        }
    }

    /// Says what there is to say of files that are not open: of the others it is said as they change.
    fn say(&self, said: &Mutex<BTreeSet<Arc<str>>>, found: BTreeMap<Arc<str>, Vec<Value>>) {
        let open: BTreeSet<Arc<str>> =
            self.view.open().keys().flat_map(|path| self.view.texts(path)).map(|(uri, _)| uri).collect();
        let mut said = said.lock().unwrap_or_else(PoisonError::into_inner);
        let gone: Vec<Arc<str>> = said.iter().filter(|uri| !found.contains_key(*uri)).cloned().collect();
        *said = found.keys().cloned().collect();
        let all = found.into_iter().chain(gone.into_iter().map(|uri| (uri, Vec::new())));
        for (uri, rows) in all.filter(|(uri, _)| !open.contains(uri)) {
            let params = json!({ "uri": &*uri, "diagnostics": rows });
            self.shared.send(wire::notification("textDocument/publishDiagnostics", params));
        }
    }
}
