//! What can be wrong with what Finesse sent, or with what we are asked to send.

use core::fmt;
use std::borrow::Cow;

/// Why a request cannot be written, or a body of Finesse cannot be read.
///
/// The first word of each name says whose fault it is: `Local` the caller's, `Remote` the
/// peer's, `Limit` that a limit of ours stopped it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Error {
    /// The caller gave an id or word that cannot be sent; which.
    LocalArgument(&'static str),
    /// The body is not UTF-8 text.
    RemoteNotUtf8,
    /// The body is not well-formed XML; what is wrong, at which byte.
    RemoteNotXml {
        /// The reader's words; never holds text of the body.
        what: Cow<'static, str>,
        /// Offset in bytes.
        at: u64,
    },
    /// The body declares a document type, which no Finesse body has.
    RemoteDoctype,
    /// The document is another one than expected.
    RemoteUnexpected {
        /// What was expected.
        wanted: &'static str,
        /// The name of the element that came, cut to 64 characters.
        found: String,
    },
    /// An element that nothing can be done without is missing or empty; its name.
    RemoteMissing(&'static str),
    /// An HTTP status that Finesse does not give to this request.
    RemoteStatus(u16),
    /// The body is longer than the reader takes, in bytes.
    LimitBytes(usize),
    /// Elements are nested deeper than the reader takes.
    LimitDepth(usize),
    /// There are more elements than the reader takes.
    LimitElements(usize),
}

impl Error {
    pub(crate) fn unexpected(wanted: &'static str, found: &str) -> Self {
        let found = found.chars().take(64).collect();
        Self::RemoteUnexpected { wanted, found }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::LocalArgument(what) => write!(f, "cannot be sent: {what}"),
            Self::RemoteNotUtf8 => f.write_str("Finesse sent a body that is not UTF-8"),
            Self::RemoteNotXml { what, at } => {
                write!(f, "Finesse sent malformed XML: {what} (byte {at})")
            }
            Self::RemoteDoctype => f.write_str("Finesse sent a document type declaration"),
            Self::RemoteUnexpected { wanted, found } => {
                write!(f, "Finesse sent <{found}> where {wanted} was expected")
            }
            Self::RemoteMissing(name) => write!(f, "Finesse sent no <{name}>"),
            Self::RemoteStatus(status) => write!(f, "Finesse answered with status {status}"),
            Self::LimitBytes(limit) => write!(f, "body is longer than {limit} bytes"),
            Self::LimitDepth(limit) => write!(f, "elements are nested deeper than {limit}"),
            Self::LimitElements(limit) => write!(f, "body has more than {limit} elements"),
        }
    }
}

impl core::error::Error for Error {}
