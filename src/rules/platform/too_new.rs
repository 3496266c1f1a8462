//! Page: `rules/platform/python-newer-than-runtime.md`.

use crate::python::facts::SyntaxErrorKind;
use crate::rules::context::Context;

/// Python that only a newer Python than that of the runtime can read.
pub(super) fn check(context: &mut Context<'_>) {
    for error in context.document.python.syntax_errors.iter().filter(|error| error.kind == SyntaxErrorKind::TooNew) {
        let target = context.target;
        let message = match (runtime(&error.message), target.dbr) {
            (Some(first), Some((major, minor))) => {
                format!("{}: DBR {first} is the first with that, and this runs on {major}.{minor}", error.message)
            }
            (Some(_), None) if target.environment.is_some_and(|version| version < 3) => {
                let version = target.environment.unwrap_or_default();
                let first = if error.message.contains("before Python 3.11") { 2 } else { 3 };
                format!(
                    "{}: version {first} of the serverless environment is the first with that, and this runs on {version}",
                    error.message
                )
            }
            (Some(first), None) => format!("{}: DBR {first} is the first with that", error.message),
            (None, _) => error.message.clone(),
        };
        context.report(error.span, message);
    }
}

/// The first Databricks Runtime with the Python that `message` asks for ("… before Python 3.12; …").
fn runtime(message: &str) -> Option<u32> {
    let (_, version) = message.split_once("before Python 3.")?;
    match version.split(|c: char| !c.is_ascii_digit()).next()? {
        "10" => Some(13),
        "11" => Some(15),
        "12" => Some(16),
        _ => None,
    }
}
