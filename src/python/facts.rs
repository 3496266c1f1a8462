//! What is known of the Python in one document: flat tables, filled by one walk, indexed by plain numbers.
//!
//! All spans point into the document's text. A rule is a loop over one of these tables.

use super::nodes::{Annotation, Bare, Node, NodeId, Return};
use super::symbols::{Symbol, Symbols};
use crate::text::Span;

/// Index into [`Facts::scopes`]. The module is scope 0: all cells of a notebook share it.
pub type ScopeId = u32;
/// Index into [`Facts::calls`].
pub type CallId = u32;
/// Index into [`Facts::functions`].
pub type FunctionId = u32;
/// Index into [`Facts::branches`].
pub type BranchId = u32;

/// The tables of one document.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// Every name and dotted path that the tables speak of.
    pub symbols: Symbols,
    /// Module, functions, classes, lambdas, comprehensions, type parameters.
    pub scopes: Vec<Scope>,
    /// Every place that binds a name.
    pub bindings: Vec<Binding>,
    /// Every place that reads a plain name (`x`, the `df` of `df.show()`), also in f-strings, decorators and
    /// annotations (string annotations are read where they parse).
    pub uses: Vec<NameUse>,
    /// Every dotted chain that starts at a plain name and is not the callee of a call: `spark.conf`, `df.rdd`.
    pub attributes: Vec<AttributeUse>,
    /// Every call.
    pub calls: Vec<Call>,
    /// Arguments of all calls; a call holds a range of it.
    pub arguments: Vec<Argument>,
    /// Every expression, parts before wholes; those of annotations included.
    pub nodes: Vec<Node>,
    /// Parts of expressions that have any number of them.
    pub children: Vec<NodeId>,
    /// Every `return` of a `def`, in order of place.
    pub returns: Vec<Return>,
    /// Annotations, in order of [`Annotation::binding`].
    pub annotations: Vec<Annotation>,
    /// Every expression that stands as a statement (strings left out), in order of place.
    pub bare: Vec<Bare>,
    /// Every expression of which only the truth is asked: conditions of `if`, `while`, `assert`, `x if … else y`.
    pub conditions: Vec<NodeId>,
    /// Every imported name.
    pub imports: Vec<Import>,
    /// Every string literal (implicitly joined parts count as one), f-strings included.
    pub strings: Vec<StringLiteral>,
    /// Every `def` (lambdas are only scopes).
    pub functions: Vec<Function>,
    /// Literal additions to `sys.path`, in order.
    pub path_additions: Vec<PathAddition>,
    /// Syntax errors, in order of place; at most one a region is an [`SyntaxErrorKind::Invalid`].
    pub syntax_errors: Vec<SyntaxError>,
    /// The names listed in the module's `__all__` (also by `+=`, `append` and `extend`), as far as they are
    /// literals; `None` if there is no `__all__`.
    pub exports: Option<Vec<Symbol>>,
    /// The Python, as (major, minor), for which it was read: what is newer is a [`SyntaxErrorKind::TooNew`].
    pub target: (u8, u8),
    /// Whether `__all__` may hold more than that.
    pub exports_more: bool,
    /// The `if __name__ == "__main__":` statement of the module, if any.
    pub main_guard: Option<Span>,
    /// The first top-level statement that does something when the file is run: not an import, definition,
    /// docstring, main guard, an assignment that only computes (literals, names, and calls known to be harmless
    /// such as `logging.getLogger`, `TypeVar`, `os.environ.get`), or an `if` or `try` of nothing else.
    pub first_effect: Option<Span>,
    /// Spans of regions that are nested too deeply to be analysed; nothing else is known of them.
    pub too_deep: Vec<Span>,
    /// Arms of forks in the flow of control. Row 0 stands for what always runs.
    pub branches: Vec<Branch>,
    /// Names that the code asks for by text: `"x" in globals()`. Whether they are there is known to its author.
    pub probed: Vec<Symbol>,
    /// Where the module is given names that the text does not say: `globals()[name] = …`, `%pylab`.
    pub unnamed_bindings: Vec<Span>,
}

/// A region of the program in which names live.
#[derive(Clone, Debug)]
pub struct Scope {
    /// What made it.
    pub kind: ScopeKind,
    /// The scope around it; `None` for the module.
    pub parent: Option<ScopeId>,
    /// The function it belongs to, for function scopes.
    pub function: Option<FunctionId>,
    /// Names declared `global` here.
    pub globals: Vec<Symbol>,
    /// Names declared `nonlocal` here.
    pub nonlocals: Vec<Symbol>,
}

