//! What text an expression makes.

use super::eval::{Evaluator, Meaning, Slot};
use crate::python::facts::BindingKind;
use crate::python::nodes::{BinaryOp, NodeId, NodeKind};

/// Text is put together this deep, and no further.
const MAX_LEVELS: u32 = 24;
/// Longer text is not put together.
const MAX_TEXT: usize = 1 << 16;
/// A loop over more literals than this gives nobody knows what.
const MAX_VALUES: usize = 64;

/// Part of a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Known.
    Known(String),
    /// Made by this expression of the document when the code runs; [`NodeId::NONE`] if it stands in another.
    Hole(NodeId),
}

/// The pieces that make the text of an expression; `None` if it is not seen to make text. Never two known ones beside
/// each other.
pub(super) fn pieces(evaluator: &mut Evaluator<'_>, slot: Slot, node: NodeId) -> Option<Vec<Piece>> {
    let mut out = Vec::new();
    add(evaluator, slot, node, 0, &mut out)?;
    let mut joined: Vec<Piece> = Vec::new();
    for piece in out {
        match (joined.last_mut(), piece) {
            (Some(Piece::Known(before)), Piece::Known(text)) => before.push_str(&text),
            (_, piece) => joined.push(piece),
        }
    }
    let own = slot == 0;
    for piece in &mut joined {
        if let Piece::Hole(hole) = piece
            && !own
        {
            *hole = NodeId::NONE;
        }
    }
    let len: usize = joined.iter().map(|piece| if let Piece::Known(text) = piece { text.len() } else { 1 }).sum();
    (len <= MAX_TEXT).then_some(joined)
}

/// The text with a word in the place of each hole.
pub(super) fn joined(pieces: &[Piece]) -> String {
    pieces
        .iter()
        .map(|piece| match piece {
            Piece::Known(text) => text.as_str(),
            Piece::Hole(_) => "unknown_part",
        })
        .collect()
}

fn add(evaluator: &mut Evaluator<'_>, slot: Slot, node: NodeId, level: u32, out: &mut Vec<Piece>) -> Option<()> {
    let facts = evaluator.facts(slot).filter(|_| level < MAX_LEVELS && out.len() < 1000)?;
    match facts.kind(node) {
        NodeKind::String(at) => {
            let text = facts.strings.get(at as usize)?;
            out.push(Piece::Known(text.value.to_string()));
        }
        NodeKind::Text(text) => out.push(Piece::Known(facts.text(text).to_owned())),
        NodeKind::Joined(children) => {
            for &child in facts.children(children) {
                part(evaluator, slot, child, level + 1, out);
            }
        }
        NodeKind::Binary { op: BinaryOp::Add, left, right } => {
            // One of the two must be seen to be text.
            let start = out.len();
            let first = add(evaluator, slot, left, level + 1, out);
            if first.is_none() {
                out.truncate(start);
                out.push(Piece::Hole(left));
            }
            let middle = out.len();
            let second = add(evaluator, slot, right, level + 1, out);
            if second.is_none() {
                out.truncate(middle);
                out.push(Piece::Hole(right));
            }
            first.or(second)?;
        }
        NodeKind::Binary { op: BinaryOp::Mod, left, right } => {
            let template = known(evaluator, slot, left, level + 1)?;
            let values: Vec<NodeId> = match facts.kind(right) {
                NodeKind::Tuple(children) => facts.children(children).to_vec(),
                _ => vec![right],
            };
            percent(evaluator, slot, &template, &values, level, out)?;
        }
        NodeKind::Call(call) => {
            let call = facts.calls.get(call as usize)?;
            let on = facts.called_on(call);
            match call.method.map(|method| facts.text(method)) {
                Some("format") => {
                    let template = known(evaluator, slot, on, level + 1)?;
                    format(evaluator, slot, &template, call, level, out)?;
                }
                Some("strip" | "lstrip" | "rstrip") if call.arguments.is_empty() => {
                    add(evaluator, slot, on, level + 1, out)?;
                }
                Some("dedent") => {
                    let argument = facts.arguments(call).first()?;
                    add(evaluator, slot, argument.node, level + 1, out)?;
                }
                _ => return None,
            }
        }
        NodeKind::Name(at) => {
            let (slot, value) = value(evaluator, slot, at)?;
            add(evaluator, slot, value, level + 1, out)?;
        }
        _ => return None,
    }
    Some(())
}

