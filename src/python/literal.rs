//! Text that Python puts together out of literals, read from where it stands, with the way back to it: which byte of
//! the value stands where in the source.
//!
//! The facts know what a text is worth; this knows where each part of it is written, also of one with holes.

use crate::text::Span;
use crate::text::region::OffsetMap;

/// A text that is put together out of literals.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Assembled {
    /// Its value. `{…}` stands for a hole, with what is put in as far as it is a name.
    pub code: String,
    /// From offsets in `code` to offsets in the source.
    pub map: Vec<(u32, u32)>,
    /// The holes, in bytes of `code`, in order.
    pub holes: Vec<Span>,
    /// Where in the source it ends.
    pub end: u32,
}

impl Assembled {
    /// The map in the form that others take.
    pub fn offsets(&self) -> OffsetMap {
        OffsetMap { pieces: self.map.clone() }
    }
}

/// More of a hole than this is not kept.
const LONGEST_NAME: usize = 60;

/// Reads literals, f-strings and what `+`, `%`, `.format` and standing side by side make of them, in `source` from
/// byte `start` to byte `end`. `in_line`: whether a line end outside parentheses ends it, as it does after `x =`.
/// `None` if it is anything else, or no literal is in it.
pub fn assemble(source: &str, start: u32, end: u32, in_line: bool) -> Option<Assembled> {
    let bytes = source.as_bytes().get(..end as usize)?;
    let mut reader =
        Reader { source, bytes, at: start as usize, depth: 0, in_line, literals: 0, out: Assembled::default() };
    reader.sum()?;
    reader.out.end = clamp(reader.at);
    reader.out.holes.sort_unstable();
    reader.out.holes.dedup();
    (reader.literals > 0).then_some(reader.out)
}

struct Reader<'a> {
    source: &'a str,
    bytes: &'a [u8],
    at: usize,
    /// Open parentheses.
    depth: usize,
    in_line: bool,
    literals: usize,
    out: Assembled,
}

/// What `#` means between brackets.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Hash {
    StartsComment,
    /// In what an f-string puts in, it is part of a format.
    IsCode,
}

