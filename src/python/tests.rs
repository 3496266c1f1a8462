//! What the tables say, in small.

use super::facts::{BindingKind, Call, Facts, ScopeKind, SyntaxErrorKind, Value};
use super::read;
use crate::text::region::{OffsetMap, Region};
use std::fmt::Write;

/// Cells of a notebook, one after the other in one text.
fn notebook(cells: &[&str]) -> (String, Facts) {
    let text = cells.join("\n");
    let mut start = 0;
    let regions: Vec<Region<'_>> = cells
        .iter()
        .enumerate()
        .map(|(cell, code)| {
            let map = OffsetMap::shift(start);
            start += u32::try_from(code.len()).unwrap() + 1;
            Region { cell, code: (*code).into(), map, ipython: true }
        })
        .collect();
    let facts = read(&regions, (3, 13));
    (text, facts)
}

fn facts(code: &str) -> Facts {
    let facts = notebook(&[code]).1;
    assert_eq!(facts.syntax_errors, [], "{code}");
    facts
}

/// `name@scope` for each binding of `name`, with the scope as a path of kinds from the module.
fn bound(code: &str, name: &str) -> String {
    let facts = facts(code);
    let mut out = String::new();
    for binding in facts.bindings.iter().filter(|binding| facts.text(binding.name) == name) {
        let mut path = Vec::new();
        let mut at = Some(binding.scope);
        while let Some(scope) = at.and_then(|id| facts.scopes.get(id as usize)) {
            path.push(match scope.kind {
                ScopeKind::Module => "M",
                ScopeKind::Class => "C",
                ScopeKind::Function => "F",
                ScopeKind::Lambda => "L",
                ScopeKind::Comprehension => "G",
                ScopeKind::TypeParameters => "T",
            });
            at = scope.parent;
        }
        path.reverse();
        let maybe = if binding.conditional { "?" } else { "" };
        let kind = match binding.kind {
            BindingKind::Import(_) => "Import".to_owned(),
            BindingKind::Function(_) => "Function".to_owned(),
            kind => format!("{kind:?}"),
        };
        write!(out, "{}{kind}@{}{maybe}", if out.is_empty() { "" } else { " " }, path.concat()).unwrap();
    }
    out
}

/// How many uses of `name` no binding reaches.
fn free(code: &str, name: &str) -> usize {
    facts(code).free_uses(name).len()
}

fn path<'a>(facts: &'a Facts, call: &Call) -> &'a str {
    call.path.map_or("-", |path| facts.text(path))
}

/// The paths of all calls.
fn paths(cells: &[&str]) -> Vec<String> {
    let (_, facts) = notebook(cells);
    assert_eq!(facts.syntax_errors, []);
    facts.calls.iter().map(|call| path(&facts, call).to_owned()).collect()
}

