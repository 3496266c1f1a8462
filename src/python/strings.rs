//! The walk over strings, plain ones and those with holes.

use super::facts::StringLiteral;
use super::nodes::{NodeId, NodeKind};
use super::state::{Place, Walker, index};
use ruff_python_ast::{
    ConversionFlag, ExprStringLiteral, InterpolatedElement, InterpolatedStringElement, InterpolatedStringElements,
};
use ruff_python_parser::parse_string_annotation;
use ruff_text_size::TextRange;

/// Longer annotations in quotes are not read: they could nest deeply.
const MAX_QUOTED: u32 = 500;

impl Walker<'_> {
    /// Records a string literal, and reads it if it is an annotation.
    pub(super) fn string(&mut self, node: &ExprStringLiteral, statement: bool) -> NodeId {
        let (span, cell) = (self.span(node.range), self.cell);
        let value = match node.value.as_slice() {
            [one] => one.value.clone(),
            _ => node.value.to_str().into(),
        };
        let row = index(self.facts.strings.len());
        self.facts.strings.push(StringLiteral { span, value, holes: false, statement, cell });
        if self.at.typed
            && let [one] = node.value.as_slice()
            && one.range.len().to_u32() <= MAX_QUOTED
            && let Ok(parsed) = parse_string_annotation(self.code, one)
        {
            let place = Place { quoted: true, ..self.at };
            self.place(place, |walker| walker.deeper(1, |walker| walker.expression(&parsed.syntax().body)));
        }
        self.node(node.range, NodeKind::String(row))
    }

    pub(super) fn push_string(&mut self, range: TextRange, value: String, holes: bool) {
        let (span, cell, value) = (self.span(range), self.cell, value.into_boxed_str());
        self.facts.strings.push(StringLiteral { span, value, holes, statement: false, cell });
    }

    /// Walks the holes of an f-string; gives its text, and whether it has holes. Its pieces are put down as parts.
    pub(super) fn interpolated<'a>(&mut self, parts: impl Iterator<Item = Part<'a>>) -> (String, bool) {
        let (mut text, mut holes) = (String::new(), false);
        for part in parts {
            match part {
                Part::Literal(literal, range) => {
                    text.push_str(literal);
                    self.piece(literal, range);
                }
                Part::Elements(elements) => {
                    for element in elements {
                        match element {
                            InterpolatedStringElement::Literal(literal) => {
                                text.push_str(&literal.value);
                                self.piece(&literal.value, literal.range);
                            }
                            InterpolatedStringElement::Interpolation(hole) => {
                                text.push_str("{}");
                                holes = true;
                                let node = self.hole(hole);
                                self.parts.push(node);
                            }
                        }
                    }
                }
            }
        }
        (text, holes)
    }

    fn piece(&mut self, text: &str, range: TextRange) {
        let text = self.facts.symbols.intern(text);
        let node = self.node(range, NodeKind::Text(text));
        self.parts.push(node);
    }

    /// What stands in a hole; what is written in another way than `str` would do it is [`NodeKind::Other`].
    fn hole(&mut self, hole: &InterpolatedElement) -> NodeId {
        let place = Place { annotation: false, typed: false, ..self.at };
        let node = self.place(place, |walker| walker.expression(&hole.expression));
        if let Some(format) = &hole.format_spec {
            self.deeper(1, |walker| {
                for inner in format.elements.interpolations() {
                    walker.hole(inner);
                }
            });
        }
        let plain = hole.format_spec.is_none()
            && hole.debug_text.is_none()
            && matches!(hole.conversion, ConversionFlag::None | ConversionFlag::Str);
        if plain { node } else { self.node(hole.range, NodeKind::Other) }
    }
}

/// Part of an f-string or t-string.
pub(super) enum Part<'a> {
    Literal(&'a str, TextRange),
    Elements(&'a InterpolatedStringElements),
}
