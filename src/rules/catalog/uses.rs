//! Paths that code surely uses as paths: what readers and writers are given, in Python, SQL, `%fs` and `%sh`.

use crate::notebook::Language;
use crate::notebook::magic::MagicKind;
use crate::project::document::Document;
use crate::python::facts::{Argument, Call, Facts, Value};
use crate::python::symbols::FastSet;
use crate::rules::chains::{Chain, calls, is_elsewhere, utility};
use crate::rules::context::Context;
use crate::sql::facts::{PathLiteral, StatementKind};
use crate::text::Span;
use std::collections::HashSet;
use std::sync::LazyLock;

/// Who opens the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum World {
    /// Spark, `dbutils.fs`, `%fs` and SQL: a plain path is one in the DBFS root.
    Spark,
    /// Python and the shell: a plain path is one on the driver.
    Local,
}

/// One use of a path.
#[derive(Clone, Debug)]
pub(super) struct PathUse {
    /// The path, or as much of its start as is known.
    pub text: Box<str>,
    /// Whether that is all of it.
    pub whole: bool,
    /// Where it is used.
    pub span: Span,
    /// Who opens it.
    pub world: World,
}

/// Methods of Spark's readers and writers that take a path first.
const IO: [&str; 12] =
    ["avro", "binaryFile", "csv", "json", "load", "orc", "parquet", "save", "start", "text", "textFile", "xml"];

/// Options of readers and writers that are paths.
const OPTIONS: [&str; 6] =
    ["badrecordspath", "checkpointlocation", "cloudfiles.schemalocation", "path", "schemalocation", "tempdir"];

/// Functions of Python that open or ask for the path they are given first (or both, where they move things).
const FUNCTIONS: [&str; 34] = [
    "PIL.Image.open",
    "cv2.imread",
    "glob.glob",
    "glob.iglob",
    "io.open",
    "joblib.load",
    "numpy.load",
    "numpy.loadtxt",
    "open",
    "os.listdir",
    "os.makedirs",
    "os.mkdir",
    "os.path.abspath",
    "os.path.exists",
    "os.path.getsize",
    "os.path.isdir",
    "os.path.isfile",
    "os.remove",
    "os.rename",
    "os.rmdir",
    "os.scandir",
    "os.stat",
    "os.walk",
    "pathlib.Path",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
    "shutil.copytree",
    "shutil.make_archive",
    "shutil.move",
    "shutil.rmtree",
    "sys.path.append",
    "torch.load",
    "zipfile.ZipFile",
];

/// Methods of data frames of pandas, and of figures, that write files.
const FILES: [&str; 6] = ["savefig", "to_csv", "to_excel", "to_json", "to_parquet", "to_pickle"];

/// The last name of everything that is known to open something, but for pandas' `read_…`: most calls are of something
/// else.
static LAST: LazyLock<FastSet<&'static str>> = LazyLock::new(|| {
    let last = |path: &&'static str| path.rsplit('.').next().unwrap_or(path);
    let utilities = ["cp", "head", "ls", "mkdirs", "mv", "put", "rm"];
    let others = ["dump", "forPath", "insert", "isDeltaTable", "option", "options", "save"];
    IO.iter().chain(&FUNCTIONS).chain(&FILES).map(last).chain(utilities).chain(others).collect()
});

/// Every path that the document surely uses, each text once, where it is used first.
pub(super) fn paths(context: &Context<'_>) -> Vec<PathUse> {
    let document = context.document;
    let mut found = Vec::new();
    if is_elsewhere(document) {
        return found;
    }
    in_python(document, &mut found);
    in_sql(context, &mut found);
    in_commands(document, &mut found);
    found.sort_by_key(|one: &PathUse| one.span);
    let mut seen: HashSet<(Box<str>, World, bool)> = HashSet::new();
    found.retain(|one| seen.insert((one.text.clone(), one.world, one.whole)));
    found
}

fn in_python(document: &Document, found: &mut Vec<PathUse>) {
    let facts = &document.python;
    for chain in calls(document) {
        let Some((_, call)) = chain.call else { continue };
        let Some((world, arguments)) = opened(document, facts, &chain, call) else { continue };
        for argument in arguments {
            let (text, whole) = match &argument.value {
                Value::String(text) => (text.clone(), true),
                Value::Partial { prefix, .. } => (prefix.clone(), false),
                _ => continue,
            };
            found.push(PathUse { text, whole, span: argument.span, world });
        }
    }
}

