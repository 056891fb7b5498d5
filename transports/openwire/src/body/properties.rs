//! A map of names and values, in the order in which they travelled.

use bytes::Bytes;

use super::{Value, parse::Parser, put_short_text, value::put_length};
use crate::codec::{DecodeError, EncodeError, Limits};
use crate::command::Text;

/// Properties of a message or of a `WireFormatInfo`, or the entries of a map message.
///
/// ```
/// use finewire_openwire::body::Properties;
///
/// let mut properties = Properties::new();
/// properties.set("attempt", 2);
/// assert_eq!(properties.integer("attempt"), Some(2));
/// assert_eq!(properties.text("attempt").unwrap(), "2");
/// properties.set("weight", 1.5);
/// assert_eq!(properties.float("weight"), Some(1.5));
/// assert_eq!(properties.integer("weight"), None);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Properties(Vec<(Text, Value)>);

impl Properties {
    /// An empty map.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// The value of a name; of a name that came twice, the last.
    pub fn value(&self, name: &str) -> Option<&Value> {
        let found = self.0.iter().rev().find(|(key, _)| key == name);
        found.map(|(_, value)| value)
    }

    /// The value as a string, as JMS converts it.
    #[must_use]
    pub fn text(&self, name: &str) -> Option<Text> {
        self.value(name)?.to_text()
    }

    /// The value, if it is a boolean.
    #[must_use]
    pub fn boolean(&self, name: &str) -> Option<bool> {
        match self.value(name)? {
            Value::Boolean(value) => Some(*value),
            _ => None,
        }
    }

    /// The value, if it is an integer of any width.
    #[must_use]
    pub fn integer(&self, name: &str) -> Option<i64> {
        self.value(name)?.to_integer()
    }

    /// The value, if it is a double, a float, or a text that reads as one (JMS 2.0 §3.5.4).
    #[must_use]
    pub fn float(&self, name: &str) -> Option<f64> {
        self.value(name)?.to_float()
    }

    /// Sets a value, in place if the name is there.
    pub fn set(&mut self, name: impl Into<Text>, value: impl Into<Value>) {
        let (name, value) = (name.into(), value.into());
        match self.0.iter_mut().rev().find(|(key, _)| *key == name) {
            Some((_, place)) => *place = value,
            None => self.0.push((name, value)),
        }
    }

    /// Adds an entry behind the others, whether the name is there or not.
    pub fn push(&mut self, name: impl Into<Text>, value: impl Into<Value>) {
        self.0.push((name.into(), value.into()));
    }

    /// Removes a name; whether it was there.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(key, _)| key != name);
        self.0.len() < before
    }

    /// The entries in order.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&Text, &Value)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    /// The number of entries.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Reads a map; `None` is the null map. Texts and byte arrays share the bytes.
    ///
    /// # Errors
    /// Bytes that are not exactly one map, or above the limits on entries and depth.
    pub fn decode(bytes: &Bytes, limits: &Limits) -> Result<Option<Self>, DecodeError> {
        let mut parser = Parser::new(bytes, limits);
        let map = Self::parse(&mut parser)?;
        parser.end()?;
        Ok(map)
    }

    /// The bytes of the map.
    ///
    /// # Errors
    /// A name above 65535 bytes, or a value above 2 GiB.
    pub fn encode(&self) -> Result<Bytes, EncodeError> {
        let mut out = Vec::new();
        self.write(&mut out)?;
        Ok(out.into())
    }

    pub(super) fn parse(parser: &mut Parser<'_>) -> Result<Option<Self>, DecodeError> {
        let count = parser.source.i32()?;
        if count < 0 {
            return Ok(None);
        }
        // A name's length and a tag.
        let count = parser.claim(count, 3)?;
        let mut entries = Vec::with_capacity(count);
        for _ in 0..count {
            let length = parser.source.u16()?.into();
            let name = parser.text(length)?;
            entries.push((name, Value::parse(parser)?));
        }
        Ok(Some(Self(entries)))
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        put_length(self.0.len(), out)?;
        for (name, value) in &self.0 {
            put_short_text(name, out)?;
            value.write(out)?;
        }
        Ok(())
    }
}

impl<N: Into<Text>, V: Into<Value>> FromIterator<(N, V)> for Properties {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(entries: I) -> Self {
        let mut properties = Self::new();
        for (name, value) in entries {
            properties.set(name, value);
        }
        properties
    }
}
