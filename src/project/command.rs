//! `%run`, taken apart.

use crate::text::Span;

/// What stands behind `%run`. Spans are bytes of the text that was taken apart.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RunCommand {
    /// The path without its quotes.
    pub path: Option<Span>,
    /// Whether the path is put together when the notebook runs (`./$env/x`).
    pub computed: bool,
    /// Whether a quote is opened and never closed.
    pub unclosed: bool,
    /// The `$name=value` arguments, names without `$`, values without quotes.
    pub arguments: Vec<(String, String)>,
    /// From the first thing that is neither path nor argument to the end.
    pub unexpected: Option<Span>,
}

/// Takes apart what follows `%run` in its cell. Line ends separate like blanks, as in the platform's own reader,
/// which expects nothing but `$` and a name behind the path.
pub fn parse(text: &str) -> RunCommand {
    let mut command = RunCommand::default();
    let mut reader = Reader { text, at: 0 };
    reader.skip_blank();
    if reader.rest().is_empty() {
        return command;
    }
    let path = reader.word();
    command.unclosed = path.unclosed;
    command.computed = path.inner.of(text).contains(['$', '{']);
    command.path = (!path.inner.is_empty()).then_some(path.inner);
    loop {
        reader.skip_blank();
        let start = reader.at;
        if reader.rest().is_empty() {
            return command;
        }
        let Some(name) = reader.name() else {
            let end = start + text.get(start..).unwrap_or_default().trim_end().len();
            command.unexpected = Some(Span::from_range(start..end));
            return command;
        };
        let value = reader.word();
        command.unclosed |= value.unclosed;
        command.arguments.push((name.to_owned(), value.inner.of(text).to_owned()));
    }
}

/// A run of characters up to the next blank, or what stands between quotes.
struct Word {
    inner: Span,
    unclosed: bool,
}

struct Reader<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Reader<'a> {
    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }

    /// Skips blanks, line ends, and backslashes that stand before a line end.
    fn skip_blank(&mut self) {
        loop {
            let rest = self.rest().trim_start();
            let continued = rest.strip_prefix('\\').filter(|after| after.is_empty() || after.starts_with(['\r', '\n']));
            self.at = self.text.len() - continued.unwrap_or(rest).len();
            if continued.is_none() {
                return;
            }
        }
    }

    /// Reads `$name =`; stays where it is if there is none.
    fn name(&mut self) -> Option<&'a str> {
        let rest = self.rest().strip_prefix('$')?;
        let name = &rest[..rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len())];
        if name.is_empty() {
            return None;
        }
        let after = rest[name.len()..].trim_start_matches([' ', '\t']).strip_prefix('=')?;
        // `$a= "x"` gives a value, `$a= $b=1` leaves `a` empty.
        let value = after.trim_start_matches([' ', '\t']);
        let value = if value.starts_with(['"', '\'']) { value } else { after };
        self.at = self.text.len() - value.len();
        Some(name)
    }

    fn word(&mut self) -> Word {
        let rest = self.rest();
        let start = self.at;
        if let Some(quote) = rest.chars().next().filter(|quote| matches!(quote, '"' | '\'')) {
            let inner = &rest[1..];
            if let Some(length) = inner.find(quote) {
                self.at = start + length + 2;
                return Word { inner: Span::from_range(start + 1..start + 1 + length), unclosed: false };
            }
            let line = inner.lines().next().unwrap_or_default().trim_end();
            self.at = start + 1 + line.len();
            return Word { inner: Span::from_range(start + 1..self.at), unclosed: true };
        }
        let length = rest.find(char::is_whitespace).unwrap_or(rest.len());
        self.at = start + length;
        Word { inner: Span::from_range(start..self.at), unclosed: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(text: &str) -> Option<&str> {
        parse(text).path.map(|span| span.of(text))
    }

    fn unexpected(text: &str) -> Option<&str> {
        parse(text).unexpected.map(|span| span.of(text))
    }

    #[test]
    fn paths() {
        assert_eq!(path(" ./x"), Some("./x"));
        assert_eq!(path("\"../a b/x\"  "), Some("../a b/x"));
        assert_eq!(path("'./x'"), Some("./x"));
        assert_eq!(path("  "), None);
        assert_eq!(path("\"\""), None);
        assert_eq!(path("./ü\u{a0}x"), Some("./ü"));
        assert!(parse("./$env/x").computed && parse("{x}").computed && !parse("./x $a=$b").computed);
    }

    #[test]
    fn unclosed_quotes() {
        let command = parse("\"./a b\n");
        assert!(command.unclosed);
        assert_eq!(path("\"./a b\n"), Some("./a b"));
        assert!(parse("./x $a=\"1").unclosed);
        assert!(!parse("\"./x\"").unclosed);
    }

    #[test]
    fn arguments() {
        let pairs = |text: &str| parse(text).arguments;
        let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
        assert_eq!(pairs("./x $a=\"one two\" $b='2' $c=$d"), [pair("a", "one two"), pair("b", "2"), pair("c", "$d")]);
        assert_eq!(pairs("./x\n$a=1\n\n$b = \"2\""), [pair("a", "1"), pair("b", "2")]);
        assert_eq!(pairs("./x \\\n  $a=1"), [pair("a", "1")]);
        assert_eq!(pairs("./x $a= $b=1"), [pair("a", ""), pair("b", "1")]);
        for text in ["./x $a=1", "./x", "./x\n\n", "./x \\\n"] {
            assert_eq!(unexpected(text), None, "{text}");
        }
    }

    #[test]
    fn unexpected_text() {
        assert_eq!(unexpected("./x # set up"), Some("# set up"));
        assert_eq!(unexpected("./x\n%run ./y\n"), Some("%run ./y"));
        assert_eq!(unexpected("./my notebook"), Some("notebook"));
        assert_eq!(unexpected("./x a=1"), Some("a=1"));
        assert_eq!(unexpected("./x $a"), Some("$a"));
        assert_eq!(unexpected("./x $a=1 print(2) $b=3"), Some("print(2) $b=3"));
        assert_eq!(unexpected("./x $=1"), Some("$=1"));
    }
}
