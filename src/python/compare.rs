//! Small questions about pieces of code that are read once more: what an expression is, whether two definitions say
//! the same. Asked only where a finding depends on it.

use super::depth;
use super::parse;
use ruff_python_ast::comparable::ComparableStmt;
use ruff_python_ast::{Expr, Number, Operator, Parameters, Stmt, UnaryOp};
use ruff_python_parser::Mode;
use ruff_text_size::Ranged;

/// Code that nests deeper is compared as text.
const MAX_NESTING: u32 = 200;

/// What an expression is for sure, whatever its names mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number: a literal, arithmetic on numbers, or the result of a builtin that gives one (`len`, `int`).
    Number,
    /// `[…]`, and list comprehensions.
    List,
    /// `(…, …)`.
    Tuple,
    /// `{…}`, and set comprehensions.
    Set,
    /// `{…: …}`, and dictionary comprehensions.
    Dict,
    /// `… for … in …` and the results of `range`, `map`, `zip` and the like.
    Iterator,
    /// `lambda …`.
    Lambda,
    /// `None`, `True`, `False`.
    Constant,
    /// Anything else.
    Other,
}

impl Shape {
    /// The shape in words, with an article; empty for [`Shape::Other`].
    pub const fn words(self) -> &'static str {
        match self {
            Self::Number => "a number",
            Self::List => "a list",
            Self::Tuple => "a tuple",
            Self::Set => "a set",
            Self::Dict => "a dictionary",
            Self::Iterator => "an iterator",
            Self::Lambda => "a lambda",
            Self::Constant => "a constant",
            Self::Other => "",
        }
    }
}

/// What the expression `code` is. `is_builtin` says whether a name means Python's own function where the code stands.
/// A generator may come without its brackets, as it stands in a call.
pub fn shape(code: &str, is_builtin: &dyn Fn(&str) -> bool) -> Shape {
    if code.trim().is_empty() || depth::nests(code, Mode::Ipython, MAX_NESTING, true) {
        return Shape::Other;
    }
    // In brackets it may span lines.
    let Some(tree) = parse::parse(&format!("({code}\n)"), false, (3, u8::MAX)).filter(parse::Tree::is_valid) else {
        return Shape::Other;
    };
    match tree.statements() {
        [Stmt::Expr(statement)] => shape_of(&statement.value, is_builtin),
        _ => Shape::Other,
    }
}

fn shape_of(expression: &Expr, is_builtin: &dyn Fn(&str) -> bool) -> Shape {
    match expression {
        Expr::NumberLiteral(node) if !matches!(node.value, Number::Complex { .. }) => Shape::Number,
        Expr::List(_) | Expr::ListComp(_) => Shape::List,
        Expr::Tuple(_) => Shape::Tuple,
        Expr::Set(_) | Expr::SetComp(_) => Shape::Set,
        Expr::Dict(_) | Expr::DictComp(_) => Shape::Dict,
        Expr::Generator(_) => Shape::Iterator,
        Expr::Lambda(_) => Shape::Lambda,
        Expr::NoneLiteral(_) | Expr::BooleanLiteral(_) => Shape::Constant,
        Expr::UnaryOp(node) if matches!(node.op, UnaryOp::USub | UnaryOp::UAdd) => {
            Some(shape_of(&node.operand, is_builtin)).filter(|&shape| shape == Shape::Number).unwrap_or(Shape::Other)
        }
        Expr::BinOp(node) if node.op != Operator::MatMult => {
            match (shape_of(&node.left, is_builtin), shape_of(&node.right, is_builtin)) {
                (Shape::Number, Shape::Number) => Shape::Number,
                _ => Shape::Other,
            }
        }
        Expr::Call(node) => match &*node.func {
            Expr::Name(name) if is_builtin(&name.id) => match name.id.as_str() {
                "len" | "int" | "float" | "ord" => Shape::Number,
                "list" | "sorted" => Shape::List,
                "dict" => Shape::Dict,
                "set" | "frozenset" => Shape::Set,
                "tuple" => Shape::Tuple,
                "range" | "zip" | "map" | "enumerate" | "reversed" => Shape::Iterator,
                _ => Shape::Other,
            },
            Expr::Attribute(function) => match (&*function.value, function.attr.id.as_str()) {
                // Clocks, by the name under which everybody imports them.
                (Expr::Name(module), "time" | "perf_counter" | "monotonic" | "process_time") if module.id == "time" => {
                    Shape::Number
                }
                _ => Shape::Other,
            },
            _ => Shape::Other,
        },
        _ => Shape::Other,
    }
}

