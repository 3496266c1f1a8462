//! What calls give: methods of what is known, functions of the repository, and queries.

use super::eval::{Evaluator, Meaning, Slot, is_udf};
use super::kind::{Kind, Motion, Rows, Type};
use super::methods;
use super::statement;
use super::text;
use crate::project::document::DocumentId;
use crate::python::facts::{BindingKind, Call, CallId, FunctionId};
use crate::python::nodes::{NodeId, NodeKind};

impl Evaluator<'_> {
    /// What the receiver of a method is.
    pub(super) fn receiver(&mut self, slot: Slot, call: &Call) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let base = facts.called_on(call);
        let found = self.node(slot, base);
        if found.kind != Kind::Unknown {
            return found;
        }
        let NodeKind::Attribute { base: below, name } = facts.kind(base) else { return found };
        let method = call.method.map_or("", |method| facts.text(method));
        let unknown = self.node(slot, below).kind == Kind::Unknown;
        match facts.text(name) {
            "write" if unknown && (methods::WRITER_SETTINGS.contains(&method) || method == "saveAsTable") => {
                Type { motion: Motion::Batch, ..Type::of(Kind::Writer) }
            }
            "read" if unknown && matches!(method, "format" | "option" | "options" | "schema" | "table" | "parquet") => {
                Type { motion: Motion::Batch, ..Type::of(Kind::Reader) }
            }
            _ => found,
        }
    }

    pub(super) fn call(&mut self, slot: Slot, id: CallId) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let Some(call) = facts.calls.get(id as usize) else { return Type::UNKNOWN };
        let name = call.method.map_or("", |method| facts.text(method));
        if facts.called_on(call).is_some() {
            let of = self.receiver(slot, call);
            let argument = facts.argument(call, 0, "").map_or(NodeKind::Other, |argument| facts.kind(argument.node));
            let few = matches!(argument, NodeKind::Int(_));
            let found = methods::method(of, name, few);
            match (of.kind, found.kind) {
                (Kind::Unknown, Kind::Unknown) => {}
                (Kind::Session, Kind::Frame) if name == "sql" => return self.sql(slot, call),
                (Kind::Session, Kind::Frame) if name == "createDataFrame" => {
                    // Data of the driver are few, as a cluster counts.
                    let data = facts.argument(call, 0, "data").map(|data| self.node(slot, data.node).kind);
                    let rows = if data == Some(Kind::Rdd) { Rows::Unknown } else { Rows::Few };
                    return Type { rows, ..found };
                }
                (Kind::Reader, Kind::Frame) if name == "load" => {
                    let rows = if self.loads_tables(slot, call) { Rows::Whole } else { Rows::Unknown };
                    return Type { rows, ..found };
                }
                (Kind::Frame, Kind::Frame) => return self.frame(slot, call, name, of, found),
                _ => return found,
            }
        }
        if name == "DataGenerator" {
            return Type::of(Kind::Maker);
        }
        match self.callee(slot, call) {
            Meaning::Path(path) => methods::function(&path).map_or(Type::UNKNOWN, |found| match (found.kind, &*path) {
                (Kind::Frame, "pyspark.sql.functions.broadcast") => {
                    facts.argument(call, 0, "df").map_or(found, |argument| self.node(slot, argument.node))
                }
                _ => found,
            }),
            Meaning::Function(other, function) => self.function(other, function),
            Meaning::Binding(other, binding) => match self.last(other, binding).kind {
                Kind::Udf => Type::of(Kind::Column),
                _ => Type::UNKNOWN,
            },
            Meaning::Unknown => {
                let called = self.node(slot, call.of);
                if called.kind == Kind::Udf { Type::of(Kind::Column) } else { Type::UNKNOWN }
            }
        }
    }

    /// Whether a `load` reads files that hold a table: Delta, which is the default, or the like.
    pub(super) fn loads_tables(&mut self, slot: Slot, call: &Call) -> bool {
        let Some(facts) = self.facts(slot) else { return false };
        let mut format =
            facts.arguments(call).iter().find(|argument| facts.is(argument.keyword, "format")).map(|it| it.node);
        let mut at = facts.called_on(call);
        while format.is_none()
            && let Some(step) = facts.call_at(at)
        {
            match step.method.map(|method| facts.text(method)) {
                Some("format") => format = facts.argument(step, 0, "source").map(|source| source.node),
                Some("option" | "options" | "schema") => {}
                _ => return false,
            }
            at = facts.called_on(step);
        }
        // Without a format all of the reader must be in sight.
        let Some(format) = format else { return matches!(facts.kind(at), NodeKind::Attribute { .. }) };
        text::known(self, slot, format, 0).is_some_and(|it| matches!(&*it, "delta" | "iceberg" | "orc" | "parquet"))
    }

    /// What is called, if that is one thing only.
    pub(super) fn callee(&mut self, slot: Slot, call: &Call) -> Meaning {
        self.dotted(slot, call.of)
    }

    /// What a chain of names stands for.
    pub(super) fn dotted(&mut self, slot: Slot, node: NodeId) -> Meaning {
        let Some(facts) = self.facts(slot) else { return Meaning::Unknown };
        let mut names: Vec<&str> = Vec::new();
        let mut at = node;
        let root = loop {
            match facts.kind(at) {
                NodeKind::Attribute { base, name } => {
                    names.push(facts.text(name));
                    at = base;
                }
                NodeKind::Name(root) => break root,
                _ => return Meaning::Unknown,
            }
            if names.len() > 20 {
                return Meaning::Unknown;
            }
        };
        let module = self.module(slot, root);
        if let (Some(module), [name]) = (module, names.as_slice()) {
            return self.member(module, name, 1);
        }
        match self.meaning(slot, root) {
            Meaning::Path(mut path) => {
                for name in names.iter().rev() {
                    path.push('.');
                    path.push_str(name);
                }
                Meaning::Path(path)
            }
            other if names.is_empty() => other,
            _ => Meaning::Unknown,
        }
    }

    /// The document of this repository that a name stands for.
    pub(super) fn module(&self, slot: Slot, at: u32) -> Option<DocumentId> {
        let tables = self.documents.get(slot)?;
        let reaching = tables.reaching(at)?;
        let &[binding] = reaching.bindings.as_slice() else { return None };
        let BindingKind::Import(import) = tables.facts.bindings.get(binding as usize)?.kind else { return None };
        let row = tables.facts.imports.get(import as usize)?;
        let whole = row.name.is_none() && row.bound == Some(row.module);
        let alias = row.name.is_none() && row.alias_span != row.span;
        // `from package import module` leads to the module itself.
        let document = tables.imported(import)?;
        let named = row.name.is_some_and(|name| {
            let path = self.names.project.documents().get(document as usize).map(|it| it.path.stem());
            path == Some(tables.facts.text(name))
        });
        (whole || alias || named).then_some(document)
    }

    /// What a function of the repository gives.
    pub(super) fn function(&mut self, slot: Slot, function: FunctionId) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let Some(row) = facts.functions.get(function as usize).filter(|row| row.plain) else { return Type::UNKNOWN };
        if row.decorators.iter().any(|&path| is_udf(facts.text(path))) {
            return Type::of(Kind::Column);
        }
        if !row.decorators.is_empty() {
            return Type::UNKNOWN;
        }
        let annotated = self.annotation(slot, row.returns);
        let Some(tables) = self.documents.get(slot) else { return Type::UNKNOWN };
        let returns: Vec<NodeId> = tables.returns(function).to_vec();
        let values = returns.into_iter().map(|node| self.node(slot, node));
        match (values.reduce(Type::or).unwrap_or_default(), annotated) {
            (Type { kind: Kind::Unknown, .. }, Some(annotated)) => annotated,
            (found, _) => found,
        }
    }

    /// What a query gives.
    pub(super) fn sql(&mut self, slot: Slot, call: &Call) -> Type {
        let Some(facts) = self.facts(slot) else { return Type::UNKNOWN };
        let unknown = Type::frame(Rows::Unknown, Motion::Unknown);
        let Some(query) = facts.argument(call, 0, "sqlQuery") else { return unknown };
        let Some(pieces) = text::pieces(self, slot, query.node) else { return unknown };
        let (rows, stream) = statement::rows(&text::joined(&pieces));
        Type::frame(rows, if stream { Motion::Unknown } else { Motion::Batch })
    }

    /// What a method of a data frame gives whose arguments matter.
    pub(super) fn frame(&mut self, slot: Slot, call: &Call, name: &str, of: Type, found: Type) -> Type {
        let Some(facts) = self.facts(slot) else { return found };
        let arguments = facts.arguments(call);
        let one = || facts.argument(call, 0, "num").map(|argument| facts.kind(argument.node));
        match name {
            "limit" if matches!(one(), Some(NodeKind::Int(0 | 1))) => Type { rows: Rows::One, ..found },
            "select" if !arguments.is_empty() => {
                let aggregates = arguments.iter().all(|argument| self.is_aggregate(slot, argument.node, 0));
                let multiplies = arguments.iter().any(|argument| self.is_generator(slot, argument.node, 0));
                let rows = match of.rows {
                    _ if aggregates => Rows::One,
                    Rows::One if multiplies => Rows::Few,
                    rows => rows,
                };
                Type { rows, ..found }
            }
            "join" | "union" | "unionAll" | "unionByName" | "crossJoin" => {
                let other = facts.argument(call, 0, "other").map(|argument| self.node(slot, argument.node));
                let other = other.unwrap_or_default();
                let motion = match (of.motion, other.motion) {
                    (Motion::Stream, _) | (_, Motion::Stream) => Motion::Stream,
                    (Motion::Batch, Motion::Batch) => Motion::Batch,
                    _ => Motion::Unknown,
                };
                let small = of.is_small() && other.is_small();
                Type::frame(if small { Rows::Few } else { Rows::Unknown }, motion)
            }
            _ => found,
        }
    }

    /// Whether a column of a `select` makes one row of all: `F.max("x")`, `F.count("*").alias("n")`.
    pub(super) fn is_aggregate(&mut self, slot: Slot, node: NodeId, level: u32) -> bool {
        let Some(facts) = self.facts(slot) else { return false };
        if level > 8 {
            return false;
        }
        match facts.kind(node) {
            NodeKind::Call(call) => {
                let Some(call) = facts.calls.get(call as usize) else { return false };
                let name = call.method.map_or("", |method| facts.text(method));
                let on = facts.called_on(call);
                if on.is_some() && self.node(slot, on).kind == Kind::Column {
                    return matches!(name, "alias" | "cast" | "name" | "astype")
                        && self.is_aggregate(slot, on, level + 1);
                }
                matches!(self.callee(slot, call), Meaning::Path(path)
                    if path.strip_prefix("pyspark.sql.functions.").is_some_and(statement::is_aggregate))
            }
            NodeKind::Binary { left, right, .. } => {
                self.is_aggregate(slot, left, level + 1) && self.is_aggregate(slot, right, level + 1)
            }
            NodeKind::List(children) => {
                let children = facts.children(children);
                !children.is_empty() && children.iter().all(|&child| self.is_aggregate(slot, child, level + 1))
            }
            NodeKind::String(at) => facts.strings.get(at as usize).is_some_and(|string| {
                string.value.split_once('(').is_some_and(|(name, _)| statement::is_aggregate(name))
            }),
            _ => false,
        }
    }

    /// Whether a column of a `select` makes many rows of one.
    pub(super) fn is_generator(&self, slot: Slot, node: NodeId, level: u32) -> bool {
        let Some(facts) = self.facts(slot).filter(|_| level < 8) else { return true };
        match facts.kind(node) {
            NodeKind::Call(call) => {
                let Some(call) = facts.calls.get(call as usize) else { return true };
                let name = call.method.map_or("", |method| facts.text(method));
                let on = facts.called_on(call);
                name.contains("explode")
                    || matches!(name, "inline" | "inline_outer" | "stack" | "expr")
                    || on.is_some() && self.is_generator(slot, on, level + 1)
            }
            NodeKind::Attribute { .. }
            | NodeKind::Name(_)
            | NodeKind::String(_)
            | NodeKind::Subscript { .. }
            | NodeKind::Binary { .. }
            | NodeKind::Compare { .. } => false,
            NodeKind::List(children) => {
                facts.children(children).iter().any(|&child| self.is_generator(slot, child, level + 1))
            }
            _ => true,
        }
    }
}