#[test]
fn names_are_bound_where_python_binds_them() {
    for (code, expected) in [
        ("x = 1", "Assignment@M"),
        ("x, (y, *x) = z", "Unpacked@M Unpacked@M"),
        ("x, y = 1, 2", "Assignment@M"),
        ("def f():\n  x = 1", "Assignment@MF"),
        ("def f():\n  global x\n  x = 1", "Assignment@M"),
        ("def f():\n  def g():\n    nonlocal x\n    x = 1\n  x = 2", "Assignment@MF Assignment@MF"),
        ("def f(x):\n  class C:\n    def g():\n      nonlocal x\n      x += 1", "Parameter@MF Augmented@MF"),
        ("class C:\n  x = 1", "Assignment@MC"),
        ("def f(a, /, b, *x, c, **d): pass", "Parameter@MF"),
        ("f = lambda x: x", "Parameter@ML"),
        ("y = [x for x in z]", "Loop@MG?"),
        ("y = [a for b in c if (x := b)]", "Assignment@M?"),
        ("def f():\n  return [[(x := a) for a in b] for b in c]", "Assignment@MF?"),
        ("def f():\n  global x\n  any((x := a) for a in b)", "Assignment@M?"),
        ("if (x := f()):\n  pass", "Assignment@M"),
        ("a and (x := 1)", "Assignment@M?"),
        ("for x in y: pass", "Loop@M?"),
        ("with a as x:\n  pass", "With@M"),
        ("with a as (x, y):\n  pass", "Unpacked@M"),
        ("try:\n  pass\nexcept E as x:\n  pass", "Exception@M? ExceptionEnd@M?"),
        ("import x.y.z", "Import@M"),
        ("import y.z as x", "Import@M"),
        ("from y import z as x, x as y", "Import@M"),
        ("try:\n  import x\nexcept ImportError:\n  x = None", "Import@M? Assignment@M?"),
        ("x += 1", "Augmented@M"),
        ("x: int", "Annotation@M"),
        ("x: int = 1", "Assignment@M"),
        ("del x, y.x, z[x]", "Deletion@M"),
        ("def x(): pass", "Function@M"),
        ("class x: pass", "Class@M"),
        ("x = !ls", "Magic@M"),
        ("%time x = f()", "Assignment@M"),
        ("%timeit x = f()", ""),
        ("%%capture x\nf()", "Magic@M"),
        ("%store -r x y", "Magic@M"),
        ("globals()['x'] = 1", "Assignment@M"),
        ("def f():\n  globals()['x'] = 1", "Assignment@M"),
        (
            "match a:\n  case {'k': [x, *x], **x}: pass\n  case P(k=x) | (1 as x): pass",
            "Assignment@M? Assignment@M? Assignment@M? Assignment@M? Assignment@M?",
        ),
        ("def f[x](a: x): pass", "TypeParameter@MT"),
        ("type x = int", "Assignment@M"),
        ("type A[x] = list[x]", "TypeParameter@MT"),
        ("while a:\n  x = 1\nelse:\n  x = 2", "Assignment@M? Assignment@M?"),
        ("if a:\n  def f():\n    x = 1", "Assignment@MF"),
    ] {
        assert_eq!(bound(code, "x"), expected, "{code}");
    }
}

#[test]
fn uses_are_free_where_no_binding_reaches() {
    for (code, expected) in [
        ("spark.sql('')", 1),
        ("spark = 1\ndef f():\n  return spark", 0),
        ("def f(spark):\n  return spark\nspark", 1),
        ("class C:\n  spark = 1\n  def f(self): return spark", 1),
        ("class C:\n  spark = 1\n  y = spark", 0),
        ("class C:\n  spark = 1\n  y = [spark for a in b]", 1),
        ("class C:\n  spark = 1\n  y = [a for a in spark]", 0),
        ("def f(a=spark, *, b: spark) -> spark:\n  spark = 1", 3),
        ("@spark\ndef f(spark): pass", 1),
        ("class C(spark):\n  spark = 1", 1),
        ("lambda spark=spark: spark", 1),
        ("[spark for spark in spark]", 1),
        ("[a for b in c for spark in spark]", 0),
        ("def f():\n  global spark\n  spark = 1\nspark", 0),
        ("def f(spark):\n  def g():\n    global spark\n    spark.x", 1),
        ("x: 'list[spark]' = 1", 1),
        ("x: Literal['spark'] = 1", 0),
        ("x: Annotated['spark', 'spark'] = 1", 1),
        ("f'{spark:{spark}}' f'{f\"{spark}\"}'", 3),
        ("del spark\nspark", 1),
        ("spark: int\nspark", 1),
        ("spark += 1", 0),
        ("from m import *\nspark", 1),
        ("from m import spark\nspark", 0),
        ("try:\n  pass\nexcept spark as e: pass", 1),
        ("match spark:\n  case spark.x: pass", 2),
        ("spark.a.b = spark.c[spark]", 3),
        ("def f[spark](x: spark): return spark", 0),
        ("print(spark=1)", 0),
        ("x.spark()", 0),
    ] {
        assert_eq!(free(code, "spark"), expected, "{code}");
    }
}

