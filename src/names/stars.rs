//! What star imports of well-known modules bring.

/// The public names of `module`, sorted; `None` for modules that are not known.
pub(super) fn names(module: &str) -> Option<&'static [&'static str]> {
    let at = TABLE.binary_search_by_key(&module, |row| row.0).ok()?;
    TABLE.get(at).map(|row| row.1)
}

/// Modules and their public names, both sorted.
const TABLE: &[(&str, &[&str])] = &[];
