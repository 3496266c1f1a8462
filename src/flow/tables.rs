//! What is looked up again and again in one document, put in order once somebody asks.

use super::kind::Type;
use super::methods::{ONLY_FRAME, ONLY_FRAME_TOO, ONLY_MAKER};
use crate::names::Namespaces;
use crate::project::document::{Document, DocumentId};
use crate::project::reference::ReferenceKind;
use crate::python::facts::{BindingKind, BranchId, BranchKind, Facts, FunctionId, ScopeId, ScopeKind};
use crate::python::names::Reader;
use crate::python::nodes::{NodeId, NodeKind};
use crate::python::symbols::{FastMap, FastSet, Symbol};
use std::cell::OnceCell;

/// A name with more bindings in one scope is not followed.
const MAX_BINDINGS: usize = 200;
/// So many uses are asked whether they are of a data frame.
const MAX_FRAMED: usize = 64;

/// One document. All but what is known of values is put together when it is first asked for: of most documents that
/// names come from, only a function or an import is looked at.
pub(super) struct Tables<'a> {
    pub(super) facts: &'a Facts,
    pub(super) id: DocumentId,
    names: &'a Namespaces<'a>,
    document: &'a Document,
    /// By node, what is known of it.
    pub(super) types: Vec<Option<Type>>,
    /// By binding, the same.
    pub(super) bound: Vec<Option<Type>>,
    by_name: OnceCell<ByName>,
    /// By scope, the function or lambda whose body runs it.
    units: OnceCell<Vec<ScopeId>>,
    /// Uses with their rows of the missing names of the document, sorted.
    missing: OnceCell<Vec<(u32, u32)>>,
    /// Imports with the documents that they lead to, sorted.
    imports: OnceCell<Vec<(u32, DocumentId)>>,
    /// By name, the uses of which something is asked that only a data frame has.
    framed: OnceCell<FastMap<Symbol, Vec<u32>>>,
    /// Names of functions whose first parameter is a data frame: `foreachBatch(f)`.
    fed: OnceCell<FastSet<Symbol>>,
    /// Whether names may come from other documents.
    arrives: bool,
    /// Rows of [`Facts::returns`], by function.
    returns: OnceCell<FastMap<FunctionId, Vec<NodeId>>>,
}

/// Bindings by name and scope, in order.
struct ByName {
    /// Name and scope of each.
    keys: Vec<(Symbol, ScopeId)>,
    rows: Vec<u32>,
}

/// Which bindings a use may read.
#[derive(Default)]
pub(super) struct Reaching {
    /// The bindings, none twice.
    pub(super) bindings: Vec<u32>,
    /// Whether it may be something else as well.
    pub(super) open: bool,
}

impl<'a> Tables<'a> {
    pub(super) fn new(names: &'a Namespaces<'a>, document: &'a Document, id: DocumentId) -> Self {
        let facts = &document.python;
        let local = names.local(id);
        Self {
            id,
            names,
            document,
            types: vec![None; facts.nodes.len()],
            bound: vec![None; facts.bindings.len()],
            by_name: OnceCell::new(),
            units: OnceCell::new(),
            missing: OnceCell::new(),
            imports: OnceCell::new(),
            framed: OnceCell::new(),
            fed: OnceCell::new(),
            arrives: local.is_none_or(|local| !local.arrivals.is_empty() || !local.unknowns.is_empty()),
            returns: OnceCell::new(),
            facts,
        }
    }

    /// All bindings of a name in a scope, in order.
    pub(super) fn bindings(&self, name: Symbol, scope: ScopeId) -> &[u32] {
        let ByName { keys, rows } = self.by_name.get_or_init(|| {
            let mut all: Vec<(Symbol, ScopeId, u32)> =
                (0..).zip(&self.facts.bindings).map(|(at, row)| (row.name, row.scope, at)).collect();
            all.sort_unstable();
            ByName {
                keys: all.iter().map(|&(name, scope, _)| (name, scope)).collect(),
                rows: all.into_iter().map(|(_, _, at)| at).collect(),
            }
        });
        let start = keys.partition_point(|key| *key < (name, scope));
        let same = keys.get(start..).unwrap_or_default().iter().take_while(|key| **key == (name, scope)).count();
        rows.get(start..start + same).unwrap_or_default()
    }

    /// The function or lambda whose body runs a scope.
    fn unit(&self, scope: ScopeId) -> Option<ScopeId> {
        let units = self.units.get_or_init(|| {
            let mut units: Vec<ScopeId> = Vec::with_capacity(self.facts.scopes.len());
            for (at, scope) in (0..).zip(&self.facts.scopes) {
                units.push(match (scope.kind, scope.parent) {
                    (ScopeKind::Function | ScopeKind::Lambda, _) => at,
                    (_, Some(parent)) => units.get(parent as usize).copied().unwrap_or(0),
                    (_, None) => 0,
                });
            }
            units
        });
        units.get(scope as usize).copied()
    }