#[test]
fn cells_share_the_module() {
    let (text, facts) = notebook(&["import pyspark.sql.functions as F", "def f(:\n  x = g(1)", "x = F.col('a')"]);
    assert_eq!(facts.free_uses("F").len(), 0);
    let call = facts.calls.iter().find(|call| call.cell == 2).unwrap();
    assert_eq!(
        (path(&facts, call), call.span.of(&text), call.callee.of(&text)),
        ("pyspark.sql.functions.col", "F.col('a')", "col")
    );
    assert_eq!(facts.bindings.iter().map(|binding| binding.cell).collect::<Vec<_>>(), [0, 1, 1, 2]);
    // The broken cell has one error, and is still read.
    let [error] = facts.syntax_errors.as_slice() else { panic!("{:?}", facts.syntax_errors) };
    assert_eq!((error.cell, error.kind, error.span.of(&text)), (1, SyntaxErrorKind::Invalid, "("));
    assert!(facts.calls.iter().any(|call| path(&facts, call) == "g"));
}

#[test]
fn newer_syntax_is_told_from_wrong_syntax() {
    let code = "match x:\n  case 1: pass\ntype X = int\ny = f(";
    let region = Region { cell: 3, code: code.into(), map: OffsetMap::shift(7), ipython: false };
    let errors = read(&[region], (3, 10)).syntax_errors;
    let seen: Vec<_> = errors.iter().map(|error| (error.kind, error.span.start - 7, error.cell)).collect();
    assert_eq!(seen, [(SyntaxErrorKind::TooNew, 24, 3), (SyntaxErrorKind::Invalid, 42, 3)]);
    assert_eq!(errors[0].message, "cannot use `type` alias statement before Python 3.12; the target is 3.10");
    assert_eq!(errors[1].message, "`(` is never closed");
}

#[test]
fn errors_stay_inside_their_region() {
    for code in ["x = (1,\n\n\n", "def f():\n\n  \n", "x = 1 +", "if x:\n", "'''\né", "x = [\n# é"] {
        let (text, facts) = notebook(&[code, "y = 1"]);
        let [error] = facts.syntax_errors.as_slice() else { panic!("{code}: {:?}", facts.syntax_errors) };
        assert!(error.span.end as usize <= code.trim_end().len(), "{code}: {error:?}");
        assert!(text.get(error.span.range()).is_some());
    }
}

#[test]
fn an_indented_cell_is_taken_as_ipython_takes_it() {
    let (text, facts) = notebook(&["\n  x = f(a)\n  if x:\n    y = 1\n", "z"]);
    assert_eq!(facts.syntax_errors, []);
    assert_eq!(facts.calls[0].span.of(&text), "f(a)");
    let spans: Vec<_> = facts.bindings.iter().map(|binding| binding.span.of(&text)).collect();
    assert_eq!(spans, ["x", "y"]);
}

