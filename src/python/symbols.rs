//! Names, each kept once per document and compared as numbers.

use memchr::memmem::Finder;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::LazyLock;

/// A name or dotted path of one document's [`Symbols`]. The default is the first that was interned.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Symbol(u32);

impl Symbol {
    /// The symbol as an index: the n-th name that was interned.
    pub const fn index(self) -> usize {
        self.0 as usize
    }
}

/// All names of one document: one text, and a table of open addresses into it.
#[derive(Clone, Debug, Default)]
pub struct Symbols {
    text: String,
    /// Where each name ends in `text`; it begins where the one before ends.
    ends: Vec<u32>,
    hashes: Vec<u32>,
    /// Symbol + 1, or 0 where nothing is. The length is a power of two and at least half of it is free.
    slots: Vec<u32>,
}

/// Differs from run to run, so that nobody can write a file whose names all collide. Symbols are numbered in
/// order of appearance, so nothing that is seen outside depends on it.
static SEED: LazyLock<u64> = LazyLock::new(|| RandomState::new().hash_one(0_u8) | 1);

impl Symbols {
    /// The symbol of `name`, made if it is new.
    pub fn intern(&mut self, name: &str) -> Symbol {
        self.intern_hashed(name, hash(name))
    }

    fn intern_hashed(&mut self, name: &str, hash: u32) -> Symbol {
        if (self.ends.len() + 1) * 2 > self.slots.len() {
            self.grow();
        }
        match self.find(name, hash) {
            Ok(symbol) => symbol,
            Err(slot) => {
                let index = u32::try_from(self.ends.len()).unwrap_or(u32::MAX);
                self.text.push_str(name);
                self.ends.push(u32::try_from(self.text.len()).unwrap_or(u32::MAX));
                self.hashes.push(hash);
                if let Some(slot) = self.slots.get_mut(slot) {
                    *slot = index + 1;
                }
                Symbol(index)
            }
        }
    }

    /// The symbol of `name` if the document has it: the cheap way to ask "does it say `spark` anywhere?".
    pub fn get(&self, name: &str) -> Option<Symbol> {
        self.find(name, hash(name)).ok()
    }

    /// For all names of another document, in order, the symbols of those that this one has.
    pub(super) fn find_all(&self, other: &Self) -> impl Iterator<Item = Option<Symbol>> {
        let names = (0_u32..).zip(&other.hashes).map(|(at, hash)| (other.text(Symbol(at)), *hash));
        names.map(|(name, hash)| self.find(name, hash).ok())
    }

