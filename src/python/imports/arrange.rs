//! Taking the imports of a block apart and putting them together in order.

use super::block::{Block, Trailer};
use super::key::{MemberKey, ModuleKey};
use super::print::{self, Place};
use super::{Imports, Order, Section, line_end};
use crate::python::parse::Tree;
use globset::Glob;
use ruff_python_ast::token::TokenKind;
use ruff_python_ast::{Alias, Stmt};
use ruff_python_stdlib::sys::is_known_standard_library;
use ruff_text_size::{Ranged, TextRange};

/// Comments that go with an import or a member.
#[derive(Clone, Debug, Default)]
pub(super) struct Comments<'a> {
    /// On lines of their own above it.
    pub atop: Vec<&'a str>,
    /// Behind it on its line; for a `from` import behind its bracket.
    pub inline: Vec<&'a str>,
    /// Behind its end; for a member on lines of their own below it.
    pub trailing: Vec<&'a str>,
}

/// A member of a `from` import.
#[derive(Clone, Debug)]
pub(super) struct Member<'a> {
    pub name: &'a str,
    pub asname: Option<&'a str>,
    pub comments: Comments<'a>,
}

/// `import name as asname`, or `from module import members`.
#[derive(Clone, Debug)]
pub(super) struct Import<'a> {
    pub what: What<'a>,
    pub comments: Comments<'a>,
    pub lazy: bool,
    /// The index of the first statement that it comes from.
    first: usize,
}

#[derive(Clone, Debug)]
pub(super) enum What<'a> {
    Straight {
        name: &'a str,
        asname: Option<&'a str>,
    },
    From {
        module: Option<&'a str>,
        level: u32,
        members: Vec<Member<'a>>,
        /// Whether it had a trailing comma.
        comma: bool,
        slot: Slot,
    },
}

/// Which members of one module stand together in one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Slot {
    /// All plain ones.
    Together,
    /// One for each member with `as`, or each member at all.
    Alone,
    /// `*`.
    Star,
}

impl Import<'_> {
    /// The full name, with its dots.
    fn module(&self) -> String {
        match &self.what {
            What::Straight { name, .. } => (*name).to_owned(),
            What::From { module, level, .. } => ".".repeat(*level as usize) + module.unwrap_or(""),
        }
    }

    fn is_straight(&self) -> bool {
        matches!(self.what, What::Straight { .. })
    }

    fn key(&self, order: &Order) -> (ModuleKey, usize) {
        let key = match &self.what {
            What::Straight { name, asname } => ModuleKey::straight(name, *asname, order),
            What::From { module, level, members, .. } => {
                let first = members.first().map(|member| (member.name, member.asname));
                ModuleKey::from(*module, *level, first, order)
            }
        };
        (key, self.first)
    }
}

/// The sorted text of a block with the blank lines after it, lines ended by `\n`, without indentation.
pub(super) fn arranged(
    code: &str,
    tree: &Tree,
    comments: &[TextRange],
    block: &Block<'_>,
    imports: Imports<'_>,
    indent: &str,
) -> String {
    let order = imports.order;
    let all = taken_apart(code, tree, comments, block, order);
    let place = Place::new(order, indent);
    let mut out = String::new();
    // Those without a separate place come first.
    let groups = order.forced_separate.len() + 1;
    for group in 0..groups {
        let separate = |import: &Import<'_>| {
            let name = match &import.what {
                What::Straight { name, .. } => *name,
                What::From { module, level: 0, .. } => module.unwrap_or(""),
                What::From { .. } => "",
            };
            let mut forced = order.forced_separate.iter();
            forced.position(|prefix| name.starts_with(prefix.as_str())).map_or(0, |at| at + 1)
        };
        let here: Vec<Import<'_>> = all.iter().filter(|import| separate(import) == group).cloned().collect();
        if !here.is_empty() {
            if !out.is_empty() {
                out.push('\n');
            }
            sections(here, imports, &place, &mut out);
        }
    }
    let lines = match (block.trailer, order.lines_after_imports) {
        (None, _) => 0,
        (Some(_), Some(lines)) => usize::from(lines),
        (Some(Trailer::Definition), None) => 2,
        (Some(Trailer::Other), None) => 1,
    };
    out.push_str(&"\n".repeat(lines));
    out
}

