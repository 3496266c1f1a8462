//! What a value is: the rules by which one follows from another.

use super::kind::{Kind, Motion, Rows, Type};
use super::methods;
use super::tables::Tables;
use super::text;
use crate::names::Namespaces;
use crate::names::local::From;
use crate::names::verdict::Verdict;
use crate::project::document::DocumentId;
use crate::python::facts::{BindingKind, Facts, FunctionId, Import};
use crate::python::nodes::{BinaryOp, Children, CompareOp, NodeId, NodeKind};
use std::collections::HashMap;

/// Values are followed so many steps far; then more is not worth the time.
const MAX_LEVELS: usize = 400;
/// Steps after which more stack is taken from the heap.
const RED_ZONE: usize = 128 * 1024;
const SEGMENT: usize = 1024 * 1024;

/// An index into [`Evaluator::documents`].
pub(super) type Slot = usize;

/// Follows values through documents, and remembers what it found.
pub(super) struct Evaluator<'a> {
    pub(super) names: &'a Namespaces<'a>,
    pub(super) documents: Vec<Tables<'a>>,
    slots: HashMap<DocumentId, Slot>,
    /// Bindings whose value is being asked for.
    pending: Vec<(Slot, u32)>,
    /// The outermost of them that an answer hung on.
    low: usize,
    levels: usize,
    /// Steps that may still be taken: what hangs on itself is not remembered, and could be asked for very often.
    fuel: usize,
}

/// What a called or mentioned name stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// Something outside the repository, or a builtin, by its full path.
    Path(String),
    /// A `def` of a known document.
    Function(Slot, FunctionId),
    /// A binding of a known document that is no import and no `def`.
    Binding(Slot, u32),
    /// Nobody can say.
    Unknown,
}

impl<'a> Evaluator<'a> {
    pub(super) fn new(names: &'a Namespaces<'a>) -> Self {
        Self {
            names,
            documents: Vec::new(),
            slots: HashMap::new(),
            pending: Vec::new(),
            low: usize::MAX,
            levels: 0,
            fuel: 0,
        }
    }

    /// The tables of a document.
    pub(super) fn slot(&mut self, id: DocumentId) -> Option<Slot> {
        if let Some(&slot) = self.slots.get(&id) {
            return Some(slot);
        }
        let document = self.names.project.documents().get(id as usize)?;
        let slot = self.documents.len();
        self.documents.push(Tables::new(self.names, document, id));
        self.fuel += 20 * document.python.nodes.len() + 1000;
        self.slots.insert(id, slot);
        Some(slot)
    }

