//! Why a WebSocket is closed, as its peers tell one another.

use core::fmt;

/// A status code of a Close frame (RFC 6455 §7.4).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CloseCode(u16);

impl CloseCode {
    /// The purpose is fulfilled.
    pub const NORMAL: Self = Self(1000);
    /// The endpoint goes away.
    pub const GOING_AWAY: Self = Self(1001);
    /// The peer broke the framing.
    pub const PROTOCOL_ERROR: Self = Self(1002);
    /// A kind of message that cannot be accepted.
    pub const UNSUPPORTED: Self = Self(1003);
    /// A message that does not fit its kind, as text that is not UTF-8.
    pub const INVALID_DATA: Self = Self(1007);
    /// Against the endpoint's policy.
    pub const POLICY: Self = Self(1008);
    /// A message too big to be processed.
    pub const TOO_BIG: Self = Self(1009);
    /// Something unexpected at the server.
    pub const INTERNAL: Self = Self(1011);

    /// The code with this number, if it may stand in a Close frame: 1000 to 1003, 1007 to 1014, and 3000
    /// to 4999 (RFC 6455 §7.4.2 and IANA's registry).
    #[must_use]
    pub const fn from_number(number: u16) -> Option<Self> {
        match number {
            1000..=1003 | 1007..=1014 | 3000..=4999 => Some(Self(number)),
            _ => None,
        }
    }

    /// The number.
    #[must_use]
    pub const fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for CloseCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
