//! Pages: `rules/catalog/init-script-on-dbfs.md`, `library-on-dbfs.md`.

use crate::bundle::yaml::{Node, Value, parse};
use crate::finding::Severity;
use crate::notebook::magic::MagicKind;
use crate::project::document::Kind;
use crate::rules::context::Context;
use crate::text::Span;
use std::collections::HashSet;

/// Visits every mapping of a tree once.
fn mappings(node: &Node, seen: &mut HashSet<Span>, visit: &mut dyn FnMut(&Node)) {
    // Aliases lead to the same place again.
    if !seen.insert(node.span) {
        return;
    }
    match &node.value {
        Value::Mapping(pairs) => {
            visit(node);
            for (_, value) in pairs {
                mappings(value, seen, visit);
            }
        }
        Value::Sequence(items) => items.iter().for_each(|item| mappings(item, seen, visit)),
        Value::Scalar(_) => {}
    }
}

/// What stands in the mappings of a bundle file.
fn in_bundle(context: &Context<'_>, find: fn(&Node, &mut Vec<Span>)) -> Vec<Span> {
    if context.document.kind != Kind::Bundle {
        return Vec::new();
    }
    let Ok(Some(root)) = parse(context.document.text()) else { return Vec::new() };
    let mut found = Vec::new();
    mappings(&root, &mut HashSet::new(), &mut |node| find(node, &mut found));
    found
}

fn is_dbfs(path: &str) -> bool {
    let rest = path.strip_prefix("dbfs:/").or_else(|| path.strip_prefix("/dbfs/"));
    rest.is_some_and(|rest| !rest.trim_start_matches('/').starts_with("Volumes/"))
}

/// Scripts that a cluster runs when it starts.
pub(super) fn init_script(context: &mut Context<'_>) {
    let found = in_bundle(context, |node, found| {
        for script in node.items_of("init_scripts") {
            let place = script.at(&["dbfs", "destination"]).filter(|place| place.text().is_some_and(is_dbfs));
            found.extend(place.map(|place| place.span));
        }
    });
    for span in found {
        context.report(
            span,
            "init scripts on DBFS are not run any more: put the script into a volume or among the workspace files",
        );
    }
}

/// Libraries that a cluster installs, and that `%pip` does.
pub(super) fn library(context: &mut Context<'_>) {
    /// The first runtime that refuses them.
    const GONE: (u16, u16) = (15, 1);
    let severity = match context.target.dbr {
        Some(dbr) if dbr >= GONE => Severity::Error,
        _ => context.settings.severity,
    };
    let mut found = in_bundle(context, |node, found| {
        for library in node.items_of("libraries") {
            let files = ["whl", "jar", "egg", "requirements"].into_iter().filter_map(|key| library.get(key));
            found.extend(files.filter(|file| file.text().is_some_and(is_dbfs)).map(|file| file.span));
        }
        let packages = node.items_of("dependencies");
        found.extend(packages.filter(|one| one.text().is_some_and(is_dbfs)).map(|one| one.span));
    });
    let document = context.document;
    let text = document.text();
    for cell in document.notebook.iter().flat_map(|notebook| &notebook.cells) {
        for magic in cell.magics.iter().filter(|magic| magic.live && magic.kind == MagicKind::Install) {
            if !magic.argument.of(text).starts_with("install") {
                continue;
            }
            for word in magic.argument.of(text).split([' ', '\t', '\n', '\r', '"', '\'']) {
                if is_dbfs(word) {
                    let start = word.as_ptr() as usize - text.as_ptr() as usize;
                    found.push(Span::from_range(start..start + word.len()));
                }
            }
        }
    }
    for span in found {
        let message = "libraries in the DBFS root are not installed since DBR 15.1: put the file into a volume or among the workspace files";
        context.report_with(severity, span, message);
    }
}
