//! Finds credentials in any text: one pass over its bytes for the few letters that each kind of credential
//! must hold, and a look around every place where they stand.
//!
//! The looks are bounded in length, so that the whole is linear in the text whatever the text holds.

use super::shape::{entropy, is_base64, is_base64_url, is_client_secret, is_hex, is_placeholder, is_random, is_word};
use crate::text::Span;
use aho_corasick::{AhoCorasick, MatchKind};
use memchr::{memchr_iter, memmem};
use std::ops::Range;
use std::sync::LazyLock;

/// One credential in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Secret {
    /// Where it stands. For a key of several lines its first line.
    pub(super) span: Span,
    /// What must never be shown; covers `span` or more.
    pub(super) hidden: Span,
    /// What it is, for messages: "Databricks personal access token".
    pub(super) what: &'static str,
}

/// Letters that a kind of credential always holds, and how to read the credential around them.
struct Mark {
    letters: &'static str,
    what: &'static str,
    /// From the text and the place of the letters to the credential, if there is one.
    read: fn(&[u8], Range<usize>) -> Option<Range<usize>>,
}

const MARKS: &[Mark] = &[
    Mark { letters: "dapi", what: "Databricks personal access token", read: databricks },
    Mark { letters: "dsapi", what: "Databricks scoped token", read: databricks },
    Mark { letters: "dkea", what: "Databricks token", read: databricks },
    Mark { letters: "dose", what: "Databricks OAuth secret", read: databricks },
    Mark { letters: "doau", what: "Databricks OAuth refresh token", read: databricks },
    Mark { letters: "dosa", what: "Databricks token", read: databricks },
    Mark { letters: "AKIA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "ASIA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "ABIA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "ACCA", what: AWS_KEY_ID, read: aws_key_id },
    Mark { letters: "AccountKey=", what: "Azure storage account key", read: account_key },
    Mark { letters: "account.key", what: "Azure storage account key", read: account_key_setting },
    Mark { letters: "sig=", what: "Azure shared access signature", read: shared_access_signature },
    Mark { letters: "ghp_", what: "GitHub token", read: github },
    Mark { letters: "gho_", what: "GitHub token", read: github },
    Mark { letters: "ghu_", what: "GitHub token", read: github },
    Mark { letters: "ghs_", what: "GitHub token", read: github },
    Mark { letters: "ghr_", what: "GitHub token", read: github },
    Mark { letters: "github_pat_", what: "GitHub token", read: github_fine_grained },
    Mark { letters: "T3BlbkFJ", what: "OpenAI API key", read: openai },
    Mark { letters: "sk-ant-", what: "Anthropic API key", read: anthropic },
    Mark { letters: "pypi-AgEIcHlwaS5vcmc", what: "PyPI token", read: pypi },
    Mark { letters: "glpat-", what: "GitLab token", read: gitlab },
    Mark { letters: "xoxb-", what: "Slack token", read: slack },
    Mark { letters: "xoxp-", what: "Slack token", read: slack },
    Mark { letters: "hooks.slack.com/services/", what: "Slack webhook", read: slack_webhook },
    Mark { letters: "oauth2.client.secret", what: "client secret", read: setting },
    Mark { letters: "fs.s3a.secret.key", what: AWS_SECRET, read: setting },
    Mark { letters: "awsSecretAccessKey", what: AWS_SECRET, read: setting },
    Mark { letters: "sas.fixed.token", what: "Azure shared access signature", read: setting },
    Mark { letters: "PRIVATE KEY-----", what: "private key", read: private_key },
    Mark { letters: ".eyJ", what: "signed web token", read: web_token },
];

const AWS_KEY_ID: &str = "AWS access key id";
const AWS_SECRET: &str = "AWS secret access key";

/// How far around an AWS key id its secret is looked for, in bytes.
const AWS_NEAR: usize = 200;
/// The longest stretch, in bytes, that is read to one side of a mark.
const FAR: usize = 1_500;
/// The longest private key, in bytes.
const KEY_MAX: usize = 8_000;
/// The account key that every installation of Azure's storage emulator has: public, no secret.
const EMULATOR_KEY: &[u8] = b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu";

static FINDER: LazyLock<Option<AhoCorasick>> = LazyLock::new(|| {
    AhoCorasick::builder().match_kind(MatchKind::LeftmostFirst).build(MARKS.iter().map(|mark| mark.letters)).ok()
});

/// Every credential in `text`, in order of place.
pub(super) fn scan(text: &str) -> Vec<Secret> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    if let Some(finder) = FINDER.as_ref() {
        for hit in finder.find_iter(bytes) {
            let Some(mark) = MARKS.get(hit.pattern().as_usize()) else { continue };
            let Some(place) = (mark.read)(bytes, hit.range()) else { continue };
            if mark.what == "private key" {
                push_key(&mut found, bytes, place);
            } else {
                push(&mut found, place, mark.what);
            }
        }
    }
    // These marks are too short to be searched with the others at full speed.
    for at in memmem::find_iter(bytes, b"hf_") {
        if let Some(place) = hugging_face(bytes, at) {
            push(&mut found, place, "Hugging Face token");
        }
    }
    for at in memmem::find_iter(bytes, b"://") {
        if let Some(place) = url_password(bytes, at..at + 3) {
            push(&mut found, place, "password in a URL");
        }
    }
    for at in memmem::find_iter(bytes, b"Q~") {
        if let Some(place) = client_secret(bytes, at) {
            push(&mut found, place, "Entra ID client secret");
        }
    }
    let ids: Vec<Span> = found.iter().filter(|secret| secret.what == AWS_KEY_ID).map(|secret| secret.span).collect();
    let mut done = 0;
    for id in ids {
        done = aws_secrets(&mut found, bytes, id.range(), done);
    }
    found.sort_by_key(|secret| secret.span);
    found.dedup_by(|later, earlier| earlier.hidden.covers(later.hidden));
    found
}

