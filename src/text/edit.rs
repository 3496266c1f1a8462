//! Changes to one text.

use super::Span;

/// Replace the bytes under `span` by `text`. An empty span inserts, an empty text deletes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Edit {
    /// What goes away, in bytes of the text that the edit was made for.
    pub span: Span,
    /// What comes in its place.
    pub text: String,
}

impl Edit {
    /// Replaces `span` by `text`.
    pub fn replace(span: Span, text: impl Into<String>) -> Self {
        Self { span, text: text.into() }
    }

    /// Inserts `text` before the byte at `offset`.
    pub fn insert(offset: u32, text: impl Into<String>) -> Self {
        Self::replace(Span::at(offset), text)
    }

    /// Removes what is under `span`.
    pub fn delete(span: Span) -> Self {
        Self::replace(span, "")
    }
}

/// `text` with `edits` made. `None` if two of them overlap or one does not fit the text;
/// insertions at the same place are made in the order given.
pub fn apply(text: &str, edits: &[Edit]) -> Option<String> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by_key(|edit| edit.span);
    let mut out = String::with_capacity(text.len());
    let mut done = 0_u32;
    for edit in sorted {
        if edit.span.start < done {
            return None;
        }
        out.push_str(text.get(done as usize..edit.span.start as usize)?);
        text.get(edit.span.range())?;
        out.push_str(&edit.text);
        done = edit.span.end;
    }
    out.push_str(text.get(done as usize..)?);
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_in_order_of_place_and_refuses_overlap() {
        let text = "abcdef";
        let edits = [Edit::delete(Span::new(4, 5)), Edit::insert(1, "X"), Edit::replace(Span::new(1, 3), "-")];
        assert_eq!(apply(text, &edits).as_deref(), Some("aX-df"));
        assert_eq!(apply(text, &[Edit::delete(Span::new(0, 3)), Edit::delete(Span::new(2, 4))]), None);
        assert_eq!(apply(text, &[Edit::delete(Span::new(5, 9))]), None);
    }
}
