//! Pages: `rules/git/symlink.md`, `rules/git/submodule.md`, `rules/git/lfs-pointer.md`.

use crate::rules::survey::Survey;
use crate::snapshot::RepoPath;
use crate::snapshot::item::{Item, ItemKind};
use crate::text::Span;
use std::collections::HashSet;

/// Where git writes down its submodules.
const MODULES: &str = ".gitmodules";

/// No such file is longer, in bytes.
const LONGEST: u64 = 1_000_000;

/// How a file starts that stands for one in large file storage.
/// Source: <https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md>
const POINTER: &str = "version https://git-lfs.github.com/spec/v1\n";

/// The sizes that such files can have: three lines, below 1024 bytes by their specification.
const POINTER_SIZES: std::ops::Range<u64> = 100..1024;

/// Symbolic links.
pub(super) fn symlink(survey: &mut Survey<'_, '_>) {
    for item in survey.items.asked.iter().filter(|item| item.kind == ItemKind::Link) {
        let message = "a symbolic link, which a Git folder does not follow: put what it leads to here, or change the \
                       paths that need it";
        survey.report(&item.path, message);
    }
}

/// Submodules, each once: where `.gitmodules` names it if that is asked about, else where it stands.
pub(super) fn submodule(survey: &mut Survey<'_, '_>) {
    let modules = RepoPath::new(MODULES);
    let mut named: HashSet<String> = HashSet::new();
    if survey.items.asked.iter().any(|item| item.path == modules && item.kind == ItemKind::File)
        && let Some(text) = survey.text(&modules, LONGEST)
    {
        for (path, span) in submodules(&text) {
            // Git leaves the lines of a submodule that was taken out by hand; then there is no folder either.
            if !is_there(survey, path) {
                continue;
            }
            survey.report_at(&modules, span, message(path));
            named.insert(path.to_owned());
        }
    }
    for item in survey.items.asked.iter().filter(|item| item.kind == ItemKind::Submodule) {
        if !named.contains(item.path.as_str()) {
            survey.report(&item.path, message(item.path.as_str()));
        }
    }
}

fn is_there(survey: &Survey<'_, '_>, path: &str) -> bool {
    let inside = RepoPath::root().join(path);
    inside.is_some_and(|path| {
        survey.project.snapshot.is_folder(&path)
            || survey.items.asked.binary_search(&Item { path, kind: ItemKind::Submodule }).is_ok()
    })
}

fn message(path: &str) -> String {
    format!(
        "the submodule `{path}` stays empty in a Git folder without Git CLI access: install it as a library, or copy \
         what you need"
    )
}

/// The paths that `.gitmodules` names, and where.
fn submodules(text: &str) -> Vec<(&str, Span)> {
    let mut found = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let value = line.trim_start().strip_prefix("path").and_then(|rest| rest.trim_start().strip_prefix('='));
        if let Some(value) = value.map(str::trim).filter(|value| !value.is_empty()) {
            let start = at + line.rfind(value).unwrap_or(0);
            found.push((value.trim_matches('"'), Span::from_range(start..start + value.len())));
        }
        at += line.len();
    }
    found
}

/// Files whose content is elsewhere.
pub(super) fn lfs_pointer(survey: &mut Survey<'_, '_>) {
    for item in survey.items.asked.iter().filter(|item| item.kind == ItemKind::File) {
        if is_pointer(survey, &item.path) {
            let message = "only a pointer to git's large file storage, which a Git folder without Git CLI access does \
                           not fetch: keep the file on a volume";
            survey.report(&item.path, message);
        }
    }
}

fn is_pointer(survey: &Survey<'_, '_>, path: &RepoPath) -> bool {
    if let Some(document) = survey.project.document(path).filter(|document| !document.raw.is_empty()) {
        return document.raw.starts_with(POINTER);
    }
    let snapshot = &survey.project.snapshot;
    snapshot.size(path).is_some_and(|size| POINTER_SIZES.contains(&size))
        && snapshot.head(path, POINTER.len()).is_ok_and(|head| head == POINTER.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn submodules_are_found_where_they_are_named() {
        let text =
            "[submodule \"x\"]\n\tpath = libs/x y\n\turl = ../x\n[submodule \"z\"]\r\n path=\"z\"\r\n pathology = 1\n";
        let found: Vec<_> = submodules(text).into_iter().map(|(path, span)| (path, span.of(text))).collect();
        assert_eq!(found, [("libs/x y", "libs/x y"), ("z", "\"z\"")]);
    }
}
