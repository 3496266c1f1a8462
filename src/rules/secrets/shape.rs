//! What values look like: character classes, randomness, and the marks of values that are made up.

/// A letter, digit or `_`: what may not touch a token on either side.
pub(super) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// What base64 is written in, without its padding.
pub(super) const fn is_base64(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/')
}

/// What base64 for URLs is written in, without its padding; also the set that newer tokens use.
pub(super) const fn is_base64_url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

/// What Entra ID client secrets are written in.
pub(super) const fn is_client_secret(byte: u8) -> bool {
    is_base64_url(byte) || matches!(byte, b'~' | b'.')
}

/// Lower-case hexadecimal digits, as Databricks writes its tokens.
pub(super) const fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

/// Bits of information per byte of `value`, taken by itself: 0 for `aaaa`, 4 for all hexadecimal digits.
pub(super) fn entropy(value: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for &byte in value {
        counts[usize::from(byte)] += 1;
    }
    let total = f64::from(u32::try_from(value.len()).unwrap_or(u32::MAX));
    counts
        .iter()
        .filter(|&&count| count > 0)
        .map(|&count| {
            let share = f64::from(count) / total;
            -share * share.log2()
        })
        .sum()
}

/// Whether a value looks drawn by lot, and not like a name, a path, a sentence or a reference to something: letters of
/// both cases and digits, no word of the language of settings in it.
pub(super) fn is_random(value: &[u8]) -> bool {
    let digits = value.iter().filter(|byte| byte.is_ascii_digit()).count();
    let signs = value.iter().filter(|byte| b"!@#%^&*+=~?".contains(byte)).count();
    let names_something = value.starts_with(b"/")
        || value.starts_with(b"./")
        || memchr::memmem::find(value, b"://").is_some()
        || memchr::memmem::find(value, b"secrets/").is_some()
        || value.iter().any(|byte| matches!(byte, b'(' | b'[' | b'{'));
    !names_something
        && value.iter().any(u8::is_ascii_uppercase)
        && value.iter().any(u8::is_ascii_lowercase)
        && digits >= 1
        && digits + signs >= 3
        && entropy(value) >= 3.6
        && !is_placeholder(value)
}

/// Whether `value` is plainly written by hand to stand for a secret: `xxxx…`, `1234567890…`, `abcabcabc…`,
/// or one that says so itself.
pub(super) fn is_placeholder(value: &[u8]) -> bool {
    says_placeholder(value) || is_periodic(value) || is_counting(value)
}

/// Whether the value names itself an example, or holds a place for something.
fn says_placeholder(value: &[u8]) -> bool {
    const WORDS: [&[u8]; 12] = [
        b"example",
        b"xxxx",
        b"your",
        b"token",
        b"secret",
        b"placeholder",
        b"changeme",
        b"dummy",
        b"fake",
        b"redacted",
        b"....",
        b"****",
    ];
    if value.iter().any(|byte| matches!(byte, b'<' | b'>' | b'{' | b'}' | b'$' | b' ')) {
        return true;
    }
    let lower = value.to_ascii_lowercase();
    WORDS.iter().any(|word| memchr::memmem::find(&lower, word).is_some())
}

/// Whether a short piece is written over and over.
fn is_periodic(value: &[u8]) -> bool {
    (1..=24).any(|period| {
        value.len() >= 3 * period && value.iter().zip(value.iter().skip(period)).all(|(before, after)| before == after)
    })
}

/// Whether most neighbours count up or down, as in `1234567890abcdef`.
fn is_counting(value: &[u8]) -> bool {
    let follows = |before: u8, after: u8| {
        after == before.wrapping_add(1) || matches!((before, after), (b'9', b'0' | b'a' | b'A'))
    };
    let pairs = || value.iter().zip(value.iter().skip(1));
    let up = pairs().filter(|&(&before, &after)| follows(before, after)).count();
    let down = pairs().filter(|&(&before, &after)| follows(after, before)).count();
    up.max(down) * 2 > value.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entropy_is_counted_in_bits() {
        assert!(entropy(b"aaaaaaaa").abs() < 1e-9);
        assert!((entropy(b"0123456789abcdef") - 4.0).abs() < 1e-9);
        assert!(entropy(b"") < 1e-9);
    }

    #[test]
    fn made_up_values_are_known() {
        for value in [
            "XXXXXXXXXXXXXXXX",
            "1234567890abcdef1234567890abcdef",
            "abc1abc1abc1abc1",
            "fedcba9876543210fedcba9876543210",
            "my-token-goes-here",
            "${TOKEN}",
            "AKIAIOSFODNN7EXAMPLE",
        ] {
            assert!(is_placeholder(value.as_bytes()), "{value}");
        }
        for value in ["9f86d081884c7d659a2feaa0c55ad015", "q2Vx8ZkP0sLw7Rt1", "aab3c2d91e"] {
            assert!(!is_placeholder(value.as_bytes()), "{value}");
        }
    }
}
