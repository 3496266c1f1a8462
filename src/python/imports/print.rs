//! Writing imports.

use super::Order;
use super::arrange::{Comments, Import, Member, What};
use unicode_width::UnicodeWidthStr;

/// Where imports are written.
pub(super) struct Place<'a> {
    order: &'a Order,
    /// Columns that the indentation takes.
    indent: usize,
}

impl<'a> Place<'a> {
    pub(super) fn new(order: &'a Order, indent: &str) -> Self {
        let tab = usize::from(order.indent_width.max(1));
        let columns =
            indent.chars().fold(0, |column, c| if c == '\t' { column + tab - column % tab } else { column + 1 });
        Self { order, indent: columns }
    }
}

/// Writes one import. `is_first`: of its section.
pub(super) fn import(import: &Import<'_>, is_first: bool, place: &Place<'_>, out: &mut String) {
    if !is_first && !import.comments.atop.is_empty() {
        out.push('\n');
    }
    for comment in &import.comments.atop {
        out.push_str(comment);
        out.push('\n');
    }
    let lazy = if import.lazy { "lazy " } else { "" };
    match &import.what {
        What::Straight { name, asname } => {
            out.push_str(lazy);
            out.push_str("import ");
            out.push_str(&aliased(name, *asname));
            behind(&import.comments.inline, out);
            out.push('\n');
        }
        What::From { module, level, members, comma, .. } => {
            let head = format!("{lazy}from {}{} import ", ".".repeat(*level as usize), module.unwrap_or(""));
            let line = one_line(&head, members, &import.comments);
            let is_star = members.iter().any(|member| member.name == "*");
            let only_star = is_star && members.len() == 1;
            let plain = |comments: &Comments<'_>| {
                comments.atop.is_empty() && comments.inline.is_empty() && comments.trailing.is_empty()
            };
            let can_join = !comma
                && (members.len() == 1 || members.iter().all(|member| plain(&member.comments)))
                && (!place.order.force_wrap_aliases
                    || members.len() == 1
                    || members.iter().all(|member| member.asname.is_none()));
            let fits = || is_star || place.indent + line.width() <= usize::from(place.order.line_length);
            if only_star || (can_join && fits()) {
                out.push_str(&line);
                out.push('\n');
            } else {
                several_lines(&head, members, &import.comments, out);
            }
        }
    }
}

fn one_line(head: &str, members: &[Member<'_>], comments: &Comments<'_>) -> String {
    let names: Vec<String> = members.iter().map(|member| aliased(member.name, member.asname)).collect();
    let mut line = format!("{head}{}", names.join(", "));
    behind(&comments.inline, &mut line);
    for member in members {
        behind(&member.comments.atop, &mut line);
        behind(&member.comments.inline, &mut line);
        behind(&member.comments.trailing, &mut line);
    }
    behind(&comments.trailing, &mut line);
    line
}

fn several_lines(head: &str, members: &[Member<'_>], comments: &Comments<'_>, out: &mut String) {
    out.push_str(head);
    out.push('(');
    behind(&comments.inline, out);
    out.push('\n');
    for member in members {
        below(&member.comments.atop, out);
        out.push_str("    ");
        out.push_str(&aliased(member.name, member.asname));
        out.push(',');
        behind(&member.comments.inline, out);
        out.push('\n');
        below(&member.comments.trailing, out);
    }
    out.push(')');
    behind(&comments.trailing, out);
    out.push('\n');
}

fn aliased(name: &str, asname: Option<&str>) -> String {
    asname.map_or_else(|| name.to_owned(), |asname| format!("{name} as {asname}"))
}

/// Comments behind something on its line.
fn behind(comments: &[&str], out: &mut String) {
    for comment in comments {
        out.push_str("  ");
        out.push_str(comment);
    }
}

/// Comments of members, on lines of their own.
fn below(comments: &[&str], out: &mut String) {
    for comment in comments {
        out.push_str("    ");
        out.push_str(comment);
        out.push('\n');
    }
}
