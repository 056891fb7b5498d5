//! JSON texts (RFC 8259): what an event in JSON form is read from.
//!
//! The reader keeps its place in a list of open containers, not on the call stack, and ends at
//! limits of depth and number of values.
//!
//! Not here: numbers as numbers; they stay the text that they came as.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// One JSON value. Entries of an object stay in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Json<'t> {
    Null,
    Bool(bool),
    /// A number as it was written.
    Number(&'t str),
    Text(Cow<'t, str>),
    List(Vec<Self>),
    Object(Vec<Entry<'t>>),
}

pub(super) type Entry<'t> = (Cow<'t, str>, Json<'t>);

/// As many containers may be open at a time; an event has three.
pub(super) const MAX_DEPTH: usize = 16;

/// A text is no JSON, or more than is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// Where, in bytes from the start of the text.
    pub offset: usize,
    /// What is wrong there.
    pub fault: JsonFault,
}

/// What is wrong with a text that should be JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum JsonFault {
    /// Something else stands where this must be (RFC 8259 §2).
    RemoteExpected(&'static str),
    /// A number that is none (RFC 8259 §6).
    RemoteNumber,
    /// An unknown or incomplete escape, or half of a surrogate pair (RFC 8259 §7).
    RemoteEscape,
    /// A control character inside a string (RFC 8259 §7).
    RemoteControl,
    /// Something stands behind the value.
    RemoteTrailing,
    /// Containers are nested too deep.
    LimitDepth,
    /// There are more values than the limit.
    LimitValues,
}

impl fmt::Display for JsonError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.fault {
            JsonFault::RemoteExpected(what) => write!(f, "{what} expected"),
            JsonFault::RemoteNumber => f.write_str("not a number"),
            JsonFault::RemoteEscape => f.write_str("not an escape"),
            JsonFault::RemoteControl => f.write_str("a control character in a string"),
            JsonFault::RemoteTrailing => f.write_str("something behind the value"),
            JsonFault::LimitDepth => f.write_str("nested too deep"),
            JsonFault::LimitValues => f.write_str("too many values"),
        }?;
        write!(f, " at byte {}", self.offset)
    }
}

impl core::error::Error for JsonError {}

/// A container that is not closed yet; an object with the key whose value comes next.
enum Open<'t> {
    List(Vec<Json<'t>>),
    Object(Vec<Entry<'t>>, Cow<'t, str>),
}

impl<'t> Json<'t> {
    /// Reads a text with at most `max_values` values, containers included.
    pub(super) fn parse(text: &'t str, max_values: usize) -> Result<Self, JsonError> {
        let mut cursor = Cursor { text, at: 0 };
        let mut open: Vec<Open<'t>> = Vec::new();
        let mut values = 0_usize;
        loop {
            values += 1;
            cursor.skip_blanks();
            if values > max_values {
                return Err(cursor.fault(JsonFault::LimitValues));
            }
            let mut value = match cursor.peek() {
                Some(b'{' | b'[') if open.len() >= MAX_DEPTH => {
                    return Err(cursor.fault(JsonFault::LimitDepth));
                }
                Some(b'{') => {
                    cursor.at += 1;
                    cursor.skip_blanks();
                    if !cursor.take(b'}') {
                        open.push(Open::Object(Vec::new(), cursor.key()?));
                        continue;
                    }
                    Self::Object(Vec::new())
                }
                Some(b'[') => {
                    cursor.at += 1;
                    cursor.skip_blanks();
                    if !cursor.take(b']') {
                        open.push(Open::List(Vec::new()));
                        continue;
                    }
                    Self::List(Vec::new())
                }
                _ => cursor.scalar()?,
            };
            // Closes what ends behind this value.
            loop {
                cursor.skip_blanks();
                match open.pop() {
                    None if cursor.at < text.len() => {
                        return Err(cursor.fault(JsonFault::RemoteTrailing));
                    }
                    None => return Ok(value),
                    Some(Open::List(mut items)) => {
                        items.push(value);
                        if cursor.take(b',') {
                            open.push(Open::List(items));
                            break;
                        }
                        cursor.expect(b']', "\",\" or \"]\"")?;
                        value = Self::List(items);
                    }
                    Some(Open::Object(mut entries, key)) => {
                        entries.push((key, value));
                        if cursor.take(b',') {
                            cursor.skip_blanks();
                            open.push(Open::Object(entries, cursor.key()?));
                            break;
                        }
                        cursor.expect(b'}', "\",\" or \"}\"")?;
                        value = Self::Object(entries);
                    }
                }
            }
        }
    }

