//! Light data flow: what the values of a document are. A data frame of Spark or of pandas, a reader, a column; how many
//! rows; what text. Follows assignments in the order in which they run, functions of the repository, and names that
//! `%run` or an import brings. What cannot be said is unknown, and rules are silent about it.
//!
//! Nothing is done before a rule asks, and nothing twice for one document.

mod calls;
mod eval;
pub mod kind;
pub mod methods;
mod statement;
mod tables;
mod text;

use crate::names::Namespaces;
use crate::project::document::Document;
use crate::python::facts::{Binding, BranchId, BranchKind, Call, CallId, Facts, Function};
use crate::python::nodes::{NodeId, NodeKind};
use crate::python::symbols::FastMap;
use eval::{Evaluator, Meaning};
use kind::{Kind, Type};
use std::cell::{OnceCell, RefCell};
pub use text::Piece;

/// A chain of methods is followed so many steps back.
const MAX_STEPS: usize = 300;

/// What can be asked of the values of one document.
pub struct Flow<'a> {
    document: &'a Document,
    names: &'a Namespaces<'a>,
    evaluator: RefCell<Option<Evaluator<'a>>>,
    /// By expression, the call of a method on it.
    next: OnceCell<FastMap<NodeId, CallId>>,
    /// By expression, the binding that it is given to.
    bound: OnceCell<FastMap<NodeId, u32>>,
}

/// One link of a chain of methods: `.limit(10)`, `.write`, or what stands at its start.
#[derive(Clone, Copy, Debug)]
pub struct Step<'a> {
    /// The method or attribute; for the start of the chain its name, or nothing if it has none.
    pub name: &'a str,
    /// The call, unless it is an attribute or a name alone.
    pub call: Option<&'a Call>,
    /// The expression up to here.
    pub node: NodeId,
}

impl<'a> Flow<'a> {
    /// For the values of one document.
    pub const fn new(names: &'a Namespaces<'a>, document: &'a Document) -> Self {
        Self { document, names, evaluator: RefCell::new(None), next: OnceCell::new(), bound: OnceCell::new() }
    }

