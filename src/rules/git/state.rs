//! Pages: `rules/git/databricks-state-committed.md`, `rules/git/outputs-committed.md`.

use crate::finding::Severity;
use crate::rules::survey::Survey;
use crate::snapshot::RepoPath;
use crate::snapshot::item::{Item, ItemKind};
use crate::text::Span;
use std::collections::BTreeMap;

/// The folder of the command line tool, and the one file in it that belongs into git.
const DATABRICKS: &str = ".databricks";
const COMMIT_OUTPUTS: &str = ".databricks/commit_outputs";

/// What may stand in such a folder: the list of notebooks with output, what keeps the rest out of git, and what
/// Ruby's tool of the same name writes.
const FINE: [&str; 3] = [".databricks/commit_outputs", ".databricks/.gitignore", ".bundle/config"];

/// No such file is longer, in bytes.
const LONGEST: u64 = 1_000_000;

/// What tells a file with credentials from one without, in lower case.
const CREDENTIALS: [&str; 4] = ["token", "password", "client_secret", "azure_client_secret"];

/// Files that belong to one machine or hold credentials.
pub(super) fn committed(survey: &mut Survey<'_, '_>) {
    let mut folders: BTreeMap<RepoPath, usize> = BTreeMap::new();
    for item in survey.items.asked {
        let Some(settings) = survey.settings(&item.path) else { continue };
        if let Some(folder) = state_folder(item, settings.list("folders")) {
            *folders.entry(folder).or_default() += 1;
        } else if item.kind == ItemKind::File && settings.list("files").iter().any(|name| name == item.path.name()) {
            file(survey, &item.path);
        }
    }
    for (folder, count) in folders {
        let but = if folder.name() == DATABRICKS { ", all but `.databricks/commit_outputs`" } else { "" };
        let files = if count == 1 { "1 file".to_owned() } else { format!("{count} files") };
        let message = format!(
            "`{folder}/` holds what a bundle's deployment left on one machine ({files}): add it to `.gitignore`{but}"
        );
        survey.report(&folder, message);
    }
}

/// The folder of state that an item lies in, unless it may lie there.
fn state_folder(item: &Item, names: &[String]) -> Option<RepoPath> {
    let path = item.path.as_str();
    let mut start = 0;
    for part in path.split('/') {
        let end = start + part.len();
        if end < path.len() && names.iter().any(|name| name == part) {
            let within = path.get(start..).unwrap_or_default();
            return (!FINE.contains(&within)).then(|| path.get(..end).map(RepoPath::new)).flatten();
        }
        start = end + 1;
    }
    None
}

/// A file with settings of one machine. One that says nothing is a template.
fn file(survey: &mut Survey<'_, '_>, path: &RepoPath) {
    let Some(text) = survey.text(path, LONGEST) else { return };
    let set = |line: &str| {
        let (key, value) = line.split_once('=')?;
        let is_set = !key.trim_start().starts_with(['#', ';']) && !value.trim().is_empty();
        is_set.then(|| key.trim().trim_start_matches("export ").to_ascii_lowercase())
    };
    let keys: Vec<String> = text.lines().filter_map(set).collect();
    if keys.is_empty() {
        return;
    }
    let secret =
        keys.iter().any(|key| CREDENTIALS.iter().any(|word| key == word || key.ends_with(&format!("_{word}"))));
    let name = path.name();
    let Some(settings) = survey.settings(path) else { return };
    if secret {
        // Who makes it a hint means all of it.
        let severity = if settings.severity == Severity::Info { Severity::Info } else { Severity::Error };
        let message = format!("`{name}` with credentials in it: add it to `.gitignore`, and revoke what was pushed");
        survey.report_with(severity, path, Span::default(), message);
    } else {
        survey.report(path, format!("`{name}` holds the settings of one machine: add it to `.gitignore`"));
    }
}

/// A list of notebooks with output that names all of them.
pub(super) fn outputs(survey: &mut Survey<'_, '_>) {
    let path = RepoPath::new(COMMIT_OUTPUTS);
    if !survey.items.asked.iter().any(|item| item.path == path) || survey.settings(&path).is_none() {
        return;
    }
    let Some(text) = survey.text(&path, LONGEST) else { return };
    let Some(span) = all(&text) else { return };
    let message = "`**` commits the output of every notebook, data that it shows included: name the notebooks whose \
                   output is meant to be read";
    let with_output: Vec<RepoPath> = survey
        .project
        .documents()
        .iter()
        .filter(|document| document.joined.is_some() && document.raw.contains("\"output_type\""))
        .map(|document| document.path.clone())
        .collect();
    if let Some(finding) = survey.report_at(&path, span, message) {
        for notebook in with_output {
            finding.note(notebook, Span::default(), "has output that is committed");
        }
    }
}

/// The line that names everything, unless a later one takes that back. The last pattern that matches decides.
fn all(text: &str) -> Option<Span> {
    let mut found = None;
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        match line.trim() {
            "**" => {
                let start = at + line.find('*').unwrap_or(0);
                found = Some(Span::from_range(start..start + 2));
            }
            "!**" => found = None,
            _ => {}
        }
        at += line.len();
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_pattern_decides() {
        assert_eq!(all("# **\n"), None);
        assert_eq!(all("a/*.ipynb\n **\r\n!b/**\n"), Some(Span::new(11, 13)));
        assert_eq!(all("**\n!**\na.ipynb\n"), None);
        assert_eq!(all("!**\n**"), Some(Span::new(4, 6)));
    }

    #[test]
    fn folders_of_state_at_any_depth() {
        let names = [".databricks".to_owned(), ".bundle".to_owned()];
        let of = |path: &str| {
            state_folder(&Item::file(RepoPath::new(path)), &names).map(|folder| folder.as_str().to_owned())
        };
        assert_eq!(of("app/.databricks/bundle/dev/x.tfstate").as_deref(), Some("app/.databricks"));
        assert_eq!(of(".bundle/x/files/.databricks/y").as_deref(), Some(".bundle"));
        assert_eq!(of(".databricks/commit_outputs"), None);
        assert_eq!(of("ruby/.bundle/config"), None);
        assert_eq!(of("docs/.databricks"), None);
        assert_eq!(of("x.databricks/y"), None);
    }
}
