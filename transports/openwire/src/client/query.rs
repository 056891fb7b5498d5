//! The options behind the question mark of a URI.

use core::fmt::Display;
use core::str::FromStr;
use core::time::Duration;

use super::uri_error::UriError;

/// The `name=value` pairs of a query, percent-decoded, empty ones skipped.
pub(super) struct Query<'a> {
    rest: core::str::Split<'a, char>,
}

/// One of them.
#[derive(Clone, Debug)]
pub(super) struct QueryOption {
    pub(super) name: String,
    pub(super) value: String,
}

impl<'a> Query<'a> {
    pub(super) fn new(query: &'a str) -> Self {
        Self {
            rest: query.split('&'),
        }
    }
}

impl Iterator for Query<'_> {
    type Item = Result<QueryOption, UriError>;

    fn next(&mut self) -> Option<Self::Item> {
        let pair = self.rest.find(|pair| !pair.is_empty())?;
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let decode = || {
            Ok(QueryOption {
                name: percent_decoded(name)?,
                // It may be a password: it is not repeated.
                value: percent_decoded(value).map_err(|_| UriError::Percent(name.into()))?,
            })
        };
        Some(decode())
    }
}

impl QueryOption {
    pub(super) fn flag(&self) -> Result<bool, UriError> {
        match self.value.as_str() {
            "true" => Ok(true),
            "false" => Ok(false),
            _ => Err(self.wrong("true or false")),
        }
    }

    pub(super) fn number<N>(&self, least: N, most: N) -> Result<N, UriError>
    where
        N: FromStr + PartialOrd + Display,
    {
        self.value
            .parse()
            .ok()
            .filter(|number| *number >= least && *number <= most)
            .ok_or_else(|| self.wrong("a number within its range"))
    }

    pub(super) fn millis(&self) -> Result<Duration, UriError> {
        let most = u64::from(u32::MAX);
        let millis = self.value.parse().ok().filter(|millis| *millis <= most);
        millis
            .map(Duration::from_millis)
            .ok_or_else(|| self.wrong("a number of milliseconds"))
    }

    /// A factor from 1 to 100 with at most two decimals, as percent.
    pub(super) fn percent(&self) -> Result<u32, UriError> {
        let (whole, part) = self.value.split_once('.').unwrap_or((&self.value, "0"));
        let part = part.trim_end_matches('0');
        let part = match part.len() {
            0 => Some(0),
            1 => part.parse::<u32>().ok().map(|tenths| tenths * 10),
            2 => part.parse::<u32>().ok(),
            _ => None,
        };
        let whole = whole.parse::<u32>().ok().filter(|whole| *whole <= 100);
        let percent = whole.zip(part).map(|(whole, part)| whole * 100 + part);
        percent
            .filter(|percent| (100..=10_000).contains(percent))
            .ok_or_else(|| self.wrong("a factor from 1 to 100"))
    }

    /// A number; −1 stands for any, which is `None`.
    pub(super) fn count_or_any(&self) -> Result<Option<u32>, UriError> {
        let count: i64 = self.number(-1, i64::from(i32::MAX))?;
        Ok(u32::try_from(count).ok())
    }

    pub(super) fn unknown(&self, known: &[&[&'static str]]) -> UriError {
        UriError::UnknownOption {
            name: self.name.clone(),
            known: known.concat(),
        }
    }

    fn wrong(&self, expected: &'static str) -> UriError {
        UriError::Value {
            name: self.name.clone(),
            value: self.value.clone(),
            expected,
        }
    }
}

/// RFC 3986 section 2.1, with UTF-8 behind the octets.
pub(super) fn percent_decoded(text: &str) -> Result<String, UriError> {
    if !text.contains('%') {
        return Ok(text.into());
    }
    let wrong = || UriError::Percent(text.into());
    let mut bytes = Vec::with_capacity(text.len());
    let mut parts = text.split('%');
    bytes.extend_from_slice(parts.next().unwrap_or_default().as_bytes());
    for part in parts {
        let (digits, rest) = part.split_at_checked(2).ok_or_else(wrong)?;
        if !digits.bytes().all(|digit| digit.is_ascii_hexdigit()) {
            return Err(wrong());
        }
        bytes.push(u8::from_str_radix(digits, 16).map_err(|_| wrong())?);
        bytes.extend_from_slice(rest.as_bytes());
    }
    String::from_utf8(bytes).map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percent_signs_stand_for_octets_of_utf8() {
        assert_eq!(percent_decoded("a%20b%C3%A4").unwrap(), "a bä");
        assert!(percent_decoded("%").is_err());
        assert!(percent_decoded("%+1").is_err());
        assert!(percent_decoded("%FF").is_err());
        assert!(percent_decoded("%é").is_err());
    }
}
