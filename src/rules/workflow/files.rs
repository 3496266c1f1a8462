//! Pages: `git-path-has-extension`, `task-file-missing`, `task-file-wrong-kind` under `rules/workflow/`.

use crate::bundle::{TaskFile, TaskRole};
use crate::project::places::without_extension;
use crate::rules::context::Context;
use crate::snapshot::{EntryKind, RepoPath};
use crate::text::edit::Edit;
use crate::text::nearest::nearest;

/// The extensions of notebooks.
const EXTENSIONS: [&str; 5] = ["py", "ipynb", "sql", "scala", "r"];

/// The files that tasks and pipelines name, with what they mean in this repository.
fn files<'a>(context: &Context<'a>) -> Vec<(&'a TaskFile, RepoPath)> {
    let document = context.document;
    let tasks = document.bundle.as_ref().map_or(&[][..], |bundle| bundle.tasks.as_slice());
    let is_plain = |file: &&TaskFile| !file.from_git && !file.path.contains(['*', '?', '[', '{', '$']);
    tasks
        .iter()
        .filter(is_plain)
        .filter_map(|file| Some((file, context.project.bundle_path(document, &file.path, false)?)))
        .collect()
}

fn owner(file: &TaskFile) -> String {
    match file.role {
        TaskRole::PipelineSource => format!("the pipeline `{}`", file.key),
        _ => format!("the task `{}`", file.key),
    }
}

/// Files that are not there.
pub(super) fn missing(context: &mut Context<'_>) {
    for (file, path) in files(context) {
        if context.project.kind_at(&path).is_some() {
            continue;
        }
        let names = context.project.files_in(&path.parent());
        let is_notebook = file.role == TaskRole::Notebook;
        let with_extension = names.iter().find(|name| {
            without_extension(name) == Some(path.name())
                && path.parent().join(name).is_some_and(|path| context.project.is_notebook(&path))
        });
        if let Some(name) = with_extension.filter(|_| is_notebook || file.role == TaskRole::PipelineSource) {
            let extension = name.rsplit('.').next().unwrap_or_default();
            let message = format!(
                "{} names a notebook of the bundle without its extension: write `{}.{extension}`",
                owner(file),
                file.path
            );
            let is_written = file.span.of(context.document.text()) == file.path;
            let finding = context.report(file.span, message);
            if is_written {
                finding.fix(format!("Add `.{extension}`"), vec![Edit::insert(file.span.end, format!(".{extension}"))]);
            }
            continue;
        }
        let meant = nearest(path.name(), names.iter().map(String::as_str));
        let message = match meant {
            Some(meant) => format!("{} names `{path}`, which does not exist: did you mean `{meant}`?", owner(file)),
            None => format!("{} names `{path}`, which does not exist", owner(file)),
        };
        context.report(file.span, message);
    }
}

/// Notebooks where files are wanted, and the other way round.
pub(super) fn wrong_kind(context: &mut Context<'_>) {
    for (file, path) in files(context) {
        let is_code = EXTENSIONS.iter().any(|extension| path.has_extension(extension));
        if context.project.kind_at(&path) != Some(EntryKind::File) || !is_code {
            continue;
        }
        let is_notebook = context.project.is_notebook(&path);
        let message = match file.role {
            TaskRole::Notebook if !is_notebook => {
                format!(
                    "{} runs a notebook, and `{path}` is a plain file: its first line is not the header of a notebook",
                    owner(file)
                )
            }
            TaskRole::PythonFile if is_notebook => {
                format!("{} runs a plain Python file, and `{path}` is a notebook: use `notebook_task`", owner(file))
            }
            TaskRole::SqlFile if is_notebook => {
                format!(
                    "{} runs a plain SQL file, and `{path}` is a notebook: remove its header, or use `notebook_task`",
                    owner(file)
                )
            }
            _ => continue,
        };
        context.report(file.span, message);
    }
}

/// Notebook paths with an extension in jobs that take their files from git.
pub(super) fn git_extension(context: &mut Context<'_>) {
    let document = context.document;
    let tasks = document.bundle.as_ref().map_or(&[][..], |bundle| bundle.tasks.as_slice());
    for file in tasks.iter().filter(|file| file.from_git && file.role == TaskRole::Notebook) {
        let Some(short) = without_extension(&file.path) else { continue };
        let message = format!("with `git_source`, a notebook's path goes without its extension: write `{short}`");
        let is_written = file.span.of(document.text()) == file.path;
        let finding = context.report(file.span, message);
        if is_written {
            finding.unsafe_fix("Drop the extension", vec![Edit::replace(file.span, short)]);
        }
    }
}