/// Adds what is put into a text: numbers count as well, and what is not known is a hole.
fn part(evaluator: &mut Evaluator<'_>, slot: Slot, node: NodeId, level: u32, out: &mut Vec<Piece>) {
    let start = out.len();
    let number = match evaluator.facts(slot).map(|facts| facts.kind(node)) {
        Some(NodeKind::Int(number)) => Some(number),
        Some(NodeKind::Name(at)) => {
            value(evaluator, slot, at).and_then(|(other, node)| match evaluator.facts(other)?.kind(node) {
                NodeKind::Int(number) => Some(number),
                _ => None,
            })
        }
        _ => None,
    };
    if let Some(number) = number {
        out.push(Piece::Known(number.to_string()));
    } else if add(evaluator, slot, node, level, out).is_none() {
        out.truncate(start);
        out.push(Piece::Hole(node));
    }
}

/// The text of an expression that is known in full.
pub(super) fn known(evaluator: &mut Evaluator<'_>, slot: Slot, node: NodeId, level: u32) -> Option<String> {
    let mut out = Vec::new();
    add(evaluator, slot, node, level, &mut out)?;
    out.into_iter().map(|piece| if let Piece::Known(text) = piece { Some(text) } else { None }).collect()
}

/// All texts that an expression can make: one, or one for each value of the literal list that a loop goes through,
/// where the name of that loop is all in it that is not known.
pub(super) fn all(evaluator: &mut Evaluator<'_>, slot: Slot, node: NodeId) -> Option<Vec<String>> {
    let facts = evaluator.facts(slot)?;
    let pieces = match facts.kind(node) {
        NodeKind::Name(at) if is_loop(evaluator, slot, at) => vec![Piece::Hole(node)],
        _ => pieces(evaluator, slot, node)?,
    };
    let mut names = pieces.iter().filter_map(|piece| match piece {
        Piece::Hole(hole) => Some(facts.kind(*hole)),
        Piece::Known(_) => None,
    });
    let name_of = |kind| match kind {
        NodeKind::Name(at) => facts.uses.get(at as usize).map(|row| row.name),
        _ => None,
    };
    let Some(NodeKind::Name(at)) = names.next() else {
        return pieces.iter().all(|piece| matches!(piece, Piece::Known(_))).then(|| vec![joined(&pieces)]);
    };
    let first = name_of(NodeKind::Name(at))?;
    if names.any(|kind| name_of(kind) != Some(first)) {
        return None;
    }
    let values = looped(evaluator, slot, at)?;
    let fill = |value: &String| {
        let parts = pieces.iter().map(|piece| match piece {
            Piece::Known(text) => text.as_str(),
            Piece::Hole(_) => value.as_str(),
        });
        parts.collect::<String>()
    };
    Some(values.iter().map(fill).collect())
}

/// The only binding that a name has where it is read, if that is the head of a loop.
fn loop_of(evaluator: &Evaluator<'_>, slot: Slot, at: u32) -> Option<NodeId> {
    let tables = evaluator.documents.get(slot)?;
    let reaching = tables.reaching(at)?;
    let (&[one], false) = (reaching.bindings.as_slice(), reaching.open) else { return None };
    let row = tables.facts.bindings.get(one as usize).filter(|row| row.kind == BindingKind::Loop)?;
    Some(row.value)
}

fn is_loop(evaluator: &Evaluator<'_>, slot: Slot, at: u32) -> bool {
    loop_of(evaluator, slot, at).is_some()
}

/// The texts of the literal list that a loop goes through, for the name at its head.
fn looped(evaluator: &mut Evaluator<'_>, slot: Slot, at: u32) -> Option<Vec<String>> {
    let list = loop_of(evaluator, slot, at)?;
    let (slot, list) = match evaluator.facts(slot)?.kind(list) {
        NodeKind::Name(at) => value(evaluator, slot, at)?,
        _ => (slot, list),
    };
    let facts = evaluator.facts(slot)?;
    let (NodeKind::List(children) | NodeKind::Tuple(children) | NodeKind::Set(children)) = facts.kind(list) else {
        return None;
    };
    let children = facts.children(children);
    (children.len() <= MAX_VALUES).then_some(())?;
    children.iter().map(|&child| known(evaluator, slot, child, 1)).collect()
}