    /// The symbol of the n-th name of another document, made if it is new.
    pub(super) fn take(&mut self, other: &Self, at: u32) -> Symbol {
        self.intern_hashed(other.text(Symbol(at)), other.hashes.get(at as usize).copied().unwrap_or_default())
    }

    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        let (start, end) = self.place(symbol);
        self.text.get(start..end).unwrap_or("")
    }

    fn bytes(&self, symbol: Symbol) -> &[u8] {
        let (start, end) = self.place(symbol);
        self.text.as_bytes().get(start..end).unwrap_or_default()
    }

    /// Where a symbol starts and ends in the text.
    fn place(&self, symbol: Symbol) -> (usize, usize) {
        let Some(&end) = self.ends.get(symbol.index()) else { return (0, 0) };
        let start = symbol.index().checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        (start as usize, end as usize)
    }

    /// All names that hold what `finder` looks for, in order of appearance. It must not begin as it ends.
    pub fn with(&self, finder: &Finder<'_>) -> Vec<Symbol> {
        let mut found: Vec<Symbol> = Vec::new();
        for at in finder.find_iter(self.text.as_bytes()) {
            let index = self.ends.partition_point(|&end| end as usize <= at);
            let symbol = Symbol(u32::try_from(index).unwrap_or(u32::MAX));
            // The names stand in a row, and what is found may be parts of two.
            if found.last() != Some(&symbol) && finder.find(self.bytes(symbol)).is_some() {
                found.push(symbol);
            }
        }
        found
    }

    /// How many names there are.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether there is no name at all.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// The symbol of `name`, or the slot where it belongs.
    fn find(&self, name: &str, hash: u32) -> Result<Symbol, usize> {
        if self.slots.is_empty() {
            return Err(0);
        }
        let mask = self.slots.len() - 1;
        let mut slot = hash as usize & mask;
        loop {
            match self.slots.get(slot).and_then(|entry| entry.checked_sub(1)) {
                None => return Err(slot),
                Some(index) => {
                    if self.hashes.get(index as usize) == Some(&hash) && self.bytes(Symbol(index)) == name.as_bytes() {
                        return Ok(Symbol(index));
                    }
                }
            }
            slot = (slot + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(64);
        self.slots.clear();
        self.slots.resize(size, 0);
        for (index, hash) in (1_u32..).zip(&self.hashes) {
            let mut slot = *hash as usize & (size - 1);
            while self.slots.get(slot).is_some_and(|&entry| entry != 0) {
                slot = (slot + 1) & (size - 1);
            }
            if let Some(slot) = self.slots.get_mut(slot) {
                *slot = index;
            }
        }
    }
}

const SPREAD: u64 = 0x9E37_79B9_7F4A_7C15;

/// Multiplies to 128 bits and folds the halves: every bit of `value` reaches every bit of the result.
fn fold(value: u64) -> u64 {
    let (low, high) = value.carrying_mul(SPREAD, 0);
    low ^ high
}

fn hash(name: &str) -> u32 {
    let mut hasher = FastHasher::default();
    hasher.write(name.as_bytes());
    let [a, b, c, d, ..] = hasher.finish().to_le_bytes();
    u32::from_le_bytes([a, b, c, d])
}

/// A hasher for short keys that costs a few multiplications; seeded once a process.
#[derive(Clone, Debug)]
pub struct FastHasher(u64);

impl Default for FastHasher {
    fn default() -> Self {
        Self(*SEED)
    }
}

impl Hasher for FastHasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0 = self.0.wrapping_add(bytes.len() as u64);
        // The last bytes are taken whole, even if some of them are taken twice: copying what is left costs more.
        if let Some(last) = bytes.last_chunk::<8>() {
            for chunk in bytes.as_chunks::<8>().0 {
                self.write_u64(u64::from_le_bytes(*chunk));
            }
            if !bytes.len().is_multiple_of(8) {
                self.write_u64(u64::from_le_bytes(*last));
            }
        } else if let (Some(first), Some(last)) = (bytes.first_chunk::<4>(), bytes.last_chunk::<4>()) {
            let (first, last) = (u32::from_le_bytes(*first), u32::from_le_bytes(*last));
            self.write_u64(u64::from(first) | (u64::from(last) << 32));
        } else {
            self.write_u64(bytes.iter().fold(0, |value, byte| (value << 8) | u64::from(*byte)));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(u64::from(value));
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(u64::from(value));
    }

    fn write_u64(&mut self, value: u64) {
        self.0 = fold(self.0 ^ value).wrapping_add(SPREAD);
    }

    fn finish(&self) -> u64 {
        self.0
    }
}

/// A map with [`FastHasher`].
pub type FastMap<K, V> = std::collections::HashMap<K, V, std::hash::BuildHasherDefault<FastHasher>>;
/// A set with [`FastHasher`].
pub type FastSet<K> = std::collections::HashSet<K, std::hash::BuildHasherDefault<FastHasher>>;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_kept_once() {
        let mut symbols = Symbols::default();
        assert_eq!(symbols.get("spark"), None);
        let names: Vec<String> = (0..5000).map(|n| format!("name{n}")).chain([String::new(), "é".into()]).collect();
        let first: Vec<Symbol> = names.iter().map(|name| symbols.intern(name)).collect();
        let second: Vec<Symbol> = names.iter().map(|name| symbols.intern(name)).collect();
        assert_eq!(first, second);
        assert_eq!(symbols.len(), names.len());
        assert!(names.iter().zip(&first).all(|(name, &symbol)| symbols.text(symbol) == name));
        assert_eq!(symbols.get("name4999"), first.get(4999).copied());
        assert_eq!(symbols.get("name5000"), None);
    }
}
