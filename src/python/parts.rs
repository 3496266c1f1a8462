//! Regions that read as they did before: their rows are put into the tables once more, moved to where they belong now,
//! and no code is parsed or walked for them.
//!
//! What a region comes to depends on its code and on what names of the module stand for where it begins, and on nothing
//! else. So it can be read alone, with tables and names of its own, and kept; [`super::read`], which needs no copies,
//! gives the same.

use super::facts::{
    Argument, AttributeUse, Binding, BindingKind, Branch, Call, Facts, Function, Import, NameUse, PathAddition, Scope,
    StringLiteral, SyntaxError, Value,
};
use super::folders::Folder;
use super::nodes::{Annotation, Bare, Children, Node, NodeId, NodeKind, Return};
use super::state::{Constant, Guess, Guessed, Known, Outer, Typing, Walker, index};
use super::symbols::{FastMap, Symbol};
use super::{parse, scopes, statements};
use crate::text::{Span, region::Region};

/// What the regions of a document came to when it was last read.
#[derive(Debug, Default)]
pub struct Parts {
    target: (u8, u8),
    by_code: FastMap<Box<str>, Part>,
    /// How many times it was read.
    turn: u32,
    /// How many regions were read for it.
    count: usize,
}

/// A region that was read alone. Its rows count from the start of their tables, and name the module's scope and what
/// always runs as all do: row 0.
#[derive(Debug)]
struct Part {
    ipython: bool,
    /// From its code to the text, at the time.
    pieces: Vec<(u32, u32)>,
    /// What its names stood for where it begins; those that stood for nothing are left out.
    given: Vec<Given>,
    /// How much of the budget for folding it took.
    folded: usize,
    facts: Facts,
    /// What its names stand for where it ends, where it says so.
    known: Known,
    call_roots: Vec<Option<Symbol>>,
    attribute_roots: Vec<Symbol>,
    decorator_roots: Vec<(u32, usize, Symbol)>,
    nonlocals: Vec<usize>,
    depends: Vec<Symbol>,
    guesses: Vec<Guess>,
    addition_calls: Vec<Option<u32>>,
    /// When it was last wanted.
    turn: u32,
}

/// What a name of a part stands for. Other names are spelt out: they have other numbers in every document.
#[derive(Debug, PartialEq, Eq)]
struct Given {
    name: usize,
    typing: Option<Typing<Box<str>>>,
    text: Option<(Box<str>, Spelt)>,
    folder: Option<(Folder, Spelt)>,
}

/// Names, spelt out.
type Spelt = Box<[Box<str>]>;

impl Parts {
    /// How many regions were read so far, without those of which it was known what they come to.
    pub fn read(&self) -> usize {
        self.count
    }

    /// The Python, as (major, minor), for which the regions were read.
    pub fn target(&self) -> Option<(u8, u8)> {
        (self.turn > 0).then_some(self.target)
    }
}

/// See [`super::read_again`].
pub(super) fn read(regions: &[Region<'_>], target: (u8, u8), parts: &mut Parts) -> Facts {
    if parts.target != target {
        parts.by_code.clear();
        parts.target = target;
    }
    parts.turn = parts.turn.wrapping_add(1).max(1);
    let dedented: Vec<_> = regions.iter().map(parse::dedented).collect();
    let mut linker = Linker::default();
    if !regions.is_empty() {
        linker.walker.begin();
    }
    for (region, dedented) in regions.iter().zip(&dedented) {
        linker.region(dedented.as_ref().unwrap_or(region), parts);
    }
    let turn = parts.turn;
    parts.by_code.retain(|_, part| part.turn == turn);
    Facts { target, ..scopes::finish(linker.walker) }
}

/// Puts parts together.
#[derive(Default)]
struct Linker<'r> {
    walker: Walker<'r>,
    /// By the names of the document, whether a name stands for something.
    stands: Vec<bool>,
    /// By the names of the part at hand, those of the document.
    names: Vec<Option<Symbol>>,
}

