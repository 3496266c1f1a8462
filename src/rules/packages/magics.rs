//! Pages: `conda-magic`, `pip-changes-ipython`, `pip-file-missing`, `pip-installs-pyspark`, `pip-uninstall-asks` under
//! `rules/packages/`.

use super::command::{Command, commands};
use crate::finding::Severity;
use crate::notebook::Origin;
use crate::rules::context::{Compute, Context};
use crate::snapshot::RepoPath;
use crate::text::Span;
use crate::text::edit::Edit;

/// Where the sign and name of a command stand.
fn head(command: &Command<'_>) -> Span {
    Span::new(command.magic.span.start, command.magic.name.end)
}

/// `%conda`.
pub(super) fn conda(context: &mut Context<'_>) {
    for command in commands(context.document) {
        if command.tool != "conda" {
            continue;
        }
        let message = "`%conda` is no longer supported since Databricks Runtime ML 9.0: install with `%pip`";
        let is_install = command.verb().is_some_and(|verb| verb.text == "install");
        let plain = command.requirements();
        // `conda` asks before it installs, `pip` does not; everything else means something of its own.
        let is_plain = is_install
            && !plain.is_empty()
            && command.words.len() == plain.len() + 1
            && plain.iter().all(|package| !package.version.starts_with('=') || package.version.starts_with("=="));
        let finding = context.report(head(&command), message);
        if is_plain {
            finding.unsafe_fix("Install with `%pip`", vec![Edit::replace(command.magic.name, "pip")]);
        }
    }
}

/// `%pip install pyspark`.
pub(super) fn pyspark(context: &mut Context<'_>) {
    let serverless = context.target.compute == Some(Compute::Serverless);
    for command in commands(context.document).iter().filter(|command| command.is_pip("install")) {
        for package in command.requirements() {
            let tail = match package.name.as_str() {
                "pyspark" => "it replaces the runtime's own Spark for this notebook, which brings one already",
                "databricks-connect" => {
                    "it is for code that runs outside of Databricks, and replaces the runtime's own Spark"
                }
                _ => continue,
            };
            let message = format!("do not install `{}` in a notebook: {tail}", package.name);
            let severity = if serverless { Severity::Error } else { context.settings.severity };
            context.report_with(severity, package.span, message);
        }
    }
}

/// `%pip install ipython`.
pub(super) fn core_package(context: &mut Context<'_>) {
    for command in &commands(context.document) {
        if !command.is_pip("install") && !command.is_pip("uninstall") {
            continue;
        }
        for package in command.requirements() {
            if matches!(package.name.as_str(), "ipython" | "ipykernel") {
                let message = format!(
                    "notebooks run on the runtime's own `{}`: another version can break the notebook itself",
                    package.name
                );
                context.report(package.span, message);
            }
        }
    }
}

/// `%pip uninstall` without `-y`.
pub(super) fn uninstall(context: &mut Context<'_>) {
    for command in commands(context.document) {
        let Some(verb) = command.verb().filter(|_| command.is_pip("uninstall")) else { continue };
        if command.tool == "uv" || command.has_option("--yes", 'y') {
            continue;
        }
        let message = "`%pip uninstall` waits for an answer that nobody can give in a notebook: add `-y`";
        context.report(verb.span, message).fix("Add `-y`", vec![Edit::insert(verb.span.end, " -y")]);
    }
}

/// `%pip install -r` of a file that is not there.
pub(super) fn file_missing(context: &mut Context<'_>) {
    let document = context.document;
    let text = document.text();
    let at_home = document.notebook.as_ref().is_some_and(|notebook| notebook.origin == Origin::Databricks);
    if !at_home {
        return;
    }
    let commands = commands(document);
    let installs = commands.iter().filter(|command| command.is_pip("install"));
    let mut words =
        installs.flat_map(|command| command.files(&["-r", "--requirement", "-c", "--constraint"])).peekable();
    // Another working folder makes another path of it.
    if words.peek().is_none() || ["chdir", "%cd"].iter().any(|word| text.contains(word)) {
        return;
    }
    for word in words {
        let path = word.text.as_str();
        if path.is_empty() || path.starts_with(['/', '~']) || path.contains(['$', '{', '%', ':', '*']) {
            continue;
        }
        let Some(file) = document.path.parent().join(path) else { continue };
        // A cell may write the file.
        let is_written = text.matches(file.name()).count() > mentions(&commands, file.name());
        if file.as_str().is_empty() || is_written || exists(context, &file) {
            continue;
        }
        let message =
            format!("there is no `{file}` in this repository: `%pip` looks for `{path}` next to the notebook");
        context.report(word.span, message);
    }
}

/// How many words of the commands name a file so called.
fn mentions(commands: &[Command<'_>], name: &str) -> usize {
    commands.iter().flat_map(|command| &command.words).filter(|word| word.text.contains(name)).count()
}

fn exists(context: &Context<'_>, file: &RepoPath) -> bool {
    context.project.kind_at(file).is_some()
}
