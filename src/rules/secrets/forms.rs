//! What each kind of credential looks like around the letters that it must hold.

use super::shape::{entropy, is_base64, is_base64_url, is_client_secret, is_hex, is_placeholder, is_random, is_word};
use memchr::{memchr_iter, memmem};
use std::ops::Range;

/// The longest stretch, in bytes, that is read to one side of a mark.
const FAR: usize = 1_500;
/// The longest private key, in bytes.
const KEY_MAX: usize = 8_000;
/// The account key that every installation of Azure's storage emulator has: public, no secret.
const EMULATOR_KEY: &[u8] = b"Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsu";

/// Whether a token may start at `at`: nothing that could be part of it stands before it. The letter of a
/// JSON or Python escape (`\n`) is no part of it.
pub(super) fn starts(bytes: &[u8], at: usize, part: fn(u8) -> bool) -> bool {
    let Some(before) = at.checked_sub(1) else { return true };
    !bytes.get(before).copied().is_some_and(part) || is_escape(bytes, before)
}

/// Where the run of bytes of one class that starts at `from` ends, looking at most `limit` bytes ahead.
pub(super) fn run(bytes: &[u8], from: usize, limit: usize, part: fn(u8) -> bool) -> usize {
    let ahead = bytes.get(from..bytes.len().min(from.saturating_add(limit))).unwrap_or_default();
    from + ahead.iter().position(|&byte| !part(byte)).unwrap_or(ahead.len())
}

/// Where the run of bytes of one class that ends at `to` starts, looking at most `limit` bytes back.
pub(super) fn run_back(bytes: &[u8], to: usize, limit: usize, part: fn(u8) -> bool) -> usize {
    let behind = bytes.get(to.saturating_sub(limit)..to).unwrap_or_default();
    let start = to - behind.iter().rev().position(|&byte| !part(byte)).unwrap_or(behind.len());
    if is_escape(bytes, start) { start + 1 } else { start }
}

/// Whether the byte at `at` is the letter of an escape such as `\n`.
pub(super) fn is_escape(bytes: &[u8], at: usize) -> bool {
    at > 0 && bytes.get(at - 1) == Some(&b'\\') && matches!(bytes.get(at), Some(b'n' | b'r' | b't'))
}

/// A token that is its mark and `length` more bytes of one class, no more, and looks random.
pub(super) fn fixed(
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
pub(super) fn databricks(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let token = fixed(bytes, &mark, 32, is_hex, 3.0)?;
    let suffix = bytes.get(token.end..).unwrap_or_default();
    match suffix {
        [b'-', digit, rest @ ..] if digit.is_ascii_digit() && !rest.first().copied().is_some_and(is_word) => {
            Some(token.start..token.end + 2)
        }
        _ => Some(token),
    }
}

pub(super) fn aws_key_id(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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

pub(super) fn looks_like_aws_secret(value: &[u8]) -> bool {
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
pub(super) fn storage_key(bytes: &[u8], from: usize) -> Option<usize> {
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
pub(super) fn account_key(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    Some(mark.end..storage_key(bytes, mark.end)?)
}

/// The value of `fs.azure.account.key.NAME.dfs.core.windows.net`, as an argument or in a settings file.
pub(super) fn account_key_setting(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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
pub(super) fn shared_access_signature(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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

pub(super) fn github(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    fixed(bytes, &mark, 36, |byte| byte.is_ascii_alphanumeric(), 3.0)
}

pub(super) fn github_fine_grained(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    fixed(bytes, &mark, 82, is_word, 3.0)
}

pub(super) fn gitlab(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    fixed(bytes, &mark, 20, is_base64_url, 3.0)
}

/// `xoxb-`, two numbers, and 24 letters.
pub(super) fn slack(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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
pub(super) fn slack_webhook(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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
pub(super) fn setting(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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
pub(super) fn url_password(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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

pub(super) fn hugging_face(bytes: &[u8], at: usize) -> Option<Range<usize>> {
    fixed(bytes, &(at..at + 3), 34, |byte| byte.is_ascii_alphanumeric(), 3.0)
}

/// `sk-…T3BlbkFJ…`: the mark stands in the middle.
pub(super) fn openai(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let start = run_back(bytes, mark.start, 200, is_base64_url);
    let end = run(bytes, mark.end, 200, is_base64_url);
    let value = bytes.get(start..end)?;
    let key = value.starts_with(b"sk-") && value.len() >= 40 && entropy(value) >= 3.5 && !is_placeholder(value);
    key.then_some(start..end)
}

pub(super) fn anthropic(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, 200, is_base64_url);
    let value = bytes.get(mark.end..end)?;
    let key = starts(bytes, mark.start, is_base64_url)
        && (80..=120).contains(&value.len())
        && value.ends_with(b"AA")
        && entropy(value) >= 3.5
        && !is_placeholder(value);
    key.then_some(mark.start..end)
}

pub(super) fn pypi(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
    let end = run(bytes, mark.end, FAR, is_base64_url);
    let value = bytes.get(mark.end..end)?;
    let token = starts(bytes, mark.start, is_base64_url)
        && value.len() >= 50
        && entropy(value) >= 3.5
        && !is_placeholder(value);
    token.then_some(mark.start..end)
}

/// Three characters, a digit, `Q~`, and 31 to 34 characters more, with a delimiter on both sides.
pub(super) fn client_secret(bytes: &[u8], at: usize) -> Option<Range<usize>> {
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
pub(super) fn private_key(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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
pub(super) fn web_token(bytes: &[u8], mark: Range<usize>) -> Option<Range<usize>> {
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
