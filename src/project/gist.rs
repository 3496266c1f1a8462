//! What the bytes of a file show of other files without being parsed: whom it may run, import or name, and which names
//! it may define. In a form that can be kept, because the same bytes always show the same.
//!
//! Words are kept as hashes, so a file may be taken for one that names another and does not; what it comes to is seen
//! when it is read.

use super::callers;
use super::words::{each_word, hash};
use crate::snapshot::{Look, RepoPath, Snapshot};

/// What [`Gist::of`] makes of bytes is different since another version.
const VERSION: u32 = 1;

/// A call that is still open after so many lines is none.
const LONGEST_CALL: usize = 40;

/// What a file shows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Gist<'b> {
    /// The last words of the paths behind each `%run`, each with a zero behind it.
    runs: &'b [u8],
    /// Hashes of the names that it may define.
    defines: &'b [u8],
    /// Hashes of the words on lines with `%run`.
    by_run: &'b [u8],
    /// Hashes of the words in imports and in calls of `dbutils.notebook.run`; of all words of a YAML file.
    by_name: &'b [u8],
}

/// What each of these files shows, for [`Gist::read`], if the snapshot remembers such things; nothing for a file that
/// cannot be read, or that is larger than `most` bytes.
pub(super) fn remembered(
    snapshot: &dyn Snapshot,
    paths: &[&RepoPath],
    most: &(dyn Fn(&RepoPath) -> u64 + Sync),
) -> Option<Vec<Vec<u8>>> {
    snapshot.remembered(paths, &Look { version: VERSION, kind, most, of: Gist::of })
}

/// How a file is looked at: YAML may name others anywhere.
pub(super) fn kind(path: &RepoPath) -> u8 {
    u8::from(path.has_extension("yml") || path.has_extension("yaml"))
}

impl<'b> Gist<'b> {
    /// What these bytes of a file of this kind show.
    pub(super) fn of(kind: u8, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        let mut add = |part: Vec<u8>| {
            out.extend_from_slice(&u32::try_from(part.len()).unwrap_or(0).to_le_bytes());
            out.extend_from_slice(&part);
        };
        if kind != 0 {
            for part in [Vec::new(), Vec::new(), Vec::new(), words(bytes)] {
                add(part);
            }
            return out;
        }
        let mut defines = Vec::new();
        each_word(bytes, |word, before, after| {
            if callers::defines(before, after) {
                defines.push(short(word));
            }
        });
        let (by_run, by_name) = mentions(bytes);
        let runs = callers::said(bytes).into_iter().flat_map(|name| [name.into_bytes(), vec![0]]);
        for part in [runs.flatten().collect(), sorted(defines), words(&by_run), words(&by_name)] {
            add(part);
        }
        out
    }

    /// What was kept; nothing where that makes no sense.
    pub(super) fn read(kept: &'b [u8]) -> Self {
        let mut rest = kept;
        let mut part = || {
            let (length, after) = rest.split_first_chunk::<4>()?;
            let length = usize::try_from(u32::from_le_bytes(*length)).ok()?;
            let (part, after) = after.split_at_checked(length)?;
            rest = after;
            Some(part)
        };
        let mut part = || part().unwrap_or_default();
        Self { runs: part(), defines: part(), by_run: part(), by_name: part() }
    }

    /// The last words of the paths behind each `%run` and `notebook.run(`, as [`callers::said`] has them.
    pub(super) fn runs(&self) -> Vec<String> {
        let names = self.runs.split(|&byte| byte == 0).filter(|name| !name.is_empty());
        names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
    }

    /// Whether the file may define a name.
    pub(super) fn may_define(&self, name: &str) -> bool {
        has(self.defines, short(name.as_bytes()))
    }

    /// Whether all words of a name stand in a `%run` of the file.
    pub(super) fn may_run(&self, name: &[u32]) -> bool {
        name.iter().all(|word| has(self.by_run, *word))
    }

