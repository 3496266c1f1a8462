//! Reads a page as far as a check needs it.

use super::head::{self, RuleBlock};
use super::markdown::{Block, Blocks, Fence};
use super::{Faults, FixKind, Page, PageProblem, QueryBlock, examples};
use crate::text::Span;
use std::borrow::Cow;

/// Whether a name is lower-case words of letters and digits, joined by single hyphens, a letter first.
pub fn is_kebab(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.split('-').all(|word| !word.is_empty())
        && name.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
}

impl Page {
    /// Reads heading, rule block, query block and the place of the description; examples are left alone, because
    /// every start of the program reads every page.
    ///
    /// `name` is the file's name without `.md`, `group` that of its folder, `path` is used in messages only.
    ///
    /// # Errors
    /// All that is wrong with that part of the page, in order of place.
    pub fn read(
        name: &str,
        group: &str,
        path: &str,
        text: impl Into<Cow<'static, str>>,
    ) -> Result<Self, Vec<PageProblem>> {
        let text = text.into();
        let mut faults = Faults::default();
        for (what, word) in [("page", name), ("group", group)] {
            if !is_kebab(word) {
                let message = format!("the {what} is called `{word}`, which is not in kebab-case, such as `bad-thing`");
                faults.add(Span::default(), message);
            }
        }
        let parts = Parts::collect(&text, &mut faults);
        let page = assemble(name, group, path, text.clone(), &parts, &mut faults);
        match page {
            Some(page) if faults.is_empty() => Ok(page),
            _ => Err(faults.into_problems(path, &text)),
        }
    }