    /// The row of the missing names of the document for a use.
    pub(super) fn missing(&self, name_use: u32) -> Option<usize> {
        let missing = self.missing.get_or_init(|| {
            let rows = self.names.local(self.id).map_or(&[][..], |local| &local.names.missing);
            let uses = (0_u32..).zip(rows).filter_map(|(at, row)| match row.reader {
                Reader::Use(of) => Some((of, at)),
                Reader::Deletion(_) => None,
            });
            let mut missing: Vec<(u32, u32)> = uses.collect();
            missing.sort_unstable();
            missing
        });
        let after = missing.partition_point(|&(of, _)| of <= name_use);
        let &(of, at) = missing.get(after.checked_sub(1)?)?;
        (of == name_use).then_some(at as usize)
    }

    /// The document that an import leads to.
    pub(super) fn imported(&self, import: u32) -> Option<DocumentId> {
        let imports = self.imports.get_or_init(|| {
            let project = self.names.project;
            let references = project.references(&self.document.path).iter();
            let imports = references.filter_map(|reference| match reference.kind {
                ReferenceKind::Import(import) => Some((import, project.id(reference.resolution.file()?)?)),
                _ => None,
            });
            let mut imports: Vec<(u32, DocumentId)> = imports.collect();
            imports.sort_by_key(|(import, _)| *import);
            imports
        });
        let after = imports.partition_point(|&(of, _)| of <= import);
        let &(of, document) = imports.get(after.checked_sub(1)?)?;
        (of == import).then_some(document)
    }

    /// What the `return`s of a function give.
    pub(super) fn returns(&self, function: FunctionId) -> &[NodeId] {
        let returns = self.returns.get_or_init(|| {
            let mut returns: FastMap<FunctionId, Vec<NodeId>> = FastMap::default();
            for row in self.facts.returns.iter().filter(|row| row.value.is_some()) {
                returns.entry(row.function).or_default().push(row.value);
            }
            returns
        });
        returns.get(&function).map_or(&[], Vec::as_slice)
    }

    /// Whether code that surely reads a binding treats it as a data frame of Spark, or something that feeds data frames
    /// to functions is given the function whose first parameter it is.
    pub(super) fn is_framed(&self, binding: u32) -> bool {
        let Some(row) = self.facts.bindings.get(binding as usize) else { return false };
        let framed = self.framed.get_or_init(|| framed(self.facts));
        let uses = framed.get(&row.name).map_or(&[][..], Vec::as_slice);
        // Whatever later turns of a loop give the name, the first one reads this.
        let is_read = |at: &u32| {
            let reaching = self.reaching(*at).filter(|reaching| !reaching.open);
            let later = |other: &u32| self.facts.bindings.get(*other as usize).is_some_and(|row| row.after > *at);
            reaching.is_some_and(|reaching| {
                reaching.bindings.contains(&binding)
                    && reaching.bindings.iter().all(|other| *other == binding || later(other))
            })
        };
        if uses.iter().take(MAX_FRAMED).any(is_read) {
            return true;
        }
        if row.kind != BindingKind::Parameter {
            return false;
        }
        let scope = self.facts.scopes.get(row.scope as usize);
        let function = scope.and_then(|scope| self.facts.functions.get(scope.function? as usize));
        let is_first = || {
            let before = self.facts.bindings.get((binding as usize).wrapping_sub(1));
            before.is_none_or(|before| before.scope != row.scope)
        };
        function.is_some_and(|function| self.fed.get_or_init(|| fed(self.facts)).contains(&function.name) && is_first())
    }

    /// The scope whose binding of its name a use sees.
    pub(super) fn owner(&self, name: Symbol, scope: ScopeId) -> Option<ScopeId> {
        self.facts.owner(name, scope, |id| !self.bindings(name, id).is_empty())
    }

