//! Literals that are given to a name that says what they are: `client_secret = "…"`, `TOKEN=…`, `"password": "…"`.
//!
//! Such a name alone proves nothing (`token = "the"`), and neither does a random-looking text. Both together do.

use super::scanner::Secret;
use super::shape::is_random;
use crate::text::Span;

/// How names of credentials end, in lower case.
const NAMES: [&[u8]; 12] = [
    b"password",
    b"passwd",
    b"pwd",
    b"secret",
    b"token",
    b"apikey",
    b"api_key",
    b"api-key",
    b"accesskey",
    b"access_key",
    b"account_key",
    b"secret_key",
];

/// The shortest and the longest value that is looked at.
const LENGTHS: std::ops::RangeInclusive<usize> = 16..=200;

/// Every literal in `text` whose name and looks both say that it is a credential.
///
/// Goes from one `=` or `:` to the next and looks at what stands on both sides: they are rarer than letters.
pub(super) fn assigned(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut done = 0;
    for sign in memchr::memchr2_iter(b'=', b':', bytes) {
        if sign < done || !is_named(bytes, sign) {
            continue;
        }
        if let Some((start, end)) = value(bytes, sign) {
            let span = Span::from_range(start..end);
            found.push(Secret { span, hidden: span, what: "credential" });
            done = end;
        }
    }
    found
}

/// Whether the name of a credential ends before the sign at `at`, perhaps in quotes or brackets.
fn is_named(bytes: &[u8], at: usize) -> bool {
    let before = bytes.get(at.saturating_sub(40)..at).unwrap_or_default();
    let before = if before.last().is_some_and(u8::is_ascii_graphic) { before } else { before.trim_ascii_end() };
    let before = before.strip_suffix(b"]").unwrap_or(before);
    let before = before.strip_suffix(b"\"").or_else(|| before.strip_suffix(b"'")).unwrap_or(before);
    // Most names end in other letters.
    let [.., first, last] = before else { return false };
    let ends = [first | 0x20, last | 0x20];
    matches!(&ends, b"rd" | b"wd" | b"et" | b"en" | b"ey")
        && NAMES.iter().any(|name| {
            let start = before.len().checked_sub(name.len());
            start.and_then(|start| before.get(start..)).is_some_and(|end| end.eq_ignore_ascii_case(name))
        })
}

/// The literal behind the sign at `at`.
fn value(bytes: &[u8], at: usize) -> Option<(usize, usize)> {
    let byte = |at: usize| bytes.get(at).copied().unwrap_or(0);
    let quoted_name = at > 0 && matches!(byte(at - 1), b'"' | b'\'');
    let mut at = match (byte(at), byte(at + 1)) {
        (b'=', b'=') => return None,
        (_, b'>' | b'=') => at + 2,
        _ => at + 1,
    };
    let bare = byte(at) != b' ' || quoted_name;
    while matches!(byte(at), b' ' | b'\t') {
        at += 1;
    }
    let quote = byte(at);
    let ends = |byte: u8| match quote {
        b'"' | b'\'' => byte == quote,
        _ => byte.is_ascii_whitespace(),
    };
    if matches!(quote, b'"' | b'\'') {
        at += 1;
    } else if !bare && !quote.is_ascii_alphanumeric() {
        return None;
    }
    let ahead = bytes.get(at..bytes.len().min(at + LENGTHS.end() + 1))?;
    let length =
        ahead.iter().position(|byte| ends(*byte)).or((at + ahead.len() == bytes.len()).then_some(ahead.len()))?;
    let value = ahead.get(..length)?;
    let plain =
        |byte: &u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\' | b'`' | b',' | b';' | b'|' | b'<');
    // Without quotes, a dotted or called expression is code.
    let code = !matches!(quote, b'"' | b'\'') && value.iter().any(|byte| matches!(byte, b'.' | b'_' | b'@'));
    (LENGTHS.contains(&length) && value.iter().all(plain) && !code && is_random(value)).then_some((at, at + length))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random enough, and no credential of anybody.
    const VALUE: &str = "wh4tAl0velyD4yT0b3";

    fn found(text: &str) -> Vec<&str> {
        assigned(text).iter().map(|secret| secret.span.of(text)).collect()
    }

    #[test]
    fn names_and_looks_together_make_a_credential() {
        for text in [
            format!("client_secret = \"{VALUE}\""),
            format!("val dbPassword: String = \"x\"\nval pwd = \"{VALUE}\""),
            format!("API_KEY={VALUE}\nNEXT=1"),
            format!("{{'token': '{VALUE}'}}"),
            format!("config[\"password\"] = '{VALUE}'"),
            format!("password: {VALUE}\n"),
            format!("f(access_token='{VALUE}')"),
        ] {
            assert_eq!(found(&text), [VALUE], "{text}");
        }
    }

    #[test]
    fn one_of_them_alone_does_not() {
        for text in [
            format!("checksum = \"{VALUE}\""),
            format!("token_count = \"{VALUE}\""),
            format!("if token == \"{VALUE}\""),
            "secret = \"kv-sales-client-secret-2024\"".to_owned(),
            "token = dbutils.secrets.get(\"Scope1\", \"Key22\")".to_owned(),
            "password = \"correct horse Battery 123\"".to_owned(),
            "token = \"{{secrets/Scope1/Key234}}\"".to_owned(),
            "TOKEN=$DATABRICKS_TOKEN_123abc".to_owned(),
            "secret = os.environ[\"CLIENT_SECRET_V2aB3\"]".to_owned(),
            "token: ${{ secrets.DATABRICKS_Token_123 }}".to_owned(),
            "password = \"YourStrongPassword123!\"".to_owned(),
            "the secret: ThisIsJustProse12ButLong34".to_lowercase(),
        ] {
            assert_eq!(found(&text), [""; 0], "{text}");
        }
    }
}