impl<'r> Linker<'r> {
    /// Adds a region.
    fn region(&mut self, region: &'r Region<'_>, parts: &mut Parts) {
        let target = parts.target;
        // A `nonlocal` at the top is no Python, and changes how all code behind it is read.
        let is_odd = self.walker.facts.scopes.first().is_some_and(|module| !module.nonlocals.is_empty());
        if !is_odd {
            if let Some(part) = parts.by_code.get_mut(&*region.code)
                && self.fits(part, region)
            {
                part.turn = parts.turn;
                self.add(part, region);
                return;
            }
            parts.count += 1;
            if let Some(mut part) = self.alone(region, target) {
                part.turn = parts.turn;
                self.look_up(&part);
                part.given = self.given().collect();
                self.add(&part, region);
                parts.by_code.insert(region.code.as_ref().into(), part);
                return;
            }
        }
        statements::read(&mut self.walker, region, target);
        let Known { typing, texts, folders } = &self.walker.known;
        for &name in typing.keys().chain(texts.keys()).chain(folders.keys()) {
            mark(&mut self.stands, name);
        }
    }

    /// Reads a region alone; `None` if it does not stand alone.
    fn alone(&self, region: &Region<'_>, target: (u8, u8)) -> Option<Part> {
        let Walker { facts: before, known, fold_budget: budget, .. } = &self.walker;
        let outer = Some(Outer { symbols: &before.symbols, known });
        let mut walker = Walker { outer, fold_budget: *budget, ..Walker::default() };
        statements::read(&mut walker, region, target);
        let Walker { facts, known, call_roots, attribute_roots, decorator_roots, nonlocals, depends, .. } = walker;
        let Walker { guesses, addition_calls, fold_budget, starved, .. } = walker;
        let says_exports = facts.exports.is_some() || facts.exports_more;
        let is_odd = facts.scopes.first().is_none_or(|module| !module.nonlocals.is_empty());
        if says_exports || is_odd || starved || !facts.too_deep.is_empty() {
            return None;
        }
        Some(Part {
            ipython: region.ipython,
            pieces: region.map.pieces.clone(),
            given: Vec::new(),
            folded: (budget + statements::budget(&region.code)).saturating_sub(fold_budget),
            facts,
            known,
            call_roots,
            attribute_roots,
            decorator_roots,
            nonlocals,
            depends,
            guesses,
            addition_calls,
            turn: 0,
        })
    }

    /// Looks up the names of a part.
    fn look_up(&mut self, part: &Part) {
        self.names.clear();
        self.names.extend(self.walker.facts.symbols.find_all(&part.facts.symbols));
    }

    /// Whether reading the region would come to this part.
    fn fits(&mut self, part: &Part, region: &Region<'_>) -> bool {
        let budget = self.walker.fold_budget + statements::budget(&region.code);
        if part.ipython != region.ipython || budget < part.folded {
            return false;
        }
        let (from, to) = (start(&part.pieces), start(&region.map.pieces));
        let is_same = |(old, new): (&(u32, u32), &(u32, u32))| {
            old.0 == new.0 && old.1.wrapping_sub(from) == new.1.wrapping_sub(to)
        };
        if part.pieces.len() != region.map.pieces.len() || !part.pieces.iter().zip(&region.map.pieces).all(is_same) {
            return false;
        }
        self.look_up(part);
        let mut wanted = part.given.iter();
        self.given().all(|given| wanted.next() == Some(&given)) && wanted.next().is_none()
    }

    /// What the names of the part at hand stand for.
    fn given(&self) -> impl Iterator<Item = Given> {
        let Known { typing, texts, folders } = &self.walker.known;
        let stands = |name: Symbol| self.stands.get(name.index()).copied().unwrap_or_default();
        let names = self.names.iter().enumerate().filter_map(|(at, name)| Some((at, (*name)?)));
        names.filter(move |(_, name)| stands(*name)).map(|(name, symbol)| Given {
            name,
            typing: typing.get(&symbol).map(|name| name.map(|name| self.spelt(name))),
            text: texts.get(&symbol).map(|row| (row.value.clone(), self.all_spelt(&row.depends))),
            folder: folders.get(&symbol).map(|row| (row.value.clone(), self.all_spelt(&row.depends))),
        })
    }

    fn spelt(&self, name: Symbol) -> Box<str> {
        self.walker.facts.symbols.text(name).into()
    }

    fn all_spelt(&self, names: &[Symbol]) -> Spelt {
        names.iter().map(|&name| self.spelt(name)).collect()
    }

    /// Adds the rows of the part whose names were looked up.
    fn add(&mut self, part: &Part, region: &Region<'_>) {
        let walker = &mut self.walker;
        walker.fold_budget = (walker.fold_budget + statements::budget(&region.code)).saturating_sub(part.folded);
        let symbols = &mut walker.facts.symbols;
        let names =
            (0..).zip(&self.names).map(|(at, name)| name.unwrap_or_else(|| symbols.take(&part.facts.symbols, at)));
        let names: Vec<Symbol> = names.collect();
        let shift = Shift::new(&names, part, region, &walker.facts);
        shift.loose_ends(part, walker);
        shift.facts(&part.facts, &mut walker.facts);
        for &name in part.known.typing.keys().chain(part.known.texts.keys()).chain(part.known.folders.keys()) {
            mark(&mut self.stands, shift.name(name));
        }
    }
}

