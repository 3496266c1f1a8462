//! The walk over statements.

use super::facts::{BindingKind, Branch, BranchKind, Function, ScopeId, ScopeKind, SyntaxError, SyntaxErrorKind};
use super::nodes::{Annotation, Bare, NodeId, Return};
use super::state::{Place, Walker, index};
use super::{effects, errors, parse};
use crate::text::{Span, region::Region};
use ruff_python_ast::{
    Decorator, ExceptHandler, Expr, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef, StmtTry, TypeParam,
    TypeParams,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Reads one region into the walker's tables.
pub(super) fn read<'r>(walker: &mut Walker<'r>, region: &'r Region<'_>, target: (u8, u8)) {
    walker.begin();
    walker.code = &region.code;
    walker.map = Some(&region.map);
    walker.cell = index(region.cell);
    walker.at = Place::default();
    walker.fold_budget += budget(&region.code);
    walker.deep = false;
    let Some(mut tree) = parse::parse(&region.code, region.ipython, target) else {
        walker.refuse();
        return;
    };
    if tree.is_lost() {
        let range = errors::first_line(TextRange::up_to(TextSize::of(&*region.code)), &region.code);
        let (span, kind, cell) = (walker.span(range), SyntaxErrorKind::Invalid, walker.cell);
        let message = "the parser can make no sense of this code".to_owned();
        walker.facts.syntax_errors.push(SyntaxError { span, message, kind, cell });
        return;
    }
    let mark = walker.mark();
    let (bound, bare) = (walker.facts.bindings.len(), walker.facts.bare.len());
    for statement in tree.statements() {
        walker.alone = false;
        walker.statement(statement);
        if walker.deep {
            walker.back_to(&mark);
            walker.refuse();
            return;
        }
        effects::note(walker, statement);
    }
    if matches!(tree.statements().last(), Some(Stmt::Expr(last)) if !last.value.is_string_literal_expr())
        && let Some(last) = walker.facts.bare.get_mut(bare..).and_then(<[_]>::last_mut)
    {
        last.shown = true;
    }
    tree.is_shallow();
    if region.ipython && !tree.errors().is_empty() {
        walker.recover(bound);
    }
    if let Some((range, message)) = errors::first(&tree, &region.code, region.ipython) {
        let (span, kind, cell) = (walker.span(range), SyntaxErrorKind::Invalid, walker.cell);
        walker.facts.syntax_errors.push(SyntaxError { span, message, kind, cell });
    }
    if !tree.unsupported().is_empty() {
        let start = walker.facts.syntax_errors.len() - usize::from(!tree.errors().is_empty());
        for error in tree.unsupported() {
            let (kind, message) = errors::unsupported(error);
            let (span, cell) = (walker.span(errors::first_line(error.range, &region.code)), walker.cell);
            walker.facts.syntax_errors.push(SyntaxError { span, message, kind, cell });
        }
        if let Some(added) = walker.facts.syntax_errors.get_mut(start..) {
            added.sort_by_key(|error| error.span);
        }
    }
}

/// How many bytes folding may produce for a region more than for those before it.
pub(super) const fn budget(code: &str) -> usize {
    code.len() * 4 + 4096
}

/// A `try` with at most so many statements looks whether something is there; a longer one does the work.
const MAX_PROBE: usize = 2;

