//! Where names are bound, and what can be said of them once all regions were seen.

use super::facts::{Binding, BindingKind, Facts, Import, ScopeId, ScopeKind};
use super::state::{Guessed, Place, Walker, index};
use super::symbols::{FastMap, FastSet, Symbol};
use ruff_python_ast::Identifier;
use ruff_text_size::TextRange;

/// A longer module path is not put in the place of its alias: a short file could make a very long table.
const MAX_ALIASED: usize = 250;

impl Walker<'_> {
    /// Binds a name in the scope of the place, or where `global` says.
    pub(super) fn bind(&mut self, name: Symbol, range: TextRange, kind: BindingKind) {
        self.bind_in(self.at.scope, name, range, kind);
    }

    /// Binds an identifier; the parser's stand-in for a missing one is left out.
    pub(super) fn bind_identifier(&mut self, name: &Identifier, kind: BindingKind) {
        if !name.id.is_empty() {
            let symbol = self.facts.symbols.intern(&name.id);
            self.bind(symbol, name.range, kind);
        }
    }

    /// Binds the target of `:=`, which leaves comprehensions.
    pub(super) fn bind_walrus(&mut self, name: Symbol, range: TextRange) {
        let mut scope = self.at.scope;
        while let Some(row) = self.facts.scopes.get(scope as usize)
            && let (ScopeKind::Comprehension, Some(parent)) = (row.kind, row.parent)
        {
            scope = parent;
        }
        self.bind_in(scope, name, range, BindingKind::Assignment);
    }

    pub(super) fn bind_in(&mut self, mut scope: ScopeId, name: Symbol, range: TextRange, kind: BindingKind) {
        if let Some(row) = self.facts.scopes.get(scope as usize) {
            if !row.globals.is_empty() && row.globals.contains(&name) {
                scope = 0;
            } else if !row.nonlocals.is_empty() && row.nonlocals.contains(&name) {
                self.nonlocals.push(self.facts.bindings.len());
            }
        }
        let Place { conditional, branch, scope: place, .. } = self.at;
        let (span, cell, after) = (self.span(range), self.cell, index(self.facts.uses.len()));
        let value = self.given;
        self.facts.bindings.push(Binding { name, span, scope, kind, conditional, branch, place, value, after, cell });
    }
}

/// Settles what needed the whole document, and gives the tables out.
pub(super) fn finish(mut walker: Walker<'_>) -> Facts {
    place_nonlocals(&mut walker);
    Resolver::new(&walker.facts).resolve(&mut walker);
    settle_guesses(&mut walker);
    keep_additions(&mut walker);
    walker.facts
}

/// Gives each binding of a `nonlocal` name to the function around it that binds the name.
fn place_nonlocals(walker: &mut Walker<'_>) {
    if walker.nonlocals.is_empty() {
        return;
    }
    let Facts { scopes, bindings, .. } = &mut walker.facts;
    let names: FastSet<Symbol> =
        walker.nonlocals.iter().filter_map(|&at| bindings.get(at)).map(|binding| binding.name).collect();
    let mut elsewhere = walker.nonlocals.iter().copied().peekable();
    let mut bound: FastSet<(Symbol, ScopeId)> = FastSet::default();
    for (at, binding) in bindings.iter().enumerate() {
        if elsewhere.next_if_eq(&at).is_none() && names.contains(&binding.name) {
            bound.insert((binding.name, binding.scope));
        }
    }
    for &at in &walker.nonlocals {
        let Some(binding) = bindings.get_mut(at) else { continue };
        let mut around = scopes.get(binding.scope as usize).and_then(|scope| scope.parent);
        while let Some(id) = around
            && let Some(scope) = scopes.get(id as usize)
        {
            if matches!(scope.kind, ScopeKind::Function | ScopeKind::Lambda) && bound.contains(&(binding.name, id)) {
                binding.scope = id;
                break;
            }
            around = scope.parent;
        }
    }
}

/// What a name that is bound by an import stands for.
#[derive(Clone)]
enum Bound {
    /// Only this import, in the module's scope.
    Once(u32),
    /// Anything else: see [`Resolver::scopes`].
    Several,
}

/// All bindings of a name in one scope.
#[derive(Default)]
struct InScope {
    /// Where, and which import, in order.
    imports: Vec<(u32, u32)>,
    /// Whether something else binds it too.
    other: bool,
}

