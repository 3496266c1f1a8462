//! SQL: its tokens and statements, and that laying it out changes nothing but blanks and the case of keywords.

use brickgate::sql::{self, Formatted, IS_AVAILABLE, TokenKind, format, statements, tokens};
use proptest::prelude::*;

/// The kinds and texts of all tokens but blanks.
fn read(sql: &str) -> Vec<(TokenKind, String)> {
    let tokens = tokens(sql).expect("tokens");
    let end = tokens.last().map_or(0, |token| token.span.end);
    assert_eq!(end as usize, sql.len(), "{sql}");
    assert!(tokens.windows(2).all(|pair| pair[0].span.end == pair[1].span.start), "{sql}");
    tokens
        .into_iter()
        .filter(|token| token.kind != TokenKind::Blank)
        .map(|token| (token.kind, token.span.of(sql).to_owned()))
        .collect()
}

fn texts(sql: &str) -> Vec<String> {
    read(sql).into_iter().map(|(_, text)| text).collect()
}

fn one(sql: &str) -> TokenKind {
    match &read(sql)[..] {
        [(kind, _)] => *kind,
        more => panic!("{sql}: {more:?}"),
    }
}

fn parts(sql: &str) -> Vec<String> {
    statements(sql, &tokens(sql).unwrap()).into_iter().map(|statement| statement.span.of(sql).to_owned()).collect()
}

