//! `.gitattributes`: which files people say are generated, or no text.
//!
//! Read from the snapshot itself, so that a commit's attributes hold for the commit's files. Line ends are git's affair:
//! what it stores is what is checked, and either line end reads the same.

use super::{RepoPath, Snapshot};
use globset::{GlobBuilder, GlobMatcher};
use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock};

/// The name of the file.
const FILE: &str = ".gitattributes";

/// Git reads no larger ones.
const LARGEST: u64 = 100 << 20;

/// What is said of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `linguist-generated`: a program wrote it.
    pub generated: bool,
    /// `binary`: neither to be compared nor to be shown as text. `-text` alone only keeps git from changing line ends,
    /// and `-diff` alone is what people give notebooks whose outputs they do not want to see.
    pub binary: bool,
}

/// The attributes of a snapshot; files are read when a path below them is first asked about.
pub struct Attributes<'a> {
    snapshot: &'a dyn Snapshot,
    folders: RwLock<HashMap<RepoPath, Arc<[Line]>>>,
}

/// The attributes that matter here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Generated,
    Text,
    Diff,
}

/// One line.
struct Line {
    glob: GlobMatcher,
    /// Whether the pattern is for the last part of a path alone.
    by_name: bool,
    /// `None` takes back what was said.
    says: Vec<(Name, Option<bool>)>,
}

impl<'a> Attributes<'a> {
    /// The attributes of `snapshot`.
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self { snapshot, folders: RwLock::default() }
    }

    /// What is said of the file at `path`.
    pub fn of(&self, path: &RepoPath) -> Marks {
        let (mut generated, mut text, mut diff) = (None, None, None);
        let slashes = memchr::memchr_iter(b'/', path.as_str().as_bytes());
        // The nearest file has the last word.
        for folder in std::iter::once(0).chain(slashes) {
            let folder = path.as_str().get(..folder).unwrap_or_default();
            let lines = self.lines(&RepoPath::new(folder));
            let within = path.as_str().get(folder.len()..).unwrap_or_default().trim_start_matches('/');
            for line in &*lines {
                if line.glob.is_match(if line.by_name { path.name() } else { within }) {
                    for &(name, value) in &line.says {
                        match name {
                            Name::Generated => generated = value,
                            Name::Text => text = value,
                            Name::Diff => diff = value,
                        }
                    }
                }
            }
        }
        Marks { generated: generated == Some(true), binary: text == Some(false) && diff == Some(false) }
    }

    fn lines(&self, folder: &RepoPath) -> Arc<[Line]> {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        if let Some(known) = known {
            return known;
        }
        let read = || {
            let path = folder.join(FILE)?;
            // Most folders have none; trying to read it costs less than listing the folder.
            if self.snapshot.size(&path)? > LARGEST {
                return None;
            }
            let bytes = self.snapshot.read(&path).ok()?;
            Some(parse(&String::from_utf8_lossy(&bytes)))
        };
        let lines: Arc<[Line]> = read().unwrap_or_default().into();
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        folders.entry(folder.clone()).or_insert(lines).clone()
    }
}

fn parse(text: &str) -> Vec<Line> {
    let mut macros: HashMap<&str, Vec<(Name, Option<bool>)>> =
        HashMap::from([("binary", vec![(Name::Text, Some(false)), (Name::Diff, Some(false))])]);
    let mut lines = Vec::new();
    for line in text.lines().map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(defined) = line.strip_prefix("[attr]") {
            let mut words = defined.split_ascii_whitespace();
            if let Some(name) = words.next() {
                let says = words.flat_map(|word| says(word, &macros)).collect();
                macros.insert(name, says);
            }
            continue;
        }
        let (pattern, rest) = pattern(line);
        let says: Vec<_> = rest.split_ascii_whitespace().flat_map(|word| says(word, &macros)).collect();
        // Attributes are for files, so a pattern for folders says nothing.
        if says.is_empty() || pattern.ends_with('/') {
            continue;
        }
        let by_name = !pattern.contains('/');
        let glob =
            GlobBuilder::new(pattern.trim_start_matches('/')).literal_separator(true).backslash_escape(true).build();
        // A pattern that is no glob matches nothing, as in git.
        lines.extend(glob.ok().map(|glob| Line { glob: glob.compile_matcher(), by_name, says }));
    }
    lines
}