/// Where the first piece of a region stands in the text.
fn start(pieces: &[(u32, u32)]) -> u32 {
    pieces.first().map_or(0, |&(_, to)| to)
}

fn mark(stands: &mut Vec<bool>, name: Symbol) {
    let at = name.index();
    if stands.len() <= at {
        stands.resize(at + 1, false);
    }
    stands.iter_mut().skip(at).take(1).for_each(|stands| *stands = true);
}

/// The way from the rows of a part to those of a document: how many rows stand before.
struct Shift<'n> {
    names: &'n [Symbol],
    /// In bytes, modulo 2³².
    text: u32,
    cell: u32,
    scopes: u32,
    branches: u32,
    bindings: u32,
    uses: u32,
    calls: u32,
    arguments: u32,
    nodes: u32,
    children: u32,
    imports: u32,
    strings: u32,
    functions: u32,
}

impl<'n> Shift<'n> {
    fn new(names: &'n [Symbol], part: &Part, region: &Region<'_>, facts: &Facts) -> Self {
        Self {
            names,
            text: start(&region.map.pieces).wrapping_sub(start(&part.pieces)),
            cell: index(region.cell),
            // Row 0 is that of the document.
            scopes: index(facts.scopes.len()).saturating_sub(1),
            branches: index(facts.branches.len()).saturating_sub(1),
            bindings: index(facts.bindings.len()),
            uses: index(facts.uses.len()),
            calls: index(facts.calls.len()),
            arguments: index(facts.arguments.len()),
            nodes: index(facts.nodes.len()),
            children: index(facts.children.len()),
            imports: index(facts.imports.len()),
            strings: index(facts.strings.len()),
            functions: index(facts.functions.len()),
        }
    }

    fn name(&self, name: Symbol) -> Symbol {
        self.names.get(name.index()).copied().unwrap_or_default()
    }

    fn all_names(&self, names: &[Symbol]) -> Vec<Symbol> {
        names.iter().map(|&name| self.name(name)).collect()
    }

    const fn span(&self, span: Span) -> Span {
        Span { start: span.start.wrapping_add(self.text), end: span.end.wrapping_add(self.text) }
    }

    const fn scope(&self, scope: u32) -> u32 {
        if scope == 0 { 0 } else { scope + self.scopes }
    }

    const fn branch(&self, branch: u32) -> u32 {
        if branch == 0 { 0 } else { branch + self.branches }
    }

    fn node(&self, node: NodeId) -> NodeId {
        if node.is_some() { NodeId::new(index(node.index()) + self.nodes) } else { node }
    }

    const fn children(&self, children: Children) -> Children {
        Children { start: children.start + self.children, len: children.len }
    }

    fn kind(&self, kind: NodeKind) -> NodeKind {
        match kind {
            NodeKind::Name(row) => NodeKind::Name(row + self.uses),
            NodeKind::Attribute { base, name } => NodeKind::Attribute { base: self.node(base), name: self.name(name) },
            NodeKind::Call(call) => NodeKind::Call(call + self.calls),
            NodeKind::Subscript { base, index } => {
                NodeKind::Subscript { base: self.node(base), index: self.node(index) }
            }
            NodeKind::String(row) => NodeKind::String(row + self.strings),
            NodeKind::Joined(parts) => NodeKind::Joined(self.children(parts)),
            NodeKind::Text(text) => NodeKind::Text(self.name(text)),
            NodeKind::List(parts) => NodeKind::List(self.children(parts)),
            NodeKind::Tuple(parts) => NodeKind::Tuple(self.children(parts)),
            NodeKind::Set(parts) => NodeKind::Set(self.children(parts)),
            NodeKind::Dict(parts) => NodeKind::Dict(self.children(parts)),
            NodeKind::Binary { op, left, right } => {
                NodeKind::Binary { op, left: self.node(left), right: self.node(right) }
            }
            NodeKind::Compare { op, left, right } => {
                NodeKind::Compare { op, left: self.node(left), right: self.node(right) }
            }
            NodeKind::Not(node) => NodeKind::Not(self.node(node)),
            NodeKind::Signed(node) => NodeKind::Signed(self.node(node)),
            NodeKind::Invert(node) => NodeKind::Invert(self.node(node)),
            NodeKind::Logic(parts) => NodeKind::Logic(self.children(parts)),
            NodeKind::Conditional { then, otherwise } => {
                NodeKind::Conditional { then: self.node(then), otherwise: self.node(otherwise) }
            }
            NodeKind::Lambda { scope, body } => NodeKind::Lambda { scope: self.scope(scope), body: self.node(body) },
            NodeKind::Each { scope, element } => {
                NodeKind::Each { scope: self.scope(scope), element: self.node(element) }
            }
            NodeKind::Await(node) => NodeKind::Await(self.node(node)),
            NodeKind::Starred(node) => NodeKind::Starred(self.node(node)),
            NodeKind::Int(_) | NodeKind::Literal | NodeKind::Bool(_) | NodeKind::None | NodeKind::Other => kind,
        }
    }

