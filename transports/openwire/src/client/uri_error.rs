//! What can be wrong with a URI.

use core::fmt;

/// The most brokers that a URI may name.
pub const MAX_SERVERS: usize = 64;
/// The longest URI, bytes.
pub const MAX_URI: usize = 16 * 1024;

/// What is wrong with a URI.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UriError {
    /// Not `tcp:`, `ssl:` or `failover:`.
    Scheme(String),
    /// No broker is named.
    NoServer,
    /// More brokers than [`MAX_SERVERS`].
    TooManyServers(usize),
    /// Host and port do not read.
    Authority(String),
    /// A bracket without its partner.
    Bracket,
    /// The URI is longer than [`MAX_URI`] bytes.
    TooLong(usize),
    /// A percent sign that is not followed by two hexadecimal digits of UTF-8 text: in this host or name, or
    /// in the value of the option of this name.
    Percent(String),
    /// The option is not known here.
    UnknownOption {
        /// Its name.
        name: String,
        /// Those that are.
        known: Vec<&'static str>,
    },
    /// The option's value is not of its kind.
    Value {
        /// The option.
        name: String,
        /// What it says.
        value: String,
        /// What it should say.
        expected: &'static str,
    },
    /// The destination has no name.
    NoName,
}

impl fmt::Display for UriError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Scheme(found) => {
                write!(
                    f,
                    "'{found}' does not begin with tcp://, ssl:// or failover:"
                )
            }
            Self::NoServer => f.write_str("no broker is named"),
            Self::TooManyServers(count) => {
                write!(f, "{count} brokers are named, more than {MAX_SERVERS}")
            }
            Self::Authority(found) => write!(f, "'{found}' is not a host and port"),
            Self::Bracket => f.write_str("a bracket lacks its partner"),
            Self::TooLong(length) => {
                write!(f, "the URI has {length} bytes, more than {MAX_URI}")
            }
            Self::Percent(found) => write!(f, "'{found}' is not properly percent-encoded"),
            Self::UnknownOption { name, known } => {
                write!(f, "unknown option '{name}'; known are {}", known.join(", "))
            }
            Self::Value {
                name,
                value,
                expected,
            } => write!(f, "option {name}={value}: expected {expected}"),
            Self::NoName => f.write_str("the destination has no name"),
        }
    }
}

impl core::error::Error for UriError {}