    /// The bindings that a use may read; `None` if the document binds no such name where the use would see it.
    pub(super) fn reaching(&self, at: u32) -> Option<Reaching> {
        let row = self.facts.uses.get(at as usize)?;
        let scope = self.owner(row.name, row.scope)?;
        let all = self.bindings(row.name, scope);
        if all.len() > MAX_BINDINGS {
            return Some(Reaching { open: true, ..Reaching::default() });
        }
        let unit = |scope: ScopeId| self.unit(scope);
        if unit(scope) != unit(row.scope) {
            return Some(self.any_time(all));
        }
        let of = |at: &u32| self.facts.bindings.get(*at as usize);
        let early = all.partition_point(|binding| of(binding).is_some_and(|binding| binding.after <= at));
        let (before, after) = all.split_at_checked(early)?;
        let mut reaching = Reaching::default();
        // The branch of the binding that is surely read if none of those after it was made.
        let mut surely = None;
        for (at, binding) in before.iter().rev().filter_map(|at| Some((*at, of(at)?))) {
            let certain = self.is_certain(binding.branch, row.branch);
            match binding.kind {
                BindingKind::Annotation => {}
                BindingKind::Deletion | BindingKind::ExceptionEnd => {
                    reaching.open |= certain;
                }
                _ => reaching.bindings.push(at),
            }
            // Code of a function may give the name another value at any time.
            reaching.open |= unit(binding.place) != unit(row.scope);
            if certain && binding.kind != BindingKind::Annotation {
                surely = Some(binding.branch);
                break;
            }
        }
        // Where no branch is sure to bind it, the name is unbound otherwise, or comes from another document.
        reaching.open |= surely.is_none() && scope == 0 && self.arrives;
        let mut at = row.branch;
        while let Some(branch) = self.facts.branches.get(at as usize).filter(|_| at != 0) {
            if surely.is_some_and(|inner| self.is_inside(inner, at)) {
                break;
            }
            if branch.kind == BranchKind::Loop {
                let again = after.iter().copied().filter(|binding| {
                    of(binding).is_some_and(|binding| binding.kind.binds() && self.is_inside(binding.branch, at))
                });
                for binding in again {
                    if !reaching.bindings.contains(&binding) {
                        reaching.bindings.push(binding);
                    }
                }
            }
            at = branch.parent;
        }
        Some(reaching)
    }

    /// The bindings that code may see that runs at some later time.
    fn any_time(&self, all: &[u32]) -> Reaching {
        let kinds = all.iter().filter_map(|&at| Some((at, self.facts.bindings.get(at as usize)?.kind)));
        let bindings = kinds.filter(|(_, kind)| kind.binds()).map(|(at, _)| at).collect();
        Reaching { bindings, open: false }
    }

    /// Whether code in `branch` has surely run when code in `later` does that stands behind it.
    fn is_certain(&self, branch: BranchId, later: BranchId) -> bool {
        let mut at = branch;
        while let Some(row) = self.facts.branches.get(at as usize).filter(|_| at != 0) {
            if !matches!(row.kind, BranchKind::With | BranchKind::Finally) {
                break;
            }
            at = row.parent;
        }
        self.is_inside(later, at)
    }

    /// Whether a branch is another, or lies in it.
    pub(super) fn is_inside(&self, branch: BranchId, outer: BranchId) -> bool {
        let mut at = branch;
        loop {
            if at == outer {
                return true;
            }
            if at == 0 {
                return false;
            }
            let Some(row) = self.facts.branches.get(at as usize) else { return false };
            at = row.parent;
        }
    }
}

/// See [`Tables::framed`].
fn framed(facts: &Facts) -> FastMap<Symbol, Vec<u32>> {
    let words = ONLY_FRAME.iter().chain(ONLY_FRAME_TOO).filter_map(|word| facts.symbols.get(word));
    let words: FastSet<Symbol> = words.collect();
    let mut found: FastMap<Symbol, Vec<u32>> = FastMap::default();
    if words.is_empty() {
        return found;
    }
    let makers: FastSet<Symbol> = ONLY_MAKER.iter().filter_map(|word| facts.symbols.get(word)).collect();
    let mut others: FastSet<Symbol> = FastSet::default();
    for node in &facts.nodes {
        let NodeKind::Attribute { base, name } = node.kind else { continue };
        let of_maker = makers.contains(&name);
        if !of_maker && !words.contains(&name) {
            continue;
        }
        let NodeKind::Name(at) = facts.kind(base) else { continue };
        let Some(row) = facts.uses.get(at as usize) else { continue };
        if of_maker || matches!(facts.text(row.name), "self" | "cls") {
            others.insert(row.name);
        } else {
            found.entry(row.name).or_default().push(at);
        }
    }
    found.retain(|name, _| !others.contains(name));
    found
}

/// See [`Tables::fed`].
fn fed(facts: &Facts) -> FastSet<Symbol> {
    let Some(feeds) = facts.symbols.get("foreachBatch") else { return FastSet::default() };
    let calls = facts.calls.iter().filter(|call| call.method == Some(feeds));
    let given = calls.filter_map(|call| facts.argument(call, 0, "func"));
    given
        .filter_map(|argument| match facts.kind(argument.node) {
            NodeKind::Name(at) => facts.uses.get(at as usize).map(|row| row.name),
            _ => None,
        })
        .collect()
}
