//! Attributes of git: which files people say are generated, or no text, and which line ends they are to have.
//!
//! `.gitattributes` is read from the snapshot itself, so that a commit's attributes hold for the commit's files. Beside it
//! git reads `info/attributes` of the repository, which wins over all of it, and the file that `core.attributesFile` names
//! and the system's, which count least; the snapshot knows them ([`Snapshot::attributes`]).

use super::{RepoPath, Snapshot};
use globset::{GlobBuilder, GlobMatcher};
use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

/// The name of the file.
const FILE: &str = ".gitattributes";

/// Git reads no larger ones.
const LARGEST: u64 = 100 << 20;

/// Git passes over longer lines.
const LONGEST_LINE: usize = 2048;

/// What is said of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Marks {
    /// `linguist-generated`: a program wrote it.
    pub generated: bool,
    /// `binary`: neither to be compared nor to be shown as text. `-text` alone only keeps git from changing line ends,
    /// and `-diff` alone is what people give notebooks whose outputs they do not want to see.
    pub binary: bool,
    /// The line ends that it is to have in a worktree.
    pub eol: Option<Eol>,
}

/// Line ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Eol {
    /// `\n`
    Lf,
    /// `\r\n`
    CrLf,
}

/// The texts of files with attributes that are no `.gitattributes`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beside {
    /// Those over which every `.gitattributes` wins, the system's before the user's.
    pub below: Vec<String>,
    /// The one that wins over every `.gitattributes`.
    pub above: String,
}

/// The attributes of a snapshot; files are read when a path below them is first asked about.
pub struct Attributes<'a> {
    snapshot: &'a dyn Snapshot,
    folders: RwLock<HashMap<RepoPath, Arc<[Line]>>>,
    common: OnceLock<Common>,
}

/// What holds for all files.
struct Common {
    below: Vec<Line>,
    above: Vec<Line>,
    macros: Macros,
}

/// What one attribute stands for, as `[attr]` says.
type Macros = HashMap<Arc<str>, Vec<(Name, Value)>>;

/// An attribute.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Name {
    Generated,
    GeneratedAtGitlab,
    Text,
    Diff,
    Eol,
    /// It matters only if it stands for others.
    Other(Arc<str>),
}

/// What is said of an attribute.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Value {
    /// `name`
    Set,
    /// `-name`
    Unset,
    /// `!name`
    Unspecified,
    /// `name=false`
    False,
    /// `name=lf`
    Lf,
    /// `name=crlf`
    CrLf,
    /// Any other `name=value`
    Other,
}

/// One line.
struct Line {
    glob: GlobMatcher,
    /// Whether the pattern is for the last part of a path alone.
    by_name: bool,
    says: Vec<(Name, Value)>,
}

/// What is known of one path so far. What was said first counts, and the file that counts most is asked first.
#[derive(Default)]
struct Known {
    generated: Option<Value>,
    generated_at_gitlab: Option<Value>,
    text: Option<Value>,
    diff: Option<Value>,
    eol: Option<Value>,
    others: Vec<Arc<str>>,
}

impl<'a> Attributes<'a> {
    /// The attributes of `snapshot`.
    pub fn new(snapshot: &'a dyn Snapshot) -> Self {
        Self { snapshot, folders: RwLock::default(), common: OnceLock::new() }
    }

    /// What is said of the file at `path`.
    pub fn of(&self, path: &RepoPath) -> Marks {
        let common = self.common.get_or_init(|| self.read_common());
        let mut known = Known::default();
        known.hear(&common.above, path, path.as_str(), &common.macros);
        let slashes = memchr::memrchr_iter(b'/', path.as_str().as_bytes());
        // The nearest file before those above it.
        for folder in slashes.chain(std::iter::once(0)) {
            let folder = path.as_str().get(..folder).unwrap_or_default();
            let within = path.as_str().get(folder.len()..).unwrap_or_default().trim_start_matches('/');
            known.hear(&self.lines(&RepoPath::new(folder)), path, within, &common.macros);
        }
        known.hear(&common.below, path, path.as_str(), &common.macros);
        known.marks()
    }

    /// Reads what stands beside the files, and the macros of the uppermost one: those deeper down may define none.
    fn read_common(&self) -> Common {
        let Beside { below, above } = self.snapshot.attributes();
        let binary = [(Name::Diff, Value::Unset), (Name::Text, Value::Unset)];
        let mut macros = Macros::from([("binary".into(), binary.to_vec())]);
        let below = below.iter().flat_map(|text| parse(text, Some(&mut macros))).collect();
        let root = self.text(&RepoPath::root()).map(|text| parse(&text, Some(&mut macros))).unwrap_or_default();
        let above = parse(&above, Some(&mut macros));
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        folders.entry(RepoPath::root()).or_insert(root.into());
        Common { below, above, macros }
    }

