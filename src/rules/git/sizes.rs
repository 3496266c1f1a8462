//! Pages: `rules/file/file-too-large.md`, `rules/git/notebook-too-large.md`, `rules/git/too-many-files.md`. The limits
//! are those of Databricks' documentation for Git folders, workspace files and notebooks.

use crate::notebook::Format;
use crate::rules::context::Context;
use crate::rules::survey::Survey;
use crate::snapshot::RepoPath;
use crate::snapshot::item::ItemKind;
use crate::text::Span;
use std::collections::BTreeMap;

/// Files that no workspace takes. Of files whose text matters, reading has told already.
pub(super) fn file_too_large(survey: &mut Survey<'_, '_>) {
    for item in survey.items.asked.iter().filter(|item| item.kind == ItemKind::File) {
        let path = &item.path;
        if survey.project.document(path).is_some_and(|document| document.asked) {
            continue;
        }
        let Some(size) = survey.size(path) else { continue };
        let Some(settings) = survey.settings(path) else { continue };
        let most = settings.integer("max-bytes");
        if size > u64::from(most) {
            let message = format!(
                "{}, more than the {} that a file may have: keep it on a volume",
                human(size),
                human(u64::from(most))
            );
            survey.report(path, message);
        }
    }
}

/// Notebooks and cells that cannot be imported, saved or sent. What is too large to be read at all is
/// `file-too-large`.
pub(super) fn notebook_too_large(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let (option, what) = match notebook.format {
        Format::Source => ("max-source-bytes", "a notebook in source format"),
        Format::Ipynb => ("max-ipynb-bytes", "an `.ipynb`"),
    };
    let (size, most) = (document.raw.len() as u64, u64::from(context.integer(option)));
    if size > most {
        let message = format!("{}, more than the {} that {what} may have: split it up", human(size), human(most));
        context.report(notebook.header, message);
    }
    let most = context.integer("max-cell-bytes");
    for cell in &notebook.cells {
        if cell.body.len() > most {
            let message = format!(
                "{}, more than the {} that one cell may have: keep data in files",
                human(u64::from(cell.body.len())),
                human(u64::from(most))
            );
            let first = document.lines().line_content(document.lines().line_of(cell.body.start), document.text());
            context.report(Span::new(first.start, first.end.min(first.start.saturating_add(80))), message);
        }
    }
}

/// Repositories with more files than a Git folder is made for.
pub(super) fn too_many_files(survey: &mut Survey<'_, '_>) {
    let root = RepoPath::root();
    let Some(settings) = survey.settings(&root).filter(|_| survey.items.whole) else { return };
    let most = settings.integer("max");
    let count = survey.items.asked.len();
    if count <= most as usize {
        return;
    }
    let mut folders: BTreeMap<&str, usize> = BTreeMap::new();
    for item in survey.items.asked {
        if let Some((folder, _)) = item.path.as_str().split_once('/') {
            *folders.entry(folder).or_default() += 1;
        }
    }
    // The first of those with the most, so that it is always the same.
    let largest = folders.into_iter().rev().max_by_key(|(_, count)| *count);
    let where_most = largest.map_or_else(String::new, |(folder, count)| format!(", {count} of them below `{folder}/`"));
    let message =
        format!("{count} files{where_most}, more than the {most} that a Git folder is made for: keep data on a volume");
    survey.report(&root, message);
}

/// A number of bytes as people say it.
fn human(bytes: u64) -> String {
    match bytes {
        0..10_000 => format!("{bytes} bytes"),
        10_000..1_000_000 => format!("{} kB", bytes / 1000),
        _ if bytes % 1_000_000 < 100_000 => format!("{} MB", bytes / 1_000_000),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes % 1_000_000 / 100_000),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_said_so_that_they_can_be_compared() {
        assert_eq!(human(9999), "9999 bytes");
        assert_eq!(human(6_000_000), "6 MB");
        assert_eq!(human(6_200_001), "6.2 MB");
        assert_eq!(human(500_000_000), "500 MB");
        assert_eq!(human(20_500), "20 kB");
    }
}
