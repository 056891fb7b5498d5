//! Points in time as Finesse writes them: ISO 8601, UTC, milliseconds.

use finewire_core::machine::UnixMillis;

const DAY: i64 = 86_400_000;

/// Reads `YYYY-MM-DDThh:mm:ss[.fraction][Z|±hh:mm]`; without a zone it is UTC. What lies below a
/// millisecond is cut off. `None` for anything else, also for the empty text that Finesse sends
/// when it does not know.
///
/// ```
/// use finewire_core::machine::UnixMillis;
/// use finewire_finesse::time;
///
/// let at = time::parse("2024-01-13T11:07:11.466Z");
/// assert_eq!(at, Some(UnixMillis(1_705_144_031_466)));
/// assert_eq!(time::format(UnixMillis(1_705_144_031_466)), "2024-01-13T11:07:11.466Z");
/// ```
#[must_use]
pub fn parse(text: &str) -> Option<UnixMillis> {
    let mut rest = Digits(text.trim().as_bytes());
    let year = rest.number(4)?;
    rest.expect(b'-')?;
    let month = rest.number(2)?;
    rest.expect(b'-')?;
    let day = rest.number(2)?;
    if rest.expect(b'T').is_none() {
        rest.expect(b't').or_else(|| rest.expect(b' '))?;
    }
    let hour = rest.number(2)?;
    rest.expect(b':')?;
    let minute = rest.number(2)?;
    rest.expect(b':')?;
    let second = rest.number(2)?;
    let millis = if rest.expect(b'.').is_some() {
        rest.fraction()?
    } else {
        0
    };
    let zone = rest.zone()?;
    let in_range = (1..=12).contains(&month)
        && (1..=days_in_month(year, month)).contains(&day)
        && hour < 24
        && minute < 60
        && second <= 60;
    if !in_range {
        return None;
    }
    let time = ((hour * 60 + minute) * 60 + second) * 1000 + millis;
    Some(UnixMillis(
        days_from_epoch(year, month, day) * DAY + time - zone * 60_000,
    ))
}

/// Writes `YYYY-MM-DDThh:mm:ss.SSSZ`; years are clamped to 0000–9999.
#[must_use]
pub fn format(at: UnixMillis) -> String {
    let at = at.0.clamp(-62_167_219_200_000, 253_402_300_799_999);
    let (days, time) = (at.div_euclid(DAY), at.rem_euclid(DAY));
    let (year, month, day) = date_of(days);
    let (second, millis) = (time / 1000, time % 1000);
    let (hour, minute) = (second / 3600, second / 60 % 60);
    let second = second % 60;
    std::format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z")
}

struct Digits<'a>(&'a [u8]);

impl Digits<'_> {
    fn expect(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    fn digit(&mut self) -> Option<i64> {
        let (first, rest) = self.0.split_first()?;
        first.is_ascii_digit().then(|| {
            self.0 = rest;
            i64::from(first - b'0')
        })
    }

    fn number(&mut self, digits: usize) -> Option<i64> {
        (0..digits).try_fold(0, |number, _| Some(number * 10 + self.digit()?))
    }

    /// Milliseconds from one or more digits after the point.
    fn fraction(&mut self) -> Option<i64> {
        let mut millis = self.digit()? * 100;
        for scale in [10, 1, 0, 0, 0, 0, 0, 0] {
            let Some(digit) = self.digit() else { break };
            millis += digit * scale;
        }
        Some(millis)
    }

    /// Minutes east of UTC, up to the end of the text.
    fn zone(&mut self) -> Option<i64> {
        let sign = match self.0 {
            [] | b"Z" | b"z" => return Some(0),
            [b'+', ..] => 1,
            [b'-', ..] => -1,
            _ => return None,
        };
        self.0 = self.0.get(1..)?;
        let hours = self.number(2)?;
        let _ = self.expect(b':');
        let minutes = self.number(2)?;
        (self.0.is_empty() && hours < 24 && minutes < 60).then_some(sign * (hours * 60 + minutes))
    }
}

const fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

const fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 by the proleptic Gregorian calendar. The year is taken to begin in March,
/// so that the leap day comes last.
const fn days_from_epoch(year: i64, month: i64, day: i64) -> i64 {
    let shifted = if month > 2 { year } else { year - 1 };
    let (era, of_era) = (shifted.div_euclid(400), shifted.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// The inverse of [`days_from_epoch`].
const fn date_of(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let years = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * years + years / 4 - years / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    let year = years + era * 400 + if month <= 2 { 1 } else { 0 };
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_points_read_as_their_milliseconds() {
        for (text, millis) in [
            ("1970-01-01T00:00:00Z", 0),
            ("1970-01-01T00:00:00.001", 1),
            ("2000-02-29T12:00:00.5Z", 951_825_600_500),
            ("2024-01-13T12:07:11.466123456+01:00", 1_705_144_031_466),
            ("2024-01-13T06:07:11.466-0500", 1_705_144_031_466),
            (" 1969-12-31T23:59:59.999Z ", -1),
        ] {
            assert_eq!(parse(text), Some(UnixMillis(millis)), "{text}");
        }
    }

    #[test]
    fn what_is_no_point_in_time_reads_as_none() {
        for text in [
            "",
            "Z",
            "2024-01-13",
            "2024-13-01T00:00:00Z",
            "2023-02-29T00:00:00Z",
            "2024-01-13T24:00:00Z",
            "2024-01-13T11:07:11.Z",
            "2024-01-13T11:07:11Zx",
            "2024-01-13T11:07:11+1",
            "２024-01-13T11:07:11Z",
            "-024-01-13T11:07:11Z",
            "2024-01-13T11:07:11.1234567890123Z",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    proptest! {
        #[test]
        fn every_millisecond_survives_writing_and_reading(
            millis in -62_167_219_200_000i64..=253_402_300_799_999
        ) {
            prop_assert_eq!(parse(&format(UnixMillis(millis))), Some(UnixMillis(millis)));
        }

        #[test]
        fn no_text_makes_the_reader_panic(text in "\\PC{0,40}") {
            let _ = parse(&text);
        }
    }
}
