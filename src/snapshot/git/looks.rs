//! What a look at the bytes of blobs came to, remembered from one run to the next.
//!
//! Who runs a notebook stands in other notebooks, and reading thousands of them for a commit of ten files would take
//! most of the time of a hook. A blob never changes, so what it shows need be found out only once. The file stands
//! in git's own folder, for all worktrees together. Without it, or with one that is damaged or of another version, blobs
//! are read again; nobody needs it. It is replaced in one step, so runs at the same time do not disturb each other: the
//! last one is remembered.

use super::objects::Objects;
use super::oid::Oid;
use crate::snapshot::Look;
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

/// The folder below git's own.
const FOLDER: &str = "brickgate";

/// The file in it.
const FILE: &str = "looks";

/// What a file that is being written is called first.
const UNFINISHED: &str = ".looks-";

/// A file that is unfinished for longer was left behind.
const LEFT_BEHIND: Duration = Duration::from_hours(1);

/// The first bytes of the file; a new form of it gets another digit.
const MAGIC: &[u8; 16] = b"brickgate looks1";

/// Up to so many new looks are not worth a new file.
const FEW: usize = 32;

/// What is remembered takes no more than this, in bytes; then only what the last run needed is kept, and if even that
/// is too much, nothing.
const MOST: usize = 64 << 20;

/// The name of a blob, cut to the length of SHA-1, with the way of looking in place of its last byte.
type Key = [u8; 20];

/// Key, size of the blob, and where in the file what was seen begins and how long it is.
const RECORD: usize = 20 + 8 + 4 + 4;

/// Magic, version of the look, number of records, checksum of all that follows.
const HEAD: usize = 16 + 4 + 4 + 8;

/// What blobs showed.
#[derive(Debug)]
pub(super) struct Looks {
    folder: PathBuf,
    known: Mutex<Known>,
}

#[derive(Debug, Default)]
struct Known {
    /// The version of the look that this is about; `None` before the first question.
    version: Option<u32>,
    /// The file.
    bytes: Vec<u8>,
    /// How many records it has.
    count: usize,
    /// What it does not hold yet: the sizes of blobs, and what they showed.
    new: BTreeMap<Key, (u64, Vec<u8>)>,
}

impl Looks {
    /// What is remembered in git's folder `common`. Nothing is read before the first question.
    pub(super) fn new(common: &Path) -> Self {
        Self { folder: common.join(FOLDER), known: Mutex::default() }
    }

    /// What `look` makes of blobs, each with the way to look and with the size above which it is not looked at;
    /// nothing of what is no blob, is too large or cannot be read.
    pub(super) fn of(&self, objects: &Objects, blobs: &[Option<(Oid, u8, u64)>], look: &Look<'_>) -> Vec<Vec<u8>> {
        let key = |blob: &Option<(Oid, u8, u64)>| blob.and_then(|(oid, kind, _)| key(oid, kind));
        let remembered: Vec<Option<(u64, Vec<u8>)>> = {
            let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            known.load(&self.folder, look.version);
            blobs.iter().map(|blob| known.find(&key(blob)?).map(|(size, seen)| (size, seen.to_vec()))).collect()
        };
        let missing: Vec<(usize, (Oid, u8, u64))> =
            (0..).zip(blobs).filter_map(|(at, blob)| Some((at, (*blob)?))).collect();
        let missing: Vec<_> =
            missing.into_iter().filter(|(at, _)| remembered.get(*at).is_some_and(Option::is_none)).collect();
        // No lock is held here: who waits for other threads may be given their work to do.
        let seen: Vec<Option<(u64, Vec<u8>)>> = missing
            .par_iter()
            .map(|(_, (oid, kind, most))| {
                let size = objects.size(*oid).filter(|size| size <= most)?;
                Some((size, (look.of)(*kind, &objects.read(*oid).ok()?)))
            })
            .collect();
        let mut out: Vec<Vec<u8>> = remembered
            .into_iter()
            .zip(blobs)
            .map(|(known, blob)| match (known, blob) {
                (Some((size, seen)), Some((_, _, most))) if size <= *most => seen,
                _ => Vec::new(),
            })
            .collect();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        for ((at, _), seen) in missing.into_iter().zip(seen) {
            let Some((size, seen)) = seen else { continue };
            if let Some(key) = blobs.get(at).and_then(&key) {
                known.new.insert(key, (size, seen.clone()));
            }
            if let Some(place) = out.get_mut(at) {
                *place = seen;
            }
        }
        if known.new.len() > FEW {
            let mut needed: Vec<Key> = blobs.iter().filter_map(&key).collect();
            needed.sort_unstable();
            // What cannot be written is found out again the next time.
            let _ = known.save(&self.folder, look.version, &needed);
        }
        out
    }
}

fn key(oid: Oid, kind: u8) -> Option<Key> {
    let mut key: Key = *oid.as_bytes().first_chunk()?;
    *key.last_mut()? = kind;
    Some(key)
}

