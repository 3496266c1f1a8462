//! Text from files that are not ours, made harmless for terminals and logs.

use std::borrow::Cow;

/// `text` on one line, with every character that a terminal would act on shown instead:
/// C0 controls as their pictures (`␛`), the others by number (`<U+202E>`).
pub(super) fn line(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|byte| (0x20..0x7f).contains(&byte)) || !text.chars().any(is_hidden) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        push(&mut out, c);
    }
    Cow::Owned(out)
}

/// Output of ours without what GitHub Actions and Azure Pipelines would take for commands to them, which can set variables
/// of the run: somebody's code may hold such text, and nobody else is to speak with our voice.
///
/// Source: actions/runner, `ActionCommand.cs` (`::` at the start of a line, `##[` anywhere in it); azure-pipelines-agent,
/// `Command.cs` (`##vso[` anywhere in a line).
pub(super) fn without_commands(text: &str) -> String {
    let harmless = |line: &str| {
        let code = line.trim_start();
        let line = match code.strip_prefix("::") {
            Some(rest) => format!("{}: :{rest}", line.get(..line.len() - code.len()).unwrap_or("")),
            None => line.to_owned(),
        };
        line.replace("##[", "## [").replace("##vso[", "## vso[")
    };
    text.split_inclusive('\n').map(harmless).collect()
}

/// Appends `c`, or what stands for it if it is hidden.
pub(super) fn push(out: &mut String, c: char) {
    if !is_hidden(c) {
        out.push(c);
    } else if let Some(picture) = picture(c) {
        out.push(picture);
    } else {
        use std::fmt::Write as _;
        // Writing to a string does not fail.
        let _ = write!(out, "<U+{:04X}>", u32::from(c));
    }
}

/// Whether a terminal would act on `c`, or show nothing where something stands: controls, changes of
/// direction, and spaces without width.
pub(super) fn is_hidden(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{061c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The picture of a C0 control or of delete.
fn picture(c: char) -> Option<char> {
    match u32::from(c) {
        code @ 0..0x20 => char::from_u32(0x2400 + code),
        0x7f => Some('\u{2421}'),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_else_gives_commands() {
        let said =
            "a ##vso[task.setvariable variable=x]y\n  ::set-env name=x::y\n1 | # ##[stop-commands]z\na::b # [c]\n";
        assert_eq!(
            without_commands(said),
            "a ## vso[task.setvariable variable=x]y\n  : :set-env name=x::y\n1 | # ## [stop-commands]z\na::b # [c]\n"
        );
    }

    #[test]
    fn controls_are_shown_not_sent() {
        assert_eq!(line("a\u{1b}[31mb\nc\u{7f}"), "a␛[31mb␊c␡");
        assert_eq!(line("a\u{202e}b\u{200b}\u{9b}"), "a<U+202E>b<U+200B><U+009B>");
        assert!(matches!(line("größe 名前 👩\u{200d}💻"), Cow::Borrowed(_)));
    }
}
