//! Laying out one statement. sqruff's rules for layout and for the case of keywords do it, in Databricks' dialect;
//! what they make is checked by [`super::format`], which trusts nothing here.

/// Whether this build can lay out SQL.
pub const IS_AVAILABLE: bool = cfg!(feature = "sql");

/// A statement laid out; `None` if it cannot be read, or this build cannot.
#[cfg(feature = "sql")]
pub(super) fn lay_out(statement: &str) -> Option<String> {
    use crate::guard;
    use sqruff_lib::core::config::FluffConfig;
    use sqruff_lib::core::linter::core::Linter;
    use std::sync::OnceLock;

    /// Making the grammar takes as long as laying out twenty statements.
    static LINTER: OnceLock<Option<Linter>> = OnceLock::new();
    /// What a deeply nested statement may need, on top of the limit of 600 levels that the parser has.
    const STACK: usize = 64 << 20;

    let make = || {
        let config = FluffConfig::try_from_source(SETTINGS, None).ok()?;
        Linter::new(config, None, None, true).ok()
    };
    let linter = LINTER.get_or_init(|| guard::caught(make).ok().flatten()).as_ref()?;
    let work = || {
        let file = linter.lint_string(statement, None, true).ok()?;
        (!file.has_parse_or_templating_errors()).then(|| file.fix_string())
    };
    stacker::maybe_grow(STACK / 2, STACK, || guard::caught(work)).ok().flatten()
}

#[cfg(not(feature = "sql"))]
pub(super) fn lay_out(_: &str) -> Option<String> {
    None
}

/// Every value that decides about a line is named here, so that a new release of sqruff changes nothing by itself.
#[cfg(feature = "sql")]
const SETTINGS: &str = "
[sqruff]
dialect = databricks
templater = raw
rules = layout,CP01
max_line_length = 100
large_file_skip_byte_limit = 0
disable_noqa = True

[sqruff:indentation]
indent_unit = space
tab_space_size = 2

[sqruff:rules:capitalisation.keywords]
capitalisation_policy = upper

[sqruff:layout:type:select_clause]
line_position = leading
keyword_line_position = leading

[sqruff:layout:type:from_clause]
keyword_line_position = leading
keyword_line_position_exclusions = delete_statement

[sqruff:layout:type:join_clause]
keyword_line_position = leading

[sqruff:layout:type:limit_clause]
line_position = leading
keyword_line_position = leading
";
