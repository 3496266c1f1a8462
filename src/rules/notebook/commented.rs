//! Page: `rules/notebook/commented-out-code.md`.

use crate::notebook::{Form, Language};
use crate::rules::context::Context;
use crate::text::Span;

/// Comments in Python cells that are code.
pub(super) fn check(context: &mut Context<'_>) {
    let document = context.document;
    let Some(notebook) = document.notebook.as_ref().filter(|notebook| notebook.language == Language::Python) else {
        return;
    };
    let text = document.text();
    let least = context.integer("min-lines") as usize;
    let mut strings: Option<Vec<Span>> = None;
    let mut in_string = |offset: u32| {
        let strings = strings.get_or_insert_with(|| {
            let mut strings: Vec<Span> = document.python.strings.iter().map(|row| row.span).collect();
            strings.sort_unstable();
            strings
        });
        let at = strings.partition_point(|span| span.start <= offset);
        strings.get(..at).unwrap_or_default().iter().rev().take(4).any(|span| span.contains(offset))
    };
    for cell in notebook.cells.iter().filter(|cell| cell.form == Form::Plain && cell.language == Language::Python) {
        for block in blocks(text, cell.body, &mut in_string) {
            // A sentence above the code is about it, and none of it.
            let are_code: Vec<bool> = block.iter().map(|line| is_code(line.of(text))).collect();
            let code = are_code.iter().filter(|is_code| **is_code).count();
            let prose = are_code.iter().take_while(|is_code| !**is_code).count();
            let lines = block.get(prose..).unwrap_or_default();
            let Some(whole) = lines.iter().copied().reduce(Span::to) else { continue };
            // Most of the lines must be code: prose may look like it once.
            if code >= least.max(1) && code * 3 >= block.len() * 2 {
                let what = if lines.len() == 1 {
                    "this line is".to_owned()
                } else {
                    format!("these {} lines are", lines.len())
                };
                context.report(whole, format!("{what} code that is commented out: delete it, git keeps it"));
            }
        }
    }
}

/// The lines that are comments and whole lines of `body`, those next to each other together.
fn blocks(text: &str, body: Span, in_string: &mut impl FnMut(u32) -> bool) -> Vec<Vec<Span>> {
    let code = body.of(text);
    let mut blocks: Vec<Vec<Span>> = Vec::new();
    // Where the line before ended.
    let mut before = None;
    let mut at = 0;
    for sign in memchr::memchr_iter(b'#', code.as_bytes()) {
        // Behind the first comment of a line there is nothing to look for.
        if sign < at {
            continue;
        }
        let rest = code.as_bytes().get(sign..).unwrap_or_default();
        at = memchr::memchr(b'\n', rest).map_or(code.len(), |length| sign + length + 1);
        let whole = text.as_bytes().get(..body.start as usize + sign).unwrap_or_default();
        let start = memchr::memrchr(b'\n', whole).map_or(0, |end| end + 1);
        let end = body.start as usize + at;
        let is_last = at == code.len() && !code.ends_with('\n');
        // The line may go on behind the body.
        let ends =
            !is_last || matches!(text.as_bytes().get(end..), Some([] | [b'\r'] | [b'\n', ..] | [b'\r', b'\n', ..]));
        let line = text.get(start..end).unwrap_or_default();
        let content = line.strip_suffix('\n').unwrap_or(line);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let span = Span::from_range(start..start + content.len());
        let is_comment = start >= body.start as usize && ends && content.trim_start().starts_with('#');
        if !is_comment || in_string(span.start) {
            continue;
        }
        match blocks.last_mut() {
            Some(block) if before == Some(start) => block.push(span),
            _ => blocks.push(vec![span]),
        }
        before = Some(end);
    }
    blocks
}

/// Whether a comment reads as a statement of Python.
fn is_code(line: &str) -> bool {
    let line = line.trim_start();
    let Some(code) = line.strip_prefix('#').map(str::trim) else { return false };
    if code.is_empty() || code.starts_with(['#', '!', '-', '=', '*', '%', ':']) || code.ends_with('.') {
        return false;
    }
    // Two plain words at the end: a sentence.
    let word = |text: &&str| text.len() > 1 && text.chars().all(char::is_alphabetic);
    let mut last = code.rsplit(' ').take(2).filter(word);
    let keyword = |text: &str| {
        matches!(text, "in" | "is" | "not" | "and" | "or" | "if" | "else" | "as" | "import" | "None" | "True" | "False")
    };
    if let (Some(one), Some(two)) = (last.next(), last.next())
        && !keyword(one)
        && !keyword(two)
    {
        return false;
    }
    let is_name = |text: &str| {
        !text.is_empty()
            && text.starts_with(|c: char| c == '_' || c.is_ascii_alphabetic())
            && text.chars().all(|c| matches!(c, '_' | '.' | '[' | ']' | '"' | '\'') || c.is_ascii_alphanumeric())
    };
    let first = code.split_whitespace().next().unwrap_or_default();
    let ends_block = code.ends_with(':');
    match first {
        "import" => code.split_whitespace().nth(1).is_some_and(is_name) && code.split_whitespace().count() <= 4,
        "from" => code.contains(" import "),
        "def" | "class" | "for" | "while" | "with" | "if" | "elif" | "try:" | "except" | "else:" => {
            ends_block && (code.contains('(') || code.contains(" in ") || code.contains("==") || first.ends_with(':'))
        }
        "return" => code.contains(['(', '.', '_']),
        _ => {
            let assigned = code.split_once(" = ").or_else(|| code.split_once('='));
            let is_assignment = assigned.is_some_and(|(left, right)| {
                is_name(left.trim())
                    && !right.trim().is_empty()
                    && !right.starts_with('=')
                    && !right.trim().contains(" is ")
            });
            let call = code.find('(').and_then(|at| code.get(..at));
            let is_call = call.is_some_and(|name| is_name(name) && code.ends_with([')', '(', ',']));
            let is_chain = code.starts_with('.') && code.contains('(');
            is_assignment || is_call || is_chain
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_code;

    #[test]
    fn code_and_prose() {
        for line in
            ["# df = spark.table(\"x\")", "# df.show()", "#import os", "#   .filter(x)", "# for x in y:", "# x=1"]
        {
            assert!(is_code(line), "{line}");
        }
        for line in [
            "# Detroit (AMER)",
            "# from here on it is slow",
            "# if it fails, run again:",
            "# return to the start",
            "# ---- load ----",
            "# see spark.table",
            "# Note: this = that is odd",
            "# properties={\"a\":\"b\"} prevents table refresh",
            "#",
        ] {
            assert!(!is_code(line), "{line}");
        }
    }
}
