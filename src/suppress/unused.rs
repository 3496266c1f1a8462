//! Findings about comments that silence nothing.

use super::directive::{Directive, Name};
use super::{Rules, Silencer, UNUSED_IGNORE};
use crate::finding::{Finding, Fix, Safety, Severity};
use crate::text::nearest::nearest;
use crate::text::{Span, edit::Edit};
use std::sync::Arc;

/// What can be said of a name.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// It silenced something, or nobody can know.
    Fine,
    /// It silenced nothing.
    Unused,
    /// No rule or group is called so.
    Unknown,
}

impl Rules<'_> {
    fn state(&self, name: &Name, text: &str) -> State {
        let written = name.span.of(text);
        let ran = |rule: &str| self.ran.contains(&rule);
        if name.used {
            State::Fine
        } else if let Some(group) = written.strip_suffix("/*") {
            let rules: Vec<&str> = self.groups.iter().filter(|(_, of)| **of == group).map(|(rule, _)| *rule).collect();
            // One rule of the group that did not run may be what the comment is for.
            match rules.is_empty() {
                true => State::Unknown,
                false if rules.into_iter().all(ran) => State::Unused,
                false => State::Fine,
            }
        } else if self.groups.contains_key(written) {
            if ran(written) { State::Unused } else { State::Fine }
        } else {
            State::Unknown
        }
    }

    /// All names that a comment can hold, sorted.
    fn names(&self) -> &[String] {
        self.names.get_or_init(|| {
            let mut names: Vec<String> = self.groups.values().map(|group| format!("{group}/*")).collect();
            names.extend(self.groups.keys().map(|&name| name.to_owned()));
            names.sort();
            names.dedup();
            names
        })
    }

    /// The rule or group that may have been meant.
    fn meant(&self, written: &str) -> Option<String> {
        if self.groups.values().any(|group| *group == written) {
            return Some(format!("{written}/*"));
        }
        let bare = written.rsplit('/').next().filter(|bare| *bare != "*").unwrap_or(written);
        nearest(bare, self.names().iter().map(String::as_str)).map(str::to_owned)
    }
}

impl Silencer<'_> {
    /// What is to be said of the directives, looking only at names that `wanted` takes. Faults of the directives
    /// themselves are said once, where other names than that of this rule are wanted.
    pub(super) fn unused(&self, rules: &Rules<'_>, severity: Severity, wanted: impl Fn(&str) -> bool) -> Vec<Finding> {
        let mut found = Vec::new();
        for directive in &self.directives {
            if let Some((span, message)) = &directive.fault {
                if !wanted(UNUSED_IGNORE) {
                    found.push(self.finding(*span, message.clone(), severity, None));
                }
                continue;
            }
            if directive.reach.is_none() {
                continue;
            }
            let looked_at = || directive.names.iter().filter(|name| wanted(name.span.of(self.text)));
            let unused: Vec<&Name> = looked_at().filter(|name| rules.state(name, self.text) == State::Unused).collect();
            if !unused.is_empty() {
                found.push(self.unused_finding(directive, &unused, severity));
            }
            for name in looked_at().filter(|name| rules.state(name, self.text) == State::Unknown) {
                found.push(self.unknown_finding(directive, name, rules, severity));
            }
        }
        found
    }

    fn unused_finding(&self, directive: &Directive, unused: &[&Name], severity: Severity) -> Finding {
        let names: Vec<String> = unused.iter().map(|name| format!("`{}`", name.span.of(self.text))).collect();
        let whole = unused.len() == directive.names.len();
        let span = unused.first().filter(|_| !whole).map_or(directive.span, |name| name.span);
        let listed = match names.split_last() {
            Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
            _ => names.concat(),
        };
        let remove = if whole { "remove the comment" } else { "remove the name" };
        let message = format!("nothing is ignored here: there is no {listed} to ignore, so {remove}");
        self.finding(span, message, severity, Some(self.removal(directive, unused)))
    }

    fn unknown_finding(&self, directive: &Directive, name: &Name, rules: &Rules<'_>, severity: Severity) -> Finding {
        let written = name.span.of(self.text);
        let (message, fix) = if let Some(meant) = rules.meant(written) {
            let edits = vec![Edit::replace(name.span, meant.clone())];
            let fix = Fix { title: format!("Use `{meant}`"), safety: Safety::Unsafe, edits, file_edits: Vec::new() };
            (format!("there is no rule `{written}`, so nothing is ignored: did you mean `{meant}`?"), fix)
        } else {
            let message =
                format!("there is no rule `{written}`, so nothing is ignored: `brickgate rules` lists them all");
            (message, self.removal(directive, &[name]))
        };
        self.finding(name.span, message, severity, Some(fix))
    }

    fn finding(&self, span: Span, message: String, severity: Severity, fix: Option<Fix>) -> Finding {
        let path = self.document.path.clone();
        Finding { rule: Arc::from(UNUSED_IGNORE), path, span, message, severity, fix, notes: Vec::new() }
    }

    /// Removes names from a directive, or all of it.
    fn removal(&self, directive: &Directive, names: &[&Name]) -> Fix {
        let stays = |name: &&Name| !names.iter().any(|gone| gone.span == name.span);
        let kept: Vec<&str> = directive.names.iter().filter(stays).map(|name| name.span.of(self.text)).collect();
        if kept.is_empty() {
            let title = "Remove the comment".to_owned();
            return Fix {
                title,
                safety: Safety::Safe,
                edits: vec![Edit::delete(self.extent(directive))],
                file_edits: Vec::new(),
            };
        }
        let edits = vec![Edit::replace(directive.inside, kept.join(", "))];
        Fix { title: "Remove the name".to_owned(), safety: Safety::Safe, edits, file_edits: Vec::new() }
    }

    /// All that goes when a directive goes: its line, if nothing else stands there; what else the comment says
    /// stays.
    fn extent(&self, directive: &Directive) -> Span {
        let Span { start, end } = directive.span;
        let line = self.lines.line_of(start);
        let content = self.lines.line_content(line, self.text);
        let after = Span::new(end, content.end.max(end)).of(self.text);
        if !after.trim().is_empty() {
            let blanks = after.len() - after.trim_start().len();
            return Span::new(start, end + u32::try_from(blanks).unwrap_or(0));
        }
        let before = Span::new(content.start, start).of(self.text);
        if !self.content_before(start).is_empty() {
            let kept = u32::try_from(before.trim_end().len()).unwrap_or(0);
            return Span::new(content.start + kept, content.end.max(end));
        }
        // The last line of a cell gives up the line end before it: the one after it is not the cell's.
        let body = match (&self.document.notebook, directive.comment.cell) {
            (Some(notebook), Some(cell)) => notebook.cells.get(cell).map(|cell| cell.body),
            _ => None,
        };
        let body = body.unwrap_or(Span::from_range(0..self.text.len()));
        let whole = self.lines.line(line);
        if whole.end < body.end || (whole.end == body.end && whole.end > content.end) {
            whole
        } else if content.start > body.start {
            let previous = self.lines.line_content(line - 1, self.text);
            Span::new(previous.end.max(body.start), content.end)
        } else {
            Span::new(start, content.end)
        }
    }
}
