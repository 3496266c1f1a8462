//! Formatting one piece of Python as ruff does, and the proof that it still means the same.

use super::errors;
use super::parse::{self, Tree};
use crate::guard;
use crate::text::Span;
use ruff_formatter::printer::LineEnding;
use ruff_formatter::{IndentStyle, IndentWidth, LineWidth};
use ruff_python_ast::comparable::ComparableMod;
use ruff_python_ast::visitor::source_order::{SourceOrderVisitor, TraversalSignal};
use ruff_python_ast::visitor::transformer::{self, Transformer};
use ruff_python_ast::{
    AnyNodeRef, AtomicNodeIndex, Expr, ExprFString, FString, FStringFlags, FStringPart, FStringValue,
    InterpolatedStringElement, InterpolatedStringLiteralElement, Mod, PySourceType, PythonVersion, Stmt, StringLiteral,
    StringLiteralFlags, StringLiteralValue,
};
use ruff_python_formatter::{
    DocstringCode, DocstringCodeLineWidth, MagicTrailingComma, NestedStringQuoteStyle, PreviewMode, PyFormatOptions,
    QuoteStyle, format_module_ast,
};
use ruff_python_trivia::TriviaRanges;
use ruff_text_size::{TextRange, TextSize};
use std::fmt::Write as _;

/// How Python is to look. The defaults are ruff's.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Style {
    /// Columns, 1 to 320.
    pub line_length: u16,
    /// Columns of one level of indentation, and of a tab; at least 1.
    pub indent_width: u8,
    /// Whether to indent with tabs.
    pub tabs: bool,
    /// Which quotes strings get.
    pub quotes: Quotes,
    /// Whether strings inside f-strings get these quotes as well, where the target version allows it.
    pub same_quotes_inside: bool,
    /// Whether a trailing comma splits what it ends over several lines.
    pub magic_trailing_comma: bool,
    /// The line ends of what is written.
    pub line_ending: Ending,
    /// Whether examples in docstrings are formatted as well.
    pub docstring_code: bool,
    /// Columns of such examples; `None` for what is left of the line.
    pub docstring_code_length: Option<u16>,
    /// Whether ruff's preview style holds.
    pub preview: bool,
    /// The oldest Python that must accept the result, as (major, minor).
    pub target: (u8, u8),
}

impl Default for Style {
    fn default() -> Self {
        Self {
            line_length: 88,
            indent_width: 4,
            tabs: false,
            quotes: Quotes::Double,
            same_quotes_inside: false,
            magic_trailing_comma: true,
            line_ending: Ending::Auto,
            docstring_code: false,
            docstring_code_length: None,
            preview: false,
            target: (3, 10),
        }
    }
}

/// Which quotes strings get.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quotes {
    /// `"…"`.
    #[default]
    Double,
    /// `'…'`.
    Single,
    /// Those that they have.
    Preserve,
}

/// Line ends.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Ending {
    /// Those of the first line.
    #[default]
    Auto,
    /// `\n`.
    Lf,
    /// `\r\n`.
    CrLf,
    /// `\r`.
    Cr,
}

impl Ending {
    /// What it means for `text`: never [`Ending::Auto`].
    #[must_use]
    pub fn within(self, text: &str) -> Self {
        if self != Self::Auto {
            return self;
        }
        let bytes = text.as_bytes();
        match memchr::memchr2(b'\n', b'\r', bytes).map(|at| (bytes.get(at), bytes.get(at + 1))) {
            Some((Some(b'\r'), Some(b'\n'))) => Self::CrLf,
            Some((Some(b'\r'), _)) => Self::Cr,
            _ => Self::Lf,
        }
    }

    /// The bytes; those of [`Ending::Lf`] for [`Ending::Auto`].
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Auto | Self::Lf => "\n",
            Self::CrLf => "\r\n",
            Self::Cr => "\r",
        }
    }
}

/// What a piece of Python is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// A file that is imported or run; its first string is its docstring.
    Module,
    /// A cell of a notebook, in IPython's dialect.
    Cell,
}

