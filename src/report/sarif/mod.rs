//! SARIF 2.1.0, for code scanning of GitHub and Azure DevOps, and for viewers.
//!
//! Source: OASIS, "Static Analysis Results Interchange Format (SARIF) Version 2.1.0"; GitHub documentation, "SARIF
//! support for code scanning".

mod line_hash;

use super::chain::chain;
use super::place::{Places, Unit};
use super::view::Report;
use super::{plain, redact};
use crate::baseline::fingerprints;
use crate::finding::{Finding, Severity};
use crate::project::document::Document;
use crate::rules::book::Rule;
use crate::snapshot::RepoPath;
use crate::text::Span;
use line_hash::LineHashes;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;

/// More bytes of source than this are not shown.
const MOST_SHOWN: u32 = 2000;
/// Characters of a description.
const MOST_DESCRIBED: usize = 1000;
/// Other places of one finding.
const MOST_NOTES: usize = 100;
/// Places that a message links to.
const MOST_LINKS: usize = 5;
/// `%run`s of the way to a file.
const MOST_STEPS: usize = 50;

/// Writes one log with one run, one finding a line.
pub(super) fn write(out: &mut dyn io::Write, reports: &[Report<'_>]) -> io::Result<()> {
    let mut rules: BTreeMap<&str, &Rule> = BTreeMap::new();
    for report in reports {
        for finding in report.findings {
            if let Some(rule) = report.book.get(&finding.rule) {
                rules.insert(rule.name(), rule);
            }
        }
    }
    let indexes: BTreeMap<&str, usize> = rules.keys().enumerate().map(|(index, name)| (*name, index)).collect();
    let rules: Vec<Value> = rules.values().map(|rule| descriptor(rule)).collect();
    let version = env!("CARGO_PKG_VERSION");
    let driver = json!({
        "name": "brickgate",
        "semanticVersion": version,
        "version": version,
        "informationUri": env!("CARGO_PKG_REPOSITORY"),
        "rules": rules,
    });
    write!(
        out,
        "{{\"$schema\": \"https://json.schemastore.org/sarif-2.1.0.json\", \"version\": \"2.1.0\", \"runs\": [{{\n\
         \"tool\": {{\"driver\": {driver}}},\n\
         \"automationDetails\": {{\"id\": \"brickgate/\"}},\n\
         \"columnKind\": \"utf16CodeUnits\",\n\
         \"originalUriBaseIds\": {{\"SRCROOT\": {{\"description\": {{\"text\": \"the root of the repository\"}}}}}},\n\
         \"results\": ["
    )?;
    let mut separator = "\n";
    for report in reports {
        let prints = fingerprints(report.findings, report.project);
        let mut writer = Writer { report, places: Places::new(report.project), file: None, indexes: &indexes };
        for (finding, print) in report.findings.iter().zip(prints) {
            out.write_all(separator.as_bytes())?;
            serde_json::to_writer(&mut *out, &writer.result(finding, &print))?;
            separator = ",\n";
        }
    }
    out.write_all(b"]}]}\n")
}

/// What there is to know of a rule.
fn descriptor(rule: &Rule) -> Value {
    let page = &rule.page;
    let severity = page.head.severity;
    let mut tags = vec!["databricks".to_owned(), page.group.to_string()];
    let mut properties = json!({ "precision": "high", "problem.severity": problem(severity) });
    if let Some(object) = properties.as_object_mut() {
        if &*page.group == "secrets" {
            tags.push("security".to_owned());
            object.insert("security-severity".to_owned(), json!("8.0"));
        }
        object.insert("tags".to_owned(), json!(tags));
    }
    let description = cut(&page.description());
    let markdown = help(&page.text);
    json!({
        "id": rule.name(),
        "name": name(&page.group, rule.name()),
        "shortDescription": { "text": sentence(&cut(&page.title)) },
        "fullDescription": { "text": sentence(&description) },
        "help": { "text": format!("{}\n\nbrickgate rule {}", sentence(&description), rule.name()), "markdown": markdown },
        "defaultConfiguration": { "level": level(severity), "enabled": page.head.enabled },
        "properties": properties,
    })
}

/// The page without what only brickgate reads: the block about the rule.
fn help(page: &str) -> String {
    let page = page.replace("\r\n", "\n");
    let Some((before, rest)) = page.split_once("```toml rule\n") else { return page };
    let after = rest.split_once("\n```\n").map_or("", |(_, after)| after);
    format!("{before}{}", after.trim_start())
}

fn cut(text: &str) -> String {
    text.chars().take(MOST_DESCRIBED).collect()
}

fn sentence(text: &str) -> String {
    let text = text.trim_end();
    if text.ends_with(['.', '!', '?', ':']) { text.to_owned() } else { format!("{text}.") }
}

/// The name of a rule for people. It must not be its id with other capitals, which that of one word would be.
fn name(group: &str, rule: &str) -> String {
    if rule.contains('-') { pascal(rule) } else { pascal(&format!("{group}-{rule}")) }
}

fn pascal(name: &str) -> String {
    name.split('-')
        .map(|word| {
            let mut letters = word.chars();
            letters
                .next()
                .map_or_else(String::new, |first| format!("{}{}", first.to_ascii_uppercase(), letters.as_str()))
        })
        .collect()
}

const fn level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

const fn problem(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "recommendation",
    }
}