impl Walker<'_> {
    /// Adds the rows that every document has: the module, and what always runs.
    pub(super) fn begin(&mut self) {
        if self.facts.scopes.is_empty() {
            let _ = self.scope(ScopeKind::Module, 0, None);
            self.facts.scopes.iter_mut().for_each(|module| module.parent = None);
            self.facts.branches.push(Branch { parent: 0, kind: BranchKind::Always, span: Span::default() });
        }
    }

    /// Records that the region is too deep.
    fn refuse(&mut self) {
        let len = TextSize::try_from(self.code.trim_end().len()).unwrap_or_default();
        let span = self.span(TextRange::up_to(len));
        self.facts.too_deep.push(span);
    }

    pub(super) fn body(&mut self, body: &[Stmt]) {
        for statement in body {
            self.alone = body.len() == 1;
            self.statement(statement);
        }
    }

    /// A body that may not run: an arm of a fork.
    fn arm(&mut self, kind: BranchKind, body: &[Stmt]) {
        if let (Some(first), Some(last)) = (body.first(), body.last()) {
            let branch = self.fork(kind, TextRange::new(first.start(), last.end().max(first.start())));
            let place = Place { conditional: true, branch, ..self.at };
            self.place(place, |walker| walker.body(body));
        }
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(node) => match &*node.value {
                Expr::StringLiteral(string) => {
                    self.string(string, true);
                }
                value => {
                    let node = self.expression(value);
                    if node.is_some() {
                        self.facts.bare.push(Bare { node, shown: false });
                    }
                }
            },
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Return(node) => {
                let value = self.optional_expression(node.value.as_deref());
                if let Some(function) = self.at.function {
                    let span = self.span(node.range);
                    self.facts.returns.push(Return { function, value, span });
                }
            }
            Stmt::Assign(node) => {
                let value = self.expression(&node.value);
                let is_sequence = |it: &Expr| matches!(it, Expr::Tuple(_) | Expr::List(_) | Expr::Set(_));
                // `x, y = 1, 2` is no unpacking, `x, y = pair` is.
                let written_out = is_sequence(&node.value) && node.targets.iter().all(is_sequence);
                for target in &node.targets {
                    let kind = match &*node.value {
                        Expr::IpyEscapeCommand(_) => BindingKind::Magic,
                        _ if is_sequence(target) && !written_out => BindingKind::Unpacked,
                        _ => BindingKind::Assignment,
                    };
                    self.giving(value, |walker| walker.target(target, kind));
                }
                self.note_value(&node.targets, &node.value);
            }
            Stmt::AugAssign(node) => {
                let value = self.expression(&node.value);
                if let Expr::Name(name) = &*node.target {
                    self.name(name);
                }
                self.giving(value, |walker| walker.target(&node.target, BindingKind::Augmented));
                self.note_augmented(node);
            }
            Stmt::AnnAssign(node) => {
                let value = match node.value.as_deref() {
                    Some(value) if last_name(&node.annotation) == "TypeAlias" => self.typed(value),
                    value => self.optional_expression(value),
                };
                let annotation = self.annotation(&node.annotation);
                let kind = if node.value.is_some() { BindingKind::Assignment } else { BindingKind::Annotation };
                let binding = self.facts.bindings.len();
                self.giving(value, |walker| walker.target(&node.target, kind));
                self.annotate(binding, annotation);
                if let Some(value) = node.value.as_deref() {
                    self.note_value(std::slice::from_ref(&node.target), value);
                }
            }
            Stmt::Delete(node) => {
                for target in &node.targets {
                    self.target(target, BindingKind::Deletion);
                }
            }
            Stmt::Raise(node) => {
                self.optional_expression(node.exc.as_deref());
                self.optional_expression(node.cause.as_deref());
            }
            Stmt::Assert(node) => {
                self.condition(&node.test);
                self.optional_expression(node.msg.as_deref());
            }
            Stmt::Global(node) => {
                for name in &node.names {
                    let symbol = self.facts.symbols.intern(&name.id);
                    if let Some(scope) = self.facts.scopes.get_mut(self.at.scope as usize) {
                        scope.globals.push(symbol);
                    }
                }
            }
            Stmt::Nonlocal(node) => {
                for name in &node.names {
                    let symbol = self.facts.symbols.intern(&name.id);
                    if let Some(scope) = self.facts.scopes.get_mut(self.at.scope as usize) {
                        scope.nonlocals.push(symbol);
                    }
                }
            }
            Stmt::Pass(_) | Stmt::Break(_) | Stmt::Continue(_) => {}
            Stmt::IpyEscapeCommand(node) => self.magic(node.kind, &node.value, node.range),
            compound => self.deeper(1, |walker| walker.compound(compound)),
        }
    }

    fn compound(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::TypeAlias(node) => {
                self.target(&node.name, BindingKind::Assignment);
                self.with_type_parameters(node.type_params.as_deref(), |walker, _| {
                    walker.annotation(&node.value);
                });
            }
            Stmt::If(node) => {
                self.condition(&node.test);
                let typing = effects::is_type_checking(&node.test);
                let kind = if typing { BranchKind::TypeChecking } else { BranchKind::If };
                let place = Place { optional: self.at.optional || typing, ..self.at };
                self.place(place, |walker| walker.arm(kind, &node.body));
                for clause in &node.elif_else_clauses {
                    clause.test.iter().for_each(|test| self.condition(test));
                    self.arm(BranchKind::If, &clause.body);
                }
            }
            Stmt::For(node) => {
                let iterable = self.expression(&node.iter);
                let branch = self.fork(BranchKind::Loop, node.range);
                let place = Place { conditional: true, in_loop: true, branch, ..self.at };
                self.place(place, |walker| {
                    walker.giving(iterable, |walker| walker.target(&node.target, BindingKind::Loop));
                    walker.body(&node.body);
                });
                self.arm(BranchKind::Loop, &node.orelse);
            }
            Stmt::While(node) => {
                let branch = self.fork(BranchKind::Loop, node.range);
                let place = Place { in_loop: true, branch, ..self.at };
                self.place(place, |walker| {
                    walker.condition(&node.test);
                    walker.place(Place { conditional: true, ..walker.at }, |walker| walker.body(&node.body));
                });
                self.arm(BranchKind::Loop, &node.orelse);
            }
            Stmt::With(node) => {
                let mut optional = self.at.optional;
                for item in &node.items {
                    let manager = self.expression(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        let kind = if target.is_name_expr() { BindingKind::With } else { BindingKind::Unpacked };
                        let given = if target.is_name_expr() { manager } else { NodeId::NONE };
                        self.giving(given, |walker| walker.target(target, kind));
                    }
                    optional |= suppresses_import_errors(&item.context_expr);
                }
                let place = Place { optional, ..self.at };
                self.place(place, |walker| walker.arm(BranchKind::With, &node.body));
            }
            Stmt::Match(node) => {
                self.expression(&node.subject);
                for case in &node.cases {
                    let branch = self.fork(BranchKind::Case, case.range);
                    let place = Place { conditional: true, branch, ..self.at };
                    self.place(place, |walker| {
                        walker.pattern(&case.pattern);
                        walker.optional_expression(case.guard.as_deref());
                        walker.body(&case.body);
                    });
                }
            }
            Stmt::Try(node) => self.try_statement(node),
            _ => {}
        }
    }

    fn try_statement(&mut self, node: &StmtTry) {
        let handlers = || node.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| handler);
        let catches = |is: fn(&Expr) -> bool| handlers().any(|handler| catches(handler.type_.as_deref(), is));
        let optional = self.at.optional || catches(is_import_error);
        let named = handlers().any(|handler| handler.type_.as_deref().is_some_and(|it| catches_named(it, "NameError")));
        let guarded = self.at.guarded || named || (node.body.len() <= MAX_PROBE && catches(is_name_error));
        let branch = self.fork(BranchKind::Try, node.range);
        let place = Place { conditional: true, optional, ..self.at };
        self.place(Place { guarded, branch, ..place }, |walker| walker.body(&node.body));
        for handler in handlers() {
            let branch = self.fork(BranchKind::Handler, handler.range);
            self.place(Place { branch, ..place }, |walker| {
                walker.optional_expression(handler.type_.as_deref());
                if let Some(name) = &handler.name {
                    walker.bind_identifier(name, BindingKind::Exception);
                }
                walker.body(&handler.body);
                if let Some(name) = &handler.name {
                    walker.bind_identifier(name, BindingKind::ExceptionEnd);
                }
            });
        }
        // What follows a body that went through runs as one with it.
        self.place(Place { conditional: true, branch, ..self.at }, |walker| walker.body(&node.orelse));
        if let (Some(first), Some(last)) = (node.finalbody.first(), node.finalbody.last()) {
            let branch = self.fork(BranchKind::Finally, TextRange::new(first.start(), last.end().max(first.start())));
            self.place(Place { branch, ..self.at }, |walker| walker.body(&node.finalbody));
        }
    }

    fn function(&mut self, node: &StmtFunctionDef) {
        let id = index(self.facts.functions.len());
        let name = self.facts.symbols.intern(&node.name.id);
        let start = node.decorator_list.first().map_or(node.range.start(), |first| first.start().min(node.start()));
        self.facts.functions.push(Function {
            name,
            name_span: self.span(node.name.range),
            span: self.span(TextRange::new(start, node.range.end())),
            scope: self.at.scope,
            body_scope: self.at.scope,
            returns: NodeId::NONE,
            plain: !node.is_async,
            decorators: Vec::new(),
            cell: self.cell,
        });
        for decorator in &node.decorator_list {
            self.decorator(id, decorator);
        }
        // Defaults are evaluated where the function is defined, before it has its name.
        self.defaults(&node.parameters);
        self.bind_identifier(&node.name, BindingKind::Function(id));
        self.with_type_parameters(node.type_params.as_deref(), |walker, parent| {
            let mut annotations = Vec::new();
            for (at, parameter) in node.parameters.iter().enumerate() {
                if let Some(annotation) = parameter.annotation() {
                    annotations.push((at, walker.annotation(annotation)));
                }
            }
            let returns = node.returns.as_ref().map_or(NodeId::NONE, |returns| walker.annotation(returns));
            let scope = walker.scope(ScopeKind::Function, parent, Some(id));
            if let Some(function) = walker.facts.functions.get_mut(id as usize) {
                function.body_scope = scope;
                function.returns = returns;
            }
            let place = Place { scope, function: Some(id), branch: walker.at.branch, ..Place::default() };
            walker.place(place, |walker| {
                walker.parameters(&node.parameters, &annotations);
                walker.body(&node.body);
            });
        });
    }

    fn decorator(&mut self, function: u32, decorator: &Decorator) {
        self.expression(&decorator.expression);
        let callee = match &decorator.expression {
            Expr::Call(call) => &*call.func,
            other => other,
        };
        if let Some((path, root)) = self.dotted(callee)
            && let Some(row) = self.facts.functions.get_mut(function as usize)
        {
            self.decorator_roots.push((function, row.decorators.len(), root));
            row.decorators.push(path);
        }
    }

    /// Walks the defaults of parameters.
    pub(super) fn defaults(&mut self, parameters: &Parameters) {
        for parameter in parameters.iter_non_variadic_params() {
            self.optional_expression(parameter.default.as_deref());
        }
    }

    /// Binds parameters in the scope of the place; `annotations` are those of some, by position.
    pub(super) fn parameters(&mut self, parameters: &Parameters, annotations: &[(usize, NodeId)]) {
        let mut annotations = annotations.iter().peekable();
        for (at, parameter) in parameters.iter().enumerate() {
            let binding = self.facts.bindings.len();
            self.bind_identifier(parameter.name(), BindingKind::Parameter);
            // That of `*args` says what each of them is.
            let plain = !parameter.is_variadic();
            if let Some(&(_, node)) = annotations.next_if(|(of, _)| *of == at)
                && plain
            {
                self.annotate(binding, node);
            }
        }
    }

    /// Notes the annotation of a binding, if that was made.
    fn annotate(&mut self, binding: usize, node: NodeId) {
        if node.is_some() && self.facts.bindings.len() == binding + 1 {
            self.facts.annotations.push(Annotation { binding: index(binding), node });
        }
    }

    /// Walks an expression of which only the truth is asked.
    fn condition(&mut self, test: &Expr) {
        let node = self.expression(test);
        self.facts.conditions.push(node);
    }

    fn class(&mut self, node: &StmtClassDef) {
        for decorator in &node.decorator_list {
            self.expression(&decorator.expression);
        }
        self.with_type_parameters(node.type_params.as_deref(), |walker, parent| {
            if let Some(arguments) = &node.arguments {
                for argument in arguments.iter_source_order() {
                    walker.expression(argument.value());
                }
            }
            let scope = walker.scope(ScopeKind::Class, parent, None);
            // The body runs where it stands, once: what holds around it holds in it.
            let place = Place { scope, ..walker.at };
            walker.place(place, |walker| walker.body(&node.body));
        });
        self.bind_identifier(&node.name, BindingKind::Class);
    }

    /// Does `work` in a scope with the type parameters, if there are any; it gets the scope's id.
    fn with_type_parameters(&mut self, parameters: Option<&TypeParams>, work: impl FnOnce(&mut Self, ScopeId)) {
        let Some(parameters) = parameters else {
            let scope = self.at.scope;
            return work(self, scope);
        };
        let scope = self.scope(ScopeKind::TypeParameters, self.at.scope, None);
        self.place(Place { scope, ..self.at }, |walker| {
            for parameter in &parameters.type_params {
                walker.bind_identifier(parameter.name(), BindingKind::TypeParameter);
                if let TypeParam::TypeVar(variable) = parameter
                    && let Some(bound) = &variable.bound
                {
                    walker.annotation(bound);
                }
                if let Some(default) = parameter.default() {
                    walker.annotation(default);
                }
            }
            work(walker, scope);
        });
    }

    fn pattern(&mut self, pattern: &Pattern) {
        self.deeper(1, |walker| match pattern {
            Pattern::MatchValue(node) => {
                walker.expression(&node.value);
            }
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => node.patterns.iter().for_each(|inner| walker.pattern(inner)),
            Pattern::MatchOr(node) => node.patterns.iter().for_each(|inner| walker.pattern(inner)),
            Pattern::MatchMapping(node) => {
                for key in &node.keys {
                    walker.expression(key);
                }
                node.patterns.iter().for_each(|inner| walker.pattern(inner));
                if let Some(rest) = &node.rest {
                    walker.bind_identifier(rest, BindingKind::Assignment);
                }
            }
            Pattern::MatchClass(node) => {
                walker.expression(&node.cls);
                node.arguments.patterns.iter().for_each(|inner| walker.pattern(inner));
                node.arguments.keywords.iter().for_each(|keyword| walker.pattern(&keyword.pattern));
            }
            Pattern::MatchStar(node) => {
                if let Some(name) = &node.name {
                    walker.bind_identifier(name, BindingKind::Assignment);
                }
            }
            Pattern::MatchAs(node) => {
                if let Some(inner) = &node.pattern {
                    walker.pattern(inner);
                }
                if let Some(name) = &node.name {
                    walker.bind_identifier(name, BindingKind::Assignment);
                }
            }
        });
    }
}