    /// The first paragraph after the rule block, on one line.
    pub fn description(&self) -> String {
        self.description.of(&self.text).split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Where the parts of a page stand.
#[derive(Default)]
struct Parts {
    title: Option<Span>,
    rule: Option<Fence>,
    query: Option<Fence>,
    description: Option<Span>,
}

impl Parts {
    fn collect(text: &str, faults: &mut Faults) -> Self {
        let mut parts = Self::default();
        let mut first = true;
        for block in Blocks::new(text) {
            match block {
                Block::Heading { level: 1, text } if first => parts.title = Some(text),
                Block::Heading { .. } => {}
                Block::Text(span) => {
                    if parts.rule.is_some() && parts.description.is_none() {
                        parts.description = Some(span);
                    }
                }
                Block::Fence(fence) => match fence.info.of(text).split_whitespace().collect::<Vec<_>>().as_slice() {
                    ["toml", "rule", ..] => once(&mut parts.rule, fence, "toml rule", faults),
                    ["scm", "query", ..] => once(&mut parts.query, fence, "scm query", faults),
                    _ if parts.rule.is_some() && examples::is_example(fence, text) => break,
                    _ => {}
                },
            }
            first = false;
        }
        parts
    }
}

fn once(slot: &mut Option<Fence>, fence: Fence, what: &str, faults: &mut Faults) {
    if slot.is_some() {
        faults.add(fence.info, format!("a page has only one `{what}` block"));
    } else if fence.indent > 0 {
        faults.add(fence.info, format!("the `{what}` block is indented; start it at the line's first column"));
    } else if !fence.closed {
        faults.add(fence.info, format!("the `{what}` block is not closed"));
    }
    slot.get_or_insert(fence);
}

fn assemble(
    name: &str,
    group: &str,
    path: &str,
    text: Cow<'static, str>,
    parts: &Parts,
    faults: &mut Faults,
) -> Option<Page> {
    let title = parts.title.map(|span| span.of(&text).to_owned()).filter(|title| !title.is_empty());
    if title.is_none() {
        faults.add_with_help(Span::default(), "the page does not start with a heading", "write `# What is wrong`");
    }
    let Some(rule) = parts.rule else {
        faults.add_with_help(
            Span::default(),
            "the page has no `toml rule` block before its examples",
            "put one below the heading, with `severity` and `applies-to`",
        );
        return None;
    };
    let block = head::read(rule.content.of(&text), rule.content.start, rule.info, faults);
    if parts.description.is_none() {
        faults.add(rule.info, "no paragraph follows the rule block: say why the thing is bad");
    }
    let query = if let Some(fence) = parts.query {
        query(&block, fence, &text, rule.info, faults)
    } else {
        without_query(&block, faults);
        None
    };
    Some(Page {
        name: name.into(),
        group: group.into(),
        path: path.to_owned(),
        title: title?,
        head: block.head,
        query,
        description: parts.description?,
        text,
    })
}

/// Keys that say something only about queries.
fn without_query(block: &RuleBlock, faults: &mut Faults) {
    const HELP: &str = "functions write their own messages and fixes";
    if let Some((_, span)) = &block.message {
        faults.add_with_help(*span, "`message` is for pages with a `scm query` block", HELP);
    }
    if let Some((_, span)) = &block.fix {
        faults.add_with_help(*span, "`[fix]` is for pages with a `scm query` block", HELP);
    }
}

fn query(block: &RuleBlock, fence: Fence, text: &str, head: Span, faults: &mut Faults) -> Option<QueryBlock> {
    let source = fence.content.of(text);
    let captures = captures(source);
    if !captures.contains(&"here") {
        faults.add(fence.info, "the query captures no `@here`: the place to report");
    }
    let known = |template: &super::template::Template, span: Span, faults: &mut Faults| {
        for hole in template.holes().filter(|hole| !captures.contains(hole)) {
            faults.unknown(span, "capture", hole, &captures);
        }
    };
    let message = block.message.as_ref().map(|(message, span)| {
        known(message, *span, faults);
        message.clone()
    });
    if block.head.repository {
        faults.add(head, "a `scm query` looks at code, so its page cannot apply to `repository`");
    }
    if message.is_none() {
        faults.add(head, "a page with a `scm query` block needs a `message`");
    }
    if let (Some(span), false) = (block.fix_word, block.head.fix == FixKind::None) {
        faults.add(span, "a page with a `scm query` block says its fix in a `[fix]` table");
    }
    let fix = block.fix.as_ref().map(|(fix, span)| {
        known(&fix.template, *span, faults);
        fix.clone()
    });
    Some(QueryBlock { source: source.to_owned(), span: fence.content, message: message?, fix })
}

/// The names of all captures in a query, without `@`; strings and comments are passed over.
fn captures(source: &str) -> Vec<&str> {
    let mut names = Vec::new();
    let mut rest = source;
    while let Some(at) = rest.find(['"', ';', '@']) {
        let (sign, after) = rest.get(at..).and_then(|from| from.split_at_checked(1)).unwrap_or_default();
        rest = match sign {
            ";" => after.split_once('\n').map_or("", |(_, after)| after),
            "\"" => after_string(after),
            _ => {
                let word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-' | '.');
                let end = after.find(|c| !word(c)).unwrap_or(after.len());
                let (name, after) = after.split_at(end);
                if !names.contains(&name) {
                    names.push(name);
                }
                after
            }
        };
    }
    names
}

fn after_string(text: &str) -> &str {
    let mut escaped = false;
    for (at, c) in text.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return text.get(at + 1..).unwrap_or(""),
            _ => {}
        }
    }
    ""
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;
    use crate::page::OptionValue;
    use crate::project::document::Kind;

    fn problems(text: &str) -> Vec<String> {
        let read = Page::read("bad-thing", "group", "p.md", text.to_owned());
        read.map_or_else(|problems| problems.iter().map(ToString::to_string).collect(), |_| Vec::new())
    }

    const GOOD: &str = r#"# A bad thing

```toml rule
severity = "error"
applies-to = ["notebook", "module"]
since = "0.1.0"
fix = "safe"

[options.max-depth]
default = 2
help = "How deep."

[options.names]
default = ["a"]
help = "Which."
```

Why it is
bad.

```python a.py
x
```
"#;

    #[test]
    fn reads_all_that_a_check_needs() {
        for text in [GOOD.to_owned(), GOOD.replace('\n', "\r\n")] {
            let page = Page::read("bad-thing", "group", "p.md", text).unwrap();
            assert_eq!(page.title, "A bad thing");
            assert_eq!(page.description(), "Why it is bad.");
            assert_eq!((page.head.severity, page.head.enabled), (Severity::Error, true));
            assert_eq!(page.head.applies_to, [Kind::Notebook, Kind::Module]);
            assert_eq!(page.head.fix, FixKind::Safe);
            assert_eq!(page.head.options[0].default, OptionValue::Integer(2));
            assert_eq!(page.head.options[1].default.to_string(), "[\"a\"]");
            assert!(page.query.is_none());
        }
    }