/// Percent signs for all that has a meaning in an address, or none.
fn uri(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'_' | b'.' | b'~') {
            uri.push(char::from(byte));
        } else {
            // Writing to a string does not fail.
            let _ = write!(uri, "%{byte:02X}");
        }
    }
    uri
}

/// Text of a message, where brackets make links.
fn escaped(text: &str) -> String {
    plain::line(text).replace('\\', "\\\\").replace('[', "\\[").replace(']', "\\]")
}

/// What one file needs for each of its findings.
struct OfFile {
    path: RepoPath,
    hidden: Vec<Span>,
    hashes: LineHashes,
    /// The way to it, as thread flow locations.
    steps: Vec<Value>,
}

struct Writer<'a, 'r> {
    report: &'r Report<'a>,
    places: Places<'a>,
    file: Option<OfFile>,
    indexes: &'r BTreeMap<&'r str, usize>,
}

impl<'a> Writer<'a, '_> {
    fn result(&mut self, finding: &Finding, print: &str) -> Value {
        let document = self.places.document(&finding.path);
        let file = match self.file.take().filter(|file| file.path == finding.path) {
            Some(file) => file,
            None => self.open(&finding.path, document),
        };
        let mut value = json!({
            "ruleId": &*finding.rule,
            "level": level(finding.severity),
            "message": { "text": message(finding) },
            "locations": [self.location(&finding.path, finding.span, &file.hidden)],
        });
        let Some(object) = value.as_object_mut() else { return value };
        if let Some(index) = self.indexes.get(&*finding.rule) {
            object.insert("ruleIndex".to_owned(), json!(index));
        }
        let (start, _) = self.places.in_file(&finding.path, finding.span, Unit::Utf16);
        let mut prints = Map::new();
        if let Some(hash) = file.hashes.of(start.row) {
            prints.insert("primaryLocationLineHash".to_owned(), json!(hash));
        }
        prints.insert("brickgate/v1".to_owned(), json!(print));
        object.insert("partialFingerprints".to_owned(), Value::Object(prints));
        let related = self.related(finding);
        if !related.is_empty() {
            object.insert("relatedLocations".to_owned(), Value::Array(related));
        }
        if matches!(self.report.group(&finding.rule), "run" | "names") && !file.steps.is_empty() {
            let mut locations = file.steps.clone();
            locations.push(json!({ "location": self.location(&finding.path, finding.span, &file.hidden) }));
            object.insert(
                "codeFlows".to_owned(),
                json!([{ "message": { "text": "How this notebook comes to be run." }, "threadFlows": [{ "locations": locations }] }]),
            );
        }
        if let Some(fix) = self.fix(finding, document) {
            object.insert("fixes".to_owned(), json!([fix]));
        }
        self.file = Some(file);
        value
    }

    /// What is the same for all findings of a file.
    fn open(&mut self, path: &RepoPath, document: Option<&'a Document>) -> OfFile {
        let project = self.report.project;
        let steps = chain(project, path);
        let steps = steps.iter().take(MOST_STEPS).map(|step| {
            let hidden = project.document(step.path).map(redact::hidden).unwrap_or_default();
            let mut location = self.location(step.path, step.span, &hidden);
            if let Some(object) = location.as_object_mut() {
                let text = format!("`{}` is run here.", step.to);
                object.insert("message".to_owned(), json!({ "text": escaped(&text) }));
            }
            json!({ "location": location })
        });
        let steps = steps.collect();
        OfFile {
            path: path.clone(),
            hidden: document.map(redact::hidden).unwrap_or_default(),
            hashes: LineHashes::new(document.map_or("", |document| &document.raw)),
            steps,
        }
    }

    fn location(&mut self, path: &RepoPath, span: Span, hidden: &[Span]) -> Value {
        let (start, end) = self.places.in_file(path, span, Unit::Utf16);
        let mut region = json!({
            "startLine": start.row,
            "startColumn": start.column,
            "endLine": end.row,
            "endColumn": end.column,
        });
        let document = self.places.document(path);
        if let Some(document) = document.filter(|_| !span.is_empty()) {
            let text = document.text();
            let most = text.floor_char_boundary((span.start.saturating_add(MOST_SHOWN)) as usize);
            let shown = Span::new(span.start, span.end.min(u32::try_from(most).unwrap_or(span.end)).max(span.start));
            if let (Some(region), false) = (region.as_object_mut(), shown.is_empty()) {
                region.insert("snippet".to_owned(), json!({ "text": redact::shown(document, hidden, shown) }));
            }
        }
        let path = uri(&self.report.path(path));
        let mut location = json!({
            "physicalLocation": { "artifactLocation": { "uri": path, "uriBaseId": "SRCROOT" }, "region": region },
        });
        let cell = document.and_then(|document| self.places.within(document, span).cell_index);
        if let (Some(cell), Some(object)) = (cell, location.as_object_mut()) {
            let name = format!("cell {cell}");
            let full = format!("{path}#cell-{cell}");
            object.insert(
                "logicalLocations".to_owned(),
                json!([{ "name": name, "kind": "module", "fullyQualifiedName": full }]),
            );
        }
        location
    }

    fn related(&mut self, finding: &Finding) -> Vec<Value> {
        let notes = (1_u32..).zip(finding.notes.iter().take(MOST_NOTES));
        notes
            .map(|(id, note)| {
                let hidden = self.places.document(&note.path).map(redact::hidden).unwrap_or_default();
                let mut location = self.location(&note.path, note.span, &hidden);
                if let Some(object) = location.as_object_mut() {
                    object.insert("id".to_owned(), json!(id));
                    object.insert("message".to_owned(), json!({ "text": sentence(&escaped(&note.message)) }));
                }
                location
            })
            .collect()
    }

    /// The fix, where its edits are of the file's own text.
    fn fix(&mut self, finding: &Finding, document: Option<&Document>) -> Option<Value> {
        let fix = finding.fix.as_ref()?;
        if document?.joined.is_some() || fix.edits.is_empty() || !fix.file_edits.is_empty() {
            return None;
        }
        let replacements: Vec<Value> = fix
            .edits
            .iter()
            .map(|edit| {
                let (start, end) = self.places.in_file(&finding.path, edit.span, Unit::Utf16);
                let deleted = json!({
                    "startLine": start.row, "startColumn": start.column, "endLine": end.row, "endColumn": end.column,
                });
                json!({ "deletedRegion": deleted, "insertedContent": { "text": edit.text } })
            })
            .collect();
        let path = uri(&self.report.path(&finding.path));
        let change = json!({
            "artifactLocation": { "uri": path, "uriBaseId": "SRCROOT" }, "replacements": replacements,
        });
        Some(json!({ "description": { "text": sentence(&plain::line(&fix.title)) }, "artifactChanges": [change] }))
    }
}

/// What is wrong, with links to the places that explain it.
fn message(finding: &Finding) -> String {
    let mut text = sentence(&escaped(&finding.message));
    for (id, note) in (1_u32..).zip(finding.notes.iter().take(MOST_LINKS)) {
        // Writing to a string does not fail.
        let _ = write!(text, " [{}]({id}).", escaped(&note.message));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_texts_and_addresses() {
        assert_eq!(name("run", "run-not-found"), "RunNotFound");
        assert_eq!(name("library", "mount"), "LibraryMount");
        assert_eq!((sentence("a"), sentence("a.")), ("a.".to_owned(), "a.".to_owned()));
        assert_eq!(uri("a b/größe#1.py"), "a%20b/gr%C3%B6%C3%9Fe%231.py");
        assert_eq!(escaped("a[0]\\"), "a\\[0\\]\\\\");
        assert_eq!(help("# T\n\n```toml rule\nx\n```\n\nWhy.\n"), "# T\n\nWhy.\n");
    }
}
