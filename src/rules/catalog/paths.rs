//! Pages: `rules/catalog/dbfs-path.md`, `mount-path.md`, `cloud-uri.md`, `legacy-cloud-scheme.md`,
//! `fuse-path-in-spark.md`, `dbfs-uri-in-python.md`. One path has one finding.

use super::uses::{PathUse, World, paths};
use crate::finding::Severity;
use crate::project::document::Kind;
use crate::rules::context::{Compute, Context};
use crate::text::Span;
use crate::text::edit::Edit;

/// What is to be said of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fault {
    /// In the DBFS root.
    Root,
    /// Below a mount.
    Mount,
    /// In cloud storage, directly.
    Cloud,
    /// In cloud storage, with a scheme of old.
    LegacyCloud,
    /// `/dbfs/…` given to Spark.
    FuseInSpark,
    /// `dbfs:/…` given to Python.
    UriInPython,
}

/// What is wrong with a path, if anything is.
fn fault(one: &PathUse) -> Option<Fault> {
    let text = &*one.text;
    if let Some((scheme, _)) = text.split_once("://") {
        return match &*scheme.to_ascii_lowercase() {
            "abfss" | "gs" | "s3" | "s3a" => Some(Fault::Cloud),
            "abfs" | "adl" | "s3n" | "wasb" | "wasbs" => Some(Fault::LegacyCloud),
            "dbfs" => folder(text.get(7..).unwrap_or("").trim_start_matches('/'), one),
            _ => None,
        };
    }
    if let Some(rest) = text.strip_prefix("dbfs:/") {
        if one.world == World::Local && is_python_path(one) {
            return Some(Fault::UriInPython);
        }
        return folder(rest.trim_start_matches('/'), one);
    }
    if let Some(rest) = text
        .strip_prefix("/dbfs/")
        .or_else(|| text.strip_prefix("file:/dbfs/"))
        .or_else(|| text.strip_prefix("file:///dbfs/"))
    {
        if one.world == World::Spark && text.starts_with("/dbfs/") {
            return Some(Fault::FuseInSpark);
        }
        return folder(rest, one);
    }
    match one.world {
        World::Spark => folder(text.strip_prefix('/')?, one),
        World::Local => None,
    }
}

/// Shells know nothing of `dbfs:/`, but other commands that they start do.
fn is_python_path(one: &PathUse) -> bool {
    one.text.starts_with("dbfs:/")
}

/// What is wrong with a path in DBFS, without its root.
fn folder(rest: &str, one: &PathUse) -> Option<Fault> {
    let (first, more) = rest.split_once('/').map_or((rest, false), |(first, _)| (first, true));
    // Of `/mnt{…}` not even the first folder is known.
    if !more && !one.whole {
        return None;
    }
    match first {
        "Volumes" | "Workspace" | "databricks-datasets" | "volumes" | "" => None,
        "mnt" => Some(Fault::Mount),
        _ => Some(Fault::Root),
    }
}

/// Paths with one fault.
fn with(context: &Context<'_>, wanted: Fault) -> Vec<PathUse> {
    let plain = context.document.kind != Kind::Notebook;
    paths(context)
        .into_iter()
        .filter(|one| fault(one) == Some(wanted))
        // A module or script may run where a plain path is one of the machine.
        .filter(|one| {
            !plain || one.text.contains(':') || one.text.starts_with("/dbfs/") || one.text.starts_with("/mnt/")
        })
        .collect()
}

fn shown(one: &PathUse) -> String {
    let most = one.text.char_indices().nth(60).map_or(one.text.len(), |(at, _)| at);
    let rest = if one.whole && most == one.text.len() { "" } else { "…" };
    format!("`{}{rest}`", one.text.get(..most).unwrap_or(""))
}

/// `dbfs:/…`, `/dbfs/…`, and plain paths of Spark.
pub(super) fn dbfs_path(context: &mut Context<'_>) {
    for one in with(context, Fault::Root) {
        let message = format!(
            "{} lies in the DBFS root, which everybody can read and new workspaces do not have: use a volume, `/Volumes/…`",
            shown(&one)
        );
        context.report_with(severity(context, &one), one.span, message);
    }
}

/// `/mnt/…` in all its forms.
pub(super) fn mount_path(context: &mut Context<'_>) {
    for one in with(context, Fault::Mount) {
        let message = format!(
            "{} lies below a mount, which Unity Catalog does not govern: use a volume, `/Volumes/…`, or a table",
            shown(&one)
        );
        context.report_with(severity(context, &one), one.span, message);
    }
}

/// Python cannot reach DBFS at all on standard and serverless compute.
fn severity(context: &Context<'_>, one: &PathUse) -> Severity {
    let no_fuse = matches!(context.target.compute, Some(Compute::Serverless | Compute::Standard));
    if no_fuse && one.world == World::Local { Severity::Error } else { context.settings.severity }
}

/// Buckets and containers.
pub(super) fn cloud_uri(context: &mut Context<'_>) {
    for one in with(context, Fault::Cloud) {
        let message = format!(
            "{} names the storage itself: use a volume, `/Volumes/…`, or a table, and the code need not know where it lies",
            shown(&one)
        );
        context.report(one.span, message);
    }
}

