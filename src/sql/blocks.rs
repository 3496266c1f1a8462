//! The query blocks of a statement: each `SELECT` with its clauses.

use super::facts::{Block, Clause, SqlToken, StatementKind, StatementView, key};
use super::token::TokenKind;

/// Whether a token may be one of the words that begin or end a block or a clause, which most are not.
const fn matters(token: &SqlToken) -> bool {
    const fn word(text: &str) -> u32 {
        key(TokenKind::Word, text)
    }
    const CLUSTER: u32 = word("cluster");
    const DISTRIBUTE: u32 = word("distribute");
    const EXCEPT: u32 = word("except");
    const FROM: u32 = word("from");
    const GROUP: u32 = word("group");
    const HAVING: u32 = word("having");
    const INSERT: u32 = word("insert");
    const INTERSECT: u32 = word("intersect");
    const LATERAL: u32 = word("lateral");
    const LIMIT: u32 = word("limit");
    const MINUS: u32 = word("minus");
    const OFFSET: u32 = word("offset");
    const ORDER: u32 = word("order");
    const QUALIFY: u32 = word("qualify");
    const SELECT: u32 = word("select");
    const SORT: u32 = word("sort");
    const UNION: u32 = word("union");
    const WHERE: u32 = word("where");
    const WINDOW: u32 = word("window");
    matches!(
        token.key,
        CLUSTER
            | DISTRIBUTE
            | EXCEPT
            | FROM
            | GROUP
            | HAVING
            | INSERT
            | INTERSECT
            | LATERAL
            | LIMIT
            | MINUS
            | OFFSET
            | ORDER
            | QUALIFY
            | SELECT
            | SORT
            | UNION
            | WHERE
            | WINDOW
    )
}

/// Finds the blocks, in one pass.
pub(super) fn blocks(view: StatementView<'_>) -> Vec<Block> {
    if matches!(view.row.kind, StatementKind::Grant | StatementKind::Show | StatementKind::Set) {
        return Vec::new();
    }
    let mut blocks: Vec<Block> = Vec::new();
    // Blocks that have not ended, with their level of parentheses.
    let mut open: Vec<(usize, u32)> = Vec::new();
    // The set operator that ended a block, with that block and its level.
    let mut operator: Option<(usize, usize, u32)> = None;
    let close = |blocks: &mut Vec<Block>, open: &mut Vec<(usize, u32)>, end: usize| {
        let (index, depth) = open.pop()?;
        let block = blocks.get_mut(index)?;
        block.end = end;
        Some((index, depth))
    };
    for at in 0..view.len() {
        let depth = view.depth(at);
        while open.last().is_some_and(|(_, own)| *own > depth) {
            close(&mut blocks, &mut open, at);
        }
        let here = open.last().is_some_and(|(_, own)| *own == depth);
        if view.is_symbol(at, ";") || view.is_symbol(at, "|>") {
            if here {
                close(&mut blocks, &mut open, at);
            }
            continue;
        }
        if !view.token(at).is_some_and(matters) {
            continue;
        }
        if at > 0 && (view.is_symbol(at - 1, ".") || view.is(at - 1, "as")) && !view.is(at, "select") {
            continue;
        }
        if view.is(at, "select") {
            if here {
                close(&mut blocks, &mut open, at);
            }
            let quantified = at > 0 && view.is_any(at - 1, &["all", "distinct"]);
            let before = at.checked_sub(if quantified { 2 } else { 1 });
            let follows = operator
                .filter(|&(word, _, level)| Some(word) == before && level == depth)
                .map(|(word, block, _)| (word, block));
            open.push((blocks.len(), depth));
            blocks.push(Block { select: at, end: view.len(), clauses: Vec::new(), follows });
        } else if here && is_set_operator(view, at) {
            operator = close(&mut blocks, &mut open, at).map(|(block, level)| (at, block, level));
        } else if here && view.is(at, "insert") && view.is_any(at + 1, &["into", "overwrite"]) {
            close(&mut blocks, &mut open, at);
        } else if here
            && let Some(clause) = clause(view, at)
            && let Some(block) = open.last().and_then(|(index, _)| blocks.get_mut(*index))
        {
            block.clauses.push((clause, at));
        }
    }
    blocks
}

/// Whether a word joins two queries, and does not leave out columns (`* EXCEPT (a)`).
fn is_set_operator(view: StatementView<'_>, at: usize) -> bool {
    if !view.is_any(at, &["union", "except", "intersect", "minus"]) {
        return false;
    }
    let next = if view.is_any(at + 1, &["all", "distinct"]) { at + 2 } else { at + 1 };
    let star = at > 0 && view.is_symbol(at - 1, "*");
    !star && (view.is_any(next, &["select", "from", "values", "table", "with"]) || view.is_symbol(next, "("))
}

/// The clause that starts at a token.
fn clause(view: StatementView<'_>, at: usize) -> Option<Clause> {
    let by = |word: &str| view.is(at, word) && view.is(at + 1, "by");
    let distinct = at > 1 && view.is(at - 1, "distinct") && view.is_any(at - 2, &["is", "not"]);
    Some(if view.is(at, "from") && !distinct {
        Clause::From
    } else if view.are(at, &["lateral", "view"]) {
        Clause::Lateral
    } else if view.is(at, "where") {
        Clause::Where
    } else if by("group") {
        Clause::Group
    } else if view.is(at, "having") {
        Clause::Having
    } else if view.is(at, "qualify") {
        Clause::Qualify
    } else if view.is(at, "window") && view.is(at + 2, "as") {
        Clause::Window
    } else if by("order") {
        Clause::Order
    } else if by("sort") || by("cluster") || by("distribute") {
        Clause::Sort
    } else if view.is(at, "limit") && counts(view, at + 1) {
        Clause::Limit
    } else if view.is(at, "offset") && counts(view, at + 1) {
        Clause::Offset
    } else {
        return None;
    })
}

/// Whether a number of rows may stand at a token: else the word before it is the name of a column.
fn counts(view: StatementView<'_>, at: usize) -> bool {
    let number = |kind| matches!(kind, TokenKind::Number | TokenKind::Placeholder);
    view.token(at).is_some_and(|token| number(token.kind)) || view.is(at, "all") || view.is_symbol(at, "(")
}