/// One arm of a fork: code that may not run.
#[derive(Clone, Copy, Debug)]
pub struct Branch {
    /// The branch around it; 0 for itself in row 0.
    pub parent: BranchId,
    /// What kind of fork.
    pub kind: BranchKind,
    /// The code of the arm, for loops with their head.
    pub span: Span,
}

/// What kind of fork an arm belongs to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BranchKind {
    /// Row 0: no fork.
    Always,
    /// An arm of an `if`.
    If,
    /// The first arm of `if TYPE_CHECKING`.
    TypeChecking,
    /// The body of a `try`, and its `else`.
    Try,
    /// An `except`.
    Handler,
    /// A `finally`.
    Finally,
    /// The body of a `with`.
    With,
    /// A `case`.
    Case,
    /// The body of a `for` or `while`, and the `else` of either.
    Loop,
}

/// What made a scope.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ScopeKind {
    /// The document's top level.
    Module,
    /// A class body: its names are not seen by functions inside it.
    Class,
    /// A `def` body.
    Function,
    /// A lambda.
    Lambda,
    /// A comprehension or generator expression.
    Comprehension,
    /// `def f[T]`, `class C[T]`, `type X[T]`.
    TypeParameters,
}

/// One place that binds a name.
#[derive(Clone, Debug)]
pub struct Binding {
    /// The name.
    pub name: Symbol,
    /// The name where it is bound.
    pub span: Span,
    /// The scope in which it is bound, after `global`/`nonlocal` and walrus rules.
    pub scope: ScopeId,
    /// What binds it.
    pub kind: BindingKind,
    /// Whether it stands under an `if`, loop, `try`, `with` or `match`, and so may not happen.
    pub conditional: bool,
    /// The branch in which it stands.
    pub branch: BranchId,
    /// The scope whose code binds it: another than `scope` for `global`, `nonlocal` and `:=` in comprehensions.
    pub place: ScopeId,
    /// The value that it gets: for a loop what is gone through, for a `with` the manager, for an unpacking (one level
    /// deep) all of the right side, for `x += y` the `y`. None for all others.
    pub value: NodeId,
    /// How many rows of [`Facts::uses`] are read before it happens.
    pub after: u32,
    /// 0-based cell.
    pub cell: u32,
}

/// What binds a name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BindingKind {
    /// `x = …`, walrus, `match` captures, type aliases.
    Assignment,
    /// `x, y = …` where the right side is not written out.
    Unpacked,
    /// `for x in …`, in comprehensions too.
    Loop,
    /// `with … as x`.
    With,
    /// The `T` of `def f[T]`.
    TypeParameter,
    /// `x += …`: reads before it binds.
    Augmented,
    /// `x: int` without a value: binds nothing at run time.
    Annotation,
    /// A parameter.
    Parameter,
    /// An import; the index is into [`Facts::imports`].
    Import(u32),
    /// A `def`; the index is into [`Facts::functions`].
    Function(FunctionId),
    /// A `class`.
    Class,
    /// `except … as x`.
    Exception,
    /// The end of `except … as x`, which unbinds it.
    ExceptionEnd,
    /// `del x`.
    Deletion,
    /// A magic: `%%capture out`, `x = !ls`, `%store -r x`.
    Magic,
    /// Something in a cell that does not parse: what exactly cannot be said.
    Recovered,
}

/// One place that reads a plain name.
#[derive(Clone, Debug)]
pub struct NameUse {
    /// The name.
    pub name: Symbol,
    /// Where.
    pub span: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// The branch in which it stands.
    pub branch: BranchId,
    /// 0-based cell.
    pub cell: u32,
    /// Whether it stands in an annotation.
    pub annotation: bool,
    /// Whether it stands in quotes, and so is looked up when all is bound.
    pub quoted: bool,
    /// Whether it says nothing if the name is missing: the code only tries whether it is there (a `try` whose
    /// `except` takes a `NameError`, or a short one that takes everything), or it is read out of a magic or a cell
    /// that does not parse.
    pub guarded: bool,
}

