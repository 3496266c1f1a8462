//! Whether a module does something when it is merely loaded.

use super::state::Walker;
use ruff_python_ast::{CmpOp, ExceptHandler, Expr, Stmt};

/// Nothing deeper is looked at; it counts as doing something.
const MAX_LEVELS: u32 = 30;

/// Functions that only make a value, called by their bare name: what modules commonly do while they are loaded.
const HARMLESS: &[&str] = &[
    "ArrayType",
    "BinaryType",
    "BooleanType",
    "ByteType",
    "DateType",
    "Decimal",
    "DecimalType",
    "DoubleType",
    "FloatType",
    "IntegerType",
    "LongType",
    "MapType",
    "NamedTuple",
    "NewType",
    "NullType",
    "ParamSpec",
    "Path",
    "ShortType",
    "StringType",
    "StructField",
    "StructType",
    "TimestampNTZType",
    "TimestampType",
    "TypeVar",
    "TypeVarTuple",
    "TypedDict",
    "VarcharType",
    "bool",
    "date",
    "datetime",
    "defaultdict",
    "dict",
    "field",
    "float",
    "frozenset",
    "getLogger",
    "getenv",
    "int",
    "list",
    "namedtuple",
    "object",
    "pandas_udf",
    "set",
    "str",
    "timedelta",
    "tuple",
    "udf",
];

/// Modules of which every function that is not named here only makes a value.
const HARMLESS_MODULES: &[&str] =
    &["T", "collections", "datetime", "decimal", "environ", "logging", "path", "pathlib", "re", "types", "typing"];
/// The others.
const HARMFUL: &[&str] = &["basicConfig", "captureWarnings", "disable", "shutdown", "append", "insert", "extend"];

/// Looks at one top-level statement, in order.
pub(super) fn note(walker: &mut Walker<'_>, statement: &Stmt) {
    if is_main_guard(statement) {
        if walker.facts.main_guard.is_none() {
            walker.facts.main_guard = Some(walker.span_of(statement));
        }
    } else if walker.facts.first_effect.is_none() && !is_harmless(statement, 0) {
        walker.facts.first_effect = Some(walker.span_of(statement));
    }
}

/// `TYPE_CHECKING` or `typing.TYPE_CHECKING`.
pub(super) fn is_type_checking(test: &Expr) -> bool {
    match test {
        Expr::Name(name) => name.id == "TYPE_CHECKING",
        Expr::Attribute(attribute) => attribute.attr.id == "TYPE_CHECKING",
        _ => false,
    }
}

/// `if __name__ == "__main__":`, either way round.
fn is_main_guard(statement: &Stmt) -> bool {
    let Stmt::If(node) = statement else { return false };
    let Expr::Compare(test) = &*node.test else { return false };
    let is_name = |side: &Expr| matches!(side, Expr::Name(name) if name.id == "__name__");
    let is_main = |side: &Expr| matches!(side, Expr::StringLiteral(name) if name.value.to_str() == "__main__");
    match (&*test.ops, &*test.comparators) {
        ([CmpOp::Eq], [right]) => is_name(&test.left) && is_main(right) || is_main(&test.left) && is_name(right),
        _ => false,
    }
}

fn all_harmless(body: &[Stmt], level: u32) -> bool {
    body.iter().all(|statement| is_harmless(statement, level))
}