/// Puts the modules in the place of their aliases.
struct Resolver {
    /// By index of the symbol.
    names: Vec<Option<Bound>>,
    scopes: FastMap<(Symbol, ScopeId), InScope>,
    done: FastMap<(Symbol, u32), Symbol>,
    buffer: String,
}

impl Resolver {
    fn new(facts: &Facts) -> Self {
        let mut names: Vec<Option<Bound>> = vec![None; facts.symbols.len()];
        let mut any_aliased = false;
        for binding in &facts.bindings {
            let BindingKind::Import(import) = binding.kind else { continue };
            let Some(row) = facts.imports.get(import as usize) else { continue };
            any_aliased |= is_aliased(row);
            if let Some(name) = names.get_mut(binding.name.index()) {
                *name = match name {
                    None if binding.scope == 0 => Some(Bound::Once(import)),
                    Some(Bound::Once(first)) if same(facts, *first, row) && binding.scope == 0 => continue,
                    _ => Some(Bound::Several),
                };
            }
        }
        let mut scopes: FastMap<(Symbol, ScopeId), InScope> = FastMap::default();
        if any_aliased {
            let rebound = facts.bindings.iter().filter(|binding| binding.kind.binds());
            for binding in rebound.filter(|binding| !matches!(binding.kind, BindingKind::Import(_))) {
                if let Some(name @ Some(_)) = names.get_mut(binding.name.index()) {
                    *name = Some(Bound::Several);
                }
            }
            for binding in facts.bindings.iter().filter(|binding| binding.kind.binds()) {
                if let Some(Some(Bound::Several)) = names.get(binding.name.index()) {
                    let row = scopes.entry((binding.name, binding.scope)).or_default();
                    match binding.kind {
                        BindingKind::Import(import) => row.imports.push((binding.span.start, import)),
                        _ => row.other = true,
                    }
                }
            }
        } else {
            names.clear();
        }
        Self { names, scopes, done: FastMap::default(), buffer: String::new() }
    }

    fn resolve(mut self, walker: &mut Walker<'_>) {
        if self.names.is_empty() {
            return;
        }
        for at in 0..walker.facts.calls.len() {
            if let (Some(Some(root)), Some(call)) = (walker.call_roots.get(at), walker.facts.calls.get(at))
                && let Some(import) = self.import(&walker.facts, *root, call.scope, call.span.start)
                && let Some(path) = call.path
            {
                let path = Some(self.path(&mut walker.facts, path, *root, import));
                walker.facts.calls.iter_mut().skip(at).take(1).for_each(|call| call.path = path);
            }
        }
        for at in 0..walker.facts.attributes.len() {
            if let (Some(&root), Some(row)) = (walker.attribute_roots.get(at), walker.facts.attributes.get(at))
                && let Some(import) = self.import(&walker.facts, root, row.scope, row.span.start)
            {
                let path = row.path;
                let path = self.path(&mut walker.facts, path, root, import);
                walker.facts.attributes.iter_mut().skip(at).take(1).for_each(|row| row.path = path);
            }
        }
        for &(function, at, root) in &walker.decorator_roots {
            if let Some(row) = walker.facts.functions.get(function as usize)
                && let Some(&path) = row.decorators.get(at)
                && let Some(import) = self.import(&walker.facts, root, row.scope, row.span.start)
            {
                let path = self.path(&mut walker.facts, path, root, import);
                let row = walker.facts.functions.get_mut(function as usize);
                if let Some(decorator) = row.and_then(|row| row.decorators.get_mut(at)) {
                    *decorator = path;
                }
            }
        }
    }

    /// The import that `name` comes from where it is read in `scope` at `offset`.
    fn import(&self, facts: &Facts, name: Symbol, scope: ScopeId, offset: u32) -> Option<u32> {
        match self.names.get(name.index())?.as_ref()? {
            Bound::Once(import) => Some(*import),
            Bound::Several => {
                let owner = facts.owner(name, scope, |id| self.scopes.contains_key(&(name, id)))?;
                let row = self.scopes.get(&(name, owner)).filter(|row| !row.other)?;
                // With several imports of a name, the last one before counts, but of `try: import a as x` and
                // `except ImportError: import b as x` the first is what is meant.
                let before = row.imports.partition_point(|&(start, _)| start <= offset).max(1);
                let before = row.imports.get(..before)?;
                let optional =
                    |&&(_, import): &&(u32, u32)| facts.imports.get(import as usize).is_some_and(|row| row.optional);
                let first_of_run = before.iter().rev().take_while(optional).last().or(before.last());
                first_of_run.map(|&(_, import)| import)
            }
        }
    }

