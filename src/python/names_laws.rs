//! Laws of [`super::names`], over generated programs and over large ones.

use super::facts::{BindingKind, Facts};
use super::names::{NONE, Names, Reader, resolve};
use crate::text::region::{OffsetMap, Region};
use proptest::prelude::*;
use std::borrow::Cow;
use std::fmt::Write as _;

/// One statement of a generated program.
#[derive(Clone, Debug)]
enum Made {
    Line(String),
    Block(String, Vec<Self>),
}

fn name() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec!["a", "b", "c", "d", "e"])
}

fn expression() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![name().prop_map(str::to_owned), Just("1".to_owned())];
    leaf.prop_recursive(2, 6, 3, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| format!("({a} + {b})")),
            (name(), inner.clone()).prop_map(|(x, y)| format!("[{x} for {x} in {y}]")),
            (name(), inner.clone()).prop_map(|(x, y)| format!("(lambda {x}: {y})")),
            (name(), inner.clone()).prop_map(|(x, y)| format!("({x} := {y})")),
            inner.clone().prop_map(|x| format!("f'{{{x}}}'")),
            (inner.clone(), name()).prop_map(|(x, y)| format!("{x}.{y}({x})")),
        ]
    })
}

fn line() -> impl Strategy<Value = Made> {
    prop_oneof![
        (name(), expression()).prop_map(|(x, y)| format!("{x} = {y}")),
        (name(), name(), expression()).prop_map(|(x, y, z)| format!("{x}, {y} = {z}")),
        (name(), expression()).prop_map(|(x, y)| format!("{x} += {y}")),
        (name(), name()).prop_map(|(x, y)| format!("{x}: {y}")),
        (name(), name(), expression()).prop_map(|(x, y, z)| format!("{x}: \"{y}\" = {z}")),
        name().prop_map(|x| format!("import {x}")),
        (name(), name()).prop_map(|(x, y)| format!("import {x}.{y}")),
        (name(), name(), name()).prop_map(|(x, y, z)| format!("from {x} import {y} as {z}")),
        name().prop_map(|x| format!("del {x}")),
        name().prop_map(|x| format!("global {x}")),
        expression(),
    ]
    .prop_map(Made::Line)
}

fn program() -> impl Strategy<Value = Vec<Made>> {
    let statement = line().prop_recursive(3, 24, 5, |inner| {
        let body = prop::collection::vec(inner, 1..4);
        let head = prop_oneof![
            (name(), name(), expression()).prop_map(|(f, x, y)| format!("def {f}({x}, *, k={y}):")),
            (name(), name(), name()).prop_map(|(f, x, y)| format!("@{y}\nasync def {f}[{x}](p: {x}) -> {y}:")),
            (name(), name()).prop_map(|(x, y)| format!("class {x}({y}):")),
            expression().prop_map(|x| format!("if {x}:")),
            (name(), expression()).prop_map(|(x, y)| format!("for {x} in {y}:")),
            expression().prop_map(|x| format!("while {x}:")),
            (expression(), name()).prop_map(|(x, y)| format!("with {x} as {y}:")),
            name().prop_map(|x| format!("try:\n    pass\nexcept E as {x}:")),
            (name(), name(), name()).prop_map(|(x, y, z)| format!("match {x}:\n  case [{y}, *{z}]:")),
        ];
        (head, body).prop_map(|(head, body)| Made::Block(head, body))
    });
    prop::collection::vec(statement, 0..8)
}

fn write(out: &mut String, statements: &[Made], indent: usize) {
    for statement in statements {
        let (head, body) = match statement {
            Made::Line(line) => (line, None),
            Made::Block(head, body) => (head, Some(body)),
        };
        for line in head.lines() {
            let _ = writeln!(out, "{:indent$}{line}", "");
        }
        if let Some(body) = body {
            write(out, body, indent + 4);
        }
    }
}

fn read(cells: &[String]) -> Facts {
    let mut base = 0;
    let region = |(cell, code): (usize, &String)| {
        let start = base;
        base += u32::try_from(code.len()).unwrap();
        Region { cell, code: Cow::Owned(code.clone()), map: OffsetMap::shift(start), ipython: false }
    };
    let regions: Vec<Region<'_>> = cells.iter().enumerate().map(region).collect();
    super::read(&regions, (3, 13))
}

/// Places of uses that are missing.
fn missing(facts: &Facts, names: &Names) -> Vec<u32> {
    let uses = names.missing.iter().filter_map(|row| match row.reader {
        Reader::Use(at) => facts.uses.get(at as usize).map(|row| row.span.start),
        Reader::Deletion(_) => None,
    });
    uses.collect()
}