fn push(found: &mut Vec<Secret>, place: Range<usize>, what: &'static str) {
    let span = Span::from_range(place);
    found.push(Secret { span, hidden: span, what });
}

/// A private key is pointed at by its first line and hidden as a whole.
fn push_key(found: &mut Vec<Secret>, bytes: &[u8], place: Range<usize>) {
    let hidden = Span::from_range(place.clone());
    let body = bytes.get(place.clone()).unwrap_or_default();
    let first = memmem::find(body, b"KEY-----").map_or(body.len(), |at| at + b"KEY-----".len());
    found.push(Secret { span: Span::from_range(place.start..place.start + first), hidden, what: "private key" });
}

/// Whether a token may start at `at`: nothing that could be part of it stands before it. The letter of a
/// JSON or Python escape (`\n`) is no part of it.
fn starts(bytes: &[u8], at: usize, part: fn(u8) -> bool) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    !bytes.get(before).copied().is_some_and(part) || is_escape(bytes, before)
}

/// Where the run of bytes of one class that starts at `from` ends, looking at most `limit` bytes ahead.
fn run(bytes: &[u8], from: usize, limit: usize, part: fn(u8) -> bool) -> usize {
    let ahead = bytes.get(from..bytes.len().min(from.saturating_add(limit))).unwrap_or_default();
    from + ahead.iter().position(|&byte| !part(byte)).unwrap_or(ahead.len())
}

/// Where the run of bytes of one class that ends at `to` starts, looking at most `limit` bytes back.
fn run_back(bytes: &[u8], to: usize, limit: usize, part: fn(u8) -> bool) -> usize {
    let behind = bytes.get(to.saturating_sub(limit)..to).unwrap_or_default();
    let start = to - behind.iter().rev().position(|&byte| !part(byte)).unwrap_or(behind.len());
    if is_escape(bytes, start) { start + 1 } else { start }
}

/// Whether the byte at `at` is the letter of an escape such as `\n`.
fn is_escape(bytes: &[u8], at: usize) -> bool {
    at > 0 && bytes.get(at - 1) == Some(&b'\\') && matches!(bytes.get(at), Some(b'n' | b'r' | b't'))
}

/// A token that is its mark and `length` more bytes of one class, no more, and looks random.
fn fixed(
    bytes: &[u8],
    mark: &Range<usize>,
    length: usize,
    part: fn(u8) -> bool,
    least_entropy: f64,
) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, length + 1, part);
    let value = bytes.get(mark.end..end)?;
    let whole = starts(bytes, mark.start, is_word)
        && value.len() == length
        && !bytes.get(end).copied().is_some_and(is_word)
        && entropy(value) >= least_entropy
        && !is_placeholder(value);
    whole.then_some(mark.start..end)
}

