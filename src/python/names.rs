//! Which binding each name of one document reads, in order of execution.
//!
//! The code of the module runs first, top to bottom; the bodies of functions and lambdas run later, when all is
//! bound around them. What restarts Python wipes the module's names. What other documents bind is not known here.

use super::facts::{BindingKind, BranchKind, Facts, NameUse, ScopeId, ScopeKind};
use super::slots::Slots;
use super::symbols::Symbol;

/// Stands for "no binding".
pub const NONE: u32 = u32::MAX;

/// How the names of one document hang together. Rows of [`Facts::uses`] and [`Facts::bindings`] are named by their
/// index.
#[derive(Clone, Debug, Default)]
pub struct Names {
    /// For each use, the binding that it reads, or [`NONE`].
    pub reads: Vec<u32>,
    /// For each binding, whether something reads it, or reads one that it took the place of.
    pub used: Vec<bool>,
    /// For each binding, whether it is the last of its name in its scope.
    pub last: Vec<bool>,
    /// By symbol, whether some code reads a name that is called so.
    pub mentioned: Vec<bool>,
    /// Reads of names that nothing in the document binds by then, in order.
    pub missing: Vec<Missing>,
    /// Bindings that took the place of one which nothing had read.
    pub replaced: Vec<Replaced>,
    /// All bindings of the module's scope, sorted by name, then by order.
    module: Vec<u32>,
    /// Offsets at which the module's names are wiped, ascending.
    wipes: Vec<u32>,
}

/// A name that is read and not bound.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Missing {
    /// The use; for `del x` the place is that of a binding.
    pub reader: Reader,
    /// Whether it is read when all around is bound: in a function, a lambda, or quotes.
    pub deferred: bool,
    /// What is known of the name all the same.
    pub why: Why,
}

/// What reads a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A row of [`Facts::uses`].
    Use(u32),
    /// A `del`, a row of [`Facts::bindings`].
    Deletion(u32),
}

/// Why a name is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Why {
    /// No scope around it binds the name anywhere.
    Unbound,
    /// A scope around it binds the name, but only later; the first such binding.
    Later(u32),
    /// It was bound, and this unbinds it: `del x`, or the end of `except … as x`.
    Deleted(u32),
    /// It was bound, and Python was restarted since.
    Lost {
        /// The last binding before.
        binding: u32,
        /// Where it was restarted: index of the offset given to [`resolve`].
        wipe: u32,
    },
}

/// A binding that took the place of another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Replaced {
    /// The earlier binding, which nothing reads.
    pub earlier: u32,
    /// The later one.
    pub later: u32,
}

impl Names {
    /// The bindings of a name in the module's scope, in order.
    pub fn module_bindings<'a>(&'a self, facts: &'a Facts, name: Symbol) -> &'a [u32] {
        let key = |&at: &u32| facts.bindings.get(at as usize).map(|row| row.name);
        let start = self.module.partition_point(|at| key(at) < Some(name));
        let rest = self.module.get(start..).unwrap_or_default();
        let len = rest.partition_point(|at| key(at) == Some(name));
        rest.get(..len).unwrap_or_default()
    }

    /// All bindings of the module's scope, sorted by name, then by order.
    pub fn module(&self) -> &[u32] {
        &self.module
    }

    /// How often the module's names were wiped before `offset`.
    pub fn epoch(&self, offset: u32) -> usize {
        self.wipes.partition_point(|&wipe| wipe < offset)
    }
}

/// What a name stands for in one scope at one moment.
#[derive(Clone, Copy)]
enum Now {
    Bound(u32),
    /// Unbound by this binding.
    Deleted(u32),
}

/// A name in one scope.
struct Entry {
    now: Now,
    /// The last binding, of whatever kind.
    last: u32,
}

/// The unit of code to which rows are given that are looked up when all is done.
const LAST: u32 = u32::MAX;
/// Marks bindings among the events.
const BINDING: u32 = 1 << 31;

