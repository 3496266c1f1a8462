//! Page: `string-built-sql.md`.

use super::statements;
use crate::python::facts::{Call, Facts, Value};
use crate::rules::context::Context;
use crate::sql::TokenKind;
use crate::sql::facts::{Place, Placeholder, PlaceholderKind, StatementKind, StatementView};
use crate::text::edit::Edit;

/// A value put between quotes of SQL by Python.
pub(super) fn string_built_sql(context: &mut Context<'_>) {
    let mut last = None;
    for view in statements(context) {
        let Place::Literal(call) = view.piece.place else { continue };
        let takes_values = matches!(
            view.row.kind,
            StatementKind::Query
                | StatementKind::Insert
                | StatementKind::Update
                | StatementKind::Delete
                | StatementKind::Merge
        );
        if !takes_values || last == Some(view.row.piece) {
            continue;
        }
        let holes: Vec<&Placeholder> = view
            .row
            .placeholders
            .iter()
            .filter(|hole| hole.kind == PlaceholderKind::Hole && hole.inside && is_value(view, hole.token))
            .filter(|hole| !is_list(view, hole) && !is_harmless(context, hole))
            .collect();
        let Some(hole) = holes.first() else { continue };
        if hole_is_constant(context, call) {
            continue;
        }
        last = Some(view.row.piece);
        let name = hole.name.rsplit('.').next().unwrap_or_default().trim_matches('_');
        let named = name.starts_with(|c: char| c.is_ascii_alphabetic()) && !name.contains("__");
        let parameter = if named { name } else { "value" };
        let message = format!(
            "a quote in this value ends the string and changes the statement: write `:{parameter}` without quotes and \
             give it as `args={{\"{parameter}\": …}}`"
        );
        let edits = parameters(context, view, call, &holes);
        let finding = context.report(hole.span, message);
        if let Some(edits) = edits {
            finding.unsafe_fix("pass the values as parameters", edits);
        }
    }
}

/// The edits that make parameters of all quoted holes, where each is a plain name in an f-string that is all that the
/// call is given.
fn parameters(context: &Context<'_>, view: StatementView<'_>, call: u32, holes: &[&Placeholder]) -> Option<Vec<Edit>> {
    let facts = &context.document.python;
    let text = context.document.text();
    let [argument] = facts.arguments(facts.calls.get(call as usize)?) else { return None };
    let literal = argument.span.of(text).starts_with(['f', 'F']) && argument.span.of(text).ends_with(['"', '\'']);
    if !literal || argument.keyword.is_some() || !argument.span.covers(view.row.span) || !view.is_exact() {
        return None;
    }
    let mut edits = Vec::new();
    let mut names: Vec<&str> = Vec::new();
    for hole in holes {
        let name = hole.span.of(text).strip_prefix('{')?.strip_suffix('}')?;
        let plain = name.starts_with(|c: char| c.is_ascii_alphabetic())
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_');
        let place = view.span(hole.token)?;
        let quoted = place.of(text);
        let alone = quoted.len() == name.len() + 4 && quoted.get(1..quoted.len() - 1) == Some(hole.span.of(text));
        if !plain || !alone {
            return None;
        }
        edits.push(Edit::replace(place, format!(":{name}")));
        if !names.contains(&name) {
            names.push(name);
        }
    }
    let pairs: Vec<String> = names.iter().map(|name| format!("\"{name}\": {name}")).collect();
    edits.push(Edit::insert(argument.span.end, format!(", args={{{}}}", pairs.join(", "))));
    Some(edits)
}

/// Whether the whole text is known in the end: then nothing foreign can be in it.
fn hole_is_constant(context: &Context<'_>, call: u32) -> bool {
    let facts = &context.document.python;
    let call = facts.calls.get(call as usize);
    call.and_then(|call| facts.arguments(call).first())
        .is_some_and(|argument| matches!(argument.value, Value::String(_)))
}

