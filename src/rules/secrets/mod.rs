//! Rules of the group `secrets`: credentials in text, and what becomes of those that are read at run time.

mod assigned;
mod files;
mod flow;
mod forms;
mod scanner;
mod secret_in_source;
mod secret_in_widget;
mod secret_printed;
mod shape;

use super::Check;
use super::survey::SurveyCheck;
use std::borrow::Cow;

pub use secret_in_source::redactions;

/// The group's rules and their functions.
pub const CHECKS: &[(&str, Check)] = &[
    ("secret-in-source", secret_in_source::check),
    ("secret-in-widget", secret_in_widget::check),
    ("secret-printed", secret_printed::check),
];

/// The rules about files that are not read otherwise.
pub const SURVEYS: &[(&str, SurveyCheck)] = &[("secret-in-source", files::check)];

/// A text without the credentials that it holds: each character of them is a `*`. For what is written to people and
/// logs; the length of lines stays.
pub fn redacted(text: &str) -> Cow<'_, str> {
    let secrets = scanner::scan(text);
    if secrets.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for secret in secrets {
        let hidden = secret.hidden.range();
        if hidden.start < done {
            continue;
        }
        out.push_str(text.get(done..hidden.start).unwrap_or_default());
        let value = text.get(hidden.clone()).unwrap_or_default();
        out.extend(value.chars().map(|c| if matches!(c, '\n' | '\r') { c } else { '*' }));
        done = hidden.end;
    }
    out.push_str(text.get(done..).unwrap_or_default());
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::redacted;

    #[test]
    fn credentials_are_starred_and_nothing_else() {
        let token = format!("dkea{}", "decafc0ffee0ddba11f00d5a1adb0bca");
        let text = format!("é = '{token}'\nnext = 1\n");
        assert_eq!(redacted(&text), format!("é = '{}'\nnext = 1\n", "*".repeat(36)));
        assert!(matches!(redacted("nothing here"), std::borrow::Cow::Borrowed(_)));
    }
}
