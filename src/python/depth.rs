//! Guards against trees so deep that a recursion over them would overflow the stack.
//!
//! The parser takes more stack from the heap when it needs it, and so survives any nesting, at some kilobytes a
//! level. What is not guarded is everything after it, first of all the drop of the tree. Hence:
//!
//! 1. Long code is refused before it is parsed if its tokens nest too deeply ([`too_deep_to_parse`]). Short code
//!    cannot nest deeply enough to cost much.
//! 2. The walk counts levels and refuses a tree of more than [`MAX_DEPTH`](super::state::MAX_DEPTH).
//! 3. A tree that was refused, or was never walked, is taken apart from a list ([`fell`]), not by recursion.

use ruff_python_ast::token::TokenKind;
use ruff_python_ast::visitor::transformer::{self, Transformer};
use ruff_python_ast::{
    AtomicNodeIndex, Expr, ExprNoneLiteral, InterpolatedElement, InterpolatedStringElement,
    InterpolatedStringLiteralElement, Mod, Pattern, PatternMatchSingleton, Singleton, Stmt, StmtPass,
};
use ruff_python_parser::{Mode, lexer};
use ruff_text_size::TextRange;
use std::cell::RefCell;

/// Code of at most so many bytes is parsed without a look at its tokens first.
const SHORT: usize = 64 * 1024;
/// How many tokens that may nest are let through in one statement between two commas.
const MAX_NESTING: u32 = 10_000;

/// Whether parsing `code` would need a stack of unreasonable size: counts, without recursion, the tokens that may
/// open another level of the parser's recursion. Commas and line ends close what stands before them, so that a
/// long list or file does not count as deep.
pub(super) fn too_deep_to_parse(code: &str, mode: Mode) -> bool {
    code.len() > SHORT && nests(code, mode, MAX_NESTING, false)
}

/// Whether more than `limit` tokens stand in one statement, between two commas, of which each may open another
/// level; with `chains` also those that only lengthen an expression, as `.`, calls and operators do.
pub(super) fn nests(code: &str, mode: Mode, limit: u32, chains: bool) -> bool {
    let mut lexer = lexer::lex(code, mode);
    let mut indent = 0_u32;
    let mut open: Vec<(u32, u32)> = Vec::new();
    let mut here = 0_u32;
    let mut total = 0_u32;
    let mut after_newline = false;
    loop {
        let kind = lexer.next_token();
        let starts_statement = std::mem::take(&mut after_newline)
            && matches!(
                kind,
                TokenKind::Def
                    | TokenKind::Class
                    | TokenKind::Import
                    | TokenKind::Return
                    | TokenKind::While
                    | TokenKind::Try
                    | TokenKind::Raise
                    | TokenKind::With
            );
        if starts_statement {
            // Brackets left open before: the parser gives up on them here as well.
            open.clear();
            (here, total) = (1, 1);
        }
        match kind {
            TokenKind::EndOfFile => return false,
            TokenKind::Newline => {
                open.clear();
                (here, total) = (0, 0);
            }
            TokenKind::NonLogicalNewline => after_newline = true,
            TokenKind::Indent => indent += 1,
            TokenKind::Dedent => indent = indent.saturating_sub(1),
            TokenKind::Comma | TokenKind::Semi => {
                total -= here;
                here = 0;
            }
            TokenKind::Lpar | TokenKind::Lsqb | TokenKind::Lbrace => {
                total += 1;
                open.push((here + 1, total));
                here = 0;
            }
            TokenKind::Rpar | TokenKind::Rsqb | TokenKind::Rbrace => {
                (here, total) = open.pop().unwrap_or((here, total));
            }
            // A comma does not end a lambda: what stands before may be its parameters.
            TokenKind::Lambda => total += 1,
            TokenKind::Not
            | TokenKind::Plus
            | TokenKind::Minus
            | TokenKind::Tilde
            | TokenKind::Star
            | TokenKind::DoubleStar
            | TokenKind::Await
            | TokenKind::Async
            | TokenKind::Yield
            | TokenKind::If
            | TokenKind::Elif
            | TokenKind::Else
            | TokenKind::For
            | TokenKind::While
            | TokenKind::With
            | TokenKind::Try
            | TokenKind::Except
            | TokenKind::Finally
            | TokenKind::Def
            | TokenKind::Class
            | TokenKind::Match
            | TokenKind::Case
            | TokenKind::Colon
            | TokenKind::ColonEqual
            | TokenKind::FStringStart
            | TokenKind::TStringStart => {
                here += 1;
                total += 1;
            }
            kind if chains && (kind == TokenKind::Dot || kind.is_operator() || kind.is_keyword()) => {
                here += 1;
                total += 1;
            }
            _ => {}
        }
        if total + indent > limit {
            return true;
        }
    }
}

