//! `brickgate config init --from`: the settings of another linter, in ours. What each rule replaces says its page.

use crate::page::peer::Replaced;
use crate::rules::book::{Book, Rule};
use crate::snapshot::{RepoPath, Snapshot};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use toml::{Table, Value};

/// A linter whose settings can be taken over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(super) enum Linter {
    Pylint,
    Ruff,
    Ucx,
}

impl Linter {
    const fn name(self) -> &'static str {
        match self {
            Self::Pylint => "pylint",
            Self::Ruff => "ruff",
            Self::Ucx => "ucx",
        }
    }
}

/// The names by which pylint, and its plugin for Databricks, call messages that have codes.
const SYMBOLS: &[(&str, &str)] = &[
    ("bare-except", "W0702"),
    ("broad-exception-caught", "W0718"),
    ("cell-var-from-loop", "W0640"),
    ("dangerous-default-value", "W0102"),
    ("dbutils-credentials", "R8907"),
    ("dbutils-fs-cp", "R8903"),
    ("dbutils-fs-head", "R8904"),
    ("dbutils-fs-ls", "R8905"),
    ("dbutils-fs-mount", "R8906"),
    ("dbutils-notebook-run", "R8908"),
    ("dead-code", "C8920"),
    ("duplicate-code", "R0801"),
    ("eval-used", "W0123"),
    ("exec-used", "W0122"),
    ("explicit-dependency-required", "R8918"),
    ("expression-not-assigned", "W0106"),
    ("function-redefined", "E0102"),
    ("global-statement", "W0603"),
    ("import-error", "E0401"),
    ("incompatible-with-uc", "W8912"),
    ("internal-api", "R8910"),
    ("legacy-cli", "R8911"),
    ("logging-fstring-interpolation", "W1203"),
    ("missing-data-security-mode", "W8901"),
    ("mock-no-assign", "R8921"),
    ("mock-no-usage", "R8922"),
    ("no-member", "E1101"),
    ("no-name-in-module", "E0611"),
    ("no-spark-argument-in-function", "W8916"),
    ("not-callable", "E1102"),
    ("notebooks-percent-run", "R8914"),
    ("notebooks-too-many-cells", "C8913"),
    ("obscure-mock", "R8919"),
    ("pat-token-leaked", "R8909"),
    ("pointless-statement", "W0104"),
    ("possibly-used-before-assignment", "E0606"),
    ("redefined-builtin", "W0622"),
    ("redefined-outer-name", "W0621"),
    ("reimported", "W0404"),
    ("rewrite-as-for-loop", "R8923"),
    ("singleton-comparison", "C0121"),
    ("spark-outside-function", "C8915"),
    ("syntax-error", "E0001"),
    ("too-many-lines", "C0302"),
    ("too-many-statements", "R0915"),
    ("undefined-variable", "E0602"),
    ("unreachable", "W0101"),
    ("unsupported-runtime", "W8902"),
    ("unused-import", "W0611"),
    ("unused-variable", "W0612"),
    ("unused-wildcard-import", "W0614"),
    ("use-display-instead-of-show", "C8917"),
    ("used-before-assignment", "E0601"),
    ("wildcard-import", "W0401"),
];

/// What is to be written, and what there is to say of it.
pub(super) struct Migrated {
    pub text: String,
    pub notes: Vec<String>,
}

/// What the other linter's settings want.
#[derive(Debug, Default, PartialEq, Eq)]
struct Wishes {
    /// The files that were read.
    files: Vec<String>,
    /// What is on; letters and digits that others begin with, or `ALL`. Empty: whatever is on by default.
    on: BTreeSet<String>,
    /// What is off, in the same way.
    off: BTreeSet<String>,
    exclude: Vec<String>,
    target_python: Option<String>,
    /// How many cells the plugin of pylint lets a notebook have.
    max_cells: Option<u32>,
    /// By glob of files: what is off there.
    by_file: BTreeMap<String, BTreeSet<String>>,
}

/// What becomes of one of our rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fate {
    /// As the page says.
    Kept,
    On,
    Off,
}

/// Reads what `linter` is told in this folder, and says it in our words.
///
/// # Errors
/// If there is nothing of it, or what there is cannot be read.
pub(super) fn migrate(linter: Linter, folder: &dyn Snapshot, book: &Book) -> Result<Migrated, String> {
    let wishes = match linter {
        Linter::Pylint => pylint(folder)?,
        Linter::Ruff => ruff(folder)?,
        // Its linter takes no settings: everything is on.
        Linter::Ucx => Wishes { on: BTreeSet::from(["ALL".to_owned()]), ..Wishes::default() },
    };
    Ok(write(linter, &wishes, book))
}