/// The pattern of a line, and what follows it. A pattern with blanks is quoted.
fn pattern(line: &str) -> (String, &str) {
    let Some(quoted) = line.strip_prefix('"') else {
        let (pattern, rest) = line.split_once([' ', '\t']).unwrap_or((line, ""));
        return (pattern.to_owned(), rest);
    };
    let mut pattern = String::new();
    let mut chars = quoted.char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return (pattern, quoted.get(at + 1..).unwrap_or_default()),
            '\\' => pattern.extend(chars.next().map(|(_, char)| char)),
            char => pattern.push(char),
        }
    }
    (pattern, "")
}

/// What one word says: `name`, `-name`, `!name` or `name=value`, for the names that matter and for macros.
fn says(word: &str, macros: &HashMap<&str, Vec<(Name, Option<bool>)>>) -> Vec<(Name, Option<bool>)> {
    let (name, value) = match word.as_bytes().first() {
        Some(b'-') => (word.get(1..).unwrap_or_default(), Some(false)),
        Some(b'!') => (word.get(1..).unwrap_or_default(), None),
        _ => match word.split_once('=') {
            Some((name, value)) => (name, Some(value != "false")),
            None => (word, Some(true)),
        },
    };
    let name = match name {
        "linguist-generated" | "gitlab-generated" => Name::Generated,
        "text" => Name::Text,
        "diff" => Name::Diff,
        name => {
            let meant = macros.get(name).map(Vec::as_slice).unwrap_or_default();
            return match value {
                Some(true) => meant.to_vec(),
                // `-binary` does not say the reverse of what it stands for.
                Some(false) => Vec::new(),
                None => meant.iter().map(|&(name, _)| (name, None)).collect(),
            };
        }
    };
    vec![(name, value)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::snapshot::memory::Memory;

    #[test]
    fn the_last_word_is_the_nearest_files() {
        let memory = Memory::of(&[
            (
                ".gitattributes",
                "# made\n*.py text eol=lf\n/gen/** linguist-generated\n*.ipynb -diff\ndata.py binary\n\
                 [attr]made linguist-generated=true -text -diff\nmade.* made\n\"a b.py\" binary\nx/ binary\n",
            ),
            ("gen/deep/.gitattributes", "kept.py -linguist-generated\n"),
            ("sub/.gitattributes", "data.py !text\n/own.py linguist-generated=false\n"),
        ]);
        let attributes = Attributes::new(&memory);
        let of = |path: &str| {
            let marks = attributes.of(&RepoPath::new(path));
            (marks.generated, marks.binary)
        };
        assert_eq!(of("a.py"), (false, false));
        assert_eq!(of("gen/a.py"), (true, false));
        assert_eq!(of("gen/deep/a.py"), (true, false));
        assert_eq!(of("gen/deep/kept.py"), (false, false));
        assert_eq!(of("n.ipynb"), (false, false));
        assert_eq!(of("deep/data.py"), (false, true));
        assert_eq!(of("sub/data.py"), (false, false));
        assert_eq!(of("made.py"), (true, true));
        assert_eq!(of("a b.py"), (false, true));
        assert_eq!(of("sub/own.py"), (false, false));
    }

    #[test]
    fn git_agrees() {
        let text = "* -text\n*.sql binary\nd/*.py linguist-generated\n**/e.py -diff -text\nf/** binary\n!g.py binary\n";
        let folder = tempfile::tempdir().unwrap();
        let git = |args: &[&str]| {
            let mut command = std::process::Command::new("git");
            command.args(args).current_dir(folder.path()).env("GIT_CONFIG_GLOBAL", "/dev/null");
            String::from_utf8(command.output().unwrap().stdout).unwrap()
        };
        git(&["init", "-q"]);
        std::fs::write(folder.path().join(".gitattributes"), text).unwrap();
        let memory = Memory::of(&[(".gitattributes", text)]);
        let attributes = Attributes::new(&memory);
        for path in ["a.py", "a.sql", "x/a.sql", "d/a.py", "d/x/a.py", "e.py", "x/y/e.py", "f/x/y.py", "f.py", "g.py"] {
            let said = git(&["check-attr", "linguist-generated", "text", "diff", "--", path]);
            let is = |end: &str| said.lines().any(|line| line.ends_with(end));
            let marks = attributes.of(&RepoPath::new(path));
            assert_eq!(marks.generated, is("linguist-generated: set"), "{path}");
            assert_eq!(marks.binary, is("text: unset") && is("diff: unset"), "{path}");
        }
    }
}