/// Schemes that Unity Catalog does not take.
pub(super) fn legacy_scheme(context: &mut Context<'_>) {
    let severity = match context.target.compute {
        Some(Compute::Serverless | Compute::Standard) => Severity::Error,
        _ => context.settings.severity,
    };
    for one in with(context, Fault::LegacyCloud) {
        let scheme = one.text.split("://").next().unwrap_or("").to_ascii_lowercase();
        let new = if scheme == "s3n" { "s3" } else { "abfss" };
        let message =
            format!("Unity Catalog knows no `{scheme}://`: use a volume, or `{new}://` and an external location");
        context.report_with(severity, one.span, message);
    }
}

/// `/dbfs/…` where Spark opens it.
pub(super) fn fuse_in_spark(context: &mut Context<'_>) {
    for one in with(context, Fault::FuseInSpark) {
        let rest = one.text.strip_prefix("/dbfs").unwrap_or("");
        let span = one.span;
        let message = format!(
            "Spark and `dbutils.fs` take {} for the folder `dbfs` in DBFS: write `{}`",
            shown(&one),
            if rest.len() > 1 { short(rest) } else { "/…".into() }
        );
        let edit = prefix(span.of(context.document.text()), span, "/dbfs/").map(|place| Edit::replace(place, "/"));
        let finding = context.report(span, message);
        if let Some(edit) = edit {
            finding.unsafe_fix("drop `/dbfs`", vec![edit]);
        }
    }
}

/// `dbfs:/…` where Python opens it.
pub(super) fn uri_in_python(context: &mut Context<'_>) {
    let standard = matches!(context.target.compute, Some(Compute::Serverless | Compute::Standard));
    for one in with(context, Fault::UriInPython) {
        let rest = one.text.strip_prefix("dbfs:").unwrap_or("");
        let volume = rest.starts_with("/Volumes/");
        let new = if volume { rest.to_owned() } else { format!("/dbfs{rest}") };
        let span = one.span;
        let advice = if standard && !volume {
            "use a volume, `/Volumes/…`".to_owned()
        } else {
            format!("write `{}`", short(&new))
        };
        let message = format!("`dbfs:` is for Spark; Python looks for a file of that name on the driver: {advice}");
        let edit = prefix(span.of(context.document.text()), span, "dbfs:/")
            .map(|place| Edit::replace(place, if volume { "/" } else { "/dbfs/" }));
        let finding = context.report(span, message);
        if let Some(edit) = edit.filter(|_| volume || !standard) {
            finding.unsafe_fix(format!("write `{}`", short(&new)), vec![edit]);
        }
    }
}

fn short(path: &str) -> String {
    let most = path.char_indices().nth(40).map_or(path.len(), |(at, _)| at);
    let rest = if most == path.len() { "" } else { "…" };
    format!("{}{rest}", path.get(..most).unwrap_or(""))
}

/// Where `start` stands at the start of a literal, or of what is written without quotes.
fn prefix(written: &str, span: Span, start: &str) -> Option<Span> {
    let quoted = written.trim_start_matches(['f', 'F', 'r', 'R', '"', '\'']);
    let at = written.len() - quoted.len();
    if at > 5 || !quoted.starts_with(start) {
        return None;
    }
    let from = span.start as usize + at;
    Some(Span::from_range(from..from + start.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, whole: bool, world: World) -> Option<Fault> {
        fault(&PathUse { text: text.into(), whole, span: Span::default(), world })
    }

    #[test]
    fn paths_have_one_fault() {
        let cases = [
            ("dbfs:/tmp/x", true, World::Spark, Some(Fault::Root)),
            ("dbfs:///tmp/x", true, World::Spark, Some(Fault::Root)),
            ("dbfs:/Volumes/a/b/c", true, World::Spark, None),
            ("dbfs:/databricks-datasets/x", true, World::Spark, None),
            ("dbfs:/mnt/raw/x", true, World::Spark, Some(Fault::Mount)),
            ("/mnt/raw", true, World::Spark, Some(Fault::Mount)),
            ("/mnt", false, World::Spark, None),
            ("/mnt/", false, World::Spark, Some(Fault::Mount)),
            ("/mnt/raw", true, World::Local, None),
            ("/dbfs/mnt/raw", true, World::Local, Some(Fault::Mount)),
            ("/dbfs/tmp/x", true, World::Local, Some(Fault::Root)),
            ("/dbfs/tmp/x", true, World::Spark, Some(Fault::FuseInSpark)),
            ("dbfs:/tmp/x", true, World::Local, Some(Fault::UriInPython)),
            ("/Volumes/a/b/c/x", true, World::Spark, None),
            ("/Workspace/x", true, World::Spark, None),
            ("/", true, World::Spark, None),
            ("/tmp/x", true, World::Spark, Some(Fault::Root)),
            ("/tmp/x", true, World::Local, None),
            ("/", false, World::Spark, None),
            ("", false, World::Spark, None),
            ("file:/tmp/x", true, World::Spark, None),
            ("s3://bucket/x", true, World::Spark, Some(Fault::Cloud)),
            ("wasbs://a@b/x", true, World::Spark, Some(Fault::LegacyCloud)),
            ("https://x/y", true, World::Local, None),
            ("sales", true, World::Spark, None),
        ];
        for (text, whole, world, expected) in cases {
            assert_eq!(of(text, whole, world), expected, "{text} {whole} {world:?}");
        }
    }
}