/// Writes imports, section by section.
fn sections(all: Vec<Import<'_>>, imports: Imports<'_>, place: &Place<'_>, out: &mut String) {
    let order = imports.order;
    let mut rest: Vec<(Section, Import<'_>)> =
        all.into_iter().map(|import| (section(&import, imports), import)).collect();
    let mut is_first = true;
    let mut blank = false;
    for section in &order.sections {
        blank |= !order.no_lines_before.contains(section);
        let (here, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(|(of, _)| of == section);
        rest = others;
        if here.is_empty() {
            continue;
        }
        if !is_first && blank {
            out.push('\n');
        }
        (is_first, blank) = (false, false);
        let here = sorted(here.into_iter().map(|(_, import)| import).collect(), section, order);
        let mut between = None;
        for (at, import) in here.iter().enumerate() {
            // Where the first kind ends and the second begins.
            let leads = import.is_straight() != order.from_first;
            if !leads && between == Some(true) && !order.force_sort_within_sections {
                out.push_str(&"\n".repeat(usize::from(order.lines_between_types)));
                between = Some(false);
            }
            if leads {
                between = Some(true);
            }
            print::import(import, at == 0, place, out);
        }
    }
}

fn sorted<'a>(mut all: Vec<Import<'a>>, section: &Section, order: &Order) -> Vec<Import<'a>> {
    all.sort_by_cached_key(|import| import.key(order));
    let from_first = if *section == Section::Future { true } else { order.from_first };
    let mixed = order.force_sort_within_sections && *section != Section::Future;
    all.sort_by_key(|import| (import.lazy, !mixed && import.is_straight() == from_first));
    all
}

fn section(import: &Import<'_>, imports: Imports<'_>) -> Section {
    let order = imports.order;
    let name = import.module();
    let relative = matches!(import.what, What::From { level: 1.., .. });
    let base = name.split('.').next().unwrap_or("");
    let found = if !relative && base == "__future__" {
        Section::Future
    } else if order.no_sections {
        Section::FirstParty
    } else if relative {
        Section::LocalFolder
    } else if let Some(known) = known(&name, order) {
        known
    } else if is_known_standard_library(order.target_minor, base) {
        Section::StandardLibrary
    } else if (imports.is_ours)(&name) || name == "__main__" {
        Section::FirstParty
    } else {
        order.default_section.clone()
    };
    if order.sections.contains(&found) { found } else { order.default_section.clone() }
}

/// The section that settings give a module: the longest prefix of its name that a glob matches.
fn known(name: &str, order: &Order) -> Option<Section> {
    let matching = |part: &str| {
        let hit = order
            .known
            .iter()
            .find(|(glob, _)| glob == part || Glob::new(glob).is_ok_and(|glob| glob.compile_matcher().is_match(part)));
        hit.map(|(_, section)| section.clone())
    };
    if order.known.iter().any(|(glob, _)| glob.contains('.')) {
        let ends = name.match_indices('.').map(|(at, _)| at).chain([name.len()]).collect::<Vec<_>>();
        ends.into_iter().rev().find_map(|end| matching(name.get(..end)?))
    } else {
        matching(name.split('.').next().unwrap_or(""))
    }
}