    #[test]
    fn names_every_fault_at_once_with_its_place() {
        let text = "no heading\n\n```toml rule\nsevrity = \"error\"\napplies-to = [\"notbook\", 3]\nsince = 1\n\
                    message = \"{x\"\nreplaces = [\"ruf F821\", \"ruff E1\", \"ruff E1\"]\nfix = \"maybe\"\n[options.Max]\ndefault = -1\n```\n";
        assert_eq!(
            problems(text),
            [
                "p.md:1:1: error: the page does not start with a heading (write `# What is wrong`)",
                "p.md:3:4: error: `severity` is missing (write \"error\", \"warning\" or \"info\")",
                "p.md:3:4: error: no paragraph follows the rule block: say why the thing is bad",
                "p.md:4:1: error: unknown key `sevrity` (did you mean `severity`?)",
                "p.md:5:15: error: unknown kind `notbook` (did you mean `notebook`?)",
                "p.md:5:26: error: `applies-to` is a list of strings, not of integer",
                "p.md:6:9: error: `since` is a string, not integer",
                "p.md:7:11: error: a `{` is not closed; write `{{` for a brace",
                "p.md:8:13: error: unknown linter `ruf` (did you mean `ruff`?)",
                "p.md:8:36: error: `ruff E1` is there twice",
                "p.md:9:7: error: unknown kind of fix `maybe` (known: none, safe, unsafe)",
                "p.md:10:10: error: option `Max` is not in kebab-case, such as `max-depth`",
                "p.md:10:10: error: option `Max` has no `help`: say in one sentence what it does",
                "p.md:11:11: error: the default of `Max` is neither a whole number from 0 on, `true` or `false`, a string nor a \
                 list of strings",
            ]
        );
    }

    #[test]
    fn broken_toml_and_missing_blocks_are_said() {
        assert_eq!(problems("# x\n").len(), 1);
        let broken = problems("# x\n\n```toml rule\nseverity = \n```\n\nwhy\n");
        assert!(
            broken.iter().any(|problem| problem.starts_with("p.md:4:") && problem.contains("not valid TOML")),
            "{broken:?}"
        );
        let twice = format!("{}{}", GOOD.split("```python").next().unwrap(), "```toml rule\n```\n");
        assert_eq!(problems(&twice), ["p.md:21:4: error: a page has only one `toml rule` block"]);
        let open = "# x\n\n```toml rule\nseverity = \"info\"\napplies-to = [\"sql\"]\n";
        assert!(problems(open).iter().any(|problem| problem.ends_with("the `toml rule` block is not closed")));
        assert!(Page::read("Bad", "g", "p.md", GOOD).is_err());
    }

    #[test]
    fn queries_need_a_message_whose_holes_are_captures() {
        let page = |head: &str, query: &str| {
            format!(
                "# x\n\n```toml rule\nseverity = \"info\"\napplies-to = [\"module\"]\n{head}```\n\n\
                 ```scm query\n{query}\n```\n\nwhy\n"
            )
        };
        let query = "; about @nothing\n(call function: (_) @method (#eq? @method \"a@b\\\"\")) @here";
        assert_eq!(problems(&page("message = \"{method}\"\n", query)), [""; 0]);
        assert_eq!(problems(&page("", query)), ["p.md:3:4: error: a page with a `scm query` block needs a `message`"]);
        assert_eq!(
            problems(&page("message = \"{methd} {b}\"\n", query)),
            [
                "p.md:6:11: error: unknown capture `methd` (did you mean `method`?)",
                "p.md:6:11: error: unknown capture `b` (known: method, here)"
            ]
        );
        let no_here = problems(&page("message = \"m\"\n", "(call) @x"));
        assert_eq!(no_here, ["p.md:9:4: error: the query captures no `@here`: the place to report"]);
        let fixed = page("message = \"m\"\n[fix]\ntemplate = \"{here}\"\ntitle = \"Do\"\nsafe = true\n", query);
        let read = Page::read("x", "g", "p.md", fixed).unwrap();
        assert_eq!(read.head.fix, FixKind::Safe);
        assert!(read.query.unwrap().fix.unwrap().safe);
    }
}
