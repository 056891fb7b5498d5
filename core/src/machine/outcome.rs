//! How a command ends.

use alloc::borrow::Cow;
use core::fmt;

/// The one end of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// It took effect.
    Done,
    /// It had no effect: it was turned down before anything was done.
    Refused(Why),
    /// It was begun and did not succeed; whether it took effect may be unknown.
    Failed(Why),
}

impl Outcome {
    /// Whether the command took effect.
    #[must_use]
    pub const fn is_done(&self) -> bool {
        matches!(self, Self::Done)
    }

    /// A refusal for `reason`, explained by `text`.
    #[must_use]
    pub fn refused(reason: Reason, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Refused(Why::new(reason, text))
    }

    /// A failure for `reason`, explained by `text`.
    #[must_use]
    pub fn failed(reason: Reason, text: impl Into<Cow<'static, str>>) -> Self {
        Self::Failed(Why::new(reason, text))
    }
}

/// Why a command was refused or failed: a reason to match on and a text to read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Why {
    /// The kind of trouble.
    pub reason: Reason,
    /// One lower-case sentence without a full stop; never holds a secret.
    pub text: Cow<'static, str>,
}

impl Why {
    /// `reason` explained by `text`.
    #[must_use]
    pub fn new(reason: Reason, text: impl Into<Cow<'static, str>>) -> Self {
        Self {
            reason,
            text: text.into(),
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// The kinds of trouble; each says whose turn it is to mend it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The caller broke a rule (bad argument, wrong order).
    Local,
    /// The peer broke its protocol.
    Remote,
    /// The peer understood and said no.
    Denied,
    /// A limit of ours stopped it.
    Limit,
    /// The link it needs is down.
    LinkDown,
    /// No answer came in time.
    TimedOut,
    /// We are shutting down.
    ShuttingDown,
}