fn clamp(n: usize) -> u32 {
    u32::try_from(n).unwrap_or(u32::MAX)
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> u8 {
        self.bytes.get(self.at + ahead).copied().unwrap_or(0)
    }

    /// Operands with `+` between them, to the end.
    fn sum(&mut self) -> Option<()> {
        loop {
            while self.blanks() && self.peek(0) == b'(' {
                self.depth += 1;
                self.at += 1;
            }
            if self.literal_ahead().is_some() {
                self.operand()?;
            } else {
                self.hole_operand()?;
            }
            self.close();
            match self.peek(0) {
                b'+' if self.peek(1) != b'=' => self.at += 1,
                _ if self.is_end() => return Some(()),
                _ => return None,
            }
        }
    }

    /// Passes blanks and closing parentheses.
    fn close(&mut self) {
        while self.blanks() && self.peek(0) == b')' && self.depth > 0 {
            self.depth -= 1;
            self.at += 1;
        }
    }

    /// Passes blanks, comments, and line ends where they do not end the text.
    fn blanks(&mut self) -> bool {
        loop {
            match self.peek(0) {
                b' ' | b'\t' | 0x0C => self.at += 1,
                b'\n' | b'\r' if !self.in_line || self.depth > 0 => self.at += 1,
                b'\\' if matches!(self.peek(1), b'\n' | b'\r') => self.at += 2,
                b'#' => {
                    let rest = self.bytes.get(self.at..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    if self.in_line && self.depth == 0 {
                        return true;
                    }
                }
                _ => return true,
            }
        }
    }

    fn is_end(&self) -> bool {
        self.at >= self.bytes.len() || (self.depth == 0 && self.in_line && matches!(self.peek(0), b'\n' | b'\r' | b';'))
    }

    /// The length of the prefix of a literal that stands here; `None` if none does.
    fn literal_ahead(&self) -> Option<usize> {
        let length = (0..3).take_while(|ahead| self.peek(*ahead).is_ascii_alphabetic()).count();
        let prefix = self.bytes.get(self.at..self.at + length)?;
        let known = prefix.iter().all(|byte| matches!(byte, b'r' | b'R' | b'f' | b'F' | b'u' | b'U'));
        (length < 3 && known && matches!(self.peek(length), b'\'' | b'"')).then_some(length)
    }

    /// Literals that stand side by side, with `.format(…)` or `% …` behind them.
    fn operand(&mut self) -> Option<()> {
        let first = self.out.code.len();
        let holes = self.out.holes.len();
        let depth = self.depth;
        while let Some(prefix) = self.literal_ahead() {
            self.literal(prefix)?;
            self.blanks();
        }
        // `("…" "…").format(…)`
        while self.depth > depth.saturating_sub(1) && self.peek(0) == b')' && self.depth > 0 {
            self.depth -= 1;
            self.at += 1;
            self.blanks();
        }
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            if rest.starts_with(b".format(") {
                self.at += b".format".len();
                self.group(Hash::StartsComment)?;
                self.out.holes.truncate(holes);
                self.mark(first, |rest| {
                    let length = rest.iter().position(|byte| matches!(byte, b'}' | b'\n'))?;
                    (rest.first() == Some(&b'{') && rest.get(length) == Some(&b'}') && rest.get(1) != Some(&b'{'))
                        .then_some(length + 1)
                });
            } else if let Some(method) =
                [&b".strip()"[..], b".lstrip()", b".rstrip()"].iter().find(|m| rest.starts_with(m))
            {
                self.at += method.len();
            } else if rest.first() == Some(&b'%') && rest.get(1) != Some(&b'=') {
                self.at += 1;
                self.skip_operand()?;
                self.mark(first, |rest| {
                    let name = match rest.get(1) {
                        Some(b'(') => rest.iter().position(|byte| *byte == b')')? + 1,
                        _ => 1,
                    };
                    (rest.first() == Some(&b'%') && matches!(rest.get(name), Some(b's' | b'd' | b'i' | b'r')))
                        .then_some(name + 1)
                });
            } else {
                return Some(());
            }
            self.blanks();
        }
    }

    /// Marks what `hole` finds in the code from `first` on as holes: it is given the bytes from a place on and
    /// gives the length of the hole there.
    fn mark(&mut self, first: usize, hole: impl Fn(&[u8]) -> Option<usize>) {
        let code = self.out.code.as_bytes();
        let mut at = first;
        while let Some(found) = memchr::memchr2(b'{', b'%', code.get(at..).unwrap_or_default()) {
            at += found;
            let rest = code.get(at..code.len().min(at + 200)).unwrap_or_default();
            match hole(rest) {
                Some(length) => {
                    self.out.holes.push(Span::from_range(at..at + length));
                    at += length;
                }
                // `{{` and `%%` are no holes, nor is their second half.
                None => at += if rest.get(1) == rest.first() { 2 } else { 1 },
            }
        }
    }

    /// One literal whose prefix has `prefix` letters.
    fn literal(&mut self, prefix: usize) -> Option<()> {
        let letters = self.bytes.get(self.at..self.at + prefix)?;
        let raw = letters.iter().any(|byte| matches!(byte, b'r' | b'R'));
        let formats = letters.iter().any(|byte| matches!(byte, b'f' | b'F'));
        self.at += prefix;
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if triple { 3 } else { 1 };
        self.literals += 1;
        self.piece(self.at);
        let mut from = self.at;
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte == quote && (!triple || (self.peek(1) == quote && self.peek(2) == quote)) {
                self.take(from);
                self.at += if triple { 3 } else { 1 };
                return Some(());
            }
            match byte {
                b'\\' if raw => {
                    self.at += 1;
                    if self.peek(0).is_ascii() {
                        self.at += 1;
                    }
                }
                b'\\' => {
                    self.take(from);
                    self.escape()?;
                    from = self.at;
                    self.piece(from);
                }
                b'{' | b'}' if formats => {
                    self.take(from);
                    if self.peek(1) == byte {
                        // Two of them are one.
                        self.at += 1;
                        self.piece(self.at);
                        self.out.code.push(char::from(byte));
                        self.at += 1;
                    } else {
                        let start = self.at;
                        self.group(Hash::IsCode)?;
                        self.hole(start, self.at, start + 1, self.at - 1);
                    }
                    from = self.at;
                    self.piece(from);
                }
                b'\n' if !triple => return None,
                _ => self.at += 1,
            }
        }
    }

    /// Copies the source from `from` up to here.
    fn take(&mut self, from: usize) {
        self.out.code.push_str(self.source.get(from..self.at).unwrap_or_default());
    }

    /// From here on, the code lies at `to`.
    fn piece(&mut self, to: usize) {
        let from = clamp(self.out.code.len());
        if self.out.map.last().is_some_and(|piece| piece.0 == from) {
            self.out.map.pop();
        }
        self.out.map.push((from, clamp(to)));
    }

    /// An escape: what it stands for, where that is one of the common ones.
    fn escape(&mut self) -> Option<()> {
        let after = self.at + 1;
        let stands_for = match self.peek(1) {
            b'n' => "\n",
            b't' => "\t",
            b'r' => "\r",
            b'\\' => "\\",
            b'\'' => "'",
            b'"' => "\"",
            b'\n' => "",
            b'x' | b'u' | b'U' | b'N' | b'0'..=b'9' | b'\r' | b'a' | b'b' | b'f' | b'v' => return None,
            // Python keeps the backslash of what it does not know.
            _ => {
                self.piece(self.at);
                self.out.code.push('\\');
                self.at = after;
                return Some(());
            }
        };
        self.piece(after);
        self.out.code.push_str(stands_for);
        self.at = after + 1;
        Some(())
    }

    /// Passes a literal inside something that is put in.
    fn nested(&mut self) -> Option<()> {
        let quote = self.peek(0);
        let triple = self.peek(1) == quote && self.peek(2) == quote;
        self.at += if triple { 3 } else { 1 };
        loop {
            let byte = *self.bytes.get(self.at)?;
            if byte == b'\\' {
                self.at += 2;
            } else if byte == quote && (!triple || (self.peek(1) == quote && self.peek(2) == quote)) {
                self.at += if triple { 3 } else { 1 };
                return Some(());
            } else {
                self.at += 1;
            }
        }
    }

    /// Writes a hole for the source from `start` to `end`, with the name that stands from `first` to `last`.
    fn hole(&mut self, start: usize, end: usize, first: usize, last: usize) {
        let name = self.source.get(first..last).unwrap_or_default();
        let name = name.split(['!', ':']).next().unwrap_or_default().trim();
        let from = self.out.code.len();
        self.piece(start);
        self.out.code.push('{');
        let kept = name.chars().take(LONGEST_NAME.min((end - start).saturating_sub(2)));
        self.out.code.extend(kept.map(|c| if c.is_ascii_alphanumeric() || c == '.' { c } else { '_' }));
        self.piece(end.saturating_sub(1));
        self.out.code.push('}');
        self.out.holes.push(Span::from_range(from..self.out.code.len()));
    }

    /// Something between `+` that is no literal.
    fn hole_operand(&mut self) -> Option<()> {
        let start = self.at;
        self.skip_operand()?;
        let text = self.source.get(start..self.at)?;
        let end = start + text.trim_end().len();
        (end > start).then(|| self.hole(start, end, start, end))?;
        self.piece(self.at);
        Some(())
    }

    /// Passes an operand that is no literal, up to a `+` or the end. `None` if it is more than one: a condition, a
    /// comparison.
    fn skip_operand(&mut self) -> Option<()> {
        self.blanks();
        let start = self.at;
        while !self.is_end() {
            match self.peek(0) {
                b'(' | b'[' | b'{' => self.group(Hash::StartsComment)?,
                b'\'' | b'"' => self.nested()?,
                b'+' => break,
                b')' if self.depth > 0 => break,
                b')' | b']' | b'}' | b',' | b'<' | b'>' | b'=' | b'|' | b'&' | b'^' => return None,
                b' ' | b'\t' | b'\n' | b'\r' | b'#' => {
                    let before = self.at;
                    self.blanks();
                    let rest = self.bytes.get(self.at..).unwrap_or_default();
                    let word = rest.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
                    let word = rest.get(..word).unwrap_or_default();
                    if matches!(word, b"if" | b"else" | b"or" | b"and" | b"in" | b"is" | b"not" | b"for") {
                        return None;
                    }
                    if self.at == before {
                        return None;
                    }
                }
                _ => self.at += 1,
            }
        }
        (self.at > start).then_some(())
    }

    /// Passes a pair of brackets with all that is in it.
    fn group(&mut self, hash: Hash) -> Option<()> {
        let mut depth = 0_usize;
        loop {
            match *self.bytes.get(self.at)? {
                b'(' | b'[' | b'{' => depth += 1,
                b')' | b']' | b'}' => {
                    depth = depth.checked_sub(1)?;
                    if depth == 0 {
                        self.at += 1;
                        return Some(());
                    }
                }
                b'\'' | b'"' => {
                    self.nested()?;
                    continue;
                }
                b'#' if hash == Hash::StartsComment => {
                    let rest = self.bytes.get(self.at..).unwrap_or_default();
                    self.at += memchr::memchr(b'\n', rest).unwrap_or(rest.len());
                    continue;
                }
                _ => {}
            }
            self.at += 1;
        }
    }
}
