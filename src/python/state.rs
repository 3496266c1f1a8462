//! What one walk over the trees of a document carries along: the tables, the place in the code, and what can
//! only be settled when all regions were seen.

use super::facts::{Branch, BranchId, BranchKind, CallId, Facts, FunctionId, Scope, ScopeId, ScopeKind, Value};
use super::folders::Folder;
use super::nodes::{Children, Node, NodeId, NodeKind};
use super::symbols::{FastMap, Symbol, Symbols};
use crate::text::{Span, region::OffsetMap};
use ruff_text_size::{Ranged, TextRange};
use std::ops::Range;

/// How many nodes of a tree may stand inside one another. Beyond it a region is refused: no person writes such
/// code (the deepest found in public repositories is 69), and recursion must end somewhere.
pub(super) const MAX_DEPTH: u32 = 1000;

/// Every so many levels the walk makes sure that it has stack left, and takes more from the heap if not.
const PROBE_EVERY: u32 = 16;
const RED_ZONE: usize = 256 * 1024;
const SEGMENT: usize = 2 * 1024 * 1024;

/// What holds at one place of the code and is restored on the way out.
#[derive(Clone, Copy, Default)]
pub(super) struct Place {
    pub scope: ScopeId,
    pub function: Option<FunctionId>,
    pub in_loop: bool,
    pub conditional: bool,
    pub annotation: bool,
    /// Whether strings are types.
    pub typed: bool,
    pub quoted: bool,
    pub optional: bool,
    pub guarded: bool,
    pub branch: BranchId,
}

/// A module name with a known value.
#[derive(Clone, Debug)]
pub(super) struct Constant<T> {
    pub value: T,
    /// Names that the value was made of.
    pub depends: Box<[Symbol]>,
}

/// What a name that was imported from `typing` or its like stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Typing<N> {
    /// Such a module itself.
    Module,
    /// What it calls so.
    Name(N),
}

impl<N> Typing<N> {
    /// The same with its name in another form.
    pub(super) fn map<M>(self, map: impl FnOnce(N) -> M) -> Typing<M> {
        match self {
            Self::Module => Typing::Module,
            Self::Name(name) => Typing::Name(map(name)),
        }
    }
}

/// What names of the module stand for, as far as the regions before have shown.
#[derive(Debug, Default)]
pub(super) struct Known {
    pub typing: FastMap<Symbol, Typing<Symbol>>,
    pub texts: FastMap<Symbol, Constant<Box<str>>>,
    pub folders: FastMap<Symbol, Constant<Folder>>,
}

/// The regions before one that is read alone.
#[derive(Clone, Copy)]
pub(super) struct Outer<'r> {
    pub symbols: &'r Symbols,
    pub known: &'r Known,
}

/// A value that holds only if some module names are bound once.
#[derive(Clone, Debug)]
pub(super) struct Guess {
    pub what: Guessed,
    /// In [`Walker::depends`].
    pub depends: Range<usize>,
    /// Where the names are read.
    pub scope: ScopeId,
}

/// What to do when a [`Guess`] was wrong.
#[derive(Clone, Debug)]
pub(super) enum Guessed {
    /// Put this into the argument instead.
    Argument(u32, Value),
    /// Forget the path addition.
    Addition(u32),
}

/// The walk. Made once per document.
#[derive(Default)]
pub(super) struct Walker<'r> {
    pub facts: Facts,
    // The region.
    pub code: &'r str,
    pub map: Option<&'r OffsetMap>,
    pub cell: u32,
    /// Where in the region the code begins: not 0 behind a magic.
    pub shift: u32,
    // The place in it.
    pub at: Place,
    pub depth: u32,
    /// Calls on the stack, which are fewer than `depth`: chains are walked without recursion.
    pub frames: u32,
    /// Whether the statement at hand is all of its block.
    pub alone: bool,
    /// The value of what is bound next.
    pub given: NodeId,
    /// Expressions whose whole is not there yet.
    pub parts: Vec<NodeId>,
    /// Whether the region turned out to be too deep.
    pub deep: bool,
    pub known: Known,
    /// If the region is read alone: what stands before it.
    pub outer: Option<Outer<'r>>,
    // What is settled at the end.
    /// For each call, the first name of its path.
    pub call_roots: Vec<Option<Symbol>>,
    /// For each attribute use, the first name of its path.
    pub attribute_roots: Vec<Symbol>,
    /// Function, index of the decorator, first name of its path.
    pub decorator_roots: Vec<(FunctionId, usize, Symbol)>,
    /// Bindings of names that are declared `nonlocal`.
    pub nonlocals: Vec<usize>,
    pub depends: Vec<Symbol>,
    pub guesses: Vec<Guess>,
    /// Path additions and their calls; those whose call turns out to be another function are dropped.
    pub addition_calls: Vec<Option<CallId>>,
    /// Bytes that folding may still produce: constants are copied to where they are used, and must not blow up.
    pub fold_budget: usize,
    /// Whether it was used up.
    pub starved: bool,
}

