//! Names that are bound, read or asked for by other means than plain code: magics, `globals()`.

use super::facts::BindingKind;
use super::parse;
use super::state::{Place, Walker, index};
use super::symbols::{FastSet, Symbol};
use ruff_python_ast::{CmpOp, Expr, ExprCall, ExprCompare, IpyEscapeKind};
use ruff_text_size::{Ranged, TextRange, TextSize};

/// Code behind a magic is only read if it is shorter than this, so that it cannot nest deeply.
const MAX_MAGIC: usize = 1000;

impl Walker<'_> {
    /// An escape command: `%time f(x)`, `!cat {path}`, `%%capture out`. `value` is its text without the signs,
    /// `range` all of it.
    pub(super) fn magic(&mut self, kind: IpyEscapeKind, value: &str, range: TextRange) {
        let (name, argument) = value.split_once([' ', '\t']).unwrap_or((value, ""));
        let argument = argument.trim();
        match (kind, name) {
            (
                IpyEscapeKind::Magic | IpyEscapeKind::Magic2,
                "time" | "timeit" | "prun" | "memit" | "mprun" | "lprun",
            ) => {
                let code = without_options(argument);
                // `%time x = 1` binds x; `%timeit` runs in a function of its own.
                self.code_behind(code, range, name == "time");
            }
            (IpyEscapeKind::Magic | IpyEscapeKind::Magic2, "capture") => {
                let bound = argument.split_ascii_whitespace().find(|word| !word.starts_with('-'));
                self.bind_words(bound, range);
            }
            (IpyEscapeKind::Magic, "store") => {
                let mut words = argument.split_ascii_whitespace();
                match words.next() {
                    Some("-r") if argument.len() > 2 => self.bind_words(words, range),
                    Some("-r") => self.unnamed(range),
                    _ => self.read_words(argument, range, |_| true),
                }
            }
            (IpyEscapeKind::Magic, "pylab" | "load" | "loadpy" | "macro" | "edit" | "recall" | "rerun") => {
                self.unnamed(range);
            }
            (IpyEscapeKind::Help | IpyEscapeKind::Help2, _) => self.read_words(value, range, |_| true),
            _ => self.read_words(value, range, |before| before.ends_with(['{', '$'])),
        }
    }

    /// Reads code that stands in a magic.
    fn code_behind(&mut self, code: &str, range: TextRange, binds: bool) {
        let source = self.source(range);
        let Some(at) = source.find(code).filter(|_| !code.is_empty() && code.len() < MAX_MAGIC) else { return };
        let shift = self.shift + range.start().to_u32() + index(at);
        let whole = self.code;
        let inner = whole.get((shift - self.shift) as usize..range.end().to_usize()).unwrap_or("");
        let Some(tree) = parse::parse(inner, false, (3, u8::MAX)).filter(parse::Tree::is_valid) else {
            self.read_words(code, range, |_| true);
            return;
        };
        let outer = (self.shift, std::mem::replace(&mut self.code, inner));
        self.shift = shift;
        let bound = self.facts.bindings.len();
        self.deeper(1, |walker| walker.body(tree.statements()));
        if !binds {
            self.facts.bindings.truncate(bound);
        }
        (self.shift, self.code) = outer;
    }

    /// Says that the module gets names here which the text does not tell.
    fn unnamed(&mut self, range: TextRange) {
        let span = self.span(range);
        self.facts.unnamed_bindings.push(span);
    }

    fn bind_words<'w>(&mut self, words: impl IntoIterator<Item = &'w str>, range: TextRange) {
        for word in words.into_iter().filter(|word| is_name(word)) {
            let name = self.facts.symbols.intern(word);
            self.bind(name, self.word_range(word, range), BindingKind::Magic);
        }
    }

    /// Where a word of a magic stands; all of the magic if that cannot be said.
    fn word_range(&self, word: &str, range: TextRange) -> TextRange {
        let at = self.source(range).find(word).and_then(|at| TextSize::try_from(at).ok());
        let len = TextSize::try_from(word.len()).unwrap_or_default();
        at.map_or(range, |at| TextRange::at(range.start() + at, len))
    }

    /// Takes every word of `text` for a name that is read, where `counts` likes what stands before it.
    pub(super) fn read_words(&mut self, text: &str, range: TextRange, counts: impl Fn(&str) -> bool) {
        let place = Place { guarded: true, ..self.at };
        self.place(place, |walker| {
            for (at, word) in words(text) {
                if counts(text.get(..at).unwrap_or("")) {
                    let name = walker.facts.symbols.intern(word);
                    walker.read(name, range);
                }
            }
        });
    }

    /// Guesses what a cell that does not parse binds, and takes every word of it for a name that may be read: one
    /// slip must not make the names of a whole notebook look unbound or unused.
    /// `from` is the first binding of the cell.
    pub(super) fn recover(&mut self, from: usize) {
        let known = self.facts.bindings.get(from..).unwrap_or_default().iter().map(|row| row.name);
        let mut known: FastSet<Symbol> = known.collect();
        let code = self.code;
        let mut at = TextSize::default();
        let place = Place { conditional: true, ..self.at };
        self.place(place, |walker| {
            for line in code.split_inclusive('\n') {
                let len = TextSize::try_from(line.len()).unwrap_or_default();
                let range = TextRange::at(at, len);
                for word in bound_words(line) {
                    let name = walker.facts.symbols.intern(word);
                    if known.insert(name) {
                        walker.bind_in(0, name, range, BindingKind::Recovered);
                    }
                }
                at += len;
            }
        });
        let range = TextRange::up_to(TextSize::try_from(code.trim_end().len()).unwrap_or_default());
        self.read_words(code, range, |_| true);
    }

    /// `"x" in globals()`.
    pub(super) fn note_probe(&mut self, node: &ExprCompare) {
        if let (Expr::StringLiteral(name), [CmpOp::In | CmpOp::NotIn], [namespace]) =
            (&*node.left, &*node.ops, &*node.comparators)
            && is_namespace(namespace)
        {
            let name = self.facts.symbols.intern(name.value.to_str());
            self.facts.probed.push(name);
        }
    }

    /// `globals()["x"] = …`.
    pub(super) fn note_namespace_item(&mut self, target: &Expr, kind: BindingKind) {
        if let Expr::Subscript(node) = target
            && is_module_namespace(&node.value, self.at.scope == 0)
        {
            match &*node.slice {
                Expr::StringLiteral(name) => {
                    let name: Symbol = self.facts.symbols.intern(name.value.to_str());
                    self.bind_in(0, name, node.slice.range(), kind);
                }
                _ if kind.binds() => self.unnamed(node.range),
                _ => {}
            }
        }
    }

    /// `globals().update(…)`.
    pub(super) fn note_namespace_update(&mut self, node: &ExprCall) {
        if let Expr::Attribute(method) = &*node.func
            && matches!(method.attr.id.as_str(), "update" | "setdefault" | "__setitem__")
            && is_module_namespace(&method.value, self.at.scope == 0)
        {
            self.unnamed(node.range());
        }
    }
}

