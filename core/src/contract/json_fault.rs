//! What is wrong with a text that should be JSON, and where.

use core::fmt;

/// A text is no JSON, or more than is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