#[test]
fn aliases_are_resolved() {
    assert_eq!(
        paths(&[
            "from pyspark.sql import functions as F, Window\nimport numpy as np, a.b, a.c as d\nfrom . import m\nfrom ..p import q as r"
        ]),
        [""; 0]
    );
    for (code, expected) in [
        ("from pyspark.sql import functions as F\nF.col(1)", "pyspark.sql.functions.col"),
        ("from pyspark.sql.functions import col\ncol(1)", "pyspark.sql.functions.col"),
        ("import numpy as np\nnp.linalg.norm(1)", "numpy.linalg.norm"),
        ("import a.b\nimport a.c\na.b.f()", "a.b.f"),
        ("import a.b as a\na.f()", "a.b.f"),
        ("from . import m\nm.f()", ".m.f"),
        ("from ..p import q as r\nr()", "..p.q"),
        ("def f():\n  F.g()\nimport x as F", "x.g"),
        ("import x as F\ndef f(F):\n  F.g()", "F.g"),
        ("def f():\n  import x as F\n  def g():\n    F.g()", "x.g"),
        ("def f():\n  import x as F\nF.g()", "F.g"),
        ("import x as F\nF = 1\nF.g()", "F.g"),
        ("import x as F\nF: int\nF.g()", "x.g"),
        ("import x as F\n(F\n  .g # c\n  .h)()", "x.g.h"),
        ("import x as F\nimport y as F\nF.g()", "y.g"),
        ("try:\n  import x as F\nexcept ImportError:\n  import y as F\nF.g()", "x.g"),
        ("class C:\n  import x as F\n  def f(self):\n    F.g()", "F.g"),
        ("dbutils.widgets.get('a')", "dbutils.widgets.get"),
        ("from databricks.sdk.runtime import dbutils\ndbutils.fs.ls('/')", "databricks.sdk.runtime.dbutils.fs.ls"),
        ("f()()", "f -"),
        ("x[0].g()", "-"),
    ] {
        assert_eq!(paths(&[code]).join(" "), expected, "{code}");
    }
    let facts = facts("import os.path as p\nx = p.sep\n@p.wraps(1)\n@q\ndef f(): pass");
    let attributes: Vec<_> = facts.attributes.iter().map(|row| facts.text(row.path)).collect();
    assert_eq!(attributes, ["os.path.sep"]);
    let decorators: Vec<_> = facts.functions[0].decorators.iter().map(|&path| facts.text(path)).collect();
    assert_eq!(decorators, ["os.path.wraps", "q"]);
    let long = "x".repeat(1000);
    assert_eq!(paths(&[&format!("import {long} as a\na.b()")]), ["a.b"]);
}

