//! The walk over statements.

use super::facts::{BindingKind, Function, Import, ScopeId, ScopeKind, SyntaxError, SyntaxErrorKind};
use super::state::{Place, Walker, index};
use super::symbols::Symbol;
use super::{effects, errors, parse};
use crate::text::region::Region;
use ruff_python_ast::{
    Alias, Decorator, ExceptHandler, Expr, IpyEscapeKind, Parameters, Pattern, Stmt, StmtClassDef, StmtFunctionDef,
    StmtImport, StmtImportFrom, StmtIpyEscapeCommand, StmtTry, TypeParam, TypeParams,
};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Code behind a magic is only read if it is shorter than this, so that it cannot nest deeply.
const MAX_MAGIC: usize = 1000;

/// Reads one region into the walker's tables.
pub(super) fn read<'r>(walker: &mut Walker<'r>, region: &'r Region<'_>, target: (u8, u8)) {
    if walker.facts.scopes.is_empty() {
        let _ = walker.scope(ScopeKind::Module, 0, None);
        walker.facts.scopes.iter_mut().for_each(|module| module.parent = None);
    }
    walker.code = &region.code;
    walker.map = Some(&region.map);
    walker.cell = index(region.cell);
    walker.at = Place::default();
    walker.fold_budget += region.code.len() * 4 + 4096;
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
    for statement in tree.statements() {
        walker.statement(statement);
        if walker.deep {
            walker.back_to(&mark);
            walker.refuse();
            return;
        }
        effects::note(walker, statement);
    }
    tree.is_shallow();
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

/// A `try` with at most so many statements looks whether something is there; a longer one does the work.
const MAX_PROBE: usize = 2;

impl Walker<'_> {
    /// Records that the region is too deep.
    fn refuse(&mut self) {
        let len = TextSize::try_from(self.code.trim_end().len()).unwrap_or_default();
        let span = self.span(TextRange::up_to(len));
        self.facts.too_deep.push(span);
    }

    fn body(&mut self, body: &[Stmt]) {
        for statement in body {
            self.statement(statement);
        }
    }

    /// A body that may not run.
    fn branch(&mut self, body: &[Stmt]) {
        let place = Place { conditional: true, ..self.at };
        self.place(place, |walker| walker.body(body));
    }

    fn statement(&mut self, statement: &Stmt) {
        match statement {
            Stmt::Expr(node) => match &*node.value {
                Expr::StringLiteral(string) => self.string(string, true),
                value => self.expression(value),
            },
            Stmt::Import(node) => self.import(node),
            Stmt::ImportFrom(node) => self.import_from(node),
            Stmt::Return(node) => self.optional_expression(node.value.as_deref()),
            Stmt::Assign(node) => {
                self.expression(&node.value);
                let magic = matches!(&*node.value, Expr::IpyEscapeCommand(_));
                let kind = if magic { BindingKind::Magic } else { BindingKind::Assignment };
                for target in &node.targets {
                    self.target(target, kind);
                }
                self.note_value(&node.targets, &node.value);
            }
            Stmt::AugAssign(node) => {
                self.expression(&node.value);
                if let Expr::Name(name) = &*node.target {
                    self.name(name);
                }
                self.target(&node.target, BindingKind::Augmented);
                self.note_augmented(node);
            }
            Stmt::AnnAssign(node) => {
                self.optional_expression(node.value.as_deref());
                self.annotation(&node.annotation);
                let kind = if node.value.is_some() { BindingKind::Assignment } else { BindingKind::Annotation };
                self.target(&node.target, kind);
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
                self.expression(&node.test);
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
            Stmt::IpyEscapeCommand(node) => self.magic(node),
            compound => self.deeper(1, |walker| walker.compound(compound)),
        }
    }

    /// The statement behind `%time`, which runs as if the magic were not there.
    fn magic(&mut self, node: &StmtIpyEscapeCommand) {
        let Some(argument) = node.value.strip_prefix("time ").filter(|_| node.kind == IpyEscapeKind::Magic) else {
            return;
        };
        let source = self.source(node.range);
        let Some(at) = source.find(argument.trim()).filter(|_| argument.len() < MAX_MAGIC) else { return };
        let shift = self.shift + node.range.start().to_u32() + index(at);
        let code = self.code;
        let inner = code.get((shift - self.shift) as usize..node.range.end().to_usize()).unwrap_or("");
        let Some(tree) = parse::parse(inner, false, (3, u8::MAX)).filter(parse::Tree::is_valid) else {
            return;
        };
        let outer = (self.shift, std::mem::replace(&mut self.code, inner));
        self.shift = shift;
        self.deeper(1, |walker| walker.body(tree.statements()));
        (self.shift, self.code) = outer;
    }

    fn compound(&mut self, statement: &Stmt) {
        match statement {
            Stmt::FunctionDef(node) => self.function(node),
            Stmt::ClassDef(node) => self.class(node),
            Stmt::TypeAlias(node) => {
                self.target(&node.name, BindingKind::Assignment);
                self.with_type_parameters(node.type_params.as_deref(), |walker, _| walker.annotation(&node.value));
            }
            Stmt::If(node) => {
                self.expression(&node.test);
                let optional = self.at.optional || effects::is_type_checking(&node.test);
                let place = Place { conditional: true, optional, ..self.at };
                self.place(place, |walker| walker.body(&node.body));
                for clause in &node.elif_else_clauses {
                    self.optional_expression(clause.test.as_ref());
                    self.branch(&clause.body);
                }
            }
            Stmt::For(node) => {
                self.expression(&node.iter);
                let place = Place { conditional: true, in_loop: true, ..self.at };
                self.place(place, |walker| {
                    walker.target(&node.target, BindingKind::Assignment);
                    walker.body(&node.body);
                });
                self.branch(&node.orelse);
            }
            Stmt::While(node) => {
                let place = Place { in_loop: true, ..self.at };
                self.place(place, |walker| {
                    walker.expression(&node.test);
                    walker.branch(&node.body);
                });
                self.branch(&node.orelse);
            }
            Stmt::With(node) => {
                let mut optional = self.at.optional;
                for item in &node.items {
                    self.expression(&item.context_expr);
                    if let Some(target) = &item.optional_vars {
                        self.target(target, BindingKind::Assignment);
                    }
                    optional |= suppresses_import_errors(&item.context_expr);
                }
                let place = Place { conditional: true, optional, ..self.at };
                self.place(place, |walker| walker.body(&node.body));
            }
            Stmt::Match(node) => {
                self.expression(&node.subject);
                let place = Place { conditional: true, ..self.at };
                self.place(place, |walker| {
                    for case in &node.cases {
                        walker.pattern(&case.pattern);
                        walker.optional_expression(case.guard.as_deref());
                        walker.body(&case.body);
                    }
                });
            }
            Stmt::Try(node) => self.try_statement(node),
            _ => {}
        }
    }

    fn try_statement(&mut self, node: &StmtTry) {
        let handlers = || node.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| handler);
        let catches = |is: fn(&Expr) -> bool| handlers().any(|handler| catches(handler.type_.as_deref(), is));
        let optional = self.at.optional || catches(is_import_error);
        let guarded = self.at.guarded || (node.body.len() <= MAX_PROBE && catches(is_name_error));
        let place = Place { conditional: true, optional, ..self.at };
        self.place(Place { guarded, ..place }, |walker| walker.body(&node.body));
        self.place(place, |walker| {
            for handler in handlers() {
                walker.optional_expression(handler.type_.as_deref());
                if let Some(name) = &handler.name {
                    walker.bind_identifier(name, BindingKind::Exception);
                }
                walker.body(&handler.body);
            }
        });
        self.branch(&node.orelse);
        self.body(&node.finalbody);
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
            for parameter in &*node.parameters {
                if let Some(annotation) = parameter.annotation() {
                    walker.annotation(annotation);
                }
            }
            if let Some(returns) = &node.returns {
                walker.annotation(returns);
            }
            let scope = walker.scope(ScopeKind::Function, parent, Some(id));
            if let Some(function) = walker.facts.functions.get_mut(id as usize) {
                function.body_scope = scope;
            }
            walker.place(Place { scope, function: Some(id), ..Place::default() }, |walker| {
                walker.parameters(&node.parameters);
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

    /// Binds parameters in the scope of the place.
    pub(super) fn parameters(&mut self, parameters: &Parameters) {
        for parameter in parameters {
            self.bind_identifier(parameter.name(), BindingKind::Parameter);
        }
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
                walker.bind_identifier(parameter.name(), BindingKind::Assignment);
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
            Pattern::MatchValue(node) => walker.expression(&node.value),
            Pattern::MatchSingleton(_) => {}
            Pattern::MatchSequence(node) => node.patterns.iter().for_each(|inner| walker.pattern(inner)),
            Pattern::MatchOr(node) => node.patterns.iter().for_each(|inner| walker.pattern(inner)),
            Pattern::MatchMapping(node) => {
                node.keys.iter().for_each(|key| walker.expression(key));
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

    fn import(&mut self, node: &StmtImport) {
        for alias in &node.names {
            let module = self.facts.symbols.intern(&alias.name.id);
            let bound = match &alias.asname {
                Some(name) => name.id.as_str(),
                None => alias.name.id.split('.').next().unwrap_or(""),
            };
            let bound = self.facts.symbols.intern(bound);
            self.imported(
                alias,
                alias.name.range,
                Import { module, level: 0, name: None, bound: Some(bound), ..self.import_row(node.range) },
            );
        }
    }

    fn import_from(&mut self, node: &StmtImportFrom) {
        let module = self.facts.symbols.intern(node.module.as_ref().map_or("", |module| &module.id));
        for alias in &node.names {
            let name = self.facts.symbols.intern(&alias.name.id);
            let bound = match &alias.asname {
                Some(bound) => Some(self.facts.symbols.intern(&bound.id)),
                None if alias.name.id == "*" => None,
                None => Some(name),
            };
            let range = match &node.module {
                Some(module) if node.level > 0 => {
                    // The dots have no node; they are the first thing after `from`.
                    let before = self.source(TextRange::new(node.start(), module.start()));
                    let dot = before.find('.').and_then(|dot| TextSize::try_from(dot).ok());
                    dot.map_or(module.range, |dot| TextRange::new(node.start() + dot, module.end()))
                }
                Some(module) => module.range,
                None => alias.name.range,
            };
            self.imported(
                alias,
                range,
                Import { module, level: node.level, name: Some(name), bound, ..self.import_row(node.range) },
            );
        }
    }

    /// A row with what all imports of a statement share.
    fn import_row(&self, statement: TextRange) -> Import {
        let statement = self.span(statement);
        Import {
            module: Symbol::default(),
            level: 0,
            name: None,
            bound: None,
            span: statement,
            alias_span: statement,
            statement,
            scope: self.at.scope,
            optional: self.at.optional,
            cell: self.cell,
        }
    }

    fn imported(&mut self, alias: &Alias, module: TextRange, mut row: Import) {
        let id = index(self.facts.imports.len());
        row.span = self.span(module);
        row.alias_span = self.span(alias.range);
        if let Some(bound) = row.bound.filter(|_| !alias.name.id.is_empty()) {
            let range = match &alias.asname {
                Some(name) => name.range,
                None if row.name.is_none() => {
                    let len = self.facts.symbols.text(bound).len();
                    let end = alias.name.start() + TextSize::try_from(len).unwrap_or_default();
                    TextRange::new(alias.name.start(), end.min(alias.name.end()))
                }
                None => alias.name.range,
            };
            self.bind(bound, range, BindingKind::Import(id));
        }
        self.facts.imports.push(row);
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
