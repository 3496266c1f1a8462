//! Natural order: numbers in names count by value, so that `v2` comes before `v10`.

use std::cmp::Ordering;
use std::iter::Peekable;

/// Compares two names. Blanks do not count; a number with a leading zero is compared digit by digit.
pub(super) fn compare(left: &str, right: &str) -> Ordering {
    let mut left = left.chars().filter(|c| !c.is_whitespace()).peekable();
    let mut right = right.chars().filter(|c| !c.is_whitespace()).peekable();
    loop {
        let order = match (left.peek().copied(), right.peek().copied()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(one), Some(two)) if one.is_ascii_digit() && two.is_ascii_digit() => {
                numbers(&mut left, &mut right, one == '0' || two == '0')
            }
            (Some(one), Some(two)) => {
                left.next();
                right.next();
                one.cmp(&two)
            }
        };
        if order != Ordering::Equal {
            return order;
        }
    }
}

/// Compares the runs of digits at the front. `by_digit`: from the left, as decimals; else the longer is the larger.
fn numbers(
    left: &mut Peekable<impl Iterator<Item = char>>,
    right: &mut Peekable<impl Iterator<Item = char>>,
    by_digit: bool,
) -> Ordering {
    let mut first = Ordering::Equal;
    loop {
        let one = left.next_if(char::is_ascii_digit);
        let two = right.next_if(char::is_ascii_digit);
        match (one, two) {
            (None, None) => return first,
            (None, Some(_)) => return if by_digit { first.then(Ordering::Less) } else { Ordering::Less },
            (Some(_), None) => return if by_digit { first.then(Ordering::Greater) } else { Ordering::Greater },
            (Some(one), Some(two)) => first = first.then(one.cmp(&two)),
        }
        if by_digit && first != Ordering::Equal {
            return first;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_count_by_value() {
        let mut names = ["a10", "a2", "a1b", "a", "b", "a01", "a1", "a015", "a12"];
        names.sort_by(|one, two| compare(one, two));
        assert_eq!(names, ["a", "a01", "a015", "a1", "a1b", "a2", "a10", "a12", "b"]);
        assert_eq!(compare("x 1", "x1"), Ordering::Equal);
    }
}