fn is_harmless(statement: &Stmt, level: u32) -> bool {
    if level > MAX_LEVELS {
        return false;
    }
    let level = level + 1;
    match statement {
        Stmt::Import(_)
        | Stmt::ImportFrom(_)
        | Stmt::FunctionDef(_)
        | Stmt::ClassDef(_)
        | Stmt::TypeAlias(_)
        | Stmt::Pass(_)
        | Stmt::Global(_)
        | Stmt::Delete(_) => true,
        Stmt::Expr(node) => matches!(
            &*node.value,
            Expr::StringLiteral(_) | Expr::EllipsisLiteral(_) | Expr::NoneLiteral(_) | Expr::NumberLiteral(_)
        ),
        Stmt::Assign(node) => is_plain(&node.value, level) && !stores_into(&node.targets),
        Stmt::AnnAssign(node) => node.value.as_deref().is_none_or(|value| is_plain(value, level)),
        Stmt::AugAssign(node) => node.target.is_name_expr() && is_plain(&node.value, level),
        Stmt::If(node) => {
            is_type_checking(&node.test) && node.elif_else_clauses.is_empty()
                || is_plain(&node.test, level)
                    && all_harmless(&node.body, level)
                    && node.elif_else_clauses.iter().all(|clause| {
                        clause.test.as_ref().is_none_or(|test| is_plain(test, level))
                            && all_harmless(&clause.body, level)
                    })
        }
        Stmt::Try(node) => {
            all_harmless(&node.body, level)
                && node.handlers.iter().all(|ExceptHandler::ExceptHandler(handler)| {
                    // A handler only says what to do without the module.
                    all_harmless(&handler.body, level) || handler.body.iter().all(Stmt::is_raise_stmt)
                })
                && all_harmless(&node.orelse, level)
                && all_harmless(&node.finalbody, level)
        }
        _ => false,
    }
}

/// `os.environ["X"] = …` does something to others.
fn stores_into(targets: &[Expr]) -> bool {
    targets.iter().any(|target| matches!(target, Expr::Subscript(_) | Expr::Attribute(_)))
}

/// Whether an expression only makes a value.
fn is_plain(expression: &Expr, level: u32) -> bool {
    if level > MAX_LEVELS {
        return false;
    }
    let level = level + 1;
    let plain = |expression: &Expr| is_plain(expression, level);
    match expression {
        Expr::Name(_)
        | Expr::StringLiteral(_)
        | Expr::BytesLiteral(_)
        | Expr::NumberLiteral(_)
        | Expr::BooleanLiteral(_)
        | Expr::NoneLiteral(_)
        | Expr::EllipsisLiteral(_)
        | Expr::FString(_)
        | Expr::Lambda(_) => true,
        Expr::Attribute(node) => plain(&node.value),
        Expr::Subscript(node) => plain(&node.value) && plain(&node.slice),
        Expr::Slice(node) => [&node.lower, &node.upper, &node.step].into_iter().flatten().all(|bound| plain(bound)),
        Expr::Starred(node) => plain(&node.value),
        Expr::List(node) => node.elts.iter().all(plain),
        Expr::Tuple(node) => node.elts.iter().all(plain),
        Expr::Set(node) => node.elts.iter().all(plain),
        Expr::Dict(node) => node.items.iter().all(|item| item.key.as_ref().is_none_or(plain) && plain(&item.value)),
        Expr::BinOp(node) => plain(&node.left) && plain(&node.right),
        Expr::BoolOp(node) => node.values.iter().all(plain),
        Expr::UnaryOp(node) => plain(&node.operand),
        Expr::Compare(node) => plain(&node.left) && node.comparators.iter().all(plain),
        Expr::If(node) => plain(&node.test) && plain(&node.body) && plain(&node.orelse),
        Expr::Call(node) => {
            let harmless = match &*node.func {
                Expr::Name(name) => HARMLESS.binary_search(&name.id.as_str()).is_ok(),
                Expr::Attribute(function) => {
                    let name = function.attr.id.as_str();
                    let module = match &*function.value {
                        Expr::Name(module) => module.id.as_str(),
                        Expr::Attribute(module) => module.attr.id.as_str(),
                        _ => "",
                    };
                    HARMLESS_MODULES.binary_search(&module).is_ok() && !HARMFUL.contains(&name)
                        || module == "os" && name == "getenv"
                        || module != "spark" && matches!(name, "udf" | "pandas_udf")
                }
                _ => false,
            };
            harmless && node.arguments.iter_source_order().all(|argument| plain(argument.value()))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_harmless_are_sorted() {
        assert!(super::HARMLESS.is_sorted());
        assert!(super::HARMLESS_MODULES.is_sorted());
    }
}
