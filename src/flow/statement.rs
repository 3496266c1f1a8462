//! How many rows a query gives, as far as its words say it.

use super::kind::Rows;
use crate::sql::{Token, TokenKind, tokens};

/// Aggregate functions, in lower case, sorted.
const AGGREGATES: &[&str] = &[
    "any_value",
    "approx_count_distinct",
    "approx_percentile",
    "array_agg",
    "avg",
    "bool_and",
    "bool_or",
    "collect_list",
    "collect_set",
    "corr",
    "count",
    "count_distinct",
    "count_if",
    "countdistinct",
    "covar_pop",
    "covar_samp",
    "first",
    "first_value",
    "kurtosis",
    "last",
    "last_value",
    "max",
    "max_by",
    "mean",
    "median",
    "min",
    "min_by",
    "mode",
    "percentile",
    "percentile_approx",
    "skewness",
    "std",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "sum",
    "sum_distinct",
    "var_pop",
    "var_samp",
    "variance",
];

/// First words of statements that give few rows, whatever is in the tables.
const SMALL: &[&str] = &[
    "alter", "analyze", "cache", "call", "clear", "comment", "convert", "copy", "create", "declare", "delete", "deny",
    "desc", "describe", "drop", "explain", "fsck", "grant", "insert", "list", "load", "merge", "msck", "optimize",
    "put", "refresh", "remove", "reorg", "repair", "reset", "restore", "revoke", "set", "show", "sync", "truncate",
    "uncache", "undrop", "update", "use", "vacuum",
];

/// Words after which a query no longer gives all rows of one table.
const SHAPES: &[&str] = &[
    "distinct",
    "except",
    "group",
    "having",
    "intersect",
    "join",
    "lateral",
    "limit",
    "minus",
    "offset",
    "pivot",
    "qualify",
    "tablesample",
    "union",
    "unpivot",
    "where",
    "with",
    "values",
];

/// Whether a function makes one value of many rows.
pub(super) fn is_aggregate(name: &str) -> bool {
    AGGREGATES.binary_search(&name.trim().to_ascii_lowercase().as_str()).is_ok()
}

/// How many rows a statement gives, and whether it may read a stream. What cannot be told is [`Rows::Unknown`].
pub(super) fn rows(sql: &str) -> (Rows, bool) {
    let Some(tokens) = tokens(sql) else { return (Rows::Unknown, true) };
    let code: Vec<(&Token, &str)> =
        tokens.iter().filter(|token| token.kind.is_code()).map(|token| (token, token.span.of(sql))).collect();
    let is = |text: &str, word: &str| text.eq_ignore_ascii_case(word);
    let stream = code.iter().any(|(_, text)| is(text, "stream") || is(text, "read_stream"));
    let Some((_, first)) = code.first() else { return (Rows::Unknown, stream) };
    if SMALL.iter().any(|word| is(first, word)) {
        return (Rows::Few, stream);
    }
    let mut depth = 0_i32;
    let (mut limit, mut from, mut group) = (None, false, false);
    let mut shaped = false;
    // Whether each item of the list of columns is an aggregate so far; ends with the first `FROM`.
    let (mut items, mut aggregates, mut window, mut item_start) = (0, 0, false, true);
    for (at, (token, text)) in code.iter().enumerate() {
        let next = || code.get(at + 1).map(|(_, text)| *text);
        match *text {
            "(" => depth += 1,
            ")" => depth -= 1,
            "," if depth == 0 && !from => item_start = true,
            _ if token.kind == TokenKind::Word => {
                shaped |= SHAPES.iter().any(|word| is(text, word));
                if depth == 0 {
                    if is(text, "limit") {
                        limit = next();
                    }
                    from |= is(text, "from");
                    group |= is(text, "group");
                    // What is put together may be anything.
                    window |= is(text, "over") || is(text, "union") || is(text, "explode");
                }
                if item_start && at > 0 && !from {
                    items += 1;
                    aggregates += usize::from(next() == Some("(") && is_aggregate(text));
                    item_start = false;
                }
            }
            _ if item_start && at > 0 && !from => {
                items += 1;
                item_start = false;
            }
            _ => {}
        }
    }
    let select = is(first, "select");
    let all_aggregates = items > 0 && items == aggregates && !group;
    let nothing_read = !from && !shaped && !code.iter().any(|(_, text)| text.to_ascii_lowercase().contains("explode"));
    let rows = if limit.is_some_and(|limit| limit.parse::<u64>().is_ok()) {
        if limit == Some("1") { Rows::One } else { Rows::Few }
    } else if select && !window && (all_aggregates || nothing_read) {
        Rows::One
    } else if select && from && !shaped && is_plain_table(&code) {
        Rows::Whole
    } else {
        Rows::Unknown
    };
    (rows, stream)
}

/// Whether what follows `FROM` is one table by name.
fn is_plain_table(code: &[(&Token, &str)]) -> bool {
    let Some(from) = code.iter().position(|(_, text)| text.eq_ignore_ascii_case("from")) else { return false };
    let before = code.get(..from).unwrap_or_default();
    // A function in the list of columns may be an aggregate of one's own.
    let rest = code.get(from + 1..).unwrap_or_default();
    let name = |(token, _): &(&Token, &str)| {
        matches!(token.kind, TokenKind::Word | TokenKind::Quoted | TokenKind::Placeholder)
    };
    let end = rest.iter().position(|(_, text)| matches!(*text, "order" | "ORDER" | ";")).unwrap_or(rest.len());
    let table = rest.get(..end).unwrap_or_default();
    !before.iter().any(|(_, text)| *text == "(")
        && !table.is_empty()
        && table.iter().enumerate().all(|(at, part)| if at % 2 == 0 { name(part) } else { part.1 == "." })
        && table.len() % 2 == 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_sorted_as_the_search_needs_them() {
        assert!(AGGREGATES.is_sorted());
    }

    #[test]
    fn queries_are_told_apart() {
        for sql in
            ["select current_catalog()", "SELECT max(a), count(*) AS n FROM t WHERE x", "select * from t limit 1"]
        {
            assert_eq!(rows(sql).0, Rows::One, "{sql}");
        }
        for sql in ["SHOW TABLES IN a.b", "describe t", "select * from t where x order by y limit 10", "DESC HISTORY t"]
        {
            assert_eq!(rows(sql).0, Rows::Few, "{sql}");
        }
        for sql in ["select * from a.b.c", "SELECT a, b FROM t ORDER BY a", "select * from `x`"] {
            assert_eq!(rows(sql).0, Rows::Whole, "{sql}");
        }
        for sql in [
            "select * from t where id = 7",
            "select max(a) from t group by b",
            "select max(a) over (partition by b) from t",
            "select a from t, u",
            "with x as (select 1) select * from x",
            "select my_sum(a) from t",
            "select * from (select 1)",
            "select explode(a)",
            "",
            "{{ q }}",
            "select 'x",
        ] {
            assert_eq!(rows(sql).0, Rows::Unknown, "{sql}");
        }
    }
}
