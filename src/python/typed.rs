//! Strings that are types although they stand in no annotation: `cast("Table", x)`, `List["Table"]`.

use super::facts::Import;
use super::nodes::NodeId;
use super::state::{Outer, Place, Typing, Walker};
use ruff_python_ast::{ArgOrKeyword, Expr, ExprCall};

/// Modules whose classes take types in brackets, and `cast` and the rest.
const MODULES: &[&str] = &["collections", "collections.abc", "typing", "typing_extensions"];
/// Builtins that take types in brackets.
const BUILTINS: &[&str] = &["dict", "frozenset", "list", "set", "tuple", "type"];

impl<'r> Outer<'r> {
    /// What a name stands for in [`MODULES`].
    fn typing(self, name: &str) -> Option<Typing<&'r str>> {
        let typing = self.known.typing.get(&self.symbols.get(name)?)?;
        Some(typing.map(|name| self.symbols.text(name)))
    }
}

impl Walker<'_> {
    /// Remembers what an import calls the names of [`MODULES`].
    pub(super) fn note_typing(&mut self, row: &Import) {
        let module = self.facts.symbols.text(row.module);
        if let Some(bound) = row.bound
            && row.level == 0
            && MODULES.binary_search(&module).is_ok()
        {
            self.known.typing.insert(bound, row.name.map_or(Typing::Module, Typing::Name));
        }
    }

    /// Walks an expression in which strings are types.
    pub(super) fn typed(&mut self, expression: &Expr) -> NodeId {
        let place = Place { typed: true, ..self.at };
        self.place(place, |walker| walker.expression(expression))
    }

    fn untyped(&mut self, expression: &Expr) -> NodeId {
        let place = Place { typed: false, ..self.at };
        self.place(place, |walker| walker.expression(expression))
    }

    /// The name in [`MODULES`] that an expression stands for.
    fn typing_name<'e>(&'e self, expression: &'e Expr) -> Option<&'e str> {
        if self.known.typing.is_empty() && self.outer.is_none_or(|outer| outer.known.typing.is_empty()) {
            return None;
        }
        let own = Outer { symbols: &self.facts.symbols, known: &self.known };
        let known = |name: &str| own.typing(name).or_else(|| self.outer?.typing(name));
        match expression {
            Expr::Name(name) => match known(&name.id)? {
                Typing::Name(name) => Some(name),
                Typing::Module => None,
            },
            Expr::Attribute(attribute) => match &*attribute.value {
                Expr::Name(module) => (known(&module.id)? == Typing::Module).then_some(attribute.attr.id.as_str()),
                _ => None,
            },
            _ => None,
        }
    }

    /// Whether an expression takes types in brackets.
    pub(super) fn is_generic(&self, expression: &Expr) -> bool {
        match expression {
            Expr::Name(name) if BUILTINS.binary_search(&name.id.as_str()).is_ok() => true,
            other => self.typing_name(other).is_some_and(|name| {
                name.starts_with(|c: char| c.is_uppercase()) && !matches!(name, "Literal" | "Annotated")
            }),
        }
    }

    /// Walks the arguments of a call, which are put down as parts. Strings in them are no types, but where the called
    /// function says so.
    pub(super) fn walk_arguments(&mut self, node: &ExprCall) {
        let typing = self.typing_name(&node.func).and_then(|name| FUNCTIONS.iter().find(|row| row.0 == name));
        let Some(&(function, position, keywords)) = typing else {
            for argument in node.arguments.iter_source_order() {
                let value =
                    if self.at.typed { self.untyped(argument.value()) } else { self.expression(argument.value()) };
                self.parts.push(value);
            }
            return;
        };
        for (at, argument) in node.arguments.iter_source_order().enumerate() {
            let is_type = match argument {
                ArgOrKeyword::Arg(_) => at == position || function == "TypeVar" && at > 0,
                ArgOrKeyword::Keyword(keyword) => {
                    keywords.is_empty() || keyword.arg.as_ref().is_some_and(|name| keywords.contains(&name.id.as_str()))
                }
            };
            let value = match argument {
                value if !is_type => self.untyped(value.value()),
                other => match other.value() {
                    Expr::Dict(fields) if function == "TypedDict" => {
                        for field in &fields.items {
                            field.key.iter().for_each(|key| {
                                self.untyped(key);
                            });
                            self.typed(&field.value);
                        }
                        NodeId::NONE
                    }
                    Expr::List(fields) if function == "NamedTuple" => self.fields(&fields.elts),
                    Expr::Tuple(fields) if function == "NamedTuple" => self.fields(&fields.elts),
                    value => self.typed(value),
                },
            };
            self.parts.push(value);
        }
    }

    /// The fields of a named tuple, as pairs of name and type.
    fn fields(&mut self, fields: &[Expr]) -> NodeId {
        for field in fields {
            match field {
                Expr::Tuple(pair) => match pair.elts.as_slice() {
                    [name, of] => {
                        self.untyped(name);
                        self.typed(of);
                    }
                    other => {
                        for value in other {
                            self.untyped(value);
                        }
                    }
                },
                other => {
                    self.untyped(other);
                }
            }
        }
        NodeId::NONE
    }
}

/// Functions, the position of the argument that is a type, and the keywords that are (all, if none is named).
const FUNCTIONS: &[(&str, usize, &[&str])] = &[
    ("cast", 0, &["typ"]),
    ("NewType", 1, &["tp"]),
    ("TypeVar", 1, &["bound", "default"]),
    ("TypeAliasType", 1, &["value", "type_params"]),
    ("NamedTuple", 1, &[]),
    ("TypedDict", 1, &[]),
];