    pub(super) fn facts(&self, slot: Slot) -> Option<&'a Facts> {
        self.documents.get(slot).map(|tables| tables.facts)
    }

    /// What an expression is.
    pub(super) fn node(&mut self, slot: Slot, id: NodeId) -> Type {
        let Some(known) = self.documents.get(slot).and_then(|tables| tables.types.get(id.index())) else {
            return Type::UNKNOWN;
        };
        if let Some(known) = *known {
            return known;
        }
        if self.levels > MAX_LEVELS || self.fuel == 0 {
            return Type::UNKNOWN;
        }
        self.levels += 1;
        self.fuel -= 1;
        let low = std::mem::replace(&mut self.low, usize::MAX);
        let found = stacker::maybe_grow(RED_ZONE, SEGMENT, || self.expression(slot, id));
        self.levels -= 1;
        if self.low == usize::MAX
            && self.levels < MAX_LEVELS
            && let Some(known) = self.documents.get_mut(slot).and_then(|tables| tables.types.get_mut(id.index()))
        {
            *known = Some(found);
        }
        self.low = self.low.min(low);
        found
    }

    fn expression(&mut self, slot: Slot, id: NodeId) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        match facts.kind(id) {
            NodeKind::Name(at) => self.name(slot, at),
            NodeKind::Attribute { base, name } => {
                let name = facts.text(name);
                let of = self.node(slot, base);
                match methods::attribute(of, name) {
                    found if found.kind != Kind::Unknown => found,
                    _ if of.kind == Kind::Unknown && name == "spark" => Type::of(Kind::Session),
                    _ => self.attribute(slot, id),
                }
            }
            NodeKind::Call(call) => self.call(slot, call),
            NodeKind::Subscript { base, index } => self.subscript(slot, base, index),
            NodeKind::String(_) | NodeKind::Joined(_) | NodeKind::Text(_) => Type::of(Kind::Text),
            NodeKind::Int(_) => Type::of(Kind::Number),
            NodeKind::None
            | NodeKind::Literal
            | NodeKind::List(_)
            | NodeKind::Tuple(_)
            | NodeKind::Set(_)
            | NodeKind::Dict(_)
            | NodeKind::Lambda { .. }
            | NodeKind::Each { .. } => Type::of(Kind::Other),
            // `is` and `in` give a truth, whatever stands beside them.
            NodeKind::Bool(_) | NodeKind::Not(_) | NodeKind::Compare { op: CompareOp::Other, .. } => {
                Type::of(Kind::Bool)
            }
            NodeKind::Signed(operand) | NodeKind::Invert(operand) => self.node(slot, operand),
            NodeKind::Binary { op, left, right } => self.binary(slot, op, left, right),
            NodeKind::Compare { left, right, .. } => {
                let column = |it: Type| it.kind == Kind::Column;
                if column(self.node(slot, left)) || column(self.node(slot, right)) {
                    Type::of(Kind::Column)
                } else {
                    Type::UNKNOWN
                }
            }
            NodeKind::Logic(children) => self.all(slot, children),
            NodeKind::Conditional { then, otherwise } => self.node(slot, then).or(self.node(slot, otherwise)),
            NodeKind::Await(_) | NodeKind::Starred(_) | NodeKind::Other => Type::UNKNOWN,
        }
    }

    /// What all of several values are.
    fn all(&mut self, slot: Slot, children: Children) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let types = facts.children(children).iter().map(|&child| self.node(slot, child));
        types.reduce(Type::or).unwrap_or_default()
    }

    fn binary(&mut self, slot: Slot, op: BinaryOp, left: NodeId, right: NodeId) -> Type {
        let (left, right) = (self.node(slot, left), self.node(slot, right));
        match (left.kind, right.kind) {
            (Kind::Column, _) | (_, Kind::Column) => Type::of(Kind::Column),
            (Kind::Text, _) if op == BinaryOp::Mod => left,
            (Kind::Text, _) | (_, Kind::Text) if op == BinaryOp::Add => Type::of(Kind::Text),
            (Kind::Number, Kind::Number) | (Kind::Other, Kind::Other) => left,
            (Kind::Pandas, _) | (_, Kind::Pandas) => Type::of(Kind::Pandas),
            _ => Type::UNKNOWN,
        }
    }

    fn subscript(&mut self, slot: Slot, base: NodeId, index: NodeId) -> Type {
        let of = self.node(slot, base);
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let index_kind = facts.kind(index);
        match of.kind {
            Kind::Frame => match index_kind {
                NodeKind::List(_) | NodeKind::Tuple(_) => of,
                NodeKind::String(_) | NodeKind::Joined(_) | NodeKind::Int(_) => Type::of(Kind::Column),
                _ => match self.node(slot, index).kind {
                    Kind::Column => Type::frame(if of.is_small() { of.rows } else { Rows::Unknown }, of.motion),
                    Kind::Text | Kind::Number => Type::of(Kind::Column),
                    _ => Type::UNKNOWN,
                },
            },
            Kind::Column | Kind::Text => of,
            Kind::Frames => Type::frame(Rows::Unknown, Motion::Batch),
            Kind::RowList => match index_kind {
                NodeKind::Int(_) | NodeKind::Signed(_) => Type::of(Kind::Row),
                _ => Type::UNKNOWN,
            },
            Kind::Pandas if matches!(index_kind, NodeKind::List(_)) => of,
            _ => match facts.kind(base) {
                // An element of a list that is written out.
                NodeKind::List(children) | NodeKind::Tuple(children) => self.all(slot, children),
                NodeKind::Name(at) => self.element(slot, at),
                _ => Type::UNKNOWN,
            },
        }
    }

    /// What the elements of a list or dictionary are that is written out where a name is bound. It may have got others
    /// since, of the same kind, so that no more than the kind is known.
    fn element(&mut self, slot: Slot, at: u32) -> Type {
        let Some((slot, list)) = text::value(self, slot, at) else { return Type::UNKNOWN };
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let elements: Vec<NodeId> = match facts.kind(list) {
            NodeKind::List(children) | NodeKind::Tuple(children) => facts.children(children).to_vec(),
            NodeKind::Dict(children) => facts.children(children).iter().copied().skip(1).step_by(2).collect(),
            _ => return Type::UNKNOWN,
        };
        let types = elements.into_iter().map(|element| self.node(slot, element));
        Type::of(types.reduce(Type::or).unwrap_or_default().kind)
    }

    /// Whether a name stands for a list that is written out.
    fn is_list(&mut self, slot: Slot, at: u32) -> bool {
        let value = text::value(self, slot, at);
        let kind = value.and_then(|(slot, list)| Some(self.facts(slot)?.kind(list)));
        matches!(kind, Some(NodeKind::List(_) | NodeKind::Tuple(_)))
    }

    /// What a name is where it is read.
    fn name(&mut self, slot: Slot, at: u32) -> Type {
        let Some(reaching) = self.documents.get(slot).and_then(|tables| tables.reaching(at)) else {
            return self.free(slot, at);
        };
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let mut found: Option<Type> = None;
        let mut hangs = false;
        for binding in reaching.bindings {
            match self.binding(slot, binding) {
                Some(one) => found = Some(found.map_or(one, |before| before.or(one))),
                None => hangs = true,
            }
        }
        let found = if reaching.open && !hangs { found.filter(|_| false) } else { found };
        let found = found.unwrap_or_default();
        let is_spark = || facts.uses.get(at as usize).is_some_and(|row| facts.text(row.name) == "spark");
        if found.kind == Kind::Unknown && is_spark() { Type::of(Kind::Session) } else { found }
    }

    /// What a name is that its own document does not bind.
    fn free(&mut self, slot: Slot, at: u32) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let Some(row) = facts.uses.get(at as usize) else { return Type::UNKNOWN };
        match self.elsewhere(slot, at) {
            Meaning::Binding(other, binding) => self.last(other, binding),
            Meaning::Path(path) => Type::of(match path.rsplit('.').next() {
                Some("spark") => Kind::Session,
                Some("sc") => Kind::Context,
                _ => Kind::Other,
            }),
            Meaning::Function(..) => Type::of(Kind::Other),
            Meaning::Unknown => match facts.text(row.name) {
                "spark" | "sqlContext" | "sqlCtx" => Type::of(Kind::Session),
                "sc" => Type::of(Kind::Context),
                _ => Type::UNKNOWN,
            },
        }
    }

    /// What a name of another document's top level is in the end, if that is one thing at all times.
    pub(super) fn last(&mut self, slot: Slot, binding: u32) -> Type {
        let Some(tables) = self.documents.get(slot) else { return Type::UNKNOWN };
        let Some(row) = tables.facts.bindings.get(binding as usize) else { return Type::UNKNOWN };
        let all: Vec<u32> = tables.bindings(row.name, row.scope).to_vec();
        if all.len() > 20 {
            return Type::UNKNOWN;
        }
        let types = all.into_iter().filter_map(|at| self.binding(slot, at));
        types.reduce(Type::or).unwrap_or_default()
    }

    /// The binding of another document that a name reads which its own does not bind.
    pub(super) fn elsewhere(&mut self, slot: Slot, at: u32) -> Meaning {
        let Some(tables) = self.documents.get(slot) else { return Meaning::Unknown };
        let Some(row) = tables.facts.uses.get(at as usize) else { return Meaning::Unknown };
        let name = tables.facts.text(row.name);
        let names = self.names;
        let Some(verdict) = tables.missing(at).and_then(|missing| names.verdicts(tables.id).get(missing)) else {
            return Meaning::Unknown;
        };
        match verdict {
            Verdict::Elsewhere(source) => match source.binding {
                Some(binding) => {
                    let Some(other) = self.slot(source.document) else { return Meaning::Unknown };
                    self.binding_meaning(other, binding, 0)
                }
                None => star(names, source.document, name)
                    .map_or(Meaning::Unknown, |module| Meaning::Path(format!("{module}.{name}"))),
            },
            Verdict::Given if crate::python::builtins::is_builtin(name) => Meaning::Path(name.to_owned()),
            _ => Meaning::Unknown,
        }
    }

    /// What a binding of a top level stands for.
    fn binding_meaning(&mut self, slot: Slot, binding: u32, level: u32) -> Meaning {
        let Some(facts) = self.facts(slot) else { return Meaning::Unknown };
        let Some(row) = facts.bindings.get(binding as usize) else { return Meaning::Unknown };
        match row.kind {
            BindingKind::Import(import) => {
                let Some(row) = facts.imports.get(import as usize) else { return Meaning::Unknown };
                self.import(slot, import, row, level)
            }
            BindingKind::Function(function) => Meaning::Function(slot, function),
            _ => Meaning::Binding(slot, binding),
        }
    }

    /// What an imported name stands for.
    fn import(&mut self, slot: Slot, import: u32, row: &Import, level: u32) -> Meaning {
        let Some(tables) = self.documents.get(slot) else { return Meaning::Unknown };
        let facts = tables.facts;
        let Some(module) = tables.imported(import) else {
            let module = facts.text(row.module);
            return match row.name {
                _ if row.level > 0 => Meaning::Unknown,
                Some(name) => Meaning::Path(format!("{module}.{}", facts.text(name))),
                // `import a.b` binds `a`.
                None if row.bound.is_some_and(|bound| !module.starts_with(facts.text(bound))) => {
                    Meaning::Path(module.to_owned())
                }
                None => Meaning::Path(row.bound.map_or("", |bound| facts.text(bound)).to_owned()),
            };
        };
        let Some(name) = row.name.map(|name| facts.text(name)).filter(|_| level < 8) else { return Meaning::Unknown };
        self.member(module, name, level + 1)
    }

    /// What a name of a module's top level stands for.
    pub(super) fn member(&mut self, module: DocumentId, name: &str, level: u32) -> Meaning {
        let Some(other) = self.slot(module) else { return Meaning::Unknown };
        let Some(tables) = self.documents.get(other) else { return Meaning::Unknown };
        let last = tables.facts.symbols.get(name).and_then(|name| tables.bindings(name, 0).last().copied());
        last.map_or(Meaning::Unknown, |binding| self.binding_meaning(other, binding, level))
    }

    /// What a plain name stands for, if it is one thing only.
    pub(super) fn meaning(&mut self, slot: Slot, at: u32) -> Meaning {
        let Some(tables) = self.documents.get(slot) else { return Meaning::Unknown };
        match tables.reaching(at) {
            None => {
                let found = self.elsewhere(slot, at);
                let facts = self.facts(slot);
                let name = facts.and_then(|facts| Some(facts.text(facts.uses.get(at as usize)?.name)));
                match (found, name) {
                    // Without names across documents: what this document itself says of it.
                    (Meaning::Unknown, Some(name)) => self.own_star(slot, name),
                    (found, _) => found,
                }
            }
            Some(reaching) => match reaching.bindings.as_slice() {
                &[one] if !reaching.open => self.binding_meaning(slot, one, 0),
                _ => Meaning::Unknown,
            },
        }
    }

    /// What a name is that only a star import of Spark's functions can bring.
    fn own_star(&self, slot: Slot, name: &str) -> Meaning {
        let Some(tables) = self.documents.get(slot) else { return Meaning::Unknown };
        match star(self.names, tables.id, name) {
            Some(module) => Meaning::Path(format!("{module}.{name}")),
            None => Meaning::Unknown,
        }
    }

    /// What a binding gives its name; `None` if that hangs on itself alone.
    fn binding(&mut self, slot: Slot, at: u32) -> Option<Type> {
        if let Some(known) = self.documents.get(slot)?.bound.get(at as usize).copied().flatten() {
            return Some(known);
        }
        if let Some(level) = self.pending.iter().position(|&it| it == (slot, at)) {
            self.low = self.low.min(level);
            return None;
        }
        let level = self.pending.len();
        self.pending.push((slot, at));
        let low = std::mem::replace(&mut self.low, usize::MAX);
        let found = self.bound(slot, at);
        self.pending.pop();
        if self.low >= level {
            if self.levels < MAX_LEVELS
                && let Some(known) = self.documents.get_mut(slot).and_then(|tables| tables.bound.get_mut(at as usize))
            {
                *known = Some(found);
            }
            self.low = low;
        } else {
            self.low = self.low.min(low);
        }
        Some(found)
    }

    fn bound(&mut self, slot: Slot, at: u32) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let Some(row) = facts.bindings.get(at as usize) else { return Type::UNKNOWN };
        if let Some(annotated) = self.annotated(slot, at) {
            // What is assigned says more, if anything is.
            let value = if row.value.is_some() { self.node(slot, row.value) } else { Type::UNKNOWN };
            return if value.kind == Kind::Unknown { annotated } else { value };
        }
        match row.kind {
            BindingKind::Assignment if row.value.is_some() => match self.node(slot, row.value) {
                Type { kind: Kind::Unknown, .. } if self.documents.get(slot).is_some_and(|it| it.is_framed(at)) => {
                    Type::frame(Rows::Unknown, Motion::Unknown)
                }
                found => found,
            },
            BindingKind::Unpacked => match self.node(slot, row.value).kind {
                Kind::Frames => Type::frame(Rows::Unknown, Motion::Batch),
                _ => Type::UNKNOWN,
            },
            BindingKind::Augmented => match self.node(slot, row.value) {
                found if matches!(found.kind, Kind::Text | Kind::Column) => found,
                _ => Type::UNKNOWN,
            },
            BindingKind::Loop => match (self.node(slot, row.value).kind, facts.kind(row.value)) {
                (Kind::RowList, _) => Type::of(Kind::Row),
                (Kind::Frames, _) => Type::frame(Rows::Unknown, Motion::Batch),
                (_, NodeKind::List(children) | NodeKind::Tuple(children)) => self.all(slot, children),
                // Going through a dictionary gives its keys.
                (Kind::Other, NodeKind::Name(at)) if self.is_list(slot, at) => self.element(slot, at),
                _ => Type::UNKNOWN,
            },
            BindingKind::Parameter => self.parameter(slot, at),
            BindingKind::Function(function) => {
                let Some(row) = facts.functions.get(function as usize) else { return Type::UNKNOWN };
                let is_udf = row.decorators.iter().any(|&path| is_udf(facts.text(path)));
                Type::of(if is_udf { Kind::Udf } else { Kind::Other })
            }
            BindingKind::Class | BindingKind::Exception | BindingKind::TypeParameter => Type::of(Kind::Other),
            BindingKind::Import(import) => {
                let Some(row) = facts.imports.get(import as usize) else { return Type::UNKNOWN };
                match self.import(slot, import, row, 0) {
                    Meaning::Binding(other, binding) => self.last(other, binding),
                    Meaning::Function(other, function) => {
                        let udf =
                            self.facts(other).and_then(|facts| facts.functions.get(function as usize).zip(Some(facts)));
                        let udf =
                            udf.is_some_and(|(row, facts)| row.decorators.iter().any(|&it| is_udf(facts.text(it))));
                        Type::of(if udf { Kind::Udf } else { Kind::Other })
                    }
                    Meaning::Path(_) | Meaning::Unknown => Type::UNKNOWN,
                }
            }
            _ => Type::UNKNOWN,
        }
    }

    fn parameter(&self, slot: Slot, at: u32) -> Type {
        let Some(tables) = self.documents.get(slot) else { return Type::UNKNOWN };
        let Some(row) = tables.facts.bindings.get(at as usize) else { return Type::UNKNOWN };
        if matches!(tables.facts.text(row.name), "self" | "cls") {
            return Type::of(Kind::Other);
        }
        if tables.is_framed(at) {
            return Type::frame(Rows::Unknown, Motion::Unknown);
        }
        match tables.facts.text(row.name) {
            "spark" | "spark_session" | "sparkSession" => Type::of(Kind::Session),
            _ => Type::UNKNOWN,
        }
    }

    /// What the annotation of a binding says.
    fn annotated(&mut self, slot: Slot, binding: u32) -> Option<Type> {
        let facts = self.facts(slot)?;
        let at = facts.annotations.binary_search_by_key(&binding, |row| row.binding).ok()?;
        self.annotation(slot, facts.annotations.get(at)?.node)
    }

    pub(super) fn annotation(&mut self, slot: Slot, node: NodeId) -> Option<Type> {
        let facts = self.facts(slot)?;
        let written = match facts.kind(node) {
            NodeKind::Name(at) => facts.uses.get(at as usize).map(|row| facts.text(row.name))?,
            NodeKind::Attribute { name, .. } => facts.text(name),
            NodeKind::String(at) => facts.strings.get(at as usize)?.value.rsplit('.').next()?,
            // `Optional[DataFrame]`, and `DataFrame | None`.
            NodeKind::Subscript { base, index } => {
                let of = match facts.kind(base) {
                    NodeKind::Name(at) => facts.uses.get(at as usize).map(|row| facts.text(row.name))?,
                    NodeKind::Attribute { name, .. } => facts.text(name),
                    _ => return None,
                };
                return if of == "Optional" { self.annotation(slot, index) } else { methods::annotation(of) };
            }
            NodeKind::Binary { op: BinaryOp::Or, left, right } if facts.kind(right) == NodeKind::None => {
                return self.annotation(slot, left);
            }
            _ => return None,
        };
        if written != "DataFrame" {
            return methods::annotation(written);
        }
        // Two libraries have a class of this name.
        let path = match facts.kind(node) {
            NodeKind::Name(at) => match self.meaning(slot, at) {
                Meaning::Path(path) => Some(path),
                _ => None,
            },
            _ => match self.dotted(slot, node) {
                Meaning::Path(path) => Some(path),
                _ => None,
            },
        };
        match path.as_deref() {
            Some("pandas.DataFrame" | "pandas.core.frame.DataFrame") => Some(Type::of(Kind::Pandas)),
            Some(path) if path.starts_with("pyspark.pandas") => Some(Type::of(Kind::Other)),
            Some(path) if path.starts_with("pyspark.") => Some(Type::frame(Rows::Unknown, Motion::Unknown)),
            _ => None,
        }
    }

    /// What an attribute of a module is.
    fn attribute(&mut self, slot: Slot, id: NodeId) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let NodeKind::Attribute { base, name } = facts.kind(id) else { return Type::UNKNOWN };
        let NodeKind::Name(root) = facts.kind(base) else { return Type::UNKNOWN };
        if let Some(module) = self.module(slot, root) {
            return match self.member(module, facts.text(name), 1) {
                Meaning::Binding(other, binding) => self.last(other, binding),
                _ => Type::UNKNOWN,
            };
        }
        match (self.meaning(slot, root), facts.text(name)) {
            (Meaning::Path(path), "builder")
                if path.ends_with("SparkSession") || path.ends_with("DatabricksSession") =>
            {
                Type::of(Kind::SessionBuilder)
            }
            _ => Type::UNKNOWN,
        }
    }
}

/// The module whose star import brings a name to a document.
fn star<'a>(names: &'a Namespaces<'a>, document: DocumentId, name: &str) -> Option<&'a str> {
    let facts = &names.project.documents().get(document as usize)?.python;
    let local = names.local(document)?;
    local.arrivals.iter().rev().find_map(|arrival| match arrival.from {
        From::Known(known, import) if known.binary_search(&name).is_ok() => {
            facts.imports.get(import as usize).map(|row| facts.text(row.module))
        }
        _ => None,
    })
}

/// Whether a decorator makes a function for columns.
pub(super) fn is_udf(path: &str) -> bool {
    matches!(path.rsplit('.').next(), Some("udf" | "pandas_udf" | "arrow_udf"))
}