/// All imports of a block, those of the same module joined, each with its comments.
fn taken_apart<'a>(
    code: &'a str,
    tree: &Tree,
    comments: &[TextRange],
    block: &Block<'a>,
    order: &Order,
) -> Vec<Import<'a>> {
    let mut comments = Pending { code, comments, next: 0 };
    let mut all: Vec<Import<'a>> = Vec::new();
    for (index, statement) in block.imports.iter().enumerate() {
        match statement {
            Stmt::Import(node) => {
                let atop = comments.before(node.range.start().to_usize());
                let inline = comments.until(line_end(code, node.range.end().to_usize()));
                let mut own = Some(Comments { atop, inline, trailing: Vec::new() });
                for alias in &node.names {
                    let (name, asname) = names(code, alias);
                    let import = straight(&mut all, name, asname, node.is_lazy, index);
                    if let Some(own) = own.take() {
                        import.comments.extend(own);
                    }
                }
            }
            Stmt::ImportFrom(node) => {
                let start = node.range.start().to_usize();
                let atop = comments.before(start);
                let apart = node.names.len() > 1
                    || node.names.first().is_some_and(|alias| {
                        code.get(start..alias.start().to_usize()).is_some_and(|head| head.contains(['\n', '\r']))
                    });
                let inline = if apart { comments.until(line_end(code, start)) } else { Vec::new() };
                let mut members: Vec<Member<'a>> = Vec::with_capacity(node.names.len());
                for alias in &node.names {
                    let (name, asname) = names(code, alias);
                    let atop = comments.before(alias.start().to_usize());
                    let inline = comments.until(line_end(code, alias.end().to_usize()));
                    members.push(Member { name, asname, comments: Comments { atop, inline, trailing: Vec::new() } });
                }
                if let Some(last) = members.last_mut() {
                    last.comments.trailing = comments.before(node.range.end().to_usize());
                }
                let trailing = comments.before(line_end(code, node.range.end().to_usize()));
                let own = Comments { atop, inline, trailing };
                let module = node.module.as_ref().and_then(|module| code.get(range(module.range())));
                let comma = order.split_on_trailing_comma && has_trailing_comma(tree, node.range);
                from(&mut all, (module, node.level, node.is_lazy), members, &own, comma, index, order);
            }
            _ => {}
        }
    }
    for import in &mut all {
        if let What::From { members, .. } = &mut import.what {
            members.sort_by_cached_key(|member| MemberKey::new(member.name, member.asname, order));
        }
    }
    all
}

/// The entry of `import name as asname`, made if it is new.
fn straight<'i, 'a>(
    all: &'i mut Vec<Import<'a>>,
    name: &'a str,
    asname: Option<&'a str>,
    lazy: bool,
    index: usize,
) -> &'i mut Import<'a> {
    let same = |import: &Import<'_>| {
        import.lazy == lazy
            && matches!(&import.what, What::Straight { name: other, asname: as_other }
                if *other == name && *as_other == asname)
    };
    let at = all.iter().position(same).unwrap_or_else(|| {
        let what = What::Straight { name, asname };
        all.push(Import { what, comments: Comments::default(), lazy, first: index });
        all.len() - 1
    });
    &mut all[at]
}

/// Adds a `from` import: to the statements that its members belong to.
fn from<'a>(
    all: &mut Vec<Import<'a>>,
    head: (Option<&'a str>, u32, bool),
    members: Vec<Member<'a>>,
    own: &Comments<'a>,
    comma: bool,
    index: usize,
    order: &Order,
) {
    let excluded = head.0.is_some_and(|module| order.single_line_exclusions.iter().any(|other| other == module));
    let is_star = members.first().is_some_and(|member| member.name == "*");
    let isolate = order.force_single_line && !excluded && !is_star;
    let slot = |member: &Member<'_>| match member {
        Member { name: "*", .. } => Slot::Star,
        Member { asname: None, .. } if !isolate => Slot::Together,
        _ if !isolate && order.combine_as_imports => Slot::Together,
        _ => Slot::Alone,
    };
    for (at, member) in members.into_iter().enumerate() {
        let slot = slot(&member);
        let import = statement(all, head, slot, &member, index);
        if at == 0 {
            import.comments.extend(own.clone());
        } else if isolate {
            // Each gets what stood behind all of them.
            import.comments.extend(Comments { atop: Vec::new(), ..own.clone() });
        }
        let What::From { members, comma: had_comma, .. } = &mut import.what else { continue };
        *had_comma |= comma && !isolate;
        let same = |other: &&mut Member<'a>| (other.name, other.asname) == (member.name, member.asname);
        match members.iter_mut().find(same) {
            Some(other) => other.comments.extend(member.comments),
            None => members.push(member),
        }
    }
}

