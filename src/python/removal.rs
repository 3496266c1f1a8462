//! What may go of the statement that binds a name which nobody reads.

use super::parse;
use crate::text::Span;
use crate::text::region::Region;
use ruff_python_ast::visitor::Visitor;
use ruff_python_ast::{ExceptHandler, Expr, Stmt, visitor};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// What may go; spans point into the document's text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Removable {
    /// The whole statement, which may be all of a block.
    Statement {
        /// All of it.
        span: Span,
        /// Whether nothing else stands in its block.
        alone: bool,
    },
    /// A part: the `x = ` of `x = f()`, the ` as x` of `with f() as x:`.
    Part(Span),
}

/// What may go of the statements that bind the names at `offsets` of the document's text, so that all that the
/// statements do besides stays; `None` where that cannot be said. Costs one parse of the region.
pub fn removable(region: &Region<'_>, offsets: &[u32]) -> Vec<Option<Removable>> {
    let tree = parse::parse(&region.code, region.ipython, (3, u8::MAX)).filter(parse::Tree::is_valid);
    offsets.iter().map(|&offset| find(region, tree.as_ref()?.statements(), offset)).collect()
}

fn find(region: &Region<'_>, mut body: &[Stmt], offset: u32) -> Option<Removable> {
    let code = &*region.code;
    let span = |range: TextRange| region.map.span(range.start().to_u32(), range.end().to_u32());
    let is_here = |range: TextRange| region.map.offset(range.start().to_u32()) == offset;
    let holding = |body: &[Stmt]| {
        let at = body.partition_point(|statement| span(statement.range()).end <= offset);
        body.get(at).is_some_and(|statement| span(statement.range()).contains(offset)).then_some(at)
    };
    loop {
        let statement = body.get(holding(body)?)?;
        let whole = || Some(Removable::Statement { span: span(statement.range()), alone: body.len() == 1 });
        let part = |start: TextSize, end: TextSize| Some(Removable::Part(span(TextRange::new(start, end))));
        match statement {
            Stmt::Assign(node) => {
                let at = node.targets.iter().position(|target| target.is_name_expr() && is_here(target.range()))?;
                let target = node.targets.get(at)?;
                return if node.targets.len() > 1 || does_something(&node.value) {
                    let next = node.targets.get(at + 1).unwrap_or(&node.value);
                    part(target.start(), after_sign(code, target.end(), next.start())?)
                } else {
                    whole()
                };
            }
            Stmt::AnnAssign(node) if is_here(node.target.range()) && node.target.is_name_expr() => {
                let value = node.value.as_deref()?;
                return if does_something(value) {
                    part(node.start(), after_sign(code, node.annotation.end(), value.start())?)
                } else {
                    whole()
                };
            }
            Stmt::With(node) => {
                for item in &node.items {
                    if let Some(target) = item.optional_vars.as_deref().filter(|target| is_here(target.range())) {
                        return part(before_as(code, item.context_expr.end(), target.start())?, target.end());
                    }
                }
            }
            Stmt::Try(node) => {
                for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    if let (Some(name), Some(caught)) = (&handler.name, &handler.type_)
                        && is_here(name.range)
                    {
                        return part(before_as(code, caught.end(), name.start())?, name.end());
                    }
                }
            }
            _ => {}
        }
        body = bodies(statement).into_iter().find(|body| holding(body).is_some())?;
    }
}

/// The blocks of a statement.
fn bodies(statement: &Stmt) -> Vec<&[Stmt]> {
    match statement {
        Stmt::FunctionDef(node) => vec![&node.body],
        Stmt::ClassDef(node) => vec![&node.body],
        Stmt::For(node) => vec![&node.body, &node.orelse],
        Stmt::While(node) => vec![&node.body, &node.orelse],
        Stmt::With(node) => vec![&node.body],
        Stmt::If(node) => {
            let clauses = node.elif_else_clauses.iter().map(|clause| &*clause.body);
            std::iter::once(&*node.body).chain(clauses).collect()
        }
        Stmt::Match(node) => node.cases.iter().map(|case| &*case.body).collect(),
        Stmt::Try(node) => {
            let handlers = node.handlers.iter().map(|ExceptHandler::ExceptHandler(handler)| &*handler.body);
            [&*node.body, &*node.orelse, &*node.finalbody].into_iter().chain(handlers).collect()
        }
        _ => Vec::new(),
    }
}

/// Where the value begins behind the `=` that follows `from`; `None` if more stands between.
fn after_sign(code: &str, from: TextSize, before: TextSize) -> Option<TextSize> {
    let between = code.get(from.to_usize()..before.to_usize())?;
    let (head, tail) = between.split_once('=')?;
    if !head.trim().is_empty() {
        return None;
    }
    let blanks = tail.len() - tail.trim_start_matches([' ', '\t']).len();
    Some(from + TextSize::try_from(head.len() + 1 + blanks).ok()?)
}

/// Where the ` as` begins that stands between `from` and `before`.
fn before_as(code: &str, from: TextSize, before: TextSize) -> Option<TextSize> {
    let between = code.get(from.to_usize()..before.to_usize())?;
    let head = between.trim_end().strip_suffix("as")?;
    Some(from + TextSize::try_from(head.trim_end().len()).ok()?)
}

/// Whether evaluating an expression may do more than make a value.
fn does_something(expression: &Expr) -> bool {
    struct Search(bool);
    impl<'a> Visitor<'a> for Search {
        fn visit_expr(&mut self, expression: &'a Expr) {
            self.0 |= matches!(
                expression,
                Expr::Call(_)
                    | Expr::Await(_)
                    | Expr::Yield(_)
                    | Expr::YieldFrom(_)
                    | Expr::Named(_)
                    | Expr::Subscript(_)
                    | Expr::ListComp(_)
                    | Expr::SetComp(_)
                    | Expr::DictComp(_)
                    | Expr::Generator(_)
                    | Expr::IpyEscapeCommand(_)
            );
            if !self.0 {
                visitor::walk_expr(self, expression);
            }
        }
    }
    let mut search = Search(false);
    search.visit_expr(expression);
    search.0
}