/// `dapi` and its kin: 32 hexadecimal digits, perhaps `-2`.
fn databricks(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let token = fixed(bytes, &mark, 32, is_hex, 3.0)?;
    let suffix = bytes.get(token.end..).unwrap_or_default();
    match suffix {
        [b'-', digit, rest @ ..] if digit.is_ascii_digit() && !rest.first().copied().is_some_and(is_word) => {
            Some(token.start..token.end + 2)
        }
        _ => Some(token),
    }
}

fn aws_key_id(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let base32 = |byte: u8| matches!(byte, b'A'..=b'Z' | b'2'..=b'7');
    let id = fixed(bytes, &mark, 16, base32, 3.0)?;
    // A stretch of base64 can look like an id; an id has quotes, blanks or `:` around it.
    let touches = |at: Option<usize>| {
        at.and_then(|at| bytes.get(at)).is_some_and(|byte| matches!(byte, b'/' | b'+' | b'=' | b'-'))
    };
    let before = id.start.checked_sub(1);
    let assigned = before.and_then(|at| bytes.get(at)).is_some_and(|&byte| matches!(byte, b'=' | b'/'));
    ((!touches(before) || assigned) && !touches(Some(id.end))).then_some(id)
}

/// AWS secrets near a key id: 40 bytes that nothing but their neighbour tells apart from a hash. Returns how far
/// the text is done, so that ids in a row do not have the same stretch read again and again.
fn aws_secrets(found: &mut Vec<Secret>, bytes: &[u8], id: Range<usize>, done: usize) -> usize {
    let end = bytes.len().min(id.end + AWS_NEAR);
    let mut at = id.start.saturating_sub(AWS_NEAR).max(done);
    // In URLs its slashes are escaped.
    let part = |byte| is_base64(byte) || byte == b'%';
    // Do not start in the middle of a run.
    if !starts(bytes, at, part) {
        at = run(bytes, at, AWS_NEAR, part);
    }
    while at < end {
        let stop = run(bytes, at, 4 * AWS_NEAR, part);
        let start = if is_escape(bytes, at) { at + 1 } else { at };
        let value = bytes.get(start..stop).unwrap_or_default();
        if looks_like_aws_secret(value) && bytes.get(stop) != Some(&b'=') {
            push(found, start..stop, AWS_SECRET);
        }
        at = stop + 1;
    }
    at
}

fn looks_like_aws_secret(value: &[u8]) -> bool {
    let escapes = memchr_iter(b'%', value).count();
    value.len().saturating_sub(2 * escapes) == 40
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase)
        && value.iter().any(u8::is_ascii_digit)
        // Paths have many slashes; random base64 has one in 64.
        && memchr_iter(b'/', value).count() <= 4
        && entropy(value) >= 4.0
        && !is_placeholder(value)
}

/// 64 random bytes in base64: 86 characters and `==`. Returns where they end.
fn storage_key(bytes: &[u8], from: usize) -> Option<usize> {
    let end = run(bytes, from, 87, is_base64);
    let value = bytes.get(from..end)?;
    let key = value.len() == 86
        && bytes.get(end..end + 2) == Some(b"==".as_slice())
        && bytes.get(end + 2) != Some(&b'=')
        && entropy(value) >= 4.0
        && !value.starts_with(EMULATOR_KEY)
        && !is_placeholder(value);
    key.then_some(end + 2)
}

/// `AccountKey=…` of a connection string.
fn account_key(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    Some(mark.end..storage_key(bytes, mark.end)?)
}

/// The value of `fs.azure.account.key.NAME.dfs.core.windows.net`, as an argument or in a settings file.
fn account_key_setting(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = bytes.len().min(mark.end + 250);
    let mut at = mark.end;
    while at < end {
        let stop = run(bytes, at, end - at + 88, is_base64);
        if stop - at == 86
            && let Some(stop) = storage_key(bytes, at)
        {
            return Some(at..stop);
        }
        at = stop + 1;
    }
    None
}

