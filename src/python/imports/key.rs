//! What imports and their members are compared by.

use super::{Order, natural};
use std::cmp::{Ordering, Reverse};
use unicode_width::UnicodeWidthChar;

/// A name that compares in natural order.
#[derive(Debug, PartialEq, Eq)]
struct Name(String);

impl Ord for Name {
    fn cmp(&self, other: &Self) -> Ordering {
        natural::compare(&self.0, &other.0)
    }
}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The key of `import a` or `from a import …`.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ModuleKey {
    not_forced_up: bool,
    length: Option<usize>,
    distance: Distance,
    lower: Option<Name>,
    name: Option<Name>,
    first_member: Option<MemberKey>,
    asname: Option<Name>,
}

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Distance {
    Nearest(u32),
    Furthest(Reverse<u32>),
    None,
}

impl ModuleKey {
    /// The key of `import name as asname`.
    pub(super) fn straight(name: &str, asname: Option<&str>, order: &Order) -> Self {
        let length = order.length_sort || order.length_sort_straight;
        Self::new(Some(name), asname, 0, None, length, order)
    }

    /// The key of `from ..name import member, …`, `level` dots before the name.
    pub(super) fn from(
        name: Option<&str>,
        level: u32,
        first_member: Option<(&str, Option<&str>)>,
        order: &Order,
    ) -> Self {
        Self::new(name, None, level, first_member, order.length_sort, order)
    }

    fn new(
        name: Option<&str>,
        asname: Option<&str>,
        level: u32,
        first_member: Option<(&str, Option<&str>)>,
        by_length: bool,
        order: &Order,
    ) -> Self {
        let distance = match (level, order.closest_first) {
            (0, _) => Distance::None,
            (level, true) => Distance::Nearest(level),
            (level, false) => Distance::Furthest(Reverse(level)),
        };
        Self {
            not_forced_up: !name.is_some_and(|name| order.force_to_top.iter().any(|top| top == name)),
            length: by_length.then(|| name.map_or(0, width) + level as usize),
            distance,
            lower: name.filter(|_| !order.case_sensitive).map(|name| Name(name.to_lowercase())),
            name: name.map(|name| Name(name.to_owned())),
            first_member: first_member.map(|(name, asname)| MemberKey::new(name, asname, order)),
            asname: asname.map(|name| Name(name.to_owned())),
        }
    }
}

/// The key of a member of a `from` import.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct MemberKey {
    not_star: bool,
    kind: Option<MemberKind>,
    length: Option<usize>,
    lower: Option<Name>,
    name: Name,
    asname: Option<Name>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum MemberKind {
    Constant,
    Class,
    Variable,
}

impl MemberKey {
    pub(super) fn new(name: &str, asname: Option<&str>, order: &Order) -> Self {
        Self {
            not_star: name != "*",
            kind: order.order_by_type.then(|| kind(name, order)),
            length: order.length_sort.then(|| width(name)),
            lower: (!order.case_sensitive).then(|| Name(name.to_lowercase())),
            name: Name(name.to_owned()),
            asname: asname.map(|name| Name(name.to_owned())),
        }
    }
}

fn kind(name: &str, order: &Order) -> MemberKind {
    let is_in = |names: &[String]| names.iter().any(|known| known == name);
    let has_case = name.chars().any(char::is_uppercase);
    if is_in(&order.constants) {
        MemberKind::Constant
    } else if is_in(&order.classes) {
        MemberKind::Class
    } else if is_in(&order.variables) {
        MemberKind::Variable
    } else if name.len() > 1 && has_case && !name.chars().any(char::is_lowercase) {
        MemberKind::Constant
    } else if name.starts_with(char::is_uppercase) {
        MemberKind::Class
    } else {
        MemberKind::Variable
    }
}

fn width(name: &str) -> usize {
    name.chars().map(|c| c.width().unwrap_or(0)).sum()
}
