//! Texts with holes: `` `.{method}()` pulls every row to the driver ``.

/// A text in which `{name}` stands for what a query captured under that name. `{{` and `}}` are braces.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Template {
    pieces: Vec<Piece>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Hole(String),
}

impl Template {
    /// Reads a template.
    ///
    /// # Errors
    /// If a brace is left open or closes nothing, or a hole has no name; says which, in one line.
    pub fn parse(source: &str) -> Result<Self, String> {
        let mut pieces = Vec::new();
        let mut text = String::new();
        let mut rest = source;
        while let Some(at) = rest.find(['{', '}']) {
            let (before, from) = rest.split_at(at);
            text.push_str(before);
            if let Some(after) = from.strip_prefix("{{") {
                text.push('{');
                rest = after;
            } else if let Some(after) = from.strip_prefix("}}") {
                text.push('}');
                rest = after;
            } else if let Some(after) = from.strip_prefix('{') {
                let Some((name, after)) = after.split_once('}') else {
                    return Err("a `{` is not closed; write `{{` for a brace".to_owned());
                };
                if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.')) {
                    return Err(format!("`{{{name}}}` names no capture; write `{{{{` for a brace"));
                }
                if !text.is_empty() {
                    pieces.push(Piece::Text(std::mem::take(&mut text)));
                }
                pieces.push(Piece::Hole(name.to_owned()));
                rest = after;
            } else {
                return Err("a `}` closes nothing; write `}}` for a brace".to_owned());
            }
        }
        text.push_str(rest);
        if !text.is_empty() {
            pieces.push(Piece::Text(text));
        }
        Ok(Self { pieces })
    }

    /// The names of its holes, in order, repeated as they are.
    pub fn holes(&self) -> impl Iterator<Item = &str> {
        self.pieces.iter().filter_map(|piece| match piece {
            Piece::Hole(name) => Some(name.as_str()),
            Piece::Text(_) => None,
        })
    }

    /// The text with every hole filled by `fill`.
    pub fn render(&self, fill: impl Fn(&str) -> String) -> String {
        let mut out = String::new();
        for piece in &self.pieces {
            match piece {
                Piece::Text(text) => out.push_str(text),
                Piece::Hole(name) => out.push_str(&fill(name)),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_holes_and_keeps_braces() {
        let template = Template::parse("`.{method}()` of {{{x}}}").unwrap();
        assert_eq!(template.holes().collect::<Vec<_>>(), ["method", "x"]);
        assert_eq!(template.render(str::to_uppercase), "`.METHOD()` of {X}");
        for wrong in ["{", "}", "a {b", "{}", "{a b}", "x } y"] {
            assert!(Template::parse(wrong).is_err(), "{wrong}");
        }
    }
}
