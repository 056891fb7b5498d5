//! Why a text is no selector.

use core::fmt;

/// Why a text is refused as a selector, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SelectorError {
    flaw: SelectorFlaw,
    offset: usize,
}

/// What is wrong with a selector. `Remote…`: it breaks the grammar. `Limit…`: it may be right, but is more
/// than is taken. `Refused…`: it is right, and means something that is not offered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SelectorFlaw {
    /// A character that begins nothing.
    RemoteCharacter(char),
    /// A string or comment that does not end.
    RemoteUnclosed,
    /// Something else is needed here.
    RemoteUnexpected {
        /// What is needed.
        wanted: &'static str,
        /// What is there; `None`: the end.
        found: Option<String>,
    },
    /// A term that is true or false is needed here.
    RemoteNotBoolean,
    /// A term that cannot be compared so: strings and booleans have no order, `NULL` equals nothing.
    RemoteIncomparable,
    /// `IN` is for a property alone.
    RemoteNotProperty,
    /// The escape of `LIKE` is not one character.
    RemoteEscape,
    /// A number beyond 64 bits.
    LimitNumber,
    /// The text is too long.
    LimitLength {
        /// The most that is taken, bytes.
        limit: usize,
    },
    /// Parentheses and signs are nested too deep.
    LimitDepth {
        /// The deepest that is taken.
        limit: usize,
    },
    /// XPath and XQuery look into bodies, which this implementation does not.
    RefusedBodyQuery,
}

impl SelectorError {
    pub(super) const fn new(flaw: SelectorFlaw, offset: usize) -> Self {
        Self { flaw, offset }
    }

    /// What is wrong.
    #[must_use]
    pub const fn flaw(&self) -> &SelectorFlaw {
        &self.flaw
    }

    /// Where: bytes from the start of the text.
    #[must_use]
    pub const fn offset(&self) -> usize {
        self.offset
    }
}

impl fmt::Display for SelectorFlaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RemoteCharacter(c) => write!(f, "the character {c:?} begins nothing"),
            Self::RemoteUnclosed => f.write_str("it does not end"),
            Self::RemoteUnexpected {
                wanted,
                found: Some(found),
            } => write!(f, "{wanted} is needed, not {found:?}"),
            Self::RemoteUnexpected {
                wanted,
                found: None,
            } => write!(f, "{wanted} is needed, not the end"),
            Self::RemoteNotBoolean => f.write_str("this is neither true nor false"),
            Self::RemoteIncomparable => f.write_str("this cannot be compared so"),
            Self::RemoteNotProperty => f.write_str("IN needs a property before it"),
            Self::RemoteEscape => f.write_str("ESCAPE needs one character"),
            Self::LimitNumber => f.write_str("the number does not fit 64 bits"),
            Self::LimitLength { limit } => write!(f, "it is longer than {limit} bytes"),
            Self::LimitDepth { limit } => write!(f, "it is nested deeper than {limit}"),
            Self::RefusedBodyQuery => f.write_str("XPATH and XQUERY are not supported"),
        }
    }
}

impl fmt::Display for SelectorError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "selector, byte {}: {}", self.offset, self.flaw)
    }
}

impl core::error::Error for SelectorError {}