/// The statement that a member belongs to, made if it is new.
fn statement<'i, 'a>(
    all: &'i mut Vec<Import<'a>>,
    (module, level, lazy): (Option<&'a str>, u32, bool),
    slot: Slot,
    member: &Member<'a>,
    index: usize,
) -> &'i mut Import<'a> {
    let same = |import: &Import<'_>| {
        let What::From { module: other, level: other_level, members, slot: other_slot, .. } = &import.what else {
            return false;
        };
        (*other, *other_level, *other_slot, import.lazy) == (module, level, slot, lazy)
            && (slot != Slot::Alone
                || members.first().is_some_and(|first| (first.name, first.asname) == (member.name, member.asname)))
    };
    let at = all.iter().position(same).unwrap_or_else(|| {
        let what = What::From { module, level, members: Vec::new(), comma: false, slot };
        all.push(Import { what, comments: Comments::default(), lazy, first: index });
        all.len() - 1
    });
    &mut all[at]
}

impl<'a> Comments<'a> {
    fn extend(&mut self, other: Comments<'a>) {
        self.atop.extend(other.atop);
        self.inline.extend(other.inline);
        self.trailing.extend(other.trailing);
    }
}

/// The comments of a block that no import has taken yet.
struct Pending<'a, 'c> {
    code: &'a str,
    comments: &'c [TextRange],
    next: usize,
}

impl<'a> Pending<'a, '_> {
    /// Takes those that start before byte `at`.
    fn before(&mut self, at: usize) -> Vec<&'a str> {
        self.take(|comment| comment.start().to_usize() < at)
    }

    /// Takes those that end at byte `at` at the latest.
    fn until(&mut self, at: usize) -> Vec<&'a str> {
        self.take(|comment| comment.end().to_usize() <= at)
    }

    fn take(&mut self, wanted: impl Fn(&TextRange) -> bool) -> Vec<&'a str> {
        let code = self.code;
        let rest = self.comments.get(self.next..).unwrap_or_default();
        let taken: Vec<&'a str> =
            rest.iter().take_while(|comment| wanted(comment)).filter_map(|comment| code.get(range(*comment))).collect();
        self.next += taken.len();
        taken
    }
}

fn names<'a>(code: &'a str, alias: &Alias) -> (&'a str, Option<&'a str>) {
    let name = code.get(range(alias.name.range())).unwrap_or("");
    (name, alias.asname.as_ref().and_then(|asname| code.get(range(asname.range()))))
}

fn range(range: TextRange) -> std::ops::Range<usize> {
    range.start().to_usize()..range.end().to_usize()
}

/// Whether a comma stands before the closing bracket.
fn has_trailing_comma(tree: &Tree, statement: TextRange) -> bool {
    let Some(tokens) = tree.tokens() else { return false };
    let (mut depth, mut comma) = (0_u32, false);
    for token in tokens.in_range(statement) {
        match token.kind() {
            TokenKind::Lpar => depth += 1,
            TokenKind::Rpar => depth = depth.saturating_sub(1),
            _ => {}
        }
        match token.kind() {
            _ if depth != 1 => {}
            TokenKind::NonLogicalNewline | TokenKind::Indent | TokenKind::Dedent | TokenKind::Comment => {}
            kind => comma = kind == TokenKind::Comma,
        }
    }
    comma
}
