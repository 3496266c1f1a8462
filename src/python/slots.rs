//! One value for each name in each scope, found in constant time however many scopes use the name.

use super::facts::ScopeId;
use super::symbols::{FastMap, Symbol};

const NONE: u32 = u32::MAX;

/// So many scopes that use a name are looked through one by one, the last that came first: mostly it is the one that
/// is wanted. Beyond that they are looked up.
const NEAR: u32 = 8;

/// Values by name and scope.
pub(super) struct Slots<T> {
    /// By symbol, the row that came last.
    heads: Vec<u32>,
    rows: Vec<Row<T>>,
    /// All rows of names with more than [`NEAR`] of them.
    far: FastMap<(Symbol, ScopeId), u32>,
}

struct Row<T> {
    scope: ScopeId,
    /// The row of the name that came before.
    next: u32,
    /// How many came before.
    depth: u32,
    value: T,
}

impl<T> Slots<T> {
    /// No value for any of so many symbols.
    pub(super) fn new(symbols: usize) -> Self {
        Self { heads: vec![NONE; symbols], rows: Vec::new(), far: FastMap::default() }
    }

    /// Whether a name has a value in any scope.
    pub(super) fn has(&self, name: Symbol) -> bool {
        self.heads.get(name.index()).is_some_and(|&head| head != NONE)
    }

    fn find(&self, name: Symbol, scope: ScopeId) -> Option<usize> {
        let mut at = self.heads.get(name.index()).copied()?;
        let mut steps = 0;
        while let Some(row) = self.rows.get(at as usize) {
            if row.scope == scope {
                return Some(at as usize);
            }
            steps += 1;
            if steps == NEAR && row.next != NONE {
                return self.far.get(&(name, scope)).map(|&at| at as usize);
            }
            at = row.next;
        }
        None
    }

    /// The value of a name in a scope.
    pub(super) fn get(&self, name: Symbol, scope: ScopeId) -> Option<&T> {
        self.find(name, scope).and_then(|at| self.rows.get(at)).map(|row| &row.value)
    }

    /// The same to change it; it is made if there is none.
    pub(super) fn entry(&mut self, name: Symbol, scope: ScopeId, new: impl FnOnce() -> T) -> Option<&mut T> {
        let at = match self.find(name, scope) {
            Some(at) => at,
            None => self.add(name, scope, new())?,
        };
        self.rows.get_mut(at).map(|row| &mut row.value)
    }

    fn add(&mut self, name: Symbol, scope: ScopeId, value: T) -> Option<usize> {
        let head = self.heads.get_mut(name.index())?;
        let at = u32::try_from(self.rows.len()).unwrap_or(NONE);
        let next = std::mem::replace(head, at);
        let depth = self.rows.get(next as usize).map_or(0, |row| row.depth + 1);
        self.rows.push(Row { scope, next, depth, value });
        if depth == NEAR {
            let mut at = at;
            while let Some(row) = self.rows.get(at as usize) {
                self.far.insert((name, row.scope), at);
                at = row.next;
            }
        } else if depth > NEAR {
            self.far.insert((name, scope), at);
        }
        Some(at as usize)
    }

    /// All values, in the order in which they were made.
    pub(super) fn values(&self) -> impl Iterator<Item = &T> {
        self.rows.iter().map(|row| &row.value)
    }
}

#[cfg(test)]
mod tests {
    use super::Slots;
    use crate::python::symbols::Symbols;

    #[test]
    fn every_slot_is_found_again() {
        let mut symbols = Symbols::default();
        let names: Vec<_> = (0..3).map(|n| symbols.intern(&format!("x{n}"))).collect();
        let mut slots = Slots::new(symbols.len());
        for scope in 0..100_u32 {
            for (n, &name) in (0_u32..).zip(&names) {
                assert_eq!(slots.get(name, scope), None);
                *slots.entry(name, scope, || 0).unwrap() = scope * 10 + n;
            }
        }
        for scope in 0..100_u32 {
            for (n, &name) in (0_u32..).zip(&names) {
                assert_eq!(slots.get(name, scope), Some(&(scope * 10 + n)));
            }
        }
        assert_eq!(slots.values().count(), 300);
    }
}
