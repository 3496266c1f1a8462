//! Page: `rules/secrets/secret-printed.md`.

use super::flow::{Worth, worths};
use crate::finding::Severity;
use crate::python::facts::{Argument, Call, Facts};
use crate::rules::context::Context;
use crate::text::Span;

/// Where a value becomes visible.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Sink {
    /// The output of the cell.
    Output,
    /// A logger.
    Log,
    /// The result of the notebook.
    Exit,
    /// A task value.
    TaskValue,
}

/// Functions that give their argument back, or all of it in other letters.
const KEEPS: [&str; 5] = ["str", "repr", "format", "strip", "f"];

/// Functions that give all of it in a form that the platform does not recognise.
const CHANGES: [&str; 11] =
    ["join", "list", "reversed", "upper", "lower", "swapcase", "b64encode", "encode", "hex", "replace", "enumerate"];

/// Values of secrets that are printed, shown, logged or handed on.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("secrets").is_none() && facts.symbols.get("dbutils").is_none() {
        return;
    }
    let worths = worths(document);
    if worths.is_empty() {
        return;
    }
    for call in &facts.calls {
        let Some(sink) = sink(facts, call) else { continue };
        for argument in facts.arguments(call) {
            let first = worths.partition_point(|worth| worth.span.start < argument.span.start);
            let mut inside = worths.iter().skip(first).take_while(|worth| worth.span.end <= argument.span.end);
            let shown = inside.find_map(|worth| Some((*worth, shown(context, argument, *worth)?)));
            if let Some((worth, is_changed)) = shown {
                report(context, sink, worth.span, is_changed || worth.is_part);
                break;
            }
        }
    }
}

/// Where a call makes its arguments visible.
fn sink(facts: &Facts, call: &Call) -> Option<Sink> {
    let path = call.path.map_or("", |path| facts.text(path));
    if matches!(path, "print" | "display" | "displayHTML" | "pprint.pprint" | "rich.print") {
        return Some(Sink::Output);
    }
    if path.ends_with("dbutils.notebook.exit") {
        return Some(Sink::Exit);
    }
    if path.ends_with("jobs.taskValues.set") {
        return Some(Sink::TaskValue);
    }
    let (owner, method) = path.rsplit_once('.')?;
    let level = matches!(method, "debug" | "info" | "warning" | "warn" | "error" | "exception" | "critical" | "log");
    let owner = owner.rsplit('.').next().unwrap_or(owner).to_ascii_lowercase();
    let logger = matches!(&*owner, "logging" | "log" | "logger" | "_logger" | "_log") || owner.ends_with("logger");
    (level && logger).then_some(Sink::Log)
}

/// Whether the value of a secret is part of what an argument says, and if so, whether in another form. Not where only
/// something about it is asked: its length, whether it is there.
fn shown(context: &Context<'_>, argument: &Argument, worth: Worth) -> Option<bool> {
    let document = context.document;
    let facts = &document.python;
    let text = document.text();
    let before = Span::new(argument.span.start, worth.span.start).of(text);
    let behind = Span::new(worth.span.end, argument.span.end).of(text);
    // Conditions and comparisons say something about it; in the text around a hole the same words are only text.
    let words = ["if ", "is ", "==", "!=", "in ", "not ", "and ", "or ", "<", ">"];
    let near = |code: &str| words.iter().any(|word| code.starts_with(word) || code.contains(&format!(" {word}")));
    let formatted = before.trim_start_matches(['r', 'R']).starts_with(['f', 'F']) && before.contains('{');
    let asked = if formatted {
        let hole = before.rsplit('{').next().unwrap_or_default();
        near(hole) || near(behind.split('}').next().unwrap_or_default().trim_start())
    } else {
        near(&without_strings(before)) || near(without_strings(behind).trim_start())
    };
    if asked {
        return None;
    }
    let mut changed = false;
    for call in &facts.calls {
        let contains = argument.span.covers(call.span) && call.span.covers(worth.span) && call.span != worth.span;
        if !contains {
            continue;
        }
        let name = call.method.map_or("", |method| facts.text(method));
        if CHANGES.contains(&name) {
            changed = true;
        } else if !KEEPS.contains(&name) {
            return None;
        }
    }
    // `secret[:4]`, `secret.split()`: an attribute of it that is no call is nothing known.
    let next = behind.chars().next();
    if next == Some('[') {
        return Some(true);
    }
    if next == Some('.') {
        let method = behind.get(1..).and_then(|rest| rest.split('(').next()).unwrap_or_default();
        return (CHANGES.contains(&method) || KEEPS.contains(&method)).then(|| changed || CHANGES.contains(&method));
    }
    Some(changed)
}

/// Code without what stands in quotes.
fn without_strings(code: &str) -> String {
    let mut quote = None;
    code.chars()
        .filter(|&c| match quote {
            Some(open) => {
                if c == open {
                    quote = None;
                }
                false
            }
            None if matches!(c, '"' | '\'') => {
                quote = Some(c);
                false
            }
            None => true,
        })
        .collect()
}

fn report(context: &mut Context<'_>, sink: Sink, span: Span, is_changed: bool) {
    let (severity, message) = match (sink, is_changed) {
        (Sink::Output, true) => (
            None,
            "a part of a secret, or another form of it, is shown, and the platform hides only the value as it is: remove this",
        ),
        (Sink::Output, false) => (
            Some(Severity::Info),
            "a secret is shown: a notebook's output hides it as `[REDACTED]`, other outputs do not; remove this",
        ),
        (Sink::Log, _) => (None, "a secret is written to a log, where everyone who may read logs finds it: remove it"),
        (Sink::Exit, _) => (
            None,
            "a secret is the notebook's result, which is kept with the run: let the caller read it from the secret scope",
        ),
        (Sink::TaskValue, _) => (
            None,
            "a secret becomes a task value, which is kept with the run: let the other task read it from the secret scope",
        ),
    };
    let severity = severity.map_or(context.settings.severity, |most| most.min(context.settings.severity));
    context.report_with(severity, span, message);
}