#[test]
fn strings_names_and_bodies_end_where_the_platform_ends_them() {
    for string in
        [r"'a'", r"'it\'s'", "'it''s'", r#""say \"x\"""#, r"r'\d\'", r#"R"a\""#, "'a\nb'", "'-- no'", "'/* no'", "''"]
    {
        assert_eq!(one(string), TokenKind::String, "{string}");
    }
    assert_eq!(texts(r"r'\' || 'b'"), [r"r'\'", "||", "'b'"]);
    assert_eq!(one("`a ``b`` -- c`"), TokenKind::Quoted);
    assert_eq!(one("$$\ndef f(): return '$'\n$$"), TokenKind::Body);
    for open in ["'a", r"'a\'", "\"", "`a``", "/* a", "/* /* */", "$$ a $"] {
        assert_eq!(tokens(open), None, "{open}");
    }
}

#[test]
fn comments_nest_and_run_on() {
    assert_eq!(texts("1 -- a ' b\n2"), ["1", "-- a ' b", "2"]);
    assert_eq!(texts("1 -- a\r\n2"), ["1", "-- a", "2"]);
    assert_eq!(texts("1 -- a \\\nb\n2"), ["1", "-- a \\\nb", "2"]);
    assert_eq!(one("/* a /* b */ ; ' */"), TokenKind::BlockComment);
    assert_eq!(texts("/*+ BROADCAST(a) /* */ x"), ["/*+ BROADCAST(a) /* */", "x"]);
    assert_eq!(texts("--"), ["--"]);
}

#[test]
fn numbers_words_and_operators() {
    for number in ["1", "1.5", ".5", "1e10", "1.5E-3", "10L", "3.5BD", "2y"] {
        assert_eq!(one(number), TokenKind::Number, "{number}");
    }
    for word in ["a", "_1", "10_inches", "2023x", "größe", "数量"] {
        assert_eq!(one(word), TokenKind::Word, "{word}");
    }
    assert_eq!(texts("a.b.5c"), ["a", ".", "b", ".", "5c"]);
    assert_eq!(
        texts("a->b=>c::d>>e>>>f<=>g!=h|>i?::j"),
        "a -> b => c :: d >> e >>> f <=> g != h |> i ?:: j".split(' ').collect::<Vec<_>>()
    );
    assert_eq!(texts("1-1e-5"), ["1", "-", "1e-5"]);
}

#[test]
fn placeholders_are_seen_for_what_they_are() {
    for one_of in
        ["${x}", "${ a.b }", "$x", ":x", "?", "{{x}}", "{{ job.run_id }}", "{x}", "{f(x)['y']}", "%s", "%(x)s"]
    {
        assert_eq!(one(one_of), TokenKind::Placeholder, "{one_of}");
    }
    let found = |sql: &str| {
        read(sql)
            .into_iter()
            .filter(|(kind, _)| *kind == TokenKind::Placeholder)
            .map(|(_, text)| text)
            .collect::<Vec<_>>()
    };
    assert_eq!(found("a_${x}.b = :y and c = ? limit {n}"), ["${x}", ":y", "?", "{n}"]);
    assert_eq!(
        found("select raw:store.book, x::int, a[1]:b, '${not}', `${not}`, a % s, a ?:: int"),
        Vec::<String>::new()
    );
    assert_eq!(one("{% if x %}"), TokenKind::Template);
    assert_eq!(one("{# ; ' #}"), TokenKind::Template);
    assert_eq!(texts("{\n}"), ["{", "}"]);
}

#[test]
fn statements_end_at_their_semicolon() {
    assert_eq!(parts("select ';' -- ;\n; -- x\n/* ; */ select `;`;\n$$;$$"), ["select ';'", "select `;`", "$$;$$"]);
    assert_eq!(parts("a;;b"), ["a", "", "b"]);
    assert_eq!(parts(" -- only a comment\n"), Vec::<String>::new());
    let block = "BEGIN\n  DECLARE x INT;\n  IF x > 1 THEN SELECT CASE WHEN true THEN 1 END; ELSE BEGIN SELECT 2; END; END IF;\n  FOR r AS SELECT 1 DO SELECT if(true, 1, 2); END FOR;\n  l: LOOP LEAVE l; END LOOP;\nEND";
    assert_eq!(parts(&format!("SELECT 1; {block}; SELECT 2")), ["SELECT 1", block, "SELECT 2"]);
    let procedure = format!("CREATE OR REPLACE PROCEDURE p(x INT) LANGUAGE SQL AS {block}");
    assert_eq!(
        parts(&format!("{procedure};\nselect begin, end from t;select 1")),
        [&*procedure, "select begin, end from t", "select 1"]
    );
    assert_eq!(parts("BEGIN; SELECT 1; COMMIT"), ["BEGIN", "SELECT 1", "COMMIT"]);
    assert_eq!(parts("begin transaction; select 1"), ["begin transaction", "select 1"]);
    assert_eq!(parts("begin select 1; select 2"), ["begin select 1; select 2"]);
}

/// The text after formatting; that formatting it again changes nothing, and that it says the same, is held here.
fn formatted(sql: &str) -> String {
    let Formatted { text, .. } = format(sql);
    let text = text.unwrap_or_else(|| sql.to_owned());
    holds(sql, &text);
    text
}

/// The laws of the formatter.
fn holds(old: &str, new: &str) {
    assert_eq!(format(new).text, None, "not a fixpoint: {old:?}\n{new}");
    if old == new {
        return;
    }
    let say = |sql: &str| -> Vec<(TokenKind, String)> {
        read(sql)
            .into_iter()
            .map(|(kind, text)| match kind {
                TokenKind::Word => (kind, text.to_lowercase()),
                TokenKind::LineComment => (kind, text.trim_end().to_owned()),
                _ => (kind, text),
            })
            .collect()
    };
    assert_eq!(say(old), say(new), "{old:?}");
}

#[test]
fn a_build_without_the_formatter_changes_nothing() {
    if !IS_AVAILABLE {
        let found = format("select   1");
        assert_eq!((found.text, found.left.len()), (None, 1));
    }
}

#[test]
fn statements_are_laid_out() {
    if !IS_AVAILABLE {
        return;
    }
    let cases = [
        ("select a,b from t where x=1 -- why\n", "SELECT\n  a,\n  b\nFROM t\nWHERE x = 1 -- why"),
        // Placeholders are what they were, joined to what they touch.
        (
            "select * from ${catalog}.db_${env}.t join {{ref}} using(id) where a=:a and b = '${b}' limit :n",
            "SELECT *\nFROM ${catalog}.db_${env}.t\nJOIN {{ref}} USING (id)\nWHERE a = :a AND b = '${b}'\nLIMIT :n",
        ),
        (
            "insert into $db.t select ?, {x}, %s, %(y)s from $db.s",
            "INSERT INTO $db.t\nSELECT\n  ?,\n  {x},\n  %s,\n  %(y)s\nFROM $db.s",
        ),
        // Names keep their case, also in paths into JSON.
        ("select Raw:Store.Date, `A  b` from T", "SELECT\n  Raw:Store.Date,\n  `A  b`\nFROM T"),
        // One that is unknown stops nothing, and nothing joins it.
        (
            "create  widget text x default '1' ;  select   1 ;\n\n\n\n\n  -- two\nselect 2;select  3",
            "create  widget text x default '1' ;\nSELECT 1;\n\n\n-- two\nSELECT 2;\nSELECT 3",
        ),
        // What stands in a body of another language is not SQL.
        (
            "create function f(a int) returns int language python as $$\nreturn   a\n$$",
            "CREATE FUNCTION f (a int) RETURNS int LANGUAGE PYTHON AS $$\nreturn   a\n$$",
        ),
        ("-- fmt: off\nselect   1;\n-- fmt: on\nselect   2", "-- fmt: off\nselect   1;\n-- fmt: on\nSELECT 2"),
        (
            "select   1; -- fmt: skip\nselect   2 /* x */ -- fmt: skip\n, 3",
            "SELECT 1; -- fmt: skip\nselect   2 /* x */ -- fmt: skip\n, 3",
        ),
    ];
    for (old, new) in cases {
        assert_eq!(formatted(old), new);
    }
    // Line ends are those of the text.
    assert_eq!(formatted("select a\r\n,b from t"), "SELECT\r\n  a,\r\n  b\r\nFROM t");
}

#[test]
fn whatever_is_unknown_stays() {
    for sql in [
        "CREATE  WIDGET text  x DEFAULT 'a'",
        "REMOVE  WIDGET x",
        "frobnicate   the t",
        "select  'a",
        "{% if x %} select  1 {% endif %}",
        "select  (",
        "",
        "  -- nothing\n",
        ";",
        "-- fmt: off\nselect  1",
    ] {
        let found = format(sql);
        assert_eq!(found.text, None, "{sql}");
    }
}

proptest! {
    #[test]
    fn any_text_is_survived(sql in "[a-c1'\"`$(){}:;?%,.=<>*/|\\\\ \n-]{0,60}") {
        if let Some(tokens) = tokens(&sql) {
            prop_assert_eq!(tokens.iter().map(|token| token.span.len() as usize).sum::<usize>(), sql.len());
            let statements = statements(&sql, &tokens);
            prop_assert!(statements.windows(2).all(|pair| pair[0].span.end <= pair[1].span.start));
        }
        let new = sql::format(&sql).text.unwrap_or_else(|| sql.clone());
        holds(&sql, &new);
    }
}
