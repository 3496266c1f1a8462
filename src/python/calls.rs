//! The walk over calls, and what they add to `sys.path` and `__all__`.

use super::expressions::Base;
use super::facts::{Argument, Call, CallId, PathAddition};
use super::nodes::{NodeId, NodeKind};
use super::state::{Guess, Guessed, Walker, index};
use super::symbols::Symbol;
use ruff_python_ast::{ArgOrKeyword, Expr, ExprCall, Identifier};
use ruff_text_size::{Ranged, TextRange};

impl Walker<'_> {
    pub(super) fn call(&mut self, node: &ExprCall) -> (CallId, NodeId) {
        let (mut path, mut root, mut method, mut receiver) = (None, None, None, None);
        let of;
        let callee = match &*node.func {
            Expr::Name(name) => {
                let symbol;
                (symbol, of) = self.name(name);
                (path, root, method) = (Some(symbol), Some(symbol), Some(symbol));
                name.range
            }
            Expr::Attribute(attribute) => {
                let (base, on) = self.base(&attribute.value);
                match base {
                    Base::Name { name, range } => {
                        path = Some(self.path(range, name, attribute));
                        root = Some(name);
                    }
                    Base::Call(call) => receiver = Some(call),
                    Base::Other => {}
                }
                method = Some(self.facts.symbols.intern(&attribute.attr.id));
                of = self.attribute_of(on, attribute);
                attribute.attr.range
            }
            other => {
                of = self.expression(other);
                other.range()
            }
        };
        let parts = self.parts.len();
        self.walk_arguments(node);
        let start = index(self.facts.arguments.len());
        for (at, argument) in node.arguments.iter_source_order().enumerate() {
            let value = self.parts.get(parts + at).copied().unwrap_or_default();
            self.argument(argument, value);
        }
        self.parts.truncate(parts);
        let call = self.node(node.range(), NodeKind::Call(index(self.facts.calls.len())));
        let id = index(self.facts.calls.len());
        self.call_roots.push(root);
        self.facts.calls.push(Call {
            span: self.span(node.range()),
            callee: self.span(callee),
            node: call,
            of,
            path,
            method,
            receiver,
            arguments: start..index(self.facts.arguments.len()),
            scope: self.at.scope,
            function: self.at.function,
            branch: self.at.branch,
            in_loop: self.at.in_loop,
            cell: self.cell,
        });
        if let Some(path) = path {
            self.note_list_method(node, path, id);
        } else {
            self.note_namespace_update(node);
        }
        (id, call)
    }

    fn argument(&mut self, argument: ArgOrKeyword<'_>, node: NodeId) {
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
        self.facts.arguments.push(Argument { keyword, starred, span, node, value: known });
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