fn text(folder: &dyn Snapshot, name: &str) -> Option<String> {
    String::from_utf8(folder.read(&RepoPath::new(name)).ok()?).ok()
}

fn table(name: &str, text: &str) -> Result<Table, String> {
    text.parse::<Table>().map_err(|error| format!("{name}: not valid TOML: {}", error.message()))
}

/// The table at a path of keys.
fn at<'t>(table: &'t Table, keys: &[&str]) -> Option<&'t Table> {
    keys.iter().try_fold(table, |table, key| table.get(*key)?.as_table())
}

/// A list of strings, one string with commas, or one number.
fn list(value: Option<&Value>) -> Vec<String> {
    match value {
        Some(Value::String(text)) => words(text),
        Some(Value::Array(values)) => values.iter().filter_map(Value::as_str).map(str::to_owned).collect(),
        Some(Value::Integer(number)) => vec![number.to_string()],
        _ => Vec::new(),
    }
}

fn words(text: &str) -> Vec<String> {
    text.split([',', '\n']).map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned).collect()
}

fn ruff(folder: &dyn Snapshot) -> Result<Wishes, String> {
    for name in [".ruff.toml", "ruff.toml", "pyproject.toml"] {
        let Some(text) = text(folder, name) else { continue };
        let whole = table(name, &text)?;
        let own = if name == "pyproject.toml" { at(&whole, &["tool", "ruff"]) } else { Some(&whole) };
        let Some(own) = own else { continue };
        let lint = at(own, &["lint"]);
        let both = |key: &str| {
            let mut found = list(own.get(key));
            found.extend(list(lint.and_then(|lint| lint.get(key))));
            found
        };
        let mut on: BTreeSet<String> = both("select").into_iter().collect();
        if on.is_empty() {
            on = defaults_of_ruff();
        }
        on.extend(both("extend-select"));
        let off = both("ignore").into_iter().chain(both("extend-ignore")).collect();
        let mut exclude = list(own.get("exclude"));
        exclude.extend(list(own.get("extend-exclude")));
        let python = own.get("target-version").and_then(Value::as_str).and_then(|version| {
            let minor = version.strip_prefix("py3")?;
            minor.bytes().all(|byte| byte.is_ascii_digit()).then(|| format!("3.{minor}"))
        });
        let mut by_file: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for table in [Some(own), lint].into_iter().flatten() {
            for key in ["per-file-ignores", "extend-per-file-ignores"] {
                for (glob, codes) in at(table, &[key]).into_iter().flatten() {
                    by_file.entry(glob.clone()).or_default().extend(list(Some(codes)));
                }
            }
        }
        let files = vec![name.to_owned()];
        return Ok(Wishes { files, on, off, exclude, target_python: python, by_file, ..Wishes::default() });
    }
    Err("there are no settings of ruff here: no ruff.toml, and no `[tool.ruff]` in pyproject.toml".to_owned())
}

/// What ruff looks for unless its settings say otherwise.
fn defaults_of_ruff() -> BTreeSet<String> {
    ["E4", "E7", "E9", "F"].map(str::to_owned).into()
}

fn pylint(folder: &dyn Snapshot) -> Result<Wishes, String> {
    let mut wishes = Wishes::default();
    for name in ["pylintrc", ".pylintrc", "pylintrc.toml", ".pylintrc.toml", "pyproject.toml", "setup.cfg", "tox.ini"] {
        let Some(text) = text(folder, name) else { continue };
        let mut sections: Vec<Vec<(String, Vec<String>)>> = Vec::new();
        if is_toml(name) {
            let whole = table(name, &text)?;
            let own = at(&whole, &["tool", "pylint"]);
            for table in own.into_iter().flat_map(|own| own.values().filter_map(Value::as_table).chain([own])) {
                sections.push(table.iter().map(|(key, value)| (key.clone(), list(Some(value)))).collect());
            }
        } else {
            sections.push(ini(&text, !name.ends_with("pylintrc")));
        }
        let mut found = false;
        for (key, values) in sections.into_iter().flatten() {
            match key.as_str() {
                "disable" => wishes.off.extend(values.iter().map(|word| code(word))),
                "enable" => wishes.on.extend(values.iter().map(|word| code(word))),
                "max-cells" => wishes.max_cells = values.first().and_then(|value| value.parse().ok()),
                "ignore-paths" | "ignore" | "load-plugins" => {}
                _ => continue,
            }
            found = true;
        }
        if found {
            wishes.files.push(name.to_owned());
            return Ok(wishes);
        }
    }
    Err("there are no settings of pylint here: no pylintrc, and no `[tool.pylint]` in pyproject.toml".to_owned())
}

