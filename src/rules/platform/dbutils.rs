//! Pages: `rules/platform/unknown-dbutils-member.md`, `dbutils-wrong-argument.md`, `legacy-get-argument.md`.

use super::signatures::{Signature, UTILITIES, members, signature};
use crate::python::facts::{Argument, BindingKind, Call, Facts, ScopeId};
use crate::rules::chains::{Given, attributes, calls, utilities, utility};
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;
use crate::text::nearest::nearest;

/// What `dbutils` means in a document.
struct Own<'a> {
    facts: &'a Facts,
    given: Option<Given>,
    /// Scopes in which it is something that the code makes or takes, and that is surely the platform's.
    made: bool,
    parameters: Vec<ScopeId>,
}

impl<'a> Own<'a> {
    fn new(context: &Context<'a>) -> Self {
        let facts = &context.document.python;
        let symbol = facts.symbols.get("dbutils");
        let rows = || facts.bindings.iter().filter(|row| Some(row.name) == symbol);
        let parameters = rows().filter(|row| row.kind == BindingKind::Parameter).map(|row| row.scope).collect();
        let is_class = rows().any(|row| matches!(row.kind, BindingKind::Class | BindingKind::Function(_)));
        let made = !is_class
            && (facts.symbols.get("DBUtils").is_some() || facts.symbols.get("pyspark.dbutils.DBUtils").is_some());
        Self { facts, given: Given::new(context, "dbutils"), made, parameters }
    }

    /// The way that a path takes into the platform's `dbutils`; `None` for those of others.
    fn utility<'p>(&self, path: &'p str, scope: ScopeId) -> Option<&'p str> {
        let rest = utility(path)?;
        let root = path.strip_suffix(rest)?;
        let is_own = match root {
            "dbutils." => {
                self.made
                    || self.parameters.contains(&scope)
                    || self.given.as_ref().is_some_and(|given| given.is_at(self.facts, scope))
            }
            "databricks.sdk.runtime.dbutils." => true,
            _ => false,
        };
        is_own.then_some(rest)
    }
}

/// Members that `dbutils` does not have.
pub(super) fn unknown_member(context: &mut Context<'_>) {
    let document = context.document;
    let own = Own::new(context);
    // Whoever asks whether something is there knows that it may not be.
    let careful = ["hasattr", "AttributeError"].iter().any(|word| document.python.symbols.get(word).is_some());
    if careful {
        return;
    }
    let mut found: Vec<(Span, String, Option<Edit>)> = Vec::new();
    let calls = utilities(document).map(|(chain, ..)| chain);
    for chain in calls.chain(attributes(document)) {
        let Some(path) = chain.path().and_then(|path| own.utility(path, chain.scope)) else { continue };
        let mut parts = path.split('.');
        let (Some(first), second) = (parts.next(), parts.next()) else { continue };
        if first.starts_with('_') {
            continue;
        }
        if !UTILITIES.contains(&first) {
            // What is like nothing known may be new.
            if let Some(near) = nearest(first, UTILITIES) {
                let span = chain.place(document, first);
                let message = format!("there is no `dbutils.{first}`: did you mean `dbutils.{near}`?");
                found.push((span, message, Some(Edit::replace(span, near))));
            }
            continue;
        }
        let (Some(second), Some(known)) = (second, members(first)) else { continue };
        if second.starts_with('_') || known.contains(&second) {
            continue;
        }
        let span = chain.place(document, second);
        let near = nearest(second, known.iter().copied());
        let advice = match (near, first, second) {
            (Some(near), ..) => format!("did you mean `{near}`?"),
            (None, "fs", "exists" | "isfile" | "isdir" | "isFile" | "isDir") => {
                "ask with `os.path`, for a path in a volume".to_owned()
            }
            _ => format!("`dbutils.{first}.help()` lists what there is"),
        };
        let message = format!("there is no `dbutils.{first}.{second}`: {advice}");
        found.push((span, message, near.map(|near| Edit::replace(span, near))));
    }
    for (span, message, edit) in found {
        let finding = context.report(span, message);
        if let Some(edit) = edit {
            finding.unsafe_fix(format!("write `{}`", edit.text), vec![edit]);
        }
    }
}