/// The last name of `a.b.c`.
fn last_name(expression: &Expr) -> &str {
    match expression {
        Expr::Name(name) => &name.id,
        Expr::Attribute(attribute) => &attribute.attr.id,
        _ => "",
    }
}

fn is_import_error(expression: &Expr) -> bool {
    matches!(last_name(expression), "ImportError" | "ModuleNotFoundError" | "Exception" | "BaseException")
}

/// Whether an `except` with this expression names the exception.
fn catches_named(caught: &Expr, name: &str) -> bool {
    match caught {
        Expr::Tuple(types) => types.elts.iter().any(|one| last_name(one) == name),
        one => last_name(one) == name,
    }
}

fn is_name_error(expression: &Expr) -> bool {
    matches!(last_name(expression), "NameError" | "Exception" | "BaseException")
}

/// Whether an `except` with this expression takes an exception that `is` names; a bare one takes all.
fn catches(caught: Option<&Expr>, is: fn(&Expr) -> bool) -> bool {
    match caught {
        None => true,
        Some(Expr::Tuple(types)) => types.elts.iter().any(is),
        Some(one) => is(one),
    }
}

fn suppresses_import_errors(manager: &Expr) -> bool {
    match manager {
        Expr::Call(call) => last_name(&call.func) == "suppress" && call.arguments.args.iter().any(is_import_error),
        _ => false,
    }
}
