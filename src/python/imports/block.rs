//! Runs of imports.

use super::Directives;
use ruff_python_ast::{ExceptHandler, Stmt};
use ruff_text_size::Ranged;

/// A run of imports with nothing but comments between them.
#[derive(Default)]
pub(super) struct Block<'a> {
    pub imports: Vec<&'a Stmt>,
    /// What follows in the same body, unless that is nested.
    pub trailer: Option<Trailer>,
}

/// What follows a block.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trailer {
    /// Something that wants two blank lines before it.
    Definition,
    /// Any other statement.
    Other,
}

/// All blocks of a module, in the order of their places.
pub(super) fn find<'a>(statements: &'a [Stmt], code: &'a str, directives: &'a Directives) -> Vec<Block<'a>> {
    let mut finder =
        Finder { code, directives, next_split: 0, nested: false, open: Block::default(), done: Vec::new() };
    for statement in statements {
        finder.statement(statement);
    }
    finder.close(None);
    let mut done = finder.done;
    done.sort_by_key(|block| block.imports.first().map(Ranged::start));
    done
}

struct Finder<'a> {
    code: &'a str,
    directives: &'a Directives,
    next_split: usize,
    nested: bool,
    open: Block<'a>,
    done: Vec<Block<'a>>,
}

impl<'a> Finder<'a> {
    fn statement(&mut self, statement: &'a Stmt) {
        let start = statement.start().to_usize();
        let passed = self.directives.splits.iter().skip(self.next_split).take_while(|&&split| split <= start).count();
        if passed > 0 {
            self.next_split += passed;
            self.close(Some(statement));
        }
        let is_import = matches!(statement, Stmt::Import(_) | Stmt::ImportFrom(_));
        if is_import && !self.directives.off.iter().any(|off| off.contains(&start)) {
            self.open.imports.push(statement);
        } else {
            self.close(Some(statement));
        }
        let outer = std::mem::replace(&mut self.nested, true);
        match statement {
            Stmt::FunctionDef(node) => self.body(&node.body),
            Stmt::ClassDef(node) => self.body(&node.body),
            Stmt::With(node) => self.body(&node.body),
            Stmt::For(node) => {
                self.body(&node.body);
                self.body(&node.orelse);
            }
            Stmt::While(node) => {
                self.body(&node.body);
                self.body(&node.orelse);
            }
            Stmt::If(node) => {
                self.body(&node.body);
                node.elif_else_clauses.iter().for_each(|clause| self.body(&clause.body));
            }
            Stmt::Match(node) => node.cases.iter().for_each(|case| self.body(&case.body)),
            Stmt::Try(node) => {
                self.body(&node.body);
                for ExceptHandler::ExceptHandler(handler) in &node.handlers {
                    self.body(&handler.body);
                }
                self.body(&node.orelse);
                self.body(&node.finalbody);
            }
            _ => {}
        }
        self.nested = outer;
    }

    fn body(&mut self, statements: &'a [Stmt]) {
        for statement in statements {
            self.statement(statement);
        }
        self.close(None);
    }

    /// Ends the block; `next` is the statement that ends it.
    fn close(&mut self, next: Option<&Stmt>) {
        if self.open.imports.is_empty() {
            return;
        }
        let mut block = std::mem::take(&mut self.open);
        block.trailer = next.filter(|_| !self.nested).map(|next| match next {
            Stmt::FunctionDef(_) | Stmt::ClassDef(_) if !has_comment_apart(self.code, next.start().to_usize()) => {
                Trailer::Definition
            }
            _ => Trailer::Other,
        });
        self.done.push(block);
    }
}

/// Whether a comment stands above a definition with a blank line between them: then it, not the definition, is what
/// follows the imports.
fn has_comment_apart(code: &str, start: usize) -> bool {
    let mut seen_blank = false;
    let above = code.get(..start).unwrap_or("");
    let mut lines = above.lines().rev();
    if !above.is_empty() && !above.ends_with(['\n', '\r']) {
        // The definition's own line.
        lines.next();
    }
    for line in lines {
        let line = line.trim();
        if seen_blank {
            if line.starts_with('#') {
                return true;
            }
            if !line.is_empty() {
                return false;
            }
        } else if line.is_empty() {
            seen_blank = true;
        } else if !line.starts_with(['#', '@']) {
            return false;
        }
    }
    false
}
