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

    /// Seconds that the zone is east of Greenwich.
    #[must_use]
    pub fn offset(&self) -> i32 {
        i32::try_from(self.offset).unwrap_or(0)
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_points_are_written_and_read() {
        // date -u -d '<text>' +%s
        let known = [
            ("1970-01-01 00:00:00", 0),
            ("1969-12-31 23:59:59", -1),
            ("2000-02-29 12:34:56", 951_827_696),
            ("1900-03-01 00:00:00", -2_203_891_200),
            ("2038-01-19 03:14:08", 2_147_483_648),
            ("2100-02-28 23:59:59", 4_107_542_399),
            ("2100-03-01 00:00:00", 4_107_542_400),
            ("0000-01-01 00:00:00", -62_167_219_200),
            ("9999-12-31 23:59:59", 253_402_300_799),
        ];
        for (text, seconds) in known {
            let at = UnixMillis(seconds * 1000);

            assert_eq!(TimeFormat::UTC.format(at), text);
            assert_eq!(TimeFormat::UTC.parse(text), Some(at));
        }
    }

    #[test]
    fn the_offset_moves_the_text_across_midnight() {
        let at = UnixMillis(1_709_164_800_000); // 2024-02-29 00:00:00 UTC

        assert_eq!(
            TimeFormat::with_offset(-3600).format(at),
            "2024-02-28 23:00:00"
        );
        assert_eq!(
            TimeFormat::with_offset(86_400).format(at),
            "2024-03-01 00:00:00"
        );
    }

    #[test]
    fn milliseconds_are_cut_towards_the_past() {
        assert_eq!(
            TimeFormat::UTC.format(UnixMillis(1999)),
            "1970-01-01 00:00:01"
        );
        assert_eq!(
            TimeFormat::UTC.format(UnixMillis(-1)),
            "1969-12-31 23:59:59"
        );
    }

    #[test]
    fn points_beyond_four_digit_years_are_no_text() {
        for millis in [i64::MIN, i64::MAX, 253_402_300_800_000, -62_167_219_200_001] {
            assert_eq!(TimeFormat::UTC.format(UnixMillis(millis)), "");
        }
    }

    #[test]
    fn impossible_texts_are_no_time() {
        for text in [
            "",
            "2022-07-22",
            "2022-07-22T18:16:47",
            "2022-7-22 18:16:47",
            "2022-02-29 00:00:00",
            "2022-13-01 00:00:00",
            "2022-00-01 00:00:00",
            "2022-01-00 00:00:00",
            "2022-04-31 00:00:00",
            "2022-01-01 24:00:00",
            "2022-01-01 00:60:00",
            "2022-01-01 00:00:60",
            "2022-01-01 00:00:00:00",
            "+022-01-01 00:00:00",
            "२०२२-01-01 00:00:00",
        ] {
            assert_eq!(TimeFormat::UTC.parse(text), None, "{text}");
        }
    }

    proptest::proptest! {
        #[test]
        fn every_second_comes_back(seconds in -62_160_000_000_i64..253_400_000_000, offset: i32) {
            let format = TimeFormat::with_offset(offset);
            let at = UnixMillis(seconds * 1000);
            let text = format.format(at);

            proptest::prop_assert_eq!(text.len(), 19);
            proptest::prop_assert_eq!(format.parse(&text), Some(at));
        }

        #[test]
        fn no_text_can_make_reading_panic(text in ".*", millis: i64) {
            let _ = TimeFormat::UTC.parse(&text);
            let _ = TimeFormat::with_offset(-50_000).format(UnixMillis(millis));
        }
    }
}