#[test]
fn imports_say_what_they_bind() {
    let code = "import a.b, c as d\nfrom .m.n import (x,\n  y as z)\nfrom .. import w\nfrom e import *\nif TYPE_CHECKING:\n  import t\ntry:\n  import u\nexcept (A, ImportError):\n  import v\nwith suppress(ImportError):\n  import s";
    let facts = facts(code);
    let seen: Vec<String> = facts
        .imports
        .iter()
        .map(|row| {
            let text = |symbol| facts.text(symbol);
            let optional = if row.optional { "?" } else { "" };
            let (name, bound) = (row.name.map_or("-", text), row.bound.map_or("-", text));
            format!(
                "{}{}:{name}:{bound}:{}:{}{optional}",
                row.level,
                text(row.module),
                row.span.of(code),
                row.alias_span.of(code)
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            "0a.b:-:a:a.b:a.b",
            "0c:-:d:c:c as d",
            "1m.n:x:x:.m.n:x",
            "1m.n:y:z:.m.n:y as z",
            "2:w:w:w:w",
            "0e:*:-:e:*",
            "0t:-:t:t:t?",
            "0u:-:u:u:u?",
            "0v:-:v:v:v?",
            "0s:-:s:s:s?",
        ]
    );
}

#[test]
fn calls_know_their_chain_loop_and_function() {
    let code = "spark.table('t').limit(1).write.mode('x').save(path=p, *a, **k)\ndf['a'].b.c()";
    let facts = facts(code);
    let seen: Vec<_> = facts
        .calls
        .iter()
        .map(|call| (path(&facts, call), call.callee.of(code), call.receiver.map_or(9, |call| call)))
        .collect();
    assert_eq!(
        seen,
        [("spark.table", "table", 9), ("-", "limit", 0), ("-", "mode", 1), ("-", "save", 2), ("-", "c", 9)]
    );
    let save = &facts.calls[3];
    let arguments: Vec<_> = facts
        .arguments(save)
        .iter()
        .map(|row| (row.keyword.map_or("", |name| facts.text(name)), row.starred, row.span.of(code)))
        .collect();
    assert_eq!(arguments, [("path", false, "p"), ("", true, "a"), ("", true, "k")]);
    assert!(facts.argument(save, 0, "path").is_some() && facts.argument(save, 0, "mode").is_none());
}

#[test]
fn loops_end_at_functions() {
    let looped = |code: &str| {
        let facts = facts(code);
        let names: Vec<_> = facts.calls.iter().filter(|call| call.in_loop).map(|call| path(&facts, call)).collect();
        names.join(" ")
    };
    assert_eq!(looped("for x in a():\n  b()\nelse:\n  c()"), "b");
    assert_eq!(looped("while a():\n  b()\nelse:\n  c()"), "a b");
    assert_eq!(looped("[a() for x in b() if c() for y in d()]"), "c d a");
    assert_eq!(looped("for x in y:\n  def f(a=b()):\n    c()\n  d(lambda: e())"), "b d");
    let facts = facts("a()\ndef f():\n  b()\n  def g():\n    c(lambda: d())");
    let functions: Vec<_> = facts.calls.iter().map(|call| (path(&facts, call), call.function)).collect();
    assert_eq!(functions, [("a", None), ("b", Some(0)), ("d", Some(1)), ("c", Some(1))]);
}

/// What is known of the first argument of the last call.
fn value(code: &str) -> Value {
    let facts = facts(code);
    facts.arguments(facts.calls.last().unwrap())[0].value.clone()
}

#[test]
fn values_are_folded_as_far_as_they_are_sure() {
    for (code, expected) in [
        ("f('a' \"b\" r'\\c')", "ab\\c"),
        ("f('a' + \"b\" + 'c')", "abc"),
        ("f('%s/%d/%%' % ('a', 1))", "a/1/%"),
        ("f('%s' % 'a')", "a"),
        ("f('{}-{1}-{k}{{}}'.format('a', 'b', k='c'))", "a-b-c{}"),
        ("f(f'a{1}{\"b\"}' 'c')", "a1bc"),
        ("A = 'x'\nB = A + '/y'\nf(f'{B}/z')", "x/y/z"),
        ("A = 'x'\ndef g():\n  f(A)", "x"),
        ("A: str = 'x'\nf(A)", "x"),
    ] {
        assert_eq!(value(code), Value::String(expected.into()), "{code}");
    }
    for (code, prefix, suffix) in [
        ("f(f'a{b}c{d}e')", "a", "e"),
        ("f('a' + b + 'c')", "a", "c"),
        ("f(b + 'c')", "", "c"),
        ("f('a%sc%.2f' % (b, c))", "a", ""),
        ("f('a{}'.format(b))", "a", ""),
        ("A = 'x'\nA = 'y'\nf(A + '/z')", "", "/z"),
        ("f(f'{A}/z')\nA = 'x'\nf(f'{A:>3}/z')", "", "/z"),
    ] {
        assert_eq!(value(code), Value::Partial { prefix: prefix.into(), suffix: suffix.into() }, "{code}");
    }
    for code in [
        "f(A)",
        "f(A)\nA = 'x'\nA = f(A)",
        "if c:\n  A = 'x'\nf(A)",
        "A = 'x'\nfor A in y: pass\nf(A)",
        "A = 'x'\ndef g(A):\n  f(A)",
        "A = 'x'\ndef g():\n  f(A)\n  A = 1",
        "A = 'x'\ndef g():\n  global A\n  f(A)",
        "A = 'x'\nA += 'y'\nf(A)",
        "A = 'x'\ndel A\nf(A)",
        "def g():\n  A = 'x'\n  f(A)",
    ] {
        assert!(matches!(value(code), Value::Name(_)), "{code}: {:?}", value(code));
    }
    assert_eq!(value("f(-5)"), Value::Int(-5));
    assert_eq!(value("f(True)"), Value::Bool(true));
    assert_eq!(value("f(None)"), Value::None);
    assert_eq!(value("f(1 + 2)"), Value::Other);
    assert_eq!(value(&format!("f({})", 10_u64.pow(19))), Value::Other);
    let doubled = (0..60).map(|n| format!("A{} = A{n} + A{n}\n", n + 1)).collect::<Vec<_>>().concat();
    assert!(matches!(value(&format!("A0 = 'x'\n{doubled}f(A60)")), Value::Name(_)));
}

#[test]
fn strings_are_kept_with_their_holes() {
    let code = "\"\"\"Doc.\"\"\"\nx = 'a' \"b\"\ny = f'c{z!r}{\"in\"}{{'\nb'no'";
    let facts = facts(code);
    let seen: Vec<_> =
        facts.strings.iter().map(|row| (&*row.value, row.holes, row.statement, row.span.of(code))).collect();
    assert_eq!(
        seen,
        [
            ("Doc.", false, true, "\"\"\"Doc.\"\"\""),
            ("ab", false, false, "'a' \"b\""),
            ("in", false, false, "\"in\""),
            ("c{}{}{", true, false, "f'c{z!r}{\"in\"}{{'"),
        ]
    );
}

#[test]
fn folders_of_the_search_path() {
    for (code, expected) in [
        ("import sys\nsys.path.append('../lib')", "../lib"),
        ("import sys\nsys.path.insert(0, '/Workspace/x')", "/Workspace/x"),
        ("import sys\nsys.path.extend(['a', './b/../c'])", "a c"),
        ("import sys\nsys.path += ['a']", "a"),
        ("import sys as s\ns.path.append('a')", "a"),
        ("from sys import path\npath.append('a')", "a"),
        ("import sys, os\nsys.path.append(os.path.abspath('..'))", ".."),
        ("import sys, os\nsys.path.append(os.path.join(os.getcwd(), '..', 'lib'))", "../lib"),
        ("import sys, os\nsys.path.append(os.getcwd() + '/../lib')", "../lib"),
        ("import sys, os\nsys.path.append(f'{os.getcwd()}/../lib')", "../lib"),
        ("import sys, os\nsys.path.append(os.path.dirname(os.getcwd()))", ".."),
        ("import sys, os\nsys.path.append(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))", ".."),
        ("import sys\nfrom pathlib import Path\nsys.path.append(str(Path('..').resolve()))", ".."),
        (
            "import sys\nfrom pathlib import Path\nsys.path.append(str(Path(__file__).resolve().parents[1] / 'src'))",
            "../src",
        ),
        ("import sys\nfrom pathlib import Path\nsys.path.append(str(Path.cwd().parent))", ".."),
        ("import sys\nroot = os.path.abspath('../x')\nsys.path.append(root)", "../x"),
        ("import sys\nroot = os.path.abspath('../x')\nsys.path.append(root)\nroot = 1", ""),
        ("import sys\nsys.path.append(unknown)", ""),
        ("import sys\nsys.path.append('~/x')", ""),
        ("my.path.append('a')", ""),
        ("import sys\nsys.path.append(__file__)", ""),
    ] {
        let facts = facts(code);
        let folders: Vec<_> = facts.path_additions.iter().map(|row| &*row.folder).collect();
        assert_eq!(folders.join(" "), expected, "{code}");
    }
}

#[test]
fn exports_and_effects() {
    let exports = |code: &str| {
        let facts = facts(code);
        facts.exports.as_ref().map(|names| names.iter().map(|&name| facts.text(name).to_owned()).collect::<Vec<_>>())
    };
    assert_eq!(exports("x = 1"), None);
    let names = ["a", "b", "c", "d", "e"].map(str::to_owned).to_vec();
    assert_eq!(
        exports("__all__ = ['a', 'b']\n__all__ += ['c']\n__all__.extend(['d'])\n__all__.append('e')"),
        Some(names)
    );
    assert_eq!(exports("__all__ = f()"), Some(Vec::new()));
    let effect = |code: &str| facts(code).first_effect.map(|span| span.of(code).to_owned());
    let quiet = "'''Doc.'''\nfrom __future__ import x\nimport logging, re\ntry:\n  import y\nexcept ImportError:\n  y = None\nlogger = logging.getLogger(__name__)\nX: int = 1\nY = [re.compile('a'), {'b': X}]\nif TYPE_CHECKING:\n  import z\ndef f(): g()\nclass C: pass\nif __name__ == '__main__':\n  f()\n";
    assert_eq!(effect(quiet), None);
    assert!(facts(quiet).main_guard.is_some());
    assert_eq!(effect(&format!("{quiet}x = spark.table('t')\ng()")).as_deref(), Some("x = spark.table('t')"));
    assert_eq!(effect("if X:\n  print(1)").as_deref(), Some("if X:\n  print(1)"));
    assert_eq!(effect("os.environ['a'] = 'b'").as_deref(), Some("os.environ['a'] = 'b'"));
    assert_eq!(effect("logging.basicConfig()").as_deref(), Some("logging.basicConfig()"));
}

#[test]
fn what_nests_too_deeply_is_left_out() {
    let n = 100_000;
    let deep = [
        "(".repeat(n),
        format!("{}{}", "[".repeat(n), "]".repeat(n)),
        "[".repeat(5_000_000),
        format!("{}x", "not ".repeat(n)),
        format!("{}x", "-".repeat(n)),
        format!("{}x", "lambda:".repeat(n)),
        format!("a{}", ".b".repeat(n)),
        format!("f{}", "()".repeat(n)),
        format!("1{}", "+1".repeat(n)),
        format!("df{}", ".withColumn('a', F.lit(1))".repeat(n)),
        format!("{}1", "1 if a else ".repeat(n)),
        format!("{}1{}", "f'{".repeat(n), "}'".repeat(n)),
        format!("f'{}1{}'", "{x:".repeat(9000), "}".repeat(9000)),
        (0..2000).map(|n| format!("{}if x:\n", " ".repeat(n))).collect::<Vec<_>>().concat(),
        format!("match x:\n case {}:\n  pass", "[".repeat(10_000)),
        // Short enough to be parsed at once.
        "[".repeat(20_000),
        format!("{}x", "-".repeat(20_000)),
    ];
    for code in &deep {
        let shown: String = code.chars().take(20).collect();
        let (_, facts) = notebook(&["a = f(b)", code, "c = g(d)"]);
        assert_eq!(facts.too_deep.len(), 1, "{shown}");
        assert_eq!((facts.calls.len(), facts.bindings.len(), facts.uses.len()), (2, 2, 4), "{shown}");
        assert_eq!(facts.syntax_errors, [], "{shown}");
    }
    assert!(deep.iter().filter(|code| code.starts_with(['[', '('])).all(|code| !super::parses(code, true)));
    let chain = format!("df{}", ".withColumn('a', 1)".repeat(400));
    assert_eq!(facts(&chain).calls.len(), 400);
    let flat = format!("x = [{}]\ny = {}1", "f(1), ".repeat(20_000), "1 and ".repeat(5000));
    assert_eq!(facts(&flat).too_deep, []);
}

#[test]
fn spans_are_mapped_behind_prefixes() {
    let text = "# MAGIC x = f(\n# MAGIC   y)";
    let code = "x = f(\n  y)";
    let map = OffsetMap { pieces: vec![(0, 8), (7, 23)] };
    let facts = read(&[Region { cell: 0, code: code.into(), map, ipython: true }], (3, 13));
    let spans: Vec<_> = facts.uses.iter().map(|row| row.span.of(text)).collect();
    assert_eq!(spans, ["f", "y"]);
    assert_eq!(facts.calls[0].span.of(text), "f(\n# MAGIC   y)");
    assert_eq!(facts.bindings[0].span.of(text), "x");
}