    /// `path` with its first name replaced by what `import` took it from.
    fn path(&mut self, facts: &mut Facts, path: Symbol, root: Symbol, import: u32) -> Symbol {
        if let Some(&done) = self.done.get(&(path, import)) {
            return done;
        }
        let Some(row) = facts.imports.get(import as usize).filter(|row| is_aliased(row)) else { return path };
        let text = |symbol| facts.symbols.text(symbol);
        let (module, name) = (text(row.module), row.name.map_or("", text));
        let rest = text(path).get(text(root).len()..).unwrap_or("");
        self.buffer.clear();
        self.buffer.extend(std::iter::repeat_n('.', row.level.min(100) as usize));
        self.buffer.push_str(module);
        if !module.is_empty() && !name.is_empty() {
            self.buffer.push('.');
        }
        self.buffer.push_str(name);
        let done = if self.buffer.len() > MAX_ALIASED {
            path
        } else {
            self.buffer.push_str(rest);
            facts.symbols.intern(&self.buffer)
        };
        self.done.insert((path, import), done);
        done
    }
}

/// Whether the bound name stands for another path than itself. `import a.b` binds `a`, which stands for `a`.
const fn is_aliased(import: &Import) -> bool {
    import.name.is_some() || import.alias_span.end > import.span.end
}

fn same(facts: &Facts, first: u32, second: &Import) -> bool {
    facts.imports.get(first as usize).is_some_and(|first| {
        let key = |import: &Import| (import.level, import.name, is_aliased(import));
        // `import a.b` and `import a.c` both bind `a` to `a`.
        key(first) == key(second) && (!is_aliased(second) || first.module == second.module)
    })
}

/// Takes back each value that was made of a module name which turned out to be bound more than once, or to be
/// hidden where it is read.
fn settle_guesses(walker: &mut Walker<'_>) {
    if walker.guesses.is_empty() {
        return;
    }
    let facts = &walker.facts;
    let mut times: FastMap<Symbol, u32> = walker.depends.iter().map(|&name| (name, 0)).collect();
    let mut bound: FastSet<(Symbol, ScopeId)> = FastSet::default();
    for binding in facts.bindings.iter().filter(|binding| binding.kind != BindingKind::Annotation) {
        if let Some(times) = times.get_mut(&binding.name) {
            *times += u32::from(binding.scope == 0);
            bound.insert((binding.name, binding.scope));
        }
    }
    for name in facts.scopes.iter().flat_map(|scope| &scope.globals) {
        // What any function may rebind is no constant.
        times.entry(*name).and_modify(|times| *times += 1);
    }
    let mut forget = Vec::new();
    for guess in walker.guesses.drain(..) {
        let holds = walker.depends.get(guess.depends).unwrap_or_default().iter().all(|&name| {
            times.get(&name) == Some(&1)
                && walker.facts.owner(name, guess.scope, |id| bound.contains(&(name, id))) == Some(0)
        });
        match guess.what {
            _ if holds => {}
            Guessed::Argument(at, value) => {
                if let Some(argument) = walker.facts.arguments.get_mut(at as usize) {
                    argument.value = value;
                }
            }
            Guessed::Addition(at) => forget.push(at),
        }
    }
    let (mut at, mut call) = (0, 0);
    let forgotten = |n: &mut u32| {
        *n += 1;
        forget.binary_search(&(*n - 1)).is_ok()
    };
    walker.facts.path_additions.retain(|_| !forgotten(&mut at));
    walker.addition_calls.retain(|_| !forgotten(&mut call));
}

/// Drops additions whose function is not `sys.path`'s after all.
fn keep_additions(walker: &mut Walker<'_>) {
    let Facts { path_additions, calls, symbols, .. } = &mut walker.facts;
    let mut of = walker.addition_calls.iter();
    path_additions.retain(|_| match of.next() {
        Some(Some(call)) => calls
            .get(*call as usize)
            .and_then(|call| call.path)
            .is_some_and(|path| symbols.text(path).strip_prefix("sys.path.").is_some()),
        _ => true,
    });
}