/// `sig=` of a URL or query that also says until when or for which version it holds.
fn shared_access_signature(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    const SIGNATURE: Range<usize> = 43..45;
    let signed = |byte: u8| is_base64_url(byte) || matches!(byte, b'%' | b'+' | b'/');
    if !starts(bytes, mark.start, |byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let mut end = run(bytes, mark.end, 150, signed);
    while bytes.get(end) == Some(&b'=') && end < mark.end + 150 {
        end += 1;
    }
    let value = bytes.get(mark.end..end)?;
    let escapes = memchr_iter(b'%', value).count();
    if !SIGNATURE.contains(&value.len().saturating_sub(2 * escapes)) || entropy(value) < 3.5 || is_placeholder(value) {
        return None;
    }
    let inside = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'<' | b'>' | b'`');
    let query = bytes.get(run_back(bytes, mark.start, FAR, inside)..run(bytes, end, FAR, inside))?;
    let says = |key: &[u8]| memmem::find(query, key).is_some();
    (says(b"sv=20") && (says(b"se=20") || says(b"sp=") || says(b"sr="))).then_some(mark.end..end)
}

fn github(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    fixed(bytes, &mark, 36, |byte| byte.is_ascii_alphanumeric(), 3.0)
}

fn github_fine_grained(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    fixed(bytes, &mark, 82, is_word, 3.0)
}

fn gitlab(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    fixed(bytes, &mark, 20, is_base64_url, 3.0)
}

/// `xoxb-`, two numbers, and 24 letters.
fn slack(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, 120, |byte| byte.is_ascii_alphanumeric() || byte == b'-');
    let value = bytes.get(mark.end..end)?;
    let token = starts(bytes, mark.start, is_word)
        && value.len() >= 40
        && value.first().is_some_and(u8::is_ascii_digit)
        && entropy(value) >= 3.5
        && !is_placeholder(value);
    token.then_some(mark.start..end)
}

/// `T…/B…/…`: whoever knows it can post.
fn slack_webhook(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, 90, |byte| byte.is_ascii_alphanumeric() || byte == b'/');
    let value = bytes.get(mark.end..end)?;
    let mut parts = value.split(|byte| *byte == b'/');
    let part =
        |part: Option<&[u8]>, first: u8| part.is_some_and(|part| part.first() == Some(&first) && part.len() >= 8);
    let hook = part(parts.next(), b'T')
        && part(parts.next(), b'B')
        && parts.next().is_some_and(|last| last.len() == 24 && entropy(last) >= 3.0)
        && parts.next().is_none()
        && !is_placeholder(value);
    hook.then_some(mark.end..end)
}

/// The value of a setting whose name ends in the mark: in quotes behind `,`, `:` or `=`, or behind blanks at the end of
/// a line, as in the settings of a cluster.
fn setting(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    // The name of the storage account may follow.
    let name = run(bytes, mark.end, 120, |byte| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_'));
    let mut at = name;
    let divides =
        |byte: u8| matches!(byte, b' ' | b'\t' | b'"' | b'\'' | b',' | b':' | b'=' | b'>' | b'\\' | b'\n' | b'\r');
    let start = run(bytes, at, 80, divides);
    if start == at {
        return None;
    }
    at = start;
    let inside = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b'\'' | b'\\' | b',' | b')');
    let end = run(bytes, at, 400, inside);
    let value = bytes.get(at..end)?;
    (value.len() >= 20 && is_random(value)).then_some(at..end)
}

/// `user:password@host`: the password, if it is one.
fn url_password(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let part = |byte: u8| {
        byte.is_ascii_graphic()
            && !matches!(
                byte,
                b'/' | b'"' | b'\'' | b'`' | b'<' | b'>' | b'{' | b'}' | b'$' | b'\\' | b'(' | b')' | b','
            )
    };
    let end = run(bytes, mark.end, 300, part);
    let authority = bytes.get(mark.end..end)?;
    let at = memchr::memrchr(b'@', authority)?;
    let (user, host) = (authority.get(..at)?, authority.get(at + 1..)?);
    let colon = memchr::memchr(b':', user)?;
    let value = user.get(colon + 1..)?;
    let named = host.first().is_some_and(u8::is_ascii_alphanumeric) && !host.starts_with(b"example.");
    let password = colon > 0
        && named
        && (10..=200).contains(&value.len())
        && value.iter().any(u8::is_ascii_digit)
        && value.iter().any(u8::is_ascii_alphabetic)
        && entropy(value) >= 3.0
        && !is_placeholder(value);
    let start = mark.end + colon + 1;
    password.then_some(start..start + value.len())
}

