//! The walk over expressions.

use super::facts::{
    Argument, AttributeUse, BindingKind, Call, CallId, NameUse, PathAddition, ScopeKind, StringLiteral,
};
use super::state::{Guess, Guessed, Place, Walker, index};
use super::symbols::Symbol;
use ruff_python_ast::{
    ArgOrKeyword, Comprehension, Expr, ExprAttribute, ExprCall, ExprLambda, ExprName, ExprStringLiteral, ExprSubscript,
    FStringPart, Identifier, InterpolatedStringElement, InterpolatedStringElements,
};
use ruff_python_parser::parse_string_annotation;
use ruff_text_size::{Ranged, TextRange};

/// Longer annotations in quotes are not read: they could nest deeply.
const MAX_QUOTED: u32 = 500;

/// What a chain of attributes stands on.
#[derive(Clone, Copy, Default)]
enum Base {
    Name {
        name: Symbol,
        range: TextRange,
    },
    Call(CallId),
    #[default]
    Other,
}

impl Walker<'_> {
    pub(super) fn optional_expression(&mut self, expression: Option<&Expr>) {
        if let Some(expression) = expression {
            self.expression(expression);
        }
    }

    pub(super) fn expressions<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) {
        for expression in expressions {
            self.expression(expression);
        }
    }

    /// Expressions of which those after the first may not be evaluated.
    fn first_and_branches(&mut self, first: &Expr, rest: &[&Expr]) {
        self.expression(first);
        let place = Place { conditional: true, ..self.at };
        self.place(place, |walker| walker.expressions(rest.iter().copied()));
    }

    /// Walks an expression that is read.
    pub(super) fn expression(&mut self, expression: &Expr) {
        match expression {
            Expr::Name(name) => {
                self.name(name);
            }
            Expr::StringLiteral(string) => self.string(string, false),
            Expr::NumberLiteral(_)
            | Expr::BooleanLiteral(_)
            | Expr::NoneLiteral(_)
            | Expr::EllipsisLiteral(_)
            | Expr::BytesLiteral(_) => {}
            Expr::IpyEscapeCommand(node) => self.magic(node.kind, &node.value, node.range),
            inner => self.deeper(1, |walker| walker.inner(inner)),
        }
    }

    fn inner(&mut self, expression: &Expr) {
        match expression {
            Expr::Call(node) => {
                self.call(node);
            }
            Expr::Attribute(node) => self.attribute(node, false),
            Expr::Subscript(node) => self.subscript(node),
            Expr::Starred(node) => self.expression(&node.value),
            Expr::List(node) => self.expressions(&node.elts),
            Expr::Tuple(node) => self.expressions(&node.elts),
            Expr::Set(node) => self.expressions(&node.elts),
            Expr::Dict(node) => {
                for item in &node.items {
                    self.optional_expression(item.key.as_ref());
                    self.expression(&item.value);
                }
            }
            Expr::BinOp(node) => {
                self.expression(&node.left);
                self.expression(&node.right);
            }
            Expr::UnaryOp(node) => self.expression(&node.operand),
            Expr::Compare(node) => {
                self.note_probe(node);
                self.expression(&node.left);
                self.expressions(&node.comparators);
            }
            Expr::BoolOp(node) => {
                if let Some((first, rest)) = node.values.split_first() {
                    self.expression(first);
                    let place = Place { conditional: true, ..self.at };
                    self.place(place, |walker| walker.expressions(rest));
                }
            }
            Expr::If(node) => self.first_and_branches(&node.test, &[&node.body, &node.orelse]),
            Expr::FString(node) => {
                let parts = node.value.as_slice();
                let (value, holes) = self.interpolated(parts.iter().map(|part| match part {
                    FStringPart::Literal(literal) => Part::Literal(literal.as_str()),
                    FStringPart::FString(string) => Part::Elements(&string.elements),
                }));
                self.push_string(node.range, value, holes);
            }
            Expr::TString(node) => {
                let parts = node.value.as_slice();
                let (value, holes) = self.interpolated(parts.iter().map(|part| Part::Elements(&part.elements)));
                self.push_string(node.range, value, holes);
            }
            Expr::Named(node) => {
                self.expression(&node.value);
                if let Expr::Name(name) = &*node.target
                    && !name.id.is_empty()
                {
                    let symbol = self.facts.symbols.intern(&name.id);
                    self.bind_walrus(symbol, name.range);
                }
            }
            Expr::Lambda(node) => self.lambda(node),
            Expr::ListComp(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::SetComp(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::Generator(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::DictComp(node) => match &node.key {
                Some(key) => self.comprehension(&node.generators, &[key, &node.value]),
                None => self.comprehension(&node.generators, &[&node.value]),
            },
            Expr::Await(node) => self.expression(&node.value),
            Expr::YieldFrom(node) => {
                self.gives_a_value();
                self.expression(&node.value);
            }
            Expr::Yield(node) => {
                self.gives_a_value();
                self.optional_expression(node.value.as_deref());
            }
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper, &node.step] {
                    self.optional_expression(part.as_deref());
                }
            }
            _ => {}
        }
    }

    /// Walks an annotation: names in quotes are read as well.
    pub(super) fn annotation(&mut self, annotation: &Expr) {
        let place = Place { annotation: true, typed: true, ..self.at };
        self.place(place, |walker| walker.expression(annotation));
    }

    /// Records a name that is read.
    pub(super) fn name(&mut self, node: &ExprName) -> Symbol {
        let name = self.facts.symbols.intern(&node.id);
        if !node.id.is_empty() {
            self.read(name, node.range);
        }
        name
    }

    /// The same for a name that is known already.
    pub(super) fn read(&mut self, name: Symbol, range: TextRange) {
        let Place { scope, annotation, quoted, guarded, .. } = self.at;
        let (span, cell) = (self.span(range), self.cell);
        self.facts.uses.push(NameUse { name, span, scope, cell, annotation, quoted, guarded });
    }

    /// Records a string literal, and reads it if it is an annotation.
    pub(super) fn string(&mut self, node: &ExprStringLiteral, statement: bool) {
        let (span, cell) = (self.span(node.range), self.cell);
        let value = match node.value.as_slice() {
            [one] => one.value.clone(),
            _ => node.value.to_str().into(),
        };
        self.facts.strings.push(StringLiteral { span, value, holes: false, statement, cell });
        if self.at.typed
            && let [one] = node.value.as_slice()
            && one.range.len().to_u32() <= MAX_QUOTED
            && let Ok(parsed) = parse_string_annotation(self.code, one)
        {
            let place = Place { quoted: true, ..self.at };
            self.place(place, |walker| walker.deeper(1, |walker| walker.expression(&parsed.syntax().body)));
        }
    }

    fn push_string(&mut self, range: TextRange, value: String, holes: bool) {
        let (span, cell, value) = (self.span(range), self.cell, value.into_boxed_str());
        self.facts.strings.push(StringLiteral { span, value, holes, statement: false, cell });
    }

    /// Walks the holes of an f-string; gives its text, and whether it has holes.
    fn interpolated<'a>(&mut self, parts: impl Iterator<Item = Part<'a>>) -> (String, bool) {
        let (mut text, mut holes) = (String::new(), false);
        for part in parts {
            match part {
                Part::Literal(literal) => text.push_str(literal),
                Part::Elements(elements) => {
                    for element in elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => text.push_str(&literal.value),
                            InterpolatedStringElement::Interpolation(_) => {
                                text.push_str("{}");
                                holes = true;
                            }
                        }
                    }
                    self.holes(elements);
                }
            }
        }
        (text, holes)
    }

    fn holes(&mut self, elements: &InterpolatedStringElements) {
        for hole in elements.interpolations() {
            let place = Place { annotation: false, typed: false, ..self.at };
            self.place(place, |walker| walker.expression(&hole.expression));
            if let Some(format) = &hole.format_spec {
                self.deeper(1, |walker| walker.holes(&format.elements));
            }
        }
    }

    fn subscript(&mut self, node: &ExprSubscript) {
        self.expression(&node.value);
        if self.at.typed {
            let last = match &*node.value {
                Expr::Name(name) => name.id.as_str(),
                Expr::Attribute(attribute) => attribute.attr.id.as_str(),
                _ => "",
            };
            // In these, strings are values and no names.
            let plain = Place { typed: false, ..self.at };
            match (last, &*node.slice) {
                ("Literal", slice) => return self.place(plain, |walker| walker.expression(slice)),
                ("Annotated", Expr::Tuple(arguments)) => {
                    if let Some((first, rest)) = arguments.elts.split_first() {
                        self.expression(first);
                        self.place(plain, |walker| walker.expressions(rest));
                    }
                    return;
                }
                _ => {}
            }
        }
        if !self.at.typed && node.ctx.is_load() && self.is_generic(&node.value) {
            self.typed(&node.slice);
        } else {
            self.expression(&node.slice);
        }
    }

    fn lambda(&mut self, node: &ExprLambda) {
        if let Some(parameters) = &node.parameters {
            self.defaults(parameters);
        }
        let scope = self.scope(ScopeKind::Lambda, self.at.scope, None);
        let Place { function, branch, guarded, .. } = self.at;
        self.place(Place { scope, function, guarded, branch, ..Place::default() }, |walker| {
            if let Some(parameters) = &node.parameters {
                walker.parameters(parameters);
            }
            walker.expression(&node.body);
        });
    }

    fn comprehension(&mut self, generators: &[Comprehension], elements: &[&Expr]) {
        // The first iterable is evaluated once, outside.
        if let Some(first) = generators.first() {
            self.expression(&first.iter);
        }
        let scope = self.scope(ScopeKind::Comprehension, self.at.scope, None);
        self.place(Place { scope, in_loop: true, conditional: true, ..self.at }, |walker| {
            for (at, generator) in generators.iter().enumerate() {
                if at > 0 {
                    walker.expression(&generator.iter);
                }
                walker.target(&generator.target, BindingKind::Loop);
                walker.expressions(&generator.ifs);
            }
            walker.expressions(elements.iter().copied());
        });
    }

    /// Walks what is assigned to or deleted.
    pub(super) fn target(&mut self, target: &Expr, kind: BindingKind) {
        match target {
            Expr::Name(name) if !name.id.is_empty() => {
                let symbol = self.facts.symbols.intern(&name.id);
                self.bind(symbol, name.range, kind);
            }
            Expr::Name(_) => {}
            Expr::Attribute(node) => self.deeper(1, |walker| walker.attribute(node, true)),
            Expr::Tuple(node) => self.targets(&node.elts, kind),
            Expr::List(node) => self.targets(&node.elts, kind),
            Expr::Starred(node) => self.deeper(1, |walker| walker.target(&node.value, kind)),
            other => {
                self.note_namespace_item(other, kind);
                self.expression(other);
            }
        }
    }

    fn targets(&mut self, targets: &[Expr], kind: BindingKind) {
        self.deeper(1, |walker| {
            for target in targets {
                walker.target(target, kind);
            }
        });
    }

    /// Walks a chain of attributes that is not called.
    fn attribute(&mut self, node: &ExprAttribute, stored: bool) {
        if let Base::Name { name, range } = self.base(&node.value) {
            let path = self.path(range, name, node);
            self.attribute_roots.push(name);
            self.facts.attributes.push(AttributeUse {
                path,
                span: self.span(node.range),
                root: self.span(range),
                scope: self.at.scope,
                stored,
                cell: self.cell,
            });
        }
    }

    /// Walks what stands before an attribute, through the attributes between.
    fn base(&mut self, value: &Expr) -> Base {
        let (mut at, mut levels) = (value, 1);
        while let Expr::Attribute(node) = at {
            at = &node.value;
            levels += 1;
        }
        match at {
            Expr::Name(node) => {
                if self.depth + levels > super::state::MAX_DEPTH {
                    self.deep = true;
                    return Base::Other;
                }
                Base::Name { name: self.name(node), range: node.range }
            }
            Expr::Call(node) => self.deeper(levels, |walker| Base::Call(walker.call(node))),
            other => self.deeper(levels, |walker| {
                walker.expression(other);
                Base::Other
            }),
        }
    }

    /// The dotted path of a chain from the name at `root` to the attribute `node`.
    fn path(&mut self, root: TextRange, name: Symbol, node: &ExprAttribute) -> Symbol {
        let (mut at, mut len) = (node, node.attr.id.len() + 1);
        while let Expr::Attribute(inner) = &*at.value {
            at = inner;
            len += inner.attr.id.len() + 1;
        }
        len += self.facts.symbols.text(name).len();
        // Nearly always the code says it as it is: no blanks, line ends or parentheses between.
        let source = self.source(TextRange::new(root.start(), node.range.end()));
        if source.len() == len {
            return self.facts.symbols.intern(source);
        }
        let mut names: Vec<&str> = vec![&node.attr.id];
        let mut at = node;
        while let Expr::Attribute(inner) = &*at.value {
            at = inner;
            names.push(&inner.attr.id);
        }
        let mut path = self.facts.symbols.text(name).to_owned();
        for name in names.iter().rev() {
            path.push('.');
            path.push_str(name);
        }
        self.facts.symbols.intern(&path)
    }

    /// The dotted path of a chain of names with its first name, without walking it.
    pub(super) fn dotted(&mut self, expression: &Expr) -> Option<(Symbol, Symbol)> {
        match expression {
            Expr::Name(name) => {
                let symbol = self.facts.symbols.intern(&name.id);
                Some((symbol, symbol))
            }
            Expr::Attribute(node) => {
                let mut at = &*node.value;
                while let Expr::Attribute(inner) = at {
                    at = &inner.value;
                }
                let Expr::Name(root) = at else { return None };
                let name = self.facts.symbols.intern(&root.id);
                Some((self.path(root.range, name, node), name))
            }
            _ => None,
        }
    }

    fn call(&mut self, node: &ExprCall) -> CallId {
        let (mut path, mut root, mut method, mut receiver) = (None, None, None, None);
        let callee = match &*node.func {
            Expr::Name(name) => {
                let symbol = self.name(name);
                (path, root, method) = (Some(symbol), Some(symbol), Some(symbol));
                name.range
            }
            Expr::Attribute(attribute) => {
                match self.base(&attribute.value) {
                    Base::Name { name, range } => {
                        path = Some(self.path(range, name, attribute));
                        root = Some(name);
                    }
                    Base::Call(call) => receiver = Some(call),
                    Base::Other => {}
                }
                method = Some(self.facts.symbols.intern(&attribute.attr.id));
                attribute.attr.range
            }
            other => {
                self.expression(other);
                other.range()
            }
        };
        self.walk_arguments(node);
        let start = index(self.facts.arguments.len());
        for argument in node.arguments.iter_source_order() {
            self.argument(argument);
        }
        let id = index(self.facts.calls.len());
        self.call_roots.push(root);
        self.facts.calls.push(Call {
            span: self.span(node.range()),
            callee: self.span(callee),
            path,
            method,
            receiver,
            arguments: start..index(self.facts.arguments.len()),
            scope: self.at.scope,
            function: self.at.function,
            in_loop: self.at.in_loop,
            cell: self.cell,
        });
        if let Some(path) = path {
            self.note_list_method(node, path, id);
        } else {
            self.note_namespace_update(node);
        }
        id
    }

    fn argument(&mut self, argument: ArgOrKeyword<'_>) {
        let (keyword, starred, value) = match argument {
            ArgOrKeyword::Arg(Expr::Starred(node)) => (None, true, &*node.value),
            ArgOrKeyword::Arg(value) => (None, false, value),
            ArgOrKeyword::Keyword(keyword) => {
                let name = keyword.arg.as_ref().map(|name: &Identifier| self.facts.symbols.intern(&name.id));
                (name, name.is_none(), &keyword.value)
            }
        };
        let span = self.span_of(value);
        let before = self.depends.len();
        let known = self.value(value, true);
        if self.depends.len() > before {
            let without = self.value(value, false);
            let what = Guessed::Argument(index(self.facts.arguments.len()), without);
            self.guesses.push(Guess { what, depends: before..self.depends.len(), scope: self.at.scope });
        }
        self.facts.arguments.push(Argument { keyword, starred, span, value: known });
    }

    /// Looks for what adds to `sys.path` and `__all__`: the only lists whose content matters.
    fn note_list_method(&mut self, node: &ExprCall, path: Symbol, call: CallId) {
        let text = self.facts.symbols.text(path);
        let Some((list, method)) = text.rsplit_once('.') else { return };
        if !matches!(method, "append" | "insert" | "extend") {
            return;
        }
        // What `list` really is may only be known in the end: `from sys import path`.
        let is_path = list.rsplit('.').next() == Some("path");
        let is_exports = list == "__all__" && self.at.scope == 0;
        let extend = method == "extend";
        let position = usize::from(method == "insert");
        let Some(value) = node.arguments.args.get(position).filter(|_| is_path || is_exports) else { return };
        let values = match value {
            Expr::List(list) if extend => list.elts.as_slice(),
            Expr::Tuple(tuple) if extend => tuple.elts.as_slice(),
            _ if extend => {
                self.facts.exports_more |= is_exports;
                return;
            }
            one => std::slice::from_ref(one),
        };
        if is_exports {
            self.export(values);
        } else {
            let range = node.range();
            for value in values {
                self.add_folder(value, range, Some(call));
            }
        }
    }

    /// Records that the folder `value` is added to `sys.path`, if it can be said which that is.
    pub(super) fn add_folder(&mut self, value: &Expr, place: TextRange, call: Option<CallId>) {
        let before = self.depends.len();
        let Some(folder) = self.folder(value, 0).and_then(super::folders::Folder::into_folder) else {
            self.depends.truncate(before);
            return;
        };
        if self.depends.len() > before {
            let what = Guessed::Addition(index(self.facts.path_additions.len()));
            self.guesses.push(Guess { what, depends: before..self.depends.len(), scope: self.at.scope });
        }
        let span = self.span(place);
        self.facts.path_additions.push(PathAddition { folder, span });
        self.addition_calls.push(call);
    }

    /// Adds string literals to the names of `__all__`.
    pub(super) fn export(&mut self, values: &[Expr]) {
        let mut names = self.facts.exports.take().unwrap_or_default();
        let literals = values.iter().filter_map(Expr::as_string_literal_expr);
        self.facts.exports_more |= values.iter().any(|value| !value.is_string_literal_expr());
        names.extend(literals.map(|literal| self.facts.symbols.intern(literal.value.to_str())));
        self.facts.exports = Some(names);
    }
}

/// Part of an f-string or t-string.
enum Part<'a> {
    Literal(&'a str),
    Elements(&'a InterpolatedStringElements),
}