/// Drops a tree without recursion.
pub(super) fn fell(tree: Mod) {
    let axe = Axe::default();
    match tree {
        Mod::Module(module) => axe.statements.borrow_mut().extend(module.body),
        Mod::Expression(expression) => axe.expressions.borrow_mut().push(*expression.body),
    }
    loop {
        // A borrow must not last into the walk, which borrows again.
        let expression = axe.expressions.borrow_mut().pop();
        if let Some(mut expression) = expression {
            transformer::walk_expr(&axe, &mut expression);
            continue;
        }
        let element = axe.elements.borrow_mut().pop();
        if let Some(mut element) = element {
            axe.visit_interpolated_string_element(&mut element);
            continue;
        }
        let pattern = axe.patterns.borrow_mut().pop();
        if let Some(mut pattern) = pattern {
            transformer::walk_pattern(&axe, &mut pattern);
            continue;
        }
        let statement = axe.statements.borrow_mut().pop();
        let Some(mut statement) = statement else { return };
        transformer::walk_stmt(&axe, &mut statement);
    }
}

/// Takes the children out of a node and keeps them for later, so that each node is dropped alone.
#[derive(Default)]
struct Axe {
    statements: RefCell<Vec<Stmt>>,
    expressions: RefCell<Vec<Expr>>,
    patterns: RefCell<Vec<Pattern>>,
    elements: RefCell<Vec<InterpolatedStringElement>>,
}

impl Transformer for Axe {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        let stump = Stmt::Pass(StmtPass { node_index: AtomicNodeIndex::NONE, range: TextRange::default() });
        self.statements.borrow_mut().push(std::mem::replace(stmt, stump));
    }

    fn visit_expr(&self, expr: &mut Expr) {
        // Leaves would only cost a move.
        if !matches!(expr, Expr::Name(_) | Expr::StringLiteral(_) | Expr::NumberLiteral(_) | Expr::NoneLiteral(_)) {
            let stump = ExprNoneLiteral { node_index: AtomicNodeIndex::NONE, range: TextRange::default() };
            self.expressions.borrow_mut().push(std::mem::replace(expr, Expr::NoneLiteral(stump)));
        }
    }

    fn visit_pattern(&self, pattern: &mut Pattern) {
        let stump = Pattern::MatchSingleton(PatternMatchSingleton {
            node_index: AtomicNodeIndex::NONE,
            range: TextRange::default(),
            value: Singleton::None,
        });
        self.patterns.borrow_mut().push(std::mem::replace(pattern, stump));
    }

    fn visit_interpolated_string_element(&self, element: &mut InterpolatedStringElement) {
        // A format may hold elements that hold formats, with no expression between.
        if let InterpolatedStringElement::Interpolation(InterpolatedElement { expression, format_spec, .. }) = element {
            self.visit_expr(expression);
            if let Some(format) = format_spec.take() {
                let mut format = *format;
                let elements = format.elements.iter_mut().filter(|element| element.is_interpolation());
                self.elements.borrow_mut().extend(elements.map(|element| {
                    let (node_index, range, value) = (AtomicNodeIndex::NONE, TextRange::default(), Box::default());
                    let stump = InterpolatedStringLiteralElement { node_index, range, value };
                    std::mem::replace(element, InterpolatedStringElement::Literal(stump))
                }));
            }
        }
    }
}