    fn lines(&self, folder: &RepoPath) -> Arc<[Line]> {
        let known = self.folders.read().unwrap_or_else(PoisonError::into_inner).get(folder).cloned();
        if let Some(known) = known {
            return known;
        }
        let lines: Arc<[Line]> = self.text(folder).map(|text| parse(&text, None)).unwrap_or_default().into();
        let mut folders = self.folders.write().unwrap_or_else(PoisonError::into_inner);
        folders.entry(folder.clone()).or_insert(lines).clone()
    }

    fn text(&self, folder: &RepoPath) -> Option<String> {
        let path = folder.join(FILE)?;
        // Most folders have none; trying to read it costs less than listing the folder.
        if self.snapshot.size(&path)? > LARGEST {
            return None;
        }
        let bytes = self.snapshot.read(&path).ok()?;
        Some(String::from_utf8_lossy(&bytes).into_owned())
    }
}

impl Known {
    /// Takes from lines what is not known yet, the last line first.
    fn hear(&mut self, lines: &[Line], path: &RepoPath, within: &str, macros: &Macros) {
        for line in lines.iter().rev() {
            if line.glob.is_match(if line.by_name { path.name() } else { within }) {
                self.take(&line.says, macros);
            }
        }
    }

    fn take(&mut self, says: &[(Name, Value)], macros: &Macros) {
        for (name, value) in says.iter().rev() {
            let place = match name {
                Name::Generated => &mut self.generated,
                Name::GeneratedAtGitlab => &mut self.generated_at_gitlab,
                Name::Text => &mut self.text,
                Name::Diff => &mut self.diff,
                Name::Eol => &mut self.eol,
                Name::Other(name) => {
                    if let Some(meant) = macros.get(name)
                        && !self.others.contains(name)
                    {
                        self.others.push(Arc::clone(name));
                        // `-binary` does not say the reverse of what it stands for.
                        if *value == Value::Set {
                            self.take(meant, macros);
                        }
                    }
                    continue;
                }
            };
            place.get_or_insert(*value);
        }
    }

    fn marks(&self) -> Marks {
        let is_said = |value: Option<Value>| {
            value.is_some_and(|value| !matches!(value, Value::Unset | Value::Unspecified | Value::False))
        };
        let eol = match self.eol {
            Some(Value::Lf) => Some(Eol::Lf),
            Some(Value::CrLf) => Some(Eol::CrLf),
            _ => None,
        };
        Marks {
            generated: is_said(self.generated) || is_said(self.generated_at_gitlab),
            binary: self.text == Some(Value::Unset) && self.diff == Some(Value::Unset),
            eol: eol.filter(|_| self.text != Some(Value::Unset)),
        }
    }
}

/// The lines of a file, and the macros that it defines where it may define some.
fn parse(text: &str, mut macros: Option<&mut Macros>) -> Vec<Line> {
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| line.len() < LONGEST_LINE).map(str::trim) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(defined) = line.strip_prefix("[attr]") {
            let (name, rest) = defined.trim_start().split_once([' ', '\t']).unwrap_or((defined.trim_start(), ""));
            if let (Some(macros), Some(says)) = (macros.as_deref_mut(), says(rest)) {
                macros.insert(name.into(), says);
            }
            continue;
        }
        let (pattern, rest) = pattern(line);
        // Attributes are for files, so a pattern for folders says nothing; git has no negative ones here.
        let Some(says) = says(rest).filter(|says| !says.is_empty()) else { continue };
        if pattern.ends_with('/') || pattern.starts_with('!') {
            continue;
        }
        let by_name = !pattern.contains('/');
        let pattern = without_choices(pattern.trim_start_matches('/'));
        let glob = GlobBuilder::new(&pattern).literal_separator(true).backslash_escape(true).build();
        // A pattern that is no glob matches nothing, as in git.
        lines.extend(glob.ok().map(|glob| Line { glob: glob.compile_matcher(), by_name, says }));
    }
    lines
}