    const fn facts(&self) -> &'a Facts {
        &self.document.python
    }

    /// Asks with the document's tables at hand, which are in slot 0. `None` for a document of no project.
    fn ask<R>(&self, work: impl FnOnce(&mut Evaluator<'a>) -> R) -> Option<R> {
        let mut evaluator = self.evaluator.try_borrow_mut().ok()?;
        if evaluator.is_none() {
            let id = self.names.project.id(&self.document.path)?;
            let mut new = Evaluator::new(self.names);
            new.slot(id)?;
            *evaluator = Some(new);
        }
        evaluator.as_mut().map(work)
    }

    /// What an expression is.
    pub fn type_of(&self, node: NodeId) -> Type {
        self.ask(|evaluator| evaluator.node(0, node)).unwrap_or_default()
    }

    /// What kind of thing an expression is.
    pub fn kind_of(&self, node: NodeId) -> Kind {
        self.type_of(node).kind
    }

    /// What a method is called on.
    pub fn receiver(&self, call: &Call) -> Type {
        self.ask(|evaluator| evaluator.receiver(0, call)).unwrap_or_default()
    }

    /// What an argument is; unknown as well if there is none. Found by position or keyword, as
    /// [`Facts::argument`] does.
    pub fn argument(&self, call: &Call, position: usize, keyword: &str) -> Type {
        self.facts().argument(call, position, keyword).map_or(Type::UNKNOWN, |argument| self.type_of(argument.node))
    }

    /// The full path of what is called, wherever its name comes from, also through `%run` and star imports:
    /// `pyspark.sql.functions.col`, `len`. `None` for methods of values, for functions of this repository, and if
    /// nobody can say.
    pub fn path(&self, call: &Call) -> Option<String> {
        match self.ask(|evaluator| evaluator.callee(0, call))? {
            Meaning::Path(path) => Some(path),
            _ => None,
        }
    }

    /// The function of this repository that is called, with the facts of its document.
    pub fn function(&self, call: &Call) -> Option<(&'a Facts, &'a Function)> {
        self.ask(|evaluator| match evaluator.callee(0, call) {
            Meaning::Function(slot, function) => {
                let facts = evaluator.facts(slot)?;
                Some((facts, facts.functions.get(function as usize)?))
            }
            _ => None,
        })?
    }

    /// Whether a call is of one of Spark's SQL functions (`pyspark.sql.functions`), and of which.
    pub fn sql_function(&self, call: &Call) -> Option<String> {
        let path = self.path(call)?;
        path.strip_prefix("pyspark.sql.functions.").filter(|name| !name.contains('.')).map(str::to_owned)
    }

    /// Whether a column makes one row of all that it is selected from: `F.max("x").alias("y")`.
    pub fn is_aggregate(&self, node: NodeId) -> bool {
        self.ask(|evaluator| evaluator.is_aggregate(0, node, 0)).unwrap_or_default()
    }

    /// The pieces of the text that an expression makes, through variables, `+`, `%`, f-strings and `format`; `None` if
    /// it is not seen to make text.
    pub fn pieces(&self, node: NodeId) -> Option<Vec<Piece>> {
        self.ask(|evaluator| text::pieces(evaluator, 0, node))?
    }

    /// The text that an expression makes, if it is known in full.
    pub fn text(&self, node: NodeId) -> Option<String> {
        self.ask(|evaluator| text::known(evaluator, 0, node, 0))?
    }

    /// Every text that an expression can make: one, or those of the literal list that a loop goes through.
    pub fn texts(&self, node: NodeId) -> Option<Vec<String>> {
        self.ask(|evaluator| text::all(evaluator, 0, node))?
    }

    /// The expression of this document that gives a name its only value where it is read, through names that are given
    /// names; anything else is its own.
    pub fn definition(&self, node: NodeId) -> NodeId {
        let mut at = node;
        for _ in 0..MAX_STEPS {
            let NodeKind::Name(name_use) = self.facts().kind(at) else { break };
            let Some(Some((0, value))) = self.ask(|evaluator| text::value(evaluator, 0, name_use)) else { break };
            at = value;
        }
        at
    }

    /// The links of a chain from its end to its start, `node` first: for `df.limit(1).write` those of `write`, `limit`
    /// and `df`. Names are followed to what they were given.
    pub fn chain(&self, node: NodeId) -> Vec<Step<'a>> {
        let facts = self.facts();
        let mut steps = Vec::new();
        let mut at = node;
        while steps.len() < MAX_STEPS {
            match facts.kind(at) {
                NodeKind::Call(call) => {
                    let Some(call) = facts.calls.get(call as usize) else { break };
                    steps.push(Step {
                        name: call.method.map_or("", |name| facts.text(name)),
                        call: Some(call),
                        node: at,
                    });
                    let below = facts.called_on(call);
                    if !below.is_some() {
                        break;
                    }
                    at = below;
                }
                NodeKind::Attribute { base, name } => {
                    steps.push(Step { name: facts.text(name), call: None, node: at });
                    at = base;
                }
                NodeKind::Name(name_use) => {
                    let value = self.definition(at);
                    if value == at {
                        let name = facts.uses.get(name_use as usize).map_or("", |row| facts.text(row.name));
                        steps.push(Step { name, call: None, node: at });
                        break;
                    }
                    at = value;
                }
                _ => {
                    steps.push(Step { name: "", call: None, node: at });
                    break;
                }
            }
        }
        steps
    }

    /// The method that is called on an expression in the same chain: `.limit(1)` for the `df` of `df.limit(1)`.
    pub fn next(&self, node: NodeId) -> Option<&'a Call> {
        let facts = self.facts();
        let next = self.next.get_or_init(|| {
            let calls = (0..).zip(&facts.calls);
            calls.map(|(at, call)| (facts.called_on(call), at)).filter(|(node, _)| node.is_some()).collect()
        });
        facts.calls.get(*next.get(&node)? as usize)
    }

    /// The name that an expression is given to as a whole, with its row of [`Facts::bindings`].
    pub fn bound_to(&self, node: NodeId) -> Option<(u32, &'a Binding)> {
        let facts = self.facts();
        let bound = self.bound.get_or_init(|| {
            let rows = (0..).zip(&facts.bindings).filter(|(_, row)| row.value.is_some());
            rows.map(|(at, row)| (row.value, at)).collect()
        });
        let at = *bound.get(&node)?;
        Some((at, facts.bindings.get(at as usize)?))
    }

    /// The calls inside the brackets of a call, at any depth.
    pub fn calls_in(&self, call: &'a Call) -> impl Iterator<Item = &'a Call> + use<'a> {
        let facts = self.facts();
        // What stands inside is walked before, and ends before.
        let end = match facts.kind(call.node) {
            NodeKind::Call(id) => id as usize,
            _ => 0,
        };
        let before = facts.calls.get(..end).unwrap_or_default().iter().rev();
        let inside = before.take_while(move |inner| call.span.covers(inner.span));
        inside.filter(move |inner| inner.span.start >= call.callee.end)
    }

    /// The bindings, as rows of [`Facts::bindings`], that a use may read where it stands, as far as they are this
    /// document's.
    pub fn bindings_read(&self, name_use: u32) -> Vec<u32> {
        let found = self.ask(|evaluator| Some(evaluator.documents.first()?.reaching(name_use)?.bindings));
        found.flatten().unwrap_or_default()
    }

    /// Whether a branch is another, or lies in it.
    pub fn is_inside(&self, branch: BranchId, outer: BranchId) -> bool {
        self.ask(|evaluator| evaluator.documents.first().is_some_and(|tables| tables.is_inside(branch, outer)))
            .unwrap_or_default()
    }

    /// Whether code in `branch` lies in a `for` or `while` loop of the same function or of the module, and in which.
    pub fn loop_around(&self, branch: BranchId) -> Option<BranchId> {
        let facts = self.facts();
        let mut at = branch;
        while let Some(row) = facts.branches.get(at as usize).filter(|_| at != 0) {
            if row.kind == BranchKind::Loop {
                return Some(at);
            }
            at = row.parent;
        }
        None
    }

    /// Every function of this document that is one for columns, made by `@udf`, `udf(…)` or `spark.udf.register(…)`,
    /// and those that only run on workers: given to `mapInPandas`, `applyInPandas`, `foreachPartition` and the like.
    /// With what makes it one.
    pub fn worker_functions(&self) -> Vec<(u32, &'a str)> {
        let facts = self.facts();
        let mut found: Vec<(u32, &'a str)> = Vec::new();
        for (at, function) in (0_u32..).zip(&facts.functions) {
            let udf = function.decorators.iter().map(|&path| facts.text(path)).find(|path| eval::is_udf(path));
            if let Some(path) = udf {
                found.push((at, path.rsplit('.').next().unwrap_or(path)));
            }
        }
        for call in &facts.calls {
            let Some(method) = call.method.map(|name| facts.text(name)) else { continue };
            let position = match method {
                "udf"
                | "pandas_udf"
                | "arrow_udf"
                | "mapInPandas"
                | "mapInArrow"
                | "applyInPandas"
                | "applyInPandasWithState"
                | "foreachPartition" => 0,
                "register" => 1,
                _ => continue,
            };
            let Some(argument) = facts.argument(call, position, "f") else { continue };
            let NodeKind::Name(name_use) = facts.kind(argument.node) else { continue };
            let right = match method {
                "register" => self.receiver(call).kind == Kind::UdfRegistration,
                "udf" | "pandas_udf" | "arrow_udf" => self.sql_function(call).is_some(),
                _ => true,
            };
            let meant = || self.ask(|evaluator| evaluator.meaning(0, name_use));
            if right && let Some(Meaning::Function(0, function)) = meant() {
                found.push((function, method));
            }
        }
        found.sort_unstable();
        found.dedup_by_key(|row| row.0);
        found
    }

    /// How many receivers of methods that Spark's data frames have the document holds, and of how many of them it is
    /// known what they are. Tells how far the flow sees.
    pub fn coverage(&self) -> Coverage {
        let facts = self.facts();
        let mut coverage = Coverage::default();
        for call in &facts.calls {
            let Some(method) = call.method.map(|name| facts.text(name)) else { continue };
            if !facts.called_on(call).is_some() || !methods::is_frame_method(method) {
                continue;
            }
            coverage.receivers += 1;
            match self.receiver(call).kind {
                Kind::Unknown => {}
                Kind::Frame => {
                    coverage.typed += 1;
                    coverage.frames += 1;
                }
                _ => coverage.typed += 1,
            }
        }
        coverage
    }
}

/// See [`Flow::coverage`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Coverage {
    /// Receivers of methods that data frames have.
    pub receivers: usize,
    /// Those of which it is known what they are.
    pub typed: usize,
    /// Those that are data frames of Spark.
    pub frames: usize,
}
