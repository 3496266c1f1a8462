//! Text in XML and HTML.

use super::plain;
use std::borrow::Cow;

/// `text` as it stands between tags and in attributes; what XML cannot hold is shown as it is for people.
pub(super) fn text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 8);
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => plain::push(&mut out, c),
        }
    }
    out
}

/// A message with what stands in backticks as code: `<code>…</code>`.
pub(super) fn message(message: &str) -> String {
    if message.matches('`').count() % 2 == 1 {
        return text(message);
    }
    let mut out = String::with_capacity(message.len() + 16);
    for (at, part) in message.split('`').enumerate() {
        let part: Cow<'_, str> = text(part).into();
        if at % 2 == 1 {
            out.extend(["<code>", &*part, "</code>"]);
        } else {
            out.push_str(&part);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_gets_out_of_its_place() {
        assert_eq!(text("a<b> & \"c\" 'd'\u{1}\n\u{ffff}"), "a&lt;b&gt; &amp; &quot;c&quot; &#39;d&#39;␁␊\u{fffd}");
        assert_eq!(message("use `a<b>` here"), "use <code>a&lt;b&gt;</code> here");
        assert_eq!(message("a ` alone"), "a ` alone");
    }
}