/// A dotted chain that starts at a plain name.
#[derive(Clone, Debug)]
pub struct AttributeUse {
    /// The whole chain with import aliases resolved: `F.col` is `pyspark.sql.functions.col`.
    pub path: Symbol,
    /// The whole chain.
    pub span: Span,
    /// The first name of the chain, where it stands.
    pub root: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// Whether it is assigned to (`x.y = …`).
    pub stored: bool,
    /// 0-based cell.
    pub cell: u32,
}

/// One call.
#[derive(Clone, Debug)]
pub struct Call {
    /// The whole call.
    pub span: Span,
    /// What is called: the name, or for a method only its name (`collect` of `df.limit(1).collect()`).
    pub callee: Span,
    /// It as an expression.
    pub node: NodeId,
    /// What is called, as an expression.
    pub of: NodeId,
    /// Dotted path with import aliases resolved, if the callee is a chain of plain names:
    /// `dbutils.widgets.get`, `pyspark.sql.functions.col`, `print`.
    pub path: Option<Symbol>,
    /// The last name of the callee: `collect`, `print`. `None` for `f()()` and `x[0]()`.
    pub method: Option<Symbol>,
    /// The call whose result this method is called on: for `spark.table("t").collect()` that of `spark.table`.
    /// Attributes between are looked through: also for `spark.table("t").write.save()`.
    pub receiver: Option<CallId>,
    /// Its arguments, as a range of [`Facts::arguments`].
    pub arguments: std::ops::Range<u32>,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// The innermost `def` around it.
    pub function: Option<FunctionId>,
    /// The branch in which it stands.
    pub branch: BranchId,
    /// Whether it is repeated by a loop or comprehension of the same function (the iterable of a `for` is not).
    pub in_loop: bool,
    /// 0-based cell.
    pub cell: u32,
}

/// One argument of a call.
#[derive(Clone, Debug)]
pub struct Argument {
    /// The keyword, or `None` for a positional one.
    pub keyword: Option<Symbol>,
    /// Whether it is `*x` or `**x`.
    pub starred: bool,
    /// The value, without the keyword.
    pub span: Span,
    /// The value as an expression.
    pub node: NodeId,
    /// What is known of the value.
    pub value: Value,
}

/// What is known of an expression without running it.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// A string known in full: a literal, or `+`, `%`, f-string and `.format` over known strings and over module
    /// names that are assigned exactly once, to a known string, before.
    String(Box<str>),
    /// An f-string or concatenation with holes; the known start and end are given.
    Partial {
        /// Text before the first hole.
        prefix: Box<str>,
        /// Text after the last hole.
        suffix: Box<str>,
    },
    /// An integer literal that fits.
    Int(i64),
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// A plain name.
    Name(Symbol),
    /// Anything else.
    Other,
}

/// One imported name: `import a.b as c` gives one, `from x import y, z` gives two.
#[derive(Clone, Debug)]
pub struct Import {
    /// The module as written, without leading dots; empty for `from . import x`.
    pub module: Symbol,
    /// How many leading dots.
    pub level: u32,
    /// The name taken out of it: `from m import NAME`; `None` for `import m`; `*` for a star import.
    pub name: Option<Symbol>,
    /// The name bound: the alias, the name, or the first part of a dotted module. `None` for a star import.
    pub bound: Option<Symbol>,
    /// The module name as written (`a.b`, `..pkg`), or the imported name where there is no module.
    pub span: Span,
    /// The alias node: `y as z`.
    pub alias_span: Span,
    /// The whole statement.
    pub statement: Span,
    /// The scope.
    pub scope: ScopeId,
    /// Whether a failing import is expected: in a `try` with `except ImportError`/`Exception`/bare, or under
    /// `if TYPE_CHECKING`.
    pub optional: bool,
    /// Whether the statement is all of a block, which must not be left empty.
    pub alone: bool,
    /// 0-based cell.
    pub cell: u32,
}

/// A string literal.
#[derive(Clone, Debug)]
pub struct StringLiteral {
    /// All its parts, with quotes.
    pub span: Span,
    /// Its value with escapes resolved; for f-strings the literal text with `{}` for each hole.
    pub value: Box<str>,
    /// Whether it is an f-string with at least one hole.
    pub holes: bool,
    /// Whether it is a statement of its own (docstring or bare string).
    pub statement: bool,
    /// 0-based cell.
    pub cell: u32,
}