fn hugging_face(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    fixed(bytes, &(at..at + 3), 34, |byte| byte.is_ascii_alphanumeric(), 3.0)
}

/// `sk-…T3BlbkFJ…`: the mark stands in the middle.
fn openai(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let start = run_back(bytes, mark.start, 200, is_base64_url);
    let end = run(bytes, mark.end, 200, is_base64_url);
    let value = bytes.get(start..end)?;
    let key = value.starts_with(b"sk-") && value.len() >= 40 && entropy(value) >= 3.5 && !is_placeholder(value);
    key.then_some(start..end)
}

fn anthropic(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, 200, is_base64_url);
    let value = bytes.get(mark.end..end)?;
    let key = starts(bytes, mark.start, is_base64_url)
        && (80..=120).contains(&value.len())
        && value.ends_with(b"AA")
        && entropy(value) >= 3.5
        && !is_placeholder(value);
    key.then_some(mark.start..end)
}

fn pypi(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, FAR, is_base64_url);
    let value = bytes.get(mark.end..end)?;
    let token = starts(bytes, mark.start, is_base64_url)
        && value.len() >= 50
        && entropy(value) >= 3.5
        && !is_placeholder(value);
    token.then_some(mark.start..end)
}

/// Three characters, a digit, `Q~`, and 31 to 34 characters more, with a delimiter on both sides.
fn client_secret(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    let start = at.checked_sub(4)?;
    let head = bytes.get(start..at)?;
    let end = run(bytes, at + 2, 35, is_client_secret);
    let value = bytes.get(start..end)?;
    let delimits = |byte: u8| {
        byte.is_ascii_whitespace()
            || matches!(byte, b'"' | b'\'' | b'`' | b'\\' | b'<' | b'>' | b',' | b')' | b';' | b'&')
    };
    let secret = head.iter().all(|&byte| is_client_secret(byte))
        && head.last().is_some_and(u8::is_ascii_digit)
        && (37..=40).contains(&value.len())
        && starts(bytes, start, is_client_secret)
        && bytes.get(end).copied().is_none_or(delimits)
        && entropy(value) >= 3.0
        && !is_placeholder(value);
    secret.then_some(start..end)
}

/// A private key with its body; a mere mention of its first line is none.
fn private_key(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    const BEGIN: &[u8] = b"-----BEGIN ";
    let behind = mark.start.saturating_sub(40);
    let start = behind + memmem::rfind(bytes.get(behind..mark.start)?, BEGIN)?;
    let kind = bytes.get(start + BEGIN.len()..mark.start)?;
    if !kind.iter().all(|&byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b' ') {
        return None;
    }
    let ahead = bytes.get(mark.end..bytes.len().min(mark.end + KEY_MAX))?;
    let length = memmem::find(ahead, b"-----END ")?;
    let body = ahead.get(..length)?;
    if memmem::find(body, b"BEGIN").is_some() {
        return None;
    }
    let longest = body.split(|&byte| !is_base64(byte)).map(<[u8]>::len).max().unwrap_or(0);
    let end = mark.end + length + b"-----END ".len() + kind.len() + b"PRIVATE KEY-----".len();
    (longest >= 40 && entropy(body) >= 4.0).then(|| start..end.min(bytes.len()))
}