impl Known {
    /// Reads the file, unless it is known for this version already.
    fn load(&mut self, folder: &Path, version: u32) {
        if self.version == Some(version) {
            return;
        }
        *self = Self { version: Some(version), ..Self::default() };
        let file = folder.join(FILE);
        if fs::metadata(&file).is_ok_and(|file| file.len() <= u64::try_from(MOST).unwrap_or(0))
            && let Ok(bytes) = fs::read(file)
            && let Some(count) = count(&bytes, version)
        {
            (self.bytes, self.count) = (bytes, count);
        }
    }

    /// The size of a blob, and what it showed.
    fn find(&self, key: &Key) -> Option<(u64, &[u8])> {
        if let Some((size, seen)) = self.new.get(key) {
            return Some((*size, seen));
        }
        let (mut from, mut to) = (0, self.count);
        while from < to {
            let middle = from.midpoint(to);
            let record = self.record(middle)?;
            match record.key.cmp(key) {
                std::cmp::Ordering::Less => from = middle + 1,
                std::cmp::Ordering::Greater => to = middle,
                std::cmp::Ordering::Equal => return Some((record.size, self.bytes.get(record.seen)?)),
            }
        }
        None
    }

    fn record(&self, at: usize) -> Option<Record> {
        let bytes = self.bytes.get(HEAD + at * RECORD..)?;
        let (key, bytes) = bytes.split_first_chunk()?;
        let (size, bytes) = bytes.split_first_chunk()?;
        let (start, bytes) = bytes.split_first_chunk()?;
        let start = usize::try_from(u32::from_le_bytes(*start)).ok()?;
        let length = usize::try_from(u32::from_le_bytes(*bytes.first_chunk()?)).ok()?;
        Some(Record { key: *key, size: u64::from_le_bytes(*size), seen: start..start.checked_add(length)? })
    }

    /// Writes a new file with all that is known, and reads from it from now on.
    fn save(&mut self, folder: &Path, version: u32, needed: &[Key]) -> std::io::Result<()> {
        let old = (0..self.count).filter_map(|at| self.record(at));
        let old = old.filter_map(|record| Some((record.key, (record.size, self.bytes.get(record.seen)?))));
        let new = self.new.iter().map(|(key, (size, seen))| (*key, (*size, seen.as_slice())));
        let mut all: BTreeMap<Key, (u64, &[u8])> = old.chain(new).collect();
        let weight =
            |all: &BTreeMap<Key, (u64, &[u8])>| HEAD + all.values().map(|(_, seen)| RECORD + seen.len()).sum::<usize>();
        if weight(&all) > MOST {
            all.retain(|key, _| needed.binary_search(key).is_ok());
            if weight(&all) > MOST {
                return Ok(());
            }
        }
        let bytes = written(version, &all);
        let count = all.len();
        fs::create_dir_all(folder)?;
        sweep(folder);
        let mut file = tempfile::Builder::new().prefix(UNFINISHED).tempfile_in(folder)?;
        file.write_all(&bytes)?;
        file.persist(folder.join(FILE)).map_err(|error| error.error)?;
        (self.bytes, self.count) = (bytes, count);
        self.new.clear();
        Ok(())
    }
}

/// One entry of the file.
struct Record {
    key: Key,
    size: u64,
    seen: Range<usize>,
}

/// The bytes of a file that holds all this.
fn written(version: u32, all: &BTreeMap<Key, (u64, &[u8])>) -> Vec<u8> {
    let short = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).to_le_bytes();
    let mut body = Vec::new();
    let mut start = HEAD + all.len() * RECORD;
    for (key, (size, seen)) in all {
        body.extend_from_slice(key);
        body.extend_from_slice(&size.to_le_bytes());
        body.extend_from_slice(&short(start));
        body.extend_from_slice(&short(seen.len()));
        start += seen.len();
    }
    for (_, seen) in all.values() {
        body.extend_from_slice(seen);
    }
    let mut bytes = MAGIC.to_vec();
    bytes.extend_from_slice(&version.to_le_bytes());
    bytes.extend_from_slice(&short(all.len()));
    bytes.extend_from_slice(&checksum(all.len(), &body).to_le_bytes());
    bytes.extend_from_slice(&body);
    bytes
}

/// How many records a file has; `None` if it is no such file, of another version, or damaged.
fn count(bytes: &[u8], version: u32) -> Option<usize> {
    let bytes = bytes.strip_prefix(MAGIC)?;
    let (said, bytes) = bytes.split_first_chunk()?;
    let (count, bytes) = bytes.split_first_chunk()?;
    let (sum, body) = bytes.split_first_chunk()?;
    let count = usize::try_from(u32::from_le_bytes(*count)).ok()?;
    let is_whole = u32::from_le_bytes(*said) == version
        && count.checked_mul(RECORD).is_some_and(|length| length <= body.len())
        && u64::from_le_bytes(*sum) == checksum(count, body);
    is_whole.then_some(count)
}

