//! Expressions as flat rows: what is left of the syntax tree for those who follow values through the code.

use super::facts::{CallId, Facts, ScopeId};
use super::symbols::Symbol;
use crate::text::Span;

/// Index into [`Facts::nodes`], or nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NodeId(u32);

impl NodeId {
    /// No expression: an omitted part of a slice, the value of a parameter, code that is nested too deeply.
    pub const NONE: Self = Self(u32::MAX);

    /// The row with that index.
    pub(super) const fn new(index: u32) -> Self {
        Self(index)
    }

    /// The index of the row; one beyond all rows for [`NodeId::NONE`].
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// Whether there is an expression at all.
    pub fn is_some(self) -> bool {
        self != Self::NONE
    }
}

impl Default for NodeId {
    fn default() -> Self {
        Self::NONE
    }
}

/// A range of [`Facts::children`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Children {
    /// The first of them.
    pub start: u32,
    /// How many.
    pub len: u32,
}

/// One expression.
#[derive(Clone, Copy, Debug)]
pub struct Node {
    /// Where it stands, without brackets around it.
    pub span: Span,
    /// What it is.
    pub kind: NodeKind,
}

/// What an expression is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// A plain name: a row of [`Facts::uses`].
    Name(u32),
    /// `base.name`.
    Attribute {
        /// What stands before the dot.
        base: NodeId,
        /// What stands behind it.
        name: Symbol,
    },
    /// A call.
    Call(CallId),
    /// `base[index]`.
    Subscript {
        /// What stands before the bracket.
        base: NodeId,
        /// What stands in it.
        index: NodeId,
    },
    /// A string without holes: a row of [`Facts::strings`].
    String(u32),
    /// An f-string: its pieces are [`NodeKind::Text`] and whatever stands in its holes.
    Joined(Children),
    /// A piece of text in an f-string, escapes resolved.
    Text(Symbol),
    /// An integer that fits.
    Int(i32),
    /// Any other number, and bytes.
    Literal,
    /// `True` or `False`.
    Bool(bool),
    /// `None`.
    None,
    /// `[…]`. Numbers and strings in very long ones are [`NodeId::NONE`].
    List(Children),
    /// `…, …`.
    Tuple(Children),
    /// `{…}`.
    Set(Children),
    /// `{…: …}`: keys and values in turns; no key for `**x`.
    Dict(Children),
    /// `left op right`.
    Binary {
        /// Which.
        op: BinaryOp,
        /// Left.
        left: NodeId,
        /// Right.
        right: NodeId,
    },
    /// `left op right`; chains such as `a < b < c` are [`NodeKind::Other`].
    Compare {
        /// Which.
        op: CompareOp,
        /// Left.
        left: NodeId,
        /// Right.
        right: NodeId,
    },
    /// `not x`.
    Not(NodeId),
    /// `-x`, `+x`.
    Signed(NodeId),
    /// `~x`.
    Invert(NodeId),
    /// `a and b`, `a or b`.
    Logic(Children),
    /// `then if … else otherwise`.
    Conditional {
        /// If so.
        then: NodeId,
        /// If not.
        otherwise: NodeId,
    },
    /// `lambda …: body`.
    Lambda {
        /// Its scope.
        scope: ScopeId,
        /// What it gives.
        body: NodeId,
    },
    /// A comprehension or generator, but those of dictionaries.
    Each {
        /// Its scope.
        scope: ScopeId,
        /// What it gives for each.
        element: NodeId,
    },
    /// `await x`.
    Await(NodeId),
    /// `*x`.
    Starred(NodeId),
    /// Anything else.
    Other,
}

/// Arithmetic.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `%`
    Mod,
    /// `&`
    And,
    /// `|`
    Or,
    /// Any other.
    Other,
}

/// Comparisons.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum CompareOp {
    /// `==`
    Equal,
    /// `!=`
    NotEqual,
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
    /// `is`, `is not`, `in`, `not in`.
    Other,
}

/// A `return`.
#[derive(Clone, Copy, Debug)]
pub struct Return {
    /// The `def` that it leaves.
    pub function: super::facts::FunctionId,
    /// What it gives; none for a bare one.
    pub value: NodeId,
    /// The statement.
    pub span: Span,
}

/// The annotation of a parameter or of a name that is assigned.
#[derive(Clone, Copy, Debug)]
pub struct Annotation {
    /// Row of [`Facts::bindings`].
    pub binding: u32,
    /// The annotation.
    pub node: NodeId,
}

/// An expression that stands as a statement.
#[derive(Clone, Copy, Debug)]
pub struct Bare {
    /// The expression.
    pub node: NodeId,
    /// Whether it is the last statement of its cell, whose value a notebook shows.
    pub shown: bool,
}

impl Facts {
    /// The row of an expression.
    pub fn node(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id.index())
    }

    /// What an expression is; [`NodeKind::Other`] if there is none.
    pub fn kind(&self, id: NodeId) -> NodeKind {
        self.node(id).map_or(NodeKind::Other, |node| node.kind)
    }

    /// Where an expression stands.
    pub fn span(&self, id: NodeId) -> Span {
        self.node(id).map_or_else(Span::default, |node| node.span)
    }

    /// The parts of a display, an f-string, or an `and`.
    pub fn children(&self, children: Children) -> &[NodeId] {
        let start = children.start as usize;
        self.children.get(start..start + children.len as usize).unwrap_or_default()
    }

    /// The call that an expression is.
    pub fn call_at(&self, id: NodeId) -> Option<&super::facts::Call> {
        match self.kind(id) {
            NodeKind::Call(call) => self.calls.get(call as usize),
            _ => None,
        }
    }

    /// What a method is called on: `df.limit(1)` for `df.limit(1).collect()`, `df.write` for `df.write.save()`.
    pub fn called_on(&self, call: &super::facts::Call) -> NodeId {
        match self.kind(call.of) {
            NodeKind::Attribute { base, .. } => base,
            _ => NodeId::NONE,
        }
    }
}