/// The only value that a name can have where it is read, with the document in which that stands.
pub(super) fn value(evaluator: &mut Evaluator<'_>, slot: Slot, at: u32) -> Option<(Slot, NodeId)> {
    let tables = evaluator.documents.get(slot)?;
    let (slot, binding) = match tables.reaching(at) {
        Some(reaching) => match reaching.bindings.as_slice() {
            &[one] if !reaching.open => match tables.facts.bindings.get(one as usize)?.kind {
                BindingKind::Import(_) => elsewhere(&evaluator.meaning(slot, at))?,
                _ => (slot, one),
            },
            _ => return None,
        },
        None => elsewhere(&evaluator.elsewhere(slot, at))?,
    };
    let tables = evaluator.documents.get(slot)?;
    let row = tables.facts.bindings.get(binding as usize)?;
    let alone = tables.bindings(row.name, row.scope).len() == 1 || slot == 0;
    (row.kind == BindingKind::Assignment && row.value.is_some() && alone).then_some((slot, row.value))
}

const fn elsewhere(meaning: &Meaning) -> Option<(Slot, u32)> {
    match meaning {
        &Meaning::Binding(slot, binding) => Some((slot, binding)),
        _ => None,
    }
}

/// `"…%s…" % values`.
fn percent(
    evaluator: &mut Evaluator<'_>,
    slot: Slot,
    template: &str,
    values: &[NodeId],
    level: u32,
    out: &mut Vec<Piece>,
) -> Option<()> {
    let mut values = values.iter();
    let mut rest = template;
    while let Some(at) = rest.find('%') {
        out.push(Piece::Known(rest.get(..at)?.to_owned()));
        let after = rest.get(at + 1..)?;
        if let Some(tail) = after.strip_prefix('%') {
            out.push(Piece::Known("%".to_owned()));
            rest = tail;
            continue;
        }
        let named = after.strip_prefix('(').and_then(|named| named.find(')')).map_or(0, |end| end + 2);
        let spec = after.get(named..)?;
        let end = spec.find(|c: char| c.is_ascii_alphabetic())?;
        match values.next() {
            Some(&value) if named == 0 && end == 0 && spec.starts_with(['s', 'd']) => {
                part(evaluator, slot, value, level + 1, out);
            }
            _ => out.push(Piece::Hole(NodeId::NONE)),
        }
        rest = spec.get(end + 1..)?;
    }
    out.push(Piece::Known(rest.to_owned()));
    Some(())
}

/// `"…{}…".format(values)`.
fn format(
    evaluator: &mut Evaluator<'_>,
    slot: Slot,
    template: &str,
    call: &crate::python::facts::Call,
    level: u32,
    out: &mut Vec<Piece>,
) -> Option<()> {
    let facts = evaluator.facts(slot)?;
    let (mut rest, mut next) = (template, 0);
    while let Some(at) = rest.find(['{', '}']) {
        out.push(Piece::Known(rest.get(..at)?.to_owned()));
        rest = rest.get(at..)?;
        if let Some(after) = rest.strip_prefix("{{") {
            out.push(Piece::Known("{".to_owned()));
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix("}}").or_else(|| rest.strip_prefix('}')) {
            out.push(Piece::Known("}".to_owned()));
            rest = after;
            continue;
        }
        let end = rest.find('}')?;
        let field = rest.get(1..end)?;
        let argument = if field.is_empty() {
            next += 1;
            facts.argument(call, next - 1, "")
        } else if let Ok(position) = field.parse::<usize>() {
            facts.argument(call, position, "")
        } else {
            facts.arguments(call).iter().find(|argument| facts.is(argument.keyword, field))
        };
        match argument {
            Some(argument) => part(evaluator, slot, argument.node, level + 1, out),
            None => out.push(Piece::Hole(NodeId::NONE)),
        }
        rest = rest.get(end + 1..)?;
    }
    out.push(Piece::Known(rest.to_owned()));
    Some(())
}
