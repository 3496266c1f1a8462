//! Dotted chains of calls and attributes, as rules about an API look at them, and the names that the platform gives.

use super::context::Context;
use crate::notebook::Origin;
use crate::project::document::Document;
use crate::python::facts::{Call, CallId, Facts, ScopeId};
use crate::python::symbols::Symbol;
use crate::text::Span;
use memchr::memmem::Finder;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::LazyLock;

/// A dotted chain that ends in a call, or that is no part of one.
#[derive(Clone, Debug)]
pub struct Chain<'f> {
    /// The chain without arguments, import aliases resolved; of one that goes on from another call, what follows that.
    path: Cow<'f, str>,
    /// The same as it is written.
    pub span: Span,
    /// The scope in which it stands.
    pub scope: ScopeId,
    /// The call that it ends in.
    pub call: Option<(CallId, &'f Call)>,
    /// Whether it starts at a plain name.
    pub rooted: bool,
}

impl Chain<'_> {
    /// Where the expression starts that it is part of.
    pub fn start(&self) -> u32 {
        self.call.map_or(self.span.start, |(_, call)| call.span.start)
    }

    /// The names in the chain, in order.
    pub fn parts(&self) -> impl Iterator<Item = &str> {
        Parts { rest: Some(&self.path) }
    }

    /// The whole chain, if it starts at a plain name.
    pub fn path(&self) -> Option<&str> {
        self.rooted.then_some(&*self.path)
    }

    /// Whether it has the attribute `name` (the name that it starts at is none).
    pub fn has(&self, name: &str) -> bool {
        self.parts().skip(usize::from(self.rooted)).any(|part| part == name)
    }

    /// The last name.
    pub fn last(&self) -> &str {
        self.backwards().next().unwrap_or("")
    }

    /// The name before the last.
    pub fn before_last(&self) -> Option<&str> {
        self.backwards().nth(1)
    }

    /// The names in the chain, the last first.
    fn backwards(&self) -> impl Iterator<Item = &str> {
        let mut rest = Some(&*self.path);
        std::iter::from_fn(move || {
            loop {
                let all = rest?;
                let dot = all.bytes().rposition(|byte| byte == b'.');
                rest = dot.and_then(|dot| all.get(..dot));
                let part = trimmed(all.get(dot.map_or(0, |dot| dot + 1)..).unwrap_or(""));
                if !part.is_empty() {
                    return Some(part);
                }
            }
        })
    }

    /// Where one of its attributes stands; all of the chain, if that cannot be said.
    pub fn place(&self, document: &Document, name: &str) -> Span {
        let written = self.span.of(document.text());
        let is_word = |c: char| c == '_' || c.is_alphanumeric();
        let found = written.match_indices(name).filter(|(at, _)| {
            let before = written.get(..*at).unwrap_or("").trim_end();
            let after = written.get(at + name.len()..).unwrap_or("");
            before.ends_with('.') && !after.starts_with(is_word)
        });
        found.last().map_or(self.span, |(at, _)| {
            let start = self.span.start as usize + at;
            Span::from_range(start..start + name.len())
        })
    }
}

/// See [`Chain::parts`]. Chains are short, and there are many: what `str` offers for searching takes longer to set up
/// than to run.
struct Parts<'c> {
    rest: Option<&'c str>,
}

impl<'c> Iterator for Parts<'c> {
    type Item = &'c str;

    fn next(&mut self) -> Option<&'c str> {
        loop {
            let all = self.rest?;
            let dot = all.bytes().position(|byte| byte == b'.');
            self.rest = dot.and_then(|dot| all.get(dot + 1..));
            let part = trimmed(all.get(..dot.unwrap_or(all.len())).unwrap_or(""));
            if !part.is_empty() {
                return Some(part);
            }
        }
    }
}

/// The same as [`str::trim`]; most names have no blanks around them.
fn trimmed(name: &str) -> &str {
    match name.as_bytes() {
        [first, .., last] if first.is_ascii_graphic() && last.is_ascii_graphic() => name,
        _ => name.trim(),
    }
}

/// Where names are read of which the code only tries whether they are there.
pub fn tried(facts: &Facts) -> HashSet<u32> {
    facts.uses.iter().filter(|name| name.guarded).map(|name| name.span.start).collect()
}

/// Whether a document is a notebook of another platform, which has Spark, `%run` and utilities of its own.
pub fn is_elsewhere(document: &Document) -> bool {
    document.notebook.as_ref().is_some_and(|notebook| notebook.origin == Origin::Elsewhere)
}

/// All chains of a document; what is assigned to is none. Notebooks of other platforms have none.
pub fn chains(document: &Document) -> impl Iterator<Item = Chain<'_>> {
    calls(document).chain(attributes(document))
}

/// The chains of a document that are no part of a call; what is assigned to is none. Notebooks of other platforms have
/// none.
pub fn attributes(document: &Document) -> impl Iterator<Item = Chain<'_>> {
    let facts = &document.python;
    let here = !is_elsewhere(document);
    facts.attributes.iter().filter(move |row| here && !row.stored).map(|row| Chain {
        path: Cow::Borrowed(facts.text(row.path)),
        span: row.span,
        scope: row.scope,
        call: None,
        rooted: true,
    })
}