/// Whether the definitions (`def` or `class`) whose names stand at the given offsets of two pieces of code do the
/// same, as far as that can be read off: comments, layout, docstrings and annotations do not count. `None` if one
/// of them is not found.
pub fn same_definition(one: (&str, u32), two: (&str, u32)) -> Option<bool> {
    let (first, second) = (Definition::at(one)?, Definition::at(two)?);
    if first.code == second.code {
        return Some(true);
    }
    let (Some(first), Some(second)) = (first.plain(), second.plain()) else { return Some(false) };
    Some(ComparableStmt::from(&first) == ComparableStmt::from(&second))
}

/// A `def` or `class`.
struct Definition<'c> {
    code: &'c str,
    /// `None` if it nests too deeply.
    statement: Option<Stmt>,
}

impl<'c> Definition<'c> {
    fn at((code, offset): (&'c str, u32)) -> Option<Self> {
        let tree = parse::parse(code, true, (3, u8::MAX))?;
        let statement = tree.statements().iter().find(|statement| {
            let name = match statement {
                Stmt::FunctionDef(node) => &node.name,
                Stmt::ClassDef(node) => &node.name,
                _ => return false,
            };
            name.start().to_u32() == offset
        })?;
        let range = statement.range();
        let source = code.get(range.start().to_usize()..range.end().to_usize())?;
        let deep = depth::nests(source, Mode::Ipython, MAX_NESTING, true);
        Some(Self { code: source, statement: (!deep).then(|| statement.clone()) })
    }

    /// The statement without what makes no difference.
    fn plain(self) -> Option<Stmt> {
        let mut statement = self.statement?;
        strip(&mut statement);
        Some(statement)
    }
}

/// Takes docstrings, other texts that stand alone, `pass`, and annotations of parameters out of definitions.
fn strip(statement: &mut Stmt) {
    let body = match statement {
        Stmt::FunctionDef(node) => {
            node.returns = None;
            strip_parameters(&mut node.parameters);
            &mut node.body
        }
        Stmt::ClassDef(node) => &mut node.body,
        _ => return,
    };
    body.retain(|statement| match statement {
        Stmt::Expr(node) => !matches!(&*node.value, Expr::StringLiteral(_) | Expr::EllipsisLiteral(_)),
        Stmt::Pass(_) => false,
        _ => true,
    });
    body.iter_mut().for_each(strip);
}

fn strip_parameters(parameters: &mut Parameters) {
    let all = parameters.posonlyargs.iter_mut().chain(&mut parameters.args).chain(&mut parameters.kwonlyargs);
    all.for_each(|parameter| parameter.parameter.annotation = None);
    let more = parameters.vararg.iter_mut().chain(&mut parameters.kwarg);
    more.for_each(|parameter| parameter.annotation = None);
}

#[cfg(test)]
mod tests {
    use super::{Shape, same_definition, shape};

    #[test]
    fn shapes() {
        let of = |code| shape(code, &|name| name != "sum");
        for number in ["1", "-1", "3.14", "len(x)", "len(x) / 2", "time.time() - 5", "int(y) * -2"] {
            assert_eq!(of(number), Shape::Number, "{number}");
        }
        for (code, shape) in [
            ("[1, 2]", Shape::List),
            ("x for x in y", Shape::Iterator),
            ("x\nfor x in y", Shape::Iterator),
            ("(x for x in y)", Shape::Iterator),
            ("lambda x: x", Shape::Lambda),
            ("{1: 2}", Shape::Dict),
            ("{1, 2}", Shape::Set),
            ("(1, 2)", Shape::Tuple),
        ] {
            assert_eq!(of(code), shape, "{code}");
        }
        for other in ["x", "x * 100", "[1][0]", "sum(x)", "f(1)", "'a'", "1j", "a b", "len(x) * y", ""] {
            assert_eq!(of(other), Shape::Other, "{other}");
        }
    }

    #[test]
    fn definitions() {
        let same = |one: &str, two: &str| {
            let name = |code: &str| code.find("def f").and_then(|at| u32::try_from(at + 4).ok()).unwrap_or(0);
            same_definition((one, name(one)), (two, name(two)))
        };
        assert_eq!(
            same("def f(x):\n    return x + 'a'\n", "def f( x ) :\n  # one\n  return (x + \"a\")\n"),
            Some(true)
        );
        assert_eq!(
            same("def f(x):\n    return x\n", "y = 1\ndef f(x: int) -> int:\n    'doc'\n    return x\n"),
            Some(true)
        );
        assert_eq!(same("def f(x):\n    return x\n", "def f(x):\n    return -x\n"), Some(false));
        assert_eq!(same("def f(x):\n    return x\n", "def f(x, y=1):\n    return x\n"), Some(false));
        assert_eq!(same("def f(x):\n    return x\n", "g = 1\n"), None);
    }
}