/// Header, payload and signature, the first two JSON objects in base64. The mark is where the payload starts.
fn web_token(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    // The token that the format's own documentation shows.
    const SHOWN: &[u8] = b"eyJzdWIiOiIxMjM0NTY3ODkwIiwi";
    let start = run_back(bytes, mark.start, FAR, is_base64_url);
    let payload = run(bytes, mark.end, 4 * FAR, is_base64_url);
    let header = bytes.get(start..mark.start)?;
    if !header.starts_with(b"eyJ") || header.len() < 17 || bytes.get(payload) != Some(&b'.') {
        return None;
    }
    let body = bytes.get(mark.start + 1..payload)?;
    let end = run(bytes, payload + 1, FAR, is_base64_url);
    let signature = bytes.get(payload + 1..end)?;
    let token = body.len() >= 17
        && !body.starts_with(SHOWN)
        && signature.len() >= 40
        && entropy(signature) >= 4.0
        && !is_placeholder(signature);
    token.then_some(start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Random letters that are the same each time, so that no credential stands in this file.
    fn random(seed: u64, length: usize, alphabet: &str) -> String {
        let letters: Vec<char> = alphabet.chars().collect();
        let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(1);
        (0..length)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                letters[usize::try_from(state >> 33).unwrap() % letters.len()]
            })
            .collect()
    }

    const HEX: &str = "0123456789abcdef";
    const LETTERS: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    const BASE64: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

    /// What is found in `text`, as the stretches that are pointed at.
    fn found(text: &str) -> Vec<&str> {
        scan(text).iter().map(|secret| secret.span.of(text)).collect()
    }

    fn credentials() -> Vec<String> {
        let letters = |seed, length| random(seed, length, LETTERS);
        vec![
            format!("dapi{}", random(1, 32, HEX)),
            format!("dapi{}-2", random(2, 32, HEX)),
            format!("dsapi{}", random(3, 32, HEX)),
            format!("dkea{}", random(4, 32, HEX)),
            format!("dose{}", random(5, 32, HEX)),
            format!("doau{}", random(6, 32, HEX)),
            format!("dosa{}", random(7, 32, HEX)),
            format!("AKIA{}", random(8, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567")),
            format!("ghp_{}", letters(9, 36)),
            format!("github_pat_{}", letters(10, 82)),
            format!("hf_{}", letters(11, 34)),
            format!("sk-proj-{}T3BlbkFJ{}", letters(12, 20), letters(13, 20)),
            format!("sk-ant-api03-{}AA", letters(14, 93)),
            format!("pypi-AgEIcHlwaS5vcmc{}", letters(15, 80)),
            format!("a.8{}Q~{}", 7, letters(16, 34)),
            format!("eyJ{}.eyJ{}.{}", letters(17, 30), letters(18, 60), letters(19, 43)),
        ]
    }

    #[test]
    fn finds_each_kind_alone_quoted_and_escaped() {
        for credential in credentials() {
            for text in [
                credential.clone(),
                format!("x = \"{credential}\"\n"),
                format!("# MAGIC val é = '{credential}'\r\n"),
                format!("\"see\\n{credential}\\n\""),
                format!("token: {credential}\nnext: 1"),
            ] {
                assert_eq!(found(&text), [credential.as_str()], "{text}");
            }
        }
    }

    #[test]
    fn a_letter_more_or_less_is_no_credential() {
        for credential in credentials() {
            // The others have no fixed length, or may be cut anywhere.
            let fixed = ["dapi", "dsap", "dkea", "dose", "doau", "dosa", "AKIA", "ghp_", "gith", "hf_"];
            let Some(credential) = fixed.iter().any(|kind| credential.starts_with(kind)).then_some(credential) else {
                continue;
            };
            let credential = credential.strip_suffix("-2").unwrap_or(&credential);
            assert_eq!(found(&format!("x{credential}")), [""; 0], "{credential}");
            assert_eq!(found(&format!("{credential}f")), [""; 0], "{credential}");
            assert_eq!(found(&credential[..credential.len() - 1]), [""; 0], "{credential}");
        }
    }

    #[test]
    fn made_up_values_are_no_credentials() {
        for text in [
            "dapi123456789012345678a9bc01234defg5",
            "dapi12345678901234567890123456789012",
            "dapiXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX",
            "dapi0123456789abcdef0123456789abcdef",
            "dapiaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "dapideadbeefdeadbeefdeadbeefdeadbeef",
            "AKIAIOSFODNN7EXAMPLE wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
            "dosage dose the dosemeter",
            "hf_hub_download(repo_id, use_auth_token=hf_token)",
            "ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
            "AccountName=a;AccountKey={storage_account_key};EndpointSuffix=core.windows.net",
            "spark.conf.set(\"fs.azure.account.key.a.dfs.core.windows.net\", dbutils.secrets.get(\"s\", \"k\"))",
            "plot(sig=0.05, design=1)",
            "-----BEGIN PRIVATE KEY-----\\n\" + body + \"\\n-----END PRIVATE KEY-----",
            "if line == '-----BEGIN RSA PRIVATE KEY-----': read(line)",
        ] {
            assert_eq!(found(text), [""; 0], "{text}");
        }
    }

    #[test]
    fn a_storage_key_needs_its_name_before_it() {
        let key = format!("{}==", random(20, 86, BASE64));
        assert_eq!(found(&format!("\"data\": \"{key}\"")), [""; 0]);
        assert_eq!(found(&format!("AccountName=a;AccountKey={key};Suffix=b")), [key.as_str()]);
        let set = format!("spark.conf.set(\n  \"fs.azure.account.key.a.dfs.core.windows.net\",\n  \"{key}\")");
        assert_eq!(found(&set), [key.as_str()]);
        assert_eq!(
            found(&format!("AccountKey=Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu{}", &key[48..])),
            [""; 0]
        );
    }

    #[test]
    fn an_aws_secret_needs_an_id_near_it() {
        let id = format!("AKIA{}", random(21, 16, "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"));
        let secret = random(22, 40, BASE64);
        let hash = random(23, 40, HEX);
        let both = format!("id = \"{id}\"\n# MAGIC secret = \"{secret}\"\ncommit = \"{hash}\"\n");
        assert_eq!(found(&both), [id.as_str(), secret.as_str()]);
        assert_eq!(found(&format!("{{\"a\": \"\\n{secret}\", \"b\": \"{id}\"}}")), [secret.as_str(), id.as_str()]);
        let escaped = format!("{}%2F{}", random(26, 20, LETTERS), random(27, 19, LETTERS));
        assert_eq!(found(&format!("s3a://{id}:{escaped}@bucket")), [id.as_str(), escaped.as_str()]);
        assert_eq!(found(&format!("secret = \"{secret}\"")), [""; 0]);
        let far = format!("id = \"{id}\"{}secret = \"{secret}\"", " ".repeat(300));
        assert_eq!(found(&far), [id.as_str()]);
        assert_eq!(scan(&format!("{id} ").repeat(50)).len(), 50);
    }

    #[test]
    fn a_signature_needs_its_query() {
        let signature = format!("{}%2B{}%3D", random(24, 20, LETTERS), random(25, 22, LETTERS));
        let url = format!(
            "https://a.blob.core.windows.net/c?sp=r&se=2030-01-01T00:00:00Z&sv=2022-11-02&sr=c&sig={signature}"
        );
        assert_eq!(found(&format!("x = '{url}'")), [signature.as_str()]);
        let escaped = url.replace('&', "\\u0026");
        assert_eq!(found(&format!("\"{escaped}\"")), [signature.as_str()]);
        assert_eq!(found(&format!("x = '?sig={signature}'")), [""; 0]);
        assert_eq!(found("wasbs://a?sv=2022-11-02&sp=r&sig=<signature>"), [""; 0]);
    }

    #[test]
    fn a_private_key_is_shown_by_its_first_line_and_hidden_whole() {
        let kind = "RSA PRIVATE";
        let lines: Vec<String> = (0..6).map(|line| random(30 + line, 64, BASE64)).collect();
        for end in ["\n", "\\n", "\n# MAGIC "] {
            let key = format!("-----BEGIN {kind} KEY-----{end}{}{end}-----END {kind} KEY-----", lines.join(end));
            let text = format!("key = '''{key}'''\n");
            let secrets = scan(&text);
            assert_eq!(secrets.len(), 1, "{text}");
            assert_eq!(secrets[0].hidden.of(&text), key);
            assert_eq!(secrets[0].span.of(&text), format!("-----BEGIN {kind} KEY-----"));
        }
    }

    #[test]
    fn marks_without_end_are_read_in_linear_time() {
        for mark in MARKS {
            let text = mark.letters.repeat(50_000 / mark.letters.len());
            assert_eq!(scan(&text), [], "{}", mark.letters);
        }
        assert_eq!(scan("é\u{0}AccountKey=é".repeat(1000).as_str()), []);
    }
}