/// Why code was not formatted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refused {
    /// It does not parse: where, in bytes of the code, and why, in one line.
    Syntax(Span, String),
    /// It is nested too deeply.
    TooDeep,
    /// The formatter would give it another meaning.
    Changed,
    /// We failed: the reason in one line.
    Failed(String),
}

/// Formats `code`. The result ends with a line end unless it is empty; `None` if the code is formatted already.
///
/// What comes out has the same syntax tree, but for whitespace in docstrings, or it is [`Refused::Changed`].
///
/// # Errors
/// If it cannot be formatted.
pub fn format(code: &str, style: &Style, dialect: Dialect) -> Result<Option<String>, Refused> {
    if dialect == Dialect::Cell && code.contains('\r') {
        // The formatter does not expect `\r` in magics.
        let ending = style.line_ending.within(code);
        let plain = code.replace("\r\n", "\n").replace('\r', "\n");
        let style = Style { line_ending: Ending::Lf, ..style.clone() };
        let new = format(&plain, &style, dialect)?.unwrap_or(plain).replace('\n', ending.as_str());
        return Ok((new != code).then_some(new));
    }
    let formatted = |code: &str| {
        let formatted = format_valid(code, None, style, dialect)?;
        // Formatted code is its own proof.
        if formatted.text != code {
            same_meaning(code, formatted.tree, &formatted.text, style, dialect)?;
        }
        Ok(formatted.text)
    };
    let whole = |code: &str| match formatted(code) {
        Err(Refused::Syntax(place, message)) if dialect == Dialect::Cell => {
            // Help that the parser does not know is held back by magics that it does.
            let Some(held) = Held::new(code) else { return Err(Refused::Syntax(place, message)) };
            let text = formatted(&held.code).map_err(|refused| match refused {
                Refused::Syntax(..) => Refused::Syntax(place, message),
                other => other,
            })?;
            held.given_back(text)
        }
        other => other,
    };
    let text = settled(code, whole(code)?, whole);
    Ok((text != code).then_some(text))
}

/// The same as [`format()`] for a module, without the proof, which costs as much as half of the formatting: for those who
/// only want to know whether anything would change.
///
/// # Errors
/// If it cannot be formatted.
pub fn format_unproven(code: &str, style: &Style) -> Result<Option<String>, Refused> {
    let text = format_valid(code, None, style, Dialect::Module)?.text;
    let again = |code: &str| Ok(format_valid(code, None, style, Dialect::Module)?.text);
    let text = settled(code, text, again);
    Ok((text != code).then_some(text))
}

/// `text`, which was made of `code`, unless formatting it again would change it: then `code` stays as it is. Between
/// `# fmt: off` and `# fmt: on`, and round form feeds and continued magics, the formatter adds blank lines each time,
/// without end.
fn settled(code: &str, text: String, again: impl FnOnce(&str) -> Result<String, Refused>) -> String {
    let signs = ["fmt:", "yapf:", "\u{c}", "\\\n", "\\\r"];
    let may_move = text != code && signs.iter().any(|sign| text.contains(sign));
    if may_move && again(&text).is_ok_and(|again| again != text) {
        return code.to_owned();
    }
    text
}

/// Whether `code` can be formatted, without formatting it.
///
/// # Errors
/// If it does not parse.
pub fn check(code: &str, dialect: Dialect) -> Result<(), Refused> {
    let ipython = dialect == Dialect::Cell;
    let parse = |code: &str| {
        let tree = parse::parse_once(code, ipython, parse::LATEST).ok_or(Refused::TooDeep)?;
        if !tree.is_valid() {
            return Err(syntax(&tree, code, ipython));
        }
        if tree.syntax().is_some_and(is_too_deep) {
            return Err(Refused::TooDeep);
        }
        drop(tree.into_shallow());
        Ok(())
    };
    match parse(code) {
        Err(Refused::Syntax(place, message)) if ipython => match Held::new(code) {
            Some(held) => parse(&held.code).map_err(|_| Refused::Syntax(place, message)),
            None => Err(Refused::Syntax(place, message)),
        },
        other => other,
    }
}