struct Resolver<'f> {
    facts: &'f Facts,
    /// See [`units`].
    units: Vec<u32>,
    names: Names,
    entries: Slots<Entry>,
    /// By symbol, a binding that code of some function makes in the module's scope.
    ambient: Vec<u32>,
    /// Imports that stand for the same package: `import a.b` and `import a.c` both bind `a`.
    same_package: Vec<(u32, u32)>,
    /// What `except … as x` hid, with the binding of x.
    hidden: Vec<(u32, Option<Now>)>,
    /// Bindings in functions that hide an import around them.
    hiding: Vec<Replaced>,
    /// All bindings by scope and name, once somebody asks.
    sorted: Vec<u32>,
    /// The unit that runs, and its epoch.
    unit: u32,
    epoch: usize,
}

/// Finds out what each name reads. `wipes` are the offsets, ascending, at which all names of the module are lost
/// because Python is surely restarted there.
pub fn resolve(facts: &Facts, wipes: &[u32]) -> Names {
    let units = units(facts);
    let (order, starts) = events(facts, &units);
    let mut module: Vec<u32> = (0..).zip(&facts.bindings).filter(|(_, row)| row.scope == 0).map(|(at, _)| at).collect();
    module.sort_by_key(|&at| facts.bindings.get(at as usize).map(|row| row.name));
    let mut resolver = Resolver {
        facts,
        units,
        names: Names {
            reads: vec![NONE; facts.uses.len()],
            used: vec![false; facts.bindings.len()],
            last: vec![false; facts.bindings.len()],
            mentioned: vec![false; facts.symbols.len()],
            missing: Vec::new(),
            replaced: Vec::new(),
            module,
            wipes: wipes.to_vec(),
        },
        entries: Slots::new(facts.symbols.len()),
        ambient: Vec::new(),
        same_package: Vec::new(),
        hidden: Vec::new(),
        hiding: Vec::new(),
        sorted: Vec::new(),
        unit: 0,
        epoch: 0,
    };
    resolver.find_ambient();
    for (unit, window) in starts.windows(2).enumerate() {
        let [start, end] = *window else { continue };
        let events = order.get(start as usize..end as usize).unwrap_or_default();
        resolver.unit = u32::try_from(unit).unwrap_or(LAST);
        resolver.run(events);
    }
    resolver.finish()
}

/// For each scope the scope of the function or lambda whose body runs it; 0 for the module.
fn units(facts: &Facts) -> Vec<u32> {
    let mut units: Vec<u32> = Vec::with_capacity(facts.scopes.len());
    for (at, scope) in (0..).zip(&facts.scopes) {
        units.push(match (scope.kind, scope.parent) {
            (ScopeKind::Function | ScopeKind::Lambda, _) => at,
            (_, Some(parent)) => units.get(parent as usize).copied().unwrap_or(0),
            (_, None) => 0,
        });
    }
    units
}

/// Uses and bindings in the order in which they happen, unit by unit, with the start of each unit. The last unit
/// holds what is looked up when all else is done.
fn events(facts: &Facts, units: &[u32]) -> (Vec<u32>, Vec<u32>) {
    let last = units.len();
    let unit_of = |scope: ScopeId| units.get(scope as usize).map_or(0, |&unit| unit as usize);
    let annotations_wait = facts.imports.iter().any(|import| {
        import.level == 0 && facts.text(import.module) == "__future__" && facts.is(import.name, "annotations")
    });
    let of_use = |at: usize| {
        let waits = |row: &NameUse| row.quoted || row.annotation && annotations_wait;
        facts.uses.get(at).map_or(last, |row| if waits(row) { last } else { unit_of(row.scope) })
    };
    let mut starts = vec![0_u32; last + 2];
    for at in 0..facts.uses.len() {
        starts[of_use(at) + 1] += 1;
    }
    for row in &facts.bindings {
        starts[unit_of(row.place) + 1] += 1;
    }
    for at in 1..starts.len() {
        starts[at] += starts[at - 1];
    }
    let mut next = starts.clone();
    let mut order = vec![0_u32; facts.uses.len() + facts.bindings.len()];
    let mut put = |unit: usize, event: u32| {
        if let Some(slot) = next.get_mut(unit) {
            if let Some(place) = order.get_mut(*slot as usize) {
                *place = event;
            }
            *slot += 1;
        }
    };
    let mut read = 0;
    for (at, row) in (0..).zip(&facts.bindings) {
        while read < row.after {
            put(of_use(read as usize), read);
            read += 1;
        }
        put(unit_of(row.place), at | BINDING);
    }
    for at in read as usize..facts.uses.len() {
        put(of_use(at), u32::try_from(at).unwrap_or(u32::MAX));
    }
    (order, starts)
}