/// The chains of a document that end in a call. Notebooks of other platforms have none.
pub fn calls(document: &Document) -> impl Iterator<Item = Chain<'_>> {
    let facts = &document.python;
    let rows = if is_elsewhere(document) { &[][..] } else { facts.calls.as_slice() };
    (0..).zip(rows).filter_map(move |(id, call): (CallId, &Call)| {
        let (path, span, rooted) = match (call.path, call.receiver.and_then(|id| facts.calls.get(id as usize))) {
            (Some(path), _) => (
                Cow::Borrowed(facts.text(path)),
                Span::new(call.span.start.min(call.callee.end), call.callee.end),
                true,
            ),
            (None, Some(receiver)) => {
                let span = Span::new(receiver.span.end.min(call.callee.end), call.callee.end);
                (without_comments(span.of(document.text())), span, false)
            }
            // `x[0].count()`: what it is called on is not known.
            (None, None) => (Cow::Borrowed(facts.text(call.method?)), call.callee, false),
        };
        Some(Chain { path, span, scope: call.scope, call: Some((id, call)), rooted })
    })
}

/// A chain without the comments and backslashes between its parts.
fn without_comments(chain: &str) -> Cow<'_, str> {
    if memchr::memchr3(b'#', b'\\', b')', chain.as_bytes()).is_none() {
        return Cow::Borrowed(chain);
    }
    let lines = chain.lines().map(|line| line.split('#').next().unwrap_or("").trim_matches([' ', '\t', '\\', ')']));
    Cow::Owned(lines.collect())
}

/// A name that the platform gives to notebooks and scripts, where code uses that one and none of its own.
#[derive(Debug)]
pub struct Given {
    symbol: Symbol,
    /// Scopes that bind the name.
    bound: Vec<ScopeId>,
}

impl Given {
    /// For the name `name`; `None` if the document does not use it, or something that it runs or imports binds it.
    pub fn new(context: &Context<'_>, name: &str) -> Option<Self> {
        let facts = &context.document.python;
        let symbol = facts.symbols.get(name)?;
        if may_come_from_elsewhere(context, name) {
            return None;
        }
        let rows = facts.bindings.iter().filter(|row| row.name == symbol && row.kind.binds());
        let mut bound: Vec<ScopeId> = rows.map(|row| row.scope).collect();
        bound.sort_unstable();
        bound.dedup();
        Some(Self { symbol, bound })
    }

    /// Whether code in `scope` means the platform's.
    pub fn is_at(&self, facts: &Facts, scope: ScopeId) -> bool {
        facts.owner(self.symbol, scope, |id| self.bound.binary_search(&id).is_ok()).is_none()
    }

    /// The name.
    pub const fn symbol(&self) -> Symbol {
        self.symbol
    }
}

/// Whether a notebook that this one runs binds the name.
fn may_come_from_elsewhere(context: &Context<'_>, name: &str) -> bool {
    let project = context.project;
    let Some(id) = project.id(&context.document.path) else { return false };
    project.runs().reached(id).filter(|&other| other != id).any(|other| {
        let Some(facts) = project.documents().get(other as usize).map(|document| &document.python) else {
            return false;
        };
        let symbol = facts.symbols.get(name);
        symbol.is_some_and(|symbol| facts.bindings.iter().any(|row| row.scope == 0 && row.name == symbol))
    })
}

/// The calls of a document whose path goes through `dbutils`, with the way that it takes there. Notebooks of other
/// platforms have none.
pub fn utilities(document: &Document) -> impl Iterator<Item = (Chain<'_>, &Call, &str)> {
    let facts = &document.python;
    let paths: Vec<(Symbol, &str)> = facts
        .symbols
        .with(&UTILITIES)
        .into_iter()
        .filter_map(|path| Some((path, utility(facts.text(path))?)))
        .collect();
    let rows = if paths.is_empty() || is_elsewhere(document) { &[][..] } else { facts.calls.as_slice() };
    (0..).zip(rows).filter_map(move |(id, call): (CallId, &Call)| {
        let path = call.path?;
        let (_, way) = *paths.iter().find(|(known, _)| *known == path)?;
        let span = Span::new(call.span.start.min(call.callee.end), call.callee.end);
        let path = Cow::Borrowed(facts.text(path));
        Some((Chain { path, span, scope: call.scope, call: Some((id, call)), rooted: true }, call, way))
    })
}

/// What stands before a part of `dbutils`.
const ROOT: &str = "dbutils.";

static UTILITIES: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(ROOT));

/// The way into `dbutils` that a dotted path takes, however `dbutils` was come by: `fs.ls` of `dbutils.fs.ls` and of
/// `self.dbutils.fs.ls`.
pub fn utility(path: &str) -> Option<&str> {
    let at = UTILITIES.find(path.as_bytes())?;
    let starts = at == 0 || path.as_bytes().get(at - 1) == Some(&b'.');
    if starts { path.get(at + ROOT.len()..) } else { None }
}