    const fn binding_kind(&self, kind: BindingKind) -> BindingKind {
        match kind {
            BindingKind::Import(row) => BindingKind::Import(row + self.imports),
            BindingKind::Function(row) => BindingKind::Function(row + self.functions),
            other => other,
        }
    }

    fn value(&self, value: &Value) -> Value {
        match value {
            Value::Name(name) => Value::Name(self.name(*name)),
            other => other.clone(),
        }
    }

    /// Adds what is settled at the end.
    fn loose_ends(&self, part: &Part, to: &mut Walker<'_>) {
        let depends = to.depends.len();
        to.depends.extend(part.depends.iter().map(|&name| self.name(name)));
        let additions = index(to.facts.path_additions.len());
        to.guesses.extend(part.guesses.iter().map(|guess| Guess {
            what: match &guess.what {
                Guessed::Argument(row, value) => Guessed::Argument(row + self.arguments, self.value(value)),
                Guessed::Addition(row) => Guessed::Addition(row + additions),
            },
            depends: guess.depends.start + depends..guess.depends.end + depends,
            scope: self.scope(guess.scope),
        }));
        to.call_roots.extend(part.call_roots.iter().map(|root| root.map(|root| self.name(root))));
        to.attribute_roots.extend(part.attribute_roots.iter().map(|&root| self.name(root)));
        let decorators = part.decorator_roots.iter();
        to.decorator_roots
            .extend(decorators.map(|&(function, at, root)| (function + self.functions, at, self.name(root))));
        to.nonlocals.extend(part.nonlocals.iter().map(|row| row + self.bindings as usize));
        to.addition_calls.extend(part.addition_calls.iter().map(|call| call.map(|call| call + self.calls)));
        let typing = part.known.typing.iter();
        to.known.typing.extend(typing.map(|(&bound, name)| (self.name(bound), name.map(|name| self.name(name)))));
        to.known.texts.extend(part.known.texts.iter().map(|row| self.constant(row)));
        to.known.folders.extend(part.known.folders.iter().map(|row| self.constant(row)));
    }

    fn constant<T: Clone>(&self, (&name, row): (&Symbol, &Constant<T>)) -> (Symbol, Constant<T>) {
        let depends = row.depends.iter().map(|&name| self.name(name)).collect();
        (self.name(name), Constant { value: row.value.clone(), depends })
    }

    /// Adds the rows of all tables.
    fn facts(&self, from: &Facts, to: &mut Facts) {
        if let (Some(from), Some(to)) = (from.scopes.first(), to.scopes.first_mut()) {
            to.globals.extend(from.globals.iter().map(|&name| self.name(name)));
        }
        to.scopes.extend(from.scopes.iter().skip(1).map(|row| Scope {
            kind: row.kind,
            parent: row.parent.map(|parent| self.scope(parent)),
            function: row.function.map(|function| function + self.functions),
            globals: self.all_names(&row.globals),
            nonlocals: self.all_names(&row.nonlocals),
        }));
        to.branches.extend(from.branches.iter().skip(1).map(|row| Branch {
            parent: self.branch(row.parent),
            kind: row.kind,
            span: self.span(row.span),
        }));
        self.names_of(from, to);
        self.expressions(from, to);
        self.definitions(from, to);
        to.main_guard = to.main_guard.or_else(|| from.main_guard.map(|span| self.span(span)));
        to.first_effect = to.first_effect.or_else(|| from.first_effect.map(|span| self.span(span)));
        to.probed.extend(from.probed.iter().map(|&name| self.name(name)));
        to.unnamed_bindings.extend(from.unnamed_bindings.iter().map(|&span| self.span(span)));
        to.syntax_errors.extend(from.syntax_errors.iter().map(|row| SyntaxError {
            span: self.span(row.span),
            message: row.message.clone(),
            kind: row.kind,
            cell: self.cell,
        }));
    }