/// The words that a line of broken code seems to bind.
fn bound_words(line: &str) -> Vec<&str> {
    let line = line.trim();
    let line = line.strip_prefix("async ").unwrap_or(line);
    if let Some(rest) = line.strip_prefix("def ").or_else(|| line.strip_prefix("class ")) {
        return words(rest).map(|(_, word)| word).take(1).collect();
    }
    if line.starts_with("import ") || line.starts_with("from ") {
        let names = line.split_once("import ").map_or("", |(_, names)| names);
        return words(names).map(|(_, word)| word).collect();
    }
    if let Some((targets, _)) = line.split_once(" in ").filter(|_| line.starts_with("for ")) {
        return words(targets).map(|(_, word)| word).skip(1).collect();
    }
    if let Some((_, name)) = line.rsplit_once(" as ") {
        return words(name).map(|(_, word)| word).take(1).collect();
    }
    let Some((before, after)) = line.split_once('=') else { return Vec::new() };
    if after.starts_with('=') || before.ends_with(['!', '<', '>', '+', '-', '*', '/']) {
        return Vec::new();
    }
    // `x: int = 1`, but not `f(a=1)` or `x[0] = 1`.
    let targets = before.split(':').next().unwrap_or("").trim().trim_matches(['(', ')', ' ']);
    if targets.contains(['(', '[', '.']) { Vec::new() } else { words(targets).map(|(_, word)| word).collect() }
}

/// A magic's argument behind its options: `-n 1 -r 2 f(x)` gives `f(x)`.
fn without_options(argument: &str) -> &str {
    let mut rest = argument;
    while let Some(option) = rest.strip_prefix('-') {
        let (option, after) = option.split_once([' ', '\t']).unwrap_or((option, ""));
        let after = after.trim_start();
        // `-n 1` and `-n1` are the same.
        let takes = option.len() == 1 && matches!(option, "n" | "r" | "p" | "t" | "f" | "m" | "T" | "D" | "s" | "l");
        rest = match after.split_once([' ', '\t']) {
            Some((value, after)) if takes && value.bytes().all(|byte| byte.is_ascii_alphanumeric()) => {
                after.trim_start()
            }
            _ => after,
        };
    }
    rest
}

/// Words that may be names, with their places.
pub(super) fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let in_word = |c: char| c.is_alphanumeric() || c == '_';
    text.split(move |c: char| !in_word(c))
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
        .filter(|(_, word)| is_name(word))
}

fn is_name(word: &str) -> bool {
    word.starts_with(|c: char| c.is_alphabetic() || c == '_') && word.chars().all(|c| c.is_alphanumeric() || c == '_')
}

fn is_namespace(expression: &Expr) -> bool {
    let Expr::Call(call) = expression else { return matches!(expression, Expr::Name(name) if name.id == "__dict__") };
    matches!(&*call.func, Expr::Name(name) if matches!(name.id.as_str(), "globals" | "locals" | "dir" | "vars"))
}

/// `globals()`; at the top level also `locals()` and `vars()`.
fn is_module_namespace(expression: &Expr, top: bool) -> bool {
    let Expr::Call(call) = expression else { return false };
    let Expr::Name(name) = &*call.func else { return false };
    call.arguments.is_empty() && (name.id == "globals" || top && matches!(name.id.as_str(), "locals" | "vars"))
}