/// Against damage, not against malice: who can write here can change the commits as well.
fn checksum(count: usize, bytes: &[u8]) -> u64 {
    let (words, rest) = bytes.as_chunks::<8>();
    let step = |sum: u64, word: u64| (sum.rotate_left(5) ^ word).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    let first = step(0, u64::try_from(count).unwrap_or(0));
    let sum = words.iter().fold(first, |sum, word| step(sum, u64::from_le_bytes(*word)));
    rest.iter().fold(sum, |sum, byte| step(sum, u64::from(*byte)))
}

/// Takes away what runs that were killed have left behind.
fn sweep(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let is_ours = entry.file_name().to_string_lossy().starts_with(UNFINISHED);
        let age = entry.metadata().and_then(|file| file.modified()).ok().and_then(|time| time.elapsed().ok());
        if is_ours && age.is_some_and(|age| age > LEFT_BEHIND) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::command::Runner;
    use super::*;
    use std::sync::atomic::{AtomicUsize, Ordering};

    static LOOKS: AtomicUsize = AtomicUsize::new(0);

    fn length(kind: u8, bytes: &[u8]) -> Vec<u8> {
        LOOKS.fetch_add(1, Ordering::SeqCst);
        format!("{kind}:{}", bytes.len()).into_bytes()
    }

    #[test]
    fn a_blob_is_looked_at_once() {
        let folder = tempfile::tempdir().unwrap();
        let runner = Runner::new(folder.path().to_owned());
        runner.run(&["init", "-q", "."]).unwrap();
        let git = folder.path().join(".git");
        let file = git.join(FOLDER).join(FILE);
        let blobs: Vec<Option<(Oid, u8, u64)>> = (0..60)
            .map(|at| {
                let name = runner.run_with(&["hash-object", "-w", "--stdin"], "x".repeat(at).as_bytes()).unwrap();
                let oid = Oid::parse(name.trim_ascii_end()).unwrap();
                Some((oid, 0, if at == 7 { 3 } else { 1000 }))
            })
            .chain([None, Oid::from_bytes(&[9; 20]).map(|oid| (oid, 0, 1000))])
            .collect();
        let ask = |version: u32, blobs: &[Option<(Oid, u8, u64)>]| {
            let objects = Objects::new(Runner::new(folder.path().to_owned()), &git);
            let before = LOOKS.load(Ordering::SeqCst);
            let look = Look { version, kind: |_| 0, most: &|_| 0, of: length };
            let seen = Looks::new(&git).of(&objects, blobs, &look);
            (seen, LOOKS.load(Ordering::SeqCst) - before)
        };
        let (first, looks) = ask(1, &blobs);
        assert_eq!(
            (looks, &*first[59], &*first[7], &*first[60], &*first[61]),
            (59, &b"0:59"[..], &b""[..], &b""[..], &b""[..])
        );
        assert_eq!(ask(1, &blobs), (first.clone(), 0));
        // The limit that holds today counts, and another way to look is another look.
        let mut others = blobs.clone();
        others[8].as_mut().unwrap().2 = 7;
        others[9].as_mut().unwrap().1 = 1;
        let (seen, looks) = ask(1, &others);
        assert_eq!((looks, &*seen[8], &*seen[9]), (1, &b""[..], &b"1:9"[..]));
        // Whatever happens to the file, the answer is the same.
        let whole = fs::read(&file).unwrap();
        for damage in 0..whole.len() {
            let mut bytes = whole.clone();
            bytes[damage] ^= 0x10;
            assert_eq!(count(&bytes, 1), None, "byte {damage}");
            assert_eq!(count(&whole[..damage], 1), None, "cut at {damage}");
        }
        for bad in [&b""[..], &whole[..whole.len() / 2], b"brickgate looks2"] {
            fs::write(&file, bad).unwrap();
            assert_eq!(ask(1, &blobs), (first.clone(), 59));
            assert_eq!(ask(1, &blobs).1, 0);
        }
        assert_eq!(ask(2, &blobs).1, 59);
        fs::remove_dir_all(git.join(FOLDER)).unwrap();
        fs::write(git.join(FOLDER), "in the way").unwrap();
        assert_eq!(ask(1, &blobs), (first.clone(), 59));
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let folder = tempfile::tempdir().unwrap();
        let big = vec![1; MOST / 2 - 1000];
        let mut known = Known::default();
        for at in 0..3 {
            known.new.insert([at; 20], (1, big.clone()));
        }
        known.save(folder.path(), 1, &[[1; 20]]).unwrap();
        assert_eq!((known.count, known.find(&[1; 20]).is_some(), known.find(&[2; 20])), (1, true, None));
        let old = folder.path().join(".looks-old");
        fs::write(&old, "").unwrap();
        fs::File::options().write(true).open(&old).unwrap().set_modified(std::time::SystemTime::UNIX_EPOCH).unwrap();
        sweep(folder.path());
        assert!(!old.exists() && folder.path().join(FILE).exists());
    }
}