/// Formats the statements of `code` that `lines` (in bytes of the code) touch, as ruff does: the result is the text
/// that goes in the place of a part of the code, which may be larger than was asked for. `None` if nothing changes.
///
/// # Errors
/// If it cannot be formatted.
pub fn format_range(
    code: &str,
    lines: Span,
    style: &Style,
    dialect: Dialect,
) -> Result<Option<(Span, String)>, Refused> {
    let formatted = format_valid(code, Some(lines), style, dialect)?;
    let Some(place) = formatted.place.filter(|place| formatted.text != place.of(code)) else { return Ok(None) };
    let mut whole = code.to_owned();
    whole.replace_range(place.range(), &formatted.text);
    same_meaning(code, formatted.tree, &whole, style, dialect)?;
    Ok(Some((place, formatted.text)))
}

/// Formatted code and the tree that it was made from.
struct Formatted {
    text: String,
    /// What it takes the place of, if a range was asked for.
    place: Option<Span>,
    tree: Mod,
}

fn format_valid(code: &str, lines: Option<Span>, style: &Style, dialect: Dialect) -> Result<Formatted, Refused> {
    let ipython = dialect == Dialect::Cell;
    let tree = parse::parse_once(code, ipython, parse::LATEST).ok_or(Refused::TooDeep)?;
    if !tree.is_valid() {
        return Err(syntax(&tree, code, ipython));
    }
    let depth = tree.syntax().map_or(0, Depth::of);
    if depth > MAX_DEPTH {
        return Err(Refused::TooDeep);
    }
    let Some(parsed) = tree.into_shallow() else { return Err(Refused::Failed("no tree".to_owned())) };
    let options = options(style, code, dialect);
    let work = || {
        let Some(lines) = lines else {
            let trivia = TriviaRanges::from(parsed.tokens());
            let formatted = format_module_ast(&parsed, &trivia, code, options).map_err(|error| error.to_string())?;
            return Ok((formatted.print().map_err(|error| error.to_string())?.into_code(), None));
        };
        let range = TextRange::new(TextSize::new(lines.start), TextSize::new(lines.end));
        let printed = ruff_python_formatter::format_range(code, range, options).map_err(|error| error.to_string())?;
        let place = printed.source_range();
        let place = Span::from_range(place.start().to_usize()..place.end().to_usize());
        Ok((printed.as_code().to_owned(), Some(place)))
    };
    match with_stack(depth, || guard::caught(work)) {
        Ok(Ok((text, place))) => Ok(Formatted { text, place, tree: parsed.into_syntax() }),
        Ok(Err(reason)) | Err(reason) => Err(Refused::Failed(reason)),
    }
}

/// The first syntax error.
fn syntax(tree: &Tree, code: &str, ipython: bool) -> Refused {
    match errors::first(tree, code, ipython) {
        Some((range, message)) => {
            Refused::Syntax(Span::from_range(range.start().to_usize()..range.end().to_usize()), message)
        }
        None => Refused::Syntax(Span::at(0), "not valid Python".to_owned()),
    }
}

