//! What an expression is worth, as far as the text says it.

use super::facts::Value;
use super::state::{Constant, Walker};
use super::symbols::Symbol;
use ruff_python_ast::{
    ConversionFlag, Expr, ExprBinOp, ExprCall, ExprFString, FStringPart, InterpolatedElement,
    InterpolatedStringElement, Number, Operator, StmtAugAssign, UnaryOp,
};
use ruff_text_size::Ranged;

/// Folding goes no deeper than this, and joins no more parts.
const MAX_LEVELS: u32 = 16;
const MAX_PARTS: usize = 200;
/// Module names with longer texts are not put in the place of the name.
const MAX_CONSTANT: usize = 4096;
/// A value may hang on so many module names.
const MAX_DEPENDS: usize = 32;

/// Text of which a part may be unknown.
#[derive(Default)]
pub(super) struct Text {
    prefix: String,
    /// What follows the last unknown part, if there is one.
    suffix: Option<String>,
}

impl Text {
    fn known(text: &str) -> Self {
        Self { prefix: text.to_owned(), suffix: None }
    }

    fn push(&mut self, text: &str) {
        self.suffix.as_mut().unwrap_or(&mut self.prefix).push_str(text);
    }

    fn hole(&mut self) {
        self.suffix = Some(String::new());
    }

    fn append(&mut self, other: Option<Self>) {
        match other {
            Some(Self { prefix, suffix: None }) => self.push(&prefix),
            Some(Self { prefix, suffix: Some(suffix) }) => {
                if self.suffix.is_none() {
                    self.prefix.push_str(&prefix);
                }
                self.suffix = Some(suffix);
            }
            None => self.hole(),
        }
    }

    /// The text, if all of it is known.
    pub(super) fn into_known(self) -> Option<String> {
        if self.suffix.is_none() { Some(self.prefix) } else { None }
    }
}

