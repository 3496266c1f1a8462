//! Days of the calendar: for comments that hold until one, and reports that say when they were made.

use std::fmt;
use std::time::{SystemTime, UNIX_EPOCH};

const SECONDS_A_DAY: u64 = 86_400;

/// A day, in UTC where it is today's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// The year, from 0 to 9999.
    pub year: u16,
    /// The month, from 1.
    pub month: u8,
    /// The day of the month, from 1.
    pub day: u8,
}

impl Date {
    /// Reads `2027-01-31`; `None` if it is written in another way, or there is no such day.
    pub fn parse(text: &str) -> Option<Self> {
        let number = |from: usize, to: usize| {
            let digits = text.get(from..to)?;
            digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse::<u16>().ok()).flatten()
        };
        let hyphens = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
        if text.len() != 10 || !hyphens {
            return None;
        }
        let small = |number: u16| u8::try_from(number).ok();
        let date = Self { year: number(0, 4)?, month: small(number(5, 7)?)?, day: small(number(8, 10)?)? };
        (date.day >= 1 && date.day <= days(date.year, date.month)).then_some(date)
    }

    /// Today, as the system's clock says.
    pub fn today() -> Self {
        Self::after(now() / SECONDS_A_DAY)
    }

    /// The day so many days after 1 January 1970.
    fn after(mut left: u64) -> Self {
        let mut date = Self { year: 1970, month: 1, day: 1 };
        // Four hundred years are always as many days.
        date.year = date.year.saturating_add(u16::try_from(left / 146_097 * 400).unwrap_or(u16::MAX));
        left %= 146_097;
        loop {
            let year = if is_leap(date.year) { 366 } else { 365 };
            if left < year || date.year == u16::MAX {
                break;
            }
            left -= year;
            date.year += 1;
        }
        while left >= u64::from(days(date.year, date.month)) && date.month < 12 {
            left -= u64::from(days(date.year, date.month));
            date.month += 1;
        }
        date.day += u8::try_from(left).unwrap_or(0).min(30);
        date
    }
}

/// `2027-01-31`.
impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}-{:02}", self.year, self.month, self.day)
    }
}

/// This moment, in UTC: `2027-01-31T12:34:56`.
pub fn moment() -> String {
    let (date, seconds) = (Date::today(), now() % SECONDS_A_DAY);
    format!("{date}T{:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

const fn is_leap(year: u16) -> bool {
    year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400))
}

const fn days(year: u16, month: u8) -> u8 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_days_that_there_are() {
        for text in ["2027-01-31", "2028-02-29", "2000-02-29", "0001-12-01"] {
            assert_eq!(Date::parse(text).map(|date| date.to_string()).as_deref(), Some(text));
        }
        for text in
            ["2027-02-29", "2100-02-29", "2027-13-01", "2027-00-01", "2027-1-31", "31.01.2027", "", "2027-04-31"]
        {
            assert_eq!(Date::parse(text), None, "{text}");
        }
    }

    #[test]
    fn counts_days() {
        for (day, text) in [
            (0, "1970-01-01"),
            (59, "1970-03-01"),
            (11_016, "2000-02-29"),
            (20_849, "2027-01-31"),
            (47_540, "2100-02-28"),
        ] {
            assert_eq!(Date::after(day).to_string(), text);
        }
        assert!(Date::after(u64::MAX) > Date::after(20_849));
    }
}