/// A `def`.
#[derive(Clone, Debug)]
pub struct Function {
    /// Its name.
    pub name: Symbol,
    /// Its name where it stands.
    pub name_span: Span,
    /// All of it, decorators included.
    pub span: Span,
    /// The scope it is defined in.
    pub scope: ScopeId,
    /// The scope of its body.
    pub body_scope: ScopeId,
    /// What its annotation says that it returns.
    pub returns: NodeId,
    /// Whether calling it runs its body and gives what that returns: it is neither a generator nor `async`.
    pub plain: bool,
    /// Dotted paths of its decorators (the callee, for decorator calls), aliases resolved.
    pub decorators: Vec<Symbol>,
    /// 0-based cell.
    pub cell: u32,
}

/// A folder that the code adds to `sys.path`, when the text says which: `sys.path.append("../lib")`,
/// `sys.path.insert(0, os.path.abspath(".."))`, `os.path.join` over literals.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathAddition {
    /// The folder, relative to the document's folder or absolute, with `.` and `..` folded where they can be.
    pub folder: Box<str>,
    /// The call.
    pub span: Span,
}

/// A syntax error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Where.
    pub span: Span,
    /// Lower case, no full stop.
    pub message: String,
    /// Whether it is invalid everywhere or only for the target.
    pub kind: SyntaxErrorKind,
    /// 0-based cell.
    pub cell: u32,
}

/// How wrong a syntax error is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SyntaxErrorKind {
    /// No Python accepts it.
    Invalid,
    /// Valid, but newer than the target Python.
    TooNew,
}

impl Facts {
    /// The text of a symbol.
    pub fn text(&self, symbol: Symbol) -> &str {
        self.symbols.text(symbol)
    }

    /// Whether `symbol` reads `name`.
    pub fn is(&self, symbol: Option<Symbol>, name: &str) -> bool {
        symbol.is_some_and(|symbol| self.text(symbol) == name)
    }

    /// The arguments of a call.
    pub fn arguments(&self, call: &Call) -> &[Argument] {
        self.arguments.get(call.arguments.start as usize..call.arguments.end as usize).unwrap_or_default()
    }

    /// The argument at a 0-based position, or with that keyword; `None` as well if a `*` or `**` argument
    /// makes it unsure.
    pub fn argument(&self, call: &Call, position: usize, keyword: &str) -> Option<&Argument> {
        let arguments = self.arguments(call);
        if let Some(named) = arguments.iter().find(|argument| self.is(argument.keyword, keyword)) {
            return Some(named);
        }
        let positional = arguments.iter().take_while(|argument| argument.keyword.is_none() && !argument.starred);
        positional.into_iter().nth(position)
    }

    /// Every use of the plain name `name` that no binding of this document can reach: no binding of that name in
    /// the scope of the use or in one around it (class bodies around functions do not count, as in Python).
    /// Order of execution is not looked at, and a star import hides nothing.
    pub fn free_uses<'a>(&'a self, name: &str) -> Vec<&'a NameUse> {
        let Some(symbol) = self.symbols.get(name) else { return Vec::new() };
        let mut bound: Vec<ScopeId> = self
            .bindings
            .iter()
            .filter(|binding| binding.name == symbol && binding.kind.binds())
            .map(|binding| binding.scope)
            .collect();
        bound.sort_unstable();
        bound.dedup();
        self.uses
            .iter()
            .filter(|name_use| name_use.name == symbol)
            .filter(|name_use| self.owner(symbol, name_use.scope, |id| bound.binary_search(&id).is_ok()).is_none())
            .collect()
    }

    /// The scope whose binding of `name` code in `scope` sees, as Python looks it up; `bound` says whether a
    /// scope binds the name. `None` if no scope of the document does.
    pub fn owner(&self, name: Symbol, scope: ScopeId, bound: impl Fn(ScopeId) -> bool) -> Option<ScopeId> {
        let mut at = Some(scope);
        // A class body sees its own names, and so do the type parameters and annotations right inside it.
        let mut class_seen = true;
        while let Some(id) = at {
            let scope = self.scopes.get(id as usize)?;
            if !scope.globals.is_empty() && scope.globals.contains(&name) {
                return bound(0).then_some(0);
            }
            if (class_seen || scope.kind != ScopeKind::Class) && bound(id) {
                return Some(id);
            }
            class_seen &= scope.kind == ScopeKind::TypeParameters;
            at = scope.parent;
        }
        None
    }
}

impl BindingKind {
    /// Whether the name has a value afterwards.
    pub const fn binds(self) -> bool {
        !matches!(self, Self::Annotation | Self::Deletion | Self::ExceptionEnd)
    }
}