/// A pattern in which braces are only braces, as they are to git.
fn without_choices(pattern: &str) -> String {
    let mut out = String::with_capacity(pattern.len());
    let (mut in_class, mut escaped) = (false, false);
    for char in pattern.chars() {
        if matches!(char, '{' | '}') && !in_class && !escaped {
            out.push('\\');
        }
        match char {
            '[' if !escaped => in_class = true,
            ']' => in_class = false,
            _ => {}
        }
        escaped = char == '\\' && !escaped;
        out.push(char);
    }
    out
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

/// What the words behind a pattern say; `None` if one of them is no attribute: git passes over such a line.
fn says(words: &str) -> Option<Vec<(Name, Value)>> {
    let said = |word: &str| {
        let (name, value) = match word.as_bytes().first() {
            Some(b'-') => (word.get(1..).unwrap_or_default(), Value::Unset),
            Some(b'!') => (word.get(1..).unwrap_or_default(), Value::Unspecified),
            _ => match word.split_once('=') {
                Some((name, "false")) => (name, Value::False),
                Some((name, "lf")) => (name, Value::Lf),
                Some((name, "crlf")) => (name, Value::CrLf),
                Some((name, _)) => (name, Value::Other),
                None => (word, Value::Set),
            },
        };
        let is_name = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
        if name.is_empty() || name.starts_with('-') || !name.bytes().all(is_name) {
            return None;
        }
        let name = match name {
            "linguist-generated" => Name::Generated,
            "gitlab-generated" => Name::GeneratedAtGitlab,
            "text" => Name::Text,
            "diff" => Name::Diff,
            "eol" => Name::Eol,
            other => Name::Other(other.into()),
        };
        Some((name, value))
    };
    words.split_ascii_whitespace().map(said).collect()
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

    /// Attributes of every kind in every place, and what git makes of them.
    #[test]
    fn git_agrees() {
        let folder = tempfile::tempdir().unwrap();
        let top = std::fs::canonicalize(folder.path()).unwrap();
        let git = |args: &[&str]| {
            let output = std::process::Command::new("git").args(args).current_dir(&top).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            String::from_utf8(output.stdout).unwrap()
        };
        git(&["init", "-q"]);
        git(&["config", "core.attributesFile", "of user"]);
        for (path, text) in [
            (
                ".gitattributes",
                "* -text\n*.sql binary\nd/*.py linguist-generated\n**/e.py -diff -text\nf/** binary\n!g.py binary\n\
                 [attr]made linguist-generated -diff\n[attr]twice made eol=crlf text\nh.py twice\ni.py binary text\n\
                 j.{py,sql} binary\n[kK]*.py eol=lf text=auto\nl.py in%valid -diff\n\t m.py  eol=crlf  !text\r\n\
                 \"n n.py\" binary\nuser.py -ours\no.py -binary\no.py binary\nuser2.py ours\n\\#p.py binary\n# q.py binary\n",
            ),
            (
                "d/.gitattributes",
                "x/*.py binary\n/own.py made\n[attr]deep binary\ndeep.py deep\nown2.py twice\ninfo.py binary\n*.py !linguist-generated\n",
            ),
            ("d/x/.gitattributes", "a.py !diff\nd/ binary\n../a.py binary\nb*?.py eol=lf\n"),
            (
                "of user",
                "[attr]ours binary linguist-generated\n*.txt ours\nuser*.py ours\nd/u.txt !ours -text\nh.py -linguist-generated\n",
            ),
            (
                ".git/info/attributes",
                "info.py -binary text\n/d/in/*.py ours\n*.md made\nh.md -made\n[attr]late binary\nlate.* late\n",
            ),
        ] {
            let path = top.join(path);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        let worktree = crate::snapshot::worktree::Worktree::new(top.clone());
        let attributes = Attributes::new(&worktree);
        let names = [
            "a.py",
            "a.sql",
            "b1.py",
            "b.py",
            "e.py",
            "g.py",
            "!g.py",
            "h.py",
            "i.py",
            "j.py",
            "j.{py,sql}",
            "k1.py",
            "Kk.py",
            "l.py",
            "m.py",
            "n n.py",
            "o.py",
            "user.py",
            "user2.py",
            "user3.py",
            "#p.py",
            "q.py",
            "own.py",
            "own2.py",
            "deep.py",
            "info.py",
            "u.txt",
            "v.txt",
            "x.md",
            "h.md",
            "late.py",
        ];
        let mut marked = 0;
        for folder in ["", "d/", "d/x/", "f/g/", "d/in/", "d/x/d/"] {
            for name in names {
                let path = format!("{folder}{name}");
                let said = git(&["check-attr", "-z", "linguist-generated", "text", "diff", "eol", "--", &path]);
                let words: Vec<&str> = said.split('\0').collect();
                let value =
                    |name: &str| words.chunks(3).find(|row| row.get(1) == Some(&name)).map(|row| row[2]).unwrap();
                let (is_binary, is_text) =
                    (value("text") == "unset" && value("diff") == "unset", value("text") != "unset");
                let eol = match value("eol") {
                    "lf" if is_text => Some(Eol::Lf),
                    "crlf" if is_text => Some(Eol::CrLf),
                    _ => None,
                };
                let expected = Marks { generated: value("linguist-generated") == "set", binary: is_binary, eol };
                assert_eq!(attributes.of(&RepoPath::new(&path)), expected, "{path}: {said:?}");
                marked += usize::from(expected != Marks::default());
            }
        }
        assert!(marked > 60, "{marked}");
    }
}
