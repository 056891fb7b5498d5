//! Time as text: `yyyy-MM-dd HH:mm:ss`, without a zone.

use alloc::string::String;
use core::fmt::Write as _;

use crate::machine::UnixMillis;

/// Offset of the zone that time texts are in. Texts have no zone: both sides must agree.
///
/// ```
/// use finewire_core::contract::TimeFormat;
/// use finewire_core::machine::UnixMillis;
///
/// let karachi = TimeFormat::with_offset(5 * 3600);
/// let text = karachi.format(UnixMillis(1_658_495_807_000));
///
/// assert_eq!(text, "2022-07-22 18:16:47");
/// assert_eq!(karachi.parse(&text), Some(UnixMillis(1_658_495_807_000)));
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct TimeFormat {
    offset: i64,
}

const DAY: i64 = 86_400;

impl TimeFormat {
    /// Coordinated Universal Time.
    pub const UTC: Self = Self { offset: 0 };

    /// A zone `seconds` east of Greenwich; kept within 26 hours either way.
    #[must_use]
    pub fn with_offset(seconds: i32) -> Self {
        Self {
            offset: i64::from(seconds).clamp(-26 * 3600, 26 * 3600),
        }
    }

    /// The point as text; milliseconds are cut. Years outside 0 to 9999 give an empty text.
    #[must_use]
    pub fn format(&self, at: UnixMillis) -> String {
        let mut text = String::new();
        let local = at.0.div_euclid(1000).saturating_add(self.offset);
        let (year, month, day) = civil_from_days(local.div_euclid(DAY));
        if !(0..=9999).contains(&year) {
            return text;
        }
        let second = local.rem_euclid(DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        let _ = write!(
            text,
            "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}"
        );
        text
    }

    /// The point that a text means; `None` for anything but a possible time in exactly this form.
    #[must_use]
    pub fn parse(&self, text: &str) -> Option<UnixMillis> {
        let text = text.trim();
        let (date, time) = text.split_once(' ')?;
        let (year, month, day) = three_numbers(date, '-', [4, 2, 2])?;
        let (hour, minute, second) = three_numbers(time, ':', [2, 2, 2])?;
        let is_possible = (1..=12).contains(&month)
            && (1..=days_in_month(year, month)).contains(&day)
            && hour < 24
            && minute < 60
            && second < 60;
        if !is_possible {
            return None;
        }
        let seconds = days_from_civil(year, month, day) * DAY + hour * 3600 + minute * 60 + second;
        Some(UnixMillis((seconds - self.offset) * 1000))
    }
}

fn three_numbers(text: &str, separator: char, widths: [usize; 3]) -> Option<(i64, i64, i64)> {
    let mut parts = text.split(separator);
    let mut number = |width: usize| -> Option<i64> {
        let part = parts.next()?;
        let is_plain = part.len() == width && part.bytes().all(|byte| byte.is_ascii_digit());
        if is_plain { part.parse().ok() } else { None }
    };
    let [first, second, third] = widths;
    let numbers = (number(first)?, number(second)?, number(third)?);
    if parts.next().is_some() {
        None
    } else {
        Some(numbers)
    }
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days before the first day of `year`, counted from 0000-01-01 (proleptic Gregorian calendar).
fn days_before_year(year: i64) -> i64 {
    let past = year - 1;
    365 * year + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400) + 1
}

/// Days from 0000-01-01 to 1970-01-01.
const EPOCH: i64 = 719_528;

fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let before_month: i64 = (1..month).map(|earlier| days_in_month(year, earlier)).sum();
    days_before_year(year) + before_month + day - 1 - EPOCH
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(EPOCH);
    // The mean year has 365.2425 days, so the guess is off by one at most.
    let mut year = i64::try_from(i128::from(days) * 10_000 / 3_652_425).unwrap_or(i64::MAX);
    if !(-10_000..=20_000).contains(&year) {
        return (year, 1, 1);
    }
    while days_before_year(year) > days {
        year -= 1;
    }
    while days_before_year(year + 1) <= days {
        year += 1;
    }
    let mut day = days - days_before_year(year);
    let mut month = 1;
    while day >= days_in_month(year, month) {
        day -= days_in_month(year, month);
        month += 1;
    }
    (year, month, day + 1)
}
