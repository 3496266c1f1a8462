//! Where the values that `dbutils.secrets.get` gives stand in one document: the calls themselves, the names that are
//! assigned nothing else, and what takes them apart.

use crate::project::document::Document;
use crate::python::facts::{BindingKind, Call, Facts, ScopeId};
use crate::python::symbols::Symbol;
use crate::text::Span;
use std::collections::HashMap;

/// A place that is worth a secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worth {
    /// The call, or the name.
    pub(super) span: Span,
    /// Whether it is one character or byte of the secret, which the platform does not recognise.
    pub(super) is_part: bool,
}

/// Every place that is worth a secret, in order.
pub(super) fn worths(document: &Document) -> Vec<Worth> {
    let facts = &document.python;
    if facts.symbols.get("dbutils.secrets.get").is_none() && facts.symbols.get("secrets").is_none() {
        let known = |name: &str| facts.symbols.get(name).is_some();
        if !["dbutils.secrets.getBytes", "databricks.sdk.runtime.dbutils.secrets.get"].into_iter().any(known) {
            return Vec::new();
        }
    }
    let calls: Vec<&Call> = facts.calls.iter().filter(|call| gives_secret(facts, call)).collect();
    let mut found: Vec<Worth> = calls.iter().map(|call| Worth { span: call.span, is_part: false }).collect();
    if calls.is_empty() {
        return found;
    }
    let names = names(document, &calls);
    for name in &facts.uses {
        let mut scope = Some(name.scope);
        while let Some(at) = scope {
            if let Some(kind) = names.get(&(name.name, at)) {
                found.extend(kind.map(|is_part| Worth { span: name.span, is_part }));
                break;
            }
            scope = facts.scopes.get(at as usize).and_then(|scope| scope.parent);
        }
    }
    found.sort_by_key(|worth| worth.span);
    found
}

fn gives_secret(facts: &Facts, call: &Call) -> bool {
    let path = call.path.map_or("", |path| facts.text(path));
    ["dbutils.secrets.get", "dbutils.secrets.getBytes"]
        .iter()
        .any(|known| path.strip_suffix(known).is_some_and(|before| before.is_empty() || before.ends_with('.')))
}

/// For each name that is bound: whether it is a part of a secret; `None` if it is bound to something else as well.
fn names(document: &Document, calls: &[&Call]) -> HashMap<(Symbol, ScopeId), Option<bool>> {
    let (facts, text) = (&document.python, document.text());
    let mut starts: Vec<(u32, u32)> = calls.iter().map(|call| (call.span.start, call.span.end)).collect();
    starts.sort_unstable();
    let mut names: HashMap<(Symbol, ScopeId), Option<bool>> = HashMap::new();
    let mut loops = Vec::new();
    for binding in &facts.bindings {
        let after = text.get(binding.span.end as usize..).unwrap_or_default();
        let is_secret = binding.kind == BindingKind::Assignment && {
            let value = after.trim_start_matches([' ', '\t']).strip_prefix('=').unwrap_or_default();
            let start = u32::try_from(text.len() - value.trim_start_matches([' ', '\t']).len()).unwrap_or(0);
            let call = starts.binary_search_by_key(&start, |(start, _)| *start).ok().and_then(|at| starts.get(at));
            call.is_some_and(|(_, end)| {
                let rest = text.get(*end as usize..).unwrap_or_default().trim_start_matches([' ', '\t', ')']);
                rest.is_empty() || rest.starts_with(['\n', '\r', ';', '#']) || rest.starts_with(".strip()")
            })
        };
        if binding.kind == BindingKind::Loop {
            loops.push(binding);
            continue;
        }
        let worth = is_secret.then_some(false);
        names
            .entry((binding.name, binding.scope))
            .and_modify(|known| *known = if *known == worth { worth } else { None })
            .or_insert(worth);
    }
    for binding in loops {
        let after = text.get(binding.span.end as usize..).unwrap_or_default();
        let over = after.trim_start().strip_prefix("in ").and_then(|rest| {
            let end = rest.find(|c: char| !c.is_alphanumeric() && c != '_')?;
            let (name, rest) = rest.split_at_checked(end)?;
            rest.trim_start().starts_with([':', ']', ')']).then(|| facts.symbols.get(name)).flatten()
        });
        let of_secret = over.is_some_and(|over| {
            let mut scope = Some(binding.place);
            while let Some(at) = scope {
                if let Some(known) = names.get(&(over, at)) {
                    return *known == Some(false);
                }
                scope = facts.scopes.get(at as usize).and_then(|scope| scope.parent);
            }
            false
        });
        let worth = of_secret.then_some(true);
        names
            .entry((binding.name, binding.scope))
            .and_modify(|known| *known = if *known == worth { worth } else { None })
            .or_insert(worth);
    }
    names
}