/// Our settings in ruff's types.
fn options(style: &Style, code: &str, dialect: Dialect) -> PyFormatOptions {
    let width = |columns: u16| LineWidth::try_from(columns.max(1)).unwrap_or_default();
    let source_type = match dialect {
        Dialect::Module => PySourceType::Python,
        Dialect::Cell => PySourceType::Ipynb,
    };
    let quotes = match style.quotes {
        Quotes::Double => QuoteStyle::Double,
        Quotes::Single => QuoteStyle::Single,
        Quotes::Preserve => QuoteStyle::Preserve,
    };
    let line_ending = match style.line_ending.within(code) {
        Ending::Auto | Ending::Lf => LineEnding::LineFeed,
        Ending::CrLf => LineEnding::CarriageReturnLineFeed,
        Ending::Cr => LineEnding::CarriageReturn,
    };
    let docstring_length = style
        .docstring_code_length
        .map_or(DocstringCodeLineWidth::Dynamic, |columns| DocstringCodeLineWidth::Fixed(width(columns)));
    PyFormatOptions::from_source_type(source_type)
        .with_target_version(PythonVersion { major: style.target.0, minor: style.target.1 })
        .with_indent_style(if style.tabs { IndentStyle::Tab } else { IndentStyle::Space })
        .with_indent_width(IndentWidth::try_from(style.indent_width.max(1)).unwrap_or_default())
        .with_quote_style(quotes)
        .with_nested_string_quote_style(if style.same_quotes_inside {
            NestedStringQuoteStyle::Preferred
        } else {
            NestedStringQuoteStyle::Alternating
        })
        .with_magic_trailing_comma(if style.magic_trailing_comma {
            MagicTrailingComma::Respect
        } else {
            MagicTrailingComma::Ignore
        })
        .with_preview(if style.preview { PreviewMode::Enabled } else { PreviewMode::Disabled })
        .with_line_ending(line_ending)
        .with_line_width(width(style.line_length))
        .with_docstring_code(if style.docstring_code { DocstringCode::Enabled } else { DocstringCode::Disabled })
        .with_docstring_code_line_width(docstring_length)
}

/// A tree with more levels is refused. Real code has less than a hundred.
const MAX_DEPTH: usize = 5_000;

/// What a walk over the deepest tree takes of the stack.
const WALK: usize = MAX_DEPTH * if cfg!(debug_assertions) { 8 << 10 } else { 1 << 10 };

/// What the formatter takes of the stack for one level, at most.
const LEVEL: usize = if cfg!(debug_assertions) { 32 << 10 } else { 6 << 10 };

/// Does `work`, which recurses over a tree of `depth` levels, on a stack that holds it.
fn with_stack<T>(depth: usize, work: impl FnOnce() -> T) -> T {
    let need = (256 << 10) + depth * LEVEL;
    stacker::maybe_grow(need, need, work)
}

/// Whether a tree is nested more deeply than is formatted.
pub(super) fn is_too_deep(tree: &Mod) -> bool {
    Depth::of(tree) > MAX_DEPTH
}

/// Counts the levels of a tree.
struct Depth {
    now: usize,
    most: usize,
}

impl Depth {
    /// How many levels `tree` has; more than [`MAX_DEPTH`] are not counted.
    fn of(tree: &Mod) -> usize {
        let mut depth = Self { now: 0, most: 0 };
        stacker::maybe_grow(WALK, WALK, || depth.visit_mod(tree));
        depth.most
    }
}

impl<'a> SourceOrderVisitor<'a> for Depth {
    fn enter_node(&mut self, _node: AnyNodeRef<'a>) -> TraversalSignal {
        self.now += 1;
        self.most = self.most.max(self.now);
        if self.now > MAX_DEPTH { TraversalSignal::Skip } else { TraversalSignal::Traverse }
    }

    fn leave_node(&mut self, _node: AnyNodeRef<'a>) {
        self.now -= 1;
    }
}

/// Checks that `new` means what `old` means, whose tree is given: the same tree, but for whitespace in docstrings.
fn same_meaning(old: &str, tree: Mod, new: &str, style: &Style, dialect: Dialect) -> Result<(), Refused> {
    let ipython = dialect == Dialect::Cell;
    let changed = || Refused::Changed;
    let read = |code: &str| {
        // Line ends are the same to Python, also inside strings.
        let plain = if code.contains('\r') { code.replace("\r\n", "\n").replace('\r', "\n") } else { code.to_owned() };
        parse::parse_once(&plain, ipython, parse::LATEST).filter(Tree::is_valid).and_then(Tree::into_shallow)
    };
    let mut before = if old.contains('\r') { read(old).ok_or_else(changed)?.into_syntax() } else { tree };
    let depth = Depth::of(&before);
    with_stack(depth, || {
        let mut after = read(new).ok_or_else(changed)?.into_syntax();
        let mut same = |thorough| {
            let normal = Normal { docstring_code: style.docstring_code, thorough };
            normal.module(&mut before);
            normal.module(&mut after);
            ComparableMod::from(&before) == ComparableMod::from(&after)
        };
        // What takes long is seldom needed.
        if same(false) || same(true) { Ok(()) } else { Err(changed()) }
    })
}

