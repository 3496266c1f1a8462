//! The walk over expressions.

use super::facts::{AttributeUse, BindingKind, CallId, NameUse, ScopeKind};
use super::nodes::{BinaryOp, Children, CompareOp, NodeId, NodeKind};
use super::state::{Place, Walker, index};
use super::strings::Part;
use super::symbols::Symbol;
use ruff_python_ast::{
    CmpOp, Comprehension, Expr, ExprAttribute, ExprBoolOp, ExprCompare, ExprDict, ExprFString, ExprLambda, ExprName,
    ExprSubscript, FStringPart, Operator, UnaryOp,
};
use ruff_text_size::{Ranged, TextRange};

/// A display with more elements is data.
const MAX_ELEMENTS: usize = 256;

/// What a chain of attributes stands on.
#[derive(Clone, Copy, Default)]
pub(super) enum Base {
    Name {
        name: Symbol,
        range: TextRange,
    },
    Call(CallId),
    #[default]
    Other,
}

impl Walker<'_> {
    pub(super) fn optional_expression(&mut self, expression: Option<&Expr>) -> NodeId {
        expression.map_or(NodeId::NONE, |expression| self.expression(expression))
    }

    /// Walks expressions, which become the children of one.
    fn expressions<'a>(&mut self, expressions: impl IntoIterator<Item = &'a Expr>) -> Children {
        let start = self.parts.len();
        for expression in expressions {
            let node = self.expression(expression);
            self.parts.push(node);
        }
        self.children(start)
    }

    /// The same for a display. Plain values in a long one are data, and not kept.
    fn elements(&mut self, elements: &[Expr]) -> Children {
        if elements.len() <= MAX_ELEMENTS {
            return self.expressions(elements);
        }
        let start = self.parts.len();
        for element in elements {
            let rows = self.facts.nodes.len();
            let mut node = self.expression(element);
            if element.is_literal_expr() {
                self.facts.nodes.truncate(rows);
                node = NodeId::NONE;
            }
            self.parts.push(node);
        }
        self.children(start)
    }

    /// Walks an expression that is read.
    pub(super) fn expression(&mut self, expression: &Expr) -> NodeId {
        match expression {
            Expr::Name(name) => self.name(name).1,
            Expr::StringLiteral(string) => self.string(string, false),
            Expr::NumberLiteral(number) => {
                let small = number.value.as_int().and_then(ruff_python_ast::Int::as_i32);
                self.node(number.range, small.map_or(NodeKind::Literal, NodeKind::Int))
            }
            Expr::BooleanLiteral(node) => self.node(node.range, NodeKind::Bool(node.value)),
            Expr::NoneLiteral(node) => self.node(node.range, NodeKind::None),
            Expr::BytesLiteral(node) => self.node(node.range, NodeKind::Literal),
            Expr::EllipsisLiteral(_) => NodeId::NONE,
            Expr::IpyEscapeCommand(node) => {
                self.magic(node.kind, &node.value, node.range);
                NodeId::NONE
            }
            inner => self.deeper(1, |walker| walker.inner(inner)),
        }
    }

    fn inner(&mut self, expression: &Expr) -> NodeId {
        let kind = match expression {
            Expr::Call(node) => return self.call(node).1,
            Expr::Attribute(node) => return self.attribute(node, false),
            Expr::Subscript(node) => return self.subscript(node),
            Expr::Starred(node) => NodeKind::Starred(self.expression(&node.value)),
            Expr::List(node) => NodeKind::List(self.elements(&node.elts)),
            Expr::Tuple(node) => NodeKind::Tuple(self.elements(&node.elts)),
            Expr::Set(node) => NodeKind::Set(self.elements(&node.elts)),
            Expr::Dict(node) => self.dict(node),
            Expr::BinOp(node) => {
                let left = self.expression(&node.left);
                let right = self.expression(&node.right);
                NodeKind::Binary { op: binary(node.op), left, right }
            }
            Expr::UnaryOp(node) => {
                let operand = self.expression(&node.operand);
                match node.op {
                    UnaryOp::Not => NodeKind::Not(operand),
                    UnaryOp::Invert => NodeKind::Invert(operand),
                    UnaryOp::UAdd | UnaryOp::USub => NodeKind::Signed(operand),
                }
            }
            Expr::Compare(node) => self.comparison(node),
            Expr::BoolOp(node) => self.logic(node),
            Expr::If(node) => {
                let test = self.expression(&node.test);
                self.facts.conditions.push(test);
                let place = Place { conditional: true, ..self.at };
                self.place(place, |walker| {
                    let then = walker.expression(&node.body);
                    let otherwise = walker.expression(&node.orelse);
                    NodeKind::Conditional { then, otherwise }
                })
            }
            Expr::FString(node) => self.interpolation(node),
            Expr::TString(node) => {
                let start = self.parts.len();
                let parts = node.value.as_slice();
                let (value, holes) = self.interpolated(parts.iter().map(|part| Part::Elements(&part.elements)));
                self.push_string(node.range, value, holes);
                self.parts.truncate(start);
                NodeKind::Other
            }
            Expr::Named(node) => {
                let value = self.expression(&node.value);
                if let Expr::Name(name) = &*node.target
                    && !name.id.is_empty()
                {
                    let symbol = self.facts.symbols.intern(&name.id);
                    self.giving(value, |walker| walker.bind_walrus(symbol, name.range));
                }
                return value;
            }
            Expr::Lambda(node) => self.lambda(node),
            Expr::ListComp(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::SetComp(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::Generator(node) => self.comprehension(&node.generators, &[&node.elt]),
            Expr::DictComp(node) => {
                match &node.key {
                    Some(key) => self.comprehension(&node.generators, &[key, &node.value]),
                    None => self.comprehension(&node.generators, &[&node.value]),
                };
                NodeKind::Other
            }
            Expr::Await(node) => NodeKind::Await(self.expression(&node.value)),
            Expr::YieldFrom(node) => {
                self.expression(&node.value);
                self.generates();
                NodeKind::Other
            }
            Expr::Yield(node) => {
                self.optional_expression(node.value.as_deref());
                self.generates();
                NodeKind::Other
            }
            Expr::Slice(node) => {
                for part in [&node.lower, &node.upper, &node.step] {
                    self.optional_expression(part.as_deref());
                }
                NodeKind::Other
            }
            _ => NodeKind::Other,
        };
        self.node(expression.range(), kind)
    }

    fn dict(&mut self, node: &ExprDict) -> NodeKind {
        let start = self.parts.len();
        for item in &node.items {
            let key = self.optional_expression(item.key.as_ref());
            self.parts.push(key);
            let value = self.expression(&item.value);
            self.parts.push(value);
        }
        NodeKind::Dict(self.children(start))
    }

    fn comparison(&mut self, node: &ExprCompare) -> NodeKind {
        self.note_probe(node);
        let left = self.expression(&node.left);
        let rights = self.expressions(&node.comparators);
        match (&*node.ops, self.facts.children(rights)) {
            ([op], &[right]) => NodeKind::Compare { op: compare(*op), left, right },
            _ => NodeKind::Other,
        }
    }

    fn logic(&mut self, node: &ExprBoolOp) -> NodeKind {
        let start = self.parts.len();
        if let Some((first, rest)) = node.values.split_first() {
            let first = self.expression(first);
            self.parts.push(first);
            let place = Place { conditional: true, ..self.at };
            self.place(place, |walker| {
                for value in rest {
                    let value = walker.expression(value);
                    walker.parts.push(value);
                }
            });
        }
        NodeKind::Logic(self.children(start))
    }

    fn interpolation(&mut self, node: &ExprFString) -> NodeKind {
        let start = self.parts.len();
        let parts = node.value.as_slice();
        let (value, holes) = self.interpolated(parts.iter().map(|part| match part {
            FStringPart::Literal(literal) => Part::Literal(literal.as_str(), literal.range),
            FStringPart::FString(string) => Part::Elements(&string.elements),
        }));
        self.push_string(node.range, value, holes);
        NodeKind::Joined(self.children(start))
    }

    /// The function around gives its values one by one.
    fn generates(&mut self) {
        let function = self.at.function.and_then(|id| self.facts.functions.get_mut(id as usize));
        if let Some(function) = function.filter(|function| function.body_scope == self.at.scope) {
            function.plain = false;
        }
    }

    /// Does `work`, in which what is bound gets this value.
    pub(super) fn giving(&mut self, value: NodeId, work: impl FnOnce(&mut Self)) {
        let before = std::mem::replace(&mut self.given, value);
        work(self);
        self.given = before;
    }

    /// Walks an annotation: names in quotes are read as well.
    pub(super) fn annotation(&mut self, annotation: &Expr) -> NodeId {
        let place = Place { annotation: true, typed: true, ..self.at };
        self.place(place, |walker| walker.expression(annotation))
    }

    /// Records a name that is read.
    pub(super) fn name(&mut self, node: &ExprName) -> (Symbol, NodeId) {
        let name = self.facts.symbols.intern(&node.id);
        if node.id.is_empty() {
            return (name, NodeId::NONE);
        }
        let row = index(self.facts.uses.len());
        self.read(name, node.range);
        (name, self.node(node.range, NodeKind::Name(row)))
    }

    /// The same for a name that is known already.
    pub(super) fn read(&mut self, name: Symbol, range: TextRange) {
        let Place { scope, branch, annotation, quoted, guarded, .. } = self.at;
        let (span, cell) = (self.span(range), self.cell);
        self.facts.uses.push(NameUse { name, span, scope, branch, cell, annotation, quoted, guarded });
    }

    fn subscript(&mut self, node: &ExprSubscript) -> NodeId {
        let base = self.expression(&node.value);
        let index = self.index(node);
        self.node(node.range, NodeKind::Subscript { base, index })
    }

    fn index(&mut self, node: &ExprSubscript) -> NodeId {
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
                    return NodeId::NONE;
                }
                _ => {}
            }
        }
        if !self.at.typed && node.ctx.is_load() && self.is_generic(&node.value) {
            self.typed(&node.slice)
        } else {
            self.expression(&node.slice)
        }
    }

    fn lambda(&mut self, node: &ExprLambda) -> NodeKind {
        if let Some(parameters) = &node.parameters {
            self.defaults(parameters);
        }
        let scope = self.scope(ScopeKind::Lambda, self.at.scope, None);
        let Place { function, branch, guarded, .. } = self.at;
        self.place(Place { scope, function, guarded, branch, ..Place::default() }, |walker| {
            if let Some(parameters) = &node.parameters {
                walker.parameters(parameters, &[]);
            }
            let body = walker.expression(&node.body);
            NodeKind::Lambda { scope, body }
        })
    }

    fn comprehension(&mut self, generators: &[Comprehension], elements: &[&Expr]) -> NodeKind {
        // The first iterable is evaluated once, outside.
        let first = generators.first().map_or(NodeId::NONE, |first| self.expression(&first.iter));
        let scope = self.scope(ScopeKind::Comprehension, self.at.scope, None);
        self.place(Place { scope, in_loop: true, conditional: true, ..self.at }, |walker| {
            for (at, generator) in generators.iter().enumerate() {
                let iterable = if at > 0 { walker.expression(&generator.iter) } else { first };
                walker.giving(iterable, |walker| walker.target(&generator.target, BindingKind::Loop));
                for condition in &generator.ifs {
                    let node = walker.expression(condition);
                    walker.facts.conditions.push(node);
                }
            }
            let mut element = NodeId::NONE;
            for one in elements {
                element = walker.expression(one);
            }
            NodeKind::Each { scope, element }
        })
    }

    /// Walks what is assigned to or deleted.
    pub(super) fn target(&mut self, target: &Expr, kind: BindingKind) {
        match target {
            Expr::Name(name) if !name.id.is_empty() => {
                let symbol = self.facts.symbols.intern(&name.id);
                self.bind(symbol, name.range, kind);
            }
            Expr::Name(_) => {}
            Expr::Attribute(node) => {
                self.deeper(1, |walker| walker.attribute(node, true));
            }
            Expr::Tuple(node) => self.targets(&node.elts, kind),
            Expr::List(node) => self.targets(&node.elts, kind),
            Expr::Starred(node) => self.deeper(1, |walker| walker.target(&node.value, kind)),
            other => {
                self.note_namespace_item(other, kind);
                self.expression(other);
            }
        }
    }

    /// Each of several targets gets its part of a value that is written out; of another that is unpacked once, all.
    fn targets(&mut self, targets: &[Expr], kind: BindingKind) {
        let given = self.given;
        let parts = match self.facts.kind(given) {
            NodeKind::List(parts) | NodeKind::Tuple(parts)
                if kind == BindingKind::Assignment && parts.len as usize == targets.len() =>
            {
                parts
            }
            _ => Children::default(),
        };
        self.deeper(1, |walker| {
            for (at, target) in targets.iter().enumerate() {
                let whole = kind == BindingKind::Unpacked && target.is_name_expr();
                let rest = if whole { given } else { NodeId::NONE };
                let part = walker.facts.children(parts).get(at).copied().unwrap_or(rest);
                walker.giving(part, |walker| walker.target(target, kind));
            }
        });
    }

    /// Walks a chain of attributes that is not called.
    fn attribute(&mut self, node: &ExprAttribute, stored: bool) -> NodeId {
        let (base, on) = self.base(&node.value);
        if let Base::Name { name, range } = base {
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
        self.attribute_of(on, node)
    }

    pub(super) fn attribute_of(&mut self, base: NodeId, node: &ExprAttribute) -> NodeId {
        let name = self.facts.symbols.intern(&node.attr.id);
        self.node(node.range, NodeKind::Attribute { base, name })
    }

    /// Walks what stands before an attribute, through the attributes between; gives what these stand on, and all of it.
    pub(super) fn base(&mut self, value: &Expr) -> (Base, NodeId) {
        let (base, mut on) = self.root(value);
        if let Expr::Attribute(last) = value {
            let mut between = vec![last];
            let mut at = last;
            while let Expr::Attribute(node) = &*at.value {
                between.push(node);
                at = node;
            }
            for node in between.iter().rev() {
                on = self.attribute_of(on, node);
            }
        }
        (base, on)
    }

    fn root(&mut self, value: &Expr) -> (Base, NodeId) {
        let (mut at, mut levels) = (value, 1);
        while let Expr::Attribute(node) = at {
            at = &node.value;
            levels += 1;
        }
        match at {
            Expr::Name(node) => {
                if self.depth + levels > super::state::MAX_DEPTH {
                    self.deep = true;
                    return (Base::Other, NodeId::NONE);
                }
                let (name, id) = self.name(node);
                (Base::Name { name, range: node.range }, id)
            }
            Expr::Call(node) => self.deeper(levels, |walker| {
                let (call, id) = walker.call(node);
                (Base::Call(call), id)
            }),
            other => self.deeper(levels, |walker| (Base::Other, walker.expression(other))),
        }
    }

    /// The dotted path of a chain from the name at `root` to the attribute `node`.
    pub(super) fn path(&mut self, root: TextRange, name: Symbol, node: &ExprAttribute) -> Symbol {
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
}

const fn binary(op: Operator) -> BinaryOp {
    match op {
        Operator::Add => BinaryOp::Add,
        Operator::Mod => BinaryOp::Mod,
        Operator::BitAnd => BinaryOp::And,
        Operator::BitOr => BinaryOp::Or,
        _ => BinaryOp::Other,
    }
}

const fn compare(op: CmpOp) -> CompareOp {
    match op {
        CmpOp::Eq => CompareOp::Equal,
        CmpOp::NotEq => CompareOp::NotEqual,
        CmpOp::Lt => CompareOp::Less,
        CmpOp::LtE => CompareOp::LessOrEqual,
        CmpOp::Gt => CompareOp::Greater,
        CmpOp::GtE => CompareOp::GreaterOrEqual,
        _ => CompareOp::Other,
    }
}