/// Arguments that a function of `dbutils` does not take, or lacks.
pub(super) fn wrong_argument(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let own = Own::new(context);
    for (chain, call, _) in utilities(document) {
        let Some(path) = chain.path().and_then(|path| own.utility(path, chain.scope)) else { continue };
        let Some(signature) = signature(path) else { continue };
        if let Some((span, message)) = fault(facts, call, signature) {
            context.report(span, message);
        }
    }
}

/// The first thing that is wrong with the arguments of a call.
fn fault(facts: &Facts, call: &Call, signature: &Signature) -> Option<(Span, String)> {
    let arguments = facts.arguments(call);
    let name = format!("dbutils.{}", signature.path);
    if arguments.iter().any(|argument| argument.starred) {
        return None;
    }
    let positional: Vec<&Argument> = arguments.iter().filter(|argument| argument.keyword.is_none()).collect();
    if let Some(extra) = positional.get(signature.parameters.len()) {
        let takes = match signature.parameters.len() {
            0 => "no argument".to_owned(),
            1 => "one argument".to_owned(),
            count => format!("{count} arguments"),
        };
        let advice =
            if signature.path == "widgets.get" { "; a default belongs to where the widget is made" } else { "" };
        return Some((extra.span, format!("`{name}` takes {takes}, {}{advice}", listed(signature))));
    }
    let bare = |parameter: &'static str| parameter.trim_end_matches('?');
    let mut given: Vec<&str> = signature.parameters.iter().take(positional.len()).map(|one| bare(one)).collect();
    for argument in arguments {
        let Some(keyword) = argument.keyword.map(|keyword| facts.text(keyword)) else { continue };
        let same =
            |parameter: &str| if signature.exact { parameter == keyword } else { plain(parameter) == plain(keyword) };
        if let Some(parameter) = signature.parameters.iter().map(|one| bare(one)).find(|one| same(one)) {
            given.push(parameter);
            continue;
        }
        if !signature.exact {
            // What the parameters are called differs from runtime to runtime.
            return None;
        }
        let near = nearest(keyword, signature.parameters.iter().map(|one| bare(one)));
        let advice = near.map_or_else(|| listed(signature), |near| format!("did you mean `{near}`?"));
        return Some((argument.span, format!("`{name}` has no parameter `{keyword}`: {advice}")));
    }
    let missing = signature.parameters.iter().find(|one| !one.ends_with('?') && !given.contains(one))?;
    Some((call.callee, format!("`{name}` needs `{missing}` as well: {}", listed(signature))))
}

fn plain(name: &str) -> String {
    name.chars().filter(|c| *c != '_').map(|c| c.to_ascii_lowercase()).collect()
}

/// The call as it should be: `get(scope, key)`.
fn listed(signature: &Signature) -> String {
    let name = signature.path.rsplit('.').next().unwrap_or(signature.path);
    let parameters: Vec<&str> = signature.parameters.iter().map(|one| one.trim_end_matches('?')).collect();
    format!("`{name}({})`", parameters.join(", "))
}

/// `getArgument`, which `dbutils.widgets.get` replaced.
pub(super) fn get_argument(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    let plain = Given::new(context, "getArgument");
    let dbutils = Given::new(context, "dbutils");
    for chain in calls(document) {
        let Some((_, call)) = chain.call.filter(|_| chain.last() == "getArgument") else { continue };
        let is_plain =
            chain.path() == Some("getArgument") && plain.as_ref().is_some_and(|given| given.is_at(facts, chain.scope));
        let of_widgets = chain.path().and_then(utility) == Some("widgets.getArgument");
        if !is_plain && !of_widgets {
            continue;
        }
        let one = matches!(facts.arguments(call), [argument] if argument.keyword.is_none() && !argument.starred);
        let can = dbutils.is_none() || dbutils.as_ref().is_some_and(|given| given.is_at(facts, chain.scope));
        let finding = context.report(chain.span, "`getArgument` is deprecated: use `dbutils.widgets.get`");
        if one && of_widgets {
            finding.fix("use `dbutils.widgets.get`", vec![Edit::replace(call.callee, "get")]);
        } else if one && can {
            finding.fix("use `dbutils.widgets.get`", vec![Edit::replace(call.callee, "dbutils.widgets.get")]);
        }
    }
}