fn hold_together(facts: &Facts, names: &Names) {
    let mut found = vec![0; facts.uses.len()];
    for (at, &read) in names.reads.iter().enumerate() {
        if read != NONE {
            found[at] += 1;
            assert!(names.used[read as usize], "what is read is used");
            assert_eq!(facts.bindings[read as usize].name, facts.uses[at].name);
        }
        assert!(names.mentioned[facts.uses[at].name.index()]);
    }
    for row in &names.missing {
        if let Reader::Use(at) = row.reader {
            found[at as usize] += 1;
        }
    }
    assert!(found.iter().all(|&times| times == 1), "every use has a binding or is missing, and not both");
    for pair in &names.replaced {
        let (earlier, later) = (&facts.bindings[pair.earlier as usize], &facts.bindings[pair.later as usize]);
        assert_eq!(earlier.name, later.name);
        assert!(!names.used[pair.earlier as usize]);
    }
    let mut last: Vec<_> = (0..facts.bindings.len()).filter(|&at| names.last[at]).collect();
    last.sort_by_key(|&at| (facts.bindings[at].scope, facts.bindings[at].name));
    let key = |at: usize| (facts.bindings[at].scope, facts.bindings[at].name);
    assert!(last.windows(2).all(|pair| key(pair[0]) != key(pair[1])), "one binding of a name is the last in a scope");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, ..ProptestConfig::default() })]

    #[test]
    fn every_use_has_a_binding_or_is_missing(program in program()) {
        let mut text = String::new();
        write(&mut text, &program, 0);
        let facts = read(&[text]);
        hold_together(&facts, &resolve(&facts, &[]));
        hold_together(&facts, &resolve(&facts, &[3, 30]));
    }

    #[test]
    fn a_binding_at_the_top_makes_nothing_missing(program in program(), name in name(), kind in 0..4) {
        let mut text = String::new();
        write(&mut text, &program, 0);
        let top = match kind {
            0 => format!("{name} = 1\n"),
            1 => format!("import {name}\n"),
            2 => format!("def {name}(): pass\n"),
            _ => format!("class {name}: pass\n"),
        };
        let without = read(&[String::new(), text.clone()]);
        let with = read(&[top.clone(), text]);
        let shift = u32::try_from(top.len()).unwrap();
        let before: Vec<u32> = missing(&without, &resolve(&without, &[])).iter().map(|at| at + shift).collect();
        for at in missing(&with, &resolve(&with, &[])) {
            prop_assert!(before.contains(&at), "{at}");
        }
    }

    #[test]
    fn cells_are_one_module(program in program()) {
        let cells: Vec<String> = program.chunks(1).map(|statement| {
            let mut text = String::new();
            write(&mut text, statement, 0);
            text
        }).collect();
        let (parts, whole) = (read(&cells), read(&[cells.concat()]));
        let (split, joined) = (resolve(&parts, &[]), resolve(&whole, &[]));
        prop_assert_eq!(missing(&parts, &split), missing(&whole, &joined));
        prop_assert_eq!(split.reads, joined.reads);
        prop_assert_eq!(split.used, joined.used);
        prop_assert_eq!(split.replaced, joined.replaced);
    }
}

const MANY: usize = 100_000;

fn large(line: impl Fn(usize) -> String) -> (Facts, Names) {
    let text: String = (0..MANY).map(line).collect();
    let facts = read(&[text]);
    let names = resolve(&facts, &[]);
    hold_together(&facts, &names);
    (facts, names)
}

#[test]
fn large_modules_are_read_in_full() {
    let (facts, names) = large(|n| format!("x = x{n}\n"));
    assert_eq!((facts.uses.len(), names.missing.len(), names.replaced.len()), (MANY, MANY, MANY - 1));
    let (facts, names) = large(|n| format!("import p.m{n}\n"));
    assert_eq!(facts.bindings.len(), MANY);
    assert_eq!(names.last.iter().filter(|last| **last).count(), 1);
    let (_, names) = large(|n| format!("def f{n}(a):\n    global g\n    g = f{}(a)\n", n / 2));
    assert!(names.missing.is_empty());
    let (facts, names) = large(|_| "try:\n    f()\nexcept E as e:\n    pass\n".to_owned());
    assert_eq!(facts.bindings.iter().filter(|row| row.kind == BindingKind::Exception).count(), MANY);
    assert_eq!(names.missing.len(), 2 * MANY);
    let (_, names) = large(|n| format!("y{n} = [z for z in y{}]\ndel y{n}\n", n + 1));
    assert_eq!(names.missing.len(), MANY);
}

#[test]
fn many_restarts_are_counted() {
    let text: String = (0..MANY).map(|n| format!("x = 1; y{n} = x\n")).collect();
    let facts = read(std::slice::from_ref(&text));
    let wipes: Vec<u32> = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| u32::try_from(at).unwrap()).collect();
    let names = resolve(&facts, &wipes);
    hold_together(&facts, &names);
    assert!(names.missing.is_empty());
    assert_eq!(names.epoch(u32::MAX), MANY);
}