/// Whether the hole is all that stands in `IN ('…')`: then what is put there has the quotes between its values, and one
/// parameter cannot take its place.
fn is_list(view: StatementView<'_>, hole: &Placeholder) -> bool {
    let at = hole.token;
    at > 1
        && view.is_symbol(at - 1, "(")
        && view.is(at - 2, "in")
        && view.is_symbol(at + 1, ")")
        && view.text(at).len() == hole.name.len() + 4
}

/// Whether no quote can be in a value: its quotes were doubled, or the code made it of a number or a date.
fn is_harmless(context: &Context<'_>, hole: &Placeholder) -> bool {
    let written = hole.span.of(context.document.text());
    let written = written.strip_prefix('{').and_then(|text| text.strip_suffix('}')).unwrap_or_default();
    let hole = &*hole.name;
    let text = hole.to_ascii_lowercase();
    let says_so = ["escap", "sanitiz", "quote_"].iter().any(|word| text.contains(word)) || text.starts_with("safe_");
    let made = [".replace(\"'\"", ".strftime(", ".isoformat(", "uuid4("].iter().any(|call| written.contains(call));
    if says_so || made || is_class_constant(hole) {
        return true;
    }
    let facts = &context.document.python;
    let Some(name) = facts.symbols.get(hole) else { return false };
    let mut values = facts.bindings.iter().filter(|row| row.name == name).map(|row| row.value).peekable();
    values.peek().is_some() && values.all(|value| facts.call_at(value).is_some_and(|call| makes_harmless(facts, call)))
}

/// `Limits.MAX_AGE`.
fn is_class_constant(path: &str) -> bool {
    let is_constant =
        |name: &str| name.len() > 1 && name.chars().all(|c| c == '_' || c.is_ascii_uppercase() || c.is_ascii_digit());
    path.split_once('.')
        .is_some_and(|(class, name)| class.starts_with(|c: char| c.is_ascii_uppercase()) && is_constant(name))
}

/// Whether what a call gives has no quotes in it.
fn makes_harmless(facts: &Facts, call: &Call) -> bool {
    const PLAIN: [&str; 14] = [
        "float",
        "hexdigest",
        "int",
        "isoformat",
        "len",
        "now",
        "round",
        "strftime",
        "time",
        "timedelta",
        "today",
        "utcnow",
        "uuid1",
        "uuid4",
    ];
    let function = call.path.map_or("", |path| facts.text(path));
    let name = call.method.map_or_else(|| function.rsplit('.').next().unwrap_or_default(), |name| facts.text(name));
    let first = facts.arguments(call).first();
    match name {
        "replace" => first.is_some_and(|argument| matches!(&argument.value, Value::String(text) if &**text == "'")),
        "str" => first.and_then(|argument| facts.call_at(argument.node)).is_some_and(|of| makes_harmless(facts, of)),
        _ => PLAIN.contains(&name) || name.to_ascii_lowercase().contains("escape"),
    }
}

/// Whether a string is compared or stored: something that a parameter may stand for.
fn is_value(view: StatementView<'_>, at: usize) -> bool {
    if view.token(at).is_none_or(|token| token.kind != TokenKind::String) || at == 0 {
        return false;
    }
    let compared = ["=", "==", "<>", "!=", "<", ">", "<=", ">=", "<=>"].iter().any(|sign| view.is_symbol(at - 1, sign));
    let listed = || {
        // `IN ('{a}', '{b}')`, `VALUES ('{a}', 1)`
        // Rows are short; a statement may have thousands of them.
        let open = (at.saturating_sub(300)..at)
            .rev()
            .find(|&open| view.is_symbol(open, "(") && view.pair(open).is_some_and(|close| close > at));
        open.is_some_and(|open| {
            open > 0
                && (view.is_any(open - 1, &["in", "values"])
                    || (view.is_symbol(open - 1, ",")
                        && view.find_level(view.row.verb, |at| view.is(at, "values")).is_some()))
        })
    };
    // An option of a function or table is no value of a query.
    let option = view.is_symbol(at - 1, "=") && at > 1 && view.is_any(at - 2, &["path", "format"]);
    (compared && !option) || view.is_any(at - 1, &["like", "ilike", "rlike", "between"]) || listed()
}
