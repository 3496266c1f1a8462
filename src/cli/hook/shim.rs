//! The script that git runs.

use super::Kind;
use std::fmt::Write as _;
use std::path::Path;

/// The second line of every script of ours, up to the name of the hook. It is how we know them again.
const MARK: &str = "# brickgate hook: ";

/// What is added to the name of a hook that was there before.
pub(super) const BEFORE: &str = ".before-brickgate";

/// The script for a hook.
pub(super) fn text(kind: Kind, program: &Path, options: &[String]) -> String {
    let name = kind.as_str();
    let mut run = format!("hook run {name}");
    for option in options {
        let _ = write!(run, " {}", quoted(option));
    }
    let closed = options.iter().any(|option| option.contains("fail-closed"));
    let missing = i32::from(closed || !kind.is_on_server());
    let hint = if kind.is_on_server() { "install it again on this server" } else { "`--no-verify` goes without it" };
    let (keep, feed) = if kind.reads_stdin() {
        // Both read all of it, so it is kept.
        ("input=$(cat; echo x)\ninput=${input%x}\n", "printf %s \"$input\" | ")
    } else {
        ("", "")
    };
    let call = if kind.reads_stdin() { "printf %s \"$input\" | " } else { "exec " };
    format!(
        "#!/bin/sh\n{MARK}{name}\n\
         # `brickgate hook uninstall --type {name}` takes it out again and puts back what was there before.\n\
         {keep}before=\"$(dirname -- \"$0\")/{name}{BEFORE}\"\n\
         if [ -x \"$before\" ]; then\n    {feed}\"$before\" \"$@\" || exit $?\nfi\n\
         brickgate={program}\n\
         if [ ! -x \"$brickgate\" ]; then\n    \
         brickgate=$(command -v brickgate) || {{\n        \
         echo 'brickgate is neither where it was installed nor on PATH; {hint}' >&2\n        exit {missing}\n    }}\nfi\n\
         {call}\"$brickgate\" {run} -- \"$@\"\n",
        program = quoted(&program.to_string_lossy()),
    )
}

/// Whether a script is ours.
pub(super) fn is_ours(text: &[u8]) -> bool {
    let mut lines = text.split(|&byte| byte == b'\n');
    lines.next().is_some_and(|first| first.starts_with(b"#!"))
        && lines.next().is_some_and(|second| second.starts_with(MARK.as_bytes()))
}

/// The options that a script of ours passes on, as it writes them.
pub(super) fn program(text: &str) -> Option<&str> {
    text.lines().find_map(|line| line.strip_prefix("brickgate='")?.strip_suffix('\''))
}

/// A word for the shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scripts_are_known_again() {
        let text = text(Kind::PrePush, Path::new("/opt/it's/brickgate"), &["--config".to_owned(), "a b".to_owned()]);
        assert!(is_ours(text.as_bytes()) && !is_ours(b"#!/bin/sh\nbrickgate check\n"));
        assert!(text.contains(r"brickgate='/opt/it'\''s/brickgate'"), "{text}");
        assert!(text.contains("hook run pre-push '--config' 'a b' -- \"$@\""), "{text}");
        let text = super::text(Kind::PreCommit, Path::new("/opt/brickgate"), &[]);
        assert_eq!(program(&text), Some("/opt/brickgate"));
    }
}