    /// Whether all words of a name stand where the file imports, starts or otherwise names others.
    pub(super) fn may_name(&self, name: &[u32]) -> bool {
        name.iter().all(|word| has(self.by_name, *word))
    }
}

/// The words of a name, to ask for.
pub(super) fn words_of(name: &str) -> Vec<u32> {
    let mut words = Vec::new();
    each_word(name.as_bytes(), |word, _, _| words.push(short(word)));
    words
}

fn words(bytes: &[u8]) -> Vec<u8> {
    let mut words = Vec::new();
    each_word(bytes, |word, _, _| words.push(short(word)));
    sorted(words)
}

fn short(word: &[u8]) -> u32 {
    u32::try_from(hash(word) >> 32).unwrap_or_default()
}

fn sorted(mut hashes: Vec<u32>) -> Vec<u8> {
    hashes.sort_unstable();
    hashes.dedup();
    hashes.into_iter().flat_map(u32::to_le_bytes).collect()
}

/// Whether a hash is among sorted ones.
fn has(sorted: &[u8], wanted: u32) -> bool {
    let (hashes, _) = sorted.as_chunks::<4>();
    hashes.binary_search_by(|hash| u32::from_le_bytes(*hash).cmp(&wanted)).is_ok()
}

/// The parts of a file in which it may name others: lines with `%run`; imports and calls of `dbutils.notebook.run`.
fn mentions(bytes: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let (mut runs, mut rest) = (Vec::new(), Vec::new());
    let mut open = 0usize;
    for line in bytes.split_inclusive(|&byte| byte == b'\n') {
        let has = |word: &[u8]| memchr::memmem::find(line, word).is_some();
        if has(b"run") && has(b"%run") {
            runs.extend_from_slice(line);
            // The path may stand on the next line.
            open = 1;
            continue;
        }
        let starts = has(b"import") || has(b".run(") || has(b".run (");
        if starts || open > 0 {
            rest.extend_from_slice(line);
            if open == 1 {
                runs.extend_from_slice(line);
            }
        }
        let is_open = |line: &[u8]| {
            let count = |wanted| memchr::memchr_iter(wanted, line).count();
            count(b'(') > count(b')') || line.trim_ascii_end().ends_with(b"\\")
        };
        open = match open {
            _ if starts => {
                if is_open(line) {
                    LONGEST_CALL
                } else {
                    0
                }
            }
            0 | 1 => 0,
            _ if memchr::memchr(b')', line).is_some() => 0,
            open => open - 1,
        };
    }
    (runs, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_reads_the_same() {
        let text = b"# MAGIC %run \"./lib/help me\" $x=\"1\"\nfrom pack import (\n    mod,\n)\nlimit = 3\ndef load(x): pass\nother(x)\n";
        let kept = Gist::of(0, text);
        let gist = Gist::read(&kept);
        assert_eq!(gist.runs(), ["help me"]);
        assert!(gist.may_define("limit") && gist.may_define("load") && !gist.may_define("other"));
        assert!(gist.may_run(&words_of("help me")) && !gist.may_run(&words_of("help you")));
        assert!(
            gist.may_name(&words_of("mod")) && gist.may_name(&words_of("pack")) && !gist.may_name(&words_of("load"))
        );
        let kept = Gist::of(1, b"notebook_path: lib/help me.py\n");
        assert!(Gist::read(&kept).may_name(&words_of("help me")) && !Gist::read(&kept).may_run(&words_of("help me")));
    }

    #[test]
    fn damage_shows_nothing() {
        let kept = Gist::of(0, b"%run ./a\nx = 1\nimport b\n");
        for end in 0..kept.len() {
            let gist = Gist::read(&kept[..end]);
            assert!(gist.runs().len() <= 1 && !gist.may_define("nobody"));
        }
        assert!(Gist::read(&[0xFF; 64]).runs().is_empty());
    }
}