/// Lengths of all tables, to go back to.
pub(super) struct Mark {
    facts: [usize; 18],
    walker: [usize; 6],
    globals: usize,
    exports: Option<usize>,
    had: (bool, bool),
}

impl<'r> Walker<'r> {
    /// The constant that a module name stands for here or in the regions before; its value is shown to `take`, and if
    /// that gives something back, what the value hangs on is added to [`Walker::depends`].
    pub(super) fn constant_of<T, R>(
        &mut self,
        name: Symbol,
        of: impl for<'k> Fn(&'k Known) -> &'k FastMap<Symbol, Constant<T>>,
        take: impl FnOnce(&T, &mut usize, &mut bool) -> Option<R>,
    ) -> Option<R> {
        let Self { facts, known, depends, fold_budget, starved, .. } = self;
        if let Some(constant) = of(known).get(&name) {
            let taken = take(&constant.value, fold_budget, starved)?;
            depends.extend_from_slice(&constant.depends);
            return Some(taken);
        }
        let outer = self.outer?;
        let constant = of(outer.known).get(&outer.symbols.get(facts.symbols.text(name))?)?;
        let taken = take(&constant.value, fold_budget, starved)?;
        depends.extend(constant.depends.iter().map(|&name| facts.symbols.intern(outer.symbols.text(name))));
        Some(taken)
    }

    /// The span in the document's text of a range in the region.
    pub(super) fn span(&self, range: TextRange) -> Span {
        let (start, end) = (range.start().to_u32() + self.shift, range.end().to_u32() + self.shift);
        match self.map.map(|map| map.pieces.as_slice()) {
            Some([(0, base)]) => Span::new(base + start, base + end),
            Some(_) => self.map.map_or_else(Span::default, |map| map.span(start, end)),
            None => Span::new(start, end),
        }
    }

    /// The code under a range of the region.
    pub(super) fn source(&self, range: TextRange) -> &'r str {
        self.code.get(range.start().to_usize()..range.end().to_usize()).unwrap_or("")
    }

    /// The span of a node.
    pub(super) fn span_of(&self, node: &impl Ranged) -> Span {
        self.span(node.range())
    }

    /// Goes `levels` deeper, does `work`, and comes back. Does nothing once the region is too deep.
    pub(super) fn deeper<R: Default>(&mut self, levels: u32, work: impl FnOnce(&mut Self) -> R) -> R {
        self.depth += levels;
        self.deep |= self.depth > MAX_DEPTH;
        let result = if self.deep {
            R::default()
        } else {
            self.frames += 1;
            let result = if self.frames.is_multiple_of(PROBE_EVERY) {
                stacker::maybe_grow(RED_ZONE, SEGMENT, || work(self))
            } else {
                work(self)
            };
            self.frames -= 1;
            result
        };
        self.depth -= levels;
        result
    }

    /// Does `work` at another place and comes back.
    pub(super) fn place<R>(&mut self, place: Place, work: impl FnOnce(&mut Self) -> R) -> R {
        let before = std::mem::replace(&mut self.at, place);
        let result = work(self);
        self.at = before;
        result
    }

    /// Adds an expression.
    pub(super) fn node(&mut self, range: TextRange, kind: NodeKind) -> NodeId {
        let id = NodeId::new(index(self.facts.nodes.len()));
        let span = self.span(range);
        self.facts.nodes.push(Node { span, kind });
        id
    }

    /// Makes the parts that were put down since `start` children of one expression.
    pub(super) fn children(&mut self, start: usize) -> Children {
        let from = self.facts.children.len();
        self.facts.children.extend(self.parts.drain(start..));
        Children { start: index(from), len: index(self.facts.children.len() - from) }
    }

    /// Adds a branch inside that of the place; `range` is its code.
    pub(super) fn fork(&mut self, kind: BranchKind, range: TextRange) -> BranchId {
        let id = index(self.facts.branches.len());
        let (parent, span) = (self.at.branch, self.span(range));
        self.facts.branches.push(Branch { parent, kind, span });
        id
    }

    /// Adds a scope inside `parent`.
    pub(super) fn scope(&mut self, kind: ScopeKind, parent: ScopeId, function: Option<FunctionId>) -> ScopeId {
        let id = index(self.facts.scopes.len());
        let (globals, nonlocals) = (Vec::new(), Vec::new());
        self.facts.scopes.push(Scope { kind, parent: Some(parent), function, globals, nonlocals });
        id
    }

    /// Remembers where the tables end.
    pub(super) fn mark(&self) -> Mark {
        let facts = &self.facts;
        Mark {
            facts: [
                facts.scopes.len(),
                facts.bindings.len(),
                facts.uses.len(),
                facts.attributes.len(),
                facts.calls.len(),
                facts.arguments.len(),
                facts.imports.len(),
                facts.strings.len(),
                facts.functions.len(),
                facts.branches.len(),
                facts.probed.len(),
                facts.unnamed_bindings.len(),
                facts.nodes.len(),
                facts.children.len(),
                facts.returns.len(),
                facts.annotations.len(),
                facts.bare.len(),
                facts.conditions.len(),
            ],
            walker: [
                facts.path_additions.len(),
                self.nonlocals.len(),
                self.decorator_roots.len(),
                self.depends.len(),
                self.guesses.len(),
                self.addition_calls.len(),
            ],
            globals: facts.scopes.first().map_or(0, |module| module.globals.len()),
            exports: facts.exports.as_ref().map(Vec::len),
            had: (facts.main_guard.is_some(), facts.first_effect.is_some()),
        }
    }

    /// Takes back all that was added since `mark`. Names stay known, which harms nobody; constants do as
    /// well, but without a binding they are not believed in the end.
    pub(super) fn back_to(&mut self, mark: &Mark) {
        let facts = &mut self.facts;
        let [scopes, bindings, uses, attributes, calls, arguments, imports, strings, functions, rest @ ..] = mark.facts;
        let [branches, probed, unnamed, nodes, children, returns, annotations, bare, conditions] = rest;
        facts.scopes.truncate(scopes);
        facts.bindings.truncate(bindings);
        facts.uses.truncate(uses);
        facts.attributes.truncate(attributes);
        facts.calls.truncate(calls);
        facts.arguments.truncate(arguments);
        facts.imports.truncate(imports);
        facts.strings.truncate(strings);
        facts.functions.truncate(functions);
        facts.branches.truncate(branches);
        facts.probed.truncate(probed);
        facts.unnamed_bindings.truncate(unnamed);
        facts.nodes.truncate(nodes);
        facts.children.truncate(children);
        facts.returns.truncate(returns);
        facts.annotations.truncate(annotations);
        facts.bare.truncate(bare);
        facts.conditions.truncate(conditions);
        self.parts.clear();
        self.given = NodeId::NONE;
        let [additions, nonlocals, decorators, depends, guesses, addition_calls] = mark.walker;
        facts.path_additions.truncate(additions);
        self.nonlocals.truncate(nonlocals);
        self.decorator_roots.truncate(decorators);
        self.depends.truncate(depends);
        self.guesses.truncate(guesses);
        self.addition_calls.truncate(addition_calls);
        self.call_roots.truncate(calls);
        self.attribute_roots.truncate(attributes);
        if let Some(module) = facts.scopes.first_mut() {
            module.globals.truncate(mark.globals);
        }
        match mark.exports {
            Some(len) => facts.exports.iter_mut().for_each(|names| names.truncate(len)),
            None => facts.exports = None,
        }
        if !mark.had.0 {
            facts.main_guard = None;
        }
        if !mark.had.1 {
            facts.first_effect = None;
        }
    }
}

/// A table's length as an index. Tables never hold more rows than a text has bytes.
pub(super) fn index(len: usize) -> u32 {
    u32::try_from(len).unwrap_or(u32::MAX)
}