    fn names_of(&self, from: &Facts, to: &mut Facts) {
        to.bindings.extend(from.bindings.iter().map(|row| Binding {
            name: self.name(row.name),
            span: self.span(row.span),
            scope: self.scope(row.scope),
            kind: self.binding_kind(row.kind),
            conditional: row.conditional,
            branch: self.branch(row.branch),
            place: self.scope(row.place),
            value: self.node(row.value),
            after: row.after + self.uses,
            cell: self.cell,
        }));
        to.uses.extend(from.uses.iter().map(|row| NameUse {
            name: self.name(row.name),
            span: self.span(row.span),
            scope: self.scope(row.scope),
            branch: self.branch(row.branch),
            cell: self.cell,
            annotation: row.annotation,
            quoted: row.quoted,
            guarded: row.guarded,
        }));
        to.attributes.extend(from.attributes.iter().map(|row| AttributeUse {
            path: self.name(row.path),
            span: self.span(row.span),
            root: self.span(row.root),
            scope: self.scope(row.scope),
            stored: row.stored,
            cell: self.cell,
        }));
        to.annotations.extend(
            from.annotations
                .iter()
                .map(|row| Annotation { binding: row.binding + self.bindings, node: self.node(row.node) }),
        );
    }

    fn expressions(&self, from: &Facts, to: &mut Facts) {
        to.calls.extend(from.calls.iter().map(|row| Call {
            span: self.span(row.span),
            callee: self.span(row.callee),
            node: self.node(row.node),
            of: self.node(row.of),
            path: row.path.map(|path| self.name(path)),
            method: row.method.map(|method| self.name(method)),
            receiver: row.receiver.map(|call| call + self.calls),
            arguments: row.arguments.start + self.arguments..row.arguments.end + self.arguments,
            scope: self.scope(row.scope),
            function: row.function.map(|function| function + self.functions),
            branch: self.branch(row.branch),
            in_loop: row.in_loop,
            cell: self.cell,
        }));
        to.arguments.extend(from.arguments.iter().map(|row| Argument {
            keyword: row.keyword.map(|keyword| self.name(keyword)),
            starred: row.starred,
            span: self.span(row.span),
            node: self.node(row.node),
            value: self.value(&row.value),
        }));
        to.nodes.extend(from.nodes.iter().map(|row| Node { span: self.span(row.span), kind: self.kind(row.kind) }));
        to.children.extend(from.children.iter().map(|&node| self.node(node)));
        to.returns.extend(from.returns.iter().map(|row| Return {
            function: row.function + self.functions,
            value: self.node(row.value),
            span: self.span(row.span),
        }));
        to.bare.extend(from.bare.iter().map(|row| Bare { node: self.node(row.node), shown: row.shown }));
        to.conditions.extend(from.conditions.iter().map(|&node| self.node(node)));
        to.strings.extend(from.strings.iter().map(|row| StringLiteral {
            span: self.span(row.span),
            value: row.value.clone(),
            holes: row.holes,
            statement: row.statement,
            cell: self.cell,
        }));
    }

    fn definitions(&self, from: &Facts, to: &mut Facts) {
        to.imports.extend(from.imports.iter().map(|row| Import {
            module: self.name(row.module),
            level: row.level,
            name: row.name.map(|name| self.name(name)),
            bound: row.bound.map(|bound| self.name(bound)),
            span: self.span(row.span),
            alias_span: self.span(row.alias_span),
            statement: self.span(row.statement),
            scope: self.scope(row.scope),
            optional: row.optional,
            alone: row.alone,
            cell: self.cell,
        }));
        to.functions.extend(from.functions.iter().map(|row| Function {
            name: self.name(row.name),
            name_span: self.span(row.name_span),
            span: self.span(row.span),
            scope: self.scope(row.scope),
            body_scope: self.scope(row.body_scope),
            returns: self.node(row.returns),
            plain: row.plain,
            decorators: self.all_names(&row.decorators),
            cell: self.cell,
        }));
        to.path_additions.extend(
            from.path_additions
                .iter()
                .map(|row| PathAddition { folder: row.folder.clone(), span: self.span(row.span) }),
        );
    }
}
