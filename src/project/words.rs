//! The words of a file, without it being parsed.

/// Calls `visit` for each word with what stands before and behind it. In JSON the first letter may belong to an escape
/// (`\nname`), so then the word comes without it as well.
pub(super) fn each_word(bytes: &[u8], mut visit: impl FnMut(&[u8], &[u8], &[u8])) {
    let mut at = 0;
    while let Some(skipped) = bytes.get(at..).and_then(|rest| rest.iter().position(|byte| in_word(*byte))) {
        let start = at + skipped;
        let rest = bytes.get(start..).unwrap_or_default();
        let end = start + rest.iter().position(|byte| !in_word(*byte)).unwrap_or(rest.len());
        let word = bytes.get(start..end).unwrap_or_default();
        let (before, after) = (bytes.get(..start).unwrap_or_default(), bytes.get(end..).unwrap_or_default());
        let bare = word.get(1..).filter(|bare| !bare.is_empty() && before.ends_with(b"\\"));
        for word in [Some(word), bare].into_iter().flatten() {
            visit(word, before, after);
        }
        at = end;
    }
}

/// Whether a byte belongs to a name, as Python has it or may have it.
const fn in_word(byte: u8) -> bool {
    byte == b'_' || byte.is_ascii_alphanumeric() || !byte.is_ascii()
}

/// A hash of a word (FNV-1a). Two words with one hash cost a look at a file too many, no more.
pub(super) fn hash(word: &[u8]) -> u64 {
    word.iter().fold(0xCBF2_9CE4_8422_2325, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01B3))
}