    /// The value of a key; keys compare case-insensitively. Of two the last counts, as with most
    /// readers (RFC 8259 §4).
    pub(super) fn entry(&self, key: &str) -> Option<&Self> {
        let Self::Object(entries) = self else {
            return None;
        };
        let mut entries = entries.iter().rev();
        entries
            .find(|(known, _)| known.eq_ignore_ascii_case(key))
            .map(|(_, value)| value)
    }
}

struct Cursor<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Cursor<'t> {
    fn fault(&self, fault: JsonFault) -> JsonError {
        JsonError {
            offset: self.at,
            fault,
        }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn take(&mut self, byte: u8) -> bool {
        let is_there = self.peek() == Some(byte);
        self.at += usize::from(is_there);
        is_there
    }

    fn expect(&mut self, byte: u8, what: &'static str) -> Result<(), JsonError> {
        if self.take(byte) {
            Ok(())
        } else {
            Err(self.fault(JsonFault::RemoteExpected(what)))
        }
    }

    fn skip_blanks(&mut self) {
        while let Some(b' ' | b'\t' | b'\r' | b'\n') = self.peek() {
            self.at += 1;
        }
    }

    fn skip_digits(&mut self) -> usize {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at - start
    }

    fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    /// A key with its colon.
    fn key(&mut self) -> Result<Cow<'t, str>, JsonError> {
        self.expect(b'"', "a key")?;
        let key = self.string()?;
        self.skip_blanks();
        self.expect(b':', "\":\"")?;
        Ok(key)
    }

    fn scalar(&mut self) -> Result<Json<'t>, JsonError> {
        match self.peek() {
            Some(b'"') => {
                self.at += 1;
                self.string().map(Json::Text)
            }
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => {
                let rest = self.text.get(self.at..).unwrap_or_default();
                let words = [
                    ("true", Json::Bool(true)),
                    ("false", Json::Bool(false)),
                    ("null", Json::Null),
                ];
                for (word, value) in words {
                    if rest.starts_with(word) {
                        self.at += word.len();
                        return Ok(value);
                    }
                }
                Err(self.fault(JsonFault::RemoteExpected("a value")))
            }
        }
    }

    fn number(&mut self) -> Result<Json<'t>, JsonError> {
        let start = self.at;
        self.take(b'-');
        let has_zero = self.peek() == Some(b'0');
        let digits = self.skip_digits();
        let mut is_number = digits == 1 || (digits > 1 && !has_zero);
        if self.take(b'.') {
            is_number &= self.skip_digits() > 0;
        }
        if let Some(b'e' | b'E') = self.peek() {
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            is_number &= self.skip_digits() > 0;
        }
        if is_number {
            Ok(Json::Number(self.since(start)))
        } else {
            self.at = start;
            Err(self.fault(JsonFault::RemoteNumber))
        }
    }

    /// A string behind its opening quote.
    fn string(&mut self) -> Result<Cow<'t, str>, JsonError> {
        let mut unescaped = String::new();
        let mut start = self.at;
        loop {
            match self.peek() {
                Some(b'"') => {
                    let last = self.since(start);
                    self.at += 1;
                    if unescaped.is_empty() {
                        return Ok(Cow::Borrowed(last));
                    }
                    unescaped.push_str(last);
                    return Ok(Cow::Owned(unescaped));
                }
                Some(b'\\') => {
                    unescaped.push_str(self.since(start));
                    self.at += 1;
                    unescaped.push(self.escape()?);
                    start = self.at;
                }
                Some(0..=0x1f) => return Err(self.fault(JsonFault::RemoteControl)),
                Some(_) => self.at += 1,
                None => return Err(self.fault(JsonFault::RemoteExpected("the end of a string"))),
            }
        }
    }

    /// The character that an escape behind its backslash means.
    fn escape(&mut self) -> Result<char, JsonError> {
        let start = self.at;
        let byte = self.peek();
        self.at += 1;
        let character = match byte {
            Some(b'"') => Some('"'),
            Some(b'\\') => Some('\\'),
            Some(b'/') => Some('/'),
            Some(b'b') => Some('\u{8}'),
            Some(b'f') => Some('\u{c}'),
            Some(b'n') => Some('\n'),
            Some(b'r') => Some('\r'),
            Some(b't') => Some('\t'),
            Some(b'u') => self.unicode(),
            _ => None,
        };
        character.ok_or(JsonError {
            offset: start,
            fault: JsonFault::RemoteEscape,
        })
    }

    fn unicode(&mut self) -> Option<char> {
        let unit = self.four_digits()?;
        if !(0xd800..0xdc00).contains(&unit) {
            return char::from_u32(unit);
        }
        let has_second = self.take(b'\\') && self.take(b'u');
        let second = has_second.then(|| self.four_digits()).flatten()?;
        if (0xdc00..0xe000).contains(&second) {
            char::from_u32(0x1_0000 + ((unit - 0xd800) << 10) + (second - 0xdc00))
        } else {
            None
        }
    }

    fn four_digits(&mut self) -> Option<u32> {
        let digits = self.text.get(self.at..self.at + 4)?;
        if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        self.at += 4;
        u32::from_str_radix(digits, 16).ok()
    }
}