/// Takes out of a tree what the formatter may change without changing what the code does.
struct Normal {
    docstring_code: bool,
    /// Whether strings inside expressions are looked at as well.
    thorough: bool,
}

impl Normal {
    fn module(&self, tree: &mut Mod) {
        if let Mod::Module(module) = tree {
            self.visit_body(&mut module.body);
        }
    }
}

impl Transformer for Normal {
    fn visit_stmt(&self, stmt: &mut Stmt) {
        match stmt {
            // `del (a, b)` is `del a, b`.
            Stmt::Delete(delete) => {
                if let [Expr::Tuple(tuple)] = delete.targets.as_slice() {
                    delete.targets = tuple.elts.clone();
                }
            }
            // A string that is nothing but a statement is a docstring, or nothing.
            Stmt::Expr(statement) => {
                if let Expr::StringLiteral(string) = &mut *statement.value {
                    let text = if self.docstring_code {
                        String::new()
                    } else {
                        let lines: Vec<&str> = string.value.to_str().lines().map(str::trim).collect();
                        lines.join("\n").trim().to_owned()
                    };
                    string.value = StringLiteralValue::single(StringLiteral {
                        range: string.range,
                        node_index: AtomicNodeIndex::NONE,
                        value: text.into(),
                        flags: StringLiteralFlags::empty(),
                    });
                }
            }
            _ if self.thorough => transformer::walk_stmt(self, stmt),
            // Only blocks hold statements: expressions need no walk.
            Stmt::FunctionDef(_)
            | Stmt::ClassDef(_)
            | Stmt::For(_)
            | Stmt::While(_)
            | Stmt::If(_)
            | Stmt::With(_)
            | Stmt::Match(_)
            | Stmt::Try(_) => transformer::walk_stmt(self, stmt),
            _ => {}
        }
    }

    fn visit_expr(&self, expr: &mut Expr) {
        if !self.thorough {
            return;
        }
        if let Expr::FString(string) = expr
            && string.value.is_implicit_concatenated()
        {
            string.value = FStringValue::single(joined(string));
        }
        transformer::walk_expr(self, expr);
    }
}

/// The parts of an f-string as one: an empty part says nothing.
fn joined(string: &ExprFString) -> FString {
    let mut elements: Vec<InterpolatedStringElement> = Vec::new();
    let mut push = |element: InterpolatedStringElement| match (elements.last_mut(), element) {
        (_, InterpolatedStringElement::Literal(literal)) if literal.value.is_empty() => {}
        (Some(InterpolatedStringElement::Literal(last)), InterpolatedStringElement::Literal(literal)) => {
            last.value = format!("{}{}", last.value, literal.value).into();
        }
        (_, element) => elements.push(element),
    };
    for part in &string.value {
        match part {
            FStringPart::Literal(literal) => {
                push(InterpolatedStringElement::Literal(InterpolatedStringLiteralElement {
                    range: literal.range,
                    node_index: AtomicNodeIndex::NONE,
                    value: literal.value.clone(),
                }));
            }
            FStringPart::FString(part) => part.elements.iter().cloned().for_each(&mut push),
        }
    }
    FString {
        elements: elements.into(),
        range: string.range,
        flags: FStringFlags::empty(),
        node_index: AtomicNodeIndex::NONE,
    }
}

/// Code in which lines that only IPython itself takes (`df.to_*?`) are replaced by magics that the parser takes.
struct Held {
    code: String,
    lines: Vec<String>,
}

const STAND_IN: &str = "%brickgate_stand_in_";

