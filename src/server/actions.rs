//! Code actions: fixes, comments that silence, pages of rules.

use super::edits::TextEdits;
use super::ignore::{Reach, silence};
use super::room::{Answer, Room, read};
use super::{diagnostics, uri, wire};
use crate::config::{Lookup, PathSettings};
use crate::engine::Setup;
use crate::finding::{Finding, Safety};
use crate::fix;
use crate::project::document::Document;
use crate::snapshot::RepoPath;
use crate::suppress::{ALWAYS_ON, UNUSED_IGNORE};
use crate::text::Span;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::sync::Arc;

const FIX_ALL: &str = "source.fixAll.brickgate";
const ORGANIZE: &str = "source.organizeImports.brickgate";

/// Settings in which only one rule is on.
struct Only<'a> {
    all: &'a dyn Lookup,
    rule: usize,
}

impl Lookup for Only<'_> {
    fn for_path(&self, path: &RepoPath) -> Arc<PathSettings> {
        let all = self.all.for_path(path);
        let rules = (0..).zip(&all.rules).map(|(at, rule)| rule.clone().filter(|_| at == self.rule)).collect();
        Arc::new(PathSettings { read: all.read.clone(), target: all.target.clone(), rules })
    }
}

impl Room<'_> {
    /// What can be done at a place.
    pub(super) fn code_actions(&self, params: &Value) -> Answer {
        let (path, cell) = self.file(params)?;
        let Some(document) = self.project.document(&path).filter(|document| document.asked) else {
            return Ok(Value::Null);
        };
        let range = read(&params["range"])?;
        let span = self.desk.view.span(document, cell, range).unwrap_or_default();
        let only: Option<Vec<&str>> =
            params["context"]["only"].as_array().map(|kinds| kinds.iter().filter_map(Value::as_str).collect());
        // `source` asks for all that begins with `source.`.
        let begins = |kind: &str, wanted: &str| {
            kind == wanted || wanted.is_empty() || kind.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
        };
        let wants = |kind: &str| only.as_ref().is_none_or(|only| only.iter().any(|wanted| begins(kind, wanted)));
        let mut actions = Vec::new();
        if wants("quickfix") {
            self.quick_fixes(document, span, &mut actions);
        }
        let uri = params["textDocument"]["uri"].as_str().unwrap_or("");
        let asked = only.is_some();
        for (kind, title) in [(FIX_ALL, "Fix all that brickgate can fix safely"), (ORGANIZE, "Sort imports")] {
            // In the menu of a place they would only be in the way.
            if asked && wants(kind) {
                let data = json!({ "uri": uri, "do": kind });
                self.later(json!({ "title": title, "kind": kind }), data, &mut actions);
            }
        }
        Ok(Value::Array(actions))
    }

    fn quick_fixes(&self, document: &Document, span: Span, actions: &mut Vec<Value>) {
        let view = &self.desk.view;
        let findings = self.findings(&document.path);
        let here: Vec<&Finding> = findings.iter().filter(|finding| finding.span.overlaps(span)).collect();
        for finding in &here {
            let Some(fix) = &finding.fix else { continue };
            let mut edits = TextEdits::default();
            if edits.extend(view, document, &fix.edits, &fix.file_edits).is_none() || edits.is_empty() {
                continue;
            }
            let unsure = if fix.safety == Safety::Unsafe { " (may change what the code does)" } else { "" };
            actions.push(json!({
                "title": format!("{}{unsure}", fix.title),
                "kind": "quickfix",
                "isPreferred": fix.safety == Safety::Safe,
                "diagnostics": [diagnostics::json(view, self.project, finding).1],
                "edit": edits.json(self.desk.shared.client.document_changes),
            }));
        }
        let uri = view.uri(&document.path);
        let mut rules: BTreeSet<&str> = BTreeSet::new();
        for finding in here.iter().filter(|finding| rules.insert(&finding.rule)) {
            let rule = &*finding.rule;
            let same = findings.iter().filter(|other| *other.rule == *rule);
            let fixable = same.filter(|other| other.fix.as_ref().is_some_and(|fix| fix.safety == Safety::Safe)).count();
            if fixable > 1 {
                let data = json!({ "uri": &*uri, "do": "rule", "rule": rule });
                let title = format!("Fix all {fixable} of `{rule}` in this file");
                self.later(json!({ "title": title, "kind": "quickfix" }), data, actions);
            }
        }
        let mut rules: BTreeSet<&str> = BTreeSet::new();
        for finding in here.iter().filter(|finding| rules.insert(&finding.rule)) {
            self.silencers(document, finding, actions);
        }
        for rule in rules {
            let command = json!({
                "title": format!("Show the page of `{rule}`"),
                "command": "brickgate.showRule",
                "arguments": [{ "uri": &*uri, "rule": rule }],
            });
            actions.push(json!({ "title": command["title"], "kind": "quickfix", "command": command }));
        }
    }

    fn silencers(&self, document: &Document, finding: &Finding, actions: &mut Vec<Value>) {
        let rule = &*finding.rule;
        if ALWAYS_ON.contains(&rule) || rule == UNUSED_IGNORE {
            return;
        }
        for (reach, what) in [(Reach::Line, "line"), (Reach::Cell, "cell"), (Reach::File, "file")] {
            let Some(edit) = silence(document, rule, finding.span, reach) else { continue };
            let mut edits = TextEdits::default();
            if edits.extend(&self.desk.view, document, &[edit], &[]).is_none() {
                continue;
            }
            actions.push(json!({
                "title": format!("Ignore `{rule}` for this {what}"),
                "kind": "quickfix",
                "edit": edits.json(self.desk.shared.client.document_changes),
            }));
        }
    }

    /// Adds an action whose edit is worked out when it is chosen, if the editor can wait.
    fn later(&self, mut action: Value, data: Value, actions: &mut Vec<Value>) {
        if self.desk.shared.client.resolves_actions {
            action["data"] = data;
            actions.push(action);
            return;
        }
        if let Some(edit) = self.edit_of(&data) {
            action["edit"] = edit;
            actions.push(action);
        }
    }

    /// Works out the edit of an action.
    pub(super) fn resolve_action(&self, action: &Value) -> Value {
        let mut action = action.clone();
        if let Some(edit) = self.edit_of(&action["data"]) {
            action["edit"] = edit;
        }
        action
    }

    /// The edit that `data` of an action stands for; `None` if there is nothing to do.
    fn edit_of(&self, data: &Value) -> Option<Value> {
        let (path, _) = self.desk.view.find(data["uri"].as_str()?)?;
        let document = self.project.document(&path)?;
        let edits = match data["do"].as_str()? {
            FIX_ALL => self.fixed(document, None)?,
            "rule" => self.fixed(document, data["rule"].as_str())?,
            ORGANIZE => self.organized(document)?,
            _ => return None,
        };
        (!edits.is_empty()).then(|| edits.json(self.desk.shared.client.document_changes))
    }

    /// Makes all fixes of a document, or those of one rule.
    fn fixed(&self, document: &Document, rule: Option<&str>) -> Option<TextEdits> {
        let snapshot = self.setup.snapshot.clone();
        let asked = vec![document.path.clone()];
        let unsafe_too = self.desk.settings.unsafe_fixes;
        let fixed = match rule {
            Some(rule) => {
                let only = Only { all: self.setup.settings, rule: self.rules.book.position(rule)? };
                let Setup { book, everything, progress, .. } = *self.setup;
                let setup = Setup {
                    book,
                    snapshot,
                    settings: &only,
                    asked,
                    everything,
                    progress,
                    items: None,
                    whole: false,
                    delta: None,
                };
                fix::fix_all(&setup, unsafe_too)
            }
            None => fix::fix_all(&Setup { snapshot, asked, ..*self.setup }, unsafe_too),
        };
        let texts = fixed.texts.get(&document.path)?;
        self.rewritten(document, &texts.new)
    }

    /// Runs a command.
    pub(super) fn command(&self, params: &Value) -> Answer {
        let argument = &params["arguments"][0];
        let invalid = |text: &str| (wire::code::INVALID_PARAMS, text.to_owned());
        match params["command"].as_str() {
            Some("brickgate.showRule") => {
                let rule = argument["rule"].as_str().ok_or_else(|| invalid("which rule?"))?;
                self.show_rule(rule)
            }
            Some(name @ ("brickgate.fixAll" | "brickgate.fixRule")) => {
                let what = if name == "brickgate.fixAll" { FIX_ALL } else { "rule" };
                let data = json!({ "uri": argument["uri"], "do": what, "rule": argument["rule"] });
                if let Some(edit) = self.edit_of(&data) {
                    let id = format!("edit-{}-{}", self.desk.root.display(), self.desk.state);
                    let params = json!({ "label": "brickgate", "edit": edit });
                    self.desk.shared.send(wire::request(&id, "workspace/applyEdit", params));
                }
                Ok(Value::Null)
            }
            _ => Err(invalid("there is no such command")),
        }
    }

    /// Shows the page of a rule: as a document, or its first words as a message.
    fn show_rule(&self, name: &str) -> Answer {
        let unknown = || (wire::code::INVALID_PARAMS, format!("there is no rule `{name}`"));
        let rule = self.rules.book.get(name).ok_or_else(unknown)?;
        let page = &rule.page;
        let shared = &self.desk.shared;
        if shared.client.shows
            && let Some(file) = written_page(name, &page.text)
        {
            let params = json!({ "uri": file, "takeFocus": true });
            shared.send(wire::request(&format!("show-{name}-{}", self.desk.state), "window/showDocument", params));
        } else {
            let text = page.description.of(&page.text).replace('\n', " ");
            let message = format!("{name}: {}\n\n{text}\n\n`brickgate rule {name}` shows the whole page.", page.title);
            shared.send(wire::notification("window/showMessage", json!({ "type": 3, "message": message })));
        }
        Ok(Value::Null)
    }
}

/// Writes a page where an editor can open it. Gives its URI.
fn written_page(name: &str, text: &str) -> Option<String> {
    let folder = std::env::temp_dir().join(format!("brickgate-rules-{}", env!("CARGO_PKG_VERSION")));
    fs::create_dir_all(&folder).ok()?;
    let file = folder.join(format!("{name}.md"));
    // Another server may be writing the same: the page comes into place whole.
    let mut new = tempfile::NamedTempFile::new_in(&folder).ok()?;
    std::io::Write::write_all(&mut new, text.as_bytes()).ok()?;
    new.persist(&file).ok()?;
    Some(uri::of_path(&file))
}