/// Appends `text` as a JSON string.
pub(super) fn push_string(out: &mut String, text: &str) {
    out.push('"');
    for character in text.chars() {
        match character {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            // U+2028 and U+2029 are line ends to old JavaScript.
            '\0'..='\u{1f}' | '\u{7f}' | '\u{2028}' | '\u{2029}' => {
                use core::fmt::Write as _;
                // Writing into a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(character));
            }
            _ => out.push(character),
        }
    }
    out.push('"');
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use proptest::prelude::*;

    use super::*;

    const VALUES: usize = 1000;

    fn fault(text: &str) -> (usize, JsonFault) {
        let error = Json::parse(text, VALUES).unwrap_err();
        (error.offset, error.fault)
    }

    #[test]
    fn values_of_every_kind_are_read() {
        let text = " { \"a\" : [ null, true , false, -0.5e+3, \"x\" ], \"\": {} , \"b\":[]}\r\n\t";

        let expected = Json::Object(vec![
            (
                "a".into(),
                Json::List(vec![
                    Json::Null,
                    Json::Bool(true),
                    Json::Bool(false),
                    Json::Number("-0.5e+3"),
                    Json::Text("x".into()),
                ]),
            ),
            ("".into(), Json::Object(vec![])),
            ("b".into(), Json::List(vec![])),
        ]);
        assert_eq!(Json::parse(text, VALUES), Ok(expected));
    }

    #[test]
    fn escapes_and_surrogate_pairs_are_read() {
        let text = r#""\"\\\/\b\f\n\r\t\u00e9\uD83D\uDE00é😀""#;

        let expected = "\"\\/\u{8}\u{c}\n\r\té😀é😀";
        assert_eq!(Json::parse(text, VALUES), Ok(Json::Text(expected.into())));
    }

    #[test]
    fn a_text_that_is_no_json_says_what_and_where() {
        use JsonFault as F;
        let cases = [
            ("", (0, F::RemoteExpected("a value"))),
            ("{", (1, F::RemoteExpected("a key"))),
            ("{\"a\"}", (4, F::RemoteExpected("\":\""))),
            ("{\"a\":}", (5, F::RemoteExpected("a value"))),
            ("{\"a\":1,}", (7, F::RemoteExpected("a key"))),
            (
                "{\"a\":1 \"b\":2}",
                (7, F::RemoteExpected("\",\" or \"}\"")),
            ),
            ("[1,]", (3, F::RemoteExpected("a value"))),
            ("[1 2]", (3, F::RemoteExpected("\",\" or \"]\""))),
            ("[1}", (2, F::RemoteExpected("\",\" or \"]\""))),
            ("\"a", (2, F::RemoteExpected("the end of a string"))),
            ("\"\n\"", (1, F::RemoteControl)),
            ("\"\\x\"", (2, F::RemoteEscape)),
            ("\"\\", (2, F::RemoteEscape)),
            ("\"\\u12\"", (2, F::RemoteEscape)),
            ("\"\\u+123\"", (2, F::RemoteEscape)),
            ("\"\\uD83D\"", (2, F::RemoteEscape)),
            ("\"\\uD83D\\uD83D\"", (2, F::RemoteEscape)),
            ("\"\\uDE00\"", (2, F::RemoteEscape)),
            ("01", (0, F::RemoteNumber)),
            ("-", (0, F::RemoteNumber)),
            ("1.", (0, F::RemoteNumber)),
            ("1e", (0, F::RemoteNumber)),
            (".5", (0, F::RemoteExpected("a value"))),
            ("True", (0, F::RemoteExpected("a value"))),
            ("{} x", (3, F::RemoteTrailing)),
            ("truex", (4, F::RemoteTrailing)),
        ];
        for (text, expected) in cases {
            assert_eq!(fault(text), expected, "{text}");
        }
    }

    #[test]
    fn depth_and_number_of_values_have_an_end() {
        let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);

        assert!(Json::parse(&nested(MAX_DEPTH), VALUES).is_ok());
        assert_eq!(
            fault(&nested(MAX_DEPTH + 1)),
            (MAX_DEPTH, JsonFault::LimitDepth)
        );
        assert_eq!(
            fault(&"[".repeat(1_000_000)),
            (MAX_DEPTH, JsonFault::LimitDepth)
        );
        assert!(Json::parse("[1,2]", 3).is_ok());
        assert_eq!(
            Json::parse("[1,2,3]", 3).unwrap_err(),
            JsonError {
                offset: 5,
                fault: JsonFault::LimitValues
            }
        );
    }

    #[test]
    fn of_two_entries_with_one_key_the_last_counts() {
        let object = Json::parse(r#"{"a":1,"A":2}"#, VALUES).unwrap();

        assert_eq!(object.entry("a"), Some(&Json::Number("2")));
        assert_eq!(object.entry("b"), None);
        assert_eq!(Json::Null.entry("a"), None);
    }

    /// The same value as another reader holds it.
    fn to_serde(json: &Json<'_>) -> serde_json::Value {
        use serde_json::Value;
        match json {
            Json::Null => Value::Null,
            Json::Bool(is) => Value::Bool(*is),
            Json::Number(text) => text.parse().map_or(Value::Null, Value::Number),
            Json::Text(text) => Value::String(text.as_ref().into()),
            Json::List(items) => Value::Array(items.iter().map(to_serde).collect()),
            Json::Object(entries) => Value::Object(
                entries
                    .iter()
                    .map(|(key, value)| (key.as_ref().into(), to_serde(value)))
                    .collect(),
            ),
        }
    }

    fn agrees_with_serde(text: &str) -> Result<(), TestCaseError> {
        let ours = Json::parse(text, usize::MAX);
        let theirs = serde_json::from_str::<serde_json::Value>(text);
        match (ours, theirs) {
            (Ok(ours), Ok(theirs)) => prop_assert_eq!(to_serde(&ours), theirs),
            (Err(_), Err(_)) => {}
            (
                Err(JsonError {
                    fault: JsonFault::LimitDepth,
                    ..
                }),
                Ok(_),
            ) => {}
            // Numbers stay texts here, so none is out of range.
            (Ok(_), Err(fault)) if fault.to_string().contains("out of range") => {}
            (ours, theirs) => prop_assert!(false, "{text}: {ours:?}, but {theirs:?}"),
        }
        Ok(())
    }

    proptest! {
        #[test]
        fn every_text_means_what_it_means_to_another_reader(
            near in "[\\[\\]{}:,\"\\\\ntruefalsn0-9.eE+\\-dDuU8 \n]{0,24}",
            any in ".{0,40}",
            inside in "[a-z\"\\\\/bfnrtu0-9dDcCeE😀\n]{0,16}",
        ) {
            agrees_with_serde(&near)?;
            agrees_with_serde(&any)?;
            agrees_with_serde(&alloc::format!("{{\"k\":[\"{inside}\",{near}]}}"))?;
            agrees_with_serde(&alloc::format!("\"{inside}\""))?;
            agrees_with_serde(&alloc::format!("[{near}]"))?;
        }

        #[test]
        fn every_string_that_is_written_is_read_by_both_readers(text in ".*", wild: String) {
            for text in [text, wild] {
                let mut written = String::new();
                push_string(&mut written, &text);

                prop_assert!(!written.contains(|c: char| c < ' '));
                let theirs: String = serde_json::from_str(&written).unwrap();
                prop_assert_eq!(&theirs, &text);
                prop_assert_eq!(Json::parse(&written, 1), Ok(Json::Text(text.into())));
            }
        }
    }
}