impl Resolver<'_> {
    /// Names that functions give to the module (`global x`) may be there at any time.
    fn find_ambient(&mut self) {
        for (at, row) in (0..).zip(&self.facts.bindings) {
            let foreign = row.scope == 0 && self.units.get(row.place as usize).is_some_and(|&unit| unit != 0);
            if foreign && row.kind.binds() {
                self.ambient.resize(self.facts.symbols.len(), NONE);
                if let Some(slot) = self.ambient.get_mut(row.name.index()) {
                    *slot = at;
                }
            }
        }
    }

    fn run(&mut self, events: &[u32]) {
        if self.unit != 0 && !self.names.wipes.is_empty() {
            let start = self.facts.scopes.get(self.unit as usize).and_then(|scope| scope.function);
            let start = start.and_then(|id| self.facts.functions.get(id as usize)).map(|row| row.span.start);
            let first = || events.first().map(|&event| self.offset(event));
            self.epoch = start.or_else(first).map_or(0, |offset| self.names.epoch(offset));
        }
        for &event in events {
            if self.unit == 0 && !self.names.wipes.is_empty() {
                self.epoch = self.names.epoch(self.offset(event));
            }
            if event & BINDING == 0 {
                self.read(event);
            } else {
                self.bind(event & !BINDING);
            }
        }
    }

    fn offset(&self, event: u32) -> u32 {
        if event & BINDING == 0 {
            self.facts.uses.get(event as usize).map_or(0, |row| row.span.start)
        } else {
            self.facts.bindings.get((event & !BINDING) as usize).map_or(0, |row| row.span.start)
        }
    }

    fn now(&self, name: Symbol, scope: ScopeId) -> Option<Now> {
        self.entries.get(name, scope).map(|entry| entry.now)
    }

    fn set(&mut self, name: Symbol, scope: ScopeId, now: Now) {
        if let Some(entry) = self.entries.entry(name, scope, || Entry { now, last: NONE }) {
            entry.now = now;
        }
    }

    fn bind(&mut self, at: u32) {
        let facts = self.facts;
        let Some(row) = facts.bindings.get(at as usize) else { return };
        let before = self.now(row.name, row.scope);
        let is_added = match row.kind {
            BindingKind::Annotation => before.is_none(),
            BindingKind::Deletion => !self.may_be_skipped(row.branch),
            _ => true,
        };
        match row.kind {
            BindingKind::Annotation => {
                if before.is_none() {
                    self.set(row.name, row.scope, Now::Bound(at));
                }
            }
            BindingKind::Deletion => match before {
                Some(Now::Bound(bound)) if !self.is_lost(bound) => {
                    self.mark(bound);
                    if !self.may_be_skipped(row.branch) {
                        self.set(row.name, row.scope, Now::Deleted(at));
                    }
                }
                _ => self.delete_missing(at, before),
            },
            BindingKind::ExceptionEnd => {
                let hidden = self.hidden.pop().and_then(|(_, hidden)| hidden);
                self.set(row.name, row.scope, hidden.unwrap_or(Now::Deleted(at)));
            }
            _ => {
                if row.kind == BindingKind::Exception {
                    self.hidden.push((at, before));
                }
                if let Some(Now::Bound(earlier)) = before {
                    self.replace(earlier, at);
                } else if before.is_none() && row.scope != 0 {
                    self.hide(at);
                }
                self.set(row.name, row.scope, Now::Bound(at));
            }
        }
        if is_added
            && self.now(row.name, row.scope).is_some()
            && let Some(entry) = self.entries.entry(row.name, row.scope, || Entry { now: Now::Bound(at), last: at })
        {
            entry.last = at;
        }
    }

    fn delete_missing(&mut self, at: u32, before: Option<Now>) {
        let Some(row) = self.facts.bindings.get(at as usize) else { return };
        let ambient = self.ambient.get(row.name.index()).is_some_and(|&bound| bound != NONE);
        // What stands outside is not what `del` means, but `global` may have said so.
        if ambient || row.scope != row.place && before.is_none() {
            return;
        }
        let why = match before {
            Some(Now::Deleted(by)) => Why::Deleted(by),
            Some(Now::Bound(bound)) => self.lost(bound).unwrap_or(Why::Unbound),
            None => Why::Unbound,
        };
        self.names.missing.push(Missing { reader: Reader::Deletion(at), deferred: self.unit != 0, why });
    }

    /// `later` takes the place of `earlier` in the same scope.
    fn replace(&mut self, earlier: u32, later: u32) {
        let (Some(first), Some(second)) =
            (self.facts.bindings.get(earlier as usize), self.facts.bindings.get(later as usize))
        else {
            return;
        };
        if self.is_lost(earlier) {
            return;
        }
        if self.is_used(earlier) {
            self.mark(later);
        } else {
            self.names.replaced.push(Replaced { earlier, later });
        }
        if let (BindingKind::Import(one), BindingKind::Import(two)) = (first.kind, second.kind)
            && self.is_plain_import(one)
            && self.is_plain_import(two)
            && self.module(one) != self.module(two)
        {
            self.same_package.push((later, earlier));
        }
    }

    /// `import a.b` or `import a`, which bind `a`.
    fn is_plain_import(&self, import: u32) -> bool {
        self.facts
            .imports
            .get(import as usize)
            .is_some_and(|row| row.name.is_none() && row.alias_span.end <= row.span.end)
    }

    fn module(&self, import: u32) -> Option<Symbol> {
        self.facts.imports.get(import as usize).map(|row| row.module)
    }

    /// Who reads `pa` of `import pyarrow as pa` may mean `pyarrow.csv`, which another import loads.
    fn mark_submodule(&mut self, binding: u32) {
        let facts = self.facts;
        let Some(row) = facts.bindings.get(binding as usize) else { return };
        let BindingKind::Import(import) = row.kind else { return };
        let Some(alias) = facts.imports.get(import as usize) else { return };
        if alias.name.is_some() || self.is_plain_import(import) {
            return;
        }
        let module = facts.text(alias.module);
        let (first, last) = (module.split('.').next(), module.rsplit('.').next());
        if let Some(Now::Bound(other)) =
            last.and_then(|last| facts.symbols.get(last)).and_then(|last| self.now(last, row.scope))
            && let Some(BindingKind::Import(loaded)) = facts.bindings.get(other as usize).map(|row| row.kind)
            && self.is_plain_import(loaded)
            && self
                .module(loaded)
                .map(|module| facts.text(module))
                .is_some_and(|module| module.contains('.') && module.split('.').next() == first)
        {
            self.mark(other);
        }
    }

    /// A binding in a function that hides an import of a function or module around it.
    fn hide(&mut self, at: u32) {
        let facts = self.facts;
        let Some(row) = facts.bindings.get(at as usize) else { return };
        let mut around = facts.scopes.get(row.scope as usize).and_then(|scope| scope.parent);
        while let Some(id) = around
            && let Some(scope) = facts.scopes.get(id as usize)
        {
            if matches!(scope.kind, ScopeKind::Function | ScopeKind::Module)
                && let Some(now) = self.now(row.name, id)
            {
                if let Now::Bound(earlier) = now
                    && facts
                        .bindings
                        .get(earlier as usize)
                        .is_some_and(|row| matches!(row.kind, BindingKind::Import(_)))
                {
                    self.hiding.push(Replaced { earlier, later: at });
                }
                return;
            }
            around = scope.parent;
        }
    }

    fn is_used(&self, binding: u32) -> bool {
        self.names.used.get(binding as usize).copied().unwrap_or(false)
    }

    fn mark(&mut self, binding: u32) {
        if let Some(used) = self.names.used.get_mut(binding as usize) {
            *used = true;
        }
    }

    /// Whether a binding of the module's scope was wiped before the unit that runs.
    fn is_lost(&self, binding: u32) -> bool {
        !self.names.wipes.is_empty()
            && self
                .facts
                .bindings
                .get(binding as usize)
                .is_some_and(|row| row.scope == 0 && self.names.epoch(row.span.start) < self.epoch)
    }

    fn lost(&self, binding: u32) -> Option<Why> {
        let row = self.facts.bindings.get(binding as usize)?;
        let wipe = u32::try_from(self.names.epoch(row.span.start)).ok()?;
        Some(Why::Lost { binding, wipe })
    }

    /// Whether code of the branch may not run.
    fn may_be_skipped(&self, mut branch: u32) -> bool {
        while let Some(row) = self.facts.branches.get(branch as usize).filter(|_| branch != 0) {
            if !matches!(row.kind, BranchKind::With | BranchKind::Finally | BranchKind::Try) {
                return true;
            }
            branch = row.parent;
        }
        false
    }

    fn read(&mut self, at: u32) {
        let facts = self.facts;
        let Some(row) = facts.uses.get(at as usize) else { return };
        if let Some(mentioned) = self.names.mentioned.get_mut(row.name.index()) {
            *mentioned = true;
        }
        let found = self.look_up(row.name, row.scope);
        match found {
            Ok(binding) => {
                self.mark(binding);
                self.mark_submodule(binding);
                if let Some(read) = self.names.reads.get_mut(at as usize) {
                    *read = binding;
                }
            }
            Err(why) => {
                let deferred = self.unit != 0;
                self.names.missing.push(Missing { reader: Reader::Use(at), deferred, why });
            }
        }
    }

    /// The binding that a name means in a scope right now.
    fn look_up(&mut self, name: Symbol, scope: ScopeId) -> Result<u32, Why> {
        let facts = self.facts;
        let mut at = Some(scope);
        let mut class_seen = true;
        let mut missing = Why::Unbound;
        if self.entries.has(name) {
            while let Some(id) = at
                && let Some(row) = facts.scopes.get(id as usize)
            {
                let global = !row.globals.is_empty() && row.globals.contains(&name);
                let id = if global { 0 } else { id };
                let seen = global || class_seen || row.kind != ScopeKind::Class;
                match self.now(name, id).filter(|_| seen) {
                    None => {}
                    // A body that runs later may as well have run before the name was deleted.
                    Some(Now::Deleted(by)) if self.unit != 0 && self.runs_later(id) => {
                        return Ok(self.before_deletion(name, id, by));
                    }
                    Some(Now::Deleted(by)) => {
                        missing = Why::Deleted(by);
                        break;
                    }
                    Some(Now::Bound(binding)) => {
                        let annotation =
                            facts.bindings.get(binding as usize).is_some_and(|row| row.kind == BindingKind::Annotation);
                        if annotation {
                            self.mark(binding);
                            if row.kind == ScopeKind::Function {
                                break;
                            }
                        } else if id != 0 || !self.is_lost(binding) {
                            return Ok(binding);
                        } else {
                            // (What is bound in a later life of Python counts as bound for code of an earlier one.)
                            missing = self.lost(binding).unwrap_or(Why::Unbound);
                            break;
                        }
                    }
                }
                if global {
                    break;
                }
                class_seen &= row.kind == ScopeKind::TypeParameters;
                at = row.parent;
            }
        }
        match (missing, self.ambient.get(name.index())) {
            (Why::Unbound | Why::Deleted(_), Some(&binding)) if binding != NONE => Ok(binding),
            _ => Err(missing),
        }
    }

    /// Whether the code that runs is that of a function or lambda inside `scope`, and not of `scope` itself.
    fn runs_later(&self, scope: ScopeId) -> bool {
        self.units.get(scope as usize) != Some(&self.unit)
    }

    /// The last binding before a deletion.
    fn before_deletion(&self, name: Symbol, scope: ScopeId, deletion: u32) -> u32 {
        let candidates = if scope == 0 { self.names.module_bindings(self.facts, name) } else { &[] };
        let before = candidates.partition_point(|&at| at < deletion);
        let binds = |at: &&u32| self.facts.bindings.get(**at as usize).is_some_and(|row| row.kind.binds());
        candidates.iter().take(before).rev().find(binds).copied().unwrap_or(deletion)
    }

    fn finish(mut self) -> Names {
        for entry in self.entries.values() {
            if let Some(last) = self.names.last.get_mut(entry.last as usize) {
                *last = true;
            }
        }
        // Packages are used together, in whatever order their parts were imported.
        for at in 0..self.same_package.len() {
            let Some(&(one, two)) = self.same_package.get(at) else { continue };
            if self.is_used(one) || self.is_used(two) {
                self.mark(one);
                self.mark(two);
            }
        }
        for at in (0..self.same_package.len()).rev() {
            let Some(&(one, two)) = self.same_package.get(at) else { continue };
            if self.is_used(one) || self.is_used(two) {
                self.mark(one);
                self.mark(two);
            }
        }
        let hiding = std::mem::take(&mut self.hiding);
        self.names.replaced.extend(hiding);
        let used = &self.names.used;
        self.names.replaced.retain(|pair| !used.get(pair.earlier as usize).copied().unwrap_or(false));
        let mut missing = std::mem::take(&mut self.names.missing);
        for row in &mut missing {
            // Only few names are really missing, and of those few are bound at all.
            if row.why == Why::Unbound
                && let Some(later) = self.later(row.reader)
            {
                row.why = Why::Later(later);
            }
        }
        missing.sort_by_key(|row| match row.reader {
            Reader::Use(at) => self.facts.uses.get(at as usize).map(|row| row.span.start),
            Reader::Deletion(at) => self.facts.bindings.get(at as usize).map(|row| row.span.start),
        });
        self.names.missing = missing;
        self.names
    }

    /// A binding of the name in a scope around, which came too late.
    fn later(&mut self, reader: Reader) -> Option<u32> {
        let Reader::Use(at) = reader else { return None };
        let facts = self.facts;
        let row = facts.uses.get(at as usize)?;
        let has = |id| matches!(self.now(row.name, id), Some(Now::Bound(_)));
        let owner = facts.owner(row.name, row.scope, has)?;
        let row_at = |at: u32| facts.bindings.get(at as usize);
        if self.sorted.is_empty() {
            self.sorted = (0..u32::try_from(facts.bindings.len()).unwrap_or(NONE)).collect();
            self.sorted.sort_by_key(|&at| row_at(at).map(|row| (row.scope, row.name)));
        }
        let key = Some((owner, row.name));
        let start = self.sorted.partition_point(|&at| row_at(at).map(|row| (row.scope, row.name)) < key);
        let same = self.sorted.get(start..).unwrap_or_default().iter().copied();
        let mut same = same.take_while(|&at| row_at(at).map(|row| (row.scope, row.name)) == key);
        same.find(|&found| row_at(found).is_some_and(|row| row.kind.binds() && row.after > at))
    }
}