/// What a call opens; `None` for calls that are not known to.
fn opened<'f>(
    document: &Document,
    facts: &'f Facts,
    chain: &Chain<'_>,
    call: &Call,
) -> Option<(World, Vec<&'f Argument>)> {
    let name = chain.last();
    if !LAST.contains(name) && !name.starts_with("read_") {
        return None;
    }
    let path = chain.path().unwrap_or("");
    let first = || facts.argument(call, 0, "path").into_iter().collect::<Vec<_>>();
    if let Some(rest) = utility(path) {
        let own = rest.strip_prefix("fs.")?;
        // A mount has a rule of its own, and what is put into a file is no path.
        let count = match own {
            "cp" | "mv" => 2,
            "head" | "ls" | "mkdirs" | "put" | "rm" => 1,
            _ => 0,
        };
        return Some((World::Spark, facts.arguments(call).iter().filter(|one| !one.starred).take(count).collect()));
    }
    if path.ends_with("DeltaTable.forPath") || path.ends_with("DeltaTable.isDeltaTable") {
        return Some((World::Spark, facts.argument(call, 1, "path").into_iter().collect()));
    }
    if IO.contains(&name) && is_reader_or_writer(document, facts, call) {
        return Some((World::Spark, first()));
    }
    if name == "option" {
        let key = facts.argument(call, 0, "key")?;
        let Value::String(key) = &key.value else { return None };
        let is_path = OPTIONS.contains(&&*key.to_ascii_lowercase());
        let of_spark = is_path && (&**key != "path" || is_reader_or_writer(document, facts, call));
        return of_spark.then(|| (World::Spark, facts.argument(call, 1, "value").into_iter().collect()));
    }
    if name == "options" {
        let paths = facts.arguments(call).iter().filter(|one| {
            one.keyword.is_some_and(|keyword| OPTIONS.contains(&&*facts.text(keyword).to_ascii_lowercase()))
        });
        return Some((World::Spark, paths.collect())).filter(|_| is_reader_or_writer(document, facts, call));
    }
    let of_pandas = path
        .strip_prefix("pandas.read_")
        .is_some_and(|what| !matches!(what, "sql" | "sql_query" | "sql_table" | "html" | "gbq" | "clipboard"));
    let to_file = FILES.contains(&name) && chain.parts().count() > usize::from(chain.rooted);
    if FUNCTIONS.contains(&path) || of_pandas || to_file {
        let both = path.starts_with("shutil.copy") || matches!(path, "shutil.move" | "os.rename");
        let count = if both { 2 } else { 1 };
        return Some((
            World::Local,
            facts.arguments(call).iter().filter(|one| !one.starred && one.keyword.is_none()).take(count).collect(),
        ));
    }
    let dumps = matches!(path, "joblib.dump" | "torch.save");
    (dumps || path == "sys.path.insert")
        .then(|| (World::Local, facts.argument(call, 1, "filename").into_iter().collect()))
}

/// Whether the chain that a call stands in comes from `read`, `readStream`, `write` or `writeStream`.
fn is_reader_or_writer(document: &Document, facts: &Facts, call: &Call) -> bool {
    const WAYS: [&str; 4] = ["read", "readStream", "write", "writeStream"];
    let mut at = call;
    loop {
        let before = at.receiver.and_then(|id| facts.calls.get(id as usize));
        let start = before.map_or(at.span.start, |before| before.span.end).min(at.callee.start);
        let between = Span::new(start, at.callee.start).of(document.text());
        if between.split('.').any(|part| WAYS.contains(&part.trim())) {
            return true;
        }
        let Some(before) = before else { return false };
        at = before;
    }
}

fn in_sql(context: &Context<'_>, found: &mut Vec<PathUse>) {
    for view in context.document.sql().views().filter(|view| !view.piece.is_template) {
        // Where storage is given a name in Unity Catalog it must be named: locations, volumes, external tables.
        let external = view.row.kind == StatementKind::CreateTable
            && (view.row.verb..view.len()).any(|at| view.is(at, "location"));
        let is_named = |path: &PathLiteral| match view.row.kind {
            StatementKind::Create => path.text.contains("://"),
            _ => external && ["abfss://", "gs://", "r2://", "s3://"].iter().any(|scheme| path.text.starts_with(scheme)),
        };
        for path in view.row.paths.iter().filter(|path| !is_named(path)) {
            let hole = path.text.find("${").or_else(|| path.text.find('{'));
            let text: Box<str> = path.text.get(..hole.unwrap_or(path.text.len())).unwrap_or("").into();
            found.push(PathUse { text, whole: hole.is_none(), span: path.span, world: World::Spark });
        }
    }
}

/// Words of `%fs` and shell commands that are paths.
fn in_commands(document: &Document, found: &mut Vec<PathUse>) {
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    for cell in &notebook.cells {
        match cell.language {
            Language::Fs => {
                let after = cell
                    .leads()
                    .map_or(cell.body, |magic| Span::new(magic.name.end, cell.body.end.max(magic.name.end)));
                words(text, after, World::Spark, found);
            }
            Language::Shell => {
                let after = cell
                    .leads()
                    .map_or(cell.body, |magic| Span::new(magic.name.end, cell.body.end.max(magic.name.end)));
                words(text, after, World::Local, found);
            }
            _ => {
                for magic in cell.magics.iter().filter(|magic| magic.live && magic.kind == MagicKind::Shell) {
                    words(text, magic.argument, World::Local, found);
                }
            }
        }
    }
}

/// The words of a command that start as paths do.
fn words(text: &str, span: Span, world: World, found: &mut Vec<PathUse>) {
    for line in span.of(text).split_inclusive('\n') {
        let bare = line.trim_start_matches("# MAGIC").trim_start_matches("-- MAGIC").trim_start_matches("// MAGIC");
        // A comment, a script's first line, or what only speaks.
        if bare.trim_start().starts_with('#') || bare.trim_start().starts_with("echo ") {
            continue;
        }
        for word in bare.split([' ', '\t', '\r', '\n', '"', '\'', ';', '=', '(', ')', '>', '<', '|']) {
            if !word.starts_with('/') && !word.starts_with("dbfs:/") && !word.contains("://") {
                continue;
            }
            let start = word.as_ptr() as usize - text.as_ptr() as usize;
            let hole = word.find(['$', '{']);
            let known = word.get(..hole.unwrap_or(word.len())).unwrap_or("");
            let place = Span::from_range(start..start + word.len());
            found.push(PathUse { text: known.into(), whole: hole.is_none(), span: place, world });
        }
    }
}