fn is_toml(name: &str) -> bool {
    std::path::Path::new(name).extension().is_some_and(|end| end == "toml")
}

/// Keys and values of a file of pylint's older form; of a shared file, only those of sections that are pylint's.
fn ini(text: &str, shared: bool) -> Vec<(String, Vec<String>)> {
    let mut is_ours = !shared;
    let mut found: Vec<(String, Vec<String>)> = Vec::new();
    let mut open = false;
    for line in text.lines() {
        let content = line.split_once(['#', ';']).map_or(line, |(before, _)| before);
        if content.trim().is_empty() {
            continue;
        }
        if let Some(section) = content.trim().strip_prefix('[') {
            is_ours = !shared || section.to_ascii_lowercase().starts_with("pylint");
            open = false;
        } else if !is_ours {
        } else if line.starts_with([' ', '\t']) && open {
            if let Some((_, values)) = found.last_mut() {
                values.extend(words(content));
            }
        } else if let Some((key, value)) = content.split_once(['=', ':']) {
            found.push((key.trim().to_owned(), words(value)));
            open = true;
        }
    }
    found
}

/// The code of a message, whichever way it is written; `all` is `ALL`.
fn code(word: &str) -> String {
    match SYMBOLS.iter().find(|(symbol, _)| *symbol == word) {
        Some((_, code)) => (*code).to_owned(),
        None if word == "all" => "ALL".to_owned(),
        None => word.to_owned(),
    }
}

/// How much of `id` a list names: 0 not at all, else the longer the more exactly.
fn weight(list: &BTreeSet<String>, id: &str) -> usize {
    let named = |word: &&String| *word == "ALL" || id.starts_with(word.as_str());
    list.iter().filter(named).map(|word| if word == "ALL" { 1 } else { 1 + word.len() }).max().unwrap_or(0)
}

/// Whether the other linter looks for `id`; `None` if its settings do not say.
fn wanted(linter: Linter, wishes: &Wishes, id: &str) -> Option<bool> {
    let (on, off) = (weight(&wishes.on, id), weight(&wishes.off, id));
    if on > off {
        return Some(true);
    }
    // Who leaves out what ruff has on by default does not want it; of all else that is not selected nothing is said.
    let left_out = linter == Linter::Ruff && weight(&defaults_of_ruff(), id) > 0;
    (off > 0 || left_out).then_some(false)
}

fn ids(linter: Linter, rule: &Rule) -> impl Iterator<Item = &Replaced> {
    rule.page.head.replaces.iter().filter(move |replaced| replaced.peer == linter.name())
}

/// Whether a rule follows names through the repository, which other linters do not.
fn is_of_names(rule: &Rule) -> bool {
    &*rule.page.group == "names"
}

/// On if the other linter looks for one of the things that the rule stands for, off if it looks for none.
fn fate(linter: Linter, wishes: &Wishes, rule: &Rule) -> Fate {
    let said: Vec<Option<bool>> = ids(linter, rule).map(|replaced| wanted(linter, wishes, &replaced.id)).collect();
    let on = rule.page.head.enabled;
    if said.contains(&Some(true)) {
        if on { Fate::Kept } else { Fate::On }
    } else if !said.is_empty() && said.iter().all(|said| *said == Some(false)) && on {
        Fate::Off
    } else {
        Fate::Kept
    }
}