impl Walker<'_> {
    /// What is known of `expression`. With `constants`, names of the module with a known text stand for it, and
    /// what the value then hangs on is added to [`Walker::depends`].
    pub(super) fn value(&mut self, expression: &Expr, constants: bool) -> Value {
        match expression {
            Expr::StringLiteral(node) => Value::String(match node.value.as_slice() {
                [one] => one.value.clone(),
                _ => node.value.to_str().into(),
            }),
            Expr::NumberLiteral(node) => integer(&node.value).map_or(Value::Other, Value::Int),
            Expr::UnaryOp(node) => match (&node.op, &*node.operand) {
                (UnaryOp::USub, Expr::NumberLiteral(number)) => {
                    integer(&number.value).and_then(i64::checked_neg).map_or(Value::Other, Value::Int)
                }
                _ => Value::Other,
            },
            Expr::BooleanLiteral(node) => Value::Bool(node.value),
            Expr::NoneLiteral(_) => Value::None,
            Expr::Name(node) => {
                let name = self.facts.symbols.intern(&node.id);
                self.constant(name, constants).map_or(Value::Name(name), |text| Value::String(text.into()))
            }
            Expr::FString(_) | Expr::BinOp(_) | Expr::Call(_) => match self.text(expression, constants, 0) {
                Some(Text { prefix, suffix: None }) => Value::String(prefix.into()),
                Some(Text { prefix, suffix: Some(suffix) }) => {
                    Value::Partial { prefix: prefix.into(), suffix: suffix.into() }
                }
                None => Value::Other,
            },
            _ => Value::Other,
        }
    }

    /// The text of a module name that was assigned a known one before.
    fn constant(&mut self, name: Symbol, constants: bool) -> Option<String> {
        if !constants {
            return None;
        }
        self.constant_of(
            name,
            |known| &known.texts,
            |text, budget, starved| {
                let left = budget.checked_sub(text.len());
                *starved |= left.is_none();
                *budget = left?;
                Some(text.to_string())
            },
        )
    }

    /// The text that an expression makes; `None` if it is not seen to make text at all.
    pub(super) fn text(&mut self, expression: &Expr, constants: bool, level: u32) -> Option<Text> {
        if level > MAX_LEVELS {
            return None;
        }
        match expression {
            Expr::StringLiteral(node) => Some(Text::known(node.value.to_str())),
            Expr::Name(node) => {
                let name = self.facts.symbols.get(&node.id)?;
                self.constant(name, constants).map(|text| Text { prefix: text, suffix: None })
            }
            Expr::FString(node) => self.f_string(node, constants, level),
            Expr::BinOp(node) if node.op == Operator::Add => self.sum(node, constants, level),
            Expr::BinOp(node) if node.op == Operator::Mod => {
                let template = self.text(&node.left, constants, level + 1)?;
                let Some(template) = template.into_known().filter(|text| text.len() <= MAX_CONSTANT) else {
                    return Some(Text { suffix: Some(String::new()), ..Text::default() });
                };
                self.percent(&template, &node.right, constants, level)
            }
            Expr::Call(node) => self.format(node, constants, level),
            _ => None,
        }
    }

    fn f_string(&mut self, node: &ExprFString, constants: bool, level: u32) -> Option<Text> {
        let mut text = Text::default();
        for part in &node.value {
            match part {
                FStringPart::Literal(literal) => text.push(literal.as_str()),
                FStringPart::FString(string) => {
                    if string.elements.len() > MAX_PARTS {
                        return None;
                    }
                    for element in &string.elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => text.push(&literal.value),
                            InterpolatedStringElement::Interpolation(hole) => {
                                let filled = self.filled(hole, constants, level);
                                text.append(filled);
                            }
                        }
                    }
                }
            }
        }
        Some(text)
    }

    fn filled(&mut self, hole: &InterpolatedElement, constants: bool, level: u32) -> Option<Text> {
        let plain = hole.format_spec.is_none()
            && hole.debug_text.is_none()
            && matches!(hole.conversion, ConversionFlag::None | ConversionFlag::Str);
        if plain { self.inserted(&hole.expression, constants, level) } else { None }
    }

    /// The text of something that is put into a text: integers count as well.
    fn inserted(&mut self, expression: &Expr, constants: bool, level: u32) -> Option<Text> {
        match expression {
            Expr::NumberLiteral(node) => integer(&node.value).map(|number| Text::known(&number.to_string())),
            other => self.text(other, constants, level + 1),
        }
    }

    /// `a + b + c`, which nests to the left.
    fn sum(&mut self, node: &ExprBinOp, constants: bool, level: u32) -> Option<Text> {
        let mut parts = vec![&*node.right];
        let mut left = &*node.left;
        while let Expr::BinOp(inner) = left
            && inner.op == Operator::Add
        {
            parts.push(&inner.right);
            left = &inner.left;
            if parts.len() > MAX_PARTS {
                return None;
            }
        }
        parts.push(left);
        let (mut text, mut any) = (Text::default(), false);
        for part in parts.into_iter().rev() {
            let part = self.text(part, constants, level + 1);
            any |= part.is_some();
            text.append(part);
        }
        any.then_some(text)
    }

    /// `"…%s…" % values`.
    fn percent(&mut self, template: &str, values: &Expr, constants: bool, level: u32) -> Option<Text> {
        let mut values = match values {
            Expr::Tuple(tuple) => tuple.elts.iter(),
            one => std::slice::from_ref(one).iter(),
        };
        let mut text = Text::default();
        let mut pieces = template.split('%');
        text.push(pieces.next().unwrap_or(""));
        let mut parts = 0;
        while let Some(piece) = pieces.next() {
            parts += 1;
            if parts > MAX_PARTS {
                return None;
            }
            if piece.is_empty() {
                // `%%`, and what follows it is text.
                text.push("%");
                text.push(pieces.next().unwrap_or(""));
            } else if let Some(rest) = piece.strip_prefix(['s', 'd']) {
                let value = values.next().and_then(|value| self.inserted(value, constants, level));
                text.append(value);
                text.push(rest);
            } else {
                // Something with a width or a name: its end is the first letter outside parentheses.
                let _ = values.next();
                let named = piece.strip_prefix('(').and_then(|named| named.find(')')).map_or(0, |end| end + 2);
                let spec = piece.get(named..).and_then(|spec| spec.find(|c: char| c.is_ascii_alphabetic()));
                text.hole();
                text.push(spec.and_then(|letter| piece.get(named + letter + 1..)).unwrap_or(""));
            }
        }
        Some(text)
    }

    /// `"…{}…".format(values)`.
    fn format(&mut self, node: &ExprCall, constants: bool, level: u32) -> Option<Text> {
        let Expr::Attribute(callee) = &*node.func else { return None };
        if callee.attr.id != "format" {
            return None;
        }
        let template = self.text(&callee.value, constants, level + 1)?;
        let Some(template) = template.into_known().filter(|text| text.len() <= MAX_CONSTANT) else {
            return Some(Text { suffix: Some(String::new()), ..Text::default() });
        };
        let mut text = Text::default();
        let mut rest = template.as_str();
        let (mut next, mut parts) = (0, 0);
        while let Some(at) = rest.find(['{', '}']) {
            text.push(rest.get(..at)?);
            rest = rest.get(at..)?;
            if let Some(after) = rest.strip_prefix("{{") {
                text.push("{");
                rest = after;
            } else if let Some(after) = rest.strip_prefix("}}").or_else(|| rest.strip_prefix('}')) {
                text.push("}");
                rest = after;
            } else {
                let end = rest.find('}')?;
                let field = rest.get(1..end)?;
                let value = if field.is_empty() {
                    next += 1;
                    node.arguments.find_positional(next - 1)
                } else if let Ok(position) = field.parse::<usize>() {
                    node.arguments.find_positional(position)
                } else {
                    node.arguments.find_keyword(field).map(|keyword| &keyword.value)
                };
                let value = value.and_then(|value| self.inserted(value, constants, level));
                text.append(value);
                rest = rest.get(end + 1..)?;
            }
            parts += 1;
            if parts > MAX_PARTS {
                return None;
            }
        }
        text.push(rest);
        Some(text)
    }

    /// Remembers what a module name stands for, and looks for `__all__` and `sys.path`.
    pub(super) fn note_value(&mut self, targets: &[Expr], value: &Expr) {
        if self.at.scope != 0 || self.deep {
            return;
        }
        if let [Expr::Name(name)] = targets
            && name.id == "__all__"
        {
            self.facts.exports = None;
            self.facts.exports_more = false;
            self.export_all(value);
            return;
        }
        let worth = matches!(value, Expr::StringLiteral(_) | Expr::FString(_) | Expr::BinOp(_) | Expr::Call(_))
            || matches!(value, Expr::Attribute(_) | Expr::Subscript(_) | Expr::Name(_));
        if self.at.conditional || !worth || !targets.iter().any(Expr::is_name_expr) {
            return;
        }
        let before = self.depends.len();
        let text = self.text(value, true, 0).and_then(Text::into_known);
        let text = text.filter(|text| text.len() <= MAX_CONSTANT);
        let mut folder = None;
        if text.is_none() {
            self.depends.truncate(before);
            folder = self.folder(value, 0);
        }
        let depends = self.depends.split_off(before);
        if depends.len() >= MAX_DEPENDS {
            return;
        }
        for target in targets {
            let Expr::Name(name) = target else { continue };
            let name = self.facts.symbols.intern(&name.id);
            let depends: Box<[Symbol]> = depends.iter().copied().chain([name]).collect();
            if let Some(text) = &text {
                self.known.texts.insert(name, Constant { value: text.as_str().into(), depends });
            } else if let Some(folder) = &folder {
                self.known.folders.insert(name, Constant { value: folder.clone(), depends });
            }
        }
    }

    /// `__all__ += […]` and `sys.path += […]`.
    pub(super) fn note_augmented(&mut self, node: &StmtAugAssign) {
        match &*node.target {
            Expr::Name(name) if self.at.scope == 0 && name.id == "__all__" => self.export_all(&node.value),
            Expr::Attribute(target) if target.attr.id == "path" => {
                if let (Expr::Name(root), Expr::List(list)) = (&*target.value, &*node.value)
                    && root.id == "sys"
                {
                    for value in &list.elts {
                        self.add_folder(value, node.range(), None);
                    }
                }
            }
            _ => {}
        }
    }

    fn export_all(&mut self, value: &Expr) {
        let mut parts = vec![value];
        while let Some(part) = parts.pop() {
            match part {
                Expr::List(list) => self.export(&list.elts),
                Expr::Tuple(tuple) => self.export(&tuple.elts),
                Expr::BinOp(sum) => parts.extend([&*sum.right, &*sum.left]),
                // `__all__ = __all__ + […]`
                Expr::Name(name) if name.id == "__all__" => {}
                _ => {
                    self.export(&[]);
                    self.facts.exports_more = true;
                }
            }
        }
    }
}

fn integer(number: &Number) -> Option<i64> {
    match number {
        Number::Int(number) => number.as_i64(),
        _ => None,
    }
}
