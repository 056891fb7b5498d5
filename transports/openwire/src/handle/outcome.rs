//! How a call of a handle ends.

use core::fmt;

use finewire_core::machine::{Outcome, Reason, Why};

use crate::client::UriError;

/// A call that was not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotDone {
    /// Whether it surely had no effect. If not, it may have had one: a message may or may not have arrived.
    pub without_effect: bool,
    /// Why: whose fault it is, and a sentence.
    pub why: Why,
}

impl NotDone {
    pub(super) fn refused(reason: Reason, text: impl Into<String>) -> Self {
        Self {
            without_effect: true,
            why: Why::new(reason, text.into()),
        }
    }

    pub(super) fn failed(reason: Reason, text: impl Into<String>) -> Self {
        Self {
            without_effect: false,
            why: Why::new(reason, text.into()),
        }
    }
}

impl fmt::Display for NotDone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(if self.without_effect {
            "refused: "
        } else {
            "failed: "
        })?;
        self.why.fmt(f)
    }
}

impl core::error::Error for NotDone {}

/// The outcome of a command as a result.
pub(super) fn done(outcome: Outcome) -> Result<(), NotDone> {
    match outcome {
        Outcome::Done => Ok(()),
        Outcome::Refused(why) => Err(NotDone {
            without_effect: true,
            why,
        }),
        Outcome::Failed(why) => Err(NotDone {
            without_effect: false,
            why,
        }),
    }
}

/// Why there is no connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ConnectError {
    /// The URI is wrong.
    Uri(UriError),
    /// No broker took us in; what the last one said, or why it was not reached.
    NotConnected(NotDone),
    /// The system could not give what is needed (randomness, a thread, its certificates); its words.
    Local(String),
}

impl fmt::Display for ConnectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Uri(error) => error.fmt(f),
            Self::NotConnected(error) => write!(f, "not connected: {}", error.why),
            Self::Local(text) => f.write_str(text),
        }
    }
}

impl core::error::Error for ConnectError {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        match self {
            Self::Uri(error) => Some(error),
            Self::NotConnected(error) => Some(error),
            Self::Local(_) => None,
        }
    }
}

impl From<UriError> for ConnectError {
    fn from(error: UriError) -> Self {
        Self::Uri(error)
    }
}