impl Held {
    /// `None` if there is no such line.
    fn new(code: &str) -> Option<Self> {
        let tree = parse::parse_once(code, true, parse::LATEST)?;
        let places = parse::help_lines(code, tree.errors());
        if places.is_empty() || code.contains(STAND_IN) {
            return None;
        }
        let mut held = Self { code: String::with_capacity(code.len() + 32 * places.len()), lines: Vec::new() };
        let mut done = 0;
        for place in places {
            held.code.push_str(code.get(done..place.start)?);
            // Writing to a string cannot fail.
            let _ = write!(held.code, "{STAND_IN}{}_", held.lines.len());
            held.lines.push(code.get(place.clone())?.to_owned());
            done = place.end;
        }
        held.code.push_str(code.get(done..)?);
        Some(held)
    }

    /// Formatted code with the lines back in their places.
    fn given_back(&self, mut text: String) -> Result<String, Refused> {
        for (index, line) in self.lines.iter().enumerate() {
            let name = format!("{STAND_IN}{index}_");
            if text.matches(&name).count() != 1 {
                return Err(Refused::Failed("a line of help was lost".to_owned()));
            }
            text = text.replace(&name, line);
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cell(code: &str) -> String {
        format(code, &Style::default(), Dialect::Cell).unwrap().unwrap_or_else(|| code.to_owned())
    }

    #[test]
    fn cells_keep_what_ipython_knows() {
        assert_eq!(cell("%pip install a \\\n  b\nx=1;"), "%pip install a \\\n  b\nx = 1;\n");
        assert_eq!(cell("df.to_*?\nx=1\n"), "df.to_*?\nx = 1\n");
        assert_eq!(cell("if a:\n  df.b*?\n  c( d)"), "if a:\n    df.b*?\n    c(d)\n");
        assert_eq!(cell("x = !ls\nawait f( )\n!cat a   b\ny=%sx ls"), "x = !ls\nawait f()\n!cat a   b\ny = %sx ls\n");
        assert_eq!(cell("'doc'\nx=1"), "\"doc\"\nx = 1\n");
        assert_eq!(cell(" \n"), "\n");
        assert_eq!(cell("%pip install x \\\r\n  y\r\nx=1\r\n"), "%pip install x \\\r\n  y\r\nx = 1\r\n");
    }

    #[test]
    fn what_cannot_be_formatted_says_why() {
        let style = Style::default();
        let refused = format("x = (1\n", &style, Dialect::Module).unwrap_err();
        assert_eq!(refused, Refused::Syntax(Span::new(4, 5), "`(` is never closed".to_owned()));
        let deep = "[".repeat(6_000) + &"]".repeat(6_000);
        assert_eq!(format(&deep, &style, Dialect::Module), Err(Refused::TooDeep));
        let open = "(".repeat(100_000);
        assert!(format(&open, &style, Dialect::Module).is_err());
        // Deep, but not too deep: the stack of a test is small.
        let chain = format!("df{}\n", ".a()".repeat(1_000));
        assert!(format(&chain, &style, Dialect::Module).is_ok());
    }

    #[test]
    fn a_change_of_meaning_is_seen() {
        let style = Style::default();
        let tree =
            |code: &str| parse::parse_once(code, false, parse::LATEST).unwrap().into_shallow().unwrap().into_syntax();
        let same = |old: &str, new: &str| same_meaning(old, tree(old), new, &style, Dialect::Module).is_ok();
        assert!(same("del (a, b)\nclass C(): x", "del a, b\nclass C:\n    x\n"));
        assert!(same("def f():\n  '''a\n     b '''\n", "def f():\n    \"\"\"a\n    b\"\"\"\n"));
        assert!(same("x = 'a' 'b'\r\n", "x = \"ab\"\n"));
        assert!(same("x = [f'{a}' '']\n", "x = [f\"{a}\"]\n"));
        assert!(!same("x = [f'{a}' ' ']\n", "x = [f\"{a}\"]\n"));
        assert!(!same("x = 1\n", "x = 2\n"));
        assert!(!same("x = ' a'\n", "x = 'a'\n"));
        assert!(!same("f(a)\n", "f(a,)\ng\n"));
    }
}
