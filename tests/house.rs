//! The plan of the house, held: floors, doors, sizes, and a reason for every dependency. `docs/house.md` says why.

use std::fs;
use std::path::{Path, PathBuf};

/// Rooms by floor. A room imports only rooms on lower floors, never its neighbours.
const FLOORS: &[&[&str]] = &[
    &["text", "snapshot", "guard"],
    &["finding", "notebook", "python", "sql", "bundle"],
    &["project", "format"],
    &["page", "names"],
    &["flow"],
    &["rules", "suppress"],
    &["baseline"],
    &["config", "report"],
    &["engine", "formatter"],
    &["fix"],
    &["trial", "refactor"],
    &["server"],
    &["cli"],
    &["main"],
];

/// Crates that only one room may name; where there are two, each has its own reason in `docs/house.md`.
const DOORS: &[(&str, &str)] = &[
    ("ruff_", "python/"),
    ("tree_sitter", "python/"),
    ("git2::", "snapshot/"),
    ("ignore::Walk", "snapshot/"),
    ("clap", "cli/"),
    ("libyaml_safer", "bundle/"),
    ("Command::new", "snapshot/git/ guard"),
    ("sqruff", "sql/"),
];

const MOST_LINES: usize = 700;

#[test]
fn rooms_look_only_down() {
    let mut wrong = Vec::new();
    for file in sources() {
        let room = file.room();
        let Some(floor) = floor(&room) else {
            panic!("`{room}` stands on no floor: give it one in tests/house.rs and docs/house.md");
        };
        for (number, line) in file.code() {
            for used in rooms_named(line) {
                let below = self::floor(used).is_some_and(|other| other < floor);
                if used != room && !below {
                    wrong.push(format!("{}:{number}: `{room}` uses `{used}`: {}", file.name, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "rooms look up or sideways:\n{}", wrong.join("\n"));
}

/// What people read is what is held.
#[test]
fn the_plan_says_the_same() {
    let rooms = |text: &str| -> Vec<String> {
        let names = text.split('`').skip(1).step_by(2);
        names.map(|name| name.trim_end_matches('/').to_owned()).collect()
    };
    let held: Vec<Vec<String>> = FLOORS
        .iter()
        .filter(|rooms| !rooms.contains(&"main"))
        .map(|rooms| rooms.iter().map(|room| (*room).to_owned()).collect())
        .collect();
    let plan = read("docs/house.md");
    let table: Vec<Vec<String>> = (1..)
        .zip(plan.lines().skip_while(|line| !line.starts_with("| 1 |")).take_while(|line| line.starts_with('|')))
        .map(|(number, line)| {
            let columns: Vec<&str> = line.split('|').map(str::trim).collect();
            assert_eq!(columns[1], number.to_string(), "floors are counted: {line}");
            rooms(columns[2])
        })
        .collect();
    assert_eq!(table, held, "left: docs/house.md, right: tests/house.rs");
    let listed: Vec<Vec<String>> = read("src/lib.rs")
        .lines()
        .filter_map(|line| line.strip_prefix("//! ")?.split_once(". "))
        .filter(|(number, _)| number.parse::<usize>().is_ok())
        .map(|(_, line)| line.split("[`").skip(1).filter_map(|rest| Some(rest.split_once('`')?.0.to_owned())).collect())
        .collect();
    let sorted = |floors: Vec<Vec<String>>| -> Vec<Vec<String>> {
        floors
            .into_iter()
            .map(|mut rooms| {
                rooms.sort();
                rooms
            })
            .collect()
    };
    assert_eq!(sorted(listed), sorted(held), "left: src/lib.rs, right: tests/house.rs");
    for path in rooms(&plan).iter().filter(|path| path.contains(".rs") || path.contains('/')) {
        let is_there = |path: &str| root().join(path).exists() || root().join("src").join(path).exists();
        let is_path = path.bytes().all(|byte| byte.is_ascii_lowercase() || matches!(byte, b'/' | b'_' | b'.'));
        assert!(!is_path || is_there(path), "docs/house.md: there is no `{path}`");
    }
}

#[test]
fn every_outside_crate_has_one_door() {
    let mut wrong = Vec::new();
    for file in sources() {
        for (number, line) in file.code() {
            for (krate, room) in DOORS {
                if names(line, krate) && !room.split(' ').any(|room| file.name.starts_with(room)) {
                    wrong.push(format!("{}:{number}: `{krate}` belongs in `{room}`: {}", file.name, line.trim()));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "doors:\n{}", wrong.join("\n"));
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = sources()
        .iter()
        .map(|file| (file.text.lines().count(), &file.name))
        .filter(|(lines, _)| *lines > MOST_LINES)
        .map(|(lines, name)| format!("{name}: {lines} lines"))
        .collect();
    assert!(long.is_empty(), "more than {MOST_LINES} lines:\n{}", long.join("\n"));
}

#[test]
fn every_dependency_has_its_reason() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let reasons = read("docs/dependencies.md");
    let mut named: Vec<&str> =
        reasons.lines().filter_map(|line| line.strip_prefix("| `")?.split_once('`')).map(|(name, _)| name).collect();
    let mut used: Vec<&str> = ["dependencies", "dev-dependencies", "build-dependencies"]
        .iter()
        .filter_map(|table| manifest.get(*table)?.as_table())
        .flat_map(|table| table.keys().map(String::as_str))
        .collect();
    named.sort_unstable();
    used.sort_unstable();
    assert_eq!(named, used, "left: docs/dependencies.md, right: Cargo.toml");
}

/// What is not used still costs everyone whose hook is built from source.
#[test]
fn every_dependency_is_used() {
    let manifest: toml::Table = read("Cargo.toml").parse().unwrap();
    let sources = sources();
    for name in manifest["dependencies"].as_table().unwrap().keys() {
        let path = format!("{}::", name.replace('-', "_"));
        let is_used = sources.iter().any(|source| source.code().any(|(_, line)| line.contains(&path)));
        assert!(is_used, "no file in src/ uses `{name}`");
    }
}

/// One file under `src/`.
struct Source {
    /// Its path below `src/`, with `/`.
    name: String,
    text: String,
}

impl Source {
    fn room(&self) -> String {
        let first = self.name.split('/').next().unwrap_or_default();
        first.strip_suffix(".rs").unwrap_or(first).to_owned()
    }

    /// Lines that are compiled into the product, with their 1-based numbers: no comments, no unit tests.
    fn code(&self) -> impl Iterator<Item = (usize, &str)> {
        let lines = self.text.lines().enumerate().map(|(at, line)| (at + 1, line));
        let product = lines.take_while(|(_, line)| !line.starts_with("#[cfg(test)]"));
        product.filter(|(_, line)| !line.trim_start().starts_with("//"))
    }
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn read(path: &str) -> String {
    fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

fn sources() -> Vec<Source> {
    let base = root().join("src");
    let mut found = Vec::new();
    let mut folders = vec![base.clone()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") && path != base.join("lib.rs") {
                found.push(Source { name: below(&path, &base), text: fs::read_to_string(&path).unwrap() });
            }
        }
    }
    found.sort_by(|a, b| a.name.cmp(&b.name));
    assert!(found.len() > 20, "the sources were not found");
    found
}

fn below(path: &Path, base: &Path) -> String {
    path.strip_prefix(base).unwrap().to_string_lossy().replace('\\', "/")
}

fn floor(room: &str) -> Option<usize> {
    FLOORS.iter().position(|rooms| rooms.contains(&room))
}

/// The rooms that a line names: `crate::room::…`, `use crate::{room::…, other}`, and `brickgate::room` in `main.rs`.
fn rooms_named(line: &str) -> Vec<&str> {
    let mut rooms = Vec::new();
    for path in line.split("crate::").skip(1).chain(line.split("brickgate::").skip(1)) {
        match path.strip_prefix('{') {
            Some(group) => rooms.extend(group.split(',').map(word)),
            None => rooms.push(word(path)),
        }
    }
    rooms.retain(|room| !room.is_empty());
    rooms
}

fn word(text: &str) -> &str {
    let text = text.trim();
    let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
    &text[..end]
}

/// Whether `line` names the crate as a path, not as a part of another word or inside a string.
fn names(line: &str, krate: &str) -> bool {
    line.match_indices(krate).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        let path = line[at..].contains("::") || line.trim_start().starts_with("use ");
        !before.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '"' || c == '.') && path
    })
}

#[test]
fn the_checks_can_fail() {
    assert_eq!(rooms_named("use crate::{text::Span, cli};"), ["text", "cli"]);
    assert_eq!(rooms_named("    let x = crate::engine::run(crate::fix::y);"), ["engine", "fix"]);
    assert!(floor("cli") > floor("engine") && floor("attic").is_none());
    assert!(names("use ruff_python_ast::Expr;", "ruff_") && names("fn f(e: &ruff_text_size::TextRange)", "ruff_"));
    assert!(!names("let not_clap = x::y;", "clap") && !names("\"ignore::Walk\"", "ignore::Walk"));
}
