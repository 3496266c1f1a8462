//! Settings over whole repositories.

use super::*;
use crate::finding::Severity;
use crate::page::{OptionValue, Page};
use crate::project::document::Kind;
use crate::rules::context::Compute;
use crate::snapshot::RepoPath;
use crate::snapshot::memory::Memory;
use std::sync::Arc;

fn page(name: &str, group: &str, head: &str) -> Page {
    let text = format!("# A thing\n\n```toml rule\n{head}applies-to = [\"notebook\"]\n```\n\nIt is bad.\n");
    Page::read(name, group, "rules/x.md", text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

/// Sorted by name, as the book has them.
fn book() -> Vec<Page> {
    let chain = "severity = \"warning\"\n[options.max-depth]\ndefault = 2\nhelp = \"How deep\"\n\
                 [options.names]\ndefault = [\"a\"]\nhelp = \"Which\"\n";
    let mut chain = page_or(chain);
    chain.name = "run-chain".into();
    vec![
        page("secret-in-source", "secrets", "severity = \"error\"\n"),
        page("shy", "spark", "severity = \"warning\"\nenabled = false\n"),
        chain,
        page("run-cycle", "run", "severity = \"error\"\n"),
        page("unreadable-file", "file", "severity = \"error\"\n"),
    ]
}

fn page_or(head: &str) -> Page {
    let (first, rest) = head.split_once('\n').unwrap();
    let text = format!("# A thing\n\n```toml rule\n{first}\napplies-to = [\"notebook\"]\n{rest}\n```\n\nIt is bad.\n");
    Page::read("x", "run", "rules/run/x.md", text).unwrap_or_else(|faults| panic!("{faults:?}"))
}

const SECRET: usize = 0;
const SHY: usize = 1;
const CHAIN: usize = 2;
const CYCLE: usize = 3;
const UNREADABLE: usize = 4;

struct Repo {
    files: Memory,
    book: Vec<Page>,
    overrides: Overrides,
}

impl Repo {
    fn new(files: &[(&str, &str)]) -> Self {
        Self { files: Memory::of(files), book: book(), overrides: Overrides::default() }
    }

    fn configs(&self) -> Configs<'_> {
        Configs::new(&self.files, &self.book, &self.overrides)
    }
}

fn at(configs: &Configs<'_>, path: &str) -> Arc<PathSettings> {
    configs.for_path(&RepoPath::new(path))
}

/// The severity of a rule at a path, if it is on.
fn level(configs: &Configs<'_>, path: &str, rule: usize) -> Option<Severity> {
    at(configs, path).rules[rule].as_ref().map(|rule| rule.severity)
}

fn said(configs: &Configs<'_>) -> Vec<String> {
    configs.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn defaults_without_any_file() {
    let repo = Repo::new(&[("a.py", "")]);
    let configs = repo.configs();
    let settings = at(&configs, "a.py");
    assert_eq!(settings.read, crate::project::document::ReadOptions::default());
    assert_eq!(settings.rules.len(), 5);
    assert_eq!(level(&configs, "a.py", SHY), None);
    assert_eq!(level(&configs, "a.py", CYCLE), Some(Severity::Error));
    let chain = settings.rules[CHAIN].as_ref().unwrap();
    assert_eq!(chain.options["max-depth"], OptionValue::Integer(2));
    assert!(configs.respect_gitignore());
    assert!(Arc::ptr_eq(&settings, &at(&configs, "x/y/z.py")));
    assert_eq!(said(&configs), [""; 0]);
}

#[test]
fn one_folder_has_one_file() {
    let three = [
        (".brickgate.toml", "target-python = \"3.10\""),
        ("brickgate.toml", "target-python = \"3.11\"\n[rules]\nrun-cycle = \"off\""),
        ("pyproject.toml", "[tool.brickgate]\ntarget-python = \"3.12\""),
    ];
    for (skip, minor) in [(0, 10), (1, 11), (2, 12), (3, 13)] {
        let repo = Repo::new(&three[skip..]);
        let configs = repo.configs();
        assert_eq!(at(&configs, "a/b.py").read.target_python, (3, minor));
        assert_eq!(level(&configs, "a/b.py", CYCLE).is_none(), skip == 1);
    }
}

#[test]
fn the_nearest_folder_decides_alone() {
    let repo = Repo::new(&[
        ("brickgate.toml", "[rules]\nrun-cycle = \"off\"\nrun-chain = \"error\""),
        ("jobs/brickgate.toml", "[rules]\nrun-chain = \"info\""),
        ("jobs/daily/pyproject.toml", "[tool.ruff]\nline-length = 100"),
    ]);
    let configs = repo.configs();
    assert_eq!(level(&configs, "a.py", CYCLE), None);
    assert_eq!(level(&configs, "other/a.py", CHAIN), Some(Severity::Error));
    assert_eq!(level(&configs, "jobs/daily/deep/a.py", CYCLE), Some(Severity::Error));
    assert_eq!(level(&configs, "jobs/daily/deep/a.py", CHAIN), Some(Severity::Info));
    assert!(Arc::ptr_eq(&at(&configs, "jobs/a.py"), &at(&configs, "jobs/daily/b.py")));
    assert_eq!(configs.files(&RepoPath::new("jobs/x.py")), [Place::Inside(RepoPath::new("jobs/brickgate.toml"))]);
}

#[test]
fn extend_merges_and_the_nearer_wins() {
    let repo = Repo::new(&[
        (
            "brickgate.toml",
            "target = { compute = \"serverless\", dbr = \"14.3\" }\nexclude = [\"old\", \"gen\"]\n\
             [rules]\nrun-cycle = \"off\"\nrun-chain = { max-depth = 5, severity = \"error\" }\n\
             [[override]]\nfiles = [\"jobs/hot\"]\nrules = { secret-in-source = \"off\" }",
        ),
        (
            "jobs/brickgate.toml",
            "extend = \"../brickgate.toml\"\nexclude = [\"!gen\"]\ntarget = \"dedicated\"\n\
             [rules]\nrun-chain = { names = [\"b\"] }",
        ),
    ]);
    let configs = repo.configs();
    let settings = at(&configs, "jobs/a.py");
    assert_eq!(settings.target.compute, Some(Compute::Dedicated));
    assert_eq!(settings.target.dbr, Some((14, 3)));
    assert_eq!(settings.read.target_python, (3, 10));
    assert_eq!(level(&configs, "jobs/a.py", CYCLE), None);
    let chain = settings.rules[CHAIN].as_ref().unwrap();
    assert_eq!(chain.severity, Severity::Error);
    assert_eq!(chain.options["max-depth"], OptionValue::Integer(5));
    assert_eq!(chain.options["names"], OptionValue::List(vec!["b".to_owned()]));
    assert_eq!(level(&configs, "jobs/a.py", SECRET), Some(Severity::Error));
    assert_eq!(level(&configs, "jobs/hot/a.py", SECRET), None);
    let excluded = |path| configs.excluded(&RepoPath::new(path), true);
    assert!(excluded("gen") && excluded("old") && excluded("jobs/old") && !excluded("jobs/gen"));
    assert_eq!(said(&configs), [""; 0]);
}

#[test]
fn extend_that_leads_nowhere() {
    let repo = Repo::new(&[
        ("brickgate.toml", "extend = \"a/brickgate.toml\""),
        ("a/brickgate.toml", "extend = \"../brickgate.toml\""),
        ("b/brickgate.toml", "extend = \"../../../x.toml\""),
        ("c/brickgate.toml", "extend = \"../nothing.toml\""),
        ("d/brickgate.toml", "extend = \"../pyproject.toml\""),
        ("pyproject.toml", "[tool.x]"),
    ]);
    let configs = repo.configs();
    for folder in ["b", "c", "d"] {
        at(&configs, &format!("{folder}/x.py"));
    }
    assert_eq!(
        said(&configs),
        [
            "a/brickgate.toml:1:10: error: `extend` runs in a circle: brickgate.toml -> a/brickgate.toml -> brickgate.toml",
            "b/brickgate.toml:1:10: error: `../../../x.toml` leaves the repository; a check must mean the same everywhere\n  help: name a file of the repository by a relative path",
            "c/brickgate.toml:1:10: error: there is no file `nothing.toml`",
            "d/brickgate.toml:1:10: error: `pyproject.toml` has no `[tool.brickgate]`",
        ]
    );
}

#[test]
fn overrides_and_kinds_hold_for_their_files() {
    let repo = Repo::new(&[(
        "brickgate.toml",
        "[kinds]\nscript = [\"entry/*.py\"]\nmodule = [\"entry\"]\n[rules]\n\"run/*\" = \"warning\"\nrun-cycle = \"info\"\n\
         [[override]]\nfiles = [\"tests\", \"*_test.py\"]\nrules = { \"run/*\" = \"off\", shy = \"error\" }\n\
         [[override]]\nfiles = [\"tests/strict/\"]\nrules = { run-cycle = \"error\" }",
    )]);
    let configs = repo.configs();
    assert_eq!(level(&configs, "a.py", CYCLE), Some(Severity::Info));
    assert_eq!(level(&configs, "a.py", CHAIN), Some(Severity::Warning));
    assert_eq!(level(&configs, "x/a_test.py", CYCLE), None);
    assert_eq!(level(&configs, "tests/deep/a.py", SHY), Some(Severity::Error));
    assert_eq!(level(&configs, "tests/strict/a.py", CYCLE), Some(Severity::Error));
    assert_eq!(level(&configs, "tests/strict/a.py", CHAIN), None);
    assert_eq!(at(&configs, "entry/a.py").read.kind, Some(Kind::Script));
    assert_eq!(at(&configs, "entry/deep/a.py").read.kind, Some(Kind::Module));
    assert_eq!(at(&configs, "a.py").read.kind, None);
    assert!(Arc::ptr_eq(&at(&configs, "tests/a.py"), &at(&configs, "x/b_test.py")));
}

#[test]
fn excludes() {
    let repo = Repo::new(&[
        ("brickgate.toml", "exclude = [\"!build\", \"*.gen.py\", \"/top\", \"data/\"]"),
        ("sub/brickgate.toml", "exclude = [\"top\"]"),
    ]);
    let configs = repo.configs();
    let one = |path, folder| configs.excluded(&RepoPath::new(path), folder);
    assert!(one(".git", true) && one("x/node_modules", true) && one("a.egg-info", true));
    assert!(!one("dist", false) && !one("build", true) && one("sub/build", true));
    assert!(one("x/a.gen.py", false) && one("top", true) && !one("x/top", true) && one("sub/x/top", true));
    assert!(one("data", true) && !one("data", false) && !one("", true));
    let deep = |path| configs.excluded_from_top(&RepoPath::new(path), false);
    assert!(deep("x/.venv/lib/a.py") && deep("data/a.py") && !deep("x/build/a.py") && !deep("x/y/a.py"));
    assert!(DEFAULT_EXCLUDES.is_sorted());
}

#[test]
fn all_faults_of_all_files() {
    let repo = Repo::new(&[
        (
            "brickgate.toml",
            "pages = [\"none\", \"../out\"]\n[rules]\nrun-cycel = \"off\"\nunreadable-file = \"off\"\n\"rum/*\" = \"off\"\nrun = \"off\"\n\
             run-chain = { max-dept = 3, names = 4 }\n\"run/*\" = { max-depth = 1 }\n[[override]]\nfiles = [\"x\"]\nrules = { nope = \"off\" }",
        ),
        (
            "sub/pyproject.toml",
            "[tool.brickgate]\npages = [\"p\"]\nrespect-gitignore = true\n[tool.brickgate.rules]\nx = {}",
        ),
    ]);
    let configs = repo.configs();
    at(&configs, "sub/a.py");
    assert_eq!(
        said(&configs),
        [
            "brickgate.toml:1:10: error: there is no folder `none`",
            "brickgate.toml:1:18: error: `../out` leaves the repository",
            "brickgate.toml:3:1: error: there is no rule `run-cycel`\n  help: did you mean `run-cycle`?",
            "brickgate.toml:4:1: error: `unreadable-file` cannot be switched off: it says that something could not be checked",
            "brickgate.toml:5:1: error: there is no group `rum`\n  help: did you mean `run/*`?",
            "brickgate.toml:6:1: error: `run` is a group, not a rule\n  help: write `run/*`",
            "brickgate.toml:7:15: error: `run-chain` has no option `max-dept`\n  help: did you mean `max-depth`?",
            "brickgate.toml:7:37: error: `names` must be a list of strings, as its default is",
            "brickgate.toml:8:13: error: a group has no options, so `max-depth` cannot be set here\n  help: set it for the rule that has it",
            "brickgate.toml:11:11: error: there is no rule `nope`\n  help: `brickgate rules` lists them all",
            "sub/pyproject.toml:2:10: error: `pages` holds for the whole repository, so it is only read at its root\n  help: move it to the `brickgate.toml` of the root",
            "sub/pyproject.toml:3:21: error: `respect-gitignore` holds for the whole repository, so it is only read at its root\n  help: move it to the `brickgate.toml` of the root",
            "sub/pyproject.toml:5:1: error: there is no rule `x`\n  help: `brickgate rules` lists them all",
        ]
    );
    assert_eq!(level(&configs, "a.py", UNREADABLE), Some(Severity::Error));
}

#[test]
fn selection() {
    let text = "[rules]\nrun-cycle = \"off\"\nrun-chain = \"info\"";
    let on = |select: &[&str], extend: &[&str], ignore: &[&str]| {
        let mut repo = Repo::new(&[("brickgate.toml", text)]);
        let own = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        repo.overrides =
            Overrides { select: own(select), extend_select: own(extend), ignore: own(ignore), ..Overrides::default() };
        let configs = repo.configs();
        let settings = at(&configs, "a.py");
        let on = (0..5).filter(|&rule| settings.rules[rule].is_some()).collect::<Vec<_>>();
        (on, level(&configs, "a.py", CHAIN), said(&configs))
    };
    assert_eq!(on(&[], &[], &[]).0, [SECRET, CHAIN, UNREADABLE]);
    assert_eq!(on(&["run/*"], &[], &[]).0, [CHAIN, CYCLE, UNREADABLE]);
    assert_eq!(on(&["run/*"], &[], &[]).1, Some(Severity::Info));
    assert_eq!(on(&["shy"], &[], &[]).0, [SHY, UNREADABLE]);
    assert_eq!(on(&["ALL"], &[], &[]).0, [SECRET, SHY, CHAIN, CYCLE, UNREADABLE]);
    assert_eq!(on(&["ALL"], &[], &["run/*"]).0, [SECRET, SHY, UNREADABLE]);
    assert_eq!(on(&[], &["shy"], &[]).0, [SECRET, SHY, CHAIN, UNREADABLE]);
    assert_eq!(on(&["secrets/*"], &["run-cycle"], &[]).0, [SECRET, CYCLE, UNREADABLE]);
    assert_eq!(on(&[], &[], &["secret-in-source"]).0, [CHAIN, UNREADABLE]);
    assert_eq!(on(&["run-cycle"], &[], &["run/*"]).0, [CYCLE, UNREADABLE]);
    assert_eq!(on(&[], &[], &["ALL"]).0, [UNREADABLE]);
    let (_, _, problems) = on(&["run-cycel"], &["nope/*"], &["unreadable-file"]);
    assert_eq!(
        problems,
        [
            "--extend-select: error: there is no group `nope`\n  help: known are `file`, `run`, `secrets` and `spark`",
            "--ignore: error: `unreadable-file` cannot be switched off: it says that something could not be checked",
            "--select: error: there is no rule `run-cycel`\n  help: did you mean `run-cycle`?",
        ]
    );
    let (_, _, problems) = on(&["all"], &[], &[]);
    assert_eq!(problems, ["--select: error: there is no rule `all`\n  help: write `ALL` for all rules"]);
}

#[test]
fn config_and_isolated() {
    let mut repo = Repo::new(&[
        ("brickgate.toml", "target-python = \"3.10\""),
        ("sub/brickgate.toml", "target-python = \"3.11\""),
        ("ci/gate.toml", "target-python = \"3.12\"\npages = [\"../p\"]"),
        ("p/x.md", ""),
    ]);
    repo.overrides.config = Some(Place::Inside(RepoPath::new("ci/gate.toml")));
    let configs = repo.configs();
    assert_eq!(at(&configs, "sub/a.py").read.target_python, (3, 12));
    assert_eq!(configs.pages(), [RepoPath::new("p")]);
    assert_eq!(pages(&repo.files, &repo.overrides), [RepoPath::new("p")]);
    assert_eq!(said(&configs), [""; 0]);
    repo.overrides.config = Some(Place::Inside(RepoPath::new("no.toml")));
    assert_eq!(said(&repo.configs()), ["--config: error: there is no file `no.toml`"]);
    repo.overrides.isolated = true;
    let configs = repo.configs();
    assert_eq!(at(&configs, "sub/a.py").read.target_python, (3, 13));
    assert_eq!(said(&configs), [""; 0]);
    let folder = tempfile::tempdir().unwrap();
    let outside = folder.path().join("gate.toml");
    std::fs::write(&outside, "extend = \"base.toml\"\nexclude = [\"jobs/old\"]").unwrap();
    std::fs::write(folder.path().join("base.toml"), "target-python = \"3.9\"").unwrap();
    repo.overrides = Overrides { config: Some(Place::Outside(outside)), ..Overrides::default() };
    let configs = repo.configs();
    assert_eq!(at(&configs, "sub/a.py").read.target_python, (3, 9));
    assert!(configs.excluded(&RepoPath::new("jobs/old"), true));
}

#[test]
fn a_file_that_cannot_be_read_is_said_once() {
    let repo = Repo::new(&[("brickgate.toml/x", "")]);
    let configs = repo.configs();
    at(&configs, "a/b.py");
    assert_eq!(said(&configs).len(), 1);
    let repo = Repo { files: Memory::new([(RepoPath::new("brickgate.toml"), vec![0xff])].into()), ..Repo::new(&[]) };
    assert_eq!(said(&repo.configs()), ["brickgate.toml:1:1: error: this file cannot be read: it is not UTF-8"]);
}

#[test]
fn explains_who_set_what() {
    let mut repo = Repo::new(&[
        (
            "brickgate.toml",
            "exclude = [\"old\"]\ntarget-python = \"3.10\"\n[rules]\nrun-chain = { max-depth = 4 }\n[hook]\nfix = true\n\
             on-failure = \"fail-closed\"",
        ),
        (
            "jobs/brickgate.toml",
            "extend = \"../brickgate.toml\"\nbaseline = \"b.json\"\n[rules]\n\"run/*\" = \"error\"\n[hook]\nformat = true",
        ),
    ]);
    repo.overrides.ignore = vec!["secret-in-source".to_owned()];
    let configs = repo.configs();
    let rows = configs.explain(&RepoPath::new("jobs/a.py"));
    let row = |key: &str| {
        let row = rows.iter().find(|row| row.key == key).unwrap_or_else(|| panic!("{key}"));
        (row.value.as_str(), row.origin.as_str())
    };
    assert_eq!(row("exclude"), ("[\"old\"]", "brickgate.toml:1"));
    assert_eq!(row("target-python"), ("\"3.10\"", "brickgate.toml:2"));
    assert_eq!(row("max-file-size"), ("10000000", "default"));
    assert_eq!(row("rules.run-cycle"), ("\"error\"", "jobs/brickgate.toml:4"));
    // Read at the root alone.
    assert_eq!(row("baseline"), ("\".brickgate-baseline.json\"", "default"));
    assert_eq!(row("hook.fix"), ("true", "brickgate.toml:6"));
    assert_eq!(row("hook.on-failure"), ("\"fail-closed\"", "brickgate.toml:7"));
    assert_eq!(row("hook.format"), ("false", "default"));
    assert_eq!(row("hook.memory-limit"), ("2000000000", "default"));
    assert_eq!(row("rules.run-chain.max-depth"), ("4", "brickgate.toml:4"));
    assert_eq!(row("rules.run-chain.names"), ("[\"a\"]", "default"));
    assert_eq!(row("rules.secret-in-source"), ("\"off\"", "--ignore"));
}

#[test]
fn many_threads_share_one_answer() {
    let repo = Repo::new(&[("a/b/brickgate.toml", "target-python = \"3.10\"\n[kinds]\ntest = [\"t\"]")]);
    let configs = repo.configs();
    let all: Vec<_> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..8)
            .map(|n| {
                let configs = &configs;
                scope.spawn(move || at(configs, &format!("a/b/c{}/t", n % 3)))
            })
            .collect();
        handles.into_iter().map(|handle| handle.join().unwrap()).collect()
    });
    assert!(all.iter().all(|settings| Arc::ptr_eq(settings, &all[0])));
}
