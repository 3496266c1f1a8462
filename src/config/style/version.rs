//! Versions of Python as ruff, black and `requires-python` write them.

/// `py310` as (major, minor).
pub(super) fn word(word: &str) -> Option<(u8, u8)> {
    let minor = word.strip_prefix("py3")?.parse().ok()?;
    Some((3, minor)).filter(|_| minor < 100)
}

/// The oldest version that specifiers such as `>=3.9,<4` speak of, as ruff takes it; `None` if they name none that
/// ruff knows.
pub(super) fn oldest(specifiers: &str) -> Option<(u8, u8)> {
    let versions = specifiers.split(',').filter_map(|specifier| {
        let specifier = specifier.trim();
        let operator = ["===", "==", "~=", ">=", ">"].into_iter().find(|operator| specifier.starts_with(operator))?;
        let mut parts = specifier.get(operator.len()..)?.trim().split('.');
        let number = |part: &str| {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            part.get(..digits)?.parse::<u8>().ok()
        };
        Some((number(parts.next()?)?, number(parts.next()?)?))
    });
    versions.min().filter(|&(major, minor)| major == 3 && (7..=15).contains(&minor))
}
