//! The law of [`super::parts`]: what is put together from what was read before is what reading it all gives.

use super::facts::Facts;
use super::parts::Parts;
use super::symbols::Symbols;
use super::{read, read_again};
use crate::text::region::{OffsetMap, Region};
use proptest::prelude::*;

/// Cells that hang on those before them, change what those behind them come to, or have rows in every table.
const CELLS: &[&str] = &[
    "",
    "x = 1",
    "root = '/mnt/a'",
    "root = \"/dbfs/b\"",
    "root = f(1)",
    "table = root + '/t'\nother = f'{table}.{root}'\n",
    "spark.read.load(root)\nspark.table(f\"{table}/x\", other, key=root)",
    "table = 'é'",
    "import sys, os\nhere = os.path.dirname(__file__)",
    "sys.path.append(here)\nsys.path.insert(0, os.path.join(here, '..'))",
    "here = os.path.join(root, \"lib\")\nsys.path += ['x', here]",
    "from sys import path\npath.append(root)",
    "from typing import List, cast, Literal as L, NamedTuple\nimport typing as t",
    "a: List[\"Row\"] = cast('Frame', b)\nc = List['d']\ne = L['f']\nt.Optional['g']\nclass R(NamedTuple('R', [('x', 'Y')])): ...",
    "import numpy as List",
    "from collections import OrderedDict as cast",
    "def load(path, limit: int = 10, *rest, **more) -> 'Frame':\n    global seen\n    seen = path\n    def inner():\n        nonlocal limit\n        limit += 1\n        return [y for y in rest if y > limit]\n    return inner\n",
    "@F.udf('string')\n@staticmethod\nasync def g[T](a: T): yield await a",
    "from pyspark.sql import functions as F\nfrom ..lib import *",
    "import pyspark.sql.functions as F, os.path",
    "df = F.col(\"a\").alias('b').where(F.x > 1 and not y)[0:1]\nlambda q: q.z\n{**a, 'k': 1}, {1, 2}, -x, ~x, x if y else z, *w",
    "global root, seen",
    "nonlocal root\nroot = 3",
    "__all__ = ['a']\n__all__ += ['b', c]",
    "__all__.append('x')",
    "if __name__ == \"__main__\":\n    main()",
    "try:\n    import a as b\nexcept ImportError as e:\n    b = None\nfinally:\n    del b\nwith open(root) as (f, g): pass\nwhile x: x += 1\nfor i, j in k: print(i)",
    "match x:\n    case {'a': [b, *c], **d}: pass\n    case C(e=1) | None as g if g: pass",
    "\"x\" in globals()\nglobals()['made'] = 1\nglobals().update(more)",
    "%time z = root.count(\nx)",
    "%time z = load(root)\n!ls {root}\nfiles = !ls\n%%capture out\n%pylab",
    "df?\n",
    "x = (1\nfor root in table: pass",
    "def (:\n  'a",
    "print 1",
    "    x = root\n    y = x",
    "type X[T] = list[T]\nclass D[T](Base, metaclass=M):\n    '''doc'''\n    root: str = 'own'\n    def m(self): return root",
    "print(f'''{x!r:>{width}} {y} {root}''' 'a' b'b')",
    "big = 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'",
    "big = big + big + big",
    "f(big, big, big, big, big)",
];

/// A cell so deep that it is refused.
fn deep() -> String {
    format!("root = {}1{}", "(".repeat(1200), ")".repeat(1200))
}

/// Cells joined to one text; those of which the number says so stand behind `# MAGIC`.
fn regions(cells: &[(usize, bool)]) -> Vec<Region<'static>> {
    let mut at = 7_u32;
    let mut regions = Vec::new();
    for (cell, &(which, prefixed)) in cells.iter().enumerate() {
        let code = CELLS.get(which).map_or_else(deep, |code| (*code).to_owned());
        let prefix = if prefixed { 8 } else { 0 };
        let mut pieces = Vec::new();
        let mut from = 0;
        for line in code.split_inclusive('\n') {
            at += prefix;
            if prefixed || from == 0 {
                pieces.push((from, at));
            }
            from += u32::try_from(line.len()).unwrap();
            at += u32::try_from(line.len()).unwrap();
        }
        let map = if pieces.is_empty() { OffsetMap::shift(at) } else { OffsetMap { pieces } };
        at += 22;
        regions.push(Region { cell, code: code.into(), map, ipython: true });
    }
    regions
}

/// All that tables say, with the names in order. How much room their index has says nothing.
fn told(facts: Facts) -> String {
    let names: Vec<String> =
        facts.symbols.find_all(&facts.symbols).flatten().map(|name| facts.text(name).to_owned()).collect();
    format!("{names:?} {:#?}", Facts { symbols: Symbols::default(), ..facts })
}

fn change() -> impl Strategy<Value = (u8, usize, usize, bool)> {
    (0..5_u8, 0..40_usize, 0..=CELLS.len(), prop::bool::weighted(0.2))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn what_is_put_together_is_what_is_read(
        first in prop::collection::vec((0..=CELLS.len(), prop::bool::weighted(0.2)), 0..25),
        changes in prop::collection::vec(change(), 1..12),
    ) {
        let mut cells = first;
        let mut parts = Parts::default();
        for (how, at, which, prefixed) in changes {
            let at = at % (cells.len() + 1);
            let target = if how == 4 && which % 5 == 0 { (3, 8) } else { (3, 13) };
            match how {
                0 => cells.insert(at, (which, prefixed)),
                1 if at < cells.len() => drop(cells.remove(at)),
                2 if at < cells.len() => cells[at] = (which, prefixed),
                3 if at < cells.len() => {
                    let cell = cells.remove(at);
                    cells.insert(which % (cells.len() + 1), cell);
                }
                _ => {}
            }
            let regions = regions(&cells);
            let (again, fresh) = (read_again(&regions, target, &mut parts), read(&regions, target));
            prop_assert_eq!(told(again), told(fresh), "{:?}", cells);
        }
    }
}

#[test]
fn what_has_not_changed_is_not_read_again() {
    let mut parts = Parts::default();
    let read = |cells: &[(usize, bool)], parts: &mut Parts| {
        let before = parts.read();
        read_again(&regions(cells), (3, 13), parts);
        parts.read() - before
    };
    assert_eq!(read(&[(1, false), (2, false), (6, false), (16, true)], &mut parts), 4);
    assert_eq!(read(&[(1, false), (2, false), (6, false), (16, true)], &mut parts), 0);
    // Another text of the first cell moves all others.
    assert_eq!(read(&[(36, false), (2, false), (6, false), (16, true)], &mut parts), 1);
    // Another value of `root` matters only to those who read it.
    assert_eq!(read(&[(36, false), (3, false), (6, false), (16, true)], &mut parts), 2);
}
