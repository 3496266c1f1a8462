//! Pages: `rules/packages/shell-pip.md`, `rules/packages/pip-in-subprocess.md`.

use super::command::{Word, words};
use crate::finding::Severity;
use crate::notebook::Language;
use crate::notebook::Notebook;
use crate::notebook::magic::{Magic, MagicKind};
use crate::rules::calls::calls_to;
use crate::rules::context::Context;
use crate::text::Span;
use crate::text::edit::Edit;

/// From this runtime on a shell's `pip` installs for the notebook as well.
const SHARED_SINCE: (u16, u16) = (11, 0);

/// `!pip install` and `%sh pip install`.
pub(super) fn magic(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = &document.notebook else { return };
    let text = document.text();
    let old = context.target.dbr.is_some_and(|dbr| dbr < SHARED_SINCE);
    let severity = if old { Severity::Warning } else { context.settings.severity };
    for cell in &notebook.cells {
        for magic in cell.magics.iter().filter(|magic| magic.live) {
            let in_shell = match magic.kind {
                MagicKind::Shell => false,
                MagicKind::Language(Language::Shell) => true,
                _ => continue,
            };
            let lines = if in_shell {
                Span::new(magic.argument.start, cell.body.end.max(magic.argument.start))
            } else {
                magic.argument
            };
            let mut one = None;
            let mut other = 0;
            for line in shell_lines(text, lines, notebook) {
                let words = words(text, line, notebook);
                // From here on it is another Python's `pip`.
                if enters_environment(&words) {
                    break;
                }
                match install(&words) {
                    Some(pip) if one.is_none() => {
                        let first = words.first().map_or(line.start, |word| word.span.start);
                        one = Some((first, pip, is_plain(line.of(text))));
                    }
                    _ => other += usize::from(!words.is_empty()),
                }
            }
            let Some((first, pip, plain)) = one else { continue };
            let sign = written(magic, text);
            let message = format!("`{sign}` installs behind the notebook's back: use `%pip install`");
            let place = if in_shell { Span::new(first, pip.end) } else { Span::new(magic.span.start, pip.end) };
            let finding = context.report_with(severity, place, message);
            let same_line = !Span::new(magic.span.start, pip.start.max(magic.span.start)).of(text).contains('\n');
            if other == 0 && plain && same_line {
                let head = Span::new(magic.span.start, pip.end);
                finding.unsafe_fix("Install with `%pip`", vec![Edit::replace(head, "%pip")]);
            }
        }
    }
}

/// `!pip`, `%sh pip`.
fn written(magic: &Magic, text: &str) -> String {
    let sign = Span::new(magic.span.start, magic.name.end).of(text);
    if sign.ends_with('!') { format!("{sign}pip") } else { format!("{sign} pip") }
}

/// The lines of a shell's code, without `# MAGIC`; continued lines are one.
fn shell_lines(text: &str, span: Span, notebook: &Notebook) -> Vec<Span> {
    let prefix = format!("{} MAGIC", notebook.language.comment());
    let mut found: Vec<Span> = Vec::new();
    let mut at = span.start;
    let mut continues = false;
    for line in span.of(text).split_inclusive('\n') {
        let end = at + u32::try_from(line.len()).unwrap_or(0);
        let skipped = if line.starts_with(&prefix) { prefix.len() } else { 0 };
        let start = at + u32::try_from(skipped).unwrap_or(0);
        match found.last_mut() {
            Some(last) if continues => *last = Span::new(last.start, end),
            _ => found.push(Span::new(start, end)),
        }
        continues = line.trim_end().ends_with('\\');
        at = end;
    }
    found
}

/// The words from `pip` on, if they install something: where `pip` stands.
fn install(words: &[Word]) -> Option<Span> {
    let word = |at: usize| words.get(at).map_or("", |word| word.text.as_str());
    let python = |name: &str| name.rsplit('/').next().is_some_and(|name| name.starts_with("python"));
    let at = match word(0) {
        "pip" | "pip3" => 0,
        name if python(name) && word(1) == "-m" && word(2) == "pip" => 2,
        name if name.ends_with("/pip") || name.ends_with("/pip3") => 0,
        "sudo" if matches!(word(1), "pip" | "pip3") => 1,
        _ => return None,
    };
    (word(at + 1) == "install").then(|| words.get(at).map(|word| word.span)).flatten()
}

/// Whether a line makes another Python current: `conda activate x`, `source x/bin/activate`.
fn enters_environment(words: &[Word]) -> bool {
    let mut words = words.iter().map(|word| word.text.as_str());
    let (first, second) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    matches!((first, second), ("conda" | "mamba" | "micromamba" | "pyenv", "activate" | "shell"))
        || matches!(first, "source" | ".") && second.ends_with("/activate")
}

/// Whether a shell would make nothing more of a line than words.
fn is_plain(line: &str) -> bool {
    !line.contains(['|', '&', ';', '>', '<', '$', '`', '{'])
}

/// `os.system("pip install …")` and the like.
pub(super) fn subprocess(context: &mut Context<'_>) {
    const CALLS: &[&str] = &[
        "os.system",
        "os.popen",
        "subprocess.run",
        "subprocess.call",
        "subprocess.check_call",
        "subprocess.check_output",
        "subprocess.Popen",
        "subprocess.getoutput",
    ];
    let document = context.document;
    let facts = &document.python;
    if facts.symbols.get("os").is_none() && facts.symbols.get("subprocess").is_none() {
        return;
    }
    let mut found = Vec::new();
    for call in CALLS.iter().flat_map(|path| calls_to(facts, path)) {
        let Some(first) = facts.arguments(call).first() else { continue };
        // `[sys.executable, "-m", "pip", "install", …]`, or one string.
        let code: String =
            first.span.of(document.text()).chars().filter(|c| !matches!(c, '"' | '\'' | ',' | '[' | '(')).collect();
        let words: Vec<&str> = code.split_whitespace().collect();
        let pip = words.iter().take(4).position(|word| {
            matches!(word.trim_start_matches(['f', 'r']), "pip" | "pip3")
                || word.ends_with("/pip")
                || word.ends_with("/pip3")
        });
        if pip.is_some_and(|at| words.get(at + 1) == Some(&"install")) {
            found.push(call.span);
        }
    }
    for span in found {
        let message = "`pip` in a process of its own installs behind the notebook's back: use `%pip install` in a cell at \
                       the top";
        context.report(span, message);
    }
}