fn write(linter: Linter, wishes: &Wishes, book: &Book) -> Migrated {
    let name = linter.name();
    let mut out = format!("# Settings of brickgate, taken over from {name}");
    if !wishes.files.is_empty() {
        let _ = write!(out, " ({})", wishes.files.join(", "));
    }
    out.push_str(". docs/settings.md explains each key.\n\n");
    if linter == Linter::Ucx {
        out.push_str("# What ucx looks at: clusters with standard (formerly shared) access mode.\n");
        out.push_str("target = { compute = \"standard\" }\n\n");
    }
    if let Some(python) = &wishes.target_python {
        let _ = writeln!(out, "target-python = {}\n", Value::from(python.clone()));
    }
    if !wishes.exclude.is_empty() {
        let _ = writeln!(out, "exclude = {}\n", Value::from(wishes.exclude.clone()));
    }
    let stands_for = |rule: &Rule| ids(linter, rule).map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let mut rows = String::new();
    for rule in book.rules() {
        let level = match fate(linter, wishes, rule) {
            Fate::Kept => {
                if let Some(cells) = wishes.max_cells.filter(|_| rule.name() == "too-many-cells") {
                    let _ = writeln!(rows, "too-many-cells = {{ max = {cells} }}  # {name} max-cells");
                }
                continue;
            }
            Fate::On => rule.page.head.severity.as_str(),
            Fate::Off => "off",
        };
        let _ = writeln!(rows, "{} = \"{level}\"  # {}", rule.name(), stands_for(rule));
    }
    if !rows.is_empty() {
        let _ = write!(out, "[rules]\n{rows}\n");
    }
    let mut has_names_off =
        book.rules().iter().any(|rule| fate(linter, wishes, rule) == Fate::Off && is_of_names(rule));
    for (glob, codes) in &wishes.by_file {
        let silent = |rule: &&Rule| {
            let mut own = ids(linter, rule).peekable();
            own.peek().is_some() && own.all(|replaced| weight(codes, &replaced.id) > 0)
        };
        let rules: Vec<&Rule> = book.rules().iter().filter(silent).collect();
        has_names_off |= rules.iter().any(|rule| is_of_names(rule));
        let rules: Vec<String> = rules.iter().map(|rule| format!("{} = \"off\"", rule.name())).collect();
        if !rules.is_empty() {
            let _ = writeln!(
                out,
                "[[override]]\nfiles = [{}]\nrules = {{ {} }}\n",
                Value::from(glob.clone()),
                rules.join(", ")
            );
        }
    }
    if has_names_off {
        let _ = writeln!(
            out,
            "# {name} sees one file at a time, and brickgate follows %run and imports: if names were switched off"
        );
        let _ = writeln!(
            out,
            "# because notebooks get them from elsewhere, leave these lines out (rules of the group names/*).\n"
        );
    }
    let known: BTreeSet<&str> = book.rules().iter().flat_map(|rule| ids(linter, rule)).map(|one| &*one.id).collect();
    out.push_str("# Rules that stand for those of ");
    out.push_str(name);
    out.push_str(" and stay as they are by default:\n");
    for rule in book.rules().iter().filter(|rule| ids(linter, rule).next().is_some()) {
        if fate(linter, wishes, rule) == Fate::Kept {
            let level = if rule.page.head.enabled { rule.page.head.severity.as_str() } else { "off" };
            let _ = writeln!(out, "#   {} ({level}): {}", rule.name(), stands_for(rule));
        }
    }
    // Of ruff and pylint itself most is none of our business; of what is about Databricks all that is missing is told.
    let about_databricks = |id: &&str| matches!(linter, Linter::Pylint) && id.get(1..3) == Some("89");
    let missing: Vec<String> = SYMBOLS
        .iter()
        .filter(|(_, code)| about_databricks(code))
        .filter(|(_, code)| !known.contains(code) && wanted(linter, wishes, code) == Some(true))
        .map(|(symbol, code)| format!("{code} ({symbol})"))
        .collect();
    let mut notes = Vec::new();
    if !missing.is_empty() {
        let missing = missing.join(", ");
        let _ = writeln!(out, "# No rule of brickgate stands for {missing}.");
        notes.push(format!("no rule stands for {missing}"));
    }
    if linter != Linter::Ucx {
        notes.push(format!(
            "{name} can go on for what is not about Databricks; docs/rules.md says which rules replace which"
        ));
    }
    Migrated { text: out, notes }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Configs, Overrides, Place};
    use crate::snapshot::memory::Memory;

    /// What is written, which must be settings that can be read.
    fn migrated(linter: Linter, files: &[(&str, &str)]) -> String {
        let book = Book::builtin();
        let migrated = migrate(linter, &Memory::of(files), &book).unwrap_or_else(|error| panic!("{error}"));
        let files = Memory::of(&[("brickgate.toml", migrated.text.as_str())]);
        let given = Some(Place::Inside(RepoPath::new("brickgate.toml")));
        let overrides = Overrides { config: given, ..Overrides::default() };
        let configs = Configs::new(&files, book.rules().iter().map(|rule| &rule.page), &overrides);
        drop(configs.explain(&RepoPath::new("a.py")));
        let problems: Vec<String> = configs.problems().iter().map(ToString::to_string).collect();
        assert!(problems.is_empty(), "{problems:?}\n{}", migrated.text);
        migrated.text
    }

    #[test]
    fn ruffs_lists_become_levels() {
        let text = migrated(
            Linter::Ruff,
            &[(
                "pyproject.toml",
                "[tool.ruff]\nexclude = [\"legacy\"]\ntarget-version = \"py311\"\n[tool.ruff.lint]\nselect = [\"F\"]\n\
                 ignore = [\"F401\"]\n[tool.ruff.lint.per-file-ignores]\n\"adhoc/*\" = [\"F8\"]\n",
            )],
        );
        assert!(text.contains("\nunused-import = \"off\"  # ruff F401\n"), "{text}");
        assert!(text.contains("\nexclude = [\"legacy\"]\n") && text.contains("\ntarget-python = \"3.11\"\n"), "{text}");
        assert!(text.contains("files = [\"adhoc/*\"]\n") && text.contains("unused-variable = \"off\""), "{text}");
        assert!(text.contains("#   undefined-name (error): ruff F821\n"), "{text}");
        // What is not selected, and not on by default, is left as it is.
        assert!(!text.contains("\nimport-shadows-builtin =") && !text.contains("\nstring-built-sql ="), "{text}");
        // More exact wins: `F` is on, but of `F4` all is off and `F401` on.
        let text =
            migrated(Linter::Ruff, &[("ruff.toml", "lint.select = [\"ALL\", \"F401\"]\nlint.ignore = [\"F4\"]\n")]);
        assert!(!text.contains("\nunused-import ="), "{text}");
    }

    #[test]
    fn pylints_messages_are_known_by_symbol_and_code() {
        let rc = "[MAIN]\nload-plugins=databricks.labs.pylint.all\n[MESSAGES CONTROL]\ndisable=all\nenable=\n    R8909, # tokens\n\
                  \x20   undefined-variable,\n    dbutils-fs-cp\n";
        let text = migrated(Linter::Pylint, &[(".pylintrc", rc)]);
        assert!(text.contains("\nunused-import = \"off\"  # pylint W0611\n"), "{text}");
        assert!(!text.contains("\nundefined-name =") && !text.contains("\nsecret-in-source ="), "{text}");
        assert!(text.contains("# No rule of brickgate stands for R8903 (dbutils-fs-cp)."), "{text}");
        assert!(text.contains("(rules of the group names/*)"), "{text}");
        let toml = "[tool.pylint.databricks]\nmax-cells = 75\n";
        let text = migrated(Linter::Pylint, &[("pyproject.toml", toml)]);
        assert!(text.contains("\ntoo-many-cells = { max = 75 }  # pylint max-cells\n"), "{text}");
        let toml = "[tool.pylint.\"messages control\"]\ndisable = [\"unused-variable\", \"C\"]\n";
        let text = migrated(Linter::Pylint, &[("pyproject.toml", toml)]);
        assert!(text.contains("\nunused-variable = \"off\"") && text.contains("\ntoo-many-cells = \"off\""), "{text}");
        assert!(!text.contains("\nunused-import ="), "{text}");
    }

    #[test]
    fn ucx_wants_all_that_it_knows() {
        let text = migrated(Linter::Ucx, &[]);
        assert!(text.contains("compute = \"standard\"") && !text.contains("= \"off\""), "{text}");
    }

    #[test]
    fn what_is_not_there_cannot_be_taken_over() {
        let book = Book::builtin();
        for linter in [Linter::Ruff, Linter::Pylint] {
            assert!(migrate(linter, &Memory::of(&[("pyproject.toml", "[project]\n")]), &book).is_err());
            assert!(migrate(linter, &Memory::of(&[("pyproject.toml", "[tool")]), &book).is_err());
        }
    }

    #[test]
    fn symbols_are_sorted_and_codes_have_one() {
        assert!(SYMBOLS.windows(2).all(|two| two[0].0 < two[1].0));
        let codes: BTreeSet<&str> = SYMBOLS.iter().map(|(_, code)| *code).collect();
        assert_eq!(codes.len(), SYMBOLS.len());
        // A page that names a message of pylint needs its symbol here.
        for rule in Book::builtin().rules() {
            for replaced in ids(Linter::Pylint, rule) {
                assert!(codes.contains(&*replaced.id), "{}: {replaced} has no symbol in SYMBOLS", rule.name());
            }
        }
    }
}
